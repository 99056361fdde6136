"""Automatic answers, and the breaker that stops them: two machines must not write to each other without end.

One answer a sender, reason and day by its key; a breaker for whatever slips through. Safe to repeat: it only counts what the
ledger holds, and its alarm has the address's and the day's key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from songthan.domain.language import digits, say
from songthan.domain.messages import Message, OutgoingFile
from songthan.domain.outgoing import ANSWERS
from songthan.steps.letters import queue, tell_secretary
from songthan.steps.office import Office

#: Automatic answers to one address within an hour and within a day, and how often our own mail may come back from it in a
#: day, before the breaker opens until the day is over. Thanks for all the forms a deputy hands in at once stay below.
MOST_AN_HOUR, MOST_A_DAY, MOST_LOOPS = 12, 20, 3
_LOOPED = "mail-looped"


def answer(
    office: Office,
    *,
    key: str,
    kind: str,
    to: str,
    context: Mapping[str, object],
    files: Iterable[OutgoingFile] = (),
    reply_to: str = "",
    deadline: str = "",
    subjects: tuple[str, ...] = (),
) -> None:
    """`queue` for an answer nobody asked a person for; nothing is written while the breaker for its reader is open."""
    if office.ledger.outbox.state(key) != "none":
        return
    if why := _open_because(office, to):
        _alarm(office, to, why)
        office.ledger.record("answer-stopped", key, office.clock.now(), to=to)
        return
    queue(office, key=key, kind=kind, to=to, context=context, files=files, reply_to=reply_to, deadline=deadline, subjects=subjects)


def note_loop(office: Office, message: Message) -> None:
    """Our own mail came back to us: counted for the address it had been written to."""
    ours = office.ledger.outbox.by_message_id((message.message_id, *message.in_reply_to))
    if ours is None:
        return
    to = str(ours["recipient"])
    office.ledger.record(_LOOPED, to, office.clock.now(), mail=ours["key"])
    if why := _open_because(office, to):
        _alarm(office, to, why)


def _open_because(office: Office, to: str) -> str:
    """Why the breaker for this address is open now; empty while it is shut."""
    now, calendar = office.clock.now(), office.calendar
    day = calendar.local(now).date()
    looped = [at for at in office.ledger.times(_LOOPED, to.lower()) if calendar.local(at).date() == day]
    if len(looped) >= MOST_LOOPS:
        return say("จดหมายของระบบที่ส่งถึงที่อยู่นี้ถูกส่งกลับมาเอง {count} ฉบับ", count=digits(len(looped)))
    meant = office.ledger.outbox.meant(to, ANSWERS)
    today = sum(calendar.local(at).date() == day for at in meant)
    hour = sum(timedelta(0) <= now - at < timedelta(hours=1) for at in meant)
    open_already = office.ledger.outbox.state(_alarm_key(to, day)) != "none"
    if open_already or hour >= MOST_AN_HOUR or today >= MOST_A_DAY:
        return say("ระบบตอบจดหมายของที่อยู่นี้โดยอัตโนมัติแล้ว {count} ฉบับในวันนี้", count=digits(today))
    return ""


def _alarm_key(to: str, day: date) -> str:
    """Of the alarm of a day: once it is there, the breaker stays open until the day is over."""
    return f"breaker/{to.lower()}/{day.isoformat()}"


def _alarm(office: Office, to: str, why: str) -> None:
    member = office.plan.roster.by_address(to)
    tell_secretary(
        office,
        key=_alarm_key(to, office.calendar.local(office.clock.now()).date()),
        title=say("หยุดตอบอัตโนมัติถึง {to}", to=to),
        what=say(
            "{why} อาจเป็นเครื่องตอบกันเอง ระบบจึงหยุดตอบอัตโนมัติถึง {name} <{to}> จนสิ้นวันนี้ จดหมายที่เข้ามายังรับและตรวจครบทุกฉบับ",
            why=why, name=member.full_name if member else "-", to=to,
        ),
        actions=(say("โทรศัพท์ถามเจ้าของที่อยู่ว่าตั้งตอบกลับหรือส่งต่ออัตโนมัติไว้หรือไม่ และแจ้งผลการตรวจให้ทราบด้วยตนเอง"),),
        commands=[("songthan status", say("ดูสถานะทุกรายการ")), ("songthan hold list", say("ดูจดหมายที่รอวินิจฉัย"))],
    )  # fmt: skip
