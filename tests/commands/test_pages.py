"""The pages people open, in a real Chromium: they fit a desk and a telephone, fetch nothing, and every link leads to a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from command_runner import run
from playwright.sync_api import Browser, Page, sync_playwright

from songthan import workspace
from songthan.adapters.website import WebsiteFolder

pytestmark = pytest.mark.real
WIDTHS = (1200, 390)
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        fonts = {"FONTCONFIG_FILE": str(workspace.default_fontconfig())}
        opened = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"], env=fonts)
        yield opened
        opened.close()


@pytest.fixture
def page_of(browser: Browser) -> Iterator[Callable[[Path, int], Page]]:
    """Opens a file at a width; what the page asked for beyond itself, or complained of, is in `page.trouble`."""
    opened = []

    def open_page(path: Path, width: int) -> Page:
        page = browser.new_page(viewport={"width": width, "height": 800})
        opened.append(page)
        page.trouble = []
        page.on("request", lambda asked: None if unquote(urlsplit(asked.url).path) == str(path) else page.trouble.append(asked.url))
        page.on("console", lambda said: page.trouble.append(said.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for page in opened:
        page.close()


def check(page: Page) -> list[Path]:
    """The files its links lead to."""
    assert page.trouble == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing is cut off at the right"
    assert page.evaluate("document.characterSet") == "UTF-8" and page.title() and page.evaluate("document.documentElement.lang") == "th"
    # marks above and below are not cut: no line is lower than its letters
    assert page.evaluate("[...document.querySelectorAll('h1,td,li,p')].every(e => e.scrollHeight <= e.clientHeight + 1)")
    return [Path(unquote(urlsplit(url).path)) for url in page.eval_on_selector_all("a", "all => all.map(a => a.href)")]


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages") / "preview"
    result = run("preview", "2566-q2", "--out", out)
    assert result.exit_code == 0, result.output
    return out


@pytest.mark.parametrize("width", WIDTHS)
def test_the_preview_lists_mails_and_forms_that_are_there(preview: Path, page_of: Callable[[Path, int], Page], width: int) -> None:
    page = page_of(preview / "index.html", width)
    links = check(page)
    assert len(links) > 100 and all(path.is_file() for path in links)
    assert page.locator("tbody tr").count() == len(list((preview / "mails").glob("*.html")))


def test_from_the_list_to_a_letter_and_back(preview: Path, page_of: Callable[[Path, int], Page]) -> None:
    page = page_of(preview / "index.html", 390)
    page.get_by_role("link", name="อ่านจดหมาย").first.click()
    assert "เรียน" in page.inner_text("body") and "2566-q2" not in page.title()
    page.go_back()
    assert page.locator("tbody tr").first.is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_every_letter_fits_the_reader_it_is_opened_in(preview: Path, page_of: Callable[[Path, int], Page], width: int) -> None:
    kinds: dict[str, Path] = {}
    for path in sorted((preview / "mails").glob("*.html")):
        kinds.setdefault(path.name.split("-")[1], path)
    assert set(kinds) >= {"request", "reminder", "duties"}
    for path in kinds.values():
        check(page_of(path, width))


@pytest.mark.parametrize("width", WIDTHS)
def test_the_websites_page_lists_its_reports(tmp_path: Path, page_of: Callable[[Path, int], Page], width: int) -> None:
    folder = WebsiteFolder(tmp_path / "website", title="แผนส่งเสริมคุณธรรมและป้องกันการทุจริต <ปี ๒๕๖๖> & ก้ำกึ่ง")
    for n in range(3):
        at = datetime.fromisoformat(f"2023-07-2{n}T09:00:00+07:00")
        folder.publish(f"2566-f{n}.pdf", PDF, title=f"รายงานผลการดำเนินงาน <b>ฉบับที่ {n}</b> ปู่ ญี่ปุ่น ฏีกา", sha256="a1" * 32, at=at)
    page = page_of(tmp_path / "website" / "index.html", width)
    links = check(page)
    assert [path.name for path in links] == ["2566-f2.pdf", "2566-f1.pdf", "2566-f0.pdf"] and all(path.is_file() for path in links)
    assert "<b>ฉบับที่ 2</b>" in page.inner_text("li") and page.locator("b").count() == 0
