"""What speaks for and against one signature: what was added, what it covers, whose it is, when, and at which level.

Used by `sign_pdf` (the judgement at the time a file came) and `sign_lasting` (the judgement years later).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from datetime import datetime, timedelta

from asn1crypto import parser, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation import EmbeddedPdfSignature, PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator.authority import AuthorityWithCert

from songthan.domain.language import moment_words, say
from songthan.domain.thai import squeeze

PADES, CMS = "/ETSI.CAdES.detached", "/adbe.pkcs7.detached"
_CLOCK_SLACK = timedelta(minutes=5)
#: pyHanko's own policy, but nothing may come along that no reader would miss: unreferenced objects are refused too.
_STRICT = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=DEFAULT_DIFF_POLICY.form_rule,
    reject_object_freeing=True,
    ignore_orphaned_objects=False,
)
#: What programs write anew whenever they save; everything else in the document's own description stays.
_SAVED = frozenset({"/ModDate", "/Producer"})
#: Of the catalogue; what they become is looked at elsewhere.
_LATER_KEYS = frozenset({"/AcroForm", "/DSS", "/Extensions", "/Metadata"})
_DUBLIN_CORE, _KEYWORDS = "{http://purl.org/dc/elements/1.1/}", "{http://ns.adobe.com/pdf/1.3/}Keywords"
#: Uses a certificate for a person's signature may name; one that names others only (a server's, a time-stamp service's) is none.
_SIGNING_USES = frozenset(
    (
        *("any_extended_key_usage", "email_protection", "client_auth", "1.3.6.1.5.5.7.3.36", "microsoft_document_signing"),
        *("1.3.6.1.4.1.311.10.3.12", "adobe_authentic_documents_trust", "1.2.840.113583.1.1.5", "microsoft_smart_card_logon"),
    )
)
_TITLES = re.compile(
    r"^(?:(?:ว่าที่)?(?:ร้อยตรี|ร้อยโท|ร้อยเอก|พันตรี|พันโท|พันเอก|นาย|นางสาว|นาง|ดร\.?|น\.ส\.|mr\.?|mrs\.?|miss|ms\.?|dr\.?))\s*",
    re.IGNORECASE,
)


def added_to(frozen: PdfFileReader, reader: PdfFileReader, signature: EmbeddedPdfSignature, field: str) -> list[str]:
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
        new = reader.get_historical_resolver(revision)
        try:
            diff = DEFAULT_DIFF_POLICY.apply(old, new, doc_mdp=MDPPerm.FILL_FORMS)
        except SuspiciousModification:
            return [*reasons, say("เนื้อหาเอกสารถูกแก้ไขหรือเพิ่มเติมก่อนหรือพร้อมกับการลงลายมือชื่อ")]
        allowed = diff.modification_level <= ModificationLevel.FORM_FILLING and diff.changed_form_fields <= {field}
        # pyHanko lets this one change: programs would then draw the fields as they please
        allowed &= _redraws(old) or not _redraws(new)
        # signing programs may leave an object behind; a revision without a signature has no reason to
        allowed &= revision == signature.signed_revision or _nothing_idle(reader, revision, old)
        if not (allowed and _told_alike(old, new) and _seen(new, field)):
            reasons.append(say("มีการแก้ไขเอกสารนอกเหนือจากการลงลายมือชื่อ"))
    return reasons + later_than(reader, signature)


def _redraws(resolver: HistoricalResolver) -> bool:
    return bool(resolver.root["/AcroForm"].get("/NeedAppearances", False))


def _nothing_idle(reader: PdfFileReader, revision: int, old: HistoricalResolver) -> bool:
    """Does the revision bring no object but those its rules explain, and a description written anew (as saving does)?"""
    new = reader.get_historical_resolver(revision)
    try:
        _STRICT.apply(old, new, doc_mdp=MDPPerm.FILL_FORMS)
    except SuspiciousModification:
        described = (_entry(new, "/Metadata"), new.trailer_view.get("/Info"))
        told = {ref.idnum for ref in described if isinstance(ref, generic.IndirectObject)}
        before, brought = set(), {ref.idnum for ref in reader.xrefs.explicit_refs_in_revision(revision)}
        for earlier in range(revision):
            before |= {ref.idnum for ref in reader.xrefs.explicit_refs_in_revision(earlier)}
        return brought - before <= told
    return True


def _seen(resolver: HistoricalResolver, field: str) -> bool:
    """The signature's place is neither hidden nor left out on the screen (annotation flags 2 and 6)."""
    found = (ref.get_object() for name, _, ref in enumerate_sig_fields(resolver) if name == field)
    return not any(int(widget.get("/F", 0)) & (2 | 32) for widget in found)


