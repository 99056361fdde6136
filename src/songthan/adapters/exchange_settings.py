"""How to reach the office's mailbox on Exchange, checked before anything is asked of a server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from songthan.domain.errors import DataError
from songthan.domain.messages import RECEIVED_FOLDERS

__all__ = ["AUTHS", "VERSIONS", "ExchangeSettings"]

AUTHS = ("basic", "ntlm", "oauth2")
VERSIONS = ("Exchange2010_SP2", "Exchange2013_SP1", "Exchange2016", "Exchange2019")


@dataclass(frozen=True, kw_only=True)
class ExchangeSettings:
    """How to reach the office's mailbox.

    `endpoint` is the EWS address (no autodiscover). `mailbox` is the address whose folders are used; `shared` says it
    is another mailbox than the one of `username`, whose holder needs Full Access and Send As. `domain` is the office's
    own mail domain and `salt` the state folder's secret (both for Message-IDs). `folders` are the names received mail is moved to; they are made below Inbox
    (`folders_below` «inbox») or beside it («root»).

    `auth` is «basic» or «ntlm» (`username`, `password`) or «oauth2»: client credentials of the application `client_id`
    with `client_secret`, asked for at `token_endpoint` (Microsoft's for `tenant_id` when empty) with `scope`; it acts as
    `mailbox` by impersonation. `ca_file` holds the certificates (PEM) that the servers' own must chain to, instead of
    the well-known ones. Seconds: `timeout_s` for one answer, `patience_s` the longest wait in one call for a busy server.
    """

    endpoint: str
    username: str = ""
    password: str = field(default="", repr=False)
    mailbox: str
    domain: str
    salt: str = field(default="", repr=False)
    shared: bool = False
    sender_name: str = ""
    folders: tuple[str, ...] = RECEIVED_FOLDERS
    folders_below: str = "inbox"
    timezone: str = "Asia/Bangkok"
    auth: str = "basic"
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    token_endpoint: str = ""
    scope: str = ""
    ca_file: Path | None = None
    version: str = "Exchange2016"
    timeout_s: float = 120.0
    patience_s: float = 20.0

    def __post_init__(self) -> None:
        """DataError names the setting that is wrong."""
        oauth2 = self.auth == "oauth2"
        checks = (
            ("endpoint", self.endpoint.startswith(("https://", "http://")), "ที่อยู่ https://…/EWS/Exchange.asmx"),
            ("mailbox", self.mailbox.count("@") == 1, "ที่อยู่จดหมายของกล่อง"),
            ("auth", self.auth in AUTHS, " หรือ ".join(AUTHS)),
            ("version", self.version in VERSIONS, " หรือ ".join(VERSIONS)),
            ("folders_below", self.folders_below in ("inbox", "root"), "inbox หรือ root"),
            ("username", oauth2 or bool(self.username), "ชื่อบัญชีที่เปิดกล่อง"),
            ("client_id", not oauth2 or bool(self.client_id), "รหัสแอปพลิเคชันที่ผู้ดูแลระบบลงทะเบียนไว้"),
            ("tenant_id", not oauth2 or bool(self.tenant_id or self.token_endpoint), "รหัส tenant หรือตั้ง token_endpoint"),
            ("ca_file", self.ca_file is None or self.ca_file.is_file(), "แฟ้มใบรับรอง (PEM) ที่มีอยู่จริง"),
        )
        for name, good, wanted in checks:
            if not good:
                table = "mailbox" if name in ("endpoint", "mailbox", "username") else "exchange"
                raise DataError("ค่าที่ตั้งไว้ใช้ไม่ได้", where=f"songthan.toml [{table}] {name}", remedy=f"ตั้งเป็น {wanted}")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log, error or letter may show."""
        return tuple(s for s in (self.password, self.client_secret) if s)

    @property
    def identity(self) -> str:
        """The same for every way to write down the same mailbox of the same server."""
        at = urlsplit(self.endpoint)
        server = f"{(at.hostname or '').lower()}:{at.port or (443 if at.scheme == 'https' else 80)}"
        return hashlib.sha256(f"{server}\n{self.mailbox.lower()}".encode()).hexdigest()[:16]
