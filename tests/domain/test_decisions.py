"""`decide` and the ladder on any plan dates, holidays, states and outages; a toy world does what is decided."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.domain.assignments import SETTLED, Assignment, AssignmentState, DeadlineState, move
from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import (
    Action,
    Alarm,
    Ask,
    AskDeputy,
    AskDirector,
    AssignmentView,
    Collect,
    Compile,
    DeadlineView,
    Judge,
    Lapse,
    Miss,
    Open,
    Remind,
    Submit,
    alarm_key,
    decide,
    deputy_key,
    reminder_key,
    request_key,
)
from songthan.domain.ladders import CLOSES_AT, OPENS_AT, in_office_hours, ladder_for
from songthan.domain.plans import Deadline

A, D = AssignmentState, DeadlineState
BASE = date(2023, 3, 1)
TO_PEOPLE = (Ask, Remind, AskDeputy, AskDirector)

calendars = st.builds(
    lambda days: WorkCalendar(days_off={BASE + timedelta(days=n): "หยุด" for n in days}),
    st.sets(st.integers(-45, 60), max_size=25),
)


@st.composite
def deadlines(draw: st.DrawFn) -> Deadline:
    internal = BASE + timedelta(days=draw(st.integers(0, 20)))
    internal_to = draw(st.none() | st.integers(0, 3).map(lambda n: internal + timedelta(days=n)))
    return Deadline(
        id="d", title="t", kind="quarterly", forms=("f3",), internal=internal, internal_to=internal_to,
        external=(internal_to or internal) + timedelta(days=draw(st.integers(0, 10))),
        opens=draw(st.integers(1, 12)),
        reminders=tuple(draw(st.just({-3, -1, 0}) | st.sets(st.integers(-5, 2), max_size=4))),
        escalations=tuple(draw(st.just({1, 2}) | st.sets(st.integers(0, 3), max_size=2))),
    )  # fmt: skip


def assignment(n: int, member: str, state: AssignmentState) -> Assignment:
    return Assignment(id=f"d.f3.s{n}", deadline="d", form="f3", seat=f"s{n}", member=member, token=f"T{n}",
                      activities=("1",), state=state)  # fmt: skip


ANY_STATE = st.sampled_from(list(A))
assignment_views = st.lists(
    st.tuples(
        st.sampled_from(["m1", "m2", "m3"]), st.sampled_from([A.PLANNED, A.ASKED, A.NEEDS_CORRECTION]) | ANY_STATE,
        st.booleans(), st.sampled_from(["", "m2", "m9"]),
        st.sampled_from(["", "", "", "complete", "incomplete", "review"]), st.booleans(),
        st.none() | st.integers(-5, 40).map(lambda n: BASE + timedelta(days=n)),
    ),
    max_size=6,
).map(
    lambda rows: tuple(
        AssignmentView(
            assignment=assignment(n, member, state), away=away, deputy=deputy if deputy != member else "",
            current_return=n if verdict else None, return_verdict=verdict, waiting_hold=hold, absent_until=until,
        )
        for n, (member, state, away, deputy, verdict, hold, until) in enumerate(rows)
    )
)  # fmt: skip
times = st.sampled_from([time(9), time(13), time(16, 30)]) | st.times()
#: days from the members' date, and a time of day
moments = st.tuples(st.integers(-6, 6) | st.integers(-25, 25), times)


def moment_of(deadline: Deadline, given: tuple[int, time]) -> datetime:
    return datetime.combine(deadline.internal + timedelta(days=given[0]), given[1], tzinfo=ZoneInfo("Asia/Bangkok"))


# the ladder


@given(deadlines(), calendars)
def test_every_date_of_a_ladder_is_a_working_day_in_its_order(deadline: Deadline, calendar: WorkCalendar) -> None:
    ladder = ladder_for(deadline, calendar)
    assert ladder.target <= ladder.external and ladder.internal <= ladder.target
    assert ladder.cut.date() <= ladder.target and ladder.cut.tzinfo is not None
    assert ladder.opens < ladder.internal and ladder.cut > calendar.at(ladder.internal, time(8, 30))
    days = [ladder.opens, ladder.internal, ladder.target, ladder.cut.date()]
    for steps in (ladder.reminders, ladder.escalations):
        numbers, dates = [n for n, _ in steps], [day for _, day in steps]
        assert numbers == sorted(numbers) and dates == sorted(set(dates))
        days += dates
    assert all(calendar.is_working_day(day) for day in days)


def test_the_second_quarters_ladder() -> None:
    deadline = Deadline(id="d", title="t", kind="q", forms=("f3",), internal=date(2023, 3, 15), external=date(2023, 3, 20))
    ladder = ladder_for(deadline, WorkCalendar(days_off={date(2023, 3, 6): "มาฆบูชา"}))
    assert (ladder.opens, ladder.target) == (date(2023, 2, 28), date(2023, 3, 20))
    assert ladder.cut.isoformat() == "2023-03-17T12:00:00+07:00"
    assert ladder.reminders == ((-3, date(2023, 3, 10)), (-1, date(2023, 3, 14)), (0, date(2023, 3, 15)))
    assert ladder.escalations == ((1, date(2023, 3, 16)), (2, date(2023, 3, 17)))


@given(deadlines(), moments, calendars)
def test_office_hours(deadline: Deadline, when: tuple[int, time], calendar: WorkCalendar) -> None:
    moment = moment_of(deadline, when)
    inside = calendar.is_working_day(moment.date()) and OPENS_AT <= moment.time() <= CLOSES_AT
    assert in_office_hours(moment, calendar) is inside


# one decision on any view


@settings(max_examples=400)
@given(
    deadlines(), calendars, moments, st.just(D.OPEN) | st.sampled_from(list(D)), assignment_views,
    st.sampled_from([0, 0, 1]), st.booleans(),
    st.booleans(), st.sets(st.sampled_from(["m1", "m2", "m3"])), st.booleans(),
)  # fmt: skip
def test_a_decision_is_decent_whatever_the_ledger_says(
    deadline, calendar, when, state, views, version, signed, told, mailed, no_form
) -> None:
    now = moment_of(deadline, when)
    view = DeadlineView(
        deadline=deadline, state=state, assignments=views, bundle_version=version, bundle_signed=signed,
        missed_told=told, last_mail_on={m: now.date() for m in mailed}, missing_forms=("f3",) if no_form else (),
    )  # fmt: skip
    actions = decide(view, now, calendar)
    by_id = {v.assignment.id: v for v in views}
    assert decide(view, now, calendar) == actions
    for action in actions:
        if isinstance(action, TO_PEOPLE):
            assert in_office_hours(now, calendar)
        if isinstance(action, (Ask, Remind, AskDeputy, Lapse)):
            assert action.assignments
            states = {by_id[i].state for i in action.assignments}
            assert not states & {A.ACCEPTED, A.WAIVED}
        if isinstance(action, Remind):
            assert action.member not in mailed
        if isinstance(action, Judge):
            assert by_id[action.assignment].state is A.RECEIVED
    counts = Counter(a.member for a in actions if isinstance(a, (Ask, Remind, AskDeputy)))
    assert not counts or max(counts.values()) == 1
    if state is D.ACKNOWLEDGED:
        assert actions == ()
    if state is D.SUBMITTED:
        assert all(isinstance(a, Alarm) for a in actions)
    if told:
        assert not any(isinstance(a, Miss) for a in actions)
    if now.date() > deadline.external and state not in (D.SUBMITTED, D.ACKNOWLEDGED):
        assert any(isinstance(a, Alarm) and a.kind == "missed" for a in actions)
    elif now.date() <= deadline.external:
        assert not any(isinstance(a, Miss) for a in actions)


# a toy world over a whole deadline


@dataclass
class Toy:
    """Does what is decided, as the steps do, with dictionaries; `mails` keeps (key, day) of everything sent."""

    deadline: Deadline
    calendar: WorkCalendar
    people: dict[str, str]
    state: DeadlineState = D.PLANNED
    views: list[AssignmentView] = field(default_factory=list)
    outbox: dict[str, str] = field(default_factory=dict)
    last: dict[str, date] = field(default_factory=dict)
    version: int = 0
    signed: bool = False
    missed: int = 0
    mails: list[tuple[str, str, date]] = field(default_factory=list)

    def view(self) -> DeadlineView:
        return DeadlineView(
            deadline=self.deadline, state=self.state, assignments=tuple(self.views), outbox=self.outbox,
            last_mail_on=self.last, bundle_version=self.version, bundle_signed=self.signed, missed_told=self.missed > 0,
        )  # fmt: skip

    def visit(self, now: datetime) -> None:
        for _ in range(12):
            actions = decide(self.view(), now, self.calendar)
            if not actions:
                return
            for action in actions:
                self.do(action, now.date())
        raise AssertionError(f"never quiet: {actions}")

    def send(self, key: str, to: str, day: date) -> None:
        if key not in self.outbox:
            self.outbox[key] = "sent"
            self.last[to] = day
            self.mails.append((key, to, day))

    def turn(self, to: DeadlineState) -> None:
        self.state = move(self.state, to, what="d")

    def turn_assignments(self, ids: tuple[str, ...], to: AssignmentState) -> None:
        self.views = [
            replace(v, assignment=replace(v.assignment, state=move(v.state, to, what=v.assignment.id)))
            if v.assignment.id in ids
            else v
            for v in self.views
        ]

    def do(self, action: Action, day: date) -> None:
        match action:
            case Open():
                self.turn(D.OPEN)
                self.views = [
                    AssignmentView(assignment=assignment(n, m, A.PLANNED), deputy=deputy)
                    for n, (m, deputy) in enumerate(self.people.items())
                ]
            case Ask():
                self.send(request_key("d", action.member), action.member, day)
                self.turn_assignments(action.assignments, A.ASKED)
            case Remind():
                assert action.today == day
                self.send(reminder_key("d", action.member, action.step), action.member, day)
            case AskDeputy():
                self.send(deputy_key("d", action.member, action.deputy), action.deputy, day)
            case Judge():
                self.turn_assignments((action.assignment,), A.ACCEPTED if action.complete else A.NEEDS_CORRECTION)
            case Lapse():
                self.turn_assignments(action.assignments, A.LAPSED)
            case Collect():
                assert all(v.state in SETTLED for v in self.views)
                self.turn(D.COLLECTED)
            case Compile():
                self.version += 1
                self.turn(D.COMPILED)
            case AskDirector():
                self.send(f"d/director/v{action.version}", "director", day)
                self.turn(D.WITH_DIRECTOR)
            case Submit():
                assert self.signed
                self.send(f"d/registry/v{action.version}", "registry", day)
                self.turn(D.SUBMITTED)
            case Alarm():
                key = alarm_key("d", action.kind, action.subject)
                assert key not in self.outbox
                self.send(key, "secretary", day)
            case Miss():
                self.missed += 1
                self.turn(D.MISSED)


@settings(max_examples=150, deadline=None)
@given(
    deadlines(), calendars, st.sets(st.integers(0, 50), max_size=40), st.lists(st.integers(0, 60), min_size=3, max_size=3),
    st.integers(0, 60), st.integers(0, 60), st.booleans(),
)  # fmt: skip
def test_a_whole_deadline_through_any_outages(deadline, calendar, off, answer_days, sign_day, receipt_day, deputies) -> None:
    people = {"m1": "m9" if deputies else "", "m2": "m1" if deputies else "", "m3": ""}
    toy = Toy(deadline=deadline, calendar=calendar, people=people)
    ladder = ladder_for(deadline, calendar)
    start = ladder.opens - timedelta(days=2)
    previous = start
    for n in range(70):
        day = start + timedelta(days=n)
        if n in off and n < 60:
            continue
        for index, when in enumerate(answer_days):
            _answer(toy, index, when <= n)
        if toy.state is D.WITH_DIRECTOR and n >= sign_day and not toy.signed:
            toy.signed = True
            toy.turn(D.SIGNED)
        if toy.state is D.SUBMITTED and n >= receipt_day:
            toy.turn(D.ACKNOWLEDGED)
            quiet = len(toy.mails)
        for hour in (8, 9, 13, 23):
            before = len(toy.mails)
            toy.visit(calendar.at(day, time(hour, 45)))
            reminded = Counter(to for key, to, _ in toy.mails[before:] if "/reminder/" in key)
            assert not reminded or max(reminded.values()) == 1, "an outage ends in one reminder"
        previous = day
    assert previous >= ladder.external
    assert len({key for key, _, _ in toy.mails}) == len(toy.mails)
    by_day = Counter((to, day) for key, to, day in toy.mails if "/reminder/" in key)
    assert not by_day or max(by_day.values()) == 1
    assert all(calendar.is_working_day(day) for key, _, day in toy.mails if "/alarm/" not in key and "/registry/" not in key)
    assert toy.missed <= 1
    handed_in = [day for key, _, day in toy.mails if "/registry/" in key]
    if toy.state in (D.SUBMITTED, D.ACKNOWLEDGED):
        assert handed_in
        assert (toy.missed == 1) == (handed_in[0] > deadline.external)
    else:
        assert toy.missed == 1 and alarm_key("d", "missed") in toy.outbox
    if toy.state is D.ACKNOWLEDGED:
        assert len(toy.mails) == quiet


def _answer(toy: Toy, index: int, there: bool) -> None:
    if not there or index >= len(toy.views) or toy.state not in (D.OPEN, D.MISSED):
        return
    view = toy.views[index]
    if view.state in (A.ASKED, A.NEEDS_CORRECTION):
        toy.views[index] = replace(
            view, assignment=replace(view.assignment, state=A.RECEIVED), current_return=index,
            return_verdict="complete" if view.state is A.NEEDS_CORRECTION or index else "incomplete",
        )  # fmt: skip


# a form that is made from another's answers


def whole_view(first: AssignmentState, *, day: int, outbox: dict[str, str] | None = None) -> tuple[Action, ...]:
    """One member answers f2, another f1, which is made from f2; asked on `day` of March 2023 at nine."""
    deadline = Deadline(id="d", title="t", kind="annual", forms=("f1", "f2"), internal=date(2023, 3, 15),
                        external=date(2023, 3, 20), opens=10)  # fmt: skip
    f2 = replace(assignment(2, "m2", first), form="f2", activities=())
    f1 = replace(assignment(1, "m1", A.PLANNED), form="f1", activities=())
    view = DeadlineView(
        deadline=deadline, state=D.OPEN, outbox=outbox or {},
        assignments=(AssignmentView(assignment=f1, after=("f2",)), AssignmentView(assignment=f2)),
    )  # fmt: skip
    return decide(view, datetime(2023, 3, day, 9, tzinfo=ZoneInfo("Asia/Bangkok")), WorkCalendar(days_off={}))


def asked_forms(actions: tuple[Action, ...]) -> set[str]:
    return {i for a in actions if isinstance(a, Ask) for i in a.assignments}


@given(st.sampled_from(list(A)), st.integers(1, 15).filter(lambda n: date(2023, 3, n).weekday() < 5))
def test_a_form_made_from_another_waits_for_it_until_the_first_reminder(first: AssignmentState, day: int) -> None:
    asked = asked_forms(whole_view(first, day=day))
    assert ("d.f3.s1" in asked) == (first in SETTLED or day >= 10)
    assert ("d.f3.s2" in asked) == (first is A.PLANNED)


def test_it_goes_out_in_a_mail_of_its_own() -> None:
    (ask,) = (a for a in whole_view(A.ACCEPTED, day=3) if isinstance(a, Ask))
    assert request_key("d", ask.member, ask.form) == "d/request/m1/f1"
    # the member's other request is not mistaken for it, a doubt about it is not asked again
    assert asked_forms(whole_view(A.ACCEPTED, day=3, outbox={"d/request/m1": "sent"})) == {"d.f3.s1"}
    assert asked_forms(whole_view(A.ACCEPTED, day=3, outbox={"d/request/m1/f1": "doubt"})) == set()
