"""Draft, attach, send, deliver: what the product's exactly-once sending rests on, through real exchangelib."""

import email
import email.policy
import os
import signal
from email.message import EmailMessage

import pytest
from exchangelib import FileAttachment, HTMLBody, Mailbox, Message
from exchangelib.errors import (
    ErrorItemNotFound,
    ErrorSendAsDenied,
    ErrorStaleObject,
    ErrorTimeoutExpired,
)
from practice_world import FRIEND, MEMBER, OFFICE, SHARED

from songthan.practice.exchange import read_log

pytestmark = pytest.mark.real

NAME = "แบบรายงานผล ไตรมาส ๒ (ปรับปรุง).docx"
SUBJECT = "ขอความอนุเคราะห์ส่งแบบรายงานผลการดำเนินงาน ประจำไตรมาสที่ ๒ ปีงบประมาณ พ.ศ. ๒๕๖๖"
DOCX = b"PK\x03\x04" + bytes(range(256)) * 300


def thai_mime(to: str = MEMBER) -> bytes:
    """A message as the product writes it: text and HTML, threading and automatic-mail headers."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = SUBJECT
    message["To"] = to
    message["Message-ID"] = "<key-1@songthan.example>"
    message["In-Reply-To"] = "<earlier@songthan.example>"
    message["References"] = "<first@songthan.example> <earlier@songthan.example>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content("เรียน ท่านสมาชิก\n\nจำนวน ๑๒ คน\n")
    message.add_alternative("<p>เรียน ท่านสมาชิก</p><p>จำนวน ๑๒ คน</p>", subtype="html")
    return message.as_bytes()


def draft_of(account, key: str, to: str = MEMBER) -> Message:
    """A saved draft with the key and the form attached."""
    draft = Message(account=account, folder=account.drafts, mime_content=thai_mime(to), practice_key=key)
    draft.save()
    draft.attach(FileAttachment(name=NAME, content=DOCX))
    return draft


def test_draft_attach_send_and_the_recipient_has_it_byte_for_byte(exchange, account, folder):
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    draft = draft_of(office, "k-1")
    assert [d.subject for d in office.drafts.filter(practice_key="k-1")] == [SUBJECT]
    draft.send()
    assert office.drafts.filter(practice_key="k-1").count() == 0
    (sent,) = office.sent.filter(practice_key="k-1")
    assert sent.message_id == "<key-1@songthan.example>"
    assert sent.attachments[0].name == NAME
    assert sent.attachments[0].content == DOCX

    (got,) = member.inbox.all()
    assert got.practice_key is None
    assert got.subject == SUBJECT
    assert got.datetime_received.isoformat() == "2023-03-15T02:00:00+00:00"
    parsed = email.message_from_bytes(got.mime_content, policy=email.policy.default)
    assert [name for name, _ in parsed.items()][:3] == [
        "Received",
        "Authentication-Results",
        "X-MS-Exchange-Organization-AuthAs",
    ]
    assert parsed["Authentication-Results"].startswith("practice-exchange.example; spf=pass")
    assert "dmarc=pass" in parsed["Authentication-Results"] and "compauth=pass" in parsed["Authentication-Results"]
    assert parsed["X-MS-Exchange-Organization-AuthAs"] == "Internal"
    assert parsed["From"].addresses[0].addr_spec == OFFICE
    assert parsed["In-Reply-To"] == "<earlier@songthan.example>"
    assert parsed["References"] == "<first@songthan.example> <earlier@songthan.example>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert parsed["Date"].datetime.isoformat() == "2023-03-15T09:00:00+07:00"
    assert parsed.get_body(("plain",)).get_content().replace("\r", "") == "เรียน ท่านสมาชิก\n\nจำนวน ๑๒ คน\n"
    assert "จำนวน ๑๒ คน" in parsed.get_body(("html",)).get_content()
    (attached,) = parsed.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == (NAME, DOCX)

    events = read_log(folder / "log.jsonl")
    told = [e["event"] for e in events if e.get("key") == "k-1" and not e["event"].startswith("fetched")]
    assert told == ["draft_saved", "attached", "sent", "delivered"]
    (logged,) = [e for e in events if e["event"] == "sent"]
    assert (logged["key_name"], logged["to"], logged["folder"]) == ("songthan-test-key", [MEMBER], "sentitems")
    assert logged["attachments"][0]["name"] == NAME and logged["attachments"][0]["size"] == len(DOCX)
    assert logged["at"] == "2023-03-15T09:00:00+07:00"


def test_a_draft_is_sent_once_and_only_with_the_present_change_key(exchange, account, folder):
    office = account(exchange, OFFICE)
    draft = draft_of(office, "k-2")
    item_id, key = draft.id, draft.changekey
    draft.attach(FileAttachment(name="b.txt", content=b"b"))
    with pytest.raises(ErrorStaleObject):
        Message(account=office, id=item_id, changekey=key).send()
    fresh = draft.changekey
    draft.send()
    with pytest.raises(ErrorItemNotFound):
        Message(account=office, id=item_id, changekey=fresh).send()
    assert sum(e["event"] == "sent" for e in read_log(folder / "log.jsonl")) == 1


def test_connection_lost_after_the_work_leaves_exactly_one_mail(exchange, account, folder):
    import requests

    office = account(exchange, OFFICE)
    draft = draft_of(office, "k-3")
    order = {"operation": "SendItem", "kind": "drop_after", "count": 1}
    assert requests.post(f"{exchange.base}/practice/faults", json=order, timeout=10).status_code == 200
    with pytest.raises(ErrorTimeoutExpired):
        draft.send()
    assert office.sent.filter(practice_key="k-3").count() == 1
    assert office.drafts.filter(practice_key="k-3").count() == 0
    assert sum(e["event"] == "sent" and e["key"] == "k-3" for e in read_log(folder / "log.jsonl")) == 1


@pytest.mark.parametrize("kind", ["drop_before", "503", "busy", "401", "ErrorSendAsDenied"])
def test_faults_before_the_work_send_nothing_and_happen_once(exchange, account, folder, kind):
    import requests
    from exchangelib.errors import EWSError

    office = account(exchange, OFFICE)
    draft = draft_of(office, "k-4")
    order = {"operation": "SendItem", "kind": kind, "count": 1, "back_off_ms": 1500}
    requests.post(f"{exchange.base}/practice/faults", json=order, timeout=10).raise_for_status()
    with pytest.raises(EWSError) as caught:
        draft.send()
    if kind == "busy":
        assert caught.value.back_off == 1.5
    assert not [e for e in read_log(folder / "log.jsonl") if e["event"] == "sent"]
    draft.send()
    assert len([e for e in read_log(folder / "log.jsonl") if e["event"] == "sent"]) == 1


def test_kill_between_draft_and_send_keeps_the_draft(run, account, folder):
    first = run()
    draft_of(account(first, OFFICE), "k-5")
    os.kill(first.pid, signal.SIGKILL)
    first.process.wait()
    log = folder / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole[:-20])  # the mirror lags: it was cut in the middle of a line
    second = run()
    assert log.read_bytes() == whole
    office = account(second, OFFICE)
    (draft,) = office.drafts.filter(practice_key="k-5")
    assert draft.attachments[0].content == DOCX
    draft.send()
    assert office.sent.filter(practice_key="k-5").count() == 1


def test_unknown_recipient_comes_back_as_a_report(exchange, account, folder):
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    draft_of(office, "k-6", to=f"{MEMBER}, nobody@senate-foreign.example").send()
    assert member.inbox.all().count() == 1
    (report,) = office.inbox.all()
    parsed = email.message_from_bytes(report.mime_content, policy=email.policy.default)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed["Return-Path"] == "<>" and parsed["Auto-Submitted"] == "auto-replied"
    assert parsed["From"].addresses[0].addr_spec == "postmaster@practice-exchange.example"
    status = next(part for part in parsed.walk() if part.get_content_type() == "message/delivery-status")
    assert status.get_payload(1)["Status"] == "5.1.1"
    assert status.get_payload(1)["Final-Recipient"] == "rfc822;nobody@senate-foreign.example"
    assert "<key-1@songthan.example>" in next(
        part for part in parsed.walk() if part.get_content_type() == "text/rfc822-headers"
    ).get_payload(decode=True).decode("utf-8")
    (bounced,) = [e for e in read_log(folder / "log.jsonl") if e["event"] == "bounced"]
    assert (bounced["failed"], bounced["key"]) == (["nobody@senate-foreign.example"], "k-6")


def test_nobody_sends_as_somebody_else_but_a_delegate_as_the_shared_box(exchange, account):
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    forged = Message(
        account=member, subject="x", body="y", author=Mailbox(email_address=OFFICE), to_recipients=[OFFICE]
    )
    with pytest.raises(ErrorSendAsDenied):
        forged.send_and_save()
    assert member.sent.all().count() == 0
    from_shared = Message(
        account=office, subject="x", body="y", author=Mailbox(email_address=SHARED), to_recipients=[MEMBER]
    )
    from_shared.send_and_save()
    (got,) = member.inbox.all()
    assert got.author.email_address == SHARED


def test_a_message_made_of_fields_has_text_beside_html_and_no_bcc(exchange, account):
    office, member, friend = (account(exchange, a) for a in (OFFICE, MEMBER, FRIEND))
    Message(
        account=office,
        subject=SUBJECT,
        body=HTMLBody("<p>บรรทัดหนึ่ง<br>บรรทัดสอง &amp; ๓</p>"),
        to_recipients=[Mailbox(name="สมาชิก, ทดลอง", email_address=MEMBER)],
        bcc_recipients=[FRIEND],
        attachments=[FileAttachment(name=NAME, content=DOCX)],
    ).send_and_save()
    for reader in (member, friend):
        (got,) = reader.inbox.all()
        parsed = email.message_from_bytes(got.mime_content, policy=email.policy.default)
        assert parsed["Bcc"] is None and "Bcc" not in got.mime_content.decode("latin-1")
        assert parsed["To"].addresses[0].display_name == "สมาชิก, ทดลอง"
        assert parsed.get_body(("plain",)).get_content().split() == ["บรรทัดหนึ่ง", "บรรทัดสอง", "&", "๓"]
        assert got.attachments[0].content == DOCX
    (sent,) = office.sent.all()
    assert sent.bcc_recipients[0].email_address == FRIEND
