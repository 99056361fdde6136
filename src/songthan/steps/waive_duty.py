"""The secretary lets a member off one duty.

Safe to repeat: one transaction; a duty that is waived already stays as it is.
"""

from __future__ import annotations

from songthan.domain.assignments import AssignmentState
from songthan.domain.changes import Change
from songthan.domain.errors import UsageError
from songthan.steps.duty_letters import asked_instead, record, tell, was_asked
from songthan.steps.find_duty import find_duty, given_reason, is_frozen
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome

_WHERE = "songthan waive"


def waive(office: Office, what: str, who: str = "", *, reason: str, by: str) -> Outcome:
    """WAIVED for the assignment `what` (or the one `who` has in deadline `what`), and a polite letter if he was asked.

    UsageError after the freeze, for an answer that is accepted, and for one that lapsed.
    """
    reason = given_reason(reason, where=_WHERE)
    with office.ledger.transaction():
        duty = find_duty(office, what, who, where=_WHERE)
        member = office.plan.roster.member(duty.member)
        if duty.state is AssignmentState.WAIVED:
            words = f"รายการ {duty.id} ของ {member.full_name} ได้รับยกเว้นไว้แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง"
            return Outcome(kind="waive", changed=False, subject=duty.id, words=words)
        if is_frozen(office, duty.deadline):
            raise UsageError(
                "จัดทำรายงานของรอบนี้แล้ว จึงยกเว้นไม่ได้", where=duty.id, remedy=f"เปิดรายงานก่อนด้วย songthan reopen {duty.deadline}"
            )
        if duty.state in (AssignmentState.ACCEPTED, AssignmentState.LAPSED):
            told = "รับแบบของรายการนี้ครบถ้วนแล้ว" if duty.state is AssignmentState.ACCEPTED else "รายการนี้พ้นกำหนดรวบรวมแล้ว"
            raise UsageError(f"{told} ไม่มีสิ่งใดให้ยกเว้น", where=duty.id, remedy="ดูสถานะด้วย songthan status")
        now, asked = office.clock.now(), was_asked(office, duty)
        office.ledger.add_assignments((duty,), now)
        number = record(
            office,
            Change(
                kind="waive", fiscal_year=office.plan.fiscal_year, subject=duty.id, deadline=duty.deadline, at=now,
                reason=reason, by=by,
            ),
        )  # fmt: skip
        office.ledger.move_assignment(duty.id, AssignmentState.WAIVED, now, reason=reason)
        readers = [r for r in (member if asked else None, asked_instead(office, duty)) if r]
        told_to = tuple(
            tell(office, number, "waived", reader, duties=[duty], deadline=duty.deadline, reason=reason) for reader in readers
        )
    follows = f"ระบบจะมีจดหมายแจ้ง {' และ '.join(told_to)} ในรอบถัดไป" if told_to else "ยังไม่ได้ขอไป จึงไม่ต้องแจ้ง และระบบจะไม่ขอ"
    return Outcome(
        kind="waive", changed=True, subject=duty.id, assignments=(duty.id,), told=told_to,
        words=f"ยกเว้นรายการ {duty.id} ของ {member.full_name} แล้ว {follows}",
    )  # fmt: skip
