"""A Prefect server of our own: loopback, private credential, no analytics; and flow runs of our deployments.

Prefect reads its settings from the environment when it is first imported, so this module imports it late.
"""

from __future__ import annotations

import base64
import contextlib
import importlib
import importlib.util
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from songthan.domain.errors import EnvironmentNotReady

HOST = "127.0.0.1"
#: A fresh database takes about ten seconds on two cores; a busy machine several times that.
HEALTHY_WITHIN_S = 90.0


def free_port() -> int:
    """Any free port of this machine's loopback."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def refuse_taken_port(port: int) -> None:
    """EnvironmentNotReady when somebody listens on `port` already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise EnvironmentNotReady(
                f"พอร์ต {port} มีโปรแกรมอื่นใช้อยู่",
                where=f"{HOST}:{port}",
                remedy="ปิดโปรแกรมนั้น (หรือ songthan down) หรือเปลี่ยน port ใน songthan.toml [dashboard]",
            ) from error


def credential(home: Path) -> str:
    """`songthan:<secret>`, generated once into a file only its owner can read."""
    path = home / "credential"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("songthan:" + secrets.token_urlsafe(18))
    return path.read_text(encoding="ascii").strip()


def environment(home: Path, port: int, *, heartbeats: bool) -> dict[str, str]:
    """Prefect's settings for server and clients (the reasons stand in docs/decisions/0003)."""
    key = credential(home)
    found = {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_API_URL": f"http://{HOST}:{port}/api",
        "PREFECT_API_AUTH_STRING": key,
        "PREFECT_SERVER_API_AUTH_STRING": key,
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        # every deadline of the fiscal year shows its next run, not only those of the next hundred days
        "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_SCHEDULED_TIME": "P400D",
        "DO_NOT_TRACK": "1",
        # live, what a run did is told in the dashboard and the terminal shows only what went wrong; a rehearsal tells it
        # in its own account and spares the server the lines
        "PREFECT_LOGGING_LEVEL": "INFO" if heartbeats else "WARNING",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
        "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_CLI_PROMPT": "false",
        "NO_COLOR": "1",
    }
    if heartbeats:
        found["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] = "30"
    return found


@dataclass(kw_only=True)
class PrefectServer:
    """A running server. `url` is the dashboard's address."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """End the server and everything it started."""
        end_group(self.process.pid)
        self.process.wait()


def end_group(pid: int, *, patience_s: float = 3.0) -> None:
    """SIGTERM to the group that process `pid` leads, SIGKILL to what is left after `patience_s`.

    A process that leads no group is ended alone: its group is somebody else's.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        send = os.killpg if os.getpgid(pid) == pid else os.kill
        send(pid, signal.SIGTERM)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            send(pid, 0)
            time.sleep(0.05)
        send(pid, signal.SIGKILL)


def launch_server(home: Path, port: int, *, heartbeats: bool = False, outlive: bool = False) -> PrefectServer:
    """Start a server without waiting for it; see `wait_healthy`. It ends with us unless `outlive`."""
    refuse_taken_port(port)
    env = {**os.environ, **environment(home, port, heartbeats=heartbeats)}
    log = (home / "server.log").open("ab")
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    if not outlive:
        command = [sys.executable, "-c", _TETHER, *command]
    process = subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL if outlive else subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    log.close()
    return PrefectServer(home=home, port=port, process=process)


#: Runs a command; ends it when our end of its standard input closes (we died, killed or not), and ends with it.
_TETHER = """
import os, signal, subprocess, sys, threading
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
threading.Thread(target=lambda: os._exit(child.wait() or 1), daemon=True).start()
signal.signal(signal.SIGTERM, lambda *_: (child.terminate(), sys.exit(0)))
sys.stdin.buffer.read()
os.killpg(0, signal.SIGTERM)
"""


def wait_healthy(server: PrefectServer) -> None:
    """Return when the server answers; EnvironmentNotReady with the log's place when it does not."""
    # the wait is long enough to import the client's side of Prefect, which takes two seconds
    importlib.import_module("prefect.flow_engine")
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    key = base64.b64encode(credential(server.home).encode()).decode()
    request = urllib.request.Request(f"{server.url}/api/health", headers={"Authorization": f"Basic {key}"})
    while time.monotonic() < deadline and server.process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError),
            urllib.request.urlopen(request, timeout=2) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise EnvironmentNotReady(
        "เซิร์ฟเวอร์ Prefect ไม่ตอบ",
        where=str(server.home / "server.log"),
        remedy="อ่านบรรทัดท้ายของแฟ้มนี้ แล้วลองใหม่",
    )


