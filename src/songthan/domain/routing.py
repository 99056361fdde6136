"""The route of a message: facts about it, rules with conditions, first match wins (DESIGN: rules answer, the chain decides).

Pure: the facts are gathered elsewhere (roster, ledger, reader); here nothing is looked up and nothing can fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from songthan.domain.messages import Attachment, Message, Route, RouteKind
from songthan.domain.thai import canonical

__all__ = [
    "CATCH_ALL",
    "PURPOSES",
    "ROUTES",
    "RULE_KEYS",
    "SIGNING_THREADS",
    "RoutingFacts",
    "Rule",
    "RuleKey",
    "SenderIs",
    "decide_route",
    "match",
    "own_words",
]

SenderIs = Literal[
    "member", "deputy", "director", "registry", "secretary", "own", "alias", "lookalike", "stranger"
]  # fmt: skip
ROUTES: tuple[str, ...] = get_args(RouteKind)
PURPOSES: Mapping[str, tuple[str, ...]] = {
    "accept": ("form", "signature", "acknowledgement"),
    "note": ("bounce", "out-of-office", "receipt", "meeting", "duplicate", "own", "empty", "delayed"),
    "hold": ("", "pen"),
    "quarantine": ("",),
}
"""What `purpose` a rule of each route may name (see `domain.messages.Route`)."""

_SENDERS = get_args(SenderIs)
_THREADS = (
    "request", "reminder", "please_correct", "need_file", "not_valid", "receipt", "director", "registry", "digest",
    "missed", "alarm", "bounce_notice", "hold_notice", "duty_changed", "duties", "sign", "receipt_request", "pen_again", "none",
)
#: Our letters about a report that waits for a signature.
SIGNING_THREADS = frozenset({"director", "sign", "pen_again"})  # fmt: skip
MATCHED_TEXT = 20_000
"""Characters of a text that a rule's pattern is tried on."""


@dataclass(frozen=True, kw_only=True)
class RoutingFacts:
    """Everything the rules may ask about one message.

    `sender_is` is decided by address, in this order: our own mailbox; director; registry; secretary; «member» or
    «deputy» (a member's registered deputy, when he owes nothing himself); «alias» (an unknown address that carries a
    member's name); «lookalike» (a domain or name that only resembles ours); «stranger». `sender_member` is the member's
    id. `owes` holds ids of open assignments the sender may answer: his own and those he is deputy for.
    `form*` describe the first recognised form file; all are False/None/empty when `forms` is 0. A token only
    identifies: `form_holder_matches` says whether the sender holds that assignment or is its holder's registered
    deputy. `thread_*` come from In-Reply-To/References (of a bounce: from the bounced Message-ID) when that mail is
    ours; `thread_kind` is the OutgoingMail's kind. `duplicate`: the same raw bytes, or the same Message-ID with the
    same attachments, were taken in before. `frozen`: the bundle of the form's deadline is already compiled.
    `signs`: the sender is who signs: the director, or who acts for him about a report that was laid before him. `sheets`:
    scanned or photographed pages while a report waits for its signature: «coded» when one carries the code of a page to
    sign, «bare» when the sender signs and none does, «none».
    """

    message: Message
    sender_is: SenderIs
    sender_member: str | None = None
    owes: tuple[str, ...] = ()
    forms: int = 0
    form_token_known: bool = False
    form_assignment: str | None = None
    form_holder_matches: bool = False
    form_deadline_matches: bool = False
    form_version_matches: bool = False
    form_verdict: str = ""
    form_codes: tuple[str, ...] = ()
    thread_assignment: str | None = None
    thread_deadline: str | None = None
    thread_kind: str | None = None
    duplicate: bool = False
    frozen: bool = False
    signs: bool = False
    sheets: str = "none"
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: all conditions of `when` must hold (none: always). `source` is the file, for messages to people."""

    number: int
    name: str
    when: Mapping[str, object] = field(default_factory=dict)
    route: RouteKind
    purpose: str = ""
    reason: str
    source: str = ""


CATCH_ALL = Rule(
    number=99,
    name="99_catch_all",
    route="hold",
    reason="ไม่มีกฎข้อใดตรงกับจดหมายฉบับนี้ โปรดเปิดอ่านแล้วพิจารณาว่าจะรับหรือไม่รับ",
    source="songthan.domain.routing",
)
"""Used when a chain (one not made by the loader) ends without a catch-all: nothing is ever left without a route."""


def decide_route(facts: RoutingFacts, rules: Sequence[Rule]) -> Route:
    """The first matching rule's route, by number; CATCH_ALL when none matches."""
    rule = next((r for r in sorted(rules, key=lambda r: r.number) if match(r, facts)), CATCH_ALL)
    return Route(route=rule.route, rule=rule.name, reason=rule.reason, purpose=rule.purpose,
                 assignment=_assignment(facts))  # fmt: skip


