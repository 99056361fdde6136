"""DER as X.690 asks for it: every value written in the one way there is, so that no byte can differ and mean the same.

Libraries are lenient when they read. What nobody signs (a signature's own wrapping) is held to the letter here. The order
within a SET OF is not looked at: common programs do not sort their certificates.
"""

from __future__ import annotations

__all__ = ["is_der"]

_DEEPEST = 40
_BOOLEAN, _INTEGER, _BITS, _NULL, _OID, _ENUM, _SEQUENCE, _SET = 1, 2, 3, 5, 6, 10, 16, 17


def is_der(data: bytes) -> bool:
    """Is `data` exactly one value, well-formed down to its leaves?"""
    try:
        return _value(data, 0, len(data), 0) == len(data)
    except (IndexError, ValueError, RecursionError):
        return False


def _value(data: bytes, at: int, end: int, depth: int) -> int:
    """Where the value that begins at `at` ends; ValueError when it is not written as DER."""
    tag, start, stop = _head(data, at, end)
    kind, universal, constructed = tag & 0x1F, tag < 0x40, bool(tag & 0x20)
    if universal and constructed != (kind in (_SEQUENCE, _SET)):
        raise ValueError
    if constructed:
        if depth > _DEEPEST:
            raise ValueError
        place = start
        while place < stop:
            place = _value(data, place, stop, depth + 1)
    elif universal and not _leaf(kind, data[start:stop]):
        raise ValueError
    return stop


def _head(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, first byte of the content, first byte behind it. Tags above 30 and indefinite lengths are not for us."""
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise ValueError
    if length >= 0x80:
        count = length & 0x7F
        body = data[start : start + count]
        length, start = int.from_bytes(body, "big"), start + count
        if not 1 <= count <= 4 or len(body) != count or body[0] == 0 or length < 0x80:
            raise ValueError
    if start + length > end:
        raise ValueError
    return tag, start, start + length


def _leaf(kind: int, content: bytes) -> bool:
    if kind == _BOOLEAN:
        return content in (b"\x00", b"\xff")
    if kind in (_INTEGER, _ENUM):
        return len(content) == 1 or (len(content) > 1 and (content[0], content[1] >> 7) not in ((0, 0), (0xFF, 1)))
    if kind == _BITS:
        unused = content[0]
        return unused == 0 or (unused < 8 and len(content) > 1 and content[-1] & ((1 << unused) - 1) == 0)
    if kind == _NULL:
        return not content
    if kind == _OID:
        # no part of it begins with an empty group, and the last one ends
        begins = [content[0], *(byte for before, byte in zip(content, content[1:], strict=False) if before < 0x80)]
        return content[-1] < 0x80 and 0x80 not in begins
    return kind != 0
