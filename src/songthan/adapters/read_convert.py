"""Returned .odt, .doc and .rtf: looked at in the sandbox, converted to .docx by LibreOffice, then read like a .docx.

`check_convertible` runs in the sandbox (the file is hostile until then) and refuses macros, passwords, embedded objects
and links. `to_docx` runs LibreOffice in its jail (`convert_jail`). `ConvertingReader` joins both; its verdict is never better than «review».
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lxml import etree

from songthan.adapters.convert_jail import JAIL_TIMEOUT_S, convert_jailed
from songthan.adapters.read_package import (
    BROKEN_ZIP,
    MAX_ENTRIES,
    MAX_RATIO,
    MAX_TOTAL,
    MAX_XML,
    RATIO_FROM,
    parse_xml,
    refused,
)
from songthan.domain.errors import ConversionFailed, EnvironmentNotReady
from songthan.domain.forms import Problem, ReturnedForm
from songthan.domain.language import phrase, say
from songthan.ports import Expectation, Reader

__all__ = ["CONVERTED", "ConvertingReader", "check_convertible", "to_docx"]

CONVERTED = phrase(
    "ไฟล์นี้ไม่ใช่ .docx (เป็น .doc .odt หรือ .rtf) ระบบยังไม่ดึงคำตอบให้ โปรดเปิดใน Word บันทึกเป็น .docx แล้วส่งใหม่ หรือตรวจด้วยตนเอง"
)
_COMPARE = phrase("ไฟล์นี้เป็น {kind} ระบบแปลงเป็น .docx แล้วจึงอ่าน คำตอบที่อ่านได้แสดงไว้แล้ว โปรดเทียบกับไฟล์ที่ส่งมาทุกข้อก่อนรับไว้")
_FAILED = phrase(
    "ไฟล์นี้เป็น {kind} ซึ่งระบบแปลงเป็น .docx ไม่สำเร็จ ({why}) โปรดเปิดใน Word บันทึกเป็น .docx แล้วส่งใหม่ หรือตรวจด้วยตนเอง"
)
_KEPT = 4  # identify and read follow each other: the conversion is kept between them

# --- checks, in the sandbox -------------------------------------------------------------------------------------------

_BAD_FIELDS = rb"DDEAUTO|DDE|INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|LINK|EMBED|DATABASE|RD|MACROBUTTON|HTMLACTIVEX"
_FIELD_NAMES = frozenset(_BAD_FIELDS.decode().split("|")) | {"QUOTE"}
_RTF_OBJECT = re.compile(rb"\\(?:object|obj(?:data|emb|link|autlink|sub|pub|icemb|html|ocx))(?![a-z])")
_RTF_TEMPLATE = re.compile(rb"\\\*\s*\\template(?![a-z])")
_RTF_FIELD = re.compile(rb"\\fldinst(?![a-z])([^}]{0,400}(?:\}[^}\\]{0,40}\{[^}]{0,400}){0,3})")
_RTF_WORDS = re.compile(rb"\\'[0-9a-fA-F]{2}|\\\*|\\[a-z]+-?[0-9]* ?|[{}\r\n]")
_DOC_FIELD = re.compile(rb"\x13[ \"\\]{0,20}(?:" + _BAD_FIELDS + rb")[\s\\\"]")
_DOC_FIELD_WIDE = re.compile(
    rb"\x13\x00(?:[ \"\\]\x00){0,20}(?:"
    + b"|".join(bytes(c for b in w for c in (b, 0)) for w in _BAD_FIELDS.split(b"|"))
    + rb")[\s\\\"]\x00"
)
_DOC_OBJECT = re.compile(rb"_\x00(?:[0-9]\x00){6,12}\x00\x00")  # a storage of the ObjectPool: «_1234567890»
_ODF_OLE = frozenset({"object", "object-ole", "plugin", "applet", "floating-frame"})
_ODF_MACRO = frozenset({"event-listener", "execute-macro", "script"})
_ODF_DDE = frozenset({"dde-connection", "dde-connection-decl", "dde-source", "dde-link"})
_ODF_FETCH = frozenset({"database-display", "database-next", "connection-resource", "forms-connection"})
_XLINK = "{http://www.w3.org/1999/xlink}href"
_LINKS = frozenset({"a", "template", "auto-reload"})  # what only a click follows, or LibreOffice never loads


def check_convertible(data: bytes, kind: str) -> None:
    """ReadRefused for an odt, doc or rtf with macros, a password, embedded objects, links to load, or a bomb's size."""
    {"odt": _check_odt, "doc": _check_doc, "rtf": _check_rtf}[kind](data)


def _check_rtf(data: bytes) -> None:
    if _RTF_OBJECT.search(data):
        raise refused("ole")
    if _RTF_TEMPLATE.search(data):
        raise refused("external")
    for match in _RTF_FIELD.finditer(data):
        words = _RTF_WORDS.sub(b"", match[1]).decode("ascii", "replace").replace('"', " ").split()
        if words and words[0].upper() in _FIELD_NAMES:
            raise refused("dde", words[0][:20])


