"""A PDF's pages as the plain sheet a layout is held against: lines of text and tables, one below the other.

Runs inside the sandbox. What Word prints at the head and foot of each page is left out; a table that goes on over a page
end is one table again, without its repeated head.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pdfplumber

from songthan.adapters.read_grid import Box, Grid, GridRow
from songthan.adapters.read_identity import TOKEN
from songthan.adapters.read_layout import LayoutReading, Sheet, read_layout
from songthan.adapters.read_layout_text import FORMATTED, NOTE, PICTURE, noted
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
from songthan.adapters.read_pdf_table import typed_breaks
from songthan.adapters.read_pdf_text import Line, PageText, lines_in
from songthan.adapters.read_printed import page_number, page_word
from songthan.domain.forms import FormSpec, Problem, split_field_id, table_row
from songthan.domain.language import phrase, say
from songthan.domain.layouts import WILD, Layout, LayoutTable
from songthan.domain.thai import squeeze, to_arabic_digits
from songthan.domain.values import EMPTY_BOX, TICKED

__all__ = ["read_pages"]

_EDGE = 0.12  # of the page's height: where a page's head and foot stand
_RULE = 3.0  # points: the thickest rule
_SIGNS = (TICKED | EMPTY_BOX | {NOTE, FORMATTED, PICTURE}) - set("xX/")
_LIGHT = 0.8  # from black 0 to white 1
_SAME = 3.0  # points by which the columns of one table may differ between pages
_UNKNOWN = phrase("ในตารางของไฟล์ PDF มีข้อความ «{text}» ที่ระบบไม่ทราบว่าเป็นคำตอบของข้อใด ซึ่งอาจเป็นส่วนหนึ่งของคำตอบ โปรดตรวจดู หรือขอให้ส่งเป็นไฟล์ Word")
_EXACT = frozenset({"text", "evidence"})  # kinds for which every space and line end counts


@dataclass(frozen=True, kw_only=True)
class _Table:
    """A table of one page; points, heights counted down the page."""

    top: float
    bottom: float
    left: float
    right: float
    rows: tuple[GridRow, ...]


def read_pages(layout: Layout, pages: Iterable[tuple[pdfplumber.page.Page, PageText]], spec: FormSpec) -> LayoutReading:
    """The layout held against the pages. «wrapped» marks the texts whose spaces or line ends are not certain."""
    unsure: list[Line] = []
    printed = _printed(layout)
    blocks: list[list[str] | _Table] = []
    last: Frame | None = None
    frames: list[Frame] = []
    for page, text in pages:
        frame = frame_of(text, _height(page))
        mine = _blocks_of(page, text, unsure)
        _mark_cut(blocks, last, mine, frame, printed)
        for block in mine:
            _append(blocks, block)
        last = frame
        frames.append(frame)
    _mark_cut(blocks, last, [], None, printed)
    sheet = Sheet(
        blocks=tuple(Grid(place="", rows=b.rows) if isinstance(b, _Table) else tuple(b) for b in blocks), wrapped=True
    )
    reading = read_layout(layout, sheet, spec)
    cut = _judge(reading, spec, unsure)
    reading.problems.extend(_unread(layout, sheet, reading))
    lost = any(p.code == "row-missing" for p in reading.problems) or any(
        f.kind == "table" and f.key not in reading.rows for f in spec.fields
    )
    reading.problems.extend(page_problems(frames, lost=lost))
    reading.problems.extend(_cut_problems(cut, spec, reading))
    return reading


def _printed(layout: Layout) -> str:
    """All printed words of the form, for comparison."""
    patterns = [
        p
        for b in layout.blocks
        for p in ([c for r in b.rows for c in r.cells] if isinstance(b, LayoutTable) else [b.pattern])
    ]
    return " ".join(_tight(piece) for p in patterns for piece in p.pieces if isinstance(piece, str))


def _mark_cut(
    blocks: list[list[str] | _Table], last: Frame | None, following: Sequence[list[str] | _Table], frame: Frame | None,
    printed: str,
) -> None:  # fmt: skip
    """Mark the last row of the page before as cut when the next page does not go on with printed words of the form.

    `frame` is None behind the last page. A page without our footer is no page of the form, where others have one.
    """
    if last is None or not blocks or not isinstance(blocks[-1], _Table):
        return
    table = blocks[-1]
    if frame is None or (last.footers and not frame.footers):
        if not last.is_low(last.height - table.bottom):
            return
    elif following and _begins_anew(table, following[0], printed):
        return
    blocks[-1] = replace(table, rows=(*table.rows[:-1], cut_off(table.rows[-1])))


def _begins_anew(table: _Table, block: list[str] | _Table, printed: str) -> bool:
    """Does a page begin with a row or words that the form prints, and not with the rest of an answer?"""
    if isinstance(block, list):
        return _tight(block[0])[:8] in printed
    rows = block.rows
    if _goes_on(table, block):
        at = next((n for n, row in enumerate(rows) if n >= len(table.rows) or not _is_again(table.rows[n], row)), len(rows))
        rows = rows[at:]
        if rows and _is_rest(table.rows[-1], rows[0]):
            return True
    first = _tight(rows[0].cells[0].text) if rows and rows[0].cells else ""
    return bool(first) and (first[:8] in printed or first.strip(".()").isdigit())


def _cut_problems(cut: Sequence[str], spec: FormSpec, reading: LayoutReading) -> Iterator[Problem]:
    """pdf-cut for the fields of cut rows, and for a growing table whose further rows may be lost."""
    tables = [row[0] for field_id in cut if (row := table_row(split_field_id(field_id)[0]))]
    ids = [field_id for field_id in cut if _kinds(spec)(field_id) not in ("choice", "yes_no", "signature")]
    places = reading.places | {f.key: f.place or f.label for f in spec.fields if f.kind == "table"}
    yield from cut_problems([*tables, *ids], places, reading.problems)


def _unread(layout: Layout, sheet: Sheet, reading: LayoutReading) -> Iterator[Problem]:
    """Cells with text that is neither printed in the form nor in an answer: a row or frame nobody took.

    Each answer explains one cell only; short numbers (row numbers, scores) need no explanation.
    """
    parts = [
        _tight(part)
        for block in layout.blocks
        if isinstance(block, LayoutTable)
        for row in block.rows
        for cell in row.cells
        for piece in cell.pieces
        if isinstance(piece, str)
        for part in piece.split(WILD)
    ]
    printed = "".join(parts)
    leads = [part for part in parts if len(part) >= 8]
    answers = Counter(_tight(found.text) for found in reading.found.values() if found.text)
    for block in sheet.blocks:
        for cell in (c for row in block.rows for c in row.cells) if isinstance(block, Grid) else ():
            words = _tight("".join(c for c in noted(cell.text) if c not in _SIGNS))
            inside = [text for text in answers if answers[text] > 0 and text in words]
            if inside:
                answers[max(inside, key=len)] -= 1
            elif len(words) >= 4 and not any(part in words for part in leads) and not _mostly(words, printed):
                yield _unknown(cell.text)


def _mostly(words: str, printed: str) -> bool:
    """Is a cell made of printed words, with values that the form prints between them (names, numbers)?"""
    pieces = [words[at : at + 6] for at in range(max(1, len(words) - 5))]
    return 2 * sum(piece in printed for piece in pieces) >= len(pieces)


def _unknown(text: str) -> Problem:
    short = " ".join(text.split())
    short = short if len(short) <= 60 else short[:59] + "…"
    return Problem(field="", code="row-unknown", message_th=say(_UNKNOWN, text=short))


def _tight(text: str) -> str:
    return to_arabic_digits(squeeze(text)).replace(" ", "")


def _append(blocks: list[list[str] | _Table], block: list[str] | _Table) -> None:
    """Add a block of the next page: lines to lines, and the second half of a table to its first."""
    last = blocks[-1] if blocks else None
    if isinstance(block, list) and isinstance(last, list):
        last.extend(block)
    elif isinstance(block, _Table) and isinstance(last, _Table) and _goes_on(last, block):
        head, rows = list(last.rows[:3]), list(block.rows)
        slipped: dict[int, str] = {}
        while rows and head and _is_again(head[0], rows[0]):
            for whole, rest in zip(head.pop(0).cells, rows.pop(0).cells, strict=True):
                slipped[whole.start] = _tight(whole.text)[len(_tight(rest.text)) :] or slipped.get(whole.start, "")
        rows[:1] = [_without(row, slipped) for row in rows[:1]]
        before = list(last.rows)
        if rows and _is_rest(before[-1], rows[0]):
            before[-1] = _one_row(before[-1], rows.pop(0))
        blocks[-1] = replace(last, rows=(*before, *rows), bottom=block.bottom)
    else:
        blocks.append(block)


def _goes_on(last: _Table, block: _Table) -> bool:
    return (
        block.top < last.bottom  # on a later page: heights are counted down the page
        and abs(last.left - block.left) < _SAME
        and abs(last.right - block.right) < _SAME
        and _is_again(last.rows[0], block.rows[0])
    )


def _is_again(row: GridRow, later: GridRow) -> bool:
    """Is this a table's head repeated? LibreOffice lets the last line of a tall head cell slip into the row below."""
    pairs = [(_tight(a.text), _tight(b.text)) for a, b in zip(row.cells, later.cells, strict=False)]
    words = sum(len(b) for _, b in pairs)
    return len(row.cells) == len(later.cells) and words > 5 and all(a == b or (b and a.startswith(b)) for a, b in pairs)


