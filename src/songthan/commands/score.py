"""`songthan score`: the rubric on a JSON file of answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.paper import console, json_option, number, plan_option, print_json
from songthan.domain.errors import UsageError

if TYPE_CHECKING:
    from songthan.domain.rubric import Rubric, Scoring

#: A file of answers is a page; anything much larger is something else.
_MAX_BYTES = 1_000_000
_EPILOG = (
    '\b\nตัวอย่าง: {"headcount": 48, "answers": {"c1": {"persons": 39}, "c2": {"topics": 5},\n'
    ' "c3": {"plan": true, "assignment": true, "committee": true}, "c4": {"success_percent": "72.5"},\n'
    ' "c5": {"evaluation": true, "improvement": true, "lessons": true},\n'
    ' "c6": {"persons": true, "units": true, "publicised_inside": true, "channels": 2},\n'
    ' "c7": {"success_percent": "91", "better_climate": true, "better_behaviour": true},\n'
    ' "c8": {"documented_all": true, "media": 2}, "c9": {"published_inside": true, "channels": 3}}}'
)


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
@plan_option
def score(file: Path, as_json: bool, plan_dir: Path | None) -> None:
    """คิดคะแนนองค์กรคุณธรรมจากแฟ้มคำตอบ JSON หรือ - (score a JSON file of answers)."""
    from songthan import workspace
    from songthan.domain.rubric import evaluate

    document = _read(file)
    settings = workspace.load_settings(workspace.find_root()) if plan_dir is None else None
    if settings is not None:
        workspace.speak(settings)
    rubric = workspace.load_rubric(plan_dir or settings.folder("plan"))
    result = evaluate(rubric, document)
    if as_json:
        print_json(result.as_json())
    else:
        _tell(rubric, result)


def _read(file: Path) -> dict[str, object]:
    """The answers; numbers with a point stay as they were written, so that they are compared exactly."""
    where = "อินพุต (-)" if str(file) == "-" else str(file)
    try:
        with click.open_file(str(file), "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"เปิดแฟ้มไม่ได้ ({error.strerror})", where=where, remedy="ตรวจชื่อแฟ้ม หรือใช้ - เพื่ออ่านจากอินพุต") from error
    if len(data) > _MAX_BYTES:
        raise UsageError("แฟ้มใหญ่เกิน ๑ เมกะไบต์", where=where, remedy="ระบุแฟ้มคำตอบ JSON")
    try:
        document = json.loads(
            data.decode("utf-8-sig"), parse_float=str, parse_constant=_refuse, object_pairs_hook=_no_repeats
        )
    except (ValueError, RecursionError) as error:
        raise UsageError(f"ไม่ใช่ JSON ที่อ่านได้ ({error})", where=where, remedy="แก้ตามตำแหน่งที่แจ้ง ดูตัวอย่างใน songthan score --help") from error
    if not isinstance(document, dict):
        raise UsageError("คำตอบต้องเป็นวัตถุ JSON {…}", where=where, remedy="ดูตัวอย่างใน songthan score --help")
    return document


def _refuse(name: str) -> object:
    raise ValueError(f"{name} ไม่ใช่ตัวเลข")


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(k for k, _ in pairs if sum(k == other for other, _ in pairs) > 1)
        raise ValueError(f"คีย์ «{twice}» ซ้ำกัน")
    return found


def _tell(rubric: Rubric, result: Scoring) -> None:
    from rich.table import Table

    out = console()
    table = Table(title=rubric.title, title_justify="left", expand=True)
    table.add_column("ข้อ", justify="right", width=4)
    table.add_column("คะแนน", justify="right", width=7)
    table.add_column("เพราะ", overflow="fold")
    for criterion in rubric.criteria:
        points = result.scores[criterion.id]
        why = next(s.text for s in criterion.scores if s.score == points)
        style = "green" if points == rubric.score_max else "yellow" if points else "red"
        table.add_row(number(criterion.number), number(points), why, style=style)
    out.print(table)
    full = rubric.score_max * len(rubric.criteria)
    out.print(f"รวม {number(result.total)} จาก {number(full)} คะแนน", style="bold")
    out.print(f"ระดับที่ {number(result.level)}: {rubric.level_name(result.level)}", style="bold")
    if result.next_level:
        points = sum(g.needed - g.score for g in result.gap)
        name = rubric.level_name(result.next_level)
        out.print(f"\nจะถึงระดับที่ {number(result.next_level)} ({name}) ต้องเพิ่มอย่างน้อย {number(points)} คะแนน:")
        for step in result.gap:
            out.print(f"  • {step.message_th}")
    for remark in result.remarks:
        out.print(f"\nข้อสังเกต: {remark.message_th}", style="yellow")


COMMANDS = [score]
