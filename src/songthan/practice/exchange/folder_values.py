"""What a folder's fields and MAPI properties are worth: for showing and searching alike."""

from datetime import datetime

from songthan.practice.exchange import mapi
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.soap import Element, local_name
from songthan.practice.exchange.store import Folder
from songthan.practice.exchange.values import extended_path

#: PR_LAST_MODIFICATION_TIME, PR_DISPLAY_NAME, PR_CONTENT_COUNT, PR_CONTENT_UNREAD, PR_SUBFOLDERS, PR_CONTAINER_CLASS,
#: PR_LOCAL_COMMIT_TIME_MAX, PR_ARTICLE_NUM_NEXT, and the last number given
TAGS = {
    0x3008: "modified",
    0x3001: "folder:DisplayName",
    0x3602: "folder:TotalCount",
    0x3603: "folder:UnreadCount",
    0x360A: "subfolders",
    0x3613: "folder:FolderClass",
    0x670A: "modified",
    0x6751: "next",
    0x6752: "last",
}
QUESTIONS = {
    "folder:TotalCount": "SELECT COUNT(*) FROM items WHERE folder = ?",
    "folder:UnreadCount": "SELECT COUNT(*) FROM items WHERE folder = ? AND NOT is_read",
    "folder:ChildFolderCount": "SELECT COUNT(*) FROM folders WHERE parent = ?",
    "subfolders": "SELECT COUNT(*) > 0 FROM folders WHERE parent = ?",
    "modified": "SELECT MAX(modified) FROM items WHERE folder = ?",
    "last": "SELECT COALESCE(MAX(id), 0) FROM items WHERE folder = ?",
    "next": "SELECT COALESCE(MAX(id), 0) + 1 FROM items WHERE folder = ?",
}


class FolderValues:
    """Reads a folder's values; keeps nothing."""

    def __init__(self, *, mailboxes: Mailboxes) -> None:
        self._store = mailboxes.store

    def at(self, folder: Folder, node: Element) -> object:
        """The value a path element names; None when there is none."""
        if local_name(node) == "ExtendedFieldURI":
            return self.extended(folder, extended_path(node))
        return self.named(folder, node.get("FieldURI", ""))

    def extended(self, folder: Folder, path: dict) -> object:
        """The value behind a MAPI property tag."""
        return self.named(folder, TAGS[path["tag"]]) if path["tag"] in TAGS else None

    def named(self, folder: Folder, name: str) -> object:
        """The value of a FieldURI."""
        if name == "folder:DisplayName":
            return folder.name
        if name == "folder:FolderClass":
            return folder.folder_class
        if name not in QUESTIONS:
            return None
        found = self._store.row(QUESTIONS[name], (folder.id,))[0]
        if name == "modified":
            return None if found is None else datetime.fromisoformat(found)
        return bool(found) if name == "subfolders" else found

    def written(self, folder: Folder, path: dict) -> str | None:
        """A MAPI property as EWS writes it."""
        value = self.extended(folder, path)
        return None if value is None else mapi.written(value)
