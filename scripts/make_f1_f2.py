"""Makes the templates of F1, F2 and F2's cover summary as they were first: python scripts/make_f1_f2.py [FOLDER].

F1 is the plan's lines 455-500, F2 its lines 501-553, worded as printed; OCR slips are mended from the rubric (lines
430-454, as plans/2566/rubric.toml has them) and digits are Thai throughout. Scores are computed and never typed.
The .docx files are what counts: people restyle them in Word afterwards, and running this again would undo their work.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from template_parts import (
    BOLD,
    CM,
    GREY,
    HEAD_FILL,
    blank,
    box,
    cell,
    command,
    field_cell,
    form_footer,
    head_row,
    paragraph,
    pen_line,
    row,
    row_command,
    run,
    save,
    section,
    signature_block,
    size,
    table,
    text_width,
    words,
    yes_no,
)

OFFICIAL_CM = (2, 2, 2, 3)
WIDE_CM = (1.5, 1.5, 1.5, 1.5)
SOFT = '<w:color w:val="595959"/>' + size(28)
CENTRE = '<w:jc w:val="center"/>'
NUMBERS = "๑๒๓๔๕๖๗๘๙"
GAP = paragraph(run("", size(12)), "", '<w:spacing w:line="120" w:lineRule="exact"/>')


def instructions(*items: str) -> str:
    """Who fills it in and until when, how, and how to send it back; small and grey.

    Only in a form that goes out: without a token it is the accepted form that is submitted, which says none of this.
    """
    asked = (
        run("ผู้กรอก {{ member.full_name }} ตำแหน่ง {{ member.position }} ", SOFT)
        + run("โปรดส่งคืนภายในวันที่ {{ deadline.internal_th }}", BOLD + SOFT)
        + run(" (สำนักต้องส่งถึงสารบรรณภายในวันที่ {{ deadline.external_th }})", SOFT)
    )
    back = (
        "โปรดตอบกลับอีเมลฉบับเดิมพร้อมแนบไฟล์นี้ หากมีข้อสงสัยโปรดติดต่อ {{ secretary.full_name }}"
        "{% if secretary.phone %} โทร. {{ secretary.phone }}{% endif %}{% if secretary.email %} อีเมล {{ secretary.email }}{% endif %}"
    )
    flush = '<w:spacing w:before="60"/><w:ind w:left="0" w:firstLine="0"/>'
    numbered = [
        paragraph(run(f"{NUMBERS[n]}.\t{item}", SOFT), "Instruction") for n, item in enumerate((*items, back))
    ]
    return command("if token") + paragraph(asked, "Instruction", flush) + "".join(numbered) + command("endif") + GAP


# ---------------------------------------------------------------- F1

# number | label | the rest of the criterion | score | note; a criterion spans the second and third
F1_COLUMNS = [720, 2340, 3552, 780, 1680]
F1_HEAD = [(F1_COLUMNS[0], "ลำดับ", 1), (sum(F1_COLUMNS[1:3]), "เกณฑ์การประเมิน", 2), (F1_COLUMNS[3], "คะแนน", 1),
           (F1_COLUMNS[4], "หมายเหตุ", 1)]  # fmt: skip


def sentence(*pieces: str, left_cm: float = 0) -> str:
    layout = f'<w:ind w:left="{round(left_cm * CM)}"/>' if left_cm else ""
    return paragraph(words(*pieces), "FormText", "<w:keepNext/>" + layout)


def pair(label: str, key: str, *, below: bool = False) -> str:
    """«๓.๑ แผนดำเนินการ ☐ มี ☐ ไม่มี», the boxes of all pairs below one another; a long label has them on a line `below`."""
    stop = 4460
    if below:
        return sentence(label, left_cm=0.5) + paragraph(yes_no(key), "FormText", f'<w:keepNext/><w:ind w:left="{stop}"/>')
    layout = f'<w:keepNext/><w:tabs><w:tab w:val="left" w:pos="{stop}"/></w:tabs><w:ind w:left="284"/>'
    return paragraph(words(f"{label}\t", yes_no(key)), "FormText", layout)


def f1_row(number: int, *content: str) -> str:
    """A criterion's row."""
    number_width, *text, score, note = F1_COLUMNS
    return row([
        cell(number_width, paragraph(f"{NUMBERS[number - 1]}.", "FormCentre")),
        cell(sum(text), *content, span=2),
        cell(score, paragraph(f"{{{{ scores.c{number} }}}}", "FormCentre")),
        field_cell(note, f"item{number}_note", "FormText"),
    ])  # fmt: skip


