"""The website folder: what was published is listed, nothing twice, nothing a title could smuggle in."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from songthan.adapters.website import WebsiteFolder
from songthan.domain.errors import PublishFailed

AT = datetime(2023, 7, 27, 3, tzinfo=UTC)


def test_files_and_a_page_newest_first(tmp_path: Path) -> None:
    site = WebsiteFolder(tmp_path / "website", title="แผน & <ปี>")
    site.publish("a.pdf", b"%PDF-a", title="แบบหนึ่ง <script>", sha256="aa", at=AT)
    path = site.publish("b.pdf", b"%PDF-b", title="แบบสอง", sha256="bb", at=AT + timedelta(days=1))
    assert path.read_bytes() == b"%PDF-b"
    page = (tmp_path / "website" / "index.html").read_text("utf-8")
    assert page.index("แบบสอง") < page.index("แบบหนึ่ง") and "<script>" not in page and "แผน &amp; &lt;ปี&gt;" in page
    assert "๒๗ กรกฎาคม ๒๕๖๖" in page


def test_the_same_again_changes_nothing_and_a_new_version_takes_the_place(tmp_path: Path) -> None:
    site = WebsiteFolder(tmp_path, title="แผน")
    site.publish("a.pdf", b"one", title="แบบ", sha256="11", at=AT)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    site.publish("a.pdf", b"one", title="แบบ", sha256="11", at=AT + timedelta(days=3))
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    site.publish("a.pdf", b"two", title="แบบ", sha256="22", at=AT + timedelta(days=3))
    page = (tmp_path / "index.html").read_text("utf-8")
    assert (tmp_path / "a.pdf").read_bytes() == b"two" and page.count("a.pdf") == 1 and "22" in page and "๓๐" in page


COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], dirs_exist_ok=True)"


def test_the_offices_command_gets_the_folder_and_no_shell_reads_it(tmp_path: Path) -> None:
    target = tmp_path / "web server; touch x"
    site = WebsiteFolder(tmp_path / "website", title="แผน", command=(sys.executable, "-c", COPY, "{folder}", str(target)))
    site.publish("a.pdf", b"one", title="แบบ", sha256="11", at=AT)
    for _ in range(2):
        site.upload()
        assert {p.name for p in target.iterdir()} == {"a.pdf", "index.html", "index.json"}
    assert site.uploads and not WebsiteFolder(tmp_path, title="แผน").uploads


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("no-such-program-here",), "เริ่มโปรแกรมไม่ได้"),
        ((sys.executable, "-c", "import sys; sys.exit('permission denied (publickey)')"), "permission denied (publickey)"),
        ((sys.executable, "-c", "import time; time.sleep(60)"), "ไม่เสร็จภายในเวลา"),
    ],
)
def test_a_command_that_fails_says_how_and_what_to_do(tmp_path: Path, command: tuple[str, ...], words: str) -> None:
    site = WebsiteFolder(tmp_path, title="แผน", command=command, patience_s=0.5)
    with pytest.raises(PublishFailed, match="(?s)" + words.replace("(", r"\(").replace(")", r"\)")) as failed:
        site.upload()
    assert failed.value.remedy and failed.value.exit_code == 3
