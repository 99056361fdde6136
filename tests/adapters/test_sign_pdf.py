"""Real PAdES signatures by a person outside (pyHanko with certificates made here), and attacks on them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from songthan.adapters.sign_pdf import PadesSignatures, verify_job
from songthan.domain.errors import SignatureRefused

NOW = datetime.now(UTC).replace(microsecond=0)
DIRECTOR, OFFICE = "นายปัญจพล วิเศษกุล", "สำนักทดสอบ"
BOX = (300.0, 60.0, 520.0, 130.0)
SIGNER = PadesSignatures(expected_subject=DIRECTOR, expected_organisation=OFFICE)


def certificate(
    name,
    *,
    issuer=None,
    days=(-30, 30),
    organisation=OFFICE,
    usage=None,
    signing=True,
    crl=None,
    ocsp=None,
    issuers=None,
    kind="ec",
    authority=None,
    bits=2048,
    digest=hashes.SHA256,
):
    """A certificate as (certificate, key, issuer's certificate); self-signed authority without `issuer`."""
    authority = issuer is None if authority is None else authority
    # pyHanko's practice timestamper can only RSA
    key = rsa.generate_private_key(65537, bits) if usage or kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority and signing,
                content_commitment=not authority and usage is None and signing,
                key_encipherment=not signing,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if crl is not None:
        point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    ways = ((AuthorityInformationAccessOID.OCSP, ocsp), (AuthorityInformationAccessOID.CA_ISSUERS, issuers))
    places = [x509.AccessDescription(way, x509.UniformResourceIdentifier(url)) for way, url in ways if url is not None]
    if places:
        builder = builder.add_extension(x509.AuthorityInformationAccess(places), critical=False)
    if usage is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    if usage == ExtendedKeyUsageOID.OCSP_SIGNING:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    return builder.sign(issuer[1] if issuer else key, digest()), key, issuer[0] if issuer else None


def pem(holder):
    return holder[0].public_bytes(serialization.Encoding.PEM)


def _asn1(cert):
    return asn1_x509.Certificate.load(cert.public_bytes(serialization.Encoding.DER))


def _tools(holder):
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key = keys.PrivateKeyInfo.load(holder[1].private_bytes(serialization.Encoding.DER, *form))
    store = SimpleCertificateStore()
    if holder[2] is not None:
        store.register(_asn1(holder[2]))
    return _asn1(holder[0]), key, store


def sign(pdf, holder, *, field="Director", tsa=None, lta_root=None, subfilter=fields.SigSeedSubFilter.PADES, new=None):
    """What the director's own program does: an incremental update with a signature in the prepared field."""
    cert, key, store = _tools(holder)
    stamper = None
    if tsa is not None:
        tsa_cert, tsa_key, tsa_store = _tools(tsa)
        stamper = timestamps.DummyTimeStamper(tsa_cert, tsa_key, certs_to_embed=tsa_store)
    long_term = {}
    if lta_root is not None:
        context = ValidationContext(trust_roots=[_asn1(lta_root[0])], allow_fetching=False, revocation_mode="soft-fail")
        long_term = {"embed_validation_info": True, "validation_context": context, "use_pades_lta": True}
    meta = signers.PdfSignatureMetadata(field_name=field, subfilter=subfilter, md_algorithm="sha256", **long_term)
    signer = signers.PdfSigner(
        meta,
        signers.SimpleSigner(signing_cert=cert, signing_key=key, cert_registry=store),
        timestamper=stamper,
        new_field_spec=new,
    )
    return signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(pdf)), existing_fields_only=new is None).getvalue()


