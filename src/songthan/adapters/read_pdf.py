"""Reads a form printed to PDF: identity from the footer, answers from the table's cells where they are certain.

Runs inside the sandbox. A cell whose text may have been wrapped by the layout is given to a person: a PDF does not say
whether a line ended because it was full or because somebody pressed Enter.
"""

from __future__ import annotations

import io

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdftypes import PDFStream
from pdfminer.psparser import PSLiteral
from pdfplumber.utils.exceptions import PdfminerException

from songthan.adapters.read_identity import Marks, identity_of_text, tokens_of
from songthan.adapters.read_layout_answers import reconcile_layout
from songthan.adapters.read_pdf_doubts import strange_letters
from songthan.adapters.read_pdf_fields import drawn_on, flattened, with_fields
from songthan.adapters.read_pdf_marks import marked
from songthan.adapters.read_pdf_sheet import read_pages
from songthan.adapters.read_pdf_table import read_table_pages
from songthan.adapters.read_pdf_text import PageText, open_pages
from songthan.adapters.read_scan import marks_by_qr, read_scanned_pdf
from songthan.adapters.read_verdict import form_of, identity_problems, review_form
from songthan.domain.errors import ReadRefused
from songthan.domain.forms import Answer, Problem, ReturnedForm
from songthan.domain.language import phrase, say
from songthan.ports import Expectation

__all__ = ["identify_pdf", "read_pdf"]

