"""The code on the page to sign is read back from a scan, says what it should, and covers nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from songthan.adapters.assemble_code import SIDE
from songthan.adapters.assemble_pdf import Part, assemble
from songthan.adapters.bundle_places import sign_here
from songthan.adapters.convert import default_fontconfig
from songthan.domain.errors import ConversionFailed
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


NAME = "(นางสาวพิมพ์ลดา)"


def memo(lines: list[str], *, name_at: int) -> bytes:
    """A memo of one page with the name of who signs on that line."""
    return paper([*lines[:name_at], " " * 70 + NAME, *lines[name_at:]], per_page=56)


@pytest.mark.parametrize(
    ("pdf", "squeezed"),
    [
        (memo(["one line"] * 3, name_at=3), False),
        (memo(["x" * 40] * 40, name_at=35), False),
        (memo(["x" * 120] * 55, name_at=54), True),
        (memo(["x" * 120] * 55, name_at=1), True),
        (memo(["x" * 120] * 30, name_at=20), False),
    ],
    ids=["short", "half the width", "full, signed at its foot", "full, signed at its head", "full above"],
)
def test_the_code_stands_on_the_page_to_sign_and_never_on_words(face: bytes, pdf: bytes, squeezed: bool) -> None:
    here = sign_here(pdf, NAME)
    assert (here.pdf != pdf) is squeezed
    bundle = assemble(
        [Part(title="บันทึก", pdf=here.pdf)], title="t", created=AT, seal=SEAL, code=(here.page, *here.code, CODE), number_font=face
    )
    (found,) = zxingcpp.read_barcodes(scanned(bundle, dpi=150))
    assert read_payload(found.text) == CODE
    left, bottom = here.code
    square = (left, bottom, left + SIDE, bottom + SIDE)
    assert left >= 20 and left + SIDE <= 575 and bottom + SIDE <= 842
    document = pypdfium2.PdfDocument(here.pdf)
    text = document[here.page].get_textpage()
    boxes = [text.get_rect(n) for n in range(text.count_rects())]
    document.close()
    for x0, y0, x1, y1 in [*boxes, here.box]:
        assert x1 <= square[0] or x0 >= square[2] or y1 <= square[1] or y0 >= square[3]
    # the signature still stands on its name
    assert any(y1 <= here.box[1] <= y1 + 8 and x0 < here.box[2] for x0, _, x1, y1 in boxes)


def test_a_memo_without_its_signers_name_is_no_memo() -> None:
    with pytest.raises(ConversionFailed, match="ไม่พบชื่อ"):
        sign_here(paper(["one"]), NAME)
