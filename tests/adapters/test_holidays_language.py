"""Days off from the library are named in their country's own language, whatever the machine speaks."""

from __future__ import annotations

from datetime import date

import pytest

from songthan.adapters.plan_holidays import library_days


@pytest.mark.parametrize(
    ("country", "name"), [("FR", "Toussaint"), ("DE", "Neujahr"), ("TH", "วันขึ้นปีใหม่"), ("IS", "Nýársdagur")]
)
def test_names_are_the_countrys_own(country: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en_US")
    days = library_days(country, (2027,), government=False, where="holidays.toml")
    assert days[date(2027, 11, 1) if country == "FR" else date(2027, 1, 1)] == name
