"""The evidence zip as a file: written in one way only, and read back by nothing but that way.

A zip that is written anew from what was read out of it must be the same file. So no entry hides behind another of the
same name, no bytes lie between, before or behind the entries, nothing is packed, encrypted or a link, and no name leads
out. Everything is stored: what comes out is never larger than what came in.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

from songthan.domain.bundles import safe_path
from songthan.domain.errors import DataError

__all__ = ["is_zip", "unpack_zip", "write_zip"]

_DATE = (1980, 1, 1, 0, 0, 0)
_MOST = 20_000
_LARGEST = 8 << 30
_UNIX = 3


def is_zip(path: Path) -> bool:
    """Does the file begin as a zip does?"""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def write_zip(target: Path, top: str, files: Mapping[str, bytes | Path]) -> None:
    """Write `target`, whole or not at all: `files` below the folder `top`. Equal files, equal bytes."""
    partial = target.with_name(f".{target.name}.partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{top}/{name}", _DATE)
            info.create_system = _UNIX
            info.external_attr = (0o755 if name == "check.sh" else 0o644) << 16
            data = files[name]
            if isinstance(data, bytes):
                archive.writestr(info, data)
                continue
            info.file_size = data.stat().st_size
            with data.open("rb") as source, archive.open(info, "w") as out:
                shutil.copyfileobj(source, out, 1 << 20)
    with partial.open("rb") as written:
        os.fsync(written.fileno())
    partial.replace(target)


def unpack_zip(source: Path, folder: Path) -> Path:
    """Lay the zip's files down in `folder` (empty); returns the zip's top folder. DataError for any zip not of ours."""
    refusal = DataError(
        "แฟ้ม zip นี้ไม่ได้เขียนตามแบบที่ระบบเขียน หรือถูกแก้ไข", where=source.name, remedy="ขอแฟ้มหลักฐานใหม่จากผู้ส่ง"
    )
    if source.stat().st_size > _LARGEST:
        raise refusal
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            top = names[0].split("/")[0] if names else ""
            if not top or len(entries) > _MOST or not all(_fitting(entry, top) for entry in entries):
                raise refusal
            # stored entries that overlap would come out larger than they came in
            if sum(entry.file_size for entry in entries) > source.stat().st_size:
                raise refusal
            if len({name.casefold() for name in names}) != len(names):
                raise refusal
            for entry in entries:
                place = folder / entry.filename
                place.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as data, place.open("xb") as out:
                    shutil.copyfileobj(data, out, 1 << 20)
    # NotImplementedError: zipfile's word for a zip of a later version than it knows
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, RuntimeError) as error:
        raise refusal from error
    found = {name.removeprefix(f"{top}/"): folder / name for name in names}
    again = folder / ".again.zip"
    write_zip(again, top, found)
    same = filecmp.cmp(again, source, shallow=False)
    again.unlink()
    if not same:
        raise refusal
    return folder / top


def _fitting(entry: zipfile.ZipInfo, top: str) -> bool:
    name = entry.filename
    return (
        safe_path(top)
        and name.startswith(f"{top}/")
        and safe_path(name.removeprefix(f"{top}/").removeprefix("bundle/"))
        and entry.compress_type == zipfile.ZIP_STORED
        and entry.compress_size == entry.file_size
        and not entry.flag_bits & 1
    )
