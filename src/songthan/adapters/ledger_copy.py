"""A copy of a state folder's ledger, to look at or to try things with: the ledger itself is opened read-only."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from pathlib import Path

from songthan.domain.errors import LedgerError, UsageError


def copy_ledger(source: Path, target: Path) -> None:
    """A consistent copy of a ledger that may be in use; the source is opened read-only."""
    if not source.is_file():
        raise UsageError("โฟลเดอร์นี้ไม่มีสมุดทะเบียน", where=str(source), remedy="ระบุโฟลเดอร์สถานะที่ถูกต้องด้วย --state")
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=20)) as lent,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            lent.backup(copy)
    except sqlite3.DatabaseError as error:
        raise LedgerError(
            f"อ่านสมุดทะเบียนไม่ได้ ({error})", where=str(source), remedy="ตรวจสิทธิการอ่าน หรือกู้คืนจากสำเนาสำรอง"
        ) from error


def asked_of_a_copy(state: Path, sql: str) -> list[dict[str, object]]:
    """The rows of a query to a copy of a state folder's ledger; none where there is no ledger."""
    if not (state / "ledger.sqlite").is_file():
        return []
    from songthan.adapters.ledger import SqliteLedger

    with tempfile.TemporaryDirectory(prefix="songthan-", ignore_cleanup_errors=True) as box:
        copy_ledger(state / "ledger.sqlite", Path(box) / "ledger.sqlite")
        ledger = SqliteLedger(Path(box) / "ledger.sqlite")
        try:
            return ledger.rows(sql)
        finally:
            ledger.close()
