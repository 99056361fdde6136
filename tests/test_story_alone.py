"""A deadline whose form one person answers whole, every part real: from the request to the page on the website.

What stands in the report is compared with what the cast wrote down that it typed, by plain lxml.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from test_story import cell_text, rehearse, songthan, typed_by_the_cast

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
pytestmark = pytest.mark.real


def test_the_review_form_reaches_the_website(tmp_path: Path) -> None:
    done = rehearse(tmp_path, deadline="2566-review")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert (result["state"], result["asked"], result["accepted"], result["duplicates"]) == ("ACKNOWLEDGED", 1, 1, 0)
    assert result["signature_valid"] and result["mailbox_count"] == result["ledger_count"]
    bundle = Path(result["bundle_dir"])
    assert songthan("verify", str(bundle)).returncode == 0
    with zipfile.ZipFile(bundle / "report.docx") as package:
        root = etree.fromstring(package.read("word/document.xml"))
    cells = [cell_text(cell) for cell in root.iter(f"{W}tc")]
    typed = typed_by_the_cast(tmp_path)
    assert len(typed) > 20
    for (_, field), entry in typed.items():
        text = entry["typed"]
        if entry["kind"] == "choice" or field == "headcount":
            continue
        if entry["numeric"]:
            assert any(c.translate(DIGITS) == entry["numeric"] for c in cells), field
        else:
            assert text in cells, field
    site = tmp_path / "website"
    assert (site / "2566-review-f4.pdf").read_bytes() == (bundle / "report.pdf").read_bytes()
    assert "2566-review-f4.pdf" in (site / "index.html").read_text("utf-8")
