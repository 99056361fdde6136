"""The secretary's decisions on duties, end to end at the desk: waive, reassign, extend; who is told, what follows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from desk import DOCX, Q2, Desk, answers_of, at, fill

from songthan.domain.errors import UsageError
from songthan.steps.change_duties import change_duty
from songthan.steps.leave_book import add_leave
from songthan.steps.outcome import Outcome
from songthan.steps.report_status import deadline_status

FOURTH = f"{Q2}.f3.s04"
BY = "command:test"


def decide(desk: Desk, kind: str, what: str, **more: str) -> Outcome:
    given = {"reason": "ตามที่ได้หารือกับหัวหน้าคณะทำงาน", "by": BY, **more}
    return change_duty(desk.office, kind=kind, what=what, **given)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick()
    return desk


def changed(desk: Desk, seat_or_member: object) -> list:
    member = desk.member(seat_or_member) if isinstance(seat_or_member, str) else seat_or_member
    return desk.mails(member, "duty_changed")


# waive


def test_a_waived_duty_is_no_longer_waited_for_and_its_holder_is_told_once(desk: Desk) -> None:
    outcome = decide(desk, "waive", FOURTH)
    assert outcome.changed and outcome.told == (desk.member("s04").full_name,)
    again = decide(desk, "waive", Q2, to="m04")
    assert not again.changed and "ไม่มีสิ่งใดเปลี่ยนแปลง" in again.words
    desk.tick("2023-03-10 09:00")
    desk.tick("2023-03-15 09:00")
    assert desk.states() == {"s04": "WAIVED", "s06": "ASKED", "s08": "ASKED"}
    assert len(changed(desk, "s04")) == 1 and not desk.mails(desk.member("s04"), "reminder")
    letter = changed(desk, "s04")[0].mail
    assert "ยกเว้น" in letter.subject and "ตามที่ได้หารือ" in letter.text and "๑.๑" not in letter.subject
    event = next(e for e in desk.ledger.events(FOURTH) if e["kind"] == "decided-waive")
    assert BY in str(event["data"]) and "ตามที่ได้หารือ" in str(event["data"])


def test_who_was_asked_instead_of_an_absent_member_is_told_too(desk: Desk) -> None:
    """He has the form and would fill it in by the old date, or for nothing; once the duty went back he is left in peace."""
    add_leave(desk.office, "m04", date(2023, 3, 2), date(2023, 3, 6), by=BY)
    desk.tick("2023-03-03 09:00")
    deputy = desk.office.plan.roster.member("m05")
    assert desk.mails(deputy, "request"), "asked in her place"
    assert deputy.full_name in decide(desk, "extend", Q2, date="2023-03-16").told
    outcome = decide(desk, "waive", FOURTH)
    assert outcome.told == (desk.member("s04").full_name, deputy.full_name) and deputy.full_name in outcome.words
    desk.tick("2023-03-03 10:00")
    assert ["เปลี่ยนกำหนด" in d.mail.subject for d in changed(desk, deputy)] == [True, False]
    decide(desk, "reopen", FOURTH)
    desk.tick("2023-03-08 09:00")
    assert any("สิ้นสุด" in d.mail.subject for d in desk.mails(deputy)), "she is back"
    assert deputy.full_name not in decide(desk, "extend", Q2, date="2023-03-17").told


def test_the_last_open_duty_waived_closes_the_report(desk: Desk) -> None:
    desk.answer("s06")
    desk.answer("s08")
    desk.tick()
    decide(desk, "waive", FOURTH)
    desk.tick()
    assert desk.ledger.deadline_state(Q2).value == "WITH_DIRECTOR"
    with pytest.raises(UsageError) as caught:
        decide(desk, "waive", f"{Q2}.f3.s06")
    assert f"songthan reopen {Q2}" in caught.value.remedy


def test_what_was_never_asked_is_waived_without_a_letter_and_never_asked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, now="2023-02-20 09:00")
    desk.tick()
    assert decide(desk, "waive", FOURTH).told == ()
    desk.tick("2023-03-01 09:00")
    assert desk.states() == {"s04": "WAIVED", "s06": "ASKED", "s08": "ASKED"} and not desk.mails(desk.member("s04"))
    assert deadline_status(desk.office, Q2)["asked"] == 2


@pytest.mark.parametrize(
    ("kind", "what", "more", "said"),
    [
        ("waive", FOURTH, {"reason": "  "}, "--reason"),
        ("waive", "2566-q2.f3.s99", {}, FOURTH),
        ("waive", Q2, {}, "กำหนดส่งตามด้วยบุคคล"),
        ("waive", Q2, {"to": "m21"}, "songthan status"),
        ("waive", "2566-q9", {}, Q2),
        ("reassign", "s04", {}, "ผู้รับโอน"),
        ("reassign", "s04", {"to": "ผู้มาใหม่"}, "roster.toml"),
        ("reassign", "m04", {"to": "m04"}, "คนอื่น"),
        ("extend", Q2, {}, "--internal"),
        ("extend", Q2, {"date": "2023-03-18"}, "๑๗ มีนาคม ๒๕๖๖"),
        ("extend", Q2, {"date": "2023-03-21"}, "๒๐ มีนาคม ๒๕๖๖"),
        ("extend", Q2, {"date": "2023-02-28"}, "วันนี้"),
        ("extend", Q2, {"date": "2023-03-26"}, "๒๐ มีนาคม ๒๕๖๖"),  # a Sunday past the end: no day that is refused next
        ("reopen", FOURTH, {"date": "2023-03-21"}, "วันส่งจริง"),
        ("forget", FOURTH, {}, "reassign"),
        ("waive", " ", {}, FOURTH),
    ],
)
def test_what_cannot_be_decided_says_how_to_mend_it_and_changes_nothing(
    desk: Desk, kind: str, what: str, more: dict, said: str
) -> None:
    before = desk.ledger.events()
    with pytest.raises(UsageError) as caught:
        decide(desk, kind, what, **more)
    assert said in caught.value.remedy and caught.value.where
    assert desk.ledger.events() == before and desk.ledger.changes.last() is None


# reassign


def test_a_resignation_in_the_middle_of_a_quarter(desk: Desk) -> None:
    old, new = desk.member("s04"), desk.office.plan.roster.member("m05")
    old_form = desk.form_of(old)
    request = desk.mails(old, "request")[-1]
    outcome = decide(desk, "reassign", "m04", to="m05")
    assert outcome.assignments == (FOURTH,) and outcome.told == (old.full_name, new.full_name)
    # m05's registered deputy was m04, who is no longer here: the secretary is told whom to find another for
    assert f"{new.full_name} จึงยังไม่มีผู้แทน" in outcome.words and "deputy" in outcome.words
    assert not decide(desk, "reassign", "m04", to="m05").changed and not decide(desk, "reassign", "s04", to="m05").changed
    desk.tick("2023-03-02 09:00")
    row = desk.ledger.assignment_row(FOURTH)
    assert (row["member"], row["state"]) == ("m05", "ASKED")
    (letter,) = desk.mails(new)
    assert desk.ledger.assignment_by_token(row["token"])["id"] == FOURTH and row["token"] in letter.mail.text
    assert "รับโอน" in letter.mail.subject and old.full_name in letter.mail.text and "๑๕ มีนาคม ๒๕๖๖" in letter.mail.text
    assert new.full_name in letter.files[0][0], "a form in his own name, in the letter that tells him"
    assert "โอนให้" in changed(desk, old)[0].mail.text and new.full_name in changed(desk, old)[0].mail.text

    # the old holder still sends the form he had: held, although the new one's registered deputy is he
    assert desk.office.printed_plan.roster.member("m05").deputy == "m04"
    desk.reply(old, to=request, files=(("แบบ.docx", DOCX, fill(old_form)),))
    desk.tick("2023-03-03 09:00")
    assert desk.last_row()["rule"] == "51_wrong_holder" and desk.last_row()["route"] == "hold"
    assert desk.states()["s04"] == "ASKED"

    # the ladder knows the new holder only, and his answer counts
    desk.tick("2023-03-10 09:00")
    assert desk.mails(new, "reminder") and not desk.mails(old, "reminder")
    desk.answer("s04", kind="duty_changed")
    desk.tick("2023-03-13 09:00")
    assert desk.states()["s04"] == "ACCEPTED" and desk.mails(new, "receipt")
    events = [e for e in desk.ledger.events(FOURTH) if e["kind"] == "assignment-handed"]
    assert len(events) == 1 and '"was": "m04"' in str(events[0]["data"]) and '"to": "m05"' in str(events[0]["data"])


def test_who_has_a_duty_of_his_own_is_asked_for_the_new_one_all_the_same(desk: Desk) -> None:
    """The request to s06's holder went out long ago: its key must not swallow what he takes over."""
    decide(desk, "reassign", "s04", to="m06")
    desk.tick("2023-03-02 09:00")
    decide(desk, "reassign", "s08", to="m06")
    desk.tick("2023-03-03 09:00")
    sixth = desk.member("s06")
    asked = [d for d in desk.mails(sixth) if d.mail.kind in ("request", "duty_changed")]
    assert [len(d.files) for d in asked] == [1, 1, 1] and len({f[2] for d in asked for f in d.files}) == 3
    assert {r["state"] for r in desk.ledger.assignment_rows(Q2)} == {"ASKED"}


