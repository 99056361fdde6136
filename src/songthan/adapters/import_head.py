"""Whose plan it is, of which year, and what its titles say; the spellings of the bureau's name brought to one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from songthan.adapters.import_cells import D, one_line
from songthan.adapters.import_source import Paragraph, Source
from songthan.domain.errors import DataError
from songthan.domain.import_notes import Notebook
from songthan.domain.thai import to_arabic_digits, to_thai_digits

__all__ = ["Head", "Names", "read_head"]

_UNIT = "สำนักงาน|สำนัก|กองทุน|กอง|กลุ่มงาน|กลุ่ม|ศูนย์|สถาบัน|ฝ่าย|กรม|คณะ|เทศบาล|องค์การ|โรงพยาบาล|วิทยาลัย|มหาวิทยาลัย"
_PARENT = "สำนักงาน|สถาบัน|โรงพยาบาล|วิทยาลัย|ธนาคาร|กรม|กระทรวง|มหาวิทยาลัย|กรุงเทพมหานคร|จังหวัด|องค์การ|เทศบาล|ศาล|สภา|ทบวง|การ(?=ไฟฟ้า|ประปา|รถไฟ|ทาง)"
_YEAR = re.compile(rf"ปี\s*งบประมาณ\s*(?:พ\.?\s?ศ\.?)?\s*([{D}]{{4}})")
_ENDS_WITH_YEAR = re.compile(rf"ประจำปี\s*งบประมาณ\s*(?:พ\.?\s?ศ\.?)?\s*[{D}]{{4}}\W*$")
#: the same unit called by a longer or shorter word: สำนัก, สำนักงาน, สำนักการ, สำนักงานการ (and one OCR slip away)
_STEM = re.compile(r"^(สำนัก|กอง|กลุ่ม|ศูนย์|ฝ่าย)(งาน)?(การ)?(?=.{4})")


#: a name this long is still nobody else's with one letter wrong
_SURE = 12


class Names:
    """Every spelling of the bureau's name, brought to the official one and counted by place."""

    def __init__(self, name: str, text: str = "") -> None:
        self.name = name
        self.seen: dict[str, list[str]] = {}
        stem = _STEM.match(name)
        patterns = [_loose(name)]
        if stem:
            rest = name[stem.end() :]
            slipped = stem[1].replace("ั", "[ัึ]")
            patterns.append(rf"{slipped}\s?(?:งาน\s?)?(?:การ\s?)?{_loose(rest)}")
        if len(name) >= _SURE:
            patterns += _one_letter_off(name)
        self._pattern = re.compile("|".join(patterns)) if name else None

    def mend(self, text: str, place: str = "") -> str:
        """`text` with the one spelling; other spellings are remembered with their place."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda m: self._one(m[0], place), text)

    def _one(self, spelling: str, place: str) -> str:
        plain = re.sub(r"\s", "", spelling)
        if plain != self.name:
            places = self.seen.setdefault(plain, [])
            if place and place not in places:
                places.append(place)
        return self.name


def _one_letter_off(name: str) -> list[str]:
    """Patterns of the name with one letter wrong, missing or too many; the first letter stands."""
    return [
        pattern
        for k in range(1, len(name))
        for pattern in (
            rf"{_loose(name[:k])}\s?[ก-๎]?\s?{_loose(name[k + 1 :])}"
            if k + 1 < len(name)
            else rf"{_loose(name[:k])}[ก-๎]?(?![ก-๎])",
            rf"{_loose(name[:k])}[ก-๎]{_loose(name[k:])}",
        )
    ]


def _loose(text: str) -> str:
    """A pattern of these letters with line ends anywhere between them."""
    return r"\s?".join(re.escape(c) for c in text)


@dataclass(frozen=True, kw_only=True)
class Head:
    """What the front pages say. `year` is the Buddhist fiscal year; empty texts were not found."""

    year: int
    name: str
    parent: str
    plan_title: str
    working_group: str
    names: Names


def read_head(source: Source, notes: Notebook, *, year: int | None = None) -> Head:
    """The head; DataError when no fiscal year is printed and none is given."""
    text = one_line(source.text())
    found_year = _fiscal_year(source, text, notes, year)
    name, place = _name(source, text)
    names = Names(name, text)
    parent = _parent(name, names, text)
    title, title_place = _title(source, r"แผน(?!ที่|ภูมิ)", notes)
    group, group_place = _title(source, r"คณะ(?:ทำงาน|กรรมการ|อนุกรรมการ)", notes, joined_first=True)
    if not group:
        group, group_place = _appointed(source)
    head = Head(
        year=found_year, name=name, parent=parent, plan_title=names.mend(title, title_place),
        working_group=names.mend(group, group_place), names=names,
    )  # fmt: skip
    notes.row("organisation", "name", name, place)
    notes.row("organisation", "plan_title", head.plan_title, title_place)
    notes.row("organisation", "working_group", head.working_group, group_place)
    _asked(head, notes)
    return head


def _appointed(source: Source) -> tuple[str, str]:
    """The group as the order's subject calls it, where no title does."""
    for p in source.paragraphs():
        if match := re.search(
            r"แต่งตั้ง(คณะ(?:ทำงาน|กรรมการ|อนุกรรมการ)\S.{3,200}?)(?:\s*ประกอบด้วย.*)?$", one_line(p.text)
        ):
            return match[1], p.place
    return "", ""