def f1_more(label: str, key: str) -> str:
    """An extra row under a criterion: a label and, alone in its cell, an answer of several lines."""
    number_width, label_width, *rest = F1_COLUMNS
    return row([
        cell(number_width, paragraph(run(""), "FormText")),
        cell(label_width, *(paragraph(line, "FormText") for line in label.split("\n"))),
        field_cell(sum(rest), key, "FormText", span=3),
    ])  # fmt: skip


def f1_rows() -> list[str]:
    return [
        row([cell(width, paragraph(title, "TableHead"), fill=HEAD_FILL, span=span, middle=True)
             for width, title, span in F1_HEAD], head=True),
        f1_row(1, sentence("ผู้บริหารและสมาชิก มีการประชุมเพื่อประกาศเจตนารมณ์หรือข้อตกลง จำนวน ", blank("item1_persons"),
                           " คน คิดเป็นร้อยละ ", blank("item1_percent"))),
        f1_row(2, sentence("ผู้บริหารและสมาชิก จำนวน ", blank("item2_persons"), " คน คิดเป็นร้อยละ ", blank("item2_percent"),
                           " มีการกำหนดคุณธรรมเป้าหมาย “ปัญหาที่อยากแก้ และความดีที่อยากทำ” จำนวน ", blank("item2_count"),
                           " เรื่อง")),
        f1_more("เรื่องที่กำหนด\n(บรรทัดละหนึ่งเรื่อง)", "item2_topics"),
        f1_row(3, sentence("การจัดทำแผนส่งเสริมคุณธรรมเป้าหมายที่กำหนด"),
               pair("๓.๑ แผนดำเนินการ", "item3_plan"),
               pair("๓.๒ การมอบหมายบุคคลรับผิดชอบ", "item3_person"),
               pair("๓.๓ การมอบหมายหน่วยงานรับผิดชอบ", "item3_unit")),
        f1_row(4, sentence("ผลสำเร็จการดำเนินกิจกรรมตามแผนส่งเสริมคุณธรรมเป้าหมายที่กำหนดไว้ มีผลสำเร็จร้อยละ ",
                           blank("item4_percent"))),
        f1_row(5, sentence("การจัดระบบติดตาม ประเมินผลและรายงานผลการดำเนินงาน/กิจกรรมแลกเปลี่ยนเรียนรู้"),
               pair("๕.๑ การติดตามประเมินผลและรายงานผลการดำเนินงาน", "item5_followup", below=True),
               pair("๕.๒ การจัดกิจกรรมแลกเปลี่ยนเรียนรู้ร่วมกันของสมาชิกทุกระดับในองค์กร", "item5_sharing", below=True)),
        f1_row(6, sentence("กระบวนการยกย่องเชิดชูบุคคลที่ทำความดี หรือหน่วยงาน โครงการ/กิจกรรมดีเด่นในการส่งเสริม"
                           "คุณธรรมเป้าหมายจนเป็นแบบอย่างได้"),
               pair("๖.๑ การประกาศยกย่องเชิดชูบุคคลที่ทำความดี", "item6_persons"),
               pair("๖.๒ การประกาศยกย่องเชิดชูหน่วยงาน", "item6_units")),
        f1_more("โครงการ/กิจกรรมดีเด่น", "item6_best"),
        f1_row(7, sentence("มีผลสำเร็จการดำเนินงานกิจกรรมตามแผนส่งเสริมคุณธรรมเป้าหมายที่กำหนดไว้เพิ่มมากขึ้น "
                           "มีผลสำเร็จร้อยละ ", blank("item7_percent"))),
        f1_row(8, sentence("องค์กรมีการกำหนดประเด็นคุณธรรมเป้าหมายและจัดกิจกรรมใน ๓ มิติ มีการเพิ่มจำนวน ๓ มิติ"),
               sentence(box("item8_religion=yes"), "\u00a0หลักธรรมทางศาสนา", left_cm=0.5),
               sentence(box("item8_economy=yes"), "\u00a0หลักปรัชญาของเศรษฐกิจพอเพียง", left_cm=0.5),
               sentence(box("item8_culture=yes"), "\u00a0วิถีวัฒนธรรม", left_cm=0.5)),
        f1_more("มิติอื่น ๆ ที่เพิ่มขึ้นนอกเหนือจาก ๓ มิติดังกล่าว ได้แก่", "item8_others"),
        f1_row(9, sentence("มีการถอดองค์ความรู้จากกิจกรรมการดำเนินงานองค์กรคุณธรรมเพื่อเผยแพร่ และสามารถเป็นแหล่งเรียนรู้"
                           "ถ่ายทอดขยายผลไปสู่องค์กรอื่นได้"),
               sentence(box("item9=every"), "\u00a0ทุกกิจกรรม    ", box("item9=some"), "\u00a0บางกิจกรรม    ",
                        box("item9=none"), "\u00a0ไม่มีการถอดองค์ความรู้", left_cm=0.5)),
    ]  # fmt: skip


