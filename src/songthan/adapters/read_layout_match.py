"""Which row that came back is which row of the blank form, and which of its cells is which.

Rows may be moved, added, deleted, copied, tables split or joined: a row is known by its words, not by its number. Where
two places would do, none is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from songthan.adapters.read_grid import Box, GridRow
from songthan.adapters.read_layout_text import NOTE, UNSEEN, Template, Words, noted, template_of, words_of
from songthan.domain.layouts import LayoutRow, LayoutTable
from songthan.domain.values import EMPTY_BOX, clean_text

__all__ = [
    "NUMBERS", "Printed", "Typed", "assign", "box_of", "claimed_cells", "index_of", "is_filled", "printed_rows", "shown_text",
]  # fmt: skip

# A row whose printed words are changed is still that row when most of them are there and no other row has them.
_MOST = 0.6
#: What a printed row number is made of.
NUMBERS = "0123456789๐๑๒๓๔๕๖๗๘๙.() "
_LEFT_OUT = str.maketrans("", "", "".join(EMPTY_BOX) + UNSEEN + NOTE)


@dataclass(kw_only=True, eq=False)
class _Blank:
    """A row of the blank form, ready to be matched: worked out once for all the files that are held against it."""

    row: LayoutRow
    table: int
    templates: tuple[Template, ...]
    weight: int
    longest: str
    asks: bool


@dataclass(kw_only=True, eq=False)
class Printed:
    """A row of the blank form, and the rows that came back for it."""

    blank: _Blank
    above: Printed | None
    rows: list[Typed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.row, self.table, self.templates = self.blank.row, self.blank.table, self.blank.templates
        self.weight, self.asks = self.blank.weight, self.blank.asks


@dataclass(kw_only=True, eq=False)
class Typed:
    """A row that came back."""

    row: GridRow
    grid: int
    printed: Printed | None = None
    taken: bool = False
    _fits: dict[tuple[int, int], bool] = field(default_factory=dict)

    @cached_property
    def words(self) -> list[Words]:
        return [words_of(noted(box.text)) for box in self.row.cells]

    @cached_property
    def shown(self) -> list[str]:
        """What stands in each cell, boxes and our notes left out."""
        return [shown_text(box) for box in self.row.cells]

    @cached_property
    def text(self) -> str:
        return " ".join(filter(None, self.shown))

    @cached_property
    def norm(self) -> str:
        """All its words, cell by cell."""
        return "\n".join(words.norm for words in self.words)

    def fits(self, number: int, template: Template) -> bool:
        """Does its cell `number` hold these printed words, whatever stands between them?"""
        key = number, id(template)
        if key not in self._fits:
            self._fits[key] = template.fits(self.words[number].norm)
        return self._fits[key]


def printed_rows(tables: Sequence[LayoutTable]) -> list[Printed]:
    """Every row of the blank form's tables, each knowing the one above it."""
    printed: list[Printed] = []
    for blank in _blanks(tuple(tables)):
        beside = printed and printed[-1].table == blank.table
        printed.append(Printed(blank=blank, above=printed[-1] if beside else None))
    return printed


# By identity: comparing a whole form takes longer than reading it. The kept tables keep their ids taken.
_known: dict[tuple[int, ...], tuple[tuple[LayoutTable, ...], list[_Blank]]] = {}
_KEPT = 32


def _blanks(tables: tuple[LayoutTable, ...]) -> list[_Blank]:
    key = tuple(map(id, tables))
    if key not in _known:
        while len(_known) >= _KEPT:
            _known.pop(next(iter(_known)))
        _known[key] = tables, [_blank(number, row) for number, table in enumerate(tables) for row in table.rows]
    return _known[key][1]


def _blank(table: int, row: LayoutRow) -> _Blank:
    templates = tuple(map(template_of, row.cells))
    return _Blank(
        row=row, table=table, templates=templates, weight=sum(t.weight for t in templates),
        longest=max((literal for t in templates for literal in t.literals), key=len, default=""),
        asks=any(cell.slots for cell in row.cells),
    )  # fmt: skip


def assign(printed: Sequence[Printed], typed: Sequence[Typed]) -> None:
    """Give each row that came back its printed row, by the words; rows alike are told apart by their order."""
    known = [p for p in printed if p.weight and not p.row.table]
    wanted: dict[tuple[int, ...], list[Typed]] = {}
    for row in typed:
        full = [n for n, p in enumerate(known) if p.blank.longest in row.norm and _score(p, row) == 1.0]
        if full:
            most = max(known[n].weight for n in full)
            wanted.setdefault(tuple(n for n in full if known[n].weight == most), []).append(row)
    for numbers, rows in sorted(wanted.items(), key=lambda item: len(item[0])):
        _share([known[n] for n in numbers], rows, typed)
    _take_back(typed)
    for one in known:
        if not one.rows:
            _take_changed(one, known, typed)


def _take_back(typed: Sequence[Typed]) -> None:
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


