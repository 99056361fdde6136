"""Dates as people type them: the one day that was meant, or no date at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.thai import MONTHS, SHORT_MONTHS, WEEKDAYS, thai_date, to_thai_digits
from songthan.domain.values import parse_date

IDES = "2023-03-15"


@pytest.mark.parametrize(
    "text",
    [
        "2023-03-15",
        "2566-03-15",
        "15/3/2566",
        "15/03/66",
        "15-03-2566",
        "15.3.2023",
        "15 / 3 / 2566",
        "๑๕/๓/๒๕๖๖",
        "１５／３／２５６６",
        "วันที่ ๑๕ มีนาคม พ.ศ. ๒๕๖๖",
        "วันที่ 15 เดือน มีนาคม พ.ศ. 2566",
        "วันที่ ๑๕ เดือน ๓ ปี ๒๕๖๖",
        "ณ วันที่ 15 มีนาคม 2566",
        "๑๕ มี.ค. ๖๖",
        "๑๕ มีค ๖๖",
        "๑๕ มี.ค ๒๕๖๖",
        "๑๕มีค.๖๖",
        "15-มี.ค.-66",
        "15 มีนา 2566",
        "15 มีนาคม ค.ศ. 2023",
        "15 มีนาคม 2023",
        "วันพุธที่ ๑๕ มีนาคม ๒๕๖๖",
        "วันพุธ 15 มี.ค. 2566",
        "……15 มีนาคม 2566……",
        "วันที่ …15… เดือน …มีนาคม… พ.ศ. …2566…",
        "\u200b15\u00a0มีนาคม\n2566 ",
        "๑๕ มีนาคม 2566",
        "2566/03/15",
    ],
)
def test_one_day_in_many_spellings(text):
    assert parse_date(text).value == IDES


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("……", "empty"),
        ("-", "none"),
        ("ไม่มี", "none"),
        ("สิ้นเดือนมีนาคม", "date"),
        ("มีนาคม 2566", "date"),
        ("20230315", "date"),
        ("15/3-2566", "date"),
        ("3/15/2566", "date"),
        ("31/2/2566", "date"),
        ("29 ก.พ. 2566", "date"),
        ("0/1/2566", "date"),
        ("2566/03/04", "date"),
        ("15/3/2566 10.30 น.", "date"),
        ("2023-03-15T00:00", "date"),
        ("ภายในวันที่ 15 มีนาคม 2566", "date"),
        ("15 March 2023", "date"),
        ("٣/٣/2566", "date"),
        ("15/3", "year"),
        ("15 มีนาคม", "year"),
        ("15/3/566", "year"),
        ("15/3/23", "year"),
        ("15 มี.ค. 23", "year"),
        ("15 มีนาคม ค.ศ. 66", "year"),
        ("15 มีนาคม ค.ศ. 2566", "year"),
        ("15 มีนาคม พ.ศ. 2023", "year"),
        ("15/3/2300", "year"),
        ("15/3/25666", "year"),
        ("วันอังคารที่ ๑๕ มีนาคม ๒๕๖๖", "weekday"),
        ("15-17 มีนาคม 2566", "several"),
        ("15 และ 16 มีนาคม 2566", "several"),
        ("15 มี.ค. 66 ถึง 17 มี.ค. 66", "several"),
        ("15/3/66-17/3/66", "several"),
        ("๑5/3/2566", "mixed-digits"),
    ],
)
def test_what_is_no_date_or_can_be_two(text, reason):
    parsed = parse_date(text)
    assert (parsed.value, parsed.reason) == (None, reason)


def test_a_short_year_with_its_era_is_clear():
    assert parse_date("15 มีนาคม พ.ศ. 23").value == "1980-03-15"
    assert parse_date("29/2/67").value == "2024-02-29"


days = st.dates(min_value=date(1900, 1, 1), max_value=date(2150, 12, 31))
# two-digit years from 25(44) on: before that they could be meant as 20xx
recent = st.dates(min_value=date(2001, 1, 1), max_value=date(2056, 12, 31))


@st.composite
def spelled(draw, day: date, short_year: bool = False):
    """`day` in one of the ways an office writes it."""
    buddhist = draw(st.booleans())
    year = str(day.year + 543) if buddhist else str(day.year)
    era = draw(st.sampled_from(["", "พ.ศ. ", "พ.ศ.", "พศ ", "ปี พ.ศ. ", "ปี "] if buddhist else ["", "ค.ศ. ", "คศ "]))
    if short_year:
        year, era = f"{(day.year + 543) % 100:02d}", draw(st.sampled_from(["", "พ.ศ. "]))
    number = draw(st.sampled_from([str(day.day), f"{day.day:02d}"]))
    sign = draw(st.sampled_from("/-."))
    month = draw(st.sampled_from([str(day.month), f"{day.month:02d}"]))
    short = SHORT_MONTHS[day.month - 1]
    name = draw(st.sampled_from([MONTHS[day.month - 1], short, short.replace(".", ""), short[:-1]]))
    weekday = WEEKDAYS[day.weekday()]
    lead = draw(st.sampled_from(["", "วันที่ ", "วันที่", f"วัน{weekday}ที่ ", f"วัน{weekday} ", f"{weekday}ที่ "]))
    gap = draw(st.sampled_from([" ", "  ", "\u00a0", "", "\u200b ", "-"]))
    text = draw(
        st.sampled_from(
            [
                f"{number}{sign}{month}{sign}{year}",
                f"{lead}{number}{gap}{name}{gap}{era}{year}",
                f"{lead}{number} เดือน{name} {era}{year}",
                f"{number} เดือน {month} {era or 'ปี '}{year}",
                *([] if short_year else [f"{year}-{day.month:02d}-{day.day:02d}", thai_date(day, weekday=True)]),
            ]
        )
    )
    return to_thai_digits(text) if draw(st.booleans()) else text


@given(st.data(), days)
def test_every_spelling_comes_back_as_the_same_day(data, day):
    text = data.draw(spelled(day))
    assert parse_date(text).value == day.isoformat(), text


@given(st.data(), recent)
def test_short_years_too(data, day):
    text = data.draw(spelled(day, short_year=True))
    assert parse_date(text).value == day.isoformat(), text


@given(recent, st.integers(1, 6))
def test_a_weekday_that_is_another_days_is_a_doubt(day, wrong):
    other = WEEKDAYS[(day + timedelta(days=wrong)).weekday()]
    assert parse_date(f"วัน{other}ที่ {thai_date(day)}").reason == "weekday"


@given(st.text(max_size=16) | st.text(alphabet="0123456789๐๑๒๓/-. มีค.พศวันที่ปี", max_size=20))
def test_whatever_is_typed_is_a_day_or_a_reason(text):
    parsed = parse_date(text)
    assert (parsed.value is None) == bool(parsed.reason)
    if parsed.value is not None:
        assert date.fromisoformat(parsed.value).isoformat() == parsed.value == parse_date(parsed.value).value
