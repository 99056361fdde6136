"""Mail in: raw bytes and the inbox row first, then parse, route by the rules, act, file away.

Safe to repeat and to be killed anywhere: a mailbox item is one row (by its id); each row goes stored → parsed → routed →
settled, no arrow is half done, and what a route calls for (states, answers' intents) is in the same transaction as the
route. Several mails share a transaction: all of it happens or none. The move in the mailbox comes last; a mail that is gone from Inbox was moved by an earlier run.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from songthan.domain.errors import LedgerError, MailNotFound, SongthanError
from songthan.domain.language import say
from songthan.domain.messages import FOLDERS, MailRef, Message, Route
from songthan.domain.routing import decide_route
from songthan.domain.seal_codes import SheetFile
from songthan.steps.gather_facts import Duty, Reading, duties, gather, read_files
from songthan.steps.mail_effects import apply, settle_purpose
from songthan.steps.office import Office
from songthan.steps.pen_sheets import Lookout, lookout, read_sheets

#: A mail that brought the reader down this often is held for a person.
POISON_AFTER = 3
#: Mails that share the transactions around storing, parsing and settling.
AT_ONCE = 8
#: Mails the sandbox looks at side by side; as many as it has workers.
READERS = 2
_UNROUTED = ("stored", "parsed")


def fetch_new(office: Office) -> int:
    """Make every new mail durable: bytes in the blobs, row in the ledger; nothing is parsed. Returns how many.

    Several rows are one transaction, after the bytes of all of them. How far the mailbox was listed is kept only when
    every mail listed has its row: after a run that is killed, and when the server does not find one (perhaps it does the
    next time), they are listed again.
    """
    inbox = office.ledger.inbox
    listing = office.mailbox.new_messages(inbox.mailbox_state())
    known = inbox.known([ref.id for ref in listing.refs])
    new = [ref for ref in listing.refs if ref.id not in known]
    count = 0
    for start in range(0, len(new), AT_ONCE):
        stored: list[tuple[MailRef, str]] = []
        try:
            for ref in new[start : start + AT_ONCE]:
                if sha256 := _stored(office, ref):
                    stored.append((ref, sha256))
        except SongthanError:
            # what came before the error need not be fetched again
            inbox.add_all(stored, office.clock.now())
            raise
        inbox.add_all(stored, office.clock.now())
        count += len(stored)
        office.tick("stored-row")
    if count == len(new):
        inbox.save_mailbox_state(listing.state)
        office.tick("listed")
    return count


def _stored(office: Office, ref: MailRef) -> str:
    """The sha256 of the mail's bytes, kept; «» when it left the Inbox meanwhile (another run, or a person's hand)."""
    try:
        sha256 = office.blobs.receive(functools.partial(office.mailbox.raw, ref))
    except MailNotFound:
        return ""
    office.tick("stored-bytes")
    return sha256


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A mail taken apart and its files read: all that is slow, done in the sandbox before its turn comes."""

    message: Message
    readings: Sequence[Reading] | None
    poisoned: bool
    sheets: tuple[SheetFile, ...] | None = None


_Turn = tuple[Mapping[str, object], "Future[_Seen] | None"]


def settle_all(office: Office) -> int:
    """Take every unsettled row as far as it goes. Returns how many were settled.

    The sandbox works on the next mails (several at a time) while the ledger is written in the order of arrival, by this
    thread alone. A mail that breaks the reader does not stop the others: its error comes out at the end, and after
    `POISON_AFTER` attempts it is held. Errors we can name (mailbox, ledger) stop the round at once.
    """
    rows = office.ledger.inbox.unfinished()
    broken: list[Exception] = []
    with ThreadPoolExecutor(READERS, thread_name_prefix="intake") as pool:
        waiting: list[_Turn] = []
        try:
            for group in _groups(rows):
                ready, waiting = waiting, []
                if _tried(group[0]):
                    # nobody is looked at beside it
                    broken += _finish(office, ready)
                    broken += _finish(office, _begin(office, pool, group))
                else:
                    waiting = _begin(office, pool, group)
                    broken += _finish(office, ready)
            ready, waiting = waiting, []
            broken += _finish(office, ready)
        except SongthanError:
            pool.shutdown(wait=False, cancel_futures=True)
            # their turn never came: that is no attempt
            office.ledger.inbox.not_started([int(str(row["id"])) for row, look in waiting if look is not None])
            raise
    if broken:
        raise broken[0]
    return len(rows)


