"""Makes an invented agency's plan as a Word file with everything Word does to a plan: one table over several pages with its
head repeated (as a repeated row, and typed again), merged cells across and down, content controls, automatic numbers,
a submission box as a table inside a cell and as a text box (with the fallback copy Word keeps), deleted text.
"""

from __future__ import annotations

import copy
import io

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn

_NS = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml"'
)
HEAD = ("ลำดับ", "โครงการ/กิจกรรม", "ผลผลิต", "ผลลัพธ์", "ระยะเวลาในการนำเสนอเอกสาร", "หมายเหตุ / ผู้รับผิดชอบ")


def _numbered(document):
    """A numbering part with Thai numbers «%1.» and bullets; python-docx's own template has none in Thai."""
    root = document.part.numbering_part.element
    for number, (form, text) in {71: ("thaiNumbers", "%1."), 72: ("bullet", "•")}.items():
        abstract = parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{number}"><w:lvl w:ilvl="0"><w:start w:val="1"/>'
            f'<w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl></w:abstractNum>'
        )
        root.insert(0, abstract)
        root.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="{number}"/></w:num>'))


def _listed(paragraph, number):
    properties = paragraph._p.get_or_add_pPr()
    properties.append(parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="{number}"/></w:numPr>'))


def _fill(cell, text):
    """Lines as paragraphs; a line that begins «• » becomes an automatic bullet."""
    for n, line in enumerate(text.split("\n")):
        paragraph = cell.paragraphs[0] if n == 0 else cell.add_paragraph()
        paragraph.add_run(line.removeprefix("• "))
        if line.startswith("• "):
            _listed(paragraph, 72)


def _row(table, *cells):
    row = table.add_row()
    for cell, text in zip(row.cells, cells, strict=True):
        _fill(cell, text)
    return row


def _heading(table, text):
    row = table.add_row()
    merged = row.cells[0].merge(row.cells[5])
    merged.paragraphs[0].add_run(text)


def _controlled(paragraph, text):
    """Text inside a content control."""
    run = paragraph.add_run(text)._r
    control = parse_xml(f'<w:sdt {nsdecls("w")}><w:sdtPr><w:tag w:val="x"/></w:sdtPr><w:sdtContent/></w:sdt>')
    run.addprevious(control)
    control.find(qn("w:sdtContent")).append(run)


def _text_box(paragraph, *lines):
    """A floating box as Word writes it: the drawing, and the same text again as VML fallback."""
    inside = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    xml = (
        f'<w:r {_NS}><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:anchor><a:graphic><a:graphicData>'
        f"<wps:wsp><wps:txbx><w:txbxContent>{inside}</w:txbxContent></wps:txbx></wps:wsp></a:graphicData></a:graphic>"
        f"</wp:anchor></w:drawing></mc:Choice><mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{inside}"
        f"</w:txbxContent></v:textbox></v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    paragraph._p.append(parse_xml(xml))


def make_plan(*, first_due: str = "๑๔ กุมภาพันธ์ ๒๕๗๐", extra_row: bool = False) -> bytes:
    """The file's bytes. `first_due` is the date of 1.1; `extra_row` adds activity 2.2 (a plan that changed)."""
    document = Document()
    _numbered(document)
    say = document.add_paragraph
    say("แผนปฏิบัติการด้านคุณธรรม ของศูนย์ฝึกอบรมภาษา ประจำปีงบประมาณ พ.ศ. ๒๕๗๐")
    say("")
    say("คณะทำงานด้านคุณธรรมของศูนย์ฝึกอบรมภาษา ประจำปีงบประมาณ พ.ศ. ๒๕๗๐")
    say("")
    say("ศูนย์ฝึกอบรมภาษา สถาบันทดลองแห่งชาติ จัดทำแผนนี้เพื่อใช้ร่วมกัน ศูนย์งานฝึกอบรมภาษา สถาบันทดลองแห่งชาติ จะทบทวนทุกปี")
    say("มาตรการที่ ๑ ปลูกฝังความซื่อตรงในชั้นเรียน")
    say("แนวทางการดำเนินการ")
    say("๑.๑ ครูเป็นแบบอย่าง")
    table = document.add_table(rows=1, cols=6)
    for cell, text in zip(table.rows[0].cells, HEAD, strict=True):
        cell.paragraphs[0].add_run(text)
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    _heading(table, "๑. โครงการห้องเรียนซื่อตรง")
    first = _row(
        table,
        "",
        "",
        "• มีข้อตกลงของชั้นเรียน\n• ผู้เรียนร่วมลงนาม",
        "• บุคลากรร่วมโครงการร้อยละ ๙๐",
        first_due,
        "ผู้รับผิดชอบ: คณะทำงาน",
    )
    _controlled(first.cells[1].paragraphs[0], "๑.๑ กิจกรรมข้อตกลงของ")
    first.cells[1].paragraphs[0].add_run("ชั้นเรียน")
    first.cells[1].paragraphs[0]._p.append(
        parse_xml(f'<w:del {nsdecls("w")} w:id="1" w:author="x"><w:r><w:delText>ฉบับเก่า</w:delText></w:r></w:del>')
    )
    second = _row(
        table,
        "",
        "๑.๒ กิจกรรมสอบอย่างซื่อตรง",
        "• มีระเบียบการสอบ",
        "• รายงานผลการสอบ ๑ ฉบับ",
        "๒๘ พฤษภาคม ๒๕๗๐",
        "ผู้รับผิดชอบ: คณะทำงาน",
    )
    again = _row(table, *HEAD)
    third = _row(table, "", "๑.๓ กิจกรรมคลินิกการเขียน", "• มีคลินิกการเขียน", "• คู่มือการเขียน ๑ เล่ม", "", "ผู้รับผิดชอบ: มณีรัตน์")
    assert again is not None
    # one date for two rows, merged downwards over the typed head? Word cannot; so it is merged over 1.3 and its second row
    fourth = _row(table, "", "", "• มีตารางเวรครู", "", "๓๐ พฤษภาคม ๒๕๗๐", "")
    third.cells[4].merge(fourth.cells[4])
    third.cells[1].merge(fourth.cells[1])
    assert second is not None
    say("")
    say("มาตรการที่ ๒ แบ่งปันสื่อการสอน")
    say("แนวทางการดำเนินการ")
    say("๒.๑ เผยแพร่สื่อที่ทำเอง")
    table = document.add_table(rows=1, cols=6)
    for cell, text in zip(table.rows[0].cells, HEAD, strict=True):
        cell.paragraphs[0].add_run(text)
    _heading(table, "๒. โครงการคลังสื่อ")
    _row(
        table,
        "",
        "๒.๑ กิจกรรมทำคลิปสอนภาษา\n๑) คลิปชุดแรก\n๒) คลิปชุดที่สอง",
        "• คลิป ๖ คลิป",
        "• มีผู้ชมจริง",
        "ข้อ ๑ วันที่ ๑๔ กุมภาพันธ์ ๒๕๗๐\nข้อ ๒ วันที่ ๑๐ กันยายน ๒๕๗๐",
        "ผู้รับผิดชอบ: คณะทำงาน",
    )
    if extra_row:
        _row(
            table,
            "",
            "๒.๒ กิจกรรมแลกเปลี่ยนหนังสือ",
            "• มีชั้นหนังสือแลกเปลี่ยน",
            "• รายงานการแลกเปลี่ยน",
            "๑๐ กันยายน ๒๕๗๐",
            "ผู้รับผิดชอบ: คณะทำงาน",
        )
    say("")
    title = say("แบบรายงานผลการดำเนินการตามแผนปฏิบัติการด้านคุณธรรมของศูนย์ฝึกอบรมภาษา")
    _text_box(
        title,
        "ไตรมาส ๒ ส่ง ๒ มีนาคม ๒๕๗๐",
        "ไตรมาส ๓ ส่ง ๗ มิถุนายน ๒๕๗๐",
        "ไตรมาส ๔ ส่ง ๑๘ กันยายน ๒๕๗๐",
        "ไฟล์ WORD ส่งตามระบบสารบรรณ",
    )
    say("ชื่อศูนย์.....")
    say("แบบรายงานโครงการถอดบทเรียนและประสบการณ์ของศูนย์ เพื่อเป็นตัวอย่างที่ดี")
    outer = document.add_table(rows=1, cols=2)
    outer.rows[0].cells[0].paragraphs[0].add_run("บทบาทและภารกิจ")
    inner = outer.rows[0].cells[1].add_table(rows=2, cols=1)
    inner.rows[0].cells[0].paragraphs[0].add_run("ส่งภายในวันที่ ๑๕ มิถุนายน ๒๕๗๐")
    inner.rows[1].cells[0].paragraphs[0].add_run(
        "ไฟล์ WORD & PDF พร้อมไฟล์รูป ส่งตามระบบสารบรรณ นำลงระบบเว็บไซต์ในรูปแบบไฟล์ PDF เท่านั้น"
    )
    say("ลงชื่อ..... ผู้อำนวยการศูนย์")
    say("คำสั่งศูนย์ฝึกอบรมภาษา")
    say("ที่ ๓/๒๕๖๙ เรื่อง แต่งตั้งคณะทำงาน ประกอบด้วย")
    order = document.add_table(rows=0, cols=2)
    people = ("ผู้อำนวยการศูนย์ฝึกอบรมภาษา", "นางมณีรัตน์ สมมุติวงศ์", "นายภูผา ทดลองกิจ")
    for who, role in zip(people, ("ที่ปรึกษาคณะทำงาน", "หัวหน้าคณะทำงาน", "คณะทำงานและเลขานุการ"), strict=True):
        row = order.add_row()
        row.cells[0].paragraphs[0].add_run(who)
        _listed(row.cells[0].paragraphs[0], 71)
        row.cells[1].paragraphs[0].add_run(role)
    say("ให้คณะทำงานมีอำนาจหน้าที่ดังนี้")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def row_copy(row):
    """A deep copy of a table row's XML (for tests that break a file)."""
    return copy.deepcopy(row._tr)
