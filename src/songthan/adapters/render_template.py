"""Word templates made ready for filling: docxtpl reads their Jinja, a sandbox compiles it, and it is kept by (path, mtime).

A template is an ordinary .docx. Text follows docxtpl's notation (`{{ x }}`, `{%p if … %}`, `{%tr for … %}`); its content
controls are bound to the answers (`render_bindings`), and a picture named `songthan-qr` in a footer to the token's QR.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from docxtpl import DocxTemplate
from jinja2 import ChainableUndefined, TemplateSyntaxError, UndefinedError, meta
from jinja2 import Template as JinjaTemplate
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from lxml import etree

from songthan.adapters.render_bindings import NOTE_SIZE, W14, Control, W, bind_controls, w
from songthan.adapters.render_jinja import FILL_ERRORS, environment
from songthan.adapters.render_proof import proven
from songthan.domain.errors import RenderError

__all__ = [
    "ID_MARK", "KEEP_MARK", "QR_PART", "Control", "Template", "bound_parts", "load_template", "place_of", "undefined_name",
    "unknown_names",
]  # fmt: skip

#: In a compiled part: here stands a control's w:id, here a row's w:cantSplit. No value can print either.
ID_MARK, KEEP_MARK = "<?songthan-id?>", "<?songthan-keep?>"
#: The package member that holds the token's QR, in a template with a place for it.
QR_PART = "word/media/songthan-qr.png"

_FILLED_PART = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_ATTRIBUTE = re.compile(r'="[^"<>]*\{\{[^"<>]*"')
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
# marks of Word's editing sessions; repeated by a loop they would stand twice in one document
_SESSION_MARKS = frozenset({f"{{{W14}}}paraId", f"{{{W14}}}textId"})
_ID = re.compile(r'<w:id w:val="songthan-id"/>')
_NOTE_STYLE = re.compile(rb'w:styleId="Carried"')
_NOTE_SIZE = re.compile(rb'w:styleId="Carried"(?:(?!</w:style>).)*?<w:sz w:val="([0-9]{1,3})"/>', re.DOTALL)
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template ready to fill: `sources` and `compiled` by part name; `members` the other files of the package.

    `proven` are the parts that are well-formed whatever the values; the others are checked each time they are filled.
    """

    path: Path
    order: tuple[str, ...]
    members: Mapping[str, bytes]
    sources: Mapping[str, str]
    compiled: Mapping[str, JinjaTemplate]
    proven: frozenset[str]
    controls: tuple[Control, ...]


_cache: dict[Path, tuple[int, Template]] = {}


