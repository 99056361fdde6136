"""The memo's own number: printed where it was a dotted line, and a new version where the report waits for its signature."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Q2, Desk
from docx import Document
from test_change_duties import decide
from test_reopen_duty import SEATS, director, sign, state, versions

from songthan.domain.errors import UsageError
from songthan.steps.report_status import deadline_status, version_words

NUMBER = "สว ๐๐๐๑/๑๒๓"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.tick()
    return desk


def answered(desk: Desk) -> Desk:
    for seat in SEATS:
        desk.answer(seat)
    desk.tick("2023-03-02 09:00")
    return desk


def memo(desk: Desk) -> str:
    """The line of the newest memo that bears its number."""
    folder = desk.office.state / str(desk.ledger.bundles.latest(Q2)["folder"])
    document = Document(io.BytesIO((folder / "memo.docx").read_bytes()))
    return next(p.text for p in document.paragraphs if p.text.startswith("ที่"))


def test_a_number_entered_early_is_printed_and_its_place_is_empty_without(desk: Desk, tmp_path: Path) -> None:
    outcome = decide(desk, "number", Q2, to=NUMBER, reason="")
    assert outcome.changed and not decide(desk, "number", Q2, to="สว 0001/123", reason="").changed
    answered(desk)
    assert NUMBER in memo(desk) and [v[0] for v in versions(desk)] == [1]
    other = Desk(tmp_path / "other")
    other.tick()
    assert "/" not in memo(answered(other))


def test_a_number_while_the_director_has_it_makes_the_next_version(desk: Desk) -> None:
    answered(desk)
    assert state(desk) == "WITH_DIRECTOR"
    assert decide(desk, "number", Q2, to=NUMBER, reason="").changed
    desk.tick("2023-03-02 10:00")
    assert state(desk) == "WITH_DIRECTOR" and versions(desk) == [(1, True, False), (2, False, False)] and NUMBER in memo(desk)
    assert [d.mail.kind for d in desk.mails(director(desk))][-2:] == ["duty_changed", "director"]
    withdrawn = desk.mails(director(desk), "duty_changed")[-1].mail
    assert "ถอนเรื่อง" in withdrawn.subject and NUMBER in withdrawn.text
    assert NUMBER in desk.mails(director(desk), "director")[-1].mail.text
    status = deadline_status(desk.office, Q2)
    assert (status["version"], status["voided"], status["memo_number"]) == (2, [1], "สว 0001/123")
    assert version_words(status) == f"ฉบับที่ ๒ · ฉบับที่ยกเลิกแล้ว: ๑ · เลขที่หนังสือ {NUMBER}"
    # the former version signed is worth nothing, the new one is
    sign(desk, 0)
    desk.tick("2023-03-02 11:00")
    assert state(desk) == "WITH_DIRECTOR"
    sign(desk)
    desk.tick("2023-03-02 12:00")
    assert state(desk) == "SUBMITTED"
    (sent,) = desk.mailbox.delivered_to(desk.office.plan.roster.registry.email)
    assert f"หนังสือที่ {NUMBER} ลงวันที่" in sent.mail.text


@pytest.mark.parametrize("moment", ["gathered", "converted", "written", "frozen"])
def test_a_number_entered_while_the_report_is_made_is_on_what_is_signed(desk: Desk, moment: str) -> None:
    plain, done = desk.office, []

    def tick(name: str) -> None:
        if name == moment and not done:
            done.append(name)
            desk.office = plain
            decide(desk, "number", Q2, to=NUMBER, reason="")

    desk.office = replace(plain, tick=tick)
    answered(desk)
    desk.office = plain
    desk.tick("2023-03-02 10:00")
    assert done and state(desk) == "WITH_DIRECTOR" and NUMBER in memo(desk)
    assert all(void for _, void, _ in versions(desk)[:-1])


@pytest.mark.parametrize(("submitted", "remedy"), [(False, "songthan reopen"), (True, "สารบรรณ")])
def test_what_is_signed_or_handed_in_keeps_its_number(desk: Desk, submitted: bool, remedy: str) -> None:
    answered(desk)
    sign(desk)
    if not submitted:
        desk.mailbox.fail("send", "busy", times=50)
    desk.tick("2023-03-02 10:00")
    with pytest.raises(UsageError) as caught:
        decide(desk, "number", Q2, to=NUMBER, reason="")
    assert remedy in caught.value.remedy and [v[0] for v in versions(desk)] == [1]


@pytest.mark.parametrize("bad", ["", "ไม่มี", "1" * 41])
def test_what_is_no_number_is_refused(desk: Desk, bad: str) -> None:
    with pytest.raises(UsageError):
        decide(desk, "number", Q2, to=bad, reason="")
