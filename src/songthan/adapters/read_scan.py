"""Pictures and scanned PDFs: which form it is (QR, else the footer by OCR), and the text by OCR as a suggestion.

Runs inside the sandbox. Nothing read from a picture becomes an answer: OCR takes ๙ for ๓, so a person compares.
"""

from __future__ import annotations

import io
import math
import os
import re
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pillow_heif
import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from songthan.adapters.read_identity import TOKEN, Marks
from songthan.adapters.read_verdict import nothing, refused_form, review_form
from songthan.domain.errors import ReadRefused
from songthan.domain.forms import FormIdentity, Problem, ReturnedForm
from songthan.domain.language import digits, phrase, say
from songthan.domain.thai import canonical, squeeze

__all__ = ["NoOcr", "WORK_PIXELS", "frames", "marks_by_qr", "ocr", "read_picture", "read_scanned_pdf"]

MAX_PAGES, MAX_PIXELS, MAX_SIDE = 3, 60_000_000, 30_000
WORK_PIXELS = 12_000_000  # what OCR gets: A4 at 370 dpi; more costs time and finds nothing
_FAINT_PIXELS = 6_000_000  # smaller pictures are looked at once more, doubled
_DPI = 200
_BUDGET_S = 20.0  # for the whole file; below the worker's wall limit, so that slow reading is no refusal
_MAX_TEXT = 20_000
# AVIF beside the old ones: Pillow's own wheels open it; HEIC is what an iPhone photographs in.
_FORMATS = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "AVIF", "HEIF")
pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
_WHAT = {"picture": phrase("ไฟล์นี้เป็นรูปภาพ"), "scan": phrase("ไฟล์ PDF นี้เป็นภาพสแกนหรือไม่มีข้อความให้อ่าน")}
_ENDINGS = {
    "read": phrase(
        "ข้อความที่แสดงนี้โปรแกรมอ่านจากภาพ อาจอ่านผิดได้ โดยเฉพาะตัวเลข ระบบจึงไม่ใช้เป็นคำตอบ โปรดให้เจ้าหน้าที่เทียบกับภาพทุกช่องก่อนรับไว้"
    ),
    "partly": phrase(
        "ข้อความที่แสดงนี้โปรแกรมอ่านจากภาพได้เพียงบางหน้า อาจอ่านผิดได้ โดยเฉพาะตัวเลข ระบบจึงไม่ใช้เป็นคำตอบ โปรดให้เจ้าหน้าที่เทียบกับภาพทุกหน้าก่อนรับไว้"
    ),
    "empty": phrase("โปรแกรมอ่านข้อความจากภาพไม่ได้ โปรดให้เจ้าหน้าที่เปิดดูภาพ หรือขอให้กรอกในแบบ Word ที่ระบบส่งให้"),
    "no-program": phrase(
        "เครื่องนี้ยังไม่มีโปรแกรมอ่านข้อความจากภาพ (ติดตั้งด้วยคำสั่ง apt-get install tesseract-ocr tesseract-ocr-tha) โปรดให้เจ้าหน้าที่เปิดดูภาพ หรือขอให้กรอกในแบบ Word ที่ระบบส่งให้"
    ),
    "identity": phrase("ระบบไม่ดึงคำตอบจากภาพ โปรดให้เจ้าหน้าที่เปิดดูภาพ หรือขอให้กรอกในแบบ Word ที่ระบบส่งให้"),
    "broken": phrase("ที่เสียหายหรือเปิดไม่ได้ โปรดส่งภาพมาใหม่ หรือกรอกในแบบ Word ที่ระบบส่งให้"),
}
_MIXED = phrase("พบรหัสแบบมากกว่าหนึ่งรหัสในไฟล์นี้ ระบบจึงไม่ทราบว่าเป็นแบบฉบับใด โปรดตรวจดูและส่งแบบละหนึ่งไฟล์")
# OCR may take 0 for O and 1 for I or L; the token's alphabet has none of those letters, so the way back is sure.
_LOOSE_TOKEN = re.compile(
    r"\bST\s?[-–—]\s?([0-9A-Z]{4})\s?[-–—]\s?([0-9A-Z]{4})\s?[-–—]\s?([0-9A-Z]{4})\b", re.IGNORECASE
)
_FORM = re.compile(r"\b(F[1-5]|OFFICIAL)\b", re.IGNORECASE)
_LOOKS_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})


class NoOcr(Exception):
    """Tesseract or its Thai data is not on this machine."""


