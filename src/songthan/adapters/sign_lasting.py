"""Does a signature still prove itself when its certificate has run out? Offline, with what the file brings along.

Asked backwards from a later day: each time-stamp proves what stood before it, and the earliest one is the time at which
the signer's certificate has to have been valid and not revoked. `sign_time` makes files that last.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from datetime import datetime
from typing import TypeVar

from asn1crypto import x509
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

_USES = {"digital_signature", "non_repudiation"}
T = TypeVar("T")


def signature_status(
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
    stamp_roots: Sequence[x509.Certificate],
    at: datetime,
    *,
    stamps_at: datetime | None = None,
    revocation: str = "soft-fail",
) -> PdfSignatureStatus:
    """pyHanko's judgement with the certificate looked at for `at` (its time-stamp for `stamps_at`); offline."""
    return run_offline(
        async_validate_pdf_signature(
            signature,
            signer_validation_context=_context(reader, roots, at, revocation),
            ts_validation_context=_context(reader, stamp_roots, stamps_at or at),
            key_usage_settings=KeyUsageConstraints(key_usage=_USES),
        )
    )


def stamp_reasons(reader: PdfFileReader, roots: Sequence[x509.Certificate], at: datetime) -> list[str]:
    """A sentence if one of the document's time-stamps is bad."""
    for stamp in reader.embedded_timestamp_signatures:
        if not _good(_stamp_status(reader, stamp, roots, at)):
            return [say("ตราประทับเวลาของเอกสารไม่น่าเชื่อถือ")]
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
            status = _stamp_status(reader, stamp, stamp_roots, status.timestamp, "hard-fail")
        if not _good(status):
            return [say("ตราประทับเวลาของเอกสารไม่น่าเชื่อถือ")], None
        point = status.timestamp
    found = signature_status(reader, signature, roots, stamp_roots, point).timestamp_validity
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
    status = signature_status(
        reader, signature, roots, stamp_roots, point, revocation="hard-fail" if over else "soft-fail"
    )
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
    revocation: str = "soft-fail",
) -> DocumentTimestampStatus:
    return run_offline(async_validate_pdf_timestamp(stamp, _context(reader, roots, at, revocation)))


def _good(status: DocumentTimestampStatus) -> bool:
    return status.valid and status.intact and status.trusted


def _context(
    reader: PdfFileReader, roots: Sequence[x509.Certificate], at: datetime, revocation: str = "soft-fail"
) -> ValidationContext:
    """Offline; revocation lists count when the signed file brings them along, also those drawn up after `at`."""
    settings = {
        "trust_roots": list(roots),
        "moment": at,
        "allow_fetching": False,
        "revocation_mode": revocation,
        "retroactive_revinfo": True,
        # without lists given, pyHanko would not look for any
        "crls": [],
        "ocsps": [],
    }
    if "/DSS" not in reader.root:
        return ValidationContext(**settings)  # type: ignore[arg-type]
    return DocumentSecurityStore.read_dss(reader).as_validation_context(settings)


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
