"""Reports that a mail did not arrive: is this one, whom does it speak of, is it final (RFC 3464, 3463, 5321).

Many servers write no report part at all, only words in their own language; those are read by what such words have in
common: a machine's sender, a subject or sentence of failure, and an address standing where servers put it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from songthan.adapters.parse_headers import addresses, message_ids, split_headers
from songthan.adapters.parse_mime import Part, Tree
from songthan.adapters.parse_text import decode

READ = 20_000
"""Characters of a report's words that are looked at."""

_ADDRESS = re.compile(r"[A-Za-z0-9._%+/-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9]")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_FAILED_STATUS = re.compile(r"(?<![\w.])#?([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_SERVER = re.compile(
    r"^(post-?master|mailer[-_.]?daemon|mail-?daemon|m-?daemon|mail[-_.]delivery[-_.](sub)?system|microsoftexchange[0-9a-f]{20,40})@"
)
_SERVER_NAME = re.compile(
    r"^(mail(er)?[- ]?(delivery|daemon)|(mail )?delivery (sub)?system|postmaster|system administrator|mail administrator)",
    re.I,
)
_SUBJECT = re.compile(
    r"^\s{0,3}(\[[^\]]{1,40}\]\s{0,3}|\*{2,5}\s{0,3})?("
    r"undeliver|non[- ]?deliver|not delivered|returned (mail|message|to sender)|failure (notice|delivery)|failed mail|"
    r"(permanent |message |e-?mail |mail )?delivery (status|has (failed|been delayed)|fail|delay|problem|warning|error|report|subsystem|incomplete|unsuccessful)|"
    r"mail (delivery|system error|failed|failure|error|could not|not delivered)|message (not delivered|could not|undeliverable)|"
    r"your (message|mail|e-?mail) .{0,120}(could not|cannot|not) (be )?delivered|automatically rejected|processing error|delayed\s{0,3}:|"
    r"warning\s{0,3}:.{0,80}(delayed|not (yet )?(been )?deliver|could not|user unknown|unknown)|"
    r"(nicht zustellbar|unzustellbar|non remis|non distribu|no entregad|no se (puede|pudo) entregar|devuel|n[aã]o entregue|mancata consegna)|"
    r"(недоставлен|не доставлен|ваше сообщение не)|退信|系统退信|投递失败|邮件(发送|投递|传送|傳送)?失[败敗]|未送[达達]|無法傳遞|配信不能|配信できません|"
    r"ส่งไม่ได้|ส่งไม่ถึง|ส่งไม่สำเร็จ|ไม่สามารถ(ส่ง|นำส่ง|จัดส่ง)|นำส่งไม่|การส่ง.{0,20}(ล้มเหลว|ล่าช้า|ไม่สำเร็จ)|ล่าช้า\s{0,3}:|(จดหมาย|อีเมล|ข้อความ)ตีกลับ)",
    re.I,
)
_SENTENCE = re.compile(
    r"could not be (delivered|reached|sent)|can(no|')t be delivered|(was|were|has|have) (not|NOT) (yet )?(been )?delivered|"
    r"did (not|NOT) (receive|reach|exactly match)|(unable|able|failed|impossible) to (be )?(deliver|send|relay)|undeliver|not delivered|"
    r"deliver[ye].{0,80}(failed|failure|aborted|postponed|delayed)|permanent(ly)? (fatal )?(error|fail|delivery)|fatal errors?|"
    r"(user|recipient|address|mailbox|host|name|account).{0,30}(unknown|not found|not recognized|does(n't| not) exist|rejected|unavailable|disabled|over quota|is full)|"
    r"(unknown|no such|invalid|unrouteable|bad) (local )?(user|recipient|person|address|mailbox|host|domain)|quota exceeded|exceeded .{0,30}(quota|size)|"
    r"(has been|been|mail|message) returned|delivery attempts|automatically rejected|"
    r"n'a pas pu|nicht zugestellt|no pudo ser entregad|n[aã]o p[oô]de ser entregue|не может быть доставлен|не доставлен|无法(发送|投递|送达)|無法(傳送|傳遞)|配信できません|"
    r"ไม่สามารถ(ส่ง|นำส่ง|จัดส่ง)|ส่ง.{0,20}ไม่(ถึง|สำเร็จ)|ไม่พบ(ผู้รับ|ที่อยู่|กล่องจดหมาย|บัญชี)|กล่องจดหมาย.{0,20}เต็ม",
    re.I,
)
_DELAY = re.compile(
    r"delayed|not yet (been )?deliver|still (being )?(tried|trying)|will (keep|continue)( to)? (trying|retry|attempt|try)|"
    r"(attempts|delivery) (to deliver )?will (continue|be retried|continue to be made)|continue to be made|no action is required|"
    r"(just|only) a warning|advisory[- ]only|postponed|ล่าช้า|จะพยายามส่ง(ต่อ|อีก)|ยังไม่ถึงผู้รับ",
    re.I,
)
_FINAL = re.compile(
    r"giv(en|ing) up|permanent|not going to try again|no further|has been removed from|returned to (the )?sender|fatal|could not be delivered after|"
    r"ยุติการส่ง|จะไม่ส่งอีก",
    re.I,
)
_UNKNOWN_USER = re.compile(
    r"(user|recipient|address|mailbox|account|name).{0,40}(unknown|not found|not recognized|does(n't| not) exist|no longer)|"
    r"(unknown|no such|invalid) (local )?(user|recipient|person|address|mailbox)|ไม่พบ(ผู้รับ|ที่อยู่|กล่องจดหมาย|บัญชี)",
    re.I,
)
_FULL = re.compile(r"quota|mailbox.{0,20}full|full mailbox|กล่องจดหมาย.{0,20}เต็ม", re.I)
#: Where the mail that came back begins inside the words of a report.
_COPY = re.compile(
    r"^[\s>|*=-]{0,80}((the )?original (message|text|mail)|message (text|headers?|body) (follow|removed|suppressed)|message headers? follow|start of returned|"
    r"returned (mail|message)|below this line|this is a copy|here is a copy|unsent message|header of the source|forwarded message|"
    r"a summary of the undelivered|the first .{1,20} lines)|"
    r"^>?\s{0,4}(received|return-path|message-id|mime-version|x-[a-z-]{2,40})\s{0,2}:\s",
    re.I,
)
_HEADER_LINE = re.compile(
    r"^\s{0,10}(from|sender|reply-to|subject|sent|date|to|cc|bcc|จาก|ถึง|เรื่อง|ส่ง|สำเนา)\s{0,4}:", re.I
)
_NAMES_RECIPIENT = re.compile(
    r"recipient|rcpt to|addressed to|addressee|following address|failed address|deliver(ed)? (message )?to|did not receive|did not reach|mailbox|user|ผู้รับ",
    re.I,
)
_HELPER = re.compile(
    r"contact|assist|help|support|question|postmaster|abuse|administrat|message from|sent by|on behalf|ติดต่อ|สอบถาม",
    re.I,
)
_MACHINE = re.compile(r"^(post-?master|mailer[-_.]?daemon|mail-?daemon|m-?daemon|no-?reply|abuse|root|uucp)@")


