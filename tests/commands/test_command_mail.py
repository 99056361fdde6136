"""`mail classify` over files and folders, and `mail replay`: today's rules on the mail that came, as it was known then."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from command_runner import ROOT, run, run_json
from test_command_form import fingerprint

from songthan import workspace
from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.steps.advance import advance
from songthan.steps.holds import release_hold
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import MemoryMailbox

CASES = ROOT / "tests" / "mail"
ROUTES = {"accept", "note", "hold", "quarantine"}
#: Routes that no roster, ledger or reader has a say in: the shipped office gives the same as the `.json` beside the mail.
PLAIN = re.compile("01_|02_|03_|04_|05_|10_|16_|18_|19_|20_")


def member_mail(address: str, *, n: int, body: str, extra: str = "") -> bytes:
    domain = address.partition("@")[2]
    return (
        f"Authentication-Results: practice-exchange.example; dmarc=pass header.from={domain}\r\nFrom: {address}\r\n{extra}"
        f"To: office@bfa.example\r\nSubject: mail {n}\r\nMessage-ID: <{n}@{domain}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    ).encode()


@pytest.fixture(scope="module")
def classified() -> list[dict]:
    code, found = run_json("mail", "classify", CASES)
    assert code == 0
    return found


def test_every_case_has_a_route_and_a_reason_in_the_shipped_office(classified: list[dict]) -> None:
    files = {p.name for p in CASES.iterdir()}
    assert {Path(c["file"]).name for c in classified} == files and len(classified) == len(files)
    for case in classified:
        assert case["route"] in ROUTES and re.search("[ก-๙]", case["reason"]) and case["rule"] not in ("poison", "37_parser_failed")
        assert set(case) == {"file", "route", "rule", "reason", "attachments", "assignment", "purpose"}


def test_what_no_roster_decides_is_the_route_beside_the_mail(classified: list[dict]) -> None:
    """The real reader in the real sandbox: also the hostile Word files, whose facts the `.json` only tells."""
    by_name = {Path(c["file"]).stem: c for c in classified if Path(c["file"]).suffix != ".json"}
    seen = 0
    for path in CASES.glob("*.json"):
        rule = json.loads(path.read_text(encoding="utf-8"))["rule"]
        if PLAIN.match(rule) and path.stem not in ("own-mail-looping", "registry-receipt"):
            assert by_name[path.stem]["rule"] == rule, path.stem
            seen += 1
    assert seen >= 20


def test_one_file_is_one_document_and_several_are_a_list(tmp_path: Path) -> None:
    photo, doc = CASES / "photo.eml", CASES / "old-doc.eml"
    alone = run_json("mail", "classify", photo)[1]
    assert isinstance(alone, dict) and "file" not in alone
    both = run_json("mail", "classify", photo, doc, photo)[1]
    assert [c.pop("file") for c in both] == [str(photo), str(doc)] and both[0] == alone
    shutil.copy(photo, tmp_path / "a.eml")
    assert len(run_json("mail", "classify", tmp_path)[1]) == 1
    lines = run("mail", "classify", photo, doc).stdout.splitlines()
    assert len(lines) == 3 and str(photo) in lines[0] and "๒" in lines[2]


def test_a_file_that_is_no_mail_is_said_to_be_none(tmp_path: Path) -> None:
    shutil.copy(CASES / "photo.eml", tmp_path / "a.eml")
    (tmp_path / "b.txt").write_text("hello", encoding="utf-8")
    assert "อาจไม่ใช่แฟ้มจดหมาย" in run("mail", "classify", tmp_path / "b.txt").stderr
    assert "อาจไม่ใช่" not in run("mail", "classify", tmp_path / "a.eml").stderr
    lines = run("mail", "classify", tmp_path).stdout.splitlines()
    assert ["อาจไม่ใช่" in line for line in lines] == [False, True, False]


def test_the_same_mail_twice_in_a_folder_is_judged_twice(tmp_path: Path) -> None:
    for name in ("a.eml", "b.eml"):
        shutil.copy(CASES / "photo.eml", tmp_path / name)
    first, second = run_json("mail", "classify", tmp_path)[1]
    assert first["rule"] == second["rule"] != "12_duplicate"


def test_wrong_use_of_classify(tmp_path: Path) -> None:
    assert run("mail", "classify", tmp_path).exit_code == 2
    assert run("mail", "classify").exit_code == 2
    assert run("mail", "classify", tmp_path / "none.eml", CASES / "photo.eml").exit_code == 2


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00" * 300_000, b"From somebody@b.example Thu Jan  1 00:00:00 1970\nFrom: a@b.example\nSubject: x\n\nhi\n",
     "From: a@b.example\r\nSubject: ก\r\n\r\nสวัสดี".encode("utf-16"), b"\xef\xbb\xbfFrom: a@b.example\r\n\r\nx",
     b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4000, b"\x78\x9f\x3e\x22" + b"\xff" * 99, b"\x7fELF" + bytes(range(256)) * 40,
     b"%PDF-1.4 x", b"\r\r\r", b"From: =?utf-16?B?ANg=?= <a@b.example>\r\n\r\n"],
    ids=["empty", "nul", "mbox", "utf-16", "bom", "broken-msg", "broken-tnef", "program", "pdf", "cr", "surrogate"],
)  # fmt: skip
def test_whatever_lies_in_the_file_it_has_a_route(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x.eml").write_bytes(raw)
    code, found = run_json("mail", "classify", tmp_path / "x.eml")
    assert code == 0 and found["route"] in ROUTES and found["rule"] not in ("poison", "37_parser_failed") and found["reason"]


def test_files_of_windows_are_read_as_the_mail_they_hold(tmp_path: Path) -> None:
    for name, codec in (("a.eml", "utf-16"), ("b.eml", "utf-8-sig")):
        (tmp_path / name).write_bytes("From: a@b.example\r\nSubject: เรื่อง\r\n\r\nสวัสดี".encode(codec))
        shown = run("mail", "classify", tmp_path / name).stdout
        assert "a@b.example" in shown and "เรื่อง" in shown


# replay


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A state folder that asked for quarter two, took four mails in, and whose report went on since: (state, address)."""
    state = tmp_path_factory.mktemp("lived")
    workspace.write_clock(state, kind="file")
    office = workspace.open_office(ROOT, state)
    workspace.FileClock(state / "clock.txt").set(office.calendar.at(office.plan.deadline("2566-q2").internal, _nine()))
    mailbox = MemoryMailbox()
    office = replace(office, mailbox=mailbox)
    advance(office, "2566-q2")
    address = office.plan.roster.holder("s04").email
    for n, body in enumerate(("ส่งแล้วค่ะ", "ขอเลื่อนกำหนดได้หรือไม่", "วันนี้อากาศดี", "วันนี้อากาศดี"), 1):
        extra = "Auto-Submitted: auto-replied\r\n" if n == 4 else ""
        mailbox.receive(member_mail(address, n=n, body=body, extra=extra), received=office.clock.now())
    fetch_new(office)
    settle_all(office)
    for row in office.ledger.assignment_rows("2566-q2"):
        office.ledger.move_assignment(str(row["id"]), AssignmentState.WAIVED, office.clock.now())
    office.ledger.move_deadline("2566-q2", DeadlineState.COLLECTED, office.clock.now())
    office.ledger.close()
    return state, address


