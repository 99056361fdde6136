"""Looks for what is not as it should be: mail counts, mails in doubt, rows that do not move, the clock, the disk.

Reads only, except `tell`, which queues one alarm per finding and day; safe to repeat.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from songthan.domain.assignments import SETTLED, AssignmentState, DeadlineState
from songthan.domain.clock_skew import WRONG_S
from songthan.domain.errors import MailError
from songthan.domain.language import phrase, say
from songthan.steps import outbox_watch
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.sender_proof import sender_proof

#: Below this much free disk nothing new should be promised.
LEAST_FREE = 200 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing amiss; `code` is part of the alarm's key."""

    code: str
    title: str
    what: str
    remedy: str


def findings(office: Office) -> list[Finding]:
    """What is amiss now, worst first."""
    looks = (_late, _waiting, _withheld, _mailbox, _proof, _stuck, _seats, _clock, _disk, _roots)
    return [f for look in looks if (f := look(office)) is not None]


def tell(office: Office, found: list[Finding]) -> None:
    """One alarm per finding and day."""
    day = office.calendar.local(office.clock.now()).date().isoformat()
    for finding in found:
        tell_secretary(
            office,
            key=f"watch/{finding.code}/{day}",
            title=finding.title,
            what=finding.what,
            actions=(finding.remedy,),
            commands=[("songthan doctor", say("ตรวจความพร้อมของเครื่อง"))],
        )


def _late(office: Office) -> Finding | None:
    """A letter that waits for the secretary's word since an earlier day, or on its last: somebody does not know of a date."""
    found = outbox_watch.waits_late(office)
    if found is None:
        return None
    return Finding(
        code=found[0],
        title=say("จดหมายรอท่านปล่อยข้ามวัน"),
        what=found[1],
        remedy=say("อ่านด้วย songthan outbox list แล้วปล่อยด้วย songthan outbox release หรือระงับด้วย songthan outbox withhold"),
    )


def _waiting(office: Office) -> Finding | None:
    found = outbox_watch.waits_new(office)
    if found is None:
        return None
    return Finding(
        code=found[0],
        title=say("มีจดหมายรอท่านปล่อย"),
        what=found[1],
        remedy=say("อ่านด้วย songthan outbox list แล้วปล่อยด้วย songthan outbox release หรือระงับด้วย songthan outbox withhold"),
    )


def _withheld(office: Office) -> Finding | None:
    lines = outbox_watch.withheld_and_close(office)
    if not lines:
        return None
    return Finding(
        code="withheld",
        title=say("ใกล้กำหนดแล้ว แต่จดหมายที่ท่านระงับไว้ยังไม่ได้ส่ง"),
        what=" · ".join(lines),
        remedy=say("ปล่อยด้วย songthan outbox release แจ้งว่าส่งเองแล้วด้วย songthan outbox sent หรือยกเว้นด้วย songthan waive"),
    )


def _mailbox(office: Office) -> Finding | None:
    """Every mail in the mailbox has a row, and the other way round."""
    try:
        # only what is new: the whole mailbox is listed once a night (`count_mail`)
        listed = [ref.id for ref in office.mailbox.new_messages(office.ledger.inbox.mailbox_state()).refs]
        waiting = len(listed) - len(office.ledger.inbox.known(listed))
        there, known = office.mailbox.count(), office.ledger.inbox.counts()["all"]
    except MailError as error:
        return Finding(
            code="mailbox",
            title=say("ติดต่อกล่องจดหมายไม่ได้"),
            what=error.th,
            remedy=error.remedy or say("ตรวจเครือข่ายและรหัสผ่าน"),
        )
    if there == known + waiting:
        return None
    return Finding(
        code="count",
        title=say("จำนวนจดหมายในกล่องกับในสมุดทะเบียนไม่ตรงกัน"),
        what=say(
            "ในกล่องมี {there} ฉบับ ในสมุดทะเบียนมี {known} ฉบับ (กำลังจะอ่าน {waiting} ฉบับ)",
            there=there,
            known=known,
            waiting=waiting,
        ),
        remedy=say("ตรวจว่ามีผู้ย้ายหรือลบจดหมายในกล่องนี้ด้วยมือหรือไม่ จดหมายที่อ่านแล้วยังอยู่ในระบบครบ"),
    )


