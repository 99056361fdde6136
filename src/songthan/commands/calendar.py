"""`songthan calendar`: every deadline's dates, as a list for scripts and as a drawn year for people."""

from __future__ import annotations

import calendar as months
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from songthan.commands.calendar_ics import icalendar
from songthan.commands.calendar_wall import wall_page
from songthan.commands.paper import console, day, fold, json_option, note, number, plan_option, print_json, write_whole
from songthan.domain.calendars import WorkCalendar
from songthan.domain.errors import UsageError
from songthan.domain.ladders import Ladder, ladder_for
from songthan.domain.language import current
from songthan.domain.office_year import deadline_name, escalation_words
from songthan.domain.plans import Deadline, Plan
from songthan.domain.thai import MONTHS, SHORT_MONTHS

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: mark → (colour on a terminal, what it means); the later one wins where two fall on a day.
MARKS: Mapping[str, tuple[str, str]] = {
    "×": ("red", "วันหยุดราชการ"),
    "◦": ("cyan", "เปิดรอบ ส่งแบบให้สมาชิก"),
    "○": ("yellow", "สมาชิกส่งถึงวันนี้"),
    "▲": ("bold magenta", "วันทำการสุดท้ายก่อนวันส่งที่ตรงกับวันหยุด"),
    "●": ("bold green", "สำนักส่งจริง"),
}
_WEEKDAYS = ("จ", "อ", "พ", "พฤ", "ศ", "ส", "อา")
_CELL = 4
#: Columns from which the table has room for whole titles.
_WIDE = 100


@click.command()
@json_option
@plan_option
@click.option("--ics", type=click.Path(path_type=Path), help="เขียนแฟ้มปฏิทินสำหรับ Outlook (- = พิมพ์ออกมา)")
@click.option("--svg", type=click.Path(path_type=Path), help="เขียนแผ่นปฏิทินติดผนังหนึ่งหน้า A3 แนวนอน (- = พิมพ์ออกมา)")
def calendar(as_json: bool, plan_dir: Path | None, ics: Path | None, svg: Path | None) -> None:
    """ปฏิทินของปี: วันเปิดรอบ วันเตือน วันส่ง วันทำการสุดท้าย (every deadline's dates)."""
    from songthan import workspace

    if [as_json, str(ics) == "-", str(svg) == "-"].count(True) > 1:
        raise UsageError("พิมพ์ออกทางเดียวได้เพียงอย่างเดียว", remedy="เลือกเพียงหนึ่งใน --json, --ics -, --svg -")
    folder = plan_dir or workspace.load_settings(workspace.find_root()).folder("plan")
    plan = workspace.load_plan(folder)
    workspace.speak_to_people(plan, folder)
    working = workspace.load_calendar(plan)
    if ics is not None:
        _write(ics, icalendar(plan, working, changed=workspace.plan_changed_at(folder)))
    if svg is not None:
        _write(svg, wall_page(plan, working, fonts=workspace.official_fonts()))
    if (ics or svg) and not as_json:
        return
    workspace.speak_dates(plan)
    ladders = {d.id: ladder_for(d, working) for d in plan.deadlines}
    if as_json:
        print_json([_as_json(plan, d, ladders[d.id]) for d in plan.deadlines])
        return
    out = console()
    _draw_year(out, plan, working, ladders)
    _draw_table(out, plan, ladders)


def _write(path: Path, text: str) -> None:
    """The text to a file or, for «-», to standard output; line ends stay as they are."""
    if str(path) == "-":
        click.echo(text.encode(), nl=False)
        return
    write_whole(path, text.encode())
    note(f"เขียน {path} แล้ว")


def _as_json(plan: Plan, deadline: Deadline, ladder: Ladder) -> dict[str, object]:
    return {
        "id": deadline.id,
        "title": deadline.title,
        "form": deadline.forms[0] if deadline.forms else None,
        "forms": list(deadline.forms),
        "internal": deadline.internal.isoformat(),
        "internal_to": deadline.members_until.isoformat(),
        "external": deadline.external.isoformat(),
        "last_working_day": ladder.target.isoformat(),
        "opens": ladder.opens.isoformat(),
        "reminders": [d.isoformat() for _, d in ladder.reminders],
        "escalations": [d.isoformat() for _, d in ladder.escalations],
        "cut": ladder.cut.isoformat(),
        "fiscal_year": plan.organisation.fiscal.year(deadline.external),
        "quarter": plan.organisation.fiscal.quarter(deadline.external),
    }


