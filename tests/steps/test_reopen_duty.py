"""Asked again: one duty, an accepted answer, a whole report with its signature; and the second version."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Q2, Desk, answers_of, fill
from test_change_duties import FOURTH, changed, decide

from songthan.domain.bundles import Manifest
from songthan.domain.errors import UsageError

PDF = "application/pdf"
SEATS = ("s04", "s06", "s08")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick()
    return desk


@pytest.fixture
def compiled(desk: Desk) -> Desk:
    """All answered on 2 March; version 1 is with the director."""
    for seat in SEATS:
        desk.answer(seat)
    desk.tick("2023-03-02 09:00")
    assert state(desk) == "WITH_DIRECTOR"
    return desk


def state(desk: Desk) -> str:
    return desk.ledger.deadline_state(Q2).value


def director(desk: Desk) -> object:
    return desk.office.plan.roster.member(desk.office.plan.roster.director)


def sign(desk: Desk, version: int = -1) -> None:
    mail = desk.mails(director(desk), "director")[version]
    desk.reply(director(desk), to=mail, files=(("s.pdf", PDF, desk.office.signatures.sign(mail.files[0][2])),))


def versions(desk: Desk) -> list[tuple[int, bool, bool]]:
    """(version, void, signed) of every bundle."""
    return [(b["version"], bool(b["void"]), bool(b["signed"])) for b in desk.ledger.bundles.all(Q2)]


def accepted(desk: Desk, seat: str) -> dict:
    row = next(r for r in desk.ledger.returns.accepted(Q2) if r["seat"] == seat)
    return {k.rpartition(".")[2]: a.value for k, a in desk.ledger.returns.form(row["id"]).answers.items()}


# one duty


def test_a_waived_duty_is_asked_again_with_its_form(desk: Desk) -> None:
    decide(desk, "waive", FOURTH)
    desk.tick("2023-03-02 09:00")
    outcome = decide(desk, "reopen", FOURTH)
    assert outcome.changed and not decide(desk, "reopen", FOURTH).changed
    desk.tick("2023-03-03 09:00")
    assert desk.states()["s04"] == "ASKED"
    letter = changed(desk, "s04")[-1]
    assert "อีกครั้ง" in letter.mail.subject and "๑๕ มีนาคม ๒๕๖๖" in letter.mail.text
    desk.answer("s04", kind="duty_changed")
    desk.tick("2023-03-06 09:00")
    assert desk.states()["s04"] == "ACCEPTED"


def test_a_duty_waived_before_it_was_asked_is_asked_by_the_ladder(tmp_path: Path) -> None:
    desk = Desk(tmp_path, now="2023-02-20 09:00")
    decide(desk, "waive", FOURTH)
    desk.tick("2023-03-01 09:00")
    decide(desk, "reopen", FOURTH)
    desk.tick()
    assert desk.states()["s04"] == "ASKED" and len(desk.mails(desk.member("s04"), "request")) == 1


def test_an_accepted_answer_reopened_counts_until_a_better_one_comes(desk: Desk) -> None:
    desk.answer("s04", percent="๘๐")
    desk.tick("2023-03-02 09:00")
    decide(desk, "reopen", Q2, to="m04", reason="ร้อยละไม่ตรงกับหลักฐาน")
    desk.tick()
    letter = changed(desk, "s04")[-1]
    assert "ร้อยละไม่ตรงกับหลักฐาน" in letter.mail.text and "๘๐" in answers_of(letter.files[0][2]).values()
    assert desk.states()["s04"] == "NEEDS_CORRECTION"
    # reminded like everybody who owes, and at the cut what was accepted stands
    desk.tick("2023-03-15 09:00")
    assert desk.mails(desk.member("s04"), "reminder")
    desk.tick("2023-03-17 12:30")
    assert desk.states() == {"s04": "ACCEPTED", "s06": "LAPSED", "s08": "LAPSED"}
    assert accepted(desk, "s04")["percent"] == "80"


def test_a_better_answer_takes_its_place(desk: Desk) -> None:
    desk.answer("s04", percent="๘๐")
    desk.tick("2023-03-02 09:00")
    decide(desk, "reopen", FOURTH)
    desk.tick()
    desk.answer("s04", kind="duty_changed", percent="๙๐")
    desk.tick("2023-03-03 09:00")
    assert desk.states()["s04"] == "ACCEPTED" and accepted(desk, "s04")["percent"] == "90"


def test_a_reopened_answer_is_asked_of_who_holds_the_seat_now(desk: Desk) -> None:
    desk.answer("s04", percent="๘๐")
    desk.tick("2023-03-02 09:00")
    decide(desk, "reassign", "s04", to="m05")
    decide(desk, "reopen", FOURTH)
    desk.tick("2023-03-03 09:00")
    letter = next(d for d in changed(desk, "s05") if d.files)
    assert "๘๐" in answers_of(letter.files[0][2]).values()
    desk.reply(desk.member("s05"), to=letter, files=(("แบบ.docx", letter.files[0][1], fill(letter.files[0][2], percent="๙๐")),))
    desk.tick("2023-03-06 09:00")
    assert accepted(desk, "s04")["percent"] == "90"


def test_after_the_cut_answers_are_waited_for_until_the_next_noon(desk: Desk) -> None:
    desk.tick("2023-03-17 12:30")
    assert set(desk.states().values()) == {"LAPSED"} and state(desk) == "OPEN"
    decide(desk, "reopen", FOURTH)
    desk.tick("2023-03-17 15:00")
    desk.tick("2023-03-20 11:00")
    assert desk.states() == {"s04": "ASKED", "s06": "LAPSED", "s08": "LAPSED"}
    desk.answer("s04", kind="duty_changed")
    desk.tick("2023-03-20 11:30")
    assert state(desk) == "WITH_DIRECTOR"


def test_after_the_cut_a_silent_one_lapses_again(desk: Desk) -> None:
    desk.tick("2023-03-17 12:30")
    decide(desk, "reopen", FOURTH)
    desk.tick("2023-03-20 12:30")
    assert desk.states()["s04"] == "LAPSED"


# a whole report


def test_reopened_after_compile_the_second_version_goes_to_the_director_anew(compiled: Desk) -> None:
    desk = compiled
    outcome = decide(desk, "reopen", Q2, reason="ผู้อำนวยการให้แก้ไข")
    assert outcome.changed and outcome.told == (director(desk).full_name,)
    assert not decide(desk, "reopen", Q2).changed
    desk.tick("2023-03-02 10:00")
    assert state(desk) == "OPEN" and versions(desk) == [(1, True, False)], "it waits for what is to be mended"
    letter = desk.mails(director(desk), "duty_changed")[0].mail
    assert "ถอนเรื่อง" in letter.subject and director(desk).position in letter.text and "ผู้อำนวยการให้แก้ไข" in letter.text
    desk.answer("s06", percent="๕๐")
    desk.tick("2023-03-02 11:00")
    assert state(desk) == "WITH_DIRECTOR" and versions(desk) == [(1, True, False), (2, False, False)]
    assert accepted(desk, "s06")["percent"] == "50" and accepted(desk, "s04")["percent"] == "100"

    # both are kept, and the second names the first under its seal
    folders = [desk.office.state / str(b["folder"]) for b in desk.ledger.bundles.all(Q2)]
    old, new = (Manifest.from_json((f / "manifest.json").read_bytes()) for f in folders)
    assert (old.replaces, new.replaces) == ("", old.sha256) and all((f / "bundle.pdf").is_file() for f in folders)

    # he reads why there is another one and what is otherwise now
    first, second = (d.mail.text for d in desk.mails(director(desk), "director"))
    changed_row = next(a for a in desk.office.plan.activities if a.seats[0] == "s06")
    same_row = next(a for a in desk.office.plan.activities if a.seats[0] == "s04")
    assert "ใช้แทนฉบับที่" not in first and "ใช้แทนฉบับที่ ๑ ซึ่งยกเลิกแล้ว เนื่องจาก ผู้อำนวยการให้แก้ไข" in second
    assert f"กิจกรรมที่ {changed_row.number} " in second and f"กิจกรรมที่ {same_row.number} " not in second

    # the old version signed is worth nothing, the new one is
    sign(desk, 0)
    desk.tick("2023-03-02 12:00")
    assert state(desk) == "WITH_DIRECTOR" and desk.last_row()["route"] == "hold"
    sign(desk)
    desk.tick("2023-03-02 13:00")
    assert state(desk) == "SUBMITTED" and versions(desk)[1] == (2, False, True)
    registry = [d for d in desk.mailbox.deliveries if d.mail.kind == "registry"]
    assert len(registry) == 1 and registry[0].mail.key.endswith("/v2")


def test_a_signature_over_the_old_version_is_void(compiled: Desk) -> None:
    desk = compiled
    from songthan.steps.take_in import fetch_new, settle_all

    sign(desk)
    fetch_new(desk.office)
    settle_all(desk.office)
    assert state(desk) == "SIGNED"
    decide(desk, "reopen", Q2, date="2023-03-02")
    assert desk.ledger.bundles.latest(Q2) is None and versions(desk) == [(1, True, True)]
    desk.tick("2023-03-02 10:00")
    assert state(desk) == "WITH_DIRECTOR" and versions(desk) == [(1, True, True), (2, False, False)]
    assert len(desk.mails(director(desk), "director")) == 2
    assert not [d for d in desk.mailbox.deliveries if d.mail.kind == "registry"]


def test_without_anything_new_the_report_is_made_again_when_waiting_ends(compiled: Desk) -> None:
    decide(compiled, "reopen", Q2)
    compiled.tick("2023-03-03 11:59")
    assert state(compiled) == "OPEN"
    compiled.tick("2023-03-03 12:00")
    assert state(compiled) == "WITH_DIRECTOR" and [v[0] for v in versions(compiled)] == [1, 2]


def test_a_version_made_again_of_the_same_answers_says_so(compiled: Desk) -> None:
    decide(compiled, "reopen", Q2, date="2023-03-02")
    compiled.tick("2023-03-02 10:00")
    text = compiled.mails(director(compiled), "director")[-1].mail.text
    assert [v[0] for v in versions(compiled)] == [1, 2] and "เหมือนฉบับเดิมทุกประการ" in text


def test_one_duty_of_a_compiled_report_opens_the_report_with_it(compiled: Desk) -> None:
    outcome = decide(compiled, "reopen", FOURTH)
    assert set(outcome.told) == {director(compiled).full_name, compiled.member("s04").full_name}
    compiled.tick("2023-03-03 13:00")
    assert state(compiled) == "OPEN" and compiled.states()["s04"] == "NEEDS_CORRECTION"
    compiled.answer("s04", kind="duty_changed", percent="๗๐")
    compiled.tick("2023-03-07 09:00")
    assert state(compiled) == "WITH_DIRECTOR" and [v[0] for v in versions(compiled)] == [1, 2]


def test_a_late_answer_that_was_held_is_taken_in_after_reopening(compiled: Desk) -> None:
    from songthan.steps.holds import accept_hold

    compiled.answer("s06", percent="๖๐")
    compiled.tick("2023-03-02 10:00")
    row = compiled.last_row()
    assert row["rule"] == "52_after_freeze"
    with pytest.raises(UsageError):
        accept_hold(compiled.office, row["id"], "ใช้ฉบับนี้")
    decide(compiled, "reopen", Q2)
    accept_hold(compiled.office, row["id"], "ใช้ฉบับนี้")
    compiled.tick("2023-03-02 11:00")
    assert state(compiled) == "WITH_DIRECTOR" and accepted(compiled, "s06")["percent"] == "60"


def test_what_was_submitted_is_not_opened(compiled: Desk) -> None:
    sign(compiled)
    compiled.tick("2023-03-02 10:00")
    assert state(compiled) == "SUBMITTED"
    for what in (Q2, FOURTH):
        with pytest.raises(UsageError) as caught:
            decide(compiled, "reopen", what)
        assert "สารบรรณ" in caught.value.remedy
    assert state(compiled) == "SUBMITTED" and compiled.ledger.changes.last() is None


def test_a_report_that_is_late_may_be_opened_and_goes_on(compiled: Desk) -> None:
    compiled.tick("2023-03-21 09:00")
    assert compiled.ledger.has_event("deadline-missed", Q2)
    decide(compiled, "reopen", Q2, date="2023-03-21")
    compiled.tick("2023-03-21 09:30")
    # the second was the acting director's, whose turn had come
    assert state(compiled) == "WITH_DIRECTOR" and [v[0] for v in versions(compiled)] == [1, 2, 3]
    sign(compiled)
    compiled.tick("2023-03-21 10:00")
    assert state(compiled) == "SUBMITTED"


# taken in the middle of a step of another process


@pytest.mark.parametrize("moment", ["gathered", "converted", "written", "frozen"])
def test_a_duty_reopened_while_the_report_is_made(desk: Desk, moment: str) -> None:
    from dataclasses import replace

    for seat in SEATS:
        desk.answer(seat)
    plain = desk.office

    def tick(name: str) -> None:
        if name == moment and not desk.ledger.changes.all():
            desk.office = plain
            decide(desk, "reopen", FOURTH)

    desk.office = replace(plain, tick=tick)
    desk.tick("2023-03-02 09:00")
    assert state(desk) == "OPEN" and desk.ledger.bundles.latest(Q2) is None
    desk.tick("2023-03-02 10:00")
    assert not desk.mails(director(desk), "director")
    desk.answer("s04", kind="duty_changed")
    desk.tick("2023-03-02 11:00")
    assert state(desk) == "WITH_DIRECTOR" and not [v for v in versions(desk) if v[0] < len(versions(desk)) and not v[1]]


def test_reopened_while_the_report_is_being_submitted(compiled: Desk) -> None:
    """Either it is reopened and nothing went out, or it went out and cannot be reopened."""
    from dataclasses import replace

    plain, said = compiled.office, []

    def tick(name: str) -> None:
        if name in ("published", "draft-saved") and not said:
            compiled.office = plain
            try:
                said.append(decide(compiled, "reopen", Q2).changed)
            except UsageError:
                said.append(False)

    sign(compiled)
    compiled.office = replace(plain, tick=tick)
    compiled.tick("2023-03-02 09:30")
    registry = [d for d in compiled.mailbox.deliveries if d.mail.kind == "registry"]
    assert said and said[0] is (not registry) and state(compiled) == ("SUBMITTED" if registry else "OPEN")
