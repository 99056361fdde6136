"""Letters over two deadlines, killed at every boundary and restarted: nothing told twice, nothing forgotten, one a day."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Q2, ROOT, Desk
from test_kill_harness import Countdown, Killed, Memo
from test_letters import REVIEW, TwoDeadlines, leave, letters_a_day

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.plans import Plan
from songthan.testing.office import plan_of

VISITS = ("2023-02-28 08:35", "2023-02-28 11:35", "2023-03-01 08:35", "2023-03-03 09:00", "2023-03-03 13:00",
          "2023-03-09 09:00", "2023-03-10 09:00", "2023-03-16 09:00", "2023-03-17 09:00")  # fmt: skip


def small() -> Plan:
    """Two deadlines, three members: one owes a form to each deadline and is deputy of another, who goes on leave."""
    plan = plan_of(ROOT / "plans" / "2566", deadlines=(Q2, REVIEW))
    return replace(plan, activities=tuple(a for a in plan.activities if a.id in ("1.1", "1.2", "1.7.1")))


def play(folder: Path, tick: Countdown) -> tuple[TwoDeadlines, Counter]:
    """Every visit, each as often as it takes; the desk at the end, and how often each thing was told."""
    desk = _open(folder, tick)
    for n, moment in enumerate(VISITS):
        for _ in range(4):
            try:
                desk.tick(moment)
                break
            except Killed:
                desk.ledger.close()
                mailbox, clock = desk.mailbox, desk.clock
                desk = _open(folder, tick)
                desk.mailbox, desk.clock = mailbox, clock
                desk.office = replace(desk.office, mailbox=mailbox, clock=clock)
        if n == 0 and not desk.ledger.leaves.of():
            leave(desk, "m04", 1, 8)
    rows = desk.ledger.rows("select key from outbox union all select key from notices")
    return desk, Counter(str(r["key"]) for r in rows if not str(r["key"]).startswith("letters/"))


def _open(folder: Path, tick: Countdown) -> TwoDeadlines:
    ledger = SqliteLedger(folder / "ledger.sqlite")
    ledger.db.conn.execute("PRAGMA synchronous=OFF")
    ledger.db.execute("update meta set value='salt' where key='salt'")
    ledger.db.conn.commit()
    desk = TwoDeadlines(folder, plan=small(), ledger=ledger, now=VISITS[0])
    desk.office = replace(desk.office, tick=tick, renderer=Memo(desk.office.renderer), texts=Memo(desk.office.texts))
    return desk


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[TwoDeadlines, Counter, list[str]]:
    names: list[str] = []
    desk, told = play(tmp_path_factory.mktemp("quiet"), Countdown([], names=names))
    return desk, told, names


def sound(desk: Desk) -> None:
    sent = Counter(d.mail.key for d in desk.mailbox.deliveries)
    assert max(sent.values()) == 1, sent.most_common(1)
    a_day = letters_a_day(desk)
    assert max(a_day.values()) == 1, a_day.most_common(1)
    assert {r["state"] for r in desk.ledger.rows("select state from outbox")} == {"sent"}


def test_the_scenario_itself(quiet: tuple[TwoDeadlines, Counter, list[str]]) -> None:
    desk, told, names = quiet
    sound(desk)
    kinds = {d.mail.kind for d in desk.mailbox.deliveries}
    assert {"request", "reminder", "duties"} <= kinds and {"letter-intended", "asked", "handed", "opened"} <= set(names)
    for part in ("request", "reminder", "deputy", "away", "back", "relieved", "escalation"):
        assert any(f"/{part}/" in key for key in told), part


def test_killed_at_every_boundary(quiet: tuple[TwoDeadlines, Counter, list[str]], tmp_path: Path) -> None:
    _, told, names = quiet
    for k in range(1, len(names) + 1):
        folder = tmp_path / str(k)
        folder.mkdir()
        tick = Countdown([k])
        desk, found = play(folder, tick)
        assert not tick.at, "the death was reached"
        sound(desk)
        assert found == told, (k, names[k - 1], found - told, told - found)
        states = {str(r["id"]): str(r["state"]) for r in desk.ledger.assignment_rows()}
        assert "PLANNED" not in states.values(), (k, names[k - 1])
        desk.ledger.close()
