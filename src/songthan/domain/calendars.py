"""Working days of a government office. The holiday table comes from outside (`Plan.days_off`); nothing is looked up here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from songthan.domain.errors import DataError

#: A year of unbroken holidays is a broken table, not a calendar.
_LONGEST_RUN = 366


@dataclass(frozen=True, kw_only=True)
class WorkCalendar:
    """`days_off` are the office's days off beside Saturday and Sunday, with their names."""

    days_off: Mapping[date, str] = field(default_factory=dict)
    timezone: str = "Asia/Bangkok"

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.days_off

    def on_or_before(self, day: date) -> date:
        """The last working day that is not after `day` (30 July 2566 → 27 July)."""
        return self._walk(day, -1)

    def on_or_after(self, day: date) -> date:
        """The first working day that is not before `day`."""
        return self._walk(day, 1)

    def shift(self, day: date, working_days: int) -> date:
        """`working_days` working days from `day`; backwards when negative; 0 is the last working day on or before it."""
        current = self.on_or_before(day)
        step = 1 if working_days > 0 else -1
        for _ in range(abs(working_days)):
            current = self._walk(current + timedelta(days=step), step)
        return current

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and with `end` (negative when `end` is before `start`)."""
        if end < start:
            return -self.working_days_between(end, start)
        days = (end - start).days
        return sum(self.is_working_day(start + timedelta(days=n)) for n in range(1, days + 1))

    def at(self, day: date, clock_time: time) -> datetime:
        """`day` at `clock_time` in the office's own zone."""
        return datetime.combine(day, clock_time, tzinfo=ZoneInfo(self.timezone))

    def local(self, moment: datetime) -> datetime:
        """An aware moment in the office's own zone."""
        return moment.astimezone(ZoneInfo(self.timezone))

    def _walk(self, day: date, step: int) -> date:
        for _ in range(_LONGEST_RUN):
            if self.is_working_day(day):
                return day
            day += timedelta(days=step)
        raise DataError(
            f"ไม่พบวันทำการภายใน {_LONGEST_RUN} วันนับจาก {day.isoformat()}",
            where="holidays.toml",
            remedy="ตรวจรายการวันหยุดที่เพิ่มไว้ว่าซ้อนกันทั้งปีหรือไม่",
        )
