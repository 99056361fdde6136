"""A plan.toml rolled as text: only years, dates and the fiscal year change; comments and layout stay a person's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from songthan.domain.errors import DataError
from songthan.domain.rolling import Roller

__all__ = ["rolled_toml"]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+) | (?P<line>\n) | (?P<comment>\#[^\n]*)
    | (?P<long>\"\"\"(?:\\.|[^\\])*?\"\"\"+ | '''.*?'''+)
    | (?P<string>"(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<date>\d{4}-\d{2}-\d{2}(?![\d:.T-])) | (?P<mark>[\[\]{},=]) | (?P<bare>[^\s\[\]{},=\#"']+)""",
    re.X | re.S,
)


@dataclass(frozen=True, kw_only=True)
class _Value:
    """A string, date or bare value at `start`-`end` of the text; `place` is «table[n].key», the n-th such table, with
    «:m» behind it for the m-th further value of a list."""

    kind: str
    place: str
    start: int
    end: int


def rolled_toml(text: str, roller: Roller, *, where: str) -> str:
    """`text` (valid TOML) for the roller's new year.

    DataError when anything but a text, a date or `fiscal_year` came out differently: then nothing may be written.
    """
    pieces, end = [], 0
    for value in _values(text):
        new = _rolled(text[value.start : value.end], value, roller)
        pieces += [text[end : value.start], new]
        end = value.end
    rolled = "".join([*pieces, text[end:]])
    if _shape(tomllib.loads(text), roller.old) != _shape(tomllib.loads(rolled), roller.new):
        raise DataError("ทำแผนปีใหม่จากแฟ้มนี้ไม่ได้ครบถ้วน", where=where, remedy="แจ้งผู้ดูแลพร้อมแฟ้มนี้ แผนเดิมไม่ได้ถูกแก้")
    return rolled


def _rolled(raw: str, value: _Value, roller: Roller) -> str:
    if value.kind == "date":
        return roller.move(value.place, date.fromisoformat(raw)).isoformat()
    if value.kind == "bare":
        return str(roller.new) if value.place == ".fiscal_year" else raw
    quotes = 3 if value.kind == "long" else 1
    inside = raw[quotes:-quotes]
    new = roller.text(value.place, inside)
    if re.fullmatch(r"deadlines\[\d+\]\.id", value.place) and new == inside:
        # the ledger knows a deadline by its id: last year's is done, so this year's needs one of its own
        new = f"{roller.new}-{inside}"
    return f"{raw[:quotes]}{new}{raw[-quotes:]}"


def _values(text: str) -> Iterator[_Value]:
    """Every value of the file in order, with the table and key it stands under."""
    tables: dict[str, int] = {}
    table, key, depth, at, item = "", "", 0, 0, 0
    waiting = True  # for a key or a table's head at the beginning of a line
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:  # a stray sign tomllib took for granted; it is no value
            at += 1
            continue
        kind, at = str(token.lastgroup), token.end()
        if kind in ("space", "comment"):
            continue
        if kind == "line":
            waiting = waiting or depth == 0
            continue
        if depth == 0 and waiting and kind == "mark" and token[0] == "[":
            at = text.index("\n", at) if "\n" in text[at:] else len(text)
            name = re.sub(r"\s*#.*|[\[\]\s]", "", text[token.start() : at])
            tables[name] = tables.get(name, 0) + 1
            table = f"{name}[{tables[name]}]"
            continue
        if depth == 0 and waiting:
            key, at = _key(text, token.start())
            waiting, item = False, 0
            continue
        if kind == "mark":
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            continue
        if re.match(r"[ \t]*=", text[at:]):
            continue  # the key of an inline table
        place = f"{table}.{key}" + (f":{item}" if item else "")
        yield _Value(kind=kind, place=place, start=token.start(), end=token.end())
        item += 1


def _key(text: str, at: int) -> tuple[str, int]:
    """The key that begins at `at`, and where its value begins."""
    equals = text.index("=", at)
    return text[at:equals].strip().strip("\"'"), equals + 1


def _shape(value: object, year: int) -> object:
    """What must not change: keys, lists' lengths, kinds, numbers. Texts and dates count as their kind only."""
    if isinstance(value, dict):
        return {k: ("year", v == year) if k == "fiscal_year" else _shape(v, year) for k, v in value.items()}
    if isinstance(value, list):
        return [_shape(v, year) for v in value]
    return type(value).__name__ if isinstance(value, (str, date)) else value
