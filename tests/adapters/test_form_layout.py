"""The blank form as data: what is printed, where people write, and what may be anything."""

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from small_templates import Xml, box, cell, docx, growing, p, row, table, text

from songthan.adapters.form_check import sample_context
from songthan.adapters.form_files import list_forms, load_form
from songthan.adapters.form_layout import blank_form, layout_of
from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.render_template import load_template
from songthan.domain.errors import RenderError
from songthan.domain.forms import FormIdentity, FormSpec
from songthan.domain.layouts import WILD, Layout, LayoutRow, LayoutTable, Passage, Pattern, Slot, layout_from_json

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"
SPEC = FormSpec(id="t", title="ทดลอง", version=1, template="t.docx")
SHIPPED = [form for form in list_forms(TEMPLATES) if not load_form(TEMPLATES, form).repeat]


def slot(field: str, choice: str = "") -> Slot:
    return Slot(field=field, choice=choice)


def pattern(*pieces: str | Slot) -> Pattern:
    return Pattern(pieces=pieces)


def layout(folder: Path, *blocks: Xml) -> Layout:
    docx(folder / "t.docx", *blocks)
    found = layout_of(folder, SPEC)
    assert found is not None and layout_from_json(found.as_json()) == found
    return found


def passage(folder: Path, *blocks: Xml) -> tuple[str | Slot, ...]:
    (block,) = layout(folder, *blocks).blocks
    assert isinstance(block, Passage)
    return block.pattern.pieces


def rows(folder: Path, *blocks: Xml) -> tuple[LayoutRow, ...]:
    (block,) = layout(folder, *blocks).blocks
    assert isinstance(block, LayoutTable)
    return block.rows


def test_a_sentence_with_fields_is_words_and_slots_in_order(tmp_path: Path) -> None:
    found = passage(
        tmp_path,
        p("หัวข้อ"),
        p(""),
        p("ผู้บริหารจำนวน", "  ", text("persons"), " คน  คิดเป็น", "ร้อยละ\t", text("percent")),
        p("ต่อไป"),
    )
    assert found == ("หัวข้อ\nผู้บริหารจำนวน ", slot("persons"), " คน คิดเป็นร้อยละ ", slot("percent"), "\nต่อไป")


def test_boxes_stand_before_or_after_their_labels(tmp_path: Path) -> None:
    before = passage(tmp_path, p(box("plan=yes"), " มี  ", box("plan=no"), " ไม่มี"))
    assert before == (slot("plan", "yes"), " มี ", slot("plan", "no"), " ไม่มี")
    os.utime(tmp_path / "t.docx", ns=(1, 1))
    after = passage(tmp_path, p("แผน มี ", box("plan=yes"), " ไม่มี ", box("plan=no")))
    assert after == ("แผน มี ", slot("plan", "yes"), " ไม่มี ", slot("plan", "no"))


def test_cells_keep_their_columns_also_when_merged(tmp_path: Path) -> None:
    found = rows(
        tmp_path,
        table(
            row(cell(p("ลำดับ"), merged="restart"), cell(p("คุณธรรม"), span=2), cell(p("ร้อยละ"))),
            row(cell(merged="continue"), "เดิม", "ใหม่", ""),
            row("๑", cell(p(text("old"))), cell(p("เรื่อง (๑) "), p(text("new"))), ""),
        ),
    )
    assert [r.starts for r in found] == [(0, 1, 3), (0, 1, 2, 3), (0, 1, 2, 3)]
    assert found[1].cells == (pattern(), pattern("เดิม"), pattern("ใหม่"), pattern())
    assert found[2].cells[1:3] == (pattern(slot("old")), pattern("เรื่อง (๑)\n", slot("new")))
    assert {r.table for r in found} == {""}


