"""The token's QR code as a picture for the footer: level Q, a quiet zone of four modules, about 300 pixels square."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache

import segno

__all__ = ["qr_picture"]

_BORDER = 4
_SIDE = 300  # pixels: 1.7 cm printed at 450 dots an inch
# One of the eight masks of ISO/IEC 18004, all of which read alike; trying them all takes longer than the rest of the form.
_MASK = 1
_AS_DIGITS = bytes.maketrans(b"\0\1", b"01")  # segno's modules: bytes 0 and 1


@lru_cache(maxsize=256)  # a form is rendered again when it is previewed, asked, corrected
def qr_picture(token: str) -> bytes:
    """PNG, one bit a pixel; the same token is the same bytes. The payload is the token alone."""
    code = segno.make_qr(token, error="q", mask=_MASK, boost_error=False)
    rows = code.matrix
    modules = len(rows) + 2 * _BORDER
    scale = max(1, round(_SIDE / modules))
    side = modules * scale
    white = _line("0" * modules, scale)
    quiet = "0" * _BORDER
    lines = [_line(quiet + row.translate(_AS_DIGITS).decode() + quiet, scale) for row in rows]
    return _png(side, b"".join(line * scale for line in [white] * _BORDER + lines + [white] * _BORDER))


def _line(bits: str, scale: int) -> bytes:
    """One line of pixels: PNG's filter byte, then the bits, in which white is 1."""
    wide = bits.translate({ord("0"): "1" * scale, ord("1"): "0" * scale})
    wide += "1" * (-len(wide) % 8)
    return b"\0" + int(wide, 2).to_bytes(len(wide) // 8, "big")


def _png(side: int, lines: bytes) -> bytes:
    header = struct.pack(">2L5B", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data) for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 6)), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + name + data + struct.pack(">L", zlib.crc32(name + data))
