"""Steps over the in-memory office: from the request to the receipt number, and everything people do in between."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import DOCX, Q2, Desk, answers_of, at, fill

from songthan.domain.assignments import DeadlineState
from songthan.domain.errors import ConversionFailed, MailAmbiguous, UsageError
from songthan.steps.holds import accept_hold, reject_hold
from songthan.steps.submit import receipt_number
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import bytes_of

PDF = "application/pdf"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Everybody has been asked on the morning of 1 March 2566."""
    made = Desk(tmp_path)
    made.tick()
    return made


def route(desk: Desk) -> tuple[object, object]:
    row = desk.last_row()
    return row["route"], row["rule"]


# asking


def test_nothing_goes_out_before_the_window_and_on_a_sunday(tmp_path: Path) -> None:
    desk = Desk(tmp_path, now="2023-02-24 10:00")
    for moment in ("2023-02-24 10:00", "2023-02-26 10:00"):
        desk.tick(moment)
    assert desk.mailbox.deliveries == [] and desk.ledger.deadline_state(Q2) is DeadlineState.PLANNED


def test_a_request_carries_the_members_own_form(desk: Desk) -> None:
    assert desk.states() == {"s04": "ASKED", "s06": "ASKED", "s08": "ASKED"}
    for seat in desk.states():
        (mail,) = desk.mails(desk.member(seat))
        assert mail.mail.kind == "request" and [type_ for _, type_, _ in mail.files] == [DOCX]
        row = desk.ledger.assignment_row(f"{Q2}.f3.{seat}")
        mine = {a.split(".done")[0] for a in answers_of(mail.files[0][2]) if a.endswith(".done")}
        assert mine == set(desk.ledger.as_assignment(row).activities)
        assert desk.member(seat).full_name in mail.files[0][0]


def test_a_second_tick_asks_nobody_again(desk: Desk) -> None:
    desk.tick("2023-03-01 09:05")
    desk.tick("2023-03-01 16:20")
    assert len(desk.mailbox.deliveries) == 3


# forms coming back


def test_a_filled_form_is_received_judged_and_thanked_for(desk: Desk) -> None:
    desk.answer("s04")
    fetch_new(desk.office)
    settle_all(desk.office)
    assert desk.states()["s04"] == "RECEIVED" and route(desk) == ("accept", "60_form")
    desk.tick("2023-03-02 09:00")
    assert desk.states()["s04"] == "ACCEPTED"
    (receipt,) = desk.mails(desk.member("s04"), "receipt")
    assert receipt.mail.in_reply_to == "<reply-1@bfa.example>"
    form = desk.ledger.returns.form(1)
    assert next(a.value for k, a in form.answers.items() if k.endswith(".done")) == "จัดกิจกรรมแล้ว {{ 7*7 }} & <ข>"


def test_an_incomplete_form_goes_back_with_what_was_typed(desk: Desk) -> None:
    desk.answer("s04", percent="ร้อยละ ๑๒๐", done=None)
    desk.tick("2023-03-02 09:00")
    assert desk.states()["s04"] == "NEEDS_CORRECTION"
    (mail,) = desk.mails(desk.member("s04"), "please_correct")
    assert "ฉบับขอแก้ไข" in mail.files[0][0] and "๑๒๐" in mail.mail.text and "ผลการดำเนินการ" in mail.mail.text
    given = answers_of(mail.files[0][2])
    assert next(v for k, v in given.items() if k.endswith(".evidence")) == "ไม่มี"
    assert next(v for k, v in given.items() if k.endswith(".output_reached=yes")) == "☒"
    assert "๑๒๐" in next(v for k, v in given.items() if k.endswith(".percent"))

    desk.answer("s04", kind="please_correct")
    desk.tick("2023-03-03 09:00")
    assert desk.states()["s04"] == "ACCEPTED"
    assert desk.ledger.assignment_row(f"{Q2}.f3.s04")["corrections"] == 1


def test_a_better_version_after_acceptance_counts_and_a_worse_one_waits(desk: Desk) -> None:
    desk.answer("s04", percent="๕๐")
    desk.tick("2023-03-02 09:00")
    desk.answer("s04", percent="๙๐")
    desk.tick("2023-03-03 09:00")
    assert desk.states()["s04"] == "ACCEPTED"
    (row,) = desk.ledger.returns.accepted(Q2)
    assert next(a.value for k, a in desk.ledger.returns.form(row["id"]).answers.items() if "percent" in k) == "90"
    desk.answer("s04", percent=None, done=None)
    desk.tick("2023-03-03 10:00")
    assert route(desk)[0] == "hold" and desk.states()["s04"] == "ACCEPTED"
    assert [r["id"] for r in desk.ledger.returns.accepted(Q2)] == [row["id"]]


