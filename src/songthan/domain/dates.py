"""Dates as people write them in Thai offices, and in the office's own language, read without guessing. Pure: no clock, no locale of the machine.

Day before month, except where a four-digit year stands first. A four-digit year from 2400 on is a Buddhist year. What
can be meant in two ways is no date: a person is asked.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from songthan.domain.errors import UsageError
from songthan.domain.language import Language, current
from songthan.domain.thai import BUDDHIST_ERA, MONTHS, SHORT_MONTHS, WEEKDAYS, canonical, to_arabic_digits

__all__ = ["read_date", "typed_day"]

_BE_FROM = 2400
_YEARS = range(1857, 2200)
#: A two-digit year is 25xx; up to here it could as well be 20xx («15/3/23»), and a person must say.
_TWO_WAYS = 43
_SIGNS = str.maketrans({"／": "/", "－": "-", "．": ".", "，": ",", "‐": "-", "‑": "-", "–": "-", "−": "-", "…": "."})
_MIXED = re.compile("[๐-๙][0-9０-９]|[0-9０-９][๐-๙]")
_GAP = "[ .,/-]*"
_DAY_FIRST = re.compile(r"([0-9]{1,2}) ?([/.-]) ?([0-9]{1,2})(?: ?\2 ?([0-9]+))?")
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?([/.-]) ?([0-9]{1,2}) ?\2 ?([0-9]{1,2})")
_SPELLED = re.compile(rf"([0-9]{{1,2}}){_GAP}([ก-์][ก-์ .,/-]*?){_GAP}([0-9]+)?")
_NUMBERED = re.compile(rf"([0-9]{{1,2}}){_GAP}เดือน(?:ที่)?{_GAP}([0-9]{{1,2}}){_GAP}([ก-์. ]*?){_GAP}([0-9]+)")
_LEAD = re.compile(r"(?:ณ ?|เมื่อ ?)?(?:วันที่)?[ .:]*")
#: a longer text is no date; the patterns are for short ones
_LONGEST = 100
_AND = "(?:,|และ|ถึง|หรือ|กับ)"
_SEVERAL = re.compile(
    rf"[0-9] ?(?:-|{_AND}) ?[0-9]{{1,2}} ?[ก-์]|[0-9]{{2}} ?(?:-(?=.*[/. ])|{_AND}) ?(?:วันที่ ?)?[0-9]{{1,2}}[ /.-]"
)
_ERAS = {"ปีพุทธศักราช": "BE", "พุทธศักราช": "BE", "ปีพศ": "BE", "พศ": "BE", "ปีคศ": "CE", "คศ": "CE", "ปี": ""}

_NAMES: dict[str, int] = {}
for _number, (_long, _short) in enumerate(zip(MONTHS, SHORT_MONTHS, strict=True), start=1):
    _NAMES[_long] = _NAMES[_short.replace(".", "")] = _number
    # as spoken: มีนา, เมษา, กุมภา
    _NAMES[re.sub("(?:คม|ยน|พันธ์)$", "", _long)] = _number
# the two misspellings met everywhere
_NAMES |= {"กรกฏาคม": 7, "กรกฏา": 7, "กุมภาพันธุ์": 2}
_DAYS = {name: number for number, name in enumerate(WEEKDAYS)} | {"พฤหัส": 3}
_WEEKDAY = re.compile(rf"(?:วัน)?({'|'.join(sorted(_DAYS, key=len, reverse=True))})(?: ?ที่)?[ ,.]*")


def read_date(text: str) -> tuple[date | None, str]:
    """The one day `text` names, or None and why («date», «year», «weekday», «several», «mixed-digits»).

    `text` holds no line ends or invisible signs. Nothing but the date may stand in it; a day that is not in the
    calendar, a month past 12 (so the American order too) and a time of day beside it are no date.
    """
    if len(text) > _LONGEST:
        return None, "date"
    if _MIXED.search(text):
        return None, "mixed-digits"
    text = to_arabic_digits(canonical(text)).translate(_SIGNS).strip(" ,.")
    if current().code != "th" and (told := _in_words(current(), text)):
        return told
    named = _WEEKDAY.match(text)
    rest = text[named.end() :] if named else text
    rest = rest[_LEAD.match(rest).end() :]  # type: ignore[union-attr]  # an empty lead matches anything
    parts = _numeric(rest) or _spelled(rest)
    if parts is None:
        return None, "several" if _SEVERAL.search(rest) else "date"
    day, month, era, year = parts
    return _dated(day, month, *_common_era(year, era), weekday=_DAYS[named[1]] if named else None)


def typed_day(text: str, *, where: str) -> date:
    """The day somebody typed after the option `where`; UsageError when it is no day or can be meant in two ways."""
    day, why = read_date(" ".join(text.split()))
    if day is None:
        reasons = {
            "year": "ไม่มีปีหรือปีไม่ชัดเจน",
            "weekday": "ชื่อวันไม่ตรงกับวันที่",
            "several": "มีวันที่มากกว่าหนึ่งวัน",
            "mixed-digits": "มีเลขไทยปนเลขอารบิก",
        }
        raise UsageError(
            f"อ่านวันที่ «{text}» ไม่ได้ ({reasons.get(why, 'ไม่ใช่วันที่')})",
            where=where,
            remedy='เขียนวัน เดือน ปี ให้ครบ เช่น 2023-03-15, 15/3/2566 หรือ "๑๕ มี.ค. ๒๕๖๖"',
        )
    return day


#: «1er», «1st», «1.», «1º»: what may stand behind the number of a day
ORDINAL = "(?:st|nd|rd|th|er|[.º°ª])?"


@lru_cache(maxsize=4)
def _words_of(months: tuple[str, ...], short: tuple[str, ...], weekdays: tuple[str, ...]) -> re.Pattern[str]:
    month = "(" + "|".join(re.escape(name.rstrip(".")) for name in (*months, *short)) + r")\.?"
    day, year = f"([0-9]{{1,2}}){ORDINAL}", "([0-9]{4})"
    named = rf"(?:({'|'.join(map(re.escape, weekdays))}),? )?"
    return re.compile(rf"{named}(?:{day} {month}|{month} {day}),? {year}", re.IGNORECASE)


def _in_words(language: Language, text: str) -> tuple[date | None, str] | None:
    """«15 March 2027», «March 15, 2027» in the office's own language: with the month in letters no order misleads."""
    small = {"the", "of", *language.small}
    text = " ".join(w for w in text.split() if w.lower() not in small)
    match = _words_of(language.months, language.short_months, language.weekdays).fullmatch(text)
    days = [n.lower() for n in language.weekdays]
    if match is None:
        first, _, rest = text.partition(" ")
        parts = _numeric(rest.strip()) if first.rstrip(",").lower() in days else None
        if parts is None:
            return None
        day, month, era, year = parts
        return _dated(day, month, *_common_era(year, era), weekday=days.index(first.rstrip(",").lower()))
    weekday, day_first, month_last, month_first, day_last, year = match.groups()
    name = (month_last or month_first).lower()
    names = [n.rstrip(".").lower() for n in (*language.months, *language.short_months)]
    number = days.index(weekday.lower()) if weekday else None
    return _dated(int(day_first or day_last), names.index(name) % 12 + 1, *_common_era(year, ""), weekday=number)


