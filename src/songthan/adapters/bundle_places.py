"""Where on the memo the director signs, and where beside it the QR code stands. Found on the finished page."""

from __future__ import annotations

import pypdfium2

from songthan.adapters.assemble_code import SIDE
from songthan.adapters.assemble_frame import squeezed
from songthan.domain.errors import ConversionFailed
from songthan.domain.seal_codes import SignHere

__all__ = ["sign_here"]

Box = tuple[float, float, float, float]

#: The visible signature: 200 × 60 points, standing on the line above the printed name.
_WIDTH, _HEIGHT, _GAP = 200.0, 60.0, 4.0
#: The left margin of official paper, 3 cm; the lowest place of the code, above the page's number.
_LEFT, _LOWEST = 85.0, 40.0


def sign_here(pdf: bytes, name: str) -> SignHere:
    """The memo with the places over the last `name` printed in it; ConversionFailed when it does not print it.

    The code stands on the page of the signature: level with it if it can be, else lower, else higher, at the left margin
    first. A page without a free square is drawn a little smaller, and the code stands below it: no report goes without.
    """
    page, box = _signature(pdf, name)
    place = _free_square(pdf, page, box)
    if place is None:
        pdf, (scale, right, up) = squeezed(pdf, page, _LOWEST + SIDE)
        box = (box[0] * scale + right, box[1] * scale + up, box[2] * scale + right, box[3] * scale + up)
        place = _LEFT, _LOWEST
    return SignHere(pdf=pdf, page=page, box=box, code=place)


def _signature(pdf: bytes, name: str) -> tuple[int, Box]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        for index in reversed(range(len(document))):
            page = document[index]
            text = page.get_textpage()
            place, searcher = None, text.search(name)
            while (hit := searcher.get_next()) is not None:
                place = hit
            if place is not None:
                boxes = [text.get_charbox(place[0] + n) for n in range(place[1])]
                left, right = min(b[0] for b in boxes), max(b[2] for b in boxes)
                top, middle = max(b[3] for b in boxes), (left + right) / 2
                corner = max(20.0, min(middle - _WIDTH / 2, page.get_width() - _WIDTH - 20))
                return index, (corner, top + _GAP, corner + _WIDTH, top + _GAP + _HEIGHT)
    finally:
        document.close()
    raise ConversionFailed(
        "ไม่พบชื่อผู้ลงนามในบันทึกข้อความ", where=name, remedy="ตรวจแม่แบบ memo.docx ว่ามีชื่อผู้ลงนามในวงเล็บ"
    )


def _free_square(pdf: bytes, page: int, avoid: Box) -> tuple[float, float] | None:
    """The lower left corner of a free square for the code; None when the page is full."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = document[page].get_textpage()
        boxes = [text.get_rect(n) for n in range(text.count_rects())] + [avoid]
        wide, high = document[page].get_size()
    finally:
        document.close()
    # the page number stands in the lower right corner
    boxes.append((wide - 90, 0, wide, 34))
    rows = [avoid[3] - SIDE, avoid[1] - SIDE / 2, *range(int(avoid[1]), int(_LOWEST), -5)]
    rows += range(int(avoid[3]), int(high - SIDE), 5)
    for bottom in rows:
        for left in (_LEFT, wide / 2 - SIDE / 2, wide - SIDE - 57):
            square = (left, bottom, left + SIDE, bottom + SIDE)
            if bottom >= _LOWEST and not any(_touch(square, box) for box in boxes):
                return left, float(bottom)
    return None


def _touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
