"""PAdES with pyHanko: an empty signature field in our frozen PDF, and the judgement on what came back.

`verify` proves that the returned file IS the frozen file, byte for byte, followed by one signature in our field and
nothing else. pyHanko's own verdict speaks only of changes made AFTER the signature; what was slipped in WITH it is
found here by comparing the frozen revision with the signed one. No network: revocation counts only if embedded.
Nothing here holds or sees a private key.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Protocol, TypeVar

from asn1crypto import pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel, SuspiciousModification
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    EmbeddedPdfSignature,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from songthan.domain.errors import ReadRefused, SignatureRefused
from songthan.domain.language import moment_words, say
from songthan.domain.thai import squeeze
from songthan.ports import SignatureReport

__all__ = ["PadesSignatures", "verify_job"]

# A signature with chain, timestamp and revocation lists needs some 100 kB; more is no signature.
_LARGEST_UPDATE = 8 << 20
_CLOCK_SLACK = timedelta(minutes=5)
_PADES, _CMS = "/ETSI.CAdES.detached", "/adbe.pkcs7.detached"
_JOB = "songthan.adapters.sign_pdf:verify_job"
T = TypeVar("T")

for _name in ("pyhanko", "pyhanko_certvalidator"):
    # A bad signature is an answer to the caller, not a traceback in the office's log.
    logging.getLogger(_name).addHandler(logging.NullHandler())
    logging.getLogger(_name).propagate = False


class _Runner(Protocol):
    def run(self, job: str, payload: bytes, args: dict | None = None) -> tuple[dict, list[bytes]]: ...


class _SteadyWriter(IncrementalPdfFileWriter):
    """pyHanko's incremental writer without its random file id and the time of day: equal input, equal bytes."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        prev.stream.seek(0)
        second = generic.ByteStringObject(hashlib.sha256(b"field" + prev.stream.read()).digest()[:16])
        first = prev.trailer["/ID"][0] if "/ID" in prev.trailer else second
        if isinstance(first, generic.TextStringObject):
            first = generic.ByteStringObject(first.original_bytes)
        return generic.ArrayObject([first, second])

    def _update_meta(self) -> None:
        """Nothing: the document's own dates stay."""


class PadesSignatures:
    """`ports.SignaturePort`. `expected_subject` is the common name and `expected_organisation` the organisation the
    director's certificate must carry (white space does not matter; None: any). With a `sandbox`
    (`adapters.sandbox.Sandbox`) returned files are opened in its limited child process."""

    def __init__(
        self,
        *,
        expected_subject: str | None = None,
        expected_organisation: str | None = None,
        sandbox: _Runner | None = None,
    ) -> None:
        self._subject, self._organisation, self._sandbox = expected_subject, expected_organisation, sandbox

    def prepare(self, pdf: bytes, *, field: str, page: int, box: tuple[float, float, float, float]) -> bytes:
        """`pdf` with the empty signature field `field`, visible in `box` (points from the lower left) of `page` (0 is
        the first, -1 the last). Equal input gives equal bytes. SignatureRefused if the PDF cannot take it."""
        try:
            writer = _SteadyWriter(BytesIO(pdf))
            if list(enumerate_sig_fields(writer)):
                raise SignatureRefused(say("เอกสารนี้มีช่องลายมือชื่ออิเล็กทรอนิกส์อยู่แล้ว"), where=field)
            append_signature_field(writer, SigFieldSpec(field, on_page=page, box=box))  # type: ignore[arg-type]
            # 3: has signatures, and append only. A signing program sets this; set already, signing changes nothing else.
            writer.root["/AcroForm"][generic.NameObject("/SigFlags")] = generic.NumberObject(3)
            out = BytesIO()
            writer.write(out)
        except (PdfError, SigningError, LookupError) as error:
            raise SignatureRefused(
                say("เตรียมช่องลายมือชื่อใน PDF ไม่ได้"), where=field, remedy=say("โปรดจัดทำ PDF ใหม่")
            ) from error
        return out.getvalue()

    def verify(self, signed: bytes, *, frozen: bytes, trust_roots: Sequence[bytes], at: datetime) -> SignatureReport:
        """Is `signed` the frozen PDF plus one valid signature of a trusted certificate, and nothing else?

        `frozen` is what `prepare` returned; `trust_roots` are certificates in PEM (one or more) or DER; `at` is when
        the file reached us (aware): the certificate must be valid then and at the signing time. Never raises for a
        bad file: `valid` is False and `reasons_th` says why. After the signature only long-term-validation data (DSS,
        document timestamps) may follow.
        """
        if at.utcoffset() is None:
            raise ValueError("`at` must be an aware datetime")
        if early := _not_ours(signed, frozen):
            return _refused(early)
        args = {
            "frozen": len(frozen),
            "roots": [base64.b64encode(root).decode("ascii") for root in trust_roots],
            "at": at.isoformat(),
            "subject": self._subject,
            "organisation": self._organisation,
        }
        if self._sandbox is None:
            return _examine(signed, args)
        try:
            answer, _ = self._sandbox.run(_JOB, signed, args)
        except ReadRefused as error:
            return _refused(error.th)
        when = answer["signed_at"]
        moment = None if when is None else datetime.fromisoformat(when)
        return SignatureReport(**{**answer, "signed_at": moment, "reasons_th": tuple(answer["reasons_th"])})


