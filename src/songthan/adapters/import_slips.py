"""Signs of a slip of the pen or of OCR, without a word list: a phrase that differs by a letter from one that stands often
in the same document, a number's unit unlike the others, a word twice, a bracket or quote that never closes.

A sign is a doubt beside the row; the text stays as read.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from songthan.adapters.import_cells import D, lead_number, one_line
from songthan.adapters.import_rows import FoundActivity
from songthan.adapters.import_source import Paragraph, Source
from songthan.domain.import_notes import Notebook

__all__ = ["find_slips", "rest_to_check", "rows_to_check"]

#: letters of a compared phrase, and how often the usual one must stand in the document
_LONG, _OFTEN = 9, 2
#: letters of a document that are looked at: ten times the longest plan seen, a second's work
_MOST = 600_000
_TWICE = re.compile(r"([ก-๎]{5,})\s+(?=\1)|([ก-๎]{7,})\2")
_UNIT = re.compile(rf"[{D}]+\s*([ก-๎]{{2,12}})(?=\s|[).,]|$)")
_NO_LETTER = re.compile(r"[^ก-๎A-Za-z]")
_PAIRS = (("(", ")"), ("“", "”"), ("[", "]"))


def find_slips(source: Source, rows: Sequence[Mapping[str, Any]], notes: Notebook) -> None:
    """Doubts about the texts of `rows`: {"about", "place", "texts"}."""
    usual = _Usual(one_line(source.text())[:_MOST])
    units = Counter(u for r in rows for t in r["texts"] for u in _UNIT.findall(t))
    for row in rows:
        for text in row["texts"]:
            about, place = row["about"], row["place"]
            # «๑) …» at the head is a number's sign, not the end of a bracket
            body = lead_number(text)[2]
            for left, right in _PAIRS if row.get("whole", True) else ():
                if body.count(left) != body.count(right):
                    notes.doubt("bracket", about, f"«{left}» กับ «{right}» ไม่ครบคู่ใน «{text[:90]}»", place)
            if text.count('"') % 2:
                notes.doubt("bracket", about, f"เครื่องหมายคำพูดไม่ครบคู่ใน «{text[:90]}»", place)
            for match in _TWICE.finditer(text[:2000]):
                word = match[1] or match[2]
                notes.doubt(
                    "slip",
                    about,
                    f"คำว่า «{word}» อาจซ้ำสองครั้งใน «{text[max(0, match.start() - 15) : match.end() + 25]}»",
                    place,
                )
            for unit in _UNIT.findall(text):
                if other := _better_unit(unit, units):
                    notes.doubt("slip", about, f"หน่วย «{unit}» อาจหมายถึง «{other}» ซึ่งใช้ในแถวอื่น", place)
            for odd, often in usual.near_misses(text):
                notes.doubt("slip", about, f"«{odd}» ต่างจาก «{often}» ซึ่งแผนใช้ในที่อื่น เพียงหนึ่งหรือสองตัว", place)


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text)


def _better_unit(unit: str, units: Counter[str]) -> str:
    """A longer unit used in several rows that looks like this one, met once; empty when none."""
    if units[unit] > 1:
        return ""
    for other, count in units.most_common():
        alike = other[0] == unit[0] and len(other) > len(unit) and not other.startswith(unit)
        if count > 1 and alike and SequenceMatcher(None, unit, other, autojunk=False).ratio() >= 0.5:
            return other
    return ""


class _Usual:
    """The phrases of a document by one-letter neighbourhood: looked up, not compared each with each."""

    def __init__(self, text: str) -> None:
        letters = _letters(text)
        self._text = text
        self._spots = [k for k, c in enumerate(text) if not _NO_LETTER.match(c)]
        self._count = Counter(letters[i : i + _LONG] for i in range(len(letters) - _LONG + 1))
        self._masked: dict[str, set[str]] = defaultdict(set)
        middle = range(3, _LONG - 3)
        for phrase, count in self._count.items():
            if count >= _OFTEN:
                for k in middle:
                    self._masked[f"{phrase[:k]}\0{phrase[k + 1 :]}"].add(phrase)
                    self._masked[f"{phrase[: k - 1]}\0\0{phrase[k + 1 :]}"].add(phrase)
                    # one letter too few in the odd phrase
                    self._masked[f"-{phrase[:k]}{phrase[k + 1 :]}"].add(phrase)
        self._middle = middle
        self._letters = letters

    def near_misses(self, text: str) -> list[tuple[str, str]]:
        """(as read, as usual) for phrases of `text` that stand once in the document and nearly are a usual one."""
        spots = [k for k, c in enumerate(text) if not _NO_LETTER.match(c)]
        letters = "".join(text[k] for k in spots)
        found: list[tuple[str, str]] = []
        last = -_LONG
        for i in range(len(letters) - _LONG + 1):
            phrase = letters[i : i + _LONG]
            if i - last < _LONG or self._count[phrase] > 1:
                continue
            usual = self._usual(phrase) or self._usual_longer(letters[i : i + _LONG - 1])
            if usual:
                at = self._letters.find(usual)
                found.append((_around(text, spots, i), _around(self._text, self._spots, at)))
                last = i
        return found

    def _usual(self, phrase: str) -> str:
        for k in self._middle:
            one, two = f"{phrase[:k]}\0{phrase[k + 1 :]}", f"{phrase[: k - 1]}\0\0{phrase[k + 1 :]}"
            for usual in sorted((*self._masked.get(one, ()), *self._masked.get(two, ()))):
                same = [_vocal(a) == _vocal(b) for a, b in zip(usual, phrase, strict=True)]
                if usual != phrase and all(same):
                    return usual
        return ""

    def _usual_longer(self, short: str) -> str:
        if len(short) < _LONG - 1 or self._letters.count(short) > 1:
            return ""
        return min(self._masked.get(f"-{short}", ()), default="")


def _around(text: str, spots: Sequence[int], at: int) -> str:
    """The phrase at letter `at` as it is printed, with a few letters before and after."""
    return text[spots[max(0, at - 5)] : spots[min(at + _LONG + 4, len(spots)) - 1] + 1]


def _vocal(letter: str) -> bool:
    """A mark above or below, or a vowel: OCR mistakes these for one another, and consonants for consonants."""
    return "ะ" <= letter <= "ฺ" or "็" <= letter <= "๎"


def rest_to_check(source: Source, after: int) -> list[dict[str, Any]]:
    """The paragraphs after the activity tables: forms and the order."""
    found = []
    for block in source.blocks[after + 1 :]:
        if isinstance(block, Paragraph) and len(block.text) > 12:
            found.append({"about": block.place, "place": block.place, "texts": [one_line(block.text)], "whole": False})
    return found


def rows_to_check(
    activities: Sequence[Mapping[str, Any]], rows: Sequence[FoundActivity], forms: Sequence[Any]
) -> list[dict[str, Any]]:
    """What `find_slips` looks at: every cell of the activities, titles and boxes of the forms."""
    found: list[dict[str, Any]] = []
    for a, row in zip(activities, rows, strict=True):
        cells = {
            "activity": [a["title"], *a["details"]],
            **{k: a[k] for k in ("outputs", "outcomes", "documents", "notes")},
        }
        found += [
            {"about": a["id"], "place": row.places.get(k, row.place), "texts": texts}
            for k, texts in cells.items()
            if texts
        ]
    for form in forms:
        found.append({"about": form.id, "place": form.place, "texts": [form.title]})
        found += [{"about": form.id, "place": b.place, "texts": [b.text]} for b in form.boxes]
    return found
