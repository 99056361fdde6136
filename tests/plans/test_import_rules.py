"""Rules of the import that hold for any text."""

from __future__ import annotations

import tempfile
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.adapters.import_cells import Spacing, bare, items_of, lead_number
from songthan.adapters.import_dates import dates_in
from songthan.adapters.import_difference import merge_documents
from songthan.adapters.import_files import compare, write
from songthan.adapters.import_head import Names
from songthan.adapters.import_plan import import_plan
from songthan.adapters.import_source import read_source
from songthan.adapters.import_write import as_toml, base_text, write_files
from songthan.adapters.plan_files import load_plan
from songthan.domain.errors import DataError
from songthan.domain.thai import thai_date

PLANS = Path(__file__).with_name("import")

THAI = st.text("กขคงจชดตนบปมยรลวสหอาิีุูเแโ่้ฯๆ ๑๒๓abc()“”-/.", max_size=60)
KEYS = st.text("abcdefgh_-", min_size=1, max_size=8)
SCALARS = st.one_of(
    st.booleans(), st.integers(-(10**9), 10**9), st.text("กำ“'\"\\\n\t\x7f\x01#=[]{}a é", max_size=12), st.dates()
)
TABLES = st.dictionaries(
    KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3), st.dictionaries(KEYS, SCALARS, max_size=2)), max_size=4
)


@given(st.dictionaries(KEYS, st.one_of(SCALARS, TABLES, st.lists(TABLES, max_size=3)), max_size=5))
def test_what_is_written_is_read_back(document):
    assert tomllib.loads(as_toml(document, "หัว")) == document


@given(THAI, THAI)
def test_mending_spaces_changes_nothing_but_spaces(text, document):
    mended = Spacing(document).mend(" ".join(text.split()))
    assert bare(mended) == bare(text) and len(mended) <= len(" ".join(text.split()))


@given(st.lists(THAI.filter(lambda t: t.strip(" -–./()“”")), min_size=1, max_size=4))
def test_a_cell_loses_no_letter(lines):
    """Bullets and tags go, every letter stays, in order."""
    cell = "<ul>" + "".join(f"<li>- {line}</li>" for line in lines) + "</ul>"
    letters = [c for c in "".join(items_of(cell)) if c.isalnum()]
    assert letters == [c for c in "".join(lines) if c.isalnum()]


@given(st.dates(date(2022, 10, 1), date(2023, 9, 30)), st.sampled_from(["{}", "- วันที่ {}", "ส่งภายใน {} ครับ", "({})"]))
def test_every_day_of_the_year_is_read_and_no_other(day, frame):
    text = frame.format(thai_date(day))
    assert [f.day for f in dates_in(text, 2566)] == [day]
    assert [f.day for f in dates_in(frame.format(thai_date(day, short=True)), 2566)] == [day]
    assert not dates_in(text, 2566)[0].doubt
    later = dates_in(frame.format(thai_date(day + timedelta(days=366))), 2566)
    assert later[0].doubt, "a day of another fiscal year is doubted"


@pytest.mark.parametrize("text", ["๓๑ มิถุนายน ๒๕๖๖", "๒๙ กุมภาพันธ์ ๒๕๖๖", "32 มีนาคม 2566", "31/6/2566"])
def test_a_day_that_is_not_in_the_calendar_is_no_date(text):
    found = dates_in(f"ส่ง {text}", 2566)
    assert [f.day for f in found] == [None] and "ไม่มีวันที่" in found[0].doubt


def test_odd_dates_are_read_with_a_doubt():
    cases = {
        "๑๕ มีนาดม ๒๕๖๖": (date(2023, 3, 15), "มีนาคม"),
        "๑๕ - ๑๖ มิถุนายน ๒๕๖๖": (date(2023, 6, 16), "ช่วง"),
        "๑๕ ธันวาคม": (date(2022, 12, 15), "มิได้พิมพ์ปี"),
        "๑5 มีนาคม ๒๕๖๖": (date(2023, 3, 15), "ปน"),
    }
    for text, (day, said) in cases.items():
        found = dates_in(text, 2566)
        assert [f.day for f in found] == [day], text
        assert said in found[0].doubt


