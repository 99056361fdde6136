"""Reads a Word form: its identity marks, its content controls and its tables (lxml over the zip).

Runs inside the sandbox. The two readings (controls, tables) are compared in `read_answers`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from songthan.adapters.read_answers import Controls, reconcile
from songthan.adapters.read_grid import Box, Grid, GridRow, drop_marker, read_grids
from songthan.adapters.read_identity import Marks, identity_of_package
from songthan.adapters.read_package import Package, W, open_package
from songthan.adapters.read_text import oddities_of, paragraphs_of, shows_placeholder, unwrapped
from songthan.adapters.read_verdict import form_of, identity_problems
from songthan.domain.forms import ReturnedForm
from songthan.domain.thai import squeeze, to_thai_digits
from songthan.ports import Expectation

__all__ = ["identify_docx", "read_docx"]

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_MEASURE = re.compile(r"มาตรการที่\s*([๐-๙0-9]+)")


def identify_docx(data: bytes) -> ReturnedForm:
    """Which form this docx is, without its answers; ReadRefused for a hostile one."""
    package, body = _open(data)
    return form_of(_marks(package, body))


def read_docx(data: bytes, expectation: Expectation) -> ReturnedForm:
    """Identity, answers and problems of reading; ReadRefused for a hostile file."""
    package, body = _open(data)
    marks = _marks(package, body)
    reading = read_grids(_grids(body), expectation)
    answers, problems = reconcile(expectation, _controls(body), reading)
    return form_of(marks, answers, (*identity_problems(marks, expectation.spec), *problems))


def _open(data: bytes) -> tuple[Package, etree._Element]:
    package = open_package(data)
    main = package.main_part
    root = package.xml(main) if main else etree.Element("none")
    body = root.find(f"{W}body")
    return package, body if body is not None else etree.Element(f"{W}body")


def _marks(package: Package, body: etree._Element) -> Marks:
    footers = []
    for kind, target in sorted(package.relations(package.main_part).values() if package.main_part else ()):
        if kind in ("footer", "header") and target in package.names:
            footers.extend(paragraphs_of(package.xml(target)))
    return identity_of_package(package, footers=footers, body="\n".join(paragraphs_of(body)))


def _controls(body: etree._Element) -> Controls:
    """Every control of the body; those in a Fallback are the same again and do not count."""
    controls = Controls()
    fallback = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
    for sdt in body.iter(f"{W}sdt"):
        if any(True for _ in sdt.iterancestors(fallback, f"{W}del", f"{W}moveFrom")):
            continue
        properties, content = sdt.find(f"{W}sdtPr"), sdt.find(f"{W}sdtContent")
        name = _name(properties)
        if not name or content is None:
            continue
        box = properties.find(f"{_W14}checkbox") if properties is not None else None
        if box is not None:
            checked = box.find(f"{_W14}checked")
            on = checked is not None and checked.get(f"{_W14}val", "1") in ("1", "true", "on")
            controls.ticks.setdefault(name, []).append(on)
        else:
            text = "" if shows_placeholder(sdt) else "\n".join(drop_marker(paragraphs_of(content))[0])
            controls.texts.setdefault(name, []).append(text)
    return controls


def _name(properties: etree._Element | None) -> str:
    for kind in ("tag", "alias"):
        node = properties.find(f"{W}{kind}") if properties is not None else None
        if node is not None and node.get(f"{W}val"):
            return node.get(f"{W}val", "")
    return ""


def _grids(body: etree._Element) -> list[Grid]:
    """The tables of the body in order, each named after the heading «มาตรการที่ …» above it."""
    grids: list[Grid] = []
    heading = ""
    for block in _blocks(body):
        if block.tag == f"{W}p":
            found = _MEASURE.search(squeeze("".join(paragraphs_of(block))))
            heading = found[1] if found else heading
            continue
        number = to_thai_digits(heading or len(grids) + 1)
        place = f"ตารางมาตรการที่ {number}" if heading else f"ตารางที่ {number}"
        grids.append(Grid(place=place, rows=tuple(_rows(block))))
    return grids


def _blocks(parent: etree._Element) -> Iterator[etree._Element]:
    for child in parent:
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo"):
            yield from _blocks(child)


def _rows(table: etree._Element) -> Iterator[GridRow]:
    for row in unwrapped(table, "tr"):
        properties = row.find(f"{W}trPr")
        if properties is not None and properties.find(f"{W}del") is not None:
            continue
        start = _number(properties, "gridBefore", 0)
        cells = []
        for cell in unwrapped(row, "tc"):
            about = cell.find(f"{W}tcPr")
            paragraphs, odd = drop_marker(paragraphs_of(cell))
            span = _number(about, "gridSpan", 1)
            odd |= oddities_of(cell)
            if about is not None and about.find(f"{W}vMerge") is not None:
                odd |= {"merged"}
            cells.append(Box(paragraphs=paragraphs, start=start, oddities=odd))
            start += span
        yield GridRow(cells=tuple(cells))


def _number(properties: etree._Element | None, name: str, default: int) -> int:
    node = properties.find(f"{W}{name}") if properties is not None else None
    value = node.get(f"{W}val", "") if node is not None else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else default
