"""One EWS request to its answer: faults that were ordered, the schema, the operation, the record of the wire."""

import sys
import traceback
from dataclasses import dataclass

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError, SoapFault
from songthan.practice.exchange.faults import Fault, Faults
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.operations import OPERATIONS
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.schema import Schema
from songthan.practice.exchange.subscriptions import Subscriptions
from songthan.practice.exchange.transport import Transport
from songthan.practice.exchange.wire import Wire

XML = "text/xml; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
BUSY = "The server cannot service this request right now. Try again later."


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What goes back: `lost` is «all» when the connection dies instead, «half» when it dies within the content."""

    status: int
    content: bytes
    kind: str = XML
    headers: tuple[tuple[str, str], ...] = ()
    lost: str = ""


class Dispatch:
    """Answers requests of callers who are already known."""

    def __init__(
        self, *, mailboxes: Mailboxes, faults: Faults | None, schema: Schema | None, wire: Wire | None
    ) -> None:
        self._mailboxes = mailboxes
        self._faults = faults
        self._schema = schema
        self._wire = wire
        self._subscriptions = Subscriptions(mailboxes=mailboxes)
        self.transport = Transport(mailboxes=mailboxes)

    def answer(self, raw: bytes, actor: str) -> Reply:
        """The reply to a request's bytes; never raises."""
        reply = self._reply(raw, actor)
        if self._wire is not None and reply.kind == XML:
            self._wire.note(raw, reply.status, None if reply.lost else reply.content)
        return reply

    def _reply(self, raw: bytes, actor: str) -> Reply:
        try:
            request = soap.read_request(raw)
            if self._schema is not None:
                self._schema.demand(request.envelope)
            fault = self._faults.due(request.operation, actor) if self._faults is not None else None
            early = None if fault is None else _before(fault, request)
            if early is not None:
                return early
            content = soap.envelope(self._work(request, actor, fault))
        except SoapFault as error:
            return Reply(status=500, content=soap.fault(error))
        except EwsError as error:
            # not one entry but what all of them share is wrong: a shape, a restriction
            failed = soap.failure(request.operation, error)
            return Reply(status=200, content=soap.envelope(soap.response(request.operation, [failed])))
        except Exception as error:  # the edge: whatever an operation stumbles over is a fault to the client
            traceback.print_exc(file=sys.stderr)
            failed = SoapFault("ErrorInternalServerError", f"{type(error).__name__}: {error}")
            return Reply(status=500, content=soap.fault(failed))
        lost = {"drop_after": "all", "cut_after": "half"}.get(fault.kind, "") if fault is not None else ""
        return Reply(status=200, content=content, lost=lost)

    def _work(self, request: soap.Request, actor: str, fault: Fault | None) -> soap.Element:
        operation = OPERATIONS.get(request.operation)
        if operation is None:
            raise SoapFault("ErrorInvalidOperation", f"This practice server has no {request.operation}.")
        home = request.impersonate or actor
        if not self._mailboxes.accounts.may_send_as(actor, home):
            raise SoapFault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate.")
        return operation(
            Call(
                operation=request.operation,
                actor=actor,
                home=home,
                body=request.body,
                mailboxes=self._mailboxes,
                transport=self.transport,
                subscriptions=self._subscriptions,
                fault=fault,
            )
        )


def _before(fault: Fault, request: soap.Request) -> Reply | None:
    """The reply of a fault that comes instead of the work; None when the work goes on."""
    if fault.kind == "drop_before":
        return Reply(status=0, content=b"", lost="all")
    if fault.kind == "503":
        return Reply(status=503, content=b"Service Unavailable", kind=PLAIN)
    if fault.kind == "429":
        seconds = str(max(1, round(fault.back_off_ms / 1000)))
        return Reply(status=429, content=b"Too Many Requests", kind=PLAIN, headers=(("Retry-After", seconds),))
    if fault.kind == "401":
        return Reply(status=401, content=b"", kind=PLAIN)
    if fault.kind == "busy":
        raise SoapFault("ErrorServerBusy", BUSY, fault.back_off_ms)
    if fault.kind.startswith("Error") and fault.entry is None:
        failed = soap.failure(request.operation, EwsError(fault.kind, "ordered by the practice control"))
        return Reply(status=200, content=soap.envelope(soap.response(request.operation, [failed])))
    return None
