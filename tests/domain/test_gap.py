"""The gap against brute force: every way to the next level is tried by hand, and the proposed one is carried out."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rubric_by_hand import (
    EXAMPLE,
    TWOS,
    bettered,
    by_hand,
    changed,
    documents,
    level_by_hand,
    nearly_there,
    ways_by_hand,
)
from songthan.adapters.rubric_file import load_rubric
from songthan.domain.rubric import evaluate
from songthan.domain.rubric_values import GapRules, Improvement

PLAN = Path(__file__).parents[2] / "plans" / "2566"
RUBRIC = load_rubric(PLAN)
EFFORTS = {
    i["answer"]: i.get("effort", 1) for i in tomllib.loads((PLAN / "rubric.toml").read_text("utf-8"))["improvements"]
}


def effort(criterion: str, key: str) -> int:
    return EFFORTS[f"{criterion}.{key}"]


@settings(max_examples=250, deadline=None)
@given(st.one_of(documents(), nearly_there()))
def test_the_gap_is_the_cheapest_of_all_ways_and_leads_to_the_level(document):
    result = evaluate(RUBRIC, document)
    if result.next_level is None:
        assert result.gap == () and result.gap_th == ""
        return
    ways = {tuple(sorted(raised.items())): cost for cost, raised in ways_by_hand(document, result.next_level, effort)}
    mine = tuple(sorted((g.criterion, g.needed) for g in result.gap))
    assert ways[mine] == min(ways.values())
    # done as told, and nothing else: the level is there
    done = document
    for step in result.gap:
        assert step.score == by_hand(document)[step.criterion]
        done = bettered(done, step.criterion, {a.key: a.to for a in step.actions})
    assert level_by_hand(by_hand(done)) >= result.next_level
    assert evaluate(RUBRIC, done).level >= result.next_level


@settings(max_examples=100, deadline=None)
@given(st.one_of(documents(most=7), nearly_there()), st.permutations(["points", "actions", "criteria", "effort"]))
def test_every_higher_level_and_every_order_of_costs(document, order):
    """Small offices too (one person is a big share), and an office that minds effort before points."""
    result = evaluate(replace(RUBRIC, gap=replace(RUBRIC.gap, order=tuple(order))), document)
    places = [("points", "actions", "criteria", "effort").index(name) for name in order]
    told = {one.level: one.steps for one in result.further} | ({result.next_level: result.gap} if result.next_level else {})
    assert set(told) == set(range(result.level + 1, 4))
    for level, steps in told.items():
        ways = {
            tuple(sorted(raised.items())): tuple(cost[place] for place in places)
            for cost, raised in ways_by_hand(document, level, effort)
        }
        assert ways[tuple(sorted((g.criterion, g.needed) for g in steps))] == min(ways.values())


@settings(max_examples=60, deadline=None)
@given(nearly_there(), st.integers(1, 3), st.integers(0, 27))
def test_levels_of_another_document(document, each, together):
    """Thresholds are data: one level that asks `each` of all nine criteria and `together` in sum."""
    (last,) = (one for one in RUBRIC.levels if one.level == 3)
    together = max(together, each * 9)
    other = replace(RUBRIC, levels=(replace(last, level=1, each_at_least=each, sum_at_least=together),))
    result = evaluate(other, document)
    scores = by_hand(document)
    reached = min(scores.values()) >= each and sum(scores.values()) >= together
    assert (result.level, result.next_level) == ((1, None) if reached else (0, 1))
    done = document
    for step in result.gap:
        done = bettered(done, step.criterion, {a.key: a.to for a in step.actions})
    after = by_hand(done)
    assert min(after.values()) >= each and sum(after.values()) >= together
    missing = sum(max(each - score, 0) for score in scores.values())
    assert sum(g.needed - g.score for g in result.gap) == max(missing, together - sum(scores.values()), 0)


@settings(max_examples=60, deadline=None)
@given(nearly_there(), st.data())
def test_what_can_no_longer_be_done_is_never_proposed(document, data):
    every = [f"{c}.{k}" for c, answers in document["answers"].items() for k in answers]
    closed = set(data.draw(st.lists(st.sampled_from(every), max_size=8)))
    result = evaluate(RUBRIC, document, closed=closed)
    if result.next_level is None:
        return
    proposed = {f"{g.criterion}.{a.key}" for g in result.gap for a in g.actions}
    assert not proposed & closed
    if result.gap == ():
        assert [r.code for r in result.remarks if "closed" in r.code] == [f"level-{result.next_level}-closed"]


def test_all_twos_lack_two_points_to_level_two_and_then_one_to_level_three():
    result = evaluate(RUBRIC, changed(**TWOS))
    assert sum(g.needed - g.score for g in result.gap) == 2
    done = changed(**TWOS)
    for step in result.gap:
        done = bettered(done, step.criterion, {a.key: a.to for a in step.actions})
    again = evaluate(RUBRIC, done)
    assert again.level == 2 and again.total == 20
    assert again.gap_th == "ขาดอีก ๑ คะแนน: ข้อ ๙ เผยแพร่ผ่านช่องทางสื่อสารอีก ๑ ช่องทาง"


def test_the_way_to_every_higher_level_is_known():
    """All twos: two points to level two, three (not two and one in any order) straight to level three."""
    result = evaluate(RUBRIC, changed(**TWOS))
    assert [(one.level, sum(g.needed - g.score for g in one.steps)) for one in result.further] == [(3, 3)]
    assert evaluate(RUBRIC, EXAMPLE).further == ()


def test_the_gap_is_told_as_things_to_do():
    result = evaluate(RUBRIC, changed(c8={"media": 1}, c9={"channels": 2}, c1={"persons": 20}))
    assert result.level == 1
    assert result.gap_th == (
        "ขาดอีก ๑ คะแนน: ข้อ ๑ ให้ผู้บริหารและบุคลากรร่วมประกาศเจตนารมณ์เป็นลายลักษณ์อักษรอีก ๙ คน (ให้ไม่น้อยกว่า ๒๙ จาก ๔๘ คน)"
    )
    media = evaluate(RUBRIC, changed(c8={"media": 0}))
    assert media.gap_th == "ขาดอีก ๑ คะแนน: ข้อ ๘ ทำสื่ออีก ๑ รูปแบบ"
    assert media.gap[0].message_th == "ข้อ ๘ ทำสื่ออีก ๑ รูปแบบ (จาก ๑ เป็น ๒ คะแนน)"
    (step,) = media.as_json()["gap"]
    assert (step["criterion"], step["score"], step["needed"], step["points"]) == ("c8", 1, 2, 1)
    assert step["actions"] == [{"key": "media", "now": "0", "to": "1", "more": "1", "message_th": "ทำสื่ออีก ๑ รูปแบบ"}]


def test_a_percent_is_missing_exactly():
    result = evaluate(RUBRIC, changed(c4={"success_percent": "59.999"}))
    assert "อีกร้อยละ ๐.๐๐๑ (ให้ถึงร้อยละ ๖๐)" in result.gap_th


def test_one_thing_to_do_may_be_worth_two_points():
    """95 % and better behaviour, no better climate yet: the climate alone brings three points, not two."""
    twos = {c: TWOS[c] for c in ("c1", "c2", "c3", "c4")}
    result = evaluate(RUBRIC, changed(**twos, c7={"success_percent": "95", "better_climate": False}, c8={"media": 0}, c9={"channels": 2}))
    assert result.level == 2
    seven = next(g for g in result.gap if g.criterion == "c7")
    assert [a.key for a in seven.actions] == ["better_climate"]


def test_the_order_is_data():
    document = changed(**TWOS)
    by_effort = replace(RUBRIC, gap=GapRules(order=("points", "effort"), improvements={"c5.lessons": Improvement(effort=0), "c6.channels": Improvement(effort=0)}))
    assert [g.criterion for g in evaluate(by_effort, document).gap] == ["c5", "c6"]
    plain = replace(RUBRIC, gap=GapRules(order=("points",)))
    # nothing tells them apart: the lower numbers
    assert [g.criterion for g in evaluate(plain, document).gap] == ["c1", "c2"]


def test_without_sentences_of_its_own_a_rubric_still_tells_what_is_missing():
    plain = replace(RUBRIC, gap=GapRules())
    text = evaluate(plain, changed(c1={"persons": 10}, c4={"success_percent": "10"}, c8={"media": 0})).gap_th
    assert "ไม่น้อยกว่า ๒๐ จาก ๔๘" in text
    with_braces = replace(RUBRIC, gap=GapRules(improvements={"c8.media": Improvement(text="{more.__class__} {0} {more}")}))
    assert "{more.__class__} {0} ๑" in evaluate(with_braces, changed(c8={"media": 0})).gap_th


@pytest.mark.parametrize("level", [1, 2])
def test_every_level_below_the_highest_has_a_gap(level):
    lowered = {1: {"c4": {"success_percent": 0}}, 2: {"c9": {"channels": 0}}}[level]
    result = evaluate(RUBRIC, changed(**lowered))
    assert result.level == level and result.gap and result.next_level == level + 1
    assert evaluate(RUBRIC, EXAMPLE).gap == ()
