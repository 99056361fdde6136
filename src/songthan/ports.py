"""What the steps need from the world, as protocols; adapters and the in-memory twins in `songthan.testing` fulfil them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from songthan.domain.absence import Leave
from songthan.domain.assignments import Assignment, AssignmentState, DeadlineState
from songthan.domain.bundles import Exhibit, Manifest
from songthan.domain.changes import Change
from songthan.domain.forms import FormIdentity, FormSpec, ReturnedForm
from songthan.domain.layouts import Layout
from songthan.domain.messages import Attachment, Listing, MailRef, Message, OutgoingMail, Route, SentRef
from songthan.domain.outgoing import Mark, Word


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

    def receive(self, fill: Callable[[Callable[[bytes], object]], object]) -> str:
        """Keep durably what `fill(write)` writes, piece by piece; returns its sha256. Nothing is kept when `fill` raises."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes; LedgerError if they are missing or no longer match their name."""
        ...

    def path(self, sha256: str) -> Path:
        """A file holding the bytes, for programs that want one; read only. LedgerError if they are missing."""
        ...

    def checked(self, sha256: str) -> Path:
        """`path`, after its bytes were held against their name; LedgerError if they no longer match."""
        ...


class Mailbox(Protocol):
    """The office's mailbox. Nothing of EWS, IMAP or Graph shows here. Errors are the domain's MailError family."""

    def new_messages(self, since: str) -> Listing:
        """Messages that came into Inbox and Junk since the state `since` («»: all that lie there).

        May name a message again, never leaves one out: a `since` that is not this mailbox's, or that the server no longer
        knows, lists everything.
        """
        ...

    def raw(self, ref: MailRef, write: Callable[[bytes], object]) -> None:
        """The message as the server holds it (RFC 5322 bytes), piece by piece to `write`.

        Never starts over once something was written: after an error the caller throws the pieces away.
        """
        ...

    def move(self, ref: MailRef, folder: str) -> MailRef:
        """Move into the named folder (made if missing); the answer carries the new identity."""
        ...

    def count(self) -> int:
        """How many received messages the mailbox holds: Inbox, Junk and every folder we move received mail to."""
        ...

    def clock_skew(self) -> float | None:
        """How many seconds this machine's clock is ahead of the server's; None when the server does not say."""
        ...

    def find(self, *keys: str) -> Sequence[SentRef]:
        """Our mail with these keys, in Drafts and in Sent: one look for all of them, each found mail with its key."""
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

    def layout(self, spec: FormSpec) -> Layout | None:
        """The blank form as data, by which it is read back; None for a form that repeats over activities."""
        ...


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What the reader may know of the form it is to read: the activities asked and their printed numbers, in order.

    `layout` is the blank form as data, for forms that do not repeat over activities (`Renderer.layout`).
    """

    spec: FormSpec
    activities: tuple[tuple[str, str], ...]
    layout: Layout | None = None


class Reader(Protocol):
    """Reads a returned file (its bytes, or the file itself) in a limited child process."""

    def identify(self, data: bytes | Path, name: str) -> ReturnedForm:
        """Which form it is (no answers read). Hostile files give verdict «refused» with the problem's code."""
        ...

    def read(self, data: bytes | Path, name: str, expectation: Expectation) -> ReturnedForm:
        """Identity, answers and the problems of reading (not yet of checking)."""
        ...


class MessageParser(Protocol):
    """Takes a raw mail apart in a limited child process."""

    def parse(
        self, raw: Path, *, received: datetime, keep: Callable[[Callable[[Callable[[bytes], object]], object]], str]
    ) -> Message:
        """The message in the file `raw`; attachments go through `keep` (`Blobs.receive`) in pieces. Never raises for bad mail: `defects` says what was off."""
        ...


class Converter(Protocol):
    """LibreOffice."""

    def to_pdf(self, documents: Mapping[str, bytes]) -> dict[str, bytes]:
        """docx bytes by name → PDF/A-2b bytes by the same name; ConversionFailed after one retry."""
        ...


