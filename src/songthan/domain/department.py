"""A department's level out of its bureaus' (plan lines 420-428): shares of all bureaus, exact. Pure.

A bureau without a result counts among all bureaus and reaches nothing. The document does not say whether a department must
hold the lower levels as well; each level's own words are followed, and it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from songthan.domain.errors import UsageError
from songthan.domain.language import digits, say
from songthan.domain.rubric_values import DepartmentLevel, Rubric, exact_text, exact_words

__all__ = ["Bureau", "RollUp", "Share", "points_to", "roll_up"]


@dataclass(frozen=True, kw_only=True)
class Bureau:
    """One bureau's result; `level` is None where there is none. `scores` by criterion, where they are known."""

    name: str
    level: int | None
    scores: Mapping[str, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Share:
    """One level of the department: `reached` of `of` bureaus are at least where it wants them; `lacking` more are needed."""

    rule: DepartmentLevel
    reached: int
    of: int
    lacking: int
    tipping: tuple[tuple[str, int | None], ...] = ()

    @property
    def percent(self) -> Fraction:
        return Fraction(self.reached * 100, self.of)

    @property
    def held(self) -> bool:
        return self.percent >= self.rule.percent_at_least

    @property
    def spare(self) -> int:
        """How many of the bureaus that reached it may fall back before the level is lost."""
        return self.reached - ceil(self.rule.percent_at_least * self.of / 100) if self.held else 0

    def as_json(self) -> dict[str, object]:
        return {
            "level": self.rule.level,
            "bureau_level_at_least": self.rule.bureau_level_at_least,
            "reached": self.reached,
            "of": self.of,
            "share": f"{self.reached}/{self.of}",
            "percent": exact_text(self.percent),
            "percent_at_least": exact_text(self.rule.percent_at_least),
            "held": self.held,
            "lacking": self.lacking,
            "spare": self.spare,
            "tipping": [{"bureau": name, "points": points} for name, points in self.tipping],
        }


@dataclass(frozen=True, kw_only=True)
class RollUp:
    bureaus: tuple[Bureau, ...]
    shares: tuple[Share, ...]
    level: int
    next_level: int | None
    remarks: tuple[tuple[str, str], ...]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(b.name for b in self.bureaus if b.level is None)

    def share(self, level: int) -> Share:
        return next(s for s in self.shares if s.rule.level == level)

    def as_json(self) -> dict[str, object]:
        """The document `songthan score --department --json` prints."""
        return {
            "bureaus": [{"name": b.name, "level": b.level} for b in self.bureaus],
            "missing": list(self.missing),
            "levels": [s.as_json() for s in self.shares],
            "level": self.level,
            "next_level": self.next_level,
            "remarks": [{"code": code, "message_th": words} for code, words in self.remarks],
        }


def roll_up(rubric: Rubric, bureaus: Sequence[Bureau]) -> RollUp:
    """The department's level. UsageError for a rubric without department levels, no bureau, or one named twice."""
    if not rubric.department_levels:
        raise UsageError("เกณฑ์นี้ไม่มีระดับของกรม", where="rubric.toml", remedy="เพิ่ม [[department_levels]] ตามตัวอย่างใน plans/2566")
    if not bureaus:
        raise UsageError("ไม่มีสำนักใดในรายการ จึงคิดร้อยละไม่ได้", where="bureaus", remedy="ใส่ผลของสำนักอย่างน้อยหนึ่งแห่ง")
    names = [b.name for b in bureaus]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"มีสำนัก «{name[:60]}» มากกว่าหนึ่งรายการ", where="bureaus", remedy="เหลือไว้รายการเดียว")
    shares = tuple(_share(rubric, rule, bureaus) for rule in rubric.department_levels)
    level = max((s.rule.level for s in shares if s.held), default=0)
    following = next((s.rule.level for s in shares if s.rule.level > level), None)
    lower = [s for s in shares if s.rule.level < level and not s.held]
    return RollUp(
        bureaus=tuple(bureaus),
        shares=shares,
        level=level,
        next_level=following,
        remarks=(*_missing(bureaus), *(_skipped(level, s) for s in lower)),
    )


def points_to(rubric: Rubric, level: int, scores: Mapping[str, int]) -> int:
    """The fewest points a bureau with these scores lacks to `level`."""
    rule = next(one for one in rubric.levels if one.level == level)
    mine = [scores[c] for c in rule.criteria]
    return max(sum(max(0, rule.each_at_least - s) for s in mine), rule.sum_at_least - sum(mine), 0)


def _share(rubric: Rubric, rule: DepartmentLevel, bureaus: Sequence[Bureau]) -> Share:
    wanted = rule.bureau_level_at_least
    reached = sum(1 for b in bureaus if (b.level or 0) >= wanted and b.level is not None)
    lacking = max(0, ceil(rule.percent_at_least * len(bureaus) / 100) - reached)
    below = [(b, points_to(rubric, wanted, b.scores) if b.scores else None) for b in bureaus if (b.level or 0) < wanted]
    # the nearest first: fewest missing points where they are known, then the higher level; those without a result last
    below.sort(key=lambda one: (one[0].level is None, one[1] is None, one[1] or 0, -(one[0].level or 0), one[0].name))
    tipping = tuple((b.name, points) for b, points in below[:lacking])
    return Share(rule=rule, reached=reached, of=len(bureaus), lacking=lacking, tipping=tipping)


def _missing(bureaus: Sequence[Bureau]) -> tuple[tuple[str, str], ...]:
    gone = [b.name for b in bureaus if b.level is None]
    if not gone:
        return ()
    words = say(
        "ยังไม่มีผลของ {count} สำนัก: {names} เกณฑ์ให้คิดจากจำนวนสำนักทั้งหมด ระบบจึงนับรวมเป็นตัวหารและถือว่ายังไม่ถึงระดับใด",
        count=digits(len(gone)),
        names=", ".join(gone),
    )
    return (("bureaus-without-result", words),)


def _skipped(level: int, lower: Share) -> tuple[str, str]:
    words = say(
        "ถึงระดับที่ {level} ตามข้อความของระดับนั้น แต่ระดับที่ {lower} ซึ่งต้องไม่น้อยกว่าร้อยละ {wanted} มีเพียงร้อยละ {percent} เกณฑ์มิได้ระบุว่าต้องผ่านระดับก่อนหน้าด้วยหรือไม่ ระบบใช้ข้อความของระดับนั้นเอง โปรดพิจารณา",
        level=digits(level),
        lower=digits(lower.rule.level),
        wanted=exact_words(lower.rule.percent_at_least),
        percent=exact_words(lower.percent),
    )
    return f"department-level-{level}-without-{lower.rule.level}", words
