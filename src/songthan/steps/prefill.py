"""First values of a form that is asked of one person whole: what the office knows already, so that nobody types it twice.

A field's `prefill` names the source: `organisation.<attribute>`, `office.phone`, `<role>.name|position|phone|email` (a
role of the roster: director, secretary, head…), `form.<form>.<field>` (an accepted answer of another form of the same
deadline), `last_year.<form>.<field>` (the accepted answer of the year this plan was made from; in a growing table's
column `last_year.<form>.<table>.<column>`) or `percent.<field>` (that field's persons as percent of the headcount).
Reads only.
"""

from __future__ import annotations

from fractions import Fraction

from songthan.domain.errors import SongthanError, UsageError
from songthan.domain.forms import Answer, FormSpec, table_row
from songthan.domain.language import digits
from songthan.domain.plans import Deadline, Plan
from songthan.domain.reports import two_decimals
from songthan.domain.rubric import CRITERIA, Rubric, Scoring, evaluate
from songthan.steps.office import Office

__all__ = ["accepted_answers", "answers_document", "first_rows", "first_values", "score_words", "scoring_of"]

#: row («» or «dos[1]») → field key → {value, carried}
Filled = dict[str, dict[str, dict[str, object]]]
_PERSON = ("name", "position", "phone", "email")


def accepted_answers(office: Office, deadline: Deadline) -> dict[str, dict[str, Answer]]:
    """form id → field id → accepted answer, of one deadline; a form that repeats is left out."""
    forms = {str(r["id"]): str(r["form"]) for r in office.ledger.assignment_rows(deadline.id)}
    found: dict[str, dict[str, Answer]] = {}
    for row in office.ledger.returns.accepted(deadline.id):
        form = forms.get(str(row["assignment"]), "")
        if form in office.forms and not office.forms[form].repeat:
            found.setdefault(form, {}).update(office.ledger.returns.form(int(str(row["id"]))).answers)
    return found


def first_values(office: Office, deadline: Deadline, spec: FormSpec) -> dict[str, dict[str, object]]:
    """field key → {value, carried} for every field with a source that has something to say."""
    given = accepted_answers(office, deadline)
    found: dict[str, dict[str, object]] = {}
    computed = []
    for field in spec.fields:
        kind, _, name = field.prefill.partition(".")
        if kind == "percent":
            computed.append((field.key, name))
        elif kind == "form":
            form, _, key = name.partition(".")
            answer = given.get(form, {}).get(key)
            if answer is not None and answer.value:
                found[field.key] = {"value": answer.value, "carried": True}
        elif kind == "last_year":
            form, _, key = name.partition(".")
            if office.plan.last_year and (value := office.plan.last_year.of(form).get(key)):
                found[field.key] = {"value": value, "carried": True}
        elif kind and (value := _office_value(office.plan, kind, name)):
            found[field.key] = {"value": value, "carried": False}
    for key, persons in computed:
        percent = _percent(found.get(persons, {}).get("value"), office.plan.organisation.headcount)
        if percent:
            found[key] = {"value": percent, "carried": True}
    return found


def first_rows(plan: Plan, spec: FormSpec) -> Filled:
    """Row («dos[1]») → column → {value, carried} for every growing table with columns that come from last year's."""
    found: Filled = {}
    for table in (f for f in spec.fields if f.kind == "table"):
        for column in table.columns:
            kind, _, name = column.prefill.partition(".")
            form, _, source = name.partition(".")
            rows, _, key = source.partition(".")
            if kind != "last_year" or plan.last_year is None:
                continue
            for answers in (a for a in plan.last_year.answers if a.form == form):
                row = table_row(answers.row)
                if row and row[0] == rows and (value := answers.values.get(key)):
                    found.setdefault(f"{table.key}[{row[1]}]", {})[column.key] = {"value": value, "carried": True}
    return found


def _office_value(plan: Plan, kind: str, name: str) -> str:
    """A fact of the office; UsageError for a source that does not exist (a template author's mistake)."""
    roster = plan.roster
    if kind == "organisation" and hasattr(plan.organisation, name):
        return str(getattr(plan.organisation, name))
    if kind == "office" and name == "phone":
        return digits(roster.phone)
    if name in _PERSON and isinstance(getattr(roster, kind, None), str):
        member = roster.member(getattr(roster, kind))
        values = {"name": member.full_name, "position": member.position, "phone": member.phone or roster.phone, "email": member.email}
        return digits(values[name]) if name == "phone" else values[name]
    raise UsageError(
        f"ไม่รู้จักแหล่งข้อมูล «{kind}.{name}»",
        where="prefill",
        remedy="ใช้ organisation.…, office.phone, <ตำแหน่ง>.name, form.<แบบ>.<ช่อง>, last_year.<แบบ>.<ช่อง> หรือ percent.<ช่อง>",
    )


def _percent(persons: object, headcount: int) -> str:
    if not isinstance(persons, str) or not persons.isascii() or not persons.isdigit() or headcount < 1:
        return ""
    return two_decimals(Fraction(int(persons) * 100, headcount)).removesuffix("00").rstrip(".") or "0"


def scoring_of(office: Office, deadline: Deadline) -> Scoring | None:
    """The rubric over the deadline's accepted answers; None without a rubric or while a fact is missing."""
    if office.rubric is None:
        return None
    document = answers_document(office, deadline)
    if any(value is None for given in document["answers"].values() for value in given.values()):  # type: ignore[attr-defined]
        return None
    try:
        return evaluate(office.rubric, document)
    except SongthanError:
        # impossible values are the answer's problem (it was checked against the headcount of its day), no score is guessed
        return None


def answers_document(office: Office, deadline: Deadline) -> dict[str, object]:
    """What `songthan score` takes, out of the deadline's accepted answers; what nobody has answered yet is None."""
    rubric, given = office.rubric, accepted_answers(office, deadline)
    answers: dict[str, dict[str, object]] = {}
    for criterion in rubric.criteria if rubric else ():
        answers[criterion.id] = {}
        for item in criterion.inputs:
            form, _, key = item.field.partition(".")
            answer = given.get(form, {}).get(key)
            value = answer.value if answer is not None else None
            if value is not None:
                value = value == "yes" if item.kind == "flag" else int(value) if item.kind == "count" else value
            answers[criterion.id][item.key] = value
    return {"headcount": office.plan.organisation.headcount, "answers": answers}


def score_words(scoring: Scoring | None, rubric: Rubric | None) -> dict[str, str]:
    """The templates' `scores`: Thai digits by criterion, `total`, `level`, `level_title`; all empty while unknown."""
    ids = [c.id for c in rubric.criteria] if rubric else []
    unknown = dict.fromkeys([*CRITERIA, *ids, "total", "level", "level_title"], "")
    if scoring is None or rubric is None:
        return unknown
    words = unknown | {i: digits(scoring.scores[i]) for i in ids}
    level = digits(scoring.level)
    return words | {"total": digits(scoring.total), "level": level, "level_title": rubric.level_name(scoring.level)}