def _proof(office: Office) -> Finding | None:
    """Members' mails without a proof of their sender are all held: the settings do not know our mail server."""
    proof = sender_proof(office)
    if not proof.useless:
        return None
    seen = ", ".join(f"{header}: {name}" for header, name in proof.servers)
    return Finding(
        code="proof",
        title=say("จดหมายของสมาชิกพิสูจน์ผู้ส่งไม่ได้"),
        what=say(
            "จดหมายจากที่อยู่ในทะเบียน {members} ฉบับล่าสุด มี {unproven} ฉบับที่เครื่องแม่ข่ายไม่ได้รับรองผู้ส่งตามที่ตั้งค่าไว้ ระบบจึงพักไว้ทั้งหมด "
            "ชื่อเครื่องที่พบในจดหมาย: {seen}",
            members=proof.members,
            unproven=proof.unproven,
            seen=seen or say("ไม่พบ"),
        ),
        remedy=say(
            "ส่งข้อความนี้ให้ผู้ดูแลระบบจดหมาย หากชื่อที่พบเป็นเครื่องของหน่วยงานจริง ให้ตั้ง authserv_id หรือ internal_servers ใน songthan.toml [mailbox] "
            "ตามเอกสาร docs/operations.md"
        ),
    )


def _stuck(office: Office) -> Finding | None:
    stuck = [r for r in office.ledger.inbox.unfinished() if int(str(r["attempts"] or 0)) > 1]
    if not stuck:
        return None
    return Finding(
        code="stuck",
        title=say("มีจดหมายที่อ่านไม่จบ"),
        what=say("จดหมาย {count} ฉบับอ่านไม่สำเร็จในรอบก่อน ระบบจะลองใหม่ แล้วพักไว้ให้ท่านหากยังไม่สำเร็จ", count=len(stuck)),
        remedy=say("รอรอบถัดไป แล้วดู songthan hold list"),
    )


def _seats(office: Office) -> Finding | None:
    """The plan's file gave a seat to somebody by hand; what is under way is still asked of the one before."""
    holders = {s.id: s.member for s in office.plan.roster.seats}
    open_ = [d for d in office.plan.deadlines if office.ledger.deadline_state(d.id) is DeadlineState.OPEN]
    rows = [r for d in open_ for r in office.ledger.assignment_rows(d.id) if AssignmentState(str(r["state"])) not in SETTLED]
    stray = sorted({str(r["seat"]) for r in rows if holders.get(str(r["seat"]), r["member"]) != r["member"]})
    if not stray:
        return None
    return Finding(
        code="seats",
        title=say("มีรายการค้างของผู้ที่ไม่ได้ดำรงตำแหน่งแล้ว"),
        what=say("แฟ้มแผนเปลี่ยนผู้ดำรงตำแหน่ง {seats} แล้ว แต่รายการที่ขอไปก่อนหน้ายังเป็นของผู้ดำรงตำแหน่งเดิม", seats=", ".join(stray)),
        remedy=say("โอนรายการที่ค้างด้วยคำสั่ง songthan reassign {seat} --to ผู้ดำรงตำแหน่งใหม่ --reason เหตุผล", seat=stray[0]),
    )


def _clock(office: Office) -> Finding | None:
    """Reminders, leases and «received at» go by this machine's clock; the mail server's is the one to hold it against."""
    try:
        skew = office.mailbox.clock_skew()
    except MailError:
        # `_mailbox` tells of it
        return None
    if skew is None or abs(skew) <= WRONG_S:
        return None
    words = {
        True: phrase("นาฬิกาเครื่องนี้เร็วกว่าเซิร์ฟเวอร์จดหมาย {minutes} นาที กำหนดวันและเวลาของจดหมายจึงผิดตาม"),
        False: phrase("นาฬิกาเครื่องนี้ช้ากว่าเซิร์ฟเวอร์จดหมาย {minutes} นาที กำหนดวันและเวลาของจดหมายจึงผิดตาม"),
    }
    return Finding(
        code="clock",
        title=say("นาฬิกาของเครื่องไม่ตรง"),
        what=say(words[skew > 0], minutes=round(abs(skew) / 60)),
        remedy=say("ตั้งเวลาของเครื่องจาก NTP และตรวจเขตเวลา"),
    )


def _disk(office: Office) -> Finding | None:
    free = shutil.disk_usage(office.state).free
    if free > LEAST_FREE:
        return None
    return Finding(
        code="disk",
        title=say("พื้นที่ดิสก์ใกล้เต็ม"),
        what=say("เหลือพื้นที่ {free} MB", free=free // 1024 // 1024),
        remedy=say("ย้ายแฟ้มอื่นออกจากเครื่อง ก่อนที่ระบบจะหยุดส่งจดหมาย"),
    )


def _roots(office: Office) -> Finding | None:
    """Without the director's root certificate no signature can be believed."""
    waiting = [d for d in office.plan.deadlines if office.ledger.deadline_state(d.id).value == "WITH_DIRECTOR"]
    if not waiting or office.trust_roots():
        return None
    return Finding(
        code="roots",
        title=say("ยังไม่มีใบรับรองรากสำหรับตรวจลายมือชื่อ"),
        what=say("มีเอกสารรอผู้อำนวยการลงนาม แต่ไม่พบใบรับรองตาม songthan.toml [director] trust_roots"),
        remedy=say("วางใบรับรองราก (.pem) ของผู้ออกใบรับรองให้ผู้อำนวยการ ไว้ในที่ที่กำหนด"),
    )
