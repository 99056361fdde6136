"""`songthan score`: the rubric on a JSON file of answers or on the ledger; a department, points of activities, evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import console, json_option, note, plan_option, print_json, write_whole
from songthan.commands.score_files import named, read_bureaus, read_object
from songthan.domain.errors import DataError, UsageError

if TYPE_CHECKING:
    from songthan.domain.coverage import Coverage
    from songthan.domain.plans import Deadline, Plan
    from songthan.domain.rubric import Rubric, Scoring
    from songthan.steps.office import Office

_EPILOG = (
    '\b\nตัวอย่าง: {"headcount": 48, "answers": {"c1": {"persons": 39}, "c2": {"topics": 5},\n'
    ' "c3": {"plan": true, "assignment": true, "committee": true}, "c4": {"success_percent": "72.5"},\n'
    ' "c5": {"evaluation": true, "improvement": true, "lessons": true},\n'
    ' "c6": {"persons": true, "units": true, "publicised_inside": true, "channels": 2},\n'
    ' "c7": {"success_percent": "91", "better_climate": true, "better_behaviour": true},\n'
    ' "c8": {"documented_all": true, "media": 2}, "c9": {"published_inside": true, "channels": 3}}}\n'
    "ยังไม่มีคำตอบ: null (ต่างจาก false และ 0)\n"
    "\b\n"
    'ระดับกรม: {"bureaus": [{"name": "สำนัก ก", "level": 3}, {"name": "สำนัก ข", "level": null}]}\n'
    " หรือ CSV หัวตาราง สำนัก,ระดับ หรือโฟลเดอร์ที่มีแฟ้มคำตอบ .json ของแต่ละสำนัก\n"
    'คะแนนกิจกรรม: {"activities": {"11.1": "book", "11.2": "clip", "11.3": []},\n'
    ' "success": {"2023-07-25": "95"}}'
)
_MODES = "--department, --points, --coverage"


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), required=False)
@json_option
@plan_option
@click.option("--svg", type=click.Path(path_type=Path), help="เขียนภาพคะแนน ระดับกรม หรือหลักฐาน และสิ่งที่ยังขาด หนึ่งหน้า A4 แนวนอน (- = พิมพ์ออกมา)")
@click.option("--on", "on_day", help="วันที่ใช้ดูว่าสิ่งใดพ้นกำหนดแล้ว เช่น 2023-07-31 (ปกติไม่ดูวันสำหรับแฟ้ม)")
@click.option("--department", is_flag=True, help="FILE เป็นผลของหลายสำนัก: คิดระดับกรม (JSON, CSV หรือโฟลเดอร์)")
@click.option("--bureaus", type=click.Path(path_type=Path), help="รายชื่อสำนักทั้งหมดของกรม บรรทัดละหนึ่งชื่อ")
@click.option("--points", is_flag=True, help="คะแนนกิจกรรมและความสำเร็จของแผน จาก FILE หรือจากทะเบียน")
@click.option("--coverage", is_flag=True, help="หลักฐานของแต่ละข้อจากทะเบียน: มีอะไร ของช่วงใด จากใคร ขาดอะไร")
@click.option("--state", type=click.Path(path_type=Path, exists=True, file_okay=False), help="โฟลเดอร์สถานะ: คิดจากแบบที่รับแล้ว")
@click.option("--deadline", help="กำหนดส่งที่ถามคำตอบของเกณฑ์ (ปกติรอบสุดท้ายของปี)")
def score(
    file: Path | None,
    as_json: bool,
    plan_dir: Path | None,
    svg: Path | None,
    on_day: str | None,
    department: bool,
    bureaus: Path | None,
    points: bool,
    coverage: bool,
    state: Path | None,
    deadline: str | None,
) -> None:
    """คิดคะแนนองค์กรคุณธรรมจากแฟ้มคำตอบ JSON หรือ - หรือจากแบบที่รับแล้ว (score answers, a department, points, evidence)."""
    modes = [department, points, coverage].count(True)
    ledger = file is None and (state is not None or bool(deadline) or points or coverage)
    _check(file, ledger=ledger, modes=modes, department=department, coverage=coverage, bureaus=bureaus, state=state, deadline=deadline)
    if as_json and str(svg) == "-":
        raise UsageError("พิมพ์ออกทางเดียวได้เพียงอย่างเดียว", remedy="เลือกเพียงหนึ่งใน --json, --svg -")
    if svg is not None and points:
        raise UsageError("--points ไม่มีภาพ", remedy="สั่งโดยไม่มี --svg")
    if ledger:
        if plan_dir is not None or on_day is not None:
            raise UsageError("การคิดจากทะเบียนใช้แผนและวันของพื้นที่ทำงาน", remedy="สั่งโดยไม่มี --plan และ --on")
        _of_ledger(state, deadline or "", as_json=as_json, svg=svg, points=points, coverage=coverage)
    elif file is not None:
        rubric, plan = _rubric(plan_dir)
        if department:
            _department(rubric, file, bureaus, as_json=as_json, svg=svg)
        elif points:
            _points(rubric, file, as_json=as_json)
        else:
            _answers(rubric, plan, file, _closed(rubric, plan, on_day), as_json=as_json, svg=svg)


def _check(
    file: Path | None,
    *,
    ledger: bool,
    modes: int,
    department: bool,
    coverage: bool,
    bureaus: Path | None,
    state: Path | None,
    deadline: str | None,
) -> None:
    """What does not go together."""
    if modes > 1:
        raise UsageError("ทำได้ครั้งละอย่างเดียว", remedy=f"เลือกเพียงหนึ่งใน {_MODES}")
    if file is None and (department or not ledger):
        raise click.MissingParameter(ctx=click.get_current_context(), param_type="argument", param_hint="FILE")
    if file is not None and (state is not None or deadline or coverage):
        raise UsageError("คิดจากแฟ้มหรือจากทะเบียน อย่างใดอย่างหนึ่ง", remedy="ตัด FILE ออก หรือตัด --state --deadline --coverage ออก")
    if bureaus is not None and not department:
        raise UsageError("--bureaus ใช้คู่กับ --department", remedy="เพิ่ม --department")


def _rubric(plan_dir: Path | None) -> tuple[Rubric, Plan | None]:
    """The rubric of the workspace's plan or of `plan_dir`, in the language of its people; the plan itself where it can be read."""
    from songthan import workspace

    folder = plan_dir or workspace.load_settings(workspace.find_root()).folder("plan")
    try:
        plan = workspace.load_plan(folder)
    except DataError:
        # a draft whose blanks are still open, or a folder of a rubric alone, can be scored all the same
        if plan_dir is None:
            raise
        plan = None
    if plan is not None:
        workspace.speak_to_people(plan, folder)
    return workspace.load_rubric(folder), plan


