"""The imported tables as TOML files, as a person would write them; what was replaced is kept beside them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from songthan.domain.errors import EnvironmentNotReady

__all__ = ["BASE", "as_toml", "base_text", "read_base", "write_files"]

#: What the last import read, value by value: tells later what a person has changed since.
BASE = "imported.json"
_WIDTH = 118


def as_toml(document: Mapping[str, Any], head: str = "") -> str:
    """A document of scalars, tables and lists of tables as TOML text. `head` becomes comment lines."""
    lines = [f"# {line}" for line in head.splitlines()]
    plain = {k: v for k, v in document.items() if not _is_table(v) and not _is_tables(v)}
    lines += [_pair(k, v) for k, v in plain.items()]
    for key, value in document.items():
        if _is_table(value):
            lines += _table(key, value)
        elif _is_tables(value):
            for row in value:
                lines += ["", f"[[{key}]]", *(_pair(k, v) for k, v in row.items())]
    return "\n".join(lines) + "\n"


def _table(name: str, value: Mapping[str, Any]) -> list[str]:
    """`[name]`, or `[name.KEY]` for each key when it holds tables only."""
    if value and all(_is_table(v) for v in value.values()):
        return [line for key, inner in value.items() for line in _table(f"{name}.{_key(key)}", inner)]
    return ["", f"[{name}]", *(_pair(k, v) for k, v in value.items())]


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping)


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _key(key: str) -> str:
    return (
        key
        if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key)
        else json.dumps(key, ensure_ascii=False)
    )


def _pair(key: str, value: object) -> str:
    short = f"{_key(key)} = {_value(value)}"
    if not isinstance(value, list) or not value or (len(short) <= _WIDTH and "\n" not in short):
        return short
    return f"{_key(key)} = [\n" + "".join(f"  {_value(v)},\n" for v in value) + "]"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        # TOML's basic strings are JSON's, but for DEL
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    raise TypeError(type(value).__name__)


def read_base(folder: Path) -> dict[str, Any] | None:
    """The documents of the last import into `folder`, dates as dates; None when there was none or it cannot be read."""
    try:
        return json.loads((folder / BASE).read_text(encoding="utf-8"), object_hook=_dates)
    except (OSError, ValueError):
        return None


def _dates(data: dict[str, Any]) -> Any:
    return date.fromisoformat(data["$date"]) if set(data) == {"$date"} else data


def base_text(documents: Mapping[str, Any]) -> str:
    """The documents as the JSON that `read_base` reads."""
    return json.dumps(documents, ensure_ascii=False, indent=1, default=lambda d: {"$date": d.isoformat()})


def write_files(folder: Path, texts: Mapping[str, str]) -> list[str]:
    """Write the files (name → text), each at once or not at all; an older plan file goes to `before-import/` first.

    Returns the names written; a file that already holds its text is left alone. EnvironmentNotReady when it cannot write.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            path = folder / name
            old = path.read_bytes() if path.is_file() else None
            if old == text.encode("utf-8"):
                continue
            if old is not None and name.endswith(".toml"):
                (folder / "before-import").mkdir(exist_ok=True)
                _put(folder / "before-import" / name, old)
            _put(path, text.encode("utf-8"))
            written.append(name)
    except OSError as error:
        raise EnvironmentNotReady(
            f"เขียนโฟลเดอร์แผนไม่ได้ ({error.strerror})",
            where=str(folder),
            remedy="ตรวจสิทธิการเขียน หรือเลือกโฟลเดอร์อื่นด้วย --out",
        ) from error
    return written


def _put(path: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
