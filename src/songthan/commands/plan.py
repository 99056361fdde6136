"""`songthan plan`: is everything the year needs in order, and what stands in the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import console, day, fold, json_option, number, plan_option, print_json
from songthan.commands.plan_import import import_
from songthan.commands.plan_roll import roll
from songthan.commands.plan_rubric import rubric_findings, rubric_notes
from songthan.domain.errors import SongthanError
from songthan.domain.plan_notes import plan_notes
from songthan.domain.plans import Activity, Plan

if TYPE_CHECKING:
    from songthan.adapters.settings_file import Settings


@click.group()
def plan() -> None:
    """แผนของปี: ตรวจ ดู นำเข้า และทำของปีถัดไป (the year's plan)."""


@dataclass(kw_only=True)
class _Checked:
    """What was looked at, with counts, and what was wrong with it."""

    counts: dict[str, int] = field(default_factory=dict)
    findings: list[SongthanError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def look(self, load: Callable[[], object]) -> object | None:
        """The loaded thing, or None with a finding."""
        try:
            return load()
        except SongthanError as error:
            self.findings.append(error)
            return None

    @property
    def exit_code(self) -> int:
        return max((f.exit_code for f in self.findings), default=0)


@plan.command("check")
@json_option
@plan_option
@click.pass_context
def check(ctx: click.Context, as_json: bool, plan_dir: Path | None) -> None:
    """ตรวจแผน รายชื่อ เกณฑ์ วันหยุด กติกาจดหมาย และแม่แบบ (check everything the year needs)."""
    from songthan import workspace

    settings = workspace.load_settings(workspace.find_root())
    folder = plan_dir or settings.folder("plan")
    checked = _check(settings, folder)
    if as_json:
        print_json(
            {
                "ok": not checked.findings,
                "plan": str(folder),
                "counts": checked.counts,
                "findings": [
                    {"where": f.where, "message_th": f.th, "remedy": f.remedy, "exit_code": f.exit_code}
                    for f in checked.findings
                ],
                "notes": checked.notes,
            }
        )
    else:
        _tell(checked, folder)
    ctx.exit(checked.exit_code)


def _check(settings: Settings, folder: Path) -> _Checked:
    from songthan import workspace

    checked = _Checked()
    checked.findings += workspace.open_questions(folder)
    found = checked.look(lambda: workspace.load_plan(folder, draft=bool(checked.findings)))
    scored = (folder / "rubric.toml").exists()
    rubric = checked.look(lambda: workspace.load_rubric(folder)) if scored else None
    if not scored and folder.is_dir():
        checked.notes.append("ไม่มี rubric.toml: ระบบจะไม่ให้คะแนน หากหน่วยงานใช้เกณฑ์ ให้คัดลอกของปีก่อนหรือทำตามตัวอย่างใน plans/2566")
    rules = checked.look(lambda: workspace.load_rules(settings.folder("inbox_rules")))
    forms = checked.look(lambda: workspace.load_forms(settings))
    if isinstance(found, Plan):
        checked.counts |= _plan_counts(found)
        workspace.speak_dates(found)
        checked.notes += checked.look(lambda: _unsaid(settings, found)) or []
    if rubric is not None:
        checked.counts["criteria"] = len(rubric.criteria)
        checked.counts["levels"] = len(rubric.levels)
    if rules is not None:
        checked.counts["inbox_rules"] = len(rules)
    if forms is not None:
        checked.counts["forms"] = len(forms)
        checked.findings += [
            # the data can be read; that its template does not fit it is an answer of «no»
            SongthanError(f.th, where=f.where, remedy=f.remedy)
            for f in workspace.check_form_templates(settings, tuple(forms), plan=folder)
        ]
    if isinstance(found, Plan) and rubric is not None:
        checked.findings += rubric_findings(found, rubric, forms or {}, folder)
        checked.notes += rubric_notes(found, rubric)
    if isinstance(found, Plan) and forms is not None:
        checked.notes += [
            f"กำหนดส่ง {d.id}: ยังไม่มีแม่แบบของแบบ {', '.join(m).upper()} ใน templates/docx"
            for d in found.deadlines
            if (m := [f for f in d.forms if f not in forms])
        ]
    if isinstance(found, Plan):
        checked.notes += plan_notes(found, workspace.load_calendar(found))
    return checked


def _plan_counts(found: Plan) -> dict[str, int]:
    return {
        "measures": len(found.measures),
        "projects": len(found.projects),
        "activities": len(found.activities),
        "deliverables": sum(len(a.deliverables) for a in found.activities),
        "deadlines": len(found.deadlines),
        "seats": len(found.roster.seats),
        "members": len(found.roster.members),
        "days_off": len(found.days_off),
    }


def _unsaid(settings: Settings, plan: Plan) -> list[str]:
    """A note of the engine's phrases that the office's language file does not say (the shipped English one says all)."""
    from songthan import workspace
    from songthan.commands.init import starter

    language = plan.organisation.language
    own = workspace.phrases_of(settings.folder("templates"), language)
    shipped = starter() / "plans" / "example-en" / "templates"
    lacking = [phrase for phrase in workspace.phrases_of(shipped, "en") if phrase not in own] if own or language != "th" else []
    if not lacking:
        return []
    some = " ".join(f"«{phrase[:40]}»" for phrase in lacking[:3])
    return [f"templates/language/{language}.toml: ยังไม่มีคำของ {number(len(lacking))} วลี จึงใช้ภาษาไทย เช่น {some} (ครบใน {shipped / 'language' / 'en.toml'})"]


_COUNTS_TH: Mapping[str, tuple[str, str]] = {
    "measures": ("มาตรการ", "plan.toml"),
    "projects": ("โครงการ", "plan.toml"),
    "activities": ("กิจกรรม", "plan.toml"),
    "deliverables": ("เอกสารที่มีกำหนดวัน", "plan.toml"),
    "deadlines": ("กำหนดส่ง", "plan.toml"),
    "seats": ("ตำแหน่งในคณะทำงาน", "roster.toml"),
    "members": ("บุคคล", "roster.toml"),
    "days_off": ("วันหยุดในตาราง (ปีแผนและปีข้างเคียง)", "holidays.toml"),
    "criteria": ("เกณฑ์", "rubric.toml"),
    "levels": ("ระดับ", "rubric.toml"),
    "inbox_rules": ("กติกาจดหมายเข้า", "inbox_rules"),
    "forms": ("แบบที่มีแม่แบบ", "templates/docx"),
}


def _tell(checked: _Checked, folder: Path) -> None:
    from rich.table import Table

    out = console()
    table = Table(title=f"ตรวจแผน {number(folder.name)}", title_justify="left", box=None, pad_edge=False)
    table.add_column("สิ่งที่ตรวจ")
    table.add_column("จำนวน", justify="right")
    table.add_column("แฟ้ม", style="dim")
    for key, count in checked.counts.items():
        table.add_row(_COUNTS_TH[key][0], number(count), _COUNTS_TH[key][1])
    out.print(table)
    for text in checked.notes:
        out.print(f"หมายเหตุ: {text}", style="yellow")
    for finding in checked.findings:
        out.print(f"✗ {finding.th}\n   ที่: {finding.where}\n   วิธีแก้: {finding.remedy}", style="red", soft_wrap=True)
    if not checked.findings:
        out.print("✓ ไม่พบข้อผิดพลาด", style="green")


@plan.command("show")
@json_option
@plan_option
def show(as_json: bool, plan_dir: Path | None) -> None:
    """แผนทั้งปี: กิจกรรม ผู้รับผิดชอบ กำหนดส่ง (what the plan says)."""
    from songthan import workspace

    folder = plan_dir or workspace.load_settings(workspace.find_root()).folder("plan")
    found = workspace.load_plan(folder, draft=bool(workspace.open_questions(folder)))
    workspace.speak_dates(found)
    if as_json:
        print_json(_as_json(found))
    else:
        _draw(found)


def _as_json(found: Plan) -> dict[str, object]:
    """The document of `plan show --json` (DESIGN); dates are ISO, Common Era."""
    roster = found.roster
    return {
        "fiscal_year": found.fiscal_year,
        "organisation": found.organisation.name,
        "activities": [_activity(a) for a in found.activities],
        "deadlines": [
            {
                "id": d.id,
                "title": d.title,
                "forms": list(d.forms),
                "internal": d.internal.isoformat(),
                "internal_to": d.members_until.isoformat(),
                "external": d.external.isoformat(),
                "activities": [a.id for a in found.activities_of(d)],
                "channels": {
                    form: {
                        "registry": list(found.channels[form].registry),
                        "website": list(found.channels[form].website),
                        "evidence": found.channels[form].evidence,
                        "signed_by": found.channels[form].signed_by or None,
                    }
                    for form in d.forms
                },
            }
            for d in found.deadlines
        ],
        "seats": [
            {
                "id": s.id,
                "number": s.number,
                "role": s.role,
                "member": s.member,
                "name": roster.member(s.member).full_name,
                "email": roster.member(s.member).email,
                "activities": [a.id for a in found.activities if s.id in a.seats],
            }
            for s in roster.seats
        ],
    }


def _activity(a: Activity) -> dict[str, object]:
    return {
        "id": a.id,
        "number": a.number,
        "title": a.title,
        "measure": a.measure,
        "project": a.project,
        "seats": list(a.seats),
        "outputs": list(a.outputs),
        "outcomes": list(a.outcomes),
        "deliverables": [{"id": d.id, "due": d.due.isoformat(), "title": d.title} for d in a.deliverables],
    }


def _draw(found: Plan) -> None:
    from rich.table import Table

    out = console()
    out.print(f"{found.organisation.plan_title}\n", style="bold")
    width = max(24, out.width - 60)
    for measure in found.measures:
        table = Table(title=f"มาตรการที่ {number(measure.number)} {measure.title}", title_justify="left", expand=True)
        table.add_column("ที่", width=7)
        table.add_column("กิจกรรม", min_width=width, overflow="fold")
        table.add_column("ผู้รับผิดชอบ", width=26, overflow="fold")
        table.add_column("ส่งเอกสาร", width=14, no_wrap=True)
        for a in found.activities:
            if a.measure == measure.number:
                names = "\n".join(found.roster.holder(s).full_name for s in a.seats)
                dues = "\n".join(day(d) for d in sorted({d.due for d in a.deliverables}))
                table.add_row(a.number, fold(a.title, width), names, dues)
        out.print(table)
        out.print()
    table = Table(title="กำหนดส่งของสำนัก", title_justify="left", expand=True)
    for column in ("รหัส", "เรื่อง", "แบบ", "สมาชิกส่งถึง", "สำนักส่งภายใน"):
        table.add_column(column, overflow="fold")
    for d in found.deadlines:
        forms = ", ".join(d.forms).upper()
        table.add_row(d.id, fold(d.title, max(24, out.width - 60)), forms, day(d.members_until), day(d.external))
    out.print(table)


plan.add_command(roll)
plan.add_command(import_)

COMMANDS = [plan]
