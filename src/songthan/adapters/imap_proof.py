"""Was a mail accepted? What lies in «กำลังส่ง» (the outbox folder) was perhaps handed over; its copy to ourselves proves it.

Every mail of ours goes to our own address too (in the envelope only), in the same transaction: SMTP accepts a mail for all
recipients or for none, so a copy that came back means that everybody's is on its way. It is known by the random part of the
key header, which nobody can know who did not get the mail. What comes back is taken out of the Inbox, since the same mail
lies in Sent; it is no received mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses

from songthan.adapters.imap_client import KEY_HEADER, Client, Item
from songthan.adapters.imap_listing import Spot
from songthan.adapters.imap_move import move
from songthan.adapters.imap_session import Folders, Session

__all__ = ["Proof", "nonce_of"]

_KEY = re.compile(r"[0-9a-f]{32}\.([0-9a-f]{32})")
_GROWTH = 65536  # bytes a mail may grow on its way to us: trace headers, a disclaimer


def nonce_of(key_header: str) -> str:
    """The random part of the header «hash.random»; «» when it is not ours."""
    match = _KEY.fullmatch(key_header)
    return match[1] if match else ""


class Proof:
    """Settles what lies in the outbox folder and takes our own copies out of the Inbox. Everything may be done twice."""

    def __init__(self, session: Session, folders: Folders) -> None:
        self._session, self._folders = session, folders
        self._where = f"Sent {session.settings.mailbox}"
        #: mails the server said yes to, and mails it certainly has not; known only to this process
        self.accepted: set[str] = set()
        self.withdrawn: set[str] = set()
        self._waited: set[str] = set()

    def settle(self, waiting: list[tuple[Spot, str]]) -> None:
        """Move each (place, nonce) of the outbox folder to Sent or back to Drafts, once it is known where it belongs."""
        spent, wait = 0.0, 0.05
        while waiting:
            waiting = [(spot, nonce) for spot, nonce in waiting if not self._settled(spot, nonce)]
            patient = any(nonce not in self._waited for _, nonce in waiting) and self._session.settings.own_copy
            if not waiting or not patient or spent + wait > self._session.settings.patience_s:
                break
            # The copy may be on its way. Once a process: what did not come back by then is asked for at the next look.
            self._session.sleep(wait)
            spent += wait
            wait = min(wait * 2, 2.0)
        self._waited |= {nonce for _, nonce in waiting}

    def _settled(self, spot: Spot, nonce: str) -> bool:
        def work(client: Client) -> bool:
            if nonce in self.withdrawn:
                target = self._folders.drafts(client)
            elif nonce in self.accepted or (nonce and self._copies(client, nonce)):
                target = self._folders.sent(client)
            else:
                return False
            if not self._in(client, target, nonce):
                move(client, spot, target, where=self._where)
            return True

        return self._session.read("Sent", work)

    def own_copies(self, client: Client, items: list[Item]) -> list[Item]:
        """Which of these received messages are copies of our own mail to ourselves; opens other folders."""
        return [item for item in items if self._is_ours(item) and self._sent_like(client, item)]

    def _copies(self, client: Client, nonce: str) -> bool:
        for name in (self._folders.inbox(client), self._folders.junk(client)):
            if not name:
                continue
            client.open(name)
            if any(nonce_of(item.key) == nonce for item in client.with_header((KEY_HEADER, nonce), scan=self._scan)):
                return True
        return False

    def _is_ours(self, item: Item) -> bool:
        writers = [address.lower() for _, address in getaddresses([item.sender])]
        return bool(nonce_of(item.key)) and writers == [self._session.settings.mailbox.lower()]

    def _sent_like(self, client: Client, item: Item) -> bool:
        """Does our own copy of that mail exist? One that is still in the outbox folder is moved to Sent on the way."""
        nonce = nonce_of(item.key)
        for spot, ours in self._ours(client, nonce):
            if ours.message_id != item.message_id or abs(item.size - ours.size) > _GROWTH:
                continue
            if spot.folder != self._folders.sent(client):
                move(client, spot, self._folders.sent(client), where=self._where)
            return True
        return False

    def _ours(self, client: Client, nonce: str) -> Iterator[tuple[Spot, Item]]:
        for name in (self._folders.outbox(client), self._folders.sent(client)):
            place = client.open(name)
            for item in client.with_header((KEY_HEADER, nonce), scan=self._scan):
                yield Spot(folder=name, validity=place.validity, uid=item.uid), item

    def _in(self, client: Client, folder: str, nonce: str) -> bool:
        client.open(folder)
        return bool(client.with_header((KEY_HEADER, nonce), scan=self._scan))

    @property
    def _scan(self) -> bool:
        return self._session.settings.search == "scan"
