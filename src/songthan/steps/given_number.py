"""The number a report's covering memo bears (เลขที่หนังสือ), as the secretary entered it. Reads only."""

from __future__ import annotations

from songthan.domain.plans import Deadline
from songthan.steps.office import Office


def memo_number(office: Office, deadline: Deadline) -> str:
    """The number entered last, in ASCII digits; «» when none was: the memo then has its dotted line."""
    year = office.plan.fiscal_year
    found = [
        c.to for c in office.ledger.changes.all() if c.kind == "number" and c.deadline == deadline.id and c.fiscal_year == year
    ]
    return found[-1] if found else ""
