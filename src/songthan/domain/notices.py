"""Who is written to today about what: asked, reminded, stood in for, told. Pure; one letter a person and day.

A notice is one thing one person is told about one deadline; a letter is everything one person is told on one day, over
all deadlines. Nothing is kept between two looks but the ledger's keys: a notice whose key is in the outbox was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from songthan.domain.absence import REPLACED, Leave, away_on
from songthan.domain.assignments import OWING, SETTLED, AssignmentState, DeadlineState
from songthan.domain.calendars import WorkCalendar
from songthan.domain.decisions import ACTING, Action, AssignmentView, DeadlineView
from songthan.domain.ladders import Ladder, due_rungs, due_step, in_office_hours, ladder_for
from songthan.domain.plans import Deadline

#: Recipient id of the registry, who is no member.
REGISTRY = "registry"
#: Kinds of mail the ladder writes. What could not be sent at once is not sent later: it is written anew, as things stand then.
LADDER_MAIL = frozenset({"request", "reminder", "duties", "sign", "receipt_request"})
#: Kinds of mail nobody is waiting for: they leave in office hours only.
UNASKED_MAIL = LADDER_MAIL | {"duty_changed", "director"}


class NoticeKind(StrEnum):
    """What a person is told. REQUEST, DEPUTY and BACK carry the forms."""

    REQUEST = "request"
    REMINDER = "reminder"
    DEPUTY = "deputy"
    AWAY = "away"
    BACK = "back"
    RELIEVED = "relieved"
    ESCALATION = "escalation"
    SIGN = "sign"
    RECEIPT = "receipt-number"


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One thing to tell `to` (a member's id, or REGISTRY) about one deadline.

    `member` is whose duty it is, `assignments` what is owed; `key` makes it happen once; `step` is the ladder's number,
    `tone` a reminder's; `other` is the person on the other side (who stands in, who is stood in for); `until` the last day
    of a leave.
    """

    deadline: str
    kind: NoticeKind
    to: str
    key: str
    member: str = ""
    assignments: tuple[str, ...] = ()
    step: int = 0
    tone: str = ""
    other: str = ""
    until: date | None = None

    @property
    def carries_forms(self) -> bool:
        return self.kind in (NoticeKind.REQUEST, NoticeKind.DEPUTY, NoticeKind.BACK)


@dataclass(frozen=True, kw_only=True)
class Write(Action):
    """One letter: everything `to` is told on `today`. `deadline` is that of the first notice."""

    to: str
    notices: tuple[Notice, ...]
    today: date

    @property
    def key(self) -> str:
        """A notice that goes alone gives the mail its own key."""
        return self.notices[0].key if len(self.notices) == 1 else f"letters/{self.today.isoformat()}/{self.to}"

    @property
    def says(self) -> str:
        """What it tells on which day, as text: two letters that say the same are one and the same decision."""
        return "\n".join([self.today.isoformat(), *(f"{n.key} {n.kind} {n.tone} {n.until or ''} {' '.join(n.assignments)}" for n in self.notices)])


@dataclass(frozen=True, kw_only=True)
class People:
    """What the letters must know of people, by member id: deputies, leaves, office roles («head», «director»,
    «acting_director»), and the days a mail of ours went to each (the secretary's own notices do not count). Days, not the
    last day: a clock that is set back must not give anybody a second letter."""

    deputies: Mapping[str, str] = field(default_factory=dict)
    leaves: Mapping[str, tuple[Leave, ...]] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    written: Mapping[str, frozenset[date]] = field(default_factory=dict)

    def leave_of(self, member: str, day: date) -> Leave | None:
        """The leave that keeps the member away on `day`, or None."""
        return away_on(self.leaves.get(member, ()), day).get(member)

    def stands_in(self, member: str, day: date) -> str:
        """The registered deputy, if there is one and he is there himself; else ''."""
        deputy = self.deputies.get(member, "")
        return deputy if deputy and self.leave_of(deputy, day) is None else ""

    def in_office(self, role: str, day: date) -> str:
        """Who holds an office role, or who stands in for him on `day`; '' when the office has no such role."""
        holder = self.roles.get(role, "")
        return (self.leave_of(holder, day) and self.stands_in(holder, day)) or holder


def request_key(deadline: str, member: str, form: str = "", change: int = 0) -> str:
    """`form`: one that had to wait for others' answers; `change`: the secretary's decision by which it is asked anew."""
    return f"{deadline}/request/{member}" + (f"/{form}" if form else "") + (f"/change-{change}" if change else "")


def reminder_key(deadline: Deadline, member: str, step: int) -> str:
    return f"{deadline.id}/reminder/{member}/{step:+d}{_moved(deadline)}"


def escalation_key(deadline: Deadline, to: str, step: int) -> str:
    return f"{deadline.id}/escalation/{to}/{step:+d}{_moved(deadline)}"


