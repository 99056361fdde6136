"""The code on the page to sign is read back from a scan, says what it should, and covers nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from songthan.adapters.assemble_code import SIDE
from songthan.adapters.assemble_pdf import Part, assemble
from songthan.adapters.bundle_press import Press
from songthan.adapters.convert import default_fontconfig
from songthan.adapters.sandbox import Sandbox
from songthan.domain.seal_codes import SealCode, read_payload
from songthan.testing.office import paper

SEAL = "0123456789abcdef" * 4
CODE = SealCode(deadline="2566-q2", version=3, seal=SEAL)
AT = datetime(2023, 3, 16, tzinfo=UTC)


@pytest.fixture(scope="module")
def face() -> bytes:
    return (default_fontconfig().parent / "fonts" / "THSarabunNew-Regular.ttf").read_bytes()


def scanned(pdf: bytes, *, dpi: int, turn: float = 0.0, blur: float = 0.0) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    picture = document[0].render(scale=dpi / 72).to_pil().convert("L")
    document.close()
    return picture.rotate(turn, fillcolor=255, expand=True).filter(ImageFilter.GaussianBlur(blur))


@pytest.mark.parametrize(("dpi", "turn", "blur"), [(300, 0, 0), (200, 2.5, 0.8), (150, -4, 0.7), (150, 180, 0.5)])
def test_a_scan_tells_deadline_version_and_seal(face: bytes, dpi: int, turn: float, blur: float) -> None:
    pdf = assemble(
        [Part(title="บันทึก", pdf=paper(["one"]))], title="t", created=AT, seal=SEAL, code=(0, 85.0, 60.0, CODE), number_font=face
    )
    (found,) = zxingcpp.read_barcodes(scanned(pdf, dpi=dpi, turn=turn, blur=blur))
    assert read_payload(found.text) == CODE
    corners = [found.position.top_left, found.position.top_right]
    side = ((corners[0].x - corners[1].x) ** 2 + (corners[0].y - corners[1].y) ** 2) ** 0.5
    assert side / dpi * 25.4 >= 24.8, "at least 25 mm, to the scan's pixel"
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    assert "0123-4567-89AB-CDEF" in text


def test_the_same_bundle_is_the_same_bytes_and_another_version_is_not(face: bytes) -> None:
    def made(code: SealCode) -> bytes:
        parts = [Part(title="บันทึก", pdf=paper(["one"]))]
        return assemble(parts, title="t", created=AT, seal=SEAL, code=(0, 85.0, 60.0, code), number_font=face)

    assert made(CODE) == made(CODE) != made(SealCode(deadline="2566-q2", version=4, seal=SEAL))


@given(text=st.one_of(st.text(max_size=120), st.just(CODE.payload + "0"), st.just(CODE.payload.replace(":3:", ":0:"))))
def test_a_strangers_code_is_none_of_ours(text: str) -> None:
    assert read_payload(text) is None


def test_a_place_is_found_beside_the_signature_and_never_on_words(tmp_path: Path) -> None:
    press = Press(tmp_path, sandbox=Sandbox(), signatures=None, fonts=None)  # type: ignore[arg-type]
    box = (300.0, 300.0, 500.0, 360.0)
    left, bottom = press.code_place(paper(["one line"]), 0, box)
    assert left == 85.0 and bottom + SIDE <= 842
    assert press.code_place(paper(["x" * 120] * 55, per_page=55), 0, box) is None
    words = paper(["x" * 40] * 55, per_page=55)
    left, bottom = press.code_place(words, 0, box)
    text = pypdfium2.PdfDocument(words)[0].get_textpage()
    for n in range(text.count_rects()):
        x0, y0, x1, y1 = text.get_rect(n)
        assert x1 <= left or x0 >= left + SIDE or y1 <= bottom or y0 >= bottom + SIDE
