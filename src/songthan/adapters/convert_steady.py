"""LibreOffice's PDF without the time of day in it, so that equal documents give equal bytes.

LibreOffice 7.4 writes the moment into the Info dictionary, the XMP packet and the sRGB profile it makes for the output
intent, and makes the file's identity of it; no setting turns that off. All but the profile are replaced by as many bytes;
the profile is compressed, so the table of places is mended after it. A file of another shape is left as it is.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from datetime import UTC, datetime

__all__ = ["steady"]

_INFO_DATE = re.compile(rb"/(CreationDate|ModDate)\(D:\d{14}Z'?\)")
_XMP_DATE = re.compile(rb"<xmp:(Create|Modify|Metadata)Date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ<")
_IDENTITY = re.compile(rb"(/ID \[ <)[0-9A-F]{32}(>\s+<)[0-9A-F]{32}(> \]\s+/DocChecksum /)[0-9A-F]{32}")
_PROFILE = re.compile(rb"/DestOutputProfile (\d+) 0 R")
_PROFILE_HEAD = re.compile(rb"\d+ 0 obj\s*<<[^>]*?/Length (\d+) 0 R[^>]*?/Filter/FlateDecode[^>]*>>\s*stream\n")
_LENGTH = re.compile(rb"\d+ 0 obj\s+(\d+)\s+endobj")
_END = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*\Z")
_TABLE = re.compile(rb"xref\s+0 (\d+)\s*\n")

#: (from, to, what comes there instead)
_Edit = tuple[int, int, bytes]


def steady(pdf: bytes, at: datetime) -> bytes:
    """`pdf`, as LibreOffice wrote it in the zone UTC, with `at` (aware) for its date and an identity made of its content."""
    moment = at.astimezone(UTC)
    pdf = _with_profile_of(pdf, moment)
    pdf = _INFO_DATE.sub(moment.strftime("/\\g<1>(D:%Y%m%d%H%M%SZ')").encode("ascii"), pdf)
    pdf = _XMP_DATE.sub(moment.strftime("<xmp:\\g<1>Date>%Y-%m-%dT%H:%M:%SZ<").encode("ascii"), pdf)
    bare = _IDENTITY.sub(rb"\1\2\3", pdf)
    identity = hashlib.sha256(bare).hexdigest()[:32].upper().encode("ascii")
    return _IDENTITY.sub(rb"\g<1>%b\g<2>%b\g<3>%b" % (identity, identity, identity), pdf)


def _with_profile_of(pdf: bytes, moment: datetime) -> bytes:
    """The colour profile's own date (ICC.1, bytes 24 to 35) set to `moment`."""
    places = _places(pdf)
    named = _PROFILE.search(pdf)
    head = _PROFILE_HEAD.match(pdf, places.get(int(named[1]), len(pdf))) if named else None
    length = _LENGTH.match(pdf, places.get(int(head[1]), len(pdf))) if head else None
    if head is None or length is None:
        return pdf
    start, end = head.end(), head.end() + int(length[1])
    try:
        profile = bytearray(zlib.decompress(pdf[start:end]))
    except zlib.error:
        return pdf
    if profile[36:40] != b"acsp":
        return pdf
    struct.pack_into(">6H", profile, 24, *moment.timetuple()[:6])
    packed = zlib.compress(bytes(profile), 9)
    return _edited(pdf, [(start, end, packed), (*length.span(1), b"%d" % len(packed))])


def _places(pdf: bytes) -> dict[int, int]:
    """Object → its place by the file's one table; empty for a file that is laid out otherwise."""
    end = _END.search(pdf, max(0, len(pdf) - 200))
    table = _TABLE.match(pdf, int(end[1])) if end else None
    if table is None:
        return {}
    rows = range(table.end(), table.end() + 20 * int(table[1]), 20)
    return {n: int(pdf[at : at + 10]) for n, at in enumerate(rows) if pdf[at + 17 : at + 18] == b"n"}


def _edited(pdf: bytes, edits: list[_Edit]) -> bytes:
    """`pdf` with these edits, and its table of places moved along."""
    end = _END.search(pdf, max(0, len(pdf) - 200))
    table = _TABLE.match(pdf, int(end[1])) if end else None
    if end is None or table is None:
        return pdf

    def moved(place: int) -> int:
        return place + sum(len(new) - (stop - start) for start, stop, new in edits if stop <= place)

    rows = bytearray(pdf[table.end() : table.end() + 20 * int(table[1])])
    for at in range(0, len(rows), 20):
        if rows[at + 17 : at + 18] == b"n":
            rows[at : at + 10] = b"%010d" % moved(int(rows[at : at + 10]))
    edits = [*edits, (table.end(), table.end() + len(rows), bytes(rows)), (*end.span(1), b"%d" % moved(int(end[1])))]
    out, done = [], 0
    for start, stop, new in sorted(edits):
        out += [pdf[done:start], new]
        done = stop
    return b"".join([*out, pdf[done:]])
