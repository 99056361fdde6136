"""Time-stamp and revocation data behind the director's signature, where the office has a time-stamp service.

Safe to repeat: a version that has them is left alone; a service that does not answer is asked again at the next look,
and the secretary is told once a day. The director's file stays as it came; what is made is a file of its own. A signature
whose certificate turns out to be revoked is not handed in (`may_be_handed_in`).
"""

from __future__ import annotations

import json

from songthan.domain.errors import SignatureRefused, SongthanError
from songthan.domain.language import say
from songthan.domain.plans import Deadline
from songthan.steps.fill_form import short_title
from songthan.steps.office import Office
from songthan.steps.signing_officer import awaited_holders
from songthan.steps.watch import Finding

EVENT, REVOKED = "bundle-lasting", "signature-revoked"


def make_lasting(office: Office) -> list[Finding]:
    """Every signed version gets its time-stamp; what did not go comes back as findings."""
    if not office.stamp_service:
        return []
    found = []
    for deadline in office.driven_deadlines:
        bundle = office.ledger.bundles.latest(deadline.id)
        if bundle is None or not bundle["signed"] or bundle["pen"] or office.ledger.has_event(EVENT, str(bundle["id"])):
            continue
        if revoked(office, bundle):
            found.append(_told_revoked(office, deadline, bundle))
            continue
        try:
            _lengthen(office, bundle)
        except SignatureRefused as error:
            _note_revoked(office, bundle, error)
            found.append(_told_revoked(office, deadline, bundle))
        except SongthanError as error:
            found.append(
                Finding(
                    code=f"stamp-{deadline.id}",
                    title=say("ยังประทับเวลาลายมือชื่อไม่ได้"),
                    what=say("{deadline}: {reason}", deadline=short_title(deadline), reason=error.th),
                    remedy=error.remedy or say("ระบบจะลองใหม่เอง"),
                )
            )
    return found


def may_be_handed_in(office: Office, bundle: dict[str, object]) -> bool:
    """Asked before the first mail to the registry: False when the authority says that a certificate is revoked.

    Without a time-stamp service nobody is asked, and one that does not answer holds no deadline up: `make_lasting` goes on.
    """
    if not office.stamp_service or bundle.get("pen") or office.ledger.has_event(EVENT, str(bundle["id"])):
        return True
    if not revoked(office, bundle):
        try:
            _lengthen(office, bundle)
        except SignatureRefused as error:
            _note_revoked(office, bundle, error)
        except SongthanError:
            return True
    return not revoked(office, bundle)


def revoked(office: Office, bundle: dict[str, object]) -> bool:
    """Did the authority say so of this version? It is not asked again: a new version gets a new signature."""
    return office.ledger.has_event(REVOKED, str(bundle["id"]))


def _note_revoked(office: Office, bundle: dict[str, object], error: SignatureRefused) -> None:
    office.ledger.record(REVOKED, str(bundle["id"]), office.clock.now(), reason=error.th)


def _told_revoked(office: Office, deadline: Deadline, bundle: dict[str, object]) -> Finding:
    (event,) = (e for e in office.ledger.events(str(bundle["id"])) if e["kind"] == REVOKED)
    reason = json.loads(str(event["data"]))["reason"]
    return Finding(
        code=f"revoked-{deadline.id}",
        title=say("ใบรับรองของลายมือชื่อถูกเพิกถอน"),
        what=say("{deadline}: {reason}", deadline=short_title(deadline), reason=reason),
        remedy=say("สอบถามผู้ลงนามก่อนใช้เอกสารนี้ หากต้องลงนามใหม่ให้จัดทำฉบับใหม่"),
    )


def _lengthen(office: Office, bundle: dict[str, object]) -> None:
    """One version: fetch, judge what was made as strictly as what came by mail, keep it, record it."""
    signed, roots, stamps = office.blobs.get(str(bundle["signed"])), office.trust_roots(), office.stamp_roots()
    made = office.state / str(bundle["folder"]) / "lasting.pdf"
    if made.is_file():
        # killed before it was recorded: another time-stamp would be another file
        data = made.read_bytes()
    else:
        data, _ = office.signatures.add_time(
            signed, service=office.stamp_service, trust_roots=roots, stamp_roots=stamps
        )
    now = office.clock.now()
    report = office.signatures.verify(
        data,
        frozen=office.blobs.get(str(bundle["frozen"])),
        trust_roots=roots,
        at=now,
        holders=awaited_holders(office, bundle),
        stamp_roots=stamps,
        now=now,
    )
    if not report.valid:
        raise SongthanError(" ".join(report.reasons_th), where="lasting.pdf", remedy=say("ตรวจ [signature] tsa_roots"))
    sha256 = office.blobs.put(data)
    office.press.add_lasting(made.parent, data, trust=stamps or roots, at=now, level=report.level)
    office.ledger.record(EVENT, str(bundle["id"]), now, lasting=sha256, level=report.level)