def test_dashes_between_numbers_are_spans_and_others_are_bullets():
    assert items_of("60 - 79.99% ร่วมลงนาม") == ("60 - 79.99% ร่วมลงนาม",)
    assert items_of("- ข้อ ๑ - ๒ วันที่ ๒๕ กรกฎาคม ๒๕๖๖ - ข้อ ๓ วันที่ ๑๑ กันยายน ๒๕๖๖") == (
        "ข้อ ๑ - ๒ วันที่ ๒๕ กรกฎาคม ๒๕๖๖",
        "ข้อ ๓ วันที่ ๑๑ กันยายน ๒๕๖๖",
    )
    assert items_of("- ๑๕ มีนาคม ๒๕๖๖ - ๑๖ มีนาคม ๒๕๖๖") == ("๑๕ มีนาคม ๒๕๖๖", "๑๖ มีนาคม ๒๕๖๖")
    assert items_of("ตามข้อ ๓. ๑. แรก ๒. สอง") == ("ตามข้อ ๓.", "๑. แรก", "๒. สอง")
    assert items_of("ตามข้อ ๑. แรกเท่านั้น") == ("ตามข้อ ๑. แรกเท่านั้น",)
    assert items_of("หัวข้อ ๑) แรก ๒) สอง") == ("หัวข้อ", "๑) แรก", "๒) สอง")


def test_a_password_never_comes_through():
    for text in ("เพจกลาง (Password: s3cret!)", "เพจกลาง รหัสผ่าน: s3cret! เพจอื่น", "<p>PASSWORD = s3cret!</p>"):
        assert "s3cret" not in " ".join(items_of(text)), text


def test_numbers_before_a_title():
    assert lead_number("๑๐.๒ กิจกรรม") == ("10.2", ".", "กิจกรรม")
    assert lead_number("13.") == ("13", ".", "")
    assert lead_number("(๒) แบบ") == ("2", ")", "แบบ")
    assert lead_number("๕ ประการ")[0] == ""
    assert lead_number("๒๕๖๖ ปี")[0] == ""


def test_the_bureaus_spellings_and_nobody_elses():
    names = Names("สำนักทดสอบวิชา")
    for text in (
        "สำนักงานทดสอบวิชา",
        "สำนักการทดสอบวิชา",
        "สำนักงานการทดสอบ วิชา",
        "สำนึกทดสอบวิชา",
        "สานักทดสอบวิชา",
        "สำนักทดสอวิชา",
        "สำนักททดสอบวิชา",
    ):
        assert names.mend(f"ของ{text} ปี") == "ของสำนักทดสอบวิชา ปี"
    for other in ("สำนักวิจัยวิชา", "กองทดสอบวิชา", "สำนักงานปลัด"):
        assert names.mend(other) == other


def documents(**more):
    plan = {
        "fiscal_year": 2570, "organisation": {"id": "office", "name": "ก", "headcount": 0}, "measures": [], "channels": {},
        "projects": [{"id": "1", "measure": 1, "guideline": "", "title": "โครงการ"}],
        "activities": [
            {"id": f"1.{n}", "project": "1", "number": f"๑.{n}", "title": f"กิจกรรม {n}", "seats": [], "outputs": ["ก"],
             "deliverables": [{"id": f"1.{n}", "due": date(2027, 3, n), "title": "รายงาน"}]}
            for n in (1, 2, 3)
        ],
        "deadlines": [],
    }  # fmt: skip
    return {"plan": plan | more, "roster": {"seats": [], "members": []}, "holidays": {"source": "holidays:TH"}}


@settings(max_examples=40)
@given(st.sets(st.sampled_from(["1.1", "1.2", "1.3"])), st.booleans())
def test_importing_twice_is_importing_once(gone, based):
    """After a difference is carried out, the same plan differs no more; rows filled by hand keep what they got."""
    mine = documents()
    for a in mine["plan"]["activities"]:
        a["seats"] = ["s01"]
    new = documents(activities=[a for a in documents()["plan"]["activities"] if a["id"] not in gone])
    first = merge_documents(mine, new, documents() if based else None)
    assert {c.where for c in first.changes if c.kind == "removed"} == {f"activities {i}" for i in gone}
    assert all(a["seats"] == ["s01"] for a in first.documents["plan"]["activities"])
    again = merge_documents(first.documents, new, new)
    assert again.changes == [] and again.documents == first.documents


