"""The value a typed text stands for, by the kind of its field. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from songthan.domain.forms import Field
from songthan.domain.language import day_words, number_words
from songthan.domain.thai import squeeze
from songthan.domain.values import Parsed, clean_text, parse_count, parse_date, parse_number, parse_percent, parse_tick

__all__ = ["PARSERS", "printed", "value_of"]

#: Kinds whose value is not the text itself.
PARSERS: dict[str, Callable[[str], Parsed]] = {
    "percent": parse_percent,
    "number": parse_number,
    "count": parse_count,
    "date": parse_date,
}


def value_of(field: Field, text: str) -> str | None:
    """The value of `text` typed into `field`: a plain number, an ISO date, a choice's value, else the text as typed.

    None where nothing was typed or it cannot be understood. A choice may be named by its value, its label or a tick
    (for a yes_no).
    """
    typed = clean_text(text)
    if field.kind in PARSERS:
        return PARSERS[field.kind](typed).value
    if field.kind not in ("choice", "yes_no"):
        return typed or None
    by_name = {squeeze(name): c.value for c in field.options for name in (c.value, c.label)}
    if squeeze(typed) in by_name:
        return by_name[squeeze(typed)]
    ticked = parse_tick(typed) if field.kind == "yes_no" else None
    return None if ticked is None else "yes" if ticked else "no"


def printed(field: Field, value: str) -> str:
    """A value as the office writes it on paper: numbers in Thai digits, a date in words; anything else as it is."""
    if field.kind in ("percent", "number", "count"):
        return number_words(value)
    if field.kind == "date":
        try:
            return day_words(date.fromisoformat(value))
        except ValueError:
            return value
    return value
