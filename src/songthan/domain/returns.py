"""Checks a form that was read: is everything answered, believable, reasoned and attached? Pure.

Every problem names the place a person finds in Word and what to do there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from songthan.domain.checks import cross_problems
from songthan.domain.evidence import links_in, missing_evidence
from songthan.domain.field_checks import field_problems
from songthan.domain.forms import FormSpec, Problem, ReturnedForm, Verdict
from songthan.domain.places import Sheet, sheets_of

__all__ = ["check", "links_in", "missing_evidence"]


def check(
    spec: FormSpec,
    returned: ReturnedForm,
    *,
    activities: Sequence[tuple[str, str]],
    attached: Sequence[str],
    headcount: int,
) -> ReturnedForm:
    """`returned` with the problems of its answers added and the verdict set.

    `activities` are (id, printed number) of the rows asked; `attached` the names of the files that came along;
    `headcount` the persons of the bureau (the upper end of a field whose maximum is «headcount»). Codes: required,
    range, unreadable, rows, evidence-missing, reason, percent-mismatch, sum, lines, not-both, contradiction. A refused
    file, and one nothing was read from, stays as it is. A problem of reading makes it «review»; else any problem makes
    it «incomplete». Checking twice adds nothing.
    """
    if returned.verdict == "refused" or (returned.verdict == "review" and not returned.answers):
        return returned
    known = {(p.field, p.code) for p in returned.problems}
    found = [p for sheet in sheets_of(spec, returned, activities) for p in _problems(spec, sheet, attached, headcount)]
    problems = (*returned.problems, *(p for p in found if (p.field, p.code) not in known))
    return replace(returned, problems=problems, verdict=_verdict(returned.verdict, problems))


def _problems(spec: FormSpec, sheet: Sheet, attached: Sequence[str], headcount: int) -> Iterator[Problem]:
    single = list(field_problems(sheet, attached=attached, headcount=headcount))
    yield from single
    said = {(p.field, p.code) for p in single}
    yield from (p for p in cross_problems(spec.checks, sheet, headcount=headcount) if (p.field, p.code) not in said)


def _verdict(read: Verdict, problems: Sequence[Problem]) -> Verdict:
    if read == "review":
        return "review"
    return "incomplete" if problems else "complete"
