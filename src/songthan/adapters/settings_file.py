"""Reads `songthan.toml` once, at the edge. Unknown keys are refused; secrets are not kept there."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from songthan.adapters.plan_toml import load_toml
from songthan.domain.errors import DataError, EnvironmentNotReady
from songthan.domain.outgoing import LETTER_GROUPS

PASSWORD_VARIABLE = "SONGTHAN_MAILBOX_PASSWORD"
CLIENT_SECRET_VARIABLE = "SONGTHAN_MAILBOX_CLIENT_SECRET"


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """`kind` «practice» (the practice Exchange on this machine), «exchange» (the office's own server) or «imap» (with `[imap]`, `[smtp]`).

    `endpoint` is the EWS address, `authserv_id` the name our own server writes into Authentication-Results,
    `internal_servers` the office's Exchange servers as X-MS-Exchange-Organization-AuthSource names them (`*` allowed; none:
    that header is not believed), `largest_mail` the largest mail the server sends (bytes; what is larger goes to the
    registry in parts; 0: no limit), `password_file` a file only its owner can read (the variable SONGTHAN_MAILBOX_PASSWORD comes first). `send`
    «now», or «hold»: letters wait for the secretary's word, those of the groups `held_letters` (none named: all but her own).
    """

    kind: str = "practice"
    endpoint: str = ""
    username: str = ""
    shared: bool = False
    authserv_id: str = "practice-exchange.example"
    internal_servers: tuple[str, ...] = ()
    largest_mail: int = 10_000_000
    password_file: str = ""
    send: str = "now"
    held_letters: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExchangeServerSettings:
    """How to log in at the office's Exchange: `auth` «basic», «ntlm» or «oauth2» (an application's client credentials).

    oauth2: `client_id` of the application, its secret in `client_secret_file` (the variable
    SONGTHAN_MAILBOX_CLIENT_SECRET comes first), `tenant_id` or, for a token server of the office's own,
    `token_endpoint` and `scope`. `ca_file`: the root certificates (PEM) its servers' own must chain to. `version`: the
    dialect spoken. `folders_below`: «inbox» or «root», where the folders for settled mail are made.
    """

    auth: str = "basic"
    tenant_id: str = ""
    client_id: str = ""
    client_secret_file: str = ""
    token_endpoint: str = ""
    scope: str = ""
    ca_file: str = ""
    version: str = "Exchange2016"
    folders_below: str = "inbox"


@dataclass(frozen=True, kw_only=True)
class ImapServerSettings:
    """`security` «tls», «starttls» or «none» (this machine only); `ca_file` the office's own root certificates, for SMTP too.

    `drafts`, `sent`, `junk` name those folders where the server does not mark them; `search` «scan» where it cannot search heads.
    """

    host: str = ""
    port: int = 993
    security: str = "tls"
    ca_file: str = ""
    drafts: str = ""
    sent: str = ""
    junk: str = ""
    search: str = "server"


@dataclass(frozen=True, kw_only=True)
class SmtpServerSettings:
    """`login` false: the server knows this machine; `own_copy`: each mail goes to our mailbox too, which proves that it was accepted."""

    host: str = ""
    port: int = 465
    security: str = "tls"
    login: bool = True
    own_copy: bool = True


@dataclass(frozen=True, kw_only=True)
class DirectorSettings:
    """`trust_roots`: files (globs allowed) with the root certificates a signature must chain to.

    `certificate_names`: lines «full name of the roster = name in the certificate», where the two differ.
    """

    trust_roots: tuple[str, ...] = ("state/trust/*.pem",)
    certificate_names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SignatureSettings:
    """`tsa_url`: the time-stamp service (RFC 3161) asked once a signed PDF came back («»: none, the level stays as it came);
    `tsa_roots`: files (globs allowed) with the service's root certificates (none: the director's); `revocation_hosts`: the
    only hosts asked for revocation data (none: those in trusted certificates, outside the house); `archive`: a second
    time-stamp over signature, time-stamp and revocation data (PAdES B-LTA)."""

    tsa_url: str = ""
    tsa_roots: tuple[str, ...] = ()
    revocation_hosts: tuple[str, ...] = ()
    archive: bool = False


@dataclass(frozen=True, kw_only=True)
class WebsiteSettings:
    """`upload`: the program and arguments that copy the website folder (`{folder}`) to the web server; empty: a person does."""

    upload: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DashboardSettings:
    """Where the Prefect server listens; never anything but this machine."""

    port: int = 4200


@dataclass(frozen=True, kw_only=True)
class PracticeSettings:
    """`mailbox_port` of the practice Exchange (0: any free one)."""

    mailbox_port: int = 0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The office's settings; every path is relative to the folder of `songthan.toml`."""

    root: Path
    plan: str = "plans/2566"
    templates: str = "templates"
    inbox_rules: str = "inbox_rules"
    flows: str = "flows"
    state: str = "state"
    mailbox: MailboxSettings = MailboxSettings()
    exchange: ExchangeServerSettings = ExchangeServerSettings()
    imap: ImapServerSettings = ImapServerSettings()
    smtp: SmtpServerSettings = SmtpServerSettings()
    director: DirectorSettings = DirectorSettings()
    website: WebsiteSettings = WebsiteSettings()
    signature: SignatureSettings = SignatureSettings()
    dashboard: DashboardSettings = DashboardSettings()
    practice: PracticeSettings = PracticeSettings()

    def folder(self, name: str) -> Path:
        """One of the folders above, absolute."""
        return (self.root / getattr(self, name)).resolve()


