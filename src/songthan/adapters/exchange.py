"""The office's mailbox on Exchange, through exchangelib (EWS): the adapter of the `Mailbox` port.

Folders are addressed by their distinguished names (with the mailbox, so a shared one works too), so that nothing is
walked or cached. Our mail carries its key as a named property of our own property set: own Message-IDs and headers do
not survive every server and item ids change on a move, the property stays.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from exchangelib import Account, Message, Q
from exchangelib import errors as ews
from exchangelib.extended_properties import ExtendedProperty
from exchangelib.fields import FieldPath
from exchangelib.folders import Drafts, Folder, Inbox, JunkEmail, MsgFolderRoot, Root, SentItems
from exchangelib.items import HARD_DELETE, ID_ONLY, SAVE_ONLY, SEND_TO_NONE
from exchangelib.properties import DistinguishedFolderId, Mailbox
from exchangelib.restriction import Restriction
from requests.adapters import HTTPAdapter

from songthan.adapters.exchange_bytes import send_file, stream_mime
from songthan.adapters.exchange_listing import STATE_REFUSED, Told, read_state, sync_page, write_state
from songthan.adapters.exchange_services import (
    CreateFolder,
    CreateItem,
    DeleteItem,
    FindFolder,
    FindItem,
    GetFolder,
    MoveItem,
    SendItem,
)
from songthan.adapters.exchange_session import Session
from songthan.adapters.exchange_settings import ExchangeSettings
from songthan.adapters.outgoing_mime import build, own_message_id
from songthan.domain.errors import MailAmbiguous, MailDenied, MailError, MailNotFound
from songthan.domain.language import say
from songthan.domain.messages import Listing, MailRef, OutgoingMail, SentRef

__all__ = ["ExchangeMailbox", "ExchangeSettings"]

_KEYS = 50  # sought in one request, two conditions each; Exchange refuses a restriction of more than 255
_PAGE = 100  # items asked for at a time; Exchange's own throttling default allows 1000


class _SongthanKey(ExtendedProperty):
    """The identity of an intent to send, on the draft and on its copy in Sent; not seen by recipients outside."""

    property_set_id = "c6f0a3d2-5b1e-4c7a-9a54-51a7e0d25660"
    property_name = "SongthanKey"
    property_type = "String"


Message.register("songthan_key", _SongthanKey)


class ExchangeMailbox:
    """Fulfils `songthan.ports.Mailbox`; no request is made before the first call. One connection, not for threads."""

    def __init__(
        self,
        settings: ExchangeSettings,
        *,
        http_adapter: type[HTTPAdapter] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._session = Session(settings, http_adapter=http_adapter, sleep=sleep, monotonic=monotonic)
        self._account = self._session.account
        self._zone = ZoneInfo(settings.timezone)
        self._root = Root(account=self._account, _distinguished_id=self._distinguished(Root))
        self._inbox, self._junk, self._drafts, self._sent, self._top = (
            cls(root=self._root, _distinguished_id=self._distinguished(cls))
            for cls in (Inbox, JunkEmail, Drafts, SentItems, MsgFolderRoot)
        )
        self._parent = self._inbox if settings.folders_below == "inbox" else self._top
        self._known_folders: dict[str, Folder] = {}
        self._names: dict[str, str] = {}

    def close(self) -> None:
        """Close the connection; the mailbox can be used again afterwards."""
        self._session.close()

    def clock_skew(self) -> float | None:
        """By the Date of the last answer; without one yet, of an answer asked for."""
        if self.heard_clock_skew() is None:
            self.rights("inbox")
        return self.heard_clock_skew()

    def heard_clock_skew(self) -> float | None:
        """The same, of the last answer only."""
        return self._session.clock_skew_s

    @property
    def settings(self) -> ExchangeSettings:
        return self._settings

    def rights(self, name: str) -> frozenset[str] | None:
        """What this account may do in «inbox», «junk», «drafts» or «sent»; None when the server does not say."""
        folder = {"inbox": self._inbox, "junk": self._junk, "drafts": self._drafts, "sent": self._sent}[name]
        answer = self._session.read(
            "GetFolder",
            lambda: GetFolder(account=self._account).get(
                folders=[folder], additional_fields=[_of_folder("effective_rights")], shape=ID_ONLY
            ),
        )
        rights = answer.effective_rights
        return None if rights is None else frozenset(f.name for f in rights.FIELDS if getattr(rights, f.name))

    # Mail in

    def new_messages(self, since: str) -> Listing:
        """SyncFolderItems of Inbox and Junk: the server tells what came since `since`, whatever else lies there.

        Every page is read before anything is answered. A place the server no longer knows starts that folder anew.
        """
        identity = self._settings.identity
        places = read_state(since, identity)
        found: dict[str, MailRef] = {}
        for folder, name in ((self._inbox, "inbox"), (self._junk, "junk")):
            places[name] = self._sync(folder, name, places.get(name, ""), found)
        refs = tuple(sorted(found.values(), key=lambda ref: ref.received))
        return Listing(refs=refs, state=write_state(identity, places))

    def raw(self, ref: MailRef, write: Callable[[bytes], object]) -> None:
        """The message's MIME content, handed on while the answer comes in; never begun again once a piece was written.

        What `write` raises (a full disk) comes out as it is: it is not the mailbox's error.
        """
        begun = False
        failed: list[Exception] = []

        def take(piece: bytes) -> None:
            nonlocal begun
            begun = True
            try:
                write(piece)
            except Exception as error:
                failed.append(error)
                raise

        try:
            found = self._session.read(
                "GetItem", lambda: stream_mime(self._account, ref.id, take), again=lambda: not begun
            )
        except MailError:
            if failed:
                raise failed[0] from None
            raise
        if not found:
            raise MailAmbiguous(
                say("เซิร์ฟเวอร์ไม่ส่งเนื้อจดหมายมา"), where=f"GetItem {self._settings.mailbox}", remedy=say("ระบบจะลองใหม่เองในรอบถัดไป")
            )

    def move(self, ref: MailRef, folder: str) -> MailRef:
        """MailDenied for a folder that is not among the settings' `folders`: `count` would not see it."""
        target = self._folder(folder)
        move = MoveItem(account=self._account)
        try:
            ids = self._session.write(
                "MoveItem", lambda: move.get(items=[(ref.id, None)], to_folder=target, expect_result=None)
            )
        except MailNotFound:
            # Perhaps the folder is gone, not the mail: the next call looks for the folder again.
            self._known_folders.pop(folder, None)
            raise
        if not ids:
            raise MailAmbiguous(say("เซิร์ฟเวอร์ไม่บอกรหัสใหม่ของจดหมายที่ย้าย"), where=f"MoveItem {self._settings.mailbox}")
        return MailRef(
            id=ids[0],
            change=ids[1],
            received=ref.received,
            message_id=ref.message_id,
            size=ref.size,
            folder=folder,
        )

    def count(self) -> int:
        """Inbox and Junk are asked first: a mail moved meanwhile is then counted twice, never lost; ask again."""

        def work() -> int:
            inbox, junk = GetFolder(account=self._account).call(
                folders=[self._inbox, self._junk], additional_fields=[_of_folder("total_count")], shape=ID_ONLY
            )
            # as in `_sync`: no Junk folder, no mail in it
            good = _all_good([inbox] if isinstance(junk, ews.ErrorFolderNotFound) else [inbox, junk])
            return sum(folder.total_count or 0 for folder in good)

        waiting = self._session.read("GetFolder", work)
        mine = self._find_folders()
        return waiting + sum(folder.total_count or 0 for folder in mine.values())

    # Mail out

    def find(self, *keys: str) -> Sequence[SentRef]:
        """By the property, or by the Message-ID made from the key where a server lost the property.

        Drafts are searched before Sent: a draft being sent meanwhile is found in one of them at least.
        """
        return [ref for at in range(0, len(keys), _KEYS) for ref in self._find(keys[at : at + _KEYS])]

    def _find(self, keys: Sequence[str]) -> list[SentRef]:
        known = {self._message_id(key): key for key in keys} | {key: key for key in keys}
        found = self._found(known, [self._drafts, self._sent])
        names = self._own_folders() if found else {}
        if all(item.parent_folder_id and item.parent_folder_id.id in names for item, _ in found):
            return [_sent_ref(item, names[item.parent_folder_id.id], key) for item, key in found]
        # a server that calls its folders by more than one id: then each is asked by itself
        apart = ((self._drafts, "drafts"), (self._sent, "sent"))
        return [_sent_ref(item, name, key) for folder, name in apart for item, key in self._found(known, [folder])]

    def _found(self, known: Mapping[str, str], folders: list[Folder]) -> list[tuple[Message, str]]:
        """Items with their keys; `known` tells the key of a property's value and of a Message-ID. One request for all the
        folders and keys: the look-ups are the greater part of what sending costs."""
        wanted = [Q(message_id=mark) if mark != key else Q(songthan_key=key) for mark, key in known.items()]
        restriction = Restriction(Q(*wanted, conn_type=Q.OR), folders=folders, applies_to=Restriction.ITEMS)
        items = self._find_items(folders, ["songthan_key", "message_id", "parent_folder_id"], restriction=restriction)
        marked = [(item, known.get(item.songthan_key or "") or known.get(item.message_id or "")) for item in items]
        return [(item, key) for item, key in marked if key]

    def _message_id(self, key: str) -> str:
        return own_message_id(key, self._settings.domain, salt=self._settings.salt)

    def _own_folders(self) -> dict[str, str]:
        """Which id is Drafts' and which Sent's; asked once."""
        if not self._names:
            work = functools.partial(
                GetFolder(account=self._account).call, folders=[self._drafts, self._sent], additional_fields=[], shape=ID_ONLY
            )
            found = self._session.read("GetFolder", lambda: _all_good(work()))
            self._names = dict(zip((folder.id for folder in found), ("drafts", "sent"), strict=True))
        return self._names

    def save_draft(self, mail: OutgoingMail) -> SentRef:
        """CreateItem SaveOnly from MIME, with the key as named property."""
        settings = self._settings
        message_id = mail.message_id or self._message_id(mail.key)
        content = build(mail, sender=settings.mailbox, sender_name=settings.sender_name, message_id=message_id)
        item = Message(account=self._account, folder=self._drafts, mime_content=content, songthan_key=mail.key)
        saved = self._session.write(
            "CreateItem",
            lambda: CreateItem(account=self._account).get(
                items=[item],
                folder=self._drafts,
                message_disposition=SAVE_ONLY,
                send_meeting_invitations=SEND_TO_NONE,
            ),
        )
        return SentRef(id=saved.id, change=saved.changekey, folder="drafts", message_id=message_id, key=mail.key)

    def attach(self, draft: SentRef, name: str, type: str, path: Path) -> SentRef:
        """CreateAttachment, the file read from the disk while it is sent."""
        parent = Message(account=self._account, id=draft.id, changekey=draft.change)
        made = self._session.write(
            "CreateAttachment", lambda: send_file(self._account, parent, name=name, type=type, path=Path(path))
        )
        ids = made.attachment_id
        return replace(draft, id=ids.root_id or draft.id, change=ids.root_changekey or draft.change)

    def send(self, draft: SentRef) -> None:
        """SendItem with the draft's own change; the copy goes to this mailbox's Sent, also for a shared one."""
        self._session.write(
            "SendItem",
            lambda: SendItem(account=self._account).get(items=[(draft.id, draft.change)], saved_item_folder=self._sent),
        )

    def discard(self, draft: SentRef) -> None:
        self._session.write(
            "DeleteItem",
            lambda: DeleteItem(account=self._account).get(
                items=[(draft.id, draft.change)],
                delete_type=HARD_DELETE,
                send_meeting_cancellations=SEND_TO_NONE,
                affected_task_occurrences="AllOccurrences",
                suppress_read_receipts=True,
            ),
        )

    # Inside

    def _distinguished(self, cls: type) -> DistinguishedFolderId:
        return DistinguishedFolderId(
            id=cls.DISTINGUISHED_FOLDER_ID, mailbox=Mailbox(email_address=self._settings.mailbox)
        )

    def _sync(self, folder: Folder, name: str, place: str, found: dict[str, MailRef]) -> str:
        """Add to `found` what came into the folder since `place`; returns the place after it."""
        last = False
        while not last:
            here = place
            try:
                items, place, last = self._session.read(
                    "SyncFolderItems", lambda here=here: _place_known(self._account, folder, here)
                )
            except MailNotFound:
                if name == "junk":
                    # a mailbox nobody ever opened in Outlook may have no Junk folder yet
                    return ""
                raise
            for item in items:
                found[item.id] = self._ref(item, name)
            if not last and place == here:
                raise MailAmbiguous(
                    say("เซิร์ฟเวอร์จดหมายบอกรายการใหม่ไม่จบ"), where=f"SyncFolderItems {name}", remedy=say("ระบบจะลองใหม่เองในรอบถัดไป")
                )
        return place

    def _ref(self, told: Told, folder: str) -> MailRef:
        return MailRef(
            id=told.id,
            change=told.change,
            received=self._local(told.received or datetime.now(UTC)),
            message_id=told.message_id,
            size=told.size,
            folder=folder,
        )

    def _local(self, at: datetime) -> datetime:
        """In the office's zone, which is also the one we ask in: a time without a zone is in it."""
        return at.astimezone(self._zone) if at.tzinfo else at.replace(tzinfo=self._zone)

    def _find_items(
        self,
        folders: list[Folder],
        names: list[str],
        *,
        restriction: Restriction,
    ) -> list:
        def work() -> list:
            items = FindItem(account=self._account, page_size=_PAGE).call(
                folders=folders,
                additional_fields=[_path(name) for name in names],
                restriction=restriction,
                order_fields=None,
                shape=ID_ONLY,
                query_string=None,
                depth="Shallow",
                calendar_view=None,
                max_items=None,
                offset=0,
            )
            # A mail that arrives while we turn pages may show an item twice.
            return list({item.id: item for item in _all_good(items)}.values())

        return self._session.read("FindItem", work)

    def _find_folders(self) -> dict[str, Folder]:
        """Our folders by name, as they are on the server now."""

        def work() -> list[Folder]:
            fields = [_of_folder("name"), _of_folder("total_count")]
            found = FindFolder(account=self._account, page_size=_PAGE).call(
                folders=[self._parent],
                additional_fields=fields,
                restriction=None,
                shape=ID_ONLY,
                depth="Shallow",
                max_items=None,
                offset=0,
            )
            return _all_good(found)

        wanted = set(self._settings.folders)
        folders = {f.name: f for f in self._session.read("FindFolder", work) if f.name in wanted}
        self._known_folders = folders
        return folders

    def _folder(self, name: str) -> Folder:
        if name not in self._settings.folders:
            raise MailDenied(
                say("ไม่มีโฟลเดอร์ «{name}» ในการตั้งค่า", name=name), where=self._settings.mailbox, remedy=say("เพิ่มชื่อโฟลเดอร์ใน mailbox.folders")
            )
        if name not in self._known_folders and name not in self._find_folders():
            self._make_folder(name)
        if name not in self._known_folders:
            raise MailNotFound(say("สร้างโฟลเดอร์ «{name}» แล้วแต่หาไม่พบ", name=name), where=self._settings.mailbox)
        return self._known_folders[name]

    def _make_folder(self, name: str) -> None:
        def work() -> Folder | None:
            try:
                return CreateFolder(account=self._account).get(
                    parent_folder=self._parent,
                    folders=[Folder(root=self._root, name=name, folder_class="IPF.Note")],
                )
            except ews.ErrorFolderExists:
                return None

        # Safe to ask twice: a second folder of the same name is refused by the server.
        made = self._session.read("CreateFolder", work)
        if made is None:
            self._find_folders()
        else:
            self._known_folders[name] = made


def _place_known(account: Account, folder: Folder, place: str) -> tuple[list[Told], str, bool]:
    """A page of changes; from the folder's beginning when the server does not know the place."""
    try:
        return sync_page(account, folder, place)
    except STATE_REFUSED:
        if not place:
            raise
        return sync_page(account, folder, "")


def _path(name: str) -> FieldPath:
    return FieldPath(field=Message.get_field_by_fieldname(name))


def _of_folder(name: str) -> FieldPath:
    return FieldPath(field=Folder.get_field_by_fieldname(name))


def _sent_ref(item: Message, folder: str, key: str) -> SentRef:
    return SentRef(id=item.id, change=item.changekey, folder=folder, message_id=item.message_id or "", key=key)


def _all_good(elements: Iterable) -> list:
    """exchangelib hands some errors over as values; here they are errors."""
    found = list(elements)
    for element in found:
        if isinstance(element, Exception):
            raise element
    return found
