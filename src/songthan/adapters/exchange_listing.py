"""What came into a folder since a place: SyncFolderItems, and the text that remembers the places of Inbox and Junk."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Iterator

from exchangelib import Account, Message
from exchangelib import errors as ews
from exchangelib.fields import FieldPath
from exchangelib.folders import Folder
from exchangelib.items import ID_ONLY
from exchangelib.services.sync_folder_hierarchy import SyncFolder
from exchangelib.util import MNS

from songthan.adapters.exchange_services import SyncFolderItems

__all__ = ["STATE_REFUSED", "read_state", "sync_page", "write_state"]

#: What a server says of a place it does not know (any more): a restored mailbox, another server version, another folder.
STATE_REFUSED = (ews.ErrorInvalidSyncStateData, ews.ErrorSyncFolderNotFound, ews.ErrorInvalidWatermark)
_PAGE = 512  # the most EWS gives at a time
_HEAD = "ex1:"


def write_state(identity: str, places: dict[str, str]) -> str:
    """The places of each folder, and whose they are, as one short text."""
    data = json.dumps({"of": identity, "places": places}, separators=(",", ":"), sort_keys=True).encode()
    return _HEAD + base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def read_state(text: str, identity: str) -> dict[str, str]:
    """The places in `text`; none when it is empty, damaged, or another mailbox's."""
    if not text.startswith(_HEAD):
        return {}
    try:
        data = json.loads(zlib.decompress(base64.b64decode(text[len(_HEAD) :], validate=True)))
        if data["of"] != identity:
            return {}
        return {str(name): str(place) for name, place in data["places"].items()}
    except (binascii.Error, zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return {}


class _Sync(SyncFolderItems):
    """exchangelib looks for the new place before it looks whether the answer is an error; an error may have none."""

    def _get_element_container(self, message, name=None):
        if message.find(f"{{{MNS}}}SyncState") is None:
            self.includes_last_item_in_range = True
            return super(SyncFolder, self)._get_element_container(message=message, name=name)
        return super()._get_element_container(message=message, name=name)


def sync_page(account: Account, folder: Folder, place: str) -> tuple[list[Message], str, bool]:
    """At most `_PAGE` messages that came or changed since `place`, the place after them, and whether that was all.

    A change counts like an arrival: which of both the server tells depends on what it believes we know, and a message
    told twice costs a look into the ledger, one never told is lost. What left the folder is of no interest.
    """
    service = _Sync(account=account)
    fields = [FieldPath(field=Message.get_field_by_fieldname(n)) for n in ("datetime_received", "message_id", "size")]
    found = list(
        _messages(
            service.call(
                folder=folder,
                shape=ID_ONLY,
                additional_fields=fields,
                sync_state=place or None,
                ignore=None,
                max_changes_returned=_PAGE,
                sync_scope="NormalItems",
            )
        )
    )
    if not service.sync_state:
        raise ews.MalformedResponseError("SyncFolderItems answered without a sync state")
    return found, service.sync_state, bool(service.includes_last_item_in_range)


def _messages(changes: Iterator) -> Iterator[Message]:
    for change in changes:
        if isinstance(change, Exception):
            raise change
        kind, item = change
        if kind in (SyncFolder.CREATE, SyncFolder.UPDATE):
            yield item
