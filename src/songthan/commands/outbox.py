"""`songthan outbox`: mail that goes out, as the secretary controls it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from songthan.commands.paper import (
    at_the_desk,
    clean,
    console,
    fold,
    json_option,
    ledger_option,
    number,
    office_at,
    print_json,
    tell,
)
from songthan.domain.errors import UsageError
from songthan.domain.language import moment_words, say
from songthan.domain.outgoing import CAUSE_TH, KIND_TH

if TYPE_CHECKING:
    from songthan.steps.office import Office
    from songthan.steps.outbox import Waiting

WAITS_TH = {
    "word": "รอท่านปล่อย",
    "person": "ไม่แน่ใจว่าออกไปแล้วหรือไม่ รอท่านชี้ขาด",
    "withheld": "ท่านระงับไว้",
    "hours": "รอเวลาราชการ",
    "server": "รอเซิร์ฟเวอร์จดหมาย",
    "": "ส่งแล้ว",
}
_REASON = click.option("--reason", required=True, metavar="เหตุผล", help="เหตุผล (บันทึกในสมุดทะเบียน)")


@click.group()
def outbox() -> None:
    """ตะกร้าจดหมายออก: ดู ปล่อย ระงับ และชี้ขาดฉบับที่ไม่แน่ใจ (outgoing mail)."""


@outbox.command("list")
@ledger_option
@click.option("--all", "everything", is_flag=True, help="รวมที่ส่งแล้ว")
@json_option
def list_mails(state: Path | None, everything: bool, as_json: bool) -> None:
    """จดหมายที่ยังไม่ออก และรออะไรอยู่ (list)."""
    from songthan.steps.outbox import outbox_rows

    office = office_at(state)
    rows = outbox_rows(office, everything=everything)
    if as_json:
        print_json([row.as_json() for row in rows])
    elif not rows:
        click.echo("ไม่มีจดหมายค้างในตะกร้าจดหมายออก")
    else:
        _draw(office, rows)


def _draw(office: Office, rows: list[Waiting]) -> None:
    out = console()
    table = Table(expand=True)
    for column in ("รหัสจดหมาย", "ถึง และเรื่อง", "รออะไร ตั้งแต่"):
        # the key is what release and withhold take: never broken, so that it can be copied
        table.add_column(column, overflow="fold", no_wrap=column == "รหัสจดหมาย")
    for row in rows:
        since = moment_words(office.calendar.local(row.since), short=True)
        kind, subject = say(KIND_TH.get(row.kind, row.kind)), clean(row.subject).removeprefix("[ส่งทัน] ")
        table.add_row(row.key, f"{row.to}\n{fold(f'{kind}: {subject}', 40)}", f"{fold(WAITS_TH[row.waits], 22)}\n{since}")
    out.print(table)
    waiting = sum(row.waits == "word" for row in rows)
    if waiting:
        out.print(f"รอท่านปล่อย {number(waiting)} ฉบับ อ่านด้วย songthan outbox show รหัสจดหมาย ปล่อยด้วย songthan outbox release รหัสจดหมาย", style="bold")


@outbox.command("show")
@click.argument("key")
@click.option("--save", type=click.Path(path_type=Path, file_okay=False), help="เก็บจดหมายและไฟล์แนบไว้ในโฟลเดอร์นี้เพื่อเปิดดู")
@ledger_option
@json_option
def show(key: str, save: Path | None, state: Path | None, as_json: bool) -> None:
    """จดหมายหนึ่งฉบับตามที่จะส่ง: ข้อความและไฟล์ (show)."""
    from songthan.steps.outbox import mail_of, outbox_rows

    office = office_at(state)
    mail = mail_of(office, key)
    (row,) = [r for r in outbox_rows(office, everything=True) if r.key == key]
    saved = _save(office, key, save) if save else []
    if as_json:
        files = [{"name": f.name, "type": f.type, "sha256": f.sha256} for f in mail.files]
        print_json({**row.as_json(), "cc": list(mail.cc), "text": mail.text, "files": files, "saved": saved})
        return
    click.echo(f"รหัสจดหมาย {key} ({WAITS_TH[row.waits]}{f': {row.why}' if row.why and row.waits == 'withheld' else ''})")
    click.echo(f"ถึง: {', '.join(mail.to)}")
    if mail.cc:
        click.echo(f"สำเนาถึง: {', '.join(mail.cc)}")
    click.echo(f"เรื่อง: {clean(mail.subject)}")
    for file in mail.files:
        click.echo(f"แนบ: {file.name}  ({office.blobs.path(file.sha256)})")
    click.echo(f"\n{clean(mail.text)}")
    if row.waits == "word":
        click.echo(f'ปล่อยด้วย songthan outbox release {key} --reason "…" ไม่ส่งใช้ songthan outbox withhold {key} --reason "…"')
    for name in saved:
        click.echo(f"เก็บไว้ที่ {name}")


def _save(office: Office, key: str, folder: Path) -> list[str]:
    from songthan.steps.fill_form import safe_name

    mail = office.ledger.outbox.mail(key)
    folder.mkdir(parents=True, exist_ok=True)
    contents = [("จดหมาย.txt", mail.text.encode()), ("จดหมาย.html", mail.html.encode())]
    contents += [(safe_name(f.name), office.blobs.get(f.sha256)) for f in mail.files]
    for name, data in contents:
        (folder / name).write_bytes(data)
    return [str(folder / name) for name, _ in contents]


@outbox.command("release")
@click.argument("keys", nargs=-1, metavar="[รหัสจดหมาย]...")
@click.option("--all", "everything", is_flag=True, help="ทุกฉบับที่รอท่านปล่อย")
@_REASON
@ledger_option
@json_option
def release(keys: tuple[str, ...], everything: bool, reason: str, state: Path | None, as_json: bool) -> None:
    """ปล่อยจดหมายให้ออกได้ รวมทั้งฉบับที่เคยระงับ (release)."""
    from songthan.steps import outbox as steps

    if bool(keys) == everything:
        raise UsageError("ยังไม่ได้ระบุว่าปล่อยฉบับใด", where="songthan outbox release", remedy="ระบุรหัสจดหมาย หรือ --all อย่างใดอย่างหนึ่ง")
    tell(steps.release(office_at(state), keys, reason=reason, by=at_the_desk()), as_json)


def _word(name: str, help_th: str, step: str) -> click.Command:
    @click.command(name, help=help_th)
    @click.argument("key", metavar="รหัสจดหมาย")
    @_REASON
    @ledger_option
    @json_option
    def command(key: str, reason: str, state: Path | None, as_json: bool) -> None:
        from songthan.steps import outbox as steps

        tell(getattr(steps, step)(office_at(state), key, reason=reason, by=at_the_desk()), as_json)

    return command


outbox.add_command(_word("withhold", "ระงับจดหมาย ไม่ส่งฉบับนี้ (withhold)", "withhold"))
outbox.add_command(_word("sent", "จดหมายที่ไม่แน่ใจ ผู้รับได้รับแล้ว หรือท่านส่งเองแล้ว (sent)", "it_went"))
outbox.add_command(_word("again", "จดหมายที่ไม่แน่ใจ ผู้รับยังไม่ได้รับ ให้ส่งอีกหนึ่งครั้ง (again)", "once_more"))


@outbox.command("address")
@click.argument("address", default="")
@click.option("--works", is_flag=True, help="ที่อยู่นี้ใช้ได้แล้ว ล้างเครื่องหมายตีกลับ")
@click.option("--reason", default="", metavar="เหตุผล", help="เหตุผล (ต้องระบุคู่กับ --works)")
@ledger_option
@json_option
def address_(address: str, works: bool, reason: str, state: Path | None, as_json: bool) -> None:
    """ที่อยู่ที่จดหมายตีกลับ หรือแจ้งว่าที่อยู่ ADDRESS ใช้ได้แล้ว (address)."""
    from songthan.steps.bounces import address_works, marked_rows

    office = office_at(state)
    if works:
        tell(address_works(office, address, reason=reason), as_json)
        return
    rows = [row for row in marked_rows(office) if not address or row["address"] == address.lower()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        since = moment_words(office.calendar.local(datetime.fromisoformat(str(row["since"]))), short=True)
        click.echo(f"{row['address']} ({row['full_name'] or '-'}) ตั้งแต่ {since}: {say(CAUSE_TH[str(row['cause'])])} {row['status']}".rstrip())
        click.echo(f"   สำเนาจดหมายต่อจากนี้ถึง {row['copies_to']}")
    if not rows:
        click.echo("ไม่มีที่อยู่ที่จดหมายตีกลับ")


COMMANDS = [outbox]
