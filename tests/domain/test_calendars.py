"""Working days on any table of holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.calendars import FiscalYears, WorkCalendar, years_later
from songthan.domain.errors import DataError

THAI = FiscalYears()
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


any_day = st.dates(date(2000, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("day", "year", "number"),
    [
        ("2022-10-01", 2566, 1), ("2022-12-31", 2566, 1), ("2023-01-01", 2566, 2), ("2023-03-31", 2566, 2),
        ("2023-04-01", 2566, 3), ("2023-06-30", 2566, 3), ("2023-07-01", 2566, 4), ("2023-09-30", 2566, 4),
        ("2023-10-01", 2567, 1), ("2024-02-29", 2567, 2),
    ],
)  # fmt: skip
def test_the_fiscal_year_begins_in_october(day: str, year: int, number: int) -> None:
    assert (THAI.year(date.fromisoformat(day)), THAI.quarter(date.fromisoformat(day))) == (year, number)


@given(any_day)
def test_every_day_lies_in_its_fiscal_year(day: date) -> None:
    first, last = THAI.days(THAI.year(day))
    assert first <= day <= last
    assert THAI.year(first - timedelta(days=1)) + 1 == THAI.year(day) == THAI.year(last + timedelta(days=1)) - 1
    months = THAI.months(THAI.year(day))
    assert months[0] == first and day.replace(day=1) in months and len(set(months)) == 12
    assert [THAI.quarter(m) for m in months] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    spans = [THAI.quarter_days(THAI.year(day), n) for n in (1, 2, 3, 4)]
    assert [n for n, (start, end) in enumerate(spans, 1) if start <= day <= end] == [THAI.quarter(day)]
    assert (spans[0][0], spans[3][1]) == (first, last)


@given(any_day, st.integers(-60, 60))
def test_years_later_is_the_same_place_of_the_quarter(day: date, years: int) -> None:
    moved = years_later(day, years)
    assert THAI.year(moved) == THAI.year(day) + years and THAI.quarter(moved) == THAI.quarter(day)
    assert moved.month == day.month and (moved.day == day.day or (day.month, day.day, moved.day) == (2, 29, 28))
    assert years_later(moved, -years) == day or (day.month, day.day) == (2, 29)


@given(calendars, near, near)
def test_inside_the_quarter_on_a_working_day_and_in_order(calendar: WorkCalendar, one: date, other: date) -> None:
    early, late = sorted((one, other))
    first, second = calendar.inside_quarter(early, THAI), calendar.inside_quarter(late, THAI)
    assert first <= second
    for day, found in ((early, first), (late, second)):
        assert calendar.is_working_day(found)
        # a quarter without a working day before the date gives its first one; only an empty quarter is left
        stayed = (THAI.year(found), THAI.quarter(found)) == (THAI.year(day), THAI.quarter(day))
        days = [day.replace(day=1) + timedelta(days=n) for n in range(-70, 100)]
        same = [d for d in days if (THAI.year(d), THAI.quarter(d)) == (THAI.year(day), THAI.quarter(day))]
        assert stayed or not any(calendar.is_working_day(d) for d in same)
        assert calendar.inside_quarter(found, THAI) == found


def test_new_years_day_moves_forward_and_the_last_of_a_quarter_back() -> None:
    calendar = WorkCalendar(days_off={date(2027, 1, 1): "ปีใหม่"})
    assert calendar.inside_quarter(date(2027, 1, 3), THAI) == date(2027, 1, 4)
    assert calendar.inside_quarter(date(2027, 1, 10), THAI) == date(2027, 1, 8)
    assert calendar.inside_quarter(date(2028, 9, 30), THAI) == date(2028, 9, 29)


@pytest.mark.parametrize(
    ("number", "due", "year"),
    [(1, "2026-12-18", 2570), (1, "2027-01-20", 2570), (2, "2027-03-19", 2570), (3, "2027-06-18", 2570),
     (4, "2027-09-20", 2570), (4, "2027-10-15", 2570)],
)  # fmt: skip
def test_which_year_a_quarters_report_is_of(number: int, due: str, year: int) -> None:
    """In the common year alone the first quarter's report would be last year's."""
    assert THAI.year_of_quarter(number, date.fromisoformat(due)) == year


@given(any_day, st.integers(1, 12), st.sampled_from([0, 543]))
def test_any_first_month_and_era(day: date, first_month: int, offset: int) -> None:
    fiscal = FiscalYears(first_month=first_month, offset=offset)
    year = fiscal.year(day)
    first, last = fiscal.days(year)
    assert first <= day <= last and first.day == 1 and first.month == first_month
    # called by the year it ends in
    assert last.year + offset == year and (last - first).days in (364, 365)
    spans = [fiscal.quarter_days(year, n) for n in (1, 2, 3, 4)]
    assert [n for n, (start, end) in enumerate(spans, 1) if start <= day <= end] == [fiscal.quarter(day)]
    assert fiscal.year_of_quarter(fiscal.quarter(day), day) == year
