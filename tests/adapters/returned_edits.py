"""What people and programs do to a returned Word form, for test_returned_mutations: each edit says what then stands there."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from songthan.domain.forms import split_field_id, table_row

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
from writers.ooxml import Docx, make, own_text, paragraph, q, run

__all__ = ["EDITS", "HARMLESS", "Page", "strip_all"]

_OF = "{urn:test}of"
WORDS = ("ทำแล้วตามแผน", "รอผล", "ไม่มี", "๑๒", "7", "☒", "มี", "คน", "ร้อยละ ๕", "รวม", "หมายเหตุ", "ข้อเสนอแนะ")


@dataclass
class Page:
    """A form on its way through many hands. `truth` is what stands in each field now (text, or a choice's value);
    `ask` holds the fields a person must be asked about, «*» for «anything at all»."""

    docx: Docx
    truth: dict[str, str | None]
    rng: random.Random
    ask: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)

    def mark(self) -> None:
        """Write each field's id on its control and cell, where it stays when the control is stripped."""
        for tag, sdt in self.docx.controls():
            key = tag.partition("=")[0]
            for cell in list(sdt.iterancestors(q("w:tc")))[:1]:
                cell.set(_OF, f"{cell.get(_OF, '')} {key}".strip())
            for one in sdt.find(q("w:sdtContent")).iter(q("w:r")):
                one.set(_OF, key)

    def pick(self, things):
        things = list(things)
        return self.rng.choice(things) if things else None

    def all(self, name: str) -> list[etree._Element]:
        return list(self.docx.root.iter(q(name)))

    def rows(self) -> list[etree._Element]:
        return [r for r in self.all("w:tr") if next(r.iterancestors(q("w:tc")), None) is None]

    def runs(self, *, typed: bool | None = None) -> list[etree._Element]:
        """Runs with text; `typed`: only those of answers, or only printed ones."""
        return [r for r in self.all("w:r") if r.find(q("w:t")) is not None and (r.find(q("w:t")).text or "").strip()
                and (typed is None or (r.get(_OF) is not None) == typed)]  # fmt: skip

    def fields(self, element: etree._Element) -> list[str]:
        cells = [element, *element.iter(q("w:tc"))]
        return list(dict.fromkeys(key for c in cells for key in (c.get(_OF) or "").split()))

    def growing(self, row: etree._Element) -> tuple[str, int] | None:
        return next((found for key in self.fields(row) if (found := table_row(split_field_id(key)[0]))), None)


def _cells(row: etree._Element) -> list[etree._Element]:
    return row.findall(q("w:tc"))


def unwrap(element: etree._Element) -> None:
    parent, at = element.getparent(), element.getparent().index(element)
    inner = element.find(q("w:sdtContent")) if element.tag == q("w:sdt") else element
    for n, child in enumerate(list(inner)):
        parent.insert(at + n, child)
    parent.remove(element)


# ---------------------------------------------------------------- harmless: what stands there is the same, and plain


def strip_all(page: Page) -> None:
    for sdt in reversed(page.all("w:sdt")):
        unwrap(sdt)


def strip_some(page: Page) -> None:
    for sdt in reversed(page.all("w:sdt")):
        if page.rng.random() < 0.3:
            unwrap(sdt)


def strip_tags(page: Page) -> None:
    for tag in page.all(page.pick(("w:tag", "w:alias"))):
        tag.getparent().remove(tag)


def split_runs(page: Page) -> None:
    for one in page.rng.sample(page.runs(), k=min(8, len(page.runs()))):
        text = one.find(q("w:t"))
        if len(one.findall(q("w:t"))) == 1 and one.find(q("w:br")) is None and len(text.text) > 1:
            at = page.rng.randrange(1, len(text.text))
            other = copy.deepcopy(one)
            text.text, other.find(q("w:t")).text = text.text[:at], text.text[at:]
            one.addnext(other)
            one.addnext(make('<w:proofErr w:type="spellStart"/>')[0])


def wrap_runs(page: Page) -> None:
    for one in page.rng.sample(page.runs(), k=min(5, len(page.runs()))):
        tag = page.pick((
            '<w:ins w:id="7" w:author="x" w:date="2023-01-01T00:00:00Z"/>', '<w:hyperlink w:anchor="x"/>',
            '<w:smartTag w:uri="u" w:element="e"/>', '<w:bookmarkStart w:id="9" w:name="b"/>',
        ))  # fmt: skip
        wrapper = make(tag)[0]
        one.addprevious(wrapper)
        if "bookmark" in tag:
            one.addnext(make('<w:bookmarkEnd w:id="9"/>')[0])
        elif "ins" not in tag or next(one.iterancestors(q("w:ins")), None) is None:
            wrapper.append(one)


def field_code(page: Page) -> None:
    one = page.pick(page.runs())
    chars = [f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")]
    code = "<w:r><w:instrText> HYPERLINK \\l x </w:instrText></w:r>"
    for node in make(chars[0] + code + chars[1]):
        one.addprevious(node)
    one.addnext(make(chars[2])[0])


def invisible(page: Page) -> None:
    """Deleted and hidden text, page breaks, soft hyphens among printed words."""
    one = page.pick(page.runs(typed=False))
    new = page.pick((
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>ซ่อนไว้</w:t></w:r>", "<w:r><w:lastRenderedPageBreak/></w:r>",
        '<w:del w:id="3" w:author="x"><w:r><w:delText>ลบแล้ว</w:delText></w:r></w:del>', "<w:r><w:softHyphen/></w:r>",
    ))  # fmt: skip
    one.addnext(make(new)[0])


def spaces(page: Page) -> None:
    """Other white space between printed words."""
    for one in page.rng.sample(page.runs(typed=False), k=min(6, len(page.runs(typed=False)))):
        for text in one.iter(q("w:t")):
            text.text = (text.text or "").replace(" ", page.pick(("\u00a0", "  ", " \u200b")))


def empty_row(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r)])
    if row is not None:
        new = copy.deepcopy(row)
        for cell in _cells(new):
            cell.attrib.pop(_OF, None)
            for old in cell.findall(q("w:p")):
                cell.remove(old)
            cell.append(paragraph(""))
        row.addnext(new) if page.rng.random() < 0.5 else row.addprevious(new)


