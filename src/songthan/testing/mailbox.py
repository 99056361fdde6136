"""A mailbox in memory: the twin of the Exchange adapter, with faults to order and every delivery open to see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.messages import RECEIVED_FOLDERS, Listing, MailRef, OutgoingMail, SentRef
from songthan.ports import Mailbox

__all__ = ["Delivery", "FaultKind", "MemoryMailbox", "bytes_of"]

FaultKind = Literal["drop_before", "drop_after", "busy", "denied", "notfound", "auth"]
_OPERATIONS = frozenset(
    ("new_messages", "raw", "move", "count", "clock_skew", "find", "save_draft", "attach", "send", "discard"),
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One mail that left the mailbox; `recipients` are To and Cc together, `files` are (name, type, bytes)."""

    mail: OutgoingMail
    recipients: tuple[str, ...]
    files: tuple[tuple[str, str, bytes], ...]
    message_id: str


@dataclass(frozen=True, kw_only=True)
class _Received:
    ref: MailRef
    raw: bytes
    arrived: int


@dataclass(frozen=True, kw_only=True)
class _Own:
    ref: SentRef
    mail: OutgoingMail
    files: tuple[tuple[str, str, bytes], ...] = ()


@dataclass(kw_only=True)
class _Fault:
    kind: FaultKind
    times: int
    back_off_s: float


def bytes_of(mailbox: Mailbox, ref: MailRef) -> bytes:
    """A message's bytes in one piece, out of any mailbox."""
    pieces: list[bytes] = []
    mailbox.raw(ref, pieces.append)
    return b"".join(pieces)


