"""The ledger: one SQLite file, append-only history, the truth. sqlite-utils is used here and in its two siblings only.

Journal mode DELETE with synchronous EXTRA: our volume is tiny, and the SQLite that Python links on Debian 12 has the
WAL-reset bug (lost commits). Every change of state and its event are one transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from songthan.adapters.ledger_indexes import INDEXES
from songthan.adapters.ledger_mail import Inbox, SqliteOutbox
from songthan.adapters.ledger_office import Changes, Leaves
from songthan.adapters.ledger_outgoing import Addresses, Words
from songthan.adapters.ledger_work import Bundles, Returns
from songthan.domain.assignments import Assignment, AssignmentState, DeadlineState, move
from songthan.domain.errors import LeaseLost, LedgerError

#: 2: the tables `leaves` and `changes`, and the column `change` of assignments. 3: the tables `words` and `addresses`, the
#: column `says` of the outbox, `released_at` of the inbox. An older ledger gets them when it is opened.
SCHEMA_VERSION = 3

#: table → (columns, primary key, what it holds); docs/operations.md lists the same tables.
TABLES: Mapping[str, tuple[dict[str, type], str | tuple[str, ...], str]] = {
    "meta": ({"key": str, "value": str}, "key", "schema version, salt of the tokens, up to where the mailbox was listed"),
    "events": (
        {"seq": int, "at": str, "kind": str, "subject": str, "data": str},
        "seq",
        "append-only history of everything that happened",
    ),
    "deadlines": (
        {"id": str, "state": str, "changed_at": str, "bundle_version": int},
        "id",
        "the state of each deadline",
    ),
    "assignments": (
        {
            "id": str, "deadline": str, "form": str, "seat": str, "member": str, "token": str, "activities": str,
            "state": str, "changed_at": str, "asked_on": str, "away": int, "absent_until": str, "current_return": int,
            "corrections": int, "reason": str, "asked_mail": str, "change": int,
        },
        "id",
        "what was asked of whom, and how far it is",
    ),  # fmt: skip
    "inbox": (
        {
            "id": int, "mailbox_id": str, "fetched_as": str, "sha256": str, "received": str, "fetched_at": str, "message_id": str,
            "sender": str, "sender_name": str, "subject": str, "state": str, "attempts": int, "route": str,
            "rule": str, "reason": str, "purpose": str, "assignment": str, "parsed": str, "folder": str,
            "decision": str, "decided_at": str, "decision_reason": str, "released_at": str,
        },
        "id",
        "one row for every mail received, written before anything parses it",
    ),  # fmt: skip
    "returns": (
        {
            "id": int, "assignment": str, "inbox_id": int, "attachment": str, "name": str, "read_at": str,
            "verdict": str, "form": str, "accepted_at": str,
        },
        "id",
        "forms read back, with every answer and problem",
    ),  # fmt: skip
    "evidence": (
        {"id": int, "assignment": str, "inbox_id": int, "sha256": str, "name": str, "type": str, "size": int},
        "id",
        "files that came along with a return",
    ),
    "outbox": (
        {
            "key": str, "kind": str, "deadline": str, "recipient": str, "subject": str, "mail": str, "state": str,
            "intended_at": str, "sent_at": str, "message_id": str, "why": str, "subjects": str, "says": str,
        },
        "key",
        "every mail we meant to send: intent, then proof",
    ),  # fmt: skip
    "notices": (
        {"key": str, "mail": str, "deadline": str},
        "key",
        "what a letter tells about more than one thing: each thing's key, and the outbox key of the letter",
    ),
    "words": (
        {"id": int, "key": str, "word": str, "at": str, "reason": str, "decided_by": str},
        "id",
        "the secretary's word on a mail of ours, or on a thing it tells: let go, withheld, sent by hand, send again",
    ),
    "addresses": (
        {
            "id": int, "address": str, "cause": str, "status": str, "mail": str, "inbox_id": int, "noted_at": str,
            "ended_at": str, "ended_why": str, "reason": str,
        },
        "id",
        "addresses from which a mail of ours came back, and how that ended",
    ),  # fmt: skip
    "bundles": (
        {
            "id": str, "deadline": str, "version": int, "created_at": str, "folder": str, "manifest": str,
            "frozen": str, "signed": str, "signed_at": str, "signer": str, "submitted_at": str, "receipt": str,
            "receipt_at": str, "receipt_inbox": int, "void": int, "pen": str,
        },
        "id",
        "frozen versions, their signature, submission and receipt",
    ),  # fmt: skip
    "leaves": (
        {
            "id": int, "member": str, "first": str, "last": str, "source": str, "reason": str, "noted_at": str,
            "ended_at": str, "ended_why": str,
        },
        "id",
        "who is away from when to when, by the secretary's word or an out-of-office answer",
    ),  # fmt: skip
    "changes": (
        {
            "id": int, "at": str, "kind": str, "fiscal_year": int, "subject": str, "deadline": str, "value": str,
            "reason": str, "decided_by": str,
        },
        "id",
        "append-only register of the secretary's decisions about seats, dates and duties",
    ),  # fmt: skip
    "lease": ({"name": str, "holder": str, "fence": int, "until": str}, "name", "who may drive this ledger now"),
}


class SqliteLedger:
    """The whole ledger. `path` None keeps it in memory (tests). Sub-ledgers: `inbox`, `outbox`, `returns`, `bundles`,
    `leaves`, `changes`, `words`, `addresses`."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            connection = sqlite3.connect(":memory:" if path is None else str(path), check_same_thread=False, timeout=20)
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA synchronous=EXTRA")
            self.db = Database(connection)
            self._lay_down()
        except sqlite3.DatabaseError as error:
            raise LedgerError(
                f"เปิดสมุดทะเบียนไม่ได้ ({error})",
                where=str(path or ":memory:"),
                remedy="ห้ามส่งจดหมายต่อ กู้คืนจากสำเนาสำรองของโฟลเดอร์ state แล้วเริ่มใหม่",
            ) from error
        self.inbox = Inbox(self)
        self.outbox = SqliteOutbox(self)
        self.returns = Returns(self)
        self.bundles = Bundles(self)
        self.leaves = Leaves(self)
        self.changes = Changes(self)
        self.words = Words(self)
        self.addresses = Addresses(self)

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One durable unit; nested use joins the outer one. Writers queue for up to 20 s.

        LedgerError when it cannot be made durable (locked, disk full, damaged file); then nothing of it remains.
        """
        with self._lock:
            if self.db.conn.in_transaction:
                try:
                    with self.db.atomic():
                        yield
                except sqlite3.DatabaseError as error:
                    raise self._trouble(error) from error
                return
            try:
                self.db.conn.execute("BEGIN IMMEDIATE")
                try:
                    yield
                    # inside the try: a commit that fails must not leave the transaction open for the next one to join
                    self.db.conn.commit()
                except BaseException:
                    self.db.conn.rollback()
                    raise
            except sqlite3.DatabaseError as error:
                raise self._trouble(error) from error

    def _trouble(self, error: sqlite3.DatabaseError) -> Exception:
        """What the disk or another program did, as an error people can read; our own mistakes stay what they are."""
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return error
        return LedgerError(
            f"อ่านหรือเขียนสมุดทะเบียนไม่ได้ ({error})",
            where=str(self.path or ":memory:"),
            remedy="ตรวจพื้นที่ว่างของดิสก์และโปรแกรมอื่นที่เปิดแฟ้มนี้อยู่ หากแฟ้มเสียหายให้กู้คืนจากสำเนาสำรองของโฟลเดอร์ state",
        )

    def rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[dict[str, object]]:
        """The rows of a query as dictionaries."""
        try:
            with self._lock:
                # past sqlite-utils: it would ask three things for one, and this is done twenty times for a mail
                found = self.db.conn.execute(sql, parameters)
                names = [column[0] for column in found.description]
                return [dict(zip(names, row, strict=True)) for row in found]
        except sqlite3.DatabaseError as error:
            raise self._trouble(error) from error

    def insert(self, table: str, row: Mapping[str, object]) -> int:
        """A new row; its number. Inside the transaction of what it belongs to."""
        names, places = ", ".join(row), ", ".join("?" * len(row))
        return int(self.db.conn.execute(f"insert into {table} ({names}) values ({places})", tuple(row.values())).lastrowid)

    def row(self, sql: str, parameters: tuple[object, ...] = ()) -> dict[str, object] | None:
        found = self.rows(sql, parameters)
        return found[0] if found else None

    # history

    def record(self, kind: str, subject: str, at: datetime, /, **data: object) -> None:
        """Append to the history; always inside the transaction of the change it tells of."""
        with self.transaction():
            told = json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)
            self.insert("events", {"at": at.isoformat(), "kind": kind, "subject": subject, "data": told})

    def events(self, subject: str | None = None) -> list[dict[str, object]]:
        """The history, oldest first, of one subject or of all."""
        where, given = ("where subject = ?", (subject,)) if subject else ("", ())
        return self.rows(f"select * from events {where} order by seq", given)

    def last_event(self, kind: str) -> dict[str, object] | None:
        """The newest event of this kind."""
        return self.row("select * from events where kind=? order by seq desc limit 1", (kind,))

    def times(self, kind: str, subject: str) -> list[datetime]:
        """When this happened to this subject, oldest first."""
        rows = self.rows("select at from events where kind=? and subject=? order by seq", (kind, subject))
        return [datetime.fromisoformat(str(r["at"])) for r in rows]

    def has_event(self, kind: str, subject: str) -> bool:
        return self.row("select 1 as x from events where kind=? and subject=? limit 1", (kind, subject)) is not None

    @property
    def salt(self) -> str:
        """Made once per ledger; part of every token."""
        found = self.row("select value from meta where key='salt'")
        if found is None:
            raise LedgerError("สมุดทะเบียนไม่มีค่าเริ่มต้น", where=str(self.path), remedy="กู้คืนจากสำเนาสำรอง")
        return str(found["value"])

    # deadlines and assignments

    def deadline_state(self, deadline: str) -> DeadlineState:
        found = self.row("select state from deadlines where id=?", (deadline,))
        return DeadlineState(str(found["state"])) if found else DeadlineState.PLANNED

    def move_deadline(self, deadline: str, to: DeadlineState, at: datetime, **data: object) -> None:
        """Change a deadline's state and record it; TransitionRefused when it may not go there."""
        with self.transaction():
            current = self.deadline_state(deadline)
            move(current, to, what=deadline)
            if current is to:
                return
            self.db.execute(
                "insert into deadlines (id, state, changed_at) values (?, ?, ?) "
                "on conflict (id) do update set state=excluded.state, changed_at=excluded.changed_at",
                (deadline, to.value, at.isoformat()),
            )
            self.record(f"deadline-{to.value.lower()}", deadline, at, was=current.value, **data)

    def add_assignments(self, assignments: tuple[Assignment, ...], at: datetime) -> None:
        """Lay down assignments that are not there yet; those that are stay as they are."""
        with self.transaction():
            for a in assignments:
                if self.row("select 1 as x from assignments where id=?", (a.id,)):
                    continue
                row = {
                    "id": a.id, "deadline": a.deadline, "form": a.form, "seat": a.seat, "member": a.member,
                    "token": a.token, "activities": json.dumps(a.activities, ensure_ascii=False),
                    "state": a.state.value, "changed_at": at.isoformat(), "away": 0, "corrections": 0,
                }  # fmt: skip
                self.insert("assignments", row)
                self.record("assignment-planned", a.id, at, member=a.member, token=a.token)

    def assignment_rows(self, deadline: str | None = None) -> list[dict[str, object]]:
        """Assignment rows, of one deadline or of all, ordered by id."""
        where, given = ("where deadline = ?", (deadline,)) if deadline else ("", ())
        return self.rows(f"select * from assignments {where} order by id", given)

    def assignment_row(self, assignment: str) -> dict[str, object] | None:
        return self.row("select * from assignments where id=?", (assignment,))

    def assignment_by_token(self, token: str) -> dict[str, object] | None:
        return self.row("select * from assignments where token=?", (token,))

    def half_asked(self, mail: str) -> list[str]:
        """The assignments whose form lies in the mail with this key and that are not said to be asked yet."""
        rows = self.rows("select id from assignments where asked_mail=? and state='PLANNED' order by id", (mail,))
        return [str(row["id"]) for row in rows]

    def move_assignment(self, assignment: str, to: AssignmentState, at: datetime, **changes: object) -> None:
        """Change an assignment's state, and any of its other columns, and record it."""
        with self.transaction():
            row = self.assignment_row(assignment)
            if row is None:
                raise LedgerError("ไม่พบรายการที่มอบหมาย", where=assignment, remedy="ดูรายการด้วย songthan status")
            current = AssignmentState(str(row["state"]))
            move(current, to, what=assignment)
            if to is AssignmentState.PLANNED:
                # to be asked anew: what went out before does not count as asking
                changes.setdefault("asked_mail", None)
            self.note_assignment(assignment, state=to.value, changed_at=at.isoformat(), **changes)
            if current is not to:
                self.record(f"assignment-{to.value.lower()}", assignment, at, was=current.value, **changes)

    def note_assignment(self, assignment: str, **changes: object) -> None:
        """Set columns that are not the state (asked_on, away, current_return…)."""
        names = ", ".join(f"{name}=?" for name in changes)
        with self.transaction():
            self.db.execute(f"update assignments set {names} where id=?", (*changes.values(), assignment))

    @staticmethod
    def as_assignment(row: Mapping[str, object]) -> Assignment:
        """A row as the domain's value."""
        return Assignment(
            id=str(row["id"]), deadline=str(row["deadline"]), form=str(row["form"]), seat=str(row["seat"]),
            member=str(row["member"]), token=str(row["token"]), activities=tuple(json.loads(str(row["activities"]))),
            state=AssignmentState(str(row["state"])), change=int(str(row["change"] or 0)),
        )  # fmt: skip

    # one driver at a time

    def take_lease(self, name: str, holder: str, at: datetime, seconds: float) -> int:
        """Take or renew the lease; returns its fence. LeaseLost when another holder's lease still runs."""
        with self.transaction():
            row = self.row("select * from lease where name=?", (name,))
            until = (at + timedelta(seconds=seconds)).isoformat()
            if row is None:
                self.insert("lease", {"name": name, "holder": holder, "fence": 1, "until": until})
                return 1
            if row["holder"] != holder and datetime.fromisoformat(str(row["until"])) > at:
                raise LeaseLost(
                    f"มี Songthan อีกชุดหนึ่ง ({row['holder']}) กำลังใช้สมุดทะเบียนนี้",
                    where=str(self.path),
                    remedy="ปิดชุดหนึ่งด้วย songthan down แล้วเริ่มใหม่",
                )
            fence = int(str(row["fence"])) + (row["holder"] != holder)
            self.db.execute("update lease set holder=?, fence=?, until=? where name=?", (holder, fence, until, name))
            return fence

    def drop_lease(self, name: str, holder: str) -> None:
        """Give the lease back; its row stays, so that the fence only ever grows."""
        with self.transaction():
            over = datetime.min.replace(tzinfo=UTC).isoformat()
            self.db.execute("update lease set holder='', until=? where name=? and holder=?", (over, name, holder))

    def _lay_down(self) -> None:
        with self.transaction():
            for name, (columns, key, _) in TABLES.items():
                table = self.db[name]
                table.create(columns, pk=key, if_not_exists=True)
                for column in set(columns) - set(table.columns_dict):
                    table.add_column(column, columns[column])
            for index in INDEXES:
                self.db.execute(index)
            for table in ("events", "changes"):
                for verb in ("update", "delete"):
                    self.db.execute(
                        f"create trigger if not exists {table}_no_{verb} before {verb} on {table} "
                        f"begin select raise(abort, '{table} is append-only'); end"
                    )
            if not self.row("select 1 as x from meta where key='schema'"):
                self.insert("meta", {"key": "schema", "value": str(SCHEMA_VERSION)})
                self.insert("meta", {"key": "salt", "value": secrets.token_hex(16)})
            schema = self.row("select value from meta where key='schema'")
            if schema and int(str(schema["value"])) > SCHEMA_VERSION:
                raise LedgerError(
                    "สมุดทะเบียนนี้เขียนโดย Songthan รุ่นใหม่กว่า", where=str(self.path), remedy="ปรับรุ่นโปรแกรมก่อนใช้งาน"
                )
            self.db.execute("update meta set value=? where key='schema' and value != ?", (str(SCHEMA_VERSION),) * 2)
