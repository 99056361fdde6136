"""What a route calls for: states that move, forms that are kept, letters that are meant to be written.

Everything here runs inside the transaction of the route (see `take_in`), so it happens once, with the route, or not at
all. Letters are only intended here; the post carries them out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from songthan.domain.absence import return_date
from songthan.domain.answers import value_of
from songthan.domain.assignments import Assignment, AssignmentState, DeadlineState
from songthan.domain.forms import Answer, FormSpec, Problem, ReturnedForm
from songthan.domain.language import moment_words, say
from songthan.domain.messages import Message, Route
from songthan.domain.outgoing import cause_of
from songthan.domain.plans import Member
from songthan.domain.thai import squeeze
from songthan.steps.ask_director import check_signature, record_signature
from songthan.steps.auto_answers import answer, note_loop
from songthan.steps.bounces import note_bounce, wrote_himself
from songthan.steps.fill_form import form_name
from songthan.steps.gather_facts import FormFile, Gathered
from songthan.steps.leave_book import note_out_of_office, note_own_mail
from songthan.steps.letters import days_left, deadline_words, member_words, queue, tell_secretary
from songthan.steps.office import Office
from songthan.steps.pen_letters import answer_doubt, hold_commands
from songthan.steps.pen_sheets import DOUBTFUL_PEN, PenDoubt, judge_sheets
from songthan.steps.submit import receipt_number, record_receipt

#: rule → the reason the polite «not valid» letter gives
NOT_VALID = {
    "04_password_protected": "locked",
    "58_form_on_paper": "photo",
    "65_converted": "converted",
    "66_other_archive": "locked_archive",
    "68_scan_or_pdf": "scan",
    "69_picture": "photo",
    "75_cloud_link": "cloud_link",
}
_ANSWERABLE = frozenset({"member", "deputy", "secretary"})
#: Undecided mails of one day about which a letter goes to the secretary: of one sender, and of all.
NOTICES_PER_SENDER, NOTICES_PER_DAY = 5, 100
_KEEPS_EVIDENCE = frozenset({"evidence", "form", "archive"})


def _nothing() -> None:
    """No further write."""


def settle_purpose(
    office: Office, inbox_id: int, message: Message, route: Route, gathered: Gathered
) -> tuple[Route, Callable[[], None]]:
    """Look closer at an accepted mail before the route is final: a bad signature or a missing number is a hold.

    Returns the final route and the write that belongs to its transaction.
    """
    if route.purpose == "pen":
        return _pen(office, message, route, gathered)
    if route.route != "accept":
        return route, _nothing
    if route.purpose == "form":
        return _form(office, inbox_id, message, route, gathered)
    deadline_id = gathered.facts.thread_deadline
    if route.purpose == "signature":
        return _signature(office, message, route, deadline_id or "")
    if deadline_id not in {d.id for d in office.plan.deadlines}:
        return _hold(route, say("ไม่ทราบว่าจดหมายนี้เกี่ยวกับกำหนดส่งใดของแผนปีนี้")), _nothing
    deadline = office.plan.deadline(deadline_id)
    state = office.ledger.deadline_state(deadline_id)
    number = receipt_number(message.body)
    if number is None:
        return _hold(
            route, say("หน่วยงานสารบรรณตอบกลับแล้ว แต่ไม่พบเลขรับที่ชัดเจน โปรดขอให้ตอบกลับอีกครั้งโดยเขียนเลขรับให้ชัด")
        ), _nothing
    if state is not DeadlineState.SUBMITTED:
        return _hold(route, say("ได้รับเลขรับ แต่ขณะนี้ไม่มีเรื่องที่รอเลขรับ")), _nothing
    return route, lambda: record_receipt(office, deadline, number, message, inbox_id)


def _signature(office: Office, message: Message, route: Route, thread: str) -> tuple[Route, Callable[[], None]]:
    """The signed file belongs to whichever waiting document it is a signature over; a reminder may speak of several."""
    waiting = [d for d in office.plan.deadlines if office.ledger.deadline_state(d.id) is DeadlineState.WITH_DIRECTOR]
    reason = ""
    for deadline in sorted(waiting, key=lambda d: d.id != thread):
        found = check_signature(office, deadline, message)
        if not isinstance(found, str):
            return route, functools.partial(record_signature, office, deadline, found, message)
        reason = reason or found
    if not reason:
        return _hold(route, say("ได้รับไฟล์ลงนาม แต่ขณะนี้ไม่มีเอกสารที่รอลงนาม")), _nothing
    return _hold(route, say("ลายมือชื่อในไฟล์ที่ส่งกลับยังใช้ไม่ได้: {found}", found=reason)), _nothing


def _pen(office: Office, message: Message, route: Route, gathered: Gathered) -> tuple[Route, Callable[[], None]]:
    """A scan of a page to sign waits for the secretary's eye («pen»), or is held with the reason why it cannot count."""
    found = judge_sheets(office, message, gathered.sheets)
    if isinstance(found, PenDoubt):
        return replace(_hold(route, found.reason), purpose=DOUBTFUL_PEN), functools.partial(answer_doubt, office, message, found)
    return route, _nothing


