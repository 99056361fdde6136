"""An agency's plan, read whole: the four tables of plans/YEAR with everything that is doubted and asked beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from songthan.adapters.import_activities import Wording, build_activities, build_measures, build_projects
from songthan.adapters.import_boxes import find_forms
from songthan.adapters.import_cells import Spacing
from songthan.adapters.import_columns import nearest_head
from songthan.adapters.import_deadlines import build_channels, build_deadlines
from songthan.adapters.import_head import read_head, tell_spellings
from songthan.adapters.import_roster import build_roster, find_seats, give_seats
from songthan.adapters.import_rows import find_rows
from songthan.adapters.import_rubric import FormField, build_rubric
from songthan.adapters.import_slips import find_slips, rest_to_check, rows_to_check
from songthan.adapters.import_source import Source
from songthan.domain.errors import DataError
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import BUDDHIST_ERA

__all__ = ["Imported", "OfficeForms", "fields_of", "import_plan", "known_rubric_keys"]


@dataclass(frozen=True, kw_only=True)
class OfficeForms:
    """What the office's own forms tell the import: form id → title, and which field asks for which criterion."""

    titles: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[FormField, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The documents by file stem («plan», «roster», «rubric», «holidays»); no «rubric» when no table of it was found."""

    documents: Mapping[str, Mapping[str, Any]]
    notes: Notebook
    source: Source

    def counts(self) -> dict[str, int]:
        plan = self.documents["plan"]
        return {
            "measures": len(plan["measures"]),
            "guidelines": sum(len(m["guidelines"]) for m in plan["measures"]),
            "projects": len(plan["projects"]),
            "activities": len(plan["activities"]),
            "deliverables": sum(len(a["deliverables"]) for a in plan["activities"]),
            "forms": len(plan["channels"]),
            "deadlines": len(plan["deadlines"]),
            "seats": len(self.documents["roster"]["seats"]),
            "criteria": len(self.documents.get("rubric", {}).get("criteria", ())),
            "levels": len(self.documents.get("rubric", {}).get("levels", ())),
            "doubts": len(self.notes.doubts),
            "questions": len(self.notes.questions),
        }


def import_plan(
    source: Source,
    *,
    office: OfficeForms | None = None,
    year: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Imported:
    """Everything the document says as a year's plan; DataError when it holds no activity table or no fiscal year."""
    office = office or OfficeForms()
    notes = Notebook()
    progress("อ่านหัวเรื่อง")
    head = read_head(source, notes, year=year)
    running = "\n".join(p.text for p in source.paragraphs()) if source.kind == "text" else None
    words = Wording(head=head, spacing=Spacing(source.text(), running))
    progress("อ่านตารางกิจกรรม")
    rows = find_rows(source, notes)
    if not rows.activities:
        place, heads = nearest_head(source)
        seen = f" ที่ใกล้เคียงที่สุดมีหัวตารางว่า {heads}" if heads else ""
        raise DataError(
            f"ไม่พบตารางกิจกรรม (หัวตารางต้องมี โครงการ/กิจกรรม ผลผลิตหรือผลลัพธ์ และระยะเวลา){seen}",
            where=f"{source.name} {place}".strip(), remedy="ตรวจว่าตารางในไฟล์เป็นตารางจริง และหัวตารางใช้คำเหล่านี้",
        )  # fmt: skip
    measures = build_measures(rows, words, notes)
    projects, ids = build_projects(rows, words, measures, notes)
    activities = build_activities(rows, ids, words, notes)
    progress("อ่านแบบรายงานและกรอบกำหนดส่ง")
    forms = find_forms(source, rows.last_block, head, office.titles, notes)
    if not forms:
        # a plan that prints its forms first
        before = replace(source, blocks=source.blocks[: max(rows.first_block, 0)])
        forms = find_forms(before, -1, head, office.titles, notes)
    for form in forms:
        form.title = words.line(form.title, form.place)
    channels = build_channels(forms, notes)
    deadlines = build_deadlines(forms, channels, activities, head.year, notes)
    progress("อ่านคำสั่งแต่งตั้งและเกณฑ์")
    roster = build_roster(find_seats(source, notes), source, head, notes)
    spots = {a["id"]: r.places.get("notes", r.place) for a, r in zip(activities, rows.activities, strict=True)}
    give_seats(activities, roster, spots, notes)
    rubric = build_rubric(source, words, activities, office.fields, notes)
    progress("หาจุดที่น่าสงสัย")
    find_slips(
        source, [*rows_to_check(activities, rows.activities, forms), *rest_to_check(source, rows.last_block)], notes
    )
    tell_spellings(head, source, notes)
    plan = {
        "fiscal_year": head.year,
        "organisation": _organisation(head.name, head.parent, head.plan_title, head.working_group),
        "measures": measures, "projects": projects, "activities": activities, "channels": channels,
        "deadlines": deadlines,
    }  # fmt: skip
    documents: dict[str, Mapping[str, Any]] = {"plan": plan, "roster": roster, "holidays": _holidays(head.year, notes)}
    if rubric is not None:
        documents["rubric"] = rubric
    return Imported(documents=documents, notes=notes, source=source)


def _organisation(name: str, parent: str, title: str, group: str) -> dict[str, Any]:
    return {
        # a word for machines (folders, keys); no reader sees it
        "id": "office", "name": name, "parent": parent, "plan_title": title, "working_group": group, "headcount": 0,
        "language": "th", "calendar": "th-government", "timezone": "Asia/Bangkok", "era": "buddhist", "digits": "thai",
    }  # fmt: skip


def _holidays(year: int, notes: Notebook) -> dict[str, Any]:
    """The country's list without the two days on which government offices work (or which is no office day off)."""
    first = date(year - BUDDHIST_ERA, 1, 1)
    children = first + timedelta(days=(5 - first.weekday()) % 7 + 7)
    notes.ask("holidays.toml", "ตรวจวันหยุดราชการของปีกับมติคณะรัฐมนตรี (วันพืชมงคลและวันหยุดพิเศษ) แล้วเพิ่มหรือถอน")
    return {
        "source": "holidays:TH",
        "remove": [
            {"date": children, "name": "วันเด็กแห่งชาติ", "why": "มิใช่วันหยุดราชการ"},
            {"date": date(year - BUDDHIST_ERA, 5, 1), "name": "วันแรงงานแห่งชาติ", "why": "ส่วนราชการเปิดทำการ"},
        ],
    }


def known_rubric_keys(rubric: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """form field → (key, label) of a rubric.toml the office already uses: scripts go on with the same keys."""
    return {
        str(i["field"]): (str(i["key"]), str(i["label"]))
        for c in rubric.get("criteria", ())
        for i in c.get("inputs", ())
        if "field" in i
    }


def fields_of(forms: Mapping[str, Sequence[Any]], known: Mapping[str, tuple[str, str]]) -> tuple[FormField, ...]:
    """The fields «cN_…» of the office's forms that ask for a criterion's answer. `forms`: id → (key, kind, label) rows."""
    kinds = {"yes_no": "flag", "count": "count", "percent": "percent"}
    found = []
    for form, rows in forms.items():
        for key, kind, label in rows:
            head, _, tail = key.partition("_")
            if kind in kinds and tail and head[:1] == "c" and head[1:].isdigit():
                place = f"{form}.{key}"
                name, text = known.get(place, (tail, label))
                found.append(FormField(place=place, criterion=int(head[1:]), key=name, kind=kinds[kind], label=text))
    return tuple(found)
