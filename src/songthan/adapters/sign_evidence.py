"""What a signed PDF carries for its own proof, taken out for programs that know no PDF (openssl).

Used on files that were judged good before; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import parser, pem, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature

__all__ = ["Carried", "Piece", "evidence_of"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One signature or time-stamp: its CMS (DER), the bytes it covers as (first, length) twice, its certificates in PEM
    (its own first), and the time it tells."""

    stamp: bool
    der: bytes
    parts: tuple[tuple[int, int], tuple[int, int]]
    certificates: tuple[bytes, ...]
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Signatures and time-stamps in their order; revocation lists and OCSP answers as DER, certificates as PEM."""

    pieces: tuple[Piece, ...]
    lists: tuple[bytes, ...]
    answers: tuple[bytes, ...]
    certificates: tuple[bytes, ...]


def evidence_of(pdf: bytes) -> Carried:
    """Everything `pdf` carries for the proof of its signatures."""
    reader = PdfFileReader(BytesIO(pdf))
    pieces = tuple(_piece(signature) for signature in reader.embedded_signatures)
    if "/DSS" not in reader.root:
        return Carried(pieces=pieces, lists=(), answers=(), certificates=())
    store = DocumentSecurityStore.read_dss(reader)
    return Carried(
        pieces=pieces,
        lists=tuple(ref.get_object().data for ref in store.crls),
        answers=tuple(ref.get_object().data for ref in store.ocsps),
        certificates=_pems(list(store.load_certs())),
    )


def _piece(signature: EmbeddedPdfSignature) -> Piece:
    start, length, after, rest = (int(n) for n in signature.byte_range)
    content = signature.pkcs7_content
    stamp = signature.sig_object_type == "/DocTimeStamp"
    told = signature.signed_data["encap_content_info"]["content"].parsed if stamp else None
    return Piece(
        stamp=stamp,
        der=content[: parser.peek(content)],
        parts=((start, length), (after, rest)),
        certificates=_pems([signature.signer_cert, *signature.other_embedded_certs]),
        at=told["gen_time"].native if told is not None else signature.self_reported_timestamp,
    )


def _pems(certificates: Sequence[x509.Certificate]) -> tuple[bytes, ...]:
    return tuple(pem.armor("CERTIFICATE", certificate.dump()) for certificate in certificates)
