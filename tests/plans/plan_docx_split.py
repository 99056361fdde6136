"""Makes an invented agency's plan as a Word file that was worked on by many: changes still marked, a table that goes on
without its head after a page's number, a row cut in two by hand, dates merged over two rows, boxes floating beside forms.
"""

from __future__ import annotations

import io

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from plan_docx_maker import _fill, _listed, _numbered, _text_box

HEAD = ("ลำดับ", "กิจกรรม/โครงการ", "ผลผลิต", "ผลลัพธ์", "กำหนดส่ง", "ผู้รับผิดชอบ", "หมายเหตุ")
ORDER = (
    ("ผู้อำนวยการสำนักบริการวิชาการ", "ที่ปรึกษา"),
    ("นายสิงห์ สมมุติ", "หัวหน้าคณะทำงาน"),
    ("ว่าที่ร้อยตรี ภานุ แต่งขึ้น", "รองหัวหน้าคณะทำงาน"),
    ("ดร.นวลจันทร์ ลองดู", "คณะทำงาน"),
    ("นางสาวฟ้า สมมุติ", "คณะทำงานและเลขานุการ"),
)


def _changed(paragraph, old, new):
    """`old` struck out and `new` put in, both still marked."""
    w, space = nsdecls("w"), 'xml:space="preserve"'
    gone = f'<w:del {w} w:id="8" w:author="x"><w:r><w:delText {space}>{old}</w:delText></w:r></w:del>'
    come = f'<w:ins {w} w:id="9" w:author="x"><w:r><w:t {space}>{new}</w:t></w:r></w:ins>'
    for xml in (gone, come):
        paragraph._p.append(parse_xml(xml))


def _table(document, *rows, head=True):
    """Rows of seven cells; a row of one text is a heading over the whole width."""
    table = document.add_table(rows=0, cols=len(HEAD))
    made = []
    for cells in (HEAD, *rows) if head else rows:
        row = table.add_row()
        if isinstance(cells, str):
            row.cells[0].merge(row.cells[-1]).paragraphs[0].add_run(cells)
        else:
            for cell, text in zip(row.cells, cells, strict=True):
                _fill(cell, text)
        made.append(row)
    return made


