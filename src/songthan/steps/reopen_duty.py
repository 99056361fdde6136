"""The secretary asks again: for one duty, or for a whole report that was compiled.

Safe to repeat: one transaction with its letters; what waits for answers already stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from songthan.domain.assignments import Assignment, AssignmentState, DeadlineState
from songthan.domain.changes import Change
from songthan.domain.errors import UsageError
from songthan.domain.ladders import CLOSES_AT, ladder_for
from songthan.domain.language import digits
from songthan.domain.plans import Deadline, Member
from songthan.domain.thai import thai_date, thai_datetime
from songthan.steps.ask_director import director_key
from songthan.steps.duty_letters import record, tell
from songthan.steps.fill_form import form_file
from songthan.steps.find_duty import find_deadline, find_duty, given_reason, is_frozen, today
from songthan.steps.letters import day_of
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome
from songthan.steps.signing_officer import open_versions, signer_of, signing_officer
from songthan.steps.submit import registry_key
from songthan.steps.views import is_kept_back

_WHERE = "songthan reopen"
_NOON = time(12, 0)
_GONE = frozenset({DeadlineState.SUBMITTED, DeadlineState.ACKNOWLEDGED})
_WAITING = frozenset(
    {AssignmentState.PLANNED, AssignmentState.ASKED, AssignmentState.NEEDS_CORRECTION, AssignmentState.RECEIVED}
)


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Why and until when: what every part of reopening needs. `wait` is when waiting for answers ends (aware)."""

    reason: str
    by: str
    now: datetime
    wait: datetime


def reopen(
    office: Office, what: str, who: str = "", *, reason: str, by: str, until: date | None = None
) -> Outcome:
    """Ask again for the assignment `what` (or the one `who` has in deadline `what`), or open the report of deadline `what`.

    A report that is compiled, with the director or signed becomes void with its signature, and the next version goes to
    the director anew. `until` is the last day answers are waited for; without it, noon of the next working day (or the
    deadline's own cut where that is later), counted from the next office hours. UsageError when it was submitted.
    """
    reason = given_reason(reason, where=_WHERE)
    with office.ledger.transaction():
        deadline = find_deadline(office, what.strip().partition(".")[0], where=_WHERE)
        whole = what.strip() == deadline.id and not who
        order = _Order(reason=reason, by=by, now=office.clock.now(), wait=_wait_until(office, deadline, until, whole=whole))
        if whole:
            return _reopen_deadline(office, deadline, order)
        return _reopen_duty(office, deadline, find_duty(office, what, who, where=_WHERE), order)


def _wait_until(office: Office, deadline: Deadline, until: date | None, *, whole: bool) -> datetime:
    """When waiting for answers ends. Today's date for a whole report means: at once."""
    calendar, ladder = office.calendar, ladder_for(deadline, office.calendar)
    now = calendar.local(office.clock.now())
    if until is None:
        over = now.time() > CLOSES_AT or not calendar.is_working_day(now.date())
        # her letter leaves in office hours: decided in the evening, it is read the next working day
        read = calendar.on_or_after(now.date() + timedelta(days=1)) if over else now.date()
        wait = calendar.at(calendar.shift(read, 1), _NOON)
        if wait.date() <= ladder.target or now.date() > ladder.target:
            return wait
        # the last working day before it must be handed in: wait as long as today allows
        return calendar.at(ladder.target, _NOON if now.time() < _NOON else CLOSES_AT)
    if until < now.date() or not calendar.is_working_day(until) or (until > ladder.target and now.date() <= ladder.target):
        raise UsageError(
            f"รอคำตอบถึงวันที่ {thai_date(until)} ไม่ได้",
            where="--until",
            remedy=f"ใช้วันทำการตั้งแต่วันนี้ถึงวันส่งจริง ({thai_date(ladder.target)})",
        )
    if until == now.date():
        return now if whole else calendar.at(until, CLOSES_AT)
    return calendar.at(until, _NOON)


# a whole report