def make_f1(folder: Path) -> None:
    width = text_width(landscape=False, margins_cm=OFFICIAL_CM)
    half = f'<w:tabs><w:tab w:val="left" w:pos="{round(width * 0.5)}"/></w:tabs>'
    body = [
        paragraph("รายงานผลการส่งเสริมและพัฒนา “องค์กรคุณธรรม”", "Title"),
        paragraph("ระดับที่ ๓ องค์กรคุณธรรมต้นแบบ", "Title"),
        instructions(
            "โปรดกรอกเฉพาะช่องสีเทา และคลิกเลือกในช่องสี่เหลี่ยม ช่องที่มีข้อมูลอยู่แล้วโปรดตรวจสอบและแก้ไขหากไม่ถูกต้อง",
            "ช่องคะแนนระบบคำนวณให้ตามเกณฑ์การประเมิน ไม่ต้องกรอก และโปรดไม่เพิ่มหรือลบแถวของตาราง",
        ),
        paragraph(words("ชื่อองค์กร (สำนัก) {{ organisation.name }} {{ organisation.parent }}")),
        paragraph(words("ผู้บริหารองค์กร ", blank("head_name"), "\tตำแหน่ง ", blank("head_position")), "", half),
        paragraph(words("ผู้ประสานงานองค์กร ", blank("coordinator_name"), "\tตำแหน่ง ", blank("coordinator_position")), "", half),
        paragraph(words("โทรศัพท์ ", blank("phone"), "\tโทรศัพท์เคลื่อนที่ ", blank("mobile")), "", half),
        paragraph(words("ที่ตั้งเลขที่ ", blank("address"))),
        paragraph(words("จำนวนผู้บริหารและสมาชิกในองค์กรทั้งหมด ", blank("headcount"),
                        " คน (รวมผู้อำนวยการและบุคลากรทุกตำแหน่ง/ประเภท)")),
        GAP,
        table(F1_COLUMNS, f1_rows()),
        signature_block("({{ director.name }})", "ผู้บริหารองค์กร", "{{ director.position }}",
                        left=round(7 * CM), until=width - 900, room_cm=1.8),
    ]  # fmt: skip
    page = section(landscape=False, margins_cm=OFFICIAL_CM, parts=True, qr=True)
    save(folder / "f1.docx", "รายงานผลการส่งเสริมและพัฒนาองค์กรคุณธรรม", "".join(body), page,
         footer=form_footer("F1"), qr_at=width)  # fmt: skip


# ---------------------------------------------------------------- F2

F2_COLUMNS = [640, 3300, 3300, 4200, 2900, 796]
# The rubric's facts: (field, its words, its unit; «» for a pair of boxes), by criterion. rubric.toml names the same fields.
F2_FACTS = (
    (("c1_persons", "ผู้บริหารและบุคลากรที่ร่วมประกาศเจตนารมณ์เป็นลายลักษณ์อักษร จำนวน",
      "คน จากทั้งหมด {{ organisation.headcount_th }} คน"),),
    (("c2_topics", "เป้าหมายที่กำหนดไว้ จำนวน", "เรื่อง"),),
    (("c3_plan", "การจัดทำแผนการดำเนินงาน", ""),
     ("c3_assignment", "การมอบหมายหน่วยงานและบุคลากรรับผิดชอบ", ""),
     ("c3_committee", "การแต่งตั้งคณะกรรมการหรือคณะทำงานรับผิดชอบ", "")),
    (("c4_percent", "ผลสำเร็จตามเป้าหมายของแผนการดำเนินงาน ร้อยละ", "ของเป้าหมาย"),),
    (("c5_evaluation", "การประเมินผลหรือรายงานผลการดำเนินงาน", ""),
     ("c5_improvement", "การปรับปรุงหรือพัฒนาการดำเนินงาน", ""),
     ("c5_lessons", "การถอดบทเรียนจากผลสำเร็จของการดำเนินงาน", "")),
    (("c6_persons", "การประกาศยกย่องเชิดชูบุคลากร", ""),
     ("c6_units", "การประกาศยกย่องเชิดชูหน่วยงาน", ""),
     ("c6_inside", "การประชาสัมพันธ์การประกาศยกย่องภายในองค์กร", ""),
     ("c6_channels", "ช่องทางสื่อสารอื่นที่ใช้ประชาสัมพันธ์การประกาศยกย่อง (นอกเหนือจากภายในองค์กร) จำนวน", "ช่องทาง")),
    (("c7_percent", "ผลสำเร็จเพิ่มมากขึ้น โดยมีผลสำเร็จร้อยละ", "ของเป้าหมาย"),
     ("c7_climate", "บรรยากาศหรือสภาพแวดล้อมที่เปลี่ยนแปลงในทางที่ดีขึ้น", ""),
     ("c7_behaviour", "พฤติกรรมของบุคลากรที่เปลี่ยนแปลงในทางที่ดีขึ้น", "")),
    (("c8_documented", "เอกสารองค์ความรู้หรือผลสำเร็จครบทุกกิจกรรม", ""),
     ("c8_media", "สื่อที่จัดทำ จำนวน", "รูปแบบ")),
    (("c9_inside", "การเผยแพร่ภายในองค์กร", ""),
     ("c9_channels", "ช่องทางสื่อสารที่ใช้เผยแพร่ จำนวน", "ช่องทาง")),
)  # fmt: skip
F2_TITLES = ["ข้อที่", "เกณฑ์การประเมิน", "คะแนนที่ ๓", "ผลการดำเนินการ",
             "หลักฐานประกอบการพิจารณา (เอกสาร ภาพ สื่อ อื่น ๆ ฯลฯ)", "รวม"]  # fmt: skip


