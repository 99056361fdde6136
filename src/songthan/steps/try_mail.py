"""Mail tried on the rules without anything following from it: a file, or what came in before as it was known then.

For offices whose ledger is a copy (`workspace.borrowed_office`): attachments are put into its blobs, and nothing else stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import cast

from songthan.domain.assignments import AssignmentState, DeadlineState
from songthan.domain.errors import EnvironmentNotReady, LedgerError, UsageError
from songthan.domain.messages import MailRef, Message, Route
from songthan.domain.routing import Rule, decide_route
from songthan.ports import Ledger
from songthan.steps.gather_facts import gather
from songthan.steps.mail_effects import settle_purpose
from songthan.steps.office import Office

#: What is wrong with the office and not with the mail.
_OURS = (EnvironmentNotReady, LedgerError, UsageError)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What would become of a mail; `message` is None when it could not be taken apart, `trouble` says why then."""

    message: Message | None
    route: Route
    duplicate: bool = False
    trouble: str = ""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A mail of the ledger: its row, and what the rules say of it now. `read_again`: from its bytes, not from the ledger."""

    row: Mapping[str, object]
    now: Route
    read_again: bool = True

    @property
    def route_then(self) -> str:
        """The route the rules gave it, '' before they did. What the secretary let out of quarantine since is hers, not theirs."""
        return "quarantine" if self.row["released_at"] else str(self.row["route"] or "")

    @property
    def changed(self) -> bool:
        return bool(self.route_then) and (self.route_then, self.row["rule"]) != (self.now.route, self.now.rule)


class _Undo(Exception):
    """Ends a transaction of which nothing is to stay."""


def try_file(office: Office, path: Path) -> Tried:
    """The route of the mail in a file, as `take_in` would find it now. Never fails for what is in the file."""
    message: Message | None = None
    tried: list[Tried] = []
    try:
        sha256 = office.blobs.receive(lambda write: _copy(path, write))
        message = office.parser.parse(office.blobs.path(sha256), received=office.clock.now(), keep=office.blobs.receive)
        with office.ledger.transaction():
            tried.append(_tried(office, message))
            raise _Undo
    except _Undo:
        return tried[0]
    except _OURS:
        raise
    except Exception as error:
        return Tried(message=message, route=_poison(), trouble=type(error).__name__)


def _copy(path: Path, write: Callable[[bytes], object]) -> None:
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                write(piece)
    except OSError as error:
        raise UsageError(f"เปิดแฟ้มไม่ได้ ({error.strerror})", where=str(path), remedy="ตรวจชื่อและที่อยู่ของแฟ้ม") from error


def _tried(office: Office, message: Message) -> Tried:
    ref = MailRef(id="classify", change="", received=message.received, message_id=message.message_id, size=message.size)
    inbox_id = office.ledger.inbox.add(ref, message.sha256, office.clock.now())
    office.ledger.inbox.save_parsed([(inbox_id, message)])
    row = office.ledger.inbox.get(inbox_id) or {}
    route, duplicate = _decided(office, row, message)
    return Tried(message=message, route=route, duplicate=duplicate)


def _decided(office: Office, row: Mapping[str, object], message: Message) -> tuple[Route, bool]:
    gathered = gather(office, row, message)
    # the write that belongs to the route is not done
    route, _ = settle_purpose(
        office, int(str(row["id"])), message, decide_route(gathered.facts, office.rules), gathered
    )
    return route, gathered.facts.duplicate


def _poison() -> Route:
    return Route(route="hold", rule="poison", reason="อ่านจดหมายฉบับนี้ไม่สำเร็จ โปรดเปิดดูในกล่องจดหมายด้วยตนเอง")


def replay(office: Office, last: int, rules: Sequence[Rule] | None = None) -> list[Replayed]:
    """The newest `last` mails of the ledger, oldest first, each routed again by the rules as they are now (or by `rules`).

    Read again from its bytes and judged with the states of duties and deadlines as they stood when it was first routed,
    and with the mails before it as the only ones known. The plan, the roster, the leave book and our outgoing mail are
    today's.
    """
    if rules is not None:
        office = replace(office, rules=tuple(rules))
    rows = list(reversed(office.ledger.inbox.latest(last)))
    ledgers = _ledgers_then(office.ledger, {f"inbox/{row['id']}" for row in rows})
    found = []
    for row in rows:
        then = ledgers.get(f"inbox/{row['id']}")
        found.append(_again(replace(office, ledger=then) if then else office, row))
    return found


_ROUTED = frozenset({"mail-accept", "mail-note", "mail-hold", "mail-quarantine"})


def _ledgers_then(ledger: Ledger, mails: Set[str]) -> dict[str, Ledger]:
    """The ledger as it stood when each of these mails (their subjects in the history) was first routed."""
    found: dict[str, Ledger] = {}
    deadlines: dict[str, DeadlineState] = {}
    assignments: dict[str, AssignmentState] = {}
    for event in ledger.events():
        kind, subject = str(event["kind"]), str(event["subject"])
        what, _, name = kind.partition("-")
        name = name.upper()
        if what == "deadline" and name in DeadlineState.__members__:
            deadlines[subject] = DeadlineState(name)
        elif what == "assignment" and name in AssignmentState.__members__:
            assignments[subject] = AssignmentState(name)
        elif kind in _ROUTED and subject in mails and subject not in found:
            found[subject] = cast("Ledger", LedgerThen(ledger, dict(deadlines), dict(assignments)))
    return found


def _again(office: Office, row: Mapping[str, object]) -> Replayed:
    try:
        message, fresh = _message(office, row)
        return Replayed(row=row, now=_decided(office, row, message)[0], read_again=fresh)
    except _OURS:
        raise
    except Exception:
        return Replayed(row=row, now=_poison())


def _message(office: Office, row: Mapping[str, object]) -> tuple[Message, bool]:
    """The mail from its bytes; as the ledger keeps it when they are gone."""
    try:
        raw = office.blobs.path(str(row["sha256"]))
    except LedgerError:
        if not row["parsed"]:
            raise
        return office.ledger.inbox.message(int(str(row["id"]))), False
    return office.parser.parse(raw, received=datetime.fromisoformat(str(row["received"])), keep=office.blobs.receive), True


class LedgerThen:
    """A ledger with the states of duties and deadlines of an earlier moment; the rest is as it is now."""

    def __init__(
        self, ledger: Ledger, deadlines: Mapping[str, DeadlineState], assignments: Mapping[str, AssignmentState]
    ) -> None:
        self._ledger, self._deadlines, self._assignments = ledger, deadlines, assignments

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    def deadline_state(self, deadline: str) -> DeadlineState:
        return self._deadlines.get(deadline, DeadlineState.PLANNED)

    def assignment_rows(self, deadline: str | None = None) -> list[dict[str, object]]:
        rows = self._ledger.assignment_rows(deadline)
        return [then for row in rows if (then := self._then(row)) is not None]

    def assignment_row(self, assignment: str) -> dict[str, object] | None:
        return self._then(self._ledger.assignment_row(assignment))

    def assignment_by_token(self, token: str) -> dict[str, object] | None:
        return self._then(self._ledger.assignment_by_token(token))

    def _then(self, row: Mapping[str, object] | None) -> dict[str, object] | None:
        """The row with its state of then; None when it was not there yet."""
        if row is None or str(row["id"]) not in self._assignments:
            return None
        return {**row, "state": self._assignments[str(row["id"])].value}
