"""Opens an Outlook .msg file that is given in place of a mail (MS-CFB, MS-OXMSG): headers, words, files; nothing nested.

The compound file's chains may be crafted to name one sector many times: no more is ever read than twice the file's length.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from songthan.adapters.parse_text import decode
from songthan.adapters.parse_wrapped_file import WrappedFile

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_FILES = 100
_MAX_ENTRIES = 20_000
_END = 0xFFFFFFFA
_STREAM, _STORAGE, _ROOT = 2, 1, 5

_HEADERS, _SUBJECT, _PLAIN, _HTML, _MESSAGE_ID = "007D", "0037", "1000", "1013", "1035"
_SENDER_NAME, _SENDER, _SENDER_SMTP, _DISPLAY_TO = "0C1A", "0C1F", "5D01", "0E04"
_DATA, _LONG_NAME, _FILE_NAME, _SHOWN_NAME, _MIME, _CID = "3701", "3707", "3704", "3001", "370E", "3712"


class NotMsg(ValueError):
    """No compound file, or one without a message in it."""


@dataclass(kw_only=True)
class OpenedMsg:
    """A message of Outlook: its header block as bytes, plain and HTML words, files; `complete` False when some are left out."""

    headers: bytes = b""
    text: str = ""
    html: bytes = b""
    files: list[WrappedFile] = field(default_factory=list)
    complete: bool = True


@dataclass(frozen=True, kw_only=True)
class _Entry:
    name: str
    kind: int
    left: int
    right: int
    child: int
    start: int
    size: int


def open_msg(data: bytes) -> OpenedMsg:
    """The message in an Outlook file; NotMsg when there is none that can be read."""
    try:
        store = _Compound(data)
        top = store.children(0)
    except (struct.error, IndexError, ValueError, OverflowError):
        raise NotMsg("not a compound file") from None
    if not any(name.startswith("__SUBSTG1.0_") or name.startswith("__PROPERTIES") for name in top):
        raise NotMsg("no message in the compound file")
    values = _Values(store, top)
    found = OpenedMsg(text=values.text(_PLAIN), html=values.octets(_HTML))
    found.headers = values.text(_HEADERS).encode("utf-8", "replace") or _made_headers(values)
    for name in sorted(top):
        if name.startswith("__ATTACH_VERSION1.0_"):
            if len(found.files) >= MAX_FILES:
                found.complete = False
                break
            found.files.append(_file(store, top[name]))
    found.complete = found.complete and not store.broken
    return found


def _made_headers(values: _Values) -> bytes:
    """A header block for a mail that was never on its way: what Outlook itself keeps of it."""
    sender = values.text(_SENDER_SMTP) or values.text(_SENDER)
    name = values.text(_SENDER_NAME)
    shown = f'"{_plain(name)}" ' if name else ""
    lines = {
        "From": f"{shown}<{_plain(sender)}>" if "@" in sender else shown.strip(),
        "To": _plain(values.text(_DISPLAY_TO)),
        "Subject": _plain(values.text(_SUBJECT)),
        "Message-ID": _plain(values.text(_MESSAGE_ID)),
    }
    return "".join(f"{key}: {value}\r\n" for key, value in lines.items() if value).encode("utf-8", "replace")


def _plain(text: str) -> str:
    return " ".join(text.replace('"', "'").split())[:2000]


def _file(store: _Compound, index: int) -> WrappedFile:
    inside = store.children(index)
    values = _Values(store, inside)
    name = values.text(_LONG_NAME) or values.text(_FILE_NAME) or values.text(_SHOWN_NAME)
    # an object instead of bytes is a mail within the mail, or something of another program
    nested = inside.get(f"__SUBSTG1.0_{_DATA}000D")
    return WrappedFile(name=name, type=values.text(_MIME).strip().lower()[:100], content_id=values.text(_CID).strip()[:200],
                   data=b"" if nested is not None else values.octets(_DATA), is_message=nested is not None)  # fmt: skip


class _Values:
    """The properties of one storage, by their four hexadecimal digits."""

    def __init__(self, store: _Compound, entries: Mapping[str, int]) -> None:
        self._store, self._entries = store, entries

    def octets(self, name: str) -> bytes:
        index = self._entries.get(f"__SUBSTG1.0_{name}0102")
        return self._store.read(index) if index is not None else b""

    def text(self, name: str) -> str:
        wide = self._entries.get(f"__SUBSTG1.0_{name}001F")
        if wide is not None:
            return self._store.read(wide).decode("utf-16-le", "replace").split("\x00")[0]
        narrow = self._entries.get(f"__SUBSTG1.0_{name}001E")
        return decode(self._store.read(narrow).split(b"\x00", 1)[0], None, set()) if narrow is not None else ""


class _Compound:
    """A compound file (MS-CFB): its directory, and the bytes of a stream by its place in it."""

    def __init__(self, data: bytes) -> None:
        if not data.startswith(SIGNATURE) or len(data) < 512:
            raise ValueError("no compound file")
        self._data = data
        self._sector = 1 << struct.unpack_from("<H", data, 30)[0]
        if self._sector not in (512, 4096):
            raise ValueError("odd sector size")
        self.broken = False
        # the mini stream is read once as a whole and once in pieces
        self._left = 2 * len(data) + self._sector
        directory, self._cutoff = struct.unpack_from("<I", data, 48)[0], struct.unpack_from("<I", data, 56)[0]
        self._table = self._fat()
        self._entries = [self._entry(raw) for raw in self._records(self._chain(directory, self._table))]
        mini = struct.unpack_from("<I", data, 60)[0]
        self._mini_table = self._numbers(self._chain(mini, self._table)) if mini < _END else ()
        root = self._entries[0]
        self._mini = self._chain(root.start, self._table)[: root.size] if root.start < _END else b""

    def _fat(self) -> tuple[int, ...]:
        """The allocation table, out of the sectors that the header and its continuation list."""
        listed = list(struct.unpack_from("<109I", self._data, 76))
        more, seen = struct.unpack_from("<I", self._data, 68)[0], 0
        per = self._sector // 4 - 1
        while more < _END and seen <= len(self._data) // self._sector:
            numbers = struct.unpack(f"<{per + 1}I", self._at(more))
            listed += numbers[:per]
            more, seen = numbers[per], seen + 1
        most = len(self._data) // self._sector + 1
        return self._numbers(b"".join(self._at(s) for s in listed[: most + 109] if s < _END and self._holds(s)))

    def _numbers(self, data: bytes) -> tuple[int, ...]:
        return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])

    def _holds(self, sector: int) -> bool:
        return (sector + 1) * self._sector < len(self._data)

    def _at(self, sector: int) -> bytes:
        start = (sector + 1) * self._sector
        return self._data[start : start + self._sector].ljust(self._sector, b"\x00")

    def _chain(self, start: int, table: tuple[int, ...], *, limit: int = 1 << 62) -> bytes:
        """The sectors from `start` on, each once, no further than what may be read in all."""
        pieces: list[bytes] = []
        seen: set[int] = set()
        sector, got = start, 0
        while sector < _END and got < limit:
            if sector in seen or sector >= len(table) or not self._holds(sector) or self._left <= 0:
                self.broken = True
                break
            seen.add(sector)
            pieces.append(self._at(sector))
            got += self._sector
            self._left -= self._sector
            sector = table[sector]
        return b"".join(pieces)

    @staticmethod
    def _records(data: bytes) -> list[bytes]:
        return [data[at : at + 128] for at in range(0, min(len(data), _MAX_ENTRIES * 128) - 127, 128)]

    @staticmethod
    def _entry(raw: bytes) -> _Entry:
        length = min(struct.unpack_from("<H", raw, 64)[0], 64)
        left, right, child = struct.unpack_from("<III", raw, 68)
        start, size = struct.unpack_from("<IQ", raw, 116)
        name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace")
        return _Entry(name=name, kind=raw[66], left=left, right=right, child=child, start=start, size=size)

    def children(self, index: int) -> dict[str, int]:
        """Upper-case name → place of what lies directly in the storage at `index`."""
        found: dict[str, int] = {}
        seen: set[int] = set()
        waiting = [self._entries[index].child]
        while waiting:
            place = waiting.pop()
            if place >= len(self._entries) or place in seen:
                continue
            seen.add(place)
            entry = self._entries[place]
            found.setdefault(entry.name.upper(), place)
            waiting += [entry.left, entry.right]
        return found

    def read(self, index: int) -> bytes:
        """The bytes of the stream at `index`; what its chain does not give is missing at the end."""
        entry = self._entries[index]
        if entry.kind != _STREAM:
            return b""
        if entry.size >= self._cutoff:
            return self._chain(entry.start, self._table, limit=entry.size)[: entry.size]
        pieces: list[bytes] = []
        place, seen = entry.start, 0
        while place < _END and seen * 64 < entry.size:
            if place >= len(self._mini_table) or self._left <= 0:
                self.broken = True
                break
            pieces.append(self._mini[place * 64 : place * 64 + 64])
            self._left -= 64
            place, seen = self._mini_table[place], seen + 1
        return b"".join(pieces)[: entry.size]
