"""The nightly count: the whole mailbox listed against the ledger. What has no row is taken in at once, what left is named.

Safe to repeat and to be killed anywhere: taking in is the intake's own (a row a mail), letters have the day's key, and the
night counts as counted only when everything else is done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from songthan.domain.errors import MailError, MailNotFound
from songthan.domain.language import digits, moment_words, say
from songthan.domain.messages import MailRef
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.take_in import fetch_new, settle_all

#: The count of a day is made at the first look after this hour; a machine that was off makes it when it is on again.
FROM_HOUR = 2
#: Rows that are asked for one by one when mails are missing, newest first.
MOST_ASKED = 300
_BEGAN, _EVENT = "mailbox-count-began", "mailbox-counted"
_MOST_NAMED = 10


@dataclass(frozen=True, kw_only=True)
class Count:
    """`there` mails in the mailbox, `known` rows; `missed` the rows of mails that every earlier look had left out, `gone` those
    whose mail left the mailbox by hand, as far as they were found."""

    at: datetime
    there: int
    known: int
    missed: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()

    @property
    def equal(self) -> bool:
        return self.there == self.known


def count_if_due(office: Office) -> str:
    """`count_tonight`, and the newest count in words. A mailbox that cannot be asked is the watch's to tell; the next look
    counts."""
    try:
        count_tonight(office)
    except MailError as error:
        print(say("นับจดหมายประจำคืนไม่สำเร็จ จะนับใหม่ในรอบถัดไป: {why}", why=error.th))
    return count_words(office)


def count_tonight(office: Office) -> Count | None:
    """Count, unless today's count is made or it is too early; None then. MailError when the mailbox cannot be asked."""
    now = office.calendar.local(office.clock.now())
    if now.hour < FROM_HOUR or office.ledger.has_event(_EVENT, now.date().isoformat()):
        return None
    # what came since the last look is no mistake of anybody's
    fetch_new(office)
    before, began = _begin(office, now)
    office.ledger.inbox.save_mailbox_state("")
    fetch_new(office)
    settle_all(office)
    new = office.ledger.inbox.latest(office.ledger.inbox.last_id() - before)
    missed = tuple(sorted(int(str(r["id"])) for r in new if datetime.fromisoformat(str(r["received"])) <= began))
    there, known = office.mailbox.count(), office.ledger.inbox.counts()["all"]
    gone = _gone(office, known - there) if there < known else ()
    found = Count(at=now, there=there, known=known, missed=missed, gone=gone)
    _tell(office, found, now.date())
    office.tick("counted")
    data = {"there": there, "known": known, "missed": list(missed), "gone": list(gone)}
    office.ledger.record(_EVENT, now.date().isoformat(), office.clock.now(), **data)
    return found


def last_count(office: Office) -> Count | None:
    """The newest count, or None when none was made yet."""
    event = office.ledger.last_event(_EVENT)
    if event is None:
        return None
    data = json.loads(str(event["data"]))
    return Count(
        at=office.calendar.local(datetime.fromisoformat(str(event["at"]))), there=data["there"], known=data["known"],
        missed=tuple(data["missed"]), gone=tuple(data["gone"]),
    )  # fmt: skip


def count_words(office: Office) -> str:
    """The newest count as one line for the digest; empty when none was made yet."""
    found = last_count(office)
    if found is None:
        return ""
    given = {"there": digits(found.there), "known": digits(found.known), "at": moment_words(found.at)}
    if found.equal:
        return say("จำนวนตรงกัน กล่องจดหมายและสมุดทะเบียนมี {there} ฉบับเท่ากัน นับเมื่อ{at}", **given)
    return say("จำนวนไม่ตรงกัน ในกล่องมี {there} ฉบับ ในสมุดทะเบียนมี {known} ฉบับ นับเมื่อ{at}", **given)


def _begin(office: Office, now: datetime) -> tuple[int, datetime]:
    """The newest row before tonight's whole listing, and when that began: the same again after a run that was killed."""
    event = office.ledger.last_event(_BEGAN)
    if event is None or event["subject"] != now.date().isoformat():
        office.ledger.record(_BEGAN, now.date().isoformat(), now, newest=office.ledger.inbox.last_id())
        office.tick("count-began")
        event = office.ledger.last_event(_BEGAN) or {}
    return int(json.loads(str(event["data"]))["newest"]), datetime.fromisoformat(str(event["at"]))


def _gone(office: Office, wanted: int) -> tuple[int, ...]:
    """The rows whose mail is not where it was put, newest first, as many as are missing."""
    found: list[int] = []
    for row in office.ledger.inbox.latest(MOST_ASKED):
        if len(found) == wanted:
            break
        try:
            office.mailbox.raw(_ref(row), lambda piece: None)
        except MailNotFound:
            found.append(int(str(row["id"])))
    return tuple(found)


def _ref(row: Mapping[str, object]) -> MailRef:
    received = datetime.fromisoformat(str(row["received"]))
    return MailRef(
        id=str(row["mailbox_id"]), change="", received=received, message_id=str(row["message_id"] or ""), folder=str(row["folder"])
    )


def _tell(office: Office, found: Count, day: date) -> None:
    if found.missed:
        tell_secretary(
            office,
            key=f"count/missed/{day.isoformat()}",
            title=say("พบจดหมายที่ยังไม่ได้อ่าน"),
            what=say("การนับประจำคืนพบจดหมาย {count} ฉบับในกล่องที่รอบก่อนไม่เห็น ระบบรับเข้าทะเบียนและอ่านแล้ว: ", count=digits(len(found.missed)))
            + _named(office, found.missed),
            actions=(say("ดูว่าเป็นเรื่องที่กำหนดส่งกระทบหรือไม่ หากเกิดซ้ำให้แจ้งผู้ดูแล"),),
            commands=[("songthan hold list", say("ดูจดหมายที่รอวินิจฉัย"))],
        )
    if found.known > found.there:
        unknown = found.known - found.there - len(found.gone)
        more = say(" และอีก {count} ฉบับที่ระบุไม่ได้", count=digits(unknown)) if unknown else ""
        tell_secretary(
            office,
            key=f"count/gone/{day.isoformat()}",
            title=say("มีจดหมายถูกย้ายหรือลบออกจากกล่อง"),
            what=say("การนับประจำคืนพบว่าจดหมายที่ระบบรับไว้แล้วไม่อยู่ที่เดิม {count} ฉบับ: ", count=digits(found.known - found.there))
            + _named(office, found.gone) + more,
            actions=(say("จดหมายทุกฉบับยังอยู่ครบในระบบ โปรดกำชับผู้ที่เปิดกล่องนี้ไม่ให้ย้ายหรือลบจดหมาย"),),
        )  # fmt: skip


def _named(office: Office, ids: tuple[int, ...]) -> str:
    rows = [office.ledger.inbox.get(i) or {} for i in ids[:_MOST_NAMED]]
    shown = [
        say("ที่ {id} จาก {sender} เรื่อง «{subject}»", id=digits(str(r["id"])), sender=r["sender"] or "-", subject=r["subject"] or "-")
        for r in rows
    ]
    return "; ".join([*shown, *(["…"] if len(ids) > _MOST_NAMED else [])])
