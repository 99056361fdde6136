"""Puts a ReturnedForm together: identity, problems of identity, the verdict after reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from songthan.adapters.read_identity import Marks
from songthan.domain.errors import ReadRefused
from songthan.domain.forms import Answer, FormSpec, Problem, ReturnedForm
from songthan.domain.language import say

__all__ = ["form_of", "identity_problems", "nothing", "refused_form", "review_form"]


def form_of(
    marks: Marks, answers: Mapping[str, Answer] | None = None, problems: Sequence[Problem] = ()
) -> ReturnedForm:
    """The form as read; any problem of reading means that a person looks («review»)."""
    identity = marks.identity
    return ReturnedForm(
        form=(identity.form or None) if identity else None,
        token=identity.token if identity else None,
        deadline=(identity.deadline or None) if identity else None,
        recognised_by=marks.recognised_by,
        answers=dict(answers or {}),
        problems=tuple(problems),
        verdict="review" if problems else "complete",
    )


def identity_problems(marks: Marks, spec: FormSpec) -> list[Problem]:
    """unknown-form, old-version, identity-mixed: the file is not, or not only, the form we sent."""
    identity = marks.identity
    if len(marks.tokens) > 1:
        text = say("เครื่องหมายประจำแบบในไฟล์นี้ไม่ตรงกัน อาจมีการคัดลอกเนื้อหาจากแบบฉบับอื่นมารวมไว้ โปรดตรวจว่าเป็นแบบของงวดนี้")
        return [Problem(field="", code="identity-mixed", message_th=text)]
    if identity is not None and identity.form and identity.form.lower() != spec.id.lower():
        text = say(
            "ไฟล์นี้เป็นแบบ {found} ไม่ใช่แบบ {wanted} ที่ขอ โปรดตรวจว่าแนบไฟล์ถูกฉบับ",
            found=identity.form.upper(),
            wanted=spec.id.upper(),
        )
        return [Problem(field="", code="unknown-form", message_th=text)]
    if identity is not None and identity.version and identity.version != spec.version:
        text = say("ไฟล์นี้ทำบนแบบรุ่นเก่าซึ่งไม่ตรงกับแบบที่ใช้ในปัจจุบัน โปรดตรวจคำตอบก่อนรับไว้ หรือขอให้กรอกในแบบฉบับใหม่")
        return [Problem(field="", code="old-version", message_th=text)]
    return []


def nothing() -> Marks:
    """No mark at all."""
    return Marks(identity=None, recognised_by=None, tokens=frozenset())


def refused_form(error: ReadRefused) -> ReturnedForm:
    """A file that was not opened (further); the sentence says what to do."""
    text = f"{error.th} {error.remedy}".strip()
    return ReturnedForm(
        form=None, token=None, deadline=None, recognised_by=None, verdict="refused",
        problems=(Problem(field="", code=error.code, message_th=text),),
    )  # fmt: skip


def review_form(code: str, message_th: str, marks: Marks | None = None) -> ReturnedForm:
    """A file nothing was read from, for a person to look at."""
    return form_of(marks or nothing(), {}, [Problem(field="", code=code, message_th=message_th)])
