"""Forms as data: reads `<form>.toml` strictly, and holds it against its Word template."""

from __future__ import annotations

import string
import tomllib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from songthan.adapters.render_template import Control, load_template, unknown_names
from songthan.domain.errors import DataError, SongthanError
from songthan.domain.forms import Check, Choice, Field, FieldKind, FormSpec

__all__ = ["check_form", "list_forms", "load_form"]

_TOP = {
    "id": str, "title": str, "version": int, "template": str, "report_template": str, "repeat": str, "file_name": str,
    "fields": list, "checks": list,
}  # fmt: skip
_FIELD = {
    "key": str, "kind": str, "label": str, "column": str, "required": bool, "minimum": str, "maximum": str,
    "choices": list, "help": str,
}  # fmt: skip
_CHOICE = {"value": str, "label": str}
_CHECK = {"kind": str, "field": str, "when_field": str, "when_value": str, "message": str}
_REPEATS = ("", "activity")
_CHECK_KINDS = ("reason",)
_NAME_PARTS = frozenset({"deadline_title", "member", "form_title", "deadline"})
_TYPES_TH = {str: "ข้อความในเครื่องหมายคำพูด", int: "จำนวนเต็ม", bool: "true หรือ false", list: "รายการ"}


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
    top = _checked(data, _TOP, {"id", "title", "version", "template", "fields"}, path.name)
    if top["id"] != form_id:
        raise DataError(f"id เป็น «{top['id']}» แต่ชื่อไฟล์คือ {path.name}", where=path.name, remedy="ให้ id ตรงกับชื่อไฟล์")
    _one_of(top.get("repeat", ""), _REPEATS, "repeat", path.name)
    _check_file_name(str(top.get("file_name", "")), path.name)
    fields = tuple(_field(item, f"{path.name}: fields[{n}]") for n, item in enumerate(data["fields"], start=1))
    _no_repeats([f.key for f in fields], "key", path.name)
    checks = tuple(
        _check(item, fields, f"{path.name}: checks[{n}]") for n, item in enumerate(data.get("checks", []), 1)
    )
    return FormSpec(**{**top, "fields": fields, "checks": checks})


def check_form(folder: Path, form_id: str) -> list[DataError]:
    """What is wrong between the form's data and its Word template; an empty list is good.

    Finds: variables the template uses that no form is given, fields without a control, controls without a field,
    controls standing twice, choices without a box, and templates that cannot be read. Raises nothing.
    """
    try:
        spec = load_form(folder, form_id)
        template = load_template(folder / spec.template)
        unknown = unknown_names(template, sample_context(spec))
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
    found += _compare(spec, template.controls)
    if spec.report_template and not (folder / spec.report_template).is_file():
        found.append(DataError("ไม่พบแม่แบบรายงานรวม", where=spec.report_template, remedy="วางไฟล์ หรือแก้ report_template"))
    return found


def sample_context(spec: FormSpec) -> dict[str, object]:
    """Everything a form's template may use, each list with one item, each answer carried over from last quarter."""
    answers = {f.key: {"value": f.choices[0].value if f.choices else "ตัวอย่าง", "carried": True} for f in spec.fields}
    activity = {
        "id": "1.1", "number": "๑.๑", "title": "กิจกรรม", "details": ["ก"], "outputs": ["ก"], "outcomes": ["ก"],
        "documents": ["ก"], "due_th": "๑ มกราคม ๒๕๖๖", "answers": answers,
    }  # fmt: skip
    return {
        "organisation": {"name": "สำนัก", "parent": "สำนักงาน", "plan_title": "แผน"},
        "deadline": {
            "id": "2566-q2", "title": "รายงาน", "quarter": 2, "internal_th": "๑ มกราคม ๒๕๖๖", "external_th": "๒ มกราคม ๒๕๖๖",
        },
        "member": {"full_name": "ชื่อ", "position": "ตำแหน่ง", "seat_role": "คณะทำงาน"},
        "secretary": {"full_name": "ชื่อ", "phone": "๐", "email": "a@office.example"},
        "token": "ST-0000-0000-0000",
        "measures": [{"number_th": "๑", "title": "มาตรการ", "activities": [activity]}],
        "answers": answers,
    }  # fmt: skip


