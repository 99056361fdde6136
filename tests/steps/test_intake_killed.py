"""Mail in, killed at every boundary and under every fault of the mailbox: each mail once, none lost, none half.

The CI part takes a sample of (fault, death) pairs; `SONGTHAN_KILLS=all` takes every pair.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Desk, small_plan
from test_kill_harness import Countdown, Killed, Memo

from songthan.adapters.blobs import FileBlobs
from songthan.adapters.ledger import SqliteLedger
from songthan.domain.errors import LedgerError, MailError
from songthan.domain.plans import Plan
from songthan.steps import take_in
from songthan.steps.take_in import AT_ONCE, fetch_new, settle_all
from songthan.testing.mailbox import bytes_of

FAULTS = [
    (operation, kind)
    for operation in ("new_messages", "raw", "move")
    for kind in ("drop_before", "drop_after", "busy", "denied", "notfound", "auth")
]
PLAN: list[Plan] = []
MAILS: list[tuple[bytes, str]] = []


def plan() -> Plan:
    if not PLAN:
        PLAN.append(small_plan())
    return PLAN[0]


class Intake:
    """An office whose forms are out, and a mailbox with mail of every kind; it can die and be opened again."""

    def __init__(self, folder: Path, tick: Callable[[str], None] = lambda name: None) -> None:
        self.folder, self.tick = folder, tick
        self.desk = self._open()
        self.desk.tick("2023-03-01 09:00")
        if not MAILS:
            self._write_mails()
        for raw, place in MAILS:
            self.desk.mailbox.receive(raw, received=self.desk.clock.now(), folder=place)
        self._dress()

    def _open(self) -> Desk:
        ledger = SqliteLedger(self.folder / "ledger.sqlite")
        # a raised death is no power cut: what SQLite wrote is there
        ledger.db.conn.execute("PRAGMA synchronous=OFF")
        ledger.db.execute("update meta set value='salt' where key='salt'")
        ledger.db.conn.commit()
        desk = Desk(self.folder, plan=plan(), ledger=ledger)
        office = desk.office
        desk.office = replace(office, reader=Memo(office.reader), renderer=Memo(office.renderer), texts=Memo(office.texts))
        return desk

    def _dress(self) -> None:
        self.desk.office = replace(self.desk.office, tick=self.tick)

    def _write_mails(self) -> None:
        """Nine mails, more than one group, once for all runs: an answer, the same mail twice, an unfinished answer, a
        question, «sent» without a file, a forged one, a stranger's, an out-of-office note, one in Junk."""
        desk = self.desk
        s06, s08 = desk.member("s06"), desk.member("s08")
        desk.answer("s04")
        desk.answer("s06", done=None)
        desk.reply(s06, body="ขอสอบถามวิธีกรอกแบบ")
        desk.reply(s08, body="ส่งแล้วค่ะ")
        desk.reply(s08, body="ปลอม", verdict="fail")
        desk.reply(s08, body="ขอเสนอขายสินค้า", address="shop@evil.example", name="ร้านค้า")
        desk.reply(s08, body="ไม่อยู่", headers={"Auto-Submitted": "auto-replied"})
        desk.reply(s08, body="ในกล่องขยะ", verdict="none")
        raws = [bytes_of(desk.mailbox, ref) for ref in desk.mailbox.folder("inbox")]
        MAILS.extend((raw, "junk" if raw is raws[-1] else "inbox") for raw in (raws[0], *raws))
        for ref in desk.mailbox.folder("inbox"):
            desk.mailbox._received.pop(ref.id)

    def restart(self) -> None:
        mailbox, clock = self.desk.mailbox, self.desk.clock
        self.desk.ledger.close()
        self.desk = self._open()
        self.desk.mailbox, self.desk.clock = mailbox, clock
        self.desk.office = replace(self.desk.office, mailbox=mailbox, clock=clock)
        self._dress()

    def run(self) -> Intake:
        """Visit after visit, as the schedule would, until nothing is left to do; errors wait for the next visit."""
        for _ in range(14):
            try:
                fetch_new(self.desk.office)
                settle_all(self.desk.office)
            except Killed:
                self.restart()
            except (MailError, LedgerError):
                continue
            else:
                inbox = self.desk.ledger.inbox
                if not inbox.unfinished() and inbox.counts()["all"] == len(MAILS):
                    return self
        raise AssertionError("never quiet")

    def outcome(self) -> dict[str, object]:
        ledger = self.desk.ledger
        return {
            "routes": sorted((r["sha256"], r["route"], r["rule"], r["purpose"]) for r in ledger.rows("select * from inbox")),
            "states": self.desk.states(),
            "letters": sorted((r["kind"], r["recipient"]) for r in ledger.rows("select * from outbox")),
            "returns": sorted((r["assignment"], r["attachment"], r["verdict"]) for r in ledger.rows("select * from returns")),
            "events": Counter(
                (e["kind"], e["subject"].partition("/")[0]) for e in ledger.events() if e["kind"] != "mail-intended"
            ),
            "folders": Counter(name for name in self.desk.mailbox.folders for _ in self.desk.mailbox.folder(name)),
        }

    def check(self) -> None:
        ledger, blobs = self.desk.ledger, self.desk.office.blobs
        assert self.desk.mailbox.count() == ledger.inbox.counts()["all"] and not ledger.inbox.unfinished()
        assert {r["route"] for r in ledger.rows("select route from inbox")} == {"accept", "note", "hold", "quarantine"}
        assert not ledger.rows("select 1 as x from inbox where rule='poison'")
        kept = {p.name for p in blobs.folder.rglob("*") if p.is_file()}
        for name in kept:
            blobs.checked(name)
        assert {str(r["sha256"]) for r in ledger.rows("select sha256 from inbox")} <= kept
        assert ledger.row("pragma integrity_check") == {"integrity_check": "ok"}


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """A raised death is no power cut; waiting for the disk would only cost time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], list[str]]:
    names: list[str] = []
    run = Intake(tmp_path_factory.mktemp("quiet"), Countdown([], names=names)).run()
    run.check()
    return run.outcome(), names


def test_the_scenario_itself(quiet: tuple[dict[str, object], list[str]]) -> None:
    wanted, names = quiet
    assert {"stored-bytes", "stored-row", "listed", "started", "parsed", "routed", "moved", "settled"} <= set(names)
    assert names.count("stored-row") == 2 == names.count("routed") and names.count("moved") == 9 > AT_ONCE
    assert wanted["states"] == {"s04": "RECEIVED", "s06": "RECEIVED", "s08": "ASKED"}
    assert {letter[0] for letter in wanted["letters"]} >= {"hold_notice", "need_file"}


def pairs(count: int) -> list[tuple[str, str, int]]:
    everything = [(*fault, k) for fault in FAULTS for k in range(1, count + 1)]
    return everything if os.environ.get("SONGTHAN_KILLS") == "all" else random.Random(2566).sample(everything, 30)


def differences(wanted: dict[str, object], run: Intake) -> dict[str, object]:
    run.run().check()
    found = run.outcome()
    return {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]}


def test_killed_at_every_boundary(quiet: tuple[dict[str, object], list[str]], tmp_path: Path) -> None:
    wanted, names = quiet
    for k in range(1, len(names) + 1):
        tick = Countdown([k])
        assert not differences(wanted, Intake(made(tmp_path, k), tick)), (k, names[k - 1])
        assert not tick.at, "the death was reached"


def test_killed_under_every_fault_of_the_mailbox(quiet: tuple[dict[str, object], list[str]], tmp_path: Path) -> None:
    wanted, names = quiet
    for n, (operation, kind, k) in enumerate(pairs(len(names))):
        run = Intake(made(tmp_path, n), Countdown([k]))
        run.desk.mailbox.fail(operation, kind, times=1 + n % 2)
        assert not differences(lenient(wanted, kind), run), (operation, kind, k)


def lenient(wanted: dict[str, object], kind: str) -> dict[str, object]:
    """«notfound» says of a mail that it is gone while it lies there: the ledger believes a move was done; all else holds."""
    return {key: value for key, value in wanted.items() if kind != "notfound" or key != "folders"}


def made(folder: Path, name: object) -> Path:
    (folder / str(name)).mkdir()
    return folder / str(name)


def test_two_pollers_at_once_are_one(quiet: tuple[dict[str, object], list[str]], tmp_path: Path) -> None:
    """Faults 7: at each boundary of the one, the other (a ledger connection of its own) takes in everything there is."""
    wanted, names = quiet
    for k in range(1, len(names) + 1):
        one = Intake(made(tmp_path, k))
        other = one._open()
        other.office = replace(other.office, mailbox=one.desk.mailbox, clock=one.desk.clock)
        left = [k]

        def tick(name: str, left: list[int] = left, other: Desk = other) -> None:
            left[0] -= 1
            if left[0] == 0:
                fetch_new(other.office)
                settle_all(other.office)

        one.tick = tick
        one._dress()
        assert not differences(wanted, one), (k, names[k - 1])
        assert left[0] <= 0
        other.ledger.close()


def test_a_mail_that_brings_the_process_down_is_held_and_harms_no_other(
    quiet: tuple[dict[str, object], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults 11: it dies with its whole group once; from then on everybody goes alone, and after three it is a person's."""
    wanted, _ = quiet
    run = Intake(tmp_path)
    bad = run.desk.mailbox.folder("inbox")[3]
    pieces: list[bytes] = []
    run.desk.mailbox.raw(bad, pieces.append)
    deaths = []

    def opened(real=run._open) -> Desk:
        desk = real()
        parse = desk.office.parser.parse

        def deadly(raw: Path, **given: object) -> object:
            if raw.read_bytes() == b"".join(pieces):
                deaths.append(raw)
                raise Killed("the whole process")
            return parse(raw, **given)

        monkeypatch.setattr(desk.office.parser, "parse", deadly)
        return desk

    run._open = opened  # type: ignore[method-assign]
    run.restart()
    run.run()
    (row,) = run.desk.ledger.rows("select * from inbox where rule='poison'")
    assert row["sha256"] == deaths[0].name and len(deaths) == take_in.POISON_AFTER
    assert {r["attempts"] for r in run.desk.ledger.rows("select attempts from inbox where rule != 'poison'")} <= {1, 2}
    others = [r for r in wanted["routes"] if r[0] != row["sha256"]]
    assert [r for r in run.outcome()["routes"] if r[0] != row["sha256"]] == others


