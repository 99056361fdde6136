"""The evidence of every criterion on one drawn page: a row a criterion, a column a period, what is missing beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from songthan.commands.drawing import BLUE, FAINT, RED, RULE, lines_of, page, text
from songthan.domain.coverage import Coverage
from songthan.domain.language import digits, say

__all__ = ["coverage_page"]

WIDTH, HEIGHT, MARGIN = 2970, 2100, 90
_TOP, _NAME_W, _COLUMN = 420, 900, 210
_THERE = "#2b8a3e"


def coverage_page(
    found: Sequence[Coverage],
    periods: Sequence[tuple[str, str]],
    *,
    title: str,
    office: str = "",
    fonts: Mapping[str, bytes] | None = None,
) -> str:
    """`periods`: deadline → its few words, in their order. A disc holds the number of proofs, a dashed ring is a gap; both may stand together."""
    parts = [
        page(WIDTH, HEIGHT, title=title, paper="A4 landscape", fonts=fonts or {}),
        text(MARGIN, 150, say("หลักฐานของแต่ละข้อ"), size=92, bold=True),
        text(WIDTH - MARGIN, 150, office, size=62, bold=True, anchor="end", fill=BLUE) if office else "",
        text(MARGIN, 226, lines_of(title, WIDTH - 2 * MARGIN, 54, 1)[0], size=54),
        f'<rect x="{MARGIN}" y="250" width="{WIDTH - 2 * MARGIN}" height="5" fill="{BLUE}"/>\n',
    ]
    shown = list(periods)[:5]
    left = MARGIN + _NAME_W + 40
    for n, (_, words) in enumerate(shown):
        for k, line in enumerate(lines_of(words, _COLUMN - 16, 42, 2)):
            parts.append(text(left + (n + 0.5) * _COLUMN, 316 + 44 * k, line, size=42, bold=True, anchor="middle"))
    parts.append(text(left + len(shown) * _COLUMN + 40, 338, say("ยังขาด"), size=46, bold=True, fill=RED))
    height = min(176.0, (HEIGHT - _TOP - MARGIN) / max(1, len(found)))
    for n, one in enumerate(found):
        parts.append("".join(_row(one, [d for d, _ in shown], _TOP - 30 + n * height, height)))
    return "\n".join([*parts, "</svg>\n"])


def _row(one: Coverage, deadlines: Sequence[str], y: float, height: float) -> Iterator[str]:
    middle, size = y + height / 2, min(46.0, height * 0.28)
    yield f'<rect x="{MARGIN}" y="{y:.0f}" width="{WIDTH - 2 * MARGIN}" height="2" fill="{RULE}"/>\n'
    yield text(MARGIN + 66, middle + 22, digits(one.number), size=min(72.0, height * 0.42), bold=True, anchor="end", fill=BLUE)
    yield from _lines(MARGIN + 96, middle, lines_of(one.text, _NAME_W - 96, size, 2), size)
    left = MARGIN + _NAME_W + 40
    radius = min(46.0, height * 0.28)
    for n, deadline in enumerate(deadlines):
        x = left + (n + 0.5) * _COLUMN
        count = sum(1 for p in one.proofs if p.deadline == deadline)
        lacking = any(lack.deadline == deadline for lack in one.lacks)
        if lacking:
            yield f'<circle cx="{x:.0f}" cy="{middle:.0f}" r="{radius + 12:.0f}" fill="none" stroke="{RED}" stroke-width="6" stroke-dasharray="14 10"/>\n'
        if count:
            yield f'<circle cx="{x:.0f}" cy="{middle:.0f}" r="{radius:.0f}" fill="{_THERE}"/>\n'
            yield text(x, middle + radius * 0.42, digits(count), size=radius * 1.4, bold=True, anchor="middle", fill="#ffffff")
        elif not lacking:
            yield text(x, middle + 14, "–", size=48, anchor="middle", fill=FAINT)
    start = left + len(deadlines) * _COLUMN + 40
    said = "; ".join(one.missing) or say("ครบ")
    small = size * 0.84
    yield from _lines(start, middle, lines_of(said, WIDTH - MARGIN - start, small, max(1, int(height / small) - 1)), small)


def _lines(x: float, middle: float, lines: Sequence[str], size: float) -> Iterator[str]:
    for n, line in enumerate(lines):
        yield text(x, middle + (n - (len(lines) - 1) / 2) * size * 0.98 + size * 0.26, line, size=size)