def _asked(head: Head, notes: Notebook) -> None:
    where = "plan.toml [organisation]"
    for key, value, text in (
        ("name", head.name, "ชื่อหน่วยงานคืออะไร (ไม่พบคำสั่งแต่งตั้งหรือชื่อในหน้าแรก)"),
        ("parent", head.parent, "หน่วยงานต้นสังกัดคือหน่วยงานใด"),
        ("plan_title", head.plan_title, "ชื่อเต็มของแผนคืออะไร"),
        ("working_group", head.working_group, "ชื่อเต็มของคณะทำงานคืออะไร"),
    ):
        if not value:
            notes.ask(f"{where} {key}", text)
    notes.ask(f"{where} headcount", "จำนวนบุคลากรทั้งหมดของหน่วยงาน (ผู้บริหารและสมาชิกทุกประเภท) กี่คน แผนมิได้พิมพ์ไว้")


def tell_spellings(head: Head, source: Source, notes: Notebook) -> None:
    """One doubt for each other spelling of the bureau, with every place it was met anywhere in the document."""
    everywhere = Names(head.name)
    for n, block in enumerate(source.blocks):
        if isinstance(block, Paragraph):
            # a name may break over two lines
            after = source.blocks[n + 1] if n + 1 < len(source.blocks) else None
            tail = after.text[:40] if isinstance(after, Paragraph) else ""
            everywhere.mend(f"{block.text} {tail}" if block.text else "", block.place)
        else:
            for row in block.rows:
                for cell in row.cells:
                    if not cell.merged:
                        everywhere.mend(cell.text, cell.place)
    for spelling, places in everywhere.seen.items():
        shown = ", ".join(places[:6]) + (f" และอีก {to_thai_digits(len(places) - 6)} แห่ง" if len(places) > 6 else "")
        notes.doubt("spelling", spelling, f"เขียน «{spelling}» ในแผนใช้ «{head.name}» แทนทุกแห่ง", shown)


