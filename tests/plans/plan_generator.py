"""Plans by chance, with what is in them: another bureau and year, one to five measures, dates in seven spellings, parts with
dates of their own, columns in any order, heads missing or repeated, footers inside tables, rows going on overleaf, boxes and
orders in several shapes; as text with tabs, Markdown, HTML or Word. The truth is kept while the plan is made up.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from docx import Document

from songthan.domain.thai import MONTHS, SHORT_MONTHS, WEEKDAYS, to_thai_digits

WORDS = [
    "โปร่งใส",
    "ตรวจสอบภายใน",
    "บริหารพัสดุ",
    "การคลัง",
    "บุคลากร",
    "ชุมชน",
    "เรียนรู้",
    "เครือข่าย",
    "จิตอาสา",
    "พอเพียง",
    "วินัย",
    "ซื่อสัตย์",
    "สุจริต",
    "บริการ",
    "ประชาชน",
    "พัฒนา",
    "คุณภาพ",
    "ความรู้",
    "ระบบงาน",
    "สิ่งแวดล้อม",
    "ห้องสมุด",
    "กีฬา",
    "ดนตรี",
    "ภาษา",
]
UNITS = (
    ("สำนักบริหารยุทธศาสตร์", "กรมสมมุติศึกษา"), ("กองกฎหมายและวินัย", "สำนักงานปลัดกระทรวงสมมุติ"),
    ("ศูนย์ข้อมูลข่าวสาร", "สถาบันสมมุติ"), ("กลุ่มพัฒนาระบบบริหาร", "กรมทดลองชล"), ("ฝ่ายประชาสัมพันธ์และสื่อ", "มหาวิทยาลัยสมมุติ"),
)  # fmt: skip
GIVEN = [
    "กมล",
    "ขวัญใจ",
    "จิตรา",
    "ชาญชัย",
    "ดารณี",
    "ธนพล",
    "นภา",
    "ปรีชา",
    "พิมล",
    "มานพ",
    "ยุพา",
    "รัตนา",
    "วีระ",
    "ศิริ",
    "สมบัติ",
    "อารี",
    "อุดม",
    "เอกพล",
    "ไพลิน",
    "โสภา",
]
FAMILY = ["สมมุติวงศ์", "แต่งขึ้น", "ลองดู", "นามสมมติ", "ทดลองกิจ"]
TITLES = ("นาย", "นาง", "นางสาว", "ดร.", "ว่าที่ร้อยตรี ", "พันตำรวจโท ", "น.ส.", "ผศ.ดร.", "พ.ต.อ.")
SPELLINGS = {
    "long": "{d} {month} {y}", "short": "{d} {m} {y}", "two": "{d} {m} {yy}", "num": "{d}/{n}/{y}",
    "weekday": "วัน{w}ที่ {d} {month} {y}", "within": "ภายในวันที่ {d} {month} พ.ศ. {y}", "of": "วันที่ {d} เดือน{month} {y}",
}  # fmt: skip


@dataclass
class Made:
    """`due` by deliverable (empty: not known), `deadlines` → (form, day), `seats` → (number, role, title, given, family)."""

    chance: random.Random
    year: int
    unit: str
    parent: str
    measures: int
    projects: int = 0
    due: dict[str, str] = field(default_factory=dict)
    deadlines: dict[str, tuple[str, str]] = field(default_factory=dict)
    seats: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    #: paragraphs, and tables as (columns, rows); a row of one text goes over the whole width
    blocks: list = field(default_factory=list)

    def __post_init__(self):
        self.thai = self.chance.random() < 0.7

    def n(self, value):
        return to_thai_digits(value) if self.thai else str(value)

    def words(self, count):
        return "".join(self.chance.sample(WORDS, count))

    def say(self, *lines):
        self.blocks += [*lines, ""]

    def day(self):
        return date(self.year - 544, 11, 5) + timedelta(days=self.chance.randint(0, 310))

    def spelt(self, day, *of):
        text = SPELLINGS[self.chance.choice(of or tuple(SPELLINGS))]
        named = {"month": MONTHS[day.month - 1], "m": SHORT_MONTHS[day.month - 1], "w": WEEKDAYS[day.weekday()]}
        year = day.year + 543
        return self.n(text.format(d=day.day, n=day.month, y=year, yy=year % 100, **named))


def make_up(seed):
    """(the file's bytes, its ending, what is in it)."""
    chance = random.Random(seed)
    unit, parent = chance.choice(UNITS)
    made = Made(chance=chance, year=chance.randint(2567, 2571), unit=unit, parent=parent, measures=chance.randint(1, 5))
    year = made.n(made.year)
    made.say(f"แผนปฏิบัติการด้านคุณธรรม ของ{unit} ประจำปีงบประมาณ พ.ศ. {year}")
    made.say(f"คณะทำงานด้านคุณธรรม ของ{unit} ประจำปีงบประมาณ พ.ศ. {year}")
    made.say(f"{unit} {parent} จัดทำแผนนี้")
    _activities(made)
    _forms(made)
    _order(made)
    return (*_written(made), made)


def _activities(made):
    chance = made.chance
    heads = {
        "n": chance.choice(("ลำดับ", "ที่", "ลำดับที่")), "a": chance.choice(("โครงการ/กิจกรรม", "กิจกรรม/โครงการ")), "o": "ผลผลิต",
        "u": "ผลลัพธ์", "d": chance.choice(("กำหนดส่ง", "ระยะเวลาในการนำเสนอเอกสาร", "วันที่ส่ง")), "r": "หมายเหตุ / ผู้รับผิดชอบ",
    }  # fmt: skip
    columns = ["n", "a", *chance.sample("oudr", 4)]
    every_page = chance.random() < 0.7
    for number in range(1, made.measures + 1):
        made.say(f"มาตรการที่ {made.n(number)} {made.words(3)}")
        made.say("แนวทาง")
        made.say(f"{made.n(number)}.{made.n(1)} {made.words(2)}")
        rows = [heads] if every_page or number == 1 else []
        for _ in range(chance.randint(1, 3)):
            made.projects += 1
            title = f"โครงการ{made.words(3)}"
            rows.append(
                f"{made.n(made.projects)}. {title}"
                if chance.random() < 0.4
                else {"n": made.n(f"{made.projects}."), "a": title, "r": chance.choice(("", "งบประมาณ 5,000 บาท"))}
            )
            for part in range(1, chance.randint(2, 5)):
                rows += _activity(made, f"{made.projects}.{part}", heads if every_page else None)
            if chance.random() < 0.25:
                made.blocks += [(columns, rows), "", chance.choice((f"หน้า {made.n(7)}", f"- {made.n(7)} -", "")), ""]
                rows = [heads] if every_page else []
        made.blocks += [(columns, rows), ""]


def _activity(made, key, heads):
    """The rows of one activity, and what a page's end may put after them."""
    chance, kind = made.chance, made.chance.random()
    title, row = f"กิจกรรม{made.words(3)}", {"o": f"- รายงาน{made.words(2)}", "u": f"- {made.words(3)}", "r": "คณะทำงาน"}
    if kind < 0.6:
        day = made.day()
        made.due[key], row["d"] = str(day), chance.choice(("", "- ")) + made.spelt(day)
    elif kind < 0.85:
        days = [made.day() for _ in range(chance.randint(2, 4))]
        mark, by = chance.choice(("{})", "({})")), chance.choice(("ข้อ {} วันที่", ""))
        marks = [mark.format(made.n(k)) for k in range(1, len(days) + 1)]
        title = "\n".join([title, *(f"{m} {made.words(2)}" for m in marks)])
        named = [by.format(made.n(k)) if by else m for k, m in enumerate(marks, 1)]
        row["d"] = "\n".join(
            f"{m} {made.spelt(d, 'long', 'short', 'two', 'num')}" for m, d in zip(named, days, strict=True)
        )
        made.due |= {f"{key}({k})": str(d) for k, d in enumerate(days, 1)}
    else:
        made.due[key], row["d"] = "", chance.choice(("", "-", "ตลอดปี", f"31 กุมภาพันธ์ {made.year}"))
    row |= {"a": f"{made.n(key)} {title}"} if chance.random() < 0.7 else {"n": made.n(key), "a": title}
    after = [{}, f"หน้า {made.n(9)} จาก {made.n(61)}", {"o": f"- {made.words(2)}"}, *([heads] if heads else [])]
    return [row, chance.choice(after)] if chance.random() < 0.25 else [row]


def _forms(made):
    chance, year = made.chance, made.year
    ends = {
        1: date(year - 544, 12, 20),
        2: date(year - 543, 3, 20),
        3: date(year - 543, 6, 20),
        4: date(year - 543, 9, 20),
    }
    quarters = chance.choice(((1, 2, 3, 4), (1,), (4,), (2, 4), (2, 3, 4)))
    lines = [f"ไตรมาสที่ {made.n(q)} ส่งภายในวันที่ {made.spelt(ends[q], 'long', 'short', 'two')}" for q in quarters]
    lines.append(chance.choice(("ไฟล์ WORD ส่งทางระบบสารบรรณ", "ส่งไฟล์ Word ตามระบบสารบรรณ ไม่ต้องลงระบบเว็บไซต์")))
    made.say("แบบรายงานผลการดำเนินการตามแผนปฏิบัติการด้านคุณธรรม")
    shape = chance.choice(("lines", "cell", "one line"))
    made.blocks += (
        [(["n", "a"], [{"n": "\n".join(lines)}])]
        if shape == "cell"
        else lines
        if shape == "lines"
        else [" ".join(lines)]
    )
    made.say("", "ชื่อหน่วยงาน.....")
    made.deadlines |= {f"{year}-q{q}": ("f3", str(ends[q])) for q in quarters}
    day = date(year - 543, 7, chance.randint(10, 30))
    made.say(f"แบบรายงานผลการประเมินองค์กรคุณธรรมของ{made.parent} ประจำปีงบประมาณ พ.ศ. {made.n(year)}")
    when = chance.choice(("ส่งภายในวันที่", "กำหนดส่งภายใน", "ส่งภายใน"))
    made.say(f"{when} {made.spelt(day, 'long')}", "ไฟล์ WORD และ PDF ทางระบบสารบรรณ", "เผยแพร่บนเว็บไซต์ ไฟล์ PDF เท่านั้น")
    made.deadlines[f"{year}-july"] = ("f2", str(day))


def _order(made):
    chance, number = made.chance, 0
    count = chance.randint(12, len(GIVEN))
    lines = []
    for k, given in enumerate(GIVEN[:count]):
        number += 1 + (chance.random() < 0.05)
        role = "หัวหน้าคณะทำงาน" if k == 0 else "คณะทำงานและเลขานุการ" if k == count - 1 else "คณะทำงาน"
        title, family = chance.choice(TITLES), chance.choice(FAMILY)
        made.seats.append((number, role, title.strip(), given, family))
        lines.append((made.n(number), f"{title}{given} {family}", role))
    made.say(f"คำสั่ง{made.unit}", f"ที่ {made.n(3)}/{made.n(made.year - 1)} เรื่อง แต่งตั้งคณะทำงานด้านคุณธรรม ประกอบด้วย")
    if chance.random() < 0.4:
        rows = [{"n": "ลำดับ", "a": "ชื่อ - สกุล", "o": "หน้าที่"}, *(dict(zip("nao", x, strict=True)) for x in lines)]
        made.blocks += [(["n", "a", "o"], rows), ""]
    else:
        made.say(*(f"{n}. {who} {role}" for n, who, role in lines))
    made.say("มีหน้าที่ดังนี้", "๑. ทำแผน")


def _written(made):
    form = made.chance.choice(("tabs", "pipes", "html", "word"))
    if form == "word":
        return _word(made), "docx"
    out = []
    for block in made.blocks:
        if isinstance(block, str):
            out.append(block)
            continue
        columns, rows = block
        lines = [_line(row, columns, form) for row in rows]
        if form == "pipes" and rows:
            lines.insert(1, "|" + "---|" * len(columns))
        out += ['<table border="1">', *lines, "</table>"] if form == "html" and rows else lines
    return "\n".join(out).encode(), "txt"


def _line(row, columns, form):
    cells = [row, *[""] * (len(columns) - 1)] if isinstance(row, str) else [row.get(c, "") for c in columns]
    if form == "tabs":
        return "\t".join(c.replace("\n", " ") for c in cells)
    cells = [c.replace("\n", "<br>") for c in cells]
    if form == "pipes":
        return "| " + " | ".join(cells) + " |"
    wide = f'<td colspan="{len(columns)}" align="center">{row}</td>' if isinstance(row, str) else ""
    return f"<tr>{wide or ''.join(f'<td>{c}</td>' for c in cells)}</tr>"


def _word(made):
    document = Document()
    for block in made.blocks:
        if isinstance(block, str):
            document.add_paragraph(block)
            continue
        columns, rows = block
        table = document.add_table(rows=0, cols=len(columns)) if rows else None
        for row in rows:
            cells = table.add_row().cells
            if isinstance(row, str):
                cells[0].merge(cells[-1]).text = row
            else:
                for cell, column in zip(cells, columns, strict=True):
                    cell.text = row.get(column, "")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()
