"""People work Monday to Friday, 08:30 to 16:30."""

from datetime import datetime, time

import pytest

from songthan.practice.cast.hours import days_later, hours_later, is_open, next_open


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2023-03-{text}+07:00")


def test_the_office_opens_and_closes() -> None:
    assert is_open(at("02T08:30")) and is_open(at("02T16:30"))
    assert not is_open(at("02T08:29")) and not is_open(at("02T16:31")) and not is_open(at("04T10:00"))
    assert next_open(at("02T07:00")) == at("02T08:30") and next_open(at("02T10:00")) == at("02T10:00")
    assert next_open(at("03T17:00")) == at("06T08:30") == next_open(at("05T10:00"))


@pytest.mark.parametrize(
    ("start", "days", "end"), [("02T09:00", 1, "03T09:10"), ("03T18:00", 1, "06T09:10"), ("04T10:00", 0, "06T09:10"),
                               ("01T10:00", 4, "07T09:10")],
)  # fmt: skip
def test_working_days_leave_weekends_out(start: str, days: int, end: str) -> None:
    assert days_later(at(start), days, time(9, 10)) == at(end)


@pytest.mark.parametrize(
    ("start", "hours", "end"), [("02T09:00", 4, "02T13:00"), ("02T15:00", 4, "03T11:00"), ("03T15:00", 4, "06T11:00"),
                                ("04T12:00", 4, "06T12:30"), ("02T08:30", 8, "02T16:30")],
)  # fmt: skip
def test_half_a_working_day(start: str, hours: float, end: str) -> None:
    result = hours_later(at(start), hours)
    assert result == at(end) and is_open(result)
