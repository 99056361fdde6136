"""What one login may do in another's mailbox, as Exchange's permission levels and send rights put it."""

from enum import Enum

from songthan.practice.exchange.errors import EwsError


class Right(Enum):
    """One thing that can be allowed: open and read a mailbox, write in it, send as it, send on its behalf."""

    READ = "read"
    WRITE = "write"
    SEND_AS = "send as"
    ON_BEHALF = "send on behalf"


#: the lists of an accounts file, and what those who stand there may do
LISTS: dict[str, frozenset[Right]] = {
    "readers": frozenset({Right.READ}),
    "editors": frozenset({Right.READ, Right.WRITE}),
    "delegates": frozenset({Right.READ, Right.WRITE, Right.SEND_AS, Right.ON_BEHALF}),
    "on_behalf": frozenset({Right.ON_BEHALF}),
}


def denied(right: Right) -> EwsError:
    """The error Exchange answers who has not that right."""
    if right in (Right.SEND_AS, Right.ON_BEHALF):
        return EwsError(
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to send mail on"
            " behalf of the specified sending account.",
        )
    return EwsError("ErrorAccessDenied", "Access is denied. Check credentials and try again.")
