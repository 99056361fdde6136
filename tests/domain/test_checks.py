"""Answers held against each other, growing tables, and complete forms of every shape."""

from __future__ import annotations

import re
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.answers import value_of
from songthan.domain.forms import Answer, Check, Choice, Field, FormSpec, Problem, ReturnedForm
from songthan.domain.returns import check
from songthan.domain.thai import thai_date, to_thai_digits

BOX = (Choice(value="yes", label="ใช้แบบเดิม"),)
DOS = Field(
    key="dos", kind="table", label="พฤติกรรมที่พึงประสงค์", place="ตารางที่ ๑", rows=3, minimum="1",
    columns=(
        Field(key="behaviour", kind="text", label="พฤติกรรม", column="พฤติกรรมที่พึงประสงค์", required=True),
        Field(key="persons", kind="count", label="จำนวนคน", column="จำนวน (คน)", required=True, maximum="headcount"),
        Field(key="percent", kind="percent", label="ร้อยละ", required=True),
        Field(key="kept", kind="yes_no", label="ใช้แบบเดิม", choices=BOX),
        Field(key="changed", kind="yes_no", label="แก้ไขใหม่", choices=(Choice(value="yes", label="แก้ไขใหม่"),)),
        Field(key="note", kind="text", label="หมายเหตุ"),
    ),
)  # fmt: skip
FIELDS = (
    Field(key="persons", kind="count", label="จำนวนคน", place="ข้อ ๑", maximum="headcount"),
    Field(key="percent", kind="percent", label="ร้อยละ", place="ข้อ ๑"),
    Field(key="base", kind="count", label="จำนวนบุคลากรที่รายงาน"),
    Field(key="topics", kind="count", label="จำนวนเรื่อง", place="ข้อ ๒"),
    Field(key="list", kind="text", label="เรื่องที่กำหนด", place="ข้อ ๒"),
    Field(key="total", kind="number", label="คะแนนรวม"),
    Field(key="part_a", kind="number", label="คะแนนส่วนแรก"),
    Field(key="part_b", kind="number", label="คะแนนส่วนหลัง"),
    Field(key="other", kind="yes_no", label="มิติอื่น"),
    Field(key="which", kind="text", label="ชื่อมิติอื่น"),
    DOS,
)  # fmt: skip


def form_of(values: dict[str, str]) -> ReturnedForm:
    """A form read back, from what stands in its fields."""
    spec = FormSpec(id="f4", title="แบบ", version=1, template="f4.docx", fields=FIELDS)
    answers = {key: Answer(field=key, value=value_of(spec.of_id(key), text), raw=text) for key, text in values.items()}
    return ReturnedForm(form="f4", token=None, deadline=None, recognised_by="footer", answers=answers)


def judged(values: dict[str, str], *checks: Check, headcount: int = 48, fields=FIELDS) -> list[Problem]:
    spec = FormSpec(id="f4", title="แบบ", version=1, template="f4.docx", fields=fields, checks=checks)
    row = {"dos[1].behaviour": "ตรงเวลา", "dos[1].persons": "24", "dos[1].percent": "50"}
    form = form_of({**row, **values})
    return list(check(spec, form, activities=(), attached=(), headcount=headcount).problems)


def codes(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(p.field, p.code) for p in problems]


PERCENT = Check(kind="percent-of", field="percent", of="persons")
BASED = Check(kind="percent-of", field="percent", of="persons", base="base")


@pytest.mark.parametrize(
    ("persons", "percent", "wrong"),
    [
        ("39", "81.25", None),
        ("๓๙ คน", "ร้อยละ ๘๑.๒๕", None),
        ("39", "81", None),
        ("39", "81.3", None),
        ("39", "81.2", None),
        ("39", "81.250 %", None),
        ("39", "82", "percent"),
        ("39", "81.20", "percent"),
        ("39", "81.24", "percent"),
        ("39", "90", "percent"),
        ("48", "100", None),
        ("0", "0", None),
        ("", "90", None),
        ("39", "", None),
        ("39", "ประมาณ 80", "unreadable"),
    ],
)
def test_a_percent_is_that_of_its_persons(persons, percent, wrong):
    found = codes(judged({"persons": persons, "percent": percent}, PERCENT))
    expected = {None: [], "percent": [("percent", "percent-mismatch")], "unreadable": [("percent", "unreadable")]}
    assert found == expected[wrong]


