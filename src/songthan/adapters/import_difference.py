"""A plan imported again over one that is there: what differs, and the plan with both in it.

Three ways: what the last import read (`base`), what stands in the folder (`mine`), what is read now (`new`). A value the
document did not change stays as a person left it; an empty value never takes the place of a filled one; rows keep their
ids. Deadlines that are under way are held, with every row and seat they need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from songthan.adapters.import_cells import bare
from songthan.adapters.import_ids import with_old_ids

__all__ = ["Difference", "Merge", "merge_documents"]

_HAND = frozenset(("id", "headcount", "addressee", "address", "language", "calendar", "timezone", "era", "digits"))
#: told by the row's text, not printed: a person may have put better ones
_DERIVED = frozenset(("title", "targets"))
_SILENT = frozenset(("source_lines", "source"))


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference. `kind`: changed, added, removed, or held (under way, so not carried out)."""

    file: str
    where: str
    kind: str
    old: Any = None
    new: Any = None


@dataclass(kw_only=True)
class Merge:
    """`documents` is what to write; `base` what the next import compares with: the document's own values under the ids
    the rows keep, and where something was held, what was held (so that it differs again next time)."""

    documents: dict[str, Any] = field(default_factory=dict)
    base: dict[str, Any] = field(default_factory=dict)
    changes: list[Difference] = field(default_factory=list)

    @property
    def real(self) -> list[Difference]:
        return [c for c in self.changes if c.kind != "held"]


def merge_documents(
    mine: Mapping[str, Any],
    new: Mapping[str, Any],
    base: Mapping[str, Any] | None,
    *,
    held: Collection[str] = (),
    keep_members: bool = False,
) -> Merge:
    """`new` into `mine` («plan», «roster», «rubric», «holidays»). `held`: ids of deadlines that must stay as they are.

    `keep_members`: nobody leaves the roster, for work under way is still in their names.
    """
    merge = Merge()
    base = base or {}
    new = with_old_ids(mine, new)
    merge.base = {k: dict(v) for k, v in new.items()}
    for name in ("plan", "roster", "rubric", "holidays"):
        old, fresh = mine.get(name), new.get(name)
        if old is None or fresh is None:
            if fresh is not None:
                merge.changes.append(Difference(file=f"{name}.toml", where="ทั้งแฟ้ม", kind="added"))
            merge.documents[name] = fresh if old is None else old
        elif name == "holidays":
            # the year's days off are the office's work once they are there
            merge.documents[name] = old
        else:
            merge.documents[name] = _Merger(name, merge.changes).table(old, fresh, base.get(name), "")
    if held and "plan" in mine:
        _hold(merge, mine, held)
    if (held or keep_members) and "roster" in mine and "roster" in merge.documents:
        _put_back(merge, "roster", "members", mine["roster"], {m["id"] for m in mine["roster"].get("members", [])})
    return merge


def _same(a: Any, b: Any) -> bool:
    """Equal but for white space and the kind of digits."""
    if isinstance(a, str) and isinstance(b, str):
        return bare(a) == bare(b)
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return set(a) == set(b) and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return a == b and type(a) is type(b)


def _empty(value: Any) -> bool:
    return value in ("", 0, "?") or (isinstance(value, (list, dict)) and not value)


class _Merger:
    def __init__(self, name: str, changes: list[Difference]) -> None:
        self._file = f"{name}.toml"
        self._changes = changes

    def table(
        self, mine: Mapping[str, Any], new: Mapping[str, Any], base: Mapping[str, Any] | None, where: str
    ) -> dict[str, Any]:
        """Key by key, in the order of what is there."""
        merged: dict[str, Any] = {}
        for key in [*mine, *(k for k in new if k not in mine)]:
            place = f"{where} {key}".strip()
            old, was = mine.get(key), (base or {}).get(key)
            if key not in new:
                if key in (base or {}):
                    self._tell(place, "removed", old)
                else:
                    merged[key] = old
            elif key not in mine:
                merged[key] = new[key]
                if not _empty(new[key]) and key not in _SILENT:
                    self._tell(place, "added", None, new[key])
            else:
                merged[key] = self._value(key, old, new[key], was, place)
        return merged

    def _value(self, key: str, old: Any, new: Any, was: Any, where: str) -> Any:
        if key == "silent" and was is None and old:
            return old  # where the table is silent the office speaks: its own sentences stay
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            return self.table(old, new, was if isinstance(was, Mapping) else None, where)
        if _rows(old) and _rows(new) and key not in ("targets", "inputs", "scores", "derived", "when"):
            return self._list(key, old, new, was if _rows(was) else None, where)
        if key in _SILENT:
            return new
        if _same(old, new) or (was is not None and _same(was, new)) or _empty(new) or self._ours(key, where, was):
            return old
        self._tell(where, "changed", old, new)
        return new

    @staticmethod
    def _ours(key: str, where: str, was: Any) -> bool:
        """What a person decides and no document prints: kept where no earlier import tells who wrote it."""
        if key in _HAND and where.startswith("organisation"):
            return True
        derived = ("deliverables" in where and key == "title") or key in ("seats", "targets", "short", "kind")
        own_words = key == "text" and where.startswith(("activity_points", "plan_success"))
        return was is None and (
            derived or own_words or key in ("guideline", "signed_by") or (key == "title" and "deadlines" in where)
        )

    def _list(self, key: str, mine: list[Any], new: list[Any], base: list[Any] | None, where: str) -> list[Any]:
        """Rows by id or number, in the new order; rows a person added stay at the end."""
        old, fresh = {_name(r): r for r in mine}, {_name(r): r for r in new}
        known = {_name(r): r for r in base} if base is not None else None
        merged = []
        for name, row in fresh.items():
            place = f"{where} {name}".strip()
            if name in old:
                merged.append(self.table(old[name], row, (known or {}).get(name), place))
            elif known is not None and name in known:
                continue  # taken out by hand since the last import
            else:
                merged.append(row)
                self._tell(place, "added", None, _shown(row) or name)
        for name, row in old.items():
            if name not in fresh:
                if known is not None and name not in known:
                    merged.append(row)
                else:
                    self._tell(f"{where} {name}".strip(), "removed", _shown(row) or name)
        return merged

    def _tell(self, where: str, kind: str, old: Any = None, new: Any = None) -> None:
        self._changes.append(Difference(file=self._file, where=where, kind=kind, old=old, new=new))


