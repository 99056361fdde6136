"""The tables of a layout found in the tables that came back, by the printed words of their rows.

Rows may be moved, added, deleted, copied, tables split or joined: a row is known by its words, not by its number. Where
two places would do, none is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from songthan.adapters.read_grid import Box, Grid, GridRow
from songthan.adapters.read_layout_controls import has_foreign, renamed
from songthan.adapters.read_layout_found import Found, Places, merge, take_cut
from songthan.adapters.read_layout_text import NOTE, Words, cut, fits, noted, template_of, words_of
from songthan.domain.forms import Problem
from songthan.domain.layouts import WILD, LayoutRow, LayoutTable, Pattern
from songthan.domain.values import EMPTY_BOX, clean_text

__all__ = ["read_tables"]

# A row whose printed words are changed is still that row when most of them are there and no other row has them.
_MOST = 0.6
_NUMBERS = "0123456789๐๑๒๓๔๕๖๗๘๙.() "


@dataclass(kw_only=True, eq=False)
class _Printed:
    """A row of the blank form, and the rows that came back for it."""

    row: LayoutRow
    table: int
    above: _Printed | None
    rows: list[_Typed] = field(default_factory=list)

    @property
    def weight(self) -> int:
        return sum(template_of(cell).weight for cell in self.row.cells)

    @property
    def asks(self) -> bool:
        return any(cell.slots for cell in self.row.cells)


@dataclass(kw_only=True, eq=False)
class _Typed:
    """A row that came back."""

    row: GridRow
    grid: int
    printed: _Printed | None = None
    taken: bool = False
    _words: list[Words] | None = None

    @property
    def words(self) -> list[Words]:
        if self._words is None:
            self._words = [words_of(noted(box.text)) for box in self.row.cells]
        return self._words

    @property
    def text(self) -> str:
        """What stands in it, boxes and our notes left out."""
        return " ".join(filter(None, map(_shown, self.row.cells)))


_Answer = tuple[dict[str, Found], dict[str, int], list[Problem]]


def read_tables(tables: Sequence[LayoutTable], grids: Sequence[Grid], places: Places) -> _Answer:
    """What stands in the tables' slots by field id, the number of filled rows of each growing table, and problems."""
    printed = list(_printed(tables))
    typed = [_Typed(row=row, grid=number) for number, grid in enumerate(grids) for row in grid.rows if row.cells]
    _assign(printed, typed)
    work = _Work(places=places, printed=printed, typed=typed)
    for row in printed:
        if row.row.table:
            work.read_growing(row)
        elif row.asks:
            work.read_fixed(row)
    work.note_unknown_rows()
    return work.found, work.counts, work.problems


def _printed(tables: Sequence[LayoutTable]) -> Iterator[_Printed]:
    for number, table in enumerate(tables):
        above = None
        for row in table.rows:
            above = _Printed(row=row, table=number, above=above)
            yield above


def _assign(printed: Sequence[_Printed], typed: Sequence[_Typed]) -> None:
    """Give each row that came back its printed row, by the words; rows alike are told apart by their order."""
    known = [p for p in printed if p.weight and not p.row.table]
    wanted: dict[tuple[int, ...], list[_Typed]] = {}
    for row in typed:
        full = [n for n, p in enumerate(known) if _score(p.row, row) == 1.0]
        if full:
            most = max(known[n].weight for n in full)
            wanted.setdefault(tuple(n for n in full if known[n].weight == most), []).append(row)
    for numbers, rows in sorted(wanted.items(), key=lambda item: len(item[0])):
        _share([known[n] for n in numbers], rows, typed)
    _take_back(typed)
    for one in known:
        if not one.rows:
            _take_changed(one, known, typed)


def _take_back(typed: Sequence[_Typed]) -> None:
    """A row alone among the rows of another table is that table's: a member typed the same words there."""
    counts = Counter((row.grid, row.printed.table) for row in typed if row.printed is not None)
    for row in typed:
        if row.printed is None or counts[row.grid, row.printed.table] > 1:
            continue
        others = any(grid == row.grid and table != row.printed.table for grid, table in counts)
        elsewhere = any(grid != row.grid and table == row.printed.table for grid, table in counts)
        if others and elsewhere:
            row.printed.rows.remove(row)
            row.printed = None


def _take_changed(one: _Printed, known: Sequence[_Printed], typed: Sequence[_Typed]) -> None:
    """The row whose words were changed a little: the only one among the table's own rows that has most of them."""
    grids = {row.grid for row in typed if row.printed is not None and row.printed.table == one.table}
    like = [
        row
        for row in typed
        if row.printed is None
        and row.grid in grids
        and len(row.row.cells) == len(one.row.cells)
        and _score(one.row, row) >= _MOST
        and all(p is one or p.rows or _score(p.row, row) < _MOST for p in known)
    ]
    if len(like) == 1:
        like[0].printed = one
        one.rows.append(like[0])


