"""WPS Office: keeps tables and most controls' text, but not the controls.

Modelled after its files: `w14:checkbox` becomes a plain character (often ☑ from another font), text controls stay as
bare runs or keep an alias without a tag, properties gain KSOProductBuildVer, runs carry `w:hint="eastAsia"`.
"""

from __future__ import annotations

from writers.google import unwrap
from writers.ooxml import make, paragraph, q, run
from writers.sheet import Sheet, Writer

__all__ = ["WRITER", "store"]

WRITER = Writer("wps")
_ROWS = ("1.4(1).", "1.7(2).", "2.1.")
_A, _B, _C = _ROWS
_KSO = '<property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="91" name="KSOProductBuildVer"><vt:lpwstr>1054-12.2.0.13431</vt:lpwstr></property>'


def store(sheet: Sheet, *, tick: str = "☑", keep_alias: bool = False) -> bytes:
    """The form as WPS would save it."""
    docx = sheet.docx
    for _tag, sdt in docx.controls():
        properties = sdt.find(q("w:sdtPr"))
        box = properties.find(q("w14:checkbox"))
        if box is None and keep_alias:
            for node in properties.findall(q("w:tag")):
                properties.remove(node)
            continue
        if box is not None:
            on = box.find(q("w14:checked")).get(q("w14:val")) == "1"
            sdt.find(q("w:sdtContent"))[:] = [
                run(tick if on else "☐", '<w:rFonts w:hint="eastAsia" w:ascii="MS Gothic"/>')
            ]
            for child in list(sdt.find(q("w:sdtContent"))):
                sdt.addprevious(child)
            sdt.getparent().remove(sdt)
    if not keep_alias:
        unwrap(docx)
    custom = docx.parts["docProps/custom.xml"].decode("utf-8")
    docx.parts["docProps/custom.xml"] = custom.replace("</Properties>", f"{_KSO}</Properties>").encode()
    return docx.bytes()


@WRITER.case()
def saved(sheet: Sheet) -> bytes:
    """Filled in and saved."""
    return store(sheet)


@WRITER.case()
def saved_alias_kept(sheet: Sheet) -> bytes:
    """Text controls kept with their alias only, boxes as characters."""
    return store(sheet, keep_alias=True)


@WRITER.case()
def saved_other_ticks(sheet: Sheet) -> bytes:
    """Ticks as ■."""
    return store(sheet, tick="■")


@WRITER.case()
def saved_tick_crossed(sheet: Sheet) -> bytes:
    """Ticks as √, the box itself gone."""
    return store(sheet, tick="√")


@WRITER.case()
def saved_full_width(sheet: Sheet) -> bytes:
    """Typed with an East Asian keyboard: full-width digits, brackets, signs."""
    sheet.type(_A + "percent", "８５．５％", "85.5", "any")
    sheet.type(_B + "percent", "１００", "100")
    sheet.type(_C + "done", "ดำเนินการแล้ว（๒　ครั้ง）")
    return store(sheet)


@WRITER.case()
def saved_spaces_doubled(sheet: Sheet) -> bytes:
    """Empty paragraphs before and behind the answers, ideographic spaces at their ends."""
    for key in (_A + "done", _B + "note", _C + "evidence"):
        place = sheet.docx.up(key, "w:p")
        place.addprevious(paragraph(""))
        place.addnext(paragraph("\u3000"))
    return store(sheet)


@WRITER.case(start="blank")
def saved_empty(sheet: Sheet) -> bytes:
    """Opened and saved, nothing typed."""
    return store(sheet)


@WRITER.case()
def saved_symbol_boxes(sheet: Sheet) -> bytes:
    """Boxes as Wingdings 2 symbols."""
    for row in _ROWS:
        for column in ("output_reached", "outcome_reached"):
            for value in ("yes", "no"):
                control = sheet.docx.control(f"{row}{column}={value}")
                on = sheet.fields[row + column].typed == value
                control.addprevious(
                    make(f'<w:r><w:sym w:font="Wingdings 2" w:char="{"F052" if on else "F0A3"}"/></w:r>')[0]
                )
                control.getparent().remove(control)
            sheet.fields[row + column].expect = "any"
    return store(sheet)
