"""Cases of mail that have a history, which no single file can show: told as stories over the whole intake."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import DOCX, Desk, fill
from stranger import form_file, good_mail_still_counts, outside, remade, route, swap, token

from outlook_files import tnef
from songthan.steps.holds import accept_hold


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Everybody has been asked on the morning of 1 March 2566."""
    made = Desk(tmp_path)
    made.tick()
    return made


@pytest.mark.parametrize("words", ["ขอเลื่อนกำหนดได้หรือไม่", "งานนี้ไม่ใช่หน้าที่ของข้าพเจ้า ขอปฏิเสธ"])
def test_a_question_or_refusal_makes_the_ladder_wait_two_working_days_and_no_longer(desk: Desk, words: str) -> None:
    """The reminder before the date comes on Friday the 10th (weekend between); unanswered words of Tuesday are over by then."""
    desk.tick("2023-03-07 10:00")
    desk.reply(desk.member("s04"), to=desk.mails(desk.member("s04"))[0], body=words)
    desk.tick("2023-03-07 11:00")
    assert route(desk) == ("hold", "77_question_or_refusal")
    reminded = len(desk.mails(desk.member("s04"), "reminder"))
    desk.tick("2023-03-09 09:00")
    assert len(desk.mails(desk.member("s04"), "reminder")) == reminded
    desk.tick("2023-03-10 09:00")
    assert len(desk.mails(desk.member("s04"), "reminder")) == reminded + 1


def test_a_file_that_waits_for_the_secretary_rests_the_reminders_until_she_decides(desk: Desk) -> None:
    """A photograph is received, though not valid: its sender is not told to send."""
    desk.tick("2023-03-02 10:00")
    desk.reply(desk.member("s04"), to=desk.mails(desk.member("s04"))[0], files=(("แบบ.jpg", "image/jpeg", b"\xff\xd8\xff" + b"\x00" * 40_000),))
    desk.tick("2023-03-02 11:00")
    assert route(desk) == ("hold", "69_picture")
    desk.tick("2023-03-10 09:00")
    assert not desk.mails(desk.member("s04"), "reminder") and desk.mails(desk.member("s06"), "reminder")


def test_one_form_over_two_mails_is_held_twice_and_counts_once_it_is_whole(desk: Desk) -> None:
    member, form = desk.member("s04"), desk.form_of(desk.member("s04"))
    half = fill(form, done=None, output_reached=None)
    rest = fill(form, percent=None, outcome_reached=None)
    for part in (half, rest):
        desk.reply(member, files=(("แบบ.docx", DOCX, part),), to=desk.mails(member)[0])
        desk.tick()
        assert desk.states()["s04"] == "NEEDS_CORRECTION"
    desk.reply(member, files=(("แบบ.docx", DOCX, fill(form)),), to=desk.mails(member)[0])
    desk.tick()
    assert desk.states()["s04"] == "ACCEPTED"


def test_an_old_thread_does_not_matter_when_the_form_is_this_quarters(desk: Desk) -> None:
    member = desk.member("s06")
    desk.reply(member, headers={"In-Reply-To": "<last-quarters-request@bfa.example>"}, files=form_file(desk), subject="Re: ไตรมาส ๑")
    desk.tick()
    assert route(desk) == ("accept", "60_form") and desk.states()["s06"] == "ACCEPTED"


def test_an_address_confirmed_once_and_written_into_the_roster_is_the_members_own(desk: Desk) -> None:
    member = desk.member("s06")
    desk.reply(member, address="private@home.example", files=form_file(desk))
    desk.tick()
    assert route(desk) == ("hold", "32_alias") and outside(desk) == set()
    accept_hold(desk.office, desk.last_row()["id"], "ยืนยันกับเจ้าตัวแล้ว")
    desk.tick()
    assert desk.states()["s06"] == "ACCEPTED"
    roster = desk.office.plan.roster
    known = tuple(replace(m, aliases=("private@home.example",)) if m.id == member.id else m for m in roster.members)
    plan = replace(desk.office.printed_plan, roster=replace(roster, members=known))
    desk.office = replace(desk.office, printed_plan=plan)
    desk.reply(member, address="private@home.example", files=form_file(desk, percent="๙๐"))
    desk.tick()
    assert route(desk) == ("accept", "60_form")


