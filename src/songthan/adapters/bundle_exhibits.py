"""A piece of evidence as pages for the bundle: a PDF's own, a picture on A4, a Word document as LibreOffice prints it.

Everything a stranger made is opened in the sandbox, and a Word document goes through LibreOffice in its jail. What cannot be
shown (films, spreadsheets, archives, locked or damaged files) is only listed, and lies in the bundle's folder as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from songthan.adapters.assemble_pdf import exhibit_pages
from songthan.adapters.convert_jail import convert_jailed
from songthan.adapters.convert_steady import steady
from songthan.adapters.sandbox import Sandbox
from songthan.domain.errors import ConversionFailed, ReadRefused

__all__ = ["ExhibitShower"]

_WORD_JOB = "songthan.adapters.read_exhibit:word_job"
_ZIP = b"PK\x03\x04"
#: Only the pages are taken; the day in the file in between is any.
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_TRIES = 2


class ExhibitShower:
    """`fonts` is the fontconfig file of the official faces; `convert` turns a checked docx into PDF (None: LibreOffice)."""

    def __init__(
        self, sandbox: Sandbox, *, fonts: Path | None = None, convert: Callable[[bytes], bytes] | None = None
    ) -> None:
        self._sandbox, self._fonts = sandbox, fonts
        self._convert = convert or self._by_libreoffice

    def pages(self, data: bytes) -> bytes | None:
        """The pages as a harmless PDF; None when it can only be listed. EnvironmentNotReady without LibreOffice: a Word
        document must not be missing because a program is."""
        if not data.startswith(_ZIP):
            return exhibit_pages(data, sandbox=self._sandbox)
        try:
            answer, blobs = self._sandbox.run(_WORD_JOB, data, {})
        except ReadRefused:
            return None
        if not answer["word"]:
            return None
        for _ in range(_TRIES):
            try:
                made = self._convert(blobs[0])
            except ConversionFailed:
                continue
            return exhibit_pages(made, sandbox=self._sandbox, archive=True)
        return None

    def _by_libreoffice(self, docx: bytes) -> bytes:
        return steady(convert_jailed(docx, "docx", "pdf", fonts=self._fonts), _ANY_DAY)
