"""Evidence as it comes: every kind becomes pages or is only listed, and nothing breaks the making of a bundle."""

from __future__ import annotations

import io
import zipfile

import pillow_heif
import pypdfium2
import pytest
from archive_rules import broken_rules
from docx import Document
from PIL import Image, ImageCms
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, FloatObject, NameObject, RectangleObject
from test_assemble_pdf import FONT, WHEN, colours, own_pdf, shown, stream, written

from songthan.adapters.assemble_pdf import ExhibitPages, Part, assemble, exhibit_pages, page_count
from songthan.adapters.bundle_exhibits import ExhibitShower
from songthan.adapters.convert import LibreOffice, default_fontconfig
from songthan.adapters.read_exhibit import word_job
from songthan.adapters.sandbox import Sandbox
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.domain.errors import ConversionFailed, EnvironmentNotReady
from songthan.testing.office import DirectRunner

pillow_heif.register_heif_opener()
TURNED = Image.Exif()
TURNED[0x112] = 6  # the camera was held upright: shown, it is turned to the right


def photo(mode: str = "RGB", size: tuple[int, int] = (600, 400)) -> Image.Image:
    """Red in the upper left corner, blue elsewhere."""
    picture = Image.new("RGB", size, "blue")
    picture.paste((255, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def near(pixel: tuple[int, ...], colour: tuple[int, int, int], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize(
    ("data", "red", "blue"),
    [
        (saved(photo(), "HEIF", quality=90), (254, 0, 0), (0, 0, 254)),
        (saved(photo(), "WEBP", quality=95), (254, 0, 0), (0, 0, 254)),
        (saved(photo(), "AVIF", quality=95), (254, 0, 0), (0, 0, 254)),
        (saved(photo(), "BMP"), (254, 0, 0), (0, 0, 254)),
        (saved(photo("P"), "GIF", save_all=True, append_images=[photo("P").rotate(180)]), (254, 0, 0), (0, 0, 254)),
        (saved(photo("CMYK"), "JPEG", quality=95), (254, 0, 0), (0, 0, 254)),
        (saved(photo("L"), "PNG"), (76, 76, 76), (29, 29, 29)),
        (saved(photo("1"), "TIFF", compression="group4"), (76, 76, 76), (29, 29, 29)),
    ],
    ids=["heic", "webp", "avif", "bmp", "moving gif", "cmyk", "grey", "fax"],
)
def test_a_picture_of_any_kind_is_shown_in_its_colours(data: bytes, red: tuple, blue: tuple) -> None:
    with Sandbox() as sandbox:
        pages = ExhibitShower(sandbox).pages(data)
    page = colours(pages, 0)
    assert page_count(pages) == 1 and page.width > page.height
    dots = 90 if red == (76, 76, 76) and data[:2] in (b"II", b"MM") else 12  # a fax has dots for its greys
    small = page.crop((196, 148, 646, 448)).resize((6, 4), Image.Resampling.BOX)
    assert near(small.getpixel((1, 1)), red, dots) and near(small.getpixel((4, 2)), blue, dots)


def test_sixteen_bits_are_not_cut_to_white() -> None:
    ramp = b"".join((n % 600 * 109).to_bytes(2, "little") for n in range(600 * 400))
    page = colours(exhibit_pages(saved(Image.frombytes("I;16", (600, 400), ramp), "PNG")), 0)
    row = [page.getpixel((x, page.height // 2))[0] for x in range(220, 640, 60)]
    assert row == sorted(row) and len(set(row)) == len(row)


@pytest.mark.parametrize("kind", ["HEIF", "JPEG"])
def test_a_photograph_turned_by_its_camera_stands_upright(kind: str) -> None:
    page = colours(exhibit_pages(saved(photo(), kind, quality=95, exif=TURNED.tobytes())), 0)
    assert page.height > page.width
    assert near(page.getpixel((page.width * 3 // 4, page.height // 4)), (254, 0, 0)) and near(
        page.getpixel((page.width // 4, page.height // 4)), (0, 0, 254)
    )


def test_the_colours_of_another_profile_become_a_screens() -> None:
    """A wider red, as a phone's: the same numbers mean another colour."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # red and green change places
    red, green = profile.find(b"rXYZ"), profile.find(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    tagged = saved(photo(), "PNG", icc_profile=bytes(profile))
    assert near(colours(exhibit_pages(saved(photo(), "PNG")), 0).getpixel((300, 250)), (254, 0, 0))
    assert near(colours(exhibit_pages(tagged), 0).getpixel((300, 250)), (0, 254, 0), 30)
    assert exhibit_pages(saved(photo(), "PNG", icc_profile=b"no profile at all")) is not None


def test_every_page_of_a_tiff_is_shown() -> None:
    pages = exhibit_pages(saved(photo(), "TIFF", save_all=True, append_images=[photo(size=(400, 600)), photo("1")]))
    assert [(p.mediabox.width > p.mediabox.height) for p in PdfReader(io.BytesIO(pages)).pages] == [True, False, True]


def test_a_camera_of_a_hundred_million_points_is_shown_and_more_is_only_listed() -> None:
    with Sandbox() as sandbox:
        shower = ExhibitShower(sandbox)
        assert page_count(shower.pages(saved(Image.new("L", (12000, 9000), 128), "JPEG"))) == 1
        assert shower.pages(saved(Image.new("L", (30000, 30000), 128), "PNG")) is None


@pytest.mark.parametrize(
    "data",
    [b"", saved(photo(), "HEIF")[:450], saved(photo(), "JPEG")[:900], saved(photo(), "TIFF")[:900], b"\0\0\0\x18ftypmp42" + bytes(99)],
    ids=["empty", "cut heic", "cut jpeg", "cut tiff", "film"],
)
def test_what_is_no_whole_picture_is_only_listed(data: bytes) -> None:
    with Sandbox() as sandbox:
        assert ExhibitShower(sandbox).pages(data) is None


# Word


def word(*, field: str = "", extra: dict[str, bytes] | None = None) -> bytes:
    document = Document()
    document.add_paragraph("รายงานการประชุม น้ำใจ ๑๒๓")
    out = io.BytesIO()
    document.save(out)
    done = io.BytesIO()
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(done, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if field and name == "word/document.xml":
                data = data.replace(b"<w:p>", f'<w:p><w:fldSimple w:instr=" {field} "><w:r><w:t>16/03/2566</w:t></w:r></w:fldSimple>'.encode(), 1)
            new.writestr(name, data)
        for name, data in (extra or {}).items():
            new.writestr(name, data)
    return done.getvalue()


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.real
def test_a_word_file_is_shown_as_it_was_saved_the_same_each_time() -> None:
    with Sandbox() as sandbox:
        shower = ExhibitShower(sandbox, fonts=default_fontconfig())
        data = word(field=r"DATE \@ dd/MM/yyyy")
        pages = shower.pages(data)
        assert pages == shower.pages(data)
    document = pypdfium2.PdfDocument(pages)
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "รายงานการประชุม น้ำใจ ๑๒๓" in text and "16/03/2566" in text


@pytest.mark.parametrize(
    "data",
    [word(extra={"word/vbaProject.bin": b"x"}), word(field="DDEAUTO c:\\x"), word()[:4000], zipped("xl/workbook.xml"), zipped("ppt/presentation.xml"), zipped("a.txt")],
    ids=["macros", "dde", "cut", "xlsx", "pptx", "zip"],
)  # fmt: skip
def test_what_libreoffice_must_not_open_is_only_listed(data: bytes) -> None:
    def never(_: bytes) -> bytes:
        raise AssertionError("converted")

    with Sandbox() as sandbox:
        assert ExhibitShower(sandbox, convert=never).pages(data) is None


def test_a_word_file_that_libreoffice_cannot_print_is_tried_twice_and_then_listed() -> None:
    calls = []

    def fails(_: bytes) -> bytes:
        calls.append(1)
        raise ConversionFailed("ไม่สำเร็จ")

    assert ExhibitShower(DirectRunner(), convert=fails).pages(word()) is None and len(calls) == 2


def test_without_libreoffice_no_word_file_is_left_out() -> None:
    def missing(_: bytes) -> bytes:
        raise EnvironmentNotReady("ไม่พบ LibreOffice")

    with pytest.raises(EnvironmentNotReady):
        ExhibitShower(DirectRunner(), convert=missing).pages(word())


def test_only_fields_of_today_are_stilled() -> None:
    for field, kept in (("DATE", False), ("time \\@ HH", False), ("PAGE", True), ("DATEX", True)):
        (made,) = word_job(word(field=field), {})[1]
        with zipfile.ZipFile(io.BytesIO(made)) as package:
            assert (f'w:instr=" {field}'.encode() in package.read("word/document.xml")) is kept


# pages of strangers


def strange_pdf(change=lambda page: None, *, parts: int = 1) -> bytes:
    """A page whose drawing reaches its very corners; in several parts, cut between words, and with a state left open."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=300, height=400)
    drawing = [b"q 1 0 0 rg 0 0 300 30 re f", b"0 370 300 30 re f", b"0.5 0 0 0.5 0 0 cm 1 0 0 RG"]
    pieces = drawing if parts > 1 else [b" ".join(drawing)]
    page[NameObject("/Contents")] = ArrayObject([stream(writer, p) for p in pieces])
    change(page)
    return written(writer)


def oddly_boxed(page) -> None:
    page.mediabox = RectangleObject([-50, -40, 350, 460])
    page.cropbox = RectangleObject([0, 0, 300, 400])


@pytest.mark.parametrize(
    "pdf",
    [
        strange_pdf(), strange_pdf(parts=3), strange_pdf(lambda p: p.rotate(90)), strange_pdf(lambda p: p.rotate(270)),
        strange_pdf(lambda p: p.rotate(180)), strange_pdf(oddly_boxed),
        strange_pdf(lambda p: p.update({NameObject("/UserUnit"): FloatObject(2)})),
    ],
    ids=["plain", "in parts", "turned right", "turned left", "upside down", "odd boxes", "in double points"],
)  # fmt: skip
def test_nothing_is_written_over_a_strangers_page(pdf: bytes) -> None:
    data = assemble(
        [Part(title="บันทึก", pdf=own_pdf())], exhibits=[shown(1, pdf, "x.pdf")], title="t", created=WHEN, number_font=FONT.read_bytes()
    )
    document = pypdfium2.PdfDocument(data)
    page = document[1]
    bare = page.get_textpage().get_text_range()
    assert "๒/๒" in bare and "หลักฐานที่ ๑" in bare
    picture, scale = page.render(scale=2).to_pil().convert("RGB"), 2
    for n in range(len(bare)):
        left, bottom, right, top = page.get_textpage().get_charbox(n)
        if right - left < 0.1:
            continue
        # what a viewer shows there: our black words on white, none of the page's red
        x0, y0, x1, y1 = page_pixels(page, (left, bottom, right, top), scale)
        seen = {picture.getpixel((x, y)) for x in range(x0, x1) for y in range(y0, y1)}
        assert not any(r > 150 and g < 100 for r, g, _ in seen), (n, bare[n])
    assert any(r > 200 and g < 50 for _, (r, g, _) in picture.getcolors(1 << 20)), "the page itself is there"
    document.close()


def page_pixels(page, box: tuple[float, ...], scale: int) -> tuple[int, int, int, int]:
    """A box of the page's own points in pixels of its picture."""
    turn = page.get_rotation()
    l0, b0, r0, t0 = page.get_cropbox()
    wide, high = r0 - l0, t0 - b0
    corners = []
    for x, y in ((box[0] - l0, box[1] - b0), (box[2] - l0, box[3] - b0)):
        x, y = {0: (x, y), 90: (y, wide - x), 180: (wide - x, high - y), 270: (high - y, x)}[turn]
        corners.append((x, (wide if turn in (90, 270) else high) - y))
    zoom = page.get_width() / (high if turn in (90, 270) else wide) * scale
    xs, ys = sorted(c[0] * zoom for c in corners), sorted(c[1] * zoom for c in corners)
    return int(xs[0]), int(ys[0]), int(xs[1]), int(ys[1])


@pytest.mark.real
def test_a_bundle_that_says_pdf_a_keeps_its_rules_to_the_last_byte() -> None:
    """Memo by LibreOffice, photographs, a Word file, numbers, QR-less stamps and the empty signature field."""
    with Sandbox() as sandbox:
        shower = ExhibitShower(sandbox, fonts=default_fontconfig())
        files = [word(), saved(photo(), "HEIF"), saved(photo("L"), "PNG"), saved(photo("CMYK"), "JPEG")]
        exhibits = [ExhibitPages(exhibit=shown(n, data).exhibit, pdf=shower.pages(data)) for n, data in enumerate(files, 1)]
    memo = LibreOffice().to_pdf({"m": word()}, at=WHEN)["m"]
    assert broken_rules(memo) == []

    def bundle(files: list[ExhibitPages]) -> bytes:
        made = assemble([Part(title="บันทึก", pdf=memo)], exhibits=files, title="t & <t>", created=WHEN, number_font=FONT.read_bytes())
        return PadesSignatures().prepare(made, field="Director", page=0, box=(300, 100, 500, 160))

    assert broken_rules(bundle(exhibits)) == []
    # a stranger's PDF ends the claim, whatever it says of itself
    assert broken_rules(bundle([*exhibits, shown(5, memo, "x.pdf")])) == ["the metadata does not claim it"]
