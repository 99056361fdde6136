"""From the elements of a CreateItem or UpdateItem to a message: MimeContent kept, single fields written into it."""

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC

from songthan.practice.exchange import headers, mapi, message
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.journal import INTERNET_HEADERS
from songthan.practice.exchange.soap import Element, child_text, local_name, tag
from songthan.practice.exchange.values import extended_path, same_property

PEOPLE = {
    "ToRecipients": "To",
    "CcRecipients": "Cc",
    "BccRecipients": "Bcc",
    "ReplyTo": "Reply-To",
    "From": "From",
    "Sender": "Sender",
}
LINES = {
    "Subject": "Subject",
    "InternetMessageId": "Message-ID",
    "References": "References",
    "InReplyTo": "In-Reply-To",
}
MAX_SUBJECT = 255


@dataclass(kw_only=True)
class Draft:
    """A message being written: `raw` MIME, extended properties, head facts that no header holds, and what MAPI flags
    say of it (read, draft, received at)."""

    raw: bytes
    properties: list = field(default_factory=list)
    head_extra: dict = field(default_factory=dict)
    is_read: bool | None = None
    is_draft: bool | None = None
    received: str | None = None
    body_changed: bool = False


def base64_content(node: Element) -> bytes:
    """The bytes of a base64 element; ErrorInvalidMimeContent... when it is none."""
    try:
        return base64.b64decode(node.text or "", validate=False)
    except (binascii.Error, ValueError) as error:
        raise EwsError("ErrorMimeContentInvalidBase64String", "The content is no base64.") from error


def new_draft(item: Element) -> Draft:
    """A draft from a `t:Message` of CreateItem (its attachments too)."""
    mime = item.find(tag("t:MimeContent"))
    if mime is not None:
        draft = Draft(raw=headers.join(*headers.split(base64_content(mime))))
    else:
        content, body = message.body_entity("", "Text")
        draft = Draft(raw=headers.join([("mime-version", b"MIME-Version: 1.0\r\n"), *content], body))
    for node in item:
        set_field(draft, node, creating=True)
    for node in item.find(tag("t:Attachments")) if item.find(tag("t:Attachments")) is not None else ():
        draft.raw = message.add_part(draft.raw, new_part(node))
    return draft


def set_field(draft: Draft, node: Element, *, creating: bool = False) -> None:
    """Write one field element of a `t:Message` into the draft; fields the server computes are left alone."""
    name = local_name(node)
    if name in PEOPLE:
        pairs = [_person(mailbox) for mailbox in node.iter(tag("t:Mailbox"))]
        _replace(draft, PEOPLE[name], headers.address_line(PEOPLE[name], pairs) if pairs else None)
    elif name in LINES:
        _set_line(draft, name, node.text or "")
    elif name == "Body":
        draft.raw = message.with_body(draft.raw, node.text or "", node.get("BodyType", "HTML"))
        draft.body_changed = True
    elif name == "Importance":
        # clients send their default beside a MimeContent that may say more
        if not creating or (node.text or "Normal") != "Normal":
            _replace(draft, "Importance", headers.text_line("Importance", node.text or "Normal"))
    elif name == "MimeContent" and not creating:
        draft.raw = headers.join(*headers.split(base64_content(node)))
        draft.body_changed = True
    elif name == "IsRead":
        draft.is_read = (node.text or "").lower() in ("true", "1")
    elif name == "Sensitivity":
        draft.head_extra["sensitivity"] = node.text or "Normal"
    elif name == "Categories":
        draft.head_extra["categories"] = [child.text or "" for child in node]
    elif name == "ExtendedProperty":
        _set_property(draft, node)


def _set_line(draft: Draft, name: str, text: str) -> None:
    if name == "Subject" and len(text) > MAX_SUBJECT:
        raise EwsError("ErrorInvalidPropertySet", "Subject is longer than 255 characters.")
    header = LINES[name]
    _replace(draft, header, headers.text_line(header, text) if text else None)


