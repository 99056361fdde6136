"""The scoring table as rubric.toml: what a score asks for, read off its sentences.

Three kinds of clause: a percent («๘๐% ขึ้นไป», «๖๐ – ๖๙.๙๙%»), a count («ไม่น้อยกว่า ๓ ช่องทาง»), and everything else, which
is there or not. A clause that stands again in the next higher score is the same answer. Where an office's form already
asks for it (`fields`) the answer takes that field's key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from songthan.adapters.import_activities import Wording
from songthan.adapters.import_cells import D, bare, lead_number, numbers, one_line
from songthan.adapters.import_levels import read_levels
from songthan.adapters.import_silences import silences
from songthan.adapters.import_source import Paragraph, Row, Source
from songthan.adapters.import_targets import points_in
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import to_arabic_digits, to_thai_digits

__all__ = ["FormField", "build_rubric"]

_NUMBER = rf"([{D}]+(?:\.[{D}]+)?)"
_BAND = re.compile(rf"{_NUMBER}\s*[-–—]\s*{_NUMBER}\s*%|ร้อยละ\s*{_NUMBER}\s*(?:-|–|ถึง)\s*{_NUMBER}")
_FROM = re.compile(
    rf"{_NUMBER}\s*%\s*ขึ้นไป|ร้อยละ\s*{_NUMBER}\s*(?:%\s*)?ขึ้นไป|(?:ไม่น้อยกว่า|ไม่ต่ำกว่า|อย่างน้อย|ตั้งแต่|≥|>=)\s*(?:ร้อยละ\s*{_NUMBER}|{_NUMBER}\s*%)"
)
_COUNT = re.compile(rf"(?:ไม่น้อยกว่า|ไม่ต่ำกว่า|อย่างน้อย|≥|>=|ตั้งแต่|จำนวน)\s*([{D}]+)\s*([ก-๎]{{2,12}})")
_UNITS = (
    "ช่องทาง",
    "รูปแบบ",
    "เรื่อง",
    "ประเด็น",
    "คน",
    "ครั้ง",
    "ฉบับ",
    "เล่ม",
    "เครือข่าย",
    "กิจกรรม",
    "โครงการ",
    "มิติ",
    "แห่ง",
    "ข้อ",
    "ชิ้น",
)
#: «๓ เครือข่ายขึ้นไป», «๒ - ๓ ช่องทาง», «๑ ช่องทาง»
_PLAIN_COUNT = re.compile(rf"(?:^|\s|มี)([{D}]+)\s*(?:(?:-|–|ถึง)\s*[{D}]+\s*)?({'|'.join(_UNITS)})")
#: more than, not at least: the conditions of a score cannot say it
_MORE_THAN = re.compile(rf"(?:มากกว่า|เกินกว่า|เกิน|สูงกว่า|>(?!=))\s*(?:ร้อยละ\s*)?[{D}]")
_MANY = re.compile("หลากหลาย|หลายช่องทาง")
_PERSONS = re.compile(
    "(?:จำนวน|^)\\s*(?:ผู้บริหาร|บุคลากร|สมาชิก|ข้าราชการ|เจ้าหน้าที่)|(?:บุคลากร|ข้าราชการ|เจ้าหน้าที่)\\S{0,20}\\s*ร้อยละ|(?:คน|ราย)\\s*คิดเป็น"
)


@dataclass(frozen=True, kw_only=True)
class FormField:
    """A field of an office's form that asks for a criterion's answer; `key` is the rubric's key for it."""

    place: str
    criterion: int
    key: str
    kind: str
    label: str


@dataclass(kw_only=True)
class _Input:
    kind: str
    clause: str
    key: str = ""
    label: str = ""
    field: str = ""
    of_staff: bool = False
    unit: str = ""


@dataclass(kw_only=True)
class _Criterion:
    number: int
    cells: dict[int, str]
    text: str
    place: str
    lines: list[int] = field(default_factory=list)


