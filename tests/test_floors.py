"""The house's floors, read from the source: who may import whom, one owner for each library, no file too long."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "songthan"
FLOWS = ROOT / "flows"

#: part → the parts of songthan it may import (itself is always allowed)
FLOORS = {
    "domain": set(),
    "ports": {"domain"},
    "steps": {"ports", "domain"},
    "adapters": {"ports", "domain"},
    "practice": set(),
    # the twins are a second workspace, for tests: they build an Office out of real adapters
    "testing": {"adapters", "ports", "domain", "steps"},
}

#: adapter family → the sibling families it may lean on; a family is a name up to its first underscore
SIBLINGS = {
    "bundle": {"assemble", "sandbox", "convert"},
    # the blank form is read with the reader's own eyes, and the renderer hands it out
    "form": {"render", "read"},
    "render": {"form"},
    # what is converted is converted in one jail
    "read": {"sandbox", "convert"},
    # a plan from outside is opened by the reader's guards, and compared with the year's folder
    "import": {"read", "sandbox", "plan", "rubric"},
    # mail is taken apart in the sandbox, which says how files come out of it
    "parse": {"sandbox"},
    # the loader of rules knows the defects the mail parser can report
    "rule": {"parse"},
    # both read the year's folder by the same TOML reader
    "rubric": {"plan"},
    "settings": {"plan"},
    # next year's folder is read back by the loaders that will read it
    "roll": {"plan", "rubric"},
    "language": {"plan"},
    # our outgoing mail has one shape, whatever carries it
    "exchange": {"outgoing"},
    "imap": {"outgoing"},
    # one process at a time speaks to the mailbox
    "late": {"turnstile"},
}

#: library → the files (under src/songthan, or flows) that may import it
OWNERS = {
    "exchangelib": ("adapters/exchange",),
    "imapclient": ("adapters/imap",),
    "docxtpl": ("adapters/render_",),
    # fields are read where PDFs are read, pages are put together where bundles are
    "pypdf": ("adapters/assemble_", "adapters/read_pdf_fields.py"),
    "segno": ("adapters/render_", "adapters/assemble_code.py"),
    "zxingcpp": ("adapters/read_scan",),
    "prefect": ("adapters/prefect_server.py", "flows/"),
    "sqlite_utils": ("adapters/ledger.py",),
    "pyhanko": ("adapters/sign_", "practice/"),
    "pyhanko_certvalidator": ("adapters/sign_", "practice/"),
    "cryptography": ("adapters/bundle_records.py", "practice/"),
    "pkcs11": ("adapters/sign_token.py",),
    "pdfplumber": ("adapters/read_pdf",),
    "holidays": ("adapters/plan_holidays.py",),
    "requests": ("adapters/exchange",),
    "spnego": ("practice/exchange/authentication.py",),
}


@cache
def imports(path: Path, *, types: bool = True) -> tuple[str, ...]:
    """Every module a file imports, relative imports as «.»; also what it imports inside functions.

    `types` False leaves out what stands under `if TYPE_CHECKING`: it is never imported when the program runs.
    """
    found: list[str] = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    unseen = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            unseen |= {id(child) for statement in node.body for child in ast.walk(statement)}
    for node in ast.walk(tree):
        if not types and id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            # «from songthan.adapters import blobs» names a module too
            found += [base] + [f"{base}.{alias.name}" for alias in node.names if base.startswith("songthan")]
    return tuple(found)


def sources(*parts: str) -> list[Path]:
    found = [p for part in parts or ("",) for p in sorted((PACKAGE / part).rglob("*.py"))]
    return found + [PACKAGE / f"{part}.py" for part in parts if (PACKAGE / f"{part}.py").exists()]


def part_of(module: str) -> str:
    return module.split(".")[1] if module.count(".") else ""


def outside(path: Path) -> Iterator[str]:
    """Top names of imported modules that are neither ours nor the standard library's."""
    for module in imports(path):
        top = module.split(".")[0]
        if top and top != "songthan" and top not in sys.stdlib_module_names:
            yield top


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else ROOT))


