"""Printed words and what people wrote between them: a `Pattern` of the layout held against a text that came back.

Words are compared in one spelling, without white space and with ASCII digits; what is found is cut from the text as it
stands. A cut that could also be made elsewhere is no cut: the slot is «unclear».
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from songthan.domain.forms import CARRIED_NOTES, WRONG_NOTE
from songthan.domain.language import say
from songthan.domain.layouts import WILD, Pattern, Slot
from songthan.domain.thai import canonical, to_arabic_digits

__all__ = [
    "BREAK",
    "FORMATTED",
    "NOTE",
    "PICTURE",
    "UNSEEN",
    "Cut",
    "Template",
    "Words",
    "cut",
    "noted",
    "template_of",
    "words_of",
]

#: Stand-ins inside a text (Unicode noncharacters): a note of ours, a picture, the place of a table between paragraphs,
#: the start of text that is struck out or raised (its look changes its meaning).
NOTE, PICTURE, BREAK, FORMATTED = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
#: Characters nobody sees.
UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SKIPPED = frozenset(UNSEEN + NOTE + PICTURE + BREAK + FORMATTED)
_DOTTED = re.compile(r"\s*[.…_]{6,}\s*")
_CLUSTER = re.compile("\u0e4d[\u0e48-\u0e4b]?\u0e32|.", re.DOTALL)


def _loosely(note: str) -> str:
    return r"\s*".join(re.escape(char) for char in note if not char.isspace())


@lru_cache(maxsize=4)
def _notes(carried: tuple[str, ...], wrong: str) -> re.Pattern[str]:
    return re.compile(
        "|".join(_loosely(note) for note in carried) + "|" + _loosely(wrong) + r"[^()]*" + re.escape(WRONG_NOTE[1])
    )


def noted(text: str) -> str:
    """`text` with each of our own notes (carried, to be corrected) replaced by NOTE."""
    if "(" not in text:
        return text
    return _notes(tuple(map(say, CARRIED_NOTES)), say(WRONG_NOTE[0])).sub(NOTE, text)


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text and its spelling for comparison; character i of `norm` stands at `starts[i]:ends[i]` of `raw`."""

    raw: str
    norm: str
    starts: Sequence[int]
    ends: Sequence[int]


# The printed words of a form come back in every file.
@lru_cache(maxsize=1024)
def words_of(raw: str) -> Words:
    """`raw` ready to be matched."""
    if canonical(raw) == raw:
        starts = [at for at, char in enumerate(raw) if not char.isspace() and char not in _SKIPPED]
        norm = to_arabic_digits("".join(map(raw.__getitem__, starts)))
        return Words(raw=raw, norm=norm, starts=starts, ends=[at + 1 for at in starts])
    return _words_respelt(raw)


def _words_respelt(raw: str) -> Words:
    norm: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end, text in _clusters(raw):
        for char in text:
            if not char.isspace() and char not in _SKIPPED:
                norm.append(char)
                starts.append(start)
                ends.append(end)
    return Words(raw=raw, norm=to_arabic_digits("".join(norm)), starts=starts, ends=ends)


