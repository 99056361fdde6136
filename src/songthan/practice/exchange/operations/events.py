"""Subscribe (pull), GetEvents, Unsubscribe."""

from datetime import datetime

from songthan.practice.exchange import soap
from songthan.practice.exchange.clock import ews_time
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.soap import Element, child_text, element, tag
from songthan.practice.exchange.subscriptions import KINDS, Happening, read_watermark, watermark

NAMES = {kind: name for name, kind in KINDS.items()}


def _one(call: Call, work) -> Element:
    try:
        return soap.response(call.operation, [soap.success(call.operation, *work())])
    except EwsError as error:
        return soap.response(call.operation, [soap.failure(call.operation, error)])


def subscribe(call: Call) -> Element:
    """A pull subscription; push and streaming ones are refused."""

    def work() -> list[Element]:
        asked = call.body.find(tag("m:PullSubscriptionRequest"))
        if asked is None:
            raise EwsError("ErrorInvalidSubscriptionRequest", "This server has pull subscriptions only.")
        holder = asked.find(tag("t:FolderIds"))
        folders = [call.folder(node) for node in holder] if holder is not None else []
        everything = asked.get("SubscribeToAllFolders", "false").lower() in ("true", "1")
        if everything == bool(folders) or len({folder.mailbox for folder in folders}) > 1:
            raise EwsError("ErrorInvalidSubscriptionRequest", "Name folders of one mailbox, or all folders.")
        kinds = frozenset(KINDS[n.text] for n in asked.find(tag("t:EventTypes")) if n.text in KINDS)
        minutes = int(child_text(asked, "t:Timeout") or "0")
        if not kinds or not 1 <= minutes <= 1440:
            raise EwsError("ErrorInvalidSubscriptionRequest", "Name what to watch for, and 1 to 1440 minutes.")
        mark = child_text(asked, "t:Watermark")
        seq = read_watermark(mark) if mark else call.subscriptions.latest()
        made = call.subscriptions.add(
            actor=call.actor,
            mailbox=folders[0].mailbox if folders else call.home,
            folders=frozenset(folder.id for folder in folders) or None,
            kinds=kinds,
            minutes=minutes,
        )
        return [element("m:SubscriptionId", made.id), element("m:Watermark", watermark(seq))]

    return _one(call, work)


def get_events(call: Call) -> Element:
    """What happened since the watermark; a StatusEvent when nothing did."""

    def work() -> list[Element]:
        found = call.subscriptions.find(child_text(call.body, "m:SubscriptionId") or "", call.actor)
        mark = child_text(call.body, "m:Watermark") or ""
        told, more = call.subscriptions.since(found, read_watermark(mark))
        events = [_event(call, happening) for happening in told]
        if not events:
            seq = max(read_watermark(mark), call.subscriptions.latest())
            events = [element("t:StatusEvent", None, element("t:Watermark", watermark(seq)))]
        said = element(
            "m:Notification",
            None,
            element("t:SubscriptionId", found.id),
            element("t:PreviousWatermark", mark),
            element("t:MoreEvents", "true" if more else "false"),
            *events,
        )
        return [said]

    return _one(call, work)


def _event(call: Call, happening: Happening) -> Element:
    made = element(
        f"t:{NAMES[happening.kind]}",
        None,
        element("t:Watermark", watermark(happening.seq)),
        element("t:TimeStamp", ews_time(datetime.fromisoformat(happening.at))),
        _item_id(call, "t:ItemId", happening.item, happening.change),
        _folder_id(call, "t:ParentFolderId", happening.folder),
    )
    if happening.kind in ("Moved", "Copied") and happening.old_item is not None:
        made.append(_item_id(call, "t:OldItemId", happening.old_item, happening.change))
        made.append(_folder_id(call, "t:OldParentFolderId", happening.old_folder))
    return made


def _item_id(call: Call, name: str, number: int, change: int) -> Element:
    return element(name, Id=call.mailboxes.item_id(number), ChangeKey=call.mailboxes.change_key(change))


def _folder_id(call: Call, name: str, number: int) -> Element:
    return element(name, Id=call.mailboxes.folder_id(number), ChangeKey=call.mailboxes.change_key(0))


def unsubscribe(call: Call) -> Element:
    """End a subscription."""

    def work() -> list[Element]:
        call.subscriptions.remove(child_text(call.body, "m:SubscriptionId") or "", call.actor)
        return []

    return _one(call, work)
