"""Returned .odt, .doc and .rtf: what is dangerous is never converted, what is converted goes to a person with its answers."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from pathlib import Path

import pytest

from songthan.adapters import read_office
from songthan.adapters.read_convert import ConvertingReader, check_convertible, to_docx
from songthan.domain.errors import ConversionFailed, EnvironmentNotReady, ReadRefused
from songthan.ports import Expectation

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
sys.path.insert(0, str(Path(__file__).parent))
import returned_builder as build
from test_read_pdf import EXACT, EXPECTATION, values

FILES = Path(__file__).parent / "files"
NAMES = " ".join(
    f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}:1.0"'
    for k, v in {
        "office": "office",
        "text": "text",
        "draw": "drawing",
        "manifest": "manifest",
        "script": "script",
    }.items()
)
HEAD = f'<office:document-content {NAMES} xmlns:xlink="http://www.w3.org/1999/xlink">'


def odt(body: str = "", **parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("content.xml", f"{HEAD}{body}</office:document-content>")
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def manifest(inside: str) -> dict[str, str]:
    return {"META-INF/manifest.xml": f"<manifest:manifest {NAMES}>{inside}</manifest:manifest>"}


def doc(head: bytes = b"", text: bytes = b"") -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(504)
        + head.ljust(512, b"\0")
        + text
        + "WordDocument".encode("utf-16-le")
    )


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


BAD = [
    ("odt", odt(**{"Basic/Standard/Module1.xml": "<x/>"}), "macro"),
    ("odt", odt(**{"Scripts/python/evil.py": "x"}), "macro"),
    ("odt", odt('<script:event-listener xlink:href="vnd.sun.star.script:x"/>'), "macro"),
    ("odt", odt('<text:execute-macro text:name="x"/>'), "macro"),
    ("odt", odt(**manifest("<manifest:encryption-data/>")), "encrypted"),
    ("odt", odt(**{"Object 1/content.xml": "<x/>"}), "ole"),
    ("odt", odt('<draw:object-ole xlink:href="./x"/>'), "ole"),
    ("odt", odt('<draw:image xlink:href="http://example.test/a.png"/>'), "external"),
    ("odt", odt('<draw:image xlink:href="../../etc/passwd"/>'), "external"),
    ("odt", odt('<text:section-source xlink:href="file:///etc/passwd"/>'), "external"),
    ("odt", odt('<text:dde-connection-decl office:dde-item="x"/>'), "dde"),
    ("odt", odt(**{"meta.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "doctype"),
    ("odt", odt("<x/>" * 11_000_000), "zip-bomb"),
    ("odt", odt()[:-40], "zip-broken"),
    ("rtf", b"{\\rtf1 {\\object\\objemb{\\*\\objdata 0105}}}", "ole"),
    ("rtf", b"{\\rtf1 {\\*\\template http://example.test/t.dotm}}", "external"),
    ("rtf", b'{\\rtf1 {\\field{\\*\\fldinst {\\rtlch INCLUDETEXT "c:/x"}}{\\fldrslt x}}}', "dde"),
    ("rtf", b"{\\rtf1 {\\field{\\*\\fldinst DDE{AUTO} cmd}{\\fldrslt x}}}", "dde"),
    ("doc", doc(b"\xec\xa5\xc1\x00" + bytes(6) + b"\x00\x01"), "encrypted"),
    ("doc", doc(text=wide("\x03ObjInfo")), "ole"),
    ("doc", doc(text=wide("_1234567890\0\0")), "ole"),
    ("doc", doc(text=b"\x13 DDEAUTO cmd \x15"), "dde"),
    ("doc", doc(text=wide("\x13INCLUDETEXT x \x15")), "dde"),
]


@pytest.mark.parametrize(("kind", "data", "code"), BAD, ids=[f"{k}-{c}-{n}" for n, (k, _, c) in enumerate(BAD)])
def test_what_is_dangerous_is_refused_before_libreoffice_sees_it(kind, data, code):
    with pytest.raises(ReadRefused) as caught:
        check_convertible(data, kind)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("odt", odt('<text:a xlink:href="https://example.test/x"/><draw:image xlink:href="Pictures/1.png"/>')),
        ("odt", odt(**manifest("<manifest:file-entry/>"))),
        ("rtf", b'{\\rtf1 {\\*\\datastore 0105}{\\field{\\*\\fldinst HYPERLINK "http://x"}{\\fldrslt x}}{\\pict 89}}'),
        ("doc", doc(b"\xec\xa5\xc1\x00" + bytes(6) + b"\x00\x12", text=b"\x13 HYPERLINK x\x15" + wide("\x01CompObj"))),
    ],
)
def test_what_word_processors_write_anyway_is_no_danger(kind, data):
    check_convertible(data, kind)


class Inside:
    """The reader of the sandbox, in this process."""

    def identify(self, data: bytes, name: str):
        return read_office.identify(data)

    def read(self, data: bytes, name: str, expectation: Expectation):
        return read_office.read(data, expectation)


class Converts:
    def __init__(self, answer: bytes | Exception) -> None:
        self.answer, self.calls = answer, []

    def __call__(self, data: bytes, kind: str) -> bytes:
        self.calls.append(kind)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_converted_form_keeps_its_answers_and_goes_to_a_person():
    convert = Converts(build.docx())
    reader = ConvertingReader(Inside(), convert)
    straight = read_office.read(build.docx(), build.EXPECTATION)
    assert straight.verdict == "complete"
    form = reader.read(odt(), "x.odt", build.EXPECTATION)
    assert form.answers == straight.answers and form.token == straight.token
    assert form.verdict == "review" and [p.code for p in form.problems] == ["converted"]
    assert ".odt" in form.problems[0].message_th and "โปรดเทียบ" in form.problems[0].message_th
    assert reader.identify(odt(), "x.odt").token == build.TOKEN
    assert convert.calls == ["odt"], "identify and read share one conversion"


@pytest.mark.parametrize(
    ("data", "code"),
    [(odt(**{"Basic/x.xml": "<x/>"}), "macro"), (build.docx()[:200], "zip-broken"), (b"hello", "unknown-type")],
)
def test_nothing_else_is_ever_converted(data, code):
    convert = Converts(build.docx())
    form = ConvertingReader(Inside(), convert).read(data, "x", build.EXPECTATION)
    assert [p.code for p in form.problems] == [code] and convert.calls == []
    plain = ConvertingReader(Inside(), convert).read(build.docx(), "x", build.EXPECTATION)
    assert plain.verdict == "complete" and convert.calls == []


@pytest.mark.parametrize(
    "error", [ConversionFailed("แปลงไม่สำเร็จ", where="หมดเวลา"), EnvironmentNotReady("ไม่พบโปรแกรม")]
)
def test_a_conversion_that_fails_is_told_to_a_person(error):
    form = ConvertingReader(Inside(), Converts(error)).read(b"{\\rtf1 x}", "x.rtf", build.EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems], form.answers) == ("review", ["converted"], {})
    assert error.th in form.problems[0].message_th and ".rtf" in form.problems[0].message_th


def test_a_docx_from_the_converter_that_is_refused_stays_refused():
    form = ConvertingReader(Inside(), Converts(b"PK\x03\x04broken")).read(b"{\\rtf1 x}", "x.rtf", build.EXPECTATION)
    assert form.verdict == "refused" and form.answers == {}


def program(folder: Path, script: str) -> str:
    path = folder / "soffice"
    path.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.real
def test_a_hanging_libreoffice_is_stopped_with_all_it_started(tmp_path):
    hangs = program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    with pytest.raises(ConversionFailed, match="วินาที"):
        to_docx(b"{\\rtf1 x}", "rtf", timeout_s=0.6, program=hangs)
    child = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


@pytest.mark.real
def test_libreoffice_runs_in_a_home_of_its_own_without_network_and_macros(tmp_path):
    tells = program(
        tmp_path,
        'mkdir -p out; { printf "PK\\003\\004"; readlink /proc/self/ns/net; echo "$HOME"; '
        'cat profile/user/registrymodifications.xcu; echo; echo "$@"; ulimit -f; } > out/form.docx',
    )
    told = to_docx(b"{\\rtf1 x}", "rtf", program=tells).decode("utf-8").splitlines()
    assert told[0] != "PK\x03\x04" + os.readlink("/proc/self/ns/net"), "a network of its own: with nothing in it"
    assert told[1] != os.environ.get("HOME") and not Path(told[1]).exists()
    assert '"MacroSecurityLevel" oor:op="fuse"><value>3<' in told[2] and '"DisableMacrosExecution"' in told[2]
    assert "--infilter=Rich Text Format" in told[3] and told[-1] != "unlimited"


@pytest.mark.real
@pytest.mark.parametrize("name", ["saved-as.odt", "saved-as.doc", "saved-as.rtf"])
def test_our_form_saved_in_another_format_is_read_exactly(name):
    data = (FILES / name).read_bytes()
    form = ConvertingReader(Inside()).read(data, name, EXPECTATION)
    assert values(form) == EXACT and (form.form, form.token) == ("f3", build.TOKEN)
    assert form.verdict == "review" and form.problems[0].code == "converted"
