"""Out-of-office answers: the date somebody says he will be back. Pure; a date that is not clear is no date."""

from __future__ import annotations

import re
from datetime import date

from songthan.domain.thai import MONTHS, SHORT_MONTHS, canonical, to_arabic_digits

_NAMES = {name: n for names in (MONTHS, SHORT_MONTHS) for n, name in enumerate(names, 1)}
_WORDS = re.compile(r"(\d{1,2})\s*(" + "|".join(map(re.escape, _NAMES)) + r")\s*(?:พ\.ศ\.\s*)?(\d{4})")
_NUMBERS = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_BUDDHIST = 543


def return_date(text: str, *, after: date) -> date | None:
    """The latest date in `text` that is not before `after`: of «ลา ๑๓ มีนาคม ๒๕๖๖ ถึง ๑๗ มีนาคม ๒๕๖๖» the end.

    Years of the Buddhist era (over 2400) are turned into C.E.; day before month, as the office writes. None if none.
    """
    text = to_arabic_digits(canonical(text))[:20_000]
    found = [(int(y), _NAMES[m], int(d)) for d, m, y in _WORDS.findall(text)]
    found += [(int(y), int(m), int(d)) for d, m, y in _NUMBERS.findall(text)]
    found += [(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    days = []
    for year, month, day in found:
        try:
            days.append(date(year - _BUDDHIST if year > 2400 else year, month, day))
        except ValueError:
            continue
    return max((day for day in days if day >= after), default=None)
