"""The signature's own wrapping has room for nothing: every byte of it changed, cargo of every kind, honest signers' ways."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms, core, parser
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sign_pdf import BOX, DIRECTOR, NOW, certificate, pem, plain_pdf, sign
from time_service import TimeService

from songthan.adapters.sign_der import is_der
from songthan.adapters.sign_pdf import PadesSignatures

JUDGE = PadesSignatures()
#: Every byte of the wrapping instead of a sample: some four minutes.
ALL = bool(os.environ.get("SONGTHAN_ALL_FLIPS"))


@pytest.fixture(scope="module")
def tsa(ca):
    return certificate("ประทับเวลา", issuer=ca, usage=ExtendedKeyUsageOID.TIME_STAMPING)


@pytest.fixture(scope="module")
def files(frozen, director, tsa):
    return {"B-B": sign(frozen, director), "B-T": sign(frozen, director, tsa=tsa)}


def hole(signed):
    """Where the last signature's digits begin and end, and its DER."""
    _, length, after, _ = map(int, re.findall(rb"/ByteRange *\[ *(\d+) +(\d+) +(\d+) +(\d+)", signed)[-1])
    raw = bytes.fromhex(signed[length + 1 : after - 1].decode())
    return length + 1, after - 1, raw[: parser.peek(raw)]


def wrapped(signed, der):
    """The same file with other wrapping in the signature's place."""
    start, end, _ = hole(signed)
    digits = der.hex().encode()
    assert len(digits) <= end - start
    return signed[:start] + digits.ljust(end - start, b"0") + signed[end:]


def judged(data, frozen, ca, holders=(DIRECTOR,)):
    return JUDGE.verify(data, frozen=frozen, trust_roots=[pem(ca)], at=datetime.now(UTC), holders=holders)


@pytest.mark.parametrize("level", ["B-B", "B-T"])
def test_no_byte_of_the_wrapping_may_be_another(level, files, frozen, ca):
    signed = files[level]
    assert judged(signed, frozen, ca).valid
    _, _, der = hole(signed)
    for place in range(0, len(der) + 3, 1 if ALL else 37):
        for mask in (0x01, 0x20, 0x80) if ALL else (0x01,):
            changed = bytearray(der + b"\x00" * 3)
            changed[place] ^= mask
            report = judged(wrapped(signed, bytes(changed)), frozen, ca)
            assert not report.valid and report.reasons_th, (place, mask)


def test_no_digit_of_the_wrapping_may_be_another(files, frozen, ca):
    """Also not the same value in other letters, nor white space between them."""
    signed = files["B-B"]
    start, end, der = hole(signed)
    letters = [n for n in range(start, start + 2 * len(der)) if signed[n : n + 1].isalpha()]
    for place in letters[:: 1 if ALL else 97]:
        changed = bytearray(signed)
        changed[place] ^= 0x20
        assert not judged(bytes(changed), frozen, ca).valid, place
    assert judged(signed[:start] + signed[start:end].upper() + signed[end:], frozen, ca).valid
    spaced = signed[:start] + b" " + signed[start : end - 1] + signed[end:]
    assert not judged(spaced, frozen, ca).valid


def edited(signed, change):
    """The wrapping taken apart, changed, and put together again, as a library does it."""
    outer = cms.ContentInfo.load(hole(signed)[2])
    data = outer["content"]
    change(data)
    return wrapped(signed, cms.ContentInfo({"content_type": "signed_data", "content": data}).dump(force=True))


def _asn1(holder):
    from test_sign_pdf import _asn1 as load

    return load(holder[0])


def _with_certificate(holder):
    def change(data):
        certificate = cms.CertificateChoices(name="certificate", value=_asn1(holder))
        data["certificates"] = cms.CertificateSet([*data["certificates"], certificate])

    return change


