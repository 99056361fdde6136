"""When members are asked, reminded and stood in for: dates counted in working days, never a mail on a day off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from songthan.domain.calendars import WorkCalendar
from songthan.domain.plans import Deadline, Rung

#: The office opens; nothing is mailed to people before it.
OPENS_AT = time(8, 30)
#: The last hour in which a ladder step is sent; what is late waits for the next working morning.
CLOSES_AT = time(16, 30)
#: The hour at which a report is closed to members.
CUT_AT = time(12, 0)


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Every date of one deadline.

    `reminders` and `escalations` are (rung's number, day) in the order of the days; `rungs` gives the escalation behind
    each place of `escalations`, `tones` the tone of each reminder's number.
    """

    opens: date
    internal: date
    cut: datetime
    target: date
    external: date
    reminders: tuple[tuple[int, date], ...]
    escalations: tuple[tuple[int, date], ...]
    rungs: tuple[Rung, ...] = ()
    tones: tuple[tuple[int, str], ...] = ()


def ladder_for(deadline: Deadline, calendar: WorkCalendar) -> Ladder:
    """The dates of `deadline` on `calendar`.

    `target` is the last working day on or before the external date. `cut` is when the report is closed to members: noon of
    the working day before `target`, or of `target` itself when the members' own date leaves nothing earlier (the director
    and the registry need the rest). No reminder falls on the opening day or before it, no step after the day of the cut:
    an escalation that would come later comes on that day, a reminder does not come at all. A date the secretary moved
    does not move the day it opens, and a deadline she reopened is cut no earlier than she said.
    """
    internal = calendar.on_or_before(deadline.members_until)
    target = calendar.on_or_before(deadline.external)
    first = min(deadline.internal, deadline.printed_internal or deadline.internal)
    opens = calendar.shift(calendar.on_or_before(first), -deadline.ladder.opens)
    before = calendar.shift(target, -1)
    cut = calendar.at(before if before > internal else target, CUT_AT)
    if deadline.reopened_until is not None:
        cut = max(cut, calendar.local(deadline.reopened_until))
    last = cut.date()
    reminders = {calendar.shift(internal, r.day): r for r in sorted(deadline.ladder.reminders, key=_day)}
    kept = {day: r for day, r in reminders.items() if opens < day <= last}
    rungs = sorted(deadline.ladder.escalations, key=_day)
    return Ladder(
        opens=opens,
        internal=internal,
        cut=cut,
        target=target,
        external=deadline.external,
        reminders=tuple((r.day, day) for day, r in kept.items()),
        escalations=tuple((r.day, min(calendar.shift(internal, r.day), last)) for r in rungs),
        rungs=tuple(rungs),
        tones=tuple((r.day, r.tone) for r in kept.values()),
    )


def _day(rung: Rung) -> int:
    return rung.day


def in_office_hours(now: datetime, calendar: WorkCalendar) -> bool:
    """May people be written to now? Working days, 08.30–16.30, in the office's own zone."""
    local = calendar.local(now)
    return calendar.is_working_day(local.date()) and OPENS_AT <= local.time() <= CLOSES_AT


def due_step(steps: tuple[tuple[int, date], ...], today: date) -> int | None:
    """The latest step whose day has come, or None. After an outage that is one step, not the backlog."""
    passed = [number for number, day in steps if day <= today]
    return passed[-1] if passed else None


def due_rungs(rungs: tuple[Rung, ...], since: date | None, today: date, calendar: WorkCalendar) -> tuple[Rung, ...]:
    """The rungs of a later stage (director, registry) whose day has come, counted in working days from `since`."""
    if since is None:
        return ()
    return tuple(r for r in rungs if calendar.shift(calendar.on_or_after(since), r.day) <= today)
