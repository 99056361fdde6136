"""Where the answers of a returned form stand: each field's place, in words a person can follow in Word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from songthan.domain.forms import Answer, Field, FormSpec, Problem, ReturnedForm, split_field_id, table_row
from songthan.domain.language import digits, say
from songthan.domain.values import is_none_word, is_placeholder

__all__ = ["Place", "Sheet", "TableRow", "form_words", "place_words", "sheets_of"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """One field of one row: its id, its answer (or None), and how to find it."""

    id: str
    field: Field
    answer: Answer | None
    words: str

    @property
    def lone_box(self) -> bool:
        """A tick box without a second one: unticked is «no»."""
        return self.field.kind == "yes_no" and len(self.field.options) == 1

    @property
    def raw(self) -> str:
        """What stood there, on one line."""
        return " ".join((self.answer.raw if self.answer else "").split())

    @property
    def value(self) -> str | None:
        if self.answer is None:
            return None
        return self.answer.value or ("no" if self.lone_box and is_placeholder(self.answer.raw) else None)

    @property
    def empty(self) -> bool:
        """Nobody answered here; «-» and «ไม่มี» are answers."""
        return self.answer is None or (not self.value and is_placeholder(self.answer.raw))

    @property
    def says_something(self) -> bool:
        """Answered, and not by «-» or by leaving a box as it was."""
        if self.lone_box:
            return self.value == "yes"
        return self.field.kind != "signature" and not self.empty and not is_none_word(self.value or self.raw)

    def problem(self, code: str, text: str) -> Problem:
        return Problem(field=self.id, code=code, message_th=f"{self.words}: {text}")


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One row of a growing table; `places` by the names that checks use (`dos.behaviour`)."""

    id: str
    places: Mapping[str, Place]

    @property
    def filled(self) -> bool:
        return any(place.says_something for place in self.places.values())


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The answers that belong together: a whole form, or one activity's row of a repeating form.

    `fields` by key, `tables` the rows with something in them by the table's key, `doubtful` the ids of fields, rows and
    tables whose reading is in doubt already: nothing more is said about those.
    """

    fields: Mapping[str, Place]
    tables: Mapping[str, Sequence[TableRow]] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()

    def sure(self, place: Place) -> bool:
        """Is there no doubt about this answer, its row or its table?"""
        row, _ = split_field_id(place.id)
        table = table_row(row)
        return not self.doubtful & {place.id, row or place.id, table[0] if table else place.id}

    def table_is_sure(self, key: str) -> bool:
        """Is there no doubt about this table or any of its rows?"""
        return not any(name == key or name.startswith(f"{key}[") for name in self.doubtful)

    def find(self, name: str, row: TableRow | None = None) -> Place | None:
        """The place a check names, in `row` or outside of tables; None where there is none or it is in doubt."""
        place = (row.places.get(name) if row else None) or self.fields.get(name)
        return place if place is not None and self.sure(place) else None


def sheets_of(spec: FormSpec, returned: ReturnedForm, activities: Sequence[tuple[str, str]]) -> Iterator[Sheet]:
    """One sheet for each activity (id, printed number) of a repeating form, else one for the form."""
    doubtful = frozenset(p.field for p in returned.problems)
    if spec.repeat == "activity":
        for activity, number in activities:
            row = say("แถว {number}", number=digits(number))
            yield Sheet(
                fields={f.key: _place(f, f"{activity}.{f.key}", returned, row) for f in spec.fields}, doubtful=doubtful
            )
        return
    form = form_words(spec)
    yield Sheet(
        fields={f.key: _place(f, f.key, returned, _joined(form, f.place)) for f in spec.fields},
        tables={f.key: _rows(f, returned, form) for f in spec.fields if f.kind == "table"},
        doubtful=doubtful,
    )


def place_words(spec: FormSpec, field_id: str) -> str:
    """The words that lead a person to a field of a form that does not repeat: «แบบ F1 ข้อ ๒ ช่อง จำนวนเรื่อง»."""
    row, key = split_field_id(field_id)
    table = table_row(row)
    if table is None:
        item = spec.field(key)
        return _joined(form_words(spec), item.place, _box_words(item))
    owner = spec.field(table[0])
    return _joined(_row_words(form_words(spec), owner, table[1]), _box_words(owner.column_of(key)))


def _row_words(form: str, table: Field, number: int) -> str:
    return _joined(form, table.place or _table_words(table), say("แถวที่ {number}", number=digits(number)))


def _box_words(item: Field) -> str:
    """«ช่อง ร้อยละ»; nothing where the place names its box already («ข้อ ๑ ช่อง คิดเป็นร้อยละ», «กรอบข้อเสนอแนะ»)."""
    name = item.column or item.label
    return say("ช่อง {name}", name=name) if not item.place or not (say("ช่อง") in item.place or name in item.place) else ""


def _rows(table: Field, returned: ReturnedForm, form: str) -> tuple[TableRow, ...]:
    """The rows of a table with something in them, in order; empty rows between them are fine."""
    found = {name: n for name in {split_field_id(key)[0] for key in returned.answers} for n in _number(name, table.key)}
    rows = []
    for row_id, number in sorted(found.items(), key=lambda item: item[1]):
        where = _row_words(form, table, number)
        places = {
            f"{table.key}.{column.key}": _place(column, f"{row_id}.{column.key}", returned, where)
            for column in table.columns
        }
        rows.append(TableRow(id=row_id, places=places))
    return tuple(row for row in rows if row.filled)


def _number(row: str, table: str) -> list[int]:
    parts = table_row(row)
    return [parts[1]] if parts and parts[0] == table else []


def _place(spec_field: Field, field_id: str, returned: ReturnedForm, where: str) -> Place:
    answer = returned.answers.get(field_id)
    if spec_field.kind == "table":
        # a table has no answer of its own, its rows have
        label = _table_words(spec_field)
        return Place(id=field_id, field=spec_field, answer=None, words=_joined(where, "" if label in where else label))
    words = (answer.source if answer else "") or _joined(where, _box_words(spec_field))
    return Place(id=field_id, field=spec_field, answer=answer, words=words)


def _table_words(table: Field) -> str:
    return table.label if table.label.startswith(say("ตาราง")) else say("ตาราง{label}", label=table.label)


def form_words(spec: FormSpec) -> str:
    """«แบบ F1»; a form whose id says nothing to a person goes by its name («ใบนำส่งแบบ ๑ และแบบ ๒»)."""
    if re.fullmatch("f[0-9]+", spec.id):
        return say("แบบ {name}", name=spec.id.upper())
    name = spec.short or spec.title
    return name if name.startswith(("แบบ", "ใบ")) else say("แบบ {name}", name=name)


def _joined(*words: str) -> str:
    kept = [word for word in words if word]
    return reduce(lambda place, within: say("{place} {within}", place=place, within=within), kept) if kept else ""
