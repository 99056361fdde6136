"""Faults that tests order through the control endpoint, and the counts it tells (only with --control)."""

import threading
from dataclasses import dataclass, replace

from songthan.practice.exchange.errors import PracticeError
from songthan.practice.exchange.mailboxes import Mailboxes

#: what may be ordered, and what it does
KINDS = {
    "drop_before": "the connection is lost before the work",
    "drop_after": "the work is done, the connection is lost before the answer",
    "cut_after": "the work is done, the connection is lost in the middle of the answer",
    "503": "HTTP 503",
    "429": "HTTP 429 with Retry-After",
    "busy": "ErrorServerBusy with BackOffMilliseconds",
    "401": "HTTP 401, as when a password was changed",
    "message_id_refused": "a message that brings a Message-ID of its own is refused (ErrorInvalidPropertySet)",
    "message_id_replaced": "the server writes its own Message-ID over the client's",
    "sent_copy_bare": "the copy in Sent Items lacks the headers the client thought up",
}
KEYS = {"operation", "kind", "count", "back_off_ms", "address", "entry"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One ordered fault: `operation` (or * for any), `kind` (one of KINDS or an Error... code), how many times still,
    BackOffMilliseconds for busy, the login it is for (None: any), and with an Error... code the number of the one
    `entry` of the request that fails, counted from 0 (None: the whole request)."""

    operation: str
    kind: str
    count: int = 1
    back_off_ms: int = 1000
    address: str | None = None
    entry: int | None = None


class Faults:
    """The faults still to happen, first ordered first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def order(self, data: object) -> Fault:
        """Take an order; PracticeError says what is wrong with it."""
        if not isinstance(data, dict) or set(data) - KEYS or "operation" not in data or "kind" not in data:
            raise PracticeError(f"a fault needs operation and kind and knows only {sorted(KEYS)}")
        kind = str(data["kind"])
        if kind not in KINDS and not kind.startswith("Error"):
            raise PracticeError(f"unknown kind {kind!r}; known: {', '.join(KINDS)} or an EWS error code (Error...)")
        address = data.get("address")
        fault = Fault(
            operation=str(data["operation"]),
            kind=kind,
            count=int(data.get("count", 1)),
            back_off_ms=int(data.get("back_off_ms", 1000)),
            address=str(address).lower() if address else None,
            entry=None if data.get("entry") is None else int(data["entry"]),
        )
        if fault.entry is not None and not kind.startswith("Error"):
            raise PracticeError("entry goes with an EWS error code (Error...) only")
        if fault.count < 1:
            raise PracticeError("count must be 1 or more")
        with self._lock:
            self._waiting.append(fault)
        return fault

    def clear(self) -> int:
        """Take every order back; gives how many there were."""
        with self._lock:
            taken, self._waiting = len(self._waiting), []
        return taken

    def due(self, operation: str, actor: str) -> Fault | None:
        """The fault for this operation now, counted down; None when there is none."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.operation in (operation, "*") and fault.address in (None, actor):
                    self._waiting[place : place + 1] = (
                        [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
                    )
                    return fault
        return None


def counts(mailboxes: Mailboxes, address: str) -> dict:
    """{"folders": {name: count}, "total_received": n}: n counts what ever arrived (delivered and bounced)."""
    found = mailboxes.store.folders("mailbox = ? AND kind IS NOT 'root'", (address.lower(),))
    if not found:
        raise PracticeError(f"no mailbox {address!r} here")
    received = mailboxes.store.row(
        "SELECT COUNT(*) FROM log WHERE json_extract(line, '$.event') IN ('delivered', 'bounced')"
        " AND json_extract(line, '$.mailbox') = ?",
        (address.lower(),),
    )[0]
    folders = {
        mailboxes.folder_path(folder): mailboxes.store.row("SELECT COUNT(*) FROM items WHERE folder = ?", (folder.id,))[
            0
        ]
        for folder in found
        if folder.kind != "msgfolderroot"
    }
    return {"folders": folders, "total_received": received}
