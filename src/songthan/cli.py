"""The command line: puts the commands together, shows every error as one clear message, keeps the exit codes.

0 done, 1 the answer is no, 2 wrong use, 3 the environment is not ready. `SONGTHAN_DEBUG=1` shows the traceback of what
nobody expected.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from songthan import __version__
from songthan.commands.usage_words import usage_words
from songthan.domain.errors import SongthanError

#: module of songthan.commands → the commands it holds, in the order `songthan --help` shows them. Each module exposes
#: `COMMANDS: list[click.Command]` and is imported when one of its commands (or the help) is asked for.
COMMAND_MODULES: Mapping[str, tuple[str, ...]] = {
    "init": ("init",),
    "doctor": ("doctor",),
    "rehearse": ("rehearse",),
    "live": ("up", "down", "dashboard"),
    "status": ("status",),
    "preview": ("preview",),
    "plan": ("plan",),
    "calendar": ("calendar",),
    "form": ("form",),
    "mail": ("mail",),
    "score": ("score",),
    "hold": ("hold",),
    "outbox": ("outbox",),
    "leave": ("leave",),
    "duties": ("waive", "reopen", "reassign", "extend", "receipt", "number"),
    "verify": ("verify",),
    "sign": ("sign",),
}

DEBUG_VARIABLE = "SONGTHAN_DEBUG"


class SongthanGroup(click.Group):
    """The root group: loads commands late and turns every failure into one message and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in COMMAND_MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module, names in COMMAND_MODULES.items():
            if cmd_name in names:
                commands = importlib.import_module(f"songthan.commands.{module}").COMMANDS
                return next(c for c in commands if c.name == cmd_name)
        return None

    def make_context(self, *args: object, **more: object) -> click.Context:
        with _told():
            return super().make_context(*args, **more)  # type: ignore[arg-type]

    def invoke(self, ctx: click.Context) -> object:
        with _told():
            return super().invoke(ctx)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Failures inside are told on standard error and end the program with their exit code."""
    try:
        yield
    except SongthanError as error:
        _tell(error.th, where=error.where, remedy=error.remedy, error=error)
        raise click.exceptions.Exit(error.exit_code) from error
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "songthan"
        _tell(f"ใช้คำสั่งไม่ถูกต้อง: {usage_words(error)}", where="", remedy=f"ดูวิธีใช้ด้วย {path} --help", error=error)
        raise click.exceptions.Exit(2) from error
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        where = str(error.filename or "")
        _tell(f"ระบบแฟ้มแจ้งว่า {error.strerror or error}", where=where, remedy="ตรวจสิทธิและพื้นที่ว่าง", error=error)
        raise click.exceptions.Exit(3 if where else 1) from error
    except Exception as error:
        _tell(
            f"เกิดข้อผิดพลาดที่ระบบไม่ได้คาดไว้ ({type(error).__name__}: {' '.join(str(error).split())[:200]})",
            where="",
            remedy=f"ลองใหม่ด้วย {DEBUG_VARIABLE}=1 แล้วแจ้งผู้ดูแลพร้อมข้อความที่ได้",
            error=error,
        )
        raise click.exceptions.Exit(1) from error


def _tell(text: str, *, where: str, remedy: str, error: BaseException) -> None:
    """One message: what is wrong, where, what to do. Strangers' text loses its control characters."""
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error, file=sys.stderr)
    lines = [f"ผิดพลาด: {text}"]
    if where:
        lines.append(f"   ที่: {where}")
    if remedy:
        lines.append(f"   วิธีแก้: {remedy}")
    for line in lines:
        click.echo("".join(c if c.isprintable() or c in "\t\u200b" else " " for c in line), err=True)


@click.group(
    cls=SongthanGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="รหัสออก: ๐ เรียบร้อย · ๑ ไม่ผ่าน · ๒ ใช้คำสั่งหรือข้อมูลไม่ถูกต้อง · ๓ เครื่องยังไม่พร้อม",
)
@click.version_option(__version__, prog_name="songthan")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="โฟลเดอร์พื้นที่ทำงาน (ที่มี songthan.toml) ปกติหาจากโฟลเดอร์ปัจจุบันขึ้นไป",
)
@click.pass_context
def main(ctx: click.Context, workspace: Path | None) -> None:
    """ส่งทัน: ผู้ช่วยของเลขานุการคณะทำงาน ขอแบบ รับ ตรวจ รวม เสนอลงนาม และส่งรายงานให้ทันกำหนด

    (Songthan: asks, reads, compiles, has it signed and hands it in on time.)
    """
    if workspace is None:
        return
    if not (workspace / "songthan.toml").is_file():
        raise click.BadParameter(f"ไม่มีแฟ้ม songthan.toml ใน {workspace}", param_hint="--workspace")
    before = os.environ.get("SONGTHAN_WORKSPACE")
    os.environ["SONGTHAN_WORKSPACE"] = str(workspace.resolve())
    ctx.call_on_close(lambda: _restore(before))


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop("SONGTHAN_WORKSPACE", None)
    else:
        os.environ["SONGTHAN_WORKSPACE"] = before


if __name__ == "__main__":
    main()
