"""The text of Word XML as a person sees it: insertions taken, deletions and hidden text left out, each thing once.

Walks `w:t` itself: python-docx leaves out the content of controls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from songthan.adapters.read_layout_text import FORMATTED, PICTURE
from songthan.adapters.read_package import W
from songthan.domain.values import is_placeholder

__all__ = ["ODD_THINGS", "oddities_of", "paragraphs_among", "paragraphs_of", "shows_placeholder", "unwrapped"]

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SKIPPED = frozenset(
    f"{W}{name}"
    for name in (
        "del", "moveFrom", "delText", "instrText", "delInstrText", "pPr", "rPr", "sdtPr", "sdtEndPr", "tcPr", "trPr",
        "tblPr", "tblGrid", "tblPrEx", "sectPr", "rt", "footnoteReference", "endnoteReference", "commentReference",
        "annotationRef", "customXmlPr", "smartTagPr", "fldData", "ffData",
    )
)  # fmt: skip
_CHARS = {
    f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "\u2011",
    f"{W}softHyphen": "\u00ad",
}  # fmt: skip
_WRAPPERS = frozenset(f"{W}{n}" for n in ("sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo"))
# What the symbol fonts draw at these places, for ticks inserted by «Insert symbol».
_SYMBOLS = {
    ("wingdings", 0xFE): "☑", ("wingdings", 0xFD): "☒", ("wingdings", 0xFC): "✓", ("wingdings", 0xFB): "✗",
    ("wingdings", 0xA8): "☐", ("wingdings", 0x6F): "☐", ("wingdings", 0x78): "☒",
    ("wingdings 2", 0x52): "☑", ("wingdings 2", 0x53): "☒", ("wingdings 2", 0x50): "✓", ("wingdings 2", 0x4F): "✗",
    ("wingdings 2", 0xA3): "☐", ("wingdings 2", 0x2A): "☐",
}  # fmt: skip
_PICTURES = frozenset((f"{W}drawing", f"{W}pict", f"{W}object"))
#: What `oddities_of` looks for.
_MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
_LOOKS = (f"{W}strike", f"{W}dstrike", f"{W}vertAlign", _MATHS)
ODD_THINGS = (f"{W}tbl", f"{W}drawing", f"{W}pict", *_LOOKS)
_P, _R, _T, _SHOWN = f"{W}p", f"{W}r", f"{W}t", f"{W}showingPlcHdr"
# What `_quickly` looks at: text, and whatever means that text is not simply all there.
_RARE = tuple(
    f"{W}{name}"
    for name in ("del", "moveFrom", "vanish", "rt", "sym", "txbxContent", "footnoteReference", "endnoteReference")
) + (f"{_MC}AlternateContent",)
_QUICK = (_T, _P, *_CHARS, _SHOWN, *_RARE)
_DEFAULT_PROMPTS = ("Click or tap", "Click here", "Choose an item", "คลิกหรือแตะ", "คลิกที่นี่", "เลือกรายการ")


def unwrapped(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The children `w:tag` of `parent`, also those inside controls, smart tags and insertions around them."""
    for child in parent:
        if child.tag == f"{W}{tag}":
            yield child
        elif child.tag in _WRAPPERS:
            yield from unwrapped(child, tag)
        elif child.tag == f"{_MC}AlternateContent":
            for chosen in _alternative(child):
                yield from unwrapped(chosen, tag)


def shows_placeholder(control: etree._Element) -> bool:
    """True when a control says it shows its placeholder, and the text is one (ours or Word's own prompt)."""
    if control.find(f"{W}sdtPr/{W}showingPlcHdr") is None:
        return False
    content = control.find(f"{W}sdtContent")
    text = "".join(t.text or "" for t in content.iter(f"{W}t")) if content is not None else ""
    return is_placeholder(text) or text.strip().startswith(_DEFAULT_PROMPTS)


def paragraphs_of(element: etree._Element) -> tuple[str, ...]:
    """The paragraphs in a cell, a control or a body; line breaks inside one are «\\n». Placeholders are empty."""
    quick = _quickly(element)
    if quick is not None:
        return quick
    out = _Paragraphs()
    out.walk(element)
    return out.done()


