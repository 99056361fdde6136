"""What the steps need from the world, as protocols; adapters and the in-memory twins in `songthan.testing` fulfil them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from songthan.domain.forms import FormIdentity, FormSpec, ReturnedForm
from songthan.domain.messages import MailRef, Message, OutgoingMail, SentRef


class Clock(Protocol):
    """Where «now» comes from."""

    def now(self) -> datetime:
        """The time now, aware."""
        ...


class Blobs(Protocol):
    """Bytes kept for ever under their sha256."""

    def put(self, data: bytes) -> str:
        """Keep `data` durably; returns its sha256 (hex). The same bytes twice is one file."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes; LedgerError if they are missing or no longer match their name."""
        ...

    def path(self, sha256: str) -> Path:
        """A file holding the bytes, for programs that want one; read only."""
        ...


class Mailbox(Protocol):
    """The office's mailbox. Nothing of EWS, IMAP or Graph shows here. Errors are the domain's MailError family."""

    def new_messages(self, known: frozenset[str]) -> Iterable[MailRef]:
        """Messages in Inbox and Junk whose `id` is not in `known`, oldest first."""
        ...

    def raw(self, ref: MailRef) -> bytes:
        """The message as the server holds it (RFC 5322 bytes)."""
        ...

    def move(self, ref: MailRef, folder: str) -> MailRef:
        """Move into the named folder (made if missing); the answer carries the new identity."""
        ...

    def count(self) -> int:
        """How many received messages the mailbox holds: Inbox, Junk and every folder we move received mail to."""
        ...

    def find(self, key: str) -> Sequence[SentRef]:
        """Our mail with this key, in Drafts and in Sent."""
        ...

    def save_draft(self, mail: OutgoingMail) -> SentRef:
        """A draft of `mail` (without its files) carrying the key."""
        ...

    def attach(self, draft: SentRef, name: str, type: str, path: Path) -> SentRef:
        """Attach one file; the answer carries the draft's new change."""
        ...

    def send(self, draft: SentRef) -> None:
        """Send the draft, keeping a copy in Sent."""
        ...

    def discard(self, draft: SentRef) -> None:
        """Delete a draft of ours that was never sent."""
        ...


class Renderer(Protocol):
    """Fills Word templates."""

    def form(self, *, spec: FormSpec, identity: FormIdentity, context: Mapping[str, object]) -> bytes:
        """A pre-filled form (docx bytes) carrying its identity marks; RenderError names template and place."""
        ...

    def document(self, *, template: str, context: Mapping[str, object]) -> bytes:
        """Any other template of templates/docx (report, memo, appendix) as docx bytes."""
        ...


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What the reader may know of the form it is to read: the activities asked and their printed numbers, in order."""

    spec: FormSpec
    activities: tuple[tuple[str, str], ...]


class Reader(Protocol):
    """Reads a returned file in a limited child process."""

    def identify(self, data: bytes, name: str) -> ReturnedForm:
        """Which form it is (no answers read). Hostile files give verdict «refused» with the problem's code."""
        ...

    def read(self, data: bytes, name: str, expectation: Expectation) -> ReturnedForm:
        """Identity, answers and the problems of reading (not yet of checking)."""
        ...


class MessageParser(Protocol):
    """Takes a raw mail apart in a limited child process."""

    def parse(self, raw: bytes, *, received: datetime, put: Callable[[bytes], str]) -> Message:
        """The message; attachment bytes go through `put`. Never raises for bad mail: `defects` says what was off."""
        ...


class Converter(Protocol):
    """LibreOffice."""

    def to_pdf(self, documents: Mapping[str, bytes]) -> dict[str, bytes]:
        """docx bytes by name → PDF/A-2b bytes by the same name; ConversionFailed after one retry."""
        ...


@dataclass(frozen=True, kw_only=True)
class SignatureReport:
    """What the verifier found on a signed PDF. `valid` is the whole answer; the rest says why in Thai."""

    valid: bool
    signer: str
    signed_at: datetime | None
    covers_whole_document: bool
    only_signature_added: bool
    trusted: bool
    level: str
    reasons_th: tuple[str, ...] = ()


class SignaturePort(Protocol):
    """PAdES: prepares the field, checks what came back. The key is never here."""

    def prepare(self, pdf: bytes, *, field: str, page: int, box: tuple[float, float, float, float]) -> bytes:
        """`pdf` with an empty signature field (points from the lower left corner)."""
        ...

    def verify(self, signed: bytes, *, frozen: bytes, trust_roots: Sequence[bytes], at: datetime) -> SignatureReport:
        """Is `signed` the frozen PDF plus one valid signature of a trusted certificate, and nothing else?"""
        ...
