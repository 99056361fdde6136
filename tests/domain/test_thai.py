"""Thai digits, dates and the one spelling used to compare."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.thai import canonical, squeeze, thai_date, thai_datetime, to_arabic_digits, to_thai_digits

thai_text = st.text(
    st.characters(min_codepoint=0x0E01, max_codepoint=0x0E4E) | st.characters(min_codepoint=0xF700, max_codepoint=0xF71A)
)


def test_dates() -> None:
    day = date(2023, 3, 15)
    assert thai_date(day) == "๑๕ มีนาคม ๒๕๖๖" and thai_date(day, short=True) == "๑๕ มี.ค. ๒๕๖๖"
    assert thai_date(day, weekday=True) == "วันพุธที่ ๑๕ มีนาคม ๒๕๖๖"
    assert thai_datetime(datetime(2023, 3, 15, 16, 5)) == "๑๕ มีนาคม ๒๕๖๖ เวลา ๑๖.๐๕ น."


@given(st.text())
def test_digits_there_and_back(text: str) -> None:
    assert to_arabic_digits(to_thai_digits(text)) == to_arabic_digits(text)
    assert not set(to_thai_digits(text)) & set("0123456789")
    assert not set(to_arabic_digits(text)) & set("๐๑๒๓๔๕๖๗๘๙")


def test_full_width_digits_are_digits() -> None:
    assert to_arabic_digits("１２๓") == "123"


@given(thai_text | st.text())
def test_comparing_twice_changes_nothing(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once == canonical(unicodedata.normalize("NFD", text))
    assert squeeze(squeeze(text)) == squeeze(text)


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("น\u0e4d\u0e32", "นำ"),
        ("น\u0e4d\u0e49\u0e32", "น\u0e49\u0e33"),
        ("ท\uf70a", "ท\u0e48"),
        ("ญ\uf711\u0e32", "ญำ"),
    ],
)
def test_what_programs_make_of_thai_is_the_same_word(typed: str, same: str) -> None:
    assert canonical(typed) == canonical(same) == same


def test_labels_are_compared_without_their_white_space() -> None:
    assert squeeze(" ผล\u200bการ \n ดำเนิน\u00a0การ ") == "ผลการ ดำเนิน การ"
