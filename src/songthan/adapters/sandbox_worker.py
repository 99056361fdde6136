"""The child process in which files from outside are opened.

Started by `songthan.adapters.sandbox` as `python -m songthan.adapters.sandbox_worker LIMITS_JSON`. It limits itself
(memory, CPU, open files, no file writing, no network), then answers jobs until its standard input ends.

Protocol, both ways: u32 big-endian length, that many bytes of UTF-8 JSON, then the byte strings whose lengths the JSON
lists under «blobs». Request: `{"job", "args", "language", "file", "blobs": [n]}` (how the office reads; null: Thai).
With «file» true the payload is no byte string: an open, read-only descriptor comes over the socket of argv[2]; this
process never hears of a path. Reply: `{"ok": true, "answer", "blobs": [...]}` or
`{"ok": false, "error": "memory" | "unknown-job" | "exception", "detail"}`. No pickle: neither side runs what it reads.

A job is a function `job(payload: bytes, args: dict) -> tuple[dict, list[bytes]]` named in ALLOWED by dotted path; any
bytes-like object will do in its answer (a `memoryview` of the payload costs no copy).
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import json
import os
import resource
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import BinaryIO

from songthan.domain.language import from_json, use

ALLOWED = frozenset(
    {
        "songthan.adapters.assemble_pdf:exhibit_job",
        "songthan.adapters.assemble_pdf:seal_job",
        "songthan.adapters.import_docx:read_job",
        "songthan.adapters.parse_mail:parse_job",
        "songthan.adapters.read_exhibit:word_job",
        "songthan.adapters.read_office:identify_job",
        "songthan.adapters.read_office:read_job",
        "songthan.adapters.read_scan_sheet:compare_job",
        "songthan.adapters.read_scan_sheet:look_job",
        "songthan.adapters.read_scan_sheet:pages_job",
        "songthan.adapters.sign_pdf:verify_job",
    }
)

Job = Callable[[bytes, dict], tuple[dict, list[bytes]]]
_CLONE_NEWNET, _CLONE_NEWUSER, _PR_SET_NO_NEW_PRIVS = 0x40000000, 0x10000000, 38
_MAX_HEADER = 64 << 20
_PIECE = 1 << 16
Buffer = bytes | memoryview


def write_frame(stream: BinaryIO, header: dict, blobs: Sequence[Buffer]) -> None:
    """One message: the JSON `header` (its «blobs» is set here) and the byte strings."""
    data = json.dumps({**header, "blobs": [len(b) for b in blobs]}, ensure_ascii=False).encode("utf-8", "replace")
    stream.write(struct.pack(">I", len(data)))
    stream.write(data)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def read_frame(stream: BinaryIO, *, limit: int) -> tuple[dict, list[bytes]]:
    """The next message; EOFError when the other side is gone, ValueError when it is not one or is above `limit` bytes."""
    header, sizes = read_head(stream, limit=limit)
    return header, [_exactly(stream, n) for n in sizes]


def read_head(stream: BinaryIO, *, limit: int) -> tuple[dict, list[int]]:
    """The JSON of the next message and the lengths of the byte strings that follow it, which are not read yet."""
    (size,) = struct.unpack(">I", _exactly(stream, 4))
    if size > min(limit, _MAX_HEADER):
        raise ValueError("frame header too large")
    header = json.loads(_exactly(stream, size))
    sizes = header.get("blobs") if isinstance(header, dict) else None
    if not isinstance(sizes, list) or any(type(n) is not int or n < 0 for n in sizes) or sum(sizes) > limit:
        raise ValueError("frame blobs malformed or too large")
    return header, sizes


def read_pieces(stream: BinaryIO, size: int, write: Callable[[bytes], object]) -> None:
    """Hand `size` bytes of the stream to `write`, piece by piece; EOFError when they are not all there."""
    while size:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            raise EOFError
        write(piece)
        size -= len(piece)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise EOFError
    return data


def _limit(limits: dict) -> None:
    """Lower this process's rights for good; whatever the system does not allow is skipped, the rest still holds."""
    for name, value in (
        ("RLIMIT_AS", limits["memory_bytes"]),
        ("RLIMIT_NOFILE", limits["files"]),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    # As root a network namespace of one's own is enough; others need a user namespace for it, where that is allowed.
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    socket.socket = _NoSocket  # type: ignore[misc]
    socket.create_connection = socket.getaddrinfo = _no_network  # type: ignore[assignment]


class _NoSocket(socket.socket):
    """A class, because libraries derive from `socket.socket` while they are imported."""

    def __init__(self, *_: object, **__: object) -> None:
        _no_network()


def _no_network(*_: object, **__: object) -> None:
    raise OSError("no network in the sandbox")


def _cpu_for_one_job(seconds: int) -> None:
    """SIGXCPU ends the process once this job has used `seconds` more of CPU."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _received(control: socket.socket, limit: int) -> bytes:
    """What the file holds whose descriptor comes over `control`; ValueError when that is more than `limit` bytes."""
    _, handles, _, _ = socket.recv_fds(control, 1, 1)
    if len(handles) != 1:
        raise EOFError
    with os.fdopen(handles[0], "rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size > limit:
            raise ValueError("file too large")
        # one piece and one copy: the jobs search it with patterns
        return file.read()


def _run(allowed: frozenset[str], header: dict, payload: Callable[[], bytes]) -> tuple[dict, Sequence[Buffer]]:
    name = str(header.get("job"))
    if name not in allowed:
        return {"ok": False, "error": "unknown-job", "detail": name[:200]}, []
    module, _, function = name.partition(":")
    try:
        # what a job says of a file is read by the office's people
        use(from_json(header.get("language")))
        job: Job = getattr(importlib.import_module(module), function)
        answer, blobs = job(payload(), header.get("args") or {})
    except MemoryError:
        return {"ok": False, "error": "memory", "detail": ""}, []
    except Exception as error:  # the parent decides what a failed job means; a child never dies talking
        return {"ok": False, "error": "exception", "detail": f"{type(error).__name__}: {error}"[:500]}, []
    return {"ok": True, "answer": answer}, blobs


def serve(allowed: frozenset[str] = ALLOWED) -> None:
    """Limit this process by the JSON in argv[1], then answer jobs from standard input until it ends."""
    limits = json.loads(sys.argv[1])
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # made before `_limit` takes sockets away
    control = socket.socket(fileno=int(sys.argv[2]))
    # A library that prints must not speak into the protocol.
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    _limit(limits)
    while True:
        try:
            header, blobs = read_frame(requests, limit=limits["payload_bytes"] + _MAX_HEADER)
        except EOFError:
            return
        _cpu_for_one_job(limits["cpu_s"])
        if header.get("file") is True:
            reply, out = _run(allowed, header, functools.partial(_received, control, limits["file_bytes"]))
        else:
            reply, out = _run(allowed, header, functools.partial(next, iter(blobs), b""))
        blobs.clear()
        write_frame(replies, reply, out)
        # nothing of one file stays while the next is waited for
        del header, reply, out


if __name__ == "__main__":
    serve()
