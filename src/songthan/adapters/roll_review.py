"""The page a person reads before next year's plan is used: what must be decided, every date old and new, every text.

One list of sections, told twice: as a page (HTML, nothing fetched, prints well) and as plain text for a mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from songthan.adapters.roll_files import REVIEW_HTML, REVIEW_TEXT, RolledPlan
from songthan.adapters.rubric_file import load_rubric
from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import ladder_for
from songthan.domain.language import current, day_words, digits, say
from songthan.domain.plan_notes import deadline_notes
from songthan.domain.rolling import MovedDate

__all__ = ["decisions", "place_words", "review_pages"]


@dataclass(frozen=True, kw_only=True)
class _Section:
    """One part: a title, a sentence, a table. `tick` puts a box to tick before every row."""

    title: str
    lead: str
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    tick: bool = False


def review_pages(rolled: RolledPlan) -> dict[str, str]:
    """File name → text of the review, as HTML and as plain text."""
    sections = [
        _decisions(rolled), _deadlines(rolled), _dates(rolled), _texts(rolled), _seats(rolled), _targets(rolled),
        *_results(rolled),
    ]  # fmt: skip
    title = say(
        "ทบทวนแผนปีงบประมาณ {new} ก่อนใช้ (ทำจากแผนปี {old})",
        new=digits(rolled.plan.fiscal_year), old=digits(rolled.old.fiscal_year),
    )  # fmt: skip
    return {REVIEW_HTML: _html(title, rolled, sections), REVIEW_TEXT: _text(title, rolled, sections)}


def place_words(rolled: RolledPlan, place: str) -> str:
    """A place of plan.toml as a person finds it: «กำหนดส่ง 2570-q2 · สำนักส่ง», «กิจกรรม ๑.๔ · เอกสาร»."""
    if place.endswith(".toml"):
        return place
    match = re.match(r"(\w*)(?:\[(\d+)\])?\.?(\w*)", place)
    if match is None or not match[1]:
        return place
    table, key = match[1], match[3]
    row = _row(rolled.data, table, int(match[2] or 1))
    names = {
        "deadlines": say("กำหนดส่ง {name}", name=row.get("id", "")),
        "activities": say("กิจกรรม {name}", name=row.get("number", row.get("id", ""))),
        "projects": say("โครงการ {name}", name=row.get("id", "")),
        "measures": say("มาตรการ {name}", name=digits(row.get("number", ""))),
        "organisation": say("หน่วยงาน"),
    }
    keys = {
        "internal": say("สมาชิกส่ง"), "internal_to": say("สมาชิกส่งถึง"), "external": say("สำนักส่ง"),
        "deliverables": say("เอกสารที่ต้องส่ง"), "documents": say("ช่องเอกสาร"), "notes": say("หมายเหตุ"),
        "targets": say("เป้าหมาย"), "title": say("ชื่อ"), "short": say("ชื่อย่อ"), "id": say("รหัส"),
        "details": say("รายละเอียด"), "outputs": say("ผลผลิต"), "outcomes": say("ผลลัพธ์"),
        "plan_title": say("ชื่อแผน"), "working_group": say("ชื่อคณะทำงาน"),
    }  # fmt: skip
    form = re.match(r"channels\.(\w+)", place)
    where = say("แบบ {name}", name=form[1].upper()) if form else names.get(table, table)
    key = place.rpartition(".")[2].partition(":")[0].partition("#")[0] if form else key
    return f"{where} · {keys.get(key, key)}" if key else where


def _row(data: Mapping[str, Any], table: str, number: int) -> Mapping[str, Any]:
    rows = data.get(table, {})
    if isinstance(rows, list):
        rows = rows[number - 1] if number <= len(rows) else {}
    return rows if isinstance(rows, Mapping) else {}


#: (seat, role, who holds it now) of each seat that changed hands during the old year
Handed = tuple[tuple[str, str, str], ...]


def decisions(rolled: RolledPlan, handed: Handed = ()) -> tuple[tuple[str, str], ...]:
    """(subject, what to decide), what every year asks first, then what this plan's texts and days off ask."""
    plan = rolled.plan
    calendar = WorkCalendar(days_off=plan.days_off, timezone=plan.organisation.timezone)
    year = digits(plan.fiscal_year)
    rows = [
        (say("คำสั่งแต่งตั้งคณะทำงาน"), say("ใส่เลขที่และวันที่ของคำสั่งปี {year} ในเอกสารที่อ้างถึง และตรวจชื่อคณะทำงาน", year=year)),
        (say("จำนวนบุคลากร"), say("แผนใช้ {n} คนเท่าปีก่อน (headcount) โปรดตรวจ เพราะเป็นฐานของร้อยละทุกข้อ", n=digits(plan.organisation.headcount))),
        (say("ผู้ดำรงตำแหน่ง"), say("รายชื่อคงเดิมทั้ง {n} ตำแหน่ง โปรดยืนยันตามตารางในหน้าทบทวน", n=digits(len(plan.roster.seats)))),
        *(
            (
                say("ตำแหน่งที่โอนระหว่างปี"),
                say("{seat} {role} โอนให้ {name} แล้วด้วย songthan reassign แต่แฟ้ม roster.toml ยังเป็นคนเดิม โปรดแก้แฟ้มของปีใหม่", seat=seat, role=role, name=name),
            )
            for seat, role, name in handed
        ),
        (say("เป้าหมาย"), say("ค่าเป้าหมายคงเดิมทุกข้อ โปรดยืนยันตามตารางในหน้าทบทวน")),
    ]  # fmt: skip
    if (rolled.folder / "rubric.toml").is_file():
        rows.append((say("เกณฑ์คะแนน"), say("rubric.toml คงเดิม โปรดตรวจว่าเกณฑ์ปี {year} ไม่เปลี่ยน", year=year)))
        fiscal = plan.organisation.fiscal
        if old := [day_words(d, short=True) for d in load_rubric(rolled.folder).days() if fiscal.year(d) != plan.fiscal_year]:
            rows.append((say("วันในเกณฑ์คะแนน"), say("วันใน rubric.toml ยังเป็นของปีก่อน ({days}) โปรดแก้เป็นของปี {year}", days=", ".join(old), year=year)))
    rows += [(f"{place_words(rolled, q.place)}: {q.text}", q.why) for q in rolled.questions]
    # the days off have been asked about already, with what the old year knew of them
    rows += [(say("ข้อสังเกตของแผนใหม่"), note) for note in deadline_notes(plan, calendar)]
    if rolled.left:
        why = say("แฟ้มเหล่านี้ในโฟลเดอร์เดิมไม่ได้นำมา โปรดคัดลอกเองหากยังใช้: {names}", names=", ".join(rolled.left))
        rows.append((say("แฟ้มอื่น"), why))
    return tuple(rows)


