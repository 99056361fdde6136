"""A signature that outlives its certificate: time-stamp and revocation data added by the office, judged ten years on."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attack_files as attack
import pytest
from click.testing import CliRunner
from cryptography.x509.oid import ExtendedKeyUsageOID
from test_bundle_files import compiled, submission
from test_sign_pdf import BOX, DIRECTOR, NOW, certificate, pem, plain_pdf, sign
from time_service import time_service

from songthan.adapters.assemble_pdf import read_seal
from songthan.adapters.bundle_files import add_lasting, add_signature, add_submission, write_bundle
from songthan.adapters.bundle_records import RecordKey
from songthan.adapters.bundle_verify import verify_bundle
from songthan.adapters.sign_pdf import PadesSignatures
from songthan.cli import main
from songthan.domain.errors import DataError, EnvironmentNotReady, SignatureRefused, SongthanError

KEY = RecordKey("the ledger's secret")
SIGNER = PadesSignatures(revocation_hosts=("127.0.0.1",))
LATER = NOW + timedelta(days=3653)
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


@pytest.fixture(scope="module")
def world():
    """An authority with a revocation list, its time-stamp service, and the director, whose certificate lasts a month."""
    with time_service() as service:
        ca = certificate("ผู้ให้บริการ", days=(-3000, 9000))
        service.ca = ca
        service.tsa = certificate("ประทับเวลา", issuer=ca, days=(-30, 7000), usage=STAMPING, crl=service.crl_url)
        service.director = certificate(DIRECTOR, issuer=ca, crl=service.crl_url)
        service.frozen = SIGNER.prepare(plain_pdf(), field="Director", page=0, box=BOX)
        service.signed = sign(service.frozen, service.director)
        yield service


@pytest.fixture(autouse=True)
def as_before(world):
    before = (world.tsa, world.fixed)
    yield
    world.tsa, world.fixed = before
    world.revoked, world.silent = {}, False


def lengthened(world, signed=None, **more):
    call = {"service": world.url, "trust_roots": [pem(world.ca)], "stamp_roots": [], **more}
    return SIGNER.add_time(signed or world.signed, **call)


def judged(world, data, now=LATER, at=None, roots=None, stamp_roots=()):
    return SIGNER.verify(
        data,
        frozen=world.frozen,
        trust_roots=roots or [pem(world.ca)],
        at=at or datetime.now(UTC),
        now=now,
        stamp_roots=stamp_roots,
    )


def test_the_level_rises_and_the_directors_bytes_stay(world):
    data, level = lengthened(world)
    assert level == "B-LT" and data.startswith(world.signed) and len(data) > len(world.signed)
    report = judged(world, data)
    assert report.valid and report.lasting and report.level == "B-LT", report
    assert report.covers_whole_document and report.only_signature_added
    assert abs(report.stamped_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_ten_years_on_the_plain_signature_says_why_not(world):
    report = judged(world, world.signed)
    assert report.valid and report.level == "B-B" and not report.lasting
    assert "หมดอายุ" in report.lasting_th[0] and "B-B" in report.lasting_th[0]
    assert judged(world, world.signed, now=NOW + timedelta(days=10)).lasting


def test_inside_a_running_loop(world):
    async def inside():
        return lengthened(world)

    assert asyncio.run(inside())[1] == "B-LT"


def test_what_is_there_already_is_not_added_again(world):
    data, _ = lengthened(world)
    asked = len(world.asked)
    assert lengthened(world, data) == (data, "B-LT") and len(world.asked) == asked


def test_a_stamp_of_the_directors_own_program_is_kept(world):
    own = sign(world.frozen, world.director, tsa=world.tsa)
    data, level = lengthened(world, own)
    assert level == "B-LT" and data.startswith(own) and judged(world, data).lasting
    assert b"songthan_time" not in data


def test_a_time_stamp_without_revocation_data_does_not_last(world):
    stamped = sign(world.frozen, world.director, tsa=world.tsa)
    report = judged(world, stamped)
    assert report.valid and report.level == "B-T" and not report.lasting
    assert "การเพิกถอน" in report.lasting_th[0]


def test_the_time_stamp_service_may_have_roots_of_its_own(world):
    other = certificate("รากของผู้ประทับเวลา", days=(-30, 9000))
    world.tsa = certificate("ประทับเวลา", issuer=other, days=(-30, 7000), usage=STAMPING)
    data, level = lengthened(world, stamp_roots=[pem(other)])
    assert level == "B-LT"
    assert judged(world, data, stamp_roots=[pem(other)]).lasting
    # those roots speak for the time only, never for the signer
    assert not judged(world, data, roots=[pem(other)], stamp_roots=[pem(other)]).valid
    foreign = judged(world, data)
    assert not foreign.valid and not foreign.lasting and "ตราประทับเวลา" in foreign.reasons_th[0]
    with pytest.raises(EnvironmentNotReady):
        lengthened(world)


def test_the_services_own_certificate_may_run_out_later(world):
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-30, 400), usage=STAMPING, crl=world.crl_url)
    data, _ = lengthened(world)
    assert judged(world, data).lasting
    world.revoked = {world.tsa[0]: NOW - timedelta(days=2)}
    with pytest.raises(EnvironmentNotReady):
        lengthened(world)


def test_a_revoked_certificate_is_found_by_the_list_that_came_along(world):
    world.revoked = {world.director[0]: NOW - timedelta(days=2)}
    with pytest.raises(SignatureRefused) as told:
        lengthened(world)
    assert "ถูกเพิกถอนแล้วเมื่อ" in told.value.th and told.value.remedy
    own = certificate(DIRECTOR, issuer=world.ca, crl=world.crl_url)
    data, _ = lengthened(world, sign(world.frozen, own))
    world.revoked = {own[0]: NOW - timedelta(days=2)}
    listed = attack.with_list(data, world.list())
    report = judged(world, listed)
    assert not report.valid and any("เพิกถอน" in reason for reason in report.reasons_th)


def test_revoked_after_the_time_stamp_changes_nothing(world):
    own = certificate(DIRECTOR, issuer=world.ca, crl=world.crl_url)
    data, _ = lengthened(world, sign(world.frozen, own))
    world.revoked = {own[0]: NOW + timedelta(days=1)}
    report = judged(world, attack.with_list(data, world.list()))
    assert report.valid and report.lasting, report


def test_a_time_stamp_after_the_end_proves_nothing(world):
    """Stamped eleven years too late, over a certificate that had run out by then."""
    world.fixed = NOW + timedelta(days=400)
    data = attack.stamped(world.signed, world)
    report = judged(world, data)
    assert not report.lasting and report.lasting_th


@pytest.mark.parametrize("days", [-400, -20, -1])
def test_a_time_stamp_that_tells_an_impossible_time(world, days):
    """Before the certificate's life, before the signature."""
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-900, 7000), usage=STAMPING, crl=world.crl_url)
    world.fixed = NOW + timedelta(days=days)
    report = judged(world, attack.stamped(world.signed, world))
    assert not report.valid and any("เวลาที่เป็นไปไม่ได้" in reason for reason in report.reasons_th), report


