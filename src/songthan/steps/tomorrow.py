"""One working day of the office played ahead, in an office that is borrowed: its mailbox is in memory, its ledger a copy.

Nothing is sent and nothing of it is kept; the steps are the real ones, so what they write is what would be written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import Protocol

from songthan.domain.errors import SongthanError
from songthan.domain.language import phrase, say
from songthan.domain.messages import SentRef
from songthan.domain.notices import NoticeKind
from songthan.steps.advance import advance
from songthan.steps.office import Office
from songthan.steps.post import post_all
from songthan.steps.report_status import brief
from songthan.steps.send_digest import send_digest

#: The visits of the day: the first letters and the digest, after the cut's noon, before the office closes.
HOURS = (time(8, 35), time(13, 5), time(16, 20))
_K = NoticeKind
NOTICE_TH = {
    _K.REQUEST: phrase("ถึงวันเปิดรอบ หรือเพิ่งต้องขอ"),
    _K.REMINDER: phrase("ถึงวันเตือน ยังไม่ได้รับ"),
    _K.DEPUTY: phrase("ขอจากผู้แทน"),
    _K.AWAY: phrase("แจ้งผู้ลาว่าขอจากผู้แทนแล้ว"),
    _K.BACK: phrase("กลับจากลาแล้ว ยังไม่มีผู้ส่ง"),
    _K.RELIEVED: phrase("แจ้งผู้แทนว่าเจ้าตัวกลับมาแล้ว"),
    _K.ESCALATION: phrase("แจ้งรายชื่อผู้ที่ยังค้าง"),
    _K.SIGN: phrase("เตือนให้ลงนาม"),
    _K.RECEIPT: phrase("ขอทราบเลขรับ"),
}
_REASON_TH = {
    "receipt": phrase("รับครบถ้วนแล้ว"),
    "please_correct": phrase("ตรวจแล้วยังไม่ครบ"),
    "need_file": phrase("ตอบมาโดยไม่มีไฟล์"),
    "not_valid": phrase("ส่งไฟล์ที่ใช้ไม่ได้"),
    "director": phrase("จัดทำรายงานแล้ว"),
    "registry": phrase("ลงนามแล้ว"),
    "duty_changed": phrase("ท่านสั่งเปลี่ยนแปลง"),
    "digest": phrase("ทุกเช้าวันทำการ"),
}


class SetClock(Protocol):
    """A clock that can be set."""

    moment: datetime


def play_day(office: Office, clock: SetClock, look: Callable[[], None]) -> list[str]:
    """Play the day `clock` stands on; `look` is called after each visit. What could not be played, one sentence each."""
    for row in office.ledger.outbox.rows(("handed",)):
        # on its way now: the real mailbox knows where it is, this one does not
        ref = SentRef(id="", change="", folder="sent", message_id=str(row["message_id"] or ""))
        office.ledger.outbox.mark_sent(str(row["key"]), ref, office.clock.now())
    failed: list[str] = []
    day = office.calendar.local(clock.moment).date()
    for hour in HOURS:
        clock.moment = office.calendar.at(day, hour)
        steps = [lambda d=d.id: advance(office, d) for d in office.driven_deadlines]
        for step in (*steps, lambda: send_digest(office), lambda: post_all(office)):
            try:
                step()
            except SongthanError as error:
                failed.append(say("ส่วนหนึ่งของวันนั้นแสดงไม่ได้: {why}", why=str(error)))
        look()
    return list(dict.fromkeys(failed))


def why(office: Office, key: str) -> str:
    """Why this mail goes out, in words: the deadlines it is about and what is told of each."""
    row = office.ledger.outbox.get(key) or {}
    about = [brief(office, d) for d in office.plan.deadlines if d.id == row.get("deadline")]
    told: dict[str, None] = {}
    for line in str(row.get("says") or "").splitlines()[1:]:
        notice, kind, *_ = line.split(" ")
        names = [brief(office, d) for d in office.plan.deadlines if notice.startswith(f"{d.id}/")]
        told[": ".join([*names[:1], say(NOTICE_TH[_K(kind)])])] = None
    if told:
        return " · ".join(told)
    reason = _REASON_TH.get(str(row.get("kind")))
    return ": ".join([*about, say(reason) if reason else str(row.get("subject") or "")])
