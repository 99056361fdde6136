"""What `decide` and `letters_due` look at, read from the ledger in one go. Reads only, so it may run at any time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from songthan.domain.absence import Leave
from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import AssignmentView, DeadlineView
from songthan.domain.messages import OutgoingMail
from songthan.domain.notices import LADDER_MAIL, REGISTRY, People
from songthan.domain.outgoing import Word
from songthan.domain.routing import SIGNING_THREADS
from songthan.steps.office import Office
from songthan.steps.signing_officer import acting_officer, open_versions, slot_of

#: A mail that is out, or of which a person decides.
_PERSONS_OR_SENT = frozenset({"sent", "doubt", "withheld"})
#: Kinds of mail that do not use up a person's day: notices to whoever runs the office.
OFFICE_KINDS = frozenset({"digest", "alarm", "hold_notice", "bounce_notice"})
_ROLES = ("secretary", "head", "director", "acting_director")


def deadline_view(office: Office, deadline_id: str, *, unless: frozenset[str] = frozenset()) -> DeadlineView:
    """The view of one deadline now, as if the outgoing mails `unless` were not there. KeyError if the plan has no such
    deadline."""
    deadline = office.plan.deadline(deadline_id)
    ledger = office.ledger
    held = _held(office)
    bundle = ledger.bundles.latest(deadline_id)
    views = []
    for row in ledger.assignment_rows(deadline_id):
        assignment = ledger.as_assignment(row)
        current = row["current_return"]
        returned = ledger.returns.get(int(str(current))) if current is not None else None
        asked_mail = "" if row["asked_mail"] in unless else str(row["asked_mail"] or "")
        views.append(
            AssignmentView(
                assignment=assignment,
                asked_by=ledger.outbox.state(asked_mail) if asked_mail else "",
                current_return=int(str(current)) if current is not None else None,
                return_verdict=str(returned["verdict"]) if returned else "",
                waiting_hold=assignment.id in held,
                changed_at=datetime.fromisoformat(str(row["changed_at"])),
                after=office.forms[assignment.form].after if assignment.form in office.forms else (),
            )
        )
    version = int(str(bundle["version"])) if bundle else 0
    directors, actings = _versions(office, deadline_id)
    return DeadlineView(
        deadline=deadline,
        state=ledger.deadline_state(deadline_id),
        assignments=tuple(views),
        outbox=ledger.outbox.states(deadline_id, unless=unless),
        bundle_version=version,
        bundle_signed=bool(bundle and bundle["signed"]),
        director_version=directors,
        acting=acting_officer(office) is not None,
        signer_answered=bool(directors or actings) and _signer_answered(office, deadline_id),
        acting_asked=bool(actings) and ledger.outbox.state(f"{deadline_id}/director/v{actings}") in _PERSONS_OR_SENT,
        director_asked_on=_sent_on(office, f"{deadline_id}/director/v{directors or version}"),
        submitted_on=_sent_on(office, f"{deadline_id}/registry/v{version}"),
        missing_forms=tuple(f for f in deadline.forms if f not in office.forms),
        missed_told=ledger.has_event(f"deadline-{DeadlineState.MISSED.value.lower()}", deadline_id),
    )


def _versions(office: Office, deadline_id: str) -> tuple[int, int]:
    """The number of the version that awaits the director, and of that which awaits who acts for him, while they
    wait; 0 for none."""
    if office.ledger.deadline_state(deadline_id) is not DeadlineState.WITH_DIRECTOR:
        return 0, 0
    acting = acting_officer(office)
    directors = actings = 0
    for bundle in open_versions(office, deadline_id):
        slot, number = slot_of(office, bundle), int(str(bundle["version"]))
        if not slot.capacity:
            directors = number
        elif acting is not None and slot.signer == acting.full_name:
            actings = number
    return directors, actings


def _signer_answered(office: Office, deadline_id: str) -> bool:
    """Does a mail of the director, or of who acts for him, about this report wait for the secretary? A page signed by pen
    counts until she decides, words for `WORDS_WAIT` working days; only what our server vouches for."""
    roster, today = office.plan.roster, office.calendar.local(office.clock.now()).date()
    for hold in office.ledger.inbox.holds():
        sender = roster.by_address(str(hold["sender"] or ""))
        if sender is None or sender.id not in (roster.director, roster.acting_director) or hold["route"] != "hold" or not hold["parsed"]:
            continue
        message = office.ledger.inbox.message(int(str(hold["id"])))
        if message.authentication != "pass":
            continue
        thread = office.ledger.outbox.by_message_id(message.in_reply_to) or {}
        about = str(thread.get("deadline") or "") if thread.get("kind") in SIGNING_THREADS else ""
        if hold["purpose"] == "pen" and about in ("", deadline_id):
            return True
        came = office.calendar.local(message.received).date()
        if about == deadline_id and today <= office.calendar.shift(office.calendar.on_or_after(came), WORDS_WAIT):
            return True
    return False


def people_view(office: Office, *, unless: frozenset[str] = frozenset()) -> People:
    """What the letters must know of people now, as if the outgoing mails `unless` were not there."""
    roster = office.plan.roster
    days: dict[str, set[date]] = {}
    # an answer that waits for the secretary's word has reached nobody; a letter of the ladder is the day's all the same
    waiting = {m.key for m in held_mails(office) if m.kind not in LADDER_MAIL}
    for address, at in office.ledger.outbox.written(office.clock.now(), without=OFFICE_KINDS, unless=unless | waiting):
        days.setdefault(address, set()).add(office.calendar.local(at).date())
    addresses = {m.id: m.email for m in roster.members} | {REGISTRY: roster.registry.email}
    written = {who: frozenset(days[a.lower()]) for who, a in addresses.items() if a.lower() in days}
    return People(
        deputies={m.id: m.deputy for m in roster.members if m.deputy},
        leaves=_leaves(office),
        roles={role: str(getattr(roster, role)) for role in _ROLES},
        written=written,
    )


def held_mails(office: Office) -> list[OutgoingMail]:
    """Mails that wait for the secretary's word, oldest first."""
    if not office.held_kinds:
        return []
    return [mail for mail in office.ledger.outbox.unsent() if waits_for_word(office, mail)]


