"""Send one mail exactly once: intent, look-up, draft, files, hand-over, confirmation, commit.

The order is what makes it safe (kill tests: `tests/steps/test_send_mail.py`). A mail is handed to the server only
through a draft that carries our key, and nothing is built or sent before Drafts and Sent were searched for that key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from songthan.domain.errors import MailAmbiguous, MailBusy, MailDenied, MailError, MailNotFound
from songthan.domain.language import say
from songthan.domain.messages import OutgoingMail, SentRef
from songthan.ports import Blobs, Clock, Mailbox

__all__ = ["Outbox", "OutboxState", "SendOutcome", "deliver"]

OutboxState = Literal["none", "intended", "handed", "sent", "doubt"]
Status = Literal["sent", "retry", "doubt", "denied"]

# Looks within one call after an unclear answer; what is still unclear then waits for the next tick.
_ROUNDS = 3


class Outbox(Protocol):
    """The ledger's record of outgoing mail. Every writing method commits before it returns and may run twice."""

    def intend(self, mail: OutgoingMail) -> object:
        """Record that `mail` is to be sent (none → intended); a key already there is left as it is."""
        ...

    def state(self, key: str) -> OutboxState:
        """Where this mail stands; «none» for a key never intended."""
        ...

    def mark_handed(self, key: str, draft: SentRef) -> None:
        """The draft is complete and is about to be given to the server for sending (intended → handed)."""
        ...

    def mark_sent(self, key: str, sent_ref: SentRef, at: datetime) -> None:
        """Found in Sent (any state → sent, which is final)."""
        ...

    def mark_doubt(self, key: str, why: str) -> None:
        """Handed over but in neither folder: a person decides (handed → doubt). `why` is a Thai sentence."""
        ...


@dataclass(frozen=True, kw_only=True)
class SendOutcome:
    """How a delivery ended.

    «sent»: in Sent and committed · «retry»: call again at the next tick, not before `back_off_s` seconds · «denied»:
    the server refuses this mail; calling again is safe but a person should mend the cause first · «doubt»: it may have
    gone out and nobody can tell; it is never sent again by itself. `why` is a Thai sentence, empty when sent.
    """

    status: Status
    key: str
    sent: SentRef | None = None
    why: str = ""
    back_off_s: float = 0.0


def deliver(
    mail: OutgoingMail,
    *,
    mailbox: Mailbox,
    outbox: Outbox,
    blobs: Blobs,
    clock: Clock,
    tick: Callable[[str], None] = lambda name: None,
) -> SendOutcome:
    """Send `mail` unless it went out already; one call does what can be done now and never waits.

    Safe to repeat, and to be killed anywhere: the intent is committed first, so nothing is lost; Drafts and Sent are
    searched for the key before anything is made, so nothing is sent twice. «handed» is committed before SendItem: from
    then on only that complete draft may be sent (the server sends a draft once; a second SendItem finds no item), and
    when it lies neither in Drafts nor in Sent the mail is in doubt instead of being built again. The first such look
    answers «retry», because the copy in Sent may be late; the next call decides.

    MailAuthFailed (and LedgerError) pass through: all sending must stop then. The intent stays and is resumed.
    """
    outbox.intend(mail)
    tick("intended")
    if outbox.state(mail.key) == "sent":
        return SendOutcome(status="sent", key=mail.key)
    delivery = _Delivery(mail=mail, mailbox=mailbox, outbox=outbox, blobs=blobs, clock=clock, tick=tick)
    unclear = ""
    for _ in range(_ROUNDS):
        try:
            return delivery.round()
        except MailBusy as error:
            return SendOutcome(status="retry", key=mail.key, why=error.th, back_off_s=error.back_off_s)
        except MailDenied as error:
            return SendOutcome(status="denied", key=mail.key, why=str(error))
        except (MailAmbiguous, MailNotFound) as error:
            # Perhaps done, perhaps not: the next round starts by looking it up.
            unclear = error.th
            tick("unclear")
    return SendOutcome(status="retry", key=mail.key, why=unclear)


@dataclass(kw_only=True)
class _Delivery:
    mail: OutgoingMail
    mailbox: Mailbox
    outbox: Outbox
    blobs: Blobs
    clock: Clock
    tick: Callable[[str], None]
    handed_now: bool = False

    def round(self) -> SendOutcome:
        """Look up, then do what is missing."""
        drafts, sent = self._look()
        if sent:
            return self._commit(sent[0], drafts)
        state = self.outbox.state(self.mail.key)
        if state == "doubt":
            return self._doubt()
        if state == "handed":
            if not drafts and self.handed_now:
                return self._late()
            if len(drafts) != 1:
                return self._doubt()
            draft = drafts[0]
        else:
            draft = self._build(drafts)
        self.handed_now = True
        self.mailbox.send(draft)
        self.tick("handed-over")
        leftovers, sent = self._look()
        return self._commit(sent[0], leftovers) if sent else self._late()

    def _look(self) -> tuple[list[SentRef], list[SentRef]]:
        found = self.mailbox.find(self.mail.key)
        self.tick("looked-up")
        return [r for r in found if r.folder == "drafts"], [r for r in found if r.folder == "sent"]

    def _build(self, old_drafts: list[SentRef]) -> SentRef:
        """A complete draft. An older draft of ours may lack files: it is discarded, never sent."""
        for old in old_drafts:
            self.mailbox.discard(old)
            self.tick("discarded")
        draft = self.mailbox.save_draft(self.mail)
        self.tick("drafted")
        for file in self.mail.files:
            draft = self.mailbox.attach(draft, file.name, file.type, self.blobs.path(file.sha256))
            self.tick("attached")
        self.outbox.mark_handed(self.mail.key, draft)
        self.tick("handed")
        return draft

    def _commit(self, sent: SentRef, drafts: list[SentRef]) -> SendOutcome:
        self.outbox.mark_sent(self.mail.key, sent, self.clock.now())
        self.tick("committed")
        for draft in drafts:
            # Tidiness only: a draft left behind must not be sent by a person. The mail itself is done.
            try:
                self.mailbox.discard(draft)
            except MailError:
                break
        return SendOutcome(status="sent", key=self.mail.key, sent=sent)

    def _late(self) -> SendOutcome:
        why = say("ส่งให้เซิร์ฟเวอร์แล้ว แต่ยังไม่พบสำเนาในโฟลเดอร์ Sent จะตรวจซ้ำในรอบถัดไปโดยไม่ส่งใหม่")
        return SendOutcome(status="retry", key=self.mail.key, why=why)

    def _doubt(self) -> SendOutcome:
        why = say(
            "เคยส่งให้เซิร์ฟเวอร์แล้ว แต่ตรวจในโฟลเดอร์ Drafts และ Sent แล้วชี้ขาดไม่ได้ว่าจดหมายออกไปหรือไม่ "
            "ระบบจะไม่ส่งซ้ำเอง โปรดสอบถามผู้รับแล้วตัดสินใจ"
        )
        self.outbox.mark_doubt(self.mail.key, why)
        self.tick("doubted")
        return SendOutcome(status="doubt", key=self.mail.key, why=why)
