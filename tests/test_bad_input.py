"""Bad input, met before anything starts: one clear error, the right exit code, nothing written."""

from __future__ import annotations

import shutil
import socket
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from songthan.cli import main

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the starter, to be spoilt."""
    for name in ("plans", "templates", "inbox_rules", "flows"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "songthan.toml", tmp_path)
    monkeypatch.setenv("SONGTHAN_WORKSPACE", str(tmp_path))
    return tmp_path


def rehearse(workspace: Path, deadline: str = "2566-q2") -> Result:
    return CliRunner().invoke(main, ["rehearse", deadline, "--state", str(workspace / "out"), "--json"])


def refused(workspace: Path, result: Result, code: int, *words: str) -> None:
    """The exit code, one message that names these words and a remedy, no JSON, no folder."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.count("ผิดพลาด:") == 1 and "วิธีแก้:" in result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr
    assert not (workspace / "out").exists()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_unknown_deadline(workspace: Path) -> None:
    refused(workspace, rehearse(workspace, "2566-q9"), 2, "2566-q9", "2566-q2", "all")


def test_a_deadline_whose_form_has_no_template(workspace: Path) -> None:
    (workspace / "templates/docx/f4.toml").unlink()
    refused(workspace, rehearse(workspace, "2566-review"), 2, "F4", "templates")
    refused(workspace, rehearse(workspace, "all"), 2, "F4", "templates")


def test_a_date_that_is_no_date(workspace: Path) -> None:
    edit(workspace / "plans/2566/plan.toml", "internal = 2023-03-15", 'internal = "๑๕ มีนาคม"')
    refused(workspace, rehearse(workspace), 2, "2566-q2", "internal", "plan.toml")


def test_a_date_that_is_not_in_the_calendar(workspace: Path) -> None:
    edit(workspace / "plans/2566/plan.toml", "internal = 2023-03-15", "internal = 2023-02-31")
    refused(workspace, rehearse(workspace), 2, "plan.toml", "line")


def test_an_activity_without_a_seat(workspace: Path) -> None:
    path = workspace / "plans/2566/plan.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(n for n, line in enumerate(lines) if line.startswith("seats = "))
    lines[first] = "seats = []"
    path.write_text("\n".join(lines), encoding="utf-8")
    refused(workspace, rehearse(workspace), 2, "1.1", "seats")


def test_a_template_missing_a_field(workspace: Path) -> None:
    template = workspace / "templates/docx/f3.docx"
    spoilt = workspace / "spoilt.docx"
    with zipfile.ZipFile(template) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                assert b"activity.id }}.note" in data
                data = data.replace(b"activity.id }}.note", b"activity.id }}.remark")
            new.writestr(name, data)
    shutil.move(spoilt, template)
    refused(workspace, rehearse(workspace), 2, "remark", "f3.docx", "พบ 2 ข้อ", "songthan form check")


def test_a_rule_without_a_catch_all(workspace: Path) -> None:
    (workspace / "inbox_rules/99_catch_all.toml").unlink()
    refused(workspace, rehearse(workspace), 2, "99", "inbox_rules")


def test_no_libreoffice(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(workspace))
    refused(workspace, rehearse(workspace), 3, "LibreOffice", "make setup")


def test_an_unknown_setting(workspace: Path) -> None:
    edit(workspace / "songthan.toml", "[dashboard]", "[dashboard]\ncolour = 1")
    refused(workspace, rehearse(workspace), 2, "colour", "songthan.toml")


def test_up_on_a_taken_port(workspace: Path) -> None:
    """`up` says who is in the way, and leaves nothing running behind."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        edit(workspace / "songthan.toml", "port = 4200", f"port = {port}")
        result = CliRunner().invoke(main, ["up", "--state", str(workspace / "out")])
    assert result.exit_code == 3 and str(port) in result.stderr and "วิธีแก้:" in result.stderr
    assert not (workspace / "out" / "run" / "live.json").exists()


def test_no_workspace_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SONGTHAN_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["status"])
    assert result.exit_code == 2 and "songthan init" in result.stderr
