"""Numbers, percents, dates and ticks as people type them in Thai forms, and in English ones, read without guessing.

Whatever can be meant in two ways comes back as None with a reason; a person is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from songthan.domain.dates import read_date
from songthan.domain.language import current
from songthan.domain.thai import squeeze, to_arabic_digits

__all__ = [
    "Parsed",
    "clean_text",
    "decimal_of",
    "is_none_word",
    "is_placeholder",
    "marks_of",
    "parse_count",
    "parse_date",
    "parse_number",
    "parse_percent",
    "parse_tick",
    "typed_decimals",
]

TICKED = frozenset("☑☒✓✔✅✗✘√⊠🗹🗷■◉●/xX×")
EMPTY_BOX = frozenset("☐□◻▢○◯⬜")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_EDGES = " \t\r\n\v\f\u00a0\u2002\u2003\u2009\u202f\u3000" + _INVISIBLE
_DOTS = frozenset(".…·․‥_" + _EDGES)
_NONE_WORDS = frozenset({"-", "–", "—", "--", "ไม่มี", "ไม่มีครับ", "ไม่มีค่ะ", "n/a", "none", "none.", "nil"})
_PLACEHOLDER_EDGE = re.compile(rf"^(?:…{{2}}[{_EDGES}]*)|(?:[{_EDGES}]*…{{2}})$")
_PERCENT_WORD = re.compile(r"^ร้อยละ\s*(?:ของ)?|(?:%|％|เปอร์เซ็นต์|เปอร์เซนต์|เปอร์เซ็น|per ?cent)$", re.IGNORECASE)
_UNIT_WORD = re.compile(r"(?:คน|ท่าน|ราย|นาย|เรื่อง|ครั้ง|ช่องทาง|ข้อ|แห่ง|บาท|คะแนน|ประเด็น|ชิ้น|เล่ม|แนวทาง|รูปแบบ|ประเภท|กลุ่ม|หน่วยงาน|กิจกรรม|โครงการ|ฉบับ|แผ่น|ด้าน|มิติ|รายการ|สื่อ|อย่าง|ชุด|ภาพ)$")
_COUNT_HEAD = re.compile(r"^(?:จำนวน|รวม)\s*")
_VALUE = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_COMMA = re.compile(r"\d+,\d+")
_TWO_WAYS = re.compile(r"[1-9]\d{0,2},\d{3}")
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([ .'])\d{3})(?:\1\d{3})*(?:,\d+)?")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A number as a plain decimal string (a date as «2023-03-15»), or None and why.

    Reasons: «empty», «none» (the person wrote that there is none), «words» (no number understood), «several» (more
    than one number), «decimal-comma», «mixed-digits», «leading-zeros», «negative», «range», «fraction» (0.9: is it
    90 %?), «unit» (persons where a percent is asked, or the other way round), «whole» (a count with decimals), «date»
    (no day of the calendar), «year» (missing, or two ways to read it), «weekday» (another day's name stands before it).
    """

    value: str | None
    reason: str = ""


