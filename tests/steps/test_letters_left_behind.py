"""A letter of the ladder that could not be sent when it was written: never late, never stale, never beside another one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import Desk, at
from test_change_duties import FOURTH, decide
from test_kill_harness import Killed

from songthan.steps.post import post_all
from songthan.steps.take_in import fetch_new, settle_all

#: The day of the third-last working day's reminder, and the last one's.
NEAR, LAST = "2023-03-10 09:00", "2023-03-14 09:00"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Asked on the first of March; on the tenth the server is busy while the reminders are written."""
    desk = Desk(tmp_path)
    desk.tick()
    desk.mailbox.fail("send", "busy", times=99)
    desk.tick(NEAR)
    assert desk.ledger.outbox.unsent() and not desk.mails(desk.member("s04"), "reminder")
    desk.mailbox._faults.clear()
    return desk


def later(desk: Desk, moment: str) -> None:
    desk.clock.moment = at(moment)


@pytest.mark.parametrize("moment", ["2023-03-10 18:00", "2023-03-11 09:00", "2023-03-13 09:00"])
def test_emptying_the_outbox_does_not_send_it(desk: Desk, moment: str) -> None:
    """In the evening, on a Saturday, on the next working day before anybody looked whether it still holds."""
    later(desk, moment)
    post_all(desk.office)
    assert not desk.mails(desk.member("s04"), "reminder")


def test_it_is_written_anew_and_goes_out_once(desk: Desk) -> None:
    desk.tick("2023-03-10 11:00")
    (letter,) = desk.mails(desk.member("s04"), "reminder")
    assert letter.mail.key.endswith("/-3")
    desk.tick("2023-03-10 13:00")
    assert len(desk.mails(desk.member("s04"), "reminder")) == 1


def test_after_days_there_is_one_letter_the_newest(desk: Desk) -> None:
    desk.tick(LAST)
    (letter,) = desk.mails(desk.member("s04"), "reminder")
    assert letter.mail.key.endswith("/-1")


def test_an_answer_that_came_meanwhile_ends_it(desk: Desk) -> None:
    desk.answer("s04")
    fetch_new(desk.office)
    settle_all(desk.office)
    post_all(desk.office)
    desk.tick("2023-03-10 11:00")
    assert desk.states()["s04"] == "ACCEPTED" and not desk.mails(desk.member("s04"), "reminder")
    assert not desk.ledger.outbox.unsent()


def test_one_that_left_unseen_is_proven_and_not_written_again(tmp_path: Path) -> None:
    """The server took it and the run died; the copy is found in the evening."""
    desk = Desk(tmp_path)
    desk.tick()
    calm = desk.office

    def die(name: str) -> None:
        if name == "handed-over":
            raise Killed

    desk.office = replace(calm, tick=die)
    with pytest.raises(Killed):
        desk.tick(NEAR)
    desk.office = calm
    (left,) = [m.key for m in desk.ledger.outbox.unsent() if desk.ledger.outbox.state(m.key) == "handed"]
    later(desk, "2023-03-10 18:00")
    post_all(desk.office)
    assert desk.ledger.outbox.state(left) == "sent"
    desk.tick("2023-03-13 09:00")
    assert sum(d.mail.key == left for d in desk.mailbox.deliveries) == 1


def test_word_of_a_decision_waits_for_the_office_and_is_the_days_letter(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    later(desk, "2023-03-11 10:00")
    decide(desk, "extend", "2566-q2", date="2023-03-16")
    post_all(desk.office)
    assert not desk.mails(desk.member("s04"), "duty_changed"), "a Saturday"
    desk.tick("2023-03-13 09:00")
    assert len(desk.mails(desk.member("s04"), "duty_changed")) == 1 and not desk.mails(desk.member("s04"), "reminder")
    desk.tick("2023-03-14 09:00")
    assert len(desk.mails(desk.member("s04"), "reminder")) == 1


def test_a_mail_the_server_refuses_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    decide(desk, "waive", FOURTH)
    desk.mailbox.fail("send", "denied")
    assert {at("2023-03-02 09:00")} <= moments(desk, "2023-03-02 09:00"), "it is about to go"
    post_all(desk.office)
    assert at("2023-03-02 09:00") not in moments(desk, "2023-03-02 09:00"), "a person's"


def moments(desk: Desk, now: str) -> set:
    """When the member was written to, or is about to be, as it looks at `now`."""
    return {when for address, when in desk.ledger.outbox.written(at(now)) if address == desk.member("s04").email}


def test_one_letter_that_cannot_be_written_keeps_none_of_those_before_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    calm = desk.office

    def no_room(name: str) -> None:
        if name == "letter-intended" and len(desk.ledger.outbox.unsent()) == 3:
            raise OSError("no space left")

    desk.office = replace(calm, tick=no_room)
    with pytest.raises(OSError, match="no space"):
        desk.tick(NEAR)
    desk.office = calm
    got = [seat for seat in ("s04", "s06", "s08") if desk.mails(desk.member(seat), "reminder")]
    assert len(got) == 2, "the two written before it went out together"
    desk.tick("2023-03-10 11:00")
    assert all(len(desk.mails(desk.member(seat), "reminder")) == 1 for seat in ("s04", "s06", "s08"))
