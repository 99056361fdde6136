"""Last year's plan as next year's: where a date goes, and which years of a text go with it. Pure.

A date keeps its place: month and day, so also its quarter and its place in it; then it becomes a working day of the new
year, on or before the place where the quarter has one. What cannot be known (a law's year, an order's number) is left
as it is and asked about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from songthan.domain.calendars import FiscalYears, WorkCalendar, years_later
from songthan.domain.language import digits, say
from songthan.domain.plan_notes import day_off_name
from songthan.domain.thai import BUDDHIST_ERA, MONTHS, SHORT_MONTHS, WEEKDAYS, to_arabic_digits, to_thai_digits

__all__ = ["MovedDate", "Question", "RolledText", "Roller"]

#: Four digits that can be a year of an era.
_BUDDHIST, _COMMON = range(2400, 2701), range(1900, 2101)


@dataclass(frozen=True, kw_only=True)
class MovedDate:
    """A date of the old plan and what became of it. `place` is where it stands; `nominal` its place in the new year before
    days off were minded; `why` names the day off it had to leave (empty: it stayed at its place)."""

    place: str
    old: date
    nominal: date
    new: date
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class RolledText:
    """A text whose years or dates were changed."""

    place: str
    old: str
    new: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something a person must decide: `text` is what stands there, `why` the question, both Thai."""

    place: str
    text: str
    why: str


_D = "[0-9๐-๙]"
_MONTH_NUMBERS = {name: n for names in (MONTHS, SHORT_MONTHS) for n, name in enumerate(names, 1)}
_MONTH = "|".join(re.escape(name) for name in sorted(_MONTH_NUMBERS, key=len, reverse=True))
_DATE = (
    rf"(?:วัน(?P<weekday>{'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})ที่ ?)?(?<!{_D})(?P<day>{_D}{{1,2}})"
    rf"(?: ?[-–] ?(?P<to>{_D}{{1,2}}))? ?(?P<month>{_MONTH}) ?(?P<era>พ\.ศ\. ?)?(?P<year>{_D}{{4}}|{_D}{{2}})(?!{_D})"
)
_RANGE = rf"(?<!{_D}){_D}{{4}} ?[-–] ?{_D}{{4}}(?!{_D})"
_ORDER = rf"(?<!{_D}){_D}{{1,4}}/(?P<order>{_D}{{4}})(?!{_D})"
_YEAR = rf"(?<!{_D})(?P<plain>{_D}{{4}})(?!{_D})"
_SHORT_YEAR = rf"(?:ปี|พ\.ศ\.) ?(?P<short>{_D}{{2}})(?!{_D}| ?(?:%|เดือน|วัน|คน))"
_FOUND = re.compile(f"(?P<date>{_DATE})|(?P<range>{_RANGE})|(?P<number>{_ORDER})|{_YEAR}|{_SHORT_YEAR}")
#: Just before a year these say that the plan's own year is meant, whatever law the sentence speaks of.
_FISCAL = re.compile(r"(?:ปีงบประมาณ|ประจำปี|ปี) ?(?:[พค]\.ศ\. ?)?$|(?:fiscal year|FY) ?$", re.IGNORECASE)
#: A year behind one of these is the law's.
_LAW = re.compile(
    "พระราชบัญญัติ|พ\\.ร\\.บ\\.|พระราชกำหนด|พระราชกฤษฎีกา|รัฐธรรมนูญ|กฎกระทรวง|กฎ ก\\.พ\\.|ระเบียบ|ข้อบังคับ|ประกาศ|ประมวล|"
    "มติคณะรัฐมนตรี|มติ ครม\\.|คำสั่ง|ยุทธศาสตร์ชาติ|ราชกิจจานุเบกษา|ฉบับที่|\\b(?:Act|Regulations?|Order|Law|Rules)\\b"
)
_ENGLISH_DATE = re.compile(
    r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t|tember)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)\.? ?(?:[0-9]{1,2}(?:st|nd|rd|th)?,? ?|, ?)?$"
)
#: A date behind one of these is when a paper was signed.
_SIGNED = re.compile(r"(?:ลงวันที่|สั่ง ณ วันที่|ประกาศ ณ วันที่|ตั้งแต่วันที่|เมื่อวันที่|มีผลใช้บังคับ)[^0-9๐-๙]{0,12}$")
_QUANTITY = re.compile(r" ?(?:บาท|คน|ครั้ง|ชั่วโมง|หน่วย|แห่ง|เรื่อง|ฉบับ|เล่ม)")
#: How far back a law's name is looked for, in letters.
_LOOK_BACK = 160


