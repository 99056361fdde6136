"""`songthan up` and `down` for real: servers, credentials, schedules, a kill -9 of everything, and up again."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.real


def songthan(workspace: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SONGTHAN_WORKSPACE": str(workspace)}
    command = [sys.executable, "-m", "songthan.cli", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    for name in ("plans", "templates", "inbox_rules", "flows"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = (ROOT / "songthan.toml").read_text(encoding="utf-8")
    assert "port = 4200" in settings
    (tmp_path / "songthan.toml").write_text(settings.replace("port = 4200", f"port = {port}"), encoding="utf-8")
    yield tmp_path
    songthan(tmp_path, "down")


class Api:
    """The server's API as the secretary's browser sees it."""

    def __init__(self, workspace: Path) -> None:
        self.credential = workspace / "state/prefect/credential"
        running = json.loads((workspace / "state/run/live.json").read_text())
        self.base = f"http://127.0.0.1:{running['port']}/api"
        self.pids = {name: running[name] for name in ("prefect", "exchange", "flows")}

    def ask(self, path: str, body: dict | None = None, *, login: bool = True, csrf: bool = True) -> object:
        headers = {"Content-Type": "application/json"}
        if login:
            key = base64.b64encode(self.credential.read_bytes().strip()).decode()
            headers["Authorization"] = f"Basic {key}"
        if body is not None and csrf:
            token = self.ask("/csrf-token?client=test", login=login)
            headers |= {"Prefect-Csrf-Token": token["token"], "Prefect-Csrf-Client": "test"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def refused(self, path: str, body: dict | None = None, **how: bool) -> int:
        with pytest.raises(urllib.error.HTTPError) as caught:
            self.ask(path, body, **how)
        return caught.value.code


def next_runs(api: Api) -> dict[str, str]:
    """Deadline id → when its flow runs next, waiting until the scheduler has looked at all six."""
    deployments = {d["id"]: d for d in api.ask("/deployments/filter", {})}
    deadlines = {i: d["parameters"]["deadline"] for i, d in deployments.items() if "deadline" in d["parameters"]}
    give_up = time.monotonic() + 90
    while True:
        body = {"sort": "EXPECTED_START_TIME_ASC", "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        found: dict[str, str] = {}
        for deployment, deadline in deadlines.items():
            runs = api.ask("/flow_runs/filter", {**body, "deployments": {"id": {"any_": [deployment]}}, "limit": 1})
            if runs:
                found[deadline] = runs[0]["expected_start_time"]
        if len(found) == len(deadlines) or time.monotonic() > give_up:
            return found
        # the scheduler of the real server wakes up on its own time; nothing here can hurry it
        signal.sigtimedwait([], 1.0)


def test_up_kill_up_down(workspace: Path) -> None:
    first = songthan(workspace, "up")
    assert first.returncode == 0, first.stderr
    assert "ระบบซ้อม" in first.stdout
    api = Api(workspace)
    assert first.stdout.strip().splitlines()[-1] == api.base.removesuffix("/api")

    assert stat.S_IMODE(api.credential.stat().st_mode) == 0o600
    assert api.refused("/admin/settings", login=False) == 401
    assert api.refused("/deployments/count", {}, csrf=False) == 403
    assert api.ask("/admin/settings")["server"]["analytics_enabled"] is False

    deployments = api.ask("/deployments/filter", {})
    assert len(deployments) == 12
    assert all(any("\u0e00" <= c <= "\u0e7f" for c in d["name"]) for d in deployments if d["name"][0] not in "F")
    limits = {d["parameters"].get("deadline"): d["global_concurrency_limit"]["limit"] for d in deployments[:] if
              "deadline" in d["parameters"]}  # fmt: skip
    assert set(limits) == {"2566-q2", "2566-review", "2566-official", "2566-q3", "2566-july", "2566-q4"}
    assert set(limits.values()) == {1}
    assert set(next_runs(api)) == set(limits)

    again = songthan(workspace, "up")
    assert again.returncode == 0 and Api(workspace).pids == api.pids

    for pid in api.pids.values():
        os.killpg(pid, signal.SIGKILL)
    third = songthan(workspace, "up")
    assert third.returncode == 0, third.stderr
    revived = Api(workspace)
    assert not set(revived.pids.values()) & set(api.pids.values())
    assert len(revived.ask("/deployments/filter", {})) == 12

    stopped = songthan(workspace, "down")
    assert stopped.returncode == 0
    assert "Prefect" in stopped.stdout
    with pytest.raises(urllib.error.URLError):
        revived.ask("/health")
    assert "ไม่มีอะไรทำงานอยู่" in songthan(workspace, "down").stdout
