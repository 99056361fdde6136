"""The EWS operations, by name: each takes a Call and gives the operation's response element."""

from songthan.practice.exchange.operations import attachments, events, find, folders, items, names, sending, sync

OPERATIONS = {
    "ConvertId": names.convert_id,
    "ResolveNames": names.resolve_names,
    "GetFolder": folders.get_folder,
    "FindFolder": folders.find_folder,
    "CreateFolder": folders.create_folder,
    "UpdateFolder": folders.update_folder,
    "MoveFolder": folders.move_folder,
    "DeleteFolder": folders.delete_folder,
    "SyncFolderHierarchy": sync.sync_folder_hierarchy,
    "SyncFolderItems": sync.sync_folder_items,
    "CreateItem": items.create_item,
    "GetItem": items.get_item,
    "UpdateItem": items.update_item,
    "MoveItem": items.move_item,
    "CopyItem": items.copy_item,
    "DeleteItem": items.delete_item,
    "SendItem": sending.send_item,
    "FindItem": find.find_item,
    "CreateAttachment": attachments.create_attachment,
    "GetAttachment": attachments.get_attachment,
    "DeleteAttachment": attachments.delete_attachment,
    "Subscribe": events.subscribe,
    "GetEvents": events.get_events,
    "Unsubscribe": events.unsubscribe,
}
