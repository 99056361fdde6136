"""The secretary's decisions about duties, by their names: what the commands and the dashboard's flow call.

Safe to repeat: each is one transaction, and the same decision again changes nothing and says so.
"""

from __future__ import annotations

from songthan.domain.dates import typed_day
from songthan.domain.errors import UsageError
from songthan.steps.enter_receipt import enter_receipt
from songthan.steps.extend_deadline import extend
from songthan.steps.number_memo import number_memo
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome
from songthan.steps.reassign_seat import reassign
from songthan.steps.reopen_duty import reopen
from songthan.steps.waive_duty import waive

KINDS = ("waive", "reopen", "reassign", "extend", "receipt", "number")


def change_duty(
    office: Office, *, kind: str, what: str, to: str = "", date: str = "", date_to: str = "", reason: str, by: str
) -> Outcome:
    """Take decision `kind` about `what`, as typed. `to` is the new holder (reassign) or whose duty of deadline `what` it is
    (waive, reopen); `date` the members' new date (extend, to `date_to`) or how long answers are waited for (reopen). For a receipt, `to` is the
    registry's number, for a number the memo's.

    UsageError says what is missing or wrong.
    """
    if not what.strip():
        raise UsageError("ยังไม่ได้ระบุว่าเปลี่ยนแปลงรายการใด", where="what", remedy="ระบุรหัสรายการ ตำแหน่ง หรือกำหนดส่ง เช่น 2566-q2.f3.s04, s04, 2566-q2")
    if kind == "waive":
        return waive(office, what, to, reason=reason, by=by)
    if kind == "reopen":
        until = typed_day(date, where="--until") if date else None
        return reopen(office, what, to, reason=reason, by=by, until=until)
    if kind == "reassign":
        if not to.strip():
            raise UsageError("ยังไม่ได้ระบุผู้รับโอน", where="--to", remedy="ระบุรหัสบุคคล อีเมล หรือชื่อของผู้รับโอน")
        return reassign(office, what, to, reason=reason, by=by)
    if kind == "extend":
        if not date:
            raise UsageError("ยังไม่ได้ระบุวันใหม่", where="--internal", remedy='เขียนเช่น --internal "๑๗ มี.ค. ๒๕๖๖"')
        last = typed_day(date_to, where="--internal-to") if date_to else None
        return extend(office, what, typed_day(date, where="--internal"), last, reason=reason, by=by)
    if kind == "receipt":
        return enter_receipt(office, what, to, reason=reason, by=by)
    if kind == "number":
        return number_memo(office, what, to, reason=reason, by=by)
    raise UsageError(f"ไม่รู้จักการเปลี่ยนแปลง «{kind}»", where="kind", remedy=f"ใช้ {' '.join(KINDS)}")
