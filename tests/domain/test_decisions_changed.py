"""`decide` after the secretary's decisions: duties asked anew, days moved, reports reopened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from test_decisions import A, D, assignment, assignment_views, calendars, deadlines, moment_of, moments

from songthan.domain.assignments import SETTLED
from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import (
    Ask,
    AssignmentView,
    Collect,
    DeadlineView,
    Lapse,
    Remind,
    decide,
    reminder_key,
    request_key,
)
from songthan.domain.plans import Deadline

CALENDAR = WorkCalendar(days_off={})
DEADLINE = Deadline(id="d", title="t", kind="q", forms=("f3",), internal=date(2023, 3, 15), external=date(2023, 3, 20))
NINE = CALENDAR.at(date(2023, 3, 14), datetime.min.time().replace(hour=9))


def view(*assignments: AssignmentView, deadline: Deadline = DEADLINE, **more: object) -> DeadlineView:
    return DeadlineView(deadline=deadline, state=D.OPEN, assignments=assignments, **more)


def duty(n: int, state: A, change: int = 0, **more: object) -> AssignmentView:
    return AssignmentView(assignment=replace(assignment(n, "m1", state), change=change), **more)


def test_a_duty_asked_anew_is_another_mail_than_those_that_went_out() -> None:
    outbox = {request_key("d", "m1"): "sent", request_key("d", "m1", "", 3): "sent"}
    found = decide(view(duty(1, A.ASKED), duty(2, A.PLANNED, 3), duty(3, A.PLANNED, 7), outbox=outbox), NINE, CALENDAR)
    keys = {request_key(a.deadline, a.member, a.form, a.change): a.assignments for a in found if isinstance(a, Ask)}
    assert keys["d/request/m1/change-7"] == ("d.f3.s3",) and len(keys) == 2
    assert len({request_key("d", "m1", form, change) for form in ("", "f1") for change in (0, 3, 7)}) == 6
    doubt = view(duty(3, A.PLANNED, 7), outbox={request_key("d", "m1", "", 7): "doubt"})
    assert not [a for a in decide(doubt, NINE, CALENDAR) if isinstance(a, Ask)]


def test_reminders_of_the_old_day_do_not_stand_for_those_of_the_new_one() -> None:
    sent = {reminder_key("d", "m1", -1): "sent"}
    assert not decide(view(duty(1, A.ASKED), outbox=sent), NINE, CALENDAR)
    moved = replace(DEADLINE, internal=date(2023, 3, 14), internal_to=date(2023, 3, 15), printed_internal=date(2023, 3, 15))
    (remind,) = decide(view(duty(1, A.ASKED), outbox=sent, deadline=moved), NINE, CALENDAR)
    assert isinstance(remind, Remind) and remind.step == -1
    again = sent | {reminder_key("d", "m1", -1, moved.moved_to): "sent"}
    assert not decide(view(duty(1, A.ASKED), outbox=again, deadline=moved), NINE, CALENDAR)


@given(deadlines(), calendars, moments, assignment_views, st.integers(-72, 72), st.lists(st.integers(-72, 72), max_size=6))
def test_a_reopened_report_waits_as_long_as_she_said_unless_something_came(
    deadline: Deadline, calendar: WorkCalendar, when: tuple, views: tuple, wait: int, changes: list[int]
) -> None:
    now = moment_of(deadline, when)
    since, until = now - timedelta(hours=24), now + timedelta(hours=wait)
    changed = [now + timedelta(hours=h) for h in changes] + [None] * len(views)
    views = tuple(replace(v, changed_at=at.astimezone(UTC) if at else None) for v, at in zip(views, changed, strict=False))
    reopened = replace(deadline, reopened_at=since, reopened_until=until)
    plain = DeadlineView(deadline=deadline, state=D.OPEN, assignments=views)
    actions = decide(replace(plain, deadline=reopened), now, calendar)
    came = any(v.changed_at is not None and v.changed_at > since for v in views)
    settled = bool(views) and all(v.state in SETTLED for v in views)
    if now < until:
        assert not [a for a in actions if isinstance(a, Lapse)], "nothing lapses while she waits"
    if settled and now < until and not came:
        assert not [a for a in actions if isinstance(a, Collect)]
    elif settled and any(v.state is A.ACCEPTED for v in views):
        assert [a for a in actions if isinstance(a, Collect)]
