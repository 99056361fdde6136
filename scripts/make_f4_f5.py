"""Makes the templates of F4, F5 and the covering note as they were first: python scripts/make_f4_f5.py [FOLDER].

F4 is the plan's lines 566-640, F5 its lines 641-740 (OCR slips mended: «ปัญหาที่ยากแก่» is ปัญหาที่อยากแก้, «กระบวนการการแก้ไข» is
กระบวนการแก้ไข). แบบ ๑ and แบบ ๒ are named in line 292 and not printed: they come as files under the covering note.
The years F4 prints (2564 and 2565 in the plan of 2566) are the two before the plan's own.
The .docx files are what counts: people restyle them in Word afterwards, and running this again would undo their work.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from template_parts import (
    BOLD,
    CM,
    GREY,
    HEAD_FILL,
    box,
    cell,
    column,
    command,
    control,
    form_footer,
    head_row,
    paragraph,
    pen_line,
    row,
    row_command,
    run,
    save,
    section,
    size,
    table,
    text_width,
)

MARGINS_CM = (2, 2, 2, 3)
WIDTH = text_width(landscape=False, margins_cm=MARGINS_CM)
LINE = 363  # one line of TH SarabunPSK 16 pt, in twentieths of a point
FLUSH = '<w:ind w:left="0" w:firstLine="0"/>'
SOFT = '<w:color w:val="595959"/>'
CENTRE = '<w:jc w:val="center"/>'
GAP = paragraph(run("", size(12)), "", '<w:spacing w:line="160" w:lineRule="exact"/>')
MERGED, GOES_ON = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"


# ---------------------------------------------------------------- what the three forms share


def head(*lines: str) -> str:
    return "".join(paragraph(line, "Title") for line in (*lines, "{{ organisation.name }} {{ organisation.parent }}"))


def instructions(*items: str) -> str:
    """Who fills it in and until when, then the numbered instructions; all in grey, in the style «Instruction».

    Only in a form that goes out: without a token it is the accepted form that is submitted.
    """
    asked = run("ผู้กรอก {{ member.full_name }} ตำแหน่ง {{ member.position }}", SOFT)
    until = run("โปรดส่งคืนภายในวันที่ {{ deadline.internal_th }}", BOLD + SOFT) + run(
        "{% if deadline.external_th != deadline.internal_th %} (สำนักต้องส่งภายในวันที่ {{ deadline.external_th }}){% endif %}",
        SOFT,
    )
    last = (
        "โปรดตอบกลับอีเมลฉบับเดิมพร้อมแนบไฟล์นี้ หากมีข้อสงสัยโปรดติดต่อ {{ secretary.full_name }}"
        "{% if secretary.phone %} โทร. {{ secretary.phone }}{% endif %}{% if secretary.email %} อีเมล {{ secretary.email }}{% endif %}"
    )
    numbered = [
        paragraph(run(f"{'๑๒๓๔๕๖๗๘๙'[n]}.\t{item}", SOFT), "Instruction") for n, item in enumerate((*items, last))
    ]
    first = paragraph(asked, "Instruction", '<w:keepNext/><w:spacing w:before="80"/>' + FLUSH)
    asking = first + paragraph(until, "Instruction", "<w:keepNext/>" + FLUSH) + "".join(numbered)
    return command("if token") + asking + command("endif") + GAP


def tall_row(cells: Sequence[str], lines: float, *, whole: bool) -> str:
    """A row at least `lines` lines high."""
    height = f'<w:trHeight w:val="{round(lines * LINE)}" w:hRule="atLeast"/>'
    return row(cells, whole=whole).replace("</w:trPr>", f"{height}</w:trPr>", 1)


def frames(*boxes: tuple[str, str, float], intro: str = "", hints: dict[str, str] | None = None) -> str:
    """A one-column table: for each (heading, field, lines) the heading's row and under it the answer's own cell."""
    rows = [] if not intro else [_heading(intro)]
    for heading, key, lines in boxes:
        rows.append(_heading(heading, (hints or {}).get(key, "")))
        rows.append(tall_row([cell(WIDTH, paragraph(control(key)), fill=GREY)], lines, whole=False))
    return table([WIDTH], rows) + GAP


def _heading(text: str, hint: str = "") -> str:
    words = [paragraph(run(line, BOLD), "", "<w:keepNext/>") for line in text.splitlines()]
    if hint:
        shown = paragraph(run(hint, SOFT + size(26)), "Instruction", "<w:keepNext/>" + FLUSH)
        words += [command("if token"), shown, command("endif")]
    return row([cell(WIDTH, *words, fill=HEAD_FILL)])


def shaded(controlled: str) -> str:
    """A control that stands in a sentence, grey like the cells to be filled in."""
    return controlled.replace(
        '"PlaceholderText"/>', f'"PlaceholderText"/><w:shd w:val="clear" w:color="auto" w:fill="{GREY}"/>'
    )


def part(text: str) -> str:
    return paragraph(text, "Heading1")


# ---------------------------------------------------------------- F4


def head_cell(width: int, text: str = "", *, span: int = 1, merge: str = "") -> str:
    made = cell(width, paragraph(text, "TableHead"), fill=HEAD_FILL, span=span, middle=True)
    return made.replace("<w:shd ", f"{merge}<w:shd ", 1)


def number_cell(width: int, key: str) -> str:
    return cell(width, paragraph(run(f"{{{{ {key}.number_th }}}}"), "", CENTRE), middle=True)


def short_cell(width: int, content: str) -> str:
    """A grey cell for a number or a box, in its middle."""
    return cell(width, paragraph(content, "", CENTRE), fill=GREY, middle=True)


def behaviour_table(key: str, title: str) -> str:
    """How last year's declaration was kept: one row a behaviour, as many as there are."""
    columns = [760, 3640, 1100, 1100, WIDTH - 6600]
    titles = ["ลำดับ", title, "จำนวน (คน)", "ร้อยละ", "หมายเหตุ/ข้อควรปรับปรุง"]
    cells = [
        number_cell(columns[0], key),
        cell(columns[1], paragraph(control(column(key, "behaviour"))), fill=GREY),
        short_cell(columns[2], control(column(key, "persons"))),
        short_cell(columns[3], control(column(key, "percent"))),
        cell(columns[4], paragraph(control(column(key, "note"))), fill=GREY),
    ]
    return _growing(key, columns, [head_row(columns, titles)], cells)