def count_deployments(state: Path, port: int) -> int:
    """How many deployments the server of this state folder knows; 0 while it does not answer."""
    key = base64.b64encode(credential(state / "prefect").encode()).decode()
    request = urllib.request.Request(
        f"http://{HOST}:{port}/api/deployments/count",
        data=b"{}",
        headers={"Authorization": f"Basic {key}", "Content-Type": "application/json", **_csrf(port, key)},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(json.loads(answer.read()))
    except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError):
        return 0


def _csrf(port: int, key: str) -> dict[str, str]:
    """The headers a changing request must carry when CSRF protection is on."""
    client = "songthan"
    request = urllib.request.Request(
        f"http://{HOST}:{port}/api/csrf-token?client={client}", headers={"Authorization": f"Basic {key}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return {"Prefect-Csrf-Token": json.loads(answer.read())["token"], "Prefect-Csrf-Client": client}
    except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError, KeyError):
        return {}


def load_flows(folder: Path) -> ModuleType:
    """The module `serve_deadlines` of a flows folder (flows are no package: they are found by path)."""
    path = folder / "serve_deadlines.py"
    if not path.exists():
        raise EnvironmentNotReady("ไม่พบโฟลเดอร์ flows", where=str(path), remedy="แก้ flows ใน songthan.toml หรือคัดลอกโฟลเดอร์ flows มาไว้ในพื้นที่ทำงาน")
    spec = importlib.util.spec_from_file_location("songthan_flows", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


class FlowDriver:
    """Registers the deployments of a workspace and runs them in this process, as scheduled runs of the real server.

    The environment of Prefect must be set (see `environment`) before the first use in this process.
    """

    def __init__(self, flows: Path, workspace: str, state: str) -> None:
        from prefect.client.orchestration import get_client

        module = load_flows(flows)
        self._module = module
        self._client = get_client(sync_client=True)
        self._ids: dict[str, Any] = {}
        for deployment in module.deployments(workspace, state):
            # the driver is the schedule here: Prefect's own would only pile up late runs
            deployment.paused = True
            self._ids[self._name(deployment)] = deployment.apply()
        self.runs = 0

    @staticmethod
    def _name(deployment: Any) -> str:
        return str((deployment.parameters or {}).get("deadline") or deployment.flow_name)

    def run(self, name: str, **parameters: Any) -> bool:
        """One run of a deployment by its deadline's id or its flow's name; True when it completed."""
        from prefect.flow_engine import run_flow

        flow_run = self._client.create_flow_run_from_deployment(self._ids[name], parameters=parameters)
        flow = self._flow(name)
        self.runs += 1
        with _no_heartbeats():
            state = run_flow(flow, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")
        return bool(state.is_completed())

    def close(self) -> None:
        """Hand over what this process still has to tell; must come before the server stops, or the exit waits for it."""
        from prefect.events.worker import EventsWorker
        from prefect.logging.handlers import APILogWorker

        for worker in (APILogWorker, EventsWorker):
            worker.drain_all(timeout=10)

    def _flow(self, name: str) -> Any:
        flows = {f.name: f for f in vars(self._module).values() if hasattr(f, "to_deployment") and hasattr(f, "name")}
        return flows.get(name) or flows["เดินงานตามกำหนด"]


def _no_heartbeats() -> contextlib.AbstractContextManager[object]:
    """A run in this process dies with it: waiting a second a run for the heartbeat thread would tell nobody anything."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    if PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() is None:
        # none to switch off; writing Prefect's settings anew costs a twentieth of a second each time
        return contextlib.nullcontext()
    return temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None})


def read_running(path: Path) -> dict[str, Any]:
    """A running.json of ours, or an empty dictionary."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
