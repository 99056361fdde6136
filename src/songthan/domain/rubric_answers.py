"""Answers to a rubric, read from a document somebody wrote: exact numbers out, or one error that names the place.

What cannot be (more persons than the headcount, a percent over 100, no staff at all) is an error and no score is guessed.
What is plain though oddly written («๗๒,๕ %»), and what is not answered yet (null), is used and remarked on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from songthan.domain.errors import UsageError
from songthan.domain.language import digits, say
from songthan.domain.rubric_values import Criterion, Input, Rubric, exact_words
from songthan.domain.thai import to_arabic_digits
from songthan.domain.values import parse_count, parse_percent

__all__ = ["Read", "percent_of", "read_answers"]

_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,1000})?")
#: More persons, topics or channels than this is a slip of the keyboard.
_COUNT_MAX = 10**12
_EXAMPLE = "ดูตัวอย่างคำตอบใน songthan score --help"

#: criterion → key → value
Answers = dict[str, dict[str, Fraction | bool]]


class Read:
    """The headcount, every criterion's values (derived ones too) and what was odd: (criterion, code, sentence)."""

    def __init__(self, rubric: Rubric, document: Mapping[str, object]) -> None:
        self.values: Answers = {}
        self.odd: list[tuple[str | None, str, str]] = []
        _keys(document, {"headcount", "answers"}, "เอกสารคำตอบ")
        self.headcount, plain = _headcount(document["headcount"])
        if not plain:
            raw = _plain(str(document["headcount"])[:40])
            words = say("จำนวนบุคลากรทั้งหมดเขียนไว้ว่า «{raw}» ระบบอ่านเป็น {value} โปรดตรวจ", raw=raw, value=digits(self.headcount))
            self.odd.append((None, "headcount-read-as", words))
        answers = _mapping(document["answers"], "answers")
        _keys(answers, {c.id for c in rubric.criteria}, "answers", null=True)
        for criterion in rubric.criteria:
            self.values[criterion.id] = self._criterion(criterion, answers[criterion.id])

    def _criterion(self, criterion: Criterion, given: object) -> dict[str, Fraction | bool]:
        where = f"answers.{criterion.id}"
        if given is None:
            given = dict.fromkeys(i.key for i in criterion.inputs)
        found = _mapping(given, where)
        _keys(found, {i.key for i in criterion.inputs}, where, null=True)
        read: dict[str, Fraction | bool] = {}
        for item in criterion.inputs:
            read[item.key] = self._value(criterion, item, found[item.key], f"{where}.{item.key}")
        for derived in criterion.derived:
            part = Fraction(read[derived.percent_of])
            if part > self.headcount:
                raise _wrong(
                    f"{where}.{derived.percent_of}",
                    f"จำนวน {digits(part)} คน มากกว่าจำนวนบุคลากรทั้งหมด {digits(self.headcount)} คน",
                    "แก้จำนวนคน หรือแก้ headcount",
                )
            read[derived.key] = part * 100 / self.headcount
        return read

    def _value(self, criterion: Criterion, item: Input, value: object, where: str) -> Fraction | bool:
        number = digits(criterion.number)
        if value is None:
            words = say("ข้อ {number} ยังไม่มีคำตอบ «{label}» ระบบคิดคะแนนเสมือนยังไม่มี ซึ่งต่างจากคำตอบว่าไม่มี โปรดตอบให้ครบ", number=number, label=item.label)
            self.odd.append((criterion.id, f"{criterion.id}-{item.key}-unanswered", words))
            return False if item.kind == "flag" else Fraction(0)
        if item.kind == "flag":
            if not isinstance(value, bool):
                raise _wrong(
                    where, f"«{item.label}» ต้องตอบ true หรือ false แต่ได้ {_shown(value)}", "แก้เป็น true หรือ false (ยังไม่ทราบ: null)"
                )
            return value
        read, plain = _count(value, where) if item.kind == "count" else _percent(value, where)
        if not plain:
            words = say("ข้อ {number} «{label}» เขียนไว้ว่า «{raw}» ระบบอ่านเป็น {value} โปรดตรวจ", number=number, label=item.label, raw=_plain(str(value)[:40]), value=exact_words(read))
            self.odd.append((criterion.id, f"{criterion.id}-{item.key}-read-as", words))
        if item.kind == "percent" and 0 < read <= 1:
            # a spreadsheet's 70 % comes as 0.7
            words = say("ข้อ {number} «{label}» เป็นร้อยละ {value} หากหมายถึงสัดส่วนของ ๑ ให้เขียนเป็นร้อยละ ระบบคิดตามที่เขียน โปรดตรวจ", number=number, label=item.label, value=exact_words(read))
            self.odd.append((criterion.id, f"{criterion.id}-{item.key}-share", words))
        return read


