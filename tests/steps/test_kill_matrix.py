"""Sending and intake killed at every boundary, together with every fault the twin can order on every operation.

Three placements of a fault: at the start, at the boundary where the process dies (so that the next one meets it), and at a
boundary without a death. Judged by what recipients got and what the ledger holds, against the run nobody disturbed: nothing
twice, nothing lost, nothing unknown that no letter to the secretary tells of. The usual run takes a sample out of all
combinations; SONGTHAN_KILL_MATRIX=1 plays all of them, =5 every fifth (`-s` shows the figures).
"""

from __future__ import annotations

import copy
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from desk import DOCX, Desk, fill
from test_kill_harness import Countdown, Killed, Memo, parts, plan

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.errors import MailError
from songthan.domain.outgoing import held_kinds
from songthan.steps import outbox
from songthan.steps.count_mail import count_tonight
from songthan.steps.post import post_all

OPERATIONS = ("new_messages", "raw", "move", "count", "find", "save_draft", "attach", "send", "discard")
FAULTS = ("drop_before", "drop_after", "busy", "denied", "notfound", "auth")
TIMES = (1, 2)
#: Rounds of the day as `songthan up` makes them, then the night's count and the round after it.
VISITS = ("09:00", "09:05", "09:10", "10:00", "11:00")
#: Of all combinations every n-th is played in the usual run; a prime, so that it runs through all of each dimension.
STRIDE = {"sending": 31, "intake": 127} | dict.fromkeys(
    ("sending", "intake") if "SONGTHAN_KILL_MATRIX" in os.environ else (), int(os.environ.get("SONGTHAN_KILL_MATRIX", "1"))
)


@dataclass(frozen=True, kw_only=True)
class Disturbance:
    """A fault on an operation (`times` calls fail), ordered at boundary `at` (0: at the start); `dies`: there the process ends."""

    operation: str
    fault: str
    times: int
    at: int
    dies: bool


class Start:
    """A moment from which runs begin: its ledger and its mailbox, copied for each of them."""

    def __init__(self, folder: Path, desk: Desk, day: str) -> None:
        self.folder, self.day = folder, day
        self._desk = desk

    def run(self, disturbed: Disturbance | None = None, *, names: list[str] | None = None) -> Outcome:
        desk = Desk(self.folder, plan=plan(), ledger=_copied(self._desk.ledger))
        desk.mailbox = copy.deepcopy(self._desk.mailbox)
        _dress(desk)
        return Outcome(desk, self.day, _play(desk, self.day, disturbed, names))


def _copied(ledger: SqliteLedger) -> SqliteLedger:
    fresh = SqliteLedger(None)
    ledger.db.conn.backup(fresh.db.conn)
    return fresh


def _dress(desk: Desk) -> None:
    office = desk.office
    desk.office = replace(
        office, mailbox=desk.mailbox, renderer=Memo(office.renderer), reader=Memo(office.reader), texts=Memo(office.texts),
        forms=parts()[0], rules=parts()[1],
    )  # fmt: skip


def _play(desk: Desk, day: str, disturbed: Disturbance | None, names: list[str] | None) -> int:
    """Every visit, a dead or failed one as often as the next comes; how many died or failed."""
    countdown = Countdown([disturbed.at] if disturbed and disturbed.at and disturbed.dies else [], names=names)  # type: ignore[arg-type]
    order = Ordered(desk, disturbed, countdown)
    desk.office = replace(desk.office, tick=order)
    ended = 0
    for hour in VISITS:
        try:
            desk.tick(f"{day} {hour}")
        except (Killed, MailError):
            ended += 1
    desk.office = replace(desk.office, tick=lambda name: None)
    for attempt in range(4):
        # the rest of a fault may lie in wait for the night
        try:
            desk.clock.moment = desk.clock.moment.replace(hour=3 + attempt) if attempt else _night(desk)
            count_tonight(desk.office)
        except MailError:
            continue
        post_all(desk.office)
    post_all(desk.office)
    return ended


def _night(desk: Desk) -> datetime:
    return (desk.clock.moment + timedelta(days=1)).replace(hour=2, minute=10)


