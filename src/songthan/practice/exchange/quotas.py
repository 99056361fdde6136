"""How much is too much: message, attachment, mailbox, recipients, as the accounts file's limits say."""

from collections.abc import Sequence

from songthan.practice.exchange.accounts import Accounts
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.message import Part
from songthan.practice.exchange.store import Store


class Quotas:
    """Judges sizes (bytes) against the limits; without limits everything passes."""

    def __init__(self, *, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts

    def message_fits(self, size: int) -> bool:
        """Whether a message of that size is taken at all."""
        most = self._accounts.limits.message_bytes
        return most is None or size <= most

    def mailbox_fits(self, address: str, more: int) -> bool:
        """Whether the mailbox has room for so many bytes more."""
        most = self._accounts.quota(address)
        if most is None:
            return True
        held = self._store.row("SELECT COALESCE(SUM(size), 0) FROM items WHERE mailbox = ?", (address,))[0]
        return held + more <= most

    def demand(self, address: str, *, size: int, more: int, parts: Sequence[Part] = ()) -> None:
        """Raise the error Exchange answers when a client's message or one of its attachments is too large, or when
        the mailbox is full; `more` is what the mailbox grows by."""
        most = self._accounts.limits.attachment_bytes
        if most is not None and any(len(part.content) > most for part in parts):
            raise EwsError("ErrorAttachmentSizeLimitExceeded", f"An attachment is larger than {most} bytes.")
        if not self.message_fits(size):
            limit = self._accounts.limits.message_bytes
            raise EwsError("ErrorMessageSizeExceeded", f"The message is larger than the {limit} bytes allowed here.")
        if more > 0 and not self.mailbox_fits(address, more):
            raise EwsError("ErrorQuotaExceeded", "The mailbox has exceeded its quota.")

    def demand_recipients(self, number: int) -> None:
        """Raise ErrorSubmissionQuotaExceeded when a message has more recipients than allowed."""
        most = self._accounts.limits.recipients
        if most is not None and number > most:
            raise EwsError("ErrorSubmissionQuotaExceeded", f"The message has {number} recipients; {most} are allowed.")
