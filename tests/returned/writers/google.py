"""Google Docs: opens a form, throws the controls away, and exports its own docx.

Modelled after its exports: no sdt, no custom properties or custom XML, style names of its own, explicit formatting on
every run, paragraph borders, tables with a grid of its own, footers kept, one trailing space per cell now and then.
"""

from __future__ import annotations

import re

from writers.ooxml import Docx, make, paragraph, q, run
from writers.sheet import Sheet, Writer

__all__ = ["WRITER", "export", "unwrap"]

WRITER = Writer("google")
_A, _B, _C = "1.4(1).", "1.7(2).", "2.1."
_RPR = '<w:rFonts w:ascii="Sarabun" w:cs="Sarabun" w:eastAsia="Sarabun" w:hAnsi="Sarabun"/><w:sz w:val="28"/><w:szCs w:val="28"/><w:rtl w:val="0"/>'
_PPR = '<w:pageBreakBefore w:val="0"/><w:pBdr><w:top w:space="0" w:sz="0" w:val="nil"/></w:pBdr><w:shd w:fill="auto" w:val="clear"/><w:ind w:left="0" w:firstLine="0"/>'


def unwrap(docx: Docx) -> None:
    """Every control becomes its content."""
    for sdt in reversed(list(docx.root.iter(q("w:sdt")))):
        for child in list(sdt.find(q("w:sdtContent"))):
            sdt.addprevious(child)
        sdt.getparent().remove(sdt)


def export(sheet: Sheet) -> bytes:
    """The form as Google Docs would download it."""
    docx = sheet.docx
    unwrap(docx)
    for part in docx.root.iter(q("w:p")):
        old = part.find(q("w:pPr"))
        section = old.find(q("w:sectPr")) if old is not None else None
        if old is not None:
            part.remove(old)
        part.insert(0, make(f"<w:pPr>{_PPR}</w:pPr>")[0])
        if section is not None:
            part.find(q("w:pPr")).append(section)
    for piece in docx.root.iter(q("w:r")):
        for old in piece.findall(q("w:rPr")):
            piece.remove(old)
        piece.insert(0, make(f"<w:rPr>{_RPR}</w:rPr>")[0])
    for n, table in enumerate(docx.root.iter(q("w:tbl"))):
        style = table.find(f"{q('w:tblPr')}/{q('w:tblStyle')}")
        if style is not None:
            style.set(q("w:val"), f"Table{n + 1}")
    docx.bytes()
    parts = {k: v for k, v in docx.parts.items() if not k.startswith(("docProps/", "customXml/"))}
    for name in parts:
        if name.endswith(".rels"):
            parts[name] = re.sub(rb"<Relationship [^>]*(?:docProps|customXml)[^>]*?/>", b"", parts[name])
    parts["[Content_Types].xml"] = re.sub(
        rb"<Override [^>]*/(?:docProps|customXml)/[^>]*?/>", b"", parts["[Content_Types].xml"]
    )
    docx.parts = parts
    return docx.bytes()


@WRITER.case()
def exported(sheet: Sheet) -> bytes:
    """Filled in Google Docs, downloaded as docx."""
    return export(sheet)


@WRITER.case()
def exported_lines_as_paragraphs(sheet: Sheet) -> bytes:
    """Lines typed with Enter: paragraphs in the cell."""
    text = ("ประชุมเตรียมการ", "จัดกิจกรรม", "สรุปผล")
    place = sheet.docx.up(_A + "done", "w:p")
    sheet.docx.put(_A + "done", run(text[0]))
    place.addnext(paragraph(text[2]))
    place.addnext(paragraph(text[1]))
    sheet.says(_A + "done", "\n".join(text))
    return export(sheet)


@WRITER.case()
def exported_runs_split(sheet: Sheet) -> bytes:
    """Suggestions accepted one by one: many runs."""
    for key in (_A + "done", _B + "done", _C + "percent"):
        typed = sheet.fields[key].typed or ""
        sheet.docx.put(key, *(run(letter) for letter in typed))
    return export(sheet)


@WRITER.case()
def exported_boxes_as_list(sheet: Sheet) -> bytes:
    """Boxes became a checklist: the box is a list bullet, not a character; nobody can tell which was ticked."""
    for row in (_A, _B, _C):
        for column in ("output_reached", "outcome_reached"):
            for value in ("yes", "no"):
                sdt = sheet.docx.control(f"{row}{column}={value}")
                sdt.getparent().remove(sdt)
            sheet.fields[row + column].expect = "flag"
    return export(sheet)


@WRITER.case()
def exported_tick_typed(sheet: Sheet) -> bytes:
    """A tick typed before the box that stayed empty."""
    for value in ("yes", "no"):
        sheet.docx.tick(f"{_A}output_reached={value}", False)
    sheet.docx.control(f"{_A}output_reached=yes").addprevious(run("✓"))
    sheet.says(_A + "output_reached", "yes", expect="any")
    return export(sheet)


@WRITER.case()
def exported_links(sheet: Sheet) -> bytes:
    """An address that Google Docs made a smart chip: a link whose text is the page's title."""
    sheet.docx.parts["word/_rels/document.xml.rels"] = sheet.docx.parts["word/_rels/document.xml.rels"].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdChip" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://docs.example.test/d/1" TargetMode="External"/></Relationships>',
    )
    link = make('<w:hyperlink r:id="rIdChip"/>')[0]
    link.append(run("ภาพกิจกรรมจิตอาสา"))
    sheet.docx.put(_B + "evidence", link)
    sheet.says(_B + "evidence", "ภาพกิจกรรมจิตอาสา", expect="any")
    return export(sheet)


@WRITER.case(start="blank")
def exported_empty(sheet: Sheet) -> bytes:
    """Opened, nothing typed, downloaded."""
    return export(sheet)


@WRITER.case()
def exported_row_deleted(sheet: Sheet) -> bytes:
    """A row deleted before the download."""
    row = sheet.docx.up(_B + "done", "w:tr")
    row.getparent().remove(row)
    for key in [k for k in sheet.fields if k.startswith(_B)]:
        sheet.says(key, None, None, "flag")
    return export(sheet)
