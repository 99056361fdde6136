"""A PDF's own form fields (AcroForm, read by pypdf), compared with what stands on the page.

Runs inside the sandbox. A field counts when its name is one of our field ids (`1.7(1).percent`; `<id>=<value>` for a
check box). What the field holds and what a person sees must not contradict each other.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, PdfObject

from songthan.adapters import read_pdf_faces  # noqa: F401 (chooses the faces a value is drawn with)
from songthan.domain.answers import PARSERS
from songthan.domain.forms import Answer, Field, Problem
from songthan.domain.language import phrase, say
from songthan.domain.thai import squeeze, to_arabic_digits
from songthan.domain.values import clean_text
from songthan.ports import Expectation

__all__ = ["Drawn", "PdfField", "drawn_on", "flattened", "with_fields"]

AGREED, ALONE = 1.0, 0.9
_MAX_FIELDS = 5000
_BUTTON = 1 << 16
_UNSEEN = 0x01 | 0x02 | 0x20  # Invisible, Hidden, NoView
_QUIET = frozenset({"/Link", "/Popup", "/PrinterMark", "/TrapNet"})
_SETTLED = frozenset({"pdf-wrapped", "pdf-cut", "pdf-letters", "choice-missing"})  # doubts of the page that a field's value ends
_SENTENCES = {
    "pdf-fields": phrase("ไฟล์ PDF นี้มีช่องกรอกแบบฟอร์ม PDF ซึ่งอาจมีคำตอบที่ระบบอ่านไม่ครบ โปรดตรวจดู หรือขอให้ส่งเป็นไฟล์ Word"),
    "pdf-notes": phrase("มีข้อความหรือเครื่องหมายเขียนทับไว้บนหน้า PDF ระบบอ่านเท่าที่เห็น โปรดตรวจดูว่าคำตอบครบถ้วน หรือขอให้ส่งเป็นไฟล์ Word"),
    "disagree": phrase("ช่องกรอกของ PDF มีค่าเป็น «{a}» แต่บนหน้าเอกสารปรากฏเป็น «{b}» โปรดตรวจดูว่าคำตอบใดถูกต้อง"),
    "pdf-hidden": phrase("ช่องกรอกของ PDF ถูกซ่อนไว้แต่มีค่าเป็น «{a}» โปรดตรวจดูว่าเป็นคำตอบหรือไม่"),
    "doubled": phrase("พบช่องกรอกของข้อนี้มากกว่าหนึ่งช่องและมีค่าไม่ตรงกัน ระบบไม่ทราบว่าให้ใช้ช่องใด โปรดเหลือคำตอบไว้เพียงแห่งเดียว"),
    "both-ticked": phrase("เลือกไว้มากกว่าหนึ่งข้อ ({a}) โปรดเลือกเพียงข้อเดียว"),
    "unknown-choice": phrase("ช่องกรอกของ PDF มีค่าเป็น «{a}» ซึ่งไม่ใช่ตัวเลือกของข้อนี้ โปรดตรวจดู"),
}


@dataclass(frozen=True, kw_only=True)
class PdfField:
    """One widget: its whole name, its text (or the name of the state a box shows, "" when off), and how it looks.

    `options` are the labels of the values a list or radio group offers, by value.
    """

    name: str
    box: bool
    text: str
    hidden: bool
    options: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What lies over the pages: form fields, and whether people wrote on them (text boxes, ink, stamps)."""

    fields: tuple[PdfField, ...] = ()
    notes: bool = False

    def __bool__(self) -> bool:
        return bool(self.fields) or self.notes


def drawn_on(data: bytes) -> Drawn:
    """The fields and notes of a PDF that passed the checks; signature fields and push buttons do not count.

    Fields that cannot be read become one without a name, which nobody's id is: a doubt.
    """
    fields: list[PdfField] = []
    notes = False
    try:
        for page in PdfReader(io.BytesIO(data)).pages:
            for annotation in _objects(page.get("/Annots")):
                if annotation.get("/Subtype") == "/Widget":
                    fields.extend(_widget(annotation))
                elif annotation.get("/Subtype") not in _QUIET:
                    notes = True
            if len(fields) > _MAX_FIELDS:
                raise ValueError("too many fields")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        fields.append(PdfField(name="", box=False, text="", hidden=False, options={}))
    return Drawn(fields=tuple(fields), notes=notes)


def _objects(value: PdfObject | None) -> Iterator[DictionaryObject]:
    array = value.get_object() if value is not None else None
    for item in array if isinstance(array, ArrayObject) else ():
        found = item.get_object()
        if isinstance(found, DictionaryObject):
            yield found


