"""Hands the signed report in by the form's channel rule, and takes the registry's receipt.

Safe to repeat: one mail per version (its key); the deadline moves when the mail is proven sent; the receipt is recorded
once.
"""

from __future__ import annotations

import re
from datetime import datetime

from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import Submit
from songthan.domain.messages import Message, OutgoingFile
from songthan.domain.plans import Deadline
from songthan.domain.routing import own_words
from songthan.domain.thai import canonical, thai_date, thai_datetime, to_arabic_digits, to_thai_digits
from songthan.steps.fill_form import DOCX, short_title
from songthan.steps.letters import queue
from songthan.steps.office import Office
from songthan.steps.post import post
from songthan.steps.signing_officer import signing_officer

_CHANNEL_TH = {"word": "ไฟล์ WORD", "pdf": "ไฟล์ PDF"}
#: «เลขรับที่ สว ๔๑๒๓/๒๕๖๖», «เลขทะเบียนรับ 123/2566»…: the word, an optional ที่, then the number with its year.
RECEIPT = re.compile(
    r"(?:เลขทะเบียนรับ|เลขที่รับ|เลขรับ|ทะเบียนรับ)\s*(?:ที่|เลขที่|:)?\s*((?:[ก-ฮ]{1,4}\.?\s*)?[0-9๐-๙]+(?:\.[0-9๐-๙]+)?\s*/\s*[0-9๐-๙]{4})(?![0-9๐-๙])"
)


def registry_key(deadline: str, version: int) -> str:
    return f"{deadline}/registry/v{version}"


def submit(office: Office, action: Submit) -> bool:
    """Mail the registry what the channel rule asks for; True when the mail is proven sent and recorded."""
    deadline = office.plan.deadline(action.deadline)
    bundle = office.ledger.bundles.get(deadline.id, action.version)
    if bundle is None or not bundle["signed"]:
        return True
    key = registry_key(deadline.id, action.version)
    if office.ledger.outbox.state(key) == "none":
        _queue(office, deadline, bundle, key)
    if not post(office, key):
        return False
    row = office.ledger.outbox.get(key) or {}
    mail = office.ledger.outbox.mail(key)
    office.press.add_submission(
        office.state / str(bundle["folder"]),
        {
            "message_id": str(row["message_id"]),
            "sent_at": str(row["sent_at"]),
            "to": list(mail.to),
            "files": [{"name": f.name, "sha256": f.sha256} for f in mail.files],
        },
    )
    with office.ledger.transaction():
        office.ledger.bundles.note(
            deadline.id, action.version, office.clock.now(), "bundle-submitted", submitted_at=str(row["sent_at"])
        )
        office.ledger.move_deadline(deadline.id, DeadlineState.SUBMITTED, office.clock.now())
    return True


def _queue(office: Office, deadline: Deadline, bundle: dict[str, object], key: str) -> None:
    channels = [office.plan.channels[form] for form in deadline.forms]
    files = _files(office, deadline, bundle, {kind for c in channels for kind in c.registry})
    director, _ = signing_officer(office)
    words = " และ ".join(dict.fromkeys(_CHANNEL_TH.get(kind, kind) for c in channels for kind in c.registry))
    created = office.calendar.local(datetime.fromisoformat(str(bundle["created_at"])))
    signed_at = office.calendar.local(datetime.fromisoformat(str(bundle["signed_at"])))
    queue(
        office,
        key=key,
        kind="registry",
        to=office.plan.roster.registry.email,
        deadline=deadline.id,
        files=files,
        context={
            "subject_th": deadline.title,
            "registry": {"name": office.plan.roster.registry.name},
            "memo": {"number": "-", "date_th": thai_date(created.date())},
            "channel": f"ระบบสารบรรณ ({words})",
            "files": [f.name for f in files],
            "signed_by": f"{director.full_name} {director.position}",
            "signed_at_th": thai_datetime(signed_at),
            "bundle_sha256": str(bundle["signed"]),
        },
    )


def _files(
    office: Office, deadline: Deadline, bundle: dict[str, object], kinds: set[str]
) -> tuple[OutgoingFile, ...]:  # fmt: skip
    """F3's box asks for the WORD file alone; other forms take the signed PDF as well."""
    name = f"{short_title(deadline)} {office.plan.organisation.name}"
    found = []
    if "word" in kinds:
        data = (office.state / str(bundle["folder"]) / "report.docx").read_bytes()
        found.append(OutgoingFile(name=f"รายงาน {name}.docx", type=DOCX, sha256=office.blobs.put(data)))
    if "pdf" in kinds:
        found.append(OutgoingFile(name=f"รายงาน {name}.pdf", type="application/pdf", sha256=str(bundle["signed"])))
    return tuple(found)


def receipt_number(text: str) -> str | None:
    """The registry's number in its answer, as written (white space folded), or None when none or several stand there.

    Quoted mail does not count: what we wrote ourselves is no receipt. One number in Thai and in Arabic digits is one.
    """
    found = [" ".join(match.split()) for match in RECEIPT.findall(canonical(own_words(text)))]
    return found[0] if len({"".join(to_arabic_digits(n).split()) for n in found}) == 1 else None


def record_receipt(office: Office, deadline: Deadline, number: str, message: Message, inbox_id: int) -> None:
    """Keep the registry's number with the bundle and move the deadline to ACKNOWLEDGED."""
    bundle = office.ledger.bundles.latest(deadline.id)
    if bundle is None or bundle["receipt"]:
        return
    now = office.clock.now()
    office.press.add_receipt(
        office.state / str(bundle["folder"]),
        {
            "number": number,
            "received": message.received.isoformat(),
            "message_sha256": message.sha256,
            "number_th": to_thai_digits(number),
        },
    )
    with office.ledger.transaction():
        office.ledger.bundles.note(
            deadline.id,
            int(str(bundle["version"])),
            now,
            "bundle-acknowledged",
            receipt=number,
            receipt_at=message.received.isoformat(),
            receipt_inbox=inbox_id,
        )
        office.ledger.move_deadline(deadline.id, DeadlineState.ACKNOWLEDGED, now)