def test_an_office_whose_clock_is_behind_the_services(world):
    """Also a rehearsal, which plays another year: the service's certificate is newer than the day."""
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-1, 7000), usage=STAMPING, crl=world.crl_url)
    world.fixed = NOW + timedelta(days=2)
    assert judged(world, attack.stamped(world.signed, world), now=None).valid
    world.fixed, world.tsa = None, certificate("ประทับเวลา", issuer=certificate("ใคร"), days=(-1, 7000), usage=STAMPING)
    assert not judged(world, attack.stamped(world.signed, world), now=None).valid


def test_a_second_time_stamp_tells_no_earlier_time_than_the_first(world):
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-900, 7000), usage=STAMPING, crl=world.crl_url)
    data, _ = lengthened(world)
    assert judged(world, data).valid
    world.fixed = NOW - timedelta(hours=1)
    assert not judged(world, attack.stamped(data, world)).valid


def test_a_service_that_does_not_answer_is_named_and_nothing_is_half_made(world):
    world.silent = True
    with pytest.raises(EnvironmentNotReady) as told:
        lengthened(world)
    assert told.value.where == world.url and "tsa_url" in told.value.remedy
    with pytest.raises(EnvironmentNotReady):
        lengthened(world, service="http://127.0.0.1:9/none")


