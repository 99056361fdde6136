"""pandoc itself: keeps tables and text, nothing else (no controls, no footer, no properties)."""

from __future__ import annotations

from writers import programs
from writers.sheet import Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("pandoc")


def _through(sheet: Sheet, *steps: str) -> bytes:
    sheet.token = None
    return programs.pandoc(sheet.docx.bytes(), *steps)


@WRITER.case()
def straight(sheet: Sheet) -> bytes:
    """docx → docx."""
    return _through(sheet)


@WRITER.case(start="plain")
def short_answers(sheet: Sheet) -> bytes:
    """docx → docx, short answers."""
    return _through(sheet)


@WRITER.case()
def by_way_of_html(sheet: Sheet) -> bytes:
    """docx → html → docx."""
    sheet.either()
    return _through(sheet, "html")


@WRITER.case(start="plain")
def by_way_of_markdown(sheet: Sheet) -> bytes:
    """docx → markdown → docx: typewriter tables, smart quotes."""
    sheet.either()
    return _through(sheet, "markdown")


@WRITER.case(start="plain")
def saved_twice(sheet: Sheet) -> bytes:
    """docx → docx → docx."""
    sheet.token = None
    return programs.pandoc(programs.pandoc(sheet.docx.bytes()))


@WRITER.case(start="blank")
def empty(sheet: Sheet) -> bytes:
    """Untouched, docx → docx."""
    return _through(sheet)
