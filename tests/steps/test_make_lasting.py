"""The office has a time-stamp service: every signed version gets its time-stamp once, whenever the service answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import Q2, Desk

from songthan.domain.errors import EnvironmentNotReady, SignatureRefused
from songthan.steps.make_lasting import EVENT, REVOKED, make_lasting

PDF = "application/pdf"
SERVICE = "http://stamp.example/tsa"


def at_the_director(tmp_path: Path) -> Desk:
    """The report lies before the director."""
    desk = Desk(tmp_path)
    desk.tick()
    for seat in desk.states():
        desk.answer(seat)
    desk.tick("2023-03-10 09:00")
    return desk


def sign(desk: Desk) -> None:
    """His signature comes back; the next look hands the report in."""
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    asked = desk.mails(director, "director")[-1]
    files = (("ลงนาม.pdf", PDF, desk.office.signatures.sign(asked.files[0][2])),)
    desk.reply(director, to=asked, files=files)
    desk.tick("2023-03-10 10:00")


@pytest.fixture
def signed(tmp_path: Path) -> Desk:
    """The director's signature is in, the report is handed in."""
    desk = at_the_director(tmp_path)
    sign(desk)
    return desk


def test_without_a_service_nothing_is_asked(signed: Desk) -> None:
    assert make_lasting(signed.office) == [] and not signed.ledger.has_event(EVENT, f"{Q2}/v1")


def test_the_stamped_file_lies_beside_the_directors_own_and_is_made_once(signed: Desk) -> None:
    office = replace(signed.office, stamp_service=SERVICE)
    folder = office.state / str(signed.ledger.bundles.latest(Q2)["folder"])
    before = (folder / "signed.pdf").read_bytes()
    assert make_lasting(office) == [] and signed.ledger.has_event(EVENT, f"{Q2}/v1")
    assert (folder / "signed.pdf").read_bytes() == before
    made = (folder / "lasting.pdf").read_bytes()
    assert made.startswith(before) and made != before
    events = len(signed.ledger.events())
    assert make_lasting(office) == [] and len(signed.ledger.events()) == events


def test_a_service_that_does_not_answer_is_told_and_asked_again(signed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    office = replace(signed.office, stamp_service=SERVICE)

    def silent(*_, **__):
        raise EnvironmentNotReady("ประทับเวลาไม่ได้", where=SERVICE, remedy="ระบบจะลองใหม่เอง")

    with monkeypatch.context() as patch:
        patch.setattr(office.signatures, "add_time", silent)
        (finding,) = make_lasting(office)
    assert finding.title == "ยังประทับเวลาลายมือชื่อไม่ได้" and "ประทับเวลาไม่ได้" in finding.what
    assert not signed.ledger.has_event(EVENT, f"{Q2}/v1")
    assert make_lasting(office) == [] and signed.ledger.has_event(EVENT, f"{Q2}/v1")


def test_a_stamped_file_that_does_not_hold_is_not_kept(signed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    office = replace(signed.office, stamp_service=SERVICE)
    monkeypatch.setattr(office.signatures, "add_time", lambda data, **_: (data + b"other", "B-LT"))
    (finding,) = make_lasting(office)
    folder = office.state / str(signed.ledger.bundles.latest(Q2)["folder"])
    assert finding.code == f"stamp-{Q2}" and not (folder / "lasting.pdf").exists()


def test_killed_between_the_file_and_the_ledger(signed: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle has its stamp, the ledger does not know: the next look records it and asks nobody."""
    office = replace(signed.office, stamp_service=SERVICE)
    with monkeypatch.context() as patch:
        patch.setattr(office.ledger, "record", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make_lasting(office)
    folder = office.state / str(signed.ledger.bundles.latest(Q2)["folder"])
    made = (folder / "lasting.pdf").read_bytes()
    monkeypatch.setattr(office.signatures, "add_time", lambda *_, **__: pytest.fail("asked again"))
    signed.tick("2023-03-10 12:00")
    assert make_lasting(office) == [] and signed.ledger.has_event(EVENT, f"{Q2}/v1")
    assert (folder / "lasting.pdf").read_bytes() == made


def with_service(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: Exception | None) -> list[bytes]:
    """The desk's office asks a time-stamp service, which answers with `answer`; what was asked."""
    desk.office, asked = replace(desk.office, stamp_service=SERVICE), []
    made = desk.office.signatures.add_time

    def add_time(data: bytes, **more: object) -> tuple[bytes, str]:
        asked.append(data)
        if answer is not None:
            raise answer
        return made(data, **more)

    monkeypatch.setattr(desk.office.signatures, "add_time", add_time)
    return asked


def test_a_revoked_signature_is_not_handed_in_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at_the_director(tmp_path)
    asked = with_service(desk, monkeypatch, SignatureRefused("ใบรับรองถูกเพิกถอนแล้ว", remedy="สอบถามผู้ลงนาม"))
    sign(desk)
    for moment in ("2023-03-10 11:00", "2023-03-10 12:00"):
        desk.tick(moment)
    assert desk.ledger.deadline_state(Q2) == "SIGNED" and desk.ledger.outbox.state(f"{Q2}/registry/v1") == "none"
    assert desk.ledger.has_event(REVOKED, f"{Q2}/v1") and len(asked) == 1
    (finding,) = make_lasting(desk.office)
    assert finding.code == f"revoked-{Q2}" and "ใบรับรองถูกเพิกถอนแล้ว" in finding.what and finding.remedy
    assert len(asked) == 1


def test_a_silent_service_holds_no_deadline_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at_the_director(tmp_path)
    asked = with_service(desk, monkeypatch, EnvironmentNotReady("ประทับเวลาไม่ได้", where=SERVICE))
    sign(desk)
    assert desk.ledger.deadline_state(Q2) == "SUBMITTED" and asked


def test_the_stamp_is_made_before_the_report_is_handed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = at_the_director(tmp_path)
    asked = with_service(desk, monkeypatch, None)
    sign(desk)
    assert desk.ledger.deadline_state(Q2) == "SUBMITTED" and desk.ledger.has_event(EVENT, f"{Q2}/v1")
    assert make_lasting(desk.office) == [] and len(asked) == 1
