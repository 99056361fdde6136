"""Who signs for the bureau. Reads only."""

from __future__ import annotations

from songthan.domain.plans import Member
from songthan.steps.office import Office


def signing_officer(office: Office) -> tuple[Member, bool]:
    """Who signs: the director (the acting director's turn is a later decision of the secretary)."""
    return office.plan.roster.member(office.plan.roster.director), False
