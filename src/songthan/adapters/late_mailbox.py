"""The office's mailbox, opened at its first use, one call at a time, and left in peace when its server asks for it."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from songthan.adapters.turnstile import turnstile
from songthan.domain.errors import MailAuthFailed, MailBusy
from songthan.domain.language import say
from songthan.ports import Mailbox

#: After the server refused our password nothing is tried for this long: repeated tries lock an account out.
REST_AFTER_REFUSAL_S = 3600.0
#: A wish to wait is kept for so long at most: a clock that jumped must not silence the mailbox for a day.
LONGEST_WISH_S = 3600.0
#: A wish no longer than this is waited for inside the call.
PATIENCE_S = 20.0
_Result = TypeVar("_Result")


class LateMailbox:
    """Opens the mailbox at its first use, so that commands which need no mail work without a server.

    Every round of the office is a process of its own, so what the server said must outlive them; it lies in the state
    folder. `mailbox.lock`: one process at a time speaks to the server. `mailbox-refused`: until an hour has passed or
    the file is deleted (the password was mended), every call fails without asking. `mailbox-busy`: the server wished
    to be asked again no sooner than the time written there. `claim` is called once before the mailbox is opened, and
    what it returns is kept.
    """

    def __init__(
        self,
        open_it: Callable[[], Mailbox],
        state: Path,
        *,
        claim: Callable[[], object] = lambda: None,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._open = functools.cache(open_it)
        self._claim = functools.cache(claim)
        self._state = state
        self._refused = state / "mailbox-refused"
        self._busy = state / "mailbox-busy"
        self._now, self._sleep = now, sleep

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            return self.run(lambda: getattr(self._open(), name)(*arguments, **named))

        return call

    def run(self, work: Callable[[], _Result]) -> _Result:
        """`work` that speaks to the server: alone, not while it is to be left in peace, and what it says is remembered."""
        with turnstile(self._state / "mailbox.lock", what=say("อีกงานหนึ่งกำลังใช้กล่องจดหมายอยู่นานผิดปกติ")):
            self._rest()
            self._wait()
            self._claim()
            try:
                return work()
            except MailAuthFailed:
                self._refused.touch()
                raise
            except MailBusy as error:
                self._heed(error.back_off_s)
                raise

    def _rest(self) -> None:
        with contextlib.suppress(OSError):
            if self._now() - self._refused.stat().st_mtime < REST_AFTER_REFUSAL_S:
                raise MailAuthFailed(
                    say("เซิร์ฟเวอร์จดหมายปฏิเสธรหัสผ่านเมื่อไม่นานนี้ ระบบพักการติดต่อไว้เพื่อไม่ให้บัญชีถูกล็อก"),
                    where=str(self._refused),
                    remedy=say("แก้รหัสผ่าน แล้วลบแฟ้มนี้เพื่อให้ระบบติดต่อใหม่ทันที"),
                )

    def _heed(self, seconds: float) -> None:
        """Remember the server's own wish; without one the next round may ask at once."""
        if seconds >= 1.0:
            with contextlib.suppress(OSError):
                self._busy.write_text(f"{self._now() + min(seconds, LONGEST_WISH_S):.3f}", encoding="ascii")

    def _wait(self) -> None:
        try:
            left = float(self._busy.read_text(encoding="ascii")) - self._now()
        except (OSError, ValueError):
            return
        if 0 < left <= PATIENCE_S:
            self._sleep(left)
        elif PATIENCE_S < left <= LONGEST_WISH_S:
            raise MailBusy(
                say("เซิร์ฟเวอร์จดหมายขอให้รอก่อน"),
                back_off_s=left,
                where=str(self._busy),
                remedy=say("ระบบจะลองใหม่เอง หากนานเกินหนึ่งชั่วโมงโปรดแจ้งผู้ดูแลระบบ"),
            )
        self._busy.unlink(missing_ok=True)
