"""`last_year.toml` of a plan's folder: written by `plan roll`, read with the plan. Without it a plan knows no last year."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from songthan.adapters.plan_toml import Table, load_toml, named
from songthan.domain.last_year import KeptDate, LastAnswers, LastDeadline, LastYear

__all__ = ["FILE", "last_year_toml", "load_last_year"]

FILE = "last_year.toml"
_HEAD = """\
# ผลของปีงบประมาณ {year} ที่ระบบนำมาไว้เมื่อทำแผนปีใหม่ (songthan plan roll) ใช้แสดงในแบบของปีนี้ ไม่ต้องแก้
# deadlines: กำหนดส่งปีก่อนกับเลขรับและคะแนน · answers: คำตอบที่รับแล้วครั้งล่าสุด · dates: วันที่เลื่อนเพราะตรงวันหยุด
"""


def last_year_toml(last: LastYear) -> str:
    """The file's text; `load_last_year` gives the same value back."""
    lines = [_HEAD.format(year=last.fiscal_year), f"fiscal_year = {last.fiscal_year}"]
    for d in last.deadlines:
        lines += ["", "[[deadlines]]", f"id = {_quoted(d.id)}", f"title = {_quoted(d.title)}", f"state = {_quoted(d.state)}"]
        lines += [f"receipt = {_quoted(d.receipt)}"] if d.receipt else []
        lines += [f"{key} = {value}" for key, value in (("total", d.total), ("level", d.level)) if value is not None]
    for a in last.answers:
        lines += ["", "[[answers]]", f"deadline = {_quoted(a.deadline)}", f"form = {_quoted(a.form)}", f"row = {_quoted(a.row)}"]
        lines += ["[answers.values]", *(f"{_quoted(key)} = {_quoted(value)}" for key, value in a.values.items())]
    for k in last.dates:
        lines += ["", "[[dates]]", f"place = {_quoted(k.place)}", f"date = {k.date}", f"nominal = {k.nominal}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among TOML's, but for what JSON leaves as it is (U+007F)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def load_last_year(folder: Path) -> LastYear | None:
    """What the folder's `last_year.toml` says, None without one; DataError for what cannot be understood."""
    path = folder / FILE
    if not path.is_file():
        return None
    top = Table(load_toml(path), str(path))
    deadlines, answers, dates = [], [], []
    for t in top.tables("deadlines", named("deadlines"), []):
        deadlines.append(
            LastDeadline(
                id=t.line("id"), title=t.get("title", str), state=t.line("state"), receipt=t.get("receipt", str, ""),
                total=t.get("total", int, None), level=t.get("level", int, None),
            )
        )  # fmt: skip
        t.done()
    for t in top.tables("answers", named("answers"), []):
        values = Table(t.get("values", dict), f"{t.where} [answers.values]")
        given = {str(key): values.get(key, str) for key in values.data}
        answers.append(LastAnswers(deadline=t.line("deadline"), form=t.line("form"), row=t.line("row"), values=given))
        t.done()
    for t in top.tables("dates", named("dates"), []):
        dates.append(KeptDate(place=t.line("place"), date=t.get("date", date), nominal=t.get("nominal", date)))
        t.done()
    year = top.get("fiscal_year", int)
    top.done()
    return LastYear(fiscal_year=year, deadlines=tuple(deadlines), answers=tuple(answers), dates=tuple(dates))
