"""Opens a deadline for its members, and closes it to them.

Safe to repeat: opening lays down what is not there yet and moves a deadline only out of PLANNED; what has lapsed or was
answered is left as it is.
"""

from __future__ import annotations

from songthan.domain.assignments import SETTLED, AssignmentState, DeadlineState, assignments_for
from songthan.domain.decisions import Lapse, Open
from songthan.domain.language import say
from songthan.steps.office import Office
from songthan.steps.take_in import fetch_new, settle_all


def open_deadline(office: Office, action: Open) -> None:
    """Lay down the assignments and open the deadline, in one transaction; another run may have been faster."""
    deadline = office.plan.deadline(action.deadline)
    now = office.clock.now()
    with office.ledger.transaction():
        if office.ledger.deadline_state(deadline.id) is not DeadlineState.PLANNED:
            return
        planned = assignments_for(office.plan, deadline, salt=office.ledger.salt, forms=office.forms)
        office.ledger.add_assignments(planned, now)
        office.ledger.move_deadline(deadline.id, DeadlineState.OPEN, now)
    office.tick("opened")


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
            if not row or AssignmentState(str(row["state"])) in kept:
                continue
            office.ledger.move_assignment(assignment, AssignmentState.LAPSED, now, reason=say("พ้นกำหนดรวบรวม"))
            if (accepted := office.ledger.returns.last_accepted(assignment)) is not None:
                # the secretary asked for a better version and none came: what was accepted still counts
                office.ledger.move_assignment(assignment, AssignmentState.RECEIVED, now, current_return=accepted)
                office.ledger.move_assignment(assignment, AssignmentState.ACCEPTED, now)
