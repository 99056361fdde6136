"""What an attached file really is, by its bytes, and the part it may play. Nothing is opened further than its list.

Source of the signatures: the formats' own specifications (ZIP appnote, ISO 32000, MS-CFB, MS-OXTNEF, ISO 14496-12).
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from songthan.adapters.parse_archive import look_into

OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = OFFICE + "wordprocessingml.document"
FORM_TYPES = frozenset(
    {
        DOCX,
        OFFICE + "spreadsheetml.sheet",
        "application/pdf",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/rtf",
        "application/x-encrypted-office",
        "application/vnd.apple.pages",
    }
)
ARCHIVES = frozenset(
    {"application/zip", "application/vnd.rar", "application/x-7z-compressed", "application/gzip", "application/x-tar"}
)
_PROGRAM_NAMES = re.compile(
    r"\.(exe|scr|com|pif|bat|cmd|js|jse|vbs|vbe|wsf|wsh|hta|ps1|psm1|msi|msp|jar|lnk|reg|chm|cpl|dll|inf|iso|img|vhdx?|"
    r"docm|dotm|xlsm|xltm|xlam|pptm|ppam|potm|one|url|application|appref-ms|settingcontent-ms|library-ms)[\s.]*$",
    re.I,
)
_MAGIC = (
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"{\\rtf", "application/rtf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
)
_HEIF = frozenset({b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1", b"avif"})
_TOLD = re.compile(r"^(text|audio|video|message)/[a-z0-9.+-]+$")


@dataclass(frozen=True, kw_only=True)
class Sniffed:
    """The type by content, whether it may act by itself, what was off («password», «zip-bomb»…), files found inside."""

    type: str
    active: bool = False
    defects: frozenset[str] = frozenset()
    files: tuple[tuple[str, bytes], ...] = ()


def sniff(data: bytes, declared: str, name: str) -> Sniffed:
    """What `data` is. The declared type is believed only for kinds that cannot be told from the bytes."""
    found = _by_content(data, declared)
    if _PROGRAM_NAMES.search(name):
        return Sniffed(type=found.type, active=True, defects=found.defects)
    return found


def _by_content(data: bytes, declared: str) -> Sniffed:
    head = data[:1024]
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        look = look_into(data)
        return Sniffed(type=look.type, active=look.active, defects=look.defects, files=look.files)
    if b"%PDF-" in head:
        return _pdf(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole(data)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            active = kind.startswith("application/x-ms") or kind.endswith("executable")
            active = active or (
                kind == "application/rtf" and bool(re.search(rb"\\(objdata|objupdate|objautlink)", data))
            )
            return Sniffed(type=kind, active=active)
    if head[4:8] == b"ftyp":
        return Sniffed(type="image/heic" if head[8:12] in _HEIF else "video/mp4")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Sniffed(type="image/webp")
    return _text(data, declared)


def _text(data: bytes, declared: str) -> Sniffed:
    """Text-like files: HTML and SVG that hold a script are active."""
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<html" in start or b"<!doctype html" in start or b"<script" in start or b"<svg" in start:
        kind = "image/svg+xml" if b"<svg" in start and b"<html" not in start else "text/html"
        return Sniffed(
            type=kind, active=bool(re.search(rb"<script|\bon(load|error|click)\s?=|javascript:", data, re.I))
        )
    if _TOLD.match(declared):
        return Sniffed(type=declared)
    return Sniffed(type="application/octet-stream" if b"\x00" in data[:4096] or not data else "text/plain")


def _pdf_name(word: str) -> bytes:
    """A pattern for a PDF name with any of its letters written as #xx (ISO 32000-1, 7.3.5)."""
    return "".join(f"(?:{c}|#{ord(c):02x}|#{ord(c):02X})" for c in word).encode("ascii")


_PDF_ACTIVE = re.compile(
    rb"/(?:" + b"|".join(_pdf_name(w) for w in ("JavaScript", "Launch", "EmbeddedFile", "RichMedia")) + rb")"
)
_OBJECT_STREAM = re.compile(rb"/ObjStm\b[^>]{0,400}>>\s{0,10}stream\r?\n")
_MAX_INFLATED = 4 << 20


def _pdf(data: bytes) -> Sniffed:
    """A PDF that runs something or carries a file is active, also when compressed object streams hide it."""
    active = bool(_PDF_ACTIVE.search(data))
    if not active:
        left = 8 * _MAX_INFLATED
        for match in _OBJECT_STREAM.finditer(data):
            try:
                text = zlib.decompressobj().decompress(data[match.end() :][: 8 << 20], min(_MAX_INFLATED, left))
            except zlib.error:
                continue
            left -= len(text)
            if _PDF_ACTIVE.search(text):
                active = True
            if active or left <= 0:
                break
    locked = re.search(rb"/Encrypt\s{1,5}\d{1,10}\s{1,5}\d", data) or re.search(rb"/Encrypt\s{0,5}<<", data)
    return Sniffed(type="application/pdf", active=active, defects=frozenset({"password"} if locked else ()))


def _has_entry(data: bytes, name: str) -> bool:
    """Is there a directory entry `name` in this compound file? Entries are 128 bytes, on 128-byte steps (MS-CFB 2.6).

    A long name counts wherever it stands: it occurs in no text by chance, and a crafted file may be out of step.
    """
    if len(name) >= 12:
        return name.encode("utf-16-le") in data
    wanted = name.encode("utf-16-le") + b"\x00\x00"
    at = data.find(wanted)
    for _ in range(1000):
        if at < 0:
            return False
        if at % 128 == 0:
            return True
        at = data.find(wanted, at + 1)
    return False


def _ole(data: bytes) -> Sniffed:
    if _has_entry(data, "EncryptedPackage"):
        return Sniffed(type="application/x-encrypted-office", defects=frozenset({"password"}))
    marks = ("_VBA_PROJECT", "_VBA_PROJECT_CUR", "VBA", "Macros", "\x01Ole10Native", "ObjectPool")
    active = any(_has_entry(data, m) for m in marks)
    kinds = (
        ("WordDocument", "application/msword"),
        ("Workbook", "application/vnd.ms-excel"),
        ("Book", "application/vnd.ms-excel"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
        ("__properties_version1.0", "application/vnd.ms-outlook"),
    )
    for mark, kind in kinds:
        if _has_entry(data, mark):
            return Sniffed(type=kind, active=active)
    return Sniffed(type="application/x-ole-storage", active=active)


def role_of(sniffed: Sniffed, *, declared: str, inline: bool) -> str:
    """The role of an attachment (`domain.messages.Attachment`, and «tnef» for a winmail.dat)."""
    kind = sniffed.type
    if sniffed.active:
        return "active"
    if declared in ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers"):
        return "delivery-status"
    if declared in ("message/rfc822", "message/global") or kind == "application/vnd.ms-outlook":
        return "message"
    if kind == "application/ms-tnef" or declared == "application/ms-tnef":
        return "tnef"
    if inline:
        return "inline"
    if kind in ARCHIVES:
        return "archive"
    return "form" if kind in FORM_TYPES else "evidence"
