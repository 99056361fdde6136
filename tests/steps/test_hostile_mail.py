"""Strangers and careless members against the whole intake: raw mail in, judged by the ledger, letters and folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import DOCX, Q2, Desk
from stranger import (
    EVIL,
    EVIL_PASS,
    FAKE_PASS,
    MEMBER,
    OURS,
    deliver,
    form_file,
    good_mail_still_counts,
    outside,
    remade,
    route,
    swap,
    token,
)  # fmt: skip

from songthan.steps.send_digest import send_digest
from songthan.testing.office import AUTHSERV


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Everybody has been asked on the morning of 1 March 2566."""
    made = Desk(tmp_path)
    made.tick()
    assert made.member("s06").email == MEMBER
    return made


# who wrote it


FORGED: dict[str, tuple[str, ...]] = {
    "two From headers": (EVIL_PASS, f"From: {EVIL}", f"From: {MEMBER}"),
    "two From headers, ours first": (FAKE_PASS, f"From: {MEMBER}", f"From: {EVIL}"),
    "address as a name": (EVIL_PASS, f"From: {MEMBER} <{EVIL}>"),
    "address as a quoted name": (EVIL_PASS, f'From: "{MEMBER}" <{EVIL}>'),
    "two angles": (FAKE_PASS, f"From: <{MEMBER}> <{EVIL}>"),
    "encoded address": (EVIL_PASS, "From: =?utf-8?q?krittamet=40bfa=2Eexample?= <mallory@evil.example>"),
    "encoded address alone": (FAKE_PASS, "From: =?utf-8?q?krittamet=40bfa=2Eexample?="),
    "group": (EVIL_PASS, f"From: {MEMBER}: {EVIL};"),
    "comment": (EVIL_PASS, f"From: {EVIL} ({MEMBER})"),
    "comment that closes early": (EVIL_PASS, f"From: (\\)<{MEMBER}>) {EVIL}"),
    "quoted local part and Sender": (EVIL_PASS, 'From: "x"@evil.example', f"Sender: {MEMBER}"),
    "null From and Sender": (FAKE_PASS, "From: <>", f"Sender: {MEMBER}"),
    "only Sender": (FAKE_PASS, f"Sender: {MEMBER}"),
    "Kelvin sign for k": (FAKE_PASS, "From: \u212arittamet@bfa.example"),
    "homoglyph domain": (f"{OURS}xn--fa-9dd.example", "From: krittamet@\u042cfa.example"),
    "pass for another domain": (EVIL_PASS, f"From: {MEMBER}"),
    "pass for no domain": (f"Authentication-Results: {AUTHSERV}; dmarc=pass", f"From: {MEMBER}"),
    "no header": (f"From: {MEMBER}",),
    "another server's pass": ("Authentication-Results: mx.evil.example; dmarc=pass header.from=bfa.example", f"From: {MEMBER}"),
    "fake above ours": (FAKE_PASS, EVIL_PASS, f"From: {MEMBER}"),
    "fake above our fail": (FAKE_PASS, FAKE_PASS.replace("pass", "fail"), f"From: {MEMBER}"),
    "fake below our fail": (FAKE_PASS.replace("=pass", " = fail").upper(), FAKE_PASS, f"From: {MEMBER}"),
    "fake below our versioned fail": (
        f"authentication-results:   {AUTHSERV}  1 ;\r\n\tDMARC=Fail header.from=bfa.example", FAKE_PASS, f"From: {MEMBER}",
    ),
    "fake below our none": (f"Authentication-Results: {AUTHSERV}; dmarc=none header.from=bfa.example", FAKE_PASS, f"From: {MEMBER}"),
    "fake in a fold": (f"X-Note: a\r\n {FAKE_PASS}", f"From: {MEMBER}"),
    "fake behind a bare CR": (EVIL_PASS, f"X-Note: a\r{FAKE_PASS}", f"From: {MEMBER}"),
    "fake in a comment": (f"Authentication-Results: {AUTHSERV}; spf=none (; dmarc=pass header.from=bfa.example)", f"From: {MEMBER}"),
    "fake in a quoted value": (
        f'Authentication-Results: {AUTHSERV}; spf=pass smtp.mailfrom="x; dmarc=pass header.from=bfa.example"', f"From: {MEMBER}",
    ),
    "server's name with a tail": (f"Authentication-Results: {AUTHSERV}.evil.example; dmarc=pass header.from=bfa.example", f"From: {MEMBER}"),
}  # fmt: skip


