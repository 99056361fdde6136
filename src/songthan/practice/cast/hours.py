"""Office hours on the simulated clock: Monday to Friday, 08:30 to 16:30, in the time zone of the time given."""

from datetime import datetime, time, timedelta

OPENS, CLOSES = time(8, 30), time(16, 30)


def is_open(at: datetime) -> bool:
    """Whether people are at their desks."""
    return at.weekday() < 5 and OPENS <= at.time() <= CLOSES


def next_open(at: datetime) -> datetime:
    """`at` itself in office hours, else the next opening."""
    if is_open(at):
        return at
    day = at if at.time() < OPENS else at + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day.date(), OPENS, tzinfo=at.tzinfo)


def days_later(at: datetime, days: int, clock: time) -> datetime:
    """`days` working days after the day of `at` (0 is the same day, or the next working one), at `clock`."""
    day = at.date()
    while days > 0 or day.weekday() >= 5:
        day += timedelta(days=1)
        if day.weekday() < 5:
            days -= 1
    return next_open(datetime.combine(day, clock, tzinfo=at.tzinfo))


def hours_later(at: datetime, hours: float) -> datetime:
    """`hours` office hours after `at`; evenings and weekends do not count."""
    at, left = next_open(at), timedelta(hours=hours)
    while True:
        room = datetime.combine(at.date(), CLOSES, tzinfo=at.tzinfo) - at
        if left <= room:
            return at + left
        left -= room
        at = next_open(datetime.combine(at.date(), CLOSES, tzinfo=at.tzinfo) + timedelta(minutes=1))
