"""Rows of the activity tables as the plan's own tables: ids, titles, items, dated deliverables and measurable targets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from songthan.adapters.import_cells import D, Spacing, has_password, items_of, numbers, one_line
from songthan.adapters.import_dates import FoundDate, dates_in
from songthan.adapters.import_head import Head
from songthan.adapters.import_rows import FoundActivity, FoundProject, Rows
from songthan.adapters.import_targets import targets_of
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import thai_date, to_arabic_digits, to_thai_digits

__all__ = ["Wording", "build_activities", "build_measures", "build_projects", "deliverable_title"]

_REFERS = re.compile(
    rf"(?<!ตาม)(?:ข้อ(?:ที่)?|กิจกรรม(?:ที่)?|รายการ(?:ที่)?|ลำดับ(?:ที่)?|(?:ครั้ง|รอบ|งวด)(?:ที่)?|ส่วนที่|รายงานที่)\s*\(?([{D}]+(?:\s*(?:-|–|ถึง|และ|,)\s*[{D}]+)*)\)?"
)
#: the same paper several times, no part of the activity
_TIMES = re.compile(rf"(?:ครั้ง|รอบ|งวด)(?:ที่)?\s*[{D}]")
_SUB = re.compile(rf"^\(?([{D}]{{1,2}})[.)]\s*")
#: what a handed-in paper is called; an item that begins so names the deliverable
_PAPER = re.compile(
    "(?:สรุป)?(?:รายงาน|แผน|คู่มือ|คลิป|วีดิทัศน์|วิดีโอ|องค์ความรู้|นโยบาย|แบบ|ประกาศ|สื่อ|บันทึก|บอร์ด|สัญลักษณ์|ผลงาน|เล่ม|เอกสาร|ทะเบียน|ผลการ)"
)
_HAVING = re.compile("^(?:มีการจัดทำ|มี|จัดทำ)(?=[ก-๎])")


_COLUMN_TH = {"outputs": "ผลผลิต", "outcomes": "ผลลัพธ์", "documents": "วันและเอกสาร", "notes": "หมายเหตุ"}


@dataclass(frozen=True, kw_only=True)
class Wording:
    """How texts of this document are made clean: spaces inside words, and the bureau's one spelling."""

    head: Head
    spacing: Spacing

    def line(self, text: str, place: str = "") -> str:
        return self.head.names.mend(self.spacing.mend(one_line(text)), place)

    def items(self, text: str, place: str = "") -> list[str]:
        return [self.head.names.mend(i, place) for i in items_of(text, self.spacing)]


def build_measures(rows: Rows, words: Wording, notes: Notebook) -> list[dict[str, Any]]:
    built = []
    for m in rows.measures:
        title = words.line(m.title, m.place)
        if not title:
            notes.ask(
                f"plan.toml [[measures]] {m.number} title", f"มาตรการที่ {to_thai_digits(m.number)} ชื่ออะไร", m.place
            )
        notes.row("measure", str(m.number), title, m.place)
        guidelines = [{"id": i, "title": words.line(t, p)} for i, t, p in m.guidelines]
        for (_, _, place), g in zip(m.guidelines, guidelines, strict=True):
            notes.row("guideline", g["id"], g["title"], place)
        built.append({"number": m.number, "title": title, "guidelines": guidelines})
    return built


def build_projects(
    rows: Rows, words: Wording, measures: Sequence[Mapping[str, Any]], notes: Notebook
) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """The projects, and `id(FoundProject)` → project id. A guideline is known only where its measure has a single one."""
    built: list[dict[str, Any]] = []
    ids: dict[int, str] = {}
    guidelines = {m["number"]: [g["id"] for g in m["guidelines"]] for m in measures}
    for n, p in enumerate(_all_projects(rows), 1):
        own = [a for a in rows.activities if a.project is p]
        key = _unused(p.number or _span(own) or f"p{n}", [b["id"] for b in built])
        ids[id(p)] = key
        title = words.line(p.title, p.place)
        only = guidelines.get(p.measure, [])
        guideline = only[0] if len(only) == 1 else ""
        if len(only) > 1:
            choices = ", ".join(map(to_thai_digits, only))
            notes.ask(f"plan.toml [[projects]] {key} guideline", f"โครงการ «{title}» อยู่ในแนวทางใด ({choices})", p.place)
        if not title:
            notes.ask(f"plan.toml [[projects]] {key} title", f"โครงการลำดับ {to_thai_digits(key)} ชื่ออะไร", p.place)
        if not own:
            notes.doubt("numbering", title, "หัวข้อนี้ไม่มีกิจกรรมอยู่ใต้", p.place)
        notes.row("project", key, title, p.place)
        built.append({"id": key, "measure": p.measure, "guideline": guideline, "title": title})
    return built, ids