@pytest.mark.parametrize("trick", FORGED)
def test_whoever_writes_under_a_members_name_changes_nothing(desk: Desk, trick: str) -> None:
    before = desk.ledger.assignment_rows(Q2)
    ref = deliver(desk, *FORGED[trick], files=form_file(desk))
    assert ref.id in {r.id for r in desk.mailbox.folder("inbox")}
    desk.tick()
    assert route(desk)[0] in ("hold", "quarantine")
    assert desk.ledger.assignment_rows(Q2) == before and outside(desk) == set()
    assert len(desk.mailbox.folder("รอตรวจ")) + len(desk.mailbox.folder("กักกัน")) == 1
    good_mail_still_counts(desk)


@pytest.mark.parametrize(
    "top",
    [f"Authentication-Results:{AUTHSERV.upper()} 1;dmarc=PASS header.from=BFA.example", f"{FAKE_PASS}\r\n{FAKE_PASS}",
     f"Authentication-Results: {AUTHSERV}\r\n\t;\r\n dmarc = pass header.from=bfa.example"],
)  # fmt: skip
def test_our_servers_own_hand_may_vary(desk: Desk, top: str) -> None:
    deliver(desk, top, f"From: {MEMBER}", files=form_file(desk))
    desk.tick()
    assert desk.states()["s06"] == "ACCEPTED"


def test_a_forged_copy_that_came_first_does_not_hide_the_real_answer(desk: Desk) -> None:
    for top in (FAKE_PASS.replace("pass", "fail"), FAKE_PASS):
        deliver(desk, top, f"From: {MEMBER}", files=form_file(desk), message_id="<same@bfa.example>")
        desk.tick()
    assert route(desk) == ("accept", "60_form") and desk.states()["s06"] == "ACCEPTED"


# headers that pretend to be ours, or a machine's


@pytest.mark.parametrize(
    "extra",
    ["X-Songthan-Key: 2566-q2/request/m06", "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated",
     "X-Autoreply: yes", "Precedence: auto_reply"],
)  # fmt: skip
def test_a_strangers_mail_is_never_hidden_as_ours_or_as_a_machines(desk: Desk, extra: str) -> None:
    deliver(desk, EVIL_PASS, f"From: {EVIL}", extra, "Subject: ด่วน", body="โปรดอ่าน")
    desk.tick()
    assert route(desk)[0] == "hold" and len(desk.mails(desk.secretary, "hold_notice")) == 1 and outside(desk) == set()


@pytest.mark.parametrize("header", ["X-Songthan-Key", "Auto-Submitted", "List-Id", "X-Auto-Response-Suppress"])
def test_a_members_form_counts_whatever_his_phone_adds(desk: Desk, header: str) -> None:
    values = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    deliver(desk, FAKE_PASS, f"From: {MEMBER}", f"{header}: {values.get(header, 'x')}", files=form_file(desk))
    desk.tick()
    assert desk.states()["s06"] == "ACCEPTED"


def test_a_form_in_the_shape_of_a_bounce_waits_for_a_person(desk: Desk) -> None:
    deliver(desk, FAKE_PASS, f"From: {MEMBER}", "X-Failed-Recipients: a@b.example", files=form_file(desk))
    desk.tick()
    assert route(desk) == ("hold", "06_bounce_with_form")


@pytest.mark.parametrize(("top", "expected"), [((FAKE_PASS,), "note"), ((), "hold"), ((EVIL_PASS,), "hold")])
def test_our_own_address_is_ours_only_when_our_server_says_so(desk: Desk, top: tuple[str, ...], expected: str) -> None:
    deliver(desk, *top, "From: songthan@bfa.example", files=form_file(desk))
    desk.tick()
    assert route(desk)[0] == expected and desk.states()["s06"] == "ASKED" and outside(desk) == set()


