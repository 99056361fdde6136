"""Opens files from outside in limited child processes: memory, CPU and wall-clock limits, no network, no file writing.

`Sandbox.run(job, payload, args)` sends one job to a pooled worker (`songthan.adapters.sandbox_worker`, which holds the
allow-list of jobs) and returns its JSON answer and byte strings. A worker serves some jobs and is then replaced; after
any failure it is killed at once with its whole process group.

A file is never read here: the worker gets an open, read-only descriptor of it, and what it sends back is handed on in
pieces (`keep`). So a large mail costs this process nothing.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import songthan
from songthan.adapters.sandbox_worker import read_head, read_pieces, write_frame
from songthan.domain.errors import ReadRefused
from songthan.domain.language import as_json, current, phrase, say

__all__ = ["Keep", "Kept", "Limits", "Sandbox", "SandboxFailed"]

#: Takes one byte string of an answer: calls its argument with a `write`; what it returns comes back (`Blobs.receive`).
Keep = Callable[[Callable[[Callable[[bytes], object]], object]], str]

_SENTENCES = {
    "sandbox-timeout": phrase("เปิดไฟล์นี้ไม่เสร็จภายในเวลาที่กำหนด ระบบจึงไม่อ่านต่อเพื่อความปลอดภัย"),
    "sandbox-memory": phrase("ไฟล์นี้ต้องใช้หน่วยความจำเกินกำหนด ระบบจึงไม่อ่านต่อเพื่อความปลอดภัย"),
    "sandbox-crash": phrase("เปิดไฟล์นี้ไม่สำเร็จ เนื้อไฟล์อาจเสียหายหรือผิดรูปแบบ"),
    "sandbox-size": phrase("ไฟล์นี้มีขนาดใหญ่เกินกำหนด ระบบจึงไม่เปิดอ่าน"),
}


_PAGE = os.sysconf("SC_PAGE_SIZE")


class SandboxFailed(ReadRefused):
    """A job in the sandbox did not come back with an answer; `code` is sandbox-timeout, -memory, -crash or -size."""

    def __init__(self, code: str, *, detail: str = "") -> None:
        self.detail = detail
        super().__init__(
            say(_SENTENCES[code]), code=code, remedy=say("โปรดเปิดไฟล์ใน Word แล้วบันทึกใหม่เป็น .docx หรือเปิดตรวจด้วยตนเอง")
        )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One byte string of an answer that was handed on: what `keep` said of it, and how many bytes it had."""

    name: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one worker may use. Bytes and seconds.

    `payload_bytes` go through the pipe, `file_bytes` are read from a file by the worker itself. A worker is replaced after `jobs` jobs, or when it holds more than `keep_bytes` of memory after one.
    """

    memory_bytes: int = 768 << 20
    cpu_s: int = 20
    wall_s: float = 30.0
    files: int = 64
    payload_bytes: int = 64 << 20
    file_bytes: int = 160 << 20
    answer_bytes: int = 192 << 20
    jobs: int = 400
    keep_bytes: int = 128 << 20


class _Worker:
    """One child process and its two pipes."""

    def __init__(self, command: Sequence[str], limits: Limits) -> None:
        # Only what Python needs: settings and secrets of the office stay out of the child's environment.
        env = {
            "PYTHONPATH": str(Path(songthan.__file__).parents[1]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1",
            "LANG": "C.UTF-8",
            "MALLOC_ARENA_MAX": "2",
        }
        told = {name: getattr(limits, name) for name in ("memory_bytes", "cpu_s", "files", "payload_bytes", "file_bytes")}
        self.jobs, self.thread = 0, 0
        self._limits = limits
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-s", "-P", *command, json.dumps(told), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=env,
                start_new_session=True,
                pass_fds=(theirs.fileno(),),
            )

    def ask(self, job: str, payload: bytes | BinaryIO, args: dict, keep: Keep | None) -> tuple[dict, list]:
        """Send one job and wait; SandboxFailed when the worker died, hung or said it failed.

        The byte strings as they are, or (with `keep`) a Kept for each. What `keep` raises comes through.
        """
        gate, state = threading.Lock(), {"finished": False, "late": False}

        def too_late() -> None:
            with gate:
                if not state["finished"]:
                    state["late"] = True
                    self.kill()

        timer = threading.Timer(self._limits.wall_s, too_late)
        timer.daemon = True
        timer.start()
        try:
            self._send({"job": job, "args": args, "language": as_json(current())}, payload)
            reply, sizes = read_head(self._process.stdout, limit=self._limits.answer_bytes)
            answer = self._judged(job, reply)
            blobs = [self._blob(size, keep) for size in sizes]
        except (OSError, EOFError, ValueError) as error:
            with gate:
                state["finished"] = True
            raise SandboxFailed(self._why(late=state["late"]), detail=type(error).__name__) from None
        finally:
            with gate:
                state["finished"] = True
            timer.cancel()
        self.jobs += 1
        return answer, blobs

    def _send(self, header: dict, payload: bytes | BinaryIO) -> None:
        if isinstance(payload, bytes):
            write_frame(self._process.stdin, header, [payload])
            return
        write_frame(self._process.stdin, {**header, "file": True}, [])
        socket.send_fds(self._control, [b"f"], [payload.fileno()])

    def _blob(self, size: int, keep: Keep | None) -> bytes | Kept:
        if keep is not None:
            return Kept(name=keep(functools.partial(read_pieces, self._process.stdout, size)), size=size)
        pieces: list[bytes] = []
        read_pieces(self._process.stdout, size, pieces.append)
        return b"".join(pieces)

    def _why(self, *, late: bool) -> str:
        """The code for a worker that went away: a CPU limit counts as time, like the parent's clock."""
        if late:
            return "sandbox-timeout"
        self.kill()
        return "sandbox-timeout" if self._process.returncode == -signal.SIGXCPU else "sandbox-crash"

    @staticmethod
    def _judged(job: str, reply: dict) -> dict:
        if reply.get("ok") is True and isinstance(reply.get("answer"), dict):
            return reply["answer"]
        if reply.get("error") == "unknown-job":
            raise LookupError(f"the sandbox knows no job {job!r}")
        code = "sandbox-memory" if reply.get("error") == "memory" else "sandbox-crash"
        raise SandboxFailed(code, detail=str(reply.get("detail", ""))[:500])

    def alive(self) -> bool:
        return self._process.poll() is None

    def worn(self) -> bool:
        """Has it served its jobs, or grown too large to be kept?"""
        if self.jobs >= self._limits.jobs:
            return True
        try:
            with open(f"/proc/{self._process.pid}/statm", "rb") as file:
                pages = int(file.read().split()[1])
        except (OSError, ValueError, IndexError):
            return False
        return pages * _PAGE > self._limits.keep_bytes

    def kill(self) -> None:
        """End the worker and everything it started; safe to call twice."""
        if self._process.poll() is None:
            # Give a process that is dying by its own signal (CPU limit) the moment to say so.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=0.05)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process.poll() is None:
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._control):
            with contextlib.suppress(OSError):
                pipe.close()


