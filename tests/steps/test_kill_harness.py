"""Killed at every boundary: a whole quarter over the twins, restarted on the same ledger file until all is quiet.

`tick` raises at the k-th boundary, for every k; then the ledger is opened anew and a fresh Office goes on over the same
mailbox. Judged from what the mailbox delivered and what the ledger holds, against the run nobody disturbed.
"""

from __future__ import annotations

import functools
import json
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from desk import Q2, Desk, small_plan

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.plans import Plan

SEATS = ("s04", "s06", "s08")
PDF = "application/pdf"
VISITS = (
    "2023-03-01 09:00", "2023-03-02 09:00", "2023-03-03 09:00", "2023-03-10 09:00", "2023-03-13 09:00",
    "2023-03-13 11:00", "2023-03-13 13:00", "2023-03-14 09:00",
)  # fmt: skip


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Countdown:
    """Dies at the boundaries given (each counted from the last death on), and counts."""

    at: list[int]
    count: int = 0
    names: list[str] = None  # type: ignore[assignment]

    def __call__(self, name: str) -> None:
        self.count += 1
        if self.names is not None:
            self.names.append(name)
        if self.at and self.count == self.at[0]:
            self.at.pop(0)
            self.count = 0
            raise Killed(name)


@functools.cache
def plan() -> Plan:
    return small_plan()


@functools.cache
def parts() -> tuple:
    """Forms and rules, which the undisturbed run reads from disk and the others share."""
    with tempfile.TemporaryDirectory() as folder:
        office = Desk(Path(folder), plan=plan()).office
    return office.forms, office.rules


class Memo:
    """Remembers what a slow, pure port answered: the same question is asked in every run."""

    kept: dict[object, object] = {}

    def __init__(self, real: object) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*args: object, **given: object) -> object:
            # a blob is what it is called, wherever this run's folder lies
            known = [given.name if isinstance(given, Path) else given for given in args]
            key = (name, repr(known), json.dumps(given, ensure_ascii=False, sort_keys=True, default=repr))
            if key not in Memo.kept:
                Memo.kept[key] = getattr(self._real, name)(*args, **given)
            return Memo.kept[key]

        return call


class MemoPress(Memo):
    """The press: what only computes is remembered, what writes the bundle's folder is done."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        if name in ("assemble", "sign_here", "pages", "exhibit_pages"):
            return super().__getattr__(name)
        return getattr(self._real, name)


class Run:
    """A scenario with people who do their part once, whenever the office has got so far."""

    def __init__(self, folder: Path, tick: Countdown) -> None:
        self.folder, self.tick = folder, tick
        self.desk = Desk(folder, plan=plan(), ledger=self._ledger())
        self._dress()
        self.done: set[str] = set()

    def _ledger(self) -> SqliteLedger:
        ledger = SqliteLedger(self.folder / "ledger.sqlite")
        # a raised death is no power cut: what SQLite wrote is there
        ledger.db.conn.execute("PRAGMA synchronous=OFF")
        ledger.db.conn.execute("PRAGMA journal_mode=MEMORY")
        # the same tokens in every run, so that `Memo` has seen the forms before
        ledger.db.execute("update meta set value='salt' where key='salt'")
        ledger.db.conn.commit()
        return ledger

    def _dress(self) -> None:
        self.desk.raw = Memo(SimpleNamespace(raw=self.desk.raw)).raw
        office = self.desk.office
        self.desk.office = replace(
            office, tick=self.tick, renderer=Memo(office.renderer), reader=Memo(office.reader),
            converter=Memo(office.converter), press=MemoPress(office.press), texts=Memo(office.texts), forms=parts()[0], rules=parts()[1],
        )  # fmt: skip

    def restart(self) -> None:
        """The dead process's ledger is closed by the system; a new process opens everything anew."""
        self.desk.office.ledger.close()
        mailbox, clock, mails = self.desk.mailbox, self.desk.clock, self.desk._mails
        self.desk = Desk(self.folder, plan=plan(), ledger=self._ledger())
        self.desk.mailbox, self.desk.clock, self.desk._mails = mailbox, clock, mails
        self.desk.office = replace(self.desk.office, mailbox=mailbox, clock=clock)
        self._dress()

    def go(self) -> Run:
        for moment in VISITS:
            self.people()
            for _ in range(4):
                try:
                    self.desk.tick(moment)
                    break
                except Killed:
                    self.restart()
            else:
                raise AssertionError("died more often than asked")
        return self

    def people(self) -> None:
        """s04 answers at once, s06 wrongly and then rightly and once more, s08 asks a question first; then the officials."""
        desk = self.desk
        got = Counter((d.mail.kind, d.recipients[0]) for d in desk.mailbox.deliveries)

        def once(name: str, kind: str, seat: str, act: Callable[[], object]) -> None:
            if name not in self.done and got[kind, desk.member(seat).email]:
                self.done.add(name)
                act()

        once("answer", "request", "s04", lambda: desk.answer("s04"))
        once("wrong", "request", "s06", lambda: desk.answer("s06", done=None))
        once("right", "please_correct", "s06", lambda: desk.answer("s06", kind="please_correct", percent="๕๐"))
        once("better", "receipt", "s06", lambda: desk.answer("s06", kind="please_correct", percent="๖๐"))
        once("sent", "request", "s08", lambda: desk.reply(desk.member("s08"), body="ส่งแล้วค่ะ"))
        once("ask", "need_file", "s08", lambda: desk.reply(desk.member("s08"), body="ขอสอบถามวิธีกรอก"))
        once("late", "reminder", "s08", lambda: desk.answer("s08"))
        once("late", "receipt", "s06", lambda: None)
        if desk.clock.moment.day >= 10 and "last" not in self.done:
            self.done.add("last")
            desk.answer("s08")
        self._officials()

    def _officials(self) -> None:
        desk = self.desk
        for mail in desk.mailbox.deliveries:
            if mail.mail.kind == "director" and "signed" not in self.done:
                self.done.add("signed")
                director = desk.office.plan.roster.member(desk.office.plan.roster.director)
                desk.reply(director, to=mail, files=(("s.pdf", PDF, desk.office.signatures.sign(mail.files[0][2])),))
            if mail.mail.kind == "registry" and "number" not in self.done:
                self.done.add("number")
                registry = desk.office.plan.roster.registry
                desk.reply(desk.secretary, to=mail, address=registry.email, name=registry.name, body="เลขรับ 7/2566")

    def outcome(self) -> dict[str, object]:
        """What people see in the end; keys of mails, not ids of rows that may differ."""
        ledger = self.desk.ledger
        return {
            "states": self.desk.states(),
            "deadline": ledger.deadline_state(Q2).value,
            "receipt": ledger.bundles.latest(Q2)["receipt"],
            "routes": ledger.inbox.counts(),
            "mails": sorted((d.mail.key, d.recipients, tuple(name for name, _, _ in d.files)) for d in self.deliveries),
            "answers": sorted(
                (k, a.value) for r in ledger.returns.accepted(Q2) for k, a in ledger.returns.form(r["id"]).answers.items()
            ),
            "events": Counter(
                (e["kind"], e["subject"]) for e in ledger.events() if e["kind"].startswith(("assignment", "deadline"))
            ),
        }

    @property
    def deliveries(self) -> list:
        return self.desk.mailbox.deliveries

    def check(self) -> None:
        keys = Counter(d.mail.key for d in self.deliveries)
        assert max(keys.values()) == 1, keys.most_common(1)
        ledger = self.desk.ledger
        assert self.desk.mailbox.count() == ledger.inbox.counts()["all"]
        assert not self.desk.mailbox.folder("inbox") and not ledger.inbox.unfinished()
        assert {r["state"] for r in ledger.rows("select state from outbox")} == {"sent"}
        for row in ledger.rows("select sha256 from inbox union select attachment from returns"):
            assert self.desk.office.blobs.get(row["sha256"])
        assert ledger.row("pragma integrity_check") == {"integrity_check": "ok"}


