"""Who has a mailbox on the practice server, who may use it, how much it takes; read from a TOML file."""

import hmac
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from songthan.practice.exchange.errors import EwsError, PracticeError
from songthan.practice.exchange.rights import LISTS, Right, denied

TOP_KEYS = {"server_name", "domains", "limits", "mailboxes"}
MAILBOX_KEYS = {"address", "name", "password", "shared", "mailbox_bytes", *LISTS}
NOBODY: dict[str, frozenset[Right]] = {}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much the server takes, in bytes: one message, one attachment, one request over HTTP, one whole mailbox
    (None: no end of it); and how many recipients a message may have."""

    message_bytes: int | None = None
    attachment_bytes: int | None = None
    request_bytes: int = 160 * 1024 * 1024  # a message of 110 MB as base64
    mailbox_bytes: int | None = None
    recipients: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One mailbox. A shared one has no password: those named in `rights` open it. `mailbox_bytes`: its own quota."""

    address: str
    name: str
    password: str | None
    shared: bool = False
    rights: dict[str, frozenset[Right]] = field(default_factory=lambda: NOBODY)
    mailbox_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """The server's name, its own domains, its mailboxes by lower-case address, its limits."""

    server_name: str
    domains: frozenset[str]
    mailboxes: dict[str, Mailbox]
    limits: Limits = Limits()

    def login(self, address: str, password: str) -> Mailbox | None:
        """The mailbox behind a login, or None when name or password is wrong."""
        mailbox = self.mailboxes.get(address.lower())
        if mailbox is None or mailbox.password is None:
            return None
        same = hmac.compare_digest(mailbox.password.encode("utf-8"), password.encode("utf-8"))
        return mailbox if same else None

    def may(self, actor: str, right: Right, address: str) -> bool:
        """Whether the logged-in address has that right in that mailbox."""
        mailbox = self.mailboxes.get(address.lower())
        return mailbox is not None and (mailbox.address == actor or right in mailbox.rights.get(actor, ()))

    def may_send_as(self, actor: str, address: str) -> bool:
        """Whether the logged-in address may send as that one."""
        return self.may(actor, Right.SEND_AS, address)

    def opened_by(self, actor: str, address: str, right: Right = Right.READ) -> Mailbox:
        """The mailbox, if the actor has that right in it; else ErrorNonExistentMailbox or ErrorAccessDenied."""
        mailbox = self.mailboxes.get(address.lower())
        if mailbox is None:
            raise EwsError("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        if not self.may(actor, right, address):
            raise denied(right)
        return mailbox

    def quota(self, address: str) -> int | None:
        """How many bytes the mailbox may hold; None when there is no end."""
        own = self.mailboxes[address].mailbox_bytes
        return self.limits.mailbox_bytes if own is None else own

    def owns_domain(self, address: str) -> bool:
        """Whether the address lies in one of the server's own domains (or below one)."""
        domain = address.rpartition("@")[2].strip().rstrip(".").lower()
        return any(domain == own or domain.endswith("." + own) for own in self.domains)


def read_accounts(path: Path) -> Accounts:
    """Read the accounts file; PracticeError names the key that is wrong."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PracticeError(f"accounts file {path}: {error}") from error
    unknown = set(data) - TOP_KEYS
    if unknown:
        raise PracticeError(f"accounts file {path}: unknown key {sorted(unknown)[0]!r}; known: {sorted(TOP_KEYS)}")
    name, domains = data.get("server_name"), data.get("domains")
    if not isinstance(name, str) or not name.isascii() or not name.strip():
        raise PracticeError(f"accounts file {path}: server_name must be an ASCII host name")
    if not isinstance(domains, list) or not domains or not all(isinstance(d, str) for d in domains):
        raise PracticeError(f"accounts file {path}: domains must be a list of the server's own domains")
    mailboxes: dict[str, Mailbox] = {}
    for number, entry in enumerate(data.get("mailboxes", []), start=1):
        mailbox = _mailbox(path, number, entry)
        if mailbox.address in mailboxes:
            raise PracticeError(f"accounts file {path}: {mailbox.address} stands there twice")
        mailboxes[mailbox.address] = mailbox
    if not mailboxes:
        raise PracticeError(f"accounts file {path}: no [[mailboxes]]")
    limits = _limits(path, data.get("limits", {}))
    return Accounts(server_name=name, domains=frozenset(d.lower() for d in domains), mailboxes=mailboxes, limits=limits)


def _limits(path: Path, table: object) -> Limits:
    known = {entry.name for entry in fields(Limits)}
    if not isinstance(table, dict) or set(table) - known:
        raise PracticeError(f"accounts file {path}: [limits] knows {sorted(known)}")
    return Limits(**{key: _count(f"accounts file {path}: [limits] {key}", value) for key, value in table.items()})


def _count(where: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise PracticeError(f"{where} must be a whole number, 1 or more")
    return value


def _mailbox(path: Path, number: int, entry: dict) -> Mailbox:
    where = f"accounts file {path}: mailbox {number}"
    unknown = set(entry) - MAILBOX_KEYS
    if unknown:
        raise PracticeError(f"{where}: unknown key {sorted(unknown)[0]!r}; known: {sorted(MAILBOX_KEYS)}")
    address, shared = entry.get("address"), entry.get("shared", False)
    if not isinstance(address, str) or address.count("@") != 1 or any(c in address for c in "\r\n <>,;:\\"):
        raise PracticeError(f"{where}: address {address!r} is no mail address")
    person = entry.get("name", address)
    if not isinstance(person, str) or any(c in person for c in "\r\n"):
        raise PracticeError(f"{where} ({address}): name must be one line of text")
    password = entry.get("password")
    if shared and password is not None:
        raise PracticeError(f"{where} ({address}): a shared mailbox has no password; name its delegates")
    if not shared and (not isinstance(password, str) or not password):
        raise PracticeError(f"{where} ({address}): password is missing")
    size = entry.get("mailbox_bytes")
    return Mailbox(
        address=address.lower(),
        name=person,
        password=password,
        shared=bool(shared),
        rights=_rights(f"{where} ({address})", entry),
        mailbox_bytes=None if size is None else _count(f"{where} ({address}): mailbox_bytes", size),
    )


def _rights(where: str, entry: dict) -> dict[str, frozenset[Right]]:
    rights: dict[str, frozenset[Right]] = {}
    for name, allowed in LISTS.items():
        people = entry.get(name, [])
        if not isinstance(people, list) or not all(isinstance(person, str) for person in people):
            raise PracticeError(f"{where}: {name} must be a list of addresses")
        for person in people:
            rights[person.lower()] = rights.get(person.lower(), frozenset()) | allowed
    return rights