@dataclass(frozen=True, kw_only=True)
class Report:
    """Whom a mail failed for, the enhanced status (5.x.x: final, 4.x.x: still tried), and our Message-ID if it is told."""

    address: str = ""
    status: str = ""
    message_id: str = ""
    arrived: bool = False


def is_report(tree: Tree, *, sender: str, name: str, subject: str, body: str, auto: bool) -> bool:
    """Does this mail say that another one was not delivered? A stranger's words alone never suffice."""
    if _report_type(tree) == "delivery-status" or any(p.type.endswith("/delivery-status") for p in tree.parts):
        return True
    if tree.headers.has("x-ms-exchange-message-is-ndr") or tree.headers.has("x-failed-recipients"):
        return True
    from_server = not sender or bool(_SERVER.match(sender)) or bool(_SERVER_NAME.match(name))
    nobody = tree.headers.get("return-path").strip() == "<>"
    subject_says = bool(_SUBJECT.match(subject))
    if (from_server and nobody) or (subject_says and (from_server or nobody or auto)):
        return True
    head = _own_words(body)[:4000]
    if not _SENTENCE.search(head):
        return False
    if from_server and sender:
        return True
    # a filter or gateway under a name of its own: only with everything a report has, and no answer to anybody
    return subject_says and not tree.headers.has("in-reply-to") and _best(head, frozenset())[0] >= _SURE


def _report_type(tree: Tree) -> str:
    return tree.params.get("report-type", "").strip().lower() if tree.type == "multipart/report" else ""


def read_report(tree: Tree, *, subject: str, body: str, own: Collection[str], to: Collection[str]) -> Report:
    """What the report says: from its delivery-status part, else from X-Failed-Recipients, else from its words."""
    address, code, action = _status_part(tree)
    if address and action in ("delivered", "relayed", "expanded"):
        return Report(address=address, status=code, message_id=_original(tree), arrived=True)
    words = _own_words(body)
    skipped = {*own, *to}
    address = address or _failed_header(tree) or _best(words, skipped)[1] or _from_subject(subject, skipped)
    address = address or _from_wrapped(tree, skipped) or _recipient_of_copy(tree, skipped)
    if not code:
        found = _FAILED_STATUS.search(words)
        code = found[1] if found else ""
    return Report(address=address, status=_class(code, action, f"{subject}\n{words}"), message_id=_original(tree))


def _class(code: str, action: str, words: str) -> str:
    """The status with its first digit as the action or the words say: «4.4.7 failed» is final, a warning is not."""
    delayed = action == "delayed" or (action != "failed" and bool(_DELAY.search(words)) and not _FINAL.search(words))
    if action not in ("failed", "delayed") and code.startswith("4") and not _FINAL.search(words):
        delayed = delayed or not _SENTENCE.search(words)
    if not code:
        if delayed:
            return "4.0.0"
        return "5.1.1" if _UNKNOWN_USER.search(words) else "5.2.2" if _FULL.search(words) else "5.0.0"
    if delayed:
        return code if code.startswith("4") else "4.0.0"
    return f"5{code[1:]}" if code[0] in "45" else "5.0.0"


