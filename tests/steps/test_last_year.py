"""What the ledger of a year keeps for the next, and where the next year's forms show it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path

from desk import DOCX, ROOT, Desk, answers_of, small_plan, type_into
from lxml import etree
from test_whole_forms import F4

from songthan.adapters.roll_place import roll_plan
from songthan.domain.last_year import LastAnswers, LastDeadline, LastYear
from songthan.steps.fill_form import last_year_words
from songthan.steps.last_year import year_results
from songthan.testing.office import plan_of

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
TYPED = "จัดประชุมแล้ว {{ 7*7 }} & <เผยแพร่> น้ำใจ"
MARK = "(ข้อมูลเดิม โปรดยืนยันหรือแก้ไข)"


def paragraphs(form: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(form)) as archive:
        root = etree.fromstring(archive.read("word/document.xml"))
    return ["".join(p.itertext(f"{W}t")) for p in root.iter(f"{W}p")]


def next_year(last: LastYear, folder: Path, deadline: str) -> Desk:
    """The desk of 2570, its plan rolled from 2566 with these results, on the morning the deadline opens."""
    roll_plan(ROOT / "plans" / "2566", year=2570, target=folder / "2570", results=last)
    plan = plan_of(folder / "2570", deadlines=(deadline,))
    wanted = {a.id for a in small_plan().activities} | {"1.2"}
    plan = replace(plan, activities=tuple(a for a in plan.activities if a.id in wanted))
    return Desk(folder / "state", plan=plan, deadline=deadline, now="2027-03-01 09:00")


def test_the_year_of_the_ledger(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert year_results(desk.office).answers == ()
    desk.tick()
    desk.answer("s04", done=TYPED, percent="๗๒.๕")
    desk.tick("2023-03-02 09:00")
    last = year_results(desk.office)
    assert last.fiscal_year == 2566 and [a.form for a in last.answers] == ["f3"]
    activity = next(a.id for a in desk.office.plan.activities if a.seats == ("s04",))
    assert last.of("f3", activity)["percent"] == "72.5" and last.of("f3", activity)["done"] == TYPED
    assert last.of("f3", "9.9") == {} and last.of("f1", activity) == {}
    assert [(d.id, d.state, d.receipt, d.total) for d in last.deadlines] == [("2566-q2", "OPEN", "", None)]


def test_next_years_first_form_shows_it_and_does_not_fill_it_in(tmp_path: Path) -> None:
    old = Desk(tmp_path / "old")
    old.tick()
    old.answer("s04", done=TYPED, percent="๗๒.๕")
    old.tick("2023-03-02 09:00")
    desk = next_year(year_results(old.office), tmp_path / "new", "2570-q2")
    desk.tick()
    form = desk.form_of(desk.member("s04"))
    assert f"แผนปีก่อน (พ.ศ. ๒๕๖๖) ดำเนินการร้อยละ ๗๒.๕: {TYPED}" in paragraphs(form)
    assert not [text for field, text in answers_of(form).items() if TYPED in text or "๗๒.๕" in text]
    # who reported nothing last year is shown nothing
    assert not [p for p in paragraphs(desk.form_of(desk.member("s06"))) if "ดำเนินการร้อยละ" in p]
    # the form comes back and is read as any other
    desk.answer("s04", percent="๑๐")
    desk.tick("2027-03-02 09:00")
    assert desk.states()["s04"] == "ACCEPTED"
    now = year_results(desk.office)
    activity = next(a.id for a in desk.office.plan.activities if a.seats == ("s04",))
    assert now.fiscal_year == 2570 and now.of("f3", activity)["percent"] == "10"


def test_the_words_of_last_year() -> None:
    plan = small_plan()
    activity = plan.activities[0]

    def said(year: int, **values: str) -> str:
        kept = LastAnswers(deadline="d", form="f3", row=activity.id, values=values)
        return last_year_words(replace(plan, last_year=LastYear(fiscal_year=year, answers=(kept,))), "f3", activity)

    assert said(2565, percent="100") == "ปีที่แล้ว (พ.ศ. ๒๕๖๕) ดำเนินการร้อยละ ๑๐๐"
    assert said(2560, percent="100").startswith("แผนปีก่อน (พ.ศ. ๒๕๖๐)")
    assert said(2565, done="ทำแล้ว") == "" and last_year_words(plan, "f3", activity) == ""
    # one line, not too long, and no letter without its vowel
    for first in ("", "ก", "กข"):
        long = said(2565, percent="5", done=f"บรรทัดหนึ่ง\n\n{first}" + "กี่" * 200)
        assert "\n" not in long and len(long) < 220 and long.endswith("กี่…")


def test_the_declaration_of_last_year_stands_in_f4_and_the_form_comes_back(tmp_path: Path) -> None:
    kept = [f"ข้อที่ {n}" for n in range(1, 7)]
    rows = tuple(
        LastAnswers(deadline="2566-review", form="f4", row=f"new_dos[{n}]", values={"behaviour": text, "kept": "same"})
        for n, text in enumerate(kept, 1)
    )
    whole = LastAnswers(deadline="2566-review", form="f4", row="", values={"change_summary": "ปฏิญญาฉบับ & ใหม่"})
    desk = next_year(LastYear(fiscal_year=2566, answers=(whole, *rows)), tmp_path, "2570-review")
    desk.tick()
    (row,) = desk.ledger.assignment_rows("2570-review")
    member = desk.office.plan.roster.member(str(row["member"]))
    form = desk.form_of(member)
    given = answers_of(form)
    assert given["last_declaration"] == "ปฏิญญาฉบับ & ใหม่"
    # more rows than the blank form has
    assert [given[f"dos[{n}].behaviour"] for n in range(1, 7)] == kept
    assert paragraphs(form).count(MARK) == 7
    assert not set(kept) & {given[f"new_dos[{n}].behaviour"] for n in range(1, 6)}

    filled = type_into(form, {k: v for k, v in F4.items() if not k.startswith("dos[") and k != "last_declaration"})
    persons = {f"dos[{n}].persons": "๔๘" for n in range(1, 7)} | {f"dos[{n}].percent": "๑๐๐" for n in range(1, 7)}
    filled = type_into(filled, persons)
    desk.reply(member, to=desk.mails(member, "request")[-1], files=(("แบบ.docx", DOCX, filled),))
    desk.tick("2027-03-02 09:00")
    assert list(desk.states().values()) == ["ACCEPTED"]
    answers = year_results(desk.office)
    assert answers.of("f4")["last_declaration"] == "ปฏิญญาฉบับ & ใหม่"
    assert [answers.of("f4", f"dos[{n}]")["behaviour"] for n in range(1, 7)] == kept


def test_results_lie_in_the_plans_folder_and_on_the_review(tmp_path: Path) -> None:
    last = LastYear(
        fiscal_year=2566,
        deadlines=(LastDeadline(id="2566-july", title="รายงาน", state="ACKNOWLEDGED", receipt="สว ๑๒๓๔", total=26, level=3),),
        answers=(LastAnswers(deadline="2566-q4", form="f3", row="1.1", values={"percent": "87.5", "done": "ทำ <แล้ว>"}),),
    )
    rolled = roll_plan(ROOT / "plans" / "2566", year=2567, target=tmp_path / "2567", results=last)
    kept = rolled.plan.last_year
    assert kept is not None and (kept.answers, kept.deadlines) == (last.answers, last.deadlines)
    page = (tmp_path / "2567" / "review.html").read_text("utf-8")
    for cell in ("๒๖", "๓", "สว ๑๒๓๔", "๘๗.๕", "ทำ &lt;แล้ว&gt;"):
        assert f"<td>{cell}</td>" in page
