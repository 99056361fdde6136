"""`songthan plan import FILE --out DIR`: the agency's own plan as a year's folder, with everything doubted and asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from songthan.commands.paper import clean, console, json_option, note, number, print_json
from songthan.domain.errors import SongthanError, UsageError
from songthan.domain.import_notes import DOUBTS, change_words

if TYPE_CHECKING:
    from songthan.adapters.import_difference import Difference, Merge
    from songthan.adapters.import_plan import Imported

_CHANGES = {"changed": "เปลี่ยน", "added": "เพิ่ม", "removed": "ตัดออก", "held": "คงเดิม"}
_COUNTS = {
    "measures": "มาตรการ", "guidelines": "แนวทาง", "projects": "โครงการ", "activities": "กิจกรรม",
    "deliverables": "เอกสารที่มีกำหนดวัน", "forms": "แบบ", "deadlines": "กำหนดส่ง", "seats": "ตำแหน่ง", "criteria": "เกณฑ์",
    "levels": "ระดับ", "doubts": "จุดที่สงสัย", "questions": "คำถามที่ต้องตอบ",
}  # fmt: skip
#: differences and questions shown on the terminal; the review page has all
_SHOWN = 40


@click.command("import")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="โฟลเดอร์แผน (ปกติคือ plans/ปี ของพื้นที่ทำงาน)")
@click.option("--year", type=click.IntRange(2500, 2700), help="ปีงบประมาณ พ.ศ. เมื่อแผนมิได้พิมพ์ไว้")
@click.option("--confirm", is_flag=True, help="ยืนยันความต่าง แล้วเขียนทับแผนที่มีอยู่")
@click.option("--also-open", is_flag=True, help="แก้กำหนดส่งที่อยู่ระหว่างดำเนินการด้วย")
@click.option(
    "--state",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="โฟลเดอร์สถานะที่ใช้ดูว่ากำหนดส่งใดอยู่ระหว่างดำเนินการ",
)
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    file: Path,
    out: Path | None,
    year: int | None,
    confirm: bool,
    also_open: bool,
    state: Path | None,
    as_json: bool,
) -> None:
    """นำแผนของหน่วยงาน (Word หรือข้อความ) เข้าเป็นแผนของปี (import the agency's own plan)."""
    from songthan import workspace

    root, own = _root()
    with _progress() as step:
        imported = workspace.import_plan_file(file, root, year=year, progress=step)
    folder = _folder(out, root, own, imported)
    under_way = _under_way(folder, root, own, state)
    held = [] if also_open else under_way
    merge = workspace.compare_import(imported, folder, held, keep_members=bool(under_way))
    there = (folder / "plan.toml").is_file()
    # a plan with blanks is refused at the next run: it may not take the place of one that work is under way on
    blanks = workspace.new_blanks(merge, folder) if there and under_way and merge.real and not also_open else []
    write = not there or (confirm and bool(merge.real) and not blanks) or not merge.changes
    written = workspace.write_import(imported, merge, folder) if write else []
    if as_json:
        print_json(
            {
                **_as_json(imported, merge, folder, written, held),
                "blanks": [f"{b.where.rpartition('/')[2]}: {b.th}" for b in blanks],
            }
        )
    else:
        _tell(imported, merge, folder, written, there=there)
        _tell_blanks(blanks)
    for remark in imported.source.remarks:
        note(remark)
    ctx.exit(0 if write or not merge.real else 1)


def _root() -> tuple[Path, bool]:
    """The workspace, and whether it is the user's own; outside of one the starter's forms serve."""
    from songthan import workspace
    from songthan.commands.init import starter

    try:
        return workspace.find_root(), True
    except UsageError:
        return starter(), False


def _folder(out: Path | None, root: Path, own: bool, imported: Imported) -> Path:
    if out is not None:
        return out
    if not own:
        raise UsageError("ไม่ได้อยู่ในพื้นที่ทำงาน จึงไม่ทราบว่าจะเขียนที่ใด", remedy="ระบุ --out DIR")
    return root / "plans" / str(imported.documents["plan"]["fiscal_year"])


def _under_way(folder: Path, root: Path, own: bool, state: Path | None) -> list[str]:
    """Deadlines that must not be disturbed: of the state given, or of the workspace's own when this is its plan."""
    from songthan import workspace

    if state is not None:
        return workspace.deadlines_under_way(state)
    if own:
        settings = workspace.load_settings(root)
        if settings.folder("plan") == folder.resolve():
            return workspace.deadlines_under_way(settings.folder("state"))
    return []


class _progress:
    """A line on standard error that says what is being read; nothing where that is no terminal."""

    def __enter__(self) -> Callable[[str], None]:
        self._status = console(err=True).status("เปิดไฟล์")
        self._status.start()
        return lambda text: self._status.update(text)

    def __exit__(self, *_: object) -> None:
        self._status.stop()


def _as_json(
    imported: Imported, merge: Merge, folder: Path, written: Sequence[str], held: Sequence[str]
) -> dict[str, Any]:
    notes = imported.notes
    return {
        "file": imported.source.name,
        "kind": imported.source.kind,
        "remarks": list(imported.source.remarks),
        "fiscal_year": imported.documents["plan"]["fiscal_year"],
        "organisation": imported.documents["plan"]["organisation"]["name"],
        "counts": imported.counts(),
        "rows": [
            {"kind": f.kind, "id": f.id, "text": f.text, "place": f.place, "more": list(f.more)} for f in notes.found
        ],
        "doubts": [
            {"code": d.code, "kind": DOUBTS[d.code], "about": d.about, "text": d.text, "place": d.place}
            for d in notes.doubts
        ],
        "questions": [{"field": q.field, "text": q.text, "place": q.place} for q in notes.questions],
        "difference": [_change(c) for c in merge.changes],
        "under_way": list(held),
        "out": str(folder),
        "written": list(written),
        "confirmed": bool(written),
    }


def _change(c: Difference) -> dict[str, Any]:
    return {"file": c.file, "where": c.where, "kind": c.kind, "old": _plain(c.old), "new": _plain(c.new)}


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _tell_blanks(blanks: Sequence[SongthanError]) -> None:
    if not blanks:
        return
    out = console()
    out.print("มีรอบที่อยู่ระหว่างดำเนินการ จึงยังเขียนมิได้ เพราะแผนใหม่ยังขาดสิ่งต่อไปนี้ และระบบไม่ทำงานกับแผนที่ยังขาด:", style="yellow")
    for one in blanks[:_SHOWN]:
        out.print(f"  • {clean(one.where.rpartition('/')[2])}: {clean(one.th)}", soft_wrap=True)
    out.print("เพิ่มสิ่งเหล่านี้ในแฟ้มของแผนก่อน (เช่น สมาชิกใหม่พร้อมที่อยู่จดหมาย) แล้วสั่งซ้ำ หรือใช้ --also-open เพื่อเขียนทั้งที่ยังขาด")


def _tell(imported: Imported, merge: Merge, folder: Path, written: Sequence[str], *, there: bool) -> None:
    from rich.table import Table

    out = console()
    table = Table(title=f"อ่านแผน {clean(imported.source.name)}", title_justify="left", box=None, pad_edge=False)
    table.add_column("สิ่งที่พบ")
    table.add_column("จำนวน", justify="right")
    for key, count in imported.counts().items():
        table.add_row(_COUNTS[key], number(count))
    out.print(table)
    for c in merge.changes[:_SHOWN]:
        style = {"held": "yellow", "removed": "red"}.get(c.kind, "cyan")
        text = f"{_CHANGES[c.kind]} {c.file} {c.where}: {change_words(c.old)} → {change_words(c.new)}"
        out.print(clean(text), style=style, soft_wrap=True)
    if len(merge.changes) > _SHOWN:
        out.print(f"และอีก {number(len(merge.changes) - _SHOWN)} รายการ (ดูทั้งหมดด้วย --json)")
    if any(c.kind == "held" for c in merge.changes):
        out.print("กำหนดส่งที่อยู่ระหว่างดำเนินการคงไว้ตามเดิม หากต้องการแก้ด้วย ใช้ --also-open", style="yellow")
    if written:
        out.print(f"✓ เขียนแล้วที่ {folder}: {', '.join(written)}", style="green", soft_wrap=True)
        out.print(f"เปิด review.html ตรวจทุกแถว กรอกสิ่งที่ถาม แล้วสั่ง songthan plan check --plan {folder}", soft_wrap=True)
    elif merge.real:
        out.print(
            f"มีแผนอยู่แล้วที่ {folder} จึงยังไม่เขียน ตรวจความต่างข้างบน แล้วสั่งซ้ำพร้อม --confirm", style="yellow", soft_wrap=True
        )
    elif there:
        out.print(f"✓ ไม่มีสิ่งใดต่างจากแผนที่มีอยู่ที่ {folder}", style="green", soft_wrap=True)