def test_answers_already_sent_stay_and_a_half_answered_form_goes_over_as_it_stands(desk: Desk) -> None:
    desk.answer("s04", done=None, percent="๕๕")
    desk.answer("s06")
    desk.tick("2023-03-02 09:00")
    assert desk.states() == {"s04": "NEEDS_CORRECTION", "s06": "ACCEPTED", "s08": "ASKED"}
    decide(desk, "reassign", "s04", to="m05")
    decide(desk, "reassign", "s06", to="m05")
    desk.tick("2023-03-03 09:00")
    states = {r["seat"]: (r["member"], r["state"]) for r in desk.ledger.assignment_rows(Q2)}
    assert states["s04"] == ("m05", "NEEDS_CORRECTION") and states["s06"] == ("m06", "ACCEPTED")
    letter = next(d for d in changed(desk, "s05") if d.files)
    assert "๕๕" in answers_of(letter.files[0][2]).values()
    desk.reply(desk.member("s04"), to=letter, files=(("แบบ.docx", DOCX, fill(letter.files[0][2])),))
    desk.tick("2023-03-06 09:00")
    assert desk.states()["s04"] == "ACCEPTED"


def test_a_seat_given_away_before_its_round_opens_is_asked_of_the_new_holder(tmp_path: Path) -> None:
    desk = Desk(tmp_path, now="2023-02-20 09:00")
    old = desk.member("s04")
    outcome = decide(desk, "reassign", "s04", to="m05")
    assert outcome.assignments == () and len(outcome.told) == 2
    desk.tick("2023-03-01 09:00")
    assert desk.ledger.assignment_row(FOURTH)["member"] == "m05" and not desk.mails(old, "request")