def _widget(widget: DictionaryObject) -> Iterator[PdfField]:
    chain = [widget]
    while "/Parent" in chain[-1] and len(chain) < 32:
        chain.append(chain[-1]["/Parent"].get_object())

    def inherited(key: str) -> PdfObject | None:
        return next((node[key].get_object() for node in chain if key in node), None)

    kind, flags = inherited("/FT"), int(inherited("/Ff") or 0)
    if kind in (None, "/Sig") or (kind == "/Btn" and flags & _BUTTON):
        return
    options = _options(inherited("/Opt"))
    if kind == "/Btn":
        text = _state(widget, inherited("/V"), options)
    else:
        value = inherited("/V")
        texts = [str(v.get_object()) for v in value] if isinstance(value, ArrayObject) else [_string(value)]
        text = "\n".join(options.get(t, t) for t in texts)
    yield PdfField(
        name=".".join(str(node["/T"]) for node in reversed(chain) if "/T" in node).strip(),
        box=kind == "/Btn",
        text=text,
        hidden=bool(int(widget.get("/F", 0)) & _UNSEEN),
        options=options,
    )


def _options(value: PdfObject | None) -> dict[str, str]:
    """Value → label: pairs in a list's /Opt; for radio buttons the n-th text stands for the state «/n»."""
    out: dict[str, str] = {}
    for number, item in enumerate(value if isinstance(value, ArrayObject) else ()):
        found = item.get_object()
        if isinstance(found, ArrayObject) and len(found) == 2:
            out[str(found[0].get_object())] = str(found[1].get_object())
        else:
            out.setdefault(str(number), str(found))
            out.setdefault(str(found), str(found))
    return out


def _string(value: PdfObject | None) -> str:
    if value is None:
        return ""
    data = value.get_data() if hasattr(value, "get_data") else None
    return data.decode("utf-8", "replace") if isinstance(data, bytes) else str(value)


def _state(widget: DictionaryObject, value: PdfObject | None, options: Mapping[str, str]) -> str:
    """The name of the state this box shows, "" when it is off. What is shown (/AS) counts before what is said (/V)."""
    normal = widget.get("/AP", DictionaryObject()).get_object().get("/N")
    normal = normal.get_object() if normal is not None else DictionaryObject()
    states = {str(s) for s in normal} - {"/Off"} if not hasattr(normal, "get_data") else set()
    shown = str(widget.get("/AS") or value or "/Off")
    # A widget of a radio group without /AS is on when the group's value is one of its own states.
    on = shown != "/Off" and ("/AS" in widget or not states or shown in states)
    return options.get(shown[1:], shown[1:]) if on else ""


def flattened(data: bytes) -> bytes:
    """The same PDF with fields and notes drawn into the pages as a viewer shows them; `data` where that fails."""
    out = io.BytesIO()
    try:
        document = pypdfium2.PdfDocument(_as_drawn(data))
        document.init_forms()
        try:
            for page in document:
                # the library's own method wants a form, which a page with nothing but notes has not
                pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
                page.close()
            document.save(out)
        finally:
            document.close()
    except (pypdfium2.PdfiumError, PyPdfError, RuntimeError, ValueError, KeyError, TypeError, AttributeError):
        return data
    return out.getvalue()


def _as_drawn(data: bytes) -> bytes:
    """The PDF with its widgets made stamps, because pdfium draws a field's value and not the appearance stored for it.

    Unless the file says /NeedAppearances: then every viewer draws the value.
    """
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    form = writer.root_object.get("/AcroForm")
    form = form.get_object() if form is not None else DictionaryObject()
    needed = form.get("/NeedAppearances")
    if needed is not None and bool(getattr(needed.get_object(), "value", False)):
        return data
    for page in writer.pages:
        for annotation in _objects(page.get("/Annots")):
            if annotation.get("/Subtype") == "/Widget":
                annotation[NameObject("/Subtype")] = NameObject("/Stamp")
    writer.root_object.pop("/AcroForm", None)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_fields(
    expectation: Expectation, drawn: Drawn, seen: Mapping[str, Answer], problems: Sequence[Problem]
) -> tuple[dict[str, Answer], list[Problem]]:
    """Answers and problems of fields and page together; `seen` and `problems` were read from the flattened page."""
    answers, kept = dict(seen), list(problems)
    groups: dict[str, list[tuple[PdfField, str]]] = {}
    asked: dict[str, Field] = {}
    strange = False
    for item in drawn.fields:
        found = _ours(expectation, item.name)
        if found is None:
            strange = True
            continue
        field_id, spec_field, choice = found
        asked[field_id] = spec_field
        groups.setdefault(field_id, []).append((item, choice))
    for field_id, items in groups.items():
        answer, problem = _one(field_id, asked[field_id], items, seen.get(field_id))
        kept = [p for p in kept if p.field != field_id or p.code not in _SETTLED]
        if answer is not None:
            answers[field_id] = answer
        if problem is not None:
            kept.append(problem)
    for code, here in (("pdf-fields", strange), ("pdf-notes", drawn.notes)):
        if here:
            kept.append(Problem(field="", code=code, message_th=say(_SENTENCES[code])))
    return answers, kept