def test_a_mail_delivered_twice_is_noted(desk: Desk) -> None:
    ref = desk.answer("s04")
    raw = bytes_of(desk.mailbox, ref)
    desk.tick("2023-03-02 09:00")
    desk.mailbox.receive(raw, received=at("2023-03-02 09:30"))
    desk.tick("2023-03-02 09:40")
    assert route(desk) == ("note", "12_duplicate") and desk.states()["s04"] == "ACCEPTED"
    assert len(desk.mails(desk.member("s04"), "receipt")) == 1


def test_a_correction_under_a_used_message_id_is_no_duplicate(desk: Desk) -> None:
    """Some mail programs repeat their Message-ID: another file under it is another answer."""
    member = desk.member("s04")
    for percent in ("๕๐", "๖๐"):
        form = fill(desk.form_of(member), percent=percent)
        desk.reply(member, files=(("แบบ.docx", DOCX, form),), message_id="<same@bfa.example>")
        desk.tick()
    assert route(desk) == ("accept", "60_form")
    (row,) = desk.ledger.returns.accepted(Q2)
    assert next(a.value for k, a in desk.ledger.returns.form(row["id"]).answers.items() if "percent" in k) == "60"


def test_two_unequal_forms_in_one_mail_are_held_and_the_same_twice_is_not(desk: Desk) -> None:
    member = desk.member("s04")
    one, other = (fill(desk.form_of(member), percent=p) for p in ("๕๐", "๖๐"))
    desk.reply(member, files=(("ก.docx", DOCX, one), ("ข.docx", DOCX, other)))
    desk.tick("2023-03-02 09:00")
    assert route(desk) == ("hold", "50_two_forms") and desk.states()["s04"] == "ASKED"
    desk.reply(member, files=(("ก.docx", DOCX, one), ("สำเนา.docx", DOCX, one)))
    desk.tick("2023-03-02 10:00")
    assert route(desk) == ("accept", "60_form") and desk.states()["s04"] == "ACCEPTED"


def test_a_colleague_may_not_answer_but_the_deputy_may(desk: Desk) -> None:
    member, stranger = desk.member("s04"), desk.member("s08")
    deputy = desk.office.plan.roster.member(member.deputy)
    assert deputy.id != stranger.id
    form = fill(desk.form_of(member))
    desk.reply(stranger, files=(("แบบ.docx", DOCX, form),))
    desk.tick("2023-03-02 09:00")
    assert route(desk) == ("hold", "51_wrong_holder") and desk.states()["s04"] == "ASKED"
    desk.reply(deputy, files=(("แบบ.docx", DOCX, form),))
    desk.tick("2023-03-02 10:00")
    assert route(desk)[0] == "accept" and desk.states()["s04"] == "ACCEPTED"
    assert len(desk.mails(deputy, "receipt")) == 1 and not desk.mails(member, "receipt")


# mails without a form


def test_out_of_office_past_the_date_asks_the_deputy_once(desk: Desk) -> None:
    member = desk.member("s04")
    deputy = desk.office.plan.roster.member(member.deputy)
    for n in range(2):
        desk.reply(
            member, to=desk.mails(member)[0], subject=f"ตอบกลับอัตโนมัติ: ลา {n}",
            body="ข้าพเจ้าลาถึง ๓๑ มีนาคม ๒๕๖๖", headers={"Auto-Submitted": "auto-replied"},
        )  # fmt: skip
        desk.tick(f"2023-03-0{2 + n} 09:00")
    assert route(desk) == ("note", "17_out_of_office")
    (mail,) = desk.mails(deputy, "request")
    assert member.full_name in mail.mail.text
    desk.answer("s04", by=deputy)
    desk.tick("2023-03-06 09:00")
    row = desk.ledger.assignment_row(f"{Q2}.f3.s04")
    assert (row["state"], row["away"]) == ("ACCEPTED", 0)


