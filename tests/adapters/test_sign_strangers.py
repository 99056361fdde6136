"""Further attacks on the signed PDF by somebody who read the code: small words, raw cross references, strange certificates."""

from __future__ import annotations

import re
import struct
import subprocess
from datetime import UTC, datetime
from io import BytesIO

import attack_files as attack
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from test_sign_pdf import DIRECTOR, _asn1, _tools, certificate, pem, sign
from test_sign_pdf import update as slipped_in

from songthan.adapters.sign_pdf import PadesSignatures

JUDGE = PadesSignatures()
ROOT_DAYS = (-300, 900)


def judged(data, frozen, root):
    return JUDGE.verify(data, frozen=frozen, trust_roots=[pem(root)], at=datetime.now(UTC), holders=(DIRECTOR,))


def refused(data, frozen, root):
    report = judged(data, frozen, root)
    assert not report.valid and report.reasons_th
    return " ".join(report.reasons_th)


# ------------------------------------------------------------------------------------------- small words, small marks


def _words(**entries):
    return generic.DictionaryObject({pdf_name(f"/{key}"): value for key, value in entries.items()})


def _field(change):
    def edit(writer):
        for _, _, ref in fields.enumerate_sig_fields(writer):
            change(ref.get_object(), writer)
            writer.mark_update(ref)

    edit.__name__ = change.__name__
    return edit


def _root(**entries):
    def edit(writer):
        for key, value in entries.items():
            writer.root[pdf_name(f"/{key}")] = value
        writer.update_root()

    edit.__name__ = "_".join(entries)
    return edit


@_field
def hidden(widget, _):
    widget[pdf_name("/F")] = generic.NumberObject(2)


@_field
def not_on_the_screen(widget, _):
    widget[pdf_name("/F")] = generic.NumberObject(32)


@_field
def script_of_the_field(widget, _):
    widget[pdf_name("/AA")] = _words(E=_words(S=pdf_name("/JavaScript"), JS=generic.TextStringObject("1")))


@_field
def link_of_the_field(widget, _):
    widget[pdf_name("/A")] = _words(S=pdf_name("/URI"), URI=generic.TextStringObject("https://x.example"))


@_field
def another_name_to_the_eye(widget, _):
    widget[pdf_name("/TU")] = generic.TextStringObject("อนุมัติ ๑๐๐ ล้าน")


@_field
def layer_of_the_field(widget, writer):
    widget[pdf_name("/OC")] = writer.add_object(_words(Type=pdf_name("/OCG"), Name=generic.TextStringObject("x")))


@_field
def moved_over_the_page(widget, _):
    widget[pdf_name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 590, 840)))


@_field
def locks_the_fields(widget, _):
    widget[pdf_name("/Lock")] = _words(Type=pdf_name("/SigFieldLock"), Action=pdf_name("/All"))


def another_subject_in_the_xmp(writer):
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">'
        "อีกเรื่องหนึ่ง</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
    _metadata(writer, xmp)


