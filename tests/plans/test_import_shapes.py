"""One plan laid out and worded in other ways: nothing of it may be lost, and what cannot be read is asked or doubted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from songthan import workspace
from songthan.adapters.import_roster import FoundSeat

ROOT = Path(__file__).parents[2]
PLAN = (Path(__file__).with_name("import") / "short-dates-2567.txt").read_text("utf-8")
FORMS, ORDER, MEASURE = "แบบรายงานผลการดำเนินการ", "คำสั่งกลุ่มตรวจสอบภายใน\n", "มาตรการที่ 1"


def read(text, tmp_path):
    path = tmp_path / "plan.txt"
    path.write_text(text, encoding="utf-8", newline="")
    return workspace.import_plan_file(path, ROOT)


def core(imported):
    """Rows with their dates, deadlines, channels, seats."""
    plan, roster = imported.documents["plan"], imported.documents["roster"]
    return (
        {d["id"]: str(d["due"]) for a in plan["activities"] for d in a["deliverables"]},
        {d["id"]: (d["forms"], str(d["external"])) for d in plan["deadlines"]},
        {k: (c["registry"], c["website"]) for k, c in plan["channels"].items()},
        [(s["number"], s["role"]) for s in roster["seats"]],
    )


def forms_first(text):
    cover, plan, forms, order = re.split(f"(?={MEASURE})|(?={FORMS})|(?={ORDER})", text, maxsplit=3)
    return cover + forms + plan + order


OWN_TABLE = "\nลำดับ\tโครงการ/กิจกรรม\tผลผลิต\tผลลัพธ์\tวันที่ดำเนินการ\tหลักฐาน\n๑.\t\t\t\t\t\n๑.๑\tกรอกชื่อ\tกรอก\tกรอก\tกรอก\t\n"
HEAD = re.search(r"(?m)^ลำดับที่\t.*\n", PLAN)[0]
SHAPES = {
    "the date column is called another": lambda t: t.replace("กำหนดส่ง\t", "กำหนดแล้วเสร็จ\t"),
    "the activity column is called another": lambda t: t.replace("ชื่อโครงการ/กิจกรรม", "รายการ"),
    "no outputs by name": lambda t: t.replace("ผลผลิต (Output)", "ตัวชี้วัด").replace("ผลลัพธ์ (Outcome)", "เป้าหมาย"),
    "a form's table has an activity table's head": lambda t: t.replace("ชื่อกลุ่ม.....", "ชื่อกลุ่ม.....\n" + OWN_TABLE),
    "the forms come before the plan": forms_first,
    "no head on the second page": lambda t: t.replace("- ๑๒ -\n\n" + HEAD, "หน้า ๑๒ จาก ๓๐\n\n"),
    "no blank line anywhere": lambda t: re.sub("\n\n+", "\n", t),
    "decomposed ำ and signs nobody sees": lambda t: t.replace("ำ", "ํา").replace("กิจกรรม", "กิจ\u200bกรรม"),
    "Windows": lambda t: "\ufeff" + t.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_another_shape_of_the_same_plan_says_the_same(name, tmp_path):
    assert SHAPES[name](PLAN) != PLAN
    assert core(read(SHAPES[name](PLAN), tmp_path)) == core(read(PLAN, tmp_path))


def test_of_two_date_columns_the_one_for_handing_in_counts_and_a_column_without_a_place_is_told(tmp_path):
    lines = PLAN.split("\n")
    wide = [
        x + ("\tระยะเวลาดำเนินการ\tงบประมาณ" if x + "\n" == HEAD else "\tต.ค. 66 - ก.ย. 67\t5,000") if "\t" in x else x
        for x in lines
    ]
    turned = "\n".join("\t".join([c[0], c[7], *c[1:7], c[8]]) if len(c := x.split("\t")) == 9 else x for x in wide)
    imported = read(turned, tmp_path)
    assert core(imported)[0] == core(read(PLAN, tmp_path))[0]
    assert [d.about for d in imported.notes.doubts if d.code == "layout"] == ["งบประมาณ", "ลำดับ ๑", "ลำดับ ๒"]


def test_two_rounds_in_one_box_are_two_deadlines(tmp_path):
    box = "กำหนดส่งภายในวันที่ 30 เม.ย. 67 ส่งทาง"
    both = PLAN.replace(box, "รอบที่ ๑ ส่งภายในวันที่ 31 มี.ค. 67 รอบที่ ๒ ส่งภายในวันที่ 30 ก.ย. 67 ทาง")
    found = {d["id"]: (d["forms"], str(d["external"])) for d in read(both, tmp_path).documents["plan"]["deadlines"]}
    assert found["2567-march"] == (["f5"], "2024-03-31") and found["2567-september"] == (["f5"], "2024-09-30")


def test_a_form_without_a_channel_and_a_deadline_without_an_own_date_are_asked(tmp_path):
    text = PLAN.replace("ส่งทางระบบสารบรรณอิเล็กทรอนิกส์ เป็นไฟล์ Word\n", "").replace("๒๐/๖/๒๕๖๗ และ ๒๐/๙/๒๕๖๗", "๒๐/๖/๒๕๖๗")
    imported = read(text, tmp_path)
    asked = {q.field for q in imported.notes.questions}
    assert {"plan.toml [channels.f3]", "plan.toml [[deadlines]] 2567-q4 internal"} <= asked
    folder = tmp_path / "year"
    workspace.write_import(imported, workspace.compare_import(imported, folder), folder)
    assert any("internal" in f.remedy for f in workspace.open_questions(folder))
    assert [d.id for d in workspace.load_plan(folder, draft=True).deadlines][-1] == "2567-q4"


def test_a_line_of_the_order_without_a_role_and_a_doubled_number_are_told(tmp_path):
    text = PLAN.replace("9. ผศ.ดร.วิทวัส ทดลอง\tคณะทำงาน", "9. ผศ.ดร.วิทวัส ทดลอง").replace("10. จ่าสิบเอก", "11. จ่าสิบเอก")
    imported = read(text, tmp_path)
    numbers = [s["number"] for s in imported.documents["roster"]["seats"]]
    assert numbers == [1, 2, 3, 4, 5, 6, 7, 11, 15, 12, 13, 14], (
        "the printed numbers stay, the second 11 gets a free one"
    )
    told = {(d.code, d.about) for d in imported.notes.doubts}
    assert ("numbering", "คณะทำงาน ๑๑") in told and any(c == "roster" and "วิทวัส" in a for c, a in told)


def test_an_order_of_posts_keeps_every_seat_and_takes_no_other_units_head_for_the_director(tmp_path):
    order = re.search(r"(?s)1\. ผู้อำนวยการ.*?\n\n", PLAN)[0]
    posts = ("นายกเทศมนตรีตำบลสมมุติ", "ปลัดเทศบาลตำบลสมมุติ", "ผู้อำนวยการกองคลัง", "ประธานชุมชนริมน้ำ")
    imported = read(
        PLAN.replace(order, "".join(f"{n}. {who} คณะทำงาน\n" for n, who in enumerate(posts, 1)) + "\n"), tmp_path
    )
    roster = imported.documents["roster"]
    assert [m["position"] for m in roster["members"]] == list(posts)
    assert roster["office"]["director"] == "" and not any(m["given"] for m in roster["members"])


def test_a_total_or_a_remark_under_the_table_is_no_text_of_the_last_row(tmp_path):
    last = next(x for x in PLAN.split("\n") if "2.3 กิจกรรม" in x)
    imported = read(PLAN.replace(last, f"{last}\nรวม\t6 กิจกรรม\t\t\t\t\t\nหมายเหตุ: อาจเปลี่ยนได้\t\t\t\t\t\t"), tmp_path)
    assert imported.documents["plan"]["activities"][-1]["title"] == "กิจกรรมรายงานประจำปี"
    assert sum(d.code == "layout" for d in imported.notes.doubts) == 2


@pytest.mark.parametrize(
    ("who", "parts"),
    [
        ("นายเอกชัย สมมุติ", ("นาย", "เอกชัย", "สมมุติ")),
        ("พ.ต.ท.หญิง ธนา ลอง", ("พ.ต.ท.หญิง", "ธนา", "ลอง")),
        ("รองศาสตราจารย์ ดร.วิทย์ ลอง", ("รองศาสตราจารย์ ดร.", "วิทย์", "ลอง")),
        ("ว่าที่ ร.ต. เอก ลอง", ("ว่าที่ ร.ต.", "เอก", "ลอง")),
        ("นายแพทย์สมชัย ลอง", ("นายแพทย์", "สมชัย", "ลอง")),
        ("Mr. John Doe", ("Mr.", "John", "Doe")),
        ("พันเอก (พิเศษ) กล้า ณ เมือง", ("พันเอก (พิเศษ)", "กล้า", "ณ เมือง")),
        ("คุณากร ลอง", ("", "คุณากร", "ลอง")),
        ("นายกเทศมนตรีตำบลสมมุติ", ("", "", "")),
    ],
)  # fmt: skip
def test_titles_before_a_name(who, parts):
    seat = FoundSeat(number=1, who=who, role="คณะทำงาน", place="")
    assert (seat.prefix, *seat.name) == parts


def test_no_table_of_activities_is_an_error_that_names_the_nearest_head(tmp_path):
    with pytest.raises(workspace.DataError) as error:
        read(PLAN.replace("กำหนดส่ง\t", "สถานที่\t"), tmp_path)
    line = PLAN[: PLAN.index(HEAD)].count("\n") + 1
    assert error.value.where.endswith(f"บรรทัด {workspace_digits(line)}") and "«สถานที่»" in error.value.th


def workspace_digits(number):
    return str(number).translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))


def test_a_scale_of_its_own_in_the_words_of_its_own(tmp_path):
    table = (
        "เกณฑ์การให้คะแนน\n\nข้อ\tเกณฑ์\t4\t3\t2\t1\t0\n"
        "1\tสำเร็จ\t95 % ขึ้นไป\tระหว่าง 90 - 94.99 %\t≥ 85%\tไม่ต่ำกว่าร้อยละ 75\tต่ำกว่า 75 %\n"
        "2\tช่องทาง\t5 ช่องทางขึ้นไป\t3 - 4 ช่องทาง\t2 ช่องทาง\t1 ช่องทาง\tไม่มี\n"
        "3\tประชุม\tมากกว่า 4 ครั้ง\t4 ครั้ง\t\t1 ครั้ง\tไม่มี\n\n"
    )
    imported = read(PLAN.replace(FORMS, table + FORMS, 1), tmp_path)
    rubric = imported.documents["rubric"]
    least = {
        c["id"]: [[x["at_least"] for x in s["all"]] if "all" in s else None for s in c["scores"]]
        for c in rubric["criteria"]
    }
    assert rubric["score_max"] == 4
    assert least == {
        "c1": [["95"], ["90"], ["85"], ["75"], []], "c2": [["5"], ["3"], ["2"], ["1"], []],
        "c3": [None, ["4"], None, ["1"], []],
    }  # fmt: skip
    assert {"rubric.toml [[criteria]] c3 scores 4", "rubric.toml [[criteria]] c3 scores 2"} <= {
        q.field for q in imported.notes.questions
    }


def test_plan_check_lists_a_form_without_a_channel_and_a_rubric_without_levels(tmp_path):
    table = "เกณฑ์การให้คะแนน\n\nข้อ\tเกณฑ์\t2\t1\t0\n1\tสำเร็จ\t95 % ขึ้นไป\t75 % ขึ้นไป\tต่ำกว่า 75 %\n\n"
    text = PLAN.replace(FORMS, table + FORMS, 1).replace("ส่งทางระบบสารบรรณอิเล็กทรอนิกส์ เป็นไฟล์ Word\n", "")
    imported = read(text, tmp_path)
    workspace.write_import(imported, workspace.compare_import(imported, tmp_path / "y"), tmp_path / "y")
    places = " ".join(f.where for f in workspace.open_questions(tmp_path / "y"))
    assert "[channels.f3]" in places and "[[levels]]" in places and "[channels.f5]" not in places