def _is_rest(row: GridRow, later: GridRow) -> bool:
    """Is this the lower half of a numbered row that the page end cut in two? It has the cells, but no number."""
    first, rest = row.cells[0], later.cells[0]
    same = [c.start for c in row.cells] == [c.start for c in later.cells]
    number = _tight(first.text).strip(".()")
    return same and number.isdigit() and not _tight(rest.text) and "merged" not in first.oddities | rest.oddities


def _one_row(row: GridRow, rest: GridRow) -> GridRow:
    cells = (
        replace(a, paragraphs=(*a.paragraphs, *b.paragraphs), oddities=a.oddities | b.oddities | {"broken"})
        if b.paragraphs
        else a
        for a, b in zip(row.cells, rest.cells, strict=True)
    )
    return GridRow(cells=tuple(cells))


def _without(row: GridRow, slipped: Mapping[int, str]) -> GridRow:
    """The row without the line of the head that slipped into it."""
    cells = (
        replace(cell, paragraphs=cell.paragraphs[1:])
        if cell.paragraphs and slipped.get(cell.start) and _tight(cell.paragraphs[0]) == slipped[cell.start]
        else cell
        for cell in row.cells
    )
    return GridRow(cells=tuple(cells))


def _blocks_of(page: pdfplumber.page.Page, text: PageText, unsure: list[Line]) -> list[list[str] | _Table]:
    height = _height(page)
    ruled = page.filter(_is_no_shade)
    tables = [_table(found, text, height) for found in sorted(ruled.find_tables(), key=lambda t: t.bbox[1])]
    tables = [table for table in tables if table.rows]
    loose = tuple(g for g in text.glyphs if not any(_inside(g.x0, g.x1, height - g.y, table) for table in tables))
    lines = _between_edges(lines_in(loose, (-1e4, -1e4, 1e4, 1e4)), height)
    unsure.extend(line for line in lines if not line.certain)
    blocks: list[list[str] | _Table] = []
    for table in tables:
        above = [line for line in lines if height - line.y < table.top]
        lines = lines[len(above) :]
        if above:
            blocks.append([line.text for line in above])
        blocks.append(table)
    if lines:
        blocks.append([line.text for line in lines])
    return blocks


