"""GetFolder, FindFolder, CreateFolder."""

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.soap import Element, child_text, element, tag
from songthan.practice.exchange.store import Folder


def get_folder(call: Call) -> Element:
    """Each folder with its counts."""

    def get(node: Element) -> Element:
        return soap.success(call.operation, element("m:Folders", None, call.shapes.folder(call.folder(node))))

    return call.each(call.nodes("m:FolderIds"), get)


def below(call: Call, folder: Folder, *, deep: bool) -> list[Folder]:
    """The folders inside, parents before children."""
    found = []
    for child in call.mailboxes.store.folders("parent = ?", (folder.id,)):
        found.append(child)
        if deep:
            found.extend(below(call, child, deep=True))
    return found


def find_folder(call: Call) -> Element:
    """The folders below each parent, by name when a restriction on DisplayName is given."""
    deep = call.body.get("Traversal") == "Deep"
    view = call.body.find(tag("m:IndexedPageFolderView"))
    start = 0 if view is None else int(view.get("Offset", "0"))
    size = None if view is None or not view.get("MaxEntriesReturned") else int(view.get("MaxEntriesReturned"))
    wanted = _names_wanted(call.body.find(tag("m:Restriction")))

    def find(node: Element) -> Element:
        found = below(call, call.folder(node), deep=deep)
        if wanted is not None:
            found = [folder for folder in found if folder.name.casefold() in wanted]
        page = found[start:] if size is None else found[start : start + size]
        end = start + len(page)
        root = element(
            "m:RootFolder",
            None,
            element("t:Folders", None, *[call.shapes.folder(folder) for folder in page]),
            IndexedPagingOffset=str(end),
            TotalItemsInView=str(len(found)),
            IncludesLastItemInRange="true" if end >= len(found) else "false",
        )
        return soap.success(call.operation, root)

    return call.each(call.nodes("m:ParentFolderIds"), find)


def _names_wanted(restriction: Element | None) -> set[str] | None:
    if restriction is None:
        return None
    for node in restriction.iter(tag("t:FieldURI")):
        if node.get("FieldURI") != "folder:DisplayName":
            raise EwsError("ErrorUnsupportedPathForQuery", "Folders are searched by folder:DisplayName here.")
    return {(node.get("Value") or "").casefold() for node in restriction.iter(tag("t:Constant"))}


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
        return soap.success(call.operation, element("m:Folders", None, call.shapes.folder(made)))

    return call.each(call.nodes("m:Folders"), create)