def _set_property(draft: Draft, node: Element) -> None:
    path = extended_path(node.find(tag("t:ExtendedFieldURI")))
    values = node.find(tag("t:Values"))
    if values is not None:
        value: object = [child.text or "" for child in values]
    else:
        value = child_text(node, "t:Value") or ""
    if path["set"] == INTERNET_HEADERS and path["name"]:
        _replace(draft, path["name"], headers.text_line(_header_name(path["name"]), str(value)))
        return
    if path["tag"] == mapi.MESSAGE_FLAGS:
        # how a client without another way puts a message that is no draft into a folder
        flags = int(mapi.typed(str(value), "Integer"))
        draft.is_read, draft.is_draft = bool(flags & mapi.READ), bool(flags & mapi.UNSENT)
        return
    if path["tag"] == mapi.DELIVERY_TIME:
        draft.received = mapi.typed(str(value), "SystemTime").astimezone(UTC).isoformat()
        return
    draft.properties = [entry for entry in draft.properties if not same_property(entry, path)]
    draft.properties.append(path | {"value": value})


def _header_name(name: str) -> str:
    if not headers.FIELD.fullmatch(name.encode("utf-8", "replace") + b":"):
        raise EwsError("ErrorInvalidExtendedProperty", f"{name!r} is no header name.")
    return name


def delete_field(draft: Draft, path: Element) -> None:
    """Take away what a DeleteItemField names."""
    if local_name(path) == "ExtendedFieldURI":
        wanted = extended_path(path)
        draft.properties = [entry for entry in draft.properties if not same_property(entry, wanted)]
        if wanted["set"] == INTERNET_HEADERS and wanted["name"]:
            _replace(draft, wanted["name"], None)
        return
    name = path.get("FieldURI", "").partition(":")[2]
    if name in PEOPLE or name in LINES:
        _replace(draft, PEOPLE.get(name) or LINES[name], None)
    elif name == "Body":
        draft.raw = message.with_body(draft.raw, "", "Text")
        draft.body_changed = True
    elif name == "Categories":
        draft.head_extra["categories"] = []


def _replace(draft: Draft, header: str, line: bytes | None) -> None:
    fields, body = headers.split(draft.raw)
    draft.raw = headers.join(headers.with_field(fields, header.lower(), line), body)


def _person(mailbox: Element) -> list[str]:
    address = child_text(mailbox, "t:EmailAddress") or ""
    if "@" not in address:
        raise EwsError("ErrorInvalidRecipients", f"At least one recipient is not valid: {address!r}")
    person = child_text(mailbox, "t:Name") or ""
    return ["" if person == address else person, address]


def new_part(node: Element) -> message.Part:
    """A `t:FileAttachment` (or `t:ItemAttachment` holding MimeContent) as an attachment."""
    name = child_text(node, "t:Name") or "attachment"
    if local_name(node) == "FileAttachment":
        content = node.find(tag("t:Content"))
        if content is None:
            raise EwsError("ErrorRequiredPropertyMissing", "A required property is missing: Content.")
        return message.Part(
            kind="file",
            name=name,
            type=child_text(node, "t:ContentType") or "application/octet-stream",
            content=base64_content(content),
            content_id=child_text(node, "t:ContentId") or None,
            inline=(child_text(node, "t:IsInline") or "").lower() in ("true", "1"),
        )
    mime = node.find(f"*/{tag('t:MimeContent')}")
    if mime is not None:
        return message.Part(kind="item", name=name, type="message/rfc822", content=base64_content(mime))
    inner = next((child for child in node if child.find(tag("t:Subject")) is not None), None)
    if inner is None:
        raise EwsError("ErrorRequiredPropertyMissing", "The attached item is empty.")
    return message.Part(kind="item", name=name, type="message/rfc822", content=new_draft(inner).raw)
