"""The folder a preview leaves: a page that lists the mails, each mail as text and page, its files."""

from __future__ import annotations

import html
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from songthan.domain.errors import EnvironmentNotReady
from songthan.domain.language import current, moment_words, say
from songthan.domain.outgoing import KIND_TH

if TYPE_CHECKING:
    from songthan.domain.messages import OutgoingMail
    from songthan.steps.office import Office


class Delivered(Protocol):
    """A mail that left a mailbox in memory; `files` are (name, type, bytes)."""

    @property
    def mail(self) -> OutgoingMail: ...
    @property
    def recipients(self) -> tuple[str, ...]: ...
    @property
    def files(self) -> tuple[tuple[str, str, bytes], ...]: ...


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A mail that would go out `at` (aware): why, and whether it would wait for the secretary's word."""

    at: datetime
    delivery: Delivered
    why: str = ""
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class _Put:
    """The same with the names of its files below the folder: the mail's text and HTML, then what it brings."""

    shown: Shown
    text: str
    page: str
    files: tuple[str, ...] = field(default=())


def write_folder(out: Path, office: Office, title: str, lead: str, shown: Sequence[Shown]) -> None:
    """The folder, whole or not at all."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        box = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise _not_written(out, error) from error
    try:
        (box / "mails").mkdir()
        (box / "forms").mkdir()
        put = [_put(box, n, one) for n, one in enumerate(shown, 1)]
        (box / "index.html").write_text(_index(office, title, lead, put), encoding="utf-8")
        box.chmod(0o755)
        os.replace(box, out)
    except OSError as error:
        shutil.rmtree(box, ignore_errors=True)
        raise _not_written(out, error) from error


def _not_written(out: Path, error: OSError) -> EnvironmentNotReady:
    return EnvironmentNotReady(
        f"เขียนโฟลเดอร์ไม่ได้ ({error.strerror})", where=str(out), remedy="ตรวจสิทธิและพื้นที่ว่าง หรือเลือกโฟลเดอร์อื่น"
    )


def _put(box: Path, n: int, one: Shown) -> _Put:
    delivery, at = one.delivery, one.at
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
    return _Put(shown=one, text=f"mails/{stem}.txt", page=f"mails/{stem}.html", files=tuple(names))


def _index(office: Office, title: str, lead: str, put: Sequence[_Put]) -> str:
    """The page that lists everything, in the language of the office's people."""
    with_why = any(one.shown.why for one in put)
    rows = "\n".join(_row(office, one, with_why) for one in put)
    names = [say("วันเวลาที่จะส่ง"), say("ชนิด"), say("ถึง"), *([say("เหตุ")] if with_why else []), say("เรื่อง"), say("แบบที่แนบ")]
    heads = "".join(f"<th>{h}</th>" for h in names)
    title, counted = html.escape(title), html.escape(lead)
    nowhere, unusable = say("ไม่ได้ส่งออกไปที่ใด"), say("รหัสแบบในตัวอย่างนี้ใช้ส่งกลับไม่ได้")
    return f"""<!doctype html>
<html lang="{current().code}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{font-family:"TH SarabunPSK","Sarabun","Noto Sans Thai",sans-serif;font-size:18px;margin:2em;max-width:75em}}
div{{overflow-x:auto}}table{{border-collapse:collapse;width:100%}}td,th{{border:1px solid #bbb;padding:.4em .6em;vertical-align:top;text-align:left}}
th{{background:#f0ece0}}small{{color:#555}}</style></head><body>
<h1>{title}</h1>
<p>{counted}
<strong>{nowhere}</strong> {unusable}</p>
<div><table><thead><tr>{heads}</tr></thead><tbody>
{rows}
</tbody></table></div></body></html>
"""


def _row(office: Office, one: _Put, with_why: bool) -> str:
    mail, address = one.shown.delivery.mail, one.shown.delivery.recipients[0]
    member = office.plan.roster.by_address(address)
    files = "<br>".join(_link(f, Path(f).name.partition("-")[2]) for f in one.files) or "–"
    waits = f"<br><strong>{say('รอท่านปล่อย')}</strong>" if one.shown.waits else ""
    cells = (
        html.escape(moment_words(one.shown.at)),
        html.escape(say(KIND_TH.get(mail.kind, mail.kind))) + waits,
        f"{html.escape(member.full_name if member else '')}<br><small>{html.escape(', '.join(one.shown.delivery.recipients))}</small>",
        *([html.escape(one.shown.why)] if with_why else []),
        f"{html.escape(mail.subject)}<br>{_link(one.page, say('อ่านจดหมาย'))} · {_link(one.text, say('ข้อความล้วน'))}",
        files,
    )
    return "<tr>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>"


def _link(path: str, words: str) -> str:
    from urllib.parse import quote

    return f'<a href="{html.escape(quote(path), quote=True)}">{html.escape(words)}</a>'
