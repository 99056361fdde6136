"""Puts a bundle's PDF together with pypdf: our documents, then the evidence, with Thai bookmarks and page numbers.

Equal input gives equal bytes: dates come from the caller and the file's /ID from the content. Evidence is a stranger's
file that was checked before; still only its pages are taken: no actions, no scripts, no attachments, no form fields, no
annotations but as drawn. What cannot be shown as pages (films, spreadsheets, locked PDFs) is only listed.

The PDF/A-2b claim of the first part is kept only while every page came from a PDF/A part, a picture or our own conversion
of a Word file; evidence that is itself a PDF ends it, for nothing here can prove such a claim.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Protocol
from xml.sax.saxutils import escape

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

from songthan.adapters.assemble_font import StampFont, named, stream
from songthan.adapters.assemble_frame import frame, joined, letters_of, stamp_code, stamp_numbers
from songthan.adapters.assemble_picture import Print, is_picture, prints
from songthan.domain.bundles import Exhibit
from songthan.domain.errors import ConversionFailed, ReadRefused
from songthan.domain.language import digits, say
from songthan.domain.seal_codes import SealCode

__all__ = ["ExhibitPages", "Part", "assemble", "exhibit_job", "exhibit_pages", "page_count", "read_seal"]

logging.getLogger("pypdf").addHandler(logging.NullHandler())
logging.getLogger("pypdf").propagate = False

_A4 = (595.276, 841.89)
_MARGIN = 42.5
_PAGE_KEYS = frozenset({"/Type", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/Contents", "/Group", "/UserUnit"})
_LIVE_KEYS = ("/AA", "/OpenAction", "/JS", "/JavaScript", "/EF", "/EmbeddedFiles", "/XFA", "/Ref", "/OPI", "/PieceInfo")
_DRAWN = frozenset(
    "/Text /FreeText /Line /Square /Circle /Polygon /PolyLine /Highlight /Underline /Squiggly".split()  # noqa: SIM905
    + "/StrikeOut /Stamp /Caret /Ink /Widget".split()  # noqa: SIM905
)
_SEAL = "/SongthanSeal"
_CLAIM = b"<pdfaid:part>2</pdfaid:part>"
_JOB = "songthan.adapters.assemble_pdf:exhibit_job"
_SEAL_JOB = "songthan.adapters.assemble_pdf:seal_job"


class _Runner(Protocol):
    def run(self, job: str, payload: bytes, args: dict | None = None) -> tuple[dict, list[bytes]]: ...


@dataclass(frozen=True, kw_only=True)
class Part:
    """One of our own documents: its bookmark and its PDF."""

    title: str
    pdf: bytes


@dataclass(frozen=True, kw_only=True)
class ExhibitPages:
    """One piece of evidence and its pages from `exhibit_pages`; `pdf` None: only listed."""

    exhibit: Exhibit
    pdf: bytes | None


def exhibit_pages(data: bytes, *, sandbox: _Runner | None = None, archive: bool = False) -> bytes | None:
    """The pages of a piece of evidence as a harmless PDF: a PDF's own pages, or a picture's on A4. None when it is something
    else, locked or damaged. With a `sandbox` it is opened in its limited child process. `archive`: our own converter made
    it, so its claim to be PDF/A-2b is believed."""
    if sandbox is None:
        return _harmless(data, archive=archive)
    try:
        answer, blobs = sandbox.run(_JOB, data, {"archive": archive})
    except ReadRefused:
        return None
    return blobs[0] if answer["shown"] else None


def exhibit_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """The sandbox's job behind `exhibit_pages`."""
    pdf = _harmless(payload, archive=bool(args.get("archive")))
    return {"shown": pdf is not None}, [] if pdf is None else [pdf]


def seal_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """The sandbox's job behind `read_seal`."""
    return {"seal": read_seal(payload)}, []


def page_count(pdf: bytes | None) -> int:
    """How many pages `pdf` has; 0 for None."""
    return 0 if pdf is None else len(PdfReader(BytesIO(pdf)).pages)


def read_seal(pdf: bytes, *, sandbox: _Runner | None = None) -> str | None:
    """The manifest's seal written into a bundle's PDF by `assemble`; None if there is none or no PDF. With a `sandbox` the
    file is opened in its limited child process."""
    if sandbox is not None:
        try:
            seal = sandbox.run(_SEAL_JOB, pdf, {})[0]["seal"]
        except ReadRefused:
            return None
        return seal if isinstance(seal, str) else None
    try:
        info = PdfReader(BytesIO(pdf)).trailer.get("/Info")
        seal = info.get_object().get(_SEAL) if info is not None else None
    except Exception:  # a changed file may break pypdf anywhere; then it holds no seal
        return None
    return str(seal) if seal is not None else None


