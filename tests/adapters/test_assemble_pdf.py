"""The assembled PDF: deterministic, bookmarked, and nothing alive left in a stranger's pages."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from songthan.adapters import assemble_picture
from songthan.adapters.assemble_pdf import (
    ExhibitPages,
    Part,
    assemble,
    exhibit_job,
    exhibit_pages,
    page_count,
    read_seal,
)
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.domain.bundles import Exhibit, sha256_of
from songthan.domain.errors import ConversionFailed, ReadRefused

WHEN = datetime(2023, 3, 17, 10, 30, tzinfo=timezone(timedelta(hours=7)))
FONT = Path(sys.prefix) / "share/songthan/fonts/THSarabunNew-Regular.ttf"
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"><pdfaid:part>2</pdfaid:part>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def name(text):
    return NameObject(f"/{text}")


def written(writer):
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def stream(writer, data, **keys):
    made = DecodedStreamObject()
    made.set_data(data)
    made.update({name(key): value for key, value in keys.items()})
    return writer._add_object(made)


def own_pdf(words=b"% ours", *, claims=True, pages=1):
    writer = PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(width=595, height=842)
        page[name("Contents")] = stream(writer, words)
    intent = DictionaryObject({name("Type"): name("OutputIntent"), name("S"): name("GTS_PDFA1")})
    writer.root_object[name("OutputIntents")] = ArrayObject([writer._add_object(intent)])
    if claims:
        writer.root_object[name("Metadata")] = stream(writer, XMP, Type=name("Metadata"), Subtype=name("XML"))
    return written(writer)


def action(kind, **keys):
    return DictionaryObject({name("S"): name(kind), **{name(k): TextStringObject(v) for k, v in keys.items()}})


def hostile_pdf():
    """Everything a PDF can carry that acts, and two annotations that are only drawn."""
    writer = PdfWriter()
    page = writer.add_blank_page(width=400, height=300)
    page.rotate(90)
    box = ArrayObject(map(FloatObject, (0, 0, 50, 20)))
    form = {"Type": name("XObject"), "Subtype": name("Form"), "BBox": box}
    form["PieceInfo"] = DictionaryObject({name("X"): action("JavaScript", JS="inside")})
    look = stream(writer, b"0 0 1 rg 0 0 50 20 re f", **form)
    script, launch = action("JavaScript", JS="app.alert(1)"), action("Launch", F="calc.exe")

    def annotation(kind, **keys):
        made = {"Type": name("Annot"), "Subtype": name(kind), "Rect": ArrayObject(map(FloatObject, (50, 50, 150, 90)))}
        return writer._add_object(DictionaryObject({name(k): v for k, v in {**made, **keys}.items()}))

    drawn = DictionaryObject({name("N"): look})
    states = DictionaryObject({name("N"): DictionaryObject({name("On"): look})})
    kids = [
        annotation("Link", A=launch),
        annotation("Stamp", AP=drawn, A=script),
        annotation("Widget", AP=states, AS=name("On"), FT=name("Btn"), T=TextStringObject("box"), AA=script),
        annotation("Stamp", AP=drawn, F=NumberObject(2)),
        annotation("FileAttachment", AP=drawn, FS=DictionaryObject({name("EF"): DictionaryObject()})),
        annotation("Text"),
    ]
    page[name("Annots")] = ArrayObject(kids)
    page[name("AA")] = DictionaryObject({name("O"): script})
    page[name("Contents")] = stream(writer, b"1 0 0 rg 0 0 20 20 re f")
    writer.root_object[name("OpenAction")] = script
    writer.root_object[name("AcroForm")] = DictionaryObject({name("Fields"): ArrayObject([kids[2]])})
    writer.add_attachment("virus.exe", b"MZ")
    return written(writer)


def picture(kind="JPEG", size=(800, 500), mode="RGB", **options):
    out = BytesIO()
    Image.new(mode, size, (255, 0, 0, 128) if mode == "RGBA" else "red").save(out, kind, **options)
    return out.getvalue()


def shown(number, data, title="ภาพถ่าย กิจกรรม.jpg"):
    exhibit = Exhibit(
        number=number,
        activity="1.1",
        name=title,
        type="x",
        sha256=sha256_of(data),
        size=len(data),
        message_sha256="0" * 64,
        sender="a@b.example",
        received=WHEN,
    )
    return ExhibitPages(exhibit=exhibit, pdf=exhibit_pages(data))


def bundle(exhibits=(), **changes):
    parts = [Part(title="บันทึกข้อความ", pdf=own_pdf()), Part(title="รายงาน", pdf=own_pdf(pages=2))]
    settings = {"exhibits": exhibits, "title": "ชุดเอกสาร & <รายงาน>", "created": WHEN, "seal": "5" * 64}
    return assemble(changes.pop("parts", parts), **{**settings, **changes})


def test_equal_input_gives_equal_bytes_and_other_input_another_id():
    files = [shown(1, picture()), shown(2, hostile_pdf(), "x.pdf")]
    assert bundle(files) == bundle(files)
    ids = {PdfReader(BytesIO(data)).trailer["/ID"][0].original_bytes for data in (bundle(), bundle(files), bundle(seal=""))}
    assert len(ids) == 3


def test_bookmarks_name_every_part_and_exhibit_and_lead_to_its_page():
    files = [shown(1, picture()), shown(2, b"a film", "คลิป.mp4"), shown(3, own_pdf(pages=2), "รายงาน.pdf")]
    reader = PdfReader(BytesIO(bundle(files)))
    first, second, parent, children = reader.outline
    assert [i.title for i in (first, second, parent)] == ["บันทึกข้อความ", "รายงาน", "เอกสาร/หลักฐาน"]
    assert [i.title for i in children] == [
        "หลักฐานที่ ๑ ภาพถ่าย กิจกรรม.jpg",
        "หลักฐานที่ ๒ คลิป.mp4 (ดูแฟ้มในชุดเอกสาร)",
        "หลักฐานที่ ๓ รายงาน.pdf",
    ]
    assert [reader.get_destination_page_number(i) for i in (first, second, *children)] == [0, 1, 3, 1, 4]
    assert len(reader.pages) == 6


def test_dates_title_seal_and_output_intent():
    reader = PdfReader(BytesIO(bundle()))
    assert reader.metadata.title == "ชุดเอกสาร & <รายงาน>" and reader.metadata.creation_date == WHEN
    assert reader.xmp_metadata.dc_title["x-default"] == "ชุดเอกสาร & <รายงาน>"
    assert reader.root_object["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert read_seal(bundle()) == "5" * 64 and read_seal(bundle(seal="")) is None and read_seal(b"junk") is None


def test_the_seal_survives_the_signature_field():
    frozen = PadesSignatures().prepare(bundle(), field="Director", page=0, box=(300, 100, 500, 170))
    assert read_seal(frozen) == "5" * 64 and frozen.startswith(bundle())


def claim(data):
    return b"<pdfaid:part>2" in PdfReader(BytesIO(data)).root_object["/Metadata"].get_object().get_data()


def test_the_archive_claim_is_made_only_while_true():
    assert claim(bundle()) and claim(bundle([shown(1, picture())]))
    assert not claim(bundle([shown(1, own_pdf())]))
    assert not claim(bundle(parts=[Part(title="ก", pdf=own_pdf(claims=False))]))


def test_nothing_alive_is_left_of_a_hostile_pdf():
    data = bundle([shown(1, hostile_pdf(), "x.pdf")])
    for word in (
        b"JavaScript",
        b"/JS",
        b"/AA",
        b"Launch",
        b"calc.exe",
        b"/EF",
        b"virus",
        b"/OpenAction",
        b"/PieceInfo",
    ):
        assert word not in data, word
    reader = PdfReader(BytesIO(data))
    assert "/AcroForm" not in reader.root_object and "/Names" not in reader.root_object
    annotations = [a.get_object() for a in reader.pages[3]["/Annots"]]
    assert [a["/Subtype"] for a in annotations] == ["/Stamp", "/Stamp"]
    assert all(set(a) == {"/Type", "/Subtype", "/Rect", "/F", "/AP"} for a in annotations)


def colours(data, page):
    document = pypdfium2.PdfDocument(data)
    picture = document[page].render(scale=1).to_pil().convert("RGB")
    document.close()
    return picture


def test_what_was_drawn_is_still_seen():
    page = colours(bundle([shown(1, hostile_pdf(), "x.pdf")]), 3)
    seen = {colour for _, colour in page.getcolors(100_000)}
    assert (0, 0, 255) in seen and (255, 0, 0) in seen and page.size == (300, 400)


@pytest.mark.parametrize(
    ("data", "size", "colour"),
    [
        (picture(), (842, 595), (254, 0, 0)),
        (picture(size=(500, 800)), (595, 842), (254, 0, 0)),
        (picture("PNG", mode="RGBA", size=(500, 800)), (595, 842), (254, 127, 127)),
        (
            picture(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
            (595, 842),
            (254, 0, 0),
        ),
    ],
    ids=["landscape", "portrait", "transparent", "turned by its camera"],
)
def test_pictures_fill_an_upright_page(data, size, colour):
    page = colours(exhibit_pages(data), 0)
    assert all(abs(a - b) <= 1 for a, b in zip(page.size, size, strict=True))
    middle = page.getpixel((page.width // 2, page.height // 2))
    assert all(abs(a - b) <= 3 for a, b in zip(middle, colour, strict=True))
    assert page.getpixel((3, 3)) == (255, 255, 255)


def locked_pdf():
    writer = PdfWriter(clone_from=BytesIO(own_pdf()))
    writer.encrypt("secret", algorithm="AES-256")
    return written(writer)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 word",
        b"%PDF-1.7 torn",
        picture()[:300],
        b"\x89PNG\r\n\x1a\n",
        locked_pdf(),
        written(PdfWriter()),
    ],
    ids=["empty", "word", "torn pdf", "torn jpeg", "torn png", "locked", "no pages"],
)
def test_what_cannot_be_shown_is_only_listed(data):
    assert exhibit_pages(data) is None and page_count(exhibit_pages(data)) == 0


def test_a_picture_of_too_many_pixels_is_not_opened(monkeypatch):
    monkeypatch.setattr(assemble_picture, "MOST_PIXELS", 1000)
    assert exhibit_pages(picture()) is None


def test_a_part_that_is_no_pdf_is_named():
    with pytest.raises(ConversionFailed) as error:
        bundle(parts=[Part(title="ภาคผนวก", pdf=b"half a PDF")])
    assert "ภาคผนวก" in str(error.value)


def test_page_numbers_in_thai_on_every_page_as_seen():
    data = bundle([shown(1, hostile_pdf(), "x.pdf")], number_font=FONT.read_bytes())
    assert data == bundle([shown(1, hostile_pdf(), "x.pdf")], number_font=FONT.read_bytes())
    document = pypdfium2.PdfDocument(data)
    texts = [page.get_textpage().get_text_range().strip() for page in document]
    assert texts == ["๑/๔", "๒/๔", "๓/๔", "๔/๔\r\nหลักฐานที่ ๑"]
    left, bottom, right, top = document[0].get_textpage().get_charbox(0)
    assert 540 < left < right < 575 and 10 < bottom < top < 30
    document.close()


class OneJob:
    def __init__(self, broken=False):
        self.broken = broken

    def run(self, job, payload, args=None):
        assert job == "songthan.adapters.assemble_pdf:exhibit_job"
        if self.broken:
            raise ReadRefused("ไม่สำเร็จ", code="sandbox-memory")
        return exhibit_job(payload, args)


def test_the_sandbox_gives_the_same_pages_and_its_failure_only_lists():
    assert exhibit_pages(hostile_pdf(), sandbox=OneJob()) == exhibit_pages(hostile_pdf())
    assert exhibit_pages(b"none", sandbox=OneJob()) is None
    assert exhibit_pages(picture(), sandbox=OneJob(broken=True)) is None
