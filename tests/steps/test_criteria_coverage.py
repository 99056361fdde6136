"""What stands behind each criterion, out of a ledger filled by members' mails: the right person, file and period."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from desk import DOCX, ROOT, Desk, at
from PIL import Image
from test_whole_forms import F1, F2, send

from songthan.adapters.ledger import SqliteLedger
from songthan.cli import main
from songthan.domain.errors import UsageError
from songthan.steps.criteria_coverage import closed_answers, criteria_coverage, scored_deadline, scoring_so_far
from songthan.steps.plan_progress import plan_progress
from songthan.steps.waive_duty import waive
from songthan.testing.office import plan_of

Q2, JULY = "2566-q2", "2566-july"


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Quarter two over the activities of criteria 1 and 2 and of the points, and July's assessment (F1 and F2)."""
    plan = plan_of(ROOT / "plans" / "2566", deadlines=(Q2, JULY))
    kept = tuple(a for a in plan.activities if a.id in ("1.1", "1.2", "11.1", "11.2"))
    q2, july = (replace(d, activities=tuple(a.id for a in kept)) for d in plan.deadlines)
    plan = replace(plan, activities=kept, deadlines=(q2, replace(july, forms=("f1", "f2"))))
    return Desk(tmp_path, now="2023-03-01 09:00", plan=plan, deadline=Q2)


def seat_of(desk: Desk, activity: str) -> str:
    return next(a for a in desk.office.plan.activities if a.id == activity).seats[0]


def report(desk: Desk, activity: str, files: dict[str, bytes], **answers: object) -> None:
    """The holder of an activity answers its quarterly form and sends files along."""
    from desk import fill

    member = desk.member(seat_of(desk, activity))
    mail = desk.mails(member, "request")[-1]
    form = fill(desk.form_of(member), **answers)
    more = tuple((name, "image/jpeg", data) for name, data in files.items())
    desk.reply(member, to=mail, files=(("รายงานของฉัน.docx", DOCX, form), *more))


def covered(desk: Desk) -> dict:
    return {c.criterion: c for c in criteria_coverage(desk.office, scored_deadline(desk.office))}


def test_before_anything_came_every_criterion_says_whom_it_waits_for(desk: Desk) -> None:
    desk.tick()
    found = covered(desk)
    holder = desk.member(seat_of(desk, "1.1")).full_name
    one = found["c1"]
    assert one.score is None and one.proofs == () and one.facts[0].value_th == ""
    assert any(holder in m and "๑.๑" in m and "ไตรมาสที่ ๒ ปี ๒๕๖๖" in m for m in one.missing)
    assistant = desk.office.plan.roster.member(desk.office.plan.roster.assistant_secretary).full_name
    assert one.facts[0].member == assistant
    assert any(assistant in m and "ยังไม่เปิดรอบ" in m for m in one.missing)
    assert any("ยังไม่มีหลักฐานใด" in m for m in one.missing)
    # nobody is asked for criterion 8's activities here
    assert not any("ไตรมาส" in m for m in found["c8"].missing)


def test_a_quarterly_report_names_person_file_and_period(desk: Desk) -> None:
    desk.tick()
    report(desk, "1.1", {"ประกาศเจตนารมณ์.jpg": photo("red")}, **{"evidence": "ประกาศเจตนารมณ์.jpg\nhttps://office.example/news"})
    desk.tick("2023-03-02 09:00")
    holder = desk.member(seat_of(desk, "1.1"))
    one = covered(desk)["c1"]
    assert [(p.kind, p.text, p.activity, p.sender, p.period) for p in one.proofs] == [
        ("file", "ประกาศเจตนารมณ์.jpg", "1.1", holder.full_name, "ไตรมาสที่ ๒ ปี ๒๕๖๖"),
        ("link", "https://office.example/news", "1.1", holder.full_name, "ไตรมาสที่ ๒ ปี ๒๕๖๖"),
    ]
    assert one.proofs[0].form_file == "รายงานของฉัน.docx" and len(one.proofs[0].sha256) == 64
    assert one.proofs[0].received == at("2023-03-01 09:00") and list(one.periods) == ["ไตรมาสที่ ๒ ปี ๒๕๖๖"]
    assert not any("๑.๑" in m for m in one.missing) and not any("ยังไม่มีหลักฐานใด" in m for m in one.missing)
    # criterion 2 has its own activity and its own holder
    two = covered(desk)["c2"]
    assert two.proofs == () and any(desk.member(seat_of(desk, "1.2")).full_name in m for m in two.missing)


