"""What people do to a returned Word form, for test_returned_mutations: each edit says what then stands there."""

from __future__ import annotations

import copy
from collections.abc import Callable

from lxml import etree
from returned_page import HARMLESS, OF, Page, cells_of, empty_row
from writers.ooxml import make, own_text, paragraph, q, run

from songthan.domain.forms import is_our_note, split_field_id, table_row
from songthan.domain.values import clean_text

__all__ = ["EDITS"]

WORDS = ("ทำแล้วตามแผน", "รอผล", "ไม่มี", "๑๒", "7", "☒", "มี", "คน", "ร้อยละ ๕", "รวม", "หมายเหตุ", "ข้อเสนอแนะ")


def _move_rows(page: Page, first: tuple[str, int], second: tuple[str, int] | None) -> None:
    """Rows of a growing table change places in what is true (or the first one is gone)."""
    old = dict(page.truth)
    for key in old:
        row = table_row(split_field_id(key)[0])
        if row == first and second is None:
            page.truth.pop(key)
        if second is not None and row in (first, second) and first[0] == second[0]:
            other = second if row == first else first
            page.truth[f"{other[0]}[{other[1]}].{split_field_id(key)[1]}"] = old[key]


def _renumber(page: Page, row: etree._Element, number: tuple[str, int]) -> None:
    for cell in cells_of(row):
        for key in (cell.get(OF) or "").split()[:1]:
            cell.set(OF, f"{number[0]}[{number[1]}].{split_field_id(key)[1]}")


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
    texts = [page.pick(WORDS) for _ in cells_of(new)]
    for cell, text in zip(cells_of(new), texts, strict=True):
        cell.attrib.pop(OF, None)
        for old in cell.findall(q("w:p")):
            cell.remove(old)
        cell.append(paragraph(text))
    row.addnext(new)
    # Right below a heading, or beside an answer in a row without words of its own, it may well be the answer.
    near = [key for one in (row, new.getnext()) if one is not None for key in page.fields(one)]
    page.ask |= {f"{key} moved" for key in near} or {"+"}


def merge_across(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r) and len(cells_of(r)) > 1])
    if row is None:
        return
    cell = page.pick(cells_of(row)[:-1])
    other = cell.getnext()
    while other.tag != q("w:tc"):
        other = other.getnext()
    about = cell.find(q("w:tcPr"))
    if about is not None:
        spans = [c.find(f"{q('w:tcPr')}/{q('w:gridSpan')}") for c in (cell, other)]
        width = sum(int(s.get(q("w:val"))) if s is not None else 1 for s in spans)
        if spans[0] is not None:
            about.remove(spans[0])
        about.append(make(f'<w:gridSpan w:val="{width}"/>')[0])
    for one in other.findall(q("w:p")):
        cell.append(one)
    cell.set(OF, f"{cell.get(OF, '')} {other.get(OF, '')}".strip())
    row.remove(other)
    if "+" in page.ask:  # words of a cell typed before may be part of the answer now
        page.ask |= {f"{key} moved" for key in page.fields(cell)}
        page.ask.discard("+")


def merge_down(page: Page) -> None:
    row = page.pick(
        [r for r in page.rows() if page.fields(r) and r.getnext() is not None and r.getnext().tag == q("w:tr")]
    )
    if row is None:
        return
    upper, lower = cells_of(row), cells_of(row.getnext())
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
    cell = page.pick(cells_of(row))
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
    rows = [r for r in page.rows() if page.fields(r) and len(cells_of(r)) > 2]
    row = page.pick(rows)
    if row is None:
        return
    head = row.getparent().find(q("w:tr"))
    rows = [r for r in row.getparent().findall(q("w:tr")) if len(cells_of(r)) == len(cells_of(head))]
    row = head
    what, first = page.pick(("add", "drop", "swap")), page.rng.randrange(len(cells_of(row)))
    second = page.rng.randrange(len(cells_of(row)))
    for one in rows:
        cells = cells_of(one)
        if what == "add":
            new = make("<w:tc><w:tcPr/></w:tc>")[0]
            new.append(paragraph(""))
            cells[first].addnext(new)
        elif what == "drop":
            page.truth |= dict.fromkeys(set(page.fields(cells[first])) & set(page.truth))
            one.remove(cells[first])
        elif first != second:
            place = make("<w:tc/>")[0]
            cells[first].addprevious(place)
            cells[second].addprevious(cells[first])
            place.addprevious(cells[second])
            one.remove(place)