@dataclass(kw_only=True)
class _Seen:
    """What the pages showed so far. `end` is when (monotonic seconds) reading stops; `named`: a text layer holds a token."""

    end: float
    named: bool = False
    tokens: dict[str, str] = field(default_factory=dict)  # token → «qr» or «footer»
    form: str = ""
    texts: list[str] = field(default_factory=list)
    ending: str = "read"


def read_picture(data: bytes, *, suggest: bool = True) -> ReturnedForm:
    """A picture file: identity and suggestion, verdict «review»; «refused» (picture-size) for a decompression bomb.

    `suggest` False looks for the identity only: by OCR too, but only where no QR is found, and on one page.
    """
    try:
        return _form("picture", frames(data), nothing(), suggest=suggest)
    except (ReadRefused, Image.DecompressionBombError) as error:
        return refused_form(error if isinstance(error, ReadRefused) else _too_large())
    except (OSError, ValueError, SyntaxError, EOFError):
        return review_form("picture", f"{say(_WHAT['picture'])}{say(_ENDINGS['broken'])}")


def read_scanned_pdf(data: bytes, marks: Marks, *, suggest: bool = True) -> ReturnedForm:
    """A PDF of pictures, whose text layer (`marks`), if any, was guessed by a machine. The PDF was checked before."""
    return _form("scan", _rendered(data), marks, suggest=suggest)


def marks_by_qr(data: bytes) -> Marks:
    """The marks of a PDF whose text names no form, by the QRs on its first pages; none where there is none."""
    seen = _Seen(end=0.0)
    for page in _rendered(data):
        if page is not None:
            _look_for_qr(page, seen)
    return _identified(seen, nothing())[0]


def _form(code: str, pages: Iterator[Image.Image | None], marks: Marks, *, suggest: bool) -> ReturnedForm:
    seen = _Seen(end=time.monotonic() + _BUDGET_S, named=marks.identity is not None)
    for number, page in enumerate(pages):
        if page is None:
            seen.ending = "partly"
            break
        turn = _look_for_qr(page, seen)
        if suggest or (number == 0 and not seen.tokens and not seen.named):
            _look_for_text(page.rotate(turn, expand=True, fillcolor=255) if turn else page, seen)
    if not suggest:
        seen.texts, seen.ending = [], "identity"
    marks, mixed = _identified(seen, marks)
    text = "\n\n".join(seen.texts)[:_MAX_TEXT]
    if not text and seen.ending in ("read", "partly"):
        seen.ending = "empty"
    form = review_form(code, f"{say(_WHAT[code])} {say(_ENDINGS[seen.ending])}", marks)
    problems = (Problem(field="", code="identity-mixed", message_th=say(_MIXED)), *form.problems) if mixed else form.problems
    return replace(form, problems=problems, suggestion=text)


def _identified(seen: _Seen, marks: Marks) -> tuple[Marks, bool]:
    """The marks with what was seen, and whether they contradict each other.

    Of two QRs none is believed; a QR is believed before a text layer, which a scanner's OCR may have guessed.
    """
    tokens = frozenset(seen.tokens) | marks.tokens
    if len(seen.tokens) > 1:
        return Marks(identity=None, recognised_by=None, tokens=tokens), True
    if not seen.tokens:
        return marks, False
    ((token, way),) = seen.tokens.items()
    if marks.identity is not None and marks.identity.token == token:
        return Marks(identity=marks.identity, recognised_by=way, tokens=tokens), False
    identity = FormIdentity(form=seen.form, version=0, deadline="", assignment="", token=token)
    return Marks(identity=identity, recognised_by=way, tokens=tokens), marks.identity is not None


def _look_for_qr(page: Image.Image, seen: _Seen) -> int:
    """Note the tokens of the page's QRs; the turn (degrees, anticlockwise) that puts the page upright."""
    turn = 0
    found = _codes(page)
    if not found and page.width * page.height <= _FAINT_PIXELS:
        found = _codes(page.resize((page.width * 2, page.height * 2), Image.Resampling.BICUBIC))
    for text, orientation in found:
        token = TOKEN.fullmatch(text.strip())
        if token:
            seen.tokens[token[0].upper()] = "qr"
            turn = round(orientation / 90) * 90 % 360
    return turn


def _codes(page: Image.Image) -> list[tuple[str, int]]:
    found = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.QRCode)
    return [(code.text, code.orientation) for code in found if len(code.text) <= 40]


