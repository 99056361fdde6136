"""Mail headers without the standard parser's exceptions and slow corners (RFC 5322, 2047, 2231, 8601).

Every function is linear in its input and bounded: a header value is cut at MAX_VALUE bytes, addresses at MAX_ADDRESSES.
"""

from __future__ import annotations

import base64
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from songthan.adapters.parse_text import codec_of, decode, decode_raw, one_line

MAX_FIELDS = 1000
MAX_VALUE = 64_000
MAX_ADDRESSES = 1000
MAX_BLOCK = 2 << 20
"""Bytes of a header block looked at line by line."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_ID = re.compile(r"<([^<>\s]{1,900})>")
_ADDRESS = re.compile(r"^[^\s<>@\"(),;:\\]{1,64}@[^\s<>@\"(),;:\\]{1,255}$")


@dataclass(frozen=True, kw_only=True)
class Headers:
    """A header block: (lower-case name, value unfolded but still encoded), in order; `cut` when something was left out."""

    fields: tuple[tuple[str, str], ...]
    cut: bool = False
    broken: bool = False

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]

    def get(self, name: str, default: str = "") -> str:
        """The first (topmost) value."""
        return next((value for key, value in self.fields if key == name), default)

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


def split_headers(buffer: bytes | mmap.mmap, start: int, end: int, *, top: bool = False) -> tuple[Headers, int]:
    """Headers of `buffer[start:end]` and where the body begins.

    A line that is no header ends the block of a part; at the top of a mail (`top`) it is passed over, so that one
    broken fold does not hide the sender.
    """
    fields: list[tuple[str, bytes]] = []
    at, cut, broken = start, False, False
    for found in _LINE_END.finditer(buffer, start, end):
        line, after = buffer[at : min(found.start(), at + MAX_VALUE)], found.end()
        if found.start() == at:
            return _headers(fields, cut, broken), after
        if at - start > MAX_BLOCK:
            return _headers(fields, True, broken), _after_blank_line(buffer, at, end)
        state = _take(fields, line)
        cut = cut or state == "full"
        if state == "bad":
            broken = True
            if not top:
                return _headers(fields, cut, broken), at
        at = after
    if at < end and _take(fields, buffer[at : min(end, at + MAX_VALUE)]) == "bad" and not top:
        return _headers(fields, cut, True), at
    return _headers(fields, cut, broken), end


def _after_blank_line(buffer: bytes | mmap.mmap, at: int, end: int) -> int:
    found = [i + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (i := buffer.find(mark, at, end)) >= 0]
    return min(found, default=end)


def _take(fields: list[tuple[str, bytes]], line: bytes) -> str:
    if line[:1] in b" \t" and fields:
        name, value = fields[-1]
        if len(value) + len(line) > MAX_VALUE:
            return "full"
        # a fold is a space, whatever it is written with: a tab would stand inside a file's name
        fields[-1] = (name, value + b" " + line[1:])
        return "taken"
    match = _FIELD.match(line)
    if not match:
        return "taken" if not fields and line.startswith((b"From ", b">From ")) else "bad"
    if len(fields) >= MAX_FIELDS:
        return "full"
    fields.append((match[1].decode("ascii").lower(), line[match.end() :]))
    return "taken"


def _headers(fields: list[tuple[str, bytes]], cut: bool, broken: bool) -> Headers:
    cut = cut or any(len(value) >= MAX_VALUE - 1000 for _, value in fields)
    return Headers(fields=tuple((n, decode_raw(v).strip()) for n, v in fields), cut=cut, broken=broken)


def decode_words(text: str, defects: set[str] | None = None) -> str:
    """RFC 2047 words to text. Neighbours of one charset are joined as bytes: senders cut in the middle of a letter."""
    if "=?" not in text:
        return text
    defects = set() if defects is None else defects
    out: list[str] = []
    pending, charset, at = b"", "", 0
    for match in _WORD.finditer(text):
        between = text[at : match.start()]
        at = match.end()
        joins = bool(charset) and not between.strip() and codec_of(match[1]) == codec_of(charset)
        if not joins:
            out.append(decode(pending, charset, defects) if charset else "")
            if between.strip() or not charset:
                out.append(between)
            pending = b""
        charset = match[1]
        pending += _base64_word(match[3]) if match[2] in "bB" else _q_word(match[3])
    out.append(decode(pending, charset, defects) if charset else "")
    out.append(text[at:])
    return "".join(out)


def _base64_word(text: str) -> bytes:
    text = re.sub(r"[^A-Za-z0-9+/]", "", text)
    text = text[:-1] if len(text) % 4 == 1 else text
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _q_word(text: str) -> bytes:
    raw = text.replace("_", " ").encode("utf-8")
    return re.sub(rb"=([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw)


def split_outside(text: str, separator: str, *, comments: bool = False) -> Iterator[str]:
    """Pieces of `text` between `separator`s that are not inside "quotes" (or, on demand, (comments), which are dropped)."""
    piece: list[str] = []
    quoted, depth, escaped = False, 0, False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\" and (quoted or depth):
            escaped = True
        elif quoted:
            quoted = char != '"'
        elif comments and char == "(":
            depth += 1
        elif depth:
            depth -= char == ")"
            continue
        elif char == '"':
            quoted = True
        elif char == separator:
            yield "".join(piece)
            piece = []
            continue
        if not depth:
            piece.append(char)
    yield "".join(piece)


def _unquoted(text: str) -> str:
    text = text.strip()
    if text.startswith('"'):
        text = text[1:-1] if text.endswith('"') and len(text) > 1 else text[1:]
        # Windows paths and Thai file names come with lone backslashes: only \" and \\ are escapes.
        return text.replace('\\"', '"').replace("\\\\", "\\")
    return text


def parameters(value: str, defects: set[str] | None = None) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=…` → (lower-case main value, parameters by lower-case name), RFC 2231 and 2047 undone."""
    main, *rest = split_outside(value[:16_000], ";")
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for item in rest[:200]:
        name, equals, content = item.partition("=")
        name = name.strip().lower()
        if not equals or not name:
            continue
        base, star, number = name.partition("*")
        if not star:
            plain.setdefault(name, decode_words(_unquoted(content), defects))
            continue
        extended = name.endswith("*")
        digits = number.rstrip("*")
        index = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 4 else 0
        pieces.setdefault(base, {}).setdefault(index, (extended, _unquoted(content)))
    for base, numbered in pieces.items():
        plain[base] = _joined(numbered, defects)
    return main.strip().lower(), plain


