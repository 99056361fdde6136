"""Counts every difference between an imported plan and one made by hand, field by field.

A difference in nothing but white space (and the kind of digits) counts apart: where a line broke a word no rule is sure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from songthan.adapters.import_cells import bare

#: Fields that are the hand's own decisions or inventions, not the document's (plans/2566/README.md says so of each).
OURS = {
    "organisation": {"id", "headcount", "addressee", "address"},
    "projects": {"guideline"},
    "activities": {"seats"},
    "deadlines": {"title", "short", "source", "opens", "reminders", "escalations"},
    "channels": {"short"},
    "silent": {"id", "text"},
    "plan_success": {"text"},
    "activity_points": {"text"},
}
_NAMED = ("measures", "projects", "activities", "deadlines", "seats", "criteria", "levels", "department_levels")


def differences(imported: Mapping[str, Any], hand: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any]]:
    """(where, «text» or «space», imported, by hand) for plan, roster's seats and rubric."""
    plan, other = imported["plan"], hand["plan"]
    yield from _table("fiscal_year", {"y": plan["fiscal_year"]}, {"y": other["fiscal_year"]}, set())
    yield from _table("organisation", plan["organisation"], other["organisation"], OURS["organisation"])
    for key in ("measures", "projects", "activities", "deadlines"):
        yield from _rows(key, plan[key], other[key])
    yield from _rows("channels", _named(plan["channels"]), _named(other["channels"]))
    yield from _rows("seats", imported["roster"]["seats"], hand["roster"]["seats"])
    mine, theirs = imported["rubric"], hand["rubric"]
    for key in ("title", "score_max"):
        yield from _table(key, {key: mine[key]}, {key: theirs[key]}, set())
    for key in ("criteria", "levels", "department_levels"):
        yield from _rows(key, mine[key], theirs[key])
    for key in ("silent", "activity_points", "plan_success"):
        order = {k: sorted((_plain(r, OURS[key]) for r in d[key]), key=repr) for k, d in (("a", mine), ("b", theirs))}
        yield from _table(key, {key: order["a"]}, {key: order["b"]}, set())


def _named(tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"id": k, **v} for k, v in tables.items()]


def _plain(row: Mapping[str, Any], left_out: set[str]) -> dict[str, Any]:
    return {k: row[k] for k in sorted(row) if k not in left_out}


def _rows(key: str, mine: list[Any], theirs: list[Any]) -> Iterator[tuple[str, str, Any, Any]]:
    name = next(n for n in ("id", "number", "level") if n in theirs[0])
    order = [r[name] for r in mine], [r[name] for r in theirs]
    if order[0] != order[1]:
        yield f"{key} order", "text", order[0], order[1]
    found = {r[name]: r for r in mine}
    for row in theirs:
        if row[name] in found:
            yield from _table(f"{key} {row[name]}", found[row[name]], row, OURS.get(key, set()))


def _table(
    where: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], left_out: set[str]
) -> Iterator[tuple[str, str, Any, Any]]:
    for key in sorted({*mine, *theirs} - left_out):
        a, b = mine.get(key), theirs.get(key)
        if key == "deliverables":
            yield from _deliverables(where, a, b)
        elif a != b:
            yield f"{where} {key}", "space" if bare(repr(a)) == bare(repr(b)) else "text", a, b


def _deliverables(where: str, mine: list[Any], theirs: list[Any]) -> Iterator[tuple[str, str, Any, Any]]:
    """Ids and dates are the plan's; which words name the paper is a reading, on both sides."""
    dated = [[(d["id"], d["due"]) for d in rows] for rows in (mine, theirs)]
    if dated[0] != dated[1]:
        yield f"{where} deliverables", "text", *dated
    for a, b in zip(mine, theirs, strict=False):
        if bare(a["title"]) != bare(b["title"]):
            yield f"{where} deliverable title", "reading", a["title"], b["title"]
