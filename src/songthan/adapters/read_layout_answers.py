"""Answers of a form that does not repeat over activities: its content controls against what its layout found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from songthan.adapters.read_answers import Ask, Seen, doubt, settle_choice, settle_text
from songthan.adapters.read_grid import Box, Controls
from songthan.adapters.read_layout import LayoutReading
from songthan.adapters.read_layout_found import Found
from songthan.domain.forms import Answer, Field, Problem, split_field_id, table_row
from songthan.domain.language import digits, say
from songthan.domain.values import clean_text
from songthan.ports import Expectation

__all__ = ["reconcile_layout"]

_CHOICES = frozenset({"choice", "yes_no"})
_UNREAD = frozenset({"signature"})


def reconcile_layout(
    expectation: Expectation, controls: Controls | None, reading: LayoutReading
) -> tuple[dict[str, Answer], list[Problem]]:
    """Answers by field id and the problems, the layout's own included.

    `controls` are those of the whole body, None for files that have none (PDF): then the layout alone counts.
    """
    answers: dict[str, Answer] = {}
    problems = list(reading.problems)
    for ask, found, near in _asked(expectation, controls, reading):
        settle = _choice if ask.field.kind in _CHOICES else _text
        answer, problem = settle(ask, near, found)
        if answer is not None:
            answers[ask.id] = answer
        if problem is not None:
            problems.append(problem)
    problems.extend(_astray(expectation, controls, answers))
    return answers, problems


_Asked = tuple[Ask, Found | None, Controls | None]


def _asked(expectation: Expectation, controls: Controls | None, reading: LayoutReading) -> Iterator[_Asked]:
    """Each field to be answered, what its place holds, and the controls that may speak of it."""
    for item in expectation.spec.fields:
        if item.kind in _UNREAD:
            continue
        if item.kind != "table":
            place = reading.places.get(item.key) or say("ช่อง {column}", column=item.column or item.label)
            yield _ask(item.key, item, place, reading), reading.found.get(item.key), controls
        elif item.key in reading.rows:
            yield from _rows_found(item, controls, reading)
        elif controls is not None:
            yield from _rows_by_tag(item, controls, reading)


def _ask(field_id: str, item: Field, place: str, reading: LayoutReading) -> Ask:
    found = reading.found.get(field_id)
    return Ask(id=field_id, field=item, place=place, way=found.where if found is not None else "table")


def _rows_found(table: Field, controls: Controls | None, reading: LayoutReading) -> Iterator[_Asked]:
    for number in range(1, reading.rows[table.key] + 1):
        for column in _columns(table):
            field_id = f"{table.key}[{number}].{column.key}"
            found = reading.found.get(field_id)
            near = None if controls is None else (found.controls if found is not None else None) or Controls()
            place = reading.places.get(field_id) or _row_place(table, number, column)
            yield _ask(field_id, column, place, reading), found, near


def _rows_by_tag(table: Field, controls: Controls, reading: LayoutReading) -> Iterator[_Asked]:
    """The table is gone: what its controls say, rows without any content left out."""
    filled = sorted(
        {
            row[1]
            for name, said in _said(controls)
            if said and (row := table_row(split_field_id(name)[0])) and row[0] == table.key
        }
    )
    for number, tagged in enumerate(filled, 1):
        for column in _columns(table):
            field_id, tag = f"{table.key}[{number}].{column.key}", f"{table.key}[{tagged}].{column.key}"
            near = Controls(texts={field_id: controls.texts[tag]} if tag in controls.texts else {})
            for choice in column.options:
                if f"{tag}={choice.value}" in controls.ticks:
                    near.ticks[f"{field_id}={choice.value}"] = controls.ticks[f"{tag}={choice.value}"]
            yield _ask(field_id, column, _row_place(table, number, column), reading), None, near


def _said(controls: Controls) -> Iterator[tuple[str, bool]]:
    """Field ids of controls, and whether they hold anything."""
    for name, texts in controls.texts.items():
        yield name, any(clean_text(t) for t in texts)
    for name, ticks in controls.ticks.items():
        yield name.partition("=")[0], any(ticks)


def _columns(table: Field) -> tuple[Field, ...]:
    return tuple(c for c in table.columns if c.kind not in _UNREAD)


def _row_place(table: Field, number: int, column: Field) -> str:
    return say(
        "{place} แถวที่ {number} ช่อง {column}",
        place=table.place or table.label,
        number=digits(number),
        column=column.column or column.label,
    )


def _text(ask: Ask, controls: Controls | None, found: Found | None) -> tuple[Answer | None, Problem | None]:
    if found is None:
        return settle_text(ask, controls, None)
    if found.text is not None:
        lines = tuple(found.text.split("\n"))
        return settle_text(ask, controls, Box(paragraphs=lines, oddities=found.oddities))
    texts = controls.texts if controls is not None else {}
    if len(texts.get(ask.id, ())) == 1 and found.agrees is not None and found.agrees(_known(texts)):
        return settle_text(ask, controls, None)
    return doubt(ask, clean_text(texts.get(ask.id, [""])[0]), "unclear", ask.way)


def _known(texts: Mapping[str, list[str]]):
    return lambda field_id: texts[field_id][0] if len(texts.get(field_id, ())) == 1 else None


def _choice(ask: Ask, controls: Controls | None, found: Found | None) -> tuple[Answer | None, Problem | None]:
    return settle_choice(ask, controls, _seen(ask, controls, found) if found is not None else None)


def _seen(ask: Ask, controls: Controls | None, found: Found) -> Seen:
    """Which box is ticked on the page, from the signs between the printed words."""
    choices = ask.field.options
    for code in ("nested-table", "picture", "formatted"):
        if code in found.oddities:
            return Seen(code=code, raw=found.raw)
    if found.code in ("tick-unclear", "extra-text"):
        return Seen(code=found.code, raw=found.raw)
    if any(choice.value not in found.ticks for choice in choices) or (found.code == "no-sign" and len(choices) == 1):
        return Seen(code="choice-missing", raw=found.raw)
    if None in found.ticks.values():
        texts = controls.texts if controls is not None else {}
        agreed = found.agrees is not None and found.agrees(_known(texts))
        boxes = controls is not None and all(f"{ask.id}={c.value}" in controls.ticks for c in choices)
        return Seen(code="unclear" if agreed and boxes else "tick-unclear", raw=found.raw)
    ticked = [value for value, on in found.ticks.items() if on]
    return Seen(value=ticked[0] if ticked else None, code="both-ticked" if len(ticked) > 1 else "", raw=found.raw)


def _astray(expectation: Expectation, controls: Controls | None, answers: Mapping[str, Answer]) -> Iterator[Problem]:
    """Filled controls of a growing table that no row holds: a row was moved away from its table."""
    if controls is None:
        return
    read = [a.raw for key, a in answers.items() if table_row(split_field_id(key)[0])]
    known = "\n".join(read)
    for table in expectation.spec.fields:
        if table.kind != "table":
            continue
        for name, texts in controls.texts.items():
            row = table_row(split_field_id(name)[0])
            lost = next((t for t in map(clean_text, texts) if t and t not in known), "")
            if row and row[0] == table.key and lost:
                words = " ".join(lost.split())[:60]
                text = say(
                    "{place}: พบคำตอบ «{words}» อยู่นอกตาราง โปรดตรวจดูและย้ายกลับไปไว้ในแถวของตาราง",
                    place=table.place or table.label,
                    words=words,
                )
                yield Problem(field=table.key, code="row-unknown", message_th=text)
                break
