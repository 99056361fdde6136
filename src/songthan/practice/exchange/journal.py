"""The append-only log by which rehearsals and tests are judged, and its mirror as JSON lines.

The table is the truth; the file is completed (or written anew) from it at every start.
"""

import json
import os
from pathlib import Path

from songthan.practice.exchange.clock import ServerClock
from songthan.practice.exchange.errors import PracticeError
from songthan.practice.exchange.store import Item, Store


class Journal:
    """Writes events into the log table (inside the caller's transaction) and mirrors them after the commit."""

    def __init__(self, *, store: Store, path: Path, clock: ServerClock) -> None:
        self._store = store
        self._path = path
        self._clock = clock
        self._mirrored = 0
        self._rebuild()
        store.after_commit = self.mirror

    def write(self, event: str, **facts: object) -> int:
        """Append one event; gives its number. `at` is the server clock's time."""
        with self._store.transaction():
            row = self._store.row("SELECT COALESCE(MAX(seq), 0) + 1 FROM log")
            line = {"seq": row[0], "at": self._clock.now().isoformat(), "event": event, **facts}
            return self._store.run("INSERT INTO log VALUES (?, ?)", (row[0], json.dumps(line, ensure_ascii=False)))

    def mirror(self) -> None:
        """Append what the table has and the file has not."""
        rows = self._store.rows("SELECT seq, line FROM log WHERE seq > ? ORDER BY seq", (self._mirrored,))
        if not rows:
            return
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write("".join(line + "\n" for _, line in rows))
        self._mirrored = rows[-1][0]

    def _rebuild(self) -> None:
        rows = self._store.rows("SELECT seq, line FROM log ORDER BY seq")
        whole = "".join(line + "\n" for _, line in rows).encode("utf-8")
        try:
            if not self._path.exists() or self._path.read_bytes() != whole:
                new = self._path.with_name(self._path.name + ".new")
                new.write_bytes(whole)
                os.replace(new, self._path)
        except OSError as error:
            raise PracticeError(f"log file {self._path}: {error}") from error
        self._mirrored = rows[-1][0] if rows else 0


def named_properties(properties: list[dict]) -> dict[str, str]:
    """GUID-named string properties as {name: value}: how a client marks its mail with a key of its own."""
    return {
        entry["name"]: entry["value"]
        for entry in properties
        if entry["set"] and entry["set"] != INTERNET_HEADERS and entry["name"] and entry["type"] == "String"
    }


def facts_of(item: Item, *, folder: str, item_id: str, properties: list[dict] | None = None) -> dict:
    """What every event about an item says; `properties` stands in for the item's own (a delivery names the key)."""
    named = named_properties(item.properties if properties is None else properties)
    first = next(iter(sorted(named)), None)
    head = item.head
    return {
        "mailbox": item.mailbox,
        "item_id": item_id,
        "message_id": head["message_id"],
        "from": head["from"][0][1] if head["from"] else None,
        "to": [address for _, address in head["to"] + head["cc"] + head["bcc"]],
        "subject": head["subject"],
        "key": named.get(first) if first else None,
        "key_name": first,
        "named": named,
        "sha256": item.sha256,
        "size": item.size,
        "folder": folder,
    }


INTERNET_HEADERS = "00020386-0000-0000-c000-000000000046"
