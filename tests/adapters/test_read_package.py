"""Hostile Word files are refused with their code before anything is read from them."""

from __future__ import annotations

import io
import struct
import sys
import zipfile
from pathlib import Path

import pytest

from songthan.adapters.read_office import identify, read

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
import returned_builder as build

REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def with_parts(**changes: str | bytes) -> bytes:
    return build.packed({**build.parts(build.table(*build.rows())), **{k: v for k, v in changes.items()}})


def with_relation(kind: str, target: str, mode: str = 'TargetMode="External"') -> bytes:
    files = build.parts(build.table(*build.rows()))
    rels = files["word/_rels/document.xml.rels"]
    files["word/_rels/document.xml.rels"] = rels.replace(
        "</Relationships>", f'<Relationship Id="x" Type="{REL}/{kind}" Target="{target}" {mode}/></Relationships>'
    )
    return build.packed(files)


def field(*pieces: str) -> str:
    texts = "".join(f"<w:r><w:instrText>{piece}</w:instrText></w:r>" for piece in pieces)
    begin, end = ('<w:r><w:fldChar w:fldCharType="begin"/></w:r>', '<w:r><w:fldChar w:fldCharType="end"/></w:r>')
    return build.p(begin, texts, end)


def doctype(encoding: str = "utf-8") -> bytes:
    text = '<?xml version="1.0" encoding="ENC"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    return text.replace("ENC", "UTF-16" if encoding == "utf-16" else "UTF-8").encode(encoding)


def overlapping() -> bytes:
    """Two directory entries for one set of bytes (the trick of the quine-like bombs)."""
    data = bytearray(build.docx())
    archive = zipfile.ZipFile(io.BytesIO(bytes(data)))
    first, second = archive.infolist()[:2]
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(second.filename.encode()))
    data[at + 42 : at + 46] = struct.pack("<I", first.header_offset)
    assert zipfile.ZipFile(io.BytesIO(bytes(data))).infolist()[1].header_offset == first.header_offset
    return bytes(data)


def duplicate_names() -> bytes:
    out = io.BytesIO(build.docx())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("word/document.xml", "<x/>")
    return out.getvalue()


def encrypted_entry() -> bytes:
    data = bytearray(build.docx())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


def damaged_part() -> bytes:
    """One bit of the main part is not what its checksum says."""
    files = build.parts(build.table(*build.rows()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue().replace("ดำเนิน".encode(), "ดำเนีน".encode(), 1)


def hidden_name() -> bytes:
    """The directory calls a part one thing, the part calls itself another."""
    data = bytearray(build.docx())
    at = data.index(b"word/document.xml")
    data[at : at + 17] = b"word/documenx.xml"
    return bytes(data)


def longer_than_said() -> bytes:
    """A part that unpacks to more than the directory says."""
    data = bytearray(build.docx())
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/document.xml"))
    size = struct.unpack("<I", data[at + 24 : at + 28])[0]
    data[at + 24 : at + 28] = struct.pack("<I", size - 10)
    return bytes(data)


def hyperlink_and_harmless_fields() -> bytes:
    files = build.parts(build.table(*build.rows()) + field(" PAGE ") + field(' HYPERLINK "https://example.test" '))
    files["word/_rels/document.xml.rels"] = files["word/_rels/document.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="x" Type="{REL}/hyperlink" Target="https://example.test" TargetMode="External"/></Relationships>',
    )
    return build.packed(files)


HOSTILE = {
    "a part of 60 MB of spaces": (lambda: with_parts(**{"word/styles.xml": b" " * (60 << 20)}), "zip-bomb"),
    "240 MB in pictures": (lambda: with_parts(**{f"word/media/{i}.bmp": bytes(80 << 20) for i in range(3)}), "zip-bomb"),
    "2500 entries": (lambda: with_parts(**{f"word/x{i}.txt": "" for i in range(2500)}), "zip-bomb"),
    "overlapping entries": (overlapping, "zip-bomb"),
    "two parts of one name": (duplicate_names, "zip-broken"),
    "a path out of the zip": (lambda: with_parts(**{"../evil.xml": "<x/>"}), "zip-broken"),
    "cut short": (lambda: build.docx()[:-400], "zip-broken"),
    "broken XML": (lambda: with_parts(**{"word/document.xml": "<w:document"}), "zip-broken"),
    "a damaged part": (damaged_part, "zip-broken"),
    "a part under a false name": (hidden_name, "zip-broken"),
    "a part longer than said": (longer_than_said, "zip-broken"),
    "an encrypted entry": (encrypted_entry, "encrypted"),
    "a doctype": (lambda: with_parts(**{"word/settings.xml": doctype()}), "doctype"),
    "a doctype in UTF-16": (lambda: with_parts(**{"word/settings.xml": doctype("utf-16")}), "doctype"),
    "a doctype in an odd encoding": (
        lambda: with_parts(**{"word/settings.xml": b'<?xml version="1.0" encoding="UTF-7"?><x/>'}), "zip-broken"),
    "macros": (lambda: with_parts(**{"word/vbaProject.bin": b"x"}), "macro"),
    "macros by type": (
        lambda: with_parts(**{"[Content_Types].xml": '<Types><Default ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'}),
        "macro",
    ),
    "an embedded object": (lambda: with_parts(**{"word/embeddings/oleObject1.bin": b"x"}), "ole"),
    "ActiveX": (lambda: with_parts(**{"word/activeX/activeX1.xml": "<x/>"}), "ole"),
    "an altChunk": (lambda: with_relation("aFChunk", "chunk.html", ""), "ole"),
    "a remote template": (lambda: with_relation("attachedTemplate", "https://evil.test/t.dotm"), "external"),
    "a remote picture": (lambda: with_relation("image", "https://evil.test/p.png"), "external"),
    "a remote frame": (lambda: with_relation("frame", "https://evil.test/f.htm"), "external"),
    "DDE": (lambda: build.docx(build.table() + field(" DDE cmd.exe x ")), "dde"),
    "DDEAUTO in pieces": (lambda: build.docx(build.table() + field(" DD", "EAU", "TO c:\\\\x ")), "dde"),
    "DDE by QUOTE": (lambda: build.docx(build.table() + field(" QUOTE 68 68 69 ")), "dde"),
    "INCLUDETEXT": (lambda: build.docx(build.table() + field(' includetext "https://evil.test"')), "dde"),
    "a simple field": (lambda: build.docx(build.p('<w:fldSimple w:instr=" DDEAUTO x y "/>')), "dde"),
    "DDE in the footer": (
        lambda: with_parts(**{"word/footer1.xml": f"<w:ftr {build._NS}>{field(' DDE x ')}</w:ftr>"}), "dde"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_refused_with_its_code(name):
    make, code = HOSTILE[name]
    for form in (identify(make()), read(make(), build.EXPECTATION)):
        assert (form.verdict, [p.code for p in form.problems]) == ("refused", [code])
        assert form.answers == {} and form.token is None
        assert "ไฟล์นี้" in form.problems[0].message_th and "โปรด" in form.problems[0].message_th


def test_links_and_page_numbers_are_no_attack():
    assert read(hyperlink_and_harmless_fields(), build.EXPECTATION).verdict == "complete"


def test_a_strict_docx_is_read_like_any_other():
    files = {
        name: text.replace(
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            "http://purl.oclc.org/ooxml/wordprocessingml/main",
        )
        for name, text in build.parts(build.table(*build.rows())).items()
    }
    form = read(build.packed(files), build.EXPECTATION)
    assert form.verdict == "complete" and form.answers["1.4(1).percent"].value == "72.5"
