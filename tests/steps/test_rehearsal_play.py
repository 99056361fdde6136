"""The clock of a rehearsal: which moments of a year are played and whose deployment runs, with nobody answering anything."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from desk import ROOT, Desk, at, small_plan
from rich.console import Console

from songthan.domain.ladders import ladder_for
from songthan.domain.thai import thai_date
from songthan.rehearsal_play import AFTERPLAY, CLOSING, Play, secretary_decides
from songthan.rehearsal_stage import Stage
from songthan.rehearsal_view import View
from songthan.steps.advance import advance
from songthan.steps.post import post_all
from songthan.steps.send_digest import send_digest
from songthan.testing.office import plan_of

DIGEST = "สรุปประจำวัน"


@dataclass
class Silent:
    """A cast that reads its mail and does nothing; `wish` is when it says it wants to act."""

    wish: datetime | None = None

    def step(self, now: datetime) -> dict:
        wish = self.wish if self.wish and self.wish > now else None
        return {"acts": [], "next": wish.isoformat() if wish else None}


@dataclass
class Driver:
    """Runs what a deployment's flow would, and writes down what and when."""

    desk: Desk
    runs: list[tuple[str, datetime]] = field(default_factory=list)

    def run(self, name: str, **_: object) -> bool:
        office = self.desk.office
        self.runs.append((name, office.calendar.local(office.clock.now())))
        if name == DIGEST:
            return send_digest(office)
        advance(office, name)
        post_all(office)
        return True


@dataclass
class Moved:
    """The desk's clock as the play sets it, with every time it showed."""

    desk: Desk
    shown: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        return self.desk.clock.now()

    def set(self, moment: datetime) -> None:
        assert moment > self.desk.clock.moment
        self.desk.clock.moment = moment
        self.shown.append(moment)


@dataclass
class Played:
    play: Play
    driver: Driver
    clock: Moved
    desk: Desk

    def times(self, name: str) -> list[datetime]:
        return [at_ for run, at_ in self.driver.runs if run == name]


def played(state: Path, *deadlines: str, wish: datetime | None = None) -> Played:
    """A play of these deadlines, over the twins, to its end."""
    plan = replace(plan_of(ROOT / "plans" / "2566", deadlines=deadlines), activities=small_plan().activities)
    desk = Desk(state, plan=plan)
    ladders = {d.id: ladder_for(d, desk.office.calendar) for d in plan.deadlines}
    desk.clock.moment = at(f"{min(x.opens for x in ladders.values())} 08:30")
    driver, clock = Driver(desk), Moved(desk)
    stage = Stage(
        office=desk.office, deadlines=plan.deadlines, ladders=ladders, clock=clock, cast=Silent(wish), driver=driver,
        state=state, dashboard="",
    )  # fmt: skip
    play = Play(stage=stage, view=View(Console(file=io.StringIO())), watch=False)
    assert play.run() == len(driver.runs)
    return Played(play, driver, clock, desk)


def opens(played_: Played, deadline: str) -> date:
    """The day the plan opens a deadline."""
    office = played_.desk.office
    return ladder_for(office.plan.deadline(deadline), office.calendar).opens


