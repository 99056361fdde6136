"""Compares the two readings of a form (content controls, tables) and makes answers of what both hold.

Agreement is an answer; only the table (LibreOffice drops the tags) is an answer too; anything else is a problem.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from songthan.adapters.read_grid import Box, Controls, GridReading, choice_of
from songthan.domain.answers import PARSERS
from songthan.domain.forms import Answer, Choice, Field, Problem, split_field_id
from songthan.domain.language import digits, phrase, say
from songthan.domain.values import clean_text
from songthan.ports import Expectation

__all__ = ["Ask", "Controls", "Seen", "doubt", "reconcile", "settle_choice", "settle_text"]

TABLE_ONLY, TYPED_OUTSIDE, CONTROL_ONLY = 0.95, 0.9, 0.9
_CHOICES = frozenset({"choice", "yes_no"})
_SENTENCES = {
    "disagree": phrase("อ่านได้ไม่ตรงกันสองวิธี (ในช่องกรอกเป็น «{a}» แต่ในตารางเป็น «{b}») โปรดตรวจดูว่าคำตอบใดถูกต้อง"),
    "doubled": phrase("พบช่องกรอกของข้อนี้มากกว่าหนึ่งแห่ง ระบบไม่ทราบว่าให้ใช้แห่งใด โปรดเหลือคำตอบไว้เพียงแห่งเดียว"),
    "repeated": phrase("พบข้อความเดียวกันซ้ำติดกัน {n} ครั้ง อาจเกิดจากโปรแกรมที่ใช้เปิดไฟล์ โปรดตรวจแล้วเหลือไว้ครั้งเดียว"),
    "both-ticked": phrase("เลือกไว้มากกว่าหนึ่งข้อ โปรดเลือกเพียงข้อเดียวจาก {labels}"),
    "choice-missing": phrase("ไม่พบตัวเลือก {labels} ครบถ้วน ระบบจึงไม่ทราบว่าเลือกข้อใด โปรดเลือกในแบบที่ระบบส่งให้โดยไม่ลบตัวเลือก"),
    "extra-text": phrase("มีข้อความต่อท้ายตัวเลือก ซึ่งช่องนี้ใช้เลือกเท่านั้น โปรดตรวจดูและย้ายข้อความไปไว้ในช่องหมายเหตุ"),
    "after-marker": phrase("มีข้อความพิมพ์ไว้หลังบรรทัด «ข้อมูลไตรมาสก่อน» ระบบไม่แน่ใจว่าให้ใช้แทนหรือต่อจากของเดิม โปรดตรวจดู"),
    "after-note": phrase("มีข้อความพิมพ์ไว้หลังข้อความในวงเล็บที่ระบบใส่ไว้ ระบบไม่แน่ใจว่าให้ใช้แทนหรือต่อจากของเดิม โปรดตรวจดู"),
    "nested-table": phrase("มีตารางซ้อนอยู่ในช่อง ระบบอ่านเป็นข้อความล้วนไม่ได้ครบ โปรดตรวจดูและพิมพ์เป็นข้อความ"),
    "picture": phrase("มีรูปภาพอยู่ในช่อง ซึ่งระบบอ่านไม่ได้ โปรดตรวจดู และแนบรูปเป็นไฟล์มากับอีเมลแทน"),
    "behind-table": phrase("มีข้อความพิมพ์ไว้หลังตารางซึ่งระบบไม่แน่ใจว่าเป็นส่วนหนึ่งของคำตอบในช่องนี้หรือไม่ โปรดตรวจดู"),
    "unclear": phrase("คำตอบมีถ้อยคำเดียวกับที่พิมพ์ไว้ในแบบ ระบบไม่แน่ใจว่าคำตอบเริ่มและจบที่ใด โปรดตรวจดู"),
    "tick-unclear": phrase("ระบบไม่แน่ใจว่าเครื่องหมายที่พิมพ์ไว้เป็นของตัวเลือกใดใน {labels} โปรดตรวจดู และคลิกเลือกในช่องสี่เหลี่ยม"),
    "formatted": phrase(
        "มีข้อความขีดฆ่า ตัวยก ตัวห้อย หรือสมการอยู่ในช่อง ระบบอ่านความหมายจากข้อความล้วนไม่ได้แน่ชัด โปรดตรวจดูและพิมพ์เป็นข้อความธรรมดา"
    ),
    "pdf-wrapped": phrase("คำตอบยาวเกินหนึ่งบรรทัดใน PDF ระบบไม่แน่ใจว่าเว้นวรรคหรือขึ้นบรรทัดใหม่ตรงใด โปรดตรวจดู หรือส่งเป็นไฟล์ Word"),
}


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One expected field, where a person finds it, and what its place is called («table», «label»)."""

    id: str
    field: Field
    place: str
    way: str = "table"

    def problem(self, code: str, **words: str) -> Problem:
        return Problem(field=self.id, code=code, message_th=f"{self.place}: {say(_SENTENCES[code], **words)}")


