"""GetFolder, FindFolder, CreateFolder, UpdateFolder (its name), MoveFolder, DeleteFolder."""

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.folder_values import FolderValues
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.restrictions import test_of
from songthan.practice.exchange.soap import Element, child_text, element, tag
from songthan.practice.exchange.store import Folder


def _with_folders(call: Call, folder: Folder) -> Element:
    shape = call.body.find(tag("m:FolderShape"))
    return soap.success(call.operation, element("m:Folders", None, call.shapes.folder(folder, shape, call.actor)))


def get_folder(call: Call) -> Element:
    """Each folder with its counts."""
    return call.each(call.nodes("m:FolderIds"), lambda node: _with_folders(call, call.folder(node)))


def below(call: Call, folder: Folder, *, deep: bool) -> list[Folder]:
    """The folders inside, parents before children."""
    found = []
    for child in call.mailboxes.store.folders("parent = ?", (folder.id,)):
        found.append(child)
        if deep:
            found.extend(below(call, child, deep=True))
    return found


def find_folder(call: Call) -> Element:
    """The folders below each parent that pass the restriction, as the view's page."""
    deep = call.body.get("Traversal") == "Deep"
    view = call.body.find(tag("m:IndexedPageFolderView"))
    start = 0 if view is None else int(view.get("Offset", "0"))
    size = None if view is None or not view.get("MaxEntriesReturned") else int(view.get("MaxEntriesReturned"))
    shape = call.body.find(tag("m:FolderShape"))

    def find(node: Element) -> Element:
        test = test_of(call.body.find(tag("m:Restriction")), FolderValues(mailboxes=call.mailboxes))
        found = [folder for folder in below(call, call.folder(node), deep=deep) if test(folder)]
        page = found[start:] if size is None else found[start : start + size]
        end = start + len(page)
        root = element(
            "m:RootFolder",
            None,
            element("t:Folders", None, *[call.shapes.folder(folder, shape, call.actor) for folder in page]),
            IndexedPagingOffset=str(end),
            TotalItemsInView=str(len(found)),
            IncludesLastItemInRange="true" if end >= len(found) else "false",
        )
        return soap.success(call.operation, root)

    return call.each(call.nodes("m:ParentFolderIds"), find)


def create_folder(call: Call) -> Element:
    """Make folders below a parent; a taken name is ErrorFolderExists."""

    def create(node: Element) -> Element:
        parent = call.folder_in("m:ParentFolderId")
        name = (child_text(node, "t:DisplayName") or "").strip()
        if parent is None or not name:
            raise EwsError("ErrorRequiredPropertyMissing", "A folder needs a parent and a DisplayName.")
        number = call.mailboxes.new_folder(
            mailbox=parent.mailbox,
            parent=parent.id,
            name=name,
            folder_class=child_text(node, "t:FolderClass") or "IPF.Note",
        )
        made = call.mailboxes.store.folder(number)
        call.mailboxes.journal.write("folder_created", mailbox=made.mailbox, folder=call.mailboxes.folder_path(made))
        return _with_folders(call, made)

    return call.each(call.nodes("m:Folders"), create)


def _own(call: Call, node: Element | None) -> Folder:
    """A folder that a person made: the server's own can be neither renamed, moved nor deleted."""
    folder = call.folder(node)
    if folder.kind is not None:
        raise EwsError("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be changed.")
    return folder


def update_folder(call: Call) -> Element:
    """Give folders another name."""

    def update(change: Element) -> Element:
        folder = _own(call, change[0] if len(change) else None)
        names = [node.text or "" for node in change.iter(tag("t:DisplayName"))]
        if not names or not names[-1].strip():
            raise EwsError("ErrorInvalidPropertySet", "Only a folder's DisplayName can be changed here.")
        return _relaid(call, folder, folder.parent, names[-1].strip())

    return call.each(call.nodes("m:FolderChanges"), update)


def move_folder(call: Call) -> Element:
    """Put folders below another one of the same mailbox."""

    def move(node: Element) -> Element:
        target, folder = call.target(), _own(call, node)
        if target.mailbox != folder.mailbox:
            raise EwsError("ErrorMoveCopyFailed", "Folders are moved within one mailbox here.")
        if target.id == folder.id or target.id in {inner.id for inner in below(call, folder, deep=True)}:
            raise EwsError("ErrorMoveCopyFailed", "A folder cannot be moved into itself.")
        return _relaid(call, folder, target.id, folder.name)

    return call.each(call.nodes("m:FolderIds"), move)


def _relaid(call: Call, folder: Folder, parent: int | None, name: str) -> Element:
    before = call.mailboxes.folder_path(folder)
    made = call.mailboxes.relay_folder(folder, parent=parent, name=name)
    call.mailboxes.journal.write(
        "folder_moved", mailbox=made.mailbox, folder=call.mailboxes.folder_path(made), from_folder=before
    )
    return _with_folders(call, made)


def delete_folder(call: Call) -> Element:
    """Take folders away with all that is in them; MoveToDeletedItems keeps them below Deleted Items."""
    kind = call.body.get("DeleteType", "HardDelete")

    def delete(node: Element) -> Element:
        folder = _own(call, node)
        if kind == "MoveToDeletedItems":
            bin_folder = call.mailboxes.store.distinguished(folder.mailbox, "deleteditems")
            _relaid(call, folder, bin_folder.id, folder.name)
            return soap.success(call.operation)
        for inner in [*reversed(below(call, folder, deep=True)), folder]:
            path = call.mailboxes.folder_path(inner)
            for item in call.mailboxes.store.items("folder = ?", (inner.id,)):
                call.mailboxes.record("deleted", item, actor=call.actor, kind=kind)
                call.mailboxes.remove_item(item)
            call.mailboxes.remove_folder(inner)
            call.mailboxes.journal.write("folder_deleted", mailbox=inner.mailbox, folder=path)
        return soap.success(call.operation)

    return call.each(call.nodes("m:FolderIds"), delete)