def empty_paragraph(page: Page) -> None:
    cell = page.pick([c for c in page.all("w:tc") if page.fields(c)])
    if cell is not None:
        cell.append(paragraph(""))


HARMLESS: tuple[Callable[[Page], None], ...] = (
    strip_all, strip_some, strip_tags, split_runs, wrap_runs, field_code, invisible, spaces, empty_paragraph,
)  # fmt: skip


# ---------------------------------------------------------------- what changes the page


def _move_rows(page: Page, first: tuple[str, int], second: tuple[str, int] | None) -> None:
    """Rows of a growing table change places in what is true (or the first one is gone)."""
    old = dict(page.truth)
    for key in old:
        row = table_row(split_field_id(key)[0])
        if row == first:
            page.truth.pop(key)
        if second is not None and row in (first, second) and first[0] == second[0]:
            other = second if row == first else first
            page.truth[f"{other[0]}[{other[1]}].{split_field_id(key)[1]}"] = old[key]


def _renumber(page: Page, row: etree._Element, number: tuple[str, int]) -> None:
    for cell in _cells(row):
        for key in (cell.get(_OF) or "").split()[:1]:
            cell.set(_OF, f"{number[0]}[{number[1]}].{split_field_id(key)[1]}")


def swap_rows(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r)])
    other = page.pick([r for r in row.getparent() if r.tag == q("w:tr") and r is not row and page.fields(r)])
    if other is None:
        return
    a, b = page.growing(row), page.growing(other)
    if a is not None and b is not None:
        _move_rows(page, a, b)
        _renumber(page, row, b)
        _renumber(page, other, a)
    place = make("<w:x/>".replace("w:x", "w:tr"))[0]
    row.addprevious(place)
    other.addprevious(row)
    place.addprevious(other)
    place.getparent().remove(place)


def delete_row(page: Page) -> None:
    row = page.pick(page.rows())
    number = page.growing(row)
    if number is not None:
        _move_rows(page, number, None)
    row.getparent().remove(row)


def copy_row(page: Page) -> None:
    row = page.pick(page.rows())
    number = page.growing(row)
    if number is not None:
        _grow(page, number, row)
    row.addnext(copy.deepcopy(row))


def _grow(page: Page, number: tuple[str, int], row: etree._Element | None) -> None:
    """A row more behind this one, the same again."""
    for key, value in sorted(page.truth.items(), key=lambda i: -(table_row(split_field_id(i[0])[0]) or ("", 0))[1]):
        found = table_row(split_field_id(key)[0])
        if found and found[0] == number[0] and found[1] >= number[1]:
            page.truth[f"{found[0]}[{found[1] + 1}].{split_field_id(key)[1]}"] = value
    rows = [r for r in page.rows() if (page.growing(r) or ("", 0))[0] == number[0]]
    for one in rows:
        at = page.growing(one)[1]
        if at > number[1]:
            _renumber(page, one, (number[0], at + 1))


