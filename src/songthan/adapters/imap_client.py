"""IMAPClient with what we need beyond it: answers to MOVE and APPEND as numbers, a mail sent from a file, folders found.

One connection; errors are the library's own (`imap_session` names them).
"""

from __future__ import annotations

import contextlib
import logging
import mmap
import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import imapclient
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from songthan.adapters.imap_settings import ImapSettings, tls_context

__all__ = ["Client", "Item", "Place", "open_client"]

# At level DEBUG the library tells its log every command; the password stays out of every log.
logging.getLogger("imapclient").setLevel(logging.WARNING)

KEY_HEADER = "X-Songthan-Key"
_HEADERS = f"BODY.PEEK[HEADER.FIELDS (MESSAGE-ID FROM {KEY_HEADER.upper()})]"
_PAGE = 500  # messages asked for at a time
_PIECE = 1 << 18  # bytes of a message asked for at a time
_CONNECT_S = 20.0
_UIDS = re.compile(rb"(\d+) (\d+(?::\d+)?) (\d+)")
_APPENDED = re.compile(rb"APPENDUID (\d+) (\d+)")


@dataclass(frozen=True, kw_only=True)
class Place:
    """The folder now open: identities in it hold as long as `validity` is the same; the next mail gets `next` or more."""

    folder: str
    validity: int
    next: int
    messages: int


@dataclass(frozen=True, kw_only=True)
class Item:
    """One message as a folder lists it."""

    uid: int
    received: datetime
    size: int
    message_id: str
    sender: str
    key: str
    flags: tuple[bytes, ...]


def open_client(settings: ImapSettings) -> Client:
    """A connection that is logged in."""
    server = settings.imap
    client = Client(
        server.host,
        port=server.port,
        ssl=server.security == "tls",
        ssl_context=tls_context(settings) if server.security == "tls" else None,
        timeout=SocketTimeout(connect=min(_CONNECT_S, settings.timeout_s), read=settings.timeout_s),
    )
    try:
        if server.security == "starttls":
            client.starttls(tls_context(settings))
        if client.has_capability("AUTH=PLAIN"):
            client.plain_login(settings.username, settings.password)
        else:
            client.login(settings.username, settings.password)
        client.normalise_times = False
        # a command goes out in several pieces; waiting to join them costs 40 ms each time
        client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        client.drop()
        raise
    return client


