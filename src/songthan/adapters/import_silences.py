"""Where a scoring table says nothing: between printed bands, below the least count, «หลากหลาย» without a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from songthan.domain.thai import to_thai_digits

if TYPE_CHECKING:
    from songthan.adapters.import_rubric import _Reader

__all__ = ["silences"]


def silences(
    key: str, rows: Sequence[Mapping[str, Any]], reader: _Reader, clauses: Mapping[int, Sequence[str]]
) -> list[dict[str, Any]]:
    """Where the table says nothing: between printed bands, below the least count, «หลากหลาย»."""
    found = []
    bounds = [(r["score"], c) for r in rows for c in r.get("all", []) if "at_least" in c]
    for at, tops in reader.tops.items():
        i = reader.inputs[at]
        value = f"{i.key}_percent" if i.of_staff else i.key
        for score, c in bounds:
            top = next((t for t in tops if c["value"] == value and 0 < float(c["at_least"]) - float(t) < 1), None)
            if top is None:
                continue
            low = c["at_least"]
            found.append(
                {
                    "id": f"{key}-just-below-{low}", "criterion": key, "score": score - 1,
                    "when": [{"value": value, "above": top}, {"value": value, "below": low}],
                    "text": f"ค่าร้อยละอยู่ระหว่าง {to_thai_digits(top)} กับ {to_thai_digits(low)} ซึ่งเกณฑ์มิได้ระบุไว้ ระบบไม่ปัดเศษ และถือว่ายังไม่ถึงร้อยละ {to_thai_digits(low)}",
                }
            )  # fmt: skip
    for n, i in enumerate(reader.inputs):
        least = min((int(c["at_least"]) for _, c in bounds if c["value"] == i.key), default=0)
        none_only = bool(clauses.get(0)) and clauses[0][0].startswith("ไม่มี")
        if i.kind == "count" and not i.of_staff and n not in reader.many and len(reader.inputs) == 1 and none_only:
            found += [
                {
                    "id": f"{key}-only-{few}", "criterion": key, "score": 0, "when": [{"value": i.key, "equals": str(few)}],
                    "text": f"มี {to_thai_digits(few)} {i.unit} ซึ่งเกณฑ์มิได้ระบุคะแนนไว้ (ต้องไม่น้อยกว่า {to_thai_digits(least)}) ระบบจึงให้ ๐ คะแนน โปรดพิจารณา",
                }
                for few in range(1, least)
            ]  # fmt: skip
        if n in reader.many:
            score, _ = next((s, c) for s, c in bounds if c["value"] == i.key)
            flags = [c for c in next(r for r in rows if r["score"] == score)["all"] if "flag" in c]
            found.append(
                {
                    "id": f"{key}-one-channel", "criterion": key, "score": score - 1,
                    "when": [*flags, {"value": i.key, "equals": "1"}],
                    "text": "เกณฑ์ระบุว่า “หลากหลาย” โดยมิได้กำหนดจำนวน ระบบถือว่าต้องมีตั้งแต่ ๒ ขึ้นไป เมื่อมี ๑ จึงยังไม่ได้คะแนนนี้",
                }
            )  # fmt: skip
    return found
