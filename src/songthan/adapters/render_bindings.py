"""Content controls bound to answers when a template is read: value or placeholder, tick, our notes, the shade of a mistake.

A control whose tag is `{{ activity.id }}.done` (`{{ dos.id }}.behaviour` in a growing table, plain `done` elsewhere) shows
the answer of that field; whatever stands in it in Word is only its look. `…=yes` in the tag of a check box says which
choice the box stands for. Nothing of this is written by the template's author.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from songthan.domain.forms import CARRIED_NOTES
from songthan.domain.language import say

__all__ = ["CHECKED", "PLACEHOLDER", "UNCHECKED", "W14", "Control", "W", "bind_controls", "w"]

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
PLACEHOLDER = "……"
CHECKED, UNCHECKED = "☒", "☐"

_TAG = re.compile(r"(?:\{\{\s*(?P<row>\w+)\.id\s*\}\}\.)?(?P<key>[a-z][a-z0-9_]*)(?:=(?P<choice>\w+))?")
_OWN_NOTE = re.compile(r"carried\(\s*([\w.]+)\s*,\s*['\"‘’“”](\w+)['\"‘’“”]\s*\)")
_WRONG_FILL = "FFE699"
#: Half points: beside TH SarabunPSK of 16 points. A template's own style of notes may say another size.
NOTE_SIZE = 22
# what stands after w:shd in its parent (ECMA-376, 17.3.1.26 and 17.3.2.28): Word refuses another order
_AFTER_SHADE = {
    "rPr": ("fitText", "vertAlign", "rtl", "cs", "em", "lang", "eastAsianLayout", "specVanish", "oMath", "rPrChange"),
    "pPr": (
        "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct", "topLinePunct", "autoSpaceDE", "autoSpaceDN",
        "bidi", "adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "mirrorIndents", "suppressOverlap", "jc",
        "textDirection", "textAlignment", "textboxTightWrap", "outlineLvl", "divId", "cnfStyle", "rPr", "sectPr", "pPrChange",
    ),
}  # fmt: skip


def w(name: str) -> str:
    """`tbl` → the element name lxml knows it by."""
    return f"{{{W}}}{name}"


@dataclass(frozen=True, kw_only=True)
class Control:
    """A bound content control as the template declares it.

    `row` is the loop variable its tag names («activity», or a growing table's key), "" for a plain field; `choice` the
    value a check box stands for, "" for a text.
    """

    tag: str
    alias: str
    key: str
    choice: str
    row: str

    @property
    def repeats(self) -> bool:
        return self.row != ""

    @property
    def answers(self) -> str:
        """The Jinja name of the answers this control's value is one of."""
        return f"{self.row}.answers" if self.row else "answers"


def bind_controls(root: etree._Element, *, note_style: str = "", note_size: int = NOTE_SIZE) -> tuple[Control, ...]:
    """Binds every control of a part, in place, and puts our notes after the paragraphs of their fields.

    `note_style` is the id of the paragraph style of notes, "" when the template has none; `note_size` is how large they
    are, in half points (a note of what is wrong is a point larger).
    """
    own_notes = set(_OWN_NOTE.findall("".join(root.itertext(w("t")))))
    bound: list[tuple[Control, etree._Element]] = []
    for sdt in list(root.iter(w("sdt"))):
        control = _control(sdt)
        if control is not None:
            (_bind_box if control.choice else _bind_text)(sdt, control)
            bound.append((control, next(sdt.iterancestors(w("p")), sdt)))
    _shade_paragraphs(bound)
    # a field's boxes may stand in several paragraphs; the note follows the last
    last = {(control.row, control.key): (control, place) for control, place in bound}
    notes: dict[etree._Element, list[Control]] = {}
    for control, place in last.values():
        notes.setdefault(place, []).append(control)
    for place, controls in notes.items():
        _put_notes(place, controls, own_notes, note_style, note_size)
    return tuple(control for control, _ in bound)


def _control(sdt: etree._Element) -> Control | None:
    tag = sdt.find(f"{w('sdtPr')}/{w('tag')}")
    match = None if tag is None else _TAG.fullmatch(tag.get(w("val"), ""))
    if match is None:
        return None
    alias = sdt.find(f"{w('sdtPr')}/{w('alias')}")
    return Control(
        tag=match.group(),
        alias="" if alias is None else alias.get(w("val"), ""),
        key=match["key"],
        choice=match["choice"] or "",
        row=match["row"] or "",
    )


def _bind_text(sdt: etree._Element, control: Control) -> None:
    """Content: the value in the control's own look, or the grey placeholder with w:showingPlcHdr."""
    properties = sdt.find(w("sdtPr"))
    for old in properties.findall(w("showingPlcHdr")):
        properties.remove(old)
    showing = etree.Element(w("showingPlcHdr"))
    kind = next((c for c in properties if c.tag in (w("richText"), w("text"))), None)
    if kind is None:
        properties.append(showing)
    else:
        kind.addprevious(showing)
    _wrap(showing, "{% if not songthan_value %}", "{% endif %}")
    content = sdt.find(w("sdtContent"))
    look = _look(content)
    for child in list(content):
        content.remove(child)
    filled, empty = _run(look, "{{ songthan_value }}"), _run(look, PLACEHOLDER)
    style = etree.Element(w("rStyle"))
    style.set(w("val"), "PlaceholderText")
    empty.find(w("rPr")).insert(0, style)
    for run in (filled, empty):
        _shade(run.find(w("rPr")), "songthan_wrong")
    content.extend([filled, empty])
    content.text, filled.tail, empty.tail = "{% if songthan_value %}", "{% else %}", "{% endif %}"
    field = f"{control.answers}|{{}}('{control.key}')"
    _write_before(
        sdt,
        f"{{% set songthan_value = {field.format('as_answer')} %}}{{% set songthan_wrong = {field.format('as_problem')} %}}",
    )


def _bind_box(sdt: etree._Element, control: Control) -> None:
    content = sdt.find(w("sdtContent"))
    look = _look(content)
    for child in list(content):
        content.remove(child)
    content.append(_run(look, f"{{% if songthan_chosen %}}{CHECKED}{{% else %}}{UNCHECKED}{{% endif %}}"))
    checked = sdt.find(f"{w('sdtPr')}/{{{W14}}}checkbox/{{{W14}}}checked")
    if checked is not None:
        checked.set(f"{{{W14}}}val", "{% if songthan_chosen %}1{% else %}0{% endif %}")
    chosen = f"{control.answers}|as_answer('{control.key}') == '{control.choice}'"
    _write_before(sdt, f"{{% set songthan_chosen = {chosen} %}}")


def _shade_paragraphs(bound: Sequence[tuple[Control, etree._Element]]) -> None:
    """The paragraph of a box is shaded as a whole: a box alone is too small a thing to be seen."""
    wrong: dict[etree._Element, dict[str, None]] = {}
    for control, place in bound:
        if control.choice and place.tag == w("p"):
            wrong.setdefault(place, {})[f"{control.answers}|as_problem('{control.key}')"] = None
    for paragraph, conditions in wrong.items():
        properties = paragraph.find(w("pPr"))
        if properties is None:
            properties = etree.Element(w("pPr"))
            paragraph.insert(0, properties)
            # a control's Jinja may stand at the paragraph's start: the properties come before it
            properties.tail, paragraph.text = paragraph.text, None
        _shade(properties, " or ".join(conditions))


def _shade(properties: etree._Element, condition: str) -> None:
    """The colour of a mistake in run or paragraph properties when `condition` holds, else what was there."""
    shade = etree.Element(w("shd"))
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", _WRONG_FILL)):
        shade.set(w(name), value)
    old = properties.find(w("shd"))
    if old is not None:
        old.addprevious(shade)
        _wrap(shade, f"{{% if {condition} %}}", "{% else %}")
        old.tail = "{% endif %}"
        return
    after = {w(name) for name in _AFTER_SHADE[etree.QName(properties).localname]}
    follower = next((child for child in properties if child.tag in after), None)
    if follower is None:
        properties.append(shade)
    else:
        follower.addprevious(shade)
    _wrap(shade, f"{{% if {condition} %}}", "{% endif %}")


def _put_notes(
    place: etree._Element, controls: Sequence[Control], own_notes: set[tuple[str, str]], style: str, size: int
) -> None:
    """Our notes in paragraphs of their own right after `place`, each printed when its field calls for it."""
    parent, at, tail = place.getparent(), place.getparent().index(place), place.tail or ""
    place.tail = ""
    previous = place
    for control in controls:
        field = f"{control.answers}|{{}}('{control.key}')"
        wrong = _note(f"{{{{ {field.format('as_wrong_note')} }}}}", style, size + 2, wrong=True)
        previous.tail += f"{{% if {field.format('as_problem')} %}}"
        parent.insert(at + 1, wrong)
        at, previous = at + 1, wrong
        if (control.answers, control.key) not in own_notes:
            carried = _note(say(CARRIED_NOTES[control.row != "activity"]), style, size, wrong=False)
            wrong.tail = f"{{% elif {field.format('is_carried')} %}}"
            parent.insert(at + 1, carried)
            at, previous = at + 1, carried
        previous.tail = "{% endif %}"
    previous.tail += tail


def _note(text: str, style: str, size: int, *, wrong: bool) -> etree._Element:
    """A note's paragraph. Its look is written out, so that it looks the same in a template without our style."""
    paragraph = etree.Element(w("p"))
    if style:
        etree.SubElement(etree.SubElement(paragraph, w("pPr")), w("pStyle")).set(w("val"), style)
    run = etree.SubElement(paragraph, w("r"))
    look = etree.SubElement(run, w("rPr"))
    for name in ("b", "bCs") if wrong else ():
        etree.SubElement(look, w(name))
    for name, value in (
        ("color", "C00000" if wrong else "7F7F7F"),
        ("sz", str(size)),
        ("szCs", str(size)),
    ):
        etree.SubElement(look, w(name)).set(w("val"), value)
    etree.SubElement(run, w("t")).text = text
    return paragraph


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


def _write_before(element: etree._Element, text: str) -> None:
    """Append text to what stands before an element among its siblings."""
    previous = element.getprevious()
    if previous is None:
        parent = element.getparent()
        parent.text = (parent.text or "") + text
    else:
        previous.tail = (previous.tail or "") + text


def _wrap(element: etree._Element, before: str, after: str) -> None:
    """Put text before and after an element among its siblings."""
    _write_before(element, before)
    element.tail = after
