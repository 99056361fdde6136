"""The tables of `plans/YEAR/rubric.toml` beside criteria and levels, and the hands every table of it is read with."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from songthan.domain.errors import DataError
from songthan.domain.rubric_values import (
    GAP_ORDER,
    ActivityPoints,
    Criterion,
    DepartmentLevel,
    Evidence,
    GapRules,
    Improvement,
    PlanSuccess,
    Progress,
)

__all__ = [
    "activity_points", "decimal", "department_levels", "evidence", "gap_rules", "plan_success", "point_words", "progress", "rows",
    "table", "text_of", "whole", "wrong",
]  # fmt: skip

FORM_FIELD = re.compile(r"[a-z0-9_]+\.[a-z][a-z0-9_]*")


def department_levels(top: Mapping[str, Any], levels: Collection[int], path: str) -> tuple[DepartmentLevel, ...]:
    """`[[department_levels]]`, the lowest first."""
    keys = {"level", "name", "text", "bureau_level_at_least", "percent_at_least"}
    found = []
    for n, data in rows(top, "department_levels", path):
        where = f"{path} [[department_levels]] {n}"
        row = table(data, keys | {"source_lines"}, where, needed=keys)
        least = whole(row, "bureau_level_at_least", where)
        percent = decimal(row["percent_at_least"], where)
        if least not in levels or not 0 < percent <= 100:
            raise wrong(
                "ระดับของสำนักไม่มีใน [[levels]] หรือร้อยละไม่อยู่ใน ๐–๑๐๐", where, "แก้ bureau_level_at_least หรือ percent_at_least"
            )
        found.append(
            DepartmentLevel(
                level=whole(row, "level", where), name=text_of(row, "name", where), text=text_of(row, "text", where),
                bureau_level_at_least=least, percent_at_least=percent,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: one.level))


def gap_rules(top: Mapping[str, Any], known: Mapping[str, Criterion], path: str) -> GapRules:
    """`[gap]` and `[[improvements]]`: the cost model, and how a missing answer is told as something to do."""
    where = f"{path} [gap]"
    gap = table(top.get("gap", {}), {"order"}, where)
    order = gap.get("order", list(GAP_ORDER))
    if not isinstance(order, list) or not order or order[0] != "points" or any(o not in GAP_ORDER for o in order):
        raise wrong("order ต้องขึ้นต้นด้วย points", where, f"ใช้ {', '.join(GAP_ORDER)}")
    found: dict[str, Improvement] = {}
    for n, data in rows(top, "improvements", path):
        place = f"{path} [[improvements]] {n}"
        row = table(data, {"answer", "text", "effort", "until"}, place, needed={"answer"})
        name = text_of(row, "answer", place)
        criterion, _, key = name.partition(".")
        if criterion not in known or key not in {i.key for i in known[criterion].inputs}:
            raise wrong(f"ไม่มีคำตอบ «{name}»", place, 'เขียน answer เป็น ข้อ.คีย์ เช่น "c8.media"')
        found[name] = Improvement(
            text=text_of(row, "text", place) if "text" in row else "",
            effort=whole(row, "effort", place) if "effort" in row else 1,
            until=_day(row["until"], "until", place) if "until" in row else None,
        )
    return GapRules(order=tuple(order), improvements=found)


def evidence(top: Mapping[str, Any], known: Mapping[str, Criterion], path: str) -> tuple[Evidence, ...]:
    """`[[evidence]]`: what proves a criterion."""
    found = []
    for n, data in rows(top, "evidence", path):
        where = f"{path} [[evidence]] {n}"
        row = table(data, {"criterion", "field", "activities"}, where, needed={"criterion"})
        if row["criterion"] not in known:
            raise wrong(f"ไม่มีข้อ «{row['criterion']}»", where, f"ใช้ {', '.join(known)}")
        activities = row.get("activities", [])
        if not isinstance(activities, list) or any(not isinstance(a, str) for a in activities):
            raise wrong("activities ต้องเป็นรายการรหัสกิจกรรม", where, 'เขียนเช่น activities = ["1.1"]')
        name = _field(row, "field", where)
        found.append(Evidence(criterion=row["criterion"], field=name, activities=tuple(activities)))
    return tuple(found)


def activity_points(top: Mapping[str, Any], path: str) -> tuple[ActivityPoints, ...]:
    """`[[activity_points]]`."""
    keys = {"activity", "what", "points", "text"}
    found = []
    for n, data in rows(top, "activity_points", path):
        where = f"{path} [[activity_points]] {n}"
        row = table(data, keys | {"source_lines"}, where, needed=keys)
        found.append(
            ActivityPoints(
                activity=text_of(row, "activity", where), what=text_of(row, "what", where),
                points=whole(row, "points", where), text=text_of(row, "text", where),
            )
        )  # fmt: skip
    return tuple(found)


def point_words(top: Mapping[str, Any], path: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """`[[point_words]]` by activity and thing."""
    found = {}
    for n, data in rows(top, "point_words", path):
        where = f"{path} [[point_words]] {n}"
        row = table(data, {"activity", "what", "words"}, where, needed={"activity", "what", "words"})
        listed = row["words"]
        if not isinstance(listed, list) or not listed or any(not isinstance(w, str) or not w.strip() for w in listed):
            raise wrong("words ต้องเป็นรายการคำ", where, 'เขียนเช่น words = ["รูปเล่ม", "หนังสือ"]')
        found[text_of(row, "activity", where), text_of(row, "what", where)] = tuple(listed)
    return found


def plan_success(top: Mapping[str, Any], path: str) -> tuple[PlanSuccess, ...]:
    """`[[plan_success]]`, the earliest day first."""
    found = []
    for n, data in rows(top, "plan_success", path):
        where = f"{path} [[plan_success]] {n}"
        row = table(data, {"by", "percent", "text", "source_lines"}, where, needed={"by", "percent", "text"})
        percent = decimal(row["percent"], where)
        if not 0 <= percent <= 100:
            raise wrong("percent ต้องอยู่ใน ๐–๑๐๐", where, 'เขียนเช่น percent = "95"')
        found.append(PlanSuccess(by=_day(row["by"], "by", where), percent=percent, text=text_of(row, "text", where)))
    return tuple(sorted(found, key=lambda one: one.by))


def progress(top: Mapping[str, Any], path: str) -> Progress | None:
    """`[progress]`: the fields of the form over activities."""
    if "progress" not in top:
        return None
    where = f"{path} [progress]"
    keys = ("percent", "reached", "evidence", "done")
    row = table(top["progress"], set(keys), where, needed={"percent"})
    found = {key: _field(row, key, where) for key in keys}
    if len({name.partition(".")[0] for name in found.values() if name}) != 1:
        raise wrong("ทุกช่องต้องเป็นของแบบเดียวกัน", where, 'เขียนเช่น percent = "f3.percent"')
    return Progress(**found)


def _field(row: Mapping[str, Any], key: str, where: str) -> str:
    if key not in row:
        return ""
    name = text_of(row, key, where)
    if not FORM_FIELD.fullmatch(name):
        raise wrong(f"{key} «{name}» อ่านไม่ได้", where, 'เขียนเป็น แบบ.ช่อง เช่น "f2.c1_persons"')
    return name


def _day(value: Any, key: str, where: str) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise wrong(f"«{key}» ต้องเป็นวันที่", where, f"เขียน {key} = 2023-07-25 (ไม่มีเครื่องหมายคำพูด)")
    return value


def decimal(value: Any, where: str) -> Fraction:
    """A number written as a string, read exactly."""
    try:
        found = Fraction(value) if isinstance(value, str) and "/" not in value else None
    except ValueError:
        found = None
    if found is None:
        raise wrong(f"«{value}» ไม่ใช่ตัวเลขในเครื่องหมายคำพูด", where, 'เขียนเช่น at_least = "79.99"')
    return found


def table(data: Any, allowed: Collection[str], where: str, needed: Collection[str] = frozenset()) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise wrong("ตรงนี้ต้องเป็นตาราง", where, "ดูตัวอย่างใน plans/2566/rubric.toml")
    for key in sorted(set(data) - set(allowed)):
        raise wrong(f"ไม่รู้จักคีย์ «{key}»", where, f"ใช้ได้เฉพาะ {', '.join(sorted(allowed))}")
    for key in sorted(set(needed) - set(data)):
        raise wrong(f"ขาดคีย์ «{key}»", where, f"เพิ่ม {key} = …")
    return data


def rows(row: Mapping[str, Any], key: str, where: str) -> list[tuple[int, Any]]:
    found = row.get(key, [])
    if not isinstance(found, list):
        raise wrong(f"«{key}» ต้องเป็นรายการ", where, f"เขียน {key} = [ … ]")
    return list(enumerate(found, 1))


def text_of(row: Mapping[str, Any], key: str, where: str) -> str:
    if not isinstance(row[key], str) or not row[key].strip():
        raise wrong(f"«{key}» ต้องเป็นข้อความ", where, f'เขียน {key} = "…"')
    return row[key]


def whole(row: Mapping[str, Any], key: str, where: str) -> int:
    if type(row[key]) is not int or row[key] < 0:
        raise wrong(f"«{key}» ต้องเป็นจำนวนเต็มไม่ติดลบ", where, f"เขียน {key} = 3")
    return row[key]


def wrong(text: str, where: str, remedy: str) -> DataError:
    return DataError(text, where=where, remedy=remedy)
