"""Opens an Office zip (docx) only after looking at it from outside: bombs, macros, OLE, remote parts, DDE, DOCTYPE.

Everything here raises ReadRefused with a code: zip-bomb, zip-broken, encrypted, doctype, macro, ole, external, dde.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib

from lxml import etree

from songthan.domain.errors import ReadRefused
from songthan.domain.language import phrase, say

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_STRICT_W = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")

#: What a damaged zip raises. NotImplementedError: zipfile's word for a way of packing it does not know.
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, RuntimeError)
_KEPT_PART = 1 << 20
MAX_ENTRIES, MAX_TOTAL, MAX_XML = 2000, 200 << 20, 40 << 20
MAX_RATIO, MAX_XML_RATIO, RATIO_FROM = 100, 250, 5 << 20

_ASK = phrase("โปรดคัดลอกคำตอบลงในแบบที่ได้รับทางอีเมล แล้วบันทึกเป็น .docx ธรรมดาส่งกลับมาใหม่")
_SENTENCES = {
    "zip-bomb": phrase("ไฟล์นี้ขยายออกแล้วมีขนาดหรือจำนวนชิ้นส่วนผิดปกติ ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย"),
    "zip-broken": phrase("ไฟล์นี้เสียหายหรือมีโครงสร้างผิดปกติ ระบบจึงเปิดอ่านไม่ได้"),
    "encrypted": phrase("ไฟล์นี้ตั้งรหัสผ่านไว้ ระบบจึงเปิดอ่านไม่ได้"),
    "doctype": phrase("ไฟล์นี้มีคำสั่งเรียกข้อมูลจากภายนอก (DOCTYPE) ซึ่งเอกสาร Word ปกติไม่มี ระบบจึงไม่เปิดอ่าน"),
    "macro": phrase("ไฟล์นี้มีแมโคร (คำสั่งทำงานอัตโนมัติ) ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย"),
    "ole": phrase("ไฟล์นี้มีวัตถุหรือไฟล์อื่นฝังอยู่ภายใน ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย"),
    "external": phrase("ไฟล์นี้เรียกแม่แบบหรือข้อมูลจากที่อื่นเมื่อเปิดอ่าน ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย"),
    "dde": phrase("ไฟล์นี้มีเขตข้อมูลที่เรียกโปรแกรมหรือไฟล์อื่น (เช่น DDE) ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย"),
}
_REMEDY = {"encrypted": phrase("โปรดยกเลิกรหัสผ่านแล้วส่งกลับมาใหม่")}

# Field codes that start a program or fetch a file; QUOTE can spell one of them out of character numbers.
_BAD_FIELDS = frozenset(
    (
        "DDE",
        "DDEAUTO",
        "INCLUDETEXT",
        "INCLUDEPICTURE",
        "INCLUDE",
        "IMPORT",
        "LINK",
        "EMBED",
        "DATABASE",
        "RD",
        "CONTROL",
    )
    + ("MACROBUTTON", "HTMLACTIVEX", "AUTOTEXT", "AUTOTEXTLIST", "QUOTE", "DATA")
)


def refused(code: str, where: str = "") -> ReadRefused:
    """The refusal with this code, in Thai."""
    return ReadRefused(say(_SENTENCES[code]), code=code, where=where, remedy=say(_REMEDY.get(code, _ASK)))


class Package:
    """The parts of a docx that passed the checks; each is decompressed, and parsed, when it is first asked for."""

    def __init__(self, archive: zipfile.ZipFile, data: bytes = b"") -> None:
        self._archive = archive
        self._data = data
        self._bytes: dict[str, bytes] = {}
        self._roots: dict[str, etree._Element] = {}
        self.names = frozenset(archive.namelist())

    @property
    def size(self) -> int:
        """Bytes of all parts, unpacked."""
        return sum(entry.file_size for entry in self._archive.infolist())

    def bytes(self, name: str) -> bytes:
        """One part; ReadRefused when it cannot be decompressed."""
        if name not in self._bytes:
            data = self._inflated(name)
            if len(data) > _KEPT_PART:
                return data
            self._bytes[name] = data
        return self._bytes[name]

    def _inflated(self, name: str) -> bytes:
        plain = _inflate(self._data, self._archive.getinfo(name))
        if plain is not None:
            return plain
        try:
            return self._archive.read(name)
        except MemoryError:
            raise
        except Exception as error:  # lzma errors and all of BROKEN_ZIP: one broken part is a broken file
            raise refused("zip-broken", name) from error

    def xml(self, name: str) -> etree._Element:
        """One part as XML without entities, network or DOCTYPE. The same element every time: it is only looked at."""
        if name not in self._roots:
            self._roots[name] = parse_xml(self.bytes(name), name)
        return self._roots[name]

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """The internal relations of a part: id → (last word of the type, target part)."""
        folder, base = posixpath.split(name)
        rels = posixpath.join(folder, "_rels", base + ".rels")
        if rels not in self.names:
            return {}
        found = {}
        for rel in self.xml(rels).iter(_REL):
            if rel.get("TargetMode") == "External":
                continue
            target = rel.get("Target", "")
            target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[rel.get("Id", "")] = (rel.get("Type", "").rpartition("/")[2], target)
        return found

    @property
    def main_part(self) -> str:
        """The name of the document's main part; empty when this is no Word document."""
        for kind, target in self.relations("").values():
            if kind == "officeDocument" and target in self.names:
                return target
        return ""