def _share(printed: Sequence[_Printed], rows: Sequence[_Typed], typed: Sequence[_Typed]) -> None:
    if len(printed) == 1 or len(printed) == len(rows):
        pairs = [(printed[min(n, len(printed) - 1)], row) for n, row in enumerate(rows)]
    else:
        pairs = []
        for row in rows:
            tables = Counter(t.printed.table for t in typed if t.grid == row.grid and t.printed is not None)
            mine = [p for p in printed if tables and p.table == tables.most_common(1)[0][0]]
            if len(mine) == 1:
                pairs.append((mine[0], row))
    for one, row in pairs:
        row.printed = one
        one.rows.append(row)


def _score(printed: LayoutRow, typed: _Typed) -> float:
    """How much of the row's printed words stand in it, cell by cell and in order: 0 to 1."""
    total = found = 0
    used: set[int] = set()
    for number, cell in enumerate(printed.cells):
        weight = template_of(cell).weight
        if not weight:
            continue
        total += weight
        at = _cell_like(cell, number, typed, used)
        if at is not None:
            used.add(at)
            found += weight
    # A row of few words and no slots is that row only when nobody wrote into it: a member may type the very same words.
    others = [box for n, box in enumerate(typed.row.cells) if n not in used]
    if len(used) < 3 and not any(cell.slots for cell in printed.cells) and any(map(_shown, others)):
        return 0.0
    return found / total if total else 0.0


def _cell_like(cell: Pattern, number: int, typed: _Typed, used: set[int]) -> int | None:
    """The cell of a row in which `cell`'s words stand: at its own place, else anywhere."""
    places = sorted(range(len(typed.words)), key=lambda n: n != number)
    return next((n for n in places if n not in used and fits(cell, typed.words[n], {})), None)


@dataclass(kw_only=True)
class _Work:
    """Collects what the rows hold."""

    places: Places
    printed: Sequence[_Printed]
    typed: Sequence[_Typed]
    found: dict[str, Found] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read_fixed(self, printed: _Printed) -> None:
        """The slots of a row that is printed once."""
        rows = printed.rows if printed.weight else self._rows_below(printed)
        if len(rows) != 1:
            self._say(printed, "row-twice" if rows else "row-missing")
            for row in rows:
                row.taken = True
            return
        rows[0].taken = True
        for number, cell in enumerate(printed.row.cells):
            if cell.slots:
                self._read_cell(printed, number, rows[0], row=0)

    def _rows_below(self, printed: _Printed) -> list[_Typed]:
        """A row without words of its own: the one right below the row that stands above it in the blank form."""
        above = printed.above
        if above is None or len(above.rows) != 1:
            return []
        rows = []
        for row in self._after(above.rows[0]):
            if row.printed is not None or row.grid != above.rows[0].grid:
                break
            rows.append(row)
        filled = [row for row in rows if row.text]
        printed.rows = filled if len(filled) > 1 else (filled or rows[:1])
        for row in printed.rows:
            row.printed = printed
        return printed.rows

    def _after(self, row: _Typed) -> Sequence[_Typed]:
        return self.typed[self.typed.index(row) + 1 :]

    def _say(self, printed: _Printed, code: str) -> None:
        for cell in printed.row.cells:
            for slot in cell.slots:
                if self.places.field_of(slot.field) is not None:
                    self._problem(self.places.id_of(slot.field, 0), code)

    def _problem(self, field_id: str, code: str) -> None:
        if all((p.field, p.code) != (field_id, code) for p in self.problems):
            self.problems.append(self.places.problem(field_id, code))

    def _read_cell(self, printed: _Printed, number: int, typed: _Typed, *, row: int) -> None:
        cell = printed.row.cells[number]
        ids = {s: self.places.id_of(s.field, row) for s in cell.slots if self.places.field_of(s.field) is not None}
        if not ids:
            return
        box, code = _box_of(printed, number, typed)
        if box is not None and not code and ("merged" in box.oddities or has_foreign(box, set(ids.values()), row)):
            code = "merged"
        if box is None or code:
            for field_id in dict.fromkeys(ids.values()):
                self._problem(field_id, code or "merged")
            return
        words = typed.words[_index(typed.row, box)]
        found, problems = take_cut(
            cell, cut(cell, words), words, self.places, where="table", row=row,
            oddities=box.oddities - {"after-marker", "after-note"},
        )  # fmt: skip
        for field_id, one in found.items():
            if row:
                one.controls = renamed(box.controls, field_id)
            merge(self.found, field_id, one)
        self.problems.extend(problems)

    def read_growing(self, printed: _Printed) -> None:
        """Every row between the printed row above and the next printed one, in order; empty ones do not count."""
        table = printed.row.table
        above = printed.above
        while above is not None and not above.rows:
            above = above.above
        if above is None:
            self.places.id_of(table, 0)
            self._problem(table, "row-missing")
            return
        number = 0
        for row in self._region(above):
            row.taken = True
            if _is_filled(printed, row):
                number += 1
                for index, cell in enumerate(printed.row.cells):
                    if cell.slots:
                        self._read_cell(printed, index, row, row=number)
            self._unasked(printed, row)
        self.counts[table] = number

    def _region(self, above: _Printed) -> Iterator[_Typed]:
        """The rows below the head, and those of tables without any printed row that follow it (a table split in two)."""
        first = above.rows[0]
        grids = {row.grid for row in self.typed if row.printed is not None and row.printed.table != above.table}
        for row in self._after(above.rows[0]):
            if row.printed is above and not above.asks:
                continue  # the head again, at the top of the next page
            if row.printed is not None:
                return
            if row.grid != first.grid and (row.grid in grids or len(row.row.cells) != len(first.row.cells)):
                return
            yield row

    def _unasked(self, printed: _Printed, typed: _Typed) -> None:
        """Text in a cell of a growing row where nothing is asked (the printed number aside)."""
        for index, cell in enumerate(printed.row.cells):
            box, _ = _box_of(printed, index, typed) if not cell.slots else (None, "")
            text = _shown(box) if box is not None else ""
            if text.strip(_NUMBERS) and (cell.pieces != (WILD,) or not _is_filled(printed, typed)):
                self.problems.append(self.places.problem("", "extra-text", text))

    def note_unknown_rows(self) -> None:
        """Filled rows nobody knows, in tables that hold rows of ours."""
        ours = {row.grid for row in self.typed if row.printed is not None}
        for row in self.typed:
            if row.grid in ours and row.printed is None and not row.taken and row.text:
                self.problems.append(self.places.problem("", "row-unknown", row.text))


