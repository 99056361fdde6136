"""No date is missed in silence: what waits for the secretary's word is told, again on later days, and stands in the digest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import Q2, Desk, at
from test_outbox import holding, key, say_word

from songthan.domain.errors import UsageError
from songthan.domain.outgoing import LETTER_GROUPS
from songthan.steps.decide_outbox import decide_outbox
from songthan.steps.post import post_all
from songthan.steps.report_status import office_status
from songthan.steps.send_digest import send_digest
from songthan.steps.watch import findings, tell

OUTBOX = ("outbox", "withheld")


def look(desk: Desk, now: str) -> list[str]:
    """One look of the watch; the codes of what it finds in the outbox."""
    desk.clock.moment = at(now)
    found = findings(desk.office)
    tell(desk.office, found)
    post_all(desk.office)
    return [f.code for f in found if f.code.startswith(OUTBOX)]


def alarms(desk: Desk) -> list[str]:
    return [d.mail.key for d in desk.mails(desk.secretary, "alarm") if d.mail.key.startswith(tuple(f"watch/{o}" for o in OUTBOX))]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = holding(tmp_path)
    desk.tick()
    return desk


def test_what_came_up_is_told_within_the_hour_and_once(desk: Desk) -> None:
    assert look(desk, "2023-03-01 09:15") == ["outbox-2023-03-01T09"]
    look(desk, "2023-03-01 09:30")
    look(desk, "2023-03-01 10:00")
    assert len(alarms(desk)) == 1
    text = desk.mails(desk.secretary, "alarm")[0].mail.text
    assert desk.member("s04").email in text and "songthan outbox release" in text


def test_what_came_up_later_is_told_too(desk: Desk) -> None:
    look(desk, "2023-03-01 09:15")
    say_word(desk, "release", key(desk, "s04"))
    post_all(desk.office)
    desk.answer("s04")
    desk.tick("2023-03-01 13:00")
    assert look(desk, "2023-03-01 13:15") == ["outbox-2023-03-01T13"] and len(alarms(desk)) == 2


def test_over_night_it_is_a_loud_alarm_of_every_day(desk: Desk) -> None:
    for n, day in enumerate(("02", "03"), 1):
        desk.tick(f"2023-03-{day} 09:00")
        assert look(desk, f"2023-03-{day} 09:15") == ["outbox-late"]
        look(desk, f"2023-03-{day} 10:15")
        assert len(alarms(desk)) == n
    text = desk.mails(desk.secretary, "alarm")[-1].mail.text
    assert "๑๕ มีนาคม ๒๕๖๖" in text and "๒๐ มีนาคม ๒๕๖๖" in text, "the dates at stake"


def test_let_go_there_is_nothing_to_tell(desk: Desk) -> None:
    say_word(desk, "release")
    post_all(desk.office)
    assert look(desk, "2023-03-02 09:15") == [] and not alarms(desk)


def test_the_report_on_its_last_day_is_told_every_hour(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    for seat in ("s04", "s06", "s08"):
        desk.answer(seat)
    desk.office = replace(desk.office, held_kinds=LETTER_GROUPS["director"])
    desk.tick("2023-03-20 09:00")
    assert look(desk, "2023-03-20 09:15")[0] == "outbox-late-09" and look(desk, "2023-03-20 10:15")[0] == "outbox-late-10"
    assert {f"watch/outbox-late-{h}/2023-03-20" for h in ("09", "10")} <= set(alarms(desk))


def test_a_withheld_request_stands_in_the_digest_and_rings_when_the_date_is_near(desk: Desk) -> None:
    say_word(desk, "withhold", key(desk, "s04"))
    say_word(desk, "release")
    desk.tick("2023-03-01 10:00")
    assert look(desk, "2023-03-03 09:15") == []
    desk.clock.moment = at("2023-03-03 09:20")
    assert send_digest(desk.office)
    digest = desk.mails(desk.secretary, "digest")[-1].mail.text
    assert f"{desk.member('s04').full_name} ยังไม่ได้รับแบบ {Q2}.f3.s04" in digest
    assert look(desk, "2023-03-13 09:15") == ["withheld"] and look(desk, "2023-03-14 09:15") == ["withheld"]
    assert len(alarms(desk)) == 2
    say_word(desk, "it_went", f"{Q2}/request/m04")
    assert look(desk, "2023-03-15 09:15") == []


def test_the_digest_and_the_status_say_how_many_wait(desk: Desk) -> None:
    assert send_digest(desk.office)
    digest = desk.mails(desk.secretary, "digest")[-1].mail.text
    assert digest.count("รอท่านปล่อยตั้งแต่") == 3 and "songthan outbox list" in digest
    assert office_status(desk.office)["outbox"]["waiting_for_release"] == 3


def test_the_dashboard_gives_the_same_words(desk: Desk) -> None:
    waiting = key(desk, "s04")
    assert decide_outbox(desk.office, decision="list", key="", reason="", by="dashboard").count("\n") == 2
    assert "๑ ฉบับ" in decide_outbox(desk.office, decision="release", key=waiting, reason="อ่านแล้ว", by="dashboard")
    assert "๒ ฉบับ" in decide_outbox(desk.office, decision="release", key="all", reason="อ่านแล้ว", by="dashboard")
    post_all(desk.office)
    assert len(desk.mailbox.deliveries) == 3
    assert "ไม่มี" in decide_outbox(desk.office, decision="list", key="", reason="", by="dashboard")
    assert "ไม่ได้ทำเครื่องหมาย" in decide_outbox(desk.office, decision="address-works", key="a@b.example", reason="x", by="dashboard")
    for wrong in ({"key": "", "reason": "x"}, {"key": "x", "reason": " "}):
        with pytest.raises(UsageError):
            decide_outbox(desk.office, decision="withhold", by="dashboard", **wrong)
    with pytest.raises(UsageError):
        decide_outbox(desk.office, decision="burn", key="x", reason="x", by="dashboard")
