"""An office to which anything may happen: real steps over two or three deadlines, people, faults and a clock that jumps.

Every step leaves the office in a state that `Life.look` judges: from what the mailbox delivered, and when, and from the
ledger; nothing is taken from the code that decides.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

from desk import DOCX, Q2, ROOT, Desk, fill
from test_kill_harness import Countdown, Killed, Memo, MemoPress

from songthan.adapters.ledger import SqliteLedger
from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.domain.errors import MailError, UsageError
from songthan.domain.ladders import in_office_hours, ladder_for
from songthan.domain.messages import OutgoingMail, SentRef
from songthan.domain.plans import Plan
from songthan.steps.advance import advance
from songthan.steps.change_duties import change_duty
from songthan.steps.leave_book import add_leave, end_leave
from songthan.steps.post import post_all
from songthan.steps.take_in import fetch_new, settle_all
from songthan.testing.mailbox import MemoryMailbox
from songthan.testing.office import plan_of

Q3, REVIEW = "2566-q3", "2566-review"
DEADLINES = (Q2, REVIEW, Q3)
PDF = "application/pdf"
#: What the ladder writes by itself, and what nobody asked for.
LADDER = frozenset({"request", "reminder", "duties", "sign", "receipt_request"})
UNASKED = LADDER | {"duty_changed", "director"}
DONE = ("SUBMITTED", "ACKNOWLEDGED")
SECRETARY = "command:test"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One delivery: when, which duties it is about, and what the ledger said of them at that moment."""

    mail: OutgoingMail
    to: str
    at: datetime
    about: tuple[str, ...]
    states: tuple[str, ...]


class Watched(MemoryMailbox):
    """Notes what the ledger says at the moment a mail leaves."""

    def __init__(self) -> None:
        super().__init__(domain="bfa.example")
        self.sent: list[Sent] = []
        self.life: Life | None = None

    def send(self, draft: SentRef) -> None:
        before = len(self.deliveries)
        try:
            super().send(draft)
        finally:
            for d in self.deliveries[before:]:
                self.sent.append(self.life.seen(d.mail))


def a_plan(dates: dict[str, tuple[date, date]], days_off: set[date], deputies: dict[str, str], roles: dict[str, str]) -> Plan:
    """The year's plan with these deadlines, (members' date, external date) each, five activities of five seats."""
    plan = plan_of(ROOT / "plans" / "2566", deadlines=tuple(dates))
    kept = tuple(a for a in plan.activities if a.id in ("1.1", "1.2", "1.3", "1.6", "14"))
    deadlines = tuple(
        replace(d, internal=dates[d.id][0], internal_to=None, external=dates[d.id][1], activities=()) for d in plan.deadlines
    )
    members = tuple(replace(m, deputy=deputies.get(m.id, m.deputy)) for m in plan.roster.members)
    return replace(
        plan, activities=kept, deadlines=deadlines, roster=replace(plan.roster, members=members, **roles),
        days_off={day: "หยุด" for day in days_off},
    )  # fmt: skip


