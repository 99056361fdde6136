"""What members do to the forms of one person: sentences with places in them, growing tables, boxes, dates, pasted things."""

from __future__ import annotations

import copy

from writers import google, paper
from writers.ooxml import make, own_text, paragraph, q, run
from writers.sheet import Entry, Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("members")


def _bare(row) -> None:
    """Controls of a row (or any element) become their content."""
    for sdt in reversed(list(row.iter(q("w:sdt")))):
        for child in list(sdt.find(q("w:sdtContent"))):
            sdt.addprevious(child)
        sdt.getparent().remove(sdt)


def _emptied(row, *texts: str) -> None:
    """Plain cells with these texts."""
    _bare(row)
    for cell, text in zip(row.findall(q("w:tc")), texts, strict=True):
        for old in cell.findall(q("w:p")):
            cell.remove(old)
        cell.append(paragraph(text))


@WRITER.case(form="f1")
def f1_numbers_typed_beside_the_places(sheet: Sheet) -> None:
    """F1: the dots stayed, the numbers stand behind them."""
    for key, text, means in (
        ("item1_persons", "๓๙", "39"),
        ("item1_percent", "๘๑.๒๕", "81.25"),
        ("headcount", "๔๘", "48"),
    ):
        control = sheet.docx.control(key)
        control.find(q("w:sdtPr")).append(make("<w:showingPlcHdr/>")[0])
        control.find(q("w:sdtContent"))[:] = [run("……")]
        control.addnext(run(text))
        sheet.says(key, text, means, "any")


@WRITER.case(form="f1")
def f1_units_typed_again(sheet: Sheet) -> bytes:
    """F1 in Google Docs: «๓๙ คน» before the printed คน, «ร้อยละ ๘๐» behind the printed ร้อยละ."""
    sheet.type("item1_persons", "๓๙ คน", "39", "any")
    sheet.type("item1_percent", "ร้อยละ ๘๑.๒๕", "81.25", "any")
    sheet.type("item2_count", "๕ เรื่อง", "5", "any")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_sentence_reworded(sheet: Sheet) -> bytes:
    """F1, controls gone: the member rewrote the printed sentence around a number."""
    line = sheet.docx.up("item1_persons", "w:p")
    for node in line.iter(q("w:t")):
        node.text = (node.text or "").replace("จำนวน", "รวมทั้งสิ้น")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_number_words_added(sheet: Sheet) -> bytes:
    """F1, controls gone: «จำนวน ๓๙ คน (จาก ๔๘ คน)»."""
    sheet.type("item1_persons", "๓๙ คน (จาก ๔๘", None, "any")
    sheet.fields["item1_persons"].means = "39"
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_both_boxes(sheet: Sheet) -> None:
    """F1: มี and ไม่มี both clicked; and «ทุกกิจกรรม» with «บางกิจกรรม»."""
    for key in ("item3_plan", "item9"):
        for value in paper.choice_values("f1", key)[:2]:
            sheet.docx.tick(f"{key}={value}")
        for value in paper.choice_values("f1", key)[2:]:
            sheet.docx.tick(f"{key}={value}", False)
        sheet.fields[key] = Entry("both", None, "flag")


@WRITER.case(form="f1")
def f1_ticks_typed(sheet: Sheet) -> None:
    """F1: ✓ typed beside boxes that were not clicked, several pairs in one cell."""
    for key, value in (("item3_plan", "yes"), ("item3_person", "no"), ("item3_unit", "yes"), ("item5_followup", "yes")):
        for other in ("yes", "no"):
            sheet.docx.tick(f"{key}={other}", False)
        sheet.docx.control(f"{key}={value}").addnext(run("✓"))
        sheet.says(key, value, expect="any")


@WRITER.case(form="f1")
def f1_ticks_typed_controls_gone(sheet: Sheet) -> bytes:
    """F1 in Google Docs: the same, and the boxes are characters."""
    for key, value in (("item3_plan", "no"), ("item6_units", "yes")):
        for other in ("yes", "no"):
            sheet.docx.tick(f"{key}={other}", False)
        sheet.docx.control(f"{key}={value}").addnext(run("/"))
        sheet.says(key, value, expect="any")
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_row_deleted_controls_gone(sheet: Sheet) -> bytes:
    """F1 in Google Docs: row ๗ deleted."""
    row = sheet.docx.up("item7_percent", "w:tr")
    row.getparent().remove(row)
    for key in ("item7_percent", "item7_note"):
        sheet.fields[key] = Entry(None, None, "flag")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_notes_of_two_rows_merged(sheet: Sheet) -> None:
    """F1: the notes of rows ๑ and ๒ merged."""
    upper, lower = sheet.docx.up("item1_note", "w:tc"), sheet.docx.up("item2_note", "w:tc")
    upper.find(q("w:tcPr")).append(make('<w:vMerge w:val="restart"/>')[0])
    lower.find(q("w:tcPr")).append(make("<w:vMerge/>")[0])
    for old in lower.findall(q("w:p")):
        lower.remove(old)
    lower.append(paragraph(""))
    sheet.fields["item2_note"] = Entry(None, None, "any")
    sheet.either("item1_note")


