"""What the template of a form that repeats over activities prints around its answers, as the form's own data: the lines
between and behind its tables, and the head of the column with the rows' numbers. A returned file is read by them."""

from __future__ import annotations

import re
import zipfile
from functools import lru_cache
from pathlib import Path

from lxml import etree

from songthan.domain.layouts import WILD
from songthan.domain.thai import squeeze

__all__ = ["printed_of"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_COMMAND = re.compile(r"\{%.*?%\}|\{\{.*?\}\}")
_NUMBER = re.compile(r"\{\{\s*activity\.number\s*\}\}")
#: Fewer printed letters than this would take any text for a printed line.
_FEWEST_LETTERS = 3
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def printed_of(path: Path) -> tuple[tuple[str, ...], str]:
    """The lines of a template (WILD where a value is printed) and the head over its numbers; nothing of a file that cannot
    be read (`form check` says so)."""
    try:
        return _printed_of(path, path.stat().st_mtime_ns)
    except (OSError, KeyError, zipfile.BadZipFile, etree.XMLSyntaxError):
        return (), ""


@lru_cache(maxsize=32)
def _printed_of(path: Path, _changed: int) -> tuple[tuple[str, ...], str]:
    with zipfile.ZipFile(path) as package:
        body = etree.fromstring(package.read("word/document.xml"), _PARSER).find(f"{_W}body")
    blocks = [] if body is None else list(body)
    lines = (_line(_text(block)) for block in blocks if block.tag == f"{_W}p")
    heads = (_head(block) for block in blocks if block.tag == f"{_W}tbl")
    return tuple(dict.fromkeys(filter(None, lines))), next(filter(None, heads), "")


def _text(element: etree._Element) -> str:
    return squeeze("".join(node.text or "" for node in element.iter(f"{_W}t")))


def _line(text: str) -> str:
    line = squeeze(_COMMAND.sub(WILD, text))
    return line if sum(c.isalpha() and c != WILD for c in line) >= _FEWEST_LETTERS else ""


def _head(table: etree._Element) -> str:
    """What stands over the cell that prints the activity's number, in the table's first row."""
    rows = [[_text(cell) for cell in row.iterfind(f"{_W}tc")] for row in table.iterfind(f"{_W}tr")]
    for cells in rows[1:]:
        for at, text in enumerate(cells):
            if _NUMBER.search(text):
                return rows[0][at] if at < len(rows[0]) else ""
    return ""