def test_what_nobody_was_asked_for_yet_is_asked_of_the_new_holder_by_the_ladder(tmp_path: Path) -> None:
    """The round is open, the request decided but not written: the old holder gets none."""
    from songthan.steps.advance import do_batch, next_batches

    desk = Desk(tmp_path)
    opened = next_batches(desk.office, Q2)
    for batch in opened:
        do_batch(desk.office, batch)
    batches = next_batches(desk.office, Q2)
    old = desk.member("s04")
    decide(desk, "reassign", "s04", to="m05")
    for batch in batches:
        do_batch(desk.office, batch)
    assert desk.states() == {"s04": "PLANNED", "s06": "ASKED", "s08": "ASKED"} and not desk.mails(old, "request")
    # the letter that tells him uses up his day
    desk.tick("2023-03-01 10:00")
    desk.tick("2023-03-02 09:00")
    assert desk.states()["s04"] == "ASKED" and len(desk.mails(desk.member("s04"), "request")) == 1


def test_on_the_last_day_the_new_holder_has_the_forms_the_same_day(desk: Desk) -> None:
    """One letter a person and day: the letter that tells him must not put the forms off to tomorrow."""
    desk.clock.moment = at("2023-03-15 10:00")
    decide(desk, "reassign", "s04", to="m05")
    desk.tick("2023-03-15 10:05")
    new = desk.member("s04")
    (letter,) = desk.mails(new)
    assert len(letter.files) == 1 and desk.states()["s04"] == "ASKED"
    desk.answer("s04", kind="duty_changed")
    desk.tick("2023-03-15 14:00")
    assert desk.states()["s04"] == "ACCEPTED"


