"""Word's page numbers in Thai digits (`PAGE \\* THAIARABIC`), which LibreOffice 7.4 prints as «หน้า 1».

It knows no such number (writerfilter maps `thaiNumbers` to nothing). They are left out of what it converts; whoever uses
the PDF writes the numbers on its pages (`assemble_frame`). The Word file itself keeps its own.
"""

from __future__ import annotations

import io
import re
import zipfile

from lxml import etree

__all__ = ["without_thai_pages"]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PART = re.compile(r"word/(?:header|footer)\d*\.xml")
_FIELD = b"THAIARABIC"
_WORD = "หน้า"


def without_thai_pages(docx: bytes) -> bytes:
    """`docx` without such fields in its headers and footers, and without the word «หน้า» before them; the same bytes when
    there are none or it is no docx."""
    try:
        with zipfile.ZipFile(io.BytesIO(docx)) as package:
            parts = {n: package.read(n) for n in package.namelist() if _PART.fullmatch(n)}
            changed = {n: _bare(data) for n, data in parts.items() if _FIELD in data}
            if not changed:
                return docx
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
                for info in package.infolist():
                    new.writestr(zipfile.ZipInfo(info.filename), changed.get(info.filename) or package.read(info), zipfile.ZIP_DEFLATED)
            return out.getvalue()
    except (zipfile.BadZipFile, etree.XMLSyntaxError):
        return docx


def _bare(part: bytes) -> bytes:
    root = etree.fromstring(part)
    for paragraph in root.iter(f"{_W}p"):
        for simple in paragraph.findall(f"{_W}fldSimple"):
            if _FIELD.decode() in simple.get(f"{_W}instr", ""):
                _remove(simple)
        runs: list[etree._Element] = []
        for run in paragraph.findall(f"{_W}r"):
            mark = run.find(f"{_W}fldChar")
            kind = None if mark is None else mark.get(f"{_W}fldCharType")
            if kind == "begin":
                runs = [run]
            elif runs:
                runs.append(run)
            if kind == "end" and runs:
                if any(_FIELD.decode() in (code.text or "") for r in runs for code in r.iter(f"{_W}instrText")):
                    for old in runs[1:]:
                        paragraph.remove(old)
                    _remove(runs[0])
                runs = []
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def _remove(field: etree._Element) -> None:
    """The field, and a run before it that says nothing but «หน้า»."""
    before = field.getprevious()
    if before is not None and before.tag == f"{_W}r" and "".join(t.text or "" for t in before.iter(f"{_W}t")).strip() == _WORD:
        before.getparent().remove(before)
    field.getparent().remove(field)
