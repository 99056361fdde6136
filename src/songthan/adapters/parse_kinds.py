"""What a mail is by form: bounce, automatic reply, receipt, meeting answer, our own (RFC 3464, 3834, 8098; Exchange)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from songthan.adapters.parse_bounce import is_report, read_report
from songthan.adapters.parse_mime import Part, Tree

_AUTO_SUBJECT = re.compile(
    r"^\s{0,3}\[?(?:(?:"
    # words only a machine writes over its mail, before a colon, a bracket or nothing
    r"automatic (?:reply|response)|auto(?:matic)?[ _-]?(?:reply|response|responder|answer)|auto|out of (?:the )?office auto-?reply|"
    r"vacation (?:reply|response|message)|automatische (?:antwort|beantwortung)|abwesenheits(?:notiz|nachricht|assistent|meldung)|"
    r"r[ée]ponse automatique|respuesta autom[áa]tica|resposta autom[áa]tica|risposta automatica|automatisch antwoord|autosvar|"
    r"automaattinen vastaus|(?:odpowied[źz] automatyczna|automatyczna odpowied[źz])|automatick[áa] odpov[ěe][ďd]|автоматический ответ|автоответ|"
    r"自动(?:回复|答复)|自動(?:回覆|回信|応答|返信)|不在通知|자동 ?회신|tr[ảa] l[ờo]i t[ựu] [đd][ộo]ng|balasan otomatis|jawapan automatik|"
    r"(?:การ|ข้อความ)?ตอบ(?:กลับ)?(?:โดย)?อัตโนมัติ)\s{0,3}(?:[:：\[\](|–-]|re\b|$)|(?:"
    # words a person may write too: a machine puts a colon and the old subject behind them
    r"out of (?:the )?office|ooo|on (?:vacation|leave)|away from (?:my|the) (?:office|mail)|absence du bureau|message d'absence|"
    r"fuera de (?:la )?oficina|fuori sede|abwesend|afwezig|нет на рабочем месте|부재중|"
    r"(?:ไม่อยู่|อยู่นอก|ไม่ได้อยู่)(?:ที่)?(?:สำนักงาน|ที่ทำงาน|โต๊ะทำงาน))\s{0,3}[:：]|"
    # Notes: «Somebody is out of the office (returning 20/03/2023)»
    r"(?:auto\s?:\s{0,3})?.{1,60} (?:is|am|will be) (?:currently )?(?:out of|away from|not in) (?:the |my )?office\b)",
    re.I,
)
_AUTO_HEADERS = (
    "x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-auto-reply-from", "x-mail-autoreply", "x-vacation",
    "x-amazon-auto-reply",
)  # fmt: skip
_RECEIPT_SUBJECT = re.compile(
    r"^(read|delivered|not read|relayed|return receipt(?: \(displayed\))?|gelesen|lu|le[íi]do|lida|прочтено|已读|已讀|開封済み|อ่านแล้ว|ส่งแล้ว|ส่งถึงแล้ว|ไม่ได้อ่าน|ยังไม่ได้อ่าน)\s{0,3}[:：]",
    re.I,
)
_MEETING_CLASS = re.compile(r"urn:content-classes:(calendarmessage|appointment)", re.I)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The kind, whether a machine made the mail, and for a bounce whom it failed for, its status and our Message-ID."""

    kind: str = "mail"
    auto: bool = False
    bounced_address: str = ""
    bounce_status: str = ""
    bounced_message_id: str = ""


def kind_of(
    tree: Tree,
    *,
    sender: str,
    name: str,
    subject: str,
    body: str,
    own: Collection[str],
    to: Collection[str],
    proven: bool,
) -> Kind:
    """What this mail is. The order matters: a bounce is also automatic, our own mail may carry a calendar.

    Our own mail is one from our own address that our server proved (`proven`): anybody can write our headers.
    """
    auto = _is_auto(tree)
    if is_report(tree, sender=sender, name=name, subject=subject, body=body, auto=auto):
        report = read_report(tree, subject=subject, body=body, own=own, to=to)
        # a report that it did arrive is a receipt
        return Kind(kind="receipt" if report.arrived else "bounce", auto=True, bounced_address=report.address,
                    bounce_status=report.status, bounced_message_id=report.message_id)  # fmt: skip
    if _is_receipt(tree, subject):
        return Kind(kind="receipt", auto=True)
    if proven and sender in own:
        return Kind(kind="own", auto=True)
    if any(_is_invitation(p) for p in tree.parts) or _MEETING_CLASS.search(tree.headers.get("content-class")):
        return Kind(kind="meeting", auto=auto)
    if _is_auto_reply(tree, subject):
        return Kind(kind="auto-reply", auto=True)
    return Kind(auto=auto)


def _is_invitation(part: Part) -> bool:
    """An event with a method is sent to be answered; a calendar without one is a file (RFC 6047)."""
    if part.type != "text/calendar":
        return False
    return bool(part.params.get("method")) or b"\nMETHOD:" in part.content.head(2000).upper()


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
    submitted = _word(tree, "auto-submitted")
    return (
        submitted.partition(";")[0].strip() == "auto-replied"
        or "vacation" in submitted
        or _word(tree, "precedence") == "auto_reply"
        or _word(tree, "x-autogenerated") == "reply"
        or "autoresponder" in _word(tree, "x-post-messageclass")
        or "ipm.note.rules." in _word(tree, "x-ms-exchange-messageclass")
        or any(tree.headers.has(n) for n in _AUTO_HEADERS)
        or bool(_AUTO_SUBJECT.match(subject))
    )


def _report_type(tree: Tree) -> str:
    return tree.params.get("report-type", "").strip().lower() if tree.type == "multipart/report" else ""


def _is_receipt(tree: Tree, subject: str) -> bool:
    if _report_type(tree) == "disposition-notification":
        return True
    if any(p.type == "message/disposition-notification" for p in tree.parts):
        return True
    machine = _is_auto(tree) or "ipm.note.ipnrn" in _word(tree, "x-ms-exchange-messageclass")
    return machine and bool(_RECEIPT_SUBJECT.match(subject))
