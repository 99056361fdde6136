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
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Protocol

from asn1crypto import pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, append_signature_field, enumerate_sig_fields
from pyhanko.sign.general import SigningError

from songthan.adapters.sign_checks import (
    added_to,
    covers_all,
    form_reasons,
    holder_reasons,
    level_of,
    status_reasons,
    time_reasons,
)
from songthan.adapters.sign_lasting import lasting_reasons, signature_status, stamp_reasons
from songthan.adapters.sign_wrapping import wrapping_reasons
from songthan.domain.errors import ReadRefused, SignatureRefused
from songthan.domain.language import say
from songthan.domain.signatures import SignatureReport

__all__ = ["PadesSignatures", "verify_job"]

# A signature with chain, timestamp and revocation lists needs some 100 kB; more is no signature.
_LARGEST_UPDATE = 8 << 20
_JOB = "songthan.adapters.sign_pdf:verify_job"

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
    (`adapters.sandbox.Sandbox`) returned files are opened in its limited child process. `revocation_hosts` and `archive`
    are for `add_time` (`sign_time`)."""

    def __init__(
        self,
        *,
        expected_subject: str | None = None,
        expected_organisation: str | None = None,
        sandbox: _Runner | None = None,
        revocation_hosts: Sequence[str] = (),
        archive: bool = False,
    ) -> None:
        self._subject, self._organisation, self._sandbox = expected_subject, expected_organisation, sandbox
        self._hosts, self._archive = tuple(revocation_hosts), archive

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

    def verify(
        self,
        signed: bytes,
        *,
        frozen: bytes,
        trust_roots: Sequence[bytes],
        at: datetime,
        holders: Sequence[str] = (),
        stamp_roots: Sequence[bytes] = (),
        now: datetime | None = None,
    ) -> SignatureReport:
        """Is `signed` the frozen PDF plus one valid signature of a trusted certificate, and nothing else?

        `frozen` is what `prepare` returned; `trust_roots` are certificates in PEM (one or more) or DER; `at` is when
        the file reached us (aware): the certificate must be valid then and at the signing time. `holders`: the names one
        of which the certificate must carry (none: any). `stamp_roots`: of the time-stamp service, where it has others.
        `now` (aware): say as well whether the file still proves it by itself then (`lasting`, `lasting_th`). Never raises
        for a bad file: `valid` is False and `reasons_th` says why. After the signature only long-term-validation data
        (DSS, document timestamps) may follow.
        """
        if at.utcoffset() is None or (now is not None and now.utcoffset() is None):
            raise ValueError("`at` and `now` must be aware datetimes")
        if early := _not_ours(signed, frozen):
            return _refused(early)
        args = {
            "frozen": len(frozen),
            "roots": [base64.b64encode(root).decode("ascii") for root in trust_roots],
            "stamp_roots": [base64.b64encode(root).decode("ascii") for root in stamp_roots],
            "at": at.isoformat(),
            "now": None if now is None else now.isoformat(),
            "holders": list(holders) or ([self._subject] if self._subject else []),
            "organisation": self._organisation,
        }
        if self._sandbox is None:
            return _examine(signed, args)
        try:
            answer, _ = self._sandbox.run(_JOB, signed, args)
        except ReadRefused as error:
            return _refused(error.th)
        return SignatureReport(**{name: _from_json(name, value) for name, value in answer.items()})

    def add_time(
        self, signed: bytes, *, service: str, trust_roots: Sequence[bytes], stamp_roots: Sequence[bytes]
    ) -> tuple[bytes, str]:
        """`ports.SignaturePort.add_time`. Only for a file that `verify` found valid: it is opened here, with the network."""
        # it brings an HTTP client along, which the sandbox need not know
        from songthan.adapters.sign_time import add_time

        roots, stamps = ([c for root in given for c in _certificates(root)] for given in (trust_roots, stamp_roots))
        return add_time(
            signed,
            service=service,
            roots=roots,
            stamp_roots=stamps or roots,
            hosts=self._hosts,
            archive=self._archive,
        )


_MOMENTS = frozenset({"signed_at", "stamped_at", "certificate_until"})


def _from_json(name: str, value: object) -> object:
    if name in _MOMENTS and value is not None:
        return datetime.fromisoformat(str(value))
    return tuple(value) if isinstance(value, list) else value


def verify_job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """The sandbox's job: `payload` is the signed file, whose first `args["frozen"]` bytes are the frozen one."""
    report = _examine(payload, args)
    answer = {name: getattr(report, name) for name in SignatureReport.__dataclass_fields__}
    for name, value in answer.items():
        if isinstance(value, datetime):
            answer[name] = value.isoformat()
        elif isinstance(value, tuple):
            answer[name] = list(value)
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
    roots, stamp_roots = (_all_certificates(args[name]) for name in ("roots", "stamp_roots"))
    stamp_roots = stamp_roots or roots
    status = signature_status(reader, signature, roots, stamp_roots, at)
    added = added_to(frozen, reader, signature, empty[0])
    covers = covers_all(signed, reader, signature, status)
    signed_at = status.timestamp_validity.timestamp if status.timestamp_validity else signature.self_reported_timestamp
    signed_at = signed_at.astimezone(at.tzinfo) if signed_at else None
    reasons = [] if roots else [say("ยังไม่ได้กำหนดใบรับรองต้นทาง (trust root) ที่เชื่อถือได้")]
    reasons += added + ([] if covers else [say("ลายมือชื่ออิเล็กทรอนิกส์ไม่ได้ครอบคลุมเอกสารทั้งฉบับ")])
    reasons += status_reasons(status) + time_reasons(status, signed_at, at) + form_reasons(signature)
    reasons += holder_reasons(signature.signer_cert, args["holders"], args["organisation"])
    reasons += stamp_reasons(reader, stamp_roots, at, signed_at)
    reasons += wrapping_reasons(signed, reader, signature, roots, stamp_roots)
    level = level_of(reader, signature, status)
    why_not, stamped_at = ([], None)
    if args["now"]:
        now = datetime.fromisoformat(args["now"])
        why_not, stamped_at = lasting_reasons(reader, signature, level, roots, stamp_roots, now)
    return SignatureReport(
        valid=not reasons and status.bottom_line,
        signer=signature.signer_cert.subject.human_friendly,
        signed_at=signed_at,
        covers_whole_document=covers,
        only_signature_added=not added,
        trusted=status.trusted,
        level=level,
        reasons_th=tuple(dict.fromkeys(reasons)),
        lasting=bool(args["now"]) and not why_not,
        lasting_th=tuple(why_not),
        stamped_at=stamped_at,
        certificate_until=signature.signer_cert["tbs_certificate"]["validity"]["not_after"].native,
    )


def _all_certificates(roots: Sequence[str]) -> list[x509.Certificate]:
    return [certificate for root in roots for certificate in _certificates(base64.b64decode(root))]


def _certificates(data: bytes) -> list[x509.Certificate]:
    """None out of a file that is no certificate: nothing is trusted because of it."""
    try:
        ders = [d for kind, _, d in pem.unarmor(data, multiple=True) if kind == "CERTIFICATE"] if pem.detect(data) else [data]
        found = [x509.Certificate.load(der, strict=True) for der in ders]
        return [certificate for certificate in found if certificate.subject and certificate.public_key]
    except (ValueError, TypeError, KeyError):
        return []
