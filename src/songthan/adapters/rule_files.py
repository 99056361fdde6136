"""Loads inbox_rules/: one TOML a rule, `NN_name.toml`, NN is the order. Anything unknown is refused on load."""

from __future__ import annotations

import re
import re._constants as sre
import re._parser as sre_parser
import tomllib
from pathlib import Path

from songthan.adapters.parse_defects import DEFECTS
from songthan.domain.errors import DataError
from songthan.domain.routing import PURPOSES, ROUTES, RULE_KEYS, Rule

__all__ = ["MAX_PATTERN_WORK", "load_rules", "pattern_work"]

_NAME = re.compile(r"^(\d{2})_[a-z0-9]+(_[a-z0-9]+)*$")
_TOP = {"route", "purpose", "reason", "when"}
MAX_PATTERN_WORK = 5_000
"""Ways one position of a text may be tried at most: patterns run over strangers' mail."""


def load_rules(folder: Path) -> tuple[Rule, ...]:
    """The rules of `folder` in their order; DataError (file, key, remedy) for anything that is not right.

    The last rule must be number 99, without conditions, so that every mail finds a route.
    """
    files = sorted(p for p in folder.glob("*.toml")) if folder.is_dir() else []
    if not files:
        raise DataError("ไม่พบกฎคัดแยกจดหมาย", where=str(folder), remedy="คัดลอกโฟลเดอร์ inbox_rules จากชุดตั้งต้น (songthan init)")
    rules: list[Rule] = []
    taken: dict[int, str] = {}
    for path in files:
        rule = _rule(path)
        if rule.number in taken:
            raise DataError(f"เลขลำดับ {rule.number:02} ซ้ำกับไฟล์ {taken[rule.number]}", where=path.name,
                            remedy="เปลี่ยนเลขสองหลักหน้าชื่อไฟล์ไม่ให้ซ้ำกัน")  # fmt: skip
        taken[rule.number] = path.name
        rules.append(rule)
    rules.sort(key=lambda r: r.number)
    if rules[-1].number != 99 or rules[-1].when:
        raise DataError("ไม่มีกฎข้อสุดท้าย (เลข 99 ไม่มีเงื่อนไข) จดหมายบางฉบับจะไม่มีทางไป", where=str(folder),
                        remedy="เพิ่มไฟล์ 99_catch_all.toml ที่มีเพียง route และ reason")  # fmt: skip
    return tuple(rules)


def _rule(path: Path) -> Rule:
    name = _NAME.match(path.stem)
    if not name:
        raise DataError("ชื่อไฟล์กฎไม่ถูกต้อง", where=path.name, remedy="ใช้ชื่อแบบ 30_some_name.toml (เลขสองหลัก ตามด้วยอักษร a-z)")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"อ่านไฟล์กฎไม่ได้ ({error})", where=path.name, remedy="แก้ไวยากรณ์ TOML แล้วบันทึกเป็น UTF-8") from None
    for key in data:
        if key not in _TOP:
            raise DataError(f"ไม่รู้จักคำว่า «{key}»", where=path.name, remedy=f"ใช้ได้เฉพาะ {', '.join(sorted(_TOP))}")
    route, purpose = data.get("route"), data.get("purpose", "")
    if route not in ROUTES:
        raise DataError(f"ไม่รู้จักทางไป «{route}»", where=f"{path.name}: route", remedy=f"ใช้ {', '.join(ROUTES)}")
    if purpose not in PURPOSES[route]:
        allowed = ", ".join(p or "(ไม่ใส่)" for p in PURPOSES[route])
        raise DataError(f"purpose «{purpose}» ใช้กับ {route} ไม่ได้", where=f"{path.name}: purpose", remedy=f"ใช้ {allowed}")
    reason = data.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise DataError("กฎไม่มีคำอธิบายสำหรับเลขานุการ", where=f"{path.name}: reason", remedy="เขียนเหตุผลเป็นประโยคภาษาไทย")
    when = data.get("when", {})
    if not isinstance(when, dict):
        raise DataError("เงื่อนไขต้องเป็นตาราง", where=f"{path.name}: when", remedy="เขียนหัวข้อ [when] แล้วตามด้วยเงื่อนไข")
    for key, value in when.items():
        _check(path.name, key, value)
    return Rule(number=int(name[1]), name=path.stem, when=when, route=route, purpose=purpose, reason=reason.strip(),
                source=path.name)  # fmt: skip


