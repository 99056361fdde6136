"""The sandbox's jobs for returned files: finds out by content what a file is, and reads or refuses it.

Jobs answer with `ReturnedForm.as_json()`; a refusal is an answer too, never an exception.
"""

from __future__ import annotations

import zipfile
from io import BytesIO

from songthan.adapters.read_convert import CONVERTED, check_convertible
from songthan.adapters.read_docx import identify_docx, read_docx
from songthan.adapters.read_expectation import expectation_of
from songthan.adapters.read_package import BROKEN_ZIP, refused
from songthan.adapters.read_verdict import refused_form, review_form
from songthan.domain.errors import ReadRefused
from songthan.domain.forms import ReturnedForm
from songthan.domain.language import phrase, say
from songthan.ports import Expectation

__all__ = ["identify", "identify_job", "kind_of", "read", "read_job"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
_ODF = b"application/vnd.oasis.opendocument."
_REVIEW = {
    "empty": phrase("ไฟล์นี้ว่างเปล่า โปรดแนบแบบที่กรอกแล้วส่งมาใหม่"),
    "unknown-type": phrase("ไฟล์นี้ไม่ใช่เอกสาร Word หรือ PDF ระบบอ่านคำตอบไม่ได้ โปรดกรอกในแบบ Word ที่ระบบส่งให้"),
}


def kind_of(data: bytes) -> str:
    """What the bytes are, whatever the file is called.

    docx, pdf, odt, doc, rtf, encrypted, macro (the last two for OLE files), picture, empty, unknown-type.
    """
    if not data.strip(b"\x00 \r\n\t"):
        return "empty"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _kind_of_zip(data)
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(_OLE):
        return _kind_of_ole(data)
    if data.lstrip(b"\xef\xbb\xbf \r\n\t")[:5] == b"{\\rtf":
        return "rtf"
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or _is_heif(data):
        return "picture"
    return "unknown-type"


def _is_heif(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")


def _kind_of_zip(data: bytes) -> str:
    try:
        archive = zipfile.ZipFile(BytesIO(data))
        names = set(archive.namelist())
        if any(name.lower().startswith("word/") for name in names):
            return "docx"
        if "content.xml" not in names or "mimetype" not in names:
            return "unknown-type"
        with archive.open("mimetype") as entry:
            kind = entry.read(100)
    except BROKEN_ZIP:
        return "docx"  # a broken zip is refused by the reader, with its reason
    return "odt" if kind.startswith(_ODF + b"text") else "unknown-type"


def _kind_of_ole(data: bytes) -> str:
    """An OLE file is an encrypted docx, a .doc with macros, a plain .doc, or no Word file; its directory names say which."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        return "encrypted"
    if "_VBA_PROJECT".encode("utf-16-le") in data:
        return "macro"
    return "doc" if "WordDocument".encode("utf-16-le") in data else "unknown-type"


def identify(data: bytes) -> ReturnedForm:
    """Which form this file is (no answers). Refused and unreadable files are answers with a problem."""
    return _guarded(data, None)


def read(data: bytes, expectation: Expectation) -> ReturnedForm:
    """Identity, answers and problems of reading."""
    return _guarded(data, expectation)


def _guarded(data: bytes, expectation: Expectation | None) -> ReturnedForm:
    kind = kind_of(data)
    try:
        if kind in ("encrypted", "macro"):
            raise refused(kind)
        if kind == "docx":
            return read_docx(data, expectation) if expectation else identify_docx(data)
        if kind == "pdf":
            return _pdf(data, expectation)
        if kind == "picture":
            return _picture(data, suggest=expectation is not None)
        if kind in ("odt", "doc", "rtf"):
            # `ConvertingReader` converts it once this look at it found nothing wrong.
            check_convertible(data, kind)
            return review_form("converted", say(CONVERTED))
    except ReadRefused as error:
        return refused_form(error)
    return review_form(kind, say(_REVIEW[kind]))


# A worker that reads only Word files, as most do, never loads the PDF and picture libraries.
def _pdf(data: bytes, expectation: Expectation | None) -> ReturnedForm:
    from songthan.adapters.read_pdf import identify_pdf, read_pdf

    return read_pdf(data, expectation) if expectation else identify_pdf(data)


def _picture(data: bytes, *, suggest: bool) -> ReturnedForm:
    from songthan.adapters.read_scan import read_picture

    return read_picture(data, suggest=suggest)


def identify_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Sandbox job: `identify`."""
    return identify(payload).as_json(), []


def read_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Sandbox job: `read`; args as `read_expectation.args_of` makes them."""
    return read(payload, expectation_of(args)).as_json(), []