def _height(page: pdfplumber.page.Page) -> float:
    return float(page.height) + float(page.bbox[1])


def _is_no_shade(thing: Mapping[str, object]) -> bool:
    """False for the light colour behind a field or a cell: its edges are no rules of a table."""
    if thing.get("object_type") not in ("rect", "curve") or thing.get("stroke"):
        return True
    if min(float(thing["width"]), float(thing["height"])) >= _RULE:  # type: ignore[arg-type]
        return False
    colour = thing.get("non_stroking_color")
    parts = [float(c) for c in colour if isinstance(c, int | float)] if isinstance(colour, tuple | list) else []
    return not (len(parts) in (1, 3) and sum(parts) / len(parts) > _LIGHT)


def _inside(x0: float, x1: float, down: float, table: _Table) -> bool:
    return table.left - 1 <= (x0 + x1) / 2 <= table.right + 1 and table.top - 1 <= down <= table.bottom + 1


def _between_edges(lines: list[Line], height: float) -> list[Line]:
    """The lines without the page's head and foot, which are its outermost lines."""
    first, end = 0, len(lines)
    while first < end and _is_edge(lines[first], height):
        first += 1
    while end > first and _is_edge(lines[end - 1], height):
        end -= 1
    return lines[first:end]


def _is_edge(line: Line, height: float) -> bool:
    """A page number at the head or foot, or our own footer."""
    share = (height - line.y) / height
    words = line.text.strip()
    if share > 0.5 and TOKEN.search(words) is not None:
        return True
    # A print made smaller has its head and foot further in.
    return page_number(words) is not None and (words.startswith(page_word()) or not _EDGE < share < 1 - _EDGE)


