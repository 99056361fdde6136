"""The frozen PDF to the director for signature, and the check of what comes back.

Safe to repeat: one mail per version (its key), the deadline moves when the mail is proven sent; a signature is recorded
once, and only over the frozen version.
"""

from __future__ import annotations

from datetime import datetime

from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import AskDirector
from songthan.domain.language import day_words, digits, say
from songthan.domain.messages import Message, OutgoingFile
from songthan.domain.plans import Deadline
from songthan.ports import SignatureReport
from songthan.steps.fill_form import short_title
from songthan.steps.letters import queue
from songthan.steps.office import Office
from songthan.steps.post import post
from songthan.steps.signing_officer import awaited_holders, signing_officer
from songthan.steps.version_changes import replaced_by


def director_key(deadline: str, version: int) -> str:
    return f"{deadline}/director/v{version}"


def ask_director(office: Office, action: AskDirector) -> bool:
    """Mail the frozen version to the director; True when the mail is proven sent."""
    deadline = office.plan.deadline(action.deadline)
    bundle = office.ledger.bundles.get(deadline.id, action.version)
    director, acting = signing_officer(office)
    key = director_key(deadline.id, action.version)
    if bundle is None or bundle["void"]:
        return True
    frozen = str(bundle["frozen"])
    name = say("เสนอลงนาม {deadline} ฉบับที่ {version}.pdf", deadline=short_title(deadline), version=digits(action.version))
    queue(
        office,
        key=key,
        kind="director",
        to=director.email,
        deadline=deadline.id,
        files=(OutgoingFile(name=name, type="application/pdf", sha256=frozen),),
        context={
            "director": {"full_name": director.full_name, "position": director.position, "acting": acting},
            "memo_subject": deadline.title,
            "bundle_title": deadline.title,
            "pages_th": digits(office.press.pages(office.blobs.get(frozen))),
            "sha256_short": frozen[:16],
            "external_th": day_words(deadline.external, weekday=True),
            "file_name": name,
            "replaces": _replaces(office, deadline, action.version),
        },
    )
    if not post(office, key):
        return False
    with office.ledger.transaction():
        # reopened by the secretary while the mail went out: the director is told by her decision's letter
        if not (office.ledger.bundles.get(deadline.id, action.version) or {}).get("void"):
            office.ledger.move_deadline(deadline.id, DeadlineState.WITH_DIRECTOR, office.clock.now())
    return True


def _replaces(office: Office, deadline: Deadline, version: int) -> dict[str, object]:
    """The version of before as the letter names it; empty for the first."""
    found = replaced_by(office, deadline, version)
    if found is None:
        return {}
    return {"version_th": digits(found.version), "reason": found.reason, "changes": list(found.changes)}


def check_signature(office: Office, deadline: Deadline, message: Message) -> tuple[str, SignatureReport] | str:
    """The signed PDF of a mail (its sha256 and the verifier's report), or the Thai reason why there is none."""
    bundle = office.ledger.bundles.latest(deadline.id)
    if bundle is None:
        return say("ยังไม่มีชุดเอกสารที่เสนอลงนาม")
    roots = office.trust_roots()
    if not roots:
        return say("ยังไม่ได้กำหนดใบรับรองรากของผู้อำนวยการ (ดู songthan.toml [director] trust_roots)")
    frozen = office.blobs.get(str(bundle["frozen"]))
    holders = awaited_holders(office, bundle)
    reason = say("จดหมายนี้ไม่มีไฟล์ PDF ที่ลงนาม")
    for attachment in message.attachments:
        data = office.blobs.get(attachment.sha256)
        if not data.startswith(b"%PDF"):
            continue
        report = office.signatures.verify(
            data,
            frozen=frozen,
            trust_roots=roots,
            at=message.received,
            holders=holders,
            stamp_roots=office.stamp_roots(),
        )
        if report.valid:
            return attachment.sha256, report
        reason = " ".join(report.reasons_th) or say("ลายมือชื่อใช้ไม่ได้")
    return reason


def record_signature(office: Office, deadline: Deadline, signed: str, report: SignatureReport, message: Message) -> None:
    """Keep the signed PDF with the bundle and move the deadline to SIGNED."""
    bundle = office.ledger.bundles.latest(deadline.id)
    if bundle is None or bundle["signed"]:
        return
    now = office.clock.now()
    office.press.add_signature(
        office.state / str(bundle["folder"]),
        office.blobs.get(signed),
        trust=office.trust_roots(),
        received=message.received,
        message_sha256=message.sha256,
        stamps=office.stamp_roots(),
    )
    signed_at: datetime = report.signed_at or message.received
    with office.ledger.transaction():
        office.ledger.bundles.note(
            deadline.id,
            int(str(bundle["version"])),
            now,
            "bundle-signed",
            signed=signed,
            signed_at=signed_at.isoformat(),
            signer=report.signer,
        )
        office.ledger.move_deadline(deadline.id, DeadlineState.SIGNED, now)