def test_the_sentence_says_what_the_percent_would_be():
    (problem,) = judged({"persons": "39", "percent": "90"}, PERCENT)
    assert problem.message_th.startswith("แบบ F4 ข้อ ๑ ช่อง ร้อยละ: ๓๙ คน จาก ๔๘ คน คิดเป็นร้อยละ ๘๑.๒๕ แต่กรอกร้อยละ ๙๐ โปรด")
    (problem,) = judged({"persons": "16", "percent": "33.30"}, PERCENT)
    assert "คิดเป็นร้อยละ ๓๓.๓๓ แต่กรอกร้อยละ ๓๓.๓๐" in problem.message_th


def test_more_persons_than_there_are_is_the_persons_fault():
    (problem,) = judged({"persons": "41", "percent": "102", "base": "40"}, BASED)[1:]
    assert (problem.field, problem.code) == ("persons", "range")
    assert "กรอกไว้ ๔๑ คน ซึ่งมากกว่าจำนวนบุคลากรที่รายงาน คือ ๔๐ คน" in problem.message_th
    assert codes(judged({"persons": "50", "percent": "90"}, PERCENT)) == [("persons", "range")]


@pytest.mark.parametrize(
    ("base", "percent", "found"), [("40", "50", []), ("40", "51", ["percent-mismatch"]), ("", "51", []), ("0", "50", ["range"])]
)  # fmt: skip
def test_a_base_of_the_form_itself(base, percent, found):
    assert [p.code for p in judged({"persons": "20", "percent": percent, "base": base}, BASED)] == found


def test_nobody_of_nobody_is_zero():
    assert codes(judged({"persons": "0", "percent": "0", "base": "0"}, BASED)) == []
    assert codes(judged({"persons": "0", "percent": "5", "base": "0"}, BASED)) == [("percent", "percent-mismatch")]


@given(st.data(), st.integers(1, 3000), st.integers(0, 4), st.booleans())
def test_rounded_and_cut_off_percents_pass_and_no_other(data, base, places, thai):
    persons = data.draw(st.integers(0, base))
    exact, unit = Fraction(persons * 100, base), 10**places
    cut, rounded = floor(exact * unit), floor(exact * unit + Fraction(1, 2))
    units = data.draw(st.sampled_from([cut, rounded, cut - 1, rounded + 1]) | st.integers(0, 100 * unit))
    units = min(max(units, 0), 100 * unit)
    plain = f"{units // unit}.{units % unit:0{places}d}" if places else str(units)
    text = f"ร้อยละ {to_thai_digits(plain) if thai else plain}"
    found = judged({"persons": str(persons), "percent": text, "base": str(base)}, BASED, headcount=3000)
    assert codes(found) == ([] if units in (cut, rounded) else [("percent", "percent-mismatch")])
    if not found:
        assert abs(Fraction(units, unit) - exact) < Fraction(1, unit)


@pytest.mark.parametrize(
    ("total", "a", "b", "wrong"),
    [("7", "3", "4", False), ("0.3", "0.1", "0.2", False), ("๗", "7", "-", False), ("7", "7", "", False), ("7", "3", "3", True),
     ("", "3", "3", False), ("7", "", "", False), ("7", "3", "สี่", None)],
)  # fmt: skip
def test_sums(total, a, b, wrong):
    rule = Check(kind="sum", field="total", fields=("part_a", "part_b"))
    found = judged({"total": total, "part_a": a, "part_b": b}, rule)
    assert codes(found) == ([("part_b", "unreadable")] if wrong is None else [("total", "sum")] if wrong else [])
    assert not wrong or "กรอกรวมไว้ ๗ แต่ ๓ + ๓ เท่ากับ ๖" in found[0].message_th


