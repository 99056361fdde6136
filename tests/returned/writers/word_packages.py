"""How the Words of this world pack a form: strict, UTF-16, Online, mobile, Mac, templates; whose form it is."""

from __future__ import annotations

import re

from writers import answers, paper
from writers.ooxml import Docx, packed
from writers.sheet import Entry, Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("word_like")
_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _parts(sheet: Sheet) -> dict[str, bytes]:
    sheet.docx.bytes()
    return dict(sheet.docx.parts)


def _without(parts: dict[str, bytes], *starts: str) -> dict[str, bytes]:
    """The parts without those below `starts`, and without any word of them."""
    kept = {name: data for name, data in parts.items() if not name.startswith(starts)}
    gone = "|".join(re.escape(s) for s in starts).encode()
    for name in kept:
        if name.endswith(".rels"):
            pattern = rb'<Relationship [^>]*Target="(?:\.\./|/)?(?:' + gone + rb")[^>]*?/>"
            kept[name] = re.sub(pattern, b"", kept[name])
    types = rb'<Override [^>]*PartName="/(?:' + gone + rb")[^>]*?/>"
    kept["[Content_Types].xml"] = re.sub(types, b"", kept["[Content_Types].xml"])
    return kept


@WRITER.case()
def strict_open_xml(sheet: Sheet) -> bytes:
    """Saved as «Strict Open XML»: other namespaces everywhere."""
    strict = {
        b"http://schemas.openxmlformats.org/wordprocessingml/2006/main": b"http://purl.oclc.org/ooxml/wordprocessingml/main",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/drawingml/2006/": b"http://purl.oclc.org/ooxml/drawingml/",
    }
    parts = _parts(sheet)
    for name, data in parts.items():
        for old, new in strict.items():
            data = data.replace(old, new)
        parts[name] = data
    return packed(parts)


@WRITER.case()
def utf16_parts(sheet: Sheet) -> bytes:
    """The document part in UTF-16, as some converters write it."""
    parts = _parts(sheet)
    text = parts["word/document.xml"].decode("utf-8").replace('encoding="UTF-8"', 'encoding="UTF-16"')
    parts["word/document.xml"] = text.encode("utf-16")
    return packed(parts)


@WRITER.case()
def word_online(sheet: Sheet) -> bytes:
    """Word in the browser: document2.xml, footer5.xml, absolute targets, other order."""
    parts = _parts(sheet)
    names = {"word/document.xml": "word/document2.xml", "word/footer1.xml": "word/footer5.xml"}
    moved = {}
    for name, data in reversed(parts.items()):
        if name == "[Content_Types].xml" or name.endswith(".rels"):
            for old, new in names.items():
                data = data.replace(b"/" + old.encode(), b"/" + new.encode())
                data = data.replace(f'Target="{old}"'.encode(), f'Target="/{new}"'.encode())
                short = old.removeprefix("word/")
                data = data.replace(f'Target="{short}"'.encode(), f'Target="/{new}"'.encode())
        name = names.get(name, name).replace("_rels/document.xml.rels", "_rels/document2.xml.rels")
        moved[name.replace("_rels/footer1.xml.rels", "_rels/footer5.xml.rels")] = data
    return packed(moved)


@WRITER.case()
def word_mobile(sheet: Sheet) -> bytes:
    """Word on a telephone: no document properties at all."""
    return packed(_without(_parts(sheet), "docProps/"))


@WRITER.case()
def only_the_footer_left(sheet: Sheet) -> bytes:
    """A mail gateway stripped properties and custom XML: only the footer's line tells whose form it is."""
    return packed(_without(_parts(sheet), "docProps/", "customXml/"))


@WRITER.case()
def no_mark_left(sheet: Sheet) -> bytes:
    """The text pasted into a new document: tables and controls, but no properties and no footer."""
    parts = _without(_parts(sheet), "docProps/", "customXml/", "word/footer1.xml")
    body = re.sub(rb"<w:footerReference[^>]*/>", b"", parts["word/document.xml"])
    sheet.token = None
    return packed({**parts, "word/document.xml": body})


