"""Working days on any table of holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.calendars import WorkCalendar
from songthan.domain.errors import DataError

BASE = date(2023, 1, 1)
near = st.integers(-400, 400).map(lambda n: BASE + timedelta(days=n))
calendars = st.sets(near, max_size=120).map(lambda days: WorkCalendar(days_off=dict.fromkeys(days, "หยุด")))
steps = st.integers(-30, 30)


@given(calendars, near, steps)
def test_results_are_working_days_and_nothing_lies_between(calendar: WorkCalendar, day: date, n: int) -> None:
    before, after = calendar.on_or_before(day), calendar.on_or_after(day)
    assert before <= day <= after
    assert all(calendar.is_working_day(d) for d in (before, after, calendar.shift(day, n)))
    skipped = [before + timedelta(days=k) for k in range(1, (after - before).days)]
    assert not any(calendar.is_working_day(d) for d in skipped)


@given(calendars, near, near, steps)
def test_shift_keeps_the_order_of_days(calendar: WorkCalendar, one: date, other: date, n: int) -> None:
    early, late = sorted((one, other))
    assert calendar.shift(early, n) <= calendar.shift(late, n)
    assert calendar.shift(early, n) < calendar.shift(early, n + 1)


@given(calendars, near, steps, steps)
def test_shifts_add_up_and_come_back(calendar: WorkCalendar, day: date, n: int, m: int) -> None:
    start = calendar.on_or_before(day)
    assert calendar.shift(calendar.shift(start, n), -n) == start
    assert calendar.shift(calendar.shift(start, n), m) == calendar.shift(start, n + m)
    assert calendar.working_days_between(start, calendar.shift(start, n)) == n


@given(calendars, near, near, near)
def test_counting_working_days_adds_up(calendar: WorkCalendar, a: date, b: date, c: date) -> None:
    between = calendar.working_days_between
    assert between(a, b) == -between(b, a)
    assert between(a, b) + between(b, c) == between(a, c)


def test_the_run_of_30_july_2566() -> None:
    off = {date(2023, 7, 28): "วันเฉลิมฯ", date(2023, 7, 31): "หยุดพิเศษ", date(2023, 8, 1): "อาสาฬหบูชา"}
    calendar = WorkCalendar(days_off=off)
    assert calendar.on_or_before(date(2023, 7, 30)) == date(2023, 7, 27)
    assert calendar.on_or_after(date(2023, 7, 30)) == date(2023, 8, 2)
    assert calendar.shift(date(2023, 7, 30), 0) == date(2023, 7, 27)


def test_the_offices_zone() -> None:
    calendar = WorkCalendar()
    assert calendar.at(date(2023, 3, 1), time(8, 30)).isoformat() == "2023-03-01T08:30:00+07:00"
    assert calendar.local(datetime(2023, 3, 1, 18, 0, tzinfo=UTC)).date() == date(2023, 3, 2)


def test_a_year_of_holidays_is_a_broken_table() -> None:
    calendar = WorkCalendar(days_off={BASE + timedelta(days=n): "x" for n in range(-500, 500)})
    with pytest.raises(DataError, match="วันทำการ"):
        calendar.on_or_before(BASE)
