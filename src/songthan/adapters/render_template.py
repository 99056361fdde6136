"""Word templates made ready for filling: docxtpl reads their Jinja, a sandbox compiles it, and it is kept by (path, mtime).

A template is an ordinary .docx. Text follows docxtpl's notation (`{{ x }}`, `{%p if … %}`, `{%tr for … %}`). A content
control whose tag is `{{ activity.id }}.done` (or plain `done` in a form that does not repeat) is bound to the answer of
that field when the template is read; whatever stands in it in Word is only its look. `…=yes` in the tag of a check box
says which choice the box stands for.
"""

from __future__ import annotations

import copy
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from docxtpl import DocxTemplate
from jinja2 import ChainableUndefined, StrictUndefined, TemplateError, TemplateSyntaxError, UndefinedError, meta
from jinja2 import Template as JinjaTemplate
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing
from lxml import etree
from markupsafe import Markup, escape

from songthan.domain.errors import RenderError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
PLACEHOLDER = "……"
CHECKED, UNCHECKED = "☒", "☐"

# what a template's own expressions can raise while it is filled
FILL_ERRORS = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError)

_FILLED_PART = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_TAG = re.compile(r"(?:\{\{\s*(?P<row>\w+)\.id\s*\}\}\.)?(?P<key>[a-z][a-z0-9_]*)(?:=(?P<choice>\w+))?")
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n|[\r\n\x0b\x0c]")
_ATTRIBUTE = re.compile(r'="[^"<>]*\{\{[^"<>]*"')
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}")
# marks of Word's editing sessions; repeated by a loop they would stand twice in one document
_SESSION_MARKS = frozenset({f"{{{W14}}}paraId", f"{{{W14}}}textId"})
_LINE_BREAK = Markup('</w:t><w:br/><w:t xml:space="preserve">')
_TAB = Markup('</w:t><w:tab/><w:t xml:space="preserve">')


def w(name: str) -> str:
    """`tbl` → the element name lxml knows it by."""
    return f"{{{W}}}{name}"


def legal(value: object) -> str:
    """`value` as text XML can hold: line ends as "\\n", characters XML forbids shown as U+FFFD."""
    return _ILLEGAL.sub("\ufffd", _LINE_END.sub("\n", str(value)))


def _as_run_text(value: object) -> object:
    """What every `{{ … }}` prints: the value as typed, never mark-up; line ends become w:br, tabs w:tab."""
    if isinstance(value, Markup):
        return value
    text = escape("" if value is None else legal(value))
    return Markup(text.replace("\t", _TAB).replace("\n", _LINE_BREAK))


def _as_attribute(value: object) -> Markup:
    """The value inside an XML attribute, on one line."""
    return Markup(escape(" ".join(legal(value).split())))


def _answer(answers: Mapping[str, Mapping[str, object]], key: str) -> str:
    """The value to pre-fill, or "" when there is none."""
    value = answers[key].get("value") if key in answers else None
    return "" if value is None else str(value)


def _carried(answers: Mapping[str, Mapping[str, object]], key: str) -> bool:
    """Whether the pre-filled value is last quarter's, to be confirmed."""
    return bool(_answer(answers, key)) and bool(answers[key].get("carried"))


def environment(undefined: type = StrictUndefined) -> ImmutableSandboxedEnvironment:
    """The sandbox templates run in; values are data, whatever braces they contain."""
    env = ImmutableSandboxedEnvironment(autoescape=True, undefined=undefined, finalize=_as_run_text)
    env.filters["as_attribute"] = _as_attribute
    env.globals = {"answer": _answer, "carried": _carried}
    return env


