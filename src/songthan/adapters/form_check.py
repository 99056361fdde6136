"""Holds a form's data against its Word template, and the template against the rules by which a form is read back.

Every finding is a DataError: what is wrong, in which file, and how to mend it. The rules of a template:
a field that may take several lines stands alone in its table cell; a short one may stand in a sentence; two controls
never touch; the boxes of one question stand together (in a growing table: in one row, each under its head); a cell can
be found by printed words of its row or above it; the footer carries the token and the slot of its QR picture.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from songthan.adapters.form_layout import BlankForm, blank_form
from songthan.adapters.read_grid import tight
from songthan.adapters.render_template import Control, Template, load_template, unknown_names
from songthan.domain.errors import DataError, SongthanError
from songthan.domain.forms import Field, FormSpec
from songthan.domain.layouts import WILD, LayoutRow, LayoutTable, Passage, Pattern, Slot
from songthan.domain.rubric import CRITERIA
from songthan.domain.thai import squeeze, to_thai_digits

__all__ = ["QR_SLOT", "check_spec", "sample_context"]

#: the name of the footer's picture that the renderer replaces by the token's QR
QR_SLOT = "songthan-qr"

_SEVERAL_LINES = ("text", "evidence")
_FOOTER = re.compile(r"word/footer\d*\.xml")
_TOKEN = re.compile(r"\{\{[^{}]*\btoken\b[^{}]*\}\}")
_QR = re.compile(rf'<wp:docPr\b[^>]*\bname="{QR_SLOT}"')


def check_spec(folder: Path, spec: FormSpec, criteria: Sequence[str] = CRITERIA) -> list[DataError]:
    """What is wrong between `spec` and its templates in `folder`; an empty list is good. Raises nothing.

    `criteria`: the ids of the office's rubric, whose scores a template may print.
    """
    try:
        template = load_template(folder / spec.template)
        unknown = unknown_names(template, sample_context(spec, criteria))
        blank = blank_form(template)
    except SongthanError as error:
        return [DataError(error.th, where=error.where, remedy=error.remedy)]
    found = [
        DataError(
            f"แม่แบบเรียกข้อมูล «{name}» ซึ่งไม่มี ที่ {place}",
            where=spec.template,
            remedy="แก้ชื่อให้ตรงกับข้อมูลที่แบบได้รับ หรือลบคำสั่งนี้ออกจากแม่แบบ",
        )
        for name, place in unknown
    ]
    if not template.controls and spec.fields:
        return [
            *found,
            DataError(
                "ช่องกรอกหายทั้งหมด แม่แบบน่าจะถูกบันทึกด้วยโปรแกรมอื่นที่ไม่ใช่ Word",
                where=spec.template,
                remedy="ใช้สำเนาเดิมของแม่แบบ แล้วแก้ไขใหม่ด้วย Microsoft Word",
            ),
        ]
    found += _names_of_controls(spec, template.controls)
    unpaired = [*_pairs(spec, template.controls), *_loops(spec, blank)]
    # a wrong name puts a control in a wrong place, too: once said is enough
    found += unpaired or [*_places(spec, template.controls, blank), *_heads(spec, blank)]
    found += _footer(spec, template)
    for key, name in (("report_template", spec.report_template), ("cover_template", spec.cover_template)):
        if name and not (folder / name).is_file():
            found.append(DataError(f"ไม่พบแม่แบบของ {key}", where=name, remedy=f"วางไฟล์ หรือแก้ {key} ใน {spec.id}.toml"))
    return found


# ---------------------------------------------------------------- what a template may use


def sample_context(spec: FormSpec, criteria: Sequence[str] = CRITERIA) -> dict[str, object]:
    """Everything a form's template may use, each list with one item, each answer carried over from the last form."""
    context: dict[str, object] = {
        "organisation": {"name": "สำนัก", "parent": "สำนักงาน", "plan_title": "แผน", "headcount_th": "๔๘"},
        "deadline": {
            "id": "2566-q2", "title": "รายงาน", "quarter": 2, "internal_th": "๑ มกราคม ๒๕๖๖", "external_th": "๒ มกราคม ๒๕๖๖",
        },
        "member": {"full_name": "ชื่อ", "position": "ตำแหน่ง", "seat_role": "คณะทำงาน"},
        "secretary": {"full_name": "ชื่อ", "phone": "๐", "email": "a@office.example"},
        "token": "ST-0000-0000-0000",
        "answers": _sample_answers(spec.fields),
    }  # fmt: skip
    return context | (_of_activities(spec) if spec.repeat else _of_one_person(spec, criteria))


