"""The forms a plan prints after its tables and the boxes beside them: «ส่งภายใน ๓๐ กรกฎาคม … ระบบสารบรรณ … เว็บไซต์ PDF».

A box belongs to the form whose title stands before it. One that stands where its form has a box already (or inside that
form's own table) belongs to the next form, if that has none: the doubt is told. A form with two boxes of two dates keeps
the later and is doubted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher

from songthan.adapters.import_cells import D, bare, numbers, one_line
from songthan.adapters.import_dates import dates_in
from songthan.adapters.import_head import Head
from songthan.adapters.import_source import Paragraph, Source
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import thai_date

__all__ = ["Box", "FoundForm", "find_forms"]

_TITLE = re.compile("^(?:แบบรายงาน|แบบประเมิน|แบบฟอร์ม|แบบสรุป|แบบสำรวจ|แบบติดตาม|แบบบันทึก|รายงานผล|รายงานการ|รายงานสรุป)")
_GOES_ON = re.compile("^(?:ระดับ|ประจำปี|เพื่อ|ของ|ด้าน|ตาม|ที่|ผล|และ|การ|จาก|ใน)")
_STOPS = re.compile(r"[.…_]{4,}|ดังนี้|^ส่ง|:$")
_CHANNEL = re.compile("สารบรรณ|สารบัญ|เว็บไซต์|เว็ปไซต์|website|ไฟล์|WORD|PDF|คะแนนเต็ม|ลงนาม|เท่านั้น|ดีเด่น|หลักฐาน", re.I)
_SEND = re.compile("ส่ง(?!เสริม)|กำหนด|ภายใน(?!สำนัก|กอง|กลุ่ม|องค์กร|และ)")
_QUARTER = re.compile(rf"ไตรมาส\s*(?:ที่)?\s*([{D}])")
_ROUND = re.compile(
    rf"(?:รอบ|ครั้ง|งวด)\s*(?:ที่)?\s*([{D}]{{1,2}})(?!\s*(?:แผ่น|หน้า|คน))(?!.*(?:รอบ|ครั้ง|งวด)\s*(?:ที่)?\s*[{D}])"
)
#: «ตามหนังสือ … ลงวันที่ …»: a letter's date is no day to send on
_OF_A_LETTER = re.compile("(?:ลงวันที่|เมื่อวันที่|ประกาศ ณ วันที่|ณ วันที่)\\s*$")
_SHEETS = re.compile(rf"ไม่เกิน\s*([{D}]+)\s*(?:แผ่น|หน้า)")


@dataclass(kw_only=True)
class Box:
    """What one box says. `quarters` by number; `external` the other date; `prize`: it is for «…ดีเด่น» besides."""

    text: str
    place: str
    in_table: bool = False
    quarters: dict[int, date] = field(default_factory=dict)
    external: date | None = None
    extra: date | None = None
    #: «รอบที่ ๑ … รอบที่ ๒ …»: the same form sent more than once
    rounds: dict[int, date] = field(default_factory=dict)
    #: (code, what is odd) about its dates, told beside the form it belongs to
    odd: list[tuple[str, str]] = field(default_factory=list)
    at: int = 0

    @property
    def dated(self) -> bool:
        return bool(self.quarters or self.rounds or self.external)


@dataclass(kw_only=True)
class FoundForm:
    """A form printed in the plan: its title, where, its boxes, what stands around it."""

    title: str
    place: str
    at: int
    id: str = ""
    boxes: list[Box] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    cover_max_sheets: int | None = None
    signs: bool = False

    @property
    def dated(self) -> bool:
        return any(b.dated for b in self.boxes)

    @property
    def text(self) -> str:
        return " ".join([*(b.text for b in self.boxes), *self.remarks])


@dataclass(kw_only=True)
class _Group:
    """Lines that stand together (a text box, a block of lines without a blank one, one cell)."""

    lines: list[str]
    place: str
    at: int
    in_table: bool = False
    boxed: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.lines)


def find_forms(source: Source, after: int, head: Head, known: Mapping[str, str], notes: Notebook) -> list[FoundForm]:
    """The forms after block `after` (the last activity table), named after the office's own, with their boxes given out."""
    groups = list(_groups(source, after))
    forms = _titles(groups, head)
    _name_forms(forms, known, notes)
    boxes = _boxes(groups, forms, head, notes)
    _give_out(forms, boxes, notes)
    _around(groups, forms)
    return forms


