"""Identities and states as texts: what they name is checked, so that a foreign or damaged one is known as such."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from songthan.adapters.imap_client import Item, Place
from songthan.adapters.imap_errors import gone
from songthan.domain.messages import MailRef

__all__ = ["Spot", "read_state", "ref_of", "spot_of", "write_state"]

_SPOT = re.compile(r"imap:(\d+):(\d+):(.+)", re.DOTALL)
_STATE = re.compile(r"imap1 inbox=(\d+)\.(\d+) junk=(\d+)\.(\d+) (\w{8})")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One message for ever: a number of a folder, while the folder keeps its validity (RFC 9051 2.3.1.1)."""

    folder: str
    validity: int
    uid: int

    @property
    def id(self) -> str:
        return f"imap:{self.validity}:{self.uid}:{self.folder}"


def spot_of(identity: str, where: str) -> Spot:
    """MailNotFound for an identity that is not one of ours."""
    match = _SPOT.fullmatch(identity)
    if match is None:
        raise gone(where)
    return Spot(folder=match[3], validity=int(match[1]), uid=int(match[2]))


def ref_of(item: Item, place: Place, folder: str, zone: ZoneInfo) -> MailRef:
    """A message as the port lists it; `folder` is the port's name for the place."""
    return MailRef(
        id=Spot(folder=place.folder, validity=place.validity, uid=item.uid).id,
        change=str(item.uid),
        received=datetime.fromtimestamp(item.received.timestamp(), tz=zone),
        message_id=item.message_id,
        size=item.size,
        folder=folder,
    )


def write_state(account: str, inbox: tuple[int, int], junk: tuple[int, int]) -> str:
    """Validity and next number of both folders, sealed together with whose mailbox it is."""
    text = f"imap1 inbox={inbox[0]}.{inbox[1]} junk={junk[0]}.{junk[1]}"
    return f"{text} {_seal(account, text)}"


def read_state(account: str, state: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """As written; zeros, which no folder has as its validity, for a state of another mailbox or of nobody."""
    match = _STATE.fullmatch(state)
    if match is None or _seal(account, state[:-9]) != match[5]:
        return (0, 0), (0, 0)
    inbox, validity, junk, other = (int(match[i]) for i in range(1, 5))
    return (inbox, validity), (junk, other)


def _seal(account: str, text: str) -> str:
    return f"{zlib.crc32(f'{account} {text}'.encode()):08x}"
