"""Runs the programs that write files: LibreOffice, pandoc, Ghostscript, pdftocairo, another Python. Only for making.

Where a program is not on the path, an environment variable names it: WRITERS_PYTHON (a Python with python-docx and
reportlab), WRITERS_GS, WRITERS_GS_LIBS (a folder with Ghostscript's libraries; GS_LIB is its own).
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

__all__ = ["convert", "ghostscript", "pandoc", "python", "redraw", "run"]

_TIMEOUT = 300


def run(command: list[str], **more: object) -> bytes:
    """A program's standard output; it must end well."""
    done = subprocess.run(command, check=True, capture_output=True, timeout=_TIMEOUT, **more)  # type: ignore[call-overload]
    return done.stdout


def convert(files: Mapping[str, bytes], target: str, *, source: str = "docx") -> dict[str, bytes]:
    """Files by name (no suffix) saved by LibreOffice as `target` («docx», «odt», «pdf», «doc», «rtf»), in one call."""
    if not files:
        return {}
    fonts = Path(sys.prefix) / "share/songthan/fonts.conf"
    env = {**os.environ, "SOURCE_DATE_EPOCH": "1678789440"}
    if fonts.is_file():
        env["FONTCONFIG_FILE"] = str(fonts)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for stem, data in files.items():
            (folder / f"{stem}.{source}").write_bytes(data)
        out = folder / "out"
        wanted = {"docx": "docx:MS Word 2007 XML", "rtf": "rtf:Rich Text Format", "doc": "doc:MS Word 97"}.get(
            target, target
        )
        command = [
            "soffice",
            "--headless",
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            "--convert-to",
            wanted,
        ]
        run([*command, "--outdir", str(out), *(str(folder / f"{stem}.{source}") for stem in files)], env=env)
        return {stem: (out / f"{stem}.{target}").read_bytes() for stem in files}


def _through(command: list[str], data: bytes, source: str, target: str, **more: object) -> bytes:
    """One file through a program whose command holds `{in}` and `{out}`."""
    with tempfile.TemporaryDirectory() as name:
        before, after = Path(name) / f"in.{source}", Path(name) / f"out.{target}"
        before.write_bytes(data)
        run([word.format(**{"in": before, "out": after}) for word in command], **more)
        return after.read_bytes()


def pandoc(data: bytes, *steps: str) -> bytes:
    """docx through pandoc: straight, or by way of another format («markdown», «html»)."""
    chain = ("docx", *steps, "docx")
    for source, target in zip(chain, chain[1:], strict=False):
        data = _through(
            ["pandoc", "-f", source, "-t", target, "--columns=2000", "-o", "{out}", "{in}"], data, source, target
        )
    return data


def python(script: str, data: bytes, *, target: str = "docx") -> bytes:
    """A script of a member's own; it finds the file in sys.argv[1] and writes sys.argv[2]."""
    with tempfile.TemporaryDirectory() as name:
        before, after = Path(name) / "in.docx", Path(name) / f"out.{target}"
        before.write_bytes(data)
        run([os.environ.get("WRITERS_PYTHON", sys.executable), "-c", script, str(before), str(after)])
        return after.read_bytes()


def ghostscript(data: bytes) -> bytes:
    """A PDF printed again to PDF by Ghostscript."""
    env = dict(os.environ)
    if "WRITERS_GS_LIBS" in env:
        env["LD_LIBRARY_PATH"] = env["WRITERS_GS_LIBS"]
    command = [
        os.environ.get("WRITERS_GS", "gs"),
        "-q",
        "-dNOPAUSE",
        "-dBATCH",
        "-sDEVICE=pdfwrite",
        "-sOutputFile={out}",
    ]
    return _through([*command, "{in}"], data, "pdf", "pdf", env=env)


def redraw(data: bytes) -> bytes:
    """A PDF drawn again by poppler's cairo."""
    return _through(["pdftocairo", "-pdf", "{in}", "{out}"], data, "pdf", "pdf")