def test_a_deputys_answer_is_the_deputys(desk: Desk) -> None:
    from desk import fill

    desk.tick()
    holder = desk.member(seat_of(desk, "1.1"))
    deputy = desk.office.plan.roster.member(holder.deputy)
    form = fill(desk.form_of(holder), evidence="ภาพ.jpg")
    desk.reply(deputy, to=desk.mails(holder, "request")[-1], files=(("แทน.docx", DOCX, form), ("ภาพ.jpg", "image/jpeg", photo("red"))))
    desk.tick("2023-03-02 09:00")
    (proof,) = covered(desk)["c1"].proofs
    assert proof.sender == deputy.full_name != holder.full_name and proof.form_file == "แทน.docx"


def test_a_named_file_that_did_not_come_is_missing_and_a_waived_duty_is_not(desk: Desk) -> None:
    desk.tick()
    report(desk, "1.1", {}, evidence="ไม่มี")
    waive(desk.office, f"{Q2}.f3.{seat_of(desk, '1.2')}", reason="ไม่ต้องรายงาน", by="ทดสอบ")
    desk.tick("2023-03-02 09:00")
    found = covered(desk)
    assert any("๑.๑" in m and "ตอบว่าไม่มีหลักฐาน" in m for m in found["c1"].missing)
    assert not any("ไตรมาส" in m for m in found["c2"].missing)


def july(desk: Desk, changes: dict[str, str], files: dict[str, bytes]) -> None:
    desk.deadline = JULY
    desk.tick("2023-07-11 09:00")
    more = tuple((name, "image/jpeg", data) for name, data in files.items())
    send(desk, "f2", {**F2, **changes}, more=more)
    desk.tick("2023-07-12 09:00")


def test_the_assessment_brings_facts_score_and_its_own_evidence(desk: Desk) -> None:
    files = {"ภาพประกาศ.jpg": photo("blue"), "ภาพสื่อ.jpg": photo("green")}
    july(desk, {"c1_evidence": "ภาพประกาศ.jpg", "c8_evidence": "ภาพสื่อ.jpg"}, files)
    found = covered(desk)
    one, eight, nine = found["c1"], found["c8"], found["c9"]
    assistant = desk.office.plan.roster.member(desk.office.plan.roster.assistant_secretary).full_name
    (fact,) = one.facts
    assert (fact.value_th, fact.sender, fact.file, fact.period) == ("๓๙", assistant, "แบบ.docx", fact.period)
    assert one.score == 3 and found["c7"].score == 2 and fact.received == at("2023-07-11 09:00")
    assert [p.text for p in one.proofs] == ["ภาพประกาศ.jpg"] and [p.text for p in eight.proofs] == ["ภาพสื่อ.jpg"]
    assert [f.value_th for f in eight.facts] == ["มี", "๒"]
    assert nine.proofs == () and any(assistant in m and "ไม่มีหลักฐาน" in m for m in nine.missing)
    assert all(c.as_json()["complete"] is (not c.missing) for c in found.values())


def test_two_forms_that_disagree_are_named(desk: Desk) -> None:
    july(desk, {}, {})
    desk.tick("2023-07-12 09:05")
    send(desk, "f1", {**F1, "item1_persons": "40", "item1_percent": "๘๓.๓๓", "item3_plan": "no", "headcount": "๔๘"})
    desk.tick("2023-07-13 09:00")
    secretary = desk.office.plan.roster.member(desk.office.plan.roster.secretary).full_name
    found = covered(desk)
    assert any("F1" in m and secretary in m and "เป็น ๔๐ แต่" in m and "๓๙" in m for m in found["c1"].missing), found["c1"].missing
    assert any("ไม่มี แต่" in m for m in found["c3"].missing)
    assert not any("โปรดทำให้ตรงกัน" in m for m in found["c2"].missing)


def test_on_the_command_line(desk: Desk, tmp_path: Path) -> None:
    """The same ledger, on the disk, through the commands."""
    state = tmp_path / "state"
    state.mkdir()
    disk = Desk(state, now="2023-03-01 09:00", plan=desk.office.plan, deadline=Q2, ledger=SqliteLedger(state / "ledger.sqlite"))
    disk.tick()
    report(disk, "1.1", {"ประกาศ.jpg": photo("red")}, evidence="ประกาศ.jpg")
    disk.tick("2023-03-02 09:00")
    july(disk, {}, {})
    holder = disk.member(seat_of(disk, "1.1"))
    disk.ledger.close()

    def songthan(*arguments: str):
        runner = CliRunner(env={"SONGTHAN_WORKSPACE": str(ROOT), "COLUMNS": "140"})
        return runner.invoke(main, ["score", "--state", str(state), *arguments])

    covered_json = songthan("--coverage", "--json")
    assert covered_json.exit_code == 0, covered_json.stderr
    one = json.loads(covered_json.stdout)["criteria"][0]
    assert one["criterion"] == "c1" and one["score"] == 3 and one["evidence"][0]["text"] == "ประกาศ.jpg" and not one["complete"]
    assert one["evidence"][0]["sender"] == holder.full_name
    shown = songthan("--coverage").stdout
    assert "ประกาศ.jpg" in shown and "ครบ" in shown and holder.family in shown
    scored = json.loads(songthan("--json").stdout)
    assert scored["deadline"] == JULY and scored["total"] == 26 and scored["level"] == 3
    points = json.loads(songthan("--points", "--json").stdout)
    assert [a["activity"] for a in points["activities"]] == ["11.1", "11.2", "11.3"] and points["total"] == 0
    assert "๑๑.๑" in songthan("--points").stdout
    assert "<svg" in songthan("--svg", "-").stdout
    assert "หลักฐานของแต่ละข้อ" in songthan("--coverage", "--svg", "-").stdout
    wrong = songthan("--deadline", "2566-q3")
    assert wrong.exit_code == 2 and JULY in wrong.stderr
    status = CliRunner(env={"SONGTHAN_WORKSPACE": str(ROOT), "COLUMNS": "140"}).invoke(main, ["status", "--state", str(state)])
    assert "๒๖ จาก ๒๗" in status.stdout and "songthan score" in status.stdout


