"""Checks a form that was read: is everything answered, believable, reasoned and attached? Pure.

Every problem names the place a person finds in Word and what to do there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from songthan.domain.forms import Answer, Field, FormSpec, Problem, ReturnedForm, Verdict
from songthan.domain.thai import canonical, to_arabic_digits, to_thai_digits
from songthan.domain.values import Parsed, is_none_word, is_placeholder, parse_count, parse_number, parse_percent

__all__ = ["check", "missing_evidence"]

_PARSERS: dict[str, Callable[[str], Parsed]] = {
    "percent": parse_percent,
    "number": parse_number,
    "count": parse_count,
}
_EXTENSIONS = (
    "pdf|docx?|docm|odt|rtf|xlsx?|xlsm|ods|csv|pptx?|odp|txt|jpe?g|png|gif|bmp|tiff?|heic|heif|webp|zip|rar|7z|mp[34]|m4a"
    "|mov|avi|wmv|wav|eml|msg"
)
_FILE = re.compile(rf"\.(?:{_EXTENSIONS})(?![A-Za-z0-9])", re.IGNORECASE)
_LINK = re.compile(r"https?://|(?<![A-Za-z0-9@.])www\.", re.IGNORECASE)
_HINTS = {
    "several": "พบตัวเลขมากกว่าหนึ่งจำนวน โปรดระบุเพียงจำนวนเดียว",
    "decimal-comma": "ใช้จุลภาคในลักษณะที่อ่านได้สองความหมาย โปรดใช้จุดเป็นจุดทศนิยม",
    "mixed-digits": "มีเลขไทยปนกับเลขอารบิก โปรดใช้แบบเดียวกันทั้งจำนวน",
    "leading-zeros": "มีเลขศูนย์นำหน้าหลายตัว โปรดระบุจำนวนใหม่ให้ชัดเจน",
    "negative": "เป็นจำนวนติดลบ โปรดระบุจำนวนตั้งแต่ศูนย์ขึ้นไป",
    "fraction": "น้อยกว่าหนึ่งและไม่มีเครื่องหมายร้อยละ โปรดระบุเป็นร้อยละ เช่น ๙๐",
    "unit": "หน่วยไม่ตรงกับที่ช่องนี้ถาม โปรดระบุเฉพาะตัวเลข",
    "whole": "ช่องนี้ใช้จำนวนเต็ม โปรดระบุโดยไม่มีทศนิยม",
    "none": "ช่องนี้ต้องเป็นตัวเลข หากยังไม่ได้ดำเนินการ โปรดระบุ ๐",
}


@dataclass(frozen=True, kw_only=True)
class _Place:
    """One field of one row: its id, its answer (or None), and how to find it."""

    id: str
    field: Field
    answer: Answer | None
    words: str

    @property
    def value(self) -> str | None:
        return self.answer.value if self.answer else None

    @property
    def empty(self) -> bool:
        return self.answer is None or (self.value is None and is_placeholder(self.answer.raw))

    def problem(self, code: str, text: str) -> Problem:
        return Problem(field=self.id, code=code, message_th=f"{self.words}: {text}")


def check(
    spec: FormSpec,
    returned: ReturnedForm,
    *,
    activities: Sequence[tuple[str, str]],
    attached: Sequence[str],
    headcount: int,
) -> ReturnedForm:
    """`returned` with the problems of its answers added and the verdict set.

    `activities` are (id, printed number) of the rows asked; `attached` the names of the files that came along;
    `headcount` the persons of the bureau (the upper end of a field whose maximum is «headcount»). Codes: required,
    range, unreadable, reason, contradiction, evidence-missing. A refused file, and one nothing was read from, stays as
    it is. A problem of reading makes it «review»; else any problem makes it «incomplete». Checking twice adds nothing.
    """
    if returned.verdict == "refused" or (returned.verdict == "review" and not returned.answers):
        return returned
    known = {(p.field, p.code) for p in returned.problems}
    doubtful = {p.field for p in returned.problems}
    found: list[Problem] = []
    for activity, number in activities if spec.repeat == "activity" else (("", ""),):
        if activity and activity in doubtful:
            continue
        row = {f.key: _place(activity, number, f, returned) for f in spec.fields}
        sure = {key: place for key, place in row.items() if place.id not in doubtful}
        for place in sure.values():
            found.extend(_field_problems(place, attached, headcount))
        found.extend(_reasons(spec, sure, number))
        found.extend(_contradictions(sure))
    problems = (*returned.problems, *(p for p in found if (p.field, p.code) not in known))
    return replace(returned, problems=problems, verdict=_verdict(returned.verdict, problems))


def _verdict(read: Verdict, problems: Sequence[Problem]) -> Verdict:
    if read == "review":
        return "review"
    return "incomplete" if problems else "complete"


def _place(activity: str, number: str, field: Field, returned: ReturnedForm) -> _Place:
    field_id = f"{activity}.{field.key}" if activity else field.key
    answer = returned.answers.get(field_id)
    row = f"แถว {to_thai_digits(number)} " if number else ""
    words = (answer.source if answer else "") or f"{row}ช่อง {field.column or field.label}"
    return _Place(id=field_id, field=field, answer=answer, words=words)


def _field_problems(place: _Place, attached: Sequence[str], headcount: int) -> Iterator[Problem]:
    field = place.field
    if place.empty:
        if field.required:
            yield place.problem("required", f"ยังไม่ได้{_what_to_do(field)} โปรด{_what_to_do(field)}แล้วส่งกลับมาอีกครั้ง")
    elif field.kind in _PARSERS:
        yield from _number_problems(place, headcount)
    elif field.kind == "evidence":
        for item in missing_evidence(place.value or "", attached):
            yield place.problem(
                "evidence-missing",
                f"ระบุไฟล์ «{item}» ไว้ แต่ไม่พบไฟล์นี้แนบมากับอีเมล โปรดแนบไฟล์มาด้วย หรือแก้ชื่อให้ตรงกับไฟล์ที่แนบ",
            )
    elif field.required and field.kind == "text" and is_none_word(place.value or ""):
        yield place.problem("required", f"ระบุเพียง «{place.value}» โปรดอธิบาย{field.label}โดยสังเขป")


def _what_to_do(field: Field) -> str:
    return "เลือกคำตอบ" if field.kind in ("choice", "yes_no") else f"กรอก{field.label}"


def _number_problems(place: _Place, headcount: int) -> Iterator[Problem]:
    raw = " ".join((place.answer.raw if place.answer else "").split())
    parsed = _PARSERS[place.field.kind](raw) if place.value is None else Parsed(value=place.value)
    low, high = _bounds(place.field, headcount)
    if parsed.reason == "none" and not place.field.required:
        return
    number = _decimal(parsed.value)
    if number is None and parsed.reason != "range":
        hint = _HINTS.get(parsed.reason, "ระบบอ่านเป็นตัวเลขไม่ได้ โปรดระบุเฉพาะตัวเลข เช่น ๗๒.๕")
        yield place.problem("unreadable", f"กรอกไว้ว่า «{raw[:60]}» {hint}")
        return
    if number is None or (low is not None and number < low) or (high is not None and number > high):
        shown = to_thai_digits(raw[:60] or place.value)
        yield place.problem("range", f"กรอกไว้ว่า «{shown}» ซึ่งอยู่นอกช่วงที่เป็นไปได้ โปรดระบุ{_span(low, high)}")


def _bounds(field: Field, headcount: int) -> tuple[Decimal | None, Decimal | None]:
    low, high = _decimal(field.minimum), _decimal(field.maximum)
    if field.maximum == "headcount":
        high = Decimal(headcount)
    if field.kind == "percent":
        low, high = low if low is not None else Decimal(0), high if high is not None else Decimal(100)
    return low, high


def _span(low: Decimal | None, high: Decimal | None) -> str:
    words = "จำนวน" + (f"ตั้งแต่ {low} " if low is not None else "") + (f"ถึง {high}" if high is not None else "ขึ้นไป")
    return to_thai_digits(words)


def _decimal(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def _reasons(spec: FormSpec, row: dict[str, _Place], number: str) -> Iterator[Problem]:
    """A «not reached» without its reason; one problem a place, however many checks ask for it."""
    asked: dict[str, list[str]] = {}
    for rule in spec.checks:
        when, place = row.get(rule.when_field), row.get(rule.field)
        if rule.kind != "reason" or when is None or place is None or when.value != rule.when_value:
            continue
        if place.empty or is_none_word(place.value or ""):
            text = rule.message or f"{when.field.label}: โปรดระบุเหตุผลในช่อง{place.field.label}"
            asked.setdefault(rule.field, []).append(text)
    for key, texts in asked.items():
        yield row[key].problem("reason", " ".join(dict.fromkeys(texts)))


def _contradictions(row: dict[str, _Place]) -> Iterator[Problem]:
    percent, output = row.get("percent"), row.get("output_reached")
    note = row.get("note")
    if percent is None or output is None or _decimal(percent.value) != 100 or output.value != "no":
        return
    if note is not None and note.value:
        # work may be done and its output still to come; the plan asks for the reason, and it is there
        return
    label = next((c.label for c in output.field.choices if c.value == "no"), "ไม่")
    yield percent.problem(
        "contradiction",
        f"ระบุว่าดำเนินการแล้วร้อยละ ๑๐๐ แต่ช่อง{output.field.column or output.field.label}เลือก «{label}» "
        "โปรดตรวจสอบและแก้ข้อที่คลาดเคลื่อน",
    )


def missing_evidence(value: str, attached: Sequence[str]) -> list[str]:
    """The files named in an evidence answer (one item a line) that are not among the `attached` names.

    Links are accepted as they are and never fetched; «-», «ไม่มี» and plain descriptions are answers.
    """
    names = [_name_key(name) for name in attached]
    missing = []
    for line in value.splitlines():
        if _named(line, names):
            continue
        for piece in re.split(r"[,;،]|\s+และ\s*", line):
            item = piece.strip(" \t\u00a0\u200b")
            if is_none_word(item) or _LINK.search(item) or not _FILE.search(item):
                continue
            if not _named(item, names):
                missing.append(re.sub(r"^(?:[-•*–]|[0-9๐-๙]{1,2}[.)])\s+", "", item))
    return list(dict.fromkeys(missing))


def _named(item: str, names: Sequence[str]) -> bool:
    """Is an attached file's whole name written in `item`, and no other file's?"""
    key = _name_key(item)
    return len(_FILE.findall(item)) <= 1 and any(name and name in key for name in names)


def _name_key(name: str) -> str:
    """File names as they are compared: spelling, digits, case, and what mail programs do to spaces do not matter."""
    return re.sub(r"[\s_+\u200b\u00a0]+", "", to_arabic_digits(canonical(name))).casefold()
