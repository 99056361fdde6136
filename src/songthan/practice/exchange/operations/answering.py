"""ReplyToItem, ReplyAllToItem, ForwardItem: a draft made of an original and what the client wrote above it."""

from email.utils import format_datetime
from html import escape

from songthan.practice.exchange import drafting, headers, message
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.rights import Right
from songthan.practice.exchange.soap import Element, local_name, tag
from songthan.practice.exchange.store import Item

KINDS = ("ReplyToItem", "ReplyAllToItem", "ForwardItem")
RECIPIENTS = {"ToRecipients", "CcRecipients", "BccRecipients"}


def answer_to(call: Call, node: Element) -> drafting.Draft:
    """The draft of a ReplyToItem and its kin; recipients and subject the client names go before those worked out."""
    reference = node.find(tag("t:ReferenceItemId"))
    if reference is None:
        raise EwsError("ErrorMissingInformationReferenceItemId", "The reference item id is missing.")
    original = call.mailboxes.store.item(call.mailboxes.number_of("i", reference.get("Id")))
    if original is None:
        raise EwsError("ErrorItemNotFound", "The specified object was not found in the store.")
    call.mailboxes.accounts.opened_by(call.actor, original.mailbox, Right.READ)
    kind = local_name(node)
    draft = drafting.new_draft(node)
    given = {local_name(child) for child in node if isinstance(child.tag, str)}
    if "Subject" not in given:
        prefix = "FW: " if kind == "ForwardItem" else "RE: "
        bare = original.head["subject"]
        bare = bare if bare[:4].upper() == prefix else prefix + bare
        _write(draft, "Subject", headers.text_line("Subject", bare[: drafting.MAX_SUBJECT]))
    if kind != "ForwardItem" and not given & RECIPIENTS:
        for header, pairs in _recipients(call, original, everyone=kind == "ReplyAllToItem").items():
            _write(draft, header, headers.address_line(header, pairs) if pairs else None)
    _thread(draft, original)
    _body(call, draft, node, original)
    if kind == "ForwardItem":
        for part in message.read_parts(call.mailboxes.store.mime(original.id)):
            draft.raw = message.add_part(draft.raw, part)
    return draft


def _write(draft: drafting.Draft, header: str, line: bytes | None) -> None:
    fields, body = headers.split(draft.raw)
    draft.raw = headers.join(headers.with_field(fields, header.lower(), line), body)


def _recipients(call: Call, original: Item, *, everyone: bool) -> dict[str, list[list[str]]]:
    head = original.head
    to = head["reply_to"] or head["from"]
    if not everyone:
        return {"To": to}
    known = {call.home, *(address.lower() for _, address in to)}
    others = [pair for pair in head["to"] if pair[1].lower() not in known]
    return {"To": to + others, "Cc": [pair for pair in head["cc"] if pair[1].lower() not in known]}


def _thread(draft: drafting.Draft, original: Item) -> None:
    answered = original.head["message_id"]
    if answered:
        before = original.head["references"] or original.head["in_reply_to"] or ""
        _write(draft, "In-Reply-To", f"In-Reply-To: {answered}\r\n".encode())
        _write(draft, "References", f"References: {f'{before} {answered}'.strip()}\r\n".encode())


def _body(call: Call, draft: drafting.Draft, node: Element, original: Item) -> None:
    new = node.find(tag("t:NewBodyContent"))
    kind = "HTML" if new is None else new.get("BodyType", "HTML")
    text = "" if new is None else new.text or ""
    _, quoted = call.values.body(original, kind)
    head = original.head
    told = [
        ("From", "; ".join(address for _, address in head["from"])),
        ("Sent", format_datetime(call.mailboxes.clock.now()) if original.sent is None else original.sent),
        ("To", "; ".join(address for _, address in head["to"])),
        ("Subject", head["subject"]),
    ]
    if kind == "HTML":
        lines = "<br>".join(f"<b>{name}:</b> {escape(value)}" for name, value in told)
        draft.raw = message.with_body(draft.raw, f"{text}<hr><p>{lines}</p>{quoted}", "HTML")
    else:
        lines = "\n".join(f"{name}: {value}" for name, value in told)
        draft.raw = message.with_body(
            draft.raw, f"{text}\n\n________________________________\n{lines}\n\n{quoted}", "Text"
        )