def test_the_reader_of_imports_sees_them() -> None:
    """Guards the guard: an import inside a function, and «from songthan.adapters import x»."""
    seen = imports(PACKAGE / "adapters" / "bundle_press.py")
    assert "songthan.adapters.assemble_pdf" in seen and "pypdfium2" in seen
    assert len(sources()) > 80 and all(sources(part) for part in FLOORS)


@pytest.mark.parametrize("part", FLOORS)
def test_imports_point_down(part: str) -> None:
    wrong = [
        (name(path), module)
        for path in sources(part)
        for module in imports(path)
        if module.startswith("songthan.") and part_of(module) not in FLOORS[part] | {part}
    ]
    assert not wrong


@pytest.mark.parametrize("part", ["domain", "ports", "steps"])
def test_the_upper_rooms_use_no_library(part: str) -> None:
    assert not [(name(p), top) for p in sources(part) for top in outside(p)]


def test_no_relative_imports() -> None:
    assert not [(name(p), m) for p in [*sources(), *FLOWS.glob("*.py")] for m in imports(p) if m.startswith(".")]


def test_only_the_workspace_imports_adapters() -> None:
    allowed = (PACKAGE / "workspace.py", PACKAGE / "workspace_mailbox.py", PACKAGE / "testing", PACKAGE / "adapters")
    wrong = [
        (name(p), m)
        for p in [*sources(), *FLOWS.glob("*.py")]
        if not any(p.is_relative_to(a) for a in allowed)
        for m in imports(p, types=False)
        if m.startswith("songthan.adapters")
    ]
    assert not wrong


def test_only_the_preview_uses_a_twin() -> None:
    """`songthan preview` sends nowhere: it writes to the mailbox in memory."""
    users = {name(p) for p in sources() for m in imports(p) if m.startswith("songthan.testing")}
    assert {user for user in users if not user.startswith("testing/")} <= {"commands/preview.py"}


def test_adapters_lean_only_on_their_own_family_and_named_siblings() -> None:
    wrong = []
    for path in sources("adapters"):
        family = path.stem.split("_")[0]
        for module in imports(path):
            pieces = module.split(".")
            if module.startswith("songthan.adapters.") and len(pieces) > 2:
                other = pieces[2].split("_")[0]
                if other != family and other not in SIBLINGS.get(family, set()):
                    wrong.append((name(path), module))
    assert not wrong


def test_the_exchange_and_the_cast_do_not_know_each_other() -> None:
    cast = [(name(p), m) for p in sources("practice/cast") for m in imports(p) if m.startswith("songthan.practice.exchange")]
    exchange = [(name(p), m) for p in sources("practice/exchange") for m in imports(p) if m.startswith("songthan.practice.cast")]
    assert not cast and not exchange


def test_flows_hold_no_logic_of_their_own() -> None:
    mine = {p.stem for p in FLOWS.glob("*.py")}
    assert mine and not (FLOWS / "__init__.py").exists()
    for path in FLOWS.glob("*.py"):
        for module in imports(path):
            top = module.split(".")[0]
            ok = top in sys.stdlib_module_names or top == "prefect" or module in mine or module == "songthan"
            ok = ok or module.startswith(("songthan.steps", "songthan.workspace"))
            assert ok, (path.name, module)


@pytest.mark.parametrize("library", OWNERS)
def test_one_library_one_owner(library: str) -> None:
    users = {name(p) for p in [*sources(), *FLOWS.glob("*.py")] if library in outside(p)}
    assert users, "the owner is gone: mend this table"
    assert not [user for user in users if not user.startswith(OWNERS[library])]


def test_no_file_is_too_long_and_none_is_a_drawer() -> None:
    for path in [*sources(), *FLOWS.glob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "scripts").glob("*.py")]:
        assert path.name not in ("utils.py", "helpers.py", "common.py", "misc.py"), path
        assert len(path.read_text(encoding="utf-8").splitlines()) < 500, path
