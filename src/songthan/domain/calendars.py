"""Working days, fiscal years and quarters of a government office. The holiday table comes from outside
(`Plan.days_off`); nothing is looked up here."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from songthan.domain.errors import DataError
from songthan.domain.thai import BUDDHIST_ERA

#: A year of unbroken holidays is a broken table, not a calendar.
_LONGEST_RUN = 366


@dataclass(frozen=True, kw_only=True)
class FiscalYears:
    """How an office counts its years: the month a fiscal year begins with, and what is added to the Common Era year it ends
    in to name it (543: Buddhist). The Thai government's is 2566 = 1 Oct 2022 - 30 Sep 2023."""

    first_month: int = 10
    offset: int = BUDDHIST_ERA

    def year(self, day: date) -> int:
        """The fiscal year `day` lies in: 30 Sep 2023 → 2566, 1 Oct 2023 → 2567."""
        return day.year + self.offset + (1 < self.first_month <= day.month)

    def quarter(self, day: date) -> int:
        """The quarter `day` lies in (1-4): Oct-Dec 1, Jan-Mar 2, Apr-Jun 3, Jul-Sep 4."""
        return (day.month - self.first_month) % 12 // 3 + 1

    def year_of_quarter(self, number: int, day: date) -> int:
        """The fiscal year whose quarter `number` a report due on `day` is about: quarter 1 due in December or January,
        quarter 4 due in September or, after the year's end, in October."""
        return self.year(day) - (self.quarter(day) < number)

    def months(self, year: int) -> tuple[date, ...]:
        """The first days of the twelve months of the fiscal year `year`."""
        common = year - self.offset - (self.first_month > 1)
        return tuple(date(common + n // 12, n % 12 + 1, 1) for n in range(self.first_month - 1, self.first_month + 11))

    def days(self, year: int) -> tuple[date, date]:
        """The first and the last day of the fiscal year `year`."""
        return self.quarter_days(year, 1)[0], self.quarter_days(year, 4)[1]

    def quarter_days(self, year: int, number: int) -> tuple[date, date]:
        """The first and the last day of quarter `number` (1-4) of the fiscal year `year`."""
        first, _, last = self.months(year)[3 * number - 3 : 3 * number]
        return first, last.replace(day=calendar.monthrange(last.year, last.month)[1])


def years_later(day: date, years: int) -> date:
    """The same place of the calendar `years` years on (back when negative): month and day stay, 29 Feb becomes 28 Feb.

    The quarter, the month of the quarter and the day of the month are kept; whether it is a working day is not asked.
    """
    year = day.year + years
    return date(year, day.month, min(day.day, calendar.monthrange(year, day.month)[1]))


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

    def inside_quarter(self, day: date, fiscal: FiscalYears) -> date:
        """The last working day on or before `day` that lies in the same quarter; without one, the quarter's first.

        Never reorders: of two days the earlier one does not come out later.
        """
        found = self.on_or_before(day)
        same = (fiscal.year(found), fiscal.quarter(found)) == (fiscal.year(day), fiscal.quarter(day))
        return found if same else self.on_or_after(day)

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
