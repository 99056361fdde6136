"""Everything the rules may ask about a mail: who sent it, which form came, which of our mails it answers. Reads only."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from songthan.domain.assignments import FROZEN, Assignment, AssignmentState, DeadlineState
from songthan.domain.forms import ReturnedForm, split_field_id, table_row
from songthan.domain.messages import Attachment, Message
from songthan.domain.plans import Member, Plan, Roster
from songthan.domain.returns import check
from songthan.domain.routing import SIGNING_THREADS, RoutingFacts
from songthan.domain.seal_codes import SheetFile, codes_on
from songthan.domain.thai import canonical
from songthan.ports import Expectation
from songthan.steps.office import Office
from songthan.steps.pen_sheets import kind_of_sheets, lookout, read_sheets
from songthan.steps.signing_officer import signer_of

_OPEN_STATES = frozenset(
    {AssignmentState.ASKED, AssignmentState.RECEIVED, AssignmentState.NEEDS_CORRECTION, AssignmentState.LAPSED}
)
#: Files of one mail that are looked into; the rest are evidence at best.
MOST_FILES = 40
#: Pictures of one mail that are looked at for a form's code: each may cost a few seconds of text recognition.
MOST_PICTURES = 4
#: Verdicts from good to bad: a mail with several forms is taken in only when the worst of them may be.
_WORST = ("complete", "incomplete", "review", "refused")
_TAKES_FORMS = frozenset({DeadlineState.OPEN, DeadlineState.MISSED, DeadlineState.COLLECTED})


@dataclass(frozen=True, kw_only=True)
class FormFile:
    """One attached file that may be a form: what was read of it, and the assignment its token names."""

    attachment: Attachment
    form: ReturnedForm
    assignment: Assignment | None


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The facts for the rules, and the form files they speak of, one for each form asked (none: nothing recognised); and the
    file the reader refused to open; and the scans that were looked at for a page to sign."""

    facts: RoutingFacts
    form_files: tuple[FormFile, ...]
    refused: FormFile | None = None
    sheets: tuple[SheetFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Duty:
    """An assignment, and what a reader may know of its form."""

    assignment: Assignment
    expectation: Expectation


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the sandbox saw in one attached file: which form it is, and (when it is one of ours) what stands in it.

    `asked` is the assignment it was read for; nothing is held against what was asked yet.
    """

    attachment: Attachment
    form: ReturnedForm
    asked: Assignment | None


def gather(
    office: Office,
    row: Mapping[str, object],
    message: Message,
    readings: Sequence[Reading] | None = None,
    sheets: tuple[SheetFile, ...] | None = None,
) -> Gathered:
    """Read the attached forms and collect the facts about one mail. `readings`: what `read_files` said a moment ago, `sheets`
    what `read_sheets` did."""
    if readings is None:
        readings = read_files(office, message, duties(office), released=bool(row.get("released_at")))
    if sheets is None:
        sheets = read_sheets(office, message, lookout(office))
    files = [_form_file(office, reading, message) for reading in readings]
    member = office.plan.roster.by_address(message.sender)
    recognised = _forms_among([f for f in files if f.form.token is not None])
    refused = next((f for f in files if f.form.verdict == "refused"), None)
    shown = [refused] if refused else recognised
    assignments = [f.assignment for f in recognised if f.assignment]
    thread = office.ledger.outbox.by_message_id(
        (message.bounced_message_id,) if message.bounced_message_id else message.in_reply_to
    )
    subjects = tuple(json.loads(str(thread["subjects"] or "[]"))) if thread else ()
    owes = _owes(office, member)
    states = [office.ledger.deadline_state(a.deadline) for a in assignments]
    known = bool(recognised) and len(assignments) == len(recognised)
    codes = tuple(p.code for f in shown for p in f.form.problems)
    thread_kind = str(thread["kind"]) if thread else None
    signs = _signs(office, member, sheets, thread_kind)
    forms = max(Counter(f.form.token for f in recognised).values(), default=0)
    facts = RoutingFacts(
        message=message,
        sender_is=_sender_is(office.plan.roster, message, member, owes),
        sender_member=member.id if member else None,
        owes=owes,
        forms=forms,
        form_token_known=known,
        form_assignment=assignments[0].id if assignments else None,
        form_holder_matches=known and member is not None and all(_may_answer(office, member, a) for a in assignments),
        form_deadline_matches=known and all(state in _TAKES_FORMS for state in states),
        form_version_matches=bool(recognised) and "old-version" not in codes,
        form_verdict=max((f.form.verdict for f in shown), key=_WORST.index, default=""),
        form_codes=codes,
        thread_assignment=subjects[0] if len(subjects) == 1 else None,
        thread_deadline=str(thread["deadline"]) if thread else None,
        thread_kind=thread_kind,
        duplicate=office.ledger.inbox.seen_before(int(str(row["id"])), message.sha256, message.message_id),
        frozen=any(state in FROZEN for state in states),
        signs=signs,
        sheets=kind_of_sheets(office, sheets, signs=signs, forms=forms, owes=bool(owes), thread=thread_kind),
        size=message.size,
    )
    return Gathered(facts=facts, form_files=tuple(recognised), refused=refused, sheets=sheets)


def _signs(office: Office, member: Member | None, sheets: Sequence[SheetFile], thread: str | None) -> bool:
    """Is the sender the director, or who acts for him and now speaks of a report that was laid before him (at any time: a
    signature that comes too late is told so, and is no form)?"""
    if member is None:
        return False
    if member.id == office.plan.roster.director:
        return True
    if thread not in SIGNING_THREADS and not codes_on(sheets):
        return False
    versions = (b for d in office.plan.deadlines for b in office.ledger.bundles.all(d.id) if b["folder"])
    return any(signer_of(office, b) == member for b in versions)


def duties(office: Office) -> dict[str, Duty]:
    """Everything ever asked, by its token; what has no place in the plan any more is left out."""
    plan, found = office.plan, {}
    for row in office.ledger.assignment_rows():
        assignment = office.ledger.as_assignment(row)
        if assignment.form in office.forms:
            found[assignment.token] = Duty(assignment=assignment, expectation=_expectation(office, plan, assignment))
    return found


def _expectation(office: Office, plan: Plan, assignment: Assignment) -> Expectation:
    spec = office.forms[assignment.form]
    activities = tuple((a.id, a.number) for a in plan.activities if a.id in assignment.activities)
    return Expectation(spec=spec, activities=activities, layout=office.renderer.layout(spec))


def read_files(
    office: Office, message: Message, asked: Mapping[str, Duty], *, released: bool = False
) -> list[Reading]:
    """What stands in the attached files that may be forms, each content once; `asked` as `duties` says.

    Slow, changes nothing and asks the ledger nothing: it may run in any thread.

    A forged mail's files are not opened at all unless the secretary took it out of quarantine (`released`), and after one
    file the reader refused no other is: each of two hundred bombs would cost the sandbox's whole time.
    """
    if message.authentication == "fail" and not released:
        return []
    found: list[Reading] = []
    for attachment in list({a.sha256: a for a in message.attachments if a.role == "form"}.values())[:MOST_FILES]:
        found.append(_read_file(office, attachment, asked))
        if found[-1].form.verdict == "refused":
            return found
    if any(f.form.token for f in found):
        return found
    # a form on paper, photographed: looked for only where no other form came along
    pictures = {a.sha256: a for a in message.attachments if a.role == "evidence" and a.type.startswith("image/")}
    photographed = [_read_file(office, a, asked) for a in list(pictures.values())[:MOST_PICTURES]]
    return found + [f for f in photographed if f.form.token]


def _read_file(office: Office, attachment: Attachment, asked: Mapping[str, Duty]) -> Reading:
    """A file that is no form of ours is identified only, its content is not read."""
    file = office.blobs.checked(attachment.sha256)
    form = office.reader.identify(file, attachment.name)
    duty = asked.get(form.token or "")
    if duty is None:
        return Reading(attachment=attachment, form=form, asked=None)
    form = office.reader.read(file, attachment.name, duty.expectation)
    return Reading(attachment=attachment, form=form, asked=duty.assignment)


def _forms_among(files: list[FormFile]) -> list[FormFile]:
    """The files that are forms: of those that name a token, the ones answers were read from.

    A piece of evidence may quote the form's code; only when nothing was read from any file is each of them a doubt.
    """
    answered = [f for f in files if f.form.answers]
    return answered or files


def _form_file(office: Office, reading: Reading, message: Message) -> FormFile:
    """A reading held against what is asked now."""
    row = office.ledger.assignment_by_token(reading.form.token) if reading.form.token else None
    if row is None:
        return FormFile(attachment=reading.attachment, form=reading.form, assignment=None)
    assignment, form = office.ledger.as_assignment(row), reading.form
    if reading.asked is None or reading.asked.activities != assignment.activities:
        # asked otherwise since it was read
        file = office.blobs.checked(reading.attachment.sha256)
        form = office.reader.read(file, reading.attachment.name, _expectation(office, office.plan, assignment))
    form = check_form(office, assignment, form, message)
    return FormFile(attachment=reading.attachment, form=form, assignment=assignment)


def check_form(office: Office, assignment: Assignment, returned: ReturnedForm, message: Message) -> ReturnedForm:
    """The answers of a form held against what was asked and what came along."""
    attached = [a.name for a in message.attachments] + office.ledger.returns.evidence_names(assignment.id)
    return check(
        office.forms[assignment.form],
        returned,
        activities=tuple((a.id, a.number) for a in office.plan.activities if a.id in assignment.activities),
        attached=attached,
        headcount=office.plan.organisation.headcount,
    )


def asked_fields(office: Office, assignment: Assignment, returned: ReturnedForm) -> frozenset[str]:
    """The ids of every field this assignment asks for; a growing table's rows as far as they were returned, and one more."""
    spec = office.forms[assignment.form]
    if spec.repeat:
        return frozenset(f"{a}.{f.key}" for a in assignment.activities for f in spec.fields)
    found = {f.key for f in spec.fields if f.kind not in ("table", "signature")}
    for table in (f for f in spec.fields if f.kind == "table"):
        rows = [row[1] for row in (table_row(split_field_id(i)[0]) for i in returned.answers) if row and row[0] == table.key]
        found |= {f"{table.key}[{n}].{c.key}" for n in range(1, max(rows, default=0) + 2) for c in table.columns}
    return frozenset(found)


def _may_answer(office: Office, member: Member, assignment: Assignment) -> bool:
    """The holder, or his registered deputy."""
    holder = office.plan.roster.member(assignment.member)
    return member.id in (holder.id, holder.deputy)


def _owes(office: Office, member: Member | None) -> tuple[str, ...]:
    if member is None:
        return ()
    rows = [office.ledger.as_assignment(r) for r in office.ledger.assignment_rows()]
    known, people = {d.id for d in office.plan.deadlines}, {m.id for m in office.plan.roster.members}
    # last year's deadlines and people who left stay in the ledger; nobody owes them anything now
    mine = [a for a in rows if a.state in _OPEN_STATES and a.deadline in known and a.member in people]
    return tuple(a.id for a in mine if a.member == member.id) or tuple(
        a.id for a in mine if office.plan.roster.member(a.member).deputy == member.id
    )


def _sender_is(roster: Roster, message: Message, member: Member | None, owes: tuple[str, ...]) -> str:
    """Who the sender is, by address first; the order is RoutingFacts'."""
    address = message.sender.lower()
    if address == roster.mailbox.lower():
        return "own"
    if member and member.id == roster.director:
        return "director"
    if address == roster.registry.email.lower():
        return "registry"
    if member and member.id == roster.secretary:
        return "secretary"
    if member:
        own_seats = tuple(f".{seat.id}" for seat in roster.seats if seat.member == member.id)
        return "member" if not owes or any(o.endswith(own_seats) for o in owes) else "deputy"
    shown = canonical(message.sender_name)
    if any(m.given in shown and m.family in shown for m in roster.members):
        return "alias"
    domain = address.partition("@")[2]
    ours = {m.email.lower().partition("@")[2] for m in roster.members}
    if any(domain == d or _close(domain, d) for d in ours):
        return "lookalike"
    return "stranger"


def _close(one: str, other: str) -> bool:
    """At most two letters apart (Levenshtein), and not short."""
    if abs(len(one) - len(other)) > 2 or len(other) < 6:
        return False
    previous = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        current = [i]
        for j, b in enumerate(other, 1):
            current.append(min(previous[j] + 1, current[-1] + 1, previous[j - 1] + (a != b)))
        previous = current
    return previous[-1] <= 2
