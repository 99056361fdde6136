"""Corners of absence and succession: who has the form, who is told, who is not told twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from desk import Q2, Desk
from test_change_duties import decide

from songthan.domain.errors import DataError, UsageError
from songthan.steps.leave_book import add_leave
from songthan.steps.watch import findings


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def until(desk: Desk, day: int, month: int = 3) -> None:
    """Every working day up to this one, morning and afternoon; the clock stands at its afternoon."""
    last = date(2023, month, day)
    while (now := desk.office.calendar.local(desk.clock.moment).date()) < last:
        step = desk.office.calendar.on_or_after(now + timedelta(days=1))
        for hour in (8, 15):
            desk.clock.moment = desk.office.calendar.at(step, time(hour, 35))
            desk.tick()


def away(desk: Desk, member: str, first: int, last: int) -> None:
    add_leave(desk.office, member, date(2023, 3, first), date(2023, 3, last), by="command:test")


def told(desk: Desk, part: str) -> list[str]:
    return sorted(key.removeprefix(f"{Q2}/{part}/") for key in desk.ledger.outbox.states(Q2) if f"/{part}/" in key)


def forms_of(desk: Desk, member: str) -> list[str]:
    who = desk.office.plan.roster.member(member)
    return [name for d in desk.mails(who) for name, _, _ in d.files]


def test_a_leave_of_two_entries_asks_the_deputy_once(desk: Desk) -> None:
    """Friday ends one entry, Monday begins the next; the third overlaps the second."""
    away(desk, "m06", 1, 3)
    until(desk, 2)
    away(desk, "m06", 6, 9)
    until(desk, 7)
    add_leave(desk.office, "m06", date(2023, 3, 10), date(2023, 3, 13), by="command:test")
    until(desk, 10)
    assert told(desk, "deputy") == ["m06/m07/2023-03-01"] and told(desk, "away") == ["m06/2023-03-01"]
    assert not told(desk, "back")
    until(desk, 14)
    assert told(desk, "back") == ["m06/2023-03-01"] and len(forms_of(desk, "m06")) == 1


def test_two_leaves_with_days_in_the_office_between_are_two(desk: Desk) -> None:
    away(desk, "m06", 1, 2)
    until(desk, 6)
    away(desk, "m06", 7, 20)
    until(desk, 8)
    assert told(desk, "deputy") == ["m06/m07/2023-03-01", "m06/m07/2023-03-07"]


def test_a_deputy_who_left_gives_the_duty_back_with_the_form(desk: Desk) -> None:
    away(desk, "m06", 1, 10)
    until(desk, 2)
    assert not forms_of(desk, "m06"), "the deputy has it"
    decide(desk, "reassign", "m07", to="m09")
    until(desk, 3)
    assert forms_of(desk, "m06") and told(desk, "back") == ["m06/2023-03-01"] and not told(desk, "relieved")


def test_a_deputy_who_goes_on_leave_himself_leaves_the_member_with_the_form(desk: Desk) -> None:
    away(desk, "m06", 1, 10)
    until(desk, 2)
    away(desk, "m07", 3, 8)
    until(desk, 7)
    assert forms_of(desk, "m06") and told(desk, "back") == ["m06/2023-03-01"] and not told(desk, "relieved")
    # the deputy is there again, and the member still is not
    until(desk, 10)
    assert [d.mail.kind for d in desk.mails(desk.office.plan.roster.member("m07"))][-1] == "reminder"
    until(desk, 13)
    assert told(desk, "relieved") == ["m06/2023-03-01"] and len(forms_of(desk, "m06")) == 1


def test_what_came_to_the_member_on_leave_reaches_his_deputy_too(desk: Desk) -> None:
    away(desk, "m06", 1, 20)
    until(desk, 2)
    before = len(forms_of(desk, "m07"))
    decide(desk, "reassign", "s04", to="m06")
    until(desk, 7)
    assert told(desk, "deputy") == ["m06/m07/2023-03-01", "m06/m07/2023-03-01/change-1"]
    assert len(forms_of(desk, "m07")) == before + 1 and len(told(desk, "away")) == 2


def test_a_new_director_gets_a_paper_of_his_own(desk: Desk) -> None:
    """The memo bears the name of who signs it."""
    desk.tick()
    for seat in desk.states():
        desk.answer(seat)
    until(desk, 2)
    roster = desk.office.plan.roster
    assert desk.ledger.deadline_state(Q2).value == "WITH_DIRECTOR"
    old, seat = roster.member(roster.director), roster.seat_of_role("director")
    outcome = decide(desk, "reassign", seat.id, to="m06")
    assert Q2 in outcome.words
    until(desk, 3)
    new = desk.office.plan.roster.member("m06")
    (paper,) = desk.mails(new, "director")
    assert paper.mail.key == f"{Q2}/director/v2" and len(desk.mails(old, "director")) == 1
    assert any("ถอนเรื่อง" in d.mail.text for d in desk.mails(old, "duty_changed"))
    until(desk, 7)
    assert told(desk, "sign") and desk.mails(new, "sign") and not desk.mails(old, "sign")
    signed = desk.office.signatures.sign(paper.files[0][2])
    desk.reply(new, to=paper, files=(("s.pdf", "application/pdf", signed),))
    desk.tick()
    assert desk.ledger.deadline_state(Q2).value == "SUBMITTED"


def hand(desk: Desk, seat: str, to: str) -> None:
    """The plan's file gives the seat to somebody else, by hand."""
    plan = desk.office.printed_plan
    seats = tuple(replace(s, member=to) if s.id == seat else s for s in plan.roster.seats)
    desk.office = replace(desk.office, printed_plan=replace(plan, roster=replace(plan.roster, seats=seats)))