def deputy_key(deadline: Deadline, member: str, deputy: str, leave: Leave | None = None, change: int = 0) -> str:
    """Once for each leave, and once for the ladder's own step; `change`: as in `request_key`."""
    tail = f"/{leave.first.isoformat()}" if leave else "/late" + _moved(deadline)
    return f"{deadline.id}/deputy/{member}/{deputy}{tail}" + (f"/change-{change}" if change else "")


def _moved(deadline: Deadline) -> str:
    """After an extension the ladder stands on another date, and its steps count anew."""
    return f"/{deadline.moved_to.isoformat()}" if deadline.moved_to else ""


def letters_due(
    views: Iterable[DeadlineView], people: People, now: datetime, calendar: WorkCalendar
) -> tuple[Write, ...]:
    """Every letter to be written at `now` (aware), at most one a person, and none to whom we wrote today already.

    What is put off by that comes on the next working morning with whatever is due then.
    """
    if not in_office_hours(now, calendar):
        return ()
    today = calendar.local(now).date()
    found: dict[str, list[Notice]] = {}
    for view in views:
        for notice in _notices(view, people, now, calendar):
            if today not in people.written.get(notice.to, ()) and notice.key not in view.outbox:
                found.setdefault(notice.to, []).append(notice)
    return tuple(
        Write(deadline=notices[0].deadline, to=to, notices=tuple(notices), today=today) for to, notices in found.items()
    )


def _notices(view: DeadlineView, people: People, now: datetime, calendar: WorkCalendar) -> list[Notice]:
    ladder = ladder_for(view.deadline, calendar)
    local = calendar.local(now)
    today = local.date()
    if view.state in (DeadlineState.OPEN, DeadlineState.MISSED) and not view.bundle_version:
        if local >= ladder.cut:
            return []
        look = _Look(view=view, people=people, ladder=ladder, today=today, calendar=calendar)
        return [*look.members(), *look.escalations()]
    if today < ladder.opens:
        # a clock that was set back after the report was made: its reminders wait for the ladder's first day, as all do
        return []
    if view.state is DeadlineState.WITH_DIRECTOR:
        return _to_sign(view, people, today, calendar)
    if view.state is DeadlineState.SUBMITTED:
        return _receipt(view, today, calendar)
    return []


