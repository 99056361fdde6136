"""What `songthan plan check` holds a rubric against: the plan's activities and the forms' fields it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from songthan.commands.paper import day
from songthan.domain.errors import SongthanError
from songthan.domain.forms import FormSpec
from songthan.domain.plans import Plan
from songthan.domain.rubric_values import Rubric

__all__ = ["rubric_findings", "rubric_notes"]


def rubric_notes(plan: Plan, rubric: Rubric) -> list[str]:
    """The days of the rubric that are another year's."""
    fiscal = plan.organisation.fiscal
    old = [day(d) for d in rubric.days() if fiscal.year(d) != plan.fiscal_year]
    return [f"วันใน rubric.toml ไม่อยู่ในปีงบประมาณของแผน: {', '.join(old)}"] if old else []


def rubric_findings(plan: Plan, rubric: Rubric, forms: Mapping[str, FormSpec], folder: Path) -> list[SongthanError]:
    """Every activity or field that rubric.toml names and that is not there."""
    path = folder / "rubric.toml"
    known = {a.id for a in plan.activities}
    found = [
        SongthanError(f"{what} อ้างกิจกรรม «{activity}» ซึ่งไม่มีในแผน", where=f"{path} {table}", remedy="แก้ให้ตรงกับ plan.toml")
        for table, what, activity in _activities(rubric)
        if activity not in known
    ]
    points = {(p.activity, p.what) for p in rubric.activity_points}
    found += [
        SongthanError(f"ไม่มีคะแนนของ «{activity} {what}»", where=f"{path} [[point_words]]", remedy="แก้ activity หรือ what ให้ตรงกับ [[activity_points]]")
        for activity, what in rubric.point_words
        if (activity, what) not in points and activity in {a for a, _ in points}
    ]
    for table, field in _fields(rubric):
        form, _, key = field.partition(".")
        if form in forms and key not in {f.key for f in forms[form].fields}:
            found.append(SongthanError(f"แบบ {form} ไม่มีช่อง «{key}»", where=f"{path} {table}", remedy=f"แก้ให้ตรงกับ templates/docx/{form}.toml"))
    return found


def _activities(rubric: Rubric) -> Iterator[tuple[str, str, str]]:
    for row in rubric.activity_points:
        yield "[[activity_points]]", f"คะแนนของ «{row.what}»", row.activity
    for proof in rubric.evidence:
        for activity in proof.activities:
            yield "[[evidence]]", f"หลักฐานของ {proof.criterion}", activity


def _fields(rubric: Rubric) -> Iterator[tuple[str, str]]:
    for criterion in rubric.criteria:
        for item in criterion.inputs:
            if item.field:
                yield f"[[criteria]] {criterion.id}", item.field
    for proof in rubric.evidence:
        if proof.field:
            yield "[[evidence]]", proof.field
    progress = rubric.progress
    for field in (progress.percent, progress.reached, progress.evidence, progress.done) if progress else ():
        if field:
            yield "[progress]", field
