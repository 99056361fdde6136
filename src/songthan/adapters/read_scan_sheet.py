"""Scanned and photographed sheets: the code of a page to sign, its pages as harmless pictures, and a rough comparison with
the frozen page.

Runs inside the sandbox. What the comparison says is a hint for the person who looks, never an answer: text recognition
misreads, and a page on another paper may be a good forgery.
"""

from __future__ import annotations

import base64
import io
import math
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

import pypdfium2
import pypdfium2.raw
import zxingcpp
from PIL import Image, ImageDraw, ImageOps

from songthan.adapters.read_scan import WORK_PIXELS, NoOcr, frames, ocr
from songthan.domain.errors import ReadRefused
from songthan.domain.seal_codes import read_payload
from songthan.domain.thai import canonical, to_arabic_digits

__all__ = ["compare_job", "look_job", "pages_job"]

_MOST, _DPI = 60, 200
#: Seconds a whole file may take: below the worker's wall limit.
_LOOK_S, _OCR_S = 14.0, 10.0
_FAINT_PIXELS = 6_000_000
#: A page is a sheet when pictures cover this much of it (a scanner's software may add a text layer).
_COVERED = 0.5
#: How far over the edge what is printed may lie (parts of the page): a code of 27 mm tells the page's edge only so well.
_OVER = 0.05
#: What counts as ink on paper (0 black, 255 white).
_INK = 150
#: Lines shorter than this tell nothing; lines this alike are one line.
_SHORT, _ALIKE = 6, 0.6
#: A line without a word of so many letters, or a figure, is not shown.
_WORD = 4
_SHOWN = (620, 877)

Point = tuple[float, float]
Affine = tuple[float, float, float, float, float, float]


def look_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Which pages of the file are sheets, and the codes on them: `{"sheets": [...], "partly": bool}`."""
    sheets, partly, end = [], False, time.monotonic() + _LOOK_S
    for number, page in _pages(payload):
        if time.monotonic() > end:
            partly = True
            break
        if page is None:
            continue
        codes = [{"text": text, "corners": corners} for text, corners in _codes(page)]
        sheets.append({"number": number, "width": page.width, "height": page.height, "codes": codes})
    partly = partly or _page_count(payload) > _MOST
    return {"sheets": sheets, "partly": partly}, []


def pages_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """The sheets of the file in `args["numbers"]` as JPEG, upright where a code tells which way that is; nothing else of the
    file is in them."""
    wanted, found = set(args["numbers"]), []
    for _, page in _pages(payload, wanted):
        if page is None:
            continue
        out = io.BytesIO()
        _upright(page).save(out, "JPEG", quality=85, dpi=(_DPI, _DPI))
        found.append(out.getvalue())
        if len(found) == len(wanted):
            break
    return {"found": len(found)}, found


def compare_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Sheet `args["number"]` of the file laid over the frozen page (`args["frozen"]`: base64 of a picture of it), both known
    by the code that says `args["code"]`.

    `whole`: is everything that is printed on the frozen page inside the sheet? `ink` is how much darker the place of the
    signature (`args["box"]`, as parts of the page from the upper left) is than on the frozen page (0 to 1). With
    `args["words"]` also the words: `same` (part of the frozen page's text found), `missing` and `strange` lines, `read`
    («yes», «no-program», «late»); and as bytes both pages side by side (JPEG).
    """
    coloured = next((p for _, p in _pages(payload, {args["number"]}, mode="RGB")), None)
    page = coloured.convert("L") if coloured else None
    frozen = Image.open(io.BytesIO(base64.b64decode(args["frozen"])), formats=("PNG",)).convert("L")
    mine = [corners for text, corners in (_codes(page) if page else []) if text == args["code"]]
    theirs = [corners for text, corners in _codes(frozen) if text == args["code"]]
    if coloured is None or page is None or not mine or not theirs:
        return {"whole": False, "ink": 0.0, "same": 0.0, "missing": [], "strange": [], "read": "late"}, []
    over = _affine(theirs[0], mine[0])
    answer: dict[str, object] = {"whole": _holds(page, over, _print_box(frozen))}
    laid = page.transform(frozen.size, Image.Transform.AFFINE, over, Image.Resampling.BICUBIC, fillcolor=255)
    answer["ink"] = round(max(0.0, _darkness(laid, args["box"]) - _darkness(frozen, args["box"])), 4)
    if not args.get("words"):
        return answer, []
    answer |= _words(_without(frozen, theirs[0]), _without(laid, theirs[0]))
    # ink is known by its colour: a copied signature is black
    seen = coloured.transform(frozen.size, Image.Transform.AFFINE, over, Image.Resampling.BICUBIC, fillcolor="white")
    return answer, [_beside(frozen, seen, args["box"])]


