"""`songthan plan import` as its user runs it: first import, changed plan, deadlines under way, bad files."""

from __future__ import annotations

import io
import json
import sqlite3
import tomllib
import zipfile
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from command_runner import ROOT, run, run_json

from songthan.adapters.ledger import SqliteLedger
from songthan.adapters.plan_files import load_plan
from songthan.commands import init
from songthan.domain.assignments import DeadlineState

PLAN = ROOT / "tests" / "plans" / "import" / "another-bureau-2568.txt"
NOW = datetime(2025, 6, 10, 9, tzinfo=ZoneInfo("Asia/Bangkok"))


@pytest.fixture
def house(tmp_path):
    """A workspace whose plan is the imported one, filled in as a secretary would."""
    root = tmp_path / "house"
    init.lay_down(init.starter(), root)
    settings = root / "songthan.toml"
    settings.write_text(settings.read_text("utf-8").replace('"plans/2566"', '"plans/2568"'), "utf-8")
    assert run("plan", "import", PLAN, workspace=root).exit_code == 0
    return root


def fill(folder):
    """Answer every question of the import in the files, by hand."""
    plan, roster = folder / "plan.toml", folder / "roster.toml"
    text = plan.read_text("utf-8").replace("headcount = 0", "headcount = 31").replace("seats = []", 'seats = ["s03"]')
    plan.write_text(text.replace('due = ""', "due = 2025-06-30"), "utf-8")
    lines, count = [], 0
    for line in roster.read_text("utf-8").splitlines():
        if line == 'email = ""':
            count += 1
            line = f'email = "member{count}@supplies.example"'
        lines.append(line)
    text = "\n".join(lines).replace('acting_director = ""', 'acting_director = "m02"')
    text = text.replace('mailbox = ""', 'mailbox = "songthan@supplies.example"').replace(
        'name = ""', 'name = "สารบรรณกลาง"'
    )
    roster.write_text(text, "utf-8")


def changed(tmp_path, *edits):
    """The plan with some words replaced."""
    text = PLAN.read_text("utf-8")
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "changed.txt"
    path.write_text(text, "utf-8")
    return path


def read(path):
    return tomllib.loads(path.read_text("utf-8"))


def test_the_import_says_which_plan_to_check(tmp_path):
    """Without the folder, `plan check` would look at the plan in use and find it in order."""
    folder = tmp_path / "แผนใหม่"
    said = run("plan", "import", PLAN, "--out", folder)
    assert f"songthan plan check --plan {folder}" in said.output
    assert "songthan plan check --plan" in (folder / "review.txt").read_text("utf-8")


def test_the_first_import_writes_a_year_that_lists_what_is_missing(house):
    folder = house / "plans" / "2568"
    assert {p.name for p in folder.iterdir()} == {
        "plan.toml", "roster.toml", "rubric.toml", "holidays.toml", "review.html", "review.txt", "imported.json",
    }  # fmt: skip
    code, found = run_json("plan", "check", workspace=house)
    assert code == 1 and not found["ok"]
    remedies = [f["remedy"] for f in found["findings"]]
    assert sum("email" in r for r in remedies) == 6 and sum("seats" in r for r in remedies) == 6
    code, shown = run_json("plan", "show", workspace=house)
    assert code == 0 and len(shown["activities"]) == 7 and shown["seats"][0]["email"] == ""
    fill(folder)
    code, found = run_json("plan", "check", workspace=house)
    assert code == 0 and found["counts"]["deliverables"] == 9


def test_the_json_holds_rows_with_their_places(tmp_path):
    code, found = run_json("plan", "import", PLAN, "--out", tmp_path / "y")
    assert code == 0 and found["counts"]["activities"] == 7 and found["confirmed"]
    row = next(r for r in found["rows"] if r["kind"] == "activity" and r["id"] == "2.3")
    assert row["place"] == "บรรทัด ๒๘ ช่อง ๒" and any("บรรทัด ๒๘ ช่อง ๕" in m for m in row["more"])
    assert found["counts"]["doubts"] == len(found["doubts"]) and found["counts"]["questions"] == len(found["questions"])


