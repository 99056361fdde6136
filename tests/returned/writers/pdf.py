"""Forms printed to PDF, filled in as PDF forms, printed again, edited, scanned."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pdfplumber
from PIL import Image, ImageDraw
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, BooleanObject, DictionaryObject, FloatObject, NameObject, TextStringObject

from writers import paper, programs
from writers.ooxml import paragraph
from writers.sheet import Sheet, Writer, filled

__all__ = ["WRITER", "lowered", "pages_as_pictures", "printed"]

WRITER = Writer("pdf")
_ROWS = ("1.4(1)", "1.7(2)", "2.1")
_COLUMNS = {"percent": 2, "done": 3, "evidence": 6, "note": 7}
_A4 = (842, 595)


def printed(data: bytes) -> bytes:
    """A Word file printed to PDF by LibreOffice."""
    return programs.convert({"form": data}, "pdf")["form"]


def lowered(sheet: Sheet, lines: int) -> bytes:
    """The Word file with empty lines typed at its top: every page break falls elsewhere."""
    sheet.docx.body[:0] = [paragraph("") for _ in range(lines)]
    return sheet.docx.bytes()


def pages_as_pictures(pdf: bytes, dpi: int = 100) -> list[Image.Image]:
    """The pages as grey pictures, as a scanner sees them."""
    pictures = []
    for number in range(1, len(PdfReader(io.BytesIO(pdf)).pages) + 1):
        command = ["pdftoppm", "-r", str(dpi), "-f", str(number), "-l", str(number), "-gray", "-"]
        done = subprocess.run(command, input=pdf, check=True, capture_output=True)
        pictures.append(Image.open(io.BytesIO(done.stdout)))
    return pictures


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _scanned(pictures: list[Image.Image], quality: int = 35) -> bytes:
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:], resolution=100, quality=quality)
    return out.getvalue()


def _cells(pdf: bytes) -> dict[str, tuple[int, tuple[float, float, float, float]]]:
    """Where the text fields' cells lie: field id → (page, box from the lower left), found on the blank print."""
    found: dict[str, tuple[int, tuple[float, float, float, float]]] = {}
    names = {"๑.๔(๑)": "1.4(1)", "๑.๗(๒)": "1.7(2)", "๒.๑": "2.1"}
    with pdfplumber.open(io.BytesIO(pdf)) as document:
        for number, page in enumerate(document.pages):
            for table in page.find_tables():
                for row in table.rows:
                    box = row.cells[0]
                    # The letters of the row below reach into this one's box: its own stand first.
                    lines = page.crop(box).extract_text().splitlines() if box else []
                    activity = names.get("".join(lines[0].split())) if lines else None
                    for key, column in _COLUMNS.items() if activity else ():
                        x0, top, x1, bottom = row.cells[column]
                        found[f"{activity}.{key}"] = (
                            number,
                            (x0 + 2, page.height - bottom + 2, x1 - 2, page.height - top - 2),
                        )
    return found


def _widget(kind: str, name: str, box: tuple[float, ...], value: object) -> DictionaryObject:
    widget = DictionaryObject({
        NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Widget"),
        NameObject("/FT"): NameObject(kind), NameObject("/T"): TextStringObject(name), NameObject("/F"): FloatObject(4),
        NameObject("/Rect"): ArrayObject([FloatObject(n) for n in box]), NameObject("/V"): value,
    })  # fmt: skip
    if kind == "/Tx":
        widget[NameObject("/DA")] = TextStringObject("/Helv 10 Tf 0 g")
    else:
        widget[NameObject("/AS")] = value
    return widget


