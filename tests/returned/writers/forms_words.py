"""Forms whose controls are gone and whose printed words no longer tell where an answer begins: a person must be asked,
or the answer be read right."""

from __future__ import annotations

import copy

from writers import google
from writers.ooxml import paragraph, q, run
from writers.sheet import Entry, Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("google")


@WRITER.case(form="f1")
def f1_label_word_in_the_answer(sheet: Sheet) -> bytes:
    """F1: «… ตำแหน่ง …» typed into the name, and the position in its own place as well."""
    sheet.type("head_name", "นายสมชาติ ตัวอย่างดี ตำแหน่ง รักษาการ")
    sheet.type("head_position", "ผู้อำนวยการสำนัก")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_both_phones_in_one_place(sheet: Sheet) -> bytes:
    """F1: both numbers typed into the first place, with the printed word between; the second left empty."""
    sheet.type("phone", "๐ ๒๑๒๓ ๔๕๖๗ โทรศัพท์เคลื่อนที่ ๐๘ ๑๒๓๔ ๕๖๗๘")
    sheet.docx.put("mobile", run("……"))
    sheet.fields["mobile"] = Entry(None, None, "any")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_number_with_printed_words(sheet: Sheet) -> bytes:
    """F1: «๓๐ คน คิดเป็นร้อยละ ๖๒.๕» typed into the first number, ๖๐ into the percent."""
    sheet.type("item2_persons", "๓๐ คน คิดเป็นร้อยละ ๖๒.๕", None, "any")
    sheet.fields["item2_persons"].means = "30"
    sheet.type("item2_percent", "๖๐", "60")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_table_pasted_again(sheet: Sheet) -> bytes:
    """F1: the filled table pasted a second time below itself, with other numbers in it."""
    table = sheet.docx.up("item1_note", "w:tbl")
    twin = copy.deepcopy(table)
    for sdt in twin.iter(q("w:sdt")):
        for node in sdt.iter(q("w:t")):
            node.text = (node.text or "").replace("๓", "๔").replace("1", "2")
    table.addnext(twin)
    table.addnext(paragraph(""))
    for key in ("item1_persons", "item1_percent"):
        sheet.fields[key].expect = "flag"
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f1")
def f1_row_pasted_again(sheet: Sheet) -> bytes:
    """F1: row ๔ copied below itself with another percent."""
    row = sheet.docx.up("item4_percent", "w:tr")
    twin = copy.deepcopy(row)
    content = next(s for s in twin.iter(q("w:sdtContent")))
    content[:] = [run("๑๑")]
    row.addnext(twin)
    sheet.fields["item4_percent"].expect = "flag"
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f2")
def f2_box_label_deleted(sheet: Sheet) -> bytes:
    """F2: the words of one pair of boxes deleted: ☒ and ☐ stand without a name."""
    line = sheet.docx.up("c3_plan=yes", "w:p")
    for piece in line.findall(q("w:r")):
        line.remove(piece)
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f2")
def f2_box_pairs_exchanged(sheet: Sheet) -> bytes:
    """F2: the lines of two pairs of boxes changed places, words and boxes together."""
    first, second = sheet.docx.up("c7_climate=yes", "w:p"), sheet.docx.up("c7_behaviour=yes", "w:p")
    if first is not second:
        first.addprevious(second)
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_heads_in_the_answers(sheet: Sheet) -> bytes:
    """F4: answers that are the table's own heads and numbers."""
    sheet.type("dos[1].behaviour", "ลำดับ")
    sheet.type("dos[2].behaviour", "พฤติกรรมที่พึงประสงค์ (Do's)")
    sheet.type("dos[3].note", "๔")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_sentence_cut(sheet: Sheet) -> bytes:
    """F4: the printed words before the headcount deleted: «๔๘ คน» stands alone."""
    line = sheet.docx.up("headcount", "w:p")
    sheet.type("headcount", "๔๘", "48")
    line.remove(line.find(q("w:r")))
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_numbers_retyped(sheet: Sheet) -> bytes:
    """F4: row numbers as 1. 2. 3."""
    for n in (1, 2, 3):
        cell = sheet.docx.up(f"dos[{n}].behaviour", "w:tr").find(q("w:tc"))
        next(cell.iter(q("w:t"))).text = f"{n}."
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_column_deleted(sheet: Sheet) -> bytes:
    """F4: the column ร้อยละ deleted from the do's."""
    for row in sheet.docx.up("dos[1].behaviour", "w:tbl").findall(q("w:tr")):
        row.remove(row.findall(q("w:tc"))[3])
    for n in range(1, 6):
        sheet.fields[f"dos[{n}].percent"] = Entry(None, None, "any")
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_columns_exchanged(sheet: Sheet) -> bytes:
    """F4: จำนวน and ร้อยละ changed places, heads and all."""
    for row in sheet.docx.up("donts[1].behaviour", "w:tbl").findall(q("w:tr")):
        cells = row.findall(q("w:tc"))
        cells[2].addprevious(cells[3])
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="f4")
def f4_columns_exchanged_heads_stayed(sheet: Sheet) -> bytes:
    """F4: the member typed percents under จำนวน and persons under ร้อยละ, with their units."""
    for n in (1, 2):
        sheet.type(f"donts[{n}].persons", "ร้อยละ ๔๐", None, "flag")
        sheet.type(f"donts[{n}].percent", "๒๐ คน", None, "flag")
    return google.export(sheet)


@WRITER.case(form="f5")
def f5_question_deleted(sheet: Sheet) -> bytes:
    """F5: a question's printed words deleted, its answer stayed."""
    table = sheet.docx.up("anti_corruption", "w:tbl")
    cells = list(table.iter(q("w:tc")))
    cell = sheet.docx.up("anti_corruption", "w:tc")
    before = cells[cells.index(cell) - 1]
    for node in before.iter(q("w:t")):
        node.text = ""
    sheet.either()
    return google.export(sheet)


@WRITER.case(form="official")
def official_answers_joined(sheet: Sheet) -> bytes:
    """The covering note: the position dragged behind the name, into the name's cell."""
    first, second = sheet.docx.up("candidate_name", "w:p"), sheet.docx.up("candidate_position", "w:p")
    for piece in list(second):
        if piece.tag != q("w:pPr"):
            first.append(piece)
    name, position = (sheet.fields[key].typed or "" for key in ("candidate_name", "candidate_position"))
    sheet.says("candidate_name", name + position, expect="any")
    sheet.fields["candidate_position"] = Entry(None, None, "any")
    return google.export(sheet)