def test_the_review_asks_nothing_of_the_network_and_runs_nothing(tmp_path):
    hostile = changed(tmp_path, ("ป้ายครบทุกห้อง", "ป้าย <script>alert(1)</script> ครบ &lt;img src=x onerror=1&gt;"))
    assert run("plan", "import", hostile, "--out", tmp_path / "y").exit_code == 0
    page = (tmp_path / "y" / "review.html").read_text("utf-8")
    assert (
        "<script" not in page
        and "<img" not in page
        and "://" not in page
        and "src=" not in page.replace("&lt;img src=", "")
    )
    assert "default-src 'none'" in page and 'lang="th"' in page
    text = (tmp_path / "y" / "review.txt").read_text("utf-8")
    for needed in ("คำถามที่ต้องตอบ", "บรรทัด ๒๗ ช่อง ๕", "ไม่มีวันที่ «31 มิถุนายน 2568»", "เลขลำดับข้าม: ไม่พบ ๓"):
        assert needed in text and needed.replace("«", "«") in page


def test_the_same_plan_again_changes_nothing(house):
    folder = house / "plans" / "2568"
    fill(folder)
    before = {p.name: p.read_bytes() for p in folder.glob("*.toml")}
    code, found = run_json("plan", "import", PLAN, workspace=house)
    assert code == 0 and found["difference"] == []
    assert {p.name: p.read_bytes() for p in folder.glob("*.toml")} == before


