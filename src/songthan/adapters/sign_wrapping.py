"""The signature's own wrapping (CMS): what no signature covers must have no room for anything.

A byte there that nobody signs harms nobody, but it would pass unseen. So: DER to the letter, one way of writing the
hexadecimal digits, exactly one signer, the version and algorithm lists that follow from it, no certificate that is not in
somebody's chain, and beside the signature nothing but a time-stamp, wrapped as strictly.
"""

from __future__ import annotations

from collections.abc import Sequence

from asn1crypto import algos, cms, core, parser, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko_certvalidator.sig_validate import DEFAULT_SIGNATURE_VALIDATOR

from songthan.adapters.sign_der import is_der
from songthan.domain.language import say

__all__ = ["place_is_tight", "wrapping_reasons"]

_STAMP = "signature_time_stamp_token"
_NO_PARAMETERS = (b"", b"\x05\x00")
_MOST_CERTIFICATES = 20


def wrapping_reasons(
    signed: bytes,
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
    stamp_roots: Sequence[x509.Certificate],
) -> list[str]:
    """What is wrong with the wrapping of the signature and of the document's time-stamps, as sentences."""
    reasons = []
    for item in (signature, *reader.embedded_timestamp_signatures):
        stamp = item is not signature
        content = item.pkcs7_content
        if not place_is_tight(signed, item):
            reasons.append(say("ที่ว่างของลายมือชื่อมีสิ่งอื่นแทรกอยู่"))
        reasons += _content_reasons(content[: parser.peek(content)], stamp_roots if stamp else roots, stamp_roots, stamp=stamp)
    return list(dict.fromkeys(reasons))


