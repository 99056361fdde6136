"""One connection to one mailbox through exchangelib: nothing cached, nothing tried again behind our back."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar
from zoneinfo import ZoneInfo

import requests
from exchangelib import DELEGATE, Account, Configuration, Credentials, EWSTimeZone
from exchangelib import errors as ews
from exchangelib import version as ews_version
from exchangelib.protocol import FailFast, Protocol
from exchangelib.transport import BASIC, NTLM
from requests.adapters import HTTPAdapter

from songthan.adapters.exchange_errors import AnswerLost, named
from songthan.domain.errors import DataError, MailAmbiguous, MailAuthFailed, MailBusy
from songthan.domain.language import phrase, say

__all__ = ["RECEIVED_FOLDERS", "ExchangeSettings", "Session"]

RECEIVED_FOLDERS = (phrase("ตอบกลับแล้ว"), phrase("รอตรวจ"), phrase("กักกัน"), phrase("บันทึก"))
_AUTH_TYPES = {"basic": BASIC, "ntlm": NTLM}
_VERSIONS = {
    "Exchange2010_SP2": ews_version.EXCHANGE_2010_SP2,
    "Exchange2013_SP1": ews_version.EXCHANGE_2013_SP1,
    "Exchange2016": ews_version.EXCHANGE_2016,
    "Exchange2019": ews_version.EXCHANGE_2019,
}
_CHUNK = 65536  # bytes
_READ_ATTEMPTS = 4
_FIRST_WAIT_S = 0.5
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class ExchangeSettings:
    """How to reach the office's mailbox.

    `endpoint` is the EWS address (no autodiscover). `mailbox` is the address whose folders are used; `shared` says it
    is another mailbox than the one of `username`, whose holder needs Full Access and Send As. `domain` is the office's
    own mail domain (for Message-IDs). `folders` are the names received mail is moved to; they are made below Inbox
    (`folders_below` «inbox») or beside it («root»). `auth` is «basic» or «ntlm». Seconds: `timeout_s` for one answer,
    `patience_s` the longest wait in one call for a busy server.
    """

    endpoint: str
    username: str
    password: str = field(repr=False)
    mailbox: str
    domain: str
    shared: bool = False
    sender_name: str = ""
    folders: tuple[str, ...] = RECEIVED_FOLDERS
    folders_below: str = "inbox"
    timezone: str = "Asia/Bangkok"
    auth: str = "basic"
    version: str = "Exchange2016"
    timeout_s: float = 120.0
    patience_s: float = 20.0

    def __post_init__(self) -> None:
        """DataError names the setting that is wrong."""
        checks = (
            ("endpoint", self.endpoint.startswith(("https://", "http://")), "ที่อยู่ https://…/EWS/Exchange.asmx"),
            ("mailbox", self.mailbox.count("@") == 1, "ที่อยู่จดหมายของกล่อง"),
            ("auth", self.auth in _AUTH_TYPES, " หรือ ".join(_AUTH_TYPES)),
            ("version", self.version in _VERSIONS, " หรือ ".join(_VERSIONS)),
            ("folders_below", self.folders_below in ("inbox", "root"), "inbox หรือ root"),
        )
        for name, good, wanted in checks:
            if not good:
                raise DataError("ค่าที่ตั้งไว้ใช้ไม่ได้", where=f"mailbox.{name}", remedy=f"ตั้งเป็น {wanted}")


class _WideResponse(requests.Response):
    """exchangelib asks for the answer byte by byte; pieces of 64 KB make a 10 MB message 7 times faster."""

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False):
        return super().iter_content(_CHUNK if chunk_size == 1 else chunk_size, decode_unicode)


class _WideAdapter:
    """Mixed in before the HTTP adapter class in use."""

    def build_response(self, req, resp):
        response = super().build_response(req, resp)
        response.__class__ = _WideResponse
        return response


class _Once(FailFast):
    """Never tries again; tells apart refused login, busy, and «perhaps done», and keeps the server's Retry-After."""

    def raise_response_errors(self, response: requests.Response) -> None:
        status = response.status_code
        if status == 401:
            raise ews.UnauthorizedError("HTTP 401")
        if status in (429, 503):
            wait = response.headers.get("Retry-After", "")
            # exchangelib puts 10 s where the server names no time; a tiny number keeps «no wish» apart.
            raise ews.ErrorServerBusy(f"HTTP {status}", back_off=float(wait) if wait.isdigit() else _NO_WISH)
        if status == 403:
            raise ews.ErrorAccessDenied("HTTP 403")
        if status >= 500 and not response.content.lstrip(b"\xef\xbb\xbf").startswith((b"<?xml", b"<s:Envelope")):
            raise AnswerLost(f"HTTP {status}")
        super().raise_response_errors(response)