@WRITER.case(form="f1", expect="flag")
def f1_asked_f4_sent(sheet: Sheet) -> bytes:
    """F1 was asked; the member sent F4."""
    sheet.token = paper.TOKENS["f4"]
    for key in sheet.fields:
        sheet.fields[key] = Entry(None, None, "any")
    return Sheet("f4").docx.bytes()


@WRITER.case(form="f4")
def f4_row_added_by_tab(sheet: Sheet) -> None:
    """F4: Tab in the last cell, a sixth row without controls."""
    row = copy.deepcopy(sheet.docx.up("dos[5].behaviour", "w:tr"))
    _emptied(row, "๖", "ประหยัดพลังงาน", "๔๐", "๘๓.๓๓", "ทำต่อ")
    sheet.docx.up("dos[5].behaviour", "w:tr").addnext(row)
    sheet.fields |= {
        "dos[6].behaviour": Entry("ประหยัดพลังงาน", "ประหยัดพลังงาน", "any"), "dos[6].persons": Entry("๔๐", "40", "any"),
        "dos[6].percent": Entry("๘๓.๓๓", "83.33", "any"), "dos[6].note": Entry("ทำต่อ", "ทำต่อ", "any"),
    }  # fmt: skip


@WRITER.case(form="f4")
def f4_row_added_without_number(sheet: Sheet) -> bytes:
    """F4 in Google Docs: a row without a number at the end of the don'ts."""
    row = copy.deepcopy(sheet.docx.up("donts[5].behaviour", "w:tr"))
    _emptied(row, "", "นินทา", "๓", "๖.๒๕", "")
    sheet.docx.up("donts[5].behaviour", "w:tr").addnext(row)
    sheet.fields |= {
        "donts[6].behaviour": Entry("นินทา", "นินทา", "any"), "donts[6].persons": Entry("๓", "3", "any"),
        "donts[6].percent": Entry("๖.๒๕", "6.25", "any"),
    }  # fmt: skip
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_row_copied_with_controls(sheet: Sheet) -> None:
    """F4: row ๓ copied for a fourth behaviour, its controls' tags with it, and retyped."""
    row = copy.deepcopy(sheet.docx.up("dos[3].behaviour", "w:tr"))
    sheet.docx.up("dos[3].behaviour", "w:tr").addnext(row)
    content = next(row.iter(q("w:sdtContent")))
    content[:] = [run("พฤติกรรมที่คัดลอกมาแก้")]
    sheet.either()
    for column in ("behaviour", "persons", "percent", "note"):
        sheet.fields[f"dos[4].{column}"] = copy.copy(sheet.fields[f"dos[3].{column}"])
    sheet.says("dos[4].behaviour", "พฤติกรรมที่คัดลอกมาแก้", expect="any")


@WRITER.case(form="f4")
def f4_middle_row_deleted(sheet: Sheet) -> bytes:
    """F4, controls gone: row ๒ deleted; the list is one shorter."""
    row = sheet.docx.up("dos[2].behaviour", "w:tr")
    row.getparent().remove(row)
    for column in ("behaviour", "persons", "percent", "note"):
        sheet.fields[f"dos[2].{column}"] = Entry(None, None, "any")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_middle_row_deleted_controls_kept(sheet: Sheet) -> None:
    """F4: row ๒ deleted, the controls of the others stand."""
    row = sheet.docx.up("dos[2].behaviour", "w:tr")
    row.getparent().remove(row)
    for column in ("behaviour", "persons", "percent", "note"):
        sheet.fields[f"dos[2].{column}"] = Entry(None, None, "any")
    sheet.either()