def declaration_table(key: str, title: str) -> str:
    """The new declaration: each behaviour kept or changed (a box in either column), and who took part."""
    columns = [760, WIDTH - 5860, 1000, 1000, 2000, 1100]
    kinds = columns[2] + columns[3]
    cells = [
        number_cell(columns[0], key),
        cell(columns[1], paragraph(control(column(key, "behaviour"))), fill=GREY),
        short_cell(columns[2], box(column(key, "kept") + "=same")),
        short_cell(columns[3], box(column(key, "kept") + "=new")),
        short_cell(columns[4], control(column(key, "joined"))),
        short_cell(columns[5], control(column(key, "percent"))),
    ]
    upper = [
        head_cell(columns[0], "ลำดับ", merge=MERGED),
        head_cell(columns[1], title, merge=MERGED),
        head_cell(kinds, "คุณธรรม", span=2),
        head_cell(columns[4], "จำนวนคนเข้าร่วมคิดและจัดทำปฏิญญาคุณธรรม", merge=MERGED),
        head_cell(columns[5], "ร้อยละ", merge=MERGED),
    ]
    lower = [
        head_cell(columns[0], merge=GOES_ON),
        head_cell(columns[1], merge=GOES_ON),
        head_cell(columns[2], "ใช้แบบเดิม"),
        head_cell(columns[3], "แก้ไขใหม่"),
        head_cell(columns[4], merge=GOES_ON),
        head_cell(columns[5], merge=GOES_ON),
    ]
    return _growing(key, columns, [row(upper, head=True), row(lower, head=True)], cells)


def _growing(key: str, columns: Sequence[int], heads: Sequence[str], cells: Sequence[str]) -> str:
    rows = [
        *heads,
        row_command(f"for {key} in rows.{key}", columns),
        tall_row(cells, 1, whole=True),
        row_command("endfor", columns),
    ]
    return table(columns, rows) + GAP


def signature() -> str:
    """The director's place: room for a pen or a visible electronic signature (200 x 60 pt) over the printed name."""
    centre = f'<w:ind w:left="{6 * CM}"/><w:jc w:val="center"/>'
    room = paragraph(run(""), "", f'<w:keepNext/><w:spacing w:line="{round(1.6 * CM)}" w:lineRule="exact"/>')
    return (
        room
        + pen_line("ลงชื่อ ", "", left=7 * CM, until=15 * CM)
        + paragraph("({{ director.name }})", "", "<w:keepNext/>" + centre)
        + paragraph("{{ director.position }}", "", centre)
    )


