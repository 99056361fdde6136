"""The renderer: text comes out as typed, marks are there, equal input is equal bytes."""

import io
import re
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from songthan.adapters.form_files import load_form
from songthan.adapters.render_docx import DocxRenderer
from songthan.domain.errors import RenderError
from songthan.domain.forms import FormIdentity

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
SPEC = load_form(TEMPLATES, "f3")
IDENTITY = FormIdentity(
    form="f3", version=1, deadline="2566-q2", assignment="2566-q2/f3/<s04>&", token="ST-7K3D-9QXA-M2PV"
)
RENDERER = DocxRenderer(TEMPLATES)


def activity(number: str, answers: dict | None = None, **more) -> dict:
    return {
        "id": number, "number": "๑.๗ (๑)", "title": "กิจกรรม & <ตัวอย่าง>", "details": [], "outputs": ["คู่มือ ๑ เล่ม"],
        "outcomes": ["บุคลากรร้อยละ ๘๐"], "documents": [], "due_th": "๑๕ มีนาคม ๒๕๖๖", "answers": answers or {}, **more,
    }  # fmt: skip


def context(*activities: dict) -> dict:
    return {
        "organisation": {"name": "สำนักการต่างประเทศ", "parent": "สำนักงานเลขาธิการวุฒิสภา", "plan_title": "แผนบูรณาการ"},
        "deadline": {
            "id": "2566-q2", "title": "ไตรมาสที่ ๒", "quarter": 2, "internal_th": "๑๕ มีนาคม ๒๕๖๖", "external_th": "๒๐ มีนาคม ๒๕๖๖",
        },
        "member": {"full_name": "นายก้องภพ ธาราทิพย์", "position": "วิทยากรชำนาญการ", "seat_role": "คณะทำงาน"},
        "secretary": {"full_name": "นางสาวชลธิชา มั่งมีศรี", "phone": "", "email": "office@bfa.example"},
        "token": "not used: the identity's token goes into the file",
        "measures": [{"number_th": "๑", "title": "มาตรการ", "activities": list(activities)}],
    }  # fmt: skip


def form(*activities: dict) -> bytes:
    return RENDERER.form(spec=SPEC, identity=IDENTITY, context=context(*activities))


def part(data: bytes, name: str) -> etree._Element:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return etree.fromstring(package.read(name))


def text_of(element: etree._Element) -> str:
    marks = {f"{W}br": "\n", f"{W}tab": "\t"}
    return "".join(e.text or "" if e.tag == f"{W}t" else marks.get(e.tag, "") for e in element.iter())


def controls(data: bytes) -> dict[str, etree._Element]:
    found = {}
    for sdt in part(data, "word/document.xml").iter(f"{W}sdt"):
        tag = sdt.find(f"{W}sdtPr/{W}tag").get(f"{W}val")
        assert tag not in found and sdt.find(f"{W}sdtPr/{W}alias").get(f"{W}val") == tag
        assert sdt.getparent().tag == f"{W}p"
        found[tag] = sdt
    return found


TYPED = st.text(
    st.one_of(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), st.characters(codec="ascii"), st.sampled_from("\n\t{}%&<>\"' ")),
    min_size=1,
    max_size=60,
).map(lambda t: re.sub("[\x00-\x08\x0b-\x1f]", "", t)).filter(bool)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(done=TYPED, note=TYPED)
@example(done="{{ organisation }} {% for %} {# x #} {_{ }_} &amp; <w:t>", note="  หน้า  หลัง  ")
@example(done="ย่อหน้าแรก\nน้ำ ๑๐๐\n\n", note="\"]]>'")
def test_text_comes_back_from_its_control_as_typed(done: str, note: str) -> None:
    data = form(
        activity("1.7(1)", {"done": {"value": done, "carried": False}, "note": {"value": note, "carried": True}})
    )
    found = controls(data)
    for key, typed in (("done", done), ("note", note)):
        sdt = found[f"1.7(1).{key}"]
        assert text_of(sdt.find(f"{W}sdtContent")) == typed
        assert sdt.find(f"{W}sdtPr/{W}showingPlcHdr") is None
        for t in sdt.iter(f"{W}t"):
            assert t.get("{http://www.w3.org/XML/1998/namespace}space") == "preserve"


