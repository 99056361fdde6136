"""Letters over all deadlines, for any plan, any roster, any holiday table, any outage and any clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from test_decisions import BASE, calendars, deadlines
from toy_office import A, D, Matter, ToyOffice, assignment, at

from songthan.domain.absence import BY_SECRETARY, Leave
from songthan.domain.assignments import OWING
from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import AssignmentView, DeadlineView
from songthan.domain.ladders import in_office_hours, ladder_for
from songthan.domain.notices import NoticeKind, People, Write, letters_due
from songthan.domain.plans import Deadline, LadderPlan, Rung

K = NoticeKind
MEMBERS = ("m1", "m2", "m3", "m4")
NOTED = datetime(2023, 1, 1, tzinfo=UTC)

people = st.sampled_from(MEMBERS)
leaves = st.lists(
    st.builds(
        lambda member, first, length: Leave(
            member=member, first=BASE + timedelta(days=first), source="secretary", noted_at=NOTED,
            last=None if length is None else BASE + timedelta(days=first + length),
        ),
        people, st.integers(-20, 30), st.none() | st.integers(0, 15),
    ),
    max_size=4,
)  # fmt: skip
#: A visit: how many hours after the last one (the clock may be set back), and whether anybody is there to see it.
steps = st.lists(st.sampled_from([1, 4, 16, 24, 24, 24, 72, 240, -1, -24, -30]), min_size=20, max_size=80)


@st.composite
def offices(draw: st.DrawFn) -> ToyOffice:
    matters = [
        Matter(draw(deadlines(f"d{n}")), tuple(draw(st.lists(people, min_size=1, max_size=5))))
        for n in range(draw(st.integers(1, 3)))
    ]
    pairs = draw(st.dictionaries(people, people, max_size=4))
    return ToyOffice(
        draw(calendars), matters,
        deputies={m: d for m, d in pairs.items() if m != d},
        roles={role: draw(people) for role in ("head", "director", "acting_director", "secretary")},
        leaves=draw(leaves), flaky=draw(st.booleans()),
    )  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(offices(), steps, st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 4)), st.integers(0, 70), max_size=9))
def test_nobody_is_pestered_whatever_the_clock_does(office: ToyOffice, hours, answers) -> None:
    now = at(office.calendar, BASE - timedelta(days=20), 8)
    for n, step in enumerate(hours):
        now += timedelta(hours=step)
        for (matter, index), when in answers.items():
            if when <= n and matter < len(office.matters):
                office.answer(office.matters[matter], index, complete=n % 3 > 0)
        before = len(office.letters)
        office.visit(now)
        _one_visit(office, [w.letter for w in office.letters[before:]], now)
    a_day = Counter((w.letter.to, w.letter.today) for w in office.letters)
    assert not a_day or max(a_day.values()) == 1, "one letter a person and day"
    told = Counter(n.key for w in office.letters for n in w.letter.notices)
    assert not told or max(told.values()) == 1, "nothing is told twice"
    steps_told: dict[tuple[str, str], list[int]] = {}
    for notice in (n for w in office.letters for n in w.letter.notices if n.kind is K.REMINDER):
        steps_told.setdefault((notice.deadline, notice.member), []).append(notice.step)
    assert all(told == sorted(set(told)) for told in steps_told.values()), "no earlier step after a later one"
    for w in office.letters:
        assert not set(w.states) & {A.ACCEPTED, A.WAIVED, A.RECEIVED}, "none after the answer"


def _one_visit(office: ToyOffice, letters: list[Write], now: datetime) -> None:
    if letters:
        assert in_office_hours(now, office.calendar)
    for letter in letters:
        per_duty = Counter((n.deadline, n.kind, n.member) for n in letter.notices if n.kind is K.REMINDER)
        assert not per_duty or max(per_duty.values()) == 1, "an outage ends in one reminder"
        for notice in letter.notices:
            ladder = ladder_for(office.matter(notice.deadline).deadline, office.calendar)
            if notice.kind not in (K.SIGN, K.RECEIPT):
                assert now < ladder.cut and letter.today <= ladder.external, "nothing to members after the cut"
            assert letter.today >= ladder.opens


def test_a_clock_set_back_behind_the_opening_reminds_no_director() -> None:
    own = replace(
        deadline("d0", date(2023, 3, 3), date(2023, 3, 3)),
        ladder=LadderPlan(opens=11, director=(Rung(day=0, to="director"),)),
    )
    calendar = WorkCalendar(days_off={}, timezone="Asia/Bangkok")
    opens = ladder_for(own, calendar).opens
    before = calendar.shift(opens, -1)
    view = DeadlineView(deadline=own, state=D.WITH_DIRECTOR, bundle_version=1, director_asked_on=before)
    people = People(roles={"director": "m1"})
    assert not letters_due([view], people, at(calendar, before, 14), calendar)
    assert [w.to for w in letters_due([view], people, at(calendar, opens, 14), calendar)] == ["m1"]


@settings(max_examples=150, deadline=None)
@given(offices())
def test_with_everybody_in_the_office_and_no_outage_everybody_is_asked(office: ToyOffice) -> None:
    office.leaves = []
    last = max(m.deadline.external for m in office.matters)
    day = min(ladder_for(m.deadline, office.calendar).opens for m in office.matters)
    while day <= last:
        for hour in (8, 11, 14):
            office.visit(at(office.calendar, day, hour))
        day += timedelta(days=1)
    for matter in office.matters:
        asked = {a for w in office.letters for n in w.letter.notices if n.kind is K.REQUEST for a in n.assignments}
        assert {v.assignment.id for v in matter.views} <= asked


def deadline(name: str, internal: date, external: date) -> Deadline:
    return Deadline(id=name, title=name, kind="q", forms=("f3",), internal=internal, external=external)


ONE = deadline("one", date(2023, 3, 15), date(2023, 3, 20))
TWO = deadline("two", date(2023, 3, 15), date(2023, 3, 20))
CALENDAR = WorkCalendar()


def view(of: Deadline, *rows: tuple[str, A], outbox: dict[str, str] | None = None, **more) -> DeadlineView:
    views = tuple(
        AssignmentView(assignment=assignment(f"{of.id}.f3.s{n}", of.id, m, state), **more) for n, (m, state) in enumerate(rows)
    )
    return DeadlineView(deadline=of, state=D.OPEN, assignments=views, outbox=outbox or {})


def due(*views: DeadlineView, day: int, who: People | None = None, hour: int = 9) -> dict[str, list[K]]:
    letters = letters_due(views, who or People(), at(CALENDAR, date(2023, 3, day), hour), CALENDAR)
    return {w.to: [n.kind for n in w.notices] for w in letters}


def test_duties_of_two_deadlines_come_in_one_letter() -> None:
    views = view(ONE, ("m1", A.PLANNED), ("m2", A.PLANNED)), view(TWO, ("m1", A.ASKED))
    (both, other) = letters_due(views, People(), at(CALENDAR, date(2023, 3, 10), 9), CALENDAR)
    assert (both.to, [n.kind for n in both.notices]) == ("m1", [K.REQUEST, K.REMINDER])
    assert both.key == "letters/2023-03-10/m1" and other.key == other.notices[0].key == "one/request/m2"


def test_who_was_written_to_today_waits_for_tomorrow() -> None:
    today = People(written={"m1": frozenset({date(2023, 3, 10)})})
    assert due(view(ONE, ("m1", A.ASKED)), day=10, who=today) == {}
    assert due(view(ONE, ("m1", A.ASKED)), day=13, who=today) == {"m1": [K.REMINDER]}


def test_the_ladder_goes_up_to_the_deputy_the_head_and_the_director() -> None:
    who = People(deputies={"m1": "m2"}, roles={"head": "m3", "director": "m4"})
    open_ = view(ONE, ("m1", A.ASKED), ("m3", A.ASKED))
    assert due(open_, day=15, who=who) == {"m1": [K.REMINDER], "m3": [K.REMINDER]}
    told = {"one/reminder/m1/+0": "sent", "one/reminder/m3/+0": "sent"}
    open_ = replace(open_, outbox=told)
    assert due(open_, day=16, who=who) == {"m2": [K.DEPUTY]}
    open_ = replace(open_, outbox={**told, "one/deputy/m1/m2/late": "sent"})
    # the head is not told of his own
    letters = letters_due([open_], who, at(CALENDAR, date(2023, 3, 17), 9), CALENDAR)
    assert {w.to: [n.assignments for n in w.notices] for w in letters} == {
        "m3": [("one.f3.s0",)], "m4": [("one.f3.s0", "one.f3.s1")],
    }  # fmt: skip


def test_who_holds_two_offices_gets_one_list() -> None:
    who = People(roles={"head": "m4", "director": "m4"})
    letters = letters_due([view(ONE, ("m1", A.ASKED))], who, at(CALENDAR, date(2023, 3, 17), 9), CALENDAR)
    assert [n.key for w in letters for n in w.notices if w.to == "m4"] == ["one/escalation/director/+3"]


def leave(first: int, last: int | None, **more) -> Leave:
    end = None if last is None else date(2023, 3, last)
    return Leave(member="m1", first=date(2023, 3, first), last=end, source="secretary", noted_at=NOTED, **more)


def away(*found: Leave, **more) -> People:
    return People(deputies={"m1": "m2"}, leaves={"m1": found}, **more)


def test_a_duty_that_falls_due_in_a_leave_goes_to_the_deputy_and_both_are_told() -> None:
    week = away(leave(6, 10))
    assert due(view(ONE, ("m1", A.PLANNED)), day=7, who=week) == {"m2": [K.DEPUTY], "m1": [K.AWAY]}
    # nothing falls due and he is back before the date: nobody is bothered
    quiet = {"one/reminder/m1/-7": "sent"}
    assert due(view(ONE, ("m1", A.ASKED), outbox=quiet), day=7, who=week) == {}
    # a reminder's day does it, and so does a leave that lasts beyond the date
    assert due(view(ONE, ("m1", A.ASKED), outbox=quiet), day=10, who=week) == {"m2": [K.DEPUTY], "m1": [K.AWAY]}
    assert due(view(ONE, ("m1", A.ASKED), outbox=quiet), day=7, who=away(leave(6, None))) == {"m2": [K.DEPUTY], "m1": [K.AWAY]}
    # the deputy who has the forms is the one who is reminded
    asked = {**quiet, "one/deputy/m1/m2/2023-03-06": "sent", "one/away/m1/2023-03-06": "sent"}
    assert due(view(ONE, ("m1", A.ASKED), outbox=asked), day=10, who=week) == {"m2": [K.REMINDER]}


def test_the_duty_comes_back_with_the_member() -> None:
    asked = {"one/deputy/m1/m2/2023-03-06": "sent", "one/away/m1/2023-03-06": "sent", "one/reminder/m1/-3": "sent"}
    over = away(leave(6, 10))
    back = due(view(ONE, ("m1", A.ASKED), outbox=asked), day=13, who=over)
    assert back == {"m1": [K.BACK], "m2": [K.RELIEVED]}
    told = {**asked, "one/back/m1/2023-03-06": "sent"}
    # the deputy's letter was put off by another: it still comes
    assert due(view(ONE, ("m1", A.ASKED), outbox=told), day=14, who=over) == {"m1": [K.REMINDER], "m2": [K.RELIEVED]}
    # answered meanwhile: nothing comes back
    assert due(view(ONE, ("m1", A.ACCEPTED), outbox=asked), day=13, who=over) == {}
    # the secretary ended the leave
    ended = away(leave(6, 30, ended_at=NOTED, ended_why=BY_SECRETARY))
    assert due(view(ONE, ("m1", A.ASKED), outbox=asked), day=9, who=ended) == {"m1": [K.BACK], "m2": [K.RELIEVED]}


def test_without_a_deputy_who_is_there_the_member_is_written_to() -> None:
    alone = People(leaves={"m1": (leave(6, 30),)})
    assert due(view(ONE, ("m1", A.PLANNED)), day=7, who=alone) == {"m1": [K.REQUEST]}
    both = People(deputies={"m1": "m2"}, leaves={"m1": (leave(6, 30),), "m2": (replace(leave(6, 30), member="m2"),)})
    assert due(view(ONE, ("m1", A.PLANNED)), day=7, who=both) == {"m1": [K.REQUEST]}


def test_who_waits_for_the_secretarys_word_is_left_in_peace() -> None:
    assert due(view(ONE, ("m1", A.ASKED), waiting_hold=True), day=10) == {}


def test_a_duty_opened_anew_is_asked_in_a_mail_of_its_own() -> None:
    known = {"one/request/m1": "sent"}
    (letter,) = letters_due([view(ONE, ("m1", A.PLANNED), outbox=known)], People(), at(CALENDAR, date(2023, 3, 3), 9), CALENDAR)
    assert letter.key == "one/request/m1/again-1"
    # but not while the first is still on its way
    assert due(view(ONE, ("m1", A.PLANNED), outbox=known, asked_by="intended"), day=3) == {}


def test_an_extension_starts_the_reminders_anew() -> None:
    sent = {f"one/reminder/m1/{n:+d}": "sent" for n in (-7, -3, -1, 0)}
    assert due(view(ONE, ("m1", A.ASKED), outbox=sent), day=15) == {}
    longer = replace(ONE, internal=date(2023, 3, 16), printed_internal=ONE.internal)
    assert due(view(longer, ("m1", A.ASKED), outbox=sent), day=15) == {"m1": [K.REMINDER]}
    # and so do the escalations
    who = People(deputies={"m1": "m2"}, roles={"head": "m3"})
    told = {**sent, "one/deputy/m1/m2/late": "sent", "one/escalation/head/+2": "sent"}
    assert due(view(ONE, ("m1", A.ASKED), outbox=told), day=17, who=who) == {}
    again = due(view(longer, ("m1", A.ASKED), outbox={**told, "one/reminder/m1/+0/2023-03-16": "sent"}), day=17, who=who)
    assert again == {"m2": [K.DEPUTY], "m3": [K.ESCALATION]}


def test_the_director_and_the_registry_have_ladders_of_their_own() -> None:
    who = People(roles={"director": "m4", "acting_director": "m3"})
    waiting = DeadlineView(deadline=ONE, state=D.WITH_DIRECTOR, bundle_version=1, director_asked_on=date(2023, 3, 15))
    assert due(waiting, day=15, who=who) == {}
    assert due(waiting, day=16, who=who) == {"m4": [K.SIGN]}
    assert due(waiting, day=17, who=who) == {"m4": [K.SIGN], "m3": [K.SIGN]}
    handed_in = DeadlineView(deadline=ONE, state=D.SUBMITTED, bundle_version=1, submitted_on=date(2023, 3, 17))
    assert due(handed_in, day=20, who=who) == {}
    assert due(handed_in, day=21, who=who) == {"registry": [K.RECEIPT]}
    told = replace(handed_in, outbox={"one/receipt-number/+2": "sent"})
    assert due(told, day=24, who=who) == {}


# a form that is made from another's answers


def asked_forms(first: A, day: int, outbox: dict[str, str] | None = None) -> dict[str, str]:
    """Assignment → key of its request: one member answers f2, another f1, which is made from f2."""
    f2 = replace(assignment("one.f2.s2", "one", "m2", first), form="f2", activities=())
    f1 = replace(assignment("one.f1.s1", "one", "m1", A.PLANNED), form="f1", activities=())
    views = (AssignmentView(assignment=f1, after=("f2",)), AssignmentView(assignment=f2))
    found = DeadlineView(deadline=ONE, state=D.OPEN, assignments=views, outbox=outbox or {})
    letters = letters_due([found], People(), at(CALENDAR, date(2023, 3, day), 9), CALENDAR)
    return {a: n.key for w in letters for n in w.notices if n.kind is K.REQUEST for a in n.assignments}


@given(st.sampled_from(list(A)), st.integers(1, 15).filter(lambda n: date(2023, 3, n).weekday() < 5))
def test_a_form_made_from_another_waits_for_it_until_the_first_reminder(first: A, day: int) -> None:
    asked = asked_forms(first, day)
    assert ("one.f1.s1" in asked) == (first not in OWING - {A.LAPSED} and first not in (A.PLANNED, A.RECEIVED) or day >= 6)
    assert ("one.f2.s2" in asked) == (first is A.PLANNED)


def test_it_goes_out_under_a_key_of_its_own() -> None:
    assert asked_forms(A.ACCEPTED, 3) == {"one.f1.s1": "one/request/m1/f1"}
    # the member's other request is not mistaken for it
    assert asked_forms(A.ACCEPTED, 3, {"one/request/m1": "sent"}) == {"one.f1.s1": "one/request/m1/f1"}
