"""Starting the practice Exchange as a child process, and reading its log."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from songthan.practice.exchange.errors import PracticeError

STOP_SECONDS = 10


@dataclass(kw_only=True)
class RunningExchange:
    """A practice Exchange in a process of its own; stop it, or use it as a context manager."""

    url: str
    base: str
    port: int
    process: subprocess.Popen

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.process.pid

    def stop(self) -> None:
        """SIGTERM and wait; SIGKILL after ten seconds. Stopping twice is harmless."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        _close_pipes(self.process)

    def __enter__(self) -> "RunningExchange":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _close_pipes(process: subprocess.Popen) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def start(
    db: Path,
    accounts: Path,
    log: Path,
    clock: Path | None = None,
    control: bool = False,
    port: int = 0,
    outlive: bool = False,
    auth: str = "basic",
    strict: Path | None = None,
    wire: Path | None = None,
) -> RunningExchange:
    """Start a server on loopback and wait until it listens; PracticeError carries its one line of complaint.

    It ends with the process that started it, killed or not, unless `outlive` is True. `auth`, `strict` and `wire` are
    the command's options of those names.
    """
    command = [
        sys.executable,
        "-m",
        "songthan.practice.exchange",
        "--db",
        str(db),
        "--accounts",
        str(accounts),
        "--log",
        str(log),
        "--port",
        str(port),
    ]
    command += ["--auth", auth]
    for option, value in (("--clock", clock), ("--strict", strict), ("--wire", wire)):
        if value is not None:
            command += [option, str(value)]
    if control:
        command.append("--control")
    if not outlive:
        command.append("--stop-with-stdin")
    errors = Path(str(db) + ".stderr")
    with errors.open("wb") as complaints:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if outlive else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=outlive,
        )
    line = process.stdout.readline()
    try:
        return RunningExchange(process=process, **json.loads(line))
    except ValueError as error:
        process.wait()
        _close_pipes(process)
        complaint = errors.read_text(encoding="utf-8", errors="replace").strip()
        raise PracticeError(f"the practice Exchange did not start (exit {process.returncode}): {complaint}") from error


def read_log(path: Path) -> list[dict]:
    """All events of a log file in their order; a line still being written is left out."""
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in whole.split(b"\n") if line]
