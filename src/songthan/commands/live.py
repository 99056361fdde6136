"""`songthan up`, `down` and `dashboard`: everything for real."""

from __future__ import annotations

from pathlib import Path

import click

from songthan.domain.thai import to_thai_digits

_STATE = click.option("--state", type=click.Path(path_type=Path), help="โฟลเดอร์สถานะ (ปกติคือ state/ ของพื้นที่ทำงาน)")
_NAMES = {"flows": "ตัวเดินงาน", "exchange": "เซิร์ฟเวอร์จดหมายซ้อม", "prefect": "Prefect"}


@click.command()
@_STATE
def up(state: Path | None) -> None:
    """เริ่ม Prefect ตัวเดินงานตามกำหนด และการรับจดหมาย (start everything; safe to repeat)."""
    from songthan import live, workspace

    root = workspace.find_root()
    running = live.up(root, state)
    click.echo("เริ่มทำงานแล้ว" if running.started else "ทำงานอยู่แล้ว")
    if running.practice:
        click.echo("ระบบซ้อม: จดหมายทุกฉบับอยู่ในเซิร์ฟเวอร์ซ้อมในเครื่องนี้ ไม่ได้ส่งออกจริง วันในแผนถูกเลื่อนเป็นจำนวนสัปดาห์เต็ม")
    if workspace.load_settings(root).mailbox.send == "hold":
        click.echo("จดหมายที่ไม่ได้ถึงเลขานุการจะรอท่านปล่อย ดูด้วย songthan outbox list")
    click.echo(f"ลงทะเบียนแล้ว {to_thai_digits(running.deployments)} deployment")
    click.echo(f"รหัสเข้าใช้แดชบอร์ด (วางทั้งบรรทัด) อยู่ในแฟ้ม {running.credential_file}")
    click.echo(running.dashboard)


@click.command()
@_STATE
def down(state: Path | None) -> None:
    """หยุดทุกอย่างที่ songthan up เริ่มไว้ (stop; nothing is lost)."""
    from songthan import live, workspace

    stopped = live.down(workspace.find_root(), state)
    click.echo("หยุดแล้ว: " + ", ".join(_NAMES[name] for name in stopped) if stopped else "ไม่มีอะไรทำงานอยู่")


@click.command()
@click.option("--state", type=click.Path(path_type=Path), required=True, help="โฟลเดอร์ของการซ้อมหรือของจริง")
@click.option("--port", type=int, help="พอร์ต (ปกติตาม songthan.toml)")
def dashboard(state: Path, port: int | None) -> None:
    """เปิดแดชบอร์ด Prefect ของโฟลเดอร์หนึ่งเพื่อดูประวัติ (the history of a rehearsal)."""
    from songthan import live, workspace

    live.dashboard(workspace.find_root(), state.resolve(), port=port)


COMMANDS = [up, down, dashboard]
