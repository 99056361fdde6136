"""The figures of a rehearsal, as DESIGN names them: of one deadline, and of the year with its totals.

What was sent and what arrived is counted in the practice Exchange's own log, not in our ledger.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from songthan.domain.plans import Deadline
from songthan.practice.exchange import read_log
from songthan.rehearsal_stage import Stage

#: Counts that add up over the deadlines of a year.
_SUMMED = ("asked", "accepted", "corrected", "lapsed")
_COUNTED = {"hold": "held", "quarantine": "quarantined", "note": "noted"}


def deadline_result(stage: Stage, deadline: Deadline) -> dict[str, object]:
    """The keys a rehearsal of one deadline prints; its mail is all the mail there is."""
    return _outcome(stage, deadline) | _all_mail(stage) | _bundle(stage, deadline)


def year_result(stage: Stage) -> dict[str, object]:
    """«all»: the same keys in total, and under `deadlines` by id.

    A mail in counts with every deadline whose form or report it is about (one that brings two forms, with both), a mail out
    with the one it was written for; what belongs to none (the digest, a letter about several deadlines) is in the total
    only, where every mail counts once. `state` is ACKNOWLEDGED when
    every deadline is, else the first that is not; `receipt` names all of them, `bundle_dir` is the folder over the bundles.
    """
    mails = _mail_by_deadline(stage)
    each = {d.id: _outcome(stage, d) | mails[d.id] | _bundle(stage, d) for d in stage.deadlines}
    states = [str(one["state"]) for one in each.values()]
    total: dict[str, object] = {
        "deadline": "all",
        "state": next((s for s in states if s != "ACKNOWLEDGED"), "ACKNOWLEDGED"),
        **{key: sum(int(str(one[key])) for one in each.values()) for key in _SUMMED},
        **_all_mail(stage),
        "bundle_dir": str(stage.state / "bundles"),
        "signature_valid": all(one["signature_valid"] for one in each.values()),
        "submitted_at": max((str(one["submitted_at"]) for one in each.values() if one["submitted_at"]), default=None),
        "receipt": ", ".join(str(one["receipt"]) for one in each.values() if one["receipt"]) or None,
    }
    return total | {"deadlines": each}


def _outcome(stage: Stage, deadline: Deadline) -> dict[str, object]:
    """Where the deadline and its assignments ended."""
    rows = stage.office.ledger.assignment_rows(deadline.id)
    states = Counter(str(r["state"]) for r in rows)
    return {
        "deadline": deadline.id,
        "state": stage.office.ledger.deadline_state(deadline.id).value,
        "asked": sum(1 for r in rows if r["asked_on"]),
        "accepted": states["ACCEPTED"],
        "corrected": sum(1 for r in rows if r["corrections"]),
        "lapsed": states["LAPSED"],
    }


def _bundle(stage: Stage, deadline: Deadline) -> dict[str, object]:
    """The bundle and what became of it, verified now."""
    office = stage.office
    bundle = office.ledger.bundles.latest(deadline.id) or {}
    folder = stage.state / str(bundle["folder"]) if bundle else None
    report = office.press.verify(folder, roots=office.trust_roots(), at=office.clock.now()) if folder else None
    checks = {c.name: c.ok for c in report.checks} if report else {}
    return {
        "bundle_dir": str(folder) if folder else None,
        "signature_valid": bool(checks.get("signature")) and bool(report and report.ok),
        "submitted_at": bundle.get("submitted_at"),
        "receipt": bundle.get("receipt"),
        "pdf": str(_pdf(folder)) if folder else None,
    }


def _pdf(folder: Path) -> Path:
    return folder / ("signed.pdf" if (folder / "signed.pdf").exists() else "bundle.pdf")


def _all_mail(stage: Stage) -> dict[str, object]:
    """Every mail of the office, in and out."""
    office = stage.office
    counts = office.ledger.inbox.counts()
    sent = Counter(e["key"] for e in _log(stage) if e["event"] == "sent" and e["key"])
    return {
        **{name: counts.get(route, 0) for route, name in _COUNTED.items()},
        "mails_out": sum(sent.values()),
        "duplicates": sum(n - 1 for n in sent.values()),
        "mailbox_count": office.mailbox.count(),
        "ledger_count": counts["all"],
    }


def _mail_by_deadline(stage: Stage) -> dict[str, dict[str, object]]:
    """The same counts by deadline: our rows by the forms or the bundle they are about, the mailbox's by the log."""
    office, log = stage.office, _log(stage)
    rows = office.ledger.inbox.latest(office.ledger.inbox.counts()["all"])
    address = office.plan.roster.mailbox.lower()
    arrived = Counter(
        str(e["message_id"])
        for e in log
        if e["event"] in ("delivered", "bounced") and str(e["mailbox"]).lower() == address
    )
    sent = Counter(e["key"] for e in log if e["event"] == "sent" and e["key"])
    wrote = {key: str((office.ledger.outbox.get(key) or {}).get("deadline") or "") for key in sent}
    found: dict[str, dict[str, object]] = {}
    for deadline in stage.deadlines:
        mine = _mails_about(stage, deadline, rows)
        routes = Counter(str(row["route"]) for row in mine)
        keys = [key for key in sent if wrote[key] == deadline.id]
        found[deadline.id] = {
            **{name: routes[route] for route, name in _COUNTED.items()},
            "mails_out": sum(sent[key] for key in keys),
            "duplicates": sum(sent[key] - 1 for key in keys),
            "mailbox_count": sum(arrived[key] for key in {str(row["message_id"]) for row in mine}),
            "ledger_count": len(mine),
        }
    return found


def _mails_about(stage: Stage, deadline: Deadline, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The received mails about this deadline: by their assignment, by a form they brought, or as the receipt of its bundle."""
    ledger = stage.office.ledger
    asked = {row["id"] for row in ledger.assignment_rows(deadline.id)}
    brought = ledger.returns.mails(deadline.id)
    receipt = (ledger.bundles.latest(deadline.id) or {}).get("receipt_inbox")
    return [row for row in rows if row["assignment"] in asked or row["id"] in brought or row["id"] == receipt]


def _log(stage: Stage) -> list[dict]:
    return list(read_log(stage.state / "practice" / "log.jsonl"))
