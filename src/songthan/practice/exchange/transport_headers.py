"""What the server writes on top of a message it delivers, and what it takes away (RFC 5322, 8601).

A reader may trust only the topmost Authentication-Results; so ours come first, and lines that pretend to be
ours, with every X-MS-Exchange-Organization-*, are removed from whatever comes in.
"""

from datetime import datetime
from email.utils import format_datetime

from songthan.practice.exchange import headers

ORGANISATION = "x-ms-exchange-organization-"


def cleaned(fields: headers.Fields, *, server_name: str) -> headers.Fields:
    """Without Bcc, Return-Path, our own Authentication-Results and the organisation's private headers."""
    kept = headers.without(fields, "bcc", "return-path")
    kept = [entry for entry in kept if not entry[0].startswith(ORGANISATION)]
    return [entry for entry in kept if not _names_us(entry, server_name.lower())]


def _names_us(entry: tuple[str, bytes], server_name: str) -> bool:
    # any mention counts: comments and versions in authserv-id give a forger many ways to write our name
    name, line = entry
    if name == "arc-authentication-results":
        return server_name in headers.text_of(line).lower()
    return name == "authentication-results" and server_name in headers.text_of(line).lower().partition(";")[0]


def bare(raw: bytes) -> bytes:
    """The message without what a client thought up: X- headers and the marks of automatic mail."""
    fields, body = headers.split(raw)
    return headers.join([f for f in fields if not f[0].startswith(("x-", "auto-", "list-"))], body)


def internal_results(*, server_name: str, domain: str, sender: str) -> bytes:
    """Authentication-Results for mail its logged-in owner submitted."""
    text = (
        f"Authentication-Results: {server_name};\r\n spf=pass smtp.mailfrom={sender};\r\n"
        f" dkim=pass header.d={domain};\r\n dmarc=pass action=none header.from={domain};\r\n"
        f" compauth=pass reason=100\r\n"
    )
    return text.encode("utf-8")


def outside_results(*, server_name: str, domain: str, mail_from: str, verdict: str) -> bytes:
    """Authentication-Results for outside mail; `verdict` is pass or fail."""
    reason = "100" if verdict == "pass" else "000"
    action = "none" if verdict == "pass" else "quarantine"
    text = (
        f"Authentication-Results: {server_name};\r\n spf={verdict} smtp.mailfrom={mail_from};\r\n"
        f" dkim={verdict} header.d={domain};\r\n dmarc={verdict} action={action} header.from={domain};\r\n"
        f" compauth={verdict} reason={reason}\r\n"
    )
    return text.encode("utf-8")


def received(*, server_name: str, came_from: str, protocol: str, recipient: str, at: datetime) -> bytes:
    """The Received line of this delivery."""
    text = (
        f"Received: from {came_from} by {server_name}\r\n with {protocol} for <{recipient}>;\r\n"
        f" {format_datetime(at)}\r\n"
    )
    return text.encode("utf-8")


def stamped(
    raw: bytes,
    *,
    server_name: str,
    came_from: str,
    protocol: str,
    recipient: str,
    at: datetime,
    results: bytes | None,
    auth_as: str,
    return_path: str,
) -> bytes:
    """The message as it lies in the recipient's mailbox; `auth_as` is Internal or Anonymous."""
    fields, body = headers.split(raw)
    top: headers.Fields = [
        (
            "received",
            received(server_name=server_name, came_from=came_from, protocol=protocol, recipient=recipient, at=at),
        ),
    ]
    if results is not None:
        top.append(("authentication-results", results))
    top.append((ORGANISATION + "authas", f"X-MS-Exchange-Organization-AuthAs: {auth_as}\r\n".encode()))
    top.append((ORGANISATION + "authsource", f"X-MS-Exchange-Organization-AuthSource: {server_name}\r\n".encode()))
    top.append(("return-path", f"Return-Path: <{return_path}>\r\n".encode()))
    return headers.join(top + cleaned(fields, server_name=server_name), body)
