"""`songthan status`: where every assignment stands."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from songthan.commands.leave import leave_table
from songthan.domain.language import day_words, digits


@click.command()
@click.option("--state", type=click.Path(path_type=Path, exists=True, file_okay=False), help="โฟลเดอร์สถานะ")
@click.option("--json", "as_json", is_flag=True, help="พิมพ์ผลเป็น JSON หนึ่งฉบับ")
def status(state: Path | None, as_json: bool) -> None:
    """สถานะของทุกกำหนดส่งและทุกผู้รับผิดชอบ (where everything stands)."""
    from songthan import workspace
    from songthan.steps.report_status import office_status

    office = workspace.open_office(workspace.find_root(), state)
    found = office_status(office)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        _draw(Console(), office, found)


def _draw(console: Console, office: object, found: dict) -> None:
    from datetime import date

    from songthan.steps.report_status import artifact_rows, moved_words

    if found["practice"]:
        console.print("ระบบซ้อม: จดหมายไม่ได้ส่งออกนอกเครื่อง", style="dim")
    board = Table(title="กำหนดส่ง", expand=True)
    for column in ("รหัส", "เรื่อง", "สถานะ", "ขอไป", "รับครบ", "รออยู่", "ส่งจริงภายใน"):
        board.add_column(column, overflow="fold")
    for d in found["deadlines"]:
        numbers = (digits(d[k]) for k in ("asked", "accepted", "waiting"))
        target = day_words(date.fromisoformat(d["target"]), short=True)
        board.add_row(d["deadline"], d["brief"], d["state_th"], *numbers, target)
    console.print(board)
    for d in found["deadlines"]:
        if not d["assignments"]:
            continue
        rows = artifact_rows(office, d["deadline"])
        table = Table(title=d["title"], expand=True)
        for column in rows[0]:
            table.add_column(str(column))
        for row in rows:
            table.add_row(*(str(v) for v in row.values()))
        console.print(table)
    for d in found["deadlines"]:
        if moved := moved_words(office, office.plan.deadline(d["deadline"])):
            console.print(f"{d['brief']}: {moved}")
    if found["leaves"]:
        console.print(leave_table(found["leaves"]))
    if found["open_holds"]:
        console.print(f"มีจดหมายรอวินิจฉัย {digits(found['open_holds'])} ฉบับ ดูด้วย songthan hold list", style="bold")


COMMANDS = [status]
