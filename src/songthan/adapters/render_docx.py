"""Fills Word templates (ports.Renderer): equal input gives equal bytes, and whatever a person typed comes out as typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import UndefinedError
from lxml import etree

from songthan.adapters.render_jinja import FILL_ERRORS
from songthan.adapters.render_marks import identity_parts, with_places, without_marks
from songthan.adapters.render_package import Pressed, pack, press
from songthan.adapters.render_qr import qr_picture
from songthan.adapters.render_template import QR_PART, Template, load_template, place_of, undefined_name
from songthan.adapters.render_tidy import tidy
from songthan.domain.errors import RenderError
from songthan.domain.forms import FormIdentity, FormSpec
from songthan.domain.layouts import Layout

__all__ = ["DocxRenderer"]

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


class DocxRenderer:
    """Fills the templates of one folder (`templates/docx`). Templates are read once and again when their file changes."""

    def __init__(self, templates: Path) -> None:
        self._folder = templates
        # by (template file, is it a form): the template it was made from, its other members pressed, its core properties
        self._kept: dict[tuple[Path, bool], tuple[Template, dict[str, Pressed], bytes]] = {}

    def form(self, *, spec: FormSpec, identity: FormIdentity, context: Mapping[str, object]) -> bytes:
        """A pre-filled form (docx) with its identity marks; the footer's token and QR are always the identity's.

        An answer `{"value", "carried", "problem"}` is printed in its control; when `problem` says something the control
        is shaded and the sentence stands below it, else a carried value is marked as such. RenderError names the
        template and the variable.
        """
        template = load_template(self._folder / spec.template)
        others, core = self._others(template, marked=True)
        parts = _fill(template, {**context, "token": identity.token}) | identity_parts(identity, core)
        if QR_PART in template.members:
            parts[QR_PART] = qr_picture(identity.token)
        return _pack(template, others, parts)

    def document(self, *, template: str, context: Mapping[str, object]) -> bytes:
        """Any other template (report, memo, appendix) as docx; RenderError names the template and the variable."""
        loaded = load_template(self._folder / template)
        return _pack(loaded, self._others(loaded, marked=False)[0], _fill(loaded, context))

    def layout(self, spec: FormSpec) -> Layout | None:
        """The blank form as data, by which it is read back; None for a form that repeats over activities."""
        from songthan.adapters.form_layout import layout_of

        return layout_of(self._folder, spec)

    def _others(self, template: Template, *, marked: bool) -> tuple[dict[str, Pressed], bytes]:
        """What is the same in every file of the template, deflated once; and the core properties of a form."""
        kept = self._kept.get((template.path, marked))
        if kept is None or kept[0] is not template:
            members = dict(template.members)
            if marked:
                members = with_places(without_marks(members))
            pressed = {name: press(data, once=True) for name, data in members.items()}
            kept = self._kept[template.path, marked] = (template, pressed, members.get("docProps/core.xml", b""))
        return kept[1], kept[2]


def _pack(template: Template, others: Mapping[str, Pressed], parts: Mapping[str, bytes]) -> bytes:
    return pack(template.order, {**others, **{name: press(data) for name, data in parts.items()}})


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
        parts[name] = tidy(text).encode("utf-8")
        if name not in template.proven:
            _check(parts[name], template, name)
    return parts


def _check(part: bytes, template: Template, name: str) -> None:
    try:
        etree.fromstring(part, _PARSER)
    except etree.XMLSyntaxError as error:
        raise RenderError(
            f"แม่แบบที่เติมแล้วไม่เป็นเอกสาร Word ที่ถูกต้อง ({error})",
            where=f"{template.path.name} ({name})",
            remedy="ตรวจว่าคำสั่ง {%p … %} อยู่ในย่อหน้าของตนเอง และ {%tr … %} อยู่ในแถวของตนเอง",
        ) from error
