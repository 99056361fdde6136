"""The leave book's rules: who is away on a day, and which out-of-office answer counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from songthan.domain.absence import BACK, BY_SECRETARY, OUT_OF_OFFICE, REPLACED, SECRETARY, Leave, away_on, counts_now

DAY = date(2023, 3, 13)
NOON = datetime(2023, 3, 13, 5, 0, tzinfo=UTC)


def leave(**changes: object) -> Leave:
    given_ = {"member": "m04", "first": DAY, "last": DAY + timedelta(days=4), "source": SECRETARY, "noted_at": NOON}
    return Leave(**{**given_, **changes})


def auto(last: date | None, *, hours: int = 0, **changes: object) -> Leave:
    return leave(source=OUT_OF_OFFICE, last=last, noted_at=NOON + timedelta(hours=hours), **changes)


@pytest.mark.parametrize(("shift", "away"), [(-1, False), (0, True), (4, True), (5, False)])
def test_both_ends_are_days_of_the_leave(shift: int, away: bool) -> None:
    assert leave().covers(DAY + timedelta(days=shift)) is away


def test_an_open_leave_has_no_end_and_an_ended_one_covers_nothing() -> None:
    assert leave(last=None).covers(DAY + timedelta(days=400)) and not leave(last=None).covers(DAY - timedelta(days=1))
    assert not leave(ended_at=NOON).covers(DAY) and leave(ended_at=NOON).over(DAY)
    assert not leave().over(DAY - timedelta(days=9)) and leave().over(DAY + timedelta(days=5))


def test_of_several_leaves_the_one_that_ends_last_says_until_when() -> None:
    short, long, open_ = leave(last=DAY), leave(last=DAY + timedelta(days=9)), leave(last=None)
    for book in ([short, long, open_], [open_, long, short], [long, open_, short]):
        assert away_on(book, DAY) == {"m04": long}
    assert away_on([open_], DAY) == {"m04": open_}
    assert away_on([short], DAY + timedelta(days=1)) == {}
    assert set(away_on([short, leave(member="m05")], DAY)) == {"m04", "m05"}


@given(st.lists(st.tuples(st.integers(-9, 9), st.one_of(st.none(), st.integers(0, 9)), st.booleans()), max_size=8))
def test_whoever_is_away_has_a_leave_that_says_so_and_nobody_else(spans: list) -> None:
    book = [
        leave(member=f"m{n % 3}", first=DAY + timedelta(days=a), last=None if b is None else DAY + timedelta(days=a + b),
              ended_at=NOON if ended else None)
        for n, (a, b, ended) in enumerate(spans)
    ]  # fmt: skip
    found = away_on(book, DAY)
    assert set(found) == {x.member for x in book if x.covers(DAY)}
    for member, best in found.items():
        known = [x.last for x in book if x.member == member and x.covers(DAY) and x.last]
        assert best.last == max(known, default=None)


LATER = DAY + timedelta(days=8)


@pytest.mark.parametrize(
    ("new", "book", "counts"),
    [
        (auto(DAY), [], True),
        # the same answer again, to our second mail
        (auto(DAY, hours=3), [auto(DAY)], False),
        # a later answer is the newer truth, longer or shorter
        (auto(LATER, hours=3), [auto(DAY)], True),
        (auto(DAY, hours=3), [auto(LATER)], True),
        # an older mail that comes late
        (auto(DAY), [auto(LATER, hours=3)], False),
        (auto(DAY), [auto(LATER, hours=3, ended_at=NOON, ended_why=BACK)], False),
        # the secretary ended it, the mail program goes on
        (auto(LATER, hours=30), [auto(LATER, ended_at=NOON, ended_why=BY_SECRETARY)], False),
        (auto(LATER + timedelta(days=1), hours=30), [auto(LATER, ended_at=NOON, ended_why=BY_SECRETARY)], True),
        (auto(None, hours=30), [auto(None, ended_at=NOON, ended_why=BY_SECRETARY)], False),
        (auto(None, hours=24 * 8), [auto(None, ended_at=NOON, ended_why=BY_SECRETARY)], True),
        # replaced is not overruled
        (auto(DAY, hours=9), [auto(DAY, ended_at=NOON, ended_why=REPLACED), auto(LATER, hours=3)], True),
        # her own entries are another matter
        (auto(DAY), [leave(last=DAY), leave(last=None)], True),
    ],
)  # fmt: skip
def test_which_out_of_office_answer_counts(new: Leave, book: list[Leave], counts: bool) -> None:
    assert counts_now(new, book) is counts
    assert counts_now(new, [replace(x) for x in reversed(book)]) is counts
