"""Last quarter's accepted answers appear in the next quarter's form, marked as such, and count as answers when kept."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

from desk import ROOT, Desk, answers_of, small_plan
from lxml import etree

from songthan.steps.advance import advance
from songthan.steps.post import post_all
from songthan.testing.office import plan_of

MARK = "(ข้อมูลไตรมาสก่อน โปรดยืนยันหรือแก้ไข)"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TYPED = "จัดประชุมแล้ว {{ 7*7 }} & <เผยแพร่> น้ำใจ"


def two_quarters() -> object:
    plan = plan_of(ROOT / "plans" / "2566", deadlines=("2566-q2", "2566-q3"))
    return replace(plan, activities=small_plan().activities)


def printed(form: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        return "".join(etree.fromstring(archive.read("word/document.xml")).itertext(f"{W}t"))


def test_carried_and_marked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, plan=two_quarters())
    desk.tick()
    first = desk.form_of(desk.member("s04"))
    assert MARK not in printed(first) and TYPED not in printed(first)
    desk.answer("s04", done=TYPED)
    desk.tick("2023-03-02 09:00")
    assert desk.states()["s04"] == "ACCEPTED"

    desk.clock.moment = desk.clock.moment.replace(month=6, day=1)
    advance(desk.office, "2566-q3")
    post_all(desk.office)
    again = [m for m in desk.mails(desk.member("s04"), "request") if m.mail.key.startswith("2566-q3/")]
    form = again[-1].files[0][2]
    done = [text for field, text in answers_of(form).items() if field.endswith(".done")]
    assert done == [TYPED]
    assert MARK in printed(form)

    # who had not answered gets an empty form
    other = [m for m in desk.mails(desk.member("s06"), "request") if m.mail.key.startswith("2566-q3/")]
    assert MARK not in printed(other[-1].files[0][2])


def test_a_quarter_goes_on_from_the_quarter_before_it(tmp_path: Path) -> None:
    """July's annual report asks for the same form between two quarters: the fourth still carries the third's words."""
    plan = plan_of(ROOT / "plans" / "2566", deadlines=("2566-q3", "2566-july", "2566-q4"))
    alone = tuple(replace(d, forms=("f3",)) for d in plan.deadlines)
    desk = Desk(tmp_path, plan=replace(plan, activities=small_plan().activities, deadlines=alone))
    shown = {}
    for deadline, day, typed in (
        ("2566-q3", "2023-06-01", "ของไตรมาสที่สาม"), ("2566-july", "2023-07-12", "ของทั้งปี"),
        ("2566-q4", "2023-08-29", "ใหม่"),
    ):  # fmt: skip
        desk.deadline = deadline
        desk.tick(f"{day} 09:00")
        shown[deadline] = [t for f, t in answers_of(desk.form_of(desk.member("s04"))).items() if f.endswith(".done")]
        desk.answer("s04", done=typed)
        desk.tick(f"{day} 10:00")
        assert desk.states()["s04"] == "ACCEPTED"
    assert shown["2566-july"] == ["ของไตรมาสที่สาม"]
    assert shown["2566-q4"] == ["ของไตรมาสที่สาม"]
