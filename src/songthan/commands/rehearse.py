"""`songthan rehearse`: the whole cycle on the practice Exchange with the cast, on a simulated clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console

from songthan.domain.thai import to_thai_digits


@click.command()
@click.argument("deadline")
@click.option("--state", type=click.Path(path_type=Path), help="โฟลเดอร์ที่เก็บทุกอย่างของการซ้อม (ใช้โฟลเดอร์เดิมเพื่อทำต่อ)")
@click.option(
    "--speed", type=click.Choice(["fast", "watch"]), default="fast", help="watch = ช้าลงให้ดูทัน", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="พิมพ์ผลเป็น JSON หนึ่งฉบับ")
def rehearse(deadline: str, state: Path | None, speed: str, as_json: bool) -> None:
    """ซ้อมทั้งวงจรของกำหนดส่งหนึ่ง หรือทั้งปี (all) ตั้งแต่จดหมายฉบับแรกจนได้เลขรับ (play on the practice Exchange)."""
    # imported late: Prefect reads its environment when it is first imported
    from songthan import rehearsal, workspace
    from songthan.rehearsal_view import View

    root = workspace.find_root()
    rehearsal.check_before(root, deadline)
    folder = (state or rehearsal.new_state(root, deadline)).resolve()
    console = Console(stderr=as_json)
    with View(console) as view:
        result = rehearsal.rehearse(root, deadline, folder, view=view, watch=speed == "watch")
    if as_json:
        click.echo(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        _tell(console, result)
    if result["state"] != "ACKNOWLEDGED":
        raise SystemExit(1)


def _tell(console: Console, result: dict[str, object]) -> None:
    """The end of the play, for a person: figures, then what to open."""
    th = to_thai_digits
    each = result.get("deadlines")
    console.print()
    name = "ทั้งปี" if each else f" {result['deadline']}"
    console.print(f"[bold]จบการซ้อม{name}[/]: {_figures(result)} · ใช้เวลา {th(result['wall_s'])} วินาที")
    if isinstance(each, dict):
        for name, one in each.items():
            console.print(f"  {name}: {_figures(one)} · {_ending(one)}", soft_wrap=True, highlight=False)
    else:
        console.print(_ending(result), highlight=False)
    console.print("\nเปิดดูได้สามอย่าง:")
    console.print(f"  ๑. โฟลเดอร์สถานะทั้งหมด   {result['state_dir']}", soft_wrap=True, highlight=False)
    console.print(
        "  ๒. แดชบอร์ด Prefect       "
        f"songthan dashboard --state {result['state_dir']}{'' if each else '   (หลัง make demo ใช้ make dashboard)'}",
        soft_wrap=True,
        highlight=False,
    )
    console.print("  ๓. ชุดเอกสารที่ลงนามแล้ว", highlight=False)
    for one in each.values() if isinstance(each, dict) else (result,):
        console.print(str(one["pdf"] or "-"), soft_wrap=True, highlight=False)


def _figures(result: Mapping[str, object]) -> str:
    """The counts of one deadline, or of the year, in one line."""
    th = to_thai_digits
    return (
        f"ขอไป {th(result['asked'])} ราย รับครบ {th(result['accepted'])} ราย ขอให้แก้ {th(result['corrected'])} ราย "
        f"พ้นกำหนด {th(result['lapsed'])} ราย · จดหมายเข้า {th(result['ledger_count'])} (พัก {th(result['held'])} "
        f"กักกัน {th(result['quarantined'])}) จดหมายออก {th(result['mails_out'])} ซ้ำ {th(result['duplicates'])}"
    )


def _ending(result: Mapping[str, object]) -> str:
    """The signature and the receipt of one deadline."""
    return f"ลายมือชื่อผู้อำนวยการ{'ถูกต้อง' if result['signature_valid'] else 'ใช้ไม่ได้'} เลขรับ {result['receipt'] or '-'}"


COMMANDS = [rehearse]