class Life:
    """The office, its people and its troubles. `do` takes one step, `look` judges all that happened so far."""

    def __init__(self, folder: Path, plan: Plan, start: datetime) -> None:
        ledger = SqliteLedger(None)
        # the same tokens in every life, so that `Memo` has seen the forms before
        ledger.db.execute("update meta set value='salt' where key='salt'")
        self.desk = Desk(folder, plan=plan, ledger=ledger)
        self.desk.clock.moment = start
        self.desk.mailbox = mailbox = Watched()
        mailbox.life = self
        self.tick = Countdown([])
        office = self.desk.office
        self.desk.office = replace(
            office, tick=self.tick, mailbox=mailbox, renderer=Memo(office.renderer), reader=Memo(office.reader),
            converter=Memo(office.converter), press=MemoPress(office.press), texts=Memo(office.texts),
        )  # fmt: skip
        self.desk.raw = Memo(SimpleNamespace(raw=self.desk.raw)).raw
        self.calm = 0
        self.judged = 0

    @property
    def office(self):
        return self.desk.office

    @property
    def now(self) -> datetime:
        return self.office.calendar.local(self.desk.clock.moment)

    def seen(self, mail: OutgoingMail) -> Sent:
        row = self.desk.ledger.outbox.get(mail.key) or {}
        about = tuple(json.loads(str(row.get("subjects") or "[]")))
        rows = [self.desk.ledger.assignment_row(a) for a in about]
        return Sent(mail=mail, to=mail.to[0], at=self.now, about=about, states=tuple(str(r["state"]) for r in rows if r))

    # steps

    def do(self, step: tuple) -> None:
        name, *given = step
        if name in ("busy", "kill", "decide"):
            self.calm = 0
        try:
            getattr(self, name)(*given)
        except (UsageError, MailError):
            pass
        except Killed:
            self.calm = 0

    def go(self, hours: int) -> None:
        """The clock jumps, and the office is looked after once."""
        self.desk.clock.moment += timedelta(hours=hours)
        self.calm = 0
        self.visit()

    def morning(self) -> None:
        """The next working day, looked after as it should be."""
        day = self.office.calendar.on_or_after(self.now.date() + timedelta(days=1))
        faults = self.desk.mailbox._faults
        for hour in (8, 11, 15):
            self.desk.clock.moment = self.office.calendar.at(day, time(hour, 35))
            calm = not any(faults.values()) and not self.tick.at
            self.visit()
        self.calm = self.calm + 1 if calm else 0

    def visit(self) -> None:
        fetch_new(self.office)
        settle_all(self.office)
        for deadline in self.office.plan.deadlines:
            advance(self.office, deadline.id)
        post_all(self.office)

    def carry(self, hours: int) -> None:
        """What the intake's and the watch's flows do at any hour: the outbox is emptied."""
        self.desk.clock.moment += timedelta(hours=hours)
        self.calm = 0
        post_all(self.office)

    def answer(self, who: int, good: bool) -> None:
        member = self._member(who)
        with_forms = [d for d in self.desk.mails(member) if any(t == DOCX for _, t, _ in d.files) and d.mail.kind != "please_correct"]
        if not with_forms:
            return
        mail = with_forms[-1]
        files = tuple((n, t, fill(data, **({} if good else {"done": None}))) for n, t, data in mail.files if t == DOCX)
        self.desk.reply(member, to=mail, files=files)

    def everybody_answers(self) -> None:
        for who in range(len(PEOPLE)):
            self.answer(who, True)

    def out_of_office(self, who: int, days: int | None, verdict: str) -> None:
        member = self._member(who)
        until = self.now.date() + timedelta(days=days or 0)
        words = f"ไม่อยู่สำนักงานถึงวันที่ {until.isoformat()}" if days is not None else "ไม่อยู่สำนักงาน"
        mails = self.desk.mails(member)
        self.desk.reply(
            member, to=mails[-1] if mails else None, body=words, subject=f"ตอบกลับอัตโนมัติ: {words}", verdict=verdict,
            headers={"Auto-Submitted": "auto-replied"},
        )  # fmt: skip

    def leave(self, who: int, first: int, length: int) -> None:
        day = self.now.date() + timedelta(days=first)
        add_leave(self.office, self._member(who).id, day, day + timedelta(days=length), by=SECRETARY)

    def back(self, who: int) -> None:
        end_leave(self.office, self._member(who).id, by=SECRETARY)

    def decide(self, kind: str, n: int, who: int, days: int) -> None:
        day = self.office.calendar.on_or_before(self.now.date() + timedelta(days=days)).isoformat()
        rows = self.desk.ledger.assignment_rows()
        deadline = self.office.plan.deadlines[n % len(self.office.plan.deadlines)].id
        duty = str(rows[n % len(rows)]["id"]) if rows else deadline
        what, more = {
            "waive": (duty, {}), "reopen": (duty, {}), "open_report": (deadline, {}),
            "reassign": (self._seat(n), {"to": self._member(who).id}), "extend": (deadline, {"date": day}),
        }[kind]  # fmt: skip
        kind = "reopen" if kind == "open_report" else kind
        change_duty(self.office, kind=kind, what=what, reason="เหตุผล", by=SECRETARY, **more)

    def sign(self) -> None:
        roster = self.office.plan.roster
        for mail in self.desk.mailbox.deliveries:
            if mail.mail.kind == "director":
                signed = self.office.signatures.sign(mail.files[0][2])
                self.desk.reply(roster.member(roster.director), to=mail, files=(("s.pdf", PDF, signed),))

    def number(self) -> None:
        registry = self.office.plan.roster.registry
        for mail in self.desk.mailbox.deliveries:
            if mail.mail.kind == "registry":
                self.desk.reply(self.desk.secretary, to=mail, address=registry.email, name=registry.name, body="เลขรับ 7/2566")

    def busy(self, operation: str, kind: str, times: int) -> None:
        self.desk.mailbox.fail(operation, kind, times=times)

    def kill(self, at: int) -> None:
        """The next visits die at this boundary, once."""
        self.tick.at[:], self.tick.count = [at], 0

    def quiet(self) -> None:
        """No more troubles."""
        self.desk.mailbox._faults.clear()
        self.tick.at.clear()

    def _member(self, who: int):
        return self.office.plan.roster.member(PEOPLE[who % len(PEOPLE)])

    def _seat(self, n: int) -> str:
        return SEATS[n % len(SEATS)]

    # judgement

    def look(self) -> None:
        sent = self.desk.mailbox.sent
        for n in range(self.judged, len(sent)):
            self._one(sent[n], sent[:n])
        self.judged = len(sent)
        a_day = Counter((s.to, s.at.date()) for s in sent if s.mail.kind in LADDER)
        assert not a_day or max(a_day.values()) == 1, ("two letters on a day", a_day.most_common(1))
        keys = Counter(s.mail.key for s in sent)
        assert not keys or max(keys.values()) == 1, ("sent twice", keys.most_common(1))
        told = Counter(str(r["key"]) for r in self.desk.ledger.rows("select key from outbox union all select key from notices"))
        assert not told or max(told.values()) == 1, ("told twice", told.most_common(1))
        if self.calm >= 2:
            self._asked()

    def _one(self, one: Sent, before: list[Sent]) -> None:
        calendar, mail = self.office.calendar, one.mail
        if mail.kind in UNASKED:
            assert in_office_hours(one.at, calendar), ("out of hours", mail.key, one.at)
        if mail.kind in LADDER:
            earlier = [s.mail.key for s in before if s.to == one.to and s.mail.kind == "duty_changed" and s.at.date() == one.at.date()]
            assert not earlier, ("on top of a decision's letter", mail.key, earlier)
            assert not {"ACCEPTED", "WAIVED"} & set(one.states), ("settled already", mail.key, one.states)
        if mail.kind == "reminder":
            has = {a for s in before if s.to == one.to and s.mail.files for a in s.about}
            assert set(one.about) <= has, ("reminded of a form he never got", mail.key, one.to)
        if mail.kind in ("request", "reminder", "duties"):
            about = self._about(mail.key)
            assert about, mail.key
            ladders = [ladder_for(self.office.plan.deadline(d), calendar) for d in about]
            assert one.at < max(ladder.cut for ladder in ladders), ("after the cut", mail.key, one.at)
            assert one.to in self._concerned(about), ("a stranger", mail.key, one.to)

    def _about(self, key: str) -> set[str]:
        rows = self.desk.ledger.rows("select deadline from outbox where key=? union select deadline from notices where mail=?", (key, key))
        return {str(r["deadline"]) for r in rows if r["deadline"]}

    def _concerned(self, deadlines: set[str]) -> set[str]:
        roster = self.office.plan.roster
        holders = {str(r["member"]) for d in deadlines for r in self.desk.ledger.assignment_rows(d)}
        # whoever held a seat before it was given away, too
        holders |= {c.was for c in self.desk.ledger.changes.all() if c.kind == "reassign"}
        deputies = {m.deputy for m in self.desk.office.printed_plan.roster.members if m.id in holders}
        heads = {roster.head, roster.director}
        heads |= {roster.member(h).deputy for h in heads}
        return {roster.member(m).email for m in holders | deputies | heads if m}

    def _asked(self) -> None:
        """Two working days without trouble: everybody whose turn it is was asked."""
        before = self.office.calendar.at(self.office.calendar.shift(self.now.date(), -1), time(8, 30))
        for deadline in self.office.plan.deadlines:
            ladder = ladder_for(deadline, self.office.calendar)
            state = self.desk.ledger.deadline_state(deadline.id)
            if state is DeadlineState.PLANNED:
                assert not ladder.opens < before.date() or ladder.cut <= before, ("never opened", deadline.id)
            for row in self.desk.ledger.assignment_rows(deadline.id):
                if state is not DeadlineState.OPEN or row["state"] != AssignmentState.PLANNED.value or self.now >= ladder.cut:
                    continue
                mail = self.desk.ledger.outbox.get(str(row["asked_mail"] or ""))
                waits = datetime.fromisoformat(str(row["changed_at"])) >= before or (mail and mail["state"] == "doubt")
                assert waits, ("not asked", dict(row))

    def end(self) -> None:
        """Looked after without trouble to the end: nothing is left behind, nothing is silently late."""
        self.quiet()
        last = max(d.external for d in self.office.plan.deadlines)
        while self.now.date() <= last or self.calm < 2:
            self.morning()
            self.look()
        for deadline in self.office.plan.deadlines:
            state = self.desk.ledger.deadline_state(deadline.id).value
            alarms = self.desk.ledger.outbox.states(deadline.id)
            assert state in DONE or alarms.get(f"{deadline.id}/alarm/missed") == "sent", ("silently late", deadline.id, state)
        left = self.desk.ledger.rows("select key, state from outbox where state != 'sent'")
        assert all(r["state"] == "doubt" for r in left), ("left behind", left)


PEOPLE = ("m04", "m05", "m02", "m06", "m21", "m01", "m07")
SEATS = ("s04", "s05", "s02", "s06", "s21", "s01")