def test_a_mail_whose_turn_never_came_is_not_suspected(tmp_path: Path) -> None:
    """The server refuses to move the first mail at every visit: the others wait, and nobody holds that against them."""
    run = Intake(tmp_path)
    fetch_new(run.desk.office)
    for _ in range(6):
        run.desk.mailbox.fail("move", "busy")
        with pytest.raises(MailError):
            settle_all(run.desk.office)
    assert {r["attempts"] for r in run.desk.ledger.rows("select attempts from inbox")} <= {0, 1}
    run.run().check()


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_full_disk_at_each_write_of_a_file(
    quiet: tuple[dict[str, object], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Faults 18, the blobs: no half state, no row without bytes; with room again everything comes in."""
    wanted, _ = quiet
    real, n = getattr(os, broken), 0
    reached = True
    while reached:
        n += 1
        calls = [0]

        def full(*given: object, calls: list[int] = calls, n: int = n) -> None:
            calls[0] += 1
            if calls[0] == n:
                raise OSError(28, "No space left on device")
            real(*given)

        run = Intake(made(tmp_path, f"{broken}{n}"))
        with monkeypatch.context() as patch:
            patch.setattr(os, broken, full)
            try:
                fetch_new(run.desk.office)
                settle_all(run.desk.office)
            except LedgerError:
                pass
            reached = calls[0] >= n
        assert not [p for p in run.desk.office.blobs.folder.rglob(".new-*")]
        for row in run.desk.ledger.rows("select sha256 from inbox"):
            run.desk.office.blobs.checked(str(row["sha256"]))
        assert not differences(wanted, run), (broken, n)
        n += 0 if os.environ.get("SONGTHAN_KILLS") == "all" else 5
    assert n > 9


def test_a_full_disk_at_any_size_of_the_ledger(
    quiet: tuple[dict[str, object], list[str]], tmp_path: Path
) -> None:
    """Faults 18, the ledger and its journal: real writes of SQLite fail at a file size; nothing is half done."""
    import resource

    wanted, _ = quiet
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = 0
    for n, extra in enumerate((512, 1024, 4096, 9000, 20_000, 40_000, 80_000, 160_000)):
        run = Intake(made(tmp_path, n))
        size = (run.folder / "ledger.sqlite").stat().st_size
        limit = extra if n < 4 else size + extra
        failed = 0
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
            for _ in range(2):
                try:
                    fetch_new(run.desk.office)
                    settle_all(run.desk.office)
                except LedgerError:
                    failed += 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert failed or n > 4, "the limit was felt"
        assert not differences(wanted, run), limit


def test_a_locked_ledger_is_an_error_in_bounded_time_and_loses_nothing(
    quiet: tuple[dict[str, object], list[str]], tmp_path: Path
) -> None:
    """Faults 19: another program holds the ledger; the round ends with a named error and the next one goes on."""
    wanted, names = quiet
    for k in range(1, len(names) + 1, 3):
        run = Intake(made(tmp_path, k))
        run.desk.ledger.db.conn.execute("PRAGMA busy_timeout=20")
        other = sqlite3.connect(run.folder / "ledger.sqlite", isolation_level=None)
        left = [k]

        def tick(name: str, left: list[int] = left, other: sqlite3.Connection = other) -> None:
            left[0] -= 1
            if left[0] == 0:
                other.execute("BEGIN IMMEDIATE")

        run.tick = tick
        run._dress()
        failed = False
        try:
            fetch_new(run.desk.office)
            settle_all(run.desk.office)
        except LedgerError as error:
            failed = bool(error.remedy)
        assert failed or k == len(names), (k, names[k - 1])
        if other.in_transaction:
            other.execute("ROLLBACK")
        other.close()
        run.tick = lambda name: None
        run._dress()
        assert not differences(wanted, run), (k, names[k - 1])


def test_bytes_without_a_row_are_the_same_mail_fetched_again(tmp_path: Path) -> None:
    """Faults 9: killed between the file and the row. The mail still lies in the mailbox: it comes again, to the same file."""
    run = Intake(tmp_path, Countdown([5]))
    with pytest.raises(Killed):
        fetch_new(run.desk.office)
    blobs: FileBlobs = run.desk.office.blobs
    kept = {p.name for p in blobs.folder.rglob("*") if p.is_file()}
    assert run.desk.ledger.inbox.counts()["all"] == 0
    run.restart()
    run.run().check()
    assert kept >= {str(r["sha256"]) for r in run.desk.ledger.rows("select sha256 from inbox")} & kept
    assert {str(r["sha256"]) for r in run.desk.ledger.rows("select sha256 from inbox")} <= {
        p.name for p in blobs.folder.rglob("*") if p.is_file()
    }


def test_the_ledger_is_written_by_one_thread_alone(tmp_path: Path) -> None:
    run = Intake(tmp_path)
    writers: set[int] = set()
    run.desk.ledger.db.conn.set_trace_callback(
        lambda sql: writers.add(threading.get_ident()) if sql.lower().lstrip().startswith(("insert", "update")) else None
    )
    run.run().check()
    assert writers == {threading.get_ident()}