def _reopen_deadline(office: Office, deadline: Deadline, order: _Order) -> Outcome:
    if not _may_open(office, deadline):
        words = f"{deadline.title} ยังเปิดรับอยู่ ไม่มีสิ่งใดเปลี่ยนแปลง"
        return Outcome(kind="reopen", changed=False, subject=deadline.id, words=words)
    number = record(office, _change(office, deadline.id, deadline, order, until=order.wait))
    told = _void(office, deadline, number, order)
    at_once = order.wait <= order.now
    waits = (
        "ระบบจะจัดทำฉบับใหม่ในรอบถัดไป"
        if at_once
        else f"ระบบรอแบบใหม่หรือคำวินิจฉัยของท่านถึงวันที่ {thai_datetime(office.calendar.local(order.wait))} แล้วจัดทำฉบับใหม่ (ถ้ามีแบบใหม่มาก่อน จัดทำทันทีที่ตรวจครบ)"
    )
    return Outcome(
        kind="reopen", changed=True, subject=deadline.id, told=told,
        words=f"เปิด{deadline.title} แล้ว ฉบับเดิมและลายมือชื่อเดิมเป็นอันยกเลิก {waits} แล้วเสนอผู้อำนวยการลงนามใหม่ {_told_words(told)}".rstrip(),
    )  # fmt: skip


def make_anew(office: Office, deadline: Deadline, *, reason: str, by: str) -> bool:
    """A report that waits for its signature, or is being made now, is made again at once, as its next version; False when
    there is none. Part of the caller's transaction: one that is signed or handed in stays as it is."""
    bundle, state = office.ledger.bundles.latest(deadline.id), office.ledger.deadline_state(deadline.id)
    if (bundle is None and state is not DeadlineState.COLLECTED) or (bundle and bundle["signed"]) or state in _GONE:
        return False
    now = office.clock.now()
    order = _Order(reason=reason, by=by, now=now, wait=now)
    number = record(office, _change(office, deadline.id, deadline, order, until=now))
    _void(office, deadline, number, order)
    return True


def _may_open(office: Office, deadline: Deadline) -> bool:
    """Is there a report to open? UsageError when it went out already."""
    state, bundle = office.ledger.deadline_state(deadline.id), office.ledger.bundles.latest(deadline.id)
    version = int(str(bundle["version"])) if bundle else 0
    key = registry_key(deadline.id, version)
    on_its_way = bundle is not None and office.ledger.outbox.state(key) != "none" and not is_kept_back(office, key)
    if state in _GONE or on_its_way:
        raise UsageError(
            "ส่งรายงานนี้ให้งานสารบรรณแล้ว จึงเปิดแก้ไม่ได้", where=deadline.id, remedy="หากต้องแก้ไข โปรดประสานงานสารบรรณและผู้รับโดยตรง"
        )
    return bundle is not None or state is DeadlineState.COLLECTED


def _void(office: Office, deadline: Deadline, number: int, order: _Order) -> tuple[str, ...]:
    """The frozen version and its signature count no more, the deadline is open; the director is told if he was asked."""
    bundle = office.ledger.bundles.latest(deadline.id)
    office.ledger.move_deadline(deadline.id, DeadlineState.OPEN, order.now, change=number, reason=order.reason)
    office.tick("opened-again")
    if bundle is None:
        # collected: another process may be making this version now, or was killed with its folder written. The number is
        # used up, so that the next version is another one
        version = 1 + max((int(str(b["version"])) for b in office.ledger.bundles.all(deadline.id)), default=0)
        office.ledger.bundles.add(deadline.id, version, folder="", manifest="", frozen="", at=order.now)
        office.ledger.bundles.note(deadline.id, version, order.now, "bundle-void", void=1)
        return ()
    told: tuple[str, ...] = ()
    for waiting in open_versions(office, deadline.id):
        told += _withdraw(office, deadline, waiting, number, order)
    return told


def _withdraw(
    office: Office, deadline: Deadline, bundle: Mapping[str, object], number: int, order: _Order
) -> tuple[str, ...]:
    """One frozen version is void; whoever had been asked to sign it is told."""
    version = int(str(bundle["version"]))
    signer = signer_of(office, bundle) or signing_officer(office)
    office.ledger.bundles.note(deadline.id, version, order.now, "bundle-void", void=1)
    for key in (director_key(deadline.id, version), registry_key(deadline.id, version)):
        if is_kept_back(office, key):
            # nobody has it, and nobody must get this version any more
            office.ledger.outbox.forget(key, order.now)
    if office.ledger.outbox.state(director_key(deadline.id, version)) == "none":
        return ()
    return (
        tell(
            office, number, "withdrawn", signer, deadline=deadline.id, reason=order.reason, as_position=True,
            version_th=digits(version),
        ),
    )  # fmt: skip


# one duty


