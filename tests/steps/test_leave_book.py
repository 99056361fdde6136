"""Leaves end to end: the secretary's entries, out-of-office answers, forged ones, old ledgers."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest
from desk import Q2, ROOT, Desk, at

from songthan.adapters.ledger import SCHEMA_VERSION, TABLES, SqliteLedger
from songthan.domain.absence import OUT_OF_OFFICE, SECRETARY
from songthan.domain.dates import typed_day
from songthan.domain.errors import LedgerError, UsageError
from songthan.steps.leave_book import add_leave, end_leave, leave_rows
from songthan.steps.send_digest import send_digest
from songthan.testing.office import plan_of

AUTO = {"Auto-Submitted": "auto-replied"}
HER = "command:test"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick()
    return desk


def away(desk: Desk, body: str, *, when: str | None = None, **more: object) -> None:
    if when:
        desk.clock.moment = at(when)
    desk.reply(desk.member("s04"), subject="ตอบกลับอัตโนมัติ: ไม่อยู่", body=body, headers=AUTO, **more)
    desk.tick()


def days(desk: Desk) -> list[tuple[date, date | None, str]]:
    return [(x.first, x.last, x.source) for x in desk.ledger.leaves.of("m04")]


def test_the_secretary_writes_a_leave_down_once(desk: Desk) -> None:
    given = (desk.office, desk.member("s04").given, date(2023, 3, 13), date(2023, 3, 17), "ลาพักผ่อน")
    first = add_leave(*given, by=HER)
    again = add_leave(*given, by=HER)
    assert first.changed and not again.changed and desk.member("s04").full_name in first.words
    assert days(desk) == [(date(2023, 3, 13), date(2023, 3, 17), SECRETARY)]
    assert desk.ledger.leaves.on(date(2023, 3, 12)) == {}
    assert desk.ledger.leaves.on(date(2023, 3, 17))["m04"].reason == "ลาพักผ่อน"
    assert desk.ledger.leaves.on(date(2023, 3, 18)) == {}
    assert [e["kind"] for e in desk.ledger.events("m04")] == ["leave-noted"]


def test_a_corrected_entry_replaces_the_one_it_overlaps_and_no_other(desk: Desk) -> None:
    add_leave(desk.office, "m04", date(2023, 3, 13), date(2023, 3, 17), by=HER)
    add_leave(desk.office, "m04", date(2023, 6, 1), date(2023, 6, 2), by=HER)
    add_leave(desk.office, "m04", date(2023, 3, 15), date(2023, 3, 16), by=HER)
    assert [d[:2] for d in days(desk)] == [(date(2023, 3, 15), date(2023, 3, 16)), (date(2023, 6, 1), date(2023, 6, 2))]
    assert len(leave_rows(desk.office, everything=True)) == 3


@pytest.mark.parametrize(
    ("first", "last", "option"),
    [(date(2023, 3, 17), date(2023, 3, 13), "--until"), (date(2022, 3, 13), date(2022, 3, 17), "--until")],
)
def test_days_that_make_no_leave(desk: Desk, first: date, last: date, option: str) -> None:
    with pytest.raises(UsageError) as caught:
        add_leave(desk.office, "m04", first, last, by=HER)
    assert caught.value.where == option and not days(desk)


def test_back_early(desk: Desk) -> None:
    add_leave(desk.office, "m04", date(2023, 2, 27), date(2023, 3, 17), by=HER)
    assert desk.ledger.leaves.on(date(2023, 3, 2))
    assert end_leave(desk.office, "s04", by=HER).changed and not end_leave(desk.office, "s04", by=HER).changed
    assert desk.ledger.leaves.on(date(2023, 3, 2)) == {} and leave_rows(desk.office) == []


def test_an_out_of_office_answer_is_a_leave_and_a_later_one_takes_its_place(desk: Desk) -> None:
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", when="2023-03-02 09:00")
    assert days(desk) == [(date(2023, 3, 2), date(2023, 3, 17), OUT_OF_OFFICE)]
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", when="2023-03-03 09:00")
    assert days(desk) == [(date(2023, 3, 2), date(2023, 3, 17), OUT_OF_OFFICE)]
    away(desk, "ลาถึงวันที่ ๒๑ มีนาคม ๒๕๖๖", when="2023-03-06 09:00")
    assert days(desk) == [(date(2023, 3, 6), date(2023, 3, 21), OUT_OF_OFFICE)]
    row = desk.ledger.assignment_row("2566-q2.f3.s04")
    assert row["away"] == 1 and row["absent_until"] == "2023-03-21"


def test_an_older_mail_that_comes_late_shortens_nothing(desk: Desk) -> None:
    away(desk, "ลาถึงวันที่ ๒๑ มีนาคม ๒๕๖๖", when="2023-03-06 09:00")
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", when="2023-03-02 09:00")
    assert [d[1] for d in days(desk)] == [date(2023, 3, 21)]


@pytest.mark.parametrize("verdict", ["fail", "none"])
def test_a_forged_or_unproven_answer_is_no_leave(desk: Desk, verdict: str) -> None:
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", verdict=verdict)
    assert days(desk) == []


def test_the_mail_program_does_not_overrule_the_secretary(desk: Desk) -> None:
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", when="2023-03-02 09:00")
    end_leave(desk.office, "m04", by=HER)
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", when="2023-03-03 09:00")
    assert days(desk) == []


def test_a_leave_without_an_end_is_over_when_the_member_writes(desk: Desk) -> None:
    away(desk, "ไม่อยู่ที่สำนักงาน", when="2023-03-02 09:00")
    assert days(desk) == [(date(2023, 3, 2), None, OUT_OF_OFFICE)]
    desk.clock.moment = at("2023-03-06 09:00")
    desk.reply(desk.member("s04"), body="ขอสอบถามวิธีกรอก", verdict="none")
    desk.tick()
    assert len(days(desk)) == 1, "an unproven mail proves nothing"
    desk.reply(desk.member("s04"), body="ขอสอบถามวิธีกรอกค่ะ")
    desk.tick()
    assert days(desk) == []


def test_a_leave_with_an_end_stays_when_he_writes_from_his_telephone(desk: Desk) -> None:
    away(desk, "ลาถึงวันที่ ๑๗ มีนาคม ๒๕๖๖", when="2023-03-02 09:00")
    desk.reply(desk.member("s04"), body="ขอสอบถามวิธีกรอก")
    desk.tick()
    assert len(days(desk)) == 1


@pytest.mark.parametrize("text", ["2023-03-15", "15/3/2566", "๑๕ มี.ค. ๒๕๖๖", "15 มีนาคม 2566", " ๑๕  มีนาคม  ๒๕๖๖ "])
def test_a_day_is_typed_in_many_ways(text: str) -> None:
    assert typed_day(text, where="--from") == date(2023, 3, 15)


@pytest.mark.parametrize("text", ["", "พรุ่งนี้", "15/3", "15/13/2566", "15/3/23", "๑5/3/2566"])
def test_what_is_no_day_says_where_and_how(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        typed_day(text, where="--from")
    assert caught.value.where == "--from" and "2023-03-15" in caught.value.remedy


def old_ledger(path: Path) -> None:
    """A ledger as version 1 wrote it: without the tables and columns that came later."""
    ledger = SqliteLedger(path)
    ledger.close()
    with sqlite3.connect(path) as db:
        db.execute("drop table leaves")
        db.execute("drop table changes")
        db.execute("alter table assignments drop column change")
        db.execute("update meta set value='1' where key='schema'")


def test_a_ledger_of_version_one_opens_and_becomes_the_present_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old_ledger(path)
    ledger = SqliteLedger(path)
    assert ledger.row("select value from meta where key='schema'") == {"value": str(SCHEMA_VERSION)}
    for name, (columns, _, _) in TABLES.items():
        assert set(ledger.db[name].columns_dict) == set(columns), name
    assert ledger.leaves.of() == []
    ledger.close()
    with sqlite3.connect(path) as db:
        db.execute("update meta set value='99' where key='schema'")
    with pytest.raises(LedgerError):
        SqliteLedger(path)
    with sqlite3.connect(path) as db:
        assert db.execute("select value from meta where key='schema'").fetchone() == ("99",)


def test_the_morning_letter_and_the_status_say_who_is_away_and_which_day_was_moved(desk: Desk) -> None:
    from songthan.steps.change_duties import change_duty
    from songthan.steps.report_status import deadline_summary, office_status

    add_leave(desk.office, "m04", date(2023, 3, 2), date(2023, 3, 10), by=HER)
    add_leave(desk.office, "m06", date(2023, 3, 8), date(2023, 3, 10), by=HER)
    away(desk, "ไม่อยู่ที่สำนักงาน", when="2023-03-02 09:00")
    change_duty(desk.office, kind="extend", what="2566-q2", date="17/3/2566", reason="ห้องประชุมไม่ว่าง", by=HER)
    send_digest(desk.office)
    text = desk.mails(desk.secretary, "digest")[-1].mail.text
    fourth, deputy = desk.member("s04").full_name, desk.member("s05").full_name
    assert f"{fourth} ถึงวันศุกร์ที่ ๑๐ มีนาคม ๒๕๖๖ ผู้ปฏิบัติหน้าที่แทน {deputy}" in text
    assert desk.member("s06").full_name not in text.partition("ผู้ที่ไม่อยู่")[2].partition("จดหมาย")[0], "not yet"
    assert "ภายในวันศุกร์ที่ ๑๗ มีนาคม ๒๕๖๖ เปลี่ยนจากเดิมวันพุธที่ ๑๕ มีนาคม ๒๕๖๖" in text
    found = office_status(desk.office)
    assert [(x["member"], x["in_force"]) for x in found["leaves"]] == [("m04", True), ("m04", True), ("m06", False)]
    assert (found["deadlines"][0]["internal"], found["deadlines"][0]["internal_printed"]) == ("2023-03-17", "2023-03-15")
    assert "(เดิม ๑๕ มีนาคม ๒๕๖๖)" in deadline_summary(desk.office, "2566-q2")


def test_the_digest_names_deadlines_as_people_do_and_tells_who_only_has_to_correct(tmp_path: Path) -> None:
    desk = Desk(tmp_path, plan=plan_of(ROOT / "plans" / "2566", deadlines=(Q2, "2566-review")))
    desk.tick()
    desk.answer("s06", percent="๒๐๐")
    desk.tick("2023-03-01 10:00")
    desk.clock.moment = at("2023-03-02 08:40")
    send_digest(desk.office)
    text = desk.mails(desk.secretary, "digest")[-1].mail.text
    assert f"{desk.member('s06').full_name} ไตรมาสที่ ๒ ปี ๒๕๖๖ รอฉบับแก้ไข (เหลือ" in text
    assert text.count("รอฉบับแก้ไข") == 1
    assert "ส่งจริงภายใน ทบทวนปฏิญญาคุณธรรม" in text, "the plan's own short name, not the form's «F4»"


def test_a_leave_at_the_same_time_as_the_deputys_is_said(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    add_leave(desk.office, "m07", date(2023, 3, 6), date(2023, 3, 8), by="command:test")
    outcome = add_leave(desk.office, "m06", date(2023, 3, 8), date(2023, 3, 10), by="command:test")
    assert "๖ มีนาคม ๒๕๖๖" in outcome.words and "songthan reassign" in outcome.words
    later = add_leave(desk.office, "m06", date(2023, 3, 13), date(2023, 3, 14), by="command:test")
    assert "songthan reassign" not in later.words
