"""What the office's people read: phrases, dates and digits in the office's own language.

The engine's phrases are written in Thai in the code, and a phrase is its own key: a Language holds other words for it
(gettext's way). A process serves one workspace; `use` says once, when the workspace is opened, how its people read.
`songthan.adapters.language_file` reads a language other than Thai from `templates/language/CODE.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from songthan.domain.thai import BUDDHIST_ERA, MONTHS, SHORT_MONTHS, WEEKDAYS, to_thai_digits

__all__ = ["THAI", "Language", "as_json", "current", "day_words", "digits", "from_json", "moment_words", "number_words", "phrase", "say", "use"]


@dataclass(frozen=True, kw_only=True)
class Language:
    """Words of one language. `phrases` maps the engine's Thai phrase to this language's; a phrase that is missing stays Thai.

    The patterns are `str.format` patterns: `day` and `short_day` know {day} {month} {year} and the
    month's {number} («{year}-{number:02}-{day:02}»), `weekday_day` knows {weekday}
    and {day_words}, `moment` and `short_moment` know {day_words} {hour} {minute}. `units` are words that may stand behind a
    number («12 people»), `percent` words for «%», `none`, `yes` and `no` what answers so, `small` words that may stand in a date and mean
    nothing («le», «den», «de»), `receipt` what stands before the registry's number; lower case; the Thai and the English ones
    are always read. `decimal` is the sign before decimals, «.» or «,». `year_offset` is added to the Common Era year, `first_month` begins
    the fiscal year. How its people write dates is the language's business; era, digits and fiscal year are the
    organisation's (`Organisation`).
    """

    code: str
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    weekdays: tuple[str, ...]
    day: str = "{day} {month} {year}"
    short_day: str = "{day} {month} {year}"
    weekday_day: str = "{weekday} {day_words}"
    moment: str = "{day_words} {hour}:{minute}"
    short_moment: str = "{day_words} {hour}:{minute}"
    decimal: str = "."
    units: tuple[str, ...] = ()
    percent: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    small: tuple[str, ...] = ()
    receipt: tuple[str, ...] = ()
    thai_digits: bool = False
    year_offset: int = 0
    first_month: int = 10
    phrases: Mapping[str, str] = field(default_factory=dict)


THAI = Language(
    code="th",
    months=MONTHS,
    short_months=SHORT_MONTHS,
    weekdays=WEEKDAYS,
    weekday_day="วัน{weekday}ที่ {day_words}",
    moment="{day_words} เวลา {hour}.{minute} น.",
    short_moment="{day_words} {hour}.{minute} น.",
    thai_digits=True,
    year_offset=BUDDHIST_ERA,
)

_current = THAI


def as_json(language: Language) -> dict[str, object] | None:
    """The language for a child process, by `from_json`; None for plain Thai."""
    return None if language is THAI else {**vars(language), "phrases": dict(language.phrases)}


def from_json(data: Mapping[str, object] | None) -> Language:
    """What `as_json` gave."""
    if data is None:
        return THAI
    return Language(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})  # type: ignore[arg-type]


def use(language: Language) -> None:
    """From now on this process speaks `language`."""
    global _current
    _current = language


def current() -> Language:
    """The language in use."""
    return _current


def say(phrase: str, /, **values: object) -> str:
    """`phrase` (Thai, with `{names}` for the values) in the office's language."""
    text = _current.phrases.get(phrase, phrase)
    return text.format(**values) if values else text


def phrase(text: str) -> str:
    """`text` itself: marks a phrase that stands in a table and is said later, by `say(TABLE[key])`."""
    return text


def digits(value: object) -> str:
    """`value` as text, its digits as the office writes them."""
    return to_thai_digits(value) if _current.thai_digits else str(value)


def number_words(value: object) -> str:
    """A plain decimal number («72.5») as the office writes it: «๗๒.๕», «72,5»; any other text with its digits."""
    text = str(value)
    whole, point, part = text.partition(".")
    return digits(f"{whole}{_current.decimal}{part}" if point and whole.isdigit() and part.isdigit() else text)


def day_words(day: date, *, weekday: bool = False, short: bool = False) -> str:
    """`day` as the office writes it: «๑๕ มีนาคม ๒๕๖๖», «วันพุธที่ ๑๕ มีนาคม ๒๕๖๖» with `weekday`, «๑๕ มี.ค. ๒๕๖๖» `short`."""
    language = _current
    months = language.short_months if short else language.months
    pattern = language.short_day if short else language.day
    parts = {"day": day.day, "month": months[day.month - 1], "number": day.month, "year": day.year + language.year_offset}
    text = digits(pattern.format(**parts))
    return language.weekday_day.format(weekday=language.weekdays[day.weekday()], day_words=text) if weekday else text


def moment_words(at: datetime, *, short: bool = False) -> str:
    """`at` as «๑๕ มีนาคม ๒๕๖๖ เวลา ๑๖.๓๐ น.», `short` as «๑๕ มี.ค. ๒๕๖๖ ๑๖.๓๐ น.»."""
    words = {"hour": f"{at.hour:02}", "minute": f"{at.minute:02}"}
    pattern = _current.short_moment if short else _current.moment
    return pattern.format(day_words=day_words(at.date(), short=short), **{k: digits(v) for k, v in words.items()})
