"""A picture as JPEGs that print well on A4: upright, in the colours of a screen, never larger than print needs.

JPEG, PNG, TIFF (every page), GIF (its first picture), BMP, WebP, AVIF and HEIC, of any bit depth and colour space. The
file is a stranger's: this runs in the sandbox, and whatever it breaks is an exception for the caller.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms, ImageOps

__all__ = ["Print", "is_picture", "prints"]

_FORMATS = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "AVIF", "HEIF")
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
_BRANDS = (b"heic", b"heix", b"heif", b"hevc", b"mif1", b"msf1", b"avif")
#: What is decoded at most. A camera's JPEG may be larger: it is reduced while it is decoded.
MOST_PIXELS = 60_000_000
_MOST_PAGES = 300
PRINT_PIXELS = (1754, 2480)  # A4 at 212 dpi: readable print, and the untouched picture lies in evidence/
_DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})

pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)


@dataclass(frozen=True, kw_only=True)
class Print:
    """One page's picture; `grey`: a single channel."""

    jpeg: bytes
    width: int
    height: int
    grey: bool


def is_picture(data: bytes) -> bool:
    """Does this begin like a picture of a kind that `prints` knows?"""
    return (
        data.startswith(_STARTS)
        or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")
        or (data[4:8] == b"ftyp" and data[8:12] in _BRANDS)
    )


def prints(data: bytes) -> Iterator[Print]:
    """The picture's pages in order. ValueError for more pixels or pages than anybody prints; Pillow's own errors else."""
    with Image.open(BytesIO(data), formats=_FORMATS) as opened:
        pages = getattr(opened, "n_frames", 1) if opened.format == "TIFF" else 1
        if pages > _MOST_PAGES:
            raise ValueError("too many pages")
        for page in range(pages):
            if pages > 1:
                opened.seek(page)
            if opened.format == "JPEG":
                opened.draft(None, PRINT_PIXELS)
            if opened.width * opened.height > MOST_PIXELS:
                raise ValueError("too many pixels")
            yield _print(opened)


def _print(opened: Image.Image) -> Print:
    landscape = opened.width > opened.height
    small = _even(opened)
    small.thumbnail(PRINT_PIXELS[::-1] if landscape else PRINT_PIXELS, Image.Resampling.LANCZOS)
    small = _on_white(_in_screen_colours(ImageOps.exif_transpose(small), opened.info.get("icc_profile")))
    out = BytesIO()
    small.save(out, "JPEG", quality=88)
    return Print(jpeg=out.getvalue(), width=small.width, height=small.height, grey=small.mode == "L")


def _even(opened: Image.Image) -> Image.Image:
    """A copy in eight bits a channel and without a palette, for what can be reduced well."""
    if opened.mode in _DEEP:
        # Pillow's own way from 16 bits to 8 cuts everything above 255 to white
        low, high = opened.getextrema()
        top = 65535 if opened.mode.startswith("I;16") or high > 255 else 255 if high > 1 else 1
        return opened.convert("F").point(lambda v: v * (255.0 / top)).convert("L")
    if opened.mode in ("P", "PA"):
        return opened.convert("RGBA")
    return opened.convert("L") if opened.mode == "1" else opened.copy()


def _in_screen_colours(picture: Image.Image, profile: object) -> Image.Image:
    """In sRGB: a phone's photograph (Display P3) and a print shop's CMYK look as they should. A bad profile is ignored."""
    if isinstance(profile, bytes) and picture.mode in ("RGB", "RGBA", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
            plain = picture.convert("RGB") if alpha else picture
            made = ImageCms.profileToProfile(plain, BytesIO(profile), ImageCms.createProfile("sRGB"), outputMode="RGB")
            if made is not None:
                if alpha:
                    made.putalpha(alpha)
                return made
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "L":
        return picture
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    flat = Image.new("RGB", layer.size, "white")
    flat.paste(layer, mask=layer.getchannel("A"))
    return flat
