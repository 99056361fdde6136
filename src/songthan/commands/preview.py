"""`songthan preview`: the forms and mails that would go out for a deadline, into a folder, sent nowhere.

The real steps run in a borrowed office with a mailbox in memory, day by day over the deadline's ladder, as if nobody
answered: what is shown is what would be sent.
"""

from __future__ import annotations

import html
import os
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import console, deadline_of, number
from songthan.domain.errors import DataError, EnvironmentNotReady, UsageError
from songthan.domain.ladders import Ladder, ladder_for
from songthan.domain.language import current, digits, moment_words, phrase, say
from songthan.domain.plans import Deadline

if TYPE_CHECKING:
    from songthan.steps.office import Office
    from songthan.testing.mailbox import Delivery

_HOUR = time(8, 35)
_KIND_TH = {
    "request": phrase("ขอให้รายงาน"),
    "reminder": phrase("เตือน"),
    "duties": phrase("เรื่องของวัน"),
    "alarm": phrase("แจ้งเลขานุการ"),
}


@dataclass(kw_only=True)
class _Clock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True, kw_only=True)
class _Sent:
    at: datetime
    delivery: Delivery
    #: file names below the folder: the mail's text and HTML, then its files
    text: str
    page: str
    files: tuple[str, ...] = field(default=())


@click.command()
@click.argument("deadline")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="โฟลเดอร์ใหม่หรือโฟลเดอร์ว่าง")
def preview(deadline: str, out: Path) -> None:
    """แบบและจดหมายที่จะส่งสำหรับกำหนดส่งหนึ่ง โดยไม่ส่งจริง (what would go out, sent nowhere)."""
    from songthan import workspace
    from songthan.testing.mailbox import MemoryMailbox

    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError("โฟลเดอร์นี้มีของอยู่แล้ว จึงไม่วางทับ", where=str(out), remedy="ระบุโฟลเดอร์ใหม่หรือโฟลเดอร์ว่าง")
    with workspace.borrowed_office(workspace.find_root()) as office:
        found = deadline_of(office.plan, deadline)
        missing = [f for f in found.forms if f not in office.forms]
        if missing:
            raise DataError(
                f"ยังไม่มีแม่แบบของแบบ {', '.join(missing).upper()}",
                where="templates/docx",
                remedy="วางแม่แบบ .docx และ .toml ของแบบนี้ หรือดูกำหนดส่งที่ใช้แบบ F3",
            )
        mailbox = MemoryMailbox()
        ladder = ladder_for(found, office.calendar)
        clock = _Clock(moment=office.calendar.at(ladder.opens, _HOUR))
        alone = replace(office, mailbox=mailbox, clock=clock, driven=frozenset({found.id}))
        days = _play(alone, clock, mailbox, found, ladder)
        _write(out, office, found, days)
    mails = len(days)
    files = sum(len(d.files) for _, d in days)
    console(err=True).print(f"จดหมาย {number(mails)} ฉบับ แบบ {number(files)} ไฟล์ ไม่ได้ส่งออกไปที่ใด", soft_wrap=True)
    click.echo(str(out / "index.html"))


def _play(
    office: Office, clock: _Clock, mailbox: object, deadline: Deadline, ladder: Ladder
) -> list[tuple[datetime, Delivery]]:
    """Every mail of the ladder's days before the cut, as (time, delivery)."""
    from songthan.steps.advance import advance
    from songthan.steps.post import post_all

    days = {ladder.opens, *(d for _, d in ladder.reminders), *(d for _, d in ladder.escalations)}
    sent: list[tuple[datetime, Delivery]] = []
    for day in sorted(days):
        clock.moment = office.calendar.at(day, _HOUR)
        if clock.moment >= ladder.cut:
            break
        before = len(mailbox.deliveries)  # type: ignore[attr-defined]
        advance(office, deadline.id)
        post_all(office)
        sent += [(clock.moment, d) for d in mailbox.deliveries[before:]]  # type: ignore[attr-defined]
    return sent