def verify_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """The sandbox's job: `payload` is the signed file, whose first `args["frozen"]` bytes are the frozen one."""
    report = _examine(payload, args)
    answer = {name: getattr(report, name) for name in SignatureReport.__dataclass_fields__}
    answer["signed_at"] = None if report.signed_at is None else report.signed_at.isoformat()
    answer["reasons_th"] = list(report.reasons_th)
    return answer, []


def _not_ours(signed: bytes, frozen: bytes) -> str:
    """Why `signed` cannot be the frozen file with a signature behind it; empty if it may be."""
    if signed == frozen:
        return say("เอกสารที่ได้รับยังไม่มีลายมือชื่ออิเล็กทรอนิกส์ เป็นไฟล์เดียวกับที่ส่งไป")
    if not signed.startswith(frozen):
        return say("เอกสารที่ได้รับไม่ใช่ฉบับที่ส่งไปให้ลงลายมือชื่อ หรือเนื้อหาถูกบันทึกใหม่หรือแก้ไข")
    if len(signed) - len(frozen) > _LARGEST_UPDATE:
        return say("ส่วนที่เพิ่มเข้ามาในเอกสารมีขนาดใหญ่เกินกว่าจะเป็นลายมือชื่อ")
    return ""


def _refused(*reasons: str) -> SignatureReport:
    return SignatureReport(
        valid=False,
        signer="",
        signed_at=None,
        covers_whole_document=False,
        only_signature_added=False,
        trusted=False,
        level="",
        reasons_th=reasons,
    )


def _examine(signed: bytes, args: dict) -> SignatureReport:
    try:
        return _judge(signed, args)
    except Exception:  # a stranger's file: whatever pyHanko trips over, it is no valid signature
        return _refused(say("อ่านลายมือชื่ออิเล็กทรอนิกส์ในเอกสารไม่ได้ โครงสร้างไฟล์หรือใบรับรองผิดรูปแบบ"))


def _judge(signed: bytes, args: dict) -> SignatureReport:
    at = datetime.fromisoformat(args["at"])
    frozen = PdfFileReader(BytesIO(signed[: args["frozen"]]))
    reader = PdfFileReader(BytesIO(signed))
    empty = [name for name, value, _ in enumerate_sig_fields(frozen) if value is None]
    if len(empty) != 1 or list(frozen.embedded_signatures):
        return _refused(say("เอกสารฉบับที่ส่งไปไม่มีช่องลายมือชื่อว่างหนึ่งช่องตามที่กำหนด"))
    signatures = list(reader.embedded_regular_signatures)
    if not signatures:
        return _refused(say("เอกสารที่ได้รับไม่มีลายมือชื่ออิเล็กทรอนิกส์"))
    if len(signatures) > 1:
        return _refused(say("เอกสารที่ได้รับมีลายมือชื่ออิเล็กทรอนิกส์มากกว่าหนึ่งรายการ"))
    signature = signatures[0]
    roots = [certificate for root in args["roots"] for certificate in _certificates(base64.b64decode(root))]
    context = _context(reader, roots, at)
    status = _run(
        async_validate_pdf_signature(
            signature,
            signer_validation_context=context,
            ts_validation_context=context,
            key_usage_settings=KeyUsageConstraints(key_usage={"digital_signature", "non_repudiation"}),
        )
    )
    added = _added(frozen, reader, signature, empty[0])
    covers = _covers(signed, signature, status)
    signed_at = status.timestamp_validity.timestamp if status.timestamp_validity else signature.self_reported_timestamp
    signed_at = signed_at.astimezone(at.tzinfo) if signed_at else None
    reasons = [] if roots else [say("ยังไม่ได้กำหนดใบรับรองต้นทาง (trust root) ที่เชื่อถือได้")]
    reasons += added + ([] if covers else [say("ลายมือชื่ออิเล็กทรอนิกส์ไม่ได้ครอบคลุมเอกสารทั้งฉบับ")])
    reasons += _status_reasons(status) + _time_reasons(status, signed_at, at)
    reasons += _form_reasons(signature) + _holder_reasons(signature.signer_cert, args["subject"], args["organisation"])
    stamps, stamp_reasons = _timestamps(reader, context)
    reasons += stamp_reasons
    return SignatureReport(
        valid=not reasons and status.bottom_line,
        signer=signature.signer_cert.subject.human_friendly,
        signed_at=signed_at,
        covers_whole_document=covers,
        only_signature_added=not added,
        trusted=status.trusted,
        level=_level(reader, signature, status, stamps),
        reasons_th=tuple(dict.fromkeys(reasons)),
    )


