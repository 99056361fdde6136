"""A rehearsal of one deadline, every part real: it opens and drives that one only, though another falls due on its days.

What stands in the report is compared with what the cast wrote down that it typed, by plain lxml.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import story
from story import ARABIC

pytestmark = pytest.mark.real


def test_the_review_alone_reaches_the_website(tmp_path: Path) -> None:
    done = story.rehearse(tmp_path, "2566-review")
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert (result["state"], result["asked"], result["accepted"], result["duplicates"]) == ("ACKNOWLEDGED", 1, 1, 0)
    assert result["signature_valid"] and result["mailbox_count"] == result["ledger_count"]
    assert "deadlines" not in result
    bundle = Path(result["bundle_dir"])
    assert story.songthan("verify", str(bundle)).returncode == 0
    cells = story.cells_of(bundle / "report.docx")
    typed = story.typed_by_the_cast(tmp_path)
    assert len(typed) > 20
    for (_, field), entry in typed.items():
        text = entry["typed"]
        if entry["kind"] == "choice" or field == "headcount":
            continue
        if entry["numeric"]:
            assert any(c.translate(ARABIC) == entry["numeric"] for c in cells), field
        else:
            assert text in cells, field
    site = tmp_path / "website"
    assert (site / "2566-review-f4.pdf").read_bytes() == (bundle / "report.pdf").read_bytes()
    assert "2566-review-f4.pdf" in (site / "index.html").read_text("utf-8")

    # the second quarter's days are the same days: nobody was asked for it
    assert story.rows(tmp_path / "ledger.sqlite", "select distinct deadline from assignments") == [("2566-review",)]
    assert {form.deadline for form in story.mailed_forms(tmp_path)} == {"2566-review"}
