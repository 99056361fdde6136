"""The office: a plan and every port, opened once by `songthan.workspace` and handed to the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from songthan.domain.calendars import WorkCalendar
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
    SignaturePort,
    WebsitePort,
)


def _no_tick(_: str) -> None:
    """Nothing happens at a boundary outside the kill tests."""


@dataclass(frozen=True, kw_only=True)
class Office:
    """`rubric` is None for a plan without one; `state` is the only folder written to; `practice` is True on the practice Exchange (every mail says so);
    `holder` names this installation in the ledger's lease;
    `driven` names the deadlines this office works on (empty: all of the plan; a rehearsal of one works on that one);
    `tick` is called with a name at every boundary (the kill tests hang on it)."""

    plan: Plan
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
    parser: MessageParser
    converter: Converter
    signatures: SignaturePort
    press: BundlePress
    website: WebsitePort
    state: Path
    practice: bool
    trust_roots: Callable[[], tuple[bytes, ...]]
    holder: str = "local"
    driven: frozenset[str] = frozenset()
    tick: Callable[[str], None] = field(default=_no_tick)

    @property
    def driven_deadlines(self) -> tuple[Deadline, ...]:
        """The deadlines this office works on, in the plan's order."""
        return tuple(d for d in self.plan.deadlines if not self.driven or d.id in self.driven)