def fact_line(key: str, label: str, unit: str) -> str:
    """One fact the rubric asks for: a short answer in a sentence, or a pair of boxes."""
    stop, air = '<w:tabs><w:tab w:val="left" w:pos="5400"/></w:tabs>', '<w:spacing w:before="20" w:after="20"/>'
    if unit:
        return paragraph(words(f"{label} ", blank(key), f" {unit}"), "TableText", air)
    return paragraph(words(f"{label}\t", yes_no(key)), "TableText", stop + air)


def f2_rows(number: int, text: str, wanted: Sequence[str]) -> list[str]:
    """A criterion's two rows: its result and evidence, and under them the facts its score is computed from."""
    key, digit = f"c{number}", NUMBERS[number - 1]
    bullets = [paragraph(f"- {line}", "TableBullet") for line in wanted]
    first = row([
        cell(F2_COLUMNS[0], paragraph(digit, "TableCentre", "<w:keepNext/>")),
        cell(F2_COLUMNS[1], paragraph(text, "TableText", "<w:keepNext/>")),
        cell(F2_COLUMNS[2], *bullets),
        field_cell(F2_COLUMNS[3], f"{key}_result"),
        field_cell(F2_COLUMNS[4], f"{key}_evidence"),
        cell(F2_COLUMNS[5], paragraph(f"{{{{ scores.{key} }}}}", "TableCentre")),
    ])  # fmt: skip
    facts = row([
        cell(F2_COLUMNS[0], paragraph(run(""), "TableText")),
        cell(F2_COLUMNS[1], paragraph(run(f"ข้อเท็จจริงที่ใช้ให้คะแนนข้อที่ {digit}", BOLD), "TableText")),
        cell(sum(F2_COLUMNS[2:]), *(fact_line(*fact) for fact in F2_FACTS[number - 1]), span=4),
    ])  # fmt: skip
    return [first, facts]


def criteria() -> list[tuple[str, list[str]]]:
    """The nine criteria and what score 3 of each asks for, item by item, in the rubric's words."""
    rubric = Path(__file__).resolve().parent.parent / "plans" / "2566" / "rubric.toml"
    found = []
    for item in tomllib.loads(rubric.read_text(encoding="utf-8"))["criteria"]:
        best = next(score["text"] for score in item["scores"] if score["score"] == 3)
        *but_last, last = best.split(" และ ")
        found.append((item["text"], [*(f"{line} และ" for line in but_last), last]))
    return found