def _groups(source: Source, after: int) -> list[_Group]:
    groups: list[_Group] = []
    open_group: _Group | None = None
    for n, block in enumerate(source.blocks[after + 1 :], after + 1):
        if isinstance(block, Paragraph):
            text = one_line(block.text).strip("*# ")
            if not text:
                open_group = None
                continue
            if text.startswith("สั่ง ณ"):
                continue
            a_title = _TITLE.match(text) and open_group is not None and not _mid_sentence(open_group.lines[-1])
            if open_group is None or open_group.boxed != block.boxed or a_title:
                open_group = _Group(lines=[], place=block.place, at=n, boxed=block.boxed)
                groups.append(open_group)
            open_group.lines.append(text)
            continue
        open_group = None
        for row in block.rows:
            for cell in row.cells:
                if cell.text.strip() and not cell.merged:
                    lines = [one_line(x) for x in re.split(r"\n|</p>|<br\s*/?>|</div>", cell.text)]
                    groups.append(_Group(lines=[x for x in lines if x], place=cell.place, at=n, in_table=True))
    return groups


def _titles(groups: Sequence[_Group], head: Head) -> list[FoundForm]:
    """Titles of forms: a line that begins so and is long enough, with the lines that go on with it."""
    forms: list[FoundForm] = []
    for group in groups:
        if group.in_table or group.boxed:
            continue
        for n, line in enumerate(group.lines):
            if (
                not _TITLE.match(line)
                or _STOPS.search(line)
                or len(line) > 260
                or (n and _mid_sentence(group.lines[n - 1]))
            ):
                continue
            # «แบบรายงานต่าง ๆ», «แบบรายงานแบบขวาง»: a heading over forms, not one of them
            if len(bare(line)) < 18:
                continue
            title = line
            for more in group.lines[n + 1 : n + 4]:
                if not _GOES_ON.match(more) or _STOPS.search(more) or len(more) > 160 or _SEND.match(more):
                    break
                title = f"{title} {more}"
            if len(bare(title)) < 25:
                continue
            title = head.names.mend(title, group.place)
            if forms and _same(forms[-1].title, title):
                forms[-1].title = min(forms[-1].title, title, key=lambda t: t.count(" "))
                continue
            if not any(_same(f.title, title) for f in forms):
                forms.append(FoundForm(title=title, place=group.place, at=groups.index(group)))
    return forms


def _mid_sentence(line: str) -> bool:
    return bool(re.search("(?:และ|หรือ|ตาม|ของ|ใน|การ|จัดทำ|กรอก)$", line))


def _same(a: str, b: str) -> bool:
    return bare(a) == bare(b)


def _boxes(groups: Sequence[_Group], forms: Sequence[FoundForm], head: Head, notes: Notebook) -> list[Box]:
    """Every group that says when something is sent, with the groups of channels right after it."""
    titles = {f.at for f in forms}
    boxes: list[Box] = []
    taken: set[int] = set()
    for n, group in enumerate(groups):
        if n in taken or not dates_in(group.text, head.year) or not _SEND.search(group.text):
            continue
        runs = [list(group.lines)]
        mixed = n in titles or len(group.lines) > 8 or any(_TITLE.match(x) for x in group.lines)
        if not group.in_table and not group.boxed and mixed:
            runs = _runs_of_box(group.lines, head)
        runs = [r for r in runs if len(" ".join(r)) <= 420 or group.in_table]
        if not runs:
            continue
        boxes += [_box(r, group, n, head, notes) for r in runs[:-1]]
        lines = runs[-1]
        alone = len(runs) == 1 and n and n not in titles and n - 1 not in {*titles, *taken} and not group.in_table
        if alone and _channel_only(groups[n - 1], head):
            lines = [*groups[n - 1].lines, *lines]
        follows = n + 1
        while (
            not group.in_table
            and follows < len(groups)
            and follows not in titles
            and _channel_only(groups[follows], head)
        ):
            taken.add(follows)
            lines += groups[follows].lines
            follows += 1
        boxes.append(_box(lines, group, n, head, notes))
    return boxes


def _runs_of_box(lines: Sequence[str], head: Head) -> list[list[str]]:
    """The lines around each dated one that speak of sending, where no blank line parts a box from its form."""
    runs: list[tuple[int, int]] = []

    def speaks(n: int) -> bool:
        line = lines[n]
        return len(line) < 90 and bool(_CHANNEL.search(line)) and not _TITLE.match(line)

    for n, line in enumerate(lines):
        if not dates_in(line, head.year) or not (_SEND.search(line) or _QUARTER.search(line)) or len(line) > 200:
            continue
        first = last = n
        while first > 0 and speaks(first - 1):
            first -= 1
        while last + 1 < len(lines) and speaks(last + 1):
            last += 1
        if runs and first <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return [list(lines[first : last + 1]) for first, last in runs]


