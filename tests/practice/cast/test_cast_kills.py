"""Killed at every boundary of an act and started again, nobody does anything twice or forgets it."""

from collections import Counter
from datetime import datetime

import pytest
from practice_office import START, Office, person

from songthan.practice.cast import ews
from songthan.practice.cast.__main__ import Cast
from songthan.practice.cast.memory import Memory
from songthan.practice.cast.people import DEFAULT_HABITS, read_habits, read_people

pytestmark = pytest.mark.real
BOUNDARIES = [(Memory, "prepare"), (Memory, "gone"), (Memory, "finish"), (ews.Post, "send"), (ews, "deliver_outside")]


class Killed(BaseException):
    """Stands in for kill -9: nothing of the cast catches it."""


def cast_of(office: Office) -> Cast:
    return Cast(
        url=office.url, people=read_people(office.people), habits=read_habits(DEFAULT_HABITS),
        folder=office.folder / "cast", seed=1,
    )  # fmt: skip


def run_all(cast: Cast, now: datetime) -> None:
    while True:
        answer = cast.step(now)
        assert "error" not in answer, answer
        if answer["next"] is None:
            return
        now = datetime.fromisoformat(answer["next"])


def test_killed_everywhere(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    for member in ("m03", "m04", "m12", "m16"):
        office.ask(member)
    kills = 0
    for target, name in BOUNDARIES:
        for when in ("before", "after"):
            cast = cast_of(office)
            with monkeypatch.context() as patch:
                patch.setattr(target, name, _dying(getattr(target, name), when))
                try:
                    run_all(cast, START)
                except Killed:
                    kills += 1
            cast.close()
    cast = cast_of(office)
    run_all(cast, START)
    cast.close()
    counts = Counter(office.ids())
    assert kills >= 8
    assert sorted(counts.values()) == [1, 1, 1, 1, 2]
    senders = Counter(str(m["From"].addresses[0].addr_spec) for m in office.inbox())
    assert senders == {
        person("m03")["email"]: 1, person("m04")["email"]: 2, "m12.private@freemail.example": 1, person("m16")["email"]: 2
    }  # fmt: skip
    assert len({(t["token"], t["field"]) for t in office.typed()}) == len(office.typed()) == 48


def _dying(real, when: str):
    def call(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        raise Killed

    return call


def test_a_server_that_is_away_is_an_error_and_nothing_is_lost(office: Office) -> None:
    office.ask("m03")
    people = read_people(office.people)
    dead = Cast(url="http://127.0.0.1:9", people=people, habits=read_habits(DEFAULT_HABITS),
                folder=office.folder / "cast", seed=1)  # fmt: skip
    assert "FindItem" in dead.step(START)["error"]
    dead.close()
    cast = cast_of(office)
    run_all(cast, START)
    cast.close()
    assert len(office.ids()) == 1
