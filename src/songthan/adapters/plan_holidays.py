"""The office's days off: the `holidays` library's table (its one owner), what a government office makes of it, and
the rows of the year's `holidays.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import holidays

from songthan.adapters.plan_toml import Table, load_toml, named
from songthan.domain.calendars import FiscalYears
from songthan.domain.errors import DataError
from songthan.domain.thai import BUDDHIST_ERA

#: Days on the library's public list on which Thai government offices work; their substitute days go with them.
#: Labour Day is for private employees and banks; Children's Day was never an official day off.
_NOT_GOVERNMENT = ("วันแรงงาน", "วันเด็กแห่งชาติ")


def library_days(country: str, years: Iterable[int], *, government: bool, where: str) -> dict[date, str]:
    """Day → name of `country` (ISO code) in the calendar years `years` (Common Era).

    `government` False is the public list as the library has it. True is what government offices keep: the library's
    GOVERNMENT days too (Thailand: the Royal Ploughing Ceremony), in Thailand without Labour and Children's Day.
    DataError for a country the library does not know; `where` is the file that names it.
    """
    try:
        known = holidays.country_holidays(country)
        wanted = list(years)
        # past its last year the library would say «no holidays» without a word
        if not known.start_year <= wanted[0] <= wanted[-1] <= known.end_year:
            raise DataError(
                f"ไม่มีรายการวันหยุดของ «{country}» ครบปี พ.ศ. {wanted[0] + BUDDHIST_ERA}–{wanted[-1] + BUDDHIST_ERA}",
                where=where,
                remedy="ตรวจ fiscal_year หรือเว้น source ว่างแล้วใส่วันหยุดเองใน [[add]]",
            )
        kinds = ("public", "government") if government and "government" in known.supported_categories else ("public",)
        # in the country's own language: left out, the names would be those of the machine's locale
        table = holidays.country_holidays(country, years=wanted, language=known.default_language, categories=kinds)
    except NotImplementedError as error:  # the library's word for a country it does not know
        raise DataError(
            f"ไม่มีปฏิทินของ «{country}»", where=where, remedy='ใช้ source = "holidays:TH" หรือเว้นว่าง'
        ) from error
    days = {day: str(name) for day, name in table.items()}
    return _kept(days) if government and country == "TH" else days


def _kept(days: dict[date, str]) -> dict[date, str]:
    """Without the days on which Thai government offices work; a day that is also something else stays under that name."""
    found = {}
    for day, name in days.items():
        names = [part for part in name.split("; ") if not any(word in part for word in _NOT_GOVERNMENT)]
        if names:
            found[day] = "; ".join(names)
    return found


@dataclass(frozen=True, kw_only=True)
class Holidays:
    """What `holidays.toml` says: days off beside weekends with their names, the library it starts from («holidays:TH» or
    empty), the office's own rows (day → name), and who has checked the year's special days (empty: nobody yet)."""

    days_off: Mapping[date, str]
    source: str
    add: Mapping[date, str]
    remove: Mapping[date, str]
    checked: str = ""

    @property
    def country(self) -> str:
        return self.source.removeprefix("holidays:")


def load_holidays(path: Path, *, fiscal_year: int, calendar: str, fiscal: FiscalYears) -> Holidays:
    """Days off of a fiscal year and of the calendar year after it: the library's, plus and minus the rows.

    A `calendar` «xx-government» of the source's own country keeps its government offices' days, any other the public list.
    """
    top = Table(load_toml(path), str(path))
    source = top.line("source", "")
    add, remove = _days(top, "add"), _days(top, "remove")
    country = source.removeprefix("holidays:")
    days: dict[date, str] = {}
    if source:
        # the ladder of an early or late deadline looks over the year's edges
        first, last = fiscal.days(fiscal_year)
        years = range(first.year, last.year + 2)
        days = library_days(country, years, government=calendar == f"{country.lower()}-government", where=str(path))
    days.update(add)
    for day in remove:
        days.pop(day, None)
    for key in ("note", "notes"):
        top.get(key, (str, list), "")
    checked = top.get("checked", (str, list), "")
    top.done()
    return Holidays(days_off=days, source=source, add=add, remove=remove, checked=str(checked or ""))


def _days(top: Table, key: str) -> dict[date, str]:
    found = {}
    for t in top.tables(key, named(key), []):
        found[t.get("date", date)] = t.line("name", "")
        t.line("why", "")
        t.done()
    return found