def _with_fields(pdf: bytes, sheet: Sheet, *, ticks: bool = True) -> bytes:
    """The blank print with AcroForm fields named by our ids, holding the answers."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    fields = ArrayObject()
    places = _cells(pdf)

    def add(page: int, widget: DictionaryObject) -> None:
        reference = writer._add_object(widget)
        fields.append(reference)
        annotations = writer.pages[page].get("/Annots") or ArrayObject()
        annotations.append(reference)
        writer.pages[page][NameObject("/Annots")] = annotations

    for key, entry in sheet.fields.items():
        if key in places:
            page, box = places[key]
            add(page, _widget("/Tx", key, box, TextStringObject(entry.typed or "")))
        elif ticks:
            page, box = places[f"{key.rpartition('.')[0]}.percent"]
            for n, value in enumerate(("yes", "no")):
                state = NameObject("/Yes" if entry.typed == value else "/Off")
                corner = (box[2] + 240 + 12 * n, box[1], box[2] + 250 + 12 * n, box[1] + 10)
                add(page, _widget("/Btn", f"{key}={value}", corner, state))
    form = DictionaryObject({NameObject("/Fields"): fields, NameObject("/NeedAppearances"): BooleanObject(True)})
    writer.root_object[NameObject("/AcroForm")] = form
    return _written(writer)


@WRITER.case(start="plain", suffix=".pdf")
def printed_short(sheet: Sheet) -> bytes:
    """Printed by LibreOffice, short answers."""
    return printed(sheet.docx.bytes())


@WRITER.case(suffix=".pdf")
def printed_long(sheet: Sheet) -> bytes:
    """Printed by LibreOffice, answers that wrap."""
    sheet.either()
    return printed(sheet.docx.bytes())


@WRITER.case(start="blank", suffix=".pdf")
def printed_empty(sheet: Sheet) -> bytes:
    """The empty form printed."""
    return printed(sheet.docx.bytes())


@WRITER.case(start="plain", suffix=".pdf")
def printed_by_ghostscript(sheet: Sheet) -> bytes:
    """Printed to PDF, and that printed to PDF again by Ghostscript."""
    sheet.either()
    return programs.ghostscript(printed(sheet.docx.bytes()))


@WRITER.case(start="plain", suffix=".pdf")
def printed_by_cairo(sheet: Sheet) -> bytes:
    """Printed to PDF and drawn again by cairo."""
    sheet.either()
    return programs.redraw(printed(sheet.docx.bytes()))


@WRITER.case(start="plain", suffix=".pdf")
def printed_smaller(sheet: Sheet) -> bytes:
    """Printed at four fifths of its size in the middle of the sheet."""
    sheet.either()
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(printed(sheet.docx.bytes()))))
    for page in writer.pages:
        page.add_transformation((0.8, 0, 0, 0.8, 84, 60))
    return _written(writer)


@WRITER.case(suffix=".pdf", expect="any")
def form_fields_filled(sheet: Sheet) -> bytes:
    """Made into a PDF form by somebody, fields named like ours, and filled in there."""
    sheet.either()
    return _with_fields(printed(Sheet().docx.bytes()), sheet)


@WRITER.case(suffix=".pdf", expect="any")
def form_fields_texts_only(sheet: Sheet) -> bytes:
    """A PDF form for the texts; the boxes stayed print, ticked before."""
    sheet.either()
    boxes = Sheet()
    for key in [k for k in sheet.fields if k.endswith("_reached")]:
        boxes.choose(key, sheet.fields[key].typed or "")
    return _with_fields(printed(boxes.docx.bytes()), sheet, ticks=False)


@WRITER.case(start="plain", suffix=".pdf", expect="any")
def fields_over_print(sheet: Sheet) -> bytes:
    """A filled form printed, and PDF fields with other answers on top: two truths."""
    other = filled(6, plain=True)
    sheet.either()
    for key in other.fields:
        if not key.endswith("_reached"):
            sheet.says(key, other.fields[key].typed, other.fields[key].means, "any")
    return _with_fields(printed(sheet.docx.bytes()), other, ticks=False)


def _annotated(pdf: bytes, kind: str, box: tuple[float, ...], text: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    note = DictionaryObject({
        NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject(kind),
        NameObject("/Rect"): ArrayObject([FloatObject(n) for n in box]), NameObject("/Contents"): TextStringObject(text),
        NameObject("/DA"): TextStringObject("/Helv 12 Tf 0 g"),
    })  # fmt: skip
    if kind == "/StrikeOut":
        x0, y0, x1, y1 = box
        note[NameObject("/QuadPoints")] = ArrayObject([FloatObject(n) for n in (x0, y1, x1, y1, x0, y0, x1, y0)])
    page = writer.pages[0]
    annotations = page.get("/Annots") or ArrayObject()
    annotations.append(writer._add_object(note))
    page[NameObject("/Annots")] = annotations
    return _written(writer)


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def typed_onto_the_print(sheet: Sheet) -> bytes:
    """«Add text» in a PDF viewer: another percent stands on top of the printed one."""
    pdf = printed(sheet.docx.bytes())
    _, box = _cells(pdf)["1.4(1).percent"]
    sheet.either()
    sheet.says("1.4(1).percent", "๕๕", "55", "flag")
    return _annotated(pdf, "/FreeText", box, "๕๕")


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def struck_out_in_the_viewer(sheet: Sheet) -> bytes:
    """The percent struck out with the viewer's tool, nothing put in its place."""
    pdf = printed(sheet.docx.bytes())
    _, box = _cells(pdf)["1.7(2).percent"]
    sheet.either()
    sheet.says("1.7(2).percent", None, None, "flag")
    return _annotated(pdf, "/StrikeOut", box, "")


