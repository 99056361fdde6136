"""The registry's number when no machine can read it, and the last afternoon without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from desk import Q2, Desk
from test_change_duties import decide

from songthan.domain.errors import UsageError
from songthan.steps.enter_receipt import enter_receipt

PDF = "application/pdf"
NUMBER = "สว ๔๑๒๓/๒๕๖๖"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Submitted on 2 March; nobody has told the number."""
    desk = Desk(tmp_path)
    desk.tick()
    for seat in ("s04", "s06", "s08"):
        desk.answer(seat)
    desk.tick("2023-03-02 09:00")
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    mail = desk.mails(director, "director")[-1]
    desk.reply(director, to=mail, files=(("s.pdf", PDF, desk.office.signatures.sign(mail.files[0][2])),))
    desk.tick("2023-03-02 10:00")
    assert state(desk) == "SUBMITTED"
    return desk


def state(desk: Desk) -> str:
    return desk.ledger.deadline_state(Q2).value


def registry_says(desk: Desk, body: str) -> int:
    office = desk.office.plan.roster.registry
    sent = desk.mailbox.delivered_to(office.email)[0]
    desk.reply(desk.secretary, to=sent, body=body, address=office.email, name=office.name)
    desk.tick("2023-03-02 11:00")
    return int(str(desk.last_row()["id"]))


def receipt_of(desk: Desk) -> dict:
    folder = desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"])
    return json.loads((folder / "receipt.json").read_text("utf-8"))


def test_a_number_told_by_telephone_ends_the_round_and_says_who_entered_it(desk: Desk) -> None:
    outcome = decide(desk, "receipt", Q2, to=f"  {NUMBER} ")
    assert outcome.changed and state(desk) == "ACKNOWLEDGED"
    assert desk.ledger.bundles.latest(Q2)["receipt"] == NUMBER
    kept = receipt_of(desk)
    assert (kept["number"], kept["message_sha256"]) == (NUMBER, "") and kept["entered_by"] and kept["reason"]
    assert not decide(desk, "receipt", Q2, to=NUMBER).changed
    with pytest.raises(UsageError, match="แล้ว"):
        decide(desk, "receipt", Q2, to="สว ๙/๒๕๖๖")


def test_a_number_read_in_a_held_mail_settles_the_mail_too(desk: Desk) -> None:
    held = registry_says(desk, "ลงรับให้แล้วค่ะ เลข ๔๑๒๓ ของวันนี้")
    assert desk.last_row()["route"] == "hold"
    enter_receipt(desk.office, Q2, NUMBER, mail=held, reason="อ่านจากจดหมาย", by="command:test")
    assert state(desk) == "ACKNOWLEDGED" and desk.ledger.inbox.holds() == []
    assert receipt_of(desk)["message_sha256"] == desk.ledger.inbox.get(held)["sha256"]


def test_a_forged_answer_of_the_registry_gives_no_receipt_out_of_quarantine(desk: Desk) -> None:
    office = desk.office.plan.roster.registry
    desk.reply(desk.secretary, body="เลขรับที่ สว ๑/๒๕๖๖", address=office.email, name=office.name, verdict="fail")
    desk.tick("2023-03-02 11:00")
    assert desk.last_row()["route"] == "quarantine"
    with pytest.raises(UsageError, match="กักกัน"):
        enter_receipt(desk.office, Q2, NUMBER, mail=int(str(desk.last_row()["id"])), reason="ทดสอบ", by="command:test")
    assert state(desk) == "SUBMITTED"


def test_what_cannot_be_a_receipt_is_refused_and_nothing_changes(desk: Desk) -> None:
    desk.reply(desk.member("s04"), body="เลขรับที่ สว ๑/๒๕๖๖", verdict="none")
    desk.tick("2023-03-02 11:00")
    stranger = int(str(desk.last_row()["id"]))
    for number, more in ((NUMBER, {"mail": stranger}), (NUMBER, {"mail": 999}), ("", {}), ("ไม่มี", {}), ("1\n2" * 40, {})):
        with pytest.raises(UsageError):
            enter_receipt(desk.office, Q2, number, reason="ทดสอบ", by="command:test", **more)
    with pytest.raises(UsageError, match="เหตุผล"):
        enter_receipt(desk.office, Q2, NUMBER, reason=" ", by="command:test")
    assert state(desk) == "SUBMITTED" and len(desk.ledger.inbox.holds()) == 1


def test_nothing_waits_for_a_number_before_the_report_is_handed_in(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    with pytest.raises(UsageError, match="ไม่มีเรื่องที่รอเลขรับ"):
        enter_receipt(desk.office, Q2, NUMBER, reason="ทดสอบ", by="command:test")


def test_the_last_afternoon_without_a_number_is_told_before_the_date_is_over(tmp_path: Path) -> None:
    """2566-q2 is due on Monday 20 March; handed in that morning, unproven at two o'clock."""
    desk = Desk(tmp_path)
    desk.tick()
    for seat in ("s04", "s06", "s08"):
        desk.answer(seat)
    desk.tick("2023-03-02 09:00")
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    mail = desk.mails(director, "director")[-1]
    desk.clock.moment = desk.clock.moment.replace(day=20)
    desk.reply(director, to=mail, files=(("s.pdf", PDF, desk.office.signatures.sign(mail.files[0][2])),))
    desk.tick("2023-03-20 09:00")
    assert state(desk) == "SUBMITTED"

    def told() -> int:
        return sum("ยังไม่ได้เลขรับ" in d.mail.subject for d in desk.mails(desk.secretary, "alarm"))

    desk.tick("2023-03-20 13:55")
    assert told() == 0
    desk.tick("2023-03-20 14:05")
    desk.tick("2023-03-20 15:05")
    assert told() == 1
