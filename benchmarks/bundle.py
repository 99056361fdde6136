"""Bundles: converting, merging and stamping, side by side with bare LibreOffice and a bare merge in one run.

    .venv/bin/python benchmarks/bundle.py                 (all, some three minutes)
    .venv/bin/python benchmarks/bundle.py convert|pages|evidence

Converting is measured against `soffice --headless --convert-to` on the same documents, with a profile that is warm, in
the batch that suits LibreOffice best. Pages are merged and stamped in a process of their own, which tells its peak memory.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pillow_heif
import pypdfium2
from PIL import Image
from pypdf import PdfWriter
from rich.console import Console
from rich.progress import track
from rich.table import Table

from songthan.adapters.assemble_pdf import ExhibitPages, Part, assemble, exhibit_pages
from songthan.adapters.bundle_places import sign_here
from songthan.adapters.convert import _FILTER, LibreOffice, default_fontconfig
from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.sandbox import Sandbox
from songthan.domain.bundles import Exhibit, sha256_of
from songthan.domain.seal_codes import SealCode

ROOT = Path(__file__).resolve().parents[1]
AT = datetime(2023, 3, 17, 3, 30, tzinfo=UTC)
BATCHES, LAPS = (1, 10, 30, 100), 4
PAGES, PER_FILE = 1000, 20
MOST_ADDED, MOST_SECONDS, MOST_MB = 1.10, 10.0, 500
SIGNER = "นางสาวทดสอบ ระบบงาน"


# ------------------------------------------------------------------------------------------------------- converting


def memos(count: int) -> dict[str, bytes]:
    """Memos of a page each, no two alike."""
    renderer = DocxRenderer(ROOT / "templates/docx")
    words = "จัดประชุมชี้แจงบุคลากรทุกกลุ่มงานแล้ว เผยแพร่ทางเว็บไซต์ภายใน เมื่อวันที่ ๑๕ มกราคม ๒๕๖๖ มีผู้เข้าร่วม ๔๕ คน "
    context: dict[str, object] = {
        "organisation": {"name": "สำนักทดสอบ"}, "agency": "สำนักทดสอบ", "date_th": "๑๗ มีนาคม ๒๕๖๖", "to": "ผู้อำนวยการ",
        "closing": "จึงเรียนมาเพื่อโปรดทราบ", "acting": False, "signer": {"name": SIGNER, "position": "ผู้อำนวยการ"},
    }  # fmt: skip
    return {
        str(n): renderer.document(
            template="memo.docx",
            context={**context, "number": f"{n}", "subject": f"เรื่องที่ {n}", "paragraphs": [words * 3] * (1 + n % 4)},
        )
        for n in range(count)
    }


def bare(documents: dict[str, bytes], profile: Path) -> float:
    """Seconds `soffice` takes for the files lying there already."""
    with tempfile.TemporaryDirectory() as name:
        box = Path(name)
        for stem, data in documents.items():
            (box / f"{stem}.docx").write_bytes(data)
        started = time.perf_counter()
        subprocess.run(
            ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", _FILTER, "--outdir",
             str(box / "out"), *(str(box / f"{stem}.docx") for stem in documents)],
            env={"PATH": "/usr/bin:/bin", "HOME": str(profile), "FONTCONFIG_FILE": str(default_fontconfig())},
            check=True, capture_output=True,
        )  # fmt: skip
        taken = time.perf_counter() - started
        assert len(list((box / "out").glob("*.pdf"))) == len(documents)
        return taken


def converting(table: Table) -> None:
    documents, office = memos(max(BATCHES)), LibreOffice()
    with tempfile.TemporaryDirectory() as name:
        profile = Path(name) / "profile"
        bare({"warm": documents["0"]}, profile)
        alone: dict[int, float] = {}
        for size in track(BATCHES, description="bare LibreOffice", transient=True):
            alone[size] = min(bare(dict(list(documents.items())[:size]), profile) for _ in range(2))
        best = min(alone, key=lambda size: alone[size] / size)
        batch = dict(list(documents.items())[:best])
        floor, ours = alone[best], float("inf")
        for _ in track(range(LAPS), description="converting", transient=True):
            floor = min(floor, bare(batch, profile))
            started = time.perf_counter()
            made = office.to_pdf(batch, at=AT)
            ours = min(ours, time.perf_counter() - started)
    assert len(made) == best and all(_pages(pdf) == 1 for pdf in made.values())
    for size, taken in alone.items():
        told = " (its best)" if size == best else ""
        table.add_row(f"bare soffice, {size} documents in a call{told}", f"{taken:.2f} s", f"{size / taken:.1f} a second")
    table.add_row(
        f"Songthan, {best} documents, checked and the same bytes each time", f"{ours:.2f} s",
        f"{ours / floor:.3f} × bare soffice in the same laps ({floor:.2f} s; limit {MOST_ADDED:.2f})", end_section=True,
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ pages


def _pages(pdf: bytes) -> int:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return len(document)
    finally:
        document.close()


def evidence_pdf(pages: int, seed: int) -> bytes:
    """A PDF from elsewhere: text and lines on every page, no two alike."""
    chance, writer = random.Random(seed), PdfWriter()
    for n in range(pages):
        page = writer.add_blank_page(width=595, height=842)
        rows = "".join(
            f"BT /F1 10 Tf 60 {780 - 14 * k} Td (Evidence {seed} page {n} line {k} {chance.random():.12f}) Tj ET\n" for k in range(50)
        )
        _draw(writer, page, rows.encode())
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _draw(writer: PdfWriter, page: object, data: bytes) -> None:
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    made = DecodedStreamObject()
    made.set_data(data)
    name = NameObject
    font = DictionaryObject({name("/Type"): name("/Font"), name("/Subtype"): name("/Type1"), name("/BaseFont"): name("/Helvetica")})
    page[name("/Contents")] = writer._add_object(made.flate_encode())  # type: ignore[index]
    page[name("/Resources")] = DictionaryObject({name("/Font"): DictionaryObject({name("/F1"): font})})  # type: ignore[index]


def photograph(width: int, height: int, seed: int, kind: str = "JPEG") -> bytes:
    """A picture that does not pack well, as a camera's does not."""
    noise = random.Random(seed).randbytes(width * height // 16 * 3)
    picture = Image.frombytes("RGB", (width // 4, height // 4), noise).resize((width, height), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    picture.save(out, kind, quality=90 if kind == "JPEG" else 50)
    return out.getvalue()


def scan(pages: int, seed: int) -> bytes:
    """A scanned file: a picture of 150 dpi a page, nearly a megabyte each."""
    pictures = [Image.open(io.BytesIO(photograph(1240, 1754, seed + n))) for n in range(pages)]
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:], quality=92)
    return out.getvalue()


def strangers(kind: str) -> Iterator[tuple[str, bytes]]:
    """Evidence as it comes: `pages`: PDFs of twenty pages, a thousand in all; `evidence`: also a scan of some
    20 MB and photographs of twelve million points."""
    if kind == "pages":
        yield from ((f"รายงาน {n}.pdf", evidence_pdf(PER_FILE, n)) for n in range(PAGES // PER_FILE - 1))
        yield "รายงานสุดท้าย.pdf", evidence_pdf(PER_FILE - 1, 999)
        return
    yield from ((f"รายงาน {n}.pdf", evidence_pdf(240, n)) for n in range(4))
    yield "สแกน.pdf", scan(24, 100)
    photo, heic = photograph(4032, 3024, 500), photograph(4032, 3024, 600, "HEIF")
    yield from ((f"ภาพ {n}.jpg", photo) for n in range(10))
    yield from ((f"IMG_{n}.HEIC", heic) for n in range(5))


def exhibits(kind: str, folder: Path) -> None:
    """Writes what `one_run` starts from: the memo, and each exhibit with its harmless pages; tells how it went."""
    made: list[dict[str, object]] = []
    with Sandbox() as sandbox:
        for number, (name, data) in enumerate(strangers(kind), 1):
            started = time.perf_counter()
            pages = exhibit_pages(data, sandbox=sandbox)
            taken = time.perf_counter() - started
            assert pages is not None, name
            (folder / f"{number}.pdf").write_bytes(pages)
            made.append({"name": name, "size": len(data), "sha256": sha256_of(data), "seconds": taken, "pages": _pages(pages)})
    (folder / "memo.pdf").write_bytes(LibreOffice().to_pdf(dict([next(iter(memos(1).items()))]), at=AT)["0"])
    (folder / "list.json").write_text(json.dumps(made))


def one_run(folder: Path, what: str) -> dict[str, float]:
    """In a process of its own: seconds, peak memory in MB, pages and size in MB."""
    listed = json.loads((folder / "list.json").read_text())
    files = [(folder / f"{n}.pdf").read_bytes() for n in range(1, len(listed) + 1)]
    memo = (folder / "memo.pdf").read_bytes()
    before, started = _memory("VmHWM"), time.perf_counter()
    made = _merged(memo, files) if what == "bare" else _bundle(memo, files, listed)
    taken = time.perf_counter() - started
    return {
        "seconds": taken, "memory": _memory("VmHWM"), "before": before, "pages": _pages(made), "size": len(made) / 1e6
    }  # fmt: skip


def _merged(memo: bytes, files: list[bytes]) -> bytes:
    writer = PdfWriter()
    for data in (memo, *files):
        writer.append(io.BytesIO(data))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _bundle(memo: bytes, files: list[bytes], listed: list[dict]) -> bytes:
    shown = [
        ExhibitPages(
            exhibit=Exhibit(
                number=n, activity="1", name=item["name"], type="x", sha256=item["sha256"], size=item["size"],
                message_sha256="0" * 64, sender="a@b.example", received=AT,
            ),
            pdf=data,
        )
        for n, (data, item) in enumerate(zip(files, listed, strict=True), 1)
    ]  # fmt: skip
    here, seal = sign_here(memo, SIGNER), "1" * 64
    face = default_fontconfig().parent / "fonts" / "THSarabunNew-Regular.ttf"  # type: ignore[union-attr]
    return assemble(
        [Part(title="บันทึกข้อความ", pdf=here.pdf)], exhibits=shown, title="ชุดเอกสาร", created=AT, seal=seal,
        code=(here.page, *here.code, SealCode(deadline="2566-q2", version=1, seal=seal)), number_font=face.read_bytes(),
    )  # fmt: skip


def _memory(key: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key))


def merging(kind: str, title: str, table: Table) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        exhibits(kind, folder)
        listed = json.loads((folder / "list.json").read_text())
        found = {what: _best(folder, what) for what in ("bare", "ours")}
    opened, size = sum(item["seconds"] for item in listed), sum(item["size"] for item in listed) / 1e6
    ours, floor = found["ours"], found["bare"]
    assert ours["pages"] == floor["pages"]
    table.add_row(f"{title}: opened in the sandbox, {len(listed)} files of {size:.0f} MB", f"{opened:.2f} s", f"slowest {max(i['seconds'] for i in listed):.2f} s")
    table.add_row(f"{title}: pypdf's bare merge, {floor['pages']} pages", f"{floor['seconds']:.2f} s", f"1 (floor), {floor['memory']:.0f} MB")
    table.add_row(
        f"{title}: merged and stamped, {ours['pages']} pages, {ours['size']:.0f} MB", f"{ours['seconds']:.2f} s",
        f"{ours['seconds'] / floor['seconds']:.2f} × the floor (limit {MOST_SECONDS:g} s)",
    )  # fmt: skip
    table.add_row(f"{title}: peak memory of that process", f"{ours['memory']:.0f} MB", f"{ours['before']:.0f} before it began (limit {MOST_MB})", end_section=True)


def _best(folder: Path, what: str) -> dict[str, float]:
    """The quickest of three processes, with the highest memory of them."""
    runs = []
    for _ in track(range(LAPS), description=what, transient=True):
        done = subprocess.run([sys.executable, __file__, "one", str(folder), what], capture_output=True, check=True)
        runs.append(json.loads(done.stdout))
    return {**min(runs, key=lambda run: run["seconds"]), "memory": max(run["memory"] for run in runs)}


PARTS: dict[str, Callable[[Table], None]] = {
    "convert": converting,
    "pages": lambda table: merging("pages", "PDFs", table),
    "evidence": lambda table: merging("evidence", "scan and photographs", table),
}


def main(wanted: list[str]) -> None:
    table = Table(title="Bundles, one run")
    for column in ("what", "taken", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for part, measure in PARTS.items():
        if not wanted or part in wanted:
            measure(table)
    Console().print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["one"]:
        print(json.dumps(one_run(Path(sys.argv[2]), sys.argv[3])))
    else:
        main(sys.argv[1:])
