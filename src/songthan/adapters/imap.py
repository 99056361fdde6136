"""The office's mailbox by IMAP, its mail sent by SMTP: the adapter of the `Mailbox` port.

SMTP has no «send that draft», so a mail walks through three folders, and where it lies is what is known of it (decision
0017): Drafts, certainly not handed over; the outbox folder, perhaps; Sent, accepted. It is moved to the outbox folder
between its last byte and the line with the dot that hands it over.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from songthan.adapters.imap_client import KEY_HEADER, Client, Item, Place
from songthan.adapters.imap_errors import ambiguous, gone
from songthan.adapters.imap_listing import Spot, read_state, ref_of, spot_of, write_state
from songthan.adapters.imap_move import move, open_at
from songthan.adapters.imap_proof import Proof, nonce_of
from songthan.adapters.imap_session import Folders, Session
from songthan.adapters.imap_settings import ImapSettings
from songthan.adapters.imap_smtp import PerhapsAccepted, Smtp
from songthan.adapters.outgoing_draft import add_file, recipients, write_draft
from songthan.adapters.outgoing_mime import own_message_id
from songthan.domain.errors import MailDenied, MailError, MailNotFound
from songthan.domain.language import say
from songthan.domain.messages import Listing, MailRef, OutgoingMail, SentRef

__all__ = ["ImapMailbox"]

_KEYS = 20  # sought in one command: two terms of some 90 characters each, well under the 8 KB a server must take
_DRAFT_FLAGS = ("\\Draft", "\\Seen")


class ImapMailbox:
    """Fulfils `songthan.ports.Mailbox`; nothing is connected before the first call. One connection, not for threads."""

    def __init__(
        self,
        settings: ImapSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        tick: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.settings = settings
        self.session = Session(settings, sleep=sleep, monotonic=monotonic)
        self.folders = Folders(self.session)
        self._proof = Proof(self.session, self.folders)
        self.smtp = Smtp(self.session)
        self._zone = ZoneInfo(settings.timezone)
        self._account = f"{settings.imap.host} {settings.username}"
        self._swept: dict[str, tuple[int, int]] = {}
        self._tick = tick

    def close(self) -> None:
        """Close the connection; the mailbox can be used again afterwards."""
        self.session.close()

    # Mail in

    def new_messages(self, since: str) -> Listing:
        """By the folders' numbers: the cost is that of the new mail. Copies of our own mail to ourselves are put away."""
        known = dict(zip(("inbox", "junk"), read_state(self._account, since), strict=True))

        def work(client: Client) -> Listing:
            refs: list[MailRef] = []
            ends: dict[str, tuple[int, int]] = {"junk": (0, 0), "inbox": (0, 0)}
            for name in ends:
                if folder := getattr(self.folders, name)(client):
                    found, ends[name] = self._news(client, folder, name, known[name])
                    refs += found
                    self._swept[folder] = ends[name]
            refs.sort(key=lambda ref: ref.received)
            return Listing(refs=tuple(refs), state=write_state(self._account, ends["inbox"], ends["junk"]))

        return self.session.read("List", work)

    def raw(self, ref: MailRef, write: Callable[[bytes], object]) -> None:
        """In pieces of a quarter of a megabyte; tried again only as long as nothing was written."""
        spot = spot_of(ref.id, self._where("Fetch"))

        def first(client: Client) -> tuple[Iterator[bytes], bytes]:
            open_at(client, spot, where=self._where("Fetch"))
            pieces = client.pieces(spot.uid)
            return pieces, next(pieces, b"")

        pieces, piece = self.session.read("Fetch", first)
        if not piece:
            raise gone(self._where("Fetch"))
        while piece:
            write(piece)  # the caller's own trouble (a full disk) is not the mailbox's
            piece = self.session.write("Fetch", lambda client: next(pieces, b""))

    def move(self, ref: MailRef, folder: str) -> MailRef:
        """MailDenied for a folder that is not among the settings' `folders`: `count` would not see it."""
        where = self._where("Move")
        if folder not in self.settings.folders:
            raise MailDenied(
                say("ไม่มีโฟลเดอร์ «{name}» ในการตั้งค่า", name=folder), where=where, remedy=say("เพิ่มชื่อโฟลเดอร์ใน mailbox.folders")
            )
        spot = spot_of(ref.id, where)
        target = self.session.read("Create", lambda client: self.folders.own(client, folder))
        try:
            moved = self.session.write("Move", lambda client: move(client, spot, target, where=where))
        except MailNotFound:
            # Perhaps the folder is gone, not the mail: the next call looks for the folder again.
            self.folders.forget()
            raise
        return MailRef(
            id=moved.id, change=str(moved.uid), received=ref.received, message_id=ref.message_id, size=ref.size, folder=folder
        )  # fmt: skip

    def clock_skew(self) -> float | None:
        """Neither IMAP nor SMTP tells the server's time."""
        return None

    def count(self) -> int:
        """Inbox and Junk are asked first: a mail moved meanwhile is then counted twice, never lost; ask again."""

        def work(client: Client) -> int:
            total = 0
            for folder in (self.folders.inbox(client), self.folders.junk(client)):
                if folder:
                    place = client.open(folder, fresh=True)
                    total += place.messages - self._sweep(client, place)
            for folder in self.folders.existing(client):
                total += int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"])
            return total

        return self.session.read("Status", work)

    # Mail out

    def find(self, *keys: str) -> Sequence[SentRef]:
        """By the header, or by the Message-ID made from the key. What lies in the outbox folder is settled on the way.

        Drafts come before the outbox folder and that before Sent: a draft being sent meanwhile is found at least once.
        """
        found, waiting = self.session.read("Search", lambda client: self._look(client, keys))
        if not waiting:
            return found
        self._proof.settle(waiting)
        return self.session.read("Search", lambda client: self._look(client, keys))[0]

    def save_draft(self, mail: OutgoingMail) -> SentRef:
        """APPEND to Drafts; MailDenied when the server cannot find it again by its header."""
        settings, where = self.settings, self._where("Append")
        mark = f"{self._hash(mail.key)}.{secrets.token_hex(16)}"
        message_id = mail.message_id or self._message_id(mail.key)
        with tempfile.TemporaryFile() as file:
            write_draft(
                file, mail, sender=settings.mailbox, sender_name=settings.sender_name, message_id=message_id,
                date=datetime.now(self._zone), mark=(KEY_HEADER, mark),
            )  # fmt: skip
            spot = self._append(file, mark)

        def searchable(client: Client) -> bool:
            client.open(spot.folder)
            return any(item.uid == spot.uid and item.key == mark for item, _ in self._by_key(client, [mail.key]))

        if not self.session.read("Search", searchable):
            raise MailDenied(
                say("เซิร์ฟเวอร์จดหมายค้นหัวจดหมายไม่พบ จึงส่งโดยไม่ให้ซ้ำไม่ได้"), where=where, remedy=say('ตั้ง [imap] search = "scan"')
            )
        return _sent_ref(spot, "drafts", message_id, mail.key)

    def attach(self, draft: SentRef, name: str, type: str, path: Path) -> SentRef:
        """A draft cannot be changed in its place: the longer one is put beside it, then the shorter one is deleted."""
        where = self._where("Append")
        old = spot_of(draft.id, where)
        with tempfile.TemporaryFile() as file:
            mark = self._fetch(old, file, where)
            add_file(file, name=name, type=type, path=Path(path))
            new = self._append(file, mark)
        self._delete(old, where)
        return _sent_ref(new, "drafts", draft.message_id, draft.key)

    def send(self, draft: SentRef) -> None:
        """By SMTP, to the recipients named in the draft and to ourselves; see the module's docstring."""
        where = self._where("Send")
        spot = spot_of(draft.id, where)
        with tempfile.TemporaryFile() as file:
            nonce = nonce_of(self._fetch(spot, file, where))
            if not nonce:
                raise gone(where)  # somebody's own draft, or ours without what would prove it
            to = recipients(file)
            size = file.seek(0, 2)
            marked: list[Spot | None] = []

            def mark() -> None:
                self._tick("offered")
                marked.append(None)
                self._proof.withdrawn.discard(nonce)
                marked[0] = self._to(spot, self.folders.outbox, where)
                self._tick("marked")

            try:
                self.smtp.send(file, recipients=self._with_ourselves(to), size=size, mark=mark)
            except PerhapsAccepted:
                raise
            except MailError:
                if marked:
                    self._take_back(nonce, marked[0], where)
                raise
        self._proof.accepted.add(nonce)
        self._tick("accepted")
        try:
            self._to(marked[0], self.folders.sent, where)
        except MailNotFound:
            return  # the intake saw the copy that came back, and put both where they belong
        except MailError as error:
            # It is sent; whatever the move ended in, the next look finds it so.
            raise ambiguous(where) from error

    def discard(self, draft: SentRef) -> None:
        self._delete(spot_of(draft.id, self._where("Expunge")), self._where("Expunge"))

    # Inside: mail in

    def _news(self, client: Client, folder: str, name: str, known: tuple[int, int]) -> tuple[list[MailRef], tuple[int, int]]:
        """What came into a folder since, and how far it is listed now. The Inbox stays open, Junk is asked from outside."""
        if name == "junk" and client.marks(folder) == known:
            return [], known
        place = client.open(folder)
        after = known[1] - 1 if known[0] == place.validity else 0
        items = [item for item in client.since(after + 1) if b"\\Deleted" not in item.flags]
        end = max([place.next if place.validity != known[0] else known[1], *(item.uid + 1 for item in items)])
        mine = {item.uid for item in self._put_away(client, place, [item for item in items if nonce_of(item.key)])}
        return [ref_of(item, place, name, self._zone) for item in items if item.uid not in mine], (place.validity, end)

    def _sweep(self, client: Client, place: Place) -> int:
        """Put away our own copies that came since the last look; how many."""
        validity, next_uid = self._swept.get(place.folder, (0, 1))
        after = next_uid - 1 if validity == place.validity else 0
        if after + 1 >= place.next:
            return 0
        marked = client.with_header((KEY_HEADER, ""), after=after, scan=self.settings.search == "scan")
        mine = self._put_away(client, place, [item for item in marked if nonce_of(item.key)])
        self._swept[place.folder] = (place.validity, place.next)
        return len(mine)

    def _put_away(self, client: Client, place: Place, marked: list) -> list:
        if not marked:
            return []
        mine = self._proof.own_copies(client, marked)
        client.open(place.folder, write=True)
        for item in mine:
            client.remove(item.uid)
        return mine

    # Inside: mail out

    def _by_key(self, client: Client, keys: Sequence[str]) -> list[tuple[Item, str]]:
        """Mails of the open folder with their keys, as many keys in one search as a command line holds."""
        found = []
        for at in range(0, len(keys), _KEYS):
            marks = {self._hash(key) + ".": key for key in keys[at : at + _KEYS]}
            known = {self._message_id(key): key for key in marks.values()}
            wanted = [(KEY_HEADER, mark) for mark in marks] + [("Message-ID", identity) for identity in known]
            for item in client.with_header(*wanted, scan=self.settings.search == "scan"):
                key = next((key for mark, key in marks.items() if mark in item.key), "") or known.get(item.message_id, "")
                found.append((item, key))
        return found

    def _message_id(self, key: str) -> str:
        return own_message_id(key, self.settings.domain, salt=self.settings.salt)

    def _hash(self, key: str) -> str:
        """The key as recipients may see it: it says nothing, and is the same for the same key."""
        return hashlib.sha256(f"songthan {self.settings.salt} {key}".encode()).hexdigest()[:32]

    def _look(self, client: Client, keys: Sequence[str]) -> tuple[list[SentRef], list[tuple[Spot, str]]]:
        found: list[SentRef] = []
        waiting: list[tuple[Spot, str]] = []
        sent: set[str] = set()
        for name in ("drafts", "outbox", "sent"):
            folder = getattr(self.folders, name)(client)
            place = client.open(folder)
            for item, key in self._by_key(client, keys):
                spot = Spot(folder=folder, validity=place.validity, uid=item.uid)
                if name == "outbox":
                    waiting.append((spot, nonce_of(item.key)))
                else:
                    found.append(_sent_ref(spot, name, item.message_id, key))
                    sent |= {nonce_of(item.key)} if name == "sent" else set()
        return found, [(spot, nonce) for spot, nonce in waiting if not nonce or nonce not in sent]

    def _append(self, file: BinaryIO, mark: str) -> Spot:
        def work(client: Client) -> Spot:
            folder = self.folders.drafts(client)
            told = client.append_file(folder, file, _DRAFT_FLAGS)
            if told is None:
                place = client.open(folder)
                last = client.with_header((KEY_HEADER, mark), scan=self.settings.search == "scan")
                if not last:
                    raise gone(self._where("Append"))
                told = place.validity, last[-1].uid
            return Spot(folder=folder, validity=told[0], uid=told[1])

        return self.session.write("Append", work)

    def _fetch(self, spot: Spot, file: BinaryIO, where: str) -> str:
        """The draft's bytes into `file`; answers its key header."""

        def work(client: Client) -> str:
            item = open_at(client, spot, where=where)
            file.seek(0)
            file.truncate()
            for piece in client.pieces(spot.uid):
                file.write(piece)
            if not file.tell():
                raise gone(where)
            return item.key

        return self.session.read("Fetch", work)

    def _delete(self, spot: Spot, where: str) -> None:
        def work(client: Client) -> None:
            open_at(client, spot, where=where, write=True)
            client.remove(spot.uid)

        self.session.write("Expunge", work)

    def _to(self, spot: Spot, folder: Callable[[Client], str], where: str) -> Spot:
        return self.session.write("Move", lambda client: move(client, spot, folder(client), where=where))

    def _take_back(self, nonce: str, marked: Spot | None, where: str) -> None:
        """The mail was certainly not accepted: it is a draft again, now or at the next look of this process."""
        self._proof.withdrawn.add(nonce)
        if marked is not None:
            # the error that ended the sending is the one to tell
            with contextlib.suppress(MailError):
                self._to(marked, self.folders.drafts, where)

    def _with_ourselves(self, to: tuple[str, ...]) -> tuple[str, ...]:
        own = self.settings.mailbox
        if not self.settings.own_copy or own.lower() in (address.lower() for address in to):
            return to
        return (*to, own)

    def _where(self, operation: str) -> str:
        return f"{operation} {self.settings.mailbox}"


def _sent_ref(spot: Spot, folder: str, message_id: str, key: str) -> SentRef:
    return SentRef(id=spot.id, change=str(spot.uid), folder=folder, message_id=message_id, key=key)  # type: ignore[arg-type]
