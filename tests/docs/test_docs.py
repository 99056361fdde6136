"""The documents are held against the product: what exists is described, what is described exists."""

from __future__ import annotations

import ast
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from songthan import workspace
from songthan.adapters import settings_file
from songthan.adapters.ledger import TABLES
from songthan.cli import main
from songthan.domain.assignments import STATE_TH, AssignmentState, DeadlineState
from songthan.domain.decisions import Action
from songthan.domain.forms import FieldKind
from songthan.domain.routing import PURPOSES, ROUTES
from songthan.steps.advance import _ALARMS, BATCH_TH
from songthan.steps.schedule import deadline_schedules

ROOT = Path(__file__).resolve().parents[2]
#: Folders whose pages are not ours to hold: libraries, caches, what a run leaves behind.
ELSEWHERE = {"state", "node_modules", "dist"}


def pages() -> list[Path]:
    """Every Markdown file of the repository."""
    found = []
    for folder, below, names in os.walk(ROOT):
        below[:] = [b for b in below if not b.startswith(".") and b not in ELSEWHERE]
        found += [Path(folder) / n for n in names if n.endswith(".md")]
    return sorted([*found, ROOT / "state" / "README.md"])


@cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


HANDBOOK, OPERATIONS, GLOSSARY = "docs/handbook.th.md", "docs/operations.md", "docs/glossary.md"
IDS = [str(p.relative_to(ROOT)) for p in pages()]


def rows(name: str) -> list[list[str]]:
    """The cells of every table row of a page."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text(name).splitlines()
        if line.startswith("|")
    ]


def first_cells(name: str) -> set[str]:
    return {row[0] for row in rows(name)}


def commands(group: click.Group, path: str = "songthan") -> Iterator[str]:
    """Every command of the tree, groups included, as typed."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def fault(words: list[str], *, whole: bool) -> str | None:
    """What is wrong with a command line after `songthan`; `whole` False lets required words be missing."""
    command: click.Command = main
    while True:
        context = click.Context(command, info_name=command.name)
        if isinstance(command, click.Group):
            context.allow_interspersed_args = False
        try:
            given, words, _ = command.make_parser(context).parse_args(words)
        except click.UsageError as error:
            return error.format_message()
        for parameter in command.params:
            value = given.get(parameter.name)
            if (
                isinstance(parameter.type, click.Choice)
                and isinstance(value, str)
                and value not in parameter.type.choices
            ):
                return f"{parameter.name} cannot be {value}"
            if whole and parameter.required and not (isinstance(value, (str, list, tuple)) and value):
                return f"{parameter.name} is missing"
        if not isinstance(command, click.Group) or not words:
            return f"does not take {words}" if words else None
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]


def shell_lines(page: str) -> list[str]:
    """The lines of all ```sh blocks, indented ones too."""
    blocks = re.findall(r"^( *)```sh\n(.*?)^\1```", page, re.M | re.S)
    return [line.strip() for _, block in blocks for line in block.splitlines() if line.strip()]


def spans(page: str) -> list[str]:
    """Inline code that names one of our commands."""
    outside = re.sub(r"^( *)```.*?^\1```", "", page, flags=re.M | re.S)
    return [s for s in re.findall(r"`([^`\n]+)`", outside) if s.startswith("songthan ")]


def test_the_checker_of_command_lines_can_say_no() -> None:
    """Guards the guard."""
    assert fault(["status", "--json"], whole=True) is None
    assert fault(["--workspace", "DIR", "hold", "list", "--all"], whole=True) is None
    assert fault(["hold", "accept", "12"], whole=True) == "reason is missing"
    assert fault(["hold", "accept"], whole=False) is None
    assert fault(["hold", "undo", "12"], whole=False) == "no command undo"
    assert "--loud" in str(fault(["status", "--loud"], whole=False))
    assert fault(["rehearse", "2566-q2", "--speed", "slow"], whole=True) == "speed cannot be slow"
    assert fault(["calendar", "x"], whole=True) == "does not take ['x']"


@pytest.mark.parametrize("page", IDS)
def test_every_command_line_shown_exists(page: str) -> None:
    wrong = []
    for line in shell_lines(text(page)):
        if line.startswith("songthan "):
            words = shlex.split(line, comments=True)[1:]
            asks_help = words[-1] in ("--help", "-h")
            if said := fault(words[:-1] if asks_help else words, whole=not asks_help):
                wrong.append((line, said))
    for span in spans(text(page)):
        if "…" in span:
            span = span.partition("…")[0]
        words = [w for w in shlex.split(span)[1:] if w not in ("--help", "-h")]
        if words[-1:] and words[-1] == "--workspace":
            continue
        if said := fault(words, whole=False):
            wrong.append((span, said))
    assert not wrong


