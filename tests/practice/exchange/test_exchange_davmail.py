"""Held against DavMail: what a mail program writes by IMAP and SMTP, exchangelib reads, and the other way about."""

import email
import email.policy
import hashlib
import imaplib
import smtplib
from email.message import EmailMessage

import pytest
from davmail_gateway import gateway
from exchangelib import FileAttachment, HTMLBody, Message
from practice_world import MEMBER, OFFICE, PASSWORDS

from songthan.practice.exchange import read_log
from wire_check import check_wire

pytestmark = pytest.mark.real

NAME = "แบบรายงาน ไตรมาส ๒.docx"
FILE = bytes(range(256)) * 400
TEXT = "เรียน ท่านสมาชิก\n\nจำนวน ๑๒ คน\n"


def digest(content: bytes) -> str:
    """sha256 of the content."""
    return hashlib.sha256(content).hexdigest()


def pieces(raw: bytes) -> dict[str, str]:
    """sha256 of every text part (its line ends made one) and of every attachment, by content type and name."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    found = {}
    for part in parsed.walk():
        if part.is_multipart():
            continue
        content = part.get_content()
        if isinstance(content, str):
            content = content.replace("\r\n", "\n").strip().encode("utf-8")
        found[f"{part.get_content_type()} {part.get_filename()}"] = digest(content)
    return found


def thai_mail(sender: str, to: str) -> EmailMessage:
    """A mail as a mail program writes it."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, "ส่งแบบรายงาน ไตรมาส ๒"
    mail["Message-ID"] = "<program-1@senate-foreign.example>"
    mail.set_content(TEXT)
    mail.add_alternative("<p>เรียน ท่านสมาชิก</p><p>จำนวน ๑๒ คน</p>", subtype="html")
    mail.add_attachment(FILE, maintype="application", subtype="octet-stream", filename=NAME)
    return mail


def open_imap(port: int, address: str) -> imaplib.IMAP4:
    """A logged-in IMAP client."""
    client = imaplib.IMAP4("127.0.0.1", port, timeout=30)
    client.login(address, PASSWORDS[address])
    return client


def test_mail_programs_and_exchangelib_read_each_other_byte_for_byte(exchange, account, folder):
    office, member = account(exchange, OFFICE), account(exchange, MEMBER)
    draft = Message(
        account=office,
        folder=office.drafts,
        subject="ขอความอนุเคราะห์",
        body=HTMLBody("<p>จำนวน ๑๒ คน</p>"),
        to_recipients=[MEMBER],
    )
    draft.save()
    draft.attach(FileAttachment(name=NAME, content=FILE))
    draft.send()
    with gateway(exchange.url, folder / "davmail") as ports:
        # a program sends by SMTP, exchangelib reads both copies
        written = thai_mail(MEMBER, OFFICE)
        with smtplib.SMTP("127.0.0.1", ports.smtp, timeout=30) as smtp:
            smtp.login(MEMBER, PASSWORDS[MEMBER])
            smtp.send_message(written)
        (got,) = office.inbox.all()
        (kept,) = member.sent.all()
        assert pieces(got.mime_content) == pieces(kept.mime_content) == pieces(written.as_bytes())
        assert (got.subject, got.message_id) == (written["Subject"], written["Message-ID"])
        assert digest(got.attachments[0].content) == digest(FILE) and got.attachments[0].name == NAME

        # exchangelib sent, a program reads by IMAP
        imap = open_imap(ports.imap, MEMBER)
        assert imap.select("INBOX") == ("OK", [b"1"])
        raw = imap.fetch("1", "(BODY.PEEK[])")[1][0][1]
        (received,) = member.inbox.all()
        assert pieces(raw) == pieces(received.mime_content)
        assert [told for name, told in pieces(raw).items() if name.endswith(NAME)] == [digest(FILE)]

        # it makes a folder, marks and moves the mail, and exchangelib sees it there
        assert imap.create("Taken")[0] == "OK"
        assert imap.store("1", "+FLAGS", r"(\Seen)")[0] == "OK"
        assert imap.copy("1", "Taken")[0] == "OK"
        assert imap.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
        imap.expunge()
        imap.logout()
        member.root.clear_cache()
        assert member.inbox.all().count() == 0
        (moved,) = (member.msg_folder_root / "Taken").all()
        assert moved.is_read and pieces(moved.mime_content) == pieces(received.mime_content)

        # a program puts a mail into the Sent folder itself: it is no draft
        other = open_imap(ports.imap, OFFICE)
        assert other.append("Sent", r"(\Seen)", None, thai_mail(OFFICE, MEMBER).as_bytes())[0] == "OK"
        other.logout()
    put_in = next(m for m in office.sent.all() if m.subject == written["Subject"])
    assert not put_in.is_draft and pieces(put_in.mime_content) == pieces(thai_mail(OFFICE, MEMBER).as_bytes())
    sent = [e for e in read_log(folder / "log.jsonl") if e["event"] == "sent"]
    assert [e["mailbox"] for e in sent] == [OFFICE, MEMBER]
    check_wire(folder / "wire.jsonl")


def test_davmail_logs_in_by_ntlm_too(run, account, folder):
    exchange = run("ntlm")
    with gateway(exchange.url, folder / "davmail") as ports:
        imap = imaplib.IMAP4("127.0.0.1", ports.imap, timeout=30)
        # domain and name as Windows writes them; imaplib does not quote a name, and IMAP takes a backslash for a quote
        imap.login(r"senate-foreign\\office", PASSWORDS[OFFICE])
        assert imap.append("INBOX", None, None, thai_mail(MEMBER, OFFICE).as_bytes())[0] == "OK"
        assert imap.select("INBOX") == ("OK", [b"1"])
        raw = imap.fetch("1", "(BODY.PEEK[])")[1][0][1]
        with pytest.raises(imaplib.IMAP4.error, match="LOGIN failed"):
            imaplib.IMAP4("127.0.0.1", ports.imap, timeout=30).login(r"senate-foreign\\member", "wrong")
        imap.logout()
    assert pieces(raw) == pieces(thai_mail(MEMBER, OFFICE).as_bytes())
    refused = {e["mailbox"].lower() for e in read_log(folder / "log.jsonl") if e["event"] == "login_refused"}
    assert refused == {r"senate-foreign\member"}