def test_away_for_a_few_days_only_leaves_the_deputy_alone(desk: Desk) -> None:
    member = desk.member("s04")
    desk.reply(
        member, subject="ตอบกลับอัตโนมัติ", body="ลาถึง ๖ มีนาคม ๒๕๖๖", headers={"Auto-Submitted": "auto-replied"}
    )
    desk.tick("2023-03-02 09:00")
    assert not desk.mails(desk.office.plan.roster.member(member.deputy))


def test_sent_without_a_file_is_answered_once_a_day(desk: Desk) -> None:
    member = desk.member("s04")
    for moment in ("2023-03-02 09:00", "2023-03-02 11:00", "2023-03-03 09:00"):
        desk.clock.moment = at(moment)
        desk.reply(member, to=desk.mails(member)[0], body="ส่งแล้วค่ะ")
        desk.tick()
        assert route(desk) == ("note", "78_empty_sent")
    assert len(desk.mails(member, "need_file")) == 2 and desk.states()["s04"] == "ASKED"


def test_a_forged_sender_is_quarantined_and_changes_nothing(desk: Desk) -> None:
    member = desk.member("s04")
    before = (desk.states(), [dict(r) for r in desk.ledger.assignment_rows(Q2)])
    desk.reply(member, files=(("แบบ.docx", DOCX, fill(desk.form_of(member))),), verdict="fail")
    desk.tick("2023-03-02 09:00")
    assert route(desk) == ("quarantine", "01_forged_sender")
    assert (desk.states(), desk.ledger.assignment_rows(Q2)) == before
    assert desk.ledger.returns.get(1) is None and desk.ledger.returns.evidence_names(f"{Q2}.f3.s04") == []
    assert len(desk.mails(member)) == 1 and len(desk.mails(desk.secretary, "alarm")) == 1
    with pytest.raises(UsageError):
        accept_hold(desk.office, desk.last_row()["id"], "ลอง")
    assert desk.states() == before[0]


def test_a_forged_out_of_office_marks_nobody_away(desk: Desk) -> None:
    member = desk.member("s04")
    for verdict in ("fail", "none"):
        desk.reply(member, subject="ตอบกลับอัตโนมัติ", body="ลาถึง ๓๑ มีนาคม ๒๕๖๖",
                   headers={"Auto-Submitted": "auto-replied"}, verdict=verdict)  # fmt: skip
        desk.tick("2023-03-02 09:00")
    assert not desk.ledger.assignment_row(f"{Q2}.f3.s04")["away"]
    assert not desk.mails(desk.office.plan.roster.member(member.deputy))


def test_a_bounce_is_told_to_the_secretary_once(desk: Desk) -> None:
    member = desk.member("s04")
    ours = desk.mails(member)[0].message_id
    raw = (
        f"Authentication-Results: practice-exchange.example; dmarc=pass header.from=bfa.example\r\n"
        f"From: postmaster@bfa.example\r\nTo: songthan@bfa.example\r\nSubject: Undeliverable\r\nMessage-ID: <b@bfa.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.bfa.example\r\n\r\nFinal-Recipient: rfc822; {member.email}\r\nAction: failed\r\n"
        "Status: 5.1.1\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {ours}\r\nSubject: x\r\n\r\nx\r\n--x--\r\n"
    ).encode()
    desk.mailbox.receive(raw, received=desk.clock.now())
    desk.tick("2023-03-02 09:00")
    desk.tick("2023-03-02 10:00")
    assert route(desk) == ("note", "15_bounce")
    (notice,) = desk.mails(desk.secretary, "bounce_notice")
    assert member.email in notice.mail.text and member.full_name in notice.mail.text
    assert desk.states()["s04"] == "ASKED"


# holds


def test_an_unknown_address_is_held_until_the_secretary_accepts_it(desk: Desk) -> None:
    member = desk.member("s04")
    form = fill(desk.form_of(member))
    desk.reply(member, address="private@home.example", files=(("แบบ.docx", DOCX, form),))
    desk.tick("2023-03-02 09:00")
    desk.tick("2023-03-02 10:00")
    assert route(desk) == ("hold", "32_alias") and desk.states()["s04"] == "ASKED"
    assert len(desk.mails(desk.secretary, "hold_notice")) == 1
    assert not [d for d in desk.mailbox.deliveries if "private@home.example" in d.recipients]

    accept_hold(desk.office, desk.last_row()["id"], "ยืนยันกับเจ้าตัวแล้ว")
    desk.tick("2023-03-02 11:00")
    assert desk.states()["s04"] == "ACCEPTED" and desk.ledger.inbox.holds() == []
    with pytest.raises(UsageError):
        reject_hold(desk.office, desk.last_row()["id"], "เปลี่ยนใจ")


