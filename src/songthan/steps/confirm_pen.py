"""The secretary's eye on a page signed by pen: what she sees, her confirmation, and what is kept of it.

Safe to repeat: the decision, the record (as a blob) and the deadline's move are one transaction; the files in the bundle's
folder are written from the record afterwards, always the same, and once more before the report is handed in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from songthan.domain.bundles import pen_path
from songthan.domain.errors import UsageError
from songthan.domain.language import digits, say
from songthan.domain.messages import Message
from songthan.domain.seal_codes import SheetComparison, SheetFile
from songthan.domain.thai import squeeze
from songthan.steps.ask_director import settle_versions
from songthan.steps.office import Office
from songthan.steps.pen_letters import write_again
from songthan.steps.pen_sheets import (
    DOUBTFUL_PEN,
    Lookout,
    PenDoubt,
    PenSheet,
    compare,
    judge_sheets,
    lookout,
    place_to_sign,
    read_sheets,
)
from songthan.steps.signing_officer import manifest_of, open_versions, slot_of

#: Sheets that are kept as plain pictures beside the page to sign (the files themselves are kept whole), and how many are
#: asked of the sandbox at once.
MOST_SHEETS, _AT_ONCE = 24, 6
_SHOWN = "pen-shown"
#: Less ink than this in the signature's place may be no signature at all; less of the text found may be another page.
_NO_INK, _OTHER_TEXT = 0.002, 0.6


@dataclass(frozen=True, kw_only=True)
class PenView:
    """What is shown of a held page: where it belongs, the machine's hints in words, and both pages as one picture (JPEG)."""

    title: str
    version: int
    page: int
    code: str
    signer: str
    file: str
    hints: tuple[str, ...]
    picture: bytes | None


def is_pen(row: Mapping[str, object]) -> bool:
    """Does this held mail bring a page signed by pen, for her eye?"""
    return row["route"] == "hold" and row["purpose"] == "pen"


def is_doubtful(row: Mapping[str, object]) -> bool:
    """Does this held mail bring a page signed by pen that cannot count?"""
    return row["route"] == "hold" and row["purpose"] == DOUBTFUL_PEN


def _found(office: Office, inbox_id: int) -> tuple[Message, tuple[SheetFile, ...], PenSheet | PenDoubt]:
    """The page in a held mail as things stand NOW: a correction, or another signature, may have come since."""
    message = office.ledger.inbox.message(inbox_id)
    # also when nothing waits any more: the page says itself why it cannot count now
    sheets = read_sheets(office, message, lookout(office) or Lookout(frozen=()))
    return message, sheets, judge_sheets(office, message, sheets)


def view_pen(office: Office, inbox_id: int) -> PenView | PenDoubt:
    """What to look at before the decision; or why the page cannot count any more."""
    _, _, found = _found(office, inbox_id)
    if isinstance(found, PenDoubt):
        return found
    seen = compare(office, found, words=True)
    deadline = office.plan.deadline(found.code.deadline)
    slot = slot_of(office, found.bundle)
    return PenView(
        title=deadline.title,
        version=found.code.version,
        page=place_to_sign(office, found.bundle)[0] + 1,
        code=found.code.short,
        signer=f"{slot.signer} ({slot.capacity})" if slot.capacity else slot.signer,
        file=found.attachment.name,
        hints=tuple(hints_of(seen)),
        picture=seen.picture,
    )


def hints_of(seen: SheetComparison) -> list[str]:
    """The machine's comparison in words; every one of them is a hint only."""
    said = [
        say("เครื่องไม่พบรอยหมึกในช่องลงนาม อาจยังไม่ได้ลงนาม")
        if seen.ink < _NO_INK
        else say("เครื่องพบรอยหมึกในช่องลงนาม")
    ]
    if seen.read == "yes":
        share = digits(round(seen.same * 100))
        if seen.same < _OTHER_TEXT:
            said.append(say("เครื่องพบข้อความของหน้าต้นฉบับในภาพเพียงร้อยละ {share} อาจเป็นหน้าอื่น โปรดเทียบทุกบรรทัด", share=share))
        else:
            said.append(say("เครื่องพบข้อความของหน้าต้นฉบับในภาพร้อยละ {share}", share=share))
        said += [say("ไม่พบในภาพ: {line}", line=line) for line in seen.missing[:5]]
        said += [say("มีในภาพแต่ไม่มีในหน้าต้นฉบับ: {line}", line=line) for line in seen.strange[:5]]
    else:
        said.append(say("เครื่องอ่านข้อความเทียบให้ไม่ได้ โปรดเทียบด้วยตาทุกบรรทัด"))
    return said


