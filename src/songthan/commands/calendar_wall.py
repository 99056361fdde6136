"""The year on one page for the wall: an SVG of A3 landscape (prints on A4 too), a quarter a row."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rich.cells import cell_len

from songthan.commands.calendar_wall_words import Entry, entries_of, plain_name
from songthan.commands.drawing import BLUE, FAINT, INK, LETTER, RED, RULE, page
from songthan.commands.drawing import text as _text
from songthan.commands.paper import fold
from songthan.domain.calendars import WorkCalendar
from songthan.domain.ladders import ladder_for
from songthan.domain.language import current, day_words, digits, say
from songthan.domain.plans import Plan

__all__ = ["wall_page"]

WIDTH, HEIGHT, MARGIN = 4200, 2970, 100
_TOP, _BAND, _GAP = 290, 64, 22
_SIDE = 880
_MONTH_W = (WIDTH - 2 * MARGIN - _SIDE - _GAP - _BAND) / 3
_ROW_H = (HEIGHT - MARGIN - _TOP) / 4
_CELL_W, _CELL_H, _HEAD = 77, 79, 66
#: kind → (colour, ink on it); the order is that of importance, the last wins a day.
_KIND = {
    "opens": ("#0b7285", "#0b7285"),
    "internal": ("#ffd43b", INK),
    "target": ("#7048e8", "#ffffff"),
    "external": ("#2b8a3e", "#ffffff"),
}
#: A digit's middle lies this far above the line it stands on (measured).
_DIGIT_MIDDLE = 0.224


def wall_page(plan: Plan, calendar: WorkCalendar, *, fonts: Mapping[str, bytes] | None = None) -> str:
    """The page as SVG text. `fonts`: weight («normal», «bold») → TrueType bytes to put into the file."""
    entries = entries_of(plan, calendar)
    parts = [_head(plan, fonts or {})]
    for number, first in enumerate(plan.organisation.fiscal.months(plan.fiscal_year)):
        row, column = divmod(number, 3)
        y = _TOP + row * _ROW_H
        if column == 0:
            parts.append(_quarter_band(plan, calendar, row + 1, y))
        x = MARGIN + _BAND + column * _MONTH_W
        parts.append("".join(_month(_Month(first=first, x=x + _GAP, y=y, calendar=calendar, entries=entries))))
    parts.append("".join(_side(plan, calendar)))
    parts.append("</svg>\n")
    return "\n".join(parts)


def _head(plan: Plan, fonts: Mapping[str, bytes]) -> str:
    era = say("พ.ศ.") if plan.organisation.year_offset else say("ค.ศ.")
    title = say("ปฏิทินงาน ปีงบประมาณ {era} {year}", era=era, year=digits(plan.fiscal_year))
    under = fold(plan.organisation.plan_title, int((WIDTH - 2 * MARGIN) / (44 * LETTER))).split("\n")[0]
    return (
        page(WIDTH, HEIGHT, title=title, paper="A3 landscape", fonts=fonts)
        + _text(MARGIN, 180, title, size=118, bold=True)
        + _text(WIDTH - MARGIN, 180, plan.organisation.name, size=84, bold=True, anchor="end", fill=BLUE)
        + _text(MARGIN, 246, under, size=46, fill="#52606d")
        + f'<rect x="{MARGIN}" y="264" width="{WIDTH - 2 * MARGIN}" height="5" fill="{BLUE}"/>'
    )


def _quarter_band(plan: Plan, calendar: WorkCalendar, number: int, y: float) -> str:
    height = _ROW_H - _GAP
    x, middle = MARGIN, y + height / 2
    first, last = plan.organisation.fiscal.quarter_days(plan.fiscal_year, number)
    days = calendar.working_days_between(first - timedelta(days=1), last)
    words = say("ไตรมาสที่ {quarter} · {days} วันทำการ", quarter=digits(number), days=digits(days))
    return (
        f'<rect x="{x}" y="{y:.0f}" width="{_BAND - 6}" height="{height:.0f}" rx="10" fill="{BLUE}"/>'
        f'<g transform="translate({x + _BAND / 2 + 9:.0f} {middle:.0f}) rotate(-90)">'
        + _text(0, -2, words, size=52, bold=True, anchor="middle", fill="#ffffff")
        + "</g>"
    )


@dataclass(frozen=True, kw_only=True)
class _Month:
    """One month to be drawn with its left upper corner at x, y."""

    first: date
    x: float
    y: float
    calendar: WorkCalendar
    entries: tuple[Entry, ...]

    @property
    def mine(self) -> list[Entry]:
        return [e for e in self.entries if (e.day.year, e.day.month) == (self.first.year, self.first.month)]


def _month(month: _Month) -> Iterator[str]:
    x, y, first = month.x, month.y, month.first
    width, height = _MONTH_W - _GAP, _ROW_H - _GAP
    yield f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="12" fill="none" stroke="{RULE}" stroke-width="3"/>'
    name = f"{current().months[first.month - 1]} {digits(first.year + current().year_offset)}"
    yield _text(x + 18, y + 54, name, size=64, bold=True, fill=BLUE)
    grid = x + 12
    for n, word in enumerate(_weekdays()):
        fill = RED if n == 0 else FAINT
        yield _text(grid + (n + 0.5) * _CELL_W, y + _HEAD + 34, word, size=40, bold=True, anchor="middle", fill=fill)
    top = y + _HEAD + 44
    for week, days in enumerate(months.Calendar(firstweekday=6).monthdatescalendar(first.year, first.month)):
        for column, one in enumerate(days):
            if one.month == first.month:
                yield from _day(month, one, grid + column * _CELL_W, top + week * _CELL_H)
    yield from _list(month, left=grid + 7 * _CELL_W + 20, top=y + 30, right=x + width - 10, bottom=y + height - 8)


def _weekdays() -> list[str]:
    """The heads of a month's columns, Sunday first; in another language the first two letters of its own names."""
    names = current().weekdays
    return ["อา", "จ", "อ", "พ", "พฤ", "ศ", "ส"] if current().code == "th" else [names[n - 1][:2] for n in range(7)]


