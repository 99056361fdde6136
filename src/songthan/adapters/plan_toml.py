"""Reading the TOML files of a plan: keys by type, and what was not asked for is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from songthan.domain.errors import DataError


def load_toml(path: Path) -> dict[str, Any]:
    """The file as a dictionary; DataError names the line where TOML breaks."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError("ไม่พบแฟ้มนี้", where=str(path), remedy="คัดลอกจาก plans/2566 แล้วแก้ให้เป็นของหน่วยงาน") from error
    except UnicodeDecodeError as error:
        raise DataError("แฟ้มไม่ใช่ UTF-8", where=str(path), remedy="บันทึกใหม่เป็น UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(
            f"รูปแบบ TOML ผิด: {error}", where=str(path), remedy="แก้บรรทัดที่ระบุ (วันที่เขียนเป็น 2023-03-15 ไม่มีเครื่องหมายคำพูด)"
        ) from error


class Table:
    """A TOML table being read: hands out keys by type, and refuses what was not asked for."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        if not isinstance(data, Mapping):
            raise DataError("ตรงนี้ต้องเป็นตาราง", where=where, remedy="ดูตัวอย่างใน plans/2566")
        self.data, self.where, self.used = data, where, set[str]()

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        self.used.add(key)
        if key not in self.data:
            if default is ...:
                raise DataError(f"ขาดคีย์ «{key}»", where=self.where, remedy=f"เพิ่ม {key} = … ตามตัวอย่างใน plans/2566")
            return default
        value = self.data[key]
        wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is int)
        if kind is date and isinstance(value, datetime):
            wrong = True
        if wrong:
            names = {date: "วันที่ เช่น 2023-03-15", int: "จำนวนเต็ม", str: "ข้อความ", bool: "true หรือ false"}
            wanted = names.get(kind, "รายการ") if isinstance(kind, type) else "ค่าที่ถูกชนิด"
            raise DataError(
                f"«{key}» มีค่า {value!r} ซึ่งไม่ใช่{wanted}", where=self.where, remedy=f"แก้ {key} ให้เป็น{wanted}"
            )
        if isinstance(value, str) and any(ord(c) < 32 and c not in "\n\t" for c in value):
            raise DataError(f"«{key}» มีอักขระควบคุม", where=self.where, remedy="ลบอักขระที่มองไม่เห็นออก")
        return value

    def texts(self, key: str, default: Any = ...) -> tuple[str, ...]:
        values = self.get(key, list, default)
        if any(not isinstance(v, str) for v in values):
            raise DataError(f"«{key}» ต้องเป็นรายการข้อความ", where=self.where, remedy='เขียนเป็น ["…", "…"]')
        return tuple(values)

    def numbers(self, key: str, default: Any = ...) -> tuple[int, ...]:
        values = self.get(key, list, default)
        if any(not isinstance(v, int) or isinstance(v, bool) for v in values):
            raise DataError(f"«{key}» ต้องเป็นรายการจำนวนเต็ม", where=self.where, remedy="เขียนเป็น [-3, -1, 0]")
        return tuple(values)

    def line(self, key: str, default: Any = ...) -> str:
        """A text of one line: names and addresses go into mail headers."""
        value = self.get(key, str, default)
        if "\n" in value or "\r" in value:
            raise DataError(f"«{key}» มีการขึ้นบรรทัดใหม่", where=self.where, remedy="เขียนให้อยู่ในบรรทัดเดียว")
        return value

    def tables(self, key: str, label: Callable[[Mapping[str, Any], int], str], default: Any = ...) -> list[Table]:
        rows = self.get(key, list, default)
        return [Table(row, f"{self.where} {label(row, n)}") for n, row in enumerate(rows, 1)]

    def done(self) -> None:
        unknown = sorted(set(self.data) - self.used)
        if unknown:
            raise DataError(
                f"ไม่รู้จักคีย์ «{unknown[0]}»", where=self.where, remedy="ตรวจตัวสะกด หรือลบคีย์นี้ออก (ดู docs/glossary.md)"
            )


def named(kind: str) -> Callable[[Mapping[str, Any], int], str]:
    def label(row: Mapping[str, Any], n: int) -> str:
        name = row.get("id", row.get("number", "")) if isinstance(row, Mapping) else ""
        return f"[[{kind}]] ลำดับ {n}" + (f" ({name})" if name != "" else "")

    return label