class Sandbox:
    """A small pool of limited workers; safe to use from several threads. Close it (or use `with`) at the end.

    `worker` is the Python command line of the child; tests give one with hostile jobs.
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        size: int = 2,
        worker: Sequence[str] = ("-m", "songthan.adapters.sandbox_worker"),
    ) -> None:
        self.limits = limits or Limits()
        self._worker = tuple(worker)
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def run(
        self, job: str, payload: bytes | Path, args: dict | None = None, *, keep: Keep | None = None
    ) -> tuple[dict, list]:
        """Run the allowed `job` («module:function») on `payload`, bytes or a file; its JSON answer and its byte strings.

        With `keep` (`Blobs.receive`) the byte strings go there in pieces, and a Kept stands for each.
        SandboxFailed when the job crashed, hung or asked for too much; LookupError when the allow-list lacks the job; what
        `keep` raises, and OSError for a file that cannot be opened. A crash in a worker that had served other files before
        is tried once more in a fresh one, so that one file's leavings never speak against another.
        """
        if isinstance(payload, Path):
            with open(payload, "rb", buffering=0) as file:
                return self._run(job, file, args or {}, keep)
        return self._run(job, payload, args or {}, keep)

    def _run(self, job: str, payload: bytes | BinaryIO, args: dict, keep: Keep | None) -> tuple[dict, list]:
        if isinstance(payload, bytes):
            too_large = len(payload) > self.limits.payload_bytes
        else:
            too_large = os.fstat(payload.fileno()).st_size > self.limits.file_bytes
        if too_large:
            raise SandboxFailed("sandbox-size")
        with self._places:
            worker = self._take()
            used = worker.jobs > 0
            try:
                return self._ask(worker, job, payload, args, keep)
            except SandboxFailed as failure:
                if not used or failure.code == "sandbox-timeout":
                    raise
            if not isinstance(payload, bytes):
                # the first worker shared this descriptor's place in the file
                payload.seek(0)
            return self._ask(_Worker(self._worker, self.limits), job, payload, args, keep)

    def _ask(
        self, worker: _Worker, job: str, payload: bytes | BinaryIO, args: dict, keep: Keep | None
    ) -> tuple[dict, list]:
        try:
            result = worker.ask(job, payload, args, keep)
        except BaseException:
            worker.close()
            raise
        if worker.worn():
            worker.close()
        else:
            with self._lock:
                worker.thread = threading.get_ident()
                self._idle.append(worker)
        return result

    def _take(self) -> _Worker:
        """An idle worker, best the one that served this thread last: it may still know the file it is asked about."""
        me = threading.get_ident()
        with self._lock:
            self._idle.sort(key=lambda worker: worker.thread == me)
            while self._idle:
                worker = self._idle.pop()
                if worker.alive():
                    return worker
                worker.close()
        return _Worker(self._worker, self.limits)

    def close(self) -> None:
        """End every idle worker. The sandbox can still be used afterwards: new ones are started."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
