"""A plan imported again gets the ids its rows, deadlines, seats and members had: work and addresses hang on them.

A row is known by its title, else by its number where the title is much the same; a deadline by its forms; a member by the
name, never by the number alone (an address filled in for one person must not come to another); a seat by who holds it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from songthan.adapters.import_cells import bare

__all__ = ["with_old_ids"]

Row = Mapping[str, Any]
#: how much two titles under one number, or under two numbers, must share to be one row's
_RETITLED, _MOVED = 0.5, 0.8
#: pairs of rows without a match that are compared letter by letter
_MOST = 40_000


def with_old_ids(mine: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """`new` («plan», «roster», …) under the ids `mine` has for the same things. An id kept is never another's."""
    seats: dict[str, str] = {}
    fresh = dict(new)
    if "roster" in new and "roster" in mine:
        fresh["roster"], seats = _roster(mine["roster"], new["roster"])
    fresh["plan"] = _plan(mine.get("plan", {}), new["plan"], seats)
    return fresh


def _plan(old: Row, new: Row, seats: Mapping[str, str]) -> dict[str, Any]:
    fresh = {**new}
    projects = _ids(old.get("projects", []), new["projects"])
    fresh["projects"] = [{**p, "id": projects[p["id"]]} for p in new["projects"]]
    ids = _ids(old.get("activities", []), new["activities"])
    fresh["activities"] = [
        {
            **a, "id": ids[a["id"]], "project": projects.get(a["project"], a["project"]),
            "seats": [seats.get(s, s) for s in a["seats"]],
            "deliverables": [{**d, "id": d["id"].replace(a["id"], ids[a["id"]], 1)} for d in a["deliverables"]],
        }
        for a in new["activities"]
    ]  # fmt: skip
    deadlines = _deadline_ids(old.get("deadlines", []), new["deadlines"])
    fresh["deadlines"] = [
        {
            **d, "id": deadlines[d["id"]],
            "activities": d["activities"] if d["activities"] == "all" else [ids.get(a, a) for a in d["activities"]],
        }
        for d in new["deadlines"]
    ]  # fmt: skip
    return fresh


class _Pairs:
    """New id → the id it keeps."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.taken: set[str] = set()

    def pair(self, key: str, old: Row) -> None:
        if key not in self.found and old["id"] not in self.taken:
            self.found[key] = old["id"]
            self.taken.add(old["id"])

    def finish(self, new: Sequence[Row], old: Sequence[Row]) -> dict[str, str]:
        """What is new gets an id nobody has or had."""
        known = self.taken | {o["id"] for o in old}
        for n in new:
            if n["id"] not in self.found:
                key, count = n["id"], 2
                while key in known:
                    key, count = f"{n['id']}-{count}", count + 1
                self.found[n["id"]] = key
                known.add(key)
        return self.found


def _ids(old: Sequence[Row], new: Sequence[Row]) -> dict[str, str]:
    pairs = _Pairs()
    titled: defaultdict[str, list[Row]] = defaultdict(list)
    for o in old:
        titled[bare(o["title"])].append(o)
    for n in new:
        same = titled[bare(n["title"])] if n["title"] else []
        exact = [o for o in same if o["id"] == n["id"]] or (same if len(same) == 1 else [])
        if exact:
            pairs.pair(n["id"], exact[0])
    numbered: defaultdict[str, list[Row]] = defaultdict(list)
    for o in old:
        for key in {o["id"], bare(o.get("number", ""))} - {""}:
            numbered[key].append(o)
    for n in new:
        for o in (*numbered[n["id"]], *numbered[bare(n.get("number", ""))]):
            if _share(o, n) >= _RETITLED:
                pairs.pair(n["id"], o)
    left = [o for o in old if o["id"] not in pairs.taken]
    rest = [n for n in new if n["id"] not in pairs.found]
    if len(left) * len(rest) <= _MOST:
        near = sorted(((_share(o, n), -i, -j) for i, n in enumerate(rest) for j, o in enumerate(left)), reverse=True)
        for share, i, j in near:
            if share >= _MOVED:
                pairs.pair(rest[-i]["id"], left[-j])
    return pairs.finish(new, old)


def _share(old: Row, new: Row) -> float:
    a, b = bare(old["title"]), bare(new["title"])
    return SequenceMatcher(None, a, b, autojunk=False).ratio() if a and b else 1.0 if old["id"] == new["id"] else 0.0


def _deadline_ids(old: Sequence[Row], new: Sequence[Row]) -> dict[str, str]:
    """A deadline moved to another month is the same one: of the same kind, quarter and forms, where there is but one."""
    pairs = _Pairs()

    def what(d: Row) -> tuple[Any, ...]:
        return d["kind"], d.get("quarter"), tuple(sorted(d["forms"]))

    for n in new:
        for o in old:
            if o["id"] == n["id"] and what(o) == what(n):
                pairs.pair(n["id"], o)
    for n in new:
        olds = [o for o in old if what(o) == what(n) and o["id"] not in pairs.taken]
        if len(olds) == 1 and sum(what(x) == what(n) and x["id"] not in pairs.found for x in new) == 1:
            pairs.pair(n["id"], olds[0])
    for n in new:
        for o in old:
            if o["id"] == n["id"]:
                pairs.pair(n["id"], o)
    return pairs.finish(new, old)


def _roster(old: Row, new: Row) -> tuple[dict[str, Any], dict[str, str]]:
    """The new roster under the old ids, and new seat id → the id it keeps."""
    pairs = _Pairs()
    members = {m["id"]: m for m in old.get("members", [])}
    for m in new["members"]:
        for o in members.values():
            if m["given"] and _name(o) == _name(m):
                pairs.pair(m["id"], o)
    for m in new["members"]:
        o = members.get(m["id"])
        if o is not None and _same_person(o, m):
            pairs.pair(m["id"], o)
    people = pairs.finish(new["members"], old.get("members", []))
    seats = _Pairs()
    for s in new["seats"]:
        held = [o for o in old.get("seats", []) if o["member"] == people.get(s["member"], s["member"])]
        if len(held) == 1:
            seats.pair(s["id"], held[0])
    for s in new["seats"]:
        for o in old.get("seats", []):
            if o["id"] == s["id"] or o["number"] == s["number"]:
                seats.pair(s["id"], o)
    ids = seats.finish(new["seats"], old.get("seats", []))
    fresh = {
        **new,
        "members": [{**m, "id": people[m["id"]]} for m in new["members"]],
        "seats": [{**s, "id": ids[s["id"]], "member": people.get(s["member"], s["member"])} for s in new["seats"]],
        "office": {k: people.get(v, v) for k, v in new.get("office", {}).items()},
    }
    return fresh, ids


def _name(member: Row) -> tuple[str, str]:
    return bare(member["given"]), bare(member["family"])


def _same_person(old: Row, new: Row) -> bool:
    """Under one number: one name of the two is still the same; where a seat names a post alone, the post."""
    if not old["given"] or not new["given"]:
        return bare(old.get("position", "")) == bare(new.get("position", ""))
    return old["given"] == new["given"] or (bool(old["family"]) and old["family"] == new["family"])
