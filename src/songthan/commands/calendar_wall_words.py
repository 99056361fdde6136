"""What stands beside the days of the wall page: days off and deadlines in few words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from songthan.domain.calendars import WorkCalendar
from songthan.domain.language import digits, say
from songthan.domain.office_year import YearEvent, deadline_name, year_events
from songthan.domain.plans import Deadline, Plan

__all__ = ["Entry", "entries_of", "plain_name", "short_holiday"]

#: The kinds drawn on the wall; reminders would bury them.
_DRAWN = ("opens", "internal", "target", "external")
#: Full names of royal days are four lines long on the wall; what people call them (the first hit in the name counts).
#: Empty: the day has another name on the list by which it is called (วันพ่อ, วันแม่).
_SHORT = (
    ("พระพุทธยอดฟ้าจุฬาโลก", "วันจักรี"),
    ("วชิรเกล้าเจ้าอยู่หัว", "วันเฉลิมพระชนมพรรษา พระบาทสมเด็จพระเจ้าอยู่หัว"),
    ("สุทิดา", "วันเฉลิมพระชนมพรรษา สมเด็จพระบรมราชินี"),
    ("สวรรคต", "วันคล้ายวันสวรรคต พระบรมชนกาธิเบศรฯ"),
    ("ภูมิพลอดุลยเดช", ""),
    ("พันปีหลวง", ""),
    ("พืชมงคล", "วันพืชมงคล"),
)
_INSTEAD = "ชดเชย"
#: Deadlines named on one line; the rest of a crowded day is counted.
_MOST_NAMES = 4


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line beside a month: `kind` is «off» or a kind of event."""

    kind: str
    day: date
    until: date
    words: str


def entries_of(plan: Plan, calendar: WorkCalendar) -> tuple[Entry, ...]:
    """Every line of the year in order of days; deadlines that do the same on the same days share one."""
    first, last = plan.organisation.fiscal.days(plan.fiscal_year)
    found = [
        Entry(kind="off", day=day, until=day, words=short_holiday(name))
        for day, name in calendar.days_off.items()
        if first <= day <= last
    ]
    shared: dict[tuple[date, date, str], list[YearEvent]] = {}
    for event in year_events(plan, calendar):
        if event.kind in _DRAWN:
            shared.setdefault((event.day, event.until, event.kind), []).append(event)
    heads = {
        "opens": say("เปิดรอบ"),
        "internal": say("สมาชิกส่ง"),
        "target": say("วันทำการสุดท้าย"),
        "external": say("สำนักส่ง"),
    }
    for (day, until, kind), events in shared.items():
        # the spaces inside a name do not part a line, those between names do
        names = ", ".join(plain_name(plan, e.deadline).replace(" ", "\u00a0") for e in events[:_MOST_NAMES])
        if len(events) > _MOST_NAMES:
            names += say(" และอีก {n} เรื่อง", n=digits(len(events) - _MOST_NAMES))
        span = "" if day == until else say(" (ถึงวันที่\u00a0{day})", day=digits(until.day))
        found.append(Entry(kind=kind, day=day, until=until, words=f"{heads[kind]}{span} {names}"))
    order = ("off", *_DRAWN)
    return tuple(sorted(found, key=lambda e: (e.day, order.index(e.kind))))


def plain_name(plan: Plan, deadline: Deadline) -> str:
    """The deadline's short name without the year, which the page's head says."""
    if deadline.quarter:
        return say("ไตรมาสที่ {quarter}", quarter=digits(deadline.quarter))
    return deadline_name(plan, deadline).removesuffix(f" ปี {digits(plan.fiscal_year)}")


def short_holiday(name: str) -> str:
    """A day off as people call it: «วันจักรี», «ชดเชย วันแม่แห่งชาติ»; a day of two names keeps both."""
    instead = f"{_INSTEAD} " if name.startswith(_INSTEAD) else ""
    parts = [part.removeprefix(_INSTEAD) for part in name.split("; ")]
    short = [next((words for word, words in _SHORT if word in part), part) for part in parts]
    kept = list(dict.fromkeys(words for words in short if words)) or parts
    return instead + " ".join(kept)
