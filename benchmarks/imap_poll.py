"""What a look into the mailbox costs with 100 and with 100,000 messages in it, over real Dovecot.

Run: PYTHONPATH=src python benchmarks/imap_poll.py [MESSAGES]
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "contract"))
from dovecot_world import DovecotWorld  # noqa: E402
from mail_servers import MailServers  # noqa: E402

OFFICE = "plan@office.example"
LOOKS = 60


def looks(servers: MailServers, messages: int) -> dict[str, float]:
    """Milliseconds of an idle look, of one that finds a new mail, and of the first that lists all."""
    world = DovecotWorld(servers, OFFICE)
    try:
        world.receive(1)
        folder = servers.maildir(OFFICE) / "new"
        for n in range(messages - 1):
            (folder / f"1600000000.M{n}P1.x").write_bytes(b"Message-ID: <%d@x.example>\r\n\r\nx\r\n" % n)
        started = time.perf_counter()
        state = world.mailbox.new_messages("").state
        first = (time.perf_counter() - started) * 1000
        idle, found = [], []
        for n in range(LOOKS):
            started = time.perf_counter()
            assert not world.mailbox.new_messages(state).refs
            idle.append((time.perf_counter() - started) * 1000)
            if n % 6 == 0:
                world.receive(n + 2)
                started = time.perf_counter()
                listing = world.mailbox.new_messages(state)
                found.append((time.perf_counter() - started) * 1000)
                assert len(listing.refs) == 1
                state = listing.state
        return {"messages": messages, "all": first, "idle": statistics.median(idle), "new": statistics.median(found)}
    finally:
        world.close()


def main() -> None:
    servers = MailServers()
    try:
        small = looks(servers, 100)
        large = looks(servers, int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    finally:
        servers.stop()
    print(json.dumps({"small": small, "large": large, "idle": large["idle"] / small["idle"], "new": large["new"] / small["new"]}, indent=1))


if __name__ == "__main__":
    main()
