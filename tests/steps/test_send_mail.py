"""Exactly once: kills at every boundary, faults at every operation, and both together, judged by what arrived."""

from __future__ import annotations

import hashlib
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from songthan.domain.errors import MailAuthFailed
from songthan.domain.messages import OutgoingFile, OutgoingMail
from songthan.steps.send_mail import SendOutcome, deliver
from songthan.testing.mailbox import MemoryMailbox

NOW = datetime(2023, 3, 1, 9, 0, tzinfo=UTC)
CONTENTS = (b"first file", b"second file")


class Killed(BaseException):
    """The process dies here."""


class DictOutbox:
    """The ledger's outbox in memory: survives a kill as a committed table does."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.sent_refs: list[str] = []

    def intend(self, mail: OutgoingMail) -> str:
        return self.rows.setdefault(mail.key, "intended")

    def state(self, key: str) -> str:
        return self.rows.get(key, "none")

    def mark_handed(self, key: str, draft: object) -> None:
        assert self.rows[key] == "intended"
        self.rows[key] = "handed"

    def mark_sent(self, key: str, sent_ref: object, at: datetime) -> None:
        assert at.tzinfo is not None
        self.rows[key] = "sent"
        self.sent_refs.append(sent_ref.message_id)

    def mark_doubt(self, key: str, why: str) -> None:
        assert self.rows[key] in ("handed", "doubt") and why
        self.rows[key] = "doubt"


class FixedClock:
    def now(self) -> datetime:
        return NOW


class FolderBlobs:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        (self.folder / name).write_bytes(data)
        return name

    def get(self, sha256: str) -> bytes:
        return (self.folder / sha256).read_bytes()

    def path(self, sha256: str) -> Path:
        return self.folder / sha256


class World:
    """One mailbox, one ledger, one mail or several; `run` is one life of the process."""

    def __init__(self, folder: Path, *, number: int = 1) -> None:
        self.mailbox, self.outbox, self.blobs = MemoryMailbox(), DictOutbox(), FolderBlobs(folder)
        files = tuple(
            OutgoingFile(name=f"แบบ {n}.docx", type="application/octet-stream", sha256=self.blobs.put(data))
            for n, data in enumerate(CONTENTS)
        )
        self.mails = [
            OutgoingMail(
                key=f"ask:2566-q2:m0{n}:2023-03-01", kind="request", to=(f"m{n}@office.example",), subject="แบบ", text="ก",
                html="<p>ก</p>", files=files,
            )
            for n in range(number)
        ]  # fmt: skip
        self.mail = self.mails[0]
        self.ticks: list[str] = []

    def run(self, *, kill_at: int | None = None, on_tick=lambda name: None) -> SendOutcome | None:
        """The first mail's outcome (`outcomes` has all); None when killed at tick number `kill_at` (from 0)."""
        self.ticks = []

        def tick(name: str) -> None:
            self.ticks.append(name)
            on_tick(name)
            if kill_at is not None and len(self.ticks) > kill_at:
                raise Killed

        try:
            self.outcomes = deliver(
                self.mails, mailbox=self.mailbox, outbox=self.outbox, blobs=self.blobs, clock=FixedClock(), tick=tick
            )
            return self.outcomes[0]
        except Killed:
            return None

    def settle(self, lives: int = 8) -> SendOutcome:
        for _ in range(lives):
            outcome = self.run()
            if outcome is not None and all(o.status in ("sent", "doubt") for o in self.outcomes):
                return outcome
        raise AssertionError(f"never settled: {outcome}")

    def assert_sent_once(self) -> None:
        deliveries = {d.mail.key: d for d in self.mailbox.deliveries}
        assert len(deliveries) == len(self.mailbox.deliveries) == len(self.mails), [d.mail.key for d in self.mailbox.deliveries]
        for mail in self.mails:
            delivery = deliveries[mail.key]
            assert tuple(data for _, _, data in delivery.files) == CONTENTS and delivery.recipients == mail.to
            assert self.outbox.state(mail.key) == "sent"
            found = self.mailbox.find(mail.key)
            assert [r.folder for r in found] == ["sent"]
            assert found[0].message_id == delivery.message_id and found[0].message_id in self.outbox.sent_refs


CLEAN_TICKS = [
    "intended", "looked-up", "drafted", "attached", "attached", "handed", "handed-over", "looked-up", "committed",
]  # fmt: skip
SENDING = ("find", "save_draft", "attach", "send", "discard")
FAULTS = ("drop_before", "drop_after", "busy", "denied", "notfound")