def test_a_growing_table_has_one_row_with_its_key(tmp_path: Path) -> None:
    tick = "{{ dos.id }}.kept"
    repeated = row(
        "{{ dos.number_th }}", cell(p(text("{{ dos.id }}.behaviour"))), cell(p(box(f"{tick}=same"))), cell(p(box(f"{tick}=new")))
    )  # fmt: skip
    head, one, rest = rows(
        tmp_path,
        table(
            row("ลำดับ", "พฤติกรรม", "เดิม", "ใหม่"), growing("dos", repeated), row("รวม", "", "", cell(p(text("total"))))
        ),
    )
    assert (head.table, one.table, rest.table) == ("", "dos", "")
    assert one.cells == (
        pattern(WILD), pattern(slot("dos.behaviour")), pattern(slot("dos.kept", "same")), pattern(slot("dos.kept", "new")),
    )  # fmt: skip
    assert rest.cells[3] == pattern(slot("total"))


def test_what_the_template_prints_is_wild(tmp_path: Path) -> None:
    found = passage(
        tmp_path,
        p("สำนัก{{ organisation.name }} {{ organisation.parent }} ปี {{ year.this_th }} ", text("name"), " {{ token }}"),
        p("{{ deadline.title if deadline.quarter else 'อื่น' }}"),
        p("จบ"),
    )
    assert found == (f"สำนัก{WILD} ปี {WILD} ", slot("name"), f" {WILD}\nจบ")


def test_what_may_be_left_out_is_wild_as_a_whole(tmp_path: Path) -> None:
    found = passage(
        tmp_path,
        p("ติดต่อ {{ secretary.full_name }}{% if secretary.phone %} โทร. {{ secretary.phone }}{% endif %} ภายในวันศุกร์"),
        p("{%p if deadline.quarter %}"),
        p("เฉพาะไตรมาส ", Xml("<w:r><w:t>ตัวหนา</w:t></w:r>")),
        p("{%p endif %}"),
        p("{%p for item in member.duties %}"),
        p("- {{ item }}"),
        p("{%p endfor %}"),
        p("ลงชื่อ"),
    )
    assert found == (f"ติดต่อ {WILD} ภายในวันศุกร์\n{WILD}\nลงชื่อ",)


def test_a_field_inside_a_condition_is_not_lost(tmp_path: Path) -> None:
    found = passage(tmp_path, p("{%p if deadline.quarter %}"), p("ไตรมาส ", text("quarter")), p("{%p endif %}"))
    assert found == ("ไตรมาส ", slot("quarter"))


def test_our_notes_and_earlier_values_are_not_part_of_it(tmp_path: Path) -> None:
    note = "(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)"
    found = passage(
        tmp_path,
        p("ชื่อ ", text("name")),
        p("{%p if carried(answers, 'name') %}"),
        p(note),
        p("{%p endif %}"),
        p("จบ{% if answer(answers, 'name') %}แล้ว{% else %}เปล่า{% endif %}"),
    )
    assert found == ("ชื่อ ", slot("name"), "\nจบเปล่า")


def test_blocks_inside_controls_and_between_tables_stay_in_order(tmp_path: Path) -> None:
    group = Xml(f"<w:sdt><w:sdtPr/><w:sdtContent>{p('ในกลุ่ม')}{table(row('ก'))}</w:sdtContent></w:sdt>")
    found = layout(tmp_path, p("ต้น"), group, p(""), table(row("ข")), p("ท้าย"))
    kinds = [b.pattern.words if isinstance(b, Passage) else b.rows[0].cells[0].words for b in found.blocks]
    assert kinds == ["ต้น\nในกลุ่ม", "ก", "ข", "ท้าย"]


def test_thai_is_spelt_one_way(tmp_path: Path) -> None:
    assert passage(tmp_path, p("ทํา\u200bงาน\u00a0ทันที")) == ("ทำงาน ทันที",)


def test_a_form_that_repeats_over_activities_has_no_layout_to_read_by(tmp_path: Path) -> None:
    assert layout_of(TEMPLATES, load_form(TEMPLATES, "f3")) is None
    fields = {s.field for b in blank_form(load_template(TEMPLATES / "f3.docx")).layout.blocks if isinstance(b, LayoutTable)
              for r in b.rows for c in r.cells for s in c.slots}  # fmt: skip
    assert fields == {f.key for f in load_form(TEMPLATES, "f3").fields}


