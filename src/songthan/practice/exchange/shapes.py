"""Items and folders as EWS elements, in the order of Microsoft's schema."""

import base64
from datetime import datetime

from songthan.practice.exchange import headers
from songthan.practice.exchange.clock import ews_time
from songthan.practice.exchange.folder_values import FolderValues
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.rights import Right
from songthan.practice.exchange.soap import Element, child_text, element, tag
from songthan.practice.exchange.store import Folder, Item
from songthan.practice.exchange.values import READERS, Values, extended_path, paths_in

ORDER = (
    "item:MimeContent",
    "item:ParentFolderId",
    "item:ItemClass",
    "item:Subject",
    "item:Sensitivity",
    "item:Body",
    "item:Attachments",
    "item:DateTimeReceived",
    "item:Size",
    "item:Categories",
    "item:Importance",
    "item:InReplyTo",
    "item:IsSubmitted",
    "item:IsDraft",
    "item:IsFromMe",
    "item:IsResend",
    "item:IsUnmodified",
    "item:InternetMessageHeaders",
    "item:DateTimeSent",
    "item:DateTimeCreated",
    "item:DisplayCc",
    "item:DisplayTo",
    "item:HasAttachments",
    "extended",
    "item:LastModifiedTime",
    "item:ConversationId",
    "item:TextBody",
    "message:Sender",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:IsReadReceiptRequested",
    "message:IsDeliveryReceiptRequested",
    "message:ConversationTopic",
    "message:From",
    "message:InternetMessageId",
    "message:IsRead",
    "message:IsResponseRequested",
    "message:References",
    "message:ReplyTo",
    "message:ReceivedBy",
)
DEFAULT = {
    "item:Subject",
    "item:Sensitivity",
    "item:Size",
    "item:DateTimeSent",
    "item:DateTimeCreated",
    "item:HasAttachments",
    "item:Attachments",
    "item:Body",
    "item:ItemClass",
    "message:From",
    "message:IsRead",
    "message:ToRecipients",
    "message:InternetMessageId",
}
# FindItem never gives these (Exchange: "use GetItem")
NOT_IN_LISTS = {
    "item:MimeContent",
    "item:Body",
    "item:TextBody",
    "item:Attachments",
    "item:InternetMessageHeaders",
    "message:ToRecipients",
    "message:CcRecipients",
    "message:BccRecipients",
    "message:ReplyTo",
}
FOLDER_ELEMENTS = {
    "IPF.Appointment": "t:CalendarFolder",
    "IPF.Contact": "t:ContactsFolder",
    "IPF.Task": "t:TasksFolder",
}
PEOPLE = {
    "message:ToRecipients": "to",
    "message:CcRecipients": "cc",
    "message:BccRecipients": "bcc",
    "message:ReplyTo": "reply_to",
}


class Shape:
    """What a client wants to see of an item (ItemShape); `listing` is True for FindItem and SyncFolderItems."""

    def __init__(self, node: Element | None, *, listing: bool) -> None:
        base = child_text(node, "t:BaseShape") or "IdOnly"
        wanted = {"IdOnly": set(), "Default": set(DEFAULT)}.get(base, set(ORDER) - {"item:MimeContent", "extended"})
        extra = None if node is None else node.find(tag("t:AdditionalProperties"))
        paths = paths_in(extra)
        wanted |= {path.get("FieldURI", "") for path in paths if path.tag == tag("t:FieldURI")}
        if (child_text(node, "t:IncludeMimeContent") or "").lower() in ("true", "1"):
            wanted.add("item:MimeContent")
        self.wanted = wanted - NOT_IN_LISTS if listing else wanted
        self.extended = [extended_path(path) for path in paths if path.tag == tag("t:ExtendedFieldURI")]
        self.indexed = [p.get("FieldIndex", "") for p in paths if p.tag == tag("t:IndexedFieldURI")]
        self.extended_nodes = [path for path in paths if path.tag == tag("t:ExtendedFieldURI")]
        self.body_type = child_text(node, "t:BodyType") or "Best"


