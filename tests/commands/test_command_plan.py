"""`plan`, `calendar`, `init` and what all commands have in common."""

from __future__ import annotations

import re
import shutil
import tomllib
from datetime import date

import click
import pytest
from command_runner import ROOT, program, run, run_json

from songthan.cli import COMMAND_MODULES, main
from songthan.commands import init
from songthan.domain.errors import EnvironmentNotReady

PLAN = tomllib.loads((ROOT / "plans" / "2566" / "plan.toml").read_text(encoding="utf-8"))


@pytest.fixture
def house(tmp_path):
    """A workspace of its own to break things in."""
    init.lay_down(init.starter(), tmp_path / "house")
    return tmp_path / "house"


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_plan_is_in_order():
    code, found = run_json("plan", "check")
    assert code == 0 and found["ok"] and found["findings"] == []
    counts = found["counts"]
    assert (counts["activities"], counts["deliverables"], counts["seats"], counts["deadlines"]) == (31, 34, 21, 6)
    assert counts["criteria"] == 9 and counts["inbox_rules"] == len(list((ROOT / "inbox_rules").glob("*.toml")))


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "said"),
    [
        ("plans/2566/plan.toml", "external = 2023-03-20", 'external = "20 มีนาคม"', 2, "external"),
        ("plans/2566/plan.toml", 'seats = ["', 'seats = ["s99", "', 2, "s99"),
        ("plans/2566/roster.toml", 'member = "m04"', 'member = "m94"', 2, "m94"),
        ("plans/2566/rubric.toml", 'activity = "11.1"', 'activity = "11.9"', 1, "11.9"),
        ("plans/2566/rubric.toml", 'activities = ["1.8"]', 'activities = ["1.88"]', 1, "1.88"),
        ("plans/2566/rubric.toml", 'what = "book"\nwords', 'what = "boook"\nwords', 1, "boook"),
        ("plans/2566/rubric.toml", 'field = "f5.pictures"', 'field = "f5.picture"', 1, "picture"),
        ("plans/2566/rubric.toml", 'reached = "f3.output_reached"', 'reached = "f3.output"', 1, "output"),
        ("plans/2566/rubric.toml", "score_max = 3", "score_mux = 3", 2, "score_mux"),
        ("plans/2566/holidays.toml", "date = 2023-05-17", "date = 17", 2, "date"),
        ("inbox_rules/60_form.toml", "route", "rute", 2, "rute"),
        ("templates/docx/f3.toml", 'key = "note"', 'key = "notes"', 2, "note"),
    ],
)
def test_one_fault_is_one_clear_finding(house, file, old, new, code, said):
    edit(house / file, old, new)
    result = run("plan", "check", workspace=house)
    assert result.exit_code == code
    assert said in result.stdout and "วิธีแก้" in result.stdout and "Traceback" not in result.output
    assert run_json("plan", "check", workspace=house)[1]["ok"] is False


def test_a_template_without_one_of_its_fields_is_a_no(house):
    edit(house / "templates/docx/f3.toml", '[[fields]]\nkey = "percent"', '[[fields]]\nkey = "extra"\nkind = "text"\n'
         'label = "เพิ่ม"\n\n[[fields]]\nkey = "percent"')  # fmt: skip
    for command in (("plan", "check"), ("form", "check")):
        result = run(*command, workspace=house)
        assert result.exit_code == 1 and "extra" in result.stdout


def test_plan_show_has_the_keys_of_the_design():
    code, found = run_json("plan", "show")
    assert code == 0 and found["fiscal_year"] == 2566
    assert [a["id"] for a in found["activities"]] == [a["id"] for a in PLAN["activities"]]
    keys = {"id", "title", "measure", "project", "seats", "outputs", "outcomes", "deliverables"}
    assert all(keys <= set(a) for a in found["activities"])
    assert sum(len(a["deliverables"]) for a in found["activities"]) == 34
    q2 = found["deadlines"][0]
    assert (q2["id"], q2["forms"], q2["internal"], q2["external"]) == ("2566-q2", ["f3"], "2023-03-15", "2023-03-20")
    assert q2["channels"]["f3"]["registry"] == ["word"] and q2["channels"]["f3"]["website"] == []
    assert len(found["seats"]) == 21 and all({"id", "role", "member"} <= set(s) for s in found["seats"])


def test_people_read_thai_digits_and_no_colour_codes():
    for command in (("plan", "show"), ("plan", "check"), ("calendar",)):
        text = run(*command).stdout
        assert "\x1b[" not in text and "๒๕๖๖" in text
    assert not re.search(r"\b20(22|23)\b", run("calendar").stdout)


def test_another_plan_folder(tmp_path):
    shutil.copytree(ROOT / "plans" / "2566", tmp_path / "2567")
    edit(tmp_path / "2567" / "plan.toml", "fiscal_year = 2566", "fiscal_year = 2567")
    assert run_json("plan", "show", "--plan", tmp_path / "2567")[1]["fiscal_year"] == 2567


