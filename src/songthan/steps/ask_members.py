"""Requests, reminders and deputies: forms out by mail.

Safe to repeat: the mail's key is fixed by the decision, its intent is committed first, the sender looks it up before it
sends, and an assignment's state only moves after the mail is proven sent.
"""

from __future__ import annotations

from songthan.domain.assignments import OWING, SETTLED, Assignment, AssignmentState, DeadlineState, assignments_for
from songthan.domain.decisions import Ask, AskDeputy, Lapse, Open, Remind, deputy_key, reminder_key, request_key
from songthan.domain.plans import Activity, Member
from songthan.steps.fill_form import form_file
from songthan.steps.letters import activity_words, deadline_words, form_words, member_words, queue
from songthan.steps.office import Office
from songthan.steps.post import post
from songthan.steps.take_in import fetch_new, settle_all


def open_deadline(office: Office, action: Open) -> None:
    """Lay down the assignments and open the deadline, in one transaction."""
    deadline = office.plan.deadline(action.deadline)
    now = office.clock.now()
    with office.ledger.transaction():
        planned = assignments_for(office.plan, deadline, salt=office.ledger.salt, forms=office.forms)
        office.ledger.add_assignments(planned, now)
        office.ledger.move_deadline(deadline.id, DeadlineState.OPEN, now)
    office.tick("opened")


def ask(office: Office, action: Ask) -> bool:
    """Send one member the forms; True when the mail is proven sent."""
    assignments = _current(office, action.assignments, {AssignmentState.PLANNED})
    if not assignments:
        return True
    deadline = office.plan.deadline(action.deadline)
    member = office.plan.roster.member(action.member)
    key = request_key(deadline.id, member.id, action.form)
    _queue_request(office, key, member, assignments)
    if not post(office, key):
        return False
    today = office.calendar.local(office.clock.now()).date().isoformat()
    with office.ledger.transaction():
        for a in assignments:
            office.ledger.move_assignment(a.id, AssignmentState.ASKED, office.clock.now(), asked_on=today)
    office.tick("asked")
    return True


def _queue_request(
    office: Office, key: str, to: Member, assignments: list[Assignment], on_behalf_of: str | None = None
) -> None:
    """The request with the forms of these assignments, to their holder or to who stands in for him."""
    if office.ledger.outbox.state(key) != "none":
        return
    deadline = office.plan.deadline(assignments[0].deadline)
    files = [form_file(office, a) for a in assignments]
    office.tick("rendered")
    queue(
        office,
        key=key,
        kind="request",
        to=to.email,
        deadline=deadline.id,
        subjects=tuple(a.id for a in assignments),
        files=files,
        context={
            "member": member_words(to),
            "deadline": deadline_words(deadline),
            "activities": activity_words(_activities(office, assignments)),
            "forms": form_words(office, assignments),
            "token": ", ".join(a.token for a in assignments),
            "file_names": [f.name for f in files],
            "on_behalf_of": on_behalf_of,
        },
    )


def remind(office: Office, action: Remind) -> bool:
    """Remind one member, unless the answer came in the meantime; True when there is nothing left to do."""
    owing = _current(office, action.assignments, OWING)
    if not owing:
        return True
    deadline = office.plan.deadline(action.deadline)
    member = office.plan.roster.member(action.member)
    left = office.calendar.working_days_between(action.today, deadline.members_until)
    step = "overdue" if left < 0 else "today" if left == 0 else "near" if left <= 1 else "early"
    key = reminder_key(deadline.id, member.id, action.step)
    activities = activity_words(_activities(office, owing))
    queue(
        office,
        key=key,
        kind="reminder",
        to=member.email,
        deadline=deadline.id,
        subjects=tuple(a.id for a in owing),
        reply_to=_request_id(office, deadline.id, member.id, owing),
        context={
            "member": member_words(member),
            "deadline": deadline_words(deadline),
            "days_left": left,
            "step": step,
            "activities": activities,
            "forms": form_words(office, owing),
            "token": ", ".join(a.token for a in owing),
            "on_behalf_of": None,
        },
    )
    return post(office, key)


def ask_deputy(office: Office, action: AskDeputy) -> bool:
    """Send the member's forms to the registered deputy; the duty stays the member's."""
    owing = _current(office, action.assignments, OWING)
    if not owing:
        return True
    deadline = office.plan.deadline(action.deadline)
    member = office.plan.roster.member(action.member)
    deputy = office.plan.roster.member(action.deputy)
    key = deputy_key(deadline.id, member.id, deputy.id)
    _queue_request(office, key, deputy, owing, on_behalf_of=member.full_name)
    return post(office, key)


def lapse(office: Office, action: Lapse) -> None:
    """The cut has come: these answers are gone on without. One transaction; a second run finds them lapsed.

    The mailbox is emptied first: after an outage an answer that came in time may still lie there. When it cannot be
    reached nothing lapses. What was just received waits for its judgement.
    """
    fetch_new(office)
    settle_all(office)
    now = office.clock.now()
    with office.ledger.transaction():
        for assignment in action.assignments:
            row = office.ledger.assignment_row(assignment)
            kept = {AssignmentState.RECEIVED, *SETTLED}
            if row and AssignmentState(str(row["state"])) not in kept:
                office.ledger.move_assignment(assignment, AssignmentState.LAPSED, now, reason="พ้นกำหนดรวบรวม")


def _current(office: Office, ids: tuple[str, ...], states: frozenset | set) -> list[Assignment]:
    """These assignments as they are NOW, those in one of `states`: an answer that came a minute ago stops a mail."""
    rows = [office.ledger.assignment_row(i) for i in ids]
    found = [office.ledger.as_assignment(row) for row in rows if row]
    return [a for a in found if a.state in states]


def _activities(office: Office, assignments: list[Assignment]) -> list[Activity]:
    wanted = {activity for a in assignments for activity in a.activities}
    return [a for a in office.plan.activities if a.id in wanted]


def _request_id(office: Office, deadline: str, member: str, owing: list[Assignment]) -> str:
    """The Message-ID of the request a reminder answers: the member's, or that of a form that had to wait."""
    for form in ("", *(a.form for a in owing)):
        row = office.ledger.outbox.get(request_key(deadline, member, form))
        if row and row["message_id"]:
            return str(row["message_id"])
    return ""
