"""`songthan init DIR`: lays down a workspace from the starter, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import click

import songthan
from songthan.commands.paper import console
from songthan.domain.errors import EnvironmentNotReady, UsageError

#: What a workspace starts with; `state/` is made empty.
PARTS = ("songthan.toml", "plans", "templates", "inbox_rules", "flows")
_IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", ".*", "~$*", ".~lock*")
_STATE_README = """# state/

ที่เดียวที่ Songthan เขียน: สมุดทะเบียน (ledger.sqlite) แฟ้มตามที่ได้รับ (blobs) ชุดเอกสาร (bundles) และข้อมูลของ Prefect
ห้ามแก้หรือลบด้วยมือ สำรองทั้งโฟลเดอร์ขณะที่สั่ง songthan down แล้ว

The only folder written to: ledger, blobs by sha256, bundles, Prefect's data. Do not edit by hand; it is not kept in git.
"""
_STATE_IGNORE = "*\n!.gitignore\n!README.md\n"


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """วางพื้นที่ทำงานใหม่จากชุดตั้งต้น (lay down a new workspace)."""
    lay_down(starter(), directory)
    out = console()
    out.print(f"✓ วางพื้นที่ทำงานแล้วที่ {directory.resolve()}", style="green", soft_wrap=True)
    out.print("ขั้นต่อไป:")
    out.print(f"  cd {directory}", soft_wrap=True)
    out.print("  songthan plan check        ตรวจแผน รายชื่อ และแม่แบบ")
    out.print("  songthan doctor            ตรวจเครื่อง")
    out.print("  songthan rehearse 2566-q2  ซ้อมทั้งวงจรบนเซิร์ฟเวอร์ซ้อม")


def starter() -> Path:
    """Where the starter lies: inside the installed package, or the checkout's own top folders."""
    here = Path(songthan.__file__).resolve().parent
    for folder in (here / "starter", here.parents[1]):
        if all((folder / part).exists() for part in PARTS):
            return folder
    raise EnvironmentNotReady(
        "ไม่พบชุดตั้งต้นของพื้นที่ทำงาน", where=str(here / "starter"), remedy="ติดตั้ง songthan ใหม่ (pip install --force-reinstall songthan)"
    )


def lay_down(source: Path, target: Path) -> None:
    """Copy the starter to `target` (new or empty). A failure on the way leaves nothing behind."""
    target = target.absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError("โฟลเดอร์นี้มีของอยู่แล้ว จึงไม่วางทับ", where=str(target), remedy="ระบุโฟลเดอร์ใหม่หรือโฟลเดอร์ว่าง")
    new_parents = [p for p in target.parents if not p.exists()]
    box = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        box = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        _fill(source, box)
        box.chmod(0o777 & ~_umask())
        # renaming over an empty folder is atomic; over a filled one it fails
        os.replace(box, target)
    except OSError as error:
        if box:
            shutil.rmtree(box, ignore_errors=True)
        for parent in new_parents:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
        raise EnvironmentNotReady(
            f"วางพื้นที่ทำงานไม่ได้ ({error.strerror})", where=str(target), remedy="ตรวจสิทธิการเขียนและพื้นที่ว่าง หรือเลือกโฟลเดอร์อื่น"
        ) from error


def _fill(source: Path, box: Path) -> None:
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, box / part, ignore=_IGNORED)
        else:
            shutil.copyfile(source / part, box / part)
    (box / "state").mkdir()
    (box / "state" / "README.md").write_text(_STATE_README, encoding="utf-8")
    (box / "state" / ".gitignore").write_text(_STATE_IGNORE, encoding="utf-8")


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


COMMANDS = [init]