def _joined(numbered: dict[int, tuple[bool, str]], defects: set[str] | None) -> str:
    """RFC 2231 pieces put together as bytes before decoding, for a letter may be cut in two."""
    charset, data = "", b""
    for position, index in enumerate(sorted(numbered)):
        extended, text = numbered[index]
        if extended and position == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        codec = codec_of(charset) or "utf-8"
        data += unquote_to_bytes(text) if extended else text.encode(codec, "replace")
    return decode_words(decode(data, charset, set() if defects is None else defects), defects)


def addresses(value: str, *, limit: int = MAX_ADDRESSES) -> list[tuple[str, str]]:
    """(display name, lower-case address) of an address header; group names are dropped, their members kept.

    An entry whose angle brackets occur twice comes back once for each: the caller sees more than one sender.
    """
    found: list[tuple[str, str]] = []
    for entry in _entries(value[:MAX_VALUE]):
        if len(found) >= limit:
            break
        # What stands in quotes is a name, whatever it looks like.
        bare = re.sub(r'"[^"]*"?', "", entry.replace("\\\\", "").replace('\\"', ""))
        angles = re.findall(r"<([^<>]*)>", bare)
        if angles:
            name = one_line(decode_words(_unquoted(entry[: entry.rfind("<")].strip())), 200)
            found.extend((name, _address(a)) for a in angles if _address(a))
        elif _address(entry):
            found.append(("", _address(entry)))
    return found[:limit]


def _entries(value: str) -> Iterator[str]:
    for piece in split_outside(value, ",", comments=True):
        for part in split_outside(piece, ";"):
            bits = list(split_outside(part, ":"))
            yield bits[-1] if len(bits) > 1 and "<" not in bits[0] and "@" not in bits[0] else part


def _address(text: str) -> str:
    text = text.strip().strip("'")
    low = text.lower()
    if low.isascii() and not text.isascii():
        return ""  # the Kelvin sign becomes a plain «k» here: another's address, not the one written
    return low if _ADDRESS.match(low) and low.isprintable() else ""


def message_ids(values: list[str]) -> list[str]:
    """The Message-IDs in these header values, with their angle brackets, in order, each once, at most 50."""
    found: list[str] = []
    for value in values:
        for match in _ID.finditer(value):
            if match[0] not in found and len(found) < 50:
                found.append(one_line(match[0], 1000))
    return found
