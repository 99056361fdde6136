"""Points of activities (plan lines 355-359) and the plan's success by its two days (line 288), against numbers of their own."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songthan.adapters.rubric_file import load_rubric
from songthan.domain.errors import UsageError
from songthan.domain.plan_points import count_points, read_points, told_by_words

RUBRIC = load_rubric(Path(__file__).parents[2] / "plans" / "2566")
JULY, SEPTEMBER = date(2023, 7, 25), date(2023, 9, 11)


@pytest.mark.parametrize(
    ("made", "points"),
    [
        ({"11.1": ["book"], "11.2": ["clip"], "11.3": ["symbol"]}, (20, 10, 5)),
        ({"11.1": ["report"], "11.2": ["clip"], "11.3": []}, (5, 10, 0)),
        ({"11.1": ["report", "book"], "11.2": [], "11.3": ["symbol"]}, (20, 0, 5)),
        ({}, (0, 0, 0)),
    ],
)
def test_points_as_the_plan_prints_them(made, points):
    found = count_points(RUBRIC, made, {})
    assert tuple(a.points for a in found.activities) == points
    assert found.total == sum(points) and found.maximum == 35
    assert [c for c, _ in found.remarks] == [f"{a}-unanswered" for a in ("11.1", "11.2", "11.3") if a not in made]


def test_what_is_not_sure_counts_the_least_and_says_the_most():
    found = count_points(RUBRIC, {"11.1": ["book", "report"], "11.2": [], "11.3": []}, {}, unsure={"11.1"})
    assert (found.activities[0].points, found.activities[0].most) == (5, 20)
    ((code, words),) = found.remarks
    assert code == "11.1-unsure" and "๕ คะแนน" in words and "๒๐ คะแนน" in words


@settings(max_examples=200, deadline=None)
@given(st.fractions(0, 100), st.sampled_from([JULY, SEPTEMBER]), st.sampled_from([date(2023, 7, 1), date(2023, 12, 1)]))
def test_the_plan_succeeds_exactly(percent, day, today):
    rows = {s.rule.by: s for s in count_points(RUBRIC, {}, {day: percent}, today=today).success}
    reached = percent >= (95 if day == JULY else 100)
    assert rows[day].met is (True if reached else None if today <= day else False)
    assert ("ไม่ถึงเกณฑ์" in rows[day].text_th) is (rows[day].met is False)
    other = SEPTEMBER if day == JULY else JULY
    assert rows[other].met is None and "ยังไม่ทราบผล" in rows[other].text_th


def test_ninety_four_point_nine_nine_is_not_ninety_five():
    row = count_points(RUBRIC, {}, {JULY: Fraction("94.995")}, today=SEPTEMBER).success[0]
    assert row.met is False and "๙๔.๙๙๕" in row.text_th and "๐.๐๐๕" in row.text_th
    third = count_points(RUBRIC, {}, {JULY: Fraction(284, 3)}, today=SEPTEMBER).success[0]
    # 94.666…: cut off, never rounded up
    assert "๙๔.๖๖…" in third.text_th and third.as_json()["percent"] == "284/3"


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["รูปเล่มองค์ความรู้.pdf"], ["book"]), (["รายงานผล.pdf"], ["report"]), (["รายงาน ๑ เล่ม"], ["book", "report"]), (["ภาพ.jpg"], []),
        (["EBOOK.PDF"], ["book"]),
    ],
)  # fmt: skip
def test_the_things_words_tell(texts, what):
    assert [o.what for o in told_by_words(RUBRIC, "11.1", texts)] == what


def test_a_file_of_points_is_read_and_its_faults_are_named():
    made, success = read_points(RUBRIC, {"activities": {"11.1": "book", "11.2": [], "11.3": None}, "success": {"2023-07-25": "๙๕", "2023-09-11": None}})
    assert made == {"11.1": ["book"], "11.2": [], "11.3": None} and success == {JULY: 95, SEPTEMBER: None}
    for document, where in (
        ({"activities": {"11.4": "book"}}, "activities"), ({"activities": {"11.1": "film"}}, "activities.11.1"),
        ({"activities": {"11.1": [["book"]]}}, "activities.11.1"), ({"activities": []}, "activities"),
        ({"success": {"2023-07-26": "95"}}, "success"), ({"success": {"2023-07-25": "มาก"}}, "success.2023-07-25"),
        ({"success": {"2023-07-25": 101}}, "success.2023-07-25"), ({"sucess": {}}, "เอกสารคะแนนกิจกรรม"),
    ):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            read_points(RUBRIC, document)
        assert caught.value.where == where and caught.value.remedy
