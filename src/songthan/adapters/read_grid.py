"""Finds the answers in tables: by the head row's texts and the printed number of each row.

Knows nothing of file types: the Word and the PDF reader hand over the same plain tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from songthan.domain.forms import Choice, Field, Problem
from songthan.domain.thai import canonical, squeeze, to_arabic_digits, to_thai_digits
from songthan.domain.values import EMPTY_BOX, TICKED, clean_text, parse_tick
from songthan.ports import Expectation

__all__ = ["MARKER", "Box", "Grid", "GridReading", "GridRow", "choice_of", "choices_of", "drop_marker", "read_grids"]

MARKER = "(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)"
LABEL_COLUMN = "ลำดับที่"
_YES_NO = (Choice(value="yes", label="มี"), Choice(value="no", label="ไม่มี"))
_SIGNS = "".join(TICKED - set("xX/") | EMPTY_BOX)


_Columns = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Box:
    """A table cell: its paragraphs, the grid column it starts in, and oddities («nested-table», «picture», «merged»,
    «after-marker», and in PDFs «wrapped»: where the spaces and line breaks stood is not certain)."""

    paragraphs: tuple[str, ...]
    start: int = 0
    oddities: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)


@dataclass(frozen=True, kw_only=True)
class GridRow:
    cells: tuple[Box, ...]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A table and the words that lead a person to it («ตารางมาตรการที่ ๑»)."""

    place: str
    rows: tuple[GridRow, ...]


@dataclass(kw_only=True)
class GridReading:
    """What the tables hold: one cell per field, where it stands, and what was wrong with rows and columns."""

    cells: dict[str, Box] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


# Printed number → the rows that carry it: (table, its columns, cells in its head, row).
_Rows = dict[str, list[tuple[Grid, _Columns, int, GridRow]]]


def tight(text: str) -> str:
    """For comparing heads and labels: canonical, no white space, ASCII digits."""
    return to_arabic_digits(squeeze(text)).replace(" ", "").rstrip(".")


