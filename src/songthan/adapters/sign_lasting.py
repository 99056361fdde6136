"""Does a signature still prove itself when its certificate has run out? Offline, with what the file brings along.

Asked backwards from a later day: each time-stamp proves what stood before it, and the earliest one is the time at which
the signer's certificate has to have been valid and not revoked. `sign_time` makes files that last.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    DocumentTimestampStatus,
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from songthan.domain.language import moment_words, say

#: Clocks differ; a person's machine more than a service's.
_SLACK = timedelta(minutes=5)
_USES = {"digital_signature", "non_repudiation"}
T = TypeVar("T")


def signature_status(
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
    stamp_roots: Sequence[x509.Certificate],
    at: datetime,
    *,
    strict: bool = False,
) -> PdfSignatureStatus:
    """pyHanko's judgement with the certificates looked at for `at`; offline.

    `strict`: revocation data must be there and speak for that time. Otherwise lists that are too old for `at` count as
    none; one that names the certificate as revoked counts always.
    """

    def judge(lists: bool) -> PdfSignatureStatus:
        return run_offline(
            async_validate_pdf_signature(
                signature,
                signer_validation_context=_context(reader, roots, at, strict=strict, lists=lists),
                ts_validation_context=_context(reader, stamp_roots, at, lists=lists),
                key_usage_settings=KeyUsageConstraints(key_usage=_USES),
            )
        )

    status = judge(True)
    stamp = status.timestamp_validity
    doubted = not status.trusted or (stamp is not None and not stamp.trusted)
    if strict or not doubted or status.revoked or "/DSS" not in reader.root:
        return status
    certificates = [signature.signer_cert, *([stamp.signing_cert] if stamp is not None else [])]
    return status if any(_listed(reader, c, at) for c in certificates) else judge(False)


def stamp_reasons(
    reader: PdfFileReader, roots: Sequence[x509.Certificate], at: datetime, signed_at: datetime | None
) -> list[str]:
    """A sentence if one of the document's time-stamps is bad, or tells a time before what it stands upon was there."""
    before = signed_at
    for stamp in reader.embedded_timestamp_signatures:
        status = _stamp_status(reader, stamp, roots, at)
        if not _good(status) and status.timestamp > at:
            # the office's clock is behind the service's, or a rehearsal plays another year
            status = _stamp_status(reader, stamp, roots, status.timestamp)
        if not _good(status):
            return [say("ตราประทับเวลาของเอกสารไม่น่าเชื่อถือ")]
        if before is not None and status.timestamp < before - _SLACK:
            return [say("ตราประทับเวลาของเอกสารบอกเวลาที่เป็นไปไม่ได้ (ก่อนลงลายมือชื่อหรือก่อนตราก่อนหน้า)")]
        before = status.timestamp
    return []


def lasting_reasons(
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    level: str,
    roots: Sequence[x509.Certificate],
    stamp_roots: Sequence[x509.Certificate],
    now: datetime,
) -> tuple[list[str], datetime | None]:
    """Why the file does not prove the signature by itself at `now` (nothing: it does), and the time it proves."""
    point = now
    for stamp in reversed(list(reader.embedded_timestamp_signatures)):
        status = _stamp_status(reader, stamp, stamp_roots, point)
        if not _good(status):
            # A token outlives its service's certificate while nothing says that the key was lost (RFC 3161, 4).
            status = _stamp_status(reader, stamp, stamp_roots, status.timestamp, strict=True)
        if not _good(status):
            return [say("ตราประทับเวลาของเอกสารไม่น่าเชื่อถือ")], None
        point = status.timestamp
    found = signature_status(reader, signature, roots, stamp_roots, point).timestamp_validity
    if found is not None and found.valid and found.intact and not found.trusted:
        found = signature_status(reader, signature, roots, stamp_roots, found.timestamp).timestamp_validity
    if found is not None and found.valid and found.intact and found.trusted:
        point = found.timestamp
    stamped = None if point == now else point.astimezone(now.tzinfo)
    until = signature.signer_cert["tbs_certificate"]["validity"]["not_after"].native
    over = until < now
    if over and stamped is None:
        words = {"until": moment_words(until.astimezone(now.tzinfo)), "level": level}
        return [
            say("ใบรับรองของผู้ลงลายมือชื่อหมดอายุแล้ว ({until}) และไม่มีตราประทับเวลา (ระดับ {level}) เอกสารจึงพิสูจน์ด้วยตัวเองไม่ได้ว่าลงลายมือชื่อก่อนวันนั้น", **words)
        ], None
    status = signature_status(reader, signature, roots, stamp_roots, point, strict=over)
    if status.trusted:
        return [], stamped
    if status.revoked:
        return [say("ใบรับรองของผู้ลงลายมือชื่อถูกเพิกถอนแล้ว")], stamped
    if over and signature_status(reader, signature, roots, stamp_roots, point).trusted:
        return [
            say("ใบรับรองของผู้ลงลายมือชื่อหมดอายุแล้ว และเอกสาร (ระดับ {level}) ไม่มีข้อมูลการเพิกถอนใบรับรองฝังอยู่", level=level)
        ], stamped
    return [say("ใบรับรองของผู้ลงลายมือชื่อไม่ได้ออกโดยผู้ให้บริการที่เชื่อถือ หมดอายุ หรือใช้ลงลายมือชื่อไม่ได้")], stamped