@WRITER.case()
def word_for_mac(sheet: Sheet) -> bytes:
    """Word for Mac: a thumbnail, many ignorable namespaces, hints on every run."""
    parts = _parts(sheet)
    text = parts["word/document.xml"].decode("utf-8")
    spaces = "".join(f' xmlns:w{n}="http://schemas.microsoft.com/office/word/20{n}/wordml"' for n in (16, 18, 20))
    text = text.replace("<w:document ", f"<w:document{spaces} ", 1).replace(
        'Ignorable="w14"', 'Ignorable="w14 w16 w18 w20"', 1
    )
    parts["word/document.xml"] = text.replace(
        "<w:p>", '<w:p w14:paraId="4D3C2B1A" w14:textId="77777777" w:rsidR="00A77B3E">'
    ).encode()
    parts["docProps/thumbnail.jpeg"] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(40)
    types = parts["[Content_Types].xml"]
    parts["[Content_Types].xml"] = types.replace(
        b"</Types>", b'<Default Extension="jpeg" ContentType="image/jpeg"/></Types>'
    )
    return packed(parts)


@WRITER.case()
def saved_as_template(sheet: Sheet) -> bytes:
    """Saved as .dotx by mistake and renamed: another content type, the same document."""
    parts = _parts(sheet)
    types = parts["[Content_Types].xml"]
    parts["[Content_Types].xml"] = types.replace(
        b"wordprocessingml.document.main+xml", b"wordprocessingml.template.main+xml"
    )
    return packed(parts)


@WRITER.case()
def flat_relations(sheet: Sheet) -> bytes:
    """Zip written with stored entries, folders of their own and back-to-front order."""
    parts = _parts(sheet)
    return packed({"word/": b"", "docProps/": b"", **dict(sorted(parts.items(), reverse=True))})


@WRITER.case()
def renamed_by_the_member(sheet: Sheet) -> None:
    """The file renamed; the name is no mark."""


@WRITER.case()
def colleagues_form(sheet: Sheet) -> bytes:
    """A colleague's form, filled in by the wrong member: its own token comes back, the mail step decides."""
    other = Sheet(data=paper.blank("f3", token="ST-0A1B-2C3D-4E5F"))
    for key, (typed, means) in answers.usual("f3", other.kinds, 4).items():
        other.choose(key, typed) if key.endswith("_reached") else other.type(key, typed, means)
    sheet.fields, sheet.token = other.fields, "ST-0A1B-2C3D-4E5F"
    return other.docx.bytes()


@WRITER.case()
def another_quarters_form(sheet: Sheet) -> bytes:
    """The form of the third quarter, sent for the second: its deadline and token are its own."""
    other = Sheet(data=paper.blank("f3", token="ST-5F4E-3D2C-1B0A", deadline="2566-q3"))
    for key, (typed, means) in answers.usual("f3", other.kinds, 9).items():
        other.choose(key, typed) if key.endswith("_reached") else other.type(key, typed, means)
    sheet.fields, sheet.token = other.fields, "ST-5F4E-3D2C-1B0A"
    return other.docx.bytes()


@WRITER.case(expect="flag")
def colleagues_table_pasted(sheet: Sheet) -> bytes:
    """A colleague's whole text, footer included, pasted into one's own file: two tokens."""
    other = Docx(paper.blank("f3", token="ST-0A1B-2C3D-4E5F"))
    sheet.docx.parts["word/footer1.xml"] = other.parts["word/footer1.xml"]
    sheet.either()
    return sheet.docx.bytes()


@WRITER.case(start="blank")
def sent_back_empty(sheet: Sheet) -> None:
    """Sent back untouched."""
    for key in sheet.fields:
        sheet.fields[key] = Entry(None, None, "any" if key.endswith((".evidence", ".note")) else "flag")


@WRITER.case(start="blank")
def carried_answers_kept(sheet: Sheet) -> bytes:
    """Pre-filled from last quarter and confirmed as it stands; one answer changed inside its control."""
    before = {
        "1.4(1)": {"percent": "๗๐", "done": "จัดครั้งที่ ๑ แล้ว", "output_reached": "yes", "outcome_reached": "yes", "evidence": "-", "note": "ต่อเนื่อง"}
    }  # fmt: skip
    answers_before = {
        row: {k: {"value": v, "carried": True} for k, v in found.items()} for row, found in before.items()
    }
    other = Sheet(data=paper.blank("f3", answers_before))
    for key, text in before["1.4(1)"].items():
        other.says(f"1.4(1).{key}", text, "70" if key == "percent" else text)
    other.type("1.4(1).percent", "๘๕", "85")
    sheet.fields = other.fields
    return other.docx.bytes()
