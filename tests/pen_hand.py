"""The director's hand: prints the page to sign, signs it with ink, lays it on a scanner or photographs it. Nothing of ours is
asked: only PDFium draws the page and Pillow the rest."""

from __future__ import annotations

import io
import math

import pillow_heif
import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

pillow_heif.register_heif_opener()


def printed(pdf: bytes, *, page: int = 0, dpi: int = 200) -> Image.Image:
    """One page on paper."""
    document = pypdfium2.PdfDocument(pdf)
    picture = document[page].render(scale=dpi / 72).to_pil().convert("RGB")
    document.close()
    return picture


def page_with_code(pdf: bytes) -> int:
    """The page that has the QR code, found by the eye of a director: the one that says where to sign is printed on it."""
    import zxingcpp

    document = pypdfium2.PdfDocument(pdf)
    pages = len(document)
    document.close()
    return next(n for n in range(pages) if zxingcpp.read_barcodes(printed(pdf, page=n, dpi=150)))


def inked(paper: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """A signature in blue ink inside `box` (parts of the page: left, top, right, bottom)."""
    signed = paper.copy()
    wide, high = signed.size
    left, top, right, bottom = box[0] * wide, box[1] * high, box[2] * wide, box[3] * high
    points = []
    for step in range(160):
        t = step / 159
        x = left + (right - left) * (0.15 + 0.7 * t + 0.05 * math.sin(t * 22))
        y = (top + bottom) / 2 + (bottom - top) * (0.3 * math.sin(t * 17) * (1 - t) + 0.1 * math.sin(t * 51))
        points.append((x, y))
    ImageDraw.Draw(signed).line(points, fill=(24, 32, 120), width=max(3, wide // 400), joint="curve")
    return signed


def scanned(paper: Image.Image, *, turn: float = 0.0, blur: float = 0.6, grey: int = 246) -> Image.Image:
    """Laid on the glass a little aslant: turned (degrees), softened, on a lid that is not quite white."""
    turned = paper.rotate(turn, resample=Image.Resampling.BICUBIC, expand=True, fillcolor=(grey, grey, grey))
    return turned.filter(ImageFilter.GaussianBlur(blur))


def as_jpeg(picture: Image.Image, *, quality: int = 70, exif: bytes = b"") -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def saved(kind: str, *pictures: Image.Image) -> bytes:
    """PNG, TIFF (several pages), HEIF or a PDF of pictures, as scanners and phones save."""
    out = io.BytesIO()
    first, *rest = pictures
    more = {"save_all": True, "append_images": rest} if kind in ("TIFF", "PDF") else {}
    first.save(out, kind, **({"resolution": 200.0, "quality": 75} if kind == "PDF" else {}), **more)
    return out.getvalue()


def cut(picture: Image.Image, part: float) -> Image.Image:
    """Only the upper part of the page got into the picture."""
    return picture.crop((0, 0, picture.width, round(picture.height * part)))
