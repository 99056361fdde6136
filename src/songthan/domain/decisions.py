"""`decide`: from what the ledger knows and the time now to the next actions. Pure; a step does each action.

Who is written to about his duties is decided over all deadlines at once (`domain.notices`). The decision never trusts a clock step or a lost tick: it looks only at states, at the keys of mails already intended,
and at the calendar. So it may be asked at any time, twice, or after days of silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from songthan.domain.assignments import SETTLED, Assignment, AssignmentState, DeadlineState
from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import Ladder, due_rungs, in_office_hours, ladder_for
from songthan.domain.plans import Deadline

#: Who acts for the director, as the ladders name him.
ACTING = "acting_director"
_A, _D = AssignmentState, DeadlineState
#: On the last working day for submitting, a submission without a receipt number is told from this hour on.
UNPROVEN_AT = time(14, 0)


@dataclass(frozen=True, kw_only=True)
class AssignmentView:
    """An assignment as the ledger knows it. `asked_by` is the outbox state of the mail that carries its form («»: none was
    written yet); `current_return` the id of the return being worked on; `waiting_hold` is True while a mail about it waits
    for the secretary; `after` are the forms whose answers its form is made from; `changed_at` (aware) is when its state
    last changed."""

    assignment: Assignment
    asked_by: str = ""
    current_return: int | None = None
    return_verdict: str = ""
    waiting_hold: bool = False
    after: tuple[str, ...] = ()
    changed_at: datetime | None = None

    @property
    def state(self) -> AssignmentState:
        return self.assignment.state


@dataclass(frozen=True, kw_only=True)
class DeadlineView:
    """Everything `decide` may look at. `outbox` maps the keys of what was told about this deadline to «intended», «handed»,
    «sent», «doubt», «withheld»; `director_version` is the version laid before the director (0: as `bundle_version`), `acting`
    whether the roster names somebody else who acts for him, `acting_asked` whether the mail with a version for that person
    is sent, in doubt or withheld; `signer_answered`
    while a page signed by pen, or words, of one of them wait for the secretary;
    `director_asked_on` and `submitted_on` are the days those mails went out."""

    deadline: Deadline
    state: DeadlineState
    assignments: tuple[AssignmentView, ...] = ()
    outbox: Mapping[str, str] = field(default_factory=dict)
    bundle_version: int = 0
    bundle_signed: bool = False
    director_version: int = 0
    acting: bool = False
    acting_asked: bool = False
    signer_answered: bool = False
    director_asked_on: date | None = None
    submitted_on: date | None = None
    missing_forms: tuple[str, ...] = ()
    missed_told: bool = False


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing to do for a deadline."""

    deadline: str


@dataclass(frozen=True, kw_only=True)
class Open(Action):
    """Lay down the assignments and open the deadline."""


@dataclass(frozen=True, kw_only=True)
class FinishAsking(Action):
    """The mail with these assignments' forms is in the outbox, left there by a run that was killed or put off."""

    assignments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TakeBack(Action):
    """A letter of the ladder could not be sent when it was written: it is taken back, and decided anew on what is so now."""

    key: str


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
class HandToActing(Action):
    """The director is silent: the report is laid before who acts for him; the director's own signature still counts."""


@dataclass(frozen=True, kw_only=True)
class Submit(Action):
    """Mail the signed report to the registry by the form's channel rule."""

    version: int


@dataclass(frozen=True, kw_only=True)
class Alarm(Action):
    """Tell somebody loudly; `kind` is «missed», «no-form», «too-late», «nothing», «not-compiled», «silent-director»,
    «no-receipt», `to` the office role that is told."""

    kind: str
    subject: str = ""
    to: str = "secretary"


@dataclass(frozen=True, kw_only=True)
class Miss(Action):
    """The external date is over and nothing was submitted."""


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
        if _kept_open(view, local):
            return ()
        if any(a.state is _A.ACCEPTED for a in view.assignments):
            return (Collect(deadline=deadline),)
        # all waived, and again when something that was opened anew did not come
        subject = "lapsed" if any(a.state is _A.LAPSED for a in view.assignments) else ""
        told = alarm_key(deadline, "nothing", subject) in view.outbox
        return () if told else (Alarm(deadline=deadline, kind="nothing", subject=subject),)
    if local >= ladder.cut:
        late = tuple(a.assignment.id for a in view.assignments if a.state not in SETTLED)
        return (Lapse(deadline=deadline, assignments=late),) if late else ()
    return _half_asked(view)