def typed_row(page: Page) -> None:
    row = page.pick(page.rows())
    new = copy.deepcopy(row)
    texts = [page.pick(WORDS) for _ in _cells(new)]
    for cell, text in zip(_cells(new), texts, strict=True):
        cell.attrib.pop(_OF, None)
        for old in cell.findall(q("w:p")):
            cell.remove(old)
        cell.append(paragraph(text))
    page.ask.add("+")
    row.addnext(new)


def merge_across(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r) and len(_cells(r)) > 1])
    if row is None:
        return
    cell = page.pick(_cells(row)[:-1])
    other = cell.getnext()
    while other.tag != q("w:tc"):
        other = other.getnext()
    about = cell.find(q("w:tcPr"))
    if page.rng.random() < 0.7 and about is not None:
        spans = [c.find(f"{q('w:tcPr')}/{q('w:gridSpan')}") for c in (cell, other)]
        width = sum(int(s.get(q("w:val"))) if s is not None else 1 for s in spans)
        if spans[0] is not None:
            about.remove(spans[0])
        about.append(make(f'<w:gridSpan w:val="{width}"/>')[0])
    for one in other.findall(q("w:p")):
        cell.append(one)
    cell.set(_OF, f"{cell.get(_OF, '')} {other.get(_OF, '')}".strip())
    row.remove(other)


def merge_down(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r) and r.getnext() is not None and r.getnext().tag == q("w:tr")])
    if row is None:
        return
    upper, lower = _cells(row), _cells(row.getnext())
    at = page.rng.randrange(min(len(upper), len(lower)))
    for cell, tag in ((upper[at], '<w:vMerge w:val="restart"/>'), (lower[at], "<w:vMerge/>")):
        if cell.find(q("w:tcPr")) is None:
            cell.insert(0, make("<w:tcPr/>")[0])
        cell.find(q("w:tcPr")).append(make(tag)[0])
    if page.rng.random() < 0.8:
        for one in lower[at].findall(q("w:p")):
            upper[at].append(one)
        lower[at].append(paragraph(""))


def split_cell(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r)])
    cell = page.pick(_cells(row))
    new = make("<w:tc><w:tcPr/></w:tc>")[0]
    paragraphs = cell.findall(q("w:p"))
    for one in paragraphs[1:]:
        new.append(one)
    if len(paragraphs) < 2:
        new.append(paragraph(page.pick(("", *WORDS))))
        page.ask |= {"+"} if own_text(new) else set()
    cell.addnext(new) if page.rng.random() < 0.7 else cell.addprevious(new)


def columns(page: Page) -> None:
    """A column added, taken out, or two exchanged, in every row that is as long."""
    rows = [r for r in page.rows() if page.fields(r) and len(_cells(r)) > 2]
    row = page.pick(rows)
    if row is None:
        return
    rows = [r for r in row.getparent().findall(q("w:tr")) if len(_cells(r)) == len(_cells(row))]
    what, first = page.pick(("add", "drop", "swap")), page.rng.randrange(len(_cells(row)))
    second = page.rng.randrange(len(_cells(row)))
    for one in rows:
        cells = _cells(one)
        if what == "add":
            new = make("<w:tc><w:tcPr/></w:tc>")[0]
            new.append(paragraph(""))
            cells[first].addnext(new)
        elif what == "drop":
            one.remove(cells[first])
        elif first != second:
            place = make("<w:tc/>")[0]
            cells[first].addprevious(place)
            cells[second].addprevious(cells[first])
            place.addprevious(cells[second])
            one.remove(place)


def _answer(page: Page) -> tuple[str, etree._Element] | None:
    """A text answer of one run, and its run."""
    found = [r for r in page.runs(typed=True) if page.truth.get(r.get(_OF)) and own_text(r) in page.truth[r.get(_OF)]
             and not r.findall(q("w:br")) and len(r.findall(q("w:t"))) == 1 and own_text(r) == page.truth[r.get(_OF)]]  # fmt: skip
    one = page.pick(found)
    return None if one is None else (one.get(_OF), one)


def move_text(page: Page) -> None:
    """An answer's text cut out and put into the neighbouring cell."""
    found = _answer(page)
    cell = next(found[1].iterancestors(q("w:tc")), None) if found else None
    if cell is None:
        return
    others = [c for c in (cell.getprevious(), cell.getnext()) if c is not None and c.tag == q("w:tc")]
    other = page.pick(others)
    if other is None:
        return
    page.truth[found[0]] = None
    other.append(paragraph(own_text(found[1])))
    found[1].getparent().remove(found[1])
    for key in page.fields(other) or ["*"]:
        page.ask.add(f"{key} moved")


