"""A MIME message into its leaves, without recursion and with limits on depth and number (RFC 2045–2047, 5322).

The standard parser raises on 4 % of public mail and overflows the stack at a depth of 1000; this one never raises.
"""

from __future__ import annotations

import binascii
import itertools
import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass

from songthan.adapters.parse_headers import Headers, parameters, split_headers

MAX_DEPTH = 20
MAX_PARTS = 200
#: Bytes of a wrapper (S/MIME, winmail.dat, .msg) that is opened; opening one takes its size several times over.
MAX_WRAPPER = 40 << 20
#: Bytes of a mail whose lines end in CR alone (old Macintosh) that are looked at: it must be copied for it.
_MOST_OLD_LINES = 32 << 20

_NOT_BASE64 = bytes(i for i in range(256) if not re.match(rb"[A-Za-z0-9+/=]", bytes([i])))
_SIGNED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})


class Content:
    """The bytes of a leaf where they stand in the mail: decoded when they are asked for, and only as far.

    `broken` says after reading whether some of them were not what the transfer encoding allows.
    """

    def __init__(self, buffer: bytes | mmap.mmap, start: int, end: int, encoding: str = "") -> None:
        self._buffer, self._start, self._end, self._encoding = buffer, start, max(start, end), encoding
        self.broken = False

    @property
    def longest(self) -> int:
        """The most bytes there can be."""
        return self._end - self._start

    def head(self, size: int) -> bytes:
        """At least the first `size` bytes, if there are so many."""
        return self._decoded(min(self._end, self._start + 3 * size + 4))[:size]

    def whole(self) -> bytes:
        return self._decoded(self._end)

    def _decoded(self, end: int) -> bytes:
        if self._encoding == "base64":
            data, broken = _base64(self._buffer, self._start, end)
            self.broken = self.broken or broken
            return data
        data = bytes(self._buffer[self._start : end])
        return binascii.a2b_qp(data) if self._encoding == "quoted-printable" else data


@dataclass(frozen=True, kw_only=True)
class Part:
    """A leaf: its headers, content, and where it stood.

    `type` is the declared media type, `parent` that of the multipart around it, `alternative` the number of the nearest
    multipart/alternative around it (0: none), `role` what a wrapper says it is («message»), whatever its bytes look like.
    """

    headers: Headers
    type: str
    params: dict[str, str]
    disposition: str
    name: str
    parent: str
    alternative: int
    content: Content
    role: str = ""

    @property
    def data(self) -> bytes:
        return self.content.whole()

    @property
    def content_id(self) -> str:
        return self.headers.get("content-id").strip().strip("<>").lower()


@dataclass(frozen=True, kw_only=True)
class Tree:
    """A mail taken apart: the top headers, its declared type with parameters, the leaves in order, what was off."""

    headers: Headers
    type: str
    params: dict[str, str]
    parts: tuple[Part, ...]
    containers: frozenset[str]
    defects: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class _Node:
    buffer: bytes | mmap.mmap
    start: int
    end: int
    depth: int
    parent: str
    alternative: int
    default: str = "text/plain"


def take_apart(raw: bytes | mmap.mmap, *, open_signed: Callable[[bytes], bytes | str]) -> Tree:
    """The leaves of `raw`. `open_signed` gives the content of an S/MIME blob, or the defect code why not."""
    defects: set[str] = set()
    if raw.find(b"\n") < 0 <= raw.find(b"\r"):
        if len(raw) > _MOST_OLD_LINES:
            defects.add("too-big")
        raw = raw[:_MOST_OLD_LINES].replace(b"\r", b"\n")
    headers, body = split_headers(raw, 3 if raw[:3] == b"\xef\xbb\xbf" else 0, len(raw), top=True)
    kind, params = _type_of(headers, "text/plain", defects)
    if headers.broken:
        defects.add("bad-header")
    if headers.cut:
        defects.add("header-cut")
    leaves: list[Part] = []
    containers: set[str] = set()
    numbers = itertools.count(1)
    stack = [(_Node(buffer=raw, start=body, end=len(raw), depth=0, parent="", alternative=0), headers)]
    seen = 0
    while stack:
        node, head = stack.pop()
        seen += 1
        if seen > MAX_PARTS or len(leaves) >= MAX_PARTS:
            defects.add("too-many-parts")
            break
        if head is None:
            head, start = split_headers(node.buffer, node.start, node.end)
            node = _moved(node, start)
        children = _children(node, head, numbers, containers, defects)
        if children is None:
            leaf = _leaf(node, head, defects)
            inner = _opened(leaf, node, open_signed, containers, defects)
            if inner is None:
                leaves.append(leaf)
            else:
                stack.append((inner, None))
        else:
            stack.extend((child, None) for child in reversed(children))
    return Tree(headers=headers, type=kind, params=params, parts=tuple(leaves), containers=frozenset(containers),
                defects=frozenset(defects))  # fmt: skip


def _moved(node: _Node, start: int) -> _Node:
    return _Node(buffer=node.buffer, start=start, end=node.end, depth=node.depth, parent=node.parent,
                 alternative=node.alternative, default=node.default)  # fmt: skip


def _type_of(headers: Headers, default: str, defects: set[str]) -> tuple[str, dict[str, str]]:
    value = headers.get("content-type")
    kind, params = parameters(value, defects) if value else (default, {})
    if not re.match(r"^[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}$", kind):
        kind = "text/plain" if kind in ("text", "") else "application/octet-stream"
    return kind, params