@dataclass(frozen=True, kw_only=True)
class SignatureReport:
    """What the verifier found on a signed PDF. `valid` is the whole answer; the rest says why in Thai.

    `lasting` answers the other question: does the file prove it by itself at a later day (`lasting_th`: why not)?
    `stamped_at` is the trusted time found for that, `certificate_until` the end of the signer's certificate.
    """

    valid: bool
    signer: str
    signed_at: datetime | None
    covers_whole_document: bool
    only_signature_added: bool
    trusted: bool
    level: str
    reasons_th: tuple[str, ...] = ()
    lasting: bool = False
    lasting_th: tuple[str, ...] = ()
    stamped_at: datetime | None = None
    certificate_until: datetime | None = None


class SignaturePort(Protocol):
    """PAdES: prepares the field, checks what came back. The key is never here."""

    def prepare(self, pdf: bytes, *, field: str, page: int, box: tuple[float, float, float, float]) -> bytes:
        """`pdf` with an empty signature field (points from the lower left corner)."""
        ...

    def verify(
        self,
        signed: bytes,
        *,
        frozen: bytes,
        trust_roots: Sequence[bytes],
        at: datetime,
        holders: Sequence[str] = (),
        stamp_roots: Sequence[bytes] = (),
        now: datetime | None = None,
    ) -> SignatureReport:
        """Is `signed` the frozen PDF plus one valid signature of a trusted certificate of one of `holders`, and nothing else?

        With `now`: does it still prove so by itself then?
        """
        ...

    def add_time(
        self, signed: bytes, *, service: str, trust_roots: Sequence[bytes], stamp_roots: Sequence[bytes]
    ) -> tuple[bytes, str]:
        """`signed` with a time-stamp of the service at this address and revocation data behind it, and the level reached.

        EnvironmentNotReady when the service or the lists cannot be reached: try again later.
        """
        ...


class WebsitePort(Protocol):
    """The folder that is copied to the office's web server."""

    def publish(self, name: str, pdf: bytes, *, title: str, sha256: str, at: datetime) -> Path:
        """Put a PDF there under a plain file name and list it; the same file again changes nothing."""
        ...

    @property
    def uploads(self) -> bool:
        """Has the office a command that copies the folder to its web server?"""
        ...

    def upload(self) -> None:
        """Run it. PublishFailed when it does not succeed; running it again does no harm."""
        ...


class MailTextsPort(Protocol):
    """The office's letters."""

    def compose(self, kind: str, context: Mapping[str, object]) -> tuple[str, str, str]:
        """Subject, plain text and HTML of one notice."""
        ...


class InboxLedger(Protocol):
    """The ledger's inbox table (see `songthan.adapters.ledger_mail.Inbox`)."""

    def add(self, ref: MailRef, sha256: str, at: datetime) -> int: ...
    def add_all(self, mails: Sequence[tuple[MailRef, str]], at: datetime) -> None: ...
    def known(self, mailbox_ids: Sequence[str]) -> frozenset[str]: ...
    def mailbox_state(self) -> str: ...
    def save_mailbox_state(self, state: str) -> None: ...
    def unfinished(self) -> list[dict[str, object]]: ...
    def get(self, inbox_id: int) -> dict[str, object] | None: ...
    def message(self, inbox_id: int) -> Message: ...
    def started(self, inbox_ids: Sequence[int]) -> dict[int, int]: ...
    def not_started(self, inbox_ids: Sequence[int]) -> None: ...
    def save_parsed(self, parsed: Sequence[tuple[int, Message]]) -> None: ...
    def save_route(self, inbox_id: int, route: Route, at: datetime) -> None: ...
    def settle(self, moved: Sequence[tuple[int, str, str]]) -> None: ...
    def decide(self, inbox_id: int, decision: str, reason: str, at: datetime) -> None: ...
    def undecide(self, inbox_id: int, reason: str, at: datetime) -> None: ...
    def release(self, inbox_id: int, reason: str, at: datetime) -> None: ...
    def assign(self, inbox_id: int, assignment: str | None) -> None: ...
    def seen_before(self, inbox_id: int, sha256: str, message_id: str) -> bool: ...
    def holds(self, *, open_only: bool = True) -> list[dict[str, object]]: ...
    def last_id(self) -> int: ...
    def latest(self, number: int) -> list[dict[str, object]]: ...
    def counts(self) -> dict[str, int]: ...