def _form(
    office: Office, inbox_id: int, message: Message, route: Route, gathered: Gathered
) -> tuple[Route, Callable[[], None]]:
    files = [f for f in gathered.form_files if f.assignment is not None]
    if not files:
        return _hold(route, say("ไม่พบแบบรายงานในจดหมาย")), _nothing
    for file in files:
        state = file.assignment.state if file.assignment else None
        if state is AssignmentState.ACCEPTED and file.form.verdict != "complete":
            return _hold(route, say("รับแบบของผู้นี้ครบถ้วนแล้ว ฉบับที่ส่งมาใหม่ยังไม่ครบ โปรดพิจารณาว่าจะใช้ฉบับใด")), _nothing
        if state in (AssignmentState.PLANNED, AssignmentState.WAIVED):
            return _hold(route, say("รายการนี้ยังไม่ได้ขอหรือได้รับยกเว้นแล้ว โปรดพิจารณา")), _nothing
    return route, lambda: keep_forms(office, inbox_id, message, files)


def keep_forms(
    office: Office, inbox_id: int, message: Message, files: Sequence[FormFile], *, looked: bool = False
) -> None:
    """Keep the returned forms of one mail and what came along, and let their assignments be RECEIVED.

    `looked`: a person has looked at what was doubtful (`person_verdict`). What is no form belongs to the form that names
    it, else to the first.
    """
    now = office.clock.now()
    forms = {f.attachment.sha256 for f in files}
    evidence = [a for a in message.attachments if a.sha256 not in forms and a.role in _KEEPS_EVIDENCE]
    with office.ledger.transaction():
        for file in files:
            if file.assignment is None:
                continue
            return_id = office.ledger.returns.add(file.assignment.id, inbox_id, file.attachment, file.form, now)
            if looked:
                office.ledger.returns.set_verdict(return_id, person_verdict(file.form))
            for attachment in evidence:
                if (_named_in(attachment.name, files) or files[0]) is file:
                    office.ledger.returns.add_evidence(file.assignment.id, inbox_id, attachment)
            office.ledger.move_assignment(
                file.assignment.id, AssignmentState.RECEIVED, now, current_return=return_id, away=0, absent_until=None
            )


def _named_in(name: str, files: Sequence[FormFile]) -> FormFile | None:
    """The first form one of whose answers names this file."""
    wanted = squeeze(name)
    return next((f for f in files if any(wanted in squeeze(a.value or "") for a in f.form.answers.values())), None)


#: Problems of what was answered; every other one is a problem of reading, which a person's look can settle.
_ANSWERED = frozenset(
    {
        "required", "range", "unreadable", "reason", "contradiction", "evidence-missing", "percent-mismatch", "sum",
        "lines", "not-both", "rows",
    }
)  # fmt: skip


def is_reading(problem: Problem) -> bool:
    """Is this a doubt about what stands in the file, not about what was answered?"""
    return problem.code not in _ANSWERED


def person_verdict(form: ReturnedForm) -> str:
    """After a person looked: complete unless something was not answered or answered wrongly."""
    return "complete" if all(is_reading(p) for p in form.problems) else "incomplete"


def by_person(spec: FormSpec, form: ReturnedForm, values: Mapping[str, str]) -> ReturnedForm:
    """`form` with what a person read in place of the machine's reading; the doubts about those fields are settled."""
    answers = dict(form.answers)
    for field_id, text in values.items():
        answers[field_id] = Answer(
            field=field_id,
            value=value_of(spec.of_id(field_id), text),
            raw=text,
            source=answers[field_id].source if field_id in answers else "",
            method="person",
        )
    return replace(form, answers=answers, problems=tuple(p for p in form.problems if p.field not in values))