def _certificates(data: bytes) -> list[x509.Certificate]:
    if not pem.detect(data):
        return [x509.Certificate.load(data)]
    return [x509.Certificate.load(der) for kind, _, der in pem.unarmor(data, multiple=True) if kind == "CERTIFICATE"]


def _context(reader: PdfFileReader, roots: list[x509.Certificate], at: datetime) -> ValidationContext:
    """Offline; revocation lists count when the signed file brings them along."""
    settings = {"trust_roots": roots, "moment": at, "allow_fetching": False, "revocation_mode": "soft-fail"}
    if "/DSS" not in reader.root:
        return ValidationContext(**settings)  # type: ignore[arg-type]
    return DocumentSecurityStore.read_dss(reader).as_validation_context(settings)


def _run(work: Coroutine[object, object, T]) -> T:
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


def _added(frozen: PdfFileReader, reader: PdfFileReader, signature: EmbeddedPdfSignature, field: str) -> list[str]:
    """What was added to the frozen revision beside the signature in `field`, as sentences."""
    base = frozen.xrefs.total_revisions - 1
    # Equal bytes in front are not enough: the update must also chain back to them, else they are dead weight.
    if (
        reader.xrefs.total_revisions <= base + 1
        or reader.xrefs.get_startxref_for_revision(base) != frozen.xrefs.get_startxref_for_revision(base)
        or signature.signed_revision <= base
    ):
        return [say("ส่วนที่เพิ่มเข้ามาไม่ได้ต่อจากเอกสารฉบับที่ส่งไป")]
    if signature.field_name != field:
        return [say("ลายมือชื่อไม่ได้อยู่ในช่องลายมือชื่อที่เตรียมไว้")]
    reasons = []
    stamps = {s.field_name for s in reader.embedded_timestamp_signatures}
    if {name for name, _, _ in enumerate_sig_fields(reader)} != {field} | stamps:
        reasons.append(say("มีช่องลายมือชื่ออื่นเพิ่มเข้ามาในเอกสาร"))
    old = reader.get_historical_resolver(base)
    for revision in range(base + 1, signature.signed_revision + 1):
        try:
            diff = DEFAULT_DIFF_POLICY.apply(old, reader.get_historical_resolver(revision), doc_mdp=MDPPerm.FILL_FORMS)
        except SuspiciousModification:
            return [*reasons, say("เนื้อหาเอกสารถูกแก้ไขหรือเพิ่มเติมก่อนหรือพร้อมกับการลงลายมือชื่อ")]
        allowed = diff.modification_level <= ModificationLevel.FORM_FILLING and diff.changed_form_fields <= {field}
        if not allowed:
            reasons.append(say("มีการแก้ไขเอกสารนอกเหนือจากการลงลายมือชื่อ"))
    later = signature.diff_result
    if isinstance(later, SuspiciousModification) or later.modification_level > ModificationLevel.LTA_UPDATES:
        reasons.append(say("เอกสารถูกแก้ไขหลังลงลายมือชื่อ"))
    return reasons


