"""Mail as values: what came in, what the rules decided, what goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from songthan.domain.language import phrase

RouteKind = Literal["accept", "note", "hold", "quarantine"]
Authentication = Literal["pass", "fail", "none"]

#: Where a received mail lies in the mailbox once its route is carried out.
FOLDERS: Mapping[RouteKind, str] = {
    "accept": phrase("ตอบกลับแล้ว"),
    "note": phrase("บันทึก"),
    "hold": phrase("รอตรวจ"),
    "quarantine": phrase("กักกัน"),
}
RECEIVED_FOLDERS = tuple(FOLDERS.values())


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """One attached file: `name` is display text only; the bytes are in the blobs by `sha256`.

    `role`: «form» (a Word, PDF or office file that may be a returned form), «evidence», «inline» (a logo or a picture
    shown in the text), «message» (a mail in the mail), «delivery-status», «archive», «active» (holds macros or is a
    program), «tnef» (a winmail.dat; what was in it stands beside it).
    """

    name: str
    type: str
    sha256: str
    size: int
    role: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """A received mail after parsing; everything in it is a stranger's text.

    `sha256` is of the raw bytes; `received` is the server's time; `authentication` is the verdict of our own server's
    topmost header («none» when there is no such header); `auto` is True for machine-made mail (RFC 3834).
    `kind` says what the mail is by form: «mail», «bounce», «auto-reply», «receipt», «meeting», «own».
    """

    sha256: str
    received: datetime
    sender: str
    sender_name: str = ""
    to: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    authentication: Authentication = "none"
    auto: bool = False
    kind: str = "mail"
    body: str = ""
    attachments: tuple[Attachment, ...] = ()
    bounced_address: str = ""
    bounced_message_id: str = ""
    bounce_status: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    defects: tuple[str, ...] = ()
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Route:
    """What the rules decided about a message, and by which rule.

    `purpose` of an accepted message: «form» (answers to an assignment), «signature» (the director's signed PDF),
    «acknowledgement» (the registry's receipt). A noted one says what it was: «bounce», «out-of-office», «receipt»,
    «meeting», «duplicate», «own», «empty», «delayed». `reason` is a Thai sentence. `assignment` is its id if known.
    """

    route: RouteKind
    rule: str
    reason: str
    purpose: str = ""
    assignment: str | None = None


@dataclass(frozen=True, kw_only=True)
class OutgoingFile:
    """A file to be sent: a readable name and where its bytes lie in the blobs."""

    name: str
    type: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """A mail to be sent exactly once; `key` is the identity of the intent (repeatable, chosen by the decision).

    `in_reply_to` and `references` are Message-IDs with their angle brackets. `automatic` marks mail made by the
    machine (Auto-Submitted: auto-generated, X-Auto-Response-Suppress: All); all our mail is.
    """

    key: str
    kind: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    subject: str
    text: str
    html: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[OutgoingFile, ...] = field(default_factory=tuple)
    message_id: str = ""


@dataclass(frozen=True, kw_only=True)
class MailRef:
    """A message as the mailbox lists it: its identity there (which changes on a move), and the server's time."""

    id: str
    change: str
    received: datetime
    message_id: str = ""
    size: int = 0
    folder: str = "inbox"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What the mailbox lists: `refs` oldest first, and the `state` to give to the next call once all of them are stored.

    `state` is a short text that only the mailbox's adapter understands.
    """

    refs: tuple[MailRef, ...]
    state: str


@dataclass(frozen=True, kw_only=True)
class SentRef:
    """Where a mail of ours was found by its key: folder «drafts» or «sent»."""

    id: str
    change: str
    folder: Literal["drafts", "sent"]
    message_id: str = ""
    key: str = ""
