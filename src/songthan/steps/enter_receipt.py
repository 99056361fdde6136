"""The secretary enters the registry's number: it came on paper, by telephone, or in a mail the machine could not read.

Safe to repeat: one transaction; a deadline that is acknowledged already stays as it is.
"""

from __future__ import annotations

import re
from datetime import datetime

from songthan.domain.assignments import DeadlineState
from songthan.domain.errors import UsageError
from songthan.domain.language import digits
from songthan.domain.thai import canonical, squeeze
from songthan.steps.find_duty import find_deadline, given_reason
from songthan.steps.holds import undecided
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome
from songthan.steps.submit import keep_receipt

_WHERE = "songthan receipt"
_NUMBER = re.compile(r"[^\x00-\x1f\x7f]{1,60}")


def enter_receipt(office: Office, what: str, number: str, *, mail: int | None = None, reason: str, by: str) -> Outcome:
    """ACKNOWLEDGED for the deadline `what` under the registry's `number`.

    `mail` is the held mail it stands in, which is accepted by this. UsageError when nothing waits for a number, when it is no
    number, and for a mail that is not from the registry or lies in quarantine.
    """
    reason = given_reason(reason, where=_WHERE)
    deadline = find_deadline(office, what, where=_WHERE)
    number = _checked(number)
    with office.ledger.transaction():
        bundle = office.ledger.bundles.latest(deadline.id)
        if bundle is not None and bundle["receipt"]:
            if squeeze(str(bundle["receipt"])) == number:
                words = f"บันทึกเลขรับ {digits(number)} ของ {deadline.id} ไว้แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง"
                return Outcome(kind="receipt", changed=False, subject=deadline.id, words=words)
            raise UsageError(
                f"รายงานนี้มีเลขรับ {bundle['receipt']} แล้ว", where=deadline.id, remedy="หากเลขเดิมผิด โปรดแจ้งผู้ดูแลระบบ เลขรับแก้ทับไม่ได้"
            )
        if office.ledger.deadline_state(deadline.id) is not DeadlineState.SUBMITTED:
            raise UsageError(
                "ขณะนี้ไม่มีเรื่องที่รอเลขรับ", where=deadline.id, remedy="บันทึกเลขรับได้เมื่อส่งงานสารบรรณแล้ว ดูด้วย songthan status"
            )
        received, source = _source(office, mail, reason, by)
        keep_receipt(office, deadline, number, received=received, inbox_id=mail, source=source)
        if mail is not None:
            office.ledger.inbox.decide(mail, "accept", reason, office.clock.now())
    return Outcome(
        kind="receipt", changed=True, subject=deadline.id,
        words=f"บันทึกเลขรับ {digits(number)} แล้ว {deadline.title} ส่งสำเร็จ ผู้ตรวจจะเห็นว่าเลขนี้ท่านเป็นผู้บันทึก",
    )  # fmt: skip


def _checked(number: str) -> str:
    number = squeeze(canonical(number))
    if not _NUMBER.fullmatch(number) or not any(c.isdigit() for c in number):
        raise UsageError("เลขรับไม่ถูกรูปแบบ", where=_WHERE, remedy='เขียนตามที่งานสารบรรณลงไว้ เช่น "สว ๔๑๒๓/๒๕๖๖"')
    return number


def _source(office: Office, mail: int | None, reason: str, by: str) -> tuple[datetime, dict[str, str]]:
    """When the number came, and whence."""
    told = {"entered_by": by, "reason": reason}
    if mail is None:
        return office.clock.now(), {"message_sha256": "", **told}
    row = undecided(office, mail)
    if row["route"] == "quarantine":
        # a forged answer of the registry must not become its receipt by a slip of the number
        raise UsageError(
            f"จดหมายเลขที่ {mail} ถูกกักกัน", where=_WHERE, remedy=f'โทรศัพท์ยืนยันกับงานสารบรรณ แล้วปล่อยก่อนด้วย songthan hold release {mail} --reason "…"'
        )
    if str(row["sender"] or "").lower() != office.plan.roster.registry.email.lower():
        raise UsageError(
            f"จดหมายเลขที่ {mail} ไม่ได้มาจากงานสารบรรณ", where=_WHERE, remedy="ตรวจเลขที่จดหมายด้วย songthan hold list หรือบันทึกโดยไม่ระบุ --mail"
        )
    return datetime.fromisoformat(str(row["received"])), {"message_sha256": str(row["sha256"]), **told}