def accept_pen(office: Office, inbox_id: int, row: Mapping[str, object], reason: str, by: str, account: str = "") -> str:
    """SIGNED by pen, by the word of `by` who compared the pages; returns what was done, in Thai.

    UsageError without a name, when the name is the signer's own, and when the page cannot count (any more).
    """
    confirmer = squeeze(by)
    if not confirmer or not reason.strip():
        raise UsageError(
            "ยังไม่ได้ระบุชื่อผู้ที่เทียบหน้าลงนามกับหน้าต้นฉบับด้วยตา",
            where="songthan hold accept",
            remedy=f'ดูภาพเทียบด้วย songthan hold show {inbox_id} --save โฟลเดอร์ แล้วใช้ songthan hold accept {inbox_id} --by "ชื่อ นามสกุล" --reason "…"',
        )
    message, sheets, found = _found(office, inbox_id)
    if isinstance(found, PenDoubt):
        raise UsageError(
            f"รับหน้าลงนามด้วยปากกานี้ไม่ได้: {found.reason}",
            where=f"จดหมายเลขที่ {inbox_id}",
            remedy=f'ปิดรายการนี้ด้วย songthan hold reject {inbox_id} --reason "…" ระบบจะแจ้งผู้ลงนาม',
        )
    slot = slot_of(office, found.bundle)
    if squeeze(slot.signer) == confirmer or _same_person(slot.signer, confirmer):
        raise UsageError("ผู้ลงนามยืนยันลายมือชื่อของตนเองไม่ได้", where="--by", remedy="ให้เลขานุการหรือผู้อื่นเป็นผู้เทียบ")
    now = office.clock.now()
    record = _record(office, inbox_id, message, sheets, found, confirmed=_confirmed(confirmer, account, reason, office.calendar.local(now)))
    kept = office.blobs.put(_spelled(record))
    version = int(str(found.bundle["version"]))
    with office.ledger.transaction():
        latest = office.ledger.bundles.get(found.code.deadline, version)
        if latest is None or latest["void"] or any(b["signed"] for b in open_versions(office, found.code.deadline)):
            raise UsageError("ฉบับนี้ถูกยกเลิกหรือมีลายมือชื่ออื่นแล้ว", where=found.code.deadline, remedy="ดูด้วย songthan status")
        office.ledger.inbox.decide(inbox_id, "accept", reason, now)
        office.ledger.bundles.note(
            found.code.deadline, version, now, "bundle-signed",
            signed=str(record["pages"]["sha256"]),  # type: ignore[index]
            signed_at=message.received.isoformat(),
            signer=slot.signer,
            pen=kept,
        )  # fmt: skip
        settle_versions(office, found.code.deadline, version, now)
    office.tick("pen-confirmed")
    keep_pen(office, office.ledger.bundles.get(found.code.deadline, version) or {})
    return f"ยืนยันแล้วว่า {slot.signer} ลงนามด้วยปากกาในฉบับที่ {digits(version)} เทียบโดย {confirmer} ระบบจะส่งรายงานตามช่องทางในรอบถัดไป"


def _same_person(signer: str, confirmer: str) -> bool:
    """Is `confirmer` the signer without the title? («ศักดิ์ชัย ตัวอย่าง» for «นายศักดิ์ชัย ตัวอย่าง»)"""
    one, other = "".join(signer.split()), "".join(confirmer.split())
    return len(other) >= 6 and one.endswith(other)


def _confirmed(by: str, account: str, reason: str, at: datetime) -> dict[str, str]:
    return {"by": by, "account": account, "at": at.isoformat(), "reason": reason.strip()}


def _record(
    office: Office,
    inbox_id: int,
    message: Message,
    sheets: tuple[SheetFile, ...],
    found: PenSheet,
    *,
    confirmed: Mapping[str, str],
) -> dict[str, object]:
    """What is kept for ever of this signature, naming its files. The pages (every sheet of the mail, the page to sign
    first) are put into the blobs as one PDF of plain pictures."""
    manifest, slot = manifest_of(office, found.bundle), slot_of(office, found.bundle)
    names = {a.sha256: a for a in message.attachments}
    scans = [
        {
            "path": pen_path(number, names[file.sha256].type),
            "sha256": file.sha256,
            "size": names[file.sha256].size,
            "type": names[file.sha256].type,
            "name": names[file.sha256].name,
        }
        for number, file in enumerate(sorted(sheets, key=lambda f: f.sha256 != found.attachment.sha256), 1)
    ]
    pages = office.blobs.put(office.press.picture_pages(_pictures(office, sheets, found)))
    return {
        "kind": "pen",
        "deadline": manifest.deadline,
        "version": manifest.version,
        "bundle_id": manifest.bundle_id,
        "seal": manifest.seal,
        "signer": slot.signer,
        "capacity": slot.capacity,
        "page": place_to_sign(office, found.bundle)[0] + 1,
        "code": {"text": found.code.payload, "path": scans[0]["path"], "sheet": found.sheet.number},
        "scans": scans,
        "pages": {"path": "pen/pages.pdf", "sha256": pages},
        "mail": {
            "path": "pen/mail.eml",
            "sha256": message.sha256,
            "sender": message.sender,
            "received": office.calendar.local(message.received).isoformat(),
            "authentication": message.authentication,
            "message_id": message.message_id,
            "inbox": inbox_id,
        },
        "confirmed": dict(confirmed),
    }