@WRITER.case(form="f4")
def f4_gap_in_the_table(sheet: Sheet) -> None:
    """F4: the second row was left empty, the fifth filled in."""
    for column in ("behaviour", "persons", "percent", "note"):
        sheet.docx.put(f"dos[2].{column}", run("……"))
        sheet.fields[f"dos[2].{column}"] = Entry(None, None, "any")
    sheet.type("dos[5].behaviour", "ตรงต่อเวลา", expect="any")
    sheet.type("dos[5].persons", "๔๖", "46", "any")


@WRITER.case(form="f4")
def f4_tables_exchanged(sheet: Sheet) -> bytes:
    """F4, controls gone: the don'ts' table dragged above the do's."""
    first, second = sheet.docx.up("dos[1].behaviour", "w:tbl"), sheet.docx.up("donts[1].behaviour", "w:tbl")
    first.addprevious(second)
    first.addprevious(paragraph(""))
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_rows_exchanged(sheet: Sheet) -> None:
    """F4: rows ๑ and ๓ changed places with numbers and controls: meant is what one sees, top to bottom."""
    first, third = sheet.docx.up("dos[1].behaviour", "w:tr"), sheet.docx.up("dos[3].behaviour", "w:tr")
    after = third.getnext()
    first.addprevious(third)
    after.addprevious(first)
    for column in ("behaviour", "persons", "percent", "note"):
        top, bottom = f"dos[1].{column}", f"dos[3].{column}"
        sheet.fields[top], sheet.fields[bottom] = sheet.fields[bottom], sheet.fields[top]
    sheet.either()


@WRITER.case(form="f4")
def f4_tick_characters_in_cells(sheet: Sheet) -> None:
    """F4: box controls deleted, / typed into the column that holds."""
    for n, value in ((1, "same"), (2, "new")):
        values = paper.choice_values("f4", f"new_dos[{n}].kept")
        value = values[0] if value == "same" else values[1]
        for other in values:
            sdt = sheet.docx.control(f"new_dos[{n}].kept={other}")
            sdt.addprevious(run("/" if other == value else ""))
            sdt.getparent().remove(sdt)
        sheet.says(f"new_dos[{n}].kept", value, expect="any")


@WRITER.case(form="f4")
def f4_several_things_in_one_row(sheet: Sheet) -> None:
    """F4: three behaviours in one cell on three lines, with three numbers."""
    lines = [paragraph(t) for t in ("๑) ตรงเวลา", "๒) ซื่อสัตย์", "๓) มีน้ำใจ")]
    sheet.docx.blocks("dos[1].behaviour", *lines)
    sheet.says("dos[1].behaviour", "๑) ตรงเวลา\n๒) ซื่อสัตย์\n๓) มีน้ำใจ")
    sheet.type("dos[1].persons", "๔๐\n๔๑\n๔๒", None, "flag")


@WRITER.case(form="f2")
def f2_rows_of_two_criteria_exchanged(sheet: Sheet) -> bytes:
    """F2, controls gone: the rows of criteria ๔ and ๗ changed places."""
    fourth, seventh = sheet.docx.up("c4_result", "w:tr"), sheet.docx.up("c7_result", "w:tr")
    after = seventh.getnext()
    fourth.addprevious(seventh)
    after.addprevious(fourth)
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f2")
def f2_result_over_paragraphs(sheet: Sheet) -> None:
    """F2: Enter in and below a control, a table pasted into another, a struck-out line nowhere."""
    sheet.docx.blocks("c1_result", paragraph("ประชุมเมื่อ ๑๒ ธ.ค. ๖๕"), paragraph("ลงนามครบ"))
    sheet.says("c1_result", "ประชุมเมื่อ ๑๒ ธ.ค. ๖๕\nลงนามครบ")
    sheet.docx.up("c2_result", "w:p").addnext(paragraph("และติดประกาศ"))
    sheet.says("c2_result", f"{sheet.fields['c2_result'].typed or ''}\nและติดประกาศ".strip(), expect="any")
    table = make("<w:tbl><w:tblPr/><w:tr><w:tc/></w:tr></w:tbl>")[0]
    table.find(f".//{q('w:tc')}").append(paragraph("ตารางแนบ"))
    cell = sheet.docx.up("c3_result", "w:tc")
    cell.append(table)
    cell.append(paragraph(""))
    sheet.doubt("c3_result")


def _dated(sheet: Sheet, typed: str, means: str | None, expect: str) -> None:
    sheet.docx.put("report_date", run(typed))
    sheet.fields["report_date"] = Entry(typed, means, expect)