def _groups(rows: Sequence[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    """Rows that go together; one that an earlier run did not come through with goes alone, so that if it brings the whole
    process down, no other mail is suspected with it."""
    group: list[Mapping[str, object]] = []
    for row in rows:
        if group and (_tried(row) or _tried(group[-1]) or len(group) == AT_ONCE):
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _tried(row: Mapping[str, object]) -> bool:
    return bool(row["attempts"]) and row["state"] in _UNROUTED


def _begin(office: Office, pool: ThreadPoolExecutor, rows: Sequence[Mapping[str, object]]) -> list[_Turn]:
    """Count the attempt, then let the sandbox look at the mails."""
    todo = [int(str(row["id"])) for row in rows if row["state"] in _UNROUTED]
    attempts = office.ledger.inbox.started(todo)
    if todo:
        office.tick("started")
    asked, watch = (duties(office), lookout(office)) if todo else ({}, None)
    turns: list[_Turn] = []
    for row in rows:
        tries = attempts.get(int(str(row["id"])), 0)
        turns.append((row, pool.submit(_look, office, row, asked, watch, poisoned=tries > POISON_AFTER) if tries else None))
    return turns


def _look(
    office: Office, row: Mapping[str, object], asked: Mapping[str, Duty], watch: Lookout | None, *, poisoned: bool
) -> _Seen:
    """Everything about one mail that takes time and changes nothing but the blobs."""
    if poisoned:
        # what brought the parser down so often is not given to it again
        message = _unread(row) if row["state"] == "stored" else office.ledger.inbox.message(int(str(row["id"])))
        return _Seen(message=message, readings=None, poisoned=True)
    message = _parsed(office, row)
    readings = read_files(office, message, asked, released=bool(row.get("released_at")))
    return _Seen(message=message, readings=readings, poisoned=False, sheets=read_sheets(office, message, watch))


def _finish(office: Office, turns: Sequence[_Turn]) -> list[Exception]:
    """Route a group in its order, all that follows from a route in the same transaction; then move, then say so.

    Returns what went wrong with single mails.
    """
    inbox, broken = office.ledger.inbox, []
    good: list[tuple[Mapping[str, object], _Seen | None]] = []
    for row, look in turns:
        try:
            good.append((row, look.result() if look else None))
        except SongthanError:
            raise
        except Exception as error:
            broken.append(error)
    parsed = [(int(str(row["id"])), seen.message) for row, seen in good if seen and row["state"] == "stored"]
    inbox.save_parsed(parsed)
    if parsed:
        office.tick("parsed")
    waiting = deque((row, seen) for row, seen in good if seen)
    failed: set[object] = set()
    while waiting:
        with office.ledger.transaction():
            while waiting and _routed(office, *waiting[0], failed, broken):
                waiting.popleft()
        office.tick("routed")
        if waiting:
            row, seen = waiting.popleft()
            _routed(office, row, seen, failed, broken, alone=True)
            office.tick("routed")
    _file_away(office, [int(str(row["id"])) for row, _ in good if row["id"] not in failed])
    return broken


def _routed(
    office: Office, row: Mapping[str, object], seen: _Seen, failed: set[object], broken: list[Exception], *, alone: bool = False
) -> bool:
    """Route one mail; False when it must be done alone, outside the others' transaction. Its own error undoes only what it did."""
    try:
        return _route(office, row, seen, alone=alone)
    except SongthanError:
        raise
    except Exception as error:
        failed.add(row["id"])
        broken.append(error)
        return True


def _unread(row: Mapping[str, object]) -> Message:
    """All that is known of a mail nobody could take apart."""
    return Message(sha256=str(row["sha256"]), received=datetime.fromisoformat(str(row["received"])), sender="")


def _parsed(office: Office, row: Mapping[str, object]) -> Message:
    if row["state"] != "stored":
        return office.ledger.inbox.message(int(str(row["id"])))
    message = office.parser.parse(
        office.blobs.path(str(row["sha256"])),
        received=datetime.fromisoformat(str(row["received"])),
        keep=office.blobs.receive,
    )
    if message.sha256 != row["sha256"]:
        raise LedgerError("แฟ้มในคลังถูกเปลี่ยน", where=str(row["sha256"]), remedy="กู้คืนจากสำเนาสำรอง และตรวจดิสก์")
    return message


def _route(office: Office, row: Mapping[str, object], seen: _Seen, *, alone: bool) -> bool:
    """The rules' verdict and everything that follows from it, in one transaction.

    False (and nothing done) when a signature has to be checked, which takes too long for a transaction others wait for.
    """
    inbox_id, message = int(str(row["id"])), seen.message
    if seen.poisoned:
        route = Route(
            route="hold",
            rule="poison",
            reason=say("อ่านจดหมายฉบับนี้ไม่สำเร็จหลายครั้ง โปรดเปิดดูในกล่องจดหมายด้วยตนเอง"),
        )
        with office.ledger.transaction():
            office.ledger.inbox.save_route(inbox_id, route, office.clock.now())
            apply(office, inbox_id, message, route, None)
        return True
    gathered = gather(office, row, message, seen.readings, seen.sheets)
    route = decide_route(gathered.facts, office.rules)
    if route.purpose in ("signature", "pen") and not alone:
        return False
    route, finish = settle_purpose(office, inbox_id, message, route, gathered)
    with office.ledger.transaction():
        if (office.ledger.inbox.get(inbox_id) or {}).get("route"):
            # another tick was here between our reading and now
            return True
        office.ledger.inbox.save_route(inbox_id, route, office.clock.now())
        apply(office, inbox_id, message, route, gathered)
        finish()
    return True


def folder_of(row: Mapping[str, object]) -> str:
    """Where a mail lies: by its route, and one the secretary decided on by her word (accepted: used; rejected: noted)."""
    decided = {"accept": "accept", "reject": "note"}.get(str(row["decision"] or ""))
    return say(FOLDERS[decided or str(row["route"])])


def _file_away(office: Office, inbox_ids: Sequence[int]) -> None:
    """Move each mail to the folder of its route; then one transaction says where they lie now."""
    moved: list[tuple[int, str, str]] = []
    try:
        for inbox_id in inbox_ids:
            moved.append(_moved(office, inbox_id))
            office.tick("moved")
    except SongthanError:
        # the mailbox will not now; those that moved before need not be looked for again
        office.ledger.inbox.settle(moved)
        raise
    office.ledger.inbox.settle(moved)
    if moved:
        office.tick("settled")


def _moved(office: Office, inbox_id: int) -> tuple[int, str, str]:
    """(row, its id in the mailbox now, its folder)."""
    row = office.ledger.inbox.get(inbox_id) or {}
    folder = folder_of(row)
    ref = MailRef(
        id=str(row["mailbox_id"]),
        change="",
        received=datetime.fromisoformat(str(row["received"])),
        message_id=str(row["message_id"] or ""),
        folder=str(row["folder"]),
    )
    try:
        return inbox_id, office.mailbox.move(ref, folder).id, folder
    except MailNotFound:
        # an earlier run moved it and was killed before it could say so
        return inbox_id, ref.id, folder
