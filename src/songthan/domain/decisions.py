"""`decide`: from what the ledger knows and the time now to the next actions. Pure; a step does each action.

The decision never trusts a clock step or a lost tick: it looks only at states, at the keys of mails already intended,
and at the calendar. So it may be asked at any time, twice, or after days of silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from songthan.domain.assignments import OWING, SETTLED, Assignment, AssignmentState, DeadlineState
from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import Ladder, due_step, in_office_hours, ladder_for
from songthan.domain.plans import Deadline

_A, _D = AssignmentState, DeadlineState


@dataclass(frozen=True, kw_only=True)
class AssignmentView:
    """An assignment as the ledger knows it. `absent` is the return date an out-of-office answer gave (or None);
    `deputy` is who may answer for the member; `current_return` the id of the return being worked on; `waiting_hold` is
    True while a mail about it waits for the secretary; `after` are the forms whose answers its form is made from."""

    assignment: Assignment
    asked_on: date | None = None
    away: bool = False
    absent_until: date | None = None
    deputy: str = ""
    current_return: int | None = None
    return_verdict: str = ""
    waiting_hold: bool = False
    after: tuple[str, ...] = ()

    @property
    def state(self) -> AssignmentState:
        return self.assignment.state


@dataclass(frozen=True, kw_only=True)
class DeadlineView:
    """Everything `decide` may look at. `outbox` maps the keys of this deadline's mails to «intended», «sent», «doubt»."""

    deadline: Deadline
    state: DeadlineState
    assignments: tuple[AssignmentView, ...] = ()
    outbox: Mapping[str, str] = None  # type: ignore[assignment]
    last_mail_on: Mapping[str, date] = None  # type: ignore[assignment]
    bundle_version: int = 0
    bundle_signed: bool = False
    missing_forms: tuple[str, ...] = ()
    missed_told: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "outbox", dict(self.outbox or {}))
        object.__setattr__(self, "last_mail_on", dict(self.last_mail_on or {}))


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do for a deadline."""

    deadline: str


@dataclass(frozen=True, kw_only=True)
class Open(Action):
    """Lay down the assignments and open the deadline."""


@dataclass(frozen=True, kw_only=True)
class Ask(Action):
    """Send one member the forms of these assignments (`request_key`); `form` is set for a form that had to wait."""

    member: str
    assignments: tuple[str, ...]
    form: str = ""


@dataclass(frozen=True, kw_only=True)
class Remind(Action):
    """Remind one member; `step` is the ladder's number, `today` the day it is sent on."""

    member: str
    assignments: tuple[str, ...]
    step: int
    today: date


@dataclass(frozen=True, kw_only=True)
class AskDeputy(Action):
    """Ask the registered deputy to answer for a member who is away or silent."""

    member: str
    deputy: str
    assignments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Judge(Action):
    """Take the decision on a return that was read: thank and accept, or ask for a correction."""

    assignment: str
    return_id: int
    complete: bool


@dataclass(frozen=True, kw_only=True)
class Lapse(Action):
    """The cut has come: go on without these answers."""

    assignments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Collect(Action):
    """Every assignment is settled."""


@dataclass(frozen=True, kw_only=True)
class Compile(Action):
    """Put the report together and freeze it as the next version."""


@dataclass(frozen=True, kw_only=True)
class AskDirector(Action):
    """Mail the frozen PDF to the director for signature."""

    version: int


@dataclass(frozen=True, kw_only=True)
class Submit(Action):
    """Mail the signed report to the registry by the form's channel rule."""

    version: int


@dataclass(frozen=True, kw_only=True)
class Alarm(Action):
    """Tell the secretary loudly; `kind` is «missed», «no-form», «too-late», «nothing», «silent-director», «no-receipt»."""

    kind: str
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class Miss(Action):
    """The external date is over and nothing was submitted."""


def request_key(deadline: str, member: str, form: str = "") -> str:
    return f"{deadline}/request/{member}" + (f"/{form}" if form else "")


def reminder_key(deadline: str, member: str, step: int) -> str:
    return f"{deadline}/reminder/{member}/{step:+d}"