def plain_pdf(words="one"):
    """Two pages, told apart by `words`."""
    writer = PdfWriter()
    for number in range(2):
        content = DecodedStreamObject()
        content.set_data(f"% {words} {number}".encode())
        page = writer.add_blank_page(width=595, height=842)
        page[NameObject("/Contents")] = writer._add_object(content)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def update(pdf, change, *, holder=None):
    """An incremental update made by `change(writer)`; signed in the same revision with `holder`."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    change(writer)
    if holder is None:
        out = BytesIO()
        writer.write(out)
        return out.getvalue()
    cert, key, store = _tools(holder)
    meta = signers.PdfSignatureMetadata(field_name="Director", subfilter=fields.SigSeedSubFilter.PADES)
    signer = signers.SimpleSigner(signing_cert=cert, signing_key=key, cert_registry=store)
    return signers.PdfSigner(meta, signer).sign_pdf(writer, existing_fields_only=True).getvalue()


def overwrite_text(writer):
    page = writer.find_page_for_modification(0)[0].get_object()
    page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"% other words"))
    writer.update_container(page)


def add_annotation(writer):
    page = writer.find_page_for_modification(0)[0].get_object()
    note = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Text"),
            pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (10, 10, 200, 200))),
            pdf_name("/Contents"): generic.TextStringObject("approved"),
        }
    )
    page[pdf_name("/Annots")] = generic.ArrayObject([*page.get("/Annots", ()), writer.add_object(note)])
    writer.update_container(page)


def remove_page(writer):
    pages = writer.root["/Pages"]
    pages[pdf_name("/Kids")] = generic.ArrayObject(list(pages["/Kids"])[:1])
    pages[pdf_name("/Count")] = generic.NumberObject(1)
    writer.update_container(pages)


def open_with_script(writer):
    script = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.TextStringObject("1")}
    writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(script)
    writer.update_root()


def verify(data, frozen, root, *, at=None, judge=SIGNER):
    return judge.verify(data, frozen=frozen, trust_roots=[pem(root)], at=at or datetime.now(UTC))


def test_a_good_signature_is_valid(signed, frozen, ca):
    report = verify(signed, frozen, ca)
    assert (report.valid, report.reasons_th) == (True, ())
    assert report.covers_whole_document and report.only_signature_added and report.trusted
    assert report.level == "B-B" and DIRECTOR in report.signer
    assert abs(report.signed_at - NOW) < timedelta(minutes=30)


def test_roots_may_be_der_and_a_loop_may_be_running(signed, frozen, ca):
    der = ca[0].public_bytes(serialization.Encoding.DER)

    async def inside():
        return SIGNER.verify(signed, frozen=frozen, trust_roots=[der], at=datetime.now(UTC))

    assert asyncio.run(inside()).valid


def test_prepare_repeats_to_the_byte_and_shows_a_field_on_the_last_page():
    pdf = plain_pdf()
    once = SIGNER.prepare(pdf, field="Director", page=-1, box=BOX)
    assert once == SIGNER.prepare(pdf, field="Director", page=-1, box=BOX) and once.startswith(pdf)
    widget = PdfReader(BytesIO(once)).pages[1]["/Annots"][0].get_object()
    assert [float(n) for n in widget["/Rect"]] == list(BOX) and widget["/FT"] == "/Sig"


@pytest.mark.parametrize("broken", ["not a pdf", "no such page", "field there already"])
def test_prepare_refuses_what_it_cannot_do(broken, frozen):
    pdf = {"not a pdf": b"hello", "no such page": plain_pdf(), "field there already": frozen}[broken]
    with pytest.raises(SignatureRefused):
        SIGNER.prepare(pdf, field="Director", page=7 if broken == "no such page" else 0, box=BOX)


def test_timestamped_and_archived_signatures_tell_their_level(frozen, ca, director):
    tsa = certificate("เครื่องประทับเวลา", issuer=ca, usage=ExtendedKeyUsageOID.TIME_STAMPING)
    stamped = verify(sign(frozen, director, tsa=tsa), frozen, ca)
    assert (stamped.valid, stamped.level, stamped.reasons_th) == (True, "B-T", ())
    archived = verify(sign(frozen, director, tsa=tsa, lta_root=ca), frozen, ca)
    assert (archived.valid, archived.level, archived.reasons_th) == (True, "B-LTA", ())


def test_a_foreign_timestamp_is_not_believed(frozen, ca, director):
    tsa = certificate("เครื่องปลอม", issuer=certificate("ใครก็ได้"), usage=ExtendedKeyUsageOID.TIME_STAMPING)
    report = verify(sign(frozen, director, tsa=tsa), frozen, ca)
    assert not report.valid and "ตราประทับเวลา" in report.reasons_th[0]


def test_the_common_cms_form_is_accepted(frozen, ca, director):
    report = verify(sign(frozen, director, subfilter=fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED), frozen, ca)
    assert (report.valid, report.level) == (True, "CMS")


def test_flipped_bytes_in_front_and_in_the_signed_update(signed, frozen, ca):
    places = [len(frozen) // 2, len(frozen) - 5, len(frozen) + 40, signed.index(b"/ByteRange") + 20, len(signed) - 30]
    places.append(signed.rindex(b"/Contents <") + 400)
    for place in places:
        changed = bytearray(signed)
        changed[place] ^= 0x01
        report = verify(bytes(changed), frozen, ca)
        assert not report.valid and report.reasons_th, place


def test_a_signature_over_another_bundle(director, frozen, ca):
    other = SIGNER.prepare(plain_pdf("two"), field="Director", page=0, box=BOX)
    report = verify(sign(other, director), frozen, ca)
    assert not report.valid and "ไม่ใช่ฉบับที่ส่งไป" in report.reasons_th[0]


def test_anothers_signed_file_behind_our_bytes(director, frozen, ca):
    """Our frozen bytes as a dead prefix: the reader would show the other document."""
    other = SIGNER.prepare(plain_pdf("two"), field="Director", page=0, box=BOX)
    assert not verify(frozen + sign(other, director), frozen, ca).valid
    # and the same with an update of ours whose link back is cut
    cut = sign(frozen, director)[len(frozen) :].replace(b"/Prev", b"/Vrep")
    assert not verify(frozen + cut, frozen, ca).valid


def test_an_unsigned_reply(frozen, ca):
    assert "ยังไม่มีลายมือชื่อ" in verify(frozen, frozen, ca).reasons_th[0]
    report = verify(update(frozen, add_annotation), frozen, ca)
    assert not report.valid and "ไม่มีลายมือชื่อ" in report.reasons_th[0]
    assert not verify(b"", frozen, ca).valid


@pytest.mark.parametrize("change", [overwrite_text, add_annotation, remove_page, open_with_script])
def test_changes_after_signing(change, signed, frozen, ca):
    report = verify(update(signed, change), frozen, ca)
    assert not report.valid and not report.only_signature_added
    assert any("หลังลงลายมือชื่อ" in reason for reason in report.reasons_th)


@pytest.mark.parametrize("change", [overwrite_text, add_annotation, remove_page, open_with_script])
def test_changes_slipped_in_with_the_signature(change, frozen, ca, director):
    """A shadow update: pyHanko's own bottom line is true here, for the signature does cover the changed file."""
    data = update(frozen, change, holder=director)
    report = verify(data, frozen, ca)
    assert report.trusted and report.covers_whole_document
    assert not report.valid and not report.only_signature_added


