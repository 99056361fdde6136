"""Each answer by itself: is it there, can it be understood, does it lie in its range, did its files come along? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from songthan.domain.answers import PARSERS
from songthan.domain.evidence import items_in, missing_evidence
from songthan.domain.forms import Field, Problem
from songthan.domain.language import day_words, digits, phrase, say
from songthan.domain.places import Place, Sheet
from songthan.domain.thai import squeeze
from songthan.domain.values import EMPTY_BOX, Parsed, decimal_of, is_none_word, is_placeholder

__all__ = ["field_problems"]

_NUMBER_HINTS = {
    "several": phrase("พบตัวเลขมากกว่าหนึ่งจำนวน โปรดระบุเพียงจำนวนเดียว"),
    "decimal-comma": phrase("ใช้จุลภาคในลักษณะที่อ่านได้สองความหมาย โปรดใช้จุดเป็นจุดทศนิยม"),
    "mixed-digits": phrase("มีเลขไทยปนกับเลขอารบิก โปรดใช้แบบเดียวกันทั้งจำนวน"),
    "leading-zeros": phrase("มีเลขศูนย์นำหน้าหลายตัว โปรดระบุจำนวนใหม่ให้ชัดเจน"),
    "negative": phrase("เป็นจำนวนติดลบ โปรดระบุจำนวนตั้งแต่ศูนย์ขึ้นไป"),
    "fraction": phrase("น้อยกว่าหนึ่งและไม่มีเครื่องหมายร้อยละ โปรดระบุเป็นร้อยละ เช่น ๙๐"),
    "unit": phrase("หน่วยไม่ตรงกับที่ช่องนี้ถาม โปรดระบุเฉพาะตัวเลข"),
    "whole": phrase("ช่องนี้ใช้จำนวนเต็ม โปรดระบุโดยไม่มีทศนิยม"),
    "none": phrase("ช่องนี้ต้องเป็นตัวเลข หากยังไม่ได้ดำเนินการ โปรดระบุ ๐"),
}
_DATE_HINTS = {
    "several": phrase("พบวันที่มากกว่าหนึ่งวัน โปรดระบุเพียงวันเดียว"),
    "mixed-digits": phrase("มีเลขไทยปนกับเลขอารบิกในจำนวนเดียวกัน โปรดกรอกใหม่ให้ชัดเจน"),
    "year": phrase("อ่านไม่ได้แน่ชัดว่าเป็นปีใด โปรดกรอกปีพุทธศักราชให้ครบสี่หลัก เช่น ๑๕ มีนาคม ๒๕๖๖"),
    "weekday": phrase("ชื่อวันไม่ตรงกับวันที่ โปรดตรวจสอบและกรอกวันที่ใหม่"),
    "none": phrase("ช่องนี้ต้องเป็นวันที่ โปรดกรอกวัน เดือน ปี เช่น ๑๕ มีนาคม ๒๕๖๖"),
}
_NO_NUMBER = phrase("ระบบอ่านเป็นตัวเลขไม่ได้ โปรดระบุเฉพาะตัวเลข เช่น ๗๒.๕")
_NO_COUNT = phrase("ระบบอ่านเป็นจำนวนเต็มไม่ได้ โปรดระบุเฉพาะตัวเลข เช่น ๓๙")
_NO_DATE = phrase("ระบบอ่านเป็นวันที่ไม่ได้ โปรดกรอกวัน เดือน ปี เช่น ๑๕ มีนาคม ๒๕๖๖")


def field_problems(sheet: Sheet, *, attached: Sequence[str], headcount: int) -> Iterator[Problem]:
    """The problems of each answer of `sheet` by itself, in the form's order; answers in doubt are passed over.

    Codes: required, unreadable, range, evidence-missing, rows. `attached` are the names of the files that came along,
    `headcount` (persons) the upper end of a field whose maximum is «headcount», unless the form asks for the headcount
    itself. A signature is never looked at.
    """
    headcount = _headcount_of(sheet, headcount)
    for key, place in sheet.fields.items():
        if not sheet.sure(place):
            continue
        if place.field.kind != "table":
            yield from _one(place, attached, headcount)
            continue
        yield from _too_few_rows(sheet, key, place)
        yield from _same_rows(sheet, key)
        for row in sheet.tables.get(key, ()):
            for cell in row.places.values():
                if sheet.sure(cell):
                    yield from _one(cell, attached, headcount)


def _headcount_of(sheet: Sheet, headcount: int) -> int:
    """The number in the form's own field `headcount` (the member may correct it), else the bureau's."""
    place = sheet.find("headcount")
    number = decimal_of(place.value) if place is not None else None
    return int(number) if number is not None and number >= 1 else headcount


def _too_few_rows(sheet: Sheet, key: str, place: Place) -> Iterator[Problem]:
    filled, least = len(sheet.tables.get(key, ())), decimal_of(place.field.minimum) or Decimal(0)
    if not sheet.table_is_sure(key):
        return
    if filled < least:
        have = say("กรอกไว้ {filled} แถว", filled=filled) if filled else say("ยังไม่ได้กรอกแถวใด")
        yield place.problem(
            "rows", digits(say("{have} โปรดกรอกอย่างน้อย {least} แถวแล้วส่งกลับมาอีกครั้ง", have=have, least=least))
        )
    elif not filled and place.field.required:
        yield place.problem("required", say("ยังไม่ได้กรอกแถวใด โปรดกรอกอย่างน้อยหนึ่งแถวแล้วส่งกลับมาอีกครั้ง"))


def _one(place: Place, attached: Sequence[str], headcount: int) -> Iterator[Problem]:
    field = place.field
    if field.kind == "signature":
        return
    if place.empty:
        if field.required:
            yield place.problem("required", _not_answered(field))
    elif field.kind == "date":
        yield from _date_problems(place)
    elif field.kind in PARSERS:
        yield from _number_problems(place, headcount)
    elif field.kind in ("choice", "yes_no"):
        yield from _choice_problems(place)
    elif field.kind == "evidence":
        yield from _too_few_items(place)
        for item in missing_evidence(place.value or "", attached):
            yield place.problem(
                "evidence-missing",
                say("ระบุไฟล์ «{item}» ไว้ แต่ไม่พบไฟล์นี้แนบมากับอีเมล โปรดแนบไฟล์มาด้วย หรือแก้ชื่อให้ตรงกับไฟล์ที่แนบ", item=item),
            )
    elif field.required and is_none_word(place.value or ""):
        yield place.problem("required", say("ระบุเพียง «{value}» โปรดกรอกรายละเอียดให้ชัดเจน", value=place.value))


def _same_rows(sheet: Sheet, key: str) -> Iterator[Problem]:
    """A row that says the same as an earlier one in every cell: copied, and perhaps not yet written over."""
    seen: dict[tuple[str, ...], str] = {}
    for row in sheet.tables.get(key, ()):
        said = tuple(squeeze(place.value or place.raw) for place in row.places.values())
        first = next(iter(row.places.values()))
        if said in seen and sheet.table_is_sure(key):
            where = say("แถวนี้เหมือนกับแถวที่ {seen} ทุกช่อง โปรดแก้ให้ต่างกัน หรือลบแถวที่ซ้ำ", seen=seen[said])
            yield first.problem("rows", digits(where))
        seen.setdefault(said, row.id.partition("[")[2].rstrip("]"))


def _too_few_items(place: Place) -> Iterator[Problem]:
    """Evidence that may not be «ไม่มี»: its `minimum` is the fewest items, one a line."""
    least = decimal_of(place.field.minimum) or Decimal(0)
    if len(items_in(place.value or "")) < least:
        text = say("ต้องมีเอกสารอย่างน้อย {least} รายการ โปรดระบุชื่อไฟล์หรือลิงก์ และแนบไฟล์มากับอีเมล", least=least)
        yield place.problem("required", digits(text))


def _not_answered(field: Field) -> str:
    if field.kind in ("choice", "yes_no"):
        return say("ยังไม่ได้เลือกคำตอบ โปรดเลือกคำตอบแล้วส่งกลับมาอีกครั้ง")
    if field.kind == "evidence" and field.minimum:
        return say("ยังไม่ได้ระบุ{label} โปรดระบุชื่อไฟล์หรือลิงก์ และแนบไฟล์มากับอีเมล", label=field.label)
    if field.kind == "evidence":
        return say("ยังไม่ได้ระบุ{label} โปรดระบุชื่อไฟล์หรือลิงก์แล้วส่งกลับมาอีกครั้ง หากไม่มี โปรดใส่ «ไม่มี»", label=field.label)
    return say("ยังไม่ได้กรอก{label} โปรดกรอกแล้วส่งกลับมาอีกครั้ง", label=field.label)


def _choice_problems(place: Place) -> Iterator[Problem]:
    """An answer that is none of the choices; boxes left as they were printed are no answer (of a lone box: «no»)."""
    options = place.field.options
    if place.value is not None and place.value in {c.value for c in options} | ({"no"} if place.lone_box else set()):
        return
    if place.value is None and is_placeholder(_beside_empty_boxes(place)):
        if place.field.required and not place.lone_box:
            yield place.problem("required", _not_answered(place.field))
        return
    labels = say(" หรือ ").join(f"«{c.label}»" for c in options)
    shown = say("กรอกไว้ว่า «{raw}» ", raw=place.raw[:60]) if place.raw else ""
    yield place.problem(
        "unreadable", say("{shown}ระบบไม่ทราบว่าเลือกข้อใด โปรดเลือกเพียงข้อเดียว คือ {labels}", shown=shown, labels=labels)
    )


def _beside_empty_boxes(place: Place) -> str:
    """What stands in the answer beside «☐ label» of its choices."""
    rest, boxes = squeeze(place.raw), "".join(EMPTY_BOX)
    for label in sorted((squeeze(c.label) for c in place.field.options), key=len, reverse=True):
        rest = re.sub(rf"[{boxes}] ?{re.escape(label)}", "", rest, count=1)
    return rest


def _parsed(place: Place) -> Parsed:
    """The answer's value; an answer without one is read again to learn why."""
    return Parsed(value=place.value) if place.value is not None else PARSERS[place.field.kind](place.raw)


