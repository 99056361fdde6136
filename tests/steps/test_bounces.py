"""Mail that came back: told the same day in words, the address marked until it is known to work, somebody else in the know."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from songthan.domain.errors import UsageError
from songthan.domain.outgoing import CAUSE_TH
from songthan.steps.bounces import address_works, marked_rows

EXCHANGE = Path(__file__).parents[1] / "mail" / "bounce-exchange-html.eml"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick()
    return desk


def bounce(
    desk: Desk, seat: str, status: str, *, action: str = "failed", sender: str = "postmaster@bfa.example", verdict: str = "", names: str = ""
) -> None:
    """A report of delivery (RFC 3464) about our newest mail to the holder of `seat`, or the Message-ID it `names`."""
    member = desk.member(seat)
    ours = names or desk.mails(member)[-1].message_id
    proof = f"Authentication-Results: practice-exchange.example; dmarc={verdict} header.from={sender.partition('@')[2]}\r\n" if verdict else ""
    raw = (
        f"{proof}From: {sender}\r\nTo: songthan@bfa.example\r\nSubject: Undeliverable\r\nMessage-ID: <{status}-{seat}@bfa.example>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
        "--x\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; {member.email}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--x\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {ours}\r\nSubject: x\r\n\r\nx\r\n--x--\r\n"
    )
    desk.mailbox.receive(raw.encode(), received=desk.clock.now())


def notices(desk: Desk) -> list[str]:
    return [d.mail.text for d in desk.mails(desk.secretary, "bounce_notice")]


def test_in_the_evening_it_is_told_at_once_with_what_did_not_arrive(desk: Desk) -> None:
    bounce(desk, "s04", "5.1.1")
    desk.tick("2023-03-01 20:00")
    (told,) = notices(desk)
    member = desk.member("s04")
    for words in (member.full_name, member.email, "ขอให้รายงาน", CAUSE_TH["unknown"], "songthan outbox show 2566-q2/request/m04"):
        assert words in told
    assert f"songthan outbox address {member.email} --works" in told
    (row,) = marked_rows(desk.office)
    assert (row["address"], row["cause"], row["status"], row["mail"]) == (member.email, "unknown", "5.1.1", "2566-q2/request/m04")


@pytest.mark.parametrize(
    ("status", "cause", "marked"),
    [
        ("5.1.1", "unknown", True), ("5.1.10", "unknown", True), ("5.1.2", "domain", True), ("5.2.2", "full", True),
        ("5.2.1", "closed", True), ("5.7.1", "refused", False), ("5.2.3", "size", False), ("5.0.0", "other", True),
    ],
)  # fmt: skip
def test_causes_are_told_apart(desk: Desk, status: str, cause: str, marked: bool) -> None:
    bounce(desk, "s04", status)
    desk.tick("2023-03-01 10:00")
    (told,) = notices(desk)
    assert CAUSE_TH[cause] in told and bool(marked_rows(desk.office)) is marked
    assert ("สำเนาถึง" in told) is marked


def test_a_full_mailbox_is_told_while_the_server_still_tries(desk: Desk) -> None:
    bounce(desk, "s04", "4.2.2", action="delayed")
    bounce(desk, "s06", "4.4.7", action="delayed")
    desk.tick("2023-03-01 10:00")
    (told,) = notices(desk)
    assert CAUSE_TH["full"] in told and "จะพยายามส่งต่อเอง" in told and not marked_rows(desk.office)


def test_exchanges_page_without_a_report_is_understood(desk: Desk) -> None:
    member = desk.member("s04")
    ours = desk.mails(member)[-1].message_id
    text = EXCHANGE.read_bytes().decode("utf-8", "surrogateescape")
    lines = [line for line in text.splitlines() if not line.lower().startswith(("in-reply-to:", "references:"))]
    at = next(n for n, line in enumerate(lines) if line.lower().startswith("subject:"))
    raw = "\r\n".join([*lines[:at], f"In-Reply-To: {ours}", *lines[at:]])
    assert "message/delivery-status" not in raw
    desk.mailbox.receive(raw.encode("utf-8", "surrogateescape"), received=desk.clock.now())
    desk.tick("2023-03-01 10:00")
    assert [r["address"] for r in marked_rows(desk.office)] == [member.email] and member.full_name in notices(desk)[0]


def test_a_proven_stranger_marks_nobody(desk: Desk) -> None:
    bounce(desk, "s04", "5.1.1", sender="postmaster@evil.example", verdict="pass")
    desk.tick("2023-03-01 10:00")
    assert not marked_rows(desk.office) and len(notices(desk)) == 1


def test_a_notice_that_names_no_mail_of_ours_changes_nothing_and_says_so(desk: Desk) -> None:
    """A forger can name a colleague's address; the Message-ID of a letter only its readers can."""
    bounce(desk, "s04", "5.1.1", names="<0123456789abcdef0123456789abcdef@songthan.bfa.example>")
    desk.tick("2023-03-01 10:00")
    (told,) = notices(desk)
    assert "อาจไม่ใช่ของจริง" in told and "ผู้รับยังไม่ได้รับเรื่องนี้" not in told and not marked_rows(desk.office)