def _quickly(element: etree._Element) -> tuple[str, ...] | None:
    """The same for content without anything that hides, moves or doubles text; None when there is such a thing.

    Nearly every cell is like that, and lxml finds the few elements that matter much faster than a walk in Python.
    """
    done: list[list[str]] = []
    loose: list[str] = []
    unseen: list[etree._Element] = []  # keeps lxml's proxies alive, so that the same element is the same object
    for node in element.iter(*_QUICK):
        tag = node.tag
        if tag == _T:
            (done[-1] if done else loose).append("" if node in unseen else node.text or "")
        elif tag == _P:
            if loose:
                return None
            done.append([])
        elif tag in _CHARS:
            if node.getparent().tag == _R:
                (done[-1] if done else loose).append(_CHARS[tag])
        elif tag == _SHOWN:
            control = node.getparent().getparent()
            if shows_placeholder(control):
                content = control.find(f"{W}sdtContent")
                if content is None or content.find(_P) is not None:
                    return None
                unseen.extend(content.iter(_T))
        else:
            return None
    return tuple(map("".join, done)) if done else ("".join(loose),) if loose else ()


def paragraphs_among(blocks: Iterable[etree._Element]) -> tuple[str, ...]:
    """The paragraphs of these body paragraphs; a picture is PICTURE, so that one in an answer is not lost."""
    out = _Paragraphs(pictures=True)
    for block in blocks:
        out.walk((block,))
    return out.done()


def oddities_of(cell: etree._Element) -> frozenset[str]:
    """«nested-table», «picture», «formatted» (struck out, raised, an equation): what text alone does not carry."""
    found = set()
    for node in cell.iter(*ODD_THINGS):
        if node.tag == f"{W}tbl":
            found.add("nested-table")
        elif node.tag in _LOOKS:
            if _tells(node):
                found.add("formatted")
        elif next(node.iter(f"{W}txbxContent"), None) is None:
            found.add("picture")
    return frozenset(found)


def _tells(look: etree._Element) -> bool:
    """Is text struck out or raised here, or an equation? (Not a look that is switched off, or of a mark without text.)"""
    if look.tag == _MATHS:
        return True
    run = look.getparent().getparent()
    shown = run.tag == _R and any((t.text or "").strip() for t in run.iter(_T))
    return shown and look.get(f"{W}val", "1") not in ("0", "false", "off", "baseline")


def _alternative(node: etree._Element) -> list[etree._Element]:
    """The one branch of an AlternateContent that counts: the first choice, else the fallback."""
    branches = node.findall(f"{_MC}Choice") or node.findall(f"{_MC}Fallback")
    return branches[:1]


def _hidden(run: etree._Element) -> bool:
    vanish = run.find(f"{W}rPr/{W}vanish")
    return vanish is not None and vanish.get(f"{W}val", "1") not in ("0", "false", "off")


def _symbol(node: etree._Element) -> str:
    try:
        code = int(node.get(f"{W}char", ""), 16)
    except ValueError:
        return "\ufffd"
    font = node.get(f"{W}font", "").lower()
    low = code - 0xF000 if 0xF000 <= code <= 0xF0FF else code
    return _SYMBOLS.get((font, low)) or (chr(code) if 0 < code < 0xD800 or 0xE000 <= code < 0xFFFE else "\ufffd")


class _Paragraphs:
    """Collects text; a paragraph whose mark was deleted runs on into the next one."""

    def __init__(self, *, pictures: bool = False) -> None:
        self._pictures = pictures
        self._done: list[str] = []
        self._now: list[str] | None = None

    def done(self) -> tuple[str, ...]:
        self._close()
        return tuple(self._done)

    def _close(self) -> None:
        if self._now is not None:
            self._done.append("".join(self._now))
            self._now = None

    def _add(self, text: str) -> None:
        if self._now is None:
            self._now = []
        self._now.append(text)

    def walk(self, element: Iterable[etree._Element]) -> None:
        for child in element:
            tag = child.tag
            if tag in _SKIPPED:
                continue
            if tag == f"{W}p":
                self._paragraph(child)
            elif tag == f"{W}t":
                self._add(child.text or "")
            elif tag in _CHARS:
                self._add(_CHARS[tag])
            elif tag == f"{W}sym":
                self._add(_symbol(child))
            elif tag == f"{_MC}AlternateContent":
                for chosen in _alternative(child):
                    self.walk(chosen)
            elif self._pictures and tag in _PICTURES and next(child.iter(f"{W}txbxContent"), None) is None:
                self._add(PICTURE)
            elif self._pictures and (tag == _MATHS or (tag == _R and any(map(_tells, child.iter(*_LOOKS))))):
                self._add(FORMATTED)
                self.walk(child)
            elif (tag == f"{W}sdt" and shows_placeholder(child)) or (tag == f"{W}r" and _hidden(child)):
                continue
            else:
                self.walk(child)

    def _paragraph(self, paragraph: etree._Element) -> None:
        mark = paragraph.find(f"{W}pPr/{W}rPr")
        self._add("")
        self.walk(paragraph)
        gone = mark is not None and (mark.find(f"{W}del") is not None or mark.find(f"{W}moveFrom") is not None)
        if not gone:
            self._close()
