"""A plan that is wrong in one place is one DataError that names the file, the place and the remedy."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from songthan.adapters.plan_files import load_plan
from songthan.adapters.plan_holidays import load_holidays
from songthan.domain.calendars import FiscalYears
from songthan.domain.errors import DataError

PLAN = Path(__file__).resolve().parents[2] / "plans" / "2566"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PLAN, tmp_path / "2566"))


def doctor(folder: Path, name: str, old: str, new: str, count: int = 1) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {name}: mend this test"
    path.write_text(text.replace(old, new, count), encoding="utf-8")


def test_the_plan_itself_loads(folder: Path) -> None:
    plan = load_plan(folder)
    assert len(plan.deadlines) == 6 and plan.deadline("2566-q2").internal == date(2023, 3, 15)


DEADLINE = '[[deadlines]]\nid = "2566-q2"\n'
BAD = {
    "date-as-text": ("plan.toml", "internal = 2023-03-15", 'internal = "2023-03-15"', "2566-q2", "internal"),
    "date-as-moment": ("plan.toml", "internal = 2023-03-15", "internal = 2023-03-15T09:00:00", "2566-q2", "internal"),
    "no-such-day": ("plan.toml", "internal = 2023-03-15", "internal = 2023-02-30", "plan.toml", "TOML"),
    "external-missing": ("plan.toml", "external = 2023-03-20\n", "", "2566-q2", "external"),
    "internal-after-external": ("plan.toml", "internal = 2023-03-15", "internal = 2023-03-25", "2566-q2", "ภายใน"),
    "span-backwards": ("plan.toml", "internal_to = 2023-06-16", "internal_to = 2023-06-14", "2566-q3", "ภายใน"),
    "unknown-key": ("plan.toml", DEADLINE, DEADLINE + "remainders = [1]\n", "2566-q2", "remainders"),
    "unknown-top-key": ("plan.toml", "fiscal_year = 2566", "fiscal_year = 2566\nyear = 1", "plan.toml", "year"),
    "unknown-organisation-key": ("plan.toml", "headcount = 48", "headcount = 48\nhead = 1", "organisation", "head"),
    "headcount-as-text": ("plan.toml", "headcount = 48", 'headcount = "48"', "organisation", "headcount"),
    "headcount-as-bool": ("plan.toml", "headcount = 48", "headcount = true", "organisation", "headcount"),
    "no-such-zone": ("plan.toml", 'timezone = "Asia/Bangkok"', 'timezone = "Asia/Krungthep"', "organisation", "timezone"),
    "no-seat": ("plan.toml", 'seats = ["s05"]', "seats = []", "activities", "seats"),
    "seat-gone": ("plan.toml", 'seats = ["s05"]\n', "", "activities", "seats"),
    "unknown-seat": ("plan.toml", 'seats = ["s05"]', 'seats = ["s99"]', "activities", "s99"),
    "seat-as-number": ("plan.toml", 'seats = ["s05"]', "seats = [5]", "activities", "seats"),
    "same-deadline-twice": ("plan.toml", 'id = "2566-q3"', 'id = "2566-q2"', "deadlines", "2566-q2"),
    "unknown-activity": ("plan.toml", 'activities = ["1.2"]', 'activities = ["9.9"]', "2566-review", "9.9"),
    "activities-misspelt": ("plan.toml", 'activities = "all"', 'activities = "every"', "2566-q2", "activities"),
    "form-without-channel": ("plan.toml", 'forms = ["f4"]', 'forms = ["f9"]', "2566-review", "f9"),
    "no-form": ("plan.toml", 'forms = ["f4"]', "forms = []", "2566-review", "forms"),
    "reminder-as-text": ("plan.toml", "quarter = 2\n", 'quarter = 2\nreminders = ["-3"]\n', "2566-q2", "reminders"),
    "opens-backwards": ("plan.toml", "opens = 10 ", "opens = -10 ", "ladders.default", "opens"),
    "unknown-tone": ("plan.toml", 'tone = "near"', 'tone = "rude"', "ladders.default] reminders ลำดับ 2", "rude"),
    "unknown-rung": ("plan.toml", '{ day = 2, to = "head" }', '{ day = 2, to = "minister" }', "escalations ลำดับ 2", "minister"),
    "rung-twice": ("plan.toml", 'day = -3, tone = "near"', 'day = -7, tone = "near"', "ladders.default] reminders", "ซ้ำ"),
    "escalation-before": ("plan.toml", '{ day = 1, to = "deputy" }', '{ day = -1, to = "deputy" }', "escalations ลำดับ 1", "-1"),
    "unknown-ladder-key": ("plan.toml", "[ladders.annual] ", "[ladders.annual]\nremainders = []\n#", "ladders.annual", "remainders"),
    "broken-toml": ("plan.toml", "fiscal_year = 2566", "fiscal_year = ", "plan.toml", "line 3"),
    "slash-in-id": ("plan.toml", 'id = "2566-q2"', 'id = "2566/q2"', "2566/q2", "id"),
    "crlf-in-name": ("roster.toml", 'given = "รมิดา"', 'given = "รมิดา\\r\\nBcc: x@y.example"', "m19", "given"),
    "newline-in-name": ("roster.toml", 'family = "เพ็ญพรรณราย"', 'family = """ก\nข"""', "m19", "family"),
    "nul-in-name": ("roster.toml", 'given = "รมิดา"', 'given = "ร\\u0000"', "m19", "given"),
    "bad-address": ("roster.toml", "ramida@bfa.example", "ramida bfa.example", "m19", "ramida bfa.example"),
    "two-addresses": ("roster.toml", "ramida@bfa.example", "a@b.example,c@d.example", "m19", "a@b.example"),
    "empty-local-part": ("roster.toml", "ramida@bfa.example", "@bfa.example", "m19", "@bfa.example"),
    "same-address-twice": ("roster.toml", "ramida@bfa.example", "thitapha@bfa.example", "members", "thitapha@bfa.example"),
    "bad-mailbox": ("roster.toml", 'mailbox = "songthan@bfa.example"', 'mailbox = "songthan"', "office", "songthan"),
    "bad-registry": ("roster.toml", "saraban@secretariat.example", "saraban", "registry", "saraban"),
    "same-member-twice": ("roster.toml", 'id = "m20"', 'id = "m19"', "members", "m19"),
    "same-seat-twice": ("roster.toml", 'id = "s02"', 'id = "s01"', "seats", "s01"),
    "seat-of-nobody": ("roster.toml", 'member = "m05"', 'member = "m99"', "s05", "m99"),
    "deputy-of-nobody": ("roster.toml", 'deputy = "m17"', 'deputy = "m77"', "deputy", "m77"),
    "own-deputy": ("roster.toml", 'phone = "0 2000 1220"\ndeputy = "m19"', 'phone = "0"\ndeputy = "m20"', "m20", "deputy"),
    "director-is-nobody": ("roster.toml", 'director = "m01"', 'director = "m88"', "director", "m88"),
    "unknown-member-key": ("roster.toml", 'id = "m19"', 'id = "m19"\nnick = "x"', "m19", "nick"),
    "holiday-as-text": ("holidays.toml", "date = 2023-05-17", 'date = "17 พ.ค."', "add", "date"),
    "no-such-calendar": ("plan.toml", 'calendar = "th-government"', 'calendar = "lunar"', "organisation", "lunar"),
    "not-a-buddhist-year": ("plan.toml", "fiscal_year = 2566", "fiscal_year = 2023", "plan.toml", "2023"),
    "no-such-country": ("holidays.toml", "holidays:TH", "holidays:XX", "holidays.toml", "XX"),
    "unknown-holiday-key": ("holidays.toml", "date = 2023-05-17", "day = 1\ndate = 2023-05-17", "add", "day"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_one_clear_error(folder: Path, case: str) -> None:
    name, old, new, place, word = BAD[case]
    doctor(folder, name, old, new)
    with pytest.raises(DataError) as caught:
        load_plan(folder)
    error = caught.value
    assert name in error.where and place in error.where
    assert word in error.th, error.th
    assert error.remedy and error.exit_code == 2 and "\n" not in str(error)


@pytest.mark.parametrize("name", ["plan.toml", "roster.toml", "holidays.toml"])
def test_a_missing_file_and_a_wrong_encoding(folder: Path, name: str) -> None:
    (folder / name).write_bytes("# ไทย".encode("cp874"))
    with pytest.raises(DataError, match="UTF-8") as caught:
        load_plan(folder)
    assert name in caught.value.where
    (folder / name).unlink()
    with pytest.raises(DataError, match="ไม่พบ") as caught:
        load_plan(folder)
    assert name in caught.value.where and caught.value.remedy


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_plan(tmp_path / "2599")
    assert "2599" in caught.value.where and caught.value.remedy


def days_off(folder: Path, text: str, *, year: int = 2566, calendar: str = "th-government") -> Mapping[date, str]:
    path = folder / "holidays.toml"
    path.write_text(text, "utf-8")
    return load_holidays(path, fiscal_year=year, calendar=calendar, fiscal=FiscalYears()).days_off


def test_days_off_add_and_remove(tmp_path: Path) -> None:
    rows = '[[add]]\ndate = 2023-05-18\nname = "วันสถาปนา"\n[[remove]]\ndate = 2023-05-05\n'
    days = days_off(tmp_path, f'source = "holidays:TH"\n{rows}')
    assert days[date(2023, 5, 18)] == "วันสถาปนา" and date(2023, 5, 5) not in days
    assert date(2023, 4, 13) in days and date(2023, 3, 6) in days
    assert days_off(tmp_path, rows) == {date(2023, 5, 18): "วันสถาปนา"}


@pytest.mark.parametrize("year", [2564, 2565, 2566, 2567, 2570, 2575])
def test_offices_work_on_labour_day_and_keep_the_ploughing_day(tmp_path: Path, year: int) -> None:
    """Nobody has to remember it: not the day, not its substitute (3 May 2027 is a Monday)."""
    office = days_off(tmp_path, 'source = "holidays:TH"\n', year=year)
    public = days_off(tmp_path, 'source = "holidays:TH"\n', year=year, calendar="th-public")
    common = year - 543
    assert date(common, 5, 1) in public and date(common, 5, 1) not in office
    assert {day for day, name in public.items() if "แรงงาน" in name or "วันเด็ก" in name} == set(public) - set(office)
    assert not [name for name in office.values() if "แรงงาน" in name or "วันเด็ก" in name]
    ploughing = {2564: date(2021, 5, 10), 2565: date(2022, 5, 13), 2566: date(2023, 5, 17), 2567: date(2024, 5, 10)}
    if year in ploughing:
        assert ploughing[year] in office and ploughing[year] not in public


def test_the_substitute_of_labour_day_2570_is_a_working_day(tmp_path: Path) -> None:
    assert date(2027, 5, 3) in days_off(tmp_path, 'source = "holidays:TH"\n', year=2570, calendar="th-public")
    assert date(2027, 5, 3) not in days_off(tmp_path, 'source = "holidays:TH"\n', year=2570)
    # an office that wants the day off says so
    own = 'source = "holidays:TH"\n[[add]]\ndate = 2027-05-03\nname = "หยุดเอง"\n'
    assert days_off(tmp_path, own, year=2570)[date(2027, 5, 3)] == "หยุดเอง"


def test_the_years_follow_the_plan_and_not_its_rows(tmp_path: Path) -> None:
    far = 'source = "holidays:TH"\n[[add]]\ndate = 2031-05-18\nname = "วันสถาปนา"\n'
    days = days_off(tmp_path, far, year=2570)
    assert {d.year for d in days} == {2026, 2027, 2028, 2031}
    assert date(2026, 10, 13) in days and date(2027, 4, 13) in days


def test_another_country_keeps_its_public_list(tmp_path: Path) -> None:
    days = days_off(tmp_path, 'source = "holidays:SG"\n')
    assert date(2023, 5, 1) in days and date(2023, 8, 9) in days
