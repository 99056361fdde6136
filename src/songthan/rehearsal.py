"""The whole cycle on a simulated clock: the practice Exchange, the cast, a real Prefect server and the real flows.

Killed anywhere and started again on the same state folder, it goes on where it was: the clock, the mailboxes, the ledger
and the cast's memory all lie there, and nothing is done twice.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from songthan import practice_world, workspace
from songthan.domain.errors import DataError, EnvironmentNotReady, UsageError
from songthan.domain.ladders import Ladder, ladder_for
from songthan.domain.language import say
from songthan.domain.plans import Deadline
from songthan.practice.exchange import read_log
from songthan.rehearsal_view import View
from songthan.steps.advance import next_batches
from songthan.steps.holds import needs_values
from songthan.steps.office import Office

MORNING = clock_time(8, 35)
CLOSING = clock_time(16, 30)
#: How long after the external date the play goes on for a late receipt.
AFTERPLAY = timedelta(days=10)
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


def check_before(root: Path, deadline_id: str) -> Deadline:
    """Everything that can be wrong is found before a folder is made or a process started."""
    settings = workspace.load_settings(root)
    plan = workspace.load_plan(settings.folder("plan"))
    try:
        deadline = plan.deadline(deadline_id)
    except KeyError as error:
        known = ", ".join(d.id for d in plan.deadlines)
        raise UsageError(f"ไม่มีกำหนดส่ง «{deadline_id}» ในแผน", where="songthan rehearse", remedy=f"ใช้หนึ่งใน: {known}") from error
    forms = workspace.load_forms(settings)
    missing = [f for f in deadline.forms if f not in forms]
    if missing:
        raise DataError(
            f"ยังไม่มีแม่แบบของแบบ {', '.join(missing).upper()} จึงซ้อมกำหนดส่งนี้ไม่ได้",
            where=str(settings.folder("templates") / "docx"),
            remedy="วางแม่แบบ .docx และ .toml ของแบบนี้ หรือซ้อมกำหนดส่งที่ใช้แบบ F3 เช่น 2566-q2",
        )
    faults = workspace.check_form_templates(settings, deadline.forms)
    if faults:
        raise DataError(
            faults[0].th,
            where=faults[0].where,
            remedy=f"{faults[0].remedy} (พบ {len(faults)} ข้อ ดูทั้งหมดด้วย songthan form check)",
        )
    workspace.load_rules(settings.folder("inbox_rules"))
    if shutil.which("soffice") is None:
        raise EnvironmentNotReady(
            "ไม่พบ LibreOffice (โปรแกรม soffice)",
            where="PATH",
            remedy="ติดตั้งด้วย make setup หรือ apt-get install libreoffice-writer-nogui",
        )
    return deadline


def new_state(root: Path, deadline_id: str) -> Path:
    """A new folder for a rehearsal under the workspace's state folder."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return workspace.load_settings(root).folder("state") / f"rehearsal-{deadline_id}-{stamp}"


