"""The HTTP side: EWS behind its login, the outside door, the control endpoint, the page for people."""

import json
import socket
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import SplitResult, parse_qs, urlsplit

from songthan.practice.exchange.authentication import Answer, Door, Guest
from songthan.practice.exchange.dispatch import PLAIN, Dispatch
from songthan.practice.exchange.errors import PracticeError
from songthan.practice.exchange.faults import Faults, counts
from songthan.practice.exchange.mailboxes import Mailboxes
from songthan.practice.exchange.page import page
from songthan.practice.exchange.schema import Schema
from songthan.practice.exchange.wire import Wire

EWS_PATH = "/ews/exchange.asmx"
HTML, JSON = "text/html; charset=utf-8", "application/json; charset=utf-8"


class PracticeServer(ThreadingHTTPServer):
    """The listening server; `faults` is None without --control."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        *,
        address: tuple[str, int],
        mailboxes: Mailboxes,
        door: Door,
        control: bool,
        schema: Schema | None = None,
        wire: Wire | None = None,
    ) -> None:
        self.mailboxes = mailboxes
        self.door = door
        self.faults = Faults() if control else None
        self.dispatch = Dispatch(mailboxes=mailboxes, faults=self.faults, schema=schema, wire=wire)
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

    def setup(self) -> None:
        """A new connection is a guest nobody knows yet."""
        super().setup()
        self._guest = Guest(self.server.door)

    def log_message(self, format: str, *args: object) -> None:
        """No access log: the journal says what happened."""

    def do_GET(self) -> None:
        """The page, the counts, or 404."""
        url = self._url()
        if url.path == "/":
            self._answer(200, page(self.server.mailboxes.accounts.server_name, self.server.door.schemes), HTML)
        elif url.path.lower() == EWS_PATH:
            # clients try the address with a GET to learn how to log in
            told = self._guest.asks(self.headers.get("Authorization", ""))
            self._answer(200, b"EWS", PLAIN) if told.actor else self._unauthorised(told)
        elif url.path == "/practice/counts" and self.server.faults is not None:
            self._json_of(lambda: counts(self.server.mailboxes, parse_qs(url.query).get("address", [""])[0]))
        else:
            self._answer(404, b"not found", PLAIN)

    def do_HEAD(self) -> None:
        """As GET, without the content."""
        self.do_GET()

    def do_POST(self) -> None:
        """EWS, the outside door, faults, or 404."""
        raw = self._body()
        if raw is None:
            return
        url = self._url()
        if url.path.lower() == EWS_PATH:
            self._ews(raw)
        elif url.path == "/practice/outside":
            self._json_of(lambda: self._outside(parse_qs(url.query), raw))
        elif url.path == "/practice/faults" and self.server.faults is not None:
            self._json_of(lambda: self._order_fault(raw))
        else:
            self._answer(404, b"not found", PLAIN)

    def do_DELETE(self) -> None:
        """Take back every fault still waiting."""
        if self._url().path == "/practice/faults" and self.server.faults is not None:
            self._json_of(lambda: {"taken_back": self.server.faults.clear()})
        else:
            self._answer(404, b"not found", PLAIN)

    def _url(self) -> SplitResult:
        try:
            return urlsplit(self.path)
        except ValueError:
            return SplitResult("", "", "", "", "")  # no address at all: not found

    def _body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            self.close_connection = True
            self._answer(411, b"length missing", PLAIN)
            return None
        try:
            size = int(self.headers.get("Content-Length", ""))
        except ValueError:
            size = -1
        if not 0 <= size <= self.server.mailboxes.accounts.limits.request_bytes:
            self.close_connection = True
            self._answer(413 if size > 0 else 411, b"length missing or too large", PLAIN)
            return None
        raw = self.rfile.read(size)
        if len(raw) < size:
            # the client went away within its request: nobody is left to answer
            self.close_connection = True
            return None
        return raw

    def _answer(self, status: int, content: bytes, kind: str, headers: tuple = (), sent: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            # said aloud, or a client's pool takes the connection for a live one
            self.send_header("Connection", "close")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:sent])

    def _json_of(self, work: object) -> None:
        try:
            status, data = 200, work()
        except PracticeError as error:
            status, data = 400, {"error": str(error)}
        self._answer(status, json.dumps(data, ensure_ascii=False).encode("utf-8"), JSON)

    def _outside(self, query: dict[str, list[str]], raw: bytes) -> dict:
        auth = query.get("auth", ["none"])[0]
        if auth not in ("pass", "fail", "none"):
            raise PracticeError(f"auth={auth!r}; use pass, fail or none")
        if not query.get("to"):
            raise PracticeError("no recipient; add to=address (once for each)")
        return self.server.dispatch.transport.from_outside(
            raw=raw, recipients=query["to"], mail_from=query.get("mail_from", [""])[0], auth=auth
        )

    def _order_fault(self, raw: bytes) -> dict:
        try:
            fault = self.server.faults.order(json.loads(raw))
        except (ValueError, TypeError, RecursionError) as error:
            raise PracticeError(f"no fault can be read from this: {error}") from error
        return {"ordered": fault.kind, "operation": fault.operation, "count": fault.count}

    def _ews(self, raw: bytes) -> None:
        told = self._guest.asks(self.headers.get("Authorization", ""))
        if told.actor is None:
            self._unauthorised(told)
            return
        reply = self.server.dispatch.answer(raw, told.actor)
        if reply.lost == "all":
            self._hang_up()
        elif reply.status == 401:
            self._unauthorised(Answer(challenges=self.server.door.challenges))
        elif reply.lost == "half":
            self._answer(reply.status, reply.content, reply.kind, reply.headers, sent=len(reply.content) // 2)
            self.wfile.flush()
            self._hang_up()
        else:
            self._answer(reply.status, reply.content, reply.kind, reply.headers)

    def _unauthorised(self, told: Answer) -> None:
        if told.refused is not None:
            self.server.mailboxes.journal.write("login_refused", mailbox=told.refused)
        self._answer(401, b"", PLAIN, tuple(("WWW-Authenticate", challenge) for challenge in told.challenges))

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
