"""The QR code on the page the director signs: which report it is, which version, and the seal of all that belongs to it.

A sheet that was printed, signed with a pen and scanned is known by it: what the seal covers cannot be changed without
changing the seal. Drawn as squares, so that it is sharp at every size, at least 25 mm wide without its quiet zone, level Q.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import segno

__all__ = ["SIDE", "SealCode", "drawing", "read_payload"]

_QUIET = 4
#: Points: 27 mm of modules and the quiet zone around them.
_MODULES_WIDE = 76.6
#: Points a line of text under the code takes.
_TEXT = 14.0
_PAYLOAD = re.compile(r"SONGTHAN:1:([A-Z0-9-]{1,60}):([1-9][0-9]{0,3}):([0-9A-F]{64})")
#: The widest it becomes, quiet zone and text included (points): a square this big must be free.
SIDE = 100.0


@dataclass(frozen=True, kw_only=True)
class SealCode:
    """What the code says: the deadline's id, the version, the manifest's seal (64 hexadecimal digits)."""

    deadline: str
    version: int
    seal: str

    @property
    def payload(self) -> str:
        """Capitals only, which QR codes keep in little room (ISO/IEC 18004, alphanumeric mode)."""
        return f"SONGTHAN:1:{self.deadline.upper()}:{self.version}:{self.seal.upper()}"

    @property
    def short(self) -> str:
        """The seal's beginning as people compare it."""
        return "-".join(self.seal[i : i + 4].upper() for i in range(0, 16, 4))


def read_payload(text: str) -> SealCode | None:
    """What a scanned code says; None when it is not one of ours."""
    found = _PAYLOAD.fullmatch(text.strip())
    if found is None:
        return None
    return SealCode(deadline=found[1].lower(), version=int(found[2]), seal=found[3].lower())


def drawing(payload: str, left: float, bottom: float) -> str:
    """PDF operators that draw the code with its lower left corner (quiet zone included) there, above a line of text."""
    rows = _matrix(payload)
    module = _MODULES_WIDE / len(rows)
    x0, y0 = left + _QUIET * module, bottom + _TEXT
    squares = [
        # neighbours are one: a hair of white between them would spoil a poor scan
        f"{x0 + run.start() * module:.3f} {y0 + y * module:.3f} {(run.end() - run.start()) * module:.3f} {module + 0.02:.3f} re"
        for y, row in enumerate(reversed(rows))
        for run in re.finditer(b"\x01+", row)
    ]
    return "0 g " + " ".join(squares) + " f"


def text_place(payload: str, left: float, bottom: float, width: float) -> tuple[float, float]:
    """Where a line of that width begins so that it stands in the middle under the code."""
    whole = _MODULES_WIDE * (1 + 2 * _QUIET / len(_matrix(payload)))
    return left + (whole - width) / 2, bottom + 3.0


@lru_cache(maxsize=8)
def _matrix(payload: str) -> tuple[bytes, ...]:
    return tuple(bytes(row) for row in segno.make_qr(payload, error="q", boost_error=False).matrix)
