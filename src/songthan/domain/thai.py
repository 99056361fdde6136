"""Thai digits, Buddhist years and official date words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

_TO_THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
_TO_ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙０１２３４５６７８９", "01234567890123456789")

MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
SHORT_MONTHS = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
#: What is added to a Common Era year to name it in the Buddhist era.
BUDDHIST_ERA = 543
WEEKDAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")


def to_thai_digits(text: object) -> str:
    """`text` with Arabic digits written as Thai digits."""
    return str(text).translate(_TO_THAI)


def to_arabic_digits(text: str) -> str:
    """`text` with Thai and full-width digits written as ASCII digits."""
    return text.translate(_TO_ARABIC)


def thai_date(day: date, *, weekday: bool = False, short: bool = False) -> str:
    """`day` as an office writes it: «๑๕ มีนาคม ๒๕๖๖» (`short`: «๑๕ มี.ค. ๒๕๖๖»), with «วันพุธที่» before it on demand."""
    month = (SHORT_MONTHS if short else MONTHS)[day.month - 1]
    text = to_thai_digits(f"{day.day} {month} {day.year + BUDDHIST_ERA}")
    return f"วัน{WEEKDAYS[day.weekday()]}ที่ {text}" if weekday else text


def thai_datetime(at: datetime) -> str:
    """`at` as «๑๕ มีนาคม ๒๕๖๖ เวลา ๑๖.๓๐ น.»."""
    return f"{thai_date(at.date())} เวลา {to_thai_digits(at.strftime('%H.%M'))} น."


_PRIVATE = {
    0xF700: 0x0E10, 0xF701: 0x0E34, 0xF702: 0x0E35, 0xF703: 0x0E36, 0xF704: 0x0E37, 0xF705: 0x0E48, 0xF706: 0x0E49,
    0xF707: 0x0E4A, 0xF708: 0x0E4B, 0xF709: 0x0E4C, 0xF70A: 0x0E48, 0xF70B: 0x0E49, 0xF70C: 0x0E4A, 0xF70D: 0x0E4B,
    0xF70E: 0x0E4C, 0xF70F: 0x0E0D, 0xF710: 0x0E31, 0xF711: 0x0E4D, 0xF712: 0x0E47, 0xF713: 0x0E48, 0xF714: 0x0E49,
    0xF715: 0x0E4A, 0xF716: 0x0E4B, 0xF717: 0x0E4C, 0xF718: 0x0E38, 0xF719: 0x0E39, 0xF71A: 0x0E3A,
}  # fmt: skip
_NIKHAHIT = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32")


def canonical(text: str) -> str:
    """The one spelling used to COMPARE Thai text: NFC, ำ composed, private-use glyph codes made standard.

    Never applied to what is kept: an answer stays as it was typed.
    """
    text = unicodedata.normalize("NFC", text.translate(_PRIVATE))
    return _NIKHAHIT.sub(lambda m: m.group(1) + "\u0e33", text)


def squeeze(text: str) -> str:
    """`canonical(text)` with every run of white space as one space, ends stripped: for comparing labels."""
    return " ".join(canonical(text).replace("\u200b", "").split())
