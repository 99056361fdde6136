"""Measurable targets printed inside cells: percents, counts and points with the word beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from songthan.adapters.import_dates import D, dates_in
from songthan.domain.thai import to_arabic_digits

__all__ = ["points_in", "targets_of"]

_N = rf"([{D}]+)"
_PERCENT = re.compile(rf"ร้อยละ\s*{_N}\s*%?|{_N}\s*%")
_COUNTS = (
    ("channels", re.compile(rf"(?:อย่างน้อย|ไม่น้อยกว่า)\s*{_N}\s*ช่องทาง")),
    ("networks", re.compile(rf"{_N}\s*เครือข่าย")),
    ("clips", re.compile(rf"{_N}\s*คลิป")),
)
_TOPICS = re.compile(rf"{_N}\s*(?:เรื่อง|ประเด็น)")
_COPIES = re.compile(rf"{_N}\s*(?:ฉบับ|เล่ม)")
_POINTS = re.compile(rf"([^{D}()]*?)\(?\s*{_N}\s*คะแนน")
_WHATS = (
    ("book", "หนังสือ"),
    ("report", "รายงาน"),
    ("clip", "คลิป"),
    ("symbol", "สัญลักษณ์"),
    ("manual", "คู่มือ"),
    ("plan", "แผน"),
)


def _whole(text: str) -> int:
    return int(to_arabic_digits(text))


def targets_of(columns: Mapping[str, list[str]], year: int) -> list[dict[str, Any]]:
    """The targets of a row, percents first, in the order of the columns; each kind and value once."""
    found: list[dict[str, Any]] = []
    items = [i for k in ("outputs", "outcomes", "documents", "notes") for i in columns[k]]
    for item in items:
        found += _percents(item, year)
    for item in items:
        found += _counts(item)
    for item in items:
        found += [{"kind": "points", "value": p, "what": what} for what, p, _ in points_in(item)]
    unique: list[dict[str, Any]] = []
    for one in found:
        if one not in unique:
            unique.append(one)
    return unique


def _percents(item: str, year: int) -> list[dict[str, Any]]:
    found = []
    for match in _PERCENT.finditer(item):
        value = _whole(match[1] or match[2])
        if value > 100:
            continue
        if re.search(r"ผลสำเร็จ[^๐-๙0-9]{0,12}$", item[: match.start()]):
            days = [d.day for d in dates_in(item, year) if d.day and d.start >= match.start()]
            found.append({"kind": "success_percent", "value": value, **({"by": days[0]} if days else {})})
        elif re.search("ประเมิน", item) and not re.search("เข้าร่วม", item):
            found.append({"kind": "rated_percent", "value": value})
        elif re.search("บุคลากร|ผู้บริหาร|สมาชิก|ข้าราชการ|เจ้าหน้าที่", item):
            found.append({"kind": "participation_percent", "value": value})
    return found


def _counts(item: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, pattern in _COUNTS:
        found += [{"kind": kind, "value": _whole(m[1])} for m in pattern.finditer(item) if not _is_points(item, m)]
    for m in _TOPICS.finditer(item):
        if "องค์ความรู้" in item[: m.start()]:
            found.append({"kind": "knowledge_topics", "value": _whole(m[1])})
        elif "คุณธรรม" in item[: m.start()] or "เป้าหมาย" in item[: m.start()]:
            found.append({"kind": "topics", "value": _whole(m[1])})
    for m in _COPIES.finditer(item):
        what = next((w for w, word in _WHATS if word in item[: m.start()] and w != "book"), "")
        if what:
            found.append({"kind": "copies", "value": _whole(m[1]), "what": what})
    return found


def _is_points(item: str, match: re.Match[str]) -> bool:
    return item[match.end() :].lstrip().startswith("คะแนน")


def points_in(item: str) -> list[tuple[str, int, str]]:
    """(what, points, the words) of every «… ๒๐ คะแนน» in an item; «what» is «other» when no known thing is named."""
    found = []
    for match in _POINTS.finditer(item):
        words = match[1].strip(" (")
        near = max(((words.rfind(word), w) for w, word in _WHATS), default=(-1, ""))
        found.append((near[1] if near[0] >= 0 else "other", _whole(match[2]), match[0].strip(" ()")))
    return found