@pytest.fixture(scope="module")
def two_quarters(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played(tmp_path_factory.mktemp("play"), "2566-q2", "2566-q3")


def test_a_year_in_which_nobody_answers_ends(two_quarters: Played) -> None:
    desk = two_quarters.desk
    assert [desk.ledger.deadline_state(d).value for d in ("2566-q2", "2566-q3")] == ["MISSED", "MISSED"]
    end = desk.office.calendar.at(date(2023, 6, 20), CLOSING) + AFTERPLAY
    # one look more after the window has closed, and that is all
    assert end - timedelta(days=1) < two_quarters.clock.shown[-1] <= end + timedelta(days=3)


def test_a_deadline_runs_in_its_own_window_only(two_quarters: Played) -> None:
    for deadline, external in (("2566-q2", "2023-03-20"), ("2566-q3", "2023-06-20")):
        times = two_quarters.times(deadline)
        assert times[0] == at(f"{opens(two_quarters, deadline)} 08:30")
        assert times[-1] <= at(f"{external} 16:30") + AFTERPLAY


def test_every_morning_while_something_is_under_way_weekly_in_between(two_quarters: Played) -> None:
    days = {t.date() for t in two_quarters.times(DIGEST)}
    calendar = two_quarters.desk.office.calendar
    march = [opens(two_quarters, "2566-q2") + timedelta(days=n) for n in range(21)]
    assert {d for d in march if calendar.is_working_day(d)} <= days
    april = {d for d in days if date(2023, 4, 1) < d < opens(two_quarters, "2566-q3")}
    # 13-17 April is the new year; 1 May is a Monday like any other
    assert {date(2023, 4, 3), date(2023, 4, 10), date(2023, 4, 18), date(2023, 4, 24), date(2023, 5, 1)} <= april
    assert all(calendar.is_working_day(d) for d in days) and len(april) == len({d.isocalendar().week for d in april})


def test_the_cut_is_a_moment_of_its_own(two_quarters: Played) -> None:
    shown = set(two_quarters.clock.shown)
    assert at("2023-03-17 12:00") in shown and at("2023-06-19 12:00") in shown


def test_a_wish_of_the_cast_is_played_also_between_windows(tmp_path: Path) -> None:
    wish = at("2023-05-03 10:20")
    played_ = played(tmp_path, "2566-q2", "2566-q3", wish=wish)
    assert at("2023-05-03 11:00") in played_.clock.shown


def test_one_deadline_alone_ends_with_its_window(tmp_path: Path) -> None:
    alone = played(tmp_path, "2566-q2")
    assert alone.clock.shown[-1] <= at("2023-03-20 16:30") + AFTERPLAY + timedelta(days=3)
    assert {name for name, _ in alone.driver.runs} == {"2566-q2", DIGEST}


def test_the_years_board_says_where_each_deadline_stands(tmp_path: Path) -> None:
    deadlines = ("2566-q2", "2566-q3", "2566-july", "2566-q4")
    plan = replace(plan_of(ROOT / "plans" / "2566", deadlines=deadlines), activities=small_plan().activities)
    desk = Desk(tmp_path, plan=plan, now="2023-03-01 09:00")
    desk.tick()
    desk.answer("s04")
    desk.tick("2023-03-02 09:00")
    out = io.StringIO()
    with View(Console(file=out, force_terminal=True, width=90, _environ={})) as view:
        view.moment(desk.clock.moment)
        view.board(desk.office, plan.deadlines)
    lines = [line for line in out.getvalue().splitlines() if "│" in line]
    quarter = next(line for line in lines if "ไตรมาสที่ ๒" in line)
    assert "เปิดรับรายงาน" in quarter and "๑/๓" in quarter and "สมาชิกส่ง ๑๕ มี.ค. ๒๕๖๖" in quarter
    july = next(line for line in lines if "สำนักดีเด่น" in line)
    opening = ladder_for(plan.deadline("2566-july"), desk.office.calendar).opens
    assert "ยังไม่ถึงกำหนดแจ้ง" in july and f"เปิดรอบ {thai_date(opening, short=True)}" in july
    assert len([line for line in lines if "ไตรมาสที่" in line]) == 3


@pytest.mark.parametrize(
    ("rule", "route", "decision"),
    [
        ("01_forged_sender", "quarantine", "reject"), ("32_alias", "hold", "accept"), ("59_form_needs_eyes", "hold", "accept"),
        ("58_form_on_paper", "hold", "reject"), ("52_after_freeze", "hold", "reject"), ("99_catch_all", "hold", "reject"),
    ],
)  # fmt: skip
def test_the_plays_secretary_gives_a_reason_for_every_word(rule: str, route: str, decision: str) -> None:
    said, reason = secretary_decides({"rule": rule, "route": route})
    assert said == decision and len(reason) > 20
