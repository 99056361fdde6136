"""A sandbox worker whose jobs misbehave, for tests/adapters/test_sandbox.py only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from songthan.adapters.sandbox_worker import serve

_kept: list[int] = []
_held: list[bytes] = []


def echo(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    print("a library that prints")
    return {"args": args, "pid": os.getpid(), "env": sorted(os.environ)}, [payload, payload[::-1]]


def spin(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    while True:
        pass


def hang(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    signal.pause()
    return {}, []


def hog(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    return {"size": len(bytearray(args["bytes"]))}, []


def keep(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Does not give its memory back."""
    _held.append(b"x" * args["bytes"])
    return {"pid": os.getpid()}, []


def die(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}, []


def die_when_used(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Crashes in a worker that has served a job before; a fresh worker answers."""
    _kept.append(1)
    if len(_kept) > 1:
        os._exit(3)
    return {"pid": os.getpid()}, [payload]


def fail(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    raise KeyError("no such part")


def lie(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    for fd in range(3, 20):
        try:
            os.write(fd, b"\xff\xff\xff\xff nonsense")
        except OSError:
            continue
    return {}, []


def write_file(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    with open(args["path"], "wb") as file:
        file.write(b"x" * 100)
    return {}, []


def connect(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    import _socket

    with_python = with_c = False
    try:
        import socket

        socket.create_connection(("127.0.0.1", args["port"]), timeout=2)
        with_python = True
    except OSError:
        pass
    try:
        raw = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        raw.connect(("127.0.0.1", args["port"]))
        with_c = True
    except OSError:
        pass
    return {"python": with_python, "c": with_c}, []


def orphan(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """Leaves a grandchild that holds the pipes open, and hangs."""
    subprocess.Popen([sys.executable, "-S", "-c", "import signal; signal.pause()"])
    signal.pause()
    return {}, []


if __name__ == "__main__":
    serve(
        frozenset(
            f"__main__:{name}"
            for name in (
                "echo",
                "spin",
                "hang",
                "hog",
                "keep",
                "die",
                "die_when_used",
                "fail",
                "lie",
                "write_file",
                "connect",
                "orphan",
            )
        )
    )