@dataclass(frozen=True, kw_only=True)
class _Look:
    """One look at one deadline that is open to members."""

    view: DeadlineView
    people: People
    ladder: Ladder
    today: date
    calendar: WorkCalendar

    @property
    def deadline(self) -> Deadline:
        return self.view.deadline

    def members(self) -> list[Notice]:
        """What each member, or who stands in for him, is told about his duties."""
        found: list[Notice] = []
        for member, items in _by_member(self.view.assignments).items():
            asked = [a for a in items if a.state is AssignmentState.PLANNED and not a.asked_by and self._ready(a)]
            owed = [a for a in items if a.state in OWING]
            found += self._one(member, asked, owed)
        return found

    def _one(self, member: str, asked: list[AssignmentView], owed: list[AssignmentView]) -> list[Notice]:
        leave = self.people.leave_of(member, self.today)
        deputy = self.people.stands_in(member, self.today) if leave else ""
        step = due_step(self.ladder.reminders, self.today)
        reminds = step is not None and bool(owed) and self._still_to_remind(member, step)
        if leave and deputy:
            return self._while_away(member, leave, deputy, asked, owed, reminds)
        requests = [
            self._notice(NoticeKind.REQUEST, member, items, self._fresh(request_key(self.deadline.id, member, *which)), member)
            for which, items in _by_form(asked).items()
        ]
        back = self._back(member, owed, leave)
        # whoever waits for the secretary's word is left in peace
        if reminds and not any(n.kind is NoticeKind.BACK for n in back) and not all(a.waiting_hold for a in owed):
            return [*requests, *back, self._reminder(member, owed, step, member)]
        return requests + back

    def _while_away(
        self, member: str, leave: Leave, deputy: str, asked: list[AssignmentView], owed: list[AssignmentView], reminds: bool
    ) -> list[Notice]:
        """The deputy is asked when something falls due in the leave, or when it lasts past the members' date; the member
        is told whom we asked. A deputy who has the forms is reminded in the member's place. What came to the member by a
        decision of the secretary since (a seat given to him, a duty opened anew) the deputy has not: it is asked for itself."""
        lasts = leave.last is None or leave.last >= self.ladder.internal
        told: list[Notice] = []
        away: list[Notice] = []
        has: list[AssignmentView] = []
        for change, items in _by_change(asked + owed).items():
            key = self._deputy_key(member, deputy, leave, change)
            new = [a for a in items if a in asked or (self._new(key) and (reminds or lasts))]
            told += [self._notice(NoticeKind.DEPUTY, member, new, self._fresh(key), deputy, other=member, until=leave.last)] if new else []
            if self._withheld(key):
                # the deputy was not asked after all, by the secretary's word
                continue
            if new or not self._new(key):
                has += [a for a in items if a in owed]
                tail = key.removeprefix(f"{self.deadline.id}/deputy/{member}/{deputy}/")
                key = f"{self.deadline.id}/away/{member}/{tail}"
                away.append(self._notice(NoticeKind.AWAY, member, items, key, member, other=deputy, until=leave.last))
        step = due_step(self.ladder.reminders, self.today)
        if not told and has and reminds and step is not None and not all(a.waiting_hold for a in owed):
            told = [self._reminder(member, has, step, deputy)]
        # the member's own letter may have been put off, or cut short
        return told + [n for n in away if self._new(n.key)]

    def _back(self, member: str, owed: list[AssignmentView], leave: Leave | None) -> list[Notice]:
        """The leave is over and the answer is not here: the duty comes back, with the forms; the deputy is told. It also
        comes back when he is still away (`leave`), but nobody stands in for him any more."""
        deputy = self.people.deputies.get(member, "")
        gone = {
            x.first: who
            for x in self.people.leaves.get(member, ())
            for who in self._asked_for(member, x)
            if leave is not None or who != deputy or x.over(self.today)
        }
        if not owed or not gone:
            return []
        who = gone[max(gone)]
        tail = f"{member}/{max(gone).isoformat()}"
        found = [self._notice(NoticeKind.BACK, member, owed, f"{self.deadline.id}/back/{tail}", member, other=who)]
        if who == deputy and leave is None:
            key = f"{self.deadline.id}/relieved/{tail}"
            found.append(self._notice(NoticeKind.RELIEVED, member, owed, key, deputy, other=member))
        return [n for n in found if self._new(n.key)]

    def _asked_for(self, member: str, leave: Leave) -> set[str]:
        """Who was asked in the member's place for this leave."""
        start = f"{self.deadline.id}/deputy/{member}/"
        told = (key.removeprefix(start).split("/") for key in self.view.outbox if key.startswith(start) and not self._withheld(key))
        return {who for who, first, *_ in told if first == leave.first.isoformat()}

    def _deputy_key(self, member: str, deputy: str, leave: Leave, change: int = 0) -> str:
        """The key under which the deputy was asked for this absence, also when it is made of several leaves or a later
        answer moved its end; else the leave's own."""
        replaced = [x for x in self.people.leaves.get(member, ()) if x.ended_why == REPLACED]
        same = [deputy_key(self.deadline, member, deputy, x, change) for x in (*replaced, *self._absence(member, leave))]
        return next((k for k in same if not self._new(k)), deputy_key(self.deadline, member, deputy, leave, change))

    def _absence(self, member: str, leave: Leave) -> list[Leave]:
        """The leaves that make one absence with `leave`: they overlap, or no working day lies between them."""
        found = [leave]
        rest = [x for x in self.people.leaves.get(member, ()) if x.ended_at is None and x.first <= self.today and x != leave]
        while joined := [x for x in rest if any(self._touch(x, y) for y in found)]:
            found += joined
            rest = [x for x in rest if x not in joined]
        return found

    def _touch(self, one: Leave, other: Leave) -> bool:
        first, second = sorted((one, other), key=lambda x: x.first)
        return first.last is None or self.calendar.working_days_between(first.last, second.first) <= 1

    def escalations(self) -> list[Notice]:
        """After the members' date: deputies one by one, then one list to the head, one to the director."""
        due = [(rung, n) for rung, (n, day) in zip(self.ladder.rungs, self.ladder.escalations, strict=True) if day <= self.today]
        found = self._deputies() if any(rung.to == "deputy" for rung, _ in due) else []
        # of several rungs to one person only the latest, also when he holds both offices
        lists = {self.people.in_office(rung.to, self.today): (rung, number) for rung, number in due if rung.to != "deputy"}
        for to, (rung, number) in lists.items():
            owed = [a for a in self.view.assignments if a.state in OWING and a.assignment.member != to]
            key = escalation_key(self.deadline, rung.to, number)
            later = [r.day for r in self.ladder.rungs if r.to == rung.to and r.day > number]
            if to and owed and all(self._new(escalation_key(self.deadline, rung.to, n)) for n in later):
                found.append(self._notice(NoticeKind.ESCALATION, "", owed, key, to, step=number))
        return found

    def _deputies(self) -> list[Notice]:
        found = []
        for member, items in _by_member(self.view.assignments).items():
            owed = [a for a in items if a.state in OWING]
            deputy = self.people.stands_in(member, self.today)
            leave = self.people.leave_of(member, self.today)
            asked = leave is not None and not self._new(self._deputy_key(member, deputy, leave))
            if owed and deputy and not asked:
                key = deputy_key(self.deadline, member, deputy)
                found.append(self._notice(NoticeKind.DEPUTY, member, owed, key, deputy, other=member))
        return found

    def _ready(self, asked: AssignmentView) -> bool:
        """Are the answers this form is made from settled? From the first reminder's day on it no longer waits for them."""
        latest = self.ladder.reminders[0][1] if self.ladder.reminders else self.ladder.internal
        if not asked.after or self.today >= latest:
            return True
        return all(a.state in SETTLED for a in self.view.assignments if a.assignment.form in asked.after)

    def _still_to_remind(self, member: str, step: int) -> bool:
        """Was neither this step told nor a later one? (A clock that is set back does not bring the early ones again.)"""
        return all(self._new(reminder_key(self.deadline, member, n)) for n, _ in self.ladder.reminders if n >= step)

    def _new(self, key: str) -> bool:
        return key not in self.view.outbox

    def _withheld(self, key: str) -> bool:
        """Did the secretary say that this is never to be told?"""
        return self.view.outbox.get(key) == "withheld"

    def _fresh(self, key: str) -> str:
        """`key`, or the next one free after it: a duty that was opened anew is asked again, in a mail of its own."""
        known = self.view.outbox
        return next(k for k in (key, *(f"{key}/again-{n}" for n in range(1, len(known) + 2))) if k not in known)

    def _reminder(self, member: str, owed: list[AssignmentView], step: int, to: str) -> Notice:
        key = reminder_key(self.deadline, member, step)
        tone = dict(self.ladder.tones).get(step, "")
        other = member if to != member else ""
        return self._notice(NoticeKind.REMINDER, member, owed, key, to, step=step, tone=tone, other=other)

    def _notice(
        self, kind: NoticeKind, member: str, items: Sequence[AssignmentView], key: str, to: str, **more: object
    ) -> Notice:
        ids = tuple(a.assignment.id for a in items)
        return Notice(deadline=self.deadline.id, kind=kind, to=to, key=key, member=member, assignments=ids, **more)  # type: ignore[arg-type]


