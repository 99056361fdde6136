"""Folders and items of the mailboxes: making, changing, moving, deleting; every change gets a number and a log line."""

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime

from songthan.practice.exchange import message
from songthan.practice.exchange.accounts import Accounts
from songthan.practice.exchange.clock import ServerClock
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.journal import Journal, facts_of
from songthan.practice.exchange.quotas import Quotas
from songthan.practice.exchange.store import Folder, Item, Store

DISTINGUISHED = {
    "inbox": "Inbox",
    "drafts": "Drafts",
    "sentitems": "Sent Items",
    "deleteditems": "Deleted Items",
    "junkemail": "Junk Email",
    "outbox": "Outbox",
    "calendar": "Calendar",
    "contacts": "Contacts",
    "tasks": "Tasks",
    "notes": "Notes",
}
#: folders of a real mailbox that hold no mail; here they stay empty
CLASSES = {"calendar": "IPF.Appointment", "contacts": "IPF.Contact", "tasks": "IPF.Task", "notes": "IPF.StickyNote"}


class Mailboxes:
    """The one place that writes folders and items. All writing methods need (or open) a transaction."""

    def __init__(self, *, store: Store, journal: Journal, accounts: Accounts, clock: ServerClock) -> None:
        self.store = store
        self.journal = journal
        self.accounts = accounts
        self.clock = clock
        self.quotas = Quotas(store=store, accounts=accounts)
        with store.transaction():
            for address in accounts.mailboxes:
                self._seed(address)

    def _seed(self, address: str) -> None:
        root, top = (self.store.distinguished(address, kind) for kind in ("root", "msgfolderroot"))
        root_id = root.id if root else self.new_folder(mailbox=address, parent=None, name="Root", kind="root")
        name = "Top of Information Store"
        top_id = top.id if top else self.new_folder(mailbox=address, parent=root_id, name=name, kind="msgfolderroot")
        for kind, name in DISTINGUISHED.items():
            if self.store.distinguished(address, kind) is None:
                folder_class = CLASSES.get(kind, "IPF.Note")
                self.new_folder(mailbox=address, parent=top_id, name=name, kind=kind, folder_class=folder_class)

    def now(self) -> datetime:
        """The server clock's time in UTC."""
        return self.clock.now().astimezone(UTC)

    # ids: opaque to clients, tied to this database so that an id of another server is malformed here
    def item_id(self, number: int) -> str:
        """The EWS id of an item."""
        return self._encode("i", number)

    def folder_id(self, number: int) -> str:
        """The EWS id of a folder."""
        return self._encode("f", number)

    def attachment_id(self, number: int) -> str:
        """The EWS id of an attachment."""
        return self._encode("a", number)

    def _encode(self, kind: str, number: int) -> str:
        return base64.b64encode(f"songthan:{self.store.instance}:{kind}:{number:012d}".encode()).decode()

    def number_of(self, kind: str, text: str | None) -> int:
        """The number inside an id of that kind (i, f, a); ErrorInvalidIdMalformed when it is none of ours."""
        try:
            name, instance, found, number = base64.b64decode(text or "", validate=True).decode("ascii").split(":")
            if (name, instance, found) == ("songthan", self.store.instance, kind):
                return int(number)
        except (binascii.Error, UnicodeDecodeError, ValueError):
            pass
        raise EwsError("ErrorInvalidIdMalformed", "Id is malformed.")

    @staticmethod
    def change_key(change: int) -> str:
        """The change key of an item or folder after that change."""
        return base64.b64encode(f"change:{change:012d}".encode()).decode()

    def new_folder(
        self, *, mailbox: str, parent: int | None, name: str, kind: str | None = None, folder_class: str = "IPF.Note"
    ) -> int:
        """Make a folder; ErrorFolderExists when the name is taken."""
        with self.store.transaction():
            taken = self.store.folders("mailbox = ? AND parent IS ? AND name = ?", (mailbox, parent, name))
            if taken:
                raise EwsError("ErrorFolderExists", "A folder with the specified name already exists.")
            change = self.store.next_change()
            return self.store.run(
                "INSERT INTO folders (mailbox, parent, kind, name, class, change, created_change)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (mailbox, parent, kind, name, folder_class, change, change),
            )

    def relay_folder(self, folder: Folder, *, parent: int | None, name: str) -> Folder:
        """Give a folder another name or parent; ErrorFolderExists when the name is taken there."""
        with self.store.transaction():
            taken = self.store.folders("parent IS ? AND name = ? AND id != ?", (parent, name, folder.id))
            if taken:
                raise EwsError("ErrorFolderExists", "A folder with the specified name already exists.")
            change = self.store.next_change()
            self.store.run(
                "UPDATE folders SET parent = ?, name = ?, change = ? WHERE id = ?", (parent, name, change, folder.id)
            )
            return self.store.folder(folder.id)

    def remove_folder(self, folder: Folder) -> None:
        """Take an empty folder away."""
        with self.store.transaction():
            change = self.store.next_change()
            values = (folder.id, folder.mailbox, change, folder.created_change)
            self.store.run("INSERT INTO gone_folders VALUES (?, ?, ?, ?)", values)
            self.store.run("DELETE FROM events WHERE folder = ?", (folder.id,))
            self.store.run("DELETE FROM folders WHERE id = ?", (folder.id,))

    def folder_path(self, folder: Folder) -> str:
        """The folder's name for the log: its distinguished id, or the names below the top joined by /."""
        names = []
        step: Folder | None = folder
        while step is not None and step.kind is None:
            names.append(step.name)
            step = self.store.folder(step.parent) if step.parent else None
        if step is not None and step.kind not in ("msgfolderroot", "root"):
            names.append(step.kind)
        return "/".join(reversed(names)) or (folder.kind or folder.name)

    def add_item(
        self,
        *,
        folder: Folder,
        raw: bytes,
        properties: list,
        is_draft: bool,
        is_read: bool,
        sent: str | None = None,
        received: str | None = None,
        head_extra: dict | None = None,
        event: str = "Created",
        limited: bool = True,
    ) -> Item:
        """Store a message with its attachments as a new item of the folder; a delivery is not `limited`: whether it
        is taken was judged before."""
        now = self.now().isoformat()
        head = message.read_head(raw) | (head_extra or {})
        parts = message.read_parts(raw)
        with self.store.transaction():
            if limited:
                self.quotas.demand(folder.mailbox, size=len(raw), more=len(raw), parts=parts)
            change = self.store.next_change()
            number = self.store.run(
                "INSERT INTO items (mailbox, folder, change, created_change, is_draft, is_read, created, received,"
                " sent, modified, size, sha256, head, properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    folder.mailbox,
                    folder.id,
                    change,
                    change,
                    is_draft,
                    is_read,
                    now,
                    received or now,
                    sent,
                    now,
                    len(raw),
                    hashlib.sha256(raw).hexdigest(),
                    json.dumps(head),
                    json.dumps(properties),
                ),
            )
            self.store.run("INSERT INTO mimes VALUES (?, ?)", (number, raw))
            for place, part in enumerate(parts):
                self._add_attachment_row(number, place, part)
            self._tell(event, folder.id, number, change)
            return self.store.item(number)

    def _tell(self, kind: str, folder: int, item: int, change: int, old: Item | None = None) -> None:
        """Note what subscriptions tell their clients."""
        self.store.run(
            "INSERT INTO events (kind, at, folder, item, change, old_folder, old_item) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind, self.now().isoformat(), folder, item, change, old and old.folder, old and old.id),
        )

    def _add_attachment_row(self, item: int, place: int, part: message.Part) -> int:
        return self.store.run(
            "INSERT INTO attachments (item, place, kind, name, type, content_id, inline, size, sha256, content)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                item,
                place,
                part.kind,
                part.name,
                part.type,
                part.content_id,
                part.inline,
                len(part.content),
                part.sha256,
                part.content,
            ),
        )

    def update_item(
        self,
        item: Item,
        *,
        raw: bytes | None = None,
        properties: list | None = None,
        is_read: bool | None = None,
        head_extra: dict | None = None,
        keep_parts: bool = True,
    ) -> Item:
        """Change what is given; a new change key every time. `keep_parts` False reads the attachments anew."""
        with self.store.transaction():
            mime = self.store.mime(item.id) if raw is None else raw
            kept = {name: item.head[name] for name in ("categories", "sensitivity")}
            head = (item.head if raw is None else message.read_head(mime) | kept) | (head_extra or {})
            if raw is not None:
                self.quotas.demand(item.mailbox, size=len(mime), more=len(mime) - item.size)
            change = self.store.next_change()
            self.store.run(
                "UPDATE items SET change = ?, modified = ?, size = ?, sha256 = ?, head = ?, properties = ?,"
                " is_read = ? WHERE id = ?",
                (
                    change,
                    self.now().isoformat(),
                    len(mime),
                    hashlib.sha256(mime).hexdigest(),
                    json.dumps(head),
                    json.dumps(item.properties if properties is None else properties),
                    item.is_read if is_read is None else is_read,
                    item.id,
                ),
            )
            if raw is not None:
                self.store.run("UPDATE mimes SET mime = ? WHERE item = ?", (mime, item.id))
                if not keep_parts:
                    self.store.run("DELETE FROM attachments WHERE item = ?", (item.id,))
                    for place, part in enumerate(message.read_parts(mime)):
                        self._add_attachment_row(item.id, place, part)
            self._tell("Modified", item.folder, item.id, change)
            return self.store.item(item.id)

    def attach(self, item: Item, part: message.Part) -> tuple[int, Item]:
        """Put one attachment into the message; gives the attachment's number and the changed item."""
        with self.store.transaction():
            self.quotas.demand(item.mailbox, size=0, more=0, parts=[part])
            place = self.store.row("SELECT COUNT(*) FROM attachments WHERE item = ?", (item.id,))[0]
            raw = message.add_part(self.store.mime(item.id), part)
            number = self._add_attachment_row(item.id, place, part)
            return number, self.update_item(item, raw=raw)

    def detach(self, item: Item, number: int) -> Item:
        """Take one attachment out of the message."""
        with self.store.transaction():
            numbers = [
                r[0] for r in self.store.rows("SELECT id FROM attachments WHERE item = ? ORDER BY place", (item.id,))
            ]
            raw = message.remove_part(self.store.mime(item.id), numbers.index(number))
            self.store.run("DELETE FROM attachments WHERE id = ?", (number,))
            numbers.remove(number)
            for place, other in enumerate(numbers):
                self.store.run("UPDATE attachments SET place = ? WHERE id = ?", (place, other))
            return self.update_item(item, raw=raw)

    def copy_item(self, item: Item, folder: Folder, event: str = "Copied") -> Item:
        """The same message as a new item (with a new id) of another folder."""
        with self.store.transaction():
            if event == "Copied" or folder.mailbox != item.mailbox:
                self.quotas.demand(folder.mailbox, size=item.size, more=item.size)
            values = (folder.mailbox, folder.id, change := self.store.next_change(), change, item.id)
            number = self.store.run(
                "INSERT INTO items (mailbox, folder, change, created_change, is_draft, is_read, created, received,"
                " sent, modified, size, sha256, head, properties) SELECT ?, ?, ?, ?, is_draft, is_read, created,"
                " received, sent, modified, size, sha256, head, properties FROM items WHERE id = ?",
                values,
            )
            self.store.run("INSERT INTO mimes SELECT ?, mime FROM mimes WHERE item = ?", (number, item.id))
            self.store.run(
                "INSERT INTO attachments (item, place, kind, name, type, content_id, inline, size, sha256, content)"
                " SELECT ?, place, kind, name, type, content_id, inline, size, sha256, content FROM attachments"
                " WHERE item = ? ORDER BY place",
                (number, item.id),
            )
            self._tell(event, folder.id, number, change, item)
            return self.store.item(number)

    def move_item(self, item: Item, folder: Folder) -> Item:
        """The message as a new item of the other folder, and gone from its own."""
        with self.store.transaction():
            made = self.copy_item(item, folder, event="Moved")
            self.remove_item(item, told=True)
            return made

    def remove_item(self, item: Item, *, told: bool = False) -> None:
        """Take the item away for good; its folder's sync tells so, and (unless `told`) its subscriptions."""
        with self.store.transaction():
            change = self.store.next_change()
            self.store.run("INSERT INTO gone VALUES (?, ?, ?, ?)", (item.folder, item.id, change, item.created_change))
            self.store.run("DELETE FROM items WHERE id = ?", (item.id,))
            if not told:
                self._tell("Deleted", item.folder, item.id, change)

    def attachments_of(self, item: Item) -> list[dict]:
        """Name, size, type, sha256, id and so on of each attachment, without the content."""
        names = ("id", "kind", "name", "type", "content_id", "inline", "size", "sha256")
        rows = self.store.rows(f"SELECT {', '.join(names)} FROM attachments WHERE item = ? ORDER BY place", (item.id,))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def record(self, event: str, item: Item, *, properties: list | None = None, **facts: object) -> int:
        """Log an event about the item with all an event says about one; `facts` are added or replace."""
        folder = self.store.folder(item.folder)
        said = facts_of(item, folder=self.folder_path(folder), item_id=self.item_id(item.id), properties=properties)
        said["attachments"] = [
            {key: entry[key] for key in ("name", "size", "sha256")} for entry in self.attachments_of(item)
        ]
        return self.journal.write(event, **(said | facts))
