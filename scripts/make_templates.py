"""Makes the Word templates as they were first: python scripts/make_templates.py [FOLDER] (default templates/docx).

The .docx files are what counts: people restyle them in Word afterwards, and running this again would undo their work.
Measures: page sizes, widths in twentieths of a point (dxa), type in half points, as WordprocessingML counts them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from template_parts import (
    BOLD,
    CM,
    GREY,
    bullets,
    cell,
    check_box,
    command,
    control,
    grouped,
    head_row,
    numbered_evidence,
    paragraph,
    picture_slot,
    row,
    row_command,
    run,
    save,
    section,
    size,
    table,
    text_width,
)

F3_TITLE = "แบบรายงานผลการดำเนินการตามแผนบูรณาการส่งเสริม สนับสนุน การดำเนินการด้านคุณธรรม จริยธรรม"
F3_TITLE_2 = "ความโปร่งใส และป้องกันการทุจริต ของ{{ organisation.parent }}"


def carried(key: str) -> str:
    return (
        command(f"if carried(activity.answers, '{key}')")
        + paragraph("(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)", "Carried")
        + command("endif")
    )


def answer_cell(width: int, key: str, style: str = "TableText") -> str:
    return cell(width, paragraph(control("{{ activity.id }}." + key), style), carried(key), fill=GREY)


def reached_cell(width: int, asked: str, key: str) -> str:
    tag = "{{ activity.id }}." + key
    return cell(
        width,
        command(f"if activity.{asked}"),
        paragraph(run("ตามแผน:", '<w:u w:val="single"/>'), "TableText"),
        bullets(f"activity.{asked}"),
        command("endif"),
        check_box(f"{tag}=yes", "ปรากฏตามแผน"),
        check_box(f"{tag}=no", "ยังไม่ปรากฏ"),
        carried(key),
    )


def make_f3(folder: Path) -> None:
    columns = [820, 2800, 860, 3020, 2500, 2500, 1500, 1160]
    titles = ["ลำดับที่", "โครงการ/กิจกรรม", "ร้อยละ", "ผลการดำเนินการ", "ผลผลิต", "ผลลัพธ์", "เอกสาร/หลักฐาน", "หมายเหตุ"]
    about = cell(
        columns[1],
        paragraph("{{ activity.title }}", "TableText"),
        command("for item in activity.details"),
        paragraph("{{ item }}", "TableBullet"),
        command("endfor"),
        command("if activity.due_th and activity.due_th not in activity.documents|join(' ')"),
        paragraph("กำหนดส่งเอกสาร {{ activity.due_th }}", "TableText"),
        command("endif"),
        command("if activity.documents"),
        paragraph(run("เอกสารตามแผน:", '<w:u w:val="single"/>'), "TableText"),
        bullets("activity.documents"),
        command("endif"),
    )
    activity = row([
        cell(columns[0], paragraph("{{ activity.number }}", "TableCentre")),
        about,
        answer_cell(columns[2], "percent", "TableCentre"),
        answer_cell(columns[3], "done"),
        reached_cell(columns[4], "outputs", "output_reached"),
        reached_cell(columns[5], "outcomes", "outcome_reached"),
        answer_cell(columns[6], "evidence"),
        answer_cell(columns[7], "note"),
    ])  # fmt: skip
    rows = [
        head_row(columns, titles),
        row_command("for activity in measure.activities", columns),
        activity,
        row_command("endfor", columns),
    ]
    tab = f'<w:tabs><w:tab w:val="left" w:pos="{4 * CM}"/></w:tabs><w:ind w:left="{4 * CM}" w:hanging="{4 * CM}"/>'
    body = [
        paragraph(F3_TITLE, "Title"),
        paragraph(F3_TITLE_2, "Title"),
        paragraph("{{ deadline.title }}", "Title"),
        paragraph(run("หน่วยงาน", BOLD) + run("\t{{ organisation.name }} {{ organisation.parent }}"), "", '<w:spacing w:before="120"/>' + tab),
        paragraph(run("ผู้รายงาน", BOLD) + run("\t{{ member.full_name }} ตำแหน่ง {{ member.position }}{% if member.seat_role %} ({{ member.seat_role }}){% endif %}"), "", tab),
        paragraph(run("โปรดส่งคืนภายใน", BOLD) + run("\tวันที่ {{ deadline.internal_th }}", BOLD) + run(" (สำนักต้องส่งถึงสารบรรณภายในวันที่ {{ deadline.external_th }})"), "", tab),
        paragraph(run("คำชี้แจง", BOLD + size(28)), "Instruction", '<w:keepNext/><w:spacing w:before="80"/>'),
        paragraph("๑.\tโปรดกรอกเฉพาะช่องสีเทา ช่องร้อยละใส่ตัวเลข ๐ ถึง ๑๐๐ ส่วนช่องผลผลิตและช่องผลลัพธ์ให้คลิกเลือกช่องละหนึ่งข้อ หากเลือก “ยังไม่ปรากฏ” โปรดระบุเหตุผลในช่องหมายเหตุ", "Instruction"),
        paragraph("๒.\tช่องเอกสาร/หลักฐาน ใส่ชื่อไฟล์หรือลิงก์ บรรทัดละหนึ่งรายการ และแนบไฟล์เหล่านั้นมาในอีเมลฉบับเดียวกัน หากไม่มีให้ใส่ “ไม่มี”", "Instruction"),
        paragraph("๓.\tโปรดไม่แก้ไขลำดับที่ ไม่เพิ่มหรือลบแถว แล้วตอบกลับอีเมลฉบับเดิมพร้อมแนบไฟล์นี้ หากมีข้อสงสัยโปรดติดต่อ {{ secretary.full_name }}{% if secretary.phone %} โทร. {{ secretary.phone }}{% endif %}{% if secretary.email %} อีเมล {{ secretary.email }}{% endif %}", "Instruction"),
        command("for measure in measures"),
        paragraph("มาตรการที่ {{ measure.number_th }} {{ measure.title }}", "Heading1"),
        table(columns, rows),
        command("endfor"),
        paragraph(run("", size(4)), "", '<w:spacing w:line="20" w:lineRule="exact"/>'),
    ]  # fmt: skip
    margins = (1.5, 1.5, 1.4, 1.5)
    page = section(landscape=True, margins_cm=margins, parts=True, qr=True)
    save(folder / "f3.docx", "แบบรายงานผลการดำเนินการตามแผนบูรณาการ", "".join(body), page,
         footer="รหัสแบบ {{ token }} · F3 · {{ deadline.id }}",
         qr_at=text_width(landscape=True, margins_cm=margins))  # fmt: skip


def make_report(folder: Path) -> None:
    columns = [900, 2900, 3800, 2400, 2400, 1660, 1100]
    titles = ["ลำดับที่", "โครงการ/กิจกรรม", "ผลการดำเนินการ", "ผลผลิต", "ผลลัพธ์", "เอกสาร/หลักฐาน", "หมายเหตุ"]
    line = '<w:u w:val="single"/>'

    def reached(width: int, asked: str, said: str) -> str:
        return cell(
            width,
            bullets(f"activity.{asked}"),
            command(f"if activity.{said}"),
            paragraph(run(f"{{{{ activity.{said} }}}}", BOLD), "TableText"),
            command("endif"),
        )

    activity = row([
        cell(columns[0], paragraph("{{ activity.number }}", "TableCentre")),
        cell(columns[1], paragraph("{{ activity.title }}", "TableText")),
        cell(
            columns[2],
            paragraph(run("ผลการดำเนินการ", line) + run(" ร้อยละ {{ activity.percent_th }}"), "TableText"),
            paragraph(run("การดำเนินการ", line), "TableText"),
            paragraph("{{ activity.done }}", "TableText"),
        ),
        reached(columns[3], "outputs", "output_reached_th"),
        reached(columns[4], "outcomes", "outcome_reached_th"),
        numbered_evidence(columns[5]),
        cell(columns[6], paragraph("{{ activity.note }}", "TableText")),
    ])  # fmt: skip
    rows = grouped(columns, titles, activity)
    half = [sum(columns[:3]), sum(columns[3:])]
    total = row([
        cell(half[0], paragraph(run("ผลการดำเนินการในภาพรวมคิดเป็นระดับคะแนน {{ footer.overall_percent_th }}", BOLD), "TableText")),
        cell(
            half[1],
            paragraph(run("ดำเนินการแล้วเสร็จ {{ footer.finished_th }} แนวทาง", BOLD), "TableText"),
            paragraph(run("อยู่ระหว่างการดำเนินการ {{ footer.underway_th }} แนวทาง", BOLD), "TableText"),
        ),
    ])  # fmt: skip
    gap = paragraph(run("", size(12)), "", '<w:spacing w:line="120" w:lineRule="exact"/>')
    body = [
        paragraph(F3_TITLE, "Title"),
        paragraph(F3_TITLE_2, "Title"),
        paragraph("{{ deadline.title }}", "Title"),
        paragraph("{{ organisation.name }}", "Title"),
        command("for measure in measures"),
        paragraph("มาตรการที่ {{ measure.number_th }} {{ measure.title }}", "Heading1"),
        table(columns, rows),
        command("endfor"),
        gap,
        table(half, [total]),
        command("if missing"),
        paragraph("รายการที่ยังไม่ได้รับรายงาน", "Heading1"),
        bullets("missing"),
        command("endif"),
        gap,
    ]
    page = section(landscape=True, margins_cm=(1.5, 1.5, 1.4, 1.5), parts=True)
    save(folder / "f3_report.docx", "แบบรายงานผลการดำเนินการตามแผนบูรณาการ", "".join(body), page,
         footer="{{ organisation.name }} · {{ deadline.title }}")  # fmt: skip


def make_memo(folder: Path) -> None:
    edge = round(16 * CM)
    dotted = '<w:u w:val="dotted"/>'

    def labelled(label: str, value: str, until: int = edge) -> str:
        """A bold 20 pt label, the value on a dotted line that runs to the edge."""
        return run(label, BOLD + size(40)) + run(f" {value} \t", dotted)

    end = f'<w:tabs><w:tab w:val="right" w:pos="{edge}"/></w:tabs>'
    two = f'<w:tabs><w:tab w:val="left" w:pos="{8 * CM}"/><w:tab w:val="right" w:pos="{edge}"/></w:tabs>'
    columns = [2400, edge - 4800, 2400]
    head = table(
        columns,
        [
            f'<w:tr><w:trPr><w:cantSplit/><w:trHeight w:val="{round(1.6 * CM)}" w:hRule="exact"/></w:trPr>'
            + cell(columns[0], paragraph(picture_slot("ตราครุฑ", 1.36, 1.5)))
            + cell(columns[1], paragraph(run("บันทึกข้อความ", BOLD + size(58)), "",
                   '<w:spacing w:line="700" w:lineRule="exact"/><w:jc w:val="center"/>'), middle=True)
            + cell(columns[2], paragraph(run("")))
            + "</w:tr>"
        ],
        "TableNormal",
    )  # fmt: skip
    indent = f'<w:spacing w:before="120"/><w:ind w:firstLine="{round(2.5 * CM)}"/><w:jc w:val="thaiDistribute"/>'
    centre = f'<w:ind w:left="{7 * CM}"/><w:jc w:val="center"/>'
    body = [
        head,
        paragraph(labelled("ส่วนราชการ", "{{ agency }}"), "", end),
        paragraph(
            labelled("ที่", "{{ number }}") + run("วันที่", BOLD + size(40)) + run(" {{ date_th }} \t", dotted), "", two
        ),
        paragraph(labelled("เรื่อง", "{{ subject }}"), "", end),
        paragraph(run("เรียน\u00a0\u00a0{{ to }}"), "", '<w:spacing w:before="120"/>'),
        command("for item in paragraphs"),
        paragraph("{{ item }}", "", indent),
        command("endfor"),
        command("if closing"),
        paragraph("{{ closing }}", "", indent),
        command("endif"),
        # about 3 cm: room for a visible digital signature of 200 x 60 pt
        paragraph(run(""), "", f'<w:keepNext/><w:spacing w:line="{3 * CM}" w:lineRule="exact"/>'),
        paragraph("({{ signer.name }})", "", "<w:keepNext/>" + centre),
        paragraph("{{ signer.position }}", "", centre),
        command("if acting"),
        paragraph("{{ acting_as }}", "", centre),
        command("endif"),
    ]
    page = section(landscape=False, margins_cm=(1.5, 2, 2, 3), parts=False)
    save(folder / "memo.docx", "บันทึกข้อความ", "".join(body), page, picture=True)


def make_appendix(folder: Path) -> None:
    columns = [820, 1000, 4100, 1300, 2420, 1720, 1000, 2800]
    titles = ["ลำดับที่", "กิจกรรมที่", "เอกสาร/หลักฐาน", "ประเภท", "ผู้ส่ง", "ได้รับเมื่อ", "จำนวนหน้า", "รหัสตรวจสอบ"]
    keys = ["number_th", "activity_number", "title", "kind_th", "sender", "received_th", "pages_th"]
    centred = {"number_th", "activity_number", "kind_th", "pages_th"}
    cells = [
        cell(width, paragraph(f"{{{{ exhibit.{key} }}}}", "TableCentre" if key in centred else "TableText"))
        for width, key in zip(columns, keys, strict=False)
    ]
    cells.append(cell(columns[-1], paragraph(run("{{ exhibit.sha256 }}", size(20)), "TableText")))
    rows = [
        head_row(columns, titles),
        row_command("for exhibit in exhibits", columns),
        row(cells),
        row_command("endfor", columns),
    ]
    body = [
        paragraph("บัญชีเอกสาร/หลักฐานประกอบรายงาน", "Title"),
        paragraph("{{ deadline.title }}", "Title"),
        paragraph("{{ organisation.name }} {{ organisation.parent }}", "Title"),
        paragraph(run("", size(12)), "", '<w:spacing w:line="120" w:lineRule="exact"/>'),
        table(columns, rows),
        command("if not exhibits"),
        paragraph("ไม่มีเอกสารหรือหลักฐานประกอบ", "", '<w:spacing w:before="120"/>'),
        command("endif"),
        paragraph("รหัสตรวจสอบคือค่า SHA-256 ของไฟล์ ใช้ยืนยันว่าไฟล์ในชุดเอกสารตรงกับไฟล์ที่ได้รับทางอีเมล", "Carried", '<w:spacing w:before="60"/>'),
    ]  # fmt: skip
    page = section(landscape=True, margins_cm=(1.5, 1.5, 1.4, 1.5), parts=True)
    save(folder / "appendix.docx", "บัญชีเอกสาร/หลักฐาน", "".join(body), page,
         footer="{{ organisation.name }} · {{ deadline.title }}")  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "templates" / "docx"
    for make in (make_f3, make_report, make_memo, make_appendix):
        make(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
