"""Who has a mailbox on the practice server, read from a TOML file."""

import hmac
import tomllib
from dataclasses import dataclass
from pathlib import Path

from songthan.practice.exchange.errors import EwsError, PracticeError

TOP_KEYS = {"server_name", "domains", "mailboxes"}
MAILBOX_KEYS = {"address", "name", "password", "shared", "delegates"}


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One mailbox. A shared one has no password: its delegates open it and send as it."""

    address: str
    name: str
    password: str | None
    shared: bool = False
    delegates: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """The server's name, its own domains and its mailboxes by lower-case address."""

    server_name: str
    domains: frozenset[str]
    mailboxes: dict[str, Mailbox]

    def login(self, address: str, password: str) -> Mailbox | None:
        """The mailbox behind a login, or None when name or password is wrong."""
        mailbox = self.mailboxes.get(address.lower())
        if mailbox is None or mailbox.password is None:
            return None
        same = hmac.compare_digest(mailbox.password.encode("utf-8"), password.encode("utf-8"))
        return mailbox if same else None

    def may_use(self, actor: str, address: str) -> bool:
        """Whether the logged-in address may open, and send as, that address."""
        mailbox = self.mailboxes.get(address.lower())
        return mailbox is not None and (mailbox.address == actor or actor in mailbox.delegates)

    def opened_by(self, actor: str, address: str) -> Mailbox:
        """The mailbox, if the actor may open it; else ErrorNonExistentMailbox or ErrorAccessDenied."""
        mailbox = self.mailboxes.get(address.lower())
        if mailbox is None:
            raise EwsError("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        if not self.may_use(actor, address):
            raise EwsError("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        return mailbox

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
    return Accounts(server_name=name, domains=frozenset(d.lower() for d in domains), mailboxes=mailboxes)


def _mailbox(path: Path, number: int, entry: dict) -> Mailbox:
    where = f"accounts file {path}: mailbox {number}"
    unknown = set(entry) - MAILBOX_KEYS
    if unknown:
        raise PracticeError(f"{where}: unknown key {sorted(unknown)[0]!r}; known: {sorted(MAILBOX_KEYS)}")
    address, shared = entry.get("address"), entry.get("shared", False)
    if not isinstance(address, str) or address.count("@") != 1 or any(c in address for c in "\r\n <>,;"):
        raise PracticeError(f"{where}: address {address!r} is no mail address")
    person = entry.get("name", address)
    if not isinstance(person, str) or any(c in person for c in "\r\n"):
        raise PracticeError(f"{where} ({address}): name must be one line of text")
    password = entry.get("password")
    if shared and password is not None:
        raise PracticeError(f"{where} ({address}): a shared mailbox has no password; name its delegates")
    if not shared and (not isinstance(password, str) or not password):
        raise PracticeError(f"{where} ({address}): password is missing")
    delegates = frozenset(d.lower() for d in entry.get("delegates", []))
    return Mailbox(address=address.lower(), name=person, password=password, shared=bool(shared), delegates=delegates)