_PARTS = {
    "mailbox": MailboxSettings,
    "exchange": ExchangeServerSettings,
    "imap": ImapServerSettings,
    "smtp": SmtpServerSettings,
    "director": DirectorSettings,
    "website": WebsiteSettings,
    "signature": SignatureSettings,
    "dashboard": DashboardSettings,
    "practice": PracticeSettings,
}


def load_settings(root: Path) -> Settings:
    """The settings of the workspace `root`; DataError names the key that is unknown or of the wrong kind."""
    path = root / "songthan.toml"
    data = load_toml(path)
    found: dict[str, Any] = {"root": root.resolve()}
    for key, value in data.items():
        if key in _PARTS:
            found[key] = _part(_PARTS[key], value, f"{path} [{key}]")
        else:
            found[key] = _checked(Settings, key, value, str(path))
    settings = Settings(**found)
    _check_words(settings.mailbox, f"{path} [mailbox]")
    return settings


def _check_words(mailbox: MailboxSettings, where: str) -> None:
    """Words out of a list: one that is misspelt must not let a letter go that was to be held."""
    for key, given, known in (
        ("send", (mailbox.send,), ("now", "hold")),
        ("held_letters", mailbox.held_letters, tuple(LETTER_GROUPS)),
    ):
        if wrong := next((word for word in given if word not in known), None):
            raise DataError(f"«{key}» มีค่าที่ไม่รู้จัก: {wrong}", where=where, remedy="ใช้ได้: " + ", ".join(known))


def _part(cls: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise DataError("ต้องเป็นตาราง", where=where, remedy="ดูคำอธิบายใน songthan.toml ตัวอย่าง")
    return cls(**{key: _checked(cls, key, value, where) for key, value in data.items()})


def _checked(cls: type, key: str, value: Any, where: str) -> Any:
    kinds = {f.name: str(f.type) for f in fields(cls) if f.name != "root"}
    if key not in kinds:
        raise DataError(f"ไม่รู้จักการตั้งค่า «{key}»", where=where, remedy="ตรวจตัวสะกด การตั้งค่าที่ใช้ได้: " + ", ".join(sorted(kinds)))
    kind = kinds[key]
    if kind.startswith("tuple") and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    wanted = {"str": str, "bool": bool, "int": int}.get(kind)
    if wanted is None or type(value) is not wanted:
        raise DataError(f"«{key}» มีค่าผิดชนิด: {value!r}", where=where, remedy=f"ต้องเป็นค่าชนิด {kind}")
    return value


def mailbox_password(settings: Settings) -> str:
    """The mailbox's password, from the environment or a file of mode 0600; EnvironmentNotReady when there is none."""
    return _secret(
        settings, PASSWORD_VARIABLE, settings.mailbox.password_file, what="รหัสผ่าน", where="[mailbox]", key="password_file"
    )


def client_secret(settings: Settings) -> str:
    """The application's secret (auth «oauth2»), from the environment or a file of mode 0600."""
    return _secret(
        settings,
        CLIENT_SECRET_VARIABLE,
        settings.exchange.client_secret_file,
        what="client secret ",
        where="[exchange]",
        key="client_secret_file",
    )


def _secret(settings: Settings, variable: str, file: str, *, what: str, where: str, key: str) -> str:
    if variable in os.environ:
        return os.environ[variable]
    if not file:
        raise EnvironmentNotReady(
            f"ยังไม่ได้ตั้ง{what}ของกล่องจดหมาย",
            where=f"songthan.toml {where}",
            remedy=f"ตั้งตัวแปร {variable} หรือ {key} = \"…\" (แฟ้มสิทธิ 0600)",
        )
    path = settings.root / file
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise EnvironmentNotReady(f"ไม่พบแฟ้ม{what}", where=str(path), remedy="สร้างแฟ้มและตั้งสิทธิ 0600") from error
    if mode & 0o077:
        raise EnvironmentNotReady(
            f"แฟ้ม{what}เปิดให้ผู้อื่นอ่านได้ (สิทธิ {mode:o})", where=str(path), remedy=f"chmod 600 {path}"
        )
    found = path.read_text(encoding="utf-8").strip()
    if not found:
        raise EnvironmentNotReady(f"แฟ้ม{what}ว่างเปล่า", where=str(path), remedy="ใส่ค่าในแฟ้มนี้หนึ่งบรรทัด")
    return found


def named_files(settings: Settings, state: Path, patterns: Sequence[str]) -> list[Path]:
    """The files that settings name (globs allowed, also absolute or from the home folder); «state/…» is the state folder in use."""
    found: list[Path] = []
    for pattern in patterns:
        base, rest = (state, pattern[6:]) if pattern.startswith("state/") else (settings.root, pattern)
        # an absolute pattern stands for itself
        place = os.path.join(glob.escape(str(base)), os.path.expanduser(rest))
        found += [path for name in sorted(glob.glob(place)) if (path := Path(name)).is_file()]
    return found