# pages


def _page_count(data: bytes) -> int:
    if b"%PDF-" not in data[:1024]:
        return 1
    document = pypdfium2.PdfDocument(data)
    try:
        return len(document)
    finally:
        document.close()


def _pages(data: bytes, wanted: Collection[int] | None = None, *, mode: str = "L") -> Iterator[tuple[int, Image.Image | None]]:
    """Number and picture (grey, or in colour with `mode` «RGB») of each page (of those in `wanted` only); None for a page that
    is no sheet. Nothing at all for a file that cannot be read."""
    try:
        if b"%PDF-" in data[:1024]:
            yield from _pdf_pages(data, wanted, mode)
        else:
            found = enumerate((f for f in frames(data, _MOST, mode=mode) if f is not None), 1)
            yield from (page for page in found if wanted is None or page[0] in wanted)
    except (pypdfium2.PdfiumError, ReadRefused, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError):
        return


def _pdf_pages(data: bytes, wanted: Collection[int] | None, mode: str) -> Iterator[tuple[int, Image.Image | None]]:
    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(min(len(document), _MOST)):
            if wanted is not None and number + 1 not in wanted:
                continue
            page = document[number]
            if not _is_sheet(page):
                yield number + 1, None
                continue
            width, height = (max(1.0, float(side)) for side in page.get_size())
            scale = min(_DPI / 72, math.sqrt(WORK_PIXELS / (width * height)))
            yield number + 1, page.render(scale=scale, grayscale=mode == "L", draw_annots=True).to_pil().convert(mode)
    finally:
        document.close()


def _is_sheet(page: pypdfium2.PdfPage) -> bool:
    """Is this page mostly pictures: a scan?"""
    width, height = page.get_size()
    area = 0.0
    for item in page.get_objects(filter=(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE,)):
        left, bottom, right, top = item.get_bounds()
        # page boxes need not begin at 0, so only the sizes count
        area += max(0.0, min(right - left, width)) * max(0.0, min(top - bottom, height))
    return area > _COVERED * width * height


def _codes(page: Image.Image) -> list[tuple[str, tuple[Point, ...]]]:
    """Our codes on a page: what they say, and their corners in its pixels."""
    found, scale = _seen(page), 1.0
    if not found and page.width * page.height <= _FAINT_PIXELS:
        scale = 2.0
        found = _seen(page.resize((page.width * 2, page.height * 2), Image.Resampling.BICUBIC))
    return [(text, tuple((x / scale, y / scale) for x, y in corners)) for text, corners in found]


def _seen(page: Image.Image) -> list[tuple[str, tuple[Point, ...]]]:
    found = []
    for code in zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode):
        if len(code.text) <= 200 and read_payload(code.text) is not None:
            place = code.position
            corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            found.append((code.text.strip(), tuple((float(p.x), float(p.y)) for p in corners)))
    return found


def _upright(page: Image.Image) -> Image.Image:
    """Turned by the nearest quarter to what the code on it calls up."""
    codes = _codes(page)
    if not codes:
        return page
    (x0, y0), (x1, y1) = codes[0][1][:2]
    turn = round(math.degrees(math.atan2(y1 - y0, x1 - x0)) / 90) * 90 % 360
    return page.rotate(turn, expand=True, fillcolor=255) if turn else page


# laid over each other


def _affine(places: Sequence[Point], to: Sequence[Point]) -> Affine:
    """Turn, scale and shift that bring `places` nearest to `to` (least squares): x' = a·x + b·y + c, y' = d·x + e·y + f.

    A turn and one scale only: four corners of a small square would say little about a shear, and that wrongly.
    """
    p, q = [complex(*point) for point in places], [complex(*point) for point in to]
    middle, target = sum(p) / len(p), sum(q) / len(q)
    spread = sum(abs(x - middle) ** 2 for x in p) or 1.0
    factor = sum((x - middle).conjugate() * (y - target) for x, y in zip(p, q, strict=True)) / spread
    shift = target - factor * middle
    return (factor.real, -factor.imag, shift.real, factor.imag, factor.real, shift.imag)


