"""Forms printed to PDF: what is certain is read exactly, the rest goes to a person, active and encrypted ones nowhere."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from songthan.adapters.read_office import identify, read
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.forms import Check, Choice, Field, FormIdentity, FormSpec
from songthan.ports import Expectation

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
import returned_builder as build

ROOT = Path(__file__).parents[2]
SHORT = build.HERE / "printed-by-libreoffice.pdf"
LONG = build.HERE / "printed-with-long-answers.pdf"
ANSWERS = {
    "1.4(1)": {
        "percent": "๗๒.๕", "done": "ทำน้ำใจแล้ว {{ x }}\nครั้งที่ ๒  จบ", "output_reached": "yes", "outcome_reached": "no",
        "evidence": "รายงาน.pdf", "note": "รอผลสำรวจ",
    },
    "1.7(2)": {"percent": "100", "done": "เสร็จ & ครบ", "output_reached": "yes", "outcome_reached": "yes", "evidence": "-"},
}  # fmt: skip
LONG_DONE = "จัดอบรมให้ความรู้แก่บุคลากรทุกระดับ " * 6 + "จบ"


def f3_spec() -> FormSpec:
    data = tomllib.loads((ROOT / "templates/docx/f3.toml").read_text("utf-8"))
    fields = [Field(**{**f, "choices": tuple(Choice(**c) for c in f.get("choices", ()))}) for f in data.pop("fields")]
    return FormSpec(**{**data, "fields": tuple(fields), "checks": tuple(Check(**c) for c in data.pop("checks"))})


EXPECTATION = Expectation(spec=f3_spec(), activities=build.ACTIVITIES)


def rendered(answers: dict[str, dict[str, str]], *, carried: bool = False, measures: int = 1) -> bytes:
    """The real form, filled by our renderer with `answers`."""
    activities = [
        {
            "id": activity, "number": number, "title": "กิจกรรมตัวอย่าง", "details": ["รายละเอียด"], "due_th": "๑๕ มีนาคม ๒๕๖๖",
            "outputs": ["บุคลากรเข้าร่วม ร้อยละ ๘๐"], "outcomes": ["บุคลากรมีจิตสาธารณะ"], "documents": ["รายงานผล"],
            "answers": {k: {"value": v, "carried": carried} for k, v in answers.get(activity, {}).items()},
        }
        for activity, number in build.ACTIVITIES
    ]  # fmt: skip
    context = {
        "organisation": {"name": "สำนักตัวอย่าง", "parent": "หน่วยงานตัวอย่าง", "plan_title": "แผน"},
        "deadline": {
            "id": "2566-q2",
            "title": "ไตรมาส ๒",
            "quarter": 2,
            "internal_th": "๑๕ มีนาคม",
            "external_th": "๒๐ มีนาคม",
        },
        "member": {"full_name": "นายตัวอย่าง ทดลอง", "position": "นักวิเทศสัมพันธ์", "seat_role": "คณะทำงาน"},
        "secretary": {"full_name": "นางสาวสมมุติ ทดลอง", "phone": "๐ ๒๐๐๐ ๐๐๐๐", "email": "a@example.test"},
        "token": build.TOKEN,
        "measures": [{"number_th": "๑", "title": "การขับเคลื่อน", "activities": activities}],
    }
    identity = FormIdentity(form="f3", version=1, deadline="2566-q2", assignment="a1", token=build.TOKEN)
    return DocxRenderer(ROOT / "templates/docx").form(spec=EXPECTATION.spec, identity=identity, context=context)


def by_libreoffice(data: bytes, folder: Path, target: str) -> bytes:
    source = folder / "form.docx"
    source.write_bytes(data)
    out = folder / "out"
    command = [
        "soffice",
        "--headless",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to",
        target,
    ]
    # The official fonts of the set-up: with another face the columns break elsewhere.
    fonts = Path(sys.prefix) / "share/songthan/fonts.conf"
    env = {**os.environ, "FONTCONFIG_FILE": str(fonts)} if fonts.is_file() else None
    subprocess.run([*command, "--outdir", str(out), str(source)], check=True, capture_output=True, timeout=120, env=env)
    return (out / f"form.{target}").read_bytes()


def values(form) -> dict[str, dict[str, str]]:
    out: dict[str, dict[str, str]] = {}
    for field_id, answer in form.answers.items():
        activity, _, key = field_id.rpartition(".")
        if answer.value is not None:
            out.setdefault(activity, {})[key] = answer.value
    return out


EXACT = {**ANSWERS, "1.4(1)": {**ANSWERS["1.4(1)"], "percent": "72.5"}}


def test_short_answers_printed_to_pdf_are_read_complete_and_exact():
    form = read(SHORT.read_bytes(), EXPECTATION)
    assert values(form) == EXACT
    assert (form.verdict, form.recognised_by, form.form, form.token) == ("complete", "footer", "f3", build.TOKEN)
    assert {a.method for a in form.answers.values()} == {"pdf-text"}
    assert identify(SHORT.read_bytes()).deadline == "2566-q2"


def test_a_wrapped_answer_goes_to_a_person_and_the_others_are_still_exact():
    form = read(LONG.read_bytes(), EXPECTATION)
    assert [(p.field, p.code) for p in form.problems] == [("1.4(1).done", "pdf-wrapped")]
    assert form.verdict == "review" and form.answers["1.4(1).done"].confidence < 0.8
    assert {k: v for k, v in values(form)["1.4(1)"].items() if k != "done"} == {
        k: v for k, v in EXACT["1.4(1)"].items() if k != "done"
    }


@pytest.mark.real
@pytest.mark.parametrize("carried", [False, True])
def test_our_own_form_survives_libreoffice(tmp_path, carried):
    data = rendered(ANSWERS, carried=carried)
    straight = read(data, EXPECTATION)
    assert values(straight) == EXACT and {a.method for a in straight.answers.values()} == {"control+table"}
    resaved = read(by_libreoffice(data, tmp_path, "docx"), EXPECTATION)
    assert values(resaved) == EXACT and resaved.verdict == "complete"
    assert resaved.recognised_by == "custom-property"
    printed = read(by_libreoffice(data, tmp_path, "pdf"), EXPECTATION)
    assert values(printed) == EXACT and printed.verdict == "complete"


@pytest.mark.real
def test_an_empty_form_printed_to_pdf_holds_no_answer(tmp_path):
    form = read(by_libreoffice(rendered({}), tmp_path, "pdf"), EXPECTATION)
    assert values(form) == {} and len(form.answers) == 12 and form.verdict == "complete"


@pytest.mark.real
def test_an_empty_line_or_a_tab_in_a_pdf_goes_to_a_person(tmp_path):
    answers = {
        "1.4(1)": {**ANSWERS["1.4(1)"], "done": "ก่อน\n\nหลัง"},
        "1.7(2)": {**ANSWERS["1.7(2)"], "done": "ก่อน\tหลัง"},
    }
    form = read(by_libreoffice(rendered(answers), tmp_path, "pdf"), EXPECTATION)
    assert [(p.field, p.code) for p in form.problems] == [
        ("1.4(1).done", "pdf-wrapped"),
        ("1.7(2).done", "pdf-wrapped"),
    ]


def changed(change) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(SHORT))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def launch(writer: PdfWriter) -> None:
    action = DictionaryObject({NameObject("/S"): NameObject("/Launch"), NameObject("/F"): TextStringObject("cmd.exe")})
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)


def open_script(writer: PdfWriter) -> None:
    action = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)


def page_script(writer: PdfWriter) -> None:
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
    )
    writer.pages[0][NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})


def picture_page(writer: PdfWriter) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (842, 595), "white").save(out, "PDF")
    for page in list(writer.pages):
        writer.remove_page(page)
    writer.append(io.BytesIO(out.getvalue()))


def text_field(writer: PdfWriter) -> None:
    widget = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Widget"), NameObject("/FT"): NameObject("/Tx"),
            NameObject("/T"): TextStringObject("a"), NameObject("/V"): TextStringObject("99"),
        }
    )  # fmt: skip
    widget[NameObject("/Rect")] = ArrayObject([FloatObject(n) for n in (10, 10, 50, 30)])
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(widget)])


@pytest.mark.parametrize(
    ("change", "verdict", "code"),
    [
        (open_script, "refused", "active-content"),
        (launch, "refused", "active-content"),
        (page_script, "refused", "active-content"),
        (lambda w: w.add_attachment("a.exe", b"MZ"), "refused", "active-content"),
        (lambda w: w.encrypt("secret"), "refused", "encrypted"),
        (lambda w: w.encrypt("", "owner"), "refused", "encrypted"),
        (picture_page, "review", "scan"),
        (lambda w: w.pages[0].rotate(90), "review", "pdf-rotated"),
        (text_field, "review", "pdf-fields"),
    ],
)
def test_what_is_not_a_plain_printout_is_not_trusted(change, verdict, code):
    form = read(changed(change), EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems]) == (verdict, [code])
    if verdict == "refused":
        assert form.answers == {} and identify(changed(change)).verdict == "refused"


def test_names_written_in_hex_are_seen_too():
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        b"<</S/#4AavaScript/J#53(x)>>",
    ]
    assert [p.code for p in read(raw_pdf(objects), EXPECTATION).problems] == ["active-content"]


def test_a_broken_pdf_is_refused():
    form = read(SHORT.read_bytes()[:2000], EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems]) == ("refused", ["pdf-broken"])


FIELDS = Path(__file__).parent / "files/pdf-form-filled.pdf"
FIELD_ANSWERS = {
    "1.4(1)": {
        "percent": "72.5", "done": "จัดอบรม “น้ำใจ” ให้บุคลากร\nครั้งที่ ๒  จบ", "output_reached": "yes",
        "outcome_reached": "no", "evidence": "รายงานผล.pdf", "note": "รอผลสำรวจ",
    },
    "1.7(2)": {
        "percent": "100", "done": "เสร็จ & ครบ", "output_reached": "yes", "outcome_reached": "yes", "evidence": "-",
    },
}  # fmt: skip


def test_pdf_form_fields_named_like_ours_are_read_to_the_character():
    form = read(FIELDS.read_bytes(), EXPECTATION)
    assert values(form) == FIELD_ANSWERS and (form.verdict, form.problems) == ("complete", ())
    assert {a.method for a in form.answers.values()} == {"pdf-field"} and len(form.answers) == 12
    assert form.answers["1.4(1).done"].confidence == 1.0, "field and page agree, though the page wraps the text"


def test_a_date_in_a_pdf_field_is_read_as_a_date():
    def dated(found: dict[str, DictionaryObject]) -> None:
        note = found["1.4(1).note"]
        note[NameObject("/V")] = TextStringObject("๒๐ ก.ค. ๒๕๖๖")
        del note[NameObject("/AP")]

    fields = tuple(replace(f, kind="date") if f.key == "note" else f for f in EXPECTATION.spec.fields)
    form = read(with_widgets(dated), replace(EXPECTATION, spec=replace(EXPECTATION.spec, fields=fields)))
    answer = form.answers["1.4(1).note"]
    assert (answer.value, answer.raw, answer.method) == ("2023-07-20", "๒๐ ก.ค. ๒๕๖๖", "pdf-field")


def widgets(writer: PdfWriter) -> dict[str, DictionaryObject]:
    """The widgets by their whole name."""
    found = {}
    for reference in writer.pages[0]["/Annots"]:
        node = widget = reference.get_object()
        name = str(node["/T"])
        while "/Parent" in node:
            node = node["/Parent"].get_object()
            name = f"{node['/T']}.{name}" if "/T" in node else name
        found[name] = widget
    return found


def hidden(found: dict[str, DictionaryObject]) -> None:
    found["1.4(1).note"][NameObject("/F")] = NumberObject(2)


def both_boxes(found: dict[str, DictionaryObject]) -> None:
    for key in ("/V", "/AS"):
        found["1.4(1).output_reached=no"][NameObject(key)] = NameObject("/Yes")


def renamed(old: str, new: str):
    def change(found: dict[str, DictionaryObject]) -> None:
        found[old][NameObject("/T")] = TextStringObject(new)

    return change


def with_widgets(change) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(FIELDS))
    change(widgets(writer))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        (hidden, "1.4(1).note", "pdf-hidden"),
        (both_boxes, "1.4(1).output_reached", "both-ticked"),
        (renamed("1.4(1).note", "note of mine"), "", "pdf-fields"),
    ],
)
def test_a_field_that_contradicts_the_page_goes_to_a_person(change, field, code):
    form = read(with_widgets(change), EXPECTATION)
    assert (form.verdict, [(p.field, p.code) for p in form.problems]) == ("review", [(field, code)])
    rest = {f"{row}.{key}": value for row, found in FIELD_ANSWERS.items() for key, value in found.items()}
    rest.pop(field, None)
    assert {k: form.answers[k].value for k in rest} == rest and (not field or form.answers[field].value is None)


def shown_and_said(shown: str, said: str) -> bytes:
    """The first percent field: its stored appearance says one thing, its value another."""
    writer = PdfWriter(clone_from=PdfReader(FIELDS))
    # With it every viewer draws the fields' values, without it the stored appearances.
    del writer.root_object["/AcroForm"]["/NeedAppearances"]
    field = widgets(writer)["1.4(1).percent"]
    field[NameObject("/V")] = TextStringObject(said)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fonts = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
    look = DecodedStreamObject()
    look.set_data(f"BT /F1 12 Tf 3 6 Td ({shown}) Tj ET".encode())
    look.update({NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Form")})
    look[NameObject("/BBox")] = ArrayObject([FloatObject(n) for n in (0, 0, 45, 22)])
    look[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): fonts})}
    )
    field[NameObject("/AP")] = DictionaryObject({NameObject("/N"): writer._add_object(look)})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_what_a_field_shows_and_what_it_says_are_compared():
    form = read(shown_and_said("72.5", "27.5"), EXPECTATION)
    assert (form.verdict, [(p.field, p.code) for p in form.problems]) == ("review", [("1.4(1).percent", "disagree")])
    assert form.answers["1.4(1).percent"].value is None and "27.5" in form.problems[0].message_th
    same = read(shown_and_said("72.50", "๗๒.๕"), EXPECTATION)
    assert (same.verdict, same.answers["1.4(1).percent"].value) == ("complete", "72.5")
    assert (same.answers["1.4(1).percent"].confidence, same.answers["1.7(2).done"].confidence) == (1.0, 0.9)


def test_two_fields_of_one_name_must_agree():
    """The second box of a pair renamed to the first field's name: two texts for one id."""

    def doubled(found: dict[str, DictionaryObject]) -> None:
        renamed("1.4(1).note", "evidence")(found)

    form = read(with_widgets(doubled), EXPECTATION)
    assert ("1.4(1).evidence", "doubled") in [(p.field, p.code) for p in form.problems]
    assert form.answers["1.4(1).evidence"].value is None


def note_over_page(writer: PdfWriter) -> None:
    note = FreeText(text="99", rect=(300, 300, 350, 320))
    writer.add_annotation(0, note)


def test_what_is_written_over_the_page_goes_to_a_person():
    form = read(changed(note_over_page), EXPECTATION)
    assert (form.verdict, [p.code for p in form.problems]) == ("review", ["pdf-notes"])
    assert values(form) == EXACT


def raw_pdf(objects: list[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % at for at in offsets)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))


def flate_bomb(size: int) -> bytes:
    """A page whose content is `size` bytes of drawing, deflated twice to almost nothing."""
    packer = zlib.compressobj(9)
    inner = b"".join(packer.compress(b"0 0 m 1 1 l S " * 74_898) for _ in range(size >> 20)) + packer.flush()
    content = zlib.compress(inner, 9)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 842 595]/Contents 4 0 R/Resources<<>>>>"
    stream = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(content), content)
    return raw_pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", page, stream])
