"""The cast plays an office whose forms it has never seen: it is told what fits each field, in the office's own writing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from songthan.domain.answers import value_of
from songthan.domain.forms import Field, FormSpec
from songthan.practice_world import lay_down
from songthan.workspace import load_plan

PLAN = load_plan(Path(__file__).parents[2] / "plans" / "2566")
FIELDS = (
    Field(key="budget", kind="number", label="งบ", minimum="0"),
    Field(key="staff", kind="count", label="คน", minimum="3"),
    Field(key="met", kind="date", label="วัน", minimum="2024-10-01"),
    Field(key="detail", kind="text", label="รายละเอียด"),
    Field(key="percent", kind="percent", label="ร้อยละ"),
    Field(key="rows", kind="table", label="ตาราง", columns=(Field(key="cost", kind="number", label="ราคา"),)),
)


def test_the_cast_is_told_what_fits(tmp_path: Path) -> None:
    form = FormSpec(id="r1", title="แบบ", version=1, template="r1.docx", fields=FIELDS)
    told = replace(PLAN, play={"answers": {"staff": ["๗ คน"]}})
    people = json.loads((lay_down(told, tmp_path, fontconfig=None, forms=[form]) / "people.json").read_text("utf-8"))
    answers = people["script"]["answers"]
    # what the plan's own cast.toml says goes first; free text and what the cast knows are left to it
    assert answers["staff"] == ["๗ คน"] and set(answers) == {"budget", "staff", "met", "cost"}
    kinds = {f.key: f for f in (*FIELDS, *FIELDS[-1].columns)}
    assert all(value_of(kinds[key], typed) is not None for key, (typed,) in answers.items())