class Ordered:
    """Counts the boundaries; at the one named it orders the fault, and the process dies there if it is to."""

    def __init__(self, desk: Desk, disturbed: Disturbance | None, countdown: Countdown) -> None:
        self.desk, self.disturbed, self.countdown, self.count = desk, disturbed, countdown, 0
        if disturbed and not disturbed.at:
            self._order()

    def _order(self) -> None:
        assert self.disturbed
        self.desk.mailbox.fail(self.disturbed.operation, self.disturbed.fault, times=self.disturbed.times)

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.disturbed and self.count == self.disturbed.at:
            self._order()
        self.countdown(name)


class Outcome:
    """What people got and what the ledger holds in the end."""

    def __init__(self, desk: Desk, day: str, ended: int) -> None:
        self.desk, self.day, self.ended = desk, day, ended
        self.delivered = Counter(d.mail.key for d in desk.mailbox.deliveries)
        ledger = desk.ledger
        self.states = {r["key"]: r["state"] for r in ledger.rows("select key, state from outbox")}
        self.unknown = {key for key, state in self.states.items() if state == "doubt"}
        self.told = {k for k in self.delivered if k.startswith(TELLS)}

    def facts(self) -> dict[str, object]:
        ledger = self.desk.ledger
        return {
            "letters": Counter(same(k) for k in {k for k in self.delivered if not k.startswith(TELLS)} | self.unknown),
            "files": sorted(
                (same(d.mail.key), tuple(n for n, _, _ in d.files)) for d in self.desk.mailbox.deliveries if not d.mail.key.startswith(TELLS)
            ),
            "duties": self.desk.states(),
            "routes": sorted((r["message_id"], r["route"], r["rule"]) for r in ledger.rows("select * from inbox")),
            "marked": [m.address for m in ledger.addresses.all()],
        }

    def wrong(self, wanted: dict[str, object]) -> list[str]:
        """What is not as it must be."""
        found, ledger = [], self.desk.ledger
        found += [f"twice: {k}" for k, n in self.delivered.items() if n > 1]
        found += [f"unknown and untold: {k}" for k in self.unknown if f"doubt/{k}" not in self.delivered]
        found += [f"left: {k} {s}" for k, s in self.states.items() if s not in ("sent", "doubt")]
        if ledger.inbox.unfinished():
            found.append("a mail is not settled")
        if self.desk.mailbox.count() != ledger.inbox.counts()["all"]:
            found.append("the counts differ")
        found += [f"{k}: {v} instead of {wanted[k]}" for k, v in self.facts().items() if v != wanted[k] and k != "letters"]
        mine, theirs = self.facts()["letters"], wanted["letters"]
        found += [f"letters: {key}" for key in sorted(set(mine) | set(theirs)) if mine[key] != theirs[key]]  # type: ignore[arg-type, index]
        return found


def same(key: str) -> str:
    """A key without what a disturbance may change: the day it is told on, the number of a row."""
    return re.sub(r"/\d{4}-\d{2}-\d{2}$|/\d+$", "/*", key)


#: Letters that tell the secretary of a disturbance; the undisturbed run has none.
TELLS = ("doubt/", "denied/", "count/")


