"""The non-delivery report Exchange puts into the sender's Inbox (RFC 3464 multipart/report, status 5.x.x)."""

from datetime import datetime
from email.utils import format_datetime, make_msgid
from html import escape

from songthan.practice.exchange import headers, message

#: why a mail does not arrive: status, the server's words, and what a person is told in Thai and English
REASONS = {
    "unknown": (
        "5.1.1",
        "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found",
        "ไม่พบที่อยู่อีเมลที่ท่านระบุ โปรดตรวจสอบที่อยู่อีเมลของผู้รับแล้วส่งใหม่อีกครั้ง",
        "The email address you entered couldn't be found. Please check the recipient's email address and try to"
        " resend the message.",
    ),
    "full": (
        "5.2.2",
        "554 5.2.2 STOREDRV.Deliver.Exception:QuotaExceededException; mailbox full",
        "กล่องจดหมายของผู้รับเต็ม โปรดส่งใหม่ในภายหลังหรือติดต่อผู้รับโดยตรง",
        "The recipient's mailbox is full and can't accept messages now. Please try resending your message later, or"
        " contact the recipient directly.",
    ),
}


def undeliverable(*, original: bytes, failed: dict[str, str], sender: str, server_name: str, at: datetime) -> bytes:
    """Build the report about `failed` (address: one of REASONS) for `sender`, original headers attached."""
    fields, _ = headers.split(original)
    subject = headers.decoded(headers.first(fields, "subject") or "")
    original_id = headers.first(fields, "message-id") or ""
    boundary = message.new_boundary()
    top: headers.Fields = [
        ("from", f"From: Microsoft Outlook <postmaster@{server_name}>\r\n".encode()),
        ("to", headers.address_line("To", [["", sender]])),
        ("date", f"Date: {format_datetime(at)}\r\n".encode()),
        ("subject", headers.text_line("Subject", f"ไม่สามารถส่งได้: {subject}")),
        ("message-id", f"Message-ID: {make_msgid(domain=server_name)}\r\n".encode()),
        ("in-reply-to", f"In-Reply-To: {original_id}\r\n".encode()),
        ("references", f"References: {original_id}\r\n".encode()),
        ("auto-submitted", b"Auto-Submitted: auto-replied\r\n"),
        ("x-ms-exchange-message-is-ndr", b"X-MS-Exchange-Message-Is-Ndr:\r\n"),
        ("mime-version", b"MIME-Version: 1.0\r\n"),
        (
            "content-type",
            b'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="' + boundary + b'"\r\n',
        ),
    ]
    content, body = message.body_entity(_words(failed, subject, server_name), "HTML")
    parts = [
        headers.join(content, body),
        b"Content-Type: message/delivery-status\r\n\r\n" + _status(failed, server_name, at),
        b"Content-Type: text/rfc822-headers; charset=utf-8\r\n\r\n" + b"".join(line for _, line in fields),
    ]
    inner = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return headers.join(top, inner + b"--" + boundary + b"--\r\n")


def _status(failed: dict[str, str], server_name: str, at: datetime) -> bytes:
    blocks = [f"Reporting-MTA: dns;{server_name}\r\nArrival-Date: {format_datetime(at)}\r\n"]
    for address, reason in failed.items():
        status, diagnostic, _, _ = REASONS[reason]
        blocks.append(
            f"Original-Recipient: rfc822;{address}\r\nFinal-Recipient: rfc822;{address}\r\nAction: failed\r\n"
            f"Status: {status}\r\nDiagnostic-Code: smtp;{diagnostic}\r\n"
        )
    return "\r\n".join(blocks).encode("utf-8")


def _words(failed: dict[str, str], subject: str, server_name: str) -> str:
    people = "".join(f"<li>{escape(address)}</li>" for address in failed)
    reasons = [REASONS[reason] for reason in dict.fromkeys(failed.values())]
    told = "".join(f"<p>{thai}</p><p>{english}</p>" for _, _, thai, english in reasons)
    codes = "<br>".join(diagnostic for _, diagnostic, _, _ in reasons)
    return (
        "<html><body><p>ไม่สามารถส่งข้อความถึงผู้รับหรือกลุ่มผู้รับต่อไปนี้:</p>"
        "<p>Delivery has failed to these recipients or groups:</p>"
        f"<ul>{people}</ul>{told}"
        f"<p>เรื่อง: {escape(subject)}</p>"
        f"<p>Generating server: {escape(server_name)}<br>{codes}</p>"
        "</body></html>"
    )
