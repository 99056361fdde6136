"""The files `songthan score` takes: answers and points as JSON, bureaus' results as JSON, CSV or a folder of them.

Anybody's file: whatever is in it, the answer is a value or one UsageError that names file, place and remedy.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from songthan.domain.department import Bureau
from songthan.domain.errors import UsageError
from songthan.domain.rubric import Rubric, evaluate
from songthan.domain.thai import to_arabic_digits
from songthan.domain.values import is_none_word

__all__ = ["named", "read_bureaus", "read_json"]

#: A file of answers is a page; anything much larger is something else.
_MAX_BYTES = 1_000_000
_HELP = "ดูตัวอย่างใน songthan score --help"
_NAMES = ("name", "bureau", "สำนัก", "ชื่อ", "ชื่อสำนัก", "หน่วยงาน")
_LEVELS = ("level", "ระดับ", "ระดับที่ได้")


def shown(file: Path) -> str:
    return "อินพุต (-)" if str(file) == "-" else str(file)


@contextmanager
def named(file: Path):
    """UsageErrors inside say the file before the place in it."""
    try:
        yield
    except UsageError as error:
        where = f"{shown(file)}: {error.where}" if error.where else shown(file)
        raise UsageError(error.th, where=where, remedy=error.remedy) from error


def read_json(file: Path) -> Any:
    """What is in the file; numbers with a point are exact decimals as they were written, never floats."""
    data = _bytes(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UsageError("ไม่ใช่แฟ้มข้อความ UTF-8", where=shown(file), remedy="บันทึกแฟ้มใหม่โดยเลือกการเข้ารหัสเป็น UTF-8")
    if not text.strip():
        raise UsageError("แฟ้มว่าง", where=shown(file), remedy=_HELP)
    try:
        return json.loads(text, parse_float=_decimal, parse_constant=_refuse, object_pairs_hook=_no_repeats)
    except (ValueError, RecursionError) as error:
        said = "ซ้อนลึกเกินไป" if isinstance(error, RecursionError) else str(error)[:200]
        raise UsageError(f"ไม่ใช่ JSON ที่อ่านได้ ({said})", where=shown(file), remedy=f"แก้ตามตำแหน่งที่แจ้ง {_HELP}") from error


def read_object(file: Path) -> Mapping[str, Any]:
    """A JSON object."""
    document = read_json(file)
    if not isinstance(document, dict):
        raise UsageError("คำตอบต้องเป็นวัตถุ JSON {…}", where=shown(file), remedy=_HELP)
    return document


def _bytes(file: Path) -> bytes:
    try:
        with click.open_file(str(file), "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "ชื่อแฟ้มใช้ไม่ได้"
        raise UsageError(f"เปิดแฟ้มไม่ได้ ({reason})", where=shown(file), remedy="ตรวจชื่อแฟ้ม หรือใช้ - เพื่ออ่านจากอินพุต") from error
    if len(data) > _MAX_BYTES:
        raise UsageError("แฟ้มใหญ่เกิน ๑ เมกะไบต์", where=shown(file), remedy="ระบุแฟ้มคำตอบ JSON")
    return data


def _decimal(text: str) -> Decimal | str:
    """The number as written; as text when it is larger than any number there is."""
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def _refuse(name: str) -> object:
    raise ValueError(f"{name} ไม่ใช่ตัวเลข")


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(k for k, _ in pairs if sum(k == other for other, _ in pairs) > 1)
        raise ValueError(f"คีย์ «{twice[:60]}» ซ้ำกัน")
    return found


# ------------------------------------------------------------------------------------------------- results of bureaus


def read_bureaus(rubric: Rubric, file: Path, expected: Path | None) -> list[Bureau]:
    """The bureaus of a department: of a JSON file, a CSV file, or a folder with a JSON file for each.

    `expected`: a text file with the names of all of them, one a line; those without a result come with level None.
    """
    if str(file) != "-" and file.is_dir():
        found = _folder(rubric, file)
    elif str(file) != "-" and file.suffix.lower() in (".csv", ".tsv"):
        found = _table(rubric, file)
    else:
        document = read_json(file)
        with named(file):
            found = _listed(rubric, document)
    if expected is not None:
        names = [n.strip() for n in _text(expected).splitlines() if n.strip()]
        for bureau in found:
            if bureau.name not in names:
                raise UsageError(f"«{bureau.name[:60]}» ไม่อยู่ในรายชื่อสำนัก", where=shown(expected), remedy="แก้ชื่อให้ตรงกันทั้งสองแฟ้ม")
        known = {b.name for b in found}
        found += [Bureau(name=n, level=None) for n in dict.fromkeys(names) if n not in known]
    return found


def _folder(rubric: Rubric, folder: Path) -> list[Bureau]:
    found = []
    for path in sorted(folder.glob("*.json")):
        with named(path):
            entry = read_object(path)
            found.append(_bureau(rubric, {"name": path.stem, **entry}, "", read_name=False))
    return found


def _listed(rubric: Rubric, document: Any) -> list[Bureau]:
    rows = document.get("bureaus") if isinstance(document, dict) else document
    if isinstance(document, dict) and set(document) != {"bureaus"} or not isinstance(rows, list):
        raise UsageError('ต้องเป็น {"bureaus": [{"name": …, "level": …}]} หรือรายการอย่างเดียวกัน', where="", remedy=_HELP)
    return [_bureau(rubric, row, f"bureaus[{n}]") for n, row in enumerate(rows)]


def _bureau(rubric: Rubric, row: Any, where: str, *, read_name: bool = True) -> Bureau:
    """One result: {"name", "level"}, what `songthan score --json` printed, or answers to be scored here."""
    if not isinstance(row, dict):
        raise _wrong(where, "ผลของสำนักต้องเป็นวัตถุ JSON {…}", _HELP)
    name = row.get("name")
    if not isinstance(name, str) or not name.strip():
        raise _wrong(f"{where}.name", "ขาดชื่อสำนัก", 'เพิ่ม "name": "สำนัก…"')
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split()) or "?"
    result = row.get("result", row)
    if not isinstance(result, dict):
        raise _wrong(f"{where}.result", "result ต้องเป็นวัตถุ JSON {…}", "ใส่ผลที่ songthan score --json พิมพ์")
    if "answers" in row:
        document = {k: v for k, v in row.items() if k != "name"}
        try:
            scoring = evaluate(rubric, document)
        except UsageError as error:
            raise _wrong(f"{where}.{error.where}".strip("."), error.th, error.remedy) from error
        return Bureau(name=name, level=scoring.level, scores=scoring.scores)
    scores = _scores(rubric, result.get("scores"), f"{where}.scores")
    level = _level(rubric, result.get("level"), f"{where}.level")
    if scores is not None:
        reached = max((one.level for one in rubric.levels if one.reached(scores)), default=0)
        if "level" in result and level != reached:
            raise _wrong(
                f"{where}.level", f"ระดับ {level} ไม่ตรงกับคะแนน ซึ่งถึงระดับ {reached}", "แก้ level หรือ scores ให้ตรงกัน"
            )
        level = reached
    if scores is None and "level" not in result and set(row) != {"name"}:
        raise _wrong(where or "level", "ไม่พบระดับหรือคะแนนของสำนัก", 'ใส่ "level" (null = ยังไม่มีผล) หรือ "headcount" กับ "answers"')
    return Bureau(name=name, level=level, scores=scores)


def _scores(rubric: Rubric, given: Any, where: str) -> dict[str, int] | None:
    if given is None:
        return None
    ids = [c.id for c in rubric.criteria]
    fits = isinstance(given, dict) and set(given) == set(ids)
    if not fits or any(type(v) is not int or not 0 <= v <= rubric.score_max for v in given.values()):
        raise _wrong(where, f"scores ต้องมี {', '.join(ids)} เป็น 0–{rubric.score_max}", "ใส่ผลที่ songthan score --json พิมพ์")
    return {c: given[c] for c in ids}


def _level(rubric: Rubric, value: Any, where: str) -> int | None:
    if value is None or (isinstance(value, str) and (not value.strip() or is_none_word(value))):
        return None
    if isinstance(value, str) and to_arabic_digits(value.strip()).isascii() and to_arabic_digits(value.strip()).isdigit():
        value = int(to_arabic_digits(value.strip())[:9])
    known = [0, *(one.level for one in rubric.levels)]
    if type(value) is not int or value not in known:
        raise _wrong(where, f"ระดับ «{str(value)[:40]}» ไม่มีในเกณฑ์", f"ใช้ {', '.join(map(str, known))} หรือว่าง (ยังไม่มีผล)")
    return value


def _table(rubric: Rubric, file: Path) -> list[Bureau]:
    """A CSV with a head: the bureau's name, its level, or its criteria's scores (c1 …)."""
    text = _text(file)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    with named(file):
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
        except csv.Error as error:
            raise _wrong("", f"ไม่ใช่ CSV ที่อ่านได้ ({error})", "บันทึกเป็น CSV UTF-8 ใหม่") from error
        if not rows:
            raise _wrong("", "แฟ้มว่าง", _HELP)
        head = [cell.strip().lower() for cell in rows[0]]
        name, level = _column(head, _NAMES), _column(head, _LEVELS)
        ids = [c.id for c in rubric.criteria]
        scored = all(i in head for i in ids)
        if name is None or (level is None and not scored):
            raise _wrong("บรรทัด 1", "หัวตารางต้องมีชื่อสำนัก และระดับหรือคะแนนทุกข้อ", "เช่น สำนัก,ระดับ")
        found = []
        for n, row in enumerate(rows[1:], 2):
            if not any(cell.strip() for cell in row):
                continue
            cells = [*row, *[""] * (len(head) - len(row))]
            entry: dict[str, Any] = {"name": cells[name]}
            if level is not None:
                entry["level"] = cells[level]
            if scored and any(cells[head.index(i)].strip() for i in ids):
                entry["scores"] = {i: _number(cells[head.index(i)]) for i in ids}
                if level is not None and not cells[level].strip():
                    del entry["level"]
            elif level is None:
                entry["level"] = None
            found.append(_bureau(rubric, entry, f"บรรทัด {n}"))
        return found


def _column(head: list[str], names: tuple[str, ...]) -> int | None:
    return next((n for n, cell in enumerate(head) if cell in names), None)


def _number(cell: str) -> object:
    text = to_arabic_digits(cell.strip())
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else cell


def _text(file: Path) -> str:
    """A text file as spreadsheets save it: UTF-8, or the Thai Windows code page."""
    data = _bytes(file)
    readers: tuple[Callable[[], str], ...] = (lambda: data.decode("utf-8-sig"), lambda: data.decode("cp874"))
    for read in readers:
        try:
            text = read()
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UsageError("ไม่ใช่แฟ้มข้อความ", where=shown(file), remedy="บันทึกเป็น CSV หรือข้อความ UTF-8")


def _wrong(where: str, text: str, remedy: str) -> UsageError:
    return UsageError(text, where=where.strip("."), remedy=remedy)
