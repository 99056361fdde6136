"""`songthan mail classify`: the route of one raw message, nothing recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.form import default_state
from songthan.commands.paper import clean, console, json_option, note, number, print_json, state_option
from songthan.domain.errors import SongthanError, UsageError
from songthan.domain.messages import MailRef, Message, Route
from songthan.domain.thai import thai_datetime

if TYPE_CHECKING:
    from songthan.steps.office import Office

#: A mail larger than this is not read into memory here; servers refuse such mail.
_MAX_BYTES = 150_000_000
_ROUTE_TH = {
    "accept": ("รับ", "bold green"),
    "note": ("บันทึกไว้", "bold blue"),
    "hold": ("พักรอเลขานุการ", "bold yellow"),
    "quarantine": ("กักกัน", "bold red"),
}


@click.group()
def mail() -> None:
    """จดหมายเข้า (incoming mail)."""


@mail.command("classify")
@click.argument("file", metavar="FILE.eml", type=click.Path(path_type=Path))
@state_option
@json_option
def classify(file: Path, state: Path | None, as_json: bool) -> None:
    """จดหมายฉบับนี้จะไปทางใด ด้วยกติกาข้อใด โดยไม่บันทึก (the route of one raw message)."""
    from songthan import workspace

    raw = _bytes(file)
    root = workspace.find_root()
    with workspace.borrowed_office(root, state or default_state(root)) as office:
        message, route = _classified(office, raw)
        received = thai_datetime(office.calendar.local(message.received)) if message else "-"
    if as_json:
        print_json(_as_json(message, route))
    else:
        _tell(message, route, received)


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise UsageError("แฟ้มใหญ่เกินกว่าจะเป็นจดหมาย", where=str(file), remedy="ระบุแฟ้ม .eml ของจดหมายฉบับเดียว")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"เปิดแฟ้มไม่ได้ ({error.strerror})", where=str(file), remedy="ตรวจชื่อและที่อยู่ของแฟ้ม") from error


def _classified(office: Office, raw: bytes) -> tuple[Message | None, Route]:
    """As `steps.take_in` would do it, in an office whose ledger is a copy. What cannot be taken apart is held."""
    message = None
    try:
        message = office.parser.parse(office.blobs.path(office.blobs.put(raw)), received=office.clock.now(), keep=office.blobs.receive)
        return message, _route(office, message)
    except SongthanError:
        raise
    except Exception as error:
        note(f"อ่านจดหมายไม่สำเร็จ ({type(error).__name__})")
        reason = "อ่านจดหมายฉบับนี้ไม่สำเร็จ โปรดเปิดดูในกล่องจดหมายด้วยตนเอง"
        return message, Route(route="hold", rule="poison", reason=reason)


def _route(office: Office, message: Message) -> Route:
    from songthan.domain.routing import decide_route
    from songthan.steps.gather_facts import gather
    from songthan.steps.mail_effects import settle_purpose

    ref = MailRef(id="classify", change="", received=message.received, message_id=message.message_id, size=message.size)
    inbox_id = office.ledger.inbox.add(ref, message.sha256, office.clock.now())
    office.ledger.inbox.save_parsed([(inbox_id, message)])
    row = office.ledger.inbox.get(inbox_id) or {}
    gathered = gather(office, row, message)
    if gathered.facts.duplicate:
        note("จดหมายฉบับนี้มีในทะเบียนแล้ว ผลข้างล่างคือทางของฉบับที่ส่งซ้ำ")
    # the write that belongs to the route is not done
    route, _ = settle_purpose(office, inbox_id, message, decide_route(gathered.facts, office.rules), gathered)
    return route


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
