"""The secretary's word on held and quarantined mail.

Safe to repeat: a mail that was decided is refused a second decision, and the decision is one transaction with all that
follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from songthan.domain.answers import value_of
from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.domain.errors import UsageError
from songthan.domain.forms import FormSpec, Problem, ReturnedForm, split_field_id
from songthan.domain.language import say
from songthan.domain.thai import to_thai_digits
from songthan.steps.confirm_pen import accept_pen, deadline_of_page, is_doubtful, is_pen, reject_pen, signed_by
from songthan.steps.gather_facts import FormFile, asked_fields, check_form, gather
from songthan.steps.mail_effects import by_person, is_reading, keep_forms, person_verdict
from songthan.steps.office import Office


def hold_row(office: Office, inbox_id: int) -> dict[str, object]:
    """The row of a held or quarantined mail; UsageError names the remedy when there is none."""
    row = office.ledger.inbox.get(inbox_id)
    if row is None or row["route"] not in ("hold", "quarantine"):
        raise UsageError(
            f"ไม่มีจดหมายที่พักไว้เลขที่ {inbox_id}", where="songthan hold", remedy="ดูรายการด้วย songthan hold list"
        )
    return row


def held_forms(office: Office, inbox_id: int) -> tuple[FormFile, ...]:
    """The forms of a held mail as they read now; empty when it holds no form of ours."""
    row = hold_row(office, inbox_id)
    if not row["parsed"]:
        return ()
    return gather(office, row, office.ledger.inbox.message(inbox_id)).form_files


def place_of(office: Office, file: FormFile, field_id: str) -> str:
    """A field as a person finds it: «กิจกรรม ๖.๑ ช่อง ร้อยละ», «ข้อ ๒ ช่อง จำนวนเรื่อง»."""
    spec = office.forms[file.assignment.form] if file.assignment else None
    answer = file.form.answers.get(field_id)
    if spec is None or not spec.repeat:
        return answer.source if answer and answer.source else field_id
    activity, key = split_field_id(field_id)
    number = next((a.number for a in office.plan.activities if a.id == activity), activity)
    return f"กิจกรรม {number} ช่อง {next((f.column or f.label for f in spec.fields if f.key == key), key)}"


def accept_hold(
    office: Office, inbox_id: int, reason: str, values: Mapping[str, str] | None = None, *, by: str = "", account: str = ""
) -> str:
    """Use the held mail after all; returns what was done, in Thai. A quarantined mail is never read: UsageError.

    `values` (field id → what the secretary read with her own eyes) stand for what the machine was not sure of; a doubt
    without a value must have one, so that nothing is dropped by accepting. `by` is who compared a page signed by pen with
    the frozen one (needed for such a mail), `account` whose account gave the command.
    """
    row = undecided(office, inbox_id)
    if row["route"] == "quarantine":
        raise UsageError(
            f"จดหมายเลขที่ {inbox_id} ถูกกักกัน ระบบจะไม่อ่านไฟล์ในจดหมายนี้",
            where="songthan hold accept",
            remedy="ขอให้ผู้ส่งตัวจริงส่งใหม่ แล้วปิดรายการนี้ด้วย songthan hold reject หรือหากยืนยันกับเจ้าตัวแล้วว่าเป็นของจริง ใช้ songthan hold release ก่อน",
        )
    if is_pen(row):
        return accept_pen(office, inbox_id, row, reason, by, account)
    if is_doubtful(row):
        raise UsageError(
            f"จดหมายเลขที่ {inbox_id} ใช้เป็นลายมือชื่อไม่ได้: {row['reason']}",
            where="songthan hold accept",
            remedy=f'รอลายมือชื่อใหม่ แล้วปิดรายการนี้ด้วย songthan hold reject {inbox_id} --reason "…"',
        )
    files = [f for f in held_forms(office, inbox_id) if f.assignment is not None]
    if not files:
        with office.ledger.transaction():
            office.ledger.inbox.decide(inbox_id, "accept", reason, office.clock.now())
        return "บันทึกแล้ว จดหมายนี้ไม่มีแบบรายงานของระบบ จึงไม่มีค่าใดถูกนำไปใช้"
    if len({f.assignment.id for f in files if f.assignment}) < len(files):
        raise UsageError(
            "จดหมายนี้มีไฟล์ของแบบเดียวกันมากกว่าหนึ่งไฟล์ ระบบไม่ทราบว่าให้ใช้ไฟล์ใด",
            where=f"จดหมายเลขที่ {inbox_id}",
            remedy="ขอให้ผู้ส่งส่งไฟล์ที่ใช้จริงมาไฟล์เดียว แล้วปิดรายการนี้ด้วย songthan hold reject",
        )
    for file in files:
        _may_be_used(office, file)
    files = _with_values(office, inbox_id, files, dict(values or {}))
    with office.ledger.transaction():
        office.ledger.inbox.decide(inbox_id, "accept", reason, office.clock.now())
        keep_forms(office, inbox_id, office.ledger.inbox.message(inbox_id), files, looked=True)
    told = {"complete": "ครบถ้วน", "incomplete": "ระบบจะขอให้ผู้ส่งแก้ไขส่วนที่ยังไม่ครบ"}
    done = (f"{f.assignment.id} ({told[person_verdict(f.form)]})" for f in files if f.assignment)
    return f"รับแบบแล้ว: {', '.join(done)}"


def _with_values(
    office: Office, inbox_id: int, files: Sequence[FormFile], values: dict[str, str]
) -> list[FormFile]:
    """The forms with a person's values put in and checked again. UsageError for an unknown or still doubtful field."""
    done = []
    message = office.ledger.inbox.message(inbox_id)
    for file in files:
        assert file.assignment is not None
        asked = asked_fields(office, file.assignment, file.form)
        mine = {field: values.pop(field) for field in list(values) if field in asked}
        _refuse_nonsense(office.forms[file.assignment.form], mine)
        form = check_form(office, file.assignment, by_person(office.forms[file.assignment.form], file.form, mine), message)
        doubtful = [p for p in form.problems if _lost_if_accepted(form, p)]
        if doubtful:
            raise UsageError(
                f"ยังมี {to_thai_digits(len(doubtful))} ช่องที่ระบบอ่านไม่ได้แน่ชัด หากรับไว้เลยคำตอบจะหายไป: {doubtful[0].message_th}",
                where=f"จดหมายเลขที่ {inbox_id}",
                remedy="เปิดไฟล์ดู แล้วระบุค่าที่ถูกต้อง เช่น " + " ".join(f'--set "{p.field}=…"' for p in doubtful[:3]),
            )
        done.append(replace(file, form=form))
    if values:
        known = sorted(f for file in files if file.assignment for f in asked_fields(office, file.assignment, file.form))
        raise UsageError(
            f"ไม่มีช่อง «{next(iter(values))}» ในแบบที่พักไว้", where="--set", remedy=f"ช่องที่มี: {', '.join(known[:12])}…"
        )
    return done


