"""What `plan check` asks a person to look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from songthan.adapters.plan_files import load_plan
from songthan.domain.calendars import WorkCalendar
from songthan.domain.plan_notes import plan_notes
from songthan.domain.plans import Plan

PLAN = load_plan(Path(__file__).resolve().parents[2] / "plans" / "2566")


def notes(plan: Plan) -> tuple[str, ...]:
    return plan_notes(plan, WorkCalendar(days_off=plan.days_off))


def with_dates(**changes: object) -> Plan:
    return replace(PLAN, deadlines=(replace(PLAN.deadlines[0], **changes),))


def test_the_plan_of_2566_has_two_things_to_look_at() -> None:
    found = notes(PLAN)
    assert len(found) == 2
    assert "2566-official" in found[0] and "ตรงกับวันส่งของสำนัก" in found[0]
    assert "2566-july" in found[1] and "วันพฤหัสบดีที่ ๒๗ กรกฎาคม ๒๕๖๖" in found[1] and "วันอาทิตย์" in found[1]


def test_a_deadline_in_order_is_not_spoken_of() -> None:
    assert notes(with_dates()) == ()


def test_dates_outside_the_fiscal_year() -> None:
    early = notes(with_dates(internal=date(2022, 10, 10), external=date(2022, 10, 20)))
    assert len(early) == 1 and "ก่อนเริ่มปีงบประมาณ ๒๕๖๖" in early[0] and "เปิดรอบ" in early[0]
    late = notes(with_dates(external=date(2023, 10, 2)))
    assert len(late) == 1 and "หลังสิ้นปีงบประมาณ ๒๕๖๖" in late[0]


def test_members_due_on_a_day_off() -> None:
    found = notes(with_dates(internal=date(2023, 3, 6)))
    assert len(found) == 1 and "วันศุกร์ที่ ๓ มีนาคม ๒๕๖๖" in found[0]


def test_no_working_day_between_the_dates_even_where_they_differ() -> None:
    """Friday, and the Sunday after it."""
    found = notes(with_dates(internal=date(2023, 3, 17), external=date(2023, 3, 19)))
    assert len(found) == 2 and "ไม่เหลือวันทำการ" in found[1]


def test_a_year_without_special_days_is_asked_about_until_somebody_has_checked() -> None:
    bare = replace(with_dates(), days_off={d: n for d, n in PLAN.days_off.items() if "พิเศษ" not in n})
    assert [n for n in notes(bare) if "มติ ครม. ปี ๒๕๖๖" in n]
    assert notes(replace(bare, days_off_checked="ตรวจแล้ว ๑ ตุลาคม ๒๕๖๕")) == ()
    # a special day of the calendar year that lies outside the fiscal year does not count
    outside = replace(bare, days_off={**bare.days_off, date(2023, 12, 29): "วันหยุดพิเศษ (เพิ่มเติม)"})
    assert notes(outside) == notes(bare)
    # the ploughing day has a date of its own each year, in government offices only
    unploughed = replace(bare, days_off={d: n for d, n in bare.days_off.items() if "พืชมงคล" not in n})
    assert [n for n in notes(unploughed) if "วันพืชมงคลปี ๒๕๖๖" in n]
    public = replace(unploughed, organisation=replace(bare.organisation, calendar="th-public"))
    assert len(notes(public)) == 1
    other = replace(bare, organisation=replace(bare.organisation, calendar="sg-public"))
    assert notes(other) == ()


def test_what_the_letters_and_the_report_would_lack() -> None:
    """What an import cannot know and the loader does not need: deputies, a telephone, the guideline of a project."""
    plan = with_dates()
    roster = plan.roster
    holder = roster.holder(plan.activities[0].seats[0])
    alone = tuple(replace(m, deputy="") if m.id == holder.id else m for m in roster.members)
    (found,) = notes(replace(plan, roster=replace(roster, members=alone)))
    assert holder.full_name in found and "deputy" in found
    mute = tuple(replace(m, phone="") for m in roster.members)
    (found,) = notes(replace(plan, roster=replace(roster, members=mute, phone="")))
    assert "phone" in found
    loose = (replace(plan.projects[0], guideline=""), *plan.projects[1:])
    (found,) = notes(replace(plan, projects=loose))
    assert f"โครงการ {plan.projects[0].id} " in found
    bare = tuple(replace(m, guidelines=()) for m in plan.measures)
    assert notes(replace(plan, projects=loose, measures=bare)) == (), "where the plan has no guidelines, none is missing"