def _all_projects(rows: Rows) -> list[FoundProject]:
    """The heading rows; activities that stand under none get one of their own, without a title."""
    for a in rows.activities:
        if a.project is None:
            head = a.number.partition(".")[0]
            found = next((p for p in rows.projects if p.number == head and p.measure == a.measure), None)
            a.project = found or FoundProject(number=head, title="", measure=a.measure, place=a.place)
            if found is None:
                rows.projects.append(a.project)
    return rows.projects


def _span(own: Sequence[FoundActivity]) -> str:
    """«13-17» of a heading without a number over the rows ๑๓ to ๑๗."""
    heads = [a.number.partition(".")[0] for a in own if a.number]
    if not heads:
        return ""
    return heads[0] if heads[0] == heads[-1] else f"{heads[0]}-{heads[-1]}"


def _unused(key: str, taken: Sequence[str]) -> str:
    n, found = 2, key
    while found in taken:
        found, n = f"{key}-{n}", n + 1
    return found


def build_activities(rows: Rows, ids: Mapping[int, str], words: Wording, notes: Notebook) -> list[dict[str, Any]]:
    """The activities as tables of plan.toml, without seats (the roster's part gives them)."""
    built: list[dict[str, Any]] = []
    for a in rows.activities:
        project = ids[id(a.project)]
        key = a.number or f"{project}-{1 + sum(b['project'] == project for b in built)}"
        key = _unused(f"{key}({a.part})" if a.part else key, [b["id"] for b in built])
        built.append(_activity(a, key, project, words, notes))
    return built


def _activity(a: FoundActivity, key: str, project: str, words: Wording, notes: Notebook) -> dict[str, Any]:
    places = a.places
    columns = {
        k: words.items(a.cells[k], places.get(k, a.place))
        for k in ("activity", "outputs", "outcomes", "documents", "notes")
    }
    for k, text in a.cells.items():
        if has_password(text):
            notes.doubt("password", key, "พบรหัสผ่านในช่องนี้ จึงตัดออก มิให้ติดไปกับแบบหรือจดหมาย", places.get(k, a.place))
    head = columns["activity"] or [""]
    title, details = head[0], head[1:]
    number = to_thai_digits(a.number) + (f" ({to_thai_digits(a.part)})" if a.part else "")
    deliverables = _deliverables(a, key, title, details, columns, words.head.year, notes)
    built = {
        "id": key, "project": project, "measure": a.measure, "number": number or to_thai_digits(key), "title": title,
        "details": details, "outputs": columns["outputs"], "outcomes": columns["outcomes"],
        "documents": columns["documents"], "notes": columns["notes"],
        "targets": targets_of(columns, words.head.year), "seats": [], "deliverables": deliverables,
    }  # fmt: skip
    if a.lines:
        built["source_lines"] = list(a.lines)
    if not title:
        notes.ask(f"plan.toml [[activities]] {key} title", f"กิจกรรม {built['number']} ชื่ออะไร", a.place)
    shown = [
        f"{_COLUMN_TH[k]} ({places.get(k, a.place)}): {' · '.join(v)}"
        for k, v in columns.items()
        if v and k in _COLUMN_TH
    ]
    shown = [*([f"รายละเอียด: {' · '.join(details)}"] if details else []), *shown]
    notes.row("activity", key, f"{built['number']} {title}", places.get("activity", a.place), *shown)
    for d in deliverables:
        due = thai_date(d["due"]) if d["due"] else "ยังไม่ทราบวัน"
        notes.row("deliverable", d["id"], f"{due} — {d['title']}", places.get("documents", a.place))
    return built


