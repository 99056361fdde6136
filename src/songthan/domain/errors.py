"""One error tree. An error's docstring is its message in English; `th` is the sentence a person reads.

Every error names where (file, field, line) and the remedy, and carries the exit code of the command line:
1 the answer is no, 2 wrong use, 3 the environment is not ready.
"""

from __future__ import annotations

from songthan.domain.language import say


class SongthanError(Exception):
    """Something Songthan can name went wrong."""

    exit_code = 1

    def __init__(self, th: str, *, where: str = "", remedy: str = "") -> None:
        self.th, self.where, self.remedy = th, where, remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.th}" if self.where else self.th
        return say("{head} — วิธีแก้: {remedy}", head=head, remedy=self.remedy) if self.remedy else head


class UsageError(SongthanError):
    """The command was given something it cannot take."""

    exit_code = 2


class DataError(SongthanError):
    """A file of the workspace (plan, roster, form, rule, settings) is wrong."""

    exit_code = 2


class EnvironmentNotReady(SongthanError):
    """A program, font, port or permission this machine lacks."""

    exit_code = 3


class TransitionRefused(SongthanError):
    """A state cannot be left this way."""


class RenderError(SongthanError):
    """A template could not be filled."""


class ReadRefused(SongthanError):
    """A returned file is hostile or unreadable; it was not opened further."""

    def __init__(self, th: str, *, code: str, where: str = "", remedy: str = "") -> None:
        self.code = code
        super().__init__(th, where=where, remedy=remedy)


class ConversionFailed(SongthanError):
    """LibreOffice hung, crashed or wrote half a file, twice."""


class SignatureRefused(SongthanError):
    """A returned PDF is not the director's signature over our frozen version."""


class PublishFailed(SongthanError):
    """The office's own command that copies the website folder did not succeed."""

    exit_code = 3


class LedgerError(SongthanError):
    """The ledger cannot be read or written."""

    exit_code = 3


class LeaseLost(LedgerError):
    """Another Songthan took over this ledger; this one stops."""


class MailError(SongthanError):
    """The mailbox did not do what was asked."""

    exit_code = 3


class MailBusy(MailError):
    """The server asks to come back later (`back_off_s`)."""

    def __init__(self, th: str, *, back_off_s: float = 0.0, where: str = "", remedy: str = "") -> None:
        self.back_off_s = back_off_s
        super().__init__(th, where=where, remedy=remedy)


class MailAmbiguous(MailError):
    """The connection was lost after the request went out: it may or may not have been done. Look it up."""


class MailAuthFailed(MailError):
    """The mailbox refused the credentials; nothing is tried again until a person has looked."""


class MailNotFound(MailError):
    """The item or folder is not there (any more)."""


class MailDenied(MailError):
    """The server refused the operation (rights, send-as, size)."""
