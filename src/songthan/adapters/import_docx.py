"""A Word plan as blocks (the child process of import_source): paragraphs, text boxes and tables with merged cells.

Runs inside the sandbox. The package is opened by `read_package` (bombs, macros, DOCTYPE are refused). Text in content
controls, insertions and text boxes counts; deletions and the fallback copies of drawings do not. Numbers and bullets that
Word itself puts before a paragraph are written out, or «๑.๑» would be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from songthan.adapters.read_package import Package, W, open_package
from songthan.domain.errors import ReadRefused
from songthan.domain.thai import canonical, to_thai_digits

__all__ = ["blocks_of", "read_job"]

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE = frozenset((f"{W}del", f"{W}moveFrom", f"{_MC}Fallback", f"{W}instrText", f"{W}delText"))
_TEXTBOX = f"{W}txbxContent"
_LETTERS = "กขคงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮ"


def read_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """`{"blocks": […]}`, or `{"refused": sentence, "where": part}` for a file that is not opened further."""
    try:
        return {"blocks": blocks_of(payload)}, []
    except ReadRefused as error:
        return {"refused": error.th, "where": error.where}, []


def blocks_of(data: bytes) -> list[dict]:
    """The blocks in order: {"n", "text", "boxed"} or {"n", "rows": [[[text, merged]…]…]}; numbers count from 1."""
    package = open_package(data)
    main = package.main_part
    body = package.xml(main).find(f"{W}body") if main else None
    if body is None:
        raise ReadRefused("ไฟล์นี้ไม่ใช่เอกสาร Word (.docx)", code="zip-broken")
    return _Reader(_Numbering(package, main)).read(body)


class _Reader:
    def __init__(self, numbering: _Numbering) -> None:
        self._numbering = numbering
        self._paragraphs = self._tables = 0

    def read(self, body: etree._Element) -> list[dict]:
        blocks: list[dict] = []
        for node in _content(body):
            if node.tag == f"{W}tbl":
                self._tables += 1
                blocks.append({"n": self._tables, "rows": self._rows(node)})
                continue
            self._paragraphs += 1
            n = self._paragraphs
            blocks += [{"n": n, "text": t.strip(), "boxed": False} for t in self._text(node).split("\n")]
            for box in _boxes(node):
                lines = [line for line in self._lines(box) if line]
                blocks.append({"n": n, "text": "", "boxed": True})
                blocks += [{"n": n, "text": line, "boxed": True} for line in lines]
                blocks.append({"n": n, "text": "", "boxed": True})
        return blocks

    def _rows(self, table: etree._Element) -> list[list[tuple[str, bool]]]:
        above: dict[int, str] = {}
        rows = []
        for tr in _children(table, f"{W}tr"):
            properties = tr.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                continue
            cells: list[tuple[str, bool]] = [("", False)] * _number(properties, "gridBefore", 0)
            for tc in _children(tr, f"{W}tc"):
                look = tc.find(f"{W}tcPr")
                merge = look.find(f"{W}vMerge") if look is not None else None
                column = len(cells)
                goes_on = merge is not None and merge.get(f"{W}val", "continue") == "continue"
                text = above.get(column, "") if goes_on else "\n".join(x for x in self._lines(tc) if x)
                above[column] = text if merge is not None else ""
                cells += [(text, goes_on), *[("", False)] * (min(_number(look, "gridSpan", 1), 60) - 1)]
            if cells:
                rows.append(cells)
        return rows

    def _lines(self, container: etree._Element) -> Iterator[str]:
        """The lines of a cell or text box; a table inside is told row by row."""
        for node in _content(container):
            if node.tag == f"{W}tbl":
                for tr in _children(node, f"{W}tr"):
                    yield " ".join(t for tc in _children(tr, f"{W}tc") for t in self._lines(tc) if t)
                continue
            yield from (line.strip() for line in self._text(node).split("\n"))
            for box in _boxes(node):
                yield from self._lines(box)

    def _text(self, paragraph: etree._Element) -> str:
        pieces: list[str] = []
        _collect(paragraph, pieces)
        text = re.sub("[\u200b-\u200d\u2060\ufeff\u00ad]", "", canonical("".join(pieces)))
        label = self._numbering.label(paragraph)
        return f"{label} {text.strip()}" if label and text.strip() else text


def _collect(node: etree._Element, pieces: list[str]) -> None:
    for child in node:
        if child.tag in _GONE or child.tag == _TEXTBOX:
            continue
        if child.tag == f"{W}t":
            pieces.append(child.text or "")
        elif child.tag == f"{W}tab":
            pieces.append(" ")
        elif child.tag in (f"{W}br", f"{W}cr"):
            pieces.append("\n")
        elif child.tag == f"{W}noBreakHyphen":
            pieces.append("-")
        else:
            _collect(child, pieces)


def _content(container: etree._Element) -> Iterator[etree._Element]:
    """Paragraphs and tables, also those inside content controls, insertions and the like."""
    for child in container:
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif child.tag not in _GONE and child.tag != f"{W}sdtPr":
            yield from _content(child)


def _children(container: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Rows of a table or cells of a row, wherever a wrapper was put around them; not those of a table inside."""
    for child in container:
        if child.tag == tag:
            yield child
        elif child.tag not in _GONE and child.tag not in (f"{W}tc", f"{W}p", f"{W}tbl"):
            yield from _children(child, tag)


