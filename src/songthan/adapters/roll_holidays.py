"""Next year's `holidays.toml` out of this year's: what recurs by name is carried, what must be looked up is asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date

from songthan.adapters.plan_holidays import Holidays
from songthan.domain.language import day_words, digits, say
from songthan.domain.plan_notes import SPECIAL_DAY
from songthan.domain.rolling import Question
from songthan.domain.thai import thai_date, to_thai_digits

__all__ = ["holiday_questions", "next_holidays"]

_INSTEAD = "ชดเชย"
_WHERE = "holidays.toml"


def next_holidays(before: Holidays, public: Mapping[date, str], *, year: int) -> str:
    """The text of the new file. `public` is the library's own list of the new fiscal year `year`, day → name.

    Days the office took off the list are taken off again by name, with their substitute days. Days it added are its own to
    date: they become a question in the file, never a guess.
    """
    lines = [
        f"# วันหยุดของส่วนราชการ ปีงบประมาณ {to_thai_digits(year)}: รายการของห้องสมุด holidays บวกและลบวันของสำนักเอง",
        "# เมื่อตรวจกับมติคณะรัฐมนตรีแล้ว เขียน checked = \"ตรวจแล้วเมื่อ …\" ต่อจากบรรทัด source",
        f"source = {json.dumps(before.source)}",
    ]
    for name in _names(before.remove.values()):
        for day, found in public.items():
            # a day that is also something else stays a day off
            if all(name in part for part in found.split("; ")):
                lines += ["", "[[remove]]", f"date = {day}", f"name = {json.dumps(found, ensure_ascii=False)}"]
                lines += ["why = \"สำนักตัดวันนี้ไว้ในปีก่อน\""]
    for day, name in _own(before, public).items():
        words = f"ปีก่อนเพิ่มวันหยุด «{name}» ({thai_date(day, short=True)}) หากปีนี้มี โปรดใส่วันที่แล้วลบเครื่องหมาย # ออก"
        lines += ["", f"# โปรดตรวจ: {words}", "# [[add]]", "# date = ", f"# name = {json.dumps(name, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def holiday_questions(
    before: Holidays, after: Holidays, mine: Mapping[date, str], *, year: int, thai: bool
) -> list[Question]:
    """What must be decided about the days off. `mine` are those of the new fiscal year, `thai` says its calendar is."""
    asked = []
    words = digits(year)
    if thai and not any(SPECIAL_DAY in name for name in mine.values()):
        why = say(
            "ยังไม่มีวันหยุดพิเศษตามมติ ครม. ปี {year} เมื่อมีมติแล้วโปรดเพิ่มใน holidays.toml แล้วตรวจวันที่ทุกวันอีกครั้ง", year=words
        )
        asked.append(Question(place=_WHERE, text=say("วันหยุดพิเศษ"), why=why))
    for day, name in _own(before, mine).items():
        why = say("ปีก่อนสำนักเพิ่มวันหยุดนี้ไว้ ({day}) โปรดใส่วันที่ของปี {year} ใน holidays.toml", day=day_words(day), year=words)
        asked.append(Question(place=_WHERE, text=name or day_words(day), why=why))
    gone = [n for n in _names(before.remove.values()) if not any(n in name for name in after.remove.values())]
    for name in gone:
        why = say("ปีก่อนสำนักตัดวันหยุดนี้ออก แต่ไม่พบในรายการของปี {year} โปรดตรวจว่าต้องตัดวันใดหรือไม่", year=words)
        asked.append(Question(place=_WHERE, text=name, why=why))
    return asked


def _names(names: object) -> list[str]:
    """Each name once, without «ชดเชย» before it; rows without a name cannot be found again."""
    return list(dict.fromkeys(n.removeprefix(_INSTEAD) for n in names if n))  # type: ignore[attr-defined]


def _own(before: Holidays, known: Mapping[date, str]) -> dict[date, str]:
    """The days the office added that the new year's list does not have under any name of theirs. Special days are asked
    about as a whole."""
    return {
        day: name
        for day, name in before.add.items()
        if SPECIAL_DAY not in name and not any(_same(name, part) for k in known.values() for part in k.split("; "))
    }


def _same(own: str, listed: str) -> bool:
    """Is the library's «วันพืชมงคล» the office's «วันพระราชพิธีพืชมงคลจรดพระนังคัลแรกนาขวัญ»?"""
    core = listed.removeprefix(_INSTEAD).removeprefix("วัน")
    return len(core) > 4 and core in own
