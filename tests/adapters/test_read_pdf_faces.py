"""pdfium draws a field's value with the office's own faces, whatever else the machine has."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
from test_read_pdf import FIELDS, with_widgets

from songthan.adapters.read_pdf_faces import FACES, draw_with
from songthan.adapters.read_pdf_fields import flattened


def faces_in(pdf: bytes) -> set[bytes]:
    """The names of the faces that are named and not brought along (pdfium writes its objects plainly)."""
    return {name for name in re.findall(rb"/BaseFont ?/([^ /\r\n>]+)", pdf) if b"+" not in name}


def test_a_value_is_drawn_with_the_official_face() -> None:
    def undrawn(found: dict) -> None:
        for widget in found.values():
            widget.pop("/AP", None)

    names = faces_in(flattened(with_widgets(undrawn)))
    assert b"THSarabunNew" in names and not names - {b"THSarabunNew", b"Helvetica", b"ChromeSansMM"}, "pdfium's own apart"


def test_nothing_is_changed_without_the_faces_or_under_an_open_document(tmp_path: Path) -> None:
    assert not draw_with(tmp_path / "nowhere")
    document = pypdfium2.PdfDocument(FIELDS.read_bytes())
    try:
        assert FACES.is_dir() and not draw_with(FACES)
    finally:
        document.close()
    assert len(pypdfium2.PdfDocument(FIELDS.read_bytes())) > 0