def _by_member(views: Iterable[AssignmentView]) -> dict[str, list[AssignmentView]]:
    grouped: dict[str, list[AssignmentView]] = {}
    for a in views:
        grouped.setdefault(a.assignment.member, []).append(a)
    return grouped


def _by_change(views: Iterable[AssignmentView]) -> dict[int, list[AssignmentView]]:
    grouped: dict[int, list[AssignmentView]] = {}
    for a in views:
        grouped.setdefault(a.assignment.change, []).append(a)
    return grouped


def _by_form(asked: list[AssignmentView]) -> dict[tuple[str, int], list[AssignmentView]]:
    """What is asked together: a form that had to wait for others, or is asked anew, has a key of its own."""
    grouped: dict[tuple[str, int], list[AssignmentView]] = {}
    for a in asked:
        grouped.setdefault((a.assignment.form if a.after else "", a.assignment.change), []).append(a)
    return grouped


def _to_sign(view: DeadlineView, people: People, today: date, calendar: WorkCalendar) -> list[Notice]:
    """The director was asked to sign and has not answered: he is reminded, then who acts for him, once he was asked too (his
    first rung is the report itself, `decisions.HandToActing`)."""
    found: list[Notice] = []
    if view.signer_answered:
        # he is not silent: the secretary has his answer
        return found
    handed = False
    version = view.director_version or view.bundle_version
    for rung in due_rungs(view.deadline.ladder.director, view.director_asked_on, today, calendar):
        if rung.to == ACTING and view.acting and not (handed and view.acting_asked):
            handed = True
            continue
        to = people.in_office(rung.to, today)
        key = f"{view.deadline.id}/sign/{rung.to}/v{version}/{rung.day:+d}"
        if to:
            found.append(Notice(deadline=view.deadline.id, kind=NoticeKind.SIGN, to=to, key=key, step=rung.day))
    return _latest_each(found)


def _receipt(view: DeadlineView, today: date, calendar: WorkCalendar) -> list[Notice]:
    """Submitted, and no receipt number: the registry is asked for it."""
    found = []
    for rung in due_rungs(view.deadline.ladder.registry, view.submitted_on, today, calendar):
        if rung.to == REGISTRY:
            key = f"{view.deadline.id}/receipt-number/{rung.day:+d}"
            found.append(Notice(deadline=view.deadline.id, kind=NoticeKind.RECEIPT, to=REGISTRY, key=key, step=rung.day))
    return _latest_each(found)


def _latest_each(notices: list[Notice]) -> list[Notice]:
    """Of several rungs to one person only the latest: an outage ends in one reminder."""
    return list({n.to: n for n in notices}.values())
