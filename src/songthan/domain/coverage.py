"""What stands behind each criterion: the facts answered, the evidence, for which period, by whom; and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Coverage", "Fact", "Lack", "Proof"]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One answer the score is made of; `value_th` is empty where nobody has answered yet. `sender` mailed the `file`."""

    key: str
    label: str
    field: str
    value_th: str
    period: str
    member: str
    sender: str = ""
    received: datetime | None = None
    file: str = ""
    place: str = ""

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "received": self.received.isoformat() if self.received else None}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One piece of evidence: a file that came along («file», with its sha256), a link, or what somebody wrote («text»)."""

    kind: str
    text: str
    deadline: str
    period: str
    activity: str
    sender: str
    received: datetime
    form_file: str
    sha256: str = ""

    def as_json(self) -> dict[str, object]:
        return {**vars(self), "received": self.received.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Lack:
    """One thing that is missing, in a sentence that names whose it is; `deadline` is «» where no one period lacks it."""

    deadline: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """One criterion. `score` is None while a fact is missing."""

    criterion: str
    number: int
    text: str
    score: int | None
    facts: tuple[Fact, ...]
    proofs: tuple[Proof, ...]
    lacks: tuple[Lack, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(lack.text for lack in self.lacks)

    @property
    def periods(self) -> Sequence[str]:
        """The periods something is there for, in their order."""
        return tuple(dict.fromkeys(p.period for p in self.proofs))

    def as_json(self) -> dict[str, object]:
        return {
            "criterion": self.criterion,
            "number": self.number,
            "text": self.text,
            "score": self.score,
            "facts": [f.as_json() for f in self.facts],
            "evidence": [p.as_json() for p in self.proofs],
            "periods": list(self.periods),
            "missing": list(self.missing),
            "complete": not self.missing,
        }