def _children(node: _Node, headers: Headers, numbers: itertools.count, containers: set[str],
              defects: set[str]) -> list[_Node] | None:  # fmt: skip
    """The parts of a multipart; None when this is a leaf (or must be taken as one)."""
    kind, params = _type_of(headers, node.default, set())
    if not kind.startswith("multipart/"):
        return None
    containers.add(kind)
    if kind == "multipart/encrypted":
        defects.add("encrypted")
    if node.depth >= MAX_DEPTH:
        defects.add("too-deep")
        return None
    boundary = params.get("boundary", "").rstrip().encode("utf-8")[:1000]
    spans = _spans(node, boundary, defects) if boundary else []
    if not spans:
        defects.add("multipart-without-parts")
        return None
    alternative = next(numbers) if kind == "multipart/alternative" else node.alternative
    default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
    return [_Node(buffer=node.buffer, start=a, end=b, depth=node.depth + 1, parent=kind, alternative=alternative,
                  default=default) for a, b in spans]  # fmt: skip


_AFTER_BOUNDARY = re.compile(rb"(--)?[ \t]{0,80}\r?(?=\n|\Z)")
_MOST_FALSE = 50_000


def _spans(node: _Node, boundary: bytes, defects: set[str]) -> list[tuple[int, int]]:
    """Where the parts between the delimiter lines lie; a missing end delimiter is a defect (a cut-off mail)."""
    mark, buffer = b"--" + boundary, node.buffer
    spans: list[tuple[int, int]] = []
    opened, false, at = -1, 0, node.start
    while (found := buffer.find(mark, at, node.end)) >= 0 and false < _MOST_FALSE:
        at = found + len(mark)
        match = _AFTER_BOUNDARY.match(buffer, at, node.end)
        if match is None or (found > node.start and buffer[found - 1 : found] != b"\n"):
            false += 1
            continue
        if opened >= 0:
            spans.append((opened, max(opened, _before_line_end(buffer, found))))
        if match[1] or len(spans) > MAX_PARTS:
            return spans
        opened = at = min(match.end() + 1, node.end)
    if opened >= 0:
        defects.add("unclosed-multipart")
        spans.append((opened, node.end))
    return spans


def _before_line_end(buffer: bytes, at: int) -> int:
    at -= buffer[at - 1 : at] == b"\n"
    return at - (buffer[at - 1 : at] == b"\r")


def _leaf(node: _Node, headers: Headers, defects: set[str]) -> Part:
    kind, params = _type_of(headers, node.default, defects)
    value = headers.get("content-disposition")
    disposition, more = parameters(value, defects) if value else ("", {})
    name = more.get("filename") or params.get("name") or ""
    if kind.startswith("multipart/"):
        kind = "text/plain"
    encoding = _encoding(headers.get("content-transfer-encoding"), defects)
    return Part(headers=headers, type=kind, params=params, disposition=disposition, name=name, parent=node.parent,
                alternative=node.alternative, content=Content(node.buffer, node.start, node.end, encoding))  # fmt: skip


def _encoding(value: str, defects: set[str]) -> str:
    encoding = value.strip().strip("\"'").lower().partition(";")[0].strip()
    if encoding not in ("", "7bit", "8bit", "binary", "base64", "quoted-printable"):
        defects.add("unknown-transfer-encoding")
    return encoding


_STEP = 1 << 20


def _base64(buffer: bytes | mmap.mmap, start: int, end: int) -> tuple[bytes, bool]:
    """Decoded step by step, so that a big file is in memory once; and whether something in it was no base64."""
    out: list[bytes] = []
    rest, broken, joints = b"", False, 2000
    for at in range(start, end, _STEP):
        data = buffer[at : min(at + _STEP, end)]
        clean = data.translate(None, _NOT_BASE64)
        broken = broken or len(data.translate(None, b" \t\r\n")) != len(clean)
        # Some gateways join two base64 texts: each ends with its own padding. More than some are no joints any more.
        joints -= clean.count(b"=")
        if joints < 0:
            clean, broken = clean.replace(b"=", b""), True
        *ended, rest = (rest + clean).split(b"=")
        for text in ended:
            out.append(_base64_end(text))
            broken = broken or len(text) % 4 == 1
        whole = len(rest) // 4 * 4
        out.append(binascii.a2b_base64(rest[:whole]))
        rest = rest[whole:]
    return b"".join([*out, _base64_end(rest)]), broken or len(rest) == 1


def _base64_end(text: bytes) -> bytes:
    text = text[: len(text) - (len(text) % 4 == 1)]
    return binascii.a2b_base64(text + b"=" * (-len(text) % 4))


def _opened(leaf: Part, node: _Node, open_signed: Callable[[bytes], bytes | str], containers: set[str],
            defects: set[str]) -> _Node | None:  # fmt: skip
    """The content of an S/MIME wrapper as a node of its own, if it is one that can be opened."""
    if leaf.type not in _SIGNED and not (leaf.name.lower().endswith(".p7m") and "octet-stream" in leaf.type):
        return None
    if leaf.content.longest > MAX_WRAPPER:
        inner: bytes | str = "smime-unreadable"
    else:
        inner = open_signed(leaf.data) if node.depth < MAX_DEPTH else "too-deep"
    if isinstance(inner, str):
        defects.add(inner)
        return None
    containers.add("application/pkcs7-mime")
    return _Node(buffer=inner, start=0, end=len(inner), depth=node.depth + 1, parent="application/pkcs7-mime",
                 alternative=node.alternative)  # fmt: skip