@dataclass(frozen=True, kw_only=True)
class Control:
    """A bound content control as the template declares it. `choice` is the value a check box stands for, else ""."""

    tag: str
    alias: str
    key: str
    choice: str
    repeats: bool


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template ready to fill: `sources` and `compiled` by part name; `members` the other files of the package."""

    path: Path
    order: tuple[str, ...]
    members: Mapping[str, bytes]
    sources: Mapping[str, str]
    compiled: Mapping[str, JinjaTemplate]
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


def _read_template(path: Path) -> Template:
    try:
        with zipfile.ZipFile(path) as package:
            members = {name: package.read(name) for name in package.namelist() if not name.endswith("/")}
        roots = {name: etree.fromstring(members[name]) for name in members if _FILLED_PART.fullmatch(name)}
        roots["word/document.xml"]
    except (zipfile.BadZipFile, etree.XMLSyntaxError, KeyError):
        raise RenderError(
            "ไฟล์แม่แบบไม่ใช่เอกสาร Word (.docx) ที่สมบูรณ์", where=path.name, remedy="เปิดไฟล์ใน Word แล้วบันทึกเป็น .docx อีกครั้ง"
        ) from None
    controls = tuple(control for root in roots.values() for control in _bind_controls(root))
    env = environment()
    sources = {name: _jinja_source(root) for name, root in roots.items()}
    compiled = {name: _compile(env, source, path) for name, source in sources.items()}
    others = {name: data for name, data in members.items() if name not in roots}
    return Template(
        path=path, order=tuple(members), members=others, sources=sources, compiled=compiled, controls=controls
    )


def _compile(env: ImmutableSandboxedEnvironment, source: str, path: Path) -> JinjaTemplate:
    try:
        return env.from_string(source)
    except TemplateSyntaxError as error:
        line = source.split("\n")[error.lineno - 1 : error.lineno]
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
    xml = DocxTemplate("").patch_xml(etree.tostring(root, encoding="unicode"))
    xml = xml.replace("<w:t>", '<w:t xml:space="preserve">')
    xml = _ATTRIBUTE.sub(lambda m: _EXPRESSION.sub(r"{{ (\1)|as_attribute }}", m.group()), xml)
    # one paragraph a line, so that an error's line number finds its paragraph; taken out again after filling
    return re.sub(r"<w:p([ >])", r"\n<w:p\1", xml)


def _bind_controls(root: etree._Element) -> list[Control]:
    controls = []
    for sdt in root.iter(w("sdt")):
        properties = sdt.find(w("sdtPr"))
        if properties is None or properties.find(w("tag")) is None:
            continue
        tag = properties.find(w("tag")).get(w("val"), "")
        match = _TAG.fullmatch(tag)
        if match is None:
            continue
        alias = properties.find(w("alias"))
        row, key, choice = match["row"], match["key"], match["choice"] or ""
        answers = f"{row}.answers" if row else "answers"
        if choice:
            _bind_box(sdt, properties, f"answer({answers}, '{key}') == '{choice}'")
        else:
            _bind_text(sdt, properties, f"answer({answers}, '{key}')")
        name = "" if alias is None else alias.get(w("val"), "")
        controls.append(Control(tag=tag, alias=name, key=key, choice=choice, repeats=row is not None))
    return controls


def _bind_text(sdt: etree._Element, properties: etree._Element, value: str) -> None:
    """Content: the value in the control's own look, or the grey placeholder with w:showingPlcHdr."""
    for old in properties.findall(w("showingPlcHdr")):
        properties.remove(old)
    showing = etree.Element(w("showingPlcHdr"))
    kind = next((c for c in properties if c.tag in (w("richText"), w("text"))), None)
    if kind is None:
        properties.append(showing)
    else:
        kind.addprevious(showing)
    _wrap(showing, f"{{% if not {value} %}}", "{% endif %}")
    content = sdt.find(w("sdtContent"))
    look = _look(content)
    for child in list(content):
        content.remove(child)
    filled, empty = _run(look, f"{{{{ {value} }}}}"), _run(look, PLACEHOLDER)
    style = etree.Element(w("rStyle"))
    style.set(w("val"), "PlaceholderText")
    empty.find(w("rPr")).insert(0, style)
    content.extend([filled, empty])
    content.text, filled.tail, empty.tail = f"{{% if {value} %}}", "{% else %}", "{% endif %}"


def _bind_box(sdt: etree._Element, properties: etree._Element, chosen: str) -> None:
    checked = properties.find(f"{{{W14}}}checkbox/{{{W14}}}checked")
    if checked is not None:
        checked.set(f"{{{W14}}}val", f"{{{{ 1 if {chosen} else 0 }}}}")
    content = sdt.find(w("sdtContent"))
    look = _look(content)
    for child in list(content):
        content.remove(child)
    content.append(_run(look, f"{{{{ '{CHECKED}' if {chosen} else '{UNCHECKED}' }}}}"))


def _look(content: etree._Element) -> etree._Element:
    """The run properties of the control's first run, without the placeholder's style."""
    found = content.find(f".//{w('rPr')}")
    look = etree.Element(w("rPr")) if found is None else copy.deepcopy(found)
    for style in look.findall(w("rStyle")):
        if style.get(w("val")) == "PlaceholderText":
            look.remove(style)
    look.tail = None
    return look


def _run(look: etree._Element, text: str) -> etree._Element:
    run = etree.Element(w("r"))
    run.append(copy.deepcopy(look))
    etree.SubElement(run, w("t")).text = text
    return run


def _wrap(element: etree._Element, before: str, after: str) -> None:
    """Put text before and after an element among its siblings."""
    previous = element.getprevious()
    if previous is None:
        element.getparent().text = before
    else:
        previous.tail = before
    element.tail = after


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
