"""Assignments and deadlines as state machines. Every change of state goes through `move` here; a state drives.

The tables are DESIGN's: an assignment goes PLANNED → ASKED → RECEIVED → (NEEDS_CORRECTION → RECEIVED)* → ACCEPTED, or
WAIVED / LAPSED (and back to PLANNED or NEEDS_CORRECTION by the secretary's word); a deadline PLANNED → OPEN → COLLECTED → COMPILED → WITH_DIRECTOR → SIGNED → SUBMITTED → ACKNOWLEDGED,
or MISSED.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from songthan.domain.errors import TransitionRefused
from songthan.domain.forms import FormSpec
from songthan.domain.language import phrase
from songthan.domain.plans import Deadline, Plan


class AssignmentState(StrEnum):
    PLANNED = "PLANNED"
    ASKED = "ASKED"
    RECEIVED = "RECEIVED"
    NEEDS_CORRECTION = "NEEDS_CORRECTION"
    ACCEPTED = "ACCEPTED"
    WAIVED = "WAIVED"
    LAPSED = "LAPSED"


class DeadlineState(StrEnum):
    PLANNED = "PLANNED"
    OPEN = "OPEN"
    COLLECTED = "COLLECTED"
    COMPILED = "COMPILED"
    WITH_DIRECTOR = "WITH_DIRECTOR"
    SIGNED = "SIGNED"
    SUBMITTED = "SUBMITTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    MISSED = "MISSED"


_A, _D = AssignmentState, DeadlineState

ASSIGNMENT_MOVES: Mapping[AssignmentState, frozenset[AssignmentState]] = {
    _A.PLANNED: frozenset({_A.ASKED, _A.WAIVED, _A.LAPSED}),
    # back to PLANNED: the secretary gave the seat to another member, who is asked anew
    _A.ASKED: frozenset({_A.RECEIVED, _A.WAIVED, _A.LAPSED, _A.PLANNED}),
    _A.RECEIVED: frozenset({_A.ACCEPTED, _A.NEEDS_CORRECTION, _A.WAIVED, _A.LAPSED}),
    _A.NEEDS_CORRECTION: frozenset({_A.RECEIVED, _A.WAIVED, _A.LAPSED, _A.PLANNED}),
    # a better version before the freeze is welcome, and she may ask for one
    _A.ACCEPTED: frozenset({_A.RECEIVED, _A.NEEDS_CORRECTION}),
    # the secretary may reopen what she let go, and a late answer before the freeze still counts
    _A.WAIVED: frozenset({_A.ASKED, _A.PLANNED}),
    _A.LAPSED: frozenset({_A.ASKED, _A.RECEIVED, _A.PLANNED}),
}

DEADLINE_MOVES: Mapping[DeadlineState, frozenset[DeadlineState]] = {
    _D.PLANNED: frozenset({_D.OPEN, _D.MISSED}),
    _D.OPEN: frozenset({_D.COLLECTED, _D.MISSED}),
    _D.COLLECTED: frozenset({_D.COMPILED, _D.OPEN, _D.MISSED}),
    _D.COMPILED: frozenset({_D.WITH_DIRECTOR, _D.OPEN, _D.MISSED}),
    _D.WITH_DIRECTOR: frozenset({_D.SIGNED, _D.COMPILED, _D.OPEN, _D.MISSED}),
    _D.SIGNED: frozenset({_D.SUBMITTED, _D.OPEN, _D.MISSED}),
    _D.SUBMITTED: frozenset({_D.ACKNOWLEDGED}),
    _D.ACKNOWLEDGED: frozenset(),
    # loud, and never the end: a late report is still to be handed in
    _D.MISSED: frozenset({_D.OPEN, _D.COLLECTED, _D.COMPILED, _D.WITH_DIRECTOR, _D.SIGNED, _D.SUBMITTED}),
}

State = TypeVar("State", AssignmentState, DeadlineState)

#: What a person reads of a state; a status text reports, it never drives.
STATE_TH: Mapping[str, str] = {
    "PLANNED": phrase("ยังไม่ถึงกำหนดแจ้ง"),
    "ASKED": phrase("ส่งแบบแล้ว รอคำตอบ"),
    "RECEIVED": phrase("ได้รับแล้ว กำลังตรวจ"),
    "NEEDS_CORRECTION": phrase("ขอให้แก้ไข"),
    "ACCEPTED": phrase("รับแล้ว ครบถ้วน"),
    "WAIVED": phrase("ได้รับยกเว้น"),
    "LAPSED": phrase("พ้นกำหนด ไม่ได้รับ"),
    "OPEN": phrase("เปิดรับรายงาน"),
    "COLLECTED": phrase("รวบรวมครบแล้ว"),
    "COMPILED": phrase("จัดทำรายงานแล้ว"),
    "WITH_DIRECTOR": phrase("เสนอผู้อำนวยการลงนาม"),
    "SIGNED": phrase("ลงนามแล้ว"),
    "SUBMITTED": phrase("ส่งสารบรรณแล้ว รอเลขรับ"),
    "ACKNOWLEDGED": phrase("ได้รับเลขรับแล้ว"),
    "MISSED": phrase("พ้นกำหนดส่ง"),
}

#: States in which a member still owes an answer.
OWING = frozenset({_A.ASKED, _A.NEEDS_CORRECTION, _A.LAPSED})
#: States in which nothing more is waited for.
SETTLED = frozenset({_A.ACCEPTED, _A.WAIVED, _A.LAPSED})
#: Deadline states after the freeze: a correction now is a person's decision.
FROZEN = frozenset({_D.COMPILED, _D.WITH_DIRECTOR, _D.SIGNED, _D.SUBMITTED, _D.ACKNOWLEDGED})


def move(current: State, to: State, *, what: str) -> State:
    """The new state `to`, if `what` (an assignment's or a deadline's id) may go there from `current`.

    Raises TransitionRefused otherwise. Moving to the state one is in already is allowed: a step may run twice.
    """
    table = ASSIGNMENT_MOVES if isinstance(current, AssignmentState) else DEADLINE_MOVES
    if type(to) is not type(current) or (to != current and to not in table[current]):
        raise TransitionRefused(
            f"เปลี่ยนสถานะจาก {current} เป็น {to} ไม่ได้", where=what, remedy="ดูสถานะปัจจุบันด้วย songthan status"
        )
    return to


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One form (or slice of one) asked of one seat for one deadline. `member` is who holds the seat.

    `activities` are the rows of a form that repeats over them; empty for a form that is asked of one person whole.
    `change` is the number of the secretary's decision by which it is asked anew (0: as planned); a request after it is
    another mail than one before it.
    """

    id: str
    deadline: str
    form: str
    seat: str
    member: str
    token: str
    activities: tuple[str, ...]
    state: AssignmentState = AssignmentState.PLANNED
    change: int = 0


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def token_for(assignment_id: str, *, salt: str) -> str:
    """The assignment's token, `ST-XXXX-XXXX-XXXX` (Crockford base 32, 60 bits), the same at every call.

    It identifies, it never authorises; the salt (made once per ledger) only keeps it from being guessed by accident.
    """
    number = int.from_bytes(hashlib.sha256(f"{salt}|{assignment_id}".encode()).digest()[:8], "big")
    letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(0, 60, 5))
    return f"ST-{letters[:4]}-{letters[4:8]}-{letters[8:12]}"