_NO_WISH = 1e-6


def open_account(settings: ExchangeSettings, http_adapter: type[HTTPAdapter] | None) -> Account:
    """An exchangelib account over a protocol of its own; no request goes out yet."""
    configuration = Configuration(
        service_endpoint=settings.endpoint,
        credentials=Credentials(username=settings.username, password=settings.password),
        auth_type=_AUTH_TYPES[settings.auth],
        version=ews_version.Version(build=_VERSIONS[settings.version]),
        retry_policy=_Once(),
        max_connections=1,
    )
    account = Account(
        primary_smtp_address=settings.mailbox,
        access_type=DELEGATE,
        config=configuration,
        locale="en_US",
        default_timezone=EWSTimeZone.from_timezone(ZoneInfo(settings.timezone)),
    )
    # exchangelib keeps one protocol for each (endpoint, credentials) and silently ignores a later configuration;
    # ours is made past that cache, so that two mailboxes, or a mended setting, never share one.
    with suppress(KeyError):
        del Protocol[configuration]
    adapter = type("SongthanAdapter", (_WideAdapter, http_adapter or HTTPAdapter), {})
    own = type("SongthanProtocol", (Protocol,), {"HTTP_ADAPTER_CLS": adapter, "TIMEOUT": settings.timeout_s})
    account.protocol = type.__call__(own, config=configuration)
    return account


class Session:
    """Runs calls against the account, in the domain's errors.

    Reading calls are tried again (busy or broken connection) within `patience_s`; writing calls never are. A refused
    login is remembered: no further request is made, so that the account is not locked out.
    """

    def __init__(
        self,
        settings: ExchangeSettings,
        *,
        http_adapter: type[HTTPAdapter] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.account = open_account(settings, http_adapter)
        self._sleep, self._monotonic = sleep, monotonic
        self._not_before = 0.0
        self._refused: MailAuthFailed | None = None

    def read(self, operation: str, work: Callable[[], _Result]) -> _Result:
        """A call that changes nothing: repeated while the server is busy, within `patience_s`."""
        spent, wait = 0.0, _FIRST_WAIT_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._once(operation, work)
            except (MailBusy, MailAmbiguous) as error:
                pause = max(wait, getattr(error, "back_off_s", 0.0))
                if attempt == _READ_ATTEMPTS or spent + pause > self.settings.patience_s:
                    raise
            self._sleep(pause)
            spent += pause
            wait *= 2
        raise AssertionError("unreachable")

    def write(self, operation: str, work: Callable[[], _Result]) -> _Result:
        """A call that changes something: done at most once here; the caller looks before it asks again."""
        return self._once(operation, work)

    def close(self) -> None:
        """Close the connection."""
        self.account.protocol.close()

    def _once(self, operation: str, work: Callable[[], _Result]) -> _Result:
        if self._refused is not None:
            raise self._refused
        left = self._not_before - self._monotonic()
        if left > self.settings.patience_s:
            raise MailBusy(say("เซิร์ฟเวอร์จดหมายขอให้รอก่อน"), back_off_s=left, where=f"{operation} {self.settings.mailbox}")
        if left > 0:
            self._sleep(left)
        try:
            return work()
        except (ews.EWSError, requests.RequestException, OSError, ValueError) as error:
            found = named(error, operation=operation, mailbox=self.settings.mailbox, secret=self.settings.password)
        if isinstance(found, MailAuthFailed):
            self._refused = found
        if isinstance(found, MailBusy):
            if found.back_off_s < 0.001:
                found.back_off_s = 0.0
            self._not_before = self._monotonic() + found.back_off_s
        raise found