def xmp_with_a_document_type(writer):
    _metadata(writer, b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')


def xmp_that_is_none(writer):
    _metadata(writer, b"<x")


def _metadata(writer, xmp):
    kind = {pdf_name("/Type"): pdf_name("/Metadata"), pdf_name("/Subtype"): pdf_name("/XML")}
    writer.root[pdf_name("/Metadata")] = writer.add_object(generic.StreamObject(kind, stream_data=xmp))
    writer.update_root()


def redaction(writer):
    attack._annotate(writer, "Redact")


def rubber_stamp(writer):
    attack._annotate(writer, "Stamp")


def second_widget_on_another_page(writer):
    page = writer.find_page_for_modification(1)[0].get_object()
    refs = [ref for _, _, ref in fields.enumerate_sig_fields(writer)]
    page[pdf_name("/Annots")] = generic.ArrayObject([generic.IndirectObject(refs[0].idnum, 0, writer)])
    writer.update_container(page)


def upside_down(writer):
    page = writer.find_page_for_modification(0)[0].get_object()
    page[pdf_name("/Rotate")] = generic.NumberObject(180)
    writer.update_container(page)


def forms_of_another_kind(writer):
    form = writer.root["/AcroForm"]
    form[pdf_name("/XFA")] = writer.add_object(generic.StreamObject(stream_data=b"<xdp/>"))
    writer.update_container(form)


SMALL = (
    *(hidden, not_on_the_screen, script_of_the_field, link_of_the_field, another_name_to_the_eye, layer_of_the_field),
    *(locks_the_fields, another_subject_in_the_xmp, xmp_with_a_document_type, xmp_that_is_none, redaction, rubber_stamp),
    *(second_widget_on_another_page, upside_down, forms_of_another_kind, attack.title_changed, moved_over_the_page),
    _root(Lang=generic.TextStringObject("en")),
    _root(PageLabels=_words(Nums=generic.ArrayObject([generic.NumberObject(0), _words(S=pdf_name("/D"))]))),
    _root(Perms=_words(UR3=_words(Type=pdf_name("/Sig")))),
    _root(AF=generic.ArrayObject([_words(Type=pdf_name("/Filespec"))])),
    _root(ViewerPreferences=_words(HideToolbar=generic.BooleanObject(True))),
)


@pytest.mark.parametrize("change", SMALL, ids=lambda c: c.__name__)
@pytest.mark.parametrize("when", ["before", "with", "after"])
def test_small_words_and_marks(change, when, frozen, signed, ca, director):
    if when == "with" and change in (another_subject_in_the_xmp, xmp_with_a_document_type, xmp_that_is_none):
        when = "before"  # the signing program writes the XMP anew: nothing would be slipped in
    made = {
        "before": lambda: sign(attack.update(frozen, change), director),
        "with": lambda: slipped_in(frozen, change, holder=director),
        "after": lambda: attack.update(signed, change),
    }[when]()
    refused(made, frozen, ca)


def test_an_object_nobody_needs_before_the_signature(frozen, ca, director):
    refused(sign(attack.update(frozen, attack.orphan_added), director), frozen, ca)


def test_a_description_written_anew_before_signing_is_honest(frozen, ca, director):
    """A program that saves before it signs: its own name and today's date, the title as it was."""
    saved = attack.update(frozen, lambda writer: writer.update_root())
    assert b"/ModDate" in saved[len(frozen) :]
    report = judged(sign(saved, director), frozen, ca)
    assert report.valid, report


# ------------------------------------------------------------------------------------------- raw cross references


def _facts(pdf):
    reader = PdfFileReader(BytesIO(pdf), strict=False)
    pages = reader.root.raw_get("/Pages").idnum
    page = reader.root["/Pages"]["/Kids"].raw_get(0).idnum
    start = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    return reader.trailer.raw_get("/Root").idnum, pages, page, start, int(reader.trailer["/Size"])


def _with_objects(pdf, objects, *, table, packed=(), root=None, more=b""):
    """`objects` (number → bytes) behind `pdf`, with a cross-reference table or stream; `packed` ones inside a stream."""
    catalogue, _, _, start, size = _facts(pdf)
    out, entries = pdf, {}
    if packed:
        heads, body = b"", b""
        for number, data in packed:
            heads, body = heads + b"%d %d " % (number, len(body)), body + data + b"\n"
        box = size + 40
        head = b"<< /Type /ObjStm /N %d /First %d /Length %d >>" % (len(packed), len(heads), len(heads + body))
        objects = {**objects, box: head + b"\nstream\n" + heads + body + b"\nendstream"}
        entries = {number: (2, box, place) for place, (number, _) in enumerate(packed)}
    for number, data in objects.items():
        entries[number] = (1, len(out) + 1, 0)
        out += b"\n%d 0 obj\n%s\nendobj\n" % (number, data)
    at, root = len(out), root or catalogue
    last = max([size, *entries]) + 1
    if table:
        rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, entries[number][1]) for number in sorted(entries))
        rows = rows or b"0 1\n0000000000 65535 f \n"
        trailer = b"<< /Size %d /Root %d 0 R /Prev %d %s >>" % (last, root, start, more)
        return out + b"xref\n%strailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (rows, trailer, at)
    entries[last] = (1, at + 1, 0)
    index = b" ".join(b"%d 1" % number for number in sorted(entries))
    data = b"".join(struct.pack(">BIH", *entries[number]) for number in sorted(entries))
    head = b"<< /Type /XRef /Size %d /W [1 4 2] /Index [%s] /Root %d 0 R /Prev %d /Length %d %s >>"
    head %= (last + 1, index, root, start, len(data), more)
    return out + b"\n%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (last, head, data, at + 1)


_WORDS = b"<< /Length 16 >>\nstream\nBT (other) Tj ET\nendstream"


