"""The number of the covering memo (เลขที่หนังสือ), which the office's registry gives before the director signs.

It lies in the ledger as a decision, so that a report made again carries it; where the report waits for its signature it is
made anew as the next version, as after any correction. Safe to repeat: one transaction; the same number changes nothing.
"""

from __future__ import annotations

import re

from songthan.domain.assignments import DeadlineState
from songthan.domain.changes import Change
from songthan.domain.errors import UsageError
from songthan.domain.language import digits
from songthan.domain.plans import Deadline
from songthan.domain.thai import canonical, squeeze, to_arabic_digits
from songthan.steps.duty_letters import record
from songthan.steps.find_duty import find_deadline
from songthan.steps.given_number import memo_number
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome
from songthan.steps.reopen_duty import make_anew

_WHERE = "songthan number"
_NUMBER = re.compile(r"[^\x00-\x1f\x7f]{1,40}")
_GONE = frozenset({DeadlineState.SUBMITTED, DeadlineState.ACKNOWLEDGED})


def number_memo(office: Office, what: str, number: str, *, reason: str = "", by: str) -> Outcome:
    """The memo of deadline `what` bears `number` from now on. UsageError when it is no number, and when the report is signed
    or handed in."""
    deadline = find_deadline(office, what, where=_WHERE)
    number = to_arabic_digits(squeeze(canonical(number)))
    if not _NUMBER.fullmatch(number) or not any(c.isdigit() for c in number):
        raise UsageError("เลขที่หนังสือไม่ถูกรูปแบบ", where=_WHERE, remedy='เขียนตามทะเบียนหนังสือส่ง เช่น "สว ๐๐๐๑/๑๒๓"')
    reason = squeeze(reason) or f"ออกเลขที่หนังสือ {digits(number)}"
    with office.ledger.transaction():
        if memo_number(office, deadline) == number:
            words = f"{deadline.title} มีเลขที่หนังสือ {digits(number)} แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง"
            return Outcome(kind="number", changed=False, subject=deadline.id, words=words)
        _refuse_late(office, deadline)
        change = Change(
            kind="number", fiscal_year=office.plan.fiscal_year, subject=deadline.id, deadline=deadline.id, to=number,
            at=office.clock.now(), reason=reason, by=by,
        )  # fmt: skip
        record(office, change)
        anew = make_anew(office, deadline, reason=reason, by=by)
    follows = " ฉบับที่จัดทำไว้เป็นอันยกเลิก ระบบจัดทำฉบับใหม่แล้วเสนอลงนามใหม่ในรอบถัดไป" if anew else " ระบบพิมพ์เลขนี้เมื่อจัดทำรายงาน"
    return Outcome(
        kind="number", changed=True, subject=deadline.id, words=f"บันทึกเลขที่หนังสือ {digits(number)} ของ{deadline.title} แล้ว{follows}"
    )


def _refuse_late(office: Office, deadline: Deadline) -> None:
    bundle = office.ledger.bundles.latest(deadline.id)
    if office.ledger.deadline_state(deadline.id) in _GONE:
        raise UsageError(
            "ส่งรายงานนี้ให้งานสารบรรณแล้ว เลขที่หนังสือจึงเปลี่ยนไม่ได้", where=deadline.id, remedy="หากต้องแก้ไข โปรดประสานงานสารบรรณและผู้รับโดยตรง"
        )
    if bundle is not None and bundle["signed"]:
        raise UsageError(
            "ผู้อำนวยการลงนามฉบับที่ไม่มีเลขนี้แล้ว", where=deadline.id,
            remedy=f'เปิดรายงานก่อนด้วย songthan reopen {deadline.id} --reason "…" (ลายมือชื่อเดิมเป็นอันยกเลิก) แล้วบันทึกเลขใหม่',
        )  # fmt: skip
