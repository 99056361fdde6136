"""When members are asked, reminded and stood in for: dates counted in working days, never a mail on a day off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time

from songthan.domain.calendars import WorkCalendar
from songthan.domain.plans import Deadline

#: The office opens; nothing is mailed to people before it.
OPENS_AT = time(8, 30)
#: The last hour in which a ladder step is sent; what is late waits for the next working morning.
CLOSES_AT = time(16, 30)


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """Every date of one deadline. `reminders` and `escalations` keep the plan's order and step numbers."""

    opens: date
    internal: date
    cut: datetime
    target: date
    external: date
    reminders: tuple[tuple[int, date], ...]
    escalations: tuple[tuple[int, date], ...]


def ladder_for(deadline: Deadline, calendar: WorkCalendar) -> Ladder:
    """The dates of `deadline` on `calendar`.

    `target` is the last working day on or before the external date. `cut` is when the report is closed to members: noon of
    the working day before `target`, or of `target` itself when the members' own date leaves nothing earlier (the director
    and the registry need the rest).
    """
    internal = calendar.on_or_before(deadline.members_until)
    target = calendar.on_or_before(deadline.external)
    before = calendar.shift(target, -1)
    cut = calendar.at(before if before > internal else target, time(12, 0))
    return Ladder(
        opens=calendar.shift(calendar.on_or_before(deadline.internal), -deadline.opens),
        internal=internal,
        cut=cut,
        target=target,
        external=deadline.external,
        reminders=tuple((n, calendar.shift(internal, n)) for n in sorted(deadline.reminders)),
        escalations=tuple((n, calendar.shift(internal, n)) for n in sorted(deadline.escalations)),
    )


def in_office_hours(now: datetime, calendar: WorkCalendar) -> bool:
    """May people be written to now? Working days, 08.30–16.30, in the office's own zone."""
    local = calendar.local(now)
    return calendar.is_working_day(local.date()) and OPENS_AT <= local.time() <= CLOSES_AT


def due_step(steps: tuple[tuple[int, date], ...], today: date) -> int | None:
    """The latest step whose day has come, or None. After an outage that is one step, not the backlog."""
    passed = [number for number, day in steps if day <= today]
    return passed[-1] if passed else None
