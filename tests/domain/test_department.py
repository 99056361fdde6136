"""The department's level against shares reckoned by hand (plan lines 424-428: 80, 75 and 70 per cent of all bureaus)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.adapters.rubric_file import load_rubric
from songthan.domain.department import Bureau, points_to, roll_up
from songthan.domain.errors import UsageError

RUBRIC = load_rubric(Path(__file__).parents[2] / "plans" / "2566")
#: department level → (least level of a bureau, percent of all bureaus)
BY_HAND = {1: (1, 80), 2: (2, 75), 3: (3, 70)}


def bureaus(levels):
    return [Bureau(name=f"สำนัก {n}", level=level) for n, level in enumerate(levels)]


def level_by_hand(levels):
    found = 0
    for level, (least, percent) in BY_HAND.items():
        if sum(1 for one in levels if one is not None and one >= least) * 100 >= percent * len(levels):
            found = level
    return found


LEVELS = st.lists(st.sampled_from([None, 0, 1, 2, 3, 3, 3]), min_size=1, max_size=60)


@settings(max_examples=300, deadline=None)
@given(LEVELS)
def test_the_level_is_the_highest_whose_own_share_holds(levels):
    found = roll_up(RUBRIC, bureaus(levels))
    assert found.level == level_by_hand(levels)
    for level, (least, percent) in BY_HAND.items():
        share = found.share(level)
        reached = sum(1 for one in levels if one is not None and one >= least)
        assert share.percent == Fraction(reached * 100, len(levels)) and share.held is (share.percent >= percent)
        assert share.held is (share.lacking == 0)
        # exactly so many more, and not one fewer
        if share.lacking:
            assert (reached + share.lacking) * 100 >= percent * len(levels) > (reached + share.lacking - 1) * 100
            assert len(share.tipping) == share.lacking
        else:
            assert (reached - share.spare) * 100 >= percent * len(levels) > (reached - share.spare - 1) * 100
    assert found.missing == tuple(f"สำนัก {n}" for n, one in enumerate(levels) if one is None)
    assert any(code == "bureaus-without-result" for code, _ in found.remarks) is (None in levels)


@settings(max_examples=100, deadline=None)
@given(LEVELS)
def test_who_would_tip_it_does_tip_it(levels):
    found = roll_up(RUBRIC, bureaus(levels))
    if found.next_level is None:
        return
    share = found.share(found.next_level)
    names = {name for name, _ in share.tipping}
    raised = [share.rule.bureau_level_at_least if f"สำนัก {n}" in names else one for n, one in enumerate(levels)]
    assert roll_up(RUBRIC, bureaus(raised)).level >= found.next_level


@pytest.mark.parametrize(
    ("levels", "level"),
    [
        ([1] * 4 + [0], 1), ([1] * 79 + [0] * 21, 0), ([1] * 80 + [0] * 20, 1), ([1] * 7 + [None] * 2, 0), ([2] * 3 + [1], 2),
        ([2] * 74 + [1] * 26, 1), ([3] * 7 + [1] * 3, 3), ([3] * 69 + [2] * 31, 2), ([3] * 2 + [0], 0), ([0], 0), ([3], 3), ([None], 0),
    ],
)  # fmt: skip
def test_the_boundaries(levels, level):
    assert roll_up(RUBRIC, bureaus(levels)).level == level


def test_a_level_without_the_lower_ones_is_said():
    found = roll_up(RUBRIC, bureaus([3] * 7 + [0] * 3))
    assert found.level == 3
    assert [code for code, _ in found.remarks] == ["department-level-3-without-1", "department-level-3-without-2"]


def test_the_nearest_bureau_is_the_one_with_the_fewest_missing_points():
    twos, ones = {f"c{n}": 2 for n in range(1, 10)}, {f"c{n}": 1 for n in range(1, 10)}
    assert (points_to(RUBRIC, 3, twos), points_to(RUBRIC, 2, twos), points_to(RUBRIC, 3, ones)) == (3, 2, 12)
    full = [Bureau(name=f"เต็ม {n}", level=3) for n in range(6)]
    behind = [Bureau(name="ก", level=1, scores=ones), Bureau(name="ข", level=1, scores=twos), Bureau(name="ค", level=None)]
    found = roll_up(RUBRIC, [*full, *behind])
    assert found.share(3).tipping == (("ข", 3),)


def test_nothing_to_share_out_is_an_error():
    with pytest.raises(UsageError):
        roll_up(RUBRIC, [])
    with pytest.raises(UsageError, match="มากกว่าหนึ่ง"):
        roll_up(RUBRIC, [Bureau(name="ก", level=1), Bureau(name="ก", level=2)])
