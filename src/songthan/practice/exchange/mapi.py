"""MAPI property tags that are views of what a message is (MS-OXPROPS): clients that know only MAPI ask by number."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime

from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.store import Item

Person = tuple[str, str]
IMPORTANCE = {"Low": 0, "Normal": 1, "High": 2}
SENSITIVITY = {"Normal": 0, "Personal": 1, "Private": 2, "Confidential": 3}
READ, UNSENT, HAS_ATTACHMENTS, FROM_ME = 0x1, 0x8, 0x10, 0x20
MESSAGE_FLAGS, DELIVERY_TIME, TRANSPORT_HEADERS = 0x0E07, 0x0E06, 0x007D


def _person(item: Item, header: str) -> Person:
    pairs = item.head[header] or (item.head["from"] if header == "sender" else [])
    name, address = pairs[0] if pairs else ("", "")
    return name or address, address


def _name(header: str) -> Callable[[Item], object]:
    return lambda item: _person(item, header)[0] or None


def _address(header: str) -> Callable[[Item], object]:
    return lambda item: _person(item, header)[1] or None


def _head(name: str) -> Callable[[Item], object]:
    return lambda item: item.head[name] or None


def _shown(header: str) -> Callable[[Item], object]:
    return lambda item: "; ".join(person or address for person, address in item.head[header])


def _moment(name: str) -> Callable[[Item], object]:
    return lambda item: datetime.fromisoformat(getattr(item, name)) if getattr(item, name) else None


def _bare_subject(item: Item) -> object:
    head, colon, rest = item.head["subject"].partition(": ")
    return rest if colon and 0 < len(head) <= 3 else item.head["subject"]


def _flags(item: Item) -> int:
    mine = bool(item.head["from"]) and item.head["from"][0][1].lower() == item.mailbox
    return (READ if item.is_read else 0) | (UNSENT if item.is_draft else 0) | (FROM_ME if mine else 0)


#: tag → its reader; those that need the message itself are in values.py
TAGS: dict[int, Callable[[Item], object]] = {
    0x0017: lambda item: IMPORTANCE[item.head["importance"]],
    0x001A: _head("item_class"),
    0x0036: lambda item: SENSITIVITY.get(item.head["sensitivity"], 0),
    0x0037: _head("subject"),
    0x0039: _moment("sent"),
    0x0042: _name("from"),
    0x0064: lambda item: "SMTP" if item.head["from"] else None,
    0x0065: _address("from"),
    0x0070: _bare_subject,
    0x0C1A: _name("sender"),
    0x0C1E: lambda item: "SMTP" if item.head["from"] else None,
    0x0C1F: _address("sender"),
    0x0E02: _shown("bcc"),
    0x0E03: _shown("cc"),
    0x0E04: _shown("to"),
    DELIVERY_TIME: _moment("received"),
    MESSAGE_FLAGS: _flags,
    0x0E08: lambda item: item.size,
    0x0E1D: _bare_subject,
    0x0E23: lambda item: item.id,
    0x1035: _head("message_id"),
    0x1039: _head("references"),
    0x1042: _head("in_reply_to"),
    0x3007: _moment("created"),
    0x3008: _moment("modified"),
    0x300B: lambda item: bytes.fromhex(item.sha256[:32]),
    0x5D01: _address("sender"),
    0x5D02: _address("from"),
}


def written(value: object) -> str:
    """A value as an ExtendedProperty's Value holds it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)


def typed(text: str, kind: str | None) -> object:
    """The value again by its PropertyType, so that numbers are compared as numbers; ErrorInvalidExtendedPropertyValue
    when the text is none of that type."""
    try:
        if kind in ("Integer", "Short", "Long", "Currency"):
            return int(text)
        if kind in ("Double", "Float"):
            return float(text)
        if kind == "Boolean":
            return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
        if kind in ("SystemTime", "ApplicationTime"):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, KeyError) as error:
        raise EwsError("ErrorInvalidExtendedPropertyValue", f"{text!r} is no {kind}.") from error
    return text
