"""`ports.SheetReader`: scans of a page to sign, opened in the sandbox; a file that cannot be read has no sheets."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from songthan.domain.errors import ReadRefused
from songthan.domain.seal_codes import Sheet, SheetCode, SheetComparison, SheetFile, read_payload

__all__ = ["SandboxedSheets"]

_JOBS = "songthan.adapters.read_scan_sheet"


class _Runner(Protocol):
    def run(self, job: str, payload: bytes | Path, args: dict | None = None) -> tuple[dict, list[bytes]]: ...


class SandboxedSheets:
    """Never raises for what a file holds."""

    def __init__(self, sandbox: _Runner) -> None:
        self._sandbox = sandbox

    def look(self, file: bytes | Path, sha256: str) -> SheetFile:
        try:
            answer, _ = self._sandbox.run(f"{_JOBS}:look_job", file, {})
            return SheetFile(
                sha256=sha256, sheets=tuple(_sheet(s) for s in answer["sheets"]), partly=bool(answer["partly"])
            )
        except (ReadRefused, KeyError, TypeError, ValueError):
            return SheetFile(sha256=sha256, partly=True)

    def pages(self, file: bytes | Path, numbers: Sequence[int]) -> list[bytes]:
        try:
            answer, found = self._sandbox.run(f"{_JOBS}:pages_job", file, {"numbers": list(numbers)})
        except ReadRefused:
            return []
        return found if answer.get("found") == len(numbers) else []

    def compare(
        self,
        file: bytes | Path,
        number: int,
        *,
        code: str,
        frozen: bytes,
        box: tuple[float, float, float, float],
        words: bool = False,
    ) -> SheetComparison:
        args = {
            "number": number, "code": code, "box": list(box), "words": words,
            "frozen": base64.b64encode(frozen).decode("ascii"),
        }  # fmt: skip
        try:
            answer, pictures = self._sandbox.run(f"{_JOBS}:compare_job", file, args)
            return SheetComparison(
                whole=bool(answer["whole"]),
                ink=float(answer["ink"]),
                read=str(answer.get("read", "")),
                same=float(answer.get("same", 0.0)),
                missing=tuple(str(line) for line in answer.get("missing", ())),
                strange=tuple(str(line) for line in answer.get("strange", ())),
                picture=pictures[0] if pictures else None,
            )
        except (ReadRefused, KeyError, TypeError, ValueError):
            return SheetComparison(whole=False, ink=0.0, read="late")


def _sheet(found: Mapping) -> Sheet:
    codes = []
    for seen in found["codes"]:
        code = read_payload(str(seen["text"]))
        if code is None or len(seen["corners"]) != 4:
            raise ValueError("no code of ours")
        codes.append(SheetCode(code=code, corners=tuple((float(x), float(y)) for x, y in seen["corners"])))
    return Sheet(number=int(found["number"]), width=int(found["width"]), height=int(found["height"]), codes=tuple(codes))
