"""What a person should look at in a plan that is in order: nothing here is an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import Ladder, ladder_for
from songthan.domain.language import current, day_words, digits, say
from songthan.domain.plans import Deadline, Plan

#: How the library names a day off that the cabinet decided for one year.
SPECIAL_DAY = "วันหยุดพิเศษ"
#: A day off of government offices whose date is announced each year.
PLOUGHING_DAY = "พืชมงคล"
#: So many names or ids a note lists.
_LISTED = 8


def plan_notes(plan: Plan, calendar: WorkCalendar) -> tuple[str, ...]:
    """Sentences: about the deadlines in the plan's order, then people, guidelines and the year's days off."""
    return (*deadline_notes(plan, calendar), *_of_people(plan), *_of_guidelines(plan), *_of_days_off(plan))


def deadline_notes(plan: Plan, calendar: WorkCalendar) -> tuple[str, ...]:
    """The notes about deadlines only."""
    return tuple(note for deadline in plan.deadlines for note in _of_deadline(plan, deadline, calendar))


def _of_deadline(plan: Plan, deadline: Deadline, calendar: WorkCalendar) -> Iterator[str]:
    ladder = ladder_for(deadline, calendar)
    if ladder.target != deadline.external:
        yield say(
            "กำหนดส่ง {id}: วันส่งของสำนัก {day} เป็นวันหยุด ({name}) วันทำการสุดท้ายคือ{target}",
            id=deadline.id, day=day_words(deadline.external, short=True), name=day_off_name(calendar, deadline.external),
            target=day_words(ladder.target, weekday=True),
        )  # fmt: skip
    if ladder.internal >= ladder.target:
        yield say(
            "กำหนดส่ง {id}: วันส่งของสมาชิกตรงกับวันส่งของสำนัก ({day}) จึงไม่เหลือวันทำการสำหรับตรวจ รวบรวม และลงนาม",
            id=deadline.id, day=day_words(ladder.target, short=True),
        )  # fmt: skip
    elif not calendar.is_working_day(deadline.members_until):
        yield say(
            "กำหนดส่ง {id}: วันส่งของสมาชิก {day} เป็นวันหยุด ระบบนับถึง{target}",
            id=deadline.id, day=day_words(deadline.members_until, short=True), target=day_words(ladder.internal, weekday=True),
        )  # fmt: skip
    yield from _outside(plan, deadline, ladder)


def _outside(plan: Plan, deadline: Deadline, ladder: Ladder) -> Iterator[str]:
    """Dates that are not in the plan's fiscal year."""
    first, last = plan.organisation.fiscal.days(plan.fiscal_year)
    found = [
        (ladder.opens < first, say("เปิดรอบ {day} ก่อนเริ่มปีงบประมาณ"), ladder.opens),
        (deadline.external > last, say("วันส่งของสำนัก {day} อยู่หลังสิ้นปีงบประมาณ"), deadline.external),
        (deadline.internal < first, say("วันส่งของสมาชิก {day} อยู่ก่อนเริ่มปีงบประมาณ"), deadline.internal),
    ]
    for outside, words, day in found:
        if outside:
            said = words.format(day=day_words(day, short=True))
            yield say("กำหนดส่ง {id}: {said} {year}", id=deadline.id, said=said, year=digits(plan.fiscal_year))


def _of_people(plan: Plan) -> Iterator[str]:
    """What the plan works without, and its letters and its ladder do not."""
    roster = plan.roster
    holders = {roster.holder(seat).id: None for a in plan.activities for seat in a.seats}
    alone = [roster.member(member).full_name for member in holders if not roster.member(member).deputy]
    if alone:
        yield say(
            "ผู้รับผิดชอบ {n} ท่านยังไม่มีผู้แทน ({names}) เมื่อท่านนั้นลาหรือเลยกำหนด ระบบไม่มีผู้ใดให้ขอแทน โปรดกรอก deputy ใน roster.toml",
            n=digits(len(alone)), names=_some(alone),
        )  # fmt: skip
    if not (roster.phone or roster.member(roster.secretary).phone):
        yield say("แบบและจดหมายไม่มีหมายเลขโทรศัพท์ให้สอบถาม โปรดกรอก phone ที่ [office] ใน roster.toml")


def _of_guidelines(plan: Plan) -> Iterator[str]:
    """Projects under no guideline are missing where the report counts the guidelines that are finished."""
    guided = {m.number for m in plan.measures if m.guidelines}
    loose = [p.id for p in plan.projects if p.measure in guided and not p.guideline]
    if loose:
        yield say(
            "โครงการ {ids} ยังไม่ระบุแนวทาง รายงานจึงไม่นับในจำนวนแนวทางที่แล้วเสร็จ โปรดกรอก guideline ใน plan.toml", ids=_some(loose)
        )


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (" …" if len(names) > _LISTED else "")


def day_off_name(calendar: WorkCalendar, day: date) -> str:
    """Why nobody works on `day`: the name of the day off, or the weekday."""
    weekday = say("วัน{weekday}", weekday=current().weekdays[day.weekday()])
    return calendar.days_off.get(day) or weekday


def _of_days_off(plan: Plan) -> Iterator[str]:
    """Special days are named by the cabinet one year at a time: a year without any was probably not looked up yet."""
    if not plan.organisation.calendar.startswith("th-") or plan.days_off_checked:
        return
    first, last = plan.organisation.fiscal.days(plan.fiscal_year)
    names = [name for day, name in plan.days_off.items() if first <= day <= last]
    year = digits(plan.fiscal_year)
    how = say("เพิ่มใน holidays.toml หรือเขียน checked = \"ตรวจแล้วเมื่อ …\" ไว้ต่อจากบรรทัด source")
    if not any(SPECIAL_DAY in name for name in names):
        yield say("ยังไม่มีวันหยุดพิเศษตามมติ ครม. ปี {year} โปรดตรวจ แล้ว{how}", year=year, how=how)
    if plan.organisation.calendar == "th-government" and not any(PLOUGHING_DAY in name for name in names):
        yield say("ยังไม่มีวันพืชมงคลปี {year} ซึ่งประกาศเป็นรายปี โปรดตรวจ แล้ว{how}", year=year, how=how)