@pytest.mark.parametrize(
    ("topics", "text", "wrong"),
    [
        ("2", "ตรงเวลา\nประหยัด", False),
        ("2", "ตรงเวลา\n\n …… \nประหยัด\n-", False),
        ("2", "(๑) ตรงเวลา (๒) ประหยัด (๓) …… (๔)", False),
        ("2", "๑. ตรงเวลา\nในทุกการประชุม\n๒. ประหยัด", False),
        ("3", "๑. ตรงเวลา\n๒. ประหยัด\n๓.", True),
        ("5", "ตรงเวลา\nประหยัด", True),
        ("0", "-", False),
        ("1", "-", True),
        ("", "ตรงเวลา", False),
    ],
)
def test_a_number_of_items_is_that_of_the_items(topics, text, wrong):
    rule = Check(kind="lines", field="topics", of="list")
    found = judged({"topics": topics, "list": text}, rule)
    assert codes(found) == ([("topics", "lines")] if wrong else [])


def test_filled_rows_are_counted_too():
    rule = Check(kind="lines", field="topics", of="dos")
    assert judged({"topics": "1"}, rule) == []
    (problem,) = judged({"topics": "2"}, rule)
    assert problem.message_th.startswith("แบบ F4 ข้อ ๒ ช่อง จำนวนเรื่อง: กรอกจำนวนไว้ ๒ แต่ในพฤติกรรมที่พึงประสงค์ มี ๑ รายการ")


def test_what_a_choice_asks_for():
    rule = Check(kind="needs", field="which", when_field="other", when_value="yes")
    (problem,) = judged({"other": "มี"}, rule)
    assert (problem.field, problem.code) == ("which", "required")
    assert problem.message_th == "แบบ F4 ช่อง ชื่อมิติอื่น: เลือก «มี» ในช่องมิติอื่นไว้ โปรดกรอกช่องนี้ด้วย"
    assert judged({"other": "ไม่มี"}, rule) == judged({"other": "มี", "which": "-"}, rule) == []


def test_two_boxes_of_one_row_are_not_both_ticked():
    rule = Check(kind="not-both", field="dos.kept", fields=("dos.kept", "dos.changed"))
    assert judged({"dos[1].kept": "☐", "dos[1].changed": "☑"}, rule) == []
    (problem,) = judged({"dos[1].kept": "☑", "dos[1].changed": "☑"}, rule)
    assert (problem.field, problem.code) == ("dos[1].kept", "not-both")
    assert (
        problem.message_th
        == "แบบ F4 ตารางที่ ๑ แถวที่ ๑ ช่อง ใช้แบบเดิม: เลือกไว้ทั้ง «ใช้แบบเดิม» และ «แก้ไขใหม่» โปรดเลือกเพียงข้อเดียว"
    )


ROW_PERCENT = Check(kind="percent-of", field="dos.percent", of="dos.persons")
ROW_REASON = Check(
    kind="reason", field="dos.note", when_field="dos.changed", when_value="yes", message="โปรดระบุสิ่งที่แก้ไข"
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"dos[3].behaviour": "ประหยัด", "dos[3].persons": "48", "dos[3].percent": "100"}, []),
        ({"dos[2].behaviour": "……", "dos[2].kept": "☐"}, []),
        ({"dos[2].behaviour": "-", "dos[2].persons": "-"}, []),
        ({"dos[2].note": "ก"}, [("dos[2].behaviour", "required"), ("dos[2].persons", "required"), ("dos[2].percent", "required")]),
        ({"dos[2].behaviour": "ก", "dos[2].persons": "-", "dos[2].percent": "0"}, [("dos[2].persons", "unreadable")]),
        ({"dos[1].percent": "60"}, [("dos[1].percent", "percent-mismatch")]),
        ({"dos[1].persons": "49"}, [("dos[1].persons", "range")]),
        ({"dos[1].changed": "☑"}, [("dos[1].note", "reason")]),
        ({"dos[1].changed": "☑", "dos[1].note": "เพิ่มข้อ"}, []),
        ({"dos[1].behaviour": "", "dos[1].persons": "", "dos[1].percent": ""}, [("dos", "rows")]),
    ],
)  # fmt: skip
def test_rows_of_a_growing_table(values, expected):
    assert codes(judged(values, ROW_PERCENT, ROW_REASON)) == expected


