"""Reads `[ladders.KIND]` of plan.toml: who is asked, reminded and told on which day, as data."""

from __future__ import annotations

from collections.abc import Mapping

from songthan.adapters.plan_toml import Table
from songthan.domain.errors import DataError
from songthan.domain.plans import LadderPlan, Rung

#: ladder → who may be written to by it
LADDERS: Mapping[str, tuple[str, ...]] = {
    "reminders": ("member",),
    "escalations": ("deputy", "head", "director"),
    "compile": ("secretary", "head"),
    "director": ("director", "acting_director"),
    "registry": ("registry", "secretary"),
}
TONES = ("early", "near", "urgent", "today")
#: Longer ladders than this are a slip of the keyboard.
MOST_DAYS = 250


def read_ladders(top: Table) -> dict[str, LadderPlan]:
    """`[ladders.KIND]`; what a kind leaves out is the default ladder's (`[ladders.default]`, else the built-in one)."""
    given = top.get("ladders", dict, {})
    default = LadderPlan()
    if "default" in given:
        default = read_ladder(Table(given["default"], f"{top.where} [ladders.default]"), default, done=True)
    return {
        "default": default,
        **{
            kind: read_ladder(Table(data, f"{top.where} [ladders.{kind}]"), default, done=True)
            for kind, data in given.items()
            if kind != "default"
        },
    }


def read_ladder(t: Table, default: LadderPlan, *, done: bool = False) -> LadderPlan:
    """The ladder keys of a table; what is not given is `default`'s."""
    value = LadderPlan(
        opens=t.get("opens", int, default.opens),
        **{name: _rungs(t, name, getattr(default, name)) for name in LADDERS if done or name in t.data},
        **({} if done else {name: getattr(default, name) for name in LADDERS if name not in t.data}),
    )
    if done:
        t.done()
    if not 0 <= value.opens <= MOST_DAYS:
        raise DataError("opens ใช้ไม่ได้", where=t.where, remedy="opens คือจำนวนวันทำการก่อน internal เช่น 10")
    return value


def _rungs(t: Table, name: str, default: tuple[Rung, ...]) -> tuple[Rung, ...]:
    """`reminders = [-3, -1, 0]`, or `[{ day = -3, tone = "near" }]`; `escalations = [{ day = 1, to = "deputy" }]`.

    Numbers alone take the tones, or the recipients in their order, that the ladder has by default.
    """
    rows = t.get(name, list, None)
    if rows is None:
        return default
    rungs = []
    for place, row in enumerate(rows):
        where = f"{t.where} {name} ลำดับ {place + 1}"
        to = LADDERS[name][min(place, len(LADDERS[name]) - 1)]
        if isinstance(row, int) and not isinstance(row, bool):
            rungs.append(Rung(day=row, to=to))
        elif not isinstance(row, Mapping):
            text = f"«{name}» มีค่า {row!r} ซึ่งไม่ใช่จำนวนวัน"
            raise DataError(text, where=where, remedy="เขียนเป็น [-3, -1, 0] หรือ [{ day = -3 }]")
        else:
            cell = Table(row, where)
            rungs.append(Rung(day=cell.get("day", int), to=cell.line("to", to), tone=cell.line("tone", "")))
            cell.done()
        last = rungs[-1]
        if last.to not in LADDERS[name]:
            raise DataError(f"to = «{last.to}» ใช้ไม่ได้", where=where, remedy="ใช้หนึ่งใน: " + ", ".join(LADDERS[name]))
        if last.tone and (last.tone not in TONES or name != "reminders"):
            raise DataError(f"tone = «{last.tone}» ใช้ไม่ได้", where=where, remedy="ใช้กับ reminders: " + ", ".join(TONES))
        if abs(last.day) > MOST_DAYS or (name != "reminders" and last.day < 0):
            raise DataError(f"day = {last.day} ใช้ไม่ได้", where=where, remedy="นับเป็นวันทำการ ก่อนกำหนดเป็นลบได้เฉพาะ reminders")
    if len({(r.day, r.to) for r in rungs}) < len(rungs):
        raise DataError("มีขั้นซ้ำกัน", where=f"{t.where} {name}", remedy="ให้แต่ละวันมีผู้รับเดียวกันได้ขั้นเดียว")
    return tuple(rungs)
