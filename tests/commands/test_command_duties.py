"""`songthan leave`, `waive`, `reopen`, `reassign`, `extend` as typed: words, one JSON document, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from command_runner import ROOT, run, run_json

from songthan import workspace
from songthan.domain.assignments import AssignmentState, DeadlineState, assignments_for

Q2 = "2566-q2"
REASON = ("--reason", "ตามที่ได้หารือ")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder on 1 March 2566, quarter two open, s04 asked."""
    workspace.write_clock(tmp_path, kind="file")
    now = datetime(2023, 3, 1, 9, 0, tzinfo=ZoneInfo("Asia/Bangkok"))
    (tmp_path / "clock.txt").write_text(now.isoformat(), encoding="utf-8")
    office = workspace.open_office(ROOT, tmp_path)
    planned = assignments_for(office.plan, office.plan.deadline(Q2), salt=office.ledger.salt, forms=office.forms)
    office.ledger.add_assignments(planned, now)
    office.ledger.move_deadline(Q2, DeadlineState.OPEN, now)
    office.ledger.move_assignment(f"{Q2}.f3.s04", AssignmentState.ASKED, now, asked_on="2023-03-01")
    office.ledger.close()
    return tmp_path


def outbox(state: Path) -> list[str]:
    office = workspace.open_office(ROOT, state)
    try:
        return [mail.kind for mail in office.ledger.outbox.unsent()]
    finally:
        office.ledger.close()


COMMANDS = {
    "waive": ("waive", f"{Q2}.f3.s04"),
    "waive by name": ("waive", Q2, "m04"),
    "reassign": ("reassign", "s04", "--to", "m05"),
    "extend": ("extend", Q2, "--internal", "๑๗ มี.ค. ๒๕๖๖"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_decision_is_told_taken_once_and_queued(name: str, state: Path) -> None:
    line = (*COMMANDS[name], *REASON, "--state", state)
    code, found = run_json(*line)
    assert code == 0 and found["changed"] is True and found["kind"] == COMMANDS[name][0]
    assert set(found) == {"kind", "changed", "subject", "assignments", "told", "message_th"}
    assert found["told"] and all(person in found["message_th"] or "ทั้งสองท่าน" in found["message_th"] for person in found["told"])
    assert outbox(state) == ["duty_changed"] * len(found["told"])
    again = run(*line)
    assert again.exit_code == 0 and "ไม่มีสิ่งใดเปลี่ยนแปลง" in again.stdout
    assert outbox(state) == ["duty_changed"] * len(found["told"])


def test_reopen_and_status_after_it(state: Path) -> None:
    run("waive", f"{Q2}.f3.s04", *REASON, "--state", state)
    result = run("reopen", f"{Q2}.f3.s04", *REASON, "--state", state)
    assert result.exit_code == 0 and "๑๕ มีนาคม ๒๕๖๖" in result.stdout
    run("extend", Q2, "--internal", "2023-03-17", *REASON, "--state", state)
    run("leave", "add", "m04", "--from", "1/3/2566", "--until", "3/3/2566", "--state", state)
    shown = run("status", "--state", state).stdout
    assert f"{Q2}.f3.s04" in shown, "the id that waive and reopen take"
    assert "ผู้ที่ไม่อยู่" in shown and "(เดิม ๑๕ มีนาคม ๒๕๖๖)" in " ".join(shown.split())
    code, found = run_json("status", "--state", state)
    row = next(d for d in found["deadlines"] if d["deadline"] == Q2)
    assert code == 0 and row["internal"] == "2023-03-17" and found["leaves"][0]["until"] == "2023-03-03"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("waive", f"{Q2}.f3.s04"), "--reason"),
        (("reassign", "s04", *REASON), "--to"),
        (("extend", Q2, *REASON), "--internal"),
        (("extend", Q2, "--internal", "เร็ว ๆ นี้", *REASON), "เร็ว ๆ นี้"),
        (("reopen", "2566-q9", *REASON), Q2),
        (("leave", "add", "ใครก็ไม่รู้", "--from", "1/3/2566", "--until", "3/3/2566"), "roster.toml"),
        (("leave", "add", "m04", "--from", "1/3/2566", "--until", "31/2/2566"), "--until"),
    ],
)
def test_wrong_use_is_one_clear_message(line: tuple, said: str, state: Path) -> None:
    result = run(*line, "--state", state)
    assert result.exit_code == 2 and result.stdout == "" and said in result.stderr and "วิธีแก้" in result.stderr
    assert outbox(state) == []


def test_the_leave_book_by_commands(state: Path) -> None:
    line = ("leave", "add", "ชญานิษฐ์", "--from", "13/3/2566", "--until", "๑๗ มี.ค. ๒๕๖๖", "--reason", "ลาพักผ่อน", "--state", state)
    assert "นางเบญญาภา" in run(*line).stdout, "who stands in is named"
    code, rows = run_json("leave", "list", "--state", state)
    assert code == 0 and [(r["member"], r["from"], r["until"], r["in_force"]) for r in rows] == [
        ("m04", "2023-03-13", "2023-03-17", False)
    ]
    assert "ลาพักผ่อน" in run("leave", "list", "--state", state).stdout
    assert run_json("leave", "end", "m04", "--state", state)[1]["changed"] is True
    assert run_json("leave", "list", "--state", state)[1] == []
    assert len(run_json("leave", "list", "--all", "--state", state)[1]) == 1
    assert "ไม่มีผู้ลา" in run("leave", "list", "--state", state).stdout


@pytest.fixture
def flow_state(state: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(ROOT / "flows"))
    yield state
    workspace.office_for.cache_clear()


def test_the_dashboards_flow_takes_the_same_decisions(flow_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The flow's own function, without a server: what it decides is what the command decides, and its end says so in Thai."""
    import change_duty as flow

    monkeypatch.setattr(flow, "post_all", lambda office: (0, 0))
    given = {"what": "s04", "to": "m05", "date": "", "reason": "ลาออก", "workspace": str(ROOT), "state": str(flow_state)}
    ended = flow.change_duty.fn(kind="reassign", **given)
    assert ended.is_completed() and "โอนตำแหน่ง s04" in ended.message
    event = next(e for e in workspace.office_for(str(ROOT), str(flow_state)).ledger.events("s04"))
    assert json.loads(event["data"])["by"] == "dashboard"
    assert "ไม่มีสิ่งใดเปลี่ยนแปลง" in flow.change_duty.fn(kind="reassign", **given).message