def test_places_in_a_table_can_be_found():
    problems = judged({"dos[12].note": "ก"})
    assert problems[0].message_th.startswith("แบบ F4 ตารางที่ ๑ แถวที่ ๑๒ ช่อง พฤติกรรมที่พึงประสงค์: ยังไม่ได้กรอกพฤติกรรม")
    (few,) = judged({"dos[1].behaviour": "", "dos[1].persons": "", "dos[1].percent": ""})
    assert few.message_th.startswith("แบบ F4 ตารางที่ ๑ ตารางพฤติกรรมที่พึงประสงค์: ยังไม่ได้กรอกแถวใด โปรดกรอกอย่างน้อย ๑ แถว")


@pytest.mark.parametrize("where", ["dos", "dos[1]", "dos[1].persons"])
def test_what_is_in_doubt_is_not_checked_against_anything(where):
    spec = FormSpec(id="f4", title="แบบ", version=1, template="f4.docx", fields=FIELDS, checks=(ROW_PERCENT,))
    form = form_of({"dos[1].behaviour": "ก", "dos[1].persons": "3", "dos[1].percent": "90", "persons": "1"})
    doubt = Problem(field=where, code="disagree", message_th="…")
    form = ReturnedForm(**{**vars(form), "problems": (doubt,), "verdict": "review"})
    assert check(spec, form, activities=(), attached=(), headcount=48).problems == (doubt,)


def test_a_row_in_doubt_may_be_the_one_that_is_missing():
    spec = FormSpec(id="f4", title="แบบ", version=1, template="f4.docx", fields=FIELDS)
    doubt = Problem(field="dos[1]", code="row-twice", message_th="…")
    form = ReturnedForm(**{**vars(form_of({"topics": "1"})), "problems": (doubt,), "verdict": "review"})
    assert check(spec, form, activities=(), attached=(), headcount=48).problems == (doubt,)


def test_an_unanswered_list_is_asked_for_and_not_counted():
    asked = Field(key="list", kind="text", label="เรื่องที่กำหนด", required=True)
    fields = tuple(asked if f.key == "list" else f for f in FIELDS)
    found = judged({"topics": "5"}, Check(kind="lines", field="topics", of="list"), fields=fields)
    assert codes(found) == [("list", "required")]


def test_three_boxes_too_many_are_one_problem_however_often_it_is_checked():
    boxes = tuple(Field(key=k, kind="yes_no", label=f"กล่อง {k}") for k in ("a", "b", "c"))
    rule = Check(kind="not-both", field="a", fields=("a", "b", "c"))
    spec = FormSpec(id="f9", title="แบบ", version=1, template="f9.docx", fields=boxes, checks=(rule,))
    once = of_the_bureau(spec, read_back(spec, dict.fromkeys(("a", "b", "c"), "มี")))
    assert codes(list(once.problems)) == [("a", "not-both")]
    assert of_the_bureau(spec, once) == once


# ---------------------------------------------------------------- forms of every shape

THAI = st.text(st.sampled_from("กขคงจชดตนบปมยรลวสหอะาิีุูเแโไ่้"), min_size=2, max_size=12).map(lambda text: f"คำ{text}")
HEADCOUNT = 48
CHOICES = (Choice(value="all", label="ทุกกิจกรรม"), Choice(value="some", label="บางกิจกรรม"))


