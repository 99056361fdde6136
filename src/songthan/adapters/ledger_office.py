"""The ledger's tables of the office itself: who is away, and what the secretary decided about the plan."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime
from typing import TYPE_CHECKING

from songthan.domain.absence import Leave, away_on
from songthan.domain.changes import Change

if TYPE_CHECKING:
    from songthan.adapters.ledger import SqliteLedger


class Leaves:
    """The leave book. Nothing is ever deleted: a leave that ended early keeps its row."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def add(self, leave: Leave, at: datetime) -> int:
        """Write a leave down; returns its id."""
        with self._ledger.transaction():
            last = leave.last.isoformat() if leave.last else None
            row = {
                "member": leave.member, "first": leave.first.isoformat(), "last": last, "source": leave.source,
                "reason": leave.reason, "noted_at": leave.noted_at.isoformat(),
            }  # fmt: skip
            new = self._ledger.insert("leaves", row)
            self._ledger.record(
                "leave-noted", leave.member, at, leave=new, first=row["first"], last=last, source=leave.source, reason=leave.reason
            )
            return new

    def end(self, leave_id: int, at: datetime, *, why: str, reason: str = "") -> None:
        """This leave is over, from now on; `why` is one of the domain's words. One that ended already stays as it is."""
        with self._ledger.transaction():
            row = self._ledger.row("select member from leaves where id=? and ended_at is null", (leave_id,))
            if row is None:
                return
            self._ledger.db.execute(
                "update leaves set ended_at=?, ended_why=? where id=?", (at.isoformat(), why, leave_id)
            )
            self._ledger.record("leave-ended", str(row["member"]), at, leave=leave_id, why=why, reason=reason)

    def of(self, member: str | None = None, *, ended: bool = False) -> list[Leave]:
        """The leaves of one member or of all, in the order of their first day; `ended`: also those that ended early."""
        where = ["member = ?"] if member else []
        where += [] if ended else ["ended_at is null"]
        sql = f"select * from leaves {'where ' + ' and '.join(where) if where else ''} order by first, id"
        return [_leave(row) for row in self._ledger.rows(sql, (member,) if member else ())]

    def on(self, day: date) -> dict[str, Leave]:
        """Member → the leave that keeps him away on `day`."""
        return away_on(self.of(), day)


def _leave(row: dict[str, object]) -> Leave:
    return Leave(
        id=int(str(row["id"])), member=str(row["member"]), first=date.fromisoformat(str(row["first"])),
        last=date.fromisoformat(str(row["last"])) if row["last"] else None, source=str(row["source"]),
        reason=str(row["reason"] or ""), noted_at=datetime.fromisoformat(str(row["noted_at"])),
        ended_at=datetime.fromisoformat(str(row["ended_at"])) if row["ended_at"] else None,
        ended_why=str(row["ended_why"] or ""),
    )  # fmt: skip


class Changes:
    """The register of the secretary's decisions: rows are only ever added (triggers refuse anything else)."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def add(self, change: Change) -> int:
        """Write a decision down, with its event; returns its number. Belongs into the transaction of what it changes."""
        value = {
            "was": change.was, "to": change.to, "internal": _text(change.internal), "internal_to": _text(change.internal_to),
            "until": _text(change.until),
        }  # fmt: skip
        value = {name: text for name, text in value.items() if text}
        with self._ledger.transaction():
            row = {
                "at": change.at.isoformat(), "kind": change.kind, "fiscal_year": change.fiscal_year,
                "subject": change.subject, "deadline": change.deadline, "value": json.dumps(value, sort_keys=True),
                "reason": change.reason, "decided_by": change.by,
            }  # fmt: skip
            new = self._ledger.insert("changes", row)
            self._ledger.record(
                f"decided-{change.kind}", change.subject, change.at, change=new, reason=change.reason, by=change.by, **value
            )
            return new

    def last(self) -> tuple[object, ...] | None:
        """The newest row, None when there is none: two equal answers mean that nothing was decided in between.

        (Not the number alone: a decision that was rolled back leaves its number to the next one.) Asked at every look at
        the plan, so it goes past the dictionaries of `rows`.
        """
        try:
            with self._ledger._lock:
                return self._ledger.db.conn.execute("select * from changes order by id desc limit 1").fetchone()
        except sqlite3.DatabaseError as error:
            raise self._ledger._trouble(error) from error

    def all(self) -> list[Change]:
        """Every decision, oldest first."""
        return [_change(row) for row in self._ledger.rows("select * from changes order by id")]


def _text(value: date | None) -> str:
    return value.isoformat() if value else ""


def _change(row: dict[str, object]) -> Change:
    value = json.loads(str(row["value"]))
    days = {k: date.fromisoformat(value[k]) for k in ("internal", "internal_to") if k in value}
    until = {"until": datetime.fromisoformat(value["until"])} if "until" in value else {}
    return Change(
        id=int(str(row["id"])), kind=str(row["kind"]), fiscal_year=int(str(row["fiscal_year"])),  # type: ignore[arg-type]
        subject=str(row["subject"]), deadline=str(row["deadline"] or ""), at=datetime.fromisoformat(str(row["at"])),
        reason=str(row["reason"]), by=str(row["decided_by"]), was=value.get("was", ""), to=value.get("to", ""), **days, **until,
    )  # fmt: skip
