"""What came out of the year a plan was made from, kept with the plan so that its forms can show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

__all__ = ["KeptDate", "LastAnswers", "LastDeadline", "LastYear"]


@dataclass(frozen=True, kw_only=True)
class LastDeadline:
    """How a deadline ended. `receipt` is the registry's number (empty: none); `total` and `level` the rubric's, None where
    the deadline has no scored form or an answer is missing."""

    id: str
    title: str
    state: str
    receipt: str = ""
    total: int | None = None
    level: int | None = None


@dataclass(frozen=True, kw_only=True)
class LastAnswers:
    """The latest accepted answers of one form, of one of its rows: an activity's id, «dos[1]» or empty for the form itself.

    `values` maps a field's key to its value as the ledger keeps it («72.5», «yes», a text as typed).
    """

    deadline: str
    form: str
    row: str
    values: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class KeptDate:
    """A date that was moved off a day off when the plan was made: `nominal` is the day it is meant for every year."""

    place: str
    date: date
    nominal: date


@dataclass(frozen=True, kw_only=True)
class LastYear:
    """`fiscal_year` (Buddhist) is the year the results are of."""

    fiscal_year: int
    deadlines: tuple[LastDeadline, ...] = ()
    answers: tuple[LastAnswers, ...] = ()
    dates: tuple[KeptDate, ...] = ()

    def of(self, form: str, row: str = "") -> Mapping[str, str]:
        """The values of a form's row; empty where nothing was accepted."""
        return next((a.values for a in self.answers if (a.form, a.row) == (form, row)), {})

    def nominal(self, place: str, day: date) -> date | None:
        """The day a date of the plan is meant for, as long as nobody has changed it since."""
        return next((k.nominal for k in self.dates if (k.place, k.date) == (place, day)), None)
