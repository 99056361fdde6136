"""Points printed beside single activities, and the success of the whole plan by its days (plan lines 288, 355-359). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from songthan.domain.errors import UsageError
from songthan.domain.language import day_words, digits, say
from songthan.domain.rubric_answers import percent_of
from songthan.domain.rubric_values import ActivityPoints, PlanSuccess, Rubric, exact_text, exact_words

__all__ = ["ActivityResult", "PlanPoints", "SuccessResult", "count_points", "options_of", "read_points", "told_by_words"]


@dataclass(frozen=True, kw_only=True)
class ActivityResult:
    """What an activity brought: `points` for `what` (None: nothing); up to `maximum` were to be had, and `most` may be right
    where it is not sure which thing was made. `sources` say where that is known from."""

    activity: str
    what: str | None
    points: int
    most: int
    maximum: int
    text_th: str
    sources: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "sources": list(self.sources)}


@dataclass(frozen=True, kw_only=True)
class SuccessResult:
    """`percent` of the plan was done by the day, of `rule.percent` that must be; `met` is None where nobody knows yet."""

    rule: PlanSuccess
    percent: Fraction | None
    met: bool | None
    text_th: str

    def as_json(self) -> dict[str, object]:
        return {
            "by": self.rule.by.isoformat(),
            "percent_at_least": exact_text(self.rule.percent),
            "percent": None if self.percent is None else exact_text(self.percent),
            "met": self.met,
            "text_th": self.text_th,
        }


@dataclass(frozen=True, kw_only=True)
class PlanPoints:
    activities: tuple[ActivityResult, ...]
    success: tuple[SuccessResult, ...]
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> int:
        return sum(a.points for a in self.activities)

    @property
    def maximum(self) -> int:
        return sum(a.maximum for a in self.activities)

    def as_json(self) -> dict[str, object]:
        """The document `songthan score --points --json` prints."""
        return {
            "activities": [a.as_json() for a in self.activities],
            "total": self.total,
            "maximum": self.maximum,
            "success": [s.as_json() for s in self.success],
            "remarks": [{"code": code, "message_th": words} for code, words in self.remarks],
        }


def options_of(rubric: Rubric) -> dict[str, list[ActivityPoints]]:
    """activity → what it can bring, the highest first."""
    found: dict[str, list[ActivityPoints]] = {}
    for row in rubric.activity_points:
        found.setdefault(row.activity, []).append(row)
    return {activity: sorted(rows, key=lambda r: -r.points) for activity, rows in found.items()}


def told_by_words(rubric: Rubric, activity: str, texts: Collection[str]) -> list[ActivityPoints]:
    """The options one of whose words stands in a name of evidence or in what was done."""
    joined = "\n".join(texts).casefold()
    words = rubric.point_words
    return [o for o in options_of(rubric)[activity] if any(w.casefold() in joined for w in words.get((activity, o.what), ()))]


def count_points(
    rubric: Rubric,
    made: Mapping[str, Collection[str] | None],
    success: Mapping[date, Fraction | None],
    *,
    today: date | None = None,
    sources: Mapping[str, Sequence[str]] | None = None,
    unsure: Collection[str] = (),
) -> PlanPoints:
    """`made`: activity → the things made of it (empty: none, None: nobody said); `success`: day → percent of the plan done.

    Of several things of one activity the highest counts; of an activity in `unsure` the lowest, with a remark.
    """
    results, remarks = [], []
    for activity, options in options_of(rubric).items():
        given = made.get(activity)
        here = [o for o in options if o.what in (given or ())]
        if given is None:
            remarks.append((f"{activity}-unanswered", say("กิจกรรม {activity} ยังไม่มีคำตอบว่าทำอะไรแล้ว ระบบนับ ๐ คะแนน", activity=digits(activity))))
        chosen = (here[-1] if activity in unsure else here[0]) if here else None
        if chosen and activity in unsure and here[0].points > chosen.points:
            remarks.append((f"{activity}-unsure", _unsure(activity, chosen, here[0])))
        elif activity in unsure:
            remarks.append((f"{activity}-no-evidence", say("กิจกรรม {activity} รายงานว่ามีผลผลิตแล้ว แต่ไม่มีชื่อหลักฐานที่บอกว่าเป็นสิ่งใด โปรดตรวจหลักฐาน", activity=digits(activity))))
        results.append(
            ActivityResult(
                activity=activity,
                what=chosen.what if chosen else None,
                points=chosen.points if chosen else 0,
                most=here[0].points if here else 0,
                maximum=options[0].points,
                text_th=chosen.text if chosen else say("ยังไม่มี (ได้ถึง {points} คะแนน: {text})", points=digits(options[0].points), text=options[0].text),
                sources=tuple((sources or {}).get(activity, ())),
            )
        )
    rows = tuple(_success(rule, success.get(rule.by), today) for rule in rubric.plan_success)
    return PlanPoints(activities=tuple(results), success=rows, remarks=tuple(remarks))


def _unsure(activity: str, least: ActivityPoints, most: ActivityPoints) -> str:
    return say(
        "กิจกรรม {activity} ไม่แน่ชัดว่าเป็นสิ่งใด ({least_text} หรือ {most_text}) ระบบนับ {least} คะแนนไว้ก่อน อาจได้ถึง {most} คะแนน โปรดตรวจหลักฐาน",
        activity=digits(activity),
        least_text=least.text,
        most_text=most.text,
        least=digits(least.points),
        most=digits(most.points),
    )


def _success(rule: PlanSuccess, percent: Fraction | None, today: date | None) -> SuccessResult:
    wanted, day = exact_words(rule.percent), day_words(rule.by)
    if percent is None:
        words = say("ต้องสำเร็จร้อยละ {wanted} ภายใน {day}: ยังไม่ทราบผล", wanted=wanted, day=day)
        return SuccessResult(rule=rule, percent=None, met=None, text_th=words)
    done = exact_words(percent)
    if percent >= rule.percent:
        words = say("ต้องสำเร็จร้อยละ {wanted} ภายใน {day}: สำเร็จร้อยละ {done} ถึงเกณฑ์", wanted=wanted, day=day, done=done)
        return SuccessResult(rule=rule, percent=percent, met=True, text_th=words)
    lacking = exact_words(rule.percent - percent)
    if today is not None and today <= rule.by:
        words = say("ต้องสำเร็จร้อยละ {wanted} ภายใน {day}: ขณะนี้ร้อยละ {done} ขาดอีกร้อยละ {lacking}", wanted=wanted, day=day, done=done, lacking=lacking)
        return SuccessResult(rule=rule, percent=percent, met=None, text_th=words)
    words = say("ต้องสำเร็จร้อยละ {wanted} ภายใน {day}: สำเร็จร้อยละ {done} ไม่ถึงเกณฑ์ ขาดร้อยละ {lacking}", wanted=wanted, day=day, done=done, lacking=lacking)
    return SuccessResult(rule=rule, percent=percent, met=False, text_th=words)


def read_points(rubric: Rubric, document: Mapping[str, object]) -> tuple[dict[str, list[str] | None], dict[date, Fraction | None]]:
    """{"activities": {"11.1": "book" or ["book", …] or [] or null}, "success": {"2023-07-25": "95" or null}} as what
    `count_points` takes; UsageError names the place of what it does not know."""
    _known(document, {"activities", "success"}, "เอกสารคะแนนกิจกรรม")
    options = options_of(rubric)
    days = {rule.by.isoformat(): rule.by for rule in rubric.plan_success}
    activities, success = document.get("activities", {}), document.get("success", {})
    _known(activities, options, "activities")
    _known(success, days, "success")
    made: dict[str, list[str] | None] = {}
    for activity, value in activities.items():  # type: ignore[attr-defined]
        listed = value if isinstance(value, list) or value is None else [value]
        known = {o.what for o in options[activity]}
        if listed is not None and any(not isinstance(w, str) or w not in known for w in listed):
            raise _wrong(f"activities.{activity}", f"ไม่รู้จัก «{str(value)[:40]}»", f"ใช้ {', '.join(sorted(known))} หรือ [] (ยังไม่มี)")
        made[activity] = listed
    percents = {days[key]: _percent(value, f"success.{key}") for key, value in success.items()}  # type: ignore[attr-defined]
    return made, percents


def _percent(value: object, where: str) -> Fraction | None:
    return None if value is None else percent_of(value, where)


def _known(given: object, wanted: Collection[str], where: str) -> None:
    if not isinstance(given, Mapping):
        raise _wrong(where, "ตรงนี้ต้องเป็นวัตถุ JSON {…}", "ดูตัวอย่างใน songthan score --help")
    for key in given:
        if key not in wanted:
            raise _wrong(where, f"ไม่รู้จักคีย์ «{str(key)[:40]}»", f"ใช้ได้เฉพาะ {', '.join(wanted) or 'ไม่มี (เกณฑ์นี้ไม่ให้คะแนนกิจกรรม)'}")


def _wrong(where: str, text: str, remedy: str) -> UsageError:
    return UsageError(text, where=where, remedy=remedy)
