"""The characters of a PDF with their places (pypdfium2), mended to standard Thai."""

from __future__ import annotations

import ctypes
import unicodedata
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from songthan.domain.errors import ReadRefused
from songthan.domain.language import say
from songthan.domain.thai import canonical

__all__ = ["Glyph", "Line", "PageText", "lines_in", "mended", "open_pages"]

MAX_CHARS = 200_000
_BARE = 0.115  # of a letter's box: letters that touch stand closer than this, and a space is wider


@dataclass(frozen=True, kw_only=True)
class Glyph:
    """One character with the marks above and below it. Points; `y` is the base line, upwards from the page's foot.

    `made` is True for a space that stands nowhere in the file: pdfium saw a gap.
    """

    text: str
    x0: float
    x1: float
    y: float
    height: float
    made: bool = False


@dataclass(frozen=True, kw_only=True)
class PageText:
    """A page's whole text and its characters in the file's order."""

    text: str
    glyphs: tuple[Glyph, ...]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One printed line inside a cell. `certain` is False where a gap may be a tab or some spaces.

    `parts` are its texts between such gaps. `y` is its base line, `height` its tallest letter's box, `first_word` how wide the line's first word is; points.
    """

    text: str
    x0: float
    x1: float
    y: float
    height: float
    first_word: float
    certain: bool
    parts: tuple[str, ...] = ()


def mended(text: str) -> str:
    """Thai as it is typed: composed ำ, standard codes instead of glyph codes (FACTS: what PDF writers do to it)."""
    return canonical(canonical(text).replace("\u0e33\u0e32", "\u0e33"))


def open_pages(data: bytes) -> list[PageText]:
    """Every page of the PDF; ReadRefused (pdf-broken) when pdfium cannot open it."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise ReadRefused(
            say("ไฟล์ PDF นี้เสียหาย ระบบจึงเปิดอ่านไม่ได้"), code="pdf-broken", remedy=say("โปรดส่งเป็นไฟล์ Word")
        ) from error
    try:
        return [_page(document, number) for number in range(len(document))]
    finally:
        document.close()


def _page(document: pypdfium2.PdfDocument, number: int) -> PageText:
    try:
        page = document[number]
        text_page = page.get_textpage()
    except pypdfium2.PdfiumError:
        return PageText(text="", glyphs=())
    try:
        if text_page.count_chars() > MAX_CHARS:
            raise ReadRefused(say("หน้าในไฟล์ PDF นี้มีตัวอักษรมากผิดปกติ"), code="pdf-size", remedy=say("โปรดส่งเป็นไฟล์ Word"))
        glyphs = _glyphs(text_page)
        return PageText(text=mended(text_page.get_text_bounded()), glyphs=glyphs)
    finally:
        text_page.close()
        page.close()


def _glyphs(text_page: pypdfium2.PdfTextPage) -> tuple[Glyph, ...]:
    out: list[Glyph] = []
    x, y = ctypes.c_double(), ctypes.c_double()
    half = ""
    for index in range(text_page.count_chars()):
        char = chr(pdfium.FPDFText_GetUnicode(text_page, index))
        if char in "\r\n\x00\x02\ufffe":
            continue
        # pdfium counts in UTF-16: a letter beyond the first 65,536 comes in two halves.
        if "\ud800" <= char <= "\udbff":
            half = char
            continue
        char = (half + char).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")[-1]
        half = ""
        made = pdfium.FPDFText_IsGenerated(text_page, index) == 1
        if out and unicodedata.category(char) == "Mn":
            last = out[-1]
            out[-1] = Glyph(text=last.text + char, x0=last.x0, x1=last.x1, y=last.y, height=last.height, made=last.made)
            continue
        left, bottom, right, top = text_page.get_charbox(index, loose=True)
        pdfium.FPDFText_GetCharOrigin(text_page, index, x, y)
        out.append(Glyph(text=char, x0=left, x1=max(left, right), y=y.value, height=top - bottom, made=made))
    return tuple(out)