@pytest.mark.parametrize("change", [*attack.UPDATES, *attack.LATER], ids=lambda c: c.__name__)
def test_updates_behind_the_time_stamp_are_refused(change, world):
    data, _ = lengthened(world)
    report = judged(world, attack.update(data, change), now=None)
    assert not report.valid and report.reasons_th


def test_flipped_bytes_of_what_was_added(world):
    data, _ = lengthened(world)
    assert judged(world, data).valid
    # the time-stamp covers everything up to it but its own place; the security store behind it nobody signs
    _, length, after, rest = map(int, re.findall(rb"/ByteRange *\[ *(\d+) +(\d+) +(\d+) +(\d+)", data)[-1])
    for place in (*range(len(world.signed) + 8, length, 41), *range(after, after + rest, 41)):
        changed = bytearray(data)
        changed[place] ^= 1
        assert not judged(world, bytes(changed)).valid, place


@pytest.fixture(scope="module")
def bundle(world, tmp_path_factory):
    """A bundle with its time-stamp, as the office leaves it, and one without."""
    made = {}
    for level in ("B-B", "B-LT"):
        folder = write_bundle(tmp_path_factory.mktemp(level), *compiled(recorder=KEY.public))
        signed = sign((folder / "bundle.pdf").read_bytes(), world.director)
        trust = {"root-ca.pem": pem(world.ca)}
        add_signature(folder, signed, trust=trust, received=datetime.now(UTC), message_sha256="0" * 64, key=KEY)
        if level == "B-LT":
            data, reached = lengthened(world, signed)
            at = datetime.now(UTC)
            add_lasting(folder, data, trust={"tsa-ca.pem": pem(world.ca)}, at=at, level=reached, key=KEY)
        add_submission(folder, submission(folder), key=KEY)
        made[level] = folder
    return made


def asked(folder, at=LATER, roots=()):
    return verify_bundle(folder, signatures=SIGNER, read_seal=read_seal, roots=roots, at=at)


def test_the_bundle_ten_years_on(bundle, world):
    report = asked(bundle["B-LT"], roots=[pem(world.ca)])
    assert report.ok and report.level == "B-LT" and report.as_json()["level"] == "B-LT", report
    assert any("ตราประทับเวลา" in c.detail_th for c in report.checks if c.name == "lasting")
    plain = asked(bundle["B-B"])
    assert not plain.ok and [c.name for c in plain.checks if not c.ok] == ["lasting"]
    assert asked(bundle["B-B"], at=NOW + timedelta(days=5)).ok


def test_the_command_ten_years_on(bundle):
    for level, code in (("B-LT", 0), ("B-B", 1)):
        told = CliRunner().invoke(main, ["verify", str(bundle[level]), "--at", LATER.date().isoformat(), "--json"])
        assert told.exit_code == code, told.output
        assert json.loads(told.stdout)["at"].startswith(LATER.date().isoformat())


@pytest.mark.parametrize("other", ["flipped", "plain", "another's", "missing"])
def test_another_file_in_the_stamped_ones_place(bundle, world, tmp_path, other):
    folder = Path(shutil.copytree(bundle["B-LT"], tmp_path / "v1"))
    place = folder / "lasting.pdf"
    data = place.read_bytes()
    made = {
        "flipped": data[:-300] + bytes([data[-300] ^ 1]) + data[-299:],
        "plain": (folder / "signed.pdf").read_bytes(),
        "another's": lengthened(world)[0],
    }
    if other == "missing":
        place.unlink()
    else:
        place.write_bytes(made[other])
    assert not asked(folder).ok
    attack.made_to_agree(folder)
    report = asked(folder)
    assert not report.ok and (other == "missing" or "records" in {c.name for c in report.checks if not c.ok})


def test_the_stamp_comes_late_or_twice(bundle, world, tmp_path):
    folder = Path(shutil.copytree(bundle["B-B"], tmp_path / "v1"))
    data, level = lengthened(world, (folder / "signed.pdf").read_bytes())
    for _ in range(2):
        add_lasting(folder, data, trust={"tsa-ca.pem": pem(world.ca)}, at=datetime.now(UTC), level=level, key=KEY)
    assert asked(folder).ok
    with pytest.raises(SongthanError):
        add_lasting(folder, data + b" ", trust={"tsa-ca.pem": pem(world.ca)}, at=NOW, level=level, key=KEY)
    with pytest.raises(SongthanError):
        add_lasting(folder, world.signed, trust={}, at=NOW, level=level, key=KEY)
    with pytest.raises(DataError):
        add_lasting(folder, data, trust={"root-ca.pem": b""}, at=NOW, level=level, key=KEY)


