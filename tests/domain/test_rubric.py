"""The rubric against a table of its own, written from the plan's lines 402-454 and not from rubric.toml."""

from __future__ import annotations

import itertools
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.adapters.rubric_file import load_rubric
from songthan.domain.errors import DataError, UsageError
from songthan.domain.rubric import evaluate

PLAN = Path(__file__).parents[2] / "plans" / "2566"
RUBRIC = load_rubric(PLAN)
EXAMPLE = {
    "headcount": 48,
    "answers": {
        "c1": {"persons": 39},
        "c2": {"topics": 5},
        "c3": {"plan": True, "assignment": True, "committee": True},
        "c4": {"success_percent": "72.5"},
        "c5": {"evaluation": True, "improvement": True, "lessons": True},
        "c6": {"persons": True, "units": True, "publicised_inside": True, "channels": 2},
        "c7": {"success_percent": "91", "better_climate": True, "better_behaviour": True},
        "c8": {"documented_all": True, "media": 2},
        "c9": {"published_inside": True, "channels": 3},
    },
}


def changed(**criteria):
    document = json.loads(json.dumps(EXAMPLE))
    for criterion, answers in criteria.items():
        document["answers"][criterion] |= answers
    return document


def stairs(value, *steps):
    """3, 2, 1 or 0 by the thresholds of 3, 2 and 1."""
    return next((3 - n for n, step in enumerate(steps) if value >= step), 0)


def chain(*flags):
    """How many of the flags hold from the first on without a gap."""
    return len(list(itertools.takewhile(bool, flags)))


def by_hand(document):
    """The nine scores as a person reads them off the plan."""
    a = document["answers"]
    c6, c7, c8, c9 = a["c6"], a["c7"], a["c8"], a["c9"]
    all_three = c6["persons"] and c6["units"] and c6["publicised_inside"]
    seven = Fraction(c7["success_percent"])
    return {
        "c1": stairs(Fraction(a["c1"]["persons"] * 100, document["headcount"]), 80, 60, 40),
        "c2": stairs(a["c2"]["topics"], 5, 3, 2),
        "c3": chain(a["c3"]["plan"], a["c3"]["assignment"], a["c3"]["committee"]),
        "c4": stairs(Fraction(a["c4"]["success_percent"]), 70, 60, 50),
        "c5": chain(a["c5"]["evaluation"], a["c5"]["improvement"], a["c5"]["lessons"]),
        "c6": 3 if all_three and c6["channels"] >= 2 else 2 if all_three else int(c6["persons"]),
        "c7": 3
        if seven >= 90 and c7["better_climate"] and c7["better_behaviour"]
        else 2
        if seven >= 80 and c7["better_climate"]
        else int(seven >= 70),
        "c8": c8["documented_all"] * (1 + min(c8["media"], 2)),
        "c9": c9["published_inside"] * (3 if c9["channels"] >= 3 else 2 if c9["channels"] == 2 else 1),
    }


def level_by_hand(scores):
    def first(n):
        return [scores[f"c{i}"] for i in range(1, n + 1)]

    if min(first(9)) >= 2 and sum(first(9)) >= 21:
        return 3
    if min(first(6)) >= 2 and sum(first(6)) >= 14:
        return 2
    return int(min(first(3)) >= 1 and sum(first(3)) >= 6)


def cheapest_by_hand(scores, level):
    """The fewest points to `level`, by trying every raise of its criteria."""
    count, each, total = {1: (3, 1, 6), 2: (6, 2, 14), 3: (9, 2, 21)}[level]
    now = [scores[f"c{i}"] for i in range(1, count + 1)]
    floors = sum(max(0, each - one) for one in now)
    return max(floors, total - sum(now))


PERCENTS = st.one_of(
    st.sampled_from(["0", "49.99", "50", "59.995", "60", "69.99", "69.999", "70", "79.999", "80", "89.995", "90", "100"]),
    st.decimals(0, 100, places=2).map(str),
)
FLAG = st.booleans()
COUNT = st.integers(0, 6)


@st.composite
def documents(draw):
    headcount = draw(st.integers(1, 300))
    return {
        "headcount": headcount,
        "answers": {
            "c1": {"persons": draw(st.integers(0, headcount))},
            "c2": {"topics": draw(COUNT)},
            "c3": {k: draw(FLAG) for k in ("plan", "assignment", "committee")},
            "c4": {"success_percent": draw(PERCENTS)},
            "c5": {k: draw(FLAG) for k in ("evaluation", "improvement", "lessons")},
            "c6": {k: draw(FLAG) for k in ("persons", "units", "publicised_inside")} | {"channels": draw(COUNT)},
            "c7": {"success_percent": draw(PERCENTS), "better_climate": draw(FLAG), "better_behaviour": draw(FLAG)},
            "c8": {"documented_all": draw(FLAG), "media": draw(COUNT)},
            "c9": {"published_inside": draw(FLAG), "channels": draw(COUNT)},
        },
    }


