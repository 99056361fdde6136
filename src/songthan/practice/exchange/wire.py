"""A record of all that passed over the wire (only when asked for): what tests hold against Microsoft's schema."""

import json
import threading
from pathlib import Path


class Wire:
    """Appends one JSON line an exchange: `request`, `status`, `response` as text; null for an answer that was lost."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def note(self, request: bytes, status: int, response: bytes | None) -> None:
        """Keep one request and its answer."""
        line = {
            "request": request.decode("utf-8", "backslashreplace"),
            "status": status,
            "response": None if response is None else response.decode("utf-8", "backslashreplace"),
        }
        with self._lock, self._path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