def test_line_ends_become_breaks_and_illegal_characters_show() -> None:
    sdt = controls(form(activity("1.1", {"done": {"value": "ก\r\nข\rค\x0bง\x00จ\x1b\ufffe\ud800", "carried": False}})))[
        "1.1.done"
    ]
    assert text_of(sdt) == "ก\nข\nค\nง\ufffdจ\ufffd\ufffd\ufffd"


def test_empty_controls_show_the_placeholder_and_every_control_has_its_own_id() -> None:
    found = controls(form(activity("1.1"), activity("1.7(1)")))
    assert len(found) == 2 * (4 + 4)
    assert len({sdt.find(f"{W}sdtPr/{W}id").get(f"{W}val") for sdt in found.values()}) == len(found)
    for tag, sdt in found.items():
        if "=" in tag:
            assert text_of(sdt) == "☐" and sdt.find(f".//{W14}checked").get(f"{W14}val") == "0"
        else:
            assert text_of(sdt) == "……" and sdt.find(f"{W}sdtPr/{W}showingPlcHdr") is not None


def test_choice_ticks_one_box_and_carried_answers_are_marked_outside_the_control() -> None:
    answers = {"output_reached": {"value": "no", "carried": True}, "percent": {"value": "๗๒.๕", "carried": False}}
    data = form(activity("2.1", answers))
    found = controls(data)
    boxes = {
        tag: (text_of(sdt), sdt.find(f".//{W14}checked").get(f"{W14}val")) for tag, sdt in found.items() if "=" in tag
    }
    assert boxes == {
        "2.1.output_reached=yes": ("☐", "0"), "2.1.output_reached=no": ("☒", "1"),
        "2.1.outcome_reached=yes": ("☐", "0"), "2.1.outcome_reached=no": ("☐", "0"),
    }  # fmt: skip
    row = list(part(data, "word/document.xml").iter(f"{W}tr"))[1]
    marked = [i for i, cell in enumerate(row.iter(f"{W}tc")) if "(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)" in text_of(cell)]
    assert marked == [4]
    labels = [text_of(p) for p in row.iter(f"{W}p") if p.find(f"{W}sdt//{W14}checkbox") is not None]
    assert labels == ["☐ ปรากฏตามแผน", "☒ ยังไม่ปรากฏ", "☐ ปรากฏตามแผน", "☐ ยังไม่ปรากฏ"]


def test_table_has_the_agreed_head_and_cells_that_hold_nothing_but_their_control() -> None:
    head, row = part(form(activity("1.1")), "word/document.xml").iter(f"{W}tr")
    assert head.find(f"{W}trPr/{W}tblHeader") is not None
    assert [text_of(cell) for cell in head.iter(f"{W}tc")] == [
        "ลำดับที่", "โครงการ/กิจกรรม", "ร้อยละ", "ผลการดำเนินการ", "ผลผลิต", "ผลลัพธ์", "เอกสาร/หลักฐาน", "หมายเหตุ",
    ]  # fmt: skip
    cells = list(row.iter(f"{W}tc"))
    assert text_of(cells[0]) == "๑.๗ (๑)" and "กิจกรรม & <ตัวอย่าง>" in text_of(cells[1])
    assert [text_of(cells[i]) for i in (2, 3, 6, 7)] == ["……"] * 4
    assert text_of(cells[4]).startswith("ตามแผน:- คู่มือ ๑ เล่ม")


def test_short_rows_stay_whole_and_long_rows_may_break() -> None:
    long = {"done": {"value": "ดำเนินการแล้ว " * 150, "carried": False}}
    rows = part(form(activity("1.1"), activity("1.2"), activity("1.3", long)), "word/document.xml").iter(f"{W}tr")
    # the row under the head may always break: LibreOffice loses the rows after one that just fits on its page
    assert [row.find(f"{W}trPr/{W}cantSplit") is not None for row in rows] == [True, False, True, False]


