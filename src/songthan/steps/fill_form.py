"""Pre-fills a form for one assignment: what the plan asks is printed, what the member fills is empty or carried over.

Rendering reads only; the same assignment gives the same bytes until an earlier quarter's answers change.
"""

from __future__ import annotations

from collections.abc import Mapping

from songthan.domain.assignments import Assignment
from songthan.domain.bundles import plain_deadline, plain_organisation
from songthan.domain.forms import Answer, FormIdentity, split_field_id
from songthan.domain.messages import OutgoingFile
from songthan.domain.plans import Activity, Deadline, Plan
from songthan.domain.thai import thai_date, to_thai_digits
from songthan.steps.office import Office

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def form_file(
    office: Office, assignment: Assignment, *, answers: Mapping[str, Answer] | None = None, again: bool = False
) -> OutgoingFile:
    """The member's form, rendered and kept in the blobs, under its readable name.

    `answers` are put in as they are (a correction); without them last quarter's accepted answers are carried over and
    marked. `again` marks the file name of a correction.
    """
    deadline = office.plan.deadline(assignment.deadline)
    spec = office.forms[assignment.form]
    identity = FormIdentity(
        form=spec.id,
        version=spec.version,
        deadline=deadline.id,
        assignment=assignment.id,
        token=assignment.token,
    )
    filled = _given(answers) if answers is not None else _carried(office, deadline, assignment)
    data = office.renderer.form(
        spec=spec, identity=identity, context=slice_context(office.plan, deadline, assignment, filled)
    )
    name = form_name(office, assignment)
    if again:
        name = name.removesuffix(".docx") + " (ฉบับขอแก้ไข).docx"
    return OutgoingFile(name=name, type=DOCX, sha256=office.blobs.put(data))


def form_name(office: Office, assignment: Assignment) -> str:
    """The readable name of an assignment's form file, by the form's own pattern."""
    spec = office.forms[assignment.form]
    deadline = office.plan.deadline(assignment.deadline)
    pattern = spec.file_name or "{deadline_title} - {member}.docx"
    return safe_name(
        pattern.format(
            deadline_title=short_title(deadline),
            member=office.plan.roster.member(assignment.member).full_name,
            form_title=spec.title,
            deadline=deadline.id,
        )
    )


def short_title(deadline: Deadline) -> str:
    """The deadline in a few words, for file names: «ไตรมาสที่ ๒ ๒๕๖๖»."""
    if deadline.quarter:
        year = deadline.external.year + 543
        return f"ไตรมาสที่ {to_thai_digits(deadline.quarter)} ปี {to_thai_digits(year)}"
    return deadline.title


def slice_context(
    plan: Plan, deadline: Deadline, assignment: Assignment, filled: Mapping[str, Mapping[str, dict[str, object]]]
) -> dict[str, object]:
    """What the slice's template prints: the plan's rows of this assignment, grouped by measure."""
    roster = plan.roster
    secretary = roster.member(roster.secretary)
    member = roster.member(assignment.member)
    mine = [a for a in plan.activities if a.id in assignment.activities]
    measures = [
        {
            "number_th": to_thai_digits(measure.number),
            "title": measure.title,
            "activities": [_activity(a, filled.get(a.id, {})) for a in mine if a.measure == measure.number],
        }
        for measure in plan.measures
        if any(a.measure == measure.number for a in mine)
    ]
    return {
        "organisation": plain_organisation(plan),
        "deadline": plain_deadline(deadline),
        "member": {
            "full_name": member.full_name,
            "position": member.position,
            "seat_role": roster.seat(assignment.seat).role,
        },
        "secretary": {
            "full_name": secretary.full_name,
            "phone": to_thai_digits(secretary.phone or roster.phone),
            "email": roster.mailbox,
        },
        "token": assignment.token,
        "measures": measures,
    }


def _activity(activity: Activity, answers: Mapping[str, dict[str, object]]) -> dict[str, object]:
    dues = sorted({d.due for d in activity.deliverables})
    return {
        "id": activity.id,
        "number": activity.number,
        "title": activity.title,
        "details": list(activity.details),
        "outputs": list(activity.outputs),
        "outcomes": list(activity.outcomes),
        # the plan's document column begins with the date itself, which stands beside it already
        "documents": [d for d in activity.documents if d.removeprefix("วันที่ ") not in {thai_date(day) for day in dues}],
        "due_th": " และ ".join(thai_date(day, short=True) for day in dues),
        "answers": dict(answers),
    }


def _given(answers: Mapping[str, Answer]) -> dict[str, dict[str, dict[str, object]]]:
    found: dict[str, dict[str, dict[str, object]]] = {}
    for field_id, answer in answers.items():
        activity, key = split_field_id(field_id)
        # a value nobody could understand goes back as it was typed, so that its writer can mend it
        value = answer.value if answer.value is not None else answer.raw
        if value:
            found.setdefault(activity, {})[key] = {"value": value, "carried": False}
    return found


def _carried(office: Office, deadline: Deadline, assignment: Assignment) -> dict[str, dict[str, dict[str, object]]]:
    """Accepted answers of the latest earlier deadline that used the same form."""
    earlier = [d for d in office.plan.deadlines if d.external < deadline.external and assignment.form in d.forms]
    for past in sorted(earlier, key=lambda d: d.external, reverse=True):
        found: dict[str, dict[str, dict[str, object]]] = {}
        for row in office.ledger.returns.accepted(past.id):
            for field_id, answer in office.ledger.returns.form(int(str(row["id"]))).answers.items():
                activity, key = split_field_id(field_id)
                if activity in assignment.activities and answer.value:
                    found.setdefault(activity, {})[key] = {"value": answer.value, "carried": True}
        if found:
            return found
    return {}


def safe_name(name: str) -> str:
    """`name` as a plain file name: nothing in it leads to another folder or ends a header line."""
    return "".join("-" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in name)