def test_a_shared_mailbox_and_an_unregistered_deputy_wait_for_a_person(desk: Desk) -> None:
    member = desk.member("s06")
    for address, name, rule in (
        ("planning@bfa.example", "กลุ่มงานแผน", "31_lookalike"),
        ("vichai@elsewhere.example", "วิชัย", "33_stranger_with_our_form"),
    ):
        desk.reply(member, address=address, name=name, files=form_file(desk), body="ส่งแทนค่ะ")
        desk.tick()
        assert route(desk) == ("hold", rule)
    assert desk.states()["s06"] == "ASKED" and outside(desk) == set()


def test_on_behalf_of_the_member_by_a_registered_deputy_counts(desk: Desk) -> None:
    """Outlook writes the member into From and whoever pressed the button into Sender; or the deputy writes himself."""
    deputy = desk.office.plan.roster.member(desk.member("s06").deputy)
    desk.reply(desk.member("s06"), headers={"Sender": f"{deputy.full_name} <{deputy.email}>"}, files=form_file(desk))
    desk.tick()
    assert route(desk) == ("accept", "60_form") and desk.states()["s06"] == "ACCEPTED"
    desk.reply(desk.office.plan.roster.member(desk.member("s08").deputy), files=form_file(desk, "s08"))
    desk.tick()
    assert desk.states()["s08"] == "ACCEPTED"


def test_mail_found_in_junk_counts_like_any_other(desk: Desk) -> None:
    raw = desk.raw(desk.member("s06"), to=None, files=form_file(desk), body="ส่งค่ะ", subject="แบบ", address=desk.member("s06").email,
                   name="", verdict="pass", headers=None, message_id="<j@bfa.example>")  # fmt: skip
    desk.mailbox.receive(raw, received=desk.clock.now(), folder="junk")
    desk.tick()
    assert desk.states()["s06"] == "ACCEPTED" and desk.mailbox.count() == desk.ledger.inbox.counts()["all"] == 1


def test_a_form_in_a_winmail_dat_counts_and_one_that_is_cut_does_not(desk: Desk) -> None:
    form = form_file(desk)[0][2]
    wrapped = tnef([("แบบรายงาน.docx", form)], text="ส่งค่ะ")
    desk.reply(desk.member("s06"), files=(("winmail.dat", "application/ms-tnef", wrapped[: len(wrapped) // 2]),))
    desk.tick()
    assert route(desk) == ("hold", "40_winmail_dat") and desk.states()["s06"] == "ASKED"
    desk.reply(desk.member("s06"), files=(("winmail.dat", "application/ms-tnef", wrapped),))
    desk.tick()
    assert route(desk) == ("accept", "60_form") and desk.states()["s06"] == "ACCEPTED"


def test_a_bounce_by_words_alone_is_told_the_same_day_with_the_right_address(desk: Desk) -> None:
    member, asked = desk.member("s06"), desk.mails(desk.member("s06"))[0]
    text = (f"This is the mail system at host mx.far.example.\n\nYour message could not be delivered:\n\n<{member.email}>: host far said: "
            f"550 5.1.1 user unknown\n\n--- Below this line is a copy of the message.\n\nFrom: x\n")  # fmt: skip
    raw = (f"From: MAILER-DAEMON@mx.far.example\r\nTo: songthan@bfa.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
           f"In-Reply-To: {asked.message_id}\r\nReturn-Path: <>\r\n\r\n{text}").encode()  # fmt: skip
    desk.mailbox.receive(raw, received=desk.clock.now())
    desk.tick()
    assert route(desk) == ("note", "15_bounce")
    (notice,) = desk.mails(desk.secretary, "bounce_notice")
    assert member.email in notice.mail.text and member.full_name in notice.mail.text


def test_a_member_who_forwards_a_bounce_by_hand_is_heard(desk: Desk) -> None:
    desk.reply(desk.member("s06"), subject="Undeliverable: แบบรายงาน", headers={"X-Failed-Recipients": "gone@bfa.example"}, body="ส่งต่อให้ดูค่ะ")
    desk.tick()
    assert route(desk) == ("hold", "07_bounce_from_a_person")
    good_mail_still_counts(desk)


def test_a_form_of_a_wrong_year_is_held(desk: Desk) -> None:
    mine = token(desk, "s06")
    change = swap(mine, b"ST-9999-9999-9999")
    parts = ("customXml__item1_DOT_xml", "docProps__custom_DOT_xml", "docProps__core_DOT_xml", "word__footer1_DOT_xml")
    form = remade(form_file(desk)[0][2], **dict.fromkeys(parts, change))
    desk.reply(desk.member("s06"), files=(("แบบปีก่อน.docx", DOCX, form),))
    desk.tick()
    assert route(desk)[0] == "hold" and desk.states()["s06"] == "ASKED"
