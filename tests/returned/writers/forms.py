"""The forms of one person (F1, F2, F4, F5, the covering note), filled in and sent through every writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from writers import docx4j, google, pdf, programs, wps
from writers.ooxml import run
from writers.sheet import Returned, Sheet, filled

__all__ = ["WRITER"]

FORMS = ("f1", "f2", "f4", "f5", "official")


def _split(sheet: Sheet) -> bytes:
    for key, entry in sheet.fields.items():
        if entry.typed and sheet.kinds[key] not in ("choice", "yes_no"):
            sheet.docx.put(key, *(run(letters) for letters in (entry.typed[:2], entry.typed[2:]) if letters))
    return sheet.docx.bytes()


def _flattened(sheet: Sheet) -> bytes:
    google.unwrap(sheet.docx)
    return docx4j.serialise(sheet)


def _by_script(sheet: Sheet) -> bytes:
    script = "import sys, docx; d = docx.Document(sys.argv[1]); d.core_properties.author = 'DMS'; d.save(sys.argv[2])"
    return programs.python(script, sheet.docx.bytes())


def _by_pandoc(sheet: Sheet) -> bytes:
    sheet.token = None
    return programs.pandoc(sheet.docx.bytes())


def _printed(sheet: Sheet) -> bytes:
    sheet.either()
    return pdf.printed(sheet.docx.bytes())


def _printed_lower(sheet: Sheet) -> bytes:
    sheet.either()
    return pdf.printed(pdf.lowered(sheet, 9))


def _printed_again(sheet: Sheet) -> bytes:
    sheet.either()
    return programs.redraw(pdf.printed(sheet.docx.bytes()))


#: writer, name, about, how it starts, the way through the writer, forms, suffix
_WAYS: tuple[tuple[str, str, str, str, Callable[[Sheet], bytes], tuple[str, ...], str], ...] = (
    ("word_like", "filled", "filled in, runs split", "filled", _split, FORMS, ".docx"),
    ("word_like", "empty", "sent back untouched", "blank", lambda s: s.docx.bytes(), FORMS, ".docx"),
    ("google", "exported", "filled in Google Docs and downloaded", "filled", google.export, FORMS, ".docx"),
    ("google", "exported-empty", "opened in Google Docs, nothing typed", "blank", google.export, ("f1", "f4"), ".docx"),
    ("google", "exported-short", "short answers, controls gone", "plain", google.export, ("f1",), ".docx"),
    ("wps", "saved", "filled in and saved in WPS", "filled", wps.store, FORMS, ".docx"),
    ("docx4j", "controls-removed", "every control flattened", "filled", _flattened, FORMS, ".docx"),
    ("docx4j", "resaved", "loaded and saved", "filled", docx4j.serialise, ("f2",), ".docx"),
    ("python_docx", "resaved", "opened and saved by a script", "filled", _by_script, ("f1",), ".docx"),
    ("pandoc", "straight", "docx → docx by pandoc", "filled", _by_pandoc, FORMS, ".docx"),
    ("pdf", "printed-short", "printed by LibreOffice, short answers", "plain", _printed, FORMS, ".pdf"),
    ("pdf", "printed-long", "printed by LibreOffice, answers that wrap", "filled", _printed, ("f2", "f4"), ".pdf"),
    ("pdf", "printed-lower", "printed with other page breaks", "plain", _printed_lower, ("f4",), ".pdf"),
    ("pdf", "printed-empty", "the empty form printed", "blank", _printed, ("f1", "f4"), ".pdf"),
    ("pdf", "drawn-again", "printed and drawn again by cairo", "plain", _printed_again, ("f1",), ".pdf"),
)  # fmt: skip
#: LibreOffice converts many files in one call: name, formats on the way, forms.
_SAVED = (
    ("saved-again", ("docx",), FORMS),
    ("by-way-of-doc", ("doc", "docx"), ("f1", "f4")),
    ("by-way-of-odt", ("odt", "docx"), ("f2", "f5")),
)


class _Forms:
    name = "forms"

    def make(self) -> Iterator[Returned]:
        """Every form through every writer."""
        turn = 0
        for writer, name, about, start, through, forms, suffix in _WAYS:
            for form in forms:
                turn += 1
                sheet = Sheet(form) if start == "blank" else filled(turn, form, plain=start == "plain")
                data = through(sheet)
                yield _named(sheet.done(f"{form}-{name}{suffix}", f"{form.upper()}: {about}", data=data), writer)
        for name, chain, forms in _SAVED:
            sheets = {f"{form}-{name}": filled(turn + n, form) for n, form in enumerate(forms)}
            data, kind = {stem: sheet.docx.bytes() for stem, sheet in sheets.items()}, "docx"
            for target in chain:
                data, kind = programs.convert(data, target, source=kind), target
            for stem, sheet in sheets.items():
                if len(chain) > 1:
                    sheet.either()
                about = f"{sheet.form.upper()}: docx → {' → '.join(chain)}"
                yield _named(sheet.done(f"{stem}.docx", about, data=data[stem]), "libreoffice")


def _named(returned: Returned, writer: str) -> Returned:
    returned.writer = writer
    return returned


WRITER = _Forms()
