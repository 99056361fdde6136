"""The tables of a PDF page (pdfplumber finds the cells) filled with its characters (pypdfium2), as plain grids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pdfplumber

from songthan.adapters.read_answers import reconcile
from songthan.adapters.read_grid import Box, Grid, GridRow, number_head, read_grids, tight
from songthan.adapters.read_layout_text import FORMATTED, PICTURE
from songthan.adapters.read_pdf_doubts import (
    CUT,
    FULL,
    Frame,
    cut_off,
    cut_problems,
    frame_of,
    full_cells,
    page_problems,
)
from songthan.adapters.read_pdf_text import Line, PageText, lines_in
from songthan.adapters.read_printed import measure_numbers
from songthan.domain.forms import Answer, Problem, is_our_note
from songthan.domain.language import digits, say
from songthan.domain.thai import squeeze
from songthan.ports import Expectation

__all__ = ["read_table_pages", "typed_breaks"]

_LOOKS = {"formatted": FORMATTED, "picture": PICTURE}
_NO_SIGNS = str.maketrans("", "", FORMATTED + PICTURE)
_CELL_MARGIN = 11.5  # both sides of a Word table's cell (2 × 0.19 cm) and a little
_NEXT_LINE = 2.0  # an official face's lines stand about 1.4 of its letter boxes apart, with an empty line between 2.7
_SLACK = 1.5  # points by which a printed word may differ from its layout width


@dataclass(frozen=True, kw_only=True)
class _Page:
    """A page's tables, whether text stands below the last one, and where that ends (points from the page's foot)."""

    frame: Frame
    grids: list[Grid]
    text_first: bool
    text_last: bool
    end: float


def read_table_pages(
    pages: Iterable[tuple[pdfplumber.page.Page, PageText]], expectation: Expectation
) -> tuple[dict[str, Answer], list[Problem]]:
    """The answers of a form that repeats over activities, with the doubts of missing sheets and rows cut by a page end."""
    grids: list[Grid] = []
    last: _Page | None = None
    frames: list[Frame] = []
    for page, text in pages:
        here = _page(page, text, expectation, grids)
        if last is not None and _is_cut(last, here, expectation):
            grids[-1] = _with_cut_end(grids[-1])
        grids.extend(here.grids)
        last = here if here.grids or here.text_first else last
        frames.append(here.frame)
    if last is not None and _is_cut(last, None, expectation):
        grids[-1] = _with_cut_end(grids[-1])
    reading = read_grids(grids, expectation)
    answers, problems = reconcile(expectation, None, reading)
    kinds = {f.key: f.kind for f in expectation.spec.fields}
    halves = {p.field.rpartition(".")[0] for p in problems if p.code == "choice-missing"}
    cut = [
        field_id
        for field_id, box in reading.cells.items()
        if (CUT in box.oddities or field_id.rpartition(".")[0] in halves)
        and kinds[field_id.rpartition(".")[2]] not in ("choice", "yes_no")
    ]
    problems.extend(page_problems(frames))
    problems.extend(cut_problems(cut, reading.places, problems))
    return answers, problems


def _with_cut_end(grid: Grid) -> Grid:
    return replace(grid, rows=(*grid.rows[:-1], cut_off(grid.rows[-1])))


def _is_cut(last: _Page, following: _Page | None, expectation: Expectation) -> bool:
    """May the last row of a page go on where we do not find it? `following` is None behind the last page."""
    if not last.grids or last.text_last:
        return False
    if following is None or (last.frame.footers and not following.frame.footers):
        return last.frame.is_low(last.end)
    if following.text_first:
        return False
    labels = [tight(row.cells[0].text) for row in following.grids[0].rows if row.cells] if following.grids else []
    first = next((label for label in labels if label != number_head(expectation.spec)), "")
    return not first[:1].isdigit() and first not in {tight(number) for _, number in expectation.activities}


def _page(page: pdfplumber.page.Page, text: PageText, expectation: Expectation, before: Sequence[Grid]) -> _Page:
    height = float(page.height) + float(page.bbox[1])
    tables = [t for t in page.find_tables() if max((len(row.cells) for row in t.rows), default=0) >= 3]
    tables.sort(key=lambda t: t.bbox[1])
    frame = frame_of(text, height)
    top = height - float(tables[0].bbox[1]) if tables else 0.0
    end = height - float(tables[-1].bbox[3]) if tables else 0.0
    body = [g.y for g in text.glyphs if g.text.strip() and frame.bottom + 1 < g.y < frame.top - (1 if frame.number else -1)]
    return _Page(
        frame=frame,
        grids=_grids(tables, text, height, expectation, before),
        text_first=any(y > top for y in body),
        text_last=bool(tables) and any(y < end - 1 for y in body),
        end=end,
    )


def _grids(
    tables: Sequence[pdfplumber.table.Table], text: PageText, height: float, expectation: Expectation, before: Sequence[Grid]
) -> list[Grid]:  # fmt: skip
    """The page's tables, each named by the measure's heading above it (or on a page before)."""
    grids: list[Grid] = []
    choice_columns = {tight(f.column) for f in expectation.spec.fields if f.kind in ("choice", "yes_no")}
    for table in tables:
        top = height - float(table.bbox[1])
        heading = measure_numbers(_above(text, top))
        last = (*before, *grids)[-1].place if (before or grids) else say("ตารางในไฟล์ PDF")
        place = say("ตารางมาตรการที่ {number}", number=digits(heading[-1])) if heading else last
        grids.append(Grid(place=place, rows=tuple(_rows(table, text, height, choice_columns))))
    return grids


def _above(text: PageText, top: float) -> str:
    """The text above a height on the page."""
    return squeeze("".join(g.text for g in text.glyphs if g.y >= top))


def _rows(table: pdfplumber.table.Table, text: PageText, height: float, choice_columns: set[str]) -> list[GridRow]:
    rows = []
    choices: set[int] = set()
    for row in table.rows:
        found = []
        for index, cell in enumerate(row.cells):
            if cell is not None:
                x0, top, x1, bottom = (float(v) for v in cell)
                box = (x0, height - bottom, x1, height - top)
                found.append((index, box, lines_in(text.glyphs, box)))
        cells = []
        full = full_cells([(lines, box[3], box[1]) for _, box, lines in found])
        for (index, box, every), is_full in zip(found, full, strict=True):
            lines = _without_notes(every)
            if tight(" ".join(line.text for line in lines)) in choice_columns:
                choices.add(index)
            made = _box(lines, index, box[2] - box[0], in_lines=index in choices)
            cells.append(replace(made, oddities=made.oddities | {FULL}) if is_full else made)
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
    whole = "".join(line.text for line in lines)
    odd = {code for code, sign in _LOOKS.items() if sign in whole}
    paragraphs = tuple(line.text.translate(_NO_SIGNS) for line in lines)
    if not in_lines and not (typed_breaks(lines, width) and all(line.certain for line in lines)):
        odd.add("wrapped")
    return Box(paragraphs=paragraphs, start=index, oddities=frozenset(odd))


def typed_breaks(lines: Sequence[Line], width: float) -> bool:
    """Was every line end in a cell of this width (points) surely typed, none made by the layout?"""
    return all(_typed(a, b, width) for a, b in zip(lines, lines[1:], strict=False))


def _typed(line: Line, following: Line, width: float) -> bool:
    """Was the line ended by a person, with no empty line after it?"""
    if line.y - following.y > _NEXT_LINE * max(line.height, following.height):
        return False
    room = width - _CELL_MARGIN - (line.x1 - line.x0)
    return following.first_word + _SLACK < room
