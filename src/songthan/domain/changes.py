"""The plan as the secretary's decisions changed it. Pure.

The plan's files say what was agreed; what she decides during the year lies in the ledger, one Change after the other,
and `apply_changes` gives the plan as it stands now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from songthan.domain.errors import DataError
from songthan.domain.plans import Deadline, Plan, Roster

__all__ = ["ROLES", "Change", "ChangeKind", "apply_changes"]

ChangeKind = Literal["waive", "reopen", "reassign", "extend", "number"]
#: Office roles of the roster; a role goes along with the seat that stands for it.
ROLES = ("director", "acting_director", "head", "secretary", "assistant_secretary")


@dataclass(frozen=True, kw_only=True)
class Change:
    """One decision of the secretary; `id` is its number in the ledger (0: not there yet), `by` who gave the command.

    `subject` is a seat (reassign), a deadline (extend, reopen, number) or an assignment (waive, reopen); `deadline` the deadline
    concerned, empty for a seat. `fiscal_year` keeps it from touching next year's plan, whose seats have the same ids.
    reassign: the seat goes from member `was` to member `to`. extend: the members' dates `internal` and `internal_to`.
    number: the memo of the deadline bears the number `to`.
    reopen: answers are waited for until `until` (aware; None: the deadline's own cut has not come yet).
    """

    kind: ChangeKind
    fiscal_year: int
    subject: str
    at: datetime
    reason: str
    by: str
    deadline: str = ""
    was: str = ""
    to: str = ""
    internal: date | None = None
    internal_to: date | None = None
    until: datetime | None = None
    id: int = 0


def apply_changes(plan: Plan, changes: Iterable[Change]) -> Plan:
    """`plan` with every change of its fiscal year, in their order. What names a seat or deadline it lacks is left out.

    DataError when a seat was given to somebody who is no longer in the roster: nobody is asked in his place by guess.
    """
    mine = [c for c in changes if c.fiscal_year == plan.fiscal_year]
    roster = plan.roster
    for change in mine:
        if change.kind == "reassign":
            roster = _reseated(roster, change)
    roster = _without_deputies_who_left(roster, {c.was for c in mine if c.kind == "reassign"})
    deadlines = {d.id: d for d in plan.deadlines}
    for change in mine:
        if (deadline := deadlines.get(change.deadline)) is not None:
            deadlines[deadline.id] = _moved(deadline, change)
    return replace(plan, roster=roster, deadlines=tuple(deadlines.values()))


def _moved(deadline: Deadline, change: Change) -> Deadline:
    if change.kind == "extend" and change.internal is not None:
        printed = deadline.printed_internal or deadline.internal
        return replace(
            deadline, internal=change.internal, internal_to=change.internal_to, printed_internal=printed
        )
    if change.kind == "reopen" and change.until is not None:
        return replace(deadline, reopened_at=change.at, reopened_until=change.until)
    return deadline


def _reseated(roster: Roster, change: Change) -> Roster:
    if not any(m.id == change.to for m in roster.members):
        raise DataError(
            f"บุคคล «{change.to}» ซึ่งได้รับโอนตำแหน่ง {change.subject} ไว้ ไม่มีในรายชื่อแล้ว",
            where=f"roster.toml [[members]] {change.to}",
            remedy="ใส่บุคคลนี้กลับเข้าแฟ้ม แล้วโอนตำแหน่งให้ผู้อื่นด้วย songthan reassign",
        )
    roles = {
        role: change.to
        for role in ROLES
        if getattr(roster, role) == change.was and roster.seat_of_role(role).id == change.subject
    }
    seats = tuple(replace(s, member=change.to) if s.id == change.subject else s for s in roster.seats)
    return replace(roster, seats=seats, **roles)


def _without_deputies_who_left(roster: Roster, gave_up: set[str]) -> Roster:
    """Whoever gave up his last seat stands in for nobody: he may no longer answer for others, nor be asked to."""
    here = {s.member for s in roster.seats} | {str(getattr(roster, role)) for role in ROLES}
    left = gave_up - here
    members = tuple(replace(m, deputy="") if m.deputy in left else m for m in roster.members)
    return replace(roster, members=members) if left else roster