def read_answers(rubric: Rubric, document: Mapping[str, object]) -> Read:
    """`document` is {"headcount": n, "answers": {criterion: {key: value}}}; UsageError names the place of what is missing,
    unknown or impossible."""
    return Read(rubric, _mapping(document, "เอกสารคำตอบ"))


def percent_of(value: object, where: str) -> Fraction:
    """One percent from 0 to 100; UsageError at `where` for anything else."""
    return _percent(value, where)[0]


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _wrong(where, f"ตรงนี้ต้องเป็นวัตถุ JSON {{…}} แต่ได้ {_shown(value)}", _EXAMPLE)
    return value


def _keys(given: Mapping[str, object], wanted: set[str], where: str, *, null: bool = False) -> None:
    for key in sorted((k for k in given if k not in wanted), key=str):
        raise _wrong(where, f"ไม่รู้จักคีย์ {_shown(key)}", f"ใช้ได้เฉพาะ {', '.join(sorted(wanted))}")
    for key in sorted(wanted - set(given)):
        more = f' หากยังไม่มีคำตอบ เขียน "{key}": null' if null else ""
        raise _wrong(where, f"ขาดคีย์ «{key}»", f'เพิ่ม "{key}"{more}')


def _headcount(value: object) -> tuple[int, bool]:
    if value is None:
        raise _wrong("headcount", "ยังไม่มีจำนวนบุคลากรทั้งหมด คิดร้อยละไม่ได้", "ใส่จำนวนผู้บริหารและบุคลากรทั้งหมดของสำนัก")
    number, plain = _count(value, "headcount")
    if number < 1:
        raise _wrong("headcount", "จำนวนบุคลากรทั้งหมดต้องมากกว่าศูนย์ (ร้อยละของศูนย์คิดไม่ได้)", "ใส่จำนวนผู้บริหารและบุคลากรทั้งหมดของสำนัก")
    return int(number), plain


def _exact(value: Decimal) -> Fraction | None:
    """The number written so; None for one of absurd size, which would take all memory to write out."""
    whole = value.is_finite() and value.adjusted() <= 30 and int(value.as_tuple().exponent) >= -1100
    return Fraction(value) if whole else None


def _count(value: object, where: str) -> tuple[Fraction, bool]:
    """The number, and whether it is written as one."""
    found = None
    if isinstance(value, int) and not isinstance(value, bool):
        found = Fraction(value)
    elif isinstance(value, str) and "." not in value and (read := parse_count(value).value) is not None:
        found = Fraction(read)
    elif isinstance(value, Decimal):
        found = _exact(value)
    if found is None or not 0 <= found <= _COUNT_MAX or found.denominator != 1:
        raise _wrong(where, f"ต้องเป็นจำนวนเต็มตั้งแต่ ๐ แต่ได้ {_shown(value)}", "ใส่จำนวนเต็ม เช่น 39")
    return found, isinstance(value, int)


def _percent(value: object, where: str) -> tuple[Fraction, bool]:
    """The percent, and whether it is written as a plain decimal."""
    if isinstance(value, str):
        text = to_arabic_digits(value.strip())
        if _DECIMAL.fullmatch(text):
            return _at_most_100(Fraction(text), text, where), True
        # «72,5» can only be seventy-two and a half: no thousands are written so, and over 100 is refused anyhow
        comma = re.sub(r"^([0-9]{1,3}),([0-9]{1,2})(?=\D*$)", r"\1.\2", text)
        read = parse_percent(comma).value
        if read is not None and not read.startswith("-"):
            return _at_most_100(Fraction(read), read, where), False
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return _at_most_100(Fraction(value), value, where), True
    elif isinstance(value, Decimal) and (exact := _exact(value)) is not None and exact >= 0:
        return _at_most_100(exact, value, where), "E" not in str(value)
    raise _wrong(where, f"ต้องเป็นร้อยละ ๐–๑๐๐ แต่ได้ {_shown(value)}", 'ใส่ตัวเลข เช่น "72.5" โดยไม่มีเครื่องหมาย %')


def _at_most_100(number: Fraction, shown: object, where: str) -> Fraction:
    if number > 100:
        raise _wrong(where, f"ร้อยละ {digits(_shown(shown))} เกิน ๑๐๐", 'ใส่ตัวเลขไม่เกิน 100 เช่น "72.5"')
    return number


def _shown(value: object) -> str:
    """A stranger's value in a message: short, and nothing that cannot be printed."""
    try:
        text = str(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a nest of lists
        text = type(value).__name__
    text = _plain(text[:41])
    return f"«{text}»" if len(text) <= 40 else f"«{text[:40]}…»"


def _plain(text: str) -> str:
    """Without what cannot be printed, or steers a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _wrong(where: str, text: str, remedy: str) -> UsageError:
    return UsageError(text, where=where, remedy=remedy)
