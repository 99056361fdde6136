"""Pull subscriptions: what happened in the folders a client watches. They live as long as the server does, as in
Exchange they live as long as the mailbox stays on its server: a client must be able to subscribe anew."""

import base64
import binascii
import secrets
import threading
import time
from dataclasses import dataclass

from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.mailboxes import Mailboxes

KINDS = {
    "NewMailEvent": "NewMail",
    "CreatedEvent": "Created",
    "DeletedEvent": "Deleted",
    "ModifiedEvent": "Modified",
    "MovedEvent": "Moved",
    "CopiedEvent": "Copied",
}
MOST = 100  # events told at once


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Who watches which folders for what; over after `minutes` without a question (of the real clock)."""

    id: str
    actor: str
    folders: frozenset[int] | None
    mailbox: str
    kinds: frozenset[str]
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One row of what happened."""

    seq: int
    kind: str
    at: str
    folder: int
    item: int
    change: int
    old_folder: int | None
    old_item: int | None


class Subscriptions:
    """The subscriptions of this server process."""

    def __init__(self, *, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Subscription, float]] = {}

    def add(
        self, *, actor: str, mailbox: str, folders: frozenset[int] | None, kinds: frozenset[str], minutes: int
    ) -> Subscription:
        """Watch those folders (None: all of the mailbox) for those kinds (values of KINDS)."""
        made = Subscription(
            id=base64.b64encode(secrets.token_bytes(18)).decode("ascii"),
            actor=actor,
            folders=folders,
            mailbox=mailbox,
            kinds=kinds,
            minutes=minutes,
        )
        with self._lock:
            self._known[made.id] = (made, time.monotonic() + minutes * 60)
        return made

    def find(self, subscription_id: str, actor: str) -> Subscription:
        """The subscription, kept for its time again; ErrorSubscriptionNotFound, ErrorSubscriptionAccessDenied."""
        with self._lock:
            found, until = self._known.get(subscription_id, (None, 0.0))
            if found is None or time.monotonic() > until:
                self._known.pop(subscription_id, None)
                raise EwsError("ErrorSubscriptionNotFound", "The subscription was not found.")
            if found.actor != actor:
                raise EwsError("ErrorSubscriptionAccessDenied", "The subscription belongs to another account.")
            self._known[subscription_id] = (found, time.monotonic() + found.minutes * 60)
            return found

    def remove(self, subscription_id: str, actor: str) -> None:
        """End a subscription."""
        self.find(subscription_id, actor)
        with self._lock:
            self._known.pop(subscription_id, None)

    def latest(self) -> int:
        """The number of the newest happening."""
        return self._mailboxes.store.row("SELECT COALESCE(MAX(seq), 0) FROM events")[0]

    def since(self, found: Subscription, seq: int) -> tuple[list[Happening], bool]:
        """What the subscription watches and happened after `seq`, and whether there is more than fits."""
        names = ("seq", "kind", "at", "folder", "item", "change", "old_folder", "old_item")
        rows = self._mailboxes.store.rows(
            f"SELECT {', '.join('e.' + name for name in names)} FROM events e JOIN folders f ON f.id = e.folder"
            " WHERE e.seq > ? AND f.mailbox = ? ORDER BY e.seq",
            (seq, found.mailbox),
        )
        told = [Happening(**dict(zip(names, row, strict=True))) for row in rows]
        told = [
            event
            for event in told
            if event.kind in found.kinds
            and (found.folders is None or not found.folders.isdisjoint({event.folder, event.old_folder}))
        ]
        return told[:MOST], len(told) > MOST


def watermark(seq: int) -> str:
    """The word by which a client says how far it was told."""
    return base64.b64encode(f"mark:{seq:012d}".encode()).decode("ascii")


def read_watermark(text: str) -> int:
    """The number in it; ErrorInvalidWatermark when it is none of ours."""
    try:
        name, seq = base64.b64decode(text, validate=True).decode("ascii").split(":")
        if name == "mark":
            return int(seq)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise EwsError("ErrorInvalidWatermark", "The watermark used for creating this subscription was not found.")
