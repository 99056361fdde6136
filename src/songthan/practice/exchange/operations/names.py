"""ConvertId (ids stay as they are: there is one format here) and ResolveNames (the address book)."""

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.soap import Element, element

TYPES_NS = soap.TYPES
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def convert_id(call: Call) -> Element:
    """Answer each AlternateId; clients use it to learn the server's version."""
    wanted = call.body.get("DestinationFormat", "EwsId")

    def convert(node: Element) -> Element:
        text = node.get("Id", "")
        for kind in ("i", "f"):
            try:
                call.mailboxes.number_of(kind, text)
            except EwsError:
                continue
            answer = element("m:AlternateId", None, Format=wanted, Id=text, Mailbox=node.get("Mailbox", ""))
            answer.set(XSI_TYPE, "t:AlternateIdType")
            return soap.success(call.operation, answer)
        raise EwsError("ErrorInvalidIdMalformed", "Id is malformed.")

    return call.each(call.nodes("m:SourceIds"), convert)


def resolve_names(call: Call) -> Element:
    """Mailboxes whose address or name holds the text."""
    wanted = (soap.child_text(call.body, "m:UnresolvedEntry") or "").strip().casefold().removeprefix("smtp:")
    found = [
        mailbox
        for mailbox in call.mailboxes.accounts.mailboxes.values()
        if wanted and (wanted in mailbox.address or wanted in mailbox.name.casefold())
    ][:100]
    if not found:
        error = EwsError("ErrorNameResolutionNoResults", "No results were found.")
        return soap.response(call.operation, [soap.failure(call.operation, error)])
    entries = [
        element(
            "t:Resolution",
            None,
            element(
                "t:Mailbox",
                None,
                element("t:Name", mailbox.name),
                element("t:EmailAddress", mailbox.address),
                element("t:RoutingType", "SMTP"),
                element("t:MailboxType", "Mailbox"),
            ),
        )
        for mailbox in found
    ]
    resolved = element(
        "m:ResolutionSet", None, *entries, TotalItemsInView=str(len(entries)), IncludesLastItemInRange="true"
    )
    if len(found) > 1:
        # Exchange gives what it found all the same, and warns
        warning = soap.failure(
            call.operation, EwsError("ErrorNameResolutionMultipleResults", "Multiple results."), resolved
        )
        warning.set("ResponseClass", "Warning")
        return soap.response(call.operation, [warning])
    return soap.response(call.operation, [soap.success(call.operation, resolved)])
