"""The leave book: the secretary's entries and out-of-office answers.

Safe to repeat: each entry is one transaction, and the same entry again changes nothing.
"""

from __future__ import annotations

from datetime import date

from songthan.domain.absence import (
    BACK,
    BY_SECRETARY,
    OUT_OF_OFFICE,
    REPLACED,
    SECRETARY,
    Leave,
    counts_now,
    return_date,
)
from songthan.domain.errors import UsageError
from songthan.domain.messages import Message
from songthan.domain.people import find_member
from songthan.domain.plans import Member
from songthan.domain.thai import thai_date
from songthan.steps.find_duty import today
from songthan.steps.office import Office
from songthan.steps.outcome import Outcome

SOURCE_TH = {SECRETARY: "เลขานุการบันทึก", OUT_OF_OFFICE: "จดหมายตอบกลับอัตโนมัติ"}


def add_leave(office: Office, who: str, first: date, last: date, reason: str = "", *, by: str) -> Outcome:
    """Write down that `who` is away from `first` to `last`; an earlier entry of hers for some of these days is replaced.

    `by` says who wrote it, for the history. UsageError when the days are the wrong way round or all past.
    """
    member = find_member(office.plan.roster, who, where="songthan leave add")
    if last < first:
        raise UsageError("วันสุดท้ายของการลามาก่อนวันแรก", where="--until", remedy="ตรวจวันที่หลัง --from และ --until")
    if last < today(office):
        raise UsageError(
            f"การลานี้สิ้นสุดไปแล้ว ({thai_date(last)})", where="--until", remedy="ตรวจปีที่พิมพ์ ใช้ปี พ.ศ. หรือ ค.ศ. สี่หลัก"
        )
    now = office.clock.now()
    with office.ledger.transaction():
        hers = [
            old
            for old in office.ledger.leaves.of(member.id)
            if old.source == SECRETARY and old.first <= last and (old.last is None or first <= old.last)
        ]
        if any((old.first, old.last, old.reason) == (first, last, reason) for old in hers):
            return _outcome("leave-add", member, f"บันทึกการลาของ {member.full_name} ไว้แล้ว ไม่มีสิ่งใดเปลี่ยนแปลง", changed=False)
        for old in hers:
            office.ledger.leaves.end(old.id, now, why=REPLACED, reason=by)
        leave = Leave(member=member.id, first=first, last=last, source=SECRETARY, reason=reason, noted_at=now)
        office.ledger.leaves.add(leave, now)
        office.tick("leave-noted")
    words = f"บันทึกแล้ว {member.full_name} ลา{_span(leave)}" + (" (แทนรายการเดิม)" if hers else "")
    return _outcome("leave-add", member, f"{words} {_stands_in(office, member, leave)}", changed=True)


def end_leave(office: Office, who: str, *, by: str) -> Outcome:
    """`who` is back: every leave of his, now or to come, is over."""
    member = find_member(office.plan.roster, who, where="songthan leave end")
    now, day = office.clock.now(), today(office)
    with office.ledger.transaction():
        ended = [leave for leave in office.ledger.leaves.of(member.id) if not leave.over(day)]
        for leave in ended:
            office.ledger.leaves.end(leave.id, now, why=BY_SECRETARY, reason=by)
        office.tick("leave-ended")
    if not ended:
        return _outcome("leave-end", member, f"{member.full_name} ไม่มีการลาที่ค้างอยู่ ไม่มีสิ่งใดเปลี่ยนแปลง", changed=False)
    return _outcome("leave-end", member, f"บันทึกแล้ว {member.full_name} กลับมาปฏิบัติหน้าที่ งานกลับเป็นของเจ้าตัวตั้งแต่รอบถัดไป", changed=True)


def leave_rows(office: Office, *, everything: bool = False) -> list[dict[str, object]]:
    """The leaves in force or to come (`everything`: all of them) as `leave list` and `status` show them; dates ISO."""
    day, roster = today(office), office.plan.roster
    people = {m.id: m for m in roster.members}
    rows = []
    for leave in office.ledger.leaves.of(ended=everything):
        member = people.get(leave.member)
        if not everything and (leave.over(day) or member is None):
            continue
        deputy = people.get(member.deputy) if member else None
        rows.append(
            {
                "member": leave.member,
                "full_name": member.full_name if member else leave.member,
                "from": leave.first.isoformat(),
                "until": leave.last.isoformat() if leave.last else None,
                "in_force": leave.covers(day),
                "source": leave.source,
                "reason": leave.reason,
                "deputy": deputy.full_name if deputy else None,
                "ended_at": leave.ended_at.isoformat() if leave.ended_at else None,
            }
        )
    return rows


def note_out_of_office(office: Office, member: str, message: Message) -> None:
    """An out-of-office answer of a proven member goes into the leave book; a later one takes the place of an earlier one.

    Runs inside the transaction of the mail's route.
    """
    day = office.calendar.local(message.received).date()
    until = return_date(f"{message.subject}\n{message.body}", after=day)
    leave = Leave(member=member, first=day, last=until, source=OUT_OF_OFFICE, noted_at=message.received)
    if not counts_now(leave, office.ledger.leaves.of(member, ended=True)):
        return
    now = office.clock.now()
    with office.ledger.transaction():
        for old in office.ledger.leaves.of(member):
            if old.source == OUT_OF_OFFICE:
                office.ledger.leaves.end(old.id, now, why=REPLACED)
        office.ledger.leaves.add(leave, now)


def note_own_mail(office: Office, member: str, message: Message) -> None:
    """A member who writes himself is back, when his out-of-office answer did not say until when."""
    for leave in office.ledger.leaves.of(member):
        if leave.source == OUT_OF_OFFICE and leave.last is None and leave.noted_at < message.received:
            office.ledger.leaves.end(leave.id, office.clock.now(), why=BACK)


def _span(leave: Leave) -> str:
    if leave.last == leave.first:
        return f"วันที่ {thai_date(leave.first)}"
    return f"ตั้งแต่วันที่ {thai_date(leave.first)} ถึงวันที่ {thai_date(leave.last)}" if leave.last else f"ตั้งแต่วันที่ {thai_date(leave.first)}"


def _stands_in(office: Office, member: Member, leave: Leave) -> str:
    """Who answers for him meanwhile, or that nobody does."""
    if not member.deputy:
        return "ไม่มีผู้ปฏิบัติหน้าที่แทนที่ขึ้นทะเบียนไว้ โปรดเพิ่ม deputy ใน roster.toml หรือโอนงานด้วย songthan reassign"
    deputy = office.plan.roster.member(member.deputy)
    away = [x for x in office.ledger.leaves.of(deputy.id) if x.first <= (leave.last or x.first) and (x.last is None or leave.first <= x.last)]
    if away:
        return (
            f"แต่ {deputy.full_name} ซึ่งเป็นผู้ปฏิบัติหน้าที่แทนก็ลา{_span(away[0])} วันที่ไม่อยู่ทั้งสองท่าน ระบบจะขอจากเจ้าตัว "
            "หากรอไม่ได้โปรดโอนงานด้วย songthan reassign"
        )
    return f"ระหว่างนั้นงานที่ถึงกำหนดจะขอจาก {deputy.full_name} ซึ่งเป็นผู้ปฏิบัติหน้าที่แทน แล้วกลับเป็นของเจ้าตัวเมื่อพ้นวันลา"


def _outcome(kind: str, member: Member, words: str, *, changed: bool) -> Outcome:
    return Outcome(kind=kind, changed=changed, subject=member.id, words=words)
