"""The frozen PDF to the director for signature, and the check of what comes back.

Safe to repeat: one mail per version (its key), the deadline moves when the mail is proven sent; a signature is recorded
once, and only over the frozen version.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from songthan.domain.assignments import DeadlineState
from songthan.domain.decisions import AskDirector
from songthan.domain.language import day_words, digits, say
from songthan.domain.messages import Message, OutgoingFile
from songthan.domain.plans import Deadline, Member
from songthan.domain.signatures import SignatureReport
from songthan.steps.fill_form import short_title
from songthan.steps.letters import queue
from songthan.steps.office import Office
from songthan.steps.pen_sheets import place_to_sign
from songthan.steps.post import post_each
from songthan.steps.signing_officer import awaited_holders, open_versions, signer_of, signing_officer, slot_of
from songthan.steps.version_changes import replaced_by
from songthan.steps.views import is_kept_back


def director_key(deadline: str, version: int) -> str:
    return f"{deadline}/director/v{version}"


def ask_director(office: Office, action: AskDirector) -> bool:
    """Mail the frozen version to who is to sign it; True when the mail is proven sent."""
    deadline = office.plan.deadline(action.deadline)
    bundle = office.ledger.bundles.get(deadline.id, action.version)
    if bundle is None or bundle["void"]:
        return True
    signer = signer_of(office, bundle) or signing_officer(office)
    capacity = slot_of(office, bundle).capacity
    key = director_key(deadline.id, action.version)
    frozen = str(bundle["frozen"])
    name = say("เสนอลงนาม {deadline} ฉบับที่ {version}.pdf", deadline=short_title(deadline), version=digits(action.version))
    queue(
        office,
        key=key,
        kind="director",
        to=signer.email,
        deadline=deadline.id,
        files=(OutgoingFile(name=name, type="application/pdf", sha256=frozen),),
        context={
            "director": {
                "full_name": signer.full_name,
                "position": signer.position,
                "acting": bool(capacity),
                "capacity": capacity,
            },
            "director_name": signing_officer(office).full_name,
            "memo_subject": deadline.title,
            "bundle_title": deadline.title,
            "pages_th": digits(office.press.pages(office.blobs.get(frozen))),
            "sha256_short": frozen[:16],
            "external_th": day_words(deadline.external, weekday=True),
            "file_name": name,
            "page_to_sign_th": _page_to_sign(office, bundle),
            "replaces": {} if capacity else _replaces(office, deadline, action.version),
        },
    )
    if not post_each(office, [*_withdrawals(office, deadline, signer), key])[-1]:
        return False
    with office.ledger.transaction():
        # reopened by the secretary while the mail went out: the director is told by her decision's letter
        if not (office.ledger.bundles.get(deadline.id, action.version) or {}).get("void"):
            office.ledger.move_deadline(deadline.id, DeadlineState.WITH_DIRECTOR, office.clock.now())
    return True


def _withdrawals(office: Office, deadline: Deadline, signer: Member) -> list[str]:
    """The letters that take the version of before back and have not left: they are to be read before this one, not after it."""
    tail = f"/withdrawn/{signer.id}/{deadline.id}"
    return [mail.key for mail in office.ledger.outbox.unsent() if mail.kind == "duty_changed" and mail.key.endswith(tail)]


def _page_to_sign(office: Office, bundle: dict[str, object]) -> str:
    """Its number in the PDF; «» when it carries no code, so that a signature by pen could not be known again."""
    return digits(place_to_sign(office, bundle)[0] + 1) if office.press.draws_codes else ""


def _replaces(office: Office, deadline: Deadline, version: int) -> dict[str, object]:
    """The version of before as the letter names it; empty for the first."""
    found = replaced_by(office, deadline, version)
    if found is None:
        return {}
    return {"version_th": digits(found.version), "reason": found.reason, "changes": list(found.changes)}


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A valid electronic signature: the version it is over, the sha256 of the signed file, the verifier's report."""

    version: int
    sha256: str
    report: SignatureReport


def check_signature(office: Office, deadline: Deadline, message: Message) -> Signed | str:
    """The signed PDF of a mail, or the Thai reason why there is none. In the acting director's turn his version and the
    director's own wait side by side, and either may come back."""
    versions = open_versions(office, deadline.id)
    if not versions:
        return say("ยังไม่มีชุดเอกสารที่เสนอลงนาม")
    if not office.trust_roots():
        return say("ยังไม่ได้กำหนดใบรับรองรากของผู้อำนวยการ (ดู songthan.toml [director] trust_roots)")
    found = [_signature_over(office, bundle, message) for bundle in versions]
    # of several refusals the one about the version that came nearest: the sender's own
    sender = office.plan.roster.by_address(message.sender)
    reasons = {str(r): signer_of(office, b) == sender for r, b in zip(found, versions, strict=True) if isinstance(r, str)}
    signed = next((f for f in found if isinstance(f, Signed)), None)
    return signed or max(reasons, key=lambda r: reasons[r])


def _signature_over(office: Office, bundle: dict[str, object], message: Message) -> Signed | str:
    roots = office.trust_roots()
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
            return Signed(version=int(str(bundle["version"])), sha256=attachment.sha256, report=report)
        reason = " ".join(report.reasons_th) or say("ลายมือชื่อใช้ไม่ได้")
    return reason


def record_signature(office: Office, deadline: Deadline, found: Signed, message: Message) -> None:
    """Keep the signed PDF with the bundle and move the deadline to SIGNED."""
    bundle = office.ledger.bundles.get(deadline.id, found.version)
    if bundle is None or bundle["void"] or any(b["signed"] for b in open_versions(office, deadline.id)):
        return
    now = office.clock.now()
    office.press.add_signature(
        office.state / str(bundle["folder"]),
        office.blobs.get(found.sha256),
        trust=office.trust_roots(),
        received=message.received,
        message_sha256=message.sha256,
        stamps=office.stamp_roots(),
    )
    signed_at: datetime = found.report.signed_at or message.received
    with office.ledger.transaction():
        office.ledger.bundles.note(
            deadline.id,
            found.version,
            now,
            "bundle-signed",
            signed=found.sha256,
            signed_at=signed_at.isoformat(),
            signer=found.report.signer,
        )
        settle_versions(office, deadline.id, found.version, now)


def settle_versions(office: Office, deadline: str, signed: int, now: datetime) -> None:
    """This version is signed: the one that waited beside it is void, and the deadline is SIGNED. In the caller's transaction."""
    for bundle in open_versions(office, deadline):
        if bundle["version"] != signed:
            office.ledger.bundles.note(deadline, int(str(bundle["version"])), now, "bundle-void", void=1)
            key = director_key(deadline, int(str(bundle["version"])))
            if is_kept_back(office, key):
                # nobody has it, and nobody needs it any more
                office.ledger.outbox.forget(key, now)
    office.ledger.move_deadline(deadline, DeadlineState.SIGNED, now)
