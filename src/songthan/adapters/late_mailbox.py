"""The office's mailbox, opened at its first use, and left in peace for a while after it refused our password."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from pathlib import Path

from songthan.domain.errors import MailAuthFailed
from songthan.domain.language import say
from songthan.ports import Mailbox

#: After the server refused our password nothing is tried for this long: repeated tries lock an account out.
REST_AFTER_REFUSAL_S = 3600.0


class LateMailbox:
    """Opens the mailbox at its first use, so that commands which need no mail work without a server.

    A refused password is remembered in the state folder, across processes: until an hour has passed or the file
    `mailbox-refused` is deleted (the password was mended), every call fails without asking the server.
    """

    def __init__(self, open_it: Callable[[], Mailbox], state: Path) -> None:
        self._open = functools.cache(open_it)
        self._refused = state / "mailbox-refused"

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            self._rest()
            try:
                return getattr(self._open(), name)(*arguments, **named)
            except MailAuthFailed:
                self._refused.touch()
                raise

        return call

    def _rest(self) -> None:
        with contextlib.suppress(OSError):
            if time.time() - self._refused.stat().st_mtime < REST_AFTER_REFUSAL_S:
                raise MailAuthFailed(
                    say("เซิร์ฟเวอร์จดหมายปฏิเสธรหัสผ่านเมื่อไม่นานนี้ ระบบพักการติดต่อไว้เพื่อไม่ให้บัญชีถูกล็อก"),
                    where=str(self._refused),
                    remedy=say("แก้รหัสผ่าน แล้วลบแฟ้มนี้เพื่อให้ระบบติดต่อใหม่ทันที"),
                )
