"""Our letters: the words each one needs, and the intent in the outbox before anything is sent.

`queue` is safe to repeat: the key is chosen by the decision, and a second intent under the same key changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from songthan.domain.assignments import Assignment
from songthan.domain.language import day_words, digits, moment_words, say
from songthan.domain.messages import OutgoingFile, OutgoingMail
from songthan.domain.outgoing import COPIED_LETTERS
from songthan.domain.plans import Activity, Deadline, Member
from songthan.steps.office import Office


def queue(
    office: Office,
    *,
    key: str,
    kind: str,
    to: str,
    context: Mapping[str, object],
    files: Iterable[OutgoingFile] = (),
    reply_to: str = "",
    deadline: str = "",
    subjects: tuple[str, ...] = (),
    covers: tuple[tuple[str, str], ...] = (),
    says: str = "",
) -> None:
    """Write the letter and commit the intent to send it. `reply_to` is the Message-ID it answers; `covers` are the keys
    (with their deadlines) of the things it tells, where it tells several; `says` is what was decided that it tells."""
    if office.ledger.outbox.state(key) != "none":
        return
    copy = copy_for(office, to) if kind in COPIED_LETTERS and office.ledger.addresses.of(to) else ""
    note = say("ส่งสำเนาถึง {copy} ด้วย เพราะจดหมายถึง {to} ตีกลับ", copy=copy, to=to) if copy else ""
    subject, text, html = office.texts.compose(kind, {**common(office), "copy_note": note, **context})
    mail = OutgoingMail(
        key=key,
        kind=kind,
        to=(to,),
        cc=(copy,) if copy else (),
        subject=subject,
        text=text,
        html=html,
        in_reply_to=reply_to,
        references=(reply_to,) if reply_to else (),
        files=tuple(files),
    )
    office.ledger.outbox.plan(mail, office.clock.now(), deadline=deadline, subjects=subjects, covers=covers, says=says)


def copy_for(office: Office, address: str) -> str:
    """Who gets a copy of what is written to an address that does not work: the member's deputy, else the secretary; «» when
    there is nobody else."""
    roster, marked = office.plan.roster, office.ledger.addresses
    member = roster.by_address(address)
    people = [member.deputy] if member and member.deputy else []
    copies = (roster.member(who).email for who in (*people, roster.secretary))
    return next((c for c in copies if c.lower() != address.lower() and not marked.of(c)), "")


def common(office: Office) -> dict[str, object]:
    """What every letter may use."""
    roster = office.plan.roster
    secretary = roster.member(roster.secretary)
    return {
        "practice": office.practice,
        "organisation": {"name": office.plan.organisation.name, "parent": office.plan.organisation.parent},
        "secretary": {
            "full_name": secretary.full_name,
            "position": secretary.position,
            "phone": digits(secretary.phone or roster.phone),
            "email": secretary.email,
        },
    }


def deadline_words(deadline: Deadline) -> dict[str, object]:
    """A deadline as the letters name it."""
    return {
        "id": deadline.id,
        "title": deadline.title,
        "internal_th": day_of(deadline.members_until),
        "external_th": day_of(deadline.external),
    }


def days_left(office: Office, deadline: Deadline) -> int:
    """Working days until the members' date as of now; negative when it is over."""
    today = office.calendar.local(office.clock.now()).date()
    return office.calendar.working_days_between(today, deadline.members_until)


def day_of(day: date) -> str:
    """A date as the letters name it, with its weekday."""
    return day_words(day, weekday=True)


def member_words(member: Member) -> dict[str, object]:
    """A person as the letters name them."""
    return {"full_name": member.full_name, "position": member.position, "email": member.email}


def activity_words(activities: Iterable[Activity]) -> list[dict[str, str]]:
    """Activities as a letter lists them."""
    return [{"number": a.number, "title": a.title} for a in activities]


def form_words(office: Office, assignments: Iterable[Assignment]) -> list[str]:
    """The forms that are asked of one person whole, as a letter lists them (the others are listed by their rows)."""
    specs = (office.forms[a.form] for a in assignments if not a.activities and a.form in office.forms)
    return [spec.title for spec in specs]


def tell_secretary(
    office: Office,
    *,
    key: str,
    title: str,
    what: str,
    actions: Iterable[str] = (),
    commands: Iterable[tuple[str, str]] = (),
    deadline: str = "",
    role: str = "secretary",
) -> None:
    """An alarm to the secretary (or to another office `role`): what happened, what to do, the command to type."""
    person = office.plan.roster.member(str(getattr(office.plan.roster, role)))
    queue(
        office,
        key=key,
        kind="alarm",
        to=person.email,
        deadline=deadline,
        context={
            "reader": person.full_name,
            "title": title,
            "what": what,
            "at_th": moment_words(office.calendar.local(office.clock.now())),
            "actions": list(actions),
            "commands": [{"command": c, "meaning": m} for c, m in commands],
        },
    )
