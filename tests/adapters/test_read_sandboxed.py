"""The Reader port over real child processes: bombs end as refusals, the next file is read as if nothing had been."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from songthan.adapters.read_expectation import args_of, expectation_of
from songthan.adapters.read_office import identify, read
from songthan.adapters.read_package import open_package
from songthan.adapters.read_sandboxed import SandboxedReader
from songthan.adapters.sandbox import Limits, Sandbox

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
sys.path.insert(0, str(Path(__file__).parent))
import returned_builder as build
from test_read_pdf import EXPECTATION, SHORT, flate_bomb


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(limits=Limits(cpu_s=2, wall_s=12)) as box:
        yield box


def nested_xml(elements: int) -> bytes:
    """A docx of 60 KB whose main part is 24 MB."""
    body = "<w:p/>" * elements
    names = build.parts(build.table(*build.rows()))
    names["word/document.xml"] = names["word/document.xml"].replace("<w:body>", f"<w:body>{body}")
    return build.packed(names)


@pytest.mark.real
def test_the_child_reads_what_the_parent_would(sandbox):
    reader = SandboxedReader(sandbox)
    for name in (
        "filled-as-sent.docx",
        "control-doubled.docx",
        "old-word.doc",
        "word-with-password.docx",
        "empty.docx",
    ):
        data = (build.HERE / name).read_bytes()
        assert reader.read(data, name, build.EXPECTATION) == read(data, build.EXPECTATION)
        assert reader.identify(data, name) == identify(data)
    assert reader.read(SHORT.read_bytes(), "x.docx", EXPECTATION) == read(SHORT.read_bytes(), EXPECTATION)


@pytest.mark.real
@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda: flate_bomb(100 << 20), {"sandbox-timeout", "sandbox-memory", "sandbox-crash", "pdf-size"}),
        (lambda: nested_xml(4_000_000), {"sandbox-timeout", "sandbox-memory", "zip-bomb"}),
        (lambda: bytes(65 << 20), {"sandbox-size"}),
    ],
)
def test_bombs_are_refused_and_the_next_file_is_read(sandbox, make, codes):
    reader = SandboxedReader(sandbox)
    form = reader.read(make(), "bomb", build.EXPECTATION)
    assert form.verdict == "refused" and {p.code for p in form.problems} <= codes
    assert "โปรด" in form.problems[0].message_th
    good = build.docx()
    assert reader.read(good, "good.docx", build.EXPECTATION) == read(good, build.EXPECTATION)


def test_an_answer_of_the_wrong_shape_is_a_refusal():
    class Liar:
        def run(self, job, payload, args):
            return {"verdict": "complete", "answers": {"x": 3}, "problems": []}, []

    form = SandboxedReader(Liar()).identify(b"x", "x")
    assert (form.verdict, form.problems[0].code) == ("refused", "sandbox-crash")


@pytest.mark.real
def test_the_blank_form_reaches_the_child(sandbox):
    from test_read_docx import filled, without_controls

    data, typed, expectation = filled("f4")
    form = SandboxedReader(sandbox).read(without_controls(data), "f4.docx", expectation)
    assert form == read(without_controls(data), expectation)
    assert set(form.answers) == set(typed) and form.problems == ()


def test_an_expectation_crosses_as_json():
    from test_read_docx import FORMS, filled

    for form in FORMS:
        expectation = filled(form)[2]
        assert expectation_of(json.loads(json.dumps(args_of(expectation)))) == expectation
        plain = {**json.loads(args_of(expectation)["expectation"])}
        assert expectation_of(plain) == expectation
        with pytest.raises(TypeError):
            expectation_of({**plain, "spec": {**plain["spec"], "surprise": 1}})
    assert expectation_of(args_of(build.EXPECTATION)) == build.EXPECTATION


def test_a_file_identified_and_then_read_is_opened_once(monkeypatch):
    from songthan.adapters import read_docx

    opened = []
    monkeypatch.setattr(read_docx, "open_package", lambda data: opened.append(1) or open_package(data))
    data = build.docx(build.table(*build.rows()) + build.p(build.run("เฉพาะแฟ้มนี้")))
    assert identify(data).token == read(data, build.EXPECTATION).token and len(opened) == 1
    assert identify(data) == identify(data[:-2] + b"\x01\x00x") and len(opened) == 2