class Shapes:
    """Makes the elements."""

    def __init__(self, *, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._values = Values(mailboxes=mailboxes)

    def item_id(self, item: Item) -> Element:
        """`t:ItemId` with its change key."""
        return element("t:ItemId", Id=self._mailboxes.item_id(item.id), ChangeKey=Mailboxes.change_key(item.change))

    def only_id(self, item: Item) -> Element:
        """`t:Message` with nothing but the id, as CreateItem, MoveItem and UpdateItem answer."""
        return element("t:Message", None, self.item_id(item))

    def item(self, item: Item, shape: Shape) -> Element:
        """`t:Message` with all the shape asks for and the item has."""
        made = element("t:Message", None)
        for name in ORDER:
            if name == "item:ParentFolderId":
                made.append(self.item_id(item))  # the schema puts ItemId behind MimeContent
            if name == "extended":
                made.extend(self._extended(item, shape))
            elif name == "item:InternetMessageHeaders" and (name in shape.wanted or shape.indexed):
                made.append(self._headers(item, None if name in shape.wanted else shape.indexed))
            elif name in shape.wanted:
                child = self._field(item, name, shape)
                if child is not None:
                    made.append(child)
        return made

    def _extended(self, item: Item, shape: Shape) -> list[Element]:
        made = []
        for path, node in zip(shape.extended, shape.extended_nodes, strict=True):
            value = self._values.extended(item, path)
            if value is None:
                continue
            uri = element("t:ExtendedFieldURI", None, **dict(node.attrib))
            if isinstance(value, list):
                shown = element("t:Values", None, *[element("t:Value", entry) for entry in value])
            else:
                shown = element("t:Value", value)
            made.append(element("t:ExtendedProperty", None, uri, shown))
        return made

    def _headers(self, item: Item, only: list[str] | None) -> Element:
        made = element("t:InternetMessageHeaders")
        wanted = None if only is None else {name.lower() for name in only}
        for name, line in self._values.fields(item):
            if wanted is None or name in wanted:
                shown = line.partition(b":")[0].strip().decode("ascii")
                made.append(
                    element("t:InternetMessageHeader", headers.decoded(headers.text_of(line)), HeaderName=shown)
                )
        return made

    def _field(self, item: Item, name: str, shape: Shape) -> Element | None:
        local = "t:" + name.partition(":")[2]
        if name == "item:MimeContent":
            return self.mime_element(self._mailboxes.store.mime(item.id))
        if name == "item:ParentFolderId":
            return element(local, Id=self._mailboxes.folder_id(item.folder))
        if name == "item:Body":
            kind, text = self._values.body(item, shape.body_type)
            return element(local, text, BodyType=kind)
        if name == "item:TextBody":
            return element(local, self._values.body(item, "Text")[1], BodyType="Text")
        if name == "item:Attachments":
            entries = [self.attachment(entry) for entry in self._mailboxes.attachments_of(item)]
            return element(local, None, *entries) if entries else None
        if name == "item:Categories":
            words = [element("t:String", word) for word in item.head["categories"]]
            return element(local, None, *words) if words else None
        return self._person_or_text(item, name, local)

    def _person_or_text(self, item: Item, name: str, local: str) -> Element | None:
        if name in PEOPLE:
            people = [_mailbox(person, address) for person, address in item.head[PEOPLE[name]]]
            return element(local, None, *people) if people else None
        if name in ("message:From", "message:Sender"):
            people = item.head["from"] if name == "message:From" else item.head["sender"] or item.head["from"]
            return self.person_element(local, people[0]) if people else None
        value = READERS[name](self._values, item) if name in READERS else None
        return None if value is None else element(local, as_text(value))

    @staticmethod
    def mime_element(raw: bytes) -> Element:
        """`t:MimeContent` of a raw message."""
        return element("t:MimeContent", base64.b64encode(raw).decode("ascii"), CharacterSet="UTF-8")

    @staticmethod
    def person_element(name: str, person: list[str]) -> Element:
        """An element like `t:From` around one mailbox."""
        return element(name, None, _mailbox(*person))

    def attachment(self, entry: dict, content: bytes | None = None, inner: Element | None = None) -> Element:
        """`t:FileAttachment` or `t:ItemAttachment` from an attachment row; with its content when given."""
        name = "t:FileAttachment" if entry["kind"] == "file" else "t:ItemAttachment"
        made = element(name, None, element("t:AttachmentId", Id=self._mailboxes.attachment_id(entry["id"])))
        made.append(element("t:Name", entry["name"]))
        made.append(element("t:ContentType", entry["type"]))
        if entry["content_id"]:
            made.append(element("t:ContentId", entry["content_id"]))
        made.append(element("t:Size", str(entry["size"])))
        made.append(element("t:IsInline", as_text(bool(entry["inline"]))))
        if content is not None:
            made.append(element("t:Content", base64.b64encode(content).decode("ascii")))
        if inner is not None:
            made.append(inner)
        return made

    def folder(self, folder: Folder, shape: Element | None = None, actor: str | None = None) -> Element:
        """`t:Folder` with everything EWS tells about one; `shape` may ask for MAPI properties and for the actor's
        rights."""
        read = FolderValues(mailboxes=self._mailboxes)
        key = Mailboxes.change_key(folder.change)
        name = FOLDER_ELEMENTS.get(folder.folder_class, "t:Folder")
        made = element(name, None, element("t:FolderId", Id=self._mailboxes.folder_id(folder.id), ChangeKey=key))
        if folder.parent is not None:
            made.append(element("t:ParentFolderId", Id=self._mailboxes.folder_id(folder.parent), ChangeKey=key))
        for field in ("FolderClass", "DisplayName", "TotalCount", "ChildFolderCount"):
            made.append(element(f"t:{field}", str(read.named(folder, f"folder:{field}"))))
        paths = paths_in(None if shape is None else shape.find(tag("t:AdditionalProperties")))
        for path in paths:
            value = read.written(folder, extended_path(path)) if path.tag == tag("t:ExtendedFieldURI") else None
            if value is not None:
                uri = element("t:ExtendedFieldURI", None, **dict(path.attrib))
                made.append(element("t:ExtendedProperty", None, uri, element("t:Value", value)))
        if actor is not None and any(path.get("FieldURI") == "folder:EffectiveRights" for path in paths):
            made.append(self._rights(folder, actor))
        if name in ("t:Folder", "t:TasksFolder"):
            made.append(element("t:UnreadCount", str(read.named(folder, "folder:UnreadCount"))))
        return made

    def _rights(self, folder: Folder, actor: str) -> Element:
        accounts = self._mailboxes.accounts
        writes = as_text(accounts.may(actor, Right.WRITE, folder.mailbox))
        reads = as_text(accounts.may(actor, Right.READ, folder.mailbox))
        names = ("CreateAssociated", "CreateContents", "CreateHierarchy", "Delete", "Modify")
        said = [element(f"t:{name}", writes) for name in names]
        return element("t:EffectiveRights", None, *said, element("t:Read", reads))


def as_text(value: object) -> str:
    """A value as EWS writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return ews_time(value)
    return str(value)


def _mailbox(person: str, address: str) -> Element:
    return element(
        "t:Mailbox",
        None,
        element("t:Name", person or address),
        element("t:EmailAddress", address),
        element("t:RoutingType", "SMTP"),
    )
