"""Fills a Word form as a person would in Word: types into content controls, ticks boxes, leaves all else as it is.

The controls are run-level `w:sdt` elements whose tag is the field's id; a choice is check boxes tagged
`<field id>=<value>`, mostly `=yes` and `=no`.
"""

import io
import zipfile
from dataclasses import dataclass

from lxml import etree

from songthan.practice.cast.people import CastError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
NS = {"w": W, "w14": W14}
XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
DOCUMENT = "word/document.xml"
EMPTY = "……"
TICKED, UNTICKED = "☒", "☐"
#: Ticks whichever box of a field stands first.
FIRST_BOX = "*"
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=False)


class NotAForm(CastError):
    """The file is no Word form with content controls of ours."""


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What the form says of itself in its custom properties."""

    form: str
    deadline: str
    token: str


class Form:
    """One .docx held in memory. `fill` and `tick` change it, `bytes` writes it: only word/document.xml is written anew."""

    def __init__(self, data: bytes) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self._members = [(info, archive.read(info)) for info in archive.infolist()]
            parts = {info.filename: content for info, content in self._members}
            self._root = etree.fromstring(parts[DOCUMENT], _PARSER)
            self.marks = _marks(parts["docProps/custom.xml"])
        except (zipfile.BadZipFile, KeyError, etree.XMLSyntaxError) as error:
            raise NotAForm(f"{type(error).__name__}: {error}") from error
        self._controls = {
            tag.get(f"{{{W}}}val", ""): tag.getparent().getparent()
            for tag in self._root.iterfind(".//w:sdtPr/w:tag", NS)
        }
        if not self.marks.token or not self.fields():
            raise NotAForm("no token or no content controls")

    def fields(self) -> dict[str, str]:
        """Field id → «text» or «choice», in the document's order."""
        found: dict[str, str] = {}
        for tag in self._controls:
            name, choice, _ = tag.partition("=")
            if name:
                found[name] = "choice" if choice else "text"
        return found

    def words(self) -> str:
        """All the text that is printed in the document, white space squeezed."""
        return " ".join("".join(p.itertext(f"{{{W}}}t")) for p in self._root.iter(f"{{{W}}}p"))

    def text(self, field: str) -> str:
        """What stands in a text control now («» while it shows its placeholder); breaks are line feeds."""
        control = self._controls[field]
        if control.find("w:sdtPr/w:showingPlcHdr", NS) is not None:
            return ""
        content = control.find("w:sdtContent", NS)
        parts = ("\n" if node.tag == f"{{{W}}}br" else node.text or "" for node in content.iter() if node.tag in _TEXT)
        return "".join(parts)

    def fill(self, field: str, text: str) -> None:
        """Type `text` over whatever the control shows, keeping the run's looks; «» empties it back to its placeholder."""
        control = self._controls[field]
        properties, content = control.find("w:sdtPr", NS), control.find("w:sdtContent", NS)
        if content is None or content.find("w:p", NS) is not None or content.find("w:tc", NS) is not None:
            raise NotAForm(f"the control {field} is not inside a paragraph")
        hint = properties.find("w:showingPlcHdr", NS)
        if not text and hint is not None:
            return
        looks = content.find(".//w:rPr", NS)
        looks = etree.fromstring(etree.tostring(looks)) if looks is not None else None
        if hint is not None:
            properties.remove(hint)
            looks = _plain(looks)
        for child in list(content):
            content.remove(child)
        content.append(_run(text or EMPTY, looks))
        if not text:
            _show_hint(properties)

    def tick(self, field: str, value: str) -> None:
        """Tick the box of `value` («yes», «no», another choice, or FIRST_BOX) and clear the field's others."""
        if value == FIRST_BOX:
            value = next(tag.partition("=")[2] for tag in self._controls if tag.partition("=")[0] == field)
        for tag, control in self._controls.items():
            name, _, choice = tag.partition("=")
            if name != field or not choice:
                continue
            mark = control.find("w:sdtPr/w14:checkbox/w14:checked", NS)
            if mark is None:
                raise NotAForm(f"{tag} is no check box")
            mark.set(f"{{{W14}}}val", "1" if choice == value else "0")
            glyphs = control.findall("w:sdtContent//w:t", NS)
            glyphs[0].text = TICKED if choice == value else UNTICKED

    def bytes(self) -> bytes:
        """The file; every part but the document itself keeps its bytes and place."""
        changed = etree.tostring(self._root, xml_declaration=True, encoding="UTF-8", standalone=True)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for info, content in self._members:
                archive.writestr(info, changed if info.filename == DOCUMENT else content)
        return out.getvalue()


_TEXT = {f"{{{W}}}t", f"{{{W}}}br"}


def _marks(custom: bytes) -> Marks:
    values = {
        item.get("name"): "".join(item.itertext()).strip()
        for item in etree.fromstring(custom, _PARSER)
        if item.get("name")
    }
    return Marks(
        form=values.get("SongthanForm", ""),
        deadline=values.get("SongthanDeadline", ""),
        token=values.get("SongthanToken", ""),
    )


def _plain(looks: etree._Element | None) -> etree._Element | None:
    # typing over a placeholder in Word drops its grey style
    if looks is None:
        return None
    for name in ("rStyle", "color"):
        for node in looks.findall(f"w:{name}", NS):
            looks.remove(node)
    return looks


def _run(text: str, looks: etree._Element | None) -> etree._Element:
    run = etree.Element(f"{{{W}}}r", nsmap={"w": W})
    if looks is not None and len(looks):
        run.append(looks)
    for number, line in enumerate(text.split("\n")):
        if number:
            etree.SubElement(run, f"{{{W}}}br")
        if line:
            node = etree.SubElement(run, f"{{{W}}}t")
            node.text = line
            node.set(XML_SPACE, "preserve")
    return run


def _show_hint(properties: etree._Element) -> None:
    # the schema's order: showingPlcHdr comes after placeholder, tag, id and lock, before the control's type
    hint = etree.Element(f"{{{W}}}showingPlcHdr")
    before = {f"{{{W}}}{name}" for name in ("rPr", "alias", "tag", "id", "lock", "placeholder", "temporary")}
    place = max((i + 1 for i, node in enumerate(properties) if node.tag in before), default=0)
    properties.insert(place, hint)
