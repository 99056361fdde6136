"""The story: the quarterly report of 20 March 2566 from the plan to the registry's receipt, with every part real.

Judged from outside: by the practice Exchange's own log, by what the cast wrote down that it typed, and by opening the
report with plain lxml. Our ledger is only asked what it counted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
pytestmark = pytest.mark.real


def rehearse(state: Path, *, kill_at: int | None = None, deadline: str = "2566-q2") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SONGTHAN_WORKSPACE": str(ROOT)}
    if kill_at:
        env["SONGTHAN_KILL_AT"] = str(kill_at)
    command = [sys.executable, "-m", "songthan.cli", "rehearse", deadline, "--state", str(state), "--json"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=400)


def songthan(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SONGTHAN_WORKSPACE": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "songthan.cli", *arguments], env=env, capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    state = tmp_path_factory.mktemp("story")
    done = rehearse(state)
    assert done.returncode == 0, done.stderr[-3000:]
    return state, json.loads(done.stdout)


def exchange_log(state: Path) -> list[dict]:
    return [json.loads(line) for line in (state / "practice" / "log.jsonl").read_text("utf-8").splitlines()]


def typed_by_the_cast(state: Path) -> dict[tuple[str, str], dict]:
    """(token, field) → the last thing typed that was meant as final."""
    lines = (state / "practice" / "cast" / "typed.jsonl").read_text("utf-8").splitlines()
    found = {}
    for line in lines:
        entry = json.loads(line)
        if entry["final"]:
            found[entry["token"], entry["field"]] = entry
    return found


def cell_text(cell: etree._Element) -> str:
    """The text of a table cell: breaks and paragraphs as line ends."""
    paragraphs = []
    for paragraph in cell.iter(W + "p"):
        parts = []
        for node in paragraph.iter(W + "t", W + "br", W + "tab"):
            parts.append(node.text or "" if node.tag == W + "t" else "\n" if node.tag == W + "br" else "\t")
        paragraphs.append("".join(parts))
    return "\n".join(paragraphs)


def report_rows(bundle: Path) -> dict[str, list[str]]:
    """Printed activity number → the texts of its row in the merged report."""
    with zipfile.ZipFile(bundle / "report.docx") as package:
        root = etree.fromstring(package.read("word/document.xml"))
    rows = {}
    for row in root.iter(W + "tr"):
        cells = [cell_text(cell) for cell in row.findall(W + "tc")]
        if len(cells) == 7:
            rows[cells[0].strip()] = cells
    return rows


def test_the_cycle_ends_with_a_receipt_in_time(story: tuple[Path, dict]) -> None:
    _, result = story
    assert result["state"] == "ACKNOWLEDGED"
    assert result["signature_valid"] is True
    assert result["submitted_at"][:10] <= "2023-03-20"
    assert "/๒๕๖๖" in result["receipt"]
    assert (result["asked"], result["accepted"], result["lapsed"]) == (20, 20, 0)
    # the cast's habits make these happen, whatever the timing
    assert result["corrected"] == 3
    assert result["held"] >= 1 and result["quarantined"] == 1 and result["noted"] >= 3


def test_nothing_was_sent_twice_and_nothing_lost(story: tuple[Path, dict]) -> None:
    state, result = story
    log = exchange_log(state)
    sent = Counter(e["key"] for e in log if e["event"] == "sent" and e["key"])
    assert sent and max(sent.values()) == 1
    assert result["duplicates"] == 0 and result["mails_out"] == len(sent)
    people = json.loads((state / "practice" / "people.json").read_text("utf-8"))
    office = people["office"]["mailbox"]
    arrived = [e for e in log if e["event"] in ("delivered", "bounced") and e["mailbox"] == office]
    assert len(arrived) == result["mailbox_count"] == result["ledger_count"]


def test_every_answer_is_what_was_typed(story: tuple[Path, dict]) -> None:
    state, result = story
    rows = report_rows(Path(result["bundle_dir"]))
    plan = json.loads(songthan("plan", "show", "--json").stdout)
    thai = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
    typed = typed_by_the_cast(state)
    activities = {a["id"] for a in plan["activities"]}
    assert {field.rpartition(".")[0] for _, field in typed} == activities
    compared = 0
    for (_, field), entry in typed.items():
        activity, _, key = field.rpartition(".")
        number = activity.replace("(", " (").translate(thai)
        _, _, done, outputs, outcomes, evidence, note = rows[number]
        text = entry["typed"]
        if key == "percent":
            printed = done.split("ร้อยละ", 1)[1].split("\n", 1)[0].strip().translate({v: k for k, v in thai.items()})
            assert Fraction(printed) == Fraction(entry["numeric"]), field
        elif key in ("output_reached", "outcome_reached"):
            cell = outputs if key == "output_reached" else outcomes
            assert cell.endswith({"yes": "ปรากฏตามแผน", "no": "ยังไม่ปรากฏ"}[text]), field
        elif key == "evidence":
            lines = [line for line in text.split("\n") if line.strip() not in ("", "-", "ไม่มี")]
            assert all(line in evidence for line in lines), field
        else:
            assert text in (done if key == "done" else note), field
        compared += 1
    assert compared >= 6 * len(activities)
    # somebody typed what a template engine or XML would trip over
    assert any("{{" in e["typed"] and "&" in e["typed"] for e in typed.values())


def test_the_forged_mail_changed_nothing(story: tuple[Path, dict]) -> None:
    state, result = story
    lies = [json.loads(line) for line in (state / "practice/cast/forged.jsonl").read_text("utf-8").splitlines()]
    truth = typed_by_the_cast(state)
    rows = report_rows(Path(result["bundle_dir"]))
    thai = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
    different = [
        lie for lie in lies if lie["kind"] == "text" and lie["typed"] not in truth[lie["token"], lie["field"]]["typed"]
    ]
    assert different
    for lie in different:
        row = rows[lie["field"].rpartition(".")[0].replace("(", " (").translate(thai)]
        assert lie["typed"] not in "\n".join(row), lie["field"]


def test_anybody_can_verify_the_bundle(story: tuple[Path, dict], tmp_path: Path) -> None:
    _, result = story
    bundle = Path(result["bundle_dir"])
    assert songthan("verify", str(bundle)).returncode == 0
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(bundle), str(copy)], check=True)
    report = copy / "report.docx"
    data = bytearray(report.read_bytes())
    data[len(data) // 2] ^= 1
    report.write_bytes(data)
    assert songthan("verify", str(copy)).returncode == 1
    assert subprocess.run(["sha256sum", "--check", "--status", "SHA256SUMS"], cwd=bundle).returncode == 0


def test_only_word_went_to_the_registry(story: tuple[Path, dict]) -> None:
    """F3's box in the plan: a WORD file, and nothing on the website (plan lines 545 and 552)."""
    state, _ = story
    people = json.loads((state / "practice" / "people.json").read_text("utf-8"))
    mails = [e for e in exchange_log(state) if e["event"] == "sent" and people["registry"]["email"] in e["to"]]
    assert len(mails) == 1
    assert [Path(a["name"]).suffix for a in mails[0]["attachments"]] == [".docx"]
    assert not (state / "website").exists()


def test_killed_half_way_and_started_again(tmp_path: Path) -> None:
    """Killed without a word deep in the cycle; the second run finishes the same story.

    (Every single boundary is tried in tests/steps/test_kill_harness.py, on the in-memory twins.)
    """
    assert rehearse(tmp_path, kill_at=260).returncode == 137
    done = rehearse(tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    sent = Counter(e["key"] for e in exchange_log(tmp_path) if e["event"] == "sent" and e["key"])
    assert max(sent.values()) == 1 and result["duplicates"] == 0
    assert result["mailbox_count"] == result["ledger_count"]
    assert (result["state"], result["accepted"], result["signature_valid"]) == ("ACKNOWLEDGED", 20, True)
