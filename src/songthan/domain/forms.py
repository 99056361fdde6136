"""Forms as data, and what came back: fields, answers, problems.

A field's id is the tag and the alias of its content control in the Word file, and the key of its answer: `head_name`;
`<activity id>.<field key>` in a form that repeats over activities (`1.7(1).percent`); `<table key>[<row>].<column key>`
in a growing table (`dos[1].behaviour`, rows from 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from songthan.domain.language import phrase, say

FieldKind = Literal["text", "number", "percent", "count", "yes_no", "choice", "date", "table", "evidence", "signature"]
Verdict = Literal["complete", "incomplete", "review", "refused"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    value: str
    label: str


YES_NO = (Choice(value="yes", label=phrase("มี")), Choice(value="no", label=phrase("ไม่มี")))


@lru_cache(maxsize=4)
def _yes_no(*labels: str) -> tuple[Choice, ...]:
    """YES_NO under these labels."""
    return tuple(Choice(value=c.value, label=label) for c, label in zip(YES_NO, labels, strict=True))


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing a person fills in. `column` is the printed head of its table column, `label` its name in sentences.

    `place` leads a person to it in Word («ข้อ ๒ ของตารางเกณฑ์»). `columns` are the fields of a growing table's rows
    (kind «table»), `rows` how many empty rows are laid out. `prefill` names where a first value comes from (see
    `songthan.steps.prefill`). A yes_no with one choice is a lone tick box: unticked is «no».
    """

    key: str
    kind: FieldKind
    label: str
    column: str = ""
    place: str = ""
    required: bool = False
    minimum: str | None = None
    maximum: str | None = None
    choices: tuple[Choice, ...] = ()
    columns: tuple[Field, ...] = ()
    rows: int = 0
    prefill: str = ""
    help: str = ""

    @property
    def options(self) -> tuple[Choice, ...]:
        """The choices of a field; a yes_no without its own has «มี» and «ไม่มี»."""
        return self.choices or (_yes_no(*(say(c.label) for c in YES_NO)) if self.kind == "yes_no" else ())

    def column_of(self, key: str) -> Field:
        """The column with this key; KeyError if none."""
        for item in self.columns:
            if item.key == key:
                return item
        raise KeyError(key)


@dataclass(frozen=True, kw_only=True)
class Check:
    """A cross-check of a form's answers. In a growing table every name is `<table>.<column>` and each row is checked.

    «reason»: when `when_field` has `when_value`, `field` must say why. «needs»: when `when_field` has `when_value`,
    `field` must be answered. «percent-of»: `field` is the percent that the persons in `of` are of the headcount (or of
    the number in the field `base`). «sum»: `field` is the sum of `fields`. «lines»: `field` is the number of lines
    (or filled rows) in `of`. «not-both»: at most one of `fields` is yes.
    """

    kind: str
    field: str
    when_field: str = ""
    when_value: str = ""
    of: str = ""
    base: str = ""
    fields: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class FormSpec:
    """A form: the template people see and its data twin.

    `repeat` is «activity» when its fields repeat over the plan's rows. `answered_by` says who is asked: «activities»
    (each seat that answers for one of the deadline's activities, its own rows), «lead» (the first such seat, for all),
    or an office role of the roster («secretary», «head», …). `after` names forms whose answers this one is made from:
    it is asked when they are accepted. `report_template` prints the accepted answers; without it the form itself does.
    `cover_template` prints a summary that lies on top (its sheet limit is the plan's channel rule). Of a form that repeats,
    `printed` are the lines its template prints around the tables (see `domain.layouts.WILD`), `number_head` the head of the
    column with the rows' numbers; both are read off the template, never written by hand.
    """

    id: str
    title: str
    version: int
    template: str
    short: str = ""
    report_template: str = ""
    cover_template: str = ""
    repeat: str = ""
    answered_by: str = "activities"
    after: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    checks: tuple[Check, ...] = ()
    file_name: str = ""
    printed: tuple[str, ...] = ()
    number_head: str = ""

    def field(self, key: str) -> Field:
        """The field with this key; KeyError if none."""
        for item in self.fields:
            if item.key == key:
                return item
        raise KeyError(key)

    def of_id(self, field_id: str) -> Field:
        """The field or column an answer's id belongs to; KeyError if none."""
        row, key = split_field_id(field_id)
        table = table_row(row)
        return self.field(table[0]).column_of(key) if table and not self.repeat else self.field(key)