def test_a_row_put_in_between_takes_no_ones_id():
    mine, new = documents(), documents()
    rows = new["plan"]["activities"]
    rows[1:1] = [{**rows[1], "title": "กิจกรรมใหม่", "number": "๑.๒"}]
    rows[2] |= {"id": "1.3", "number": "๑.๓"}
    rows[3] |= {"id": "1.4", "number": "๑.๔"}
    merged = merge_documents(mine, new, documents()).documents["plan"]["activities"]
    assert {a["title"]: a["id"] for a in merged} == {
        "กิจกรรม 1": "1.1", "กิจกรรมใหม่": "1.2-2", "กิจกรรม 2": "1.2", "กิจกรรม 3": "1.3",
    }  # fmt: skip


def test_a_word_mended_by_hand_stays_when_the_plan_still_has_the_slip():
    mine, new = documents(), documents()
    mine["plan"]["activities"][0]["outputs"] = ["ข"]
    assert merge_documents(mine, new, documents()).changes == []
    new["plan"]["activities"][0]["outputs"] = ["ค"]
    changes = merge_documents(mine, new, documents()).changes
    assert [(c.where, c.old, c.new) for c in changes] == [("activities 1.1 outputs", ["ข"], ["ค"])]


def test_files_are_written_whole_and_the_old_ones_kept(tmp_path):
    assert write_files(tmp_path, {"plan.toml": "a = 1\n", "x.json": base_text({"d": date(2027, 1, 1)})}) == [
        "plan.toml",
        "x.json",
    ]
    assert write_files(tmp_path, {"plan.toml": "a = 1\n"}) == []
    assert write_files(tmp_path, {"plan.toml": "a = 2\n"}) == ["plan.toml"]
    assert (tmp_path / "before-import" / "plan.toml").read_text() == "a = 1\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["before-import", "plan.toml", "x.json"]


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "double", "cut", "untab", "add", "shuffle"]), st.integers(0, 200), st.integers(1, 5)
    ),
    min_size=1,
    max_size=10,
)


def damaged(lines: list[str], edits: list[tuple[str, int, int]]) -> str:
    for kind, at, much in edits:
        at %= len(lines)
        if kind == "drop" and len(lines) > much + 1:
            del lines[at : at + much]
        elif kind == "double":
            lines.insert(at, lines[(at * 7) % len(lines)])
        elif kind == "cut":
            lines[at] = lines[at][: at % 40] + lines[at][at % 40 + much :]
        elif kind == "untab":
            lines[at] = lines[at].replace("\t", "", much)
        elif kind == "add":
            lines[at] += "\t" + ["<ul><li>", "๓๑ มิถุนายน ๒๕๖๘", "๑.", "(", "ไตรมาส ๒ ส่ง ๑ มีนาคม ๒๕๖๘"][much - 1]
        else:
            lines[at] = "\t".join(reversed(lines[at].split("\t")))
    return "\n".join(lines)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["another-bureau-2568.txt", "boxes-first-2571.txt"]), EDITS)
def test_a_damaged_plan_is_one_clear_error_or_a_draft_that_can_be_looked_at(name, edits):
    text = damaged((PLANS / name).read_text("utf-8").splitlines(), edits)
    with tempfile.TemporaryDirectory() as box:
        path, folder = Path(box) / "plan.txt", Path(box) / "year"
        path.write_text(text, encoding="utf-8")
        try:
            imported = import_plan(read_source(path))
        except DataError as error:
            assert error.where and error.remedy
            return
        write(imported, compare(imported, folder), folder)
        draft = load_plan(folder, draft=True)
        assert len(draft.activities) == imported.counts()["activities"]
        assert compare(imported, folder).changes == []


