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
    AskDirector,
    Collect,
    Compile,
    FinishAsking,
    Judge,
    Lapse,
    Miss,
    Open,
    Submit,
    TakeBack,
    alarm_key,
    decide,
)
from songthan.domain.errors import MailAuthFailed, MailBusy, MailError, SongthanError
from songthan.domain.ladders import in_office_hours, ladder_for
from songthan.domain.language import day_words, digits, phrase, say
from songthan.domain.notices import LADDER_MAIL, Write, letters_due
from songthan.steps.ask_director import ask_director
from songthan.steps.compile_bundle import compile_bundle
from songthan.steps.judge_return import judge
from songthan.steps.letters import tell_secretary
from songthan.steps.office import Office
from songthan.steps.open_deadline import lapse, open_deadline
from songthan.steps.post import TOGETHER, still_so, take_back
from songthan.steps.submit import submit
from songthan.steps.take_in import fetch_new, settle_all
from songthan.steps.views import deadline_view, held_mails, people_view
from songthan.steps.write_letters import finish_asking, write

BATCH_TH: dict[type[Action], str] = {
    Open: phrase("เปิดรอบรายงาน"),
    Write: phrase("ส่งแบบและแจ้งเตือนผู้เกี่ยวข้อง"),
    FinishAsking: phrase("ส่งแบบที่ค้างส่ง"),
    TakeBack: phrase("ถอนจดหมายที่ยังไม่ได้ส่ง เพื่อเขียนใหม่"),
    Judge: phrase("แจ้งผลการตรวจแบบรายงาน"),
    Lapse: phrase("ปิดรับรายงานที่พ้นกำหนด"),
    Collect: phrase("รวบรวมครบ"),
    Compile: phrase("จัดทำรายงานและชุดเอกสาร"),
    AskDirector: phrase("เสนอผู้อำนวยการลงนาม"),
    Submit: phrase("ส่งรายงานตามช่องทางที่กำหนด"),
    Alarm: phrase("แจ้งเตือนเลขานุการ"),
    Miss: phrase("บันทึกว่าพ้นกำหนดส่ง"),
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
    batches: dict[type[Action], list[Action]] = {}
    for action in _due(office, deadline_id):
        batches.setdefault(type(action), []).append(action)
    return [
        Batch(
            title=say("{what} ({number} รายการ)", what=say(BATCH_TH[kind]), number=digits(len(items))), actions=tuple(items)
        )
        for kind, items in batches.items()
    ]


def _due(office: Office, deadline_id: str) -> list[Action]:
    """This deadline's own actions, then the letters that speak of it.

    A letter tells one person everything of the day, so all deadlines that are to open now are opened before any is
    written, and other deadlines' notices ride along.
    """
    now, calendar = office.clock.now(), office.calendar
    views = {d.id: deadline_view(office, d.id) for d in office.driven_deadlines}
    view = views.get(deadline_id) or deadline_view(office, deadline_id)
    own = list(decide(view, now, calendar))
    opening = [a for v in views.values() if v.deadline.id != deadline_id for a in decide(v, now, calendar) if isinstance(a, Open)]
    if opening or any(isinstance(a, Open) for a in own):
        return own + opening
    # an answer that is being judged first, and what could not be sent: the letters follow from it
    back = _left_behind(office, deadline_id)
    if back or any(isinstance(a, Judge) for a in own):
        return back + [a for a in own if not (back and isinstance(a, FinishAsking))]
    letters = letters_due(({**views, deadline_id: view}).values(), people_view(office), now, calendar)
    return own + [w for w in letters if any(n.deadline == deadline_id for n in w.notices)]


def _left_behind(office: Office, deadline_id: str) -> list[Action]:
    """Letters that an earlier run wrote and could not send. In office hours only, as they are then written anew. One that
    waits for the secretary's word stays as it is while it would be written just the same."""
    if not in_office_hours(office.clock.now(), office.calendar):
        return []
    left = [m.key for m in office.ledger.outbox.unsent() if m.kind in LADDER_MAIL]
    held = {m.key for m in held_mails(office)} & set(left)
    kept = still_so(office, held) if held else frozenset()
    return [TakeBack(deadline=deadline_id, key=key) for key in left if key not in kept]


def do_batch(office: Office, batch: Batch) -> BatchReport:
    """Do every action of a batch; a busy server puts the rest off, refused credentials stop everything."""
    done = waiting = 0
    if any(isinstance(action, Write) for action in batch.actions) and not _empty_the_mailbox(office):
        return BatchReport(title=batch.title, done=0, waiting=len(batch.actions))
    for at, group in _groups(batch.actions):
        try:
            finished = _do(office, group)
        except MailAuthFailed:
            raise
        except MailBusy:
            waiting += len(batch.actions) - at
            break
        except MailError:
            finished = [False] * len(group)
        done, waiting = done + sum(finished), waiting + len(group) - sum(finished)
    return BatchReport(title=batch.title, done=done, waiting=waiting)


def _groups(actions: Sequence[Action]) -> list[tuple[int, Sequence[Action]]]:
    """What is done together, with its place: letters go out many at a time, everything else one by one."""
    size = TOGETHER if isinstance(actions[0], Write) else 1
    return [(at, actions[at : at + size]) for at in range(0, len(actions), size)]


def _do(office: Office, group: Sequence[Action]) -> list[bool]:
    """For each whether it is done."""
    letters = [action for action in group if isinstance(action, Write)]
    return write(office, letters) if letters else [_DO[type(a)](office, a) is not False for a in group]


def _empty_the_mailbox(office: Office) -> bool:
    """An answer that came a minute ago stops a reminder: what lies in the mailbox is taken in before letters are written.

    False when the mailbox cannot be asked now: then no letter is written either.
    """
    try:
        fetch_new(office)
        settle_all(office)
    except MailAuthFailed:
        raise
    except MailError:
        return False
    except SongthanError:
        raise
    except Exception as error:
        # one mail that breaks the reader (the intake's flow shows it, and holds it in the end) stops no letter
        print(f"รับจดหมายเข้าก่อนเขียนจดหมายไม่สำเร็จ: {error!r}")
    return True


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
        phrase("พ้นกำหนดส่ง {title}"),
        phrase("ครบกำหนดส่ง{title} เมื่อ{external} แล้ว แต่ระบบยังไม่ได้ส่งรายงาน ระบบไม่ย้อนวันที่ให้"),
        (phrase("ติดต่อหน่วยงานผู้รับเพื่อแจ้งเหตุล่าช้า"), phrase("ดูรายการที่ค้างด้วยคำสั่งด้านล่าง แล้วให้ระบบดำเนินการต่อ")),
    ),
    "no-form": (
        phrase("ยังไม่มีแม่แบบสำหรับ {title}"),
        phrase("ถึงวันเปิดรอบ{title} แล้ว แต่ยังไม่มีแม่แบบ Word ของแบบ {missing} ระบบจึงยังไม่ส่งแบบให้ผู้รับผิดชอบ"),
        (phrase("วางแม่แบบ .docx และ .toml ไว้ใน templates/docx"), phrase("ระหว่างนี้ให้แจ้งผู้รับผิดชอบตามวิธีเดิม กำหนดส่ง{external}")),
    ),
    "too-late": (
        phrase("เปิดระบบช้าเกินไปสำหรับ {title}"),
        phrase("ระบบเพิ่งทำงานหลังเวลาปิดรวบรวม{title} (กำหนดส่ง{external}) จึงยังไม่ได้ส่งแบบให้ผู้ใด และจะไม่จัดทำรายงานเปล่า"),
        (phrase("แจ้งผู้รับผิดชอบโดยตรง หรือเลื่อน internal และ external ในแผนหากได้รับอนุมัติ"),),
    ),
    "nothing": (
        phrase("ยังไม่มีรายงานให้รวบรวม {title}"),
        phrase("ปิดรวบรวม{title} แล้ว แต่ไม่มีแบบที่รับไว้แม้แต่ฉบับเดียว ระบบจะไม่เสนอรายงานเปล่าต่อผู้อำนวยการ (กำหนดส่ง{external})"),
        (phrase("ติดตามผู้รับผิดชอบโดยตรง แบบที่ส่งมาหลังจากนี้ระบบยังรับและรวบรวมต่อ"),),
    ),
    "not-compiled": (
        phrase("ยังจัดทำรายงานไม่สำเร็จ {title}"),
        phrase("รวบรวม{title} ครบแล้ว แต่ยังจัดทำชุดเอกสารไม่สำเร็จ ระบบจะลองใหม่ต่อไป กำหนดส่ง{external}"),
        (phrase("ตรวจความพร้อมของเครื่องด้วยคำสั่งด้านล่าง"), phrase("หากยังไม่สำเร็จภายในวันนี้ ให้เตรียมส่งรายงานด้วยวิธีเดิม")),
    ),
    "silent-director": (
        phrase("ผู้อำนวยการยังไม่ได้ลงนาม {title}"),
        phrase("วันนี้เป็นวันทำการสุดท้ายก่อนครบกำหนดส่ง{title} ({external}) แต่ยังไม่ได้รับไฟล์ที่ลงนาม"),
        (phrase("เรียนผู้อำนวยการหรือผู้รักษาราชการแทนให้ลงนามและตอบกลับจดหมาย"),),
    ),
    "no-receipt": (
        phrase("ยังไม่ได้เลขรับ {title}"),
        phrase("ระบบส่งรายงานให้งานสารบรรณแล้ว แต่ยังไม่ได้รับเลขรับ จึงยังพิสูจน์การส่งไม่ได้"),
        (phrase("สอบถามงานสารบรรณ แล้วขอให้ตอบกลับจดหมายพร้อมเลขรับ หรือบันทึกเลขที่ได้มาด้วยคำสั่ง songthan receipt"),),
    ),
}


def alarm(office: Office, action: Alarm) -> None:
    """Queue the alarm under its key; the next post carries it out."""
    view = deadline_view(office, action.deadline)
    title, what, actions = _ALARMS[action.kind]
    ladder = ladder_for(view.deadline, office.calendar)
    words = {
        "title": view.deadline.title,
        "external": day_words(ladder.external, weekday=True),
        "missing": ", ".join(view.missing_forms).upper(),
    }
    tell_secretary(
        office,
        key=alarm_key(action.deadline, action.kind, action.subject),
        deadline=action.deadline,
        title=say(title, **words),
        what=say(what, **words),
        actions=[say(a, **words) for a in actions],
        commands=[("songthan status", say("ดูสถานะทุกรายการ")), ("songthan doctor", say("ตรวจความพร้อมของเครื่อง"))],
        role=action.to,
    )


_DO: dict[type[Action], Callable[..., object]] = {
    Open: open_deadline,
    FinishAsking: finish_asking,
    TakeBack: take_back,
    Judge: judge,
    Lapse: lapse,
    Collect: collect,
    Compile: compile_bundle,
    AskDirector: ask_director,
    Submit: submit,
    Alarm: alarm,
    Miss: miss,
}