def build_rubric(
    source: Source,
    words: Wording,
    activities: Sequence[Mapping[str, Any]],
    fields: Sequence[FormField],
    notes: Notebook,
) -> dict[str, Any] | None:
    """rubric.toml's tables, or None (and a question) when no scoring table is found."""
    found, scores, title = _criteria(source)
    if not found:
        notes.ask("rubric.toml", "ไม่พบตารางเกณฑ์การให้คะแนน (หัวตารางต้องมี «เกณฑ์» และแถวคะแนน เช่น ๓ ๒ ๑ ๐) ใช้เกณฑ์ใด")
        return None
    criteria, silent = [], []
    for c in found:
        built, said = _built(c, scores, words, [f for f in fields if f.criterion == c.number], notes)
        criteria.append(built)
        silent += said
        notes.row("criterion", built["id"], built["text"], c.place)
    numbers_ = [c["number"] for c in criteria]
    if numbers_ != list(range(1, len(numbers_) + 1)):
        notes.doubt(
            "rubric", "เกณฑ์", f"เลขข้อของเกณฑ์ไม่ต่อเนื่อง: {', '.join(map(to_thai_digits, numbers_))}", found[0].place
        )
    levels, department = read_levels(source, words, numbers_, scores[0], notes)
    return {
        "title": title, "score_max": scores[0], "criteria": criteria, "levels": levels, "department_levels": department,
        "silent": silent, "activity_points": _activity_points(activities), "plan_success": _success(activities),
    }  # fmt: skip


def _criteria(source: Source) -> tuple[list[_Criterion], list[int], str]:
    """The rows of the scoring table put together over its pages, the scores of its columns, its heading."""
    found: list[_Criterion] = []
    scores: list[int] = []
    columns: dict[int, int] = {}
    mine = False
    for table in source.blocks:
        if isinstance(table, Paragraph):
            # a blank line does not end the table, a line of text does
            mine = mine and not table.text
            continue
        for row in table.rows:
            here = _score_columns(row)
            if here:
                columns, scores, mine = here, sorted(here.values(), reverse=True), True
            elif re.search("เกณฑ์", row.text) and len(bare(row.text)) < 70 and not numbers(row.text):
                mine = False
            elif mine and len(row.cells) > max(columns):
                _take(row, columns, found)
    return found, scores, "เกณฑ์การประเมินองค์กรคุณธรรม" if "องค์กรคุณธรรม" in source.text() else "เกณฑ์การประเมิน"


def _score_columns(row: Row) -> dict[int, int]:
    """Column → score of a head row «๓ ๒ ๑ ๐»; empty for any other row."""
    found = {}
    for k, cell in enumerate(row.cells):
        match = re.fullmatch(rf"(?:คะแนน\s*)?([{D}])(?:\s*คะแนน)?", one_line(cell.text))
        if match:
            found[k] = int(to_arabic_digits(match[1]))
    values = list(found.values())
    good = len(values) >= 3 and values == list(range(max(values), -1, -1))
    return found if good else {}


def _take(row: Row, columns: Mapping[int, int], found: list[_Criterion]) -> None:
    first = min(columns)
    heads = [c for c in row.cells[:first]]
    number = next((n for c in heads if (n := lead_number(one_line(c.text))[0] or _only(c.text)).isdigit()), "")
    text = " ".join(c.text for c in heads if not _only(c.text) and not c.merged).strip()
    merged = bool(heads) and heads[0].merged
    if number and not merged and not any(c.number == int(number) for c in found):
        rest = lead_number(one_line(text))
        found.append(
            _Criterion(number=int(number), cells={}, text=rest[2] if rest[0] == number else text, place=row.place)
        )
    elif not found:
        return
    elif text and not merged:
        found[-1].text = f"{found[-1].text} {text}"
    if row.line:
        found[-1].lines = [*found[-1].lines[:1], row.line] if found[-1].lines else [row.line]
    for k, score in columns.items():
        if k < len(row.cells) and (more := row.cells[k].text.strip()):
            joint = "\n" if re.match(r"\s*(?:[-–•]|<)", more) else " "
            found[-1].cells[score] = f"{found[-1].cells.get(score, '')}{joint}{more}".strip()


def _only(text: str) -> str:
    match = re.fullmatch(rf"\s*(?:ข้อ\s*(?:ที่)?)?\s*([{D}]{{1,2}})\s*[.)]?\s*", text)
    return to_arabic_digits(match[1]) if match else ""


def _clauses(cell: str, words: Wording, place: str) -> list[str]:
    items = [to_thai_digits(i) for i in words.items(cell, place)]
    return [c for i in items if (c := re.sub(r"\s*(?:และ|,)\s*$", "", i).strip())]


