"""What every operation needs: who asks, the request, and finding the folders and items it names."""

from collections.abc import Callable
from dataclasses import dataclass

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.faults import Fault
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.rights import Right
from songthan.practice.exchange.shapes import Shapes
from songthan.practice.exchange.soap import Element, tag
from songthan.practice.exchange.store import Folder, Item
from songthan.practice.exchange.subscriptions import Subscriptions
from songthan.practice.exchange.transport import Transport
from songthan.practice.exchange.values import Values

#: operations that only look; all others need the right to write where they work
LOOKING = frozenset(
    {
        "ConvertId",
        "ResolveNames",
        "GetFolder",
        "FindFolder",
        "SyncFolderHierarchy",
        "SyncFolderItems",
        "GetItem",
        "FindItem",
        "GetAttachment",
        "Subscribe",
        "GetEvents",
        "Unsubscribe",
    }
)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One operation asked for by `actor` (the logged-in address); `home` is the mailbox meant when none is named;
    `fault`: one that was ordered and that the operation itself must play."""

    operation: str
    actor: str
    home: str
    body: Element
    mailboxes: Mailboxes
    transport: Transport
    subscriptions: Subscriptions
    fault: Fault | None = None

    @property
    def right(self) -> Right:
        """What the actor must be allowed where this operation works."""
        return Right.READ if self.operation in LOOKING else Right.WRITE

    @property
    def message_id_fault(self) -> str:
        """The ordered fault about Message-IDs; empty without one."""
        return self.fault.kind if self.fault is not None and self.fault.kind.startswith("message_id") else ""

    @property
    def shapes(self) -> Shapes:
        """Makes elements of items and folders."""
        return Shapes(mailboxes=self.mailboxes)

    @property
    def values(self) -> Values:
        """Reads items' values."""
        return Values(mailboxes=self.mailboxes)

    @property
    def bare_copy(self) -> bool:
        """Whether a Sent copy without the client's own headers was ordered."""
        return self.fault is not None and self.fault.kind == "sent_copy_bare"

    def each(self, nodes: list[Element], work: Callable[[Element], Element]) -> Element:
        """One response message a node, each in its own transaction: one that fails does not undo the others."""
        messages = []
        for number, node in enumerate(nodes):
            try:
                if self.fault is not None and self.fault.entry == number:
                    raise EwsError(self.fault.kind, "ordered by the practice control")
                with self.mailboxes.store.transaction():
                    messages.append(work(node))
            except EwsError as error:
                messages.append(soap.failure(self.operation, error))
        return soap.response(self.operation, messages)

    def folder(self, node: Element | None) -> Folder:
        """The folder a FolderId or DistinguishedFolderId names, if the actor may open it."""
        if node is None:
            raise EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.")
        if node.tag == tag("t:DistinguishedFolderId"):
            address = soap.child_text(node.find(tag("t:Mailbox")), "t:EmailAddress") or self.home
            mailbox = self.mailboxes.accounts.opened_by(self.actor, address, self.right)
            found = self.mailboxes.store.distinguished(mailbox.address, node.get("Id", ""))
        else:
            found = self.mailboxes.store.folder(self.mailboxes.number_of("f", node.get("Id")))
            if found is not None:
                self.mailboxes.accounts.opened_by(self.actor, found.mailbox, self.right)
        if found is None:
            raise EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.")
        return found

    def folder_in(self, name: str) -> Folder | None:
        """The folder inside a child like m:ToFolderId; None when there is no such child."""
        parent = self.body.find(tag(name))
        return None if parent is None else self.folder(parent[0] if len(parent) else None)

    def target(self) -> Folder:
        """The folder things are moved or copied to."""
        found = self.folder_in("m:ToFolderId")
        return self.folder(None) if found is None else found

    def item(self, node: Element, attribute: str = "Id") -> Item:
        """The item an ItemId names, if the actor may open its mailbox; else ErrorItemNotFound and the like."""
        found = self.mailboxes.store.item(self.mailboxes.number_of("i", node.get(attribute)))
        if found is None:
            raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")
        right = Right.READ if self.operation == "CopyItem" else self.right
        self.mailboxes.accounts.opened_by(self.actor, found.mailbox, right)
        return found

    def fresh_item(self, node: Element, *, stale: str) -> Item:
        """The item, whose change key must be given and be the present one; `stale` is the error if it is not."""
        found = self.item(node)
        key = node.get("ChangeKey")
        if not key:
            raise EwsError("ErrorChangeKeyRequired", "The ChangeKey is required for this operation.")
        if key != Mailboxes.change_key(found.change):
            raise EwsError(
                stale,
                "The send or update operation could not be performed because the change key passed in the"
                " request does not match the current change key for the item.",
            )
        return found

    def nodes(self, name: str) -> list[Element]:
        """The children of a child like m:ItemIds."""
        parent = self.body.find(tag(name))
        return [] if parent is None else [node for node in parent if isinstance(node.tag, str)]
