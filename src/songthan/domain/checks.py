"""Answers checked against each other: a form's own cross-checks (`forms.Check`) and the plan's rules. Pure.

Every comparison is of exact numbers. A rule whose answers are not all there, or are in doubt, says nothing: what is
missing is asked for elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from songthan.domain.forms import Check, Problem
from songthan.domain.language import current, digits, say
from songthan.domain.places import Place, Sheet, TableRow
from songthan.domain.thai import to_arabic_digits
from songthan.domain.values import decimal_of, is_none_word, is_placeholder, typed_decimals

__all__ = ["cross_problems"]

_ITEM = re.compile(r"(?:^|(?<=\s))[(]?([0-9]{1,2})[.)](?=[^0-9]|$)")
_BULLET = re.compile(r"^\s*[-•*–]\s*")


@dataclass(frozen=True, kw_only=True)
class _Case:
    """One check on one sheet, or on one filled row of a growing table."""

    rule: Check
    sheet: Sheet
    headcount: int
    row: TableRow | None = None

    def find(self, name: str) -> Place | None:
        return self.sheet.find(name, self.row)

    def said(self, text: str, remedy: str) -> str:
        return f"{digits(text)} {self.rule.message or remedy}"


def cross_problems(checks: Sequence[Check], sheet: Sheet, *, headcount: int) -> Iterator[Problem]:
    """The problems of answers that do not go together; one a place and code, however many checks find it.

    Codes: reason, required («needs»), percent-mismatch, range (more persons than there are), sum, lines, not-both,
    contradiction. Inside growing tables each filled row is checked. `headcount`: the persons of the bureau.
    """
    cases = [
        _Case(rule=rule, sheet=sheet, headcount=headcount, row=row)
        for rule in checks
        for row in (_rows_of(rule, sheet) if _row_names(rule, sheet) else (None,))
    ]
    yield from _reasons([case for case in cases if case.rule.kind == "reason"])
    seen: set[tuple[str, str]] = set()
    for case in cases:
        for problem in _KINDS.get(case.rule.kind, _nothing)(case):
            if (problem.field, problem.code) not in seen:
                seen.add((problem.field, problem.code))
                yield problem
    yield from _contradictions(sheet)


def _row_names(rule: Check, sheet: Sheet) -> list[str]:
    """The names that make a check one of a growing table's rows: `<table>.<column>`."""
    names = (rule.field, rule.when_field, rule.of, rule.base, *rule.fields)
    return [name for name in names if "." in name and name.partition(".")[0] in sheet.tables]


def _rows_of(rule: Check, sheet: Sheet) -> Sequence[TableRow]:
    return sheet.tables[_row_names(rule, sheet)[0].partition(".")[0]]


def _nothing(case: _Case) -> Iterator[Problem]:
    """A kind with a way of its own (`reason`), or one that `songthan form check` refuses."""
    yield from ()


def _applies(case: _Case) -> tuple[Place, Place] | None:
    """The asked place and the place of the condition, where the condition holds."""
    when, place = case.find(case.rule.when_field), case.find(case.rule.field)
    return (place, when) if place and when and when.value == case.rule.when_value else None


def _reasons(cases: Sequence[_Case]) -> Iterator[Problem]:
    """A «not reached» without its reason; one problem a place, however many checks ask for it."""
    asked: dict[str, tuple[Place, list[str]]] = {}
    for case in cases:
        if (found := _applies(case)) and (found[0].empty or is_none_word(found[0].value or found[0].raw)):
            place, when = found
            text = case.rule.message or say(
                "{label}: โปรดระบุเหตุผลในช่อง{asked}", label=when.field.label, asked=place.field.label
            )
            asked.setdefault(place.id, (place, []))[1].append(text)
    for place, texts in asked.values():
        yield place.problem("reason", " ".join(dict.fromkeys(texts)))


