"""What lies in the outbox, and the secretary's word on it: let it go, never send it, it went, send it once more.

Safe to repeat: her word is a row that is only ever added to, and the last one counts; what a word changes is one transaction
with it, and a second time it finds nothing to change. Words are taken at the door of the post, so no run is half-way through
the mail she speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from songthan.domain.errors import UsageError
from songthan.domain.ladders import in_office_hours
from songthan.domain.language import digits
from songthan.domain.messages import OutgoingMail, SentRef
from songthan.domain.notices import LADDER_MAIL, UNASKED_MAIL
from songthan.domain.outgoing import Word
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome
from songthan.steps.post import now_asked, still_so
from songthan.steps.views import held_mails, waits_for_word

#: What is not settled: to be sent, or a person's.
OPEN = ("intended", "handed", "doubt", "withheld")
ALL = (*OPEN, "sent")
_WHERE = "songthan outbox"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One mail of the outbox. `waits` says for what: «word» the secretary's, «person» hers in doubt, «withheld», «hours» the
    office's, «server» (busy or refusing), «» sent. `since` is when it, or what it tells, was first meant."""

    key: str
    kind: str
    to: str
    subject: str
    state: str
    waits: str
    since: datetime
    deadline: str
    why: str

    def as_json(self) -> dict[str, object]:
        return {**self.__dict__, "since": self.since.isoformat()}


def outbox_rows(office: Office, *, everything: bool = False) -> list[Waiting]:
    """The mails that have not left (or all of them), oldest first."""
    held = {m.key for m in held_mails(office)}
    return [_waiting(office, row, held) for row in office.ledger.outbox.rows(ALL if everything else OPEN)]


def _waiting(office: Office, row: dict[str, object], held: set[str]) -> Waiting:
    key, state = str(row["key"]), str(row["state"])
    since = (office.ledger.outbox.first_meant(key) if state != "sent" else "") or str(row["intended_at"])
    return Waiting(
        key=key, kind=str(row["kind"]), to=str(row["recipient"]), subject=str(row["subject"]), state=state,
        waits=_waits(office, key, str(row["kind"]), state, held), since=datetime.fromisoformat(since),
        deadline=str(row["deadline"] or ""), why=str(row["why"] or "") if state in ("doubt", "withheld") else "",
    )  # fmt: skip


def _waits(office: Office, key: str, kind: str, state: str, held: set[str]) -> str:
    if state in ("sent", "withheld"):
        return "" if state == "sent" else "withheld"
    if state == "doubt":
        return "person"
    if key in held:
        return "word"
    return "hours" if kind in UNASKED_MAIL and not in_office_hours(office.clock.now(), office.calendar) else "server"


def mail_of(office: Office, key: str) -> OutgoingMail:
    """The mail as it will be sent; UsageError when there is none."""
    if office.ledger.outbox.state(key) == "none":
        raise UsageError(f"ไม่มีจดหมาย «{key}» ในตะกร้าจดหมายออก", where=_WHERE, remedy="ดูรหัสจดหมายด้วย songthan outbox list")
    return office.ledger.outbox.mail(key)


def release(office: Office, keys: Sequence[str], *, reason: str, by: str) -> Outcome:
    """These mails may go (none named: all that wait for her word); one that was withheld is meant again.

    They leave with the next round. A letter of the ladder that no longer holds then is written anew, as things stand, and
    goes without a second word, if it tells the same things.
    """
    wanted = list(keys) or [m.key for m in held_mails(office)]
    for key in wanted:
        mail_of(office, key)
    done = [key for key in wanted if _release(office, key, reason, by)]
    if not done:
        words = "ไม่มีจดหมายที่รอท่านปล่อย ไม่มีสิ่งใดเปลี่ยนแปลง"
        return Outcome(kind="release", changed=False, subject=", ".join(wanted), words=words)
    return Outcome(kind="release", changed=True, subject=", ".join(done), told=_readers(office, done), words=_release_words(office, done))


