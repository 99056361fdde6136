"""Machines that answer machines: one answer a sender, reason and day, and a breaker for whatever slips through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import DOCX, Desk, fill
from test_mail_to_deadline import route

from songthan.domain.outgoing import ANSWERS
from songthan.steps.auto_answers import MOST_A_DAY, MOST_AN_HOUR, MOST_LOOPS


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick()
    return desk


def answers(desk: Desk, seat: str = "s04") -> list[str]:
    return [d.mail.kind for d in desk.mails(desk.member(seat)) if d.mail.kind in ANSWERS]


def alarms(desk: Desk) -> list[str]:
    return [d.mail.key for d in desk.mails(desk.secretary, "alarm") if d.mail.key.startswith("breaker/")]


def rounds(desk: Desk, number: int, act: Callable[[int], object]) -> None:
    """`act` and a visit of every flow, `number` times within one working day."""
    for n in range(number):
        act(n)
        minute = 9 * 60 + n * (420 // number)
        desk.tick(f"2023-03-02 {minute // 60:02}:{minute % 60:02}")


def test_the_same_faulty_form_fifty_times_is_asked_to_be_mended_once(desk: Desk) -> None:
    form = fill(desk.form_of(desk.member("s04")), done=None)
    rounds(desk, 50, lambda n: desk.reply(desk.member("s04"), files=(("แบบ.docx", DOCX, form),), body=f"ส่งแบบ {n}"))
    assert answers(desk) == ["please_correct"] and desk.states()["s04"] == "NEEDS_CORRECTION"
    assert desk.ledger.assignment_row("2566-q2.f3.s04")["corrections"] == 1
    assert desk.ledger.inbox.counts()["all"] == 50 and not desk.ledger.inbox.unfinished()


def test_the_same_complete_form_fifty_times_is_thanked_for_once(desk: Desk) -> None:
    form = fill(desk.form_of(desk.member("s04")))
    rounds(desk, 50, lambda n: desk.reply(desk.member("s04"), files=(("แบบ.docx", DOCX, form),), body=f"ส่งแบบ {n}"))
    assert answers(desk) == ["receipt"] and desk.states()["s04"] == "ACCEPTED"


def test_the_next_day_it_is_asked_again(desk: Desk) -> None:
    form = fill(desk.form_of(desk.member("s04")), done=None)
    for day in ("02", "03"):
        for n in range(3):
            desk.reply(desk.member("s04"), files=(("แบบ.docx", DOCX, form),), body=f"ส่งแบบ {day} {n}")
            desk.tick(f"2023-03-{day} 1{n}:00")
    assert answers(desk) == ["please_correct"] * 2


class Robot:
    """Answers every mail of ours at once, unmarked, each time with something else: an empty word, a picture, a faulty form,
    another faulty form."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.seen, self.turn = desk, 0, 0

    def __call__(self, _: int) -> None:
        member = self.desk.member("s04")
        mine = self.desk.mailbox.delivered_to(member.email)
        for mail in mine[self.seen :] or mine[-1:]:
            self._answer(mail)
        self.seen = len(mine)

    def _answer(self, mail: object) -> None:
        self.turn += 1
        member, form = self.desk.member("s04"), self.desk.form_of(self.desk.member("s04"))
        missing = [{"done": None}, {"percent": None}, {"output_reached": None}, {"outcome_reached": None}, {"evidence": None}]
        files = (("แบบ.docx", DOCX, fill(form, **missing[self.turn % 5])),) if self.turn % 2 else ()
        self.desk.reply(member, to=mail, files=files, body=f"ส่งแล้วค่ะ {self.turn}" if not files else f"ครั้งที่ {self.turn}")


def test_a_stubborn_machine_does_not_make_us_write_without_end(desk: Desk) -> None:
    rounds(desk, 100, Robot(desk))
    got = Counter(answers(desk))
    assert sum(got.values()) <= MOST_A_DAY and got["please_correct"] <= 3 and got["need_file"] == 1
    assert desk.ledger.inbox.counts()["all"] >= 100 and not desk.ledger.inbox.unfinished()
    assert len(desk.mails(desk.secretary)) < 30, "nor the secretary"


def test_the_breaker_opens_is_told_once_and_shuts_the_next_day(desk: Desk) -> None:
    """Faulty forms whose faults differ, of several duties' worth: each would be an answer of its own."""
    from songthan.steps.auto_answers import answer

    member = desk.member("s04")
    context = {"reader": "x", "title": "t", "what": "w", "at_th": "", "actions": [], "commands": []}

    def write(n: int) -> None:
        answer(desk.office, key=f"need_file/{n}", kind="need_file", to=member.email, context=_words(desk, context))

    for n in range(20):
        write(n)
    desk.tick("2023-03-02 09:00")
    assert len(answers(desk)) == MOST_AN_HOUR and alarms(desk) == [f"breaker/{member.email}/2023-03-01"]
    for n in range(20, 40):
        write(n)
    desk.tick("2023-03-02 09:30")
    assert len(answers(desk)) == 2 * MOST_AN_HOUR, "another day"
    assert desk.ledger.has_event("answer-stopped", "need_file/19") and len(alarms(desk)) == 2
    before = len(answers(desk))
    for hour in ("09:40", "13:00"):
        write(99)
        desk.tick(f"2023-03-02 {hour}")
    assert len(answers(desk)) == before, "open until the day is over"


def _words(desk: Desk, context: dict) -> dict:
    from songthan.steps.letters import deadline_words, member_words

    member, deadline = desk.member("s04"), desk.office.plan.deadline("2566-q2")
    return {**context, "member": member_words(member), "deadline": deadline_words(deadline), "days_left": 3, "file_name": "แบบ.docx", "token": "ST"}


def test_our_own_mail_that_loops_opens_it(desk: Desk) -> None:
    """The member's mailbox sends everything on to ours."""
    ours = desk.mails(desk.member("s04"))[0]
    mailbox = desk.office.plan.roster.mailbox
    for n in range(MOST_LOOPS):
        assert not alarms(desk)
        raw = desk.raw(
            desk.member("s04"), to=ours, files=(), body=f"กลับมา {n}", subject=ours.mail.subject, address=mailbox, name="ส่งทัน",
            verdict="pass", headers={"Auto-Submitted": "auto-generated"}, message_id=f"<loop-{n}@bfa.example>",
        )  # fmt: skip
        desk.mailbox.receive(raw, received=desk.clock.now())
        desk.tick()
        assert route(desk)[0] == "note" and desk.last_row()["purpose"] == "own"
    desk.tick()
    assert alarms(desk) == [f"breaker/{desk.member('s04').email}/2023-03-01"]
    desk.reply(desk.member("s04"), to=ours, body="ส่งแล้วค่ะ")
    desk.tick()
    assert route(desk) == ("note", "78_empty_sent") and not answers(desk)


def test_mail_that_says_it_is_automatic_is_never_answered(desk: Desk) -> None:
    form = fill(desk.form_of(desk.member("s04")), done=None)
    for n, headers in enumerate(({"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X-Auto-Response-Suppress": "All"})):
        desk.reply(desk.member("s04"), body=f"ส่งแล้วค่ะ {n}", headers=headers)
    desk.reply(desk.member("s04"), body="อัตโนมัติ", headers={"Auto-Submitted": "auto-replied"}, files=(("แบบ.docx", DOCX, form),))
    desk.tick("2023-03-02 09:00")
    assert not answers(desk) and route(desk) == ("hold", "16_auto_reply_with_file")
