"""The outbox under the secretary's hand: nothing leaves without her word, nothing is lost, nothing goes twice or stale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from desk import Q2, Desk, at

from songthan.domain.assignments import DeadlineState
from songthan.domain.errors import UsageError
from songthan.domain.outgoing import LETTER_GROUPS, held_kinds
from songthan.steps import outbox
from songthan.steps.letters import queue, tell_secretary
from songthan.steps.post import post_all
from songthan.steps.report_status import assignment_status
from songthan.steps.send_digest import send_digest

EVERYTHING = held_kinds("hold", ())


def holding(state: Path, *, kinds: frozenset[str] = EVERYTHING, now: str = "2023-03-01 09:00") -> Desk:
    desk = Desk(state, now=now)
    desk.office = replace(desk.office, held_kinds=kinds)
    return desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The first of March: three requests are written, and wait."""
    desk = holding(tmp_path)
    desk.tick()
    return desk


def key(desk: Desk, seat: str, kind: str = "request") -> str:
    (found,) = [r.key for r in outbox.outbox_rows(desk.office) if r.kind == kind and r.to == desk.member(seat).email.lower()]
    return found


def say_word(desk: Desk, word: str, *keys: str) -> object:
    given = {"reason": "ตรวจแล้ว", "by": "test"}
    if word == "release":
        return outbox.release(desk.office, keys, **given)
    return getattr(outbox, word)(desk.office, *keys, **given)


def taken_back(desk: Desk) -> int:
    return sum(e["kind"] == "mail-taken-back" for e in desk.ledger.events())


def test_nothing_leaves_and_everything_is_seen(desk: Desk) -> None:
    assert not desk.mailbox.deliveries and set(desk.states().values()) == {"PLANNED"}
    rows = outbox.outbox_rows(desk.office)
    assert [r.waits for r in rows] == ["word"] * 3 and {r.kind for r in rows} == {"request"}
    for hour in ("11:00", "13:00", "16:00"):
        desk.tick(f"2023-03-01 {hour}")
    assert [r.key for r in outbox.outbox_rows(desk.office)] == [r.key for r in rows] and not taken_back(desk)


def test_the_status_says_whose_request_waits_for_her(desk: Desk) -> None:
    say_word(desk, "withhold", key(desk, "s04"))
    words = [str(r["state_th"]) for r in assignment_status(desk.office, Q2)]
    assert sorted(words) == ["ยังไม่ได้ส่ง ท่านระงับไว้", "ยังไม่ได้ส่ง รอท่านปล่อย", "ยังไม่ได้ส่ง รอท่านปล่อย"]


def test_the_secretarys_own_letters_always_go(desk: Desk) -> None:
    tell_secretary(desk.office, key="k", title="t", what="w")
    tell_secretary(desk.office, key="to-the-head", title="t", what="w", role="head")
    post_all(desk.office)
    assert send_digest(desk.office)
    assert {d.mail.kind for d in desk.mails(desk.secretary)} == {"alarm", "digest"}
    assert len(desk.mailbox.deliveries) == 2, "the head's waits for her"


def test_let_go_it_leaves_once_and_the_member_is_asked(desk: Desk) -> None:
    outcome = say_word(desk, "release", key(desk, "s04"))
    assert outcome.changed and "๕ นาที" in outcome.words
    assert not say_word(desk, "release", key(desk, "s04")).changed
    post_all(desk.office)
    post_all(desk.office)
    assert [d.recipients for d in desk.mailbox.deliveries] == [(desk.member("s04").email,)]
    assert desk.states() == {"s04": "ASKED", "s06": "PLANNED", "s08": "PLANNED"}
    assert say_word(desk, "release").changed, "none named: all that wait"
    post_all(desk.office)
    assert set(desk.states().values()) == {"ASKED"} and len(desk.mailbox.deliveries) == 3


def test_left_over_night_it_is_written_anew_and_waits_with_the_days_own_dates(desk: Desk) -> None:
    for day in (2, 3):
        desk.tick(f"2023-03-0{day} 09:00")
        rows = outbox.outbox_rows(desk.office)
        assert len(rows) == 3 and taken_back(desk) == 3 * (day - 1) and not desk.mailbox.deliveries
        assert {desk.office.calendar.local(r.since).day for r in rows} == {1}, "it is known since when it waits"
    row = desk.ledger.outbox.get(key(desk, "s04"))
    assert row["says"].startswith("2023-03-03") and row["intended_at"].startswith("2023-03-03")
    say_word(desk, "release", key(desk, "s04"))
    post_all(desk.office)
    assert len(desk.mails(desk.member("s04"))) == 1


def test_a_reminder_let_go_a_day_late_counts_the_days_of_its_own_day(tmp_path: Path) -> None:
    desk = holding(tmp_path, kinds=frozenset())
    desk.tick()
    desk.office = replace(desk.office, held_kinds=EVERYTHING)
    desk.tick("2023-03-10 09:00")
    before = desk.ledger.outbox.mail(key(desk, "s04", "reminder")).text
    desk.tick("2023-03-13 09:00")
    after = desk.ledger.outbox.mail(key(desk, "s04", "reminder")).text
    assert "๓ วันทำการ" in before and "๒ วันทำการ" in after
    say_word(desk, "release")
    post_all(desk.office)
    assert [d.mail.text for d in desk.mails(desk.member("s04"), "reminder")] == [after]


