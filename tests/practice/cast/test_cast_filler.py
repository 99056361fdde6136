"""The form-filler types what it is told, to the character, and touches nothing else."""

import io
import re
import zipfile

import contract_paper
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from songthan.practice.cast.answers import KINDS, MISTAKES_TYPED, compose
from songthan.practice.cast.filler import Form, NotAForm
from songthan.practice.cast.people import CastError
from songthan.practice.cast.replies import type_into

TOKEN = "ST-7K3D-9QXA-M2PV"
THAI = st.sampled_from("กขคงจฉชทนปมยรลวสหอ ะาำิีึืุูเแโใไ่้๊๋็์๐๑๒๙ๆฯ.,;&<>\"'{}%☑\n\u00a0abcXYZ019=/")
TEXT = st.text(THAI | st.characters(exclude_categories=("Cs", "Cc", "Cn")), min_size=1, max_size=80)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXT, TEXT, st.sampled_from(("yes", "no")))
def test_what_is_typed_is_what_stands_there(first: str, second: str, choice: str) -> None:
    form = Form(contract_paper.form(token=TOKEN, member="นายทดสอบ ระบบ", carried="ของไตรมาสก่อน"))
    form.fill("1.1.done", first)
    form.fill("1.1.note", second)
    form.tick("1.7(1).output_reached", "yes" if choice == "no" else "no")
    form.tick("1.7(1).output_reached", choice)
    read = contract_paper.read_back(form.bytes())
    assert (read["1.1.done"], read["1.1.note"]) == (first, second)
    assert read["1.7(1).output_reached"] == choice
    assert read["1.1.output_reached"] == "" and read["1.1.evidence"] == ""
    assert read["1.7(1).done"] == "ของไตรมาสก่อน"
    assert Form(form.bytes()).text("1.1.done") == first


def test_the_rest_of_the_file_stays_as_it_is() -> None:
    data = contract_paper.form(token=TOKEN, member="นายทดสอบ ระบบ")
    form = Form(data)
    form.fill("1.1.done", "ทำแล้ว")
    before, after = zipfile.ZipFile(io.BytesIO(data)), zipfile.ZipFile(io.BytesIO(form.bytes()))
    assert before.namelist() == after.namelist()
    for name in before.namelist():
        if name != "word/document.xml":
            assert before.read(name) == after.read(name)
    document = after.read("word/document.xml").decode()
    assert "แผนคุณธรรม &amp; ความโปร่งใส" in document
    control = re.search(r'<w:tag w:val="1\.1\.done"/>.*?</w:sdt>', document, re.S)[0]
    assert "PlaceholderText" not in control and "showingPlcHdr" not in control and "808080" not in control
    assert 'w:val="28"' in control


def test_a_text_taken_away_shows_the_placeholder_again() -> None:
    form = Form(contract_paper.form(token=TOKEN, member="นายทดสอบ ระบบ", carried="เดิม"))
    form.fill("1.1.done", "")
    assert contract_paper.read_back(form.bytes())["1.1.done"] == ""
    assert Form(form.bytes()).text("1.1.done") == ""


def test_other_files_are_no_forms() -> None:
    with pytest.raises(NotAForm):
        Form(b"%PDF-1.4")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    with pytest.raises(NotAForm):
        Form(out.getvalue())


@pytest.mark.parametrize("style", ["", "short", "tricky", "forged"])
def test_answers_are_the_same_every_time_and_obey_the_form(style: str) -> None:
    fields = [f"1.{n}.{key}" for n in range(1, 40) for key in KINDS]
    kwargs = {"seed": 7, "member": "m09", "deadline": "2566-q2", "fields": fields, "style": style}
    texts = compose(**kwargs)
    assert texts == compose(**kwargs) and texts != compose(**{**kwargs, "seed": 8})
    for n in range(1, 40):
        here = {key: texts[f"1.{n}.{key}"] for key in KINDS}
        assert here["done"].typed.strip() == here["done"].typed != ""
        assert 0 <= float(here["percent"].numeric) <= 100
        if "no" in (here["output_reached"].typed, here["outcome_reached"].typed):
            assert here["note"].typed
        if style == "short":
            assert all("\n" not in text.typed and len(text.typed) <= 12 for text in here.values())


@pytest.mark.parametrize(("mistake", "field", "typed"), MISTAKES_TYPED)
def test_a_mistake_spoils_the_first_activity_only(mistake: str, field: str, typed: str) -> None:
    fields = [f"1.{n}.{key}" for n in (1, 2) for key in KINDS]
    kwargs = {"seed": 7, "member": "m07", "deadline": "2566-q2", "fields": fields, "mistake": mistake}
    wrong, right = compose(**kwargs, spoiled=True), compose(**kwargs)
    assert {f for f in fields if wrong[f] != right[f]} == {f"1.1.{field}"}
    assert wrong[f"1.1.{field}"].typed == typed and right[f"1.1.{field}"].typed != typed


def test_a_form_is_mended_in_place() -> None:
    form = Form(contract_paper.form(token=TOKEN, member="นายทดสอบ ระบบ"))
    kwargs = {"seed": 1, "member": "m20", "deadline": "2566-q2", "fields": form.fields(), "mistake": "no_reason"}
    first = type_into(form, compose(**kwargs, spoiled=True))
    right = compose(**kwargs)
    assert contract_paper.read_back(first)["1.1.note"] == ""
    assert contract_paper.read_back(type_into(Form(first), right)) == {f: t.typed for f, t in right.items()}


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(CastError, match="1.1.colour"):
        compose(seed=1, member="m02", deadline="d", fields=["1.1.colour"])
