"""Pre-fills a form for one assignment: what the plan asks is printed, what the member fills is empty or carried over.

Rendering reads only; the same assignment gives the same bytes until an earlier quarter's answers change.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from songthan.domain.answers import printed
from songthan.domain.assignments import Assignment, AssignmentState
from songthan.domain.calendars import FiscalYears
from songthan.domain.forms import Answer, FormIdentity, FormSpec, Problem, split_field_id, table_row
from songthan.domain.language import current, day_words, digits, number_words, say
from songthan.domain.messages import OutgoingFile
from songthan.domain.plans import Activity, Deadline, Plan
from songthan.domain.reports import plain_deadline, plain_organisation
from songthan.steps.office import Office
from songthan.steps.prefill import first_rows, first_values, score_words, scoring_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def form_file(
    office: Office,
    assignment: Assignment,
    *,
    answers: Mapping[str, Answer] | None = None,
    problems: Sequence[Problem] = (),
    again: bool = False,
) -> OutgoingFile:
    """The member's form, rendered and kept in the blobs, under its readable name.

    `answers` are put in as they are (a correction, whose `problems` are marked in the form); without them the last
    accepted answers are carried over and marked, and what the office knows is filled in. `again` marks the file name of
    a correction.
    """
    deadline = office.plan.deadline(assignment.deadline)
    spec = office.forms[assignment.form]
    identity = FormIdentity(
        form=spec.id,
        version=spec.version,
        deadline=deadline.id,
        assignment=assignment.id,
        token=assignment.token,
    )
    filled = _given(answers, problems) if answers is not None else _carried(office, deadline, assignment)
    if spec.repeat:
        on_paper = {row: _on_paper(spec, f"{row}.", answers) for row, answers in filled.items()}
        context = slice_context(office.plan, deadline, assignment, on_paper)
    else:
        if answers is None:
            filled = {**first_rows(office.plan, spec), **filled}
            filled[""] = {**filled.get("", {}), **first_values(office, deadline, spec)}
        words = score_words(scoring_of(office, deadline), office.rubric)
        context = whole_context(office.plan, deadline, assignment, spec, filled, words)
    data = office.renderer.form(spec=spec, identity=identity, context=context)
    name = form_name(office, assignment)
    if again:
        name = name.removesuffix(".docx") + say(" (ฉบับขอแก้ไข).docx")
    return OutgoingFile(name=name, type=DOCX, sha256=office.blobs.put(data))


def open_form(office: Office, duty: Assignment) -> OutgoingFile:
    """The form of a duty that is still owed: where a correction is waited for, with what was sent standing in it."""
    if duty.state is not AssignmentState.NEEDS_CORRECTION:
        return form_file(office, duty)
    row = office.ledger.assignment_row(duty.id) or {}
    form = office.ledger.returns.form(int(str(row["current_return"])))
    return form_file(office, duty, answers=form.answers, problems=form.problems, again=True)


def form_name(office: Office, assignment: Assignment) -> str:
    """The readable name of an assignment's form file, by the form's own pattern."""
    spec = office.forms[assignment.form]
    deadline = office.plan.deadline(assignment.deadline)
    pattern = spec.file_name or "{deadline_title} - {member}.docx"
    return safe_name(
        pattern.format(
            deadline_title=short_title(deadline),
            member=office.plan.roster.member(assignment.member).full_name,
            form_title=spec.title,
            deadline=deadline.id,
        )
    )


def short_title(deadline: Deadline) -> str:
    """The deadline in a few words, for file names: «ไตรมาสที่ ๒ ปี ๒๕๖๖», «สำนักดีเด่น ปี ๒๕๖๖»."""
    if deadline.quarter:
        years = FiscalYears(first_month=current().first_month, offset=current().year_offset)
        year = years.year_of_quarter(deadline.quarter, deadline.external)
        return say("ไตรมาสที่ {quarter} ปี {year}", quarter=digits(deadline.quarter), year=digits(year))
    return deadline.short or deadline.title


def slice_context(
    plan: Plan, deadline: Deadline, assignment: Assignment, filled: Mapping[str, Mapping[str, dict[str, object]]]
) -> dict[str, object]:
    """What the slice's template prints: the plan's rows of this assignment, grouped by measure."""
    mine = [a for a in plan.activities if a.id in assignment.activities]
    measures = [
        {
            "number_th": digits(measure.number),
            "title": measure.title,
            "activities": [
                _activity(a, filled.get(a.id, {}), last_year_words(plan, assignment.form, a))
                for a in mine
                if a.measure == measure.number
            ],
        }
        for measure in plan.measures
        if any(a.measure == measure.number for a in mine)
    ]
    return {**_people(plan, deadline, assignment), "measures": measures}


def whole_context(
    plan: Plan,
    deadline: Deadline,
    assignment: Assignment,
    spec: FormSpec,
    filled: Mapping[str, Mapping[str, dict[str, object]]],
    scores: Mapping[str, str],
    *,
    spare_rows: bool = True,
) -> dict[str, object]:
    """What the template of a form that is asked of one person whole prints; `filled` is row («» or `dos[1]`) → key → value.

    `spare_rows`: growing tables have their empty rows to write in; without them only what was filled (at least one row).
    """
    director = plan.roster.member(plan.roster.director)
    year = plan.fiscal_year
    rows = {}
    for table in (f for f in spec.fields if f.kind == "table"):
        used = [row[1] for row in map(table_row, filled) if row and row[0] == table.key]
        rows[table.key] = [
            {
                "id": f"{table.key}[{n}]",
                "number_th": digits(n),
                "answers": _on_paper(spec, f"{table.key}[{n}].", filled.get(f"{table.key}[{n}]", {})),
            }
            for n in range(1, max([table.rows if spare_rows else 1, *used]) + 1)
        ]
    return {
        **_people(plan, deadline, assignment),
        "director": {"name": director.full_name, "position": director.position},
        "year": {
            name: digits(year - back) for name, back in (("this_th", 0), ("last_th", 1), ("before_th", 2))
        },
        "answers": _on_paper(spec, "", filled.get("", {})),
        "rows": rows,
        "scores": dict(scores),
    }


def _on_paper(spec: FormSpec, row: str, answers: Mapping[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """The values of one row as they are printed; what could not be understood stays as it was typed."""
    return {
        key: {**entry, "value": printed(spec.of_id(f"{row}{key}"), str(entry["value"]))} for key, entry in answers.items()
    }


def _people(plan: Plan, deadline: Deadline, assignment: Assignment) -> dict[str, object]:
    """What every form prints: the office, the deadline, who answers, whom to ask."""
    roster = plan.roster
    secretary = roster.member(roster.secretary)
    member = roster.member(assignment.member)
    return {
        "organisation": {**plain_organisation(plan), "headcount_th": digits(plan.organisation.headcount)},
        "deadline": plain_deadline(deadline),
        "member": {
            "full_name": member.full_name,
            "position": member.position,
            "seat_role": roster.seat(assignment.seat).role,
        },
        "secretary": {
            "full_name": secretary.full_name,
            "phone": digits(secretary.phone or roster.phone),
            "email": roster.mailbox,
        },
        "token": assignment.token,
    }


#: Letters of last year's text shown beside an activity.
_LAST_YEAR_LETTERS = 160


def last_year_words(plan: Plan, form: str, activity: Activity) -> str:
    """What the activity came to last year, in one line to be printed; empty where nothing was kept.

    Shown and never filled in: a member who sends the form back as it came must not report last year's result again.
    """
    values = plan.last_year.of(form, activity.id) if plan.last_year else {}
    if plan.last_year is None or not values.get("percent"):
        return ""
    # a plan may be made from one that is several years old
    phrase = "ปีที่แล้ว (พ.ศ. {year}) ดำเนินการร้อยละ {percent}"
    if plan.last_year.fiscal_year != plan.fiscal_year - 1:
        phrase = "แผนปีก่อน (พ.ศ. {year}) ดำเนินการร้อยละ {percent}"
    words = say(phrase, year=digits(plan.last_year.fiscal_year), percent=number_words(values["percent"]))
    done = " ".join(values.get("done", "").split())
    if len(done) > _LAST_YEAR_LETTERS:
        end = _LAST_YEAR_LETTERS
        while unicodedata.category(done[end]) == "Mn":
            end -= 1  # a letter keeps its vowel and tone
        done = f"{done[:end].rstrip()}…"
    return f"{words}: {done}" if done else words


def _activity(activity: Activity, answers: Mapping[str, dict[str, object]], last_year: str) -> dict[str, object]:
    dues = sorted({d.due for d in activity.deliverables})
    return {
        "id": activity.id,
        "number": activity.number,
        "title": activity.title,
        # once the year has answers of its own, they are what is carried over
        "details": [*activity.details, *([last_year] if last_year and not answers else [])],
        "outputs": list(activity.outputs),
        "outcomes": list(activity.outcomes),
        # the plan's document column begins with the date itself, which stands beside it already
        "documents": [d for d in activity.documents if d.removeprefix("วันที่ ") not in {day_words(day) for day in dues}],
        "due_th": say(" และ ").join(day_words(day, short=True) for day in dues),
        "answers": dict(answers),
    }


Filled = dict[str, dict[str, dict[str, object]]]


def _given(answers: Mapping[str, Answer], problems: Sequence[Problem]) -> Filled:
    wrong: dict[str, list[str]] = {}
    for problem in problems:
        wrong.setdefault(problem.field, []).append(problem.advice)
    found: Filled = {}
    for field_id in dict.fromkeys([*answers, *wrong]):
        row, key = split_field_id(field_id)
        answer = answers.get(field_id)
        # a value nobody could understand goes back as it was typed, so that its writer can mend it
        value = "" if answer is None else answer.value if answer.value is not None else answer.raw
        problem = " ".join(dict.fromkeys(wrong.get(field_id, ())))
        if key and (value or problem):
            found.setdefault(row, {})[key] = {"value": value, "carried": False, "problem": problem}
    return found


def _carried(office: Office, deadline: Deadline, assignment: Assignment) -> Filled:
    """Accepted answers of the latest earlier deadline that used the same form.

    A quarter goes on from the quarter before it, as its form says beside each value, also where an annual report asked
    for the same form in between; that one's answers are carried only where no quarter has any.
    """
    spec = office.forms[assignment.form]
    earlier = [d for d in office.plan.deadlines if d.external < deadline.external and assignment.form in d.forms]
    quarters_first = deadline.quarter is not None
    for past in sorted(earlier, key=lambda d: (quarters_first and d.quarter is not None, d.external), reverse=True):
        forms = {r["id"]: r["form"] for r in office.ledger.assignment_rows(past.id)}
        found: Filled = {}
        for row in office.ledger.returns.accepted(past.id):
            if forms.get(str(row["assignment"])) != assignment.form:
                continue
            for field_id, answer in office.ledger.returns.form(int(str(row["id"]))).answers.items():
                place, key = split_field_id(field_id)
                if answer.value and (place in assignment.activities or not spec.repeat):
                    found.setdefault(place, {})[key] = {"value": answer.value, "carried": True}
        if found:
            return found
    return {}


#: Letters of a file name in UTF-8 bytes: file systems take 255, and a mail program may put a number before it.
_NAME_BYTES = 220


def safe_name(name: str) -> str:
    """`name` as a plain file name: nothing in it leads to another folder or ends a header line, and it is not too long."""
    plain = "".join("-" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in name)
    if len(plain.encode()) <= _NAME_BYTES:
        return plain
    stem, dot, extension = plain.rpartition(".")
    if not dot or len(extension) > 5:
        stem, dot, extension = plain, "", ""
    kept = stem.encode()[: _NAME_BYTES - len(f"{dot}{extension}…".encode())].decode(errors="ignore")
    return f"{kept}…{dot}{extension}"
