"""Is the sender who he says he is? Believed is only what our own mail server wrote on top of the mail.

Two witnesses are heard: the topmost Authentication-Results of our server (RFC 8601: DMARC, or the account that logged in
to send), and, where the office names its Exchange servers, the organisation headers by which Exchange marks mail a
mailbox of its own handed in (its header firewall takes them off whatever comes from outside).
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass

from songthan.adapters.parse_headers import Headers, addresses, split_outside

_ORGANISATION = "x-ms-exchange-organization-"
_HANDED_IN_BY_MAILBOX = "04"
"""AuthMechanism of a mail that Outlook, the web page, a phone or EWS handed in for a mailbox. Other numbers are SMTP: a
relay may be trusted there whatever address it writes."""


@dataclass(frozen=True, kw_only=True)
class OwnServer:
    """What our own mail server's marks look like.

    `authserv_id` is its name in Authentication-Results («»: it writes none). `internal_servers` are the names of the
    office's Exchange servers as X-MS-Exchange-Organization-AuthSource shows them, `*` allowed; none: those headers are not
    believed. `domains` are the mail domains of the office's own mailbox.
    """

    authserv_id: str
    internal_servers: tuple[str, ...] = ()
    domains: frozenset[str] = frozenset()

    @classmethod
    def of(cls, args: dict) -> OwnServer:
        """Out of the arguments of a parsing job: `authserv_id`, `internal_servers`, `own_addresses`."""
        return cls(
            authserv_id=str(args.get("authserv_id", "")),
            internal_servers=tuple(str(name) for name in args.get("internal_servers", ())),
            domains=frozenset(str(a).lower().rpartition("@")[2] for a in args.get("own_addresses", ())),
        )


@dataclass(frozen=True, kw_only=True)
class _Results:
    """One Authentication-Results header of our server: «pass», «fail» or «none» of DMARC, the header.from it names, and
    the account that logged in to send («» when none did)."""

    verdict: str
    domains: tuple[str, ...] = ()
    account: str = ""


def authentication(headers: Headers, server: OwnServer, sender: str) -> tuple[str, str]:
    """(«pass» | «fail» | «none», a defect code or «») for the From address `sender`.

    A lower Authentication-Results may be the sender's own writing: it never makes a pass, but one that names our server
    too and says otherwise takes the pass away. A pass must name the sender's domain as header.from, or his whole address
    as the account that logged in.
    """
    values = headers.all("authentication-results")
    results = _results(values[0], server.authserv_id) if values else None
    if results is not None and results.verdict == "fail":
        return "fail", ""
    if results is not None and results.account == sender != "":
        return _unless_repeated(values, server, results)
    if results is not None and results.verdict == "pass":
        if not results.domains or any(domain != sender.rpartition("@")[2] for domain in results.domains):
            return "none", "authentication-other-domain"
        return _unless_repeated(values, server, results)
    return ("pass", "") if _handed_in(headers, server, sender) else ("none", "")


def _unless_repeated(values: Sequence[str], server: OwnServer, results: _Results) -> tuple[str, str]:
    others = [_results(value, server.authserv_id) for value in values[1:20]]
    if any(other is not None and other != results for other in others):
        return "none", "authentication-repeated"
    return "pass", ""


def _results(value: str, authserv_id: str) -> _Results | None:
    """What one header says; None if it is not our server's."""
    pieces = [p.strip() for p in split_outside(value[:8000], ";", comments=True)]
    server = pieces[0].split()[:1] if pieces and pieces[0] else []
    if not authserv_id or [s.lower() for s in server] != [authserv_id.lower()]:
        return None
    verdicts: list[str] = []
    domains: list[str] = []
    accounts: list[str] = []
    for piece in pieces[1:]:
        # Values may be quoted and may hold anything; only unquoted words are read.
        words = re.sub(r'"(?:[^"\\]|\\.)*"?', '""', piece).split()
        joined = re.match(r"(\w+)\s*=\s*(\w+)", " ".join(words[:3]).lower())
        method, verdict = (joined[1], joined[2]) if joined else ("", "")
        if method == "auth" and verdict != "pass":
            accounts.append("")  # beside a login that failed, another one proves nobody
        if method in ("dmarc", "compauth"):
            verdicts.append(verdict)
        for word in words[1:]:
            key, _, content = word.lower().partition("=")
            if key == "compauth":
                verdicts.append(content)
            elif key == "header.from" and method == "dmarc":
                domains.append(content)
            elif key == "smtp.auth" and (method, verdict) == ("auth", "pass"):
                accounts.append(content)
    verdict = "fail" if "fail" in verdicts else "pass" if "pass" in verdicts else "none"
    return _Results(verdict=verdict, domains=tuple(domains), account=accounts[0] if len(accounts) == 1 else "")


def _handed_in(headers: Headers, server: OwnServer, sender: str) -> bool:
    """Did one of our Exchange servers take this mail from a mailbox of its own, whose address is the sender's?

    Exchange lets a mailbox write only as itself, or as one whose owner gave it the right; a mail written for another
    («Sender») is not his own word. Each header must be there once: a second one is a stranger's.
    """
    if not server.internal_servers or sender.rpartition("@")[2] not in server.domains:
        return False
    marks = [headers.all(_ORGANISATION + name) for name in ("authas", "authmechanism", "authsource")]
    if any(len(found) != 1 for found in marks):
        return False
    (auth_as,), (mechanism,), (source,) = marks
    written_for = [address for value in headers.all("sender")[:20] for _, address in addresses(value, limit=20)]
    return (
        auth_as.strip().lower() == "internal"
        and mechanism.strip() == _HANDED_IN_BY_MAILBOX
        and any(fnmatch.fnmatchcase(source.strip().lower(), name.lower()) for name in server.internal_servers)
        and not (headers.has("sender") and written_for != [sender])
    )
