"""The plan as decisions changed it: seats, roles, deputies, dates; and nothing of another year."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.adapters.plan_files import load_plan
from songthan.domain.calendars import WorkCalendar
from songthan.domain.changes import ROLES, Change, apply_changes
from songthan.domain.errors import DataError
from songthan.domain.ladders import ladder_for

PLAN = load_plan(Path(__file__).resolve().parents[2] / "plans" / "2566")
CALENDAR = WorkCalendar(days_off=PLAN.days_off, timezone=PLAN.organisation.timezone)
AT = datetime(2023, 3, 10, 4, 0, tzinfo=UTC)


def change(kind: str, subject: str, **more: object) -> Change:
    given_ = {"kind": kind, "fiscal_year": 2566, "subject": subject, "at": AT, "reason": "ร", "by": "t"}
    return Change(**{**given_, **more})


def handed(seat: str, was: str, to: str, **more: object) -> Change:
    return change("reassign", seat, was=was, to=to, **more)


def extended(deadline: str, day: date, **more: object) -> Change:
    return change("extend", deadline, deadline=deadline, internal=day, **more)


def test_no_change_is_the_same_plan() -> None:
    assert apply_changes(PLAN, []) == PLAN


def test_a_seat_goes_over_and_everything_else_stays() -> None:
    plan = apply_changes(PLAN, [handed("s04", "m04", "m08")])
    assert plan.roster.holder("s04").id == "m08"
    assert [s for s in plan.roster.seats if s.id != "s04"] == [s for s in PLAN.roster.seats if s.id != "s04"]
    assert replace(plan, roster=PLAN.roster) == PLAN
    assert plan.roster.member("m04").full_name, "who left is still known, his mails are still his"


def test_the_last_word_on_a_seat_counts() -> None:
    plan = apply_changes(PLAN, [handed("s04", "m04", "m08"), handed("s04", "m08", "m06")])
    assert plan.roster.holder("s04").id == "m06"
    assert apply_changes(PLAN, [handed("s04", "m04", "m08"), handed("s04", "m08", "m04")]) == PLAN


def test_an_office_role_goes_with_its_seat() -> None:
    secretary = PLAN.roster.secretary
    seat = PLAN.roster.seat_of_role("secretary").id
    plan = apply_changes(PLAN, [handed(seat, secretary, "m08")])
    assert plan.roster.secretary == "m08" and plan.roster.seat_of_role("secretary").id in (seat, "s08")
    other = apply_changes(PLAN, [handed("s04", "m04", "m08")])
    assert all(getattr(other.roster, role) == getattr(PLAN.roster, role) for role in ROLES)


def test_who_left_stands_in_for_nobody() -> None:
    assert PLAN.roster.member("m05").deputy == "m04"
    plan = apply_changes(PLAN, [handed("s04", "m04", "m05")])
    assert plan.roster.member("m05").deputy == "" and plan.roster.member("m06").deputy == "m07"
    back = apply_changes(PLAN, [handed("s04", "m04", "m05"), handed("s05", "m05", "m04")])
    assert back.roster.member("m05").deputy == "m04", "he holds a seat again"


def test_somebody_the_roster_does_not_know_is_an_error_not_a_guess() -> None:
    with pytest.raises(DataError) as caught:
        apply_changes(PLAN, [handed("s04", "m04", "m99")])
    assert "m99" in caught.value.where and "roster.toml" in caught.value.where and caught.value.remedy


@pytest.mark.parametrize(
    "other",
    [
        handed("s04", "m04", "m08", fiscal_year=2567),
        handed("s99", "m04", "m08"),
        extended("2567-q2", date(2024, 3, 1)),
        extended("2566-q2", date(2024, 3, 1), fiscal_year=2567),
        change("waive", "2566-q2.f3.s04", deadline="2566-q2"),
        change("reopen", "2566-q2", deadline="2566-q2"),
    ],
)
def test_what_concerns_another_plan_changes_nothing(other: Change) -> None:
    assert replace(apply_changes(PLAN, [other]), roster=PLAN.roster) == PLAN
    assert apply_changes(PLAN, [other]).roster.seats == PLAN.roster.seats


def test_an_extension_moves_the_members_days_and_neither_opening_nor_submission() -> None:
    plan = apply_changes(PLAN, [extended("2566-q2", date(2023, 3, 17)), extended("2566-q2", date(2023, 3, 16))])
    before, after = PLAN.deadline("2566-q2"), plan.deadline("2566-q2")
    assert (after.internal, after.printed_internal) == (date(2023, 3, 16), before.internal)
    one, two = ladder_for(before, CALENDAR), ladder_for(after, CALENDAR)
    assert (one.opens, one.target, one.external) == (two.opens, two.target, two.external)
    assert [day for _, day in two.reminders] == [CALENDAR.shift(day, 1) for _, day in one.reminders]


def test_a_span_may_be_extended_to_a_day_or_to_another_span() -> None:
    one = apply_changes(PLAN, [extended("2566-q3", date(2023, 6, 19))]).deadline("2566-q3")
    assert (one.internal_to, one.members_until) == (None, date(2023, 6, 19))
    span = [extended("2566-q3", date(2023, 6, 16), internal_to=date(2023, 6, 19))]
    assert apply_changes(PLAN, span).deadline("2566-q3").members_until == date(2023, 6, 19)


@given(st.integers(0, 40))
def test_a_reopened_deadline_is_cut_when_she_said_and_never_earlier_than_planned(hours: int) -> None:
    planned = ladder_for(PLAN.deadline("2566-q2"), CALENDAR).cut
    until = planned + timedelta(hours=hours - 20)
    again = change("reopen", "2566-q2", deadline="2566-q2", until=until)
    deadline = apply_changes(PLAN, [again]).deadline("2566-q2")
    assert deadline.reopened_at == AT and ladder_for(deadline, CALENDAR).cut == max(planned, until)


@given(st.lists(st.tuples(st.integers(4, 9), st.integers(4, 9)), max_size=6))
def test_every_seat_has_exactly_the_holder_last_named(moves: list[tuple[int, int]]) -> None:
    held = {s.id: s.member for s in PLAN.roster.seats}
    changes = []
    for seat, to in moves:
        changes.append(handed(f"s{seat:02}", held[f"s{seat:02}"], f"m{to:02}"))
        held[f"s{seat:02}"] = f"m{to:02}"
    roster = apply_changes(PLAN, changes).roster
    assert {s.id: s.member for s in roster.seats} == held
    holders = set(held.values()) | {getattr(roster, role) for role in ROLES}
    gave_up = {c.was for c in changes}
    assert not [m for m in roster.members if m.deputy in gave_up - holders]