def _marks(plan: Plan, ladders: Mapping[str, Ladder]) -> dict[date, str]:
    found = {d: "×" for d in plan.days_off}
    for mark, days in {
        "◦": [one.opens for one in ladders.values()],
        "○": [d.members_until for d in plan.deadlines],
        "▲": [one.target for one in ladders.values() if one.target != one.external],
        "●": [d.external for d in plan.deadlines],
    }.items():
        found |= {d: mark for d in days}
    return found


def _draw_year(out: Console, plan: Plan, working: WorkCalendar, ladders: Mapping[str, Ladder]) -> None:
    from rich.table import Table
    from rich.text import Text

    marks = _marks(plan, ladders)
    era = "พ.ศ." if plan.organisation.year_offset else "ค.ศ."
    title = f"ปฏิทินปีงบประมาณ {era} {number(plan.fiscal_year)} · {plan.organisation.name}"
    columns = 3 if out.width >= 3 * (7 * _CELL + 2) else 2 if out.width >= 2 * (7 * _CELL + 2) else 1
    grid = Table.grid(padding=(0, 2, 0, 0))
    cells = [_month(first, marks, working) for first in plan.organisation.fiscal.months(plan.fiscal_year)]
    for first in range(0, len(cells), columns):
        if columns == 3:
            start, end = plan.organisation.fiscal.quarter_days(plan.fiscal_year, first // 3 + 1)
            days = working.working_days_between(start - timedelta(days=1), end)
            grid.add_row(Text(f"ไตรมาสที่ {number(first // 3 + 1)} · {number(days)} วันทำการ", style="dim"))
        grid.add_row(*cells[first : first + columns])
        grid.add_row("")
    out.print(title, style="bold")
    out.print()
    out.print(grid)
    for mark, (style, meaning) in MARKS.items():
        out.print(Text.assemble((mark, style), f" {meaning}"))
    out.print()


def _month(first: date, marks: Mapping[date, str], working: WorkCalendar) -> Text:
    from rich.cells import cell_len
    from rich.text import Text

    def pad(text: str) -> str:
        return " " * (_CELL - 1 - cell_len(text)) + text

    lines = [Text(f"{MONTHS[first.month - 1]} {number(first.year + current().year_offset)}", style="bold")]
    lines.append(Text("".join(pad(w) + " " for w in _WEEKDAYS), style="dim"))
    for week in months.Calendar().monthdatescalendar(first.year, first.month):
        line = Text()
        for one in week:
            if one.month != first.month:
                line.append(" " * _CELL)
                continue
            mark = marks.get(one, " ")
            style = MARKS[mark][0] if mark in MARKS else ("" if working.is_working_day(one) else "dim")
            line.append(pad(number(one.day)) + mark, style=style)
        lines.append(line)
    return Text("\n").join(lines)


def _draw_table(out: Console, plan: Plan, ladders: Mapping[str, Ladder]) -> None:
    from rich.table import Table

    table = Table(title="กำหนดส่ง", title_justify="left", expand=True, show_lines=True)
    table.add_column("เรื่อง", overflow="fold", ratio=3)
    for column in ("เปิดรอบ", "เตือน", "สมาชิกส่งถึง", "เมื่อเลยกำหนด", "สำนักส่ง"):
        table.add_column(column, no_wrap=True)
    wide = out.width >= _WIDE
    for d in plan.deadlines:
        one = ladders[d.id]
        # a narrow terminal has room for a few words and the days
        name = fold(d.title, out.width - 78) if wide else fold(deadline_name(plan, d), max(12, out.width - 68))
        external = day(one.external)
        if one.target != one.external:
            external += f"\n(วันทำการสุดท้าย\n {day(one.target)})"
        table.add_row(
            f"{name}\n{d.id} · แบบ {', '.join(d.forms).upper()}",
            _short(one.opens),
            "\n".join(_short(x) for _, x in one.reminders),
            _short(d.members_until),
            "\n".join(_after(one) if wide else dict.fromkeys(_short(x) for _, x in one.escalations)),
            external,
        )
    out.print(table)


def _after(ladder: Ladder) -> list[str]:
    """«๑๖ มี.ค. ขอผู้แทน»: the steps after the members' date."""
    steps = zip(ladder.escalations, ladder.rungs, strict=True)
    return [f"{_short(when)} {escalation_words([rung.to])}" for (_, when), rung in steps]


def _short(value: date) -> str:
    return number(f"{value.day} {SHORT_MONTHS[value.month - 1]}")


COMMANDS = [calendar]
