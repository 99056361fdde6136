"""Zip containers: what they are by their listing, whether they are a bomb, and one level of files out of an archive.

Sums are taken from the listing before a byte is unpacked (0.65 MB of docx can become 1.2 GB).
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

MAX_ENTRIES = 5_000
MAX_UNPACKED = 300 << 20
MAX_RATIO = 200
MAX_FILES = 20
MAX_FILES_BYTES = 50 << 20

_OFFICE = "application/vnd.openxmlformats-officedocument."
_KINDS = (
    ("word/document.xml", _OFFICE + "wordprocessingml.document"),
    ("xl/workbook.xml", _OFFICE + "spreadsheetml.sheet"),
    ("ppt/presentation.xml", _OFFICE + "presentationml.presentation"),
    ("index/document.iwa", "application/vnd.apple.pages"),
    ("index.zip", "application/vnd.apple.pages"),
)
_NESTED = (b"PK\x03\x04", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")


@dataclass(frozen=True, kw_only=True)
class Look:
    """A zip as listed: type, whether it holds macros or embedded objects, defects, and (for a plain archive) its files."""

    type: str
    active: bool = False
    defects: frozenset[str] = frozenset()
    files: tuple[tuple[str, bytes], ...] = ()


def look_into(data: bytes) -> Look:
    """Look at the zip `data`; never raises. Files are unpacked only from a plain, harmless archive, one level."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _look(archive, data)
    # NotImplementedError: zipfile's word for a way of packing it does not know
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error, zlib.error,
            RuntimeError, KeyError, IndexError, OverflowError, UnicodeError, MemoryError):  # fmt: skip
        return Look(type=_guess_broken(data), defects=frozenset({"zip-broken"}))


def _guess_broken(data: bytes) -> str:
    """A cut-off Word file is still worth calling one."""
    return _KINDS[0][1] if b"word/document.xml" in data or b"word/_rels" in data else "application/zip"


def _look(archive: zipfile.ZipFile, data: bytes) -> Look:
    entries = archive.infolist()
    names = {e.filename.lower().replace("\\", "/") for e in entries[:MAX_ENTRIES]}
    kind = next((k for mark, k in _KINDS if mark in names), "")
    if not kind and "mimetype" in names:
        kind = _open_document(archive)
    kind = kind or "application/zip"
    active = any(_acts(n) for n in names)
    if _is_bomb(entries):
        return Look(type=kind, active=active, defects=frozenset({"zip-bomb"}))
    if any(e.flag_bits & 1 for e in entries):
        return Look(type=kind, active=active, defects=frozenset({"password"}))
    if kind != "application/zip" or active:
        return Look(type=kind, active=active)
    files, defects = _files(archive, entries)
    return Look(type=kind, defects=frozenset(defects), files=tuple(files))


def _acts(name: str) -> bool:
    last = name.rpartition("/")[2]
    if last in ("vbaproject.bin", "vbadata.xml") or "/activex/" in name or name.startswith(("basic/", "scripts/")):
        return True
    return "/embeddings/" in name and last.startswith("oleobject")


def _open_document(archive: zipfile.ZipFile) -> str:
    info = archive.getinfo("mimetype")
    if info.file_size > 200:
        return ""
    text = archive.read(info).decode("ascii", "replace").strip()
    return text if text.startswith("application/vnd.oasis.opendocument.") and len(text) < 100 else ""


def _is_bomb(entries: list[zipfile.ZipInfo]) -> bool:
    """Too many, too big, too dense, or overlapping entries."""
    total, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if len(entries) > MAX_ENTRIES or total > MAX_UNPACKED or (total > 20 << 20 and total > MAX_RATIO * max(packed, 1)):
        return True
    spans = sorted((e.header_offset, e.header_offset + 30 + e.compress_size) for e in entries)
    return any(a[1] > b[0] for a, b in zip(spans, spans[1:], strict=False))


def _files(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> tuple[list[tuple[str, bytes]], set[str]]:
    files: list[tuple[str, bytes]] = []
    defects: set[str] = set()
    left = MAX_FILES_BYTES
    for entry in entries:
        name = entry_name(entry)
        if entry.is_dir() or name.startswith("__MACOSX/") or name.endswith("/.DS_Store"):
            continue
        if len(files) >= MAX_FILES or entry.file_size > left:
            defects.add("zip-not-all")
            break
        with archive.open(entry) as stream:
            content = stream.read(min(left, entry.file_size) + 1)
        if len(content) > entry.file_size:
            return [], {"zip-bomb"}
        left -= len(content)
        if content.startswith(_NESTED) and look_nested(content):
            return [], {"zip-nested"}
        files.append((name, content))
    return files, defects


def look_nested(content: bytes) -> bool:
    """True when a file inside an archive is itself an archive (and not a Word, Excel… file)."""
    if not content.startswith(b"PK"):
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as inner:
            names = {n.lower() for n in inner.namelist()[:MAX_ENTRIES]}
    # NotImplementedError: zipfile's word for a way of packing it does not know
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error):
        return False
    return not (names & {mark for mark, _ in _KINDS} or "mimetype" in names)


def entry_name(entry: zipfile.ZipInfo) -> str:
    """The entry's name as its writer meant it: Windows in Thai writes cp874 bytes without saying so."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for codec in ("utf-8", "cp874"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return entry.filename
