"""An agency's plan as a row of blocks: paragraphs and tables, each knowing its place. Text files here, Word in import_docx.

A text file is one line a paragraph or one line a table row (cells parted by tabs, or by «|» where a table turned into
Markdown half-way). Places are said in Thai: «บรรทัด ๒๘๑», «ตาราง ๓ แถว ๒ ช่อง ๔».
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from songthan.adapters.import_html import rows_of
from songthan.adapters.sandbox import Limits, Sandbox, SandboxFailed
from songthan.domain.errors import DataError
from songthan.domain.thai import canonical, to_thai_digits

__all__ = ["Block", "Cell", "Paragraph", "Row", "Source", "Table", "read_source"]

_MAX_BYTES = 64 << 20
_MAX_TEXT = 2 << 20
#: letters of one line or cell; a plan's longest has some four thousand
_MAX_CELL = 40_000
_PIPE = re.compile(r"\s*(?:[-*]\s+)?\|")
_HTML, _HTML_END = re.compile(r"^\s*<table\b", re.I), re.compile("</table", re.I)
#: Markdown's bold; a row of stars alone (a password blanked) is none
_BOLD = re.compile(r"(?<!\*)\*\*([^*\n]+)\*\*(?!\*)")
#: signs nobody sees, at which a word may break
_UNSEEN = re.compile("[\u200b-\u200d\u2060\ufeff\u00ad]")
_RULE = re.compile(r"[\s|:\-–]*-{3,}[\s|:\-–]*")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell's text (paragraphs parted by line ends). `merged`: it repeats the cell above it, merged downwards."""

    text: str
    place: str
    merged: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    cells: tuple[Cell, ...]
    place: str
    line: int | None = None

    @property
    def text(self) -> str:
        return " ".join(c.text for c in self.cells if c.text)


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """One line of a text file or one paragraph of Word; `boxed`: it stood in a text box of its own."""

    text: str
    place: str
    line: int | None = None
    boxed: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    rows: tuple[Row, ...]
    place: str


Block = Paragraph | Table


@dataclass(frozen=True, kw_only=True)
class Source:
    """A plan as read. `kind` is «text» or «docx»; `remarks` say how it had to be read (encoding)."""

    name: str
    kind: str
    blocks: tuple[Block, ...]
    remarks: tuple[str, ...] = ()

    def paragraphs(self) -> Iterator[Paragraph]:
        return (b for b in self.blocks if isinstance(b, Paragraph))

    def tables(self) -> Iterator[Table]:
        return (b for b in self.blocks if isinstance(b, Table))

    def text(self) -> str:
        """Everything, one line a paragraph or row: for looking words up."""
        lines = [b.text if isinstance(b, Paragraph) else "\n".join(r.text for r in b.rows) for b in self.blocks]
        return "\n".join(lines)


def read_source(path: Path) -> Source:
    """The plan in `path`; DataError names the file and what to do when it is no readable text or Word document."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError("ไฟล์ใหญ่เกินกำหนด", where=str(path), remedy="ส่งเฉพาะแผนเป็น .docx หรือ .txt ไม่เกิน ๖๔ เมกะไบต์")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"เปิดไฟล์ไม่ได้ ({error.strerror})", where=str(path), remedy="ตรวจชื่อไฟล์และสิทธิการอ่าน") from error
    if not data.strip():
        raise DataError("ไฟล์ว่างเปล่า", where=str(path), remedy="เลือกไฟล์แผนของหน่วยงาน (.docx หรือ .txt)")
    source = _docx(data, path) if data[:2] == b"PK" else _text(data, path)
    _refuse_endless(source, path)
    if not any(True for _ in source.tables()):
        raise DataError(
            "ไม่พบตารางในไฟล์นี้",
            where=str(path),
            remedy="ตารางในไฟล์ข้อความต้องคั่นช่องด้วยแท็บหรือ | ส่วนใน Word ต้องเป็นตารางจริง ไม่ใช่ภาพ",
        )
    return source


def _refuse_endless(source: Source, path: Path) -> None:
    """A line or cell beyond all measure is no plan's: looking for words in it would take hours."""
    texts = [*source.paragraphs(), *(c for t in source.tables() for r in t.rows for c in r.cells)]
    for one in texts:
        if len(one.text) > _MAX_CELL:
            raise DataError(
                "ข้อความในบรรทัดหรือช่องนี้ยาวผิดปกติ",
                where=f"{path} {one.place}",
                remedy="ตรวจแฟ้มต้นฉบับ แบ่งข้อความเป็นหลายบรรทัดหรือหลายช่อง",
            )
    if sum(len(one.text) for one in texts) > _MAX_TEXT:
        raise DataError("เอกสารยาวเกินกว่าจะเป็นแผนของหนึ่งปี", where=str(path), remedy="ส่งเฉพาะแผน")


def _docx(data: bytes, path: Path) -> Source:
    """Opened in the sandbox, as everything from outside is."""
    try:
        with Sandbox(limits=Limits(wall_s=60, cpu_s=50), size=1) as sandbox:
            answer, _ = sandbox.run("songthan.adapters.import_docx:read_job", data)
    except SandboxFailed as error:
        raise DataError(error.th, where=str(path), remedy="เปิดไฟล์ใน Word แล้วบันทึกใหม่เป็น .docx") from error
    if "refused" in answer:
        where = " ".join([str(path), str(answer.get("where", ""))]).strip()
        raise DataError(
            str(answer["refused"]), where=where, remedy="เปิดไฟล์ใน Word แล้วบันทึกใหม่เป็น .docx ธรรมดา แล้วนำเข้าอีกครั้ง"
        )
    return Source(name=path.name, kind="docx", blocks=tuple(_block(b) for b in answer["blocks"]))


