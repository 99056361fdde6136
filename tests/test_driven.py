"""Which deadlines an office works on: one for a rehearsal of one, all of the plan without a word said."""

from __future__ import annotations

from pathlib import Path

from songthan import workspace

ROOT = Path(__file__).resolve().parents[1]


def test_a_state_folder_is_bound_to_its_deadlines_in_the_plans_order(tmp_path: Path) -> None:
    every = [d.id for d in workspace.open_office(ROOT, tmp_path / "free").driven_deadlines]
    assert every[0] == "2566-q2" and every[-1] == "2566-q4" and len(every) == 6
    bound = tmp_path / "bound"
    bound.mkdir()
    workspace.write_driven(bound, ["2566-q4", "2566-q2"])
    assert [d.id for d in workspace.open_office(ROOT, bound).driven_deadlines] == ["2566-q2", "2566-q4"]


def test_a_borrowed_office_works_on_the_same(tmp_path: Path) -> None:
    workspace.write_driven(tmp_path, ["2566-july"])
    workspace.open_office(ROOT, tmp_path).ledger.close()  # type: ignore[attr-defined]
    with workspace.borrowed_office(ROOT, tmp_path) as office:
        assert [d.id for d in office.driven_deadlines] == ["2566-july"]
