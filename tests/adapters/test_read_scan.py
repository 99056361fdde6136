"""Pictures and scanned PDFs of a printed form: recognised by QR or footer, never answered, the text only suggested."""

from __future__ import annotations

import io
import subprocess
import sys
import zlib
from functools import lru_cache
from pathlib import Path

import pillow_heif
import pypdfium2
import pytest
import segno
from PIL import Image, ImageChops, ImageFilter
from pypdf import PdfReader, PdfWriter

from songthan.adapters import read_scan
from songthan.adapters.read_expectation import args_of
from songthan.adapters.read_office import identify, read
from songthan.adapters.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
sys.path.insert(0, str(Path(__file__).parent))
import returned_builder as build
from test_read_pdf import EXPECTATION, SHORT, raw_pdf

OTHER = "ST-0000-1111-2222"


@lru_cache
def code(text: str) -> Image.Image:
    out = io.BytesIO()
    segno.make(text, error="q", micro=False).save(out, kind="png", scale=10, border=4)
    return Image.open(io.BytesIO(out.getvalue())).convert("L")


@lru_cache
def printed(dpi: int, *texts: str) -> Image.Image:
    """The printed form (LibreOffice's PDF of it) at `dpi`, a QR of 1.7 cm for each text in the lower right corner."""
    document = pypdfium2.PdfDocument(SHORT.read_bytes())
    page = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    document.close()
    side = round(1.7 / 2.54 * dpi)
    for number, text in enumerate(texts):
        place = (page.width - (side + dpi // 2) * (number + 1), page.height - side - dpi // 3)
        page.paste(code(text).resize((side, side), Image.Resampling.LANCZOS), place)
    return page


def encoded(page: Image.Image, kind: str, **how: object) -> bytes:
    out = io.BytesIO()
    page.save(out, kind, **how)
    return out.getvalue()


def turned(page: Image.Image, degrees: float) -> Image.Image:
    return page.rotate(degrees, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)


def faint(page: Image.Image) -> Image.Image:
    """A grey copy of a copy."""
    return page.point(lambda v: int(110 + v * 0.3)).filter(ImageFilter.GaussianBlur(0.8))


def photographed(page: Image.Image) -> Image.Image:
    """As a phone sees it: in perspective on a dark table, under a lamp at one side, not quite sharp, JPEG."""
    wide, high = 3000, 2250
    scale = 0.85 * min(wide / page.width, high / page.height)
    x0, y0 = (wide - page.width * scale) / 2, (high - page.height * scale) / 2
    x1, y1 = wide - x0, high - y0
    lean = (x1 - x0) * 0.1
    corners = [(x0 + lean, y0 + lean / 3), (x1 - lean / 2, y0), (x1, y1 - lean / 5), (x0, y1)]
    source = [(0, 0), (page.width, 0), page.size, (0, page.height)]
    table = page.transform(
        (wide, high), Image.Transform.PERSPECTIVE, perspective(corners, source), Image.Resampling.BICUBIC, fillcolor=80
    )
    lamp = Image.linear_gradient("L").resize((wide, high)).point(lambda v: int(130 + v * 0.45))
    shot = ImageChops.multiply(table, lamp).filter(ImageFilter.GaussianBlur(1.2))
    return Image.open(io.BytesIO(encoded(shot, "JPEG", quality=60)))


def perspective(to: list[tuple[float, float]], source: list[tuple[float, float]]) -> list[float]:
    """Pillow's eight numbers that map each point of `to` back to its point of `source` (Gauss-Jordan)."""
    rows = []
    for (x, y), (u, v) in zip(to, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for i in range(8):
        pivot = max(range(i, 8), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(8):
            if r != i:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[8] for row in rows]


@pytest.mark.parametrize(
    ("dpi", "degrees"), [(150, 0), (150, 90), (150, 180), (150, 270), (150, 3), (200, -5), (300, 180), (300, 7)]
)
def test_the_qr_is_found_however_the_page_lies(dpi, degrees):
    form = identify(encoded(turned(printed(dpi, build.TOKEN), degrees), "PNG", compress_level=1))
    assert (form.token, form.recognised_by, form.form, form.deadline) == (build.TOKEN, "qr", None, None)
    assert (form.verdict, form.answers, [p.code for p in form.problems]) == ("review", {}, ["picture"])


@pytest.mark.parametrize(
    ("dpi", "change"), [(150, faint), (150, photographed), (300, lambda page: photographed(turned(page, 180)))]
)
def test_the_qr_is_found_on_poor_copies_and_photos(dpi, change):
    form = identify(encoded(change(printed(dpi, build.TOKEN)), "JPEG", quality=70))
    assert (form.token, form.recognised_by) == (build.TOKEN, "qr")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("PNG", "I;16"),
        ("PNG", "RGBA"),
        ("PNG", "1"),
        ("TIFF", "1"),
        ("TIFF", "CMYK"),
        ("GIF", "P"),
        ("WEBP", "RGB"),
        ("BMP", "L"),
    ],
)
def test_every_kind_of_picture_is_opened(kind, mode):
    page = printed(150, build.TOKEN)
    if mode == "RGBA":
        page = Image.merge("RGBA", [Image.new("L", page.size)] * 3 + [ImageChops.invert(page)])  # black on nothing
    elif mode == "I;16":
        page = page.convert("I").point(lambda v: v * 200).convert("I;16")
    else:
        page = page.convert(mode)
    assert identify(encoded(page, kind)).token == build.TOKEN


def test_a_camera_that_was_held_upright_is_believed():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert identify(encoded(turned(printed(150, build.TOKEN), 90), "JPEG", exif=exif)).token == build.TOKEN


@pytest.mark.parametrize("degrees", [0, 90])
def test_a_scanned_pdf_is_found_by_its_qr(degrees):
    data = encoded(turned(printed(200, build.TOKEN), degrees), "PDF", resolution=200)
    form = identify(data)
    assert (form.token, form.recognised_by, [p.code for p in form.problems]) == (build.TOKEN, "qr", ["scan"])


def test_a_pdf_whose_text_names_no_form_is_found_by_its_qr():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(raw_pdf(TEXT_PAGE))))
    stamp = PdfReader(io.BytesIO(encoded(code(build.TOKEN).resize((300, 300)), "PDF", resolution=300)))
    writer.pages[0].merge_page(stamp.pages[0])
    out = io.BytesIO()
    writer.write(out)
    form = identify(out.getvalue())
    assert (form.token, form.recognised_by, form.problems) == (build.TOKEN, "qr", ())