def assemble(
    parts: Sequence[Part],
    *,
    exhibits: Sequence[ExhibitPages] = (),
    title: str,
    created: datetime,
    seal: str = "",
    code: tuple[int, float, float, SealCode] | None = None,
    number_font: bytes | None = None,
) -> bytes:
    """The bundle's PDF: `parts` in order, then the pages of `exhibits`.

    `created` (aware) becomes the file's dates; `seal` is `Manifest.seal`, kept in the Info dictionary so that a
    signature over this file covers it; `code` is the QR code to draw, with the index of its page and the lower left corner of
    its place (points); `number_font` is a TrueType font with Thai digits, for «๑/๑๒» on every page.
    ConversionFailed names a part that is no readable PDF.
    """
    writer = PdfWriter()
    writer.pdf_header = "%PDF-1.7"
    claim, first = bool(parts), 0
    for index, part in enumerate(parts):
        try:
            reader = PdfReader(BytesIO(part.pdf))
            if index == 0:
                _take_output_intent(writer, reader)
            claim &= _claims(reader)
            first = _add_pages(writer, reader)
        except (PyPdfError, LookupError, ValueError, TypeError, AttributeError) as error:
            raise ConversionFailed("อ่าน PDF ของเอกสารส่วนนี้ไม่ได้", where=part.title) from error
        writer.add_outline_item(title=part.title, page_number=first)
    shown, labels = _add_exhibits(writer, exhibits, listed=first)
    claim &= shown
    if number_font is not None:
        font = StampFont(writer, number_font, letters_of(labels))
        stamp_numbers(writer, font, labels)
        if code is not None:
            stamp_code(writer, font, *code)
    _finish(writer, title=title, created=created, claim=claim, seal=seal)
    digest = hashlib.sha256(repr((title, created.isoformat(), seal, code, number_font is None)).encode())
    for data in (*(p.pdf for p in parts), *(e.pdf or b"" for e in exhibits)):
        digest.update(hashlib.sha256(data).digest())
    return _written(writer, digest.digest()[:16])


def _add_exhibits(writer: PdfWriter, exhibits: Sequence[ExhibitPages], *, listed: int) -> tuple[bool, dict[int, str]]:
    """Append the evidence; True while nothing of it speaks against PDF/A, and what is written above each of its pages. The
    bookmark of what is only listed leads to the page `listed`, where the list begins."""
    claim, parent, used, labels = True, None, set[int](), dict[int, str]()
    for item in exhibits:
        label = say("หลักฐานที่ {number}", number=digits(item.exhibit.number))
        name = say("หลักฐานที่ {number} {name}", number=digits(item.exhibit.number), name=item.exhibit.name)
        first = listed
        if item.pdf is None:
            name += say(" (ดูแฟ้มในชุดเอกสาร)")
        else:
            reader = PdfReader(BytesIO(item.pdf))
            claim &= _claims(reader)
            first = _add_pages(writer, reader)
            count = len(writer.pages) - first
            for n in range(count):
                frame(writer, writer.pages[first + n], used)
                labels[first + n] = f"{label} ({digits(n + 1)}/{digits(count)})" if count > 1 else label
        if parent is None:
            parent = writer.add_outline_item(title=say("เอกสาร/หลักฐาน"), page_number=first)
        writer.add_outline_item(title=name, page_number=first, parent=parent)
    return claim, labels


# ---------------------------------------------------------------------------------------------- pages without life


def _harmless(data: bytes, *, archive: bool = False) -> bytes | None:
    try:
        writer = PdfWriter()
        writer.pdf_header = "%PDF-1.7"
        picture = is_picture(data)
        if picture:
            for one in prints(data):
                _add_picture(writer, one)
        elif b"%PDF-" in data[:1024]:
            reader = PdfReader(BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                return None
            _add_pages(writer, reader, strange=True)
            archive = archive and _claims(reader)
        if not writer.pages:
            return None
        writer.metadata = None
        if picture or archive:
            _set_xmp(writer, _CLAIM)
        return _written(writer, hashlib.sha256(data).digest()[:16])
    except Exception:  # a stranger's file: whatever it breaks, it is then listed and not shown
        return None


def _add_pages(writer: PdfWriter, reader: PdfReader, *, strange: bool = False) -> int:
    """Append the reader's pages, stripped; the index of the first. ValueError for a PDF without pages. The drawing of a
    `strange` page becomes one stream."""
    first = len(writer.pages)
    for page in reader.pages:
        annotations = ArrayObject(_drawn(page))
        for key in [key for key in page if key not in _PAGE_KEYS]:
            del page[key]
        if annotations:
            page[NameObject("/Annots")] = annotations
        if strange:
            joined(page)
        writer.add_page(page)
    if len(writer.pages) == first:
        raise ValueError("no pages")
    return first


def _drawn(page: PageObject) -> Iterable[DictionaryObject]:
    """What the page's annotations look like, as dead stamps: a filled-in field or a rubber stamp is evidence too."""
    found = page.get("/Annots")
    for item in found.get_object() if found is not None else ():
        annotation = item.get_object()
        hidden = int(annotation.get("/F", 0)) & 0b100010
        look = annotation.get("/AP")
        if annotation.get("/Subtype") not in _DRAWN or hidden or look is None:
            continue
        normal = look.get_object().raw_get("/N")
        if not isinstance(normal.get_object(), StreamObject):
            state = annotation.get("/AS")
            if state is None or state not in normal.get_object():
                continue
            normal = normal.get_object().raw_get(state)
        rect = RectangleObject([float(n) for n in annotation["/Rect"]])
        yield DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Stamp"),
                NameObject("/Rect"): rect,
                NameObject("/F"): NumberObject(4),
                NameObject("/AP"): DictionaryObject({NameObject("/N"): normal}),
            }
        )


