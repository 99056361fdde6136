"""Reads `plans/YEAR/rubric.toml` into a Rubric. Anything unknown, missing or unreachable is one clear DataError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from songthan.adapters.plan_toml import load_toml
from songthan.domain.errors import DataError
from songthan.domain.rubric import CRITERIA, Condition, Criterion, Derived, Input, Level, Rubric, ScoreRule, Silent

__all__ = ["load_rubric", "printable_criteria"]

_TOP = {
    "plan_lines", "title", "score_max", "criteria", "levels", "department_levels", "silent", "activity_points",
    "plan_success",
}  # fmt: skip
_CRITERION = {"id", "number", "text", "inputs", "derived", "scores", "source_lines"}
_LEVEL = {"level", "name", "text", "criteria", "each_at_least", "sum_at_least", "source_lines"}
_TESTS = ("at_least", "above", "below", "equals")
_KINDS = ("count", "percent", "flag")


def load_rubric(folder: Path) -> Rubric:
    """The rubric of a plan folder; DataError names the place and the remedy."""
    path = folder / "rubric.toml"
    top = _table(load_toml(path), _TOP, str(path), needed={"title", "score_max", "criteria", "levels"})
    score_max = _whole(top, "score_max", str(path))
    criteria = tuple(_criterion(c, score_max, f"{path} [[criteria]] {n}") for n, c in _rows(top, "criteria", str(path)))
    known = {c.id: c for c in criteria}
    if len(known) != len(criteria):
        raise _wrong("รหัสข้อซ้ำกัน", f"{path} [[criteria]]", "ให้ id แต่ละข้อไม่ซ้ำ")
    levels = tuple(_level(row, known, score_max, f"{path} [[levels]] {n}") for n, row in _rows(top, "levels", str(path)))
    return Rubric(
        title=_text(top, "title", str(path)),
        score_max=score_max,
        criteria=criteria,
        levels=tuple(sorted(levels, key=lambda one: one.level)),
        silent=tuple(_silent(s, known, f"{path} [[silent]] {n}") for n, s in _rows(top, "silent", str(path))),
        activity_points=tuple(
            _points(row, f"{path} [[activity_points]] {n}") for n, row in _rows(top, "activity_points", str(path))
        ),
    )


def printable_criteria(folder: Path) -> tuple[str, ...]:
    """The ids whose scores a form may print: the Thai rubric's (empty where the office's has no such criterion) and those of
    the plan folder's own, if it can be read (the plan's check says why not)."""
    try:
        return tuple(dict.fromkeys([*CRITERIA, *(c.id for c in load_rubric(folder).criteria)]))
    except DataError:
        return CRITERIA


def _criterion(data: Any, score_max: int, where: str) -> Criterion:
    row = _table(data, _CRITERION, where, needed=_CRITERION - {"derived", "source_lines"})
    inputs = tuple(_input(i, f"{where} inputs {n}") for n, i in _rows(row, "inputs", where))
    keys = {i.key: i.kind for i in inputs}
    derived = []
    for n, item in _rows(row, "derived", where):
        place = f"{where} derived {n}"
        d = _table(item, {"key", "percent_of", "base"}, place, needed={"key", "percent_of", "base"})
        if keys.get(d["percent_of"]) != "count" or d["base"] != "headcount":
            raise _wrong("percent_of ต้องเป็นคำตอบชนิด count และ base ต้องเป็น headcount", place, "แก้ percent_of หรือ base")
        derived.append(Derived(key=_text(d, "key", place), percent_of=d["percent_of"], base=d["base"]))
    kinds = {**keys, **{d.key: "percent" for d in derived}}
    scores = tuple(_score(s, kinds, f"{where} scores {n}") for n, s in _rows(row, "scores", where))
    if [s.score for s in scores] != list(range(score_max, -1, -1)) or scores[-1].all:
        raise _wrong(
            f"scores ต้องเรียงจาก {score_max} ลงไปถึง 0 และข้อสุดท้ายต้องไม่มีเงื่อนไข", where, "เรียงใหม่ และให้คะแนน 0 มี all = []"
        )
    return Criterion(
        id=_text(row, "id", where), number=_whole(row, "number", where), text=_text(row, "text", where),
        inputs=inputs, derived=tuple(derived), scores=scores,
    )  # fmt: skip


def _input(data: Any, where: str) -> Input:
    row = _table(data, {"key", "kind", "label", "field"}, where, needed={"key", "kind", "label"})
    if row["kind"] not in _KINDS:
        raise _wrong(f"kind «{row['kind']}» ไม่มี", where, f"ใช้ {', '.join(_KINDS)}")
    field = _text(row, "field", where) if "field" in row else ""
    if field and not re.fullmatch(r"[a-z0-9_]+\.[a-z][a-z0-9_]*", field):
        raise _wrong(f"field «{field}» อ่านไม่ได้", where, 'เขียนเป็น แบบ.ช่อง เช่น "f2.c1_persons"')
    return Input(key=_text(row, "key", where), kind=row["kind"], label=_text(row, "label", where), field=field)


def _score(data: Any, kinds: Mapping[str, str], where: str) -> ScoreRule:
    row = _table(data, {"score", "text", "all"}, where, needed={"score", "text", "all"})
    conditions = tuple(_condition(c, kinds, f"{where} all {n}") for n, c in _rows(row, "all", where))
    if any(c.test not in ("flag", "at_least") for c in conditions):
        raise _wrong("เงื่อนไขของคะแนนใช้ได้เฉพาะ flag และ at_least", where, "เขียนเป็น at_least (above/below/equals ใช้ใน [[silent]])")
    return ScoreRule(score=_whole(row, "score", where), text=_text(row, "text", where), all=conditions)


def _condition(data: Any, kinds: Mapping[str, str], where: str) -> Condition:
    row = _table(data, {"flag", "value", *_TESTS}, where)
    tests = [t for t in _TESTS if t in row]
    if set(row) == {"flag"} and kinds.get(row["flag"]) == "flag":
        return Condition(key=row["flag"], test="flag")
    if len(tests) != 1 or set(row) != {"value", tests[0]} or kinds.get(row["value"]) not in ("count", "percent"):
        raise _wrong(
            "เงื่อนไขไม่ถูกต้อง หรืออ้างคำตอบที่ไม่มีในข้อนี้", where, 'เขียน { flag = "ชื่อ" } หรือ { value = "ชื่อ", at_least = "80" }'
        )
    number = row[tests[0]]
    try:
        fraction = Fraction(number) if isinstance(number, str) and "/" not in number else None
    except ValueError:
        fraction = None
    if fraction is None:
        raise _wrong(f"«{number}» ไม่ใช่ตัวเลขในเครื่องหมายคำพูด", where, 'เขียนเช่น at_least = "79.99"')
    return Condition(key=row["value"], test=tests[0], number=fraction)  # type: ignore[arg-type]


def _level(data: Any, known: Mapping[str, Criterion], score_max: int, where: str) -> Level:
    row = _table(data, _LEVEL, where, needed=_LEVEL - {"source_lines"})
    listed = row["criteria"]
    if not isinstance(listed, list) or not listed or any(c not in known for c in listed):
        raise _wrong("criteria อ้างข้อที่ไม่มี", where, f"ใช้ {', '.join(known)}")
    level = Level(
        level=_whole(row, "level", where), name=_text(row, "name", where), text=_text(row, "text", where),
        criteria=tuple(listed), each_at_least=_whole(row, "each_at_least", where),
        sum_at_least=_whole(row, "sum_at_least", where),
    )  # fmt: skip
    if level.each_at_least > score_max or level.sum_at_least > score_max * len(listed):
        raise _wrong("ระดับนี้ไม่มีทางถึงได้ (เกินคะแนนเต็ม)", where, "แก้ each_at_least หรือ sum_at_least")
    return level


def _silent(data: Any, known: Mapping[str, Criterion], where: str) -> Silent:
    keys = {"id", "criterion", "when", "score", "text"}
    row = _table(data, keys, where, needed=keys)
    criterion = known.get(row["criterion"])
    if criterion is None:
        raise _wrong(f"ไม่มีข้อ «{row['criterion']}»", where, f"ใช้ {', '.join(known)}")
    kinds = {i.key: i.kind for i in criterion.inputs} | {d.key: "percent" for d in criterion.derived}
    return Silent(
        id=_text(row, "id", where),
        criterion=criterion.id,
        when=tuple(_condition(c, kinds, f"{where} when {n}") for n, c in _rows(row, "when", where)),
        score=_whole(row, "score", where),
        text=_text(row, "text", where),
    )


def _points(data: Any, where: str) -> tuple[str, str, int]:
    keys = {"activity", "what", "points", "text"}
    row = _table(data, keys | {"source_lines"}, where, needed=keys)
    return _text(row, "activity", where), _text(row, "what", where), _whole(row, "points", where)


def _table(data: Any, allowed: set[str], where: str, needed: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore
    if not isinstance(data, dict):
        raise _wrong("ตรงนี้ต้องเป็นตาราง", where, "ดูตัวอย่างใน plans/2566/rubric.toml")
    for key in sorted(set(data) - allowed):
        raise _wrong(f"ไม่รู้จักคีย์ «{key}»", where, f"ใช้ได้เฉพาะ {', '.join(sorted(allowed))}")
    for key in sorted(needed - set(data)):
        raise _wrong(f"ขาดคีย์ «{key}»", where, f"เพิ่ม {key} = …")
    return data


def _rows(row: Mapping[str, Any], key: str, where: str) -> list[tuple[int, Any]]:
    found = row.get(key, [])
    if not isinstance(found, list):
        raise _wrong(f"«{key}» ต้องเป็นรายการ", where, f"เขียน {key} = [ … ]")
    return list(enumerate(found, 1))


def _text(row: Mapping[str, Any], key: str, where: str) -> str:
    if not isinstance(row[key], str) or not row[key].strip():
        raise _wrong(f"«{key}» ต้องเป็นข้อความ", where, f'เขียน {key} = "…"')
    return row[key]


def _whole(row: Mapping[str, Any], key: str, where: str) -> int:
    if type(row[key]) is not int or row[key] < 0:
        raise _wrong(f"«{key}» ต้องเป็นจำนวนเต็มไม่ติดลบ", where, f"เขียน {key} = 3")
    return row[key]


def _wrong(text: str, where: str, remedy: str) -> DataError:
    return DataError(text, where=where, remedy=remedy)