def test_a_clean_delivery_asks_for_each_thing_once(tmp_path):
    world = World(tmp_path)
    outcome = world.run()
    assert outcome.status == "sent" and outcome.sent.folder == "sent"
    assert world.ticks == CLEAN_TICKS
    assert world.mailbox.calls == ["find", "save_draft", "attach", "attach", "send", "find"]
    world.assert_sent_once()
    calls = len(world.mailbox.calls)
    assert world.run().status == "sent"
    assert len(world.mailbox.calls) == calls, "a committed mail asks the server nothing"


def test_several_mails_share_the_look_before_and_the_look_after(tmp_path):
    world = World(tmp_path, number=3)
    assert world.run().status == "sent"
    assert world.mailbox.calls == ["find", *["save_draft", "attach", "attach", "send"] * 3, "find"]
    world.assert_sent_once()


def test_a_refused_or_unclear_mail_stops_none_of_the_others(tmp_path):
    world = World(tmp_path, number=4)
    world.mailbox.fail("send", "denied")
    world.mailbox.fail("send", "drop_after")
    world.mailbox.fail("send", "drop_before")
    world.run()
    assert [o.status for o in world.outcomes] == ["denied", "sent", "sent", "sent"]
    assert [o.key for o in world.outcomes] == [m.key for m in world.mails] and world.mailbox.calls.count("save_draft") == 4
    assert world.settle().status == "sent"
    world.assert_sent_once()


def test_a_busy_server_stops_those_not_begun_and_proves_those_that_left(tmp_path):
    world = World(tmp_path, number=3)

    def busy_after_the_first(name: str) -> None:
        if name == "handed-over":
            world.mailbox.fail("save_draft", "busy", back_off_s=7.0)

    world.run(on_tick=busy_after_the_first)
    assert [(o.status, o.back_off_s) for o in world.outcomes] == [("sent", 0.0), ("retry", 7.0), ("retry", 7.0)]
    assert world.mailbox.calls.count("save_draft") == 2 and world.mailbox.calls[-1] == "find"
    assert world.settle().status == "sent"
    world.assert_sent_once()


def test_one_mail_in_doubt_among_several_is_the_only_one(tmp_path):
    world = World(tmp_path, number=3)
    lost = world.mails[1].key
    world.run(on_tick=lambda name: world.mailbox.forget(lost) if name == "handed-over" else None)
    assert [o.status for o in world.outcomes] == ["sent", "retry", "sent"]
    world.run()
    assert [o.status for o in world.outcomes] == ["sent", "doubt", "sent"] and len(world.mailbox.deliveries) == 3


@pytest.mark.parametrize("kill_at", range(len(CLEAN_TICKS)))
def test_killed_anywhere_it_is_sent_once(tmp_path, kill_at):
    world = World(tmp_path)
    assert world.run(kill_at=kill_at) is None
    assert world.settle().status == "sent"
    world.assert_sent_once()


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("operation", SENDING)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("times", [1, 2])
def test_faults_and_kills_together_send_once(tmp_path, operation, fault, times, number):
    """Every fault at every operation, with no kill and with a kill at each boundary that can be reached."""
    kill_at: int | None = None
    reached = 0
    while True:
        folder = tmp_path / str(kill_at)
        folder.mkdir()
        world = World(folder, number=number)
        world.mailbox.fail(operation, fault, times=times)
        first = world.run(kill_at=kill_at)
        assert world.settle().status == "sent"
        world.assert_sent_once()
        if kill_at is not None and first is not None:
            break
        reached += 1
        kill_at = 0 if kill_at is None else kill_at + 1
    assert reached >= 2


def test_double_kills_with_faults(tmp_path):
    """A sample of two kills and up to two faults; the seed is fixed so that a failure can be run again."""
    chance = random.Random(2566)
    for n in range(300):
        folder = tmp_path / str(n)
        folder.mkdir()
        world = World(folder, number=chance.choice((1, 2, 4)))
        for _ in range(chance.randrange(3)):
            world.mailbox.fail(chance.choice(SENDING), chance.choice(FAULTS))
        world.run(kill_at=chance.randrange(12 * len(world.mails)))
        world.run(kill_at=chance.randrange(12 * len(world.mails)))
        assert world.settle().status == "sent"
        world.assert_sent_once()


def test_an_unclear_send_is_looked_up_in_the_same_call(tmp_path):
    world = World(tmp_path)
    world.mailbox.fail("send", "drop_after")
    assert world.run().status == "sent"
    assert world.mailbox.calls.count("send") == 1
    world.assert_sent_once()


