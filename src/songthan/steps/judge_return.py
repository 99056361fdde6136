"""The word on a form that was read: thank and accept, or ask politely for a correction.

Safe to repeat: the letter's key holds the return's id; its intent and the new state are one transaction, so a second run
finds the assignment already moved, and the letter in the outbox is carried out by whoever comes first.
"""

from __future__ import annotations

from datetime import datetime

from songthan.domain.assignments import Assignment, AssignmentState
from songthan.domain.decisions import Judge
from songthan.domain.forms import FormSpec, ReturnedForm, split_field_id, table_row
from songthan.domain.language import digits, moment_words, say
from songthan.steps.auto_answers import answer
from songthan.steps.fill_form import form_file
from songthan.steps.letters import days_left, deadline_words, member_words, tell_secretary
from songthan.steps.office import Office

#: After so many requests for a correction of one form the secretary is told instead.
MOST_ROUNDS = 3


def judge(office: Office, action: Judge) -> None:
    """Accept the return or ask for a correction; the letter goes out with the next post."""
    row = office.ledger.assignment_row(action.assignment)
    if row is None or row["state"] != AssignmentState.RECEIVED.value or row["current_return"] != action.return_id:
        return
    if action.complete:
        _accept(office, action)
    else:
        _ask_for_correction(office, action)
    office.tick("judged")


def _writer(office: Office, action: Judge) -> tuple[object, str, str]:
    """Who sent the return (the member, or the deputy on his behalf), and the address and Message-ID to answer."""
    returned = office.ledger.returns.get(action.return_id)
    mail = office.ledger.inbox.get(int(str(returned["inbox_id"]))) if returned else None
    row = office.ledger.assignment_row(action.assignment) or {}
    member = office.plan.roster.member(str(row["member"]))
    sender = office.plan.roster.by_address(str(mail["sender"])) if mail else None
    if sender and not action.complete and int(str(row["change"] or 0)) and sender.id not in (member.id, member.deputy):
        # the seat was given to another member since: he mends it, in a mail of his own
        return member, member.email, ""
    person = sender or member
    return person, person.email, str(mail["message_id"] or "") if mail else ""


def _accept(office: Office, action: Judge) -> None:
    now = office.clock.now()
    row = office.ledger.assignment_row(action.assignment) or {}
    assignment = office.ledger.as_assignment(row)
    person, address, message_id = _writer(office, action)
    with office.ledger.transaction():
        office.ledger.returns.accept(action.return_id, now)
        office.ledger.move_assignment(assignment.id, AssignmentState.ACCEPTED, now)
        answer(
            office,
            key=f"{assignment.id}/receipt/{office.calendar.local(now).date().isoformat()}",
            kind="receipt",
            to=address,
            reply_to=message_id,
            deadline=assignment.deadline,
            subjects=(assignment.id,),
            context={
                "member": member_words(person),
                "deadline": deadline_words(office.plan.deadline(assignment.deadline)),
                "accepted_at_th": moment_words(office.calendar.local(now)),
                "activities_count": len(assignment.activities),
                "form_title": office.forms[assignment.form].title,
                "corrected": int(str(row["corrections"] or 0)) > 0,
            },
        )


def _ask_for_correction(office: Office, action: Judge) -> None:
    now = office.clock.now()
    row = office.ledger.assignment_row(action.assignment) or {}
    assignment = office.ledger.as_assignment(row)
    form = office.ledger.returns.form(action.return_id)
    person, address, message_id = _writer(office, action)
    rounds = int(str(row["corrections"] or 0))
    if rounds >= MOST_ROUNDS:
        _hand_to_secretary(office, assignment, form, rounds)
        return
    if _told_today(office, assignment, form):
        office.ledger.move_assignment(assignment.id, AssignmentState.NEEDS_CORRECTION, now)
        return
    file = form_file(office, assignment, answers=form.answers, problems=form.problems, again=True)
    with office.ledger.transaction():
        office.ledger.move_assignment(
            assignment.id, AssignmentState.NEEDS_CORRECTION, now, corrections=rounds + 1
        )
        answer(
            office,
            key=f"{assignment.id}/correct/{action.return_id}",
            kind="please_correct",
            to=address,
            reply_to=message_id,
            deadline=assignment.deadline,
            subjects=(assignment.id,),
            files=(file,),
            context={
                "member": member_words(person),
                "deadline": deadline_words(office.plan.deadline(assignment.deadline)),
                "days_left": days_left(office, office.plan.deadline(assignment.deadline)),
                "problems": [p.message_th for p in form.problems],
                "accepted": _accepted_labels(office, assignment.form, form),
                "file_name": file.name,
                "token": assignment.token,
            },
        )


