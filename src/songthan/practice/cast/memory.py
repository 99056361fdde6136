"""What the actors remember: one SQLite file, so that a killed cast goes on where it was.

An act goes in three durable steps: an *intent* (what, when), the *outbox* (the very bytes that will be sent), done.
Typed texts are committed with «done» and mirrored to JSON lines; the mirror is written anew at each start.
"""

import fcntl
import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (mailbox TEXT, key TEXT, at TEXT NOT NULL, PRIMARY KEY (mailbox, key));
CREATE TABLE IF NOT EXISTS mails (key TEXT PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS forms (
    token TEXT, holder TEXT, owner TEXT NOT NULL, mail TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL,
    reminders INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, deadline TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (token, holder)
);
CREATE TABLE IF NOT EXISTS intents (
    id TEXT PRIMARY KEY, who TEXT NOT NULL, kind TEXT NOT NULL, habit TEXT NOT NULL, due TEXT NOT NULL,
    automatic INTEGER NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open', done_at TEXT
);
CREATE TABLE IF NOT EXISTS prepared (intent TEXT PRIMARY KEY, facts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    intent TEXT, place INTEGER, route TEXT NOT NULL, mail_from TEXT NOT NULL, witness TEXT NOT NULL, message_id TEXT NOT NULL,
    copies INTEGER NOT NULL, raw BLOB NOT NULL, gone INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (intent, place)
);
CREATE TABLE IF NOT EXISTS typed (seq INTEGER PRIMARY KEY AUTOINCREMENT, file TEXT NOT NULL, line TEXT NOT NULL);
"""


@dataclass(frozen=True, kw_only=True)
class Intent:
    """Something a person means to do at `due`; `automatic` acts need no office hours."""

    id: str
    who: str
    kind: str
    habit: str
    due: datetime
    automatic: bool = False
    payload: dict = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One mail ready to go. `route`: «mailbox», or «outside:pass», «outside:fail»; the rest matters outside only.

    `mail_from` is the outside sender; `witness` the member whose Inbox gets a blind copy in the same delivery: there is no
    Sent folder outside, so that is where one looks whether the mail has gone already.
    """

    message_id: str
    raw: bytes
    route: str = "mailbox"
    mail_from: str = ""
    witness: str = ""
    copies: int = 1


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """All an act will do: its mails, what was typed (lines for a JSON lines file), what changes, in Thai what it is."""

    what_th: str
    envelopes: tuple[Envelope, ...] = ()
    typed: tuple[dict, ...] = ()
    file: str = "typed.jsonl"
    answered: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()


class Memory:
    """Opens or makes `folder/name`; `folder` also gets the JSON lines. One process at a time: a second one waits."""

    def __init__(self, folder: Path, name: str = "cast.sqlite") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = (folder / f"{name}.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # a director whose cast was killed may still be finishing his letter
            print(f"{folder / name}: waiting for the process that has it open", file=sys.stderr)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._db = sqlite3.connect(folder / name, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode=DELETE")
        self._db.execute("PRAGMA synchronous=EXTRA")
        self._db.executescript(SCHEMA)
        self._mirrored = 0
        for file in {row[0] for row in self.rows("SELECT DISTINCT file FROM typed")}:
            lines = self.rows("SELECT line FROM typed WHERE file = ? ORDER BY seq", (file,))
            new = folder / f"{file}.new"
            new.write_text("".join(line + "\n" for (line,) in lines), encoding="utf-8", newline="\n")
            os.replace(new, folder / file)
        self._mirrored = self._last_typed()

    def close(self) -> None:
        """Close the file and let the next process have it."""
        self._db.close()
        self._lock.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def run(self, sql: str, values: tuple = ()) -> None:
        """One writing statement."""
        self._db.execute(sql, values)

    def rows(self, sql: str, values: tuple = ()) -> list[tuple]:
        """All rows of a query."""
        return self._db.execute(sql, values).fetchall()

    def unseen(self, mailbox: str, listing: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """(item id, key) of what was not handled yet; the key is the Message-ID, or the item's id where there is none."""
        known = {key for (key,) in self.rows("SELECT key FROM seen WHERE mailbox = ?", (mailbox,))}
        fresh: dict[str, str] = {}
        for item, message_id in listing:
            key = message_id or f"item:{item}"
            if key not in known:
                fresh.setdefault(key, item)
        return [(item, key) for key, item in fresh.items()]

    def mark_seen(self, mailbox: str, key: str, at: datetime) -> None:
        """Remember that the message was handled."""
        self.run("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (mailbox, key, at.isoformat()))

    def keep(self, key: str, raw: bytes) -> None:
        """Keep a received mail for a later act."""
        self.run("INSERT OR IGNORE INTO mails VALUES (?, ?)", (key, raw))

    def kept(self, key: str) -> bytes:
        """A kept mail."""
        return self.rows("SELECT raw FROM mails WHERE key = ?", (key,))[0][0]

    def intend(self, intent: Intent) -> None:
        """Remember an intent; the same id twice is one."""
        self.run(
            "INSERT OR IGNORE INTO intents (id, who, kind, habit, due, automatic, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (intent.id, intent.who, intent.kind, intent.habit, intent.due.isoformat(), intent.automatic,
             json.dumps(intent.payload, ensure_ascii=False)),
        )  # fmt: skip

    def open_intents(self) -> list[Intent]:
        """What is still to be done, earliest first."""
        rows = self.rows("SELECT id, who, kind, habit, due, automatic, payload FROM intents WHERE state = 'open'")
        found = [
            Intent(
                id=row[0], who=row[1], kind=row[2], habit=row[3], due=datetime.fromisoformat(row[4]),
                automatic=bool(row[5]), payload=json.loads(row[6]),
            )
            for row in rows
        ]  # fmt: skip
        return sorted(found, key=lambda intent: (intent.due, intent.id))

    def prepare(self, intent: Intent, act: Prepared) -> None:
        """Make the act's mails durable before the first is sent."""
        facts = {
            "what_th": act.what_th, "typed": act.typed, "file": act.file, "answered": act.answered, "waits": act.waits
        }  # fmt: skip
        with self.transaction():
            self.run("INSERT INTO prepared VALUES (?, ?)", (intent.id, json.dumps(facts, ensure_ascii=False)))
            for place, envelope in enumerate(act.envelopes):
                self.run(
                    "INSERT INTO outbox (intent, place, route, mail_from, witness, message_id, copies, raw)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (intent.id, place, envelope.route, envelope.mail_from, envelope.witness, envelope.message_id,
                     envelope.copies, envelope.raw),
                )  # fmt: skip

    def facts(self, intent: Intent) -> dict | None:
        """What `prepare` kept, or None when the act is not prepared yet."""
        rows = self.rows("SELECT facts FROM prepared WHERE intent = ?", (intent.id,))
        return json.loads(rows[0][0]) if rows else None

    def envelopes(self, intent: Intent) -> list[tuple[int, Envelope]]:
        """The act's mails that have not gone yet."""
        columns = "place, route, mail_from, witness, message_id, copies, raw"
        rows = self.rows(f"SELECT {columns} FROM outbox WHERE intent = ? AND gone = 0 ORDER BY place", (intent.id,))
        return [
            (
                row[0],
                Envelope(route=row[1], mail_from=row[2], witness=row[3], message_id=row[4], copies=row[5], raw=row[6]),
            )
            for row in rows
        ]

    def gone(self, intent: Intent, place: int) -> None:
        """The mail was sent."""
        self.run("UPDATE outbox SET gone = 1, raw = x'' WHERE intent = ? AND place = ?", (intent.id, place))

    def finish(self, intent: Intent, facts: dict, at: datetime) -> None:
        """The act is done: its typed texts count, its forms change state."""
        with self.transaction():
            self.run("UPDATE intents SET state = 'done', done_at = ? WHERE id = ?", (at.isoformat(), intent.id))
            for state in ("answered", "waits"):
                for token in facts[state]:
                    self.run(
                        "UPDATE forms SET state = ?, attempt = attempt + ? WHERE token = ? AND holder = ?",
                        (state, state == "answered", token, intent.who),
                    )
            for line in facts["typed"]:
                text = json.dumps({**line, "at": at.isoformat()}, ensure_ascii=False)
                self.run("INSERT INTO typed (file, line) VALUES (?, ?)", (facts["file"], text))
        self._mirror()

    def _last_typed(self) -> int:
        return self.rows("SELECT COALESCE(MAX(seq), 0) FROM typed")[0][0]

    def _mirror(self) -> None:
        for _, file, line in self.rows(
            "SELECT seq, file, line FROM typed WHERE seq > ? ORDER BY seq", (self._mirrored,)
        ):
            with (self._folder / file).open("a", encoding="utf-8", newline="\n") as out:
                out.write(line + "\n")
        self._mirrored = self._last_typed()
