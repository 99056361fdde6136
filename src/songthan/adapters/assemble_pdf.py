"""Puts a bundle's PDF together with pypdf: our documents, then the evidence, with Thai bookmarks and page numbers.

Equal input gives equal bytes: dates come from the caller and the file's /ID from the content. Evidence is a stranger's
file that was checked before; still only its pages are taken: no actions, no scripts, no attachments, no form fields, no
annotations but as drawn. What cannot be shown as pages (films, Word files, locked PDFs) is only listed.

The PDF/A-2b claim of the first part is kept only while every page came from a PDF/A part or a picture; evidence that is
itself a PDF ends it, for nothing here can prove such a claim.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Protocol
from xml.sax.saxutils import escape

from PIL import Image, ImageOps
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

from songthan.adapters.assemble_code import drawing, text_place
from songthan.domain.bundles import Exhibit
from songthan.domain.errors import ConversionFailed, ReadRefused
from songthan.domain.language import digits, say
from songthan.domain.seal_codes import SealCode

__all__ = ["ExhibitPages", "Part", "assemble", "exhibit_job", "exhibit_pages", "page_count", "read_seal"]

logging.getLogger("pypdf").addHandler(logging.NullHandler())
logging.getLogger("pypdf").propagate = False

_A4 = (595.276, 841.89)
_MARGIN = 42.5
_MOST_PIXELS = 60_000_000
_PRINT_PIXELS = (1754, 2480)  # A4 at 212 dpi: readable print, and the untouched picture lies in evidence/
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


def exhibit_pages(data: bytes, *, sandbox: _Runner | None = None) -> bytes | None:
    """The pages of a piece of evidence as a harmless PDF: a PDF's own pages, or a JPEG/PNG picture on A4. None when it
    is something else, locked or damaged. With a `sandbox` it is opened in its limited child process."""
    if sandbox is None:
        return _harmless(data)
    try:
        answer, blobs = sandbox.run(_JOB, data, {})
    except ReadRefused:
        return None
    return blobs[0] if answer["shown"] else None


def exhibit_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """The sandbox's job behind `exhibit_pages`."""
    pdf = _harmless(payload)
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
    claim = bool(parts)
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
    claim &= _add_exhibits(writer, exhibits)
    if number_font is not None:
        font = _NumberFont(writer, number_font)
        _stamp_numbers(writer, font)
        if code is not None:
            _stamp_code(writer, font, *code)
    _finish(writer, title=title, created=created, claim=claim, seal=seal)
    digest = hashlib.sha256(repr((title, created.isoformat(), seal, code, number_font is None)).encode())
    for data in (*(p.pdf for p in parts), *(e.pdf or b"" for e in exhibits)):
        digest.update(hashlib.sha256(data).digest())
    return _written(writer, digest.digest()[:16])


def _add_exhibits(writer: PdfWriter, exhibits: Sequence[ExhibitPages]) -> bool:
    """Append the evidence; True while nothing of it speaks against PDF/A."""
    claim, parent = True, None
    for item in exhibits:
        name = say("หลักฐานที่ {number} {name}", number=digits(item.exhibit.number), name=item.exhibit.name)
        first = None
        if item.pdf is None:
            name += say(" (ดูแฟ้มในชุดเอกสาร)")
        else:
            reader = PdfReader(BytesIO(item.pdf))
            claim &= _claims(reader)
            first = _add_pages(writer, reader)
        if parent is None:
            parent = writer.add_outline_item(title=say("เอกสาร/หลักฐาน"), page_number=first)
        writer.add_outline_item(title=name, page_number=first, parent=parent)
    return claim


# ---------------------------------------------------------------------------------------------- pages without life


