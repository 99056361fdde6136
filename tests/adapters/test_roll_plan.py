"""Next year's folder: what changes, what does not, and that it is whole or not there."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.adapters.plan_files import load_plan
from songthan.adapters.plan_last_year import FILE, last_year_toml, load_last_year
from songthan.adapters.roll_files import RolledPlan
from songthan.adapters.roll_place import roll_plan
from songthan.adapters.roll_toml import rolled_toml
from songthan.domain.calendars import FiscalYears, WorkCalendar
from songthan.domain.errors import DataError, EnvironmentNotReady
from songthan.domain.ladders import ladder_for
from songthan.domain.last_year import KeptDate, LastAnswers, LastDeadline, LastYear
from songthan.domain.plans import Plan
from songthan.domain.rolling import Roller

PLAN = Path(__file__).resolve().parents[2] / "plans" / "2566"
CALENDAR = WorkCalendar(days_off={date(2027, 7, 28): "วันเฉลิมฯ"})


def roll(source: Path, year: int, folder: Path) -> RolledPlan:
    return roll_plan(source, year=year, target=folder / str(year), results=None)


def plan_dates(plan: Plan) -> list[date]:
    """Every date of a plan, in order."""
    found = [d.due for a in plan.activities for d in a.deliverables]
    found += [t.extra["by"] for a in plan.activities for t in a.targets if "by" in t.extra]
    for d in plan.deadlines:
        found += [d.internal, d.members_until, d.external]
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


@pytest.mark.parametrize("year", range(2567, 2591))
def test_a_rolled_plan_is_in_order(tmp_path: Path, year: int) -> None:
    rolled = roll(PLAN, year, tmp_path)
    plan, old = load_plan(tmp_path / str(year)), load_plan(PLAN)
    assert plan == rolled.plan and plan.fiscal_year == year
    calendar = WorkCalendar(days_off=plan.days_off)
    before, after = plan_dates(old), plan_dates(plan)
    assert len(after) == len(before) > 40
    for was, now in zip(before, after, strict=True):
        assert calendar.is_working_day(now) and FiscalYears().year(now) == year and FiscalYears().quarter(now) == FiscalYears().quarter(was)
    for deadline in plan.deadlines:
        ladder = ladder_for(deadline, calendar)
        assert ladder.opens < deadline.internal and ladder.target == deadline.external
        assert deadline.id.startswith(f"{year}-") and deadline.internal <= deadline.members_until <= deadline.external
    assert plan.organisation.plan_title.endswith(f"พ.ศ. {str(year).translate(str.maketrans('0123456789', '๐๑๒๓๔๕๖๗๘๙'))}")
    assert not re.search("2566|๒๕๖๖", re.sub("#.*", "", (tmp_path / str(year) / "plan.toml").read_text("utf-8")))


def test_people_rubric_comments_and_layout_are_kept(tmp_path: Path) -> None:
    roll(PLAN, 2570, tmp_path)
    for name in ("roster.toml", "rubric.toml"):
        assert (tmp_path / "2570" / name).read_bytes() == (PLAN / name).read_bytes()
    old, new = ((p / "plan.toml").read_text("utf-8").splitlines() for p in (PLAN, tmp_path / "2570"))
    assert len(new) == len(old) + 2 and all(line.startswith("# ") for line in new[:2])
    no_digits = re.compile("[0-9๐-๙]+|มกราคม|กุมภาพันธ์|มีนาคม|เมษายน")
    for was, now in zip(old, new[2:], strict=True):
        assert no_digits.sub("", was) == no_digits.sub("", now)
        assert was.partition("#")[2] == now.partition("#")[2] or "#" not in was


def test_line_ends_of_windows_stay(tmp_path: Path) -> None:
    source = Path(shutil.copytree(PLAN, tmp_path / "2566"))
    text = (PLAN / "plan.toml").read_bytes()
    (source / "plan.toml").write_bytes(text.replace(b"\n", b"\r\n"))
    roll(PLAN, 2570, tmp_path / "linux")
    roll(source, 2570, tmp_path / "windows")
    one, other = ((tmp_path / way / "2570" / "plan.toml").read_bytes() for way in ("linux", "windows"))
    assert other == one.replace(b"\n", b"\r\n")
    roll(tmp_path / "windows" / "2570", 2571, tmp_path / "windows")
    again = (tmp_path / "windows" / "2571" / "plan.toml").read_bytes()
    assert again.count(b"\n") == again.count(b"\r\n") == other.count(b"\n")


def test_by_steps_or_at_once_and_again_the_same(tmp_path: Path) -> None:
    """2566 → 2567 → 2569 → 2570 has the dates of 2566 → 2570, in the tables and in the texts."""
    roll(PLAN, 2570, tmp_path / "once")
    roll(PLAN, 2570, tmp_path / "twice")
    assert files(tmp_path / "once" / "2570") == files(tmp_path / "twice" / "2570")
    source = PLAN
    for year in (2567, 2569, 2570):
        roll(source, year, tmp_path / "steps")
        source = tmp_path / "steps" / str(year)
    one, other = (tmp_path / way / "2570" / "plan.toml" for way in ("once", "steps"))
    # but for the line that says which year it was made from
    assert one.read_text("utf-8").splitlines()[1:] == other.read_text("utf-8").splitlines()[1:]
    holidays = [(tmp_path / way / "2570" / "holidays.toml").read_text("utf-8") for way in ("once", "steps")]
    assert tomllib.loads(holidays[0]) == tomllib.loads(holidays[1])


def test_a_date_the_secretary_changed_is_hers_from_then_on(tmp_path: Path) -> None:
    roll(PLAN, 2570, tmp_path)
    path = tmp_path / "2570" / "plan.toml"
    text = path.read_text("utf-8")
    # 2570-q2: 20 March 2027 is a Saturday, so 19 March; she wants the 22nd
    assert text.count("external = 2027-03-19") == 2
    path.write_text(text.replace("external = 2027-03-19", "external = 2027-03-22", 1), "utf-8")
    plan = roll(tmp_path / "2570", 2571, tmp_path).plan
    assert [d.external for d in plan.deadlines[:2]] == [date(2028, 3, 22), date(2028, 3, 20)]


def test_labour_day_and_its_substitute_are_no_days_off_in_2570(tmp_path: Path) -> None:
    rolled = roll(PLAN, 2570, tmp_path)
    data = tomllib.loads((tmp_path / "2570" / "holidays.toml").read_text("utf-8"))
    removed = {r["date"]: r["name"] for r in data["remove"]}
    assert removed.keys() == {date(2027, 5, 1), date(2027, 5, 3), date(2027, 1, 9)}
    assert date(2027, 5, 3) not in rolled.plan.days_off and "add" not in data
    asked = " ".join(f"{q.text} {q.why}" for q in rolled.questions)
    assert "มติ ครม. ปี ๒๕๗๐" in asked and "พืชมงคล" in asked


def test_a_year_whose_ploughing_day_is_known_is_not_asked_about_it(tmp_path: Path) -> None:
    rolled = roll(PLAN, 2568, tmp_path)
    assert date(2025, 5, 9) in rolled.plan.days_off and rolled.questions == ()


def test_a_removed_day_that_is_also_something_else_stays_off(tmp_path: Path) -> None:
    """12 August has two names on one day: the office took off the one, next year's day is still the other."""
    source = Path(shutil.copytree(PLAN, tmp_path / "2566"))
    rows = '[[remove]]\ndate = 2023-08-12\nname = "วันแม่แห่งชาติ"\n'
    (source / "holidays.toml").write_text(f'source = "holidays:TH"\n{rows}', "utf-8")
    rolled = roll(source, 2567, tmp_path)
    assert date(2024, 8, 12) in rolled.plan.days_off
    assert [q.text for q in rolled.questions] == ["วันแม่แห่งชาติ"]


