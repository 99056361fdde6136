"""Mail that goes out, as the secretary controls it: which letters wait for her word, her words, addresses that do not work.

Pure. What waits is decided by the letter's kind and its reader: what is written to herself never waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from songthan.domain.language import phrase

#: Groups of letters as `held_letters` of songthan.toml names them → the kinds in them.
LETTER_GROUPS: Mapping[str, frozenset[str]] = {
    "members": frozenset({"request", "reminder", "duties", "duty_changed"}),
    "answers": frozenset({"receipt", "please_correct", "need_file", "not_valid", "pen_again"}),
    "director": frozenset({"director", "sign"}),
    "registry": frozenset({"registry", "receipt_request"}),
    # to the head or whoever else is told; the secretary's own never wait
    "alarms": frozenset({"alarm", "digest", "hold_notice", "bounce_notice"}),
}
#: Kinds that answer a mail by themselves: one a sender, reason and day, and the breaker stops them.
ANSWERS = LETTER_GROUPS["answers"]
#: Letters somebody must act on: when the address is marked, a copy goes to who can help.
COPIED_LETTERS = LETTER_GROUPS["members"] | LETTER_GROUPS["director"] | LETTER_GROUPS["registry"] | {"please_correct"}
#: What the letters of each kind are called.
KIND_TH: Mapping[str, str] = {
    "request": phrase("ขอให้รายงาน"),
    "reminder": phrase("เตือน"),
    "duties": phrase("เรื่องของวัน"),
    "please_correct": phrase("ขอให้แก้ไข"),
    "receipt": phrase("ขอบคุณที่ส่งครบ"),
    "need_file": phrase("แจ้งว่าไม่มีไฟล์แนบ"),
    "not_valid": phrase("แจ้งว่าไฟล์ยังใช้ไม่ได้"),
    "pen_again": phrase("แจ้งว่าหน้าลงนามด้วยปากกายังใช้ไม่ได้"),
    "duty_changed": phrase("แจ้งการเปลี่ยนแปลงหน้าที่"),
    "director": phrase("เสนอลงนาม"),
    "sign": phrase("เตือนให้ลงนาม"),
    "registry": phrase("ส่งงานสารบรรณ"),
    "receipt_request": phrase("ขอทราบเลขรับ"),
    "alarm": phrase("แจ้งเลขานุการ"),
    "digest": phrase("สรุปประจำวัน"),
    "hold_notice": phrase("แจ้งจดหมายที่พักไว้"),
    "bounce_notice": phrase("แจ้งจดหมายตีกลับ"),
}


class Word(StrEnum):
    """The secretary's word on a mail: it may go, it never goes, it went (she knows), it is to be sent once more."""

    RELEASE = "release"
    WITHHOLD = "withhold"
    SENT = "sent"
    AGAIN = "again"


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An address from which our mail came back. `cause` is one of CAUSE_TH's keys, `status` the server's (RFC 3463),
    `mail` the key of the mail, `inbox_id` the row of the bounce, `noted_at` when the bounce came (aware)."""

    address: str
    cause: str
    noted_at: datetime
    status: str = ""
    mail: str = ""
    inbox_id: int = 0


#: What a bounce says, in words.
CAUSE_TH: Mapping[str, str] = {
    "unknown": phrase("ไม่มีผู้รับชื่อนี้ที่ปลายทาง ที่อยู่อาจพิมพ์ผิดหรือถูกยกเลิก"),
    "domain": phrase("ไม่พบเครื่องแม่ข่ายของที่อยู่นี้ ส่วนหลังเครื่องหมาย @ อาจพิมพ์ผิด"),
    "full": phrase("กล่องจดหมายของผู้รับเต็ม ผู้รับต้องลบจดหมายเก่าก่อนจึงจะรับได้"),
    "closed": phrase("กล่องจดหมายของผู้รับถูกปิดหรือระงับการใช้"),
    "size": phrase("จดหมายใหญ่เกินกว่าที่ปลายทางรับได้"),
    "refused": phrase("ปลายทางไม่รับจดหมายจากกล่องนี้"),
    "other": phrase("ปลายทางไม่ได้บอกเหตุที่ชัดเจน"),
}
#: Causes that say nothing about the address: the mail itself did not fit, or what was refused is the sender.
_NOT_THE_ADDRESS = frozenset({"size", "refused"})
_BY_STATUS = {
    "1.1": "unknown", "1.0": "unknown", "1.3": "unknown", "1.6": "unknown", "1.10": "unknown", "1.2": "domain", "4.1": "domain",
    "4.4": "domain", "2.1": "closed", "2.2": "full", "2.3": "size", "3.4": "size", "7.1": "refused", "7.0": "refused",
}  # fmt: skip


def cause_of(status: str) -> str:
    """A status code as RFC 3463 gives it («5.1.1») → one of CAUSE_TH's keys."""
    return _BY_STATUS.get(status.partition(".")[2], "other")


def marks_address(status: str) -> bool:
    """Does a bounce with this status («» when it names none) say that the address does not work? (Permanent, and about the
    address.)"""
    return not status.startswith("4") and cause_of(status) not in _NOT_THE_ADDRESS


def held_kinds(send: str, groups: Iterable[str]) -> frozenset[str]:
    """The kinds of letters that wait for the secretary's word: none with «now», with «hold» those of `groups` (none: all)."""
    if send != "hold":
        return frozenset()
    return frozenset().union(*(LETTER_GROUPS[g] for g in (tuple(groups) or LETTER_GROUPS)))
