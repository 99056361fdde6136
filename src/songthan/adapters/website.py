"""The website folder: the PDF files a form's channel rule publishes, and a plain index page over them.

The folder is made to be copied to the office's web server as it is; nothing in it runs, and nothing is fetched.
"""

from __future__ import annotations

import html
import json
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from songthan.domain.errors import PublishFailed
from songthan.domain.language import current, day_words, say

__all__ = ["WebsiteFolder"]

_PAGE = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:18px/1.6 "TH Sarabun New","TH SarabunPSK",Sarabun,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}}
li{{margin:.8rem 0}}small{{color:#555;overflow-wrap:anywhere}}</style></head>
<body><h1>{title}</h1><ul>
{items}
</ul></body></html>
"""


class WebsiteFolder:
    """Publishes into one folder (`state/website`). Publishing the same file again changes nothing."""

    def __init__(self, folder: Path, *, title: str, command: Sequence[str] = (), patience_s: float = 300.0) -> None:
        """`command` copies the folder to the web server: a program and its arguments, `{folder}` stands for the folder (no
        shell reads it); it is given `patience_s` seconds."""
        self._folder, self._title = folder, title
        self._command, self._patience_s = tuple(command), patience_s

    @property
    def uploads(self) -> bool:
        return bool(self._command)

    def upload(self) -> None:
        """PublishFailed names the program, its exit code and its last words; it and what it started are ended when late."""
        words = [word.replace("{folder}", str(self._folder)) for word in self._command]
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            raise self._failed(say("เริ่มโปรแกรมไม่ได้ ({why})", why=error.strerror)) from error
        try:
            said, _ = process.communicate(timeout=self._patience_s)
        except subprocess.TimeoutExpired as error:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise self._failed(say("ทำงานไม่เสร็จภายในเวลาที่กำหนด")) from error
        if process.returncode:
            last = " ".join(said.decode("utf-8", "replace").split())[-300:]
            raise self._failed(say("จบด้วยรหัส {code} {last}", code=process.returncode, last=last))

    def _failed(self, why: str) -> PublishFailed:
        return PublishFailed(
            f"{self._command[0]}: {why}",
            where="songthan.toml [website] upload",
            remedy=say("ลองสั่งคำสั่งนั้นด้วยมือในเครื่องนี้ ตรวจสิทธิและกุญแจของเครื่องเว็บ"),
        )

    def publish(self, name: str, pdf: bytes, *, title: str, sha256: str, at: datetime) -> Path:
        """Put `pdf` into the folder as `name` (a plain ASCII file name) and list it; a later version replaces it.

        The page appears whole or not at all. `at` is when it was published (aware), `sha256` the file's.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        listed = self._listed()
        entry = {"title": title, "sha256": sha256, "at": at.isoformat()}
        if listed.get(name, {}).get("sha256") != sha256:
            listed[name] = entry
        _write(self._folder / name, pdf)
        _write(self._folder / "index.json", json.dumps(listed, ensure_ascii=False, indent=1).encode())
        _write(self._folder / "index.html", self._page(listed).encode())
        return self._folder / name

    def _listed(self) -> dict[str, dict[str, str]]:
        try:
            return json.loads((self._folder / "index.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}

    def _page(self, listed: dict[str, dict[str, str]]) -> str:
        newest = sorted(listed.items(), key=lambda item: item[1]["at"], reverse=True)
        items = "\n".join(
            f'<li><a href="{html.escape(name)}">{html.escape(entry["title"])} (PDF)</a><br>'
            f"<small>{_published(entry['at'])} · SHA-256 {entry['sha256']}</small></li>"
            for name, entry in newest
        )
        return _PAGE.format(lang=current().code, title=html.escape(self._title), items=items)


def _published(at: str) -> str:
    return html.escape(say("เผยแพร่เมื่อ {day}", day=day_words(datetime.fromisoformat(at).date())))


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