def _release(office: Office, key: str, reason: str, by: str) -> bool:
    now = office.clock.now()
    with office.post_door(), office.ledger.transaction():
        state, mail = office.ledger.outbox.state(key), office.ledger.outbox.mail(key)
        if state == "doubt":
            raise UsageError(
                f"จดหมาย {key} อาจออกไปแล้ว จึงปล่อยซ้ำไม่ได้", where=_WHERE,
                remedy="สอบถามผู้รับ แล้วใช้ songthan outbox sent หรือ songthan outbox again",
            )  # fmt: skip
        if state != "withheld" and not (state == "intended" and waits_for_word(office, mail)):
            return False
        office.ledger.words.give({key, *office.ledger.outbox.tells(key)}, Word.RELEASE, reason=reason, by=by, at=now)
        if state == "withheld":
            _mean_again(office, mail, now)
    office.tick("released")
    return True


def _mean_again(office: Office, mail: OutgoingMail, now: datetime) -> None:
    """A letter of the ladder is decided anew (the day is another one); any other mail is what it was."""
    if mail.kind in LADDER_MAIL:
        office.ledger.outbox.forget(mail.key, now)
    else:
        office.ledger.outbox.intend_again(mail.key, now)


def _release_words(office: Office, keys: Sequence[str]) -> str:
    mails = [office.ledger.outbox.mail(k) for k in keys if office.ledger.outbox.state(k) != "none"]
    ladder = [m.key for m in mails if m.kind in LADDER_MAIL]
    open_now = in_office_hours(office.clock.now(), office.calendar)
    words = f"ปล่อยจดหมายแล้ว {digits(len(keys))} ฉบับ "
    if len(mails) < len(keys) or (ladder and open_now and set(ladder) - still_so(office, ladder)):
        return words + "ฉบับที่เรื่องเปลี่ยนไปแล้ว (มีผู้ตอบ หรือเป็นวันใหม่) ระบบเขียนใหม่ตามที่เป็นอยู่ แล้วส่งในเวลาราชการ"
    if not open_now and any(m.kind in UNASKED_MAIL for m in mails):
        return words + "ออกเช้าวันทำการถัดไป จดหมายขอแบบและจดหมายเตือนระบบเขียนใหม่ให้ตรงกับวันนั้นเอง"
    return words + "ออกในรอบถัดไป (ไม่เกิน ๕ นาที)"


def withhold(office: Office, key: str, *, reason: str, by: str) -> Outcome:
    """This mail is never to go. What it tells counts as told, so that nobody writes it anew; what follows is said."""
    mail = mail_of(office, key)
    now = office.clock.now()
    with office.post_door():
        state = office.ledger.outbox.state(key)
        if state == "withheld":
            return Outcome(kind="withhold", changed=False, subject=key, words=f"ระงับจดหมาย {key} ไว้แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง")
        if state not in ("intended", "handed") or (state == "handed" and not _still_here(office, key)):
            raise UsageError(
                f"จดหมาย {key} ออกไปแล้วหรืออาจออกไปแล้ว จึงระงับไม่ได้", where=_WHERE, remedy="ดูสถานะด้วย songthan outbox list --all"
            )
        with office.ledger.transaction():
            office.ledger.words.give({key, *office.ledger.outbox.tells(key)}, Word.WITHHOLD, reason=reason, by=by, at=now)
            office.ledger.outbox.withhold(key, reason, now)
        office.tick("withheld")
    return Outcome(kind="withhold", changed=True, subject=key, words=f"ระงับจดหมาย {key} แล้ว จะไม่ส่งฉบับนี้ {follows(mail.kind)}".rstrip())


def _still_here(office: Office, key: str) -> bool:
    """Was it handed over, and did not leave: its draft lies there? The draft is taken away, so that nobody sends it."""
    found = list(office.mailbox.find(key))
    if not found or any(r.folder == "sent" for r in found):
        return False
    for draft in found:
        office.mailbox.discard(draft)
    return True


