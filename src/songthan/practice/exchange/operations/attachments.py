"""CreateAttachment, GetAttachment, DeleteAttachment."""

import hashlib

from songthan.practice.exchange import drafting, message, soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.shapes import Shapes
from songthan.practice.exchange.soap import Element, element, tag
from songthan.practice.exchange.store import Item


def create_attachment(call: Call) -> Element:
    """Attach to a stored item; the answer carries the item's new change key."""
    parent = call.body.find(tag("m:ParentItemId"))
    facts: dict = {}

    def create(node: Element) -> Element:
        # the first attachment of a request checks the client's change key, the next ones ride on it
        key = parent.get("ChangeKey")
        item = call.item(parent) if facts or not key else call.fresh_item(parent, stale="ErrorIrresolvableConflict")
        number, item = call.mailboxes.attach(item, drafting.new_part(node))
        facts["attached"] = True
        entry = next(e for e in call.mailboxes.attachments_of(item) if e["id"] == number)
        call.mailboxes.record("attached", item, actor=call.actor, attachment=entry["name"])
        made = call.shapes.attachment(entry)
        _name_root(made, call, item)
        return soap.success(call.operation, element("m:Attachments", None, made))

    if parent is None:
        error = EwsError("ErrorRequiredPropertyMissing", "ParentItemId is missing.")
        return soap.response(call.operation, [soap.failure(call.operation, error)])
    return call.each(call.nodes("m:Attachments"), create)


def _name_root(made: Element, call: Call, item: Item) -> None:
    identity = made.find(tag("t:AttachmentId"))
    identity.set("RootItemId", call.mailboxes.item_id(item.id))
    identity.set("RootItemChangeKey", call.mailboxes.change_key(item.change))


def _find(call: Call, node: Element) -> tuple[Item, dict, bytes]:
    try:
        number = call.mailboxes.number_of("a", node.get("Id"))
    except EwsError as error:
        raise EwsError("ErrorInvalidAttachmentId", "The attachment id is invalid.") from error
    row = call.mailboxes.store.row("SELECT item, content FROM attachments WHERE id = ?", (number,))
    if row is None:
        raise EwsError("ErrorItemNotFound", "The specified attachment was not found.")
    item = call.mailboxes.store.item(row[0])
    call.mailboxes.accounts.opened_by(call.actor, item.mailbox, call.right)
    entry = next(e for e in call.mailboxes.attachments_of(item) if e["id"] == number)
    return item, entry, row[1]


def get_attachment(call: Call) -> Element:
    """Each attachment with its content; a message inside comes as an item with its MIME."""

    def get(node: Element) -> Element:
        item, entry, content = _find(call, node)
        call.mailboxes.record("fetched_attachment", item, actor=call.actor, attachment=entry["name"])
        if entry["kind"] == "item":
            made = call.shapes.attachment(entry, inner=_inner_message(content))
        else:
            made = call.shapes.attachment(entry, content=content)
        return soap.success(call.operation, element("m:Attachments", None, made))

    return call.each(call.nodes("m:AttachmentIds"), get)


def _inner_message(raw: bytes) -> Element:
    head = message.read_head(raw)
    shown = Shapes.mime_element(raw)
    subject = element("t:Subject", head["subject"])
    digest = hashlib.sha256(raw).hexdigest()
    identity = element("t:ItemId", Id=f"attached-{digest}", ChangeKey=digest[:16])
    made = element("t:Message", None, shown, identity, subject)
    if head["from"]:
        made.append(Shapes.person_element("t:From", head["from"][0]))
    if head["message_id"]:
        made.append(element("t:InternetMessageId", head["message_id"]))
    return made


def delete_attachment(call: Call) -> Element:
    """Take attachments out of their items."""

    def delete(node: Element) -> Element:
        item, entry, _ = _find(call, node)
        item = call.mailboxes.detach(item, entry["id"])
        call.mailboxes.record("detached", item, actor=call.actor, attachment=entry["name"])
        root = element(
            "m:RootItemId",
            None,
            RootItemId=call.mailboxes.item_id(item.id),
            RootItemChangeKey=call.mailboxes.change_key(item.change),
        )
        return soap.success(call.operation, root)

    return call.each(call.nodes("m:AttachmentIds"), delete)
