"""What was found in the slots of a layout: texts and ticks by field id, and the words that lead a person there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from songthan.adapters.read_grid import Controls
from songthan.adapters.read_layout_text import BREAK, FORMATTED, NOTE, PICTURE, UNSEEN, Cut, Words, fits, words_of
from songthan.domain.forms import Field, FormSpec, Problem
from songthan.domain.language import phrase, say
from songthan.domain.layouts import Pattern, Slot
from songthan.domain.places import form_words, place_words
from songthan.domain.values import EMPTY_BOX, TICKED

__all__ = ["Found", "Places", "merge", "stray_text", "take_cut"]

_BOXED = frozenset("☑☒⊠🗹🗷■◉●")
_AROUND_SIGNS = str.maketrans("", "", "()[]\ufe0e\ufe0f" + UNSEEN + NOTE + BREAK + PICTURE + FORMATTED)

_SENTENCES = {
    "label-missing": phrase(
        "ข้อความที่พิมพ์ไว้ในแบบข้างช่องนี้ถูกลบหรือแก้ไข ระบบจึงไม่แน่ใจว่าคำตอบเริ่มและจบที่ใด โปรดตรวจดู และกรอกในแบบที่ระบบส่งให้"
    ),
    "extra-text": phrase("มีข้อความ «{text}» อยู่นอกช่องกรอก ระบบไม่ทราบว่าเป็นคำตอบของข้อใด โปรดตรวจดูและย้ายไปไว้ในช่องของข้อนั้น"),
    "row-missing": phrase("ไม่พบแถวหรือตารางของช่องนี้ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่ลบแถวหรือแก้ข้อความที่พิมพ์ไว้"),
    "row-twice": phrase("พบแถวของช่องนี้มากกว่าหนึ่งแถว ระบบไม่ทราบว่าให้ใช้แถวใด โปรดเหลือไว้เพียงแถวเดียว"),
    "row-unknown": phrase("มีแถวที่ระบบไม่รู้จักซึ่งมีข้อความ «{text}» โปรดตรวจดูและย้ายข้อความไปไว้ในช่องของข้อที่ถาม"),
    "column-missing": phrase("ไม่พบช่องนี้ในตาราง ระบบจึงอ่านคำตอบจากตารางไม่ได้ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่แก้โครงตาราง"),
    "merged": phrase("ช่องนี้ถูกผสานหรือแยกจากช่องอื่น ระบบจึงอ่านคำตอบจากตารางไม่ได้ โปรดกรอกในแบบที่ระบบส่งให้โดยไม่แก้โครงตาราง"),
}


@dataclass(kw_only=True)
class Found:
    """What stood in a field's place. `where` is «table» or «label» (between printed words of the body).

    `text` is a text field's (None: where it begins or ends is not clear; `agrees` then tells whether the texts known of
    these fields, by id, are what stands there). `ticks` are a choice's boxes by value, None where a box cannot be told. `controls` are
    those inside the cell, for rows of growing tables, whose tags say nothing once rows are copied.
    """

    where: str
    text: str | None = None
    oddities: frozenset[str] = frozenset()
    agrees: Callable[[Callable[[str], str | None]], bool] | None = None
    ticks: dict[str, bool | None] = field(default_factory=dict)
    code: str = ""
    raw: str = ""
    controls: Controls | None = None


@dataclass(kw_only=True)
class Places:
    """Ids of slots and the words that lead to them («แบบ F1 ข้อ ๒ ช่อง …»), collected in `words`."""

    spec: FormSpec
    words: dict[str, str] = field(default_factory=dict)

    def field_of(self, slot_field: str) -> Field | None:
        """The field or column of a slot; None when the form's data does not know it, or it is for a pen."""
        key, _, column = slot_field.partition(".")
        try:
            found = self.spec.field(key)
            found = found.column_of(column) if column else found
        except KeyError:
            return None
        return None if found.kind == "signature" else found

    def id_of(self, slot_field: str, row: int) -> str:
        """The answer's id of a slot; `row` is 0 outside growing tables."""
        key, _, column = slot_field.partition(".")
        field_id = f"{key}[{row}].{column}" if column else key
        if field_id not in self.words:
            self.words[field_id] = place_words(self.spec, field_id)
        return field_id

    def problem(self, field_id: str, code: str, text: str = "") -> Problem:
        """A problem of a field already met by `id_of`, or of the form (`field_id` «»)."""
        return _problem(field_id, self.words.get(field_id) or form_words(self.spec), code, text)


def _problem(field_id: str, place: str, code: str, text: str = "") -> Problem:
    short = text if len(text) <= 60 else text[:59] + "…"
    return Problem(field=field_id, code=code, message_th=f"{place}: {say(_SENTENCES[code], text=short)}")


def stray_text(field_id: str, place: str, text: str) -> Problem:
    """Text at a place where the form asks for nothing, perhaps this field's answer («»: nobody's)."""
    return _problem(field_id, place, "extra-text", text)


