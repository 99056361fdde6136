"""Mail of ours that came back: told to the secretary the same day, and the address marked until it is known to work.

Safe to repeat: one notice an address and day by its key; an address that is marked is not marked again. All of it is part of
the transaction of the bounce's route.
"""

from __future__ import annotations

from songthan.domain.errors import UsageError
from songthan.domain.language import moment_words, say
from songthan.domain.messages import Message
from songthan.domain.outgoing import CAUSE_TH, KIND_TH, Mark, cause_of, marks_address
from songthan.steps.letters import copy_for, queue
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome


def note_bounce(office: Office, inbox_id: int, message: Message) -> None:
    """One notice an address and day, and only for our own mail or an address of the roster: bounces are easily forged.

    Whom it failed for is what we wrote to, not what the bounce says. Only a bounce of a mail of ours marks the address, and
    not one that tells of the mail (its size) or of us (refused).
    """
    ours = office.ledger.outbox.by_message_id((message.bounced_message_id,)) if message.bounced_message_id else None
    address = _failed_for(office, message, ours)
    member = office.plan.roster.by_address(address)
    if not address or (ours is None and member is None):
        return
    if ours is not None and marks_address(message.bounce_status) and not _from_a_stranger(office, message, address):
        office.ledger.addresses.mark(
            Mark(
                address=address, cause=cause_of(message.bounce_status), status=message.bounce_status, mail=str(ours["key"]),
                inbox_id=inbox_id, noted_at=message.received,
            )
        )  # fmt: skip
    secretary = office.plan.roster.member(office.plan.roster.secretary)
    if address.lower() != secretary.email.lower():
        _tell(office, message, ours, address)


def _from_a_stranger(office: Office, message: Message, address: str) -> bool:
    """Is the bounce proven to come from neither our own server nor the one that did not take the mail?"""
    domains = (a.lower().partition("@")[2] for a in (office.plan.roster.mailbox, address))
    return message.authentication == "pass" and message.sender.lower().partition("@")[2] not in domains


def _failed_for(office: Office, message: Message, ours: dict[str, object] | None) -> str:
    """Of the readers of our mail the one the bounce names, else the first; without a mail of ours whom the bounce names."""
    if ours is None:
        return message.bounced_address
    mail = office.ledger.outbox.mail(str(ours["key"]))
    readers = (*mail.to, *mail.cc)
    return next((r for r in readers if r.lower() == message.bounced_address.lower()), readers[0])


def _tell(office: Office, message: Message, ours: dict[str, object] | None, address: str) -> None:
    secretary = office.plan.roster.member(office.plan.roster.secretary)
    member = office.plan.roster.by_address(address)
    at = office.calendar.local(message.received)
    commands = [("songthan status", say("ดูว่าใครยังค้าง"))]
    if ours is not None:
        commands.insert(0, (f"songthan outbox show {ours['key']}", say("อ่านจดหมายฉบับที่ไม่ถึง")))
    if office.ledger.addresses.of(address):
        commands.append((f'songthan outbox address {address} --works --reason "…"', say("เมื่อที่อยู่นี้ใช้ได้แล้ว")))
    queue(
        office,
        key=f"bounce/{address.lower()}/{at.date().isoformat()}",
        kind="bounce_notice",
        to=secretary.email,
        context={
            "bounce": {
                "address": address,
                "full_name": member.full_name if member else "-",
                "subject": str(ours["subject"]) if ours else message.subject,
                "known": ours is not None,
                "letter": say(KIND_TH[str(ours["kind"])]) if ours else "-",
                "received_th": moment_words(at),
                "status": message.bounce_status or "",
                "reason": say(CAUSE_TH[cause_of(message.bounce_status)]),
                "later": message.bounce_status.startswith("4"),
                "copies_to": copy_for(office, address) if office.ledger.addresses.of(address) else "",
            },
            "commands": [{"command": c, "meaning": m} for c, m in commands],
        },
    )


def wrote_himself(office: Office, message: Message) -> None:
    """A mail from a marked address, proven by our server and newer than the bounce: it works."""
    mark = office.ledger.addresses.of(message.sender)
    if mark is not None and message.received > mark.noted_at:
        office.ledger.addresses.clear(message.sender, office.clock.now(), why="wrote")


def address_works(office: Office, address: str, *, reason: str) -> Outcome:
    """The secretary's word that an address works again."""
    if not reason.strip():
        raise UsageError("ยังไม่ได้ระบุเหตุผล", where="--reason", remedy='เช่น --reason "โทรศัพท์ยืนยันแล้ว"')
    if not office.ledger.addresses.clear(address, office.clock.now(), why="word", reason=reason):
        return Outcome(kind="address", changed=False, subject=address, words=f"ที่อยู่ {address} ไม่ได้ทำเครื่องหมายตีกลับไว้ ไม่มีสิ่งใดเปลี่ยนแปลง")
    return Outcome(kind="address", changed=True, subject=address, words=f"ล้างเครื่องหมายตีกลับของ {address} แล้ว จดหมายต่อจากนี้ไม่ส่งสำเนาถึงผู้อื่น")


def marked_rows(office: Office) -> list[dict[str, object]]:
    """The addresses that are marked now, for people and for `--json`."""
    found = []
    for mark in office.ledger.addresses.all():
        member = office.plan.roster.by_address(mark.address)
        found.append(
            {
                "address": mark.address, "full_name": member.full_name if member else "", "cause": mark.cause, "status": mark.status,
                "since": mark.noted_at.isoformat(), "mail": mark.mail, "copies_to": copy_for(office, mark.address),
            }
        )  # fmt: skip
    return found


def marked_words(office: Office) -> list[str]:
    """The same, one line each, for the digest."""
    return [
        say("{name} {address}: {cause}", name=row["full_name"] or "-", address=row["address"], cause=say(CAUSE_TH[str(row["cause"])]))
        for row in marked_rows(office)
    ]
