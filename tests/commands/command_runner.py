"""Runs a command in this process, or as a real program, on the checkout's own workspace or on another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from songthan.cli import main

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: object, workspace: Path = ROOT, stdin: str | bytes | None = None) -> Result:
    """One command through click's runner; standard output and error are kept apart."""
    runner = CliRunner(env={"SONGTHAN_WORKSPACE": str(workspace), "COLUMNS": "100"})
    return runner.invoke(main, [str(a) for a in arguments], input=stdin)


def run_json(*arguments: object, **more) -> tuple[int, object]:
    """Exit code and the one JSON document on standard output."""
    result = run(*arguments, "--json", **more)
    return result.exit_code, json.loads(result.stdout)


def program(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`songthan …` as a real program, without a named workspace."""
    env = {k: v for k, v in os.environ.items() if k not in ("SONGTHAN_WORKSPACE", "SONGTHAN_DEBUG")}
    return subprocess.run(
        [sys.executable, "-m", "songthan.cli", *map(str, arguments)],
        cwd=cwd,
        env={**env, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
