"""The rubric as values: criteria, levels, what the program says where the document is silent, points, success of the plan.

`songthan.adapters.rubric_file` builds these from plans/YEAR/rubric.toml; numbers are exact fractions throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date
from fractions import Fraction
from typing import Literal

from songthan.domain.language import digits, number_words, say

__all__ = [
    "CRITERIA", "GAP_ORDER", "ActivityPoints", "Condition", "Criterion", "DepartmentLevel", "Derived", "Evidence", "GapRules",
    "Improvement", "Input", "Level", "PlanSuccess", "Progress", "Rubric", "ScoreRule", "Silent", "Values", "exact_text", "exact_words",
]  # fmt: skip

InputKind = Literal["count", "percent", "flag"]
Test = Literal["flag", "no", "at_least", "above", "below", "equals", "below_value"]
#: The criteria a template may print where the office has no rubric: those of the Thai parliament's (c1-c9).
CRITERIA = tuple(f"c{n}" for n in range(1, 10))
#: What tells two ways to a level apart, the most important first, where a rubric does not say otherwise.
GAP_ORDER = ("points", "actions", "criteria", "effort")
#: key → value of one criterion; in remarks also «c3.plan» → value of every other.
Values = Mapping[str, Fraction | bool]


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`key` is a flag that must be true (test «no»: false), or a value held against `number` or against the value `than`."""

    key: str
    test: Test
    number: Fraction = Fraction(0)
    than: str = ""

    def holds(self, values: Values) -> bool:
        value = Fraction(values[self.key])
        if self.test in ("flag", "no"):
            return value == (self.test == "flag")
        if self.test == "at_least":
            return value >= self.number
        if self.test == "above":
            return value > self.number
        if self.test == "below_value":
            return value < values[self.than]
        return value < self.number if self.test == "below" else value == self.number


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a person answers: a count (whole, ≥ 0), a percent (0–100) or a flag; `label` names it in the office's words.

    `field` is where a form asks it, `<form>.<field>` («f2.c1_persons»); empty: no form does.
    """

    key: str
    kind: InputKind
    label: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Derived:
    """`key` = the input `percent_of` × 100 ÷ `base` («headcount»), an exact fraction."""

    key: str
    percent_of: str
    base: str


@dataclass(frozen=True, kw_only=True)
class ScoreRule:
    """`score` is given when every condition of `all` holds (none: always)."""

    score: int
    text: str
    all: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One criterion; `scores` are ordered from the highest down and end with a rule that always holds."""

    id: str
    number: int
    text: str
    inputs: tuple[Input, ...]
    derived: tuple[Derived, ...]
    scores: tuple[ScoreRule, ...]

    def rule(self, score: int) -> ScoreRule:
        return next(r for r in self.scores if r.score == score)

    def source(self, key: str) -> tuple[Input, Derived | None]:
        """The input a condition's `key` is answered by, and how it is derived from it (None: not at all)."""
        derived = next((d for d in self.derived if d.key == key), None)
        wanted = derived.percent_of if derived else key
        return next(i for i in self.inputs if i.key == wanted), derived


@dataclass(frozen=True, kw_only=True)
class Level:
    """A level of one bureau: every listed criterion at least `each_at_least`, their sum at least `sum_at_least`."""

    level: int
    name: str
    text: str
    criteria: tuple[str, ...]
    each_at_least: int
    sum_at_least: int

    def reached(self, scores: Mapping[str, int]) -> bool:
        mine = [scores[c] for c in self.criteria]
        return min(mine) >= self.each_at_least and sum(mine) >= self.sum_at_least


@dataclass(frozen=True, kw_only=True)
class DepartmentLevel:
    """A level of a department: the share of all its bureaus at `bureau_level_at_least` or higher, in percent."""

    level: int
    name: str
    text: str
    bureau_level_at_least: int
    percent_at_least: Fraction


@dataclass(frozen=True, kw_only=True)
class Silent:
    """A place the document says nothing about, or answers that do not go together: when `when` holds the program says
    `text`. `score` is what the rules give there; None where the remark is about no one score."""

    id: str
    criterion: str
    when: tuple[Condition, ...]
    text: str
    score: int | None = None


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """How a missing answer is told as something to do. In `text` {more}, {to}, {of} and {percent} are filled in.

    `effort` weighs it against others of the same points (a count's once for each that is missing); after `until` it can
    no longer be done.
    """

    text: str = ""
    effort: int = 1
    until: date | None = None


