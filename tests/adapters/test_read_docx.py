"""Returned Word forms: the corpus with its golden readings, and any text coming back as typed."""

from __future__ import annotations

import copy
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from songthan.adapters.form_files import load_form
from songthan.adapters.form_layout import layout_of
from songthan.adapters.read_office import identify, kind_of, read
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.forms import Field, FormIdentity
from songthan.domain.layouts import WILD, Passage
from songthan.domain.thai import to_thai_digits
from songthan.domain.values import clean_text, parse_count, parse_date, parse_number, parse_percent
from songthan.ports import Expectation

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
    form = read(path.read_bytes(), build.EXPECTATION).as_json()
    assert {key: form[key] for key in golden} == golden


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
    from songthan.domain.forms import FormSpec

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


# ---------------------------------------------------------------- the real forms, filled by the real renderer

TEMPLATES = Path(__file__).parents[2] / "templates" / "docx"
FORMS = ("f1", "f2", "f4", "f5", "official")
PARSERS = {"count": parse_count, "number": parse_number, "percent": parse_percent, "date": parse_date}
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def sample(item: Field, number: int) -> str:
    """An answer a member would give."""
    if item.kind in ("yes_no", "choice"):
        return item.options[number % len(item.options)].value
    plain = {"count": str(39 + number), "number": "7", "percent": "81.25", "date": "๓๐ กรกฎาคม ๒๕๖๖"}
    return plain.get(item.kind, f"ข้อความ “ทดสอบ” {number} & <b> {{{{ x }}}}\nบรรทัดสอง  มีสองวรรค")


def one(value: str | None, **more: object) -> dict[str, object]:
    return {"value": value, "carried": False, "problem": "", **more}


def filled(form: str, make=sample, **more: object) -> tuple[bytes, dict[str, tuple[Field, str | None]], Expectation]:
    """A rendered form, what was typed by answer id (filled rows of growing tables counted), and the expectation."""
    spec = load_form(TEMPLATES, form)
    answers, rows, typed = {}, {}, {}
    for number, item in enumerate(f for f in spec.fields if f.kind != "signature"):
        if item.kind != "table":
            value = make(item, number)
            typed[item.key], answers[item.key] = (item, value), one(value, **more)
            continue
        rows[item.key] = []
        for row in range(1, max(item.rows, 2) + 1):
            values = {c.key: make(c, row + at) if row < 3 else None for at, c in enumerate(item.columns)}
            kept = {c.key: (c, values[c.key]) for c in item.columns}
            if any(clean_text(v or "") for v in values.values()):
                count = 1 + sum(key.startswith(f"{item.key}[") and key.endswith(item.columns[0].key) for key in typed)
                typed.update({f"{item.key}[{count}].{key}": pair for key, pair in kept.items()})
            cells = {key: one(v, **more) if v else one(v) for key, v in values.items()}
            rows[item.key].append({"id": f"{item.key}[{row}]", "number_th": to_thai_digits(row), "answers": cells})
    context = {
        "organisation": {"name": "สำนักทดลอง", "parent": "สำนักงานตัวอย่าง", "plan_title": "แผนทดลอง", "headcount_th": "๔๘"},
        "deadline": {"id": "2566-x", "title": "รายงาน", "quarter": "๒", "internal_th": "๑๕ มี.ค. ๒๕๖๖", "external_th": "๒๐ มี.ค. ๒๕๖๖"},
        "year": {"this_th": "๒๕๖๖", "last_th": "๒๕๖๕", "before_th": "๒๕๖๔"},
        "member": {"full_name": "นางสาวทดลอง ระบบดี", "position": "นักทดลอง", "seat_role": "คณะทำงาน"},
        "secretary": {"full_name": "นายเลขา ทดสอบ", "phone": "๐ ๒๒๒๒", "email": "a@example.test"},
        "director": {"name": "นายผู้อำนวยการ ทดสอบ", "position": "ผู้อำนวยการ"},
        "answers": answers, "rows": rows,
        "scores": {**{f"c{n}": "๓" for n in range(1, 10)}, "total": "๒๗", "level": "๓"},
    }  # fmt: skip
    identity = FormIdentity(form=form, version=spec.version, deadline="2566-x", assignment="a1", token=build.TOKEN)
    data = DocxRenderer(TEMPLATES).form(spec=spec, identity=identity, context=context)
    return data, typed, Expectation(spec=spec, activities=(), layout=layout_of(TEMPLATES, spec))


def without_controls(data: bytes) -> bytes:
    """What a program leaves that knows no content controls."""

    def strip(root: etree._Element) -> None:
        for control in list(root.iter(f"{W}sdt")):
            for child in list(control.find(f"{W}sdtContent")):
                control.addprevious(child)
            control.getparent().remove(control)

    return edited(data, strip)


def edited(data: bytes, change) -> bytes:
    archive = zipfile.ZipFile(io.BytesIO(data))
    parts = {name: archive.read(name) for name in archive.namelist()}
    root = etree.fromstring(parts["word/document.xml"])
    change(root)
    return build.packed({**parts, "word/document.xml": etree.tostring(root)})


def meant(item: Field, typed: str | None) -> str | None:
    """What a typed text means, by the domain's own parsers."""
    if item.kind in ("yes_no", "choice"):
        return typed or ("no" if item.kind == "yes_no" and len(item.options) == 1 else None)
    if item.kind in PARSERS:
        return PARSERS[item.kind](typed or "").value
    return clean_text(typed or "") or None


