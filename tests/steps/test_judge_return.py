"""Letters about returned forms have an end: three requests for a correction, one thanks a day."""

from __future__ import annotations

from pathlib import Path

from desk import Desk


def test_after_three_corrections_the_secretary_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    member = desk.member("s04")
    for day in range(2, 8):
        desk.answer("s04", percent=f"๑๒{day}")
        desk.tick(f"2023-03-0{day} 10:00")
    assert len(desk.mails(member, "please_correct")) == 3
    told = [m for m in desk.mails(desk.secretary, "alarm") if "ขอแก้ไขหลายครั้ง" in m.mail.subject]
    assert len(told) == 1 and member.full_name in told[0].mail.subject
    desk.answer("s04")
    desk.tick("2023-03-09 10:00")
    assert desk.states()["s04"] == "ACCEPTED"


def test_a_robot_that_resends_gets_one_thanks_a_day(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    member = desk.member("s04")
    for minute in range(10, 16):
        desk.answer("s04", done=f"ดำเนินการครั้งที่ {minute}")
        desk.tick(f"2023-03-02 10:{minute}")
    assert len(desk.mails(member, "receipt")) == 1
    assert desk.states()["s04"] == "ACCEPTED"