CONTENT = b"BT /F1 12 Tf 100 500 Td (no token here) Tj ET"
TEXT_PAGE = [
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
    b"<</Length %d>>stream\n%s\nendstream" % (len(CONTENT), CONTENT),
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
]


def by_ocr(monkeypatch, text: str) -> list[Image.Image]:
    """OCR that always reads `text`; the pages it was shown."""
    shown: list[Image.Image] = []

    def read_page(page: Image.Image, seconds: float) -> str:
        shown.append(page)
        return text

    monkeypatch.setattr(read_scan, "ocr", read_page)
    return shown


def test_two_forms_in_one_picture_are_neither(monkeypatch):
    by_ocr(monkeypatch, "")
    form = read(encoded(printed(150, build.TOKEN, OTHER), "PNG"), EXPECTATION)
    assert (form.token, form.recognised_by, form.verdict) == (None, None, "review")
    assert "identity-mixed" in {p.code for p in form.problems}


def test_a_qr_of_something_else_is_no_mark(monkeypatch):
    by_ocr(monkeypatch, "")
    form = identify(encoded(printed(150, "https://example.test/ST-7K3D-9QXA-M2PV"), "PNG"))
    assert (form.token, form.recognised_by) == (None, None)


@pytest.mark.parametrize(
    ("text", "form_id"),
    [
        ("รหัสแบบ ST-7K3D-9QXA-M2PV . F3 - 2566-q2", "f3"),
        ("รหัสแบบ ST – 7K3D-9QXA - m2pv · official · x", "official"),
        ("ST-7K3D-9QXA-M2PV", None),
    ],
)
def test_the_footer_is_found_by_ocr_where_there_is_no_qr(monkeypatch, text, form_id):
    by_ocr(monkeypatch, f"ข้อความ\n{text}")
    form = identify(encoded(printed(150), "PNG"))
    assert (form.token, form.recognised_by, form.form, form.deadline) == (build.TOKEN, "footer", form_id, None)
    assert form.suggestion == "", "identifying suggests nothing"


