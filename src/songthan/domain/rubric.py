"""The scoring as values and one pure function: answers in, scores, level, gap and remarks out.

Every number is compared as an exact fraction; nothing is rounded. The rules are data (plans/YEAR/rubric.toml, plan lines
402-454); `songthan.adapters.rubric_file` builds these values and refuses anything unknown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Literal

from songthan.domain.errors import UsageError
from songthan.domain.language import digits, say
from songthan.domain.thai import to_arabic_digits

__all__ = [
    "CRITERIA", "Condition", "Criterion", "Derived", "GapStep", "Input", "Level", "Remark", "Rubric", "ScoreRule", "Scoring",
    "Silent", "evaluate",
]  # fmt: skip

InputKind = Literal["count", "percent", "flag"]
Test = Literal["flag", "at_least", "above", "below", "equals"]
#: The criteria a template may print where the office has no rubric: those of the Thai parliament's (c1-c9).
CRITERIA = tuple(f"c{n}" for n in range(1, 10))
_DECIMAL = re.compile(r"[0-9]{1,15}(\.[0-9]{1,30})?")
#: More persons, topics or channels than this is a slip of the keyboard.
_COUNT_MAX = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`key` is a flag that must be true, or a value held against `number`."""

    key: str
    test: Test
    number: Fraction = Fraction(0)

    def holds(self, values: Mapping[str, Fraction | bool]) -> bool:
        value = Fraction(values[self.key])
        if self.test == "flag":
            return value == 1
        if self.test == "at_least":
            return value >= self.number
        if self.test == "above":
            return value > self.number
        return value < self.number if self.test == "below" else value == self.number


@dataclass(frozen=True, kw_only=True)
class Input:
    """What a person answers: a count (whole, ≥ 0), a percent (0–100) or a flag; `label` names it in Thai.

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
class Silent:
    """A place the document says nothing about: when `when` holds the program has decided `score`, and says `text`."""

    id: str
    criterion: str
    when: tuple[Condition, ...]
    score: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Rubric:
    title: str
    score_max: int
    criteria: tuple[Criterion, ...]
    levels: tuple[Level, ...]
    silent: tuple[Silent, ...] = ()
    activity_points: tuple[tuple[str, str, int], ...] = field(default_factory=tuple)

    def level_name(self, level: int) -> str:
        """The level's Thai name; of level 0, that none is reached."""
        return next((one.name for one in self.levels if one.level == level), say("ยังไม่ถึงระดับใด"))