def _unsigned(kind, value):
    def change(data):
        attribute = cms.CMSAttribute({"type": kind, "values": [value]})
        data["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])

    return change


def _empty_unsigned(data):
    data["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([])


def _twice(data):
    data["signer_infos"] = cms.SignerInfos([data["signer_infos"][0], data["signer_infos"][0].copy()])


def _no_signer(data):
    data["signer_infos"] = cms.SignerInfos([])


def _with_content(data):
    data["encap_content_info"] = cms.ContentInfo({"content_type": "data", "content": b"cargo"})


def _more_digests(data):
    data["digest_algorithms"] = cms.DigestAlgorithms([{"algorithm": "sha256"}, {"algorithm": "md5"}])


def _other_version(data):
    data["version"] = "v5"


def _with_lists(ca):
    service = TimeService()
    service.ca = ca
    try:
        listed = service.list()
    finally:
        service.close()

    def change(data):
        data["crls"] = [cms.RevocationInfoChoice.load(listed)]

    return change


CARGO = {
    "a foreign certificate": lambda ca: _with_certificate(certificate("ใครก็ได้")),
    "a colleague's certificate": lambda ca: _with_certificate(certificate("น.ส.กัลยา เพียรดี", issuer=ca)),
    "his own of before": lambda ca: _with_certificate(certificate(DIRECTOR, issuer=ca)),
    "a foreign authority of the same name": lambda ca: _with_certificate(certificate("ผู้ให้บริการทดสอบ")),
    "a note beside": lambda ca: _unsigned("1.3.6.1.4.1.99999.1", core.UTF8String("cargo")),
    "a time beside": lambda ca: _unsigned("signing_time", cms.Time(name="utc_time", value=NOW)),
    "an empty list beside": lambda ca: _empty_unsigned,
    "the signer twice": lambda ca: _twice,
    "no signer": lambda ca: _no_signer,
    "content of its own": lambda ca: _with_content,
    "more digests": lambda ca: _more_digests,
    "another version": lambda ca: _other_version,
    "revocation lists": _with_lists,
}


@pytest.mark.parametrize("name", CARGO)
def test_cargo_in_the_wrapping(name, files, frozen, ca):
    assert judged(edited(files["B-B"], lambda data: None), frozen, ca).valid
    report = judged(edited(files["B-B"], CARGO[name](ca)), frozen, ca)
    assert not report.valid and report.reasons_th


def test_a_time_stamp_of_another_signature_beside(files, frozen, ca, director, tsa):
    """A real token of the right service, but over other words."""
    other = JUDGE.prepare(plain_pdf("two"), field="Director", page=0, box=BOX)
    token = cms.ContentInfo.load(hole(sign(other, director, tsa=tsa))[2])["content"]["signer_infos"][0]["unsigned_attrs"]

    def change(data):
        data["signer_infos"][0]["unsigned_attrs"] = token

    report = judged(edited(files["B-T"], change), frozen, ca)
    assert not report.valid and any("ตราประทับเวลา" in reason for reason in report.reasons_th)


def test_the_signature_of_openssl_is_honest_too(files, frozen, ca, director, tmp_path):
    """Another program's wrapping: other attributes, another order, its certificates with and without the authority's."""
    signed = files["B-B"]
    start, end, _ = hole(signed)
    (tmp_path / "data").write_bytes(signed[: start - 1] + signed[end + 1 :])
    (tmp_path / "ca.pem").write_bytes(pem(ca))
    (tmp_path / "director.pem").write_bytes(pem(director))
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(director[1].private_bytes(serialization.Encoding.PEM, *form))
    command = ["openssl", "cms", "-sign", "-binary", "-in", "data", "-outform", "DER", "-out", "made.der", "-md", "sha256"]
    command += ["-signer", "director.pem", "-inkey", "key.pem", "-cades"]
    for more in ([], ["-certfile", "ca.pem"], ["-nosmimecap"], ["-keyid"]):
        subprocess.run([*command, *more], cwd=tmp_path, check=True, capture_output=True)
        report = judged(wrapped(signed, (tmp_path / "made.der").read_bytes()), frozen, ca)
        assert report.valid and report.level == "B-B", (more, report)
    subprocess.run([*command, "-certfile", "other.pem"], cwd=tmp_path, check=False, capture_output=True)
    (tmp_path / "other.pem").write_bytes(pem(certificate("ใครก็ได้")))
    subprocess.run([*command, "-certfile", "other.pem"], cwd=tmp_path, check=True, capture_output=True)
    assert not judged(wrapped(signed, (tmp_path / "made.der").read_bytes()), frozen, ca).valid


def test_der_to_the_letter():
    good = ("0101ff", "020100", "02020080", "0500", "0603550403", "30060101ff020101", "a003020101", "030200ff", "03020780", "0400")
    bad = (
        *("010101", "0200", "02020001", "0202ff80", "050100", "06028055", "060155aa", "0602558f", "3080020100000000"),
        *("3081030101ff", "30820003020101", "0302017f", "0301", "24020400", "1f8101", "30", "3003", "300301", ""),
        *("0302080f", "00020101", "0101ff00", "10020500"),
    )
    assert all(is_der(bytes.fromhex(item)) for item in good), [i for i in good if not is_der(bytes.fromhex(i))]
    assert not any(is_der(bytes.fromhex(item)) for item in bad), [i for i in bad if is_der(bytes.fromhex(i))]
    assert not is_der(b"\x30\x80" * 5000) and not is_der(b"\x31\x81\x80" * 5000)


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=60))
def test_der_never_stumbles(data):
    is_der(data)
    is_der(b"\x30" + bytes([len(data)]) + data)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.integers(), st.booleans(), st.binary(max_size=200)), max_size=8))
def test_what_a_library_writes_is_der(values):
    kinds = {int: core.Integer, bool: core.Boolean, bytes: core.OctetString}
    inner = b"".join(kinds[type(value)](value).dump() for value in values)
    assert is_der(core.Sequence(contents=inner).dump())


SIGNED_ON = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)


def test_the_file_of_a_signing_program_of_others_is_honest_too():
    """Made once with endesive 3.0.1 in our own field: its own writer, its own wrapping, a picture in the field."""
    folder = Path(__file__).parent / "files" / "signed_by_endesive"
    frozen, signed, root = ((folder / name).read_bytes() for name in ("frozen.pdf", "signed.pdf", "root.pem"))
    report = JUDGE.verify(signed, frozen=frozen, trust_roots=[root], at=SIGNED_ON, holders=(DIRECTOR,))
    assert report.valid and report.only_signature_added and report.covers_whole_document, report
    for place in range(len(frozen), len(signed), 1 if ALL else 997):
        changed = bytearray(signed)
        changed[place] ^= 1
        other = JUDGE.verify(bytes(changed), frozen=frozen, trust_roots=[root], at=SIGNED_ON, holders=(DIRECTOR,))
        assert not other.valid, place