def reconcile(
    expectation: Expectation, controls: Controls | None, reading: GridReading
) -> tuple[dict[str, Answer], list[Problem]]:
    """Answers by field id and the problems, the grid's own included.

    `controls` is None for files that have none (PDF): then `reading` alone counts.
    """
    answers: dict[str, Answer] = {}
    problems = list(reading.problems)
    twice = {p.field for p in problems if p.code == "row-twice"}
    for ask in _asked(expectation, reading):
        box = reading.cells.get(ask.id)
        if ask.field.kind in _CHOICES:
            answer, problem = _choice(ask, controls, box)
        else:
            answer, problem = settle_text(ask, controls, box)
        if answer is not None:
            answers[ask.id] = answer
        # A copied row has said it once for all of its fields.
        if problem is not None and split_field_id(ask.id)[0] not in twice:
            problems.append(problem)
    return answers, problems


def _asked(expectation: Expectation, reading: GridReading) -> list[Ask]:
    spec = expectation.spec
    fields = [f for f in spec.fields if f.kind not in ("signature", "table")]
    if spec.repeat != "activity":
        return [Ask(id=f.key, field=f, place=say("ช่อง {label}", label=f.label)) for f in fields]
    return [
        Ask(
            id=f"{activity}.{f.key}",
            field=f,
            place=reading.places.get(
                f"{activity}.{f.key}",
                say("แถว {number} ช่อง {column}", number=digits(number), column=f.column or f.label),
            ),
        )
        for activity, number in expectation.activities
        for f in fields
    ]


def _answer(ask: Ask, raw: str, method: str, confidence: float) -> Answer:
    """An answer from the text as it stands; a number that cannot be understood has no value, and the raw text."""
    parse = PARSERS.get(ask.field.kind)
    value = parse(raw).value if parse else (raw or None)
    return Answer(field=ask.id, value=value, raw=raw, source=ask.place, method=method, confidence=confidence)


def doubt(ask: Ask, raw: str, code: str, method: str = "table", **words: str) -> tuple[Answer, Problem]:
    """What stood there, without a value, and why (a code of this module's sentences)."""
    doubtful = Answer(field=ask.id, value=None, raw=raw, source=ask.place, method=method, confidence=0.5)
    return doubtful, ask.problem(code, **words)


def _repeats(text: str) -> int:
    """How many times one text follows itself (1: it does not), where that is no way of writing Thai.

    LibreOffice writes some controls back with their value four times; people double short words («ต่าง ๆ», «มากมาก»).
    """
    for times in (4, 3, 2):
        unit, rest = divmod(len(text), times)
        if not rest and unit and text == text[:unit] * times and (times == 4 or unit >= 12) and text.strip("-./ "):
            return times
    return 1


_Settled = tuple[Answer | None, Problem | None]


def settle_text(ask: Ask, controls: Controls | None, box: Box | None) -> _Settled:
    """The answer of a text field from its controls and its place in the form (None: no such place was found)."""
    found = controls.texts.get(ask.id, []) if controls is not None else []
    if len(found) > 1:
        return doubt(ask, clean_text(box.text) if box else "", "doubled")
    control = clean_text(found[0]) if found else None
    if found and ask.id in controls.noted:
        return doubt(ask, clean_text(box.text) if box else control, "after-note", "control")
    if box is None:
        if control is None:
            return None, None
        return _checked(ask, _answer(ask, control, "control", CONTROL_ONLY))
    table = control if found and box.text == found[0] else clean_text(box.text)
    for code in ("nested-table", "picture", "formatted", "after-marker", "after-note", "behind-table"):
        if code in box.oddities:
            return doubt(ask, table, code)
    if "wrapped" in box.oddities:
        answer = replace(_answer(ask, table, "pdf-text", 0.7), confidence=0.7)
        return answer, ask.problem("pdf-wrapped")
    if control is None:
        return _checked(ask, _answer(ask, table, ask.way if controls is not None else "pdf-text", TABLE_ONLY))
    if control == table:
        return _checked(ask, _answer(ask, table, f"control+{ask.way}", 1.0))
    return _compared(ask, control, table)