@pytest.mark.parametrize("change", [overwrite_text, add_annotation, remove_page])
def test_changes_in_a_revision_before_the_signature(change, frozen, ca, director):
    report = verify(sign(update(frozen, change), director), frozen, ca)
    assert not report.valid and not report.only_signature_added


def test_two_signatures(signed, frozen, ca):
    second = sign(signed, certificate("คนที่สอง", issuer=ca), field="Second", new=fields.SigFieldSpec("Second"))
    report = verify(second, frozen, ca)
    assert not report.valid and "มากกว่าหนึ่ง" in report.reasons_th[0]


def test_a_signature_in_a_field_of_its_own(frozen, ca, director):
    spec = fields.SigFieldSpec("Elsewhere", on_page=0, box=(0, 0, 590, 840))
    report = verify(sign(frozen, director, field="Elsewhere", new=spec), frozen, ca)
    assert not report.valid and not report.only_signature_added


def test_a_foreign_certificate_with_the_same_names(frozen, ca):
    forged = certificate(DIRECTOR, issuer=certificate("ผู้ให้บริการทดสอบ"))
    report = verify(sign(frozen, forged), frozen, ca)
    assert not report.valid and not report.trusted and "ใบรับรอง" in report.reasons_th[0]


def test_no_roots_means_no_trust(signed, frozen):
    report = SIGNER.verify(signed, frozen=frozen, trust_roots=[], at=datetime.now(UTC))
    assert not report.valid and not report.trusted