@dataclass(kw_only=True)
class Roller:
    """Moves dates and texts from fiscal year `old` to `new` on the new year's `calendar`, and remembers all. `fiscal` says how
    the office counts its years; the other era's years in its texts are asked about.

    `nominal(place, day)` gives the place a date of the old plan was meant for when an earlier roll had to move it off a
    day off, else None; so that years of rolling do not drift.
    """

    old: int
    new: int
    calendar: WorkCalendar
    fiscal: FiscalYears = FiscalYears()
    nominal: Callable[[str, date], date | None] = lambda place, day: None
    dates: list[MovedDate] = field(default_factory=list)
    texts: list[RolledText] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def years(self) -> int:
        return self.new - self.old

    def move(self, place: str, day: date) -> date:
        """The new year's working day for `day`; remembered under `place`, which is unique in the plan."""
        nominal = years_later(self.nominal(place, day) or day, self.years)
        new = self.calendar.inside_quarter(nominal, self.fiscal)
        why = "" if new == nominal else day_off_name(self.calendar, nominal)
        self.dates.append(MovedDate(place=place, old=day, nominal=nominal, new=new, why=why))
        return new

    def text(self, place: str, words: str) -> str:
        """`words` with the plan's years and dates moved; remembered when something changed or must be asked."""
        pieces, end, number = [], 0, 0
        for match in _FOUND.finditer(words):
            before = words[max(0, match.start() - _LOOK_BACK) : match.start()]
            new, why = self._piece(f"{place}#{number}", match, before, words[match.end() :])
            number += match["date"] is not None
            if why:
                self.questions.append(Question(place=place, text=_around(words, match), why=why))
            pieces += [words[end : match.start()], match[0] if new is None else new]
            end = match.end()
        rolled = "".join([*pieces, words[end:]])
        if rolled != words:
            self.texts.append(RolledText(place=place, old=words, new=rolled))
        return rolled

    def _piece(self, place: str, match: re.Match[str], before: str, after: str) -> tuple[str | None, str]:
        """What stands for one found number (None: as it was), and the question about it (empty: none)."""
        if re.search(r"(?:://|@|www\.)\S*$", before):
            return None, say("ปีหรือเลขในที่อยู่เว็บหรืออีเมล ไม่ได้เปลี่ยน โปรดตรวจว่ายังใช้ได้")
        if match["date"]:
            return self._date(place, match, before)
        if match["range"]:
            return None, say("ช่วงปี ไม่ได้เปลี่ยน โปรดตรวจว่าแผนระยะยาวฉบับใดใช้ในปีใหม่")
        if match["number"]:
            return None, say("เลขที่หนังสือหรือคำสั่ง ไม่ได้เปลี่ยน โปรดใส่เลขที่ของปี {year}", year=digits(self.new))
        if match["short"]:
            return self._short_year(match)
        return self._year(match, before, after)

    def _year(self, match: re.Match[str], before: str, after: str) -> tuple[str | None, str]:
        year = int(to_arabic_digits(match["plain"]))
        own, other = (_BUDDHIST, _COMMON) if self.fiscal.offset else (_COMMON, _BUDDHIST)
        if year not in own:
            asked = year in other and not _QUANTITY.match(after)
            return None, say("ปีของอีกศักราชหนึ่ง หรือเลขสี่หลัก ไม่ได้เปลี่ยน โปรดตรวจ") if asked else ""
        if _ENGLISH_DATE.search(before):
            return None, say("วันที่ในข้อความ ไม่ได้เปลี่ยน โปรดใส่วันที่ของปีใหม่")
        fiscal = _FISCAL.search(before)
        if not fiscal and _LAW.search(before):
            return None, say("ปีของกฎหมาย ระเบียบ ประกาศ หรือคำสั่ง ไม่ได้เปลี่ยน โปรดตรวจว่ามีฉบับใหม่หรือไม่")
        if not fiscal and _QUANTITY.match(after):
            return None, say("ดูเหมือนเป็นจำนวน ไม่ใช่ปี ไม่ได้เปลี่ยน โปรดตรวจ")
        if abs(year - self.old) > 1:
            return None, say("ปีนี้อยู่ห่างจากปีของแผนเดิม ({year}) ไม่ได้เปลี่ยน โปรดตรวจ", year=digits(self.old))
        return _like(match["plain"], year + self.years), ""

    def _short_year(self, match: re.Match[str]) -> tuple[str | None, str]:
        year = 2500 + int(to_arabic_digits(match["short"]))
        if not self.fiscal.offset:
            return None, ""
        if abs(year - self.old) > 1 or (year + self.years) // 100 != 25:
            # «๕ ปี ๑๐ …» is a length of time
            return None, say("ปีสองหลัก ไม่ได้เปลี่ยน โปรดตรวจ") if year >= 2540 else ""
        return match[0].removesuffix(match["short"]) + _like(match["short"], (year + self.years) % 100), ""

    def _date(self, place: str, match: re.Match[str], before: str) -> tuple[str | None, str]:
        year = int(to_arabic_digits(match["year"]))
        year += 2500 if len(match["year"]) == 2 else 0
        month = _MONTH_NUMBERS[match["month"]]
        try:
            days = [date(year - BUDDHIST_ERA, month, int(to_arabic_digits(match[k]))) for k in ("day", "to") if match[k]]
        except ValueError:
            return None, say("วันที่นี้ไม่มีในปฏิทิน ไม่ได้เปลี่ยน โปรดตรวจ")
        if _SIGNED.search(before):
            return None, say("วันที่ของหนังสือ คำสั่ง หรือเหตุการณ์ที่ผ่านมา ไม่ได้เปลี่ยน โปรดใส่ของปีใหม่")
        if abs(self.fiscal.year(days[0]) - self.old) > 1:
            return None, say("วันที่นี้อยู่นอกปีของแผนเดิม ไม่ได้เปลี่ยน โปรดตรวจ")
        if len(days) == 1 and self.nominal(f"{place}+", days[0]):
            # a span of two days that an earlier roll brought together on one
            days *= 2
        # both ends of a span move by themselves; a day off may bring them together
        moved = [self.move(f"{place}{'' if n == 0 else '+'}", day) for n, day in enumerate(days)]
        return self._written(match, moved), ""

    def _written(self, match: re.Match[str], days: list[date]) -> str:
        """The dates in the words of the match: its digits, its month's length, its year's length, its weekday."""
        names = MONTHS if match["month"] in MONTHS else SHORT_MONTHS
        first, last = days[0], days[-1]
        year = last.year + BUDDHIST_ERA
        words = f"{last.day} {names[last.month - 1]} {match['era'] or ''}{year if len(match['year']) == 4 else year % 100}"
        if first != last:
            head = f"{first.day}" if first.month == last.month else f"{first.day} {names[first.month - 1]} "
            joint = "–" if "–" in match["date"] else "-"
            words = f"{head}{joint}{words}" if first.month == last.month else f"{head}{joint} {words}"
        if match["weekday"]:
            words = f"วัน{WEEKDAYS[first.weekday()]}ที่ {words}"
        return to_thai_digits(words) if re.search("[๐-๙]", match["day"]) else words


def _like(found: str, number: int) -> str:
    """`number` in the digits `found` is written in."""
    text = f"{number:0{len(found)}}"
    return to_thai_digits(text) if re.search("[๐-๙]", found) else text


def _around(words: str, match: re.Match[str]) -> str:
    """The found piece with some words before and after it."""
    start, end = max(0, match.start() - 60), min(len(words), match.end() + 25)
    return f"{'…' if start else ''}{words[start:end]}{'…' if end < len(words) else ''}"
