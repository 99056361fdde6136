"""One at a time through a door, over all processes of a state folder: a lock file that the kernel drops with its holder."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from songthan.domain.errors import MailBusy

#: Longer than any single mail takes, large files and a slow server included.
PATIENCE_S = 180.0
_PAUSE_S = 0.05


@contextmanager
def turnstile(
    path: Path, *, patience_s: float = PATIENCE_S, what: str = "อีกงานหนึ่งกำลังส่งจดหมายอยู่นานผิดปกติ"
) -> Iterator[None]:
    """Hold the lock `path` for the block. MailBusy, with the sentence `what`, when another run holds it for longer than
    `patience_s` seconds."""
    until = time.monotonic() + patience_s
    with path.open("a") as door:
        while True:
            try:
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= until:
                    raise MailBusy(
                        what, where=str(path), remedy="รอรอบถัดไป หากเกิดซ้ำให้ปิดและเปิดระบบใหม่"
                    ) from error
                time.sleep(_PAUSE_S)
        # closing the file lets the next one in; so does the end of this process, however it ends
        yield
