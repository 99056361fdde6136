"""Mail in and out, side by side with the bare loops: rates and ratios of one run on one machine.

    .venv/bin/python benchmarks/mail.py [intake] [old] [server] [send]

Every mail carries a form of 40 KB (three pages of F3, valid, no two alike). Without words everything is measured.
"""

from __future__ import annotations

import email
import email.policy
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from mail_sending import sending
from mail_world import NOW, answers, asked_office, cpu_seconds, deliver_outside, fill_ledger, load, practice
from rich.console import Console
from rich.table import Table

from songthan.steps.office import Office
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import MemoryMailbox

MAILS, OLD, SENT = 300, 20_000, 20


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


def rows(wanted: Sequence[str], folder: Path) -> Iterator[tuple[str, str, str]]:
    if "intake" in wanted:
        stored, whole, floor, used = intake(folder / "twin")
        yield "in: store, take apart, identify, read, route, act, move", f"{whole:.0f}", f"{whole / floor:.2f} × the bare loop"
        yield "    CPU of one, office and sandbox together", f"{used:.1f} ms", ""
        yield "in: store only", f"{stored:.0f}", f"{stored / floor:.2f} × the bare loop"
        yield "bare loop: write, fsync, Python's email parser", f"{floor:.0f}", "1"
    if "old" in wanted:
        _, whole, floor, used = intake(folder / "old", old=OLD)
        yield f"in: all of it on a ledger of {OLD:,} mails", f"{whole:.0f}", f"{whole / floor:.2f} × the bare loop"
        yield "    CPU of one", f"{used:.1f} ms", ""
    if "server" in wanted:
        stored, whole = intake_from_server(folder / "exchange")
        yield "in: all of it from the practice server (HTTP)", f"{whole:.0f}", f"store only {stored:.0f} a second"
    if "send" in wanted:
        ours, single, plain = sending(folder / "send", SENT)
        yield f"out: {SENT} letters written together", f"{ours:.1f}", f"{ours / plain:.2f} × bare"
        yield "out: one mail at a time (look, draft, file, send, look)", f"{single:.1f}", f"{single / plain:.2f} × bare"
        yield "bare exchangelib: draft, file, send", f"{plain:.1f}", "1"


def main(wanted: Sequence[str]) -> None:
    table = Table(title=f"Mail with a form of 40 KB, {MAILS} of them, one run; load before it {load()}")
    for column in ("what", "per second", "ratio"):
        table.add_column(column, justify="left" if column == "what" else "right", no_wrap=True)
    with tempfile.TemporaryDirectory(prefix="songthan-bench-") as name:
        for row in rows(wanted or ("intake", "old", "server", "send"), Path(name)):
            table.add_row(*row)
    Console(width=110).print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
