"""The score so far in a few words, for `songthan status`. Reads only."""

from __future__ import annotations

from songthan.domain.errors import SongthanError
from songthan.domain.language import digits, say
from songthan.steps.criteria_coverage import rubric_of, scored_deadline, scoring_so_far
from songthan.steps.office import Office
from songthan.steps.plan_progress import plan_progress
from songthan.steps.report_status import brief

__all__ = ["score_status"]


def score_status(office: Office) -> dict[str, object] | None:
    """`total`, `full`, `level`, `gap_th`, `unanswered` (answers still to come), the plan's success and points, and all of it as lines
    (`lines_th`). None for an office without a rubric, or where no deadline asks for its answers."""
    if office.rubric is None:
        return None
    try:
        deadline = scored_deadline(office)
        result = scoring_so_far(office, deadline)
    except SongthanError:
        # an impossible answer is told where it was read; here no score is guessed
        return None
    rubric = rubric_of(office)
    unanswered = sum(1 for r in result.remarks if r.code.endswith("-unanswered"))
    found: dict[str, object] = {
        "deadline": deadline.id,
        "total": result.total,
        "full": rubric.score_max * len(rubric.criteria),
        "level": result.level,
        "next_level": result.next_level,
        "gap_th": result.gap_th,
        "unanswered": unanswered,
    }
    lines = [
        say(
            "{brief}: คะแนนขณะนี้ {total} จาก {full} ระดับที่ {level} ({name})",
            brief=brief(office, deadline),
            total=digits(result.total),
            full=digits(found["full"]),
            level=digits(result.level),
            name=rubric.level_name(result.level),
        )
    ]
    if unanswered:
        lines.append(say("ยังไม่มีคำตอบของเกณฑ์ {count} รายการ", count=digits(unanswered)))
    elif result.gap_th:
        lines.append(result.gap_th)
    if rubric.progress is not None:
        progress = plan_progress(office)
        found["success"] = [s.as_json() for s in progress.success]
        found["points"] = {"total": progress.total, "maximum": progress.maximum}
        lines += [s.text_th for s in progress.success]
        if progress.maximum:
            lines.append(say("คะแนนกิจกรรม {total} จาก {maximum}", total=digits(progress.total), maximum=digits(progress.maximum)))
    return {**found, "lines_th": lines}
