"""Do our members' mails reach us with a proof of their sender? A new office learns here what its mail server writes.

Reads only. Without such a proof every answer is held, which is safe and useless: the settings must be told which server is
ours (`docs/operations.md`, «What your mail server must do»).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from songthan.steps.office import Office

#: The newest mails looked at, and how many of them must come from members before anything is said.
_LATEST, _ENOUGH = 100, 3


@dataclass(frozen=True, kw_only=True)
class SenderProof:
    """Of `members` mails written from addresses of the roster, `unproven` carried no proof our settings know.

    `servers` are the names found in those mails where our own server would write its name, most frequent first:
    (header, name). They are a stranger's words until somebody who knows the mail server has looked.
    """

    members: int
    unproven: int
    servers: tuple[tuple[str, str], ...]

    @property
    def useless(self) -> bool:
        """Is it the settings rather than single mails?"""
        return self.members >= _ENOUGH and self.unproven * 2 > self.members


def sender_proof(office: Office) -> SenderProof:
    """How the newest mails from members were proven."""
    members = unproven = 0
    servers: Counter[tuple[str, str]] = Counter()
    for row in office.ledger.inbox.latest(_LATEST):
        if not row["parsed"]:
            continue
        message = office.ledger.inbox.message(int(str(row["id"])))
        if office.plan.roster.by_address(message.sender) is None or message.auto:
            continue
        members += 1
        if message.authentication == "none":
            unproven += 1
            servers.update(_names(message.headers))
    return SenderProof(members=members, unproven=unproven, servers=tuple(name for name, _ in servers.most_common(4)))


def _names(headers: tuple[tuple[str, str], ...]) -> set[tuple[str, str]]:
    """Who wrote the topmost results, and which Exchange server took the mail in."""
    found = {}
    for name, value in headers:
        low = name.lower()
        word = value.split(";")[0].split()
        if low in ("authentication-results", "x-ms-exchange-organization-authsource") and word and low not in found:
            found[low] = word[0][:100]
    return set(found.items())
