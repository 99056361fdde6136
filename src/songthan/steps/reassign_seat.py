"""A seat goes to another member: somebody resigned, or the work was given to a colleague.

Safe to repeat: one transaction with its letters; a seat that is the new member's already stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from songthan.domain.assignments import Assignment, AssignmentState
from songthan.domain.changes import ROLES, Change
from songthan.domain.errors import UsageError
from songthan.domain.ladders import ladder_for
from songthan.domain.language import digits, say
from songthan.domain.people import find_member
from songthan.domain.plans import Member, Seat
from songthan.domain.thai import to_thai_digits
from songthan.steps.duty_letters import letter_key, record, tell
from songthan.steps.fill_form import open_form
from songthan.steps.find_duty import given_reason, is_frozen
from songthan.steps.letters import day_of
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome
from songthan.steps.reopen_duty import make_anew

_WHERE = "songthan reassign"
_A = AssignmentState
#: What the new holder must be asked for anew; a return that is being read, or corrected, stays what it is.
_ASKED_ANEW = frozenset({_A.PLANNED, _A.ASKED, _A.LAPSED})
_KEPT = frozenset({_A.RECEIVED, _A.NEEDS_CORRECTION})
#: What had been asked of the old holder: its form goes to the new one in the letter that tells him, for that letter uses up
#: his day, and the members' date may be today.
_WITH_FORM = frozenset({_A.ASKED, _A.LAPSED, _A.NEEDS_CORRECTION})
_ROLE_TH = {
    "director": "ผู้อำนวยการ", "acting_director": "ผู้รักษาราชการแทน", "head": "หัวหน้าคณะทำงาน", "secretary": "เลขานุการ",
    "assistant_secretary": "ผู้ช่วยเลขานุการ",
}  # fmt: skip


def reassign(office: Office, what: str, to: str, *, reason: str, by: str) -> Outcome:
    """Give seat `what`, or every seat of member `what`, with its open duties to member `to`; also for later deadlines.

    What was answered stays answered. The letter that tells the new holder carries the forms the old one had been sent, and
    he is asked when it is proven sent; what nobody had been asked for yet is asked by the ladder. UsageError when nobody
    fits, or `to` is not in the roster.
    """
    reason = given_reason(reason, where=_WHERE)
    with office.ledger.transaction():
        roster = office.plan.roster
        new = find_member(roster, to, where="--to")
        seats, old = _seats(office, what, new)
        if not seats:
            words = f"{new.full_name} รับโอน {what} ไว้แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง"
            return Outcome(kind="reassign", changed=False, subject=what.strip(), words=words)
        again = _made_anew(office, seats, old, reason, by)
        before = {role: str(getattr(roster, role)) for role in ROLES}
        numbers = [record(office, _change(office, seat, old, new, reason, by)) for seat in seats]
        duties = [d for seat in seats for d in _hand_over(office, seat, new, numbers[0])]
        office.tick("handed")
        told = _tell_both(office, numbers[0], seats, old, new, duties)
        after = office.plan.roster
        roles = [_ROLE_TH[role] for role, member in before.items() if getattr(after, role) != member]
        alone = [m.full_name for m in roster.members if m.deputy == old.id and not after.member(m.id).deputy]
    return Outcome(
        kind="reassign", changed=True, subject=", ".join(s.id for s in seats), assignments=tuple(d.id for d in duties),
        told=told, words=_words(seats, old, new, duties, roles, alone=alone) + again,
    )  # fmt: skip


def _seats(office: Office, what: str, new: Member) -> tuple[list[Seat], Member]:
    """The seats to be given away, and who holds them; none when the new member has them already.

    Where the plan's file gave a seat to the new member by hand, its open duties are still those of the one before: they
    are handed over now.
    """
    roster, wanted = office.plan.roster, what.strip()
    seat = next((s for s in roster.seats if s.id == wanted.lower()), None)
    if seat is not None:
        left = [d.member for d in _movable(office, seat, new)] if seat.member == new.id else [seat.member]
        return ([seat] if left else []), roster.member(left[0] if left else seat.member)
    old = find_member(roster, wanted, where=_WHERE)
    if old.id == new.id:
        raise UsageError("ผู้โอนและผู้รับโอนเป็นบุคคลเดียวกัน", where="--to", remedy="ระบุผู้รับโอนคนอื่น")
    seats = [s for s in roster.seats if s.member == old.id]
    seats += [s for s in roster.seats if s.member == new.id and old.id in {d.member for d in _movable(office, s, new)}]
    given = [c for c in office.ledger.changes.all() if c.kind == "reassign" and c.was == old.id and c.to == new.id]
    if not seats and not given:
        raise UsageError(
            f"{old.full_name} ไม่ได้ดำรงตำแหน่งใดในคณะทำงาน", where=_WHERE, remedy="ระบุรหัสตำแหน่ง เช่น s04 (ดูด้วย songthan plan show)"
        )
    return seats, old


def _made_anew(office: Office, seats: Sequence[Seat], old: Member, reason: str, by: str) -> str:
    """A report that waits for the director's signature bears his name: for another director it is made anew. Before his seat
    is given away, so that he is told. Returns what follows, in words."""
    roster = office.plan.roster
    if roster.director != old.id or roster.seat_of_role("director").id not in {s.id for s in seats}:
        return ""
    waited = [d.id for d in office.plan.deadlines if make_anew(office, d, reason=reason, by=by)]
    return f" รายงานที่รอลงนาม ({', '.join(waited)}) จัดทำใหม่ในนามผู้อำนวยการคนใหม่แล้วเสนอลงนามใหม่" if waited else ""


def _change(office: Office, seat: Seat, old: Member, new: Member, reason: str, by: str) -> Change:
    return Change(
        kind="reassign", fiscal_year=office.plan.fiscal_year, subject=seat.id, was=old.id, to=new.id,
        at=office.clock.now(), reason=reason, by=by,
    )  # fmt: skip


def _hand_over(office: Office, seat: Seat, new: Member, number: int) -> list[Assignment]:
    """The seat's open duties of this plan become the new holder's, by decision `number`; returns them as they were."""
    now, duties = office.clock.now(), _movable(office, seat, new)
    letter = letter_key(number, "moved_to", new.id)
    for duty in duties:
        given = {
            "member": new.id, "change": number, "away": 0, "absent_until": None,
            "asked_mail": letter if duty.state in _WITH_FORM else None,
        }  # fmt: skip
        if duty.state in _KEPT:
            office.ledger.note_assignment(duty.id, **given)
        else:
            office.ledger.move_assignment(duty.id, _A.PLANNED, now, asked_on=None, **given)
        office.ledger.record("assignment-handed", duty.id, now, was=duty.member, to=new.id, change=number)
    return duties


def _movable(office: Office, seat: Seat, new: Member) -> list[Assignment]:
    """The seat's open duties of this plan that are not the new member's; a report that is compiled keeps its own, and what
    lapsed and is closed stays lapsed."""
    known = {d.id: d for d in office.plan.deadlines}
    found = []
    for row in office.ledger.assignment_rows():
        duty = office.ledger.as_assignment(row)
        if duty.seat != seat.id or duty.deadline not in known or duty.member == new.id or is_frozen(office, duty.deadline):
            continue
        closed = office.clock.now() >= ladder_for(known[duty.deadline], office.calendar).cut
        if duty.state in _KEPT or (duty.state in _ASKED_ANEW and not (duty.state is _A.LAPSED and closed)):
            found.append(duty)
    return found


def _tell_both(
    office: Office, number: int, seats: Sequence[Seat], old: Member, new: Member, duties: Sequence[Assignment]
) -> tuple[str, ...]:
    """One letter each; the new holder's brings the forms, half-answered ones as they stand, with what was to be mended."""
    names = [say("ลำดับที่ {number} {role}", number=digits(s.number), role=s.role) for s in seats]
    files = [open_form(office, replace(d, member=new.id)) for d in duties if d.state in _WITH_FORM]
    told = tell(office, number, "moved_from", old, duties=duties, seats=names, other=new.full_name)
    return told, tell(
        office, number, "moved_to", new, duties=duties, files=files, seats=names, other=old.full_name,
        due=_due(office, duties),
    )  # fmt: skip