def deputy_key(deadline: str, member: str, deputy: str) -> str:
    return f"{deadline}/deputy/{member}/{deputy}"


def alarm_key(deadline: str, kind: str, subject: str = "") -> str:
    return f"{deadline}/alarm/{kind}" + (f"/{subject}" if subject else "")


def decide(view: DeadlineView, now: datetime, calendar: WorkCalendar) -> tuple[Action, ...]:
    """What is to be done for this deadline at `now` (aware). An empty tuple means: wait."""
    ladder = ladder_for(view.deadline, calendar)
    local = calendar.local(now)
    missed = _missed(view, ladder, local)
    if view.state is _D.PLANNED:
        return missed + _planned(view, ladder, local, calendar)
    if view.state in (_D.OPEN, _D.MISSED) and not view.bundle_version:
        return missed + _collecting(view, ladder, local, calendar)
    return missed + _finishing(view, ladder, local, calendar)


def _missed(view: DeadlineView, ladder: Ladder, local: datetime) -> tuple[Action, ...]:
    """Past the external date without a submission: MISSED, and an alarm, once."""
    done = view.state in (_D.SUBMITTED, _D.ACKNOWLEDGED)
    if done or local.date() <= ladder.external:
        return ()
    actions: tuple[Action, ...] = ()
    if view.state is not _D.MISSED and not view.missed_told:
        actions += (Miss(deadline=view.deadline.id),)
    if alarm_key(view.deadline.id, "missed") not in view.outbox:
        actions += (Alarm(deadline=view.deadline.id, kind="missed"),)
    return actions


def _planned(view: DeadlineView, ladder: Ladder, local: datetime, calendar: WorkCalendar) -> tuple[Action, ...]:
    deadline = view.deadline.id
    if local.date() < ladder.opens or local.date() > ladder.external or not in_office_hours(local, calendar):
        return ()
    if view.missing_forms:
        key = alarm_key(deadline, "no-form")
        told = key in view.outbox
        return () if told else (Alarm(deadline=deadline, kind="no-form"),)
    if local >= ladder.cut:
        # switched on too late to ask anybody: a person decides, nothing empty is sent to the director
        told = alarm_key(deadline, "too-late") in view.outbox
        return () if told else (Alarm(deadline=deadline, kind="too-late"),)
    return (Open(deadline=deadline),)


def _collecting(view: DeadlineView, ladder: Ladder, local: datetime, calendar: WorkCalendar) -> tuple[Action, ...]:
    deadline = view.deadline.id
    if judged := _judgements(view):
        return judged
    if view.assignments and all(a.state in SETTLED for a in view.assignments):
        if any(a.state is _A.ACCEPTED for a in view.assignments):
            return (Collect(deadline=deadline),)
        told = alarm_key(deadline, "nothing") in view.outbox
        return () if told else (Alarm(deadline=deadline, kind="nothing"),)
    if local >= ladder.cut:
        late = tuple(a.assignment.id for a in view.assignments if a.state not in SETTLED)
        return (Lapse(deadline=deadline, assignments=late),) if late else ()
    if not in_office_hours(local, calendar):
        return ()
    # one mail about one member at a time: what is put off here comes at the next look
    requests = _requests(view, ladder, local.date())
    busy = {a.member for a in requests}
    deputies = tuple(a for a in _deputies(view, ladder, local) if a.member not in busy)
    busy |= {who for a in deputies for who in (a.member, a.deputy)}
    return requests + deputies + tuple(a for a in _reminders(view, ladder, local) if a.member not in busy)


def _judgements(view: DeadlineView) -> tuple[Action, ...]:
    """Returns that were read and wait for the word on them."""
    return tuple(
        Judge(
            deadline=view.deadline.id,
            assignment=a.assignment.id,
            return_id=a.current_return,
            complete=a.return_verdict == "complete",
        )
        for a in view.assignments
        if a.state is _A.RECEIVED and a.current_return is not None and a.return_verdict in ("complete", "incomplete")
    )


def _by_member(views: list[AssignmentView]) -> dict[str, tuple[AssignmentView, ...]]:
    grouped: dict[str, list[AssignmentView]] = {}
    for a in views:
        grouped.setdefault(a.assignment.member, []).append(a)
    return {member: tuple(items) for member, items in grouped.items()}


