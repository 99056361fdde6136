"""Checking a form that was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from songthan.domain.forms import Answer, Check, Choice, Field, FormSpec, Problem, ReturnedForm
from songthan.domain.returns import check, links_in, missing_evidence

REACHED = (Choice(value="yes", label="ปรากฏตามแผน"), Choice(value="no", label="ยังไม่ปรากฏ"))
SPEC = FormSpec(
    id="f3", title="แบบรายงาน", version=1, template="f3.docx", repeat="activity",
    fields=(
        Field(key="percent", kind="percent", label="ร้อยละของผลการดำเนินการ", column="ร้อยละ", required=True),
        Field(key="done", kind="text", label="ผลการดำเนินการ", column="ผลการดำเนินการ", required=True),
        Field(key="output_reached", kind="choice", label="ผลผลิต", column="ผลผลิต", required=True, choices=REACHED),
        Field(key="outcome_reached", kind="choice", label="ผลลัพธ์", column="ผลลัพธ์", required=True, choices=REACHED),
        Field(key="evidence", kind="evidence", label="หลักฐาน", column="เอกสาร/หลักฐาน"),
        Field(key="note", kind="text", label="หมายเหตุ", column="หมายเหตุ"),
    ),
    checks=tuple(
        Check(kind="reason", field="note", when_field=f"{k}_reached", when_value="no", message=f"{th}ยังไม่ปรากฏ โปรดระบุเหตุผล")
        for k, th in (("output", "ผลผลิต"), ("outcome", "ผลลัพธ์"))
    ),
)  # fmt: skip
ACTIVITIES = (("1.4(1)", "๑.๔ (๑)"),)
GOOD = {
    "percent": "95",
    "done": "ทำแล้ว",
    "output_reached": "yes",
    "outcome_reached": "yes",
    "evidence": "ไม่มี",
    "note": None,
}


def returned(changes: dict | None = None, raw: dict | None = None, **more) -> ReturnedForm:
    values = {**GOOD, **(changes or {})}
    answers = {}
    for key, value in values.items():
        text = (raw or {}).get(key, value or "")
        place = f"ตารางมาตรการที่ ๑ แถว ๑.๔ (๑) ช่อง {SPEC.field(key).column}"
        answers[f"1.4(1).{key}"] = Answer(field=f"1.4(1).{key}", value=value, raw=text, source=place)
    return ReturnedForm(
        form="f3", token="ST-7K3D-9QXA-M2PV", deadline="2566-q2", recognised_by="footer", answers=answers, **more
    )


def judged(form: ReturnedForm, attached=()) -> ReturnedForm:
    return check(SPEC, form, activities=ACTIVITIES, attached=attached, headcount=48)


def codes(form: ReturnedForm) -> list[tuple[str, str]]:
    return [(p.field.removeprefix("1.4(1)."), p.code) for p in form.problems]


def test_a_good_form_is_complete():
    form = judged(returned())
    assert (form.verdict, form.problems) == ("complete", ())


@pytest.mark.parametrize(
    ("changes", "raw", "expected"),
    [
        ({"percent": None}, {}, [("percent", "required")]),
        ({"percent": None}, {"percent": "…… "}, [("percent", "required")]),
        ({"percent": None}, {"percent": "๙๐-๙๕"}, [("percent", "unreadable")]),
        ({"percent": None}, {"percent": "-"}, [("percent", "unreadable")]),
        ({"percent": None}, {"percent": "๓๓๓๓"}, [("percent", "range")]),
        ({"done": None}, {}, [("done", "required")]),
        ({"done": "-"}, {}, [("done", "required")]),
        ({"output_reached": None}, {}, [("output_reached", "required")]),
        ({"output_reached": "no"}, {}, [("note", "reason")]),
        ({"output_reached": "no", "outcome_reached": "no", "note": "-"}, {}, [("note", "reason")]),
        ({"output_reached": "no", "note": "รอผลสำรวจ"}, {}, []),
        ({"percent": "100", "output_reached": "no", "note": "รอผลสำรวจ"}, {}, []),
        ({"percent": "100", "output_reached": "no"}, {}, [("note", "reason"), ("percent", "contradiction")]),
        ({"evidence": "รายงาน.pdf"}, {}, [("evidence", "evidence-missing")]),
        ({"evidence": "ภาพถ่ายกิจกรรม"}, {}, []),
    ],
)
def test_each_problem_has_its_code_and_a_place(changes, raw, expected):
    form = judged(returned(changes, raw))
    assert codes(form) == expected
    assert form.verdict == ("incomplete" if expected else "complete")
    for problem in form.problems:
        assert problem.message_th.startswith("ตารางมาตรการที่ ๑ แถว ๑.๔ (๑) ช่อง ")
        assert "โปรด" in problem.message_th


def test_an_answer_that_is_not_there_is_named_by_its_row():
    form = judged(replace(returned(), answers={}))
    assert ("percent", "required") in codes(form)
    assert form.problems[0].message_th.startswith("แถว ๑.๔ (๑) ช่อง ร้อยละ")


def test_review_wins_and_doubtful_fields_are_not_asked_twice():
    doubt = Problem(field="1.4(1).percent", code="disagree", message_th="…")
    form = judged(returned({"percent": None, "done": None}, problems=(doubt,), verdict="review"))
    assert form.verdict == "review"
    assert codes(form) == [("percent", "disagree"), ("done", "required")]


def test_a_missing_row_is_one_problem():
    gone = Problem(field="1.4(1)", code="row-missing", message_th="…")
    form = judged(
        replace(returned(problems=(gone,), verdict="review"), answers={"x": Answer(field="x", value="1", raw="1")})
    )
    assert codes(form) == [("1.4(1)", "row-missing")]


@pytest.mark.parametrize("verdict", ["refused", "review"])
def test_a_file_nothing_was_read_from_stays_as_it_is(verdict):
    problem = Problem(field="", code="scan", message_th="…")
    form = ReturnedForm(form=None, token=None, deadline=None, recognised_by=None, problems=(problem,), verdict=verdict)
    assert judged(form) is form


def test_checking_twice_adds_nothing():
    once = judged(returned({"percent": None, "evidence": "ก.pdf"}))
    assert judged(once) == once


def test_the_headcount_bounds_persons():
    spec = FormSpec(
        id="f1", title="แบบ", version=1, template="f1.docx",
        fields=(Field(key="persons", kind="count", label="จำนวนบุคลากร", required=True, minimum="1", maximum="headcount"),),
    )  # fmt: skip

    def verdict(value: str) -> list[str]:
        answer = Answer(field="persons", value=value, raw=value)
        form = ReturnedForm(form="f1", token=None, deadline=None, recognised_by=None, answers={"persons": answer})
        return [p.code for p in check(spec, form, activities=(), attached=(), headcount=48).problems]

    assert verdict("48") == []
    assert verdict("49") == ["range"]
    assert verdict("0") == ["range"]


@pytest.mark.parametrize(
    ("value", "attached", "missing"),
    [
        ("รายงาน.pdf", ["รายงาน.PDF"], []),
        ("๑. รายงาน ครั้งที่ ๑.pdf", ["รายงาน_ครั้งที่_1.pdf"], []),
        ("- รายงาน.pdf", [], ["รายงาน.pdf"]),
        ("a.pdf, b.docx", ["a.pdf"], ["b.docx"]),
        ("a.pdf และ b.docx", ["b.docx", "a.pdf"], []),
        ("ก,ข.pdf", ["ก,ข.pdf"], []),
        ("https://example.test/x.pdf\nwww.example.test/y.pdf", [], []),
        ("ภาพถ่ายกิจกรรม\n-\nไม่มี", [], []),
        ("ภาพ.jpg\nภาพ.jpg", [], ["ภาพ.jpg"]),
        ("น\u0e4d\u0e49า.pdf", ["น\u0e49ำ.pdf"], []),
        ("คำสั่งที่ 12/2565", [], []),
        ("facebook.com/office/posts/1.jpg", [], []),
        ("https://example.test/x ภาพ.jpg", [], ["ภาพ.jpg"]),
        ("ภาพ.jpg (https://example.test/x)", ["ภาพ.jpg"], []),
        ("รายงาน.pdf/สำเนา", [], ["รายงาน.pdf/สำเนา"]),
    ],
)
def test_evidence_named_as_a_file_must_have_come_along(value, attached, missing):
    assert missing_evidence(value, attached) == missing


@pytest.mark.parametrize(
    ("value", "links"),
    [
        ("https://example.test/a?b=1,2&c=%E0, รายงาน.pdf", ["https://example.test/a?b=1,2&c=%E0"]),
        ("ดูที่ (www.example.test/ก_ข) และ facebook.com/office/1.", ["www.example.test/ก_ข", "facebook.com/office/1"]),
        ("https://a.test/x,https://b.test/(y)\nHTTPS://A.test/\nhttps://a.test/x", [
            "https://a.test/x", "https://b.test/(y)", "HTTPS://A.test/",
        ]),
        ("https://a.test/x,ภาพ.jpg", ["https://a.test/x"]),
        ("«http://a.test/x»", ["http://a.test/x"]),
        ("ไม่มี -\nรายงาน.pdf\nsome.one@example.test\nรายงาน.pdf/สำเนา\nhttps://\nwww.", []),
    ],
)  # fmt: skip
def test_links_are_kept_as_they_were_typed(value, links):
    assert links_in(value) == links


def verdict_of(field: Field, value: str | None, raw: str = "", attached=()) -> list[str]:
    """The sentences about one field of a small form, each as «code: sentence»."""
    spec = FormSpec(id="official", title="แบบ", short="ใบนำส่งแบบ ๑", version=1, template="o.docx", fields=(field,))
    answer = Answer(field=field.key, value=value, raw=raw or value or "")
    form = ReturnedForm(form="official", token=None, deadline=None, recognised_by=None, answers={field.key: answer})
    found = check(spec, form, activities=(), attached=attached, headcount=48).problems
    return [f"{p.code}: {p.message_th}" for p in found]


DAY = Field(key="day", kind="date", label="วันที่รายงาน", place="ท้ายแบบ", required=True, minimum="2022-10-01")


@pytest.mark.parametrize(
    ("value", "raw", "said"),
    [
        ("2023-03-15", "15/3/66", ""),
        (None, "", "required: ใบนำส่งแบบ ๑ ท้ายแบบ ช่อง วันที่รายงาน: ยังไม่ได้กรอกวันที่รายงาน โปรด"),
        (None, "15/3/23", "unreadable: ใบนำส่งแบบ ๑ ท้ายแบบ ช่อง วันที่รายงาน: กรอกไว้ว่า «15/3/23» อ่านไม่ได้แน่ชัดว่าเป็นปีใด โปรด"),
        (None, "สิ้นเดือน", "unreadable: ใบนำส่งแบบ ๑ ท้ายแบบ ช่อง วันที่รายงาน: กรอกไว้ว่า «สิ้นเดือน» ระบบอ่านเป็นวันที่ไม่ได้ โปรด"),
        (None, "-", "unreadable: ใบนำส่งแบบ ๑ ท้ายแบบ ช่อง วันที่รายงาน: กรอกไว้ว่า «-» ช่องนี้ต้องเป็นวันที่ โปรด"),
        ("2022-09-30", "", "range: ใบนำส่งแบบ ๑ ท้ายแบบ ช่อง วันที่รายงาน: กรอกวันที่ ๓๐ กันยายน ๒๕๖๕ ซึ่งอยู่นอกช่วงที่กำหนด "
         "โปรดกรอกวันที่ใหม่ โดยต้องไม่ก่อนวันที่ ๑ ตุลาคม ๒๕๖๕"),
    ],
)  # fmt: skip
def test_dates_are_checked(value, raw, said):
    found = verdict_of(DAY, value, raw)
    assert len(found) == bool(said) and all(text.startswith(said) for text in found)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("", "ใบนำส่งแบบ ๑ ช่อง จำนวนเรื่อง"),
        ("ข้อ ๒", "ใบนำส่งแบบ ๑ ข้อ ๒ ช่อง จำนวนเรื่อง"),
        ("ข้อ ๒ ช่อง จำนวน … เรื่อง", "ใบนำส่งแบบ ๑ ข้อ ๒ ช่อง จำนวน … เรื่อง"),
        ("กรอบจำนวนเรื่อง ท้ายแบบ", "ใบนำส่งแบบ ๑ กรอบจำนวนเรื่อง ท้ายแบบ"),
    ],
)
def test_a_place_names_its_box_once(place, words):
    (said,) = verdict_of(Field(key="n", kind="count", label="จำนวนเรื่อง", place=place, required=True), None)
    assert said == f"required: {words}: ยังไม่ได้กรอกจำนวนเรื่อง โปรดกรอกแล้วส่งกลับมาอีกครั้ง"


def test_an_optional_date_or_number_may_be_a_dash():
    assert verdict_of(replace(DAY, required=False), None, "-") == []
    assert verdict_of(Field(key="n", kind="count", label="จำนวน"), None, "ไม่มี") == []


BOX = (Choice(value="yes", label="รับรอง"),)


@pytest.mark.parametrize(
    ("kind", "choices", "value", "raw", "code"),
    [
        ("yes_no", (), "yes", "", ""),
        ("yes_no", (), None, "", "required"),
        ("yes_no", (), None, "☐ มี ☐ ไม่มี", "required"),
        ("yes_no", (), None, "มี", "unreadable"),
        ("yes_no", (), "maybe", "", "unreadable"),
        ("yes_no", BOX, "no", "", ""),
        ("yes_no", BOX, None, "", ""),
        ("yes_no", BOX, None, "☐ รับรอง", ""),
        ("choice", REACHED, "no", "", ""),
        ("choice", REACHED, None, "", "required"),
        ("choice", REACHED, None, "☐ ยังไม่ปรากฏ แต่กำลังทำ", "unreadable"),
        ("signature", (), None, "", ""),
    ],
)
def test_choices_and_boxes(kind, choices, value, raw, code):
    field = Field(key="c", kind=kind, label="การรับรอง", required=True, choices=choices)
    found = verdict_of(field, value, raw)
    assert [text.partition(":")[0] for text in found] == ([code] if code else [])
    assert verdict_of(replace(field, required=False), value, raw) == ([] if code == "required" else found)


@pytest.mark.parametrize("value", ["-", "ไม่มี", "https://example.test/post", "ภาพ.jpg", "ภาพถ่าย"])
def test_evidence_that_is_named_or_said_to_be_none_is_an_answer(value):
    field = Field(key="e", kind="evidence", label="หลักฐาน", required=True)
    assert verdict_of(field, value, attached=["ภาพ.jpg"]) == []
    (missing,) = verdict_of(field, None)
    assert missing.startswith("required: ") and missing.endswith("หากไม่มี โปรดใส่ «ไม่มี»")
