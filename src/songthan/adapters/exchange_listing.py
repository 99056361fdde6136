"""What came into a folder since a place: SyncFolderItems, and the text that remembers the places of Inbox and Junk."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import dataclass
from datetime import datetime

from exchangelib import Account, Message
from exchangelib import errors as ews
from exchangelib.fields import FieldPath
from exchangelib.folders import Folder
from exchangelib.items import ID_ONLY
from exchangelib.services.sync_folder_hierarchy import SyncFolder
from exchangelib.util import MNS, TNS

from songthan.adapters.exchange_services import SyncFolderItems

__all__ = ["STATE_REFUSED", "Told", "read_state", "sync_page", "write_state"]

#: What a server says of a place it does not know (any more): a restored mailbox, another server version, another folder.
STATE_REFUSED = (ews.ErrorInvalidSyncStateData, ews.ErrorSyncFolderNotFound, ews.ErrorInvalidWatermark)
_PAGE = 512  # the most EWS gives at a time
_ASKED = ("datetime_received", "datetime_created", "message_id", "size")
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


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a listing tells of one item. `received` is None where the server does not say (a file dropped into the folder)."""

    id: str
    change: str
    received: datetime | None
    message_id: str
    size: int


class _Sync(SyncFolderItems):
    """Differs from exchangelib's in two ways. It reads the place only where there is one: an error may come without. And
    an item is read by its tags alone, so that one of a kind exchangelib does not know in a mail folder hides no other."""

    def _get_element_container(self, message, name=None):
        if message.find(f"{{{MNS}}}SyncState") is None:
            self.includes_last_item_in_range = True
            return super(SyncFolder, self)._get_element_container(message=message, name=name)
        return super()._get_element_container(message=message, name=name)

    def _elem_to_obj(self, elem):
        if self.change_types_map[elem.tag] not in (SyncFolder.CREATE, SyncFolder.UPDATE):
            return None
        item = elem[0]
        identity = item.find(f"{{{TNS}}}ItemId")
        received = item.findtext(f"{{{TNS}}}DateTimeReceived") or item.findtext(f"{{{TNS}}}DateTimeCreated")
        return Told(
            id=identity.get("Id"),
            change=identity.get("ChangeKey") or "",
            received=datetime.fromisoformat(received.replace("Z", "+00:00")) if received else None,
            message_id=(item.findtext(f"{{{TNS}}}InternetMessageId") or "").strip(),
            size=int(item.findtext(f"{{{TNS}}}Size") or 0),
        )


def sync_page(account: Account, folder: Folder, place: str) -> tuple[list[Told], str, bool]:
    """At most `_PAGE` items that came or changed since `place`, the place after them, and whether that was all.

    A change counts like an arrival: which of both the server tells depends on what it believes we know, and a message
    told twice costs a look into the ledger, one never told is lost. What left the folder is of no interest.
    """
    service = _Sync(account=account)
    found = []
    for told in service.call(
        folder=folder,
        shape=ID_ONLY,
        additional_fields=[FieldPath(field=Message.get_field_by_fieldname(name)) for name in _ASKED],
        sync_state=place or None,
        ignore=None,
        max_changes_returned=_PAGE,
        sync_scope="NormalItems",
    ):
        if isinstance(told, Exception):
            raise told
        if told is not None:
            found.append(told)
    if not service.sync_state:
        raise ews.MalformedResponseError("SyncFolderItems answered without a sync state")
    return found, service.sync_state, bool(service.includes_last_item_in_range)