def _assignment(facts: RoutingFacts) -> str | None:
    """The assignment a message is about: by the form, else the thread, else the only one owed."""
    only = facts.owes[0] if len(facts.owes) == 1 else None
    return facts.form_assignment or facts.thread_assignment or only


def match(rule: Rule, facts: RoutingFacts) -> bool:
    """Do all conditions of the rule hold? KeyError for a key that is not in RULE_KEYS (the loader refuses those)."""
    return all(RULE_KEYS[key].holds(wanted, facts) for key, wanted in rule.when.items())


_QUOTE_HEAD = re.compile(
    r"^\s{0,10}(-{2,30}\s{0,3}(original message|forwarded message|ข้อความเดิม|ข้อความต้นฉบับ|ข้อความที่ส่งต่อ)|_{20,80}\s{0,5}$|"
    r"(from|จาก)\s{0,3}:.{0,300}$|on .{4,200}(wrote|เขียน)\s{0,3}:\s{0,3}$|(เมื่อ|ใน |เมื่อวันที่).{2,200}เขียน(ว่า)?\s{0,3}:?\s{0,3}$)",
    re.I,
)
_QUOTE_NEXT = re.compile(r"^\s{0,10}\*?(sent|date|to|subject|ส่ง|ส่งเมื่อ|วันที่|ถึง|เรื่อง|หัวเรื่อง)\s{0,3}:", re.I)


def own_words(body: str) -> str:
    """What the sender wrote himself: the body without quoted lines («>») and without the mail he answers below it.

    A «จาก:» line counts as the head of a quoted mail only when a «ส่ง:», «ถึง:» or «เรื่อง:» line follows closely.
    """
    kept: list[str] = []
    lines = body[:200_000].split("\n")
    for index, line in enumerate(lines):
        if line.lstrip().startswith(">"):
            continue
        head = _QUOTE_HEAD.match(line[:400])
        if head:
            fields = line.lstrip().lower().startswith(("from", "จาก"))
            if not fields or any(_QUOTE_NEXT.match(n[:400]) for n in lines[index + 1 : index + 5]):
                break
        kept.append(line)
    return "\n".join(kept).strip()


@dataclass(frozen=True, kw_only=True)
class RuleKey:
    """A condition a rule may state: what it means, what its value looks like, and how it is tried.

    `value` names the shape the loader checks: «bool», «int», «words» (one word or a list of words out of `words`, any word
    when that is empty), «regex», «header» (table name + pattern), «count» (a number, or a table with min and/or max).
    """

    th: str
    en: str
    value: str
    holds: Callable[[object, RoutingFacts], bool]
    words: tuple[str, ...] = ()


def _listed(wanted: object) -> tuple[object, ...]:
    return tuple(wanted) if isinstance(wanted, (list, tuple, set, frozenset)) else (wanted,)


def _word(th: str, en: str, get: Callable[[RoutingFacts], str], words: Iterable[str] = ()) -> RuleKey:
    def holds(wanted: object, facts: RoutingFacts) -> bool:
        return get(facts) in _listed(wanted)

    return RuleKey(th=th, en=en, value="words", holds=holds, words=tuple(words))


def _any(th: str, en: str, get: Callable[[RoutingFacts], Iterable[str]], words: Iterable[str] = ()) -> RuleKey:
    def holds(wanted: object, facts: RoutingFacts) -> bool:
        return not set(_listed(wanted)).isdisjoint(get(facts))

    return RuleKey(th=th, en=en, value="words", holds=holds, words=tuple(words))


def _flag(th: str, en: str, get: Callable[[RoutingFacts], bool]) -> RuleKey:
    return RuleKey(th=th, en=en, value="bool", holds=lambda wanted, facts: bool(get(facts)) is wanted)


def _pattern(th: str, en: str, get: Callable[[RoutingFacts], Iterable[str]]) -> RuleKey:
    def holds(wanted: object, facts: RoutingFacts) -> bool:
        return any(_found(wanted, text) for text in get(facts))

    return RuleKey(th=th, en=en, value="regex", holds=holds)


def _found(pattern: object, text: str) -> bool:
    """Compared in the one spelling of Thai: what a Macintosh wrote in pieces (ํ + า for ำ) meets the same rule."""
    return re.search(str(pattern), canonical(text[:MATCHED_TEXT]), re.I) is not None


