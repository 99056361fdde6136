"""`songthan preview`: the forms and mails that would go out for a deadline, or on one day, into a folder, sent nowhere.

The real steps run in a borrowed office with a mailbox in memory. For a deadline day by day over its ladder, as if nobody
answered; for a day once, on a copy of the ledger: what is shown is what would be sent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from songthan.commands.paper import (
    clean,
    console,
    deadline_of,
    fold,
    json_option,
    note,
    number,
    print_json,
    state_option,
)
from songthan.commands.preview_page import Shown, write_folder
from songthan.domain.errors import DataError, UsageError
from songthan.domain.ladders import Ladder, ladder_for
from songthan.domain.language import day_words, digits, say
from songthan.domain.outgoing import KIND_TH
from songthan.domain.plans import Deadline

if TYPE_CHECKING:
    from songthan.steps.office import Office
    from songthan.testing.mailbox import MemoryMailbox

_HOUR = time(8, 35)


class _Clock:
    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@click.command()
@click.argument("deadline", default="")
@click.option("--out", type=click.Path(path_type=Path), help="โฟลเดอร์ใหม่หรือโฟลเดอร์ว่าง")
@click.option("--tomorrow", is_flag=True, help="จดหมายที่จะออกในวันทำการถัดไป ตามสมุดทะเบียนขณะนี้")
@click.option("--date", "on", default="", metavar="วันที่", help="จดหมายที่จะออกในวันที่ระบุ ตามสมุดทะเบียนขณะนี้")
@state_option
@json_option
def preview(deadline: str, out: Path | None, tomorrow: bool, on: str, state: Path | None, as_json: bool) -> None:
    """แบบและจดหมายที่จะส่ง โดยไม่ส่งจริง: ของกำหนดส่งหนึ่ง หรือของวันพรุ่งนี้ (what would go out, sent nowhere)."""
    if out is not None:
        out = out.absolute()
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UsageError("โฟลเดอร์นี้มีของอยู่แล้ว จึงไม่วางทับ", where=str(out), remedy="ระบุโฟลเดอร์ใหม่หรือโฟลเดอร์ว่าง")
    if sum((bool(deadline), tomorrow, bool(on))) != 1:
        raise UsageError("ยังไม่ได้ระบุว่าดูตัวอย่างของสิ่งใด", where="songthan preview", remedy="ระบุกำหนดส่ง หรือ --tomorrow หรือ --date วันที่ อย่างใดอย่างหนึ่ง")
    if tomorrow or on:
        _of_day(on, out, state, as_json)
    elif out is None:
        raise UsageError("ยังไม่ได้ระบุโฟลเดอร์", where="--out", remedy="เช่น --out ตัวอย่าง")
    else:
        _of_deadline(deadline, out)


def _of_deadline(deadline: str, out: Path) -> None:
    from songthan import workspace
    from songthan.testing.mailbox import MemoryMailbox

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
        clock = _Clock(office.calendar.at(ladder.opens, _HOUR))
        alone = replace(office, mailbox=mailbox, clock=clock, driven=frozenset({found.id}), held_kinds=frozenset())
        shown = _play(alone, clock, mailbox, found, ladder)
        title = say("ตัวอย่างสิ่งที่จะส่ง: {title}", title=found.title)
        files = sum(len(s.delivery.files) for s in shown)
        lead = say(
            "จดหมาย {mails} ฉบับ แบบ {files} ไฟล์ แสดงในกรณีที่ยังไม่มีผู้ใดตอบกลับ", mails=digits(len(shown)), files=digits(files)
        )
        write_folder(out, office, title, lead, shown)
    console(err=True).print(f"จดหมาย {number(len(shown))} ฉบับ แบบ {number(files)} ไฟล์ ไม่ได้ส่งออกไปที่ใด", soft_wrap=True)
    click.echo(str(out / "index.html"))


def _play(office: Office, clock: _Clock, mailbox: MemoryMailbox, deadline: Deadline, ladder: Ladder) -> list[Shown]:
    """Every mail of the ladder's days before the cut."""
    from songthan.steps.advance import advance
    from songthan.steps.post import post_all

    days = {ladder.opens, *(d for _, d in ladder.reminders), *(d for _, d in ladder.escalations)}
    sent: list[Shown] = []
    for day in sorted(days):
        clock.moment = office.calendar.at(day, _HOUR)
        if clock.moment >= ladder.cut:
            break
        before = len(mailbox.deliveries)
        advance(office, deadline.id)
        post_all(office)
        sent += [Shown(at=clock.moment, delivery=d) for d in mailbox.deliveries[before:]]
    return sent


