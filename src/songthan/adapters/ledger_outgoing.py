"""The ledger's tables about mail that goes out: the secretary's words on it, and the addresses it came back from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from songthan.domain.outgoing import Mark, Word

if TYPE_CHECKING:
    from songthan.adapters.ledger import SqliteLedger


class Words:
    """What the secretary said about mails of ours. Rows are only ever added; the last one about a key counts."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def give(self, keys: Iterable[str], word: Word, *, reason: str, by: str, at: datetime) -> None:
        """Write her word on each of these keys down."""
        with self._ledger.transaction():
            for key in keys:
                row = {"key": key, "word": word.value, "at": at.isoformat(), "reason": reason, "decided_by": by}
                self._ledger.db["words"].insert(row)
                self._ledger.record(f"word-{word.value}", key, at, reason=reason, by=by)

    def last(self, key: str) -> Word | None:
        """Her last word on this key."""
        row = self._ledger.row("select word from words where key=? order by id desc limit 1", (key,))
        return Word(str(row["word"])) if row else None


class Addresses:
    """Addresses from which our mail came back. A mark that ended keeps its row."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def mark(self, mark: Mark) -> bool:
        """Write it down unless the address is marked already; False then."""
        with self._ledger.transaction():
            if self.of(mark.address) is not None:
                return False
            row = {
                "address": mark.address.lower(), "cause": mark.cause, "status": mark.status, "mail": mark.mail,
                "inbox_id": mark.inbox_id, "noted_at": mark.noted_at.isoformat(),
            }  # fmt: skip
            self._ledger.db["addresses"].insert(row)
            self._ledger.record("address-marked", mark.address.lower(), mark.noted_at, cause=mark.cause, status=mark.status)
            return True

    def clear(self, address: str, at: datetime, *, why: str, reason: str = "") -> bool:
        """The address works; True when it was marked."""
        with self._ledger.transaction():
            if self.of(address) is None:
                return False
            self._ledger.db.execute(
                "update addresses set ended_at=?, ended_why=?, reason=? where address=? and ended_at is null",
                (at.isoformat(), why, reason, address.lower()),
            )
            self._ledger.record("address-works", address.lower(), at, why=why, reason=reason)
            return True

    def of(self, address: str) -> Mark | None:
        """The mark on this address, or None."""
        row = self._ledger.row("select * from addresses where address=? and ended_at is null", (address.lower(),))
        return _mark(row) if row else None

    def all(self) -> list[Mark]:
        """Every address that is marked now, oldest mark first."""
        return [_mark(row) for row in self._ledger.rows("select * from addresses where ended_at is null order by id")]


def _mark(row: dict[str, object]) -> Mark:
    return Mark(
        address=str(row["address"]), cause=str(row["cause"]), status=str(row["status"] or ""), mail=str(row["mail"] or ""),
        inbox_id=int(str(row["inbox_id"] or 0)), noted_at=datetime.fromisoformat(str(row["noted_at"])),
    )  # fmt: skip