def misread(form, typed) -> dict[str, object]:
    """Answers that differ from what was typed although no problem names them."""
    flagged = {p.field for p in form.problems} | {p.field.partition("[")[0] for p in form.problems}
    return {
        key: (value, form.answers.get(key))
        for key, (item, value) in typed.items()
        if key not in flagged
        and key.partition("[")[0] not in flagged
        and (form.answers[key].value if key in form.answers else None) != meant(item, value)
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", [{}, {"carried": True}, {"problem": "โปรดระบุใหม่"}], ids=("plain", "carried", "wrong"))
def test_every_form_is_read_as_it_was_filled(form, more):
    data, typed, expectation = filled(form, **more)
    for file, ways in ((data, {1.0}), (without_controls(data), {0.95})):
        read_back = read(file, expectation)
        assert misread(read_back, typed) == {} and read_back.problems == ()
        assert set(read_back.answers) == set(typed)
        assert {a.confidence for a in read_back.answers.values()} == ways


@pytest.mark.real
def test_every_form_survives_libreoffice(tmp_path):
    made = {form: filled(form) for form in FORMS}
    for form, (data, _, _) in made.items():
        (tmp_path / f"{form}.docx").write_bytes(data)
    command = [
        "soffice",
        f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
        "--headless",
        "--convert-to",
        "docx",
    ]
    files = [str(tmp_path / f"{form}.docx") for form in FORMS]
    subprocess.run([*command, "--outdir", str(tmp_path / "back"), *files], check=True, timeout=120, capture_output=True)
    for form, (_, typed, expectation) in made.items():
        read_back = read((tmp_path / "back" / f"{form}.docx").read_bytes(), expectation)
        assert misread(read_back, typed) == {} and read_back.problems == (), form


WORDS = (
    "คน",
    "ร้อยละ",
    "มี",
    "ไม่มี",
    "๓๙",
    "72.5",
    "☐",
    "☒",
    "✓",
    "{{ x }}",
    "(…)",
    "……",
    "[ ]",
    "\n",
    " ",
    "\t",
    "น้ํา",
    "&",
)


@pytest.mark.parametrize("form", ["f1", "f4"])
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_whatever_a_member_types_is_read_or_reported(form, data):
    layout = layout_of(TEMPLATES, load_form(TEMPLATES, form))
    cells = [b.pattern for b in layout.blocks if isinstance(b, Passage)]
    cells += [c for b in layout.blocks if not isinstance(b, Passage) for r in b.rows for c in r.cells]
    printed = sorted(
        {line for c in cells for p in c.pieces if isinstance(p, str) for line in p.replace(WILD, "").split("\n")}
    )
    pieces = st.one_of(st.sampled_from(printed), st.sampled_from(WORDS), READABLE)
    texts = st.lists(pieces, max_size=3).map("".join)

    def make(item: Field, number: int) -> str | None:
        if item.kind in ("yes_no", "choice"):
            return data.draw(st.sampled_from([None, *(c.value for c in item.options)]))
        return data.draw(texts) if data.draw(st.booleans()) else sample(item, number)

    file, typed, expectation = filled(form, make)
    for version in (file, without_controls(file)):
        assert misread(read(version, expectation), typed) == {}


def test_a_row_added_or_copied_in_word_is_read(form="f4"):
    data, typed, expectation = filled(form)

    def copy_rows(root: etree._Element) -> None:
        row = next(s for s in root.iter(f"{W}sdt") if s.find(f"{W}sdtPr/{W}tag").get(f"{W}val") == "dos[1].behaviour")
        while row.tag != f"{W}tr":
            row = row.getparent()
        row.addnext(copy.deepcopy(row))

    for version in (edited(data, copy_rows), without_controls(edited(data, copy_rows))):
        form_read = read(version, expectation)
        values = {key: a.value for key, a in form_read.answers.items()}
        assert form_read.problems == ()
        for key in ("behaviour", "persons", "percent", "note"):
            first, second = (meant(*typed[f"dos[{n}].{key}"]) for n in (1, 2))
            assert [values[f"dos[{n}].{key}"] for n in (1, 2, 3)] == [first, first, second]


def test_a_picture_in_an_answer_is_shown_to_a_person():
    data, _, expectation = filled("f5")

    def paste(root: etree._Element) -> None:
        control = next(s for s in root.iter(f"{W}sdt") if s.find(f"{W}sdtPr/{W}tag") is not None)
        run = etree.SubElement(control.find(f"{W}sdtContent"), f"{W}r")
        etree.SubElement(run, f"{W}drawing")

    assert [p.code for p in read(edited(data, paste), expectation).problems] == ["picture"]


def test_text_behind_the_tables_is_shown_to_a_person():
    def typed(*lines: str, **cells: object) -> list[tuple[str, str]]:
        body = build.table(*build.rows(**cells)) + "".join(build.p(build.run(line)) for line in lines)
        return [(p.field, p.code) for p in read(build.docx(body), build.EXPECTATION).problems]

    plain = typed()
    assert typed("มาตรการที่ ๒ เรียนรู้", "ลงชื่อ ผู้รายงาน", "(นายทดลอง ระบบดี)", "...............") == plain
    assert {code for _, code in typed("ผลของแถวแรกคือทำครบแล้ว")} - {code for _, code in plain} == {"extra-text"}