def make_plan() -> bytes:
    """The file's bytes."""
    document = Document()
    _numbered(document)
    say = document.add_paragraph
    for line in ("แผนคุณธรรมจริยธรรม", "สำนักบริการวิชาการ", "ประจำปีงบประมาณ พ.ศ. ๒๕๗๐", ""):
        say(line)
    say("แผนคุณธรรมจริยธรรม ของสำนักบริการวิชาการ ประจำปีงบประมาณ พ.ศ. ๒๕๗๐")
    say("")
    say("คณะทำงานคุณธรรมจริยธรรม ของสำนักบริการวิชาการ ประจำปีงบประมาณ พ.ศ. ๒๕๗๐")
    say("")
    say("สำนักบริการวิชาการ มหาวิทยาลัยสมมุติ จัดทำแผนนี้")
    _activities(document)
    _forms(document)
    for line in ("คำสั่งสำนักบริการวิชาการ", "ที่ ๔/๒๕๖๙", "เรื่อง แต่งตั้งคณะทำงานคุณธรรมจริยธรรม", ""):
        say(line)
    for who, role in ORDER:
        _listed(say(f"{who}\t{role}"), 71)
    say("ให้คณะทำงานมีหน้าที่ดังนี้")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _activities(document):
    say = document.add_paragraph
    group = "คณะทำงาน"
    say("มาตรการที่ ๑ ปลูกจิตสำนึก")
    say("๑.๑ สร้างค่านิยม")
    rows = _table(
        document,
        "๑. โครงการสร้างค่านิยมสุจริต",
        ("", "๑.๑ กิจกรรมประกาศค่านิยม", "• ประกาศ ๑ ฉบับ", "• บุคลากรร้อยละ ๙๕ รับทราบ", "", group, ""),
        ("", "๑.๒ กิจกรรมอบรมค่านิยมสำหรับบุคลากรใหม่และ", "• หลักสูตร ๑ หลักสูตร", "• ผู้เข้าอบรมมีความรู้", "๒๐ ม.ค. ๗๐", group, ""),
        ("", "บุคลากรที่โอนย้ายมา", "• รายงานผลการอบรม ๑ ฉบับ", "", "", "", ""),
    )
    _changed(rows[2].cells[4].paragraphs[0], "๑ ธันวาคม ๒๕๖๙", "๑๕ ธันวาคม ๒๕๖๙")
    say("หน้า ๕")
    _table(
        document,
        (
            "",
            "๑.๓ กิจกรรมสื่อสารค่านิยม\n(๑) คลิปสั้น\n(๒) โปสเตอร์",
            "• คลิป ๓ คลิป",
            "• เข้าถึง ๑,๐๐๐ ครั้ง",
            "(๑) ๑๐ กุมภาพันธ์ ๒๕๗๐\n(๒) ๑๐ มีนาคม ๒๕๗๐",
            group,
            "",
        ),
        head=False,
    )
    say("มาตรการที่ ๒ ระบบงานโปร่งใส")
    say("๒.๑ ลดขั้นตอน")
    rows = _table(
        document,
        "๒. โครงการลดขั้นตอน",
        ("", "๒.๑ กิจกรรมทบทวนคู่มือ", "• คู่มือ ๑ เล่ม", "• ใช้งานจริง", "๓๐ เมษายน ๒๕๗๐", "นายสิงห์", ""),
        ("", "๒.๒ กิจกรรมทดลองใช้คู่มือ", "• รายงานการทดลอง", "• ลดเวลาได้", "", "", ""),
    )
    for column in (4, 5):
        rows[2].cells[column].merge(rows[3].cells[column])
    say("มาตรการที่ ๓ จิตอาสา")
    say("๓.๑ ทำดี")
    _table(
        document,
        ("๓.", "โครงการจิตอาสา", "", "", "", "", ""),
        ("", "๓.๑ กิจกรรมเก็บขยะ\n- ชายหาด\n- ลำคลอง", "• มีกิจกรรม", "• ชุมชนได้ประโยชน์", "๑๒ สิงหาคม ๒๕๗๐", "ทุกคน", ""),
    )
    say("มาตรการที่ ๔ พอเพียง")
    say("๔.๑ ประหยัด")
    _table(
        document,
        ("๔.", "โครงการประหยัดพลังงาน", "", "", "", "", ""),
        ("", "๔.๑ กิจกรรมปิดไฟ", "• ลดค่าไฟร้อยละ ๑๐", "• ประหยัดงบประมาณ", "๓๑ สิงหาคม ๒๕๗๐ หรือก่อนหน้านั้น", "ทุกคน", ""),
        ("", "๔.๓ กิจกรรมใช้บันได", "• ลดการใช้ลิฟต์", "• สุขภาพดี", "", "ทุกคน", ""),
    )
    say("")


def _forms(document):
    say = document.add_paragraph
    say("แบบรายงานผลการดำเนินการตามแผนคุณธรรมจริยธรรม ของสำนักบริการวิชาการ")
    _text_box(
        say(""),
        "ไตรมาส ๑ ภายในวันที่ ๒๕ ธ.ค. ๒๕๖๙",
        "ไตรมาส ๒ ภายในวันที่ ๒๕ มี.ค. ๒๕๗๐",
        "ไตรมาส ๓ ภายในวันที่ ๒๕ มิ.ย. ๒๕๗๐",
        "ไตรมาส ๔ ภายในวันที่ ๒๕ ก.ย. ๒๕๗๐",
        "ส่งไฟล์ WORD ทางระบบสารบรรณ ไม่ต้องเผยแพร่เว็บไซต์",
    )
    say("ชื่อสำนัก...............")
    say("แบบรายงานกิจกรรมการติดตามและทบทวนปัญหาที่อยากแก้ ความดีที่อยากทำ")
    _text_box(say(""), "กำหนดส่ง: วันที่ ๒๕ มี.ค. ๒๕๗๐", "อัปโหลดขึ้นเว็บไซต์ เป็นไฟล์ PDF เท่านั้น")
    say("ลงชื่อ............. ผู้อำนวยการสำนัก")
    say("แบบรายงานผลการประเมินองค์กรคุณธรรมของมหาวิทยาลัยสมมุติ")
    say("ส่งภายในวันที่ ๓๑ กรกฎาคม ๒๕๗๐ ส่งภายในวันที่ ๑๐ สิงหาคม ๒๕๗๐ (กรณีมีเหตุจำเป็น)")
    say("ส่งทางระบบสารบรรณ ไฟล์ WORD และ PDF พร้อมหลักฐาน")
    say("")