def _pictures(office: Office, sheets: tuple[SheetFile, ...], found: PenSheet) -> list[bytes]:
    """Every sheet as a plain picture, the page to sign first, the others in their order."""
    first = office.sheets.pages(office.blobs.checked(found.attachment.sha256), [found.sheet.number])
    if not first:
        raise UsageError("อ่านภาพหน้าลงนามไม่ได้", where=found.attachment.name, remedy="ลองอีกครั้ง หรือขอให้ผู้ลงนามส่งภาพใหม่")
    others: list[bytes] = []
    for file in sheets:
        numbers = [
            s.number for s in file.sheets if (file.sha256, s.number) != (found.attachment.sha256, found.sheet.number)
        ][: MOST_SHEETS - len(others)]
        for start in range(0, len(numbers), _AT_ONCE):
            others += office.sheets.pages(office.blobs.checked(file.sha256), numbers[start : start + _AT_ONCE])
    return first + others


def _spelled(record: Mapping[str, object]) -> bytes:
    return (json.dumps(record, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode("utf-8")


def keep_pen(office: Office, bundle: Mapping[str, object]) -> None:
    """The record, the mail, the scans and the pages in the bundle's folder; nothing for a version that was not signed by pen.

    Called again before the report is handed in: a run that was killed after the decision left nothing undone.
    """
    if not bundle.get("pen"):
        return
    record = json.loads(office.blobs.get(str(bundle["pen"])))
    kept = [*record["scans"], record["pages"], record["mail"]]
    files = {str(item["path"]): office.blobs.get(str(item["sha256"])) for item in kept}
    office.press.add_pen(office.state / str(bundle["folder"]), record, files)


def deadline_of_page(office: Office, inbox_id: int) -> str:
    """The deadline the page in a held mail speaks of, as it reads now; «» where that is not known."""
    _, _, found = _found(office, inbox_id)
    return found.deadline if isinstance(found, PenDoubt) else found.code.deadline


def reject_pen(office: Office, inbox_id: int, deadline: str, reason: str) -> None:
    """Tell the signer politely, in her words, that the page cannot be taken. Part of the decision's transaction."""
    write_again(office, office.ledger.inbox.message(inbox_id), "rejected", deadline, words={}, reason=reason)


def signed_by(office: Office, inbox_id: int) -> str:
    """The deadline whose report counts as signed by the page in this mail; «» when none does."""
    for deadline in office.plan.deadlines:
        for bundle in open_versions(office, deadline.id):
            if bundle["pen"] and json.loads(office.blobs.get(str(bundle["pen"])))["mail"]["inbox"] == inbox_id:
                return deadline.id
    return ""


def new_pages(office: Office) -> list[tuple[int, str]]:
    """(mail, `picture_of` it) for every page that waits for her eye and was not drawn yet. Safe to repeat: each is drawn once."""
    drawn = []
    for hold in office.ledger.inbox.holds():
        inbox_id = int(str(hold["id"]))
        if is_pen(hold) and not office.ledger.has_event(_SHOWN, f"inbox/{inbox_id}"):
            drawn.append((inbox_id, picture_of(office, inbox_id)))
            office.ledger.record(_SHOWN, f"inbox/{inbox_id}", office.clock.now())
    return drawn


def picture_of(office: Office, inbox_id: int) -> str:
    """A held page signed by pen as the dashboard shows it: Markdown with both pages in one picture, and the machine's hints."""
    view = view_pen(office, inbox_id)
    if isinstance(view, PenDoubt):
        return view.reason
    head = say(
        "{title} ฉบับที่ {version} หน้าที่ {page} ผู้ลงนามที่รออยู่ {signer} รหัส {code}",
        title=view.title, version=digits(view.version), page=digits(view.page), signer=view.signer, code=view.code,
    )  # fmt: skip
    hints = "\n".join(f"- {_flat(hint)}" for hint in view.hints)
    shown = base64.b64encode(view.picture).decode("ascii") if view.picture else ""
    picture = f"![{say('ซ้าย: หน้าต้นฉบับ ขวา: ภาพที่ส่งมา')}](data:image/jpeg;base64,{shown})" if shown else ""
    return f"{head}\n\n{say('ผลที่เครื่องเทียบให้เป็นเพียงข้อสังเกต โปรดเทียบด้วยตา')}\n\n{hints}\n\n{picture}\n"


def _flat(text: str) -> str:
    """A line that text recognition read off a stranger's picture, without what Markdown or HTML would act on."""
    return "".join(c if c.isalnum() or c in " .,:/()-ฯๆ%" or "\u0e00" < c < "\u0e80" else " " for c in text)
