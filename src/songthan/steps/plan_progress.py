"""Points of activities and the plan's success, out of the accepted reports over activities (`[progress]` of rubric.toml).

Reads only. The document does not say how success in percent is reckoned: here it is the exact mean over all activities of the plan of
the percent each reported last by the day; an activity nobody reported on counts 0. A remark says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from songthan.domain.errors import UsageError
from songthan.domain.evidence import activity_of, items_in
from songthan.domain.language import day_words, digits, say
from songthan.domain.plan_points import PlanPoints, count_points, options_of, told_by_words
from songthan.domain.plans import Deadline
from songthan.domain.rubric_values import Progress
from songthan.steps.criteria_coverage import Return, accepted_returns, rubric_of
from songthan.steps.office import Office
from songthan.steps.report_status import brief

__all__ = ["plan_progress"]

#: What an accepted percent looks like; anything else is no report of progress.
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]+)?")


def plan_progress(office: Office) -> PlanPoints:
    """As things stand now. UsageError for a rubric that does not say where progress is read (and gives points or days)."""
    rubric = rubric_of(office)
    if rubric.progress is None:
        raise UsageError("เกณฑ์นี้ไม่ได้บอกว่าอ่านความก้าวหน้าจากช่องใด", where="rubric.toml [progress]", remedy='เพิ่ม [progress] percent = "f3.percent"')
    form = rubric.progress.percent.partition(".")[0]
    reports = [
        (d, r)
        for d in sorted(office.plan.deadlines, key=lambda d: d.external)
        if form in d.forms
        for r in accepted_returns(office, d)
        if r.assignment.form == form
    ]
    made, sources, unsure = {}, {}, set()
    for activity in options_of(rubric):
        made[activity], sources[activity], doubtful = _made(office, rubric.progress, activity, reports)
        if doubtful:
            unsure.add(activity)
    today = office.calendar.local(office.clock.now()).date()
    days = {rule.by: _success(office, rubric.progress, reports, min(rule.by, today)) for rule in rubric.plan_success}
    found = count_points(
        rubric,
        made,
        {day: percent for day, (percent, _) in days.items()},
        today=today,
        sources=sources,
        unsure=unsure,
    )
    remarks = list(found.remarks)
    if any(percent is not None for percent, _ in days.values()):
        remarks.append(("success-is-a-mean", say("แผนมิได้ระบุวิธีคิดร้อยละความสำเร็จของแผน ระบบใช้ค่าเฉลี่ยของทุกกิจกรรมในแผน กิจกรรมที่ยังไม่มีรายงานนับเป็น ๐")))
    for day, (_, unreported) in days.items():
        if unreported and day >= today:
            remarks.append(
                (f"unreported-{day}", say("ถึง {day} ยังไม่มีรายงาน {count} กิจกรรม: {names}", day=day_words(min(day, today)), count=digits(len(unreported)), names=" ".join(unreported)))
            )
    fiscal = office.plan.organisation.fiscal
    for day in (d for d in days if fiscal.year(d) != office.plan.fiscal_year):
        remarks.append((f"other-year-{day}", say("{day} ไม่อยู่ในปีงบประมาณของแผนนี้ โปรดแก้ [[plan_success]] ใน rubric.toml", day=day_words(day))))
    return PlanPoints(activities=found.activities, success=found.success, remarks=tuple(remarks))


def _made(
    office: Office, progress: Progress, activity: str, reports: list[tuple[Deadline, Return]]
) -> tuple[list[str] | None, list[str], bool]:
    """The things the latest report of `activity` shows, where that is read, and whether it is not sure which.

    Nothing is made while the report does not say that the output is there. The only thing an activity can bring is
    made when its output is; which of several, the names of the evidence and what was done tell.
    """
    options = options_of(rubric_of(office))[activity]
    mine = [(d, r) for d, r in reports if activity in r.assignment.activities]
    if not mine:
        return None, [], False
    deadline, found = mine[-1]
    where = say("{period}: {sender} ({file})", period=brief(office, deadline), sender=found.sender, file=found.file)
    reached = found.value(f"{activity}.{progress.reached.partition('.')[2]}") if progress.reached else "yes"
    if reached != "yes":
        return [], [where], False
    texts = [found.value(f"{activity}.{name.partition('.')[2]}") for name in (progress.evidence, progress.done) if name]
    named = {a: found.value(f"{a}.{progress.evidence.partition('.')[2]}") for a in found.assignment.activities}
    files = [n for n, _ in found.files if activity_of(n, found.assignment.activities, named) == activity]
    told = told_by_words(rubric_of(office), activity, [*texts, *files])
    sources = [where, *items_in(named[activity]), *(f for f in files if f not in named[activity])]
    if len(told) == 1:
        return [told[0].what], sources, False
    if told:
        return [o.what for o in told], sources, True
    return [o.what for o in options], sources, True


def _success(
    office: Office, progress: Progress, reports: list[tuple[Deadline, Return]], day: date
) -> tuple[Fraction | None, list[str]]:
    """The plan's percent by the end of `day`, and the numbers of the activities nobody reported on; None without a report."""
    latest: Mapping[str, str] = {
        activity: value
        for _, r in sorted(reports, key=lambda one: one[1].received)
        if office.calendar.local(r.received).date() <= day
        for activity in r.assignment.activities
        if _PERCENT.fullmatch(value := r.value(f"{activity}.{progress.percent.partition('.')[2]}"))
    }
    if not latest:
        return None, [a.number for a in office.plan.activities]
    total = sum((Fraction(v) for v in latest.values()), Fraction(0))
    return total / len(office.plan.activities), [a.number for a in office.plan.activities if a.id not in latest]