def _needs(case: _Case) -> Iterator[Problem]:
    found = _applies(case)
    if found is None:
        return
    place, when = found
    table = place.field.kind == "table"
    if case.sheet.tables.get(case.rule.field) if table else not place.empty:
        return
    chosen = next((c.label for c in when.field.options if c.value == when.value), when.value)
    because = say(
        "{verb} «{chosen}» ในช่อง{label}",
        verb=say("กรอก") if when.field.kind not in ("choice", "yes_no") else say("เลือก"),
        chosen=chosen,
        label=when.field.label,
    )
    yield place.problem("required", case.rule.message or say("{because}ไว้ โปรดกรอกช่องนี้ด้วย", because=because))


def _percent_of(case: _Case) -> Iterator[Problem]:
    """The percent against its persons; more persons than there are is the persons' fault, anything else the percent's."""
    rule = case.rule
    percent, persons = case.find(rule.field), case.find(rule.of)
    base = case.find(rule.base) if rule.base else None
    if percent is None or persons is None or (rule.base and base is None):
        return
    part, whole = _number(persons), _number(base) if base else Fraction(case.headcount)
    if part is None or whole is None:
        return
    if part > whole:
        all_of_them = base.field.label if base else say("จำนวนบุคลากรทั้งหมด")
        text = say(
            "กรอกไว้ {value} คน ซึ่งมากกว่า{all_of_them} คือ {whole} คน",
            value=persons.value,
            all_of_them=all_of_them,
            whole=_shown(whole),
        )
        yield persons.problem("range", say("{text} โปรดตรวจสอบและแก้จำนวนคนให้ถูกต้อง", text=digits(text)))
        return
    value = decimal_of(percent.value)
    if value is None:
        return
    places = typed_decimals(percent.raw, percent.value or "")
    exact = part * 100 / whole if whole else Fraction(0)
    if Fraction(value) not in _roundings(exact, places):
        of_all = say(
            "{value} คน จาก {whole} คน คิดเป็นร้อยละ {percent}",
            value=persons.value,
            whole=_shown(whole),
            percent=_shown(_rounded(exact, max(2, places))),
        )
        yield percent.problem(
            "percent-mismatch",
            case.said(
                say("{of_all} แต่กรอกร้อยละ {value}", of_all=of_all, value=_typed(value, places)),
                say("โปรดแก้ร้อยละให้ตรงกับจำนวนคน หรือแก้จำนวนคนหากกรอกคลาดเคลื่อน"),
            ),
        )


def _roundings(exact: Fraction, places: int) -> set[Fraction]:
    """`exact` cut off and rounded half up after so many decimals: both are how people write a percent."""
    unit = 10**places
    return {Fraction(floor(exact * unit), unit), _rounded(exact, places)}


def _rounded(exact: Fraction, places: int) -> Fraction:
    unit = 10**places
    return Fraction(floor(exact * unit + Fraction(1, 2)), unit)


def _typed(value: Decimal, places: int) -> str:
    return f"{value:.{places}f}".replace(".", current().decimal)


def _shown(number: Fraction) -> str:
    """A number with finitely many decimals, without zeros at its end."""
    if number.denominator == 1:
        return str(number.numerator)
    places = next(n for n in range(1, 99) if (number * 10**n).denominator == 1)
    text = str((number * 10**places).numerator).rjust(places + 1, "0")
    return f"{text[:-places]}{current().decimal}{text[-places:]}"


def _number(place: Place) -> Fraction | None:
    """The number answered; «-» and «ไม่มี» are none."""
    value = decimal_of(place.value)
    return None if value is None else Fraction(value)


def _sum(case: _Case) -> Iterator[Problem]:
    total, places = case.find(case.rule.field), [case.find(name) for name in case.rule.fields]
    said = _number(total) if total else None
    # what is empty or «-» adds nothing
    parts = [place and _number(place) for place in places if place is None or place.says_something]
    numbers = [part for part in parts if part is not None]
    if total is None or said is None or not parts or len(numbers) < len(parts):
        return
    added = sum(numbers, Fraction(0))
    if said != added:
        text = say(
            "กรอกรวมไว้ {said} แต่ {numbers} เท่ากับ {added}",
            said=_shown(said),
            numbers=" + ".join(map(_shown, numbers)),
            added=_shown(added),
        )
        yield total.problem("sum", case.said(text, say("โปรดตรวจสอบและแก้ไขให้ตรงกัน")))