def _day(month: _Month, one: date, x: float, y: float) -> Iterator[str]:
    off = not month.calendar.is_working_day(one)
    named = one in month.calendar.days_off
    if off:
        fill = "#ffe3e3" if named else "#f1f3f5"
        yield f'<rect x="{x + 2:.0f}" y="{y + 2:.0f}" width="{_CELL_W - 4}" height="{_CELL_H - 4}" rx="6" fill="{fill}"/>'
    kinds = [k for k in _KIND if any(e.kind == k and e.day <= one <= e.until for e in month.entries)]
    ink = RED if named or one.weekday() == 6 else FAINT if off else INK
    cx, cy = x + _CELL_W / 2, y + _CELL_H / 2
    if kinds:
        yield _shape(kinds[-1], cx, cy, 35)
        ink = _KIND[kinds[-1]][1]
        for n, other in enumerate(reversed(kinds[:-1])):
            yield _shape(other, x + _CELL_W - 11 - 18 * n, y + _CELL_H - 11, 9)
    yield _text(cx, cy + 58 * _DIGIT_MIDDLE, digits(one.day), size=58, bold=bool(kinds) or named, anchor="middle", fill=ink)


def _shape(kind: str, cx: float, cy: float, r: float) -> str:
    """The sign of a kind: a ring opens, a square is the members', a hexagon the last working day, a disc the bureau's."""
    colour = _KIND[kind][0]
    if kind == "opens":
        width = max(4.0, r / 6)
        return f'<circle cx="{cx:.0f}" cy="{cy:.0f}" r="{r - width / 2:.1f}" fill="#ffffff" stroke="{colour}" stroke-width="{width:.1f}"/>'
    if kind == "internal":
        s = r * 0.9
        return f'<rect x="{cx - s:.1f}" y="{cy - s:.1f}" width="{2 * s:.1f}" height="{2 * s:.1f}" rx="{s / 5:.1f}" fill="{colour}" stroke="#e67700" stroke-width="{r / 12:.1f}"/>'
    if kind == "target":
        points = " ".join(f"{cx + r * a:.1f},{cy + r * b:.1f}" for a, b in ((-1, 0), (-0.5, -0.9), (0.5, -0.9), (1, 0), (0.5, 0.9), (-0.5, 0.9)))
        return f'<polygon points="{points}" fill="{colour}"/>'
    return f'<circle cx="{cx:.0f}" cy="{cy:.0f}" r="{r:.1f}" fill="{colour}"/>'


def _list(month: _Month, *, left: float, top: float, right: float, bottom: float) -> Iterator[str]:
    """The month's days by name, beside its grid, as large as they fit; what does not fit is counted."""
    entries, indent = month.mine, 62
    size = 48.0
    while True:
        columns = max(6, int((right - left - indent) / (size * LETTER)))
        blocks = [(e, fold(e.words, columns).split("\n")) for e in entries]
        line, air = size * 0.86, size * 0.22
        height = sum(len(lines) * line + air for _, lines in blocks)
        if height <= bottom - top or size <= 30:
            break
        size -= 1
    y = top
    for n, (entry, lines) in enumerate(blocks):
        if y + len(lines) * line > bottom and n < len(blocks):
            yield _text(left + indent, y + size * 0.7, say("และอีก {n} รายการ", n=digits(len(blocks) - n)), size=size, fill=FAINT)
            return
        fill = RED if entry.kind == "off" else INK
        yield _text(left + indent - 12, y + size * 0.7, digits(entry.day.day), size=size * 1.06, bold=True, anchor="end", fill=fill)
        for text in lines:
            yield _text(left + indent, y + size * 0.7, text, size=size, fill=fill)
            y += line
        y += air


