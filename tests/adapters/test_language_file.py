"""A language as data: what is read, what is refused, and how dates and digits follow the organisation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.adapters.language_file import language_of, load_language
from songthan.adapters.plan_files import load_plan
from songthan.adapters.sandbox import Sandbox
from songthan.domain.absence import return_date
from songthan.domain.errors import DataError
from songthan.domain.language import THAI, as_json, current, day_words, digits, from_json, moment_words, say, use
from songthan.domain.values import parse_count, parse_date

ROOT = Path(__file__).resolve().parents[2]
FRENCH = """
months = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"]
short_months = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]
weekdays = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
moment = "{day_words} à {hour} h {minute}"
units = ["personnes"]

[phrases]
"แถว {number}" = "ligne {number}"
"""


@pytest.fixture(autouse=True)
def thai_again():
    yield
    use(THAI)


def french(folder: Path, text: str = FRENCH):
    (folder / "fr.toml").write_text(text, encoding="utf-8")
    return load_language(folder, "fr")


def test_a_language_speaks_and_reads_its_own_dates(tmp_path: Path) -> None:
    use(french(tmp_path))
    assert day_words(date(2027, 8, 3), weekday=True) == "mardi 3 août 2027"
    assert moment_words(datetime(2027, 2, 3, 9, 5, tzinfo=UTC)) == "3 février 2027 à 09 h 05"
    assert say("แถว {number}", number=4) == "ligne 4" and say("โปรดส่งเป็นไฟล์ Word") == "โปรดส่งเป็นไฟล์ Word"
    assert parse_date("mardi 3 août 2027").value == "2027-08-03" and parse_date("3 févr. 2027").value == "2027-02-03"
    assert parse_date("lundi 3 août 2027").reason == "weekday"
    assert parse_count("12 personnes").value == "12" and parse_count("12 douzaines").value is None
    assert return_date("De retour le 12 avril 2027.", after=date(2027, 4, 1)) == date(2027, 4, 12)


def test_in_a_thai_office_a_foreign_month_is_still_no_date() -> None:
    assert parse_date("15 March 2023").reason == "date" and parse_count("12 people").value is None


@pytest.mark.parametrize(
    "old, new, told",
    [
        ("[phrases]", "verbs = []\n[phrases]", "verbs"),
        ('"lundi", ', "", "7"),
        ("{hour} h", "{hours} h", "moment"),
        ('"ligne {number}"', '"ligne {nombre}"', "แถว {number}"),
        ('"ligne {number}"', '"ligne {number"', "แถว {number}"),
        ('"ligne {number}"', "4", "แถว {number}"),
        ('["personnes"]', '["deux personnes"]', "units"),
        ("[phrases]", "[phrases", "fr.toml"),
    ],
)
def test_what_a_language_may_not_say_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(DataError) as refusal:
        french(tmp_path, FRENCH.replace(old, new))
    assert told in f"{refusal.value.th} {refusal.value.where} {refusal.value.remedy}" and refusal.value.remedy


def test_a_language_without_its_file_is_refused(tmp_path: Path) -> None:
    organisation = replace(load_plan(ROOT / "plans" / "example-en").organisation, language="fr")
    with pytest.raises(DataError):
        language_of(organisation, tmp_path)


def test_era_and_digits_are_the_organisations(tmp_path: Path) -> None:
    organisation = load_plan(ROOT / "plans" / "2566").organisation
    assert language_of(organisation, tmp_path) is THAI
    use(language_of(replace(organisation, era="common", digits="arabic"), tmp_path))
    assert day_words(date(2023, 3, 15)) == "15 มีนาคม 2023" and digits(7) == "7"


@pytest.mark.parametrize("line", ['era = "roman"', 'digits = "roman"', "fiscal_year_starts = 13", 'language = "EN/us"'])
def test_an_organisation_out_of_range_is_refused(tmp_path: Path, line: str) -> None:
    key = line.partition(" ")[0]
    folder = tmp_path / "plan"
    folder.mkdir()
    for name in ("plan.toml", "roster.toml", "rubric.toml", "holidays.toml"):
        text = (ROOT / "plans" / "example-en" / name).read_text("utf-8")
        if name == "plan.toml":
            text = "\n".join(line if row.startswith(f"{key} ") else row for row in text.splitlines())
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as refusal:
        load_plan(folder)
    assert key in refusal.value.th


def test_the_sandbox_says_what_it_finds_in_the_offices_language(tmp_path: Path) -> None:
    language = load_language(ROOT / "plans" / "example-en" / "templates" / "language", "en")
    with Sandbox() as sandbox:
        said = []
        for one in (language, THAI):
            use(one)
            answer, _ = sandbox.run("songthan.adapters.read_office:read_job", b"", _nothing_expected())
            said.append(answer["problems"][0]["message_th"])
    assert said == [language.phrases[said[1]], "ไฟล์นี้ว่างเปล่า โปรดแนบแบบที่กรอกแล้วส่งมาใหม่"]


def _nothing_expected() -> dict:
    from songthan.adapters.read_expectation import args_of
    from songthan.domain.forms import FormSpec
    from songthan.ports import Expectation

    spec = FormSpec(id="f", title="f", version=1, template="f.docx")
    return {"name": "x.docx", **args_of(Expectation(spec=spec, activities=()))}


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2150, 12, 31)), st.booleans(), st.booleans())
def test_a_date_written_in_words_is_read_back(day: date, weekday: bool, short: bool) -> None:
    language = load_language(ROOT / "plans" / "example-en" / "templates" / "language", "en")
    for one in (THAI, language, replace(language, day="{month} {day}, {year}", short_day="{day} {month} {year}")):
        use(one)
        assert parse_date(day_words(day, weekday=weekday, short=short)).value == day.isoformat()
    use(THAI)


def test_a_language_goes_to_a_child_and_comes_back(tmp_path: Path) -> None:
    import json

    language = french(tmp_path)
    assert from_json(json.loads(json.dumps(as_json(language)))) == language
    assert as_json(THAI) is None and from_json(None) is THAI
    assert current() is THAI
