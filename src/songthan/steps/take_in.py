"""Mail in: raw bytes and the inbox row first, then parse, route by the rules, act, file away.

Safe to repeat and to be killed anywhere: a mailbox item is one row (by its id); each row goes stored → parsed → routed →
settled, every arrow is one transaction, and what a route calls for (states, answers' intents) is in the same
transaction as the route. The move in the mailbox comes last; a mail that is gone from Inbox was moved by an earlier run.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime

from songthan.domain.errors import LedgerError, MailNotFound, SongthanError
from songthan.domain.language import phrase, say
from songthan.domain.messages import MailRef, Message, Route
from songthan.domain.routing import decide_route
from songthan.steps.gather_facts import gather
from songthan.steps.mail_effects import apply, settle_purpose
from songthan.steps.office import Office

#: A mail that brought the reader down this often is held for a person.
POISON_AFTER = 3

FOLDERS = {
    "accept": phrase("ตอบกลับแล้ว"),
    "note": phrase("บันทึก"),
    "hold": phrase("รอตรวจ"),
    "quarantine": phrase("กักกัน"),
}


def fetch_new(office: Office) -> int:
    """Make every new mail durable: bytes in the blobs, row in the ledger; nothing is parsed. Returns how many.

    How far the mailbox was listed is kept only when every mail listed has its row: a run that is killed lists them again.
    """
    listing = office.mailbox.new_messages(office.ledger.inbox.mailbox_state())
    known = office.ledger.inbox.known([ref.id for ref in listing.refs])
    count = 0
    for ref in listing.refs:
        if ref.id in known or not (sha256 := _stored(office, ref)):
            continue
        office.ledger.inbox.add(ref, sha256, office.clock.now())
        office.tick("stored-row")
        count += 1
    office.ledger.inbox.save_mailbox_state(listing.state)
    office.tick("listed")
    return count


def _stored(office: Office, ref: MailRef) -> str:
    """The sha256 of the mail's bytes, kept; «» when it left the Inbox meanwhile (another run, or a person's hand: the
    nightly count tells)."""
    try:
        sha256 = office.blobs.receive(functools.partial(office.mailbox.raw, ref))
    except MailNotFound:
        return ""
    office.tick("stored-bytes")
    return sha256


def settle_all(office: Office) -> int:
    """Take every unsettled row as far as it goes. Returns how many were settled.

    A mail that breaks the reader does not stop the others: its error comes out at the end, and after `POISON_AFTER`
    attempts it is held. Errors we can name (mailbox, ledger) stop the round at once.
    """
    rows = office.ledger.inbox.unfinished()
    broken: list[Exception] = []
    for row in rows:
        try:
            settle_row(office, row)
        except SongthanError:
            raise
        except Exception as error:
            broken.append(error)
    if broken:
        raise broken[0]
    return len(rows)


def settle_row(office: Office, row: Mapping[str, object]) -> None:
    """One mail: parse, route and act, move."""
    inbox_id = int(str(row["id"]))
    if row["state"] in ("stored", "parsed"):
        attempts = office.ledger.inbox.started(inbox_id)
        poisoned = attempts > POISON_AFTER
        # what brought the parser down so often is not given to it again
        message = _unread(row) if poisoned and row["state"] == "stored" else _parsed(office, row)
        office.tick("parsed")
        _route(office, row, message, poisoned=poisoned)
        office.tick("routed")
    _file_away(office, inbox_id)
    office.tick("settled")


def _unread(row: Mapping[str, object]) -> Message:
    """All that is known of a mail nobody could take apart."""
    return Message(sha256=str(row["sha256"]), received=datetime.fromisoformat(str(row["received"])), sender="")


def _parsed(office: Office, row: Mapping[str, object]) -> Message:
    inbox_id = int(str(row["id"]))
    if row["state"] != "stored":
        return office.ledger.inbox.message(inbox_id)
    message = office.parser.parse(
        office.blobs.path(str(row["sha256"])),
        received=datetime.fromisoformat(str(row["received"])),
        put=office.blobs.put,
    )
    if message.sha256 != row["sha256"]:
        raise LedgerError("แฟ้มในคลังถูกเปลี่ยน", where=str(row["sha256"]), remedy="กู้คืนจากสำเนาสำรอง และตรวจดิสก์")
    office.ledger.inbox.save_parsed(inbox_id, message)
    return message


def _route(office: Office, row: Mapping[str, object], message: Message, *, poisoned: bool) -> None:
    """The rules' verdict and everything that follows from it, in one transaction."""
    inbox_id = int(str(row["id"]))
    if poisoned:
        route = Route(
            route="hold",
            rule="poison",
            reason=say("อ่านจดหมายฉบับนี้ไม่สำเร็จหลายครั้ง โปรดเปิดดูในกล่องจดหมายด้วยตนเอง"),
        )
        with office.ledger.transaction():
            office.ledger.inbox.save_route(inbox_id, route, office.clock.now())
            apply(office, inbox_id, message, route, None)
        return
    gathered = gather(office, row, message)
    route = decide_route(gathered.facts, office.rules)
    route, finish = settle_purpose(office, inbox_id, message, route, gathered)
    with office.ledger.transaction():
        if (office.ledger.inbox.get(inbox_id) or {}).get("route"):
            # another tick was here between our reading and now
            return
        office.ledger.inbox.save_route(inbox_id, route, office.clock.now())
        apply(office, inbox_id, message, route, gathered)
        finish()


def folder_of(row: Mapping[str, object]) -> str:
    """Where a mail lies: by its route, and one the secretary decided on by her word (accepted: used; rejected: noted)."""
    decided = {"accept": "accept", "reject": "note"}.get(str(row["decision"] or ""))
    return say(FOLDERS[decided or str(row["route"])])


def _file_away(office: Office, inbox_id: int) -> None:
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
        moved = office.mailbox.move(ref, folder).id
    except MailNotFound:
        # an earlier run moved it and was killed before it could say so
        moved = ref.id
    office.tick("moved")
    office.ledger.inbox.settle(inbox_id, mailbox_id=moved, folder=folder)