def _of_activities(spec: FormSpec) -> dict[str, object]:
    activity = {
        "id": "1.1", "number": "๑.๑", "title": "กิจกรรม", "details": ["ก"], "outputs": ["ก"], "outcomes": ["ก"],
        "documents": ["ก"], "due_th": "๑ มกราคม ๒๕๖๖", "answers": _sample_answers(spec.fields),
    }  # fmt: skip
    return {"measures": [{"number_th": "๑", "title": "มาตรการ", "activities": [activity]}]}


def _of_one_person(spec: FormSpec, criteria: Sequence[str]) -> dict[str, object]:
    rows = {
        f.key: [{"id": f"{f.key}[1]", "number_th": "๑", "answers": _sample_answers(f.columns)}]
        for f in spec.fields
        if f.kind == "table"
    }
    return {
        "year": {"this_th": "๒๕๖๖", "last_th": "๒๕๖๕", "before_th": "๒๕๖๔"},
        "director": {"name": "ชื่อ", "position": "ผู้อำนวยการ"},
        "rows": rows,
        "scores": {**dict.fromkeys(criteria, "๓"), "total": "๒๗", "level": "๓", "level_title": "ระดับ"},
    }


def _sample_answers(fields: Iterable[Field]) -> dict[str, dict[str, object]]:
    return {
        f.key: {"value": next(iter(_boxes(f)), "ตัวอย่าง"), "carried": True, "problem": ""}
        for f in fields
        if f.kind not in ("table", "signature")
    }


def _boxes(field: Field) -> tuple[str, ...]:
    """The values of a field's check boxes; none for a field that is written."""
    return tuple(c.value for c in field.options)


# ---------------------------------------------------------------- controls and fields


def _names_of_controls(spec: FormSpec, controls: tuple[Control, ...]) -> Iterator[DataError]:
    """Tags standing twice, and aliases that are not the tag (programs keep one or the other)."""
    for tag, times in Counter(c.tag for c in controls).items():
        if times > 1:
            yield DataError(
                f"ช่องกรอก «{tag}» ซ้ำกัน {to_thai_digits(times)} แห่ง",
                where=spec.template,
                remedy="ลบให้เหลือช่องเดียว หรือแก้ tag ของช่องที่เกิน",
            )
    for control in controls:
        if control.alias != control.tag:
            yield DataError(
                f"ช่องกรอก «{control.tag}» มีชื่อ (title) เป็น «{control.alias}»",
                where=spec.template,
                remedy="ใน Word เปิด Developer > Properties ของช่องนี้ แล้วแก้ Title และ Tag ให้เป็นชื่อช่องเดิมตรงกันทั้งสอง",
            )


def _expected(spec: FormSpec) -> dict[tuple[str, str], Field]:
    """(growing table or "", key) → the field that has controls."""
    fields = {("", f.key): f for f in spec.fields if f.kind != "table"}
    fields |= {(f.key, c.key): c for f in spec.fields for c in f.columns}
    return {key: f for key, f in fields.items() if f.kind != "signature"}


def _table_of(spec: FormSpec, control: Control) -> str:
    """The growing table a control's tag names; "" for a plain field and in a form that repeats over activities."""
    return "" if spec.repeat else control.row


def _tag(spec: FormSpec, table: str, key: str, choice: str = "") -> str:
    row = "activity" if spec.repeat else table
    return (f"{{{{ {row}.id }}}}." if row else "") + key + (f"={choice}" if choice else "")


