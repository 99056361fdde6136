"""OCSP for real: openssl answers, the office asks once, and the answer speaks for the signature ten years on."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import ocsp as asn1_ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from ocsp_service import ocsp_service
from test_sign_pdf import BOX, DIRECTOR, NOW, certificate, pem, plain_pdf, sign
from time_service import time_service

from songthan.adapters.sign_evidence import evidence_of
from songthan.adapters.sign_fetch import AddressRefused, check_address
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.domain.errors import EnvironmentNotReady, SignatureRefused

SIGNER = PadesSignatures(revocation_hosts=("127.0.0.1",))
LATER = NOW + timedelta(days=3653)
OCSP = ExtendedKeyUsageOID.OCSP_SIGNING


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """An authority that answers by OCSP only, through a responder of its own; director and time-stamp service ask there."""
    with time_service() as stamps, ocsp_service(tmp_path_factory.mktemp("ocsp")) as service:
        service.stamps = stamps
        service.ca = stamps.ca = certificate("ผู้ให้บริการ", days=(-3000, 9000))
        service.signer = certificate("ผู้ตอบ", issuer=service.ca, days=(-30, 400), usage=OCSP)
        stamping = ExtendedKeyUsageOID.TIME_STAMPING
        stamps.tsa = certificate("ประทับเวลา", issuer=service.ca, days=(-30, 7000), usage=stamping, ocsp=service.url)
        service.director = certificate(DIRECTOR, issuer=service.ca, ocsp=service.url)
        service.frozen = SIGNER.prepare(plain_pdf(), field="Director", page=0, box=BOX)
        service.signed = sign(service.frozen, service.director)
        yield service


@pytest.fixture(autouse=True)
def as_before(world):
    world.known = {world.director[0]: None, world.stamps.tsa[0]: None}
    world.answer, world.asked[:] = None, []
    yield


def lengthened(world, signed=None, signer=SIGNER):
    call = {"service": world.stamps.url, "trust_roots": [pem(world.ca)], "stamp_roots": []}
    return signer.add_time(signed or world.signed, **call)


def judged(world, data, now=LATER, at=None):
    return SIGNER.verify(data, frozen=world.frozen, trust_roots=[pem(world.ca)], at=at or datetime.now(UTC), now=now)


def when_asked_for(world, certificate, make):
    """The responder is honest but for `certificate`: of it `make(request)` speaks."""

    def answer(request):
        serial = asn1_ocsp.OCSPRequest.load(request)["tbs_request"]["request_list"][0]["req_cert"]["serial_number"]
        if serial.native != certificate.serial_number:
            return 200, "application/ocsp-response", world.of(request)
        return make(request)

    world.answer = answer


def ocsp(data):
    return 200, "application/ocsp-response", data


def test_good_answers_are_kept_and_speak_ten_years_on(world):
    data, level = lengthened(world)
    assert level == "B-LT" and world.asked.count("POST /ocsp") == 2
    report = judged(world, data)
    assert report.valid and report.lasting and report.level == "B-LT", report
    # the responder's own certificate has long run out by then
    assert world.signer[0].not_valid_after_utc < LATER
    carried = evidence_of(data)
    assert len(carried.answers) == 2 and not carried.lists


def test_openssl_reads_the_kept_answers(world, tmp_path):
    data, _ = lengthened(world)
    (tmp_path / "ca.pem").write_bytes(pem(world.ca))
    (tmp_path / "director.pem").write_bytes(pem(world.director))
    seen = []
    for number, answer in enumerate(evidence_of(data).answers):
        (tmp_path / f"{number}.ocsp").write_bytes(answer)
        command = ["openssl", "ocsp", "-respin", f"{number}.ocsp", "-issuer", "ca.pem", "-cert", "director.pem"]
        command += ["-CAfile", "ca.pem", "-no_nonce"]
        told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert "Response verify OK" in told.stderr, told
        seen.append("director.pem: good" in told.stdout)
    assert any(seen)


def test_the_authority_may_answer_itself(world, monkeypatch):
    monkeypatch.setattr(world, "signer", world.ca)
    data, level = lengthened(world)
    assert level == "B-LT" and judged(world, data).lasting


def test_a_revoked_signer_is_told_and_nothing_is_kept(world):
    world.known[world.director[0]] = NOW - timedelta(days=2)
    with pytest.raises(SignatureRefused) as told:
        lengthened(world)
    assert "ถูกเพิกถอนแล้วเมื่อ" in told.value.th and "ผู้ลงนาม" in told.value.remedy


def test_a_revoked_service_says_nothing_of_the_signature(world):
    world.known[world.stamps.tsa[0]] = NOW - timedelta(days=2)
    with pytest.raises(EnvironmentNotReady) as told:
        lengthened(world)
    assert "ผู้ประทับเวลาถูกเพิกถอน" in told.value.th and "tsa_url" in told.value.remedy


def refusals(world):
    """What is no good answer about the director's certificate."""
    foreign = certificate("ผู้ตอบอื่น", issuer=certificate("ผู้ให้บริการ", days=(-30, 900)), usage=OCSP)
    plain = certificate("ผู้ตอบ", issuer=world.ca, days=(-30, 400))
    before = []

    def replayed(request):
        """Yesterday's answer, with yesterday's nonce."""
        other = bytearray(request)
        place = request.rindex(b"\x04\x10") + 2
        other[place] ^= 0xFF
        before.append(1)
        return ocsp(world.of(bytes(other)))

    def flipped(request):
        data = bytearray(world.of(request))
        data[-900] ^= 1
        return ocsp(bytes(data))

    return {
        "unknown": lambda request: [world.known.pop(world.director[0], None), ocsp(world.of(request))][1],
        "stale": lambda request: ocsp(world.stale(world.director[0])),
        "signed by a foreign responder": lambda request: ocsp(world.of(request, signer=foreign)),
        "signed by a certificate that may not": lambda request: ocsp(world.of(request, signer=plain)),
        "signed by the director himself": lambda request: ocsp(world.of(request, signer=world.director)),
        "another's nonce": replayed,
        "one byte flipped": flipped,
        "about another certificate": lambda request: ocsp(world.stale(world.stamps.tsa[0], days=0)),
        "down": lambda request: (503, "text/plain", b"later"),
        "no answer at all": lambda request: ocsp(b""),
        "words": lambda request: (200, "text/html", b"<html>log in</html>"),
        "try later": lambda request: ocsp(asn1_ocsp.OCSPResponse({"response_status": "try_later"}).dump()),
        "elsewhere": lambda request: (302, world.url + "/moved", b""),
        "without end": lambda request: ocsp(b"0" * (5 << 20)),
    }


