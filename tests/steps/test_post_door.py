"""Two flows that carry the same mail at the same time: it goes out once."""

from __future__ import annotations

import functools
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from desk import Desk

from songthan.adapters.turnstile import turnstile
from songthan.domain.errors import MailBusy
from songthan.steps.letters import tell_secretary
from songthan.steps.post import post


class SlowMailbox:
    """Lets the first caller look for the mail and then waits with it until told to go on."""

    def __init__(self, real: object) -> None:
        self._real, self.looked, self.go = real, threading.Event(), threading.Event()

    def find(self, *keys: str) -> object:
        found = self._real.find(*keys)
        if not self.looked.is_set():
            self.looked.set()
            assert self.go.wait(20)
        return found

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)


def test_one_mail_carried_by_two_at_once_is_sent_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    slow = SlowMailbox(desk.mailbox)
    office = replace(desk.office, mailbox=slow, post_door=functools.partial(turnstile, tmp_path / "post.lock"))
    tell_secretary(office, key="k", title="t", what="w")
    results: list[bool] = []
    threads = [threading.Thread(target=lambda: results.append(post(office, "k"))) for _ in range(2)]
    threads[0].start()
    assert slow.looked.wait(20)
    threads[1].start()
    # the second waits at the door: it has not looked, let alone sent
    threads[1].join(0.3)
    assert threads[1].is_alive() and not desk.mailbox.deliveries
    slow.go.set()
    for thread in threads:
        thread.join(20)
    assert results == [True, True]
    assert [d.mail.key for d in desk.mailbox.deliveries] == ["k"]


def test_a_door_that_stays_shut_is_said_so(tmp_path: Path) -> None:
    with turnstile(tmp_path / "lock"), pytest.raises(MailBusy), turnstile(tmp_path / "lock", patience_s=0.1):
        raise AssertionError("went through")
    with turnstile(tmp_path / "lock", patience_s=0.1):
        pass
