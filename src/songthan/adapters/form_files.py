"""Forms as data: reads `<form>.toml` strictly, and holds it against its Word template (`form_check`)."""

from __future__ import annotations

import re
import string
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import get_args

from songthan.adapters.form_printed import printed_of
from songthan.domain.errors import DataError
from songthan.domain.forms import Check, Choice, Field, FieldKind, FormSpec
from songthan.domain.rubric import CRITERIA

__all__ = ["check_form", "list_forms", "load_form"]

_TOP = {
    "id": str, "title": str, "version": int, "template": str, "short": str, "report_template": str,
    "cover_template": str, "repeat": str, "answered_by": str, "after": list, "file_name": str, "fields": list,
    "checks": list,
}  # fmt: skip
_COLUMN = {
    "key": str, "kind": str, "label": str, "column": str, "place": str, "required": bool, "minimum": str,
    "maximum": str, "choices": list, "prefill": str, "help": str,
}  # fmt: skip
_FIELD = {**_COLUMN, "columns": list, "rows": int}
_CHOICE = {"value": str, "label": str}
_CHECK = {
    "kind": str, "field": str, "when_field": str, "when_value": str, "of": str, "base": str, "fields": list,
    "message": str,
}  # fmt: skip
#: kind of check → the keys it needs, and those it may have, beside kind, field and message
_CHECK_KINDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "reason": (frozenset({"when_field", "when_value"}), frozenset()),
    "needs": (frozenset({"when_field", "when_value"}), frozenset()),
    "percent-of": (frozenset({"of"}), frozenset({"base"})),
    "sum": (frozenset({"fields"}), frozenset()),
    "lines": (frozenset({"of"}), frozenset()),
    "not-both": (frozenset({"fields"}), frozenset()),
}
_REPEATS = ("", "activity")
#: who a form may be asked of: the deadline's activities, their first seat, or one of the roster's offices
_ANSWERED_BY = ("activities", "lead", "secretary", "head", "assistant_secretary", "director", "acting_director")
_NAME_PARTS = frozenset({"deadline_title", "member", "form_title", "deadline"})
_TYPES_TH = {str: "ข้อความในเครื่องหมายคำพูด", int: "จำนวนเต็ม", bool: "true หรือ false", list: "รายการ"}
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_LIMIT = re.compile(r"[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"[1-9][0-9]*")


def list_forms(folder: Path) -> tuple[str, ...]:
    """The ids of the forms in `folder` (one `<id>.toml` each), sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_form(folder: Path, form_id: str) -> FormSpec:
    """The form `form_id` of `folder`; DataError names file, key and remedy for anything missing or unknown."""
    path = folder / f"{form_id}.toml"
    if form_id not in list_forms(folder):
        known = ", ".join(list_forms(folder)) or "ไม่มี"
        raise DataError(f"ไม่มีแบบรหัส «{form_id}»", where=str(folder), remedy=f"ใช้รหัสแบบที่มี: {known}")
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(
            f"อ่านไฟล์ไม่ได้ ({error})", where=path.name, remedy="แก้ไวยากรณ์ TOML ตามตำแหน่งที่แจ้ง และบันทึกเป็น UTF-8"
        ) from None
    top = _top(data, form_id, path.name)
    repeats = bool(top.get("repeat", ""))
    fields = tuple(_field(item, f"{path.name}: fields[{n}]", repeats) for n, item in enumerate(top["fields"], start=1))
    _no_repeats([f.key for f in fields], "key", path.name)
    checks = tuple(_check(item, fields, f"{path.name}: checks[{n}]") for n, item in enumerate(top.get("checks", []), 1))
    printed, number_head = printed_of(folder / top["template"]) if repeats else ((), "")
    more = {"after": tuple(top.get("after", ())), "printed": printed, "number_head": number_head}
    return FormSpec(**{**top, **more, "fields": fields, "checks": checks})


def check_form(folder: Path, form_id: str, criteria: Sequence[str] = CRITERIA) -> list[DataError]:
    """What is wrong between the form's data and its Word template; an empty list is good. Raises nothing.

    What it finds: see `songthan.adapters.form_check`; and a form named in `after` that does not exist. `criteria`: ids
    of the rubric.
    """
    # the library of Word templates takes long to import, and whoever only reads the data need not wait for it
    from songthan.adapters.form_check import check_spec

    try:
        spec = load_form(folder, form_id)
    except DataError as error:
        return [error]
    missing = [
        DataError(
            f"after กล่าวถึงแบบ «{name}» ซึ่งไม่มี",
            where=f"{form_id}.toml",
            remedy=f"ใช้รหัสแบบที่มี: {', '.join(f for f in list_forms(folder) if f != form_id)}",
        )
        for name in spec.after
        if name not in list_forms(folder)
    ]
    return missing + check_spec(folder, spec, criteria)


# ---------------------------------------------------------------- the form itself


def _top(data: dict[str, object], form_id: str, where: str) -> dict:
    top = _checked(data, _TOP, {"id", "title", "version", "template", "fields"}, where)
    if top["id"] != form_id:
        raise DataError(f"id เป็น «{top['id']}» แต่ชื่อไฟล์คือ {where}", where=where, remedy="ให้ id ตรงกับชื่อไฟล์")
    _one_of(top.get("repeat", ""), _REPEATS, "repeat", where)
    answered_by = top.get("answered_by", "activities")
    _one_of(answered_by, _ANSWERED_BY, "answered_by", where)
    if top.get("repeat") and answered_by != "activities":
        raise DataError(
            f"แบบที่ซ้ำตามกิจกรรมตั้ง answered_by เป็น «{answered_by}» ไม่ได้",
            where=where,
            remedy='ลบ answered_by หรือใช้ answered_by = "activities"',
        )
    _names(top.get("after", []), "after", where)
    if form_id in top.get("after", []):
        raise DataError("after กล่าวถึงแบบนี้เอง", where=where, remedy="ลบรหัสของแบบนี้ออกจาก after")
    _check_file_name(str(top.get("file_name", "")), where)
    return top


def _check_file_name(pattern: str, where: str) -> None:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    except ValueError:
        names = {pattern}
    for name in sorted(names - _NAME_PARTS):
        parts = ", ".join(f"{{{p}}}" for p in sorted(_NAME_PARTS))
        raise DataError(f"file_name ใช้ «{name}» ซึ่งไม่มี", where=where, remedy=f"ใช้ได้เฉพาะ {parts}")


# ---------------------------------------------------------------- fields


def _field(data: object, where: str, repeats: bool) -> Field:
    item = _column(data, where, _FIELD)
    is_table = item["kind"] == "table"
    if is_table and repeats:
        raise DataError("แบบที่ซ้ำตามกิจกรรมมีตารางที่เพิ่มแถวได้ไม่ได้", where=where, remedy="แก้ kind หรือลบ repeat ของแบบ")
    if is_table != bool(item.get("columns")):
        raise DataError(
            'kind = "table" กับ columns ต้องมาคู่กัน', where=where, remedy="เพิ่ม columns อย่างน้อยหนึ่งช่อง หรือแก้ kind"
        )
    if is_table != (item.get("rows", 0) >= 1):
        raise DataError('kind = "table" กับ rows ต้องมาคู่กัน', where=where, remedy="ใส่ rows = 1 ขึ้นไปเฉพาะที่ตาราง")
    if is_table and not _WHOLE.fullmatch(item.get("minimum", "1")):
        raise DataError(
            f"minimum ของตารางเป็น «{item['minimum']}»", where=where, remedy='ใส่จำนวนแถวน้อยที่สุด เช่น minimum = "1"'
        )
    columns = []
    for n, data in enumerate(item.get("columns", []), start=1):
        place = f"{where}.columns[{n}]"
        column = _column(data, place, _COLUMN)
        if column["kind"] == "table":
            raise DataError("ช่องของตารางเป็นตารางอีกชั้นไม่ได้", where=place, remedy="แก้ kind ของช่องนี้")
        columns.append(Field(**column))
    _no_repeats([c.key for c in columns], "columns.key", where)
    return Field(**{**item, "columns": tuple(columns)})


def _column(data: object, where: str, keys: Mapping[str, type]) -> dict:
    """The keys every field and every column of a growing table may have."""
    item = _checked(data, keys, {"key", "kind", "label"}, where)
    _one_of(item["kind"], get_args(FieldKind), "kind", where)
    if not _KEY.fullmatch(item["key"]):
        raise DataError(
            f"key «{item['key']}» ใช้เป็น tag ไม่ได้",
            where=where,
            remedy="ใช้ a-z 0-9 และ _ เท่านั้น ขึ้นต้นด้วยตัวอักษร เช่น head_name",
        )
    for key in ("minimum", "maximum"):
        if key in item:
            _check_limit(key, item[key], item["kind"], where)
    if "prefill" in item and not item["prefill"].strip():
        raise DataError("prefill ว่างเปล่า", where=where, remedy="ใส่ที่มาของค่า หรือลบ prefill")
    return {**item, "choices": _choices(item, where)}


def _check_limit(key: str, value: str, kind: str, where: str) -> None:
    """A number; for a date a day (ISO, C.E.); for a maximum also «headcount»."""
    if kind == "date":
        try:
            date.fromisoformat(value)
        except ValueError:
            raise DataError(
                f"{key} เป็น «{value}»", where=where, remedy=f'ใส่วันที่ ค.ศ. เช่น {key} = "2023-03-20"'
            ) from None
    elif not (_LIMIT.fullmatch(value) or (key == "maximum" and value == "headcount")):
        also = ' หรือ "headcount" (จำนวนบุคลากร)' if key == "maximum" else ""
        raise DataError(f"{key} เป็น «{value}»", where=where, remedy=f'ใส่ตัวเลขอารบิก เช่น {key} = "100"{also}')


def _choices(item: dict, where: str) -> tuple[Choice, ...]:
    choices = [
        _checked(choice, _CHOICE, {"value", "label"}, f"{where}.choices[{n}]")
        for n, choice in enumerate(item.get("choices", []), start=1)
    ]
    values = [c["value"] for c in choices]
    if item["kind"] == "yes_no":
        if choices and sorted(values) not in (["yes"], ["no", "yes"]):
            raise DataError(
                "choices ของ yes_no ไม่ถูกต้อง",
                where=where,
                remedy='ใช้ value "yes" กับ "no" หรือ "yes" อย่างเดียว (ช่องกาเดี่ยว) หรือลบ choices',
            )
    elif (item["kind"] == "choice") != bool(choices):
        raise DataError('kind = "choice" กับ choices ต้องมาคู่กัน', where=where, remedy="เพิ่ม choices หรือแก้ kind")
    _no_repeats(values, "choices.value", where)
    # the boxes are told apart by their labels when a program drops the controls
    _no_repeats([c["label"] for c in choices], "choices.label", where)
    return tuple(Choice(**c) for c in choices)


# ---------------------------------------------------------------- cross-checks


def _check(data: object, fields: tuple[Field, ...], where: str) -> Check:
    item = _checked(data, _CHECK, {"kind", "field"}, where)
    _one_of(item["kind"], tuple(_CHECK_KINDS), "kind", where)
    needed, allowed = _CHECK_KINDS[item["kind"]]
    for key in sorted(needed - set(item)):
        raise DataError(f"ขาดคีย์ «{key}»", where=where, remedy=f'เพิ่ม {key} = … (kind = "{item["kind"]}" ต้องมี)')
    for key in sorted(set(item) - needed - allowed - {"kind", "field", "message"}):
        raise DataError(f'คีย์ «{key}» ไม่ใช้กับ kind = "{item["kind"]}"', where=where, remedy="ลบออก หรือแก้ kind")
    known = {f.key: f for f in fields}
    known |= {f"{f.key}.{c.key}": c for f in fields for c in f.columns}
    _names(item.get("fields", []), "fields", where)
    named = [(key, item[key]) for key in ("field", "when_field", "of", "base") if key in item]
    named += [("fields", name) for name in item.get("fields", [])]
    for key, name in named:
        _one_of(name, tuple(known), key, where)
    # a percent in a row may be of a number that stands outside the table
    in_row = {name.rpartition(".")[0] for key, name in named if key != "base" or "." in name}
    if len(in_row) > 1:
        raise DataError(
            "รายการตรวจอ้างช่องของตารางปนกับช่องอื่น",
            where=where,
            remedy="อ้างเฉพาะช่องในแถวเดียวกัน (<ตาราง>.<ช่อง>) หรือเฉพาะช่องนอกตาราง",
        )
    if "fields" in item and len(set(item["fields"])) < 2:
        raise DataError("fields ต้องมีอย่างน้อยสองช่องที่ไม่ซ้ำกัน", where=where, remedy="เพิ่มชื่อช่องใน fields")
    if "when_field" in item:
        asked = known[item["when_field"]]
        values = ("yes", "no") if asked.kind == "yes_no" else tuple(c.value for c in asked.choices)
        if values:
            _one_of(item["when_value"], values, "when_value", where)
    return Check(**{**item, "fields": tuple(item.get("fields", ()))})


# ---------------------------------------------------------------- strictness


def _checked(data: object, keys: Mapping[str, type], needed: set[str], where: str) -> dict:
    """`data` when it is a table with known keys of the right types and every needed one."""
    if not isinstance(data, dict):
        raise DataError("ต้องเป็นตารางของ TOML", where=where, remedy="เขียนเป็น [[…]] หรือ { … }")
    for key, value in data.items():
        if key not in keys:
            raise DataError(f"ไม่รู้จักคีย์ «{key}»", where=where, remedy=f"ลบออก หรือใช้คีย์ที่มี: {', '.join(keys)}")
        if type(value) is not keys[key]:
            raise DataError(f"คีย์ «{key}» ต้องเป็น{_TYPES_TH[keys[key]]}", where=where, remedy=f"แก้ค่า {value!r}")
    for key in sorted(needed - set(data)):
        raise DataError(f"ขาดคีย์ «{key}»", where=where, remedy=f"เพิ่ม {key} = …")
    return dict(data)


def _names(values: list, key: str, where: str) -> None:
    """DataError unless every item is a text."""
    for value in values:
        if type(value) is not str:
            raise DataError(f"รายการใน «{key}» ต้องเป็น{_TYPES_TH[str]}", where=where, remedy=f"แก้ค่า {value!r}")


def _one_of(value: object, allowed: tuple[str, ...], key: str, where: str) -> None:
    if value not in allowed:
        names = ", ".join(f"«{a}»" for a in allowed)
        raise DataError(f"{key} เป็น «{value}» ซึ่งไม่มี", where=where, remedy=f"ใช้ค่าใดค่าหนึ่ง: {names}")


def _no_repeats(values: list[str], key: str, where: str) -> None:
    for value, times in Counter(values).items():
        if times > 1:
            raise DataError(f"{key} «{value}» ซ้ำกัน {times} แห่ง", where=where, remedy="แก้ให้ไม่ซ้ำกัน")
