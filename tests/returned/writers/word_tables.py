"""What people do to a form's tables and pages in Word: rows, columns, cells, whole tables."""

from __future__ import annotations

import copy

from writers.ooxml import make, paragraph, q, run
from writers.sheet import Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("word_like")
_A, _B, _C = "1.4(1).", "1.7(2).", "2.1."


def _row(sheet: Sheet, activity: str):
    return sheet.docx.up(f"{activity}done", "w:tr")


def _lost(sheet: Sheet, *activities: str, expect: str = "flag") -> None:
    """The answers of these rows are gone or doubtful: a person must be asked."""
    for key in sheet.fields:
        if key.startswith(activities):
            sheet.fields[key].expect = expect


def _gone(sheet: Sheet, *keys: str) -> None:
    for key in keys:
        sheet.says(key, None, None, "flag")


@WRITER.case()
def rows_reordered(sheet: Sheet) -> None:
    """Two rows changed places."""
    _row(sheet, _A).addprevious(_row(sheet, _B))


@WRITER.case()
def rows_moved_to_other_table(sheet: Sheet) -> None:
    """A row dragged into the other measure's table: its number still tells whose it is."""
    _row(sheet, _C).addprevious(_row(sheet, _B))


@WRITER.case()
def row_deleted(sheet: Sheet) -> None:
    """One row deleted."""
    row = _row(sheet, _B)
    row.getparent().remove(row)
    _gone(sheet, *(k for k in sheet.fields if k.startswith(_B)))


@WRITER.case()
def row_copied_and_changed(sheet: Sheet) -> None:
    """A row copied below itself and its text changed: which of the two counts?"""
    twin = copy.deepcopy(_row(sheet, _A))
    _row(sheet, _A).addnext(twin)
    next(
        t for t in twin.iter(q("w:t")) if (t.text or "").strip() == (sheet.fields[_A + "percent"].typed or "").strip()
    ).text = "๕๐"
    _lost(sheet, _A)


@WRITER.case()
def row_copied_controls_gone(sheet: Sheet) -> None:
    """A row pasted as plain text below the original, under the same number."""
    twin = copy.deepcopy(_row(sheet, _A))
    for sdt in list(twin.iter(q("w:sdt"))):
        for child in list(sdt.find(q("w:sdtContent"))):
            sdt.addprevious(child)
        sdt.getparent().remove(sdt)
    _row(sheet, _A).addnext(twin)
    _lost(sheet, _A)


@WRITER.case(expect="flag")
def row_added_with_number(sheet: Sheet) -> None:
    """A member added a row of their own, numbered ๑.๙, and filled it in."""
    twin = copy.deepcopy(_row(sheet, _B))
    for sdt in list(twin.iter(q("w:sdt"))):
        sdt.getparent().remove(sdt)
    cells = twin.findall(q("w:tc"))
    for cell, text in zip(cells, ("๑.๙", "กิจกรรมเพิ่มเติม", "๑๐๐", "ทำเพิ่มนอกแผน"), strict=False):
        for old in cell.findall(q("w:p")):
            cell.remove(old)
        cell.append(paragraph(text))
    _row(sheet, _B).addnext(twin)
    sheet.either()


@WRITER.case(expect="flag")
def row_added_without_number(sheet: Sheet) -> None:
    """More text in a new row whose number was left empty."""
    twin = copy.deepcopy(_row(sheet, _B))
    for sdt in list(twin.iter(q("w:sdt"))):
        sdt.getparent().remove(sdt)
    cells = twin.findall(q("w:tc"))
    for cell, text in zip(cells, ("", "", "", "รายละเอียดเพิ่มเติมของแถวบน", "", "", "", ""), strict=False):
        for old in cell.findall(q("w:p")):
            cell.remove(old)
        cell.append(paragraph(text))
    _row(sheet, _B).addnext(twin)
    sheet.either()


@WRITER.case()
def empty_row_added(sheet: Sheet) -> None:
    """Tab pressed in the last cell: an empty row below."""
    row = make("<w:tr/>")[0]
    for _ in range(8):
        cell = make("<w:tc/>")[0]
        cell.append(paragraph(""))
        row.append(cell)
    _row(sheet, _B).addnext(row)


@WRITER.case()
def number_cell_edited(sheet: Sheet) -> None:
    """The printed number was shortened to ๑.๔."""
    cell = _row(sheet, _A).find(q("w:tc"))
    next(cell.iter(q("w:t"))).text = "๑.๔"
    _lost(sheet, _A, expect="any")


@WRITER.case()
def numbers_swapped(sheet: Sheet) -> None:
    """The printed numbers of two rows were swapped, their controls stayed: two truths, a person must look."""
    first, second = (next(_row(sheet, a).find(q("w:tc")).iter(q("w:t"))) for a in (_A, _B))
    first.text, second.text = second.text, first.text
    sheet.either()


@WRITER.case()
def numbers_in_arabic_digits(sheet: Sheet) -> None:
    """The row numbers retyped as 1.4(1) and 1.7 (2)."""
    for activity, text in ((_A, "1.4(1)"), (_B, " 1.7 (2) "), (_C, "2.1.")):
        next(_row(sheet, activity).find(q("w:tc")).iter(q("w:t"))).text = text


