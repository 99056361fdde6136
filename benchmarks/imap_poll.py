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
    """Milliseconds of an idle look, of one that finds a new mail, and of the first that lists all."""
    world = DovecotWorld(servers, OFFICE)
    hand = imapclient.IMAPClient("127.0.0.1", servers.imap, ssl=False)
    try:
        hand.login(servers.user(OFFICE), SECRET)
        for start in range(0, messages, 1000):
            hand.multiappend("INBOX", [mail(n) for n in range(start, min(start + 1000, messages))])
        started = time.perf_counter()
        state = world.mailbox.new_messages("").state
        first = (time.perf_counter() - started) * 1000
        idle, found = [], []
        for n in range(LOOKS):
            started = time.perf_counter()
            assert not world.mailbox.new_messages(state).refs
            idle.append((time.perf_counter() - started) * 1000)
            if n % 6 == 0:
                hand.append("INBOX", mail(messages + n))
                started = time.perf_counter()
                listing = world.mailbox.new_messages(state)
                found.append((time.perf_counter() - started) * 1000)
                assert len(listing.refs) == 1
                state = listing.state
        return {"messages": messages, "all": first, "idle": statistics.median(idle), "new": statistics.median(found)}
    finally:
        hand.shutdown()
        world.close()


def main() -> None:
    servers = MailServers(store="mdbox:~/mdbox")
    try:
        small = looks(servers, 100)
        large = looks(servers, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    finally:
        servers.stop()
    print(json.dumps({"small": small, "large": large, "idle": large["idle"] / small["idle"], "new": large["new"] / small["new"]}, indent=1))


if __name__ == "__main__":
    main()
