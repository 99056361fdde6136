"""`songthan status`: where every assignment stands."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from songthan.commands.leave import leave_table
from songthan.commands.paper import console, fold
from songthan.domain.language import day_words, digits, moment_words


@click.command()
@click.option("--state", type=click.Path(path_type=Path, exists=True, file_okay=False), help="โฟลเดอร์สถานะ")
@click.option("--json", "as_json", is_flag=True, help="พิมพ์ผลเป็น JSON หนึ่งฉบับ")
def status(state: Path | None, as_json: bool) -> None:
    """สถานะของทุกกำหนดส่งและทุกผู้รับผิดชอบ (where everything stands)."""
    from songthan import workspace
    from songthan.steps.report_status import office_status
    from songthan.steps.score_status import score_status

    office = workspace.open_office(workspace.find_root(), state)
    found = {**office_status(office), "score": score_status(office)}
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _draw(console(), office, found)


def _draw(out: Console, office: object, found: dict) -> None:
    from datetime import date

    from songthan.steps.report_status import artifact_rows, moved_words, version_words

    if found["practice"]:
        out.print("ระบบซ้อม: จดหมายไม่ได้ส่งออกนอกเครื่อง", style="dim")
    board = Table(title="กำหนดส่ง", expand=True)
    for column in ("รหัส", "เรื่อง", "สถานะ", "ขอไป", "รับครบ", "รออยู่", "ส่งจริงภายใน"):
        board.add_column(column, no_wrap=column == "รหัส", overflow="fold")
    # rich breaks a long Thai word anywhere, between a letter and its vowel too
    room = 10 if out.width < 100 else 22
    for d in found["deadlines"]:
        numbers = (digits(d[k]) for k in ("asked", "accepted", "waiting"))
        target = day_words(date.fromisoformat(d["target"]), short=True)
        board.add_row(d["deadline"], fold(d["brief"], room), fold(d["state_th"], room), *numbers, target)
    out.print(board)
    for d in found["deadlines"]:
        if not d["assignments"]:
            continue
        rows = artifact_rows(office, d["deadline"])
        table = Table(title=d["title"], expand=True)
        # the id is what waive and reopen take
        for column in ("รหัสรายการ", *list(rows[0])[1:]):
            table.add_column(str(column), no_wrap=column == "รหัสรายการ")
        for duty, row in zip(d["assignments"], rows, strict=True):
            table.add_row(duty["id"], *(str(v) for v in list(row.values())[1:]))
        out.print(table)
    for d in found["deadlines"]:
        if moved := moved_words(office, office.plan.deadline(d["deadline"])):
            out.print(f"{d['brief']}: {moved}")
        if versions := version_words(d):
            out.print(f"{d['brief']}: {versions}")
    if found["score"]:
        out.print("\nคะแนนของเกณฑ์ (รายละเอียด: songthan score --state โฟลเดอร์สถานะ หรือ --coverage, --points)", style="bold")
        for line in found["score"]["lines_th"]:
            out.print(f"  • {line}")
    if found["leaves"]:
        out.print(leave_table(found["leaves"]))
    if found["open_holds"]:
        out.print(f"มีจดหมายรอวินิจฉัย {digits(found['open_holds'])} ฉบับ ดูด้วย songthan hold list", style="bold")
    _mail(out, found)


def _mail(out: Console, found: dict) -> None:
    """What of the outgoing mail waits for the secretary, and whether the mailbox and the ledger agree."""
    outbox, count = found["outbox"], found["mailbox_count"]
    for number, words in (
        (outbox["waiting_for_release"], "มีจดหมายรอท่านปล่อย"),
        (outbox["in_doubt"], "มีจดหมายที่ไม่แน่ใจว่าออกไปแล้วหรือไม่"),
        (outbox["withheld"], "มีจดหมายที่ท่านระงับไว้"),
    ):
        if number:
            out.print(f"{words} {digits(number)} ฉบับ ดูด้วย songthan outbox list", style="bold")
    for row in found["bounced_addresses"]:
        out.print(f"จดหมายตีกลับจาก {row['address']} ({row['full_name'] or '-'}) ดูด้วย songthan outbox address", style="bold")
    if count:
        agree = "ตรงกัน" if count["equal"] else "ไม่ตรงกัน"
        at = moment_words(datetime.fromisoformat(count["at"]), short=True)
        words = f"จำนวนจดหมายในกล่องและสมุดทะเบียน{agree} ({digits(count['mailbox'])} และ {digits(count['ledger'])} ฉบับ นับเมื่อ {at})"
        out.print(words, style="dim" if count["equal"] else "bold")


COMMANDS = [status]
