"""Reads `plans/YEAR/*.toml` into a Plan. Everything unknown, missing or out of place is one clear DataError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

from songthan.adapters.plan_holidays import load_holidays
from songthan.adapters.plan_ladders import read_ladder, read_ladders
from songthan.adapters.plan_last_year import load_last_year
from songthan.adapters.plan_toml import Table as _Table
from songthan.adapters.plan_toml import load_toml
from songthan.adapters.plan_toml import named as _named
from songthan.domain.errors import DataError
from songthan.domain.plans import (
    Activity,
    Channel,
    Deadline,
    Deliverable,
    Guideline,
    LadderPlan,
    Measure,
    Member,
    Organisation,
    Plan,
    Project,
    Registry,
    Roster,
    Seat,
    Target,
)

FILES = ("plan.toml", "roster.toml", "rubric.toml", "holidays.toml")
#: How the office's people behave in a rehearsal (optional).
CAST = "cast.toml"


def load_plan(folder: Path, *, draft: bool = False) -> Plan:
    """The plan of `folder` (plans/YEAR), cross-checked. DataError on the first thing that is wrong.

    `draft`: a plan fresh from `plan import` may be looked at with its blanks (addresses, seats, headcount, unknown dates).
    """
    if not folder.is_dir():
        raise DataError("ไม่พบโฟลเดอร์แผน", where=str(folder), remedy="ตรวจ plan ใน songthan.toml")
    top = _Table(load_toml(folder / "plan.toml"), str(folder / "plan.toml"))
    organisation = _organisation(_Table(top.get("organisation", dict), f"{top.where} [organisation]"), draft=draft)
    ladders = read_ladders(top)
    year = top.get("fiscal_year", int)
    if not 1957 <= year - organisation.year_offset <= 2157:
        raise DataError(
            f"fiscal_year {year} ไม่ใช่ปีงบประมาณ{' พ.ศ.' if organisation.year_offset else ''}",
            where=top.where,
            remedy="เขียนเป็นปีที่ปีงบประมาณสิ้นสุด เช่น 2566",
        )
    office_days = load_holidays(
        folder / "holidays.toml", fiscal_year=year, calendar=organisation.calendar, fiscal=organisation.fiscal
    )
    if office_days.source and not re.fullmatch("[a-z]{2}-(government|public)", organisation.calendar):
        raise DataError(
            f"ไม่รู้จัก calendar «{organisation.calendar}»",
            where=f"{top.where} [organisation]",
            remedy='เขียนเป็น "th-government" (วันหยุดราชการ) หรือ "th-public" (วันหยุดทั่วไป)',
        )
    plan = Plan(
        fiscal_year=year,
        organisation=organisation,
        measures=tuple(_measure(t) for t in top.tables("measures", _named("measures"))),
        projects=tuple(_project(t) for t in top.tables("projects", _named("projects"))),
        activities=tuple(_activity(t, draft=draft) for t in top.tables("activities", _named("activities"))),
        deadlines=tuple(_deadline(t, ladders, draft=draft) for t in top.tables("deadlines", _named("deadlines"))),
        channels={
            form: _channel(form, _Table(data, f"{top.where} [channels.{form}]"))
            for form, data in top.get("channels", dict).items()
        },
        roster=load_roster(folder / "roster.toml", draft=draft),
        days_off=office_days.days_off,
        days_off_checked=office_days.checked,
        last_year=load_last_year(folder),
        play=load_toml(folder / CAST) if (folder / CAST).exists() else {},
    )
    top.done()
    _cross_check(plan, str(folder / "plan.toml"), draft=draft)
    return plan


def _organisation(t: _Table, *, draft: bool = False) -> Organisation:
    value = Organisation(
        id=t.line("id"),
        name=t.line("name"),
        parent=t.line("parent"),
        plan_title=t.line("plan_title"),
        working_group=t.line("working_group"),
        headcount=t.get("headcount", int),
        **{k: t.line(k) for k in ("addressee", "address", "language", "calendar", "timezone", "era", "digits") if k in t.data},
        fiscal_year_starts=t.get("fiscal_year_starts", int, 10),
    )
    t.done()
    for key, known in (("era", ("buddhist", "common")), ("digits", ("thai", "arabic")), ("fiscal_year_starts", range(1, 13))):
        if getattr(value, key) not in known:
            wanted = " หรือ ".join(map(str, known)) if isinstance(known, tuple) else "เลขเดือน 1 ถึง 12"
            raise DataError(f"{key} «{getattr(value, key)}» ใช้ไม่ได้", where=t.where, remedy=f"ใช้ {wanted}")
    if not re.fullmatch("[a-z]{2,3}", value.language):
        raise DataError(f"language «{value.language}» ใช้ไม่ได้", where=t.where, remedy='ใช้รหัสภาษา เช่น "th" หรือ "en"')
    if value.headcount < 1 and not draft:
        raise DataError("ยังไม่ทราบจำนวนบุคลากร (headcount)", where=t.where, remedy="กรอกจำนวนผู้บริหารและบุคลากรทั้งหมด เช่น headcount = 48")
    if value.timezone not in available_timezones():
        raise DataError(f"ไม่รู้จัก timezone «{value.timezone}»", where=t.where, remedy='เขียนเป็น "Asia/Bangkok"')
    return value


def _measure(t: _Table) -> Measure:
    guidelines = []
    for g in t.tables("guidelines", _named("guidelines"), []):
        guidelines.append(Guideline(id=g.line("id"), title=g.get("title", str)))
        g.done()
    value = Measure(number=t.get("number", int), title=t.get("title", str), guidelines=tuple(guidelines))
    t.done()
    return value


def _project(t: _Table) -> Project:
    value = Project(
        id=t.line("id"), measure=t.get("measure", int), guideline=t.line("guideline", ""), title=t.get("title", str)
    )
    t.done()
    return value


def _activity(t: _Table, *, draft: bool = False) -> Activity:
    deliverables = []
    for d in t.tables("deliverables", _named("deliverables")):
        if draft and d.data.get("due") == "":
            continue
        deliverables.append(Deliverable(id=d.line("id"), due=d.get("due", date), title=d.get("title", str)))
        d.done()
    targets = []
    for g in t.tables("targets", _named("targets"), []):
        extra = {k: v for k, v in g.data.items() if k not in ("kind", "value")}
        targets.append(Target(kind=g.line("kind"), value=g.get("value", int), extra=extra))
    lines = t.numbers("source_lines", [])
    value = Activity(
        id=t.line("id"),
        project=t.line("project"),
        measure=t.get("measure", int),
        number=t.line("number"),
        title=t.get("title", str),
        details=t.texts("details", []),
        outputs=t.texts("outputs"),
        outcomes=t.texts("outcomes"),
        documents=t.texts("documents", []),
        notes=t.texts("notes", []),
        targets=tuple(targets),
        seats=t.texts("seats", []),
        deliverables=tuple(deliverables),
        source_lines=(lines[0], lines[1]) if len(lines) == 2 else None,
    )
    t.done()
    return value


def _channel(form: str, t: _Table) -> Channel:
    value = Channel(
        form=form,
        title=t.get("title", str),
        short=t.line("short", "") or form.upper(),
        registry=t.texts("registry", []),
        website=t.texts("website", []),
        evidence=t.get("evidence", bool, False),
        pictures=t.get("pictures", bool, False),
        signed_by=t.line("signed_by", ""),
        cover_max_sheets=t.get("cover_max_sheets", int, None),
        full_marks=t.get("full_marks", int, None),
    )
    t.done()
    return value


def _deadline(t: _Table, ladders: Mapping[str, LadderPlan], *, draft: bool = False) -> Deadline:
    activities = t.get("activities", (str, list), "all")
    if activities != "all" and not isinstance(activities, list):
        raise DataError("«activities» ต้องเป็น \"all\" หรือรายการรหัสกิจกรรม", where=t.where, remedy='เขียน activities = "all"')
    kind = t.line("kind")
    value = Deadline(
        id=t.line("id"),
        title=t.line("title"),
        short=t.line("short", ""),
        kind=kind,
        forms=t.texts("forms"),
        # not printed: a draft is looked at as if the members had until the last day
        internal=t.get("external" if draft and t.get("internal", (date, str)) == "" else "internal", date),
        external=t.get("external", date),
        quarter=t.get("quarter", int, None),
        internal_to=t.get("internal_to", date, None),
        activities=() if activities == "all" else tuple(activities),
        ladder=read_ladder(t, ladders.get(kind, ladders["default"])),
        source=t.get("source", str, ""),
    )
    t.done()
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value.id):
        # it names a folder, a mail's key and a Prefect deployment
        raise DataError(f"id «{value.id}» ใช้ไม่ได้", where=t.where, remedy="ใช้เฉพาะ A–Z a–z 0–9 . _ - เช่น 2566-q2")
    if not value.forms:
        raise DataError("forms ว่าง", where=t.where, remedy='ใส่รหัสแบบที่ต้องส่ง เช่น forms = ["f3"]')
    if value.members_until > value.external or value.internal > value.members_until:
        raise DataError(
            "วันส่งภายในอยู่หลังวันส่งจริง", where=t.where, remedy="ให้ internal ≤ internal_to ≤ external"
        )
    return value


def load_roster(path: Path, *, draft: bool = False) -> Roster:
    """The roster: seats, the people who hold them, the office and the registry."""
    top = _Table(load_toml(path), str(path))
    seats, members = [], []
    for t in top.tables("seats", _named("seats")):
        seats.append(
            Seat(id=t.line("id"), number=t.get("number", int), role=t.line("role"), member=t.line("member"))
        )  # fmt: skip
        t.done()
    for t in top.tables("members", _named("members")):
        members.append(_member(t, draft=draft))
        t.done()
    office = _Table(top.get("office", dict), f"{path} [office]")
    registry = _Table(top.get("registry", dict), f"{path} [registry]")
    roles = ("director", "acting_director", "head", "secretary", "assistant_secretary", "mailbox", "mailbox_name")
    roster = Roster(
        seats=tuple(seats),
        members=tuple(members),
        **{role: office.line(role) for role in roles},
        phone=office.line("phone", ""),
        acting_as=office.line("acting_as", ""),
        registry=Registry(name=registry.line("name"), email=registry.line("email")),
    )
    _check_address(roster.mailbox, office.where, draft=draft)
    _check_address(roster.registry.email, registry.where, draft=draft)
    for table in (office, registry, top):
        table.done()
    _check_roster(roster, str(path), draft=draft)
    return roster


def _member(t: _Table, *, draft: bool = False) -> Member:
    value = Member(
        id=t.line("id"),
        **{k: t.line(k) for k in ("prefix", "given", "family", "position", "email")},
        **{k: t.line(k, "") for k in ("group", "phone", "deputy")},
        aliases=t.texts("aliases", []),
    )
    for address in (value.email, *value.aliases):
        _check_address(address, t.where, draft=draft)
    return value


def _check_address(address: str, where: str, *, draft: bool = False) -> None:
    if not address:
        if draft:
            return
        raise DataError("ยังไม่ทราบที่อยู่จดหมาย", where=where, remedy="กรอกที่อยู่ เช่น ชื่อ@หน่วยงาน")
    local, _, domain = address.partition("@")
    if not local or not domain or "@" in domain or any(c.isspace() or c in "<>,;" for c in address):
        raise DataError(f"ที่อยู่จดหมาย «{address}» ใช้ไม่ได้", where=where, remedy="เขียนเป็น ชื่อ@หน่วยงาน เพียงที่อยู่เดียว")


def _check_roster(roster: Roster, where: str, *, draft: bool = False) -> None:
    ids = [m.id for m in roster.members]
    _unique(ids, where, "members")
    _unique([s.id for s in roster.seats], where, "seats")
    wanted = {
        **{f"[[seats]] {s.id}": s.member for s in roster.seats},
        **{f"[[members]] {m.id} deputy": m.deputy for m in roster.members if m.deputy},
        **{f"[office] {r}": getattr(roster, r) for r in ("director", "acting_director", "head", "secretary")},
    }
    for place, member in wanted.items():
        if member not in ids and not (draft and not member):
            raise DataError(f"ไม่มีสมาชิกรหัส «{member}»", where=f"{where} {place}", remedy="เพิ่มใน [[members]] หรือแก้รหัส")
    for own in (m.id for m in roster.members if m.deputy == m.id):
        where = f"{where} [[members]] {own}"
        raise DataError("deputy เป็นตัวผู้นั้นเอง", where=where, remedy="ใส่รหัสผู้ปฏิบัติหน้าที่แทน หรือเว้นว่าง")
    addresses = [a for m in roster.members for a in m.addresses if a]
    _unique(addresses, where, "members email")


def _unique(values: list[str], where: str, what: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise DataError(f"«{value}» ซ้ำกัน", where=f"{where} [[{what}]]", remedy="ให้แต่ละรายการมีค่าไม่ซ้ำ")


def _cross_check(plan: Plan, where: str, *, draft: bool = False) -> None:
    """References between the tables."""
    for what, values in (("activities", [a.id for a in plan.activities]), ("deadlines", [d.id for d in plan.deadlines])):
        _unique(values, where, what)
    measures = {m.number for m in plan.measures}
    projects = {p.id for p in plan.projects}
    seats = {s.id for s in plan.roster.seats}
    for activity in plan.activities:
        place = f"{where} [[activities]] {activity.id}"
        if activity.measure not in measures or activity.project not in projects:
            raise DataError("มาตรการหรือโครงการที่อ้างถึงไม่มีอยู่", where=place, remedy="แก้ measure/project ให้ตรงกับที่ประกาศไว้")
        if not activity.seats and not draft:
            raise DataError("กิจกรรมนี้ยังไม่มีผู้รับผิดชอบ (seats ว่าง)", where=place, remedy="ใส่ seats = [\"sNN\"] จาก roster.toml")
        for seat in activity.seats:
            if seat not in seats:
                raise DataError(f"ไม่มีตำแหน่ง «{seat}» ในคณะทำงาน", where=place, remedy="แก้ seats หรือเพิ่มใน roster.toml")
    known = {a.id for a in plan.activities}
    for deadline in plan.deadlines:
        place = f"{where} [[deadlines]] {deadline.id}"
        for activity_id in deadline.activities:
            if activity_id not in known:
                raise DataError(f"ไม่มีกิจกรรม «{activity_id}»", where=place, remedy="แก้รายการ activities")
        for form in deadline.forms:
            if form not in plan.channels:
                raise DataError(f"แบบ «{form}» ไม่มีกติกาการส่ง", where=place, remedy=f"เพิ่ม [channels.{form}]")