def _table(found: pdfplumber.table.Table, text: PageText, height: float) -> _Table:
    left, top, right, bottom = (float(v) for v in found.bbox)
    rows = [
        GridRow(cells=tuple(_cells(found, row, text, height)))
        for row in found.rows
        if any(cell is not None for cell in row.cells)
    ]
    return _Table(top=top, bottom=bottom, left=left, right=right, rows=tuple(rows))


def _cells(table: pdfplumber.table.Table, row: pdfplumber.table.Row, text: PageText, height: float) -> Iterator[Box]:
    """A row's cells, with an empty one wherever a cell of a row above reaches down, as Word counts them.

    Both are «merged»: whose answer a text in a cell of several rows is, nobody can tell.
    """
    upper, lower = float(row.bbox[1]), float(row.bbox[3])
    tops = {float(c[1]) for c in table.cells}
    reaching = sorted({c for c in table.cells if c[1] < upper - 1 and c[3] > upper + 1}, key=lambda c: c[0])
    starts = [float(c[0]) for c in reaching]
    full = _full(row, text, height)
    for index, cell in enumerate(row.cells):
        if cell is None:
            continue
        x0, y0, x1, y1 = (float(v) for v in cell)
        while starts and starts[0] < x0:
            starts.pop(0)
            yield Box(paragraphs=(), start=index, oddities=frozenset({"merged"}))
        lines = lines_in(text.glyphs, (x0, height - y1, x1, height - y0))
        box = _box(lines, index, x1 - x0, full=full.pop(0))
        tall = y1 > lower + 1 and any(upper + 1 < t < y1 - 1 for t in tops)
        yield replace(box, oddities=box.oddities | {"merged"}) if tall else box
    for _ in starts:
        yield Box(paragraphs=(), start=len(row.cells), oddities=frozenset({"merged"}))


def _full(row: pdfplumber.table.Row, text: PageText, height: float) -> list[bool]:
    cells = []
    for cell in filter(None, row.cells):
        x0, y0, x1, y1 = (float(v) for v in cell)
        cells.append((lines_in(text.glyphs, (x0, height - y1, x1, height - y0)), height - y0, height - y1))
    return full_cells(cells)


def _box(lines: Sequence[Line], index: int, width: float, *, full: bool) -> Box:
    odd = {FULL} if full else set()
    if not all(line.certain for line in lines):
        odd.add("unsure")
    if not typed_breaks(lines, width):
        odd.add("broken")
    return Box(paragraphs=tuple(line.text for line in lines), start=index, oddities=frozenset(odd))


def _judge(reading: LayoutReading, spec: FormSpec, unsure: Sequence[Line]) -> list[str]:
    """Turn what was odd about cells and lines into «wrapped» for the texts it can have changed; the ids in cut rows."""
    kinds = _kinds(spec)
    cut = [field_id for field_id, found in reading.found.items() if CUT in found.oddities]
    for field_id, found in reading.found.items():
        text = (found.text or "").strip()
        odd = found.oddities
        found.oddities = odd - {"broken", "unsure", "wrapped", CUT, FULL}
        if kinds(field_id) not in _EXACT or not text:
            continue
        spaced = any(char.isspace() for char in text)
        loose = any(_is_spread(text, line) for line in unsure) if found.where == "label" else "unsure" in odd
        if ("\n" in text and odd & {"broken", "wrapped"}) or (spaced and loose):
            found.oddities |= {"wrapped"}
    return cut


def _is_spread(text: str, line: Line) -> bool:
    """Is this text of the line one with a gap inside that may be a tab or several spaces?"""
    words = squeeze(text)
    return words in squeeze(line.text) and not any(words in squeeze(part) for part in line.parts)


def _kinds(spec: FormSpec) -> Callable[[str], str]:
    known: Mapping[str, str] = {f.key: f.kind for f in spec.fields}

    def kind(field_id: str) -> str:
        return known.get(field_id) or spec.of_id(field_id).kind

    return kind