def _refuse_nonsense(spec: FormSpec, values: Mapping[str, str]) -> None:
    """UsageError for a value the field cannot hold: a slip of hers must not become a letter to the member."""
    for field_id, text in values.items():
        field = spec.of_id(field_id)
        if text.strip() and value_of(field, text) is None:
            choices = " หรือ ".join(f"{c.value} ({c.label})" for c in field.options)
            raise UsageError(
                f"ช่อง {field_id} ({field.label}) รับค่า «{text}» ไม่ได้",
                where="--set",
                remedy=f"ใช้ {choices}" if choices else "ระบุตัวเลขหรือวันที่ให้ถูกต้อง เช่น 80 หรือ ๑๕ มีนาคม ๒๕๖๖",
            )


def needs_values(office: Office, inbox_id: int) -> bool:
    """Would accepting this mail as it is lose an answer, because the machine is not sure of a field and has no value?"""
    return any(_lost_if_accepted(f.form, p) for f in held_forms(office, inbox_id) for p in f.form.problems)


def _lost_if_accepted(form: ReturnedForm, problem: Problem) -> bool:
    """A doubt of reading about a field in which something stands and for which no value is known."""
    answer = form.answers.get(problem.field)
    return answer is not None and answer.value is None and bool(answer.raw) and is_reading(problem)


def _may_be_used(office: Office, file: FormFile) -> None:
    """UsageError when the form's deadline is closed or the form was never asked for."""
    assignment = file.assignment
    if assignment is None:
        return
    if office.ledger.deadline_state(assignment.deadline) not in (DeadlineState.OPEN, DeadlineState.MISSED):
        raise UsageError(
            "รอบรายงานนี้ปิดรวบรวมแล้ว", where=assignment.deadline, remedy="แจ้งผู้ส่งว่าจะนำไปใช้ในรอบถัดไป แล้วปิดรายการนี้ด้วย songthan hold reject"
        )
    if assignment.state in (AssignmentState.PLANNED, AssignmentState.WAIVED):
        raise UsageError("รายการนี้ยังไม่ได้ขอหรือได้รับยกเว้นแล้ว", where=assignment.id, remedy="รอให้ระบบส่งแบบก่อน หรือปิดรายการนี้ด้วย songthan hold reject")


def reject_hold(office: Office, inbox_id: int, reason: str) -> str:
    """Close a held or quarantined mail without using it. The sender of a page signed by pen is told, with her reason."""
    row = undecided(office, inbox_id)
    if is_pen(row):
        about = deadline_of_page(office, inbox_id)
        with office.ledger.transaction():
            office.ledger.inbox.decide(inbox_id, "reject", reason, office.clock.now())
            reject_pen(office, inbox_id, about, reason)
        return f"ไม่รับหน้าลงนามด้วยปากกาในจดหมายเลขที่ {inbox_id} แล้ว ระบบจะแจ้งเหตุนี้ถึงผู้ลงนามและรอลายมือชื่อใหม่"
    with office.ledger.transaction():
        office.ledger.inbox.decide(inbox_id, "reject", reason, office.clock.now())
    return f"ปิดจดหมายเลขที่ {inbox_id} แล้ว ไม่มีค่าใดถูกนำไปใช้"


