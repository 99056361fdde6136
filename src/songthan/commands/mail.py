"""`songthan mail`: `classify` tells the route of raw messages, `replay` what the rules of today make of the mail that came."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from songthan.commands.form import default_state
from songthan.commands.paper import clean, console, json_option, note, number, print_json, state_option
from songthan.domain.errors import UsageError
from songthan.domain.messages import Message, Route
from songthan.domain.thai import thai_datetime

if TYPE_CHECKING:
    from songthan.steps.try_mail import Replayed, Tried

#: No mail is larger than this, and nobody wants it copied.
_MAX_BYTES = 1_000_000_000
_ROUTE_TH = {
    "accept": ("รับ", "bold green"),
    "note": ("บันทึกไว้", "bold blue"),
    "hold": ("พักรอเลขานุการ", "bold yellow"),
    "quarantine": ("กักกัน", "bold red"),
}


@click.group()
def mail() -> None:
    """จดหมายเข้า: ลองกฎกับแฟ้มจดหมาย หรือกับจดหมายที่รับไว้แล้ว (incoming mail)."""


@mail.command("classify")
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@state_option
@json_option
def classify(paths: tuple[Path, ...], state: Path | None, as_json: bool) -> None:
    """จดหมายฉบับนี้จะไปทางใด ด้วยกติกาข้อใด โดยไม่บันทึก (the route of raw messages).

    รับแฟ้ม .eml .msg หรือ winmail.dat หลายแฟ้มหรือทั้งโฟลเดอร์ได้ แฟ้มละหนึ่งฉบับ แต่ละฉบับตรวจแยกกันเสมือนมาถึงขณะนี้
    """
    from songthan import workspace
    from songthan.steps.try_mail import try_file

    files = _files(paths)
    single = len(paths) == 1 and not paths[0].is_dir()
    root = workspace.find_root()
    with workspace.borrowed_office(root, state or default_state(root)) as office:
        if single:
            _one(try_file(office, files[0]), lambda at: thai_datetime(office.calendar.local(at)), as_json)
        elif as_json:
            print_json([{"file": str(file), **_as_json(tried.message, tried.route)}
                        for file, tried in ((file, try_file(office, file)) for file in files)])  # fmt: skip
        else:
            _lines((file, try_file(office, file)) for file in files)


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files named, and those in the folders named, each once."""
    found: list[Path] = []
    for path in paths:
        found += sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    for file in found:
        try:
            if file.stat().st_size > _MAX_BYTES:
                raise UsageError("แฟ้มใหญ่เกินกว่าจะเป็นจดหมาย", where=str(file), remedy="ระบุแฟ้มของจดหมายฉบับเดียว")
        except OSError as error:
            raise UsageError(f"เปิดแฟ้มไม่ได้ ({error.strerror})", where=str(file), remedy="ตรวจชื่อและที่อยู่ของแฟ้ม") from error
    if not found:
        raise UsageError("ไม่พบแฟ้มจดหมายในโฟลเดอร์", where=str(paths[0]), remedy="ระบุแฟ้ม หรือโฟลเดอร์ที่มีแฟ้มจดหมาย")
    return list(dict.fromkeys(found))


def _one(tried: Tried, say_time: Callable[[datetime], str], as_json: bool) -> None:
    if tried.trouble:
        note(f"อ่านจดหมายไม่สำเร็จ ({tried.trouble})")
    if _headless(tried.message):
        note("แฟ้มนี้ไม่มีทั้งผู้ส่งและชื่อเรื่อง อาจไม่ใช่แฟ้มจดหมาย (แบบ Word ลองอ่านด้วย songthan form read)")
    if tried.duplicate:
        note("จดหมายฉบับนี้มีในทะเบียนแล้ว ผลข้างล่างคือทางของฉบับที่ส่งซ้ำ")
    if as_json:
        print_json(_as_json(tried.message, tried.route))
    else:
        _tell(tried.message, tried.route, say_time(tried.message.received) if tried.message else "-")


def _headless(message: Message | None) -> bool:
    """Is there nothing by which one would know a mail: some other file, most likely?"""
    return message is not None and not message.sender and not message.subject


def _lines(tried: Iterable[tuple[Path, Tried]]) -> None:
    """One line a file, and how many went each way."""
    out, counts = console(), Counter[str]()
    for file, one in tried:
        counts[one.route.route] += 1
        words, style = _ROUTE_TH[one.route.route]
        out.print(words, style=style, end=" ")
        out.print(f"· {one.route.rule} · {clean(str(file))}{' (อาจไม่ใช่จดหมาย)' if _headless(one.message) else ''}", soft_wrap=True)
    total = " ".join(f"{_ROUTE_TH[route][0]} {number(counts[route])}" for route in _ROUTE_TH if counts[route])
    out.print(f"รวม {number(counts.total())} ฉบับ: {total}")