def _number_problems(place: Place, headcount: int) -> Iterator[Problem]:
    raw, parsed = place.raw, _parsed(place)
    low, high = _bounds(place.field, headcount)
    if parsed.reason == "none" and not place.field.required:
        return
    number = decimal_of(parsed.value)
    if number is None and parsed.reason != "range":
        hint = say(_NUMBER_HINTS.get(parsed.reason, _NO_COUNT if place.field.kind == "count" else _NO_NUMBER))
        yield place.problem("unreadable", say("กรอกไว้ว่า «{raw}» {hint}", raw=raw[:60], hint=hint))
        return
    if number is None or (low is not None and number < low) or (high is not None and number > high):
        shown = digits(raw[:60] or place.value)
        whole = say(" (จำนวนบุคลากรทั้งหมด)") if place.field.maximum == "headcount" else ""
        yield place.problem(
            "range",
            say(
                "กรอกไว้ว่า «{shown}» ซึ่งอยู่นอกช่วงที่เป็นไปได้ โปรดระบุ{span}{whole}",
                shown=shown,
                span=_span(low, high),
                whole=whole,
            ),
        )


def _bounds(field: Field, headcount: int) -> tuple[Decimal | None, Decimal | None]:
    low, high = decimal_of(field.minimum), decimal_of(field.maximum)
    if field.maximum == "headcount":
        high = Decimal(headcount)
    if field.kind == "percent":
        low, high = low if low is not None else Decimal(0), high if high is not None else Decimal(100)
    return low, high


