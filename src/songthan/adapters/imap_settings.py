"""How to reach a mailbox by IMAP and to send by SMTP."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from songthan.domain.errors import DataError
from songthan.domain.language import phrase

__all__ = ["SENDING_FOLDER", "ImapSettings", "Server", "tls_context"]

SENDING_FOLDER = phrase("กำลังส่ง")

_SECURITY = ("tls", "starttls", "none")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SEARCH = ("server", "scan")


@dataclass(frozen=True, kw_only=True)
class Server:
    """One server: `security` is «tls» from the first byte, «starttls», or «none» (this machine only)."""

    host: str
    port: int
    security: str = "tls"


@dataclass(frozen=True, kw_only=True)
class ImapSettings:
    """The mailbox `mailbox`, opened by `username` on `imap`; mail goes out through `smtp`.

    `domain` is the office's own mail domain and `salt` the state folder's secret (both for Message-IDs). `folders` are the names received mail is moved to,
    `outbox` the folder of what is being handed over; both are made beside Inbox. `drafts`, `sent` and `junk` name those
    folders where the server does not mark them (RFC 6154). `search` «scan» reads heads instead of asking the server to
    search them. `own_copy`: every mail goes to the mailbox's own address too, as the proof that it was accepted.
    `smtp_login` False: the SMTP server knows this machine and wants no password. `ca_file` holds the office's own root
    certificates. Seconds: `timeout_s` for one answer, `accept_s` for the answer to a whole mail (RFC 5321 4.5.3.2.6),
    `patience_s` the longest wait in one call for a busy server or for the proof of a mail.
    """

    imap: Server
    smtp: Server
    username: str
    password: str = field(repr=False)
    mailbox: str
    domain: str
    salt: str = field(default="", repr=False)
    folders: tuple[str, ...]
    outbox: str
    sender_name: str = ""
    drafts: str = ""
    sent: str = ""
    junk: str = ""
    search: str = "server"
    own_copy: bool = True
    smtp_login: bool = True
    ca_file: str = ""
    timezone: str = "Asia/Bangkok"
    timeout_s: float = 60.0
    accept_s: float = 600.0
    patience_s: float = 20.0

    def __post_init__(self) -> None:
        """DataError names the setting that is wrong."""
        checks = [
            ("mailbox", self.mailbox.count("@") == 1, "ที่อยู่จดหมายของกล่อง"),
            ("mailbox.username", bool(self.username), "ชื่อบัญชีที่เปิดกล่อง"),
            ("imap.search", self.search in _SEARCH, " หรือ ".join(_SEARCH)),
        ]
        for name, server in (("imap", self.imap), ("smtp", self.smtp)):
            checks += [
                (f"{name}.host", bool(server.host), "ชื่อเครื่องแม่ข่าย เช่น mail.หน่วยงาน.go.th"),
                (f"{name}.port", 0 < server.port < 65536, "เลขพอร์ต"),
                (f"{name}.security", server.security in _SECURITY, " หรือ ".join(_SECURITY)),
                (
                    f"{name}.security",
                    server.security != "none" or server.host in _LOOPBACK,
                    "tls หรือ starttls (none ใช้ได้เฉพาะเครื่องนี้เอง มิฉะนั้นรหัสผ่านจะเดินทางโดยไม่เข้ารหัส)",
                ),
            ]
        for name, good, wanted in checks:
            if not good:
                raise DataError("ค่าที่ตั้งไว้ใช้ไม่ได้", where=name, remedy=f"ตั้งเป็น {wanted}")


def tls_context(settings: ImapSettings) -> ssl.SSLContext:
    """Certificates and names are checked; DataError when `ca_file` cannot be read."""
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise DataError(
            f"อ่านแฟ้มใบรับรองไม่ได้ ({error})", where=settings.ca_file, remedy="ตั้ง ca_file ให้ชี้แฟ้ม .pem ของหน่วยงาน"
        ) from error