def _pairs(spec: FormSpec, controls: tuple[Control, ...]) -> Iterator[DataError]:
    """Controls without their field, fields and columns without their control, boxes without their choice."""
    data_file = f"{spec.id}.toml"
    expected = _expected(spec)
    there = set()
    for control in controls:
        table = _table_of(spec, control)
        field = expected.get((table, control.key))
        if field is None:
            what = f"columns ของตาราง {table}" if table else "[[fields]]"
            yield DataError(
                f"ช่องกรอก «{control.tag}» ไม่มีข้อมูลคู่กัน",
                where=spec.template,
                remedy=f'เพิ่ม {what} key = "{control.key}" ใน {data_file} หรือลบช่องนี้ออกจากแม่แบบ',
            )
            continue
        there.add((table, control.key, control.choice))
        if control.repeats != bool(spec.repeat or table):
            yield DataError(
                f"tag «{control.tag}» ไม่ตรงกับ repeat ของแบบ",
                where=spec.template,
                remedy=f"แก้ tag เป็น {_tag(spec, table, control.key, control.choice)}",
            )
        elif control.choice not in (_boxes(field) or ("",)):
            wanted = ", ".join(_tag(spec, table, control.key, c) for c in _boxes(field) or ("",))
            yield DataError(
                f"tag «{control.tag}» ไม่ตรงกับชนิดหรือตัวเลือกของข้อมูล «{field.key}»",
                where=spec.template,
                remedy=f"ใช้ tag {wanted} หรือแก้ kind และ choices ใน {data_file}",
            )
    for (table, key), field in expected.items():
        for choice in _boxes(field) or ("",):
            if (table, key, choice) not in there:
                yield DataError(
                    f"ข้อมูล «{_dotted(table, key)}» ({field.label}) ไม่มีช่องกรอก «{_named(key, choice)}» ในแม่แบบ {spec.template}",
                    where=data_file,
                    remedy=f"เพิ่มช่องกรอก (content control) ที่ tag เป็น «{_tag(spec, table, key, choice)}» ในแม่แบบ หรือลบข้อมูลนี้",
                )


def _dotted(table: str, key: str) -> str:
    return f"{table}.{key}" if table else key


def _named(key: str, choice: str) -> str:
    return f"{key}={choice}" if choice else key


def _loops(spec: FormSpec, blank: BlankForm) -> Iterator[DataError]:
    """Growing tables without their loop, loops without their table, loop variables of another name."""
    tables = [] if spec.repeat else [f.key for f in spec.fields if f.kind == "table"]
    times = Counter(table for _, table in blank.loops)
    for table in tables:
        if times[table] != 1:
            yield DataError(
                f"ตาราง «{table}» ต้องมีคำสั่งวนแถวหนึ่งแห่ง แต่ในแม่แบบ {spec.template} มี {times[table]} แห่ง",
                where=f"{spec.id}.toml",
                remedy=f"ใส่แถว {{%tr for {table} in rows.{table} %}} และ {{%tr endfor %}} คร่อมแถวกรอกเพียงแถวเดียว",
            )
    for variable, table in blank.loops:
        if table not in tables:
            yield DataError(
                f"คำสั่งวนแถวใช้ rows.{table} ซึ่งไม่มี",
                where=spec.template,
                remedy=f'แก้ชื่อตาราง หรือเพิ่ม [[fields]] key = "{table}" kind = "table" ใน {spec.id}.toml',
            )
        elif variable != table:
            yield DataError(
                f"ตัวแปรวนแถว «{variable}» ไม่ตรงกับชื่อตาราง «{table}»",
                where=spec.template,
                remedy=f"แก้เป็น {{%tr for {table} in rows.{table} %}} และแก้ tag ในแถวให้ขึ้นต้นด้วย {{{{ {table}.id }}}}.",
            )
    for table in tables:
        rows = [row for block in _tables(blank) for row in block.rows if row.table == table]
        if times[table] == 1 and len(rows) != 1:
            yield DataError(
                f"ระหว่างคำสั่งวนแถวของตาราง «{table}» มี {len(rows)} แถว",
                where=spec.template,
                remedy="ให้มีแถวกรอกแถวเดียวระหว่าง {%tr for … %} กับ {%tr endfor %} (คำสั่งละหนึ่งแถวของตนเอง)",
            )


def _tables(blank: BlankForm) -> Iterator[LayoutTable]:
    return (block for block in blank.layout.blocks if isinstance(block, LayoutTable))


# ---------------------------------------------------------------- where the controls stand


