"""CreateItem, GetItem, UpdateItem, MoveItem, CopyItem, DeleteItem."""

from songthan.practice.exchange import drafting, soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations import answering
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.operations.sending import submit_and_discard
from songthan.practice.exchange.shapes import Shape
from songthan.practice.exchange.soap import Element, element, local_name, tag
from songthan.practice.exchange.store import Folder, Item
from songthan.practice.exchange.values import paths_in


def _with_items(call: Call, *made: Element) -> Element:
    return soap.success(call.operation, element("m:Items", None, *made))


def create_item(call: Call) -> Element:
    """SaveOnly stores a draft; SendAndSaveCopy and SendOnly send at once."""
    disposition = call.body.get("MessageDisposition", "SaveOnly")

    def create(node: Element) -> Element:
        if local_name(node) not in ("Message", "Item", *answering.KINDS):
            raise EwsError("ErrorInvalidOperation", f"This server keeps messages, no {local_name(node)}.")
        folder = call.folder_in("m:SavedItemFolderId")
        answers = local_name(node) in answering.KINDS
        draft = answering.answer_to(call, node) if answers else drafting.new_draft(node)
        if disposition == "SaveOnly":
            return _with_items(call, _save(call, draft, folder))
        if disposition == "SendAndSaveCopy":
            folder = folder or call.mailboxes.store.distinguished(call.home, "sentitems")
        else:
            folder = None
        call.transport.submit(
            actor=call.actor,
            mailbox=folder.mailbox if folder else call.home,
            raw=call.transport.with_identity(draft.raw, call.message_id_fault),
            properties=draft.properties,
            head_extra=draft.head_extra,
            save_to=folder,
            bare_copy=call.bare_copy,
        )
        return _with_items(call)

    return call.each(call.nodes("m:Items"), create)


def _save(call: Call, draft: drafting.Draft, folder: Folder | None) -> Element:
    folder = folder or call.mailboxes.store.distinguished(call.home, "drafts")
    item = call.mailboxes.add_item(
        folder=folder,
        raw=call.transport.with_identity(draft.raw, call.message_id_fault),
        properties=draft.properties,
        is_draft=draft.is_draft is not False,
        is_read=draft.is_read is not False,
        received=draft.received,
        head_extra=draft.head_extra,
    )
    call.mailboxes.record("draft_saved" if item.is_draft else "put_in", item, actor=call.actor)
    made = call.shapes.only_id(item)
    entries = [call.shapes.attachment(entry) for entry in call.mailboxes.attachments_of(item)]
    if entries:
        made.append(element("t:Attachments", None, *entries))
    return made


def get_item(call: Call) -> Element:
    """Each item as the shape asks; a fetched MIME is logged."""
    shape = Shape(call.body.find(tag("m:ItemShape")), listing=False)

    def get(node: Element) -> Element:
        item = call.item(node)
        if "item:MimeContent" in shape.wanted:
            call.mailboxes.record("fetched_mime", item, actor=call.actor)
        return _with_items(call, call.shapes.item(item, shape))

    return call.each(call.nodes("m:ItemIds"), get)


def update_item(call: Call) -> Element:
    """Set, append to and delete fields; with SendAndSaveCopy the changed draft is sent."""
    careful = call.body.get("ConflictResolution") == "NeverOverwrite"

    def update(node: Element) -> Element:
        target = node.find(tag("t:ItemId"))
        item = call.fresh_item(target, stale="ErrorIrresolvableConflict") if careful else call.item(target)
        draft = drafting.Draft(raw=call.mailboxes.store.mime(item.id), properties=list(item.properties))
        before = draft.raw
        for change in node.find(tag("t:Updates")):
            _change(draft, change)
        item = call.mailboxes.update_item(
            item,
            raw=draft.raw if draft.raw != before else None,
            properties=draft.properties,
            is_read=draft.is_read,
            head_extra=draft.head_extra,
            keep_parts=not draft.body_changed,
        )
        call.mailboxes.record("updated", item, actor=call.actor)
        if call.body.get("MessageDisposition") == "SendAndSaveCopy":
            sent = call.mailboxes.store.distinguished(item.mailbox, "sentitems")
            submit_and_discard(call, item, call.folder_in("m:SavedItemFolderId") or sent)
            return _with_items(call)
        conflicts = element("m:ConflictResults", None, element("t:Count", "0"))
        made = _with_items(call, call.shapes.only_id(item))
        made.append(conflicts)
        return made

    return call.each(call.nodes("m:ItemChanges"), update)


def _change(draft: drafting.Draft, change: Element) -> None:
    paths = paths_in(change)
    if local_name(change) == "DeleteItemField":
        drafting.delete_field(draft, paths[0])
        return
    for holder in change:
        if local_name(holder) in ("Message", "Item"):
            for node in holder:
                drafting.set_field(draft, node)


def move_item(call: Call) -> Element:
    """Move into another folder: the item there is a new one with a new id."""

    def move(node: Element) -> Element:
        folder, item = call.target(), call.item(node)
        return _with_items(call, call.shapes.only_id(_moved(call, item, folder, "moved")))

    return call.each(call.nodes("m:ItemIds"), move)


def _moved(call: Call, item: Item, folder: Folder, event: str) -> Item:
    source = call.mailboxes.folder_path(call.mailboxes.store.folder(item.folder))
    made = call.mailboxes.move_item(item, folder)
    call.mailboxes.record(
        event, made, actor=call.actor, from_folder=source, from_item_id=call.mailboxes.item_id(item.id)
    )
    return made


def copy_item(call: Call) -> Element:
    """Put a copy into another folder."""

    def copy(node: Element) -> Element:
        folder, item = call.target(), call.item(node)
        made = call.mailboxes.copy_item(item, folder)
        call.mailboxes.record("copied", made, actor=call.actor, from_item_id=call.mailboxes.item_id(item.id))
        return _with_items(call, call.shapes.only_id(made))

    return call.each(call.nodes("m:ItemIds"), copy)


def delete_item(call: Call) -> Element:
    """HardDelete and SoftDelete take the item away, MoveToDeletedItems moves it."""
    kind = call.body.get("DeleteType", "HardDelete")

    def delete(node: Element) -> Element:
        item = call.item(node)
        if kind == "MoveToDeletedItems":
            bin_folder = call.mailboxes.store.distinguished(item.mailbox, "deleteditems")
            _moved(call, item, bin_folder, "deleted")
        else:
            call.mailboxes.record("deleted", item, actor=call.actor, kind=kind)
            call.mailboxes.remove_item(item)
        return soap.success(call.operation)

    return call.each(call.nodes("m:ItemIds"), delete)
