"""FindItem: restriction, sort order, one page a folder."""

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.restrictions import needles, sort_items, test_of
from songthan.practice.exchange.shapes import Shape
from songthan.practice.exchange.soap import Element, element, tag

#: what would change the answer and is not kept here: refused rather than passed over
NOT_HERE = (
    "GroupBy",
    "DistinguishedGroupBy",
    "FractionalPageItemView",
    "SeekToConditionPageItemView",
    "CalendarView",
    "ContactsView",
    "QueryString",
)
MOST = 1000  # Exchange's own throttling policy gives at most so many entries at once


def find_item(call: Call) -> Element:
    """The items of each folder that pass the restriction, as the view's page."""
    shape = Shape(call.body.find(tag("m:ItemShape")), listing=True)
    view = call.body.find(tag("m:IndexedPageItemView"))
    start = 0 if view is None else int(view.get("Offset", "0"))
    size = min(MOST, MOST if view is None else int(view.get("MaxEntriesReturned", MOST)))
    backwards = view is not None and view.get("BasePoint") == "End"
    values = call.values

    def find(node: Element) -> Element:
        if wrong := next((name for name in NOT_HERE if call.body.find(tag(f"m:{name}")) is not None), None):
            raise EwsError("ErrorInvalidOperation", f"This practice server has no {wrong} in FindItem.")
        folder = call.folder(node)
        restriction = call.body.find(tag("m:Restriction"))
        test, texts = test_of(restriction, values), needles(restriction)
        where = "folder = ?"
        if texts is not None:
            where += f" AND ({' OR '.join(['instr(lower(head || properties), lower(?))'] * len(texts))})"
        found = [item for item in call.mailboxes.store.items(where, (folder.id, *(texts or ()))) if test(item)]
        if call.body.get("Traversal") in ("Associated", "SoftDeleted"):
            found = []
        found = sort_items(found, call.body.find(tag("m:SortOrder")), values)
        if backwards:
            end = max(0, len(found) - start)
            page = found[max(0, end - size) : end]
            offset, last = max(0, end - size), end - size <= 0
        else:
            page = found[start : start + size]
            offset, last = start + len(page), start + len(page) >= len(found)
        root = element(
            "m:RootFolder",
            None,
            element("t:Items", None, *[call.shapes.item(item, shape) for item in page]),
            IndexedPagingOffset=str(offset),
            TotalItemsInView=str(len(found)),
            IncludesLastItemInRange="true" if last else "false",
        )
        return soap.success(call.operation, root)

    return call.each(call.nodes("m:ParentFolderIds"), find)