@st.composite
def plain_fields(draw, key: str) -> tuple[Field, str]:
    """A field of any plain kind and an answer that is right."""
    kind = draw(st.sampled_from(["text", "number", "percent", "count", "yes_no", "choice", "date", "evidence", "box"]))
    required, label = draw(st.booleans()), draw(THAI)
    small = st.integers(1, HEADCOUNT).map(lambda n: draw(st.sampled_from([str(n), to_thai_digits(n), f"{n}\u200b"])))
    made = {
        "text": ({}, draw(THAI)),
        "number": ({"minimum": "1", "maximum": "48"}, draw(small)),
        "percent": ({}, f"ร้อยละ {draw(small)}"),
        "count": ({"maximum": "headcount"}, f"{draw(small)} คน"),
        "yes_no": ({}, draw(st.sampled_from(["มี", "ไม่มี", "☑"]))),
        "choice": ({"choices": CHOICES}, draw(st.sampled_from(["ทุกกิจกรรม", "some"]))),
        "date": ({"minimum": "2022-10-01", "maximum": "2023-09-30"}, "๑๕ มี.ค. ๒๕๖๖"),
        "evidence": ({}, draw(st.sampled_from(["รายงาน.pdf", "https://example.test/x.pdf", "-", "ไม่มี", "ภาพถ่าย"]))),
        "box": ({"choices": BOX}, draw(st.sampled_from(["☐", "☑"]))),
    }
    more, text = made[kind]
    field = Field(key=key, kind="yes_no" if kind == "box" else kind, label=label, required=required, **more)
    optional = not required and kind not in ("box", "evidence") and draw(st.booleans())
    return field, draw(
        st.sampled_from(["", "……", "-"] if kind in ("text", "number", "date") else [""])
    ) if optional else text


GROUPS = st.sampled_from(["percent-of", "sum", "lines", "reason", "needs", "not-both"])


@st.composite
def consistent(draw, key: str, kind: str) -> tuple[tuple[Field, ...], Check, dict[str, str]]:
    """A group of fields that one cross-check binds, with answers that go together."""
    a, b, c = f"{key}a", f"{key}b", f"{key}c"
    if kind == "percent-of":
        n = draw(st.integers(0, HEADCOUNT))
        fields = (("count", a, str(n)), ("percent", b, f"{floor(Fraction(n * 10000, HEADCOUNT)) / 100:.2f}"))
        rule = Check(kind=kind, field=b, of=a)
    elif kind == "sum":
        x, y = draw(st.integers(0, 99)), draw(st.integers(0, 99))
        fields = (("number", a, str(x)), ("number", b, to_thai_digits(y)), ("number", c, str(x + y)))
        rule = Check(kind=kind, field=c, fields=(a, b))
    elif kind == "lines":
        lines = draw(st.lists(THAI, max_size=5))
        fields = (("text", a, "\n".join(lines)), ("count", b, str(len(lines))))
        rule = Check(kind=kind, field=b, of=a)
    elif kind == "not-both":
        fields = (("yes_no", a, draw(st.sampled_from(["มี", "ไม่มี"]))), ("yes_no", b, "ไม่มี"))
        rule = Check(kind=kind, field=a, fields=(a, b))
    else:
        said = draw(st.sampled_from(["มี", "ไม่มี"]))
        fields = (("yes_no", a, said), ("text", b, draw(THAI) if said == "ไม่มี" else ""))
        rule = Check(kind=kind, field=b, when_field=a, when_value="no")
    made = tuple(Field(key=k, kind=field_kind, label=draw(THAI)) for field_kind, k, _ in fields)
    return made, rule, {k: text for _, k, text in fields}


@st.composite
def tables(draw, key: str) -> tuple[Field, Check, dict[str, str]]:
    """A growing table with gaps between its filled rows, and a check inside its rows."""
    kind = draw(GROUPS)
    columns, rule, _ = draw(consistent("x_", kind))
    least = draw(st.integers(0, 2))
    answers: dict[str, str] = {}
    for number in draw(st.lists(st.integers(1, 9), min_size=least, max_size=4, unique=True)):
        texts = {"name": f"{draw(THAI)} {number}", **draw(consistent("x_", kind))[2]}
        answers |= {f"{key}[{number}].{column}": text for column, text in texts.items()}
    name = Field(key="name", kind="text", label="ชื่อ", required=True)
    names = {k: f"{key}.{v}" for k, v in vars(rule).items() if k in ("field", "of", "when_field") and v}
    inside = Check(**{**vars(rule), **names, "fields": tuple(f"{key}.{f}" for f in rule.fields)})
    return Field(key=key, kind="table", label=draw(THAI), minimum=str(least), columns=(name, *columns)), inside, answers