def _hold(route: Route, reason: str) -> Route:
    return replace(route, route="hold", purpose="", reason=reason)


def apply(office: Office, inbox_id: int, message: Message, route: Route, gathered: Gathered | None) -> None:
    """The letters and notes that follow from the route."""
    _note_presence(office, message, gathered)
    if route.route == "note":
        _note(office, inbox_id, message, route, gathered)
    elif route.route == "hold":
        if not _flooded(office, inbox_id, message):
            _tell_of_hold(office, inbox_id, message, route)
        if gathered is not None:
            _not_valid(office, message, route, gathered)
    elif route.route == "quarantine" and not _flooded(office, inbox_id, message):
        _tell_of_quarantine(office, inbox_id, message, route)


def _note_presence(office: Office, message: Message, gathered: Gathered | None) -> None:
    """A mail the member wrote himself, proven by our server."""
    if gathered is None or message.auto or message.kind != "mail" or message.authentication != "pass":
        return
    wrote_himself(office, message)
    if member := gathered.facts.sender_member:
        note_own_mail(office, member, message)


def _flooded(office: Office, inbox_id: int, message: Message) -> bool:
    """Has the secretary enough letters about mail of this sender, or of all senders, today? Then one alarm a day says so.

    A stranger, or a rule that forwards her mail back to us, must not make us write to her without end.
    """
    day = office.calendar.local(message.received).date()
    today = [
        hold
        for hold in office.ledger.inbox.holds()
        if hold["id"] != inbox_id and office.calendar.local(datetime.fromisoformat(str(hold["received"]))).date() == day
    ]
    same = sum(1 for hold in today if str(hold["sender"] or "") == message.sender)
    if same < NOTICES_PER_SENDER and len(today) < NOTICES_PER_DAY:
        return False
    tell_secretary(
        office,
        key=f"flood/{day.isoformat()}",
        title=say("จดหมายรอตรวจมีจำนวนมากผิดปกติ"),
        what=(
            say(
                "วันนี้มีจดหมายรอตรวจ {count} ฉบับ ฉบับล่าสุดมาจาก <{sender}> ระบบพักไว้ครบทุกฉบับ แต่จะไม่แจ้งทีละฉบับอีกในวันนี้สำหรับผู้ส่งที่ส่งซ้ำ",
                count=len(today) + 1,
                sender=message.sender,
            )
        ),
        actions=(say("ดูรายการทั้งหมดด้วยคำสั่งด้านล่าง"), say("ตรวจว่ามีการตั้งส่งต่ออัตโนมัติกลับมายังตู้จดหมายนี้หรือไม่")),
        commands=[("songthan hold list", say("ดูจดหมายที่รอวินิจฉัย"))],
    )
    return True


def _note(office: Office, inbox_id: int, message: Message, route: Route, gathered: Gathered | None) -> None:
    if gathered is None:
        return
    if route.purpose == "bounce" or (route.purpose == "delayed" and cause_of(message.bounce_status) == "full"):
        # a full mailbox is worth a telephone call also while the server still tries
        note_bounce(office, inbox_id, message)
    elif route.purpose == "own":
        note_loop(office, message)
    elif route.purpose == "out-of-office":
        _note_absence(office, message, gathered)
    elif route.purpose == "empty":
        _need_file(office, message, gathered)


def _note_absence(office: Office, message: Message, gathered: Gathered) -> None:
    """The member is away until the date he names: written into the leave book, and marked on his own open duties."""
    member = gathered.facts.sender_member
    if member is None or message.authentication != "pass":
        return
    note_out_of_office(office, member, message)
    today = office.calendar.local(message.received).date()
    until = return_date(f"{message.subject}\n{message.body}", after=today)
    for assignment in gathered.facts.owes:
        row = office.ledger.assignment_row(assignment)
        if row and row["member"] == member:
            office.ledger.note_assignment(assignment, away=1, absent_until=until.isoformat() if until else None)
            office.ledger.record("member-away", assignment, office.clock.now(), until=until, member=member)


def _answer_to(office: Office, message: Message, gathered: Gathered) -> tuple[Member, Assignment, str] | None:
    """Whom to answer about which assignment; None when he is not ours, not proven, or owes nothing."""
    member_id = gathered.facts.sender_member
    if not member_id or message.auto or message.authentication != "pass":
        return None
    if gathered.facts.sender_is not in _ANSWERABLE or not gathered.facts.owes:
        return None
    # a colleague's thread is no reason to write to him about the colleague's form
    threaded, owes = gathered.facts.thread_assignment, gathered.facts.owes
    row = office.ledger.assignment_row(threaded if threaded in owes else owes[0])
    if row is None:
        return None
    day = office.calendar.local(office.clock.now()).date().isoformat()
    return office.plan.roster.member(member_id), office.ledger.as_assignment(row), day


