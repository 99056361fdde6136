"""Finds the answers in tables: by the head row's texts and the printed number of each row.

Knows nothing of file types: the Word and the PDF reader hand over the same plain tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from songthan.adapters.read_layout_text import NOTE, UNSEEN, noted
from songthan.domain.forms import CARRIED_NOTES, WRONG_NOTE, Choice, Field, FormSpec, Problem, is_our_note
from songthan.domain.language import digits, phrase, say
from songthan.domain.thai import squeeze, to_arabic_digits
from songthan.domain.values import EMPTY_BOX, TICKED, clean_text, parse_tick
from songthan.ports import Expectation

__all__ = [
    "Box",
    "Controls",
    "Grid",
    "GridReading",
    "GridRow",
    "choice_of",
    "drop_marker",
    "number_head",
    "read_grids",
    "tight",
]


_LONGEST_LABEL, _LONGEST_CHOICE = 200, 1200
LABEL_COLUMN = phrase("ลำดับที่")
_UNSEEN = str.maketrans("", "", UNSEEN)
_SIGNS = "".join(TICKED - set("xX/") | EMPTY_BOX)


_Columns = Mapping[str, int]


@dataclass(kw_only=True)
class Controls:
    """The content controls by name (tag, else alias): every text found under that name, and check boxes' states."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    ticks: dict[str, list[bool]] = field(default_factory=dict)
    noted: set[str] = field(default_factory=set)

    def joined(self, other: Controls) -> Controls:
        """Both together."""
        both = Controls(noted=self.noted | other.noted)
        for one in (self, other):
            for name, texts in one.texts.items():
                both.texts.setdefault(name, []).extend(texts)
            for name, ticks in one.ticks.items():
                both.ticks.setdefault(name, []).extend(ticks)
        return both


@dataclass(frozen=True, kw_only=True)
class Box:
    """A table cell: its paragraphs, the grid column it starts in and how many it covers (0: not known), oddities
    («nested-table», «picture», «merged», «after-marker», and in PDFs «wrapped»: where the spaces and line breaks stood is
    not certain), and in Word files the controls inside it."""

    paragraphs: tuple[str, ...]
    start: int = 0
    span: int = 0
    oddities: frozenset[str] = frozenset()
    controls: Controls | None = None

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
    strangers: list[Problem] = field(default_factory=list)


# Printed number → the rows that carry it: (table, its columns, cells in its head, row).
_Rows = dict[str, list[tuple[Grid, _Columns, int, GridRow]]]


def tight(text: str) -> str:
    """For comparing heads and labels: canonical, no white space, ASCII digits."""
    return _tight(text) if len(text) <= _LONGEST_LABEL else _tight.__wrapped__(text)


# The printed words of one form come back in every file.
@lru_cache(maxsize=2048)
def _tight(text: str) -> str:
    return to_arabic_digits(squeeze(text.translate(_UNSEEN))).replace(" ", "").rstrip(".")


