"""What a poll of the mailbox costs when 100 and when 100,000 mails lie in it, on the practice Exchange of this machine.

    PYTHONPATH=src .venv/bin/python benchmarks/mail_poll.py [--large 100000] [--rounds 40]

Two mailboxes of one server, asked in turn: nothing new, one new mail (its bytes read too), the first listing, and the
search for one of our letters by its key among as many in Sent. The mails are laid into the server's database directly.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from songthan.adapters.exchange import ExchangeMailbox, ExchangeSettings
from songthan.domain.messages import OutgoingMail
from songthan.practice.exchange import start
from songthan.practice.exchange.store import Store

SMALL = 100
PASSWORD = "benchmark"
MAIL = "From: member@office.example\r\nTo: {to}\r\nSubject: answer {n}\r\nMessage-ID: <{n}@office.example>\r\n\r\nanswer {n}\r\n"


def accounts(addresses: dict[str, int]) -> str:
    head = 'server_name = "practice-exchange.example"\ndomains = ["office.example"]\n'
    box = '[[mailboxes]]\naddress = "{0}"\nname = "{0}"\npassword = "' + PASSWORD + '"\n'
    return head + "".join(box.format(address) for address in [*addresses, "member@office.example"])


def deliver(base: str, to: str, n: int) -> None:
    query = urllib.parse.urlencode({"to": to, "mail_from": "member@office.example", "auth": "pass"})
    raw = MAIL.format(to=to, n=n).encode()
    urllib.request.urlopen(f"{base}/practice/outside?{query}", data=raw, timeout=60).close()


def open_box(url: str, address: str) -> ExchangeMailbox:
    return ExchangeMailbox(
        ExchangeSettings(
            endpoint=url, username=address, password=PASSWORD, mailbox=address, domain="office.example", timeout_s=900.0
        )
    )


def fill(db: Path, sizes: dict[str, int]) -> None:
    """Copies of the one mail in each folder, until `size` lie there."""
    store = Store(path=db)
    columns = "mailbox, folder, is_draft, is_read, created, received, sent, modified, size, sha256, head, properties"
    with store.transaction():
        for address, size in sizes.items():
            for kind in ("inbox", "sentitems"):
                folder = store.distinguished(address, kind).id
                (first,) = store.row("SELECT MIN(id) FROM items WHERE folder = ?", (folder,))
                for n in range(size - 1):
                    change = store.next_change()
                    number = store.run(
                        f"INSERT INTO items ({columns}, change, created_change) SELECT {columns}, ?, ? FROM items WHERE id = ?",
                        (change, change, first),
                    )
                    store.run(
                        "UPDATE items SET properties = replace(properties, 'ask:first', ?) WHERE id = ?", (f"ask:{n}", number)
                    )
                    store.run("INSERT INTO mimes SELECT ?, mime FROM mimes WHERE item = ?", (number, first))
    store.close()


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args()
    sizes = {"small@office.example": SMALL, "large@office.example": options.large}
    with tempfile.TemporaryDirectory(prefix="songthan-poll-") as name:
        folder = Path(name)
        (folder / "accounts.toml").write_text(accounts(sizes), encoding="utf-8")
        with start(folder / "db", folder / "accounts.toml", folder / "log", control=True) as server:
            for address in sizes:
                deliver(server.base, address, 0)
                box = open_box(server.url, address)
                letter = OutgoingMail(key="ask:first", kind="request", to=("member@office.example",), subject="s", text="t", html="t")
                box.send(box.save_draft(letter))
                box.close()
        fill(folder / "db", sizes)
        with start(folder / "db", folder / "accounts.toml", folder / "log", control=True) as server:
            measure(server, sizes, options.rounds)


def measure(server: object, sizes: dict[str, int], rounds: int) -> None:
    boxes = {address: open_box(server.url, address) for address in sizes}
    table: dict[str, list[float]] = {}
    states: dict[str, str] = {}
    for address, box in boxes.items():

        def first(box: ExchangeMailbox = box, address: str = address) -> None:
            listing = box.new_messages("")
            assert len(listing.refs) == sizes[address], len(listing.refs)
            states[address] = listing.state

        table.setdefault("first listing", []).append(timed(first))
    nothing: dict[str, list[float]] = {address: [] for address in sizes}
    one: dict[str, list[float]] = {address: [] for address in sizes}
    for n in range(rounds):
        # in turn, and each time the other one first: what the machine does besides falls on both
        for address in sorted(sizes, reverse=bool(n % 2)):
            box = boxes[address]
            nothing[address].append(timed(lambda box=box, address=address: box.new_messages(states[address])))
            deliver(server.base, address, n + 1)
            one[address].append(timed(lambda box=box, address=address: take(box, address, states)))
    table["poll, nothing new"] = [statistics.median(nothing[address]) for address in sizes]
    table["poll, one new mail and its bytes"] = [statistics.median(one[address]) for address in sizes]
    for box in boxes.values():
        table.setdefault("find a letter by its key in Sent", []).append(
            statistics.median(timed(lambda box=box: box.find("ask:7")) for _ in range(3))
        )
    small, large = sizes.values()
    print(f"| ms | {small:,} mails | {large:,} mails | ratio |\n| --- | --- | --- | --- |")
    for what, (little, much) in table.items():
        print(f"| {what} | {little:.1f} | {much:.1f} | {much / little:.2f} |")


def take(box: ExchangeMailbox, address: str, states: dict[str, str]) -> None:
    listing = box.new_messages(states[address])
    (ref,) = listing.refs
    box.raw(ref, lambda piece: None)
    states[address] = listing.state


if __name__ == "__main__":
    main()