# one day


def _of_day(on: str, out: Path | None, state: Path | None, as_json: bool) -> None:
    from songthan import workspace
    from songthan.steps.tomorrow import play_day, why
    from songthan.testing.mailbox import MemoryMailbox

    root = workspace.find_root()
    folder = state or workspace.load_settings(root).folder("state")
    lent = folder if (folder / "ledger.sqlite").is_file() else None
    if lent is None:
        note("ยังไม่มีสมุดทะเบียน จึงแสดงเสมือนเริ่มใช้ระบบในวันนั้น")
    with workspace.borrowed_office(root, lent, reports=True) as office:
        day = _day(office, on)
        mailbox, clock = MemoryMailbox(), _Clock(office.calendar.at(day, _HOUR))
        alone = replace(office, mailbox=mailbox, clock=clock, held_kinds=frozenset())
        shown: list[Shown] = []

        def look() -> None:
            waits = office.held_kinds
            for delivery in mailbox.deliveries[len(shown) :]:
                secretary = office.plan.roster.member(office.plan.roster.secretary).email
                word = delivery.mail.kind in waits and delivery.mail.to != (secretary,)
                shown.append(Shown(at=clock.moment, delivery=delivery, why=why(alone, delivery.mail.key), waits=word))

        failed = play_day(alone, clock, look)
        if out is not None:
            title = say("จดหมายที่จะออก{day}", day=day_words(day, weekday=True))
            lead = say("จดหมาย {mails} ฉบับ ตามสมุดทะเบียนขณะนี้ แสดงในกรณีที่ไม่มีจดหมายเข้าก่อนถึงเวลานั้น", mails=digits(len(shown)))
            write_folder(out, office, title, lead, shown)
        _tell_day(office, day, shown, as_json)
    for words in failed:
        note(words)
    if out is not None and not as_json:
        click.echo(str(out / "index.html"))


def _day(office: Office, on: str) -> date:
    from songthan.domain.dates import typed_day

    today = office.calendar.local(office.clock.now()).date()
    if not on:
        return office.calendar.on_or_after(today + timedelta(days=1))
    day = typed_day(on, where="--date")
    if day < today:
        raise UsageError("วันนั้นผ่านไปแล้ว", where="--date", remedy="ระบุวันนี้หรือวันต่อจากนี้")
    return day


def _tell_day(office: Office, day: date, shown: list[Shown], as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "at": s.at.isoformat(), "kind": s.delivery.mail.kind, "key": s.delivery.mail.key, "to": list(s.delivery.recipients),
                "subject": s.delivery.mail.subject, "why": s.why, "files": [name for name, _, _ in s.delivery.files],
                "waits_for_release": s.waits,
            }
            for s in shown
        ]  # fmt: skip
        print_json({"date": day.isoformat(), "mails": rows})
        return
    if not shown:
        click.echo(f"ไม่มีจดหมายที่จะออก{day_words(day, weekday=True)}")
        return
    table = Table(title=f"จดหมายที่จะออก{day_words(day, weekday=True)} ไม่ได้ส่งออกไปที่ใด", expand=True)
    for column in ("เวลา", "ถึง", "ชนิด", "เหตุ", "แนบ"):
        table.add_column(column, overflow="fold")
    for s in shown:
        kind = say(KIND_TH.get(s.delivery.mail.kind, s.delivery.mail.kind)) + (" (รอท่านปล่อย)" if s.waits else "")
        hour = number(office.calendar.local(s.at).strftime("%H.%M"))
        table.add_row(hour, "\n".join(s.delivery.recipients), fold(kind, 14), fold(clean(s.why), 40), number(len(s.delivery.files)))
    console().print(table)


COMMANDS = [preview]
