"""One connection to one mailbox through exchangelib, in the domain's errors, with a back-off of our own."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import requests
from exchangelib import errors as ews
from oauthlib.oauth2 import OAuth2Error
from requests.adapters import HTTPAdapter

from songthan.adapters.exchange_connection import open_account
from songthan.adapters.exchange_errors import named
from songthan.adapters.exchange_settings import ExchangeSettings
from songthan.domain.errors import MailAmbiguous, MailAuthFailed, MailBusy
from songthan.domain.language import say

__all__ = ["Session"]

_READ_ATTEMPTS = 4
_FIRST_WAIT_S = 0.5
_Result = TypeVar("_Result")


class Session:
    """Runs calls against the account, in the domain's errors.

    Reading calls are tried again (busy or broken connection) within `patience_s`; writing calls never are. A refused
    login is remembered: no further request is made, so that the account is not locked out. `clock_skew_s` is how far
    this machine's clock is ahead of the server's, by the last answer; None before one.
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
        self.account = open_account(settings, http_adapter, self._hear_time)
        self.clock_skew_s: float | None = None
        self._sleep, self._monotonic = sleep, monotonic
        self._not_before = 0.0
        self._refused: MailAuthFailed | None = None

    def read(
        self, operation: str, work: Callable[[], _Result], *, again: Callable[[], bool] = lambda: True
    ) -> _Result:
        """A call that changes nothing: repeated while the server is busy, within `patience_s` and while `again()`."""
        spent, wait = 0.0, _FIRST_WAIT_S
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return self._once(operation, work)
            except (MailBusy, MailAmbiguous) as error:
                pause = max(wait, getattr(error, "back_off_s", 0.0))
                if attempt == _READ_ATTEMPTS or spent + pause > self.settings.patience_s or not again():
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

    def _hear_time(self, server: datetime) -> None:
        self.clock_skew_s = (datetime.now(UTC) - server).total_seconds()

    def _once(self, operation: str, work: Callable[[], _Result]) -> _Result:
        if self._refused is not None:
            raise self._refused
        left = self._not_before - self._monotonic()
        if left > self.settings.patience_s:
            raise MailBusy(
                say("เซิร์ฟเวอร์จดหมายขอให้รอก่อน"),
                back_off_s=left,
                where=f"{operation} {self.settings.mailbox}",
                remedy=say("ระบบจะลองใหม่เอง หากนานเกินหนึ่งชั่วโมงโปรดแจ้งผู้ดูแลระบบ"),
            )
        if left > 0:
            self._sleep(left)
        try:
            return self._with_fresh_token(work)
        except (ews.EWSError, requests.RequestException, OAuth2Error, OSError, ValueError) as error:
            found = named(error, operation=operation, mailbox=self.settings.mailbox)
        if isinstance(found, MailAuthFailed):
            self._refused = found
        if isinstance(found, MailBusy):
            if found.back_off_s < 0.001:
                found.back_off_s = 0.0
            self._not_before = self._monotonic() + found.back_off_s
        raise found

    def _with_fresh_token(self, work: Callable[[], _Result]) -> _Result:
        """A token may be refused before its time is up; a refused request was not carried out, so one more is safe.

        exchangelib has thrown the session away by then, and asks for a new token with the next one.
        """
        try:
            return work()
        except ews.UnauthorizedError:
            if self.settings.auth != "oauth2":
                raise
        return work()
