"""The answers in the tables of a layout, from the rows that came back for its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from songthan.adapters.read_grid import Grid
from songthan.adapters.read_layout_controls import has_foreign, renamed
from songthan.adapters.read_layout_found import Found, Places, merge, take_cut
from songthan.adapters.read_layout_match import (
    NUMBERS,
    Printed,
    Typed,
    assign,
    box_of,
    claimed_cells,
    index_of,
    is_filled,
    printed_rows,
    shown_text,
)
from songthan.adapters.read_layout_text import cut
from songthan.domain.forms import Problem
from songthan.domain.layouts import WILD, LayoutTable
from songthan.domain.values import clean_text

__all__ = ["read_tables"]

# A changed cell with so many letters more than were printed holds something of the member's own.
_LONGER = 3


_Answer = tuple[dict[str, Found], dict[str, int], list[Problem]]


def read_tables(tables: Sequence[LayoutTable], grids: Sequence[Grid], places: Places) -> _Answer:
    """What stands in the tables' slots by field id, the number of filled rows of each growing table, and problems."""
    printed = printed_rows(tables)
    typed = [Typed(row=row, grid=number) for number, grid in enumerate(grids) for row in grid.rows if row.cells]
    assign(printed, typed)
    work = _Work(places=places, printed=printed, typed=typed)
    for row in printed:
        if row.row.table:
            work.read_growing(row)
        elif row.asks:
            work.read_fixed(row)
    work.note_unknown_rows()
    return work.found, work.counts, work.problems


@dataclass(kw_only=True)
class _Work:
    """Collects what the rows hold."""

    places: Places
    printed: Sequence[Printed]
    typed: Sequence[Typed]
    found: dict[str, Found] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def read_fixed(self, printed: Printed) -> None:
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
        self._look_at_words(printed, rows[0])

    def _look_at_words(self, printed: Printed, typed: Typed) -> None:
        """Text typed into printed cells or cells of a member's own, and printed words that are not what they were."""
        claimed, changed = claimed_cells(printed, typed)
        stray = [text for n, text in enumerate(typed.shown) if n not in claimed and text]
        stray += self._in_wild_cells(printed, typed)
        for number, template in changed:
            norm = typed.words[number].norm
            if all(literal in norm for literal in template.literals) or len(norm) > template.weight + _LONGER:
                stray.append(typed.shown[number])
        if stray:
            self.problems.append(self.places.problem("", "extra-text", " ".join(stray)))
        if changed:
            self._doubt_row(printed)

    def _in_wild_cells(self, printed: Printed, typed: Typed) -> list[str]:
        """Words in cells where the form prints something: perhaps an answer that is missing beside them."""
        slots = {slot.field for cell in printed.row.cells for slot in cell.slots if not slot.choice}
        found = [self.found.get(self.places.id_of(f, 0)) for f in slots if self.places.field_of(f) is not None]
        if all(one is None or one.text is None or clean_text(one.text) for one in found):
            return []
        wild = [n for n, cell in enumerate(printed.row.cells) if cell.pieces == (WILD,)]
        boxes = [box_of(printed, n, typed)[0] for n in wild]
        return [text for box in boxes if box is not None and (text := shown_text(box)).strip(NUMBERS)]

    def _doubt_row(self, printed: Printed) -> None:
        """The row is perhaps another one: only its controls say that it is this one."""
        for slot in (s for cell in printed.row.cells for s in cell.slots):
            key = slot.field
            if self.places.field_of(key) is not None and key in self.found and not self._is_tagged(printed, key):
                del self.found[key]
                self._problem(key, "label-missing")

    def _is_tagged(self, printed: Printed, key: str) -> bool:
        known = [box.controls for box in printed.rows[0].row.cells if box.controls is not None]
        return any(key in c.texts or any(name.partition("=")[0] == key for name in c.ticks) for c in known)

    def _rows_below(self, printed: Printed) -> list[Typed]:
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

    def _after(self, row: Typed) -> Sequence[Typed]:
        return self.typed[self.typed.index(row) + 1 :]

    def _say(self, printed: Printed, code: str) -> None:
        for cell in printed.row.cells:
            for slot in cell.slots:
                if self.places.field_of(slot.field) is not None:
                    self._problem(self.places.id_of(slot.field, 0), code)

    def _problem(self, field_id: str, code: str) -> None:
        if all((p.field, p.code) != (field_id, code) for p in self.problems):
            self.problems.append(self.places.problem(field_id, code))

    def _read_cell(self, printed: Printed, number: int, typed: Typed, *, row: int) -> None:
        cell = printed.row.cells[number]
        ids = {s: self.places.id_of(s.field, row) for s in cell.slots if self.places.field_of(s.field) is not None}
        if not ids:
            return
        box, code = box_of(printed, number, typed)
        if box is not None and not code and ("merged" in box.oddities or has_foreign(box, set(ids.values()), row)):
            code = "merged"
        if box is None or code:
            for field_id in dict.fromkeys(ids.values()):
                self._problem(field_id, code or "merged")
            return
        words = typed.words[index_of(typed.row, box)]
        found, problems = take_cut(
            cell, cut(cell, words), words, self.places, where="table", row=row,
            oddities=box.oddities - {"after-marker", "after-note"},
        )  # fmt: skip
        for field_id, one in found.items():
            if row:
                one.controls = renamed(box.controls, field_id)
            merge(self.found, field_id, one)
        self.problems.extend(problems)

    def read_growing(self, printed: Printed) -> None:
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
        pages: list[list[str]] = [[]]
        for row in self._region(above):
            row.taken = True
            if row.printed is above:
                pages.append([])
                continue
            if is_filled(printed, row):
                pages[-1].append(row.text)
                number += 1
                for index, cell in enumerate(printed.row.cells):
                    if cell.slots:
                        self._read_cell(printed, index, row, row=number)
            self._unasked(printed, row)
        self.counts[table] = number
        if any(page and page in pages[:n] for n, page in enumerate(pages)):
            self.places.id_of(table, 0)
            self._problem(table, "row-twice")

    def _region(self, above: Printed) -> Iterator[Typed]:
        """The rows below the head, the head again, and rows of tables without any printed row that follow it (a table
        split in two)."""
        first = above.rows[0]
        grids = {row.grid for row in self.typed if row.printed is not None and row.printed.table != above.table}
        for row in self._after(above.rows[0]):
            # The head may stand again at the top of the next page.
            if row.printed is not None and (row.printed is not above or above.asks):
                return
            if row.grid != first.grid and (row.grid in grids or len(row.row.cells) != len(first.row.cells)):
                return
            yield row

    def _unasked(self, printed: Printed, typed: Typed) -> None:
        """Text in a cell of a growing row where nothing is asked (the printed number aside)."""
        claimed, _ = claimed_cells(printed, typed)
        boxes = [box_of(printed, index, typed)[0] for index, cell in enumerate(printed.row.cells) if not cell.slots]
        stray = [text for box in boxes if box is not None and (text := shown_text(box)).strip(NUMBERS)]
        if all(box is not None for box in boxes):
            stray += [text for n, text in enumerate(typed.shown) if n not in claimed and text not in stray and text]
        if stray:
            self.problems.append(self.places.problem("", "extra-text", " ".join(stray)))

    def note_unknown_rows(self) -> None:
        """Filled rows nobody knows, in tables that hold rows of ours."""
        ours = {row.grid for row in self.typed if row.printed is not None}
        for row in self.typed:
            if row.grid in ours and row.printed is None and not row.taken and row.text:
                self.problems.append(self.places.problem("", "row-unknown", row.text))
