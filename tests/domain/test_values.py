"""Numbers and ticks as people type them: read for sure, or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.thai import to_thai_digits
from songthan.domain.values import (
    clean_text,
    decimal_of,
    is_none_word,
    is_placeholder,
    parse_count,
    parse_number,
    parse_percent,
    parse_tick,
    typed_decimals,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("๗๒.๕", "72.5"),
        ("ร้อยละ ๗๒.๕", "72.5"),
        ("ร้อยละ๑๐๐", "100"),
        ("72.50 %", "72.5"),
        ("７２．５％", "72.5"),
        (" ๘๐\u200b % ", "80"),
        ("90 เปอร์เซ็นต์", "90"),
        ("100.00", "100"),
        ("๐", "0"),
        ("05", "5"),
        ("0.5%", "0.5"),
        ("……90", "90"),
    ],
)
def test_percents_that_are_clear(text, value):
    assert parse_percent(text).value == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("……", "empty"),
        ("-", "none"),
        ("ไม่มี", "none"),
        ("๙๐-๙๕", "several"),
        ("90 หรือ 95", "several"),
        ("๓๓๓๓", "range"),
        ("101", "range"),
        ("1,5", "decimal-comma"),
        ("72,50", "decimal-comma"),
        ("๙5", "mixed-digits"),
        ("0000", "leading-zeros"),
        ("-5", "negative"),
        ("0.9", "fraction"),
        ("๓๙ คน", "unit"),
        ("ประมาณ ๙๐", "words"),
        ("≥ 80", "words"),
        ("72.", "words"),
        ("เก้าสิบ", "words"),
        ("½", "words"),
        ("٩٠", "words"),
        ("90/100", "several"),
        ("1e1", "several"),
    ],
)
def test_percents_that_can_be_meant_otherwise(text, reason):
    parsed = parse_percent(text)
    assert (parsed.value, parsed.reason) == (None, reason)


@pytest.mark.parametrize(
    ("text", "value", "reason"),
    [
        ("1,500", "1500", ""),
        ("๑,๒๓๔,๕๖๗ บาท", "1234567", ""),
        ("จำนวน ๓๙ คน", "39", ""),
        ("12,34", None, "decimal-comma"),
        ("1,23,456", None, "several"),
        ("72 %", None, "unit"),
    ],
)
def test_numbers(text, value, reason):
    parsed = parse_number(text)
    assert (parsed.value, parsed.reason) == (value, reason)


def test_counts_are_whole():
    assert parse_count("๕ เรื่อง").value == "5"
    assert parse_count("4.5").reason == "whole"


@given(st.decimals(min_value=1, max_value=100, places=2))
def test_every_way_of_writing_a_percent_says_the_same(number):
    plain = f"{number:.2f}"
    ways = [plain, f"{plain}%", f"ร้อยละ {plain}", to_thai_digits(plain), f"ร้อยละ {to_thai_digits(plain)}"]
    got = {parse_percent(way).value for way in ways}
    assert len(got) == 1
    assert Decimal(got.pop()) == number


@given(st.text(max_size=12) | st.text(alphabet="0123456789๐๑๒๓๔๕๖๗๘๙.,-%ร้อยละคน ", max_size=10))
def test_whatever_is_typed_never_raises_and_a_value_is_a_plain_number(text):
    parsed = parse_percent(text)
    assert (parsed.value is None) == bool(parsed.reason)
    if parsed.value is not None:
        assert 0 <= Decimal(parsed.value) <= 100
        assert parse_percent(parsed.value + "%").value == parsed.value
    assert (parse_count(text).value is None) == bool(parse_count(text).reason)


@given(st.integers(0, 10**9))
def test_thousands_commas_change_nothing(number):
    assert parse_number(f"{number:,}").value == parse_number(str(number)).value == str(number)


FULL_WIDTH = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
DIGITS = (str, to_thai_digits, lambda text: text.translate(FULL_WIDTH))
SPACES = st.sampled_from(["", " ", "\u00a0", "\u200b", " \u200b", "\u3000"])


@st.composite
def typed(draw, number: str, *, before: list[str], after: list[str]):
    """`number` as someone may type it: any digits, words and signs around it, spaces and invisible signs anywhere."""
    text = draw(st.sampled_from(DIGITS))(number)
    cut = draw(st.integers(0, len(text)))
    text = text[:cut] + draw(st.sampled_from(["", "\u200b", "\u2060", "\ufeff"])) + text[cut:]
    words = [draw(SPACES), draw(st.sampled_from(before)), draw(SPACES), text, draw(SPACES)]
    return "".join([*words, draw(st.sampled_from(after)), draw(SPACES)])


@given(st.data(), st.integers(0, 10**8), st.booleans())
def test_a_count_comes_back_whatever_stands_around_it(data, number, commas):
    written = f"{number:,}" if commas else str(number)
    text = data.draw(typed(written, before=["", "จำนวน", "รวม"], after=["", "คน", "เรื่อง", "ครั้ง"]))
    assert parse_count(text).value == parse_number(text).value == str(number), text


@given(st.data(), st.decimals(min_value=1, max_value=100, places=3))
def test_a_percent_comes_back_whatever_stands_around_it(data, number):
    text = data.draw(typed(f"{number:f}", before=["", "ร้อยละ", "ร้อยละของ"], after=["", "%", "％", "เปอร์เซ็นต์"]))
    value = parse_percent(text).value
    assert decimal_of(value) == number, text
    assert typed_decimals(text, value) == 3


@pytest.mark.parametrize(
    ("raw", "value", "places"),
    [("๘๐.๐๐ %", "80", 2), ("80", "80", 0), ("ร้อยละ ๘๑.๒๕๐", "81.25", 3), ("", "81.25", 2), ("อื่น ๆ 7.000", "80", 0)],
)
def test_the_decimals_a_number_was_typed_with(raw, value, places):
    assert typed_decimals(raw, value) == places


@pytest.mark.parametrize("value", [None, "", "1e9", "headcount", "NaN", "٣", "1" * 41, "1,5"])
def test_only_a_plain_decimal_is_a_number(value):
    assert decimal_of(value) is None


@pytest.mark.parametrize("text", ["☑", "☒", "✓", "✔", "✔\ufe0f", "/", "x", "X", "มี", "☐ ✓", "( / )", "[x]"])
def test_ticks(text):
    assert parse_tick(text) is True


@pytest.mark.parametrize(
    ("text", "tick"), [("☐", False), ("□", False), ("ไม่มี", False), ("", None), ("ok", None), ("-", None)]
)
def test_no_ticks(text, tick):
    assert parse_tick(text) is tick


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\u00a0 ก\r\nข  ค \u200b", "ก\nข  ค"),
        ("……", ""),
        (". . .", ""),
        ("…… ดำเนินการแล้ว", "ดำเนินการแล้ว"),
        ("ดำเนินการแล้ว……", "ดำเนินการแล้ว"),
        ("เป็นต้น...", "เป็นต้น..."),
        ("ก ๆ ฯลฯ", "ก ๆ ฯลฯ"),
    ],
)
def test_clean_text_keeps_what_was_typed(text, kept):
    assert clean_text(text) == kept


def test_placeholder_and_none():
    assert is_placeholder("…\u00a0.") and is_placeholder("") and not is_placeholder("-")
    assert is_none_word(" ไม่มี ") and is_none_word("-") and not is_none_word("ไม่มีปัญหา")
