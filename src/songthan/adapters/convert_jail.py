"""A stranger's document through LibreOffice: no network, no macros, no link updates, limited memory, time and file size.

The file was looked at in the sandbox before (`read_convert.check_convertible`, `read_package.open_package`); this is the
second wall. A profile and home of its own, a process group that is killed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from songthan.domain.errors import ConversionFailed, EnvironmentNotReady
from songthan.domain.language import digits, say

__all__ = ["JAIL_TIMEOUT_S", "convert_jailed"]

_IN_FILTERS = {"odt": "writer8", "doc": "MS Word 97", "rtf": "Rich Text Format", "docx": "MS Word 2007 XML"}
_OUT_FILTERS = {
    "docx": "docx:MS Word 2007 XML",
    "pdf": 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}',
}
_STARTS = {"docx": b"PK\x03\x04", "pdf": b"%PDF-"}
JAIL_TIMEOUT_S = 60.0
_MEMORY, _CPU_S, _FILE = 6 << 30, 60, 256 << 20

# Run by a small Python that becomes soffice: no network (as root or in a user namespace of one's own), no new rights,
# limited memory, time and file size. Not in `preexec_fn`, which is unsafe beside threads.
_JAIL = """
import ctypes, os, resource, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(38, 1, 0, 0, 0)
if libc.unshare(0x40000000) != 0:
    libc.unshare(0x50000000)
for name, value in zip(("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE"), map(int, sys.argv[1].split(","))):
    try:
        resource.setrlimit(getattr(resource, name), (value, value))
    except (ValueError, OSError):
        pass
os.execv(sys.argv[2], sys.argv[2:])
"""
_SETTINGS = {
    "org.openoffice.Office.Common/Security/Scripting": {
        "MacroSecurityLevel": "3",
        "DisableMacrosExecution": "true",
        "BlockUntrustedRefererLinks": "true",
    },
    "org.openoffice.Office.Writer/Content/Update": {"Link": "2", "Field": "false", "Chart": "false"},
    "org.openoffice.Office.Common/Save/Document": {"LoadPrinter": "false"},
}


def convert_jailed(
    data: bytes,
    kind: str,
    wanted: str,
    *,
    timeout_s: float = JAIL_TIMEOUT_S,
    program: str = "soffice",
    fonts: Path | None = None,
) -> bytes:
    """`data` (kind odt, doc, rtf or docx) as `wanted` (docx, or pdf: PDF/A-2b); `fonts` is a fontconfig file.

    EnvironmentNotReady without LibreOffice; ConversionFailed when it hung, crashed or wrote nothing.
    """
    found = shutil.which(program)
    if found is None:
        raise EnvironmentNotReady(
            "ไม่พบโปรแกรม LibreOffice (soffice)", remedy="สั่ง apt-get install libreoffice-writer-nogui หรือ make setup"
        )
    with tempfile.TemporaryDirectory(prefix="songthan-returned-", ignore_cleanup_errors=True) as box:
        home = Path(box)
        _lay_profile(home / "profile")
        # a name from outside never becomes a path
        (home / f"form.{kind}").write_bytes(data)
        why = _convert(found, home, kind, wanted, timeout_s, fonts)
        made = home / "out" / f"form.{wanted}"
        converted = made.read_bytes() if made.is_file() and not why else b""
        if not converted.startswith(_STARTS[wanted]):
            raise ConversionFailed(f"LibreOffice แปลงไฟล์ .{kind} ไม่สำเร็จ", where=why or f"ไม่มีไฟล์ .{wanted} ออกมา")
        return converted


def _lay_profile(profile: Path) -> None:
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        f"{items}</oor:items>",
        "utf-8",
    )


def _convert(program: str, home: Path, kind: str, wanted: str, timeout_s: float, fonts: Path | None) -> str:
    """Run soffice in a process group of its own; "" or the reason it was stopped, in Thai."""
    limits = f"{_MEMORY},{_CPU_S},{_FILE},0"
    command = [
        sys.executable, "-I", "-S", "-c", _JAIL, limits, program, f"-env:UserInstallation={(home / 'profile').as_uri()}",
        "--headless", "--norestore", "--nolockcheck", "--nodefault", f"--infilter={_IN_FILTERS[kind]}",
        "--convert-to", _OUT_FILTERS[wanted], "--outdir", str(home / "out"), f"form.{kind}",
    ]  # fmt: skip
    env = {"HOME": str(home), "TMPDIR": str(home), "SAL_USE_VCLPLUGIN": "svp", "LANG": "C.UTF-8", "TZ": "UTC"}
    env |= {name: os.environ[name] for name in ("PATH", "FONTCONFIG_FILE") if name in os.environ}
    if fonts is not None:
        env["FONTCONFIG_FILE"] = str(fonts)
    env["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    process = subprocess.Popen(
        command,
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return say("ใช้เวลาเกิน {seconds} วินาที จึงถูกหยุด", seconds=digits(f"{timeout_s:g}"))
    finally:
        # the whole group: soffice is a script, and soffice.bin would outlive it
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return say("จบด้วยรหัส {code}", code=digits(code)) if code else ""
