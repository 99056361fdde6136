"""Taken back by the secretary: a mail out of quarantine, a decision that nothing followed from; the folder follows her word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from desk import DOCX, Q2, Desk, fill
from test_hostile_files import bomb
from test_kill_harness import Countdown, Killed

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.errors import UsageError
from songthan.steps.holds import accept_hold, held_forms, reject_hold, release_hold, reopen_hold, unopened
from songthan.steps.take_in import settle_all

WHY = "โทรศัพท์ยืนยันกับเจ้าตัวแล้ว"
FOLDERS = ("รอตรวจ", "กักกัน", "ตอบกลับแล้ว", "บันทึก")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A genuine colleague's form whose DMARC failed lies in quarantine."""
    desk = Desk(tmp_path)
    desk.tick()
    forged_looking(desk)
    return desk


def forged_looking(desk: Desk, *, form: Callable[[bytes], bytes] = lambda data: data, name: str = "แบบ.docx") -> int:
    member = desk.member("s04")
    desk.reply(member, files=((name, DOCX, form(fill(desk.form_of(member)))),), verdict="fail")
    desk.tick("2023-03-02 09:00")
    assert desk.last_row()["route"] == "quarantine"
    return int(str(desk.last_row()["id"]))


def lies_in(desk: Desk) -> list[str]:
    """The folders of all mail received, after the next round of the intake."""
    settle_all(desk.office)
    assert not desk.mailbox.folder("inbox") and not desk.ledger.inbox.unfinished()
    return [name for name in FOLDERS for _ in desk.mailbox.folder(name)]


def test_out_of_quarantine_it_is_a_held_mail_with_her_reason(desk: Desk) -> None:
    assert lies_in(desk) == ["กักกัน"] and not held_forms(desk.office, 1)
    assert "อ่านแบบได้ ๑ ไฟล์" in release_hold(desk.office, 1, WHY)
    row = desk.last_row()
    assert row["route"] == "hold" and WHY in row["reason"] and row["assignment"] == f"{Q2}.f3.s04" and not row["decision"]
    assert lies_in(desk) == ["รอตรวจ"] and desk.ledger.inbox.counts() == {"all": 1, "hold": 1}
    assert desk.states()["s04"] == "ASKED", "read, and not used yet"
    assert "ไม่มีสิ่งใดเปลี่ยนแปลง" in release_hold(desk.office, 1, WHY)


def test_the_member_is_left_in_peace_while_it_waits(desk: Desk) -> None:
    release_hold(desk.office, 1, WHY)
    desk.tick("2023-03-10 09:00")
    assert not desk.mails(desk.member("s04"), "reminder") and desk.mails(desk.member("s06"), "reminder")


def test_accepted_it_counts_like_any_other(desk: Desk) -> None:
    release_hold(desk.office, 1, WHY)
    accept_hold(desk.office, 1, "ตรวจแล้ว")
    assert lies_in(desk) == ["ตอบกลับแล้ว"]
    desk.tick("2023-03-02 10:00")
    assert desk.states()["s04"] == "ACCEPTED" and desk.mails(desk.member("s04"), "receipt")
    with pytest.raises(UsageError, match="ถูกนำไปใช้แล้ว") as refused:
        reopen_hold(desk.office, 1, "เปลี่ยนใจ")
    assert f"songthan reopen {Q2}.f3.s04" in refused.value.remedy


def test_a_bomb_is_not_opened_as_a_form_and_she_is_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.tick()
    mail = forged_looking(desk, form=bomb)
    said = release_hold(desk.office, mail, WHY)
    assert "ไม่พบแบบ" in said and "ไม่เปิดไฟล์ แบบ.docx" in said
    assert not held_forms(desk.office, mail)
    accept_hold(desk.office, mail, "ลอง")
    assert desk.states()["s04"] == "ASKED" and desk.ledger.returns.of_mail(mail) == []


