"""Dates inside a cell or box of a plan: «๑๕ มีนาคม ๒๕๖๗», «15 มี.ค. 67», «๑๕/๓/๒๕๖๗», «ภายในเดือนมีนาคม ๒๕๖๗», spans.

A date is read only where it can be meant in one way; what had to be supposed (a year, a month's last day, a span's end,
a misspelt month) is told as a doubt beside it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches

from songthan.domain.calendars import FiscalYears
from songthan.domain.dates import read_date
from songthan.domain.thai import BUDDHIST_ERA, MONTHS, SHORT_MONTHS, WEEKDAYS, to_arabic_digits, to_thai_digits

__all__ = ["D", "MONTH", "SPELLED", "FoundDate", "dates_in"]

D = "0-9๐-๙"
_END = "(?![ก-๎])"


def _abbreviated(name: str) -> str:
    """«มี.ค.» with a dot or a space left out; without its last dot no letter may follow."""
    letters = [re.escape(part) for part in name.split(".") if part]
    return r"\s?\.?\s?".join(letters) + rf"(?:\s?\.|{_END})"


#: a month's name; a line may end inside it
MONTH = "|".join(
    [
        *(r"\s?".join(re.escape(c) for c in m) for m in MONTHS),
        *(_abbreviated(m) for m in SHORT_MONTHS),
        *(re.sub("(?:คม|ยน|พันธ์)$", "", m) + _END for m in MONTHS),
    ]
)
_NAMES = {re.sub(r"[.\s]", "", m): n for n, m in enumerate(SHORT_MONTHS, 1)}
_NAMES |= {re.sub("(?:คม|ยน|พันธ์)$", "", m): n for n, m in enumerate(MONTHS, 1)} | {
    m: n for n, m in enumerate(MONTHS, 1)
}
_ERA = r"(?:พ\.?\s?ศ\.?)?\s*"
#: a two-digit year is none where it counts something («๑๕ มี.ค. ๖๖ คน»)
_COUNTED = rf"(?![{D}/])(?!\s*(?:%|คน|ราย|เรื่อง|ฉบับ|เล่ม|ครั้ง|คะแนน|ชุด|แผ่น|หน้า|บาท|แห่ง|กิจกรรม|โครงการ|คลิป))"
_SHORT = rf"['’]?\s?[๔-๙4-9][{D}]{_COUNTED}"
#: four digits, also where a line ended inside them
_FOUR = rf"[{D}]{{4}}(?![{D}])|[2๒]\s?[5๕]\s?[{D}]\s?[{D}](?![{D}])"
_YEAR = rf"(?:\s*{_ERA}({_FOUR}|{_SHORT}))"
SPELLED = re.compile(rf"(?<![{D}])([{D}]{{1,2}})\s*(?:เดือน\s*)?({MONTH}){_YEAR}?")
_NUMERIC = re.compile(
    rf"(?<![{D}/.])([{D}]{{1,2}})\s?([/.-])\s?([{D}]{{1,2}})\s?\2\s?([{D}]{{4}}(?![{D}])|(?<=[/-])[๔-๙4-9][{D}](?![{D}/-]))"
)
#: «15.3.67» is a date where nothing else stands beside it, and else the number of an item
_DOTTED = re.compile(rf"\s*(?:ภายใน)?(?:วันที่)?\s*([{D}]{{1,2}})(\.)([{D}]{{1,2}})\.([๔-๙4-9][{D}])\s*")
_MISSPELT = re.compile(
    rf"(?<![{D}])([{D}]{{1,2}})\s*([ก-์][ก-์.]{{3,13}}?)\s*{_ERA}([2๒][5๕][{D}]{{2}}|{_SHORT})(?![{D}])"
)
_MONTH_ONLY = re.compile(rf"(?:(ต้น|กลาง)|(สิ้น|ปลาย|ภายใน))?\s*(?:(ประจำ)?เดือน)?\s*({MONTH}){_YEAR}?")
_LIMIT = re.compile("(?:ภายใน(?:สิ้น)?|สิ้น|ปลาย)\\s*(?:เดือน)?\\s*$")
_SPAN = re.compile(rf"([{D}]{{1,2}})\s*(?:-|–|ถึง|และ|,)\s*(?:วันที่\s*)?$")
_JOINS = re.compile(r"\s*(?:-|–|—|จนถึง|ถึง)\s*(?:วันที่|เดือน|สิ้นเดือน)?\s*")
_WEEKDAY = re.compile(rf"(?:วัน)({'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})\s?(?:ที่)?\s*$")
_NUMBER = re.compile(r"(?:^|[\s(])(?:ที่\s*)?([1๑2๒3๓]|[lIO|])\s?$")
_NAMED_NUMBER = re.compile(r"(?:ข้อ|กิจกรรม|รายการ|ลำดับ|ครั้ง|ส่วน|ระยะ|รอบ|เฟส)\s*(?:ที่)?\s*\S\s*$")


@dataclass(frozen=True, kw_only=True)
class FoundDate:
    """A date in a text. `day` is None when the calendar has no such day; `doubt` says in Thai what is odd about it."""

    day: date | None
    text: str
    start: int
    end: int
    doubt: str = ""


def dates_in(text: str, fiscal_year: int, *, months: bool = False) -> list[FoundDate]:
    """Every date in `text`, in order. A date without a year is the fiscal year's, and doubted; a misspelt month too.

    A month alone is its last day where it is said to be the limit («ภายในเดือนมีนาคม»); with `months` (a column of dates)
    wherever no day is named. Both are doubted.
    """
    found: list[FoundDate] = []

    def free(match: re.Match[str]) -> bool:
        return not any(f.start < match.end() and match.start() < f.end for f in found)

    for match in [*SPELLED.finditer(text), *_NUMERIC.finditer(text), *filter(None, [_DOTTED.fullmatch(text)])]:
        if free(match):
            numeric = match.re is not SPELLED
            month = int(to_arabic_digits(match[3])) if numeric else _NAMES[re.sub(r"[.\s]", "", match[2])]
            found.append(_dated(text, match, month, match[4] if numeric else match[3], fiscal_year))
    for match in _MISSPELT.finditer(text):
        near = get_close_matches(match[2], MONTHS, 1, 0.75) if free(match) else []
        if near:
            one = _dated(text, match, MONTHS.index(near[0]) + 1, match[3], fiscal_year)
            found.append(replace(one, doubt=one.doubt or f"ชื่อเดือน «{match[2]}» อ่านเป็น «{near[0]}»"))
    days = bool(found)
    for match in _MONTH_ONLY.finditer(text):
        limit = bool(match[2]) or bool(_LIMIT.search(text[: match.start(4)]))
        # «สำนักงาน ก.พ.» is no month: one alone needs the word, its year or the whole text
        named = bool(match[5]) or "เดือน" in match[0] or match[0].strip() == text.strip()
        if free(match) and not match[3] and (limit or (months and not days and named)):
            found.append(_month(match, fiscal_year))
    found.sort(key=lambda f: f.start)
    return [_out_of_year(f, fiscal_year) for f in _spans(text, found)]


def _year_of(printed: str | None, month: int, fiscal_year: int) -> tuple[int, str]:
    """The year meant, and a doubt when it is not printed or a line broke it."""
    digits = to_arabic_digits(re.sub(r"\D", "", printed or ""))
    if not digits:
        year = fiscal_year - 1 if month >= 10 else fiscal_year
        return year, f"มิได้พิมพ์ปี ถือเป็น พ.ศ. {to_thai_digits(year)} ตามปีงบประมาณ"
    if len(digits) == 2:
        return 2500 + int(digits), ""
    return int(digits), f"เลขปีเขียนแยกกัน อ่านเป็น {to_thai_digits(digits)}" if re.search(r"\d\s\d", printed or "") else ""


def _dated(text: str, match: re.Match[str], month: int, year: str | None, fiscal_year: int) -> FoundDate:
    number = int(to_arabic_digits(match[1]))
    shown, before = match[0].strip(), text[: match.start()]
    asked, said = _year_of(year, month, fiscal_year)
    doubt = f"«{shown}» {said}" if said else ""
    if re.search("[๐-๙][0-9]|[0-9][๐-๙]", match[0]):
        doubt = f"«{shown}» ปนเลขไทยกับเลขอารบิก"
    elif year and (span := _SPAN.search(before)) and int(to_arabic_digits(span[1])) < number:
        doubt = f"พิมพ์เป็นช่วง «{span[0].strip()} {match[0]}» ถือวันสุดท้าย"
    elif number < 10 and (loose := _NUMBER.search(before)) and not _NAMED_NUMBER.search(before):
        doubt = f"หน้า «{shown}» มี «{loose[1]}» อาจเป็นวันที่สองหลักที่เขียนแยกกันหรืออ่านผิด ถือวันที่ {to_thai_digits(number)}"
    name = MONTHS[month - 1] if 1 <= month <= 12 else str(month)
    value, _ = read_date(f"{number} {name} {asked}")
    if value is None:
        doubt = f"ไม่มีวันที่ «{shown}» ในปฏิทิน"
    elif (named := _WEEKDAY.search(before)) and WEEKDAYS.index(named[1]) != value.weekday():
        doubt = f"«{shown}» พิมพ์ว่าวัน{named[1]} แต่ตามปฏิทินเป็นวัน{WEEKDAYS[value.weekday()]}"
    return FoundDate(day=value, text=shown, start=match.start(), end=match.end(), doubt=doubt)


def _month(match: re.Match[str], fiscal_year: int) -> FoundDate:
    """A month without a day: its last day; «ต้นเดือน», «กลางเดือน» is no day at all."""
    shown, month = match[0].strip(), _NAMES[re.sub(r"[.\s]", "", match[4])]
    year, said = _year_of(match[5], month, fiscal_year)
    if match[1]:
        doubt = f"«{shown}» มิได้พิมพ์วัน จึงไม่ทราบวันที่"
        return FoundDate(day=None, text=shown, start=match.start(), end=match.end(), doubt=doubt)
    ce = year - BUDDHIST_ERA if year > 2400 else year
    if not 1900 < ce < 2200:
        return FoundDate(day=None, text=shown, start=match.start(), end=match.end(), doubt=f"ปีของ «{shown}» ใช้ไม่ได้")
    doubt = " ".join(x for x in (f"«{shown}» มิได้พิมพ์วัน ถือวันสุดท้ายของเดือน", said) if x)
    day = date(ce, month, monthrange(ce, month)[1])
    return FoundDate(day=day, text=shown, start=match.start(), end=match.end(), doubt=doubt)


def _spans(text: str, found: list[FoundDate]) -> list[FoundDate]:
    """«๑ มกราคม – ๓๑ มีนาคม ๒๕๖๗» is one date, its last, and doubted."""
    kept: list[FoundDate] = []
    for one in found:
        first = kept[-1] if kept else None
        if (
            first is not None
            and _JOINS.fullmatch(text[first.end : one.start])
            and (one.day is None or first.day != one.day)
        ):
            kept.pop()
            whole = text[first.start : one.end].strip()
            doubt = one.doubt if one.day is None else f"พิมพ์เป็นช่วง «{whole}» ถือวันสุดท้าย"
            one = replace(one, text=whole, start=first.start, doubt=doubt)
        kept.append(one)
    return kept


def _out_of_year(found: FoundDate, fiscal_year: int) -> FoundDate:
    first, last = FiscalYears().days(fiscal_year)
    if found.day is None or first <= found.day <= last:
        return found
    said = f"«{found.text}» อยู่นอกปีงบประมาณ พ.ศ. {to_thai_digits(fiscal_year)}"
    return replace(found, doubt=f"{found.doubt} และ{said}" if found.doubt else said)
