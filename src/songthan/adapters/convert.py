"""LibreOffice as a converter (ports.Converter): docx → PDF/A-2b, many in one call, killed as a group when it hangs.

Equal documents and an equal `at` give equal bytes, whatever the clock, zone and language of the machine (`convert_steady`).
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pypdfium2

from songthan.adapters.convert_pages import without_thai_pages
from songthan.adapters.convert_steady import steady
from songthan.domain.errors import ConversionFailed, EnvironmentNotReady
from songthan.domain.thai import to_thai_digits

__all__ = ["LibreOffice", "default_fontconfig"]

_FACE = "TH SarabunPSK"
_STYLES = {"": "ตัวปกติ", ":bold": "ตัวหนา", ":italic": "ตัวเอียง", ":bold:italic": "ตัวหนาเอียง"}
_FILTER = 'pdf:writer_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}'
_FULL, _ROOM = "เนื้อที่ของโฟลเดอร์พักงานเต็ม", 4 << 20
_REMEDY_FONTS = "สั่ง make setup เพื่อติดตั้งแบบอักษรราชการ"


def default_fontconfig() -> Path | None:
    """Where `make setup` puts the font settings of this Python; None when they are not there."""
    path = Path(sys.prefix) / "share" / "songthan" / "fonts.conf"
    return path if path.is_file() else None


class LibreOffice:
    """Converts with `soffice`; `fontconfig` None means the default of `make setup`, `timeout_s` bounds one call.

    Every call has a profile and a folder of its own, so calls may run side by side; after the first that went well, the profile
    is laid out as that one was.
    """

    def __init__(self, fontconfig: Path | None = None, timeout_s: float = 180.0, program: str = "soffice") -> None:
        self._fontconfig = fontconfig or default_fontconfig()
        self._timeout_s = timeout_s
        self._program = program
        self._faces = False
        #: A profile as LibreOffice laid it out itself, path → bytes: a call that finds one begins a tenth of a second sooner.
        self._profile: dict[str, bytes] = {}

    def to_pdf(self, documents: Mapping[str, bytes], *, at: datetime | None = None) -> dict[str, bytes]:
        """docx bytes by name → PDF/A-2b bytes by the same name, one LibreOffice call for all.

        Page numbers in Thai digits are left out (`convert_pages`). `at` (aware) is the date the PDFs carry; None: the time of day. What is missing, cut short or unreadable is tried once more; then ConversionFailed names it.
        EnvironmentNotReady when LibreOffice or the official faces are not installed: other faces would give other pages.
        """
        program = shutil.which(self._program)
        if program is None:
            raise EnvironmentNotReady(
                "ไม่พบโปรแกรม LibreOffice (soffice) จึงแปลงเอกสารเป็น PDF ไม่ได้",
                remedy="สั่ง apt-get install libreoffice-writer-nogui หรือ make setup",
            )
        if documents and not self._faces:
            if missing := self.fonts_ready():
                raise EnvironmentNotReady(missing[0], remedy=_REMEDY_FONTS)
            self._faces = True
        done: dict[str, bytes] = {}
        reason = ""
        for _ in range(2):
            waiting = {name: data for name, data in documents.items() if name not in done}
            if waiting:
                try:
                    made, reason = self._once(program, waiting)
                except OSError as error:
                    made, reason = {}, _system_words(error)
                done |= made
        failed = [name for name in documents if name not in done]
        if failed:
            raise ConversionFailed(
                f"LibreOffice แปลงเป็น PDF ไม่สำเร็จ ๒ ครั้ง ({reason})",
                where=", ".join(failed),
                remedy="เปิดไฟล์ใน Word ตรวจดู แล้วลองใหม่ หรือสั่ง songthan doctor",
            )
        return {name: done[name] if at is None else steady(done[name], at) for name in documents}

    def _once(self, program: str, documents: Mapping[str, bytes]) -> tuple[dict[str, bytes], str]:
        """One call: the whole PDFs it made, and in Thai why the others are missing."""
        with tempfile.TemporaryDirectory(prefix="songthan-convert-", ignore_cleanup_errors=True) as box:
            home = Path(box)
            (home / "in").mkdir()
            # names from outside never become paths: the files are numbered
            files = {name: f"{number}.docx" for number, name in enumerate(documents)}
            for name, file in files.items():
                (home / "in" / file).write_bytes(without_thai_pages(documents[name]))
            _lay(home / "profile", self._profile)
            reason = self._call(program, home, list(files.values()))
            made = {}
            for name, file in files.items():
                pdf = home / "out" / f"{Path(file).stem}.pdf"
                data = pdf.read_bytes() if pdf.is_file() else b""
                if _is_whole(data):
                    made[name] = data
                elif not reason:
                    reason = "ไฟล์ PDF ไม่สมบูรณ์" if data else "ไม่มีไฟล์ PDF ออกมา"
            if reason and shutil.disk_usage(home).free < _ROOM:
                reason = _FULL
            if not reason and not self._profile:
                self._profile = _taken(home / "profile")
        return made, reason

    def _call(self, program: str, home: Path, files: list[str]) -> str:
        """Run soffice in a process group of its own; "" or the reason it was stopped, in Thai."""
        command = [
            program, f"-env:UserInstallation={(home / 'profile').as_uri()}", "--headless", "--norestore", "--nolockcheck",
            "--nodefault", "--convert-to", _FILTER, "--outdir", str(home / "out"), *files,
        ]  # fmt: skip
        process = subprocess.Popen(
            command,
            cwd=home / "in",
            env=self._environment(home),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            code = process.wait(self._timeout_s)
        except subprocess.TimeoutExpired:
            return f"ใช้เวลาเกิน {to_thai_digits(f'{self._timeout_s:g}')} วินาที จึงถูกหยุด"
        finally:
            # the whole group: soffice is a script, and soffice.bin would outlive it
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return f"จบด้วยรหัส {to_thai_digits(code)}" if code else ""

    def _environment(self, home: Path | None = None) -> dict[str, str]:
        env = dict(os.environ)
        if home is not None:
            env |= {"HOME": str(home), "TMPDIR": str(home), "SAL_USE_VCLPLUGIN": "svp"}
            # the same file in every zone and language
            env |= {"TZ": "UTC", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "LANGUAGE": ""}
            env.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        if self._fontconfig is not None:
            env["FONTCONFIG_FILE"] = str(self._fontconfig)
        return env

    def fonts_ready(self) -> list[str]:
        """What is missing for official paper, one Thai sentence each; an empty list when all is there."""
        matcher = shutil.which("fc-match")
        if matcher is None:
            return ["ไม่พบคำสั่ง fc-match จึงตรวจแบบอักษรไม่ได้ — วิธีแก้: สั่ง apt-get install fontconfig"]
        missing = []
        for pattern, name in _STYLES.items():
            if self._matched(matcher, f"{_FACE}{pattern}") != _FACE:
                missing.append(f"ไม่มีแบบอักษร {_FACE} {name} — วิธีแก้: {_REMEDY_FONTS}")
        if "DejaVu Sans" not in self._matched(matcher, "DejaVu Sans:charset=2612"):
            missing.append("ไม่มีแบบอักษร DejaVu Sans สำหรับช่องเลือก ☐ ☒ — วิธีแก้: สั่ง apt-get install fonts-dejavu-core")
        return missing

    def _matched(self, matcher: str, pattern: str) -> str:
        """The family fontconfig gives for `pattern`; its Debian alias for the Thai face would be another name."""
        answer = subprocess.run(
            [matcher, "-f", "%{family}", pattern],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return answer.stdout.split(",")[0].strip()


def _taken(profile: Path) -> dict[str, bytes]:
    """The files of a profile that served well, without its locks."""
    return {
        str(path.relative_to(profile)): path.read_bytes()
        for path in profile.rglob("*")
        if path.is_file() and not path.is_symlink() and "lock" not in path.name
    }


def _lay(profile: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (profile / name).parent.mkdir(parents=True, exist_ok=True)
        (profile / name).write_bytes(data)


def _system_words(error: OSError) -> str:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return _FULL if full else f"ระบบปฏิบัติการแจ้งว่า {error.strerror}"


def _is_whole(data: bytes) -> bool:
    """Whether `data` is a PDF written to its end with at least one page."""
    if not data.startswith(b"%PDF-") or not data.rstrip(b"\r\n\0 ").endswith(b"%%EOF"):
        return False
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return False
    try:
        return len(document) >= 1
    finally:
        document.close()