def _fiscal_year(source: Source, text: str, notes: Notebook, given: int | None) -> int:
    years = Counter(int(to_arabic_digits(y)) for y in _YEAR.findall(text))
    titled = Counter(
        int(to_arabic_digits(m[1]))
        for p in source.paragraphs()
        if _ENDS_WITH_YEAR.search(p.text) and (m := _YEAR.search(p.text[-60:]))
    )
    if given is not None:
        if years and given not in years:
            notes.doubt(
                "date",
                "ปีงบประมาณ",
                f"ระบุ --year {to_thai_digits(given)} แต่แผนพิมพ์ พ.ศ. {to_thai_digits(years.most_common(1)[0][0])}",
            )
        return given
    if not years:
        raise DataError(
            "ไม่พบปีงบประมาณในแผน (เช่น «ประจำปีงบประมาณ พ.ศ. ๒๕๖๖»)",
            where=source.name,
            remedy="ระบุด้วย --year เช่น --year 2567",
        )
    best = (titled or years).most_common(1)[0][0]
    if not 2500 <= best <= 2700:
        raise DataError(
            f"ปีงบประมาณ «{to_thai_digits(best)}» ใช้ไม่ได้", where=source.name, remedy="ระบุด้วย --year เช่น --year 2567"
        )
    for other, count in years.items():
        if other not in (best, best - 1) and other > best - 10:
            notes.doubt(
                "date",
                "ปีงบประมาณ",
                f"พบปีงบประมาณ พ.ศ. {to_thai_digits(other)} อีก {to_thai_digits(count)} แห่ง แผนนี้ถือเป็นของ พ.ศ. {to_thai_digits(best)}",
            )
    return best


def _name(source: Source, text: str) -> tuple[str, str]:
    """The bureau: as the head of the order writes it; else as most titles do."""
    for p in source.paragraphs():
        if match := re.fullmatch(rf"คำสั่ง\s?((?:{_UNIT})\S+)(?:\s.*)?", one_line(p.text)):
            return match[1], p.place
    titled: Counter[str] = Counter()
    for match in re.finditer(rf"ของ((?:{_UNIT})[ก-๎]+?)\s?ประจำปี", text):
        titled[match[1]] += 1
    if titled:
        return titled.most_common(1)[0][0], "ชื่อเรื่อง"
    return "", ""


def _parent(name: str, names: Names, text: str) -> str:
    """The organisation named right after the bureau, most often."""
    if not name:
        return ""
    mended = names.mend(text)
    found = Counter(re.findall(rf"{re.escape(name)}\s+((?:{_PARENT})[ก-๎]+)", mended))
    found.pop(name, None)
    if found:
        return _shortest(found, text)
    others = Counter(m for m in re.findall(r"ของ((?:สำนักงาน|กรม|กระทรวง)[ก-๎]{4,40}?)\s?ประจำปี", mended) if m != name)
    return others.most_common(1)[0][0] if others else ""


def _shortest(found: Counter[str], text: str) -> str:
    """The commonest; words that ran into the name («…วุฒิสภาได้») are cut where a shorter one is a beginning of it."""
    best = found.most_common(1)[0][0]
    return min((f for f in found if best.startswith(f)), key=len)


def _title(source: Source, begins: str, notes: Notebook, *, joined_first: bool = False) -> tuple[str, str]:
    """A title that begins so and ends with the fiscal year: on one line, or over the lines of the cover."""
    paragraphs = list(source.paragraphs())
    whole = _on_one_line(paragraphs, begins)
    cover = _over_lines(paragraphs, begins)
    first, second = (cover, whole) if joined_first else (whole, cover)
    return first if first[0] else second


def _on_one_line(paragraphs: list[Paragraph], begins: str) -> tuple[str, str]:
    for p in paragraphs:
        line = one_line(p.text).strip("*# ")
        if re.match(begins, line) and len(line) < 400 and _ENDS_WITH_YEAR.search(line):
            return line, p.place
    return "", ""


def _over_lines(paragraphs: list[Paragraph], begins: str) -> tuple[str, str]:
    for n, p in enumerate(paragraphs):
        if not re.match(begins, p.text.strip("*# ")) or len(p.text) > 200:
            continue
        line = ""
        for more in paragraphs[n : n + 5]:
            if not more.text.strip():
                break
            line = f"{line} {one_line(more.text).strip('*# ')}".strip()
            if _ENDS_WITH_YEAR.search(line):
                return line, p.place
    return "", ""