def _add_picture(writer: PdfWriter, picture: Print) -> None:
    """Upright on an A4 page of its own direction."""
    image = StreamObject()
    image.set_data(picture.jpeg)
    colours = "DeviceGray" if picture.grey else "DeviceRGB"
    image.update(
        named(Type="XObject", Subtype="Image", Filter="DCTDecode", ColorSpace=colours)
        | {NameObject(f"/{k}"): NumberObject(v) for k, v in (("Width", picture.width), ("Height", picture.height))}
        | {NameObject("/BitsPerComponent"): NumberObject(8)}
    )
    width, height = _A4[::-1] if picture.width > picture.height else _A4
    scale = min((width - 2 * _MARGIN) / picture.width, (height - 2 * _MARGIN) / picture.height, 0.75)
    shown = picture.width * scale, picture.height * scale
    left, bottom = (width - shown[0]) / 2, (height - shown[1]) / 2
    page = writer.add_blank_page(width=width, height=height)
    names = DictionaryObject({NameObject("/Picture"): writer._add_object(image)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): names})
    drawing = f"q {shown[0]:.3f} 0 0 {shown[1]:.3f} {left:.3f} {bottom:.3f} cm /Picture Do Q"
    page[NameObject("/Contents")] = stream(writer, drawing.encode("ascii"))


# ------------------------------------------------------------------------------------------------------ the file


def _claims(reader: PdfReader) -> bool:
    """Does this PDF say that it is PDF/A-2b?"""
    metadata = reader.root_object.get("/Metadata")
    if metadata is None:
        return False
    text = metadata.get_object().get_data()
    return _CLAIM in text or (b'pdfaid:part="2"' in text)


def _take_output_intent(writer: PdfWriter, reader: PdfReader) -> None:
    if "/OutputIntents" in reader.root_object:
        intents = reader.root_object["/OutputIntents"].get_object()
        writer.root_object[NameObject("/OutputIntents")] = intents.clone(writer)


def _finish(writer: PdfWriter, *, title: str, created: datetime, claim: bool, seal: str) -> None:
    zone = created.strftime("%z") or "+0000"
    date = created.strftime("D:%Y%m%d%H%M%S") + f"{zone[:3]}'{zone[3:5]}'"
    info = {"/Title": title, "/Producer": "Songthan", "/CreationDate": date, "/ModDate": date}
    writer.metadata = None
    writer.add_metadata({**info, **({_SEAL: seal} if seal else {})})
    when = created.replace(microsecond=0).isoformat()
    _set_xmp(
        writer,
        b"".join(
            (
                _CLAIM + b"<pdfaid:conformance>B</pdfaid:conformance>" if claim else b"",
                f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'.encode(),
                b"<pdf:Producer>Songthan</pdf:Producer>",
                f"<xmp:CreateDate>{when}</xmp:CreateDate><xmp:ModifyDate>{when}</xmp:ModifyDate>".encode(),
            )
        ),
    )
    writer.root_object[NameObject("/Lang")] = TextStringObject("th-TH")
    writer.page_mode = "/UseOutlines"


def _set_xmp(writer: PdfWriter, properties: bytes) -> None:
    stream = DecodedStreamObject()
    stream.set_data(
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        b' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"'
        b' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        + properties
        + b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
    stream.update(named(Type="Metadata", Subtype="XML"))
    writer.root_object[NameObject("/Metadata")] = writer._add_object(stream)


def _written(writer: PdfWriter, identity: bytes) -> bytes:
    """The file's bytes, after a last sweep over every object for anything that acts by itself."""
    for item in writer._objects:
        _still(item)
    writer._ID = ArrayObject((ByteStringObject(identity), ByteStringObject(identity)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _still(value: object) -> None:
    if isinstance(value, DictionaryObject):
        for key in _LIVE_KEYS:
            value.pop(NameObject(key), None)
        for inner in value.values():
            _still(inner)
    elif isinstance(value, ArrayObject):
        for inner in value:
            _still(inner)