def _half_asked(view: DeadlineView) -> tuple[FinishAsking, ...]:
    """Those whose forms were meant to go out, by a run that did not come to its end (a mail in doubt is a person's)."""
    left = [a for a in view.assignments if a.state is _A.PLANNED and a.asked_by in ("intended", "handed", "sent")]
    ids = tuple(a.assignment.id for a in left)
    return (FinishAsking(deadline=view.deadline.id, assignments=ids),) if ids else ()


def _kept_open(view: DeadlineView, local: datetime) -> bool:
    """Did the secretary reopen it, and has nothing come since, and is there still time? Else the very same report would be
    made again before anybody could answer."""
    since, until = view.deadline.reopened_at, view.deadline.reopened_until
    if since is None or until is None or local >= until:
        return False
    return not any(a.changed_at is not None and a.changed_at > since for a in view.assignments)


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


def _finishing(view: DeadlineView, ladder: Ladder, local: datetime, calendar: WorkCalendar) -> tuple[Action, ...]:
    deadline, version = view.deadline.id, view.bundle_version
    if view.state is _D.COLLECTED:
        # a better version may have come while the report could not be made
        late = _not_compiled(view, ladder, local, calendar)
        return late + (_judgements(view) or (Compile(deadline=deadline),))
    if view.state is _D.MISSED:
        # told loudly, and still to be handed in: go on where it stood (both mails have a key, none goes out twice)
        if view.bundle_signed:
            return (Submit(deadline=deadline, version=version),)
        return (AskDirector(deadline=deadline, version=version),) if in_office_hours(local, calendar) else ()
    if view.state is _D.COMPILED:
        return (AskDirector(deadline=deadline, version=version),) if in_office_hours(local, calendar) else ()
    if view.state is _D.SIGNED:
        return (Submit(deadline=deadline, version=version),)
    if view.state is _D.WITH_DIRECTOR:
        # told first: the alarm must not hang on the other's report being made
        silent = local.date() >= ladder.target and alarm_key(deadline, "silent-director") not in view.outbox
        alarm = (Alarm(deadline=deadline, kind="silent-director"),) if silent else ()
        return alarm + ((HandToActing(deadline=deadline),) if _acting_turn(view, local, calendar) else ())
    if view.state is _D.SUBMITTED:
        rungs = due_rungs(view.deadline.ladder.registry, view.submitted_on, local.date(), calendar)
        # «submitted, unproven»: told while the last day still has hours in which somebody can ask
        late = any(r.to == "secretary" for r in rungs) or local >= calendar.at(ladder.target, UNPROVEN_AT)
        key = alarm_key(deadline, "no-receipt")
        return (Alarm(deadline=deadline, kind="no-receipt"),) if late and key not in view.outbox else ()
    return ()


def _acting_turn(view: DeadlineView, local: datetime, calendar: WorkCalendar) -> bool:
    """Has the ladder come to who acts for the director, and was he not asked yet?"""
    rungs = due_rungs(view.deadline.ladder.director, view.director_asked_on, local.date(), calendar)
    due = any(r.to == ACTING for r in rungs)
    return due and view.acting and not view.acting_asked and not view.signer_answered and in_office_hours(local, calendar)


def _not_compiled(view: DeadlineView, ladder: Ladder, local: datetime, calendar: WorkCalendar) -> tuple[Alarm, ...]:
    """Everything is here and the report cannot be made: the compile ladder counts to the last working day."""
    deadline = view.deadline.id
    due = [r for r in view.deadline.ladder.compile if calendar.shift(ladder.target, r.day) <= local.date()]
    if not in_office_hours(local, calendar):
        # the secretary hears of it at any hour, nobody else does
        due = [r for r in due if r.to == "secretary"]
    if local < ladder.cut + timedelta(hours=1):
        # just collected: it is being made
        return ()
    told = (Alarm(deadline=deadline, kind="not-compiled", subject=r.to, to=r.to) for r in due)
    return tuple({a.to: a for a in told if alarm_key(deadline, "not-compiled", a.to) not in view.outbox}.values())
