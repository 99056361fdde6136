"""The score on one drawn page (SVG, A4 landscape): a bar a criterion, what is missing for the next level hatched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from rich.cells import cell_len

from songthan.commands.drawing import BLUE, FAINT, INK, LETTER, RED, RULE, hatching, lines_of, page, text
from songthan.domain.department import RollUp, Share
from songthan.domain.language import digits, say
from songthan.domain.rubric import GapStep, Rubric, Scoring
from songthan.domain.rubric_values import Criterion, exact_words

__all__ = ["department_page", "score_page"]

WIDTH, HEIGHT, MARGIN = 2970, 2100, 90
_TOP, _FOOT = 330, 250
_NAME_W, _BAR_X, _BAR_W, _GAP_W = 1010, 1210, 700, 860
_DONE, _MISSING, _EMPTY = "#2b8a3e", "#e8590c", "#f1f3f5"


def score_page(
    rubric: Rubric, result: Scoring, *, office: str = "", fonts: Mapping[str, bytes] | None = None
) -> str:
    """The page as SVG text. `office` is printed in its corner."""
    parts = [_head(rubric.title, office, _standing(rubric, result), fonts or {})]
    parts.append("".join(_legend(rubric, result)))
    room = HEIGHT - _TOP - _FOOT - 60
    height = min(186.0, room / len(rubric.criteria))
    steps = {g.criterion: g for g in result.gap}
    for n, criterion in enumerate(rubric.criteria):
        y = _TOP + 60 + n * height
        parts.append("".join(_row(rubric, criterion, result.scores[criterion.id], steps.get(criterion.id), y, height)))
    parts.append("".join(_floor(rubric, result, height)))
    parts.append("".join(_foot(rubric, result)))
    return "\n".join([*parts, "</svg>\n"])


def _head(title: str, office: str, under: str, fonts: Mapping[str, bytes]) -> str:
    (line,) = lines_of(title, WIDTH - 2 * MARGIN - cell_len(office) * 62 * LETTER - 60, 92, 1)
    return (
        page(WIDTH, HEIGHT, title=title, paper="A4 landscape", fonts=fonts)
        + hatching("missing", _MISSING)
        + text(MARGIN, 160, line, size=92, bold=True)
        + (text(WIDTH - MARGIN, 160, office, size=62, bold=True, anchor="end", fill=BLUE) if office else "")
        + text(MARGIN, 240, under, size=62)
        + f'<rect x="{MARGIN}" y="266" width="{WIDTH - 2 * MARGIN}" height="5" fill="{BLUE}"/>\n'
    )


def _standing(rubric: Rubric, result: Scoring) -> str:
    return say(
        "ได้ {total} จาก {full} คะแนน · ระดับที่ {level}: {name}",
        total=digits(result.total),
        full=digits(rubric.score_max * len(rubric.criteria)),
        level=digits(result.level),
        name=rubric.level_name(result.level),
    )


def _legend(rubric: Rubric, result: Scoring) -> Iterator[str]:
    signs = [(_DONE, say("คะแนนที่ได้แล้ว"))]
    if result.next_level:
        name = rubric.level_name(result.next_level)
        signs.append(("url(#missing)", say("คะแนนที่ยังขาดเพื่อถึงระดับที่ {level} {name}", level=digits(result.next_level), name=name)))
    x: float = MARGIN
    for fill, words in signs:
        yield f'<rect x="{x:.0f}" y="296" width="54" height="40" rx="6" fill="{fill}" stroke="{FAINT}" stroke-width="3"/>\n'
        yield text(x + 70, 330, words, size=46)
        x += 150 + cell_len(words) * 46 * LETTER
    if result.next_level:
        yield f'<path d="M{x + 20:.0f} 292 v48" stroke="{RED}" stroke-width="6" stroke-dasharray="10 8"/>\n'
        yield text(x + 44, 330, say("อย่างน้อยข้อละเท่านี้"), size=46)


def _row(
    rubric: Rubric, criterion: Criterion, score: int, step: GapStep | None, y: float, height: float
) -> Iterator[str]:
    """Number and name, the bar, what is missing."""
    middle = y + height / 2
    size = min(50.0, height * 0.3)
    yield text(MARGIN + 70, middle + 22, digits(criterion.number), size=min(76.0, height * 0.45), bold=True, anchor="end", fill=BLUE)
    lines = lines_of(criterion.text, _NAME_W - 60, size, 2 if height > 110 else 1)
    yield from _block(MARGIN + 100, middle, lines, size)
    cell = _BAR_W / rubric.score_max
    thick = min(86.0, height * 0.52)
    for n in range(rubric.score_max):
        fill = _DONE if n < score else "url(#missing)" if step and n < step.needed else _EMPTY
        x = _BAR_X + n * cell
        yield f'<rect x="{x + 4:.0f}" y="{middle - thick / 2:.0f}" width="{cell - 8:.0f}" height="{thick:.0f}" rx="8" fill="{fill}" stroke="{FAINT if fill != _DONE else _DONE}" stroke-width="3"/>\n'
    yield text(_BAR_X + _BAR_W + 60, middle + 20, digits(score), size=min(70.0, height * 0.42), bold=True, anchor="middle", fill=INK if score else RED)
    if step:
        words = say(" และ ").join(a.message_th for a in step.actions)
        left = _BAR_X + _BAR_W + 120
        yield from _block(left, middle, lines_of(words, WIDTH - MARGIN - left, size * 0.9, 3 if height > 130 else 2), size * 0.9)
    yield f'<rect x="{MARGIN}" y="{y + height - 2:.0f}" width="{WIDTH - 2 * MARGIN}" height="2" fill="{RULE}"/>\n'


def _block(x: float, middle: float, lines: list[str], size: float) -> Iterator[str]:
    """Lines of text around a middle."""
    for n, line in enumerate(lines):
        yield text(x, middle + (n - (len(lines) - 1) / 2) * size * 0.98 + size * 0.26, line, size=size)


def _floor(rubric: Rubric, result: Scoring, height: float) -> Iterator[str]:
    """The dashed line every criterion of the next level must reach."""
    level = next((one for one in rubric.levels if one.level == result.next_level), None)
    if level is None:
        return
    rows = [n for n, c in enumerate(rubric.criteria) if c.id in level.criteria]
    x = _BAR_X + _BAR_W / rubric.score_max * level.each_at_least
    top, bottom = _TOP + 60 + rows[0] * height + 14, _TOP + 60 + (rows[-1] + 1) * height - 14
    yield f'<path d="M{x:.0f} {top:.0f} V{bottom:.0f}" stroke="{RED}" stroke-width="6" stroke-dasharray="16 12"/>\n'


def _foot(rubric: Rubric, result: Scoring) -> Iterator[str]:
    y = HEIGHT - _FOOT + 72
    # how a number was read matters least, and only so many lines fit
    remarks = sorted(result.remarks, key=lambda r: r.code.endswith("read-as"))
    words = [_next(rubric, result), *(r.message_th for r in remarks)]
    lines = [line for n, w in enumerate(words) for line in lines_of(w if not n else say("ข้อสังเกต: {words}", words=w), WIDTH - 2 * MARGIN, 46, 2)]
    room = 4
    if len(lines) > room:
        lines = [*lines[: room - 1], say("และข้อสังเกตอื่น ดูด้วย songthan score")]
    for n, line in enumerate(lines):
        yield text(MARGIN, y + n * 48, line, size=58 if n == 0 else 44, bold=n == 0, fill=INK if n == 0 else "#52606d")


def _next(rubric: Rubric, result: Scoring) -> str:
    if result.next_level is None:
        return say("ถึงระดับสูงสุดแล้ว")
    points = sum(g.needed - g.score for g in result.gap)
    if not points:
        return say("ระดับที่ {level} ถึงไม่ได้แล้วในปีนี้", level=digits(result.next_level))
    return say(
        "ขาดอีก {points} คะแนน จะถึงระดับที่ {level} {name}",
        points=digits(points),
        level=digits(result.next_level),
        name=rubric.level_name(result.next_level),
    )


# ---------------------------------------------------------------------------------------------------------- a department


def department_page(rubric: Rubric, found: RollUp, *, fonts: Mapping[str, bytes] | None = None) -> str:
    """A department's page: a bar a level, its share of all bureaus against the line it must reach, and who would tip it."""
    name = next((s.rule.name for s in found.shares if s.rule.level == found.level), say("ยังไม่ถึงระดับใด"))
    under = say("ระดับที่ {level}: {name} · {count} สำนัก", level=digits(found.level), name=name, count=digits(len(found.bureaus)))
    parts = [_head(say("ผลระดับกรมจากผลของสำนัก"), "", under, fonts or {})]
    height = min(420.0, (HEIGHT - _TOP - _FOOT) / len(found.shares))
    for n, share in enumerate(found.shares):
        parts.append("".join(_share(share, _TOP + n * height, height)))
    y = HEIGHT - _FOOT + 40
    lines = [line for _, words in found.remarks for line in lines_of(words, WIDTH - 2 * MARGIN, 44, 2)][:4]
    parts += [text(MARGIN, y + n * 46, line, size=44, fill="#52606d") for n, line in enumerate(lines)]
    return "\n".join([*parts, "</svg>\n"])