_TABLE_ROW = re.compile(r"([a-z][a-z0-9_]*)\[([1-9][0-9]{0,2})\]")


def split_field_id(field_id: str) -> tuple[str, str]:
    """`1.7(1).percent` → (`1.7(1)`, `percent`), `dos[1].note` → (`dos[1]`, `note`); a plain field has an empty row."""
    row, _, key = field_id.rpartition(".")
    return row, key


def table_row(row: str) -> tuple[str, int] | None:
    """`dos[2]` → (`dos`, 2); None for anything else."""
    match = _TABLE_ROW.fullmatch(row)
    return (match[1], int(match[2])) if match else None


#: Paragraphs Songthan itself writes beside an answer; a reader drops them.
CARRIED_NOTES = (phrase("(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)"), phrase("(ข้อมูลเดิม โปรดยืนยันหรือแก้ไข)"))
WRONG_NOTE = (phrase("(โปรดแก้ไข: "), ")")


def wrong_note(sentence: str) -> str:
    """The note beside a field to be corrected, on one line and without brackets of its own."""
    plain = " ".join(sentence.replace("(", "").replace(")", "").split())
    return f"{say(WRONG_NOTE[0])}{plain}{WRONG_NOTE[1]}"


def is_our_note(paragraph: str) -> bool:
    """Is this whole paragraph a note of ours (carried over, or to be corrected)? White space does not matter."""
    text = "".join(paragraph.split())
    if any(text == "".join(say(note).split()) for note in CARRIED_NOTES):
        return True
    start = "".join(say(WRONG_NOTE[0]).split())
    return text.startswith(start) and text.endswith(")") and text.count("(") == 1 and text.count(")") == 1


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One value read back.

    `value` is what Songthan understood (text as typed; numbers and percents as a decimal string without sign or comma;
    choices by their value; None where nothing was answered). `raw` is the text as it stood. `source` says where a
    person finds it, `method` how it was read («control», «table», «control+table», «label», «pdf-text»…), `confidence`
    0–1.
    """

    field: str
    value: str | None
    raw: str
    source: str = ""
    method: str = ""
    confidence: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something a person must look at; `message_th` is a polite sentence naming the place, «<place>: <what to do>»."""

    field: str
    code: str
    message_th: str

    @property
    def advice(self) -> str:
        """The sentence without the place, for a note beside the field itself."""
        place, colon, rest = self.message_th.partition(": ")
        return rest if colon and len(place) < 200 else self.message_th


@dataclass(frozen=True, kw_only=True)
class ReturnedForm:
    """A form read back. `recognised_by` names the mark that told which form it is («custom-property», «footer»…).

    `suggestion` is the text a machine read from a picture (OCR): for a person's eye only, never an answer.
    """

    form: str | None
    token: str | None
    deadline: str | None
    recognised_by: str | None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    verdict: Verdict = "complete"
    suggestion: str = ""

    def as_json(self) -> dict[str, object]:
        """The document `songthan form read --json` prints."""
        return {
            "form": self.form,
            "token": self.token,
            "deadline": self.deadline,
            "recognised_by": self.recognised_by,
            "answers": {
                key: {
                    "value": a.value,
                    "raw": a.raw,
                    "source": a.source,
                    "method": a.method,
                    "confidence": a.confidence,
                }
                for key, a in self.answers.items()
            },
            "problems": [{"field": p.field, "code": p.code, "message_th": p.message_th} for p in self.problems],
            "verdict": self.verdict,
            "suggestion": self.suggestion,
        }


@dataclass(frozen=True, kw_only=True)
class FormIdentity:
    """The marks a rendered form carries so that it can be recognised when it comes back."""

    form: str
    version: int
    deadline: str
    assignment: str
    token: str
