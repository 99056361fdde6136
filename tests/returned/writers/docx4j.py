"""docx4j and its like: the same document, serialised by another machine.

Modelled after JAXB's output: prefixes ns0, ns1…, attributes in another order, no rsids, no standalone declaration, parts
named and ordered otherwise, controls kept or (by a «flatten» step) removed.
"""

from __future__ import annotations

import re

from lxml import etree

from writers.google import unwrap
from writers.ooxml import MC, packed, q, run
from writers.sheet import Sheet, Writer

__all__ = ["WRITER", "serialise"]

WRITER = Writer("docx4j")
_A, _B, _C = "1.4(1).", "1.7(2).", "2.1."


def _renamed(data: bytes, letters: str) -> bytes:
    """XML with every prefix renamed and every element's attributes in reverse order."""
    root = etree.fromstring(data)
    ignorable = f"{{{MC}}}Ignorable"
    for element in root.iter(etree.Element):
        kept = sorted(element.attrib.items(), reverse=True)
        element.attrib.clear()
        element.attrib.update({k: v for k, v in kept if k != ignorable and not k.endswith(("rsidR", "rsidRDefault"))})
    text = etree.tostring(root, encoding="unicode")
    prefixes = sorted({p for e in root.iter(etree.Element) for p in e.nsmap if p}, key=len, reverse=True)
    for n, prefix in enumerate(prefixes):
        new = f"{letters}{n}"
        text = re.sub(rf"\bxmlns:{prefix}=", f"xmlns:{new}=", text)
        text = re.sub(rf"(</?){prefix}:", rf"\1{new}:", text)
        text = re.sub(rf"(\s){prefix}:(?=[A-Za-z]+=\")", rf"\1{new}:", text)
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{text}".encode()


def serialise(sheet: Sheet, letters: str = "ns") -> bytes:
    """The form serialised by another machine."""
    sheet.docx.bytes()
    parts = dict(sheet.docx.parts)
    for name in parts:
        if name.startswith(("word/document", "word/footer", "docProps/custom", "docProps/core", "customXml/item1")):
            parts[name] = _renamed(parts[name], letters)
    order = sorted(parts, key=lambda name: (name != "[Content_Types].xml", name))
    return packed({name: parts[name] for name in order})


@WRITER.case()
def resaved(sheet: Sheet) -> bytes:
    """Loaded and saved."""
    return serialise(sheet)


@WRITER.case()
def resaved_other_prefixes(sheet: Sheet) -> bytes:
    """Another machine's prefixes (a0, a1…)."""
    return serialise(sheet, "a")


@WRITER.case()
def controls_removed(sheet: Sheet) -> bytes:
    """«RemoveContentControls»: every control flattened into runs."""
    unwrap(sheet.docx)
    return serialise(sheet)


@WRITER.case()
def tags_removed(sheet: Sheet) -> bytes:
    """Tags stripped, aliases kept."""
    for _tag, sdt in sheet.docx.controls():
        properties = sdt.find(q("w:sdtPr"))
        for node in properties.findall(q("w:tag")):
            properties.remove(node)
    return serialise(sheet)


@WRITER.case()
def aliases_translated(sheet: Sheet) -> bytes:
    """Aliases overwritten with the labels people see, tags kept."""
    for _tag, sdt in sheet.docx.controls():
        alias = sdt.find(f"{q('w:sdtPr')}/{q('w:alias')}")
        alias.set(q("w:val"), "ช่องกรอก")
    return serialise(sheet)


@WRITER.case()
def text_set_by_binding(sheet: Sheet) -> bytes:
    """Values put in by data binding: one run a line, the old placeholder mark left standing beside real text."""
    sheet.docx.put(_A + "done", run("ดำเนินการแล้ว\nตามแผนงาน"))
    sheet.docx.control(_A + "done").find(q("w:sdtPr")).append(etree.Element(q("w:showingPlcHdr")))
    sheet.says(_A + "done", "ดำเนินการแล้ว\nตามแผนงาน")
    return serialise(sheet)