def _header(wanted: object, facts: RoutingFacts) -> bool:
    name, pattern = (str(wanted["name"]).lower(), wanted["pattern"]) if isinstance(wanted, Mapping) else ("", "")
    return any(key.lower() == name and _found(pattern, value) for key, value in facts.message.headers)


def _forms(wanted: object, facts: RoutingFacts) -> bool:
    if isinstance(wanted, Mapping):
        return int(wanted.get("min", 0)) <= facts.forms <= int(wanted.get("max", facts.forms))
    return facts.forms == wanted


def _real(facts: RoutingFacts) -> tuple[Attachment, ...]:
    """Attachments a person sent on purpose: no logos, no parts of a delivery report, no wrapper of Outlook's (what was in it
    stands beside it)."""
    return tuple(a for a in facts.message.attachments if a.role not in ("inline", "delivery-status", "tnef"))


def _content_types(facts: RoutingFacts) -> tuple[str, str]:
    """The type the mail declares for itself (RFC 2045: text/plain when it says nothing), and its kind with a star."""
    value = next((value for key, value in facts.message.headers if key.lower() == "content-type"), "text/plain")
    kind = value.partition(";")[0].strip().lower()
    return kind, f"{kind.partition('/')[0]}/*"


def _bounce(facts: RoutingFacts) -> str:
    if facts.message.kind != "bounce":
        return ""
    return {"5": "hard", "4": "delayed"}.get(facts.message.bounce_status[:1], "unknown")


def _body_empty(facts: RoutingFacts) -> bool:
    return not any(c.isalnum() for c in own_words(facts.message.body))