def type_beside(page: Page) -> None:
    found = _answer(page)
    if found is None:
        return
    key, one = found
    top = next((a for a in one.iterancestors(q("w:sdt"))), one)
    text, before = page.pick(WORDS), page.rng.random() < 0.5
    page.truth[key] = f"{text} {page.truth[key]}" if before else f"{page.truth[key]} {text}"
    new = run(f"{text} " if before else f" {text}")
    top.addprevious(new) if before else top.addnext(new)


def type_in_print(page: Page) -> None:
    """Words typed behind a printed line of a table where nothing is asked."""
    cells = [c for r in page.rows() if page.fields(r) for c in _cells(r) if not page.fields(c) and own_text(c).strip()]
    cell = page.pick(cells)
    if cell is not None:
        text = page.pick(WORDS[:2] + WORDS[8:9])
        cell.findall(q("w:p"))[-1].append(run(f" {text}")) if page.rng.random() < 0.5 else cell.append(paragraph(text))
        page.ask.add("+")


def type_in_body(page: Page) -> None:
    body = page.docx.root.find(q("w:body"))
    lines = [p for p in body.findall(q("w:p")) if not list(p.iter(q("w:sectPr"))) and not any(r.get(_OF) for r in p.iter(q("w:r")))]
    line = page.pick(lines)
    if line is not None:
        line.addnext(paragraph(WORDS[0]))
        page.ask.add("body")


def change_print(page: Page) -> None:
    """A printed word deleted, misspelt, or its digits changed."""
    one = page.pick(page.runs(typed=False))
    text = one.find(q("w:t"))
    words = (text.text or "").split(" ")
    at = page.rng.randrange(len(words))
    word = words[at]
    cut = page.rng.randrange(len(word)) if word else 0
    words[at] = page.pick(("", word[:cut] + word[cut + 1 :], f"{word[:cut]}ะ{word[cut:]}", word.translate(str.maketrans("๑๒๓๔๕", "๒๓๔๕๖"))))
    text.text = " ".join(words)


def nest_table(page: Page) -> None:
    cell = page.pick([c for c in page.all("w:tc") if page.fields(c)])
    inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>ในตาราง</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    cell.append(make(inner)[0])
    cell.append(paragraph(""))
    page.ask.add("+")


def text_box(page: Page) -> None:
    one = page.pick(page.runs())
    box = "<w:r><w:pict><v:shape><v:textbox><w:txbxContent><w:p><w:r><w:t>ในกล่อง</w:t></w:r></w:p></w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    top = next((a for a in one.iterancestors(q("w:sdt"))), one)
    top.addnext(make(box)[0])
    if one.get(_OF) is not None:
        page.ask.add(f"{one.get(_OF)} moved")


def strike(page: Page) -> None:
    found = _answer(page)
    if found is not None:
        if found[1].find(q("w:rPr")) is None:
            found[1].insert(0, make("<w:rPr/>")[0])
        found[1].find(q("w:rPr")).append(make("<w:strike/>")[0])
        page.ask.add(found[0])


def hide(page: Page) -> None:
    found = _answer(page)
    if found is not None:
        if found[1].find(q("w:rPr")) is None:
            found[1].insert(0, make("<w:rPr/>")[0])
        found[1].find(q("w:rPr")).append(make("<w:vanish/>")[0])
        page.truth[found[0]] = None


def delete_heading(page: Page) -> None:
    body = page.docx.root.find(q("w:body"))
    line = page.pick([p for p in body.findall(q("w:p"))[:6] if not any(r.get(_OF) for r in p.iter(q("w:r")))])
    if line is not None and not list(line.iter(q("w:sectPr"))):
        body.remove(line)


def double_table(page: Page) -> None:
    table = page.pick(page.docx.root.find(q("w:body")).findall(q("w:tbl")))
    if table is not None:
        table.addnext(copy.deepcopy(table))
        table.addnext(paragraph(""))
        page.ask.add("twice")


def double_body(page: Page) -> None:
    body = page.docx.root.find(q("w:body"))
    for child in [c for c in body if c.tag != q("w:sectPr")]:
        body.insert(len(body) - 1, copy.deepcopy(child))
    page.ask.add("twice")


EDITS: tuple[Callable[[Page], None], ...] = (
    *HARMLESS, empty_row, swap_rows, delete_row, copy_row, typed_row, merge_across, merge_down, split_cell, columns, move_text,
    type_beside, type_in_print, type_in_body, change_print, nest_table, text_box, strike, hide, delete_heading, double_table,
    double_body,
)  # fmt: skip
