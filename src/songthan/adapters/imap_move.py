"""Moving a message so that a kill in the middle neither loses it nor leaves it twice."""

from __future__ import annotations

import imapclient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from songthan.adapters.imap_client import Client, Item
from songthan.adapters.imap_errors import gone
from songthan.adapters.imap_listing import Spot

__all__ = ["move", "open_at"]

_MOVING = "$SongthanMoving"


def open_at(client: Client, spot: Spot, *, where: str, write: bool = False) -> Item:
    """Open the folder and answer the message; MailNotFound when it, or the folder's validity, is no longer there."""
    place = client.open(spot.folder, write=write)
    items = list(client.items([spot.uid])) if place.validity == spot.validity else []
    if not items:
        raise gone(where)
    return items[0]


def move(client: Client, spot: Spot, folder: str, *, where: str) -> Spot:
    """MOVE (RFC 6851), else COPY and expunge; the answer is the message's new place."""
    item = open_at(client, spot, where=where, write=True)
    # asked for before: the number is found again even where the server does not tell it (no UIDPLUS)
    validity, first = client.marks(folder)
    if client.has_capability("MOVE"):
        told = client.moved(spot.uid, folder)
    else:
        told = _copy_and_remove(client, item, spot, folder)
    if told is None:
        client.open(folder)
        same = [i.uid for i in client.since(first) if _same(i, item)]
        if not same:
            raise gone(where)
        told = validity, same[0]
    return Spot(folder=folder, validity=told[0], uid=told[1])


def _copy_and_remove(client: Client, item: Item, spot: Spot, folder: str) -> tuple[int, int] | None:
    """A mark on the message says that it is being copied: whoever finds it looks for the copy before making another."""
    marked = _MOVING.encode() in item.flags
    if not marked:
        try:
            client.add_flags([spot.uid], [_MOVING], silent=True)
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            marked = True  # no marks of our own here: a like message in the folder is taken for the copy
    told = _earlier_copy(client, item, folder) if marked else None
    client.open(spot.folder, write=True)
    if told is None:
        told = client.copied(spot.uid, folder)
    client.remove(spot.uid)
    if told is not None:
        client.open(folder, write=True)
        client.remove_flags([told[1]], [_MOVING], silent=True)
    return told


def _earlier_copy(client: Client, item: Item, folder: str) -> tuple[int, int] | None:
    place = client.open(folder)
    found = client.search(["UNDELETED", "ON", item.received.date()])
    same = [i.uid for i in client.items(found) if _same(i, item) and imapclient.DELETED not in i.flags]
    return (place.validity, same[-1]) if same else None


def _same(one: Item, other: Item) -> bool:
    return (one.received, one.size, one.message_id) == (other.received, other.size, other.message_id)