@mail.command("replay")
@click.option("--last", type=click.IntRange(1, 100_000), default=100, show_default=True, help="จำนวนจดหมายล่าสุดที่ลอง")
@click.option(
    "--rules",
    "rules_dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="โฟลเดอร์กฎอื่นที่ไม่ใช่ของ songthan.toml",
)
@state_option
@json_option
@click.pass_context
def replay(ctx: click.Context, last: int, rules_dir: Path | None, state: Path | None, as_json: bool) -> None:
    """ลองกฎที่แก้แล้วกับจดหมายล่าสุดที่รับไว้ โดยไม่บันทึกและไม่ส่งสิ่งใด (the rules of today on the mail that came).

    แต่ละฉบับอ่านใหม่จากแฟ้มที่เก็บไว้ และตัดสินด้วยสิ่งที่รู้ในขณะที่ตัดสินครั้งแรก คือสถานะของงานและของรอบรายงานในขณะนั้น
    และจดหมายที่มาก่อนหน้าเท่านั้น (ฉบับเดียวกันจึงไม่ซ้ำกับตนเอง) สิ่งที่ย้อนไม่ได้และใช้ของวันนี้คือ แผน ทะเบียนบุคคล การโอนงาน
    การลา และชุดเอกสารที่ให้ลงนาม ออกด้วยรหัส 1 เมื่อมีฉบับที่ทางหรือกฎต่างไปจากเดิม
    """
    from songthan import workspace
    from songthan.steps.try_mail import replay as replay_mail

    root = workspace.find_root()
    folder = state or default_state(root)
    if folder is None:
        raise UsageError("ยังไม่มีจดหมายที่รับไว้", where=str(root), remedy="ระบุโฟลเดอร์สถานะที่มีสมุดทะเบียนด้วย --state")
    with workspace.borrowed_office(root, folder) as office:
        mails = replay_mail(office, last, workspace.load_rules(rules_dir) if rules_dir else None)
        days = {m.row["id"]: thai_datetime(office.calendar.local(_moment(m))) for m in mails}
    changed = sum(m.changed for m in mails)
    if as_json:
        print_json({"mails": [_replayed_json(m) for m in mails], "changed": changed})
    else:
        _table(mails, days, changed)
    if changed:
        ctx.exit(1)


def _moment(one: Replayed) -> datetime:
    return datetime.fromisoformat(str(one.row["received"]))


def _replayed_json(one: Replayed) -> dict[str, object]:
    row = one.row
    return {
        "id": row["id"],
        "received": row["received"],
        "sender": row["sender"],
        "subject": row["subject"],
        "then": {"route": one.route_then, "rule": row["rule"], "reason": row["reason"]} if one.route_then else None,
        "now": {"route": one.now.route, "rule": one.now.rule, "reason": one.now.reason},
        "changed": one.changed,
        "read_again": one.read_again,
    }


def _beginning(subject: str) -> str:
    """Our own long subjects come back with «Re:»: their beginning tells them apart, and the table stays a table."""
    bare = re.sub(r"^(re|fw|fwd|ตอบ|สต)\s*:\s*(\[[^\]]{1,20}\]\s*)?", "", subject, flags=re.IGNORECASE)
    return bare if len(bare) <= 34 else bare[:33].rstrip() + "…"


def _table(mails: Sequence[Replayed], days: dict[object, str], changed: int) -> None:
    out = console()
    if not mails:
        out.print("ยังไม่มีจดหมายที่รับไว้")
        return
    table = Table(expand=True)
    for column in ("", "ที่", "ได้รับ", "ผู้ส่ง", "เรื่อง", "เดิม", "ขณะนี้"):
        table.add_column(column, overflow="fold")
    for one in mails:
        row = one.row
        then = f"{_ROUTE_TH[one.route_then][0]}\n{row['rule']}" if one.route_then else "ยังไม่ตัดสิน"
        cells = (number(row["id"]), days[row["id"]], clean(str(row["sender"] or "-")), _beginning(clean(str(row["subject"] or "-"))), then,
                 f"{_ROUTE_TH[one.now.route][0]}\n{one.now.rule}")  # fmt: skip
        table.add_row("≠" if one.changed else "", *cells, style="bold" if one.changed else "")
    out.print(table)
    out.print(f"ลองแล้ว {number(len(mails))} ฉบับ ต่างจากเดิม {number(changed)} ฉบับ (เครื่องหมาย ≠)")
    if any(not one.read_again for one in mails):
        note("บางฉบับไม่มีแฟ้มเดิมแล้ว จึงตัดสินจากที่บันทึกไว้ในทะเบียน")


def _as_json(message: Message | None, route: Route) -> dict[str, object]:
    return {
        "route": route.route,
        "rule": route.rule,
        "reason": route.reason,
        "attachments": [
            {"name": a.name, "type": a.type, "sha256": a.sha256, "role": a.role, "size": a.size}
            for a in (message.attachments if message else ())
        ],
        "assignment": route.assignment,
        "purpose": route.purpose,
    }


def _tell(message: Message | None, route: Route, received: str) -> None:
    out = console()
    words, style = _ROUTE_TH[route.route]
    if message:
        sender = f"{message.sender_name} <{message.sender}>".strip()
        head = f"จาก {clean(sender)}\nเรื่อง {clean(message.subject) or '(ไม่มีชื่อเรื่อง)'}\nตรวจเมื่อ {received}"
        out.print(head, soft_wrap=True)
    out.print(f"ทาง: {words}", style=style)
    out.print(f"เหตุผล: {route.reason}\nกติกา: {route.rule}", soft_wrap=True)
    if route.assignment:
        out.print(f"งานที่เกี่ยวข้อง: {route.assignment}")
    for a in message.attachments if message else ():
        out.print(f"ไฟล์แนบ: {clean(a.name)} · {a.type} · {number(a.size)} ไบต์ · {a.role}", soft_wrap=True)


COMMANDS = [mail]
