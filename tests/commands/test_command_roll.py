"""`plan roll` as the secretary types it."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from command_runner import program, run, run_json

from songthan.commands import init


@pytest.fixture
def house(tmp_path: Path) -> Path:
    init.lay_down(init.starter(), tmp_path / "house")
    return tmp_path / "house"


def test_next_year_in_one_command(house: Path) -> None:
    before = {p: p.read_bytes() for p in (house / "plans" / "2566").iterdir()}
    result = run("plan", "roll", "๒๕๗๐", workspace=house)
    assert result.exit_code == 0 and "review.html" in result.stdout and "๒๕๖๖ → ๒๕๗๐" in result.stdout
    assert "ไม่ได้นำผลของปีก่อน" in result.stderr
    made = house / "plans" / "2570"
    assert {p.name for p in made.iterdir()} == {
        "plan.toml", "roster.toml", "rubric.toml", "holidays.toml", "last_year.toml", "review.html", "review.txt"
    }  # fmt: skip
    # the old plan is only read, and the year in use is not changed behind anybody's back
    assert {p: p.read_bytes() for p in (house / "plans" / "2566").iterdir()} == before
    assert sorted(p.name for p in (house / "plans").iterdir()) == ["2566", "2570", "example-en"]
    assert 'plan = "plans/2566"' in (house / "songthan.toml").read_text("utf-8")
    code, found = run_json("plan", "check", "--plan", made, workspace=house)
    assert code == 0 and any("มติ ครม. ปี ๒๕๗๐" in note for note in found["notes"])
    listed = run_json("calendar", "--plan", made, workspace=house)[1]
    assert [d["last_working_day"] for d in listed] == [d["external"] for d in listed]


def test_the_document_for_scripts(house: Path) -> None:
    code, found = run_json("plan", "roll", "2570", workspace=house)
    assert code == 0 and (found["from"], found["to"], found["put_aside"]) == (2566, 2570, None)
    assert Path(found["review"]).is_file() and Path(found["folder"]) == house / "plans" / "2570"
    data = tomllib.loads((house / "plans" / "2570" / "plan.toml").read_text("utf-8"))
    assert [d["id"] for d in found["deadlines"]] == [d["id"] for d in data["deadlines"]]
    july = next(d for d in found["dates"] if d["place"] == "deadlines[5].internal")
    assert july == {"place": "deadlines[5].internal", "old": "2023-07-25", "nominal": "2027-07-25", "new": "2027-07-23", "why": "วันอาทิตย์"}
    asked = " ".join(f"{d['subject']} {d['decide']}" for d in found["decisions"])
    assert "วันใน rubric.toml ยังเป็นของปีก่อน (๒๕ ก.ค. ๒๕๖๖, ๑๑ ก.ย. ๒๕๖๖)" in asked
    assert all(word in asked for word in ("คำสั่งแต่งตั้ง", "headcount", "๒๑ ตำแหน่ง", "มติ ครม. ปี ๒๕๗๐", "README.md"))
    assert len(found["questions"]) == 2 and found["last_year"]["answers"] == 0


def test_an_existing_year_is_kept_until_the_word_is_given(house: Path) -> None:
    run("plan", "roll", "2570", workspace=house)
    mine = house / "plans" / "2570" / "plan.toml"
    mine.write_text(mine.read_text("utf-8") + "# แก้ด้วยมือ\n", "utf-8")
    refused = run("plan", "roll", "2570", workspace=house)
    assert refused.exit_code == 2 and "--confirm" in refused.stderr and mine.read_text("utf-8").endswith("แก้ด้วยมือ\n")
    again = run("plan", "roll", "2570", "--confirm", workspace=house)
    assert again.exit_code == 0 and "2570.before-1" in again.stdout
    assert (house / "plans" / "2570.before-1" / "plan.toml").read_text("utf-8").endswith("แก้ด้วยมือ\n")
    assert not mine.read_text("utf-8").endswith("แก้ด้วยมือ\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("หน้า",), "ไม่ใช่ปี"),
        (("25700",), "ไม่ใช่ปี"),
        (("2027",), "2570"),
        (("2566",), "ไม่อยู่หลัง"),
        (("2560",), "ไม่อยู่หลัง"),
        (("2660",), "วันหยุด"),
        (("2570", "--out", "plans/2566"), "ทับ"),
        (("2570", "--out", "plans/2566/x"), "ทับ"),
        (("2570", "--out", "songthan.toml"), "แฟ้ม"),
    ],
)
def test_one_clear_sentence_for_wrong_use(house: Path, arguments: tuple[str, ...], said: str) -> None:
    words = [str(house / a) if "/" in a or a.endswith(".toml") else a for a in arguments]
    before = sorted(house.rglob("*"))
    result = run("plan", "roll", *words, workspace=house)
    assert result.exit_code == 2 and result.stdout == ""
    assert said in result.stderr and "วิธีแก้" in result.stderr and result.stderr.count("ผิดพลาด:") == 1
    assert sorted(house.rglob("*")) == before


def test_an_unknown_calendar_is_told(house: Path) -> None:
    path = house / "plans" / "2566" / "plan.toml"
    path.write_text(path.read_text("utf-8").replace('"th-government"', '"moon"'), "utf-8")
    result = run("plan", "roll", "2570", workspace=house)
    assert result.exit_code == 2 and "moon" in result.stderr and not (house / "plans" / "2570").exists()


def test_a_state_folder_that_was_named_must_hold_a_ledger(house: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("plan", "roll", "2570", "--state", tmp_path / "empty", workspace=house)
    assert result.exit_code == 2 and "สมุดทะเบียน" in result.stderr and not (house / "plans" / "2570").exists()


def test_seats_that_changed_hands_during_the_year_are_named(house: Path) -> None:
    given = run("reassign", "s04", "--to", "m06", "--reason", "ลาออก", workspace=house)
    assert given.exit_code == 0, given.stderr
    code, found = run_json("plan", "roll", "2570", workspace=house)
    told = [d["decide"] for d in found["decisions"] if "songthan reassign" in d["decide"]]
    assert code == 0 and len(told) == 1 and told[0].startswith("s04 ") and "roster.toml" in told[0]
    assert told[0].split("โอนให้ ")[1].split(" แล้ว")[0] in (house / "plans" / "2570" / "review.txt").read_text("utf-8")


def test_a_year_made_from_a_made_year(house: Path) -> None:
    run("plan", "roll", "2568", workspace=house)
    result = run("plan", "roll", "2569", "--plan", house / "plans" / "2568", workspace=house)
    assert result.exit_code == 0
    data = tomllib.loads((house / "plans" / "2569" / "plan.toml").read_text("utf-8"))
    assert data["deadlines"][0]["external"] == date(2026, 3, 20) and data["deadlines"][0]["id"] == "2569-q2"
    assert (house / "plans" / "2569" / "plan.toml").read_text("utf-8").count("ทำจากแผนปี") == 1


def test_as_a_program_without_a_terminal(house: Path) -> None:
    done = program("plan", "roll", "2567", "--json", cwd=house)
    assert done.returncode == 0 and done.stdout.startswith("{") and "Traceback" not in done.stderr
    assert not list((house / "plans").glob(".*"))


def test_an_office_in_another_language_gets_its_review_in_it_and_inside_its_workspace(house: Path) -> None:
    """Its plan lies in the workspace's own folder: next year's lies in it, not outside, and the workspace is no left-over."""
    office = house / "plans" / "example-en"
    (office / "rubric.toml").unlink()
    result = run("plan", "roll", "2028", workspace=office)
    assert result.exit_code == 0, result.stderr
    made = office / "2028"
    review = (made / "review.txt").read_text("utf-8")
    assert not [line for line in review.splitlines() if any("\u0e00" <= c <= "\u0e7f" for c in line)]
    assert "inbox_rules" not in review and "rubric.toml" not in review and (made / "cast.toml").is_file()
    assert not (office.parent / "2028").exists()
    (office / "songthan.toml").write_text((office / "songthan.toml").read_text("utf-8").replace('plan = "."', 'plan = "2028"'))
    code, found = run_json("plan", "check", workspace=office)
    assert code == 0, found["findings"]