def _status_part(tree: Tree) -> tuple[str, str, str]:
    """(address, status, action) of the first recipient a report part names as failed or delayed, else of the first."""
    best = ("", "", "")
    for part in tree.parts:
        if part.type.endswith("/delivery-status"):
            for found in _blocks(part):
                if found[2] in ("failed", "delayed"):
                    return found
                best = best if best[0] else found
    return best


def _blocks(part: Part) -> Iterator[tuple[str, str, str]]:
    text = decode(part.content.head(64_000), None, set()).replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"\n[ \t]{1,200}(?=\S)", " ", text)
    for block in re.split(r"\n[ \t]{0,20}\n", text):
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        address = _recipient(fields)
        if address:
            status = _STATUS.search(fields.get("status", "")) or _FAILED_STATUS.search(
                fields.get("diagnostic-code", "")
            )
            yield address, status[1] if status else "", fields.get("action", "").split(" ")[0].strip(";,.").lower()


def _recipient(fields: dict[str, str]) -> str:
    """The address a block speaks of: the one we wrote to before the one it was forwarded to."""
    for name in ("original-recipient", "final-recipient", "x-actual-recipient", "x-display-name"):
        found = _ADDRESS.search(fields.get(name, ""))
        if found:
            return found[0].lower()
    return ""


def _failed_header(tree: Tree) -> str:
    found = _ADDRESS.search(tree.headers.get("x-failed-recipients"))
    return found[0].lower() if found else ""


def _own_words(body: str) -> str:
    """The report's own words: what stands before the copy of the mail that came back."""
    lines: list[str] = []
    for line in body[:READ].split("\n"):
        if lines and _COPY.match(line[:300]) and any(part.strip() for part in lines):
            break
        lines.append(line[:1000])
    return "\n".join(lines)


_SURE = 4


def _best(words: str, skipped: Collection[str]) -> tuple[int, str]:
    """The address that stands most clearly where servers put the one that failed; (0, «») when there is none."""
    best = (0, "")
    before = ""
    for line in words.split("\n"):
        for found in _ADDRESS.finditer(line):
            address = found[0].lower().strip(".")
            if address in skipped or _MACHINE.match(address):
                continue
            score = _score(line, found[0], before)
            if score > best[0]:
                best = (score, address)
        if line.strip():
            before = line
    return best


def _score(line: str, address: str, before: str) -> int:
    bare = line.strip().lstrip("<>\"'(*-•: \t").lower()
    if _HEADER_LINE.match(line):
        return 1 if re.match(r"\s{0,10}(to|ถึง)\s{0,4}:", line, re.I) and "<>" not in line else 0
    score = 2
    if bare.startswith(address.lower()):
        score += 2 if len(bare) < len(address) + 3 or bare[len(address) : len(address) + 2] in (">:", "> ", ":") else 1
    if _NAMES_RECIPIENT.search(line):
        score += 2
    if _SENTENCE.search(line) or _FAILED_STATUS.search(line) or re.search(r"\b5[0-7]\d\b", line):
        score += 2
    if before.rstrip().endswith((":", ".", "-")) and (_NAMES_RECIPIENT.search(before) or _SENTENCE.search(before)):
        score += 2
    if _HELPER.search(line):
        score -= 3
    return max(score, 1)


def _from_subject(subject: str, skipped: Collection[str]) -> str:
    found = [m[0].lower() for m in _ADDRESS.finditer(subject[:500])]
    return next((a for a in reversed(found) if a not in skipped and not _MACHINE.match(a)), "")


def _copies(tree: Tree) -> Iterator[Part]:
    wanted = ("message/rfc822", "text/rfc822-headers", "message/global-headers", "message/global", "text/rfc822")
    return (p for p in tree.parts if p.type in wanted)


def _from_wrapped(tree: Tree, skipped: Collection[str]) -> str:
    """What a report says that some gateway wrapped into a mail of its own."""
    for part in _copies(tree):
        head = part.content.head(READ)
        headers, start = split_headers(head, 0, len(head), top=True)
        if headers.get("content-type").strip().lower().startswith("multipart/report"):
            return _best(_own_words(decode(head[start:], None, set())), skipped)[1]
    return ""


def _recipient_of_copy(tree: Tree, skipped: Collection[str]) -> str:
    """Whom the returned mail was written to, when that is one person."""
    for part in _copies(tree):
        head = part.content.head(256_000)
        headers, _ = split_headers(head, 0, len(head), top=True)
        people = {a for v in headers.all("to")[:5] for _, a in addresses(v, limit=5)} - set(skipped)
        if len(people) == 1:
            return people.pop()
    return ""


def _original(tree: Tree) -> str:
    """The Message-ID of the mail that came back, or «»."""
    for part in _copies(tree):
        head = part.content.head(256_000)
        headers, _ = split_headers(head, 0, len(head), top=True)
        found = message_ids(headers.all("message-id"))
        if found:
            return found[0]
    found = message_ids([*tree.headers.all("in-reply-to"), *reversed(tree.headers.all("references"))])
    return found[0] if found else ""