def _lines(case: _Case) -> Iterator[Problem]:
    count, of = case.find(case.rule.field), _counted(case, case.rule.of)
    said = _number(count) if count else None
    if count is None or said is None or of is None or said in of[1]:
        return
    where, numbers = of
    have = say("มี {count} รายการ", count=numbers[0]) if numbers[0] else say("ยังไม่มีรายการใด")
    text = say("กรอกจำนวนไว้ {said} แต่ใน{where}{have}", said=_shown(said), where=where, have=have)
    yield count.problem("lines", case.said(text, say("โปรดตรวจสอบและแก้ไขให้ตรงกัน")))


def _counted(case: _Case, name: str) -> tuple[str, tuple[int, ...]] | None:
    """Where the items stand in words, and how many there are; None where that is in doubt or still to be answered."""
    place = case.find(name)
    if place is None or (place.field.kind != "table" and place.empty and place.field.required):
        return None
    if place.field.kind == "table":
        rows = case.sheet.tables.get(name, ())
        return (f"{place.field.label} ", (len(rows),)) if case.sheet.table_is_sure(name) else None
    return say("ช่อง{label} ", label=place.field.label), _items(place.value or "")


def _items(text: str) -> tuple[int, ...]:
    """How many items a text lists: its lines with words in them, or the items it numbers itself, (๑) (๒) (๓).

    An item may run over two lines and two items may share one, so either count is right.
    """
    text = to_arabic_digits(text)
    lines = [_BULLET.sub("", _ITEM.sub("", line)) for line in text.splitlines()]
    _, *numbered = _ITEM.split(text)
    numbers, words = [int(number) for number in numbered[::2]], [item for item in numbered[1::2] if _has_words(item)]
    counts = [sum(map(_has_words, lines))]
    return (*counts, len(words)) if numbers and numbers == list(range(1, len(numbers) + 1)) else tuple(counts)


def _has_words(text: str) -> bool:
    return not is_placeholder(text) and not is_none_word(text)


def _not_both(case: _Case) -> Iterator[Problem]:
    places = [case.find(name) for name in case.rule.fields]
    ticked = [place for place in places if place is not None and place.value == "yes"]
    if None in places or len(ticked) < 2:
        return
    labels = say(" และ ").join(f"«{place.field.column or place.field.label}»" for place in ticked)
    at = next((place for place in ticked if place == case.find(case.rule.field)), ticked[-1])
    yield at.problem(
        "not-both",
        say("เลือกไว้ทั้ง {labels} {message}", labels=labels, message=case.rule.message or say("โปรดเลือกเพียงข้อเดียว")),
    )


def _contradictions(sheet: Sheet) -> Iterator[Problem]:
    """The plan's own rule for its quarterly report: all done, and yet no output, needs a word."""
    percent, output = sheet.find("percent"), sheet.find("output_reached")
    if percent is None or output is None or decimal_of(percent.value) != 100 or output.value != "no":
        return
    note = sheet.fields.get("note")
    if note is not None and (note.value or not sheet.sure(note)):
        # work may be done and its output still to come; the plan asks for the reason, and it is there
        return
    label = next((c.label for c in output.field.options if c.value == "no"), say("ไม่"))
    yield percent.problem(
        "contradiction",
        say(
            "ระบุว่าดำเนินการแล้วร้อยละ ๑๐๐ แต่ช่อง{column}เลือก «{label}» โปรดตรวจสอบและแก้ข้อที่คลาดเคลื่อน",
            column=output.field.column or output.field.label,
            label=label,
        ),
    )


_KINDS: dict[str, Callable[[_Case], Iterator[Problem]]] = {
    "needs": _needs,
    "percent-of": _percent_of,
    "sum": _sum,
    "lines": _lines,
    "not-both": _not_both,
}
