"""Invented plans of the agency's shape, imported, against what a person read in them (`import/*.golden.json`)."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import plan_docx_maker
import plan_docx_split
import pytest

from songthan import workspace
from songthan.adapters.import_cells import bare
from songthan.domain.thai import to_arabic_digits, to_thai_digits

ROOT = Path(__file__).parents[2]
PLANS = Path(__file__).with_name("import")
MAKERS = {"word-over-pages": plan_docx_maker.make_plan, "word-split-2570": plan_docx_split.make_plan}
NAMES = (
    "another-bureau-2568", "boxes-first-2571", "short-dates-2567", "html-tables-2569", "markdown-2571", *MAKERS,
)  # fmt: skip


@pytest.fixture(scope="module", params=NAMES)
def case(request, tmp_path_factory):
    """(what was imported, what a person read)."""
    path = PLANS / f"{request.param}.txt"
    if not path.is_file():
        path = tmp_path_factory.mktemp("word") / f"{request.param}.docx"
        path.write_bytes(MAKERS[request.param]())
    golden = json.loads((PLANS / f"{request.param}.golden.json").read_text("utf-8"))
    return workspace.import_plan_file(path, ROOT), golden


def same(a: object, b: object) -> bool:
    """Equal but for white space: where a line broke a word no rule is sure."""
    return bare(json.dumps(a, ensure_ascii=False)) == bare(json.dumps(b, ensure_ascii=False))


def test_whose_plan_it_is(case):
    imported, golden = case
    plan = imported.documents["plan"]
    assert plan["fiscal_year"] == golden["fiscal_year"]
    assert {k: plan["organisation"][k] for k in golden["organisation"]} == golden["organisation"]


def test_measures_guidelines_and_projects(case):
    imported, golden = case
    plan = imported.documents["plan"]
    assert {str(m["number"]): m["title"] for m in plan["measures"]} == golden["measures"]
    assert {g["id"]: g["title"] for m in plan["measures"] for g in m["guidelines"]} == golden["guidelines"]
    assert {p["id"]: [p["title"], p["measure"], p["guideline"]] for p in plan["projects"]} == golden["projects"]


def test_every_row_with_its_texts(case):
    imported, golden = case
    found = {a["id"]: a for a in imported.documents["plan"]["activities"]}
    assert list(found) == list(golden["activities"])
    for key, wanted in golden["activities"].items():
        a = found[key]
        for column in ("title", "details", "outputs", "outcomes"):
            assert same(a[column], wanted[column]), (key, column)
        assert a["seats"] == wanted["seats"]
        assert a.get("source_lines") == wanted["lines"]
        assert [[t["kind"], t["value"]] for t in a["targets"]] == wanted["targets"]


def test_every_dated_document(case):
    imported, golden = case
    activities = imported.documents["plan"]["activities"]
    assert {d["id"]: str(d["due"]) for a in activities for d in a["deliverables"]} == golden["deliverables"]


def test_what_is_submitted_when_and_how(case):
    imported, golden = case
    plan = imported.documents["plan"]
    deadlines = {
        d["id"]: [
            " ".join(d["forms"]),
            str(d["internal"]),
            str(d.get("internal_to", "")),
            str(d["external"]),
            d["activities"],
        ]
        for d in plan["deadlines"]
    }
    assert deadlines == golden["deadlines"] and list(deadlines) == list(golden["deadlines"])
    keys = ("registry", "website", "evidence", "pictures", "full_marks")
    assert {f: {k: c.get(k) for k in keys} for f, c in plan["channels"].items()} == golden["channels"]


def test_the_seats_as_the_order_prints_them(case):
    imported, golden = case
    roster = imported.documents["roster"]
    members = {m["id"]: m for m in roster["members"]}
    found = [
        [s["number"], s["role"], *(members[s["member"]][k] for k in ("prefix", "given", "family"))]
        for s in roster["seats"]
    ]
    assert found == golden["seats"]
    assert {k: roster["office"][k] for k in golden["office"]} == golden["office"]
    assert all(m["email"] == "" for m in members.values()), "no address is printed, none may be invented"


def test_the_rubric_as_conditions(case):
    imported, golden = case
    rubric = imported.documents.get("rubric", {"criteria": [], "silent": [], "levels": []})
    scores = {
        c["id"]: [[x.get("at_least", "flag") for x in s["all"]] if "all" in s else None for s in c["scores"]]
        for c in rubric["criteria"]
    }
    assert scores == golden["scores"]
    assert {c["id"]: sorted(i["field"] for i in c["inputs"] if "field" in i) for c in rubric["criteria"]} == golden[
        "fields"
    ]
    silent = [s["criterion"] for s in rubric["silent"]]
    assert {c: silent.count(c) for c in silent} == golden["silent"]
    levels = [[x["level"], x["criteria"], x["each_at_least"], x["sum_at_least"]] for x in rubric["levels"]]
    assert levels == golden["levels"]


def test_every_oddity_is_doubted_beside_its_place(case):
    imported, golden = case
    doubts = imported.notes.doubts
    for code, about, place in golden["doubts"]:
        assert any(d.code == code and d.about == about and place in d.place for d in doubts), (code, about, place)
    # of the kinds a person listed in full there is none besides
    whole = ("bracket", "misplaced-box", "numbering", "two-dates", "roster", "date")
    listed = [(c, a) for c, a, _ in golden["doubts"] if c in whole]
    assert sorted({(d.code, d.about) for d in doubts if d.code in whole}) == sorted(listed)


def test_what_is_not_printed_is_asked(case):
    imported, golden = case
    asked = {q.field for q in imported.notes.questions}
    assert set(golden["questions"]) <= asked
    blank = [a["id"] for a in imported.documents["plan"]["activities"] if not a["seats"]]
    assert {f"plan.toml [[activities]] {i} seats" for i in blank} == {f for f in asked if f.endswith(" seats")}


def test_the_folder_can_be_looked_at_and_is_refused_until_it_is_filled_in(case, tmp_path):
    imported, golden = case
    workspace.write_import(imported, workspace.compare_import(imported, tmp_path), tmp_path)
    draft = workspace.load_plan(tmp_path, draft=True)
    assert [a.id for a in draft.activities] == list(golden["activities"])
    if any(q.field.startswith("rubric.toml [[criteria]]") for q in imported.notes.questions):
        with pytest.raises(workspace.DataError):
            workspace.load_rubric(tmp_path)
    elif "rubric" in imported.documents:
        assert len(workspace.load_rubric(tmp_path).criteria) == len(golden["scores"])
    findings = workspace.open_questions(tmp_path)
    assert any("headcount" in f.remedy for f in findings) and any("email" in f.remedy for f in findings)
    assert sum("seats" in f.remedy for f in findings) == sum(not a.seats for a in draft.activities)
    with pytest.raises(workspace.DataError):
        workspace.load_plan(tmp_path)


VARIANTS = {
    "all Arabic digits": to_arabic_digits,
    "all Thai digits": to_thai_digits,
    "line ends of Windows, with a mark": lambda t: "\ufeff" + t.replace("\n", "\r\n"),
    "tables as Markdown": lambda t: "\n".join(
        f"| {x.replace(chr(9), ' | ')} |" if "\t" in x else x for x in t.split("\n")
    ),
    "tables as HTML": lambda t: re.sub(r"(?:^.*\t.*\n)+", _as_html, t, flags=re.M),
    "a blank line before each row": lambda t: t.replace("\n\t", "\n\n\t"),
    "no blank line at all": lambda t: re.sub("\n\n+", "\n", t),
    "months broken by a line end": lambda t: t.replace("กรกฎาคม", "กรก ฎาคม").replace("เมษายน", "เม ษายน"),
    "columns in another order": lambda t: "\n".join(_turned(x.split("\t")) for x in t.split("\n")),
}


def _as_html(match: re.Match[str]) -> str:
    """Rows as `<tr>`, one a line; a heading row as one cell over six."""
    rows = []
    for line in match[0].splitlines():
        cells = line.split("\t")
        wide = [x for x in cells if x]
        row = (
            f'<td colspan="{len(cells)}">{wide[0]}</td>'
            if len(wide) == 1 and wide[0] == cells[0]
            else "".join(f"<td>{x}</td>" for x in cells)
        )
        rows.append(f"<tr>{row}</tr>")
    return "<table>" + "\n".join(rows) + "</table>\n"


def _turned(cells: list[str]) -> str:
    return "\t".join([cells[k] for k in (0, 1, 4, 5, 2, 3)] if len(cells) == 6 else cells)


@pytest.mark.parametrize("name", VARIANTS)
def test_how_the_text_is_laid_out_does_not_matter(name, tmp_path):
    golden = json.loads((PLANS / "another-bureau-2568.golden.json").read_text("utf-8"))
    path = tmp_path / "variant.txt"
    text = (PLANS / "another-bureau-2568.txt").read_text("utf-8")
    path.write_text(VARIANTS[name](text), encoding="utf-8", newline="")
    documents = workspace.import_plan_file(path, ROOT).documents
    plan = documents["plan"]
    assert {d["id"]: str(d["due"]) for a in plan["activities"] for d in a["deliverables"]} == golden["deliverables"]
    assert {d["id"]: str(d["external"]) for d in plan["deadlines"]} == {k: d[3] for k, d in golden["deadlines"].items()}
    assert [[s["number"], s["role"]] for s in documents["roster"]["seats"]] == [s[:2] for s in golden["seats"]]
    assert {c["id"]: len(c["scores"]) for c in documents["rubric"]["criteria"]} == {k: 4 for k in golden["scores"]}


def test_the_same_plan_gives_the_same_review_in_every_process(tmp_path):
    """Sets of texts are ordered anew in each process; nobody may see that."""
    pages = []
    for seed in ("1", "2"):
        out = tmp_path / seed
        words = [
            sys.executable,
            "-m",
            "songthan.cli",
            "plan",
            "import",
            str(PLANS / f"{NAMES[0]}.txt"),
            "--out",
            str(out),
        ]
        done = subprocess.run(
            words, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, timeout=120
        )
        assert done.returncode == 0, done.stderr.decode()
        pages.append({p.name: p.read_bytes() for p in out.iterdir()})
    assert pages[0] == pages[1] and "review.html" in pages[0]
