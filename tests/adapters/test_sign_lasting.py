"""A signature that outlives its certificate: time-stamp and revocation data added by the office, judged ten years on."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import attack_files as attack
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from test_sign_pdf import BOX, DIRECTOR, NOW, certificate, pem, plain_pdf, sign
from time_service import time_service

from songthan.adapters.sign_pdf import PadesSignatures
from songthan.domain.errors import EnvironmentNotReady

SIGNER = PadesSignatures()
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
    with pytest.raises(EnvironmentNotReady) as told:
        lengthened(world)
    assert "เพิกถอน" in told.value.th
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
