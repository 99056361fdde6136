"""The benchmarks still fit the product: every name they take from it is there. (What they measure is not tested.)"""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.parametrize("path", sorted(BENCHMARKS.glob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_imports_is_there(path: Path) -> None:
    nodes = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ImportFrom)]
    mine = [(n.module, alias.name) for n in nodes if (n.module or "").startswith("songthan") for alias in n.names]
    missing = []
    for module, name in mine:
        taken = importlib.import_module(module)
        # a module of a package is imported by the statement itself
        if not hasattr(taken, name) and not (Path(taken.__file__ or "").parent / f"{name}.py").is_file():
            missing.append(f"{module}.{name}")
    assert missing == []
