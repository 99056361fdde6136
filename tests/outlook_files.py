"""Writes what Outlook writes, for tests: a winmail.dat (MS-OXTNEF) and a .msg (MS-CFB with MS-OXMSG), small and plain."""

from __future__ import annotations

import struct
from collections.abc import Sequence

SECTOR, MINI, CUTOFF = 512, 64, 4096
END, FREE, FAT_SECTOR, NOBODY = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


# winmail.dat


def attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def mapi(properties: Sequence[tuple[int, int, bytes]]) -> bytes:
    """A property list: (id, type, bytes); fixed types as they are, the others with count, length and padding."""
    out = struct.pack("<I", len(properties))
    for name, kind, data in properties:
        out += struct.pack("<HH", kind, name)
        if kind in (0x1E, 0x1F, 0x0D, 0x102):
            out += struct.pack("<II", 1, len(data)) + data + b"\x00" * (-len(data) % 4)
        else:
            out += data
    return out


def wide(text: str) -> bytes:
    return (text + "\x00").encode("utf-16-le")


def tnef(files: Sequence[tuple[str, bytes]], *, text: str = "", message: bytes = b"") -> bytes:
    """A winmail.dat with these files, the mail's own words, and perhaps a whole mail (a TNEF stream of its own)."""
    out = struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00069007, struct.pack("<II", 874, 0))
    if text:
        out += attribute(1, 0x00069003, mapi([(0x1000, 0x1F, wide(text))]))
    for number, (name, data) in enumerate(files):
        short = f"FILE{number}.DAT\x00".encode("ascii")
        out += attribute(2, 0x00069002, b"\x01\x00" + b"\x00" * 12) + attribute(2, 0x00018010, short)
        out += attribute(2, 0x0006800F, data) + attribute(2, 0x00069005, mapi([(0x3707, 0x1F, wide(name))]))
    if message:
        described = mapi([(0x3705, 0x03, struct.pack("<I", 5)), (0x3701, 0x0D, b"\x07\x03\x02" + b"\x00" * 13 + message)])
        out += attribute(2, 0x00069002, b"\x02\x00" + b"\x00" * 12) + attribute(2, 0x00069005, described)
    return out


# .msg


def msg(*, headers: str = "", text: str = "", files: Sequence[tuple[str, bytes]] = (), message: bool = False) -> bytes:
    """An Outlook file with this header block, these words and files, and perhaps an (empty) mail within."""
    top: dict[str, object] = {"__properties_version1.0": b"\x00" * 32}
    if headers:
        top["__substg1.0_007D001F"] = headers.encode("utf-16-le")
    if text:
        top["__substg1.0_1000001F"] = text.encode("utf-16-le")
    for number, (name, data) in enumerate(files):
        top[f"__attach_version1.0_#{number:08X}"] = {
            "__properties_version1.0": b"\x00" * 8,
            "__substg1.0_3707001F": name.encode("utf-16-le"),
            "__substg1.0_37010102": data,
        }
    if message:
        top[f"__attach_version1.0_#{len(files):08X}"] = {
            "__properties_version1.0": b"\x00" * 8,
            "__substg1.0_3001001F": "จดหมายชั้นใน".encode("utf-16-le"),
            "__substg1.0_3701000D": {"__properties_version1.0": b"\x00" * 24},
        }
    return compound(top)


def compound(tree: dict[str, object]) -> bytes:
    """A compound file; its directory is a chain of right brothers, which every reader takes for a (poor) tree."""
    entries: list[list] = [["Root Entry", 5, NOBODY, NOBODY, b""]]

    def add(folder: dict[str, object]) -> int:
        first, before = NOBODY, NOBODY
        for name, content in sorted(folder.items(), key=lambda pair: (len(pair[0]), pair[0].upper())):
            place = len(entries)
            entries.append([name, 1 if isinstance(content, dict) else 2, NOBODY, NOBODY, b"" if isinstance(content, dict) else content])
            if before == NOBODY:
                first = place
            else:
                entries[before][2] = place
            before = place
            if isinstance(content, dict):
                entries[place][3] = add(content)
        return first

    entries[0][3] = add(tree)
    sectors: list[bytes] = []
    fat: list[int] = []

    def lay(data: bytes) -> int:
        """The bytes in sectors of their own; the number of the first."""
        first = len(sectors)
        count = -(-len(data) // SECTOR)
        for n in range(count):
            sectors.append(data[n * SECTOR : (n + 1) * SECTOR].ljust(SECTOR, b"\x00"))
            fat.append(first + n + 1 if n + 1 < count else END)
        return first if count else END

    mini, mini_fat, starts = b"", [], []
    for _, kind, _, _, data in entries:
        if kind != 2 or not data:
            starts.append(END if kind == 2 else 0)
        elif len(data) >= CUTOFF:
            starts.append(lay(data))
        else:
            first, count = len(mini_fat), -(-len(data) // MINI)
            mini += data.ljust(count * MINI, b"\x00")
            mini_fat += [first + n + 1 if n + 1 < count else END for n in range(count)]
            starts.append(first)
    starts[0], entries[0][4] = lay(mini), mini
    minis = lay(b"".join(struct.pack("<I", n) for n in mini_fat))
    records = b"".join(_record(entry, start) for entry, start in zip(entries, starts, strict=True))
    directory = lay(records.ljust(-(-len(records) // SECTOR) * SECTOR, b"\x00"))
    tables = 1
    while (len(fat) + tables) * 4 > tables * SECTOR:
        tables += 1
    table = struct.pack(f"<{len(fat) + tables}I", *fat, *[FAT_SECTOR] * tables).ljust(tables * SECTOR, b"\xff")
    places = [len(sectors) + n for n in range(tables)]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 16 + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, tables, directory, 0, CUTOFF, minis, -(-len(mini_fat) * 4 // SECTOR), END, 0)
    head += struct.pack("<109I", *places, *[FREE] * (109 - tables))
    return head + b"".join(sectors) + table


def _record(entry: list, start: int) -> bytes:
    name, kind, right, child, data = entry
    shown = name.encode("utf-16-le") + b"\x00\x00"
    size = len(data) if kind in (2, 5) else 0
    return struct.pack("<64sHBBIII16xIQQIQ", shown, len(shown), kind, 1, NOBODY, right, child, 0, 0, 0, start, size)