def test_let_go_in_the_evening_it_goes_in_the_morning_as_things_stand_then(desk: Desk) -> None:
    desk.clock.moment = at("2023-03-01 18:00")
    assert "เช้าวันทำการถัดไป" in say_word(desk, "release").words
    post_all(desk.office)
    assert not desk.mailbox.deliveries
    desk.tick("2023-03-02 08:35")
    assert len(desk.mailbox.deliveries) == 3 and set(desk.states().values()) == {"ASKED"}
    assert desk.ledger.outbox.get(f"{Q2}/request/m04")["says"].startswith("2023-03-02")


def test_a_reminder_that_waits_is_dropped_by_the_answer(tmp_path: Path) -> None:
    desk = holding(tmp_path, kinds=frozenset())
    desk.tick()
    desk.office = replace(desk.office, held_kinds=EVERYTHING)
    desk.tick("2023-03-10 09:00")
    waiting = key(desk, "s04", "reminder")
    desk.answer("s04")
    desk.tick("2023-03-10 10:00")
    assert desk.states()["s04"] == "ACCEPTED" and desk.ledger.outbox.state(waiting) == "none"
    assert {r.kind for r in outbox.outbox_rows(desk.office)} == {"reminder", "receipt"}
    say_word(desk, "release")
    post_all(desk.office)
    assert [d.mail.kind for d in desk.mails(desk.member("s04"))] == ["request", "receipt"]


def test_let_go_but_answered_before_it_left_it_does_not_go(tmp_path: Path) -> None:
    desk = holding(tmp_path, kinds=frozenset())
    desk.tick()
    desk.office = replace(desk.office, held_kinds=LETTER_GROUPS["members"])
    desk.tick("2023-03-10 09:00")
    say_word(desk, "release", key(desk, "s04", "reminder"))
    desk.answer("s04")
    desk.tick("2023-03-10 10:00")
    assert [d.mail.kind for d in desk.mails(desk.member("s04"))] == ["request", "receipt"]


def test_an_answer_that_waits_keeps_the_ladder_from_nobody(tmp_path: Path) -> None:
    desk = holding(tmp_path, kinds=LETTER_GROUPS["answers"])
    desk.tick()
    desk.answer("s06", done=None)
    desk.tick("2023-03-02 09:00")
    assert desk.states()["s06"] == "NEEDS_CORRECTION" and [r.kind for r in outbox.outbox_rows(desk.office)] == ["please_correct"]
    desk.tick("2023-03-10 09:00")
    assert [d.mail.kind for d in desk.mails(desk.member("s06"))] == ["request", "reminder"]


def test_turned_off_again_what_waited_goes(desk: Desk) -> None:
    desk.office = replace(desk.office, held_kinds=frozenset())
    desk.tick("2023-03-01 10:00")
    assert len(desk.mailbox.deliveries) == 3 and set(desk.states().values()) == {"ASKED"}


# never to be sent


def test_withheld_it_is_not_written_again_and_stays_in_sight(desk: Desk) -> None:
    kept = key(desk, "s04")
    assert "songthan waive" in say_word(desk, "withhold", kept).words
    assert not say_word(desk, "withhold", kept).changed
    say_word(desk, "release")
    for day in ("01 10:00", "02 09:00", "10 09:00", "14 09:00"):
        desk.tick(f"2023-03-{day}")
        say_word(desk, "release")
        post_all(desk.office)
    assert not desk.mails(desk.member("s04")) and desk.states()["s04"] == "PLANNED"
    assert [(r.key, r.waits, r.why) for r in outbox.outbox_rows(desk.office)] == [(kept, "withheld", "ตรวจแล้ว")]


def test_withheld_and_let_go_after_all_it_is_written_for_that_day(desk: Desk) -> None:
    kept = key(desk, "s04")
    say_word(desk, "withhold", kept)
    desk.tick("2023-03-03 09:00")
    assert say_word(desk, "release", kept).changed
    desk.tick("2023-03-03 10:00")
    assert len(desk.mails(desk.member("s04"))) == 1 and desk.states()["s04"] == "ASKED"


def test_withheld_and_sent_by_her_own_hand_the_member_is_asked(desk: Desk) -> None:
    kept = key(desk, "s04")
    say_word(desk, "withhold", kept)
    assert say_word(desk, "it_went", kept).changed and not say_word(desk, "it_went", kept).changed
    assert desk.states()["s04"] == "ASKED" and not desk.mailbox.deliveries
    desk.tick("2023-03-10 09:00")
    assert key(desk, "s04", "reminder")