@pytest.mark.parametrize("page", IDS)
def test_every_make_target_shown_exists(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    shown = {w for line in shell_lines(text(page)) if line.startswith("make ") for w in shlex.split(line, comments=True)[1:] if w[0] != "-"}
    shown |= set(re.findall(r"`make ([a-z-]+)`", text(page)))
    assert shown <= targets


def test_every_command_is_described() -> None:
    both = text(HANDBOOK) + text(OPERATIONS)
    missing = [c for c in commands(main) if not re.search(re.escape(c) + r"(?![\w-])", both)]
    assert not missing


def settings() -> Iterator[tuple[str, object]]:
    """Every key of songthan.toml as operations.md writes it, with its default."""
    for field in fields(settings_file.Settings):
        if field.name == "root":
            continue
        parts = settings_file._PARTS.get(field.name)
        if parts is None:
            yield f"`{field.name}`", field.default
        else:
            yield from ((f"`[{field.name}] {f.name}`", f.default) for f in fields(parts))


def test_every_setting_is_described_with_its_default() -> None:
    described = {row[0]: row[1] for row in rows(OPERATIONS) if len(row) == 3}
    for key, default in settings():
        assert key in described, key
        shown = tomllib.loads(f"value = {described[key].strip('`')}")["value"]
        assert (tuple(shown) if isinstance(shown, list) else shown) == default, key


def test_no_setting_is_described_twice_or_is_not_there() -> None:
    table = text(OPERATIONS).partition("## Settings")[2].partition("\n## ")[0]
    described = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `")]
    assert sorted(described) == sorted(key for key, _ in settings())


def test_every_ledger_table_is_described_and_no_other() -> None:
    part = text(OPERATIONS).partition("### Ledger tables")[2].partition("\n## ")[0]
    described = {line.split("|")[1].strip(" `") for line in part.splitlines() if line.startswith("| `")}
    assert described == set(TABLES)


@pytest.mark.parametrize("state", [*AssignmentState, *DeadlineState])
def test_every_state_is_in_the_glossary_and_the_handbook(state: str) -> None:
    assert any(row[:2] == [f"`{state}`", STATE_TH[state]] for row in rows(GLOSSARY))
    assert STATE_TH[state] in text(HANDBOOK)


def test_states_stand_in_the_right_table() -> None:
    for head, kind in (("assignment", AssignmentState), ("deadline", DeadlineState)):
        table = re.search(rf"^\| {head} \|.*\n\|.*\n((?:\|.*\n)+)", text(GLOSSARY), re.M)
        assert table and re.findall(r"^\| `(\w+)`", table[1], re.M) == [s.value for s in kind]


def test_routes_purposes_and_field_kinds_are_in_the_glossary() -> None:
    assert {f"`{route}`" for route in ROUTES} <= first_cells(GLOSSARY)
    purposes = {p for found in PURPOSES.values() for p in found if p}
    assert not [p for p in purposes if f"`{p}`" not in text(GLOSSARY)]
    kinds = next(row[1] for row in rows(GLOSSARY) if row[0] == "Field")
    assert not [k for k in FieldKind.__args__ if not re.search(rf"\b{k}\b", kinds)]


def test_every_action_is_in_the_glossary_with_its_thai_name() -> None:
    described = {row[0].strip("`"): row[2] for row in rows(GLOSSARY) if len(row) == 3}
    assert set(BATCH_TH) == set(Action.__subclasses__())
    for action, title in BATCH_TH.items():
        assert described.get(action.__name__) == title


def test_the_handbook_says_what_to_do_with_every_held_mail() -> None:
    """All rules that hold or quarantine, and the accepting ones, whose second look may hold."""
    told = {name for row in rows(HANDBOOK) for name in re.findall(r"`(\d\d_\w+)`", row[0])}
    rules = {p.stem: tomllib.loads(p.read_text(encoding="utf-8")) for p in (ROOT / "inbox_rules").glob("*.toml")}
    assert told == {name for name, rule in rules.items() if rule["route"] in ("hold", "quarantine", "accept")}


def test_every_flow_is_described_by_its_file_and_thai_name() -> None:
    page = text("flows/README.md")
    for path in (ROOT / "flows").glob("*.py"):
        assert f"`{path.name}`" in page
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "flow",
                "to_deployment",
            ):
                names = [k.value.value for k in node.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
                assert not [n for n in names if n not in page], path.name


def alarm_titles() -> Iterator[str]:
    """What the steps write to the secretary under «ด่วน», up to the first word that varies."""
    yield from (title for title, _, _ in _ALARMS.values())
    for path in (ROOT / "src" / "songthan" / "steps").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Finding", "tell_secretary"):
                found = (k.value for k in node.keywords if k.arg == "title")
                said = (v.args[0] if isinstance(v, ast.Call) and getattr(v.func, "id", "") == "say" else v for v in found)
                yield from (str(v.value) for v in said if isinstance(v, ast.Constant))


def test_the_handbook_explains_every_alarm() -> None:
    told = {row[0].removesuffix(" …") for row in rows(HANDBOOK) if len(row) == 2}
    titles = {title.partition(" {")[0] for title in alarm_titles()}
    assert len(titles) > 10
    assert titles - told == set()


def test_the_example_of_a_deployment_is_what_the_dashboard_shows(tmp_path: Path) -> None:
    office = workspace.open_office(ROOT, tmp_path)
    try:
        name = next(s.name for s in deadline_schedules(office) if s.deadline == "2566-q2")
    finally:
        office.ledger.close()
    assert f"«{name}»" in text(HANDBOOK) and f"«{name}»" in text("flows/README.md")


def slug(heading: str) -> str:
    """A heading's anchor as GitHub makes it: letters, marks, digits, «-», «_»; a space becomes «-»."""
    kept = "".join(c for c in heading.strip().lower() if c in " -_" or c.isalnum() or "\u0e31" <= c <= "\u0e4e")
    return kept.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {slug(h.replace("`", "")) for h in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)}


def links(page: Path) -> list[str]:
    plain = re.sub(r"^( *)```.*?^\1```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return re.findall(r"\]\(([^)\s]+)\)", plain)


@pytest.mark.parametrize("name", IDS)
def test_links_lead_somewhere(name: str) -> None:
    page, wrong = ROOT / name, []
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or not target.is_relative_to(ROOT) or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    assert not wrong


@pytest.mark.parametrize("name", IDS)
def test_no_page_names_a_place_of_one_machine(name: str) -> None:
    assert not re.findall(r"(?<![\w.~-])/(?:work|tmp|home|root|Users|mnt|opt)/\S*|[A-Z]:\\\\\S*", text(name))