def _shown(box: Box) -> str:
    """A cell's text on one line, without empty boxes, our notes and placeholders."""
    text = clean_text(noted(box.text).replace(NOTE, ""))
    return " ".join("".join(c for c in text if c not in EMPTY_BOX).split())


def _is_filled(printed: _Printed, typed: _Typed) -> bool:
    """Did anybody write in a growing row where it asks? The printed number alone is nothing."""
    for index, cell in enumerate(printed.row.cells):
        if cell.slots:
            box, _ = _box_of(printed, index, typed)
            if box is None:
                return bool(typed.text.strip(_NUMBERS))
            if _shown(box) or box.oddities & {"picture", "nested-table"}:
                return True
    return False


def _box_of(printed: _Printed, number: int, typed: _Typed) -> tuple[Box | None, str]:
    """The cell of a row that came back for cell `number` of its printed row, or why there is none."""
    cells = typed.row.cells
    pattern = printed.row.cells[number]
    if template_of(pattern).weight:
        at = _cell_like(pattern, number, typed, set())
        if at is not None:
            return cells[at], ""
    head = _head_above(printed, number)
    if head is not None:
        return _below_head(*head, typed)
    if len(cells) == len(printed.row.cells):
        return cells[number], ""
    return None, "merged"


def _head_above(printed: _Printed, number: int) -> tuple[_Typed | None, Box | None] | None:
    """The printed cell above in the row that came back for it (None where it is gone); None if nothing is printed there."""
    start = printed.row.starts[number]
    above = printed.above
    while above is not None:
        if not above.asks and start in above.row.starts:
            at = above.row.starts.index(start)
            cell = above.row.cells[at]
            if template_of(cell).weight and not above.rows:
                return None, None
            if template_of(cell).weight:
                head = above.rows[0]
                found = _cell_like(cell, at, head, set())
                return head, head.row.cells[found] if found is not None else None
        above = above.above
    return None


def _below_head(head: _Typed | None, name: Box | None, typed: _Typed) -> tuple[Box | None, str]:
    """By order when the row has as many cells as the head, else by the grid column it fills."""
    if head is None or name is None:
        return None, "column-missing"
    cells = typed.row.cells
    if len(cells) == len(head.row.cells):
        return cells[_index(head.row, name)], ""
    # A cell was split or taken out, and the grid with it: no column is where it was.
    if cells[0].span and name.span and sum(c.span for c in cells) != sum(c.span for c in head.row.cells):
        return None, "merged"
    found = next((box for box in cells if box.start == name.start), None)
    if found is None or _width(typed.row, found) != _width(head.row, name):
        return None, "merged"
    return found, ""


def _width(row: GridRow, box: Box) -> int:
    """How many grid columns a cell covers; 0 for the last cell when the file does not say."""
    if box.span:
        return box.span
    at = _index(row, box)
    return row.cells[at + 1].start - box.start if at + 1 < len(row.cells) else 0


def _index(row: GridRow, box: Box) -> int:
    return next(n for n, cell in enumerate(row.cells) if cell is box)
