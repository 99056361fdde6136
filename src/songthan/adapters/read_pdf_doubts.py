"""What makes the answers of a PDF doubtful though they can be read: sheets that are missing, rows cut by a page end,
letters of a borrowed font.

Runs inside the sandbox. A person who prints a form again, or sends only some of its sheets, tells nobody: the file must.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from songthan.adapters.read_grid import GridRow
from songthan.adapters.read_identity import TOKEN
from songthan.adapters.read_pdf_text import Line, PageText, lines_in
from songthan.adapters.read_printed import page_number
from songthan.domain.forms import Answer, Problem
from songthan.domain.language import phrase, say
from songthan.domain.thai import to_arabic_digits

__all__ = [
    "CUT",
    "FULL",
    "Frame",
    "cut_off",
    "cut_problems",
    "frame_of",
    "full_cells",
    "page_problems",
    "strange_letters",
]

CUT = "cut"  # oddity of a cell: it may go on on a sheet that is not there
FULL = "full"  # oddity of a cell: its text reaches down to its end, so that more may follow behind a page end

_LOW = 0.78  # of the way from the page's head to its foot: a row that ends above had room for another line
# With so much room left (two lines, which programs keep together) a text has ended: line steps; letter boxes of one line.
_ROOM, _ROOM_ALONE = 2.5, 3.6
_EDGE = 0.12
# Thai, Latin, and signs that every office font has. Other letters come from a borrowed font: programs that draw a print
# again give all letters that no font has the code of the first one.
_STRANGE = re.compile(
    "[^\\s\u0020-\u007e\u00a0-\u024f\u0e00-\u0e7f\u2000-\u206f\u20a0-\u20cf\u2100-\u214f\u2190-\u22ff\u2300-\u23ff"
    "\u2500-\u27bf\u200b\ufeff]"
)
_SENTENCES = {
    "pdf-cut": phrase("แถวนี้อยู่ท้ายหน้ากระดาษและไม่พบส่วนที่ต่อในหน้าถัดไป คำตอบอาจขาดหายไปบางส่วน โปรดตรวจดู และขอให้ส่งมาให้ครบทุกหน้า"),
    "pdf-letters": phrase("มีตัวอักษรหรือตัวเลขที่แบบอักษรของไฟล์ PDF ไม่รองรับ (เช่น ตัวเลขเต็มช่อง) ระบบไม่แน่ใจว่าอ่านได้ตรงกับที่พิมพ์ไว้ โปรดตรวจดู หรือขอให้ส่งเป็นไฟล์ Word"),
    "pdf-pages": phrase("หน้าของแบบในไฟล์ PDF นี้ไม่ครบ ซ้ำกัน หรือไม่เรียงตามลำดับ โปรดตรวจดู และขอให้ส่งมาให้ครบทุกหน้า"),
    "pdf-sheet": phrase("ไฟล์ PDF นี้พิมพ์แบบมากกว่าหนึ่งหน้าไว้ในแผ่นเดียวกัน ระบบจึงไม่แน่ใจในตำแหน่งของคำตอบ โปรดตรวจดู หรือขอให้ส่งเป็นไฟล์ Word"),
}


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the head and foot of a page say: its number (None: no such line), how many of our footers stand on it, and the
    heights (points from the page's foot) between which the text stands."""

    height: float
    number: int | None
    footers: int
    top: float
    bottom: float

    def is_low(self, y: float) -> bool:
        """Does something that ends at this height end where the page does?"""
        return self.top - y > _LOW * (self.top - self.bottom)


def frame_of(text: PageText, height: float) -> Frame:
    """The head and foot of a page of this height."""
    lines = lines_in(text.glyphs, (-1e4, -1e4, 1e4, 1e4))
    footers = [line for line in lines if TOKEN.search(line.text)]
    feet = sum(len(TOKEN.findall(line.text)) for line in footers if line.y < 0.5 * height)
    numbers = [n for n in map(_page_number, _outermost(lines, height)) if n is not None]
    low = [line for line in footers if line is lines[-1]]
    return Frame(
        height=height,
        number=numbers[0] if numbers else None,
        footers=feet,
        top=lines[0].y if lines else height,
        bottom=low[0].y if low else 0.0,
    )


def _outermost(lines: Sequence[Line], height: float) -> Iterator[Line]:
    """The first and the last lines that stand in a page's head or foot, our footer left out."""
    rest = [line for line in lines if not TOKEN.search(line.text)]
    for line in (rest[0], rest[-1]) if rest else ():
        if not _EDGE < (height - line.y) / height < 1 - _EDGE:
            yield line


def _page_number(line: Line) -> int | None:
    number = page_number(line.text.strip())
    return int(to_arabic_digits(number)) if number else None


def page_problems(frames: Sequence[Frame], *, lost: bool = False) -> list[Problem]:
    """pdf-pages: the form's sheets are not 1, 2, 3 …, or parts of it are `lost`; pdf-sheet: two on one sheet of paper."""
    out = []
    ours = [frame for frame in frames if frame.footers] or frames
    if any(frame.footers > 1 for frame in frames):
        out.append(_about("", "pdf-sheet"))
    numbers = [frame.number for frame in ours]
    if lost or (None not in numbers and numbers != list(range(1, len(numbers) + 1))):
        out.append(_about("", "pdf-pages"))
    return out


def _about(field_id: str, code: str, place: str = "") -> Problem:
    return Problem(field=field_id, code=code, message_th=f"{place}: {say(_SENTENCES[code])}" if place else say(_SENTENCES[code]))


def full_cells(cells: Sequence[tuple[Sequence[Line], float, float]]) -> list[bool]:
    """Which of a row's cells (lines, upper and lower end) have no room for another two lines, so that more may follow?"""
    steps = [a.y - b.y for lines, _, _ in cells for a, b in zip(lines, lines[1:], strict=False)]
    heights = [line.height for lines, _, _ in cells for line in lines]
    room = _ROOM * min(steps) if steps else _ROOM_ALONE * max(heights, default=10.0)
    return [(lines[-1].y if lines else top) - bottom < room for lines, top, bottom in cells]


def cut_off(row: GridRow) -> GridRow:
    """The row at a page end with the cells marked whose text may go on."""
    return GridRow(
        cells=tuple(replace(c, oddities=c.oddities | {CUT}) if FULL in c.oddities else c for c in row.cells)
    )


def cut_problems(cut: Iterable[str], places: Mapping[str, str], problems: Sequence[Problem]) -> Iterator[Problem]:
    """pdf-cut for the fields of rows that a page end may have cut, where nothing else is said of them."""
    told = {p.field for p in problems}
    for field_id in dict.fromkeys(cut):
        if field_id not in told:
            yield _about(field_id, "pdf-cut", places.get(field_id, ""))


def strange_letters(answers: Mapping[str, Answer], problems: Sequence[Problem]) -> Iterator[Problem]:
    """pdf-letters for answers with letters or digits of a borrowed font, where nothing else is said of them."""
    told = {p.field for p in problems}
    for field_id, answer in answers.items():
        if field_id not in told and _STRANGE.search(answer.raw):
            yield _about(field_id, "pdf-letters", answer.source)
