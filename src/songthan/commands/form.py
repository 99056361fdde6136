"""`songthan form`: templates against their data, one form to look at, the values in a returned file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import (
    clean,
    console,
    deadline_of,
    fold,
    json_option,
    note,
    number,
    print_json,
    state_option,
    write_whole,
)
from songthan.domain.assignments import Assignment, assignments_for
from songthan.domain.errors import UsageError
from songthan.domain.forms import FormSpec, Problem, ReturnedForm
from songthan.domain.plans import Plan
from songthan.domain.returns import check, missing_evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from songthan.steps.office import Office

#: Salt of the tokens in forms rendered to be looked at: they name a slice and belong to no ledger.
SAMPLE_SALT = "songthan-sample"
#: A returned file larger than this is not opened.
_MAX_BYTES = 64_000_000
_VERDICT_TH = {
    "complete": ("ครบถ้วน", "bold green"),
    "incomplete": ("ยังไม่ครบ", "bold yellow"),
    "review": ("ต้องให้คนตรวจดู", "bold magenta"),
    "refused": ("ไม่เปิดอ่าน", "bold red"),
}


@click.group()
def form() -> None:
    """แบบรายงาน: ตรวจแม่แบบ ทำแบบหนึ่งฉบับ อ่านแบบที่ส่งกลับ (forms)."""


@form.command("check")
@click.argument("form_id", metavar="[FORM]", required=False)
@json_option
@click.pass_context
def check_templates(ctx: click.Context, form_id: str | None, as_json: bool) -> None:
    """ตรวจว่าแม่แบบ Word ตรงกับข้อมูลของแบบ (templates against their data)."""
    from songthan import workspace

    settings = workspace.load_settings(workspace.find_root())
    workspace.speak(settings)
    forms = workspace.load_forms(settings)
    if form_id:
        forms = {form_id.lower(): _spec(forms, form_id)}
    findings = {name: workspace.check_form_templates(settings, (name,)) for name in forms}
    if as_json:
        print_json(
            {
                "ok": not any(findings.values()),
                "forms": [
                    {
                        "id": name,
                        "title": spec.title,
                        "version": spec.version,
                        "fields": len(spec.fields),
                        "findings": [{"where": f.where, "message_th": f.th, "remedy": f.remedy} for f in findings[name]],
                    }
                    for name, spec in forms.items()
                ],
            }
        )
    else:
        out = console()
        for name, spec in forms.items():
            mark, style = ("✗", "red") if findings[name] else ("✓", "green")
            out.print(f"{mark} {name.upper()} {spec.title} · {number(len(spec.fields))} ช่อง", style=style)
            for f in findings[name]:
                out.print(f"   {f.th}\n   ที่: {f.where}\n   วิธีแก้: {f.remedy}", soft_wrap=True)
    ctx.exit(1 if any(findings.values()) else 0)


@form.command("render")
@click.argument("form_id", metavar="FORM")
@click.option("--deadline", help="กำหนดส่ง (ปกติคือกำหนดแรกที่ใช้แบบนี้)")
@click.option("--seat", help="ตำแหน่งในคณะทำงาน เช่น s04 (ปกติคือตำแหน่งแรกที่มีงาน)")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="ชื่อแฟ้ม .docx")
@click.option("--blank", is_flag=True, help="ไม่ใส่ข้อมูลที่ยกมาจากรอบก่อน")
@state_option
def render(form_id: str, deadline: str | None, seat: str | None, out: Path | None, blank: bool, state: Path | None) -> None:
    """ทำแบบหนึ่งฉบับไว้ดู ด้วยรหัสตัวอย่าง ไม่บันทึกสิ่งใด (one form, nothing recorded).

    ใส่ --state เพื่อดูค่าที่ยกมาจากรอบก่อนซึ่งรับไว้แล้ว
    """
    from songthan import workspace
    from songthan.steps.fill_form import form_file

    with workspace.borrowed_office(workspace.find_root(), state) as office:
        spec = _spec(office.forms, form_id)
        assignment = _slice(office.plan, spec, deadline, seat)
        file = form_file(office, assignment, answers={} if blank else None)
        data = office.blobs.get(file.sha256)
        member = office.plan.roster.member(assignment.member)
    target = out or Path(file.name)
    if out is None and target.exists():
        raise UsageError("มีแฟ้มชื่อนี้อยู่แล้ว จึงไม่เขียนทับ", where=str(target), remedy="ระบุชื่ออื่นด้วย --out")
    write_whole(target, data)
    rows = f" {number(len(assignment.activities))} กิจกรรม" if assignment.activities else ""
    console(err=True).print(
        f"แบบ {spec.id.upper()} ของ{member.full_name}{rows} กำหนดส่ง {assignment.deadline} รหัสตัวอย่าง {assignment.token}",
        soft_wrap=True,
    )
    click.echo(str(target))


@form.command("read")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--form", "form_id", help="อ่านตามแบบนี้ แม้แฟ้มไม่มีเครื่องหมายของแบบ")
@state_option
@json_option
@click.pass_context
def read(ctx: click.Context, file: Path, form_id: str | None, state: Path | None, as_json: bool) -> None:
    """อ่านค่าในแบบที่ส่งกลับ แล้วตรวจ (the values in a returned file)."""
    from songthan import workspace

    data = _bytes(file)
    root = workspace.find_root()
    with workspace.borrowed_office(root, state or default_state(root)) as office:
        returned = _read(office, data, file.name, form_id)
    if as_json:
        print_json(returned.as_json())
    else:
        _tell(returned, file, office.forms.get(form_id or returned.form or ""))
    ctx.exit(0 if returned.verdict == "complete" else 1)


def _spec(forms: Mapping[str, object], form_id: str) -> FormSpec:
    spec = forms.get(form_id.lower())
    if not isinstance(spec, FormSpec):
        known = ", ".join(f.upper() for f in forms) or "ไม่มี"
        raise UsageError(f"ไม่มีแม่แบบของแบบ «{form_id}»", where="templates/docx", remedy=f"แบบที่มี: {known}")
    return spec


def _slice(plan: Plan, spec: FormSpec, deadline_id: str | None, seat: str | None) -> Assignment:
    """The member's slice to show."""
    using = [d for d in plan.deadlines if spec.id in d.forms]
    deadline = deadline_of(plan, deadline_id) if deadline_id else (using[0] if using else None)
    if deadline is None or deadline not in using:
        known = ", ".join(d.id for d in using) or "ไม่มี"
        raise UsageError(f"กำหนดส่งนี้ไม่ใช้แบบ {spec.id.upper()}", where=deadline_id or "", remedy=f"กำหนดส่งที่ใช้แบบนี้: {known}")
    slices = [a for a in assignments_for(plan, deadline, salt=SAMPLE_SALT, forms={spec.id: spec}) if a.form == spec.id]
    found = next((a for a in slices if seat in (None, a.seat)), None)
    if found is None:
        known = ", ".join(a.seat for a in slices)
        raise UsageError(f"ตำแหน่ง «{seat}» ไม่มีงานในกำหนดส่งนี้", where=deadline.id, remedy=f"ตำแหน่งที่มีงาน: {known}")
    return found


