"""Dates and texts of one fiscal year moved to another."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.calendars import FiscalYears, WorkCalendar
from songthan.domain.rolling import Roller

CALENDAR = WorkCalendar(days_off={date(2027, 7, 28): "วันเฉลิมฯ", date(2027, 1, 1): "ปีใหม่"})


def roller(old: int = 2566, new: int = 2570) -> Roller:
    return Roller(old=old, new=new, calendar=CALENDAR)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ประจำปีงบประมาณ พ.ศ. ๒๕๖๖", "ประจำปีงบประมาณ พ.ศ. ๒๕๗๐"),
        ("ประจำปีงบประมาณ พ.ศ. 2566", "ประจำปีงบประมาณ พ.ศ. 2570"),
        ("เทียบกับปี ๒๕๖๕ และเตรียมปี ๒๕๖๗", "เทียบกับปี ๒๕๖๙ และเตรียมปี ๒๕๗๑"),
        ("2566-q2", "2570-q2"),
        ("ตามประมวลจริยธรรม ประจำปีงบประมาณ พ.ศ. ๒๕๖๖ (แบบ ๑)", "ตามประมวลจริยธรรม ประจำปีงบประมาณ พ.ศ. ๒๕๗๐ (แบบ ๑)"),
        # 25 July 2570 is a Sunday; the others are working days
        ("ข้อ ๑-๒ วันที่ ๒๕ กรกฎาคม ๒๕๖๖", "ข้อ ๑-๒ วันที่ ๒๓ กรกฎาคม ๒๕๗๐"),
        ("ส่ง 15 มี.ค. 66", "ส่ง 15 มี.ค. 70"),
        ("วันพุธที่ ๑๕ มีนาคม พ.ศ. ๒๕๖๖", "วันจันทร์ที่ ๑๕ มีนาคม พ.ศ. ๒๕๗๐"),
        ("๑๕-๑๖ มิถุนายน ๒๕๖๖", "๑๕-๑๖ มิถุนายน ๒๕๗๐"),
        ("๑๙–๒๐ มิถุนายน ๒๕๖๖", "๑๘ มิถุนายน ๒๕๗๐"),
        ("๑–๒ พฤษภาคม ๒๕๖๖", "๓๐ เมษายน ๒๕๗๐"),
        ("๓๐–๓๑ พฤษภาคม ๒๕๖๖", "๒๘–๓๑ พฤษภาคม ๒๕๗๐"),
        ("ปี ๖๖", "ปี ๗๐"),
        ("ไม่มีปี ๘๐% ๕ เรื่อง ๑.๗ (๑)", "ไม่มีปี ๘๐% ๕ เรื่อง ๑.๗ (๑)"),
    ],
)
def test_the_years_and_dates_of_a_text_move(old: str, new: str) -> None:
    r = roller()
    assert r.text("ที่", old) == new
    assert r.questions == []
    assert [(t.old, t.new) for t in r.texts] == ([(old, new)] if old != new else [])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("พระราชบัญญัติมาตรฐานทางจริยธรรม พ.ศ. ๒๕๖๒", "กฎหมาย"),
        ("ระเบียบรัฐสภาว่าด้วยการลา พ.ศ. ๒๕๖๖", "กฎหมาย"),
        ("คำสั่งที่ ๑๒/๒๕๖๕", "เลขที่"),
        ("คำสั่งลงวันที่ ๒๒ พฤศจิกายน ๒๕๖๕", "วันที่ของหนังสือ"),
        ("สั่ง ณ วันที่ ๒๒ พฤศจิกายน ๒๕๖๕", "วันที่ของหนังสือ"),
        ("แผนปฏิบัติราชการ (พ.ศ. ๒๕๖๖ – ๒๕๗๐)", "ช่วงปี"),
        ("เริ่มเมื่อปี ๒๕๖๐", "ห่างจากปี"),
        ("๓๑ เมษายน ๒๕๖๖", "ไม่มีในปฏิทิน"),
        ("๑๕ มีนาคม ๒๕๖๐", "นอกปี"),
        ("ผู้เข้าร่วม ๒๕๖๖ คน", "จำนวน"),
        ("รายงานปี 2023", "ศักราช"),
        ("ดูที่ https://web.example/2566/ita", "เว็บ"),
        ("ปี ๖๐", "สองหลัก"),
    ],
)
def test_what_cannot_be_known_is_left_and_asked(text: str, word: str) -> None:
    r = roller()
    assert r.text("ที่", text) == text and r.texts == []
    assert word in r.questions[0].why and r.questions[0].place == "ที่"


def test_a_law_does_not_keep_the_fiscal_year_beside_it() -> None:
    r = roller()
    text = "ตามพระราชบัญญัติข้อมูลข่าวสาร พ.ศ. ๒๕๔๐ ประจำปีงบประมาณ พ.ศ. ๒๕๖๖"
    assert r.text("ที่", text).endswith("พ.ศ. ๒๕๔๐ ประจำปีงบประมาณ พ.ศ. ๒๕๗๐")
    assert len(r.questions) == 1


def test_why_a_date_moved_is_remembered() -> None:
    r = roller()
    assert r.move("ก", date(2023, 7, 28)) == date(2027, 7, 27)
    assert r.move("ข", date(2023, 1, 3)) == date(2027, 1, 4)
    assert r.move("ค", date(2023, 3, 15)) == date(2027, 3, 15)
    assert [d.why for d in r.dates] == ["วันเฉลิมฯ", "วันอาทิตย์", ""]


days = st.dates(date(2022, 10, 1), date(2023, 9, 30))
calendars = st.sets(st.dates(date(2022, 10, 1), date(2047, 9, 30)), max_size=200).map(
    lambda found: WorkCalendar(days_off=dict.fromkeys(found, "หยุด"))
)


@given(calendars, days, days, st.integers(2567, 2590))
def test_any_year_keeps_quarter_and_order_on_working_days(
    calendar: WorkCalendar, one: date, other: date, year: int
) -> None:
    r = Roller(old=2566, new=year, calendar=calendar)
    early, late = sorted((one, other))
    first, second = r.move("ก", early), r.move("ข", late)
    assert first <= second
    for old, new in ((early, first), (late, second)):
        assert calendar.is_working_day(new) and FiscalYears().year(new) == year and FiscalYears().quarter(new) == FiscalYears().quarter(old)


@given(calendars, days, st.integers(2567, 2588), st.integers(1, 3))
def test_going_by_steps_or_at_once_is_the_same(calendar: WorkCalendar, day: date, middle: int, more: int) -> None:
    direct = Roller(old=2566, new=middle + more, calendar=calendar).move("ก", day)
    first = Roller(old=2566, new=middle, calendar=calendar)
    there = first.move("ก", day)
    kept = {(d.place, d.new): d.nominal for d in first.dates}
    second = Roller(old=middle, new=middle + more, calendar=calendar, nominal=lambda place, d: kept.get((place, d)))
    # 29 February exists only every fourth year: from a year without it the 28th is what is known
    if (day.month, day.day) != (2, 29):
        assert second.move("ก", there) == direct


@given(st.text(max_size=60), st.integers(2567, 2590))
def test_any_text_keeps_everything_but_digits_months_and_weekdays(text: str, year: int) -> None:
    r = Roller(old=2566, new=year, calendar=CALENDAR)
    rolled = r.text("ที่", text)
    assert rolled == text or any(c.isdigit() for c in text)


def test_a_span_brought_together_opens_again() -> None:
    """15-16 June on a weekend is one Friday; the year after it is two days again."""
    first = Roller(old=2566, new=2567, calendar=CALENDAR)  # 15 and 16 June 2024 are Saturday and Sunday
    once = first.text("ที่", "๑๕-๑๖ มิถุนายน ๒๕๖๖")
    assert once == "๑๔ มิถุนายน ๒๕๖๗"
    kept = {(d.place, d.new): d.nominal for d in first.dates}
    again = Roller(old=2567, new=2570, calendar=CALENDAR, nominal=lambda place, d: kept.get((place, d)))
    assert again.text("ที่", once) == "๑๕-๑๖ มิถุนายน ๒๕๗๐"
    assert again.dates[0].new - again.dates[0].nominal == timedelta()


@pytest.mark.parametrize(
    ("old", "new", "asked"),
    [
        ("Safety Culture Plan 2027", "Safety Culture Plan 2028", ""),
        ("compared with 2026", "compared with 2027", ""),
        ("en-2027-q1", "en-2028-q1", ""),
        ("by 15 March 2027", "by 15 March 2027", "วันที่ในข้อความ"),
        ("by March 15, 2027", "by March 15, 2027", "วันที่ในข้อความ"),
        ("the Harbour Act 2026", "the Harbour Act 2026", "กฎหมาย"),
        ("the Harbour Act 1998, fiscal year 2027", "the Harbour Act 1998, fiscal year 2028", "กฎหมาย"),
        ("พ.ศ. ๒๕๗๐", "พ.ศ. ๒๕๗๐", "ศักราช"),
    ],
)
def test_an_office_of_the_common_era(old: str, new: str, asked: str) -> None:
    r = Roller(old=2027, new=2028, calendar=CALENDAR, fiscal=FiscalYears(first_month=1, offset=0))
    assert r.text("ที่", old) == new
    assert [asked in q.why for q in r.questions] == ([True] if asked else [])
