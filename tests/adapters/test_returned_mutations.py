"""Any form, filled with any text, after any of the edits people and programs make: read as it stands, or asked about."""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from songthan.adapters.read_office import read
from songthan.domain.forms import CARRIED_NOTES, ReturnedForm, split_field_id, table_row
from songthan.domain.layouts import WILD, Passage
from songthan.domain.values import clean_text, parse_count, parse_date, parse_number, parse_percent

sys.path.insert(0, str(Path(__file__).parents[1] / "returned"))
from returned_edits import EDITS
from returned_page import HARMLESS, Page
from writers import paper
from writers.sheet import Sheet

PARSERS = {"percent": parse_percent, "number": parse_number, "count": parse_count, "date": parse_date}
TIDY = {
    "count": ("๓๙", "12 คน", "0", "４８"), "number": ("๓๙", "5"), "percent": ("๗๒.๕", "ร้อยละ 80", "๑๐๐ %", "0"),
    "date": ("๑๐ มีนาคม ๒๕๖๖", "5 เม.ย. 2566"), "evidence": ("ภาพ_๑.jpg", "-"), "text": ("ทำครบ & ดี", "นัดพบกันใหม่", "-"),
}  # fmt: skip
ODD = (
    "☐",
    "☒",
    "✓",
    "\n",
    " ",
    "……",
    "๓๙",
    "72.5",
    "น้ํา",
    "(ก)",
    "ไม่มี",
    "มี",
    "คน",
    "1.",
    "๒",
    "จำนวน",
    "\u200b",
    "&<",
    CARRIED_NOTES[1],
)
blank = cache(paper.blank)
expectation = cache(paper.expectation)


@cache
def printed(form: str) -> tuple[str, ...]:
    """The form's own words."""
    layout = expectation(form).layout
    if layout is None:
        return ("มาตรการที่ ๑", "๑.๔ (๑)", "ร้อยละ", "ลำดับที่", "หมายเหตุ", "ปรากฏตามแผน", "ไม่ปรากฏตามแผน")
    cells = [b.pattern for b in layout.blocks if isinstance(b, Passage)]
    cells += [c for b in layout.blocks if not isinstance(b, Passage) for r in b.rows for c in r.cells]
    words = {line for c in cells for p in c.pieces if isinstance(p, str) for line in p.replace(WILD, "").split("\n")}
    return tuple(sorted(words - {""}))


@cache
def kinds(form: str) -> dict[str, str]:
    return paper.field_ids(form)


def text_of(form: str, kind: str, rng: random.Random, *, odd: bool) -> str:
    if not odd or rng.random() < 0.6:
        return rng.choice(TIDY[kind])
    return "".join(
        rng.choice(rng.choice((ODD, printed(form), TIDY[kind], TIDY["text"]))) for _ in range(rng.randint(1, 3))
    )


def filled(form: str, rng: random.Random, *, odd: bool) -> Page:
    """The form with an answer in most fields; growing tables in their first two rows."""
    sheet = Sheet(form, data=blank(form))
    truth: dict[str, str | None] = {}
    for key, kind in kinds(form).items():
        row = table_row(split_field_id(key)[0]) if not paper.spec_of(form).repeat else None
        truth[key] = None
        if (row and row[1] > 2) or rng.random() < 0.1:
            continue
        if kind in ("choice", "yes_no"):
            truth[key] = rng.choice(paper.choice_values(form, key))
            sheet.choose(key, truth[key])
        else:
            truth[key] = text_of(form, kind, rng, odd=odd)
            sheet.type(key, truth[key])
    page = Page(form=form, docx=sheet.docx, truth=truth, rng=rng)
    page.mark()
    return page


def meant(form: str, key: str, typed: str | None) -> str | None:
    kind = paper.kind_of(form, key)
    if kind in ("choice", "yes_no"):
        return typed or ("no" if paper.is_lone(form, key) else None)
    return PARSERS[kind](typed or "").value if kind in PARSERS else clean_text(typed or "") or None


