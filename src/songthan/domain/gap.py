"""What is missing to the next level: the cheapest set of points, each told as something to do.

A way to a level says for each of its criteria which score is to be reached. Ways are compared by the rubric's own order
(`[gap] order`): by default fewest points, then fewest things to do, fewest criteria, least effort; at last the criteria with the
lower numbers are raised. Every way is weighed (a table over the sum of scores, not a guess step by step).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from songthan.domain.language import digits, say
from songthan.domain.rubric_values import (
    Condition,
    Criterion,
    GapRules,
    Input,
    Level,
    Rubric,
    Values,
    exact_text,
    exact_words,
)

__all__ = ["GapAction", "GapStep", "find_gap", "gap_words"]


@dataclass(frozen=True, kw_only=True)
class GapAction:
    """One answer to be bettered: from `now` to `to`, which is `more` (of a flag: 0, 1, 1)."""

    key: str
    now: Fraction
    to: Fraction
    message_th: str

    @property
    def more(self) -> Fraction:
        return self.to - self.now


@dataclass(frozen=True, kw_only=True)
class GapStep:
    """One criterion to be raised from `score` to `needed` by its `actions`; `message_th` says so in a sentence."""

    criterion: str
    number: int
    score: int
    needed: int
    actions: tuple[GapAction, ...]

    @property
    def todo_th(self) -> str:
        """«ข้อ ๘ ทำสื่ออีก ๑ รูปแบบ»."""
        return say("ข้อ {number} {words}", number=digits(self.number), words=say(" และ ").join(a.message_th for a in self.actions))

    @property
    def message_th(self) -> str:
        return say("{todo} (จาก {score} เป็น {needed} คะแนน)", todo=self.todo_th, score=digits(self.score), needed=digits(self.needed))

    def as_json(self) -> dict[str, object]:
        return {
            "criterion": self.criterion,
            "score": self.score,
            "needed": self.needed,
            "points": self.needed - self.score,
            "message_th": self.message_th,
            "actions": [
                {"key": a.key, "now": exact_text(a.now), "to": exact_text(a.to), "more": exact_text(a.more), "message_th": a.message_th}
                for a in self.actions
            ],
        }


@dataclass(frozen=True, kw_only=True)
class _Way:
    """One criterion brought to `needed`, and what that costs by the names of `GapRules.order`."""

    step: GapStep
    costs: Mapping[str, int]


def gap_words(steps: Sequence[GapStep]) -> str:
    """«ขาดอีก ๓ คะแนน: ข้อ ๘ …; ข้อ ๙ …»; empty for no steps."""
    if not steps:
        return ""
    points = sum(s.needed - s.score for s in steps)
    return say("ขาดอีก {points} คะแนน: {steps}", points=digits(points), steps="; ".join(s.todo_th for s in steps))


def find_gap(
    rubric: Rubric,
    level: Level,
    values: Mapping[str, Values],
    headcount: int,
    closed: Collection[str] = (),
) -> tuple[GapStep, ...] | None:
    """The cheapest steps to `level`; None when none of what is missing can still be done (`closed`: «c8.media»)."""
    mine = [c for c in rubric.criteria if c.id in level.criteria]
    # sum of scores so far → (cost by the order, the scores chosen negated, the ways): the least of each sum
    best: dict[int, tuple[tuple[int, ...], tuple[int, ...], tuple[_Way, ...]]] = {0: ((), (), ())}
    for criterion in mine:
        ways = _ways(rubric, criterion, level.each_at_least, values[criterion.id], headcount, closed)
        grown: dict[int, tuple[tuple[int, ...], tuple[int, ...], tuple[_Way, ...]]] = {}
        for total, (cost, chosen, so_far) in best.items():
            for way in ways:
                added = tuple(way.costs[name] for name in rubric.gap.order)
                summed = tuple(a + b for a, b in zip(cost, added, strict=True)) if cost else added
                candidate = (summed, (*chosen, -way.step.needed), (*so_far, way))
                here = grown.get(total + way.step.needed)
                if here is None or candidate[:2] < here[:2]:
                    grown[total + way.step.needed] = candidate
        best = grown
    enough = [found for total, found in best.items() if total >= level.sum_at_least]
    if not enough:
        return None
    _, _, taken = min(enough, key=lambda found: found[:2])
    return tuple(way.step for way in taken if way.step.needed > way.step.score)


def _ways(
    rubric: Rubric, criterion: Criterion, least: int, values: Values, headcount: int, closed: Collection[str]
) -> list[_Way]:
    """The criterion left as it is (where that is enough), and every higher score that can still be reached."""
    now = next(r.score for r in criterion.scores if all(c.holds(values) for c in r.all))
    found = []
    for needed in range(max(now, least), rubric.score_max + 1):
        actions = _actions(rubric.gap, criterion, needed, values, headcount) if needed > now else ()
        if any(f"{criterion.id}.{a.key}" in closed for a in actions):
            continue
        effort = sum(
            rubric.gap.improvement(criterion.id, a.key).effort * (ceil(a.more) if _kind(criterion, a.key) == "count" else 1)
            for a in actions
        )
        step = GapStep(criterion=criterion.id, number=criterion.number, score=now, needed=needed, actions=actions)
        costs = {"points": needed - now, "actions": len(actions), "criteria": int(needed > now), "effort": effort}
        found.append(_Way(step=step, costs=costs))
    return found


def _kind(criterion: Criterion, key: str) -> str:
    return next(i.kind for i in criterion.inputs if i.key == key)


def _actions(
    rules: GapRules, criterion: Criterion, needed: int, values: Values, headcount: int
) -> tuple[GapAction, ...]:
    """What the conditions of `needed` still want, one action an answer (the most that any of them wants)."""
    wanted: dict[str, GapAction] = {}
    for condition in criterion.rule(needed).all:
        if condition.holds(values):
            continue
        action = _action(rules, criterion, condition, values, headcount)
        if action.key not in wanted or action.to > wanted[action.key].to:
            wanted[action.key] = action
    return tuple(wanted.values())


def _action(
    rules: GapRules, criterion: Criterion, condition: Condition, values: Values, headcount: int
) -> GapAction:
    item, derived = criterion.source(condition.key)
    now = Fraction(values[item.key])
    to = Fraction(1) if item.kind == "flag" else condition.number
    if derived:
        to = Fraction(ceil(condition.number * headcount / 100))
    elif item.kind == "count":
        to = Fraction(ceil(condition.number))
    given = rules.improvement(criterion.id, item.key).text
    parts = {"more": to - now, "to": to, "of": Fraction(headcount), "percent": condition.number}
    words = _filled(given, parts) if given else _default(item, bool(derived), parts)
    return GapAction(key=item.key, now=now, to=to, message_th=words)


def _filled(text: str, parts: Mapping[str, Fraction]) -> str:
    """The office's own sentence; names it does not have stay as they stand."""
    for name, value in parts.items():
        text = text.replace(f"{{{name}}}", exact_words(value))
    return text


def _default(item: Input, of_staff: bool, parts: Mapping[str, Fraction]) -> str:
    if item.kind == "flag":
        return item.label
    words = {name: exact_words(value) for name, value in parts.items()}
    if of_staff:
        return say("{label} อีก {more} ให้ไม่น้อยกว่า {to} จาก {of} (ร้อยละ {percent})", label=item.label, **words)
    if item.kind == "count":
        return say("{label} อีก {more} ให้ไม่น้อยกว่า {to}", label=item.label, more=words["more"], to=words["to"])
    return say("{label} อีก {more} ให้ไม่น้อยกว่า {to}", label=item.label, more=words["more"], to=words["to"])
