"""The same ledger gives the same bytes: of every file, in every folder, zone and language, at any time of day."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pillow_heif
import pypdfium2
import pytest
from desk import DOCX, Q2, Desk, fill
from PIL import Image
from pypdf import PdfReader

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.bundles import Manifest
from songthan.domain.errors import ConversionFailed
from songthan.testing.office import paper

AGAIN = Path(__file__).with_name("compile_again.py")
EXHIBITS = ("สรุปการประชุม.docx", "ภาพกิจกรรม.HEIC", "คำสั่ง.pdf")


def collected(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger with everything answered, one member with evidence, and LibreOffice out of order."""
    desk = Desk(state, ledger=SqliteLedger(state / "ledger.sqlite"))
    desk.tick()
    photo = io.BytesIO()
    pillow_heif.register_heif_opener()
    Image.new("RGB", (320, 200), "green").save(photo, "HEIF")
    minutes = desk.form_of(desk.member("s06"))
    files = [(EXHIBITS[0], DOCX, _other(minutes)), (EXHIBITS[1], "image/heic", photo.getvalue()), (EXHIBITS[2], "application/pdf", paper(["order"]))]
    for seat in ("s06", "s08"):
        desk.answer(seat)
    member = desk.member("s04")
    form = fill(desk.form_of(member), evidence="\n".join(EXHIBITS))
    desk.reply(member, to=desk.mails(member, "request")[-1], files=(("แบบรายงาน.docx", DOCX, form), *files))

    def broken(*_: object, **__: object) -> dict:
        raise ConversionFailed("ไม่พร้อม")

    monkeypatch.setattr(desk.office.converter, "to_pdf", broken)
    desk.tick("2023-03-02 09:00")
    assert desk.ledger.deadline_state(Q2).value == "COLLECTED"
    assert [r["name"] for r in desk.ledger.returns.evidence(Q2)] == list(EXHIBITS)


def _other(_: bytes) -> bytes:
    from docx import Document

    document, out = Document(), io.BytesIO()
    document.add_paragraph("สรุปการประชุม ครั้งที่ ๑")
    document.save(out)
    return out.getvalue()


def made(state: Path, now: str, **environment: str) -> dict[str, bytes]:
    """Every file of the bundle that another process makes of this state."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(AGAIN.parents[2] / "src"), str(AGAIN.parent)]), **environment}
    subprocess.run([sys.executable, str(AGAIN), str(state), now], env=env, check=True, capture_output=True)
    folder = state / "bundles" / Q2 / "v1"
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.real
def test_two_runs_on_the_same_ledger_give_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "one", tmp_path / "elsewhere" / "and-deeper"
    first.mkdir()
    collected(first, monkeypatch)
    shutil.copytree(first, second)
    one = made(first, "2023-03-02 09:15", TZ="Asia/Bangkok", LANG="th_TH.UTF-8", PYTHONHASHSEED="1")
    two = made(second, "2023-03-03 16:05", TZ="America/New_York", LC_ALL="de_DE.UTF-8", PYTHONHASHSEED="4711")
    assert list(one) == list(two) and {name for name in one if one[name] != two[name]} == set()

    manifest = Manifest.from_json(one["manifest.json"])
    assert [e.name for e in manifest.exhibits] == list(EXHIBITS)
    document = pypdfium2.PdfDocument(one["bundle.pdf"])
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    # the number in the table, on the list, above the page and in the bookmark is one
    reader = PdfReader(io.BytesIO(one["bundle.pdf"]))
    outline = {i.title: reader.get_destination_page_number(i) for i in reader.outline[-1]}
    for number, exhibit in zip("๑๒๓", manifest.exhibits, strict=True):
        named = [n for n, text in enumerate(texts, 1) if number + exhibit.name in "".join(text.split())]
        assert named and named[-1] < exhibit.page, "in the table of the report"
        assert f"หลักฐานที่ {number}" in texts[exhibit.page - 1]
        assert outline[f"หลักฐานที่ {number} {exhibit.name}"] == exhibit.page - 1
    total = "".join(chr(ord("๐") + int(d)) for d in str(len(texts)))
    assert all(f"{''.join(chr(ord('๐') + int(d)) for d in str(n))}/{total}" in text for n, text in enumerate(texts, 1))