def _stamp_status(
    reader: PdfFileReader,
    stamp: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
    at: datetime,
    *,
    strict: bool = False,
) -> DocumentTimestampStatus:
    def judge(lists: bool) -> DocumentTimestampStatus:
        return run_offline(
            async_validate_pdf_timestamp(stamp, _context(reader, roots, at, strict=strict, lists=lists))
        )

    status = judge(True)
    if strict or _good(status) or "/DSS" not in reader.root or _listed(reader, stamp.signer_cert, at):
        return status
    return judge(False)


def _good(status: DocumentTimestampStatus) -> bool:
    return status.valid and status.intact and status.trusted


def _context(
    reader: PdfFileReader,
    roots: Sequence[x509.Certificate],
    at: datetime,
    *,
    strict: bool = False,
    lists: bool = True,
) -> ValidationContext:
    """Offline; revocation lists count when the signed file brings them along, also those drawn up after `at`."""
    settings = {
        "trust_roots": list(roots),
        "moment": at,
        "allow_fetching": False,
        "revocation_mode": "hard-fail" if strict else "soft-fail",
        "retroactive_revinfo": True,
    }
    if "/DSS" not in reader.root:
        # without lists given, pyHanko would not ask for any
        return ValidationContext(crls=[], ocsps=[], **settings)  # type: ignore[arg-type]
    store = DocumentSecurityStore.read_dss(reader)
    if not lists:
        return ValidationContext(other_certs=list(store.load_certs()), **settings)  # type: ignore[arg-type]
    return store.as_validation_context(settings)


def _listed(reader: PdfFileReader, certificate: x509.Certificate, at: datetime) -> bool:
    """Does any list or answer in the file, however old, name this certificate as revoked by `at`? Who signed the list is
    not asked: whoever puts in a forged one harms only his own file."""
    store, serial = DocumentSecurityStore.read_dss(reader), certificate.serial_number
    for ref in store.crls:
        found = crl.CertificateList.load(ref.get_object().data)
        for entry in found["tbs_cert_list"]["revoked_certificates"] or ():
            if entry["user_certificate"].native == serial and entry["revocation_date"].native <= at:
                return found.issuer == certificate.issuer
    for ref in store.ocsps:
        for answer in ocsp.OCSPResponse.load(ref.get_object().data).response_data["responses"]:
            status = answer["cert_status"]
            if answer["cert_id"]["serial_number"].native == serial and status.name == "revoked":
                return status.chosen["revocation_time"].native <= at
    return False


def run_offline(work: Coroutine[object, object, T]) -> T:
    """Do `work` to its end without an event loop.

    pyHanko's validation is written async for fetching revocation lists; offline it never waits. So it also runs where
    a loop is going already (a Prefect flow) and where none can be made (the sandbox has no sockets).
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("an offline validation wanted to wait")
