"""The twin of the sandbox: the intake reads mails side by side, and PDFium in two threads of one process ends it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from songthan.testing.office import DirectRunner

JOB = f"{__name__}:meet"
_all_here = threading.Barrier(2)


def meet(payload: bytes, args: dict) -> tuple[dict, list[bytes]]:
    """A job that waits a moment for another one to run beside it, and says whether one did."""
    try:
        _all_here.wait(0.3)
    except threading.BrokenBarrierError:
        _all_here.reset()
        return {"alone": True}, []
    return {"alone": False}, []


def test_one_job_at_a_time_whoever_runs_it() -> None:
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda n: DirectRunner().run(JOB, b"", {})[0], range(2)))
    assert answers == [{"alone": True}] * 2