@WRITER.case(start="plain", suffix=".pdf")
def covered_and_written_over(sheet: Sheet) -> bytes:
    """A PDF editor covered ๘๐ with white and wrote ๓๕ over it: both are in the text layer."""
    sheet.type("1.4(1).percent", "๘๐", "80")
    pdf = printed(sheet.docx.bytes())
    page, (x0, y0, x1, y1) = _cells(pdf)["1.4(1).percent"]
    font = next((Path(sys.prefix) / "share/songthan/fonts").rglob("THSarabun*.ttf"))
    script = (
        "import sys; from reportlab.pdfgen import canvas; from reportlab.pdfbase import pdfmetrics; "
        "from reportlab.pdfbase.ttfonts import TTFont; "
        f"pdfmetrics.registerFont(TTFont('F', {str(font)!r})); c = canvas.Canvas(sys.argv[2], pagesize={_A4}, invariant=1); "
        f"c.setFillColorRGB(1, 1, 1); c.rect({x0}, {y0}, {x1 - x0}, {y1 - y0}, stroke=0, fill=1); "
        f"c.setFillColorRGB(0, 0, 0); c.setFont('F', 14); c.drawCentredString({(x0 + x1) / 2}, {y1 - 12}, '๓๕'); c.save()"
    )
    cover = PdfReader(io.BytesIO(programs.python(script, b"", target="pdf")))
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.pages[page].merge_page(cover.pages[0])
    sheet.either()
    sheet.says("1.4(1).percent", "๓๕", "35", "any")
    return _written(writer)


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def two_forms_in_one(sheet: Sheet) -> bytes:
    """A colleague's form and one's own in one PDF."""
    writer = PdfWriter()
    writer.append(io.BytesIO(printed(sheet.docx.bytes())))
    writer.append(io.BytesIO(printed(paper.blank("f3", token="ST-0A1B-2C3D-4E5F"))))
    sheet.either()
    writer.compress_identical_objects()
    return _written(writer)


@WRITER.case(suffix=".pdf", expect="any")
def last_pages_missing(sheet: Sheet) -> bytes:
    """Only the first of two sheets was sent: what stood on the other is asked for."""
    sheet.type("1.4(1).done", "\n".join(f"ครั้งที่ {n}" for n in "๑๒๓๔๕๖๗๘๙"))
    sheet.either()
    reader = PdfReader(io.BytesIO(printed(sheet.docx.bytes())))
    assert len(reader.pages) > 1
    writer = PdfWriter()
    writer.add_page(reader.pages[0])
    return _written(writer)


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def locked(sheet: Sheet) -> bytes:
    """Printed with a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(printed(sheet.docx.bytes()))))
    writer.encrypt("1234", algorithm="RC4-128")
    sheet.either()
    return _written(writer)


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def scanned(sheet: Sheet) -> bytes:
    """Printed, signed, scanned: pictures of pages, the QR and the footer's line in them."""
    sheet.either()
    return _scanned(pages_as_pictures(printed(sheet.docx.bytes())))


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def scanned_foot_cut_off(sheet: Sheet) -> bytes:
    """Scanned with the foot of the page cut off: no mark is left."""
    sheet.either()
    sheet.token = None
    pictures = pages_as_pictures(printed(sheet.docx.bytes()), 80)
    return _scanned([p.crop((0, 0, p.width, int(p.height * 0.86))) for p in pictures])


@WRITER.case(start="plain", suffix=".pdf", expect="flag")
def scanned_with_guessed_text(sheet: Sheet) -> bytes:
    """A copier's searchable PDF: the page's picture over a text layer the copier guessed."""
    pdf = printed(sheet.docx.bytes())
    pictures = pages_as_pictures(pdf, 60)
    under = PdfReader(io.BytesIO(_scanned(pictures)))
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    for page, picture in zip(writer.pages, under.pages, strict=True):
        scale = (
            float(page.mediabox.width) / float(picture.mediabox.width),
            0,
            0,
            float(page.mediabox.height) / float(picture.mediabox.height),
            0,
            0,
        )
        page.merge_transformed_page(picture, scale)
    sheet.either()
    return _written(writer)


@WRITER.case(suffix=".pdf", expect="flag")
def last_page_scanned(sheet: Sheet) -> bytes:
    """The first page printed, the last one scanned because of the signature."""
    sheet.type("1.4(1).done", "\n".join(f"ครั้งที่ {n}" for n in "๑๒๓๔๕๖๗๘๙"))
    pdf = printed(sheet.docx.bytes())
    writer = PdfWriter()
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) > 1
    for page in reader.pages[:-1]:
        writer.add_page(page)
    last = pages_as_pictures(pdf, 80)[-1].convert("L")
    ImageDraw.Draw(last).line((200, 300, 320, 260, 300, 320), fill=0, width=2)
    writer.append(io.BytesIO(_scanned([last])))
    sheet.either()
    return _written(writer)