def place_is_tight(signed: bytes, item: EmbeddedPdfSignature) -> bool:
    """The place the hash leaves out is «<…>» with the digits of one value, all in one case, and zeros up to the end."""
    _, length, after, _ = (int(n) for n in item.byte_range)
    hole = signed[length:after]
    digits = hole[1:-1]
    if hole[:1] != b"<" or hole[-1:] != b">" or not digits or len(digits) % 2:
        return False
    if not (set(digits) <= set(b"0123456789abcdef") or set(digits) <= set(b"0123456789ABCDEF")):
        return False
    filled = 2 * parser.peek(item.pkcs7_content)
    return not set(digits[filled:]) - set(b"0") and bytes.fromhex(digits[:filled].decode("ascii")) == item.pkcs7_content[: filled // 2]


def _content_reasons(
    content: bytes, roots: Sequence[x509.Certificate], stamp_roots: Sequence[x509.Certificate], *, stamp: bool
) -> list[str]:
    if not is_der(content):
        return [say("โครงสร้างลายมือชื่อ (CMS) ไม่ได้เขียนตามแบบ DER")]
    outer = cms.ContentInfo.load(content)
    if outer["content_type"].native != "signed_data":
        return [say("โครงสร้างลายมือชื่อ (CMS) ไม่ได้เขียนตามแบบ DER")]
    data = outer["content"]
    signers = data["signer_infos"]
    if len(signers) != 1:
        return [say("ลายมือชื่อหนึ่งช่องมีผู้ลงนามมากกว่าหนึ่งราย")]
    signer = signers[0]
    reasons = []
    if not all(map(_whole, (outer, data, data["encap_content_info"], signer))):
        reasons.append(say("โครงสร้างลายมือชื่อ (CMS) ไม่ได้เขียนตามแบบ DER"))
    if not (_plain(data, signer, stamp=stamp) and _algorithms(data, signer)):
        reasons.append(say("รายการรุ่นหรืออัลกอริทึมในลายมือชื่อ (CMS) ไม่ตรงกับลายมือชื่อ"))
    if not _certificates(data, signer, roots):
        reasons.append(say("ลายมือชื่อแนบใบรับรองอื่นที่ไม่เกี่ยวข้องกับผู้ลงนาม"))
    return reasons + _beside(signer, stamp_roots, stamp=stamp)


def _whole(value: core.Sequence) -> bool:
    """Its fields are all there is: the library passes over what follows them."""
    return b"".join(value[name].dump() for name, *_ in value._fields) == value.contents


def _plain(data: cms.SignedData, signer: cms.SignerInfo, *, stamp: bool) -> bool:
    """The version numbers follow from the content (RFC 5652, 5.1 and 5.3); the content is the document, or the time."""
    kind = data["encap_content_info"]["content_type"].native
    inside = data["encap_content_info"]["content"].native is not None
    if (kind, inside) != (("tst_info", True) if stamp else ("data", False)):
        return False
    version = {"issuer_and_serial_number": "v1", "subject_key_identifier": "v3"}[signer["sid"].name]
    whole = "v3" if stamp or version == "v3" else "v1"
    lists = data["crls"]
    return signer["version"].native == version and data["version"].native == whole and not lists.contents


def _algorithms(data: cms.SignedData, signer: cms.SignerInfo) -> bool:
    digest, listed = signer["digest_algorithm"], data["digest_algorithms"]
    if len(listed) != 1 or listed[0]["algorithm"].native != digest["algorithm"].native:
        return False
    plain = all(item["parameters"].dump() in _NO_PARAMETERS for item in (digest, listed[0]))
    made: algos.SignedDigestAlgorithm = signer["signature_algorithm"]
    return plain and (made["algorithm"].native == "rsassa_pss" or made["parameters"].dump() in _NO_PARAMETERS)


def _certificates(data: cms.SignedData, signer: cms.SignerInfo, roots: Sequence[x509.Certificate]) -> bool:
    """The signer's own, and of others only who issued it, issued the issuer, …: each whole, by a signature or as a root."""
    bag = [choice for choice in data["certificates"] or ()]
    if len(bag) > _MOST_CERTIFICATES or any(choice.name != "certificate" for choice in bag):
        return False
    # some programs put the signer's certificate in twice
    found = list({choice.chosen.dump(): choice.chosen for choice in bag}.values())
    known = {root.dump() for root in roots}
    chain = [certificate for certificate in found if _is_of(certificate, signer["sid"])]
    if len(chain) != 1:
        return False
    for certificate in chain:
        chain += [c for c in found if c not in chain and _issued(c, certificate)]
    others = [certificate for certificate in found if certificate.dump() not in known]
    return all(
        certificate in chain and any(_issued(issuer, certificate) for issuer in (*chain, *roots))
        for certificate in others
    )


def _is_of(certificate: x509.Certificate, sid: cms.SignerIdentifier) -> bool:
    if sid.name == "subject_key_identifier":
        return certificate.key_identifier == sid.chosen.native
    wanted = sid.chosen
    return certificate.issuer.dump() == wanted["issuer"].dump() and certificate.serial_number == wanted["serial_number"].native


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Is `certificate`, to the last byte, what `issuer` signed?"""
    inside = certificate["tbs_certificate"]["signature"].dump()
    unused_bits = certificate["signature_value"].contents[:1]
    if issuer.subject != certificate.issuer or certificate["signature_algorithm"].dump() != inside:
        return False
    if unused_bits != b"\x00" or not _whole(certificate):
        return False
    try:
        DEFAULT_SIGNATURE_VALIDATOR.validate_signature(
            certificate["signature_value"].native,
            certificate["tbs_certificate"].dump(),
            issuer.public_key,
            certificate["signature_algorithm"],
        )
    except Exception:  # whatever the library says of a stranger's certificate: it is not proven
        return False
    return True


def _beside(signer: cms.SignerInfo, stamp_roots: Sequence[x509.Certificate], *, stamp: bool) -> list[str]:
    """Unsigned attributes: at most one time-stamp beside a signature, none beside a time-stamp."""
    attributes = signer["unsigned_attrs"]
    if not attributes.contents:
        # an empty set is written out by nobody
        return [] if attributes.native is None else [say("ลายมือชื่อมีสิ่งแนบที่ไม่มีใครลงนามกำกับ")]
    known = not stamp and len(attributes) == 1 and attributes[0]["type"].native == _STAMP
    if not known or len(attributes[0]["values"]) != 1:
        return [say("ลายมือชื่อมีสิ่งแนบที่ไม่มีใครลงนามกำกับ")]
    return _content_reasons(attributes[0]["values"][0].dump(), stamp_roots, stamp_roots, stamp=True)