def _channel_only(group: _Group, head: Head) -> bool:
    return (
        not group.in_table
        and len(group.text) < 160
        and bool(_CHANNEL.search(group.text))
        and not dates_in(group.text, head.year)
        and not group.text.startswith("(")
    )


def _box(lines: Sequence[str], group: _Group, at: int, head: Head, notes: Notebook) -> Box:
    text = " ".join(lines)
    box = Box(text=text, place=group.place, in_table=group.in_table, at=at)
    last = 0
    for found in dates_in(text, head.year):
        before = text[last : found.start]
        last = found.end
        if _OF_A_LETTER.search(before):
            continue
        if found.doubt:
            box.odd.append(("date", found.doubt))
        if found.day is None:
            continue
        if quarter := _QUARTER.search(before):
            box.quarters[numbers(quarter[1])[0]] = found.day
        elif turn := _ROUND.search(before):
            box.rounds[numbers(turn[1])[0]] = found.day
        elif box.quarters and "พิจารณา" in before:
            box.extra = found.day
        elif box.external not in (None, found.day):
            said = f"กรอบเดียวมีสองวัน ({found.text}) ใช้วันแรกเพื่อมิให้ส่งเกินกำหนด"
            box.odd.append(("two-dates", said))
            box.external = min(box.external, found.day)  # type: ignore[type-var]
        elif box.quarters:
            box.extra = found.day
        else:
            box.external = found.day
    return box


def _give_out(forms: list[FoundForm], boxes: Sequence[Box], notes: Notebook) -> None:
    """Each box to its form, with what is odd about it."""
    _share_out(forms, boxes, notes)
    owners = {id(b): f.id for f in forms for b in f.boxes}
    for box in boxes:
        for code, said in box.odd:
            notes.doubt(code, owners.get(id(box)) or "กรอบกำหนดส่ง", said, box.place)


def _share_out(forms: list[FoundForm], boxes: Sequence[Box], notes: Notebook) -> None:
    """See the module's docstring."""
    if _boxes_come_first(forms, boxes):
        for form, box in zip(forms, boxes, strict=True):
            form.boxes.append(box)
        return
    own = {
        f.at: [b for b in boxes if f.at <= b.at < (forms[n + 1].at if n + 1 < len(forms) else 10**9)]
        for n, f in enumerate(forms)
    }
    for n, form in enumerate(forms):
        following = forms[n + 1] if n + 1 < len(forms) else None
        # its own box speaks of the quarters its title speaks of, or stands outside its table
        of_quarters = "ไตรมาส" in form.title
        for box in sorted(own[form.at], key=lambda b: (of_quarters and not b.quarters, b.in_table)):
            spare = following is not None and not own[following.at] and not following.boxes
            if form.boxes and spare and following is not None:
                code = "misplaced-box" if box.in_table else "form"
                said = f"กรอบนี้อยู่ใน{'ตารางของ' if box.in_table else 'ส่วนของ'} «{form.title[:60]}» ซึ่งมีกรอบของตนแล้ว จึงถือเป็นของ «{following.title[:60]}»"
                notes.doubt(code, following.id, said, box.place)
                following.boxes.append(box)
            else:
                form.boxes.append(box)
        if form.dated and len({b.external for b in form.boxes if b.external}) > 1:
            days = ", ".join(thai_date(b.external) for b in form.boxes if b.external)
            places = ", ".join(b.place for b in form.boxes if b.external)
            said = f"แบบนี้มีมากกว่าหนึ่งวัน ({days}) ใช้วันแรกเพื่อมิให้ส่งเกินกำหนด โปรดตรวจ"
            notes.doubt("two-dates", form.id, said, places)
    for form in forms:
        if any(b.quarters and b.extra for b in form.boxes):
            box = next(b for b in form.boxes if b.quarters and b.extra)
            said = f"แบบนี้ส่งรายไตรมาส และมีอีกวันหนึ่งในกรอบเดียวกัน คือ {thai_date(box.extra)} ถือเป็นกำหนดส่งต่างหาก"  # type: ignore[arg-type]
            notes.doubt("two-dates", form.id, said, box.place)
    for box in boxes:
        if forms and box.at < forms[0].at:
            same = any(b.external == box.external for f in forms for b in f.boxes)
            if not same:
                notes.doubt("form", box.text[:60], "กรอบกำหนดส่งนี้อยู่ก่อนแบบทุกแบบ จึงไม่ทราบว่าเป็นของแบบใด", box.place)
    if not forms and boxes:
        notes.doubt("form", boxes[0].text[:60], "พบกรอบกำหนดส่งแต่ไม่พบชื่อแบบรายงาน", boxes[0].place)


