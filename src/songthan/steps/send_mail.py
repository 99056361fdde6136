"""Send mails exactly once: intent, look-up, draft, files, hand-over, confirmation, commit.

The order is what makes it safe (kill tests: `tests/steps/test_send_mail.py`). A mail is handed to the server only
through a draft that carries our key, and nothing is built or sent before Drafts and Sent were searched for that key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
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
    mails: Sequence[OutgoingMail],
    *,
    mailbox: Mailbox,
    outbox: Outbox,
    blobs: Blobs,
    clock: Clock,
    tick: Callable[[str], None] = lambda name: None,
    together: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> list[SendOutcome]:
    """Send each mail unless it went out already; one call does what can be done now and never waits.

    Safe to repeat, and to be killed anywhere: the intent is committed first, so nothing is lost; Drafts and Sent are
    searched for the keys before anything is made, so nothing is sent twice. «handed» is committed before SendItem: from
    then on only that complete draft may be sent (the server sends a draft once; a second SendItem finds no item), and
    when it lies neither in Drafts nor in Sent the mail is in doubt instead of being built again. The first such look
    answers «retry», because the copy in Sent may be late; the next call decides.

    All mails share each look: one before the first is made, one after the last is handed over; what it proves is
    committed in one transaction of the ledger (`together`). A mail that is refused or unclear does not stop the others;
    a busy server stops those not yet begun.

    MailAuthFailed (and LedgerError) pass through: all sending must stop then. The intents stay and are resumed.
    """
    deliveries = [
        _Delivery(mail=mail, mailbox=mailbox, outbox=outbox, blobs=blobs, clock=clock, tick=tick) for mail in mails
    ]
    for delivery in deliveries:
        delivery.intend()
    for last in (*[False] * _ROUNDS, True):
        open_ones = [d for d in deliveries if d.outcome is None]
        if not open_ones:
            break
        try:
            found = mailbox.find(*(d.mail.key for d in open_ones))
        except (MailAmbiguous, MailNotFound) as error:
            for delivery in open_ones:
                delivery.unclear = error.th
            tick("unclear")
            continue
        except (MailBusy, MailDenied) as error:
            for delivery in open_ones:
                delivery.fail(error)
            break
        tick("looked-up")
        _prove(open_ones, found, together)
        _round([d for d in open_ones if d.outcome is None], found, last=last)
    return [d.outcome or d.retry(d.unclear) for d in deliveries]


def _prove(
    deliveries: Sequence[_Delivery], found: Sequence[SentRef], together: Callable[[], AbstractContextManager[object]]
) -> None:
    """What lies in Sent is sent, all of it or nothing; a draft left behind must not be sent by a person."""
    sent = {ref.key: ref for ref in reversed(found) if ref.folder == "sent"}
    proven = [d for d in deliveries if d.mail.key in sent]
    if not proven:
        return
    with together():
        for delivery in proven:
            delivery.outbox.mark_sent(delivery.mail.key, sent[delivery.mail.key], delivery.clock.now())
    for delivery in proven:
        delivery.tick("committed")
        delivery.outcome = SendOutcome(status="sent", key=delivery.mail.key, sent=sent[delivery.mail.key])
        # tidiness only: the mail itself is done
        with contextlib.suppress(MailError):
            for draft in found:
                if draft.key == delivery.mail.key and draft.folder == "drafts":
                    delivery.mailbox.discard(draft)


def _round(deliveries: Sequence[_Delivery], found: Sequence[SentRef], *, last: bool) -> None:
    busy: MailBusy | None = None
    for delivery in deliveries:
        drafts = [ref for ref in found if ref.key == delivery.mail.key]
        try:
            delivery.go_on(drafts, may_work=not last and busy is None)
        except (MailAmbiguous, MailNotFound) as error:
            # Perhaps done, perhaps not: the next round starts by looking it up.
            delivery.unclear = error.th
            delivery.tick("unclear")
        except (MailBusy, MailDenied) as error:
            delivery.fail(error)
            busy = error if isinstance(error, MailBusy) else busy
    if busy is not None:
        for delivery in deliveries:
            if delivery.outcome is None and not delivery.handed_over:
                delivery.fail(busy)


@dataclass(kw_only=True)
class _Delivery:
    mail: OutgoingMail
    mailbox: Mailbox
    outbox: Outbox
    blobs: Blobs
    clock: Clock
    tick: Callable[[str], None]
    handed_now: bool = False
    handed_over: bool = False
    unclear: str = ""
    outcome: SendOutcome | None = None

    def intend(self) -> None:
        self.outbox.intend(self.mail)
        self.tick("intended")
        if self.outbox.state(self.mail.key) == "sent":
            self.outcome = SendOutcome(status="sent", key=self.mail.key)

    def go_on(self, drafts: list[SentRef], *, may_work: bool) -> None:
        """What is missing, after a look that found these drafts and no copy in Sent; without an outcome it is looked at again."""
        if self.handed_over:
            self._late()
        elif may_work and (draft := self._draft(drafts)) is not None:
            self.handed_now = True
            self.mailbox.send(draft)
            self.tick("handed-over")
            self.handed_over = True

    def fail(self, error: MailError) -> None:
        """The server will not have it now, or not at all."""
        if isinstance(error, MailBusy):
            self.outcome = self.retry(error.th, back_off_s=error.back_off_s)
        else:
            self.outcome = SendOutcome(status="denied", key=self.mail.key, why=str(error))

    def retry(self, why: str, *, back_off_s: float = 0.0) -> SendOutcome:
        return SendOutcome(status="retry", key=self.mail.key, why=why, back_off_s=back_off_s)

    def _draft(self, drafts: list[SentRef]) -> SentRef | None:
        """The complete draft that may be sent; None when there is none to send (the outcome says why)."""
        state = self.outbox.state(self.mail.key)
        if state in ("intended", "none"):
            return self._build(drafts)
        if state == "handed" and len(drafts) == 1:
            return drafts[0]
        if state == "handed" and not drafts and self.handed_now:
            self._late()
        elif state in ("handed", "doubt"):
            self._doubt()
        else:
            # the secretary's word came meanwhile
            self.outcome = self.retry("")
        return None

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

    def _late(self) -> None:
        self.outcome = self.retry(say("ส่งให้เซิร์ฟเวอร์แล้ว แต่ยังไม่พบสำเนาในโฟลเดอร์ Sent จะตรวจซ้ำในรอบถัดไปโดยไม่ส่งใหม่"))

    def _doubt(self) -> None:
        why = say(
            "เคยส่งให้เซิร์ฟเวอร์แล้ว แต่ตรวจในโฟลเดอร์ Drafts และ Sent แล้วชี้ขาดไม่ได้ว่าจดหมายออกไปหรือไม่ "
            "ระบบจะไม่ส่งซ้ำเอง โปรดสอบถามผู้รับแล้วตัดสินใจ"
        )
        self.outbox.mark_doubt(self.mail.key, why)
        self.tick("doubted")
        self.outcome = SendOutcome(status="doubt", key=self.mail.key, why=why)
