"""`songthan sign`: the director signs on his own machine, with his token or certificate file. Needs no workspace."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import click

from songthan.commands.paper import console, plain
from songthan.domain.errors import EnvironmentNotReady, UsageError
from songthan.domain.language import digits


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pkcs11", "module", type=click.Path(path_type=Path), help="แฟ้มโมดูล PKCS#11 ของผู้ออกโทเคน (.so .dll .dylib)")
@click.option("--token", "token", help="ชื่อโทเคน (label)")
@click.option("--cert", "cert", help="ชื่อใบรับรองในโทเคน เมื่อมีหลายใบ")
@click.option("--pkcs12", "keyfile", type=click.Path(path_type=Path), help="แฟ้มใบรับรอง .p12 หรือ .pfx แทนโทเคน")
@click.option("--pin-file", type=click.Path(path_type=Path), help="แฟ้มที่มี PIN หรือรหัสผ่าน (สิทธิ 0600) ปกติจะถาม")
@click.option("--out", "out", type=click.Path(path_type=Path), required=True, help="แฟ้มที่ลงลายมือชื่อแล้ว")
@click.option("--yes", is_flag=True, help="ไม่ต้องถามยืนยัน")
def sign(
    file: Path,
    module: Path | None,
    token: str | None,
    cert: str | None,
    keyfile: Path | None,
    pin_file: Path | None,
    out: Path,
    yes: bool,
) -> None:
    """ลงลายมือชื่อในเอกสารที่เสนอลงนาม ด้วยโทเคนหรือแฟ้มใบรับรองของท่านเอง (sign on your own machine)."""
    from songthan import workspace

    if (keyfile is None) == (module is None) or (module is not None and not token) or (keyfile and (token or cert)):
        raise UsageError("เลือกอย่างใดอย่างหนึ่ง", remedy="ใช้ --pkcs11 โมดูล --token ชื่อโทเคน หรือ --pkcs12 แฟ้ม")
    if out.exists():
        raise UsageError("มีแฟ้มนี้อยู่แล้ว", where=str(out), remedy="ระบุชื่อแฟ้มใหม่")
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"อ่านแฟ้มไม่ได้ ({error.strerror})", where=str(file)) from error
    desk = workspace.signing_desk(data)
    show = console()
    show.print("เอกสารที่จะลงลายมือชื่อ", style="bold")
    for label, value in (
        ("เรื่อง", desk.paper.title),
        ("แฟ้ม", file.name),
        ("จำนวนหน้า", digits(desk.paper.pages)),
        ("ผนึกของชุดเอกสาร", desk.paper.seal[:16]),
        ("sha256", desk.sha256),
    ):
        show.print(plain(f"  {label}: {value}"))
    if not yes:
        click.confirm("ลงลายมือชื่อในเอกสารนี้หรือไม่", abort=True)
    secret = _secret(pin_file, "PIN ของโทเคน" if module else "รหัสผ่านของแฟ้มใบรับรอง")
    signed, signer = desk.sign(module=module, token=token, cert=cert, keyfile=keyfile, secret=secret)
    _write(out, signed)
    show.print(plain(f"ลงลายมือชื่อแล้วในนาม {signer}: {out}"), style="bold green")
    show.print("ส่งแฟ้มนี้ตอบกลับจดหมาย «เสนอลงนาม» ตามที่เป็น โดยไม่เปิดแล้วบันทึกใหม่")


def _secret(path: Path | None, what: str) -> str:
    """From a file only its owner can read, or asked without showing; never from the command line."""
    if path is None:
        return str(click.prompt(what, hide_input=True, default="", show_default=False, err=True))
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if os.name == "posix" and mode & 0o077:
            raise EnvironmentNotReady(
                f"แฟ้ม PIN เปิดให้ผู้อื่นอ่านได้ (สิทธิ {mode:o})", where=str(path), remedy=f"chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"อ่านแฟ้ม PIN ไม่ได้ ({error.strerror})", where=str(path)) from error


def _write(out: Path, data: bytes) -> None:
    """Whole or not at all: half a signed file would be taken for one."""
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(out)
    finally:
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()


COMMANDS = [sign]
