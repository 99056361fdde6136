"""A file as it lies inside Outlook's own wrappings (winmail.dat, .msg)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class WrappedFile:
    """Its name as written, the type its sender gave, its bytes; `is_message`: a whole mail, unopened."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    data: bytes = b""
    is_message: bool = False
