"""Our mail as MIME: multipart/alternative in UTF-8, the same bytes every time for the same mail."""

from __future__ import annotations

import hashlib
import re
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32

from songthan.domain.errors import MailDenied
from songthan.domain.language import say
from songthan.domain.messages import OutgoingMail

__all__ = ["SUBJECT_LIMIT", "body", "build", "head", "own_message_id"]

SUBJECT_LIMIT = 255  # characters; Exchange's own
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")
_WORD = 74  # Python may overrun it by one; RFC 2047 allows an encoded word 75 characters
_KEPT_REFERENCES = 20  # RFC 5322 sets no limit; some gateways refuse very long heads


def own_message_id(key: str, domain: str, *, salt: str) -> str:
    """The Message-ID of the mail with this key: repeatable, so that it is a second way to find the mail again.

    `salt` is the office's own secret: who did not get the mail cannot name it (a forged bounce must name it).
    """
    return f"<{hashlib.sha256(f'{salt}|{key}'.encode()).hexdigest()[:32]}@songthan.{domain}>"


def build(mail: OutgoingMail, *, sender: str, sender_name: str, message_id: str) -> bytes:
    """The raw draft, without Date (the server's) and without files (they are attached one by one). Errors as `head`."""
    return head(mail, sender=sender, sender_name=sender_name, message_id=message_id) + body(mail)


def head(mail: OutgoingMail, *, sender: str, sender_name: str, message_id: str) -> bytes:
    """The header lines up to those that describe the body.

    MailDenied when the subject is longer than Exchange takes, or an address, a Message-ID or the subject holds what
    would start a new header line (RFC 5322).
    """
    replied = [mail.in_reply_to] if mail.in_reply_to else []
    references = [*mail.references[-_KEPT_REFERENCES:]]
    for identity in (message_id, *replied, *references):
        if not _MESSAGE_ID.fullmatch(identity):
            raise MailDenied(say("Message-ID ของจดหมายไม่ถูกรูปแบบ"), where=mail.key, remedy=say("ตรวจจดหมายต้นเรื่องที่จะตอบ"))
    fields = [
        ("From", _mailbox(sender, sender_name, mail.key)),
        ("To", ",\r\n ".join(_mailbox(a, "", mail.key) for a in mail.to)),
        ("Cc", ",\r\n ".join(_mailbox(a, "", mail.key) for a in mail.cc)),
        ("Subject", _subject(mail)),
        ("Message-ID", message_id),
        ("In-Reply-To", mail.in_reply_to),
        ("References", "\r\n ".join(references)),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", _suppress(mail.kind)),
    ]
    if not mail.to:
        raise MailDenied(say("จดหมายไม่มีผู้รับ"), where=mail.key, remedy=say("ตรวจที่อยู่ในทะเบียนสมาชิก"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields if value)
    return lines.encode("ascii")


def _suppress(kind: str) -> str:
    """Which automatic answers our mail asks not to get ([MS-OXCMAIL] 2.1.3.2.21).

    A request or a reminder wants the out-of-office answer: its return date and deputy move the ladder. Nothing answers
    our automatic answers, and all our mail says Auto-Submitted (RFC 3834), so no loop can start.
    """
    return "DR, RN, NRN, AutoReply" if kind in ("request", "reminder", "duties") else "All"


def body(mail: OutgoingMail) -> bytes:
    """The letter as text and HTML, beginning with the header lines that say so."""
    boundary = f"=_songthan_{hashlib.sha256(mail.key.encode()).hexdigest()[:24]}"
    parts = MIMEMultipart("alternative", boundary=boundary)
    parts.attach(MIMEText(mail.text, "plain", "utf-8"))
    parts.attach(MIMEText(mail.html, "html", "utf-8"))
    return parts.as_bytes(policy=compat32.clone(linesep="\r\n"))


def _subject(mail: OutgoingMail) -> str:
    if len(mail.subject) > SUBJECT_LIMIT:
        raise MailDenied(
            say("หัวเรื่องยาว {count} ตัวอักษร เกิน {limit}", count=len(mail.subject), limit=SUBJECT_LIMIT), where=mail.key, remedy=say("ย่อหัวเรื่องในแม่แบบจดหมาย")
        )
    if any(ord(c) < 32 or ord(c) == 127 or c in "\x85\u2028\u2029" for c in mail.subject):
        raise MailDenied(say("หัวเรื่องมีอักขระควบคุมหรือขึ้นบรรทัดใหม่"), where=mail.key, remedy=say("ตรวจข้อมูลที่นำมาใส่หัวเรื่อง"))
    return _encoded(mail.subject, "Subject")


def _mailbox(address: str, name: str, key: str) -> str:
    if not _ADDRESS.fullmatch(address):
        raise MailDenied(say("ที่อยู่จดหมายไม่ถูกรูปแบบ: {address!r}", address=address), where=key, remedy=say("แก้ที่อยู่ในทะเบียนสมาชิก"))
    if any(ord(c) < 32 for c in name):
        raise MailDenied(say("ชื่อผู้ส่งมีอักขระควบคุม"), where=key, remedy=say("แก้ชื่อกล่องจดหมายในทะเบียนสมาชิก"))
    if not name:
        return address
    # Always an encoded word: no quoting rules to get wrong.
    return Header(name, "utf-8", header_name="From").encode(linesep="\r\n", maxlinelen=_WORD) + f" <{address}>"


def _encoded(text: str, name: str) -> str:
    charset = "us-ascii" if text.isascii() else "utf-8"
    return Header(text, charset, header_name=name).encode(linesep="\r\n", maxlinelen=_WORD)
