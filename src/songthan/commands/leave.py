"""`songthan leave`: the leave book."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
from rich.table import Table

from songthan.commands.paper import at_the_desk, console, day, json_option, ledger_option, office_at, print_json, tell
from songthan.domain.dates import typed_day


@click.group()
def leave() -> None:
    """สมุดลา: ใครไม่อยู่ ถึงวันใด ใครปฏิบัติหน้าที่แทน (leave book)."""


@leave.command("add")
@click.argument("member")
@click.option("--from", "first", required=True, metavar="วันที่", help='วันแรกของการลา เช่น 2023-03-13, 13/3/2566 หรือ "๑๓ มี.ค. ๒๕๖๖"')
@click.option("--until", "last", required=True, metavar="วันที่", help="วันสุดท้ายของการลา")
@click.option("--reason", default="", help="เหตุที่ลา (ไม่บังคับ)")
@ledger_option
@json_option
def add(member: str, first: str, last: str, reason: str, state: Path | None, as_json: bool) -> None:
    """บันทึกการลาของ MEMBER: รหัสบุคคล รหัสตำแหน่ง อีเมล หรือส่วนหนึ่งของชื่อ (add)."""
    from songthan.steps.leave_book import add_leave

    office = office_at(state)  # first: it knows the language the days are typed in
    days = typed_day(first, where="--from"), typed_day(last, where="--until")
    tell(add_leave(office, member, *days, reason.strip(), by=at_the_desk()), as_json)


@leave.command("end")
@click.argument("member")
@ledger_option
@json_option
def end(member: str, state: Path | None, as_json: bool) -> None:
    """MEMBER กลับมาแล้ว ปิดการลาที่ค้างอยู่ทุกรายการ (end)."""
    from songthan.steps.leave_book import end_leave

    tell(end_leave(office_at(state), member, by=at_the_desk()), as_json)


@leave.command("list")
@click.option("--all", "everything", is_flag=True, help="รวมที่สิ้นสุดแล้ว")
@ledger_option
@json_option
def list_leaves(everything: bool, state: Path | None, as_json: bool) -> None:
    """การลาที่มีผลอยู่และที่จะมาถึง (list)."""
    from songthan.steps.leave_book import leave_rows

    rows = leave_rows(office_at(state), everything=everything)
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("ไม่มีผู้ลา")
    else:
        console().print(leave_table(rows))


def leave_table(rows: list[dict[str, object]]) -> Table:
    """The leave book as people read it."""
    from songthan.steps.leave_book import SOURCE_TH

    table = Table(title="ผู้ที่ไม่อยู่", expand=True)
    for column in ("ผู้ลา", "ตั้งแต่", "ถึง", "ผู้ปฏิบัติหน้าที่แทน", "ที่มา", "หมายเหตุ"):
        table.add_column(column, overflow="fold")
    for row in rows:
        days = (day(date.fromisoformat(str(row[k]))) if row[k] else "ไม่ทราบ" for k in ("from", "until"))
        remark = " ".join(w for w in (str(row["reason"]), "(สิ้นสุดแล้ว)" if row["ended_at"] else "") if w)
        table.add_row(str(row["full_name"]), *days, str(row["deputy"] or "ไม่มี"), SOURCE_TH[str(row["source"])], remark or "-")
    return table


COMMANDS = [leave]