#: What a withheld letter leaves to a person.
_FOLLOWS = (
    ({"request", "duties", "duty_changed"}, "หากในจดหมายมีแบบที่เพิ่งขอ ผู้รับยังไม่ได้รับแบบและระบบจะไม่ขอเอง จนกว่าท่านจะส่งเองแล้วแจ้งด้วย songthan outbox sent หรือยกเว้นด้วย songthan waive หรือปล่อยอีกครั้งด้วย songthan outbox release"),
    ({"reminder", "sign", "receipt_request"}, "ระบบถือว่าเตือนขั้นนี้แล้ว และเตือนขั้นถัดไปตามแผน"),
    ({"please_correct"}, "ผู้ส่งยังไม่ทราบว่าต้องแก้ช่องใด โปรดแจ้งเอง ระบบยังเตือนตามแผน"),
    ({"director"}, "ผู้อำนวยการยังไม่ได้รับเอกสาร หากต้องแก้รายงานใช้ songthan reopen หากจะเสนอใช้ songthan outbox release"),
    ({"registry"}, "รายงานยังไม่ได้ส่งงานสารบรรณ หากต้องแก้รายงานใช้ songthan reopen หากจะส่งใช้ songthan outbox release"),
)  # fmt: skip


def follows(kind: str) -> str:
    """What a withheld letter of this kind leaves to the secretary."""
    return next((words for kinds, words in _FOLLOWS if kind in kinds), "")


def it_went(office: Office, key: str, *, reason: str, by: str) -> Outcome:
    """She knows that this mail reached its reader, or sent it herself: it counts as sent."""
    mail_of(office, key)
    now = office.clock.now()
    with office.post_door():
        state, row = office.ledger.outbox.state(key), office.ledger.outbox.get(key) or {}
        if state == "sent":
            return Outcome(kind="sent", changed=False, subject=key, words=f"จดหมาย {key} นับว่าส่งแล้วอยู่ก่อน ไม่มีสิ่งใดเปลี่ยนแปลง")
        if state == "handed":
            raise UsageError(f"ระบบกำลังส่งจดหมาย {key} และจะตรวจเอง", where=_WHERE, remedy="รอรอบถัดไป (ไม่เกิน ๕ นาที) แล้วดูใหม่")
        with office.ledger.transaction():
            office.ledger.words.give([key], Word.SENT, reason=reason, by=by, at=now)
            office.ledger.outbox.mark_sent(key, SentRef(id="", change="", folder="sent", message_id=str(row["message_id"] or "")), now)
        office.tick("settled-by-word")
    now_asked(office, key)
    return Outcome(kind="sent", changed=True, subject=key, words=f"นับว่าจดหมาย {key} ส่งแล้ว ระบบเดินงานต่อจากนี้ และจะไม่ส่งฉบับนี้อีก")


def once_more(office: Office, key: str, *, reason: str, by: str) -> Outcome:
    """A mail in doubt did not reach its reader: it is sent once more. (Found in Sent after all, it is not.)"""
    mail = mail_of(office, key)
    now = office.clock.now()
    with office.post_door(), office.ledger.transaction():
        if office.ledger.outbox.state(key) != "doubt":
            raise UsageError(
                f"จดหมาย {key} ไม่ได้อยู่ในสถานะไม่แน่ใจ", where=_WHERE,
                remedy="คำสั่งนี้ใช้กับจดหมายที่ระบบไม่แน่ใจว่าออกไปแล้วหรือไม่เท่านั้น ดูด้วย songthan outbox list",
            )  # fmt: skip
        office.ledger.words.give({key, *office.ledger.outbox.tells(key)}, Word.AGAIN, reason=reason, by=by, at=now)
        office.ledger.outbox.intend_again(key, now)
    office.tick("again")
    late = mail.kind in LADDER_MAIL and key not in still_so(office, [key])
    words = "หากไม่พบใน Sent ระบบเขียนใหม่ตามที่เป็นอยู่แล้วส่งในเวลาราชการ" if late else "ระบบค้นใน Sent อีกครั้ง หากไม่พบจะส่งในรอบถัดไป"
    return Outcome(kind="again", changed=True, subject=key, told=_readers(office, [key]), words=f"{words} (หนึ่งฉบับเท่านั้น)")


def _readers(office: Office, keys: Iterable[str]) -> tuple[str, ...]:
    rows = (office.ledger.outbox.get(k) for k in keys)
    return tuple(dict.fromkeys(str(r["recipient"]) for r in rows if r))