@pytest.mark.parametrize("rubbish", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\x30\x03abc"])
def test_a_root_file_that_is_none_is_no_root_and_does_no_harm(rubbish, signed, frozen, ca):
    at = datetime.now(UTC)
    alone = SIGNER.verify(signed, frozen=frozen, trust_roots=[rubbish], at=at)
    assert not alone.valid and not alone.trusted and alone.reasons_th
    assert SIGNER.verify(signed, frozen=frozen, trust_roots=[rubbish, pem(ca)], at=at).valid


def test_an_expired_and_a_future_certificate(frozen, ca):
    for days, at in (((-20, -1), None), ((2, 20), None), ((2, 20), NOW + timedelta(days=5))):
        report = verify(sign(frozen, certificate(DIRECTOR, issuer=ca, days=days)), frozen, ca, at=at)
        assert not report.valid and any("ช่วงเวลา" in reason for reason in report.reasons_th), (days, report)


def test_a_certificate_that_ran_out_before_the_reply_came(signed, frozen, ca):
    assert not verify(signed, frozen, ca, at=NOW + timedelta(days=31)).valid


def test_signed_after_it_was_received(signed, frozen, ca):
    report = verify(signed, frozen, ca, at=NOW - timedelta(hours=2))
    assert not report.valid and "อยู่หลังเวลาที่ได้รับ" in report.reasons_th[0]


def test_anothers_certificate_of_the_same_authority(frozen, ca):
    colleague = certificate("กัลยกร เพียรทดสอบ", issuer=ca, organisation="สำนักอื่น")
    report = verify(sign(frozen, colleague), frozen, ca)
    assert not report.valid and report.trusted and len(report.reasons_th) == 2
    assert verify(sign(frozen, colleague), frozen, ca, judge=PadesSignatures()).valid


def test_a_certificate_that_may_not_sign(frozen, ca):
    report = verify(sign(frozen, ca), frozen, ca, judge=PadesSignatures())
    assert not report.valid and report.reasons_th


def test_garbage_behind_our_bytes_and_too_much_of_it(frozen, ca):
    assert not verify(frozen + b"\n%%EOF garbage", frozen, ca).valid
    assert "ขนาดใหญ่" in verify(frozen + b"0" * (9 << 20), frozen, ca).reasons_th[0]


def test_a_frozen_file_without_its_field(ca, director):
    pdf = plain_pdf()
    report = verify(sign(pdf, director, new=fields.SigFieldSpec("Director")), pdf, ca)
    assert not report.valid and "ไม่มีช่องลายมือชื่อว่าง" in report.reasons_th[0]


class OneJob:
    """A sandbox that runs our job here; the real one's limits are its own tests' matter."""

    def run(self, job, payload, args=None):
        assert job == "songthan.adapters.sign_pdf:verify_job"
        return verify_job(payload, args)


def test_the_same_answer_through_a_sandbox(signed, frozen, ca):
    boxed = PadesSignatures(expected_subject=DIRECTOR, expected_organisation=OFFICE, sandbox=OneJob())
    at = datetime.now(UTC)
    assert verify(signed, frozen, ca, at=at, judge=boxed) == verify(signed, frozen, ca, at=at)


def test_a_naive_time_is_refused(signed, frozen):
    with pytest.raises(ValueError):
        SIGNER.verify(signed, frozen=frozen, trust_roots=[], at=datetime(2023, 3, 1))
