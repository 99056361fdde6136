"""What people are told of the secretary's decisions about their duties: one kind of letter, `duty_changed`.

Safe to repeat: the key holds the number of the decision, so each decision writes to each person once.
"""

from __future__ import annotations

from collections.abc import Iterable

from songthan.domain.assignments import Assignment
from songthan.domain.changes import Change
from songthan.domain.messages import OutgoingFile
from songthan.domain.plans import Member
from songthan.steps.find_duty import duty_words
from songthan.steps.letters import deadline_words, queue
from songthan.steps.office import Office


def record(office: Office, change: Change) -> int:
    """Write the decision down; returns its number. The first write of its transaction."""
    number = office.ledger.changes.add(change)
    office.tick("decided")
    return number


def letter_key(number: int, change: str, person: str, deadline: str = "") -> str:
    """The outbox key of what decision `number` tells this person."""
    return f"change-{number}/{change}/{person}" + (f"/{deadline}" if deadline else "")


def tell(
    office: Office,
    number: int,
    change: str,
    person: Member,
    *,
    duties: Iterable[Assignment] = (),
    deadline: str = "",
    files: Iterable[OutgoingFile] = (),
    reason: str = "",
    as_position: bool = False,
    **words: object,
) -> str:
    """Intend the letter of decision `number` to `person` (`letter_key`); returns his name. `change` is the template's word for what
    happened; `words` are what only some of them need (see templates/mail/README.md)."""
    duties, files = list(duties), list(files)
    subject = office.plan.deadline(deadline) if deadline else None
    empty: dict[str, object] = {"other": "", "seats": [], "due": [], "until_th": "", "was_th": "", "version_th": ""}
    queue(
        office,
        key=letter_key(number, change, person.id, deadline),
        kind="duty_changed",
        to=person.email,
        deadline=deadline,
        subjects=tuple(a.id for a in duties),
        files=files,
        context={
            "change": change,
            "addressee": person.position if as_position else person.full_name,
            "deadline": deadline_words(subject) if subject else {},
            "duties": duty_words(office, duties),
            "reason": reason,
            "file_names": [f.name for f in files],
            "token": ", ".join(a.token for a in duties),
            **empty,
            **words,
        },
    )
    office.tick("told")
    return person.full_name


def asked_instead(office: Office, duty: Assignment) -> Member | None:
    """The deputy who has the form of this duty too, and has not been relieved of it; None when nobody was asked for it."""
    roster = office.plan.roster
    deputy = roster.member(duty.member).deputy
    if not deputy:
        return None
    known = office.ledger.outbox.states(duty.deadline)
    start = f"{duty.deadline}/deputy/{duty.member}/{deputy}/"
    leaves = [key.removeprefix(start) for key in known if key.startswith(start)]
    still = any(f"{duty.deadline}/relieved/{duty.member}/{leave}" not in known for leave in leaves)
    return roster.member(deputy) if still else None


def was_asked(office: Office, duty: Assignment) -> bool:
    """Has the holder been written to about this duty, or is a request to him on its way?"""
    row = office.ledger.assignment_row(duty.id)
    return bool(row and (row["asked_on"] or row["asked_mail"]))
