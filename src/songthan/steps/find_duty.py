"""Which duty, seat or deadline a decision of the secretary is about. Reads only; nothing is guessed."""

from __future__ import annotations

from datetime import date

from songthan.domain.assignments import FROZEN, Assignment, DeadlineState, assignments_for
from songthan.domain.errors import UsageError
from songthan.domain.people import find_member
from songthan.domain.plans import Deadline
from songthan.domain.thai import squeeze
from songthan.steps.letters import activity_words
from songthan.steps.office import Office

#: So many ids an error lists.
_MOST = 8


def today(office: Office) -> date:
    """The office's day now."""
    return office.calendar.local(office.clock.now()).date()


def given_reason(reason: str, *, where: str) -> str:
    """The reason of a decision; UsageError when there is none."""
    reason = squeeze(reason)
    if not reason:
        raise UsageError("ยังไม่ได้ให้เหตุผล", where=where, remedy='เพิ่ม --reason "เหตุผล" ท้ายคำสั่ง เหตุผลเก็บไว้ในสมุดทะเบียน')
    return reason


def find_deadline(office: Office, deadline_id: str, *, where: str) -> Deadline:
    """The plan's deadline with this id; UsageError lists them all."""
    for deadline in office.plan.deadlines:
        if deadline.id == deadline_id.strip():
            return deadline
    known = ", ".join(d.id for d in office.plan.deadlines)
    raise UsageError(f"ไม่มีกำหนดส่ง «{deadline_id}» ในแผนปีนี้", where=where, remedy=f"กำหนดส่งที่มี: {known}")


def find_duty(office: Office, what: str, who: str = "", *, where: str) -> Assignment:
    """The assignment `what` names: its id, or a deadline's id with `who` answers. One of a deadline that is not open yet is
    given as it will be laid down. UsageError when none or more than one fits."""
    deadline = find_deadline(office, what.strip().partition(".")[0], where=where)
    known = _duties(office, deadline)
    if what.strip() in known:
        return known[what.strip()]
    if not who or "." in what:
        listed = ", ".join(list(known)[:_MOST]) + (" …" if len(known) > _MOST else "")
        raise UsageError(
            f"ไม่มีรายการ «{what}»" if "." in what else f"ต้องระบุว่าเป็นรายการของผู้ใดใน {what}",
            where=where,
            remedy=f"ระบุรหัสรายการ เช่น {listed} หรือระบุกำหนดส่งตามด้วยบุคคล (ดูด้วย songthan status)",
        )
    member = find_member(office.plan.roster, who, where=where)
    mine = [a for a in known.values() if a.member == member.id]
    if len(mine) == 1:
        return mine[0]
    if mine:
        raise UsageError(
            f"{member.full_name} มีหลายรายการใน {deadline.id}", where=where, remedy=f"ระบุรหัสรายการ: {', '.join(a.id for a in mine)}"
        )
    raise UsageError(f"{member.full_name} ไม่มีรายการใน {deadline.id}", where=where, remedy="ดูรายการด้วย songthan status")


def _duties(office: Office, deadline: Deadline) -> dict[str, Assignment]:
    """Every assignment of a deadline by its id; before it opens, those it will have."""
    planned = office.ledger.deadline_state(deadline.id) is DeadlineState.PLANNED
    future = (
        assignments_for(office.plan, deadline, salt=office.ledger.salt, forms=office.forms) if planned else ()
    )
    there = (office.ledger.as_assignment(row) for row in office.ledger.assignment_rows(deadline.id))
    return {a.id: a for a in (*future, *there)}


def is_frozen(office: Office, deadline_id: str) -> bool:
    """Is a report of this deadline compiled (also one that is late)?"""
    return office.ledger.deadline_state(deadline_id) in FROZEN or office.ledger.bundles.latest(deadline_id) is not None


def duty_words(office: Office, duties: list[Assignment]) -> list[str]:
    """Duties as a letter lists them: the rows of the plan, or the form that is asked whole."""
    found: list[str] = []
    for duty in duties:
        rows = [a for a in office.plan.activities if a.id in duty.activities]
        found += [f"{w['number']} {w['title']}" for w in activity_words(rows)]
        if not rows and duty.form in office.forms:
            found.append(office.forms[duty.form].title)
    return list(dict.fromkeys(found))
