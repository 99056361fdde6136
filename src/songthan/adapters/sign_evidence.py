"""What a signed PDF carries for its own proof, taken out for programs that know no PDF (openssl).

Used on files that were judged good before; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import ocsp, parser, pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature

__all__ = ["Carried", "Piece", "evidence_of"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One signature or time-stamp: its CMS (DER), the bytes it covers as (first, length) twice, its certificates in PEM
    (its own first), and the time it tells. `issuer`: who issued its own certificate (PEM; empty: not known); `answers`: which
    OCSP answers of the file (counted from 1) speak of it."""

    stamp: bool
    der: bytes
    parts: tuple[tuple[int, int], tuple[int, int]]
    certificates: tuple[bytes, ...]
    at: datetime | None
    issuer: bytes = b""
    answers: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Signatures and time-stamps in their order; revocation lists and OCSP answers as DER, certificates as PEM."""

    pieces: tuple[Piece, ...]
    lists: tuple[bytes, ...]
    answers: tuple[bytes, ...]
    certificates: tuple[bytes, ...]


def evidence_of(pdf: bytes, trust: Sequence[bytes] = ()) -> Carried:
    """Everything `pdf` carries for the proof of its signatures; `trust` (PEM) are roots that may have issued them."""
    reader = PdfFileReader(BytesIO(pdf))
    roots = [x509.Certificate.load(der) for data in trust for kind, _, der in pem.unarmor(data, multiple=True)]
    store = DocumentSecurityStore.read_dss(reader) if "/DSS" in reader.root else None
    certificates = list(store.load_certs()) if store else []
    answers = [ref.get_object().data for ref in store.ocsps] if store else []
    return Carried(
        pieces=tuple(_piece(signature, [*certificates, *roots], answers) for signature in reader.embedded_signatures),
        lists=tuple(ref.get_object().data for ref in store.crls) if store else (),
        answers=tuple(answers),
        certificates=_pems(certificates),
    )


def _about(answer: bytes, certificate: x509.Certificate) -> bool:
    """Does this OCSP answer name the certificate?"""
    response = ocsp.OCSPResponse.load(answer).response_data["responses"]
    return any(single["cert_id"]["serial_number"].native == certificate.serial_number for single in response)


def _piece(signature: EmbeddedPdfSignature, known: Sequence[x509.Certificate], answers: Sequence[bytes]) -> Piece:
    start, length, after, rest = (int(n) for n in signature.byte_range)
    content = signature.pkcs7_content
    stamp = signature.sig_object_type == "/DocTimeStamp"
    own = signature.signer_cert
    issuers = [c for c in (*signature.other_embedded_certs, *known) if c.subject == own.issuer and c != own]
    told = signature.signed_data["encap_content_info"]["content"].parsed if stamp else None
    return Piece(
        stamp=stamp,
        der=content[: parser.peek(content)],
        parts=((start, length), (after, rest)),
        certificates=_pems([own, *signature.other_embedded_certs]),
        at=told["gen_time"].native if told is not None else signature.self_reported_timestamp,
        issuer=b"".join(_pems(issuers[:1])),
        answers=tuple(number for number, answer in enumerate(answers, 1) if _about(answer, own)),
    )


def _pems(certificates: Sequence[x509.Certificate]) -> tuple[bytes, ...]:
    return tuple(pem.armor("CERTIFICATE", certificate.dump()) for certificate in certificates)