def _block(data: dict) -> Block:
    """A block as import_docx tells it; numbers become places."""
    if "rows" not in data:
        place = f"ย่อหน้า {to_thai_digits(data['n'])}" + (" (กล่องข้อความ)" if data["boxed"] else "")
        return Paragraph(text=data["text"], place=place, boxed=data["boxed"])
    table = f"ตาราง {to_thai_digits(data['n'])}"
    rows = []
    for n, cells in enumerate(data["rows"], 1):
        place = f"{table} แถว {to_thai_digits(n)}"
        rows.append(
            Row(
                cells=tuple(
                    Cell(text=text, place=f"{place} ช่อง {to_thai_digits(k)}", merged=merged)
                    for k, (text, merged) in enumerate(cells, 1)
                ),
                place=place,
            )
        )
    return Table(rows=tuple(rows), place=table)


def _text(data: bytes, path: Path) -> Source:
    text, remark = _decoded(data, path)
    text = canonical(text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n"))
    text = _BOLD.sub(r"\1", _UNSEEN.sub("", text))
    blocks = _tables_joined([*_lines(text.split("\n"))])
    return Source(name=path.name, kind="text", blocks=blocks, remarks=(remark,) if remark else ())


def _decoded(data: bytes, path: Path) -> tuple[str, str]:
    """The text, and how it had to be read when not as UTF-8."""
    if len(data) > _MAX_TEXT:
        raise DataError("ไฟล์ข้อความใหญ่เกินกำหนด", where=str(path), remedy="ส่งเฉพาะแผน ไม่เกิน ๒ เมกะไบต์")
    if data[:4] == b"%PDF" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise DataError("ไฟล์นี้ไม่ใช่ .docx หรือข้อความ", where=str(path), remedy="เปิดใน Word แล้วบันทึกเป็น .docx")
    try:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return data.decode("utf-16"), "อ่านเป็น UTF-16"
        text = data.decode("utf-8-sig")
        if "\x00" in text:
            raise DataError("ไฟล์นี้ไม่ใช่ข้อความ", where=str(path), remedy="เปิดใน Word แล้วบันทึกเป็น .docx")
        return text, ""
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp874")
    except UnicodeDecodeError as error:
        text, at = "", error.start
    else:
        at = -1
    thai = sum("\u0e01" <= c <= "\u0e5b" for c in text)
    odd = sum(ord(c) < 32 and c not in "\n\r\t\f" for c in text)
    if at >= 0 or odd or thai * 4 < len("".join(text.split())):
        line = data[: max(at, 0)].count(b"\n") + 1
        where = f"{path} บรรทัด {to_thai_digits(line)}"
        raise DataError("อ่านตัวอักษรของไฟล์ไม่ได้ (ไม่ใช่ UTF-8 และไม่ใช่ TIS-620)", where=where, remedy="บันทึกใหม่เป็น UTF-8")
    return text, "ไฟล์ไม่ใช่ UTF-8 จึงอ่านเป็น TIS-620 (windows-874)"


def _lines(lines: Sequence[str]) -> Iterator[Paragraph | Row]:
    """Every line as a paragraph or a row; a «|» row that breaks over lines is one row."""
    n = 0
    while n < len(lines):
        start, line = n + 1, lines[n]
        n += 1
        place = f"บรรทัด {to_thai_digits(start)}"
        if _HTML.search(line):
            while not _HTML_END.search(line) and n < len(lines):
                line, n = f"{line}\n{lines[n]}", n + 1
            yield from _html_rows(line, start)
        elif _PIPE.match(line):
            while not line.rstrip().endswith("|") and n < len(lines) and lines[n].strip() and not _PIPE.match(lines[n]):
                line, n = f"{line} {lines[n]}", n + 1
            if not _RULE.fullmatch(line):
                cells = _PIPE.sub("", line, count=1).rstrip().removesuffix("|").split("|")
                yield _row(cells, place, start)
        elif "\t" in line.strip("\n"):
            yield _row(line.split("\t"), place, start)
        else:
            yield Paragraph(text=line.strip(), place=place, line=start)


def _html_rows(text: str, first: int) -> Iterator[Row]:
    for line, cells in rows_of(text):
        n = first + line - 1
        place = f"บรรทัด {to_thai_digits(n)}"
        yield Row(
            cells=tuple(
                Cell(text=words, place=f"{place} ช่อง {to_thai_digits(k)}", merged=merged)
                for k, (words, merged) in enumerate(cells, 1)
            ),
            place=place,
            line=n,
        )


def _row(cells: Sequence[str], place: str, line: int) -> Row:
    return Row(
        cells=tuple(Cell(text=c.strip(), place=f"{place} ช่อง {to_thai_digits(k)}") for k, c in enumerate(cells, 1)),
        place=place,
        line=line,
    )


def _tables_joined(found: Sequence[Paragraph | Row]) -> tuple[Block, ...]:
    """Rows one after another are one table."""
    blocks: list[Block] = []
    count = 0
    for one in found:
        if isinstance(one, Paragraph):
            blocks.append(one)
        elif blocks and isinstance(blocks[-1], Table):
            blocks[-1] = replace(blocks[-1], rows=(*blocks[-1].rows, one))
        else:
            count += 1
            blocks.append(Table(rows=(one,), place=f"ตาราง {to_thai_digits(count)}"))
    return tuple(blocks)