def _answer(page: Page) -> tuple[str, etree._Element] | None:
    """A text answer of one run, and its run."""
    found = [r for r in page.runs(typed=True) if clean_text(page.truth.get(r.get(OF)) or "") and own_text(r) in page.truth[r.get(OF)]
             and not r.findall(q("w:br")) and len(r.findall(q("w:t"))) == 1 and own_text(r) == page.truth[r.get(OF)]]  # fmt: skip
    one = page.pick(found)
    return None if one is None else (one.get(OF), one)


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
    page.ask |= {f"{key} moved" for key in page.fields(other)}
    typed = own_text(found[1])
    words = any("ก" <= char <= "ฮ" for char in typed) and not is_our_note(typed)
    if page.form != "f3" and not page.fields(other) and words:
        page.ask.add("+")  # a number in a cell of scores may be a score; an activity's title is not known


def type_beside(page: Page) -> None:
    found = _answer(page)
    if found is None:
        return
    key, one = found
    top = next((a for a in one.iterancestors(q("w:sdt"))), one)
    text, before = page.pick(WORDS), page.rng.random() < 0.5
    page.truth[key] = f"{text} {page.truth[key]}" if before else f"{page.truth[key]} {text}"
    new = run(f"{text} " if before else f" {text}")
    new.set(OF, key)
    top.addprevious(new) if before else top.addnext(new)


def type_in_print(page: Page) -> None:
    """Words typed behind a printed line of a table where nothing is asked."""
    cells = [
        c for r in page.rows() if page.fields(r) for c in cells_of(r) if not page.fields(c) and own_text(c).strip()
    ]
    cell = page.pick(cells)
    if cell is not None:
        text = page.pick(WORDS[:2] + WORDS[8:9])
        cell.findall(q("w:p"))[-1].append(run(f" {text}")) if page.rng.random() < 0.5 else cell.append(paragraph(text))
        # An activity's title is not known to the reader.
        page.ask |= {"+"} if page.form != "f3" else set()


def type_in_body(page: Page) -> None:
    """A paragraph typed right behind a table."""
    table = page.pick(page.docx.root.find(q("w:body")).findall(q("w:tbl")))
    if table is not None:
        table.addnext(paragraph(WORDS[0]))
        page.ask.add("body")


def change_print(page: Page) -> None:
    """A printed word deleted, misspelt, or its digits changed."""
    one = page.pick(page.runs(typed=False))
    text = one.find(q("w:t"))
    words = (text.text or "").split(" ")
    at = page.pick([n for n, word in enumerate(words) if word])
    if at is None:
        return
    word = words[at]
    cut = page.rng.randrange(len(word))
    # Not at its edge, where a letter more would stand in the answer beside it.
    more = f"{word[:cut]}ะ{word[cut:]}" if cut else word
    digits = word.translate(str.maketrans("๑๒๓๔๕", "๒๓๔๕๖"))
    words[at] = page.pick(("", word[:cut] + word[cut + 1 :], more, digits))
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
    # Beside a place where one writes it may be the answer.
    line = next(one.iterancestors(q("w:p")))
    page.ask |= {f"{r.get(OF)} moved" for r in line.iter(q("w:r")) if r.get(OF)}


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
    line = page.pick([p for p in body.findall(q("w:p"))[:6] if not any(r.get(OF) for r in p.iter(q("w:r")))])
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