def test_identity_marks_are_in_the_file() -> None:
    data = form(activity("1.1"))
    properties = {p.get("name"): "".join(p.itertext()) for p in part(data, "docProps/custom.xml")}
    assert properties == {
        "SongthanForm": "f3", "SongthanVersion": "1", "SongthanDeadline": "2566-q2", "SongthanAssignment": "2566-q2/f3/<s04>&",
        "SongthanToken": IDENTITY.token,
    }  # fmt: skip
    item = part(data, "customXml/item1.xml")
    assert item.tag == "{urn:songthan:form:1}form"
    assert dict(item.attrib) == {
        "id": "f3", "version": "1", "deadline": "2566-q2", "assignment": "2566-q2/f3/<s04>&", "token": IDENTITY.token,
    }  # fmt: skip
    document = docx.Document(io.BytesIO(data))
    assert document.core_properties.identifier == f"songthan:f3:1:2566-q2:{IDENTITY.token}"
    assert document.sections[0].footer.paragraphs[0].text.strip() == f"รหัสแบบ {IDENTITY.token} · F3 · 2566-q2"
    targets = {r.target_ref for r in document.part.rels.values()} | {
        r.target_ref for r in document.part.package.rels.values()
    }
    assert {"../customXml/item1.xml", "docProps/custom.xml"} <= targets
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        types = package.read("[Content_Types].xml").decode()
    assert "/docProps/custom.xml" in types and "/customXml/itemProps1.xml" in types


def test_marks_replace_those_a_template_got_from_a_filled_form(tmp_path: Path) -> None:
    (tmp_path / "f3.docx").write_bytes(form())
    other = FormIdentity(form="f3", version=2, deadline="2566-q3", assignment="a", token="ST-0000-1111-2222")
    data = DocxRenderer(tmp_path).form(spec=SPEC, identity=other, context=context())
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert len(package.namelist()) == len(set(package.namelist()))
        everything = b"".join(package.read(name) for name in package.namelist() if "footer" not in name)
    assert IDENTITY.token.encode() not in everything
    assert len(docx.Document(io.BytesIO(data)).part.package.parts) > 3


def test_equal_input_gives_equal_bytes() -> None:
    answers = {"done": {"value": "ทำแล้ว", "carried": False}}
    first = form(activity("1.1", answers))
    assert (
        DocxRenderer(TEMPLATES).form(spec=SPEC, identity=IDENTITY, context=context(activity("1.1", answers))) == first
    )
    assert form(activity("1.1")) != first


def doctored(path: Path, old: str, new: str) -> None:
    with zipfile.ZipFile(TEMPLATES / "f3.docx") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/document.xml":
                assert old in data.decode()
                data = data.decode().replace(old, new, 1).encode()
            target.writestr(name, data)


def test_unknown_variable_is_named_with_its_template_and_place(tmp_path: Path) -> None:
    doctored(tmp_path / "f3.docx", "{{ deadline.title }}", "{{ deadline.titel }}")
    with pytest.raises(RenderError) as caught:
        DocxRenderer(tmp_path).form(spec=SPEC, identity=IDENTITY, context=context())
    assert (
        caught.value.where == "f3.docx" and "«titel»" in caught.value.th and "{{ deadline.titel }}" in caught.value.th
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{%p endfor %}", ""),
        ("{{ deadline.title }}", "{{ deadline.title }"),
        ("{{ deadline.title }}", "{{ ''.__class__.mro() }}"),
    ],
)
def test_broken_or_reaching_templates_are_refused(tmp_path: Path, old: str, new: str) -> None:
    doctored(tmp_path / "f3.docx", old, new)
    with pytest.raises(RenderError, match=r"f3\.docx"):
        DocxRenderer(tmp_path).form(spec=SPEC, identity=IDENTITY, context=context())


