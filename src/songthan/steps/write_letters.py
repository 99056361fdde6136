"""Writes the letters of the ladder: everything one person is told today, over all deadlines, in one mail.

Safe to repeat: what a letter tells has keys fixed by the decision; they are committed with the mail's intent, in the
transaction that looks once more whether anything of it was told or the person written to today. An assignment is asked
when the mail that carries its form is proven sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from songthan.domain.assignments import OWING, Assignment, AssignmentState, DeadlineState
from songthan.domain.decisions import FinishAsking
from songthan.domain.language import day_words
from songthan.domain.messages import OutgoingFile
from songthan.domain.notices import REGISTRY, Notice, NoticeKind, Write
from songthan.domain.plans import Activity
from songthan.steps.fill_form import form_name, open_form
from songthan.steps.letters import activity_words, deadline_words, form_words, member_words, queue
from songthan.steps.office import Office
from songthan.steps.post import post_each
from songthan.steps.views import people_view

_K = NoticeKind
_PLANNED = frozenset({AssignmentState.PLANNED})
#: Which assignments a notice may still speak of at the moment it is written.
_SPEAKS_OF = {
    _K.REQUEST: _PLANNED,
    _K.DEPUTY: _PLANNED | OWING,
    _K.AWAY: _PLANNED | OWING,
    **dict.fromkeys((_K.REMINDER, _K.BACK, _K.RELIEVED, _K.ESCALATION), OWING),
}
#: The state a deadline must be in for the notices of its later stages.
_STAGE = {_K.SIGN: DeadlineState.WITH_DIRECTOR, _K.RECEIPT: DeadlineState.SUBMITTED}
#: The part of the key of the mail that opened such a stage.
_STAGE_MAIL = {_K.SIGN: "director", _K.RECEIPT: "registry"}


def write(office: Office, actions: Sequence[Write]) -> list[bool]:
    """Write to one person each; True for a letter of which there is nothing left to do."""
    queued: dict[str, bool] = {}
    try:
        for action in actions:
            queued[action.key] = _write(office, action)
    except Exception:
        # one letter that cannot be written keeps none of the others
        post_each(office, [key for key, meant in queued.items() if meant], new=True)
        raise
    keys = [key for key, meant in queued.items() if meant]
    done = dict(zip(keys, post_each(office, keys, new=True), strict=True))
    return [done.get(action.key, True) for action in actions]


def _write(office: Office, action: Write) -> bool:
    """True when the letter is meant now and is to be posted; False when there is nothing to write."""
    notices = tuple(n for n in (_as_it_is(office, n) for n in action.notices) if n is not None)
    if not notices:
        return False
    letter = replace(action, notices=notices)
    files = _files(office, notices)
    office.tick("rendered")
    with office.ledger.transaction():
        if not _may_write(office, letter):
            return False
        _queue(office, letter, files)
        for assignment in _carried(notices):
            if (office.ledger.assignment_row(assignment) or {}).get("state") == AssignmentState.PLANNED.value:
                office.ledger.note_assignment(assignment, asked_mail=letter.key)
    office.tick("letter-intended")
    return True


def finish_asking(office: Office, action: FinishAsking) -> bool:
    """Carry out the mails that an earlier run left behind; whoever is in them is asked when they are proven sent."""
    rows = [office.ledger.assignment_row(a) for a in action.assignments]
    keys = dict.fromkeys(str(row["asked_mail"]) for row in rows if row and row["asked_mail"])
    return all(post_each(office, list(keys)))


def _carried(notices: tuple[Notice, ...]) -> list[str]:
    """The assignments whose forms lie in the letter, each once."""
    return list(dict.fromkeys(a for n in notices if n.carries_forms for a in n.assignments))


def _as_it_is(office: Office, notice: Notice) -> Notice | None:
    """The notice as far as it still holds NOW; None when an answer that came a minute ago, or the secretary's word, made
    it idle."""
    if notice.kind in _STAGE:
        return notice if office.ledger.deadline_state(notice.deadline) is _STAGE[notice.kind] else None
    rows = [(i, office.ledger.assignment_row(i)) for i in notice.assignments]
    kept = []
    for assignment, row in rows:
        state = AssignmentState(str(row["state"])) if row else None
        # in the post already: another run wrote it
        taken = state is AssignmentState.PLANNED and notice.carries_forms and row and row["asked_mail"]
        his = not notice.member or (row and row["member"] == notice.member)
        if state in _SPEAKS_OF[notice.kind] and his and not taken:
            kept.append(assignment)
    return replace(notice, assignments=tuple(kept)) if kept else None


def _may_write(office: Office, letter: Write) -> bool:
    """Inside the transaction: nobody wrote to this person today, and nothing of the letter was told by another run."""
    if letter.today in people_view(office).written.get(letter.to, ()):
        return False
    if office.ledger.outbox.state(letter.key) != "none":
        return False
    told = {key for d in {n.deadline for n in letter.notices} for key in office.ledger.outbox.states(d)}
    return not any(n.key in told for n in letter.notices) and all(
        _as_it_is(office, n) == n for n in letter.notices
    )


def _files(office: Office, notices: tuple[Notice, ...]) -> list[OutgoingFile]:
    """The forms, one for each assignment asked."""
    rows = [office.ledger.assignment_row(a) for a in _carried(notices)]
    return [open_form(office, office.ledger.as_assignment(row)) for row in rows if row]


def _queue(office: Office, letter: Write, files: list[OutgoingFile]) -> None:
    notices = letter.notices
    first = notices[0]
    items = [_words(office, n, letter) for n in notices]
    several = {n.deadline for n in notices}
    alone = len(notices) == 1
    kind = _mail_kind(notices)
    person = None if letter.to == REGISTRY else office.plan.roster.member(letter.to)
    queue(
        office,
        key=letter.key,
        kind=kind,
        to=_address(office, letter.to),
        # a reply to a letter about several deadlines is told apart by what it brings, never by the letter
        deadline=first.deadline if len(several) == 1 else "",
        subjects=tuple(dict.fromkeys(a for n in notices for a in n.assignments)) if _about_duties(notices) else (),
        covers=() if alone else tuple((n.key, n.deadline) for n in notices),
        says=letter.says,
        files=files,
        reply_to=_answers_to(office, letter),
        context={
            "member": member_words(person) if person else {"full_name": office.plan.roster.registry.name},
            **({k: v for k, v in items[0].items() if k != "kind"} if alone else {}),
            "file_names": [f.name for f in files],
            "acting": letter.to not in (office.plan.roster.director, REGISTRY),
            "notices": items,
        },
    )


def _about_duties(notices: tuple[Notice, ...]) -> bool:
    """Does the letter speak of duties its reader may answer? (A list of what others owe is no thread of theirs.)"""
    return any(n.carries_forms or n.kind is _K.REMINDER for n in notices)


def _mail_kind(notices: tuple[Notice, ...]) -> str:
    kinds = {n.kind for n in notices}
    if len(notices) == 1 and kinds <= {_K.REQUEST, _K.DEPUTY}:
        return "request"
    if len(notices) == 1 and kinds == {_K.REMINDER}:
        return "reminder"
    if kinds == {_K.SIGN}:
        return "sign"
    if kinds == {_K.RECEIPT}:
        return "receipt_request"
    return "duties"


def _words(office: Office, notice: Notice, letter: Write) -> dict[str, object]:
    """One notice as the letters tell it; templates/mail/README.md lists the names."""
    deadline = office.plan.deadline(notice.deadline)
    roster = office.plan.roster
    assignments = _assignments(office, notice)
    left = office.calendar.working_days_between(letter.today, deadline.members_until)
    activities = _activities(office, assignments)
    return {
        "kind": notice.kind.value,
        "deadline": deadline_words(deadline),
        "days_left": left,
        "step": _tone(notice.tone, left),
        "correcting": _correcting(assignments),
        "overdue": letter.today > deadline.external,
        "activities": activity_words(activities),
        "forms": form_words(office, assignments),
        "token": ", ".join(a.token for a in assignments),
        "file_names": [form_name(office, a) for a in assignments] if notice.carries_forms else [],
        "on_behalf_of": roster.member(notice.other).full_name if _in_place_of(notice) else None,
        "other": roster.member(notice.other).full_name if notice.other else None,
        "until_th": day_words(notice.until, weekday=True) if notice.until else None,
        "owing": _owing(office, assignments) if notice.kind is _K.ESCALATION else [],
    }


def _in_place_of(notice: Notice) -> bool:
    return bool(notice.other) and notice.kind in (_K.DEPUTY, _K.REMINDER)


def _tone(tone: str, left: int) -> str:
    """What the calendar says comes before what the ladder says: a late step does not speak as an early one."""
    if left < 0:
        return "overdue"
    if left == 0:
        return "today"
    return tone if tone in ("early", "near", "urgent") else ("urgent" if left <= 1 else "near" if left <= 3 else "early")


def _owing(office: Office, assignments: list[Assignment]) -> list[dict[str, object]]:
    """Who owes what, one line a person."""
    found: dict[str, list[Assignment]] = {}
    for a in assignments:
        found.setdefault(a.member, []).append(a)
    return [
        {
            "full_name": office.plan.roster.member(member).full_name,
            "numbers": [a.number for a in _activities(office, mine)],
            "forms": form_words(office, mine),
            "correcting": _correcting(mine),
        }
        for member, mine in found.items()
    ]


def _correcting(assignments: list[Assignment]) -> bool:
    """Was everything sent, and only corrections are waited for?"""
    return bool(assignments) and all(a.state is AssignmentState.NEEDS_CORRECTION for a in assignments)


def _assignments(office: Office, notice: Notice) -> list[Assignment]:
    rows = [office.ledger.assignment_row(i) for i in notice.assignments]
    return [office.ledger.as_assignment(row) for row in rows if row]


def _activities(office: Office, assignments: list[Assignment]) -> list[Activity]:
    wanted = {activity for a in assignments for activity in a.activities}
    return [a for a in office.plan.activities if a.id in wanted]


def _answers_to(office: Office, letter: Write) -> str:
    """The Message-ID of our mail a reminder follows: the one that carried the form to this reader, or the one to be
    signed or acknowledged; '' when there is none."""
    for notice in letter.notices:
        keys: list[str] = []
        if stage := _STAGE_MAIL.get(notice.kind):
            known = office.ledger.outbox.states(notice.deadline)
            keys = sorted(k for k in known if k.startswith(f"{notice.deadline}/{stage}/"))[-1:]
        elif notice.kind is _K.REMINDER:
            rows = [office.ledger.assignment_row(i) for i in notice.assignments]
            keys = [str(row["asked_mail"]) for row in rows if row and row["asked_mail"]]
        for key in keys:
            mail = office.ledger.outbox.get(key)
            if mail and mail["message_id"] and mail["recipient"] == _address(office, letter.to).lower():
                return str(mail["message_id"])
    return ""


def _address(office: Office, to: str) -> str:
    return office.plan.roster.registry.email if to == REGISTRY else office.plan.roster.member(to).email
