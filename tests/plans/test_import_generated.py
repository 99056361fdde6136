"""Plans by chance, imported: every row, date, deadline and seat that was put in comes out, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_generator import make_up

from songthan import workspace

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", range(16))
def test_what_was_put_in_comes_out(seed, tmp_path):
    data, ending, made = make_up(seed)
    path = tmp_path / f"plan.{ending}"
    path.write_bytes(data)
    imported = workspace.import_plan_file(path, ROOT)
    plan, roster = imported.documents["plan"], imported.documents["roster"]
    assert {d["id"]: str(d["due"]) for a in plan["activities"] for d in a["deliverables"]} == made.due
    assert {d["id"]: (" ".join(d["forms"]), str(d["external"])) for d in plan["deadlines"]} == made.deadlines
    members = {m["id"]: m for m in roster["members"]}
    people = [[members[s["member"]][k] for k in ("prefix", "given", "family")] for s in roster["seats"]]
    assert [(s["number"], s["role"], *p) for s, p in zip(roster["seats"], people, strict=True)] == made.seats
    organisation = plan["organisation"]
    assert (plan["fiscal_year"], organisation["name"], organisation["parent"]) == (made.year, made.unit, made.parent)
    assert (len(plan["measures"]), len(plan["projects"])) == (made.measures, made.projects)
    asked = {q.field for q in imported.notes.questions}
    for key in (k for k, day in made.due.items() if not day):
        assert f"plan.toml [[activities]] {key} deliverables due" in asked
