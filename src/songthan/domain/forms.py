"""Forms as data, and what came back: fields, answers, problems.

A field of a form that repeats over activities has the id `<activity id>.<field key>`, e.g. `1.7(1).percent`; it is the
tag and the alias of its content control in the Word file, and the key of its answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FieldKind = Literal["text", "number", "percent", "count", "yes_no", "choice", "date", "table", "evidence", "signature"]
Verdict = Literal["complete", "incomplete", "review", "refused"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One thing a person fills in. `column` is the printed head of its table column, `label` its name in sentences."""

    key: str
    kind: FieldKind
    label: str
    column: str = ""
    required: bool = False
    minimum: str | None = None
    maximum: str | None = None
    choices: tuple[Choice, ...] = ()
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A cross-check. kind «reason»: when `when_field` has `when_value`, `field` must say why."""

    kind: str
    field: str
    when_field: str = ""
    when_value: str = ""
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class FormSpec:
    """A form: the template people see and its data twin. `repeat` is «activity» when its fields repeat over rows."""

    id: str
    title: str
    version: int
    template: str
    report_template: str = ""
    repeat: str = ""
    fields: tuple[Field, ...] = ()
    checks: tuple[Check, ...] = ()
    file_name: str = ""

    def field(self, key: str) -> Field:
        """The field with this key; KeyError if none."""
        for item in self.fields:
            if item.key == key:
                return item
        raise KeyError(key)


def split_field_id(field_id: str) -> tuple[str, str]:
    """`1.7(1).percent` → (`1.7(1)`, `percent`); a form-level field has an empty activity."""
    activity, _, key = field_id.rpartition(".")
    return activity, key


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
    """Something a person must look at; `message_th` is a polite sentence naming the place."""

    field: str
    code: str
    message_th: str


@dataclass(frozen=True, kw_only=True)
class ReturnedForm:
    """A form read back. `recognised_by` names the mark that told which form it is («custom-property», «footer»…)."""

    form: str | None
    token: str | None
    deadline: str | None
    recognised_by: str | None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    verdict: Verdict = "complete"

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
        }


@dataclass(frozen=True, kw_only=True)
class FormIdentity:
    """The marks a rendered form carries so that it can be recognised when it comes back."""

    form: str
    version: int
    deadline: str
    assignment: str
    token: str
