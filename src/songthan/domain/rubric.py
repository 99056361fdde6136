"""The scoring as one pure function: answers in; scores, level, gap and remarks out.

Every number is compared as an exact fraction; nothing is rounded. The rules are data (plans/YEAR/rubric.toml, plan lines
402-454), the values are in `rubric_values`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from songthan.domain.gap import GapStep, find_gap, gap_words
from songthan.domain.language import digits, say
from songthan.domain.rubric_answers import read_answers
from songthan.domain.rubric_values import (
    CRITERIA,
    Condition,
    Criterion,
    Derived,
    Input,
    Level,
    Rubric,
    ScoreRule,
    Silent,
    Values,
)

__all__ = [
    "CRITERIA", "Condition", "Criterion", "Derived", "Further", "GapStep", "Input", "Level", "Remark", "Rubric", "ScoreRule", "Scoring",
    "Silent", "evaluate",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Where the document is silent and the program decided, or where the answers need a look; `criterion` is None for the
    level itself."""

    criterion: str | None
    code: str
    message_th: str


@dataclass(frozen=True, kw_only=True)
class Further:
    """The steps from the answers to a level above the next one."""

    level: int
    steps: tuple[GapStep, ...]


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """What came out. `gap` leads to `next_level`, `further` to the levels above it that can still be reached."""

    scores: Mapping[str, int]
    total: int
    level: int
    next_level: int | None
    gap: tuple[GapStep, ...]
    remarks: tuple[Remark, ...]
    further: tuple[Further, ...] = ()

    @property
    def gap_th(self) -> str:
        """«ขาดอีก ๓ คะแนน: ข้อ ๘ ทำสื่ออีก ๑ รูปแบบ; …»; empty where nothing is missing or nothing can be done."""
        return gap_words(self.gap)

    def as_json(self) -> dict[str, object]:
        """The document `songthan score --json` prints."""
        return {
            "scores": dict(self.scores),
            "total": self.total,
            "level": self.level,
            "next_level": self.next_level,
            "gap": [g.as_json() for g in self.gap],
            "remarks": [{"criterion": r.criterion, "code": r.code, "message_th": r.message_th} for r in self.remarks],
        }


def evaluate(rubric: Rubric, document: Mapping[str, object], *, closed: Collection[str] = ()) -> Scoring:
    """Score `document` ({"headcount": n, "answers": {criterion: {key: value}}}) by `rubric`.

    Percents are decimal strings or whole numbers (never floats: what was written must be compared exactly). UsageError
    names the place of anything missing, unknown or impossible (more persons than the headcount, a percent over 100).
    `closed`: answers («c8.media») that can no longer be bettered; the gap does not propose them.
    """
    read = read_answers(rubric, document)
    scores = {c.id: score_of(c, read.values[c.id]) for c in rubric.criteria}
    level = max((one.level for one in rubric.levels if one.reached(scores)), default=0)
    following = min((one for one in rubric.levels if one.level > level), key=lambda one: one.level, default=None)
    steps = find_gap(rubric, following, read.values, read.headcount, closed) if following else ()
    above = [one for one in rubric.levels if following and one.level > following.level]
    ways = [(one.level, find_gap(rubric, one, read.values, read.headcount, closed)) for one in above]
    odd = tuple(Remark(criterion=c, code=code, message_th=words) for c, code, words in read.odd)
    closing = () if steps is not None or following is None else (_closed(following),)
    return Scoring(
        scores=scores,
        total=sum(scores.values()),
        level=level,
        next_level=following.level if following else None,
        gap=steps or (),
        remarks=(*odd, *_silent(rubric, read.values), *_skipped(rubric, level, scores), *closing),
        further=tuple(Further(level=number, steps=way) for number, way in ways if way is not None),
    )


def score_of(criterion: Criterion, values: Values) -> int:
    """The points of one criterion."""
    return next(rule.score for rule in criterion.scores if all(c.holds(values) for c in rule.all))


def _silent(rubric: Rubric, values: Mapping[str, Mapping[str, Fraction | bool]]) -> tuple[Remark, ...]:
    every = {f"{c}.{key}": value for c, mine in values.items() for key, value in mine.items()}
    return tuple(
        Remark(criterion=s.criterion, code=s.id, message_th=s.text)
        for s in (*rubric.silent, *rubric.remarks)
        if all(c.holds({**every, **values[s.criterion]}) for c in s.when)
    )


def _skipped(rubric: Rubric, level: int, scores: Mapping[str, int]) -> tuple[Remark, ...]:
    """The document does not say whether a level needs the lower ones' sums as well; its own words are followed."""
    return tuple(
        Remark(
            criterion=None,
            code=f"level-{level}-without-{lower.level}",
            message_th=(
                say("คะแนนถึงเกณฑ์ระดับที่ {level} ตามข้อความของระดับนั้น แต่คะแนนรวมของ{span} ยังไม่ถึง {sum_at_least} ของระดับที่ {lower} ซึ่งเกณฑ์มิได้ระบุว่าต้องผ่านระดับก่อนหน้าด้วยหรือไม่ ระบบใช้ข้อความของระดับนั้นเอง โปรดพิจารณา", level=digits(level), span=rubric.numbers_of(lower.criteria), sum_at_least=digits(lower.sum_at_least), lower=digits(lower.level))
            ),
        )
        for lower in rubric.levels
        if lower.level < level and not lower.reached(scores)
    )


def _closed(level: Level) -> Remark:
    words = say("ระดับที่ {level} ถึงไม่ได้แล้วในปีนี้ เพราะสิ่งที่ยังขาดพ้นกำหนดไปแล้ว ระบบจึงไม่เสนอให้ทำเพิ่ม", level=digits(level.level))
    return Remark(criterion=None, code=f"level-{level.level}-closed", message_th=words)