def drop_marker(paragraphs: Sequence[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The paragraphs without our «from last quarter» line; «after-marker» when a person typed behind or beside it."""
    kept: list[str] = []
    seen, odd = False, False
    for paragraph in paragraphs:
        if squeeze(MARKER) in squeeze(paragraph):
            seen = True
            paragraph = re.sub(r"\s*".join(map(re.escape, MARKER.split())), "", canonical(paragraph))
            if not paragraph.strip():
                continue
            odd = True
        elif seen and paragraph.strip():
            odd = True
        kept.append(paragraph)
    return tuple(kept), frozenset({"after-marker"} if odd else ())


def choices_of(spec_field: Field) -> tuple[Choice, ...]:
    """The choices of a field; yes_no without its own are «มี» and «ไม่มี»."""
    return spec_field.choices or _YES_NO


def choice_of(box: Box, choices: Sequence[Choice]) -> tuple[str | None, str]:
    """Which choice is ticked in a cell of lines like «☒ ปรากฏตามแผน»: (value, code).

    Codes: «» fine (None: nothing ticked), «both-ticked», «choice-missing» (a label is gone), «extra-text».
    """
    lines = [line for paragraph in box.paragraphs for line in paragraph.split("\n")]
    marks: dict[str, bool] = {}
    extra = False
    for choice in choices:
        found = [split for split in (_around(line, choice.label) for line in lines) if split is not None]
        if len(found) != 1:
            return None, "choice-missing"
        before, after = found[0]
        marks[choice.value] = parse_tick(before) is True or parse_tick(after) is True
        extra = extra or bool(after.strip(" \u00a0.") and parse_tick(after) is None)
    ticked = [value for value, on in marks.items() if on]
    if len(ticked) > 1:
        return None, "both-ticked"
    return (ticked[0] if ticked else None), "extra-text" if extra else ""


def _around(line: str, label: str) -> tuple[str, str] | None:
    """What stands before and after `label` in a line that begins with a tick or box and then the label."""
    line, label = squeeze(line), squeeze(label)
    at = line.find(label)
    if at < 0:
        return None
    before, after = line[:at].strip(), line[at + len(label) :].strip()
    if before and parse_tick(before) is None:
        return None
    # A line without any sign is a choice line only when it is nothing but the label (its box was deleted).
    if not before and after and not any(sign in after for sign in _SIGNS):
        return None
    return before, after


def read_grids(grids: Sequence[Grid], expectation: Expectation) -> GridReading:
    """The cell of every expected field, and problems: row-missing, row-twice, row-unknown, column-missing, merged."""
    reading = GridReading()
    fields = [f for f in expectation.spec.fields if f.column]
    wanted: dict[str, list[str]] = {}
    for activity, number in expectation.activities:
        wanted.setdefault(tight(number), []).append(activity)
    rows: _Rows = {}
    last: tuple[_Columns, int] | None = None
    for grid in grids:
        head = _find_head(grid, fields)
        if head is None:
            if last is None or not _continues(grid, wanted, last[1]):
                continue
            head = (*last, 0)
        last = head[:2]
        _collect(grid, head, wanted, rows, reading)
    numbers = dict(expectation.activities)
    for activities in wanted.values():
        found = rows.get(tight(numbers[activities[0]]), [])
        for index, activity in enumerate(activities):
            mine = found[index : index + 1] if len(activities) > 1 else found
            _take_row(activity, numbers[activity], mine, fields, reading)
    return reading


def _find_head(grid: Grid, fields: Sequence[Field]) -> tuple[dict[str, int], int, int] | None:
    """(column head → cell index, cells in the head, index of the first row below) of one of our tables, or None."""
    names = {tight(f.column) for f in fields}
    for at, row in enumerate(grid.rows[:4]):
        texts = [tight(cell.text) for cell in row.cells]
        hits = names.intersection(texts)
        if tight(LABEL_COLUMN) in texts and 2 * len(hits) >= len(names):
            columns: dict[str, int] = {}
            for index, text in enumerate(texts):
                columns.setdefault(text, index)
                columns.setdefault(f"@{text}", row.cells[index].start)
            return columns, len(texts), at + 1
    return None


def _continues(grid: Grid, wanted: Mapping[str, list[str]], width: int) -> bool:
    """Is this the lower half of a table that somebody split (no head, same columns, known numbers)?"""
    return any(len(r.cells) == width and r.cells and tight(r.cells[0].text) in wanted for r in grid.rows)


def _collect(
    grid: Grid, head: tuple[_Columns, int, int], wanted: Mapping[str, list[str]], rows: _Rows, reading: GridReading
) -> None:
    """Sort a table's rows under their printed numbers; a filled row without a known number is a problem."""
    columns, width, first = head
    label_at = columns.get(tight(LABEL_COLUMN), 0)
    for row in grid.rows[first:]:
        if label_at >= len(row.cells):
            continue
        label = tight(row.cells[label_at].text)
        if label == tight(LABEL_COLUMN):
            continue
        if label in wanted:
            rows.setdefault(label, []).append((grid, columns, width, row))
        elif not label and any(clean_text(c.text) for c in row.cells[label_at + 1 :]):
            text = f"ใน{grid.place} มีแถวที่ไม่มีเลขลำดับแต่มีข้อความ ระบบไม่ทราบว่าเป็นของกิจกรรมใด โปรดตรวจดูและย้ายข้อความไปไว้ในแถวของกิจกรรมนั้น"
            reading.problems.append(Problem(field="", code="row-unknown", message_th=text))


def _take_row(activity: str, number: str, found: list, fields: Sequence[Field], reading: GridReading) -> None:
    """Put the one row of an activity into the reading, or say why it cannot be done."""
    shown = to_thai_digits(number)
    if not found:
        text = f"ไม่พบแถว {shown} ในตารางของแบบ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่ลบแถวหรือแก้เลขลำดับ"
        reading.problems.append(Problem(field=activity, code="row-missing", message_th=text))
        return
    if len(found) > 1:
        text = f"พบแถว {shown} ซ้ำกัน {to_thai_digits(len(found))} แถว ระบบไม่ทราบว่าให้ใช้แถวใด โปรดเหลือไว้เพียงแถวเดียว"
        reading.problems.append(Problem(field=activity, code="row-twice", message_th=text))
        return
    grid, columns, width, row = found[0]
    for item in fields:
        field_id = f"{activity}.{item.key}"
        place = f"{grid.place} แถว {shown} ช่อง {item.column}"
        reading.places[field_id] = place
        box = _cell(row, columns, width, tight(item.column))
        if box is not None and "merged" not in box.oddities:
            reading.cells[field_id] = box
            continue
        code = "column-missing" if tight(item.column) not in columns else "merged"
        what = "ไม่พบช่องนี้ในตาราง" if code == "column-missing" else "ช่องนี้ถูกผสานรวมกับช่องอื่น"
        text = f"{place}: {what} ระบบจึงอ่านคำตอบจากตารางไม่ได้ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่แก้โครงตาราง"
        reading.problems.append(Problem(field=field_id, code=code, message_th=text))


def _cell(row: GridRow, columns: Mapping[str, int], width: int, name: str) -> Box | None:
    """The cell below a head: by order when the row has as many cells as the head, else by the grid column."""
    if name not in columns:
        return None
    if len(row.cells) == width:
        return row.cells[columns[name]]
    return next((cell for cell in row.cells if cell.start == columns[f"@{name}"]), None)