def _check(file: str, key: str, value: object) -> None:
    where = f"{file}: when.{key}"
    rule_key = RULE_KEYS.get(key)
    if rule_key is None:
        raise DataError(f"ไม่รู้จักเงื่อนไข «{key}»", where=where, remedy="ดูรายการเงื่อนไขใน inbox_rules/README.md")
    shape = rule_key.value
    if shape == "bool" and not isinstance(value, bool):
        raise DataError("ค่าต้องเป็น true หรือ false", where=where, remedy="แก้เป็น true หรือ false")
    if shape == "int" and (type(value) is not int or value < 0):
        raise DataError("ค่าต้องเป็นจำนวนเต็มไม่ติดลบ", where=where, remedy="ใส่ตัวเลข")
    if shape == "words":
        _check_words(where, value, tuple(DEFECTS) if key == "defects_any" else rule_key.words)
    if shape == "regex":
        _check_pattern(where, value)
    if shape == "header":
        if not isinstance(value, dict) or set(value) != {"name", "pattern"} or not isinstance(value["name"], str):
            raise DataError("ต้องระบุ name และ pattern", where=where, remedy='เขียน header = { name = "…", pattern = "…" }')
        _check_pattern(where, value["pattern"])
    if shape == "count":
        numbers = value.values() if isinstance(value, dict) else (value,)
        keys = set(value) if isinstance(value, dict) else {"min"}
        if not keys or not keys <= {"min", "max"} or any(type(n) is not int or n < 0 for n in numbers):
            raise DataError("ต้องเป็นจำนวนเต็ม หรือ min/max", where=where, remedy="เขียน forms = 1 หรือ forms = { min = 2 }")


def _check_words(where: str, value: object, allowed: tuple[str, ...]) -> None:
    words = value if isinstance(value, list) else [value]
    if not words or any(not isinstance(w, str) or not w for w in words):
        raise DataError("ค่าต้องเป็นคำหรือรายการคำ", where=where, remedy='เขียน "คำ" หรือ ["คำ", "คำ"]')
    for word in words:
        if allowed and word not in allowed:
            raise DataError(f"ไม่รู้จักค่า «{word}»", where=where, remedy=f"ใช้ {', '.join(allowed)}")


def _check_pattern(where: str, value: object) -> None:
    if not isinstance(value, str) or not value or len(value) > 2000:
        raise DataError("รูปแบบต้องเป็นข้อความไม่เกิน 2,000 ตัวอักษร", where=where, remedy="เขียนรูปแบบในเครื่องหมาย '…'")
    try:
        work = pattern_work(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise DataError(f"รูปแบบไม่ถูกต้อง ({error})", where=where, remedy="ตรวจวงเล็บและเครื่องหมายในรูปแบบ") from None
    if work > MAX_PATTERN_WORK:
        raise DataError("รูปแบบนี้อาจใช้เวลานานเกินไปกับจดหมายบางฉบับ", where=where,
                        remedy="เลี่ยง * และ + ให้ระบุจำนวนสูงสุดแทน เช่น .{0,40} และอย่าซ้อนการซ้ำ")  # fmt: skip


_PLAIN = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.AT)
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def pattern_work(pattern: str) -> float:
    """An upper bound of the ways one position of a text may be tried; infinite for constructs that are not allowed.

    Sequences multiply, branches add, a bounded repeat counts its lengths; `*`, `+`, look-arounds and back references
    are infinite. re.error for what is no pattern.
    """
    re.compile(pattern)
    return _work(sre_parser.parse(pattern))


def _work(items: object) -> float:
    total = 1.0
    for kind, detail in items:  # type: ignore[attr-defined]
        if kind in _PLAIN:
            continue
        if kind is sre.SUBPATTERN:
            total *= _work(detail[-1])
        elif kind is sre.BRANCH:
            total *= sum(_work(branch) for branch in detail[1])
        elif kind in _REPEATS:
            low, high, body = detail
            if high is sre.MAXREPEAT or high > 200:
                return float("inf")
            inner = _work(body)
            total *= (high - low + 1) if inner == 1 else min(inner ** min(high, 40), 1e12) * (high - low + 1)
        else:
            return float("inf")
    return total
