"""Out-of-office answers: the date somebody says he will be back. Pure; a date that is not clear is no date."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from songthan.domain.language import current
from songthan.domain.thai import MONTHS, SHORT_MONTHS, canonical, to_arabic_digits

_BEFORE_YEAR = r"\.?,?\s*(?:พ\.ศ\.\s*)?(\d{4})"


@lru_cache(maxsize=4)
def _words(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Dates with the month in letters: the day before it, the day after it."""
    month = "(" + "|".join(map(re.escape, names)) + ")"
    day = r"(\d{1,2})(?:st|nd|rd|th|\.)?"
    last, first = rf"{day}\s*{month}{_BEFORE_YEAR}", rf"{month}\.?\s+{day}{_BEFORE_YEAR}"
    return re.compile(last, re.IGNORECASE), re.compile(first, re.IGNORECASE)


_NUMBERS = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_BUDDHIST = 543


def return_date(text: str, *, after: date) -> date | None:
    """The latest date in `text` that is not before `after`: of «ลา ๑๓ มีนาคม ๒๕๖๖ ถึง ๑๗ มีนาคม ๒๕๖๖» the end.

    Years of the Buddhist era (over 2400) are turned into C.E.; day before month, as the office writes. None if none.
    """
    text = to_arabic_digits(canonical(text))[:20_000]
    names = (*MONTHS, *SHORT_MONTHS, *current().months, *current().short_months)
    numbers = {name.lower(): n % 12 + 1 for n, name in enumerate(names)}
    day_first, month_first = _words(names)
    found = [(int(y), numbers[m.lower()], int(d)) for d, m, y in day_first.findall(text)]
    found += [(int(y), numbers[m.lower()], int(d)) for m, d, y in month_first.findall(text)]
    found += [(int(y), int(m), int(d)) for d, m, y in _NUMBERS.findall(text)]
    found += [(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    days = []
    for year, month, day in found:
        try:
            days.append(date(year - _BUDDHIST if year > 2400 else year, month, day))
        except ValueError:
            continue
    return max((day for day in days if day >= after), default=None)
