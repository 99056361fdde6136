"""What a report prints: the merged table of a form that repeats over activities (F3), and the list of evidence. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from songthan.domain.answers import printed
from songthan.domain.bundles import Exhibit
from songthan.domain.errors import DataError
from songthan.domain.evidence import items_in
from songthan.domain.forms import Answer, Choice, Field
from songthan.domain.language import day_words, digits, moment_words, number_words, phrase, say
from songthan.domain.plans import Activity, Deadline, Plan
from songthan.domain.thai import squeeze

NOT_REPORTED = phrase("ยังไม่ได้รับรายงาน")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")

#: What a row answers where no form is at hand to say what it is called and in which words.
_ROW_FIELDS = (
    Field(key="percent", kind="percent", label="ร้อยละ", required=True),
    Field(key="done", kind="text", label="ผลการดำเนินการ", required=True),
    *(
        Field(
            key=key, kind="choice", label=label, required=True,
            choices=(Choice(value="yes", label="ปรากฏตามแผน"), Choice(value="no", label="ยังไม่ปรากฏ")),
        )
        for key, label in (("output_reached", "ผลผลิต"), ("outcome_reached", "ผลลัพธ์"))
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """What the rows of a report are made from; `fields` are the form's own, by key."""

    answers: Mapping[str, Answer]
    fields: Mapping[str, Field]
    exhibits: Collection[Exhibit]
    digits_th: bool
    missing: list[str] = field(default_factory=list)

    def digits(self, value: object) -> str:
        return digits(value) if self.digits_th else str(value)

    def number(self, value: object) -> str:
        return number_words(value) if self.digits_th else str(value)

    def value(self, activity: str, key: str) -> str | None:
        answer = self.answers.get(f"{activity}.{key}")
        return answer.value or None if answer is not None else None

    def words(self, activity: str, key: str) -> str:
        """The answer as it is printed: a choice by its label, a number and a date as the office writes them; «» for none."""
        value, asked = self.value(activity, key), self.fields.get(key)
        if value is None or asked is None:
            return value or ""
        if asked.kind in ("choice", "yes_no"):
            return next((c.label for c in asked.options if c.value == value), value)
        return printed(asked, value) if self.digits_th else value

    def percent(self, activity: str) -> Fraction | None:
        """The exact percent; None where nothing was answered; DataError for what is no percent from 0 to 100."""
        text = self.value(activity, "percent")
        if text is None:
            return None
        if not (_PERCENT.fullmatch(text) and Fraction(text) <= 100):
            raise DataError("ค่าร้อยละที่รับไว้ไม่ใช่ตัวเลข ๐ ถึง ๑๐๐", where=f"{activity}.percent", remedy="โปรดตรวจคำตอบนี้อีกครั้ง")
        return Fraction(text)

    def evidence(self, activity: str) -> list[dict[str, str]]:
        """The lines as typed, each with its exhibit's number where a file of that name came; then unnamed exhibits."""
        left = [e for e in self.exhibits if e.activity == activity]
        rows = []
        for line in items_in(self.value(activity, "evidence") or ""):
            match = next((e for e in left if squeeze(e.name).casefold() == squeeze(line).casefold()), None)
            if match is not None:
                left.remove(match)
            rows.append({"number_th": self.digits(match.number) if match else "", "text": line})
        return rows + [{"number_th": self.digits(e.number), "text": e.name} for e in left]

    def row(self, activity: Activity) -> dict[str, object]:
        asked = [f for f in self.fields.values() if f.required]
        absent = [f.column or f.label for f in asked if self.value(activity.id, f.key) is None]
        if absent:
            detail = "" if len(absent) == len(asked) else say(" (ขาด {absent})", absent=" ".join(absent))
            self.missing.append(f"{activity.number} {activity.title}{detail}")
        percent = self.percent(activity.id)
        return {
            "number": activity.number,
            "title": activity.title,
            "percent_th": say(NOT_REPORTED) if percent is None else self.number(self.value(activity.id, "percent")),
            "done": self.value(activity.id, "done") or say(NOT_REPORTED),
            "outputs": list(activity.outputs),
            "output_reached_th": self.words(activity.id, "output_reached") or say(NOT_REPORTED),
            "outcomes": list(activity.outcomes),
            "outcome_reached_th": self.words(activity.id, "outcome_reached") or say(NOT_REPORTED),
            "evidence": self.evidence(activity.id),
            "note": self.value(activity.id, "note") or "",
            # another office's form may ask for other things
            "answers": {key: self.words(activity.id, key) for key in self.fields},
        }


def numbered(value: str, exhibits: Collection[Exhibit]) -> str:
    """An evidence answer with the exhibit's number before each line that names one of `exhibits`; the rest as typed."""
    left, lines = list(exhibits), []
    for line in value.splitlines():
        same = [e for e in exhibits if squeeze(e.name).casefold() == squeeze(line).casefold()]
        # two files of one name are taken in turn; one that two criteria name is the same exhibit twice
        match = next((e for e in same if e in left), same[0] if same else None)
        if match in left:
            left.remove(match)
        lines.append(line if match is None else say("หลักฐานที่ {number} {name}", number=digits(match.number), name=line.strip()))
    return "\n".join(lines)


