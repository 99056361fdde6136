"""`python -m songthan.practice.exchange`: serve until SIGTERM. Exit 2: wrong arguments or accounts; 3: port in use."""

import argparse
import contextlib
import errno
import json
import os
import signal
import sys
import threading
from pathlib import Path

from songthan.practice.exchange.accounts import read_accounts
from songthan.practice.exchange.authentication import Door
from songthan.practice.exchange.clock import ServerClock
from songthan.practice.exchange.errors import PracticeError
from songthan.practice.exchange.journal import Journal
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.schema import Schema
from songthan.practice.exchange.server import PracticeServer
from songthan.practice.exchange.store import Store
from songthan.practice.exchange.wire import Wire


def main(arguments: list[str] | None = None) -> int:
    """Run the server; prints one JSON line with its address when it listens."""
    parser = argparse.ArgumentParser(prog="songthan.practice.exchange", description="a practice Exchange on loopback")
    parser.add_argument("--db", type=Path, required=True, help="SQLite file; made if missing, gone on with if there")
    parser.add_argument("--accounts", type=Path, required=True, help="TOML: server_name, domains, [[mailboxes]]")
    parser.add_argument("--log", type=Path, required=True, help="JSON lines, a mirror of the log table")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--clock", type=Path, help="file with one ISO 8601 datetime: the simulated time")
    parser.add_argument("--control", action="store_true", help="open /practice/faults and /practice/counts")
    parser.add_argument("--auth", default="basic", help="how to log in: basic, ntlm, or basic,ntlm")
    parser.add_argument("--strict", type=Path, metavar="FOLDER", help="refuse what the messages.xsd in it refuses")
    parser.add_argument("--wire", type=Path, metavar="FILE", help="append every EWS request and answer as JSON lines")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    options = parser.parse_args(arguments)
    try:
        server = _open(options)
    except PracticeError as error:
        print(f"practice exchange: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            print(
                f"practice exchange: port {options.port} is in use on {options.host}; choose another", file=sys.stderr
            )
            return 3
        print(f"practice exchange: cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)
        return 2
    _serve(server, options.host, stop_with_stdin=options.stop_with_stdin)
    return 0


def _open(options: argparse.Namespace) -> PracticeServer:
    if options.host not in ("127.0.0.1", "::1", "localhost"):
        raise PracticeError(f"host {options.host!r} is not loopback; the practice server stays on this machine")
    if not 0 <= options.port <= 65535:
        raise PracticeError(f"port {options.port} is no port")
    accounts = read_accounts(options.accounts)
    clock = ServerClock(path=options.clock)
    clock.now()
    schema = None if options.strict is None else Schema(options.strict)
    schemes = tuple(name.strip().lower() for name in options.auth.split(","))
    door = Door(accounts=accounts, schemes=schemes, credentials=options.db.with_name(options.db.name + ".ntlm"))
    store = Store(path=options.db)
    journal = Journal(store=store, path=options.log, clock=clock)
    mailboxes = Mailboxes(store=store, journal=journal, accounts=accounts, clock=clock)
    try:
        return PracticeServer(
            address=(options.host, options.port),
            mailboxes=mailboxes,
            door=door,
            control=options.control,
            schema=schema,
            wire=None if options.wire is None else Wire(options.wire),
        )
    except BaseException:
        store.close()
        raise


def _serve(server: PracticeServer, host: str, *, stop_with_stdin: bool) -> None:
    stop = threading.Event()
    if stop_with_stdin:
        # a starter that is killed closes its end of the pipe: no orphan keeps the database
        threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    base = f"http://{host}:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(json.dumps({"url": f"{base}/EWS/Exchange.asmx", "base": base, "port": server.server_port}), flush=True)
    stop.wait()
    server.shutdown()
    server.server_close()
    with contextlib.suppress(PracticeError):
        server.mailboxes.store.close()


def _wait_for_end(stop: threading.Event) -> None:
    # os.read and not sys.stdin: a buffered reader's lock would abort the interpreter when it ends
    while os.read(0, 4096):
        pass
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
