"""The stories' hands: a rehearsal as its user starts it, and plain eyes on what it left behind.

What happened is read from outside: the practice Exchange's own log, what the cast wrote down that it typed, the mailed
and the reported Word files by plain lxml. Nothing of ours renders, reads or counts here.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PROPERTY = "{http://schemas.openxmlformats.org/officeDocument/2006/custom-properties}property"
THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
ARABIC = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def rehearse(state: Path, deadline: str, *, kill_at: int | None = None) -> subprocess.CompletedProcess[str]:
    """`songthan rehearse`; `kill_at` ends it without a word at that boundary."""
    env = {**os.environ, "SONGTHAN_WORKSPACE": str(ROOT)}
    if kill_at:
        env["SONGTHAN_KILL_AT"] = str(kill_at)
    command = [sys.executable, "-m", "songthan.cli", "rehearse", deadline, "--state", str(state), "--json"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=900)


def songthan(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Any other command."""
    env = {**os.environ, "SONGTHAN_WORKSPACE": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "songthan.cli", *arguments], env=env, capture_output=True, text=True, timeout=120
    )


def rows(database: Path, query: str) -> list[tuple]:
    """A query on one of the state folder's databases, read only."""
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()


def exchange_log(state: Path) -> list[dict]:
    return [json.loads(line) for line in (state / "practice" / "log.jsonl").read_text("utf-8").splitlines()]


def people(state: Path) -> dict:
    return json.loads((state / "practice" / "people.json").read_text("utf-8"))


def typed_by_the_cast(state: Path) -> dict[tuple[str, str], dict]:
    """(token, field) → the last thing typed that was meant as final."""
    lines = (state / "practice" / "cast" / "typed.jsonl").read_text("utf-8").splitlines()
    found = {}
    for line in lines:
        entry = json.loads(line)
        if entry["final"]:
            found[entry["token"], entry["field"]] = entry
    return found


def forged_by_the_stranger(state: Path) -> list[dict]:
    return [json.loads(line) for line in (state / "practice/cast/forged.jsonl").read_text("utf-8").splitlines()]


@dataclass(frozen=True)
class MailedForm:
    """A form as the office mailed it: what it says of itself, every control's text, everything printed in it."""

    deadline: str
    form: str
    token: str
    texts: dict[str, str]
    printed: str


def mailed_forms(state: Path) -> Iterator[MailedForm]:
    """Every Word form the office sent, in the order it was sent."""
    office = people(state)["office"]["mailbox"]
    for event in exchange_log(state):
        if event["event"] != "sent" or event["from"] != office:
            continue
        for attachment in event.get("attachments") or ():
            if attachment["name"].endswith(".docx"):
                sha256 = attachment["sha256"]
                form = _form((state / "blobs" / sha256[:2] / sha256).read_bytes())
                if form:
                    yield form


def _form(data: bytes) -> MailedForm | None:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        if "docProps/custom.xml" not in package.namelist():
            return None
        custom = etree.fromstring(package.read("docProps/custom.xml"))
        says = {p.get("name"): "".join(p.itertext()).strip() for p in custom.iter(PROPERTY)}
        root = etree.fromstring(package.read("word/document.xml"))
    if "SongthanToken" not in says:
        return None
    controls = {c.find(f"{W}sdtPr/{W}tag").get(f"{W}val"): cell_text(c) for c in root.iter(f"{W}sdt")}
    return MailedForm(
        deadline=says["SongthanDeadline"], form=says["SongthanForm"], token=says["SongthanToken"], texts=controls,
        printed="".join(root.itertext(f"{W}t")),
    )  # fmt: skip


def cell_text(cell: etree._Element) -> str:
    """The text of a table cell or a control: breaks and paragraphs as line ends."""
    paragraphs = []
    for paragraph in list(cell.iter(W + "p")) or [cell]:
        parts = []
        for node in paragraph.iter(W + "t", W + "br", W + "tab"):
            parts.append(node.text or "" if node.tag == W + "t" else "\n" if node.tag == W + "br" else "\t")
        paragraphs.append("".join(parts))
    return "\n".join(paragraphs)


def cells_of(report: Path) -> list[str]:
    """The texts of every table cell of a Word file, and of every paragraph that stands in none."""
    with zipfile.ZipFile(report) as package:
        root = etree.fromstring(package.read("word/document.xml"))
    return [cell_text(cell) for cell in (*root.iter(W + "tc"), *root.find(W + "body").findall(W + "p"))]


def report_rows(report: Path) -> dict[str, list[str]]:
    """Printed activity number → the texts of its row in the merged quarterly report."""
    with zipfile.ZipFile(report) as package:
        root = etree.fromstring(package.read("word/document.xml"))
    found = {}
    for row in root.iter(W + "tr"):
        cells = [cell_text(cell) for cell in row.findall(W + "tc")]
        if len(cells) == 7:
            found[cells[0].strip()] = cells
    return found


def number_of(field: str) -> str:
    """The printed number of a field's activity: «1.7(1).done» → «๑.๗ (๑)»."""
    return field.rpartition(".")[0].replace("(", " (").translate(THAI)
