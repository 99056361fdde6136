"""A toy office that does what is decided, as the steps do, with dictionaries; it keeps every letter it wrote."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time

from songthan.domain.absence import Leave
from songthan.domain.assignments import SETTLED, Assignment, AssignmentState, DeadlineState, move
from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import (
    Action,
    Alarm,
    AskDirector,
    AssignmentView,
    Collect,
    Compile,
    DeadlineView,
    FinishAsking,
    Judge,
    Lapse,
    Miss,
    Open,
    Submit,
    alarm_key,
    decide,
)
from songthan.domain.ladders import in_office_hours
from songthan.domain.notices import People, Write, letters_due
from songthan.domain.plans import Deadline

A, D = AssignmentState, DeadlineState


@dataclass
class Matter:
    """One deadline and how far it is."""

    deadline: Deadline
    holders: tuple[str, ...]
    state: DeadlineState = D.PLANNED
    views: list[AssignmentView] = field(default_factory=list)
    outbox: dict[str, str] = field(default_factory=dict)
    version: int = 0
    signed: bool = False
    missed: int = 0
    asked_director: date | None = None
    submitted: date | None = None

    def view(self) -> DeadlineView:
        return DeadlineView(
            deadline=self.deadline, state=self.state, assignments=tuple(self.views), outbox=dict(self.outbox),
            bundle_version=self.version, bundle_signed=self.signed, missed_told=self.missed > 0,
            director_asked_on=self.asked_director, submitted_on=self.submitted,
        )  # fmt: skip

    def turn(self, to: DeadlineState) -> None:
        self.state = move(self.state, to, what=self.deadline.id)

    def turn_assignments(self, ids: tuple[str, ...], to: AssignmentState) -> None:
        self.views = [
            replace(v, assignment=replace(v.assignment, state=move(v.state, to, what=v.assignment.id)))
            if v.assignment.id in ids
            else v
            for v in self.views
        ]

    def state_of(self, assignment: str) -> AssignmentState:
        return next(v.state for v in self.views if v.assignment.id == assignment)


@dataclass(frozen=True)
class Written:
    """A letter the toy office wrote, with the states of what it spoke of at that moment."""

    letter: Write
    at: datetime
    states: tuple[AssignmentState, ...]


@dataclass
class ToyOffice:
    """`leaves` is the leave book as it stands; `flaky` letters stay in the outbox until `finish` is decided."""

    calendar: WorkCalendar
    matters: list[Matter]
    deputies: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    leaves: list[Leave] = field(default_factory=list)
    flaky: bool = False
    written: dict[str, set[date]] = field(default_factory=dict)
    letters: list[Written] = field(default_factory=list)
    others: list[tuple[str, str, date]] = field(default_factory=list)

    def people(self) -> People:
        leaves: dict[str, tuple[Leave, ...]] = {}
        for leave in self.leaves:
            leaves[leave.member] = (*leaves.get(leave.member, ()), leave)
        return People(
            deputies=self.deputies, leaves=leaves, roles=self.roles,
            written={who: frozenset(days) for who, days in self.written.items()},
        )  # fmt: skip

    def visit(self, now: datetime) -> None:
        """Every deadline's tick until all is quiet."""
        for _ in range(30):
            actions = [(m, a) for m in self.matters for a in decide(m.view(), now, self.calendar)]
            for matter, action in actions:
                self.do(matter, action, now)
            if actions:
                continue
            letters = letters_due([m.view() for m in self.matters], self.people(), now, self.calendar)
            if not letters:
                return
            for letter in letters:
                self.write(letter, now)
        raise AssertionError("never quiet")

    def matter(self, deadline: str) -> Matter:
        return next(m for m in self.matters if m.deadline.id == deadline)

    def write(self, letter: Write, now: datetime) -> None:
        day = self.calendar.local(now).date()
        states = [self.matter(n.deadline).state_of(a) for n in letter.notices for a in n.assignments]
        self.letters.append(Written(letter, now, tuple(states)))
        self.written.setdefault(letter.to, set()).add(day)
        for notice in letter.notices:
            matter = self.matter(notice.deadline)
            assert notice.key not in matter.outbox, "told twice"
            matter.outbox[notice.key] = "sent"
            if notice.carries_forms:
                carried = set(notice.assignments)
                matter.views = [
                    replace(v, asked_by="intended") if v.assignment.id in carried and v.state is A.PLANNED else v
                    for v in matter.views
                ]
                if not self.flaky:
                    self._asked(matter, notice.assignments)

    def _asked(self, matter: Matter, ids: tuple[str, ...]) -> None:
        matter.turn_assignments(tuple(i for i in ids if matter.state_of(i) is A.PLANNED), A.ASKED)

    def tell(self, matter: Matter, key: str, to: str, day: date) -> None:
        if key not in matter.outbox:
            matter.outbox[key] = "sent"
            self.others.append((key, to, day))

    def do(self, matter: Matter, action: Action, now: datetime) -> None:
        day, name = self.calendar.local(now).date(), matter.deadline.id
        match action:
            case Open():
                matter.turn(D.OPEN)
                matter.views = [
                    AssignmentView(assignment=assignment(f"{name}.f3.s{n}", name, holder))
                    for n, holder in enumerate(matter.holders)
                ]
            case FinishAsking():
                self._asked(matter, action.assignments)
            case Judge():
                matter.turn_assignments((action.assignment,), A.ACCEPTED if action.complete else A.NEEDS_CORRECTION)
            case Lapse():
                matter.turn_assignments(action.assignments, A.LAPSED)
            case Collect():
                assert all(v.state in SETTLED for v in matter.views)
                matter.turn(D.COLLECTED)
            case Compile():
                matter.version += 1
                matter.turn(D.COMPILED)
            case AskDirector():
                assert in_office_hours(now, self.calendar)
                self.tell(matter, f"{name}/director/v{action.version}", "director", day)
                matter.asked_director = day
                matter.turn(D.WITH_DIRECTOR)
            case Submit():
                assert matter.signed
                self.tell(matter, f"{name}/registry/v{action.version}", "registry", day)
                matter.submitted = day
                matter.turn(D.SUBMITTED)
            case Alarm():
                key = alarm_key(name, action.kind, action.subject)
                assert key not in matter.outbox
                self.tell(matter, key, action.to, day)
            case Miss():
                matter.missed += 1
                matter.turn(D.MISSED)

    def answer(self, matter: Matter, index: int, *, complete: bool) -> None:
        """A return comes in, if one is still owed."""
        if index >= len(matter.views) or matter.state not in (D.OPEN, D.MISSED):
            return
        view = matter.views[index]
        if view.state in (A.ASKED, A.NEEDS_CORRECTION):
            matter.views[index] = replace(
                view, assignment=replace(view.assignment, state=A.RECEIVED), current_return=index,
                return_verdict="complete" if complete else "incomplete",
            )  # fmt: skip


def assignment(name: str, deadline: str, member: str, state: AssignmentState = A.PLANNED) -> Assignment:
    """One assignment of a toy deadline."""
    return Assignment(
        id=name, deadline=deadline, form="f3", seat=name.rpartition(".")[2], member=member, token=name,
        activities=("1",), state=state,
    )  # fmt: skip


def at(calendar: WorkCalendar, day: date, hour: int, minute: int = 45) -> datetime:
    return calendar.at(day, time(hour, minute))
