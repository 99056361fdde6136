"""What the Exchange adapter takes of our outgoing mail's shape; the maker is `outgoing_mime`, shared by every mailbox."""

from songthan.adapters.outgoing_mime import SUBJECT_LIMIT, build, own_message_id

__all__ = ["SUBJECT_LIMIT", "build", "own_message_id"]