def test_our_letter_coming_back_fifty_times_is_answered_by_nobody(desk: Desk) -> None:
    for n in range(50):
        deliver(desk, FAKE_PASS, "From: songthan@bfa.example", "Auto-Submitted: auto-generated", message_id=f"<{n}@x>")
    sent = len(desk.mailbox.deliveries)
    desk.tick()
    assert len(desk.mailbox.deliveries) == sent and desk.ledger.inbox.counts()["note"] == 50


@pytest.mark.parametrize("top", [FAKE_PASS, FAKE_PASS.replace("pass", "fail"), "X-None: x"])
def test_a_rule_that_forwards_our_letters_back_to_us_comes_to_rest(desk: Desk, top: str) -> None:
    """The secretary's mailbox forwards everything to ours, headers lost: each notice must not beget the next for ever."""
    deliver(desk, EVIL_PASS, f"From: {EVIL}", body="สวัสดี")
    seen = 0
    for round_ in range(40):
        desk.tick()
        letters = desk.mails(desk.secretary)
        if len(letters) == seen:
            break
        for n, letter in enumerate(letters[seen:]):
            deliver(desk, top, f"From: {desk.secretary.email}", f"Subject: FW: {letter.mail.key}", body=letter.mail.text,
                    message_id=f"<fw-{round_}-{n}@bfa.example>")  # fmt: skip
        seen = len(letters)
    assert len(desk.mails(desk.secretary)) <= 8
    good_mail_still_counts(desk)


def test_a_flood_from_strangers_is_held_and_told_in_few_letters(desk: Desk) -> None:
    for n in range(130):
        sender = EVIL if n < 30 else f"x{n}@evil.example"
        deliver(desk, EVIL_PASS, f"From: {sender}", f"Subject: {n}", body="spam", message_id=f"<{n}@evil.example>")
    desk.tick()
    assert desk.ledger.inbox.counts()["hold"] == 130
    keys = [d.mail.key for d in desk.mails(desk.secretary)]
    assert len(keys) <= 101 and sum(k.startswith("flood/") for k in keys) == 1
    assert sum(EVIL in d.mail.text for d in desk.mails(desk.secretary, "hold_notice")) == 5
    send_digest(desk.office)
    (digest,) = desk.mails(desk.secretary, "digest")
    assert "อีก ๗๐ ฉบับ" in digest.mail.text and digest.mail.text.count("รายการที่") == 61


# bounces and absences


def bounce(desk: Desk, *, of: str, address: str, n: int) -> None:
    deliver(desk, EVIL_PASS, f"From: {EVIL}", "Subject: Undeliverable: x", f"X-Failed-Recipients: {address}",
            f"In-Reply-To: {of}", body=f"550 5.1.1 {address}", message_id=f"<b{n}@evil.example>")  # fmt: skip


def test_forged_bounces_do_not_ring_the_alarm_for_ever(desk: Desk) -> None:
    real = desk.mails(desk.member("s06"))[0].message_id
    for n in range(20):
        bounce(desk, of=real, address="somebody@else.example", n=n)
        bounce(desk, of="<never@sent.example>", address="somebody@else.example", n=100 + n)
        bounce(desk, of="<never@sent.example>", address=desk.member("s08").email, n=200 + n)
    before = desk.ledger.assignment_rows(Q2)
    desk.tick()
    notices = desk.mails(desk.secretary, "bounce_notice")
    assert len(notices) == 2 and outside(desk) == set() and desk.ledger.assignment_rows(Q2) == before
    assert not [d for d in notices if "somebody@else.example" in d.mail.text]
    assert any(MEMBER in d.mail.text for d in notices)


@pytest.mark.parametrize(("top", "sender"), [(EVIL_PASS, EVIL), (EVIL_PASS, MEMBER), (FAKE_PASS, f"{MEMBER}, {EVIL}")])
def test_a_forged_absence_does_not_call_the_deputy(desk: Desk, top: str, sender: str) -> None:
    deliver(desk, top, f"From: {sender}", "Auto-Submitted: auto-replied", "Subject: Automatic reply: x",
            f"In-Reply-To: {desk.mails(desk.member('s06'))[0].message_id}", body="ลาถึง ๓๑ ธันวาคม ๒๕๗๐")  # fmt: skip
    desk.tick()
    desk.tick("2023-03-02 09:00")
    row = desk.ledger.assignment_row(f"{Q2}.f3.s06")
    assert not row["away"] and row["absent_until"] is None and outside(desk) == set()