def _nine():
    from datetime import time

    return time(9)


def test_the_rules_that_were_used_say_the_same_again_though_the_duties_went_on(lived: tuple[Path, str]) -> None:
    state, address = lived
    before = fingerprint(state)
    code, found = run_json("mail", "replay", "--state", state)
    assert code == 0 and found["changed"] == 0 and len(found["mails"]) == 4
    for mail in found["mails"]:
        assert mail["sender"] == address and mail["read_again"] and not mail["changed"]
        assert mail["then"]["rule"] == mail["now"]["rule"] != "12_duplicate"
    assert [m["then"]["rule"] for m in found["mails"]] == ["78_empty_sent", "77_question_or_refusal", "99_catch_all", "17_out_of_office"]
    assert [m["id"] for m in run_json("mail", "replay", "--last", 2, "--state", state)[1]["mails"]] == [3, 4]
    assert fingerprint(state) == before


def test_what_was_let_out_of_quarantine_since_is_no_change_of_the_rules(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    office = replace(workspace.open_office(ROOT, state), mailbox=MemoryMailbox())
    forged = member_mail(office.plan.roster.holder("s04").email, n=9, body="ด่วน").replace(b"dmarc=pass", b"dmarc=fail")
    office.mailbox.receive(forged, received=office.clock.now())
    fetch_new(office)
    settle_all(office)
    (row,) = [r for r in office.ledger.inbox.holds() if r["route"] == "quarantine"]
    release_hold(office, int(str(row["id"])), "โทรศัพท์ถามแล้ว")
    office.ledger.close()
    code, found = run_json("mail", "replay", "--last", 1, "--state", state)
    assert code == 0 and found["changed"] == 0
    assert found["mails"][0]["then"]["route"] == found["mails"][0]["now"]["route"] == "quarantine"


def test_another_rule_is_shown_where_it_changes_something(lived: tuple[Path, str], tmp_path: Path) -> None:
    state, _ = lived
    shutil.copytree(ROOT / "inbox_rules", tmp_path / "rules")
    (tmp_path / "rules" / "74_weather.toml").write_text(
        'route = "note"\npurpose = "receipt"\nreason = "เล่าเรื่องอากาศ"\n[when]\nbody_matches = "อากาศ"\nowes = true\n', encoding="utf-8"
    )
    before = fingerprint(state)
    code, found = run_json("mail", "replay", "--state", state, "--rules", tmp_path / "rules")
    assert code == 1 and found["changed"] == 1
    # only then did he owe anything: now everything is waived
    assert [m["id"] for m in found["mails"] if m["changed"]] == [3]
    assert found["mails"][2]["now"] == {"route": "note", "rule": "74_weather", "reason": "เล่าเรื่องอากาศ"}
    result = run("mail", "replay", "--state", state, "--rules", tmp_path / "rules")
    assert result.exit_code == 1 and result.stdout.count("≠") == 2 and "74_weather" in result.stdout.replace("\n", "")
    assert fingerprint(state) == before


def test_a_broken_rule_says_file_key_and_remedy(lived: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "inbox_rules", tmp_path / "rules")
    (tmp_path / "rules" / "74_x.toml").write_text('route = "hold"\nreason = "x"\n[when]\nsender = "a"\n', encoding="utf-8")
    result = run("mail", "replay", "--state", lived[0], "--rules", tmp_path / "rules")
    assert result.exit_code == 2 and "74_x.toml: when.sender" in result.stderr and "README" in result.stderr


def test_mail_whose_bytes_are_gone_is_judged_as_the_ledger_keeps_it(lived: tuple[Path, str], tmp_path: Path) -> None:
    shutil.copytree(lived[0], tmp_path / "state")
    shutil.rmtree(tmp_path / "state" / "blobs")
    code, found = run_json("mail", "replay", "--state", tmp_path / "state")
    assert code == 0 and not any(m["read_again"] for m in found["mails"]) and len(found["mails"]) == 4


def test_without_a_ledger_there_is_nothing_to_replay(tmp_path: Path) -> None:
    assert run("mail", "replay", "--state", tmp_path).exit_code == 2
    assert run("mail", "replay", "--last", 0).exit_code == 2
