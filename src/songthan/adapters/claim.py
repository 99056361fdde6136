"""One Songthan a mailbox on this machine: a state folder claims it, and another one is told whose it is.

The claim is a small file in the user's own state folder (XDG), one a mailbox address, that names the state folder at
work. Whoever works the mailbox holds the file under a shared lock of the kernel, which ends with the process, however
it ends. Only who finds nobody holding it may write another name. What this does not see: another user of this machine,
another machine. There the keys of our mail keep a letter from going out twice, and the nightly count tells of mail
that somebody else has moved (docs/decisions/0018).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import IO

from songthan.domain.errors import EnvironmentNotReady

__all__ = ["claim_mailbox"]

_TRIES = 40
_PAUSE_S = 0.05


def claim_mailbox(address: str, state: Path, *, folder: Path | None = None) -> IO[str]:
    """Hold `address` for the state folder `state` until the file returned is closed.

    EnvironmentNotReady names the other state folder that works this mailbox now.
    """
    folder = folder or _home()
    owner = str(state.resolve())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / (hashlib.sha256(address.lower().encode()).hexdigest()[:16] + ".json")
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise EnvironmentNotReady(
            f"จดไว้ไม่ได้ว่าใครใช้กล่องจดหมายอยู่ ({error.strerror})", where=str(folder), remedy="แก้สิทธิของโฟลเดอร์นี้ หรือตั้งตัวแปร XDG_STATE_HOME"
        ) from error
    try:
        _take(file, address, owner)
    except BaseException:
        file.close()
        raise
    return file


def _take(file: IO[str], address: str, owner: str) -> None:
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            # somebody writes a name just now
            time.sleep(_PAUSE_S)
            continue
        if _owner(file) == owner:
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            break
        # nobody works it; between the two locks another may have written its name, then nobody holds it either
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"mailbox": address, "state": owner}, ensure_ascii=False))
        file.flush()
    raise EnvironmentNotReady(
        f"Songthan อีกชุดหนึ่งกำลังใช้กล่องจดหมาย {address} อยู่: {_owner(file) or file.name}",
        where=owner,
        remedy="ปิดชุดนั้นก่อนด้วย songthan down --state (โฟลเดอร์นั้น) กล่องหนึ่งใช้กับโฟลเดอร์สถานะเดียว",
    )


def _owner(file: IO[str]) -> str:
    try:
        file.seek(0)
        return str(json.loads(file.read())["state"])
    except (ValueError, KeyError, TypeError):
        return ""


def _home() -> Path:
    if named := os.environ.get("XDG_STATE_HOME"):
        return Path(named) / "songthan" / "mailboxes"
    try:
        return Path.home() / ".local" / "state" / "songthan" / "mailboxes"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"songthan-{os.getuid()}" / "mailboxes"
