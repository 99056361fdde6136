"""The server's clock: the system's, or one datetime in a file that a rehearsal moves on."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from songthan.practice.exchange.errors import PracticeError


@dataclass(frozen=True, kw_only=True)
class ServerClock:
    """Tells the time at each event. `path` holds one ISO 8601 datetime with offset; None means the system clock."""

    path: Path | None = None

    def now(self) -> datetime:
        """Aware datetime of this moment; raises PracticeError when the file holds no such thing."""
        if self.path is None:
            return datetime.now(UTC)
        try:
            moment = datetime.fromisoformat(self.path.read_text(encoding="utf-8").strip())
        except (OSError, ValueError) as error:
            raise PracticeError(f"clock file {self.path}: {error}; write one ISO 8601 datetime with offset") from error
        if moment.tzinfo is None:
            raise PracticeError(f"clock file {self.path}: the datetime has no offset; write e.g. +07:00 after it")
        return moment


def ews_time(moment: datetime) -> str:
    """The datetime as EWS writes it: UTC, whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