def test_letters_that_look_like_digits_are_the_digits(monkeypatch):
    by_ocr(monkeypatch, "ST-OOOO-IILL-2222")
    assert identify(encoded(printed(150), "PNG")).token == "ST-0000-1111-2222"


def test_a_page_upside_down_is_turned_before_ocr(monkeypatch):
    page = printed(150, build.TOKEN)
    shown = by_ocr(monkeypatch, "อ่านได้")
    for degrees in (90, 180, 270):
        form = read(encoded(turned(page, degrees), "PNG"), EXPECTATION)
        assert form.suggestion == "อ่านได้"
        difference = ImageChops.difference(shown[-1], page)
        assert difference.getbbox() is None, degrees


def test_only_the_first_pages_are_read_and_that_is_said(monkeypatch):
    pages = [printed(150, build.TOKEN)] * 5
    shown = by_ocr(monkeypatch, "หน้าหนึ่ง")
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    form = read(data, EXPECTATION)
    assert len(shown) == 3 and form.suggestion == "\n\n".join(["หน้าหนึ่ง"] * 3)
    assert "บางหน้า" in form.problems[0].message_th and form.answers == {}


def test_without_tesseract_the_form_is_known_and_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "")
    form = read(encoded(printed(150, build.TOKEN), "PNG"), EXPECTATION)
    assert (form.token, form.verdict, form.suggestion) == (build.TOKEN, "review", "")
    assert "apt-get install tesseract-ocr tesseract-ocr-tha" in form.problems[0].message_th


def test_ocr_that_is_late_leaves_what_is_there(monkeypatch):
    monkeypatch.setattr(read_scan, "_BUDGET_S", 0.0)
    form = read(encoded(printed(150, build.TOKEN), "PNG"), EXPECTATION)
    assert (form.token, form.verdict, form.suggestion) == (build.TOKEN, "review", "")
    assert "อ่านข้อความจากภาพไม่ได้" in form.problems[0].message_th


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is this large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8000, 8000), (60_000, 60_000), (40_000, 10)])
def test_a_picture_of_monstrous_size_is_refused_unopened(size):
    form = read(png_of(*size), EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems]) == ("refused", ["picture-size"])


def test_an_iphones_picture_is_recognised_like_any_other():
    pillow_heif.register_heif_opener()
    photo = encoded(printed(200, build.TOKEN).convert("RGB"), "HEIF")
    assert photo[4:8] == b"ftyp"
    form = identify(photo)
    assert (form.token, form.recognised_by, [p.code for p in form.problems]) == (build.TOKEN, "qr", ["picture"])


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(40), "เสียหาย"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(40), "เสียหาย"),
        (png_of(100, 100), "เสียหาย"),
        (b"GIF89a" + bytes(3), "เสียหาย"),
    ],
)
def test_a_picture_that_cannot_be_opened_goes_to_a_person(data, word):
    form = read(data, EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems], form.suggestion) == ("review", ["picture"], "")
    assert word in form.problems[0].message_th


@pytest.mark.real
def test_in_the_sandbox_tesseract_reads_thai_and_nothing_becomes_an_answer():
    with Sandbox() as sandbox:
        for page, way in ((turned(printed(200, build.TOKEN), 180), "qr"), (printed(150), "footer")):
            data = encoded(page, "PDF", resolution=200)
            answer, _ = sandbox.run("songthan.adapters.read_office:read_job", data, dict(args_of(EXPECTATION)))
            assert (answer["token"], answer["recognised_by"], answer["verdict"]) == (build.TOKEN, way, "review")
            assert answer["answers"] == {} and [p["code"] for p in answer["problems"]] == ["scan"]
            assert "โปรดให้เจ้าหน้าที่เทียบกับภาพ" in answer["problems"][0]["message_th"]
            assert "กิจกรรมตัวอย่าง" in answer["suggestion"] and "ปรากฏตามแผน" in answer["suggestion"]


@pytest.mark.real
def test_tesseract_without_thai_counts_as_none(tmp_path, monkeypatch):
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    form = read(encoded(printed(150, build.TOKEN), "PNG"), EXPECTATION)
    assert "tesseract-ocr-tha" in form.problems[0].message_th
    assert subprocess.run(["tesseract", "--version"], capture_output=True).returncode == 0
