"""Reads a form without its tags: what came back (`Sheet`) is held against the blank form (`domain.layouts.Layout`).

Knows nothing of file types: the Word and the PDF reader hand over the same plain paragraphs and tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from songthan.adapters.read_grid import Grid
from songthan.adapters.read_layout_found import Found, Places, take_cut
from songthan.adapters.read_layout_rows import read_tables
from songthan.adapters.read_layout_text import BREAK, cut, noted, words_of
from songthan.domain.forms import FormSpec, Problem
from songthan.domain.layouts import Layout, Passage, Pattern, Slot

__all__ = ["LayoutReading", "Sheet", "read_layout"]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What came back, top to bottom: runs of body paragraphs between tables, and tables. Our notes are still in it.

    `wrapped`: the paragraphs are lines of a page (PDF), so that in a text of several lines the line ends are not certain.
    """

    blocks: tuple[tuple[str, ...] | Grid, ...]
    wrapped: bool = False


@dataclass(kw_only=True)
class LayoutReading:
    """By field id what was found, where a person finds it, how many rows each growing table has, what was wrong.

    A field that is missing in `found` has a problem that says why, or no place in the layout.
    """

    found: dict[str, Found] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_layout(layout: Layout, sheet: Sheet, spec: FormSpec) -> LayoutReading:
    """Every slot of `layout` found in `sheet`; codes: label-missing, extra-text, row-missing, row-twice, row-unknown,
    column-missing, merged."""
    places = Places(spec=spec)
    reading = LayoutReading()
    _read_passages(layout, sheet, places, reading)
    found, rows, problems = read_tables(
        [b for b in layout.blocks if not isinstance(b, Passage)],
        [b for b in sheet.blocks if isinstance(b, Grid)],
        places,
    )
    reading.found.update(found)
    reading.rows.update(rows)
    reading.problems.extend(problems)
    reading.places = dict(places.words)
    return reading


def _read_passages(layout: Layout, sheet: Sheet, places: Places, reading: LayoutReading) -> None:
    """All paragraphs outside tables are one text: where a table stood among them does not matter."""
    pieces = tuple(_joined(b.pattern for b in layout.blocks if isinstance(b, Passage)))
    text = f"\n{BREAK}\n".join("\n".join(b) for b in sheet.blocks if not isinstance(b, Grid))
    pattern = Pattern(pieces=pieces)
    words = words_of(noted(text))
    found, problems = take_cut(pattern, cut(pattern, words), words, places, where="label")
    for one in found.values() if sheet.wrapped else ():
        if one.text is not None and "\n" in one.text.strip():
            one.oddities |= {"wrapped"}
    reading.found.update(found)
    reading.problems.extend(problems)


def _joined(patterns: Iterator[Pattern]) -> Iterator[str | Slot]:
    for number, pattern in enumerate(patterns):
        if number:
            yield f"\n{BREAK}\n"
        yield from pattern.pieces
