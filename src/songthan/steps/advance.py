"""One tick of a deadline: ask `decide`, do what it says in batches, ask again until it says wait.

Safe to repeat: nothing is kept between ticks but the ledger; each action re-reads the state it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import (
    Action,
    Alarm,
    Ask,
    AskDeputy,
    AskDirector,
    Collect,
    Compile,
    Judge,
    Lapse,
    Miss,
    Open,
    Remind,
    Submit,
    alarm_key,
    decide,
)
from songthan.domain.errors import MailAuthFailed, MailBusy, MailError
from songthan.domain.ladders import ladder_for
from songthan.domain.thai import thai_date, to_thai_digits
from songthan.steps.ask_director import ask_director
from songthan.steps.ask_members import ask, ask_deputy, lapse, open_deadline, remind
from songthan.steps.compile_bundle import compile_bundle
from songthan.steps.judge_return import judge
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.submit import submit
from songthan.steps.views import deadline_view

BATCH_TH: dict[type[Action], str] = {
    Open: "เปิดรอบรายงาน",
    Ask: "ส่งแบบรายงานให้ผู้รับผิดชอบ",
    Remind: "ส่งจดหมายเตือน",
    AskDeputy: "ขอให้ผู้ปฏิบัติหน้าที่แทนรายงาน",
    Judge: "แจ้งผลการตรวจแบบรายงาน",
    Lapse: "ปิดรับรายงานที่พ้นกำหนด",
    Collect: "รวบรวมครบ",
    Compile: "จัดทำรายงานและชุดเอกสาร",
    AskDirector: "เสนอผู้อำนวยการลงนาม",
    Submit: "ส่งรายงานตามช่องทางที่กำหนด",
    Alarm: "แจ้งเตือนเลขานุการ",
    Miss: "บันทึกว่าพ้นกำหนดส่ง",
}


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Actions of one kind, done together. `title` is the Thai name the dashboard shows."""

    title: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, kw_only=True)
class BatchReport:
    """How many of a batch are done; `waiting` were put off by the mailbox and come again at the next tick."""

    title: str
    done: int
    waiting: int


def next_batches(office: Office, deadline_id: str) -> list[Batch]:
    """What is to be done for this deadline now, grouped by kind in the order decided."""
    actions = decide(deadline_view(office, deadline_id), office.clock.now(), office.calendar)
    batches: dict[type[Action], list[Action]] = {}
    for action in actions:
        batches.setdefault(type(action), []).append(action)
    return [
        Batch(title=f"{BATCH_TH[kind]} ({to_thai_digits(len(items))} รายการ)", actions=tuple(items))
        for kind, items in batches.items()
    ]


def do_batch(office: Office, batch: Batch) -> BatchReport:
    """Do every action of a batch; a busy server puts the rest off, refused credentials stop everything."""
    done = waiting = 0
    for index, action in enumerate(batch.actions):
        try:
            finished = _DO[type(action)](office, action)
        except MailAuthFailed:
            raise
        except MailBusy:
            waiting += len(batch.actions) - index
            break
        except MailError:
            finished = False
        done, waiting = done + (finished is not False), waiting + (finished is False)
    return BatchReport(title=batch.title, done=done, waiting=waiting)


def advance(office: Office, deadline_id: str, *, rounds: int = 12) -> list[BatchReport]:
    """A whole tick without Prefect (tests, command line): until there is nothing to do or everything waits."""
    reports: list[BatchReport] = []
    for _ in range(rounds):
        batches = next_batches(office, deadline_id)
        new = [do_batch(office, batch) for batch in batches]
        reports += new
        if not any(report.done for report in new):
            break
    return reports


def collect(office: Office, action: Collect) -> None:
    """Every assignment is settled."""
    office.ledger.move_deadline(action.deadline, DeadlineState.COLLECTED, office.clock.now())


def miss(office: Office, action: Miss) -> None:
    """The external date is over: say so in the ledger; the alarm follows as an action of its own."""
    office.ledger.move_deadline(action.deadline, DeadlineState.MISSED, office.clock.now())