def test_a_program_is_not_opened_either(tmp_path: Path) -> None:
    from test_hostile_files import remade

    desk = Desk(tmp_path)
    desk.tick()
    mail = forged_looking(desk, form=lambda f: remade(f, word__vbaProject_DOT_bin=b"\xd0\xcf\x11\xe0" * 99))
    release_hold(desk.office, mail, WHY)
    assert [(name, "มาโคร" in why) for name, why in unopened(desk.office, mail)] == [("แบบ.docx", True)]
    assert not held_forms(desk.office, mail)


def test_only_quarantined_mail_is_released(desk: Desk) -> None:
    desk.reply(desk.member("s06"), body="ขอสอบถาม")
    desk.tick("2023-03-02 10:00")
    with pytest.raises(UsageError, match="ไม่ได้ถูกกักกัน"):
        release_hold(desk.office, 2, WHY)
    reject_hold(desk.office, 1, WHY)
    with pytest.raises(UsageError, match="วินิจฉัยไปแล้ว"):
        release_hold(desk.office, 1, WHY)


def test_a_rejection_is_taken_back(desk: Desk) -> None:
    desk.reply(desk.member("s06"), body="ขอสอบถาม")
    desk.tick("2023-03-02 10:00")
    for mail, home in ((1, "กักกัน"), (2, "รอตรวจ")):
        reject_hold(desk.office, mail, "ปิด")
        assert "บันทึก" in lies_in(desk)
        reopen_hold(desk.office, mail, "ปิดผิดฉบับ")
        assert home in lies_in(desk) and "บันทึก" not in lies_in(desk)
        assert desk.ledger.inbox.get(mail)["decision"] is None
        assert "ไม่มีสิ่งใดเปลี่ยนแปลง" in reopen_hold(desk.office, mail, "อีกครั้ง")
    assert len(desk.ledger.inbox.holds()) == 2


def test_an_acceptance_without_answers_is_taken_back(desk: Desk) -> None:
    desk.reply(desk.member("s06"), body="ขอสอบถาม")
    desk.tick("2023-03-02 10:00")
    accept_hold(desk.office, 2, "รับทราบ")
    assert "ตอบกลับแล้ว" in lies_in(desk)
    reopen_hold(desk.office, 2, "ยังไม่ได้ตอบ")
    assert sorted(lies_in(desk)) == ["กักกัน", "รอตรวจ"]


def acted(folder: Path, tick: Countdown) -> tuple[list[str], list[tuple[str, str]]]:
    """Released, rejected, reopened, accepted, and filed after each; begun again wherever it died."""
    folder.mkdir()
    desk = Desk(folder, ledger=SqliteLedger(folder / "ledger.sqlite"))
    desk.ledger.db.conn.execute("PRAGMA synchronous=OFF")
    desk.tick()
    forged_looking(desk)
    desk.office = replace(desk.office, tick=tick)
    steps = [
        lambda: release_hold(desk.office, 1, WHY),
        lambda: settle_all(desk.office),
        lambda: desk.last_row()["decision"] or reject_hold(desk.office, 1, WHY),
        lambda: settle_all(desk.office),
        lambda: reopen_hold(desk.office, 1, WHY),
        lambda: settle_all(desk.office),
        lambda: desk.last_row()["decision"] or accept_hold(desk.office, 1, WHY),
        lambda: settle_all(desk.office),
    ]
    for step in steps:
        for _ in range(3):
            try:
                step()
                break
            except Killed:
                continue
    desk.office = replace(desk.office, tick=lambda name: None)
    events = [(str(e["kind"]), str(e["subject"])) for e in desk.ledger.events("inbox/1")]
    return lies_in(desk), events


def test_killed_at_every_boundary_the_mail_lies_where_her_last_word_says(tmp_path: Path) -> None:
    names: list[str] = []
    quiet = acted(tmp_path / "quiet", Countdown([], names=names))
    assert quiet[0] == ["ตอบกลับแล้ว"] and names.count("moved") == 4 and {"released-from-quarantine", "undecided"} <= set(names)
    for k in range(1, len(names) + 1):
        folders, events = acted(tmp_path / str(k), Countdown([k]))
        assert events == quiet[1] and len(folders) == 1, names[k - 1]
        # dead between the server's move and the ledger's word of it: the new place is not known, the mail stays where it was put
        assert folders == quiet[0] or names[k - 1] == "moved"
