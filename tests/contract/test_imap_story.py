"""A whole quarter over IMAP and SMTP: the real steps, Dovecot and Exim, against the same quarter over the twin.

The people of `tests/steps/test_kill_harness.py` answer what lies in their Maildirs. One run is left alone; in the other
processes die and both servers fail. Both must end as the run over the twin did, with no mail twice in any Maildir.
"""

from __future__ import annotations

import email
import email.policy
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import getaddresses
from pathlib import Path

import pytest
from dovecot_world import DovecotWorld

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "steps"))
from test_kill_harness import VISITS, Countdown, Killed, Run, plan

from songthan.domain.errors import MailError
from songthan.domain.messages import MailRef
from songthan.testing.mailbox import Delivery

pytestmark = pytest.mark.real

#: what fails while a visit runs, one after the other
TROUBLES = (
    ("send", "smtp", "DOT", "drop_after"), ("attach", "imap", "APPEND", "drop_after"), ("send", "imap", "UID MOVE", "drop_after"),
    ("move", "imap", "UID MOVE", "drop_after"), ("send", "smtp", "DOT", "421 4.3.2 closing"), ("raw", "imap", "UID FETCH", "drop_before"),
    ("new_messages", "imap", "EXAMINE", "NO [UNAVAILABLE] later"), ("save_draft", "imap", "APPEND", "drop_before"),
)  # fmt: skip


class Post:
    """The mailbox for the office, and the Maildirs for everybody else."""

    def __init__(self, world: DovecotWorld, run: PostRun) -> None:
        self._world, self._run = world, run
        self._read: dict[Path, Delivery] = {}
        self.box = world.open(patience_s=1.0)

    def __getattr__(self, name: str):
        return getattr(self.box, name)

    def restart(self) -> None:
        """A new process: nothing is remembered but what lies on the server."""
        self.box.real.close()
        self.box = self._world.open(patience_s=1.0)

    def copies(self) -> Counter[tuple[str, str]]:
        """How often each mail lies in each recipient's Maildir."""
        found: Counter[tuple[str, str]] = Counter()
        for address in self._run.addresses:
            for path in self._world.files(address):
                found[address, self._delivery(path).message_id] += 1
        return found

    @property
    def deliveries(self) -> list[Delivery]:
        one = {}
        for address in self._run.addresses:
            for path in self._world.files(address):
                delivery = self._delivery(path)
                one.setdefault(delivery.message_id, (path.name, delivery))
        return [delivery for _, delivery in sorted(one.values(), key=lambda pair: pair[0])]

    def delivered_to(self, address: str) -> list[Delivery]:
        return [self._delivery(path) for path in self._world.files(address)]

    def receive(self, raw: bytes, *, received: datetime) -> MailRef:
        """Through Exim; the server's time is the office's."""
        before = set(self._world.files(self._world.office))
        self._world.deliver(raw)
        (path,) = [path for path in self._world.files(self._world.office) if path not in before]
        os.utime(path, (received.timestamp(), received.timestamp()))
        return MailRef(id="", change="", received=received)

    def _delivery(self, path: Path) -> Delivery:
        if path not in self._read:
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            identity = str(mail["Message-ID"]).strip()
            row = self._run.desk.ledger.outbox.by_message_id((identity,))
            key = row["key"] if row else self._key(identity)
            to = getaddresses([str(value) for name in ("To", "Cc") for value in mail.get_all(name, [])])
            self._read[path] = Delivery(
                mail=self._run.desk.ledger.outbox.mail(str(key)),
                recipients=tuple(address for _, address in to),
                files=tuple(
                    (part.get_filename(), part.get_content_type(), part.get_payload(decode=True))
                    for part in mail.iter_attachments()
                ),
                message_id=identity,
            )
        return self._read[path]

    def _key(self, identity: str) -> str:
        """A mail that left and is not yet marked as sent."""
        from songthan.adapters.outgoing_mime import own_message_id

        keys = [m.key for m in self._run.desk.ledger.outbox.unsent()]
        return next(key for key in keys if own_message_id(key, "bfa.example", salt="") == identity)


class PostRun(Run):
    """The scenario over real servers."""

    def __init__(self, folder: Path, tick: Countdown, world: DovecotWorld, addresses: tuple[str, ...]) -> None:
        self.addresses, self.world = addresses, world
        self.post = Post(world, self)
        self.failed = 0  # how often a server did
        super().__init__(folder, tick)

    def _dress(self) -> None:
        self.desk.mailbox = self.post
        self.desk.office = replace(self.desk.office, mailbox=self.post)
        super()._dress()

    def restart(self) -> None:
        self.post.restart()
        super().restart()

    def go(self) -> PostRun:
        troubles = list(TROUBLES) if self.tick.at else []
        for moment in VISITS:
            self.people()
            self._visit(moment, troubles)
            if self.tick.at:
                # what a busy server left undone is done some minutes later
                self.failed -= len(self.world.faults.orders)
                self.world.faults.orders.clear()
                self.restart()
                self._visit(moment, [])
        self._visit(VISITS[-1], [])
        return self

    def _visit(self, moment: str, troubles: list[tuple[str, str, str, str]]) -> None:
        for _ in range(8):
            if troubles:
                self.world.faults.order(*troubles.pop(0))
                self.failed += 1
            try:
                self.desk.tick(moment)
                return
            except Killed:
                self.restart()
            except MailError:
                continue  # Prefect runs the flow again
        raise AssertionError("never came to rest")

    @property
    def deliveries(self) -> list:
        return self.post.deliveries


@pytest.fixture(scope="module")
def twin(tmp_path_factory) -> Run:
    return Run(tmp_path_factory.mktemp("twin"), Countdown([])).go()


@pytest.fixture
def addresses() -> tuple[str, ...]:
    roster = plan().roster
    return tuple(dict.fromkeys(a.lower() for a in (*(m.email for m in roster.members), roster.registry.email)))


@pytest.fixture
def world(mail_servers, addresses) -> Iterator[DovecotWorld]:
    found = DovecotWorld(mail_servers, plan().roster.mailbox, *addresses)
    yield found
    found.close()


@pytest.mark.parametrize("deaths", [[], [19, 13, 31, 7, 29, 23, 17, 11, 37, 14, 26, 9]], ids=["alone", "dying"])
def test_a_quarter_over_imap_and_smtp_ends_as_over_the_twin(tmp_path, world, addresses, twin, deaths):
    planned = list(deaths)
    run = PostRun(tmp_path, Countdown(planned), world, addresses).go()
    copies = run.post.copies()
    assert copies and max(copies.values()) == 1, [pair for pair, number in copies.items() if number > 1]
    assert not deaths or len(planned) <= 2, "it died often enough"
    assert not deaths or run.failed >= 5, "the servers failed often enough"
    mine, other = run.outcome(), twin.outcome()
    doubts = [row for row in run.desk.ledger.rows("select key from outbox where state='doubt'")]
    assert doubts == []
    assert mine["states"] == other["states"] and mine["deadline"] == other["deadline"] == "ACKNOWLEDGED"
    assert mine["mails"] == other["mails"]
    assert mine == other
    assert run.post.count() == run.desk.ledger.inbox.counts()["all"]