def _compared(ask: Ask, control: str, table: str) -> _Settled:
    """The cell holds more than the control: a member typed beside it. Anything else is a disagreement."""
    parse = PARSERS.get(ask.field.kind)
    if parse is not None:
        same = parse(control).value is not None and parse(control).value == parse(table).value
        if same or not control:
            return _checked(ask, _answer(ask, table, ask.way, TYPED_OUTSIDE))
    elif control in table:
        return _checked(ask, _answer(ask, table, ask.way, TYPED_OUTSIDE))
    return doubt(ask, table, "disagree", ask.way, a=_short(control), b=_short(table))


def _checked(ask: Ask, answer: Answer) -> tuple[Answer, Problem | None]:
    times = _repeats(answer.raw)
    if times > 1:
        return doubt(ask, answer.raw, "repeated", answer.method, n=digits(times))
    return answer, None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return (text if len(text) <= 40 else text[:39] + "…") or say("ว่าง")


def _choice(ask: Ask, controls: Controls | None, box: Box | None) -> _Settled:
    if box is None:
        return settle_choice(ask, controls, None)
    code = next((c for c in ("nested-table", "picture", "formatted") if c in box.oddities), "")
    value = None
    if not code:
        value, code = choice_of(box, ask.field.options)
    return settle_choice(ask, controls, Seen(value=value, code=code, raw=box.text))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the boxes of a choice look like on the page: the one that is ticked (None: none is), or why that is not sure.

    With code «unclear» the page cannot tell, and what the controls say is not contradicted.
    """

    value: str | None = None
    code: str = ""
    raw: str = ""


def settle_choice(ask: Ask, controls: Controls | None, seen: Seen | None) -> _Settled:
    """The answer of a choice from its check boxes and the look of the page (None: its place was not found)."""
    choices = ask.field.options
    labels = say(" และ ").join(f"«{c.label}»" for c in choices)
    lists = [controls.ticks.get(f"{ask.id}={c.value}", []) if controls is not None else [] for c in choices]
    raw = seen.raw if seen is not None else ""
    if any(len(found) > 1 for found in lists):
        return doubt(ask, raw, "doubled")
    have_controls = all(lists)
    ticked = [c.value for c, found in zip(choices, lists, strict=True) if found and found[0]]
    if seen is None and not have_controls:
        return None, None
    if seen is None or (seen.code == "unclear" and have_controls):
        if len(ticked) > 1:
            return doubt(ask, raw, "both-ticked", "control", labels=labels)
        return _chosen(ask, ticked[0] if ticked else None, "control", CONTROL_ONLY), None
    if seen.code or len(ticked) > 1:
        return doubt(ask, raw, seen.code or "both-ticked", ask.way, labels=labels)
    if not have_controls:
        return _chosen(ask, seen.value, ask.way if controls is not None else "pdf-text", TABLE_ONLY), None
    said = ticked[0] if ticked else None
    if said == seen.value:
        return _chosen(ask, seen.value, f"control+{ask.way}", 1.0), None
    if said is None:
        # A tick typed beside the box instead of clicking it: the table sees it, the control does not.
        return _chosen(ask, seen.value, ask.way, TYPED_OUTSIDE), None
    names = {c.value: c.label for c in choices}
    return doubt(ask, raw, "disagree", ask.way, a=names.get(said, ""), b=names.get(seen.value or "", say("ไม่ได้เลือก")))


def _chosen(ask: Ask, value: str | None, method: str, confidence: float) -> Answer:
    choices: tuple[Choice, ...] = ask.field.options
    raw = next((c.label for c in choices if c.value == value), "")
    if value is None and ask.field.kind == "yes_no" and len(choices) == 1:
        value = "no"  # a lone tick box: leaving it empty is an answer
    return Answer(field=ask.id, value=value, raw=raw, source=ask.place, method=method, confidence=confidence)
