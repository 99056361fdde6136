"""The activity tables: measures, guidelines, projects, activities and their dated deliverables.

The columns are known by their heads, whatever their order; a head repeated on a new page is left out, a row that goes on
overleaf is put together, and a row «๒) …» under «๑.๗ … ๑) …» is the second half of that activity.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from songthan.adapters.import_cells import D, bare, items_of, lead_number, numbers, one_line
from songthan.adapters.import_columns import HEAD_WORDS, columns_of, left_out
from songthan.adapters.import_dates import dates_in
from songthan.adapters.import_numbers import check_numbers
from songthan.adapters.import_source import Paragraph, Row, Source, Table
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import to_arabic_digits, to_thai_digits

__all__ = ["COLUMNS", "FoundActivity", "FoundMeasure", "FoundProject", "Rows", "find_rows"]

COLUMNS = ("number", "activity", "outputs", "outcomes", "documents", "notes")
_MEASURE = re.compile(rf"^\W*มาตรการ\s*(?:ที่)?\s*([{D}]{{1,2}})\s*[.:]?\s*(.*)$", re.S)
#: «- ๑๒ -», «หน้า ๕», «หน้า ๑๒ จาก ๓๐»: a page's number is no text of the plan
_PAGE = re.compile(
    rf"\W*(?:หน้า\s*(?:ที่)?\s*)?[{D}]{{1,3}}(?:\s*(?:จาก|/|ใน)\s*[{D}]{{1,3}})?(?:\s*หน้า)?\W*|\W*หน้า\s*[ก-ฮ]\W*"
)
_FORM = re.compile("^(?:แบบรายงาน|แบบประเมิน|แบบฟอร์ม|แบบสรุป|แบบสำรวจ|แบบติดตาม|แบบบันทึก)(?=.{10})")
_GUIDELINE = re.compile(rf"^\W*(?:แนวทาง(?:ที่)?\s*)?([{D}]{{1,2}})\s?\.\s?([{D}]{{1,2}})\s*[.)]?\s*(\S.*)$", re.S)


@dataclass(kw_only=True)
class FoundMeasure:
    number: int
    title: str
    place: str
    guidelines: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(kw_only=True)
class FoundProject:
    """`number` in ASCII as printed, empty when the heading row has none."""

    number: str
    title: str
    measure: int
    place: str


@dataclass(kw_only=True)
class FoundActivity:
    """A row of the plan: raw text by column, where each came from, and the row's first and last line."""

    number: str
    cells: dict[str, str]
    places: dict[str, str]
    project: FoundProject | None
    measure: int
    part: int = 0
    lines: tuple[int, int] | None = None
    place: str = ""


@dataclass(kw_only=True)
class Rows:
    measures: list[FoundMeasure] = field(default_factory=list)
    projects: list[FoundProject] = field(default_factory=list)
    activities: list[FoundActivity] = field(default_factory=list)
    #: index of the last and of the first block that belong to the activity tables
    last_block: int = -1
    first_block: int = -1


def find_rows(source: Source, notes: Notebook) -> Rows:
    """Every row of the activity tables, in order; doubts about numbering and shape are noted."""
    heads = _running_heads(source)
    finder = _Finder(notes, heads)
    # heads in other words only where no table has the usual ones
    loose = not any(columns_of(r) for t in source.tables() for r in t.rows)
    finder.loose = loose
    for n, block in enumerate(source.blocks):
        if isinstance(block, Paragraph):
            finder.paragraph(block)
        elif finder.table(block):
            finder.rows.last_block = n
            finder.rows.first_block = n if finder.rows.first_block < 0 else finder.rows.first_block
        elif finder.looks_alike(block):
            said = "ตารางนี้มีเลขและวันเหมือนตารางกิจกรรม แต่ไม่มีหัวตารางและเลขไม่ต่อกัน จึงมิได้นำเข้า โปรดตรวจ"
            notes.doubt("layout", one_line(block.rows[0].text)[:60], said, block.rows[0].place)
    check_numbers(finder.rows, notes)
    return finder.rows


def _running_heads(source: Source) -> frozenset[str]:
    """Lines that stand on three pages or more: the head or foot of every page."""
    counts = Counter(_foot(p.text) for p in source.paragraphs() if p.text)
    counts.update(
        _foot(r.text) for t in source.tables() for r in t.rows if len({c.text for c in r.cells if c.text}) == 1
    )
    return frozenset(text for text, count in counts.items() if count >= 3 and len(text) > 5)


def _foot(text: str) -> str:
    """A line without the page's number at either end."""
    return re.sub(rf"^[\W{D}]+|(?:หน้า(?:ที่)?)?[\W{D}]+$", "", bare(one_line(text)))


