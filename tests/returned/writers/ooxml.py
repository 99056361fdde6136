"""A Word file taken apart: its parts, its body as a tree, the controls by tag. lxml and zipfile only."""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Iterator

from lxml import etree

__all__ = ["MC", "R", "W", "W14", "Docx", "add_relation", "make", "own_text", "packed", "paragraph", "q", "run"]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = {
    "w": W, "w14": W14, "mc": MC, "r": R,
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml", "o": "urn:schemas-microsoft-com:office:office",
    "w15": "http://schemas.microsoft.com/office/word/2012/wordml",
}  # fmt: skip
_DATE = (2023, 3, 14, 10, 24, 0)


def q(name: str) -> str:
    """`w:tag` → lxml's name."""
    prefix, _, local = name.partition(":")
    return f"{{{_SPACES[prefix]}}}{local}"


def make(xml: str) -> list[etree._Element]:
    """Elements from a piece of XML that uses the usual prefixes."""
    spaces = " ".join(f'xmlns:{p}="{u}"' for p, u in _SPACES.items())
    return list(etree.fromstring(f"<root {spaces}>{xml}</root>"))


def run(text: str, properties: str = "") -> etree._Element:
    """A run; «\\n» is a line break (Shift+Enter), «\\t» a tab."""
    element = make(f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}</w:r>")[0]
    for n, line in enumerate(text.split("\n")):
        if n:
            etree.SubElement(element, q("w:br"))
        for m, part in enumerate(line.split("\t")):
            if m:
                etree.SubElement(element, q("w:tab"))
            node = etree.SubElement(element, q("w:t"))
            node.text = part
            node.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return element


def paragraph(text: str, properties: str = "") -> etree._Element:
    element = make(f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}</w:p>")[0]
    if text:
        element.append(run(text))
    return element


def own_text(element: etree._Element) -> str:
    """The plain text of an element, for finding cells by what is printed in them."""
    return "".join(t.text or "" for t in element.iter(q("w:t")))


def packed(parts: dict[str, bytes]) -> bytes:
    """The parts as a zip; the same parts give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in parts.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


def add_relation(parts: dict[str, bytes], kind: str, target: str, name: str, *, external: bool = False) -> None:
    """A relation of the main document called `name`; `kind` is the last word of its type."""
    path = "word/_rels/document.xml.rels"
    mode = ' TargetMode="External"' if external else ""
    line = f'<Relationship Id="{name}" Type="{R}/{kind}" Target="{target}"{mode}/></Relationships>'
    parts[path] = parts[path].replace(b"</Relationships>", line.encode())


class Docx:
    """One Word file being edited."""

    def __init__(self, data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        self.root = etree.fromstring(self.parts["word/document.xml"])
        self.body = self.root.find(q("w:body"))

    def bytes(self) -> bytes:
        """The file now."""
        head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        self.parts["word/document.xml"] = head + etree.tostring(self.root, encoding="utf-8")
        return packed(self.parts)

    def controls(self) -> Iterator[tuple[str, etree._Element]]:
        """Every control with its tag, in order."""
        for sdt in list(self.root.iter(q("w:sdt"))):
            tag = sdt.find(f"{q('w:sdtPr')}/{q('w:tag')}")
            yield (tag.get(q("w:val")) if tag is not None else ""), sdt

    def control(self, tag: str) -> etree._Element:
        for name, sdt in self.controls():
            if name == tag:
                return sdt
        raise KeyError(tag)

    def up(self, tag: str, name: str) -> etree._Element:
        """The control's nearest ancestor of this kind: `w:p`, `w:tc`, `w:tr`, `w:tbl`."""
        return next(self.control(tag).iterancestors(q(name)))

    def content(self, tag: str) -> etree._Element:
        return self.control(tag).find(q("w:sdtContent"))

    def wrote(self, tag: str) -> None:
        """The control shows its placeholder no longer."""
        properties = self.control(tag).find(q("w:sdtPr"))
        for node in properties.findall(q("w:showingPlcHdr")):
            properties.remove(node)

    def put(self, tag: str, *inner: etree._Element) -> etree._Element:
        """Replace what a control holds; returns its content element."""
        self.wrote(tag)
        content = self.content(tag)
        content[:] = list(inner)
        return content

    def tick(self, tag: str, on: bool = True, glyph: str = "☒") -> None:
        """Click a check box."""
        sdt = self.control(tag)
        sdt.find(f".//{q('w14:checked')}").set(q("w14:val"), "1" if on else "0")
        properties = sdt.find(f"{q('w:sdtContent')}/{q('w:r')}/{q('w:rPr')}")
        new = run(glyph if on else "☐")
        if properties is not None:
            new.insert(0, copy.deepcopy(properties))
        sdt.find(q("w:sdtContent"))[:] = [new]

    def blocks(self, tag: str, *paragraphs: etree._Element) -> None:
        """Enter pressed inside a control that fills its paragraph: Word puts the control around whole paragraphs."""
        sdt = self.control(tag)
        old = next(sdt.iterancestors(q("w:p")))
        place = old.getparent()
        at = place.index(old)
        sdt.getparent().remove(sdt)
        place[at] = sdt
        self.put(tag, *paragraphs)
