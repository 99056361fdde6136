"""The server's one SQLite file: mailboxes' folders, items, attachments and the append-only log.

journal_mode=DELETE and synchronous=EXTRA: what was answered survives kill -9 and a power cut. One connection
under one lock: operations follow each other, so a send is seen whole or not at all.
"""

import fcntl
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from songthan.practice.exchange.errors import PracticeError

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS folders (
    id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, parent INTEGER REFERENCES folders(id),
    kind TEXT, name TEXT NOT NULL, class TEXT NOT NULL, change INTEGER NOT NULL, created_change INTEGER NOT NULL,
    UNIQUE (mailbox, kind), UNIQUE (parent, name)
);
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox TEXT NOT NULL, folder INTEGER NOT NULL REFERENCES folders(id),
    change INTEGER NOT NULL, created_change INTEGER NOT NULL, is_draft INTEGER NOT NULL, is_read INTEGER NOT NULL,
    created TEXT NOT NULL, received TEXT NOT NULL, sent TEXT, modified TEXT NOT NULL,
    size INTEGER NOT NULL, sha256 TEXT NOT NULL, head TEXT NOT NULL, properties TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS items_by_folder ON items (folder, change);
CREATE TABLE IF NOT EXISTS mimes (item INTEGER PRIMARY KEY REFERENCES items(id) ON DELETE CASCADE, mime BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL REFERENCES items(id) ON DELETE CASCADE,
    place INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, content_id TEXT,
    inline INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS attachments_by_item ON attachments (item, place);
CREATE TABLE IF NOT EXISTS gone (
    folder INTEGER NOT NULL, item INTEGER NOT NULL, change INTEGER NOT NULL, created_change INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS gone_by_folder ON gone (folder, change);
CREATE TABLE IF NOT EXISTS gone_folders (
    folder INTEGER NOT NULL, mailbox TEXT NOT NULL, change INTEGER NOT NULL, created_change INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, at TEXT NOT NULL, folder INTEGER NOT NULL,
    item INTEGER NOT NULL, change INTEGER NOT NULL, old_folder INTEGER, old_item INTEGER
);
CREATE TABLE IF NOT EXISTS log (seq INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS log_is_append_only_update BEFORE UPDATE ON log
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS log_is_append_only_delete BEFORE DELETE ON log
    BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
"""

LOCK_SECONDS = 2
ITEM_COLUMNS = (
    "id, mailbox, folder, change, created_change, is_draft, is_read, created, received, sent, modified, size, sha256,"
    " head, properties"
)


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One folder; `kind` is its distinguished id (inbox, drafts, ...) or None for one made by a person."""

    id: int
    mailbox: str
    parent: int | None
    kind: str | None
    name: str
    folder_class: str
    change: int
    created_change: int


@dataclass(frozen=True, kw_only=True)
class Item:
    """One stored message without its MIME. Times are ISO 8601 UTC; `head` is what mime.read_head found;
    `properties` are extended properties: {"set", "name", "id", "tag", "type", "value"} each."""

    id: int
    mailbox: str
    folder: int
    change: int
    created_change: int
    is_draft: bool
    is_read: bool
    created: str
    received: str
    sent: str | None
    modified: str
    size: int
    sha256: str
    head: dict
    properties: list


class Store:
    """Opens or makes the database file; all reading and writing goes through `transaction` or `row`/`rows`."""

    def __init__(self, *, path: Path, after_commit: Callable[[], None] | None = None) -> None:
        self.lock = threading.RLock()
        self.after_commit = after_commit
        self._depth = 0
        self._guard = _only_server(path)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            mode = self._db.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
            if mode != "delete":
                raise PracticeError(f"database {path}: journal_mode is {mode}, must be delete")
            self._db.execute("PRAGMA synchronous=EXTRA")
            self._db.execute("PRAGMA foreign_keys=ON")
            self._db.executescript(SCHEMA)
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('change', '0')")
            self._db.execute("INSERT OR IGNORE INTO meta VALUES ('instance', ?)", (secrets.token_hex(4),))
        except sqlite3.Error as error:
            raise PracticeError(f"database {path}: {error}") from error
        self.instance: str = self.row("SELECT value FROM meta WHERE name = 'instance'")[0]

    def close(self) -> None:
        """Close the file after the operation under way."""
        with self.lock:
            self._db.close()
            self._guard.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; one inside another joins it. The log's mirror is written after the outermost commit."""
        with self.lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            else:
                self._db.execute("COMMIT")
            finally:
                self._depth = 0
            if self.after_commit:
                self.after_commit()

    def run(self, sql: str, values: tuple = ()) -> int:
        """Run one writing statement; gives the new row's id. Only inside a transaction."""
        with self.lock:
            return self._db.execute(sql, values).lastrowid or 0

    def row(self, sql: str, values: tuple = ()) -> tuple | None:
        """The first row or None."""
        with self.lock:
            return self._db.execute(sql, values).fetchone()

    def rows(self, sql: str, values: tuple = ()) -> list[tuple]:
        """All rows."""
        with self.lock:
            return self._db.execute(sql, values).fetchall()

    def next_change(self) -> int:
        """The next number of the one counter that orders every change (change keys and sync states)."""
        sql = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'change' RETURNING value"
        return int(self.row(sql)[0])

    def items(self, where: str, values: tuple = ()) -> list[Item]:
        """Items by an SQL condition over the items table, in the order of their ids unless it orders them."""
        order = "" if "ORDER BY" in where else " ORDER BY id"
        rows = self.rows(f"SELECT {ITEM_COLUMNS} FROM items WHERE {where}{order}", values)
        return [_item(row) for row in rows]

    def item(self, item_id: int) -> Item | None:
        """One item or None."""
        found = self.items("id = ?", (item_id,))
        return found[0] if found else None

    def mime(self, item_id: int) -> bytes:
        """The raw message of an item."""
        return self.row("SELECT mime FROM mimes WHERE item = ?", (item_id,))[0]

    def folders(self, where: str, values: tuple = ()) -> list[Folder]:
        """Folders by an SQL condition, in the order of their ids."""
        columns = "id, mailbox, parent, kind, name, class, change, created_change"
        names = ("id", "mailbox", "parent", "kind", "name", "folder_class", "change", "created_change")
        rows = self.rows(f"SELECT {columns} FROM folders WHERE {where} ORDER BY id", values)
        return [Folder(**dict(zip(names, row, strict=True))) for row in rows]

    def folder(self, folder_id: int) -> Folder | None:
        """One folder or None."""
        found = self.folders("id = ?", (folder_id,))
        return found[0] if found else None

    def distinguished(self, mailbox: str, kind: str) -> Folder | None:
        """The mailbox's inbox, drafts, sentitems..."""
        found = self.folders("mailbox = ? AND kind = ?", (mailbox, kind))
        return found[0] if found else None


def _only_server(path: Path) -> IO[bytes]:
    """Hold the file beside the database that lets one server in; the system frees it when a process is killed.

    A server that is just ending is waited for, LOCK_SECONDS at most.
    """
    try:
        guard = path.with_name(path.name + ".lock").open("ab")
    except OSError as error:
        raise PracticeError(f"database {path}: {error}") from error
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return guard
        except BlockingIOError as error:
            if time.monotonic() > until:
                guard.close()
                raise PracticeError(f"database {path}: another practice server has it open; stop that one") from error
            time.sleep(0.05)


def _item(row: tuple) -> Item:
    names = [name.strip() for name in ITEM_COLUMNS.split(",")]
    values = dict(zip(names, row, strict=True))
    values["is_draft"], values["is_read"] = bool(values["is_draft"]), bool(values["is_read"])
    values["head"], values["properties"] = json.loads(values["head"]), json.loads(values["properties"])
    return Item(**values)