@WRITER.case()
def cells_merged_down(sheet: Sheet) -> None:
    """The notes of two rows merged into one cell."""
    upper, lower = (sheet.docx.up(f"{a}note", "w:tc") for a in (_A, _B))
    upper.find(q("w:tcPr")).append(make('<w:vMerge w:val="restart"/>')[0])
    lower.find(q("w:tcPr")).append(make("<w:vMerge/>")[0])
    for old in lower.findall(q("w:p")):
        lower.remove(old)
    lower.append(paragraph(""))
    _gone(sheet, _B + "note")
    sheet.doubt(_A + "note")


@WRITER.case()
def cells_merged_across(sheet: Sheet) -> None:
    """Evidence and note of one row merged into one wide cell."""
    left, right = sheet.docx.up(_A + "evidence", "w:tc"), sheet.docx.up(_A + "note", "w:tc")
    left.find(q("w:tcPr")).append(make('<w:gridSpan w:val="2"/>')[0])
    for old in right.findall(q("w:p")):
        left.append(old)
    right.getparent().remove(right)
    sheet.doubt(_A + "evidence", _A + "note")


@WRITER.case()
def percent_cells_merged_across(sheet: Sheet) -> None:
    """Percent and result merged into one cell, controls deleted: ร้อยละ ๘๐ stands before the words."""
    left, right = sheet.docx.up(_A + "percent", "w:tc"), sheet.docx.up(_A + "done", "w:tc")
    for cell in (left, right):
        for old in cell.findall(q("w:p")):
            cell.remove(old)
    left.find(q("w:tcPr")).append(make('<w:gridSpan w:val="2"/>')[0])
    left.append(paragraph("๘๐"))
    left.append(paragraph("ทำแล้วบางส่วน"))
    right.getparent().remove(right)
    sheet.says(_A + "percent", "๘๐", "80", "flag")
    sheet.says(_A + "done", "ทำแล้วบางส่วน", expect="flag")


@WRITER.case()
def cell_split_in_two(sheet: Sheet) -> None:
    """A member split the result cell of one row into two columns and typed into both."""
    cell = sheet.docx.up(_A + "done", "w:tc")
    other = make("<w:tc><w:tcPr/></w:tc>")[0]
    other.append(paragraph("ส่วนที่สอง"))
    cell.addnext(other)
    sheet.says(_A + "done", f"{sheet.fields[_A + 'done'].typed}\nส่วนที่สอง", expect="flag")
    for key in ("percent", "output_reached", "outcome_reached", "evidence", "note"):
        sheet.fields[_A + key].expect = "any"


@WRITER.case()
def column_deleted(sheet: Sheet) -> None:
    """The column หมายเหตุ deleted from the first table."""
    table = sheet.docx.up(_A + "done", "w:tbl")
    for row in table.findall(q("w:tr")):
        row.remove(row.findall(q("w:tc"))[-1])
    _gone(sheet, _A + "note", _B + "note")


@WRITER.case()
def columns_moved(sheet: Sheet) -> None:
    """The column หมายเหตุ dragged to the front of ร้อยละ, head and all."""
    for row in sheet.docx.up(_A + "done", "w:tbl").findall(q("w:tr")):
        cells = row.findall(q("w:tc"))
        cells[2].addprevious(cells[-1])


@WRITER.case()
def column_added(sheet: Sheet) -> None:
    """A column ผู้รับผิดชอบ put in between."""
    for n, row in enumerate(sheet.docx.up(_A + "done", "w:tbl").findall(q("w:tr"))):
        cell = make("<w:tc><w:tcPr/></w:tc>")[0]
        cell.append(paragraph("ผู้รับผิดชอบ" if not n else "นายสมมุติ"))
        row.findall(q("w:tc"))[1].addnext(cell)


@WRITER.case()
def head_row_deleted(sheet: Sheet) -> None:
    """The head row of a table deleted."""
    table = sheet.docx.up(_C + "done", "w:tbl")
    table.remove(table.findall(q("w:tr"))[0])
    _lost(sheet, _C, expect="any")


@WRITER.case()
def head_renamed(sheet: Sheet) -> None:
    """ร้อยละ retyped as «ร้อยละ (%)» and หมายเหตุ as «เหตุผล»."""
    heads = sheet.docx.up(_A + "done", "w:tbl").findall(q("w:tr"))[0]
    for text in heads.iter(q("w:t")):
        text.text = {"ร้อยละ": "ร้อยละ (%)", "หมายเหตุ": "เหตุผล"}.get(text.text or "", text.text)
    for activity in (_A, _B):
        sheet.either(activity + "percent", activity + "note")


