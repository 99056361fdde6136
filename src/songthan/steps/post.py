"""Carries an intended mail out, and whatever an earlier run left behind.

Safe to repeat: `deliver` looks the mail up by its key before it does anything, and «sent» in the ledger ends it.
"""

from __future__ import annotations

from datetime import datetime

from songthan.domain.assignments import AssignmentState
from songthan.domain.errors import MailAuthFailed, MailBusy, MailError
from songthan.domain.language import say
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.send_mail import deliver


def post(office: Office, key: str) -> bool:
    """True when the mail with this key is proven sent. A mail in doubt is a person's: the secretary is told, once.

    Several flows carry mail, each in a process of its own: they go through one door, so that no two of them look for the
    same mail, find nothing and both send it.
    """
    if office.ledger.outbox.state(key) in ("none", "doubt"):
        return False
    with office.post_door():
        if office.ledger.outbox.state(key) == "sent":
            _now_asked(office, key)
            return True
        outcome = deliver(
            office.ledger.outbox.mail(key),
            mailbox=office.mailbox,
            outbox=office.ledger.outbox,
            blobs=office.blobs,
            clock=office.clock,
            tick=office.tick,
        )
    if outcome.status in ("doubt", "denied") and not key.startswith(("doubt/", "denied/")):
        _tell(office, key, outcome.status, outcome.why)
    if outcome.status == "sent":
        _now_asked(office, key)
    return outcome.status == "sent"


def _now_asked(office: Office, key: str) -> None:
    """Whose forms lay in a mail that is proven sent, is asked. One transaction; a second run finds nobody left."""
    if not office.ledger.half_asked(key):
        return
    now = office.clock.now()
    with office.ledger.transaction():
        mail = office.ledger.outbox.get(key) or {}
        sent = datetime.fromisoformat(str(mail.get("sent_at") or now.isoformat()))
        day = office.calendar.local(sent).date().isoformat()
        for assignment in office.ledger.half_asked(key):
            office.ledger.move_assignment(assignment, AssignmentState.ASKED, now, asked_on=day)
    office.tick("asked")


def _tell(office: Office, key: str, status: str, why: str) -> None:
    """A mail that needs a person, once for each mail and reason."""
    if status == "denied":
        tell_secretary(
            office,
            key=f"denied/{key}",
            title=say("เซิร์ฟเวอร์จดหมายปฏิเสธจดหมายฉบับหนึ่ง"),
            what=say("จดหมาย {key} ยังไม่ได้ส่ง: {why}", key=key, why=why),
            actions=(say("แก้เหตุที่แจ้งไว้ (ที่อยู่ สิทธิการส่ง หรือขนาดไฟล์) แล้วระบบจะลองส่งใหม่เอง"),),
        )
    else:
        tell_secretary(
            office,
            key=f"doubt/{key}",
            title=say("ไม่แน่ใจว่าจดหมายถูกส่งแล้วหรือไม่"),
            what=say("จดหมาย {key} อาจถูกส่งไปแล้วแต่ยืนยันไม่ได้ ระบบจะไม่ส่งซ้ำ", key=key),
            actions=(say("เปิดกล่องจดหมายที่ส่งแล้วและสอบถามผู้รับ"), say("หากผู้รับยังไม่ได้รับ ให้ส่งด้วยตนเอง")),
        )


def post_all(office: Office) -> tuple[int, int]:
    """Send every mail that was intended and not yet proven sent: (sent, left over). Stops at a busy server."""
    sent = left = 0
    for mail in office.ledger.outbox.unsent():
        try:
            done = post(office, mail.key)
        except MailAuthFailed:
            raise
        except MailBusy:
            left += 1
            break
        except MailError:
            left += 1
            continue
        sent, left = sent + done, left + (not done)
    return sent, left
