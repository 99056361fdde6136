"""A command killed between its writes leaves nothing half: for every decision, at every boundary, on a ledger file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from desk import Q2, Desk
from test_change_duties import BY, FOURTH, decide
from test_kill_harness import Countdown, Killed

from songthan.adapters.ledger import SqliteLedger
from songthan.steps.leave_book import add_leave, end_leave
from songthan.steps.outcome import Outcome
from songthan.steps.post import post_all

SEATS = ("s04", "s06", "s08")


def asked(desk: Desk) -> None:
    desk.tick()
    desk.answer("s06", done=None)
    desk.tick("2023-03-02 09:00")


def compiled(desk: Desk) -> None:
    desk.tick()
    for seat in SEATS:
        desk.answer(seat)
    desk.tick("2023-03-02 09:00")


def waived(desk: Desk) -> None:
    asked(desk)
    decide(desk, "waive", FOURTH)


def on_leave(desk: Desk) -> None:
    desk.tick()
    add_leave(desk.office, "m04", date(2023, 3, 10), date(2023, 3, 13), by=BY)


def to_another(what: str, to: str) -> Callable[[Desk], Outcome]:
    return lambda desk: decide(desk, "reassign", what, to=to)


DECISIONS: dict[str, tuple[Callable[[Desk], None], Callable[[Desk], Outcome]]] = {
    "waive": (asked, lambda desk: decide(desk, "waive", FOURTH)),
    "reassign": (asked, to_another("m06", "m05")),
    "extend": (asked, lambda desk: decide(desk, "extend", Q2, date="2023-03-17")),
    "reopen a waived duty": (waived, lambda desk: decide(desk, "reopen", FOURTH)),
    "reopen a report": (compiled, lambda desk: decide(desk, "reopen", Q2)),
    "reopen an answer of a report": (compiled, lambda desk: decide(desk, "reopen", FOURTH)),
    "leave": (on_leave, lambda desk: add_leave(desk.office, "m04", date(2023, 3, 9), date(2023, 3, 14), by=BY)),
    "back": (on_leave, lambda desk: end_leave(desk.office, "m04", by=BY)),
}


def truth(desk: Desk) -> dict[str, object]:
    """Everything the ledger holds but times."""
    ledger = desk.ledger
    tables = {
        "events": "kind, subject, data", "changes": "kind, subject, value, reason", "deadlines": "id, state",
        "assignments": "id, member, state, change, current_return", "outbox": "key, state, recipient",
        "bundles": "id, void, signed", "leaves": "member, first, last, ended_why",
    }  # fmt: skip
    return {name: ledger.rows(f"select {columns} from {name}") for name, columns in tables.items()}


def open_desk(folder: Path, before: Desk | None = None) -> Desk:
    """The same office opened by another process (its clock and its mailbox go on)."""
    desk = Desk(folder, ledger=SqliteLedger(folder / "ledger.sqlite"))
    desk.ledger.db.conn.execute("PRAGMA synchronous=OFF")
    if before is not None:
        desk.mailbox, desk.clock, desk._mails = before.mailbox, before.clock, before._mails
        desk.office = replace(desk.office, mailbox=desk.mailbox, clock=desk.clock)
    return desk


@pytest.mark.parametrize("name", DECISIONS)
def test_killed_between_its_writes_nothing_is_half(name: str, tmp_path: Path) -> None:
    prepare, act = DECISIONS[name]
    desk = open_desk(tmp_path)
    prepare(desk)
    post_all(desk.office)
    before, deaths = truth(desk), 0
    while True:
        office, countdown = desk.office, Countdown([deaths + 1])
        desk.office = replace(office, tick=countdown)
        try:
            outcome = act(desk)
        except Killed:
            deaths += 1
            desk.ledger.close()
            desk = open_desk(tmp_path, desk)
            assert truth(desk) == before, f"death {deaths}"
            continue
        desk.office = office
        break
    assert deaths >= 1 and outcome.changed
    done = truth(desk)
    assert done != before
    again = act(desk)
    assert not again.changed and truth(desk) == done, "the same command twice changes nothing"
    sent = len(desk.mailbox.deliveries)
    post_all(desk.office)
    post_all(desk.office)
    assert len(desk.mailbox.deliveries) - sent == len(outcome.told)
