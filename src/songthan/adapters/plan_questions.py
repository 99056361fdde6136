"""What an imported plan still leaves open: every blank of the year's folder as one clear finding, all at once.

An import writes what it cannot know as an empty text, an empty list or 0. `songthan plan check` lists the blanks by this;
the loader refuses the plan until they are filled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from songthan.adapters.plan_files import load_toml
from songthan.domain.errors import SongthanError

__all__ = ["open_questions"]

_ORGANISATION = {
    "name": "ชื่อหน่วยงาน", "parent": "หน่วยงานต้นสังกัด", "plan_title": "ชื่อแผน", "working_group": "ชื่อคณะทำงาน",
    "headcount": "จำนวนบุคลากรทั้งหมด",
}  # fmt: skip
_OFFICE = {
    "director": "ผู้อำนวยการ", "acting_director": "ผู้ลงนามแทนผู้อำนวยการ", "head": "หัวหน้าคณะทำงาน", "secretary": "เลขานุการ",
    "mailbox": "ที่อยู่กล่องจดหมายของคณะทำงาน", "mailbox_name": "ชื่อกล่องจดหมาย",
}  # fmt: skip


def open_questions(folder: Path) -> list[SongthanError]:
    """The blanks of `folder`'s plan.toml and roster.toml; empty for a plan that is filled in. DataError on broken TOML."""
    if not (folder / "plan.toml").is_file() or not (folder / "roster.toml").is_file():
        return []
    plan, roster = load_toml(folder / "plan.toml"), load_toml(folder / "roster.toml")
    found = [*_plan(plan, str(folder / "plan.toml")), *_roster(roster, str(folder / "roster.toml"))]
    if (folder / "rubric.toml").is_file():
        found += _rubric(load_toml(folder / "rubric.toml"), str(folder / "rubric.toml"))
    return found


def _ask(text: str, where: str, remedy: str) -> SongthanError:
    return SongthanError(text, where=where, remedy=remedy)


def _rows(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = data.get(key, [])
    return [r for r in rows if isinstance(r, Mapping)] if isinstance(rows, list) else []


def _plan(plan: Mapping[str, Any], where: str) -> Iterator[SongthanError]:
    organisation = plan.get("organisation", {})
    for key, text in _ORGANISATION.items():
        if isinstance(organisation, Mapping) and organisation.get(key) in ("", 0):
            yield _ask(f"ยังไม่ทราบ{text}", f"{where} [organisation]", f"กรอก {key}")
    for table, keys in (("measures", ("title",)), ("projects", ("title",)), ("activities", ("title",))):
        for row in _rows(plan, table):
            name = row.get("id", row.get("number", ""))
            for key in keys:
                if row.get(key) == "":
                    yield _ask("ยังไม่ทราบชื่อ", f"{where} [[{table}]] {name}", f"กรอก {key}")
    channels = plan.get("channels", {})
    for form, channel in channels.items() if isinstance(channels, Mapping) else ():
        if isinstance(channel, Mapping) and channel.get("registry") == [] and channel.get("website") == []:
            yield _ask(
                f"ยังไม่ทราบว่าแบบ {form} ส่งทางใด", f"{where} [channels.{form}]", 'กรอก registry หรือ website เช่น ["pdf"]'
            )
    for d in _rows(plan, "deadlines"):
        if d.get("internal") == "":
            place = f"{where} [[deadlines]] {d.get('id', '')}"
            yield _ask("ยังไม่ทราบวันที่สมาชิกส่ง", place, "กรอก internal เช่น 2023-03-15 (ไม่มีเครื่องหมายคำพูด)")
    for a in _rows(plan, "activities"):
        place = f"{where} [[activities]] {a.get('id', '')}"
        if a.get("seats") == []:
            yield _ask(f"ยังไม่ทราบผู้รับผิดชอบกิจกรรม {a.get('number', '')}", place, 'กรอก seats = ["sNN"] จาก roster.toml')
        for d in _rows(a, "deliverables"):
            if d.get("due") == "":
                yield _ask(f"ยังไม่ทราบวันส่งเอกสาร {d.get('id', '')}", place, "กรอก due เช่น 2023-03-15 (ไม่มีเครื่องหมายคำพูด)")


def _rubric(rubric: Mapping[str, Any], where: str) -> Iterator[SongthanError]:
    known = {str(c.get("id", "")) for c in _rows(rubric, "criteria")}
    for c in _rows(rubric, "criteria"):
        place = f"{where} [[criteria]] {c.get('id', '')}"
        if c.get("text") == "?":
            yield _ask("ยังไม่ทราบข้อความของเกณฑ์", place, "กรอก text")
        for s in _rows(c, "scores"):
            if s.get("text") == "?" or "all" not in s:
                yield _ask(f"ยังไม่ทราบว่าคะแนน {s.get('score', '')} ต้องมีอะไร", place, "กรอก text และ all")
    if rubric.get("levels") == []:
        yield _ask("ยังไม่มีเกณฑ์ของแต่ละระดับ", f"{where} [[levels]]", "กรอก [[levels]] ตามตัวอย่างใน plans/2566")
    for level in _rows(rubric, "levels"):
        gone = [str(x) for x in level.get("criteria", []) if str(x) not in known]
        if gone:
            place = f"{where} [[levels]] {level.get('level', '')}"
            yield _ask(f"ระดับนี้อ้างเกณฑ์ {', '.join(gone)} ซึ่งยังไม่มี", place, "เพิ่มใน [[criteria]] หรือแก้ criteria")


def _roster(roster: Mapping[str, Any], where: str) -> Iterator[SongthanError]:
    if not _rows(roster, "seats"):
        yield _ask("ยังไม่มีตำแหน่งในคณะทำงาน", f"{where} [[seats]]", "กรอก [[seats]] และ [[members]]")
    for m in _rows(roster, "members"):
        name = f"{m.get('prefix', '')}{m.get('given', '')} {m.get('family', '')}".strip() or m.get("position", "")
        place = f"{where} [[members]] {m.get('id', '')}"
        if m.get("given") == "" or m.get("family") == "":
            yield _ask(f"ยังไม่ทราบชื่อหรือนามสกุลของ «{name}»", place, "กรอก prefix given family")
        if m.get("email") == "":
            yield _ask(f"ยังไม่ทราบที่อยู่จดหมายของ {name}", place, 'กรอก email = "ชื่อ@หน่วยงาน"')
    for table, keys in (("office", _OFFICE), ("registry", {"name": "ชื่อหน่วยสารบรรณ", "email": "ที่อยู่จดหมายของสารบรรณ"})):
        data = roster.get(table, {})
        for key, text in keys.items():
            if isinstance(data, Mapping) and data.get(key) == "":
                yield _ask(f"ยังไม่ทราบ{text}", f"{where} [{table}]", f"กรอก {key}")
