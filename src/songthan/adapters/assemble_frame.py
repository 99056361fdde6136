"""What is written on the pages of a bundle beside their own words: page numbers, an exhibit's number, the QR code.

A stranger's page is drawn a little smaller inside its own size, so that the strips above and below it are free: nothing of
ours ever covers his words, and nothing of his drawing (an unbalanced state, a colour, a turn) reaches ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    EncodedStreamObject,
    FloatObject,
    IndirectObject,
    NameObject,
    RectangleObject,
    StreamObject,
)

from songthan.adapters.assemble_code import drawing, text_place
from songthan.adapters.assemble_font import StampFont, named, stream
from songthan.domain.language import digits
from songthan.domain.seal_codes import SealCode

__all__ = ["frame", "joined", "letters_of", "numbered", "squeezed", "stamp_code", "stamp_numbers"]

#: Points kept free above and below a stranger's page.
_STRIP = 26.0
_LEAST = 0.5
_SIZE, _SIDE, _OWN_LINE, _STRIP_LINE = 11.0, 24.0, 16.0, 9.0


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A page as it is seen: its size in points after turning, and the way (a PDF matrix) there from its own coordinates."""

    wide: float
    high: float
    way: str


def letters_of(labels: Mapping[int, str]) -> str:
    """Every letter that is stamped: Thai digits, the seal's, and the labels' own."""
    return digits("0123456789/") + "0123456789ABCDEF-" + "".join(labels.values())


def joined(page: PageObject) -> None:
    """The page's drawing as one stream, for `frame`; its parts may be cut anywhere but between two words."""
    found = page.get("/Contents")
    if found is None:
        return
    whole = found.get_object()
    if isinstance(whole, ArrayObject):
        # as the parts are read by a viewer: a line end between them
        data = b"\n".join(part.get_object().get_data() for part in whole)
        one = StreamObject()
        one.set_data(data)
        page[NameObject("/Contents")] = one.flate_encode()


def frame(writer: PdfWriter, page: PageObject, used: set[int]) -> None:
    """Draw the page (one stream, see `joined`) smaller inside itself; `used` remembers streams that several pages share."""
    box, strip = _cropped(page), _STRIP / _unit(page)
    visible = float(box.height) if int(page.get("/Rotate", 0)) % 180 == 0 else float(box.width)
    scale = max(_LEAST, 1 - 2 * strip / visible) if visible else 1.0
    right = (1 - scale) * (float(box.left) + float(box.right)) / 2
    up = (1 - scale) * (float(box.bottom) + float(box.top)) / 2
    content = _own_stream(writer, page, used)
    if content is not None:
        form = content.get_object()
        form.update(named(Type="XObject", Subtype="Form"))
        form[NameObject("/BBox")] = ArrayObject(FloatObject(n) for n in box)
        for key in ("/Resources", "/Group"):
            if key in page:
                form[NameObject(key)] = page.raw_get(key)
        page[NameObject("/Contents")] = stream(writer, f"q {scale:.5f} 0 0 {scale:.5f} {right:.3f} {up:.3f} cm /Page Do Q".encode())
        names = DictionaryObject({NameObject("/Page"): content})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): names})
    for item in page.get("/Annots") or ():
        rect = item.get_object()["/Rect"]
        moved = [float(n) * scale + (right, up)[k % 2] for k, n in enumerate(rect)]
        item.get_object()[NameObject("/Rect")] = RectangleObject(moved)


def squeezed(pdf: bytes, index: int, foot: float) -> tuple[bytes, tuple[float, float, float]]:
    """One of our own PDFs with page `index` drawn smaller, so that `foot` points at its lower end are free; and the scale and
    the shift (right, up) that its places took."""
    writer = PdfWriter(clone_from=BytesIO(pdf))
    writer.pdf_header = PdfReader(BytesIO(pdf)).pdf_header
    page = writer.pages[index]
    box = _cropped(page)
    scale = 1 - foot / float(box.height)
    right = (1 - scale) * (float(box.left) + float(box.right)) / 2
    up = (1 - scale) * float(box.top)
    old = page.raw_get("/Contents")
    parts = old.get_object() if isinstance(old.get_object(), ArrayObject) else [old]
    begin = stream(writer, f"q {scale:.5f} 0 0 {scale:.5f} {right:.3f} {up:.3f} cm\n".encode("ascii"))
    page[NameObject("/Contents")] = ArrayObject([begin, *parts, stream(writer, b"\nQ")])
    out = BytesIO()
    writer.write(out)
    return out.getvalue(), (scale, right, up)


