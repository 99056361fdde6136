"""The blank forms as a member receives them, what the reader is told about them, and the invented office they belong to.

The only module here that touches Songthan: a member too starts from the form that Songthan sent.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from songthan.adapters.form_files import load_form
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.forms import FormIdentity, FormSpec
from songthan.ports import Expectation

__all__ = [
    "ACTIVITIES",
    "CORPUS",
    "FORMS",
    "HEADCOUNT",
    "TOKENS",
    "blank",
    "choice_values",
    "expectation",
    "field_ids",
    "is_lone",
    "kind_of",
    "spec_of",
]

ROOT = Path(__file__).parents[3]
CORPUS = Path(__file__).parents[1]
FORMS = ("f3", "f1", "f2", "f4", "f5", "official")
TEMPLATES = ROOT / "templates/docx"
HEADCOUNT = 48
ACTIVITIES = (("1.4(1)", "๑.๔ (๑)"), ("1.7(2)", "๑.๗ (๒)"), ("2.1", "๒.๑"))
TOKENS = {
    "f3": "ST-7K3D-9QXA-M2PV", "f1": "ST-4H8N-2WQC-7T9B", "f2": "ST-9M2P-6XKD-3F5J", "f4": "ST-3B7R-8ZTE-5K2W",
    "f5": "ST-6Q4V-1YGH-8N3C", "official": "ST-2D9X-5MJA-4R7P",
}  # fmt: skip
DEADLINES = {"f3": "2566-q2", "f4": "2566-q2-f4", "official": "2566-outstanding"}
_SECRETARY = {"full_name": "นางสาวพิมพ์ลดา ใจสมมุติ", "phone": "๐ ๒๐๐๐ ๐๐๐๐", "email": "secretary@example.test"}
_MEMBER = {"full_name": "นายธีรเดช ตัวอย่างดี", "position": "นักวิเทศสัมพันธ์ชำนาญการ", "seat_role": "คณะทำงาน"}


@cache
def spec_of(form: str) -> FormSpec:
    """The form as data, read the way the product reads it."""
    return load_form(TEMPLATES, form)


def expectation(form: str) -> Expectation:
    """What the office's reader knows of the form."""
    spec = spec_of(form)
    if spec.repeat:
        return Expectation(spec=spec, activities=ACTIVITIES)
    return Expectation(spec=spec, activities=(), layout=DocxRenderer(TEMPLATES).layout(spec))


def field_ids(form: str) -> dict[str, str]:
    """Every id that is asked for, with its kind; a growing table's ids for the rows that are laid out."""
    spec = spec_of(form)
    if spec.repeat:
        return {f"{activity}.{f.key}": f.kind for activity, _ in ACTIVITIES for f in spec.fields}
    ids = {}
    for item in spec.fields:
        if item.kind == "table":
            rows = range(1, item.rows + 1)
            ids |= {f"{item.key}[{n}].{c.key}": c.kind for n in rows for c in item.columns}
        elif item.kind != "signature":
            ids[item.key] = item.kind
    return ids


def choice_values(form: str, field_id: str) -> tuple[str, ...]:
    """The values of a field's boxes, in order."""
    values = tuple(c.value for c in spec_of(form).of_id(field_id).choices) or ("yes", "no")
    return (*values, "no") if is_lone(form, field_id) else values


def is_lone(form: str, field_id: str) -> bool:
    """Is this a tick box standing alone?"""
    item = spec_of(form).of_id(field_id)
    return item.kind == "yes_no" and len(item.choices) == 1


def kind_of(form: str, field_id: str) -> str:
    """The kind of any field id, rows that a member added included; «text» for what is no field."""
    try:
        return spec_of(form).of_id(field_id).kind
    except KeyError:
        return "text"


def _activity(number: int, answers: dict) -> dict[str, object]:
    activity, printed = ACTIVITIES[number]
    titles = ("โครงการปลุกจิตสำนึกรักสำนัก", "กิจกรรมแบ่งปันน้ำใจสู่ชุมชน", "กิจกรรมเรียนรู้ระเบียบการเงินร่วมกัน")
    return {
        "id": activity, "number": printed, "title": titles[number], "details": [],
        "due_th": "๑๕ มีนาคม ๒๕๖๖", "outputs": ["บุคลากรเข้าร่วม ร้อยละ ๘๐"],
        "outcomes": ["บุคลากรมีจิตสาธารณะเพิ่มขึ้น"], "documents": [], "answers": answers.get(activity, {}),
    }  # fmt: skip


def _context(form: str, answers: dict) -> dict[str, object]:
    deadline = DEADLINES.get(form, "2566-annual")
    context: dict[str, object] = {
        "organisation": {
            "name": "สำนักตัวอย่างงานต่างถิ่น", "parent": "สำนักงานสมมุติแห่งชาติ", "plan_title": "แผนบูรณาการ",
            "headcount_th": "๔๘",
        },
        "deadline": {
            "id": deadline, "title": "ไตรมาส ๒ ปีงบประมาณ พ.ศ. ๒๕๖๖", "quarter": 2, "internal_th": "๑๕ มีนาคม ๒๕๖๖",
            "external_th": "๒๐ มีนาคม ๒๕๖๖",
        },
        "member": _MEMBER, "secretary": _SECRETARY, "token": TOKENS[form],
    }  # fmt: skip
    if form == "f3":
        measures = (("๑", "การขับเคลื่อนคุณธรรมในองค์กร", (0, 1)), ("๒", "การเรียนรู้ร่วมกัน", (2,)))
        context["measures"] = [
            {"number_th": n, "title": title, "activities": [_activity(i, answers) for i in which]}
            for n, title, which in measures
        ]
        return context
    tables = [f for f in spec_of(form).fields if f.kind == "table"]
    rows = {
        t.key: [
            {"id": f"{t.key}[{n}]", "number_th": "๐๑๒๓๔๕๖๗๘๙"[n] if n < 10 else "๑๐", "answers": {}}
            for n in range(1, t.rows + 1)
        ]
        for t in tables
    }
    scores = {**{f"c{n}": "" for n in range(1, 10)}, "total": "", "level": ""}
    return context | {
        "year": {"this_th": "๒๕๖๖", "last_th": "๒๕๖๕", "before_th": "๒๕๖๔"},
        "director": {"name": "นายมั่นคง สมมุติวงศ์", "position": "ผู้อำนวยการสำนักตัวอย่างงานต่างถิ่น"},
        "answers": answers, "rows": rows, "scores": scores,
    }  # fmt: skip


def blank(form: str, answers: dict | None = None, *, token: str = "", deadline: str = "") -> bytes:
    """The form as mailed out (docx); `answers` are carried from before ({row: {key: {"value", "carried"}}} for F3).

    `token` and `deadline` make it the form of another assignment.
    """
    context = _context(form, answers or {})
    if deadline:
        context["deadline"] = {**context["deadline"], "id": deadline}  # type: ignore[dict-item]
    identity = FormIdentity(
        form=form, version=spec_of(form).version, deadline=deadline or str(context["deadline"]["id"]),  # type: ignore[index]
        assignment="a1", token=token or TOKENS[form],
    )  # fmt: skip
    return DocxRenderer(TEMPLATES).form(spec=spec_of(form), identity=identity, context=context)


if __name__ == "__main__":
    sys.stdout.buffer.write(blank(sys.argv[1]))
