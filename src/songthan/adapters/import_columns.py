"""The columns of an activity table, known by their heads whatever their order and wording."""

from __future__ import annotations

import re

from songthan.adapters.import_cells import bare, lead_number, one_line
from songthan.adapters.import_dates import dates_in
from songthan.adapters.import_source import Cell, Row, Source

__all__ = ["HEAD_WORDS", "columns_of", "left_out", "nearest_head"]

HEAD_WORDS = (
    ("outputs", re.compile("ผลผลิต|output", re.I)),
    ("outcomes", re.compile("ผลลัพธ์|outcome", re.I)),
    (
        "documents",
        re.compile(
            r"ระยะเวลา|กำหนดส่ง|กำหนดการ|กำหนดเวลา|กำหนดแล้วเสร็จ|ครบกำหนด|แล้วเสร็จ|วันที่|วันส่ง|ส่งภายใน|ส่งเอกสาร|นำเสนอเอกสาร|ช่วงเวลา|วัน\W*เดือน\W*ปี|^เวลา|due",
            re.I,
        ),
    ),
    ("notes", re.compile("หมายเหตุ|ผู้รับผิดชอบ")),
    ("activity", re.compile("โครงการ|กิจกรรม")),
    ("number", re.compile("^(?:ลำดับ|ที่|ข้อ|เลขที่|no)", re.I)),
)
#: read only where no table of the document has a head in the words above
_LOOSE = (
    *HEAD_WORDS,
    ("outputs", re.compile("ตัวชี้วัด|เชิงปริมาณ|ผลที่คาด|เอกสาร")),
    ("outcomes", re.compile("เป้าหมาย|เชิงคุณภาพ|ประโยชน์|ความสำเร็จ")),
    ("notes", re.compile("ผู้ดำเนินการ|ผู้ปฏิบัติ|เจ้าภาพ|หน่วยงาน")),
    ("activity", re.compile("รายการ|การดำเนินงาน|การดำเนินการ|^งาน|^เรื่อง|แผนงาน|ภารกิจ")),
)
#: of two columns of dates the one that speaks of handing in is meant
_HANDS_IN = re.compile("ส่ง|เสนอ")


def columns_of(row: Row, *, loose: bool = False) -> dict[int, str] | None:
    """Column index → name, when this row is the head of an activity table (activity, date and an output or outcome).

    `loose`: other words too, and a number in place of an output.
    """
    found: dict[int, str] = {}
    for k, cell in enumerate(row.cells):
        text = bare(one_line(cell.text))
        if not text or len(text) > 60:
            continue
        if lead_number(text)[0] or dates_in(text, 2500):
            return None  # «กิจกรรม …» with its number and day: a row that only speaks like a head
        name = next((name for name, pattern in (_LOOSE if loose else HEAD_WORDS) if pattern.search(text)), "")
        if name == "documents" and (before := next((i for i, n in found.items() if n == name), None)) is not None:
            if _HANDS_IN.search(text) and not _HANDS_IN.search(bare(one_line(row.cells[before].text))):
                found[before], found[k] = "notes", name
        elif name and (name not in found.values() or name == "notes"):
            found[k] = name
    names = set(found.values())
    third = {"outputs", "outcomes", "number"} if loose else {"outputs", "outcomes"}
    return found if {"activity", "documents"} <= names and names & third else None


def left_out(row: Row, columns: dict[int, str]) -> list[Cell]:
    """The head cells that are no column of a plan («งบประมาณ»)."""
    return [c for k, c in enumerate(row.cells) if k not in columns and not c.merged and c.text.strip()]


def nearest_head(source: Source) -> tuple[str, str]:
    """(place, heads) of the row that comes nearest to an activity table's head; empty when none does."""
    best, place, heads = 0, "", ""
    for table in source.tables():
        for row in table.rows[:3]:
            texts = [t for c in row.cells if (t := one_line(c.text)) and len(t) <= 60]
            known = sum(any(p.search(bare(t)) for _, p in _LOOSE) for t in texts)
            if known > best:
                best, place, heads = known, row.place, " · ".join(f"«{t}»" for t in texts[:8])
    return place, heads