_ALARMS: dict[str, tuple[str, str, Sequence[str]]] = {
    "missed": (
        "พ้นกำหนดส่ง {title}",
        "ครบกำหนดส่ง{title} เมื่อ{external} แล้ว แต่ระบบยังไม่ได้ส่งรายงาน ระบบไม่ย้อนวันที่ให้",
        ("ติดต่อหน่วยงานผู้รับเพื่อแจ้งเหตุล่าช้า", "ดูรายการที่ค้างด้วยคำสั่งด้านล่าง แล้วให้ระบบดำเนินการต่อ"),
    ),
    "no-form": (
        "ยังไม่มีแม่แบบสำหรับ {title}",
        "ถึงวันเปิดรอบ{title} แล้ว แต่ยังไม่มีแม่แบบ Word ของแบบ {missing} ระบบจึงยังไม่ส่งแบบให้ผู้รับผิดชอบ",
        ("วางแม่แบบ .docx และ .toml ไว้ใน templates/docx", "ระหว่างนี้ให้แจ้งผู้รับผิดชอบตามวิธีเดิม กำหนดส่ง{external}"),
    ),
    "too-late": (
        "เปิดระบบช้าเกินไปสำหรับ {title}",
        "ระบบเพิ่งทำงานหลังเวลาปิดรวบรวม{title} (กำหนดส่ง{external}) จึงยังไม่ได้ส่งแบบให้ผู้ใด และจะไม่จัดทำรายงานเปล่า",
        ("แจ้งผู้รับผิดชอบโดยตรง หรือเลื่อน internal และ external ในแผนหากได้รับอนุมัติ",),
    ),
    "nothing": (
        "ยังไม่มีรายงานให้รวบรวม {title}",
        "ปิดรวบรวม{title} แล้ว แต่ไม่มีแบบที่รับไว้แม้แต่ฉบับเดียว ระบบจะไม่เสนอรายงานเปล่าต่อผู้อำนวยการ (กำหนดส่ง{external})",
        ("ติดตามผู้รับผิดชอบโดยตรง แบบที่ส่งมาหลังจากนี้ระบบยังรับและรวบรวมต่อ",),
    ),
    "silent-director": (
        "ผู้อำนวยการยังไม่ได้ลงนาม {title}",
        "วันนี้เป็นวันทำการสุดท้ายก่อนครบกำหนดส่ง{title} ({external}) แต่ยังไม่ได้รับไฟล์ที่ลงนาม",
        ("เรียนผู้อำนวยการหรือผู้รักษาราชการแทนให้ลงนามและตอบกลับจดหมาย",),
    ),
    "no-receipt": (
        "ยังไม่ได้เลขรับ {title}",
        "ระบบส่งรายงานให้งานสารบรรณแล้ว แต่ยังไม่ได้รับเลขรับ จึงยังพิสูจน์การส่งไม่ได้",
        ("สอบถามงานสารบรรณ แล้วขอให้ตอบกลับจดหมายพร้อมเลขรับ",),
    ),
}


def alarm(office: Office, action: Alarm) -> None:
    """Queue the alarm under its key; the next post carries it out."""
    view = deadline_view(office, action.deadline)
    title, what, actions = _ALARMS[action.kind]
    ladder = ladder_for(view.deadline, office.calendar)
    words = {
        "title": view.deadline.title,
        "external": thai_date(ladder.external, weekday=True),
        "missing": ", ".join(view.missing_forms).upper(),
    }
    tell_secretary(
        office,
        key=alarm_key(action.deadline, action.kind, action.subject),
        deadline=action.deadline,
        title=title.format(**words),
        what=what.format(**words),
        actions=[a.format(**words) for a in actions],
        commands=[("songthan status", "ดูสถานะทุกรายการ")],
    )


_DO: dict[type[Action], Callable[..., object]] = {
    Open: open_deadline,
    Ask: ask,
    Remind: remind,
    AskDeputy: ask_deputy,
    Judge: judge,
    Lapse: lapse,
    Collect: collect,
    Compile: compile_bundle,
    AskDirector: ask_director,
    Submit: submit,
    Alarm: alarm,
    Miss: miss,
}