def make_f2(folder: Path) -> None:
    width = text_width(landscape=True, margins_cm=WIDE_CM)
    half = f'<w:tabs><w:tab w:val="left" w:pos="{width // 2}"/></w:tabs>'
    sign = width - round(8.5 * CM)
    centre = f'<w:keepNext/><w:ind w:left="{sign}"/>{CENTRE}'
    rows = [head_row(F2_COLUMNS, F2_TITLES)]
    for number, (text, wanted) in enumerate(criteria(), start=1):
        rows += f2_rows(number, text, wanted)
    body = [
        paragraph("แบบรายงานผลการประเมินองค์กรคุณธรรมของ{{ organisation.parent }}", "Title"),
        paragraph("ประจำปีงบประมาณ พ.ศ. {{ year.this_th }}", "Title"),
        instructions(
            "โปรดกรอกเฉพาะช่องสีเทา และคลิกเลือก “มี” หรือ “ไม่มี” ข้อละหนึ่งช่อง ช่องรวมระบบคำนวณให้จากข้อเท็จจริงที่ใช้ให้คะแนน ไม่ต้องกรอก",
            "ช่องหลักฐาน โปรดระบุให้ชัดเจน ใส่ชื่อไฟล์หรือลิงก์ บรรทัดละหนึ่งรายการ และแนบไฟล์มาในอีเมลฉบับเดียวกัน หากไม่มีให้ใส่ “ไม่มี” "
            "โปรดไม่เพิ่มหรือลบแถวของตาราง",
        ),
        paragraph(words("๑. สำนัก/กลุ่ม {{ organisation.name }}")),
        paragraph(words("๒. ชื่อผู้บริหาร ", blank("head_name"), "\tตำแหน่ง ", blank("head_position")), "", half),
        paragraph("๓. การดำเนินการตามเกณฑ์การประเมินองค์กรคุณธรรม", "", '<w:keepNext/><w:spacing w:after="60"/>'),
        table(F2_COLUMNS, rows),
        paragraph(run(""), "", f'<w:keepNext/><w:spacing w:line="{CM}" w:lineRule="exact"/>'),
        pen_line("ผู้รายงาน", "", left=sign, until=width - 60),
        paragraph(words("(", blank("reporter_name"), ")"), "", centre),
        paragraph(words("ตำแหน่ง ", blank("reporter_position")), "", centre),
        paragraph(words("วันที่ ", blank("report_date")), "", centre.replace("<w:keepNext/>", "")),
    ]  # fmt: skip
    page = section(landscape=True, margins_cm=WIDE_CM, parts=True, qr=True)
    save(folder / "f2.docx", "แบบรายงานผลการประเมินองค์กรคุณธรรม", "".join(body), page,
         footer=form_footer("F2"), qr_at=width)  # fmt: skip


def make_f2_cover(folder: Path) -> None:
    columns = [600, 3100, 740, 3612, 1020]
    keys = ["number_th", "title", "score_th", "summary", "evidence_th"]
    centred = {"number_th", "score_th", "evidence_th"}
    cells = [
        cell(width, paragraph(f"{{{{ item.{key} }}}}", "TableCentre" if key in centred else "TableText"))
        for width, key in zip(columns, keys, strict=True)
    ]
    total = row([
        cell(sum(columns[:2]), paragraph(run("รวมคะแนน", BOLD), "TableCentre", "<w:keepNext/>"), span=2, fill=GREY),
        cell(columns[2], paragraph(run("{{ scores.total }}", BOLD), "TableCentre"), fill=GREY),
        cell(sum(columns[3:]), paragraph(run("ระดับที่ {{ scores.level }} {{ level_title }}", BOLD), "TableText", "<w:keepNext/>"), span=2,
             fill=GREY),
    ])  # fmt: skip
    rows = [
        head_row(columns, ["ข้อที่", "เกณฑ์การประเมิน", "คะแนน", "ผลการดำเนินการโดยสรุป", "หลักฐาน"]),
        row_command("for item in criteria", columns),
        row(cells),
        row_command("endfor", columns),
        total,
    ]
    centre = f'<w:ind w:left="{7 * CM}"/>{CENTRE}'
    body = [
        paragraph("สรุปผลการประเมินองค์กรคุณธรรมของ{{ organisation.parent }}", "Title"),
        paragraph("ประจำปีงบประมาณ พ.ศ. {{ year.this_th }}", "Title"),
        paragraph("{{ organisation.name }}", "Title", '<w:spacing w:after="120"/>'),
        table(columns, rows),
        paragraph(run(""), "", f'<w:keepNext/><w:spacing w:line="{round(1.8 * CM)}" w:lineRule="exact"/>'),
        pen_line("ลงชื่อ", "", left=7 * CM, until=sum(columns) - 60),
        paragraph("({{ signer.name }})", "", "<w:keepNext/>" + centre),
        paragraph("{{ signer.position }}", "", centre),
    ]
    page = section(landscape=False, margins_cm=OFFICIAL_CM, parts=True)
    save(folder / "f2_cover.docx", "สรุปผลการประเมินองค์กรคุณธรรม", "".join(body), page,
         footer="{{ organisation.name }} · {{ deadline.title }}")  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "templates" / "docx"
    for make in (make_f1, make_f2, make_f2_cover):
        make(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
