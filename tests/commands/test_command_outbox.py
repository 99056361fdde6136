"""`songthan outbox`, `hold release`, `hold reopen`, `preview --tomorrow` as typed: words, one JSON document, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from command_runner import ROOT, run, run_json

from songthan import workspace
from songthan.commands import init
from songthan.domain.assignments import DeadlineState, assignments_for
from songthan.domain.messages import MailRef, Message, Route, SentRef
from songthan.domain.outgoing import Mark
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office

Q2 = "2566-q2"
REASON = ("--reason", "ตามที่ได้หารือ")
ZONE = ZoneInfo("Asia/Bangkok")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A workspace whose letters wait for the secretary."""
    house = tmp_path / "house"
    init.lay_down(init.starter(), house)
    settings = house / "songthan.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('send = "now" ', 'send = "hold"'), encoding="utf-8")
    return house


def at_work(house: Path, act: Callable[[Office], object]) -> object:
    office = workspace.open_office(house)
    try:
        return act(office)
    finally:
        office.ledger.close()


def letters(house: Path) -> None:
    """Two letters to the head and one to the secretary lie in the outbox."""

    def queue(office: Office) -> None:
        for key, role in (("head/1", "head"), ("head/2", "head"), ("mine", "secretary")):
            tell_secretary(office, key=key, title=f"เรื่อง {key}", what="ความ", role=role)

    at_work(house, queue)


def state_of(house: Path, key: str) -> object:
    return at_work(house, lambda office: office.ledger.outbox.state(key))


def test_the_outbox_is_seen_let_go_and_withheld(house: Path) -> None:
    letters(house)
    code, rows = run_json("outbox", "list", workspace=house)
    assert code == 0 and {r["key"]: r["waits"] for r in rows} == {"head/1": "word", "head/2": "word", "mine": "server"}
    assert set(rows[0]) == {"key", "kind", "to", "subject", "state", "waits", "since", "deadline", "why"}
    told = run("outbox", "list", workspace=house).output
    assert "head/1" in told and "รอท่านปล่อย ๒ ฉบับ" in told
    shown = run("outbox", "show", "head/1", "--save", house / "saved", workspace=house)
    assert shown.exit_code == 0 and "ความ" in shown.output and (house / "saved" / "จดหมาย.html").is_file()
    assert run_json("outbox", "show", "head/1", workspace=house)[1]["text"].count("ความ") == 1
    code, done = run_json("outbox", "release", "head/1", *REASON, workspace=house)
    assert code == 0 and done["changed"] and run_json("outbox", "release", "--all", *REASON, workspace=house)[1]["subject"] == "head/2"
    assert {r["waits"] for r in run_json("outbox", "list", workspace=house)[1]} == {"server"}
    assert run("outbox", "withhold", "head/2", *REASON, workspace=house).exit_code == 0
    assert state_of(house, "head/2") == "withheld"
    code, found = run_json("status", workspace=house)
    assert found["outbox"]["withheld"] == 1 and found["outbox"]["to_be_sent"] == 2 and "alarm" in found["outbox"]["held_kinds"]
    assert "ระงับไว้ ๑ ฉบับ" in run("status", workspace=house).output


def test_a_doubt_is_settled(house: Path) -> None:
    letters(house)

    def doubt(office: Office) -> None:
        for key in ("head/1", "head/2"):
            office.ledger.outbox.mark_handed(key, SentRef(id="d", change="c", folder="drafts"))
            office.ledger.outbox.mark_doubt(key, "สงสัย")

    at_work(house, doubt)
    assert run("outbox", "release", "head/1", *REASON, workspace=house).exit_code == 2
    assert run_json("outbox", "sent", "head/1", *REASON, workspace=house)[1]["kind"] == "sent"
    assert run_json("outbox", "again", "head/2", *REASON, workspace=house)[1]["changed"] is True
    assert (state_of(house, "head/1"), state_of(house, "head/2")) == ("sent", "intended")


def test_wrong_use_is_said_so(house: Path) -> None:
    for line in (("release",), ("release", "x", "--all"), ("show", "x"), ("withhold", "x"), ("sent", "x"), ("address", "a@b.example", "--works")):
        result = run("outbox", *line, *(() if line[0] in ("show", "address") else REASON), workspace=house)
        assert result.exit_code == 2 and "วิธีแก้" in result.stderr, line
    assert run("outbox", "release", "x", workspace=house).exit_code == 2, "no reason"
    assert "ไม่มีจดหมายค้าง" in run("outbox", "list", workspace=house).output


@pytest.mark.parametrize(("line", "word"), [('send = "hold"', 'send = "hald"'), ("held_letters = []", 'held_letters = ["member"]')])
def test_a_misspelt_setting_lets_nothing_go(house: Path, line: str, word: str) -> None:
    settings = house / "songthan.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace(line, word), encoding="utf-8")
    result = run("outbox", "list", workspace=house)
    assert result.exit_code == 2 and ("hald" in result.stderr or "member" in result.stderr)


def test_an_address_is_shown_and_cleared(house: Path) -> None:
    address = "chayanit@bfa.example"
    mark = Mark(address=address, cause="full", status="5.2.2", mail="k", noted_at=datetime(2023, 3, 1, 9, tzinfo=ZONE))
    at_work(house, lambda office: office.ledger.addresses.mark(mark))
    assert "เต็ม" in run("outbox", "address", workspace=house).output
    (row,) = run_json("outbox", "address", workspace=house)[1]
    assert row["address"] == address and row["copies_to"]
    assert run_json("status", workspace=house)[1]["bounced_addresses"] == [row]
    assert "ตีกลับ" in run("doctor", workspace=house).output
    assert run_json("outbox", "address", address, "--works", *REASON, workspace=house)[1]["changed"] is True
    assert run_json("outbox", "address", workspace=house)[1] == []