def take_cut(
    pattern: Pattern, result: Cut, words: Words, places: Places, *, where: str, row: int = 0,
    oddities: frozenset[str] = frozenset(),
) -> tuple[dict[str, Found], list[Problem]]:  # fmt: skip
    """The fields of one passage or cell out of its cut."""
    found: dict[str, Found] = {}
    problems: list[Problem] = []
    for slot in pattern.slots:
        about = places.field_of(slot.field)
        if about is None:
            continue
        field_id = places.id_of(slot.field, row)
        if slot in result.missing:
            if all(p.field != field_id for p in problems):
                problems.append(places.problem(field_id, "label-missing"))
            continue
        one = _text(slot, result, where) if not slot.choice else _box(slot, about, result, where)
        one.oddities |= oddities
        if slot in result.unclear:
            one.agrees = partial(_agrees, pattern, words, places, row)
        merge(found, field_id, one)
    for problem in problems:
        found.pop(problem.field, None)
    if result.extra:
        problems.append(places.problem("", "extra-text", result.extra))
    return found, problems


def _agrees(pattern: Pattern, words: Words, places: Places, row: int, known: Callable[[str], str | None]) -> bool:
    texts = {s: known(places.id_of(s.field, row)) for s in pattern.slots if not s.choice}
    return fits(pattern, words, {slot: text for slot, text in texts.items() if text is not None})


def merge(found: dict[str, Found], field_id: str, one: Found) -> None:
    """Add a find; the boxes of one choice may stand in several cells."""
    known = found.get(field_id)
    if known is None:
        found[field_id] = one
        return
    if known.ticks and one.ticks and not set(known.ticks) & set(one.ticks):
        known.ticks.update(one.ticks)
        known.code = known.code or one.code
        known.raw = f"{known.raw} {one.raw}".strip()
        known.oddities |= one.oddities
        known.agrees = known.agrees or one.agrees
        if known.controls is not None and one.controls is not None:
            known.controls = known.controls.joined(one.controls)
    elif not known.ticks:
        # The same field in two places of the blank form: a template's mistake, never two answers.
        known.text, known.agrees = None, (lambda known: False)


def _text(slot: Slot, result: Cut, where: str) -> Found:
    if slot in result.unclear:
        return Found(where=where)
    text, oddities = plain(result.texts[slot])
    return Found(where=where, text=text, oddities=oddities)


def plain(raw: str) -> tuple[str, frozenset[str]]:
    """The typed text of a slot, and «after-note», «picture», «formatted», «behind-table» where there is more than text."""
    odd: set[str] = set()
    if BREAK in raw:
        raw, _, rest = raw.partition(BREAK)
        if rest.translate(_AROUND_SIGNS).strip():
            raw, odd = f"{raw}\n{rest.replace(BREAK, '')}", {"behind-table"}
    if PICTURE in raw:
        raw, odd = raw.replace(PICTURE, ""), odd | {"picture"}
    if FORMATTED in raw:
        raw, odd = raw.replace(FORMATTED, ""), odd | {"formatted"}
    kept: list[str] = []
    seen = False
    for number, line in enumerate(raw.split("\n")):
        if NOTE in line:
            seen = True
            if not number:
                odd.add("after-note")  # ours stand in a paragraph of their own: a person wrote this one
            line = line.replace(NOTE, "")
            if not line.strip():
                continue
            odd.add("after-note")
        elif seen and line.strip():
            odd.add("after-note")
        kept.append(line)
    return "\n".join(kept), frozenset(odd)


def _box(slot: Slot, about: Field, result: Cut, where: str) -> Found:
    """One box of a choice: the sign between the printed words."""
    if slot in result.unclear:
        return Found(where=where, ticks={slot.choice: None})
    raw = result.texts[slot]
    labels = {c.value: words_of(c.label).norm for c in about.options}
    label = labels.get(slot.choice, "")
    leads = bool(label) and result.after[slot].startswith(label)
    follows = bool(label) and result.before[slot].endswith(label)
    side = "before" if leads and not follows else "after" if follows and not leads else ""
    closed = bool(result.before[slot] and result.after[slot]) and "\n" not in raw
    state, code = _ticked(raw.translate(_AROUND_SIGNS), side, closed=closed)
    odd = frozenset({"formatted"} if FORMATTED in raw else ())
    return Found(
        where=where,
        ticks={slot.choice: state},
        code=code,
        oddities=odd,
        raw=" ".join(raw.translate(_AROUND_SIGNS).split()),
    )


def _ticked(raw: str, side: str, *, closed: bool) -> tuple[bool | None, str]:
    """Whether a box is ticked; codes: «extra-text», «tick-unclear», «no-sign» (nothing stands there: not ticked).

    `side` is where the box stands from its label. A sign on the line of another label, or glued to that label, is
    perhaps that one's.
    """
    lines = raw.split("\n")
    own = lines[-1] if side == "before" else lines[0] if side == "after" else " ".join(lines)
    others = (lines[:-1] if side == "before" else lines[1:]) if side else []
    if any(line.strip() for line in others):
        return None, "tick-unclear" if all(_all_signs(line) for line in others) else "extra-text"
    if not _all_signs(own):
        return None, "extra-text"
    signs = "".join(own.split())
    if not signs:
        return False, "no-sign"
    ticked = any(sign in TICKED for sign in signs)
    if closed and ticked and (len(signs) > 1 or (signs not in _BOXED and not _near(own, side))):
        return None, "tick-unclear"
    return ticked, ""


def _all_signs(line: str) -> bool:
    return all(char.isspace() or char in TICKED or char in EMPTY_BOX for char in line)


def _near(own: str, side: str) -> bool:
    """Does a typed tick stand by its own label, or at least not by the other one?"""
    left, right = not own[0].isspace(), not own[-1].isspace()
    if side == "before":
        return right or not left
    return (left or not right) if side == "after" else left == right
