"""The HTTP side: EWS with Basic authentication, the outside door, the control endpoint, the page for people."""

import base64
import binascii
import json
import socket
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from songthan.practice.exchange import soap
from songthan.practice.exchange.errors import EwsError, PracticeError, SoapFault
from songthan.practice.exchange.faults import Fault, Faults, counts
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.operations import OPERATIONS
from songthan.practice.exchange.operations.call import Call
from songthan.practice.exchange.page import page
from songthan.practice.exchange.transport import Transport

EWS_PATH = "/ews/exchange.asmx"
LARGEST_REQUEST = 160 * 1024 * 1024  # bytes; a message of 110 MB as base64


class PracticeServer(ThreadingHTTPServer):
    """The listening server; `faults` is None without --control."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, *, address: tuple[str, int], mailboxes: Mailboxes, control: bool) -> None:
        self.mailboxes = mailboxes
        self.transport = Transport(mailboxes=mailboxes)
        self.faults = Faults() if control else None
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news; anything else is printed by the base class."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """One client connection, kept open between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "SongthanPracticeExchange"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    server: PracticeServer

    def log_message(self, format: str, *args: object) -> None:
        """No access log: the journal says what happened."""

    def do_GET(self) -> None:
        """The page, the counts, or 404."""
        url = urlsplit(self.path)
        if url.path == "/":
            self._answer(200, page(self.server.mailboxes.accounts.server_name), "text/html; charset=utf-8")
        elif url.path == "/practice/counts" and self.server.faults is not None:
            self._json_of(lambda: counts(self.server.mailboxes, parse_qs(url.query).get("address", [""])[0]))
        else:
            self._answer(404, b"not found", "text/plain; charset=utf-8")

    def do_POST(self) -> None:
        """EWS, the outside door, faults, or 404."""
        raw = self._body()
        if raw is None:
            return
        url = urlsplit(self.path)
        if url.path.lower() == EWS_PATH:
            self._ews(raw)
        elif url.path == "/practice/outside":
            self._json_of(lambda: self._outside(parse_qs(url.query), raw))
        elif url.path == "/practice/faults" and self.server.faults is not None:
            self._json_of(lambda: self._order_fault(raw))
        else:
            self._answer(404, b"not found", "text/plain; charset=utf-8")

    def _body(self) -> bytes | None:
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            size = -1
        if not 0 <= size <= LARGEST_REQUEST:
            self.close_connection = True
            self._answer(413 if size > 0 else 411, b"length missing or too large", "text/plain; charset=utf-8")
            return None
        return self.rfile.read(size)

    def _answer(self, status: int, content: bytes, kind: str, **extra: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in extra.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _json_of(self, work: object) -> None:
        try:
            status, data = 200, work()
        except PracticeError as error:
            status, data = 400, {"error": str(error)}
        content = json.dumps(data, ensure_ascii=False).encode("utf-8")
        self._answer(status, content, "application/json; charset=utf-8")

    def _outside(self, query: dict[str, list[str]], raw: bytes) -> dict:
        auth = query.get("auth", ["none"])[0]
        if auth not in ("pass", "fail", "none"):
            raise PracticeError(f"auth={auth!r}; use pass, fail or none")
        if not query.get("to"):
            raise PracticeError("no recipient; add to=address (once for each)")
        return self.server.transport.from_outside(
            raw=raw, recipients=query["to"], mail_from=query.get("mail_from", [""])[0], auth=auth
        )

    def _order_fault(self, raw: bytes) -> dict:
        try:
            fault = self.server.faults.order(json.loads(raw))
        except (ValueError, TypeError) as error:
            raise PracticeError(f"no fault can be read from this: {error}") from error
        return {"ordered": fault.kind, "operation": fault.operation, "count": fault.count}

    def _login(self) -> str | None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            pair = base64.b64decode(token, validate=True) if scheme.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            return None
        for encoding in ("utf-8", "latin-1"):
            try:
                name, _, password = pair.decode(encoding).partition(":")
            except UnicodeDecodeError:
                continue
            mailbox = self.server.mailboxes.accounts.login(name, password)
            if mailbox is not None:
                return mailbox.address
        return None

    def _ews(self, raw: bytes) -> None:
        actor = self._login()
        if actor is None:
            self._unauthorised()
            return
        try:
            request = soap.read_request(raw)
            fault = self.server.faults.due(request.operation, actor) if self.server.faults is not None else None
            if fault is not None and self._fails_before(fault, request):
                return
            content = soap.envelope(self._work(request, actor))
        except SoapFault as error:
            self._answer(500, soap.fault(error), "text/xml; charset=utf-8")
            return
        except Exception as error:  # the edge: whatever an operation stumbles over is a fault to the client
            traceback.print_exc()
            failed = SoapFault("ErrorInternalServerError", f"{type(error).__name__}: {error}")
            self._answer(500, soap.fault(failed), "text/xml; charset=utf-8")
            return
        if fault is not None and fault.kind == "drop_after":
            self._hang_up()
            return
        self._answer(200, content, "text/xml; charset=utf-8")

    def _fails_before(self, fault: Fault, request: soap.Request) -> bool:
        """Play the fault if it comes before the work; True when the request is over."""
        if fault.kind == "drop_before":
            self._hang_up()
        elif fault.kind == "503":
            self._answer(503, b"Service Unavailable", "text/plain; charset=utf-8")
        elif fault.kind == "401":
            self._unauthorised()
        elif fault.kind == "busy":
            raise SoapFault(
                "ErrorServerBusy",
                "The server cannot service this request right now. Try again later.",
                fault.back_off_ms,
            )
        elif fault.kind.startswith("Error"):
            failed = soap.failure(request.operation, EwsError(fault.kind, "ordered by the practice control"))
            content = soap.envelope(soap.response(request.operation, [failed]))
            self._answer(200, content, "text/xml; charset=utf-8")
        else:
            return False
        return True

    def _work(self, request: soap.Request, actor: str) -> soap.Element:
        operation = OPERATIONS.get(request.operation)
        if operation is None:
            raise SoapFault("ErrorInvalidOperation", f"This practice server has no {request.operation}.")
        home = request.impersonate or actor
        if not self.server.mailboxes.accounts.may_use(actor, home):
            raise SoapFault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate.")
        return operation(
            Call(
                operation=request.operation,
                actor=actor,
                home=home,
                body=request.body,
                mailboxes=self.server.mailboxes,
                transport=self.server.transport,
            )
        )

    def _unauthorised(self) -> None:
        self._answer(401, b"", "text/plain; charset=utf-8", WWW_Authenticate='Basic realm="practice"')

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