def test_hold_release_and_reopen_are_commands(house: Path) -> None:
    for word in ("release", "reopen"):
        result = run("hold", word, "12", *REASON, workspace=house)
        assert result.exit_code == 2 and "ไม่มีจดหมายที่พักไว้" in result.stderr


def held(house: Path, route: str, subject: str) -> int:
    """A stranger's mail that waits, as the intake leaves it."""

    def take(office: Office) -> int:
        now = office.clock.now()
        sha = office.blobs.put(subject.encode())
        row = office.ledger.inbox.add(MailRef(id=subject, change="c", received=now), sha, now)
        parsed = Message(sha256=sha, received=now, sender="a@stranger.example", sender_name="[/b] \x1b[31m", subject=subject)
        office.ledger.inbox.save_parsed([(row, parsed)])
        office.ledger.inbox.save_route(row, Route(route=route, rule="r", reason="[/i] เหตุ"), now)
        return row

    return int(str(at_work(house, take)))


def test_a_strangers_subject_neither_breaks_the_list_nor_steers_the_terminal(house: Path) -> None:
    waits, locked = held(house, "hold", "[/b] \x1b[31mred"), held(house, "quarantine", "[bold]plain")
    told = run("hold", "list", workspace=house)
    assert told.exit_code == 0 and "[/b]" in told.output and "[bold]plain" in told.output and "\x1b" not in told.output
    assert "กักกัน" in told.output and "songthan hold show" in told.output, "which are quarantined, and what to do next"
    shown = run("hold", "show", str(waits), workspace=house)
    assert shown.exit_code == 0 and "\x1b" not in shown.output and f"songthan hold reject {waits}" in shown.output
    assert "hold release" in run("hold", "show", str(locked), workspace=house).output
    assert run("hold", "reject", str(waits), *REASON, workspace=house).exit_code == 0
    assert "ไม่รับ" in run("hold", "list", "--all", workspace=house).output
    assert "hold reject" not in run("hold", "show", str(waits), workspace=house).output, "it is decided"


def test_a_mails_key_stands_whole_in_the_list(house: Path) -> None:
    key = "2566-review/escalation/m01/+1/2023-03-17"

    def queue(office: Office) -> None:
        tell_secretary(office, key=key, title="เรื่อง " * 30, what="ความ", role="head")

    at_work(house, queue)
    assert key in run("outbox", "list", workspace=house).output
    assert f"songthan outbox release {key}" in run("outbox", "show", key, workspace=house).output


# tomorrow


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder on the last day of February 2566, quarter two open, nobody asked yet."""
    folder = tmp_path / "state"
    folder.mkdir()
    workspace.write_clock(folder, kind="file")
    now = datetime(2023, 2, 28, 17, 0, tzinfo=ZONE)
    (folder / "clock.txt").write_text(now.isoformat(), encoding="utf-8")
    workspace.write_driven(folder, [Q2])
    office = workspace.open_office(ROOT, folder)
    planned = assignments_for(office.plan, office.plan.deadline(Q2), salt=office.ledger.salt, forms=office.forms)
    office.ledger.add_assignments(planned, now)
    office.ledger.move_deadline(Q2, DeadlineState.OPEN, now)
    office.ledger.close()
    return folder


def test_tomorrows_mails_are_shown_and_nothing_is_kept(state: Path, tmp_path: Path) -> None:
    before = {p: p.read_bytes() for p in state.rglob("*") if p.is_file()}
    code, found = run_json("preview", "--tomorrow", "--out", tmp_path / "out", "--state", state)
    assert code == 0 and found["date"] == "2023-03-01"
    requests = [m for m in found["mails"] if m["kind"] == "request"]
    assert len(requests) > 10 and all(m["files"] and "ถึงวันเปิดรอบ" in m["why"] and m["at"].startswith("2023-03-01T08:35") for m in requests)
    assert [m["kind"] for m in found["mails"] if m["kind"] == "digest"] == ["digest"]
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert page.count("<tr>") == len(found["mails"]) + 1 and "<th>เหตุ</th>" in page
    assert {p: p.read_bytes() for p in state.rglob("*") if p.is_file()} == before


def test_a_day_is_shown_as_a_table(state: Path) -> None:
    shown = run("preview", "--date", "2023-03-01", "--state", state)
    assert shown.exit_code == 0 and "๐๘.๓๕" in shown.output and "ไม่ได้ส่งออกไปที่ใด" in shown.output
    assert run("preview", "--date", "2023-02-01", "--state", state).exit_code == 2
    assert run("preview", "--tomorrow", Q2, "--state", state).exit_code == 2 and run("preview").exit_code == 2
    assert run("preview", Q2).exit_code == 2, "a deadline's preview wants a folder"


def test_what_would_wait_for_her_is_marked(house: Path, state: Path) -> None:
    code, found = run_json("preview", "--tomorrow", "--state", state, workspace=house)
    assert code == 0 and not any(m["waits_for_release"] for m in found["mails"]), "a rehearsal's clock waits for nobody"
    workspace.write_clock(state, kind="shifted", weeks=-((datetime.now(ZONE) - datetime(2023, 2, 28, tzinfo=ZONE)).days // 7))
    code, found = run_json("preview", "--tomorrow", "--state", state, workspace=house)
    assert {m["kind"] for m in found["mails"] if m["waits_for_release"]} == {"request"}
    at_once = {tuple(m["to"]) for m in found["mails"] if not m["waits_for_release"]}
    assert len(at_once) == 1, "the secretary's own letters never wait"
