"""The QR code on the page the director signs: which report it is, which version, and the seal of all that belongs to it.

A sheet that was printed, signed with a pen and scanned is known by it: what the seal covers cannot be changed without
changing the seal. Drawn as squares, so that it is sharp at every size, at least 25 mm wide without its quiet zone, level Q.
"""

from __future__ import annotations

import re
from functools import lru_cache

import segno

__all__ = ["SIDE", "drawing", "text_place"]

_QUIET = 4
#: Points: 27 mm of modules and the quiet zone around them.
_MODULES_WIDE = 76.6
#: Points a line of text under the code takes.
_TEXT = 14.0
#: The widest it becomes, quiet zone and text included (points): a square this big must be free.
SIDE = 100.0


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