def release_hold(office: Office, inbox_id: int, reason: str) -> str:
    """Take a mail out of quarantine: it is held from now on, with her reason, and its files are read in the sandbox.

    A second time finds it held and changes nothing. What is a program, holds macros or was refused by the reader is not
    opened then either.
    """
    row = undecided(office, inbox_id)
    if row["route"] == "hold":
        if row["released_at"]:
            return f"จดหมายเลขที่ {inbox_id} ปล่อยจากกักกันแล้ว รอท่านวินิจฉัย ไม่มีสิ่งใดเปลี่ยนแปลง"
        raise UsageError(
            f"จดหมายเลขที่ {inbox_id} ไม่ได้ถูกกักกัน", where="songthan hold release", remedy="ใช้ songthan hold accept หรือ songthan hold reject"
        )
    words = say("เลขานุการปล่อยจากกักกัน: {reason} (เหตุที่กักกัน: {before})", reason=reason, before=row["reason"])
    now = office.clock.now()
    parsed = bool(row["parsed"])
    files = gather(office, {**row, "released_at": now}, office.ledger.inbox.message(inbox_id)).form_files if parsed else ()
    about = next((f.assignment.id for f in files if f.assignment), None)
    with office.ledger.transaction():
        office.ledger.inbox.release(inbox_id, words, now)
        if about:
            office.ledger.inbox.assign(inbox_id, about)
    office.tick("released-from-quarantine")
    read = f"อ่านแบบได้ {to_thai_digits(len(files))} ไฟล์" if files else "ไม่พบแบบรายงานของระบบในจดหมายนี้"
    shut = "".join(f" ไม่เปิดไฟล์ {name}: {why}" for name, why in unopened(office, inbox_id))
    return f"ปล่อยจดหมายเลขที่ {inbox_id} จากกักกันแล้ว {read}{shut} โปรดดูด้วย songthan hold show {inbox_id} แล้ววินิจฉัย"


def unopened(office: Office, inbox_id: int) -> list[tuple[str, str]]:
    """The files of a held mail that are never opened: (name, why)."""
    row = hold_row(office, inbox_id)
    if not row["parsed"]:
        return []
    message = office.ledger.inbox.message(inbox_id)
    found = [(a.name, "มีมาโครหรือเป็นโปรแกรม") for a in message.attachments if a.role == "active"]
    refused = gather(office, row, message).refused
    if refused is not None:
        problems = " ".join(p.message_th for p in refused.form.problems)
        found.append((refused.attachment.name, problems or "ไฟล์ผิดปกติ"))
    return found


def reopen_hold(office: Office, inbox_id: int, reason: str) -> str:
    """Take a decision back: the mail waits for her word again. UsageError when answers were taken from it: those are a duty's."""
    row = hold_row(office, inbox_id)
    if not row["decision"]:
        return f"จดหมายเลขที่ {inbox_id} ยังไม่ได้วินิจฉัย ไม่มีสิ่งใดเปลี่ยนแปลง"
    if signed := signed_by(office, inbox_id):
        raise UsageError(
            f"หน้าลงนามด้วยปากกาในจดหมายเลขที่ {inbox_id} ใช้เป็นลายมือชื่อของรายงานแล้ว จึงถอนคำวินิจฉัยไม่ได้",
            where="songthan hold reopen",
            remedy=f'หากยังไม่ได้ส่งรายงาน ใช้ songthan reopen {signed} --reason "…" ลายมือชื่อเดิมเป็นอันยกเลิก',
        )
    with office.ledger.transaction():
        taken = office.ledger.returns.of_mail(inbox_id)
        if taken:
            raise UsageError(
                f"คำตอบในจดหมายเลขที่ {inbox_id} ถูกนำไปใช้แล้ว ({', '.join(taken)}) จึงถอนคำวินิจฉัยไม่ได้",
                where="songthan hold reopen",
                remedy=f'ขอแบบของรายการนั้นใหม่ด้วย songthan reopen {taken[0]} --reason "…"',
            )
        office.ledger.inbox.undecide(inbox_id, reason, office.clock.now())
    office.tick("undecided")
    return f"ถอนคำวินิจฉัยจดหมายเลขที่ {inbox_id} แล้ว จดหมายกลับไปรอท่านวินิจฉัย"


def undecided(office: Office, inbox_id: int) -> dict[str, object]:
    """The row of a held mail nobody has decided on; UsageError otherwise."""
    row = hold_row(office, inbox_id)
    if row["decision"]:
        raise UsageError(
            f"จดหมายเลขที่ {inbox_id} วินิจฉัยไปแล้ว ({row['decision']}: {row['decision_reason']})",
            where="songthan hold",
            remedy="ดูรายการที่ยังค้างด้วย songthan hold list หรือถอนคำวินิจฉัยด้วย songthan hold reopen",
        )
    return row
