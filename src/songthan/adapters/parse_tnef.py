"""Opens winmail.dat, the wrapper in which Outlook sends files to people outside (MS-OXTNEF), one level.

A TNEF stream cannot grow when it is opened: every file in it is a piece of the stream itself, so the reader is bounded
by the length of what came. Checksums are not asked for: several programs write wrong ones.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from songthan.adapters.parse_text import decode
from songthan.adapters.parse_wrapped_file import WrappedFile

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_FILES = 100
_MAX_ATTRIBUTES = 5_000
_MAX_PROPERTIES = 2_000

_BODY, _MESSAGE_PROPERTIES, _CODE_PAGE = 0x0002800C, 0x00069003, 0x00069007
_NEW_ATTACHMENT, _TITLE, _DATA, _ATTACHMENT_PROPERTIES = 0x00069002, 0x00018010, 0x0006800F, 0x00069005
_PLAIN, _HTML = 0x1000, 0x1013
_DISPLAY_NAME, _OBJECT, _FILE_NAME, _LONG_NAME, _MIME, _METHOD, _CID = (
    0x3001,
    0x3701,
    0x3704,
    0x3707,
    0x370E,
    0x3705,
    0x3712,
)
#: bytes of the fixed MAPI types, as TNEF pads them
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_KIND_OBJECT = 0x0D
_EMBEDDED_MESSAGE = 5


class NotTnef(ValueError):
    """The stream ends too early or is none."""


@dataclass(kw_only=True)
class Opened:
    """What was found: the words of the mail (plain, else HTML) and the files; `complete` False when something was left out."""

    text: str = ""
    html: bytes = b""
    files: list[WrappedFile] = field(default_factory=list)
    complete: bool = True


def open_tnef(data: bytes) -> Opened:
    """The files and words in a TNEF stream; NotTnef when it is broken before anything was found."""
    if not data.startswith(SIGNATURE):
        raise NotTnef("no TNEF signature")
    found, charset = Opened(), "cp874"
    try:
        for name, value in _attributes(data):
            if name == _CODE_PAGE and len(value) >= 4:
                charset = f"cp{struct.unpack_from('<I', value)[0]}"
            elif name == _BODY:
                found.text = decode(_until_nul(value), charset, set())
            elif name == _MESSAGE_PROPERTIES:
                _message(found, value, charset)
            elif name == _NEW_ATTACHMENT:
                if len(found.files) >= MAX_FILES:
                    found.complete = False
                    break
                found.files.append(WrappedFile())
            elif found.files:
                _attachment(found.files[-1], name, value, charset)
    except (NotTnef, struct.error):
        if not found.files and not found.text:
            raise NotTnef("a broken TNEF stream") from None
        found.complete = False
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(attribute, bytes) one after the other; NotTnef when one reaches beyond the end."""
    at = 6
    for _ in range(_MAX_ATTRIBUTES):
        # what follows the last attribute and is no attribute is padding of the mail program
        if at + 9 > len(data) or data[at] not in (1, 2):
            return
        name, size = struct.unpack_from("<II", data, at + 1)
        if at + 9 + size > len(data):
            raise NotTnef("an attribute beyond the end")
        yield name, data[at + 9 : at + 9 + size]
        at += 9 + size + 2
    raise NotTnef("too many attributes")


def _message(found: Opened, value: bytes, charset: str) -> None:
    for name, kind, content in _properties(value):
        if name == _PLAIN:
            found.text = found.text or _text(kind, content, charset)
        elif name == _HTML:
            found.html = content if kind == 0x102 else _text(kind, content, charset).encode("utf-8", "replace")


def _attachment(file: WrappedFile, name: int, value: bytes, charset: str) -> None:
    if name == _TITLE:
        file.name = file.name or decode(_until_nul(value), charset, set())
    elif name == _DATA:
        file.data = file.data or value
    elif name == _ATTACHMENT_PROPERTIES:
        for key, kind, content in _properties(value):
            _described(file, key, kind, content, charset)


def _described(file: WrappedFile, key: int, kind: int, content: bytes, charset: str) -> None:
    if key == _LONG_NAME:
        file.name = _text(kind, content, charset) or file.name
    elif key in (_FILE_NAME, _DISPLAY_NAME):
        file.name = file.name or _text(kind, content, charset)
    elif key == _MIME:
        file.type = _text(kind, content, charset).strip().lower()[:100]
    elif key == _CID:
        file.content_id = _text(kind, content, charset).strip()[:200]
    elif key == _METHOD and len(content) >= 4:
        file.is_message = struct.unpack_from("<I", content)[0] == _EMBEDDED_MESSAGE
    elif key == _OBJECT and content:
        # an object's bytes stand behind the id of its interface
        file.data = content[16:] if kind == _KIND_OBJECT else content
        file.is_message = file.is_message or file.data.startswith(SIGNATURE)


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(property, type, first value) of a MAPI property list (MS-OXTNEF 2.1.3.4)."""
    (count,) = struct.unpack_from("<I", data)
    at = 4
    for _ in range(min(count, _MAX_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= 0x8000:
            at = _named(data, at)
        content, at = _value(data, at, kind)
        yield name, kind & 0xFFF, content


def _named(data: bytes, at: int) -> int:
    """Where the value of a named property begins."""
    (by_text,) = struct.unpack_from("<I", data, at + 16)
    at += 20
    if not by_text:
        return at + 4
    (size,) = struct.unpack_from("<I", data, at)
    return at + 4 + _padded(size)


def _value(data: bytes, at: int, kind: int) -> tuple[bytes, int]:
    several, kind = bool(kind & 0x1000), kind & 0xFFF
    size = _FIXED.get(kind)
    if size is not None and not several:
        return _piece(data, at, size), at + size
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    if size is not None:
        return _piece(data, at, min(count, 1) * size), at + count * size
    first = b""
    for index in range(count):
        (length,) = struct.unpack_from("<I", data, at)
        content = _piece(data, at + 4, length) if index == 0 else b""
        first = content if index == 0 else first
        at += 4 + _padded(length)
        if at > len(data):
            raise NotTnef("a value beyond the end")
    return first, at


def _piece(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise NotTnef("a value beyond the end")
    return data[at : at + size]


def _padded(size: int) -> int:
    return (size + 3) // 4 * 4


def _text(kind: int, content: bytes, charset: str) -> str:
    if kind == 0x1F:
        return content.decode("utf-16-le", "replace").split("\x00")[0]
    return decode(_until_nul(content), charset, set())


def _until_nul(data: bytes) -> bytes:
    return data.split(b"\x00", 1)[0]
