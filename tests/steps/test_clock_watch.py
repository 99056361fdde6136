"""A machine whose clock is wrong is told to the secretary, by the mail server's clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from songthan.steps.watch import findings


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick("2023-03-01 09:00")
    return desk


@pytest.mark.parametrize(
    ("skew", "word"),
    [(None, ""), (0.0, ""), (299.0, ""), (-300.0, ""), (301.0, "เร็ว"), (-3600.0, "ช้า"), (86_400.0, "เร็ว")],
)
def test_past_five_minutes_the_clock_is_an_alarm(desk: Desk, skew: float | None, word: str) -> None:
    desk.mailbox.skew = skew
    told = [f for f in findings(desk.office) if f.code == "clock"]
    assert len(told) == bool(word) and all(word in f.what and "NTP" in f.remedy for f in told)
    assert not told or skew != -3600.0 or "60 นาที" in told[0].what


def test_a_mailbox_that_cannot_be_reached_is_one_alarm(desk: Desk) -> None:
    desk.mailbox.skew = 999.0
    desk.mailbox.fail("clock_skew", "auth")
    desk.mailbox.fail("new_messages", "auth")
    codes = [f.code for f in findings(desk.office)]
    assert "clock" not in codes and codes.count("mailbox") == 1