def _deliverables(
    a: FoundActivity,
    key: str,
    title: str,
    details: list[str],
    columns: Mapping[str, list[str]],
    year: int,
    notes: Notebook,
) -> list[dict[str, Any]]:
    place = a.places.get("documents", a.place)
    subs = {int(to_arabic_digits(m[1])): d[m.end() :] for d in details if (m := _SUB.match(d))}
    by_part, plain = _dated_parts(columns["documents"], subs, key, year, place, notes)
    if by_part:
        for n in sorted(set(subs) - set(by_part)):
            notes.doubt("date", key, f"ข้อย่อย {to_thai_digits(n)} ไม่มีวันส่งของตน", place)
        times = not subs and all(_TIMES.search(i) for i in columns["documents"] if dates_in(i, year, months=True))
        for n in sorted(set(by_part) - set(subs)) if not times else ():
            notes.doubt("date", key, f"วันส่งอ้างข้อย่อย {to_thai_digits(n)} ซึ่งไม่มีในช่องกิจกรรม", place)
        spare = [n for n in subs if n not in by_part]
        for day in dict.fromkeys(d for d in plain if d):
            n = spare.pop(0) if spare else max(by_part) + 1
            said = f"วัน {thai_date(day)} มิได้บอกว่าเป็นของข้อใด ถือเป็นของข้อ {to_thai_digits(n)}"  # type: ignore[arg-type]
            notes.doubt("two-dates", key, said, place)
            by_part[n] = day
        name = f"{deliverable_title(title, columns)} ครั้งที่ " if times else ""
        return [
            {"id": f"{key}({n})", "due": day, "title": f"{name}{to_thai_digits(n)}" if name else subs.get(n) or title}
            for n, day in sorted(by_part.items())
        ]
    days = list(dict.fromkeys(plain))
    name = deliverable_title(title, columns)
    if not any(days):
        printed = f" (พิมพ์ว่า «{' · '.join(columns['documents'])[:120]}»)" if columns["documents"] else ""
        asked = f"กิจกรรม {to_thai_digits(key)} ส่งเอกสารวันใด{printed}"
        notes.ask(f"plan.toml [[activities]] {key} deliverables due", asked, place)
        return [{"id": key, "due": "", "title": name}]
    if len(days) == 1 and days[0]:
        return [{"id": key, "due": days[0], "title": name}]
    said = f"มี {to_thai_digits(len(days))} วันโดยไม่บอกว่าวันใดของข้อใด จึงแยกเป็นเอกสารละวันตามลำดับ"
    notes.doubt("two-dates", key, said, place)
    for n in (n for n, day in enumerate(days, 1) if not day):
        ask = f"plan.toml [[activities]] {key} deliverables {key}({n}) due"
        notes.ask(ask, f"เอกสารครั้งที่ {to_thai_digits(n)} ของกิจกรรม {to_thai_digits(key)} ส่งวันใด", place)
    return [
        {"id": f"{key}({n})", "due": day, "title": subs.get(n) or f"{name} ครั้งที่ {to_thai_digits(n)}"}
        for n, day in enumerate(days, 1)
    ]


def _dated_parts(
    items: Sequence[str], subs: Collection[int], key: str, year: int, place: str, notes: Notebook
) -> tuple[dict[int, date | str], list[date | str]]:
    """Dates by the number of the sub-activity they name, and dates that name none. An impossible date is asked for («»)."""
    by_part: dict[int, date | str] = {}
    plain: list[date | str] = []
    for item in items:
        found = dates_in(item, year, months=True)
        for one in found:
            _doubt_date(one, key, place, notes)
        named = _parts_named(item, found, subs)
        for n, one in named:
            if n in by_part and by_part[n] != (one.day or ""):
                notes.doubt("two-dates", key, f"ข้อย่อย {to_thai_digits(n)} มีสองวัน", place)
            by_part[n] = one.day or ""
            if not one.day:
                ask = f"plan.toml [[activities]] {key} deliverables {key}({n}) due"
                notes.ask(ask, f"ข้อย่อย {to_thai_digits(n)} ส่งเอกสารวันใด (พิมพ์ว่า «{one.text}»)", place)
        if not named:
            plain += [one.day or "" for one in found]
    return by_part, plain


def _parts_named(item: str, found: Sequence[FoundDate], subs: Collection[int]) -> list[tuple[int, FoundDate]]:
    """(number of a sub-activity, its date): «ข้อ ๑ และ ๓ วันที่ …», «ข้อ ๑ … ข้อ ๒ …», or «๑) …» beside sub-activities."""
    if not found:
        return []
    spots = [(m.start(), _expand(m[1])) for m in _REFERS.finditer(item)]
    if not spots and subs and (match := _SUB.match(item)):
        spots = [(0, [int(to_arabic_digits(match[1]))])]
    named: list[tuple[int, FoundDate]] = []
    for k, (at, parts) in enumerate(spots):
        until = spots[k + 1][0] if k + 1 < len(spots) else len(item)
        own = [f for f in found if at < f.start < until] or (
            [f for f in found if f.end <= at] if len(spots) == 1 else []
        )
        named += [(n, own[-1]) for n in parts] if own else []
    return named


def _doubt_date(found: FoundDate, key: str, place: str, notes: Notebook) -> None:
    if found.doubt:
        notes.doubt("date", key, found.doubt, place)


def _expand(text: str) -> list[int]:
    """«๑-๒» → [1, 2]; «๑, ๓» → [1, 3]."""
    found: list[int] = []
    for piece in re.split(r",|และ", text):
        ends = numbers(piece)
        if ends:
            found += range(ends[0], min(ends[-1], ends[0] + 50) + 1)
    return found


def deliverable_title(title: str, columns: Mapping[str, list[str]]) -> str:
    """What is handed in: an output or outcome that is a paper's name; else one said to be had («มีรายงาน…»); else a paper
    named beside the date; else the first output; else the activity."""
    documents = [i for i in columns["documents"] if not dates_in(i, 2500)]
    plain = [i for i in (*columns["outputs"], *columns["outcomes"]) if _PAPER.match(i)]
    had = [_HAVING.sub("", i) for i in (*columns["outcomes"], *columns["outputs"])]
    named = [*plain, *(i for i in had if _PAPER.match(i)), *(i for i in documents if _PAPER.match(i))]
    return (*named, *(_HAVING.sub("", i) for i in columns["outputs"]), title)[0]