@dataclass(frozen=True, kw_only=True)
class GapStep:
    """One criterion to be raised from `score` to `needed`; `message_th` says what is missing for it."""

    criterion: str
    score: int
    needed: int
    message_th: str


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Where the document is silent and the program decided; `criterion` is None for the level itself."""

    criterion: str | None
    code: str
    message_th: str


@dataclass(frozen=True, kw_only=True)
class Scoring:
    scores: Mapping[str, int]
    total: int
    level: int
    next_level: int | None
    gap: tuple[GapStep, ...]
    remarks: tuple[Remark, ...]

    def as_json(self) -> dict[str, object]:
        """The document `songthan score --json` prints."""
        return {
            "scores": dict(self.scores),
            "total": self.total,
            "level": self.level,
            "next_level": self.next_level,
            "gap": [
                {
                    "criterion": g.criterion,
                    "score": g.score,
                    "needed": g.needed,
                    "points": g.needed - g.score,
                    "message_th": g.message_th,
                }
                for g in self.gap
            ],
            "remarks": [{"criterion": r.criterion, "code": r.code, "message_th": r.message_th} for r in self.remarks],
        }


def evaluate(rubric: Rubric, document: Mapping[str, object]) -> Scoring:
    """Score `document` ({"headcount": n, "answers": {criterion: {key: value}}}) by `rubric`.

    Percents are decimal strings or whole numbers (never floats: what was written must be compared exactly). UsageError
    names the place of anything missing, unknown or impossible (more persons than the headcount, a percent over 100).
    """
    headcount, values = _read(rubric, document)
    scores = {c.id: _score(c, values[c.id]) for c in rubric.criteria}
    reached = [level for level in rubric.levels if level.reached(scores)]
    level = max((one.level for one in reached), default=0)
    following = min((one for one in rubric.levels if one.level > level), key=lambda one: one.level, default=None)
    return Scoring(
        scores=scores,
        total=sum(scores.values()),
        level=level,
        next_level=following.level if following else None,
        gap=_gap(rubric, following, scores, values, headcount) if following else (),
        remarks=(*_silent(rubric, values), *_skipped(rubric, level, scores)),
    )


# ------------------------------------------------------------------------------------------------- reading the answers


def _read(rubric: Rubric, document: Mapping[str, object]) -> tuple[int, dict[str, dict[str, Fraction | bool]]]:
    _keys(document, {"headcount", "answers"}, "เอกสารคำตอบ")
    headcount = _count(document["headcount"], "headcount")
    if headcount < 1:
        raise _wrong("headcount", "จำนวนบุคลากรทั้งหมดต้องมากกว่าศูนย์", "ใส่จำนวนผู้บริหารและบุคลากรทั้งหมดของสำนัก")
    answers = _mapping(document["answers"], "answers")
    _keys(answers, {c.id for c in rubric.criteria}, "answers")
    values: dict[str, dict[str, Fraction | bool]] = {}
    for criterion in rubric.criteria:
        where = f"answers.{criterion.id}"
        given = _mapping(answers[criterion.id], where)
        _keys(given, {i.key for i in criterion.inputs}, where)
        read: dict[str, Fraction | bool] = {i.key: _value(i, given[i.key], f"{where}.{i.key}") for i in criterion.inputs}
        for derived in criterion.derived:
            part = Fraction(read[derived.percent_of])
            if part > headcount:
                raise _wrong(
                    f"{where}.{derived.percent_of}",
                    f"จำนวน {digits(part)} คน มากกว่าจำนวนบุคลากรทั้งหมด {digits(headcount)} คน",
                    "แก้จำนวนคน หรือแก้ headcount",
                )
            read[derived.key] = part * 100 / headcount
        values[criterion.id] = read
    return headcount, values


def _mapping(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _wrong(where, "ตรงนี้ต้องเป็นวัตถุ JSON {…}", "ดูตัวอย่างคำตอบใน songthan score --help")
    return value


def _keys(given: object, wanted: set[str], where: str) -> None:
    keys = set(_mapping(given, where))
    for key in sorted(keys - wanted):
        raise _wrong(where, f"ไม่รู้จักคีย์ «{str(key)[:60]}»", f"ใช้ได้เฉพาะ {', '.join(sorted(wanted))}")
    for key in sorted(wanted - keys):
        raise _wrong(where, f"ขาดคีย์ «{key}»", f"เพิ่ม \"{key}\"")


def _value(item: Input, value: object, where: str) -> Fraction | bool:
    if item.kind == "flag":
        if not isinstance(value, bool):
            raise _wrong(where, f"«{item.label}» ต้องตอบ true หรือ false แต่ได้ {_shown(value)}", "แก้เป็น true หรือ false")
        return value
    if item.kind == "count":
        return Fraction(_count(value, where))
    return _percent(value, where)


def _count(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _COUNT_MAX:
        raise _wrong(where, f"ต้องเป็นจำนวนเต็มตั้งแต่ ๐ แต่ได้ {_shown(value)}", "ใส่จำนวนเต็ม เช่น 39")
    return value


def _percent(value: object, where: str) -> Fraction:
    text = to_arabic_digits(value.strip()) if isinstance(value, str) else str(value)
    if isinstance(value, (bool, float)) or not isinstance(value, (str, int)) or not _DECIMAL.fullmatch(text):
        raise _wrong(where, f"ต้องเป็นร้อยละ ๐–๑๐๐ แต่ได้ {_shown(value)}", 'ใส่ตัวเลข เช่น "72.5" โดยไม่มีเครื่องหมาย %')
    number = Fraction(text)
    if number > 100:
        raise _wrong(where, f"ร้อยละ {digits(text)} เกิน ๑๐๐", 'ใส่ตัวเลขไม่เกิน 100 เช่น "72.5"')
    return number


def _shown(value: object) -> str:
    return f"«{str(value)[:40]}»"


def _wrong(where: str, text: str, remedy: str) -> UsageError:
    return UsageError(text, where=where, remedy=remedy)


# ------------------------------------------------------------------------------------------------------------- scoring


def _score(criterion: Criterion, values: Mapping[str, Fraction | bool]) -> int:
    return next(rule.score for rule in criterion.scores if all(c.holds(values) for c in rule.all))


def _silent(rubric: Rubric, values: Mapping[str, Mapping[str, Fraction | bool]]) -> tuple[Remark, ...]:
    return tuple(
        Remark(criterion=s.criterion, code=s.id, message_th=s.text)
        for s in rubric.silent
        if all(c.holds(values[s.criterion]) for c in s.when)
    )


def _skipped(rubric: Rubric, level: int, scores: Mapping[str, int]) -> tuple[Remark, ...]:
    """The document does not say whether a level needs the lower ones' sums as well; its own words are followed."""
    return tuple(
        Remark(
            criterion=None,
            code=f"level-{level}-without-{lower.level}",
            message_th=(
                say("คะแนนถึงเกณฑ์ระดับที่ {level} ตามข้อความของระดับนั้น แต่คะแนนรวมของ{span} ยังไม่ถึง {sum_at_least} ของระดับที่ {lower} ซึ่งเกณฑ์มิได้ระบุว่าต้องผ่านระดับก่อนหน้าด้วยหรือไม่ ระบบใช้ข้อความของระดับนั้นเอง โปรดพิจารณา", level=digits(level), span=_span(lower, rubric), sum_at_least=digits(lower.sum_at_least), lower=digits(lower.level))
            ),
        )
        for lower in rubric.levels
        if lower.level < level and not lower.reached(scores)
    )


