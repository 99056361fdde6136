"""Writes a .docx: a zip with a fixed date and order, so that the same content is the same bytes.

What is the same in every file of a template is deflated once (`press`) and copied; Python's zipfile can only deflate anew.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["Pressed", "pack", "press"]

_DATE, _TIME = (1 << 5) | 1, 0  # 1 January 1980, midnight, as DOS writes it
_STORED, _DEFLATED = 0, 8
_UTF8_NAME = 0x800
_VERSION = 20
_OWNER_ONLY = 0o600 << 16
# Below this many bytes setting up zlib takes longer than what it saves is worth; what is deflated once is always deflated.
_WORTH_DEFLATING = 1024
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
# Measured on a three-page form: level 3 takes a third of the time of zlib's default (6) for a file 7 % larger. What is
# deflated once for all files of a template may take its time.
_LEVEL, _LEVEL_ONCE = 3, 9


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """A member as it lies in the zip: `data` deflated (or stored), `size` and `crc` of its plain bytes."""

    method: int
    data: bytes
    size: int
    crc: int


def press(plain: bytes, *, once: bool = False) -> Pressed:
    """The member's bytes made ready; `once` when the result is kept and the time does not matter."""
    data, method = plain, _STORED
    if once or len(plain) >= _WORTH_DEFLATING:
        deflate = zlib.compressobj(_LEVEL_ONCE if once else _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        data, method = deflate.compress(plain) + deflate.flush(), _DEFLATED
    return Pressed(method=method, data=data, size=len(plain), crc=zlib.crc32(plain))


def pack(order: Iterable[str], members: Mapping[str, Pressed]) -> bytes:
    """The zip: content types first, then the members in the template's `order`, then the others by name."""
    names = [name for name in order if name in members]
    names += sorted(set(members) - set(names))
    names.sort(key=lambda name: name != "[Content_Types].xml")
    pieces: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in names:
        member, raw = members[name], name.encode("utf-8")
        flags = 0 if name.isascii() else _UTF8_NAME
        same = (flags, member.method, _TIME, _DATE, member.crc, len(member.data), member.size, len(raw))
        local = _LOCAL.pack(b"PK\x03\x04", _VERSION, *same, 0) + raw
        directory += (_CENTRAL.pack(b"PK\x01\x02", _VERSION, _VERSION, *same, 0, 0, 0, 0, _OWNER_ONLY, offset), raw)
        pieces += (local, member.data)
        offset += len(local) + len(member.data)
    listing = b"".join(directory)
    end = _END.pack(b"PK\x05\x06", 0, 0, len(names), len(names), len(listing), offset, 0)
    return b"".join([*pieces, listing, end])