def _told_alike(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    """Title, author, subject and the like stay. Signing programs write XMP anew, or add it: it may repeat what Info says."""
    (words, _), (now, _) = _described(old), _described(new)
    was, told = _spoken(old), _spoken(new)
    repeated = {" ".join(word.split()) for word in words.values()} | {""}
    return words == now and all(was[key] == told[key] if key in was else told[key] <= repeated for key in told)


def _spoken(resolver: HistoricalResolver) -> dict[str, frozenset[str]]:
    """What the XMP tells people: Dublin Core (but the format) and keywords, by name."""
    meta = resolver.root["/Metadata"].data if "/Metadata" in resolver.root else b""
    if not meta.strip():
        return {}
    try:
        # no document type, no entities
        parts = [] if b"<!" in meta else list(ElementTree.fromstring(meta).iter())
    except ElementTree.ParseError:
        parts = []
    if not parts:
        return {_DUBLIN_CORE: frozenset({meta.decode("latin-1")})}
    found: dict[str, set[str]] = {}
    for part in parts:
        told = {part.tag: "".join(part.itertext()), **part.attrib}
        for name, text in told.items():
            if name.startswith(_DUBLIN_CORE) or name == _KEYWORDS:
                found.setdefault(name, set()).add(" ".join(text.split()))
    found.pop(f"{_DUBLIN_CORE}format", None)
    return {name: frozenset(texts) for name, texts in found.items()}


def later_than(reader: PdfFileReader, signature: EmbeddedPdfSignature) -> list[str]:
    """What was added after the signature beside long-term-validation data, as sentences."""
    changed = [say("เอกสารถูกแก้ไขหลังลงลายมือชื่อ")]
    later = signature.diff_result
    if isinstance(later, SuspiciousModification) or later.modification_level > ModificationLevel.LTA_UPDATES:
        return changed
    before = reader.get_historical_resolver(signature.signed_revision)
    stamped = {stamp.signed_revision for stamp in reader.embedded_timestamp_signatures}
    for revision in range(signature.signed_revision + 1, reader.xrefs.total_revisions):
        new = reader.get_historical_resolver(revision)
        try:
            _STRICT.apply(before, new, doc_mdp=MDPPerm.NO_CHANGES)
        except SuspiciousModification:
            return changed
        purpose = revision in stamped or _entry(new, "/DSS") != _entry(before, "/DSS") or _dss_changed(reader, revision)
        if not purpose or _described(new) != _described(before) or _fixed(new) != _fixed(before):
            return changed
        before = new
    return []


def _fixed(resolver: HistoricalResolver) -> tuple[dict[str, object], dict[str, object]]:
    """What long-term-validation data leave as it is in the catalogue and in the form."""
    form = resolver.root["/AcroForm"]
    return (
        {key: resolver.root.raw_get(key) for key in resolver.root if key not in _LATER_KEYS},
        {key: form.raw_get(key) for key in form if key not in ("/Fields", "/SigFlags")},
    )


def _dss_changed(reader: PdfFileReader, revision: int) -> bool:
    """Does this revision write the security store anew (its object, or one below it)?"""
    dss = reader.root.raw_get("/DSS") if "/DSS" in reader.root else None
    return isinstance(dss, generic.IndirectObject) and dss.reference in reader.xrefs.explicit_refs_in_revision(revision)


def _entry(resolver: HistoricalResolver, key: str) -> object:
    return resolver.root.raw_get(key) if key in resolver.root else None


def _described(resolver: HistoricalResolver) -> tuple[dict[str, str], bytes]:
    """The document's own description (Info, XMP) without what every saving writes anew."""
    info = resolver.trailer_view.get("/Info", {})
    if isinstance(info, generic.IndirectObject):
        info = resolver(info.reference)
    words = {str(key): str(value) for key, value in info.items() if key not in _SAVED}
    meta = resolver.root["/Metadata"].data if "/Metadata" in resolver.root else b""
    dates = rb"<(xmp:(?:ModifyDate|MetadataDate)|pdf:Producer)>[^<]*</\1>|xmp:(?:ModifyDate|MetadataDate)=\"[^\"]*\""
    return words, b"".join(re.sub(dates, b"", meta).split())


def covers_all(
    signed: bytes, reader: PdfFileReader, signature: EmbeddedPdfSignature, status: PdfSignatureStatus
) -> bool:
    """The hash takes in every byte up to the end of the signed revision but the signature itself, and what follows, if
    anything, is long-term-validation data."""
    start, length, after, rest = (int(n) for n in signature.byte_range)
    hole = signed[length:after]
    contiguous = start == 0 and length < after and hole[:1] == b"<" and hole[-1:] == b">"
    if not contiguous or not set(hole[1:-1]) <= set(b"0123456789abcdefABCDEF"):
        return False
    # what the signature does not fill of its place is zeros, and nothing rides along there
    filled = 2 * parser.peek(signature.pkcs7_content)
    if set(hole[1 + filled : -1]) - set(b"0"):
        return False
    if status.coverage == SignatureCoverageLevel.ENTIRE_FILE:
        return after + rest == len(signed)
    return (
        status.coverage == SignatureCoverageLevel.ENTIRE_REVISION
        and status.modification_level is not None
        and status.modification_level <= ModificationLevel.LTA_UPDATES
        and reader.xrefs.total_revisions > signature.signed_revision + 1
        and signed.rstrip(b"\r\n").endswith(b"%%EOF")
    )


def status_reasons(status: PdfSignatureStatus) -> list[str]:
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


def time_reasons(status: PdfSignatureStatus, signed_at: datetime | None, at: datetime) -> list[str]:
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
    root = _root_of(status)
    # the library does not ask how old a root is
    if root is not None and not (root.not_valid_before <= signed_at and at <= root.not_valid_after):
        reasons.append(say("ใบรับรองราก (trust root) หมดอายุแล้วหรือยังไม่มีผลเมื่อลงลายมือชื่อ"))
    return reasons


def _root_of(status: PdfSignatureStatus) -> x509.Certificate | None:
    path = status.validation_path
    authority = path.trust_anchor.authority if path is not None else None
    return authority.certificate if isinstance(authority, AuthorityWithCert) else None


def form_reasons(signature: EmbeddedPdfSignature) -> list[str]:
    """PAdES, or the plain CMS form common programs write by default; nothing older."""
    form = str(signature.sig_object.get("/SubFilter", ""))
    if form not in (PADES, CMS):
        return [say("ลายมือชื่อไม่ได้อยู่ในรูปแบบ PAdES หรือ CMS ที่รองรับ")]
    kinds = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    if form == PADES and not kinds & {"signing_certificate", "signing_certificate_v2"}:
        return [say("ลายมือชื่อ PAdES ไม่ได้ผูกกับใบรับรองของผู้ลงลายมือชื่อ")]
    return []


def holder_reasons(certificate: x509.Certificate, holders: Sequence[str], organisation: str | None) -> list[str]:
    """Is it the certificate of one of `holders` (any, when there are none), of `organisation`, and one for signing?"""
    reasons = []
    usage = certificate.key_usage_value
    # pyHanko does not look at the usage of a certificate that is itself a trust root.
    uses = certificate.extended_key_usage_value
    plain = usage is None or usage.native & {"digital_signature", "non_repudiation"}
    if not plain or (uses is not None and not set(uses.native) & _SIGNING_USES):
        reasons.append(say("ใบรับรองนี้ไม่ได้ออกไว้สำหรับลงลายมือชื่อ"))
    wanted = {_bare(holder) for holder in holders}
    if wanted and not wanted & {_bare(name) for name in _names(certificate)}:
        reasons.append(
            say("{label}ในใบรับรองไม่ตรงกับผู้ที่ต้องลงลายมือชื่อ ({wanted})", label=say("ชื่อ"), wanted=holders[0])
        )
    if organisation is not None and squeeze(organisation) not in map(squeeze, _values(certificate, "organization_name")):
        reasons.append(
            say("{label}ในใบรับรองไม่ตรงกับผู้ที่ต้องลงลายมือชื่อ ({wanted})", label=say("หน่วยงาน"), wanted=organisation)
        )
    return reasons


def _names(certificate: x509.Certificate) -> list[str]:
    """How the certificate names its holder: the common name, and given name with surname."""
    found = _values(certificate, "common_name")
    given, family = _values(certificate, "given_name"), _values(certificate, "surname")
    return found + ([f"{given[0]} {family[0]}"] if len(given) == len(family) == 1 else [])


def _values(certificate: x509.Certificate, key: str) -> list[str]:
    value = certificate.subject.native.get(key, [])
    return [value] if isinstance(value, str) else [str(v) for v in value]


def _bare(name: str) -> str:
    """A name for comparing: without its title, white space and letters' case aside."""
    name = squeeze(name)
    while (shorter := _TITLES.sub("", name, count=1)) and shorter != name:
        name = shorter
    return name.casefold()


def level_of(reader: PdfFileReader, signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> str:
    """The PAdES baseline level by what is there: «B-B», «B-T», «B-LT», «B-LTA», or «CMS» (EN 319 142-1: a document
    time-stamp serves as the trusted time as well as one inside the signature)."""
    if str(signature.sig_object.get("/SubFilter", "")) != PADES:
        return "CMS"
    stamps = [s.signed_revision for s in reader.embedded_timestamp_signatures]
    stamps = sorted(revision for revision in stamps if revision > signature.signed_revision)
    if status.timestamp_validity is None and not stamps:
        return "B-B"
    if "/DSS" not in reader.root:
        return "B-T"
    over = [r for r in stamps if "/DSS" in reader.get_historical_resolver(r).root]
    archived = over and (status.timestamp_validity is not None or len(stamps) > 1)
    return "B-LTA" if archived else "B-LT"