def _compare(spec: FormSpec, controls: tuple[Control, ...]) -> list[DataError]:
    found = []
    data_file = f"{spec.id}.toml"
    keys = {f.key for f in spec.fields}
    for tag, times in Counter(c.tag for c in controls).items():
        if times > 1:
            found.append(
                DataError(
                    f"ช่องกรอก «{tag}» ซ้ำกัน {times} แห่ง",
                    where=spec.template,
                    remedy="ลบให้เหลือช่องเดียว หรือแก้ tag ของช่องที่เกิน",
                )
            )
    for control in controls:
        if control.key not in keys:
            found.append(
                DataError(
                    f"ช่องกรอก «{control.tag}» ไม่มีข้อมูลคู่กัน",
                    where=spec.template,
                    remedy=f'เพิ่ม [[fields]] key = "{control.key}" ใน {data_file} หรือลบช่องนี้ออกจากแม่แบบ',
                )
            )
        elif control.repeats != bool(spec.repeat):
            wanted = f"{{{{ activity.id }}}}.{control.key}" if spec.repeat else control.key
            found.append(
                DataError(
                    f"tag «{control.tag}» ไม่ตรงกับ repeat ของแบบ", where=spec.template, remedy=f"แก้ tag เป็น {wanted}"
                )
            )
    for field in spec.fields:
        missing = _missing_controls(field, controls)
        found += [
            DataError(
                f"ข้อมูล «{field.key}» ({field.label}) ไม่มีช่องกรอก «{name}» ในแม่แบบ {spec.template}",
                where=data_file,
                remedy=f"เพิ่มช่องกรอก (content control) ที่ tag ลงท้าย «{name}» ในแม่แบบ หรือลบ [[fields]] นี้",
            )
            for name in missing
        ]
    return found


def _missing_controls(field: Field, controls: tuple[Control, ...]) -> list[str]:
    there = {(c.key, c.choice) for c in controls}
    if field.choices:
        return [f"{field.key}={c.value}" for c in field.choices if (field.key, c.value) not in there]
    return [] if (field.key, "") in there else [field.key]


def _checked(data: object, keys: Mapping[str, type], needed: set[str], where: str) -> dict[str, object]:
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


def _field(data: object, where: str) -> Field:
    item = _checked(data, _FIELD, {"key", "kind", "label"}, where)
    _one_of(item["kind"], get_args(FieldKind), "kind", where)
    choices = [
        _checked(choice, _CHOICE, {"value", "label"}, f"{where}.choices[{n}]")
        for n, choice in enumerate(item.get("choices", []), start=1)
    ]
    if (item["kind"] == "choice") != bool(choices):
        raise DataError('kind = "choice" กับ choices ต้องมาคู่กัน', where=where, remedy="เพิ่ม choices หรือแก้ kind")
    _no_repeats([c["value"] for c in choices], "choices.value", where)
    return Field(**{**item, "choices": tuple(Choice(**c) for c in choices)})


def _check(data: object, fields: tuple[Field, ...], where: str) -> Check:
    item = _checked(data, _CHECK, {"kind", "field"}, where)
    _one_of(item["kind"], _CHECK_KINDS, "kind", where)
    keys = tuple(f.key for f in fields)
    _one_of(item["field"], keys, "field", where)
    if "when_field" in item:
        _one_of(item["when_field"], keys, "when_field", where)
        values = tuple(c.value for f in fields if f.key == item["when_field"] for c in f.choices)
        if values:
            _one_of(item.get("when_value", ""), values, "when_value", where)
    return Check(**item)


def _one_of(value: object, allowed: tuple[str, ...], key: str, where: str) -> None:
    if value not in allowed:
        names = ", ".join(f"«{a}»" for a in allowed)
        raise DataError(f"{key} เป็น «{value}» ซึ่งไม่มี", where=where, remedy=f"ใช้ค่าใดค่าหนึ่ง: {names}")


def _no_repeats(values: list[str], key: str, where: str) -> None:
    for value, times in Counter(values).items():
        if times > 1:
            raise DataError(f"{key} «{value}» ซ้ำกัน {times} แห่ง", where=where, remedy="แก้ให้ไม่ซ้ำกัน")


def _check_file_name(pattern: str, where: str) -> None:
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}
    except ValueError:
        names = {pattern}
    for name in sorted(names - _NAME_PARTS):
        parts = ", ".join(f"{{{p}}}" for p in sorted(_NAME_PARTS))
        raise DataError(f"file_name ใช้ «{name}» ซึ่งไม่มี", where=where, remedy=f"ใช้ได้เฉพาะ {parts}")