def make_f4(folder: Path) -> None:
    headcount = (
        run("จำนวนบุคลากร (รวม ผอ.สำนัก ข้าราชการ พนักงานราชการ ลูกจ้าง ยกเว้นจ้างเหมา) ")
        + shaded(control("headcount"))
        + run(" คน")
    )
    body = [
        head(
            "แบบรายงานกิจกรรมการติดตามและทบทวนผลการดำเนินการ",
            "ตามปัญหาที่อยากแก้ ความดีที่อยากทำ",
        ),
        instructions(
            "โปรดกรอกเฉพาะช่องสีเทา ตารางใดมีแถวไม่พอให้แทรกแถวต่อท้ายได้ แถวที่ไม่ใช้ให้เว้นว่าง",
            "ร้อยละคิดจากจำนวนคนเทียบกับจำนวนบุคลากรทั้งหมด ช่องคุณธรรมให้คลิกเลือกแถวละหนึ่งช่อง",
        ),
        frames(
            ("ปฏิญญาคุณธรรมสำนัก ปีงบประมาณ พ.ศ. {{ year.before_th }} ได้แก่", "last_declaration", 3),
            ("ได้ทบทวนปรับปรุง ในปีงบประมาณ พ.ศ. {{ year.last_th }} ได้แก่", "revision", 3),
        ),
        paragraph(headcount, "", '<w:spacing w:before="60" w:after="60"/>'),
        part("สรุปการปฏิบัติตามปฏิญญาคุณธรรม (คุณธรรมเป้าหมาย ปีงบประมาณ พ.ศ. {{ year.before_th }})"),
        behaviour_table("dos", "พฤติกรรมที่พึงประสงค์ (Do's)"),
        behaviour_table("donts", "พฤติกรรมที่ไม่พึงประสงค์ (Don'ts)"),
        frames(("ข้อเสนอแนะ", "suggestions", 2)),
        part(
            "กระบวนการแก้ไข/พัฒนา/ปรับปรุงการจัดทำปฏิญญาคุณธรรมสำนัก (คุณธรรมเป้าหมายของสำนัก) "
            "(ปัญหาที่อยากแก้ ความดีที่อยากทำ ในปีงบประมาณ พ.ศ. {{ year.last_th }})"
        ),
        frames(
            ("การดำเนินการระดับกลุ่ม", "group_process", 8),
            ("การดำเนินการระดับสำนัก", "bureau_process", 8),
            intro="กระบวนการที่ดำเนินการเพื่อให้ได้มาซึ่งการจัดทำปฏิญญาคุณธรรมสำนัก",
        ),
        part("สรุปผลการแก้ไข/พัฒนา/ปรับปรุง"),
        frames(("ปฏิญญาคุณธรรมประจำสำนัก (คุณธรรมเป้าหมาย) ได้แก่", "change_summary", 5)),
        part("ปฏิญญาคุณธรรมสำนัก (เป้าหมายคุณธรรม ปีงบประมาณ พ.ศ. {{ year.last_th }})"),
        declaration_table("new_dos", "พฤติกรรมที่พึงประสงค์ (Do's)"),
        declaration_table("new_donts", "พฤติกรรมที่ไม่พึงประสงค์ (Don'ts)"),
        signature(),
    ]
    title = "แบบรายงานกิจกรรมการติดตามและทบทวนผลการดำเนินการตามปัญหาที่อยากแก้ ความดีที่อยากทำ"
    _save(folder, "f4", title, body)


# ---------------------------------------------------------------- F5 and the covering note


LEADER = "บทบาทผู้นำในการขับเคลื่อนคุณธรรมและจริยธรรม\n(บทบาทของผู้อำนวยการสำนัก/ผู้บังคับบัญชากลุ่มงาน)"


