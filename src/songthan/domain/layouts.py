"""A blank form as data: its printed words and the places between them where people write.

Programs that drop content controls keep words and tables; matched against the layout, what stands between the printed
words is the answer. Derived from the Word template (`songthan.adapters.form_layout`), never written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["WILD", "Layout", "LayoutRow", "LayoutTable", "Passage", "Pattern", "Slot", "layout_from_json"]

#: Inside a literal: any text may stand here (a name, a date the template prints).
WILD = "\ue000"


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Where one answer is written. `field` is the field's key, or `<table>.<column>` in a growing row; `choice` is the
    value a check box stands for, "" for a text."""

    field: str
    choice: str = ""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """Printed words and slots in reading order; paragraphs are joined by a line end. Two slots never touch."""

    pieces: tuple[str | Slot, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(p for p in self.pieces if isinstance(p, Slot))

    @property
    def words(self) -> str:
        """The printed words alone."""
        return " ".join(p for p in self.pieces if isinstance(p, str))


@dataclass(frozen=True, kw_only=True)
class Passage:
    """The body paragraphs between two tables, as one pattern."""

    pattern: Pattern


@dataclass(frozen=True, kw_only=True)
class LayoutRow:
    """One row; `starts` are the grid columns its cells begin in, `table` the key of the growing table it repeats for."""

    cells: tuple[Pattern, ...]
    starts: tuple[int, ...]
    table: str = ""


@dataclass(frozen=True, kw_only=True)
class LayoutTable:
    rows: tuple[LayoutRow, ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The whole blank form, top to bottom."""

    blocks: tuple[Passage | LayoutTable, ...]

    def as_json(self) -> list[object]:
        """Lists and strings only, for the child process; `layout_from_json` reads it."""
        return [
            {"passage": _plain(b.pattern)}
            if isinstance(b, Passage)
            else {"rows": [{"cells": [_plain(c) for c in r.cells], "starts": list(r.starts), "table": r.table} for r in b.rows]}
            for b in self.blocks
        ]


def _plain(pattern: Pattern) -> list[object]:
    return [[p.field, p.choice] if isinstance(p, Slot) else p for p in pattern.pieces]


def layout_from_json(data: Sequence[Mapping[str, object]]) -> Layout:
    """`Layout.as_json()` back into the value."""
    return Layout(blocks=tuple(_block(item) for item in data))


def _block(item: Mapping[str, object]) -> Passage | LayoutTable:
    if "passage" in item:
        return Passage(pattern=_pattern(item["passage"]))
    rows = tuple(
        LayoutRow(
            cells=tuple(_pattern(c) for c in row["cells"]),
            starts=tuple(int(n) for n in row["starts"]),
            table=str(row["table"]),
        )
        for row in item["rows"]  # type: ignore[attr-defined]
    )
    return LayoutTable(rows=rows)


def _pattern(pieces: object) -> Pattern:
    return Pattern(
        pieces=tuple(p if isinstance(p, str) else Slot(field=str(p[0]), choice=str(p[1])) for p in pieces)  # type: ignore
    )