def test_a_draft_that_was_handed_over_but_stayed_is_the_one_sent_again(tmp_path):
    world = World(tmp_path)
    world.mailbox.fail("send", "drop_before")
    assert world.run().status == "sent"
    assert world.mailbox.calls.count("save_draft") == 1 and world.mailbox.calls.count("send") == 2
    world.assert_sent_once()


def test_an_unfinished_draft_is_built_anew_not_sent(tmp_path):
    world = World(tmp_path)
    assert world.run(kill_at=CLEAN_TICKS.index("attached")) is None
    assert world.run().status == "sent"
    assert world.mailbox.calls.count("discard") == 1 and world.mailbox.calls.count("save_draft") == 2
    world.assert_sent_once()


def test_busy_comes_back_with_the_servers_wish(tmp_path):
    world = World(tmp_path)
    world.mailbox.fail("save_draft", "busy", back_off_s=30.0)
    outcome = world.run()
    assert (outcome.status, outcome.back_off_s) == ("retry", 30.0) and outcome.why
    assert world.mailbox.calls == ["find", "save_draft"]


def test_denied_says_why_and_goes_out_once_mended(tmp_path):
    world = World(tmp_path)
    world.mailbox.fail("send", "denied")
    outcome = world.run()
    assert outcome.status == "denied" and "วิธีแก้" in outcome.why and not world.mailbox.deliveries
    assert world.run().status == "sent"
    world.assert_sent_once()


def test_refused_credentials_stop_the_sender_and_nothing_is_lost(tmp_path):
    for operation in ("find", "save_draft", "attach", "send"):
        folder = tmp_path / operation
        folder.mkdir()
        world = World(folder)
        world.mailbox.fail(operation, "auth")
        with pytest.raises(MailAuthFailed):
            world.run()
        assert world.mailbox.calls[-1] == operation, "nothing is tried after a refusal"
        assert world.settle().status == "sent"
        world.assert_sent_once()


def test_handed_over_and_in_neither_folder_is_doubt_never_a_second_mail(tmp_path):
    world = World(tmp_path)
    gone = {"handed-over": lambda: world.mailbox.forget(world.mail.key)}
    first = world.run(on_tick=lambda name: gone.get(name, lambda: None)())
    assert first.status == "retry", "the copy in Sent may be late: one more look first"
    assert world.outbox.state(world.mail.key) == "handed"
    assert world.run().status == "doubt" and world.run().status == "doubt"
    assert len(world.mailbox.deliveries) == 1 and world.mailbox.calls.count("send") == 1
    assert world.outbox.state(world.mail.key) == "doubt"


def test_an_unclear_send_that_left_no_trace_waits_one_tick_before_it_is_doubt(tmp_path):
    world = World(tmp_path)
    world.mailbox.fail("send", "drop_after")
    vanish = {"unclear": lambda: world.mailbox.forget(world.mail.key)}
    assert world.run(on_tick=lambda name: vanish.get(name, lambda: None)()).status == "retry"
    assert world.outbox.state(world.mail.key) == "handed"
    assert world.run().status == "doubt" and len(world.mailbox.deliveries) == 1


def test_a_late_copy_in_sent_settles_the_doubt(tmp_path):
    world = World(tmp_path)
    world.run(kill_at=CLEAN_TICKS.index("handed-over"))
    hidden, world.mailbox._own = world.mailbox._own, {}
    assert world.run().status == "doubt"
    world.mailbox._own = hidden
    assert world.run().status == "sent"
    world.assert_sent_once()


def test_two_complete_drafts_are_a_persons_matter(tmp_path):
    world = World(tmp_path)
    world.run(kill_at=CLEAN_TICKS.index("handed"))
    world.mailbox.save_draft(world.mail)
    assert world.run().status == "doubt" and not world.mailbox.deliveries


def test_a_leftover_draft_beside_the_sent_copy_is_removed(tmp_path):
    world = World(tmp_path)
    world.run(kill_at=CLEAN_TICKS.index("handed-over"))
    world.mailbox.save_draft(world.mail)
    assert world.run().status == "sent"
    world.assert_sent_once()


def test_a_server_that_never_answers_leaves_the_mail_for_the_next_tick(tmp_path):
    world = World(tmp_path)
    world.mailbox.fail("save_draft", "drop_before", times=100)
    assert world.run().status == "retry" and world.outbox.state(world.mail.key) == "intended"
    assert world.mailbox.calls.count("save_draft") == 3