class MemoryMailbox:
    """Fulfils `songthan.ports.Mailbox`. Identities change on a move, changes on every write, like the real one's.

    `deliveries` is what recipients got, in order; `calls` names every operation asked for, faulty ones included.
    """

    def __init__(self, *, domain: str = "office.example", folders: tuple[str, ...] = RECEIVED_FOLDERS) -> None:
        self.folders = folders
        self.deliveries: list[Delivery] = []
        self.calls: list[str] = []
        self._domain = domain
        self._received: dict[str, _Received] = {}
        self._own: dict[str, _Own] = {}
        self._faults: dict[str, list[_Fault]] = {}
        self._last = 0
        self._book = "twin"
        self.skew: float | None = 0.0

    # What tests do to it

    def receive(self, raw: bytes, *, received: datetime, message_id: str = "", folder: str = "inbox") -> MailRef:
        """A mail arrives in «inbox» or «junk»."""
        ref = MailRef(
            id=self._new("in"),
            change=self._new("ck"),
            received=received,
            message_id=message_id,
            size=len(raw),
            folder=folder,
        )
        self._received[ref.id] = _Received(ref=ref, raw=raw, arrived=self._last)
        return ref

    def lose_state(self) -> None:
        """The server forgets up to where it told what arrived."""
        self._book += "'"

    def fail(self, operation: str, kind: FaultKind, *, times: int = 1, back_off_s: float = 0.0) -> None:
        """Let the next `times` calls of `operation` fail: «drop_before»/«drop_after» lose the connection before or
        after the work was done; the other kinds refuse without doing it. ValueError for an unknown operation."""
        if operation not in _OPERATIONS:
            raise ValueError(operation)
        self._faults.setdefault(operation, []).append(_Fault(kind=kind, times=times, back_off_s=back_off_s))

    def forget(self, key: str) -> None:
        """A person deletes every mail of ours with this key from Drafts and Sent."""
        self._own = {i: own for i, own in self._own.items() if own.mail.key != key}

    def delivered_to(self, address: str) -> list[Delivery]:
        """What this recipient got."""
        return [d for d in self.deliveries if address.lower() in (r.lower() for r in d.recipients)]

    def folder(self, name: str) -> list[MailRef]:
        """The received mail in this folder, oldest first."""
        return sorted((m.ref for m in self._received.values() if m.ref.folder == name), key=lambda r: r.received)

    # The port

    def new_messages(self, since: str) -> Listing:
        after = self._enter("new_messages")
        book, _, number = since.rpartition(":")
        first = int(number) if book == self._book and number.isdigit() else 0
        waiting = [m.ref for m in self._received.values() if m.ref.folder in ("inbox", "junk") and m.arrived > first]
        self._leave(after)
        return Listing(refs=tuple(sorted(waiting, key=lambda r: r.received)), state=f"{self._book}:{self._last}")

    def raw(self, ref: MailRef, write: Callable[[bytes], object]) -> None:
        after = self._enter("raw")
        data = self._mail(ref).raw
        half = len(data) // 2
        write(data[:half])
        self._leave(after)
        write(data[half:])

    def move(self, ref: MailRef, folder: str) -> MailRef:
        after = self._enter("move")
        if folder not in self.folders:
            raise MailDenied(f"ไม่มีโฟลเดอร์ «{folder}» ในการตั้งค่า", remedy="เพิ่มชื่อโฟลเดอร์ใน mailbox.folders")
        mail = self._mail(ref)
        moved = replace(mail.ref, id=self._new("in"), change=self._new("ck"), folder=folder)
        del self._received[ref.id]
        self._received[moved.id] = replace(mail, ref=moved)
        self._leave(after)
        return moved

    def clock_skew(self) -> float | None:
        self._leave(self._enter("clock_skew"))
        return self.skew

    def count(self) -> int:
        after = self._enter("count")
        self._leave(after)
        return len(self._received)

    def find(self, *keys: str) -> Sequence[SentRef]:
        after = self._enter("find")
        self._leave(after)
        return [own.ref for own in self._own.values() if own.mail.key in keys]

    def save_draft(self, mail: OutgoingMail) -> SentRef:
        after = self._enter("save_draft")
        own_id = f"<{hashlib.sha256(mail.key.encode()).hexdigest()[:32]}@songthan.{self._domain}>"
        ref = SentRef(
            id=self._new("own"), change=self._new("ck"), folder="drafts", message_id=mail.message_id or own_id, key=mail.key
        )
        self._own[ref.id] = _Own(ref=ref, mail=mail)
        self._leave(after)
        return ref

    def attach(self, draft: SentRef, name: str, type: str, path: Path) -> SentRef:
        after = self._enter("attach")
        own = self._draft(draft)
        ref = replace(own.ref, change=self._new("ck"))
        self._own[ref.id] = replace(own, ref=ref, files=(*own.files, (name, type, Path(path).read_bytes())))
        self._leave(after)
        return ref

    def send(self, draft: SentRef) -> None:
        after = self._enter("send")
        own = self._draft(draft)
        del self._own[draft.id]
        ref = replace(own.ref, id=self._new("own"), change=self._new("ck"), folder="sent")
        self._own[ref.id] = replace(own, ref=ref)
        self.deliveries.append(
            Delivery(mail=own.mail, recipients=(*own.mail.to, *own.mail.cc), files=own.files, message_id=ref.message_id)
        )
        self._leave(after)

    def discard(self, draft: SentRef) -> None:
        after = self._enter("discard")
        del self._own[self._draft(draft, any_change=True).ref.id]
        self._leave(after)

    # Inside

    def _new(self, kind: str) -> str:
        self._last += 1
        return f"{kind}-{self._last}"

    def _mail(self, ref: MailRef) -> _Received:
        if ref.id not in self._received:
            raise _gone()
        return self._received[ref.id]

    def _draft(self, ref: SentRef, *, any_change: bool = False) -> _Own:
        own = self._own.get(ref.id)
        if own is None or own.ref.folder != "drafts" or not (any_change or own.ref.change == ref.change):
            raise _gone()
        return own

    def _enter(self, operation: str) -> MailError | None:
        """Raise the fault ordered for this call, or return the one to raise after the work."""
        self.calls.append(operation)
        waiting = self._faults.get(operation)
        if not waiting:
            return None
        fault = waiting[0]
        fault.times -= 1
        if fault.times <= 0:
            waiting.pop(0)
        error = _error(fault)
        if fault.kind == "drop_after":
            return error
        raise error

    @staticmethod
    def _leave(error: MailError | None) -> None:
        if error is not None:
            raise error


def _gone() -> MailNotFound:
    return MailNotFound("ไม่พบรายการนี้ในกล่องจดหมายแล้ว")


def _error(fault: _Fault) -> MailError:
    if fault.kind in ("drop_before", "drop_after"):
        return MailAmbiguous("การเชื่อมต่อขาดระหว่างรอคำตอบ")
    if fault.kind == "busy":
        return MailBusy("เซิร์ฟเวอร์ไม่ว่าง", back_off_s=fault.back_off_s)
    if fault.kind == "denied":
        return MailDenied("เซิร์ฟเวอร์ไม่อนุญาต", remedy="ตรวจสิทธิ์ของบัญชี")
    if fault.kind == "auth":
        return MailAuthFailed("เซิร์ฟเวอร์ไม่รับรหัสผ่าน", remedy="ตั้งรหัสผ่านใหม่")
    return _gone()
