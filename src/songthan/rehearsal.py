"""The whole cycle on a simulated clock: the practice Exchange, the cast, a real Prefect server and the real flows.

One deadline, or the year («all»): every deadline of the plan on one clock, one server, one ledger. Killed anywhere and
started again on the same state folder, it goes on where it was: the clock, the mailboxes, the ledger and the cast's
memory all lie there, and nothing is done twice.
"""

from __future__ import annotations

import json
import shutil
import time
from datetime import datetime
from pathlib import Path

from songthan import workspace
from songthan.domain.errors import DataError, EnvironmentNotReady, UsageError
from songthan.domain.plans import Deadline
from songthan.rehearsal_play import Play
from songthan.rehearsal_result import deadline_result, year_result
from songthan.rehearsal_stage import set_stage
from songthan.rehearsal_view import View

#: The name under which every deadline of the plan is rehearsed.
YEAR = "all"


def check_before(root: Path, name: str) -> tuple[Deadline, ...]:
    """The deadlines to rehearse: one by its id, or all of the plan.

    Everything that can be wrong is found here, before a folder is made or a process started.
    """
    settings = workspace.load_settings(root)
    plan = workspace.load_plan(settings.folder("plan"))
    deadlines = tuple(d for d in plan.deadlines if name in (d.id, YEAR))
    if not deadlines:
        known = ", ".join(d.id for d in plan.deadlines)
        raise UsageError(
            f"ไม่มีกำหนดส่ง «{name}» ในแผน", where="songthan rehearse", remedy=f"ใช้หนึ่งใน: {known} หรือ {YEAR} (ทั้งปี)"
        )
    forms = tuple(dict.fromkeys(form for d in deadlines for form in d.forms))
    known_forms = workspace.load_forms(settings)
    missing = [f for f in forms if f not in known_forms]
    if missing:
        raise DataError(
            f"ยังไม่มีแม่แบบของแบบ {', '.join(missing).upper()} จึงซ้อมกำหนดส่งนี้ไม่ได้",
            where=str(settings.folder("templates") / "docx"),
            remedy="วางแม่แบบ .docx และ .toml ของแบบนี้ หรือซ้อมกำหนดส่งที่ใช้แบบ F3 เช่น 2566-q2",
        )
    faults = workspace.check_form_templates(settings, forms)
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
    return deadlines


def new_state(root: Path, name: str) -> Path:
    """A new folder for a rehearsal under the workspace's state folder."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    return workspace.load_settings(root).folder("state") / f"rehearsal-{name}-{stamp}"


def rehearse(root: Path, name: str, state: Path, *, view: View, watch: bool = False) -> dict[str, object]:
    """Play one deadline (or «all») from the opening to the receipt; returns the counts DESIGN names."""
    started = time.monotonic()
    deadlines = check_before(root, name)
    workspace.state_folder(workspace.load_settings(root), state)
    workspace.write_clock(state, kind="file")
    # a rehearsal of one opens and drives that one only, whatever else falls due on its days
    workspace.write_driven(state, () if name == YEAR else [name])
    view.say("เตรียมเซิร์ฟเวอร์จดหมายซ้อม ตัวละคร และ Prefect")
    with set_stage(root, state, deadlines, view) as stage:
        ticks = Play(stage=stage, view=view, watch=watch).run()
        wall_s = round(time.monotonic() - started, 1)
        told = {"wall_s": wall_s, "ticks": ticks, "state_dir": str(state)}
        result = (year_result(stage) if name == YEAR else deadline_result(stage, deadlines[0])) | told
        (state / "result.json").write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    return result
