"""Opens the office's mailbox as `songthan.toml` says, and keeps it for one state folder: a part of `workspace`.

The adapters' libraries take a second to import, so they are imported where they are used.
"""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from songthan.adapters.claim import claim_mailbox
from songthan.adapters.late_mailbox import LateMailbox
from songthan.adapters.plan_files import load_plan
from songthan.adapters.settings_file import Settings, client_secret, load_settings, mailbox_password
from songthan.domain.errors import EnvironmentNotReady, UsageError
from songthan.domain.language import say
from songthan.domain.messages import RECEIVED_FOLDERS
from songthan.domain.plans import Plan
from songthan.ports import Mailbox

if TYPE_CHECKING:
    from songthan.adapters.exchange import ExchangeSettings
    from songthan.adapters.imap_settings import ImapSettings

__all__ = ["check_exchange", "check_imap", "claimed", "late_mailbox", "mailbox_secret", "open_mailbox", "practice_url"]


def late_mailbox(settings: Settings, plan: Plan, state: Path, *, salt: Callable[[], str]) -> Mailbox:
    """The mailbox a state folder works with, opened at its first use; `salt` tells the ledger's own secret."""
    late = LateMailbox(
        lambda: open_mailbox(settings, plan, state, salt=salt()), state, claim=lambda: _claim(settings, plan, state)
    )
    return late  # type: ignore[return-value]


def practice_url(state: Path) -> str:
    """Where this state folder's practice Exchange listens now; EnvironmentNotReady when it is not running."""
    path = state / "practice" / "running.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["url"])
    except (OSError, ValueError, KeyError) as error:
        raise EnvironmentNotReady(
            "เซิร์ฟเวอร์จดหมายซ้อมยังไม่ทำงาน", where=str(path), remedy="เริ่มด้วย songthan up หรือ songthan rehearse"
        ) from error


def open_mailbox(settings: Settings, plan: Plan, state: Path, *, salt: str) -> Mailbox:
    """The office's mailbox: the practice Exchange's or the configured server's. `salt` goes into our Message-IDs."""
    from songthan.adapters.exchange import ExchangeMailbox, ExchangeSettings

    if settings.mailbox.kind == "practice":
        accounts = tomllib.loads((state / "practice" / "accounts.toml").read_text(encoding="utf-8"))
        password = next(m["password"] for m in accounts["mailboxes"] if m["address"] == plan.roster.mailbox)
        server = ExchangeSettings(
            endpoint=practice_url(state), username=plan.roster.mailbox, password=password, salt=salt, **_of_plan(plan)
        )
        return ExchangeMailbox(server)
    if settings.mailbox.kind == "imap":
        from songthan.adapters.imap import ImapMailbox

        return ImapMailbox(replace(imap_settings(settings, plan), salt=salt))
    if settings.mailbox.kind != "exchange":
        raise UsageError(
            f"ไม่รู้จักกล่องจดหมายชนิด «{settings.mailbox.kind}»", where="songthan.toml", remedy="ใช้ practice, exchange หรือ imap"
        )
    return ExchangeMailbox(replace(exchange_settings(settings, plan), salt=salt))


def _of_plan(plan: Plan) -> dict[str, Any]:
    """What every kind of mailbox takes from the plan."""
    return {
        "mailbox": plan.roster.mailbox,
        "domain": plan.roster.mailbox.partition("@")[2],
        "sender_name": plan.roster.mailbox_name,
        "timezone": plan.organisation.timezone,
        "folders": tuple(say(name) for name in RECEIVED_FOLDERS),
    }


def exchange_settings(settings: Settings, plan: Plan) -> ExchangeSettings:
    """The settings of `[mailbox]` and `[exchange]` for this plan's mailbox, secrets included; DataError names the wrong one."""
    from songthan.adapters.exchange import ExchangeSettings

    box, server = settings.mailbox, settings.exchange
    application = server.auth == "oauth2"
    return ExchangeSettings(
        endpoint=box.endpoint,
        username=box.username,
        password="" if application else mailbox_password(settings),
        shared=box.shared,
        **_of_plan(plan),
        folders_below=server.folders_below,
        auth=server.auth,
        tenant_id=server.tenant_id,
        client_id=server.client_id,
        client_secret=client_secret(settings) if application else "",
        token_endpoint=server.token_endpoint,
        scope=server.scope,
        ca_file=settings.root / server.ca_file if server.ca_file else None,
        version=server.version,
    )


def imap_settings(settings: Settings, plan: Plan) -> ImapSettings:
    """The settings of `[mailbox]`, `[imap]` and `[smtp]` for this plan's mailbox; DataError names the one that is wrong."""
    from songthan.adapters.imap_settings import SENDING_FOLDER, ImapSettings, Server

    imap, smtp = settings.imap, settings.smtp
    return ImapSettings(
        imap=Server(host=imap.host, port=imap.port, security=imap.security),
        smtp=Server(host=smtp.host, port=smtp.port, security=smtp.security),
        username=settings.mailbox.username,
        password=mailbox_password(settings),
        **_of_plan(plan),
        outbox=say(SENDING_FOLDER),
        drafts=imap.drafts,
        sent=imap.sent,
        junk=imap.junk,
        search=imap.search,
        own_copy=smtp.own_copy,
        smtp_login=smtp.login,
        ca_file=str(settings.root / imap.ca_file) if imap.ca_file else "",
    )


def check_imap(settings: Settings, state: Path) -> list[tuple[str, str, str, str]]:
    """What doctor asks of the IMAP and SMTP servers, as `check_exchange` does of Exchange."""
    from songthan.adapters.imap import ImapMailbox
    from songthan.adapters.imap_check import check

    plan = load_plan(settings.folder("plan"))
    box = ImapMailbox(imap_settings(settings, plan))
    try:
        if not state.is_dir():
            return check(box)
        late = LateMailbox(lambda: box, state, claim=lambda: _claim(settings, plan, state))
        return check(box, late.run)
    finally:
        box.close()


def mailbox_secret(settings: Settings) -> str:
    """What the mailbox is opened with; EnvironmentNotReady when it is not laid down as it should be."""
    return client_secret(settings) if settings.exchange.auth == "oauth2" else mailbox_password(settings)


def check_exchange(settings: Settings, state: Path) -> list[tuple[str, str, str, str]]:
    """What doctor asks of the office's Exchange: name, «ok»/«warn»/«missing», the sentence, the remedy.

    A mailbox that is to be left in peace (refused password, busy server) is not asked by doctor either.
    """
    from songthan.adapters.exchange import ExchangeMailbox
    from songthan.adapters.exchange_check import check

    plan = load_plan(settings.folder("plan"))
    box = ExchangeMailbox(exchange_settings(settings, plan))
    try:
        if not state.is_dir():
            return check(box)
        late = LateMailbox(lambda: box, state, claim=lambda: _claim(settings, plan, state))
        return check(box, late.run)
    finally:
        box.close()


@contextlib.contextmanager
def claimed(root: Path, state: Path) -> Iterator[None]:
    """The office's mailbox is this state folder's for the block; EnvironmentNotReady when another state folder works it."""
    settings = load_settings(root)
    held = _claim(settings, load_plan(settings.folder("plan")), state)
    try:
        yield
    finally:
        if held is not None:
            held.close()


def _claim(settings: Settings, plan: Plan, state: Path) -> IO[str] | None:
    """Each practice workspace has a server of its own; any other mailbox belongs to one state folder at a time."""
    return None if settings.mailbox.kind == "practice" else claim_mailbox(plan.roster.mailbox, state)