# Making a parser takes longer than parsing a small part with it.
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip


def _inflate(data: bytes, entry: zipfile.ZipInfo) -> bytes | None:
    """An ordinary deflated or stored entry, checked like zipfile does (name, length, CRC) in a tenth of its time.

    None for anything out of the ordinary: then zipfile has its say.
    """
    head = data[entry.header_offset : entry.header_offset + 30]
    if len(head) < 30 or head[:4] != b"PK\x03\x04" or entry.flag_bits & 0x21 or entry.compress_type not in (0, 8):
        return None
    names, extra = int.from_bytes(head[26:28], "little"), int.from_bytes(head[28:30], "little")
    start = entry.header_offset + 30
    coding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
    if data[start : start + names].decode(coding, "replace") != entry.orig_filename:
        return None
    packed = data[start + names + extra : start + names + extra + entry.compress_size]
    if entry.compress_type == 0:
        plain = packed
    else:
        try:
            plain = zlib.decompressobj(-15).decompress(packed, entry.file_size + 1)
        except zlib.error:
            return None
    return plain if len(plain) == entry.file_size and zlib.crc32(plain) == entry.CRC else None


def parse_xml(data: bytes, where: str) -> etree._Element:
    """`data` as XML; ReadRefused with code doctype or zip-broken."""
    if _STRICT_W in data:
        data = data.replace(_STRICT_W, W[1:-1].encode())
    try:
        root = etree.fromstring(data, _PARSER)
    except etree.XMLSyntaxError as error:
        raise refused("doctype" if b"<!DOCTYPE" in data else "zip-broken", where) from error
    about = root.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:
        raise refused("doctype", where)
    return root


