"""The hands of a stranger: mails with exactly the headers he likes, forms taken apart; and what must not have happened."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage

from desk import DOCX, Q2, Desk, fill

from songthan.testing.office import AUTHSERV

PDF = "application/pdf"
EVIL = "mallory@evil.example"
MEMBER = "krittamet@bfa.example"  # the holder of seat s06; the address has a «k» in it
OURS = f"Authentication-Results: {AUTHSERV}; dmarc=pass action=none header.from="
EVIL_PASS = f"{OURS}evil.example"
FAKE_PASS = f"{OURS}bfa.example"


def deliver(desk: Desk, *head: str, body: str = "ขอส่งรายงาน", files: tuple = (), message_id: str = "<x@evil.example>"):
    """A mail with exactly these header lines on top."""
    mail = EmailMessage()
    mail.set_content(body)
    for name, type_, data in files:
        main, _, sub = type_.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    top = "\r\n".join((*head, "To: songthan@bfa.example", f"Message-ID: {message_id}")) + "\r\n"
    return desk.mailbox.receive(top.encode() + mail.as_bytes(), received=desk.clock.now())


def form_file(desk: Desk, seat: str = "s06", **changes: object) -> tuple[tuple[str, str, bytes], ...]:
    return (("แบบรายงาน.docx", DOCX, fill(desk.form_of(desk.member(seat)), **changes)),)


def route(desk: Desk) -> tuple[object, object]:
    row = desk.last_row()
    return row["route"], row["rule"]


def outside(desk: Desk, since: int = 3) -> set[str]:
    """Who got mail after the first requests, the secretary left out."""
    got = {a for d in desk.mailbox.deliveries[since:] for a in d.recipients}
    return got - {desk.secretary.email}


def good_mail_still_counts(desk: Desk, seat: str = "s06") -> None:
    desk.answer(seat)
    desk.tick()
    assert desk.states()[seat] == "ACCEPTED"
    assert desk.mailbox.count() == desk.ledger.inbox.counts()["all"] and not desk.ledger.inbox.unfinished()


def remade(form: bytes, **parts: Callable[[bytes], bytes] | bytes) -> bytes:
    """The docx with parts changed by a function, or added; «__» in a name stands for «/», «_DOT_» for «.»."""
    changes = {name.replace("__", "/").replace("_DOT_", "."): change for name, change in parts.items()}
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        members = {i.filename: archive.read(i) for i in archive.infolist()}
    for name, change in changes.items():
        members[name] = change(members[name]) if callable(change) else change
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def token(desk: Desk, seat: str) -> bytes:
    return str(desk.ledger.assignment_row(f"{Q2}.f3.{seat}")["token"]).encode()


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new)