def default_state(root: Path) -> Path | None:
    """The workspace's own state folder, when it has a ledger."""
    from songthan import workspace

    folder = workspace.load_settings(root).folder("state")
    return folder if (folder / "ledger.sqlite").is_file() else None


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise UsageError("แฟ้มใหญ่เกินกว่าจะเป็นแบบรายงาน", where=str(file), remedy="ระบุแฟ้มแบบที่ส่งกลับ")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"เปิดแฟ้มไม่ได้ ({error.strerror})", where=str(file), remedy="ตรวจชื่อและที่อยู่ของแฟ้ม") from error


def _read(office: Office, data: bytes, name: str, form_id: str | None) -> ReturnedForm:
    """Read and check; without a known token every activity whose row is in the file counts as asked."""
    from songthan.ports import Expectation

    found = office.reader.identify(data, name)
    assignment = _assignment(office, found.token)
    wanted = form_id or found.form or (assignment.form if assignment else None)
    if found.verdict == "refused":
        return found
    if wanted is None and found.problems:
        # a picture of nothing we know: a machine's reading of it is shown all the same
        any_form = next(iter(office.forms.values()))
        read = office.reader.read(data, name, Expectation(spec=any_form, activities=()))
        return replace(found, suggestion=read.suggestion)
    if wanted is None:
        return _doubt(found, "not-recognised", "ไม่พบเครื่องหมายของแบบในแฟ้มนี้ โปรดตรวจว่าเป็นแฟ้มที่ถูกต้อง หรือระบุแบบด้วย --form")
    if form_id is None and wanted not in office.forms:
        return _doubt(found, "unknown-form", f"ยังไม่มีแม่แบบของแบบ {wanted.upper()} จึงไม่ได้อ่านคำตอบ โปรดตรวจด้วยตนเอง")
    spec = _spec(office.forms, wanted)
    layout = office.renderer.layout(spec)
    if spec.repeat == "":
        asked: tuple[tuple[str, str], ...] = ()
    elif assignment is not None:
        asked = tuple((a.id, a.number) for a in office.plan.activities if a.id in assignment.activities)
    else:
        every = tuple((a.id, a.number) for a in office.plan.activities)
        asked = _present(office.reader.read(data, name, Expectation(spec=spec, activities=every)), every)
        rows = ", ".join(n for _, n in asked) or "ไม่มี"
        note(f"ไม่รู้จักรหัสแบบนี้ จึงตรวจเฉพาะกิจกรรมของแผนที่มีในแฟ้ม: {rows} (ใช้ --state เพื่อตรวจกับทะเบียน)")
        if not asked:
            return _doubt(found, "no-rows", "ไม่พบแถวกิจกรรมของแผนในแฟ้มนี้ โปรดตรวจว่าเป็นแบบของปีนี้ และตารางยังอยู่ครบ")
    returned = office.reader.read(data, name, Expectation(spec=spec, activities=asked, layout=layout))
    checked = check(
        spec,
        returned,
        activities=asked,
        attached=_all_evidence(spec, returned),
        headcount=office.plan.organisation.headcount,
    )
    if checked.deadline and checked.deadline not in {d.id for d in office.plan.deadlines}:
        text = f"แฟ้มนี้เป็นของกำหนดส่ง {checked.deadline} ซึ่งไม่มีในแผน โปรดตรวจว่าเป็นแบบของปีนี้"
        checked = _doubt(checked, "other-deadline", text)
    note("อ่านจากแฟ้มเดียว จึงไม่ได้ตรวจว่าหลักฐานที่อ้างแนบมาด้วยหรือไม่")
    return checked


