"""Forms that do not repeat over activities, printed to PDF: every answer is exact or given to a person, none is lost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from songthan.adapters.convert import LibreOffice
from songthan.adapters.form_check import sample_context
from songthan.adapters.form_files import list_forms, load_form
from songthan.adapters.form_layout import layout_of
from songthan.adapters.read_office import read
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.forms import Field, FormIdentity, ReturnedForm
from songthan.ports import Expectation

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"
TOKEN = "ST-7K3D-9QXA-M2PV"
FORMS = [form for form in list_forms(TEMPLATES) if not load_form(TEMPLATES, form).repeat]
LONG = "จัดอบรมให้ความรู้แก่บุคลากรทุกระดับ " * 8 + "จบ"
TEXTS = {
    "short": ("คำตอบ & <ข้อ>", "น้ำใจ", "ทำแล้ว", "ไม่มี"),
    "long": (LONG, "บรรทัดหนึ่ง\nบรรทัด  สอง", "นาย ก  ข", "ก่อน\n\nหลัง"),
}
NUMBERS = {"count": "39", "number": "1,250", "percent": "๗๒.๕", "date": "๑๕ มีนาคม ๒๕๖๖", "evidence": "รายงานผล.pdf"}


@dataclass
class Filler:
    """Answers for every field, texts in turn."""

    texts: tuple[str, ...]
    number: int = 0

    def value(self, field: Field) -> str:
        self.number += 1
        if field.kind in ("choice", "yes_no"):
            values = [c.value for c in field.choices] or ["yes", "no"]
            return values[self.number % len(values)]
        return NUMBERS.get(field.kind) or self.texts[self.number % len(self.texts)]

    def answers(self, fields: tuple[Field, ...], *, carried: bool) -> dict[str, dict[str, object]]:
        return {
            f.key: {"value": self.value(f), "carried": carried, "problem": ""}
            for f in fields
            if f.kind not in ("table", "signature")
        }


def filled(form: str, texts: tuple[str, ...], *, rows: int = 3, carried: bool = False) -> bytes:
    spec = load_form(TEMPLATES, form)
    filler = Filler(texts=texts)
    context = sample_context(spec) | {"token": TOKEN, "answers": filler.answers(spec.fields, carried=carried)}
    context["rows"] = {
        f.key: [
            {"id": f"{f.key}[{n}]", "number_th": "๐๑๒๓๔๕๖๗๘๙"[n], "answers": filler.answers(f.columns, carried=carried)}
            for n in range(1, rows + 1)
        ]
        for f in spec.fields
        if f.kind == "table"
    }
    identity = FormIdentity(form=form, version=spec.version, deadline="2566-q2", assignment="a", token=TOKEN)
    return DocxRenderer(TEMPLATES).form(spec=spec, identity=identity, context=context)


@pytest.fixture(scope="module")
def printed() -> dict[str, tuple[bytes, bytes]]:
    """By «form-kind» the Word file and what LibreOffice printed of it."""
    documents = {f"{form}-{kind}": filled(form, texts) for form in FORMS for kind, texts in TEXTS.items()}
    documents |= {f"{form}-carried": filled(form, TEXTS["short"], carried=True) for form in FORMS}
    documents["f4-many"] = filled("f4", TEXTS["short"], rows=9)
    made = LibreOffice().to_pdf(documents)
    return {name: (documents[name], made[name]) for name in documents}


def both(printed: dict[str, tuple[bytes, bytes]], name: str) -> tuple[ReturnedForm, ReturnedForm]:
    spec = load_form(TEMPLATES, name.partition("-")[0])
    expectation = Expectation(spec=spec, activities=(), layout=layout_of(TEMPLATES, spec))
    word, pdf = (read(data, expectation) for data in printed[name])
    assert word.verdict == "complete" and len(word.answers) > 4
    return word, pdf


@pytest.mark.real
@pytest.mark.parametrize("name", [*(f"{form}-short" for form in FORMS), "f4-many"])
def test_short_answers_are_read_exactly(printed, name):
    word, pdf = both(printed, name)
    assert {k: a.value for k, a in pdf.answers.items()} == {k: a.value for k, a in word.answers.items()}
    assert (pdf.verdict, pdf.problems) == ("complete", ())
    assert (pdf.token, pdf.form, pdf.recognised_by) == (TOKEN, name.partition("-")[0], "footer")
    assert {a.method for a in pdf.answers.values()} == {"pdf-text"}


@pytest.mark.real
@pytest.mark.parametrize("form", FORMS)
def test_notes_of_ours_make_no_answer_wrong(printed, form):
    """They make cells taller, and LibreOffice then cuts rows at the page end."""
    word, pdf = both(printed, f"{form}-carried")
    flagged = {p.field for p in pdf.problems}
    assert {k for k, a in word.answers.items() if pdf.answers[k].value != a.value} <= flagged
    assert set(pdf.answers) == set(word.answers) and len(flagged) <= 4


@pytest.mark.real
@pytest.mark.parametrize("form", FORMS)
def test_what_may_have_been_wrapped_goes_to_a_person_and_nothing_else_does(printed, form):
    word, pdf = both(printed, f"{form}-long")
    flagged = {p.field for p in pdf.problems}
    assert {p.code for p in pdf.problems} <= {"pdf-wrapped"}
    assert set(pdf.answers) == set(word.answers)
    wrong = {k for k, a in word.answers.items() if pdf.answers[k].value != a.value}
    assert wrong <= flagged
    several_lines = {k for k, a in word.answers.items() if len(a.raw) > 100}
    assert several_lines <= flagged <= {k for k, a in word.answers.items() if " " in a.raw or "\n" in a.raw}
