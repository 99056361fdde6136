"""Another office's play: its words, its dates, its answers; and what is typed where nobody was told."""

from datetime import date
from pathlib import Path

import contract_paper
import pytest

from songthan.practice.cast import script
from songthan.practice.cast.answers import compose
from songthan.practice.cast.filler import FIRST_BOX, Form
from songthan.practice.cast.letters import Letter, thai_date
from songthan.practice.cast.people import habits_of
from songthan.practice.cast.replies import type_into, whole_form
from songthan.practice.cast.script import CastError, Script, digits, read_script, tell
from songthan.practice.cast.whole import compose_whole

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "ST-7K3D-9QXA-M2PV"
PLAY = {
    "words": {"ส่งแล้วค่ะ": "Sent.", "จัดแล้ว": "held"},
    "answers": {"percent": ["72.5 %"], "done": ["Held the course"], "reason": ["The yard was closed"]},
    "whole": {"review": {"trained": "34 persons", "lessons.lesson": ["Ask twice"], "checked": "yes"}},
    "habits": {"p4": "corrects"},
    "corrects": {"p4": "percent"},
}


@pytest.fixture(autouse=True)
def own_play_again():
    yield
    script.use(Script())


def letter(text: str) -> Letter:
    return Letter(
        key="k", sender="a@office.example", reply_to="", subject="", message_id="", references=(), text=text, files=()
    )  # fmt: skip


def test_without_a_script_everybody_is_thai() -> None:
    assert not script.foreign() and tell("ส่งแล้วค่ะ") == "ส่งแล้วค่ะ" and digits(120) == "๑๒๐"
    assert thai_date(date(2023, 3, 16)) == "๑๖ มีนาคม ๒๕๖๖"


def test_a_script_gives_words_dates_and_answers() -> None:
    script.use(read_script(PLAY, "people.json"))
    assert tell("ส่งแล้วค่ะ") == "Sent." and digits(120) == "120" and thai_date(date(2027, 3, 16)) == "2027-03-16"
    typed = compose(seed=1, member="p4", deadline="d", fields={"A1.percent": "text", "A1.done": "text"})
    assert (typed["A1.percent"].typed, typed["A1.percent"].numeric) == ("72.5 %", "72.5")
    assert typed["A1.done"].typed == "Held the course"
    spoiled = compose(seed=1, member="p4", deadline="d", fields={"A1.percent": "text"}, mistake="percent", spoiled=True)
    assert spoiled["A1.percent"].typed == "120"
    fields = {"trained": "text", "lessons[1].lesson": "text", "lessons[2].lesson": "text", "checked": "choice"}
    whole = compose_whole("review", fields)
    assert {name: one.typed for name, one in whole.items()} == {
        "trained": "34 persons", "lessons[1].lesson": "Ask twice", "checked": "yes",
    }  # fmt: skip
    habits = habits_of(read_script(PLAY, "people.json").habits, "people.json")
    assert habits.habit("p4") == "corrects" and habits.mistakes["p4"] == "percent"


@pytest.mark.parametrize(
    "wrong, told",
    [({"verbs": {}}, "verbs"), ({"words": []}, "words"), ({"answers": {"done": "once"}}, "done"), ({"answers": {"done": []}}, "done")],
)
def test_what_does_not_belong_into_a_script_is_named(wrong: dict, told: str) -> None:
    with pytest.raises(CastError, match=told):
        read_script(wrong, "people.json")


def test_a_field_nobody_heard_of_is_filled_by_what_its_control_is() -> None:
    form = Form(contract_paper.form(token=TOKEN, member="นายทดสอบ ระบบ", activities=("1.1",)))
    kinds = {"1.1.done": "text", "1.1.colour": "text", "1.1.persons": "text", "1.1.kind_of_box": "choice"}
    typed = compose(seed=1, member="m02", deadline="d", fields=kinds)
    assert typed["1.1.colour"].typed == "จัดแล้ว" and typed["1.1.persons"].typed == "1"
    assert typed["1.1.kind_of_box"].typed == FIRST_BOX
    form.tick("1.1.output_reached", FIRST_BOX)
    assert contract_paper.read_back(form.bytes())["1.1.output_reached"] == "yes"


def test_a_form_of_another_plan_is_filled_without_any_script() -> None:
    form = Form(contract_paper.form(token=TOKEN, member="นายทดสอบ ระบบ"))
    assert not whole_form(form)
    read = contract_paper.read_back(type_into(form, compose(seed=1, member="m02", deadline="d", fields=form.fields())))
    assert read["1.1.done"] and read["1.7(1).output_reached"] in ("yes", "no")


@pytest.mark.parametrize(
    "text, day",
    [
        ("Please return it by Wednesday 2027-04-07, so that we can hand it in by Wednesday 2027-04-14.", date(2027, 4, 7)),
        ("due by 2027-12-31", date(2027, 12, 31)),
        ("by 2027-02-30", None),
        ("version 2027-04-07", None),
        ("ภายในวันพุธที่ ๑๕ มีนาคม ๒๕๖๖", date(2023, 3, 15)),
    ],
)
def test_a_letters_date_is_read(text: str, day: date | None) -> None:
    assert letter(text).internal == day