def _built(
    c: _Criterion, scores: Sequence[int], words: Wording, fields: Sequence[FormField], notes: Notebook
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    key = f"c{c.number}"
    reader = _Reader(key, c.place, notes)
    clauses = {s: _clauses(c.cells.get(s, ""), words, c.place) for s in scores}
    conditions: dict[int, list[dict[str, str]] | None] = {0: []}
    for score in sorted(s for s in scores if s):
        above = next((x for x in clauses[score] if _MORE_THAN.search(x) and "ไม่เกิน" not in x), "")
        conditions[score] = reader.conditions(clauses[score]) if clauses[score] and not above else None
        if conditions[score] is None:
            why = f"«{above[:60]}» มิได้รวมจำนวนนั้นเอง ซึ่งเงื่อนไข at_least เขียนไม่ได้" if above else "ช่องว่างเปล่า"
            notes.ask(
                f"rubric.toml [[criteria]] {key} scores {score}",
                f"เกณฑ์ข้อ {to_thai_digits(c.number)} คะแนน {to_thai_digits(score)} ต้องมีอะไร ({why})",
                c.place,
            )
    _name(reader.inputs, fields, key, notes, c.place)
    rows = []
    for score in scores:
        row: dict[str, Any] = {"score": score, "text": " และ ".join(clauses[score]) or "?"}
        if conditions[score] is not None:
            row["all"] = [_said(reader.inputs, one) for one in conditions[score] or []]
        rows.append(row)
    for lower, higher in zip(range(1, max(scores)), range(2, max(scores) + 1), strict=True):
        if conditions.get(lower) and conditions.get(lower) == conditions.get(higher):
            notes.doubt(
                "rubric", key, f"คะแนน {to_thai_digits(lower)} และ {to_thai_digits(higher)} อ่านได้เงื่อนไขเดียวกัน", c.place
            )
    inputs = [
        {"key": i.key, "kind": i.kind, "label": i.label, **({"field": i.field} if i.field else {})}
        for i in reader.inputs
    ]
    built = {
        "id": key, "number": c.number, "text": to_thai_digits(words.line(c.text, c.place)), "inputs": inputs,
        "derived": [{"key": f"{i.key}_percent", "percent_of": i.key, "base": "headcount"} for i in reader.inputs if i.of_staff],
        "scores": rows,
    }  # fmt: skip
    if not built["text"]:
        built["text"] = "?"
        notes.ask(f"rubric.toml [[criteria]] {key} text", f"เกณฑ์ข้อ {to_thai_digits(c.number)} เขียนว่าอย่างไร", c.place)
    if c.lines:
        built["source_lines"] = [c.lines[0], c.lines[-1]]
    return built, silences(key, rows, reader, clauses)


class _Reader:
    """Turns the clauses of one criterion into conditions over numbered inputs, from the lowest score up."""

    def __init__(self, key: str, place: str, notes: Notebook) -> None:
        self.inputs: list[_Input] = []
        self._key, self._place, self._notes = key, place, notes
        #: printed upper bounds of bands, by the input they bound
        self.tops: dict[int, list[str]] = {}
        self.many: list[int] = []

    def conditions(self, clauses: Sequence[str]) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        self._used: set[int] = set()
        for clause in clauses:
            found += [c for c in self._clause(clause) if c not in found]
        return found

    def _clause(self, clause: str) -> list[dict[str, str]]:
        if band := _BAND.search(clause):
            low, high = [to_arabic_digits(g) for g in band.groups() if g]
            at = self._numeric("percent", clause)
            self.tops.setdefault(at, []).append(high)
            return [{"input": str(at), "at_least": low}]
        if above := _FROM.search(clause):
            low = next(to_arabic_digits(g) for g in above.groups() if g)
            return [{"input": str(self._numeric("percent", clause)), "at_least": low}]
        if count := _COUNT.search(clause):
            at = self._numeric("count", clause, _unit(count[2]))
            return [{"input": str(at), "at_least": to_arabic_digits(count[1])}]
        if plain := _PLAIN_COUNT.search(clause):
            at = self._numeric("count", clause, plain[2])
            return [{"input": str(at), "at_least": to_arabic_digits(plain[1])}]
        if re.search(rf"[{D}]\s*%|ร้อยละ\s*[{D}]", clause):
            self._notes.doubt("rubric", self._key, f"อ่านร้อยละใน «{clause[:60]}» ไม่ออก จึงถือเป็นคำตอบมีหรือไม่มี", self._place)
        return self._flags(clause)

    def _numeric(self, kind: str, clause: str, unit: str = "") -> int:
        of_staff = kind == "percent" and bool(_PERSONS.search(clause))
        wanted = "count" if of_staff else kind
        for n, i in enumerate(self.inputs):
            if i.kind == wanted and i.of_staff == of_staff and i.unit == unit:
                return n
        self.inputs.append(_Input(kind=wanted, clause=clause, of_staff=of_staff, unit=unit))
        return len(self.inputs) - 1

    def _flags(self, clause: str) -> list[dict[str, str]]:
        """The flag this clause is, or a new one: two clauses of one score are never the same flag."""
        plain = bare(clause)
        best, near = -1, 0.9
        for n, i in enumerate(self.inputs):
            if i.kind != "flag" or n in self._used:
                continue
            known = bare(i.clause)
            if plain != known and plain.startswith(known):
                self._used.add(n)
                return [{"input": str(n)}, *self._rest(plain[len(known) :])]
            ratio = SequenceMatcher(None, plain, known, autojunk=False).ratio()
            if ratio >= near:
                best, near = n, ratio
        if best < 0:
            self.inputs.append(_Input(kind="flag", clause=clause))
            best = len(self.inputs) - 1
        self._used.add(best)
        return [{"input": str(best)}]

    def _rest(self, rest: str) -> list[dict[str, str]]:
        """What a clause adds to one that stands alone in a lower score."""
        if not _MANY.search(rest):
            return self._flags(re.sub("^และ", "", rest))
        at = self._numeric("count", rest, "ช่องทาง")
        self.many.append(at)
        said = f"«{rest[:60]}» มิได้กำหนดจำนวน ถือว่าตั้งแต่ ๒ ขึ้นไป"
        self._notes.doubt("rubric", self._key, said, self._place)
        return [{"input": str(at), "at_least": "2"}]


def _unit(word: str) -> str:
    """The unit a count is of: the letters both «ช่องทาง» and «ช่องทางที่…» begin with."""
    return next((k for k in _UNITS if word.startswith(k)), word[:6])


def _name(inputs: Sequence[_Input], fields: Sequence[FormField], key: str, notes: Notebook, place: str) -> None:
    """Keys, labels and form fields: the nearest field of the same kind; without one a plain key."""
    pairs = sorted(
        ((_near(i, f), -n, f) for n, i in enumerate(inputs) for f in fields if f.kind == i.kind and _counts_same(i, f)),
        key=lambda p: p[:2],
        reverse=True,
    )
    used: set[str] = set()
    for near, minus, one in pairs:
        target = inputs[-minus]
        if target.key or one.place in used or near < 0.2:
            continue
        target.key, target.label, target.field = one.key, one.label, one.place
        if near < 0.35 and target.kind != "flag":
            said = f"«{target.clause[:60]}» ผูกกับช่อง «{one.label[:60]}» ด้วยเลขข้อและชนิดคำตอบเท่านั้น โปรดตรวจ"
            notes.doubt("rubric", key, said, place)
        used.add(one.place)
    for n, i in enumerate(inputs, 1):
        if not i.key:
            i.key = f"{i.kind}{n}"
            i.label = i.clause if i.kind == "flag" else (f"จำนวน ({i.unit or 'คน'})" if i.kind == "count" else "ร้อยละ")
            said = f"ไม่พบช่องในแบบรายงานที่ถามเรื่อง «{i.clause[:60]}» จึงยังไม่ผูกกับช่องของแบบ"
            notes.doubt("rubric", key, said, place)


def _counts_same(i: _Input, f: FormField) -> bool:
    """A field that names what it counts («(เรื่อง)») asks for no other unit's number."""
    named = next((u for u in _UNITS if f.label.rstrip(" )").endswith(u)), "")
    return not (i.unit and named) or i.unit == named


def _near(i: _Input, f: FormField) -> float:
    a, b = bare(i.clause), bare(f.label)
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    shared = sum(m.size for m in matcher.get_matching_blocks() if m.size > 2)
    return shared / max(len(b), 1) + (0.25 if i.kind != "flag" else 0.0)


def _said(inputs: Sequence[_Input], one: Mapping[str, str]) -> dict[str, str]:
    i = inputs[int(one["input"])]
    if "at_least" not in one:
        return {"flag": i.key}
    return {"value": f"{i.key}_percent" if i.of_staff else i.key, "at_least": one["at_least"]}


def _activity_points(activities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for a in activities:
        for item in a["notes"]:
            for what, points, text in points_in(item):
                lines = {"source_lines": list(a["source_lines"])} if "source_lines" in a else {}
                found.append({"activity": a["id"], "what": what, "points": points, "text": text, **lines})
    return found


def _success(activities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "by": t["by"],
            "percent": str(t["value"]),
            "text": f"มีผลสำเร็จร้อยละ {to_thai_digits(t['value'])}",
            **({"source_lines": list(a["source_lines"])} if "source_lines" in a else {}),
        }
        for a in activities
        for t in a["targets"]
        if t["kind"] == "success_percent" and "by" in t
    ]
