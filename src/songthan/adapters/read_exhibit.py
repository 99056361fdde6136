"""Is a piece of evidence a Word document that LibreOffice may open? The sandbox's job behind `bundle_exhibits`.

It passes the same checks as a returned form (no macros, passwords, embedded objects, links to load); and fields that print
the day it is opened keep the words Word saved, or the bundle would say another day each time it is made.
"""

from __future__ import annotations

import io
import re
import zipfile

from songthan.adapters.read_office import kind_of
from songthan.adapters.read_package import open_package
from songthan.domain.errors import ReadRefused

__all__ = ["word_job"]

# An unknown field keeps its saved result; behind the name a space, a switch or the end.
_OF_TODAY = re.compile(rb"(<w:instrText[^>]*>\s*|\bw:instr=\"\s*)((?:DATE|TIME)(?=[\s\\<\"]))", re.IGNORECASE)


def word_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """{"word": True} and the document as it may be converted; False for anything else."""
    if kind_of(payload) != "docx":
        return {"word": False}, []
    try:
        open_package(payload)
    except ReadRefused:
        return {"word": False}, []
    return {"word": True}, [_still(payload)]


def _still(docx: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(docx)) as package:
        parts = {n: package.read(n) for n in package.namelist()}
    changed = {
        n: new
        for n, data in parts.items()
        if n.startswith("word/") and n.endswith(".xml") and (new := _OF_TODAY.sub(rb"\g<1>SAVED\g<2>", data)) != data
    }
    if not changed:
        return docx
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            package.writestr(zipfile.ZipInfo(name), changed.get(name, data), zipfile.ZIP_DEFLATED)
    return out.getvalue()