def _span(level: Level, rubric: Rubric) -> str:
    numbers = [c.number for c in rubric.criteria if c.id in level.criteria]
    return say("ข้อ {first}–{last}", first=digits(min(numbers)), last=digits(max(numbers)))


# ----------------------------------------------------------------------------------------------------------------- gap


def _gap(
    rubric: Rubric,
    level: Level,
    scores: Mapping[str, int],
    values: Mapping[str, Mapping[str, Fraction | bool]],
    headcount: int,
) -> tuple[GapStep, ...]:
    """The fewest points that reach `level`: first what each criterion lacks, then the sum, where the fewest things are
    missing for the next point (ties by the criterion's number)."""
    criteria = [c for c in rubric.criteria if c.id in level.criteria]
    needed = {c.id: max(scores[c.id], level.each_at_least) for c in criteria}
    while sum(needed.values()) < level.sum_at_least:
        open_ones = [c for c in criteria if needed[c.id] < rubric.score_max]
        easiest = min(open_ones, key=lambda c: (len(_missing(c, needed[c.id] + 1, values[c.id])), c.number))
        needed[easiest.id] += 1
    return tuple(
        GapStep(
            criterion=c.id,
            score=scores[c.id],
            needed=needed[c.id],
            message_th=_sentence(c, scores[c.id], needed[c.id], values[c.id], headcount),
        )
        for c in criteria
        if needed[c.id] > scores[c.id]
    )


def _missing(criterion: Criterion, score: int, values: Mapping[str, Fraction | bool]) -> list[Condition]:
    """The conditions of `score` that do not hold yet."""
    rule = next(r for r in criterion.scores if r.score == score)
    return [c for c in rule.all if not c.holds(values)]


def _sentence(
    criterion: Criterion, score: int, needed: int, values: Mapping[str, Fraction | bool], headcount: int
) -> str:
    labels = {i.key: i for i in criterion.inputs}
    words = []
    for condition in _missing(criterion, needed, values):
        derived = next((d for d in criterion.derived if d.key == condition.key), None)
        item = labels[derived.percent_of if derived else condition.key]
        if condition.test == "flag":
            words.append(item.label)
        elif derived:
            people = ceil(condition.number * headcount / 100)
            words.append(
                say("{label} ไม่น้อยกว่า {people} จาก {headcount} (ร้อยละ {number})", label=item.label, people=digits(people), headcount=digits(headcount), number=_number(condition.number))
            )
        else:
            words.append(say("{label} ไม่น้อยกว่า {number}", label=item.label, number=_number(condition.number)))
    return (
        say("ข้อ {number} เพิ่มจาก {score} เป็น {needed} คะแนน ยังขาด: {words}", number=digits(criterion.number), score=digits(score), needed=digits(needed), words=say(' และ ').join(words))
    )


def _number(value: Fraction) -> str:
    return digits(f"{float(value):g}")