def _doubt(returned: ReturnedForm, code: str, text: str) -> ReturnedForm:
    """The form with one more problem, for a person to look at."""
    problems = (*returned.problems, Problem(field="", code=code, message_th=text))
    return replace(returned, problems=problems, verdict="review")


def _assignment(office: Office, token: str | None) -> Assignment | None:
    """What the token names: in the ledger, or one of the samples of `form render`."""
    if token is None:
        return None
    row = office.ledger.assignment_by_token(token)
    if row is not None:
        return office.ledger.as_assignment(row)  # type: ignore[attr-defined]
    samples = (
        a for d in office.plan.deadlines for a in assignments_for(office.plan, d, salt=SAMPLE_SALT, forms=office.forms)
    )
    return next((a for a in samples if a.token == token), None)


def _present(returned: ReturnedForm, every: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """The activities that have a row or an answer in the file."""
    missing = {p.field for p in returned.problems if p.code == "row-missing"}
    answered = {field.rpartition(".")[0] for field in returned.answers}
    return tuple(pair for pair in every if pair[0] in answered or pair[0] not in missing)


def _all_evidence(spec: FormSpec, returned: ReturnedForm) -> list[str]:
    """Every file the answers name, taken as attached: the mail is not here to ask."""
    return [
        item
        for field, answer in returned.answers.items()
        if spec.of_id(field).kind == "evidence"
        for item in missing_evidence(answer.value or "", ())
    ]


def _tell(returned: ReturnedForm, file: Path, spec: object) -> None:
    from rich.table import Table

    out = console()
    words, style = _VERDICT_TH[returned.verdict]
    out.print(f"{clean(file.name)}: {words}", style=style, soft_wrap=True)
    form_name = (returned.form or "ไม่ทราบแบบ").upper()
    identity = f"แบบ {form_name} · กำหนดส่ง {returned.deadline or '-'} · รหัส {returned.token or '-'}"
    out.print(clean(f"{identity} · จำได้จาก {returned.recognised_by or '-'}"), soft_wrap=True)
    if returned.answers:
        table = Table(expand=True)
        table.add_column("ช่อง", ratio=1, overflow="fold")
        table.add_column("คำตอบ", overflow="fold", ratio=1)
        table.add_column("วิธีอ่าน", width=14, no_wrap=True)
        for field, answer in returned.answers.items():
            width = max(16, (out.width - 24) // 2)
            labels = {c.value: c.label for c in spec.of_id(field).options} if isinstance(spec, FormSpec) else {}
            value = answer.value if answer.value is not None else (f"? {answer.raw}" if answer.raw else "(ว่าง)")
            lines = "\n".join(fold(line, width) for line in clean(labels.get(value, value)).splitlines())
            place = (answer.source or field).removeprefix(f"แบบ {form_name} ")
            table.add_row(fold(place, width), lines, answer.method)
        out.print(table)
    for problem in returned.problems:
        out.print(f"• {clean(problem.message_th)}", style="yellow", soft_wrap=True)
    if returned.suggestion:
        out.print("ข้อความที่เครื่องอ่านจากภาพ (ใช้เทียบเท่านั้น):", style="bold")
        out.print(clean(returned.suggestion), soft_wrap=True, markup=False)


COMMANDS = [form]