@pytest.mark.parametrize(
    ("top", "sender"),
    [
        (EVIL_PASS, EVIL),
        (FAKE_PASS.replace("pass", "fail"), MEMBER),
        ("X-None: x", MEMBER),
        (FAKE_PASS, "aphichaya@bfa.example"),
    ],
)
def test_nobody_else_can_silence_a_members_reminders(desk: Desk, top: str, sender: str) -> None:
    """Mail about an assignment that waits for a person stops its reminders only when its holder proved to have sent it."""
    asked = desk.mails(desk.member("s06"))[0].message_id
    deliver(desk, top, f"From: {sender}", f"In-Reply-To: {asked}", files=form_file(desk))
    desk.tick()
    assert route(desk)[0] in ("hold", "quarantine") and desk.last_row()["assignment"] == f"{Q2}.f3.s06"
    desk.tick("2023-03-10 09:00")
    assert len(desk.mails(desk.member("s06"), "reminder")) == 1


# whose form it is


def test_a_form_with_two_identities_is_a_persons(desk: Desk) -> None:
    mine, other = token(desk, "s06"), token(desk, "s08")
    for part in ("customXml__item1_DOT_xml", "docProps__custom_DOT_xml"):
        form = remade(form_file(desk)[0][2], **{part: swap(mine, other)})
        desk.reply(desk.member("s06"), files=(("แบบ.docx", DOCX, form),))
        desk.tick()
        assert route(desk)[0] == "hold"
    assert set(desk.states().values()) == {"ASKED"} and outside(desk) == set()
    good_mail_still_counts(desk)


def test_another_members_token_and_a_deputy_of_somebody_else_are_held(desk: Desk) -> None:
    deputy = desk.office.plan.roster.member(desk.member("s08").deputy)
    for writer in (desk.member("s08"), deputy, desk.secretary):
        desk.reply(writer, files=form_file(desk, "s06"))
        desk.tick()
        assert route(desk) == ("hold", "51_wrong_holder")
    assert set(desk.states().values()) == {"ASKED"} and outside(desk) == set()


def test_last_quarters_form_and_a_token_in_words_only_are_held(desk: Desk) -> None:
    now, mine = desk.ledger.as_assignment(desk.ledger.assignment_row(f"{Q2}.f3.s06")), token(desk, "s06")
    old = replace(now, id="2566-q1.f3.s06", deadline="2566-q1", token="ST-0000-0000-0000")
    desk.ledger.add_assignments((old,), desk.clock.now())
    change = swap(mine, b"ST-0000-0000-0000")
    parts = ("customXml__item1_DOT_xml", "docProps__custom_DOT_xml", "docProps__core_DOT_xml", "word__footer1_DOT_xml")
    form = remade(form_file(desk)[0][2], **dict.fromkeys(parts, change))
    desk.reply(desk.member("s06"), to=desk.mails(desk.member("s06"))[0], files=(("แบบ.docx", DOCX, form),))
    desk.tick()
    assert route(desk) == ("hold", "53_other_deadline")
    desk.reply(desk.member("s06"), body=f"รหัสแบบ {mine.decode()} · F3 · {Q2} ผลการดำเนินการ: ร้อยละ ๑๐๐")
    desk.tick()
    assert route(desk)[0] == "hold" and desk.states()["s06"] == "ASKED"


def test_a_colleagues_thread_brings_nobody_the_colleagues_form(desk: Desk) -> None:
    asked = desk.mails(desk.member("s06"))[0]
    desk.reply(desk.member("s08"), to=asked, body="ส่งแล้วค่ะ")
    desk.tick()
    (letter,) = desk.mails(desk.member("s08"), "need_file")
    assert token(desk, "s06").decode() not in letter.mail.text and desk.member("s06").full_name not in letter.mail.text
