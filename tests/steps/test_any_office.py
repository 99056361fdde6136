"""Whatever happens to an office, in any order, what `any_office.Life.look` says of its letters stays true."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from any_office import DEADLINES, PEOPLE, Life, a_plan
from desk import at
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

BASE = date(2023, 3, 1)

hours = st.sampled_from([1, 3, 16, 24, 72, 168, 500, -1, -24])
numbers = st.integers(0, 11)
people = st.integers(0, len(PEOPLE) - 1)
mornings = st.just(("morning",))
decisions = st.tuples(
    st.just("decide"), st.sampled_from(["waive", "reopen", "open_report", "reassign", "extend"]), numbers, people, st.integers(-2, 15)
)
steps = st.one_of(
    mornings, mornings, mornings, mornings,
    st.tuples(st.just("go"), hours),
    st.tuples(st.just("carry"), st.sampled_from([0, 1, 8, 48])),
    st.tuples(st.just("answer"), people, st.booleans()),
    st.just(("everybody_answers",)),
    st.tuples(st.just("out_of_office"), people, st.none() | st.integers(1, 20), st.sampled_from(["pass", "pass", "fail", "none"])),
    st.tuples(st.just("leave"), people, st.integers(-3, 10), st.integers(0, 12)),
    st.tuples(st.just("back"), people),
    decisions, decisions, st.just(("sign",)), st.just(("number",)),
    st.tuples(st.just("busy"), st.sampled_from(["send", "find", "save_draft", "attach", "new_messages", "move"]),
              st.sampled_from(["busy", "drop_before", "drop_after", "denied"]), st.integers(1, 30)),
    st.tuples(st.just("kill"), st.integers(1, 40)),
)  # fmt: skip


@st.composite
def plans(draw: st.DrawFn):
    dates = {}
    for deadline in DEADLINES[: draw(st.integers(1, 3))]:
        internal = BASE + timedelta(days=draw(st.integers(8, 20)))
        dates[deadline] = internal, internal + timedelta(days=draw(st.integers(0, 8)))
    off = draw(st.sets(st.integers(-10, 40), max_size=9))
    deputies = draw(st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), max_size=3))
    roles = draw(st.dictionaries(st.sampled_from(["head", "director", "acting_director"]), st.sampled_from(PEOPLE), max_size=2))
    return dates, {BASE + timedelta(days=n) for n in off}, {m: d for m, d in deputies.items() if m != d}, roles


@pytest.fixture(scope="module", autouse=True)
def no_fsync() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


#: A failing story is shown as it was found: making it shorter takes minutes. EXAMPLES=500 looks longer.
LOOK = settings(
    max_examples=int(os.environ.get("EXAMPLES", "20")), deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip


@LOOK
@given(plans(), st.lists(steps, min_size=10, max_size=40))
def test_whatever_happens(plan, story) -> None:
    with tempfile.TemporaryDirectory() as folder:
        life = Life(Path(folder), a_plan(*plan), at("2023-02-27 08:35"))
        life.morning()
        for step in story:
            life.do(step)
            life.look()
        life.end()
