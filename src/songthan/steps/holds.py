"""The secretary's word on held and quarantined mail.

Safe to repeat: a mail that was decided is refused a second decision, and the decision is one transaction with all that
follows from it.
"""

from __future__ import annotations

from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.domain.errors import UsageError
from songthan.domain.forms import ReturnedForm, split_field_id
from songthan.steps.gather_facts import FormFile, gather
from songthan.steps.mail_effects import keep_form
from songthan.steps.office import Office

#: Problems of reading, which a person's look can settle; the others are problems of what was answered.
_READING = frozenset(
    {
        "disagree", "doubled", "row-missing", "row-twice", "both-ticked", "pdf-wrapped", "low-confidence", "converted",
        "old-version", "identity-mixed",
    }
)  # fmt: skip


def hold_row(office: Office, inbox_id: int) -> dict[str, object]:
    """The row of a held or quarantined mail; UsageError names the remedy when there is none."""
    row = office.ledger.inbox.get(inbox_id)
    if row is None or row["route"] not in ("hold", "quarantine"):
        raise UsageError(
            f"ไม่มีจดหมายที่พักไว้เลขที่ {inbox_id}", where="songthan hold", remedy="ดูรายการด้วย songthan hold list"
        )
    return row


def held_form(office: Office, inbox_id: int) -> FormFile | None:
    """The form of a held mail as it reads now, or None when it holds no form of ours."""
    row = hold_row(office, inbox_id)
    if not row["parsed"]:
        return None
    return gather(office, row, office.ledger.inbox.message(inbox_id)).form_file


def place_of(office: Office, file: FormFile, field_id: str) -> str:
    """A field as a person finds it: «กิจกรรม ๖.๑ ช่อง ร้อยละ»."""
    activity, key = split_field_id(field_id)
    number = next((a.number for a in office.plan.activities if a.id == activity), activity)
    spec = office.forms[file.assignment.form] if file.assignment else None
    label = next((f.column or f.label for f in spec.fields if f.key == key), key) if spec else key
    return f"กิจกรรม {number} ช่อง {label}"


def accept_hold(office: Office, inbox_id: int, reason: str) -> str:
    """Use the held mail after all; returns what was done, in Thai. A quarantined mail is never read: UsageError."""
    row = _undecided(office, inbox_id)
    if row["route"] == "quarantine":
        raise UsageError(
            f"จดหมายเลขที่ {inbox_id} ถูกกักกัน ระบบจะไม่อ่านไฟล์ในจดหมายนี้",
            where="songthan hold accept",
            remedy="ขอให้ผู้ส่งตัวจริงส่งใหม่จากที่อยู่ของตน แล้วปิดรายการนี้ด้วย songthan hold reject",
        )
    file = held_form(office, inbox_id)
    if file is None or file.assignment is None:
        with office.ledger.transaction():
            office.ledger.inbox.decide(inbox_id, "accept", reason, office.clock.now())
        return "บันทึกแล้ว จดหมายนี้ไม่มีแบบรายงานของระบบ จึงไม่มีค่าใดถูกนำไปใช้"
    assignment = file.assignment
    if office.ledger.deadline_state(assignment.deadline) not in (DeadlineState.OPEN, DeadlineState.MISSED):
        raise UsageError(
            "รอบรายงานนี้ปิดรวบรวมแล้ว", where=assignment.deadline, remedy="แจ้งผู้ส่งว่าจะนำไปใช้ในรอบถัดไป แล้วปิดรายการนี้ด้วย songthan hold reject"
        )
    if assignment.state in (AssignmentState.PLANNED, AssignmentState.WAIVED):
        raise UsageError("รายการนี้ยังไม่ได้ขอหรือได้รับยกเว้นแล้ว", where=assignment.id, remedy="รอให้ระบบส่งแบบก่อน หรือปิดรายการนี้ด้วย songthan hold reject")
    verdict = _verdict(file.form)
    with office.ledger.transaction():
        office.ledger.inbox.decide(inbox_id, "accept", reason, office.clock.now())
        keep_form(office, inbox_id, office.ledger.inbox.message(inbox_id), file, verdict=verdict)
    return f"รับแบบของรายการ {assignment.id} แล้ว ({'ครบถ้วน' if verdict == 'complete' else 'ระบบจะขอให้ผู้ส่งแก้ไขส่วนที่ยังไม่ครบ'})"


def reject_hold(office: Office, inbox_id: int, reason: str) -> str:
    """Close a held or quarantined mail without using it."""
    _undecided(office, inbox_id)
    with office.ledger.transaction():
        office.ledger.inbox.decide(inbox_id, "reject", reason, office.clock.now())
    return f"ปิดจดหมายเลขที่ {inbox_id} แล้ว ไม่มีค่าใดถูกนำไปใช้"


def _undecided(office: Office, inbox_id: int) -> dict[str, object]:
    row = hold_row(office, inbox_id)
    if row["decision"]:
        raise UsageError(
            f"จดหมายเลขที่ {inbox_id} วินิจฉัยไปแล้ว ({row['decision']}: {row['decision_reason']})",
            where="songthan hold",
            remedy="ดูรายการที่ยังค้างด้วย songthan hold list",
        )
    return row


def _verdict(form: ReturnedForm) -> str:
    """After a person looked: complete unless something was not answered or answered wrongly."""
    return "complete" if all(p.code in _READING for p in form.problems) else "incomplete"