def test_an_office_with_its_own_era_year_and_list_of_days(tmp_path: Path) -> None:
    """Common Era, fiscal year from January, no library: what a port authority of another country would have."""
    source = Path(shutil.copytree(PLAN, tmp_path / "2023"))
    path = source / "plan.toml"
    text = path.read_text("utf-8").replace("fiscal_year = 2566", "fiscal_year = 2023")
    text = text.replace('era = "buddhist"', 'era = "common"\nfiscal_year_starts = 1').replace('"th-government"', '"skerrow"')
    path.write_text(text.replace('id = "2566-', 'id = "2023-'), "utf-8")
    (source / "holidays.toml").write_text('[[add]]\ndate = 2023-03-30\nname = "Lantern Day"\n', "utf-8")
    plan = roll(source, 2024, tmp_path).plan
    assert (plan.fiscal_year, plan.deadlines[0].id, plan.deadlines[0].external) == (2024, "2024-q2", date(2024, 3, 20))
    assert plan.days_off == {} and load_plan(tmp_path / "2024") == plan


def test_an_id_without_a_year_gets_one(tmp_path: Path) -> None:
    """The ledger knows a deadline by its id: the new year's may not be taken for last year's, which is done."""
    source = Path(shutil.copytree(PLAN, tmp_path / "2566"))
    path = source / "plan.toml"
    path.write_text(path.read_text("utf-8").replace('id = "2566-q2"', 'id = "q2"'), "utf-8")
    assert roll(source, 2570, tmp_path).plan.deadlines[0].id == "2570-q2"


