"""The rubric as a person reads it off the plan's lines 402-454: no number of it comes from rubric.toml or the domain."""

from __future__ import annotations

import copy
import itertools
from fractions import Fraction

from hypothesis import strategies as st

EXAMPLE = {
    "headcount": 48,
    "answers": {
        "c1": {"persons": 39},
        "c2": {"topics": 5},
        "c3": {"plan": True, "assignment": True, "committee": True},
        "c4": {"success_percent": "72.5"},
        "c5": {"evaluation": True, "improvement": True, "lessons": True},
        "c6": {"persons": True, "units": True, "publicised_inside": True, "channels": 2},
        "c7": {"success_percent": "91", "better_climate": True, "better_behaviour": True},
        "c8": {"documented_all": True, "media": 2},
        "c9": {"published_inside": True, "channels": 3},
    },
}
#: All nine criteria at two points: eighteen together.
TWOS = {
    "c1": {"persons": 30}, "c2": {"topics": 3}, "c3": {"committee": False}, "c4": {"success_percent": "60"},
    "c5": {"lessons": False}, "c6": {"channels": 0}, "c7": {"success_percent": "80", "better_behaviour": False},
    "c8": {"media": 1}, "c9": {"channels": 2},
}  # fmt: skip
#: Criterion → score → what must be there. A share is in percent of the headcount.
WANTS = {
    "c1": {1: {"persons": ("share", 40)}, 2: {"persons": ("share", 60)}, 3: {"persons": ("share", 80)}},
    "c2": {1: {"topics": 2}, 2: {"topics": 3}, 3: {"topics": 5}},
    "c3": {1: {"plan": 1}, 2: {"plan": 1, "assignment": 1}, 3: {"plan": 1, "assignment": 1, "committee": 1}},
    "c4": {1: {"success_percent": 50}, 2: {"success_percent": 60}, 3: {"success_percent": 70}},
    "c5": {
        1: {"evaluation": 1}, 2: {"evaluation": 1, "improvement": 1},
        3: {"evaluation": 1, "improvement": 1, "lessons": 1},
    },
    "c6": {
        1: {"persons": 1}, 2: {"persons": 1, "units": 1, "publicised_inside": 1},
        3: {"persons": 1, "units": 1, "publicised_inside": 1, "channels": 2},
    },
    "c7": {
        1: {"success_percent": 70}, 2: {"success_percent": 80, "better_climate": 1},
        3: {"success_percent": 90, "better_climate": 1, "better_behaviour": 1},
    },
    "c8": {1: {"documented_all": 1}, 2: {"documented_all": 1, "media": 1}, 3: {"documented_all": 1, "media": 2}},
    "c9": {1: {"published_inside": 1}, 2: {"published_inside": 1, "channels": 2}, 3: {"published_inside": 1, "channels": 3}},
}  # fmt: skip
#: Level → (how many criteria from the first on, each at least, together at least).
LEVELS = {1: (3, 1, 6), 2: (6, 2, 14), 3: (9, 2, 21)}


def changed(**criteria):
    document = copy.deepcopy(EXAMPLE)
    for criterion, answers in criteria.items():
        document["answers"][criterion] |= answers
    return document


def bettered(document, criterion, actions):
    """`document` with the answers of one criterion brought to what an improvement says."""
    new = copy.deepcopy(document)
    for key, to in actions.items():
        old = new["answers"][criterion][key]
        new["answers"][criterion][key] = True if isinstance(old, bool) else int(to) if isinstance(old, int) else str(to)
    return new


def stairs(value, *steps):
    """3, 2, 1 or 0 by the thresholds of 3, 2 and 1."""
    return next((3 - n for n, step in enumerate(steps) if value >= step), 0)


def chain(*flags):
    """How many of the flags hold from the first on without a gap."""
    return len(list(itertools.takewhile(bool, flags)))


