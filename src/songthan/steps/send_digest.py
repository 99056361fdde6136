"""The daily digest to the secretary: how everything stands, who owes, what waits for her.

Safe to repeat: one key a day. That it comes every working morning is the sign that Songthan is alive.
"""

from __future__ import annotations

from datetime import date

from songthan.domain.ladders import ladder_for
from songthan.domain.language import day_words, digits, say
from songthan.domain.plans import Deadline
from songthan.steps.bounces import marked_words
from songthan.steps.count_mail import count_words
from songthan.steps.letters import queue
from songthan.steps.office import Office
from songthan.steps.outbox_watch import digest_lines
from songthan.steps.post import post
from songthan.steps.report_status import brief, deadline_status, owing

#: Waiting mails a digest names one by one.
MOST_HOLDS = 60
_LIVE = frozenset({"OPEN", "COLLECTED", "COMPILED", "WITH_DIRECTOR", "SIGNED", "SUBMITTED", "MISSED"})


def send_digest(office: Office) -> bool:
    """Send today's digest unless it went out or today is a day off; True when nothing is left to do."""
    today = office.calendar.local(office.clock.now()).date()
    if not office.calendar.is_working_day(today):
        return True
    key = f"digest/{today.isoformat()}"
    if office.ledger.outbox.state(key) == "none":
        secretary = office.plan.roster.member(office.plan.roster.secretary)
        queue(office, key=key, kind="digest", to=secretary.email, context=_context(office, today))
    return post(office, key)


def _context(office: Office, today: date) -> dict[str, object]:
    live = [d for d in office.plan.deadlines if office.ledger.deadline_state(d.id).value in _LIVE]
    counts = office.ledger.inbox.counts()
    deadlines, owed = [], []
    for deadline in live:
        status = deadline_status(office, deadline.id)
        rows = status["assignments"]
        to_correct = sum(1 for r in rows if r["state"] == "NEEDS_CORRECTION")  # type: ignore[attr-defined]
        deadlines.append(
            {
                "title": deadline.title,
                "internal_th": day_words(deadline.members_until, weekday=True),
                "external_th": day_words(deadline.external, weekday=True),
                "moved_from_th": _moved_from(office, deadline),
                "asked": status["asked"],
                "accepted": status["accepted"],
                "correcting": to_correct,
                "waiting": int(str(status["waiting"])) - to_correct,
            }
        )
        left = office.calendar.working_days_between(today, deadline.members_until)
        owed += [
            {"full_name": name, "deadline_title": brief(office, deadline), "days_left": left, "correcting": correcting}
            for name, correcting in owing(office, deadline.id)
        ]
    return {
        "date_th": day_words(today, weekday=True),
        "deadlines": deadlines,
        "owing": owed,
        "away": _away(office, today),
        "holds": _holds(office),
        "outbox": digest_lines(office),
        "addresses": marked_words(office),
        "counted": count_words(office),
        "counts": {
            "mails_in": counts["all"],
            "mails_out": office.ledger.outbox.sent_count(),
            "quarantined": counts.get("quarantine", 0),
        },
        "next_dates": _next_dates(office, today),
        "commands": [
            {"command": "songthan status", "meaning": say("ดูสถานะทุกรายการ")},
            {"command": "songthan hold list", "meaning": say("ดูจดหมายที่รอวินิจฉัย")},
            {"command": "songthan outbox list", "meaning": say("ดูจดหมายออกที่รอท่าน")},
        ],
    }


def _moved_from(office: Office, deadline: Deadline) -> str:
    """The members' date as the plan's files say, when the secretary moved it; else empty."""
    if deadline.printed_internal is None:
        return ""
    return day_words(office.printed_plan.deadline(deadline.id).members_until, weekday=True)


def _away(office: Office, today: date) -> list[dict[str, str]]:
    """Who is away today, until when, and who stands in for him."""
    on_leave = office.ledger.leaves.on(today)
    people = {m.id: m for m in office.plan.roster.members}
    return [
        {
            "full_name": member.full_name,
            "until_th": day_words(last, weekday=True) if (last := on_leave[member.id].last) else "",
            "deputy": people[member.deputy].full_name if member.deputy in people else "",
        }
        for member in people.values()
        if member.id in on_leave
    ]


def _holds(office: Office) -> list[dict[str, object]]:
    """The mails that wait for her, oldest first; a flood of them does not make an endless letter."""
    waiting = office.ledger.inbox.holds()
    rows: list[dict[str, object]] = [
        {"id": h["id"], "sender": h["sender"] or "-", "subject": h["subject"] or "-", "reason": h["reason"] or "-"}
        for h in waiting[:MOST_HOLDS]
    ]
    if len(waiting) > MOST_HOLDS:
        more = say("อีก {count} ฉบับ", count=digits(len(waiting) - MOST_HOLDS))
        rows.append({"id": say("ถัดไป"), "sender": "-", "subject": more, "reason": say("ดูทั้งหมดด้วย songthan hold list")})
    return rows


def _next_dates(office: Office, today: date) -> list[dict[str, str]]:
    found = []
    for deadline in office.plan.deadlines:
        ladder = ladder_for(deadline, office.calendar)
        for day, what in (
            (ladder.opens, say("เปิดรอบ")),
            (ladder.internal, say("สมาชิกส่งภายใน")),
            (ladder.target, say("ส่งจริงภายใน")),
        ):
            if day >= today:
                found.append((day, f"{what} {brief(office, deadline)}"))
    return [{"date_th": day_words(day, short=True), "what": what} for day, what in sorted(found)[:5]]