def _look_for_text(page: Image.Image, seen: _Seen) -> None:
    """The page's text by OCR into `seen`; where no QR was found, the token in it too."""
    try:
        text = ocr(page, seen.end - time.monotonic())
    except NoOcr:
        seen.ending = "no-program"
        return
    except (subprocess.SubprocessError, OSError):
        seen.ending = "partly"
        return
    if text:
        seen.texts.append(text)
    if seen.named or "qr" in seen.tokens.values():
        return
    match = _LOOSE_TOKEN.search(text)
    token = TOKEN.fullmatch("ST-" + "-".join(match.groups()).upper().translate(_LOOKS_ALIKE)) if match else None
    if match and token:
        seen.tokens[token[0]] = "footer"
        form = _FORM.search(text[match.end() : match.end() + 20])
        seen.form = form[1].lower() if form else ""


def ocr(page: Image.Image, seconds: float) -> str:
    """The text tesseract sees; NoOcr when it or its Thai data is missing, SubprocessError when it is late or failed."""
    program = shutil.which("tesseract")
    if program is None:
        raise NoOcr
    if seconds <= 0.5:
        raise subprocess.TimeoutExpired(program, seconds)
    picture = io.BytesIO()
    page.save(picture, "PNG", compress_level=1)
    # Standard input and output only: this process may not write files.
    command = [program, "stdin", "stdout", "-l", "tha+eng", "--psm", "3", "--dpi", str(_DPI)]
    kept = {name: os.environ[name] for name in ("PATH", "TESSDATA_PREFIX") if name in os.environ}
    done = subprocess.run(
        command,
        input=picture.getvalue(),
        capture_output=True,
        timeout=seconds,
        check=False,
        env={**kept, "LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1"},
    )
    if b"tha.traineddata" in done.stderr or b"language 'tha'" in done.stderr:
        raise NoOcr
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, program)
    lines = (squeeze(line) for line in canonical(done.stdout.decode("utf-8", "replace")).splitlines())
    return "\n".join(line for line in lines if line)


def frames(data: bytes, most: int = MAX_PAGES, *, mode: str = "L") -> Iterator[Image.Image | None]:
    """The first pages of a picture file, grey (`mode` «RGB»: in colour) and upright by its camera's word, after looking at
    their size.

    None at the end stands for pages that were left out.
    """
    with warnings.catch_warnings():
        # Pillow's own limit warns of what the next lines refuse.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        opened = Image.open(io.BytesIO(data), formats=_FORMATS)
    with opened as picture:
        for number in range(min(getattr(picture, "n_frames", 1), most)):
            if number:
                picture.seek(number)
            width, height = picture.size
            if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
                raise _too_large()
            # JPEG can be decoded at a fraction of its size, which a photo of 50 megapixels needs.
            scale = min(1.0, math.sqrt(WORK_PIXELS / (width * height)))
            picture.draft(mode, (round(width * scale), round(height * scale)))
            yield _worked(ImageOps.exif_transpose(picture), mode)
        if getattr(picture, "n_frames", 1) > most:
            yield None


def _worked(picture: Image.Image, mode: str) -> Image.Image:
    """On white, at most WORK_PIXELS."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    if picture.mode.startswith(("I", "F")):
        # 16 bits a pixel: Pillow would cut instead of scaling
        low, high = picture.getextrema()
        picture = picture.convert("F").point(lambda v: (v - low) * (255.0 / max(high - low, 1)) + 0)
    page = picture.convert("L").convert(mode) if picture.mode == "F" else picture.convert(mode)
    scale = math.sqrt(WORK_PIXELS / max(page.width * page.height, 1))
    if scale < 1:
        page = page.resize((max(1, int(page.width * scale)), max(1, int(page.height * scale))), Image.Resampling.BOX)
    return page


def _rendered(data: bytes) -> Iterator[Image.Image | None]:
    """The first pages of a PDF as grey pictures of 200 dpi (fewer for huge pages); None: some were left out."""
    document = pypdfium2.PdfDocument(data)
    try:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            width, height = (max(1.0, float(side)) for side in page.get_size())
            scale = min(_DPI / 72, math.sqrt(WORK_PIXELS / (width * height)), MAX_SIDE / max(width, height))
            try:
                yield page.render(scale=scale, grayscale=True, draw_annots=True).to_pil().convert("L")
            except (pypdfium2.PdfiumError, RuntimeError, ValueError):
                continue
        if len(document) > MAX_PAGES:
            yield None
    finally:
        document.close()


def _too_large() -> ReadRefused:
    millions = digits(MAX_PIXELS // 1_000_000)
    return ReadRefused(
        say("รูปภาพนี้มีขนาดใหญ่เกิน {millions} ล้านจุด ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย", millions=millions),
        code="picture-size",
        remedy=say("โปรดถ่ายหรือสแกนใหม่ที่ความละเอียดปกติ หรือกรอกในแบบ Word ที่ระบบส่งให้"),
    )