@pytest.fixture(scope="module", autouse=True)
def no_fsync() -> Iterator[None]:
    """A raised death is no power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """The first of March, nobody asked yet: three requests with a form each are to go out."""
    folder = tmp_path_factory.mktemp("sending")
    desk = Desk(folder, plan=plan(), ledger=_salted())
    _dress(desk)
    return Start(folder, desk, "2023-03-01")


def _salted() -> SqliteLedger:
    """The same tokens in every run, so that `Memo` has seen the forms before."""
    ledger = SqliteLedger(None)
    ledger.db.execute("update meta set value='salt' where key='salt'")
    ledger.db.conn.commit()
    return ledger


@pytest.fixture(scope="module")
def intake(tmp_path_factory: pytest.TempPathFactory) -> Start:
    """The day after: a right answer, a wrong one, an empty one, a question, a forged mail and a bounce lie in the Inbox."""
    folder = tmp_path_factory.mktemp("intake")
    desk = Desk(folder, plan=plan(), ledger=_salted())
    _dress(desk)
    desk.tick()
    desk.clock.moment = desk.clock.moment.replace(day=2, hour=8)
    for seat, changes in (("s04", {}), ("s06", {"done": None})):
        desk.answer(seat, **changes)
    member = desk.member("s08")
    desk.reply(member, to=desk.mails(member)[0], body="ส่งแล้วค่ะ")
    desk.reply(member, to=desk.mails(member)[0], body="ขอสอบถามวิธีกรอก")
    desk.reply(member, files=(("แบบ.docx", DOCX, fill(desk.form_of(member))),), verdict="fail")
    bounce = (
        f"From: postmaster@bfa.example\r\nTo: songthan@bfa.example\r\nSubject: Undeliverable\r\nX-Failed-Recipients: {member.email}\r\n"
        f"Message-ID: <b@bfa.example>\r\nIn-Reply-To: {desk.mails(member)[0].message_id}\r\n\r\n550 5.2.2 full\r\n"
    )
    desk.mailbox.receive(bounce.encode(), received=desk.clock.now(), message_id="<b@bfa.example>")
    return Start(folder, desk, "2023-03-02")


def disturbances(boundaries: int) -> Iterator[Disturbance]:
    """Every fault on every operation: at the start with a death at each boundary, and at each boundary with and without one."""
    for operation, fault, times in itertools.product(OPERATIONS, FAULTS, TIMES):
        for at, dies in itertools.product(range(boundaries + 1), (False, True)):
            if at or not dies:
                yield Disturbance(operation=operation, fault=fault, times=times, at=at, dies=dies)


@pytest.mark.parametrize("name", ["sending", "intake"])
def test_the_scenarios_themselves(name: str, request: pytest.FixtureRequest) -> None:
    start: Start = request.getfixturevalue(name)
    names: list[str] = []
    quiet = start.run(names=names)
    kinds = {d.mail.kind for d in quiet.desk.mailbox.deliveries}
    assert not quiet.ended and not quiet.told and not quiet.unknown and len(names) > 25
    if name == "sending":
        assert kinds == {"request"} and {"letter-intended", "handed", "handed-over", "committed", "asked"} <= set(names)
    else:
        assert {"receipt", "please_correct", "need_file", "hold_notice", "alarm", "bounce_notice"} <= kinds
        assert {"stored-bytes", "stored-row", "parsed", "routed", "moved", "settled", "judged"} <= set(names)
        assert len(quiet.desk.ledger.inbox.latest(99)) == 6 and len(quiet.desk.ledger.addresses.all()) == 1


def test_the_judge_can_say_no(sending: Start) -> None:
    """Guards the guard."""
    wanted = sending.run().facts()
    spoilt = sending.run()
    spoilt.delivered["x"] = 2
    spoilt.states["y"] = "intended"
    spoilt.unknown.add("z")
    assert len([w for w in spoilt.wrong(wanted) if w.startswith(("twice", "left", "unknown"))]) == 3


@pytest.mark.parametrize("name", ["sending", "intake"])
def test_every_fault_at_every_boundary_with_and_without_a_death(name: str, request: pytest.FixtureRequest) -> None:
    start: Start = request.getfixturevalue(name)
    names: list[str] = []
    wanted = start.run(names=names).facts()
    every = list(disturbances(len(names)))
    played = every[:: STRIDE[name]]
    bad, ended, told, unknown = {}, 0, 0, 0
    for one in played:
        outcome = start.run(one)
        ended, told, unknown = ended + outcome.ended, told + len(outcome.told), unknown + len(outcome.unknown)
        if wrong := outcome.wrong(wanted):
            bad[one] = wrong
    assert {o.operation for o in played} == set(OPERATIONS) and {o.fault for o in played} == set(FAULTS)
    print(
        f"\n{name}: {len(names)} boundaries, {len(played)} of {len(every)} runs, {ended} rounds died or failed, {told} letters told "
        f"of it, {unknown} mails in doubt, {len(bad)} runs wrong"
    )
    assert not bad, list(bad.items())[:3]


# what nobody can know


class Vanishing(Ordered):
    """The process dies at the boundary, and whatever it had handed over is gone from Drafts and Sent when it comes back."""

    def __call__(self, name: str) -> None:
        try:
            super().__call__(name)
        except Killed:
            for row in self.desk.ledger.rows("select key from outbox where state='handed'"):
                self.desk.mailbox.forget(row["key"])
            raise


@pytest.mark.parametrize("name", ["sending", "intake"])
def test_what_cannot_be_known_is_told_and_her_word_settles_it(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    start: Start = request.getfixturevalue(name)
    names: list[str] = []
    wanted = start.run(names=names).facts()
    monkeypatch.setattr("test_kill_matrix.Ordered", Vanishing)
    doubts = 0
    for at, boundary in enumerate(names, 1):
        if boundary not in ("handed", "handed-over", "looked-up", "committed"):
            continue
        # an operation nothing calls at the start: only the death counts
        outcome = start.run(Disturbance(operation="discard", fault="busy", times=1, at=at, dies=True))
        doubts += len(outcome.unknown)
        for key in outcome.unknown:
            assert f"doubt/{key}" in outcome.delivered, (boundary, key)
            word = outbox.it_went if outcome.delivered[key] else outbox.once_more
            outcome.desk.clock.moment = outcome.desk.clock.moment.replace(hour=9)
            assert word(outcome.desk.office, key, reason="สอบถามผู้รับแล้ว", by="test").changed
            outcome.desk.tick()
        after = Outcome(outcome.desk, start.day, 0)
        # the third of March is a day of reminders
        assert not [w for w in after.wrong(wanted) if not w.startswith("files") and "/reminder/" not in w], (at, boundary)
    assert doubts >= 3


WORDS = ("release", "withhold", "it_went", "release after withhold")


@pytest.mark.parametrize("word", WORDS)
def test_her_words_killed_at_every_boundary(word: str, sending: Start) -> None:
    """Her word, and the round that follows it: given again after a death it comes to the same."""
    names: list[str] = []
    wanted = _spoken(sending, word, Countdown([], names=names))
    assert any(n in names for n in ("released", "withheld", "settled-by-word"))
    for k in range(1, len(names) + 1):
        assert _spoken(sending, word, Countdown([k])) == wanted, (word, names[k - 1])


def _spoken(start: Start, word: str, countdown: Countdown) -> tuple[dict[str, object], Counter[str], object]:
    desk = Desk(start.folder, plan=plan(), ledger=_copied(start._desk.ledger))
    desk.mailbox = copy.deepcopy(start._desk.mailbox)
    _dress(desk)
    desk.office = replace(desk.office, held_kinds=held_kinds("hold", ()))
    desk.tick("2023-03-01 09:00")
    key, given = "2566-q2/request/m04", {"reason": "ตรวจแล้ว", "by": "test"}
    acts = {
        "release": [lambda: outbox.release(desk.office, [key], **given)],
        "withhold": [lambda: outbox.withhold(desk.office, key, **given)],
        "it_went": [lambda: outbox.it_went(desk.office, key, **given)],
    }
    acts["release after withhold"] = acts["withhold"] + [lambda: _still(desk, key) and outbox.release(desk.office, [key], **given)]
    desk.office = replace(desk.office, tick=countdown)
    for act in (*acts[word], lambda: desk.tick("2023-03-01 10:00"), lambda: desk.tick("2023-03-01 11:00")):
        for _ in range(3):
            try:
                act()
                break
            except Killed:
                continue
    desk.office = replace(desk.office, tick=lambda name: None)
    desk.tick("2023-03-01 13:00")
    return desk.states(), Counter(d.mail.key for d in desk.mailbox.deliveries), desk.ledger.outbox.state(key)


def _still(desk: Desk, key: str) -> bool:
    """Is there still something to let go? (Forgotten by her word, and not written anew yet, there is nothing to name.)"""
    return desk.ledger.outbox.state(key) == "withheld"
