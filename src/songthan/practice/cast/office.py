"""LibreOffice as a member uses it: opens a file and saves it as another kind. A private profile, a hard time limit."""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

from songthan.practice.cast.ews import PostFailed

FILTERS = {"docx": "docx:MS Word 2007 XML", "pdf": "pdf:writer_pdf_Export"}
LIMIT_S = 120


def save_as(data: bytes, kind: str, *, soffice: str, fontconfig: str | None, profile: Path) -> bytes:
    """A .docx file saved by LibreOffice as «docx» or «pdf»; PostFailed when the program fails or hangs."""
    environment = dict(os.environ)
    if fontconfig:
        environment["FONTCONFIG_FILE"] = fontconfig
    with tempfile.TemporaryDirectory(prefix="cast-") as folder:
        source, out = Path(folder, "form.docx"), Path(folder, "out")
        source.write_bytes(data)
        command = [
            soffice, f"-env:UserInstallation={profile.resolve().as_uri()}", "--headless", "--norestore",
            "--convert-to", FILTERS[kind], "--outdir", str(out), str(source),
        ]  # fmt: skip
        try:
            run = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise PostFailed(f"{soffice}: {error}") from error
        try:
            _, notes = run.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired as error:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
            raise PostFailed(f"{soffice}: no answer in {LIMIT_S} s") from error
        made = out / f"form.{kind}"
        if run.returncode or not made.exists():
            raise PostFailed(f"{soffice}: status {run.returncode} {notes.decode('utf-8', 'replace')[:200]}")
        return made.read_bytes()
