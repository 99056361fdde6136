"""Rendering against docxtpl's own loop, reading against opening the file bare: ratios of one run on one machine.

    .venv/bin/python benchmarks/forms.py

The form is the slice of the member with the most activities, filled with long Thai answers.
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from docxtpl import DocxTemplate
from jinja2.sandbox import SandboxedEnvironment
from lxml import etree
from rich.console import Console
from rich.progress import track
from rich.table import Table

from songthan import workspace
from songthan.adapters.form_files import load_form
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.sandbox import Sandbox
from songthan.domain.assignments import assignments_for
from songthan.domain.forms import FormIdentity
from songthan.ports import Expectation
from songthan.steps.fill_form import slice_context

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 60


def rate(work: Callable[[], object], title: str) -> float:
    """How often `work` is done in a second, after one warm-up."""
    work()
    started = time.perf_counter()
    for _ in track(range(ROUNDS), description=title, transient=True):
        work()
    return ROUNDS / (time.perf_counter() - started)


def main() -> None:
    plan = workspace.load_plan(ROOT / "plans/2566")
    deadline = plan.deadline("2566-q2")
    assignment = max(assignments_for(plan, deadline, salt="benchmark"), key=lambda a: len(a.activities))
    text = "ดำเนินการประชุมคณะทำงานและเผยแพร่ประชาสัมพันธ์แก่บุคลากรทุกคน & ผู้เกี่ยวข้อง " * 6
    keys = {"percent": "80", "done": text, "output_reached": "yes", "outcome_reached": "yes", "note": text}
    filled = {a: {k: {"value": v, "carried": False} for k, v in keys.items()} for a in assignment.activities}
    context = slice_context(plan, deadline, assignment, filled)
    folder = ROOT / "templates/docx"
    spec = load_form(folder, "f3")
    identity = FormIdentity(
        form="f3", version=spec.version, deadline=deadline.id, assignment=assignment.id, token=assignment.token
    )
    renderer = DocxRenderer(folder)
    rendered = renderer.form(spec=spec, identity=identity, context=context)

    def docxtpl_loop() -> bytes:
        template = DocxTemplate(folder / "f3.docx")
        environment = SandboxedEnvironment(autoescape=True)
        environment.globals["carried"] = lambda answers, key: False
        template.render(context, jinja_env=environment, autoescape=True)
        out = io.BytesIO()
        template.save(out)
        return out.getvalue()

    def bare_open() -> object:
        with zipfile.ZipFile(io.BytesIO(rendered)) as package:
            return etree.fromstring(package.read("word/document.xml"))

    numbers = tuple((a.id, a.number) for a in plan.activities if a.id in assignment.activities)
    table = Table(title="forms a second, one run")
    for column in ("what", "per second", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right")
    ours = rate(lambda: renderer.form(spec=spec, identity=identity, context=context), "ours")
    theirs = rate(docxtpl_loop, "docxtpl")
    table.add_row("render: Songthan (with identity marks)", f"{ours:.0f}", f"{ours / theirs:.1f} × docxtpl's loop")
    table.add_row("render: docxtpl's own loop (no marks)", f"{theirs:.0f}", "1")
    with Sandbox() as sandbox:
        reader = SandboxedReader(sandbox)
        expectation = Expectation(spec=spec, activities=numbers)
        read = rate(lambda: reader.read(rendered, "f3.docx", expectation), "read")
    floor = rate(bare_open, "bare")
    table.add_row("read: two ways, in the sandbox, one caller", f"{read:.0f}", f"{read / floor:.2f} × the floor")
    table.add_row("floor: unzip and parse document.xml only", f"{floor:.0f}", "1")
    Console().print(table)


if __name__ == "__main__":
    main()
