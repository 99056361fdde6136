"""What runs while a rehearsal lasts: the practice Exchange, the cast, a Prefect server and the driver of the real flows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from songthan import practice_world, workspace
from songthan.domain.errors import EnvironmentNotReady
from songthan.domain.ladders import Ladder, ladder_for
from songthan.domain.plans import Deadline
from songthan.domain.thai import to_thai_digits
from songthan.rehearsal_view import View
from songthan.steps.office import Office

OPENING = clock_time(8, 30)
SEED = 2566


@dataclass(kw_only=True)
class Cast:
    """The simulated people, a process of their own, spoken to line by line."""

    process: subprocess.Popen[str]

    def step(self, now: datetime) -> dict[str, Any]:
        """Let everybody do what is due at `now`."""
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps({"now": now.isoformat()}) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise EnvironmentNotReady(
                "ตัวละครจำลองหยุดทำงาน", where="songthan.practice.cast", remedy="ดูแฟ้ม practice/cast.log แล้วเริ่มใหม่บนโฟลเดอร์เดิม"
            )
        answer = json.loads(line)
        if answer.get("error"):
            raise EnvironmentNotReady(f"ตัวละครจำลองแจ้งว่า {answer['error']}", where="songthan.practice.cast")
        return answer

    def stop(self) -> None:
        """Let them go home."""
        if self.process.stdin and self.process.poll() is None:
            try:
                self.process.stdin.write(json.dumps({"quit": True}) + "\n")
                self.process.stdin.close()
                self.process.wait(10)
            except (BrokenPipeError, subprocess.TimeoutExpired):
                self.process.kill()


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs while the play lasts; `deadlines` are played on one clock, `ladders` by their id."""

    office: Office
    deadlines: tuple[Deadline, ...]
    ladders: Mapping[str, Ladder]
    clock: Any
    cast: Cast
    driver: Any
    state: Path
    dashboard: str


@contextmanager
def set_stage(root: Path, state: Path, deadlines: tuple[Deadline, ...], view: View) -> Iterator[Stage]:
    """Servers, cast and deployments, up as long as the block runs, ended with it whatever happens."""
    fontconfig = workspace.default_fontconfig()
    with ExitStack() as stack:
        server = workspace.launch_prefect(state)
        stack.callback(server.stop)
        settings = workspace.load_settings(root)
        plan = workspace.load_plan(settings.folder("plan"))
        workspace.speak(settings, plan)
        calendar = workspace.load_calendar(plan)
        ladders = {d.id: ladder_for(d, calendar) for d in deadlines}
        clock = workspace.FileClock(state / "clock.txt")
        clock.set(calendar.at(min(ladder.opens for ladder in ladders.values()), OPENING))
        forms = workspace.load_forms(settings).values()
        world = practice_world.lay_down(plan, state, fontconfig=fontconfig, forms=forms)
        running = stack.enter_context(practice_world.exchange(state, clock=clock.path))
        cast = _start_cast(world, running.base)
        stack.callback(cast.stop)
        office = workspace.office_for(str(root), str(state))
        cast.step(clock.now())
        trust_director(state)
        workspace.wait_healthy(server)
        count = to_thai_digits(len(plan.deadlines))
        view.say(f"Prefect พร้อมแล้ว ลงทะเบียนกำหนดส่งทั้ง {count} รายการเป็น deployment")
        driver = workspace.flow_driver(root, state)
        stack.callback(driver.close)
        yield Stage(
            office=office, deadlines=deadlines, ladders=ladders, clock=clock, cast=cast, driver=driver, state=state,
            dashboard=server.url,
        )  # fmt: skip


def _start_cast(world: Path, base: str) -> Cast:
    folder = world / "cast"
    folder.mkdir(exist_ok=True)
    log = (world / "cast.log").open("ab")
    process = subprocess.Popen(
        [
            sys.executable, "-m", "songthan.practice.cast", "--exchange", base, "--people", str(world / "people.json"),
            "--state", str(folder), "--seed", str(SEED),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        encoding="utf-8",
    )  # fmt: skip
    log.close()
    return Cast(process=process)


def trust_director(state: Path) -> None:
    """The director handed his root certificate over in person, once."""
    root = state / "practice" / "cast" / "certs" / "root.pem"
    target = state / "trust" / "director-root.pem"
    if root.exists() and not target.exists():
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(root.read_bytes())