def test_the_layout_is_kept_until_the_template_changes(tmp_path: Path) -> None:
    docx(tmp_path / "t.docx", p("ก"))
    os.utime(tmp_path / "t.docx", ns=(1, 1))
    first = layout_of(tmp_path, SPEC)
    assert layout_of(tmp_path, SPEC) is first
    docx(tmp_path / "t.docx", p("ข"))
    assert layout_of(tmp_path, SPEC) == Layout(blocks=(Passage(pattern=pattern("ข")),))


def test_commands_that_break_the_document_are_named(tmp_path: Path) -> None:
    docx(tmp_path / "t.docx", p("{% if answer(answers, 'a') %}"), table(row("{% endif %}")))
    with pytest.raises(RenderError, match="t.docx"):
        layout_of(tmp_path, SPEC)


@pytest.mark.parametrize("form", SHIPPED)
def test_every_field_of_a_shipped_form_has_its_slot(form: str) -> None:
    spec = load_form(TEMPLATES, form)
    found = layout_of(TEMPLATES, spec)
    assert found is not None
    slots = []
    for block in found.blocks:
        slots += block.pattern.slots if isinstance(block, Passage) else []
        for r in block.rows if isinstance(block, LayoutTable) else ():
            slots += [s for c in r.cells for s in c.slots]
            assert all((s.field.rpartition(".")[0] or "") == r.table for c in r.cells for s in c.slots)
    wanted = [(f"{f.key}.", c) for f in spec.fields for c in f.columns] + [("", f) for f in spec.fields]
    expected = [
        slot(before + f.key, value)
        for before, f in wanted
        if f.kind not in ("table", "signature")
        for value in ([c.value for c in f.options] or [""])
    ]
    assert sorted(slots, key=repr) == sorted(expected, key=repr)


def typed(spec: FormSpec) -> dict[str, object]:
    """The sample's context with an answer of its own in every field, and nobody's phone."""
    context = sample_context(spec)
    for answers, before in [
        (context["answers"], ""),
        *((r["answers"], f"{t}.") for t, rs in context["rows"].items() for r in rs),
    ]:
        for key, answer in answers.items():
            answer |= {"carried": False} | ({"value": f"[{before}{key}]"} if answer["value"] == "ตัวอย่าง" else {})
    context["secretary"]["phone"] = ""
    return context


def as_regex(piece: str | Slot, spec: FormSpec) -> str:
    if isinstance(piece, str):
        return ".*".join(re.escape("".join(part.split())) for part in piece.split(WILD))
    if not piece.choice:
        return re.escape(f"[{piece.field}]")
    table, _, key = piece.field.rpartition(".")
    field = spec.field(table).column_of(key) if table else spec.field(key)
    return "☒" if field.options[0].value == piece.choice else "☐"


@pytest.mark.parametrize("form", SHIPPED)
def test_the_layout_of_a_shipped_form_is_what_the_renderer_prints(form: str) -> None:
    spec = load_form(TEMPLATES, form)
    identity = FormIdentity(form=form, version=1, deadline="2566-q2", assignment="a", token="ST-0000-0000-0000")
    data = DocxRenderer(TEMPLATES).form(spec=spec, identity=identity, context=typed(spec))
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        root = etree.fromstring(package.read("word/document.xml"))
    printed = "".join("".join(root.itertext("{*}t")).split()).replace("ํา", "ำ")
    patterns = []
    for block in layout_of(TEMPLATES, spec).blocks:
        patterns += [block.pattern] if isinstance(block, Passage) else [c for r in block.rows for c in r.cells]
    expected = "".join(as_regex(piece, spec) for found in patterns for piece in found.pieces)
    assert re.fullmatch(expected, printed)
