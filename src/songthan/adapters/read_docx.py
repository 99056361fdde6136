"""Reads a Word form: its identity marks, its content controls and its tables (lxml over the zip).

Runs inside the sandbox. The two readings (controls, tables) are compared in `read_answers`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from lxml import etree

from songthan.adapters.read_answers import Controls, reconcile
from songthan.adapters.read_grid import Box, Grid, GridRow, drop_marker, read_grids
from songthan.adapters.read_identity import TOKEN, Marks, identity_of_package
from songthan.adapters.read_layout import Sheet, read_layout
from songthan.adapters.read_layout_answers import reconcile_layout
from songthan.adapters.read_layout_found import stray_text
from songthan.adapters.read_package import Package, W, open_package
from songthan.adapters.read_printed import is_printed, measure_numbers
from songthan.adapters.read_text import (
    ODD_THINGS,
    oddities_of,
    paragraphs_among,
    paragraphs_of,
    shows_placeholder,
    unwrapped,
)
from songthan.adapters.read_verdict import form_of, identity_problems
from songthan.domain.forms import Answer, Problem, ReturnedForm, is_our_note
from songthan.domain.language import digits, phrase, say
from songthan.domain.thai import squeeze
from songthan.domain.values import parse_tick
from songthan.ports import Expectation

__all__ = ["identify_docx", "read_docx"]

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_GONE = ("{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback", f"{W}del", f"{W}moveFrom")


def identify_docx(data: bytes) -> ReturnedForm:
    """Which form this docx is, without its answers; ReadRefused for a hostile one."""
    return form_of(_open(data)[1])


def read_docx(data: bytes, expectation: Expectation) -> ReturnedForm:
    """Identity, answers and problems of reading; ReadRefused for a hostile file."""
    body, marks, notes = _open(data)
    controls = controls_of(body)
    if expectation.layout is None:
        answers, problems = reconcile(expectation, controls, read_grids(_grids(body), expectation))
        problems += _behind_tables(body, answers, expectation.spec.printed)
    else:
        reading = read_layout(expectation.layout, _sheet(body), expectation.spec)
        answers, problems = reconcile_layout(expectation, controls, reading)
    return form_of(marks, answers, (*identity_problems(marks, expectation.spec), *problems, *notes))


# A file is identified first and read a moment later: it is opened and looked through once.
_Opened = tuple[etree._Element, Marks, tuple[Problem, ...]]
_opened: OrderedDict[bytes, _Opened] = OrderedDict()
_KEPT, _KEPT_BYTES = 2, 4 << 20


def _open(data: bytes) -> _Opened:
    """The body of a file, its marks, and what was written beside the text."""
    key = hashlib.sha256(data).digest()
    if key in _opened:
        _opened.move_to_end(key)
        return _opened[key]
    package = open_package(data)
    main = package.main_part
    root = package.xml(main) if main else etree.Element("none")
    body = root.find(f"{W}body")
    if body is None:
        body = etree.Element(f"{W}body")
    opened = body, _marks(package, body), tuple(_beside_the_text(package))
    if package.size <= _KEPT_BYTES:
        _opened[key] = opened
        while len(_opened) > _KEPT:
            _opened.popitem(last=False)
    return opened


def _marks(package: Package, body: etree._Element) -> Marks:
    footers = []
    for kind, target in sorted(package.relations(package.main_part).values() if package.main_part else ()):
        if kind in ("footer", "header") and target in package.names:
            footers.extend(paragraphs_of(package.xml(target)))
    return identity_of_package(package, footers=footers, body=lambda: "\n".join(paragraphs_of(body)))


_BESIDE = {
    "comments": ("comments", "comment", phrase("ข้อคิดเห็น (Comment)")),
    "footnotes": ("footnotes", "footnote", phrase("เชิงอรรถ")),
    "endnotes": ("footnotes", "endnote", phrase("อ้างอิงท้ายเรื่อง")),
}


def _beside_the_text(package: Package) -> Iterator[Problem]:
    """Comments and notes are no answers, but their writer meant somebody to read them: a person does."""
    for kind, target in sorted(package.relations(package.main_part).values() if package.main_part else ()):
        if kind not in _BESIDE or target not in package.names:
            continue
        code, element, name = _BESIDE[kind]
        texts = (
            " ".join(" ".join(paragraphs_of(note)).split())
            for note in package.xml(target).iter(f"{W}{element}")
            # Word keeps its separators among the notes
            if note.get(f"{W}type") in (None, "normal")
        )
        found = "» «".join(text[:80] for text in texts if text)
        if found:
            text = say(
                "ผู้กรอกเขียน{name}ไว้ว่า «{found}» ซึ่งระบบไม่ถือเป็นคำตอบ โปรดอ่านแล้วพิจารณาว่าต้องแก้คำตอบใดหรือไม่",
                name=say(name),
                found=found[:400],
            )
            yield Problem(field="", code=code, message_th=text)


def controls_of(part: etree._Element) -> Controls:
    """Every control of a body or a cell; those in a Fallback are the same again and do not count."""
    controls = Controls()
    gone = next(part.iter(*_GONE), None) is not None
    for sdt in part.iter(_SDT):
        if gone and any(True for _ in sdt.iterancestors(*_GONE)):
            continue
        name, box, content = _about(sdt)
        if not name or content is None:
            continue
        if box is not None:
            checked = box.find(f"{_W14}checked")
            on = checked is not None and checked.get(f"{_W14}val", "1") in ("1", "true", "on")
            controls.ticks.setdefault(name, []).append(on)
            continue
        paragraphs = () if shows_placeholder(sdt) else paragraphs_of(content)
        if "=" in name:
            # LibreOffice keeps the name of a check box on a control of text around it.
            said = parse_tick("".join(paragraphs))
            if said is not None:
                controls.ticks.setdefault(name, []).append(said)
            continue
        kept, _ = drop_marker(paragraphs)
        if kept != paragraphs:
            controls.noted.add(name)
        controls.texts.setdefault(name, []).append("\n".join(kept))
    return controls


_SDT, _PROPERTIES, _CONTENT = f"{W}sdt", f"{W}sdtPr", f"{W}sdtContent"
_TAG, _ALIAS, _CHECKBOX, _VALUE = f"{W}tag", f"{W}alias", f"{_W14}checkbox", f"{W}val"


def _about(sdt: etree._Element) -> tuple[str, etree._Element | None, etree._Element | None]:
    """The name of a control (tag, else alias), its check box if it is one, and its content."""
    names, box, content = {}, None, None
    for child in sdt:
        if child.tag == _CONTENT:
            content = child
        elif child.tag == _PROPERTIES:
            for item in child.iterchildren(_TAG, _ALIAS, _CHECKBOX):
                if item.tag == _CHECKBOX:
                    box = item
                else:
                    names.setdefault(item.tag, item.get(_VALUE, ""))
    return names.get(_TAG) or names.get(_ALIAS, ""), box, content


def _grids(body: etree._Element) -> list[Grid]:
    """The tables of the body in order, each named after the heading «มาตรการที่ …» above it."""
    grids: list[Grid] = []
    heading = ""
    for block in _blocks(body):
        if block.tag == f"{W}p":
            text = "".join(paragraphs_of(block))
            heading = next(iter(measure_numbers(squeeze(text))), heading)
            continue
        number = digits(heading or len(grids) + 1)
        place = say("ตารางมาตรการที่ {number}", number=number) if heading else say("ตารางที่ {number}", number=number)
        grids.append(Grid(place=place, rows=tuple(_rows(block))))
    return grids


def _behind_tables(body: etree._Element, answers: Mapping[str, Answer], lines: tuple[str, ...]) -> list[Problem]:
    """Text behind the tables of a form that repeats over activities, which asks for nothing there but a signature.

    It may be the answer of any field that was left empty; where none was, it is nobody's.
    """
    behind, found = False, []
    for block in _blocks(body):
        behind = behind or block.tag == f"{W}tbl"
        text = " ".join(" ".join(paragraphs_of(block)).split()) if behind and block.tag == f"{W}p" else ""
        if text and not (is_printed(text, lines) or TOKEN.search(text) or is_our_note(text)):
            found.append(text)
    if not found:
        return []
    empty = [a for a in answers.values() if a.value is None and not a.raw]
    places = [(a.field, a.source) for a in empty] or [("", say("หลังตาราง"))]
    return [stray_text(field, place, " ".join(found)) for field, place in places]


def _sheet(body: etree._Element) -> Sheet:
    """The body as paragraphs and tables, our notes still in it."""
    blocks: list[tuple[str, ...] | Grid] = []
    paragraphs: list[etree._Element] = []
    for block in (*_blocks(body), None):
        if block is not None and block.tag == f"{W}p":
            paragraphs.append(block)
            continue
        blocks.append(paragraphs_among(paragraphs))
        paragraphs = []
        if block is not None:
            blocks.append(Grid(place="", rows=tuple(_rows(block, notes=True))))
    return Sheet(blocks=tuple(blocks))


def _blocks(parent: etree._Element) -> Iterator[etree._Element]:
    for child in parent:
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}customXml", f"{W}ins", f"{W}moveTo"):
            yield from _blocks(child)


def _rows(table: etree._Element, *, notes: bool = False) -> Iterator[GridRow]:
    """The rows of a table; `notes`: our notes stay in the cells, and each cell knows its controls."""
    # Asked once for the whole table: most have nothing of the kind.
    odd_things = next(table.iterdescendants(*ODD_THINGS, _MERGED), None) is not None
    for row in unwrapped(table, "tr"):
        properties = row.find(f"{W}trPr")
        if properties is not None and properties.find(f"{W}del") is not None:
            continue
        start = _number(properties, "gridBefore", 0)
        cells = []
        for cell in unwrapped(row, "tc"):
            about = cell.find(_CELL)
            paragraphs = paragraphs_of(cell)
            odd = _oddities(cell, about) if odd_things else _NOTHING
            if not notes:
                paragraphs, noted = drop_marker(paragraphs)
                odd |= noted
            span = _number(about, "gridSpan", 1)
            controls = controls_of(cell) if notes else None
            cells.append(Box(paragraphs=paragraphs, start=start, span=span, oddities=odd, controls=controls))
            start += span
        yield GridRow(cells=tuple(cells))


_CELL, _MERGED = f"{W}tcPr", f"{W}vMerge"
_NOTHING: frozenset[str] = frozenset()


def _oddities(cell: etree._Element, about: etree._Element | None) -> frozenset[str]:
    odd = oddities_of(cell)
    return odd | {"merged"} if about is not None and about.find(_MERGED) is not None else odd


def _number(properties: etree._Element | None, name: str, default: int) -> int:
    node = properties.find(f"{W}{name}") if properties is not None else None
    value = node.get(f"{W}val", "") if node is not None else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else default
