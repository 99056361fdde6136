"""Answers by themselves: copied rows, papers that must come, the form's own headcount."""

from __future__ import annotations

from songthan.domain.forms import Answer, Field, FormSpec, ReturnedForm
from songthan.domain.returns import check

TABLE = Field(
    key="dos", kind="table", label="พฤติกรรม", rows=5,
    columns=(
        Field(key="what", kind="text", label="พฤติกรรม", required=True),
        Field(key="persons", kind="count", label="จำนวนคน", maximum="headcount"),
    ),
)  # fmt: skip


def checked(*fields: Field, attached: tuple[str, ...] = (), **typed: str) -> list[tuple[str, str, str]]:
    spec = FormSpec(id="f9", title="แบบ", version=1, template="f9.docx", fields=fields)
    answers = {k.replace("__", "."): v for k, v in typed.items()}
    answers = {k.replace("dos1", "dos[1]").replace("dos2", "dos[2]"): v for k, v in answers.items()}
    form = ReturnedForm(
        form="f9", token=None, deadline=None, recognised_by=None,
        answers={k: Answer(field=k, value=v, raw=v) for k, v in answers.items()},
    )  # fmt: skip
    done = check(spec, form, activities=(), attached=attached, headcount=48)
    return [(p.field, p.code, p.message_th) for p in done.problems]


def test_a_copied_row_that_nobody_wrote_over_is_asked_about() -> None:
    found = checked(TABLE, dos1__what="มาตรงเวลา", dos1__persons="4", dos2__what="มาตรงเวลา", dos2__persons="4")
    assert [(field, code) for field, code, _ in found] == [("dos[2].what", "rows")]
    assert "เหมือนกับแถวที่ ๑ ทุกช่อง" in found[0][2]
    assert checked(TABLE, dos1__what="มาตรงเวลา", dos1__persons="4", dos2__what="มาตรงเวลา", dos2__persons="5") == []


def test_papers_that_must_come_are_not_answered_by_none() -> None:
    paper = Field(key="paper", kind="evidence", label="แบบ ๑", required=True, minimum="1")
    for nothing in ("ไม่มี", "-"):
        ((field, code, words),) = checked(paper, paper=nothing)
        assert (field, code) == ("paper", "required") and "แนบไฟล์" in words and "ไม่มี»" not in words
    assert checked(paper, paper="แบบ ๑.pdf", attached=("แบบ ๑.pdf",)) == []
    # where none may be none, it is an answer
    assert checked(Field(key="paper", kind="evidence", label="ก", required=True), paper="ไม่มี") == []


def test_the_forms_own_headcount_is_the_upper_end() -> None:
    headcount = Field(key="headcount", kind="count", label="จำนวนบุคลากร", minimum="1")
    assert checked(headcount, TABLE, headcount="52", dos1__what="ก", dos1__persons="50") == []
    ((_, code, words),) = checked(TABLE, dos1__what="ก", dos1__persons="50")
    assert code == "range" and "๔๘ (จำนวนบุคลากรทั้งหมด)" in words
