"""Office.plan: the plan's files changed by the ledger, seen by every process at its next look."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from desk import Q2, Desk

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.changes import Change


def change(desk: Desk, **more: object) -> Change:
    given = {"kind": "reassign", "fiscal_year": 2566, "subject": "s04", "was": "m04", "to": "m08", "reason": "ลาออก"}
    return Change(**{**given, "at": desk.clock.now(), "by": "command:test", **more})


def test_a_decision_of_another_process_is_seen_at_the_next_look(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    desk = Desk(tmp_path, ledger=SqliteLedger(path))
    assert desk.office.plan is desk.office.printed_plan and desk.member("s04").id == "m04"
    other = SqliteLedger(path)
    extension = {"kind": "extend", "subject": Q2, "deadline": Q2, "internal": date(2023, 3, 16), "was": "", "to": ""}
    other.changes.add(change(desk))
    assert desk.member("s04").id == "m08"
    other.changes.add(change(desk, **extension))
    assert desk.office.plan.deadline(Q2).internal == date(2023, 3, 16)
    assert desk.office.plan is desk.office.plan, "built once for each decision"
    assert desk.office.printed_plan.deadline(Q2).internal == date(2023, 3, 15)
    other.close()


def test_a_decision_that_was_rolled_back_leaves_no_trace_in_the_plan(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with pytest.raises(RuntimeError), desk.ledger.transaction():
        desk.ledger.changes.add(change(desk))
        assert desk.member("s04").id == "m08"
        raise RuntimeError
    number = desk.ledger.changes.add(change(desk, to="m06"))
    assert number == 1 and desk.member("s04").id == "m06"
    assert [c.to for c in desk.ledger.changes.all()] == ["m06"]


def test_an_office_made_over_another_ledger_does_not_remember_the_first_ones(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.ledger.changes.add(change(desk))
    assert desk.member("s04").id == "m08"
    fresh = replace(desk.office, ledger=SqliteLedger(None))
    assert fresh.plan.roster.holder("s04").id == "m04"
    fresh.ledger.changes.add(change(desk, to="m06"))
    assert fresh.plan.roster.holder("s04").id == "m06" and desk.member("s04").id == "m08"


def test_the_register_keeps_every_word_and_refuses_to_forget(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    given = change(desk, kind="reopen", subject=Q2, deadline=Q2, was="", to="", until=desk.clock.now())
    assert desk.ledger.changes.add(given) == 1
    assert desk.ledger.changes.all() == [replace(given, id=1)]
    for sql in ("update changes set reason='x'", "delete from changes"):
        with pytest.raises(sqlite3.IntegrityError):
            desk.ledger.db.execute(sql)
    event = desk.ledger.events(Q2)[-1]
    assert event["kind"] == "decided-reopen" and "ลาออก" in str(event["data"]) and "command:test" in str(event["data"])
