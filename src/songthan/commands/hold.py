"""`songthan hold`: the secretary's decisions about held and quarantined mail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from songthan.commands.paper import at_the_desk, clean, console, fold, ledger_option, office_at, write_whole
from songthan.domain.errors import UsageError

if TYPE_CHECKING:
    from songthan.steps.gather_facts import FormFile
    from songthan.steps.office import Office

DECIDED_TH = {"accept": "รับแล้ว (accept)", "reject": "ไม่รับ (reject)"}


@click.group()
def hold() -> None:
    """จดหมายที่พักไว้ให้เลขานุการวินิจฉัย (held mail)."""


@hold.command("list")
@ledger_option
@click.option("--all", "everything", is_flag=True, help="รวมที่วินิจฉัยแล้ว")
@click.option("--json", "as_json", is_flag=True, help="พิมพ์ผลเป็น JSON หนึ่งฉบับ")
def list_holds(state: Path | None, everything: bool, as_json: bool) -> None:
    """รายการจดหมายที่พักไว้ (list)."""
    rows = office_at(state).ledger.inbox.holds(open_only=not everything)
    if as_json:
        keys = ("id", "route", "rule", "reason", "sender", "subject", "received", "assignment", "decision", "purpose")
        click.echo(json.dumps([{k: r[k] for k in keys} for r in rows], ensure_ascii=False, indent=1))
        return
    if not rows:
        click.echo("ไม่มีจดหมายรอวินิจฉัย")
        return
    _draw(rows)


def _draw(rows: list[dict[str, object]]) -> None:
    out = console()
    table = Table(expand=True)
    for column in ("ที่", "ผู้ส่ง", "เรื่อง", "เหตุที่พัก", "คำวินิจฉัย"):
        table.add_column(column, overflow="fold", no_wrap=column == "ที่")
    for r in rows:
        sender, subject, reason = (clean(str(r[k] or "-")) for k in ("sender", "subject", "reason"))
        table.add_row(str(r["id"]), sender, fold(subject, 20), fold(reason, 30), fold(_stands(r), 10))
    out.print(table)
    if any(not r["decision"] for r in rows):
        out.print("ดูทีละฉบับด้วย songthan hold show ตามด้วยเลขในช่อง «ที่»", style="bold")


def _stands(row: dict[str, object]) -> str:
    """What was decided about a mail, in the words of the commands; or whether it is quarantined or waits."""
    if row["decision"]:
        return DECIDED_TH.get(str(row["decision"]), str(row["decision"]))
    return "กักกัน ยังไม่วินิจฉัย" if row["route"] == "quarantine" else "รอท่าน"


@hold.command("show")
@click.argument("mail", type=int)
@click.option(
    "--save", type=click.Path(path_type=Path, file_okay=False), help="เก็บไฟล์แบบ หรือภาพเทียบหน้าลงนามด้วยปากกา ไว้ในโฟลเดอร์นี้"
)
@ledger_option
def show(mail: int, save: Path | None, state: Path | None) -> None:
    """รายละเอียดของจดหมายที่พักไว้ และค่าที่อ่านได้ (show)."""
    from songthan.steps.confirm_pen import is_doubtful, is_pen
    from songthan.steps.holds import held_forms, hold_row, unopened

    office = office_at(state)
    row = hold_row(office, mail)
    sender, subject = (clean(str(row[k] or "-")) for k in ("sender", "subject"))
    name = clean(str(row["sender_name"] or ""))
    click.echo(f"จดหมายที่ {mail} จาก {name} <{sender}>\nเรื่อง {subject}".replace("จาก  <", "จาก <"))
    click.echo(f"เหตุที่พัก: {row['reason']} (กติกา {row['rule']})")
    click.echo(f"แฟ้มจดหมายตามที่ได้รับ: {office.blobs.path(str(row['sha256']))}")
    if row["decision"]:
        click.echo(f"คำวินิจฉัย: {_stands(row)} ({row['decision_reason']})")
    if row["route"] == "quarantine":
        click.echo("จดหมายนี้ถูกกักกัน ระบบไม่อ่านไฟล์ในจดหมาย หากยืนยันกับเจ้าตัวแล้วว่าเป็นของจริง ใช้ songthan hold release")
        return
    if is_pen(row):
        _show_pen(office, mail, save, decided=bool(row["decision"]))
        return
    if is_doubtful(row):
        click.echo("จดหมายนี้มีหน้าลงนามด้วยปากกา แต่ใช้เป็นลายมือชื่อไม่ได้ตามเหตุข้างต้น รายงานยังรอลงนาม")
        if not row["decision"]:
            click.echo(f'รอลายมือชื่อใหม่ แล้วปิดรายการนี้ด้วย songthan hold reject {mail} --reason "…"')
        return
    for name, why in unopened(office, mail):
        click.echo(f"ไม่เปิดไฟล์ {clean(name)}: {why}")
    files = held_forms(office, mail)
    if not files:
        click.echo("ไม่พบแบบรายงานของระบบในจดหมายนี้")
    for file in files:
        _show_file(office, file, save)
    if not row["decision"]:
        click.echo(f'วินิจฉัยด้วย songthan hold accept {mail} --reason "…" หรือ songthan hold reject {mail} --reason "…"')


def _show_pen(office: Office, mail: int, save: Path | None, *, decided: bool) -> None:
    """The page signed by pen beside the frozen one, and what the machine thinks of it."""
    from songthan.domain.language import digits
    from songthan.steps.confirm_pen import PenView, signed_by, view_pen

    if signed := signed_by(office, mail):
        click.echo(f"หน้านี้ใช้เป็นลายมือชื่อของรายงาน {signed} แล้ว ภาพและบันทึกการเทียบอยู่ในโฟลเดอร์ pen ของชุดเอกสาร")
        return
    view = view_pen(office, mail)
    if not isinstance(view, PenView):
        click.echo(f"ขณะนี้ใช้เป็นลายมือชื่อไม่ได้: {view.reason}")
        return
    click.echo(f"หน้าลงนามด้วยปากกาของ {view.title} ฉบับที่ {digits(view.version)} หน้าที่ {digits(view.page)}")
    click.echo(f"ผู้ลงนามที่รออยู่: {view.signer}\nรหัส (QR) ในภาพตรงกับฉบับที่เสนอ: {view.code}\nไฟล์: {clean(view.file)}")
    click.echo("ผลที่เครื่องเทียบให้ (เป็นเพียงข้อสังเกต ท่านต้องเทียบด้วยตา):")
    for hint in view.hints:
        click.echo(f"  - {clean(hint)}")
    if view.picture and save:
        save.mkdir(parents=True, exist_ok=True)
        target = save / f"hold-{mail}-side-by-side.jpg"
        write_whole(target, view.picture)
        click.echo(f"ภาพเทียบ (ซ้าย: หน้าต้นฉบับ ขวา: ภาพที่ส่งมา): {target}")
    elif view.picture:
        click.echo("ดูภาพเทียบ: เพิ่ม --save โฟลเดอร์ ท้ายคำสั่งนี้")
    if not decided:
        click.echo(f'เมื่อเทียบด้วยตาแล้ว: songthan hold accept {mail} --by "ชื่อผู้เทียบ" --reason "…" หรือ songthan hold reject {mail} --reason "…"')


def _show_file(office: Office, file: FormFile, save: Path | None) -> None:
    from songthan.steps.fill_form import safe_name
    from songthan.steps.holds import place_of

    click.echo(f"ไฟล์แบบ: {clean(file.attachment.name)}")
    if save:
        save.mkdir(parents=True, exist_ok=True)
        target = save / safe_name(file.attachment.name)
        target.write_bytes(office.blobs.get(file.attachment.sha256))
        click.echo(f"  เก็บไว้ที่ {target}")
    else:
        click.echo("  เปิดใน Word: เพิ่ม --save โฟลเดอร์ ท้ายคำสั่งนี้")
    spec = office.forms[file.assignment.form] if file.assignment else None
    for field_id, answer in file.form.answers.items():
        labels = {c.value: c.label for c in spec.of_id(field_id).options} if spec else {}
        shown = labels.get(answer.value or "", answer.value) or (f"? «{answer.raw}»" if answer.raw else "(ว่าง)")
        click.echo(f"  {place_of(office, file, field_id)}: {clean(shown)}   [{field_id}]")
    for problem in file.form.problems:
        click.echo(f"  ! {problem.message_th}")
    if file.form.suggestion:
        click.echo("  ข้อความที่เครื่องอ่านจากภาพ (ใช้เทียบเท่านั้น):")
        click.echo("\n".join(f"    {line}" for line in clean(file.form.suggestion).splitlines()))


def _decision(name: str, help_th: str, step: str) -> click.Command:
    @click.command(name, help=help_th)
    @click.argument("mail", type=int)
    @click.option("--reason", required=True, help="เหตุผล (บันทึกในสมุดทะเบียน)")
    @ledger_option
    def command(mail: int, reason: str, state: Path | None, values: tuple[str, ...] = (), by: str = "") -> None:
        from songthan.steps import holds

        if step == "accept_hold":
            words = holds.accept_hold(office_at(state), mail, reason, _pairs(values), by=by, account=at_the_desk())
        else:
            words = getattr(holds, step)(office_at(state), mail, reason)
        click.echo(clean(words))

    if step == "accept_hold":
        click.option("--by", default="", help="ชื่อผู้ที่เทียบหน้าลงนามด้วยปากกากับหน้าต้นฉบับด้วยตา (จำเป็นเมื่อรับลายมือชื่อด้วยปากกา)")(command)
        click.option(
            "--set", "values", multiple=True, metavar="ช่อง=ค่า",
            help="ค่าที่ท่านอ่านจากไฟล์ด้วยตนเอง ใช้แทนค่าที่ระบบอ่านไม่แน่ชัด (ใช้ซ้ำได้; ชื่อช่องดูจาก hold show ในวงเล็บเหลี่ยม)",
        )(command)  # fmt: skip
    return command


def _pairs(values: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for value in values:
        field, sign, text = value.partition("=")
        if not sign or not field.strip():
            raise UsageError(f"อ่าน «{value}» ไม่ได้", where="--set", remedy='เขียนเป็น --set "ช่อง=ค่า" เช่น --set "1.1.percent=80"')
        found[field.strip()] = text
    return found


hold.add_command(_decision("accept", "รับแบบในจดหมายไว้ใช้ ระบุเลขที่จดหมาย (MAIL) และเหตุผล (accept)", "accept_hold"))
hold.add_command(_decision("reject", "ไม่รับ ปิดรายการ ระบุเลขที่จดหมาย (MAIL) และเหตุผล (reject)", "reject_hold"))
hold.add_command(_decision("release", "ปล่อยจดหมายที่ถูกกักกันมารอวินิจฉัย เมื่อยืนยันกับเจ้าตัวแล้ว (release)", "release_hold"))
hold.add_command(_decision("reopen", "ถอนคำวินิจฉัยที่ยังไม่ได้นำไปใช้ ให้จดหมายกลับมารอ (reopen)", "reopen_hold"))

COMMANDS = [hold]