def test_a_rejected_hold_changes_nothing(desk: Desk) -> None:
    member = desk.member("s04")
    desk.reply(member, address="private@home.example", files=(("แบบ.docx", DOCX, fill(desk.form_of(member))),))
    desk.tick("2023-03-02 09:00")
    reject_hold(desk.office, desk.last_row()["id"], "ไม่ใช่เจ้าตัว")
    desk.tick("2023-03-02 10:00")
    assert desk.states()["s04"] == "ASKED" and desk.ledger.inbox.holds() == []


def test_every_hold_is_told_once_and_every_mail_is_counted(desk: Desk) -> None:
    for n, seat in enumerate(("s04", "s06", "s08")):
        desk.reply(desk.member(seat), body=f"ขอสอบถามเรื่องแบบ {n} ครับ กรอกอย่างไร")
        desk.tick(f"2023-03-02 {9 + n:02d}:00")
    desk.tick("2023-03-02 13:00")
    holds = desk.ledger.inbox.holds()
    assert [h["rule"] for h in holds] == ["77_question_or_refusal"] * 3
    assert len(desk.mails(desk.secretary, "hold_notice")) == 3
    assert desk.mailbox.count() == desk.ledger.inbox.counts()["all"] == 3
    assert len(desk.mailbox.folder("รอตรวจ")) == 3


def test_whoever_waits_for_the_secretary_is_not_reminded(desk: Desk) -> None:
    desk.tick("2023-03-08 09:00")
    desk.reply(desk.member("s04"), to=desk.mails(desk.member("s04"))[0], body="ขอสอบถามว่ากรอกอย่างไร")
    desk.tick("2023-03-09 09:00")
    desk.tick("2023-03-10 09:00")
    assert [d.mail.key for d in desk.mails(desk.member("s04"), "reminder")] == ["2566-q2/reminder/m04/-7"]
    assert [d.mail.key for d in desk.mails(desk.member("s06"), "reminder")] == ["2566-q2/reminder/m06/-7", "2566-q2/reminder/m06/-3"]


def test_a_lost_place_in_the_mailbox_misses_nothing_and_tells_nothing_twice(desk: Desk) -> None:
    """Faults 7 and 8: only what came since the last visit is listed; when the server forgot where that was, everything is."""
    desk.answer("s04")
    assert (fetch_new(desk.office), fetch_new(desk.office)) == (1, 0)
    place = desk.ledger.inbox.mailbox_state()
    assert place and desk.mailbox.new_messages(place).refs == ()
    desk.mailbox.lose_state()
    desk.answer("s06")
    assert fetch_new(desk.office) == 1 and desk.ledger.inbox.counts()["all"] == 2
    assert desk.ledger.inbox.mailbox_state() != place


def test_a_mail_taken_out_of_the_inbox_meanwhile_does_not_stop_the_others(desk: Desk) -> None:
    desk.answer("s04")
    desk.answer("s06")
    desk.mailbox.fail("raw", "notfound")
    assert fetch_new(desk.office) == 1 and desk.ledger.inbox.counts()["all"] == 1


def test_a_mail_that_breaks_off_is_not_stored_and_comes_again(desk: Desk) -> None:
    desk.answer("s04")
    before = desk.ledger.inbox.mailbox_state()
    desk.mailbox.fail("raw", "drop_after")
    with pytest.raises(MailAmbiguous):
        fetch_new(desk.office)
    assert desk.ledger.inbox.counts()["all"] == 0 and desk.ledger.inbox.mailbox_state() == before
    assert fetch_new(desk.office) == 1


