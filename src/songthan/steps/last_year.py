"""What the ledger knows of a year that ends, as the next year's plan keeps it. Reads only."""

from __future__ import annotations

from songthan.domain.forms import split_field_id
from songthan.domain.last_year import LastAnswers, LastDeadline, LastYear
from songthan.domain.plans import Deadline
from songthan.steps.office import Office
from songthan.steps.prefill import scoring_of

__all__ = ["year_results"]


def year_results(office: Office) -> LastYear:
    """Every deadline's end, and of each form's every row the answers that were accepted last."""
    deadlines = sorted(office.plan.deadlines, key=lambda d: (d.external, d.id))
    answers: dict[tuple[str, str], LastAnswers] = {}
    for deadline in deadlines:
        answers |= _answers(office, deadline)
    return LastYear(
        fiscal_year=office.plan.fiscal_year,
        deadlines=tuple(_ended(office, d) for d in deadlines),
        answers=tuple(answers[key] for key in sorted(answers)),
    )


def _ended(office: Office, deadline: Deadline) -> LastDeadline:
    bundle = office.ledger.bundles.latest(deadline.id) or {}
    scoring = scoring_of(office, deadline)
    return LastDeadline(
        id=deadline.id,
        title=deadline.title,
        state=str(office.ledger.deadline_state(deadline.id)),
        receipt=str(bundle.get("receipt") or ""),
        total=scoring.total if scoring else None,
        level=scoring.level if scoring else None,
    )


def _answers(office: Office, deadline: Deadline) -> dict[tuple[str, str], LastAnswers]:
    """(form, row) → its accepted answers of this deadline; a row nobody answered is not there."""
    forms = {str(r["id"]): str(r["form"]) for r in office.ledger.assignment_rows(deadline.id)}
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for row in office.ledger.returns.accepted(deadline.id):
        form = forms.get(str(row["assignment"]), "")
        for field_id, answer in office.ledger.returns.form(int(str(row["id"]))).answers.items():
            place, key = split_field_id(field_id)
            if form and answer.value:
                rows.setdefault((form, place), {})[key] = _plain(answer.value)
    return {
        key: LastAnswers(deadline=deadline.id, form=key[0], row=key[1], values=values) for key, values in rows.items()
    }


def _plain(text: str) -> str:
    """Without the control characters a plan's file may not hold; line ends and tabs stay."""
    return "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if ord(c) >= 32 or c in "\n\t")
