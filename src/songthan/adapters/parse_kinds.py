"""What a mail is by form: bounce, automatic reply, receipt, meeting answer, our own (RFC 3464, 3834, 8098; Exchange)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from songthan.adapters.parse_headers import message_ids, split_headers
from songthan.adapters.parse_mime import Part, Tree
from songthan.adapters.parse_text import decode

_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9]")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_POSTMASTER = re.compile(r"^(postmaster|mailer-daemon|mail-daemon|microsoftexchange[0-9a-f]{20,40})@")
_BOUNCE_SUBJECT = re.compile(
    r"^(undeliver|ส่งไม่ได้|ไม่สามารถส่ง|ส่งไม่สำเร็จ|delivery (status notification|has failed|delayed|failure)|"
    r"mail delivery (failed|failure|subsystem)|returned mail|failure notice|delayed:|ล่าช้า:|การส่งล่าช้า)",
    re.I,
)
_AUTO_SUBJECT = re.compile(
    r"^(automatic reply|auto(matic)?[ -]?reply|out of (the )?office|การตอบกลับอัตโนมัติ|ตอบกลับอัตโนมัติ|"
    r"ไม่อยู่ที่สำนักงาน|อยู่นอกสำนักงาน)\s{0,3}[:：]",
    re.I,
)
_RECEIPT_SUBJECT = re.compile(r"^(read|delivered|not read|อ่านแล้ว|ส่งแล้ว|ไม่ได้อ่าน)\s{0,3}[:：]", re.I)
_MEETING_CLASS = re.compile(r"urn:content-classes:(calendarmessage|appointment)", re.I)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The kind, whether a machine made the mail, and for a bounce whom it failed for, its status and our Message-ID."""

    kind: str = "mail"
    auto: bool = False
    bounced_address: str = ""
    bounce_status: str = ""
    bounced_message_id: str = ""


def kind_of(tree: Tree, *, sender: str, subject: str, body: str, own: Collection[str], proven: bool) -> Kind:
    """What this mail is. The order matters: a bounce is also automatic, our own mail may carry a calendar.

    Our own mail is one from our own address that our server proved (`proven`): anybody can write our headers.
    """
    auto = _is_auto(tree)
    if _is_bounce(tree, sender, subject):
        return _bounce(tree, body, own)
    if _is_receipt(tree, subject):
        return Kind(kind="receipt", auto=True)
    if proven and sender in own:
        return Kind(kind="own", auto=True)
    if any(p.type == "text/calendar" and p.params.get("method") for p in tree.parts) or _MEETING_CLASS.search(
        tree.headers.get("content-class")
    ):
        return Kind(kind="meeting", auto=auto)
    if _is_auto_reply(tree, subject):
        return Kind(kind="auto-reply", auto=True)
    return Kind(auto=auto)


def _word(tree: Tree, name: str) -> str:
    return tree.headers.get(name).strip().lower()


def _is_auto(tree: Tree) -> bool:
    submitted = _word(tree, "auto-submitted").partition(";")[0].strip()
    suppress = re.split(r"[\s,;]+", _word(tree, "x-auto-response-suppress"))
    return (
        submitted not in ("", "no")
        or _word(tree, "precedence") in ("bulk", "junk", "list", "auto_reply")
        or tree.headers.has("list-id")
        or tree.headers.get("return-path").strip() == "<>"
        or "all" in suppress
        or "oof" in suppress
    )


def _is_auto_reply(tree: Tree, subject: str) -> bool:
    submitted = _word(tree, "auto-submitted").partition(";")[0].strip()
    return (
        submitted == "auto-replied"
        or _word(tree, "precedence") == "auto_reply"
        or any(tree.headers.has(n) for n in ("x-autoreply", "x-autorespond", "x-autoreply-from"))
        or bool(_AUTO_SUBJECT.match(subject))
    )


def _report_type(tree: Tree) -> str:
    return tree.params.get("report-type", "").strip().lower() if tree.type == "multipart/report" else ""


def _is_bounce(tree: Tree, sender: str, subject: str) -> bool:
    if _report_type(tree) == "delivery-status" or any(p.type == "message/delivery-status" for p in tree.parts):
        return True
    if tree.headers.has("x-ms-exchange-message-is-ndr") or tree.headers.has("x-failed-recipients"):
        return True
    from_server = bool(_POSTMASTER.match(sender)) or not sender
    nobody = tree.headers.get("return-path").strip() == "<>"
    return (from_server and nobody) or ((from_server or nobody) and bool(_BOUNCE_SUBJECT.match(subject)))


def _is_receipt(tree: Tree, subject: str) -> bool:
    if _report_type(tree) == "disposition-notification":
        return True
    if any(p.type == "message/disposition-notification" for p in tree.parts):
        return True
    machine = _is_auto(tree) or "ipm.note.ipnrn" in _word(tree, "x-ms-exchange-messageclass")
    return machine and bool(_RECEIPT_SUBJECT.match(subject))


def _bounce(tree: Tree, body: str, own: Collection[str]) -> Kind:
    """Whom it failed for: from the delivery-status part, else from X-Failed-Recipients, else from the words."""
    status = next((p for p in tree.parts if p.type == "message/delivery-status"), None)
    address, code, action = _fields(status) if status else ("", "", "")
    if not address:
        words = f"{tree.headers.get('x-failed-recipients')}\n{body[:20_000]}"
        skipped = {*own}
        found = (m[0].lower() for m in _ADDRESS.finditer(words))
        address = next((a for a in found if a not in skipped and not _POSTMASTER.match(a)), "")
    if not code:
        match = _STATUS.search(body[:20_000])
        code = match[1] if match else {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "")
    if action == "delayed" and code.startswith("5"):
        code = "4.0.0"
    return Kind(kind="bounce", auto=True, bounced_address=address, bounce_status=code,
                bounced_message_id=_original(tree))  # fmt: skip


def _fields(part: Part) -> tuple[str, str, str]:
    """(address, status, action) of the first recipient block with a failure or delay."""
    text = decode(part.data[:64_000], None, set()).replace("\r\n", "\n")
    best = ("", "", "")
    for block in text.split("\n\n"):
        fields = {}
        for line in block.split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        recipient = fields.get("original-recipient") or fields.get("final-recipient", "")
        match = _ADDRESS.search(recipient)
        if match:
            status = _STATUS.search(fields.get("status", ""))
            found = (match[0].lower(), status[1] if status else "", fields.get("action", "").lower())
            if found[2] in ("failed", "delayed"):
                return found
            best = best if best[0] else found
    return best


def _original(tree: Tree) -> str:
    """The Message-ID of the mail that came back, or «»."""
    for part in tree.parts:
        if part.type in ("message/rfc822", "text/rfc822-headers", "message/global-headers", "message/global"):
            headers, _ = split_headers(part.data, 0, min(len(part.data), 256_000), top=True)
            found = message_ids(headers.all("message-id"))
            if found:
                return found[0]
    found = message_ids([*tree.headers.all("in-reply-to"), *reversed(tree.headers.all("references"))])
    return found[0] if found else ""
