"""Mail in and out, side by side with the bare loops: rates and ratios of one run on one machine.

    .venv/bin/python benchmarks/mail.py [intake] [server] [old] [send] [memory]

Every mail carries a form of 40 KB (three pages of F3, valid, no two alike). Without words everything is measured.
"""

from __future__ import annotations

import email
import email.policy
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from mail_world import NOW, answers, asked_office, cpu_seconds, deliver_outside, fill_ledger, load, practice
from rich.console import Console
from rich.table import Table

from songthan.steps.office import Office
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import MemoryMailbox

MAILS, OLD = 300, 20_000


def bare(folder: Path, mails: Sequence[tuple[str, bytes]]) -> float:
    """Seconds of the plainest loop that keeps mail durably and takes it apart with Python's own parser."""
    folder.mkdir()
    started = time.perf_counter()
    for n, (_, raw) in enumerate(mails):
        with open(folder / str(n), "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        message = email.message_from_bytes(raw, policy=email.policy.default)
        assert [part.get_payload(decode=True) for part in message.iter_attachments()]
    return time.perf_counter() - started


def take_in(office: Office, number: int) -> tuple[float, float, float]:
    """(seconds of storing, seconds of everything, CPU seconds of everything) for the mails that lie in the mailbox."""
    started, used = time.perf_counter(), cpu_seconds()
    assert fetch_new(office) == number
    stored = time.perf_counter() - started
    assert settle_all(office) == number
    whole, used = time.perf_counter() - started, cpu_seconds() - used
    counts = office.ledger.inbox.counts()
    assert counts.get("accept", 0) >= number, (counts, office.ledger.inbox.latest(1)[0]["reason"])
    return stored, whole, used


def warm(office: Office, mails: Sequence[tuple[str, bytes]], twin: MemoryMailbox | None) -> None:
    """The first mail of all starts the sandbox's workers and reads the templates."""
    if twin is not None:
        put(twin, mails)
    fetch_new(office)
    settle_all(office)


def put(twin: MemoryMailbox, mails: Sequence[tuple[str, bytes]]) -> None:
    for n, (_, raw) in enumerate(mails):
        twin.receive(raw, received=NOW + timedelta(seconds=n))


def intake(folder: Path, *, old: int = 0) -> tuple[float, float, float, float]:
    """Mails a second over the twin: (storing, everything, the bare loop), and milliseconds of CPU for one."""
    twin = MemoryMailbox(domain="bfa.example")
    office = asked_office(folder / "state", twin)
    if old:
        fill_ledger(office, old)
    mails = list(answers(office, MAILS + 4))
    warm(office, mails[MAILS:], twin)
    put(twin, mails[:MAILS])
    stored, whole, used = take_in(office, MAILS)
    return MAILS / stored, MAILS / whole, MAILS / bare(folder / "bare", mails[:MAILS]), 1000 * used / MAILS


def intake_from_server(folder: Path) -> tuple[float, float]:
    """Mails a second over the practice server, by exchangelib: (storing, everything)."""
    with practice(folder / "server") as (server, mailbox):
        office = asked_office(folder / "state", mailbox)
        mails = list(answers(office, MAILS + 4, authenticated=False))
        deliver_outside(server, mails[MAILS:])
        warm(office, (), None)
        deliver_outside(server, mails[:MAILS])
        stored, whole, _ = take_in(office, MAILS)
    return MAILS / stored, MAILS / whole


def main(wanted: Sequence[str]) -> None:
    table = Table(title=f"mail with a form of 40 KB, {MAILS} of them, one run; load before {load()}")
    for column in ("what", "per second", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right")
    with tempfile.TemporaryDirectory(prefix="songthan-bench-") as name:
        folder = Path(name)
        if not wanted or "intake" in wanted:
            stored, whole, floor, used = intake(folder / "twin")
            table.add_row("in: store, take apart, identify, read, route, act, move (twin)", f"{whole:.0f}", f"{whole / floor:.2f} × the bare loop; {used:.1f} ms CPU each")
            table.add_row("in: store only", f"{stored:.0f}", f"{stored / floor:.2f} × the bare loop")
            table.add_row("floor: write, fsync, Python's email parser", f"{floor:.0f}", "1")
        if not wanted or "old" in wanted:
            _, with_old, floor, used = intake(folder / "old", old=OLD)
            table.add_row(f"in: the same on a ledger of {OLD:,} mails", f"{with_old:.0f}", f"{with_old / floor:.2f} × the bare loop; {used:.1f} ms CPU each")
        if not wanted or "server" in wanted:
            stored, whole = intake_from_server(folder / "exchange")
            table.add_row("in: the same from the practice server (HTTP)", f"{whole:.0f}", f"store only {stored:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