def load_template(path: Path) -> Template:
    """The template at `path`, from memory when the file has not changed. RenderError names the file and the place."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise RenderError(
            "ไม่พบไฟล์แม่แบบ", where=str(path), remedy="วางไฟล์แม่แบบไว้ตามชื่อนี้ หรือแก้ชื่อ template ในไฟล์ .toml ของแบบ"
        ) from None
    kept = _cache.get(path)
    if kept is None or kept[0] != changed:
        kept = _cache[path] = (changed, _read_template(path))
    return kept[1]


def bound_parts(path: Path) -> tuple[dict[str, bytes], dict[str, etree._Element], tuple[Control, ...]]:
    """(the package's members, its filled parts with their controls bound, the controls): docxtpl's Jinja, not compiled."""
    try:
        with zipfile.ZipFile(path) as package:
            members = {name: package.read(name) for name in package.namelist() if not name.endswith("/")}
        roots = {name: etree.fromstring(members[name]) for name in members if _FILLED_PART.fullmatch(name)}
        roots["word/document.xml"]
    except (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError):
        raise RenderError(
            "ไฟล์แม่แบบไม่ใช่เอกสาร Word (.docx) ที่สมบูรณ์", where=path.name, remedy="เปิดไฟล์ใน Word แล้วบันทึกเป็น .docx อีกครั้ง"
        ) from None
    styles = members.get("word/styles.xml", b"")
    style = "Carried" if _NOTE_STYLE.search(styles) else ""
    said = _NOTE_SIZE.search(styles)
    size = int(said[1]) if said else NOTE_SIZE
    controls = tuple(control for root in roots.values() for control in bind_controls(root, note_style=style, note_size=size))
    return members, roots, controls


def _read_template(path: Path) -> Template:
    members, roots, controls = bound_parts(path)
    order = tuple(members)
    for name, root in roots.items():
        _free_qr_picture(root, name, members)
    env = environment()
    sources = {name: _jinja_source(root) for name, root in roots.items()}
    compiled = {name: _compile(env, source, path) for name, source in sources.items()}
    return Template(
        path=path,
        order=order,
        members={name: data for name, data in members.items() if name not in roots},
        sources=sources,
        compiled=compiled,
        proven=frozenset(name for name, source in sources.items() if proven(env, source)),
        controls=controls,
    )


def _free_qr_picture(root: etree._Element, name: str, members: dict[str, bytes]) -> None:
    """Gives the picture named songthan-qr of a footer a file of its own: Word keeps equal pictures in one."""
    blips = root.xpath(
        ".//wp:docPr[@name='songthan-qr']/..//a:blip[@r:embed]",
        namespaces={"wp": f"{_DRAWING}/wordprocessingDrawing", "a": f"{_DRAWING}/main", "r": _RELATIONS},
    )
    relations_name = f"word/_rels/{posixpath.basename(name)}.rels"
    if not blips or not name.startswith("word/footer") or relations_name not in members:
        return
    relations = etree.fromstring(members[relations_name])
    old = {r.get("Id"): r.get("Target", "") for r in relations}.get(blips[0].get(f"{{{_RELATIONS}}}embed"), "")
    members[QR_PART] = members.get(posixpath.normpath(posixpath.join("word", old.removeprefix("/word/"))), b"")
    own = etree.SubElement(relations, f"{{{_PACKAGE}/relationships}}Relationship")
    for key, value in (("Id", "rIdSongthanQr"), ("Type", f"{_RELATIONS}/image"), ("Target", "media/songthan-qr.png")):
        own.set(key, value)
    for blip in blips:
        blip.set(f"{{{_RELATIONS}}}embed", "rIdSongthanQr")
    members[relations_name] = _document(relations)
    types = etree.fromstring(members["[Content_Types].xml"])
    if not any(t.get("Extension", "").lower() == "png" for t in types):
        types.insert(
            0, types.makeelement(f"{{{_PACKAGE}/content-types}}Default", Extension="png", ContentType="image/png")
        )
        members["[Content_Types].xml"] = _document(types)


def _document(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, standalone=True)


def _compile(env: ImmutableSandboxedEnvironment, source: str, path: Path) -> JinjaTemplate:
    try:
        return env.from_string(source)
    except TemplateSyntaxError:
        # one paragraph a line, so that the error's line number finds its paragraph
        lines = re.sub(r"<w:p([ >])", r"\n<w:p\1", source)
    try:
        return env.from_string(lines)
    except TemplateSyntaxError as error:
        line = lines.split("\n")[error.lineno - 1 : error.lineno]
        place = re.sub(r"<[^>]+>", "", line[0] if line else "").strip()[:80]
        raise RenderError(
            f"คำสั่งในแม่แบบเขียนไม่ถูกต้อง ({error.message}) ใกล้ข้อความ «{place}»",
            where=path.name,
            remedy="ตรวจว่าทุก {{ มี }} และทุก {% if %} หรือ {% for %} มี {% endif %} หรือ {% endfor %} ในย่อหน้าหรือแถวของตน",
        ) from None


def _jinja_source(root: etree._Element) -> str:
    for element in root.iter(etree.Element):
        for name in [n for n in element.attrib if n in _SESSION_MARKS or n.startswith(f"{{{W}}}rsid")]:
            del element.attrib[name]
    for number in root.iterfind(f".//{w('sdt')}/{w('sdtPr')}/{w('id')}"):
        number.attrib.clear()
        number.set(w("val"), "songthan-id")
    xml = DocxTemplate("").patch_xml(etree.tostring(root, encoding="unicode"))
    xml = xml.replace("<w:t>", '<w:t xml:space="preserve">')
    xml = _ATTRIBUTE.sub(lambda m: _EXPRESSION.sub(r"{{ (\1)|as_attribute }}", m.group()), xml)
    return _ID.sub(ID_MARK, xml).replace("<w:cantSplit/>", KEEP_MARK)


def undefined_name(error: UndefinedError) -> str:
    """The variable an UndefinedError is about."""
    text = str(error)
    found = re.search(r"attribute '([^']+)'|'([^']+)' is undefined|element ([^ ]+)$", text)
    return next((g for g in found.groups() if g), text) if found else text


def unknown_names(template: Template, sample: Mapping[str, object]) -> list[tuple[str, str]]:
    """(variable, place) for each variable the template uses that `sample` lacks, each once, in the order met.

    RenderError when the template cannot be filled for another reason.
    """
    met: list[str] = []

    class Noted(ChainableUndefined):
        def __init__(self, hint=None, obj=missing, name=None, exc=UndefinedError) -> None:
            super().__init__(hint, obj, name, exc)
            met.append(str(name))

    env = environment(Noted)
    for source in template.sources.values():
        # branches the sample does not reach still show their top-level names here
        met.extend(sorted(meta.find_undeclared_variables(env.parse(source)) - set(sample) - set(env.globals)))
        try:
            env.from_string(source).render(sample)
        except FILL_ERRORS as error:
            raise RenderError(
                f"คำสั่งในแม่แบบคำนวณไม่ได้ ({error})",
                where=template.path.name,
                remedy="แก้คำสั่งระหว่าง {{ }} หรือ {% %} ในแม่แบบ",
            ) from None
    return [(name, place_of(name, template)) for name in dict.fromkeys(met)]


def place_of(name: str, template: Template) -> str:
    """The first Jinja expression of the template that uses `name`, as it is written there."""
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for source in template.sources.values():
        for expression in re.findall(r"\{[{%].*?[%}]\}", source):
            if word.search(expression):
                return re.sub(r"\s+", " ", expression)
    return name