NAMES = (
    *("unknown", "stale", "signed by a foreign responder", "signed by a certificate that may not"),
    *("signed by the director himself", "another's nonce", "one byte flipped", "about another certificate", "down"),
    *("no answer at all", "words", "try later", "elsewhere", "without end"),
)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_good_answer_is_told_and_tried_again(world, name):
    made = refusals(world)
    assert set(NAMES) == set(made)
    when_asked_for(world, world.director[0], made[name])
    with pytest.raises(EnvironmentNotReady) as told:
        lengthened(world)
    assert "เพิกถอน" in told.value.th and told.value.where == world.stamps.url and "ลองใหม่" in told.value.remedy
    assert not any("moved" in path for path in world.asked)
    # and once it answers again, all is well
    world.answer, world.known[world.director[0]] = None, None
    assert lengthened(world)[1] == "B-LT"


def test_intake_asks_nobody(world):
    """The judgement of what came by mail is offline: certificates in a mail make this machine call nowhere."""
    report = judged(world, world.signed, now=None)
    assert report.valid and world.asked == []


def test_addresses_of_a_foreign_certificate_are_never_asked(world):
    """Certificates smuggled into the time-stamp's or signature's bag name addresses of their own."""
    foreign_ca = certificate("ใครก็ได้")
    forged = certificate(DIRECTOR, issuer=foreign_ca, ocsp=world.url + "/hostile", crl=world.url + "/hostile.crl")
    with pytest.raises(EnvironmentNotReady):
        lengthened(world, sign(world.frozen, forged))
    tsa = certificate("ประทับเวลา", issuer=foreign_ca, usage=ExtendedKeyUsageOID.TIME_STAMPING, ocsp=world.url + "/hostile")
    own, world.stamps.tsa = world.stamps.tsa, tsa
    try:
        with pytest.raises(EnvironmentNotReady):
            lengthened(world)
    finally:
        world.stamps.tsa = own
    assert not any("hostile" in path for path in world.asked), world.asked


def test_a_missing_issuer_is_not_fetched(world):
    orphan = certificate(DIRECTOR, issuer=certificate("ใครก็ได้"), issuers=world.url + "/issuer.cer")
    with pytest.raises(EnvironmentNotReady):
        lengthened(world, sign(world.frozen, orphan))
    assert not any("issuer" in path for path in world.asked), world.asked


@pytest.mark.parametrize("hosts", [(), ("ocsp.example",)])
def test_an_address_inside_the_house_only_where_it_is_named(world, hosts):
    with pytest.raises(EnvironmentNotReady):
        lengthened(world, signer=PadesSignatures(revocation_hosts=hosts))
    assert world.asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://198.51.100.7/a", "ldap://198.51.100.7/a", "http://", "http://127.0.0.1/", "//x"),
        *("http://169.254.169.254/latest", "http://10.0.0.8/crl", "http://[::1]/crl", "http://[fe80::1%25lo]/", "http://0/"),
        *("http://2130706433/", "http://[::ffff:127.0.0.1]/", "http://a:b@8.8.8.8/", "http://localhost:80/", "http://x:99999/"),
    ],
)
def test_addresses_that_are_not_asked(url):
    with pytest.raises(AddressRefused):
        check_address(url, ())
    with pytest.raises(AddressRefused):
        check_address(url, ("ocsp.example",))


def test_addresses_that_are_asked():
    check_address("http://8.8.8.8/crl", ())
    check_address("http://127.0.0.1:81/crl", ("127.0.0.1",))
    check_address("https://OCSP.example/", ("ocsp.example",))