def _own_stream(writer: PdfWriter, page: PageObject, used: set[int]) -> IndirectObject | None:
    if "/Contents" not in page:
        return None
    found = page.raw_get("/Contents")
    if not isinstance(found, IndirectObject):
        return writer._add_object(found)
    if found.idnum not in used:
        used.add(found.idnum)
        return found
    old, copy = found.get_object(), EncodedStreamObject()
    copy.update({k: v for k, v in old.items() if k in ("/Filter", "/DecodeParms")})
    copy._data = old._data
    return writer._add_object(copy)


def stamp_numbers(writer: PdfWriter, font: StampFont, labels: Mapping[int, str]) -> None:
    """«๑/๑๒» small in the lower right corner of every page as it is seen (turned pages too), and where a page (by index)
    has a label, that in the upper right corner."""
    total = len(writer.pages)
    for index, page in enumerate(writer.pages):
        seen, label = _seen(page), labels.get(index)
        number = digits(f"{index + 1}/{total}")
        words = _words(font, number, seen.wide - _SIDE, _OWN_LINE if label is None else _STRIP_LINE)
        if label is not None:
            words += _words(font, label, seen.wide - _SIDE, seen.high - _STRIP + _STRIP_LINE)
        # The line end closes a comment the page's own drawing may end in.
        _draw_over(writer, page, font, f"\nQ /Artifact BMC q {seen.way} {words}Q EMC")


def _words(font: StampFont, text: str, right: float, line: float) -> str:
    left = right - font.width(text, _SIZE)
    return f"BT 0 g {font.name} {_SIZE:g} Tf {left:.2f} {line:.2f} Td <{font.encode(text)}> Tj ET "


def numbered(pdf: bytes, face: bytes) -> bytes:
    """One of our own PDFs with «๑/๑๒» on its pages; all else in it (tags, bookmarks, its claim) stays. Equal input, equal
    bytes."""
    writer = PdfWriter(clone_from=BytesIO(pdf))
    writer.pdf_header = PdfReader(BytesIO(pdf)).pdf_header
    stamp_numbers(writer, StampFont(writer, face, letters_of({})), {})
    identity = ByteStringObject(hashlib.sha256(b"numbered" + pdf).digest()[:16])
    writer._ID = ArrayObject((identity, identity))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def stamp_code(writer: PdfWriter, font: StampFont, index: int, left: float, bottom: float, code: SealCode) -> None:
    """The QR code, and under it the beginning of the seal for people."""
    x, y = text_place(code.payload, left, bottom, font.width(code.short, 10))
    words = f"BT 0 g {font.name} 10 Tf {x:.2f} {y:.2f} Td <{font.encode(code.short)}> Tj ET"
    _draw_over(writer, writer.pages[index], font, f"\nQ q {drawing(code.payload, left, bottom)} {words} Q")


def _draw_over(writer: PdfWriter, page: PageObject, font: StampFont, words: str) -> None:
    """Add a drawing (it begins by closing the state opened here) on top of a page."""
    resources = page.setdefault(NameObject("/Resources"), DictionaryObject()).get_object()
    fonts = resources.setdefault(NameObject("/Font"), DictionaryObject()).get_object()
    fonts[NameObject(font.name)] = font.reference
    old = page.raw_get("/Contents") if "/Contents" in page else ArrayObject()
    streams = old.get_object() if isinstance(old.get_object(), ArrayObject) else [old]
    ends = stream(writer, b"q\n"), stream(writer, words.encode("ascii"))
    page[NameObject("/Contents")] = ArrayObject([ends[0], *streams, ends[1]])


def _seen(page: PageObject) -> _Seen:
    box, turn, unit = _cropped(page), int(page.get("/Rotate", 0)) % 360, _unit(page)
    wide, high = float(box.width), float(box.height)
    turned = {90: f"0 1 -1 0 {wide:.2f} 0", 180: f"-1 0 0 -1 {wide:.2f} {high:.2f}", 270: f"0 -1 1 0 0 {high:.2f}"}
    way = f"1 0 0 1 {float(box.left):.2f} {float(box.bottom):.2f} cm {turned.get(turn, '1 0 0 1 0 0')} cm"
    if unit != 1:
        way += f" {1 / unit:.6f} 0 0 {1 / unit:.6f} 0 0 cm"
    if turn in (90, 270):
        wide, high = high, wide
    return _Seen(wide=wide * unit, high=high * unit, way=way)


def _cropped(page: PageObject) -> RectangleObject:
    """What is seen of a page: its crop box where that lies on the page, else the page; corners in their order."""
    media, crop = _ordered(page.mediabox), _ordered(page.cropbox)
    both = [max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])]
    return RectangleObject(both if both[0] < both[2] and both[1] < both[3] else media)


def _ordered(box: RectangleObject) -> list[float]:
    x0, y0, x1, y1 = (float(n) for n in box)
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]


def _unit(page: PageObject) -> float:
    unit = float(page.get("/UserUnit", 1))
    return unit if unit > 0 else 1.0