def rows_of(form: str, values: dict[str, str | None]) -> dict[str, list[dict[str, str | None]]]:
    """Of growing tables: the rows in which anything stands, in order."""
    rows: dict[str, dict[int, dict[str, str | None]]] = {}
    for key, value in values.items():
        row, column = split_field_id(key)
        found = table_row(row)
        if found and value:
            rows.setdefault(found[0], {}).setdefault(found[1], {})[column] = value
    return {table: [by[n] for n in sorted(by)] for table, by in rows.items()}


def faults(form: str, page: Page, back: ReturnedForm) -> list[str]:
    """Where the reading says something else than the page, and no problem says so."""
    flagged = {p.field for p in back.problems}
    repeats = bool(paper.spec_of(form).repeat)
    if "" in flagged:
        return []
    out = [f"{key}: nobody is asked" for key in page.ask & set(page.truth) if not flagged & places(key)]
    if page.ask & {"+", "body", "twice", "* moved"} and not flagged:
        out.append(f"{page.ask}: nobody is asked")
    if "twice" in page.ask and not flagged:
        out.append("twice and nobody asked")
    moved = {a.removesuffix(" moved") for a in page.ask if a.endswith(" moved")}
    for key, typed in page.truth.items():
        if not repeats and table_row(split_field_id(key)[0]):
            continue
        answer = back.answers.get(key)
        if key in moved or flagged & places(key):
            continue
        value = answer.value if answer else None
        if value != meant(form, key, typed) and not (
            answer and PARSERS.get(paper.kind_of(form, key)) and value is None and answer.raw
        ):
            out.append(f"{key}: read {value!r}, stands {typed!r}")
    if not repeats:
        out += _faults_of_rows(form, page, back, flagged, moved)
    return out


def places(key: str) -> set[str]:
    row = split_field_id(key)[0]
    return {key, row, row.partition("[")[0]} - {""}


def _faults_of_rows(form: str, page: Page, back: ReturnedForm, flagged: set[str], moved: set[str]) -> list[str]:
    wanted = rows_of(form, {k: clean_text(v or "") for k, v in page.truth.items()})
    given = rows_of(form, {k: a.raw for k, a in back.answers.items() if a.raw})
    out = []
    for table in (f.key for f in paper.spec_of(form).fields if f.kind == "table"):
        mine = {f for f in flagged if f == table or f.startswith(f"{table}[")}
        if table in mine or any(k.startswith(f"{table}[") for k in moved):
            continue
        one, two = wanted.get(table, []), given.get(table, [])
        if len(one) != len(two):
            out += [] if mine else [f"{table}: {len(two)} rows read, {len(one)} stand there: {one} {two}"]
            continue
        for number, (stands, read_row) in enumerate(zip(one, two, strict=True), 1):
            for column in {*stands, *read_row}:
                key = f"{table}[{number}].{column}"
                if paper.kind_of(form, key) in ("choice", "yes_no"):
                    answer = back.answers.get(key)
                    same = (answer.value if answer else None) == stands.get(column)
                else:
                    same = stands.get(column) == read_row.get(column)
                if not same and not flagged & {key, f"{table}[{number}]"}:
                    out.append(f"{key}: read {read_row.get(column)!r}, stands {stands.get(column)!r}")
    return out


def mutated(form: str, rng: random.Random, edits, *, odd: bool) -> tuple[Page, ReturnedForm]:
    page = filled(form, rng, odd=odd)
    for edit in edits:
        before = etree.tostring(page.docx.root)
        edit(page)
        page.done.append(edit.__name__ if etree.tostring(page.docx.root) != before else f"({edit.__name__})")
    return page, read(page.docx.bytes(), expectation(form))


@given(rng=st.randoms(use_true_random=False), edits=st.lists(st.sampled_from(EDITS), max_size=4))
@settings(
    max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
@pytest.mark.parametrize("form", paper.FORMS)
def test_what_is_read_without_a_problem_stands_there(form, rng, edits):
    page, back = mutated(form, rng, edits, odd=True)
    assert faults(form, page, back) == [], page.done


@given(rng=st.randoms(use_true_random=False), edits=st.lists(st.sampled_from(HARMLESS), max_size=4))
@settings(
    max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
@pytest.mark.parametrize("form", paper.FORMS)
def test_what_programs_do_is_no_problem(form, rng, edits):
    page, back = mutated(form, rng, edits, odd=False)
    assert (back.problems, faults(form, page, back)) == ((), []), page.done