def test_a_changed_template_is_read_again_and_a_missing_one_is_named(tmp_path: Path) -> None:
    renderer = DocxRenderer(tmp_path)
    with pytest.raises(RenderError, match=r"f3\.docx"):
        renderer.form(spec=SPEC, identity=IDENTITY, context=context())
    doctored(tmp_path / "f3.docx", "คำชี้แจง", "ฉบับเดิม")
    first = renderer.form(spec=SPEC, identity=IDENTITY, context=context())
    doctored(tmp_path / "f3.docx", "คำชี้แจง", "ฉบับแก้ไข")
    second = renderer.form(spec=SPEC, identity=IDENTITY, context=context())
    assert "ฉบับเดิม" in text_of(part(first, "word/document.xml"))
    assert "ฉบับแก้ไข" in text_of(part(second, "word/document.xml"))


def test_report_memo_and_appendix_hold_what_they_are_given() -> None:
    typed = "ทำ {{ 7*7 }} & <b>\nบรรทัดสอง"
    row = {
        "number": "๑.๑", "title": "กิจกรรม", "percent_th": "๗๒.๕", "done": typed, "outputs": ["ก"], "output_reached_th": "ปรากฏตามแผน",
        "outcomes": [], "outcome_reached_th": "", "evidence": [], "note": "",
    }  # fmt: skip
    row["evidence"] = [{"number_th": "", "text": "https://a.example/1"}, {"number_th": "๓", "text": "ภาพ.jpg"}]
    base = {key: context()[key] for key in ("organisation", "deadline")}
    report = {
        **base, "measures": [{"number_th": "๑", "title": "ม", "groups": [{"number": "๑", "title": "โครงการ", "activities": [row]}]}],
        "footer": {"overall_percent_th": "๘๐", "finished_th": "๓", "underway_th": "๕"}, "missing": ["๑.๒ ยังไม่ส่ง"],
    }  # fmt: skip
    document = part(RENDERER.document(template="f3_report.docx", context=report), "word/document.xml")
    lines = [text_of(p) for p in document.iter(f"{W}p")]
    assert "https://a.example/1" in lines and "๓ ภาพ.jpg" in lines, "no empty number that pushes a link to the next line"
    assert typed in text_of(document) and "๑.๒ ยังไม่ส่ง" in text_of(document)
    assert len(next(document.iter(f"{W}tbl")).findall(f"{W}tblGrid/{W}gridCol")) == 7
    # Word refuses a cell without a paragraph, also where a list was empty
    assert all(cell[-1].tag == f"{W}p" for cell in document.iter(f"{W}tc"))
    memo = {
        "organisation": base["organisation"], "agency": "สำนัก โทร. ๐", "number": "", "date_th": "๑๗ มีนาคม ๒๕๖๖", "subject": "ขอส่งรายงาน",
        "to": "ผู้อำนวยการ", "paragraphs": ["หนึ่ง", "สอง"], "closing": "จึงเรียนมา", "acting": True, "acting_as": "รักษาราชการแทนผู้อำนวยการสำนักการต่างประเทศ",
        "signer": {"name": "นางกมลทิพย์ เรืองวัฒนกุล", "position": "ผู้เชี่ยวชาญ"},
    }  # fmt: skip
    text = text_of(part(RENDERER.document(template="memo.docx", context=memo), "word/document.xml"))
    assert "(นางกมลทิพย์ เรืองวัฒนกุล)ผู้เชี่ยวชาญรักษาราชการแทนผู้อำนวยการสำนักการต่างประเทศ" in text
    assert "รักษาราชการแทน" not in text_of(
        part(RENDERER.document(template="memo.docx", context={**memo, "acting": False}), "word/document.xml")
    )
    exhibit = dict.fromkeys(("activity_number", "title", "kind_th", "sender", "received_th", "pages_th"), "ก")
    appendix = {**base, "exhibits": [{**exhibit, "number_th": "๑", "sha256": "ab" * 32}]}
    assert "ab" * 32 in text_of(
        part(RENDERER.document(template="appendix.docx", context=appendix), "word/document.xml")
    )
