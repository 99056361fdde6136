"""The English example says every phrase of the engine, and none that the engine does not have; it holds no code."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

from songthan import workspace
from songthan.adapters.language_file import load_language

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "plans" / "example-en"
DATA = {".toml", ".docx", ".txt", ".html", ".md", ".png", ""}


def python_files() -> list[Path]:
    return [*(ROOT / "src").rglob("*.py"), *(ROOT / "flows").glob("*.py")]


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names:
                yield f"{path.name}:{node.lineno}", node


def names_in(phrase: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}


def test_every_phrase_of_the_engine_has_english_words_and_there_are_no_others() -> None:
    said = {
        node.args[0].value
        for _, node in calls("say", "phrase")
        if isinstance(node.args[0], ast.Constant) and re.search("[\u0e00-\u0e7f]|{", str(node.args[0].value))
    }
    written = {
        node.value
        for path in python_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    words = load_language(EXAMPLE / "templates" / "language", "en").phrases
    assert len(said) > 300
    assert sorted(said - set(words)) == []
    assert sorted(set(words) - written) == []


def test_english_words_hold_no_thai_letter_and_thai_digits_only_never() -> None:
    words = load_language(EXAMPLE / "templates" / "language", "en").phrases
    assert [text for text in words.values() if re.search("[\u0e00-\u0e7f]", text)] == []


def test_what_is_said_gets_its_values_by_name() -> None:
    """An f-string is no phrase, and a name that is not given would break the letter in which it is said."""
    wrong = []
    for where, node in calls("say"):
        if isinstance(node.args[0], ast.JoinedStr):
            wrong.append((where, "f-string"))
        if isinstance(node.args[0], ast.Constant):
            given = {k.arg for k in node.keywords}
            if given and None not in given and given != names_in(node.args[0].value):
                wrong.append((where, given ^ names_in(node.args[0].value)))
    assert wrong == []


def test_the_example_is_data_and_a_sound_workspace() -> None:
    files = [p for p in EXAMPLE.rglob("*") if p.is_file() and "state" not in p.relative_to(EXAMPLE).parts]
    assert {p.suffix for p in files} <= DATA and len(files) > 70
    settings = workspace.load_settings(workspace.find_root(EXAMPLE / "templates"))
    plan = workspace.load_plan(settings.folder("plan"))
    forms = workspace.load_forms(settings)
    assert workspace.check_form_templates(settings, tuple(forms)) == []
    assert {d.forms for d in plan.deadlines} == {("progress",), ("review",)} <= {(f,) for f in forms}
    assert plan.organisation.fiscal.days(2027)[0].isoformat() == "2027-01-01" and settings.folder("flows") == ROOT / "flows"
    thai = [p.name for p in files if p.suffix in (".toml", ".txt", ".html") and re.search("[\u0e00-\u0e7f]", p.read_text("utf-8"))]
    # the engine's and the cast's own phrases, as keys
    assert sorted(thai) == ["cast.toml", "en.toml"]


def test_the_example_has_every_letter_and_rule_of_the_thai_office() -> None:
    for folder, pattern in (("templates/mail", "*.txt"), ("inbox_rules", "*.toml")):
        assert {p.name for p in (EXAMPLE / folder).glob(pattern)} == {p.name for p in (ROOT / folder).glob(pattern)}
