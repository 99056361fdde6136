"""A new office learns from its own mail what its settings must know of its mail server."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Desk

from songthan.steps.sender_proof import sender_proof
from songthan.steps.take_in import fetch_new, settle_all
from songthan.steps.watch import findings

MARKS = {
    "X-MS-Exchange-Organization-AuthAs": "Internal",
    "X-MS-Exchange-Organization-AuthMechanism": "04",
    "X-MS-Exchange-Organization-AuthSource": "exch1.ad.office.example",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick("2023-03-01 09:00")
    return desk


def take_in(desk: Desk) -> None:
    fetch_new(desk.office)
    settle_all(desk.office)


def told(desk: Desk) -> str:
    return "".join(f.what for f in findings(desk.office) if f.code == "proof")


@pytest.fixture
def held(desk: Desk) -> Desk:
    """Three members wrote; our server stamps nothing the settings know."""
    for seat in ("s04", "s06", "s07"):
        desk.reply(desk.member(seat), verdict="none", headers=MARKS)
    desk.reply(desk.member("s04"), address="stranger@elsewhere.example", verdict="none", headers=MARKS)
    take_in(desk)
    return desk


def test_mail_nobody_vouches_for_is_said_with_the_names_found_in_it(held: Desk) -> None:
    proof = sender_proof(held.office)
    assert (proof.members, proof.unproven) == (3, 3) and proof.useless
    assert proof.servers == (("x-ms-exchange-organization-authsource", "exch1.ad.office.example"),)
    assert "exch1.ad.office.example" in told(held)


def test_a_proven_majority_is_no_finding(held: Desk) -> None:
    for seat in ("s04", "s06", "s07"):
        held.reply(held.member(seat), body="ขอสอบถาม")
    take_in(held)
    assert not told(held)


def test_two_odd_mails_are_no_finding(desk: Desk) -> None:
    for seat in ("s04", "s06"):
        desk.reply(desk.member(seat), verdict="none")
    take_in(desk)
    assert not told(desk)
