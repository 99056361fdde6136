"""What the commands print with: one JSON document for scripts, rich text with Thai digits and dates for people."""

from __future__ import annotations

import getpass
import json
import os
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len
from rich.console import Console

from songthan.domain.errors import EnvironmentNotReady, UsageError
from songthan.domain.language import day_words, digits
from songthan.domain.plans import Deadline, Plan

if TYPE_CHECKING:
    from songthan.steps.office import Office

#: Columns where the output is no terminal.
_PAPER_WIDTH = 100

json_option = click.option("--json", "as_json", is_flag=True, help="พิมพ์ผลเป็น JSON หนึ่งฉบับ (one JSON document)")
state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="โฟลเดอร์สถานะที่ใช้ดูทะเบียน (อ่านอย่างเดียว)",
)
ledger_option = click.option(
    "--state", type=click.Path(path_type=Path, exists=True, file_okay=False), help="โฟลเดอร์สถานะ"
)
plan_option = click.option(
    "--plan",
    "plan_dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="โฟลเดอร์แผนอื่นที่ไม่ใช่ของ songthan.toml",
)


def console(*, err: bool = False) -> Console:
    """A console for people: as wide as the terminal, colours only there."""
    stream = sys.stderr if err else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else _PAPER_WIDTH
    return Console(stderr=err, width=width, highlight=False, emoji=False, markup=False)


def print_json(document: object) -> None:
    """The one document of `--json`."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def plain(text: str) -> str:
    """A stranger's text without the control characters that could write over the terminal."""
    return "".join(c if c.isprintable() or c == "\u200b" else " " for c in text)


def note(text: str) -> None:
    """A remark beside the answer, on standard error."""
    click.echo(f"หมายเหตุ: {text}", err=True)


def office_at(state: Path | None) -> Office:
    """The office whose ledger a decision is written into: of `--state`, or of the workspace."""
    from songthan import workspace

    return workspace.open_office(workspace.find_root(), state)


def write_whole(target: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    try:
        handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EnvironmentNotReady(
            f"เขียนแฟ้มไม่ได้ ({error.strerror})", where=str(target), remedy="ตรวจโฟลเดอร์ปลายทาง สิทธิ และพื้นที่ว่าง"
        ) from error


def at_the_desk() -> str:
    """Who gives this command, for the ledger's history: the name this machine knows him by."""
    try:
        return f"command:{getpass.getuser()}"
    except (KeyError, OSError):
        return "command"


def tell(outcome: object, as_json: bool) -> None:
    """What a decision came to: words, or one JSON document."""
    if as_json:
        print_json(outcome.as_json())  # type: ignore[attr-defined]
    else:
        click.echo(outcome.words)  # type: ignore[attr-defined]


def day(value: date) -> str:
    """A date in a table: «๑๕ มี.ค. ๖๖»."""
    return day_words(value, short=True)


def number(value: object) -> str:
    return digits(value)


def clean(text: str) -> str:
    """A stranger's text without what could steer a terminal (escape sequences, direction changes); line breaks stay."""
    return "".join(c if c.isprintable() or c in "\n\u200b" else " " for c in text)


_LEADING = frozenset("เแโใไ")
#: Words that are nearly always the beginning of one.
_STARTS = ("หรือ", "ซึ่ง", "ความ")


def fold(text: str, width: int) -> str:
    """`text` in lines of at most `width` columns: broken at spaces, and inside long Thai runs before a leading vowel
    (never between a letter and its marks)."""
    lines: list[str] = []
    current = ""
    for word in text.split(" "):
        joined = f"{current} {word}" if current else word
        if cell_len(joined) <= width:
            current = joined
            continue
        if current:
            lines.append(current)
        current = word
        while cell_len(current) > width:
            at = _break(current, width)
            lines.append(current[:at])
            current = current[at:]
    return "\n".join([*lines, current])


def _break(run: str, width: int) -> int:
    """Where to break a run wider than `width`: before the last leading vowel that leaves a decent line."""
    fits = [n for n in range(1, len(run)) if cell_len(run[:n]) <= width and cell_len(run[n]) > 0]
    good = [n for n in fits if (run[n] in _LEADING or run.startswith(_STARTS, n)) and n >= width // 2]
    # «ดำ-เนินงาน», «สำ-เร็จ»: a vowel after ำ mostly goes on with its word
    good = [n for n in good if run[n - 1] != "ำ"] or good
    return good[-1] if good else (fits[-1] if fits else 1)


def deadline_of(plan: Plan, deadline_id: str) -> Deadline:
    """The plan's deadline with this id; UsageError names those there are."""
    try:
        return plan.deadline(deadline_id)
    except KeyError as error:
        known = ", ".join(d.id for d in plan.deadlines)
        raise UsageError(f"ไม่มีกำหนดส่ง «{deadline_id}» ในแผน", remedy=f"ใช้หนึ่งใน: {known}") from error