RULE_KEYS: Mapping[str, RuleKey] = {
    "kind": _word("ชนิดของจดหมายตามรูปแบบ", "what the mail is by form", lambda f: f.message.kind,
                  ("mail", "bounce", "auto-reply", "receipt", "meeting", "own")),
    "bounce": _word("ชนิดของจดหมายตีกลับ: hard ส่งไม่ถึง (๕.x.x), delayed ล่าช้า (๔.x.x), unknown ไม่ระบุ",
                    "class of a bounce by its status", _bounce, ("hard", "delayed", "unknown")),
    "sender_is": _word("ผู้ส่งเป็นใครตามทะเบียน", "who the sender is by the roster", lambda f: f.sender_is, _SENDERS),
    "sender_matches": _pattern("รูปแบบ (regex) ที่พบในที่อยู่อีเมลของผู้ส่ง (อักษรตัวเล็กทั้งหมด) ใช้ $ เพื่อเจาะจงโดเมน",
                               "pattern found in the sender's address (lower case)", lambda f: (f.message.sender,)),
    "authentication": _word("ผลการตรวจผู้ส่งของเครื่องแม่ข่ายเราเอง (หัวจดหมายบนสุดเท่านั้น)",
                            "verdict of our own server's topmost header", lambda f: f.message.authentication,
                            ("pass", "fail", "none")),
    "auto": _flag("จดหมายที่เครื่องส่งเองโดยอัตโนมัติ", "machine-made mail", lambda f: f.message.auto),
    "subject_matches": _pattern("รูปแบบ (regex) ที่พบในชื่อเรื่อง", "pattern found in the subject",
                                lambda f: (f.message.subject,)),
    "body_matches": _pattern("รูปแบบ (regex) ที่พบในข้อความที่ผู้ส่งเขียนเอง ไม่นับข้อความเดิมที่อ้างถึง",
                             "pattern found in the sender's own words (quoted mail left out)",
                             lambda f: (own_words(f.message.body),)),
    "body_empty": _flag("ผู้ส่งไม่ได้เขียนข้อความเองเลย", "the sender wrote no word himself", _body_empty),
    "header": RuleKey(th="หัวจดหมายชื่อ name มีรูปแบบ (regex) pattern", en="a header `name` holds `pattern`",
                      value="header", holds=_header),
    "content_types": _any("ชนิดของทั้งฉบับตามหัว Content-Type เช่น multipart/report เขียน multipart/* ได้",
                          "the mail's own Content-Type; `multipart/*` stands for every one of that kind", _content_types),
    "has_attachments": _flag("มีไฟล์แนบ (ไม่นับตราหน่วยงานในเนื้อความและส่วนของใบแจ้งการส่ง)",
                             "has attachments other than inline pictures and delivery reports",
                             lambda f: bool(_real(f))),
    "attachment_types": _any("มีไฟล์แนบชนิดใดชนิดหนึ่งในรายการ (ชนิดตามเนื้อไฟล์จริง) เขียน image/* ได้",
                             "any attachment has one of these types (sniffed); `image/*` stands for every picture",
                             lambda f: {t for a in _real(f) for t in (a.type, a.type.split("/")[0] + "/*")}),
    "attachment_roles": _any("มีไฟล์แนบที่มีบทบาทใดบทบาทหนึ่งในรายการ", "any attachment has one of these roles",
                             lambda f: {a.role for a in f.message.attachments},
                             ("form", "evidence", "inline", "message", "delivery-status", "archive", "active",
                              "tnef")),
    "attachment_name_matches": _pattern("รูปแบบ (regex) ที่พบในชื่อไฟล์แนบ", "pattern found in an attachment's name",
                                        lambda f: [a.name for a in _real(f)]),
    "forms": RuleKey(th="จำนวนไฟล์แบบรายงานที่ระบบจำได้: ตัวเลข หรือ {min = …, max = …}",
                     en="how many form files were recognised: a number or {min, max}", value="count", holds=_forms),
    "form_token_known": _flag("รหัสแบบในไฟล์เป็นรหัสที่ระบบออกให้", "the form's token is one we issued",
                              lambda f: f.form_token_known),
    "form_holder_matches": _flag("ผู้ส่งเป็นเจ้าของงานชิ้นนั้น หรือเป็นผู้แทนที่ขึ้นทะเบียนไว้",
                                 "the sender holds that assignment or is its registered deputy",
                                 lambda f: f.form_holder_matches),
    "form_deadline_matches": _flag("แบบเป็นของรอบรายงานที่เปิดรับอยู่", "the form's deadline is open now",
                                   lambda f: f.form_deadline_matches),
    "form_version_matches": _flag("แบบเป็นรุ่นปัจจุบัน", "the form has the present version",
                                  lambda f: f.form_version_matches),
    "form_verdict": _word("ผลการดูไฟล์แบบขั้นต้น", "verdict of identifying the file", lambda f: f.form_verdict,
                          ("complete", "incomplete", "review", "refused")),
    "form_codes": _any("รหัสปัญหาที่พบเมื่อดูไฟล์แบบขั้นต้น", "problem codes of identifying the file",
                       lambda f: f.form_codes),
    "thread_kind": _word("จดหมายของเราฉบับที่ผู้ส่งตอบกลับเป็นชนิดใด (none: ไม่ได้ตอบจดหมายของเรา)",
                         "kind of our mail that this one answers (none: of ours it answers nothing)",
                         lambda f: f.thread_kind or "none", _THREADS),
    "owes": _flag("ผู้ส่งมีงานค้างส่ง (ของตนเองหรือในฐานะผู้แทน)", "the sender has an open assignment",
                  lambda f: bool(f.owes)),
    "duplicate": _flag("เคยรับจดหมายฉบับเดียวกันนี้ไว้แล้ว", "the same mail was taken in before", lambda f: f.duplicate),
    "frozen": _flag("รวมเล่มรายงานของรอบนั้นแล้ว", "the bundle of that deadline is already compiled",
                    lambda f: f.frozen),
    "signs": _flag("ผู้ส่งเป็นผู้ลงนาม: ผู้อำนวยการ หรือผู้รักษาราชการแทนในเรื่องที่เสนอท่านแล้ว",
                   "the sender is who signs: the director, or who acts for him about a report laid before him",
                   lambda f: f.signs),
    "sheets": _word("ภาพหน้ากระดาษที่ส่งมาระหว่างรอลงนาม: coded มีรหัสของหน้าลงนาม, bare ผู้ลงนามส่งมาแต่ไม่พบรหัส, none ไม่มี",
                    "pictures of pages while a report waits for its signature: with the code of a page to sign, without, none",
                    lambda f: f.sheets, ("coded", "bare", "none")),
    "size_over": RuleKey(th="ขนาดจดหมายเกินกี่ไบต์", en="the mail is larger than so many bytes", value="int",
                         holds=lambda wanted, facts: facts.size > int(str(wanted))),
    "size_under": RuleKey(th="ขนาดจดหมายน้อยกว่ากี่ไบต์", en="the mail is smaller than so many bytes", value="int",
                          holds=lambda wanted, facts: facts.size < int(str(wanted))),
    "defects_any": _any("พบข้อบกพร่องใดข้อหนึ่งในรายการเมื่อแยกส่วนจดหมาย", "any of these defects was found in parsing",
                        lambda f: f.message.defects),
}  # fmt: skip
"""The documented table of conditions: the loader checks rules against it, inbox_rules/README.md describes each."""