def _closed(rubric: Rubric, plan: Plan | None, on_day: str | None) -> Collection[str]:
    if on_day is None:
        return ()
    try:
        day = date.fromisoformat(on_day)
    except ValueError as error:
        raise UsageError(f"อ่านวันที่ «{on_day[:40]}» ไม่ได้", where="--on", remedy="เขียนเป็น ค.ศ. เช่น 2023-07-31") from error
    if plan is None:
        raise UsageError("ไม่ทราบกำหนดส่ง เพราะแผนในโฟลเดอร์นี้ยังอ่านไม่ได้", where="--on", remedy="ตรวจด้วย songthan plan check --plan ตามด้วยโฟลเดอร์นั้น")
    deadlines = plan.deadlines
    return rubric.closed_on(day, {f: max(d.external for d in deadlines if f in d.forms) for o in deadlines for f in o.forms})


def _answers(
    rubric: Rubric, plan: Plan | None, file: Path, closed: Collection[str], *, as_json: bool, svg: Path | None
) -> None:
    from songthan.domain.rubric import evaluate

    document = read_object(file)
    with named(file):
        result = evaluate(rubric, document, closed=closed)
    _show(rubric, result, office=plan.organisation.name if plan else "", as_json=as_json, svg=svg)


def _show(
    rubric: Rubric, result: Scoring, *, office: str, as_json: bool, svg: Path | None, more: dict[str, object] | None = None
) -> None:
    from songthan import workspace
    from songthan.commands.score_tables import tell_score

    if svg is not None:
        from songthan.commands.score_chart import score_page

        _write(svg, score_page(rubric, result, office=office, fonts=workspace.official_fonts()))
    if as_json:
        print_json({**(more or {}), **result.as_json()})
    elif svg is None:
        tell_score(console(), rubric, result)


