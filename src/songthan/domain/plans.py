"""The plan of a fiscal year as values: what the bureau promised, who answers for it, what must be submitted when.

The loader (`songthan.adapters.plan_files`) builds these from `plans/YEAR/*.toml` and refuses anything unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from songthan.domain.calendars import FiscalYears
from songthan.domain.errors import DataError
from songthan.domain.last_year import LastYear
from songthan.domain.thai import BUDDHIST_ERA


@dataclass(frozen=True, kw_only=True)
class Organisation:
    """The bureau. `addressee` is who its memos are written to (เรียน …); empty: the `parent` organisation. `address` is
    its postal address, as forms print it. `language` other than «th» is read from `templates/language`; `era` is
    «buddhist» or «common», `digits` «thai» or «arabic»; the fiscal year begins with the month `fiscal_year_starts`, and is
    called by the year it ends in."""

    id: str
    name: str
    parent: str
    plan_title: str
    working_group: str
    headcount: int
    addressee: str = ""
    address: str = ""
    language: str = "th"
    calendar: str = "th-government"
    timezone: str = "Asia/Bangkok"
    era: str = "buddhist"
    digits: str = "thai"
    fiscal_year_starts: int = 10

    @property
    def year_offset(self) -> int:
        """What is added to a year C.E. to name it in the organisation's era."""
        return BUDDHIST_ERA if self.era == "buddhist" else 0

    @property
    def fiscal(self) -> FiscalYears:
        """How the organisation counts its years."""
        return FiscalYears(first_month=self.fiscal_year_starts, offset=self.year_offset)