def _harmless(data: bytes) -> bytes | None:
    try:
        writer = PdfWriter()
        writer.pdf_header = "%PDF-1.7"
        picture = data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        if picture:
            _add_picture(writer, data)
        elif b"%PDF-" in data[:1024]:
            reader = PdfReader(BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                return None
            _add_pages(writer, reader)
        if not writer.pages:
            return None
        writer.metadata = None
        if picture:
            _set_xmp(writer, _CLAIM)
        return _written(writer, hashlib.sha256(data).digest()[:16])
    except Exception:  # a stranger's file: whatever it breaks, it is then listed and not shown
        return None


def _add_pages(writer: PdfWriter, reader: PdfReader) -> int:
    """Append the reader's pages, stripped; the index of the first. ValueError for a PDF without pages."""
    first = len(writer.pages)
    for page in reader.pages:
        annotations = ArrayObject(_drawn(page))
        for key in [key for key in page if key not in _PAGE_KEYS]:
            del page[key]
        if annotations:
            page[NameObject("/Annots")] = annotations
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


def _add_picture(writer: PdfWriter, data: bytes) -> None:
    """A JPEG or PNG upright on an A4 page of its own direction."""
    with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as opened:
        if opened.width * opened.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(opened)
        flat = Image.new("RGB", upright.size, "white")
        layer = upright.convert("RGBA")
        flat.paste(layer, mask=layer.getchannel("A"))
    landscape = flat.width > flat.height
    flat.thumbnail(_PRINT_PIXELS[::-1] if landscape else _PRINT_PIXELS, Image.Resampling.LANCZOS)
    jpeg = BytesIO()
    flat.save(jpeg, "JPEG", quality=88)
    image = StreamObject()
    image.set_data(jpeg.getvalue())
    image.update(
        _named(Type="XObject", Subtype="Image", Filter="DCTDecode", ColorSpace="DeviceRGB")
        | {NameObject(f"/{k}"): NumberObject(v) for k, v in (("Width", flat.width), ("Height", flat.height))}
        | {NameObject("/BitsPerComponent"): NumberObject(8)}
    )
    width, height = _A4[::-1] if landscape else _A4
    scale = min((width - 2 * _MARGIN) / flat.width, (height - 2 * _MARGIN) / flat.height, 0.75)
    shown = flat.width * scale, flat.height * scale
    left, bottom = (width - shown[0]) / 2, (height - shown[1]) / 2
    page = writer.add_blank_page(width=width, height=height)
    names = DictionaryObject({NameObject("/Picture"): writer._add_object(image)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): names})
    drawing = f"q {shown[0]:.3f} 0 0 {shown[1]:.3f} {left:.3f} {bottom:.3f} cm /Picture Do Q"
    page[NameObject("/Contents")] = _stream(writer, drawing.encode("ascii"))


def _named(**names: str) -> dict[NameObject, NameObject]:
    return {NameObject(f"/{key}"): NameObject(f"/{value}") for key, value in names.items()}


def _stream(writer: PdfWriter, data: bytes) -> IndirectObject:
    stream = DecodedStreamObject()
    stream.set_data(data)
    return writer._add_object(stream)


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
    stream.update(_named(Type="Metadata", Subtype="XML"))
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


# -------------------------------------------------------------------------------------------------- page numbers


def _stamp_numbers(writer: PdfWriter, font: _NumberFont) -> None:
    """«๑/๑๒» small in the lower right corner of every page as it is seen (rotated pages too)."""
    total = len(writer.pages)
    for number, page in enumerate(writer.pages, start=1):
        text = digits(f"{number}/{total}")
        box, turn = page.cropbox, int(page.get("/Rotate", 0)) % 360
        wide, high = float(box.width), float(box.height)
        turned = {90: f"0 1 -1 0 {wide:.2f} 0", 180: f"-1 0 0 -1 {wide:.2f} {high:.2f}", 270: f"0 -1 1 0 0 {high:.2f}"}
        right = (high if turn in (90, 270) else wide) - 24 - font.width(text, 11)
        # The line end closes a comment the page's own drawing may end in.
        drawing = (
            f"\nQ q 1 0 0 1 {float(box.left):.2f} {float(box.bottom):.2f} cm {turned.get(turn, '1 0 0 1 0 0')} cm "
            f"BT 0 g {font.name} 11 Tf {right:.2f} 16 Td <{font.encode(text)}> Tj ET Q"
        )
        _draw_over(writer, page, font, drawing)


def _stamp_code(writer: PdfWriter, font: _NumberFont, index: int, left: float, bottom: float, code: SealCode) -> None:
    """The QR code, and under it the beginning of the seal for people."""
    x, y = text_place(code.payload, left, bottom, font.width(code.short, 10))
    words = f"BT 0 g {font.name} 10 Tf {x:.2f} {y:.2f} Td <{font.encode(code.short)}> Tj ET"
    _draw_over(writer, writer.pages[index], font, f"\nQ q {drawing(code.payload, left, bottom)} {words} Q")


def _draw_over(writer: PdfWriter, page: PageObject, font: _NumberFont, drawing: str) -> None:
    """Add a drawing (it begins by closing the state opened here) on top of a page."""
    resources = page.setdefault(NameObject("/Resources"), DictionaryObject()).get_object()
    fonts = resources.setdefault(NameObject("/Font"), DictionaryObject()).get_object()
    fonts[NameObject(font.name)] = font.reference
    old = page.raw_get("/Contents") if "/Contents" in page else ArrayObject()
    streams = old.get_object() if isinstance(old.get_object(), ArrayObject) else [old]
    ends = _stream(writer, b"q\n"), _stream(writer, drawing.encode("ascii"))
    page[NameObject("/Contents")] = ArrayObject([ends[0], *streams, ends[1]])


