"""A returned Word form under the hands of many programs, for test_returned_mutations: what stands there stays the same."""

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
from writers.ooxml import Docx, make, paragraph, q

__all__ = ["HARMLESS", "OF", "Page", "cells_of", "empty_row", "strip_all"]

OF = "{urn:test}of"


@dataclass
class Page:
    """A form on its way through many hands. `truth` is what stands in each field now (text, or a choice's value);
    `ask` holds the fields a person must be asked about, «*» for «anything at all»."""

    form: str
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
                cell.set(OF, f"{cell.get(OF, '')} {key}".strip())
            for one in sdt.find(q("w:sdtContent")).iter(q("w:r")):
                one.set(OF, key)

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
                and (typed is None or (r.get(OF) is not None) == typed)]  # fmt: skip

    def fields(self, element: etree._Element) -> list[str]:
        cells = [element, *element.iter(q("w:tc"))]
        return list(dict.fromkeys(key for c in cells for key in (c.get(OF) or "").split()))

    def growing(self, row: etree._Element) -> tuple[str, int] | None:
        return next((found for key in self.fields(row) if (found := table_row(split_field_id(key)[0]))), None)


def cells_of(row: etree._Element) -> list[etree._Element]:
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
        '<w:del w:id="3" w:author="x"><w:r><w:delText>ลบแล้ว</w:delText></w:r></w:del>',
    ))  # fmt: skip
    one.addnext(make(new)[0])
    text = one.find(q("w:t"))
    text.text = f"{text.text[:1]}\u00ad{text.text[1:]}" if page.rng.random() < 0.3 and len(text.text) > 1 else text.text


def spaces(page: Page) -> None:
    """Other white space between printed words."""
    for one in page.rng.sample(page.runs(typed=False), k=min(6, len(page.runs(typed=False)))):
        for text in one.iter(q("w:t")):
            text.text = (text.text or "").replace(" ", page.pick(("\u00a0", "  ", " \u200b")))


def empty_row(page: Page) -> None:
    row = page.pick([r for r in page.rows() if page.fields(r)])
    if row is not None:
        new = copy.deepcopy(row)
        for cell in cells_of(new):
            cell.attrib.pop(OF, None)
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
