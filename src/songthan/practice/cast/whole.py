"""What is typed into the forms that one person answers whole: read from `whole-2566.toml`, the same every time.

A mistake (`spoiled`) empties the first text or puts ๑๒๐ into the first percent. Evidence named here is attached.
"""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path

from songthan.practice.cast import script
from songthan.practice.cast.answers import Typed
from songthan.practice.cast.people import CastError

TEXTS = Path(__file__).with_name("whole-2566.toml")
_ROW = "[]0123456789"
_ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_NUMBERS = ("percent", "persons", "joined", "headcount", "topics", "channels", "media")
FILES = (".pdf", ".jpg", ".jpeg", ".docx")


@functools.cache
def _own() -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def _texts() -> Mapping[str, Mapping[str, object]]:
    return script.whole() if script.foreign() else _own()


def known(form: str) -> bool:
    """Does the cast know what to type into this form?"""
    return form in _texts()


def compose_whole(form: str, fields: Mapping[str, str], *, mistake: str = "", spoiled: bool = False) -> dict[str, Typed]:
    """The answers to `fields` (control name → «text» or «choice»). CastError for a field nobody knows.

    What the office filled in already is left as it is: such a field is written "" in the file and not typed.
    """
    texts = _texts()[form]
    found: dict[str, Typed] = {}
    for name, kind in fields.items():
        row, dot, key = name.rpartition(".")
        table = row.rstrip(_ROW) if dot else ""
        entry = texts.get(f"{table}.{key}" if table else name)
        if entry is None:
            raise CastError(f"form {form}, field {name}: nobody in the cast knows what to type (whole-2566.toml)")
        if isinstance(entry, list):
            at = int(row[len(table) + 1 : -1]) - 1
            entry = entry[at] if at < len(entry) else ""
        if entry:
            found[name] = _typed(str(entry), kind, key or name)
    if spoiled:
        _spoil(found, mistake)
    return found


def _typed(text: str, kind: str, key: str) -> Typed:
    if kind == "choice":
        return Typed(typed=text, kind="choice")
    if key.rpartition("_")[2] in _NUMBERS or key in _NUMBERS:
        digits = "".join(c for c in text.translate(_ARABIC) if c.isdigit() or c == ".")
        return Typed(typed=text, kind="percent" if "percent" in key else "count", numeric=digits)
    return Typed(typed=text, kind="text")


def _spoil(found: dict[str, Typed], mistake: str) -> None:
    wanted = "percent" if mistake == "percent" else "text"
    name = next((n for n, typed in found.items() if typed.kind == wanted), None)
    if name is not None:
        numeric = "120" if wanted == "percent" else None
        found[name] = Typed(typed=script.digits(120) if wanted == "percent" else "", kind=wanted, numeric=numeric)


def files_named(texts: Mapping[str, Typed]) -> list[str]:
    """The names of the files the answers speak of, to be attached."""
    lines = (line.strip() for typed in texts.values() for line in typed.typed.splitlines())
    return list(dict.fromkeys(line for line in lines if line.lower().endswith(FILES) and "/" not in line))
