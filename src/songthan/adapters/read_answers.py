"""Compares the two readings of a form (content controls, tables) and makes answers of what both hold.

Agreement is an answer; only the table (LibreOffice drops the tags) is an answer too; anything else is a problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from songthan.adapters.read_grid import Box, GridReading, choice_of, choices_of
from songthan.domain.forms import Answer, Field, Problem, split_field_id
from songthan.domain.thai import to_thai_digits
from songthan.domain.values import clean_text, parse_count, parse_number, parse_percent
from songthan.ports import Expectation

__all__ = ["Controls", "reconcile"]

TABLE_ONLY, TYPED_OUTSIDE, CONTROL_ONLY = 0.95, 0.9, 0.9
_CHOICES = frozenset({"choice", "yes_no"})
_NUMBERS = {"percent": parse_percent, "number": parse_number, "count": parse_count}
_SENTENCES = {
    "disagree": "อ่านได้ไม่ตรงกันสองวิธี (ในช่องกรอกเป็น «{a}» แต่ในตารางเป็น «{b}») โปรดตรวจดูว่าคำตอบใดถูกต้อง",
    "doubled": "พบช่องกรอกของข้อนี้มากกว่าหนึ่งแห่ง ระบบไม่ทราบว่าให้ใช้แห่งใด โปรดเหลือคำตอบไว้เพียงแห่งเดียว",
    "repeated": "พบข้อความเดียวกันซ้ำติดกัน {n} ครั้ง อาจเกิดจากโปรแกรมที่ใช้เปิดไฟล์ โปรดตรวจแล้วเหลือไว้ครั้งเดียว",
    "both-ticked": "เลือกไว้ทั้ง {labels} โปรดเลือกเพียงข้อเดียว",
    "choice-missing": "ไม่พบตัวเลือก {labels} ครบถ้วน ระบบจึงไม่ทราบว่าเลือกข้อใด โปรดเลือกในแบบที่ระบบส่งให้โดยไม่ลบตัวเลือก",
    "extra-text": "มีข้อความต่อท้ายตัวเลือก ซึ่งช่องนี้ใช้เลือกเท่านั้น โปรดตรวจดูและย้ายข้อความไปไว้ในช่องหมายเหตุ",
    "after-marker": "มีข้อความพิมพ์ไว้หลังบรรทัด «ข้อมูลไตรมาสก่อน» ระบบไม่แน่ใจว่าให้ใช้แทนหรือต่อจากของเดิม โปรดตรวจดู",
    "nested-table": "มีตารางซ้อนอยู่ในช่อง ระบบอ่านเป็นข้อความล้วนไม่ได้ครบ โปรดตรวจดูและพิมพ์เป็นข้อความ",
    "picture": "มีรูปภาพอยู่ในช่อง ซึ่งระบบอ่านไม่ได้ โปรดตรวจดู และแนบรูปเป็นไฟล์มากับอีเมลแทน",
    "pdf-wrapped": "คำตอบยาวเกินหนึ่งบรรทัดใน PDF ระบบไม่แน่ใจว่าเว้นวรรคหรือขึ้นบรรทัดใหม่ตรงใด โปรดตรวจดู หรือส่งเป็นไฟล์ Word",
}


@dataclass(kw_only=True)
class Controls:
    """The content controls by name (tag, else alias): every text found under that name, and check boxes' states."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    ticks: dict[str, list[bool]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Ask:
    """One expected field and where a person finds it."""

    id: str
    field: Field
    place: str

    def problem(self, code: str, **words: str) -> Problem:
        return Problem(field=self.id, code=code, message_th=f"{self.place}: {_SENTENCES[code].format(**words)}")


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
            answer, problem = _text(ask, controls, box)
        if answer is not None:
            answers[ask.id] = answer
        # A copied row has said it once for all of its fields.
        if problem is not None and split_field_id(ask.id)[0] not in twice:
            problems.append(problem)
    return answers, problems


def _asked(expectation: Expectation, reading: GridReading) -> list[_Ask]:
    spec = expectation.spec
    if spec.repeat != "activity":
        return [_Ask(id=f.key, field=f, place=f"ช่อง {f.label}") for f in spec.fields]
    return [
        _Ask(
            id=f"{activity}.{f.key}",
            field=f,
            place=reading.places.get(f"{activity}.{f.key}", f"แถว {to_thai_digits(number)} ช่อง {f.column or f.label}"),
        )
        for activity, number in expectation.activities
        for f in spec.fields
    ]


def _answer(ask: _Ask, raw: str, method: str, confidence: float) -> Answer:
    """An answer from the text as it stands; a number that cannot be understood has no value, and the raw text."""
    parse = _NUMBERS.get(ask.field.kind)
    value = parse(raw).value if parse else (raw or None)
    return Answer(field=ask.id, value=value, raw=raw, source=ask.place, method=method, confidence=confidence)


