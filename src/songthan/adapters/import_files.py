"""An import from file to folder: read it with the office's forms, hold it against the year that is there, write it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from songthan.adapters.import_difference import Merge, merge_documents
from songthan.adapters.import_plan import Imported, OfficeForms, fields_of, import_plan, known_rubric_keys
from songthan.adapters.import_review import html_review, text_review
from songthan.adapters.import_source import read_source
from songthan.adapters.import_write import BASE, as_toml, base_text, read_base, write_files
from songthan.adapters.plan_files import FILES, load_toml
from songthan.adapters.plan_questions import open_questions
from songthan.domain.errors import SongthanError

__all__ = ["compare", "import_file", "new_blanks", "write"]

_HEAD = 'นำเข้าจาก {name} ด้วย songthan plan import\nค่า "" หรือ 0 หรือ [] คือสิ่งที่แผนมิได้พิมพ์ไว้ ข้อที่ต้องกรอกอยู่ใน review.html'


def import_file(
    path: Path,
    forms: Mapping[str, Any],
    rubric: Path,
    *,
    year: int | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Imported:
    """The plan in `path`. `forms`: the office's forms by id; `rubric`: the rubric in use, whose answers keep their keys."""
    known = known_rubric_keys(load_toml(rubric)) if rubric.is_file() else {}
    fields = fields_of({f: [(x.key, x.kind, x.label) for x in spec.fields] for f, spec in forms.items()}, known)
    office = OfficeForms(titles={f: spec.title for f, spec in forms.items()}, fields=fields)
    progress("เปิดไฟล์")
    return import_plan(read_source(path), office=office, year=year, progress=progress)


def compare(imported: Imported, folder: Path, held: Sequence[str] = (), *, keep_members: bool = False) -> Merge:
    """The import merged into what `folder` holds, with every difference; DataError when a file there is broken."""
    mine = {name.removesuffix(".toml"): load_toml(folder / name) for name in FILES if (folder / name).is_file()}
    if not mine:
        return Merge(documents=dict(imported.documents), base=dict(imported.documents))
    return merge_documents(mine, imported.documents, read_base(folder), held=held, keep_members=keep_members)


def new_blanks(merge: Merge, folder: Path) -> list[SongthanError]:
    """The questions `merge` would leave open in the folder that are not open there now."""

    def told(place: Path) -> dict[tuple[str, str], SongthanError]:
        return {(f.th, f.where.removeprefix(str(place))): f for f in open_questions(place)}

    with tempfile.TemporaryDirectory(prefix="songthan-") as box:
        write_files(Path(box), {f"{name}.toml": as_toml(document) for name, document in merge.documents.items()})
        after = told(Path(box))
    before = told(folder)
    return [found for key, found in after.items() if key not in before]


def write(imported: Imported, merge: Merge, folder: Path) -> list[str]:
    """Write the plan files that differ, the review, and what the next import compares with. Safe to repeat."""
    head = _HEAD.format(name=imported.source.name)
    texts = {}
    for name, document in merge.documents.items():
        path = folder / f"{name}.toml"
        if not path.is_file() or load_toml(path) != document:
            texts[path.name] = as_toml(document, head)
    texts |= {"review.html": html_review(imported, merge.changes), "review.txt": text_review(imported, merge.changes)}
    return write_files(folder, {**texts, BASE: base_text(merge.base)})
