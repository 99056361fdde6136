"""The dated things of a plan's year, one list for every way of drawing it (terminal, wall, Outlook)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import ladder_for
from songthan.domain.language import digits, phrase, say
from songthan.domain.plans import Deadline, Plan

#: Kinds of events in the order of a deadline's life.
KINDS = ("opens", "reminder", "internal", "escalation", "cut", "target", "external")
#: What an escalation does, by whom it goes to.
_TOLD = {"deputy": phrase("ขอผู้แทน"), "head": phrase("แจ้งหัวหน้า"), "director": phrase("แจ้งผู้อำนวยการ")}


@dataclass(frozen=True, kw_only=True)
class YearEvent:
    """One dated thing of one deadline: whole days `day`-`until` (the same for one day), or a moment `at` on `day`.

    `kind` is one of KINDS; `key` names the event within its deadline and stays the same when its date moves
    («opens», «reminder-3», «escalation+1»). `to`: whom an escalation goes to (deputy, head, director).
    """

    deadline: Deadline
    kind: str
    key: str
    day: date
    until: date
    at: datetime | None = None
    to: tuple[str, ...] = ()


def year_events(plan: Plan, calendar: WorkCalendar) -> tuple[YearEvent, ...]:
    """Every event of every deadline, in the plan's order of deadlines and in order of days within one.

    `target` (the last working day) is there only where it is not the external date itself.
    """
    return tuple(event for deadline in plan.deadlines for event in _of(deadline, calendar))


def _of(deadline: Deadline, calendar: WorkCalendar) -> Iterator[YearEvent]:
    ladder = ladder_for(deadline, calendar)
    told: dict[tuple[int, date], tuple[str, ...]] = {}
    for step, rung in zip(ladder.escalations, ladder.rungs, strict=True):
        told[step] = (*told.get(step, ()), rung.to)
    steps = [("reminder", n, day, ()) for n, day in ladder.reminders]
    steps += [("escalation", n, day, to) for (n, day), to in told.items()]
    yield YearEvent(deadline=deadline, kind="opens", key="opens", day=ladder.opens, until=ladder.opens)
    for kind, n, day, to in sorted(steps, key=lambda step: step[2]):
        yield YearEvent(deadline=deadline, kind=kind, key=f"{kind}{n:+d}", day=day, until=day, to=to)
    yield YearEvent(
        deadline=deadline, kind="internal", key="internal", day=deadline.internal, until=deadline.members_until
    )
    cut = ladder.cut
    yield YearEvent(deadline=deadline, kind="cut", key="cut", day=cut.date(), until=cut.date(), at=cut)
    if ladder.target != ladder.external:
        yield YearEvent(deadline=deadline, kind="target", key="target", day=ladder.target, until=ladder.target)
    yield YearEvent(deadline=deadline, kind="external", key="external", day=ladder.external, until=ladder.external)


def escalation_words(to: Iterable[str]) -> str:
    """What a step after the members' date does: «ขอผู้แทน», «แจ้งหัวหน้า, แจ้งผู้อำนวยการ»."""
    return ", ".join(say(_TOLD[t]) for t in to)


def deadline_name(plan: Plan, deadline: Deadline) -> str:
    """A deadline in a few words: «ไตรมาสที่ ๒ ปี ๒๕๖๖», or its own short name."""
    if deadline.quarter:
        return say("ไตรมาสที่ {quarter} ปี {year}", quarter=digits(deadline.quarter), year=digits(plan.fiscal_year))
    return deadline.short or deadline.title
