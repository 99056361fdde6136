"""Prints that came back other than they left: sheets missing or doubled, struck out, with pictures, borrowed letters."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pdfplumber
import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from songthan.adapters.read_office import read
from songthan.adapters.read_pdf_doubts import strange_letters
from songthan.adapters.read_pdf_text import Glyph, lines_in
from songthan.domain.forms import Answer, ReturnedForm

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
from writers import paper

CORPUS = Path(__file__).parents[1] / "returned" / "pdf"


def pages_of(name: str, *numbers: int) -> bytes:
    """The corpus file with these pages only, from 0."""
    reader, writer, out = PdfReader(CORPUS / name), PdfWriter(), io.BytesIO()
    for number in numbers:
        writer.add_page(reader.pages[number])
    writer.write(out)
    return out.getvalue()


def codes(form: ReturnedForm) -> set[tuple[str, str]]:
    return {(p.field, p.code) for p in form.problems}


def drawn(name: str, content: bytes) -> bytes:
    """The corpus file with more drawn on its first page."""
    writer, out = PdfWriter(clone_from=PdfReader(CORPUS / name)), io.BytesIO()
    page = writer.pages[0]
    stream = DecodedStreamObject()
    stream.set_data(b"q " + page.get_contents().get_data() + b" Q " + content)
    page[NameObject("/Contents")] = writer._add_object(stream)
    writer.write(out)
    return out.getvalue()


def test_a_row_cut_by_the_last_page_that_came_is_doubtful_as_a_whole():
    form = read((CORPUS / "last-pages-missing.pdf").read_bytes(), paper.expectation("f3"))
    assert {f"2.1.{key}" for key in ("percent", "done", "evidence", "note")} <= {
        field for field, code in codes(form) if code == "pdf-cut"
    }
    assert not any(field.startswith(("1.4", "1.7")) for field, code in codes(form) if code == "pdf-cut")


def test_a_whole_row_at_the_foot_of_the_last_page_is_no_doubt():
    form = read((CORPUS / "printed-short.pdf").read_bytes(), paper.expectation("f3"))
    assert (form.verdict, form.problems) == ("complete", ())


@pytest.mark.parametrize("order", [(0,), (1,), (1, 0), (0, 0, 1), (0, 1, 0, 1)], ids=str)
@pytest.mark.parametrize("form", ["f1", "f5"])
def test_sheets_that_are_missing_doubled_or_in_another_order_are_doubtful(form, order):
    count = len(PdfReader(CORPUS / f"{form}-printed-short.pdf").pages)
    data = pages_of(f"{form}-printed-short.pdf", *(n for n in order if n < count))
    assert ("", "pdf-pages") in codes(read(data, paper.expectation(form)))
    whole = pages_of(f"{form}-printed-short.pdf", *range(count))
    assert ("", "pdf-pages") not in codes(read(whole, paper.expectation(form)))


def test_two_pages_on_one_sheet_are_doubtful():
    reader, writer, out = PdfReader(CORPUS / "f1-printed-short.pdf"), PdfWriter(), io.BytesIO()
    width, height = (float(v) for v in reader.pages[0].mediabox[2:])
    page = writer.add_blank_page(2 * width, height)
    page.merge_page(reader.pages[0])
    page.merge_translated_page(reader.pages[1], width, 0)
    writer.write(out)
    assert ("", "pdf-sheet") in codes(read(out.getvalue(), paper.expectation("f1")))


def cell_letters(name: str, text: str) -> tuple[float, float, float, float]:
    """x0, base line, x1 and size of the first letters on the first page that say `text`."""
    with pdfplumber.open(CORPUS / name) as pdf:
        chars = pdf.pages[0].chars
        said = "".join(c["text"][0] for c in chars)
        mine = chars[said.index(text) : said.index(text) + len(text)]
        return mine[0]["x0"], mine[0]["matrix"][5], mine[-1]["x1"], mine[0]["size"]


def test_a_rule_through_an_answer_strikes_it_out_and_one_below_it_does_not():
    x0, base, x1, size = cell_letters("printed-short.pdf", "ใจดี")  # the first «น้ำใจดี»
    for up, expected in ((0.28, {("1.4(1).note", "formatted")}), (-0.12, set())):
        rule = f"0 G 0.6 w {x0:.1f} {base + up * size:.1f} m {x1:.1f} {base + up * size:.1f} l S".encode()
        assert codes(read(drawn("printed-short.pdf", rule), paper.expectation("f3"))) == expected


def test_a_picture_in_an_answers_cell_is_doubtful():
    x0, base, _, size = cell_letters("printed-short.pdf", "ใจดี")
    picture = f"q 8 0 0 8 {x0:.1f} {base - 1.2 * size:.1f} cm BI /W 1 /H 1 /BPC 8 /CS /G ID a EI Q".encode()
    assert codes(read(drawn("printed-short.pdf", picture), paper.expectation("f3"))) == {("1.4(1).note", "picture")}


def glyphs(*places: tuple[str, float]) -> tuple[Glyph, ...]:
    return tuple(Glyph(text=t, x0=x, x1=x + 5, y=100, height=10) for t, x in places)


def test_a_space_that_the_file_does_not_hold_is_seen_and_not_certain():
    (line,) = lines_in(glyphs(("ก", 0), ("ข", 5), ("ค", 13), ("ง", 18)), (-10, 0, 100, 200))
    assert (line.text, line.certain, line.parts) == ("กข คง", False, ("กข", "คง"))
    (line,) = lines_in(glyphs(("ก", 0), ("ข", 5), ("ค", 10.5)), (-10, 0, 100, 200))
    assert (line.text, line.certain) == ("กขค", True)


@pytest.mark.parametrize(("raw", "doubtful"), [("４８", True), ("你", True), ("ดี \U0001f600", True), ("๔๘ คน – ½ “ก” ☒", False)])
def test_letters_of_a_borrowed_font_are_doubtful(raw, doubtful):
    answers = {"a": Answer(field="a", value=raw, raw=raw, source="ช่อง", method="pdf-text", confidence=0.95)}
    assert [p.code for p in strange_letters(answers, ())] == (["pdf-letters"] if doubtful else [])
