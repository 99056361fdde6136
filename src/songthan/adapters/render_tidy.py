"""A filled part as Word wants it: own control ids, a paragraph in every cell, long rows free to break. Works on the text."""

from __future__ import annotations

import re
import unicodedata

from songthan.adapters.render_template import ID_MARK, KEEP_MARK

__all__ = ["tidy"]

# A row of about this many lines at 14 pt (half a landscape page) stays on one page; a longer one may break.
_KEEP_TOGETHER_LINES = 18
_LETTER_WIDTH = 112  # of TH SarabunPSK at 14 pt on the average, in twentieths of a point
_FIRST_ID = 1001
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TEXT, _TEXT_END = '<w:t xml:space="preserve">', "</w:t>"  # the only way text stands in our compiled templates
_WIDTH = re.compile(r'<w:tcW [^>]*?w:w="(\d+)"')
_ROW_EDGE = re.compile(r"<(/?)w:tr[ >]")
_BARE_CELL_END = re.compile(r"(</w:p>|<w:p(?: [^>]*)?/>)?\s*</w:tc>")
# signs above and below a letter take no width of their own
_MARKS = re.compile("[" + "".join(chr(c) for c in range(0x10000) if unicodedata.category(chr(c)) == "Mn") + "]")
_ENTITY = re.compile(r"&[^;]+;")


def tidy(text: str) -> str:
    """The rendered template part as a finished XML document."""
    return _HEAD + _numbered(_with_paragraphs(_kept_together(text)))


def _numbered(text: str) -> str:
    """Every content control gets an id of its own in this part."""
    first, *others = text.split(ID_MARK)
    pieces = [first]
    for number, piece in enumerate(others, start=_FIRST_ID):
        pieces += (f'<w:id w:val="{number}"/>', piece)
    return "".join(pieces)


def _with_paragraphs(text: str) -> str:
    """Word refuses a cell that does not end with a paragraph; a list that came out empty may leave one."""
    if text.count("</w:tc>") == text.count("</w:p></w:tc>"):
        return text
    return _BARE_CELL_END.sub(lambda m: m.group() if m[1] else "<w:p/></w:tc>", text)


def _kept_together(text: str) -> str:
    """w:cantSplit for the rows that ask for it and are short enough to be kept on one page.

    Never for the first row under a table's head: where such a row just fits on a page, LibreOffice 7.4 leaves out every
    row after it.
    """
    before, *rows = text.split(KEEP_MARK)
    pieces = [before]
    for row in rows:
        pieces += ("<w:cantSplit/>" if not _begins_table(before, row) and _is_short(row) else "", row)
        before = row
    return "".join(pieces)


def _begins_table(before: str, row: str) -> bool:
    """Is this the first row that is not a head? `before` is the text since the mark before, `row` since the row's own."""
    own = _last_row(before)
    if "<w:tblHeader" in before[own:] or "<w:tblHeader" in row[: row.find("</w:trPr>")]:
        return False
    above = before[:own]
    start = max(_last_row(above), above.rfind("<w:tbl>"), 0)
    return above.startswith("<w:tbl>", start) or "<w:tblHeader" in above[start:]


def _last_row(text: str) -> int:
    return max(text.rfind("<w:tr>"), text.rfind("<w:tr "), 0)


def _is_short(row: str) -> bool:
    return all(_lines(cell) <= _KEEP_TOGETHER_LINES for cell in row[: _row_end(row)].split("</w:tc>")[:-1])


def _row_end(text: str) -> int:
    """Where the row whose inside begins at 0 ends; rows of a table inside a cell are within it."""
    end = text.find("</w:tr>")
    if end < 0 or text.find("<w:tr", 0, end) < 0:
        return end if end >= 0 else len(text)
    depth = 1
    for edge in _ROW_EDGE.finditer(text):
        depth += -1 if edge[1] else 1
        if depth == 0:
            return edge.start()
    return len(text)


def _lines(cell: str) -> int:
    """About how many lines the cell's text takes in the cell's width; an upper bound where that is few enough."""
    width = _WIDTH.search(cell)
    room = max(int(width[1]) if width else 0, 600) - 140
    ends = cell.count("</w:p>") + cell.count("<w:br")
    letters = sum([text.find(_TEXT_END) for text in cell.split(_TEXT)[1:]])
    if letters * _LETTER_WIDTH // room + ends <= _KEEP_TOGETHER_LINES:
        return letters * _LETTER_WIDTH // room + ends
    return ends + sum(_width_of(paragraph) // room for paragraph in cell.split("</w:p>")[:-1])


def _width_of(paragraph: str) -> int:
    text = "".join([text[: text.find(_TEXT_END)] for text in paragraph.split(_TEXT)[1:]])
    text = _ENTITY.sub("&", text) if "&" in text else text
    return (len(text) - len(_MARKS.findall(text))) * _LETTER_WIDTH