class OutboxLedger(Protocol):
    """The ledger's outbox table: intent first, then proof."""

    def plan(
        self,
        mail: OutgoingMail,
        at: datetime,
        *,
        deadline: str = "",
        subjects: tuple[str, ...] = (),
        covers: tuple[tuple[str, str], ...] = (),
        says: str = "",
    ) -> None: ...
    def intend(self, mail: OutgoingMail) -> None: ...
    def get(self, key: str) -> dict[str, object] | None: ...
    def state(self, key: str) -> str: ...
    def mark_sent(self, key: str, ref: SentRef, at: datetime) -> None: ...
    def mark_handed(self, key: str, draft: SentRef) -> None: ...
    def mark_doubt(self, key: str, why: str) -> None: ...
    def withhold(self, key: str, why: str, at: datetime) -> None: ...
    def intend_again(self, key: str, at: datetime) -> None: ...
    def rows(self, states: tuple[str, ...]) -> list[dict[str, object]]: ...
    def tells(self, key: str) -> list[str]: ...
    def first_meant(self, key: str) -> str: ...
    def mail(self, key: str) -> OutgoingMail: ...
    def unsent(self) -> list[OutgoingMail]: ...
    def states(self, deadline: str, *, unless: frozenset[str] = frozenset()) -> dict[str, str]: ...
    def by_message_id(self, message_ids: tuple[str, ...]) -> dict[str, object] | None: ...
    def meant(self, address: str, kinds: frozenset[str]) -> list[datetime]: ...
    def sent_count(self) -> int: ...
    def forget(self, key: str, at: datetime) -> None: ...
    def written(
        self,
        now: datetime,
        *,
        without: frozenset[str] = frozenset(),
        unless: frozenset[str] = frozenset(),
    ) -> list[tuple[str, datetime]]: ...


class ReturnsLedger(Protocol):
    """The ledger's forms read back, and evidence."""

    def add(
        self, assignment: str, inbox_id: int, attachment: Attachment, form: ReturnedForm, at: datetime
    ) -> int: ...  # fmt: skip
    def get(self, return_id: int) -> dict[str, object] | None: ...
    def form(self, return_id: int) -> ReturnedForm: ...
    def set_verdict(self, return_id: int, verdict: str) -> None: ...
    def accept(self, return_id: int, at: datetime) -> None: ...
    def last_accepted(self, assignment: str) -> int | None: ...
    def accepted(self, deadline: str) -> list[dict[str, object]]: ...
    def of_mail(self, inbox_id: int) -> list[str]: ...
    def mails(self, deadline: str) -> frozenset[int]: ...
    def add_evidence(self, assignment: str, inbox_id: int, attachment: Attachment) -> None: ...
    def evidence(self, deadline: str) -> list[dict[str, object]]: ...
    def evidence_names(self, assignment: str) -> list[str]: ...


class BundlesLedger(Protocol):
    """The ledger's frozen versions."""

    def add(
        self, deadline: str, version: int, *, folder: str, manifest: str, frozen: str, at: datetime
    ) -> None: ...  # fmt: skip
    def get(self, deadline: str, version: int) -> dict[str, object] | None: ...
    def all(self, deadline: str) -> list[dict[str, object]]: ...
    def latest(self, deadline: str) -> dict[str, object] | None: ...
    def note(self, deadline: str, version: int, at: datetime, event: str, **changes: object) -> None: ...


class LeavesLedger(Protocol):
    """The ledger's leave book."""

    def add(self, leave: Leave, at: datetime) -> int: ...
    def end(self, leave_id: int, at: datetime, *, why: str, reason: str = "") -> None: ...
    def of(self, member: str | None = None, *, ended: bool = False) -> list[Leave]: ...
    def on(self, day: date) -> dict[str, Leave]: ...


class ChangesLedger(Protocol):
    """The ledger's register of the secretary's decisions."""

    def add(self, change: Change) -> int: ...
    def last(self) -> tuple[object, ...] | None: ...
    def all(self) -> list[Change]: ...


class WordsLedger(Protocol):
    """The ledger's words of the secretary on outgoing mail."""

    def give(self, keys: Iterable[str], word: Word, *, reason: str, by: str, at: datetime) -> None: ...
    def last(self, key: str) -> Word | None: ...


class AddressesLedger(Protocol):
    """The ledger's addresses from which our mail came back."""

    def mark(self, mark: Mark) -> bool: ...
    def clear(self, address: str, at: datetime, *, why: str, reason: str = "") -> bool: ...
    def of(self, address: str) -> Mark | None: ...
    def all(self) -> list[Mark]: ...