def _need_file(office: Office, message: Message, gathered: Gathered) -> None:
    """One friendly answer per sender and day to «ส่งแล้วค่ะ» without a file."""
    found = _answer_to(office, message, gathered)
    if found is not None:
        _answer(office, message, found, kind="need_file", reason="", words={})


def _not_valid(office: Office, message: Message, route: Route, gathered: Gathered) -> None:
    """One polite request per sender, reason and day when what came cannot count yet."""
    reason = NOT_VALID.get(route.rule)
    found = _answer_to(office, message, gathered) if reason else None
    if found is None or reason is None:
        return
    names = [a.name for a in message.attachments if a.role != "inline"]
    words = {"reason": reason, "received_name": names[0] if names else message.subject}
    _answer(office, message, found, kind="not_valid", reason=f"{reason}/", words=words)


def _answer(
    office: Office,
    message: Message,
    found: tuple[Member, Assignment, str],
    *,
    kind: str,
    reason: str,
    words: dict[str, object],
) -> None:
    """An automatic answer about one assignment; its key allows one per sender, reason and day."""
    member, assignment, day = found
    deadline = office.plan.deadline(assignment.deadline)
    answer(
        office,
        key=f"{kind}/{reason}{member.id}/{day}",
        kind=kind,
        to=member.email,
        reply_to=message.message_id,
        deadline=deadline.id,
        subjects=(assignment.id,),
        context={
            "member": member_words(member),
            "deadline": deadline_words(deadline),
            "days_left": days_left(office, deadline),
            "file_name": form_name(office, assignment),
            "token": assignment.token,
            **words,
        },
    )


def _tell_of_hold(office: Office, inbox_id: int, message: Message, route: Route) -> None:
    secretary = office.plan.roster.member(office.plan.roster.secretary)
    queue(
        office,
        key=f"hold/{inbox_id}",
        kind="hold_notice",
        to=secretary.email,
        context={
            "hold": {
                "id": inbox_id,
                "sender": f"{message.sender_name} <{message.sender}>".strip(),
                "subject": message.subject or say("(ไม่มีชื่อเรื่อง)"),
                "received_th": moment_words(office.calendar.local(message.received)),
                "reason": route.reason,
                "attachments": [a.name for a in message.attachments if a.role != "inline"][:20],
            },
            "commands": hold_commands(inbox_id, usable=route.purpose == "pen")
            if route.purpose in ("pen", DOUBTFUL_PEN)
            else [
                {"command": f"songthan hold show {inbox_id}", "meaning": say("ดูรายละเอียดและค่าที่อ่านได้")},
                {"command": f'songthan hold accept {inbox_id} --reason "…"', "meaning": say("รับไว้ใช้")},
                {"command": f'songthan hold reject {inbox_id} --reason "…"', "meaning": say("ไม่รับ")},
            ],
        },
    )


def _tell_of_quarantine(office: Office, inbox_id: int, message: Message, route: Route) -> None:
    tell_secretary(
        office,
        key=f"quarantine/{inbox_id}",
        title=say("กักกันจดหมายต้องสงสัย"),
        what=(
            say(
                "จดหมายเลขที่ {inbox_id} อ้างว่ามาจาก {sender_name} <{sender}> เรื่อง «{subject}»: {reason} ระบบไม่ได้อ่านหรือใช้ข้อมูลใดจากจดหมายนี้",
                inbox_id=inbox_id,
                sender_name=message.sender_name,
                sender=message.sender,
                subject=message.subject,
                reason=route.reason,
            )
        ),
        actions=(say("อย่าเปิดไฟล์แนบ"), say("หากเป็นชื่อของบุคลากรในสำนัก โปรดแจ้งเจ้าตัวและฝ่ายเทคโนโลยีสารสนเทศ")),
        commands=[
            (f"songthan hold show {inbox_id}", say("ดูผู้ส่ง เรื่อง และเหตุที่กักกัน")),
            (f'songthan hold reject {inbox_id} --reason "…"', say("ปิดรายการเมื่อตรวจสอบแล้ว")),
        ],
    )