def waits_for_word(office: Office, mail: OutgoingMail) -> bool:
    """Is this a letter the secretary wants to see before it leaves, and has she not let it go? What is written to herself
    never waits: else nobody would tell her of the others."""
    roster = office.plan.roster
    if mail.kind not in office.held_kinds or mail.to == (roster.member(roster.secretary).email,):
        return False
    return not was_let_go(office, mail.key)


def is_kept_back(office: Office, key: str) -> bool:
    """Has this mail not left, and will it not without the secretary: withheld by her, or waiting for her word?"""
    state = office.ledger.outbox.state(key)
    return state == "withheld" or (state == "intended" and waits_for_word(office, office.ledger.outbox.mail(key)))


def was_let_go(office: Office, key: str) -> bool:
    """Her word is on everything the mail tells: a letter that is written anew, with something more in it, waits again."""
    said = (office.ledger.words.last(told) for told in office.ledger.outbox.tells(key))
    return all(word in (Word.RELEASE, Word.AGAIN) for word in said)


def _leaves(office: Office) -> Mapping[str, tuple[Leave, ...]]:
    """Every leave in the book, those that are over too (the duty comes back), by member."""
    found: dict[str, list[Leave]] = {}
    for leave in office.ledger.leaves.of(ended=True):
        found.setdefault(leave.member, []).append(leave)
    return {member: tuple(leaves) for member, leaves in found.items()}


def _sent_on(office: Office, key: str) -> date | None:
    """The office's day on which this mail was proven sent."""
    mail = office.ledger.outbox.get(key)
    at = mail["sent_at"] if mail else None
    return office.calendar.local(datetime.fromisoformat(str(at))).date() if at else None


#: Working days for which words without a file make the reminders rest: a question unanswered is no answer to the deadline.
WORDS_WAIT = 2


def _held(office: Office) -> set[str]:
    """Assignments whose holder (or his deputy), proven by our server or by the secretary's word, waits for the secretary: with a file until she decides,
    with a question or a refusal for `WORDS_WAIT` working days.

    Anybody else's mail about them is held too, but a stranger must not be able to silence the reminders.
    """
    today = office.calendar.local(office.clock.now()).date()
    members = {m.id: m for m in office.plan.roster.members}
    found = set()
    for hold in office.ledger.inbox.holds():
        row = office.ledger.assignment_row(str(hold["assignment"])) if hold["assignment"] else None
        sender = office.plan.roster.by_address(str(hold["sender"] or ""))
        if row is None or sender is None or hold["route"] != "hold" or not hold["parsed"]:
            continue
        holder = members.get(str(row["member"]))
        if holder is None or sender.id not in (holder.id, holder.deputy):
            continue
        message = office.ledger.inbox.message(int(str(hold["id"])))
        came = office.calendar.local(message.received).date()
        rests = any(a.role != "inline" for a in message.attachments) or today <= office.calendar.shift(came, WORDS_WAIT)
        if rests and (hold["released_at"] or message.authentication == "pass"):
            found.add(str(hold["assignment"]))
    return found
