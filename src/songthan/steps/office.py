"""The office: a plan and every port, opened once by `songthan.workspace` and handed to the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from songthan.domain.calendars import WorkCalendar
from songthan.domain.changes import apply_changes
from songthan.domain.forms import FormSpec
from songthan.domain.plans import Deadline, Plan
from songthan.domain.routing import Rule
from songthan.domain.rubric import Rubric
from songthan.ports import (
    Blobs,
    BundlePress,
    Clock,
    Converter,
    Ledger,
    Mailbox,
    MailTextsPort,
    MessageParser,
    Reader,
    Renderer,
    SheetReader,
    SignaturePort,
    WebsitePort,
)


def _no_tick(_: str) -> None:
    """Nothing happens at a boundary outside the kill tests."""


@dataclass(frozen=True, kw_only=True)
class Office:
    """`printed_plan` is the plan as its files say, `plan` as it stands now. `rubric` is None for a plan without one; `state` is the only folder written to; `practice` is True on the practice Exchange (every mail says so);
    `stamp_service` is the address of the time-stamp service («»: none), `stamp_roots` its own roots;
    `certificate_names` are lines «full name = name in the certificate»;
    `holder` names this installation in the ledger's lease;
    `driven` names the deadlines this office works on (empty: all of the plan; a rehearsal of one works on that one);
    `post_door` lets one run at a time send mail; `largest_mail` is what the mail server sends in one mail (bytes; 0: no limit);
    `post_door` lets one run at a time send mail;
    `held_kinds` are the kinds of letters that wait for the secretary's word before they leave;
    `tick` is called with a name at every boundary (the kill tests hang on it)."""

    printed_plan: Plan
    forms: Mapping[str, FormSpec]
    rubric: Rubric | None
    rules: tuple[Rule, ...]
    calendar: WorkCalendar
    clock: Clock
    ledger: Ledger
    blobs: Blobs
    mailbox: Mailbox
    texts: MailTextsPort
    renderer: Renderer
    reader: Reader
    sheets: SheetReader
    parser: MessageParser
    converter: Converter
    signatures: SignaturePort
    press: BundlePress
    website: WebsitePort
    state: Path
    practice: bool
    trust_roots: Callable[[], tuple[bytes, ...]]
    stamp_roots: Callable[[], tuple[bytes, ...]] = tuple
    stamp_service: str = ""
    certificate_names: tuple[str, ...] = ()
    holder: str = "local"
    post_door: Callable[[], AbstractContextManager[None]] = nullcontext
    driven: frozenset[str] = frozenset()
    largest_mail: int = 0
    held_kinds: frozenset[str] = frozenset()
    tick: Callable[[str], None] = field(default=_no_tick)
    _changed: list[tuple[object, Plan]] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def plan(self) -> Plan:
        """The plan as it stands now: what its files say, changed by the secretary's decisions.

        A decision may be taken in another process at any time (an open office lives for days), so the ledger is asked at
        every access; the plan is built anew only when its last decision is another one.
        """
        last = self.ledger.changes.last()
        if last is None:
            return self.printed_plan
        if not self._changed or self._changed[0][0] != last:
            self._changed[:] = [(last, apply_changes(self.printed_plan, self.ledger.changes.all()))]
        return self._changed[0][1]

    @property
    def driven_deadlines(self) -> tuple[Deadline, ...]:
        """The deadlines this office works on, in the plan's order."""
        return tuple(d for d in self.plan.deadlines if not self.driven or d.id in self.driven)
