"""What the exactly-once sender needs beside a mailbox, in memory: an outbox that stays when the process is killed, one file, a clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from songthan.domain.messages import OutgoingMail


class Outbox:
    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    def intend(self, mail: OutgoingMail) -> None:
        self.rows.setdefault(mail.key, "intended")

    def state(self, key: str) -> str:
        return self.rows.get(key, "none")

    def mark_handed(self, key: str, draft: object) -> None:
        self.rows[key] = "handed"

    def mark_sent(self, key: str, sent_ref: object, at: datetime) -> None:
        self.rows[key] = "sent"

    def mark_doubt(self, key: str, why: str) -> None:
        self.rows[key] = "doubt"


class Blobs:
    def __init__(self, path: Path) -> None:
        self._path = path

    def path(self, sha256: str) -> Path:
        return self._path


class Clock:
    def now(self) -> datetime:
        return datetime(2023, 3, 1, tzinfo=UTC)
