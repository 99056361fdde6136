"""Who is at the other end: Basic for each request, NTLM (real, by pyspnego) once for each connection, as IIS does it."""

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path

from songthan.practice.exchange.accounts import Accounts, Mailbox
from songthan.practice.exchange.errors import PracticeError

SCHEMES = ("basic", "ntlm")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`actor`: the address let in, or None with the `challenges` of a 401; `refused`: the name that was turned away."""

    actor: str | None = None
    challenges: tuple[str, ...] = ()
    refused: str | None = None


class Door:
    """What the server knows about logging in: the schemes it takes and, for NTLM, the file pyspnego reads."""

    def __init__(self, *, accounts: Accounts, schemes: tuple[str, ...], credentials: Path) -> None:
        unknown = set(schemes) - set(SCHEMES)
        if unknown or not schemes:
            raise PracticeError(f"auth {','.join(schemes)!r}: use {' or '.join(SCHEMES)}, or both with a comma")
        self.accounts = accounts
        self.schemes = schemes
        self.challenges = tuple(
            {"basic": 'Basic realm="practice"', "ntlm": "NTLM"}[name] for name in SCHEMES[::-1] if name in schemes
        )
        if "ntlm" in schemes:
            _write_credentials(accounts, credentials)
            # pyspnego's acceptor is told of its users by this variable and in no other way
            os.environ["NTLM_USER_FILE"] = str(credentials)

    def by_name(self, principal: str) -> Mailbox | None:
        """The mailbox behind an NTLM name: user@domain or DOMAIN\\user."""
        wanted = principal.lower()
        return next((m for m in self.accounts.mailboxes.values() if wanted in (m.address, _old_name(m))), None)


def _old_name(mailbox: Mailbox) -> str:
    """The name of Windows NT: the domain's first label, a backslash, what stands before the @."""
    user, _, domain = mailbox.address.partition("@")
    return f"{domain.partition('.')[0]}\\{user}"


def _write_credentials(accounts: Accounts, path: Path) -> None:
    lines = []
    for mailbox in accounts.mailboxes.values():
        if mailbox.password is None:
            continue
        if ":" in mailbox.password:
            raise PracticeError(f"{mailbox.address}: a password with a colon cannot be used with NTLM here")
        domain, _, user = _old_name(mailbox).partition("\\")
        lines += [f":{mailbox.address}:{mailbox.password}", f"{domain}:{user}:{mailbox.password}"]
    try:
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise PracticeError(f"credentials file {path}: {error}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def _claimed(word: bytes) -> str:
    """The name in the last message of an NTLM handshake (MS-NLMP 2.2.1.3), for the journal; empty when it has none."""
    found = []
    for place in (28, 36):  # the fields of domain and user: length, room, offset
        length = int.from_bytes(word[place : place + 2], "little")
        offset = int.from_bytes(word[place + 4 : place + 8], "little")
        found.append(word[offset : offset + length].decode("utf-16-le", "replace"))
    return "\\".join(part for part in found if part)[:320]


class Guest:
    """One connection's login. NTLM lets the connection in: what follows on it needs no word of its own."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._handshake: object | None = None
        self._inside: str | None = None

    def asks(self, header: str) -> Answer:
        """Judge the Authorization header of a request; an empty one is let in only where NTLM has been through."""
        scheme, _, token = header.strip().partition(" ")
        if not scheme and self._inside is not None:
            return Answer(actor=self._inside)
        self._inside = None
        try:
            word = base64.b64decode(token.strip(), validate=True)
        except (binascii.Error, ValueError):
            return Answer(challenges=self._door.challenges)
        if scheme.lower() == "basic" and "basic" in self._door.schemes:
            return self._basic(word)
        if scheme.lower() == "ntlm" and "ntlm" in self._door.schemes:
            return self._ntlm(word)
        return Answer(challenges=self._door.challenges)

    def _basic(self, pair: bytes) -> Answer:
        name = ""
        for encoding in ("utf-8", "latin-1"):
            try:
                name, _, password = pair.decode(encoding).partition(":")
            except UnicodeDecodeError:
                continue
            mailbox = self._door.accounts.login(name, password)
            if mailbox is not None:
                return Answer(actor=mailbox.address)
        return Answer(challenges=self._door.challenges, refused=name)

    def _ntlm(self, word: bytes) -> Answer:
        # imported here: only a server that is asked for NTLM needs the library
        import spnego

        opening = word[:8] == b"NTLMSSP\0" and word[8:12] == b"\1\0\0\0"
        if opening or self._handshake is None:
            self._handshake = spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
        try:
            challenge = self._handshake.step(word)
            principal = self._handshake.client_principal
        except Exception:  # whatever a stranger's bytes do to the library, he is not let in
            self._handshake = None
            return Answer(challenges=self._door.challenges, refused=None if opening else _claimed(word))
        if challenge is not None:
            return Answer(challenges=("NTLM " + base64.b64encode(challenge).decode("ascii"),))
        self._handshake = None
        mailbox = self._door.by_name(principal or "")
        if mailbox is None:
            return Answer(challenges=self._door.challenges, refused=principal)
        self._inside = mailbox.address
        return Answer(actor=mailbox.address)
