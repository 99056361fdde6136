"""What waits in the outbox for the secretary, as findings of the watch and as lines of the digest. Reads only.

A date is never missed in silence: what waits is told within the hour it came up, and loudly on every day after its own.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.domain.ladders import in_office_hours, ladder_for
from songthan.domain.language import day_words, digits, moment_words, say
from songthan.steps.office import Office
from songthan.steps.outbox import Waiting, outbox_rows

#: Mails named one by one in an alarm or a digest.
_MOST = 20
#: Working days before the members' date from which a withheld request is an alarm of every day.
_CLOSE = 3
_REPORT_WAITS = frozenset({DeadlineState.COMPILED, DeadlineState.SIGNED, DeadlineState.MISSED})


def waiting(office: Office) -> list[Waiting]:
    """The mails that wait for the secretary's word, oldest first."""
    return [row for row in outbox_rows(office) if row.waits == "word"] if office.held_kinds else []


def waits_new(office: Office) -> tuple[str, str] | None:
    """(code, words) of what came up today and waits; the code changes with the hour in which the newest came up."""
    rows = waiting(office)
    newest = office.calendar.local(max((row.since for row in rows), default=datetime.min.replace(tzinfo=UTC)))
    if newest.date() < _today(office):
        return None
    words = say("จดหมาย {count} ฉบับเขียนแล้วและรอท่านปล่อย ยังไม่ได้ส่งถึงผู้รับ: ", count=digits(len(rows)))
    return f"outbox-{newest:%Y-%m-%dT%H}", words + _listed(office, rows)


def waits_late(office: Office) -> tuple[str, str] | None:
    """(code, words) of what has been waiting since an earlier day, or waits on the last day of a deadline; on a last day the
    code changes every working hour, so that the alarm comes again."""
    last_day = {d.id for d in office.plan.deadlines if ladder_for(d, office.calendar).target <= _today(office)}
    rows = [row for row in waiting(office) if _day(office, row) < _today(office) or row.deadline in last_day]
    if not rows:
        return None
    words = say("จดหมาย {count} ฉบับรอท่านปล่อยจนถึงหรือพ้นวันของเรื่องแล้ว ผู้รับยังไม่ทราบเรื่อง: ", count=digits(len(rows)))
    now = office.calendar.local(office.clock.now())
    hourly = any(row.deadline in last_day for row in rows) and in_office_hours(now, office.calendar)
    return f"outbox-late-{now:%H}" if hourly else "outbox-late", words + _listed(office, rows) + _dates(office, rows)


def withheld(office: Office) -> list[str]:
    """What stands still because the secretary withheld its mail, one sentence each: who was not asked, which report lies."""
    found = []
    people = {m.id: m for m in office.plan.roster.members}
    for deadline in office.plan.deadlines:
        for row in office.ledger.assignment_rows(deadline.id):
            mail = str(row["asked_mail"] or "")
            if row["state"] == AssignmentState.PLANNED.value and mail and office.ledger.outbox.state(mail) == "withheld":
                member = people.get(str(row["member"]))
                name = member.full_name if member else str(row["member"])
                found.append(say("{name} ยังไม่ได้รับแบบ {duty} (จดหมาย {mail})", name=name, duty=row["id"], mail=mail))
        if office.ledger.deadline_state(deadline.id) in _REPORT_WAITS:
            lies = [k for k, s in office.ledger.outbox.states(deadline.id).items() if s == "withheld" and _carries_report(k)]
            found += [say("{title} ยังไม่ได้เสนอหรือส่ง (จดหมาย {mail})", title=deadline.title, mail=k) for k in lies]
    return found


def withheld_and_close(office: Office) -> list[str]:
    """`withheld` of deadlines whose members' date is near or over."""
    today = _today(office)
    near = [d for d in office.plan.deadlines if office.calendar.working_days_between(today, d.members_until) <= _CLOSE]
    open_ = {d.id for d in near if office.ledger.deadline_state(d.id) not in (DeadlineState.SUBMITTED, DeadlineState.ACKNOWLEDGED)}
    return [words for words in withheld(office) if any(f"{d}/" in words or f"{d}." in words for d in open_)]


def digest_lines(office: Office) -> list[str]:
    """What of the outbox waits for the secretary, one line each."""
    rows = [row for row in outbox_rows(office) if row.waits in ("word", "person")]
    lines = [_line(office, row) for row in rows[:_MOST]]
    if len(rows) > _MOST:
        lines.append(say("และอีก {count} ฉบับ ดูด้วย songthan outbox list", count=digits(len(rows) - _MOST)))
    return lines + withheld(office)[:_MOST]


def _line(office: Office, row: Waiting) -> str:
    at = moment_words(office.calendar.local(row.since), short=True)
    words = say("ถึง {to} เรื่อง {subject} รอท่านปล่อยตั้งแต่ {at}", to=row.to, subject=row.subject, at=at)
    doubt = say("ถึง {to} เรื่อง {subject} ไม่แน่ใจว่าออกไปแล้วหรือไม่ ({key})", to=row.to, subject=row.subject, key=row.key)
    return doubt if row.waits == "person" else words


def _carries_report(key: str) -> bool:
    return "/director/v" in key or "/registry/v" in key


def _today(office: Office) -> date:
    return office.calendar.local(office.clock.now()).date()


def _day(office: Office, row: Waiting) -> date:
    return office.calendar.local(row.since).date()


def _listed(office: Office, rows: list[Waiting]) -> str:
    shown = "; ".join(f"{row.to} «{row.subject}»" for row in rows[:_MOST])
    more = len(rows) - _MOST
    return shown + (say(" และอีก {count} ฉบับ", count=digits(more)) if more > 0 else "")


def _dates(office: Office, rows: list[Waiting]) -> str:
    """The dates that are at stake, nearest first."""
    ids = {row.deadline for row in rows}
    found = sorted((d for d in office.plan.deadlines if d.id in ids), key=lambda d: d.external)
    return "".join(
        say(
            " · {title} สมาชิกส่งภายใน {internal} ส่งจริงภายใน {target}",
            title=d.title, internal=day_words(d.members_until), target=day_words(ladder_for(d, office.calendar).target),
        )
        for d in found
    )  # fmt: skip
