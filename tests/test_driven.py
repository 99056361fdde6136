"""Which deadlines an office works on: one for a rehearsal of one, all of the plan without a word said."""

from __future__ import annotations

import shutil
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


def test_a_borrowed_office_knows_the_manifests_or_the_whole_reports_and_touches_neither(tmp_path: Path) -> None:
    """A director's signature is held against the manifest; a preview goes on from the report as it stands."""
    state = tmp_path / "state"
    workspace.open_office(ROOT, state).ledger.close()
    bundle = state / "bundles" / "2566-q2" / "v1"
    bundle.mkdir(parents=True)
    for name in ("manifest.json", "report.docx"):
        (bundle / name).write_bytes(name.encode())
    for reports, names in ((False, ["manifest.json"]), (True, ["manifest.json", "report.docx"])):
        with workspace.borrowed_office(ROOT, state, reports=reports) as office:
            copy = office.state / "bundles" / "2566-q2" / "v1"
            assert sorted(p.name for p in copy.iterdir()) == names
            (copy / "manifest.json").write_bytes(b"changed")
    assert (bundle / "manifest.json").read_bytes() == b"manifest.json"


def test_trying_something_copies_nothing_to_the_web_server(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "office", ignore=shutil.ignore_patterns(".*", "state", "src", "tests", "docs", "benchmarks"))
    settings = tmp_path / "office" / "songthan.toml"
    settings.write_text(settings.read_text("utf-8").replace("upload = []", 'upload = ["false"]'), "utf-8")
    assert workspace.load_settings(tmp_path / "office").website.upload == ("false",)
    with workspace.borrowed_office(tmp_path / "office") as office:
        assert not office.website.uploads