def _requests(view: DeadlineView, ladder: Ladder, today: date) -> tuple[Ask, ...]:
    """What can be asked now; a form made from others' answers goes out in a mail of its own when they are there."""
    groups: dict[tuple[str, str], list[str]] = {}
    for a in view.assignments:
        form = a.assignment.form if a.after else ""
        if a.state is _A.PLANNED and _ready(view, a, ladder, today):
            groups.setdefault((a.assignment.member, form), []).append(a.assignment.id)
    return tuple(
        Ask(deadline=view.deadline.id, member=member, assignments=tuple(ids), form=form)
        for (member, form), ids in groups.items()
        if view.outbox.get(request_key(view.deadline.id, member, form)) != "doubt"
    )


def _ready(view: DeadlineView, asked: AssignmentView, ladder: Ladder, today: date) -> bool:
    """Are the answers this form is made from settled? From the first reminder's day on it no longer waits for them."""
    latest = ladder.reminders[0][1] if ladder.reminders else ladder.internal
    if not asked.after or today >= latest:
        return True
    return all(a.state in SETTLED for a in view.assignments if a.assignment.form in asked.after)


def _deputies(view: DeadlineView, ladder: Ladder, local: datetime) -> tuple[AskDeputy, ...]:
    """The deputy is asked at once when the member is away past the internal date, else at the first escalation."""
    escalated = due_step(ladder.escalations, local.date()) is not None
    found = []
    for member, items in _by_member([a for a in view.assignments if a.state in OWING]).items():
        first = items[0]
        away = first.away and (first.absent_until is None or first.absent_until >= ladder.internal)
        if not first.deputy or not (away or escalated):
            continue
        if deputy_key(view.deadline.id, member, first.deputy) in view.outbox:
            continue
        ids = tuple(a.assignment.id for a in items)
        found.append(AskDeputy(deadline=view.deadline.id, member=member, deputy=first.deputy, assignments=ids))
    return tuple(found)


def _reminders(view: DeadlineView, ladder: Ladder, local: datetime) -> tuple[Remind, ...]:
    today = local.date()
    step = due_step(ladder.reminders, today)
    if step is None:
        return ()
    found = []
    for member, items in _by_member([a for a in view.assignments if a.state in OWING]).items():
        if reminder_key(view.deadline.id, member, step) in view.outbox:
            continue
        # nobody gets two mails on one day, and whoever waits for the secretary's word is left in peace
        if view.last_mail_on.get(member) == today or all(a.waiting_hold for a in items):
            continue
        ids = tuple(a.assignment.id for a in items)
        found.append(Remind(deadline=view.deadline.id, member=member, assignments=ids, step=step, today=today))
    return tuple(found)


def _finishing(view: DeadlineView, ladder: Ladder, local: datetime, calendar: WorkCalendar) -> tuple[Action, ...]:
    deadline, version = view.deadline.id, view.bundle_version
    if view.state is _D.COLLECTED:
        # a better version may have come while the report could not be made
        return _judgements(view) or (Compile(deadline=deadline),)
    if view.state is _D.MISSED:
        # told loudly, and still to be handed in: go on where it stood (both mails have a key, none goes out twice)
        if view.bundle_signed:
            return (Submit(deadline=deadline, version=version),)
        return (AskDirector(deadline=deadline, version=version),) if in_office_hours(local, calendar) else ()
    if view.state is _D.COMPILED:
        return (AskDirector(deadline=deadline, version=version),) if in_office_hours(local, calendar) else ()
    if view.state is _D.SIGNED:
        return (Submit(deadline=deadline, version=version),)
    if view.state is _D.WITH_DIRECTOR and local.date() >= ladder.target:
        key = alarm_key(deadline, "silent-director")
        return () if key in view.outbox else (Alarm(deadline=deadline, kind="silent-director"),)
    if view.state is _D.SUBMITTED and local.date() > ladder.target + timedelta(days=3):
        key = alarm_key(deadline, "no-receipt")
        return () if key in view.outbox else (Alarm(deadline=deadline, kind="no-receipt"),)
    return ()