def _told_today(office: Office, assignment: Assignment, form: ReturnedForm) -> bool:
    """Was the very same asked of him today already? (A broken mail program sends one form fifty times.)"""
    today, start = office.calendar.local(office.clock.now()).date(), f"{assignment.id}/correct/"
    for key in office.ledger.outbox.states(assignment.deadline):
        row = office.ledger.outbox.get(key) if key.startswith(start) else None
        if row and office.calendar.local(datetime.fromisoformat(str(row["intended_at"]))).date() == today:
            before = office.ledger.returns.form(int(key.removeprefix(start)))
            if [(p.field, p.code) for p in before.problems] == [(p.field, p.code) for p in form.problems]:
                return True
    return False


def _hand_to_secretary(office: Office, assignment: Assignment, form: ReturnedForm, rounds: int) -> None:
    """Asked often enough: no further letter by itself, a person talks to a person (and a robot is not answered for ever)."""
    member = office.plan.roster.member(assignment.member)
    with office.ledger.transaction():
        office.ledger.move_assignment(
            assignment.id, AssignmentState.NEEDS_CORRECTION, office.clock.now(), corrections=rounds + 1
        )
        tell_secretary(
            office,
            key=f"{assignment.id}/rounds",
            deadline=assignment.deadline,
            title=say("ขอแก้ไขหลายครั้งแล้วยังไม่ครบ {name}", name=member.full_name),
            what=say("ระบบขอให้แก้ไขแล้ว {rounds} ครั้ง ยังมี {count} แห่ง: ", rounds=digits(rounds), count=digits(len(form.problems)))
            + " ".join(p.message_th for p in form.problems[:5]),
            actions=(say("โทรศัพท์อธิบายแก่ผู้กรอก แบบที่ส่งมาอีกระบบยังรับและตรวจตามปกติ แต่จะไม่ส่งจดหมายขอแก้ไขซ้ำ"),),
            commands=[("songthan status", say("ดูสถานะทุกรายการ"))],
        )


def _accepted_labels(office: Office, form_id: str, form: ReturnedForm) -> list[str]:
    """What is fine already, one line a row of the plan, a table or the form: «กิจกรรม ๑.๔ ช่อง ร้อยละ, ผลการดำเนินการ»."""
    spec = office.forms[form_id]
    wrong = {p.field for p in form.problems}
    numbers = {a.id: a.number for a in office.plan.activities}
    good: dict[str, list[str]] = {}
    for field_id, given in form.answers.items():
        if given.value and field_id not in wrong:
            field = spec.of_id(field_id)
            good.setdefault(split_field_id(field_id)[0], []).append(field.column or field.label)
    return [f"{_row_words(spec, numbers, row)} {', '.join(labels)}" for row, labels in good.items()]


def _row_words(spec: FormSpec, numbers: dict[str, str], row: str) -> str:
    """«กิจกรรม ๑.๔ ช่อง», «ตารางพฤติกรรม แถวที่ ๒ ช่อง», or the form's own fields."""
    if row in numbers:
        return say("กิจกรรม {number} ช่อง", number=numbers[row])
    table = table_row(row)
    return say("{label} แถวที่ {number} ช่อง", label=spec.field(table[0]).label, number=digits(table[1])) if table else say("ช่อง")
