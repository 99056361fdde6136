"""What an item's fields and extended properties are worth: for showing, searching and sorting alike."""

from collections.abc import Callable
from datetime import datetime

from songthan.practice.exchange import headers, mapi, message
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.journal import INTERNET_HEADERS
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.soap import Element, local_name, tag
from songthan.practice.exchange.store import Item

DISTINGUISHED_SETS = {
    "Address": "00062004-0000-0000-c000-000000000046",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "Common": "00062008-0000-0000-c000-000000000046",
    "InternetHeaders": INTERNET_HEADERS,
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
    "Task": "00062003-0000-0000-c000-000000000046",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
}


def extended_path(node: Element) -> dict:
    """An ExtendedFieldURI as {"set", "name", "id", "tag", "type"}, sets by GUID in lower case."""
    distinguished = node.get("DistinguishedPropertySetId")
    given = node.get("PropertySetId")
    guid = DISTINGUISHED_SETS.get(distinguished, distinguished) if distinguished else given
    number = node.get("PropertyTag")
    try:
        tag_number = int(number, 0) if number else None
    except ValueError as error:
        raise EwsError("ErrorInvalidExtendedProperty", f"{number!r} is no property tag.") from error
    return {
        "set": guid.strip("{}").lower() if guid else None,
        "name": node.get("PropertyName"),
        "id": node.get("PropertyId"),
        "tag": tag_number,
        "type": node.get("PropertyType"),
    }


def same_property(left: dict, right: dict) -> bool:
    """Whether two extended paths name the same property."""
    return all(left[key] == right[key] for key in ("set", "name", "id", "tag"))


class Values:
    """Reads an item's values; keeps nothing."""

    def __init__(self, *, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes

    def fields(self, item: Item) -> headers.Fields:
        """The item's header fields."""
        return headers.split(self._mailboxes.store.mime(item.id))[0]

    def header(self, item: Item, name: str) -> str | None:
        """The first header of that name, decoded."""
        value = headers.first(self.fields(item), name.lower())
        return None if value is None else headers.decoded(value)

    def extended(self, item: Item, path: dict) -> str | list[str] | None:
        """An extended property's value or None."""
        for entry in item.properties:
            if same_property(entry, path):
                return entry["value"]
        if path["set"] == INTERNET_HEADERS and path["name"]:
            return self.header(item, path["name"])
        value = None if path["tag"] is None else self._tagged(item, path["tag"])
        return None if value is None else mapi.written(value)

    def _tagged(self, item: Item, number: int) -> object:
        """What stands behind a MAPI property tag that nobody has written."""
        if number in mapi.TAGS:
            value = mapi.TAGS[number](item)
            if number == mapi.MESSAGE_FLAGS and self.has_attachments(item):
                return value | mapi.HAS_ATTACHMENTS
            return value
        if number == mapi.TRANSPORT_HEADERS:
            return b"".join(line for _, line in self.fields(item)).decode("utf-8", "replace")
        if number == 0x0E1B:
            return self.has_attachments(item)
        if number == 0x1000:
            return self.body(item, "Text")[1]
        if number == 0x1013:
            return self.body(item, "HTML")[1].encode("utf-8")
        return None

    def at(self, item: Item, node: Element) -> object:
        """The value a path element (FieldURI, IndexedFieldURI, ExtendedFieldURI) names; None when there is none."""
        kind = local_name(node)
        if kind == "ExtendedFieldURI":
            path = extended_path(node)
            value = self.extended(item, path)
            return mapi.typed(value, path["type"]) if isinstance(value, str) else value
        if kind == "IndexedFieldURI":
            name = node.get("FieldIndex", "")
            return self.header(item, name) if node.get("FieldURI") == "item:InternetMessageHeader" else None
        reader = READERS.get(node.get("FieldURI", ""))
        return reader(self, item) if reader else None

    def has_attachments(self, item: Item) -> bool:
        """Whether any attachment is not inline."""
        sql = "SELECT 1 FROM attachments WHERE item = ? AND NOT inline LIMIT 1"
        return self._mailboxes.store.row(sql, (item.id,)) is not None

    def body(self, item: Item, body_type: str = "Best") -> tuple[str, str]:
        """(HTML or Text, the body) as a client asked for it."""
        bodies = message.read_bodies(self._mailboxes.store.mime(item.id))
        if body_type == "Text" or (body_type == "Best" and "html" not in bodies):
            text = bodies.get("text")
            return "Text", text if text is not None else message.html_to_text(bodies.get("html", ""))
        return "HTML", bodies.get("html") or message.text_to_html(bodies.get("text", ""))


def names_shown(pairs: list) -> str:
    """DisplayTo as Exchange shows it."""
    return "; ".join(person or address for person, address in pairs)


def _moment(name: str) -> Callable[[Values, Item], datetime | None]:
    def read(_: Values, item: Item) -> datetime | None:
        value = getattr(item, name)
        return datetime.fromisoformat(value) if value else None

    return read


def _head(name: str) -> Callable[[Values, Item], object]:
    return lambda _, item: item.head[name]


def _person(name: str) -> Callable[[Values, Item], str | None]:
    return lambda _, item: item.head[name][0][1] if item.head[name] else None


READERS: dict[str, Callable[[Values, Item], object]] = {
    "item:Subject": _head("subject"),
    "item:ItemClass": _head("item_class"),
    "item:Importance": _head("importance"),
    "item:Sensitivity": _head("sensitivity"),
    "item:Categories": _head("categories"),
    "item:InReplyTo": _head("in_reply_to"),
    "item:DateTimeReceived": _moment("received"),
    "item:DateTimeSent": _moment("sent"),
    "item:DateTimeCreated": _moment("created"),
    "item:LastModifiedTime": _moment("modified"),
    "item:Size": lambda _, item: item.size,
    "item:IsDraft": lambda _, item: item.is_draft,
    "item:IsFromMe": lambda _, item: bool(item.head["from"]) and item.head["from"][0][1].lower() == item.mailbox,
    "item:IsSubmitted": lambda _, item: False,
    "item:IsResend": lambda _, item: False,
    "item:IsUnmodified": lambda _, item: item.change == item.created_change,
    "item:HasAttachments": lambda values, item: values.has_attachments(item),
    "item:DisplayTo": lambda _, item: names_shown(item.head["to"]),
    "item:DisplayCc": lambda _, item: names_shown(item.head["cc"]),
    "item:Body": lambda values, item: values.body(item)[1],
    "item:TextBody": lambda values, item: values.body(item, "Text")[1],
    "message:From": _person("from"),
    "message:Sender": lambda _, item: (item.head["sender"] or item.head["from"] or [[None, None]])[0][1],
    "message:InternetMessageId": _head("message_id"),
    "message:References": _head("references"),
    "message:IsRead": lambda _, item: item.is_read,
    "message:IsReadReceiptRequested": lambda _, item: False,
    "message:IsDeliveryReceiptRequested": lambda _, item: False,
    "message:IsResponseRequested": lambda _, item: False,
    "message:ConversationTopic": _head("subject"),
}


def paths_in(parent: Element | None) -> list[Element]:
    """The path elements directly below (in AdditionalProperties, a FieldOrder, a restriction...)."""
    if parent is None:
        return []
    wanted = {tag("t:FieldURI"), tag("t:IndexedFieldURI"), tag("t:ExtendedFieldURI")}
    return [node for node in parent if node.tag in wanted]
