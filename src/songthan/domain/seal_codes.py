"""What the QR code on the page to sign says, and what a scan of that page shows. Pure; drawn and read by adapters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SealCode", "Sheet", "SheetCode", "SheetComparison", "SheetFile", "SignHere", "codes_on", "read_payload"]

_PAYLOAD = re.compile(r"SONGTHAN:1:([A-Z0-9-]{1,60}):([1-9][0-9]{0,3}):([0-9A-F]{64})")


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


@dataclass(frozen=True, kw_only=True)
class SheetCode:
    """One of our codes on a page: what it says, and its corners as (x, y) in pixels of the page as it lies in the file, from
    the code's own upper left clockwise."""

    code: SealCode
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One page of a file as a scanner or a camera saw it; `number` from 1, `width` and `height` in pixels."""

    number: int
    width: int
    height: int
    codes: tuple[SheetCode, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SheetFile:
    """A file of pictures (a scan, a photograph): the `sheets` that were looked at. `partly`: some pages were left out.

    A page that was drawn by a program is no sheet: nobody signed it with a pen.
    """

    sha256: str
    sheets: tuple[Sheet, ...] = ()
    partly: bool = False


@dataclass(frozen=True, kw_only=True)
class SheetComparison:
    """A scanned sheet laid over the frozen page, as a machine sees it: a hint for the person who looks.

    `whole`: everything printed is inside; `ink`: how much of the signature's place is darker than on the frozen page (0 to 1).
    `read`: «yes», «no-program», «late» or «» (no words asked for); `same`: the part of the frozen page's text that was
    found; `missing` and `strange` lines; `picture`: both pages side by side (JPEG).
    """

    whole: bool
    ink: float
    read: str = ""
    same: float = 0.0
    missing: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    picture: bytes | None = None


def codes_on(files: Iterable[SheetFile]) -> tuple[SealCode, ...]:
    """The different codes on all pages, in their order."""
    return tuple(dict.fromkeys(c.code for file in files for sheet in file.sheets for c in sheet.codes))


@dataclass(frozen=True, kw_only=True)
class SignHere:
    """A memo as it goes into the bundle: `page` (index) and `box` (points) of the signature, and the lower left corner of the
    QR code on the same page. `pdf` is another than the memo's own where the page was too full for the code."""

    pdf: bytes
    page: int
    box: tuple[float, float, float, float]
    code: tuple[float, float]
