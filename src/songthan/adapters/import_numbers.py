"""Doubts about the numbers of a plan's rows: one that skips, stands twice, goes back, or stands under another heading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from songthan.domain.import_notes import Notebook
from songthan.domain.thai import to_thai_digits

if TYPE_CHECKING:
    from songthan.adapters.import_rows import Rows

__all__ = ["check_numbers"]


def check_numbers(rows: Rows, notes: Notebook) -> None:
    """Doubts about numbers that skip, stand twice, or belong to another heading."""
    last = 0
    for number, place in _series(rows):
        if number > last + 1:
            gone = ", ".join(to_thai_digits(n) for n in range(last + 1, number))
            notes.doubt("numbering", f"ลำดับ {to_thai_digits(number)}", f"เลขลำดับข้าม: ไม่พบ {gone}", place)
        elif number < last:
            notes.doubt(
                "numbering", f"ลำดับ {to_thai_digits(number)}", f"เลขลำดับย้อนหลัง ต่อจาก {to_thai_digits(last)}", place
            )
        last = max(last, number)
    inner: dict[str, int] = {}
    for a in rows.activities:
        head, _, tail = a.number.partition(".")
        if not tail.isdigit() or a.part > 1:
            continue
        before = inner.get(head, 0)
        if int(tail) != before + 1:
            shown = to_thai_digits(a.number)
            said = (
                f"เลข {shown} ซ้ำ"
                if int(tail) == before
                else f"เลขลำดับข้ามหรือย้อน: ก่อน {shown} คือ {to_thai_digits(f'{head}.{before}')}"
            )
            notes.doubt("numbering", shown, said, a.place)
        inner[head] = int(tail)
        if a.project is not None and a.project.number and a.project.number != head:
            said = f"กิจกรรม {to_thai_digits(a.number)} อยู่ใต้หัวข้อลำดับ {to_thai_digits(a.project.number)}"
            notes.doubt("numbering", to_thai_digits(a.number), said, a.place)
    numbers_ = [m.number for m in rows.measures]
    if numbers_ != list(range(1, len(numbers_) + 1)):
        notes.doubt("numbering", "มาตรการ", f"เลขมาตรการไม่ต่อเนื่อง: {', '.join(map(to_thai_digits, numbers_))}")


def _series(rows: Rows) -> Iterator[tuple[int, str]]:
    """The whole numbers of projects and of activities that stand for themselves, in the document's order."""
    told = set()
    for a in rows.activities:
        if a.project is not None and id(a.project) not in told:
            told.add(id(a.project))
            if a.project.number.isdigit():
                yield int(a.project.number), a.project.place
        if a.number.isdigit():
            yield int(a.number), a.place