def by_hand(document):
    """The nine scores as a person reads them off the plan."""
    a = document["answers"]
    c6, c7, c8, c9 = a["c6"], a["c7"], a["c8"], a["c9"]
    all_three = c6["persons"] and c6["units"] and c6["publicised_inside"]
    seven = Fraction(c7["success_percent"])
    return {
        "c1": stairs(Fraction(a["c1"]["persons"] * 100, document["headcount"]), 80, 60, 40),
        "c2": stairs(a["c2"]["topics"], 5, 3, 2),
        "c3": chain(a["c3"]["plan"], a["c3"]["assignment"], a["c3"]["committee"]),
        "c4": stairs(Fraction(a["c4"]["success_percent"]), 70, 60, 50),
        "c5": chain(a["c5"]["evaluation"], a["c5"]["improvement"], a["c5"]["lessons"]),
        "c6": 3 if all_three and c6["channels"] >= 2 else 2 if all_three else int(c6["persons"]),
        "c7": 3
        if seven >= 90 and c7["better_climate"] and c7["better_behaviour"]
        else 2
        if seven >= 80 and c7["better_climate"]
        else int(seven >= 70),
        "c8": c8["documented_all"] * (1 + min(c8["media"], 2)),
        "c9": c9["published_inside"] * (3 if c9["channels"] >= 3 else 2 if c9["channels"] == 2 else 1),
    }


def level_by_hand(scores):
    reached = 0
    for level, (count, each, together) in LEVELS.items():
        mine = [scores[f"c{i}"] for i in range(1, count + 1)]
        if min(mine) >= each and sum(mine) >= together:
            reached = level
    return reached


def todo_by_hand(document, criterion, score):
    """key → the value it must have, of what is still missing for `score` (0: nothing)."""
    found = {}
    for key, wanted in WANTS[criterion].get(score, {}).items():
        now = document["answers"][criterion][key]
        if isinstance(wanted, tuple):
            wanted = -(-wanted[1] * document["headcount"] // 100)
        if Fraction(now) < wanted:
            found[key] = Fraction(wanted)
    return found


def ways_by_hand(document, level, effort):
    """Every way to `level`: (points, things to do, criteria, effort) and the scores to reach, by trying them all."""
    scores = by_hand(document)
    count, each, together = LEVELS[level]
    ids = [f"c{i}" for i in range(1, count + 1)]
    for wanted in itertools.product(*(range(max(scores[c], each), 4) for c in ids)):
        if sum(wanted) < together:
            continue
        raised = {c: w for c, w in zip(ids, wanted, strict=True) if w > scores[c]}
        todo = {c: todo_by_hand(document, c, w) for c, w in raised.items()}
        effort_of_all = 0
        for c, actions in todo.items():
            for key, to in actions.items():
                now = document["answers"][c][key]
                counted = isinstance(now, int) and not isinstance(now, bool)
                effort_of_all += effort(c, key) * (int(to) - now if counted else 1)
        points = sum(w - scores[c] for c, w in raised.items())
        yield (points, sum(map(len, todo.values())), len(raised), effort_of_all), raised


PERCENTS = st.one_of(
    st.sampled_from(["0", "49.99", "50", "59.995", "60", "69.99", "69.999", "70", "79.999", "80", "89.995", "90", "100"]),
    st.decimals(0, 100, places=2).map(str),
)
FLAG = st.booleans()
COUNT = st.integers(0, 6)


@st.composite
def documents(draw, most=300):
    headcount = draw(st.integers(1, most))
    return {
        "headcount": headcount,
        "answers": {
            "c1": {"persons": draw(st.integers(0, headcount))},
            "c2": {"topics": draw(COUNT)},
            "c3": {k: draw(FLAG) for k in ("plan", "assignment", "committee")},
            "c4": {"success_percent": draw(PERCENTS)},
            "c5": {k: draw(FLAG) for k in ("evaluation", "improvement", "lessons")},
            "c6": {k: draw(FLAG) for k in ("persons", "units", "publicised_inside")} | {"channels": draw(COUNT)},
            "c7": {"success_percent": draw(PERCENTS), "better_climate": draw(FLAG), "better_behaviour": draw(FLAG)},
            "c8": {"documented_all": draw(FLAG), "media": draw(COUNT)},
            "c9": {"published_inside": draw(FLAG), "channels": draw(COUNT)},
        },
    }


@st.composite
def nearly_there(draw):
    """Answers of an office on its way: most flags hold, most counts suffice (level 0 would hide the higher ones)."""
    mostly = st.sampled_from([True, True, True, True, False])
    document = draw(documents())
    for criterion, answers in document["answers"].items():
        for key, value in answers.items():
            if isinstance(value, bool):
                answers[key] = draw(mostly)
            elif criterion == "c1" and draw(mostly):
                answers[key] = -(-6 * document["headcount"] // 10)
            elif isinstance(value, str) and draw(mostly):
                answers[key] = draw(st.sampled_from(["60", "69.99", "80", "89.995", "90"]))
    return document