def _side(plan: Plan, calendar: WorkCalendar) -> Iterator[str]:
    """The right column: what the signs mean, then every deadline with its dates."""
    x, y, width = WIDTH - MARGIN - _SIDE, float(_TOP), float(_SIDE)
    legend = [
        ("opens", say("เปิดรอบ ส่งแบบให้สมาชิก")),
        ("internal", say("สมาชิกส่งถึงวันนี้")),
        ("target", say("วันทำการสุดท้ายก่อนวันส่งที่เป็นวันหยุด")),
        ("external", say("สำนักส่งถึงวันนี้")),
    ]
    height = 74 * (len(legend) + 1) + 30
    yield f'<rect x="{x}" y="{y:.0f}" width="{width:.0f}" height="{height}" rx="12" fill="#f8f9fa" stroke="{RULE}" stroke-width="3"/>'
    for n, (kind, words) in enumerate(legend):
        yield _shape(kind, x + 55, y + 52 + 74 * n, 30)
        # another language's words may be longer: smaller, never over the page's edge
        size = min(50.0, (width - 120) / (cell_len(words) * LETTER))
        yield _text(x + 108, y + 52 + 74 * n + 50 * _DIGIT_MIDDLE, words, size=size)
    last = y + 52 + 74 * len(legend)
    yield f'<rect x="{x + 21}" y="{last - 32:.0f}" width="68" height="64" rx="6" fill="#ffe3e3"/>'
    yield _text(x + 55, last + 50 * _DIGIT_MIDDLE, digits(1), size=54, bold=True, anchor="middle", fill=RED)
    yield _text(x + 108, last + 50 * _DIGIT_MIDDLE, say("วันหยุดราชการ (สีแดง)"), size=50)
    y += height + 78
    yield _text(x, y - 14, say("กำหนดส่งของปี"), size=68, bold=True, fill=BLUE)
    yield from _cards(plan, calendar, x=x, top=y + 10, bottom=HEIGHT - MARGIN - _GAP)


def _cards(plan: Plan, calendar: WorkCalendar, *, x: float, top: float, bottom: float) -> Iterator[str]:
    blocks = [list(_card(plan, calendar, n)) for n in range(len(plan.deadlines))]
    size = 60.0
    while True:
        columns = int((_SIDE - 40) / (size * LETTER))
        laid = [[(bold, part) for bold, words in block for part in fold(words, columns).split("\n")] for block in blocks]
        line, air = size * 0.92, size * 0.7
        if sum(len(lines) * line + air for lines in laid) <= bottom - top or size <= 30:
            break
        size -= 1
    y = top
    for number, lines in enumerate(laid):
        height = len(lines) * line + air - 12
        last = number == len(laid) - 1
        if y + height + (0 if last else line) > bottom:
            words = say("และอีก {n} กำหนดส่ง ดูด้วย songthan calendar", n=digits(len(laid) - number))
            yield _text(x + 30, y + line, words, size=size, fill=FAINT)
            return
        yield f'<rect x="{x}" y="{y:.0f}" width="{_SIDE}" height="{height:.0f}" rx="10" fill="none" stroke="{RULE}" stroke-width="3"/>'
        yield f'<rect x="{x}" y="{y:.0f}" width="10" height="{height:.0f}" rx="5" fill="{BLUE}"/>'
        for n, (bold, words) in enumerate(lines):
            yield _text(x + 30, y + (n + 0.86) * line, words, size=size, bold=bold)
        y += height + 12


def _card(plan: Plan, calendar: WorkCalendar, number: int) -> Iterator[tuple[bool, str]]:
    """A deadline's lines, (bold, words)."""
    deadline = plan.deadlines[number]
    ladder = ladder_for(deadline, calendar)
    yield True, f"{plain_name(plan, deadline)} · {', '.join(plan.channels[f].short for f in deadline.forms)}"
    members = _day_of(deadline.members_until)
    if deadline.internal != deadline.members_until:
        members = f"{_day_of(deadline.internal)} – {members}"
    yield False, say("เปิดรอบ {day}", day=_day_of(ladder.opens))
    yield False, say("สมาชิกส่ง {day}", day=members)
    yield False, say("สำนักส่ง {day}", day=_day_of(ladder.external))
    if ladder.target != ladder.external:
        yield False, say("วันทำการสุดท้าย {day}", day=_day_of(ladder.target))


def _day_of(day: date) -> str:
    """A date that is not parted at the end of a line."""
    return day_words(day, weekday=True, short=True).replace(" ", "\u00a0")