def _boxes_come_first(forms: Sequence[FoundForm], boxes: Sequence[Box]) -> bool:
    """Every form has its one box right before its title: box, title, box, title …"""
    if not forms or len(boxes) != len(forms):
        return False
    before = [-1, *(f.at for f in forms[:-1])]
    return all(start < b.at < f.at for start, b, f in zip(before, boxes, forms, strict=True))


def _around(groups: Sequence[_Group], forms: Sequence[FoundForm]) -> None:
    """What stands near a form: «(… ไม่ต้องลงระบบเว็บไซต์)» right before its title, sheets of a summary, who signs."""
    for n, form in enumerate(forms):
        until = forms[n + 1].at if n + 1 < len(forms) else len(groups)
        before = groups[form.at - 1] if form.at else None
        remark = before.lines[-1] if before is not None and not before.in_table else ""
        if remark.startswith("(") and _CHANNEL.search(remark) and len(remark) < 200:
            form.remarks.append(remark)
        own = groups[form.at : until]
        tail = " ".join(g.text for g in own if not g.in_table)
        if until < len(groups) and n + 1 < len(forms):
            # the line right before the next title was taken by that one
            last = groups[until - 1]
            tail = tail.removesuffix(last.text) if last.text.startswith("(") else tail
        form.signs = bool(re.search(r"(?:ผอ\.?|ผู้อำนวยการ)\S*\s?(?:เป็นผู้)?ลงนาม", form.text)) or bool(
            re.search("ลงชื่อ", tail) and re.search("ผู้อำนวยการ|ผู้บริหารองค์กร", tail.partition("ลงชื่อ")[2])
        )
    _sheets(groups, forms)


def _sheets(groups: Sequence[_Group], forms: Sequence[FoundForm]) -> None:
    """«… ไม่เกิน ๓ แผ่นปะหน้าแบบฟอร์ม» after a form's signature is the next form's."""
    for at, group in enumerate(groups):
        sheets = _SHEETS.search(group.text)
        if group.in_table or not sheets:
            continue
        before = [f for f in forms if f.at <= at]
        after = [f for f in forms if f.at > at]
        signed = bool(before) and any("ลงชื่อ" in g.text for g in groups[before[-1].at : at])
        owner = after[0] if after and (signed or not before) else before[-1] if before else None
        if owner is not None:
            owner.cover_max_sheets = numbers(sheets[1])[0]


def _name_forms(forms: Sequence[FoundForm], known: Mapping[str, str], notes: Notebook) -> None:
    """`id` of each form: the office's form (`known`: id → title) whose title is nearest; else «form-N», doubted.

    Without known forms they are f1, f2 … in the order of the document.
    """
    if not known:
        for n, form in enumerate(forms, 1):
            form.id = f"f{n}"
        return
    pairs = sorted(
        ((_nearness(f.title, title), -n, key) for n, f in enumerate(forms) for key, title in known.items()),
        reverse=True,
    )
    for near, minus, key in pairs:
        form = forms[-minus]
        if near >= 0.45 and not form.id and key not in {f.id for f in forms}:
            form.id = key
    for n, form in enumerate(forms, 1):
        if not form.id:
            form.id = f"form-{n}"
            notes.doubt("form", form.id, f"ไม่มีแม่แบบที่ชื่อใกล้เคียงกับ «{form.title}»", form.place)


def _nearness(a: str, b: str) -> float:
    """0–1: shared letters in order, and how much of the shorter title is found in the longer one's beginning."""
    a, b = (re.sub("^แบบ|ประจำปีงบประมาณพ\\.ศ\\.[๐-๙]+", "", bare(t)) for t in (a, b))
    short, long = sorted((a, b), key=len)
    whole = SequenceMatcher(None, a, b, autojunk=False).ratio()
    head = SequenceMatcher(None, short, long[: len(short) + 4], autojunk=False).ratio()
    return max(whole, head)
