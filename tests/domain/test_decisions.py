"""`decide` and the ladder on any plan dates, holidays, states and outages; a toy office does what is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from toy_office import A, D, Matter, ToyOffice, assignment

from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import (
    Action,
    Alarm,
    AskDirector,
    AssignmentView,
    Compile,
    DeadlineView,
    FinishAsking,
    Judge,
    Lapse,
    Miss,
    alarm_key,
    decide,
)
from songthan.domain.ladders import CLOSES_AT, OPENS_AT, in_office_hours, ladder_for
from songthan.domain.plans import Deadline, LadderPlan, Rung

BASE = date(2023, 3, 1)

calendars = st.builds(
    lambda days: WorkCalendar(days_off={BASE + timedelta(days=n): "หยุด" for n in days}),
    st.sets(st.integers(-45, 60), max_size=25),
)


def rungs(low: int, high: int, to: tuple[str, ...], most: int = 4) -> st.SearchStrategy[tuple[Rung, ...]]:
    one = st.builds(Rung, day=st.integers(low, high), to=st.sampled_from(to))
    return st.lists(one, max_size=most, unique_by=lambda r: (r.day, r.to)).map(tuple)


ladder_plans = st.just(LadderPlan()) | st.builds(
    LadderPlan,
    opens=st.integers(1, 12),
    reminders=rungs(-9, 3, ("member",)),
    escalations=rungs(0, 4, ("deputy", "head", "director")),
    compile=rungs(0, 2, ("secretary", "head")),
    director=rungs(0, 4, ("director", "acting_director")),
    registry=rungs(0, 4, ("registry", "secretary")),
)


@st.composite
def deadlines(draw: st.DrawFn, name: str = "d") -> Deadline:
    internal = BASE + timedelta(days=draw(st.integers(0, 20)))
    internal_to = draw(st.none() | st.integers(0, 3).map(lambda n: internal + timedelta(days=n)))
    return Deadline(
        id=name, title="t", kind="quarterly", forms=("f3",), internal=internal, internal_to=internal_to,
        external=(internal_to or internal) + timedelta(days=draw(st.integers(0, 10))), ladder=draw(ladder_plans),
    )  # fmt: skip


ANY_STATE = st.sampled_from(list(A))
assignment_views = st.lists(
    st.tuples(
        st.sampled_from(["m1", "m2", "m3"]), st.sampled_from([A.PLANNED, A.ASKED, A.NEEDS_CORRECTION]) | ANY_STATE,
        st.sampled_from(["", "intended", "handed", "sent", "doubt"]),
        st.sampled_from(["", "", "", "complete", "incomplete", "review"]), st.booleans(),
    ),
    max_size=6,
).map(
    lambda rows: tuple(
        AssignmentView(
            assignment=assignment(f"d.f3.s{n}", "d", member, state), asked_by=asked_by,
            current_return=n if verdict else None, return_verdict=verdict, waiting_hold=hold,
        )
        for n, (member, state, asked_by, verdict, hold) in enumerate(rows)
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
        assert numbers == sorted(numbers) and dates == sorted(dates)
        assert all(ladder.opens < day <= ladder.cut.date() <= ladder.external for day in dates)
        days += dates
    assert len({day for _, day in ladder.reminders}) == len(ladder.reminders) == len(ladder.tones)
    assert len(ladder.escalations) == len(ladder.rungs) == len(deadline.ladder.escalations)
    assert all(calendar.is_working_day(day) for day in days)


def test_the_second_quarters_ladder() -> None:
    deadline = Deadline(id="d", title="t", kind="q", forms=("f3",), internal=date(2023, 3, 15), external=date(2023, 3, 20))
    ladder = ladder_for(deadline, WorkCalendar(days_off={date(2023, 3, 6): "มาฆบูชา"}))
    assert (ladder.opens, ladder.target) == (date(2023, 2, 28), date(2023, 3, 20))
    assert ladder.cut.isoformat() == "2023-03-17T12:00:00+07:00"
    assert ladder.reminders == (
        (-7, date(2023, 3, 3)), (-3, date(2023, 3, 10)), (-1, date(2023, 3, 14)), (0, date(2023, 3, 15)),
    )  # fmt: skip
    # the third escalation would come after the report is closed: it comes on that day
    assert ladder.escalations == ((1, date(2023, 3, 16)), (2, date(2023, 3, 17)), (3, date(2023, 3, 17)))
    assert [r.to for r in ladder.rungs] == ["deputy", "head", "director"]


def test_july_before_the_long_holiday() -> None:
    days_off = {date(2023, 7, d): "หยุด" for d in (28, 31)} | {date(2023, 8, d): "หยุด" for d in (1, 2)}
    deadline = Deadline(id="d", title="t", kind="annual", forms=("f1",), internal=date(2023, 7, 25), external=date(2023, 7, 30))
    ladder = ladder_for(deadline, WorkCalendar(days_off=days_off))
    assert ladder.target == date(2023, 7, 27) and ladder.cut.isoformat() == "2023-07-26T12:00:00+07:00"
    assert {day for _, day in ladder.escalations} == {date(2023, 7, 26)}


@given(deadlines(), moments, calendars)
def test_office_hours(deadline: Deadline, when: tuple[int, time], calendar: WorkCalendar) -> None:
    moment = moment_of(deadline, when)
    inside = calendar.is_working_day(moment.date()) and OPENS_AT <= moment.time() <= CLOSES_AT
    assert in_office_hours(moment, calendar) is inside


# one decision on any view


@settings(max_examples=400)
@given(
    deadlines(), calendars, moments, st.just(D.OPEN) | st.sampled_from(list(D)), assignment_views,
    st.sampled_from([0, 0, 1]), st.booleans(), st.booleans(), st.booleans(), st.none() | st.integers(-9, 9),
)  # fmt: skip
def test_a_decision_is_decent_whatever_the_ledger_says(
    deadline, calendar, when, state, views, version, signed, told, no_form, since
) -> None:
    now = moment_of(deadline, when)
    day = None if since is None else deadline.external + timedelta(days=since)
    view = DeadlineView(
        deadline=deadline, state=state, assignments=views, bundle_version=version, bundle_signed=signed,
        missed_told=told, missing_forms=("f3",) if no_form else (), director_asked_on=day, submitted_on=day,
    )  # fmt: skip
    actions = decide(view, now, calendar)
    by_id = {v.assignment.id: v for v in views}
    assert decide(view, now, calendar) == actions
    for action in actions:
        if isinstance(action, AskDirector):
            assert in_office_hours(now, calendar)
        if isinstance(action, Lapse):
            assert action.assignments
            assert not {by_id[i].state for i in action.assignments} & {A.ACCEPTED, A.WAIVED}
        if isinstance(action, FinishAsking):
            assert {(by_id[i].state, by_id[i].asked_by) for i in action.assignments} <= {
                (A.PLANNED, "intended"), (A.PLANNED, "handed"), (A.PLANNED, "sent")
            }  # fmt: skip
        if isinstance(action, Judge):
            assert by_id[action.assignment].state is A.RECEIVED
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


def test_a_mail_that_does_not_go_out_does_not_keep_the_report_open() -> None:
    deadline = Deadline(id="d", title="t", kind="q", forms=("f3",), internal=date(2023, 3, 15), external=date(2023, 3, 20))
    stuck = AssignmentView(assignment=assignment("d.f3.s1", "d", "m1"), asked_by="intended")
    there = AssignmentView(assignment=assignment("d.f3.s2", "d", "m2", A.ACCEPTED))
    view = DeadlineView(deadline=deadline, state=D.OPEN, assignments=(stuck, there))
    zone = ZoneInfo("Asia/Bangkok")
    before = decide(view, datetime(2023, 3, 16, 9, tzinfo=zone), WorkCalendar())
    assert before == (FinishAsking(deadline="d", assignments=("d.f3.s1",)),)
    after = decide(view, datetime(2023, 3, 17, 13, tzinfo=zone), WorkCalendar())
    assert after == (Lapse(deadline="d", assignments=("d.f3.s1",)),)


def test_a_report_that_cannot_be_made_is_told_by_the_compile_ladder() -> None:
    ladder = LadderPlan(compile=(Rung(day=0, to="secretary"), Rung(day=1, to="head")))
    deadline = Deadline(id="d", title="t", kind="q", forms=("f3",), internal=date(2023, 3, 15), external=date(2023, 3, 20),
                        ladder=ladder)  # fmt: skip
    view = DeadlineView(deadline=deadline, state=D.COLLECTED)
    told = {
        day: [a.to for a in decide(view, datetime(2023, 3, day, 9, tzinfo=ZoneInfo("Asia/Bangkok")), WorkCalendar())
              if isinstance(a, Alarm) and a.kind == "not-compiled"]
        for day in (17, 20, 21)
    }  # fmt: skip
    assert told == {17: [], 20: ["secretary"], 21: ["secretary", "head"]}
    actions: tuple[Action, ...] = decide(view, datetime(2023, 3, 20, 9, tzinfo=ZoneInfo("Asia/Bangkok")), WorkCalendar())
    assert any(isinstance(a, Compile) for a in actions), "and it is tried again"


# a whole deadline


@settings(max_examples=150, deadline=None)
@given(
    deadlines(), calendars, st.sets(st.integers(0, 50), max_size=40), st.lists(st.integers(0, 60), min_size=3, max_size=3),
    st.integers(0, 60), st.integers(0, 60), st.booleans(),
)  # fmt: skip
def test_a_whole_deadline_through_any_outages(deadline, calendar, off, answer_days, sign_day, receipt_day, flaky) -> None:
    matter = Matter(deadline, ("m1", "m2", "m3"))
    office = ToyOffice(
        calendar, [matter], deputies={"m1": "m9", "m2": "m1"}, flaky=flaky,
        roles={"head": "m3", "director": "m8", "acting_director": "m3", "secretary": "m7"},
    )  # fmt: skip
    start = ladder_for(deadline, calendar).opens - timedelta(days=2)
    quiet = None
    for n in range(70):
        day = start + timedelta(days=n)
        if n in off and n < 60:
            continue
        for index, when in enumerate(answer_days):
            if when <= n and index < len(matter.views):
                office.answer(matter, index, complete=matter.views[index].state is A.NEEDS_CORRECTION or index > 0)
        if matter.state is D.WITH_DIRECTOR and n >= sign_day and not matter.signed:
            matter.signed = True
            matter.turn(D.SIGNED)
        if matter.state is D.SUBMITTED and n >= receipt_day:
            matter.turn(D.ACKNOWLEDGED)
            quiet = len(office.letters) + len(office.others)
        for hour in (8, 9, 13, 23):
            office.visit(calendar.at(day, time(hour, 45)))
    keys = [key for key, _, _ in office.others]
    assert len(set(keys)) == len(keys)
    assert matter.missed <= 1
    handed_in = [day for key, _, day in office.others if "/registry/" in key]
    if matter.state in (D.SUBMITTED, D.ACKNOWLEDGED):
        assert handed_in
        assert (matter.missed == 1) == (handed_in[0] > deadline.external)
    else:
        assert matter.missed == 1 and alarm_key("d", "missed") in matter.outbox
    if quiet is not None:
        assert len(office.letters) + len(office.others) == quiet


def test_the_report_goes_to_who_acts_for_the_director_in_his_turn_only() -> None:
    deadline = Deadline(
        id="d", title="t", kind="quarterly", forms=("f3",), internal=date(2023, 3, 8), external=date(2023, 3, 20)
    )
    calendar = WorkCalendar()
    waiting = DeadlineView(
        deadline=deadline, state=D.WITH_DIRECTOR, bundle_version=1, director_version=1, director_asked_on=date(2023, 3, 13), acting=True
    )

    def due(view: DeadlineView, day: int, hour: int = 9) -> list[str]:
        return [type(a).__name__ for a in decide(view, calendar.at(date(2023, 3, day), time(hour)), calendar)]

    assert due(waiting, 14) == [] and due(waiting, 15) == ["HandToActing"]
    # not at night, not twice, not while an answer waits, not where nobody else acts
    assert due(waiting, 15, hour=19) == []
    for change in ({"acting_asked": True}, {"signer_answered": True}, {"acting": False}):
        assert due(replace(waiting, **change), 15) == []
    # on the last day the alarm comes first, whatever becomes of the other
    assert due(waiting, 20) == ["Alarm", "HandToActing"]