def lines_in(glyphs: tuple[Glyph, ...], box: tuple[float, float, float, float]) -> list[Line]:
    """The lines inside `box` (x0, bottom, x1, top; points from the page's foot), from top to bottom."""
    x0, bottom, x1, top = box
    mine = [g for g in glyphs if x0 - 0.5 <= (g.x0 + g.x1) / 2 <= x1 + 0.5 and bottom - 0.5 <= g.y <= top + 0.5]
    rows: list[list[Glyph]] = []
    for glyph in sorted(mine, key=lambda g: -g.y):
        if rows and abs(rows[-1][0].y - glyph.y) <= 2.0:
            rows[-1].append(glyph)
        else:
            rows.append([glyph])
    return [line for line in (_line(row) for row in rows) if line is not None]


def _line(row: list[Glyph]) -> Line | None:
    # By place, not by the file's order: check boxes are often written after their labels.
    row = sorted(row, key=lambda g: g.x0)
    text, sure = _spaced(row)
    inked = [g for g in row if g.text.strip()]
    if not inked:
        return None
    word_end = inked[0].x0
    for glyph in row[row.index(inked[0]) :]:
        if not glyph.text.strip():
            break
        word_end = glyph.x1
    inside = row[row.index(inked[0]) : len(row) - row[::-1].index(inked[-1])]
    return Line(
        text=mended(text).strip("\u0020"),
        x0=inked[0].x0,
        x1=inked[-1].x1,
        y=inked[0].y,
        height=max(g.height for g in inked),
        first_word=word_end - inked[0].x0,
        certain=sure and not any(g.made for g in inside) and not _gaps(inside),
        parts=_parts(inside),
    )


def _spaced(row: list[Glyph]) -> tuple[str, bool]:
    """The line's text with every space, and whether their number is sure.

    pdfium gives one space for several in a row; the gap after it tells how many there were, unless the line is
    stretched (justified) and the gap is no whole number of spaces.
    """
    out, sure = [], True
    for glyph, after in zip(row, [*row[1:], None], strict=True):
        out.append(glyph.text)
        more, whole = _more_spaces(glyph, after)
        bare = _is_bare(glyph, after)
        out.append(" " * (more or bare))
        sure = sure and whole and not bare
    return "".join(out), sure


def _is_bare(glyph: Glyph, after: Glyph | None) -> bool:
    """Is there room for a space between two letters where the file has none? Programs that draw a print again leave
    spaces out."""
    if after is None or glyph.text.isspace() or after.text.isspace() or "\uff00" < glyph.text[0] < "\uff60":
        return False
    return after.x0 - glyph.x1 > _BARE * max(glyph.height, after.height)


def _more_spaces(glyph: Glyph, after: Glyph | None) -> tuple[int, bool]:
    """How many further spaces the gap after a space stands for, and whether it is a whole number of them."""
    width = glyph.x1 - glyph.x0
    if glyph.text != " " or after is None or width <= 0:
        return 0, True
    more = (after.x0 - glyph.x1) / width
    return max(round(more), 0), abs(more - round(more)) < 0.3 and more < 8.5


def _parts(inside: list[Glyph]) -> tuple[str, ...]:
    """The texts between gaps that are not a known number of spaces."""
    parts: list[list[Glyph]] = [[]]
    for glyph, after in zip(inside, [*inside[1:], None], strict=True):
        if not glyph.made:
            parts[-1].append(glyph)
        unsure = glyph.made or not _more_spaces(glyph, after)[1] or _is_bare(glyph, after)
        unsure = unsure or (after is not None and after.x0 - glyph.x1 > 4.0)
        if unsure and parts[-1]:
            parts.append([])
    return tuple(mended(_spaced(part)[0]) for part in parts if part)


def _gaps(inside: list[Glyph]) -> bool:
    """True where two neighbours stand more than 4 points apart: a tab, or spaces the file does not hold."""
    return any(b.x0 - a.x1 > 4.0 for a, b in zip(inside, inside[1:], strict=False))
