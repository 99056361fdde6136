"""A part of the office that is made when it is first asked for something: its library takes long to import.

Trying a mail, a status, a decision about a hold need no signatures, no pages and no Word templates.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class LatePart:
    """Stands for what `make` gives; makes it once, at the first use. Errors of making it come out there."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: object | None = None

    def __getattr__(self, name: str) -> object:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return getattr(self._made, name)