class _NumberFont:
    """A TrueType font embedded whole, used for the glyphs of «๐–๙/» and hexadecimal numbers only (CIDFontType2, Identity-H)."""

    name = "/SongthanNumbers"

    def __init__(self, writer: PdfWriter, data: bytes) -> None:
        count = struct.unpack_from(">H", data, 4)[0]
        rows = (struct.unpack_from(">4s4xLL", data, 12 + 16 * i) for i in range(count))
        self._tables = {tag: data[start : start + size] for tag, start, size in rows}
        self._unit = 1000 / struct.unpack_from(">H", self._tables[b"head"], 18)[0]
        self._glyphs = {c: self._glyph(ord(c)) for c in digits("0123456789/") + "0123456789ABCDEF-"}
        self.reference = self._embed(writer, data)

    def encode(self, text: str) -> str:
        return "".join(f"{self._glyphs[c]:04X}" for c in text)

    def width(self, text: str, size: float) -> float:
        return sum(self._advance(self._glyphs[c]) for c in text) * size / 1000

    def _advance(self, glyph: int) -> float:
        metrics = struct.unpack_from(">H", self._tables[b"hhea"], 34)[0]
        return struct.unpack_from(">H", self._tables[b"hmtx"], 4 * min(glyph, metrics - 1))[0] * self._unit

    def _glyph(self, code: int) -> int:
        """The glyph of a character by the font's format 4 table; ValueError if it has none."""
        cmap = self._tables[b"cmap"]
        for index in range(struct.unpack_from(">H", cmap, 2)[0]):
            start = struct.unpack_from(">4xL", cmap, 4 + 8 * index)[0]
            if struct.unpack_from(">H", cmap, start)[0] != 4:
                continue
            segments = struct.unpack_from(">H", cmap, start + 6)[0] // 2
            for s in range(segments):
                end, first, delta, offset = (
                    struct.unpack_from(">H", cmap, start + 14 + 2 * s + skip)[0]
                    for skip in (0, 2 * segments + 2, 4 * segments + 2, 6 * segments + 2)
                )
                if first <= code <= end:
                    place = start + 16 + 6 * segments + 2 * s + offset + 2 * (code - first)
                    glyph = struct.unpack_from(">H", cmap, place)[0] if offset else code
                    return (glyph + delta) % 65536
        raise ValueError(f"the font has no glyph for U+{code:04X}")

    def _embed(self, writer: PdfWriter, data: bytes) -> IndirectObject:
        program = DecodedStreamObject()
        program.set_data(data)
        packed = program.flate_encode()
        packed[NameObject("/Length1")] = NumberObject(len(data))
        ascent, descent = struct.unpack_from(">hh", self._tables[b"hhea"], 4)
        box = struct.unpack_from(">4h", self._tables[b"head"], 36)
        family = _named(Type="FontDescriptor", FontName="SongthanNumbers")
        numbers = {"Flags": 4, "ItalicAngle": 0, "StemV": 80, "CapHeight": ascent * self._unit}
        numbers |= {"Ascent": ascent * self._unit, "Descent": descent * self._unit}
        described = DictionaryObject(family | {NameObject(f"/{k}"): FloatObject(v) for k, v in numbers.items()})
        described[NameObject("/Flags")] = NumberObject(4)
        described[NameObject("/FontBBox")] = ArrayObject(FloatObject(n * self._unit) for n in box)
        described[NameObject("/FontFile2")] = writer._add_object(packed)
        widths = ArrayObject()
        for glyph in sorted(set(self._glyphs.values())):
            widths += [NumberObject(glyph), ArrayObject([FloatObject(round(self._advance(glyph), 3))])]
        system = DictionaryObject({NameObject("/Supplement"): NumberObject(0)})
        system |= {
            NameObject("/Registry"): TextStringObject("Adobe"),
            NameObject("/Ordering"): TextStringObject("Identity"),
        }
        names = _named(Type="Font", Subtype="CIDFontType2", BaseFont="SongthanNumbers", CIDToGIDMap="Identity")
        inner = DictionaryObject(names | {NameObject("/W"): widths, NameObject("/CIDSystemInfo"): system})
        inner[NameObject("/FontDescriptor")] = writer._add_object(described)
        outer = DictionaryObject(
            _named(Type="Font", Subtype="Type0", BaseFont="SongthanNumbers", Encoding="Identity-H")
        )
        outer[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(inner)])
        outer[NameObject("/ToUnicode")] = _stream(writer, self._to_unicode())
        return writer._add_object(outer)

    def _to_unicode(self) -> bytes:
        pairs = "\n".join(f"<{glyph:04X}> <{ord(c):04X}>" for c, glyph in self._glyphs.items())
        return (
            "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /SongthanNumbers def "
            "/CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange "
            f"{len(self._glyphs)} beginbfchar\n{pairs}\nendbfchar endcmap end end"
        ).encode("ascii")
