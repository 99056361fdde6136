"""`decide` after the secretary's decisions: duties asked anew, days moved, reports reopened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from test_decisions import A, D, assignment_views, calendars, deadlines, moment_of, moments
from test_notices import ONE, due
from toy_office import assignment, at

from songthan.domain.assignments import SETTLED
from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import AssignmentView, Collect, DeadlineView, Lapse, decide
from songthan.domain.notices import NoticeKind, People, letters_due, reminder_key, request_key
from songthan.domain.plans import Deadline

CALENDAR = WorkCalendar(days_off={})


def view(*assignments: AssignmentView, deadline: Deadline = ONE, **more: object) -> DeadlineView:
    return DeadlineView(deadline=deadline, state=D.OPEN, assignments=assignments, **more)


def duty(n: int, state: A, change: int = 0, **more: object) -> AssignmentView:
    return AssignmentView(assignment=replace(assignment(f"one.f3.s{n}", "one", "m1", state), change=change), **more)


def test_a_duty_asked_anew_is_another_mail_than_those_that_went_out() -> None:
    outbox = {request_key("one", "m1"): "sent", request_key("one", "m1", "", 3): "sent", reminder_key(ONE, "m1", -1): "sent"}
    duties = duty(1, A.ASKED), duty(2, A.PLANNED, 3, asked_by="sent"), duty(3, A.PLANNED, 7)
    (letter,) = letters_due([view(*duties, outbox=outbox)], People(), at(CALENDAR, date(2023, 3, 14), 9), CALENDAR)
    assert [(n.key, n.assignments) for n in letter.notices] == [("one/request/m1/change-7", ("one.f3.s3",))]
    assert len({request_key("one", "m1", form, change) for form in ("", "f1") for change in (0, 3, 7)}) == 6


def test_reminders_of_the_old_day_do_not_stand_for_those_of_the_new_one() -> None:
    sent = {reminder_key(ONE, "m1", n): "sent" for n in (-7, -3, -1)}
    assert due(view(duty(1, A.ASKED), outbox=sent), day=14) == {}
    moved = replace(ONE, internal=date(2023, 3, 14), internal_to=date(2023, 3, 15), printed_internal=date(2023, 3, 15))
    assert due(view(duty(1, A.ASKED), outbox=sent, deadline=moved), day=14) == {"m1": [NoticeKind.REMINDER]}
    again = sent | {reminder_key(moved, "m1", -1): "sent"}
    assert due(view(duty(1, A.ASKED), outbox=again, deadline=moved), day=14) == {}


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