def _clusters(raw: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    while at < len(raw):
        end = _CLUSTER.match(raw, at).end()  # type: ignore[union-attr]
        while end < len(raw) and unicodedata.combining(raw[end]):
            end += 1
        text = canonical(raw[at:end])
        if text == raw[at:end]:
            yield from ((at + n, at + n + 1, char) for n, char in enumerate(text))
        else:
            yield at, end, text
        at = end


@lru_cache(maxsize=4096)
def _norm(literal: str) -> str:
    return words_of(literal).norm


_WILD, _EXTRA, _LOST, _LINE, _TABLE = "wild", "extra", "lost", "line", "table"
_Gap = tuple[Slot | str, ...]


@dataclass(frozen=True, kw_only=True)
class Template:
    """A pattern ready to be matched: gap i stands before literal i, the last one behind the last literal."""

    literals: tuple[str, ...]
    gaps: tuple[_Gap, ...]

    @cached_property
    def weight(self) -> int:
        """How many printed letters it has."""
        return sum(map(len, self.literals))

    def fits(self, norm: str) -> bool:
        """Does a text (spelling for comparison) follow it, whatever stands in its slots?"""
        return len(norm) >= self.weight and _bounds(self, norm) is not None


def _for_a_pen(piece: str, pieces: Sequence[str | Slot], at: int) -> str:
    """A dotted line among printed words is for a pen: what is typed there is no answer, and no fault either."""
    head = at > 0 and isinstance(pieces[at - 1], Slot)
    tail = at + 1 < len(pieces) and isinstance(pieces[at + 1], Slot)
    return _DOTTED.sub(
        lambda m: m[0] if (head and not m.start()) or (tail and m.end() == len(piece)) else f" {WILD} ", piece
    )


@lru_cache(maxsize=4096)
def template_of(pattern: Pattern, *, loose: bool = False) -> Template:
    """`loose`: every printed line may have text around it, so that one changed line does not hide the others."""
    literals: list[str] = []
    gaps: list[list[Slot | str]] = [[]]
    for at, piece in enumerate(pattern.pieces):
        if isinstance(piece, Slot):
            gaps[-1].append(piece)
            continue
        for number, part in enumerate(_for_a_pen(piece, pattern.pieces, at).split(WILD)):
            if number:
                gaps[-1].append(_WILD)
            for line_number, line in enumerate(part.split("\n") if loose else (part,)):
                if line_number:
                    gaps[-1].append(_LINE if gaps[-1] and isinstance(gaps[-1][-1], Slot) else _EXTRA)
                text = _norm(line)
                if BREAK in line:
                    gaps[-1].append(_TABLE)
                if not text and "\n" in line and gaps[-1] and isinstance(gaps[-1][-1], Slot):
                    gaps[-1].append(_LINE)
                if text and (gaps[-1] or not literals):
                    literals.append(text)
                    gaps.append([])
                elif text:
                    literals[-1] += text
    if loose:
        gaps[0].insert(0, _EXTRA)
        gaps[-1].append(_EXTRA)
    return Template(literals=tuple(literals), gaps=tuple(map(tuple, gaps)))


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What stands in the slots: `texts` as they stand, `unclear` where the cut is ambiguous, `missing` where a printed
    word beside the slot is gone. `extra` is text at a place where nothing is asked. `before` and `after` are the
    printed words at both sides of a slot (spelling for comparison)."""

    texts: Mapping[Slot, str]
    before: Mapping[Slot, str]
    after: Mapping[Slot, str]
    unclear: frozenset[Slot] = frozenset()
    missing: frozenset[Slot] = frozenset()
    extra: str = ""
    exact: bool = True


def cut(pattern: Pattern, words: Words) -> Cut:
    """Hold `pattern` against `words`: exactly, else line by line."""
    template = template_of(pattern)
    bounds = _bounds(template, words.norm)
    if bounds is not None:
        return _cut(template, bounds, words, exact=True)
    return _line_by_line(template_of(pattern, loose=True), words)


def fits(pattern: Pattern, words: Words, values: Mapping[Slot, str]) -> bool:
    """Does the text follow the pattern when these texts stand in these slots?"""
    known = Pattern(pieces=tuple(values.get(p, p) if isinstance(p, Slot) else p for p in pattern.pieces))
    return template_of.__wrapped__(known).fits(words.norm)


_Bounds = tuple[list[int], list[int]]


def _bounds(template: Template, norm: str) -> _Bounds | None:
    """Where each literal begins when all are taken as far left, and as far right, as can be; None if that fails."""
    literals, gaps = template.literals, template.gaps
    if not literals:
        return ([], []) if gaps[0] or not norm else None
    left, at = [], 0
    for number, literal in enumerate(literals):
        found = norm.find(literal, at) if gaps[number] else at if norm.startswith(literal, at) else -1
        if found < 0:
            return None
        left.append(found)
        at = found + len(literal)
    right, end = [0] * len(literals), len(norm)
    for number in range(len(literals) - 1, -1, -1):
        literal = literals[number]
        if not gaps[number + 1]:
            found = end - len(literal) if norm.endswith(literal, 0, end) else -1
        else:
            found = norm.rfind(literal, 0, end)
        if found < 0:
            return None
        right[number] = end = found
    # Both ends are fixed for a literal without a gap at its side.
    if not gaps[0] and right[0] != 0:
        right[0] = 0
    if not gaps[-1]:
        last = len(norm) - len(literals[-1])
        if len(literals) > 1 and last < left[-2] + len(literals[-2]) or (len(literals) == 1 and last < left[0]):
            return None
        left[-1] = last
    if len(literals) == 1 and not gaps[0] and not gaps[-1] and len(norm) != len(literals[0]):
        return None
    return (left, right) if all(a <= b for a, b in zip(left, right, strict=True)) else None


def _cut(template: Template, bounds: _Bounds, words: Words, *, exact: bool) -> Cut:
    left, right = bounds
    literals = template.literals
    texts: dict[Slot, str] = {}
    before: dict[Slot, str] = {}
    after: dict[Slot, str] = {}
    unclear, missing, extra = set(), set(), []
    for number, gap in enumerate(template.gaps):
        slots = [item for item in gap if isinstance(item, Slot)]
        start = _end_of(words, left[number - 1] + len(literals[number - 1])) if number else 0
        end = words.starts[left[number]] if number < len(literals) else len(words.raw)
        sure = (not number or left[number - 1] == right[number - 1]) and (
            number == len(literals) or left[number] == right[number]
        )
        lines = _line_each(gap, words.raw[start:end]) if len(slots) > 1 else [words.raw[start:end]]
        for at, slot in enumerate(slots):
            before[slot] = literals[number - 1] if number else ""
            after[slot] = literals[number] if number < len(literals) else ""
            if _LOST in gap:
                missing.add(slot)
            elif not sure or len(lines) != len(slots) or _WILD in gap:
                unclear.add(slot)
            else:
                texts[slot] = lines[at]
        # A wild place takes any text, but not beyond a table; a line that was changed is text where none is asked.
        if not slots and gap:
            raw = words.raw[start:end]
            extra.append(raw if _WILD not in gap else _beyond(gap, raw, number, len(literals)) if sure else "")
    stray = " ".join(
        " ".join(extra).replace(NOTE, " ").replace(BREAK, " ").replace(PICTURE, " ").replace(FORMATTED, " ").split()
    )
    return Cut(
        texts=texts, before=before, after=after, unclear=frozenset(unclear), missing=frozenset(missing),
        extra=stray, exact=exact,
    )  # fmt: skip


def _beyond(gap: _Gap, raw: str, number: int, last: int) -> str:
    """The text of a wild place that stands on the far side of a table from where it is printed."""
    parts = raw.split(BREAK)
    if _TABLE in gap:
        before, after = gap.index(_TABLE), len(gap) - gap[::-1].index(_TABLE)
        kept = (_WILD in gap[:before], _WILD in gap[before:after], _WILD in gap[after:])
    else:
        lost = _LOST in gap
        kept = (number > 0 or lost, 0 < number < last, number < last or lost)
    if len(parts) == 1 or kept[1]:
        return ""
    return "\n".join([*([] if kept[0] else parts[:1]), *parts[1:-1], *([] if kept[2] else parts[-1:])])


def _line_each(gap: _Gap, raw: str) -> list[str]:
    """The lines of a text in which several slots stand, each on a line of its own; another number when they do not."""
    items = [item for item in gap if item not in (_EXTRA, _TABLE)]
    if any(isinstance(a, Slot) and isinstance(b, Slot) for a, b in zip(items, items[1:], strict=False)):
        return []
    lines = [line for line in raw.split("\n") if NOTE not in line or line.replace(NOTE, "").strip()]
    return lines if NOTE not in "".join(lines) and BREAK not in raw else []


def _end_of(words: Words, index: int) -> int:
    return words.ends[index - 1] if index else 0


def _line_by_line(template: Template, words: Words) -> Cut:
    """The lines that are still there, in order; what lies beside one that is gone is not read."""
    literals, gaps = list(template.literals), list(template.gaps)
    while True:
        lost = _first_lost(literals, gaps, words.norm)
        if lost is None:
            break
        gaps[lost : lost + 2] = [(*gaps[lost], _LOST, *gaps[lost + 1])]
        del literals[lost]
    found = Template(literals=tuple(literals), gaps=tuple(gaps))
    bounds = _bounds(found, words.norm) or ([], [])
    return _cut(found, bounds, words, exact=False)


def _first_lost(literals: Sequence[str], gaps: Sequence[_Gap], norm: str) -> int | None:
    at = 0
    for number, literal in enumerate(literals):
        found = norm.find(literal, at)
        if found < 0:
            return number
        at = found + len(literal)
    return None
