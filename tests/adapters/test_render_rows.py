"""What LibreOffice prints of our tables: every row of every slice and of the merged report is on the paper.

LibreOffice 7.4 loses all rows behind a first row that may not break and just fits its page; the renderer keeps clear of it.
"""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pdfplumber
import pytest

from songthan.adapters.convert import LibreOffice, default_fontconfig
from songthan.adapters.form_files import load_form
from songthan.adapters.plan_files import load_plan
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.assignments import assignments_for
from songthan.domain.bundles import Exhibit
from songthan.domain.forms import Answer, FormIdentity
from songthan.domain.reports import appendix, merge_report
from songthan.domain.thai import to_thai_digits
from songthan.steps.fill_form import slice_context

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates" / "docx"


def first_cells(pdf: bytes) -> set[str]:
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        rows = [row for page in opened.pages for table in page.extract_tables() for row in table]
    return {re.sub(r"\s+", "", row[0] or "") for row in rows}


@pytest.mark.real
def test_no_row_is_lost_on_paper() -> None:
    plan = load_plan(ROOT / "plans" / "2566")
    deadline = plan.deadline("2566-q2")
    spec = load_form(TEMPLATES, "f3")
    renderer = DocxRenderer(TEMPLATES)
    text = "ดำเนินการประชุมคณะทำงานและเผยแพร่ประชาสัมพันธ์แก่บุคลากรทุกคน " * 4
    slices = sorted(assignments_for(plan, deadline, salt="s", forms={"f3": spec}), key=lambda a: -len(a.activities))
    documents, wanted = {}, {}
    numbers = {a.id: re.sub(r"\s+", "", a.number) for a in plan.activities}
    for asked in slices[:6]:
        filled = {a: {"done": {"value": text, "carried": False}} for a in asked.activities}
        identity = FormIdentity(form="f3", version=1, deadline=deadline.id, assignment=asked.id, token=asked.token)
        context = slice_context(plan, deadline, asked, filled)
        documents[asked.seat] = renderer.form(spec=spec, identity=identity, context=context)
        wanted[asked.seat] = {numbers[a] for a in asked.activities}
    answers = {
        f"{a.id}.{key}": Answer(field=f"{a.id}.{key}", value=value, raw=value)
        for a in plan.activities
        for key, value in {"percent": "80", "done": text, "output_reached": "yes", "outcome_reached": "yes"}.items()
    }
    documents["report"] = renderer.document(template="f3_report.docx", context=merge_report(plan, deadline, answers))
    wanted["report"] = set(numbers.values())
    exhibits = tuple(
        Exhibit(number=n, activity="1.1", name=f"หลักฐาน {n}.pdf", type="application/pdf", sha256="0" * 64, size=1,
                message_sha256="0" * 64, sender="a@b.example", received=datetime(2023, 3, 1, tzinfo=UTC))
        for n in range(1, 41)
    )  # fmt: skip
    documents["appendix"] = renderer.document(template="appendix.docx", context=appendix(plan, deadline, exhibits, {}))
    wanted["appendix"] = {to_thai_digits(n) for n in range(1, 41)}
    pdfs = LibreOffice(fontconfig=default_fontconfig()).to_pdf(documents)
    lost = {name: sorted(rows - first_cells(pdfs[name])) for name, rows in wanted.items()}
    assert not {name: rows for name, rows in lost.items() if rows}
