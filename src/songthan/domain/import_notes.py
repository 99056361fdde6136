"""What an import has to tell beside its values: doubts about what was read, questions about what was not printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from songthan.domain.language import day_words, say

__all__ = ["DOUBTS", "Doubt", "Found", "Notebook", "Question", "change_words"]

#: code of a doubt → its kind in Thai, as the review page heads it
DOUBTS = {
    "spelling": "ชื่อหน่วยงานหรือถ้อยคำสะกดไม่ตรงกัน",
    "slip": "อาจอ่านหรือพิมพ์ผิด",
    "bracket": "วงเล็บหรือเครื่องหมายคำพูดไม่ครบคู่",
    "numbering": "เลขลำดับข้าม ซ้ำ หรือไม่มี",
    "date": "วันที่ต้องตรวจ",
    "two-dates": "มีมากกว่าหนึ่งวันสำหรับเรื่องเดียว",
    "misplaced-box": "กรอบกำหนดส่งอยู่ในตารางของแบบอื่น",
    "form": "แบบรายงานต้องตรวจ",
    "responsible": "ผู้รับผิดชอบต้องตรวจ",
    "roster": "รายชื่อคณะทำงานต้องตรวจ",
    "password": "ตัดรหัสผ่านออก",
    "rubric": "เกณฑ์ให้คะแนนต้องตรวจ",
    "assumed": "ถือตามแบบแผน มิได้พิมพ์ไว้",
    "layout": "ตารางผิดรูป",
}


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """`code` is a key of DOUBTS, `about` the row or field it stands beside, `place` the line or table and cell."""

    code: str
    about: str
    text: str
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something a person has to fill in: `field` is the file and key, `text` the question in Thai."""

    field: str
    text: str
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """One row as found, for the review: what it is, its id, its text, and where it stands in the source."""

    kind: str
    id: str
    text: str
    place: str
    more: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Notebook:
    """Collects while the source is read; the same remark is written once."""

    doubts: list[Doubt] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    def doubt(self, code: str, about: str, text: str, place: str = "") -> None:
        one = Doubt(code=code, about=about, text=text, place=place)
        if code not in DOUBTS:
            raise ValueError(code)
        if one not in self.doubts:
            self.doubts.append(one)

    def ask(self, field_name: str, text: str, place: str = "") -> None:
        one = Question(field=field_name, text=text, place=place)
        if one not in self.questions:
            self.questions.append(one)

    def row(self, kind: str, id_: str, text: str, place: str, *more: str) -> None:
        self.found.append(Found(kind=kind, id=id_, text=text, place=place, more=more))


def change_words(value: Any) -> str:
    """A value of a plan as people read it, short."""
    if value is None or value == "":
        return say("(ว่าง)")
    if isinstance(value, date):
        return day_words(value)
    if isinstance(value, Mapping):
        return " · ".join(f"{k}: {change_words(v)}" for k, v in value.items() if k != "source")[:400]
    if isinstance(value, (list, tuple)):
        return " · ".join(change_words(v) for v in value)[:600] or say("(ว่าง)")
    return str(value)
