"""Somebody's script: the form opened, changed and saved with python-docx."""

from __future__ import annotations

from writers import programs
from writers.sheet import Sheet, Writer

__all__ = ["WRITER"]

WRITER = Writer("python_docx")
_SAVE = "import sys, docx; d = docx.Document(sys.argv[1]); {} d.save(sys.argv[2])"


def _scripted(sheet: Sheet, change: str = "") -> bytes:
    return programs.python(_SAVE.format(change), sheet.docx.bytes())


@WRITER.case()
def opened_and_saved(sheet: Sheet) -> bytes:
    """Opened and saved."""
    return _scripted(sheet)


@WRITER.case()
def properties_rewritten(sheet: Sheet) -> bytes:
    """Author, title and identifier set anew by a document management system."""
    return _scripted(sheet, "d.core_properties.author = 'DMS'; d.core_properties.identifier = 'DOC-2566-0042';")


@WRITER.case(start="blank")
def cells_written_over(sheet: Sheet) -> bytes:
    """The script writes into the cells (`cell.text = …`): the controls in them are gone."""
    given = {"percent": "๙๐", "done": "เขียนด้วยสคริปต์\nสองบรรทัด", "evidence": "ไม่มี", "note": "รอผล"}
    columns = {"percent": 2, "done": 3, "evidence": 6, "note": 7}
    for row, (table, at) in {"1.4(1)": (0, 1), "1.7(2)": (0, 2), "2.1": (1, 1)}.items():
        for key, text in given.items():
            sheet.says(f"{row}.{key}", text, "90" if key == "percent" else text, "any" if key == "done" else "read")
        for key in ("output_reached", "outcome_reached"):
            sheet.choose(f"{row}.{key}", "yes")
        del table, at
    lines = "; ".join(
        f"d.tables[{t}].rows[{r}].cells[{c}].text = {given[k]!r}"
        for t, r in ((0, 1), (0, 2), (1, 1))
        for k, c in columns.items()
    )
    return _scripted(sheet, f"{lines};")


@WRITER.case()
def paragraph_added_below(sheet: Sheet) -> bytes:
    """The script adds a line below one answer and a table at the end."""
    key = "1.7(2).done"
    sheet.says(key, f"{sheet.fields[key].typed}\nตรวจแล้ว")
    change = "d.tables[0].rows[2].cells[3].add_paragraph('ตรวจแล้ว'); t = d.add_table(1, 2); t.rows[0].cells[0].text = 'ผู้ตรวจ';"
    return _scripted(sheet, change)


@WRITER.case()
def font_changed_everywhere(sheet: Sheet) -> bytes:
    """Every run python-docx can see gets another font."""
    change = "[setattr(r.font, 'name', 'Tahoma') for t in d.tables for w in t.rows for c in w.cells for p in c.paragraphs for r in p.runs];"
    return _scripted(sheet, change)


@WRITER.case()
def rows_removed_and_added(sheet: Sheet) -> bytes:
    """The script deletes a row and adds an empty one."""
    for key in [k for k in sheet.fields if k.startswith("1.7(2).")]:
        sheet.says(key, None, None, "flag")
    return _scripted(sheet, "t = d.tables[0]; r = t.rows[2]._tr; r.getparent().remove(r); t.add_row();")
