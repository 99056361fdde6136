"""Which faces pdfium draws with when a PDF brings none of its own: the official ones that `make setup` laid down.

A form field's value is drawn by the reader, not by the file. Left to itself pdfium takes any Thai face of the machine, or
none, and then the letters are lost: what is read would depend on the machine. Imported by whoever opens a PDF to read it,
before the first document is opened.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pypdfium2.raw as pdfium
from pypdfium2.internal.bases import ObjectTracker

__all__ = ["FACES", "draw_with"]

#: Where `make setup` puts the official faces of this Python.
FACES = Path(sys.prefix) / "share" / "songthan" / "fonts"
# pdfium keeps the pointers, not the texts
_kept: list[object] = []


def draw_with(folder: Path) -> bool:
    """Start pdfium anew with the faces of `folder` as its only ones besides its own; False (and nothing changed) when the
    folder is not there or a document is open."""
    if not folder.is_dir() or any(ObjectTracker.values()):
        return False
    paths = (ctypes.c_char_p * 2)(str(folder).encode(), None)
    config = pdfium.FPDF_LIBRARY_CONFIG(
        version=2,
        m_pUserFontPaths=ctypes.cast(paths, ctypes.POINTER(ctypes.POINTER(ctypes.c_char))),
        m_pIsolate=None,
        m_v8EmbedderSlot=0,
    )
    pdfium.FPDF_DestroyLibrary()
    pdfium.FPDF_InitLibraryWithConfig(config)
    _kept[:] = [paths, config]
    return True


draw_with(FACES)
