"""Is the mailbox ready: what `songthan doctor` asks of both servers, with one try of the password at each."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from songthan.adapters.imap_client import KEY_HEADER, Client
from songthan.adapters.imap_session import Folders, Session
from songthan.adapters.imap_settings import ImapSettings
from songthan.adapters.imap_smtp import Smtp
from songthan.domain.errors import MailError

__all__ = ["Check", "check"]

#: Seconds our clock may differ from the server's before dates and leases are in doubt.
_CLOCK_MAX_S = 120


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at: `status` «ok», «warn» or «missing»."""

    name: str
    status: str
    th: str
    remedy: str = ""


def check(settings: ImapSettings) -> Iterator[Check]:
    """Login, folders, what the server can, its search and clock (with a small draft that is deleted again), and SMTP."""
    session = Session(settings)
    try:
        yield from _imap(session)
        Smtp(session).check()
        yield Check(name="mailbox-smtp", status="ok", th=f"ลงชื่อเข้าใช้ SMTP ที่ {settings.smtp.host} ได้")
    except MailError as error:
        yield Check(name="mailbox", status="missing", th=f"{error.where}: {error.th}", remedy=error.remedy)
    finally:
        session.close()


def _imap(session: Session) -> Iterator[Check]:
    settings, folders = session.settings, Folders(session)
    able = session.read("Login", lambda client: {str(name, "ascii").upper() for name in client.capabilities()})
    yield Check(name="mailbox", status="ok", th=f"ลงชื่อเข้าใช้ IMAP ที่ {settings.imap.host} ได้")
    names = session.read("List", lambda c: (folders.drafts(c), folders.sent(c), folders.junk(c) or "ไม่มี"))
    words = "โฟลเดอร์ร่าง «{}» ส่งแล้ว «{}» จดหมายขยะ «{}»".format(*names)
    yield Check(name="mailbox-folders", status="ok", th=words)
    missing = [name for name in ("MOVE", "UIDPLUS") if name not in able]
    if missing:
        yield Check(
            name="mailbox-move", status="warn", th=f"เซิร์ฟเวอร์ไม่มี {' และ '.join(missing)} การย้ายจดหมายจะใช้วิธีคัดลอกแล้วลบ",
            remedy="ใช้งานได้ แต่ควรถามผู้ดูแลระบบว่าเปิดความสามารถนี้ได้หรือไม่",
        )  # fmt: skip
    else:
        yield Check(name="mailbox-move", status="ok", th="เซิร์ฟเวอร์ย้ายจดหมายและบอกเลขใหม่ได้ (MOVE, UIDPLUS)")
    yield from _draft(session, folders)


def _draft(session: Session, folders: Folders) -> Iterator[Check]:
    """A draft of ours, found by its header and dated by the server, then deleted."""
    mark = f"check.{secrets.token_hex(16)}"
    mailbox, sent_at = session.settings.mailbox, datetime.now(UTC)

    def work(client: Client) -> datetime | None:
        folder = folders.drafts(client)
        with tempfile.TemporaryFile() as file:
            text = f"From: {mailbox}\r\nDate: {format_datetime(sent_at)}\r\nSubject: songthan doctor\r\n{KEY_HEADER}: {mark}\r\n\r\n"
            file.write(text.encode("ascii"))
            told = client.append_file(folder, file, ("\\Draft", "\\Seen"))
        client.open(folder, write=True)
        found = client.with_header((KEY_HEADER, mark), scan=session.settings.search == "scan")
        uid = told[1] if told else (found[0].uid if found else 0)
        if uid:
            client.remove(uid)
        return found[0].received if found else None

    received = session.write("Append", work)
    if received is None:
        yield Check(
            name="mailbox-search", status="missing", th="เซิร์ฟเวอร์ค้นหัวจดหมายของระบบไม่พบ", remedy='ตั้ง [imap] search = "scan" ใน songthan.toml'
        )
        return
    yield Check(name="mailbox-search", status="ok", th="เซิร์ฟเวอร์ค้นหัวจดหมายของระบบพบ")
    apart = abs((received - sent_at).total_seconds())
    yield (
        Check(name="clock", status="ok", th="นาฬิกาตรงกับเซิร์ฟเวอร์จดหมาย")
        if apart <= _CLOCK_MAX_S
        else Check(
            name="clock", status="missing", th=f"นาฬิกาต่างจากเซิร์ฟเวอร์จดหมาย {round(apart)} วินาที", remedy="ตั้งเวลาเครื่องจาก NTP"
        )
    )