def _span(low: Decimal | None, high: Decimal | None) -> str:
    if low is None:
        return digits(say("จำนวนไม่เกิน {high}", high=high))
    return digits(say("จำนวนตั้งแต่ {low} ", low=low) + (say("ถึง {high}", high=high) if high is not None else say("ขึ้นไป")))


def _date_problems(place: Place) -> Iterator[Problem]:
    parsed = _parsed(place)
    if parsed.reason == "none" and not place.field.required:
        return
    day = _day(parsed.value)
    if day is None:
        yield place.problem(
            "unreadable",
            say("กรอกไว้ว่า «{raw}» {hint}", raw=place.raw[:60], hint=say(_DATE_HINTS.get(parsed.reason, _NO_DATE))),
        )
        return
    first, last = _day(place.field.minimum), _day(place.field.maximum)
    if (first and day < first) or (last and day > last):
        span = _days(first, last)
        yield place.problem(
            "range", say("กรอกวันที่ {day} ซึ่งอยู่นอกช่วงที่กำหนด โปรดกรอกวันที่ใหม่ โดยต้อง{span}", day=day_words(day), span=span)
        )


def _days(first: date | None, last: date | None) -> str:
    if first and last:
        return say("อยู่ระหว่างวันที่ {first} ถึงวันที่ {last}", first=day_words(first), last=day_words(last))
    return (
        say("ไม่ก่อนวันที่ {first}", first=day_words(first))
        if first
        else say("ไม่เกินวันที่ {last}", last=day_words(last or date.max))
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