def _rows(value: Any) -> bool:
    """A list of tables that have names."""
    return isinstance(value, list) and all(isinstance(v, Mapping) and _name(v) for v in value)


def _shown(row: Mapping[str, Any]) -> str:
    """What a reader calls the row."""
    person = f"{row.get('prefix', '')}{row.get('given', '')} {row.get('family', '')}".strip()
    return str(row.get("title") or row.get("role") or row.get("text") or person or row.get("position", ""))


def _name(row: Mapping[str, Any]) -> str:
    if "activity" in row and "what" in row:
        return f"{row['activity']} {row['what']}"
    for key in ("id", "number", "level", "by"):
        if key in row:
            return str(row[key])
    return ""


def _hold(merge: Merge, mine: Mapping[str, Any], held: Collection[str]) -> None:
    """Put back the deadlines that are under way, the rows they report on and the seats those need."""
    plan, before = merge.documents["plan"], mine["plan"]
    kept = {d["id"]: d for d in before.get("deadlines", []) if d["id"] in held}
    after = {d["id"]: d for d in plan["deadlines"]}
    for key, deadline in kept.items():
        if not _same(after.get(key), deadline):
            merge.changes.append(
                Difference(file="plan.toml", where=f"deadlines {key}", kind="held", old=deadline, new=after.get(key))
            )
            merge.changes[:] = [c for c in merge.changes if c.kind == "held" or not _about(c, f"deadlines {key}")]
            _remember(merge, "plan", "deadlines", deadline)
        after[key] = deadline
    plan["deadlines"] = sorted(
        after.values(), key=lambda d: d["external"] if isinstance(d["external"], date) else date.max
    )
    wanted = {
        a for d in kept.values() for a in (_all_ids(before) if d.get("activities", "all") == "all" else d["activities"])
    }
    _put_back(merge, "plan", "activities", before, wanted)
    needed = {a["project"] for a in plan["activities"]}
    _put_back(merge, "plan", "projects", before, needed)
    _seats_of(merge, before, wanted)
    if "roster" in mine and "roster" in merge.documents:
        seats = {s for a in plan["activities"] for s in a["seats"]}
        _put_back(merge, "roster", "seats", mine["roster"], seats)
        _holders_of(merge, mine["roster"], {s for a in plan["activities"] if a["id"] in wanted for s in a["seats"]})


def _about(change: Difference, where: str) -> bool:
    return change.file == "plan.toml" and (change.where == where or change.where.startswith(f"{where} "))


def _all_ids(plan: Mapping[str, Any]) -> list[str]:
    return [a["id"] for a in plan.get("activities", [])]


def _put_back(merge: Merge, document: str, key: str, before: Mapping[str, Any], wanted: Collection[str]) -> None:
    here = {r["id"] for r in merge.documents[document][key]}
    for row in before.get(key, []):
        if row["id"] in wanted and row["id"] not in here:
            merge.documents[document][key].append(row)
            _remember(merge, document, key, row)
            where = f"{key} {row['id']}"
            merge.changes[:] = [c for c in merge.changes if not (c.where == where and c.kind == "removed")]
            merge.changes.append(
                Difference(file=f"{document}.toml", where=where, kind="held", old=_shown(row) or row["id"])
            )


def _remember(merge: Merge, document: str, key: str, row: Mapping[str, Any]) -> None:
    """A held row stands in the base as it is held."""
    rows = merge.base[document].get(key, [])
    merge.base[document][key] = [*(r for r in rows if r["id"] != row["id"]), row]


def _seats_of(merge: Merge, before: Mapping[str, Any], wanted: Collection[str]) -> None:
    """Who answers for a row under way stays."""
    seats = {a["id"]: a["seats"] for a in before.get("activities", []) if a["id"] in wanted}
    for a in merge.documents["plan"]["activities"]:
        if a["id"] in seats and a["seats"] != seats[a["id"]]:
            where = f"activities {a['id']} seats"
            merge.changes[:] = [c for c in merge.changes if c.where != where]
            merge.changes.append(Difference(file="plan.toml", where=where, kind="held", old=seats[a["id"]], new=a["seats"]))
            a["seats"] = seats[a["id"]]


def _holders_of(merge: Merge, before: Mapping[str, Any], wanted: Collection[str]) -> None:
    """A seat that answers for a row under way stays with who holds it: handing over is `songthan reassign`."""
    held = {s["id"]: s for s in before.get("seats", []) if s["id"] in wanted}
    for seat in merge.documents["roster"]["seats"]:
        old = held.get(seat["id"])
        if old is None or seat["member"] == old["member"]:
            continue
        where = f"seats {seat['id']} member"
        merge.changes[:] = [c for c in merge.changes if c.where != where]
        merge.changes.append(
            Difference(file="roster.toml", where=where, kind="held", old=old["member"], new=seat["member"])
        )
        seat["member"] = old["member"]
        _remember(merge, "roster", "seats", {**seat})