def _covers(signed: bytes, signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> bool:
    """The hash takes in every byte up to the end of the signed revision but the signature itself, and what follows, if
    anything, is long-term-validation data."""
    start, length, after, rest = (int(n) for n in signature.byte_range)
    hole = signed[length:after]
    contiguous = start == 0 and length < after and hole[:1] == b"<" and hole[-1:] == b">"
    if not contiguous or not set(hole[1:-1]) <= set(b"0123456789abcdefABCDEF"):
        return False
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return after + rest == len(signed)
    return status.coverage == SignatureCoverageLevel.ENTIRE_REVISION and (
        status.modification_level is not None and status.modification_level <= ModificationLevel.LTA_UPDATES
    )


def _status_reasons(status: PdfSignatureStatus) -> list[str]:
    reasons = []
    if not (status.intact and status.valid):
        reasons.append(say("ลายมือชื่อไม่ตรงกับเนื้อหา เอกสารถูกแก้ไขหลังลงลายมือชื่อหรือเป็นลายมือชื่อของเอกสารอื่น"))
    if status.revoked:
        reasons.append(say("ใบรับรองของผู้ลงลายมือชื่อถูกเพิกถอนแล้ว"))
    elif not status.trusted:
        reasons.append(say("ใบรับรองของผู้ลงลายมือชื่อไม่ได้ออกโดยผู้ให้บริการที่เชื่อถือ หมดอายุ หรือใช้ลงลายมือชื่อไม่ได้"))
    stamp = status.timestamp_validity
    if stamp is not None and not (stamp.valid and stamp.intact and stamp.trusted):
        reasons.append(say("ตราประทับเวลาของลายมือชื่อไม่น่าเชื่อถือ"))
    if not (status.bottom_line or reasons):
        reasons.append(say("ลายมือชื่ออิเล็กทรอนิกส์ไม่ผ่านการตรวจสอบ"))
    return reasons


def _time_reasons(status: PdfSignatureStatus, signed_at: datetime | None, at: datetime) -> list[str]:
    if signed_at is None:
        return [say("ลายมือชื่อไม่ระบุเวลาที่ลงลายมือชื่อ")]
    reasons = []
    if signed_at > at + _CLOCK_SLACK:
        reasons.append(say("เวลาที่ลงลายมือชื่อ ({signed_at}) อยู่หลังเวลาที่ได้รับเอกสาร", signed_at=moment_words(signed_at)))
    validity = status.signing_cert["tbs_certificate"]["validity"]
    if not validity["not_before"].native <= signed_at <= validity["not_after"].native:
        reasons.append(say("ลงลายมือชื่อนอกช่วงเวลาที่ใบรับรองมีผล (ใบรับรองหมดอายุหรือยังไม่มีผล)"))
    if validity["not_after"].native < at:
        reasons.append(say("ใบรับรองของผู้ลงลายมือชื่อหมดอายุแล้วเมื่อได้รับเอกสาร"))
    return reasons


def _form_reasons(signature: EmbeddedPdfSignature) -> list[str]:
    """PAdES, or the plain CMS form common programs write by default; nothing older."""
    form = str(signature.sig_object.get("/SubFilter", ""))
    if form not in (_PADES, _CMS):
        return [say("ลายมือชื่อไม่ได้อยู่ในรูปแบบ PAdES หรือ CMS ที่รองรับ")]
    kinds = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    if form == _PADES and not kinds & {"signing_certificate", "signing_certificate_v2"}:
        return [say("ลายมือชื่อ PAdES ไม่ได้ผูกกับใบรับรองของผู้ลงลายมือชื่อ")]
    return []


def _holder_reasons(certificate: x509.Certificate, subject: str | None, organisation: str | None) -> list[str]:
    names = certificate.subject.native
    reasons = []
    usage = certificate.key_usage_value
    # pyHanko does not look at the usage of a certificate that is itself a trust root.
    if usage is not None and not usage.native & {"digital_signature", "non_repudiation"}:
        reasons.append(say("ใบรับรองนี้ไม่ได้ออกไว้สำหรับลงลายมือชื่อ"))
    for key, wanted, label in (
        ("common_name", subject, say("ชื่อ")),
        ("organization_name", organisation, say("หน่วยงาน")),
    ):
        found = names.get(key, "")
        if wanted is not None and [squeeze(wanted)] != [
            squeeze(f) for f in ([found] if isinstance(found, str) else found)
        ]:
            reasons.append(say("{label}ในใบรับรองไม่ตรงกับผู้ที่ต้องลงลายมือชื่อ ({wanted})", label=label, wanted=wanted))
    return reasons


def _timestamps(reader: PdfFileReader, context: ValidationContext) -> tuple[int, list[str]]:
    """How many document timestamps there are, and a sentence if one of them is bad."""
    stamps = list(reader.embedded_timestamp_signatures)
    for stamp in stamps:
        status = _run(async_validate_pdf_timestamp(stamp, context))
        if not (status.valid and status.intact and status.trusted):
            return len(stamps), [say("ตราประทับเวลาของเอกสารไม่น่าเชื่อถือ")]
    return len(stamps), []


def _level(reader: PdfFileReader, signature: EmbeddedPdfSignature, status: PdfSignatureStatus, stamps: int) -> str:
    """The PAdES baseline level by what is there: «B-B», «B-T», «B-LT», «B-LTA», or «CMS»."""
    if str(signature.sig_object.get("/SubFilter", "")) != _PADES:
        return "CMS"
    if status.timestamp_validity is None:
        return "B-B"
    if "/DSS" not in reader.root:
        return "B-T"
    return "B-LTA" if stamps else "B-LT"