def test_a_numbered_row_with_its_own_date_is_a_project_of_one_activity(tmp_path):
    head = "ลำดับ\tโครงการ/กิจกรรม\tผลผลิต\tระยะเวลา\tหมายเหตุ"
    lines = [
        "แผนงานของกองทดลอง ประจำปีงบประมาณ พ.ศ. ๒๕๗๒", "มาตรการที่ ๑ หนึ่ง", head, "๑.\tโครงการแรก\t\t\t",
        "\t๑.๑ กิจกรรมย่อย\tก\t๑ มีนาคม ๒๕๗๒\t", "๒.\tโครงการเดี่ยว - ข้อย่อย\tข\t๒ มีนาคม ๒๕๗๒\t", "",
        "มาตรการที่ ๒ สอง", head, "\t๓.๑ กิจกรรมไม่มีหัวข้อ\tค\t๓ มีนาคม ๒๕๗๒\t",
    ]  # fmt: skip
    path = tmp_path / "plan.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    imported = import_plan(read_source(path))
    plan = imported.documents["plan"]
    assert [(p["id"], p["title"], p["measure"]) for p in plan["projects"]] == [
        ("1", "โครงการแรก", 1), ("2", "โครงการเดี่ยว", 1), ("3", "", 2),
    ]  # fmt: skip
    assert [(a["id"], a["project"], a["details"]) for a in plan["activities"]] == [
        ("1.1", "1", []), ("2", "2", ["ข้อย่อย"]), ("3.1", "3", []),
    ]  # fmt: skip
    assert "plan.toml [[projects]] 3 title" in {q.field for q in imported.notes.questions}


@pytest.mark.parametrize(
    ("text", "days", "said"),
    [
        ("15 มี.ค. 67", ["2024-03-15"], ""),
        ("15 มี.ค. 66", ["2023-03-15"], "นอกปีงบประมาณ"),
        ("๑๕ มีค. ๖๗", ["2024-03-15"], ""),
        ("15มี.ค.'67", ["2024-03-15"], ""),
        ("๑๕/๓/๖๗", ["2024-03-15"], ""),
        ("15.3.67", ["2024-03-15"], ""),
        ("ข้อ 1.3.67", [], ""),
        ("วันที่ ๑๕ เดือนมีนาคม พ.ศ. ๒๕๖๗", ["2024-03-15"], ""),
        ("วันพุธที่ ๑๕ มีนาคม ๒๕๖๗", ["2024-03-15"], "วันศุกร์"),
        ("ภายในเดือนมีนาคม ๒๕๖๗", ["2024-03-31"], "วันสุดท้ายของเดือน"),
        ("มีนาคม ๒๕๖๗", ["2024-03-31"], "วันสุดท้ายของเดือน"),
        ("รายงานประจำเดือนมีนาคม ๒๕๖๗", [], ""),
        ("ส่งสำนักงาน ก.พ.", [], ""),
        ("ต้นเดือนมีนาคม ๒๕๖๗", [None], "ไม่ทราบวันที่"),
        ("1 ม.ค. - 31 มี.ค. 67", ["2024-03-31"], "ช่วง"),
        ("๑ มกราคม ๒๕๖๗ ถึงวันที่ ๓๑ มีนาคม ๒๕๖๗", ["2024-03-31"], "ช่วง"),
        ("ต.ค. 66 – ก.ย. 67", ["2024-09-30"], "ช่วง"),
        ("15 มี.ค. 66 คน", ["2024-03-15"], "มิได้พิมพ์ปี"),
        ("๑๕ มีนาคม ๒๕๖ ๗", ["2024-03-15"], "แยกกัน"),
        ("๑ ๕ มีนาคม ๒๕๖๗", ["2024-03-05"], "สองหลัก"),
        ("15 มี.ค. 67 และ 15 ก.ย. 67", ["2024-03-15", "2024-09-15"], ""),
    ],
)
def test_dates_as_offices_write_them(text, days, said):
    found = [f for item in items_of(text) for f in dates_in(item, 2567, months=True)]
    assert [f.day and str(f.day) for f in found] == days
    assert said in " ".join(f.doubt for f in found) and bool(said) == any(f.doubt for f in found)
