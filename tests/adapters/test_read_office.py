"""What a file is, by its content alone, and what the job in the sandbox loads for it."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from songthan.adapters.read_expectation import args_of
from songthan.adapters.read_office import identify, identify_job, kind_of, read, read_job

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
import returned_builder as build

FILES = Path(__file__).parent / "files"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def odf(kind: str) -> bytes:
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": "<x/>"})


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (odf("text"), "odt"),
        (odf("text-template"), "odt"),
        (odf("spreadsheet"), "unknown-type"),
        (zipped({"mimetype": "application/epub+zip", "x": "y"}), "unknown-type"),
        (zipped({"word/document.xml": "<x/>"}), "docx"),
        (odf("text")[:-30], "docx"),
        (OLE + "WordDocument".encode("utf-16-le"), "doc"),
        (OLE + "Workbook".encode("utf-16-le"), "unknown-type"),
        (OLE + "WordDocument_VBA_PROJECT".encode("utf-16-le"), "macro"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (b"\xef\xbb\xbf {\\rtf1 x}", "rtf"),
        (b"%PDF-1.7", "pdf"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "picture"),
        (b"MM\x00*", "picture"),
        (b"", "empty"),
        (b"hello", "unknown-type"),
    ],
)
def test_the_content_tells_the_kind(data, kind):
    assert kind_of(data) == kind


@pytest.mark.parametrize("name", ["saved-as.odt", "saved-as.doc", "saved-as.rtf"])
def test_what_libreoffice_saved_is_found_harmless_and_waits_for_conversion(name):
    data = (FILES / name).read_bytes()
    assert kind_of(data) == name[-3:]
    form = read(data, build.EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems], form.answers) == ("review", ["converted"], {})
    assert identify(data) == form


def test_the_jobs_answer_what_the_functions_do():
    data = build.docx()
    assert read_job(data, dict(args_of(build.EXPECTATION))) == (read(data, build.EXPECTATION).as_json(), [])
    assert identify_job(data, {}) == (identify(data).as_json(), [])


def test_reading_a_word_file_loads_no_pdf_or_picture_library(tmp_path):
    (tmp_path / "form.docx").write_bytes(build.docx())
    code = (
        "import sys; from songthan.adapters.read_office import identify; "
        "form = identify(open(sys.argv[1], 'rb').read()); "
        "print(form.form, *sorted({'PIL', 'pdfplumber', 'pypdf', 'pypdfium2', 'zxingcpp'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "form.docx")], capture_output=True, text=True)
    assert done.stdout.split() == ["f3"], done.stderr
