"""One IMAP connection to one mailbox: opened when needed, reading tried again, writing never, refused login remembered."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from imapclient.exceptions import IMAPClientAbortError, IMAPClientError
from imapclient.imapclient import DRAFTS, JUNK, SENT

from songthan.adapters.imap_client import Client, open_client
from songthan.adapters.imap_errors import CAUGHT, named, unreached
from songthan.adapters.imap_settings import ImapSettings
from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy, MailDenied, MailError
from songthan.domain.language import say

__all__ = ["Folders", "Session"]

_READ_ATTEMPTS = 4
_FIRST_WAIT_S = 0.5
_STALE_S = 30.0  # a connection idle for longer is tried with NOOP before something is written on it
_FIRST_REST_S, _LONGEST_REST_S = 30.0, 900.0
_Result = TypeVar("_Result")


class Session:
    """Runs work on the connection, in the domain's errors.

    A busy server is left alone for a time that doubles with each answer of that kind (`MailBusy.back_off_s`).
    """

    def __init__(
        self,
        settings: ImapSettings,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.sleep, self.monotonic = sleep, monotonic
        self._client: Client | None = None
        self._used = 0.0
        self._refused: MailAuthFailed | None = None
        self._rest_s = _FIRST_REST_S

    def read(self, operation: str, work: Callable[[Client], _Result]) -> _Result:
        """Work that may be done twice: repeated while the server is busy or the connection breaks, within `patience_s`."""
        spent, wait = 0.0, _FIRST_WAIT_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._once(operation, work)
            except (MailBusy, MailAmbiguous):
                if attempt == _READ_ATTEMPTS or spent + wait > self.settings.patience_s:
                    raise
            self.sleep(wait)
            spent += wait
            wait *= 2
        raise AssertionError("unreachable")

    def write(self, operation: str, work: Callable[[Client], _Result]) -> _Result:
        """Work done at most once here; the caller looks before it asks again."""
        if self._client is None or self.monotonic() - self._used > _STALE_S:
            # A connection the server closed meanwhile must not make a doubt of a command that never left.
            self.read(operation, lambda client: client.noop())
        return self._once(operation, work)

    def refuse(self, error: MailAuthFailed) -> None:
        """From now on nothing is asked any more: repeated tries lock an account out."""
        self._refused = error

    def check(self) -> None:
        """MailAuthFailed when the login was refused before."""
        if self._refused is not None:
            raise self._refused

    def rested(self, error: MailBusy) -> MailBusy:
        """`error` with the time to leave the server alone, longer each time until something works."""
        error.back_off_s = error.back_off_s or self._rest_s
        self._rest_s = min(self._rest_s * 2, _LONGEST_REST_S)
        return error

    def worked(self) -> None:
        """The server answered: the next rest is a short one again."""
        self._rest_s = _FIRST_REST_S

    def close(self) -> None:
        """Log out; the mailbox can be used again afterwards."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.logout()
            except CAUGHT:
                client.drop()

    def _once(self, operation: str, work: Callable[[Client], _Result]) -> _Result:
        self.check()
        where = f"{operation} {self.settings.mailbox}"
        client = self._client or self._open(where)
        try:
            answer = work(client)
        except CAUGHT as error:
            found = named(error, where=where, secret=self.settings.password)
        except MailError:
            self._used = self.monotonic()
            raise
        except BaseException:
            # A kill, or the caller's own writing failed: what the connection still has to say is nobody's.
            self._drop()
            raise
        else:
            self._client, self._used = client, self.monotonic()
            self.worked()
            return answer
        if isinstance(found, MailAmbiguous | MailBusy):
            self._drop()
        raise self._noted(found)

    def _open(self, where: str) -> Client:
        try:
            self._client = open_client(self.settings)
            return self._client
        except CAUGHT as error:
            found = unreached(error, where=where, secret=self.settings.password)
        raise self._noted(found)

    def _noted(self, found: MailError) -> MailError:
        if isinstance(found, MailAuthFailed):
            self.refuse(found)
        return self.rested(found) if isinstance(found, MailBusy) else found

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.drop()


class Folders:
    """The names on the server of the folders we use, found once and made where they are missing."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names: dict[str, str] = {}
        self._there: set[str] = set()

    def inbox(self, client: Client) -> str:
        return "INBOX"

    def junk(self, client: Client) -> str:
        """«» where the mailbox has none."""
        return self._special(client, JUNK, self._session.settings.junk, make="")

    def drafts(self, client: Client) -> str:
        return self._special(client, DRAFTS, self._session.settings.drafts, make="Drafts")

    def sent(self, client: Client) -> str:
        return self._special(client, SENT, self._session.settings.sent, make="Sent")

    def outbox(self, client: Client) -> str:
        return self.own(client, self._session.settings.outbox)

    def own(self, client: Client, name: str) -> str:
        """A folder of ours, made and subscribed to when it is missing."""
        full = client.prefix() + name if name not in self._names else self._names[name]
        self._names[name] = full
        if full not in self._there:
            if not client.folder_exists(full):
                self.make(client, full)
            self._there.add(full)
        return full

    def existing(self, client: Client) -> list[str]:
        """Which of the folders for received mail are there now."""
        names = {client.prefix() + name for name in self._session.settings.folders}
        return [name for _, _, name in client.list_folders() if name in names]

    def make(self, client: Client, full: str) -> None:
        """Make a folder; one that somebody else just made is as good."""
        try:
            client.create_folder(full)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            if not client.folder_exists(full):
                raise
        client.subscribe_folder(full)

    def forget(self) -> None:
        """Somebody may have deleted a folder: look again at the next use."""
        self._there.clear()

    def _special(self, client: Client, flag: bytes, name: str, *, make: str) -> str:
        key = flag.decode()
        if key not in self._names:
            found = client.special(flag, name)
            there = bool(found) and client.folder_exists(found)
            if not there and name and not make:
                # a misspelt name must not leave unread what the server puts into the real folder
                raise MailDenied(
                    say("กล่องจดหมายไม่มีโฟลเดอร์ «{name}»", name=name),
                    where="[imap] junk",
                    remedy=say("แก้ชื่อโฟลเดอร์ใน songthan.toml หรือสร้างโฟลเดอร์นี้ในกล่องจดหมาย"),
                )
            if not there and not make:
                return ""
            if not there:
                found = found or client.prefix() + make
                self.make(client, found)
            self._names[key] = found
        return self._names[key]