_Parts = tuple[int, int, str, str]


def _numeric(text: str) -> _Parts | None:
    """Day, month, era and year of «15/3/2566» or «2023-03-15»."""
    if match := _YEAR_FIRST.fullmatch(text):
        # 2566/03/04 is not how anyone here orders a date: only the ISO hyphens, or a day past 12, make it sure
        if match[2] != "-" and int(match[4]) <= 12:
            return None
        return int(match[4]), int(match[3]), "", match[1]
    if match := _DAY_FIRST.fullmatch(text):
        return int(match[1]), int(match[3]), "", match[4] or ""
    return None


def _spelled(text: str) -> _Parts | None:
    """Day, month, era and year of «15 มีนาคม พ.ศ. 2566», «15-มี.ค.-66», «15 เดือน 3 ปี 2566»."""
    if match := _NUMBERED.fullmatch(text):
        name, era = _without_era(match[3])
        return None if name else (int(match[1]), int(match[2]), era, match[4])
    if match := _SPELLED.fullmatch(text):
        name, era = _without_era(match[2])
        month = _NAMES.get(name.removeprefix("เดือน"))
        return None if month is None else (int(match[1]), month, era, match[3] or "")
    return None


def _without_era(words: str) -> tuple[str, str]:
    """The words without signs, spaces and the era at their end; «BE», «CE» or ""."""
    name = re.sub("[ .,/-]", "", words)
    for word, era in _ERAS.items():
        if name.endswith(word):
            return name.removesuffix(word), era
    return name, ""


def _common_era(digits: str, era: str) -> tuple[int | None, str]:
    """The year C.E., or None and «year»: it is missing, out of all reason, or can be meant in two ways."""
    number = int(digits[:5] or 0)
    if len(digits) == 2 and (era == "BE" or (not era and number > _TWO_WAYS)):
        number += 2500
    elif len(digits) != 4 or (era and era != ("BE" if number >= _BE_FROM else "CE")):
        return None, "year"
    year = number - BUDDHIST_ERA if number >= _BE_FROM else number
    return (year, "") if year in _YEARS else (None, "year")


def _dated(day: int, month: int, year: int | None, reason: str, *, weekday: int | None) -> tuple[date | None, str]:
    if year is None and day in range(1, 32) and month in range(1, 13):
        return None, reason
    try:
        found = date(year or 0, month, day)
    except ValueError:
        return None, "date"
    if weekday is not None and found.weekday() != weekday:
        return None, "weekday"
    return found, ""