def _take_changed(one: Printed, known: Sequence[Printed], typed: Sequence[Typed]) -> None:
    """The row whose words were changed a little: the only one among the table's own rows that has most of them."""
    grids = {row.grid for row in typed if row.printed is not None and row.printed.table == one.table}
    like = [
        row
        for row in typed
        if row.printed is None
        and row.grid in grids
        and len(row.row.cells) == len(one.row.cells)
        and _score(one, row) >= _MOST
        and all(p is one or p.rows or _score(p, row) < _MOST for p in known)
    ]
    if len(like) == 1:
        like[0].printed = one
        one.rows.append(like[0])


def _share(printed: Sequence[Printed], rows: Sequence[Typed], typed: Sequence[Typed]) -> None:
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


def _score(printed: Printed, typed: Typed) -> float:
    """How much of the row's printed words stand in it, cell by cell and in order: 0 to 1."""
    found = 0
    used: set[int] = set()
    for number, template in enumerate(printed.templates):
        at = _cell_like(template, number, typed, used) if template.weight else None
        if at is not None:
            used.add(at)
            found += template.weight
    # A row of few words and no slots is that row only when nobody wrote into it: a member may type the very same words.
    others = (text for n, text in enumerate(typed.shown) if n not in used)
    if len(used) < 3 and not printed.asks and any(others):
        return 0.0
    return found / printed.weight if printed.weight else 0.0


def _cell_like(template: Template, number: int, typed: Typed, used: Set[int] = frozenset()) -> int | None:
    """The cell of a row in which the words stand: at its own place, else anywhere."""
    count = len(typed.row.cells)
    places = (number, *range(number), *range(number + 1, count)) if number < count else range(count)
    return next((n for n in places if n not in used and typed.fits(n, template)), None)


def claimed_cells(printed: Printed, typed: Typed) -> tuple[set[int], list[tuple[int, Template]]]:
    """The cells of a row that belong to cells of its printed row, and those whose printed words were changed."""
    claimed: set[int] = set()
    changed = []
    same = len(typed.row.cells) == len(printed.row.cells)
    for number, (cell, template) in enumerate(zip(printed.row.cells, printed.templates, strict=True)):
        at = _cell_like(template, number, typed, claimed) if template.weight else None
        if at is None and template.weight and not cell.slots and same:
            at = number
            changed.append((number, template))
        if at is None:
            box, _ = box_of(printed, number, typed)
            at = index_of(typed.row, box) if box is not None else number if same else None
        if at is not None:
            claimed.add(at)
    return claimed, changed


def shown_text(box: Box) -> str:
    """A cell's text on one line, without empty boxes, our notes and placeholders."""
    text = clean_text(noted(box.text).translate(_LEFT_OUT))
    return " ".join(text.split())


def is_filled(printed: Printed, typed: Typed) -> bool:
    """Did anybody write in a growing row where it asks? The printed number alone is nothing."""
    for index, cell in enumerate(printed.row.cells):
        if cell.slots:
            box, _ = box_of(printed, index, typed)
            if box is None:
                return len([text for text in typed.shown if text]) > 1 or bool(typed.text.strip(NUMBERS))
            # An empty box is nothing where one ticks; where one writes somebody wrote it.
            written = clean_text(noted(box.text).replace(NOTE, "")) if not any(s.choice for s in cell.slots) else ""
            if written or shown_text(box) or box.oddities & {"picture", "nested-table"}:
                return True
    return False


def box_of(printed: Printed, number: int, typed: Typed) -> tuple[Box | None, str]:
    """The cell of a row that came back for cell `number` of its printed row, or why there is none."""
    cells = typed.row.cells
    template = printed.templates[number]
    if template.weight:
        at = _cell_like(template, number, typed)
        if at is not None:
            return cells[at], ""
    head = _head_above(printed, number)
    if head is not None:
        return _below_head(*head, typed)
    if len(cells) == len(printed.row.cells):
        return cells[number], ""
    return None, "merged"


def _head_above(printed: Printed, number: int) -> tuple[Typed | None, Box | None] | None:
    """The printed cell above in the row that came back for it (None where it is gone); None if nothing is printed there."""
    start = printed.row.starts[number]
    above = printed.above
    while above is not None:
        if not above.asks and start in above.row.starts:
            at = above.row.starts.index(start)
            template = above.templates[at]
            if template.weight and not above.rows:
                return None, None
            if template.weight:
                head = above.rows[0]
                found = _cell_like(template, at, head)
                return head, head.row.cells[found] if found is not None else None
        above = above.above
    return None


def _below_head(head: Typed | None, name: Box | None, typed: Typed) -> tuple[Box | None, str]:
    """By order when the row has as many cells as the head, else by the grid column it fills."""
    if head is None or name is None:
        return None, "column-missing"
    cells = typed.row.cells
    if len(cells) == len(head.row.cells):
        return cells[index_of(head.row, name)], ""
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
    at = index_of(row, box)
    return row.cells[at + 1].start - box.start if at + 1 < len(row.cells) else 0


def index_of(row: GridRow, box: Box) -> int:
    return next(n for n, cell in enumerate(row.cells) if cell is box)