def _decisions(rolled: RolledPlan) -> _Section:
    return _Section(
        title=say("สิ่งที่ต้องตัดสินใจ"), lead=say("ระบบไม่เดาเรื่องต่อไปนี้ โปรดตรวจทีละข้อแล้วทำเครื่องหมายในช่องหน้า"),
        head=(say("เรื่อง"), say("โปรดตัดสินใจ")), rows=rolled.decisions, tick=True,
    )  # fmt: skip


def _deadlines(rolled: RolledPlan) -> _Section:
    calendar = WorkCalendar(days_off=rolled.plan.days_off, timezone=rolled.plan.organisation.timezone)
    rows = []
    for old, new in zip(rolled.old.deadlines, rolled.plan.deadlines, strict=True):
        members = day_words(new.members_until, weekday=True, short=True)
        rows.append(
            (
                f"{old.id} → {new.id}",
                new.title,
                day_words(ladder_for(new, calendar).opens, weekday=True, short=True),
                f"{day_words(old.members_until, short=True)} → {members}",
                f"{day_words(old.external, short=True)} → {day_words(new.external, weekday=True, short=True)}",
            )
        )
    return _Section(
        title=say("กำหนดส่ง"), lead=say("วันส่งทุกวันเป็นวันทำการ วันส่งของสำนักที่ปีก่อนพิมพ์ไว้ตรงวันหยุด ถูกย้ายมาเป็นวันทำการสุดท้ายแล้ว"),
        head=(say("รหัส"), say("เรื่อง"), say("เปิดรอบ"), say("สมาชิกส่ง"), say("สำนักส่ง")), rows=rows,
    )  # fmt: skip


def _dates(rolled: RolledPlan) -> _Section:
    found = [d for d in rolled.dates if "#" not in d.place]
    moved = [d for d in found if d.why]
    return _Section(
        title=say("วันที่ทุกวัน เดิมและใหม่"),
        lead=say("{n} วัน คงเดือนและวันที่เดิม {moved} วันตรงวันหยุดจึงเลื่อน", n=digits(len(found)), moved=digits(len(moved))),
        head=(say("ที่"), say("เดิม"), say("ใหม่"), say("เหตุที่เลื่อน")),
        rows=[(place_words(rolled, d.place), _day(d.old), _day(d.new), _reason(d)) for d in found],
    )


