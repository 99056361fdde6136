"""The secretary moves the members' date of a deadline; the day the bureau submits never moves.

Safe to repeat: one transaction with its letters; the same date again changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from songthan.domain.assignments import OWING, Assignment, AssignmentState, DeadlineState
from songthan.domain.changes import Change
from songthan.domain.errors import UsageError
from songthan.domain.ladders import ladder_for
from songthan.domain.plans import Deadline
from songthan.domain.thai import thai_date, thai_datetime, to_thai_digits
from songthan.steps.duty_letters import asked_instead, record, tell
from songthan.steps.find_duty import find_deadline, given_reason, is_frozen, today
from songthan.steps.letters import day_of
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome

_WHERE = "songthan extend"
#: So many people the answer names one by one.
_NAMED = 5


def extend(
    office: Office, what: str, internal: date, internal_to: date | None = None, *, reason: str, by: str
) -> Outcome:
    """New members' dates for deadline `what`: `internal`, and the end of the span `internal_to` where it has one.

    Whoever was asked and still owes gets one letter. UsageError when the report is compiled, when a date is a day off,
    past the day it must be submitted, or over already.
    """
    reason = given_reason(reason, where=_WHERE)
    with office.ledger.transaction():
        old = find_deadline(office, what, where=_WHERE)
        new = _moved(old, internal, internal_to)
        if (new.internal, new.internal_to) == (old.internal, old.internal_to):
            words = f"กำหนดของสมาชิกใน {old.id} เป็นวันที่ {thai_date(old.members_until)} อยู่แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง"
            return Outcome(kind="extend", changed=False, subject=old.id, words=words)
        _refuse(office, old, new)
        now = office.clock.now()
        number = record(
            office,
            Change(
                kind="extend", fiscal_year=office.plan.fiscal_year, subject=old.id, deadline=old.id, at=now, reason=reason,
                by=by, internal=new.internal, internal_to=new.internal_to,
            ),
        )  # fmt: skip
        duties = _still_owed(office, old.id)
        told = _tell(office, number, old, duties, reason)
    cut = thai_datetime(ladder_for(office.plan.deadline(old.id), office.calendar).cut)
    names = ", ".join(told) if len(told) <= _NAMED else f"ผู้ที่ยังค้างส่ง {to_thai_digits(len(told))} ท่าน"
    follows = f"ระบบจะมีจดหมายแจ้ง {names} ในรอบถัดไป" if told else "ยังไม่มีผู้ที่ต้องแจ้ง"
    return Outcome(
        kind="extend", changed=True, subject=old.id, assignments=tuple(d.id for d in duties), told=told,
        words=f"เปลี่ยนกำหนดของสมาชิกใน {old.id} จากวันที่ {thai_date(old.members_until)} เป็นวันที่ {thai_date(new.members_until)} แล้ว "
        f"ปิดรวบรวมวันที่ {cut} วันส่งจริงไม่เปลี่ยน {follows}",
    )  # fmt: skip


def _moved(old: Deadline, internal: date, internal_to: date | None) -> Deadline:
    """A span keeps its end when only its beginning moves and stays before it."""
    kept = old.internal_to if old.internal_to and old.internal_to > internal else None
    end = internal_to or kept
    return replace(old, internal=internal, internal_to=end if end and end > internal else None)


def _refuse(office: Office, old: Deadline, new: Deadline) -> None:
    """UsageError when the members' date cannot be moved there, or not any more."""
    state = office.ledger.deadline_state(old.id)
    if is_frozen(office, old.id) or state not in (DeadlineState.PLANNED, DeadlineState.OPEN):
        raise UsageError(
            "รอบนี้ปิดรวบรวมแล้ว จึงเปลี่ยนกำหนดของสมาชิกไม่ได้", where=old.id, remedy=f"หากต้องรอคำตอบเพิ่ม ใช้ songthan reopen {old.id}"
        )
    ladder = ladder_for(new, office.calendar)
    for day in (new.internal, new.members_until):
        if not office.calendar.is_working_day(day):
            before = office.calendar.on_or_before(min(day, ladder.cut.date()))
            raise UsageError(
                f"{thai_date(day, weekday=True)} เป็นวันหยุด", where="--internal", remedy=f"ใช้วันทำการ เช่น {thai_date(before)}"
            )
    if new.members_until > ladder.cut.date():
        raise UsageError(
            f"เลยเวลาปิดรวบรวม ({thai_datetime(ladder.cut)}) ผู้อำนวยการและสารบรรณจะไม่มีเวลาพอ",
            where="--internal",
            remedy=f"ใช้วันไม่เกิน {thai_date(ladder.cut.date())} (วันส่งจริง {thai_date(ladder.target)})",
        )
    if new.members_until < today(office):
        raise UsageError(
            f"วันที่ {thai_date(new.members_until)} ผ่านไปแล้ว", where="--internal", remedy="ใช้วันนี้หรือวันหลังจากนี้"
        )


def _still_owed(office: Office, deadline: str) -> list[Assignment]:
    """The duties that were asked and are still owed; what had lapsed is waited for again."""
    found = []
    for row in office.ledger.assignment_rows(deadline):
        duty = office.ledger.as_assignment(row)
        if duty.state not in OWING or not row["asked_on"]:
            continue
        if duty.state is AssignmentState.LAPSED:
            office.ledger.move_assignment(duty.id, AssignmentState.ASKED, office.clock.now())
        found.append(duty)
    return found


def _tell(
    office: Office, number: int, old: Deadline, duties: list[Assignment], reason: str
) -> tuple[str, ...]:
    """One letter to each person who has forms, about all of them: members, and deputies who were asked instead."""
    by_reader: dict[str, list[Assignment]] = {}
    for duty in duties:
        deputy = asked_instead(office, duty)
        for reader in (duty.member, *([deputy.id] if deputy else [])):
            by_reader.setdefault(reader, []).append(duty)
    return tuple(
        tell(
            office, number, "extended", office.plan.roster.member(reader), duties=owed, deadline=old.id, reason=reason,
            was_th=day_of(old.members_until),
        )
        for reader, owed in by_reader.items()
    )  # fmt: skip
