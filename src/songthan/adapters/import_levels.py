"""The levels a bureau, and a department of bureaus, can reach: sentences beside the scoring table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from songthan.adapters.import_activities import Wording
from songthan.adapters.import_cells import D, one_line
from songthan.adapters.import_source import Paragraph, Source
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import to_arabic_digits, to_thai_digits

__all__ = ["read_levels"]

_LEVEL = re.compile(rf"^ระดับ\s?(?:ที่)?\s*([{D}])\s+(\S+)\s*(.*)$")
_RULE = re.compile(
    rf"ข้อ(?:ที่)?\s*([{D}]+)\s*(?:-|–|ถึง)\s*([{D}]+).{{0,20}}?(?:ไม่น้อยกว่า|อย่างน้อย)ข้อละ\s*([{D}]+)\s*คะแนน.{{0,20}}?(?:ไม่น้อยกว่า|อย่างน้อย)\s*([{D}]+)"
)
_SHARE = re.compile(rf"(?:ไม่น้อยกว่า|อย่างน้อย)\s*(?:ร้อยละ\s*)?([{D}]+(?:\.[{D}]+)?)\s*%?")


def read_levels(
    source: Source, words: Wording, numbers: Sequence[int], score_max: int, notes: Notebook
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """`[[levels]]` and `[[department_levels]]`; a question when no level of a bureau is found."""
    levels: list[dict[str, Any]] = []
    department: list[dict[str, Any]] = []
    head: tuple[re.Match[str], Paragraph] | None = None
    for p in source.paragraphs():
        text = one_line(p.text)
        if match := _LEVEL.match(text):
            head = (match, p)
        if head is None or not text:
            continue
        if rule := _RULE.search(text):
            levels.append(_bureau(head, rule, text, p, words, notes))
            head = None
        elif text == one_line(head[1].text) and "ผลการประเมิน" in text and (share := _SHARE.search(text)):
            department.append(_department(head[0], share[1], levels, p, words))
            head = None
    for level in levels:
        wanted = [int(c[1:]) for c in level["criteria"]]
        if not set(wanted) <= set(numbers) or level["sum_at_least"] > score_max * len(wanted):
            gone = ", ".join(to_thai_digits(n) for n in wanted if n not in numbers)
            if gone:
                notes.ask(
                    "rubric.toml [[criteria]]", f"ระดับ {to_thai_digits(level['level'])} อ้างเกณฑ์ข้อ {gone} ซึ่งไม่พบในตาราง"
                )
            notes.doubt("rubric", f"ระดับ {to_thai_digits(level['level'])}", "ระดับนี้อ้างข้อที่ไม่มีในเกณฑ์ หรือเกินคะแนนเต็ม")
    if not levels:
        notes.ask("rubric.toml [[levels]]", "ไม่พบเกณฑ์ของแต่ละระดับ (ข้อใด ข้อละกี่คะแนน รวมกี่คะแนน)")
    return levels, department


def _bureau(
    head: tuple[re.Match[str], Paragraph], rule: re.Match[str], text: str, p: Paragraph, words: Wording, notes: Notebook
) -> dict[str, Any]:
    match, first = head
    low, high, each, total = (int(to_arabic_digits(g)) for g in rule.groups())
    own = match[3] if text == one_line(first.text) else f"{match[3]} {text}"
    built = {
        "level": int(to_arabic_digits(match[1])), "name": match[2], "text": words.line(own).strip(),
        "criteria": [f"c{n}" for n in range(low, high + 1)], "each_at_least": each, "sum_at_least": total,
    }  # fmt: skip
    if first.line and p.line:
        built["source_lines"] = [first.line, p.line]
    notes.row("level", str(built["level"]), f"{match[2]}: {built['text']}", first.place)
    return built


def _department(
    match: re.Match[str], share: str, levels: Sequence[dict[str, Any]], p: Paragraph, words: Wording
) -> dict[str, Any]:
    number = int(to_arabic_digits(match[1]))
    quoted = re.search("“([^”]+)”", match[3])
    named = [x["level"] for x in levels if quoted and x["name"].endswith(quoted[1])]
    built: dict[str, Any] = {
        "level": number, "name": match[2], "text": words.line(match[3]),
        "bureau_level_at_least": named[0] if named else number, "percent_at_least": to_arabic_digits(share),
    }  # fmt: skip
    if p.line:
        built["source_lines"] = [p.line, p.line]
    return built
