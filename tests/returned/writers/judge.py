"""Holds a reading against what was typed. Used when the corpus is blessed and by its test."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

from songthan.adapters.read_office import read
from songthan.domain.forms import ReturnedForm, table_row
from songthan.domain.returns import check
from songthan.domain.values import clean_text
from songthan.ports import Expectation
from writers import paper
from writers.answers import PARSED

__all__ = ["faults", "files", "golden_of", "printed", "reading", "truth_of"]

WITH_OCR = ("photograph.jpg", "photograph-of-a-part.jpg")

# Checks of one answer against another: they ask a person, but not because something was misread.
_ACROSS = frozenset(
    {"reason", "contradiction", "percent-mismatch", "sum", "lines", "needs", "not-both", "evidence-missing"}
)
_PLAIN = PARSED | {"choice", "yes_no"}


def files() -> list[Path]:
    """The returned files of every writer, in order."""
    return sorted(path.with_name(path.name.removesuffix(".typed.json")) for path in paper.CORPUS.glob("*/*.typed.json"))


def truth_of(path: Path) -> dict:
    """What was typed into a file."""
    return json.loads(path.with_name(path.name + ".typed.json").read_text("utf-8"))


def golden_of(path: Path) -> Path:
    """Where a file's blessed reading lies."""
    return path.with_name(path.name + ".golden.json")


@cache
def _expectation(form: str) -> Expectation:
    return paper.expectation(form)


def reading(path: Path, truth: dict) -> tuple[ReturnedForm, ReturnedForm]:
    """What the reader says of a file, and the same after checking (what `songthan form read` prints).

    Evidence counts as attached. Files that LibreOffice would convert first are read as they are: reviewed.
    """
    asked = _expectation(truth["form"])
    # Without OCR (no program is found on an empty path), but for two pictures: its text is a suggestion, never an answer.
    with nullcontext() if path.name in WITH_OCR else patch.dict(os.environ, {"PATH": ""}):
        returned = read(path.read_bytes(), asked)
    evidence = [a.value or "" for key, a in returned.answers.items() if paper.kind_of(truth["form"], key) == "evidence"]
    attached = [line for value in evidence for line in value.splitlines()]
    checked = check(asked.spec, returned, activities=asked.activities, attached=attached, headcount=paper.HEADCOUNT)
    return returned, checked


def printed(checked: ReturnedForm) -> dict[str, object]:
    """The document `songthan form read --json` prints, without what OCR suggests (every tesseract says it otherwise)."""
    return {key: value for key, value in checked.as_json().items() if key != "suggestion"}


def _row(key: str) -> tuple[str, int] | None:
    return table_row(key.rpartition(".")[0])


def _ordered(ids: Iterable[str]) -> dict[str, str]:
    """Ids of growing tables by the order of their rows: `dos[3].note` is `dos[2].note` when row 2 holds nothing."""
    rows = sorted({found for key in ids if (found := _row(key))})
    place: dict[tuple[str, int], int] = {}
    for table, number in rows:
        place[table, number] = 1 + sum(1 for t, n in rows if t == table and n < number)
    return {key: f"{found[0]}[{place[found]}].{key.rpartition('.')[2]}" if (found := _row(key)) else key for key in ids}


def _problems_on(returned: ReturnedForm, key: str) -> list[str]:
    """The codes of the problems on this field, its row, its table or the whole file."""
    row = key.rpartition(".")[0]
    places = {"", key, row, row.partition("[")[0]} if row else {"", key}
    return [p.code for p in returned.problems if p.field in places and p.code not in _ACROSS]


def faults(truth: dict, returned: ReturnedForm, checked: ReturnedForm) -> list[str]:
    """Every way in which a reading breaks the law; empty is good.

    The law: a value given without a problem is what was meant; nothing typed is missing without a problem; where a
    person must be asked, a person is asked; where the answer is plain, it is read.
    """
    form = truth["form"]
    repeats = bool(paper.spec_of(form).repeat)
    typed = {
        key: e for key, e in truth["fields"].items() if e["means"] is not None or e["typed"] or repeats or not _row(key)
    }
    given = {key: a for key, a in returned.answers.items() if a.value is not None or repeats or not _row(key)}
    place_typed, place_given = ({k: k for k in ids} if repeats else _ordered(ids) for ids in (typed, given))
    answered = {place_given[key]: answer for key, answer in given.items()}
    back = {new: old for old, new in place_given.items()}
    out = []
    for key, entry in typed.items():
        answer = answered.pop(place_typed[key], None)
        its = answer.field if answer else back.get(place_typed[key], key)
        value = answer.value if answer else None
        plain = paper.kind_of(form, key) in _PLAIN
        wanted = entry["means"] if plain else (clean_text(entry["means"] or "") or None)
        doubts, flagged = _problems_on(returned, its), bool(_problems_on(checked, its) or _problems_on(checked, key))
        if value != wanted and not flagged:
            out.append(f"SILENT {key}: read {value!r}, typed {entry['typed']!r}, meant {wanted!r}")
        elif entry["expect"] == "flag" and not flagged:
            out.append(f"NOT ASKED {key}: read {value!r}, typed {entry['typed']!r}")
        elif entry["expect"] == "read" and (doubts or value != wanted):
            out.append(f"NOT READ {key}: {doubts} read {value!r}, meant {wanted!r}")
    for answer in answered.values():
        left = "no" if paper.kind_of(form, answer.field) == "yes_no" and paper.is_lone(form, answer.field) else None
        if answer.value not in (None, left) and not _problems_on(checked, answer.field):
            out.append(f"SILENT {answer.field}: read {answer.value!r}, never typed")
    whole = any(problem.field == "" for problem in checked.problems)
    if truth["expect"] == "flag" and not whole:
        out.append("NOT ASKED about the file as a whole")
    if returned.token != truth["token"] and returned.token is not None and not whole:
        out.append(f"SILENT token: read {returned.token}, is {truth['token']}")
    return out
