"""The state machines are DESIGN's arrows; tokens are stable and look like tokens."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.assignments import (
    ASSIGNMENT_MOVES,
    DEADLINE_MOVES,
    FROZEN,
    OWING,
    SETTLED,
    STATE_TH,
    AssignmentState,
    DeadlineState,
    assignments_for,
    move,
    token_for,
)
from songthan.domain.errors import TransitionRefused
from songthan.domain.forms import FormSpec
from songthan.domain.plans import Activity, Deadline, Member, Organisation, Plan, Registry, Roster, Seat

#: DESIGN: PLANNED → ASKED → RECEIVED → (NEEDS_CORRECTION → RECEIVED)* → ACCEPTED, or WAIVED / LAPSED; and what the
#: module adds with its reason: a better version before the freeze, a person reopening or handing over, a late answer.
ASSIGNMENT_ARROWS = """
PLANNED ASKED WAIVED LAPSED
ASKED RECEIVED WAIVED LAPSED PLANNED
RECEIVED ACCEPTED NEEDS_CORRECTION WAIVED LAPSED
NEEDS_CORRECTION RECEIVED WAIVED LAPSED PLANNED
ACCEPTED RECEIVED NEEDS_CORRECTION
WAIVED ASKED PLANNED
LAPSED ASKED RECEIVED PLANNED
"""
#: DESIGN: PLANNED → OPEN → COLLECTED → COMPILED → WITH_DIRECTOR → SIGNED → SUBMITTED → ACKNOWLEDGED, or MISSED; a
#: reopened report goes back to OPEN, a void signature to COMPILED, a missed one may still be handed in.
DEADLINE_ARROWS = """
PLANNED OPEN MISSED
OPEN COLLECTED MISSED
COLLECTED COMPILED OPEN MISSED
COMPILED WITH_DIRECTOR OPEN MISSED
WITH_DIRECTOR SIGNED COMPILED OPEN MISSED
SIGNED SUBMITTED OPEN MISSED
SUBMITTED ACKNOWLEDGED
ACKNOWLEDGED
MISSED OPEN COLLECTED COMPILED WITH_DIRECTOR SIGNED SUBMITTED
"""


def arrows(text: str) -> dict[str, set[str]]:
    return {line.split()[0]: set(line.split()[1:]) for line in text.strip().splitlines()}


@pytest.mark.parametrize(
    ("states", "text"), [(AssignmentState, ASSIGNMENT_ARROWS), (DeadlineState, DEADLINE_ARROWS)], ids=["one", "other"]
)
def test_move_allows_the_arrows_and_nothing_else(states: type, text: str) -> None:
    wanted = arrows(text)
    assert set(wanted) == {s.value for s in states}
    for current in states:
        for to in states:
            if to is current or to.value in wanted[current.value]:
                assert move(current, to, what="x") is to
            else:
                with pytest.raises(TransitionRefused) as caught:
                    move(current, to, what="2566-q2.f3.s01")
                assert caught.value.where == "2566-q2.f3.s01" and caught.value.remedy


def test_a_state_of_the_other_machine_is_refused() -> None:
    with pytest.raises(TransitionRefused):
        move(AssignmentState.PLANNED, DeadlineState.PLANNED, what="x")
    with pytest.raises(TransitionRefused):
        move(DeadlineState.PLANNED, AssignmentState.PLANNED, what="x")


def test_the_sets_fit_the_tables() -> None:
    assert not {AssignmentState.ACCEPTED, AssignmentState.WAIVED} & OWING
    assert all(AssignmentState.RECEIVED in ASSIGNMENT_MOVES[s] for s in OWING)
    assert not SETTLED & {AssignmentState.PLANNED, AssignmentState.ASKED, AssignmentState.RECEIVED}
    assert not FROZEN & {DeadlineState.OPEN, DeadlineState.PLANNED} and DEADLINE_MOVES[DeadlineState.ACKNOWLEDGED] == set()
    for state in (*AssignmentState, *DeadlineState):
        assert STATE_TH[state.value]


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_token_has_its_form_and_is_the_same_at_every_call(assignment: str, salt: str) -> None:
    token = token_for(assignment, salt=salt)
    assert re.fullmatch(r"ST(-[0-9A-HJKMNP-TV-Z]{4}){3}", token)
    assert token == token_for(assignment, salt=salt)


def test_tokens_differ_by_assignment_and_by_ledger_and_never_change() -> None:
    tokens = {token_for(f"2566-q2.f3.s{n:02d}", salt=salt) for n in range(500) for salt in ("a", "b")}
    assert len(tokens) == 1000
    # forms with this token lie in members' mailboxes: another value here breaks every form sent out
    assert token_for("2566-q2.f3.s04", salt="salt") == "ST-YH1W-R5E4-43F7"


def small_plan() -> Plan:
    members = tuple(
        Member(id=m, prefix="นาย", given=m, family="ท", position="น", email=f"{m}@x.example") for m in ("m1", "m2")
    )
    roster = Roster(
        seats=(Seat(id="s1", number=1, role="r", member="m1"), Seat(id="s2", number=2, role="r", member="m2")),
        members=members, director="m1", acting_director="m1", head="m1", secretary="m2", assistant_secretary="m2",
        mailbox="o@x.example", mailbox_name="o", registry=Registry(name="r", email="r@x.example"),
    )  # fmt: skip
    activities = tuple(
        Activity(id=i, project="1", measure=1, number=i, title=i, seats=seats)
        for i, seats in (("1.1", ("s1",)), ("1.2", ("s1", "s2")), ("1.3", ("s2",)))
    )
    return Plan(
        fiscal_year=2566, measures=(), projects=(), activities=activities, deadlines=(), channels={}, roster=roster,
        organisation=Organisation(id="o", name="o", parent="p", plan_title="t", working_group="w", headcount=1),
    )  # fmt: skip


def deadline(**changes: object) -> Deadline:
    day = date(2023, 3, 15)
    return Deadline(**{"id": "d", "title": "t", "kind": "k", "forms": ("f3", "f1"), "internal": day, "external": day, **changes})


def form(form_id: str, **changes: object) -> FormSpec:
    return FormSpec(**{"id": form_id, "title": form_id, "version": 1, "template": f"{form_id}.docx", **changes})


F1, F3 = form("f1"), form("f3", repeat="activity")


def test_one_assignment_for_each_form_and_seat() -> None:
    forms = {"f3": F3, "f1": F1}
    found = assignments_for(small_plan(), deadline(), salt="s", forms=forms)
    assert [(a.id, a.member, a.activities) for a in found] == [
        ("d.f3.s1", "m1", ("1.1", "1.2")),
        ("d.f3.s2", "m2", ("1.2", "1.3")),
        ("d.f1.s1", "m1", ("1.1", "1.2")),
        ("d.f1.s2", "m2", ("1.2", "1.3")),
    ]
    assert len({a.token for a in found}) == 4 and {a.state for a in found} == {AssignmentState.PLANNED}
    one = assignments_for(small_plan(), deadline(activities=("1.1",)), salt="s", forms=forms)
    assert [a.id for a in one] == ["d.f3.s1", "d.f1.s1"]
    assert found == assignments_for(small_plan(), deadline(), salt="s", forms=forms)


@pytest.mark.parametrize(
    ("who", "seat"), [("lead", "s1"), ("secretary", "s2"), ("head", "s1"), ("assistant_secretary", "s2")]
)
def test_a_form_asked_of_one_person_whole(who: str, seat: str) -> None:
    found = assignments_for(small_plan(), deadline(forms=("f1",)), salt="s", forms={"f1": form("f1", answered_by=who)})
    assert [(a.id, a.seat, a.activities) for a in found] == [(f"d.f1.{seat}", seat, ())]


def test_a_role_without_a_seat_is_asked_all_the_same() -> None:
    plan = small_plan()
    plan = replace(plan, roster=replace(plan.roster, seats=plan.roster.seats[:1]))
    found = assignments_for(plan, deadline(forms=("f1",)), salt="s", forms={"f1": form("f1", answered_by="secretary")})
    assert [(a.id, a.member) for a in found] == [("d.f1.secretary", "m2")]
    assert plan.roster.holder(found[0].seat).id == "m2" and plan.roster.seat(found[0].seat).role == ""


def test_a_form_without_a_template_is_asked_of_nobody() -> None:
    assert assignments_for(small_plan(), deadline(), salt="s", forms={}) == ()