class _Finder:
    def __init__(self, notes: Notebook, heads: frozenset[str] = frozenset()) -> None:
        self.rows = Rows()
        self._notes = notes
        self._heads = heads
        self._pending: FoundMeasure | None = None
        self._seen: dict[int, list[tuple[str, str]]] = {}
        self._guiding = False
        self._project: FoundProject | None = None
        self._columns: dict[int, str] | None = None
        self._bridge, self._width = False, 0
        self._heading_row = ""
        self._last_line = self._more = 0
        self._first_line = ""
        self._in_forms = False
        self.loose = False
        self._told: set[str] = set()

    def paragraph(self, block: Paragraph) -> None:
        text = one_line(block.text).strip("*# ")
        if not text or self._of_the_page(text):
            return
        self._bridge = False
        # a form's own table may have an activity table's head
        self._in_forms = bool(self.rows.activities) and (self._in_forms or bool(_FORM.match(text)))
        if match := _MEASURE.match(text):
            self._begin(int(to_arabic_digits(match[1])), match[2], block.place)
        elif self._pending is None:
            return
        elif match := _GUIDELINE.match(text):
            self._guiding = True
            if int(to_arabic_digits(match[1])) == self._pending.number:
                key = to_arabic_digits(f"{match[1]}.{match[2]}")
                self._pending.guidelines.append((key, match[3].strip(), block.place))
        elif text.startswith("แนวทาง"):
            self._guiding = True
        elif self._guiding and self._pending.guidelines and block.line and block.line == self._last_line + 1:
            key, title, place = self._pending.guidelines[-1]
            self._pending.guidelines[-1] = (key, f"{title} {text}", place)
        elif not self._guiding and len(text) < 160 and self._more < 2 and not lead_number(text)[0]:
            self._pending.title = f"{self._pending.title} {text}".strip()
            self._more += 1
        else:
            self._more = 2
        self._last_line = block.line or 0

    def _begin(self, number: int, title: str, place: str) -> None:
        if self._pending is not None:
            self._seen.setdefault(self._pending.number, []).append((self._first_line, self._pending.place))
        self._pending = FoundMeasure(number=number, title=title.strip(), place=place)
        self._guiding, self._more, self._first_line = False, 0, title.strip()

    def _measure(self) -> int:
        """The measure in force, made known when its first row is met."""
        if self._pending is not None:
            for other, place in self._seen.get(self._pending.number, []):
                a, b = bare(other), bare(self._first_line)
                if a != b and SequenceMatcher(None, a, b, autojunk=False).ratio() > 0.85:
                    said = f"ชื่อมาตรการที่ {to_thai_digits(self._pending.number)} ที่ {place} เขียนว่า «{other}» ต่างจากที่ใช้"
                    self._notes.doubt(
                        "spelling", f"มาตรการที่ {to_thai_digits(self._pending.number)}", said, self._pending.place
                    )
            if any(m.number == self._pending.number for m in self.rows.measures):
                if not self._pending.title:
                    self._pending = None
                    return self.rows.measures[-1].number
                said = f"มาตรการที่ {to_thai_digits(self._pending.number)} ปรากฏซ้ำ"
                self._notes.doubt("numbering", said, said, self._pending.place)
                self._pending = None
            else:
                self.rows.measures.append(self._pending)
                self._pending, self._project = None, None
        if not self.rows.measures:
            self.rows.measures.append(FoundMeasure(number=1, title="", place=""))
        return self.rows.measures[-1].number

    def table(self, table: Table) -> bool:
        """Take the rows of an activity table; False when this is another table."""
        mine = False
        if self._in_forms and not any(_MEASURE.match(one_line(r.text)) for r in table.rows):
            return False
        for n, row in enumerate(table.rows):
            columns = columns_of(row, loose=self.loose)
            if columns is not None:
                self._tell_left_out(row, columns)
                self._columns, self._width, mine = columns, len(row.cells), True
                continue
            if not (mine or self._goes_on_here(row, first=n == 0)):
                continue
            if all(not c.text.strip() for c in row.cells) or self._of_the_page(row.text):
                continue
            if self._second_head(row) or not re.search("[ก-ฮA-Za-z]", row.text):
                continue
            self._take(row)
            mine = True
        self._bridge = mine
        return mine

    def _tell_left_out(self, row: Row, columns: dict[int, str]) -> None:
        """Columns a plan has no place for, once each."""
        for cell in left_out(row, columns):
            head = one_line(cell.text)
            if head not in self._told:
                self._told.add(head)
                self._notes.doubt("layout", head, f"ช่อง «{head}» ไม่มีที่ในแผนของระบบ จึงมิได้นำเข้า", cell.place)

    def _of_the_page(self, text: str) -> bool:
        """The page's number, or the line at the head or foot of every page; not a measure's name, which may come often."""
        text = one_line(text)
        return bool(_PAGE.fullmatch(text)) or (_foot(text) in self._heads and not _MEASURE.match(text))

    def _goes_on_here(self, row: Row, *, first: bool) -> bool:
        """A table without a head: right after an activity table, or beginning with a numbered row of the same width."""
        if not self._columns or len(row.cells) < max(self._columns) + 1:
            return False
        texts = [one_line(c.text) for c in row.cells]
        numbered = any(lead_number(t)[0] for t in texts[:2]) and len(row.cells) == self._width
        begun = self._pending is not None and self._pending.guidelines != []
        return self._bridge or (numbered and (begun or (first and self._next_number(row))))

    def _next_number(self, row: Row) -> bool:
        """The row's number is the one after the last row's: ๑.๓ after ๑.๒, or ๒ after ๑.๒."""
        here = next((n for c in row.cells[:2] if (n := lead_number(one_line(c.text))[0])), "")
        last = self.rows.activities[-1].number if self.rows.activities else ""
        (head, _, tail), (was, _, before) = here.partition("."), last.partition(".")
        if tail and before.isdigit() and tail.isdigit():
            return head == was and int(tail) == int(before) + 1
        return not tail and was.isdigit() and head.isdigit() and int(head) == int(was) + 1

    def looks_alike(self, table: Table) -> bool:
        """A table that was not taken, as wide as an activity table, with numbered rows and dates."""
        return any(
            len(r.cells) == self._width
            and any(lead_number(one_line(c.text))[0] for c in r.cells[:2])
            and any(f.day for c in r.cells for f in dates_in(one_line(c.text), 2500))
            for r in table.rows
        )

    def _second_head(self, row: Row) -> bool:
        """A second line of the head: short words only, none of them a value."""
        texts = [bare(one_line(c.text)) for c in row.cells if c.text.strip()]
        return (
            all(len(t) < 30 and any(p.search(t) for _, p in HEAD_WORDS) and not numbers(t) for t in texts)
            and len(texts) > 1
        )

    def _take(self, row: Row) -> None:
        cells: dict[str, str] = dict.fromkeys(COLUMNS, "")
        places: dict[str, str] = {}
        merged = set()
        assert self._columns is not None
        for k, name in self._columns.items():
            if k < len(row.cells):
                cell = row.cells[k]
                cells[name] = f"{cells[name]}\n{cell.text}".strip("\n")
                places.setdefault(name, cell.place)
                if cell.merged:
                    merged.add(name)
        if "activity" in merged:
            self._goes_on({k: v for k, v in cells.items() if k not in merged}, row)
        elif not any(cells[c].strip() for c in ("outputs", "outcomes", "documents", "notes")):
            self._heading(cells, row)
        else:
            self._activity(cells, places, row)

    def _heading(self, cells: dict[str, str], row: Row) -> None:
        text = one_line(" ".join(c.text for c in row.cells if c.text))
        if re.match("(?:รวม|หมายเหตุ|ที่มา)(?![ก-๎]{0,3}ถึง)", text):
            self._notes.doubt("layout", text[:60], "แถวนี้เป็นยอดรวมหรือหมายเหตุของตาราง มิใช่กิจกรรม จึงมิได้นำเข้า", row.place)
            return
        if match := _MEASURE.match(text):
            self._begin(int(to_arabic_digits(match[1])), match[2], row.place)
            self._measure()
            return
        if text.startswith("แนวทาง") and (match := _GUIDELINE.match(text)):
            self._measure()
            self.rows.measures[-1].guidelines.append(
                (to_arabic_digits(f"{match[1]}.{match[2]}"), match[3].strip(), row.place)
            )
            return
        number, _, title = lead_number(one_line(cells["number"]))
        if not title:
            title = one_line(cells["activity"]) or title
            if not number:
                number, _, title = lead_number(title)
        if not title and not number:
            number, _, title = lead_number(text)
        if (match := _GUIDELINE.match(f"{number} {title}")) and "." in number and self.rows.measures:
            self._measure()
            self.rows.measures[-1].guidelines.append((number, title.strip(), row.place))
            return
        if not number and self.rows.activities and not re.match("โครงการ|กิจกรรม|การ|แผน|งาน", title):
            last = self.rows.activities[-1]
            if self._heading_row == "activity":
                self._notes.doubt("layout", title, "แถวนี้มีเพียงช่องเดียวและไม่มีเลข ถือเป็นข้อความต่อจากแถวก่อน", row.place)
                last.cells["activity"] += f" {title}"
                return
        self._project = FoundProject(number=number, title=title, measure=self._measure(), place=row.place)
        self.rows.projects.append(self._project)
        self._heading_row = "project"

    def _activity(self, cells: dict[str, str], places: dict[str, str], row: Row) -> None:
        number, sign, rest = lead_number(one_line(cells["number"]))
        if number and rest:
            cells["activity"], cells["number"] = f"{rest}\n{cells['activity']}".strip(), ""
        first = _first_text(cells["activity"])
        inner, inner_sign, _ = lead_number(first)
        if not number and inner:
            number, sign = inner, inner_sign
            cells["activity"] = _without_lead(cells["activity"], first)
        elif number and inner and (inner == number or inner.startswith(f"{number}.")):
            number = inner
            cells["activity"] = _without_lead(cells["activity"], first)
        last = self.rows.activities[-1] if self.rows.activities else None
        if sign == ")" and "." not in number and last is not None and number.isdigit():
            self._second_half(int(number), cells, places, row, last)
            return
        if not number and last is not None and (not first or not numbers(cells["documents"])):
            self._goes_on(cells, row)
            return
        if not number:
            said = "แถวนี้มีวันส่งแต่ไม่มีเลขลำดับ"
            self._notes.doubt("numbering", first[:60], said, places.get("activity", row.place))
        self._add(number, cells, places, row, 0)

    def _add(self, number: str, cells: dict[str, str], places: dict[str, str], row: Row, part: int) -> None:
        measure = self._measure()
        self._heading_after_all(number)
        above = self._project.number if self._project else None
        if number.isdigit() and above != "" and above != number:
            # a numbered row with a date of its own, under no heading or another number's: a project of one activity
            title = one_line((items_of(cells["activity"]) or ("",))[0])
            self._project = FoundProject(number=number, title=title, measure=measure, place=row.place)
            self.rows.projects.append(self._project)
        lines = (row.line, row.line) if row.line else None
        self._heading_row = "activity"
        self.rows.activities.append(
            FoundActivity(
                number=number, cells=cells, places=places, project=self._project, measure=measure, part=part,
                lines=lines, place=row.place,
            )
        )  # fmt: skip

    def _heading_after_all(self, number: str) -> None:
        """The row before, «๑. โครงการ…» with a remark and nothing to hand in, headed the rows ๑.๑ …: no activity."""
        last = self.rows.activities[-1] if self.rows.activities else None
        if last is None or not last.number.isdigit() or not number.startswith(f"{last.number}."):
            return
        if any(last.cells[c].strip() for c in COLUMNS[2:5]):
            return
        self.rows.activities.pop()
        said = f"หมายเหตุของหัวข้อนี้มิได้นำเข้า: «{one_line(last.cells['notes'])[:120]}»"
        self._notes.doubt("layout", f"ลำดับ {to_thai_digits(last.number)}", said, last.places.get("notes", last.place))

    def _second_half(
        self, part: int, cells: dict[str, str], places: dict[str, str], row: Row, last: FoundActivity
    ) -> None:
        if part > 1 and not last.part:
            last.part = part - 1
        self._add(last.number, cells, places, row, part)

    def _goes_on(self, cells: dict[str, str], row: Row) -> None:
        """Text of the row above that did not fit its page."""
        if not self.rows.activities:
            self._notes.doubt("layout", one_line(row.text)[:60], "แถวแรกของตารางไม่มีเลขลำดับ จึงมิได้นำเข้า", row.place)
            return
        last = self.rows.activities[-1]
        for name, text in cells.items():
            if text.strip() and name != "number":
                joint = "\n" if re.match(r"\s*(?:[-–•]|<)", text) else " "
                last.cells[name] = f"{last.cells.get(name, '')}{joint}{text}".strip()
        if row.line and last.lines:
            last.lines = (last.lines[0], row.line)


def _first_text(cell: str) -> str:
    """The first words of a cell, tags and bullet gone."""
    for line in re.sub(r"</?[a-zA-Z][^>]*>", "\n", cell).split("\n"):
        if line := re.sub(r"^\s*[-–•]\s+", "", line).strip():
            return line
    return ""


def _without_lead(cell: str, first: str) -> str:
    """The cell without the number before its first words."""
    at = cell.find(first)
    return cell[:at] + lead_number(first)[2] + cell[at + len(first) :]
