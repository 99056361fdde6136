"""On which page of the report every answer and every piece of evidence stands, for the manifest. Reads only.

Found in the finished pages: a row by its printed number, anything else by the answer's own words. A place that is not
found is left out (page 0), never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from songthan.domain.bundles import AnswerSource, Exhibit
from songthan.domain.forms import Answer, split_field_id
from songthan.domain.thai import squeeze
from songthan.steps.bundle_documents import Papers
from songthan.steps.office import Office

#: Fewer letters («๑๐๐», «ใช่») stand on too many pages to tell one.
_TELLING = 12


def page_of_exhibits(
    office: Office, papers: Papers, exhibits: Sequence[Exhibit], pages: Mapping[int, bytes | None]
) -> tuple[Exhibit, ...]:
    """`exhibits` with the page of the bundle's PDF each begins on (0: only listed)."""
    at = sum(office.press.pages(papers.pdfs[name]) for name in papers.documents)
    found = []
    for exhibit in exhibits:
        count = office.press.pages(pages[exhibit.number])
        found.append(replace(exhibit, page=at + 1 if count else 0))
        at += count
    return tuple(found)


def page_of_answers(
    office: Office,
    papers: Papers,
    sources: Sequence[tuple[str, AnswerSource]],
    answers: Mapping[str, Mapping[str, Answer]],
) -> tuple[AnswerSource, ...]:
    """The sources (each with its form's id) with page and printed row number."""
    texts = _texts(office, papers)
    numbers = {a.id: a.number for a in office.plan.activities}
    found = []
    for form, source in sources:
        field = source.field.removeprefix(f"{form}:")
        row, _ = split_field_id(field)
        number = numbers.get(row, "")
        lines = texts.get(f"report-{form}") or texts.get("report") or []
        value = answers[form][field].value or ""
        if not number and value and office.forms[form].of_id(field).kind == "evidence":
            # each line may carry its exhibit's number in print
            value = max(value.splitlines(), key=len)
        page = _row_page(lines, number) if number else _words_page(lines, value)
        found.append(replace(source, page=page, row=number))
    return tuple(found)


def _texts(office: Office, papers: Papers) -> dict[str, list[tuple[int, str]]]:
    """Document → its pages: number in the bundle's PDF and text, one line of print a line."""
    found, at = {}, 0
    for name in papers.documents:
        texts = office.press.page_texts(papers.pdfs[name])
        found[name] = [(at + n, text) for n, text in enumerate(texts, 1)]
        at += len(texts)
    return found


def _row_page(pages: Sequence[tuple[int, str]], number: str) -> int:
    """The page with a line that begins with the row's number; 0 when none or several do."""
    wanted = squeeze(number)
    hits = [
        page
        for page, text in pages
        if any(line == wanted or line.startswith(f"{wanted} ") for line in map(squeeze, text.splitlines()))
        # «๑.๗» is not «๑.๗ (๑)»
        and ("(" in wanted or not any(squeeze(line).startswith(f"{wanted} (") for line in text.splitlines()))
    ]
    return hits[0] if len(hits) == 1 else 0


def _words_page(pages: Sequence[tuple[int, str]], value: str) -> int:
    """The one page where these words stand; 0 when they are too few or stand nowhere or on several."""
    wanted = "".join(squeeze(value).split())
    if len(wanted) < _TELLING:
        return 0
    hits = [page for page, text in pages if wanted in "".join(squeeze(text).split())]
    return hits[0] if len(hits) == 1 else 0
