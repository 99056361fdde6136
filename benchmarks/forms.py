"""Forms filled and read, side by side with the peers: rates and ratios of one run on one machine.

    .venv/bin/python benchmarks/forms.py

The form is a three-page slice of F3: seven of the quarter's activities, every field filled. The peers of node are
installed into a temporary folder; without npm or its registry their rows say so.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from docxtpl import DocxTemplate
from forms_peers import PEERS, PeersMissing, measure_peers, texts_of
from lxml import etree
from rich.console import Console
from rich.progress import track
from rich.table import Table

from songthan import workspace
from songthan.adapters.form_files import load_form
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.render_jinja import environment
from songthan.adapters.render_template import bound_parts
from songthan.adapters.sandbox import Sandbox
from songthan.domain.assignments import assignments_for, token_for
from songthan.domain.forms import FormIdentity, FormSpec
from songthan.ports import Expectation
from songthan.steps.fill_form import slice_context

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "templates/docx"
ACTIVITIES = slice(8, 15)  # of the quarter's, in the plan's order: seven, which make three pages
LAPS, READS, CALLERS = 7, 200, 2
MEMORY_LIMIT = 150  # MB a worker
DONE = "จัดประชุมชี้แจงบุคลากรทุกกลุ่มงานแล้ว & เผยแพร่ทางเว็บไซต์ภายใน เมื่อวันที่ ๑๕ มกราคม ๒๕๖๖\nมีผู้เข้าร่วม ๔๕ คน"
ANSWERS = {
    "percent": "80", "done": DONE, "output_reached": "yes", "outcome_reached": "no",
    "evidence": "รายงานการประชุม.pdf\nhttps://intranet.example/news/12", "note": "อยู่ระหว่างดำเนินการ",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """The form every row is about."""

    spec: FormSpec
    identity: FormIdentity
    context: Mapping[str, object]
    numbers: tuple[tuple[str, str], ...]


def the_case() -> Case:
    plan = workspace.load_plan(ROOT / "plans/2566")
    deadline, spec = plan.deadline("2566-q2"), load_form(FOLDER, "f3")
    first = assignments_for(plan, deadline, salt="benchmark", forms={"f3": spec})[0]
    chosen = plan.activities_of(deadline)[ACTIVITIES]
    assignment = replace(first, activities=tuple(a.id for a in chosen))
    filled = {a.id: {k: {"value": v, "carried": False} for k, v in ANSWERS.items()} for a in chosen}
    identity = FormIdentity(
        form="f3", version=spec.version, deadline=deadline.id, assignment=assignment.id, token=assignment.token
    )
    context = slice_context(plan, deadline, assignment, filled)
    return Case(spec=spec, identity=identity, context=context, numbers=tuple((a.id, a.number) for a in chosen))


def rates(works: Mapping[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """How often each is done in a second: the best of several laps, each lap doing all of them in turn."""
    best = dict.fromkeys(works, 0.0)
    for work, _ in works.values():
        work()
    for _ in track(range(LAPS), description="filling", transient=True):
        for name, (work, times) in works.items():
            started = time.perf_counter()
            for _ in range(times):
                work()
            best[name] = max(best[name], times / (time.perf_counter() - started))
    return best


def docxtpl_loop(case: Case) -> Callable[[], bytes]:
    """docxtpl as its manual shows it, on our template with its controls bound: it prints the same document.xml."""
    members, roots, _ = bound_parts(FOLDER / "f3.docx")
    bound = io.BytesIO()
    with zipfile.ZipFile(bound, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members.items():
            root = roots.get(name)
            package.writestr(
                name, data if root is None else etree.tostring(root, encoding="UTF-8", xml_declaration=True)
            )
    context = {**case.context, "token": case.identity.token}

    def fill() -> bytes:
        template = DocxTemplate(bound)
        template.render(context, jinja_env=environment(), autoescape=True)
        out = io.BytesIO()
        template.save(out)
        return out.getvalue()

    return fill


def document_of(docx: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        return package.read("word/document.xml")


def canonical(docx: bytes) -> bytes:
    """document.xml by C14N, controls numbered through (docxtpl repeats a loop's numbers, which Word then mends)."""
    root = etree.fromstring(document_of(docx))
    space = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    for number, found in zip(count(1001), root.iterfind(f".//{space}sdtPr/{space}id"), strict=False):
        found.set(f"{space}val", str(number))
    for keep in list(root.iter(f"{space}cantSplit")):  # ours stays on short rows alone
        keep.getparent().remove(keep)
    return etree.tostring(root, method="c14n")


def deflated(data: bytes) -> bytes:
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflate.compress(data) + deflate.flush()


def peers(case: Case, rendered: bytes) -> dict[str, float | str]:
    """Forms a second of the peers in node, or why there is no figure."""
    context = {**case.context, "token": case.identity.token}
    with tempfile.TemporaryDirectory() as name:
        try:
            found = measure_peers(FOLDER / "f3.docx", context, rounds=60, folder=Path(name))
        except PeersMissing as missing:
            return dict.fromkeys(PEERS, f"not measured: {missing}")
        for peer in PEERS:
            made = Path(name) / f"{peer}.out.docx"
            if made.exists() and texts_of(made.read_bytes()) != texts_of(rendered):
                found[peer] = "not measured: its document holds other words"
    return found


def reading(case: Case, rendered: bytes) -> tuple[float, float]:
    """(forms read a second through the sandbox by several callers, the largest worker's memory in MB)."""
    expectation = Expectation(spec=case.spec, activities=case.numbers)
    with Sandbox(size=CALLERS) as sandbox, ThreadPoolExecutor(CALLERS) as callers:
        reader = SandboxedReader(sandbox)

        def read(_: int) -> str:
            return reader.read(rendered, "f3.docx", expectation).answers[f"{case.numbers[0][0]}.done"].raw

        assert set(callers.map(read, range(4))) == {DONE}, "the form is not read as it was filled"
        started, memory = time.perf_counter(), 0.0
        for n, _ in enumerate(
            track(callers.map(read, range(READS)), total=READS, description="reading", transient=True)
        ):
            if n % 20 == 0:
                memory = max(memory, _largest_child())
        return READS / (time.perf_counter() - started), max(memory, _largest_child())


def _largest_child() -> float:
    """The most memory (peak, MB) any living process below this one has had resident."""
    parents: dict[int, int] = {}
    peaks: dict[int, float] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue  # it has just ended
        pid = int(status.parent.name)
        parents[pid], peaks[pid] = int(lines["PPid"]), int(lines.get("VmHWM", "0 kB").split()[0]) / 1024
    ours = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return max((peaks[pid] for pid in ours - {os.getpid()}), default=0.0)


def main() -> None:
    case, renderer = the_case(), DocxRenderer(FOLDER)

    def ours(identity: FormIdentity) -> bytes:
        return renderer.form(spec=case.spec, identity=identity, context=case.context)

    rendered, docxtpl = ours(case.identity), docxtpl_loop(case)
    document = document_of(rendered)
    same = canonical(rendered) == canonical(docxtpl())
    tokens = (token_for(str(n), salt="benchmark") for n in count())
    found = rates(
        {
            "new": (lambda: ours(replace(case.identity, token=next(tokens))), 40),
            "again": (lambda: ours(case.identity), 40),
            "docxtpl": (docxtpl, 3),
            "floor": (lambda: deflated(document), 100),
            "bare": (lambda: etree.fromstring(document_of(rendered)), 100),
        }
    )
    others = peers(case, rendered)
    read, memory = reading(case, rendered)

    table = Table(
        title=f"F3, {len(case.numbers)} activities (3 pages), document.xml {len(document) // 1024} KB, one run"
    )
    for column in ("what", "per second", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right")
    base, floor = found["docxtpl"], found["floor"]
    for name, title in (
        ("new", "fill: Songthan, another token (QR) each time"),
        ("again", "fill: Songthan, the same form again"),
    ):
        ratio = f"{found[name] / base:.1f} × docxtpl, {found[name] / floor:.2f} × the floor"
        table.add_row(title, f"{found[name]:.0f}", ratio)
    table.add_row(
        "fill: docxtpl's own loop, no marks, no QR", f"{base:.1f}", f"document.xml the same: {'yes' if same else 'NO'}"
    )
    for peer in PEERS:
        rate = others[peer]
        shown = (
            (f"{rate:.1f}", f"Songthan {found['new'] / rate:.1f} ×") if isinstance(rate, float) else ("–", str(rate))
        )
        table.add_row(f"fill: npm {peer}, no marks, no QR", *shown)
    table.add_row("floor of filling: deflate document.xml (zlib's level 6)", f"{floor:.0f}", "1", end_section=True)
    ratio = f"{read / found['bare']:.2f} × the floor"
    table.add_row(f"read: in the sandbox, {CALLERS} callers", f"{read:.0f}", ratio)
    table.add_row("floor of reading: unzip and parse document.xml only", f"{found['bare']:.0f}", "1")
    table.add_row("memory of the largest worker, MB", f"{memory:.0f}", f"limit {MEMORY_LIMIT}")
    Console().print(table)


if __name__ == "__main__":
    main()
