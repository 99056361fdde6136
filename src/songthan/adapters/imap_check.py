"""What `songthan doctor` asks of the IMAP and SMTP servers: login, folders, abilities, search, clock.

A small draft is put into Drafts, found by its header, compared with our clock and deleted.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime

from songthan.adapters.imap import ImapMailbox
from songthan.adapters.imap_client import KEY_HEADER, Client
from songthan.domain.clock_skew import clock_finding
from songthan.domain.errors import MailAuthFailed, MailBusy, MailError
from songthan.domain.thai import to_thai_digits

__all__ = ["check"]

_Found = tuple[str, str, str, str]


def check(box: ImapMailbox, call: Callable[[Callable[[], object]], object] = lambda work: work()) -> list[_Found]:
    """Name, «ok», «warn» or «missing», a Thai sentence, and the remedy; the first refusal ends it.

    `call` runs the asking (a mailbox that is left in peace raises its MailError there).
    """
    found: list[_Found] = []
    settings = box.settings

    def smtp() -> None:
        box.smtp.check()
        found.append(("mailbox-smtp", "ok", f"ลงชื่อเข้าใช้เครื่องส่งจดหมาย {settings.smtp.host} ได้", ""))

    for name, server, step in (("imap", settings.imap, lambda: found.extend(_imap(box))), ("smtp", settings.smtp, smtp)):
        try:
            call(step)
        except MailError as error:
            asked = f"[{name}] {server.host}:{server.port} {server.security}"
            found.append(("mailbox", "missing", f"{asked}: {error.where}: {error.th}", _remedy(error, name)))
            break
    return found


def _remedy(error: MailError, name: str) -> str:
    """The error's own remedy, and the settings it may lie at: who asks doctor is about to write them."""
    if isinstance(error, MailAuthFailed):
        return f"ดู [mailbox] username และ password_file ใน songthan.toml: {error.remedy}"
    if isinstance(error, MailBusy) and "/" in error.where:
        return f"รอ {to_thai_digits(round(error.back_off_s))} วินาที หรือเมื่อแก้การตั้งค่าแล้ว ลบแฟ้มนี้เพื่อให้ติดต่อใหม่ทันที"
    if isinstance(error, MailBusy):
        return f"ดู [{name}] host, port และ security ใน songthan.toml และตรวจเครือข่าย; ถ้าถูกต้องแล้วรอสักครู่ แล้วสั่งใหม่"
    return error.remedy or "ตรวจเครือข่ายและการตั้งค่า"


def _imap(box: ImapMailbox) -> Iterator[_Found]:
    session, folders = box.session, box.folders
    able = session.read("Login", lambda client: {str(name, "ascii").upper() for name in client.capabilities()})
    yield ("mailbox-login", "ok", f"เข้าใช้กล่อง {box.settings.mailbox} ได้", "")
    names = session.read("List", lambda c: (folders.drafts(c), folders.sent(c), folders.junk(c) or "ไม่มี"))
    yield ("mailbox-folders", "ok", "โฟลเดอร์ร่าง «{}» ส่งแล้ว «{}» จดหมายขยะ «{}»".format(*names), "")
    if missing := [name for name in ("MOVE", "UIDPLUS") if name not in able]:
        what = f"เซิร์ฟเวอร์ไม่มี {' และ '.join(missing)} ระบบจะย้ายจดหมายด้วยการคัดลอกแล้วลบ"
        yield ("mailbox-move", "warn", what, "ใช้งานได้ แต่ควรถามผู้ดูแลระบบว่าเปิดความสามารถนี้ได้หรือไม่")
    yield from _draft(box)


def _draft(box: ImapMailbox) -> Iterator[_Found]:
    """A draft of ours, found by its header and dated by the server, then deleted."""
    mark, sent_at = f"check.{secrets.token_hex(16)}", datetime.now(UTC)
    head = {"From": box.settings.mailbox, "Date": format_datetime(sent_at), "Subject": "songthan doctor", KEY_HEADER: mark}

    def work(client: Client) -> datetime | None:
        folder = box.folders.drafts(client)
        with tempfile.TemporaryFile() as file:
            file.write("".join(f"{name}: {value}\r\n" for name, value in head.items()).encode("ascii") + b"\r\n")
            told = client.append_file(folder, file, ("\\Draft", "\\Seen"))
        client.open(folder, write=True)
        found = client.with_header((KEY_HEADER, mark), scan=box.settings.search == "scan")
        if uid := told[1] if told else (found[0].uid if found else 0):
            client.remove(uid)
        return found[0].received if found else None

    received = box.session.write("Append", work)
    if received is None:
        yield ("mailbox-search", "missing", "เซิร์ฟเวอร์ค้นหัวจดหมายของระบบไม่พบ", 'ตั้ง [imap] search = "scan" ใน songthan.toml')
        return
    yield ("mailbox-search", "ok", "เซิร์ฟเวอร์ค้นหัวจดหมายของระบบพบ", "")
    yield clock_finding((sent_at - received).total_seconds())