def _department(rubric: Rubric, file: Path, bureaus: Path | None, *, as_json: bool, svg: Path | None) -> None:
    from songthan import workspace
    from songthan.commands.score_tables import tell_department
    from songthan.domain.department import roll_up

    listed = read_bureaus(rubric, file, bureaus)
    with named(file):
        found = roll_up(rubric, listed)
    if svg is not None:
        from songthan.commands.score_chart import department_page

        _write(svg, department_page(rubric, found, fonts=workspace.official_fonts()))
    if as_json:
        print_json(found.as_json())
    elif svg is None:
        tell_department(console(), found)


def _points(rubric: Rubric, file: Path, *, as_json: bool) -> None:
    from songthan.commands.score_tables import tell_points
    from songthan.domain.plan_points import count_points, read_points

    document = read_object(file)
    with named(file):
        found = count_points(rubric, *read_points(rubric, document))
    if as_json:
        print_json(found.as_json())
    else:
        tell_points(console(), found)


def _of_ledger(
    state: Path | None, deadline_id: str, *, as_json: bool, svg: Path | None, points: bool, coverage: bool
) -> None:
    """What the accepted forms say. Reads only."""
    from songthan.commands import score_tables
    from songthan.commands.paper import office_at
    from songthan.steps.criteria_coverage import criteria_coverage, rubric_of, scored_deadline, scoring_so_far
    from songthan.steps.plan_progress import plan_progress

    office: Office = office_at(state)
    try:
        if points:
            progress = plan_progress(office)
            print_json(progress.as_json()) if as_json else score_tables.tell_points(console(), progress)
            return
        deadline = scored_deadline(office, deadline_id)
        head = {"deadline": deadline.id, "now": office.calendar.local(office.clock.now()).isoformat()}
        if coverage:
            found = criteria_coverage(office, deadline)
            if svg is not None:
                _draw_coverage(office, deadline, found, svg)
            if as_json:
                print_json({**head, "criteria": [c.as_json() for c in found]})
            elif svg is None:
                score_tables.tell_coverage(console(), deadline, found)
            return
        result = scoring_so_far(office, deadline)
        _show(rubric_of(office), result, office=office.plan.organisation.name, as_json=as_json, svg=svg, more=head)
    finally:
        office.ledger.close()  # type: ignore[attr-defined]


def _draw_coverage(office: Office, deadline: Deadline, found: Sequence[Coverage], svg: Path) -> None:
    """The page of evidence, with a column for every deadline that has or lacks some."""
    from songthan import workspace
    from songthan.commands.coverage_chart import coverage_page
    from songthan.steps.report_status import brief

    named = {x.deadline for c in found for x in (*c.proofs, *c.lacks)}
    periods = [(d.id, brief(office, d)) for d in office.plan.deadlines if d.id in named]
    page = coverage_page(found, periods, title=deadline.title, office=office.plan.organisation.name, fonts=workspace.official_fonts())
    _write(svg, page)


def _write(path: Path, text: str) -> None:
    """The text to a file or, for «-», to standard output; line ends stay as they are."""
    if str(path) == "-":
        click.echo(text.encode(), nl=False)
        return
    write_whole(path, text.encode())
    note(f"เขียน {path} แล้ว")


COMMANDS = [score]