@dataclass(frozen=True, kw_only=True)
class GapRules:
    """The order in which two ways to a level are compared (the smaller wins; at last the lower criterion number), and the
    improvements by «criterion.key»."""

    order: tuple[str, ...] = GAP_ORDER
    improvements: Mapping[str, Improvement] = made(default_factory=dict)

    def improvement(self, criterion: str, key: str) -> Improvement:
        return self.improvements.get(f"{criterion}.{key}", Improvement())


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What proves a criterion: the form field («f2.c1_evidence») that names it, and the plan's activities that make it."""

    criterion: str
    field: str = ""
    activities: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ActivityPoints:
    """Points printed in the plan beside one activity for a thing made; several of one activity exclude each other (the
    highest counts)."""

    activity: str
    what: str
    points: int
    text: str


@dataclass(frozen=True, kw_only=True)
class PlanSuccess:
    """How much of the plan must be done by a day, in percent."""

    by: date
    percent: Fraction
    text: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The fields of the form over activities by which progress is known: percent done, was the output reached, evidence,
    what was done («f3.percent»…)."""

    percent: str
    reached: str = ""
    evidence: str = ""
    done: str = ""


@dataclass(frozen=True, kw_only=True)
class Rubric:
    """`point_words`: (activity, what) → words in the names of evidence that tell the thing made («เล่ม»)."""

    title: str
    score_max: int
    criteria: tuple[Criterion, ...]
    levels: tuple[Level, ...]
    silent: tuple[Silent, ...] = ()
    remarks: tuple[Silent, ...] = ()
    department_levels: tuple[DepartmentLevel, ...] = ()
    gap: GapRules = GapRules()
    evidence: tuple[Evidence, ...] = ()
    activity_points: tuple[ActivityPoints, ...] = ()
    point_words: Mapping[tuple[str, str], tuple[str, ...]] = made(default_factory=dict)
    plan_success: tuple[PlanSuccess, ...] = ()
    progress: Progress | None = None

    def criterion(self, criterion_id: str) -> Criterion:
        return next(c for c in self.criteria if c.id == criterion_id)

    def closed_on(self, day: date, last_days: Mapping[str, date]) -> frozenset[str]:
        """Answers («c8.media») that can no longer be bettered on `day`: past their own `until`, or past the last day their
        form is handed in (`last_days` by form; a form that is not there is never asked for)."""
        found = set()
        for criterion in self.criteria:
            for item in criterion.inputs:
                until = self.gap.improvement(criterion.id, item.key).until
                form = last_days.get(item.field.partition(".")[0])
                if any(end is not None and end < day for end in (until, form)):
                    found.add(f"{criterion.id}.{item.key}")
        return frozenset(found)

    def days(self) -> tuple[date, ...]:
        """Every day the rubric names: of the plan's success, and after which something can no longer be done."""
        until = (one.until for one in self.gap.improvements.values())
        return tuple(sorted({*(s.by for s in self.plan_success), *(day for day in until if day is not None)}))

    def level_name(self, level: int) -> str:
        """The level's own name; of level 0, that none is reached."""
        return next((one.name for one in self.levels if one.level == level), say("ยังไม่ถึงระดับใด"))

    def numbers_of(self, ids: tuple[str, ...]) -> str:
        """«ข้อ ๑–๓» for the criteria of a level."""
        numbers = [c.number for c in self.criteria if c.id in ids]
        return say("ข้อ {first}–{last}", first=digits(min(numbers)), last=digits(max(numbers)))


def exact_text(value: Fraction) -> str:
    """A number for a program: «81.25», or «250/3» where no decimals end."""
    return _decimals(value) or str(value)


def exact_words(value: Fraction) -> str:
    """A non-negative number as the office writes it: every decimal there is, or two of them cut off (never rounded up to
    a threshold) and «…»."""
    text = _decimals(value)
    if text is not None and len(text.partition(".")[2]) <= 30:
        return number_words(text)
    whole, rest = divmod(value, 1)
    return number_words(f"{whole}.{int(rest * 100):02d}") + "…"


def _decimals(value: Fraction) -> str | None:
    whole, rest = divmod(value, 1)
    twos = fives = 0
    left = rest.denominator
    while left % 2 == 0:
        left, twos = left // 2, twos + 1
    while left % 5 == 0:
        left, fives = left // 5, fives + 1
    places = max(twos, fives)
    if left != 1 or value < 0:
        return None
    return f"{whole}.{int(rest * 10**places):0{places}d}" if places else str(whole)
