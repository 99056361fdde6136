"""Mail under way: submitting a draft (Sent copy and deliveries in one transaction) and mail from outside."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, make_msgid

from songthan.practice.exchange import headers, transport_headers
from songthan.practice.exchange.bounces import undeliverable
from songthan.practice.exchange.errors import EwsError
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.message import read_head
from songthan.practice.exchange.rights import Right, denied
from songthan.practice.exchange.store import Folder, Item


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One send: who logged in, as whom (bare address), to whom, the message as sent, its key properties."""

    actor: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    properties: list
    at: datetime


class Transport:
    """Moves mail between mailboxes of this machine; nothing ever leaves it."""

    def __init__(self, *, mailboxes: Mailboxes) -> None:
        self._mailboxes = mailboxes
        self._server = mailboxes.accounts.server_name

    def with_identity(self, raw: bytes, fault: str = "") -> bytes:
        """The message with a Message-ID; the client's own is kept, unless a fault of that kind was ordered."""
        fields, body = headers.split(raw)
        given = (headers.first(fields, "message-id") or "").strip()
        foreign = bool(given) and not given.endswith(f"@{self._server}>")
        if fault == "message_id_refused" and foreign:
            raise EwsError("ErrorInvalidPropertySet", "Set action is invalid for property: InternetMessageId.")
        if not given or (fault == "message_id_replaced" and foreign):
            line = f"Message-ID: {make_msgid(domain=self._server)}\r\n".encode()
            fields = headers.with_field(fields, "message-id", line)
        return headers.join(fields, body)

    def submit(
        self,
        *,
        actor: str,
        mailbox: str,
        raw: bytes,
        properties: list,
        head_extra: dict | None = None,
        save_to: Folder | None,
        bare_copy: bool = False,
    ) -> Item | None:
        """Send the message: one transaction with the Sent copy (if `save_to`), every delivery, bounces and the log.

        `bare_copy`: the Sent copy loses the headers no server needs, as on servers that build it anew.
        ErrorSendAsDenied when From (or Sender) is not the actor's to use, ErrorMissingRecipients without any.
        """
        store = self._mailboxes.store
        with store.transaction():
            envelope = self._envelope(actor, mailbox, raw, properties)
            saved = None
            if save_to is not None:
                saved = self._mailboxes.add_item(
                    folder=save_to,
                    raw=transport_headers.bare(envelope.raw) if bare_copy else envelope.raw,
                    properties=properties,
                    is_draft=False,
                    is_read=True,
                    sent=envelope.at.isoformat(),
                    head_extra=head_extra,
                )
            self._record_sent(envelope, saved, mailbox)
            failed = {r: why for r in envelope.recipients if (why := self._why_not(r, len(envelope.raw)))}
            for recipient in envelope.recipients:
                if recipient not in failed:
                    self._deliver_inside(envelope, recipient)
            if failed:
                self._bounce(envelope, failed)
            return saved

    def _why_not(self, recipient: str, size: int) -> str:
        """Why a message of that size cannot be delivered there (a key of bounces.REASONS); empty when it can."""
        if recipient not in self._mailboxes.accounts.mailboxes:
            return "unknown"
        return "" if self._mailboxes.quotas.mailbox_fits(recipient, size) else "full"

    def _envelope(self, actor: str, mailbox: str, raw: bytes, properties: list) -> Envelope:
        accounts, at = self._mailboxes.accounts, self._mailboxes.now()
        fields, body = headers.split(self.with_identity(raw))
        # only the transport may write these, also on mail from inside
        fields = [f for f in fields if not f[0].startswith(transport_headers.ORGANISATION)]
        senders = headers.addresses(fields, "from")
        if not senders:
            owner = accounts.mailboxes[mailbox]
            senders = [[owner.name, owner.address]]
            fields = headers.with_field(fields, "from", headers.address_line("From", senders))
        fields = self._as_allowed(actor, senders, fields)
        if not (headers.first(fields, "date") or "").strip():
            local = self._mailboxes.clock.now()
            fields = headers.with_field(fields, "date", f"Date: {format_datetime(local)}\r\n".encode())
        named = [a.lower() for name in ("to", "cc", "bcc") for _, a in headers.addresses(fields, name)]
        if not named:
            raise EwsError("ErrorMissingRecipients", "The message has no recipients.")
        self._mailboxes.quotas.demand_recipients(len(set(named)))
        return Envelope(
            actor=actor,
            sender=senders[0][1].lower(),
            recipients=tuple(dict.fromkeys(named)),
            raw=headers.join(fields, body),
            properties=properties,
            at=at,
        )

    def _as_allowed(self, actor: str, senders: list[list[str]], fields: headers.Fields) -> headers.Fields:
        """The fields as the actor may send them: who may only send on behalf is named as Sender."""
        accounts = self._mailboxes.accounts
        if any(not accounts.may_send_as(actor, address) for _, address in headers.addresses(fields, "sender")):
            raise denied(Right.SEND_AS)
        if all(accounts.may_send_as(actor, address) for _, address in senders):
            return fields
        if not all(accounts.may(actor, Right.ON_BEHALF, address) for _, address in senders):
            raise denied(Right.SEND_AS)
        owner = accounts.mailboxes[actor]
        return headers.with_field(fields, "sender", headers.address_line("Sender", [[owner.name, actor]]))

    def _record_sent(self, envelope: Envelope, saved: Item | None, mailbox: str) -> None:
        if saved is not None:
            self._mailboxes.record("sent", saved, to=list(envelope.recipients), actor=envelope.actor, saved=True)
            return
        # SendOnly keeps no copy: store it for one moment so that the log line says the same things
        drafts = self._mailboxes.store.distinguished(mailbox, "outbox")
        item = self._mailboxes.add_item(
            folder=drafts, raw=envelope.raw, properties=envelope.properties, is_draft=False, is_read=True, limited=False
        )
        self._mailboxes.record(
            "sent", item, to=list(envelope.recipients), actor=envelope.actor, saved=False, item_id=None, folder=None
        )
        self._mailboxes.remove_item(item)

    def _deliver_inside(self, envelope: Envelope, recipient: str) -> None:
        domain = envelope.sender.rpartition("@")[2]
        results = transport_headers.internal_results(server_name=self._server, domain=domain, sender=envelope.sender)
        raw = transport_headers.stamped(
            envelope.raw,
            server_name=self._server,
            came_from=self._server,
            protocol="MAPI",
            recipient=recipient,
            at=self._mailboxes.clock.now(),
            results=results,
            auth_as="Internal",
            return_path=envelope.sender,
        )
        self._into_inbox(recipient, raw, origin="inside", properties=envelope.properties, sent=envelope.at)

    def _into_inbox(
        self,
        recipient: str,
        raw: bytes,
        *,
        origin: str,
        properties: list,
        event: str = "delivered",
        sent: datetime | None = None,
        **facts: object,
    ) -> Item:
        inbox = self._mailboxes.store.distinguished(recipient, "inbox")
        moment = (sent or self._mailboxes.now()).isoformat()
        item = self._mailboxes.add_item(
            folder=inbox,
            raw=raw,
            properties=[],
            is_draft=False,
            is_read=False,
            sent=moment,
            event="NewMail",
            limited=False,
        )
        # the copy carries no private property; the log names the sender's, so that a delivery can be counted by key
        said = {"to": [recipient], "origin": origin} | facts
        self._mailboxes.record(event, item, properties=properties, **said)
        return item

    def _bounce(self, envelope: Envelope, failed: dict[str, str]) -> None:
        raw = undeliverable(
            original=envelope.raw,
            failed=failed,
            sender=envelope.sender,
            server_name=self._server,
            at=self._mailboxes.clock.now(),
        )
        raw = transport_headers.stamped(
            raw,
            server_name=self._server,
            came_from=self._server,
            protocol="ShadowRedundancy",
            recipient=envelope.sender,
            at=self._mailboxes.clock.now(),
            results=None,
            auth_as="Internal",
            return_path="",
        )
        original = read_head(envelope.raw)["message_id"]
        self._into_inbox(
            envelope.sender,
            raw,
            origin="system",
            properties=envelope.properties,
            event="bounced",
            failed=list(failed),
            original_message_id=original,
        )

    def from_outside(self, *, raw: bytes, recipients: list[str], mail_from: str, auth: str) -> dict:
        """Deliver a raw message from outside (the door that stands in for port 25).

        Gives {"delivered": [{"address", "item_id"}], "rejected": [address]}. `auth` is pass, fail or none; a From
        in one of our own domains always fails.
        """
        fields, body = headers.split(raw)
        raw = headers.join(fields, body)
        mail_from = re.sub(r"[^!-~]", "", mail_from)
        senders = [address for _, address in headers.addresses(fields, "from")]
        domain = re.sub(r"[^!-~]", "", senders[0].rpartition("@")[2].lower()) if senders else ""
        if any(self._mailboxes.accounts.owns_domain(address) for address in senders):
            auth = "fail"
        results = None
        if auth != "none":
            results = transport_headers.outside_results(
                server_name=self._server, domain=domain, mail_from=mail_from, verdict=auth
            )
        answer: dict = {"delivered": [], "rejected": []}
        with self._mailboxes.store.transaction():
            for recipient in dict.fromkeys(address.strip().lower() for address in recipients):
                why = "" if self._mailboxes.quotas.message_fits(len(raw)) else "large"
                why = why or self._why_not(recipient, len(raw))
                if why:
                    answer["rejected"].append(recipient)
                    self._mailboxes.journal.write(
                        "refused", mailbox=recipient, mail_from=mail_from, to=[recipient], why=why
                    )
                    continue
                stamped = transport_headers.stamped(
                    raw,
                    server_name=self._server,
                    came_from=mail_from.rpartition("@")[2] or "unknown",
                    protocol="SMTP",
                    recipient=recipient,
                    at=self._mailboxes.clock.now(),
                    results=results,
                    auth_as="Anonymous",
                    return_path=mail_from,
                )
                item = self._into_inbox(
                    recipient, stamped, origin="outside", properties=[], mail_from=mail_from, auth=auth
                )
                answer["delivered"].append({"address": recipient, "item_id": self._mailboxes.item_id(item.id)})
        return answer
