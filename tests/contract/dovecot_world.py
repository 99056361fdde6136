"""A mailbox by IMAP and SMTP for the contract: Dovecot and Exim, with our proxies between them and the adapter."""

from __future__ import annotations

import email
import email.policy
import re
import smtplib
from pathlib import Path

import imapclient
from fault_proxy import Faults, Proxy
from mail_servers import SECRET, MailServers

from songthan.adapters.imap import ImapMailbox
from songthan.adapters.imap_settings import ImapSettings, Server

FOLDERS = ("ตอบกลับแล้ว", "รอตรวจ", "กักกัน", "บันทึก")
#: operation of the port → the command at which it is made to fail
IMAP_COMMANDS = {
    "new_messages": "EXAMINE", "raw": "UID FETCH", "move": "UID MOVE", "count": "STATUS", "find": "UID SEARCH",
    "save_draft": "APPEND", "attach": "APPEND", "discard": "UID STORE",
}  # fmt: skip
IMAP_ANSWERS = {
    "busy": "NO [UNAVAILABLE] try later", "denied": "NO [NOPERM] not yours", "notfound": "NO [NONEXISTENT] gone",
}  # fmt: skip
SMTP_FAULTS = {
    "drop_before": ("DATA", "drop_before"), "drop_after": ("DOT", "drop_after"), "busy": ("MAIL", "451 4.7.1 try later"),
    "denied": ("MAIL", "550 5.7.1 not as this sender"), "auth": ("AUTH", "535 5.7.8 authentication failed"),
}  # fmt: skip


class Watched:
    """The mailbox, telling the proxies which operation runs."""

    def __init__(self, mailbox: ImapMailbox, faults: Faults) -> None:
        self.real, self._faults = mailbox, faults

    def __getattr__(self, name: str):
        def call(*arguments: object, **named: object) -> object:
            self._faults.now = name
            return getattr(self.real, name)(*arguments, **named)

        return call


class DovecotWorld:
    """The same handles as the contract's other worlds."""

    def __init__(self, servers: MailServers, office: str, *others: str, old: bool = False) -> None:
        self.servers, self.office, self.old = servers, office, old
        servers.new_epoch(office, *others)
        self.faults = Faults()
        if old:
            self.faults.hidden = re.compile(rb"\[(COPYUID|APPENDUID) [^\]]*\] ")
        self.imap = Proxy("imap", servers.imap, self.faults)
        self.smtp = Proxy("smtp", servers.smtp, self.faults)
        self._outside: smtplib.SMTP | None = None
        self.mailbox = self.open()

    def settings(self, **more: object) -> ImapSettings:
        values: dict[str, object] = {
            "imap": Server(host="127.0.0.1", port=self.imap.port, security="none"),
            "smtp": Server(host="127.0.0.1", port=self.smtp.port, security="none"),
            "username": self.servers.user(self.office), "password": SECRET, "mailbox": self.office,
            "domain": self.office.partition("@")[2], "sender_name": "กลุ่มแผนงาน", "folders": FOLDERS, "outbox": "กำลังส่ง",
            "patience_s": 3.0, "timeout_s": 20.0, **more,
        }  # fmt: skip
        return ImapSettings(**values)  # type: ignore[arg-type]

    def open(self, *, tick=lambda name: None, **more: object) -> Watched:
        return Watched(ImapMailbox(self.settings(**more), tick=tick), self.faults)

    def deliver(self, raw: bytes, *, sender: str = "tonnam@office.example", to: str = "") -> None:
        """A mail from outside, through Exim; it lies in the Maildir when this returns."""
        if self._outside is None:
            self._outside = smtplib.SMTP("127.0.0.1", self.servers.smtp, local_hostname="outside.example")
            self._outside.login(sender, SECRET)
        self._outside.sendmail(sender, [to or self.office], raw)
        self.servers.settle()

    def receive(self, n: int, *, junk: bool = False) -> None:
        raw = (
            f"From: tonnam@office.example\r\nTo: {self.office}\r\nSubject: answer {n}\r\n"
            f"Message-ID: <in-{n}@office.example>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbody {n} ก\r\n"
        ).encode()
        if not junk:
            self.servers.lay_down(self.office, raw)
            return
        with imapclient.IMAPClient("127.0.0.1", self.servers.imap, ssl=False) as client:
            client.login(self.servers.user(self.office), SECRET)
            client.append("INBOX.Junk" if self.old else "Junk", raw)

    def fail(self, operation: str, kind: str, *, times: int = 1) -> None:
        if operation == "send" and kind in SMTP_FAULTS:
            self.faults.order(operation, "smtp", *SMTP_FAULTS[kind], times=times)
        else:
            command = "UID COPY" if self.old and operation == "move" else IMAP_COMMANDS.get(operation, "UID FETCH")
            self.faults.order(operation, "imap", command, IMAP_ANSWERS.get(kind, kind), times=times)

    def files(self, address: str) -> list[Path]:
        """Every mail in this address's Inbox, as Exim laid it down, oldest first."""
        self.servers.settle()
        folder = self.servers.maildir(address)
        return sorted([*folder.glob("new/*"), *folder.glob("cur/*")], key=lambda path: path.name)

    def arrived(self, address: str) -> list[tuple[str, dict[str, bytes], str]]:
        found = []
        for path in self.files(address):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            files = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
            found.append((str(mail["Subject"]), files, str(mail["Message-ID"]).strip()))
        return found

    def close(self) -> None:
        self.mailbox.real.close()
        if self._outside is not None:
            self._outside.close()
        self.imap.close()
        self.smtp.close()
