"""Everything the rules may ask about a mail: who sent it, which form came, which of our mails it answers. Reads only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from songthan.domain.assignments import FROZEN, Assignment, AssignmentState, DeadlineState
from songthan.domain.forms import ReturnedForm
from songthan.domain.messages import Attachment, Message
from songthan.domain.plans import Member, Roster
from songthan.domain.returns import check
from songthan.domain.routing import RoutingFacts
from songthan.domain.thai import canonical
from songthan.ports import Expectation
from songthan.steps.office import Office

_OPEN_STATES = frozenset(
    {AssignmentState.ASKED, AssignmentState.RECEIVED, AssignmentState.NEEDS_CORRECTION, AssignmentState.LAPSED}
)
#: Files of one mail that are looked into; the rest are evidence at best.
MOST_FILES = 40
_TAKES_FORMS = frozenset({DeadlineState.OPEN, DeadlineState.MISSED, DeadlineState.COLLECTED})


@dataclass(frozen=True, kw_only=True)
class FormFile:
    """One attached file that may be a form: what was read of it, and the assignment its token names."""

    attachment: Attachment
    form: ReturnedForm
    assignment: Assignment | None


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """The facts for the rules, and the form file they speak of (None when no form was recognised)."""

    facts: RoutingFacts
    form_file: FormFile | None


def gather(office: Office, row: Mapping[str, object], message: Message) -> Gathered:
    """Read the attached forms and collect the facts about one mail."""
    member = office.plan.roster.by_address(message.sender)
    files = _form_files(office, message)
    recognised = _forms_among([f for f in files if f.form.token is not None])
    first = recognised[0] if recognised else None
    refused = next((f for f in files if f.form.verdict == "refused"), None)
    shown = refused or first
    assignment = first.assignment if first else None
    thread = office.ledger.outbox.by_message_id(
        (message.bounced_message_id,) if message.bounced_message_id else message.in_reply_to
    )
    subjects = tuple(json.loads(str(thread["subjects"] or "[]"))) if thread else ()
    owes = _owes(office, member)
    deadline_state = office.ledger.deadline_state(assignment.deadline) if assignment else None
    codes = tuple(p.code for p in shown.form.problems) if shown else ()
    facts = RoutingFacts(
        message=message,
        sender_is=_sender_is(office.plan.roster, message, member, owes),
        sender_member=member.id if member else None,
        owes=owes,
        forms=len({f.attachment.sha256 for f in recognised}),
        form_token_known=assignment is not None,
        form_assignment=assignment.id if assignment else None,
        form_holder_matches=bool(assignment and member and _may_answer(office, member, assignment)),
        form_deadline_matches=deadline_state in _TAKES_FORMS,
        form_version_matches=bool(first) and "old-version" not in codes,
        form_verdict=shown.form.verdict if shown else "",
        form_codes=codes,
        thread_assignment=subjects[0] if len(subjects) == 1 else None,
        thread_deadline=str(thread["deadline"]) if thread else None,
        thread_kind=str(thread["kind"]) if thread else None,
        duplicate=office.ledger.inbox.seen_before(int(str(row["id"])), message.sha256, message.message_id),
        frozen=deadline_state in FROZEN,
        size=message.size,
    )
    return Gathered(facts=facts, form_file=first)


def _form_files(office: Office, message: Message) -> list[FormFile]:
    """What stands in the attached files that may be forms, each content once.

    A forged mail's files are not opened at all, and after one file the reader refused no other is: each of two hundred
    bombs would cost the sandbox's whole time.
    """
    if message.authentication == "fail":
        return []
    found: list[FormFile] = []
    for attachment in list({a.sha256: a for a in message.attachments if a.role == "form"}.values())[:MOST_FILES]:
        found.append(_form_file(office, attachment, message))
        if found[-1].form.verdict == "refused":
            break
    return found


def _forms_among(files: list[FormFile]) -> list[FormFile]:
    """The files that are forms: of those that name a token, the ones answers were read from.

    A piece of evidence may quote the form's code; only when nothing was read from any file is each of them a doubt.
    """
    answered = [f for f in files if f.form.answers]
    return answered or files


def _form_file(office: Office, attachment: Attachment, message: Message) -> FormFile:
    """What stands in one file. A file that is no form of ours is identified only, its content is not read."""
    data = office.blobs.get(attachment.sha256)
    found = office.reader.identify(data, attachment.name)
    row = office.ledger.assignment_by_token(found.token) if found.token else None
    if row is None:
        return FormFile(attachment=attachment, form=found, assignment=None)
    assignment = office.ledger.as_assignment(row)
    return FormFile(
        attachment=attachment,
        form=read_form(office, assignment, data, attachment.name, message),
        assignment=assignment,
    )


def read_form(office: Office, assignment: Assignment, data: bytes, name: str, message: Message) -> ReturnedForm:
    """Read and check one returned form against what was asked of this assignment."""
    spec = office.forms[assignment.form]
    activities = tuple((a.id, a.number) for a in office.plan.activities if a.id in assignment.activities)
    returned = office.reader.read(data, name, Expectation(spec=spec, activities=activities))
    attached = [a.name for a in message.attachments] + office.ledger.returns.evidence_names(assignment.id)
    return check(
        spec, returned, activities=activities, attached=attached, headcount=office.plan.organisation.headcount
    )


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