@pytest.mark.parametrize("broken", ["plan.toml", "roster.toml", "rubric.toml", "holidays.toml"])
def test_a_broken_plan_leaves_nothing_behind(tmp_path: Path, broken: str) -> None:
    source = Path(shutil.copytree(PLAN, tmp_path / "2566"))
    (source / broken).write_text("a = [", "utf-8")
    with pytest.raises(DataError):
        roll(source, 2570, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_quarter_without_a_working_day_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date.fromordinal(n) for n in range(date(2027, 1, 1).toordinal(), date(2027, 4, 1).toordinal())]
    closed = "".join(f'[[add]]\ndate = {d}\nname = "ปิดสำนัก"\n' for d in days)
    monkeypatch.setattr("songthan.adapters.roll_files.next_holidays", lambda before, public, year: closed)
    with pytest.raises(DataError, match="ไม่มีวันทำการ"):
        roll(PLAN, 2570, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_full_disk_leaves_the_old_folder_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roll(PLAN, 2570, tmp_path)
    before = files(tmp_path / "2570")
    real, seen = Path.rename, []

    def second_fails(self: Path, target: Path) -> Path:
        seen.append(self.name)
        if len(seen) == 2:
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(EnvironmentNotReady):
        roll(PLAN, 2570, tmp_path)
    assert files(tmp_path / "2570") == before and [p.name for p in tmp_path.iterdir()] == ["2570"]


def test_a_folder_in_the_way_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "2570").mkdir()
    (tmp_path / "2570" / "mine.txt").write_text("ของฉัน", "utf-8")
    rolled = roll(PLAN, 2570, tmp_path)
    assert rolled.aside == tmp_path / "2570.before-1"
    assert (tmp_path / "2570.before-1" / "mine.txt").read_text("utf-8") == "ของฉัน"
    assert roll(PLAN, 2570, tmp_path).aside == tmp_path / "2570.before-2"


TRICKY = """
# 2023-03-15 in a comment, "quoted" # twice
fiscal_year = 2566  # 2566 here
[organisation]
plan_title = 'ปี ๒๕๖๖ # ไม่ใช่หมายเหตุ'
headcount = 2566
long = \"\"\"
ปีงบประมาณ ๒๕๖๖ \\"อ้าง\\" # ไม่ใช่หมายเหตุ
2023-03-15\"\"\"
[[deadlines]]
id = "2566-a" # = "x"
by = 2023-03-15
at = 2023-03-15T10:00:00
nested = [[2023-03-15, { due = 2023-07-28, "2566" = "๒๕๖๖" }], [
  2023-07-28, # 2023-07-28
]]
[[ deadlines ]]
"internal" = 2023-03-15
[ladders.annual]
reminders = [-3, 0]
"""


