"""Reads `templates/language/CODE.toml`: how an office that does not read Thai is spoken to.

Months, weekdays and the patterns of dates, and for each phrase of the engine (Thai, its own key) the language's words.
Era and digits are not the language's but the organisation's, and come from the plan.
"""

from __future__ import annotations

import string
from dataclasses import replace
from pathlib import Path
from typing import Any

from songthan.adapters.plan_files import load_toml
from songthan.domain.errors import DataError
from songthan.domain.language import THAI, Language
from songthan.domain.plans import Organisation

__all__ = ["language_of", "load_language", "with_era"]

_LISTS = {"months": 12, "short_months": 12, "weekdays": 7}
_PATTERNS = {
    "day": {"day", "month", "number", "year"},
    "short_day": {"day", "month", "number", "year"},
    "weekday_day": {"weekday", "day_words"},
    "moment": {"day_words", "hour", "minute"},
    "short_moment": {"day_words", "hour", "minute"},
}
_WORDS = ("units", "percent", "none", "yes", "no", "small", "receipt")
_KEYS = (*_LISTS, *_PATTERNS, *_WORDS, "decimal", "phrases")


def language_of(organisation: Organisation, templates: Path) -> Language:
    """The language of an office, with its own era and digits. DataError when `templates/language` lacks its file."""
    if organisation.language == "th":
        return with_era(THAI, organisation)
    return with_era(load_language(templates / "language", organisation.language), organisation)


def with_era(language: Language, organisation: Organisation) -> Language:
    """`language` with the years and the digits of an organisation."""
    found = replace(
        language,
        thai_digits=organisation.digits == "thai",
        year_offset=organisation.year_offset,
        first_month=organisation.fiscal_year_starts,
    )
    return language if found == language else found


def load_language(folder: Path, code: str) -> Language:
    """The language of `folder/CODE.toml`. DataError for a key nobody knows, a list too short, or words whose {names}
    are not the phrase's own."""
    path = folder / f"{code}.toml"
    data = load_toml(path)
    for key in data:
        if key not in _KEYS:
            known = ", ".join(_KEYS)
            raise DataError(f"ไม่รู้จักคีย์ «{key}»", where=str(path), remedy=f"คีย์ที่ใช้ได้: {known}")
    words = {key: _words(data.get(key, []), f"{path} {key}") for key in _WORDS}
    if data.get("decimal", ".") not in (".", ","):
        raise DataError(f"decimal «{data['decimal']}» ใช้ไม่ได้", where=str(path), remedy='ใช้ "." หรือ ","')
    lists = {key: _names(data.get(key), size, f"{path} {key}") for key, size in _LISTS.items()}
    patterns = {key: data[key] for key in _PATTERNS if key in data}
    for key, pattern in patterns.items():
        if not isinstance(pattern, str) or not _placeholders(pattern, f"{path} {key}") <= _PATTERNS[key]:
            names = " ".join(f"{{{name}}}" for name in sorted(_PATTERNS[key]))
            raise DataError(f"รูปแบบ «{key}» ใช้ไม่ได้", where=str(path), remedy=f"เขียนเป็นข้อความที่มีเพียง {names}")
    return Language(
        code=code,
        **lists,
        **patterns,
        **words,
        decimal=data.get("decimal", "."),
        phrases=_phrases(data.get("phrases", {}), f"{path} [phrases]"),
    )


def _names(value: Any, size: int, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) != size or not all(isinstance(v, str) and v for v in value):
        raise DataError(f"ต้องเป็นรายการข้อความ {size} คำ", where=where, remedy="ดูตัวอย่างใน plans/example-en/templates/language")
    return tuple(value)


def _words(value: Any, where: str) -> tuple[str, ...]:
    """Words to be read, lower case; `units` are single words."""
    single = where.endswith(" units")
    good = isinstance(value, list) and all(
        isinstance(w, str) and w.strip() == w != "" and (w.isalpha() or not single) for w in value
    )
    if not good:
        raise DataError(
            f"{where.rpartition(' ')[2]} ต้องเป็นรายการคำ", where=where, remedy='เขียนเป็นรายการคำ เช่น ["persons", "people"]'
        )
    return tuple(w.lower() for w in value)


def _phrases(table: Any, where: str) -> dict[str, str]:
    if not isinstance(table, dict):
        raise DataError("ตรงนี้ต้องเป็นตาราง", where=where, remedy='เขียนแต่ละบรรทัดเป็น "วลีไทย" = "คำแปล"')
    for phrase, words in table.items():
        here = f"{where} «{phrase[:60]}»"
        if not isinstance(words, str):
            raise DataError("คำแปลต้องเป็นข้อความ", where=here, remedy='เขียนเป็น "วลีไทย" = "คำแปล"')
        wanted, given = _placeholders(phrase, here), _placeholders(words, here)
        if wanted != given:
            names = " ".join(f"{{{name}}}" for name in sorted(wanted)) or "ไม่มีช่องใด"
            raise DataError("ช่อง {…} ในคำแปลไม่ตรงกับวลี", where=here, remedy=f"ใช้ช่องต่อไปนี้ให้ครบและไม่เกิน: {names}")
    return dict(table)


def _placeholders(text: str, where: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise DataError(f"วงเล็บปีกกาไม่ครบคู่ ({error})", where=where, remedy="ปิดวงเล็บปีกกาให้ครบ") from error