def test_a_new_secretary_gets_the_secretarys_mail(desk: Desk) -> None:
    old = desk.secretary
    seat = desk.office.plan.roster.seat_of_role("secretary").id
    outcome = decide(desk, "reassign", seat, to="m22")
    assert "เลขานุการ" in outcome.words and desk.secretary.id == "m22" != old.id
    desk.reply(desk.member("s04"), body="ขอสอบถามวิธีกรอก")
    desk.tick()
    assert desk.mails(desk.secretary, "hold_notice") and not desk.mails(old, "hold_notice")


def test_a_return_that_is_being_read_is_mended_by_the_new_holder(desk: Desk) -> None:
    from songthan.steps.take_in import fetch_new, settle_all

    desk.answer("s04", done=None)
    fetch_new(desk.office)
    settle_all(desk.office)
    assert desk.states()["s04"] == "RECEIVED"
    decide(desk, "reassign", "s04", to="m05")
    desk.tick()
    assert desk.states()["s04"] == "NEEDS_CORRECTION"
    assert desk.mails(desk.member("s05"), "please_correct") and not desk.mails(desk.office.plan.roster.member("m04"), "please_correct")


# extend


def test_an_extension_moves_the_reminders_and_tells_who_still_owes(desk: Desk) -> None:
    desk.answer("s06")
    desk.tick("2023-03-10 09:00")
    desk.tick("2023-03-14 09:00")
    assert len(desk.mails(desk.member("s04"), "reminder")) == 2
    outcome = decide(desk, "extend", Q2, date="๑๗ มี.ค. ๒๕๖๖")
    assert set(outcome.told) == {desk.member("s04").full_name, desk.member("s08").full_name}
    assert not decide(desk, "extend", Q2, date="17/3/2566").changed
    desk.tick()
    letters = changed(desk, "s04")
    assert len(letters) == 1 and not changed(desk, "s06")
    assert "๑๕ มีนาคม ๒๕๖๖" in letters[0].mail.text and "๑๗ มีนาคม ๒๕๖๖" in letters[0].mail.text
    # the steps of the new day come, though those of the old day went out
    for day, reminders in (("2023-03-15", 3), ("2023-03-16", 4), ("2023-03-17", 5)):
        desk.tick(f"{day} 09:00")
        assert len(desk.mails(desk.member("s04"), "reminder")) == reminders, day
    assert "๑๗ มีนาคม" in desk.mails(desk.member("s04"), "reminder")[-1].mail.text
    assert desk.states()["s04"] == "ASKED", "not lapsed at the old cut"
    desk.tick("2023-03-17 13:00")
    assert desk.states()["s04"] == "ASKED"
    desk.tick("2023-03-20 12:30")
    assert desk.states()["s04"] == "LAPSED"


def test_before_anybody_is_asked_nobody_is_told_and_the_request_names_the_new_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path, now="2023-02-20 09:00")
    assert decide(desk, "extend", Q2, date="2023-03-16").told == ()
    desk.tick("2023-03-01 09:00")
    assert "๑๖ มีนาคม ๒๕๖๖" in desk.mails(desk.member("s04"), "request")[0].mail.text
    assert desk.office.plan.deadline(Q2).internal == date(2023, 3, 16)


def test_a_report_that_is_compiled_is_not_extended(desk: Desk) -> None:
    for seat in ("s04", "s06", "s08"):
        desk.answer(seat)
    desk.tick()
    with pytest.raises(UsageError) as caught:
        decide(desk, "extend", Q2, date="2023-03-16")
    assert "songthan reopen" in caught.value.remedy


def test_the_clock_moves_between_decision_and_visit(desk: Desk) -> None:
    """A reminder decided just before its duty was given away is not sent to the old holder."""
    from songthan.steps.advance import do_batch, next_batches

    desk.clock.moment = at("2023-03-10 09:00")
    batches = next_batches(desk.office, Q2)
    decide(desk, "reassign", "s04", to="m05")
    for batch in batches:
        do_batch(desk.office, batch)
    assert not desk.mails(desk.office.plan.roster.member("m04"), "reminder")
    assert desk.mails(desk.member("s06"), "reminder")
