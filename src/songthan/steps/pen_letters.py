"""What is written about a signature by pen: the polite answer to a scan that cannot count, and the secretary's commands.

Safe to repeat: one answer a sender, reason and day by its key.
"""

from __future__ import annotations

from songthan.domain.language import day_words, say
from songthan.domain.messages import Message
from songthan.steps.auto_answers import answer
from songthan.steps.office import Office
from songthan.steps.pen_sheets import PenDoubt
from songthan.steps.signing_officer import open_versions, signer_of

#: Reasons of which a proven sender is told; the others are the secretary's to ask about.
_TOLD = frozenset({"older", "other", "mixed", "person", "bare", "cropped"})


def answer_doubt(office: Office, message: Message, doubt: PenDoubt) -> None:
    """Tell who sent a scan that cannot count what is missing. Only a person of the roster, proven by our server, is answered."""
    if doubt.kind in _TOLD and not message.auto and message.authentication == "pass":
        write_again(office, message, doubt.kind, doubt.deadline, words=dict(doubt.words))


def write_again(
    office: Office, message: Message, kind: str, deadline_id: str, *, words: dict[str, object], reason: str = ""
) -> None:
    """The letter «pen_again» to the sender of `message`: why his scan cannot count, and how to send it. `reason`: the
    secretary's own words."""
    member = office.plan.roster.by_address(message.sender)
    if member is None:
        return
    day = office.calendar.local(office.clock.now()).date().isoformat()
    deadline = office.plan.deadline(deadline_id) if deadline_id else None
    tail = f"/{message.sha256[:12]}" if kind == "rejected" else ""
    answer(
        office,
        key=f"pen_again/{kind}/{deadline_id or '-'}/{member.id}/{day}{tail}",
        kind="pen_again",
        to=member.email,
        reply_to=message.message_id,
        deadline=deadline_id,
        context={
            "member": {"full_name": member.full_name, "position": member.position},
            "reason": kind,
            "said": reason,
            "title": deadline.title if deadline else "",
            "external_th": day_words(deadline.external, weekday=True) if deadline else "",
            "version_th": str(words.get("version", "")),
            "latest_th": str(words.get("latest", "")),
            "signer": str(words.get("signer", "")),
            "signs": any(who and who.id == member.id for who in (signer_of(office, b) for b in open_versions(office, deadline_id))),
        },
    )


def hold_commands(inbox_id: int, *, usable: bool) -> list[dict[str, str]]:
    """What the secretary may type about a page that waits for her eye, or that cannot count (`usable` false)."""
    if not usable:
        return [{"command": f'songthan hold reject {inbox_id} --reason "…"', "meaning": say("ปิดรายการ หน้านี้ใช้เป็นลายมือชื่อไม่ได้ รายงานยังรอลงนาม")}]
    return [
        {"command": f"songthan hold show {inbox_id} --save pen-check", "meaning": say("เก็บภาพหน้าสแกนเทียบกับหน้าต้นฉบับไว้เปิดดู")},
        {
            "command": f'songthan hold accept {inbox_id} --by "…" --reason "…"',
            "meaning": say("ยืนยันว่าเทียบด้วยตาแล้วเป็นหน้าเดียวกันและลงนามแล้ว (ระบุชื่อผู้เทียบ)"),
        },
        {"command": f'songthan hold reject {inbox_id} --reason "…"', "meaning": say("ไม่รับ ระบบแจ้งเหตุนี้ถึงผู้ลงนาม")},
    ]