def drop_marker(paragraphs: Sequence[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The paragraphs without our own notes; «after-marker» when a person typed behind or beside one."""
    # most cells hold none: a look for the sign they begin with («(») spares the search
    signs = {say(note)[:1] for note in (*CARRIED_NOTES, WRONG_NOTE[0])}
    if not any(sign in p for sign in signs for p in paragraphs):
        return tuple(paragraphs), frozenset()
    kept: list[str] = []
    seen, odd = False, False
    for number, paragraph in enumerate(paragraphs):
        if is_our_note(paragraph):
            # Ours stand below the answer's paragraph; a person wrote one that stands first.
            seen, odd = True, odd or not number
            continue
        rest = noted(paragraph)
        if rest is not paragraph and NOTE in rest:
            paragraph, seen, odd = rest.replace(NOTE, ""), True, True
        elif seen and paragraph.strip():
            odd = True
        kept.append(paragraph)
    if not odd:
        return tuple(kept), frozenset()
    # The quarter's own note has a sentence of its own.
    code = "after-marker" if any(tight(say(CARRIED_NOTES[0])) in tight(p) for p in paragraphs) else "after-note"
    return tuple(kept), frozenset({code})


def choice_of(box: Box, choices: Sequence[Choice]) -> tuple[str | None, str]:
    """Which choice is ticked in a cell of lines like «☒ ปรากฏตามแผน»: (value, code).

    Codes: «» fine (None: nothing ticked), «both-ticked», «choice-missing» (a label is gone), «extra-text».
    """
    text, options = box.text, tuple(choices)
    return _chosen(text, options) if len(text) <= _LONGEST_CHOICE else _chosen.__wrapped__(text, options)


# A cell of choices is the form's own words and a tick: the same in many files.
@lru_cache(maxsize=1024)
def _chosen(text: str, choices: tuple[Choice, ...]) -> tuple[str | None, str]:
    lines = [line for line in text.split("\n") if line.strip()]
    marks: dict[str, bool] = {}
    extra = False
    for choice in choices:
        found = [split for split in (_around(line, choice.label) for line in lines) if split is not None]
        if len(found) != 1:
            return None, "choice-missing"
        before, after = found[0]
        marks[choice.value] = parse_tick(before) is True or parse_tick(after) is True
        extra = extra or bool(after.strip(f" \u00a0.{UNSEEN}") and parse_tick(after) is None)
    ticked = [value for value, on in marks.items() if on]
    if len(ticked) > 1:
        return None, "both-ticked"
    return (ticked[0] if ticked else None), "extra-text" if extra else ""


def _around(line: str, label: str) -> tuple[str, str] | None:
    """What stands before and after `label` in a line that begins with a tick or box and then the label."""
    line, label = squeeze(line.translate(_UNSEEN)), squeeze(label)
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
    over = number_head(expectation.spec)
    wanted: dict[str, list[str]] = {}
    for activity, number in expectation.activities:
        wanted.setdefault(tight(number), []).append(activity)
    rows: _Rows = {}
    last: tuple[_Columns, int] | None = None
    for grid in grids:
        head = _find_head(grid, fields, over)
        if head is None:
            if last is None or not _continues(grid, wanted, last[1]):
                continue
            head = (*last, 0)
        last = head[:2]
        _collect(grid, head, wanted, rows, reading, fields, over)
    numbers = dict(expectation.activities)
    for activities in wanted.values():
        found = rows.get(tight(numbers[activities[0]]), [])
        for index, activity in enumerate(activities):
            mine = found[index : index + 1] if len(activities) > 1 else found
            _take_row(activity, numbers[activity], mine, fields, reading)
    # A row with a number nobody asked for: beside a missing one it is that row, whose number was changed.
    if all(p.code != "row-missing" for p in reading.problems):
        reading.problems.extend(reading.strangers)
    return reading


def number_head(spec: FormSpec) -> str:
    """The head over the rows' numbers, for comparison: the template's own, else the language's «ลำดับที่»."""
    return tight(spec.number_head or say(LABEL_COLUMN))


def _head_text(cell: Box) -> str:
    """A cell as a head or a label; a long text is neither, and is not compared."""
    text = cell.text
    return tight(text) if len(text) <= _LONGEST_LABEL else ""


def _find_head(grid: Grid, fields: Sequence[Field], over: str) -> tuple[dict[str, int], int, int] | None:
    """(column head → cell index, cells in the head, index of the first row below) of one of our tables, or None."""
    names = {tight(f.column) for f in fields}
    for at, row in enumerate(grid.rows[:4]):
        texts = [_head_text(cell) for cell in row.cells]
        hits = names.intersection(texts)
        if over in texts and 2 * len(hits) >= len(names):
            columns: dict[str, int] = {}
            for index, text in enumerate(texts):
                columns.setdefault(text, index)
                columns.setdefault(f"@{text}", row.cells[index].start)
                columns.setdefault(f"#{text}", row.cells[index].span)
            columns["#"] = sum(cell.span for cell in row.cells)
            return columns, len(texts), at + 1
    return None


def _continues(grid: Grid, wanted: Mapping[str, list[str]], width: int) -> bool:
    """Is this the lower half of a table that somebody split (no head, same columns, known numbers)?"""
    return any(len(r.cells) == width and r.cells and tight(r.cells[0].text) in wanted for r in grid.rows)


def _is_answered(row: GridRow, columns: _Columns, width: int, fields: Sequence[Field]) -> bool:
    """Did somebody write into the row where the form asks for text?"""
    asked = (_cell(row, columns, width, tight(f.column)) for f in fields if f.kind not in ("choice", "yes_no"))
    return any(box is not None and clean_text(box.text) for box in asked)


def _collect(
    grid: Grid, head: tuple[_Columns, int, int], wanted: Mapping[str, list[str]], rows: _Rows, reading: GridReading,
    fields: Sequence[Field], over: str,
) -> None:  # fmt: skip
    """Sort a table's rows under their printed numbers; a filled row without a known number is a problem."""
    columns, width, first = head
    label_at = columns.get(over, 0)
    for row in grid.rows[first:]:
        if label_at >= len(row.cells):
            continue
        label = _head_text(row.cells[label_at])
        if label == over:
            continue
        if label in wanted:
            rows.setdefault(label, []).append((grid, columns, width, row))
        elif label and _is_answered(row, columns, width, fields):
            text = say(
                "ใน{place} มีแถว {label} ซึ่งไม่ใช่แถวที่ขอ และมีข้อความ โปรดตรวจดูและย้ายข้อความไปไว้ในแถวของกิจกรรมที่ขอ",
                place=grid.place,
                label=digits(label)[:20],
            )
            reading.strangers.append(Problem(field="", code="row-unknown", message_th=text))
        elif not label and any(clean_text(c.text) for c in row.cells[label_at + 1 :]):
            text = say(
                "ใน{place} มีแถวที่ไม่มีเลขลำดับแต่มีข้อความ ระบบไม่ทราบว่าเป็นของกิจกรรมใด โปรดตรวจดูและย้ายข้อความไปไว้ในแถวของกิจกรรมนั้น",
                place=grid.place,
            )
            reading.problems.append(Problem(field="", code="row-unknown", message_th=text))


def _take_row(activity: str, number: str, found: list, fields: Sequence[Field], reading: GridReading) -> None:
    """Put the one row of an activity into the reading, or say why it cannot be done."""
    shown = digits(number)
    if not found:
        text = say("ไม่พบแถว {shown} ในตารางของแบบ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่ลบแถวหรือแก้เลขลำดับ", shown=shown)
        reading.problems.append(Problem(field=activity, code="row-missing", message_th=text))
        return
    if len(found) > 1:
        text = say(
            "พบแถว {shown} ซ้ำกัน {count} แถว ระบบไม่ทราบว่าให้ใช้แถวใด โปรดเหลือไว้เพียงแถวเดียว",
            shown=shown,
            count=digits(len(found)),
        )
        reading.problems.append(Problem(field=activity, code="row-twice", message_th=text))
        return
    grid, columns, width, row = found[0]
    for item in fields:
        field_id = f"{activity}.{item.key}"
        place = say("{place} แถว {shown} ช่อง {column}", place=grid.place, shown=shown, column=item.column)
        reading.places[field_id] = place
        box = _cell(row, columns, width, tight(item.column))
        if box is not None and "merged" not in box.oddities:
            reading.cells[field_id] = box
            continue
        code = "column-missing" if tight(item.column) not in columns else "merged"
        what = say("ไม่พบช่องนี้ในตาราง") if code == "column-missing" else say("ช่องนี้ถูกผสานรวมกับช่องอื่น")
        text = say(
            "{place}: {what} ระบบจึงอ่านคำตอบจากตารางไม่ได้ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่แก้โครงตาราง", place=place, what=what
        )
        reading.problems.append(Problem(field=field_id, code=code, message_th=text))


def _cell(row: GridRow, columns: Mapping[str, int], width: int, name: str) -> Box | None:
    """The cell below a head: by order when the row has as many cells as the head, else by the grid column."""
    if name not in columns:
        return None
    # A cell was split, merged or taken out, and the grid with it: no column is where it was.
    if row.cells and row.cells[0].span and columns["#"] and sum(cell.span for cell in row.cells) != columns["#"]:
        return None
    if len(row.cells) == width:
        return row.cells[columns[name]]
    box = next((cell for cell in row.cells if cell.start == columns[f"@{name}"]), None)
    # A cell that covers more columns than its head holds another field's answer as well.
    if box is not None and box.span and columns[f"#{name}"] and box.span != columns[f"#{name}"]:
        return None
    return box
