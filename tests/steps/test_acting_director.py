"""The director is silent: the report goes to who acts for him, whose signature counts in his turn, as the director's own does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest
from desk import Q2, Desk
from test_signed_by_pen import PDF, coded, compiled, picture

from songthan.domain.errors import ConversionFailed
from songthan.steps.holds import accept_hold, reject_hold
from songthan.steps.number_memo import number_memo
from songthan.steps.reassign_seat import reassign
from songthan.steps.reopen_duty import reopen
from songthan.steps.signing_officer import slot_of

#: Friday the 10th he is asked; Monday he is reminded; Tuesday it is the acting director's turn.
TURN = "2023-03-14 09:00"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = compiled(coded(Desk(tmp_path), tmp_path))
    made.tick("2023-03-13 09:00")
    assert len(made.mails(director(made), "sign")) == 1 and not made.mails(acting(made), "director")
    made.tick(TURN)
    return made


def director(desk: Desk):
    return desk.office.plan.roster.member(desk.office.plan.roster.director)


def acting(desk: Desk):
    return desk.office.plan.roster.member(desk.office.plan.roster.acting_director)


def state(desk: Desk) -> str:
    return desk.ledger.deadline_state(Q2).value


def open_versions(desk: Desk) -> list[int]:
    return [int(b["version"]) for b in desk.ledger.bundles.all(Q2) if not b["void"]]


def text_of(pdf: bytes) -> str:
    return pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()


def sign(desk: Desk, member, now: str) -> dict[str, object]:
    """Electronically (the twin of PAdES), in answer to the letter that brought his version."""
    letter = desk.mails(member, "director")[-1]
    signed = desk.office.signatures.sign(letter.files[0][2])  # type: ignore[attr-defined]
    desk.reply(member, to=letter, files=(("ลงนาม.pdf", PDF, signed),))
    desk.tick(now)
    return desk.last_row()


def test_a_version_of_his_own_is_laid_before_who_acts_for_the_director(desk: Desk) -> None:
    (letter,) = desk.mails(acting(desk), "director")
    capacity = f"รักษาราชการแทน{director(desk).position}"
    assert capacity in letter.mail.text and director(desk).full_name in letter.mail.text
    page = text_of(letter.files[0][2])
    assert acting(desk).full_name in page and capacity in page and director(desk).full_name not in page
    assert open_versions(desk) == [1, 2] and state(desk) == "WITH_DIRECTOR"
    first, second = desk.ledger.bundles.all(Q2)
    assert (slot_of(desk.office, first).capacity, slot_of(desk.office, second).capacity) == ("", capacity)
    assert any("เสนอผู้ทำการแทนลงนาม" in d.mail.subject for d in desk.mails(desk.secretary, "alarm"))


def test_he_is_asked_once_and_nobody_is_reminded_twice(desk: Desk) -> None:
    for day in (14, 15, 16):
        desk.tick(f"2023-03-{day} 10:00")
    assert len(desk.mails(acting(desk), "director")) == 1 and len(desk.mails(director(desk), "sign")) == 1
    assert open_versions(desk) == [1, 2]


def test_the_roster_words_it(tmp_path: Path) -> None:
    made = coded(Desk(tmp_path), tmp_path)
    plan = made.office.printed_plan
    made.office = replace(made.office, printed_plan=replace(plan, roster=replace(plan.roster, acting_as="ปฏิบัติราชการแทน")))
    compiled(made)
    made.tick(TURN)
    assert f"ปฏิบัติราชการแทน{director(made).position}" in text_of(made.mails(acting(made), "director")[-1].files[0][2])


def test_his_electronic_signature_counts_and_the_directors_version_is_void(desk: Desk) -> None:
    row = sign(desk, acting(desk), "2023-03-14 10:00")
    assert (row["route"], row["rule"]) == ("accept", "45_director_signature"), row["reason"]
    assert open_versions(desk) == [2] and state(desk) in ("SIGNED", "SUBMITTED")
    desk.tick("2023-03-14 10:10")
    (sent,) = desk.mailbox.delivered_to(desk.office.plan.roster.registry.email)
    assert acting(desk).full_name in sent.mail.text and "รักษาราชการแทน" in sent.mail.text
    late = sign(desk, director(desk), "2023-03-14 11:00")
    assert late["route"] == "hold" and "ไม่มีเอกสารที่รอลงนาม" in str(late["reason"]) and open_versions(desk) == [2]


def test_the_directors_late_signature_still_counts(desk: Desk) -> None:
    row = sign(desk, director(desk), "2023-03-14 10:00")
    assert row["route"] == "accept" and open_versions(desk) == [1] and state(desk) in ("SIGNED", "SUBMITTED")
    late = sign(desk, acting(desk), "2023-03-14 11:00")
    assert late["rule"] == "45_director_signature" and "ไม่มีเอกสารที่รอลงนาม" in str(late["reason"]) and open_versions(desk) == [1]


@pytest.mark.parametrize("who", ["acting", "director"])
def test_by_pen_too_each_his_own_page(desk: Desk, who: str) -> None:
    member, other = (acting(desk), director(desk)) if who == "acting" else (director(desk), acting(desk))
    version = 2 if who == "acting" else 1
    desk.reply(member, files=(picture(desk, other),), body="ลงนามแล้ว")
    desk.tick("2023-03-14 10:00")
    row = desk.last_row()
    assert row["purpose"] == "pen-doubt" and "ไม่ได้ส่งมาจากกล่องจดหมายของท่านผู้นั้น" in str(row["reason"])
    assert "แล้วลงนามด้วยปากกา" in desk.mails(member, "pen_again")[-1].mail.text, "a version of his own waits for him"
    desk.reply(member, files=(picture(desk, member),), body="ลงนามแล้ว")
    desk.tick("2023-03-14 11:00")
    row = desk.last_row()
    assert row["purpose"] == "pen", row["reason"]
    accept_hold(desk.office, int(row["id"]), "เทียบแล้ว", by="สมหญิง ทดสอบ")
    assert open_versions(desk) == [version]
    bundle = desk.ledger.bundles.get(Q2, version)
    report = desk.office.press.verify(desk.office.state / str(bundle["folder"]))
    assert report.ok and ("รักษาราชการแทน" in str(report.checks)) == (who == "acting")


def test_remarks_of_either_reach_the_secretary_as_text(desk: Desk) -> None:
    for n, member in enumerate((acting(desk), director(desk))):
        desk.reply(member, to=desk.mails(member, "director")[-1], body="ขอให้แก้ตัวเลขในหน้า ๒ ก่อน")
        desk.tick(f"2023-03-14 1{n}:00")
        assert desk.last_row()["rule"] == "46_director_answer" and state(desk) == "WITH_DIRECTOR"
        notice = desk.mails(desk.secretary, "hold_notice")[-1]
        assert member.full_name in notice.mail.text


def test_a_director_who_answered_is_not_silent(tmp_path: Path) -> None:
    """A page by pen waits for the secretary as long as she likes, remarks for two working days: nobody else is asked meanwhile."""
    made = compiled(coded(Desk(tmp_path), tmp_path))
    made.reply(director(made), to=made.mails(director(made), "director")[-1], files=(picture(made),), body="ลงนามแล้ว")
    made.tick("2023-03-10 10:00")
    made.tick("2023-03-13 09:00")
    made.tick(TURN)
    assert not made.mails(director(made), "sign") and not made.mails(acting(made), "director")
    reject_hold(made.office, int(made.last_row()["id"]), "ลงนามผิดช่อง")
    made.tick("2023-03-14 10:00")
    assert made.mails(acting(made), "director")


def test_remarks_rest_the_ladder_for_two_working_days(tmp_path: Path) -> None:
    made = compiled(coded(Desk(tmp_path), tmp_path))
    made.reply(director(made), to=made.mails(director(made), "director")[-1], body="ขอให้แก้หน้า ๒")
    made.tick("2023-03-10 10:00")
    made.tick(TURN)
    assert not made.mails(acting(made), "director")
    made.tick("2023-03-15 09:00")
    assert made.mails(acting(made), "director")


def test_before_his_turn_he_signs_nothing(tmp_path: Path) -> None:
    made = compiled(coded(Desk(tmp_path), tmp_path))
    letter = made.mails(director(made), "director")[-1]
    signed = made.office.signatures.sign(letter.files[0][2])  # type: ignore[attr-defined]
    made.reply(acting(made), to=letter, files=(("ลงนาม.pdf", PDF, signed),))
    made.tick("2023-03-10 10:00")
    assert made.last_row()["route"] == "hold" and state(made) == "WITH_DIRECTOR"


def test_a_correction_voids_both_and_tells_both(desk: Desk) -> None:
    reopen(desk.office, Q2, reason="แก้ไขตัวเลข", by="test", until=desk.clock.moment.date())
    assert open_versions(desk) == []
    desk.tick("2023-03-15 09:00")
    desk.tick("2023-03-15 09:10")
    assert len(desk.mails(director(desk), "duty_changed")) == len(desk.mails(acting(desk), "duty_changed")) == 1
    assert open_versions(desk) == [3] and state(desk) == "WITH_DIRECTOR"
    told = desk.mails(director(desk), "director")[-1].mail
    assert told.key.endswith("/v3") and "ใช้แทนฉบับที่ ๑ ซึ่งยกเลิกแล้ว" in told.text, "of the acting director's version she knows nothing"


def test_another_acting_director_gets_a_version_of_his_own(desk: Desk) -> None:
    before = acting(desk)
    seat = desk.office.plan.roster.seat_of_role("acting_director").id
    reassign(desk.office, seat, "m05", reason="ย้าย", by="test")
    assert acting(desk).id == "m05"
    for moment in ("2023-03-14 10:00", "2023-03-15 09:00"):
        desk.tick(moment)
    assert len(desk.mails(acting(desk), "director")) == 1 and open_versions(desk) == [1, 3]
    row = sign(desk, before, "2023-03-15 10:00")
    assert row["route"] == "hold" and state(desk) == "WITH_DIRECTOR"
    assert sign(desk, acting(desk), "2023-03-15 11:00")["route"] == "accept" and open_versions(desk) == [3]


def test_killed_between_the_version_and_its_mail(tmp_path: Path) -> None:
    made = compiled(coded(Desk(tmp_path), tmp_path))

    class Killed(BaseException):
        pass

    office = made.office

    def die(name: str) -> None:
        if name == "frozen":
            raise Killed

    made.office = replace(office, tick=die)
    with pytest.raises(Killed):
        made.tick(TURN)
    made.office = office
    made.tick(TURN)
    assert open_versions(made) == [1, 2] and len(made.mails(acting(made), "director")) == 1


def test_a_number_entered_in_his_turn_withdraws_both_versions(desk: Desk) -> None:
    outcome = number_memo(desk.office, Q2, "สว ๐๐๐๑/๗๗", by="เลขานุการ")
    assert outcome.changed and open_versions(desk) == []
    desk.tick("2023-03-14 10:00")
    (version,) = open_versions(desk)
    assert version == 3 and state(desk) == "WITH_DIRECTOR"
    letter = desk.mails(director(desk), "director")[-1]
    assert "สว ๐๐๐๑/๗๗" in text_of(letter.files[0][2]).replace("\r\n", " ")
    # whatever of the withdrawn two comes back signed counts no more
    row = sign_old(desk, acting(desk), "2023-03-14 11:00")
    assert row["route"] == "hold" and state(desk) == "WITH_DIRECTOR"


def sign_old(desk: Desk, member, now: str) -> dict[str, object]:
    """The version the first letter brought, signed after it was withdrawn."""
    letter = desk.mails(member, "director")[0]
    desk.reply(member, to=letter, files=(("ลงนาม.pdf", PDF, desk.office.signatures.sign(letter.files[0][2])),))  # type: ignore[attr-defined]
    desk.tick(now)
    return desk.last_row()


def test_a_version_of_his_that_cannot_be_made_is_told_and_made_later(tmp_path: Path) -> None:
    made = compiled(coded(Desk(tmp_path), tmp_path))
    made.tick("2023-03-13 09:00")
    good = made.office

    class Broken:
        def __getattr__(self, name: str):
            raise ConversionFailed("LibreOffice หยุดทำงาน", where="memo.docx", remedy="รอ")

    made.office = replace(good, converter=Broken())
    made.tick(TURN)
    assert open_versions(made) == [1] and not made.mails(acting(made), "director")
    assert any("LibreOffice หยุดทำงาน" in d.mail.text for d in made.mails(made.secretary, "alarm"))
    made.office = good
    made.tick("2023-03-14 10:00")
    assert open_versions(made) == [1, 2] and len(made.mails(acting(made), "director")) == 1
