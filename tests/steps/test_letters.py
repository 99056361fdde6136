"""The ladder's letters over several deadlines, on the real steps: one a person and day, stopped by an answer, absence."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from desk import DOCX, Q2, ROOT, Desk, answers_of, fill, type_into

from songthan.domain.absence import Leave
from songthan.steps.advance import advance
from songthan.steps.post import post_all
from songthan.testing.office import plan_of

REVIEW = "2566-review"
PDF = "application/pdf"


class TwoDeadlines(Desk):
    """Quarter two and the review, open on the same day; a visit is a visit of both flows."""

    def tick(self, now: str | None = None) -> list:
        super().tick(now)
        reports = advance(self.office, REVIEW)
        post_all(self.office)
        return reports

    def holder(self, member: str):
        return self.office.plan.roster.member(member)

    def forms(self, member: str) -> list[tuple[str, bytes]]:
        return [(name, data) for d in self.mails(self.holder(member)) for name, type_, data in d.files if type_ == DOCX]

    def state_of(self, assignment: str) -> str:
        return str(self.ledger.assignment_row(assignment)["state"])


@pytest.fixture
def desk(tmp_path: Path) -> TwoDeadlines:
    plan = plan_of(ROOT / "plans" / "2566", deadlines=(Q2, REVIEW))
    found = TwoDeadlines(tmp_path, now="2023-02-28 08:35", plan=plan)
    found.tick()
    return found


def letters_a_day(desk: Desk) -> Counter:
    kinds = {"request", "reminder", "duties", "sign"}
    at = {str(r["key"]): str(r["intended_at"])[:10] for r in desk.ledger.rows("select key, intended_at from outbox")}
    return Counter((d.recipients[0], at[d.mail.key]) for d in desk.mailbox.deliveries if d.mail.kind in kinds)


def leave(desk: Desk, member: str, first: int, last: int | None) -> None:
    end = date(2023, 3, last) if last else None
    new = Leave(member=member, first=date(2023, 3, first), last=end, source="secretary", noted_at=desk.clock.now())
    desk.ledger.leaves.add(new, desk.clock.now())


def test_who_owes_two_forms_gets_them_in_one_letter_and_may_answer_in_one_mail(desk: TwoDeadlines) -> None:
    (letter,) = desk.mails(desk.holder("m05"))
    assert letter.mail.kind == "duties" and len(letter.files) == 2
    assert {f"{Q2}/request/m05", f"{REVIEW}/request/m05"} <= {*desk.ledger.outbox.states(Q2), *desk.ledger.outbox.states(REVIEW)}
    assert desk.state_of(f"{Q2}.f3.s05") == desk.state_of(f"{REVIEW}.f4.s05") == "ASKED"
    (f3, f4) = (data for _, _, data in letter.files)
    desk.reply(desk.holder("m05"), to=letter, files=(("1.docx", DOCX, fill(f3)), ("2.docx", DOCX, type_into(f4, {"suggestions": "-"}))))
    desk.tick("2023-02-28 10:00")
    assert desk.state_of(f"{Q2}.f3.s05") == "ACCEPTED" and desk.state_of(f"{REVIEW}.f4.s05") == "NEEDS_CORRECTION"


def test_an_answer_that_lies_in_the_mailbox_stops_the_reminder(desk: TwoDeadlines) -> None:
    """Not taken in yet when the reminders are written: the intake has not come by since."""
    desk.answer("s06")
    desk.clock.moment = desk.clock.moment.replace(month=3, day=3, hour=9)
    advance(desk.office, Q2)
    assert not desk.mails(desk.member("s06"), "reminder") and desk.mails(desk.member("s07"), "reminder")


def test_nobody_gets_two_letters_on_one_day_through_the_whole_ladder(desk: TwoDeadlines) -> None:
    leave(desk, "m04", 1, 10)
    for day in (1, 2, 3, 7, 8, 9, 10, 13, 14, 15, 16, 17):
        for hour in ("08:35", "11:35", "16:35"):
            desk.tick(f"2023-03-{day:02} {hour}")
    assert max(letters_a_day(desk).values()) == 1
    head, director = (desk.holder(getattr(desk.office.plan.roster, r)) for r in ("head", "director"))
    told = [d.mail.text for d in desk.mails(head, "duties")] + [d.mail.text for d in desk.mails(director, "duties")]
    assert sum("กำชับ" in text for text in told) == 2 and all("๑.๒" in t for t in told if "กำชับ" in t)


def test_a_leave_sends_the_duty_to_the_deputy_and_it_comes_back(desk: TwoDeadlines) -> None:
    leave(desk, "m06", 1, 8)
    desk.tick("2023-03-03 09:00")
    m06, m07 = desk.holder("m06"), desk.holder("m07")
    assert m06.deputy == "m07" and not desk.mails(m06, "reminder")
    (asked,) = (d for d in desk.mails(m07) if m06.full_name in d.mail.text)
    assert any(m06.full_name in name for name, _, _ in asked.files)
    (told,) = desk.mails(m06, "duties")
    assert m07.full_name in told.mail.text and not told.files
    desk.tick("2023-03-09 09:00")
    (back,) = desk.mails(m06, "duties")[1:]
    assert back.files and "ส่งคืน" in back.mail.text
    assert any("สิ้นสุด" in d.mail.text for d in desk.mails(m07, "duties"))
    desk.answer("s06", kind="duties")
    desk.tick("2023-03-09 11:00")
    assert desk.state_of(f"{Q2}.f3.s06") == "ACCEPTED"
    desk.tick("2023-03-10 09:00")
    assert not desk.mails(m06, "reminder")


def test_a_form_sent_back_for_correction_comes_back_from_leave_with_its_answers(desk: TwoDeadlines) -> None:
    """Never a blank form to whoever filled one in: to the deputy and back again; nobody is told that none came."""
    desk.answer("s06", percent="๒๐๐", done="เขียนไว้ก่อนลา")
    desk.tick("2023-02-28 10:00")
    assert desk.state_of(f"{Q2}.f3.s06") == "NEEDS_CORRECTION"
    desk.tick("2023-03-03 09:00")
    (reminded,) = desk.mails(desk.holder("m06"), "reminder")
    assert "ขอความกรุณาท่านแก้ไข" in reminded.mail.text
    leave(desk, "m06", 6, 13)
    desk.tick("2023-03-10 09:00")
    desk.tick("2023-03-14 09:00")
    (back,) = (d for d in desk.mails(desk.holder("m06"), "duties") if "ส่งคืน" in d.mail.text)
    asked = next(f for d in desk.mails(desk.holder("m07")) for f in d.files if desk.holder("m06").full_name in f[0])
    assert all("เขียนไว้ก่อนลา" in " ".join(answers_of(form).values()) for _, _, form in (asked, back.files[0]))
    assert f"«{back.files[0][0]}»" in back.mail.text, "the letter names the file it carries"


def test_the_deputy_of_a_leave_may_answer(desk: TwoDeadlines) -> None:
    leave(desk, "m06", 1, None)
    desk.tick("2023-03-02 09:00")
    m07 = desk.holder("m07")
    (letter,) = (d for d in desk.mails(m07) if desk.holder("m06").full_name in d.mail.text)
    (_, _, form) = next(f for f in letter.files if desk.holder("m06").full_name in f[0])
    desk.reply(m07, to=letter, files=(("แทน.docx", DOCX, fill(form)),))
    desk.tick("2023-03-02 11:00")
    assert desk.state_of(f"{Q2}.f3.s06") == "ACCEPTED"


def test_a_silent_director_is_reminded_of_everything_in_one_letter_and_may_sign_in_reply(desk: TwoDeadlines) -> None:
    for seat in desk.states():
        if seat != "s05":
            desk.answer(seat)
    desk.tick("2023-03-01 09:00")
    desk.tick("2023-03-17 12:35")
    director = desk.holder(desk.office.plan.roster.director)
    assert desk.ledger.deadline_state(Q2).value == "WITH_DIRECTOR"
    (asked,) = desk.mails(director, "director")
    desk.tick("2023-03-20 09:00")
    (reminded,) = desk.mails(director, "sign")
    assert reminded.mail.in_reply_to == asked.message_id and "ยังไม่ได้รับเอกสารที่ลงนาม" in reminded.mail.text
    signed = desk.office.signatures.sign(asked.files[0][2])
    desk.reply(director, to=reminded, files=(("s.pdf", PDF, signed),))
    desk.tick("2023-03-20 10:00")
    assert desk.ledger.deadline_state(Q2).value == "SUBMITTED"
    registry = desk.office.plan.roster.registry
    desk.tick("2023-03-22 09:00")
    (number,) = [d for d in desk.mailbox.delivered_to(registry.email) if d.mail.kind == "receipt_request"]
    desk.reply(desk.secretary, to=number, address=registry.email, name=registry.name, body="เลขรับที่ 9/2566")
    desk.tick("2023-03-22 10:00")
    assert desk.ledger.bundles.latest(Q2)["receipt"] == "9/2566"


def test_an_outage_over_the_ladder_ends_in_one_letter(desk: TwoDeadlines) -> None:
    before = Counter(d.recipients[0] for d in desk.mailbox.deliveries)
    desk.tick("2023-03-15 09:00")
    after = Counter(d.recipients[0] for d in desk.mailbox.deliveries if d.mail.kind in ("request", "reminder", "duties"))
    assert all(after[a] - before[a] <= 1 for a in after)
    assert {d.mail.key for d in desk.mails(desk.member("s06"), "reminder")} == {f"{Q2}/reminder/m06/+0"}


def test_a_clock_set_back_reminds_nobody_twice(desk: TwoDeadlines) -> None:
    desk.tick("2023-03-10 09:00")
    count = len(desk.mailbox.deliveries)
    for moment in ("2023-03-10 08:35", "2023-03-09 09:00", "2023-03-03 09:00", "2023-03-10 09:30"):
        desk.tick(moment)
    assert len(desk.mailbox.deliveries) == count
