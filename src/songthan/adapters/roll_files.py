"""Makes the files of `plans/NEW` out of `plans/OLD` in an empty folder, and reads them back as the office will. The old
folder is only read; `roll_place` moves the new one into place."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from songthan.adapters.plan_files import CAST, FILES, load_plan
from songthan.adapters.plan_holidays import Holidays, library_days, load_holidays
from songthan.adapters.plan_last_year import FILE as LAST_YEAR
from songthan.adapters.plan_last_year import last_year_toml
from songthan.adapters.roll_holidays import holiday_questions, next_holidays
from songthan.adapters.roll_toml import rolled_toml
from songthan.adapters.rubric_file import load_rubric
from songthan.domain.calendars import WorkCalendar
from songthan.domain.errors import DataError
from songthan.domain.last_year import KeptDate, LastYear
from songthan.domain.plans import Plan
from songthan.domain.rolling import MovedDate, Question, RolledText, Roller
from songthan.domain.thai import to_thai_digits

__all__ = ["REVIEW_HTML", "REVIEW_TEXT", "RolledPlan", "roll_folder"]

_HEAD = re.compile(r"\A(?:# (?:แผนปีงบประมาณ [๐-๙]{4} ทำจากแผนปี|หมายเหตุที่ขึ้นต้นด้วย)[^\n]*\n)+")
#: What else lies in a plan's folder when it was rolled; made anew each time.
REVIEW_HTML, REVIEW_TEXT = "review.html", "review.txt"


@dataclass(frozen=True, kw_only=True)
class RolledPlan:
    """The new plan as it stands in `folder`, and everything that was done and left undone. `old` is the plan it was made
    from, `data` the new plan.toml as a dictionary, `left` the other files of the old folder, which were not taken along,
    `decisions` (subject, what to decide) everything the review asks, `aside` where a folder that was in the way lies now."""

    folder: Path
    old: Plan
    plan: Plan
    data: Mapping[str, Any]
    last_year: LastYear
    dates: tuple[MovedDate, ...]
    texts: tuple[RolledText, ...]
    questions: tuple[Question, ...]
    left: tuple[str, ...] = ()
    decisions: tuple[tuple[str, str], ...] = ()
    aside: Path | None = None


def roll_folder(source: Path, *, year: int, results: LastYear | None, box: Path) -> RolledPlan:
    """The plan of `source` for fiscal year `year`, written into the folder `box` (made before, empty) and read back.

    `results` is what came out of the old year (None: nothing is known). DataError when the new plan is not in order.
    """
    old = load_plan(source)
    office_days, asked = _holidays(source, old, year, box)
    calendar = WorkCalendar(days_off=office_days.days_off, timezone=old.organisation.timezone)
    earlier = old.last_year or LastYear(fiscal_year=old.fiscal_year - 1)
    roller = Roller(old=old.fiscal_year, new=year, calendar=calendar, fiscal=old.organisation.fiscal, nominal=earlier.nominal)
    # as it lies on the disk: a file edited in Windows keeps its line ends
    text = (source / "plan.toml").read_bytes().decode("utf-8")
    rolled = rolled_toml(_HEAD.sub("", text), roller, where=str(source / "plan.toml"))
    head = _head(old.fiscal_year, year)
    head = head.replace("\n", "\r\n") if "\r\n" in text else head
    (box / "plan.toml").write_bytes((head + rolled).encode())
    for name in ("roster.toml", "rubric.toml", CAST):
        if (source / name).is_file():
            shutil.copyfile(source / name, box / name)
    last = replace(results or LastYear(fiscal_year=old.fiscal_year), dates=_kept(roller))
    (box / LAST_YEAR).write_text(last_year_toml(last), encoding="utf-8", newline="")
    plan = _checked(box, roller)
    return RolledPlan(
        folder=box, old=old, plan=plan, data=tomllib.loads(rolled), last_year=last, dates=tuple(roller.dates),
        texts=tuple(roller.texts), questions=(*roller.questions, *asked), left=_left(source),
    )  # fmt: skip


def _left(source: Path) -> tuple[str, ...]:
    """What lies in the old folder beside the plan's own files and an earlier roll's; a workspace's folder holds its own."""
    if (source / "songthan.toml").is_file():
        return ()
    mine = {*FILES, CAST, LAST_YEAR, REVIEW_HTML, REVIEW_TEXT}
    return tuple(sorted(p.name for p in source.iterdir() if p.name not in mine and not p.name.startswith(".")))


def _head(old: int, new: int) -> str:
    return (
        f"# แผนปีงบประมาณ {to_thai_digits(new)} ทำจากแผนปี {to_thai_digits(old)} ด้วย songthan plan roll โปรดอ่าน {REVIEW_HTML} ก่อนใช้\n"
        "# หมายเหตุที่ขึ้นต้นด้วย # ต่อจากบรรทัดนี้ และเลขบรรทัดของแผนต้นฉบับ (source, source_lines) เป็นของปีเดิม\n"
    )


def _holidays(source: Path, old: Plan, year: int, box: Path) -> tuple[Holidays, tuple[Question, ...]]:
    """Writes the new year's holidays.toml and reads it back; what must be looked up is asked."""
    office = old.organisation
    how = {"calendar": office.calendar, "fiscal": office.fiscal}
    before = load_holidays(source / "holidays.toml", fiscal_year=old.fiscal_year, **how)
    first, last = office.fiscal.days(year)
    public: dict[date, str] = {}
    if before.country:
        years = (first.year, last.year)
        found = library_days(before.country, years, government=False, where=str(source / "holidays.toml"))
        public = {day: name for day, name in sorted(found.items()) if first <= day <= last}
    (box / "holidays.toml").write_text(next_holidays(before, public, year=year), encoding="utf-8", newline="")
    after = load_holidays(box / "holidays.toml", fiscal_year=year, **how)
    mine = {day: name for day, name in after.days_off.items() if first <= day <= last}
    return after, tuple(holiday_questions(before, after, mine, year=year, thai=office.calendar.startswith("th-")))


def _kept(roller: Roller) -> tuple[KeptDate, ...]:
    """The dates that could not stay at their place, and the second ends of spans (which may have come together)."""
    return tuple(
        KeptDate(place=d.place, date=d.new, nominal=d.nominal)
        for d in roller.dates
        if d.new != d.nominal or d.place.endswith("+")
    )


def _checked(box: Path, roller: Roller) -> Plan:
    """The new plan, read by the loader the office uses; every date a working day of the quarter it belongs to."""
    plan = load_plan(box)
    if (box / "rubric.toml").is_file():
        load_rubric(box)
    quarter = roller.fiscal.quarter
    for moved in roller.dates:
        if not roller.calendar.is_working_day(moved.new) or quarter(moved.new) != quarter(moved.old):
            raise DataError(
                f"ในไตรมาสของวันที่ {moved.old.isoformat()} ไม่มีวันทำการให้ย้ายไป",
                where=f"{box.name} {moved.place}",
                remedy="ตรวจ holidays.toml ของแผนเดิมว่ามีวันหยุดซ้อนกันทั้งไตรมาสหรือไม่",
            )
    return plan