def _day(value: Any) -> str:
    return day_words(value, weekday=True, short=True)


def _reason(moved: MovedDate) -> str:
    if not moved.why:
        return ""
    return say("{day} เป็นวันหยุด ({name})", day=day_words(moved.nominal, short=True), name=moved.why)


def _texts(rolled: RolledPlan) -> _Section:
    return _Section(
        title=say("ข้อความที่เปลี่ยนปีหรือวันที่"),
        lead=say("{n} แห่ง ปีที่ไม่ได้เปลี่ยนอยู่ในสิ่งที่ต้องตัดสินใจข้างบน", n=digits(len(rolled.texts))),
        head=(say("ที่"), say("เดิม"), say("ใหม่")),
        rows=[(place_words(rolled, t.place), t.old, t.new) for t in rolled.texts],
    )


def _seats(rolled: RolledPlan) -> _Section:
    roster = rolled.plan.roster
    rows = []
    for seat in roster.seats:
        member = roster.member(seat.member)
        rows.append((digits(seat.number), seat.role, member.full_name, member.position, member.email))
    return _Section(
        title=say("ผู้ดำรงตำแหน่ง"), lead=say("คัดลอกจากปีก่อนทุกตัวอักษร แก้ใน roster.toml"),
        head=(say("ลำดับ"), say("หน้าที่"), say("ชื่อ"), say("ตำแหน่ง"), say("อีเมล")), rows=rows, tick=True,
    )  # fmt: skip


def _targets(rolled: RolledPlan) -> _Section:
    kinds = {
        "participation_percent": say("บุคลากรเข้าร่วมไม่น้อยกว่า (ร้อยละ)"), "rated_percent": say("บุคลากรที่ได้รับการประเมิน (ร้อยละ)"),
        "success_percent": say("ผลสำเร็จตามแผน (ร้อยละ)"), "topics": say("คุณธรรมเป้าหมายไม่น้อยกว่า (เรื่อง)"),
        "knowledge_topics": say("องค์ความรู้ (เรื่อง)"), "channels": say("ช่องทางประชาสัมพันธ์ไม่น้อยกว่า (ช่องทาง)"),
        "networks": say("เครือข่ายใหม่ (เครือข่าย)"), "copies": say("เอกสาร (ฉบับ)"), "clips": say("คลิปวิดีโอ (คลิป)"),
        "points": say("คะแนน"),
    }  # fmt: skip
    rows = []
    for activity in rolled.plan.activities:
        for target in activity.targets:
            by = say("ภายใน{day}", day=_day(target.extra["by"])) if "by" in target.extra else ""
            more = " ".join(str(v) for k, v in target.extra.items() if k != "by")
            words = " ".join(part for part in (kinds.get(target.kind, target.kind), by, f"({more})" if more else "") if part)
            rows.append((activity.number, activity.title, words, digits(target.value)))
    return _Section(
        title=say("เป้าหมาย"), lead=say("คงเดิม แก้ใน plan.toml ช่อง targets"),
        head=(say("กิจกรรม"), say("ชื่อ"), say("เป้าหมาย"), say("ค่า")), rows=rows, tick=True,
    )  # fmt: skip


def _results(rolled: RolledPlan) -> list[_Section]:
    """What the old year brought; a sentence where the ledger knew nothing."""
    last = rolled.last_year
    if not last.deadlines:
        words = say("ไม่ได้นำผลของปีก่อนมาด้วย เพราะไม่พบทะเบียนของปีนั้น (ระบุด้วย --state แล้วทำใหม่ได้)")
        return [_Section(title=say("ผลของปีก่อน"), lead=words)]
    ended = [
        (d.id, d.title, d.receipt or "–", "–" if d.total is None else digits(d.total), "–" if d.level is None else digits(d.level))
        for d in last.deadlines
    ]
    numbers = {a.id: a.number for a in rolled.plan.activities}
    done = [
        (numbers.get(a.row, a.row), a.values.get("done", ""), digits(a.values["percent"]))
        for a in last.answers
        if a.row and "percent" in a.values and a.row in numbers
    ]
    year = digits(last.fiscal_year)
    found = [
        _Section(
            title=say("ผลของปี {year}: กำหนดส่ง", year=year), lead=say("เลขรับจากสารบรรณและคะแนน"),
            head=(say("รหัส"), say("เรื่อง"), say("เลขรับ"), say("คะแนนรวม"), say("ระดับ")), rows=ended,
        ),
        _Section(
            title=say("ผลของปี {year}: กิจกรรม", year=year), lead=say("คำตอบที่รับแล้วครั้งล่าสุด จะแสดงในแบบรายงานของปีนี้"),
            head=(say("กิจกรรม"), say("ผลการดำเนินการ"), say("ร้อยละ")), rows=done,
        ),
    ]  # fmt: skip
    return found if done else found[:1]