def _moved(over: Affine, x: float, y: float) -> Point:
    a, b, c, d, e, f = over
    return a * x + b * y + c, d * x + e * y + f


def _print_box(page: Image.Image) -> tuple[int, int, int, int]:
    """The smallest box around everything printed."""
    return ImageOps.invert(page).point(lambda v: 255 if v > 255 - _INK else 0).getbbox() or (0, 0, page.width, page.height)


def _holds(page: Image.Image, over: Affine, box: tuple[int, int, int, int]) -> bool:
    """Do the corners of the frozen page's `box` lie inside the sheet?"""
    slack = _OVER * max(page.size)
    corners = [_moved(over, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
    return all(-slack <= x <= page.width + slack and -slack <= y <= page.height + slack for x, y in corners)


def _cut(page: Image.Image, box: Sequence[float]) -> Image.Image:
    left, top, right, bottom = (round(v * side) for v, side in zip(box, page.size * 2, strict=True))
    return page.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def _darkness(page: Image.Image, box: Sequence[float]) -> float:
    """The part of the box that is ink."""
    counts = _cut(page, box).histogram()
    return sum(counts[:_INK]) / max(1, sum(counts))


def _beside(frozen: Image.Image, laid: Image.Image, box: Sequence[float]) -> bytes:
    """The frozen page at the left, the sheet at the right, and below each the place of its signature, larger."""
    wide, high = _SHOWN
    low = 200
    sheet = Image.new("RGB", (2 * wide + 30, high + low + 30), (225, 225, 225))
    for column, page in enumerate((frozen, laid)):
        left = 10 + column * (wide + 10)
        sheet.paste(page.resize(_SHOWN, Image.Resampling.LANCZOS), (left, 10))
        sheet.paste(ImageOps.contain(_cut(page, box), (wide, low), Image.Resampling.LANCZOS), (left, high + 20))
        frame = [left + box[0] * wide, 10 + box[1] * high, left + box[2] * wide, 10 + box[3] * high]
        ImageDraw.Draw(sheet).rectangle(frame, outline=(120, 120, 120), width=1)
    out = io.BytesIO()
    sheet.save(out, "JPEG", quality=70)
    return out.getvalue()


# words


def _words(frozen: Image.Image, laid: Image.Image) -> dict[str, object]:
    """What text recognition finds on both: the same eyes on both pages make mostly the same mistakes."""
    try:
        wanted, found = (ocr(page, _OCR_S).splitlines() for page in (frozen, laid))
    except NoOcr:
        return {"same": 0.0, "missing": [], "strange": [], "read": "no-program"}
    except (subprocess.SubprocessError, OSError):
        return {"same": 0.0, "missing": [], "strange": [], "read": "late"}
    wanted, found = ([line for line in lines if len(_bare(line)) >= _SHORT][:120] for lines in (wanted, found))
    missing = [line for line in wanted if not _among(line, found)]
    strange = [line for line in found if not _among(line, wanted)]
    total = sum(len(_bare(line)) for line in wanted)
    same = 1 - sum(len(_bare(line)) for line in missing) / total if total else 0.0
    missing, strange = ([line for line in lines if _says_something(line)][:20] for lines in (missing, strange))
    return {"same": round(same, 3), "missing": missing, "strange": strange, "read": "yes"}


def _says_something(line: str) -> bool:
    """A figure or a word, not the crumbs that text recognition makes of dotted lines and the code («ye RQ yy»)."""
    bare = [_bare(word) for word in line.split()]
    return any(len(word) >= _WORD or any(c.isdigit() for c in word) for word in bare)


def _without(page: Image.Image, corners: Sequence[Point]) -> Image.Image:
    """The page without the code, which text recognition takes for writing."""
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    quiet = (max(xs) - min(xs)) * 0.15
    blank = page.copy()
    blank.paste(255, tuple(round(v) for v in (min(xs) - quiet, min(ys) - quiet, max(xs) + quiet, max(ys) + quiet)))
    return blank


def _bare(line: str) -> str:
    return "".join(c for c in to_arabic_digits(canonical(line)) if c.isalnum() or "\u0e00" < c < "\u0e80").lower()


def _among(line: str, others: Sequence[str]) -> bool:
    one = SequenceMatcher(b=_bare(line), autojunk=False)
    for other in others:
        one.set_seq1(_bare(other))
        if one.real_quick_ratio() >= _ALIKE and one.quick_ratio() >= _ALIKE and one.ratio() >= _ALIKE:
            return True
    return False