@WRITER.case()
def table_split(sheet: Sheet) -> None:
    """Ctrl+Shift+Enter: the table is two, the second without a head."""
    table = sheet.docx.up(_B + "done", "w:tbl")
    lower = make("<w:tbl/>")[0]
    lower.extend(copy.deepcopy(table.find(q(f"w:{n}"))) for n in ("tblPr", "tblGrid"))
    lower.append(_row(sheet, _B))
    table.addnext(lower)
    table.addnext(paragraph(""))


@WRITER.case()
def tables_joined(sheet: Sheet) -> None:
    """Both measures' tables joined into one; a head row stands in the middle."""
    first, second = sheet.docx.up(_A + "done", "w:tbl"), sheet.docx.up(_C + "done", "w:tbl")
    for row in second.findall(q("w:tr")):
        first.append(row)
    heading = second.getprevious()
    second.getparent().remove(second)
    heading.getparent().remove(heading)


@WRITER.case()
def table_pasted_again(sheet: Sheet) -> None:
    """The empty table of the form pasted below the filled one."""
    table = sheet.docx.up(_A + "done", "w:tbl")
    twin = copy.deepcopy(table)
    for sdt in list(twin.iter(q("w:sdt"))):
        sdt.find(q("w:sdtContent"))[:] = [run("……")]
    table.addnext(twin)
    table.addnext(paragraph(""))
    _lost(sheet, _A, _B)


@WRITER.case()
def rows_wrapped(sheet: Sheet) -> None:
    """A row inside a repeating-section control and a cell inside a control, as newer Word writes them."""
    row = _row(sheet, _A)
    wrapper = make("<w:sdt><w:sdtPr><w15:repeatingSection/></w:sdtPr><w:sdtContent/></w:sdt>")[0]
    row.addprevious(wrapper)
    wrapper.find(q("w:sdtContent")).append(row)
    cell = sheet.docx.up(_B + "note", "w:tc")
    around = make("<w:sdt><w:sdtPr/><w:sdtContent/></w:sdt>")[0]
    cell.addprevious(around)
    around.find(q("w:sdtContent")).append(cell)


@WRITER.case()
def section_break(sheet: Sheet) -> None:
    """A section break between the tables."""
    sheet.docx.up(_C + "done", "w:tbl").addprevious(
        paragraph("", '<w:sectPr><w:type w:val="nextPage"/><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>')
    )


@WRITER.case()
def row_over_two_rows(sheet: Sheet) -> None:
    """The result cell split into two rows; all other cells span both."""
    row = _row(sheet, _B)
    lower = copy.deepcopy(row)
    for sdt in list(lower.iter(q("w:sdt"))):
        sdt.getparent().remove(sdt)
    for n, (upper_cell, lower_cell) in enumerate(zip(row.findall(q("w:tc")), lower.findall(q("w:tc")), strict=True)):
        for old in lower_cell.findall(q("w:p")):
            lower_cell.remove(old)
        lower_cell.append(paragraph("ต่ออีกส่วนหนึ่ง" if n == 3 else ""))
        if n != 3:
            upper_cell.find(q("w:tcPr")).append(make('<w:vMerge w:val="restart"/>')[0])
            lower_cell.find(q("w:tcPr")).append(make("<w:vMerge/>")[0])
    row.addnext(lower)
    sheet.either()
    sheet.says(_B + "done", f"{sheet.fields[_B + 'done'].typed}\nต่ออีกส่วนหนึ่ง", expect="flag")


@WRITER.case()
def table_inside_answer(sheet: Sheet) -> None:
    """A table with figures pasted into the result cell."""
    cell = sheet.docx.up(_A + "done", "w:tc")
    table = make("<w:tbl><w:tblPr/><w:tblGrid/></w:tbl>")[0]
    for words in (("กลุ่มงาน", "คน"), ("กลุ่มที่ ๑", "๒๐")):
        row = make("<w:tr/>")[0]
        for word in words:
            inner = make("<w:tc/>")[0]
            inner.append(paragraph(word))
            row.append(inner)
        table.append(row)
    cell.append(table)
    cell.append(paragraph(""))
    sheet.doubt(_A + "done")


@WRITER.case()
def answers_below_the_table(sheet: Sheet) -> None:
    """The result typed as a paragraph below the table, its cell left empty."""
    sheet.docx.put(_A + "done")
    sheet.docx.up(_A + "done", "w:tbl").addnext(paragraph("๑.๔ (๑) ดำเนินการแล้วตามแผน"))
    sheet.says(_A + "done", "ดำเนินการแล้วตามแผน", expect="flag")


@WRITER.case()
def answer_in_the_wrong_column(sheet: Sheet) -> None:
    """Percent and result typed into each other's cells."""
    sheet.type(_A + "percent", "จัดกิจกรรมครบแล้ว", None, "flag")
    sheet.type(_A + "done", "๘๐")


@WRITER.case()
def answer_in_the_printed_cell(sheet: Sheet) -> None:
    """The result typed below the activity's title, its own cell left empty."""
    sheet.docx.put(_B + "done")
    _row(sheet, _B).findall(q("w:tc"))[1].append(paragraph("ผล: ดำเนินการแล้ว"))
    sheet.says(_B + "done", "ผล: ดำเนินการแล้ว", expect="flag")