def _doubt(ask: _Ask, raw: str, code: str, method: str = "table", **words: str) -> tuple[Answer, Problem]:
    """What stood there, without a value, and why."""
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


def _text(ask: _Ask, controls: Controls | None, box: Box | None) -> tuple[Answer | None, Problem | None]:
    found = controls.texts.get(ask.id, []) if controls is not None else []
    if len(found) > 1:
        return _doubt(ask, clean_text(box.text) if box else "", "doubled")
    control = clean_text(found[0]) if found else None
    if box is None:
        if control is None:
            return None, None
        return _checked(ask, _answer(ask, control, "control", CONTROL_ONLY))
    table = clean_text(box.text)
    for code in ("nested-table", "picture", "after-marker"):
        if code in box.oddities:
            return _doubt(ask, table, code)
    if "wrapped" in box.oddities:
        answer = replace(_answer(ask, table, "pdf-text", 0.7), confidence=0.7)
        return answer, ask.problem("pdf-wrapped")
    if control is None:
        method, sure = ("table", TABLE_ONLY) if controls is not None else ("pdf-text", TABLE_ONLY)
        return _checked(ask, _answer(ask, table, method, sure))
    if control == table:
        return _checked(ask, _answer(ask, table, "control+table", 1.0))
    return _compared(ask, control, table)


def _compared(ask: _Ask, control: str, table: str) -> tuple[Answer | None, Problem | None]:
    """The cell holds more than the control: a member typed beside it. Anything else is a disagreement."""
    parse = _NUMBERS.get(ask.field.kind)
    if parse is not None:
        same = parse(control).value is not None and parse(control).value == parse(table).value
        if same or not control:
            return _checked(ask, _answer(ask, table, "table", TYPED_OUTSIDE))
    elif control in table:
        return _checked(ask, _answer(ask, table, "table", TYPED_OUTSIDE))
    return _doubt(ask, table, "disagree", a=_short(control), b=_short(table))


def _checked(ask: _Ask, answer: Answer) -> tuple[Answer, Problem | None]:
    times = _repeats(answer.raw)
    if times > 1:
        return _doubt(ask, answer.raw, "repeated", answer.method, n=to_thai_digits(times))
    return answer, None


def _short(text: str) -> str:
    text = " ".join(text.split())
    return (text if len(text) <= 40 else text[:39] + "…") or "ว่าง"


def _choice(ask: _Ask, controls: Controls | None, box: Box | None) -> tuple[Answer | None, Problem | None]:
    choices = choices_of(ask.field)
    labels = " และ ".join(f"«{c.label}»" for c in choices)
    lists = [controls.ticks.get(f"{ask.id}={c.value}", []) if controls is not None else [] for c in choices]
    if any(len(found) > 1 for found in lists):
        return _doubt(ask, box.text if box else "", "doubled")
    have_controls = all(lists)
    ticked = [c.value for c, found in zip(choices, lists, strict=True) if found and found[0]]
    if box is None:
        if not have_controls:
            return None, None
        if len(ticked) > 1:
            return _doubt(ask, "", "both-ticked", "control", labels=labels)
        return _chosen(ask, ticked[0] if ticked else None, "control", CONTROL_ONLY), None
    for code in ("nested-table", "picture"):
        if code in box.oddities:
            return _doubt(ask, box.text, code)
    value, code = choice_of(box, choices)
    if code == "choice-missing" and have_controls and len(ticked) == 1:
        return _doubt(ask, box.text, code, labels=labels)
    if code or len(ticked) > 1:
        return _doubt(ask, box.text, code or "both-ticked", labels=labels)
    if not have_controls:
        method = "table" if controls is not None else "pdf-text"
        return _chosen(ask, value, method, TABLE_ONLY), None
    said = ticked[0] if ticked else None
    if said == value:
        return _chosen(ask, value, "control+table", 1.0), None
    if said is None:
        # A tick typed beside the box instead of clicking it: the table sees it, the control does not.
        return _chosen(ask, value, "table", TYPED_OUTSIDE), None
    names = {c.value: c.label for c in choices}
    return _doubt(ask, box.text, "disagree", a=names.get(said, ""), b=names.get(value or "", "ไม่ได้เลือก"))


def _chosen(ask: _Ask, value: str | None, method: str, confidence: float) -> Answer:
    raw = next((c.label for c in choices_of(ask.field) if c.value == value), "")
    return Answer(field=ask.id, value=value, raw=raw, source=ask.place, method=method, confidence=confidence)