def test_what_left_cannot_be_withheld(desk: Desk) -> None:
    waiting = key(desk, "s04")
    say_word(desk, "release", waiting)
    post_all(desk.office)
    with pytest.raises(UsageError, match="ออกไปแล้ว"):
        say_word(desk, "withhold", waiting)
    with pytest.raises(UsageError, match="ไม่มีจดหมาย"):
        say_word(desk, "withhold", "nothing")


def test_a_draft_handed_over_and_not_gone_is_taken_away(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    tell_secretary(desk.office, key="k", title="t", what="w")
    desk.mailbox.fail("send", "drop_before", times=3)
    post_all(desk.office)
    assert desk.ledger.outbox.state("k") == "handed"
    assert say_word(desk, "withhold", "k").changed
    post_all(desk.office)
    assert not desk.mailbox.deliveries and not desk.mailbox.find("k")


# in doubt


def in_doubt(state: Path) -> Desk:
    """A mail that was handed over and lies in neither folder."""
    desk = Desk(state)
    queue_to_member(desk)
    desk.mailbox.fail("send", "drop_before", times=3)
    post_all(desk.office)
    desk.mailbox.forget("thanks")
    post_all(desk.office)
    post_all(desk.office)
    assert desk.ledger.outbox.state("thanks") == "doubt" and not desk.mailbox.delivered_to(desk.member("s04").email)
    (told,) = desk.mails(desk.secretary, "alarm")
    assert "songthan outbox sent thanks" in told.mail.text and "songthan outbox again thanks" in told.mail.text
    return desk


def queue_to_member(desk: Desk) -> None:
    context = {"reader": "x", "title": "t", "what": "w", "at_th": "", "actions": [], "commands": []}
    queue(desk.office, key="thanks", kind="alarm", to=desk.member("s04").email, context=context)


def test_a_doubt_is_settled_as_sent(tmp_path: Path) -> None:
    desk = in_doubt(tmp_path)
    assert say_word(desk, "it_went", "thanks").changed
    post_all(desk.office)
    assert desk.ledger.outbox.state("thanks") == "sent" and not desk.mails(desk.member("s04"))


def test_a_doubt_is_sent_once_more_and_only_once(tmp_path: Path) -> None:
    desk = in_doubt(tmp_path)
    say_word(desk, "once_more", "thanks")
    post_all(desk.office)
    post_all(desk.office)
    assert len(desk.mails(desk.member("s04"))) == 1
    with pytest.raises(UsageError, match="ไม่ได้อยู่ในสถานะไม่แน่ใจ"):
        say_word(desk, "once_more", "thanks")


def test_found_in_sent_after_all_it_is_not_sent_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    queue_to_member(desk)
    desk.mailbox.fail("send", "drop_after", times=1)
    hidden, desk.office = desk.office, replace(desk.office, mailbox=_LateSent(desk.mailbox))
    post_all(desk.office)
    post_all(desk.office)
    assert desk.ledger.outbox.state("thanks") == "doubt" and len(desk.mails(desk.member("s04"))) == 1
    desk.office = hidden
    say_word(desk, "once_more", "thanks")
    post_all(desk.office)
    assert desk.ledger.outbox.state("thanks") == "sent" and len(desk.mails(desk.member("s04"))) == 1


class _LateSent:
    """A server whose folder Sent shows nothing yet."""

    def __init__(self, real: object) -> None:
        self._real = real

    def find(self, *keys: str) -> list:
        return [r for r in self._real.find(*keys) if r.folder != "sent"]

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def test_a_doubt_cannot_be_let_go(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="อาจออกไปแล้ว"):
        say_word(in_doubt(tmp_path), "release", "thanks")


# the report


def test_a_report_that_waits_for_her_word_can_be_opened_again_and_the_old_one_never_goes(tmp_path: Path) -> None:
    from test_change_duties import decide

    desk = holding(tmp_path, kinds=frozenset())
    desk.tick()
    for seat in ("s04", "s06", "s08"):
        desk.answer(seat)
    desk.office = replace(desk.office, held_kinds=LETTER_GROUPS["director"])
    desk.tick("2023-03-02 09:00")
    assert desk.ledger.deadline_state(Q2) is DeadlineState.COMPILED
    assert f"{Q2}/director/v1" in {r.key for r in outbox.outbox_rows(desk.office) if r.waits == "word"}
    decide(desk, "reopen", Q2)
    say_word(desk, "release")
    post_all(desk.office)
    director = desk.office.plan.roster.member(desk.office.plan.roster.director)
    assert not desk.mails(director), "neither the old version nor word of its withdrawal"
    desk.tick("2023-03-07 13:00")
    say_word(desk, "release")
    desk.tick("2023-03-07 14:00")
    assert [d.mail.key for d in desk.mails(director, "director")] == [f"{Q2}/director/v2"]


def test_the_groups_hold_every_kind_of_letter_once() -> None:
    from songthan.adapters.mail_texts import KINDS

    kinds = [kind for group in LETTER_GROUPS.values() for kind in group]
    assert sorted(kinds) == sorted(KINDS) and held_kinds("now", ("members",)) == frozenset()
    assert held_kinds("hold", ("director", "registry")) == {"director", "sign", "registry", "receipt_request"}