def _write(out: Path, office: Office, deadline: Deadline, sent: list[tuple[datetime, Delivery]]) -> None:
    """The folder, whole or not at all."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        box = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise _not_written(out, error) from error
    try:
        (box / "mails").mkdir()
        (box / "forms").mkdir()
        shown = [_put(box, n, at, delivery) for n, (at, delivery) in enumerate(sent, 1)]
        (box / "index.html").write_text(_index(office, deadline, shown), encoding="utf-8")
        box.chmod(0o755)
        os.replace(box, out)
    except OSError as error:
        shutil.rmtree(box, ignore_errors=True)
        raise _not_written(out, error) from error


def _not_written(out: Path, error: OSError) -> EnvironmentNotReady:
    return EnvironmentNotReady(
        f"เขียนโฟลเดอร์ไม่ได้ ({error.strerror})", where=str(out), remedy="ตรวจสิทธิและพื้นที่ว่าง หรือเลือกโฟลเดอร์อื่น"
    )


def _put(box: Path, n: int, at: datetime, delivery: Delivery) -> _Sent:
    mail = delivery.mail
    local = "".join(c if c.isalnum() or c in "._-" else "-" for c in delivery.recipients[0].partition("@")[0])
    stem = f"{n:03}-{mail.kind}-{local}"
    to, about = say("ถึง: {to}", to=", ".join(delivery.recipients)), say("เรื่อง: {about}", about=mail.subject)
    head = f"{to}\n{about}\n{say('วันเวลา: {moment}', moment=moment_words(at))}\n"
    names = [f"forms/{n:03}-{name}" for name, _, _ in delivery.files]
    attached = "".join(say("แนบ: {name}", name=name) + "\n" for name, _, _ in delivery.files)
    (box / "mails" / f"{stem}.txt").write_text(f"{head}{attached}\n{mail.text}", encoding="utf-8")
    (box / "mails" / f"{stem}.html").write_text(mail.html, encoding="utf-8")
    for name, (_, _, data) in zip(names, delivery.files, strict=True):
        (box / name).write_bytes(data)
    return _Sent(
        at=at, delivery=delivery, text=f"mails/{stem}.txt", page=f"mails/{stem}.html", files=tuple(names)
    )  # fmt: skip


def _index(office: Office, deadline: Deadline, shown: list[_Sent]) -> str:
    """The page that lists everything, in the language of the office's people."""
    roster = office.plan.roster
    rows = []
    for one in shown:
        address = one.delivery.recipients[0]
        member = roster.by_address(address)
        files = "<br>".join(_link(f, Path(f).name.partition("-")[2]) for f in one.files) or "–"
        kind = say(_KIND_TH.get(one.delivery.mail.kind, one.delivery.mail.kind))
        cells = (
            html.escape(moment_words(one.at)),
            html.escape(kind),
            f"{html.escape(member.full_name if member else '')}<br><small>{html.escape(address)}</small>",
            f"{html.escape(one.delivery.mail.subject)}<br>{_link(one.page, say('อ่านจดหมาย'))} · {_link(one.text, say('ข้อความล้วน'))}",
            files,
        )
        rows.append("<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>")
    heads = "".join(
        f"<th>{h}</th>" for h in (say("วันเวลาที่จะส่ง"), say("ชนิด"), say("ถึง"), say("เรื่อง"), say("แบบที่แนบ"))
    )
    title = html.escape(say("ตัวอย่างสิ่งที่จะส่ง: {title}", title=deadline.title))
    counted = say(
        "จดหมาย {mails} ฉบับ แบบ {files} ไฟล์ แสดงในกรณีที่ยังไม่มีผู้ใดตอบกลับ",
        mails=digits(len(shown)),
        files=digits(sum(len(s.files) for s in shown)),
    )
    nowhere, unusable = say("ไม่ได้ส่งออกไปที่ใด"), say("รหัสแบบในตัวอย่างนี้ใช้ส่งกลับไม่ได้")
    return f"""<!doctype html>
<html lang="{current().code}"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font-family:"TH SarabunPSK","Sarabun","Noto Sans Thai",sans-serif;margin:2em;max-width:75em}}
table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #bbb;padding:.4em .6em;vertical-align:top;text-align:left}}
th{{background:#f0ece0}}small{{color:#555}}</style></head><body>
<h1>{title}</h1>
<p>{counted}
<strong>{nowhere}</strong> {unusable}</p>
<table><thead><tr>{heads}</tr></thead><tbody>
{chr(10).join(rows)}
</tbody></table></body></html>
"""


def _link(path: str, words: str) -> str:
    from urllib.parse import quote

    return f'<a href="{html.escape(quote(path), quote=True)}">{html.escape(words)}</a>'


COMMANDS = [preview]