def test_the_score_so_far_and_what_can_no_longer_be_done(desk: Desk) -> None:
    desk.tick()
    deadline = scored_deadline(desk.office)
    early = scoring_so_far(desk.office, deadline)
    assert early.total == 0 and early.gap and {r.code for r in early.remarks} >= {"c1-persons-unanswered"}
    assert closed_answers(desk.office) == frozenset()
    july(desk, {"c2_topics": "3", "c9_channels": "0"}, {})
    result = scoring_so_far(desk.office, deadline)
    assert result.scores["c2"] == 2 and result.level == 2 and result.gap
    desk.clock.moment = at("2023-07-30 23:00")
    assert scoring_so_far(desk.office, deadline).gap
    # the day it is handed in is over
    desk.clock.moment = at("2023-07-31 01:00")
    late = scoring_so_far(desk.office, deadline)
    assert late.gap == () and any(r.code == "level-3-closed" for r in late.remarks)


def test_only_a_deadline_that_asks_for_the_criteria_is_scored(desk: Desk) -> None:
    assert scored_deadline(desk.office).id == JULY and scored_deadline(desk.office, JULY).id == JULY
    for wrong in (Q2, "2566-q9"):
        with pytest.raises(UsageError) as caught:
            scored_deadline(desk.office, wrong)
        assert JULY in caught.value.remedy


def test_points_and_success_out_of_the_reports(desk: Desk) -> None:
    desk.tick()
    before = plan_progress(desk.office)
    assert before.total == 0 and {c for c, _ in before.remarks} >= {"11.1-unanswered", "11.2-unanswered"}
    assert [s.met for s in before.success] == [None, None]
    report(desk, "11.1", {"องค์ความรู้ฉบับรูปเล่ม.jpg": photo("red")}, evidence="องค์ความรู้ฉบับรูปเล่ม.jpg", done="จัดทำแล้ว")
    desk.tick("2023-03-02 09:00")
    found = plan_progress(desk.office)
    book = next(a for a in found.activities if a.activity == "11.1")
    assert (book.what, book.points, book.maximum) == ("book", 20, 20)
    assert any("องค์ความรู้ฉบับรูปเล่ม.jpg" in s for s in book.sources) and desk.member(seat_of(desk, "11.1")).full_name in book.sources[0]
    reported = [a for a in desk.office.plan.activities if seat_of(desk, a.id) == seat_of(desk, "11.1")]
    assert {s.percent for s in found.success} == {Fraction(100 * len(reported), 4)}
    assert {c for c, _ in found.remarks} >= {"success-is-a-mean", "unreported-2023-07-25"}
    desk.clock.moment = at("2023-07-26 09:00")
    late = plan_progress(desk.office)
    assert late.success[0].met is False and late.success[1].met is None
    assert late.success[0].rule.by == date(2023, 7, 25) and "ไม่ถึงเกณฑ์" in late.success[0].text_th


def test_which_thing_was_made_is_not_guessed(desk: Desk) -> None:
    desk.tick()
    report(desk, "11.1", {}, evidence="ไม่มี", done="ดำเนินการแล้ว")
    desk.tick("2023-03-02 09:00")
    found = plan_progress(desk.office)
    row = next(a for a in found.activities if a.activity == "11.1")
    assert (row.what, row.points, row.most) == ("report", 5, 20)
    assert "11.1-unsure" in {c for c, _ in found.remarks}


def test_a_report_without_its_output_brings_nothing(desk: Desk) -> None:
    desk.tick()
    report(desk, "11.2", {}, evidence="ไม่มี", done="กำลังทำคลิป", output_reached="no", note="รอถ่ายทำ", percent="50")
    desk.tick("2023-03-02 09:00")
    row = next(a for a in plan_progress(desk.office).activities if a.activity == "11.2")
    assert (row.what, row.points) == (None, 0)