def _ours(expectation: Expectation, name: str) -> tuple[str, Field, str] | None:
    """(field id, field, choice value or "") of a PDF field's name; None when it is none of our ids."""
    field_id, _, choice = name.partition("=")
    spec = expectation.spec
    row, _, key = field_id.rpartition(".")
    if spec.repeat and row not in {activity for activity, _ in expectation.activities}:
        return None
    try:
        found = spec.field(key) if spec.repeat else spec.of_id(field_id)
    except KeyError:
        return None
    if choice and choice not in {c.value for c in found.options}:
        return None
    return (field_id, found, choice) if found.kind not in ("table", "signature") else None


def _one(
    field_id: str, spec_field: Field, items: Sequence[tuple[PdfField, str]], seen: Answer | None
) -> tuple[Answer | None, Problem | None]:
    """The answer of one field id from its widgets and the page's reading of it."""
    place = (seen.source if seen else "") or say("ช่อง {label}", label=spec_field.label)

    def doubt(code: str, a: str, b: str = "") -> tuple[Answer, Problem]:
        text = f"{place}: {say(_SENTENCES[code], a=_short(a), b=_short(b))}"
        raw = seen.raw if seen and seen.raw else a
        answer = Answer(field=field_id, value=None, raw=raw, source=place, method="pdf-field", confidence=0.5)
        return answer, Problem(field=field_id, code=code, message_th=text)

    is_choice = spec_field.kind in ("choice", "yes_no")
    if is_choice:
        said, code = _chosen(spec_field, items)
        texts = said
    else:
        texts = list(dict.fromkeys(clean_text(item.text) for item, _ in items))
        code = "doubled" if len(texts) > 1 else ""
    value = texts[0] if texts else ""
    if code:
        return doubt(code, ", ".join(texts))
    if value and all(item.hidden for item, _ in items):
        return doubt("pdf-hidden", value)
    # Of boxes the page tells something only when one was seen ticked; the widgets hide the printed ones.
    on_page = seen.raw if seen and (seen.value is not None or not is_choice) else ""
    if not _agree(spec_field, value, on_page):
        return doubt("disagree", value, on_page)
    sure = AGREED if value and on_page else ALONE
    return _answer(field_id, spec_field, value, place, sure), None


def _chosen(spec_field: Field, items: Sequence[tuple[PdfField, str]]) -> tuple[list[str], str]:
    """The labels ticked (one box a choice, a radio group, or a list) and a doubt's code."""
    choices = spec_field.options
    labels = {c.value: c.label for c in choices}
    ticked: list[str] = []
    for item, choice in items:
        if not item.text:
            continue
        if choice or (item.box and len(choices) == 1):
            found = choice or choices[0].value
        else:
            words = squeeze(item.text)
            found = next((c.value for c in choices if words in (c.value, squeeze(c.label))), "")
            if not found:
                return [item.text], "unknown-choice"
        if labels[found] not in ticked:
            ticked.append(labels[found])
    return ticked, "both-ticked" if len(ticked) > 1 else ""


def _agree(spec_field: Field, value: str, on_page: str) -> bool:
    """Does the page show the field's value, nothing (no appearance drawn), or its beginning (a field too small for it)?"""
    if not on_page:
        return True
    parse = PARSERS.get(spec_field.kind)
    if parse is not None and parse(value).value is not None and parse(value).value == parse(on_page).value:
        return True
    said, shown = _tight(value), _tight(on_page)
    long = spec_field.kind in ("text", "evidence") and len(shown) >= 8
    return said == shown or (long and said.startswith(shown))


def _tight(text: str) -> str:
    return to_arabic_digits(squeeze(text)).replace(" ", "")


def _answer(field_id: str, spec_field: Field, raw: str, place: str, sure: float) -> Answer:
    parse = PARSERS.get(spec_field.kind)
    value: str | None = raw or None
    if parse is not None:
        value = parse(raw).value
    elif spec_field.kind in ("choice", "yes_no"):
        choices = spec_field.options
        value = next((c.value for c in choices if c.label == raw), None)
        if value is None and len(choices) == 1:
            value = "no"  # a lone box, not ticked
    return Answer(field=field_id, value=value, raw=raw, source=place, method="pdf-field", confidence=sure)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return (text if len(text) <= 40 else text[:39] + "…") or say("ว่าง")
