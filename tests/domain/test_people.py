"""Whom a typed word names; nobody is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from songthan.adapters.plan_files import load_plan
from songthan.domain.errors import UsageError
from songthan.domain.people import find_member

ROSTER = load_plan(Path(__file__).resolve().parents[2] / "plans" / "2566").roster
FOURTH = ROSTER.member("m04")


@pytest.mark.parametrize(
    "text", ["m04", "s04", " M04 ", FOURTH.email, FOURTH.email.upper(), FOURTH.full_name, FOURTH.given, FOURTH.family[:6]]
)
def test_one_person_by_many_names(text: str) -> None:
    assert find_member(ROSTER, text, where="x") == FOURTH


def test_who_fits_is_listed_when_more_than_one_does() -> None:
    with pytest.raises(UsageError) as caught:
        find_member(ROSTER, "นางสาว", where="songthan leave add")
    assert "m04 " in caught.value.th and "m07 " in caught.value.th and caught.value.where == "songthan leave add"


@pytest.mark.parametrize("text", ["", "   ", "m99", "ไม่มีใครชื่อนี้", "nobody@bfa.example"])
def test_nobody_is_nobody(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_member(ROSTER, text, where="x")
    assert "roster.toml" in caught.value.remedy
