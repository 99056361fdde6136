"""What `songthan doctor` asks of the office's Exchange: login, folders and rights, clocks. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from songthan.adapters.exchange import ExchangeMailbox
from songthan.domain.clock_skew import clock_finding
from songthan.domain.errors import MailError, MailNotFound

__all__ = ["check"]

_Found = tuple[str, str, str, str]
#: folder → its name for people, and what we must be able to do in it
_NEEDED = {
    "inbox": ("กล่องขาเข้า", ("read", "delete", "create_hierarchy")),
    "junk": ("จดหมายขยะ", ("read", "delete")),
    "drafts": ("แบบร่าง", ("read", "create_contents", "modify", "delete")),
    "sent": ("รายการที่ส่ง", ("read", "create_contents")),
}
_WORDS = {
    "read": "อ่าน",
    "delete": "ย้ายออก",
    "create_hierarchy": "สร้างโฟลเดอร์ย่อย",
    "create_contents": "สร้างรายการ",
    "modify": "แก้ไข",
}


def check(box: ExchangeMailbox, call: Callable[[Callable[[], object]], object] = lambda work: work()) -> list[_Found]:
    """Name, «ok», «warn» or «missing», a Thai sentence, and the remedy; the first refusal ends it.

    `call` runs the asking (a mailbox that is left in peace raises its MailError there).
    """
    found: list[_Found] = []
    try:
        call(lambda: found.extend(_asked(box)))
    except MailError as error:
        found.append(("mailbox", "missing", f"{error.where}: {error.th}", error.remedy or "ตรวจเครือข่ายและการตั้งค่า"))
    if (skew := box.heard_clock_skew()) is not None:
        found.append(clock_finding(skew))
    return found


def _asked(box: ExchangeMailbox) -> Iterator[_Found]:
    settings = box.settings
    yield from _folders(box)
    box.count()
    yield ("mailbox-folders", "ok", "อ่านโฟลเดอร์ของระบบในกล่องได้ (ที่ยังไม่มีจะสร้างเมื่อใช้ครั้งแรก)", "")
    if settings.shared or settings.auth == "oauth2":
        yield (
            "mailbox-send-as",
            "warn",
            f"สิทธิ์ส่งในนาม {settings.mailbox} (Send As) ตรวจโดยไม่ส่งจริงไม่ได้",
            "ขอให้ผู้ดูแลระบบยืนยันสิทธิ์ หากไม่มี จดหมายฉบับแรกจะถูกปฏิเสธและระบบจะแจ้งเลขานุการ",
        )


def _folders(box: ExchangeMailbox) -> Iterator[_Found]:
    """The first request of all: it proves the login."""
    for name, (title, needed) in _NEEDED.items():
        try:
            rights = box.rights(name)
        except MailNotFound:
            if name != "junk":
                raise
            yield (f"mailbox-{name}", "warn", f"กล่องนี้ยังไม่มีโฟลเดอร์{title} จึงอ่านแต่กล่องขาเข้า", "เปิดกล่องใน Outlook หนึ่งครั้ง")
            continue
        if name == "inbox":
            yield ("mailbox-login", "ok", f"เข้าใช้กล่อง {box.settings.mailbox} ได้", "")
        if rights is not None and (lacking := [_WORDS[r] for r in needed if r not in rights]):
            what = f"บัญชีนี้ไม่มีสิทธิ์{' '.join(lacking)} ในโฟลเดอร์{title}"
            yield (f"mailbox-{name}", "missing", what, "ขอสิทธิ์ Full Access บนกล่องนี้จากผู้ดูแลระบบ")
