"""Returned files of many writers: everything is read as it was typed, or a person is asked."""

from __future__ import annotations

import json
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from songthan.domain.forms import ReturnedForm

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
from writers import judge

FILES = judge.files()


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@cache
def readings(path: Path) -> tuple[ReturnedForm, ReturnedForm]:
    return judge.reading(path, judge.truth_of(path))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_the_reading_is_the_golden_one(path):
    golden = json.loads(judge.golden_of(path).read_text("utf-8"))
    assert judge.printed(readings(path)[1]) == golden


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_was_typed_is_read_or_a_person_is_asked(path):
    assert judge.faults(judge.truth_of(path), *readings(path)) == []


def test_the_corpus_is_large_and_of_many_hands():
    truths = [judge.truth_of(path) for path in FILES]
    writers = Counter(truth["writer"] for truth in truths)
    forms = Counter(truth["form"] for truth in truths)
    assert len(FILES) >= 120 and len(writers) >= 6
    assert set(forms) == {"f1", "f2", "f3", "f4", "f5", "official"} and len(FILES) - forms["f3"] >= 40
    assert all(truth["writer"] == path.parent.name for path, truth in zip(FILES, truths, strict=True))


def test_most_files_are_read_without_a_person():
    verdicts = Counter((path.suffix, readings(path)[0].verdict) for path in FILES)
    read = verdicts[".docx", "complete"]
    assert read >= 100 and verdicts[".pdf", "complete"] >= 3
    assert all(verdict in ("review", "refused") for suffix, verdict in verdicts if suffix not in (".docx", ".pdf"))


def test_the_judge_finds_a_wrong_value_a_lost_one_and_a_question_not_asked():
    path = next(p for p in FILES if name_of(p) == "word_like/runs-split-with-rsids.docx")
    truth = judge.truth_of(path)
    wrong = {"typed": "๑๒", "means": "12", "expect": "any"}
    for entry, kind in ((wrong, "SILENT"), (wrong | {"expect": "read"}, "SILENT")):
        changed = {**truth, "fields": {**truth["fields"], "1.4(1).percent": entry}}
        assert [fault.split()[0] for fault in judge.faults(changed, *readings(path))] == [kind]
    asked = {**truth["fields"]["1.4(1).percent"], "expect": "flag"}
    changed = {**truth, "fields": {**truth["fields"], "1.4(1).percent": asked}}
    assert [fault.split()[0] for fault in judge.faults(changed, *readings(path))] == ["NOT"]
    changed = {**truth, "token": "ST-0000-0000-0000"}
    assert [fault.split()[1] for fault in judge.faults(changed, *readings(path))] == ["token:"]
