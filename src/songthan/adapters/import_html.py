"""A `<table>` written out in a text plan (as some OCR does) as rows of cells; spans across and down are laid out."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["rows_of"]

_BREAKS = frozenset(("p", "br", "li", "div", "ul", "ol"))
_MAX_SPAN = 60


class _Table(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[tuple[int, list[tuple[str, int, int]]]] = []
        self._cell: list[str] | None = None
        self._spans = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._close()
            self.rows.append((self.getpos()[0], []))
        elif tag in ("td", "th"):
            self._close()
            named = dict(attrs)
            self._cell, self._spans = [], (_span(named.get("colspan")), _span(named.get("rowspan")))
        elif tag in _BREAKS and self._cell is not None:
            self._cell.append("\n- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data.replace("\n", " "))

    def _close(self) -> None:
        if self._cell is not None and self.rows:
            self.rows[-1][1].append(("".join(self._cell).strip(), *self._spans))
        self._cell = None


def _span(value: str | None) -> int:
    return min(int(value), _MAX_SPAN) if value and value.isascii() and value.isdigit() and int(value) else 1


def rows_of(text: str) -> list[tuple[int, list[tuple[str, bool]]]]:
    """(line within `text` from 1, cells as (text, merged with the cell above)) for each row."""
    parser = _Table()
    parser.feed(text)
    parser.close()
    rows = []
    down: dict[int, tuple[str, int]] = {}
    for line, cells in parser.rows:
        row: list[tuple[str, bool]] = []
        queue = list(cells)
        while queue or len(row) in down:
            at = len(row)
            if at in down:
                words, left = down.pop(at)
                row.append((words, True))
                if left > 1:
                    down[at] = (words, left - 1)
                continue
            words, wide, high = queue.pop(0)
            if high > 1:
                down[at] = (words, high - 1)
            row += [(words, False), *[("", False)] * (wide - 1)]
        if row:
            rows.append((line, row))
    return rows
