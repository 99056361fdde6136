"""Three clocks, every one aware."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from songthan.adapters.clocks import FileClock, ShiftedClock, SystemClock


def test_the_machines_clock_and_the_shifted_one() -> None:
    before = datetime.now(UTC)
    system, shifted = SystemClock().now(), ShiftedClock(-190).now()
    after = datetime.now(UTC)
    assert before <= system <= after
    assert before <= shifted + timedelta(weeks=190) <= after and shifted.weekday() in (before.weekday(), after.weekday())


def test_a_file_clock_is_one_for_all_and_never_goes_back(tmp_path: Path) -> None:
    one, other = FileClock(tmp_path / "clock.txt"), FileClock(tmp_path / "clock.txt")
    noon = datetime.fromisoformat("2023-03-01T12:00:00+07:00")
    one.set(noon)
    assert other.now() == noon and other.now().utcoffset() == timedelta(hours=7)
    other.set(noon - timedelta(hours=1))
    assert one.now() == noon
    other.set(datetime(2023, 3, 1, 5, 0, 1, tzinfo=UTC))
    assert one.now() == noon + timedelta(seconds=1)
    assert [p.name for p in tmp_path.iterdir()] == ["clock.txt"]
