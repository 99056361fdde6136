"""The tables of a PDF page (pdfplumber finds the cells) filled with its characters (pypdfium2), as plain grids."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pdfplumber

from songthan.adapters.read_grid import Box, Grid, GridRow, tight
from songthan.adapters.read_pdf_text import Line, PageText, lines_in
from songthan.domain.forms import is_our_note
from songthan.domain.thai import squeeze, to_thai_digits
from songthan.ports import Expectation

__all__ = ["grids_of_page", "typed_breaks"]

_MEASURE = re.compile(r"มาตรการที่\s*([๐-๙0-9]+)")
_CELL_MARGIN = 11.5  # both sides of a Word table's cell (2 × 0.19 cm) and a little
_NEXT_LINE = 2.0  # an official face's lines stand about 1.4 of its letter boxes apart, with an empty line between 2.7
_SLACK = 1.5  # points by which a printed word may differ from its layout width


def grids_of_page(
    page: pdfplumber.page.Page, text: PageText, expectation: Expectation, before: Sequence[Grid]
) -> list[Grid]:
    """The page's tables with more than two columns, each named by the measure's heading above it (or on a page before)."""
    height = float(page.height) + float(page.bbox[1])
    grids: list[Grid] = []
    choice_columns = {tight(f.column) for f in expectation.spec.fields if f.kind in ("choice", "yes_no")}
    for table in sorted(page.find_tables(), key=lambda t: t.bbox[1]):
        if max((len(row.cells) for row in table.rows), default=0) < 3:
            continue
        top = height - float(table.bbox[1])
        heading = [m[1] for m in _MEASURE.finditer(_above(text, top))]
        last = (*before, *grids)[-1].place if (before or grids) else "ตารางในไฟล์ PDF"
        place = f"ตารางมาตรการที่ {to_thai_digits(heading[-1])}" if heading else last
        grids.append(Grid(place=place, rows=tuple(_rows(table, text, height, choice_columns))))
    return grids


def _above(text: PageText, top: float) -> str:
    """The text above a height on the page."""
    return squeeze("".join(g.text for g in text.glyphs if g.y >= top))


def _rows(table: pdfplumber.table.Table, text: PageText, height: float, choice_columns: set[str]) -> list[GridRow]:
    rows = []
    choices: set[int] = set()
    for row in table.rows:
        cells = []
        for index, cell in enumerate(row.cells):
            if cell is None:
                continue
            x0, top, x1, bottom = (float(v) for v in cell)
            lines = _without_notes(lines_in(text.glyphs, (x0, height - bottom, x1, height - top)))
            if tight(" ".join(line.text for line in lines)) in choice_columns:
                choices.add(index)
            cells.append(_box(lines, index, x1 - x0, in_lines=index in choices))
        rows.append(GridRow(cells=tuple(cells)))
    return rows


def _without_notes(lines: list[Line]) -> list[Line]:
    """The lines without our own notes («from last quarter», «please correct»), which a narrow column breaks into several."""
    kept: list[Line] = []
    at = 0
    while at < len(lines):
        ends = [
            end for end in range(at + 1, len(lines) + 1) if is_our_note(" ".join(line.text for line in lines[at:end]))
        ]
        if ends:
            at = ends[0]
            continue
        kept.append(lines[at])
        at += 1
    return kept


def _box(lines: list[Line], index: int, width: float, *, in_lines: bool) -> Box:
    """A cell: where every line break was surely typed (the next word would have had room) the text is certain."""
    if in_lines:
        return Box(paragraphs=tuple(line.text for line in lines), start=index)
    certain = typed_breaks(lines, width) and all(line.certain for line in lines)
    odd = frozenset() if certain else frozenset({"wrapped"})
    return Box(paragraphs=tuple(line.text for line in lines), start=index, oddities=odd)


def typed_breaks(lines: Sequence[Line], width: float) -> bool:
    """Was every line end in a cell of this width (points) surely typed, none made by the layout?"""
    return all(_typed(a, b, width) for a, b in zip(lines, lines[1:], strict=False))


def _typed(line: Line, following: Line, width: float) -> bool:
    """Was the line ended by a person, with no empty line after it?"""
    if line.y - following.y > _NEXT_LINE * max(line.height, following.height):
        return False
    room = width - _CELL_MARGIN - (line.x1 - line.x0)
    return following.first_word + _SLACK < room
