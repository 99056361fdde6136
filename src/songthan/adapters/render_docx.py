"""Fills Word templates (ports.Renderer): equal input gives equal bytes, and whatever a person typed comes out as typed."""

from __future__ import annotations

import io
import unicodedata
import zipfile
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from jinja2 import UndefinedError
from lxml import etree

from songthan.adapters.render_marks import with_marks, without_marks
from songthan.adapters.render_template import FILL_ERRORS, Template, load_template, place_of, undefined_name, w
from songthan.domain.errors import RenderError
from songthan.domain.forms import FormIdentity, FormSpec

__all__ = ["DocxRenderer"]

# A row of about this many lines at 14 pt (half a landscape page) stays on one page; a longer one may break.
_KEEP_TOGETHER_LINES = 18
_LETTER_WIDTH = 112  # of TH SarabunPSK at 14 pt on the average, in twentieths of a point
_EPOCH = (1980, 1, 1, 0, 0, 0)
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


class DocxRenderer:
    """Fills the templates of one folder (`templates/docx`). Templates are read once and again when their file changes."""

    def __init__(self, templates: Path) -> None:
        self._folder = templates

    def form(self, *, spec: FormSpec, identity: FormIdentity, context: Mapping[str, object]) -> bytes:
        """A pre-filled form (docx) with its identity marks; the footer's token is always the identity's.

        RenderError names the template and the variable.
        """
        template = load_template(self._folder / spec.template)
        parts = _fill(template, {**context, "token": identity.token})
        return _pack(template, parts, with_marks(without_marks(dict(template.members)), identity))

    def document(self, *, template: str, context: Mapping[str, object]) -> bytes:
        """Any other template (report, memo, appendix) as docx; RenderError names the template and the variable."""
        loaded = load_template(self._folder / template)
        return _pack(loaded, _fill(loaded, context), dict(loaded.members))


def _fill(template: Template, context: Mapping[str, object]) -> dict[str, bytes]:
    parts = {}
    for name, compiled in template.compiled.items():
        try:
            text = compiled.render(context)
        except UndefinedError as error:
            variable = undefined_name(error)
            raise RenderError(
                f"ไม่มีข้อมูลชื่อ «{variable}» ที่แม่แบบเรียกใช้ใน {place_of(variable, template)}",
                where=template.path.name,
                remedy="แก้ชื่อในแม่แบบให้ตรงกับคู่มือแม่แบบ หรือสั่ง songthan form check เพื่อดูทุกแห่ง",
            ) from None
        except FILL_ERRORS as error:
            raise RenderError(
                f"เติมข้อมูลลงแม่แบบไม่สำเร็จ ({error})",
                where=f"{template.path.name} ({name})",
                remedy="สั่ง songthan form check",
            ) from error
        parts[name] = _tidy(text, template, name)
    return parts


def _tidy(text: str, template: Template, name: str) -> bytes:
    """The filled part as Word wants it: own control ids, a paragraph in every cell, long rows free to break."""
    try:
        root = etree.fromstring(text.replace("\n<w:p", "<w:p").encode("utf-8"), _PARSER)
    except etree.XMLSyntaxError as error:
        raise RenderError(
            f"แม่แบบที่เติมแล้วไม่เป็นเอกสาร Word ที่ถูกต้อง ({error})",
            where=f"{template.path.name} ({name})",
            remedy="ตรวจว่าคำสั่ง {%p … %} อยู่ในย่อหน้าของตนเอง และ {%tr … %} อยู่ในแถวของตนเอง",
        ) from error
    numbers = count(1001)
    for control in root.iterfind(f".//{w('sdt')}/{w('sdtPr')}/{w('id')}"):
        control.set(w("val"), str(next(numbers)))
    for cell in root.iter(w("tc")):
        if len(cell) == 0 or cell[-1].tag != w("p"):
            etree.SubElement(cell, w("p"))
    for keep in list(root.iter(w("cantSplit"))):
        row = keep.getparent().getparent()
        if max(map(_lines, row.iter(w("tc"))), default=0) > _KEEP_TOGETHER_LINES:
            keep.getparent().remove(keep)
    return _HEAD + etree.tostring(root, encoding="utf-8")


def _lines(cell: etree._Element) -> int:
    """About how many lines the cell's text takes in the cell's width."""
    width = cell.find(f"{w('tcPr')}/{w('tcW')}")
    room = max(int(width.get(w("w"), "0")) if width is not None else 0, 600) - 140
    lines = 0
    for paragraph in cell.iterfind(w("p")):
        letters = sum(unicodedata.category(c) != "Mn" for c in "".join(paragraph.itertext(w("t"))))
        lines += 1 + letters * _LETTER_WIDTH // room + sum(1 for _ in paragraph.iter(w("br")))
    return lines


def _pack(template: Template, parts: Mapping[str, bytes], members: Mapping[str, bytes]) -> bytes:
    """A zip with a fixed date and order, so that the same content is the same bytes."""
    everything = {**members, **parts}
    names = [name for name in template.order if name in everything]
    names += sorted(set(everything) - set(names))
    names.sort(key=lambda name: name != "[Content_Types].xml")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name in names:
            entry = zipfile.ZipInfo(name, date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            entry.create_system = 0
            package.writestr(entry, everything[name], compresslevel=6)
    return buffer.getvalue()