def _share(share: Share, y: float, height: float) -> Iterator[str]:
    rule, width = share.rule, WIDTH - 2 * MARGIN
    yield text(MARGIN, y + 70, say("ระดับที่ {level} {name}", level=digits(rule.level), name=rule.name), size=60, bold=True, fill=BLUE)
    words = say(
        "{reached} จาก {of} สำนัก (ร้อยละ {percent}) ต้องไม่น้อยกว่าร้อยละ {wanted}",
        reached=digits(share.reached),
        of=digits(share.of),
        percent=exact_words(share.percent),
        wanted=exact_words(rule.percent_at_least),
    )
    yield text(WIDTH - MARGIN, y + 70, words, size=52, anchor="end")
    top, thick = y + 96, min(96.0, height * 0.26)
    done = width * float(Fraction(share.reached, share.of))
    line = MARGIN + width * float(rule.percent_at_least / 100)
    yield f'<rect x="{MARGIN}" y="{top:.0f}" width="{width}" height="{thick:.0f}" rx="10" fill="{_EMPTY}" stroke="{FAINT}" stroke-width="3"/>\n'
    if not share.held:
        yield f'<rect x="{MARGIN + done:.0f}" y="{top:.0f}" width="{line - MARGIN - done:.0f}" height="{thick:.0f}" fill="url(#missing)"/>\n'
    yield f'<rect x="{MARGIN}" y="{top:.0f}" width="{done:.0f}" height="{thick:.0f}" rx="10" fill="{_DONE}"/>\n'
    yield f'<path d="M{line:.0f} {top - 16:.0f} v{thick + 32:.0f}" stroke="{RED}" stroke-width="7" stroke-dasharray="16 10"/>\n'
    if share.held:
        note = say("ถึงเกณฑ์ ลดลงได้อีก {spare} สำนักโดยยังถึงเกณฑ์", spare=digits(share.spare)) if share.spare else say("ถึงเกณฑ์พอดี ลดลงอีกไม่ได้")
    else:
        note = say("ขาดอีก {lacking} สำนัก ใกล้ที่สุด: {names}", lacking=digits(share.lacking), names=", ".join(tipping_words(share)))
    for n, part in enumerate(lines_of(note, width, 48, 2)):
        yield text(MARGIN, top + thick + 66 + n * 48, part, size=48)


def tipping_words(share: Share) -> list[str]:
    """«สำนัก ก (ขาด ๒ คะแนน)» for the bureaus that would tip it."""
    return [
        say("{name} (ขาด {points} คะแนน)", name=name, points=digits(points)) if points is not None else name
        for name, points in share.tipping
    ]