@pytest.mark.parametrize("what", ["s06", "m06"])
def test_a_seat_given_away_in_the_file_is_told_and_its_open_duty_handed_over(desk: Desk, what: str) -> None:
    desk.tick()
    hand(desk, "s06", "m09")
    (found,) = [f for f in findings(desk.office) if f.code == "seats"]
    assert "s06" in found.what and "reassign s06" in found.remedy
    assert decide(desk, "reassign", what, to="m09").assignments == (f"{Q2}.f3.s06",)
    assert not decide(desk, "reassign", what, to="m09").changed
    until(desk, 2)
    assert forms_of(desk, "m09") and desk.ledger.assignment_row(f"{Q2}.f3.s06")["member"] == "m09"
    assert "seats" not in {f.code for f in findings(desk.office)}


def test_somebody_taken_out_of_the_file_with_open_duties_is_said_so(desk: Desk) -> None:
    desk.tick()
    hand(desk, "s06", "m09")
    roster = desk.office.printed_plan.roster
    left = tuple(replace(m, deputy="") if m.deputy == "m06" else m for m in roster.members if m.id != "m06")
    desk.office = replace(desk.office, printed_plan=replace(desk.office.printed_plan, roster=replace(roster, members=left)))
    with pytest.raises(DataError, match="m06") as caught:
        until(desk, 10)
    assert "songthan reassign" in caught.value.remedy


def test_what_was_opened_anew_and_did_not_come_is_told_at_the_cut(desk: Desk) -> None:
    desk.tick()
    for seat in desk.states():
        decide(desk, "waive", f"{Q2}.f3.{seat}")
    until(desk, 3)
    decide(desk, "reopen", f"{Q2}.f3.s06")
    until(desk, 17)
    alarms = [k for k in desk.ledger.outbox.states(Q2) if "/alarm/nothing" in k]
    assert alarms == [f"{Q2}/alarm/nothing", f"{Q2}/alarm/nothing/lapsed"]


def test_a_date_that_is_over_is_refused_also_before_anybody_was_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, now="2023-02-20 09:00")
    with pytest.raises(UsageError, match="ผ่านไปแล้ว"):
        decide(desk, "extend", Q2, date="2023-02-17")
