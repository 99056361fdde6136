"""The other office's year with every part real: its one form, its own ladder, its registry's receipt, in English.

Judged from outside: by the practice Exchange's log, by what the cast typed, and by plain lxml over the report.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "plans" / "example-en"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
pytestmark = pytest.mark.real


def test_the_english_office_hands_its_review_in(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "songthan.cli", "rehearse", "en-2027-annual", "--state", str(tmp_path), "--json"]
    env = {**os.environ, "SONGTHAN_WORKSPACE": str(EXAMPLE)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert (result["state"], result["asked"], result["accepted"]) == ("ACKNOWLEDGED", 1, 1)
    assert result["signature_valid"] and result["receipt"] == "R 4123/2027" and result["duplicates"] == 0

    typed = [json.loads(line) for line in (tmp_path / "practice" / "cast" / "typed.jsonl").read_text("utf-8").splitlines()]
    words = {line["field"]: line["typed"] for line in typed}
    with zipfile.ZipFile(Path(result["bundle_dir"]) / "report.docx") as package:
        document = etree.fromstring(package.read("word/document.xml"))
    printed = ["".join(p.itertext(f"{W}t")) for p in document.iter(f"{W}p")]
    assert words["lessons[1].lesson"] in printed and words["remarks"] in printed
    # 34 of 40 trained, 27 cards, checked and tagged, 26 talks: two points for each
    assert any("8 points, level 3: Leading" in line for line in printed)

    log = [json.loads(line) for line in (tmp_path / "practice" / "log.jsonl").read_text("utf-8").splitlines()]
    sent = [entry for entry in log if entry["event"] == "sent" and entry["key"]]
    assert len(sent) == result["mails_out"] > 5
    page = (tmp_path / "website" / "index.html").read_text("utf-8")
    told = json.dumps(sent, ensure_ascii=False) + page + " ".join(printed)
    assert "Annual safety culture review" in page and not re.search("[\u0e00-\u0e7f]", told)
