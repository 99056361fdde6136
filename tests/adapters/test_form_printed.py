"""A repeating form whose headings and number column are called otherwise than the Thai parliament's is read all the same."""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

from songthan.adapters.form_files import load_form
from songthan.adapters.form_printed import printed_of
from songthan.adapters.read_grid import drop_marker
from songthan.adapters.read_office import read
from songthan.domain.language import THAI, use
from songthan.domain.layouts import WILD
from songthan.ports import Expectation

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "returned"))
import returned_builder as build  # noqa: E402


def other_office(folder: Path) -> Path:
    """The templates with «ประเด็นยุทธศาสตร์ที่» over the tables of f3 and «ที่» over its numbers."""
    shutil.copytree(ROOT / "templates" / "docx", folder)
    with zipfile.ZipFile(folder / "f3.docx") as package:
        parts = {name: package.read(name) for name in package.namelist()}
    text = parts["word/document.xml"].decode()
    assert "มาตรการที่" in text and ">ลำดับที่<" in text
    parts["word/document.xml"] = text.replace("มาตรการที่", "ประเด็นยุทธศาสตร์ที่").replace(">ลำดับที่<", ">ที่<").encode()
    with zipfile.ZipFile(folder / "f3.docx", "w") as package:
        for name, data in parts.items():
            package.writestr(name, data)
    return folder


def returned(heading: str, head: str, more: str = "") -> bytes:
    """Two tables, one row each, with these headings and something behind them."""
    first, second = build.rows()
    heads = (head, *build.HEADS[1:])
    tables = [
        build.table(row, heads=heads).replace(">มาตรการที่ ๑ การขับเคลื่อน<", f">{heading} {n} การอนุรักษ์<")
        for n, row in (("๑", first), ("๒", second))
    ]
    return build.docx("".join(tables) + (build.p(build.run(more)) if more else ""))


def test_headings_and_numbers_are_known_by_the_template(tmp_path: Path) -> None:
    spec = load_form(other_office(tmp_path / "docx"), "f3")
    assert spec.number_head == "ที่" and any(re.match(f"ประเด็นยุทธศาสตร์ที่ ?{WILD}", line) for line in spec.printed)
    known = Expectation(spec=replace(build.SPEC, printed=spec.printed, number_head="ที่"), activities=build.ACTIVITIES)
    form = read(returned("ประเด็นยุทธศาสตร์ที่", "ที่"), known)
    assert form.verdict == "complete" and [p.code for p in form.problems] == []
    assert {f.partition(".percent")[0] for f in form.answers if f.endswith(".percent")} == {a for a, _ in build.ACTIVITIES}
    stray = read(returned("ประเด็นยุทธศาสตร์ที่", "ที่", "ขอส่งเพิ่มเติมภายหลัง"), known)
    assert [p.code for p in stray.problems] == ["extra-text"]
    unknown = Expectation(spec=build.SPEC, activities=build.ACTIVITIES)
    assert read(returned("ประเด็นยุทธศาสตร์ที่", "ที่"), unknown).problems


def test_of_the_thai_template_the_same_words_as_before(tmp_path: Path) -> None:
    lines, head = printed_of(ROOT / "templates" / "docx" / "f3.docx")
    assert head == "ลำดับที่" and any(line.startswith("มาตรการที่") for line in lines)
    assert not [line for line in lines if not re.search(r"[ก-ฮ]{1}", line)]
    assert printed_of(tmp_path / "none.docx") == ((), "")


def test_notes_of_a_language_may_begin_as_they_like() -> None:
    """A correction's note is known by its own words, whatever the language's word for «please» is."""
    use(replace(THAI, code="fr", phrases={"(โปรดแก้ไข: ": "(À corriger : "}))
    try:
        assert drop_marker(("85", "(À corriger : écrivez un nombre de 0 à 100)")) == (("85",), frozenset())
        assert drop_marker(("85 (environ)", "fin")) == (("85 (environ)", "fin"), frozenset())
    finally:
        use(THAI)
