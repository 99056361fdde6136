"""`songthan up` and `down`: the Prefect server, the flows and, in a practice workspace, the practice Exchange.

Each is a process of its own that outlives the command; `state/run/live.json` says which. Nothing is lost when one of them
is killed: whatever they know lies in the ledger, the blobs and the mailbox, and `up` starts what is missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from songthan import practice_world, workspace
from songthan.domain.errors import EnvironmentNotReady
from songthan.domain.ladders import ladder_for

#: How long the flows' server may take to register its deployments.
READY_WITHIN_S = 90.0
#: Deployments beside the deadlines: intake, digest, watch, the secretary's three decisions (flows/serve_deadlines.py).
OFFICE_FLOWS = 6


@dataclass(frozen=True, kw_only=True)
class Running:
    """What `up` says at the end."""

    dashboard: str
    credential_file: str
    practice: bool
    deployments: int
    started: bool


def up(root: Path, state: Path | None) -> Running:
    """Start whatever of the workspace does not run; safe to repeat. Refused while another state folder works the mailbox."""
    folder = workspace.state_folder(workspace.load_settings(root), state)
    with workspace.claimed(root, folder):
        return _up(root, folder)


def _up(root: Path, folder: Path) -> Running:
    settings = workspace.load_settings(root)
    plan = workspace.load_plan(settings.folder("plan"))
    practice = settings.mailbox.kind == "practice"
    run = folder / "run"
    run.mkdir(exist_ok=True)
    running = _read(run)
    if practice and not (folder / "clock.json").exists():
        workspace.write_clock(folder, kind="shifted", weeks=_practice_weeks(plan))
    workspace.open_office(root, folder).ledger.close()
    started = False
    try:
        if not _alive(running, "prefect"):
            server = workspace.launch_prefect(folder, port=settings.dashboard.port, outlive=True)
            started = True
            running["port"] = server.port
            _note(run, running, "prefect", server.process.pid)
            workspace.wait_healthy(server)
        else:
            workspace.point_at_prefect(folder, int(running["port"]))
        if practice and not _alive(running, "exchange"):
            practice_world.lay_down(plan, folder, fontconfig=workspace.default_fontconfig())
            exchange = practice_world.start_exchange(
                folder, clock=None, port=settings.practice.mailbox_port, outlive=True
            )
            started = True
            _note(run, running, "exchange", exchange.pid)
        if not _alive(running, "flows"):
            started = True
            _note(run, running, "flows", _start_flows(settings.folder("flows"), root, folder, run))
        count = _wait_for_deployments(folder, running, len(plan.deadlines))
    except BaseException:
        # half a start is none: what this call started is ended again
        if started:
            down(root, folder)
        raise
    return Running(
        dashboard=f"http://127.0.0.1:{running['port']}",
        credential_file=str(folder / "prefect" / "credential"),
        practice=practice,
        deployments=count,
        started=started,
    )


def down(root: Path, state: Path | None) -> list[str]:
    """Stop what `up` started; returns the names of what was running."""
    folder = workspace.state_folder(workspace.load_settings(root), state)
    run = folder / "run"
    running = _read(run)
    stopped = []
    for name in ("flows", "exchange", "prefect"):
        if _alive(running, name):
            workspace.end_group(int(running[name]))
            stopped.append(name)
    (run / "live.json").unlink(missing_ok=True)
    if "exchange" in stopped:
        (folder / "practice" / "running.json").unlink(missing_ok=True)
    return stopped


def dashboard(root: Path, state: Path, *, port: int | None = None) -> None:
    """Only the Prefect server of a state folder, in the foreground until interrupted: a rehearsal's history to look at."""
    if not (state / "prefect" / "prefect.db").exists():
        raise EnvironmentNotReady(
            "โฟลเดอร์นี้ยังไม่มีประวัติของ Prefect", where=str(state), remedy="ซ้อมก่อนด้วย make demo หรือ songthan rehearse 2566-q2"
        )
    settings = workspace.load_settings(root)
    server = workspace.launch_prefect(state, port=port or settings.dashboard.port)
    try:
        workspace.wait_healthy(server)
        print(f"เปิดหน้าแดชบอร์ดที่ {server.url}")
        print(f"รหัสเข้าใช้ (วางทั้งบรรทัด) อยู่ในแฟ้ม {state / 'prefect' / 'credential'}")
        print("กด Ctrl-C เพื่อปิด", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.process.wait()
    finally:
        server.stop()


def _practice_weeks(plan: object) -> int:
    """Whole weeks from now to the plan's first opening: a practice year starts in the week before it."""
    calendar = workspace.load_calendar(plan)
    first = min(ladder_for(d, calendar).opens for d in plan.deadlines)
    now = datetime.now(UTC)
    start = datetime.combine(first, datetime.min.time(), tzinfo=UTC) - timedelta(days=1)
    return (start - now) // timedelta(weeks=1)


def _start_flows(flows: Path, root: Path, state: Path, run: Path) -> int:
    """The process that serves every deployment; its runs are started by Prefect's schedules."""
    script = flows / "serve_deadlines.py"
    if not script.exists():
        raise EnvironmentNotReady("ไม่พบโฟลเดอร์ flows", where=str(script), remedy="แก้ flows ใน songthan.toml หรือคัดลอกโฟลเดอร์ flows มาไว้ในพื้นที่ทำงาน")
    with (run / "flows.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, str(script), str(root), str(state)],
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return process.pid


def _wait_for_deployments(state: Path, running: dict, expected: int) -> int:
    """How many deployments the server knows, once every deadline's is there."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        count = workspace.count_deployments(state, int(running["port"]))
        if count >= expected + OFFICE_FLOWS:
            return count
        if not _alive(running, "flows"):
            break
        time.sleep(0.5)
    raise EnvironmentNotReady(
        "กระบวนการที่เดินงานตามกำหนดเริ่มไม่สำเร็จ",
        where=str(state / "run" / "flows.log"),
        remedy="อ่านบรรทัดท้ายของแฟ้มนี้ แล้วลอง songthan up อีกครั้ง",
    )


def _identity(pid: int) -> str:
    """The process's start time in the kernel's ticks, «» when it is gone or a zombie: numbers are used again."""
    try:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except OSError:
        return ""


def _alive(running: dict, name: str) -> bool:
    """Does the process we started under this name still run?"""
    pid, identity = running.get(name), running.get(f"{name}_started")
    return isinstance(pid, int) and bool(identity) and _identity(pid) == identity


def _note(run: Path, running: dict, name: str, pid: int) -> None:
    """Remember a process we started."""
    running[name], running[f"{name}_started"] = pid, _identity(pid)
    _write(run, running)


def _read(run: Path) -> dict:
    try:
        return dict(json.loads((run / "live.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write(run: Path, running: dict) -> None:
    new = run / "live.json.new"
    new.write_text(json.dumps(running), encoding="utf-8")
    os.replace(new, run / "live.json")