def test_the_next_letter_goes_to_the_deputy_too_and_says_so(desk: Desk) -> None:
    bounce(desk, "s04", "5.1.1")
    desk.tick("2023-03-10 09:00")
    member = desk.member("s04")
    deputy = desk.office.plan.roster.member(member.deputy)
    letter = desk.mails(member, "reminder")[-1]
    assert letter.recipients == (member.email, deputy.email) and f"ส่งสำเนาถึง {deputy.email}" in letter.mail.text
    assert desk.mails(desk.member("s06"), "reminder")[-1].recipients == (desk.member("s06").email,)


def test_without_a_deputy_who_can_be_reached_the_secretary_gets_the_copy(desk: Desk) -> None:
    member = desk.member("s04")
    deputy = desk.office.plan.roster.member(member.deputy)
    bounce(desk, "s04", "5.1.1")
    desk.tick("2023-03-01 10:00")
    desk.ledger.addresses.mark(_mark_like(desk, deputy.email))
    desk.tick("2023-03-10 09:00")
    assert desk.mails(member, "reminder")[-1].recipients == (member.email, desk.secretary.email)


def _mark_like(desk: Desk, address: str):
    from dataclasses import replace

    return replace(desk.ledger.addresses.all()[0], address=address)


def test_the_copy_that_comes_back_marks_the_deputy_not_the_member(desk: Desk) -> None:
    bounce(desk, "s04", "5.1.1")
    desk.tick("2023-03-10 09:00")
    deputy = desk.office.plan.roster.member(desk.member("s04").deputy)
    raw = (
        f"From: postmaster@bfa.example\r\nTo: songthan@bfa.example\r\nSubject: Undeliverable\r\nX-Failed-Recipients: {deputy.email}\r\n"
        f"Message-ID: <c@bfa.example>\r\nIn-Reply-To: {desk.mails(desk.member('s04'))[-1].message_id}\r\n\r\n550 5.1.1 unknown\r\n"
    )
    desk.mailbox.receive(raw.encode(), received=desk.clock.now())
    desk.tick("2023-03-10 10:00")
    assert {r["address"] for r in marked_rows(desk.office)} == {desk.member("s04").email, deputy.email}


def test_a_mail_from_the_address_clears_it_and_a_forged_one_does_not(desk: Desk) -> None:
    bounce(desk, "s04", "5.2.2")
    desk.tick("2023-03-01 10:00")
    for verdict, left in (("fail", 1), ("none", 1), ("pass", 0)):
        desk.reply(desk.member("s04"), body="ขอสอบถาม", verdict=verdict)
        desk.tick("2023-03-01 11:00")
        assert len(marked_rows(desk.office)) == left, verdict
    desk.tick("2023-03-10 09:00")
    assert all(len(d.recipients) == 1 for d in desk.mailbox.deliveries)


def test_a_mail_older_than_the_bounce_and_read_after_it_clears_nothing(desk: Desk) -> None:
    desk.reply(desk.member("s04"), body="ขอสอบถาม")
    first = desk.mailbox._received.pop(desk.mailbox.folder("inbox")[0].id)
    bounce(desk, "s04", "5.1.1")
    desk.tick("2023-03-01 10:00")
    desk.mailbox.receive(first.raw, received=first.ref.received)
    desk.tick("2023-03-01 11:00")
    assert desk.ledger.inbox.counts()["all"] == 2 and len(marked_rows(desk.office)) == 1


def test_the_secretary_says_that_it_works(desk: Desk) -> None:
    bounce(desk, "s04", "5.1.1")
    desk.tick("2023-03-01 10:00")
    with pytest.raises(UsageError):
        address_works(desk.office, desk.member("s04").email, reason=" ")
    assert address_works(desk.office, desk.member("s04").email.upper(), reason="โทรแล้ว").changed
    assert not address_works(desk.office, desk.member("s04").email, reason="โทรแล้ว").changed
    assert not marked_rows(desk.office) and [e["kind"] for e in desk.ledger.events(desk.member("s04").email)] == ["address-marked", "address-works"]


def test_her_own_address_that_fails_is_seen_where_mail_cannot_tell(desk: Desk) -> None:
    from songthan.steps.letters import tell_secretary
    from songthan.steps.post import post_all

    tell_secretary(desk.office, key="k", title="t", what="w")
    post_all(desk.office)
    raw = (
        f"From: postmaster@bfa.example\r\nTo: songthan@bfa.example\r\nSubject: Undeliverable\r\nX-Failed-Recipients: {desk.secretary.email}\r\n"
        f"Message-ID: <c@bfa.example>\r\nIn-Reply-To: {desk.mails(desk.secretary)[-1].message_id}\r\n\r\n550 5.1.1 unknown\r\n"
    )
    desk.mailbox.receive(raw.encode(), received=desk.clock.now())
    desk.tick("2023-03-01 10:00")
    assert not notices(desk) and [r["address"] for r in marked_rows(desk.office)] == [desk.secretary.email]