def rehearse(root: Path, deadline_id: str, state: Path, *, view: View, watch: bool = False) -> dict[str, object]:
    """Play one deadline from its opening to the receipt; returns the counts DESIGN names."""
    started = time.monotonic()
    deadline = check_before(root, deadline_id)
    workspace.state_folder(workspace.load_settings(root), state)
    workspace.write_clock(state, kind="file")
    view.say("เตรียมเซิร์ฟเวอร์จดหมายซ้อม ตัวละคร และ Prefect")
    with _stage(root, state, deadline, view) as stage:
        ticks = _Play(stage=stage, view=view, watch=watch).run()
        result = _result(stage, ticks=ticks, wall_s=round(time.monotonic() - started, 1))
        (state / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return result


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs while the play lasts."""

    office: Office
    deadline: Deadline
    ladder: Ladder
    clock: Any
    cast: Cast
    driver: Any
    state: Path
    dashboard: str


@contextmanager
def _stage(root: Path, state: Path, deadline: Deadline, view: View) -> Iterator[Stage]:
    """Servers, cast and deployments, up as long as the block runs, ended with it whatever happens."""
    fontconfig = workspace.default_fontconfig()
    with ExitStack() as stack:
        server = workspace.launch_prefect(state)
        stack.callback(server.stop)
        plan = workspace.load_plan(workspace.load_settings(root).folder("plan"))
        calendar = workspace.load_calendar(plan)
        ladder = ladder_for(deadline, calendar)
        clock = workspace.FileClock(state / "clock.txt")
        clock.set(calendar.at(ladder.opens, clock_time(8, 30)))
        world = practice_world.lay_down(plan, state, fontconfig=fontconfig)
        running = stack.enter_context(practice_world.exchange(state, clock=clock.path))
        cast = _start_cast(world, running.base)
        stack.callback(cast.stop)
        office = workspace.office_for(str(root), str(state))
        workspace.wait_healthy(server)
        view.say("Prefect พร้อมแล้ว ลงทะเบียนกำหนดส่งทั้งหกเป็น deployment")
        driver = workspace.flow_driver(root, state)
        stack.callback(driver.close)
        cast.step(clock.now())
        _trust_director(world, state)
        yield Stage(
            office=office, deadline=deadline, ladder=ladder, clock=clock, cast=cast, driver=driver, state=state,
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


def _trust_director(world: Path, state: Path) -> None:
    """The director handed his root certificate over in person, once."""
    root = world / "cast" / "certs" / "root.pem"
    target = state / "trust" / "director-root.pem"
    if root.exists() and not target.exists():
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(root.read_bytes())


@dataclass(kw_only=True)
class _Play:
    stage: Stage
    view: View
    watch: bool
    ticks: int = 0
    digest_day: str = ""

    def run(self) -> int:
        """From where the clock stands to the receipt; returns the number of ticks."""
        stage = self.stage
        end = stage.office.calendar.at(stage.ladder.external, CLOSING) + AFTERPLAY
        while stage.clock.now() <= end:
            upcoming = self._moment()
            state = stage.office.ledger.deadline_state(stage.deadline.id).value
            if state == "ACKNOWLEDGED":
                # the last word on the dashboard is the receipt
                self._run(stage.deadline.id)
                break
            stage.clock.set(self._next(upcoming))
        _trust_director(stage.state / "practice", stage.state)
        return self.ticks

    def _moment(self) -> datetime | None:
        """Everything that happens at one time of the clock; returns when the cast wants to act next."""
        stage, now = self.stage, self.stage.clock.now()
        local = stage.office.calendar.local(now)
        self.view.moment(local)
        working = stage.office.calendar.is_working_day(local.date())
        if working and self.digest_day != local.date().isoformat() and local.time() >= MORNING:
            self.digest_day = local.date().isoformat()
            self._run("สรุปประจำวัน")
        upcoming = None
        for _ in range(4):
            answer = stage.cast.step(now)
            for act in answer["acts"]:
                self.view.act(self._named(str(act["who"])), str(act["what_th"]))
            upcoming = answer["next"]
            busy = self._mail() or self._advance()
            if not busy and not answer["acts"]:
                break
        self.view.table(stage.office, stage.deadline)
        if self.watch:
            time.sleep(0.6)
        return datetime.fromisoformat(upcoming) if upcoming else None

    def _named(self, who: str) -> str:
        """Who acted, by name."""
        roster = self.stage.office.plan.roster
        others = {"registry": roster.registry.name, "stranger": "คนแปลกหน้า"}
        return others.get(who) or next((m.full_name for m in roster.members if m.id == who), who)

    def _mail(self) -> bool:
        """Take in what came; then the secretary looks at what waits for her."""
        mailbox, ledger = self.stage.office.mailbox, self.stage.office.ledger
        waiting = any(True for _ in mailbox.new_messages(ledger.inbox.known_ids()))
        if waiting or ledger.inbox.unfinished():
            before = ledger.inbox.counts()["all"]
            self._run("รับจดหมายเข้า")
            self.view.mail(ledger.inbox.latest(max(1, ledger.inbox.counts()["all"] - before)))
        decided = [self._decide(row) for row in ledger.inbox.holds()]
        return waiting or bool(decided)

    def _decide(self, row: dict[str, object]) -> None:
        """The secretary of the play: she telephones, compares, and says what she decided and why."""
        decision, reason = secretary_decides(row)
        if decision == "accept" and needs_values(self.stage.office, int(str(row["id"]))):
            decision, reason = "reject", say("อ่านบางช่องไม่ได้แน่ชัด โทรศัพท์ขอให้ส่งเป็นไฟล์ Word ใหม่แล้ว")
        self.view.decision(row, decision, reason)
        self._run("วินิจฉัยจดหมายที่พักไว้", mail=row["id"], decision=decision, reason=reason)

    def _advance(self) -> bool:
        stage = self.stage
        due = next_batches(stage.office, stage.deadline.id)
        if not due and not stage.office.ledger.outbox.unsent():
            return False
        for batch in due:
            self.view.batch(batch.title)
        self._run(stage.deadline.id)
        return True

    def _run(self, name: str, **parameters: Any) -> None:
        self.ticks += 1
        if not self.stage.driver.run(name, **parameters):
            self.view.say(f"งาน {name} ไม่สำเร็จ จะลองใหม่ในรอบถัดไป (ดูรายละเอียดใน Prefect)")

    def _next(self, upcoming: datetime | None) -> datetime:
        """The next time anything can happen: the cast's wish (rounded up to the hour), a working morning, the cut."""
        office, now = self.stage.office, self.stage.clock.now()
        local = office.calendar.local(now)
        morning = office.calendar.at(office.calendar.on_or_after(local.date() + timedelta(days=1)), MORNING)
        if local.time() < MORNING and office.calendar.is_working_day(local.date()):
            morning = office.calendar.at(local.date(), MORNING)
        times = [morning]
        if self.stage.ladder.cut > now:
            times.append(self.stage.ladder.cut)
        if upcoming is not None:
            wish = office.calendar.local(upcoming)
            full = wish.replace(minute=0, second=0, microsecond=0)
            rounded = full if full == wish else full + timedelta(hours=1)
            closing = office.calendar.at(wish.date(), CLOSING)
            times.append(max(min(rounded, closing) if wish <= closing else rounded, now + timedelta(minutes=10)))
        return min(times)


def secretary_decides(row: dict[str, object]) -> tuple[str, str]:
    """What the play's secretary says of a held mail, by the rule that held it."""
    rule = str(row["rule"])
    if row["route"] == "quarantine":
        return "reject", say("สอบถามเจ้าตัวแล้ว ยืนยันว่าไม่ได้ส่งจดหมายฉบับนี้")
    if rule.startswith(("32_", "33_")):
        return "accept", say("โทรศัพท์ยืนยันกับเจ้าตัวแล้วว่าส่งจากที่อยู่ส่วนตัว")
    if rule.startswith("59_"):
        return "accept", say("เปิดไฟล์เทียบกับค่าที่อ่านได้แล้ว ตรงกัน")
    return "reject", say("ตรวจแล้ว ไม่มีข้อมูลที่ต้องใช้")


def _result(stage: Stage, *, ticks: int, wall_s: float) -> dict[str, object]:
    """The figures DESIGN and the issue name."""
    office, deadline = stage.office, stage.deadline.id
    rows = office.ledger.assignment_rows(deadline)
    states = Counter(str(r["state"]) for r in rows)
    counts = office.ledger.inbox.counts()
    bundle = office.ledger.bundles.latest(deadline) or {}
    folder = stage.state / str(bundle["folder"]) if bundle else None
    report = office.press.verify(folder, roots=office.trust_roots()) if folder else None
    checks = {c.name: c.ok for c in report.checks} if report else {}
    sent = Counter(e["key"] for e in read_log(stage.state / "practice" / "log.jsonl") if e["event"] == "sent" and e["key"])
    return {
        "deadline": deadline,
        "state": office.ledger.deadline_state(deadline).value,
        "asked": sum(1 for r in rows if r["asked_on"]),
        "accepted": states["ACCEPTED"],
        "corrected": sum(1 for r in rows if r["corrections"]),
        "lapsed": states["LAPSED"],
        "held": counts.get("hold", 0),
        "quarantined": counts.get("quarantine", 0),
        "noted": counts.get("note", 0),
        "mails_out": sum(sent.values()),
        "duplicates": sum(n - 1 for n in sent.values()),
        "mailbox_count": office.mailbox.count(),
        "ledger_count": counts["all"],
        "bundle_dir": str(folder) if folder else None,
        "signature_valid": bool(checks.get("signature")) and bool(report and report.ok),
        "submitted_at": bundle.get("submitted_at"),
        "receipt": bundle.get("receipt"),
        "wall_s": wall_s,
        "ticks": ticks,
        "state_dir": str(stage.state),
        "pdf": str(folder / ("signed.pdf" if (folder / "signed.pdf").exists() else "bundle.pdf")) if folder else None,
    }