def _places(spec: FormSpec, controls: tuple[Control, ...], blank: BlankForm) -> Iterator[DataError]:
    """Controls that could not be read back, were their tags gone."""
    fields = {_dotted(*name): field for name, field in _expected(spec).items()}
    passages = [block.pattern for block in blank.layout.blocks if isinstance(block, Passage)]
    rows = [row for table in _tables(blank) for row in table.rows]
    patterns = [*passages, *(cell for row in rows for cell in row.cells)]
    placed = Counter(slot for pattern in patterns for slot in pattern.slots)
    for slot in blank.misfits:
        yield _misplaced(spec, slot, "เป็นช่องกาแต่ไม่มีค่า หรือเป็นช่องข้อความแต่มีค่า", "ใช้ช่องกา (Check Box) กับ tag «ชื่อ=ค่า» เท่านั้น")
    for control in controls:
        slot = Slot(field=_dotted(_table_of(spec, control), control.key), choice=control.choice)
        if slot.field in fields and slot not in placed:
            yield _misplaced(
                spec, slot, "ไม่อยู่ในย่อหน้าหรือแถวที่อ่านกลับได้", "วางช่องกรอกไว้ภายในย่อหน้า (ถ้าเป็นของตารางที่เพิ่มแถวได้ ให้อยู่ในแถวที่วน)"
            )
    for pattern in patterns:
        yield from _touching(spec, pattern)
        yield from _crowded(spec, pattern, fields)
    yield from _scattered(spec, passages, rows, fields)
    yield from _strays(spec, passages, rows)
    for table in _tables(blank):
        yield from _unfindable(spec, table)


def _misplaced(spec: FormSpec, slot: Slot, what: str, remedy: str) -> DataError:
    return DataError(f"ช่องกรอก «{_named(slot.field, slot.choice)}» {what}", where=spec.template, remedy=remedy)


def _has_words(piece: str) -> bool:
    return bool(piece.replace(WILD, "").strip())


def _touching(spec: FormSpec, pattern: Pattern) -> Iterator[DataError]:
    last: Slot | None = None
    for piece in pattern.pieces:
        if isinstance(piece, Slot):
            if last is not None:
                yield _misplaced(
                    spec,
                    piece,
                    f"อยู่ติดกับช่อง «{_named(last.field, last.choice)}» โดยไม่มีคำคั่น",
                    "พิมพ์คำคั่นระหว่างสองช่อง หรือแยกไว้คนละช่องตาราง",
                )
            last = piece
        elif _has_words(piece):
            last = None


def _crowded(spec: FormSpec, pattern: Pattern, fields: dict[str, Field]) -> Iterator[DataError]:
    """A field of several lines alone in its paragraph, beside other paragraphs: where it ends cannot be told."""
    lines: list[list[str | Slot]] = [[]]
    for piece in pattern.pieces:
        parts = [piece] if isinstance(piece, Slot) else piece.split("\n")
        lines[-1].append(parts[0])
        lines += [[part] for part in parts[1:]]
    for line in lines if len(lines) > 1 else ():
        filled = [piece for piece in line if isinstance(piece, Slot) or piece.strip()]
        slot = filled[0] if len(filled) == 1 and isinstance(filled[0], Slot) else None
        if slot is not None and slot.field in fields and fields[slot.field].kind in _SEVERAL_LINES:
            yield _misplaced(
                spec,
                slot,
                "อาจยาวหลายบรรทัด แต่มีข้อความอื่นอยู่ด้วยกัน",
                "วางช่องนี้ไว้ลำพังในช่องตารางของตนเอง โดยไม่มีข้อความอื่นในช่องตารางนั้น",
            )


def _scattered(
    spec: FormSpec, passages: list[Pattern], rows: list[LayoutRow], fields: dict[str, Field]
) -> Iterator[DataError]:
    """Boxes of one question that do not stand together; in a growing table one row is together."""
    homes = [(pattern.slots, False) for pattern in passages]
    homes += [(cell.slots, False) for row in rows if not row.table for cell in row.cells]
    homes += [(tuple(slot for cell in row.cells for slot in cell.slots), True) for row in rows if row.table]
    for name, field in fields.items():
        if sum(any(slot.field == name for slot in slots) for slots, _ in homes) > 1 and _boxes(field):
            yield _misplaced(
                spec,
                Slot(field=name),
                "มีช่องกาอยู่คนละที่",
                "วางช่องกาของคำถามเดียวกันไว้ในช่องตารางหรือย่อหน้าเดียวกัน (ตารางที่เพิ่มแถวได้: ในแถวเดียวกัน)",
            )


def _strays(spec: FormSpec, passages: list[Pattern], rows: list[LayoutRow]) -> Iterator[DataError]:
    """Columns outside the row that repeats, and plain fields inside it."""
    if spec.repeat:
        return
    homes = [(slot, "") for pattern in passages for slot in pattern.slots]
    homes += [(slot, row.table) for row in rows for cell in row.cells for slot in cell.slots]
    for slot, table in homes:
        if slot.field.rpartition(".")[0] != table:
            what = f"ไม่ใช่ช่องของตาราง «{table}» แต่อยู่ในแถวที่วน" if table else "อยู่นอกแถวที่วนของตาราง"
            yield _misplaced(spec, slot, what, "ย้ายช่องนี้ หรือแก้ tag ให้ตรงกับตารางที่อยู่")


