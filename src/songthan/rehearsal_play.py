"""The play: what happens at each time of the simulated clock, and which time comes next."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from typing import Any

from songthan.domain.language import say
from songthan.domain.plans import Deadline
from songthan.rehearsal_stage import OPENING, Stage, trust_director
from songthan.rehearsal_view import View
from songthan.steps.advance import next_batches
from songthan.steps.fill_form import short_title
from songthan.steps.holds import needs_values

MORNING = clock_time(8, 35)
CLOSING = clock_time(16, 30)
#: How long after its external date a deadline is still played for a late receipt.
AFTERPLAY = timedelta(days=10)
#: Rounds of «everybody acts, Songthan acts» at one time of the clock.
ROUNDS = 4
WATCHED_S = 0.6


@dataclass(kw_only=True)
class Play:
    """Plays the stage's deadlines on one clock. Every deadline is advanced by its own deployment, and only while its window
    is open: from the day it opens to its receipt (or `AFTERPLAY` behind its external date)."""

    stage: Stage
    view: View
    watch: bool
    ticks: int = 0
    digest_day: date | None = None
    told: set[str] = field(default_factory=set)

    def run(self) -> int:
        """From where the clock stands to the last receipt; returns the number of ticks."""
        stage = self.stage
        while True:
            upcoming = self._moment()
            for deadline in stage.deadlines:
                if self._acknowledged(deadline) and deadline.id not in self.told:
                    # the last word on the dashboard is the receipt
                    self.told.add(deadline.id)
                    self._run(deadline.id)
            coming = self._next(upcoming)
            if coming is None:
                break
            stage.clock.set(coming)
        trust_director(stage.state)
        return self.ticks

    def _acknowledged(self, deadline: Deadline) -> bool:
        return self.stage.office.ledger.deadline_state(deadline.id).value == "ACKNOWLEDGED"

    def _open(self, now: datetime) -> list[Deadline]:
        """The deadlines whose window is open at `now`, in the plan's order."""
        office, ladders = self.stage.office, self.stage.ladders
        return [
            d
            for d in self.stage.deadlines
            if ladders[d.id].opens <= office.calendar.local(now).date()
            and now <= office.calendar.at(ladders[d.id].external, CLOSING) + AFTERPLAY
            and not self._acknowledged(d)
        ]

    def _moment(self) -> datetime | None:
        """Everything that happens at one time of the clock; returns when the cast wants to act next."""
        stage, now = self.stage, self.stage.clock.now()
        self.view.moment(stage.office.calendar.local(now))
        self._digest(now)
        upcoming = None
        for _ in range(ROUNDS):
            answer = stage.cast.step(now)
            for act in answer["acts"]:
                self.view.act(self._named(str(act["who"])), str(act["what_th"]))
            upcoming = answer["next"]
            mailed = self._mail()
            # every deadline gets its look, also when another had something to do
            advanced = [self._advance(d) for d in self._open(now)]
            if not mailed and not any(advanced) and not answer["acts"]:
                break
        self.view.board(stage.office, stage.deadlines)
        if self.watch:
            time.sleep(WATCHED_S)
        return datetime.fromisoformat(upcoming) if upcoming else None

    def _digest(self, now: datetime) -> None:
        """The sign of life: every working morning while something is under way, the week's first one in between."""
        local = self.stage.office.calendar.local(now)
        today = local.date()
        if not self.stage.office.calendar.is_working_day(today) or self.digest_day == today or local.time() < MORNING:
            return
        if self._open(now) or today == self._first_of_week(today):
            self.digest_day = today
            self._run("สรุปประจำวัน")

    def _first_of_week(self, day: date) -> date:
        """The first working day of the week of `day`; of the next one when this week has none left."""
        return self.stage.office.calendar.on_or_after(day - timedelta(days=day.weekday()))

    def _named(self, who: str) -> str:
        """Who acted, by name."""
        roster = self.stage.office.plan.roster
        others = {"registry": roster.registry.name, "stranger": "คนแปลกหน้า"}
        return others.get(who) or next((m.full_name for m in roster.members if m.id == who), who)

    def _mail(self) -> bool:
        """Take in what came; then the secretary looks at what waits for her."""
        mailbox, ledger = self.stage.office.mailbox, self.stage.office.ledger
        listed = [ref.id for ref in mailbox.new_messages(ledger.inbox.mailbox_state()).refs]
        waiting = len(ledger.inbox.known(listed)) < len(listed)
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

    def _advance(self, deadline: Deadline) -> bool:
        stage = self.stage
        due = next_batches(stage.office, deadline.id)
        if not due and not stage.office.ledger.outbox.unsent():
            return False
        where = f"{short_title(deadline)}: " if len(stage.deadlines) > 1 else ""
        for batch in due:
            self.view.batch(f"{where}{batch.title}")
        self._run(deadline.id)
        return True

    def _run(self, name: str, **parameters: Any) -> None:
        self.ticks += 1
        if not self.stage.driver.run(name, **parameters):
            self.view.say(f"งาน {name} ไม่สำเร็จ จะลองใหม่ในรอบถัดไป (ดูรายละเอียดใน Prefect)")

    def _next(self, upcoming: datetime | None) -> datetime | None:
        """The next time anything can happen; None when every deadline has its receipt or its window is over.

        While a window is open: the cast's wish (rounded up to the hour), a working morning, a cut. Between two windows: the
        cast's wish, the opening of the next, the first working morning of a week.
        """
        office, ladders, now = self.stage.office, self.stage.ladders, self.stage.clock.now()
        under_way = self._open(now)
        today = office.calendar.local(now).date()
        openings = [office.calendar.at(i.opens, OPENING) for i in ladders.values() if i.opens > today]
        if not under_way and not openings:
            return None
        times = [self._morning(now)]
        if under_way:
            times += [ladders[d.id].cut for d in under_way if ladders[d.id].cut > now]
        elif times[0].date() != self._first_of_week(times[0].date()):
            times = [office.calendar.at(self._first_of_week(today + timedelta(days=7 - today.weekday())), MORNING)]
        times += openings
        if upcoming is not None:
            times.append(self._rounded(office.calendar.local(upcoming), now))
        return min(times)

    def _morning(self, now: datetime) -> datetime:
        """The next working morning, that of today before it has come."""
        calendar = self.stage.office.calendar
        local = calendar.local(now)
        if local.time() < MORNING and calendar.is_working_day(local.date()):
            return calendar.at(local.date(), MORNING)
        return calendar.at(calendar.on_or_after(local.date() + timedelta(days=1)), MORNING)

    def _rounded(self, wish: datetime, now: datetime) -> datetime:
        """The cast's wish rounded up to the hour, but not past the closing it was still meant for."""
        full = wish.replace(minute=0, second=0, microsecond=0)
        rounded = full if full == wish else full + timedelta(hours=1)
        closing = self.stage.office.calendar.at(wish.date(), CLOSING)
        return max(min(rounded, closing) if wish <= closing else rounded, now + timedelta(minutes=10))


def secretary_decides(row: dict[str, object]) -> tuple[str, str]:
    """What the play's secretary says of a held mail, by the rule that held it."""
    rule = str(row["rule"])
    if row["route"] == "quarantine":
        return "reject", say("สอบถามเจ้าตัวแล้ว ยืนยันว่าไม่ได้ส่งจดหมายฉบับนี้")
    if rule.startswith(("32_", "33_")):
        return "accept", say("โทรศัพท์ยืนยันกับเจ้าตัวแล้วว่าส่งจากที่อยู่ส่วนตัว")
    if rule.startswith("59_"):
        return "accept", say("เปิดไฟล์เทียบกับค่าที่อ่านได้แล้ว ตรงกัน")
    if rule.startswith(("58_", "68_", "69_")):
        return "reject", say("เป็นภาพถ่ายหรือไฟล์สแกน ระบบขอไฟล์ Word จากผู้ส่งแล้ว")
    if rule.startswith("52_"):
        return "reject", say("รวมเล่มและเสนอลงนามแล้ว แจ้งผู้ส่งว่าข้อมูลนี้จะใช้ในรอบถัดไป")
    return "reject", say("ตรวจแล้ว ไม่มีข้อมูลที่ต้องใช้")