def make_f5(folder: Path) -> None:
    pictured = "ใส่ชื่อไฟล์{}ที่แนบมาในอีเมลฉบับเดียวกัน บรรทัดละหนึ่งไฟล์"
    sections = [
        ("บทบาทอำนาจหน้าที่ของสำนัก/กลุ่ม", "roles", 8, ""),
        ("โครงสร้างสำนัก/กลุ่ม (ผังโครงสร้าง)", "structure", 2, pictured.format("ภาพผังโครงสร้าง")),
        ("ภารกิจที่ดำเนินการ (ภารกิจปกติที่ปฏิบัติราชการตามอำนาจหน้าที่)", "missions", 5, ""),
        ("การต่อต้านการทุจริตภายในสำนัก/กลุ่ม", "anti_corruption", 8, ""),
        ("วิธีการส่งเสริม กระตุ้น สร้างแรงจูงใจให้บุคลากรในสังกัดเป็นคนดี", "encouragement", 8, ""),
        (LEADER, "leader_role", 8, ""),
        ("ไฟล์รูปประกอบ", "pictures", 3, pictured.format("รูป")),
    ]
    body = [
        head("แบบรายงานโครงการถอดบทเรียนและประสบการณ์ของสำนัก/กลุ่ม", "เพื่อเป็น Best Practice"),
        instructions(
            "โปรดกรอกเฉพาะช่องสีเทา ช่องขยายตามข้อความที่พิมพ์ และโปรดไม่แก้ไขหัวข้อ",
            "ผังโครงสร้างและรูปให้แนบเป็นไฟล์มาในอีเมลฉบับเดียวกัน แล้วใส่เฉพาะชื่อไฟล์ในช่อง บรรทัดละหนึ่งไฟล์",
        ),
        *(frames((heading, key, lines), hints={key: hint}) for heading, key, lines, hint in sections),
    ]
    _save(folder, "f5", "แบบรายงานโครงการถอดบทเรียนและประสบการณ์ของสำนัก/กลุ่ม เพื่อเป็น Best Practice", body)


def make_official(folder: Path) -> None:
    columns = [3700, WIDTH - 3700]
    labels = [
        ("ชื่อและนามสกุล\nผู้ได้รับการเสนอชื่อ", "candidate_name", 1),
        ("ตำแหน่ง", "candidate_position", 1.6),
        ("ชื่อไฟล์แบบ ๑\nแบบประเมินการสรรหาข้าราชการรัฐสภาผู้มีคุณธรรมและจริยธรรมดีเด่น", "form1_file", 3),
        ("ชื่อไฟล์แบบ ๒\nแบบรายงานผลการสรรหาข้าราชการรัฐสภาสามัญผู้มีคุณธรรมและจริยธรรมดีเด่น", "form2_file", 3),
        ("หมายเหตุ", "note", 4),
    ]
    rows = []
    for label, key, lines in labels:
        first, *more = label.splitlines()
        words = [paragraph(run(first, BOLD)), *(paragraph(line, "TableText") for line in more)]
        answer = cell(columns[1], paragraph(control(key)), fill=GREY)
        rows.append(tall_row([cell(columns[0], *words, fill=HEAD_FILL), answer], lines, whole=True))
    body = [
        head(
            "ใบนำส่งแบบประเมินการสรรหาข้าราชการรัฐสภาผู้มีคุณธรรมและจริยธรรมดีเด่น (แบบ ๑)",
            "และแบบรายงานผลการสรรหา (แบบ ๒)",
            "ประจำปีงบประมาณ พ.ศ. {{ year.this_th }}",
        ),
        instructions(
            "โปรดกรอกแบบ ๑ และแบบ ๒ ตามที่สำนักงานกำหนด แล้วแนบไฟล์ทั้งสองมาในอีเมลฉบับเดียวกันกับใบนำส่งนี้",
            "ในช่องสีเทา ใส่ชื่อไฟล์ให้ตรงกับไฟล์ที่แนบ หากมีหลายไฟล์ให้ใส่บรรทัดละหนึ่งไฟล์",
        ),
        table(columns, rows),
        GAP,
    ]
    title = "ใบนำส่งแบบประเมินการสรรหาข้าราชการรัฐสภาผู้มีคุณธรรมและจริยธรรมดีเด่น (แบบ ๑) และแบบรายงานผลการสรรหา (แบบ ๒)"
    _save(folder, "official", title, body)


def _save(folder: Path, form: str, title: str, body: Sequence[str]) -> None:
    page = section(landscape=False, margins_cm=MARGINS_CM, parts=True, qr=True)
    save(folder / f"{form}.docx", title, "".join(body), page, footer=form_footer(form.upper()), qr_at=WIDTH)


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "templates" / "docx"
    for make in (make_f4, make_f5, make_official):
        make(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
