"""When each deadline's flow runs: hourly on office days inside its window, as recurrence rules (RFC 5545)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from songthan.domain.ladders import ladder_for
from songthan.domain.language import day_words, digits, phrase, say
from songthan.steps.office import Office

#: How long after the external date a deadline is still looked after (receipt, late submission).
AFTER = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class DeadlineSchedule:
    """`rrule` is in the office's own zone; its dates are the machine's dates (a practice year is shifted by weeks)."""

    deadline: str
    name: str
    description: str
    tags: tuple[str, ...]
    rrule: str


def deadline_schedules(office: Office) -> list[DeadlineSchedule]:
    """One schedule a deadline, in the plan's order."""
    shift = _shift(office)
    found = []
    for deadline in office.plan.deadlines:
        ladder = ladder_for(deadline, office.calendar)
        start = datetime.combine(ladder.opens, datetime.min.time()) + timedelta(hours=8, minutes=30) - shift
        end = datetime.combine(ladder.external, datetime.min.time()) + timedelta(hours=17) + AFTER - shift
        quarter = say("ไตรมาส {quarter}", quarter=digits(deadline.quarter)) if deadline.quarter else say("รายปี")
        year = digits(office.plan.fiscal_year)
        forms = " ".join(office.plan.channels[f].short for f in deadline.forms)
        found.append(
            DeadlineSchedule(
                deadline=deadline.id,
                name=say(
                    "{quarter} ส่ง {target}",
                    quarter=quarter if deadline.quarter else forms,
                    target=day_words(ladder.target, short=True),
                ),
                description=(
                    say(
                        "{title}\n\nเปิดรอบ {opens} · สมาชิกส่งภายใน {internal} · ส่งจริงภายใน {target}",
                        title=deadline.title,
                        opens=day_words(ladder.opens),
                        internal=day_words(ladder.internal),
                        target=day_words(ladder.target),
                    )
                    + (say(_SHIFTED) if shift else "")
                ),
                tags=(
                    quarter,
                    say("ปี {year}", year=year),
                    *(office.plan.channels[f].short for f in deadline.forms),
                    deadline.id,
                ),
                rrule=(
                    f"DTSTART:{start:%Y%m%dT%H%M%S}\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8,9,10,11,12,13,14,15,16;"
                    f"BYMINUTE=30;BYSECOND=0;UNTIL={end:%Y%m%dT%H%M%S}"
                ),
            )
        )
    return found


_SHIFTED = phrase("\n\nระบบซ้อม: วันเวลาในแผนถูกเลื่อนเป็นจำนวนสัปดาห์เต็มให้ตรงกับปัจจุบัน")


def _shift(office: Office) -> timedelta:
    """Plan time minus machine time, in whole weeks (0 unless this is a shifted practice year)."""
    weeks = round((office.clock.now() - datetime.now(UTC)) / timedelta(weeks=1))
    return timedelta(weeks=weeks) if getattr(office.clock, "shift", None) else timedelta(0)
