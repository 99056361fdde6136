"""What `decide` looks at, read from the ledger in one go. Reads only, so it may run at any time."""

from __future__ import annotations

from datetime import date

from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import AssignmentView, DeadlineView
from songthan.steps.office import Office


def deadline_view(office: Office, deadline_id: str) -> DeadlineView:
    """The view of one deadline now. KeyError if the plan has no such deadline."""
    deadline = office.plan.deadline(deadline_id)
    ledger = office.ledger
    held = _held(office)
    bundle = ledger.bundles.latest(deadline_id)
    days = {address: office.calendar.local(at).date() for address, at in ledger.last_mails().items()}
    members = {m.id: m for m in office.plan.roster.members}
    views = []
    for row in ledger.assignment_rows(deadline_id):
        assignment = ledger.as_assignment(row)
        current = row["current_return"]
        returned = ledger.returns.get(int(str(current))) if current is not None else None
        holder = members.get(assignment.member)
        views.append(
            AssignmentView(
                assignment=assignment,
                asked_on=_day(row["asked_on"]),
                away=bool(row["away"]),
                absent_until=_day(row["absent_until"]),
                deputy=holder.deputy if holder else "",
                current_return=int(str(current)) if current is not None else None,
                return_verdict=str(returned["verdict"]) if returned else "",
                waiting_hold=assignment.id in held,
                after=office.forms[assignment.form].after if assignment.form in office.forms else (),
            )
        )
    return DeadlineView(
        deadline=deadline,
        state=ledger.deadline_state(deadline_id),
        assignments=tuple(views),
        outbox=ledger.outbox.states(deadline_id),
        last_mail_on={m.id: days[m.email.lower()] for m in members.values() if m.email.lower() in days},
        bundle_version=int(str(bundle["version"])) if bundle else 0,
        bundle_signed=bool(bundle and bundle["signed"]),
        missing_forms=tuple(f for f in deadline.forms if f not in office.forms),
        missed_told=ledger.has_event(f"deadline-{DeadlineState.MISSED.value.lower()}", deadline_id),
    )


def _held(office: Office) -> set[str]:
    """Assignments whose holder (or his deputy), proven by our server, waits for the secretary.

    Anybody else's mail about them is held too, but a stranger must not be able to silence the reminders.
    """
    members = {m.id: m for m in office.plan.roster.members}
    found = set()
    for hold in office.ledger.inbox.holds():
        row = office.ledger.assignment_row(str(hold["assignment"])) if hold["assignment"] else None
        sender = office.plan.roster.by_address(str(hold["sender"] or ""))
        if row is None or sender is None or hold["route"] != "hold" or not hold["parsed"]:
            continue
        holder = members.get(str(row["member"]))
        concerned = holder is not None and sender.id in (holder.id, holder.deputy)
        if concerned and office.ledger.inbox.message(int(str(hold["id"]))).authentication == "pass":
            found.add(str(hold["assignment"]))
    return found


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