def _due(office: Office, duties: Sequence[Assignment]) -> list[str]:
    """The deadlines of these duties with their members' days, as a letter lists them."""
    mine = {d.deadline for d in duties}
    return [say("{title} ภายใน{day}", title=d.title, day=day_of(d.members_until)) for d in office.plan.deadlines if d.id in mine]


def _words(
    seats: Sequence[Seat], old: Member, new: Member, duties: Sequence[Assignment], roles: Sequence[str], *, alone: Sequence[str]
) -> str:
    names = ", ".join(s.id for s in seats)
    said = [f"โอนตำแหน่ง {names} จาก {old.full_name} ให้ {new.full_name} แล้ว รวมถึงทุกรอบต่อจากนี้"]
    if roles:
        said.append(f"พร้อมหน้าที่{' และ '.join(roles)}")
    if duties:
        said.append(f"รายการที่ยังค้าง {to_thai_digits(len(duties))} รายการเป็นของผู้รับโอน แบบไปพร้อมจดหมายแจ้ง")
    said.append(f"ระบบจะมีจดหมายแจ้งทั้งสองท่าน แบบที่ {old.full_name} ส่งมาหลังจากนี้จะพักไว้ให้ท่านวินิจฉัย")
    if alone:
        said.append(f"{', '.join(alone)} จึงยังไม่มีผู้แทน โปรดกรอก deputy ใน roster.toml")
    return " ".join(said)