@dataclass(frozen=True, kw_only=True)
class Guideline:
    id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Measure:
    number: int
    title: str
    guidelines: tuple[Guideline, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Project:
    id: str
    measure: int
    guideline: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Deliverable:
    """An activity's dated document; `due` is the members' (internal) date."""

    id: str
    due: date
    title: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """A measurable target printed in a cell, e.g. kind «participation_percent», value 80; other keys in `extra`."""

    kind: str
    value: int
    extra: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Activity:
    """One row of the plan's tables. `number` is as printed («๑.๗ (๑)»); `seats` answer for it in Songthan."""

    id: str
    project: str
    measure: int
    number: str
    title: str
    details: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    seats: tuple[str, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    source_lines: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class Channel:
    """How one form is submitted (the boxes printed beside the forms). `short` is its name in a few letters."""

    form: str
    title: str
    short: str = ""
    registry: tuple[str, ...] = ()
    website: tuple[str, ...] = ()
    evidence: bool = False
    pictures: bool = False
    signed_by: str = ""
    cover_max_sheets: int | None = None
    full_marks: int | None = None


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One step of a ladder: `day` counts working days from the ladder's own date (negative: before it), `to` is who is
    written to, `tone` how a reminder speaks («early», «near», «urgent», «today»)."""

    day: int
    to: str = "member"
    tone: str = ""


def _rungs(*rungs: tuple[int, str, str]) -> tuple[Rung, ...]:
    return tuple(Rung(day=day, to=to, tone=tone) for day, to, tone in rungs)


@dataclass(frozen=True, kw_only=True)
class LadderPlan:
    """How people are asked and reminded for one kind of deadline: `[ladders.KIND]` of plan.toml.

    `opens`: working days before the members' date. `reminders` and `escalations` count from the members' date,
    `compile` from the last working day for submitting, `director` from the day he was asked to sign, `registry` from the
    day of submitting. `to` of an escalation: deputy, head or director; of `compile`: secretary or head; of `director`:
    director or acting_director; of `registry`: registry or secretary.
    """

    opens: int = 10
    reminders: tuple[Rung, ...] = _rungs(
        (-7, "member", "early"), (-3, "member", "near"), (-1, "member", "urgent"), (0, "member", "today")
    )
    escalations: tuple[Rung, ...] = _rungs((1, "deputy", ""), (2, "head", ""), (3, "director", ""))
    compile: tuple[Rung, ...] = _rungs((0, "secretary", ""))
    director: tuple[Rung, ...] = _rungs((1, "director", ""), (2, "acting_director", ""))
    registry: tuple[Rung, ...] = _rungs((2, "registry", ""), (3, "secretary", ""))


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """One thing the bureau must submit. `internal` is the members' date, `external` the registry's and the website's.

    `short` names it in a few words, for file names (a quarterly one has «ไตรมาสที่ …» by itself). `activities` holds ids; an
    empty tuple means every activity of the plan.

    The last three are never in the plan's files, they come from the secretary's decisions (`songthan.domain.changes`):
    `printed_internal` is the files' date when she moved it, `reopened_at` and `reopened_until` say since when and until
    when (aware) a deadline she reopened waits for answers.
    """

    id: str
    title: str
    kind: str
    forms: tuple[str, ...]
    internal: date
    external: date
    short: str = ""
    quarter: int | None = None
    internal_to: date | None = None
    activities: tuple[str, ...] = ()
    ladder: LadderPlan = LadderPlan()
    source: str = ""
    printed_internal: date | None = None
    reopened_at: datetime | None = None
    reopened_until: datetime | None = None

    @property
    def members_until(self) -> date:
        """The last internal date of the members (the end of the span where the plan gives one)."""
        return self.internal_to or self.internal

    @property
    def moved_to(self) -> date | None:
        """`members_until` when the secretary moved it, else None."""
        return self.members_until if self.printed_internal else None


@dataclass(frozen=True, kw_only=True)
class Member:
    id: str
    prefix: str
    given: str
    family: str
    position: str
    email: str
    group: str = ""
    phone: str = ""
    deputy: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as an official letter writes it: the title joined to the given name."""
        return f"{self.prefix}{self.given} {self.family}"

    @property
    def addresses(self) -> frozenset[str]:
        """Every address this member may write from, lower case."""
        return frozenset(a.lower() for a in (self.email, *self.aliases))


@dataclass(frozen=True, kw_only=True)
class Seat:
    id: str
    number: int
    role: str
    member: str


@dataclass(frozen=True, kw_only=True)
class Registry:
    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Roster:
    seats: tuple[Seat, ...]
    members: tuple[Member, ...]
    director: str
    acting_director: str
    head: str
    secretary: str
    assistant_secretary: str
    mailbox: str
    mailbox_name: str
    registry: Registry
    phone: str = ""
    #: How the acting director's signature is worded before the director's position; «»: the language's own words.
    acting_as: str = ""

    def member(self, member_id: str) -> Member:
        """The member with this id. The loader has checked every reference of the plan's files; DataError when the ledger
        names somebody who was taken out of them since."""
        found = next((m for m in self.members if m.id == member_id), None)
        if found is None:
            raise DataError(
                f"บุคคล «{member_id}» ไม่มีในรายชื่อแล้ว แต่สมุดทะเบียนยังมีรายการของบุคคลนี้",
                where=f"roster.toml [[members]] {member_id}",
                remedy="ใส่บุคคลนี้กลับเข้าแฟ้ม แล้วโอนตำแหน่งให้ผู้อื่นด้วย songthan reassign",
            )
        return found

    def holder(self, seat_id: str) -> Member:
        """Who holds this seat now."""
        return self.member(self.seat(seat_id).member)

    def seat(self, seat_id: str) -> Seat:
        """The seat with this id, or the one an office role stands for (see `seat_of_role`); AttributeError if neither."""
        found = next((s for s in self.seats if s.id == seat_id), None)
        return found or self.seat_of_role(seat_id)

    def seat_of_role(self, role: str) -> Seat:
        """The seat of whoever holds an office role («secretary», «head»…); without one, a seat named after the role."""
        member = str(getattr(self, role))
        return next((s for s in self.seats if s.member == member), Seat(id=role, number=0, role="", member=member))

    def by_address(self, address: str) -> Member | None:
        """The member who writes from `address` (case does not matter), or None."""
        address = address.lower()
        return next((m for m in self.members if address in m.addresses), None)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The year. `days_off_checked` says who has held the days off against the cabinet's resolutions (empty: nobody);
    `last_year` is what came out of the year this plan was made from (`songthan plan roll`).
    `play` is `cast.toml` beside the plan: how the simulated members of a rehearsal behave and what they write; empty for
    those that come with Songthan."""

    fiscal_year: int
    organisation: Organisation
    measures: tuple[Measure, ...]
    projects: tuple[Project, ...]
    activities: tuple[Activity, ...]
    deadlines: tuple[Deadline, ...]
    channels: Mapping[str, Channel]
    roster: Roster
    days_off: Mapping[date, str] = field(default_factory=dict)
    days_off_checked: str = ""
    last_year: LastYear | None = None
    play: Mapping[str, object] = field(default_factory=dict)

    def deadline(self, deadline_id: str) -> Deadline:
        """The deadline with this id; KeyError if the plan has none."""
        for deadline in self.deadlines:
            if deadline.id == deadline_id:
                return deadline
        raise KeyError(deadline_id)

    def activities_of(self, deadline: Deadline) -> tuple[Activity, ...]:
        """The activities a deadline reports on, in the plan's order."""
        wanted = set(deadline.activities)
        return tuple(a for a in self.activities if not wanted or a.id in wanted)

    def project(self, project_id: str) -> Project:
        return next(p for p in self.projects if p.id == project_id)

    def measure(self, number: int) -> Measure:
        return next(m for m in self.measures if m.number == number)
