"""SyncFolderItems and SyncFolderHierarchy: what changed since a sync state.

A state is "base:position": everything up to `position` has been told; `base` is where the last finished round
ended, so that an item first told during the round under way is still a Create.
"""

import base64
import binascii
from collections.abc import Callable

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.operations.folders import below
from songthan.practice.exchange.shapes import Shape
from songthan.practice.exchange.soap import Element, child_text, element, tag


def _state(kind: str, owner: int, base: int, position: int) -> str:
    return base64.b64encode(f"{kind}:{owner}:{base}:{position}".encode()).decode()


def _read_state(text: str | None, kind: str, owner: int) -> tuple[int, int]:
    if not text:
        return 0, 0
    try:
        found, folder, base, position = base64.b64decode(text, validate=True).decode("ascii").split(":")
        if (found, int(folder)) == (kind, owner):
            return int(base), int(position)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise EwsError("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.")


def _answer(call: Call, last_name: str, work: Callable[[], tuple[str, bool, list[Element]]]) -> Element:
    try:
        with call.mailboxes.store.transaction():
            state, last, changes = work()
    except EwsError as error:
        empty = [element("m:SyncState"), element(last_name, "true")]
        return soap.response(call.operation, [soap.failure(call.operation, error, *empty)])
    made = soap.success(
        call.operation,
        element("m:SyncState", state),
        element(last_name, "true" if last else "false"),
        element("m:Changes", None, *changes),
    )
    return soap.response(call.operation, [made])


def sync_folder_items(call: Call) -> Element:
    """Creates, updates and deletes of one folder in the order they happened, at most MaxChangesReturned."""
    shape = Shape(call.body.find(tag("m:ItemShape")), listing=True)
    ignore = {node.get("Id") for node in call.nodes("m:Ignore")}

    def work() -> tuple[str, bool, list[Element]]:
        folder = call.folder_in("m:SyncFolderId")
        if folder is None:
            raise EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.")
        most = int(child_text(call.body, "m:MaxChangesReturned") or "100")
        base, position = _read_state(child_text(call.body, "m:SyncState"), "items", folder.id)
        store = call.mailboxes.store
        steps: list[tuple[int, str, object]] = [
            (item.change, "Create" if item.created_change > base else "Update", item)
            for item in store.items("folder = ? AND change > ? ORDER BY change LIMIT ?", (folder.id, position, most + 1))
        ]
        steps += [
            (change, "Delete", number)
            for number, change in store.rows(
                "SELECT item, change FROM gone WHERE folder = ? AND change > ? AND created_change <= ?"
                " ORDER BY change LIMIT ?",
                (folder.id, position, position, most + 1),
            )
        ]
        steps.sort(key=lambda step: step[0])
        told, last = steps[:most], len(steps) <= most
        end = told[-1][0] if told else position
        changes = [_item_change(call, kind, what, shape) for _, kind, what in told]
        changes = [c for c in changes if c.find(f".//{tag('t:ItemId')}").get("Id") not in ignore]
        return _state("items", folder.id, end if last else base, end), last, changes

    return _answer(call, "m:IncludesLastItemInRange", work)


def _item_change(call: Call, kind: str, what: object, shape: Shape) -> Element:
    if kind == "Delete":
        gone = element("t:ItemId", Id=call.mailboxes.item_id(what), ChangeKey=call.mailboxes.change_key(0))
        return element("t:Delete", None, gone)
    return element(f"t:{kind}", None, call.shapes.item(what, shape))


def sync_folder_hierarchy(call: Call) -> Element:
    """Folders made, changed and taken away since the state."""
    shape = call.body.find(tag("m:FolderShape"))

    def work() -> tuple[str, bool, list[Element]]:
        top = call.folder_in("m:SyncFolderId")
        if top is None:
            mailbox = call.mailboxes.accounts.opened_by(call.actor, call.home)
            top = call.mailboxes.store.distinguished(mailbox.address, "msgfolderroot")
        _, position = _read_state(child_text(call.body, "m:SyncState"), "folders", top.id)
        steps = [
            (folder.change, "Create" if folder.created_change > position else "Update", folder)
            for folder in below(call, top, deep=True)
            if folder.change > position
        ]
        # a folder that went is told for the whole mailbox: where it was is gone with it
        steps += [
            (change, "Delete", number)
            for number, change in call.mailboxes.store.rows(
                "SELECT folder, change FROM gone_folders WHERE mailbox = ? AND change > ? AND created_change <= ?",
                (top.mailbox, position, position),
            )
        ]
        steps.sort(key=lambda step: step[0])
        changes = [_folder_change(call, kind, what, shape) for _, kind, what in steps]
        end = max([position, *(change for change, _, _ in steps)])
        return _state("folders", top.id, end, end), True, changes

    return _answer(call, "m:IncludesLastFolderInRange", work)


def _folder_change(call: Call, kind: str, what: object, shape: Element | None) -> Element:
    if kind == "Delete":
        gone = element("t:FolderId", Id=call.mailboxes.folder_id(what), ChangeKey=call.mailboxes.change_key(0))
        return element("t:Delete", None, gone)
    return element(f"t:{kind}", None, call.shapes.folder(what, shape, call.actor))
