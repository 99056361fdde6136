"""The day somebody says he will be back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.absence import return_date
from songthan.domain.thai import thai_date

TODAY = date(2023, 3, 13)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("ลา ๑๓ มีนาคม ๒๕๖๖ ถึง ๑๗ มีนาคม ๒๕๖๖", date(2023, 3, 17)),
        ("ลาถึงวันที่ 17 มี.ค. 2566 ครับ", date(2023, 3, 17)),
        ("กลับมา ๑๗ มีนาคม พ.ศ. ๒๕๖๖", date(2023, 3, 17)),
        ("out of office until 17/03/2566", date(2023, 3, 17)),
        ("until 17.3.2023", date(2023, 3, 17)),
        ("back on 2023-03-17", date(2023, 3, 17)),
        ("ลาถึง ๑๗ มีนาคม ๒๕๖๖ (เขียนเมื่อ ๑ กุมภาพันธ์ ๒๕๖๖)", date(2023, 3, 17)),
        ("ลาวันนี้ ๑๓ มีนาคม ๒๕๖๖", TODAY),
        ("ลาถึง ๑๒ มีนาคม ๒๕๖๖", None),
        ("ลาถึง ๓๑ กุมภาพันธ์ ๒๕๖๖", None),
        ("ลาถึงวันศุกร์", None),
        ("โทร 0 2000 1219 เลขที่ 12/2566", None),
        ("", None),
    ],
)
def test_return_date(text: str, day: date | None) -> None:
    assert return_date(text, after=TODAY) == day


@given(st.dates(date(2023, 3, 13), date(2030, 1, 1)), st.booleans())
def test_every_date_we_write_is_read_back(day: date, short: bool) -> None:
    assert return_date(f"ลาถึง{thai_date(day, short=short)} ครับ", after=TODAY) == day


@given(st.text(max_size=300))
def test_any_text_gives_a_day_not_before_or_none(text: str) -> None:
    found = return_date(text, after=TODAY)
    assert found is None or found >= TODAY


def test_a_long_text_is_cut_off_and_quick() -> None:
    assert return_date("9" * 5_000_000, after=TODAY) is None
    assert return_date("x" * 30_000 + "๑๗ มีนาคม ๒๕๖๖", after=TODAY) is None
