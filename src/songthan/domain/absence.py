"""Who is away: leaves as the office's book holds them, and the date an out-of-office answer names. Pure; a date that is
not clear is no date."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from songthan.domain.dates import ORDINAL
from songthan.domain.language import current
from songthan.domain.thai import BUDDHIST_ERA, MONTHS, SHORT_MONTHS, canonical, to_arabic_digits

_BEFORE_YEAR = r"\.?,?\s*(?:พ\.ศ\.\s*)?(\d{4})"


@lru_cache(maxsize=4)
def _words(names: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Dates with the month in letters: the day before it, the day after it."""
    month = "(" + "|".join(re.escape(name.rstrip(".")) for name in names) + ")"
    day = rf"(\d{{1,2}}){ORDINAL}"
    last, first = rf"{day}\s*{month}{_BEFORE_YEAR}", rf"{month}\.?\s+{day}{_BEFORE_YEAR}"
    return re.compile(last, re.IGNORECASE), re.compile(first, re.IGNORECASE)


_NUMBERS = re.compile(r"\b(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")

#: Where a leave comes from: the secretary wrote it down, or the member's own mail program said so.
SECRETARY, OUT_OF_OFFICE = "secretary", "out-of-office"
#: Why a leave ended early: the secretary said so, a later one took its place, the member wrote again himself.
BY_SECRETARY, REPLACED, BACK = "secretary", "replaced", "back"
#: An out-of-office answer without a date counts again this long after the secretary ended such a leave.
_OVERRULED_FOR = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Leave:
    """A member is away from `first` to `last`, both days included; `last` None: it is not known until when.

    `source` is SECRETARY or OUT_OF_OFFICE; `noted_at` (aware) is when the secretary wrote it, or when the mail that says
    so was received. `ended_at` is set when it ended early (`ended_why`): it then covers no day any more. `id` is 0 for
    a leave that is not in the book yet.
    """

    member: str
    first: date
    last: date | None
    source: str
    noted_at: datetime
    reason: str = ""
    id: int = 0
    ended_at: datetime | None = None
    ended_why: str = ""

    def covers(self, day: date) -> bool:
        """Is the member away on `day`?"""
        return self.ended_at is None and self.first <= day and (self.last is None or day <= self.last)

    def over(self, day: date) -> bool:
        """Does it concern neither `day` nor any later one?"""
        return self.ended_at is not None or (self.last is not None and self.last < day)


def away_on(leaves: Iterable[Leave], day: date) -> dict[str, Leave]:
    """Member → the leave that keeps him away on `day`. Of several the one that ends last; a known last day counts more
    than an unknown one (an out-of-office answer without a date beside the secretary's entry)."""
    found: dict[str, Leave] = {}
    for leave in leaves:
        best = found.get(leave.member)
        if leave.covers(day) and (best is None or (leave.last or date.min) > (best.last or date.min)):
            found[leave.member] = leave
    return found


def counts_now(new: Leave, book: Iterable[Leave]) -> bool:
    """Does this out-of-office answer change what `book` (every leave of the member, ended ones too) says?

    Not when a later answer is there already, when it says the same again, or when the secretary ended the very leave
    it speaks of (the mail program goes on answering after its owner is back).
    """
    for old in book:
        if old.source != OUT_OF_OFFICE:
            continue
        if old.noted_at > new.noted_at:
            return False
        if old.last != new.last:
            continue
        if old.ended_at is None and old.covers(new.first):
            return False
        lately = new.last is not None or (old.ended_at is not None and new.noted_at < old.ended_at + _OVERRULED_FOR)
        if old.ended_why == BY_SECRETARY and lately:
            return False
    return True


def return_date(text: str, *, after: date) -> date | None:
    """The latest date in `text` that is not before `after`: of «ลา ๑๓ มีนาคม ๒๕๖๖ ถึง ๑๗ มีนาคม ๒๕๖๖» the end.

    Years of the Buddhist era (over 2400) are turned into C.E.; day before month, as the office writes. None if none.
    """
    text = to_arabic_digits(canonical(text))[:20_000]
    names = (*MONTHS, *SHORT_MONTHS, *current().months, *current().short_months)
    numbers = {name.rstrip(".").lower(): n % 12 + 1 for n, name in enumerate(names)}
    if current().small:
        text = re.sub(rf"\b(?:{'|'.join(map(re.escape, current().small))}) ", "", text, flags=re.IGNORECASE)
    day_first, month_first = _words(names)
    found = [(int(y), numbers[m.lower()], int(d)) for d, m, y in day_first.findall(text)]
    found += [(int(y), numbers[m.lower()], int(d)) for m, d, y in month_first.findall(text)]
    found += [(int(y), int(m), int(d)) for d, m, y in _NUMBERS.findall(text)]
    found += [(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    days = []
    for year, month, day in found:
        try:
            days.append(date(year - BUDDHIST_ERA if year > 2400 else year, month, day))
        except ValueError:
            continue
    return max((day for day in days if day >= after), default=None)