def _page(pdf, number):
    _, pages, _, _, _ = _facts(pdf)
    return b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents %d 0 R >>" % (pages, number)


def _hybrid(pdf):
    """What the stream says, readers of tables do not see, and the other way round."""
    catalogue, _, page, start, size = _facts(pdf)
    new = size + 20
    made = _with_objects(pdf, {new: _WORDS, page: _page(pdf, new)}, table=False)
    at = int(re.findall(rb"startxref\s+(\d+)", made)[-1])
    body = made[: made.rindex(b"startxref")]
    trailer = b"<< /Size %d /Root %d 0 R /Prev %d /XRefStm %d >>" % (new + 3, catalogue, start, at)
    return body + b"xref\n0 1\n0000000000 65535 f \ntrailer\n%s\nstartxref\n%d\n%%%%EOF\n" % (trailer, len(body))


def _raw(pdf):
    """name → file: incremental updates by hand."""
    catalogue, pages, page, start, size = _facts(pdf)
    new = size + 20
    other = {new: _WORDS, page: _page(pdf, new)}
    return {
        "page by a table": _with_objects(pdf, other, table=True),
        "page by a stream": _with_objects(pdf, other, table=False),
        "page out of an object stream": _with_objects(pdf, {new: _WORDS}, table=False, packed=[(page, _page(pdf, new))]),
        "catalogue out of an object stream": _with_objects(
            pdf, {}, table=False, packed=[(catalogue, b"<< /Type /Catalog /Pages %d 0 R >>" % pages)]
        ),
        "an object nobody needs": _with_objects(pdf, {new: _WORDS}, table=False),
        "another catalogue": _with_objects(
            pdf, {new: b"<< /Type /Catalog /Pages %d 0 R >>" % pages}, table=True, root=new
        ),
        "words in the trailer": _with_objects(pdf, {}, table=True, more=b"/Info << /Title (x) >>"),
        "encrypted": _with_objects(pdf, {}, table=True, more=b"/Encrypt << /Filter /Standard /V 1 >>"),
        "both kinds": _hybrid(pdf),
        "both kinds, the stream nowhere": _with_objects(pdf, {}, table=True, more=b"/XRefStm 5"),
        "back to the version before": pdf + b"\nstartxref\n%d\n%%%%EOF\n" % start,
        "the update twice": pdf + pdf[start:],
    }


RAW = (
    *("page by a table", "page by a stream", "page out of an object stream", "catalogue out of an object stream"),
    *("an object nobody needs", "another catalogue", "words in the trailer", "encrypted", "both kinds"),
    *("both kinds, the stream nowhere", "back to the version before", "the update twice"),
)


@pytest.mark.parametrize("name", RAW)
def test_raw_updates_behind_the_signature(name, signed, frozen, ca):
    made = _raw(signed)
    assert set(made) == set(RAW)
    refused(made[name], frozen, ca)


@pytest.mark.parametrize("name", [*RAW[:3], "an object nobody needs"])
def test_raw_updates_before_the_signature(name, frozen, ca, director):
    refused(sign(_raw(frozen)[name], director), frozen, ca)


@pytest.mark.parametrize("tail", [b"\n", b"\r\n", b" ", b"\x00", b"%%EOF\n", b"%", b"\n%PDF-1.7\n"])
def test_bytes_behind_and_before(tail, signed, frozen, ca):
    refused(signed + tail, frozen, ca)
    refused(tail + signed, frozen, ca)


def _certified(frozen, holder, permission):
    cert, key, store = _tools(holder)
    meta = signers.PdfSignatureMetadata(
        field_name="Director", subfilter=fields.SigSeedSubFilter.PADES, certify=True, docmdp_permissions=permission
    )
    signer = signers.SimpleSigner(signing_cert=cert, signing_key=key, cert_registry=store)
    return signers.PdfSigner(meta, signer).sign_pdf(IncrementalPdfFileWriter(BytesIO(frozen)), existing_fields_only=True).getvalue()


@pytest.mark.parametrize("permission", list(fields.MDPPerm))
def test_a_signature_that_allows_changes_allows_none_here(permission, frozen, ca, director):
    """DocMDP: what the signature itself permits (notes, further fields) is no permission of the office's."""
    made = _certified(frozen, director, permission)
    for change in (attack.sticky_note, attack.text_field, attack.free_text_over_the_page):
        refused(attack.update(made, change), frozen, ca)