def assignments_for(
    plan: Plan, deadline: Deadline, *, salt: str, forms: Mapping[str, FormSpec]
) -> tuple[Assignment, ...]:
    """Who is asked what for a deadline, by each form's `answered_by`.

    «activities»: one assignment per seat that answers for one of the deadline's activities, with its rows. «lead»: one,
    the first such seat in the plan's order. An office role: one, whoever holds it. Forms without a template are left
    out (the deadline does not open without them).
    """
    asked = plan.activities_of(deadline)
    found = []
    for form in deadline.forms:
        spec = forms.get(form)
        if spec is None:
            continue
        if spec.answered_by == "activities":
            by_seat: dict[str, list[str]] = {}
            for activity in asked:
                for seat in activity.seats:
                    by_seat.setdefault(seat, []).append(activity.id)
            rows = {seat: tuple(by_seat[seat]) for seat in sorted(by_seat)}
        elif spec.answered_by == "lead":
            rows = {asked[0].seats[0]: ()}
        else:
            rows = {plan.roster.seat_of_role(spec.answered_by).id: ()}
        for seat, activities in rows.items():
            assignment_id = f"{deadline.id}.{form}.{seat}"
            found.append(
                Assignment(
                    id=assignment_id,
                    deadline=deadline.id,
                    form=form,
                    seat=seat,
                    member=plan.roster.holder(seat).id,
                    token=token_for(assignment_id, salt=salt),
                    activities=activities,
                )
            )
    return tuple(found)