def test_one_bad_mail_does_not_stop_the_others(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults 11: the reader breaks on one file; the others of the same visit are taken in, the bad one is a person's."""
    bad = desk.reply(desk.member("s06"), body="ทำให้ล้ม")
    desk.answer("s04")
    sha = desk.office.blobs.put(bytes_of(desk.mailbox, bad))
    real = desk.office.parser.parse

    def parse(raw, *, received, keep):
        if raw == desk.office.blobs.path(sha):
            raise RuntimeError("the parser is broken")
        return real(raw, received=received, keep=keep)

    monkeypatch.setattr(desk.office.parser, "parse", parse)
    fetch_new(desk.office)
    with pytest.raises(RuntimeError):
        settle_all(desk.office)
    assert desk.states()["s04"] == "RECEIVED"
    for _ in range(2):
        with pytest.raises(RuntimeError):
            settle_all(desk.office)
    settle_all(desk.office)
    (held,) = desk.ledger.inbox.holds()
    assert held["rule"] == "poison" and desk.ledger.inbox.unfinished() == []
    desk.tick("2023-03-02 09:00")
    assert len(desk.mails(desk.secretary, "hold_notice")) == 1 and desk.mailbox.count() == 2


# the report


@pytest.fixture
def collected(desk: Desk) -> Desk:
    """All answers are in, the report lies with the director."""
    for seat in desk.states():
        desk.answer(seat)
    desk.tick("2023-03-10 09:00")
    assert desk.ledger.deadline_state(Q2) is DeadlineState.WITH_DIRECTOR
    return desk


def sign(desk: Desk, *, spoil: bool = False) -> None:
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    asked = desk.mails(director, "director")[-1]
    signed = desk.office.signatures.sign(asked.files[0][2])
    desk.reply(director, to=asked, files=(("ลงนาม.pdf", PDF, signed + b"x" if spoil else signed),))


def acknowledge(desk: Desk, text: str) -> None:
    registry = desk.office.plan.roster.registry
    asked = next(d for d in desk.mailbox.deliveries if d.mail.kind == "registry")
    desk.reply(desk.secretary, to=asked, address=registry.email, name=registry.name, body=text)


def test_the_report_goes_to_the_director_the_registry_and_is_acknowledged(collected: Desk) -> None:
    sign(collected)
    collected.tick("2023-03-10 10:00")
    assert collected.ledger.deadline_state(Q2) is DeadlineState.SUBMITTED
    registry = next(d for d in collected.mailbox.deliveries if d.mail.kind == "registry")
    assert [type_ for _, type_, _ in registry.files] == [DOCX]
    acknowledge(collected, "ได้รับเรื่องแล้ว เลขรับที่ สว ๔๑๒๓/๒๕๖๖")
    collected.tick("2023-03-10 11:00")
    assert collected.ledger.deadline_state(Q2) is DeadlineState.ACKNOWLEDGED
    assert collected.ledger.bundles.latest(Q2)["receipt"] == "สว ๔๑๒๓/๒๕๖๖"
    sent = len(collected.mailbox.deliveries)
    for moment in ("2023-03-20 09:00", "2023-03-21 09:00", "2023-04-03 09:00"):
        collected.tick(moment)
    assert len(collected.mailbox.deliveries) == sent


def test_an_invalid_signature_is_held_and_a_good_one_later_counts(collected: Desk) -> None:
    sign(collected, spoil=True)
    collected.tick("2023-03-10 10:00")
    assert route(collected)[0] == "hold" and "ลายมือชื่อ" in str(collected.last_row()["reason"])
    assert collected.ledger.deadline_state(Q2) is DeadlineState.WITH_DIRECTOR
    sign(collected)
    collected.tick("2023-03-10 11:00")
    assert collected.ledger.deadline_state(Q2) is DeadlineState.SUBMITTED


def test_a_form_after_the_freeze_is_held(collected: Desk) -> None:
    collected.answer("s04", percent="๑๐")
    collected.tick("2023-03-10 10:00")
    assert route(collected) == ("hold", "52_after_freeze")
    assert collected.states()["s04"] == "ACCEPTED"
    with pytest.raises(UsageError):
        accept_hold(collected.office, collected.last_row()["id"], "รับ")


@pytest.mark.parametrize("text", ["ได้รับเรื่องแล้ว จะแจ้งเลขรับภายหลัง", "เลขรับ 1/2566 แทน เลขรับ 2/2566"])
def test_a_registry_answer_without_one_number_is_held(collected: Desk, text: str) -> None:
    sign(collected)
    collected.tick("2023-03-10 10:00")
    acknowledge(collected, text)
    collected.tick("2023-03-10 11:00")
    assert route(collected)[0] == "hold" and collected.ledger.deadline_state(Q2) is DeadlineState.SUBMITTED
    assert receipt_number(text) is None


def test_a_better_version_while_the_report_cannot_be_made_is_in_the_report(desk: Desk, monkeypatch) -> None:
    """COLLECTED but not yet compiled (LibreOffice is down): the newer answer is judged before the report is frozen."""
    for seat in desk.states():
        desk.answer(seat, percent="๕๐")
    monkeypatch.setattr(desk.office.converter, "to_pdf", _broken)
    with pytest.raises(RuntimeError):
        desk.tick("2023-03-10 09:00")
    assert desk.ledger.deadline_state(Q2) is DeadlineState.COLLECTED
    desk.answer("s04", percent="๙๙")
    monkeypatch.undo()
    desk.tick("2023-03-10 10:00")
    assert desk.ledger.deadline_state(Q2) is DeadlineState.WITH_DIRECTOR
    assert set(desk.states().values()) == {"ACCEPTED"}
    answers = [desk.ledger.returns.form(r["id"]).answers for r in desk.ledger.returns.accepted(Q2)]
    assert "99" in {a.value for form in answers for k, a in form.items() if k.endswith(".percent")}


def test_a_report_that_cannot_be_made_is_held_and_its_reason_told_once(desk: Desk, monkeypatch) -> None:
    """LibreOffice failed twice: nothing goes to the director, the secretary reads why, and the next tick makes it."""
    for seat in desk.states():
        desk.answer(seat)

    def fails(documents: object, **_: object) -> dict:
        raise ConversionFailed("LibreOffice แปลงเป็น PDF ไม่สำเร็จ ๒ ครั้ง (จบด้วยรหัส ๑๓๔)", where="memo", remedy="เปิดไฟล์ใน Word ตรวจดู")

    monkeypatch.setattr(desk.office.converter, "to_pdf", fails)
    for moment in ("2023-03-10 09:00", "2023-03-10 09:15", "2023-03-10 09:30"):
        desk.tick(moment)
    assert desk.ledger.deadline_state(Q2) is DeadlineState.COLLECTED and desk.ledger.bundles.latest(Q2) is None
    (alarm,) = desk.mails(desk.secretary, "alarm")
    for words in ("จบด้วยรหัส ๑๓๔", "memo", "เปิดไฟล์ใน Word ตรวจดู", "songthan doctor", "๒๐ มีนาคม ๒๕๖๖"):
        assert words in alarm.mail.text
    monkeypatch.undo()
    desk.tick("2023-03-10 10:00")
    assert desk.ledger.deadline_state(Q2) is DeadlineState.WITH_DIRECTOR


def _broken(documents: object, **_: object) -> dict:
    raise RuntimeError("no LibreOffice")


def test_a_silent_director_past_the_date_is_alarmed_and_his_late_signature_still_counts(collected: Desk) -> None:
    for moment in ("2023-03-20 09:00", "2023-03-20 13:00", "2023-03-21 09:00", "2023-03-22 09:00"):
        collected.tick(moment)
    titles = [d.mail.key for d in collected.mails(collected.secretary, "alarm")]
    # his turn over, the report lies before who acts for him as well; his own signature counts all the same
    assert sorted(titles) == [f"{Q2}/acting/v2", f"{Q2}/alarm/missed", f"{Q2}/alarm/silent-director"]
    assert collected.ledger.has_event("deadline-missed", Q2)
    sign(collected)
    collected.tick("2023-03-22 10:00")
    assert collected.ledger.deadline_state(Q2) is DeadlineState.SUBMITTED
    director = collected.office.plan.roster.member(collected.office.plan.roster.director)
    assert len(collected.mails(director, "director")) == 1
    bundle = collected.ledger.bundles.latest(Q2)
    assert str(bundle["submitted_at"]) >= "2023-03-22"


def test_after_the_cut_the_report_goes_on_without_the_missing_answers(desk: Desk) -> None:
    desk.answer("s04")
    desk.tick("2023-03-10 09:00")
    desk.tick("2023-03-17 12:30")
    assert desk.states() == {"s04": "ACCEPTED", "s06": "LAPSED", "s08": "LAPSED"}
    assert desk.ledger.deadline_state(Q2) is DeadlineState.WITH_DIRECTOR


def test_an_outage_over_all_reminders_ends_in_one_overdue_reminder(desk: Desk) -> None:
    for moment in ("2023-03-16 09:00", "2023-03-16 10:00", "2023-03-17 09:00"):
        desk.tick(moment)
    for seat in desk.states():
        member = desk.member(seat)
        assert len(desk.mails(member, "reminder")) == 1, seat
        assert len(desk.mails(desk.office.plan.roster.member(member.deputy), "request")) == 1
