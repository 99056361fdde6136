"""What stands behind each criterion of the rubric, out of the ledger: facts, evidence, periods, people, and what is missing.

Reads only. Facts are the accepted answers of the deadline that asks for them; evidence is what those forms name and bring, and
what the reports over activities bring for the activities a criterion is proved by (`[[evidence]]` of rubric.toml).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from songthan.domain.answers import printed
from songthan.domain.assignments import STATE_TH, Assignment, AssignmentState
from songthan.domain.coverage import Coverage, Fact, Lack, Proof
from songthan.domain.errors import UsageError
from songthan.domain.evidence import activity_of, items_in, links_in, missing_evidence
from songthan.domain.forms import Answer, Field
from songthan.domain.language import digits, say
from songthan.domain.plans import Deadline
from songthan.domain.rubric import Criterion, Rubric, Scoring, evaluate
from songthan.domain.rubric_values import Evidence
from songthan.domain.thai import squeeze
from songthan.steps.office import Office
from songthan.steps.prefill import answers_document, scoring_of
from songthan.steps.report_status import brief

__all__ = ["Return", "accepted_returns", "closed_answers", "criteria_coverage", "scored_deadline", "scoring_so_far"]


@dataclass(frozen=True, kw_only=True)
class Return:
    """One accepted form with its answers and the files its sender has mailed for the assignment: (name, sha256)."""

    assignment: Assignment
    answers: dict[str, Answer]
    file: str
    sender: str
    received: datetime
    files: tuple[tuple[str, str], ...]

    def value(self, field_id: str) -> str:
        answer = self.answers.get(field_id)
        return (answer.value or "") if answer else ""


def scored_deadline(office: Office, deadline_id: str = "") -> Deadline:
    """The deadline whose forms answer the rubric: the one named, or the last of the year that asks for all of them."""
    rubric = rubric_of(office)
    forms = {i.field.partition(".")[0] for c in rubric.criteria for i in c.inputs if i.field}
    fitting = [d for d in office.plan.deadlines if forms and forms <= set(d.forms)]
    found = next((d for d in office.plan.deadlines if d.id == deadline_id), None) if deadline_id else None
    if found is None and not deadline_id and fitting:
        found = max(fitting, key=lambda d: d.external)
    if found is None or found not in fitting:
        known = ", ".join(d.id for d in fitting) or "-"
        what = f"กำหนดส่ง «{deadline_id}» ไม่ได้ถามคำตอบของเกณฑ์" if deadline_id else "ไม่มีกำหนดส่งใดถามคำตอบของเกณฑ์"
        raise UsageError(what, where="plan.toml", remedy=f"กำหนดส่งที่ใช้ได้: {known}")
    return found


def rubric_of(office: Office) -> Rubric:
    if office.rubric is None:
        raise UsageError("แผนนี้ไม่มีเกณฑ์ให้คะแนน", where="rubric.toml", remedy="เพิ่ม rubric.toml ในโฟลเดอร์แผน")
    return office.rubric


def scoring_so_far(office: Office, deadline: Deadline) -> Scoring:
    """The rubric over what is accepted; what nobody has answered yet counts as not there, and is remarked on."""
    closed = closed_answers(office)
    return evaluate(rubric_of(office), answers_document(office, deadline), closed=closed)


def closed_answers(office: Office) -> frozenset[str]:
    """Answers («c8.media») that can no longer be bettered: every deadline that asks for them is over, or their own day is."""
    rubric, today = rubric_of(office), office.calendar.local(office.clock.now()).date()
    return rubric.closed_on(today, {f: max(d.external for d in office.plan.deadlines if f in d.forms) for f in _asked_forms(office)})


def _asked_forms(office: Office) -> set[str]:
    return {form for d in office.plan.deadlines for form in d.forms}


def accepted_returns(office: Office, deadline: Deadline) -> list[Return]:
    """Every accepted form of a deadline."""
    rows = {str(r["id"]): r for r in office.ledger.assignment_rows(deadline.id)}
    files: dict[str, list[tuple[str, str]]] = {}
    for row in office.ledger.returns.evidence(deadline.id):
        files.setdefault(str(row["assignment"]), []).append((str(row["name"]), str(row["sha256"])))
    return [
        Return(
            assignment=office.ledger.as_assignment(rows[str(row["assignment"])]),
            answers=office.ledger.returns.form(int(str(row["id"]))).answers,
            file=str(row["name"]),
            sender=_name(office, str(row["sender"])),
            received=datetime.fromisoformat(str(row["received"])),
            files=tuple(files.get(str(row["assignment"]), ())),
        )
        for row in office.ledger.returns.accepted(deadline.id)
    ]


def _name(office: Office, address: str) -> str:
    member = office.plan.roster.by_address(address)
    return member.full_name if member else address


def _words(field: Field, value: str) -> str:
    """An answer as people read it."""
    if field.kind in ("yes_no", "choice"):
        return next((c.label for c in field.options if c.value == value), value)
    return printed(field, value)


def criteria_coverage(office: Office, deadline: Deadline) -> tuple[Coverage, ...]:
    """Every criterion with what is there and what is missing, as things stand now."""
    rubric, scoring = rubric_of(office), scoring_of(office, deadline)
    survey = _Survey(office, deadline)
    found = []
    for criterion in rubric.criteria:
        facts = tuple(survey.facts(criterion))
        sources = [e for e in rubric.evidence if e.criterion == criterion.id]
        proofs, lacks = survey.proofs(criterion, sources)
        unanswered = [f for f in facts if not f.value_th]
        here = [*survey.unanswered(unanswered), *survey.contradictions(criterion, facts)]
        lacks = [*(Lack(deadline=deadline.id, text=text) for text in here), *lacks]
        if not proofs and sources:
            lacks.append(Lack(deadline="", text=say("ข้อ {number} ยังไม่มีหลักฐานใด", number=digits(criterion.number))))
        found.append(
            Coverage(
                criterion=criterion.id, number=criterion.number, text=criterion.text,
                score=scoring.scores[criterion.id] if scoring else None,
                facts=facts, proofs=tuple(proofs), lacks=tuple(dict.fromkeys(lacks)),
            )
        )  # fmt: skip
    return tuple(found)


class _Survey:
    """The ledger's accepted forms, read once."""

    def __init__(self, office: Office, deadline: Deadline) -> None:
        self._office, self._deadline = office, deadline
        self._returns = {d.id: accepted_returns(office, d) for d in office.plan.deadlines}

    def facts(self, criterion: Criterion) -> Iterator[Fact]:
        for item in criterion.inputs:
            form, _, key = item.field.partition(".")
            found = next((r for r in self._returns[self._deadline.id] if r.assignment.form == form), None)
            value = found.value(key) if found else ""
            words = _words(self._office.forms[form].field(key), value) if value else ""
            yield Fact(
                key=item.key, label=item.label, field=item.field, value_th=words,
                period=brief(self._office, self._deadline), member=self._holder(form),
                sender=found.sender if found else "", received=found.received if found else None,
                file=found.file if found else "", place=found.answers[key].source if found and value else "",
            )  # fmt: skip

    def _rows(self, deadline: Deadline, form: str) -> list[Assignment]:
        rows = self._office.ledger.assignment_rows(deadline.id)
        return [self._office.ledger.as_assignment(r) for r in rows if r["form"] == form]

    def _holder(self, form: str) -> str:
        """Who was asked for the form, or would be."""
        asked = self._rows(self._deadline, form)
        roster = self._office.plan.roster
        if asked:
            return ", ".join(dict.fromkeys(roster.member(a.member).full_name for a in asked))
        spec = self._office.forms.get(form)
        role = spec.answered_by if spec else ""
        return roster.member(getattr(roster, role)).full_name if isinstance(getattr(roster, role, None), str) and role else ""

    def unanswered(self, facts: list[Fact]) -> Iterator[str]:
        """One sentence a form: who has not answered, and where that stands."""
        for form in dict.fromkeys(f.field.partition(".")[0] for f in facts):
            labels = [f.label for f in facts if f.field.partition(".")[0] == form]
            asked = self._rows(self._deadline, form)
            state = say(STATE_TH[asked[0].state.value]) if asked else say("ยังไม่เปิดรอบ")
            yield say(
                "ยังไม่มีคำตอบ {labels} จาก {member} ({form} {period}: {state})",
                labels=", ".join(labels),
                member=self._holder(form) or "-",
                form=form.upper() or "-",
                period=brief(self._office, self._deadline),
                state=state,
            )

    def contradictions(self, criterion: Criterion, facts: tuple[Fact, ...]) -> Iterator[str]:
        """Where another accepted form of the deadline (one that takes the answer over) says something else, or counts
        the staff otherwise than the percents here."""
        wanted = {f"form.{f.field}": f.value_th for f in facts if f.value_th}
        if criterion.derived:
            wanted["organisation.headcount"] = digits(self._office.plan.organisation.headcount)
        for found in self._returns[self._deadline.id]:
            spec = self._office.forms[found.assignment.form]
            for field in (f for f in spec.fields if f.prefill in wanted):
                value = found.value(field.key)
                words = _words(field, value)
                if value and words != wanted[field.prefill]:
                    yield say(
                        "{form} ของ {sender}: «{label}» เป็น {value} แต่ที่ใช้คิดคะแนนเป็น {used} โปรดทำให้ตรงกัน",
                        form=spec.id.upper(),
                        sender=found.sender,
                        label=field.label,
                        value=words,
                        used=wanted[field.prefill],
                    )

    def proofs(self, criterion: Criterion, sources: list[Evidence]) -> tuple[list[Proof], list[Lack]]:
        proofs: list[Proof] = []
        missing: list[Lack] = []
        for source in sources:
            if source.field:
                self._of_form(source.field, proofs, missing)
            for deadline in self._office.plan.deadlines:
                self._of_activities(deadline, source.activities, proofs, missing)
        return proofs, missing

    def _of_form(self, field: str, proofs: list[Proof], missing: list[Lack]) -> None:
        """What the form that asks for the criterion names itself."""
        form, _, key = field.partition(".")
        mine = [r for r in self._returns[self._deadline.id] if r.assignment.form == form]
        for found in mine:
            self._take(found, self._deadline, "", found.value(key), found.files, proofs, missing)
        for asked in self._rows(self._deadline, form) if not mine else ():
            if asked.state is not AssignmentState.WAIVED:
                text = say(
                    "หลักฐานใน {form} {period}: ยังไม่มีจาก {member} ({state})",
                    form=form.upper(),
                    period=brief(self._office, self._deadline),
                    member=self._office.plan.roster.member(asked.member).full_name,
                    state=say(STATE_TH[asked.state.value]),
                )
                missing.append(Lack(deadline=self._deadline.id, text=text))

    def _of_activities(
        self, deadline: Deadline, activities: tuple[str, ...], proofs: list[Proof], missing: list[Lack]
    ) -> None:
        """What the reports over these activities bring, of one deadline."""
        office = self._office
        for form in (f for f in deadline.forms if office.forms[f].repeat):
            evidence = next((f.key for f in office.forms[form].fields if f.kind == "evidence"), "")
            for asked in self._rows(deadline, form):
                for activity in (a for a in activities if a in asked.activities):
                    found = next((r for r in self._returns[deadline.id] if r.assignment.id == asked.id), None)
                    if found is None:
                        missing += self._waiting(asked, deadline, activity)
                        continue
                    named = {a: found.value(f"{a}.{evidence}") for a in asked.activities}
                    mine = [f for f in found.files if activity_of(f[0], asked.activities, named) == activity]
                    self._take(found, deadline, activity, named[activity], mine, proofs, missing)

    def _waiting(self, asked: Assignment, deadline: Deadline, activity: str) -> Iterator[Lack]:
        if asked.state in (AssignmentState.WAIVED, AssignmentState.PLANNED):
            return
        text = say(
            "กิจกรรม {activity} {period}: ยังไม่มีรายงานจาก {member} ({state})",
            activity=self._number(activity),
            period=brief(self._office, deadline),
            member=self._office.plan.roster.member(asked.member).full_name,
            state=say(STATE_TH[asked.state.value]),
        )
        yield Lack(deadline=deadline.id, text=text)

    def _number(self, activity: str) -> str:
        return next((a.number for a in self._office.plan.activities if a.id == activity), activity)

    def _take(
        self, found: Return, deadline: Deadline, activity: str, answer: str, files, proofs: list[Proof], missing: list[Lack]
    ) -> None:
        """The lines of one evidence answer and the files that came along; what it names and did not come is missing."""
        period = brief(self._office, deadline)
        where = say("กิจกรรม {activity} {period}", activity=self._number(activity), period=period) if activity else period
        one = {
            "deadline": deadline.id, "period": period, "activity": activity, "sender": found.sender, "received": found.received,
            "form_file": found.file,
        }  # fmt: skip
        used = set()
        absent = missing_evidence(answer, [name for name, _ in found.files])
        for line in items_in(answer):
            came = [(n, s) for n, s in found.files if squeeze(n).casefold() in squeeze(line).casefold()]
            used |= {s for _, s in came}
            proofs += [Proof(kind="file", text=n, sha256=s, **one) for n, s in came]
            if not came and not missing_evidence(line, [name for name, _ in found.files]):
                proofs.append(Proof(kind="link" if links_in(line) else "text", text=line.strip(), **one))
        # a form of nine criteria brings files of all of them: one that no line names is not this criterion's
        proofs += [Proof(kind="file", text=n, sha256=s, **one) for n, s in files if activity and s not in used]
        if absent:
            text = say("{where}: {sender} ระบุ {names} แต่ไม่ได้แนบไฟล์มา", where=where, sender=found.sender, names=", ".join(absent))
            missing.append(Lack(deadline=deadline.id, text=text))
        elif not items_in(answer) and not (activity and files):
            text = say("{where}: {sender} ตอบว่าไม่มีหลักฐาน", where=where, sender=found.sender)
            missing.append(Lack(deadline=deadline.id, text=text))
