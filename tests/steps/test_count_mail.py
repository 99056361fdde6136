"""The nightly count: what a look left out is found and read, what left the mailbox is named, and each night counts once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import Desk, at
from test_kill_harness import Countdown, Killed

from songthan.domain.errors import MailBusy
from songthan.domain.messages import Listing
from songthan.steps.count_mail import count_if_due, count_tonight, count_words, last_count
from songthan.steps.post import post_all


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three mails taken in on the first of March; it is the night after."""
    desk = Desk(tmp_path)
    for seat in ("s04", "s06", "s08"):
        desk.reply(desk.member(seat), body=f"สอบถาม {seat}")
    desk.tick()
    desk.clock.moment = at("2023-03-02 02:10")
    return desk


class Forgetful:
    """A server whose short listing leaves a mail out; the whole listing has it."""

    def __init__(self, real: object, hidden: str) -> None:
        self._real, self.hidden = real, hidden

    def new_messages(self, since: str) -> Listing:
        found = self._real.new_messages(since)
        return found if not since else replace(found, refs=tuple(r for r in found.refs if r.id != self.hidden))

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def test_all_there_is_said_so_and_nobody_is_bothered(desk: Desk) -> None:
    mails = len(desk.mailbox.deliveries)
    found = count_tonight(desk.office)
    assert found and found.equal and (found.there, found.missed, found.gone) == (3, (), ())
    assert "จำนวนตรงกัน" in count_words(desk.office) and "๓ ฉบับ" in count_words(desk.office)
    post_all(desk.office)
    assert len(desk.mailbox.deliveries) == mails
    assert count_tonight(desk.office) is None, "once a night"


def test_it_waits_for_its_hour_and_is_made_late_when_the_machine_was_off(desk: Desk) -> None:
    desk.clock.moment = at("2023-03-02 00:30")
    assert count_tonight(desk.office) is None and last_count(desk.office) is None and not count_words(desk.office)
    desk.clock.moment = at("2023-03-02 09:30")
    assert count_tonight(desk.office)


def test_a_mail_that_every_look_left_out_is_read_and_told(desk: Desk) -> None:
    ref = desk.reply(desk.member("s04"), body="ขอเลื่อนกำหนดส่ง", subject="ขอเลื่อน")
    desk.office = replace(desk.office, mailbox=Forgetful(desk.mailbox, ref.id))
    desk.tick()
    assert desk.ledger.inbox.counts()["all"] == 3
    desk.clock.moment = at("2023-03-02 02:10")
    found = count_tonight(desk.office)
    post_all(desk.office)
    assert found and found.equal and len(found.missed) == 1 and desk.last_row()["subject"] == "ขอเลื่อน"
    assert desk.last_row()["route"] == "hold" and not desk.ledger.inbox.unfinished()
    (told,) = [d for d in desk.mails(desk.secretary, "alarm") if d.mail.key.startswith("count/")]
    assert "«ขอเลื่อน»" in told.mail.text


def test_what_came_a_minute_ago_is_no_mistake(desk: Desk) -> None:
    desk.reply(desk.member("s04"), body="เพิ่งส่ง")
    found = count_tonight(desk.office)
    assert found and found.equal and not found.missed and found.there == 4


def test_what_was_taken_away_by_hand_is_named(desk: Desk) -> None:
    row = desk.ledger.inbox.latest(2)[1]
    del desk.mailbox._received[row["mailbox_id"]]
    found = count_tonight(desk.office)
    post_all(desk.office)
    assert found and not found.equal and found.gone == (row["id"],)
    assert "จำนวนไม่ตรงกัน" in count_words(desk.office)
    (told,) = [d for d in desk.mails(desk.secretary, "alarm") if d.mail.key.startswith("count/")]
    assert row["sender"] in told.mail.text and "ยังอยู่ครบ" in told.mail.text


def test_a_mailbox_that_does_not_answer_is_counted_at_the_next_look(desk: Desk) -> None:
    desk.mailbox.fail("count", "busy")
    with pytest.raises(MailBusy):
        count_tonight(desk.office)
    assert last_count(desk.office) is None
    desk.mailbox.fail("new_messages", "busy")
    assert count_if_due(desk.office) == "" and "จำนวนตรงกัน" in count_if_due(desk.office)


def test_killed_at_every_boundary_the_mail_is_found_and_told_once(tmp_path: Path) -> None:
    names: list[str] = []
    _night(tmp_path / "quiet", Countdown([], names=names))
    assert {"stored-row", "listed", "routed", "counted"} <= set(names)
    for k in range(1, len(names) + 1):
        _night(tmp_path / str(k), Countdown([k]))


def _night(state: Path, tick: Countdown) -> None:
    desk = Desk(state)
    ref = desk.reply(desk.member("s04"), body="ขอเลื่อนกำหนดส่ง")
    calm = replace(desk.office, mailbox=Forgetful(desk.mailbox, ref.id))
    desk.office.ledger.inbox.save_mailbox_state("0")
    desk.clock.moment = at("2023-03-02 02:10")
    for _ in range(2):
        try:
            count_tonight(replace(calm, tick=tick))
            break
        except Killed:
            continue
    post_all(calm)
    assert [d.mail.key for d in desk.mails(desk.secretary, "alarm")] == ["count/missed/2023-03-02"]
    assert [r["subject"] for r in desk.ledger.inbox.latest(9)] == ["แบบรายงาน"] and not desk.ledger.inbox.unfinished()
    assert last_count(calm).equal
