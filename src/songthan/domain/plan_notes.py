"""What a person should look at in a plan that is in order: nothing here is an error."""

from __future__ import annotations

from collections.abc import Iterator

from songthan.domain.calendars import WorkCalendar, fiscal_days
from songthan.domain.ladders import ladder_for
from songthan.domain.plans import Deadline, Plan
from songthan.domain.thai import WEEKDAYS, thai_date, to_thai_digits

#: How the library names a day off that the cabinet decided for one year.
SPECIAL_DAY = "วันหยุดพิเศษ"
#: A day off of government offices whose date is announced each year.
PLOUGHING_DAY = "พืชมงคล"


def plan_notes(plan: Plan, calendar: WorkCalendar) -> tuple[str, ...]:
    """Thai sentences, each naming the deadline it is about, in the plan's order; the year's days off last."""
    notes = [note for deadline in plan.deadlines for note in _of_deadline(plan, deadline, calendar)]
    return (*notes, *_of_days_off(plan))


def _of_deadline(plan: Plan, deadline: Deadline, calendar: WorkCalendar) -> Iterator[str]:
    ladder = ladder_for(deadline, calendar)
    head = f"กำหนดส่ง {deadline.id}:"
    if ladder.target != deadline.external:
        name = calendar.days_off.get(deadline.external, f"วัน{WEEKDAYS[deadline.external.weekday()]}")
        yield (
            f"{head} วันส่งของสำนัก {thai_date(deadline.external, short=True)} เป็นวันหยุด ({name}) "
            f"วันทำการสุดท้ายคือ{thai_date(ladder.target, weekday=True)}"
        )
    if ladder.internal >= ladder.target:
        yield (
            f"{head} วันส่งของสมาชิกตรงกับวันส่งของสำนัก ({thai_date(ladder.target, short=True)}) "
            "จึงไม่เหลือวันทำการสำหรับตรวจ รวบรวม และลงนาม"
        )
    elif not calendar.is_working_day(deadline.members_until):
        yield (
            f"{head} วันส่งของสมาชิก {thai_date(deadline.members_until, short=True)} เป็นวันหยุด "
            f"ระบบนับถึง{thai_date(ladder.internal, weekday=True)}"
        )
    first, last = fiscal_days(plan.fiscal_year)
    year = to_thai_digits(plan.fiscal_year)
    if ladder.opens < first:
        yield f"{head} เปิดรอบ {thai_date(ladder.opens, short=True)} ก่อนเริ่มปีงบประมาณ {year}"
    if deadline.external > last:
        yield f"{head} วันส่งของสำนัก {thai_date(deadline.external, short=True)} อยู่หลังสิ้นปีงบประมาณ {year}"
    elif deadline.internal < first:
        yield f"{head} วันส่งของสมาชิก {thai_date(deadline.internal, short=True)} อยู่ก่อนเริ่มปีงบประมาณ {year}"


def _of_days_off(plan: Plan) -> Iterator[str]:
    """Special days are named by the cabinet one year at a time: a year without any was probably not looked up yet."""
    if not plan.organisation.calendar.startswith("th-") or plan.days_off_checked:
        return
    first, last = fiscal_days(plan.fiscal_year)
    names = [name for day, name in plan.days_off.items() if first <= day <= last]
    year = to_thai_digits(plan.fiscal_year)
    how = "เพิ่มใน holidays.toml หรือเขียน checked = \"ตรวจแล้วเมื่อ …\" ไว้ต่อจากบรรทัด source"
    if not any(SPECIAL_DAY in name for name in names):
        yield f"ยังไม่มีวันหยุดพิเศษตามมติ ครม. ปี {year} โปรดตรวจ แล้ว{how}"
    if plan.organisation.calendar == "th-government" and not any(PLOUGHING_DAY in name for name in names):
        yield f"ยังไม่มีวันพืชมงคลปี {year} ซึ่งประกาศเป็นรายปี โปรดตรวจ แล้ว{how}"