def test_only_values_change_in_a_tricky_file() -> None:
    r = Roller(old=2566, new=2570, calendar=CALENDAR)
    new = rolled_toml(TRICKY, r, where="x")
    data = tomllib.loads(new)
    assert data["fiscal_year"] == 2570 and data["organisation"]["headcount"] == 2566
    assert data["organisation"]["plan_title"] == "ปี ๒๕๗๐ # ไม่ใช่หมายเหตุ" and "๒๕๗๐" in data["organisation"]["long"]
    first, second = data["deadlines"]
    assert (first["id"], first["by"], second["internal"]) == ("2570-a", date(2027, 3, 15), date(2027, 3, 15))
    assert first["nested"] == [[date(2027, 3, 15), {"due": date(2027, 7, 27), "2566": "๒๕๗๐"}], [date(2027, 7, 27)]]
    assert '# 2023-03-15 in a comment, "quoted" # twice' in new and "# 2566 here" in new and "# 2023-07-28" in new
    places = [d.place for d in r.dates]
    assert len(places) == len(set(places)) and "deadlines[2].internal" in places


_KEYS = st.text("abcde", min_size=1, max_size=5)
_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_any_text_survives_the_file(text: str) -> None:
    """A string of any characters in a TOML file comes out as `Roller.text` would have it."""
    kept = "".join(c for c in text if ord(c) >= 32 and ord(c) != 127).replace("\\", "").replace('"', "")
    wanted = Roller(old=2566, new=2570, calendar=CALENDAR).text("x", kept)
    data = tomllib.loads(rolled_toml(f'a = "{kept}"\nfiscal_year = 2566\n', Roller(old=2566, new=2570, calendar=CALENDAR), where="x"))
    assert data == {"a": wanted, "fiscal_year": 2570}


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.builds(LastAnswers, deadline=_KEYS, form=_KEYS, row=_KEYS, values=st.dictionaries(_KEYS, st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=60), max_size=3)), max_size=3),
    st.lists(st.builds(LastDeadline, id=_KEYS, title=_TEXTS, state=_KEYS, receipt=_TEXTS, total=st.none() | st.integers(0, 27), level=st.none() | st.integers(0, 3)), max_size=3),
    st.lists(st.builds(KeptDate, place=_TEXTS, date=st.dates(date(2000, 1, 1)), nominal=st.dates(date(2000, 1, 1))), max_size=3),
)  # fmt: skip
def test_last_year_is_read_as_it_was_written(answers: list, deadlines: list, dates: list) -> None:
    last = LastYear(fiscal_year=2566, answers=tuple(answers), deadlines=tuple(deadlines), dates=tuple(dates))
    with tempfile.TemporaryDirectory() as box:
        (Path(box) / FILE).write_text(last_year_toml(last), encoding="utf-8", newline="")
        assert load_last_year(Path(box)) == last


def test_a_slip_in_last_year_is_told(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PLAN, tmp_path / "2566"))
    (folder / FILE).write_text("fiscal_year = 2565\n[[deadlines]]\nid = 3\n", "utf-8")
    with pytest.raises(DataError, match="id") as caught:
        load_plan(folder)
    assert FILE in caught.value.where


def test_the_review_tells_everything_twice(tmp_path: Path) -> None:
    source = Path(shutil.copytree(PLAN, tmp_path / "2566"))
    path = source / "plan.toml"
    law = 'details = ["ตามพระราชบัญญัติมาตรฐานทางจริยธรรม พ.ศ. ๒๕๖๒ <b>"]'
    path.write_text(path.read_text("utf-8").replace("details = []", law, 1), "utf-8")
    rolled = roll(source, 2570, tmp_path)
    page, text = ((rolled.folder / name).read_text("utf-8") for name in ("review.html", "review.txt"))
    for words in ("วันศุกร์ที่ ๑๙ มี.ค. ๒๕๗๐", "วันเสาร์", "กิจกรรม ๑.๔", "พ.ศ. ๒๕๖๒", "คำสั่งแต่งตั้ง", "headcount", "กำหนดส่ง 2570-q2"):
        assert words in page and words in text, words
    roster = rolled.plan.roster
    assert all(roster.member(s.member).full_name in page for s in roster.seats)
    assert page.count("<mark>๒๕๗๐</mark>") > 40 and "<b>" not in page and "&lt;b&gt;" in page
    assert not re.search(r"<script|https?://|src=", page)
    # one row of the table of dates for every date of the tables
    assert page.count("<tr><td>กิจกรรม") + page.count("<tr><td>กำหนดส่ง") >= len([d for d in rolled.dates if "#" not in d.place])