def clean_text(text: str) -> str:
    """What an answer keeps of typed text: line ends as «\\n», white space and our placeholder gone at both ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip(_EDGES)
    if is_placeholder(text):
        return ""
    # A member who typed beside the placeholder «……» left it standing at one end; it is ours, not an answer.
    return _PLACEHOLDER_EDGE.sub("", text).strip(_EDGES)


def is_placeholder(text: str) -> bool:
    """True for a text of nothing but dots, ellipses, underscores and (invisible) spaces: nobody answered."""
    return all(char in _DOTS for char in text)


def is_none_word(text: str) -> bool:
    """True for «-» and «ไม่มี» (or the office's own word): the person answered that there is none."""
    word = text.strip(_EDGES).lower()
    return word in _NONE_WORDS or word.rstrip(".") in current().none


def parse_number(text: str) -> Parsed:
    """A number that is not negative, in Thai, ASCII or full-width digits, with comma thousands and a unit word."""
    return _parse(text, percent=False)


def parse_percent(text: str) -> Parsed:
    """A percent from 0 to 100: «ร้อยละ ๗๒.๕», «72.5 %», «72.5»."""
    parsed = _parse(text, percent=True)
    if parsed.value is None:
        return parsed
    number = Decimal(parsed.value)
    if number > 100:
        return Parsed(value=None, reason="range")
    said = re.search(r"ร้อยละ|%|％|เปอร์เซ|per ?cent", text, re.IGNORECASE) or any(w in text.lower() for w in current().percent)
    if 0 < number < 1 and not said:
        return Parsed(value=None, reason="fraction")
    return parsed


def parse_count(text: str) -> Parsed:
    """A whole number: persons, topics, channels."""
    parsed = _parse(text, percent=False)
    if parsed.value is not None and "." in parsed.value:
        return Parsed(value=None, reason="whole")
    return parsed


def parse_date(text: str) -> Parsed:
    """One day, as «2023-03-15»: «วันที่ ๑๕ มีนาคม พ.ศ. ๒๕๖๖», «15 มี.ค. 66», «15/3/2566», «2023-03-15».

    Day first; years from 2400 on are Buddhist, two-digit years are 25xx where they cannot be meant as 20xx.
    """
    if is_none_word(text):
        return Parsed(value=None, reason="none")
    rest = _one_line(text)
    if not rest:
        return Parsed(value=None, reason="empty")
    day, reason = read_date(rest)
    return Parsed(value=day.isoformat() if day else None, reason=reason)


def _one_line(text: str) -> str:
    """The cleaned text without invisible signs, every run of white space as one space."""
    rest = clean_text(text)
    for char in _INVISIBLE:
        rest = rest.replace(char, "")
    return " ".join(rest.split())


def _parse(text: str, *, percent: bool) -> Parsed:
    if is_none_word(text):
        return Parsed(value=None, reason="none")
    rest = _one_line(text)
    if not rest:
        return Parsed(value=None, reason="empty")
    bare = _without_percent(_PERCENT_WORD.sub("", _PERCENT_WORD.sub("", rest)).strip())
    if not percent and bare != rest:
        return Parsed(value=None, reason="unit")
    counted = _COUNT_HEAD.sub("", _UNIT_WORD.sub("", _without_unit(bare)).strip())
    if percent and counted != bare:
        return Parsed(value=None, reason="unit" if re.search(r"\d", to_arabic_digits(counted)) else "words")
    if re.search("[๐-๙]", counted) and re.search("[0-9０-９]", counted):
        return Parsed(value=None, reason="mixed-digits")
    return _digits(to_arabic_digits(counted).replace("．", ".").replace("，", ","))


def _without_percent(text: str) -> str:
    """«72,5 pour cent» without the office's own words for «%»."""
    found = next((w for w in current().percent if text.lower().endswith(w)), "")
    return text[: len(text) - len(found)].rstrip()


def _without_unit(text: str) -> str:
    """«12 people» without the unit word of the office's own language; it stands behind a digit and a space."""
    units = current().units
    head, _, last = text.rpartition(" ")
    return head if units and last.lower() in units and head[-1:].isdigit() else text


def _digits(text: str) -> Parsed:
    """The number in a text that should hold nothing else (ASCII digits by now)."""
    if not text.isascii():
        return Parsed(value=None, reason="several" if len(re.findall("[0-9]+", text)) > 1 else "words")
    if current().decimal == ",":
        pointed = _pointed(text)
        if pointed is None:
            return Parsed(value=None, reason=_why_not(text))
        text = pointed
    if _PLAIN.fullmatch(text):
        plain = text
    elif _THOUSANDS.fullmatch(text) and not text.startswith("0"):
        plain = text.replace(",", "")
    else:
        return Parsed(value=None, reason=_why_not(text))
    if re.match(r"00", plain):
        return Parsed(value=None, reason="leading-zeros")
    whole, _, part = plain.partition(".")
    part = part.rstrip("0")
    whole = whole.lstrip("0") or "0"
    return Parsed(value=f"{whole}.{part}" if part else whole)


def _pointed(text: str) -> str | None:
    """A number of an office with a decimal comma («12 500,50», «12.500,50», «72,5») with a point; None for «12,500», which
    may be meant in two ways. What is no such number comes back as it is."""
    if _TWO_WAYS.fullmatch(text):
        return None
    if _GROUPED.fullmatch(text):
        text = re.sub("[ .']", "", text)
    return text.replace(",", ".") if _COMMA.fullmatch(text) else text


def _why_not(text: str) -> str:
    if re.fullmatch(r"[-\u2212]\s?[\d.,]+", text):
        return "negative"
    if re.fullmatch(r"\d+,\d+", text):
        return "decimal-comma"
    return "several" if len(re.findall(r"\d+(?:\.\d+)?", text)) > 1 else "words"


def decimal_of(value: str | None) -> Decimal | None:
    """The number of a plain decimal string (an answer's value, a field's bound), or None for anything else."""
    return Decimal(value) if value is not None and _VALUE.fullmatch(value) else None


def typed_decimals(raw: str, value: str) -> int:
    """How many digits after the point the number `value` was typed with in `raw` («๘๐.๐๐ %» → 2).

    A value drops the zeros at its end; where `raw` does not hold the number, the value's own digits count.
    """
    text = to_arabic_digits(_one_line(raw)).replace("．", ".")
    comma = current().decimal == ","
    text = re.sub(r"(?<=\d),(?=\d)", ".", re.sub(r"(?<=\d)[ .'](?=\d{3}(?!\d))", "", text)) if comma else text.replace(",", "")
    kept = len(value.partition(".")[2])
    numbers = re.findall(r"[0-9]+(?:\.[0-9]+)?", text)
    return max([kept, *(len(n.partition(".")[2]) for n in numbers if decimal_of(n) == decimal_of(value))])


def marks_of(text: str) -> str:
    """The tick and box characters of `text`, in order."""
    return "".join(char for char in text if char in TICKED or char in EMPTY_BOX)


def parse_tick(text: str) -> bool | None:
    """True for a ticked box or a tick («☑ ☒ ✓ / x มี»), False for an empty box or «ไม่มี», None where it is neither.

    A tick typed beside an empty box («☐ ✓») counts as a tick; a variation selector after a sign does not matter.
    """
    text = squeeze(text.replace("\ufe0e", "").replace("\ufe0f", "")).strip("()[] ")
    if text.lower() in ("มี", "ใช่", "yes", *current().yes):
        return True
    if text.lower() in ("ไม่มี", "ไม่ใช่", "no", *current().no):
        return False
    signs = text.replace(" ", "")
    if not signs or any(char not in TICKED and char not in EMPTY_BOX for char in signs):
        return None
    return any(char in TICKED for char in signs)
