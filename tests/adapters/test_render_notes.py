"""What the renderer adds to any template by itself: our notes, the shade of a mistake, growing rows, boxes, the QR."""

import io
import re
import zipfile
from pathlib import Path

import pytest
import zxingcpp
from lxml import etree
from PIL import Image

from songthan.adapters.render_docx import DocxRenderer
from songthan.adapters.render_template import load_template
from songthan.domain.errors import RenderError
from songthan.domain.forms import CARRIED_NOTES, Choice, Field, FormIdentity, FormSpec, is_our_note

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "docx"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
IDENTITY = FormIdentity(form="f9", version=1, deadline="2566-07", assignment="a", token="ST-7K3D-9QXA-M2PV")
SPEC = FormSpec(
    id="f9", title="แบบทดลอง", version=1, template="f9.docx",
    fields=(
        Field(key="head", kind="text", label="ผู้บริหาร"),
        Field(key="plan", kind="yes_no", label="มีแผน", choices=(Choice(value="yes", label="มี"), Choice(value="no", label="ไม่มี"))),
        Field(key="lone", kind="yes_no", label="เผยแพร่", choices=(Choice(value="yes", label="เผยแพร่แล้ว"),)),
        Field(key="dos", kind="table", label="พฤติกรรม", columns=(
            Field(key="behaviour", kind="text", label="พฤติกรรม"), Field(key="kept", kind="yes_no", label="ทำได้"),
        )),
    ),
)  # fmt: skip


def control(tag: str, look: str = "") -> str:
    box = "<w14:checkbox><w14:checked w14:val='0'/></w14:checkbox>" if "=" in tag else ""
    return (
        f'<w:sdt><w:sdtPr><w:alias w:val="{tag}"/><w:tag w:val="{tag}"/><w:id w:val="5"/>{box}</w:sdtPr><w:sdtContent>'
        f"<w:r><w:rPr>{look}</w:rPr><w:t>?</w:t></w:r></w:sdtContent></w:sdt>"
    )