@WRITER.case(form="f2")
def f2_date_short(sheet: Sheet) -> None:
    """F2: «๒๗ ก.ค. ๖๖»."""
    _dated(sheet, "๒๗ ก.ค. ๖๖", "2023-07-27", "any")


@WRITER.case(form="f2")
def f2_date_common_era(sheet: Sheet) -> None:
    """F2: «27 July 2023»."""
    _dated(sheet, "27 July 2023", "2023-07-27", "any")


@WRITER.case(form="f2")
def f2_date_figures(sheet: Sheet) -> None:
    """F2: «27/07/2566»."""
    _dated(sheet, "27/07/2566", "2023-07-27", "any")


@WRITER.case(form="f2")
def f2_date_uncertain(sheet: Sheet) -> None:
    """F2: «สิ้นเดือนกรกฎาคม»: no day."""
    _dated(sheet, "สิ้นเดือนกรกฎาคม ๒๕๖๖", None, "flag")


@WRITER.case(form="f2")
def f2_date_impossible(sheet: Sheet) -> None:
    """F2: the 31st of June."""
    _dated(sheet, "๓๑ มิถุนายน ๒๕๖๖", None, "flag")


@WRITER.case(form="f2")
def f2_everything_struck_and_retyped(sheet: Sheet) -> None:
    """F2: a count crossed out and retyped beside it."""
    sheet.docx.put("c1_persons", run("๓", "<w:strike/>"), run("๔๐"))
    sheet.fields["c1_persons"] = Entry("๓๔๐", "40", "any")


@WRITER.case(form="f5")
def f5_headings_in_the_answer(sheet: Sheet) -> bytes:
    """F5, controls gone: the answer repeats the form's own headings."""
    heads = [own_text(cell) for cell in sheet.docx.body.iter(q("w:tc")) if own_text(cell)]
    text = f"{heads[0][:60]}\nตอบตามหัวข้อข้างต้น\n{heads[min(2, len(heads) - 1)][:60]}"
    sheet.type("roles", text, expect="any")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f5")
def f5_pages_of_text(sheet: Sheet) -> bytes:
    """F5, controls gone: sixty paragraphs in one cell, empty ones between."""
    lines = [f"ข้อ {n} ภารกิจของกลุ่มงาน" if n % 3 else "" for n in range(1, 61)]
    sheet.docx.blocks("missions", *(paragraph(line) for line in lines))
    sheet.says("missions", "\n".join(lines))
    return google.export(sheet)


@WRITER.case(form="f5")
def f5_picture_in_its_cell(sheet: Sheet) -> None:
    """F5: the chart pasted in as a picture instead of attached."""
    xml = '<w:r><w:drawing><wp:inline><wp:extent cx="9525" cy="9525"/><a:graphic><a:graphicData uri="x"/></a:graphic></wp:inline></w:drawing></w:r>'
    sheet.docx.put("structure", *make(xml))
    sheet.fields["structure"] = Entry("(ภาพ)", None, "flag")


@WRITER.case(form="f5")
def f5_cell_of_another_question(sheet: Sheet) -> None:
    """F5: two answers typed into one cell, the other cell left empty."""
    sheet.docx.put("leader_role", run("……"))
    sheet.type("encouragement", "ยกย่องคนดี\nผู้บริหารเป็นแบบอย่าง")
    sheet.fields["leader_role"] = Entry(None, None, "any")


@WRITER.case(form="official")
def official_names_beside_the_places(sheet: Sheet) -> None:
    """The covering note: the name typed behind the dots, a file name with a space and brackets."""
    control = sheet.docx.control("candidate_name")
    control.find(q("w:sdtPr")).append(make("<w:showingPlcHdr/>")[0])
    control.find(q("w:sdtContent"))[:] = [run("……")]
    control.addnext(run("นางสาวพิมพ์ใจ สมมุติชน"))
    sheet.says("candidate_name", "นางสาวพิมพ์ใจ สมมุติชน", expect="any")
    sheet.type("form1_file", "แบบ ๑ (แก้ไข) ฉบับ 2.pdf")


@WRITER.case(form="official")
def official_name_and_post_in_one_place(sheet: Sheet) -> bytes:
    """The covering note, controls gone: name and position typed into the first place."""
    sheet.type("candidate_name", "นายชูใจ ใจสมมุติ ตำแหน่ง นิติกร", expect="any")
    sheet.docx.put("candidate_position", run("……"))
    sheet.fields["candidate_position"] = Entry(None, None, "any")
    return google.export(sheet)
