"""SendItem: a saved draft goes out once; afterwards its id names nothing."""

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.soap import Element
from songthan.practice.exchange.store import Folder, Item


def submit_and_discard(call: Call, item: Item, folder: Folder | None) -> None:
    """Send a stored draft and take it out of its folder, in one transaction."""
    with call.mailboxes.store.transaction():
        extra = {name: item.head[name] for name in ("categories", "sensitivity")}
        raw = call.transport.with_identity(call.mailboxes.store.mime(item.id), call.message_id_fault)
        # first out, then sent: the mailbox needs no room for both; together they happen or do not
        call.mailboxes.remove_item(item)
        call.transport.submit(
            actor=call.actor,
            mailbox=item.mailbox,
            raw=raw,
            properties=item.properties,
            head_extra=extra,
            save_to=folder,
            bare_copy=call.bare_copy,
        )


def send_item(call: Call) -> Element:
    """Send each draft; the change key must be the present one."""
    save = call.body.get("SaveItemToFolder", "true").lower() in ("true", "1")

    def send(node: Element) -> Element:
        item = call.item(node)
        if not item.is_draft:
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store: it has been sent.")
        item = call.fresh_item(node, stale="ErrorStaleObject")
        folder = None
        if save:
            sent = call.mailboxes.store.distinguished(item.mailbox, "sentitems")
            folder = call.folder_in("m:SavedItemFolderId") or sent
        submit_and_discard(call, item, folder)
        return soap.success(call.operation)

    return call.each(call.nodes("m:ItemIds"), send)
