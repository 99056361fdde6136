"""The drawn score: sound SVG, one hatched box a missing point, nothing over the page's edge."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_runner import run
from rich.cells import cell_len
from test_score_files import GOOD

from songthan.adapters.rubric_file import load_rubric
from songthan.commands.coverage_chart import coverage_page
from songthan.commands.drawing import LETTER, lines_of
from songthan.commands.score_chart import HEIGHT, WIDTH, department_page, score_page
from songthan.domain.coverage import Coverage, Lack, Proof
from songthan.domain.department import Bureau, roll_up
from songthan.domain.rubric import evaluate

RUBRIC = load_rubric(Path(__file__).parents[2] / "plans" / "2566")
SVG = "{http://www.w3.org/2000/svg}"


def result_of(**criteria):
    return evaluate(RUBRIC, {**GOOD, "answers": {c: {**given, **criteria.get(c, {})} for c, given in GOOD["answers"].items()}})


WORST = evaluate(RUBRIC, {"headcount": 300, "answers": {c: dict.fromkeys(given) for c, given in GOOD["answers"].items()}})


def texts(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("result", [WORST, result_of(), result_of(c8={"media": 0}), result_of(c4={"success_percent": "0"})])
def test_every_word_stays_on_the_page(result) -> None:
    svg = score_page(RUBRIC, result, office="สำนักที่มีชื่อยาวมากสำหรับทดสอบหน้ากระดาษของภาพคะแนน")
    for one in texts(svg):
        x, y, size = (float(one.get(k)) for k in ("x", "y", "font-size"))
        width = cell_len(one.text or "") * size * LETTER
        left = x - {"end": width, "middle": width / 2}.get(one.get("text-anchor", ""), 0)
        assert left >= 0 and left + width <= WIDTH + 20 and size < y < HEIGHT - 20, one.text


def test_one_hatched_box_a_missing_point() -> None:
    for result in (WORST, result_of(c8={"media": 0}), result_of(c1={"persons": 20}, c9={"channels": 0}), result_of()):
        svg = score_page(RUBRIC, result)
        boxes = [r.get("fill") for r in ElementTree.fromstring(svg).iter(f"{SVG}rect") if float(r.get("y", 0)) > 380 and float(r.get("height", 0)) > 10]
        assert boxes.count("url(#missing)") == sum(g.needed - g.score for g in result.gap)
        assert boxes.count("#2b8a3e") == result.total and len(boxes) == 27


def test_the_words_say_what_to_do() -> None:
    words = " ".join(t.text or "" for t in texts(score_page(RUBRIC, result_of(c8={"media": 0}))))
    assert "ทำสื่ออีก ๑ รูปแบบ" in words and "ขาดอีก ๑ คะแนน จะถึงระดับที่ ๓" in words
    assert "ถึงระดับสูงสุดแล้ว" in " ".join(t.text or "" for t in texts(score_page(RUBRIC, result_of())))


def test_what_needs_a_look_is_drawn_before_how_a_number_was_read() -> None:
    answers = {**GOOD["answers"], "c3": {"plan": False, "assignment": True, "committee": True}}
    odd = evaluate(RUBRIC, {"headcount": "๔๘ คน", "answers": {**answers, "c1": {"persons": "๓๙ คน"}}})
    words = " ".join(t.text or "" for t in texts(score_page(RUBRIC, odd)))
    assert "ซึ่งขัดกัน" in words and "เขียนไว้ว่า" not in words and "และข้อสังเกตอื่น" in words


def test_strangers_names_are_text() -> None:
    bureaus = [Bureau(name="<script>&\"ก", level=3), Bureau(name="ข", level=1), Bureau(name="ค" * 400, level=None)]
    svg = department_page(RUBRIC, roll_up(RUBRIC, bureaus))
    root = ElementTree.fromstring(svg)
    assert not list(root.iter(f"{SVG}script")) and "ขาดอีก" in " ".join(t.text or "" for t in root.iter(f"{SVG}text"))
    for one in texts(svg):
        assert cell_len(one.text or "") * float(one.get("font-size")) * LETTER <= WIDTH


def test_the_evidence_is_drawn_a_disc_a_period_and_a_ring_a_gap() -> None:
    at = datetime(2023, 3, 1, tzinfo=UTC)
    proof = {"kind": "file", "text": "ก.jpg", "activity": "", "sender": "นาย ข", "received": at, "form_file": "f.docx"}
    rows = [
        Coverage(
            criterion=f"c{n}", number=n, text="เกณฑ์ที่มีข้อความยาวมาก " * 9, score=None, facts=(),
            proofs=tuple(Proof(deadline="q2", period="ไตรมาสที่ ๒", **proof) for _ in range(n)),
            lacks=(Lack(deadline="q3", text="กิจกรรม ๑.๑ ไตรมาสที่ ๓: ยังไม่มีรายงานจาก <นาย ค> " * 6),) if n == 2 else (),
        )
        for n in range(1, 10)
    ]  # fmt: skip
    svg = coverage_page(rows, [("q2", "ไตรมาสที่ ๒"), ("q3", "ไตรมาสที่ ๓")], title="ชื่อที่ยาวมาก " * 30, office="สำนัก")
    root = ElementTree.fromstring(svg)
    circles = [c.get("fill") for c in root.iter(f"{SVG}circle")]
    assert circles.count("#2b8a3e") == 9 and circles.count("none") == 1
    for one in texts(svg):
        x, y, width = float(one.get("x")), float(one.get("y")), cell_len(one.text or "") * float(one.get("font-size")) * LETTER
        assert 0 < y < HEIGHT and (one.get("text-anchor") or x + width <= WIDTH), one.text
    assert "ครบ" in [t.text for t in texts(svg)]


def test_lines_end_where_they_must() -> None:
    assert lines_of("สั้น", 500, 50, 2) == ["สั้น"]
    long = lines_of("องค์กรมีผลสำเร็จ " * 20, 600, 50, 2)
    assert len(long) == 2 and long[-1].endswith("…")


def test_the_page_is_written_whole_and_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(GOOD), encoding="utf-8")
    done = run("score", tmp_path / "a.json", "--svg", tmp_path / "a.svg")
    assert done.exit_code == 0 and done.stdout == ""
    assert ElementTree.parse(tmp_path / "a.svg").getroot().get("width") == "297mm"
    assert run("score", tmp_path / "a.json", "--svg", tmp_path / "none" / "a.svg").exit_code == 3
    both = run("score", tmp_path / "a.json", "--svg", tmp_path / "a.svg", "--json")
    assert json.loads(both.stdout)["total"] == 27


def test_no_line_ends_inside_a_word_that_goes_on() -> None:
    run_on = "องค์กรมีผลสำเร็จของการดำเนินงานตามเป้าหมายของแผนการดำเนินงานที่กำหนดไว้"
    for width in (600, 700, 800, 900, 1000):
        lines = lines_of(run_on, width, 50, 9)
        assert "".join(lines) == run_on and not any(line.endswith("ดำ") for line in lines)