_STYLE = """body{font:20px/1.45 "TH SarabunPSK","TH Sarabun New",Sarabun,sans-serif;color:#1f2933;max-width:74rem;margin:2rem auto;padding:0 1.2rem}
h1{font-size:1.7em;color:#0b4f6c;border-bottom:4px solid #0b4f6c}h2{font-size:1.35em;color:#0b4f6c;margin:1.6em 0 .2em}h2,h2+p{break-after:avoid}
table{border-collapse:collapse;width:100%}th,td{border:1px solid #cbd2d9;padding:.2em .5em;text-align:left;vertical-align:top;overflow-wrap:break-word}
th{background:#f1f5f8}tr{break-inside:avoid}thead{display:table-header-group}.t{width:1.2em;font-size:1.1em}
td:first-child:not(.t){min-width:8em}mark{background:#fff3bf}.c td{background:#fffdf5}@media print{body{margin:0;max-width:none;font-size:19px;line-height:1.2}}@page{size:A4;margin:1.5cm}"""


def _html(title: str, rolled: RolledPlan, sections: Sequence[_Section]) -> str:
    parts = [
        f'<!doctype html>\n<html lang="{current().code}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n<p>{escape(_summary(rolled))}</p>"
    ]
    for section in sections:
        parts.append(f"<h2>{escape(section.title)}</h2><p>{escape(section.lead)}</p>")
        if not section.rows:
            continue
        box = '<td class="t">☐</td>' if section.tick else ""
        head = ("<th></th>" if section.tick else "") + "".join(f"<th>{escape(h)}</th>" for h in section.head)
        rows = "\n".join(f"<tr>{box}{''.join(_cells(section, row))}</tr>" for row in section.rows)
        parts.append(f"<table{' class=c' if section.tick else ''}><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>")
    return "\n".join([*parts, "</body></html>\n"])


def _cells(section: _Section, row: Sequence[str]) -> list[str]:
    """The cells; where old and new words stand side by side, the numbers that differ are marked in the new ones."""
    cells = [f"<td>{escape(cell)}</td>" for cell in row]
    if section.head and section.head[-1] == say("ใหม่"):
        cells[-1] = f"<td>{_marked(row[-2], row[-1])}</td>"
    return cells


def _marked(old: str, new: str) -> str:
    known = set(re.findall(r"[0-9๐-๙]+", old))
    pieces = re.split(r"([0-9๐-๙]+)", new)
    return "".join(f"<mark>{p}</mark>" if n % 2 and p not in known else escape(p) for n, p in enumerate(pieces))


def _summary(rolled: RolledPlan) -> str:
    return say(
        "ข้อความ รายชื่อ เป้าหมาย เกณฑ์ และกติกาการส่งคงเดิม เปลี่ยนเฉพาะปีและวันที่ · วันที่ {dates} แห่ง · ข้อความ {texts} แห่ง · "
        "คำถามเฉพาะ {questions} ข้อ แผนเดิมไม่ถูกแก้ แผนใหม่ยังไม่ใช้จนกว่าจะแก้ plan ใน songthan.toml",
        dates=digits(len(rolled.dates)), texts=digits(len(rolled.texts)), questions=digits(len(rolled.questions)),
    )  # fmt: skip


def _text(title: str, rolled: RolledPlan, sections: Sequence[_Section]) -> str:
    lines = [title, "=" * 60, _summary(rolled)]
    for section in sections:
        lines += ["", section.title, "-" * 60, section.lead]
        for row in section.rows:
            first, *rest = row
            lines.append(f"{'[ ] ' if section.tick else '- '}{first}")
            lines += [f"    {name}: {cell}" for name, cell in zip(section.head[1:], rest, strict=True) if cell]
    return "\n".join(lines) + "\n"
