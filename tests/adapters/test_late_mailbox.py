"""One process at a time at the mailbox, one state folder a mailbox, and what the server said outlives the process."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from songthan.adapters.claim import claim_mailbox
from songthan.adapters.late_mailbox import LONGEST_WISH_S, LateMailbox
from songthan.domain.errors import EnvironmentNotReady, MailAmbiguous, MailAuthFailed, MailBusy

ADDRESS = "plan@office.example"


class Box:
    """A mailbox that answers what it is told to."""

    def __init__(self) -> None:
        self.answers: list[object] = []
        self.asked = 0

    def count(self) -> int:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else 7
        if isinstance(answer, Exception):
            raise answer
        return answer


class Time:
    def __init__(self) -> None:
        self.at, self.slept = 1_000_000.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.at += seconds


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def clock() -> Time:
    return Time()


def late(box: Box, folder: Path, clock: Time) -> LateMailbox:
    """A mailbox as every round of the office opens it anew."""
    return LateMailbox(lambda: box, folder, now=lambda: clock.at, sleep=clock.sleep)


def test_a_busy_servers_wish_holds_for_the_next_process_too(tmp_path, box, clock):
    box.answers = [MailBusy("x", back_off_s=90)]
    with pytest.raises(MailBusy):
        late(box, tmp_path, clock).count()
    with pytest.raises(MailBusy) as busy:
        late(box, tmp_path, clock).count()
    assert box.asked == 1 and 80 < busy.value.back_off_s <= 90 and busy.value.remedy
    clock.at += 80
    assert late(box, tmp_path, clock).count() == 7 and clock.slept == [10.0], "a short rest is waited for"
    assert late(box, tmp_path, clock).count() == 7 and box.asked == 3


def test_without_a_wish_the_next_process_may_ask_at_once(tmp_path, box, clock):
    box.answers = [MailBusy("x"), MailAmbiguous("x")]
    for kind in (MailBusy, MailAmbiguous):
        with pytest.raises(kind):
            late(box, tmp_path, clock).count()
    assert late(box, tmp_path, clock).count() == 7


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_jumped_does_not_silence_the_mailbox(tmp_path, box, clock, jump):
    box.answers = [MailBusy("x", back_off_s=1e9)]
    with pytest.raises(MailBusy):
        late(box, tmp_path, clock).count()
    clock.at += jump
    assert late(box, tmp_path, clock).count() == 7 and clock.slept == []
    assert LONGEST_WISH_S <= 3600


def test_a_refused_password_is_not_tried_by_the_next_process(tmp_path, box):
    box.answers = [MailAuthFailed("x")]
    for _ in range(3):
        with pytest.raises(MailAuthFailed):
            LateMailbox(lambda: box, tmp_path).count()
    assert box.asked == 1
    (tmp_path / "mailbox-refused").unlink()
    assert LateMailbox(lambda: box, tmp_path).count() == 7


def test_one_call_at_a_time(tmp_path):
    class Asking:
        """While it is asked, nobody else gets through the door; an error lets the next one in."""

        def count(self) -> None:
            with (tmp_path / "mailbox.lock").open("a") as door, pytest.raises(BlockingIOError):
                fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
            raise MailAmbiguous("x")

    for _ in range(2):
        with pytest.raises(MailAmbiguous):
            LateMailbox(Asking, tmp_path).count()
    with (tmp_path / "mailbox.lock").open("a") as door:
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)


# The claim

HOLD = """
import sys
from pathlib import Path
from songthan.adapters.claim import claim_mailbox
held = claim_mailbox(sys.argv[1], Path(sys.argv[2]), folder=Path(sys.argv[3]))
print("held", flush=True)
sys.stdin.readline()
"""


def holder(state: Path, folder: Path, address: str = ADDRESS) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, address, str(state), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_another_state_folder_is_told_whose_the_mailbox_is(tmp_path):
    ours, theirs, folder = tmp_path / "ours", tmp_path / "theirs", tmp_path / "claims"
    process = holder(ours, folder)
    try:
        for address in (ADDRESS, ADDRESS.upper()):
            with pytest.raises(EnvironmentNotReady) as refused:
                claim_mailbox(address, theirs, folder=folder)
            assert str(ours) in refused.value.th and refused.value.remedy and refused.value.exit_code == 3
        claim_mailbox(ADDRESS, ours, folder=folder).close()
        claim_mailbox("other@office.example", theirs, folder=folder).close()
        second = holder(ours, folder)
        end(process)
        with pytest.raises(EnvironmentNotReady):
            claim_mailbox(ADDRESS, theirs, folder=folder)
        end(second)
        with claim_mailbox(ADDRESS, theirs, folder=folder), pytest.raises(EnvironmentNotReady) as refused:
            claim_mailbox(ADDRESS, ours, folder=folder)
        assert str(theirs) in refused.value.th
    finally:
        end(process)


def test_a_broken_claim_is_nobodys(tmp_path):
    claim_mailbox(ADDRESS, tmp_path / "a", folder=tmp_path / "claims").close()
    (file,) = (tmp_path / "claims").iterdir()
    file.write_text("{half")
    claim_mailbox(ADDRESS, tmp_path / "b", folder=tmp_path / "claims").close()
    assert str(tmp_path / "b") in file.read_text()


def test_the_claim_is_made_before_the_mailbox_is_opened(tmp_path):
    def refused() -> None:
        raise EnvironmentNotReady("x")

    with pytest.raises(EnvironmentNotReady):
        LateMailbox(lambda: pytest.fail("opened"), tmp_path, claim=refused).count()