def open_package(data: bytes) -> Package:
    """The docx in `data` after every check from outside and of every XML part; ReadRefused otherwise."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except BROKEN_ZIP as error:
        raise refused("zip-broken") from error
    _check_sizes(archive.infolist(), len(data))
    _check_names(archive.namelist())
    package = Package(archive, data)
    for name in sorted(package.names):
        if name.lower().endswith((".xml", ".rels")):
            _check_xml(name, package.bytes(name))
    _check_types_and_relations(package)
    for name in sorted(package.names):
        if name.startswith("word/") and name.endswith(".xml"):
            raw = package.bytes(name)
            if b"instrText" in raw or b"fldSimple" in raw or b"InstrText" in raw or raw[:2] in _UTF16:
                check_fields(package.xml(name))
    return package


def _check_sizes(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise refused("zip-bomb")
    total = sum(e.file_size for e in entries)
    if total > MAX_TOTAL or (total > 10 * RATIO_FROM and total > MAX_RATIO * size):
        raise refused("zip-bomb")
    for entry in entries:
        if entry.flag_bits & 1:
            raise refused("encrypted", entry.filename)
        if entry.filename.lower().endswith((".xml", ".rels")) and (
            entry.file_size > MAX_XML
            or (entry.file_size > RATIO_FROM and entry.file_size > MAX_XML_RATIO * max(entry.compress_size, 1))
        ):
            raise refused("zip-bomb", entry.filename)
    # Overlapping entries read the same compressed bytes again and again: small outside, huge inside.
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < end:
            raise refused("zip-bomb", entry.filename)
        end = entry.header_offset + 30 + len(entry.orig_filename.encode("utf-8", "replace")) + entry.compress_size
        if end > size:
            raise refused("zip-broken", entry.filename)


def _check_names(names: list[str]) -> None:
    lowered = [n.lower() for n in names]
    if len(set(lowered)) != len(lowered):
        raise refused("zip-broken")
    for name in lowered:
        base = name.rpartition("/")[2]
        if base.startswith(("vbaproject", "vbadata")):
            raise refused("macro", name)
        if "/embeddings/" in f"/{name}" or "/activex/" in f"/{name}" or base.startswith("oleobject"):
            raise refused("ole", name)
        if name.startswith("/") or ".." in name.split("/") or "\x00" in name or "\\" in name:
            raise refused("zip-broken", "")


def _check_xml(name: str, data: bytes) -> None:
    # Word writes UTF-8 or UTF-16; any other encoding could hide a DOCTYPE from this look.
    head = data[:4]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in head:
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    declared = re.match(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)", data[:400])
    if declared and declared[1].lower() not in (b"utf-8", b"utf-16", b"us-ascii", b"ascii"):
        raise refused("zip-broken", name)
    if b"<!" in data and re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise refused("doctype", name)


def _check_types_and_relations(package: Package) -> None:
    if "[Content_Types].xml" in package.names and b"macroenabled" in package.bytes("[Content_Types].xml").lower():
        raise refused("macro")
    for name in sorted(package.names):
        if not name.endswith(".rels"):
            continue
        for rel in package.xml(name).iter("{*}Relationship"):
            kind = rel.get("Type", "").rpartition("/")[2]
            if (rel.get("TargetMode") or "").lower() == "external" and kind != "hyperlink":
                raise refused("external", kind)
            if kind in ("oleObject", "package", "aFChunk", "control", "activeXControlBinary"):
                raise refused("ole", kind)
            if kind in ("vbaProject", "wordVbaData", "attachedToolbars"):
                raise refused("macro", kind)


def check_fields(root: etree._Element) -> None:
    """ReadRefused (dde) when a field in this part starts a program, fetches a file, or hides what it does."""
    for simple in root.iter(f"{W}fldSimple"):
        _check_instruction(simple.get(f"{W}instr", ""))
    stack: list[list[str]] = []
    for node in root.iter(f"{W}fldChar", f"{W}instrText", f"{W}delInstrText"):
        if node.tag == f"{W}fldChar":
            kind = node.get(f"{W}fldCharType")
            if kind == "begin":
                # A field inside the code of another can spell a forbidden name piece by piece.
                if stack and stack[-1] is not _RESULT and not "".join(stack[-1]).strip():
                    raise refused("dde")
                stack.append([])
            elif kind == "separate" and stack:
                _check_instruction("".join(stack[-1]))
                stack[-1] = _RESULT
            elif kind == "end" and stack:
                _check_instruction("".join(stack.pop()))
        elif stack and stack[-1] is not _RESULT:
            stack[-1].append(node.text or "")
        else:
            _check_instruction(node.text or "")
    for rest in stack:
        _check_instruction("".join(rest))


_RESULT: list[str] = []


def _check_instruction(code: str) -> None:
    word = code.replace("\u00a0", " ").split(maxsplit=1)
    if word and word[0].strip('"\\{').upper() in _BAD_FIELDS:
        raise refused("dde", word[0][:20])
