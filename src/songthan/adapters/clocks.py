"""Where «now» comes from: the machine, a file (the rehearsal's simulated clock), or the machine shifted by whole weeks."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock moved by a fixed number of weeks, so that weekdays and hours stay: a practice year runs live."""

    def __init__(self, weeks: int) -> None:
        self.shift = timedelta(weeks=weeks)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


class FileClock:
    """One ISO 8601 date and time with its offset in a file; whoever holds the file sets the time for every process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        return datetime.fromisoformat(self.path.read_text(encoding="ascii").strip())

    def set(self, moment: datetime) -> None:
        """Set the time for every reader, whole or not at all; it never goes back."""
        if self.path.exists() and self.now() > moment:
            return
        new = self.path.with_suffix(".new")
        new.write_text(moment.isoformat(), encoding="ascii")
        os.replace(new, self.path)