def test_a_changed_plan_is_shown_first_and_written_only_when_confirmed(house, tmp_path):
    folder = house / "plans" / "2568"
    fill(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    new = changed(
        tmp_path,
        ("- 20 มิ.ย. 2568", "- 24 มิ.ย. 2568"),
        ("2.3 กิจกรรมตรวจนับประจำปี", "2.2 กิจกรรมตรวจนับประจำปี"),
        ("ไตรมาส 3 ส่ง 27 มิถุนายน 2568", "ไตรมาส 3 ส่ง 30 มิถุนายน 2568"),
        ("- บุคลากรกองงานพัสดุและอาคารตระหนักรู้", "- บุคลากรประหยัดขึ้น"),
        ("3. นางสาวกานดา นามสมมติ\tกรรมการ\n", "3. นางสาวกานดา นามสมมติ\tกรรมการ\n4. นางแก้วตา คนใหม่\tกรรมการ\n"),
    )
    code, found = run_json("plan", "import", new, workspace=house)
    assert code == 1 and found["written"] == []
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    told = {(c["where"], c["kind"]): (c["old"], c["new"]) for c in found["difference"]}
    assert told["activities 2.3 deliverables 2.3 due", "changed"] == ("2025-06-20", "2025-06-24")
    assert told["deadlines 2568-q3 external", "changed"] == ("2025-06-27", "2025-06-30")
    assert told["activities 4.1 outcomes", "changed"][1] == ["บุคลากรประหยัดขึ้น"]
    assert ("activities 2.3 number", "changed") in told and ("seats s04", "added") in told
    shown = run("plan", "import", new, workspace=house).stdout
    assert "--confirm" in shown and "๒๐ มิถุนายน ๒๕๖๘ → ๒๔ มิถุนายน ๒๕๖๘" in shown
    code, found = run_json("plan", "import", new, "--confirm", workspace=house)
    assert code == 0 and "plan.toml" in found["written"]
    plan, roster = read(folder / "plan.toml"), read(folder / "roster.toml")
    rows = {a["id"]: a for a in plan["activities"]}
    # the row keeps its id though its number changed; what was filled in by hand stays
    assert rows["2.3"]["number"] == "๒.๒" and rows["2.3"]["seats"] == ["s03"]
    assert plan["organisation"]["headcount"] == 31
    addresses = [m["email"] for m in roster["members"]]
    assert len(addresses) == 6 and addresses.count("") == 1 and "member1@supplies.example" in addresses
    kept = folder / "before-import" / "plan.toml"
    assert kept.read_bytes() == before["plan.toml"]


def test_a_row_taken_out_of_the_plan_is_told_and_goes_with_confirm(house, tmp_path):
    folder = house / "plans" / "2568"
    fill(folder)
    text = PLAN.read_text("utf-8")
    line = next(x for x in text.splitlines() if x.startswith("๖.\t"))
    new = changed(tmp_path, (line + "\n", ""))
    code, found = run_json("plan", "import", new, workspace=house)
    assert code == 1 and ("activities 6", "removed") in {(c["where"], c["kind"]) for c in found["difference"]}
    run("plan", "import", new, "--confirm", workspace=house)
    assert "6" not in [a["id"] for a in read(folder / "plan.toml")["activities"]]


def under_way(house, *deadlines):
    state = house / "state"
    ledger = SqliteLedger(state / "ledger.sqlite")
    for one in deadlines:
        ledger.move_deadline(one, DeadlineState.OPEN, NOW)
    ledger.close()


def test_a_deadline_under_way_is_not_disturbed_unless_asked(house, tmp_path):
    folder = house / "plans" / "2568"
    fill(folder)
    under_way(house, "2568-q3")
    before = next(d for d in read(folder / "plan.toml")["deadlines"] if d["id"] == "2568-q3")
    line = next(x for x in PLAN.read_text("utf-8").splitlines() if x.startswith("๖.\t"))
    new = changed(
        tmp_path, ("ไตรมาส 3 ส่ง 27 มิถุนายน 2568", "ไตรมาส 3 ส่ง 30 มิถุนายน 2568"), (line + "\n", ""),
        ("ส่งภายใน ๒๕ กรกฎาคม ๒๕๖๘", "ส่งภายใน ๒๘ กรกฎาคม ๒๕๖๘"),
    )  # fmt: skip
    code, found = run_json("plan", "import", new, "--confirm", workspace=house)
    assert code == 0 and found["under_way"] == ["2568-q3"]
    held = {c["where"] for c in found["difference"] if c["kind"] == "held"}
    assert held == {"deadlines 2568-q3", "activities 6"}
    plan = read(folder / "plan.toml")
    after = {d["id"]: d for d in plan["deadlines"]}
    assert after["2568-q3"] == before
    assert str(after["2568-july"]["external"]) == "2025-07-28", "what is not under way follows the plan"
    assert "6" in [a["id"] for a in plan["activities"]], "it reports on every row"
    assert "--also-open" in run("plan", "import", new, workspace=house).stdout
    code, found = run_json("plan", "import", new, "--confirm", "--also-open", workspace=house)
    assert code == 0 and not [c for c in found["difference"] if c["kind"] == "held"]
    after = {d["id"]: d for d in read(folder / "plan.toml")["deadlines"]}
    assert str(after["2568-q3"]["external"]) == "2025-06-30"


def test_looking_at_the_ledger_does_not_write_to_it(house):
    under_way(house, "2568-q3")
    state = house / "state"
    before = (state / "ledger.sqlite").read_bytes()
    run("plan", "import", PLAN, workspace=house)
    assert (state / "ledger.sqlite").read_bytes() == before
    with sqlite3.connect(state / "ledger.sqlite") as db:
        assert db.execute("select state from deadlines").fetchall() == [("OPEN",)]


def docx(**parts: str) -> bytes:
    """A zip with these parts (names with «__» for «/»)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


_RELS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)
_BODY = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
BAD = {
    "no-docx.docx": (b"PK\x03\x04 this is no archive", "เสียหาย"),
    "bomb.docx": (docx(**{"_rels/.rels": _RELS, "word/document.xml": _BODY.format(" " * (60 << 20))}), "ผิดปกติ"),
    "doctype.docx": (
        docx(**{"_rels/.rels": _RELS, "word/document.xml": '<!DOCTYPE x [<!ENTITY a "b">]>' + _BODY.format("")}),
        "DOCTYPE",
    ),
    "no-table.docx": (docx(**{"_rels/.rels": _RELS, "word/document.xml": _BODY.format("<w:p/>")}), "ไม่พบตาราง"),
    "old.doc": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".docx"),
    "some.pdf": (b"%PDF-1.7\n", ".docx"),
    "empty.txt": (b"  \n", "ว่างเปล่า"),
    "no-table.txt": ("แผนของปีงบประมาณ พ.ศ. ๒๕๖๘\n".encode(), "ไม่พบตาราง"),
    "no-activities.txt": ("ประจำปีงบประมาณ พ.ศ. ๒๕๖๘\nก\tข\n".encode(), "ตารางกิจกรรม"),
    "no-year.txt": (PLAN.read_text("utf-8").replace("ปีงบประมาณ", "ปี").encode(), "--year"),
    "endless.txt": (("ปีงบประมาณ พ.ศ. ๒๕๖๘\nก\t" + "<a" * 30_000 + "\n").encode(), "บรรทัด ๒ ช่อง ๒"),
    "latin.txt": (b"caf\xe9 \x80\x81\x82\n" * 3, "TIS-620"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_one_clear_error_and_nothing_is_written(name, tmp_path):
    data, said = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    result = run("plan", "import", path, "--out", tmp_path / "y")
    assert result.exit_code == 2, result.output
    assert (
        said in result.stderr and "วิธีแก้" in result.stderr and name in result.stderr and "Traceback" not in result.output
    )
    assert not (tmp_path / "y").exists()


def test_a_plan_in_tis620_is_read_and_told(tmp_path):
    path = tmp_path / "old.txt"
    # the old code page has no curly quotes' twins for a few signs; the plan uses none of them
    path.write_bytes(PLAN.read_text("utf-8").encode("cp874", "ignore"))
    result = run("plan", "import", path, "--out", tmp_path / "y", "--json")
    assert result.exit_code == 0 and "TIS-620" in result.stderr
    assert json.loads(result.stdout)["counts"]["activities"] == 7


def test_the_year_can_be_given(tmp_path):
    path = tmp_path / "no-year.txt"
    path.write_bytes(BAD["no-year.txt"][0])
    code, found = run_json("plan", "import", path, "--out", tmp_path / "y", "--year", "2568")
    assert code == 0 and found["fiscal_year"] == 2568


def test_a_hand_made_plan_is_not_overwritten_by_a_first_import(tmp_path):
    """Nothing tells who wrote a value there: what only a person can decide stays, the rest is shown."""
    folder = tmp_path / "y"
    folder.mkdir()
    for name in ("plan", "roster", "rubric", "holidays"):
        (folder / f"{name}.toml").write_bytes((ROOT / "plans" / "2566" / f"{name}.toml").read_bytes())
    code, found = run_json("plan", "import", PLAN, "--out", folder)
    assert code == 1 and found["written"] == []
    assert (folder / "plan.toml").read_bytes() == (ROOT / "plans" / "2566" / "plan.toml").read_bytes()
    assert not [c for c in found["difference"] if "email" in c["where"] or "headcount" in c["where"]]


def test_a_plan_with_new_blanks_does_not_take_the_place_of_one_that_work_is_under_way_on(house, tmp_path):
    folder = house / "plans" / "2568"
    fill(folder)
    under_way(house, "2568-q3")
    before = (folder / "roster.toml").read_bytes(), (folder / "plan.toml").read_bytes()
    new = changed(tmp_path, ("3. นางสาวกานดา นามสมมติ", "3. นายใหม่ มาแทน"))
    code, found = run_json("plan", "import", new, "--confirm", workspace=house)
    assert code == 1 and found["written"] == [] and any("นายใหม่ มาแทน" in b for b in found["blanks"])
    assert "นายใหม่ มาแทน" in run("plan", "import", new, "--confirm", workspace=house).stdout
    assert before == ((folder / "roster.toml").read_bytes(), (folder / "plan.toml").read_bytes())
    # the new member written in by hand, with an address: now nothing is missing, and the seat stays until the round ends
    with (folder / "roster.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[members]]\nid = "m33"\nprefix = "นาย"\ngiven = "ใหม่"\nfamily = "มาแทน"\nposition = ""\ngroup = ""\n'
        )
        file.write('email = "new@supplies.example"\nphone = ""\ndeputy = ""\naliases = []\n')
    code, found = run_json("plan", "import", new, "--confirm", workspace=house)
    assert code == 0 and found["blanks"] == []
    held = {c["where"] for c in found["difference"] if c["kind"] == "held"}
    assert held == {"seats s03 member", "members m03"}
    roster = load_plan(folder).roster
    assert roster.holder("s03").given == "กานดา" and roster.member("m33").email == "new@supplies.example"
    code, found = run_json("plan", "import", new, "--confirm", "--also-open", workspace=house)
    assert code == 0 and load_plan(folder).roster.holder("s03").given == "ใหม่"
    assert load_plan(folder).roster.member("m03").given == "กานดา", "work in her name is still under way"