def _check_doc(data: bytes) -> None:
    """Streams are found by their look, not through the file's own tables, which a broken file may make endless."""
    for at in range(512, len(data) - 12, 512):
        # the head of the main stream (MS-DOC, FibBase): wIdent A5EC, nFib, and at 11 the byte with fEncrypted
        is_head = data[at : at + 2] == b"\xec\xa5" and 0x65 <= int.from_bytes(data[at + 2 : at + 4], "little") <= 0x112
        if is_head and data[at + 11] & 0x01:
            raise refused("encrypted")
    if any(name.encode("utf-16-le") in data for name in ("\x03ObjInfo", "\x01Ole10Native")) or _DOC_OBJECT.search(data):
        raise refused("ole")
    if _DOC_FIELD.search(data) or _DOC_FIELD_WIDE.search(data):
        raise refused("dde")


def _check_odt(data: bytes) -> None:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        _check_entries(archive, len(data))
        for entry in archive.infolist():
            if entry.filename.lower().endswith((".xml", ".rdf")):
                _check_odt_part(entry.filename, parse_xml(archive.read(entry), entry.filename))
    except BROKEN_ZIP as error:
        raise refused("zip-broken") from error


def _check_entries(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    total = sum(e.file_size for e in entries)
    if len(entries) > MAX_ENTRIES or total > MAX_TOTAL or (total > 10 * RATIO_FROM and total > MAX_RATIO * size):
        raise refused("zip-bomb")
    if sum(e.compress_size for e in entries) > size:
        raise refused("zip-bomb")  # entries that overlap read the same bytes again and again
    for entry in entries:
        name = entry.filename.lower()
        if entry.flag_bits & 1:
            raise refused("encrypted")
        if entry.file_size > MAX_XML and name.endswith((".xml", ".rdf")):
            raise refused("zip-bomb")
        if name.startswith(("basic/", "scripts/", "dialogs/")):
            raise refused("macro", entry.filename)
        if name.startswith("object ") or name.startswith("objectreplacements/object"):
            raise refused("ole", entry.filename)
        if name.startswith("/") or ".." in name.split("/") or "\\" in name or "\x00" in name:
            raise refused("zip-broken")


def _check_odt_part(part: str, root: etree._Element) -> None:
    for node in root.iter("*"):
        name = etree.QName(node).localname
        if name == "encryption-data":
            raise refused("encrypted")
        if name in _ODF_MACRO:
            raise refused("macro", name)
        if name in _ODF_OLE:
            raise refused("ole", name)
        if name in _ODF_DDE or name in _ODF_FETCH:
            raise refused("dde", name)
        href = node.get(_XLINK, "")
        # Inside the package links look like «Pictures/1.png» or «#place»; everything else is fetched from elsewhere.
        if name not in _LINKS and (":" in href or href.startswith(("/", "../", "\\"))):
            raise refused("external", f"{part}: {name}")


# --- conversion, outside the sandbox ----------------------------------------------------------------------------------


def to_docx(data: bytes, kind: str, *, timeout_s: float = JAIL_TIMEOUT_S, program: str = "soffice") -> bytes:
    """`data` (kind odt, doc or rtf) as docx bytes; fails as `convert_jailed`."""
    return convert_jailed(data, kind, "docx", timeout_s=timeout_s, program=program)


class ConvertingReader:
    """A `ports.Reader` that hands .odt, .doc and .rtf to `reader` as .docx; everything else goes to it untouched.

    The file itself goes to `reader` first: its answer «converted» says that the look in the sandbox found nothing
    wrong. Whatever is then read is for comparing: the verdict is «review» (or «refused»), the answers are kept.
    """

    def __init__(self, reader: Reader, convert: Callable[[bytes, str], bytes] = to_docx) -> None:
        self._reader, self._convert = reader, convert
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def identify(self, data: bytes | Path, name: str) -> ReturnedForm:
        """Which form it is, without answers. A converted file costs LibreOffice's two or three seconds."""
        return self._through(data, self._reader.identify(data, name), lambda docx: self._reader.identify(docx, name))

    def read(self, data: bytes | Path, name: str, expectation: Expectation) -> ReturnedForm:
        """Identity, answers and problems; of a converted file with the problem «converted» first."""
        first = self._reader.read(data, name, expectation)
        return self._through(data, first, lambda docx: self._reader.read(docx, name, expectation))

    def _through(self, data: bytes | Path, first: ReturnedForm, again: Callable[[bytes], ReturnedForm]) -> ReturnedForm:
        if [p.code for p in first.problems] != ["converted"]:
            return first
        if isinstance(data, Path):
            data = data.read_bytes()
        kind = _kind(data)
        try:
            docx = self._docx(data, kind)
        except (ConversionFailed, EnvironmentNotReady) as error:
            why = f"{error.th} {error.where}".strip()
            return _told(first, say(_FAILED, kind=f".{kind}", why=why))
        form = again(docx)
        if form.verdict == "refused":
            return form
        return _told(form, say(_COMPARE, kind=f".{kind}"))

    def _docx(self, data: bytes, kind: str) -> bytes:
        key = hashlib.sha256(data).hexdigest()
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        docx = self._convert(data, kind)
        with self._lock:
            self._kept[key] = docx
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return docx


def _kind(data: bytes) -> str:
    """Which of the three a checked file is."""
    if data[:2] == b"PK":
        return "odt"
    return "doc" if data[:4] == b"\xd0\xcf\x11\xe0" else "rtf"


def _told(form: ReturnedForm, sentence: str) -> ReturnedForm:
    first = Problem(field="", code="converted", message_th=sentence)
    return replace(form, verdict="review", problems=(first, *(p for p in form.problems if p.code != "converted")))
