"""Puts next year's plan into place: made and checked in a hidden folder beside it, then one rename. What is in the way is
put aside under another name, never deleted; what goes wrong leaves nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from songthan.adapters.roll_files import RolledPlan, roll_folder
from songthan.adapters.roll_review import Handed, decisions, review_pages
from songthan.domain.errors import EnvironmentNotReady
from songthan.domain.last_year import LastYear

__all__ = ["roll_plan"]


def roll_plan(source: Path, *, year: int, target: Path, results: LastYear | None, handed: Handed = ()) -> RolledPlan:
    """The plan of `source` for fiscal year `year` (the office's era) at `target`, with its review pages, whole or not at all.

    `handed` are the seats the ledger gave to somebody else during the old year; the roster's file knows nothing of it.

    A folder that is there already (the caller has asked about it) is renamed to «NAME.before-N» beside it. DataError when
    the old or the new plan is not in order, EnvironmentNotReady when the disk refuses.
    """
    box = _box(target)
    try:
        rolled = roll_folder(source, year=year, results=results, box=box)
        rolled = replace(rolled, decisions=decisions(rolled, handed))
        for name, text in review_pages(rolled).items():
            (box / name).write_text(text, encoding="utf-8", newline="")
        box.chmod(0o755)
        return replace(rolled, folder=target, aside=_move(box, target))
    except OSError as error:
        raise EnvironmentNotReady(
            f"เขียนโฟลเดอร์แผนไม่ได้ ({error.strerror})", where=str(target), remedy="ตรวจสิทธิและพื้นที่ว่าง แล้วสั่งใหม่"
        ) from error
    finally:
        shutil.rmtree(box, ignore_errors=True)


def _box(target: Path) -> Path:
    """An empty folder beside `target`, on the same disk, so that the last step is one rename."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.new-", dir=target.parent))
    except OSError as error:
        raise EnvironmentNotReady(
            f"สร้างโฟลเดอร์ไม่ได้ ({error.strerror})", where=str(target.parent), remedy="เลือกโฟลเดอร์อื่นด้วย --out"
        ) from error


def _move(box: Path, target: Path) -> Path | None:
    """The rename; answers where a folder that was in the way lies now."""
    if not target.exists():
        box.rename(target)
        return None
    numbers = (target.with_name(f"{target.name}.before-{n}") for n in range(1, 10_000))
    aside = next(path for path in numbers if not path.exists())
    target.rename(aside)
    try:
        box.rename(target)
    except OSError:
        aside.rename(target)
        raise
    return aside