MAX_PAGES, MAX_OBJECTS = 60, 100_000
# Names that start something, carry another file, or replace the page by a program's form.
_ACTIVE = frozenset(
    ("JS", "JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "SubmitForm", "ImportData", "GoToE")
    + ("GoToR", "XFA", "Rendition", "Movie", "Sound", "3D")
)
_SENTENCES = {
    "active-content": phrase("ไฟล์ PDF นี้มีคำสั่งทำงานอัตโนมัติหรือมีไฟล์อื่นฝังอยู่ ระบบจึงไม่เปิดอ่านเพื่อความปลอดภัย"),
    "encrypted": phrase("ไฟล์ PDF นี้ตั้งรหัสผ่านหรือเข้ารหัสไว้ ระบบจึงเปิดอ่านไม่ได้"),
    "pdf-broken": phrase("ไฟล์ PDF นี้เสียหายหรือมีโครงสร้างผิดปกติ ระบบจึงเปิดอ่านไม่ได้"),
    "pdf-size": phrase("ไฟล์ PDF นี้มีจำนวนหน้าหรือชิ้นส่วนมากผิดปกติ ระบบจึงไม่เปิดอ่าน"),
}
_ROTATED = phrase("หน้าในไฟล์ PDF นี้ถูกหมุน ระบบจึงไม่แน่ใจในตำแหน่งของคำตอบ โปรดตรวจดู หรือขอให้ส่งเป็นไฟล์ Word")


def identify_pdf(data: bytes) -> ReturnedForm:
    """Which form this PDF is, without answers; ReadRefused when it is encrypted, active or broken."""
    with _opened(data) as pdf:
        pages = open_pages(data)
        if _is_scan(pdf, pages):
            return read_scanned_pdf(data, _marks(pages), suggest=False)
        return form_of(_known(data, _marks(pages)))


def read_pdf(data: bytes, expectation: Expectation) -> ReturnedForm:
    """Identity, answers and problems of reading; ReadRefused for a hostile or encrypted file."""
    with _opened(data) as pdf:
        pages = open_pages(data)
        marks = _marks(pages)
        if _is_scan(pdf, pages):
            return read_scanned_pdf(data, marks)
        marks = _known(data, marks)
        if any(page.rotation for page in pdf.pages):
            return review_form("pdf-rotated", say(_ROTATED), marks)
        drawn = drawn_on(data) if any(page.annots for page in pdf.pages) else None
        if drawn:
            # What people typed into fields or wrote over the page is on no page's own text: draw it there first.
            flat = flattened(data)
            with _opened(flat) as shown:
                answers, problems = _answers(shown, open_pages(flat), expectation)
            answers, problems = with_fields(expectation, drawn, answers, problems)
        else:
            answers, problems = _answers(pdf, pages, expectation)
        return form_of(marks, answers, (*identity_problems(marks, expectation.spec), *problems))


def _answers(
    pdf: pdfplumber.PDF, pages: list[PageText], expectation: Expectation
) -> tuple[dict[str, Answer], list[Problem]]:
    """The answers that stand on the pages."""
    sheets = [(page, marked(page, text)) for page, text in zip(pdf.pages, pages, strict=True)]
    if expectation.layout is not None:
        reading = read_pages(expectation.layout, sheets, expectation.spec)
        answers, problems = reconcile_layout(expectation, None, reading)
    else:
        answers, problems = read_table_pages(sheets, expectation)
    return answers, [*problems, *strange_letters(answers, problems)]


def _refused(code: str) -> ReadRefused:
    remedy = say("โปรดส่งแบบเป็นไฟล์ Word (.docx) หรือ PDF ธรรมดาที่ไม่มีรหัสผ่าน")
    return ReadRefused(say(_SENTENCES[code]), code=code, remedy=remedy)


def _opened(data: bytes) -> pdfplumber.PDF:
    """The PDF after the checks: encrypted, active-content, pdf-size, pdf-broken."""
    try:
        pdf = pdfplumber.open(io.BytesIO(data))
        if pdf.doc.encryption is not None:
            raise _refused("encrypted")
        _check_objects(pdf)
        if not 0 < len(pdf.pages) <= MAX_PAGES:
            raise _refused("pdf-size" if pdf.pages else "pdf-broken")
    except (ReadRefused, MemoryError):
        raise
    except PdfminerException as error:
        cause = error.args[0] if error.args else None
        raise _refused("encrypted" if isinstance(cause, PDFPasswordIncorrect) else "pdf-broken") from None
    except Exception as error:  # pdfminer meets broken files with errors of every kind
        raise _refused("pdf-broken") from error
    return pdf


def _check_objects(pdf: pdfplumber.PDF) -> None:
    """Look at every object of every revision: names inside object streams and written as #4A#53 count too."""
    seen = 0
    for xref in pdf.doc.xrefs:
        _check_value(xref.get_trailer(), 0)
        for number in xref.get_objids():
            seen += 1
            if seen > MAX_OBJECTS:
                raise _refused("pdf-size")
            try:
                found = pdf.doc.getobj(number)
            except MemoryError:
                raise
            except Exception:  # free or broken entries: nothing there that a reader could run
                continue
            _check_value(found, 0)


def _check_value(value: object, depth: int) -> None:
    if depth > 60:
        raise _refused("pdf-broken")
    if isinstance(value, PDFStream):
        value = value.attrs
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _ACTIVE:
                raise _refused("active-content")
            _check_value(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_value(item, depth + 1)
    elif isinstance(value, PSLiteral):
        name = value.name if isinstance(value.name, str) else value.name.decode("latin-1")
        if name in _ACTIVE:
            raise _refused("active-content")


def _marks(pages: list[PageText]) -> Marks:
    text = "\n".join(page.text for page in pages)
    identity = identity_of_text(text)
    recognised = ("footer" if identity.form else "body-text") if identity else None
    return Marks(identity=identity, recognised_by=recognised, tokens=tokens_of(text))


def _known(data: bytes, marks: Marks) -> Marks:
    """`marks`, or what the QR says where the text names no form (its footer was cut off or drawn as a picture)."""
    return marks if marks.identity is not None else marks_by_qr(data)


def _is_scan(pdf: pdfplumber.PDF, pages: list[PageText]) -> bool:
    return not any(page.text.strip() for page in pages) or any(_is_picture(page) for page in pdf.pages)


def _is_picture(page: pdfplumber.page.Page) -> bool:
    """A page that is mostly one picture: a scan, perhaps with a text layer that a machine guessed."""
    area = float(page.width) * float(page.height)
    return any(
        max(0.0, float(i["x1"]) - float(i["x0"])) * max(0.0, float(i["bottom"]) - float(i["top"])) > 0.5 * area
        for i in page.images
    )
