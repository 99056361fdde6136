"""What a decision of the secretary came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`changed` is False when everything stood like that already (a command given twice). `subject` is the id decided on,
    `assignments` the ids touched, `told` the names of who is written to; `words` say it all in Thai, and what follows."""

    kind: str
    changed: bool
    subject: str
    words: str
    assignments: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        found = asdict(self)
        found["message_th"] = found.pop("words")
        return found | {"assignments": list(self.assignments), "told": list(self.told)}