def _reopen_duty(office: Office, deadline: Deadline, duty: Assignment, order: _Order) -> Outcome:
    row = office.ledger.assignment_row(duty.id)
    if row is None or duty.state in _WAITING:
        words = f"รายการ {duty.id} ยังรอคำตอบอยู่แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง"
        return Outcome(kind="reopen", changed=False, subject=duty.id, words=words)
    frozen = is_frozen(office, deadline.id) or office.ledger.deadline_state(deadline.id) is DeadlineState.COLLECTED
    if frozen:
        _may_open(office, deadline)
    cut = ladder_for(deadline, office.calendar).cut
    needed = order.wait if order.wait > cut or frozen else None
    number = record(office, _change(office, duty.id, deadline, order, until=needed))
    told = _void(office, deadline, number, order) if frozen else ()
    holder = office.plan.roster.holder(duty.seat)
    asked_before = bool(row["asked_on"]) and holder.id == duty.member
    duty = replace(duty, member=holder.id)
    answer_by = _answer_by(office, deadline, max(order.wait, cut))
    if duty.state is AssignmentState.ACCEPTED:
        told += (_ask_to_improve(office, duty, holder, number, order, answer_by),)
    elif asked_before:
        told += (_ask_again(office, duty, holder, number, order, answer_by),)
    else:
        _plan_again(office, duty, number, order)
    office.tick("reopened")
    follows = _told_words(told) or "ระบบจะส่งแบบให้ในรอบถัดไป"
    void = " ฉบับที่จัดทำไว้และลายมือชื่อเดิมเป็นอันยกเลิก ระบบจะจัดทำฉบับใหม่และเสนอลงนามใหม่" if frozen else ""
    return Outcome(
        kind="reopen", changed=True, subject=duty.id, assignments=(duty.id,), told=told,
        words=f"เปิดรายการ {duty.id} ของ {holder.full_name} แล้ว ขอคำตอบภายในวันที่ {thai_date(answer_by)}{void} {follows}",
    )  # fmt: skip


def _answer_by(office: Office, deadline: Deadline, wait: datetime) -> date:
    """The day the member is told: the deadline's own while that is ahead, else the day waiting ends."""
    return deadline.members_until if deadline.members_until >= today(office) else office.calendar.local(wait).date()


def _ask_to_improve(
    office: Office, duty: Assignment, holder: Member, number: int, order: _Order, answer_by: date
) -> str:
    """An accepted answer: the form goes back with what stands in it. It counts on until a better one is accepted."""
    row = office.ledger.assignment_row(duty.id) or {}
    answers = office.ledger.returns.form(int(str(row["current_return"]))).answers
    office.ledger.move_assignment(duty.id, AssignmentState.NEEDS_CORRECTION, order.now, member=holder.id, change=number)
    return tell(
        office, number, "to_improve", holder, duties=[duty], deadline=duty.deadline, reason=order.reason,
        files=[form_file(office, duty, answers=answers, again=True)], until_th=day_of(answer_by),
    )  # fmt: skip


def _ask_again(office: Office, duty: Assignment, holder: Member, number: int, order: _Order, answer_by: date) -> str:
    """A duty that was asked before: it is asked still, and the form comes along once more."""
    office.ledger.move_assignment(duty.id, AssignmentState.ASKED, order.now, change=number)
    return tell(
        office, number, "reopened", holder, duties=[duty], deadline=duty.deadline, reason=order.reason,
        files=[form_file(office, duty)], until_th=day_of(answer_by),
    )  # fmt: skip


def _plan_again(office: Office, duty: Assignment, number: int, order: _Order) -> None:
    """A duty nobody was asked for yet, or somebody else: the ladder asks; before the opening together with the others."""
    early = office.ledger.deadline_state(duty.deadline) is DeadlineState.PLANNED
    office.ledger.move_assignment(
        duty.id, AssignmentState.PLANNED, order.now, member=duty.member, change=0 if early else number, asked_on=None
    )


def _change(
    office: Office, subject: str, deadline: Deadline, order: _Order, *, until: datetime | None
) -> Change:
    return Change(
        kind="reopen", fiscal_year=office.plan.fiscal_year, subject=subject, deadline=deadline.id, at=order.now,
        reason=order.reason, by=order.by, until=until,
    )  # fmt: skip


def _told_words(told: tuple[str, ...]) -> str:
    return f"ระบบจะมีจดหมายถึง {' และ '.join(told)} ในรอบถัดไป" if told else ""