class Ledger(Protocol):
    """The truth: append-only history and the states that follow from it. Every method is one durable transaction."""

    inbox: InboxLedger
    outbox: OutboxLedger
    returns: ReturnsLedger
    bundles: BundlesLedger
    leaves: LeavesLedger
    changes: ChangesLedger
    words: WordsLedger
    addresses: AddressesLedger

    @property
    def salt(self) -> str: ...
    def transaction(self) -> AbstractContextManager[None]: ...
    def record(self, kind: str, subject: str, at: datetime, /, **data: object) -> None: ...
    def has_event(self, kind: str, subject: str) -> bool: ...
    def times(self, kind: str, subject: str) -> list[datetime]: ...
    def last_event(self, kind: str) -> dict[str, object] | None: ...
    def events(self, subject: str | None = None) -> list[dict[str, object]]: ...
    def deadline_state(self, deadline: str) -> DeadlineState: ...
    def move_deadline(self, deadline: str, to: DeadlineState, at: datetime, **data: object) -> None: ...
    def add_assignments(self, assignments: tuple[Assignment, ...], at: datetime) -> None: ...
    def assignment_rows(self, deadline: str | None = None) -> list[dict[str, object]]: ...
    def assignment_row(self, assignment: str) -> dict[str, object] | None: ...
    def assignment_by_token(self, token: str) -> dict[str, object] | None: ...
    def move_assignment(self, assignment: str, to: AssignmentState, at: datetime, **changes: object) -> None: ...
    def half_asked(self, mail: str) -> list[str]: ...
    def note_assignment(self, assignment: str, **changes: object) -> None: ...
    def as_assignment(self, row: Mapping[str, object]) -> Assignment: ...
    def take_lease(self, name: str, holder: str, at: datetime, seconds: float) -> int: ...


class BundlePress(Protocol):
    """Puts a bundle's PDF together and keeps bundles on disk (`songthan.adapters.bundle_press`)."""

    def exhibit_pages(self, data: bytes) -> bytes | None:
        """Evidence as harmless PDF pages; None when it can only be listed."""
        ...

    def pages(self, pdf: bytes | None) -> int: ...

    def page_texts(self, pdf: bytes) -> list[str]:
        """What is printed on each page of one of our own documents, a line of print a line."""
        ...

    def signature_place(self, pdf: bytes, name: str) -> tuple[int, tuple[float, float, float, float]]:
        """Page index and box (points) over the printed name of who signs."""
        ...

    def code_place(self, pdf: bytes, page: int, avoid: tuple[float, float, float, float]) -> tuple[float, float] | None:
        """The lower left corner (points) of a free place for the QR code on that page; None when it is full."""
        ...

    def assemble(
        self,
        parts: Sequence[tuple[str, bytes]],
        exhibits: Sequence[tuple[Exhibit, bytes | None]],
        *,
        title: str,
        created: datetime,
        seal: str,
        code: tuple[int, float, float, str, int] | None = None,
    ) -> bytes:
        """The bundle's PDF: our documents in order, then the evidence, with bookmarks and page numbers.

        `code`: page index, left, bottom (points), deadline's id and version of the QR code on the page to sign.
        """
        ...

    def readme(self, *, title: str, version: int) -> bytes: ...

    @property
    def recorder(self) -> str:
        """The public key the office's records are signed with, for the manifest."""
        ...

    def write(self, manifest: Manifest, contents: Mapping[str, bytes]) -> Path:
        """The bundle's folder, whole or not at all; the same again changes nothing."""
        ...

    def add_signature(
        self,
        folder: Path,
        signed: bytes,
        *,
        trust: Sequence[bytes],
        received: datetime,
        message_sha256: str,
        stamps: Sequence[bytes] = (),
    ) -> None:
        """Keep the signed PDF and the roots it was judged with (`stamps`: of the time-stamp service)."""
        ...

    def add_lasting(
        self, folder: Path, lasting: bytes, *, trust: Sequence[bytes], at: datetime, level: str
    ) -> None:
        """Keep the signed PDF with time-stamp and revocation data, and the time-stamp's roots."""
        ...

    def add_submission(self, folder: Path, submission: Mapping[str, object]) -> None: ...

    def add_receipt(self, folder: Path, receipt: Mapping[str, object]) -> None: ...
