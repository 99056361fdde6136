"""The dated things of a plan's year, one list for every way of drawing it (terminal, wall, Outlook)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import ladder_for
from songthan.domain.language import digits, say
from songthan.domain.plans import Deadline, Plan

#: Kinds of events in the order of a deadline's life.
KINDS = ("opens", "reminder", "internal", "escalation", "cut", "target", "external")


@dataclass(frozen=True, kw_only=True)
class YearEvent:
    """One dated thing of one deadline: whole days `day`-`until` (the same for one day), or a moment `at` on `day`.

    `kind` is one of KINDS; `key` names the event within its deadline and stays the same when its date moves
    («opens», «reminder-3», «escalation+1»).
    """

    deadline: Deadline
    kind: str
    key: str
    day: date
    until: date
    at: datetime | None = None


def year_events(plan: Plan, calendar: WorkCalendar) -> tuple[YearEvent, ...]:
    """Every event of every deadline, in the plan's order of deadlines and in order of days within one.

    `target` (the last working day) is there only where it is not the external date itself.
    """
    return tuple(event for deadline in plan.deadlines for event in _of(deadline, calendar))


def _of(deadline: Deadline, calendar: WorkCalendar) -> Iterator[YearEvent]:
    ladder = ladder_for(deadline, calendar)
    steps = {f"reminder{n:+d}": ("reminder", day) for n, day in ladder.reminders}
    steps |= {f"escalation{n:+d}": ("escalation", day) for n, day in ladder.escalations}
    yield YearEvent(deadline=deadline, kind="opens", key="opens", day=ladder.opens, until=ladder.opens)
    for key, (kind, day) in sorted(steps.items(), key=lambda item: item[1][1]):
        yield YearEvent(deadline=deadline, kind=kind, key=key, day=day, until=day)
    yield YearEvent(
        deadline=deadline, kind="internal", key="internal", day=deadline.internal, until=deadline.members_until
    )
    cut = ladder.cut
    yield YearEvent(deadline=deadline, kind="cut", key="cut", day=cut.date(), until=cut.date(), at=cut)
    if ladder.target != ladder.external:
        yield YearEvent(deadline=deadline, kind="target", key="target", day=ladder.target, until=ladder.target)
    yield YearEvent(deadline=deadline, kind="external", key="external", day=ladder.external, until=ladder.external)


def deadline_name(plan: Plan, deadline: Deadline) -> str:
    """A deadline in a few words: «ไตรมาสที่ ๒ ปี ๒๕๖๖», or its own short name."""
    if deadline.quarter:
        return say("ไตรมาสที่ {quarter} ปี {year}", quarter=digits(deadline.quarter), year=digits(plan.fiscal_year))
    return deadline.short or deadline.title
