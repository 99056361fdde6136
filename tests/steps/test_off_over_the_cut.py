"""Switched off over the cut: what lay in the mailbox in time counts, and nothing is closed while the mailbox is away."""

from __future__ import annotations

from pathlib import Path

from desk import Q2, Desk

from songthan.domain.assignments import DeadlineState
from songthan.steps.advance import advance

AFTER_THE_CUT = "2023-03-17 14:00"


def test_an_answer_in_the_mailbox_is_not_lapsed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    for seat in ("s04", "s06"):
        desk.answer(seat)
    desk.clock.moment = desk.clock.moment.replace(day=17, hour=14)
    # the deadline's own flow comes first, the intake has not run
    advance(desk.office, Q2)
    assert desk.states() == {"s04": "ACCEPTED", "s06": "ACCEPTED", "s08": "LAPSED"}
    assert desk.ledger.bundles.latest(Q2) is not None


def test_nothing_lapses_while_the_mailbox_cannot_be_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    desk.mailbox.fail("new_messages", "drop_before", times=99)
    desk.clock.moment = desk.clock.moment.replace(day=17, hour=14)
    advance(desk.office, Q2)
    assert set(desk.states().values()) == {"ASKED"}
    assert desk.ledger.deadline_state(Q2) is DeadlineState.OPEN


def test_nobody_answered_no_report_one_alarm(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    desk.tick(AFTER_THE_CUT)
    desk.tick("2023-03-17 15:00")
    assert set(desk.states().values()) == {"LAPSED"}
    assert desk.ledger.bundles.latest(Q2) is None
    alarms = [m for m in desk.mails(desk.secretary, "alarm") if "ยังไม่มีรายงานให้รวบรวม" in m.mail.subject]
    assert len(alarms) == 1
