"""`score`, `verify` and `doctor`."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from importlib.metadata import version

import pytest
from command_runner import ROOT, program, run, run_json

from songthan.adapters.bundle_files import readme, write_bundle
from songthan.commands import doctor, init
from songthan.domain.bundles import FileEntry, Manifest, sha256_of

DESIGN = """{"headcount": 48, "answers": {"c1": {"persons": 39}, "c2": {"topics": 5}, "c3": {"plan": true, "assignment":
true, "committee": true}, "c4": {"success_percent": "72.5"}, "c5": {"evaluation": true, "improvement": true, "lessons": true},
"c6": {"persons": true, "units": true, "publicised_inside": true, "channels": 2}, "c7": {"success_percent": "91",
"better_climate": true, "better_behaviour": true}, "c8": {"documented_all": true, "media": 2}, "c9": {"published_inside": true,
"channels": 3}}}"""


def test_the_designs_example_through_a_real_program(tmp_path):
    (tmp_path / "a.json").write_text(DESIGN, encoding="utf-8")
    done = program("score", tmp_path / "a.json", "--json", cwd=ROOT)
    assert done.returncode == 0 and done.stderr == ""
    assert json.loads(done.stdout) == {
        "scores": {f"c{n}": 3 for n in range(1, 10)}, "total": 27, "level": 3, "next_level": None, "gap": [], "remarks": [],
    }  # fmt: skip


def test_answers_from_standard_input_and_numbers_as_they_were_written():
    code, found = run_json("score", "-", stdin=DESIGN.replace('"72.5"', "69.999999999999999999"))
    assert code == 0 and found["scores"]["c4"] == 2
    assert [r["code"] for r in found["remarks"]] == ["c4-just-below-70"]


def test_people_see_what_is_missing_for_the_next_level():
    text = run("score", "-", stdin=DESIGN.replace('"persons": 39', '"persons": 10')).stdout
    assert "ระดับที่ ๐" in text and "ไม่น้อยกว่า ๒๐ จาก ๔๘" in text


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "nonsense", DESIGN.replace("39", "NaN"), DESIGN.replace("39", "39.5"), DESIGN.replace("48", "0"),
        DESIGN.replace('{"headcount": 48,', '{"headcount": 48, "headcount": 49,'), "[" * 200_000,
        DESIGN.replace('"72.5"', "101"), DESIGN.replace('"c9"', '"c10"'),
    ],
)  # fmt: skip
def test_bad_answers_are_wrong_use_and_print_no_document(text):
    result = run("score", "-", "--json", stdin=text)
    assert result.exit_code == 2 and result.stdout == "" and "วิธีแก้" in result.stderr


def test_answers_that_are_no_text_or_not_there(tmp_path):
    (tmp_path / "a").write_bytes(b"\xff\xfe\x00")
    assert run("score", tmp_path / "a").exit_code == 2
    assert run("score", tmp_path / "none").exit_code == 2


@pytest.fixture
def bundle(tmp_path):
    """A small bundle that awaits no signature."""
    contents = {"report.docx": b"report", "README.txt": readme(title="รายงาน", version=1)}
    manifest = Manifest(
        deadline="2566-q2",
        version=1,
        created=datetime(2023, 3, 17, tzinfo=UTC),
        files={name: FileEntry(sha256=sha256_of(data), size=len(data), role="file") for name, data in contents.items()},
        exhibits=(),
        answers=(),
        messages=(),
        signature=None,
    )
    return write_bundle(tmp_path / "bundles", manifest, contents)


def test_a_whole_bundle_verifies_and_one_changed_byte_does_not(bundle):
    code, found = run_json("verify", bundle)
    assert code == 0 and found["ok"] and found["bundle_id"]
    assert "✓" in run("verify", bundle).stdout
    (bundle / "report.docx").chmod(0o644)
    (bundle / "report.docx").write_bytes(b"rep0rt")
    code, found = run_json("verify", bundle)
    assert code == 1 and not found["ok"] and any(not c["ok"] for c in found["checks"])
    assert "✗" in run("verify", bundle).stdout


def test_verify_needs_no_workspace_but_a_bundle(bundle, tmp_path):
    done = program("verify", bundle, "--json", cwd=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["ok"]
    assert run("verify", tmp_path / "none").exit_code == 2
    (tmp_path / "root.pem").write_text("no certificate", encoding="utf-8")
    assert run("verify", bundle, "--root", tmp_path / "root.pem").exit_code == 2
    (tmp_path / "empty").mkdir()
    assert run("verify", tmp_path / "empty").exit_code == 1


def test_doctor_names_every_check_and_its_remedy(tmp_path):
    init.lay_down(init.starter(), tmp_path / "house")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = tmp_path / "house" / "songthan.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("port = 4200", f"port = {port}"), encoding="utf-8")
        code, found = run_json("doctor", workspace=tmp_path / "house")
    checks = {c["name"]: c for c in found["checks"]}
    assert {"python", "libraries", "libreoffice", "poppler", "fonts", "sqlite", "state", "disk", "port", "mailbox", "trust"} <= set(checks)
    assert code == 3 and not found["ok"] and checks["port"]["status"] == "missing" and str(port) in checks["port"]["detail_th"]
    assert all(c["remedy_th"] for c in found["checks"] if c["status"] != "ok")
    assert {p.name for p in (tmp_path / "house" / "state").iterdir()} == {"README.md", ".gitignore"}


def test_doctor_misses_a_program_that_is_not_there(tmp_path, monkeypatch):
    init.lay_down(init.starter(), tmp_path / "house")
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("doctor", workspace=tmp_path / "house")
    assert result.exit_code == 3 and "ไม่พบโปรแกรม soffice" in result.stdout and "apt-get install" in result.stdout


@pytest.mark.parametrize(("name", "number"), [("prefect", "3.9.1"), ("fastapi", "0.151.0"), ("sqlalchemy", "2.1.0b1")])
def test_doctor_refuses_the_versions_that_break_prefect(name, number):
    found = list(doctor.libraries(lambda asked: number if asked == name else version(asked)))
    assert [f.status for f in found] == ["missing"] and name in found[0].detail_th


def test_doctor_on_the_offices_own_server_wants_settings_and_trust(tmp_path):
    init.lay_down(init.starter(), tmp_path / "house")
    settings = tmp_path / "house" / "songthan.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"practice" ', '"exchange" '), encoding="utf-8")
    code, found = run_json("doctor", workspace=tmp_path / "house")
    status = {c["name"]: c["status"] for c in found["checks"]}
    assert code == 3 and status["mailbox"] == "missing" and status["trust"] == "missing"
