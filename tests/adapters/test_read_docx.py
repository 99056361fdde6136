"""Returned Word forms: the corpus with its golden readings, and any text coming back as typed."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.adapters.read_office import identify, kind_of, read

HERE = Path(__file__).parents[1] / "returned"
sys.path.insert(0, str(HERE))
import returned_builder as build  # noqa: E402

FILES = sorted(f for f in HERE.iterdir() if f.suffix in (".docx", ".pdf", ".rtf", ".doc", ".odt"))
READABLE = st.text(
    alphabet=st.characters(codec="utf-8", categories=("L", "Mn", "N", "P", "S", "Zs"), exclude_characters="☐☒☑"),
    max_size=60,
)


@pytest.mark.parametrize("path", FILES, ids=lambda f: f.name)
def test_the_corpus_reads_as_its_golden_file_says(path):
    golden = json.loads(path.with_name(path.name + ".golden.json").read_text("utf-8"))
    assert read(path.read_bytes(), build.EXPECTATION).as_json() == golden


def parts_of(data: bytes) -> object:
    """The parts of a zip (two zlibs may pack them differently), or the bytes."""
    if not data.startswith(b"PK"):
        return data
    archive = zipfile.ZipFile(io.BytesIO(data))
    return [(name, archive.read(name)) for name in archive.namelist()]


def test_the_corpus_is_what_the_builder_makes():
    for name, data in build.corpus().items():
        assert parts_of((HERE / name).read_bytes()) == parts_of(data), name


def value(form, key: str, activity: str = "1.4(1)") -> str | None:
    return form.answers[f"{activity}.{key}"].value


@given(READABLE.map(str.strip), READABLE.map(str.strip))
@settings(max_examples=60, deadline=None)
def test_text_comes_back_to_the_character(first, second):
    text = f"ก{first}\n{second}ข"
    answers = {**build.ANSWERS["1.4(1)"], "done": text, "percent": "5"}
    for make in (build.control, build.bare):
        body = build.table(build.row(*build.ACTIVITIES[0], answers, make=make), build.rows()[1])
        form = read(build.docx(body), build.EXPECTATION)
        assert value(form, "done") == text
        assert form.verdict == "complete"


@pytest.mark.parametrize(
    ("identity", "footer", "mark"),
    [
        (build.marks(), "", "custom-property"),
        ({k: v for k, v in build.marks().items() if "custom.xml" not in k}, "", "custom-xml"),
        ({k: v for k, v in build.marks().items() if "core" in k}, "", "core-identifier"),
        ({}, f"รหัสแบบ {build.TOKEN} · F3 · 2566-q2", "footer"),
    ],
)
def test_the_form_is_known_by_any_one_mark(identity, footer, mark):
    form = identify(build.docx(identity=identity, footer=footer))
    assert (form.form, form.token, form.deadline, form.recognised_by) == ("f3", build.TOKEN, "2566-q2", mark)
    assert form.answers == {} and form.verdict == "complete"


def test_a_token_in_the_text_is_the_last_resort():
    form = identify(build.docx(build.p(build.run(f"ส่งแบบ {build.TOKEN.lower()} แล้ว")), identity={}, footer=""))
    assert (form.token, form.recognised_by, form.form) == (build.TOKEN, "body-text", None)


def test_form_level_fields_are_read_by_their_controls():
    from songthan.domain.forms import Field, FormSpec
    from songthan.ports import Expectation

    spec = FormSpec(
        id="f1", title="แบบ", version=1, template="f1.docx", fields=(Field(key="persons", kind="count", label="จำนวน"),)
    )
    body = build.p(build.control("persons", "๓๙ คน"))
    form = read(build.docx(body, identity=build.marks(form="f1"), footer=""), Expectation(spec=spec, activities=()))
    assert (form.answers["persons"].value, form.answers["persons"].method) == ("39", "control")


def test_word_prompts_in_a_cleared_control_are_no_answer():
    for prompt in ("Click or tap here to enter text.", "คลิกหรือแตะที่นี่เพื่อใส่ข้อความ"):
        cleared = build.control("1.4(1).done", "").replace("……", prompt)
        form = read(build.docx(build.table(*build.rows(cells={"done": build.tc(build.p(cleared))}))), build.EXPECTATION)
        assert value(form, "done") is None
    kept = build.control("1.4(1).done", "").replace("……", "ทำแล้ว")
    form = read(build.docx(build.table(*build.rows(cells={"done": build.tc(build.p(kept))}))), build.EXPECTATION)
    assert value(form, "done") == "ทำแล้ว"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\x00\x00\x00\x18ftypheic", "picture"),
        (b"hello", "unknown-type"),
        (b" \n", "empty"),
    ],
)
def test_the_content_tells_the_type(data, kind):
    assert kind_of(data) == kind