def undisturbed(folder: Path) -> tuple[Run, list[str]]:
    names: list[str] = []
    run = Run(folder, Countdown([], names=names)).go()
    run.check()
    return run, names


@pytest.fixture(scope="module", autouse=True)
def no_fsync() -> Iterator[None]:
    """A raised death is no power cut; waiting for the disk would only cost time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[str]]:
    return undisturbed(tmp_path_factory.mktemp("quiet"))


def differences(at: list[int], wanted: dict[str, object], folder: Path) -> dict[str, object]:
    """What ended otherwise after deaths at these boundaries; empty when nothing did."""
    tick = Countdown(list(at))
    run = Run(folder, tick).go()
    assert not tick.at, "every death was reached"
    run.check()
    found = run.outcome()
    return {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]}


def test_the_scenario_itself(quiet: tuple[Run, list[str]]) -> None:
    run, names = quiet
    outcome = run.outcome()
    assert outcome["deadline"] == "ACKNOWLEDGED" and set(outcome["states"].values()) == {"ACCEPTED"}
    kinds = {d.mail.kind for d in run.deliveries}
    # s08 only wrote words: the reminders rest two working days, then go on
    assert kinds == {"request", "reminder", "please_correct", "receipt", "need_file", "hold_notice", "director", "registry"}
    assert "60" in {value for key, value in outcome["answers"] if key.endswith(".percent")}
    assert len(names) > 150 and {"stored-bytes", "routed", "moved", "handed-over", "judged", "frozen"} <= set(names)


@pytest.mark.parametrize("part", range(4))
def test_killed_at_every_boundary(quiet: tuple[Run, list[str]], tmp_path: Path, part: int) -> None:
    run, names = quiet
    wanted = run.outcome()
    bad = {}
    for k in range(1 + part, len(names) + 1, 4):
        folder = tmp_path / str(k)
        folder.mkdir()
        if found := differences([k], wanted, folder):
            bad[k, names[k - 1]] = found
        shutil.rmtree(folder)
    assert not bad


def test_killed_twice(quiet: tuple[Run, list[str]], tmp_path: Path) -> None:
    run, names = quiet
    dice = random.Random(2566)
    for n in range(14):
        at = [dice.randint(1, len(names) - 30), dice.randint(1, 12)]
        folder = tmp_path / str(n)
        folder.mkdir()
        assert not differences(at, run.outcome(), folder), (at, names[at[0] - 1])
