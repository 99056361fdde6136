"""The content controls inside a cell: a growing table's rows are copied with their tags, so that only the place counts."""

from __future__ import annotations

from songthan.adapters.read_grid import Box, Controls
from songthan.domain.forms import split_field_id, table_row
from songthan.domain.values import clean_text

__all__ = ["has_foreign", "renamed"]


def has_foreign(box: Box, ids: set[str], row: int) -> bool:
    """Does the cell hold a filled control of another field? Then somebody merged or moved cells."""
    if box.controls is None:
        return False
    wanted = {_column_of(i) for i in ids} if row else ids
    filled = [name for name, texts in box.controls.texts.items() if any(clean_text(t) for t in texts)]
    names = {name.partition("=")[0] for name in (*filled, *box.controls.ticks)}
    return any((_column_of(name) if row else name) not in wanted for name in names)


def _column_of(name: str) -> str:
    """`dos[2].note` → `dos.note`; anything else as it is."""
    row, key = split_field_id(name)
    table = table_row(row)
    return f"{table[0]}.{key}" if table else name


def renamed(controls: Controls | None, field_id: str) -> Controls | None:
    """The controls of one column in a cell, under the id of the row they stand in now."""
    if controls is None:
        return None
    mine = Controls()
    for name, texts in controls.texts.items():
        if _column_of(name) == _column_of(field_id):
            mine.texts.setdefault(field_id, []).extend(texts)
            if name in controls.noted:
                mine.noted.add(field_id)
    for name, ticks in controls.ticks.items():
        base, _, choice = name.partition("=")
        if _column_of(base) == _column_of(field_id):
            mine.ticks.setdefault(f"{field_id}={choice}", []).extend(ticks)
    return mine
