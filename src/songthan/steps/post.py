"""Carries intended mails out, and whatever an earlier run left behind.

Safe to repeat: `deliver` looks each mail up by its key before it does anything, and «sent» in the ledger ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from songthan.domain.assignments import AssignmentState
from songthan.domain.decisions import TakeBack
from songthan.domain.errors import LedgerError, MailAuthFailed, MailBusy, MailError
from songthan.domain.ladders import in_office_hours
from songthan.domain.language import say
from songthan.domain.messages import OutgoingFile, OutgoingMail
from songthan.domain.notices import LADDER_MAIL, UNASKED_MAIL, letters_due
from songthan.ports import Blobs
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.send_mail import deliver
from songthan.steps.views import deadline_view, people_view, waits_for_word, was_let_go

#: What no run touches: never meant, in doubt, or withheld by the secretary.
_A_PERSONS = ("none", "doubt", "withheld")
#: So many mails share the look before and the look after, and no more bytes of files than this.
TOGETHER = 20
_TOGETHER_BYTES = 10_000_000


def post(office: Office, key: str, *, new: bool = False) -> bool:
    """True when the mail with this key is proven sent; see `post_each`."""
    return post_each(office, [key], new=new)[0]


def post_each(office: Office, keys: Sequence[str], *, new: bool = False) -> list[bool]:
    """Which of these mails are proven sent. A mail in doubt is a person's: the secretary is told, once.

    Several flows carry mail, each in a process of its own: they go through one door, so that no two of them look for the
    same mail, find nothing and both send it. As many mails go through together as fit a load: they share the look before
    and the look after. A mail that waits for the secretary's word does not leave without it; one nobody waits for leaves
    in office hours only, and a letter of the ladder only from the hand that wrote it just now (`new`), or when she let it
    go and it still holds; see `take_back`.
    """
    waiting = [key for key in dict.fromkeys(keys) if office.ledger.outbox.state(key) not in _A_PERSONS]
    sent: set[str] = set()
    for load in _loads([office.ledger.outbox.mail(key) for key in waiting], office.blobs):
        sent |= _carry(office, load, new=new)
    return [key in sent for key in keys]


def _loads(mails: Sequence[OutgoingMail], blobs: Blobs) -> Iterator[list[OutgoingMail]]:
    """In order: few enough and small enough that nobody waits long at the door."""
    load: list[OutgoingMail] = []
    size = 0
    for mail in mails:
        own = sum(_size(blobs, file) for file in mail.files)
        if load and (len(load) == TOGETHER or size + own > _TOGETHER_BYTES):
            yield load
            load, size = [], 0
        load.append(mail)
        size += own
    if load:
        yield load


def _size(blobs: Blobs, file: OutgoingFile) -> int:
    try:
        return blobs.path(file.sha256).stat().st_size
    except LedgerError:
        # said when this mail's turn comes; those before it go out
        return 0


def _carry(office: Office, mails: Sequence[OutgoingMail], *, new: bool) -> set[str]:
    """The keys of those that are proven sent now."""
    with office.post_door():
        # looked at again: another run may have been here while we stood at the door
        states = {mail.key: office.ledger.outbox.state(mail.key) for mail in mails}
        sent = {key for key, state in states.items() if state == "sent"}
        open_ones = [m for m in mails if m.key not in sent and states[m.key] not in _A_PERSONS]
        leaving = {m.key for m in open_ones if _may_leave(office, m, new=new)}
        leaving |= _have_left(office, [m.key for m in open_ones if m.key not in leaving and states[m.key] == "handed"])
        outcomes = deliver(
            [m for m in open_ones if m.key in leaving],
            mailbox=office.mailbox,
            outbox=office.ledger.outbox,
            blobs=office.blobs,
            clock=office.clock,
            tick=office.tick,
            together=office.ledger.transaction,
        )
    sent |= {outcome.key for outcome in outcomes if outcome.status == "sent"}
    for key in sent:
        now_asked(office, key)
    for outcome in outcomes:
        if outcome.status in ("doubt", "denied") and not outcome.key.startswith(("doubt/", "denied/")):
            _tell(office, outcome.key, outcome.status, outcome.why)
    return sent


def _may_leave(office: Office, mail: OutgoingMail, *, new: bool) -> bool:
    if waits_for_word(office, mail):
        return False
    if mail.kind in UNASKED_MAIL and not in_office_hours(office.clock.now(), office.calendar):
        return False
    key = mail.key
    return new or mail.kind not in LADDER_MAIL or (was_let_go(office, key) and key in still_so(office, [key]))


def _have_left(office: Office, handed: Sequence[str]) -> set[str]:
    """Which were handed over by a run that did not live to see them go?"""
    return {ref.key for ref in office.mailbox.find(*handed) if ref.folder == "sent"} if handed else set()


def still_so(office: Office, keys: Iterable[str]) -> frozenset[str]:
    """Those of these unsent letters of the ladder that would be written just the same now (nothing was answered, it is the
    same day): asked anew, as if none of them had been written."""
    wanted = frozenset(keys)
    views = (deadline_view(office, d.id, unless=wanted) for d in office.driven_deadlines)
    people = people_view(office, unless=wanted)
    now = {w.key: w.says for w in letters_due(views, people, office.clock.now(), office.calendar)}
    return frozenset(k for k in wanted if now.get(k) and now[k] == (office.ledger.outbox.get(k) or {}).get("says"))


def take_back(office: Office, action: TakeBack) -> bool:
    """A letter of the ladder that did not leave is no longer meant; whoever it was for is decided anew.

    Meanwhile an answer may have come, or the day may be another one. True when it is settled: taken back, or found to have
    left after all. Handed over and in neither folder is a person's, as ever.
    """
    with office.post_door():
        state = office.ledger.outbox.state(action.key)
        if state not in ("intended", "handed"):
            return True
        found = list(office.mailbox.find(action.key))
        if not any(r.folder == "sent" for r in found) and (found or state == "intended"):
            office.ledger.outbox.forget(action.key, office.clock.now())
            office.tick("taken-back")
            for draft in found:
                # tidiness only: the next mail under this key clears what is left
                try:
                    office.mailbox.discard(draft)
                except MailError:
                    break
            return True
    return post(office, action.key, new=True)


def now_asked(office: Office, key: str) -> None:
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
            actions=(say("เปิดกล่องจดหมายที่ส่งแล้วและสอบถามผู้รับ แล้วตอบระบบด้วยคำสั่งใดคำสั่งหนึ่งด้านล่าง"),),
            commands=[
                (f'songthan outbox sent {key} --reason "…"', say("ผู้รับได้รับแล้ว หรือท่านส่งเองแล้ว")),
                (f'songthan outbox again {key} --reason "…"', say("ผู้รับยังไม่ได้รับ ให้ระบบส่งอีกหนึ่งครั้ง")),
            ],
        )


def post_all(office: Office) -> tuple[int, int]:
    """Send every mail that was intended, may leave now and is not yet proven sent: (sent, left over). Stops at a busy server."""
    keys = [mail.key for mail in office.ledger.outbox.unsent()]
    sent = 0
    for at in range(0, len(keys), TOGETHER):
        try:
            sent += sum(post_each(office, keys[at : at + TOGETHER]))
        except MailAuthFailed:
            raise
        except MailBusy:
            break
        except MailError:
            continue
    return sent, len(keys) - sent
