"""What a look into the mailbox costs with 100 and with 100,000 messages in it, over real Dovecot (its mdbox store: in a
Maildir the server itself reads a list of all messages whenever one comes).

Run: PYTHONPATH=src python benchmarks/imap_poll.py [MESSAGES]
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

import imapclient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "contract"))
from dovecot_world import DovecotWorld
from mail_servers import SECRET, MailServers

OFFICE = "plan@office.example"
LOOKS = 60


def mail(n: int) -> bytes:
    return b"From: a@office.example\r\nMessage-ID: <%d@office.example>\r\n\r\nx\r\n" % n


def looks(servers: MailServers, messages: int) -> dict[str, float]:
    """Milliseconds of an idle look, of one that finds a new mail, of the first that lists all, and of a bare NOOP on another
    connection that tells it of the new mail: what the server itself takes to bring an open folder up to date."""
    world = DovecotWorld(servers, OFFICE)
    hand, bare = (imapclient.IMAPClient("127.0.0.1", servers.imap, ssl=False) for _ in range(2))
    try:
        hand.login(servers.user(OFFICE), SECRET)
        bare.login(servers.user(OFFICE), SECRET)
        for start in range(0, messages, 1000):
            hand.multiappend("INBOX", [mail(n) for n in range(start, min(start + 1000, messages))])
        started = time.perf_counter()
        state = world.mailbox.new_messages("").state
        first = (time.perf_counter() - started) * 1000
        bare.select_folder("INBOX", readonly=True)
        idle, found, told = [], [], []
        for n in range(LOOKS):
            started = time.perf_counter()
            assert not world.mailbox.new_messages(state).refs
            idle.append((time.perf_counter() - started) * 1000)
            if n % 6 == 0:
                hand.append("INBOX", mail(messages + n))
                hand.noop()  # its process has written everything then
                started = time.perf_counter()
                bare.noop()
                told.append((time.perf_counter() - started) * 1000)
                started = time.perf_counter()
                listing = world.mailbox.new_messages(state)
                found.append((time.perf_counter() - started) * 1000)
                assert len(listing.refs) == 1
                state = listing.state
        middle = {"idle": statistics.median(idle), "new": statistics.median(found), "noop": statistics.median(told)}
        return {"messages": messages, "all": first, **middle}
    finally:
        hand.shutdown()
        bare.shutdown()
        world.close()


def main() -> None:
    servers = MailServers(store="mdbox:~/mdbox")
    try:
        small = looks(servers, 100)
        large = looks(servers, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    finally:
        servers.stop()
    ratios = {name: large[name] / small[name] for name in ("idle", "new", "noop")}
    ratios["new without the server's NOOP"] = (large["new"] - large["noop"]) / (small["new"] - small["noop"])
    print(json.dumps({"small": small, "large": large, "ratios": ratios}, indent=1))


if __name__ == "__main__":
    main()
