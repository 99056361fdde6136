"""A gate with TLS in front of the practice Exchange, on loopback: a certificate authority of the test, a server of tokens."""

from __future__ import annotations

import base64
import datetime
import http.client
import ipaddress
import json
import secrets
import ssl
import threading
import urllib.parse
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CLIENT_ID, CLIENT_SECRET = "songthan-application", "client+secret/of=the application"


class Authority:
    """A certificate authority; `file` is what a client is to trust."""

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._root = self._sign(self._name, self._key.public_key(), ca=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(self._root.public_bytes(serialization.Encoding.PEM))

    def server_context(self, host: str) -> ssl.SSLContext:
        """TLS for a server that may call itself `host` (a name or an address)."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), key.public_key(), host=host)
        pem = self._folder / f"{host}.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _sign(self, subject: x509.Name, key: object, *, ca: bool = False, host: str = "") -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if host:
            try:
                name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                name = x509.DNSName(host)
            made = made.add_extension(x509.SubjectAlternativeName([name]), critical=False)
        return made.sign(self._key, hashes.SHA256())


class Gate:
    """An HTTPS server that hands every request on to the practice Exchange.

    With `login` it wants a Bearer token it has given out itself (at `token_url`) and hands on as that login; without, it
    hands on what came. `tokens` and `asked` count; `lifetime_s` is told with each token; `revoke()` takes them all back.
    """

    def __init__(self, base: str, context: ssl.SSLContext, *, login: tuple[str, str] | None = None) -> None:
        self.login, self.lifetime_s = login, 3600
        self.tokens: list[str] = []
        self.valid: set[str] = set()
        self.asked: list[tuple[str, int]] = []
        self.token_answer: tuple[int, bytes] | None = None
        self.refuse_all = False
        self._target = urllib.parse.urlsplit(base)
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, content = gate.answer(self.path, dict(self.headers), body)
                gate.asked.append((self.path, status))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that does not trust us hangs up."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, host: str = "127.0.0.1") -> str:
        return f"https://{host}:{self.port}/EWS/Exchange.asmx"

    @property
    def token_url(self) -> str:
        return f"https://127.0.0.1:{self.port}/token"

    def revoke(self) -> None:
        self.valid.clear()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if path == "/token":
            return self._token(body)
        if self.login is not None:
            scheme, _, token = headers.pop("Authorization", "").partition(" ")
            if scheme != "Bearer" or token not in self.valid or self.refuse_all:
                return 401, {"WWW-Authenticate": "Bearer"}, b""
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(self.login).encode()).decode()
        return self._hand_on(path, headers, body)

    def _token(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        kind = {"Content-Type": "application/json"}
        if self.token_answer is not None:
            return self.token_answer[0], kind, self.token_answer[1]
        form = dict(urllib.parse.parse_qsl(body.decode()))
        if form.get("grant_type") != "client_credentials":
            return 400, kind, json.dumps({"error": "invalid_request"}).encode()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, kind, json.dumps({"error": "invalid_client", "error_description": "AADSTS7000215"}).encode()
        token = secrets.token_urlsafe(40)
        self.tokens.append(token)
        self.valid.add(token)
        told = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime_s}
        return 200, kind, json.dumps(told).encode()

    def _hand_on(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        there = http.client.HTTPConnection(self._target.hostname, self._target.port, timeout=30)
        try:
            kept = {n: v for n, v in headers.items() if n.lower() not in ("host", "connection", "accept-encoding")}
            there.request("POST", path, body=body, headers=kept)
            answer = there.getresponse()
            found = {n: v for n, v in answer.getheaders() if n.lower() in ("content-type", "www-authenticate")}
            return answer.status, found, answer.read()
        except (OSError, http.client.HTTPException):
            return 502, {}, b"<html>"
        finally:
            with suppress(OSError):
                there.close()