def merge_report(
    plan: Plan,
    deadline: Deadline,
    answers: Mapping[str, Answer],
    exhibits: Collection[Exhibit] = (),
    digits_th: bool = True,
    fields: Collection[Field] = _ROW_FIELDS,
) -> dict[str, object]:
    """The context of a report over activities (`f3_report.docx`) from the ACCEPTED answers (plan lines 545–565).

    `fields` are the form's. Groups are the plan's project heading rows in order. What nobody answered prints «ยังไม่ได้รับรายงาน» and its row is
    listed in `missing`. The overall percent is the exact mean of the answered rows, rounded (half up) only in print.
    """
    sheet = _Sheet(answers=answers, fields={f.key: f for f in fields}, exhibits=exhibits, digits_th=digits_th)
    asked = plan.activities_of(deadline)
    measures = []
    for measure in plan.measures:
        groups = []
        for project in plan.projects:
            rows = [sheet.row(a) for a in asked if a.project == project.id and a.measure == measure.number]
            if rows:
                groups.append({"number": sheet.digits(project.id), "title": project.title, "activities": rows})
        if groups:
            measures.append({"number_th": sheet.digits(measure.number), "title": measure.title, "groups": groups})
    return {
        "organisation": plain_organisation(plan),
        "deadline": plain_deadline(deadline, digits_th=digits_th),
        "measures": measures,
        "footer": _footer(plan, asked, sheet),
        "missing": sheet.missing,
    }


def plain_organisation(plan: Plan) -> dict[str, str]:
    """The templates' `organisation`."""
    return {key: getattr(plan.organisation, key) for key in ("name", "parent", "plan_title")}


def plain_deadline(deadline: Deadline, *, digits_th: bool = True) -> dict[str, str]:
    """The templates' `deadline`."""
    quarter = "" if deadline.quarter is None else str(deadline.quarter)
    return {
        "id": deadline.id,
        "title": deadline.title,
        "quarter": digits(quarter) if digits_th else quarter,
        "internal_th": day_words(deadline.members_until),
        "external_th": day_words(deadline.external),
    }


def two_decimals(value: Fraction) -> str:
    """A non-negative `value` with two decimals, halves rounded up: 66.666… → «66.67»."""
    hundredths = int(value * 100 + Fraction(1, 2))
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _footer(plan: Plan, asked: Collection[Activity], sheet: _Sheet) -> dict[str, str]:
    percents = [p for p in (sheet.percent(a.id) for a in asked) if p is not None]
    guideline_of = {p.id: p.guideline for p in plan.projects}
    counted = {guideline_of[a.project] for a in asked} - {""}
    # A guideline with an activity this report does not ask for is not known to be finished.
    open_ones = {guideline_of[a.project] for a in plan.activities if sheet.percent(a.id) != 100}
    return {
        "overall_percent_th": sheet.number(two_decimals(sum(percents) / Fraction(len(percents))))
        if percents
        else say(NOT_REPORTED),
        "finished_th": sheet.digits(len(counted - open_ones)),
        "underway_th": sheet.digits(len(counted & open_ones)),
    }


def appendix(
    plan: Plan, deadline: Deadline, exhibits: Collection[Exhibit], pages: Mapping[int, int]
) -> dict[str, object]:
    """The context of `appendix.docx`; `pages` says how many pages of the bundle each exhibit (by number) fills."""
    numbers = {a.id: a.number for a in plan.activities}
    rows = [
        {
            "number_th": digits(e.number),
            "activity_number": numbers.get(e.activity, e.activity.upper()),
            "title": e.name,
            "kind_th": _kind(e),
            "sender": _sender(plan, e.sender),
            "received_th": moment_words(e.received, short=True),
            "sha256": e.sha256,
            "pages_th": digits(pages[e.number]) if pages.get(e.number) else say("แนบเป็นแฟ้ม"),
        }
        for e in exhibits
    ]
    return {"organisation": plain_organisation(plan), "deadline": plain_deadline(deadline), "exhibits": rows}


def _sender(plan: Plan, address: str) -> str:
    """A member by name, anybody else by address."""
    member = plan.roster.by_address(address)
    return member.full_name if member else address


_SHEET, _CLIP = phrase("ตารางคำนวณ"), phrase("วีดิทัศน์")
_KINDS = {"pdf": "PDF", "doc": "WORD", "docx": "WORD", "xls": _SHEET, "xlsx": _SHEET, "mp4": _CLIP, "mov": _CLIP}


def _kind(exhibit: Exhibit) -> str:
    extension = exhibit.path.rpartition(".")[2]
    if extension in {"jpg", "jpeg", "png", "gif", "webp", "tif", "tiff", "bmp", "heic", "heif", "avif"}:
        return say("ภาพ")
    return say(_KINDS.get(extension, phrase("แฟ้มแนบ")))