def _unfindable(spec: FormSpec, table: LayoutTable) -> Iterator[DataError]:
    """Cells with a control that no printed words lead to."""
    words = [[_tight(cell) for cell in row.cells] for row in table.rows]
    counts = Counter(text for row in words for text in set(row) if text)
    heads = Counter(text for row in words for text in row if text)
    for at, row in enumerate(table.rows):
        if not row.table and any(counts[text] == 1 for text in words[at]):
            continue
        for cell, own, start in zip(row.cells, words[at], row.starts, strict=True):
            if cell.slots and not own and heads[_above(table, words, at, start)] != 1:
                yield _misplaced(
                    spec,
                    cell.slots[0],
                    "ไม่มีคำที่พิมพ์ไว้ให้หาพบ",
                    "พิมพ์คำประจำแถวที่ไม่ซ้ำกับแถวอื่น หรือหัวตารางเหนือช่องนี้ที่ไม่ซ้ำกับช่องอื่น",
                )


def _above(table: LayoutTable, words: list[list[str]], at: int, start: int) -> str:
    """The words of the nearest cell above that begins in the same column and is not empty, else ""."""
    for upper in range(at - 1, -1, -1):
        row = table.rows[upper]
        for cell, text, first in zip(row.cells, words[upper], row.starts, strict=True):
            if first == start and cell.pieces:
                return text
    return ""


def _tight(cell: Pattern) -> str:
    return squeeze("".join(p for p in cell.pieces if isinstance(p, str)).replace(WILD, "")).replace(" ", "")


# ---------------------------------------------------------------- the footer


def _heads(spec: FormSpec, blank: BlankForm) -> Iterator[DataError]:
    """Cells under another head than the twin's `column`: people fill in by what is printed, readers by the twin."""
    for table in (b for b in blank.layout.blocks if isinstance(b, LayoutTable)):
        for at, row in enumerate(table.rows):
            for cell, start in zip(row.cells, row.starts, strict=True):
                wanted = {f.column for s in cell.slots if (f := _field_of(spec, s.field)) and f.column and not f.options}
                head = _head_above(table.rows[:at], start)
                for column in sorted(wanted):
                    if head and tight(column) not in tight(head):
                        yield DataError(
                            f"ช่องกรอกของ «{column}» อยู่ใต้หัวตาราง «{squeeze(head)}»",
                            where=spec.template,
                            remedy=f'ย้ายช่องกรอกกลับไปใต้หัวตารางของตน หรือแก้ column ใน {spec.id}.toml ให้ตรงกับหัวตารางที่พิมพ์',
                        )


def _field_of(spec: FormSpec, name: str) -> Field | None:
    """The field or column of a slot: `head_name`, `dos.persons`, or `activity.percent` of a repeating form."""
    row, _, key = name.rpartition(".")
    try:
        return spec.field(row).column_of(key) if row and not spec.repeat else spec.field(key)
    except KeyError:
        return None


def _head_above(rows: Sequence[LayoutRow], start: int) -> str:
    """The nearest printed words above, in the same grid column."""
    for row in reversed(rows):
        words = next((c.words for c, s in zip(row.cells, row.starts, strict=True) if s == start and not c.slots), "")
        if words.replace(WILD, "").strip():
            return words.replace(WILD, "")
    return ""


def _footer(spec: FormSpec, template: Template) -> Iterator[DataError]:
    footers = "".join(source for name, source in template.sources.items() if _FOOTER.fullmatch(name))
    if not _TOKEN.search(footers):
        yield DataError(
            "ท้ายกระดาษไม่มีรหัสแบบ",
            where=spec.template,
            remedy=f"พิมพ์ในท้ายกระดาษ: รหัสแบบ {{{{ token }}}} · {spec.id.upper()} · {{{{ deadline.id }}}}",
        )
    if not _QR.search(footers):
        yield DataError(
            "ท้ายกระดาษไม่มีที่วางภาพ QR ของรหัสแบบ",
            where=spec.template,
            remedy=f"วางภาพขนาด ๑.๗ ซม. ในท้ายกระดาษ แล้วตั้งชื่อใน Selection Pane เป็น {QR_SLOT}",
        )
