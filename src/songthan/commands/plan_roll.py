"""`songthan plan roll`: next year's plan out of this one's, with the page of what must be decided."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import console, json_option, note, number, plan_option, print_json, state_option
from songthan.domain.assignments import DeadlineState
from songthan.domain.errors import UsageError
from songthan.domain.last_year import LastYear
from songthan.domain.plans import Plan
from songthan.domain.thai import BUDDHIST_ERA, to_arabic_digits

if TYPE_CHECKING:
    from songthan.adapters.roll_files import RolledPlan


@click.command("roll")
@click.argument("year")
@click.option("--out", type=click.Path(path_type=Path), help="โฟลเดอร์ของแผนใหม่ ปกติคือโฟลเดอร์ชื่อปีข้างแผนเดิม (ในพื้นที่ทำงาน)")
@click.option("--confirm", is_flag=True, help="ทำทับได้: โฟลเดอร์เดิมถูกเปลี่ยนชื่อเก็บไว้ ไม่ถูกลบ")
@json_option
@plan_option
@state_option
def roll(
    year: str, out: Path | None, confirm: bool, as_json: bool, plan_dir: Path | None, state: Path | None
) -> None:
    """ทำแผนของปีถัดไปจากแผนปีนี้ (YEAR คือปี พ.ศ.) พร้อมหน้าสิ่งที่ต้องตัดสินใจ (next year's plan from this one)."""
    from songthan import workspace

    root = workspace.find_root()
    settings = workspace.load_settings(root)
    source = plan_dir or settings.folder("plan")
    old = workspace.load_plan(source)
    wanted = _year(year, old)
    # a plan that lies in its workspace's own folder stays in the workspace, whatever year it is
    home = source.resolve() == root
    target = (out or (source / str(wanted) if home else source.with_name(str(wanted)))).resolve()
    _refuse(target, source.resolve(), confirm=confirm, home=home)
    workspace.speak_to_people(old, source)
    # a state folder that was named must be there; the office's own may not have begun yet
    ledger = state or (settings.folder("state") if (settings.folder("state") / "ledger.sqlite").is_file() else None)
    results, handed = _results(root, source, ledger) if ledger else (None, ())
    rolled = workspace.roll_plan(source, year=wanted, target=target, results=results, handed=handed)
    if as_json:
        print_json(_as_json(rolled))
    else:
        _tell(rolled)
    if results is None:
        note("ไม่ได้นำผลของปีก่อนมาด้วย เพราะไม่พบทะเบียนของปีนั้น ระบุโฟลเดอร์สถานะด้วย --state แล้วสั่งใหม่พร้อม --confirm ได้")


def _year(text: str, old: Plan) -> int:
    """The year meant, in the office's own era; UsageError when it is none or not later than the plan's."""
    plain = to_arabic_digits(text.strip())
    buddhist = bool(old.organisation.year_offset)
    example = f"เขียนเป็นปี{' พ.ศ.' if buddhist else ''} เช่น songthan plan roll {old.fiscal_year + 1}"
    if not (plain.isascii() and plain.isdigit() and len(plain) == 4):
        raise UsageError(f"«{text}» ไม่ใช่ปี", remedy=example)
    year = int(plain)
    if buddhist and year < 2400:
        raise UsageError(f"{year} เป็นปี ค.ศ. หรือปีที่ใช้ไม่ได้", remedy=f"{example} (ค.ศ. {year} คือ พ.ศ. {year + BUDDHIST_ERA})")
    if year <= old.fiscal_year:
        raise UsageError(f"ปี {year} ไม่อยู่หลังปีของแผนเดิม ({old.fiscal_year})", remedy=example)
    return year


def _refuse(target: Path, source: Path, *, confirm: bool, home: bool) -> None:
    """Nothing is written over what is there, nor over the plan it is made from (`home`: whose folder is the workspace's)."""
    if target == source or target in source.parents or (source in target.parents and not home):
        raise UsageError("โฟลเดอร์ใหม่ทับกับโฟลเดอร์ของแผนเดิม", where=str(target), remedy="เลือกโฟลเดอร์อื่นด้วย --out")
    if target.exists() and not target.is_dir():
        raise UsageError("มีแฟ้มชื่อนี้อยู่แล้ว", where=str(target), remedy="เลือกโฟลเดอร์อื่นด้วย --out")
    if target.exists() and any(target.iterdir()) and not confirm:
        raise UsageError(
            "มีโฟลเดอร์ของปีนี้อยู่แล้ว ยังไม่ได้ทำอะไร",
            where=str(target),
            remedy="เพิ่ม --confirm เพื่อทำใหม่ (โฟลเดอร์เดิมจะถูกเปลี่ยนชื่อเก็บไว้) หรือเลือกที่อื่นด้วย --out",
        )


def _results(root: Path, source: Path, state: Path) -> tuple[LastYear | None, tuple[tuple[str, str, str], ...]]:
    """What the ledger of `state` (a copy of it) knows of the plan of `source` (None: nothing of that year), and the seats
    that changed hands during it: (seat, role, who holds it now)."""
    from songthan import workspace
    from songthan.steps.last_year import year_results

    with workspace.borrowed_office(root, state) as office:
        rubric = workspace.load_rubric(source) if (source / "rubric.toml").is_file() else None
        asked = replace(office, printed_plan=workspace.load_plan(source), rubric=rubric)
        found = year_results(asked)
        now, printed = asked.plan.roster, asked.printed_plan.roster
        handed = tuple(
            (s.id, s.role, now.holder(s.id).full_name) for s in printed.seats if now.seat(s.id).member != s.member
        )
    begun = found.answers or any(d.state != DeadlineState.PLANNED for d in found.deadlines)
    return (found if begun else None), handed


def _as_json(rolled: RolledPlan) -> dict[str, object]:
    last = rolled.last_year
    return {
        "from": rolled.old.fiscal_year,
        "to": rolled.plan.fiscal_year,
        "folder": str(rolled.folder),
        "review": str(rolled.folder / "review.html"),
        "put_aside": str(rolled.aside) if rolled.aside else None,
        "deadlines": [
            {
                "id": d.id,
                "internal": d.internal.isoformat(),
                "internal_to": d.members_until.isoformat(),
                "external": d.external.isoformat(),
            }
            for d in rolled.plan.deadlines
        ],
        "dates": [
            {"place": d.place, "old": d.old.isoformat(), "nominal": d.nominal.isoformat(), "new": d.new.isoformat(), "why": d.why}
            for d in rolled.dates
        ],
        "texts": [{"place": t.place, "old": t.old, "new": t.new} for t in rolled.texts],
        "questions": [{"place": q.place, "text": q.text, "why": q.why} for q in rolled.questions],
        "decisions": [{"subject": subject, "decide": what} for subject, what in rolled.decisions],
        "last_year": {
            "fiscal_year": last.fiscal_year,
            "deadlines": len(last.deadlines),
            "answers": len(last.answers),
            "receipts": [d.receipt for d in last.deadlines if d.receipt],
        },
    }


def _tell(rolled: RolledPlan) -> None:
    from rich.table import Table

    out = console()
    moved = sum(bool(d.why) for d in rolled.dates if "#" not in d.place)
    table = Table(title=f"แผนปี {number(rolled.old.fiscal_year)} → {number(rolled.plan.fiscal_year)}", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("จำนวน", justify="right")
    for words, count in (
        ("วันที่ที่ย้าย", sum("#" not in d.place for d in rolled.dates)),
        ("   ในจำนวนนี้ตรงวันหยุด จึงเลื่อนมาเป็นวันทำการ", moved),
        ("ข้อความที่เปลี่ยนปีหรือวันที่", len(rolled.texts)),
        ("คำตอบของปีก่อนที่นำมาไว้", len(rolled.last_year.answers)),
        ("สิ่งที่ต้องตัดสินใจ", len(rolled.decisions)),
    ):
        table.add_row(words, number(count))
    out.print(table)
    for subject, what in rolled.decisions:
        out.print(f"โปรดตัดสินใจ · {subject}: {what}", style="yellow")
    out.print(f"\nแผนใหม่: {rolled.folder}", soft_wrap=True)
    if rolled.aside:
        out.print(f"โฟลเดอร์เดิมเก็บไว้ที่: {rolled.aside}", soft_wrap=True)
    out.print(f"โปรดอ่าน: {rolled.folder / 'review.html'}", soft_wrap=True)
    out.print(f"ตรวจด้วย: songthan plan check --plan {rolled.folder}", soft_wrap=True)
    out.print("เมื่อตัดสินใจครบแล้ว ให้ผู้ดูแลแก้ plan ใน songthan.toml ระหว่างที่ระบบหยุด")