@st.composite
def complete_forms(draw) -> tuple[FormSpec, dict[str, str]]:
    """A form of any shape and everything that stands in it, filled in rightly."""
    fields: list[Field] = [Field(key="sign", kind="signature", label="ลายมือชื่อ", required=True)]
    checks: list[Check] = []
    texts: dict[str, str] = {}
    for n in range(draw(st.integers(0, 4))):
        field, text = draw(plain_fields(f"plain_{n}"))
        fields.append(field)
        texts[field.key] = text
    for n in range(draw(st.integers(0, 2))):
        more, rule, answers = draw(consistent(f"group{n}_", draw(GROUPS)))
        fields, checks, texts = [*fields, *more], [*checks, rule], {**texts, **answers}
    if draw(st.booleans()):
        table, rule, answers = draw(tables("rows"))
        fields, checks, texts = [*fields, table], [*checks, rule], {**texts, **answers}
    return FormSpec(
        id="f9", title="แบบ", version=1, template="f9.docx", fields=tuple(fields), checks=tuple(checks)
    ), texts


def read_back(spec: FormSpec, texts: dict[str, str], problems: tuple[Problem, ...] = ()) -> ReturnedForm:
    answers = {key: Answer(field=key, value=value_of(spec.of_id(key), t), raw=t) for key, t in texts.items()}
    verdict = "review" if problems else "complete"
    return ReturnedForm(
        form=spec.id, token=None, deadline=None, recognised_by=None, answers=answers, problems=problems, verdict=verdict
    )


def of_the_bureau(spec: FormSpec, form: ReturnedForm) -> ReturnedForm:
    return check(spec, form, activities=(), attached=("รายงาน.pdf",), headcount=HEADCOUNT)


@given(complete_forms())
def test_a_complete_form_of_any_shape_has_no_problems(made):
    spec, texts = made
    form = of_the_bureau(spec, read_back(spec, texts))
    assert (form.problems, form.verdict) == ((), "complete")


SPOILED = st.sampled_from(
    ["", "-", "๙๐-๙๕", "๙๙๙", "๗", "ก.pdf", "ทั้งสองข้อ", "31/2/2566", "1 ม.ค. 2500", "☑", "มี", "ก\nข\nค"]
)


@given(st.data(), complete_forms())
def test_whatever_is_wrong_is_said_once_in_words_for_people(data, made):
    spec, texts = made
    spoiled = data.draw(st.dictionaries(st.sampled_from([*texts, "sign"]), SPOILED, max_size=8))
    doubts = data.draw(st.lists(st.sampled_from([*texts, "rows", "rows[1]", ""]), max_size=1))
    before = tuple(Problem(field=name, code="disagree", message_th="…") for name in doubts)
    once = of_the_bureau(spec, read_back(spec, {**texts, **spoiled}, before))
    assert of_the_bureau(spec, once) == once
    assert once.verdict == ("review" if before else "incomplete" if once.problems else "complete")
    for problem in once.problems[len(before) :]:
        assert problem.field not in doubts and problem.field != "sign"
        assert problem.message_th.startswith("แบบ F9 ") and "โปรด" in problem.message_th
        own_words = problem.message_th.removeprefix("แบบ F9 ").replace("ก.pdf", "").replace("31/2/2566", "")
        own_words = re.sub("«[^»]*»", "", own_words)
        assert not re.search("[A-Za-z0-9_\\[\\]]", own_words), problem.message_th


@given(st.dates())
def test_a_date_out_of_its_range_is_named_as_people_write_it(day):
    field = Field(key="day", kind="date", label="วันที่รายงาน", minimum="2022-10-01", maximum="2023-09-30")
    spec = FormSpec(id="f9", title="แบบ", version=1, template="f9.docx", fields=(field,))
    answer = Answer(field="day", value=day.isoformat(), raw=thai_date(day))
    form = ReturnedForm(form="f9", token=None, deadline=None, recognised_by=None, answers={"day": answer})
    found = of_the_bureau(spec, form).problems
    assert [p.code for p in found] == ([] if field.minimum <= day.isoformat() <= field.maximum else ["range"])
    for problem in found:
        assert "โดยต้องอยู่ระหว่างวันที่ ๑ ตุลาคม ๒๕๖๕ ถึงวันที่ ๓๐ กันยายน ๒๕๖๖" in problem.message_th