def test_the_calendar_lists_every_deadline_with_its_dates():
    code, found = run_json("calendar")
    assert code == 0 and [d["id"] for d in found] == [d["id"] for d in PLAN["deadlines"]]
    july = next(d for d in found if d["id"] == "2566-july")
    assert (july["external"], july["last_working_day"], july["form"]) == ("2023-07-30", "2023-07-27", "f1")
    assert [(d["fiscal_year"], d["quarter"]) for d in found] == [(2566, q) for q in (2, 2, 3, 3, 4, 4)]
    q2 = found[0]
    assert q2["opens"] == "2023-02-28" and q2["internal"] == "2023-03-15"
    assert q2["reminders"] == ["2023-03-03", "2023-03-10", "2023-03-14", "2023-03-15"]
    assert q2["escalations"] == ["2023-03-16", "2023-03-17", "2023-03-17"]
    days_off = {date(2023, 3, 6), date(2023, 5, 4), date(2023, 5, 17), date(2023, 7, 28), date(2023, 7, 31)}
    for d in found:
        for day in map(date.fromisoformat, [d["opens"], d["last_working_day"], *d["reminders"], *d["escalations"]]):
            assert day.weekday() < 5 and day not in days_off


def test_the_drawn_year_marks_the_last_working_day():
    text = run("calendar").stdout
    assert "๒๗▲" in text and "๓๐●" in text and "๒๘×" in text and "กันยายน ๒๕๖๖" in text
    assert "ไตรมาสที่ ๔ · ๖๐ วันทำการ" in text


def test_init_lays_down_a_workspace_that_works(house):
    assert {p.name for p in house.iterdir()} == {"songthan.toml", "plans", "templates", "inbox_rules", "flows", "state"}
    assert {p.name for p in (house / "state").iterdir()} == {"README.md", ".gitignore"}
    assert not list(house.rglob("__pycache__"))
    assert run_json("plan", "check", workspace=house)[0] == 0


def test_init_never_writes_over_anything(tmp_path):
    (tmp_path / "mine.txt").write_text("เดิม", encoding="utf-8")
    result = run("init", tmp_path)
    assert result.exit_code == 2 and "มีของอยู่แล้ว" in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_init_leaves_nothing_half_written(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(init.shutil, "copyfile", full)
    with pytest.raises(EnvironmentNotReady):
        init.lay_down(init.starter(), tmp_path / "deep" / "house")
    assert list(tmp_path.iterdir()) == []


def test_every_listed_command_exists_and_is_described():
    context = click.Context(main)
    assert main.list_commands(context) == [n for names in COMMAND_MODULES.values() for n in names]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None and re.search("[ก-๛]", command.help or "")


def test_wrong_use_is_told_in_thai_and_ends_with_two():
    for arguments in (("nothing",), ("score",), ("plan", "show", "--yaml"), ("--workspace", "/", "plan", "check")):
        result = run(*arguments)
        assert result.exit_code == 2 and "ใช้คำสั่งไม่ถูกต้อง" in result.stderr and "วิธีแก้" in result.stderr


def test_the_unexpected_is_one_line_and_a_traceback_only_on_demand(monkeypatch):
    monkeypatch.setattr("songthan.workspace.load_settings", lambda _: 1 / 0)
    monkeypatch.delenv("SONGTHAN_DEBUG", raising=False)
    result = run("plan", "show")
    assert result.exit_code == 1 and "ZeroDivisionError" in result.stderr and "Traceback" not in result.stderr
    monkeypatch.setenv("SONGTHAN_DEBUG", "1")
    assert "Traceback" in run("plan", "show").stderr


def test_the_program_outside_a_workspace_says_so(tmp_path):
    done = program("plan", "check", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and "songthan.toml" in done.stderr and "Traceback" not in done.stderr


def test_the_program_finds_its_workspace_and_prints_one_document():
    done = program("calendar", "--json", cwd=ROOT / "plans")
    assert done.returncode == 0 and done.stdout.startswith("[") and done.stderr == ""


def test_a_language_with_holes_and_a_plan_without_rubric_are_notes(tmp_path):
    """Both work; what is missing is said once, with the place of the whole list."""
    init.lay_down(init.starter(), tmp_path / "house")
    office = tmp_path / "house" / "plans" / "example-en"
    code, found = run_json("plan", "check", workspace=office)
    assert code == 0 and not [note for note in found["notes"] if "en.toml" in note or "rubric" in note]
    words = office / "templates" / "language" / "en.toml"
    lines = words.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(('"ว่าง"', '"ไม่ได้เลือก"'))]
    assert len(lines) - len(kept) == 2
    words.write_text("\n".join(kept), "utf-8")
    (office / "rubric.toml").unlink()
    code, found = run_json("plan", "check", workspace=office)
    assert code == 0 and found["ok"]
    assert any("2 วลี" in note and "«ว่าง»" in note for note in found["notes"]) and any("rubric.toml" in n for n in found["notes"])
    words.write_text("months = 3", "utf-8")
    code, found = run_json("plan", "check", workspace=office)
    assert code == 2 and any("en.toml" in f["where"] for f in found["findings"])