@settings(max_examples=300, deadline=None)
@given(documents())
def test_scores_level_and_gap_agree_with_the_plan_read_by_hand(document):
    result = evaluate(RUBRIC, document)
    scores = by_hand(document)
    assert dict(result.scores) == scores
    assert result.total == sum(scores.values())
    assert result.level == level_by_hand(scores)
    if result.level == 3:
        assert result.next_level is None and result.gap == ()
        return
    assert result.next_level == result.level + 1
    assert sum(g.needed - g.score for g in result.gap) == cheapest_by_hand(scores, result.next_level)
    raised = {**scores, **{g.criterion: g.needed for g in result.gap}}
    assert level_by_hand(raised) >= result.next_level


@settings(max_examples=150, deadline=None)
@given(documents())
def test_every_remark_tells_the_score_that_was_given(document):
    result = evaluate(RUBRIC, document)
    said = {s.id: s for s in RUBRIC.silent}
    for remark in result.remarks:
        if remark.criterion == "c7":
            assert result.scores["c7"] <= said[remark.code].score
        elif remark.criterion:
            assert result.scores[remark.criterion] == said[remark.code].score


def test_the_example_of_the_design():
    assert evaluate(RUBRIC, EXAMPLE).as_json() == {
        "scores": {f"c{n}": 3 for n in range(1, 10)},
        "total": 27,
        "level": 3,
        "next_level": None,
        "gap": [],
        "remarks": [],
    }


@pytest.mark.parametrize(
    ("headcount", "persons", "score", "remarked"),
    [(5, 4, 3, False), (10000, 7999, 2, False), (100000, 79995, 2, True), (3, 2, 2, False), (5, 2, 1, False), (48, 0, 0, False)],
)
def test_a_percent_is_never_rounded(headcount, persons, score, remarked):
    document = changed(c1={"persons": persons}) | {"headcount": headcount}
    result = evaluate(RUBRIC, document)
    assert result.scores["c1"] == score
    assert bool(result.remarks) is remarked


def test_one_topic_is_none_and_says_so():
    result = evaluate(RUBRIC, changed(c2={"topics": 1}))
    assert result.scores["c2"] == 0
    assert [r.code for r in result.remarks] == ["c2-one-topic"]
    assert "๑ เรื่อง" in result.remarks[0].message_th


def test_level_three_without_the_sum_of_level_two_is_said():
    twos = {
        "c1": {"persons": 30}, "c2": {"topics": 3}, "c3": {"committee": False}, "c4": {"success_percent": "60"},
        "c5": {"lessons": False}, "c6": {"channels": 0},
    }  # fmt: skip
    result = evaluate(RUBRIC, changed(**twos))
    assert result.total == 21 and result.level == 3
    assert [r.code for r in result.remarks] == ["level-3-without-2"]


def test_the_gap_says_how_many_persons_are_missing():
    result = evaluate(RUBRIC, changed(c1={"persons": 10}))
    step = next(g for g in result.gap if g.criterion == "c1")
    assert (step.score, step.needed) == (0, 1) and result.level == 0
    assert "ไม่น้อยกว่า ๒๐ จาก ๔๘" in step.message_th


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (changed(c1={"persons": 49}), "answers.c1.persons"),
        (EXAMPLE | {"headcount": 0}, "headcount"),
        (EXAMPLE | {"headcount": True}, "headcount"),
        (changed(c4={"success_percent": "100.01"}), "answers.c4.success_percent"),
        (changed(c4={"success_percent": "มาก"}), "answers.c4.success_percent"),
        (changed(c4={"success_percent": "-1"}), "answers.c4.success_percent"),
        (changed(c4={"success_percent": "1e1"}), "answers.c4.success_percent"),
        (changed(c4={"success_percent": 72.5}), "answers.c4.success_percent"),
        (changed(c4={"success_percent": "72.5%"}), "answers.c4.success_percent"),
        (changed(c2={"topics": "5"}), "answers.c2.topics"),
        (changed(c2={"topics": -1}), "answers.c2.topics"),
        (changed(c3={"plan": 1}), "answers.c3.plan"),
        (changed(c3={"extra": True}), "answers.c3"),
        (EXAMPLE | {"more": 1}, "เอกสารคำตอบ"),
        (EXAMPLE | {"answers": {k: v for k, v in EXAMPLE["answers"].items() if k != "c9"}}, "answers"),
        (EXAMPLE | {"answers": EXAMPLE["answers"] | {"c9": {"published_inside": True}}}, "answers.c9"),
        (EXAMPLE | {"answers": [1]}, "answers"),
        ({"headcount": 48}, "เอกสารคำตอบ"),
    ],
)
def test_bad_answers_are_named(document, where):
    with pytest.raises(UsageError) as caught:
        evaluate(RUBRIC, document)
    assert caught.value.where == where and caught.value.remedy and caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('at_least = "80"', "at_least = 80"),
        ('at_least = "80"', 'at_leest = "80"'),
        ('flag = "committee"', 'flag = "comittee"'),
        ("score = 3,", "score = 4,"),
        ("sum_at_least = 21", "sum_at_least = 28"),
        ('kind = "percent"', 'kind = "procent"'),
        ('criterion = "c7"', 'criterion = "c17"'),
        ("score_max = 3", "score_max = 3\nsurprise = 1"),
    ],
)
def test_a_broken_rubric_is_refused(tmp_path, old, new):
    text = (PLAN / "rubric.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "rubric.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_rubric(tmp_path)
    assert "rubric.toml" in caught.value.where and caught.value.remedy
