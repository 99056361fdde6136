"""The sandbox keeps its promises: limits hold, failures are named, the next file is read by a healthy worker."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from songthan.adapters.sandbox import Limits, Sandbox, SandboxFailed
from songthan.adapters.sandbox_worker import ALLOWED, read_frame, write_frame

WORKER = (str(Path(__file__).with_name("hostile_worker.py")),)


@pytest.fixture(scope="module")
def sandbox():
    limits = Limits(wall_s=6.0, cpu_s=1, memory_bytes=256 << 20, payload_bytes=1 << 20, jobs=5)
    with Sandbox(limits=limits, worker=WORKER) as box:
        yield box


def failed(sandbox: Sandbox, job: str, **args: object) -> SandboxFailed:
    with pytest.raises(SandboxFailed) as caught:
        sandbox.run(f"__main__:{job}", b"", args)
    return caught.value


def test_an_answer_and_bytes_come_back_and_printing_does_not_disturb(sandbox):
    answer, blobs = sandbox.run("__main__:echo", b"\x00\xffabc", {"name": "แบบ.docx"})
    assert answer["args"] == {"name": "แบบ.docx"}
    assert blobs == [b"\x00\xffabc", b"cba\xff\x00"]


def test_the_offices_environment_stays_outside(sandbox, monkeypatch):
    monkeypatch.setenv("SONGTHAN_TEST_SECRET", "x")
    sandbox.close()
    answer, _ = sandbox.run("__main__:echo", b"")
    assert "SONGTHAN_TEST_SECRET" not in answer["env"]


def test_a_worker_is_reused_and_then_replaced(sandbox):
    sandbox.close()
    pids = [sandbox.run("__main__:echo", b"")[0]["pid"] for _ in range(6)]
    assert len(set(pids[:5])) == 1
    assert pids[5] != pids[0]


def test_a_worker_that_has_grown_is_replaced():
    with Sandbox(limits=Limits(keep_bytes=80 << 20), worker=WORKER) as box:
        first = box.run("__main__:echo", b"")[0]["pid"]
        assert box.run("__main__:keep", b"", {"bytes": 100 << 20})[0]["pid"] == first
        assert box.run("__main__:echo", b"")[0]["pid"] != first


def test_endless_work_ends_by_the_cpu_limit(sandbox):
    started = time.monotonic()
    assert failed(sandbox, "spin").code == "sandbox-timeout"
    assert time.monotonic() - started < 5.5


@pytest.mark.parametrize("job", ["hang", "orphan"])
def test_a_hanging_job_is_killed_with_its_group(job):
    with Sandbox(limits=Limits(wall_s=0.8), worker=WORKER) as box:
        assert failed(box, job).code == "sandbox-timeout"


@pytest.mark.parametrize(
    ("job", "args", "code"),
    [
        ("hog", {"bytes": 1 << 30}, "sandbox-memory"),
        ("die", {}, "sandbox-crash"),
        ("fail", {}, "sandbox-crash"),
        ("lie", {}, "sandbox-crash"),
    ],
)
def test_failures_are_named_and_the_next_job_is_served(sandbox, job, args, code):
    error = failed(sandbox, job, **args)
    assert error.code == code
    assert error.th and error.remedy
    assert sandbox.run("__main__:echo", b"ok")[1][0] == b"ok"


def test_a_crash_in_a_used_worker_is_tried_again_in_a_fresh_one(sandbox):
    sandbox.close()
    first = sandbox.run("__main__:die_when_used", b"")[0]["pid"]
    second = sandbox.run("__main__:die_when_used", b"")[0]["pid"]
    assert first != second


def test_no_file_is_written(sandbox, tmp_path):
    target = tmp_path / "out"
    assert failed(sandbox, "write_file", path=str(target)).code == "sandbox-crash"
    assert not target.exists() or target.stat().st_size == 0


def test_no_network_from_python(sandbox):
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer, _ = sandbox.run("__main__:connect", b"", {"port": server.getsockname()[1]})
    assert answer["python"] is False
    if os.geteuid() == 0:
        assert answer["c"] is False


def test_too_large_is_not_even_sent(sandbox):
    with pytest.raises(SandboxFailed) as caught:
        sandbox.run("__main__:echo", b"x" * ((1 << 20) + 1))
    assert caught.value.code == "sandbox-size"


def test_only_jobs_of_the_allow_list_run(sandbox):
    with pytest.raises(LookupError, match="knows no job"):
        sandbox.run("os:getcwd", b"")
    assert "songthan.adapters.parse_mail:parse_job" in ALLOWED


def test_threads_share_the_pool(sandbox):
    got: list[bytes] = []
    threads = [
        threading.Thread(target=lambda i=i: got.append(sandbox.run("__main__:echo", bytes([i]))[1][0]))
        for i in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [bytes([i]) for i in range(6)]


def test_frames_refuse_lies():
    stream = io.BytesIO()
    write_frame(stream, {"ok": True}, [b"ab", b""])
    assert read_frame(io.BytesIO(stream.getvalue()), limit=100) == ({"ok": True, "blobs": [2, 0]}, [b"ab", b""])
    for bad in (struct.pack(">I", 1 << 30), struct.pack(">I", 2) + b"[]", struct.pack(">I", 14) + b'{"blobs":[-1]}'):
        with pytest.raises(ValueError):
            read_frame(io.BytesIO(bad), limit=100)
    with pytest.raises(EOFError):
        read_frame(io.BytesIO(b"\x00\x00"), limit=100)