def _boxes(paragraph: etree._Element) -> Iterator[etree._Element]:
    """Text boxes anchored in this paragraph, once each (Word keeps a second copy as fallback)."""
    for child in paragraph:
        if child.tag == _TEXTBOX:
            yield child
        elif child.tag not in _GONE:
            yield from _boxes(child)


def _number(properties: etree._Element | None, name: str, default: int) -> int:
    node = properties.find(f"{W}{name}") if properties is not None else None
    value = node.get(f"{W}val", "") if node is not None else ""
    return int(value) if value.isascii() and value.isdigit() else default


class _Numbering:
    """Counts the automatic numbers of a document as Word shows them."""

    def __init__(self, package: Package, main: str) -> None:
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, dict[int, int]] = {}
        part = next((t for kind, t in package.relations(main).values() if kind == "numbering"), "")
        if part in package.names:
            self._learn(package.xml(part))

    def _learn(self, root: etree._Element) -> None:
        for abstract in root.iter(f"{W}abstractNum"):
            for level in abstract.iter(f"{W}lvl"):
                form, text = level.find(f"{W}numFmt"), level.find(f"{W}lvlText")
                key = (abstract.get(f"{W}abstractNumId", ""), int(level.get(f"{W}ilvl", "0")))
                self._levels[key] = (
                    form.get(f"{W}val", "") if form is not None else "",
                    text.get(f"{W}val", "") if text is not None else "",
                    _number(level, "start", 1),
                )
        for num in root.iter(f"{W}num"):
            target = num.find(f"{W}abstractNumId")
            if target is not None:
                self._abstract[num.get(f"{W}numId", "")] = target.get(f"{W}val", "")

    def label(self, paragraph: etree._Element) -> str:
        """The number or «-» Word prints before this paragraph; empty when none."""
        spot = paragraph.find(f"{W}pPr/{W}numPr")
        if spot is None:
            return ""
        abstract = self._abstract.get(
            spot.find(f"{W}numId").get(f"{W}val", "") if spot.find(f"{W}numId") is not None else ""
        )
        level = _number(spot, "ilvl", 0)
        if abstract is None or (abstract, level) not in self._levels:
            return ""
        form, text, _ = self._levels[abstract, level]
        if form in ("bullet", "none", ""):
            return "-" if form == "bullet" else ""
        counts = self._counts.setdefault(abstract, {})
        counts[level] = counts.get(level, self._levels[abstract, level][2] - 1) + 1
        for deeper in [k for k in counts if k > level]:
            del counts[deeper]
        for k in range(level + 1):
            form, _, start = self._levels.get((abstract, k), ("decimal", "", 1))
            text = text.replace(f"%{k + 1}", _shown(counts.get(k, start), form))
        return text


def _shown(n: int, form: str) -> str:
    if form == "thaiNumbers":
        return to_thai_digits(n)
    if form == "thaiLetters":
        return _LETTERS[(n - 1) % len(_LETTERS)]
    return str(n)