class Client(IMAPClient):
    """One logged-in connection."""

    _prefix: str | None = None
    _place: Place | None = None
    _writable = False

    def drop(self) -> None:
        """End the connection without a word."""
        with contextlib.suppress(OSError, IMAPClientError):
            self.shutdown()

    def open(self, folder: str, *, write: bool = False, fresh: bool = False) -> Place:
        """Open a folder; reading marks nothing as seen or recent.

        One that is open stays so, since opening costs the server the more the more lies in it: NOOP brings it up to date,
        all but `next` and `messages`, which `fresh` asks for.
        """
        if not fresh and self._place is not None and self._place.folder == folder and (self._writable or not write):
            self.noop()
            return self._place
        self._place = None
        answer = self.select_folder(folder, readonly=not write)
        self._place, self._writable = Place(
            folder=folder,
            validity=int(answer[b"UIDVALIDITY"]),
            next=int(answer.get(b"UIDNEXT", 0)) or self._next(folder),
            messages=int(answer[b"EXISTS"]),
        ), write
        return self._place

    def marks(self, folder: str) -> tuple[int, int]:
        """Validity and next number of a folder, without opening it."""
        answer = self.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
        return int(answer[b"UIDVALIDITY"]), int(answer[b"UIDNEXT"])

    def _next(self, folder: str) -> int:
        return self.marks(folder)[1]

    def since(self, first: int) -> Iterator[Item]:
        """The messages of the open folder from this number on."""
        # «n:*» names the last message even when its number is less
        return self.items(uid for uid in self.search(["UID", f"{first}:*"]) if uid >= first)

    def items(self, uids: Iterable[int]) -> Iterator[Item]:
        """The messages of the open folder by their numbers; those that are gone are left out."""
        for page in _pages(sorted(uids)):
            answer = self.fetch(page, ["INTERNALDATE", "RFC822.SIZE", "FLAGS", _HEADERS])
            for uid in sorted(answer):
                if item := _item(uid, answer[uid]):
                    yield item

    def with_header(self, *wanted: tuple[str, str], after: int = 0, scan: bool = False) -> list[Item]:
        """Messages of the open folder of which one of these headers holds the text; `after`: only later numbers.

        `scan`: every head is read, for servers that do not search headers.
        """
        if scan:
            found = self.since(after + 1)
        else:
            criteria: list[object] = []
            for name, text in wanted[:-1]:
                criteria += ["OR", "HEADER", name, text]
            criteria += ["HEADER", *wanted[-1]]
            if after:
                criteria = ["UID", f"{after + 1}:*", *criteria]
            found = self.items(self.search(["UNDELETED", *criteria]))
        # a server may find more than was asked for
        return [item for item in found if item.uid > after and imapclient.DELETED not in item.flags and _has(item, wanted)]

    def pieces(self, uid: int) -> Iterator[bytes]:
        """The message's bytes as the server holds them; nothing at all when it is gone."""
        offset = 0
        while True:
            answer = self.fetch([uid], [f"BODY.PEEK[]<{offset}.{_PIECE}>"])
            piece = next((v for k, v in answer.get(uid, {}).items() if k.startswith(b"BODY[")), None)
            if not piece:
                return
            yield piece
            offset += len(piece)
            if len(piece) < _PIECE:
                return

    def moved(self, uid: int, folder: str) -> tuple[int, int] | None:
        """MOVE from the open folder; validity and number in the new one, None where the server does not tell."""
        self._imap.untagged_responses.pop("COPYUID", None)
        self.move([uid], folder)
        return self._copied()

    def copied(self, uid: int, folder: str) -> tuple[int, int] | None:
        """COPY, else as `moved`."""
        self._imap.untagged_responses.pop("COPYUID", None)
        answer = self.copy([uid], folder)
        return self._copied(bytes(answer or b""))

    def _copied(self, answer: bytes = b"") -> tuple[int, int] | None:
        told = self._imap.untagged_responses.pop("COPYUID", [answer])
        match = _UIDS.search(bytes(told[-1] or b""))
        return (int(match[1]), int(match[3])) if match else None

    def append_file(self, folder: str, file: BinaryIO, flags: Sequence[str]) -> tuple[int, int] | None:
        """APPEND straight from a file on the disk; validity and number of the new message where the server tells."""
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            # imaplib sends what lies here as the command's literal; its own append would copy the mail three times.
            self._imap.literal = mapped
            try:
                typ, data = self._imap._simple_command("APPEND", self._normalise_folder(folder), f"({' '.join(flags)})")
            finally:
                self._imap.literal = None
        self._checkok("append", typ, data)
        match = _APPENDED.search(data[0] or b"")
        return (int(match[1]), int(match[2])) if match else None

    def remove(self, uid: int) -> None:
        """Delete from the open folder. Without UIDPLUS a message that somebody else marked is not taken along."""
        self.add_flags([uid], [imapclient.DELETED], silent=True)
        if self.has_capability("UIDPLUS"):
            self.uid_expunge([uid])
        elif list(self.search(["DELETED"])) == [uid]:
            self.expunge()

    def special(self, flag: bytes, name: str) -> str:
        """A folder by the mark the server gives it or by a usual name; `name` is the office's own word for it."""
        if name:
            return name
        return self.find_special_folder(flag) or ""

    def prefix(self) -> str:
        """What the names of our folders begin with, such as «INBOX.»."""
        if self._prefix is None:
            personal = self.namespace().personal if self.has_capability("NAMESPACE") else None
            self._prefix = personal[0][0] if personal else ""
        return self._prefix


def _pages(uids: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(uids), _PAGE):
        yield uids[start : start + _PAGE]


def _item(uid: int, answer: dict[bytes, object]) -> Item | None:
    received = answer.get(b"INTERNALDATE")
    if not isinstance(received, datetime):
        return None
    head = next((v for k, v in answer.items() if k.startswith(b"BODY[HEADER")), b"")
    fields = _fields(bytes(head or b""))
    return Item(
        uid=uid,
        received=received,
        size=int(answer.get(b"RFC822.SIZE") or 0),
        message_id=fields.get("message-id", ""),
        sender=fields.get("from", ""),
        key=fields.get(KEY_HEADER.lower(), ""),
        flags=tuple(answer.get(b"FLAGS") or ()),
    )


def _fields(head: bytes) -> dict[str, str]:
    """The first of each header, unfolded; strangers' bytes that are no ASCII are replaced."""
    found: dict[str, str] = {}
    for line in re.sub(rb"\r?\n[ \t]+", b" ", head).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            found.setdefault(name.decode("ascii", "replace").strip().lower(), value.decode("ascii", "replace").strip())
    return found


def _has(item: Item, wanted: Sequence[tuple[str, str]]) -> bool:
    texts = {KEY_HEADER: item.key, "Message-ID": item.message_id}
    return any(text in texts[name] for name, text in wanted)
