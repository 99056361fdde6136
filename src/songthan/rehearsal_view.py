"""What a person sees while a rehearsal runs: a live table of everybody's state, and a running account of what happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from songthan.domain.ladders import ladder_for
from songthan.domain.language import say
from songthan.domain.plans import Deadline
from songthan.domain.thai import thai_date, to_thai_digits
from songthan.steps.fill_form import short_title
from songthan.steps.office import Office
from songthan.steps.report_status import ROUTE_TH, artifact_rows, deadline_status

_COLOURS = {"ACCEPTED": "green", "ASKED": "yellow", "NEEDS_CORRECTION": "magenta", "RECEIVED": "cyan", "LAPSED": "red"}
_DEADLINE_COLOURS = {"PLANNED": "dim", "OPEN": "yellow", "ACKNOWLEDGED": "green", "MISSED": "red"}
_ROUTE_COLOURS = {"accept": "green", "note": "blue", "hold": "yellow", "quarantine": "red"}
#: Lines of the running account kept under the live table.
_TAIL = 14


class View(AbstractContextManager["View"]):
    """Writes to `console`; on a terminal as one live picture, else line by line (a log)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: deque[Text] = deque(maxlen=_TAIL)
        self._live = Live(console=console, refresh_per_second=8, transient=False) if console.is_terminal else None
        self._table: Table | None = None
        self._now = ""

    def __enter__(self) -> View:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def say(self, text: str, style: str = "") -> None:
        """One line of the account."""
        self._line(Text(text, style=style))

    def moment(self, now: datetime) -> None:
        """The simulated clock moved."""
        self._now = f"{thai_date(now.date(), weekday=True, short=True)} {to_thai_digits(now.strftime('%H.%M'))} น."
        self._draw()

    def act(self, who: str, what: str) -> None:
        """Somebody of the cast did something."""
        self._line(Text.from_markup(f"[dim]{self._now}[/] 👤 {escape(who)}: {escape(what)}"))

    def batch(self, title: str) -> None:
        """Songthan does a batch of actions."""
        self._line(Text.from_markup(f"[dim]{self._now}[/] [bold]▶ {escape(title)}[/]"))

    def mail(self, rows: list[dict[str, object]]) -> None:
        """What became of the mails just taken in."""
        for row in reversed(rows):
            route = str(row["route"])
            self._line(
                Text.from_markup(
                    f"[dim]{self._now}[/] ✉ [{_ROUTE_COLOURS.get(route, 'white')}]{say(ROUTE_TH.get(route, route))}[/] "
                    f"{escape(str(row['sender'] or '-'))}: {escape(str(row['reason'] or ''))}"
                )
            )

    def decision(self, row: dict[str, object], decision: str, reason: str) -> None:
        """The secretary of the play decides a held mail."""
        word = "รับไว้" if decision == "accept" else "ไม่รับ"
        self._line(Text.from_markup(f"[dim]{self._now}[/] 🖊 เลขานุการ: จดหมายที่ {row['id']} {word} ({escape(reason)})"))

    def board(self, office: Office, deadlines: Sequence[Deadline]) -> None:
        """Everybody's state now: of one deadline each assignment, of a year each deadline."""
        if self._live:
            self._table = _year(office, deadlines) if len(deadlines) > 1 else _assignments(office, deadlines[0])
            self._draw()

    def _line(self, text: Text) -> None:
        self._lines.append(text)
        if self._live:
            self._draw()
        else:
            self._console.print(text, soft_wrap=True)

    def _draw(self) -> None:
        if self._live:
            account = Panel(Group(*self._lines), title=f"เวลาในเรื่อง {self._now}", title_align="left")
            self._live.update(Group(self._table, account) if self._table else account)


def _assignments(office: Office, deadline: Deadline) -> Table:
    """One deadline: who owes what, and where it stands."""
    status = deadline_status(office, deadline.id)
    table = Table(
        title=f"{deadline.title}\n{status['state_th']} · รับครบ {to_thai_digits(status['accepted'])} จาก "
        f"{to_thai_digits(len(status['assignments']))}",  # type: ignore[arg-type]
        expand=True,
    )
    for column in ("ลำดับ", "ผู้รับผิดชอบ", "กิจกรรม", "สถานะ"):
        table.add_column(say(column), no_wrap=True)
    states = [r["state"] for r in status["assignments"]]  # type: ignore[attr-defined]
    for row, state in zip(artifact_rows(office, deadline.id), states, strict=False):
        table.add_row(
            *(str(row[say(c)]) for c in ("ลำดับ", "ผู้รับผิดชอบ", "กิจกรรม")),
            Text(str(row[say("สถานะ")]), style=_COLOURS.get(str(state), "")),
        )
    return table


def _year(office: Office, deadlines: Sequence[Deadline]) -> Table:
    """The year's board: every deadline with its state, its counts and what comes next."""
    year = to_thai_digits(office.plan.fiscal_year)
    era = "พ.ศ." if office.plan.organisation.year_offset else "ค.ศ."
    table = Table(title=f"ปีงบประมาณ {era} {year} · กำหนดส่ง {to_thai_digits(len(deadlines))} รายการ", expand=True)
    table.add_column("กำหนดส่ง", no_wrap=True)
    table.add_column("สถานะ", no_wrap=True)
    for column in ("รับครบ", "ขอแก้"):
        table.add_column(column, justify="right", no_wrap=True, min_width=5)
    table.add_column("ต่อไป", no_wrap=True)
    for deadline in deadlines:
        status = deadline_status(office, deadline.id)
        counts = (f"{status['accepted']}/{status['asked']}", str(status["corrected"])) if status["asked"] else ("-", "-")
        table.add_row(
            short_title(deadline).removesuffix(f" ปี {year}"),
            Text(str(status["state_th"]), style=_DEADLINE_COLOURS.get(str(status["state"]), "")),
            *map(to_thai_digits, counts),
            _coming(office, deadline, status),
        )
    return table


def _coming(office: Office, deadline: Deadline, status: Mapping[str, object]) -> str:
    """The next date of a deadline, or its receipt."""
    if status["receipt"]:
        return str(status["receipt"])
    today = office.calendar.local(office.clock.now()).date()
    ladder = ladder_for(deadline, office.calendar)
    dates = ((ladder.opens, "เปิดรอบ"), (ladder.internal, "สมาชิกส่ง"), (ladder.target, "สำนักส่ง"))
    for day, what in dates:
        if day > today or (day == today and what != "เปิดรอบ"):
            return f"{what} {thai_date(day, short=True)}"
    return "พ้นกำหนดส่ง" if status["state"] not in ("SUBMITTED",) else "รอเลขรับ"
