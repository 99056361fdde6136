"""A draft as one MIME file that grows by a file at a time: for servers that take a draft whole (IMAP).

Its last line is the closing boundary, so a file is attached by writing over that line; nothing else is touched or held in
memory. The boundary is read from the draft's own head: a server may have written the head anew.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from datetime import datetime
from email.parser import BytesHeaderParser
from email.utils import format_datetime, getaddresses
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from songthan.adapters.outgoing_mime import body, head
from songthan.domain.errors import MailDenied, MailNotFound
from songthan.domain.language import say
from songthan.domain.messages import OutgoingMail

__all__ = ["add_file", "recipients", "write_draft"]

_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
_HEAD_LIMIT = 256 * 1024  # bytes; our own heads are a few thousand
_PIECE = 57 * 1024  # a multiple of 57 bytes gives whole base64 lines of 76
_NAME_PIECE = 60  # characters of an encoded file name on one line (RFC 2231 continuations)


def write_draft(
    out: BinaryIO, mail: OutgoingMail, *, sender: str, sender_name: str, message_id: str, date: datetime, mark: tuple[str, str]
) -> None:
    """The whole mail without its files into the empty file `out`; `mark` is a header of ours, name and value."""
    boundary = f"=_songthan_files_{hashlib.sha256(mail.key.encode()).hexdigest()[:24]}"
    name, value = mark
    out.write(head(mail, sender=sender, sender_name=sender_name, message_id=message_id))
    out.write(f"Date: {format_datetime(date)}\r\n{name}: {value}\r\nMIME-Version: 1.0\r\n".encode("ascii"))
    out.write(f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n--{boundary}\r\n'.encode("ascii"))
    out.write(body(mail).replace(b"MIME-Version: 1.0\r\n", b"", 1).rstrip(b"\r\n"))
    out.write(f"\r\n--{boundary}--\r\n".encode("ascii"))


def add_file(draft: BinaryIO, *, name: str, type: str, path: Path) -> None:
    """One more attachment at the draft's end; MailNotFound when `draft` is no longer as we wrote it."""
    closing = f"--{_boundary(draft)}--".encode("ascii")
    end = draft.seek(0, os.SEEK_END)
    start = max(0, end - len(closing) - 64)
    draft.seek(start)
    at = draft.read().rfind(closing)
    if at < 0:
        raise MailNotFound(say("ร่างจดหมายถูกแก้ไขในกล่องจดหมาย"), where="attach", remedy=say("ระบบจะทำร่างใหม่เอง"))
    draft.seek(start + at)
    draft.truncate()
    for line in _part(closing[:-2], name, type, path):
        draft.write(line)
    draft.write(closing + b"\r\n")


def recipients(draft: BinaryIO) -> tuple[str, ...]:
    """Whom the draft is for, To and Cc, each once."""
    fields = _head(draft)
    found = [address for _, address in getaddresses([str(v) for n in ("To", "Cc") for v in fields.get_all(n, [])])]
    return tuple(dict.fromkeys(address for address in found if address))


def _part(opening: bytes, name: str, type: str, path: Path) -> Iterator[bytes]:
    if not _TYPE.fullmatch(type):
        type = "application/octet-stream"
    yield opening + f"\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: base64\r\n".encode("ascii")
    yield b"Content-Disposition: attachment" + b"".join(_file_name(name)) + b"\r\n\r\n"
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            text = base64.b64encode(piece)
            yield b"".join(text[i : i + 76] + b"\r\n" for i in range(0, len(text), 76))


def _file_name(name: str) -> Iterator[bytes]:
    """RFC 2231, in continuations; a percent sign and its two digits stay on one line."""
    if not name or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise MailDenied(say("ชื่อไฟล์แนบมีอักขระควบคุมหรือว่างเปล่า"), where="attach", remedy=say("ตรวจชื่อแบบในแผน"))
    units = re.findall(r"%..|[^%]", quote(name, safe=""))
    lines, line = [], ""
    for unit in units:
        if len(line) + len(unit) > _NAME_PIECE:
            lines.append(line)
            line = ""
        line += unit
    lines.append(line)
    if len(lines) == 1:
        yield f";\r\n filename*=utf-8''{lines[0]}".encode("ascii")
        return
    for number, text in enumerate(lines):
        lead = "utf-8''" if number == 0 else ""
        yield f";\r\n filename*{number}*={lead}{text}".encode("ascii")


def _boundary(draft: BinaryIO) -> str:
    boundary = _head(draft).get_boundary()
    if not boundary or not boundary.isascii():
        raise MailNotFound(say("ร่างจดหมายถูกแก้ไขในกล่องจดหมาย"), where="attach", remedy=say("ระบบจะทำร่างใหม่เอง"))
    return boundary


def _head(draft: BinaryIO):
    draft.seek(0)
    lines = []
    for line in iter(lambda: draft.readline(_HEAD_LIMIT), b""):
        if not line.strip():
            break
        lines.append(line)
    return BytesHeaderParser().parsebytes(b"".join(lines) + b"\r\n")