# --------------------------------------------------------------------------------------------------- certificates


def _chained(frozen, holder, *others, digest="sha256"):
    cert, key, store = _tools(holder)
    for other in others:
        store.register(_asn1(other[0]))
    meta = signers.PdfSignatureMetadata(field_name="Director", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm=digest)
    signer = signers.SimpleSigner(signing_cert=cert, signing_key=key, cert_registry=store)
    return signers.PdfSigner(meta, signer).sign_pdf(IncrementalPdfFileWriter(BytesIO(frozen)), existing_fields_only=True).getvalue()


MIDDLE = {
    "no authority": {"authority": False},
    "run out": {"days": (-300, -2)},
    "not yet valid": {"days": (2, 300)},
    "a short key": {"kind": "rsa", "bits": 1024},
}


@pytest.mark.parametrize("name", MIDDLE)
def test_an_authority_between_that_is_none(name, frozen):
    root = certificate("ราก", days=ROOT_DAYS)
    usual = {"issuer": root, "days": ROOT_DAYS, "authority": True}
    middle = certificate("ชั้นกลาง", **usual)
    assert judged(_chained(frozen, certificate(DIRECTOR, issuer=middle), middle, root), frozen, root).valid
    bad = certificate("ชั้นกลาง", **{**usual, **MIDDLE[name]})
    refused(_chained(frozen, certificate(DIRECTOR, issuer=bad), bad, root), frozen, root)
    # the real one of the same name beside it does not help, and is cargo
    refused(_chained(frozen, certificate(DIRECTOR, issuer=bad), bad, middle, root), frozen, root)


@pytest.mark.parametrize("use", ["SERVER_AUTH", "TIME_STAMPING", "OCSP_SIGNING", "CODE_SIGNING"])
def test_a_certificate_for_another_use(use, frozen, ca):
    other = certificate(DIRECTOR, issuer=ca, usage=getattr(ExtendedKeyUsageOID, use))
    assert "ไม่ได้ออกไว้สำหรับลงลายมือชื่อ" in refused(sign(frozen, other), frozen, ca)


@pytest.mark.parametrize("use", ["EMAIL_PROTECTION", "CLIENT_AUTH", "ANY_EXTENDED_KEY_USAGE"])
def test_a_persons_certificate_may_name_its_uses(use, frozen, ca):
    assert judged(sign(frozen, certificate(DIRECTOR, issuer=ca, usage=getattr(ExtendedKeyUsageOID, use))), frozen, ca).valid


def test_a_root_that_has_run_out_or_is_not_yet_valid(frozen):
    for days in ((-900, -3), (3, 900)):
        root = certificate("ผู้ให้บริการทดสอบ", days=days)
        assert "ราก" in refused(sign(frozen, certificate(DIRECTOR, issuer=root)), frozen, root)


def test_short_keys_and_weak_digests(frozen, ca, director, tmp_path):
    refused(sign(frozen, certificate(DIRECTOR, issuer=ca, kind="rsa", bits=1024)), frozen, ca)
    weak = certificate("ราก", kind="rsa", bits=1024)
    refused(sign(frozen, certificate(DIRECTOR, issuer=weak)), frozen, weak)
    refused(_chained(frozen, director, ca, digest="sha1"), frozen, ca)
    assert judged(_chained(frozen, director, ca, digest="sha512"), frozen, ca).valid
    refused(sign(frozen, _by_openssl(ca, "sha1", tmp_path)), frozen, ca)
    assert judged(sign(frozen, _by_openssl(ca, "sha256", tmp_path)), frozen, ca).valid


def _by_openssl(ca, digest, folder):
    """The director's certificate, issued with a digest today's libraries refuse to make."""
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    made = certificate(DIRECTOR, issuer=ca, kind="rsa")
    (folder / "ca.pem").write_bytes(pem(ca))
    (folder / "ca.key").write_bytes(ca[1].private_bytes(serialization.Encoding.PEM, *form))
    request = x509.CertificateSigningRequestBuilder().subject_name(made[0].subject).sign(made[1], hashes.SHA256())
    (folder / "request.pem").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    (folder / "more").write_text("keyUsage=critical,digitalSignature,nonRepudiation\n")
    command = ["openssl", "x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "20"]
    command += ["-set_serial", "77", f"-{digest}", "-extfile", "more", "-out", "made.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return x509.load_pem_x509_certificate((folder / "made.pem").read_bytes()), made[1], ca[0]