def test_the_directors_own_program_made_it_last(world, tmp_path):
    """B-LT as it came by mail, its time-stamp from a service with roots of its own; the office adds nothing."""
    other = certificate("รากของผู้ประทับเวลา", days=(-30, 9000))
    world.tsa = certificate("ประทับเวลา", issuer=other, days=(-30, 7000), usage=STAMPING)
    folder = write_bundle(tmp_path, *compiled(recorder=KEY.public))
    own = sign((folder / "bundle.pdf").read_bytes(), world.director, tsa=world.tsa)
    signed, level = lengthened(world, own, stamp_roots=[pem(other)])
    trust = {"root-ca.pem": pem(world.ca), "tsa-other.pem": pem(other)}
    add_signature(folder, signed, trust=trust, received=datetime.now(UTC), message_sha256="0" * 64, key=KEY)
    report = asked(folder)
    assert report.ok and report.level == level == "B-LT", report
    assert asked(folder, roots=[pem(world.ca)]).ok
    assert not asked(folder, roots=[pem(other)]).ok


# ------------------------------------------------------------------------------------------------------ B-LTA

ARCHIVING = PadesSignatures(revocation_hosts=("127.0.0.1",), archive=True)
TWENTY = NOW + timedelta(days=7305)


def archived(world, signed=None):
    return ARCHIVING.add_time(
        signed or world.signed, service=world.url, trust_roots=[pem(world.ca)], stamp_roots=[]
    )


def test_an_archive_time_stamp_covers_the_revocation_data(world):
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-30, 8500), usage=STAMPING, crl=world.crl_url)
    data, level = archived(world)
    assert level == "B-LTA" and data.startswith(world.signed)
    for now in (NOW + timedelta(days=1), LATER, TWENTY):
        report = judged(world, data, now=now)
        assert report.valid and report.lasting and report.level == "B-LTA", report
    # nothing that was added may be another byte now: also not the security store, which nobody signed before
    for place in range(len(world.signed), len(data), 173):
        changed = bytearray(data)
        changed[place] ^= 1
        assert not judged(world, bytes(changed)).valid, place


def test_from_what_is_there_to_the_archive_time_stamp(world):
    """A file that is B-LT already, of the office's own making or the director's, gets the second time-stamp only."""
    data, _ = lengthened(world)
    asked = len(world.asked)
    more, level = archived(world, data)
    assert level == "B-LTA" and more.startswith(data) and set(world.asked[asked:]) == {"stamp"}
    assert archived(world, more) == (more, "B-LTA")


def test_the_archive_outlives_the_services_certificate_while_its_authority_lasts(world):
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-30, 400), usage=STAMPING, crl=world.crl_url)
    data, level = archived(world)
    assert level == "B-LTA" and judged(world, data, now=TWENTY).lasting


@pytest.mark.parametrize("change", [*attack.UPDATES, *attack.LATER], ids=lambda c: c.__name__)
def test_updates_behind_the_archive_time_stamp_are_refused(change, world):
    data, _ = archived(world)
    report = judged(world, attack.update(data, change), now=None)
    assert not report.valid and report.reasons_th


def test_the_bundle_twenty_years_on(world, tmp_path):
    world.tsa = certificate("ประทับเวลา", issuer=world.ca, days=(-30, 8500), usage=STAMPING, crl=world.crl_url)
    folder = write_bundle(tmp_path, *compiled(recorder=KEY.public))
    signed = sign((folder / "bundle.pdf").read_bytes(), world.director)
    trust = {"root-ca.pem": pem(world.ca)}
    add_signature(folder, signed, trust=trust, received=datetime.now(UTC), message_sha256="0" * 64, key=KEY)
    data, reached = archived(world, signed)
    add_lasting(folder, data, trust={"tsa-ca.pem": pem(world.ca)}, at=datetime.now(UTC), level=reached, key=KEY)
    told = CliRunner().invoke(main, ["verify", str(folder), "--at", TWENTY.date().isoformat(), "--json"])
    assert told.exit_code == 0 and json.loads(told.stdout)["level"] == "B-LTA", told.output
