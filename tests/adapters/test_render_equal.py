"""Our filling prints what docxtpl's own loop prints: the same document.xml, canonical, save for the numbers of controls
and which rows may break."""

import io
import zipfile
from itertools import count
from pathlib import Path

import pytest
from docxtpl import DocxTemplate
from lxml import etree

from songthan.adapters.form_files import load_form
from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.render_jinja import environment
from songthan.adapters.render_template import bound_parts
from songthan.domain.forms import FormIdentity

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
IDENTITY = FormIdentity(form="f3", version=1, deadline="2566-q2", assignment="a", token="ST-7K3D-9QXA-M2PV")


def bound_template() -> bytes:
    """f3.docx with its controls bound, as docxtpl can read it."""
    members, roots, _ = bound_parts(TEMPLATES / "f3.docx")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in members.items():
            root = roots.get(name)
            package.writestr(
                name, data if root is None else etree.tostring(root, encoding="UTF-8", xml_declaration=True)
            )
    return out.getvalue()


def canonical(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = etree.fromstring(package.read("word/document.xml"))
    # docxtpl leaves a control repeated by a loop with one number, which Word then mends; ours are numbered through
    for number, found in zip(count(1001), root.iterfind(f".//{W}sdtPr/{W}id"), strict=False):
        found.set(f"{W}val", str(number))
    for keep in list(root.iter(f"{W}cantSplit")):  # ours stays on short rows alone (test_render_docx)
        keep.getparent().remove(keep)
    return etree.tostring(root, method="c14n")


def activity(number: str, answers: dict) -> dict:
    return {
        "id": number, "number": "๑.๑", "title": "กิจกรรม & <ตัวอย่าง>", "details": ["หนึ่ง", "สอง"], "outputs": ["คู่มือ ๑ เล่ม"],
        "outcomes": [], "documents": ['รายงาน "ฉบับ" ๑'], "due_th": "๑๕ มีนาคม ๒๕๖๖", "answers": answers,
    }  # fmt: skip


FILLED = {
    "percent": {"value": "๘๐", "carried": True},
    "done": {"value": "จัดประชุมแล้ว & เผยแพร่ <ภายใน>\nเมื่อ\tวันที่ ๑๕", "carried": False},
    "output_reached": {"value": "yes", "carried": True},
    "outcome_reached": {"value": "no", "carried": False, "problem": "โปรดเลือกหนึ่งข้อ"},
    "note": {"value": "", "carried": False, "problem": "โปรดระบุเหตุผล & แก้ไข"},
}


@pytest.mark.parametrize("answers", [{}, FILLED], ids=["blank", "filled"])
def test_document_is_what_docxtpl_prints(answers: dict) -> None:
    context = {
        "organisation": {"name": "สำนัก", "parent": "สำนักงาน", "plan_title": "แผน"},
        "deadline": {"id": "2566-q2", "title": "ไตรมาสที่ ๒", "quarter": 2, "internal_th": "ก", "external_th": "ข"},
        "member": {"full_name": "นายก้องภพ ธาราทิพย์", "position": "วิทยากร", "seat_role": ""},
        "secretary": {"full_name": "นางสาวชลธิชา มั่งมีศรี", "phone": "", "email": "office@bfa.example"},
        "measures": [{"number_th": "๑", "title": "ม", "activities": [activity("1.1", answers), activity("1.7(1)", {})]}],
    }  # fmt: skip
    spec = load_form(TEMPLATES, "f3")
    ours = DocxRenderer(TEMPLATES).form(spec=spec, identity=IDENTITY, context=context)
    template = DocxTemplate(io.BytesIO(bound_template()))
    template.render({**context, "token": IDENTITY.token}, jinja_env=environment(), autoescape=True)
    out = io.BytesIO()
    template.save(out)
    assert canonical(ours) == canonical(out.getvalue())
    assert ("โปรดระบุเหตุผล &amp; แก้ไข".encode() in canonical(ours)) == bool(answers)