def said(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def cell(*paragraphs: str) -> str:
    return f'<w:tc><w:tcPr><w:tcW w:w="3000" w:type="dxa"/></w:tcPr>{"".join(f"<w:p>{p}</w:p>" for p in paragraphs)}</w:tc>'


ROW, LOOK = "{{ dos.id }}", '<w:b/><w:lang w:bidi="th-TH"/>'
BODY = (
    f"<w:p>{said('ผู้บริหารคือ ')}{control('head', LOOK)}{said(' และแผน ')}{control('plan=yes')}{said(' มี ')}"
    f"{control('plan=no')}{said(' ไม่มี')}</w:p>"
    f"<w:tbl><w:tblGrid><w:gridCol/><w:gridCol/></w:tblGrid><w:tr>{cell(control('lone=yes') + said(' เผยแพร่แล้ว'))}{cell(said('จบ'))}</w:tr>"
    f"<w:tr>{cell(said('{%tr for dos in rows.dos %}'))}</w:tr>"
    f"<w:tr>{cell(said('{{ dos.number_th }}'))}{cell(control(ROW + '.behaviour'))}"
    f"{cell(control(ROW + '.kept=yes') + said(' ได้'))}{cell(control(ROW + '.kept=no') + said(' ไม่ได้'))}</w:tr>"
    f"<w:tr>{cell(said('{%tr endfor %}'))}</w:tr></w:tbl>"
)  # fmt: skip


def make_template(folder: Path, body: str = BODY) -> DocxRenderer:
    """f3's package with another body, as `f9.docx`."""
    with zipfile.ZipFile(TEMPLATES / "f3.docx") as source, zipfile.ZipFile(folder / "f9.docx", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "word/document.xml":
                text = re.sub("(<w:body>).*(<w:sectPr)", lambda m: m[1] + body + m[2], data.decode(), flags=re.DOTALL)
                data = text.encode()
            target.writestr(name, data)
    return DocxRenderer(folder)


def render(folder: Path, answers: dict | None = None, rows: list | None = None, body: str = BODY) -> etree._Element:
    context = {"answers": answers or {}, "rows": {"dos": rows or []}, "deadline": {"id": "2566-07", "title": "ครั้งที่ ๑"}}
    context["organisation"] = {"name": "สำนัก", "parent": "สำนักงาน"}
    data = make_template(folder, body).form(spec=SPEC, identity=IDENTITY, context=context)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert package.testzip() is None
        return etree.fromstring(package.read("word/document.xml"))


def text_of(element: etree._Element) -> str:
    return "".join(element.itertext(f"{W}t"))


def paragraphs(root: etree._Element) -> list[str]:
    return [text_of(p) for p in root.iter(f"{W}p")]


def control_of(root: etree._Element, tag: str) -> etree._Element:
    (found,) = [s for s in root.iter(f"{W}sdt") if s.find(f"{W}sdtPr/{W}tag").get(f"{W}val") == tag]
    return found


def shaded(element: etree._Element) -> bool:
    return [s.get(f"{W}fill") for s in element.iter(f"{W}shd")] == ["FFE699"]


def test_blank_form_has_no_note_and_no_shade(tmp_path: Path) -> None:
    root = render(tmp_path, rows=[{"id": "dos[1]", "number_th": "๑", "answers": {}}])
    assert paragraphs(root) == [
        "ผู้บริหารคือ …… และแผน ☐ มี ☐ ไม่มี", "☐ เผยแพร่แล้ว", "จบ", "๑", "……", "☐ ได้", "☐ ไม่ได้",
    ]  # fmt: skip
    assert not list(root.iter(f"{W}shd"))


def test_carried_and_wrong_notes_stand_below_their_fields(tmp_path: Path) -> None:
    answers = {
        "head": {"value": "นายก้องภพ ธาราทิพย์", "carried": True},
        "plan": {"value": "no", "carried": True, "problem": "โปรดตรวจว่ามีแผน (ฉบับปี ๒๕๖๖)\nหรือไม่"},
        "lone": {"value": "yes", "carried": False, "problem": ""},
    }
    root = render(tmp_path, answers)
    assert paragraphs(root) == [
        "ผู้บริหารคือ นายก้องภพ ธาราทิพย์ และแผน ☐ มี ☒ ไม่มี",
        CARRIED_NOTES[1],
        "(โปรดแก้ไข: โปรดตรวจว่ามีแผน ฉบับปี ๒๕๖๖ หรือไม่)",
        "☒ เผยแพร่แล้ว",
        "จบ",
    ]
    assert [is_our_note(p) for p in paragraphs(root)] == [False, True, True, False, False]
    # the paragraph of the wrong boxes is shaded, the control of the right answer in it is not
    first = next(root.iter(f"{W}p"))
    assert first[0].tag == f"{W}pPr" and shaded(first) and shaded(first[0])


@pytest.mark.parametrize("value", ["", "แก้ได้ไหม"])
def test_wrong_text_is_shaded_filled_or_empty_in_the_order_word_wants(tmp_path: Path, value: str) -> None:
    root = render(tmp_path, {"head": {"value": value, "carried": False, "problem": "โปรดระบุชื่อ & <ตำแหน่ง>"}})
    found = control_of(root, "head")
    assert text_of(found) == (value or "……") and shaded(found.find(f"{W}sdtContent"))
    order = [etree.QName(e).localname for e in found.find(f".//{W}sdtContent//{W}rPr")]
    assert order == ([] if value else ["rStyle"]) + ["b", "shd", "lang"]
    assert paragraphs(root)[1] == "(โปรดแก้ไข: โปรดระบุชื่อ & <ตำแหน่ง>)"


def test_growing_rows_have_answers_boxes_and_notes_of_their_own(tmp_path: Path) -> None:
    rows = [
        {"id": "dos[1]", "number_th": "๑", "answers": {
            "behaviour": {"value": "ตรงต่อเวลา\nทุกวัน", "carried": True}, "kept": {"value": "no", "carried": False},
        }},
        {"id": "dos[2]", "number_th": "๒", "answers": {
            "behaviour": {"value": "", "carried": False}, "kept": {"value": "yes", "carried": True, "problem": "โปรดเลือกข้อเดียว"},
        }},
        {"id": "dos[3]", "number_th": "๓", "answers": {}},
    ]  # fmt: skip
    root = render(tmp_path, rows=rows)
    tags = [t.get(f"{W}val") for t in root.iter(f"{W}tag")][4:]
    assert tags == [f"dos[{n}].{key}" for n in (1, 2, 3) for key in ("behaviour", "kept=yes", "kept=no")]
    ids = [i.get(f"{W}val") for i in root.iter(f"{W}id")]
    assert len(set(ids)) == len(ids) == 13
    assert paragraphs(root)[3:] == [
        "๑", "ตรงต่อเวลาทุกวัน", CARRIED_NOTES[1], "☐ ได้", "☒ ไม่ได้",
        "๒", "……", "☒ ได้", "☐ ไม่ได้", "(โปรดแก้ไข: โปรดเลือกข้อเดียว)",
        "๓", "……", "☐ ได้", "☐ ไม่ได้",
    ]  # fmt: skip
    # the note follows the last box; every paragraph with a box of the wrong field is shaded
    assert [text_of(p) for p in root.iter(f"{W}p") if shaded(p)] == ["☒ ได้", "☐ ไม่ได้"]
    checked = [c.get(f"{W14}val") for c in root.iter(f"{W14}checked")]
    assert checked == ["0", "0", "0", "0", "1", "1", "0", "0", "0"]


def test_controls_tell_the_row_they_stand_in(tmp_path: Path) -> None:
    make_template(tmp_path)
    found = {(c.row, c.key, c.choice) for c in load_template(tmp_path / "f9.docx").controls}
    assert found == {
        ("", "head", ""), ("", "plan", "yes"), ("", "plan", "no"), ("", "lone", "yes"),
        ("dos", "behaviour", ""), ("dos", "kept", "yes"), ("dos", "kept", "no"),
    }  # fmt: skip


def test_a_shade_of_the_templates_own_gives_way_and_comes_back(tmp_path: Path) -> None:
    body = BODY.replace("<w:b/>", '<w:b/><w:shd w:val="clear" w:color="auto" w:fill="EEEEEE"/>')
    right = render(tmp_path, {"head": {"value": "ก", "carried": False}}, body=body)
    wrong = render(tmp_path, {"head": {"value": "ก", "carried": False, "problem": "ข"}}, body=body)
    fills = [[s.get(f"{W}fill") for s in root.iter(f"{W}shd")] for root in (right, wrong)]
    assert fills == [["EEEEEE"], ["FFE699"]]


def test_the_authors_own_carried_mark_is_not_doubled(tmp_path: Path) -> None:
    own = f"<w:p>{said('{%p if carried(answers, ‘head’) %}')}</w:p><w:p>{said(CARRIED_NOTES[0])}</w:p><w:p>{said('{%p endif %}')}</w:p>"
    body = BODY.replace("<w:tbl>", own + "<w:tbl>")
    carried = {"value": "ก", "carried": True}
    assert paragraphs(render(tmp_path, {"head": carried}, body=body)).count(CARRIED_NOTES[0]) == 1
    assert CARRIED_NOTES[1] not in paragraphs(render(tmp_path, {"head": carried}, body=body))
    corrected = paragraphs(render(tmp_path, {"head": {**carried, "problem": "ข"}}, body=body))
    assert corrected[1] == "(โปรดแก้ไข: ข)" and not set(CARRIED_NOTES) & set(corrected)


def test_a_template_that_cannot_be_proven_is_checked_each_time(tmp_path: Path) -> None:
    # with the condition false the table's beginning is left out and its end is not
    torn = f"<w:p>{said('{% if answers %}')}</w:p><w:tbl><w:tr>{cell(said('{% endif %}ข'))}</w:tr></w:tbl>"
    with pytest.raises(RenderError, match=r"f9\.docx.*ไม่เป็นเอกสาร Word ที่ถูกต้อง"):
        render(tmp_path, body=torn + BODY)
    assert paragraphs(render(tmp_path, body=f"<w:p>{said('{% set x %}&amp; ก{% endset %}{{ x }}')}</w:p>"))[0] == "& ก"
    assert "word/document.xml" not in load_template(tmp_path / "f9.docx").proven
    make_template(tmp_path)
    assert "word/document.xml" in load_template(tmp_path / "f9.docx").proven


def test_values_outside_text_are_not_taken_as_proven(tmp_path: Path) -> None:
    make_template(tmp_path, f"<w:p><w:r><w:instrText>{{{{ token }}}}</w:instrText></w:r></w:p>{BODY}")
    assert "word/document.xml" not in load_template(tmp_path / "f9.docx").proven


def test_footer_carries_the_tokens_qr_in_a_file_of_its_own(tmp_path: Path) -> None:
    renderer = make_template(tmp_path)
    context = {"answers": {}, "rows": {"dos": []}, "deadline": {"id": "2566-07", "title": ""}}
    context["organisation"] = {"name": "", "parent": ""}
    data = renderer.form(spec=SPEC, identity=IDENTITY, context=context)
    assert data == renderer.form(spec=SPEC, identity=IDENTITY, context=context)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        footer = etree.fromstring(package.read("word/footer1.xml"))
        relations = etree.fromstring(package.read("word/_rels/footer1.xml.rels"))
        (blip,) = [e for e in footer.iter() if etree.QName(e).localname == "blip"]
        wanted = next(v for k, v in blip.attrib.items() if k.endswith("}embed"))
        (target,) = [r.get("Target") for r in relations if r.get("Id") == wanted]
        assert b'Extension="png"' in package.read("[Content_Types].xml")
        picture = Image.open(io.BytesIO(package.read(f"word/{target}")))
    assert 280 <= picture.width == picture.height <= 320
    (code,) = zxingcpp.read_barcodes(picture.convert("L"))
    assert code.text == IDENTITY.token and code.ec_level == "Q"
